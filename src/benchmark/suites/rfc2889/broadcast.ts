/** RFC 2889 5.10: broadcast frames, how many a second and how late at each receiver. */
import type { Flow } from '../../bed.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft, sizeOf, sizeText } from '../draft.ts';
import { mixesFor, repeatsOf } from '../lane.ts';
import { longestQueue, machineRate, nothingLimits, paceOf, spanOf, throughputOf } from '../load.ts';
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
    const vnics = vnicsFor(context, 2, 1024);
    const [from, to] = vnics;
    for (const mix of mixesFor(context, draft, { full: 'rfc2544', quick: '64,1518', vnics })) {
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
        if (line === null && settings.clock === 'virtual') return draft.notApplicable(nothingLimits);
        if (line === null)
          draft.note('No media limit: 100 % is the most that this machine moved when asked for all that it can.');
        const full = { rate: line ?? (await machineRate(context, draft, bed, [{ rate: 'max' }, null])), line };
        const pace = paceOf(settings, full, longestQueue(topology));
        const labels = { size: sizeOf(mix) };
        const offer = (total: number, seconds: number) => {
          context.progress({ text: `${sizeText(mix)}: ${((total / full.rate) * 100).toFixed(1)} %` });
          const load = { rate: total, count: Math.max(1, Math.floor(total * seconds + 1e-6)) };
          const options = { load: [load, null], seconds: spanOf([load]), residue: pace.residue };
          return attempt(context, draft, bed, options);
        };
        const repeats = repeatsOf(context, 5, 1);
        const rates: number[] = [];
        for (let i = 0; i < repeats; i++) rates.push(...[(await throughputOf(draft, full, pace, offer)) ?? []].flat());
        if (rates.length < repeats)
          draft.note(`${sizeText(mix)}: copies were lost, or frames not offered in full, even at ${pace.percent} %.`);
        draft.figure('broadcast throughput', labels, 'frames/s', rates, 'higher');
        const where = `${sizeText(mix)}, maximum load`;
        const last = await attempts(draft, where, repeats, () => offer(full.rate, pace.search));
        const copies = last.map(({ flows: [flow], seconds }) => flow!.received / seconds);
        draft.figure('copies delivered at maximum load', labels, 'copies/s', copies, 'higher');
        const losses = last.map(({ lossRatio }) => lossRatio * 100);
        draft.figure('copies lost at maximum load', labels, '%', losses, 'lower');
        const load = [single];
        const options = { load, seconds: spanOf(load), residue: pace.residue, stampEvery: 1 };
        const alone = await attempts(draft, `${sizeText(mix)}, single frames`, repeats, () =>
          attempt(context, draft, bed, options),
        );
        const latencies = alone.flatMap(({ latency }) => latency ?? []);
        for (const percentile of ['min', 'p50', 'max'] as const) {
          const samples = latencies.map((latency) => latency[percentile]);
          draft.figure('broadcast latency', { ...labels, percentile }, 'ns', samples, 'lower');
        }
      } finally {
        await bed.close();
      }
    }
    return draft.done();
  },
};
