/**
 * Every key a user may write, with its range and its default: the one list behind the checks, the editor's completion
 * and the documentation. What keys mean together is checked by this room's other files.
 */
import type { z } from 'zod';
import { readMac } from './address.ts';
import { physicalSwitch } from './bridge-schema.ts';
import { cableKeys } from './cable-schema.ts';
import { capture } from './capture-schema.ts';
import { event } from './event-schema.ts';
import { flowRecords } from './flow-schema.ts';
import { guestKeys, pingKeys, receiver } from './guest-schema.ts';
import { hostedKeys, networkKey } from './hosted-schema.ts';
import { limits } from './limits.ts';
import { listenerKeys } from './multicast-schema.ts';
import { card } from './nic-schema.ts';
import { numberOrText } from './port-schema.ts';
import { readDuration, readTrafficRate } from './quantity.ts';
import { readRule } from './rule.ts';
import { readName, readPortGroupName, textReader } from './scalar.ts';
import { attempt, flag, integer, jsonSchema, list, map, named, refuse, scalar, spelled } from './shape.ts';
import { spanningTreeOfAll } from './spanning-tree-schema.ts';
import { isMap, Refusal } from './value.ts';
import { vswitch } from './vswitch-schema.ts';

const text = { type: 'string' };
const portText = textReader('a port', 'owner/port, such as esx1/vm1 or tor/1');
const portName = (description: string) => scalar(portText, { description, ...text, examples: ['esx1/vm1', 'tor/1'] });

const uplink = map(
  {
    to: portName(
      'The port at the other end of the cable. Without it the uplink leads outside the emulated world.',
    ).optional(),
    absent: flag('Not in the host at the start; the event addUplink brings it. Default false.').optional(),
    ...cableKeys,
  },
  { description: 'A VMNIC of the host.' },
);

/** `[vmnic0, vmnic1]` is the same as `{ vmnic0: {}, vmnic1: {} }`. */
const uplinks = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (!Array.isArray(value)) {
      return refuse(context, new Refusal(value, 'a map or list of uplinks', 'such as [vmnic0, vmnic1]'));
    }
    const names = value.map((each, i) =>
      attempt(
        () => readName(each),
        context,
        (message) => context.addIssue({ code: 'custom', path: [i], message }),
      ),
    );
    names.forEach((name, i) => {
      if (name !== undefined && names.indexOf(name) < i) {
        context.addIssue({ code: 'custom', path: [i], message: `${name} stands twice; each uplink once` });
      }
    });
    return Object.fromEntries(names.map((name) => [name, {}]));
  },
  named(uplink, { description: 'Uplinks by name.' }),
  {
    description: 'The VMNICs of the host: a map from names to cables, or a list of names.',
    also: [{ type: 'array', items: text }],
  },
);

const nicKeys = {
  portGroup: scalar(readPortGroupName, {
    description: 'Default: the only one of the host.',
    ...text,
  }).optional(),
  vswitch: scalar(readName, {
    description: 'Needed when two vSwitches have a port group of that name.',
    ...text,
  }).optional(),
  mac: scalar(readMac, {
    description: 'Unicast MAC. Default: one of 00:50:56:00:00:00 to 3f:ff:ff.',
    ...text,
  }).optional(),
  effectiveMac: scalar(readMac, {
    description: 'The address that the guest uses itself. Default: mac.',
    ...text,
  }).optional(),
  ...guestKeys,
  ...listenerKeys,
  network: networkKey.optional(),
  nic: card.optional(),
};

const vm = map(
  {
    count: integer(
      1,
      limits.nics,
      'Makes name1 to nameN; ip, mac and effectiveMac count up unless they hold {v}.',
    ).optional(),
    absent: flag('Not attached at the start; the event attach brings it. Default false.').optional(),
    ...nicKeys,
    nics: list(map(nicKeys, { description: 'A vNIC.' }), {
      description: 'The vNICs, when there is not just one.',
    }).optional(),
  },
  { description: 'A virtual machine. The keys of its only vNIC may stand here directly.' },
);

const { portGroup, vswitch: onVSwitch, ip, gateway, listen, mac } = nicKeys;

/** The host has each of its own NICs once, and always. */
const vmkernelNic = map(
  { portGroup, vswitch: onVSwitch, ip, gateway, listen, mac },
  { description: 'A NIC of the host itself.' },
  {
    count: 'each NIC of the host has a name and an address of its own; write vmk1 beside it, and count at the host',
    absent: 'the host itself is always there; put what comes and goes under vms',
  },
);

const host = map(
  {
    count: integer(
      1,
      limits.hosts,
      "Makes name1 to nameN; in texts, {n}, {n*2-1} and so on are the host's number.",
    ).optional(),
    uplinks: uplinks.optional(),
    vswitches: named(vswitch, { description: 'Virtual switches by name.' }).optional(),
    vms: named(vm, { description: 'Virtual machines by name.' }).optional(),
    vmkernel: named(vmkernelNic, {
      description: 'type1: NICs of the host itself by name, such as vmk0; each answers ARP and ping.',
    }).optional(),
    ...hostedKeys,
  },
  { description: 'A hypervisor.' },
);

const link = map(
  { a: portName('One end.'), b: portName('The other end.'), ...cableKeys },
  { description: 'A full-duplex cable between uplinks or physical ports.' },
);

const stream = map(
  {
    from: portName('The sending vNIC, or a pattern such as esx1/*.'),
    to: receiver.optional(),
    size: integer(64, 65_553, 'Frame length with FCS, 64 to mtu + 18 bytes. Default 64.').optional(),
    rate: scalar(readTrafficRate, {
      description: 'max (default), 100kpps, or bits a second on the wire such as 1Gbps.',
      ...text,
    }).optional(),
    flows: integer(1, 65_536, 'UDP source ports that the stream varies over. Default 1.').optional(),
    start: scalar(readDuration, { description: 'Default 0.', ...numberOrText }).optional(),
    stop: scalar(readDuration, { description: 'Default: at the end of the run.', ...numberOrText }).optional(),
    count: integer(1, Number.MAX_SAFE_INTEGER, 'Frames to send. Default: no limit.').optional(),
    ...pingKeys,
  },
  { description: 'Traffic between vNICs. Several senders and receivers are paired in turn.' },
);

export const fileSchema = map(
  {
    name: scalar(textReader('a name', 'any text'), {
      description: 'Default: the name of the file.',
      ...text,
    }).optional(),
    seed: integer(0, 0xffff_ffff, 'Start of all chance in a run. Default 1.').optional(),
    hosts: named(host, { description: 'Hypervisors by name.' }).optional(),
    physical: map(
      {
        switches: named(physicalSwitch, { description: 'Physical switches by name.' }).optional(),
        links: list(link, { description: 'Cables that no uplink mentions by to.' }).optional(),
        spanningTree: spanningTreeOfAll.optional(),
      },
      { description: 'The network outside the hosts.' },
    ).optional(),
    traffic: list(stream, { description: 'Traffic of a run.' }).optional(),
    captures: list(capture, { description: 'Captures of a run.' }).optional(),
    events: list(event, { description: 'What happens to the network while it runs.' }).optional(),
    flowRecords: flowRecords.optional(),
    teaching: map(
      {
        disable: list(scalar(readRule, { description: 'A rule, R1 to R19.', ...text, pattern: '^R([1-9]|1[0-9])$' }), {
          description: 'Rules that are switched off. Default: none.',
        }).optional(),
        stormLimit: integer(
          2,
          65_535,
          'Times that one frame may come in by one switch before it is taken out. Default 64.',
        ).optional(),
      },
      { description: 'For lessons: what happens without a rule.' },
    ).optional(),
  },
  { description: 'A topology of the virtual-switch emulator.' },
);

/** The file after the check of every single value; copies are written out, names are not yet resolved. */
export type File = z.output<typeof fileSchema>;
export type HostEntry = z.output<typeof host>;
export type VmEntry = z.output<typeof vm>;
export type NicEntry = Omit<VmEntry, 'count' | 'nics' | 'absent'>;
export type StreamEntry = z.output<typeof stream>;

/** JSON Schema (draft 2020-12) of a topology file, with a description for every key, for completion in editors. */
export function topologyJsonSchema(): object {
  return jsonSchema(fileSchema);
}
