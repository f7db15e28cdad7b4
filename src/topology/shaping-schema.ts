/** The keys of shapers and of shares in the uplinks. What they mean together is checked by shaping.ts. */
import type { z } from 'zod';
import { readBucketRate, readSize } from './quantity.ts';
import { readPortGroupName } from './scalar.ts';
import { choice, integer, map, named, refuse, scalar, spelled } from './shape.ts';
import { isMap, Refusal } from './value.ts';

const rateJson = { type: ['string', 'number'], examples: ['100M', '2.5G'] };
const rate = (description: string) => scalar(readBucketRate, { description, ...rateJson });

const bucketKeys = {
  average: rate('Bits a second in the long run, 1 to 1T.'),
  peak: rate('Bits a second of a burst, at least the average. Default: no limit.').optional(),
  burst: scalar(readSize, {
    description: 'Bytes that may go faster than the average, at least a frame. Default 65536.',
    type: ['string', 'integer'],
  }).optional(),
};

export const bucket = (description: string) => map(bucketKeys, { description });

/** Of an event: `off` is brought to a map without anything. */
export const bucketOrOff = (description: string) =>
  map(
    {
      ...bucketKeys,
      average: bucketKeys.average.optional(),
    },
    { description },
  );

export const shaping = map(
  {
    in: bucket('What the switch gets from the port.').optional(),
    out: bucket('What it sends to the port.').optional(),
  },
  { description: 'Token buckets that delay frames, each way, seen from the switch. Default: none.' },
);

export const strictPriority = choice(
  ['strict'],
  'strict: a queue for each priority of the tag (PCP), in the order 1, 0, 2 to 7, the last one first. Default: one queue.',
);

const sharesJson = { type: ['string', 'integer'], examples: ['high', 'normal', 'low', 10] };
const named100 = { high: 100, normal: 50, low: 25 } as const;

function readShares(value: unknown): number {
  if (value === 'high' || value === 'normal' || value === 'low') return named100[value];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new Refusal(value, 'a number of shares', 'high (100), normal (50), low (25) or 1 to 100');
}

/** `web: high` is the same as `web: { shares: high }`. */
const share = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value === 'string' || typeof value === 'number') return { shares: value };
    return refuse(context, new Refusal(value, 'a share', 'such as high, or { shares: 75, reservation: 100M }'));
  },
  map(
    {
      shares: scalar(readShares, {
        description: 'high (100), normal (50, default), low (25) or 1 to 100.',
        ...sharesJson,
      }).optional(),
      reservation: rate('Bits a second that it gets before all others. Default: none.').optional(),
      limit: rate('Bits a second that it gets at most. Default: none.').optional(),
      priority: integer(0, 7, 'What has a higher one goes first, in the order 1, 0, 2 to 7. Default 0.').optional(),
    },
    { description: 'The share of a port group.' },
  ),
  { description: 'The share of a port group: a number, or more.', also: [sharesJson] },
);

export const shares = named(
  share,
  {
    description:
      'What port groups have of each uplink that is asked for more than its rate. Default: first come, first served.',
  },
  readPortGroupName,
);

export type BucketEntry = {
  readonly average: number;
  readonly peak?: number | undefined;
  readonly burst?: number | undefined;
};
export type ShapingEntry = z.output<typeof shaping>;
export type SharesEntry = z.output<typeof shares>;
