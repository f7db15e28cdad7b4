/** RFC 8204's profile: what a switch does round its throughput, and beyond it. */
import type { Trial } from '../../bed.ts';
import type { Series } from '../../model.ts';
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { type Draft, sizeOf, sizeText } from '../draft.ts';
import { type Lane, repeatsOf, stampEvery } from '../lane.ts';
import { tellLatency } from '../latency.ts';
import { notOffered } from '../rfc2544/words.ts';
import { bySize, latenciesOf, trialSeconds } from './load.ts';
import { methodIn, sourceOf } from './words.ts';

/** Of the throughput, per cent. */
const loads = [50, 90, 100, 110, 150];

const method =
  'Trials at 50, 90, 100, 110 and 150 % of the throughput: frames forwarded, lost, and how long those that came took. vNICs have no medium: beyond the throughput they offer more than their switch can pass on.';

export const profile: SuiteTest = {
  id: 'rfc8204.profile',
  title: 'Profile around the throughput',
  source: sourceOf('5.6'),
  async run(context) {
    const series: Series[] = [];
    const outcome = await bySize(context, methodIn('5.6', method), async (draft, lane, throughput) => {
      series.push(await measure(draft, lane, throughput));
    });
    if (series.length === 0) return outcome;
    const plot = {
      title: 'Forwarded by load',
      x: { label: 'load', unit: '% of the throughput', scale: 'linear' },
      y: { label: 'forwarded', unit: 'frames/s', scale: 'linear' },
      series,
    } as const;
    return { ...outcome, plots: [...outcome.plots, plot] };
  },
};

async function measure(draft: Draft, lane: Lane, throughput: number): Promise<Series> {
  const { context, mix, line } = lane;
  const repeats = repeatsOf(context, 5, 1);
  const forwarded: (number | null)[] = [];
  for (const percent of loads) {
    context.progress({ text: `${sizeText(mix)}: ${percent} % of the throughput` });
    const rate = (throughput * percent) / 100;
    const trials: Trial[] = [];
    for (let i = 0; i < repeats; i++) {
      const options = { load: rate, seconds: trialSeconds(lane), stampEvery: stampEvery(lane, rate) };
      const { trial, isReached } = await lane.offer(draft, options, percent > 100);
      if (isReached) trials.push(trial);
    }
    if (trials.length === 0) draft.note(`${sizeText(mix)}: ${percent} % ${notOffered(context)}.`);
    if (trials.some(({ receivedRate }) => line !== null && receivedRate > line * 1.0001))
      draft.note(
        'What a full queue holds at the end of the sending comes after it, and counts: more than the line carries in that time.',
      );
    const labels = { size: sizeOf(mix), load: `${percent} %` };
    const rates = trials.map(({ receivedRate }) => receivedRate);
    draft.figure('forwarded', labels, 'frames/s', rates, 'higher');
    draft.figure(
      'frame loss',
      labels,
      '%',
      trials.map(({ lossRatio }) => lossRatio * 100),
      'lower',
    );
    tellLatency(draft, labels, latenciesOf(trials));
    forwarded.push(median(rates));
  }
  return { name: sizeText(mix), kind: 'line', x: loads, y: forwarded };
}
