/**
 * The keys of a cable, which may stand at an uplink or in `physical.links`.
 */
import type { z } from 'zod';
import { numberOrText } from './port-schema.ts';
import { readDelay, readHold, readLinkRate, readShare, readSmallDelay } from './quantity.ts';
import { integer, map, scalar } from './shape.ts';

const share = (description: string) => scalar(readShare, { description, ...numberOrText, examples: ['1%', '0.05%'] });

export const cableKeys = {
  rate: scalar(readLinkRate, {
    description: 'Bits a second, such as 10G, or unlimited (default).',
    ...numberOrText,
  }).optional(),
  delay: scalar(readDelay, { description: 'Propagation delay, such as 2us. Default 0.', ...numberOrText }).optional(),
  queue: integer(1, 1_048_576, 'Frames that may wait for the wire. Default 1024.').optional(),
  loss: share('Frames that are sent and never arrive, in per cent. Default 0.').optional(),
  duplicate: share('Frames that arrive twice, in per cent. Default 0.').optional(),
  corrupt: share('Frames that arrive damaged and are dropped there, in per cent. Default 0.').optional(),
  reorder: map(
    {
      share: share('Frames that are held back, in per cent. 0% where it is to be set while the network runs.'),
      by: scalar(readHold, { description: 'For how long, 1ns to 1s.', ...numberOrText }),
    },
    { description: 'Frames that are held back so that later ones overtake them. Default: none.' },
  ).optional(),
  jitter: scalar(readSmallDelay, {
    description: 'A random delay from 0 to this more, the order kept; at most 1s. Default 0.',
    ...numberOrText,
  }).optional(),
};

/** The properties of a cable that an entry gives. */
export type CableEntry = { readonly [Key in keyof typeof cableKeys]?: z.output<(typeof cableKeys)[Key]> };
