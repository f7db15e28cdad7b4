/** RFC 2544 section 26.3: which share of the frames is lost at each load, from the maximum down. */
import { type LossPoint, nextLossLoad } from '../../method.ts';
import type { Series } from '../../model.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome, sizeOf, sizeText } from '../draft.ts';
import { type Lane, loadFlows, mixesOf, noMaximum, repeatsOf, withLane } from '../lane.ts';
import { notOffered, quickSizes, sizes, whatIsAll } from './words.ts';

export const loss: SuiteTest = { id: 'rfc2544.loss', title: 'Frame loss rate', source: 'RFC 2544, 26.3', run };

async function run(context: SuiteContext): Promise<Outcome> {
  const draft = new Draft(
    `Trials at 100 %, 90 %, 80 % … of the maximum rate, until two in a row lose nothing; the loss is (sent - received) / sent. ${whatIsAll(context.settings.clock)}`,
  );
  const curves: Series[] = [];
  for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
    const curve = await withLane(context, draft, mix, { flows: loadFlows(context, mix) }, (lane) =>
      descend(draft, lane),
    );
    if (curve !== null) curves.push(curve);
  }
  if (curves.length === 0) return draft.notApplicable(noMaximum);
  draft.plots.push({
    title: 'Frame loss by load',
    x: { label: 'load', unit: '% of the maximum', scale: 'linear' },
    y: { label: 'frames lost', unit: '%', scale: 'linear' },
    series: curves,
  });
  return draft.done();
}

async function descend(draft: Draft, lane: Lane): Promise<Series> {
  const { context, mix, line } = lane;
  const points: LossPoint[] = [];
  const measured: { load: number; loss: number | null }[] = [];
  for (let load = nextLossLoad(points); load !== null; load = nextLossLoad(points)) {
    context.progress({ text: `${sizeText(mix)}: loss at ${load} %` });
    const samples = await samplesAt(draft, lane, load);
    draft.figure('frame loss', { size: sizeOf(mix), load: `${load} %` }, '%', samples, 'lower');
    const worst = samples.length === 0 ? null : Math.max(...samples);
    measured.push({ load, loss: worst });
    // A load that was not there has not been passed.
    points.push({ loadPercent: load, lossRatio: worst === null ? 1 : worst / 100 });
  }
  const missing = measured.filter((point) => point.loss === null).map((point) => `${point.load} %`);
  if (missing.length > 0) draft.note(`${sizeText(mix)}: ${missing.join(', ')} ${notOffered(context)}.`);
  if (line === null)
    draft.note('Without a medium a guest that sends as fast as it can is held back by its ring, and nothing is lost.');
  return {
    name: sizeText(mix),
    kind: 'line',
    x: measured.map((point) => point.load),
    y: measured.map((point) => point.loss),
  };
}

/** Losses in per cent, by repeat; those whose load was offered. */
async function samplesAt(draft: Draft, lane: Lane, percent: number): Promise<number[]> {
  const { context, maximum, line, pace } = lane;
  const samples: number[] = [];
  const repeats = repeatsOf(context, 5, 1);
  const seconds = context.settings.quick ? pace.search : pace.final;
  // The measured maximum is what came of the highest load there is; a stream with that rate would have to meet each of its instants.
  const load = line === null && percent === 100 ? 'max' : (maximum * percent) / 100;
  for (let i = 0; i < repeats; i++) {
    const { trial, isReached } = await lane.offer(draft, { load, seconds });
    if (isReached) samples.push(trial.lossRatio * 100);
  }
  return samples;
}
