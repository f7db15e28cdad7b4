/** The key of a switch that answers ARP and neighbour discovery for others, and what it makes of the model. */
import type { z } from 'zod';
import type { Suppressing } from './neighbour-model.ts';
import { numberOrText } from './port-schema.ts';
import { readAgeing } from './quantity.ts';
import { flag, integer, map, refuse, scalar, spelled } from './shape.ts';
import { isMap, Refusal } from './value.ts';

const entriesMaxDefault = 1024;
const ageingSecondsDefault = 60;

/** `neighbourSuppression: true` is the same as `{}`, and `false` as none. */
export const neighbourSuppression = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value === 'boolean') return { on: value };
    return refuse(context, new Refusal(value, 'true, false or a map', 'such as { max: 4096, ageing: 30s }'));
  },
  map(
    {
      on: flag('false: it answers for nobody. Default true.').optional(),
      max: integer(1, 65_536, 'Most addresses that it knows. Default 1024.').optional(),
      ageing: scalar(readAgeing, {
        description: 'What was not heard for so long is not answered. Default 60s.',
        ...numberOrText,
      }).optional(),
    },
    { description: 'ARP and ND suppression.' },
  ),
  {
    description: 'The switch answers ARP and neighbour solicitations for stations that it knows. Default false.',
    also: [{ type: 'boolean' }],
  },
);

/** To be spread into a switch: nothing where requests are flooded. */
export function suppressionOf(entry: z.output<typeof neighbourSuppression> | undefined): Suppressing {
  if (entry === undefined || entry.on === false) return {};
  const { max: entriesMax = entriesMaxDefault, ageing = ageingSecondsDefault } = entry;
  return { neighbourSuppression: { entriesMax, ageingNs: ageing * 1e9 } };
}
