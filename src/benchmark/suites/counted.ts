/**
 * Trials that count, and what is made of them alike in all suites: 100 % where no medium limits, and the highest load that passes.
 *
 * A void trial counts for nothing. Since a busy machine may have been the reason, it is repeated on the wall clock; on the virtual one it
 * would be the same. One that stays void has not reached its load: a search takes that for an upper bound, and no figure is made of it.
 * A ledger that does not balance ends the test.
 */
import type { Bed, Trial, TrialOptions } from '../bed.ts';
import { BenchError } from '../error.ts';
import { searchBinary } from '../search/binary.ts';
import { median } from '../statistics.ts';
import type { SuiteContext } from '../suite.ts';
import type { Draft } from './draft.ts';

/** Share of the intended load that may be missing (switching has no right to a load that was not there). */
const SHORTFALL_MAX = 0.001;
/** Further trials of a void one; `--quick` makes one. */
const RETRIES = 2;
/** Trials whose median is 100 %. */
const HIGHEST_TRIALS = 3;

export interface Attempt {
  readonly trial: Trial;
  /** It counts: the intended load was offered, and nothing else makes it void. */
  readonly isReached: boolean;
  /** The load was not offered; else it is void for another reason, which a note tells. */
  readonly isShort: boolean;
  /** What is missing of the intended frames, 0-1: those that were not offered in time are, too. 1 where nothing is known. */
  readonly lossRatio: number;
}

export interface AttemptOptions {
  /** How the trial's size is told. Default: as the bed tells it. */
  readonly size?: number | string;
  /** A load that was not offered is not tried again. */
  readonly isOnce?: boolean;
}

/** A trial, repeated while it is void. Throws BenchError where the ledger does not balance. */
export async function attempt(
  context: SuiteContext,
  draft: Draft,
  bed: Pick<Bed, 'trial'>,
  options: TrialOptions,
  { size, isOnce = false }: AttemptOptions = {},
): Promise<Attempt> {
  const { clock, quick } = context.settings;
  for (let left = clock === 'virtual' ? 0 : quick ? 1 : RETRIES; ; left--) {
    context.check();
    const trial = await bed.trial(options);
    draft.trial(size === undefined ? trial : { ...trial, size });
    if (!trial.balanced)
      throw new BenchError(
        `the ledger of a trial with ${trial.size} bytes does not balance`,
        'none of its figures counts; please report this with the seed',
      );
    const intended = trial.intendedRate ?? trial.offeredRate;
    const isShort = trial.offeredRate < intended * (1 - SHORTFALL_MAX);
    // The bed knows by how much whole frames miss a rate: what it takes for offered is not short.
    if (trial.void === null) return { trial, isReached: true, isShort: false, lossRatio: trial.lossRatio };
    if (left > 0 && !(isShort && isOnce)) continue;
    if (isShort) return { trial, isReached: false, isShort, lossRatio: missing(intended, trial) };
    draft.note(`A trial was void however often it was repeated, and counts for nothing: ${trial.void}.`);
    return { trial, isReached: false, isShort, lossRatio: 1 };
  }
}

function missing(intended: number, { receivedRate }: Trial): number {
  return intended > 0 ? Math.min(1, Math.max(0, intended - receivedRate) / intended) : 1;
}

/** Those of several trials that count; a note tells where none does. */
export async function attempts(
  draft: Draft,
  what: string,
  count: number,
  offer: (i: number) => Promise<Attempt>,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (let i = 0; i < count; i++) {
    const { trial, isReached } = await offer(i);
    if (isReached) trials.push(trial);
  }
  if (trials.length === 0) draft.note(`${what}: no trial counts, so there is no figure.`);
  return trials;
}

/**
 * 100 % where no medium limits: what arrived of the highest load that the generator made, in frames that were sent (a broadcast counts
 * once, however many copies come of it), frames/s; the median of three trials.
 * @throws BenchError where none of them counts.
 */
export async function highestRate(offer: () => Promise<Attempt>): Promise<number> {
  const rates: number[] = [];
  let fault = '';
  for (let i = 0; i < HIGHEST_TRIALS; i++) {
    const { trial, isReached } = await offer();
    if (isReached) rates.push(passed(trial));
    else fault = trial.void ?? 'the load was not offered';
  }
  const rate = median(rates);
  if (rate !== null) return rate;
  throw new BenchError(`no trial at the highest load counts: ${fault}`, 'free the machine of other work');
}

/** Frames/s of those that were sent that came, 1 for each broadcast of which all copies came. */
export const passed = ({ offeredRate, lossRatio }: Trial): number => offeredRate * (1 - lossRatio);

export interface HighestLoad {
  /** Frames/s over all flows; the search goes from the most down to the least. */
  readonly least: number;
  readonly most: number;
  /** How near the bounds come, frames/s. */
  readonly resolution: number;
  /** Of a trial of the search, and of the one that confirms what was found. */
  readonly seconds: number;
  readonly finalSeconds: number;
  /** Loss that passes, 0 to below 1. Default 0: not one frame. */
  readonly lossRatioMax?: number;
  offer(load: number, seconds: number): Promise<Attempt>;
}

/** The highest load that passes by bisection, frames/s over all flows; null when even the least failed. */
export async function highestLoad(draft: Draft, options: HighestLoad): Promise<number | null> {
  const { least, most, resolution, seconds, finalSeconds, lossRatioMax = 0, offer } = options;
  let limit: 'loss' | 'sender' | null = null;
  const { load, final } = await searchBinary({
    minLoad: least,
    maxLoad: most,
    resolution: { framesPerSecond: resolution },
    seconds,
    finalSeconds,
    lossRatioMax,
    measure: async (total, length) => {
      const { trial, isReached, isShort, lossRatio } = await offer(total, length);
      if (isShort) limit = 'sender';
      else if (isReached && trial.lost > 0) limit = 'loss';
      // What was not reached has not passed, whatever came of it.
      return { lossRatio: isReached ? lossRatio : 1, seconds: trial.seconds };
    },
  });
  if (limit === 'sender')
    draft.note(
      'Some loads above the throughput could not be offered in full, without any loss: the sender, not loss, is the limit.',
    );
  return final === null ? null : load;
}
