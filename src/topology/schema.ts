/**
 * Every key a user may write, with its range and its default: the one list behind the checks, the editor's completion
 * and the documentation. What keys mean together is checked by this room's other files.
 */
import type { z } from 'zod';
import { readIpv4, readMac } from './address.ts';
import { limits } from './limits.ts';
import { readAgeing, readDelay, readDuration, readLinkRate, readTrafficRate } from './quantity.ts';
import { integerReader, readName, readPortGroupName, textReader } from './scalar.ts';
import { attempt, choice, flag, integer, jsonSchema, list, map, named, refuse, scalar, spelled } from './shape.ts';
import { isMap, Refusal } from './value.ts';
import { readVlan, readVlanSet, vidMax } from './vlan.ts';

const text = { type: 'string' };
const numberOrText = { type: ['number', 'string'] };
const vlanJson = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 4095 },
    { type: 'string' },
    { type: 'array', items: { type: ['integer', 'string'] } },
  ],
};

const portText = textReader('a port', 'owner/port, such as esx1/vm1 or tor/1');
const portName = (description: string) => scalar(portText, { description, ...text, examples: ['esx1/vm1', 'tor/1'] });
const nameList = (description: string) =>
  list(scalar(readName, { description: 'Name of an uplink.', ...text }), { description });

const mtu = integer(68, 65_535, 'Largest payload of a frame in bytes. Default 1500.');

const table = map(
  {
    max: integer(1, 1_000_000, 'Most entries. Default 8192.').optional(),
    ageing: scalar(readAgeing, {
      description: 'How long a silent station stays, 1s to 1000000s. Default 300s.',
      ...numberOrText,
    }).optional(),
    whenFull: choice(
      ['evict', 'forward'],
      'A new station in a full table: evict the oldest of the fullest port (default), or forward without learning.',
    ).optional(),
  },
  { description: 'The MAC table.' },
);

const vlanKeys = {
  vlan: scalar(readVlan, {
    description: '0-4094: access port. 4095, "10,20-30" or a list: trunk.',
    ...vlanJson,
  }).optional(),
  native: integer(1, vidMax, 'Trunk only: the VLAN of untagged frames. Default: none.').optional(),
  nativeTagged: flag('The native VLAN leaves tagged. Default false.').optional(),
};

const cableKeys = {
  rate: scalar(readLinkRate, {
    description: 'Bits a second, such as 10G, or unlimited (default).',
    ...numberOrText,
  }).optional(),
  delay: scalar(readDelay, { description: 'Propagation delay, such as 2us. Default 0.', ...numberOrText }).optional(),
  queue: integer(1, 1_048_576, 'Frames that may wait for the wire. Default 1024.').optional(),
};

const uplink = map(
  {
    to: portName(
      'The port at the other end of the cable. Without it the uplink leads outside the emulated world.',
    ).optional(),
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

const vswitch = map(
  {
    uplinks: nameList('Uplinks of this vSwitch. Default: all of the host, if it has one vSwitch.').optional(),
    macModel: choice(
      ['learning', 'registered'],
      'How the vSwitch knows its VMs: by source addresses or from the configuration. Default learning.',
    ).optional(),
    mtu: mtu.optional(),
    teaming: map(
      {
        policy: choice(['port-id'], 'How a vNIC is pinned to an uplink.').optional(),
        active: nameList('Uplinks in use, in order. Default: all that are not standby.').optional(),
        standby: nameList('Uplinks that take over when an active one fails. Default: none.').optional(),
      },
      { description: 'Uplinks of the vSwitch that stand in neither list are unused.' },
    ).optional(),
    table: table.optional(),
    uplinkVlans: scalar(readVlanSet, {
      description: 'VLANs that the uplinks carry. Default: those of the port groups.',
      ...vlanJson,
    }).optional(),
    portGroups: named(
      map(vlanKeys, { description: 'Without vlan: VLAN 0, or transparent if no port group has one.' }),
      { description: 'Port groups by name.' },
      readPortGroupName,
    ).optional(),
  },
  { description: 'A virtual switch.' },
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
  ip: scalar(readIpv4, { description: 'Such as 10.0.0.1/24. Default: none.', ...text }).optional(),
};

const vm = map(
  {
    count: integer(1, limits.nics, 'Makes name1 to nameN; ip and mac count up unless they hold {v}.').optional(),
    ...nicKeys,
    nics: list(map(nicKeys, { description: 'A vNIC.' }), {
      description: 'The vNICs, when there is not just one.',
    }).optional(),
  },
  { description: 'A virtual machine. The keys of its only vNIC may stand here directly.' },
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
  },
  { description: 'A hypervisor.' },
);

const readPortCount = integerReader(1, limits.portsPerSwitch);

/** `ports: 8` is the same as ports 1 to 8 without settings. */
const physicalPorts = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value !== 'number') {
      return refuse(
        context,
        new Refusal(value, 'a number or map of ports', 'such as 8, or a map from names to settings'),
      );
    }
    const count = attempt(() => readPortCount(value), context) ?? 0;
    return Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i + 1), null]));
  },
  named(map(vlanKeys, { description: 'Without vlan: trunk 1-4094, native 1; transparent if no port has one.' }), {
    description: 'Ports by name.',
  }),
  {
    description: 'A number of ports, or a map from names to settings.',
    also: [{ type: 'integer', minimum: 1, maximum: limits.portsPerSwitch }],
  },
);

const physicalSwitch = map(
  { ports: physicalPorts, mtu: mtu.optional(), table: table.optional() },
  { description: 'A learning bridge without spanning tree.' },
);

const link = map(
  { a: portName('One end.'), b: portName('The other end.'), ...cableKeys },
  { description: 'A full-duplex cable between uplinks or physical ports.' },
);

const stream = map(
  {
    from: portName('The sending vNIC, or a pattern such as esx1/*.'),
    to: portName('The receiving vNIC, a pattern, or broadcast.'),
    size: integer(64, 65_553, 'Frame length with FCS, 64 to mtu + 18 bytes. Default 64.').optional(),
    rate: scalar(readTrafficRate, {
      description: 'max (default), 100kpps, or bits a second on the wire such as 1Gbps.',
      ...text,
    }).optional(),
    flows: integer(1, 65_536, 'UDP source ports that the stream varies over. Default 1.').optional(),
    start: scalar(readDuration, { description: 'Default 0.', ...numberOrText }).optional(),
    stop: scalar(readDuration, { description: 'Default: at the end of the run.', ...numberOrText }).optional(),
    count: integer(1, Number.MAX_SAFE_INTEGER, 'Frames to send. Default: no limit.').optional(),
  },
  { description: 'Traffic between vNICs. Several senders and receivers are paired in turn.' },
);

const capture = map(
  {
    file: scalar(textReader('a file name', 'a path such as all.pcapng'), {
      description: 'File to write: .pcap for classic pcap, else pcapng.',
      ...text,
    }),
    ports: list(portName('A port or a pattern such as esx1/*.'), { description: 'Default ["*"], all.' }).optional(),
    snap: integer(0, 262_144, 'Bytes kept of each frame; 0 (default) keeps all.').optional(),
  },
  { description: 'Frames to record.' },
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
      },
      { description: 'The network outside the hosts.' },
    ).optional(),
    traffic: list(stream, { description: 'Traffic of a run.' }).optional(),
    captures: list(capture, { description: 'Captures of a run.' }).optional(),
  },
  { description: 'A topology of the virtual-switch emulator.' },
);

/** The file after the check of every single value; copies are written out, names are not yet resolved. */
export type File = z.output<typeof fileSchema>;
export type HostEntry = z.output<typeof host>;
export type PhysicalSwitchEntry = z.output<typeof physicalSwitch>;
export type VSwitchEntry = z.output<typeof vswitch>;
export type VmEntry = z.output<typeof vm>;
export type NicEntry = Omit<VmEntry, 'count' | 'nics'>;
export type StreamEntry = z.output<typeof stream>;
export type CableEntry = Pick<z.output<typeof uplink>, 'rate' | 'delay' | 'queue'>;
export type TableEntry = z.output<typeof table>;

/** JSON Schema (draft 2020-12) of a topology file, with a description for every key, for completion in editors. */
export function topologyJsonSchema(): object {
  return jsonSchema(fileSchema);
}
