/** How long frames took at a load: figures by percentile, and the curves of all loads of a size in one plot. */
import type { Trial, TrialOptions } from '../bed.ts';
import { BUCKETS, curve } from '../histogram.ts';
import type { Figure, Latency, Plot, Series } from '../model.ts';
import { type Draft, sizeOf, sizeText } from './draft.ts';
import { type Lane, stampEvery } from './lane.ts';

export interface LatencyLoad {
  /** `50 %`, `idle`. */
  readonly name: string;
  /** Frames/s over all flows. */
  readonly rate: number;
  /** The flows send by turns, so that no frame meets another; else all at once. */
  readonly byTurns?: boolean;
  /** Of each trial, s. */
  readonly seconds: number;
  readonly repeats: number;
}

/** What is told of each trial; a percentile only when so many frames were measured that one of them is beyond it. */
const told: readonly (readonly [name: string, of: keyof Latency, framesMin: number])[] = [
  ['min', 'min', 1],
  ['mean', 'mean', 1],
  ['p50', 'p50', 2],
  ['p90', 'p90', 10],
  ['p99', 'p99', 100],
  ['p99.9', 'p999', 1000],
  ['max', 'max', 1],
];
const POINTS_MAX = 100;

/** Measures one load, adds its figures, and gives its curve; null when it could not be measured. */
export async function latencyAt(draft: Draft, lane: Lane, load: LatencyLoad): Promise<Series | null> {
  const { context, mix } = lane;
  const trials: Trial[] = [];
  for (let i = 0; i < load.repeats; i++) {
    context.progress({ text: `${sizeText(mix)}: latency at ${load.name}` });
    const stamps = stampEvery(lane, load.rate);
    const options = { load: loadOf(lane, load), seconds: secondsOf(lane, load), stampEvery: stamps };
    const { trial, isReached } = await lane.offer(draft, options);
    if (isReached && trial.latency !== null && trial.latency.n > 0) trials.push(trial);
    if (trial.lost > 0) draft.note(`${sizeText(mix)}, ${load.name}: frames were lost while latency was measured.`);
  }
  if (trials.length === 0) {
    draft.note(`${sizeText(mix)}, ${load.name}: no trial counts, so there is no latency of it.`);
    return null;
  }
  const latencies = trials.map(({ latency }) => latency!);
  const labels = { size: sizeOf(mix), load: load.name };
  tellLatency(draft, labels, latencies);
  return curveOf(load.name, trials);
}

/** By turns, each flow has at least one. */
function secondsOf({ bed: { flows } }: Lane, { rate, byTurns, seconds }: LatencyLoad): number {
  return byTurns === true ? Math.max(seconds, (flows.length + 1) / rate) : seconds;
}

function loadOf(lane: Lane, load: LatencyLoad): TrialOptions['load'] {
  const { rate, byTurns } = load;
  const { flows } = lane.bed;
  if (byTurns !== true) return rate;
  // As many rounds as begin and end within the trial.
  const count = Math.max(1, Math.floor((secondsOf(lane, load) * rate) / flows.length - 1 + 1e-9));
  return flows.map((_, i) => ({ rate: rate / flows.length, count, from: i / rate }));
}

function curveOf(name: string, trials: readonly Trial[]): Series {
  const sum = new Float64Array(BUCKETS);
  for (const { histogram } of trials) for (let i = 0; i < sum.length; i++) sum[i]! += histogram[i] ?? 0;
  const latencies = trials.map(({ latency }) => latency!);
  const minNs = Math.min(...latencies.map(({ min }) => min));
  const maxNs = Math.max(...latencies.map(({ max }) => max));
  const points = curve(sum, { minNs, maxNs });
  const step = Math.ceil(points.length / POINTS_MAX);
  const kept = points.filter((_, i) => i % step === 0 || i === points.length - 1);
  return { name, kind: 'line', x: kept.map(({ x }) => x), y: kept.map(({ ns }) => ns) };
}

/** The figures of trials alike. */
export function tellLatency(draft: Draft, labels: Figure['labels'], latencies: readonly Latency[]): void {
  for (const [name, of, framesMin] of told) {
    const samples = latencies.filter(({ n }) => n >= framesMin).map((latency) => latency[of]);
    draft.figure(`latency, ${name}`, labels, 'ns', samples, 'lower');
  }
}

/** Loads that could not be measured are left out. */
export function latencyPlot(lane: Lane, curves: readonly (Series | null)[]): Plot {
  return {
    title: `Latency, ${sizeText(lane.mix)}`,
    x: { label: '1 / (1 - share of the frames)', unit: '', scale: 'log' },
    y: { label: 'latency', unit: 'ns', scale: 'log' },
    series: curves.filter((each) => each !== null),
  };
}
