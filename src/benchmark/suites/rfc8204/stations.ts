/** What tests with many addresses have in common: one vSwitch with a large table, and trials on the wall clock as fast as it can. */
import type { Bed, Flow, TrialOptions } from '../../bed.ts';
import type { FrameMix } from '../../sizes.ts';
import type { SuiteContext } from '../../suite.ts';
import type { Attempt } from '../counted.ts';
import type { Draft } from '../draft.ts';
import { type Lane, offering } from '../lane.ts';
import { oneHost } from '../vswitch/networks.ts';

/** Room for all stations of any of these tests. */
export const entriesMax = 262_144;
export const vswitchName = 'esx1/vSwitch0';
/** Most addresses of one vNIC. */
export const stationsMost = 65_536;

export const noTime =
  'on the virtual clock switching takes no time, however many addresses there are and whatever is changed in the table; use the wall clock';

/** Longer than any test. */
const AGEING = '24h';
const TRIES = 5;
const LEARN_SECONDS = 0.2;

const bytes = 64;
const mix: FrameMix = { name: String(bytes), sizes: [bytes], meanBytes: bytes };

export type Pair = Omit<Flow, 'sizes'>;

export interface Host {
  readonly context: SuiteContext;
  readonly bed: Bed;
  offer(draft: Draft, options: TrialOptions): Promise<Attempt>;
}

/** A vSwitch with `vnics` vNICs, whose table takes them all; the stations of the flows are learned, and go on being known. */
export async function withHost<T>(
  context: SuiteContext,
  vnics: number,
  pairs: readonly Pair[],
  use: (host: Host) => Promise<T>,
): Promise<T> {
  const { settings } = context;
  context.check();
  const bed = await context.bed({
    topology: oneHost(vnics, { table: { max: entriesMax, ageing: AGEING } }),
    flows: pairs.map((pair) => ({ ...pair, sizes: [bytes] })),
    clock: settings.clock,
    workers: settings.workers,
  });
  try {
    await learn(bed);
    const offer: Lane['offer'] = offering(context, bed, mix);
    // What is known stays known: nothing ages meanwhile, and learning tens of thousands anew takes longer than a trial.
    return await use({
      context,
      bed,
      offer: (draft, options) => offer(draft, { learn: false, ...options }),
    });
  } finally {
    await bed.close();
  }
}

/** Every station sends until the table holds them all: on a busy machine the learning phase of a trial may end before the last one. */
async function learn(bed: Bed): Promise<void> {
  const load = bed.flows.map(({ stations = 1 }) => (stations > 1 ? ({ rate: 'max', count: stations } as const) : null));
  const wanted = stationsOf(bed.flows);
  for (let left = TRIES; left > 0; left--) {
    await bed.trial({ load, seconds: LEARN_SECONDS, residue: 0.02 });
    if (bed.network.macTable(vswitchName).length >= wanted) return;
  }
}

function stationsOf(flows: readonly Flow[]): number {
  const most = new Map<string, number>();
  for (const { from, to, stations = 1, towards = 1 } of flows) {
    most.set(from, Math.max(most.get(from) ?? 1, stations));
    most.set(to, Math.max(most.get(to) ?? 1, towards));
  }
  return [...most.values()].reduce((sum, count) => sum + count, 0);
}
