/** From the counts of a trial to its result: what a sceptic wants to see, and whether the trial counts at all. */
import type { ProbeCount, StreamCount } from '../engine/tester.ts';
import type { Ledger } from '../telemetry/report.ts';
import type { PortName } from '../topology/model.ts';
import type { Flow, FlowLoad, FlowResult, PortResult, Trial } from './bed.ts';
import { summary } from './histogram.ts';
import type { Latency } from './model.ts';

/** All that a trial left behind. */
export interface Counts {
  readonly flows: readonly Flow[];
  readonly loads: readonly (FlowLoad | null)[];
  /** Frames a second that were asked for over all flows; absent: the sum of their loads. */
  readonly askedRate?: number;
  /** Frames that each flow was to send; null: as many as there was time for. */
  readonly intended: readonly (number | null)[];
  readonly streams: readonly StreamCount[];
  readonly probes: ReadonlyMap<PortName, ProbeCount>;
  readonly histogram: Uint32Array;
  readonly before: Ledger;
  readonly after: Ledger;
  readonly startNs: bigint;
  readonly seconds: number;
  readonly busy: readonly number[];
  readonly isWall: boolean;
  /** vNICs that a broadcast of this one should come to. */
  receiversOf(from: PortName): readonly PortName[];
  /** Frames a second that the cables let through at most, over all flows; null: no media limit. */
  readonly lineRate: number | null;
  /** Whether the network was made to learn before: then nothing may flood. */
  readonly learned: boolean;
}

/** How far the offered load may be from the intended one. */
const TOLERANCE = 0.001;
const FCS_AND_GAP = 20;

export function resultOf(counts: Counts): Trial {
  const { flows, streams, intended: wanted, loads, startNs, seconds } = counts;
  const results = flows.map((flow, i) => flowResult(counts, flow, i));
  const sum = (of: (result: FlowResult) => number): number => results.reduce((total, each) => total + of(each), 0);
  const probes = [...counts.probes.values()];
  const total = (of: (probe: ProbeCount) => number): number => probes.reduce((all, each) => all + of(each), 0);
  const offered = sum((flow) => flow.offered);
  const expected = sum((flow) => flow.expected);
  const received = sum((flow) => flow.received);
  const intended = wanted.every((each) => each !== null) ? wanted.reduce((all, each) => all + each!, 0) : null;
  // What is sent late takes the longer for it.
  const took = Math.max(seconds, ...streams.map(({ lastNs }) => Number(lastNs - startNs) / 1e9));
  const intendedRate = intended === null ? null : (counts.askedRate ?? askedOf(counts) / seconds);
  const bits = flows.reduce((all, { sizes }, i) => all + results[i]!.received * 8 * meanOf(sizes), 0);
  const late = streams.reduce((all, each) => all + each.late, 0);
  const flooded = total((probe) => probe.flooded);
  const trial = {
    size: sizeOf(flows.filter((_, i) => loads[i] !== null)),
    intendedRate,
    offeredRate: offered / took,
    receivedRate: received / took,
    seconds: took,
    intended,
    offered,
    received,
    lost: expected - received,
    lossRatio: expected === 0 ? 0 : (expected - received) / expected,
    duplicates: sum((flow) => flow.duplicates),
    reordered: sum((flow) => flow.reordered),
    flooded,
    misdelivered: total((probe) => probe.misdelivered),
    drops: dropsBetween(counts.before, counts.after),
    latency: latencyOf(counts.histogram, probes),
    busy: counts.busy,
    l1BitsPerSecond: (bits + received * 8 * FCS_AND_GAP) / took,
    l2BitsPerSecond: bits / took,
    linePercent: counts.lineRate === null ? null : (100 * received) / took / counts.lineRate,
    balanced: counts.after.balanced,
  };
  return {
    ...trial,
    void: faultOf(counts, trial, late),
    flows: results,
    ports: portsOf(counts),
    histogram: counts.histogram,
  };
}

/** Frames that were asked for, not rounded to whole ones. */
function askedOf({ loads, seconds }: Counts): number {
  return loads.reduce((sum, load) => {
    if (load === null || load.rate === 'max') return sum;
    return sum + (load.count ?? load.rate * Math.max(0, load.seconds ?? seconds - (load.from ?? 0)));
  }, 0);
}

function flowResult({ streams, receiversOf }: Counts, flow: Flow, i: number): FlowResult {
  const { sent, received, duplicates, reordered, firstNs, lastNs, heardBy } = streams[i]!;
  const seconds = Number(lastNs - firstNs) / 1e9;
  // Who gets some of a broadcast should get all, also where the topology alone cannot tell that it would (tagged, by a router).
  const receivers = flow.to === 'broadcast' ? new Set([...receiversOf(flow.from), ...heardBy]).size : 1;
  return { offered: sent, expected: sent * receivers, received, duplicates, reordered, seconds };
}

/** Least, mean and greatest are exact; percentiles are at most 1.6 % above the true ones. */
function latencyOf(histogram: Uint32Array, probes: readonly ProbeCount[]): Latency | null {
  const measured = probes.filter((probe) => probe.measured > 0);
  if (measured.length === 0) return null;
  const { n, minNs, meanNs, p50, p90, p99, p999, maxNs } = summary(histogram, {
    minNs: Math.min(...measured.map(({ leastNs }) => leastNs)),
    maxNs: Math.max(...measured.map(({ mostNs }) => mostNs)),
    sumNs: measured.reduce((sum, { sumNs }) => sum + sumNs, 0),
  });
  return { n, min: minNs!, mean: meanNs!, p50: p50!, p90: p90!, p99: p99!, p999: p999!, max: maxNs! };
}

function portsOf({ probes }: Counts): Map<PortName, PortResult> {
  return new Map(
    [...probes].map(([name, probe]) => {
      const { received, flooded, misdelivered, broadcasts, doorbells, suppressed, interrupts } = probe;
      return [name, { received, flooded, misdelivered, broadcasts, doorbells, suppressed, interrupts }];
    }),
  );
}

function faultOf(
  { learned, after, loads, seconds, isWall }: Counts,
  trial: Pick<Trial, 'intendedRate' | 'offeredRate' | 'flooded' | 'balanced'>,
  late: number,
): string | null {
  if (!trial.balanced) return 'the ledger does not balance: frames are unaccounted for';
  if (after.held > 0) return `${after.held} frames were still on their way when the trial was over`;
  const { intendedRate, offeredRate } = trial;
  if (intendedRate !== null && intendedRate > 0 && offeredRate === 0)
    return 'nothing was sent: the trial is too short for its load';
  // A flow sends whole frames.
  const rounding = loads.filter((load) => load !== null && load.count === undefined).length / 2 / seconds;
  if (intendedRate !== null && Math.abs(offeredRate - intendedRate) > TOLERANCE * intendedRate + rounding) {
    const share = ((100 * offeredRate) / intendedRate).toFixed(2);
    const why = isWall
      ? 'sender, switch and receiver share a core'
      : "the guests' rings or buffers were full: is it too much for the cable, or too long for the MTU?";
    return `only ${share} % of the intended load could be offered: ${why}`;
  }
  if (late > 0) return `${late} frames came more than 1,024 frames late, too late to tell from duplicates`;
  if (learned && trial.flooded > 0)
    return `${trial.flooded} copies were flooded: the network had not learned, or forgot`;
  return null;
}

/** What was dropped between two ledgers, by verdict. */
function dropsBetween(before: Ledger, after: Ledger): Record<string, number> {
  const drops = Object.entries(after.drops).map(([name, n]) => [name, n - (before.drops[name] ?? 0)] as const);
  return Object.fromEntries(drops.filter(([, n]) => n !== 0));
}

export function meanOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}

/** One size, or the mix by its mean. */
function sizeOf(flows: readonly Flow[]): number | string {
  const all = new Set(flows.map(({ sizes }) => sizes.join()));
  const [first] = flows;
  if (first === undefined) return 'none';
  if (all.size > 1) return 'several';
  return first.sizes.length === 1
    ? first.sizes[0]!
    : `mix of ${first.sizes.length}, mean ${meanOf(first.sizes).toFixed(1)}`;
}
