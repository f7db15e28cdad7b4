/** What many vNICs on one vSwitch cost: rate, memory and start. */
import type { Flow } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft } from '../draft.ts';
import { repeatsOf } from '../lane.ts';
import { neighbours, oneHost } from './networks.ts';

export const density: SuiteTest = {
  id: 'vswitch.density',
  title: 'Density',
  source: 'RFC 8172, 5',
  async run(context) {
    const { settings } = context;
    const draft = new Draft(
      'All vNICs of one vSwitch send 64-byte frames to their neighbours as fast as they can; the sum over all is counted, the memory that was planned, and the time until the network stood ready.',
    );
    if (settings.clock === 'virtual') {
      return draft.notApplicable(
        'on the virtual clock switching takes no time, however many vNICs there are; use the wall clock',
      );
    }
    const counts = settings.quick ? [2, 16, 128] : [2, 8, 32, 128, 512, 1024];
    const y: (number | null)[] = [];
    for (const vnics of counts) {
      context.check();
      context.progress({ text: `${vnics} vNICs` });
      const flows = neighbours(vnics).flatMap(([a, b]): Flow[] => [
        { from: a, to: b, sizes: [64] },
        { from: b, to: a, sizes: [64] },
      ]);
      const began = performance.now();
      const bed = await context.bed({ topology: oneHost(vnics), flows, clock: 'wall', workers: settings.workers });
      try {
        draft.figure('time until ready', { vnics }, 's', [(performance.now() - began) / 1000], 'lower');
        draft.figure(
          'memory planned for a vNIC',
          { vnics },
          'bytes',
          [bed.network.report().memoryBytes / vnics],
          'lower',
        );
        await bed.warmUp();
        const seconds = settings.quick ? 0.1 : (settings.seconds ?? 1);
        const trials = await attempts(draft, `${vnics} vNICs`, repeatsOf(context, 5, 2), () =>
          attempt(context, draft, bed, { load: 'max', seconds, residue: 0.05 }),
        );
        const rates = trials.map(({ receivedRate }) => receivedRate);
        draft.figure('highest rate', { vnics }, 'frames/s', rates, 'higher');
        y.push(median(rates));
      } finally {
        await bed.close();
      }
    }
    draft.plots.push({
      title: 'Highest rate by vNICs',
      x: { label: 'vNICs', unit: '', scale: 'log' },
      y: { label: 'sum over all', unit: 'frames/s', scale: 'linear' },
      series: [{ name: 'highest rate', x: counts, y, kind: 'line' }],
    });
    return draft.done();
  },
};
