/**
 * The keys of a physical switch.
 */
import type { z } from 'zod';
import { flows } from './flow-schema.ts';
import { limits } from './limits.ts';
import { lldp } from './lldp.ts';
import { mirrors } from './mirror-schema.ts';
import { multicast } from './multicast-schema.ts';
import { neighbourSuppression } from './neighbour-schema.ts';
import { mtu, padding, portKeys, relayReserved, sharedVlans, staticConflict, table } from './port-schema.ts';
import { integerReader, readName } from './scalar.ts';
import { attempt, choice, list, map, named, refuse, scalar, spelled } from './shape.ts';
import { strictPriority } from './shaping-schema.ts';
import { spanningTree } from './spanning-tree-schema.ts';
import { isMap, Refusal } from './value.ts';

const readPortCount = integerReader(1, limits.portsPerSwitch);

const port = map(
  {
    ...portKeys,
    priority: strictPriority.optional(),
    security: map({ staticConflict: staticConflict.optional() }, { description: 'What stations may do.' }).optional(),
  },
  { description: 'Without vlan: trunk 1-4094, native 1; transparent if no port has one.' },
);

/** `ports: 8` is the same as ports 1 to 8 without settings. */
const ports = spelled(
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
  named(port, { description: 'Ports by name.' }),
  {
    description: 'A number of ports, or a map from names to settings.',
    also: [{ type: 'integer', minimum: 1, maximum: limits.portsPerSwitch }],
  },
);

const lag = map(
  {
    mode: choice(
      ['static', 'active', 'passive'],
      'Without LACP (default), or with LACP that begins (active) or answers (passive).',
    ).optional(),
    rate: choice(['fast', 'slow'], 'LACP frames every second, or every 30 s (default).').optional(),
    ports: list(scalar(readName, { description: 'Name of a port.', type: ['string', 'integer'] }), {
      description: 'The ports that are one.',
    }),
  },
  { description: 'A link aggregation group.' },
);

export const physicalSwitch = map(
  {
    ports,
    lags: named(lag, { description: 'LAGs by name.' }).optional(),
    mtu: mtu.optional(),
    table: table.optional(),
    relayReserved: relayReserved.optional(),
    sharedVlans: sharedVlans.optional(),
    padding: padding.optional(),
    lldp: lldp.optional(),
    spanningTree: spanningTree.optional(),
    multicast: multicast.optional(),
    neighbourSuppression: neighbourSuppression.optional(),
    mirrors: mirrors.optional(),
    flows: flows.optional(),
  },
  { description: 'A learning bridge.' },
);

export type PhysicalSwitchEntry = z.output<typeof physicalSwitch>;
export type PhysicalPortEntry = z.output<typeof port>;
