/** The highest rate at which a capture loses nothing, by trying. */
import { isSmoke } from './options.ts';

export interface Trial {
  /** Frames a second that were really sent. */
  readonly rate: number;
  /** All of them are in the file, and no counter of losses says otherwise. */
  readonly isWhole: boolean;
}

/** So near are the rates that were tried last. */
const PRECISION = 0.08;
/** A rate that failed is tried again: on a shared machine one stall of its core fails any. */
const TRIES = 2;
/** Below that nothing is looked for, frames a second. */
const RATE_MIN = 10_000;
/** As many as go. */
const RATE_FIRST = Number.POSITIVE_INFINITY;

/** As many as go first; then between what was whole and what was not. NaN: nothing was. */
export async function lossless(attempt: (rate: number) => Promise<Trial>): Promise<number> {
  // One shows that it works.
  if (isSmoke) return (await attempt(RATE_MIN)).rate;
  const tried = async (rate: number): Promise<Trial> => {
    let trial = await attempt(rate);
    for (let i = 1; i < TRIES && !trial.isWhole; i++) trial = await attempt(rate);
    return trial;
  };
  const first = await tried(RATE_FIRST);
  if (first.isWhole) return first.rate;
  let [whole, broken] = [0, first.rate];
  while (broken > RATE_MIN && whole < broken * (1 - PRECISION)) {
    const rate = whole === 0 ? broken / 2 : (whole + broken) / 2;
    const trial = await tried(rate);
    if (!trial.isWhole) broken = rate;
    // Who is asked for more than goes sends what goes.
    else if (trial.rate < whole) break;
    else whole = trial.rate;
  }
  return whole === 0 ? Number.NaN : whole;
}
