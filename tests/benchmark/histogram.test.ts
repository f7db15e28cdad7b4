/** The histogram of latencies: its layout, as the core computes it, and what is read out of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUCKETS,
  bucketOf,
  curve,
  highOf,
  lowOf,
  merge,
  percentile,
  SUB_BITS,
  summary,
} from '../../src/benchmark/histogram.ts';

const top = 2 ** 36 - 1;
/** Even over the powers of two, so that each shift is met. */
const latency = fc
  .tuple(fc.integer({ min: 0, max: 36 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([bits, share]) => Math.min(top, Math.floor(2 ** bits * (1 + share)) - 1));

const counted = (values: readonly number[]): Float64Array => {
  const counts = new Float64Array(BUCKETS);
  for (const value of values) counts[bucketOf(value)]!++;
  return counts;
};

describe('the layout', () => {
  it('is the formula that the core uses', () => {
    const clz64 = (value: bigint): number => 64 - (value === 0n ? 0 : value.toString(2).length);
    fc.assert(
      fc.property(latency, (ns) => {
        const shift = Math.max(0, 63 - SUB_BITS - clz64(BigInt(ns)));
        expect(bucketOf(ns)).toBe((shift << SUB_BITS) + Number(BigInt(ns) >> BigInt(shift)));
      }),
    );
  });

  it('has buckets without gap or overlap, from 0 to 2^36 - 1', () => {
    expect(lowOf(0)).toBe(0);
    expect(highOf(BUCKETS - 1)).toBe(top);
    const all = Array.from({ length: BUCKETS }, (_, i) => i);
    expect(all.slice(1).filter((i) => lowOf(i) !== highOf(i - 1) + 1)).toEqual([]);
    expect(all.filter((i) => bucketOf(lowOf(i)) !== i || bucketOf(highOf(i)) !== i)).toEqual([]);
  });

  it('is exact below 128 ns and within 1/64 above, in less than 24 KiB', () => {
    for (let ns = 0; ns < 128; ns++) expect([lowOf(bucketOf(ns)), highOf(bucketOf(ns))]).toEqual([ns, ns]);
    fc.assert(
      fc.property(latency, (ns) => {
        expect(lowOf(bucketOf(ns))).toBeLessThanOrEqual(ns);
        expect(highOf(bucketOf(ns))).toBeGreaterThanOrEqual(ns);
        expect(highOf(bucketOf(ns))).toBeLessThanOrEqual(ns * (1 + 1 / 64));
      }),
    );
    expect(BUCKETS * 8).toBeLessThanOrEqual(24 * 1024);
  });

  it('takes what is too late into its last bucket', () => {
    expect(bucketOf(top + 1)).toBe(BUCKETS - 1);
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(BUCKETS - 1);
  });
});

describe('percentiles', () => {
  const values = fc.array(latency, { minLength: 1, maxLength: 300 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('are never below the true one, and at most 1/64 above', () => {
    fc.assert(
      fc.property(values, share, (list, q) => {
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.min(list.length, Math.max(1, Math.ceil(q * list.length * (1 - 2 ** -50)))) - 1]!;
        const got = percentile(counted(list), q)!;
        expect(got).toBeGreaterThanOrEqual(exact);
        expect(got).toBeLessThanOrEqual(exact * (1 + 1 / 64));
      }),
    );
  });

  it('grow with the share', () => {
    fc.assert(
      fc.property(values, share, share, (list, p, q) => {
        const counts = counted(list);
        expect(percentile(counts, Math.min(p, q))!).toBeLessThanOrEqual(percentile(counts, Math.max(p, q))!);
      }),
    );
  });

  it('take a binary 0.07 for 0.07', () => {
    expect(percentile(counted(Array.from({ length: 100 }, (_, i) => i + 1)), 0.07)).toBe(7);
  });

  it('are those of all values after a merge', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (lists) => {
        const [merged, all] = [merge(lists.map(counted)), counted(lists.flat())];
        expect(merged.findIndex((count, i) => count !== all[i])).toBe(-1);
      }),
    );
  });
});

describe('a summary', () => {
  it('says nothing where nothing was counted', () => {
    expect(summary(new Float64Array(BUCKETS))).toMatchObject({
      n: 0,
      minNs: null,
      meanNs: null,
      p99: null,
      maxNs: null,
    });
    expect(percentile(new Float64Array(BUCKETS), 0.5)).toBeNull();
    expect(curve(new Float64Array(BUCKETS))).toEqual([]);
  });

  it('prefers what was kept exactly', () => {
    const counts = counted([1000, 2000, 3001]);
    const loose = summary(counts);
    expect(loose.maxNs).toBeGreaterThanOrEqual(3001);
    const exact = summary(counts, { minNs: 1000, maxNs: 3001, sumNs: 6001 });
    expect(exact).toMatchObject({ n: 3, minNs: 1000, meanNs: 6001 / 3, p999: 3001, maxNs: 3001 });
  });

  it('is ordered', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (list) => {
        const { minNs, meanNs, p50, p90, p99, p999, maxNs } = summary(counted(list));
        const rising = [minNs!, p50!, p90!, p99!, p999!, maxNs!];
        expect(rising).toEqual([...rising].sort((a, b) => a - b));
        expect(meanNs!).toBeGreaterThanOrEqual(minNs!);
        expect(meanNs!).toBeLessThanOrEqual(maxNs!);
      }),
    );
  });
});

describe('the curve', () => {
  it('rises from 1 to the number of values', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (list) => {
        const points = curve(counted(list));
        expect(points[0]).toMatchObject({ x: 1, q: 0 });
        expect(points.at(-1)).toMatchObject({ x: list.length, q: 1 });
        points.slice(1).forEach((point, i) => {
          expect(point.x).toBeGreaterThanOrEqual(points[i]!.x);
          expect(point.ns).toBeGreaterThanOrEqual(points[i]!.ns);
          expect(percentile(counted(list), point.q)).toBe(point.ns);
        });
      }),
    );
  });
});
