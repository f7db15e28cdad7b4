/**
 * Loads of several flows: how much "100 %" is, who sends what and in which order, and the highest one without loss.
 *
 * Where cables limit, 100 % is what the lines of a pattern carry. On the wall clock without such a limit it is what this machine
 * moves when asked for as much as it can; on the virtual clock without one there is no such thing.
 */
import type { Topology } from '../../topology/model.ts';
import type { Bed, Flow, FlowLoad, Trial, TrialOptions } from '../bed.ts';
import type { SuiteContext, SuiteSettings } from '../suite.ts';
import { type Attempt, attempt, highestLoad, highestRate } from './counted.ts';
import type { Draft } from './draft.ts';

/** 100 % of a load. */
export interface Full {
  /** Frames/s over all flows. */
  readonly rate: number;
  /** Frames/s of one line; null: no media limit, the rate is the machine's. */
  readonly line: number | null;
}

export interface Pace {
  /** s of a trial of a search. */
  readonly search: number;
  /** s of the trial that confirms what was found. */
  readonly final: number;
  /** s to wait for what is on its way. */
  readonly residue: number;
  /** Of 100 %, in per cent, down to which a search goes. */
  readonly percent: number;
}

/**
 * How long trials are. RFC 2889 (5.1.2) recommends 30 s. The virtual clock is exact: there a trial is only so long that an overload of one
 * step of the search fills the longest queue twice; on the wall clock that is the least.
 */
export function paceOf({ clock, quick, seconds }: SuiteSettings, full: Full | null, queueFrames: number): Pace {
  const percent = quick ? 5 : 1;
  const enough = full?.line == null ? 0 : (200 * queueFrames) / (percent * full.line);
  if (clock === 'virtual') {
    const length = Math.max(seconds ?? 0, enough, 0.001);
    return { search: length, final: length, residue: 2, percent };
  }
  const final = Math.max(seconds ?? (quick ? 0.25 : 30), enough);
  return { search: Math.min(final, Math.max(quick ? 0.1 : 1, enough)), final, residue: quick ? 0.05 : 0.2, percent };
}

/** 100 % for a bed's flows with equal loads; null where nothing limits. */
export async function fullOf(context: SuiteContext, draft: Draft, bed: Bed): Promise<Full | null> {
  const rate = bed.maximumLoad();
  const lines = bed.flows.flatMap((_, i) => bed.lineRate(i) ?? []);
  if (rate !== null && lines.length > 0) return { rate, line: Math.min(...lines) };
  if (context.settings.clock === 'virtual') return null;
  draft.note('No media limit: 100 % is the most that this machine moved when asked for all that it can.');
  return { rate: await machineRate(context, draft, bed, 'max'), line: null };
}

/** The most that this machine moves of a load that asks for all of it, frames/s (counted.ts). Throws BenchError. */
export function machineRate(
  context: SuiteContext,
  draft: Draft,
  bed: Bed,
  load: TrialOptions['load'],
): Promise<number> {
  const { search, residue } = paceOf(context.settings, null, 0);
  return highestRate(() => attempt(context, draft, bed, { load, seconds: search, residue }));
}

export const nothingLimits =
  'on the virtual clock switching takes no time, and no cable on the way has a rate: nothing limits, so there is nothing to find; give a cable a rate, or use the wall clock';

/** Most frames that a cable's end with a rate lets wait: so many above its rate are not lost. */
export const longestQueue = ({ links }: Topology): number =>
  Math.max(0, ...links.filter(({ rateBps }) => rateBps !== null).map(({ queueFrames }) => queueFrames));

/**
 * Equal shares of a rate over all flows, with count and begin for each, so that a sender's frames go to its receivers in the order of
 * the flows, again and again, at equal distances (RFC 2889 5.1.3: the same order each round).
 * @param total Frames/s over all flows.
 */
export function roundRobin(flows: readonly Pick<Flow, 'from'>[], total: number, seconds: number): FlowLoad[] {
  const rate = total / flows.length;
  const count = Math.max(1, Math.floor(rate * seconds + 1e-6));
  const ofSender = new Map<string, number>();
  for (const { from } of flows) ofSender.set(from, (ofSender.get(from) ?? 0) + 1);
  const placed = new Map<string, number>();
  return flows.map(({ from }) => {
    const place = placed.get(from) ?? 0;
    placed.set(from, place + 1);
    return { rate, count, from: place / (rate * ofSender.get(from)!) };
  });
}

/** Time for all of a load's flows, s: their sending, and the later begin of some. */
export const spanOf = (loads: readonly FlowLoad[]): number =>
  Math.max(...loads.map(({ rate, count = 0, from = 0 }) => from + (rate === 'max' ? 0 : count / rate)));

/** Frames/s that came while all of a load's flows were sending: their later begins do not count as time. */
export function forwardingRate(
  { received, seconds }: Pick<Trial, 'received' | 'seconds'>,
  load: readonly FlowLoad[],
): number {
  return received / (seconds - Math.max(...load.map(({ from = 0 }) => from)));
}

/**
 * The highest rate over all flows at which nothing is lost, frames/s; null when even the least tried lost frames. A load that was not
 * offered counts as not reached, and a note says so.
 */
export function throughputOf(
  draft: Draft,
  full: Full,
  pace: Pace,
  offer: (total: number, seconds: number) => Promise<Attempt>,
): Promise<number | null> {
  const step = (full.rate * pace.percent) / 100;
  return highestLoad(draft, {
    least: step,
    most: full.rate,
    resolution: step,
    seconds: pace.search,
    finalSeconds: pace.final,
    offer,
  });
}
