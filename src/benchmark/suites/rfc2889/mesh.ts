/**
 * RFC 2889 5.1-5.4: throughput, frame loss and forwarding rate when many ports send to many.
 *
 * Load is in per cent of what the lines carry when all flows are equal; without a media limit, of the most that this machine moves. Frames
 * are offered at equal distances, which is a burst size of one frame (RFC 2889 5.1.2).
 */
import type { Topology } from '../../../topology/model.ts';
import { ownerOf } from '../../../topology/ports.ts';
import type { Bed, Flow } from '../../bed.ts';
import type { Axis, Plot, Series } from '../../model.ts';
import type { FrameMix } from '../../sizes.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { type Attempt, attempt, attempts } from '../counted.ts';
import { Draft, sizeOf, sizeText } from '../draft.ts';
import { mixesFor, repeatsOf } from '../lane.ts';
import {
  type Full,
  forwardingRate,
  fullOf,
  longestQueue,
  nothingLimits,
  paceOf,
  roundRobin,
  spanOf,
  throughputOf,
} from '../load.ts';

/** Who sends to whom, in each sender's order. */
export interface Pattern {
  readonly name: string;
  readonly pairs: readonly (readonly [from: string, to: string])[];
}

/** 5.1.3: port i sends to i + 1, i + 2 and so on, round all others. */
export function fullyMeshed(ports: readonly string[]): Pattern {
  const pairs = ports.flatMap((from, i) =>
    ports.slice(1).map((_, k) => [from, ports[(i + 1 + k) % ports.length]!] as const),
  );
  return { name: 'fully meshed', pairs };
}

/** 5.2: one port and all others, in one direction, the other, and both. */
export function oneAndMany([one = '', ...many]: readonly string[]): Pattern[] {
  const out = many.map((to) => [one, to] as const);
  const back = many.map((from) => [from, one] as const);
  return [
    { name: 'one to many', pairs: out },
    { name: 'many to one', pairs: back },
    { name: 'both directions', pairs: [...out, ...back] },
  ];
}

/** 5.4: the first half of the ports sends to all of the other half, and nobody back. */
export function oneWay(ports: readonly string[]): Pattern {
  const senders = ports.slice(0, ports.length >>> 1);
  const receivers = ports.slice(ports.length >>> 1);
  const pairs = senders.flatMap((from, i) =>
    receivers.map((_, k) => [from, receivers[(i + k) % receivers.length]!] as const),
  );
  return { name: 'unidirectional', pairs };
}

/** 5.3: the ports of two switches with one uplink each: all to all others, or only to those at the other one. */
export function acrossUplink(ports: readonly string[]): Pattern[] {
  const { pairs } = fullyMeshed(ports);
  const crossing = pairs.filter(([from, to]) => ownerOf(from) !== ownerOf(to));
  return [
    { name: 'without local traffic', pairs: crossing },
    { name: 'with local traffic', pairs },
  ];
}

export interface MeshTest {
  readonly id: string;
  readonly title: string;
  readonly section: string;
  readonly method: string;
  /** Sizes of a quick run, as a user writes them. */
  readonly quickSizes: string;
  /** What it runs on, and who sends to whom; notes go to the draft. */
  plan(context: SuiteContext, draft: Draft): { readonly topology: Topology; readonly patterns: readonly Pattern[] };
}

export function meshTest(test: MeshTest): SuiteTest {
  return {
    id: test.id,
    title: test.title,
    source: `RFC 2889, ${test.section}`,
    async run(context) {
      const { settings } = context;
      const draft = new Draft(`${test.method} ${loadText}`);
      const { topology, patterns } = test.plan(context, draft);
      const queue = longestQueue(topology);
      const vnics = [...new Set(patterns.flatMap(({ pairs }) => pairs.flat()))];
      const mixes = mixesFor(context, draft, { full: 'rfc2544', quick: test.quickSizes, vnics, topology });
      if (mixes.length === 0) return draft.done();
      for (const pattern of patterns) {
        const rows: Row[] = [];
        for (const mix of mixes) {
          context.check();
          const flows = pattern.pairs.map(([from, to]): Flow => ({ from, to, sizes: mix.sizes }));
          const bed = await context.bed({ topology, flows, clock: settings.clock, workers: settings.workers });
          try {
            const row = await measure(context, draft, { bed, queue, pattern, mix });
            if (row === null) return draft.notApplicable(nothingLimits);
            rows.push(row);
          } finally {
            await bed.close();
          }
        }
        draft.plots.push(plot(pattern.name, rows));
      }
      return draft.done();
    },
  };
}

const loadText =
  'Frames are offered at equal distances (burst size 1); throughput is the highest load without loss, found by bisection and confirmed by a last trial; then 100 % is offered.';

interface Row {
  readonly mix: FrameMix;
  readonly throughputs: readonly number[];
  readonly forwarding: number | null;
  readonly full: Full;
}

interface Lane {
  readonly bed: Bed;
  /** Frames in the longest queue on the way. */
  readonly queue: number;
  readonly pattern: Pattern;
  readonly mix: FrameMix;
}

async function measure(context: SuiteContext, draft: Draft, { bed, queue, pattern, mix }: Lane): Promise<Row | null> {
  const { settings } = context;
  await bed.warmUp();
  const full = await fullOf(context, draft, bed);
  if (full === null) return null;
  const pace = paceOf(settings, full, queue);
  const labels = { pattern: pattern.name, size: sizeOf(mix) };
  const where = `${pattern.name}, ${sizeText(mix)}`;
  const offer = async (total: number, seconds: number): Promise<Attempt> => {
    context.progress({ text: `${where}: ${((total / full.rate) * 100).toFixed(1)} %` });
    const load = roundRobin(bed.flows, total, seconds);
    return attempt(context, draft, bed, { load, seconds: spanOf(load), residue: pace.residue });
  };
  const throughputs: number[] = [];
  const repeats = repeatsOf(context, 5, 1);
  for (let i = 0; i < repeats; i++) {
    const found = await throughputOf(draft, full, pace, offer);
    if (found === null) draft.note(`${where}: frames were lost, or not offered in time, even at ${pace.percent} %.`);
    else throughputs.push(found);
  }
  const most = await attempts(draft, `${where}, maximum load`, repeats, () => offer(full.rate, pace.search));
  const load = roundRobin(bed.flows, full.rate, pace.search);
  const forwarding = most.map((trial) => forwardingRate(trial, load));
  draft.figure('throughput', labels, 'frames/s', throughputs, 'higher');
  if (full.line !== null) {
    const percent = throughputs.map((each) => (each / full.rate) * 100);
    draft.figure('throughput of the line', labels, '%', percent, 'higher');
  }
  draft.figure('forwarding rate at maximum load', labels, 'frames/s', forwarding, 'higher');
  const losses = most.map(({ lossRatio }) => lossRatio * 100);
  draft.figure('frame loss at maximum load', labels, '%', losses, 'lower');
  return { mix, throughputs, forwarding: median(forwarding), full };
}

function plot(name: string, rows: readonly Row[]): Plot {
  const x: Axis = {
    label: 'frame size',
    unit: 'bytes',
    scale: 'category',
    categories: rows.map(({ mix }) => mix.name),
  };
  const places = rows.map((_, i) => i);
  const series: Series[] = [
    {
      name: 'throughput',
      x: places,
      y: rows.map(({ throughputs }) => median(throughputs)),
      kind: 'line',
    },
    { name: 'forwarding rate at maximum load', x: places, y: rows.map(({ forwarding }) => forwarding), kind: 'points' },
  ];
  if (rows.some(({ full }) => full.line !== null)) {
    series.push({ name: 'theoretical maximum', x: places, y: rows.map(({ full }) => full.rate), kind: 'reference' });
  }
  return { title: `Throughput, ${name}`, x, y: { label: 'rate', unit: 'frames/s', scale: 'linear' }, series };
}
