/**
 * The keys of a physical switch's spanning tree.
 */
import type { z } from 'zod';
import { numberOrText } from './port-schema.ts';
import { readDuration } from './quantity.ts';
import { count, integerReader, type Reader } from './scalar.ts';
import { choice, flag, integer, map, named, refuse, scalar, spelled } from './shape.ts';
import { treeLimits } from './spanning-tree-model.ts';
import { isMap, Refusal } from './value.ts';

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Whole seconds of the inclusive range. */
function seconds({ first, last, unset }: Range & { unset: number }, what: string) {
  const read: Reader<number> = (value) => {
    const result = readDuration(value) / 1e9;
    if (Number.isInteger(result) && result >= first && result <= last) return result;
    throw new Refusal(value, 'in range', `${first}s to ${last}s in whole seconds`);
  };
  return scalar(read, { description: `${what}, ${first}s to ${last}s. Default ${unset}s.`, ...numberOrText });
}

function stepped({ first, last, step, unset }: Range & { step: number; unset: number }, what: string) {
  const readNumber = integerReader(first, last);
  const read: Reader<number> = (value) => {
    const result = readNumber(value);
    if (result % step === 0) return result;
    throw new Refusal(value, 'a priority', `${count(first)} to ${count(last)} in steps of ${count(step)}`);
  };
  return scalar(read, {
    description: `${what} in steps of ${step}, ${first}-${last}. Default ${unset}.`,
    type: 'integer',
    minimum: first,
    maximum: last,
    multipleOf: step,
  });
}

const edge = scalar(
  (value): boolean | 'auto' => {
    if (value === 'auto' || typeof value === 'boolean') return value;
    throw new Refusal(value, 'one of the choices', 'allowed: auto, true, false');
  },
  {
    description:
      'Whether it leads to stations only: true forwards at once, false waits, auto (default) finds out in 3 s.',
    enum: ['auto', true, false],
  },
);

const port = map(
  {
    cost: integer(
      treeLimits.cost.first,
      treeLimits.cost.last,
      'What the way to the root by it costs. Default: 2*10^13 / bit/s of its cable; 2000 without a rate.',
    ).optional(),
    priority: stepped(treeLimits.portPriority, 'Preferred among equal ports if less,').optional(),
    edge: edge.optional(),
    guard: choice(['root', 'bpdu'], 'root: never the way to the root. bpdu: a BPDU shuts the port.').optional(),
    enabled: flag('false: takes no part, and always forwards. Default true.').optional(),
  },
  { description: 'A port in the spanning tree.' },
);

const keys = {
  mode: choice(['rstp', 'none'], 'Default: that of all switches, else rstp.').optional(),
  priority: stepped(treeLimits.priority, 'The bridge with the least is the root,').optional(),
  hello: seconds(treeLimits.hello, 'Time between two BPDUs').optional(),
  maxAge: seconds(treeLimits.maxAge, 'How old what is told of the root may become').optional(),
  forwardDelay: seconds(treeLimits.forwardDelay, 'Time in which a port learns that nobody agrees with').optional(),
};

/** `spanningTree: rstp` is the same as `{ mode: rstp }`. */
function byName(value: unknown, context: z.RefinementCtx): unknown {
  if (value === null || isMap(value)) return value;
  if (typeof value === 'string') return { mode: value };
  return refuse(context, new Refusal(value, 'a spanning tree', 'rstp, none, or a map such as { priority: 4096 }'));
}

const also = [{ enum: ['rstp', 'none'] }];

export const spanningTree = spelled(
  byName,
  map(
    { ...keys, ports: named(port, { description: 'Ports by name; a LAG by its first port.' }).optional() },
    { description: 'RSTP (802.1D-2004), one tree for all VLANs.' },
  ),
  { description: 'RSTP (802.1D-2004), one tree for all VLANs: rstp, none, or its settings. Default: none.', also },
);

/** The same for all switches. */
export const spanningTreeOfAll = spelled(byName, map(keys, { description: 'RSTP on all physical switches.' }), {
  description: 'RSTP on all physical switches, where a switch says nothing else.',
  also,
});

export type SpanningTreeEntry = z.output<typeof spanningTree>;
export type SpanningTreeOfAllEntry = z.output<typeof spanningTreeOfAll>;
