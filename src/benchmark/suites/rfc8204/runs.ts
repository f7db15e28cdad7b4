/** VSPERF's best and worst of N: the throughput test again and again, and how far apart its results are. */
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { Draft, sizeOf, sizeText } from '../draft.ts';
import { loadFlows, mixesOf, withLane } from '../lane.ts';
import { search } from '../rfc2544/throughput.ts';
import { nothingPassed } from '../rfc2544/words.ts';
import { methodIn, quickSizes, sizes, sourceOf } from './words.ts';

export const bestAndWorst: SuiteTest = {
  id: 'rfc8204.best-worst',
  title: 'Best and worst of N runs',
  source: sourceOf('5.5'),
  async run(context) {
    const { settings } = context;
    const runs = settings.repeats ?? (settings.quick ? 2 : 10);
    const draft = new Draft(
      methodIn('5.5', `The search for the throughput is done ${runs} times over, each on a network of its own.`),
    );
    if (settings.clock === 'virtual')
      return draft.notApplicable('the virtual clock is exact: a run repeated gives the same figures');
    for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
      const rates: number[] = [];
      for (let i = 0; i < runs; i++) {
        context.progress({ text: `${sizeText(mix)}: run ${i + 1} of ${runs}`, part: i / runs });
        const flows = loadFlows(context, mix);
        const rate = await withLane(context, draft, mix, { flows }, (lane) => search(draft, lane));
        if (rate !== null) rates.push(rate);
      }
      if (rates.length < runs)
        draft.note(`${sizeText(mix)}: in ${runs - rates.length} of ${runs} runs no load passed without loss.`);
      if (rates.length === 0) continue;
      const labels = { size: sizeOf(mix) };
      const [best, worst, middle] = [Math.max(...rates), Math.min(...rates), median(rates)!];
      draft.figure('throughput', labels, 'frames/s', rates, 'higher');
      draft.figure('best run', labels, 'frames/s', [best], 'higher');
      draft.figure('worst run', labels, 'frames/s', [worst], 'higher');
      draft.figure('best to worst', labels, '% of the median', [(100 * (best - worst)) / middle], 'lower');
    }
    return draft.figures.length === 0 ? draft.failed(nothingPassed) : draft.done();
  },
};
