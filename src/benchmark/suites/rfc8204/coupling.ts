/** RFC 8204's coupling of control and data plane: table entries come and go while frames are switched. */
import type { Network } from '../../../engine/network.ts';
import type { Step } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { type Attempt, attempts } from '../counted.ts';
import { Draft } from '../draft.ts';
import { repeatsOf } from '../lane.ts';
import { tellLatency } from '../latency.ts';
import { latenciesOf } from './load.ts';
import { type Host, noTime, type Pair, vswitchName, withHost } from './stations.ts';
import { methodIn, sourceOf } from './words.ts';

const tick = 1;
/** Commands on their way at once, at most. */
const batch = 256;
/** Of those asked for, what must have been changed for a figure. */
const enough = 0.9;
const calm = 0.1;

const method =
  'Two pairs of vNICs send 64-byte frames as fast as they can, while static entries are added to the table of their vSwitch and removed from it in turn, so many changes a second; 10, 1,000 or 100,000 other stations stand in the table. Latency is measured at a tenth of that rate. Each rate is compared with that of no changes on the same network.';

const senders: readonly Pair[] = [
  { from: 'esx1/vm1', to: 'esx1/vm2' },
  { from: 'esx1/vm3', to: 'esx1/vm4' },
];
/** Two more vNICs, behind which the other stations are; they are silent. */
const holders = (entries: number): Pair[] => [
  { from: 'esx1/vm5', to: 'esx1/vm6', stations: entries / 2 },
  { from: 'esx1/vm6', to: 'esx1/vm5', stations: entries / 2 },
];

/** Adds and removes entries at a rate for as long as a trial sends. */
export class Churn {
  readonly #rate: number;
  readonly #seconds: number;
  done = 0;
  refused = 0;

  constructor(rate: number, seconds: number) {
    this.#rate = rate;
    this.#seconds = seconds;
  }

  get steps(): Step[] {
    return this.#rate === 0 ? [] : [{ at: 0, do: (network) => this.#run(network) }];
  }

  async #run(network: Pick<Network, 'setStatic'>): Promise<void> {
    // A trial that is repeated begins anew.
    [this.done, this.refused] = [0, 0];
    const beganAt = performance.now();
    for (;;) {
      const seconds = (performance.now() - beganAt) / 1000;
      if (seconds >= this.#seconds) return;
      const due = Math.min(Math.floor(seconds * this.#rate) - this.done, batch);
      const changes = Array.from({ length: Math.max(0, due) }, (_, i) => this.#change(network, this.done + i));
      const took = await Promise.all(changes);
      this.done += took.length;
      this.refused += took.filter((isDone) => !isDone).length;
      await new Promise((resolve) => setTimeout(resolve, tick));
    }
  }

  /** Even numbers add an entry, the odd one after it removes it again. */
  #change(network: Pick<Network, 'setStatic'>, number: number): Promise<boolean> {
    const station = (number >>> 1) & 0xffff;
    const mac = `02:c0:00:00:${hex(station >>> 8)}:${hex(station & 0xff)}`;
    return network.setStatic(vswitchName, 1, mac, number % 2 === 0 ? 'esx1/vm6' : null);
  }
}

const hex = (octet: number): string => octet.toString(16).padStart(2, '0');

export const coupling: SuiteTest = {
  id: 'rfc8204.coupling',
  title: 'Coupling of table changes and forwarding',
  source: sourceOf('5.2'),
  async run(context) {
    const { settings } = context;
    const draft = new Draft(methodIn('5.2', method));
    if (settings.clock === 'virtual') return draft.notApplicable(noTime);
    const sizes = settings.quick ? [10, 100_000] : [10, 1000, 100_000];
    const rates = settings.quick ? [0, 100, 10_000] : [0, 1, 100, 10_000];
    const series = [];
    for (const entries of sizes) {
      const y = await withHost(context, 6, [...senders, ...holders(entries)], async (host) => {
        await warm(host, settings.quick ? 0.3 : 1);
        const present = host.bed.network.macTable(vswitchName).length;
        if (present < entries)
          draft.note(`${present} of ${entries} stations stood in the table: the machine was too busy for more.`);
        draft.figure('stations in the table', { entries }, 'addresses', [present], null);
        const highest: (number | null)[] = [];
        for (const rate of rates) highest.push(await measure(draft, host, { entries, rate }, highest[0] ?? null));
        return highest;
      });
      series.push({ name: `${entries} entries`, kind: 'bars' as const, x: rates.map((_, i) => i), y });
    }
    draft.plots.push({
      title: 'Highest rate while the table changes',
      x: { label: 'changes a second', unit: '', scale: 'category', categories: rates.map(String) },
      y: { label: 'highest rate', unit: 'frames/s', scale: 'linear' },
      series,
    });
    return draft.done();
  },
};

/** As warmUp, but the holders stay silent. */
async function warm({ bed }: Host, seconds: number): Promise<void> {
  await bed.trial({ load: loadOf('max'), seconds, learn: false, residue: 0.02 });
}

const loadOf = (rate: number | 'max') => [{ rate }, { rate }, null, null];

interface Cell {
  readonly entries: number;
  readonly rate: number;
}

/** The median of the highest rates, frames/s; `still`: that without changes. */
async function measure(draft: Draft, host: Host, cell: Cell, still: number | null): Promise<number | null> {
  const { context, offer } = host;
  const { quick, seconds: asked } = context.settings;
  const seconds = quick ? 0.2 : (asked ?? 2);
  const labels = { entries: cell.entries, changes: `${cell.rate}/s` };
  const what = `${cell.entries} entries, ${cell.rate} changes/s`;
  const changes: number[] = [];
  const trial = async (load: number | 'max', stampEvery: number): Promise<Attempt> => {
    context.progress({ text: what });
    const churn = new Churn(cell.rate, seconds);
    const result = await offer(draft, { load: loadOf(load), seconds, stampEvery, steps: churn.steps });
    if (result.isReached) changes.push(churn.done / seconds);
    if (churn.refused > 0) draft.note(`${churn.refused} changes were refused by the table.`);
    return result;
  };
  const repeats = repeatsOf(context, 5, 1);
  const trials = await attempts(draft, what, repeats, () => trial('max', 0));
  const highest = median(trials.map(({ receivedRate }) => receivedRate));
  if (highest === null) return null;
  const rate = (highest * calm) / 2;
  const calmTrials = await attempts(draft, `${what}, a tenth of the load`, repeats, () =>
    trial(rate, Math.max(1, Math.round((rate * 2) / 20_000))),
  );
  draft.figure('changes made', labels, 'changes/s', changes, null);
  // In a short trial, fewer than one is due.
  if (Math.min(...changes) < enough * cell.rate && cell.rate * seconds >= 1)
    draft.note(
      `${cell.entries} entries: not all of ${cell.rate} changes a second were made: each is answered by a busy worker between two bursts, and who asks needs a core as well.`,
    );
  draft.figure(
    'highest rate',
    labels,
    'frames/s',
    trials.map(({ receivedRate }) => receivedRate),
    'higher',
  );
  tellLatency(draft, labels, latenciesOf(calmTrials));
  if (still !== null) draft.figure('of the rate without changes', labels, '%', [(100 * highest) / still], 'higher');
  return highest;
}
