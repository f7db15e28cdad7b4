/** The keys of events by which VMs, uplinks and port groups come and go. */
import { numberOrText } from './port-schema.ts';
import { readDelay } from './quantity.ts';
import { readName, textReader } from './scalar.ts';
import { choice, map, scalar, spelled } from './shape.ts';

const text = { type: 'string' };
const readVm = textReader('a VM', 'host/vm, such as esx1/web1');
const readUplink = textReader('an uplink', 'host/uplink, such as esx1/vmnic2');
const readGroup = textReader('a port group', 'host/vSwitch/port group, such as esx1/vSwitch0/web');
const vm = (description: string) => scalar(readVm, { description, ...text, examples: ['esx1/web1'] });
const uplink = (description: string) => scalar(readUplink, { description, ...text, examples: ['esx1/vmnic2'] });
const group = (description: string) => scalar(readGroup, { description, ...text, examples: ['esx1/vSwitch0/web'] });

/** `attach: esx1/web1` is the same as `attach: { vm: esx1/web1 }`. */
const shorthand = (key: string) => (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? { [key]: value } : value;

const attach = spelled(
  shorthand('vm'),
  map(
    {
      vm: vm('The VM.'),
      to: scalar(readName, { description: 'The host. Default: where it is declared.', ...text }).optional(),
    },
    { description: 'A VM is attached.' },
  ),
  { description: 'This VM is attached, and begins anew.', also: [text] },
);

const migrate = map(
  {
    vm: vm('The VM, as host/vm.'),
    to: scalar(readName, { description: 'The host that it moves to.', ...text }),
    downtime: scalar(readDelay, {
      description: 'From when it stops to when it goes on. Default 0.',
      ...numberOrText,
    }).optional(),
  },
  { description: 'A VM moves to another host and goes on there.' },
);

const addUplink = spelled(
  shorthand('uplink'),
  map(
    {
      uplink: uplink('The uplink.'),
      as: choice(['active', 'standby'], "Its place in the vSwitch's team. Default: as its teaming says.").optional(),
    },
    { description: 'An uplink comes to its host.' },
  ),
  { description: 'This uplink comes to its host, with its cable, and joins the team.', also: [text] },
);

export const changeKeys = {
  attach: attach.optional(),
  detach: vm('This VM stops and is taken off its ports.').optional(),
  migrate: migrate.optional(),
  addUplink: addUplink.optional(),
  removeUplink: uplink('This uplink leaves its host: no link, and in no team.').optional(),
  addPortGroup: group('This port group is there from now on, and the uplinks carry its VLANs.').optional(),
  removePortGroup: group('This port group goes, and the uplinks no longer carry its VLANs.').optional(),
} as const;
