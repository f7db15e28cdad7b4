/** RFC 8204's soak: a steady load for long, and whether anything becomes worse. */
import type { Trial } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { type Draft, sizeOf, sizeText } from '../draft.ts';
import { type Lane, stampEvery } from '../lane.ts';
import { tellLatency } from '../latency.ts';
import { bySize, latenciesOf } from './load.ts';
import { methodIn, sourceOf } from './words.ts';

/** As many as five minutes are in an hour. */
const intervalsMin = 12;
/** s: a receiver is silent, is heard once before each interval, and by default forgotten after 300 s. */
const intervalMax = 240;
/** Part of the throughput on the wall clock, where a machine that does something else for a moment is no fault of the switch. */
const wallShare = 0.8;

const method = ({ settings: { clock } }: SuiteContext): string =>
  `${clock === 'wall' ? '80 % of the throughput' : 'The throughput'} in equal intervals, ${intervalsMin} or as many as keep each below ${intervalMax} s, with a pause in which it is counted; drift is the median of the last third against that of the first third. VSPERF asks for 6 hours and more: give the seconds of the whole for that.`;

export const soak: SuiteTest = {
  id: 'rfc8204.soak',
  title: 'Soak',
  source: sourceOf('5.7'),
  run: (context) => bySize(context, methodIn('5.7', method(context)), measure),
};

function wholeSeconds({ context: { settings }, pace }: Lane): number {
  if (settings.seconds !== null) return settings.seconds;
  return settings.clock === 'virtual' ? pace.final * intervalsMin : settings.quick ? 1.2 : 120;
}

async function measure(draft: Draft, lane: Lane, throughput: number): Promise<void> {
  const { context, mix } = lane;
  const rate = context.settings.clock === 'wall' ? throughput * wallShare : throughput;
  const whole = wholeSeconds(lane);
  const intervals = Math.max(intervalsMin, Math.ceil(whole / intervalMax));
  const seconds = whole / intervals;
  const trials: (Trial | null)[] = [];
  for (let i = 0; i < intervals; i++) {
    context.progress({ text: `${sizeText(mix)}: interval ${i + 1} of ${intervals}`, part: i / intervals });
    const { trial, isReached } = await lane.offer(
      draft,
      { load: rate, seconds, stampEvery: stampEvery(lane, rate) },
      true,
    );
    trials.push(isReached ? trial : null);
  }
  tell(draft, lane, trials, seconds);
}

function tell(draft: Draft, { mix }: Lane, trials: readonly (Trial | null)[], seconds: number): void {
  const labels = { size: sizeOf(mix) };
  const good = trials.filter((each) => each !== null);
  draft.figure('intervals whose load was offered', labels, 'intervals', [good.length], 'higher');
  if (good.length < trials.length)
    draft.note(`${sizeText(mix)}: intervals in which the machine did not offer the load are left out.`);
  if (good.length === 0) return;
  const sum = (of: (trial: Trial) => number): number => good.reduce((all, trial) => all + of(trial), 0);
  draft.figure('frames', labels, 'frames', [sum(({ offered }) => offered)], null);
  draft.figure('frames lost', labels, 'frames', [sum(({ lost }) => lost)], 'lower');
  draft.figure(
    'frame loss, worst interval',
    labels,
    '%',
    [Math.max(...good.map(({ lossRatio }) => lossRatio * 100))],
    'lower',
  );
  tellLatency(draft, labels, latenciesOf(good));
  const p50 = driftOf(trials.map((trial) => trial?.latency?.p50 ?? null));
  draft.figure('drift of the median latency', labels, '%', p50 === null ? [] : [p50], 'lower');
  const p99 = driftOf(trials.map((trial) => trial?.latency?.p99 ?? null));
  draft.figure('drift of p99 latency', labels, '%', p99 === null ? [] : [p99], 'lower');
  const x = trials.map((_, i) => i * seconds);
  const of = (read: (trial: Trial) => number | undefined) =>
    trials.map((trial) => (trial === null ? null : (read(trial) ?? null)));
  draft.plots.push(
    {
      title: `Latency by interval, ${sizeText(mix)}`,
      x: { label: 'since the begin', unit: 's', scale: 'linear' },
      y: { label: 'latency', unit: 'ns', scale: 'log' },
      series: [
        { name: 'p50', kind: 'line', x, y: of(({ latency }) => latency?.p50) },
        { name: 'p99', kind: 'line', x, y: of(({ latency }) => latency?.p99) },
        { name: 'max', kind: 'line', x, y: of(({ latency }) => latency?.max) },
      ],
    },
    {
      title: `Frames lost by interval, ${sizeText(mix)}`,
      x: { label: 'since the begin', unit: 's', scale: 'linear' },
      y: { label: 'lost', unit: 'frames', scale: 'linear' },
      series: [{ name: 'lost', kind: 'bars', x, y: of(({ lost }) => lost) }],
    },
  );
}

/** Median of the last third against that of the first, %; null where one of them has nothing. */
export function driftOf(values: readonly (number | null)[]): number | null {
  const third = Math.floor(values.length / 3);
  const [first, last] = [values.slice(0, third), values.slice(values.length - third)].map((part) =>
    median(part.filter((each) => each !== null)),
  );
  if (first == null || last == null || first === 0) return null;
  return (100 * (last - first)) / first;
}
