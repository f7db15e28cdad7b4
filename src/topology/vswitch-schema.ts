/**
 * The keys of a virtual switch, its team of uplinks and its port groups.
 */
import type { z } from 'zod';
import { flows } from './flow-schema.ts';
import { lldp } from './lldp.ts';
import { mirrors } from './mirror-schema.ts';
import { multicast } from './multicast-schema.ts';
import { neighbourSuppression } from './neighbour-schema.ts';
import {
  bpdu,
  mtu,
  numberOrText,
  padding,
  portKeys,
  relayReserved,
  security,
  sharedVlans,
  storm,
  table,
  tag,
  vlanJson,
} from './port-schema.ts';
import { readDelay, readGrace, readPause } from './quantity.ts';
import { readName, readPortGroupName } from './scalar.ts';
import { choice, flag, integer, list, map, named, refuse, scalar, spelled } from './shape.ts';
import { shaping, shares } from './shaping-schema.ts';
import { isMap, Refusal } from './value.ts';
import { readUnknownFromOutside, readVlanSet, vidMax } from './vlan.ts';

const nameList = (description: string) =>
  list(scalar(readName, { description: 'Name of an uplink.', type: 'string' }), { description });

/** `notify: true` is the same as `{}`, and `false` as `{ repeat: 0 }`. */
const notify = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value === 'boolean') return value ? {} : { repeat: 0 };
    return refuse(context, new Refusal(value, 'true, false or a map', 'such as { repeat: 3, interval: 1s }'));
  },
  map(
    {
      repeat: integer(0, 255, 'How often; 0 for never. Default 1.').optional(),
      interval: scalar(readPause, { description: 'How far apart, 1ms to 1h. Default 1s.', ...numberOrText }).optional(),
    },
    { description: 'The announcements.' },
  ),
  {
    description: 'Tell the outside by RARP frames which stations have moved to another uplink. Default true: once.',
    also: [{ type: 'boolean' }],
  },
);

/** What a port group may have of its own. */
const teamingKeys = {
  policy: choice(
    ['port-id', 'source-mac', 'explicit', 'load-based', 'ip-hash'],
    'How an uplink is chosen. Default port-id, with a LAG ip-hash.',
  ).optional(),
  active: nameList('Uplinks in use, in order. Default: all that are not standby.').optional(),
  standby: nameList('Uplinks that take over when an active one fails. Default: none.').optional(),
  failback: flag('A recovered uplink takes its place again. Default true.').optional(),
};

const teaming = map(
  {
    ...teamingKeys,
    upDelay: scalar(readDelay, {
      description: 'Link is up for so long before it counts. Default 0.',
      ...numberOrText,
    }).optional(),
    downDelay: scalar(readDelay, {
      description: 'Link is down for so long before it counts. Default 0.',
      ...numberOrText,
    }).optional(),
    detection: choice(
      ['link', 'beacon'],
      'How a failure shows: by link state (default), or by probe frames, too.',
    ).optional(),
    beaconInterval: scalar(readPause, {
      description: 'Between two probe frames, 1ms to 1h. Default 1s.',
      ...numberOrText,
    }).optional(),
    notify: notify.optional(),
    lag: choice(
      ['static', 'active', 'passive'],
      'The active uplinks are one LAG: static, or by LACP that begins (active) or answers (passive). Default: no LAG.',
    ).optional(),
    lacpRate: choice(['fast', 'slow'], 'LACP frames every second, or every 30 s (default).').optional(),
  },
  { description: 'Uplinks of the vSwitch that stand in neither list are unused.' },
);

const portGroup = map(
  {
    ...portKeys,
    absent: flag('Not there at the start; the event addPortGroup brings it. Default false.').optional(),
    security: security.optional(),
    teaming: map(teamingKeys, { description: 'What differs from the teaming of the vSwitch.' }).optional(),
  },
  { description: 'Without vlan: VLAN 0, or transparent if no port group has one.' },
);

const privateVlan = map(
  {
    primary: integer(1, vidMax, 'VLAN whose ports are promiscuous: they reach all.'),
    isolated: integer(1, vidMax, 'VLAN whose ports reach the promiscuous ones only. Default: none.').optional(),
    community: list(integer(1, vidMax, 'VLAN whose ports reach each other and the promiscuous ones.'), {
      description: 'Default: none.',
    }).optional(),
  },
  { description: 'A primary VLAN and its secondary ones.' },
);

export const vswitch = map(
  {
    uplinks: nameList('Uplinks of this vSwitch. Default: all of the host, if it has one vSwitch.').optional(),
    macModel: choice(
      ['learning', 'registered'],
      'How the vSwitch knows its VMs: by source addresses or from the configuration. Default learning.',
    ).optional(),
    preset: choice(
      ['vss', 'vds'],
      'Security of ESXi: vss rejects promiscuous alone (default), vds also macChanges and forgedTransmits.',
    ).optional(),
    teaming: teaming.optional(),
    uplinkVlans: scalar(readVlanSet, {
      description: 'VLANs that the uplinks carry. Default: those of the port groups.',
      ...vlanJson,
    }).optional(),
    portGroups: named(portGroup, { description: 'Port groups by name.' }, readPortGroupName).optional(),
    table: table.optional(),
    mtu: mtu.optional(),
    security: security.optional(),
    bpdu: bpdu.optional(),
    relayReserved: relayReserved.optional(),
    uplinkStorm: storm.optional(),
    uplinkShaping: shaping.optional(),
    shares: shares.optional(),
    uplinkTag: tag.optional(),
    privateVlans: list(privateVlan, { description: 'Private VLANs. Default: none.' }).optional(),
    sharedVlans: sharedVlans.optional(),
    receivers: choice(
      ['per-vlan', 'active', 'per-recipient'],
      'R9: floods from outside are taken on one uplink for each VLAN (default), on the first one in use, or by each vNIC on its own.',
    ).optional(),
    rpf: choice(
      ['strict', 'loose', 'off'],
      "R8: unicast from outside is taken on the vNIC's own uplink (default), on any of its team, or on any.",
    ).optional(),
    rpfGrace: scalar(readGrace, {
      description: "After a vNIC's uplink has changed, the former one is good for so long, too. Default 0.",
      ...numberOrText,
    }).optional(),
    unknownFromOutside: scalar(readUnknownFromOutside, {
      description: 'R6: flood, drop, or VLANs in which it floods. Default flood, with macModel registered drop.',
      ...vlanJson,
    }).optional(),
    padding: padding.optional(),
    lldp: lldp.optional(),
    multicast: multicast.optional(),
    neighbourSuppression: neighbourSuppression.optional(),
    mirrors: mirrors.optional(),
    flows: flows.optional(),
  },
  { description: 'A virtual switch.' },
  {
    spanningTree:
      'a vSwitch runs none, as it passes no frame from one uplink to another (R1) and closes no loop; write it at switches under physical, and edge: true at their ports to hosts',
  },
);

export type VSwitchEntry = z.output<typeof vswitch>;
export type TeamingEntry = z.output<typeof teaming>;
export type PortGroupEntry = z.output<typeof portGroup>;
export type PrivateVlanEntry = z.output<typeof privateVlan>;
