/**
 * How often a guest and its hypervisor have to interrupt each other, for a para-virtual NIC and an emulated one.
 *
 * The vNIC's rings are those of a para-virtual NIC, so what they show is counted: batches put into a ring that the switch had
 * emptied need a doorbell, others do not (virtio's EVENT_IDX); and a guest is told once of all frames that wait for it. The guests
 * of this test have no card of their own: an emulated one's accesses follow from the same counts by what its driver does, and are named as
 * derived. Guests with cards (core/nic.ts) are counted by bench/nics.ts.
 */
import type { Bed, Flow, Trial } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft } from '../draft.ts';
import { oneHost, vm } from './networks.ts';

const BATCHES = [1, 8, 32, 256];
const LOADS = [10, 50, 100];
/** Of an 82540EM and a driver that writes the transmit tail for each frame: ICR read, IMC and IMS written, RDT written for each interrupt. */
const ACCESSES_PER_INTERRUPT = 4;

interface Counts {
  /** For each frame. */
  readonly doorbells: number;
  readonly interrupts: number;
  readonly accesses: number;
}

export const nicTraps: SuiteTest = {
  id: 'vswitch.nic',
  title: 'Traps and doorbells: para-virtual against emulated NIC',
  source: null,
  async run(context) {
    const draft = new Draft(
      'Four vNICs send 64-byte frames to four others, at parts of the highest rate and with at most so many frames at once. Counted at the rings: batches put where the switch had taken all before (a doorbell of a para-virtual NIC; into a ring that still holds frames none is needed), and times that a guest is told of frames (an interrupt). Register accesses of an 82540EM are derived from these counts, not measured: a transmit tail written for each frame, and four accesses for each interrupt (ICR, IMC, IMS, RDT).',
    );
    const { settings } = context;
    if (settings.clock === 'virtual') {
      return draft.notApplicable(
        'on the virtual clock the switch takes each frame at the instant at which it is sent, so that nothing gathers; use the wall clock',
      );
    }
    const flows = [1, 2, 3, 4].map((i): Flow => ({ from: vm(i), to: vm(i + 4), sizes: [64] }));
    const repeats = settings.repeats ?? (settings.quick ? 1 : 5);
    const curves = new Map<string, (number | null)[]>();
    for (const batch of BATCHES) {
      const options = { topology: oneHost(8), flows, clock: settings.clock, workers: settings.workers, burst: batch };
      const bed = await context.bed(options);
      try {
        await bed.warmUp();
        for (const percent of LOADS) {
          context.progress({ text: `batches of ${batch} at ${percent} %` });
          await measure(context, draft, bed, { batch, percent, repeats }, curves);
        }
      } finally {
        await bed.close();
      }
    }
    draft.plots.push({
      title: 'Traps for each frame by batch',
      x: { label: 'most frames at once', unit: 'frames', scale: 'log' },
      y: { label: 'traps', unit: 'per frame', scale: 'log' },
      series: [...curves].map(([name, y]) => ({ name, x: BATCHES, y, kind: 'line' as const })),
    });
    draft.note('The time of a trap is not modelled: these are counts, and no figure of time follows from them.');
    draft.note('At low loads a polling switch finds frames one by one, so that larger batches do not come about.');
    return draft.done();
  },
};

async function measure(
  context: SuiteContext,
  draft: Draft,
  bed: Bed,
  { batch, percent, repeats }: { batch: number; percent: number; repeats: number },
  curves: Map<string, (number | null)[]>,
): Promise<void> {
  const seconds = context.settings.quick ? 0.1 : (context.settings.seconds ?? 1);
  const offer = (load: number | 'max') => attempt(context, draft, bed, { load, seconds, residue: 0.05 });
  const full = await offer('max');
  const what = `batches of ${batch} at ${percent} %`;
  if (!full.isReached) return draft.note(`${what}: the highest rate could not be measured, so there is no figure.`);
  const trials = await attempts(draft, what, repeats, async (i) => {
    if (percent === 100) return i === 0 ? full : offer('max');
    return offer((full.trial.offeredRate * percent) / 100);
  });
  const counts = trials.filter(({ offered }) => offered > 0).map(countsOf);
  const labels = { batch, load: `${percent} %` };
  const told = (name: string, of: (each: Counts) => number): void => {
    draft.figure(name, labels, 'per frame', counts.map(of), 'lower');
    const curve = `${name.split(',')[0]}, ${percent} %`;
    curves.set(curve, [...(curves.get(curve) ?? []), median(counts.map(of))]);
  };
  told('doorbells', ({ doorbells }) => doorbells);
  told('interrupts', ({ interrupts }) => interrupts);
  told('register accesses, derived', ({ accesses }) => accesses);
}

function countsOf({ ports, offered }: Trial): Counts {
  const sum = (of: 'doorbells' | 'interrupts'): number =>
    [...ports.values()].reduce((total, port) => total + (port[of] ?? 0), 0);
  const interrupts = sum('interrupts') / offered;
  return { doorbells: sum('doorbells') / offered, interrupts, accesses: 1 + ACCESSES_PER_INTERRUPT * interrupts };
}
