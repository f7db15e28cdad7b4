/** The key `lldp` of virtual and physical switches. */
import type { z } from 'zod';
import type { Lldp } from './lldp-model.ts';
import { numberOrText } from './port-schema.ts';
import { readPause } from './quantity.ts';
import { choice, map, refuse, scalar, spelled } from './shape.ts';
import { isMap, Refusal } from './value.ts';

const modes = ['off', 'listen', 'advertise', 'both'] as const;
/** 802.1AB-2016 9.2.5.7, msgTxInterval. */
const intervalDefaultNs = 30e9;

/** `lldp: both` is the same as `{ mode: both }`. */
export const lldp = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    // YAML reads off as false in some hands.
    if (value === false) return { mode: 'off' };
    if (typeof value === 'string') return { mode: value };
    return refuse(context, new Refusal(value, 'off, listen, advertise, both or a map', 'such as both'));
  },
  map(
    {
      mode: choice(
        modes,
        'Tell who is here (advertise), remember who is there (listen), or both (default).',
      ).optional(),
      interval: scalar(readPause, {
        description: 'Between two LLDP frames, 1ms to 1h. Default 30s.',
        ...numberOrText,
      }).optional(),
    },
    { description: 'LLDP.' },
  ),
  {
    description:
      'LLDP (IEEE 802.1AB) at the uplinks of a vSwitch, or at all ports of a physical switch: off (default), listen, advertise or both.',
    also: [{ type: 'string', enum: [...modes] }],
  },
);

/** Absent when there is none. */
export function lldpOf(entry: z.output<typeof lldp> | undefined): { lldp?: Lldp } {
  if (entry === undefined || entry.mode === 'off') return {};
  return { lldp: { mode: entry.mode ?? 'both', intervalNs: entry.interval ?? intervalDefaultNs } };
}
