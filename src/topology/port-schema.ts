/**
 * The keys of a port, which a port group gives to its vNICs and a physical switch to each port: VLANs, tags, what the
 * station may do; and the keys that virtual and physical switches share.
 */
import type { z } from 'zod';
import { readAgeing, readFrameRate } from './quantity.ts';
import { readReserved } from './reserved.ts';
import { choice, flag, integer, list, map, refuse, scalar, spelled } from './shape.ts';
import { shaping } from './shaping-schema.ts';
import { isMap, Refusal } from './value.ts';
import { readVlan, vidMax } from './vlan.ts';

export const numberOrText = { type: ['number', 'string'] };
export const vlanJson = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 4095 },
    { type: 'string' },
    { type: 'array', items: { type: ['integer', 'string'] } },
  ],
};

const macLimitMax = 1_000_000;

/** `macLimit: 4` is the same as `{ max: 4 }`. */
const macLimit = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value === 'number' || typeof value === 'string') return { max: value };
    return refuse(context, new Refusal(value, 'a limit', 'such as 4, or { max: 4, whenFull: shut }'));
  },
  map(
    {
      max: integer(1, macLimitMax, 'Most stations.'),
      whenFull: choice(
        ['drop', 'forward', 'shut'],
        'One station more: drop its frames (default), forward them without learning, or drop and shut the port.',
      ).optional(),
    },
    { description: 'Most stations learned on the port.' },
  ),
  {
    description: 'Most stations learned on the port: a number, or what happens with one more, too. Default: no limit.',
    also: [{ type: 'integer', minimum: 1, maximum: macLimitMax }],
  },
);

export const bpdu = choice(
  ['pass', 'filter', 'guard'],
  'Spanning tree frames from a station: pass (default), filter drops them, guard drops them and shuts the port.',
);

export const relayReserved = list(
  scalar(readReserved, {
    description: 'Last octet, 00 to 0f.',
    type: ['string', 'integer'],
    pattern: '^0?[0-9A-Fa-f]$',
    examples: ['00', '0e'],
  }),
  { description: 'Of 01-80-C2-00-00-00 to 0F, those that are relayed. Default: none.' },
);

const framesASecond = (kind: string) =>
  scalar(readFrameRate, { description: `${kind} frames a second, such as 100pps. Default: no limit.`, type: 'string' });

export const storm = map(
  {
    broadcast: framesASecond('Broadcast').optional(),
    multicast: framesASecond('Multicast').optional(),
    unknownUnicast: framesASecond('Unknown unicast').optional(),
  },
  { description: 'Storm control: frames of a kind that may come in by a port in a second, and at once.' },
);

export const staticConflict = choice(
  ['forward', 'drop', 'shut'],
  'A source that is bound to another port: forward (default), drop, or drop and shut the port.',
);

const acceptReject = (description: string) => choice(['accept', 'reject'], description);

export const security = map(
  {
    promiscuous: acceptReject('Whether a vNIC may get all frames of its VLANs. Default reject.').optional(),
    macChanges: acceptReject('Whether a guest may get frames for another address. Default: the preset.').optional(),
    forgedTransmits: acceptReject('Whether a guest may send from other addresses. Default: the preset.').optional(),
    staticConflict: staticConflict.optional(),
  },
  { description: 'What guests may do.' },
);

export const tag = choice(['c', 's'], 'Tags of EtherType 0x8100 (c, default) or 0x88a8 (s).');

/** What port groups and physical ports have in common. */
export const portKeys = {
  vlan: scalar(readVlan, {
    description: '0-4094: access port. 4095, "10,20-30" or a list: trunk.',
    ...vlanJson,
  }).optional(),
  native: integer(1, vidMax, 'Trunk only: which of its VLANs is that of untagged frames. Default: none.').optional(),
  nativeTagged: flag('The native VLAN leaves tagged. Default false.').optional(),
  tunnel: flag('QinQ: all that comes in, tags and all, belongs to the one vlan. Default false.').optional(),
  tag: tag.optional(),
  accept: choice(
    ['all', 'tagged', 'untagged'],
    'Frames taken, by their tag. Default: untagged ones on an access port, else all.',
  ).optional(),
  ingressFilter: flag('Frames of VLANs that the port does not carry are dropped. Default true.').optional(),
  bpdu: bpdu.optional(),
  relayReserved: relayReserved.optional(),
  dhcpGuard: flag('What only DHCP servers and relays send is dropped here. Default false.').optional(),
  routerGuard: flag("Routers' advertisements and redirects are dropped here. Default false.").optional(),
  hairpin: flag('What comes in may leave by the same port (reflective relay). Default false.').optional(),
  storm: storm.optional(),
  shaping: shaping.optional(),
  learning: flag('Sources are learned. Default true, in a vSwitch of macModel registered false.').optional(),
  floodUnknown: flag(
    'Unknown unicast is flooded to the port. Default true; with macModel registered as learning.',
  ).optional(),
  macLimit: macLimit.optional(),
  sticky: flag('What is learned neither ages nor moves. Default false.').optional(),
};

export const mtu = integer(68, 65_535, 'Largest payload of a frame in bytes. Default 1500.');
export const padding = flag('Short frames are padded to 60 bytes on their way out. Default false.');
export const sharedVlans = list(
  list(integer(0, vidMax, 'A VLAN.'), { description: 'VLANs that share their addresses.' }),
  { description: 'Shared VLAN learning: an address learned in one VLAN of a list is known in all. Default: none.' },
);

export const table = map(
  {
    max: integer(1, 1_000_000, 'Most entries. Default 8192.').optional(),
    ageing: scalar(readAgeing, {
      description: 'How long a silent station stays, 1s to 1000000s. Default 300s.',
      ...numberOrText,
    }).optional(),
    whenFull: choice(
      ['evict', 'forward', 'drop'],
      'A new station in a full table: evict the oldest of the fullest port (default), forward without learning, or drop.',
    ).optional(),
  },
  { description: 'The MAC table.' },
);

export type TableEntry = z.output<typeof table>;
export type StormEntry = z.output<typeof storm>;
export type SecurityEntry = z.output<typeof security>;
