/** How many copies a second a broadcast or a flood makes, by the number of ports that get one. */
import type { Flow, TrialOptions } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft } from '../draft.ts';
import { repeatsOf } from '../lane.ts';
import { oneHost, vm } from './networks.ts';

type Kind = 'unicast' | 'broadcast' | 'unknown unicast';

export const fanOut: SuiteTest = {
  id: 'vswitch.fan-out',
  title: 'Fan-out of broadcasts and floods',
  source: null,
  async run(context) {
    const { settings } = context;
    const draft = new Draft(
      'One vNIC sends 64-byte frames as fast as it can to n others: broadcasts, and unicast to an address that the emptied table does not hold. Copies that came are counted, beside known unicast to one.',
    );
    if (settings.clock === 'virtual') {
      return draft.notApplicable('on the virtual clock copies take no time; use the wall clock');
    }
    const counts = settings.quick ? [1, 8, 32] : [1, 2, 4, 8, 16, 32, 64];
    const unicast = await copies(context, draft, 'unicast', 1);
    draft.figure('unicast delivered', {}, 'frames/s', unicast, 'higher');
    const kinds = ['broadcast', 'unknown unicast'] as const;
    const series = [];
    for (const kind of kinds) {
      const y: (number | null)[] = [];
      for (const ports of counts) {
        const rates = await copies(context, draft, kind, ports);
        draft.figure('copies delivered', { kind, ports }, 'copies/s', rates, 'higher');
        y.push(median(rates));
      }
      const most = y.at(-1);
      const base = median(unicast);
      if (most != null && base !== null && base > 0) {
        draft.figure('copies against unicast', { kind, ports: counts.at(-1)! }, 'times', [most / base], 'higher');
      }
      series.push({ name: kind, x: counts, y, kind: 'line' as const });
    }
    const flat = counts.map(() => median(unicast));
    draft.plots.push({
      title: 'Copies a second by receivers',
      x: { label: 'receivers', unit: 'ports', scale: 'log' },
      y: { label: 'copies', unit: 'copies/s', scale: 'linear' },
      series: [...series, { name: 'known unicast', x: counts, y: flat, kind: 'reference' }],
    });
    return draft.done();
  },
};

/** Copies/s at n receivers, one for each repeat. */
async function copies(context: SuiteContext, draft: Draft, kind: Kind, ports: number): Promise<number[]> {
  const { settings } = context;
  const flow: Flow = { from: vm(1), to: kind === 'broadcast' ? 'broadcast' : vm(2), sizes: [64] };
  const topology = oneHost(ports + 1);
  const bed = await context.bed({ topology, flows: [flow], clock: settings.clock, workers: settings.workers });
  const seconds = settings.quick ? 0.1 : (settings.seconds ?? 1);
  const options: TrialOptions = {
    load: [{ rate: 'max', from: 0.02 }],
    seconds: seconds + 0.02,
    residue: 0.05,
    // The receivers never send: once the table is empty, it stays so.
    ...(kind === 'unknown unicast' && {
      learn: false,
      steps: [{ at: 0, do: (network) => network.flush({ switch: 'esx1/vSwitch0' }) }],
    }),
  };
  try {
    await bed.warmUp();
    const what = `${kind} to ${ports}`;
    const trials = await attempts(draft, what, repeatsOf(context, 5, 2), () => {
      context.progress({ text: what });
      return attempt(context, draft, bed, options);
    });
    return trials.map(({ flows, flooded }) => (flows[0]!.received + flooded) / seconds);
  } finally {
    await bed.close();
  }
}
