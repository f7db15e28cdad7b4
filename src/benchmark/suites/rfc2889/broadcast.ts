/** RFC 2889 5.10: broadcast frames, how many a second and how late at each receiver. */
import type { Bed, Flow } from '../../bed.ts';
import { parseSizes } from '../../sizes.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, sizeOf, sizeText } from '../draft.ts';
import { type Full, longestQueue, lossOf, nothingLimits, paceOf, spanOf, throughputOf } from '../load.ts';
import { vnicsFor } from '../ports.ts';

/** Single frames for latency, so far apart that none meets another. */
const single = { rate: 1000, count: 100 };

export const broadcast: SuiteTest = {
  id: 'rfc2889.broadcast',
  title: 'Broadcast forwarding rate and latency',
  source: 'RFC 2889, 5.10',
  async run(context) {
    const { settings, topology } = context;
    const draft = new Draft(
      'One port sends broadcasts, which all others should get: throughput is the highest load without loss at any of them. Latency is that of single frames, each measured at all receivers.',
    );
    const [from, to] = vnicsFor(context, 2, 1024);
    for (const mix of parseSizes(settings.sizes ?? (settings.quick ? '64,1518' : 'rfc2544'))) {
      context.check();
      // The second one is silent: it tells the rate of the line that a broadcast to nobody in particular leaves by.
      const flows: Flow[] = [
        { from: from!, to: 'broadcast', sizes: mix.sizes },
        { from: from!, to: to!, sizes: mix.sizes },
      ];
      const bed = await context.bed({ topology, flows, clock: settings.clock, workers: settings.workers });
      try {
        await bed.warmUp();
        const line = bed.lineRate(1);
        const full = line === null ? await most(context, draft, bed) : { rate: line, line };
        if (full === null) return draft.notApplicable(nothingLimits);
        const pace = paceOf(settings, full, longestQueue(topology));
        const labels = { size: sizeOf(mix) };
        const offer = async (total: number, seconds: number) => {
          context.check();
          context.progress({ text: `${sizeText(mix)}: ${((total / full.rate) * 100).toFixed(1)} %` });
          const load = { rate: total, count: Math.max(1, Math.floor(total * seconds + 1e-6)) };
          const trial = await bed.trial({ load: [load, null], seconds: spanOf([load]), residue: pace.residue });
          draft.trial(trial);
          return trial;
        };
        const rate = await throughputOf(draft, full, pace, offer);
        if (rate === null)
          draft.note(`${sizeText(mix)}: copies were lost, or frames not offered in time, even at ${pace.percent} %.`);
        else draft.figure('broadcast throughput', labels, 'frames/s', [rate], 'higher');
        const last = await offer(full.rate, pace.search);
        if (last.void === null) {
          const copies = last.flows[0]!.received / last.seconds;
          draft.figure('copies delivered at maximum load', labels, 'copies/s', [copies], 'higher');
          draft.figure('copies lost at maximum load', labels, '%', [lossOf(last) * 100], 'lower');
        } else {
          draft.note(`${sizeText(mix)}: the maximum load was not reached, ${last.void}.`);
        }
        const alone = await bed.trial({
          load: [single],
          seconds: spanOf([single]),
          residue: pace.residue,
          stampEvery: 1,
        });
        draft.trial(alone);
        if (alone.latency !== null) {
          const { min, p50, max } = alone.latency;
          for (const [percentile, value] of Object.entries({ min, p50, max }))
            draft.figure('broadcast latency', { ...labels, percentile }, 'ns', [value], 'lower');
        }
      } finally {
        await bed.close();
      }
    }
    return draft.done();
  },
};

/** Broadcasts a second that this machine moves when asked for all that it can, by what came of them; null: nothing limits. */
async function most({ settings }: SuiteContext, draft: Draft, bed: Bed): Promise<Full | null> {
  if (settings.clock === 'virtual') return null;
  draft.note('No media limit: 100 % is the most that this machine moved when asked for all that it can.');
  const { search, residue } = paceOf(settings, null, 0);
  const trial = await bed.trial({ load: [{ rate: 'max' }, null], seconds: search, residue });
  draft.trial(trial);
  return { rate: trial.offeredRate * (1 - lossOf(trial)), line: null };
}
