/** RFC 2544 section 26.1: the highest rate at which as many frames arrive as were sent. */
import type { Series } from '../../model.ts';
import { l1Bits, l2Bits } from '../../rate.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { highestLoad } from '../counted.ts';
import { Draft, type Outcome, short, sizeOf, sizeText } from '../draft.ts';
import { knownOf, type Lane, loadFlows, mixesOf, noMaximum, repeatsOf, withLane } from '../lane.ts';
import { nothingPassed, quickSizes, sizes, whatIsAll } from './words.ts';

/** What was found of one size. */
interface Row {
  readonly name: string;
  /** Frames/s, by repeat. */
  readonly rates: readonly number[];
  readonly maximum: number;
  readonly line: number | null;
}

export const throughput: SuiteTest = {
  id: 'rfc2544.throughput',
  title: 'Throughput',
  source: 'RFC 2544, 26.1',
  run,
};

async function run(context: SuiteContext): Promise<Outcome> {
  const draft = new Draft(methodOf(context));
  const rows: Row[] = [];
  for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
    const flows = loadFlows(context, mix);
    await withLane(context, draft, mix, { flows }, async (lane) => {
      const rates: number[] = [];
      const repeats = repeatsOf(context, 5, 2);
      for (let i = 0; i < repeats; i++) {
        const rate = await search(draft, lane);
        if (rate !== null) rates.push(rate);
      }
      knownOf(context, flows, mix).throughput = median(rates);
      rows.push({ name: String(sizeOf(mix)), rates, maximum: lane.maximum, line: lane.line });
      tell(draft, lane, rates);
    });
  }
  if (rows.length === 0) return draft.notApplicable(noMaximum);
  if (rows.every(({ rates }) => rates.length === 0)) return draft.failed(nothingPassed);
  draft.plots.push(plotOf(rows));
  return draft.done();
}

function methodOf({ settings }: SuiteContext): string {
  const length =
    settings.clock === 'wall'
      ? 'The final trial is longer than those of the search'
      : 'Trials last until a load above the maximum by the resolution would have overflowed the longest queue';
  return `Binary search for the highest load, shared equally by all flows, of which not one frame is lost; the load found is verified by a final trial of full length, and searched on below when it fails. A load that could not be offered in time is tried again and then counts as failed. ${length}. ${whatIsAll(settings.clock)}`;
}

/** The throughput as a later test needs it: what the first one found, or else one search. null: no load passed. */
export async function throughputOf(draft: Draft, lane: Lane): Promise<number | null> {
  const known = knownOf(lane.context, lane.bed.flows, lane.mix);
  if (known.throughput !== undefined) return known.throughput;
  draft.note('The throughput was searched anew for this test.');
  known.throughput = await search(draft, lane);
  return known.throughput;
}

/**
 * One search; null when the least load, the resolution, does not pass either.
 * @param lossRatioMax Loss that passes, 0 to below 1.
 */
export function search(draft: Draft, lane: Lane, lossRatioMax = 0): Promise<number | null> {
  const { context, mix, maximum, pace } = lane;
  return highestLoad(draft, {
    least: pace.resolution,
    most: maximum,
    resolution: pace.resolution,
    seconds: pace.search,
    finalSeconds: pace.final,
    lossRatioMax,
    offer: (load, seconds) => {
      context.progress({ text: `${sizeText(mix)}: ${short(load, 'frames/s')} for ${short(seconds, 's')}` });
      return lane.offer(draft, { load, seconds });
    },
  });
}

function tell(draft: Draft, { mix, line }: Lane, rates: readonly number[]): void {
  const labels = { size: sizeOf(mix) };
  if (rates.length === 0) draft.note(`${sizeText(mix)}: no load passed.`);
  draft.figure('throughput', labels, 'frames/s', rates, 'higher');
  const bits = (of: typeof l1Bits) => rates.map((rate) => of(rate, mix));
  draft.figure('throughput, L1', labels, 'bit/s', bits(l1Bits), 'higher');
  draft.figure('throughput, L2', labels, 'bit/s', bits(l2Bits), 'higher');
  if (line === null) draft.note('No media limit: there are no percentages of a line rate.');
  const percent = line === null ? [] : rates.map((rate) => (rate / line) * 100);
  draft.figure('throughput of the line rate', labels, '%', percent, 'higher');
}

function plotOf(rows: readonly Row[]) {
  const x = rows.map((_, i) => i);
  const of = (rates: readonly number[], pick: (...values: number[]) => number) =>
    rates.length === 0 ? null : pick(...rates);
  const measured: Series = {
    name: 'throughput',
    kind: 'line',
    x,
    y: rows.map(({ rates }) => median(rates)),
    low: rows.map(({ rates }) => of(rates, Math.min)),
    high: rows.map(({ rates }) => of(rates, Math.max)),
  };
  const hasLine = rows.some(({ line }) => line !== null);
  const reference: Series = hasLine
    ? { name: 'theoretical', kind: 'reference', x, y: rows.map(({ line }) => line) }
    : { name: 'highest rate received', kind: 'points', x, y: rows.map(({ maximum }) => maximum) };
  return {
    title: 'Throughput by frame size',
    x: { label: 'frame size', unit: 'bytes', scale: 'category', categories: rows.map(({ name }) => name) },
    y: { label: 'throughput', unit: 'frames/s', scale: 'linear' },
    series: [measured, reference],
  } as const;
}
