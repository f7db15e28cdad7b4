/** One trial for a search: void ones are repeated, and too many of them end the search. */
import { BenchError } from '../error.ts';
import type { Trial } from './goal.ts';

export interface Measured extends Trial {
  /** The trial says nothing: the generator fell behind or the ledger does not balance. Its loss is not looked at. */
  readonly isVoid?: boolean;
  /** Why it is void, for the message. */
  readonly why?: string;
}

/** Runs a trial at a load (frames/s, or whatever unit the search has) for as many seconds. */
export type Measure<T extends Measured> = (load: number, seconds: number) => Promise<T>;

const repeatsMax = 2;

/**
 * Measures until a trial is valid, at most three times.
 * @param onVoid Told of each void trial.
 * @throws BenchError after the third void trial at the same load.
 */
export async function attempt<T extends Measured>(
  measure: Measure<T>,
  load: number,
  seconds: number,
  onVoid: (trial: T) => void,
): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    const trial = await measure(load, seconds);
    if (trial.isVoid !== true) return checked(trial);
    onVoid(trial);
    if (repeats < repeatsMax) continue;
    const why = trial.why ?? 'no reason is known';
    throw new BenchError(
      `${repeatsMax + 1} trials at a load of ${load} were void (${why})`,
      'lower the maximum load or free the machine of other work',
    );
  }
}

/** A search that goes on with NaN would not end. */
function checked<T extends Trial>(trial: T): T {
  if (trial.seconds > 0 && trial.lossRatio >= 0 && trial.lossRatio <= 1) return trial;
  throw new Error(`a trial of ${trial.seconds} s with a loss ratio of ${trial.lossRatio}`);
}
