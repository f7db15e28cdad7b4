/**
 * Statistics of few samples: the repeats of a benchmark.
 *
 * A benchmark is disturbed now and then and always in the same direction, so medians and ranks are used, never means and
 * normal distributions. Known limit: what disturbs all samples of one side alike (another machine load, another clock rate) is
 * no noise to any test; samples that are to be compared should be taken in turns.
 */

/** Ascending copy. */
const sorted = (samples: readonly number[]): number[] => [...samples].sort((a, b) => a - b);

/** Value below which the share `q` lies, between samples by a straight line (Hyndman and Fan's type 7); null without samples. */
export function quantile(samples: readonly number[], q: number): number | null {
  return samples.length === 0 ? null : ofSorted(sorted(samples), q);
}

function ofSorted(values: readonly number[], q: number): number {
  const at = (values.length - 1) * Math.min(1, Math.max(0, q));
  const below = Math.floor(at);
  const [low, high] = [values[below]!, values[Math.ceil(at)]!];
  return low === high ? low : low + (high - low) * (at - below);
}

export const median = (samples: readonly number[]): number | null => quantile(samples, 0.5);

/** Median absolute deviation from the median, not scaled; null without samples. */
export function deviation(samples: readonly number[]): number | null {
  const middle = median(samples);
  return middle === null ? null : median(samples.map((sample) => Math.abs(sample - middle)));
}

export interface Spread {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly quarter: number;
  readonly threeQuarters: number;
  /** Median absolute deviation. */
  readonly deviation: number;
  /** (max - min) / median; null for a median of 0. */
  readonly relative: number | null;
}

/** null without samples. */
export function spread(samples: readonly number[]): Spread | null {
  const values = sorted(samples);
  const n = values.length;
  if (n === 0) return null;
  const [min, max, middle] = [values[0]!, values[n - 1]!, ofSorted(values, 0.5)];
  return {
    n,
    min,
    median: middle,
    max,
    quarter: ofSorted(values, 0.25),
    threeQuarters: ofSorted(values, 0.75),
    deviation: deviation(values)!,
    relative: middle === 0 ? null : (max - min) / Math.abs(middle),
  };
}

export interface ChangeOptions {
  /** Which way is good: more frames/s, less time. Default `more`. */
  readonly better?: 'more' | 'less';
  /** Chance of calling equal things different, 0 to 1. Default 0.05. */
  readonly alpha?: number;
  /** A difference that nobody cares about: `same` is said only if the interval lies within it. Default 0.05 (5 %). */
  readonly margin?: number;
}

export interface Change {
  /** b to a: above 1 is more. null where it cannot be told. */
  readonly ratio: number | null;
  /** Interval of the ratio at 1 - alpha; null where there are too few samples for one. */
  readonly low: number | null;
  readonly high: number | null;
  /** Two-sided p of the Mann-Whitney U test: how often equal things differ so much. */
  readonly p: number | null;
  readonly verdict: 'faster' | 'slower' | 'same' | 'unknown';
  /** A sentence for a verdict of `unknown`, else empty. */
  readonly why: string;
}

/**
 * Whether `b` differs from `a` by more than noise.
 *
 * By the Mann-Whitney U test with its exact distribution, and the interval that belongs to it: ratios of all pairs, sorted, cut at the
 * test's critical value (Hodges and Lehmann's estimate, of logarithms). Rather than by a bootstrap, which promises too much for the
 * three to ten repeats of a benchmark, needs a seed, and can disagree with a test; this one is exact at any size and has no chance in it.
 * The price: at 0.05 nothing can be told from fewer than 4 and 4 samples (3 and 5). Ties make p greater than need be, which is the safe side.
 */
export function changed(a: readonly number[], b: readonly number[], options: ChangeOptions = {}): Change {
  const { better = 'more', alpha = 0.05, margin = 0.05 } = options;
  const nothing = { ratio: null, low: null, high: null, p: null, verdict: 'unknown' } as const;
  if (a.length === 0 || b.length === 0) return { ...nothing, why: 'one side has no samples' };
  if (![...a, ...b].every((sample) => sample > 0 && Number.isFinite(sample))) {
    return { ...nothing, why: 'ratios need samples above 0' };
  }
  const ratios = sorted(b.flatMap((y) => a.map((x) => y / x)));
  const ratio = ofSorted(ratios, 0.5);
  const counts = rankCounts(a.length, b.length);
  const p = twoSided(counts, ratios);
  const cut = critical(counts, alpha);
  if (cut < 0) {
    const why = `${a.length} and ${b.length} samples are too few to tell a difference from noise`;
    return { ratio, low: null, high: null, p, verdict: 'unknown', why };
  }
  const [low, high] = [ratios[cut]!, ratios[ratios.length - 1 - cut]!];
  const known = { ratio, low, high, p };
  if (low > 1) return { ...known, verdict: better === 'more' ? 'faster' : 'slower', why: '' };
  if (high < 1) return { ...known, verdict: better === 'more' ? 'slower' : 'faster', why: '' };
  if (low >= 1 - margin && high <= 1 + margin) return { ...known, verdict: 'same', why: '' };
  const why = `the noise (${percent(low)} to ${percent(high)}) is wider than ${percent(1 + margin)}`;
  return { ...known, verdict: 'unknown', why };
}

const percent = (ratio: number): string => `${ratio < 1 ? '−' : '+'}${(Math.abs(ratio - 1) * 100).toFixed(1)} %`;

/** Above this many pairs the normal approximation is as good as exact, and a table would be large. */
const pairsExactMax = 2_500;

/**
 * How many orders of n and m samples have U = 0, 1, …, n * m, as shares of all. U counts the pairs in which b is greater.
 * Exact by the coefficients of the Gaussian binomial: multiply by (1 - x^(m+i)), divide by (1 - x^i).
 */
function rankCounts(n: number, m: number): Float64Array {
  const shares = new Float64Array(n * m + 1);
  if (n * m > pairsExactMax) return normalShares(shares, n, m);
  shares[0] = 1;
  for (let i = 1; i <= n; i++) {
    for (let u = n * m; u >= m + i; u--) shares[u]! -= shares[u - m - i]!;
    for (let u = i; u <= n * m; u++) shares[u]! += shares[u - i]!;
    // Kept as shares: counts of 50 and 50 samples have 30 digits. (The i-th factor has m + i choose i orders in all.)
    for (let u = 0; u <= n * m; u++) shares[u]! *= i / (m + i);
  }
  return shares;
}

function normalShares(shares: Float64Array, n: number, m: number): Float64Array {
  const mean = (n * m) / 2;
  const variance = (n * m * (n + m + 1)) / 12;
  for (let u = 0; u < shares.length; u++) shares[u] = Math.exp(-((u - mean) ** 2) / (2 * variance));
  const sum = shares.reduce((all, share) => all + share, 0);
  return shares.map((share) => share / sum);
}

/** p of the ratios' U; a tie is half a pair, rounded towards the middle. */
function twoSided(shares: Float64Array, ratios: readonly number[]): number {
  const more = ratios.filter((ratio) => ratio > 1).length;
  const less = ratios.filter((ratio) => ratio < 1).length;
  const u = Math.min(ratios.length - Math.max(more, less), Math.floor(ratios.length / 2));
  return Math.min(1, 2 * tail(shares, u));
}

function tail(shares: Float64Array, u: number): number {
  let sum = 0;
  for (let i = 0; i <= u; i++) sum += shares[i]!;
  return sum;
}

/** Greatest number of pairs that may be cut from either end; -1 where even none is too much. */
function critical(shares: Float64Array, alpha: number): number {
  let sum = 0;
  let cut = -1;
  while (cut + 1 < shares.length / 2 && sum + shares[cut + 1]! <= alpha / 2) {
    cut++;
    sum += shares[cut]!;
  }
  return cut;
}
