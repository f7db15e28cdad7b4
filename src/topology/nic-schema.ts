/** The key `nic` of a vNIC: the model of its network card, alone or with parameters. */
import type { z } from 'zod';
import { integerReader, type Reader } from './scalar.ts';
import { choice, integer, map, refuse, scalar, spelled } from './shape.ts';
import { hint } from './suggestion.ts';
import { isMap, Refusal, show } from './value.ts';

const models = ['direct', 'virtio', 'vmxnet3', 'e1000', 'lance'] as const;
const ringMin = 4;
const registerMax = 0xffff;

/** A power of two from ringMin to `last`. */
function ringReader(last: number): Reader<number> {
  const read = integerReader(ringMin, last);
  return (value) => {
    const entries = read(value);
    if (Number.isInteger(Math.log2(entries))) return entries;
    const below = 2 ** Math.floor(Math.log2(entries));
    throw new Refusal(value, 'a power of two', `such as ${below} or ${below * 2}`);
  };
}

const ring = (last: number, usual: number) =>
  scalar(ringReader(last), {
    description: `Descriptors of each ring, a power of two. Default ${usual}.`,
    type: 'integer',
    minimum: ringMin,
    maximum: last,
  });

const virtio = map(
  {
    suppress: choice(
      ['none', 'flags', 'event-idx'],
      'How doorbells and interrupts are spared: not at all, by flags, or by EVENT_IDX (default).',
    ).optional(),
    ring: ring(32_768, 256).optional(),
    batch: integer(1, 32_768, 'Frames that the driver gathers before it looks whether to ring. Default 1.').optional(),
  },
  { description: 'A para-virtual card: virtio 1.2 with split rings.' },
);

const vmxnet3 = map(
  {
    txThreshold: integer(1, 4096, 'Frames deferred before the doorbell TXPROD. Default 32.').optional(),
    ring: ring(4096, 512).optional(),
  },
  { description: 'A para-virtual card with generation bits, as in ESXi.' },
);

const mitigation = map(
  {
    itr: integer(0, registerMax, 'Interrupt throttling, in 256 ns. Default 0.').optional(),
    tadv: integer(0, registerMax, 'Delay after frames that were sent, in 1,024 ns. Default 0.').optional(),
    radv: integer(0, registerMax, 'Delay after frames that came, in 1,024 ns. Default 0.').optional(),
  },
  {
    description: 'Interrupts keep a distance: the least of the values that are not 0, at least 128 us. Default: none.',
  },
);

const e1000 = map(
  {
    ring: ring(4096, 256).optional(),
    batch: integer(1, 4095, 'Frames for each write of the register TDT. Default 1.').optional(),
    mitigation: mitigation.optional(),
  },
  { description: 'An emulated card: Intel 82540EM.' },
);

const lance = map(
  { ring: ring(512, 16).optional() },
  { description: 'An emulated card reached by ports: AMD PCnet (Lance).' },
);

/** `nic: virtio` is the same as `nic: { virtio: {} }`. */
export const card = spelled(
  (value, context) => {
    if (value === null || isMap(value)) return value;
    if (typeof value === 'string' && models.some((model) => model === value)) return { [value]: {} };
    return refuse(context, new Refusal(value, 'a network card', hint(show(value), models, 'allowed:')));
  },
  map(
    {
      direct: map({}, { description: "No card: the guest uses its port's rings itself." }).optional(),
      virtio: virtio.optional(),
      vmxnet3: vmxnet3.optional(),
      e1000: e1000.optional(),
      lance: lance.optional(),
    },
    { description: 'The model, with its parameters.' },
  ),
  {
    description:
      'The network card: direct (default), virtio, vmxnet3, e1000 or lance, or a map from it to its parameters.',
    also: [{ enum: models }],
  },
);

export type CardEntry = z.output<typeof card>;
