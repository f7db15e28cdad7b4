/**
 * Latencies counted in buckets: 64 of equal width for each power of two, so that no value is off by more than 1/64 (1.6 %) and
 * what is below 128 ns is exact. The core fills an array of u64 by the same formula, this room reads it.
 *
 *   shift  = max(0, highest set bit - SUB_BITS)          for the core: max(0, 57 - clz(ns)) with a u64
 *   bucket = (shift << SUB_BITS) + (ns >> shift)
 *
 *   bucket      0 … 127   128 … 191        192 … 255        …   1920 … 1983
 *   shift          0          1                2            …       29
 *   ns          0 … 127   128 … 255 by 2   256 … 511 by 4   …   2^35 … 2^36 - 1 by 2^29
 *
 * 1,984 buckets of 8 octets are 15.5 KiB. What is later than 2^36 ns (69 s) counts in the last bucket; whoever wants the true
 * greatest value keeps it beside the counts.
 */

/** Sub-buckets of a power of two are 2^SUB_BITS. */
export const SUB_BITS = 6;
const subBuckets = 1 << SUB_BITS;
/** Values from 0 to 2^TOP_BITS - 1 have buckets of their own. */
const TOP_BITS = 36;
/** How many there are: 1,984. */
export const BUCKETS = (TOP_BITS - SUB_BITS + 1) << SUB_BITS;
const nsMax = 2 ** TOP_BITS - 1;

/** Counts by bucket; `BUCKETS` of them. */
export type Counts = ArrayLike<number>;

/** Bucket of a latency in whole ns, 0 or more; later than 2^36 - 1 is the last one. */
export function bucketOf(ns: number): number {
  const value = Math.min(ns, nsMax);
  const high = Math.floor(value / 2 ** 32);
  const top = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
  const shift = Math.max(0, top - SUB_BITS);
  return shift * subBuckets + Math.floor(value / 2 ** shift);
}

const shiftOf = (bucket: number): number => Math.max(0, Math.floor(bucket / subBuckets) - 1);

/** Least ns that counts in a bucket. */
export function lowOf(bucket: number): number {
  const shift = shiftOf(bucket);
  return (bucket - shift * subBuckets) * 2 ** shift;
}

/** Greatest ns that counts in a bucket. */
export const highOf = (bucket: number): number => lowOf(bucket) + 2 ** shiftOf(bucket) - 1;

/** Sum of histograms, of several receivers or trials. */
export function merge(histograms: readonly Counts[]): Float64Array {
  const sum = new Float64Array(BUCKETS);
  for (const counts of histograms) for (let i = 0; i < BUCKETS; i++) sum[i]! += counts[i] ?? 0;
  return sum;
}

export function total(counts: Counts): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum;
}

/**
 * Least ns that the share `q` of the values does not exceed: never less than the true one and at most 1.6 % above it.
 * @param q 0 (the least value's bucket) to 1.
 * @returns null when nothing was counted.
 */
export function percentile(counts: Counts, q: number): number | null {
  const n = total(counts);
  if (n === 0) return null;
  return highOf(bucketAtRank(counts, rankOf(n, q)));
}

/** From 1 to n. 0.07 * 100 is 7.000000000000001 in binary; that is no eighth value. */
const rankOf = (n: number, q: number): number => Math.min(n, Math.max(1, Math.ceil(n * q * (1 - 2 ** -50))));

function bucketAtRank(counts: Counts, rank: number): number {
  let seen = 0;
  let last = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! === 0) continue;
    seen += counts[i]!;
    last = i;
    if (seen >= rank) break;
  }
  return last;
}

/** Percentiles are bounded above by the bucket's end and by `maxNs`. All in ns; all null when nothing was counted. */
export interface LatencySummary {
  readonly n: number;
  readonly minNs: number | null;
  readonly meanNs: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly maxNs: number | null;
}

/** What was kept exactly beside the counts, ns; without it, least, mean and greatest come from the buckets. */
export interface Exact {
  readonly minNs?: number;
  readonly maxNs?: number;
  readonly sumNs?: number;
}

export function summary(counts: Counts, exact: Exact = {}): LatencySummary {
  const n = total(counts);
  if (n === 0) return { n, minNs: null, meanNs: null, p50: null, p90: null, p99: null, p999: null, maxNs: null };
  const maxNs = exact.maxNs ?? percentile(counts, 1)!;
  const at = (q: number): number => Math.min(maxNs, percentile(counts, q)!);
  return {
    n,
    minNs: exact.minNs ?? lowOf(bucketAtRank(counts, 1)),
    meanNs: (exact.sumNs ?? middleSum(counts)) / n,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    maxNs,
  };
}

function middleSum(counts: Counts): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += (counts[i]! * (lowOf(i) + highOf(i))) / 2;
  return sum;
}

export interface CurvePoint {
  /** 1 / (1 - q): 1 is the least value, 2 the median, 10 p90, 1000 p99.9, n the greatest; for a logarithmic axis. */
  readonly x: number;
  /** Share of values up to here, 0 to 1. */
  readonly q: number;
  readonly ns: number;
}

/**
 * The percentile curve as HDR histograms draw it: one point for each bucket that holds something, as no more is known. The last point is
 * the greatest value, at x = n rather than at infinity.
 */
export function curve(counts: Counts, exact: Exact = {}): CurvePoint[] {
  const n = total(counts);
  const points: CurvePoint[] = [];
  let seen = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! === 0) continue;
    if (seen === 0) points.push({ x: 1, q: 0, ns: exact.minNs ?? lowOf(i) });
    seen += counts[i]!;
    const x = Math.min(n, n / Math.max(n - seen, 1));
    points.push({ x, q: seen / n, ns: Math.min(highOf(i), exact.maxNs ?? Number.POSITIVE_INFINITY) });
  }
  return points;
}
