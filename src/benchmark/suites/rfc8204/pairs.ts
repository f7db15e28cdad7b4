/** RFC 8204's scale by flows: what a vSwitch moves between more and more pairs of addresses. */
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempts } from '../counted.ts';
import { Draft } from '../draft.ts';
import { repeatsOf } from '../lane.ts';
import { tellLatency } from '../latency.ts';
import { latenciesOf } from './load.ts';
import { noTime, stationsMost, withHost } from './stations.ts';
import { methodIn, sourceOf } from './words.ts';

const all = [1, 1000, 10_000, stationsMost];
/** Part of the highest rate at which latency is measured. */
const calm = 0.1;

const method =
  'One vNIC sends 64-byte frames as fast as it can to another one, each frame from the next of n addresses to the next of n others, all of them known; latency is measured at a tenth of that rate. The table holds 2 n stations.';

export const scale: SuiteTest = {
  id: 'rfc8204.scale-by-flows',
  title: 'Scale by address pairs',
  source: sourceOf('5.8'),
  async run(context) {
    const { settings } = context;
    const draft = new Draft(methodIn('5.8', method));
    if (settings.clock === 'virtual') return draft.notApplicable(noTime);
    const seconds = settings.quick ? 0.2 : (settings.seconds ?? 1);
    const counts = settings.quick ? [1, stationsMost] : all;
    const y: (number | null)[] = [];
    for (const pairs of counts) {
      const labels = { pairs };
      context.progress({ text: `${pairs} address pairs` });
      const flow = { from: 'esx1/vm1', to: 'esx1/vm2', stations: pairs, towards: pairs };
      await withHost(context, 2, [flow], async ({ bed, offer }) => {
        await bed.warmUp();
        const what = `${pairs} address pairs`;
        const trials = await attempts(draft, what, repeatsOf(context, 5, 2), () =>
          offer(draft, { load: 'max', seconds }),
        );
        const rates = trials.map(({ receivedRate }) => receivedRate);
        draft.figure('highest rate', labels, 'frames/s', rates, 'higher');
        const more = median(rates);
        y.push(more);
        if (more === null) return;
        const rate = more * calm;
        const options = { load: rate, seconds, stampEvery: Math.max(1, Math.round(rate / 20_000)) };
        const calmly = await attempts(draft, `${what}, a tenth of that`, repeatsOf(context, 5, 1), () =>
          offer(draft, options),
        );
        tellLatency(draft, labels, latenciesOf(calmly));
        if (trials.some(({ flooded }) => flooded > 0)) draft.note(`${pairs} pairs: not all of them stayed known.`);
        const [one] = y;
        if (one != null && y.length > 1)
          draft.figure('of the rate with one pair', labels, '%', [(100 * more) / one], 'higher');
      });
    }
    draft.plots.push({
      title: 'Highest rate by address pairs',
      x: { label: 'address pairs', unit: '', scale: 'log' },
      y: { label: 'highest rate', unit: 'frames/s', scale: 'linear' },
      series: [{ name: 'highest rate', kind: 'line', x: counts, y }],
    });
    return draft.done();
  },
};
