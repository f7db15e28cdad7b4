/** The keys of multicast: of a switch, and of a vNIC whose guest joins groups. */
import type { z } from 'zod';
import { ipv4Number, readGroup } from './group-address.ts';
import { numberOrText } from './port-schema.ts';
import { readAgeing, readPause } from './quantity.ts';
import { readName } from './scalar.ts';
import { choice, flag, integer, list, map, refuse, scalar, spelled } from './shape.ts';
import { isMap, Refusal } from './value.ts';

const modes = ['flood', 'filter', 'snooping'] as const;

/** A host's address; it is no group, and not 0.0.0.0. */
function readAddress(value: unknown): number {
  const number = typeof value === 'string' ? ipv4Number(value) : null;
  if (number !== null && number !== 0 && number >>> 28 < 14) return number;
  throw new Refusal(value, "a querier's IPv4 address", 'such as 10.0.0.254; without one it asks as a proxy');
}

const querier = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value === 'boolean') return { on: value };
    return refuse(
      context,
      new Refusal(value, 'true, false or a map', 'such as { interval: 60s, address: 10.0.0.254 }'),
    );
  },
  map(
    {
      on: flag('false: no querier. Default true.').optional(),
      interval: scalar(readPause, {
        description: 'Between two queries, 1ms to 1h. Default 125s.',
        ...numberOrText,
      }).optional(),
      address: scalar(readAddress, {
        description: 'Its IPv4 address; the lowest one wins. Default: proxy queries from 0.0.0.0.',
        type: 'string',
      }).optional(),
    },
    { description: 'The querier.' },
  ),
  {
    description: 'The switch asks for members, unless it hears a better querier. Default false.',
    also: [{ type: 'boolean' }],
  },
);

/** `multicast: snooping` is the same as `{ mode: snooping }`. */
export const multicast = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value === 'string') return { mode: value };
    return refuse(
      context,
      new Refusal(value, 'a mode or a map', 'flood, filter, snooping or { mode: snooping, querier: true }'),
    );
  },
  map(
    {
      mode: choice(modes, 'What becomes of frames to groups. Default snooping.').optional(),
      querier: querier.optional(),
      floodUnregistered: flag(
        'Groups that nobody has reported go to all ports, else to routers only. Default true.',
      ).optional(),
      ageing: scalar(readAgeing, {
        description: 'Without a report for so long a member is none any more. Default 260s.',
        ...numberOrText,
      }).optional(),
      fastLeave: flag(
        'Who leaves is out at once, without a question for others at its port. Default false.',
      ).optional(),
      versions: map(
        {
          igmp: integer(1, 3, 'Of IGMP queries. Default 2.').optional(),
          mld: integer(1, 2, 'Of MLD queries. Default 1.').optional(),
        },
        { description: 'Versions of the queries that the switch sends.' },
      ).optional(),
      max: integer(1, 65_536, 'Most groups in the table. Default 1024.').optional(),
      routerPorts: list(scalar(readName, { description: 'Own name of a port.', type: ['string', 'integer'] }), {
        description:
          'Ports with a multicast router, beside those that are learned; an uplink stands for all. Default: none.',
      }).optional(),
    },
    { description: 'Groups in the switch.' },
  ),
  {
    description: 'Frames to groups: flood (default), filter (to vNICs that joined), or snooping (RFC 4541).',
    also: [{ enum: modes }],
  },
);

export const listenerKeys = {
  groups: list(scalar(readGroup, { description: 'A group.', type: 'string', examples: ['239.1.1.1', 'ff15::1'] }), {
    description: 'The guest joins these, and its card takes no others. Default: it joins none and takes all.',
  }).optional(),
  igmp: integer(1, 3, 'Version of IGMP that the guest speaks. Default 2.').optional(),
  mld: integer(1, 2, 'Version of MLD that the guest speaks. Default 2.').optional(),
} as const;

export type MulticastEntry = z.output<typeof multicast>;
export interface ListenerEntry {
  readonly groups?: readonly (string | undefined)[] | undefined;
  readonly igmp?: number | undefined;
  readonly mld?: number | undefined;
}
