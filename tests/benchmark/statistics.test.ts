/** Statistics of few samples, and whether two sets of them differ beyond noise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changed, deviation, median, quantile, spread } from '../../src/benchmark/statistics.ts';

const sample = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const samples = fc.array(sample, { minLength: 1, maxLength: 9 });

/** Every way to choose `count` of 0 … total - 1: the slow truth about ranks. */
function choices(total: number, count: number): number[][] {
  if (count === 0) return [[]];
  if (count > total) return [];
  return [...choices(total - 1, count), ...choices(total - 1, count - 1).map((rest) => [...rest, total - 1])];
}

/** Two-sided p by all orders, for samples without ties. */
function slowP(a: readonly number[], b: readonly number[]): number {
  const pairs = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, one) => sum + y.filter((other) => other < one).length, 0);
  const u = Math.min(pairs(a, b), pairs(b, a));
  const orders = choices(a.length + b.length, b.length);
  const ranks = Array.from({ length: a.length + b.length }, (_, i) => i);
  const extreme = orders.filter((chosen) => {
    const rest = ranks.filter((rank) => !chosen.includes(rank));
    return pairs(chosen, rest) <= u;
  });
  return Math.min(1, (2 * extreme.length) / orders.length);
}

describe('medians and quantiles', () => {
  it.each([
    [[], null],
    [[3], 3],
    [[4, 1], 2.5],
    [[9, 1, 5], 5],
  ])('of %j is %s', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('lie between the samples, and leave these as they were', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const copy = [...values];
        const at = quantile(values, q)!;
        expect(at).toBeGreaterThanOrEqual(Math.min(...values));
        expect(at).toBeLessThanOrEqual(Math.max(...values));
        expect(values).toEqual(copy);
      }),
    );
  });

  it('a spread has them all', () => {
    expect(spread([])).toBeNull();
    expect(spread([10, 8, 12, 9, 30])).toEqual({
      n: 5,
      min: 8,
      quarter: 9,
      median: 10,
      threeQuarters: 12,
      max: 30,
      deviation: 2,
      relative: 2.2,
    });
    expect(deviation([])).toBeNull();
    expect(spread([0])!.relative).toBeNull();
  });
});

describe('what changed', () => {
  it.each([
    ['five clear repeats', [10, 10.1, 10.2, 9.9, 9.8], [12, 12.1, 11.9, 12.2, 11.8], 'faster'],
    ['five clear repeats the other way', [12, 12.1, 11.9, 12.2, 11.8], [10, 10.1, 10.2, 9.9, 9.8], 'slower'],
    ['one repeat that was disturbed', [10, 10.1, 10.2, 9.9, 9.8, 5], [12, 12.1, 11.9, 12.2, 11.8, 12.3], 'faster'],
    ['little noise and no change', [100, 101, 99, 100, 102, 98], [100, 99, 101, 102, 98, 100], 'same'],
    ['much noise', [100, 150, 70, 120, 90], [110, 80, 140, 75, 160], 'unknown'],
    ['three repeats', [10, 10.1, 10.2], [12, 12.1, 11.9], 'unknown'],
    ['a clock that never varies', [7, 7, 7, 7], [7, 7, 7, 7], 'same'],
    ['a clock that never varies, and a change', [7, 7, 7, 7], [8, 8, 8, 8], 'faster'],
    ['nothing on one side', [], [1, 2], 'unknown'],
    ['a rate of 0', [1, 1, 1, 1], [0, 0, 0, 0], 'unknown'],
  ])('%s', (_, a, b, verdict) => {
    const change = changed(a, b);
    expect(change.verdict).toBe(verdict);
    expect(change.why === '').toBe(verdict !== 'unknown');
  });

  it('is slower where less is better and there is more', () => {
    expect(changed([10, 11, 12, 13], [20, 21, 22, 23], { better: 'less' }).verdict).toBe('slower');
    expect(changed([20, 21, 22, 23], [10, 11, 12, 13], { better: 'less' }).verdict).toBe('faster');
  });

  it('has the p of all orders', () => {
    const distinct = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 4, maxLength: 10 });
    fc.assert(
      fc.property(distinct, fc.integer({ min: 1, max: 3 }), (values, at) => {
        const [a, b] = [values.slice(0, at), values.slice(at)];
        expect(changed(a, b).p!).toBeCloseTo(slowP(a, b), 9);
      }),
      { numRuns: 50 },
    );
  });

  it('is symmetric: what is faster one way is slower the other, with the inverse ratio', () => {
    const verdicts = { faster: 'slower', slower: 'faster', same: 'same', unknown: 'unknown' } as const;
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        // The margin is not symmetric in ratios, so it is left out of this.
        const [there, back] = [changed(a, b, { margin: 0 }), changed(b, a, { margin: 0 })];
        expect(back.verdict).toBe(verdicts[there.verdict]);
        expect(back.p!).toBeCloseTo(there.p!, 9);
        if (there.low === null) return;
        expect(back.low! * there.high!).toBeCloseTo(1, 6);
      }),
    );
  });

  it('never says so when p is above alpha, and always has the ratio in its interval', () => {
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const { p, verdict, ratio, low, high } = changed(a, b);
        expect(verdict === 'faster' || verdict === 'slower').toBe(p! <= 0.05 && low !== null && (low > 1 || high! < 1));
        if (low === null) return;
        expect(low).toBeLessThanOrEqual(ratio!);
        expect(high!).toBeGreaterThanOrEqual(ratio!);
      }),
    );
  });

  it('takes equal things for different in no more than the share that it admits', () => {
    let seed = 20_261_123;
    const random = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
      return (seed >>> 0) / 2 ** 32;
    };
    const noisy = (): number[] => Array.from({ length: 6 }, () => 100 * (1 - 0.3 * random() ** 4));
    let wrong = 0;
    for (let i = 0; i < 2000; i++) if (changed(noisy(), noisy()).p! <= 0.05) wrong++;
    expect(wrong / 2000).toBeLessThan(0.06);
  });

  it('works with many samples too', () => {
    const many = (n: number, by: number): number[] => Array.from({ length: n }, (_, i) => by + (i % 10));
    expect(changed(many(45, 100), many(45, 110)).verdict).toBe('faster');
    expect(changed(many(200, 100), many(200, 110)).verdict).toBe('faster');
    expect(changed(many(200, 100), many(200, 100)).verdict).toBe('same');
    expect(changed(many(50, 100), many(50, 100)).p!).toBeGreaterThan(0.9);
  });
});
