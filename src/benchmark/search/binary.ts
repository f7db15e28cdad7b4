/**
 * Plain searches: RFC 2544's for a load (section 26.1), and one for the greatest whole number that passes (the longest
 * burst, the most addresses). Both take a device for monotone; mlr.ts is for those that are not.
 */
import { BenchError } from '../error.ts';
import { attempt, type Measure, type Measured } from './attempt.ts';
import type { TrialDone } from './goal.ts';

export interface BinaryOptions<T extends Measured> {
  /** Frames/s, above 0. */
  readonly minLoad: number;
  /** Frames/s: tried first. */
  readonly maxLoad: number;
  /** How near the bounds come: per cent of `maxLoad`, or frames/s. */
  readonly resolution: { readonly percent: number } | { readonly framesPerSecond: number };
  /** Trials of the search. */
  readonly seconds: number;
  /** The final trial; 60 s or more for RFC 2544 (section 24). At least `seconds`. */
  readonly finalSeconds: number;
  /** Loss that passes, 0 to below 1. Default 0: every frame. */
  readonly lossRatioMax?: number;
  readonly measure: Measure<T>;
  readonly onTrial?: (done: TrialDone<T>, isFinal: boolean) => void;
  readonly onVoid?: (load: number, trial: T) => void;
}

export interface BinaryResult<T extends Measured> {
  /** Greatest load that passed its final trial, frames/s; null when not even the least did. */
  readonly load: number | null;
  /** Least load that failed; null when the greatest passed. */
  readonly upper: number | null;
  /** The final trial of `load`. */
  readonly final: TrialDone<T> | null;
  readonly trials: readonly TrialDone<T>[];
}

/**
 * Halves the range by short trials until it is as small as the resolution; then the lower bound has to pass at full length. If it does
 * not, the device has hidden its loss from short trials (in its buffers), and these are believed no more: loads that passed are tried
 * at full length from the greatest down, and the rest is halved at full length.
 * @throws BenchError for a range or resolution that makes no sense, and after three void trials in a row.
 */
export async function searchBinary<T extends Measured>(options: BinaryOptions<T>): Promise<BinaryResult<T>> {
  const resolution = check(options);
  const { minLoad, maxLoad, measure, seconds, finalSeconds, lossRatioMax = 0 } = options;
  const trials: TrialDone<T>[] = [];
  const passes = async (load: number, intendedSeconds: number): Promise<boolean> => {
    const trial = await attempt(measure, load, intendedSeconds, (failed) => options.onVoid?.(load, failed));
    const done = { load, intendedSeconds, trial };
    trials.push(done);
    options.onTrial?.(done, intendedSeconds >= finalSeconds);
    return trial.lossRatio <= lossRatioMax;
  };
  /** Loads that passed a short trial and none that failed, ascending. */
  const passed: number[] = [];
  let upper: number | null = null;
  for (let next: number | null = maxLoad; next !== null; next = between(passed.at(-1) ?? null, upper)) {
    if (await passes(next, seconds)) passed.push(next);
    else upper = next;
  }
  let lower: number | null = seconds === finalSeconds ? (passed.pop() ?? null) : null;
  while (lower === null && passed.length > 0) {
    const load = passed.pop()!;
    if (await passes(load, finalSeconds)) lower = load;
    else upper = load;
  }
  for (let next = between(lower, upper); next !== null; next = between(lower, upper)) {
    if (await passes(next, finalSeconds)) lower = next;
    else upper = next;
  }
  return { load: lower, upper, final: trials.findLast(({ load }) => load === lower) ?? null, trials };

  function between(good: number | null, bad: number | null): number | null {
    if (bad === null) return null;
    if (good === null) return bad > minLoad ? middle(minLoad, bad) : null;
    return bad - good > resolution ? (good + bad) / 2 : null;
  }

  /** Without a lower bound the least load itself is tried last. */
  function middle(low: number, high: number): number {
    return high - low > resolution ? (low + high) / 2 : low;
  }
}

function check<T extends Measured>(options: BinaryOptions<T>): number {
  const { minLoad, maxLoad, resolution, seconds, finalSeconds } = options;
  if (!(minLoad > 0 && minLoad <= maxLoad && Number.isFinite(maxLoad))) {
    throw new BenchError(`loads from ${minLoad} to ${maxLoad}`, 'the least must be above 0 and not above the greatest');
  }
  if (!(seconds > 0 && finalSeconds >= seconds)) {
    throw new BenchError(`trials of ${seconds} s, the last of ${finalSeconds} s`, 'the last must not be shorter');
  }
  const frames = 'percent' in resolution ? (maxLoad * resolution.percent) / 100 : resolution.framesPerSecond;
  // Below this a double between two loads may not exist.
  if (frames >= maxLoad * 1e-9) return frames;
  throw new BenchError(`a resolution of ${frames} frames/s`, 'at least a billionth of the greatest load');
}

export interface HighestOptions {
  /** Least number of interest, a whole one, 0 or more. */
  readonly min: number;
  /** Greatest number that can be tried. */
  readonly max: number;
  /** Where to begin, for numbers whose trials take the longer the greater they are: from here by doubling. Default `max`, and then by halves. */
  readonly from?: number;
  /** Further times that the answer has to pass. Default 1. */
  readonly confirmations?: number;
  readonly passes: (n: number) => Promise<boolean>;
}

export interface HighestResult {
  /** Greatest number that passed, confirmed; null when `min` failed. */
  readonly highest: number | null;
  /** Least number that failed; null when `max` passed. */
  readonly failed: number | null;
  readonly trials: number;
}

/**
 * Greatest whole number that passes, taking what is below a passing one for passing. The answer is tried again; if it fails then, it
 * counts as failed and the search goes on below it, so that chance finds no number too great.
 * @throws BenchError for a range that makes no sense.
 */
export async function searchHighest(options: HighestOptions): Promise<HighestResult> {
  const { min, max, from = max, confirmations = 1 } = options;
  if (![min, max, from].every(Number.isSafeInteger) || min < 0 || min > max || from < min || from > max) {
    throw new BenchError(`numbers from ${min} to ${max}, beginning at ${from}`, 'whole ones from 0, in this order');
  }
  let trials = 0;
  const passes = (n: number): Promise<boolean> => {
    trials++;
    return options.passes(n);
  };
  /** Numbers that passed, ascending, and none above one that failed. */
  const passed: number[] = [];
  let failed = max + 1;
  let next = from;
  for (;;) {
    while ((passed.at(-1) ?? min - 1) + 1 < failed) {
      if (await passes(next)) passed.push(next);
      else failed = next;
      const low = passed.at(-1) ?? min - 1;
      // No failure yet: the next one is twice as far; else in the middle.
      next = failed > max ? Math.min(max, Math.max(low * 2, low + 1)) : low + Math.ceil((failed - low) / 2);
    }
    const highest = passed.pop();
    if (highest === undefined) return { highest: null, failed, trials };
    let isConfirmed = true;
    for (let i = 0; i < confirmations && isConfirmed; i++) isConfirmed = await passes(highest);
    if (isConfirmed) return { highest, failed: failed > max ? null : failed, trials };
    failed = highest;
    const low = passed.at(-1) ?? min - 1;
    next = low + Math.ceil((failed - low) / 2);
  }
}
