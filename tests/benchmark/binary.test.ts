/** Plain searches: for a load, and for a whole number. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/benchmark/error.ts';
import { type BinaryOptions, searchBinary, searchHighest } from '../../src/benchmark/search/binary.ts';
import { type Device, measureOf, type Outcome } from './device.ts';

const search = (device: Device, options: Partial<BinaryOptions<Outcome>> = {}) =>
  searchBinary({
    minLoad: 1_000,
    maxLoad: 10e6,
    resolution: { percent: 0.1 },
    seconds: 2,
    finalSeconds: 60,
    measure: measureOf(device),
    ...options,
  });

describe('the search for a load', () => {
  it('finds the capacity to its resolution, verified at full length', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 20_000, max: 9.8e6, noNaN: true }),
        fc.constantFrom(0, 0.01),
        async (capacity, loss) => {
          const { load, upper, final, trials } = await search({ capacity }, { lossRatioMax: loss });
          const at = capacity / (1 - loss);
          expect(load!).toBeLessThanOrEqual(at);
          expect(upper!).toBeGreaterThan(at);
          expect(upper! - load!).toBeLessThanOrEqual(10e6 / 1000);
          expect(final).toMatchObject({ load, intendedSeconds: 60 });
          expect(trials.filter(({ intendedSeconds }) => intendedSeconds === 60)).toHaveLength(1);
        },
      ),
    );
  });

  it('takes frames/s for a resolution too', async () => {
    const { load, upper } = await search({ capacity: 4e6 }, { resolution: { framesPerSecond: 100 } });
    expect(upper! - load!).toBeLessThanOrEqual(100);
  });

  it('goes on below a load that passed a short trial and fails the long one', async () => {
    const { load, upper, trials } = await search({ capacity: 1e6, buffer: 200_000 });
    const at = 1e6 + 200_000 / 60;
    expect(load!).toBeLessThanOrEqual(at);
    expect(upper!).toBeGreaterThan(at);
    expect(upper! - load!).toBeLessThanOrEqual(10_000);
    expect(trials.filter(({ intendedSeconds }) => intendedSeconds === 60).length).toBeGreaterThan(1);
    // What passed before still counts: it does not begin anew.
    expect(trials.length).toBeLessThanOrEqual(20);
  });

  it('is done at once where nothing is lost', async () => {
    const { load, upper, trials } = await search({ capacity: 20e6 });
    expect([load, upper, trials.length]).toEqual([10e6, null, 2]);
  });

  it('finds nothing where even the least load loses frames', async () => {
    const { load, upper, final } = await search({ capacity: 500 });
    expect([load, upper, final]).toEqual([null, 1_000, null]);
  });

  it.each([
    ['no range', { minLoad: 2, maxLoad: 1 }],
    ['a short final trial', { seconds: 2, finalSeconds: 1 }],
    ['no resolution', { resolution: { percent: 0 } }],
    ['a resolution of NaN', { resolution: { framesPerSecond: Number.NaN } }],
  ])('refuses %s', async (_, options) => {
    await expect(search({ capacity: 1 }, options)).rejects.toThrow(BenchError);
  });

  it('ends after three void trials', async () => {
    await expect(search({ capacity: 1, voids: 1 })).rejects.toThrow('were void (the generator fell behind)');
  });
});

describe('the search for a number', () => {
  const upTo = (limit: number) => async (n: number) => n <= limit;

  it('finds the greatest that passes, in about as many trials as it has digits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: -1, max: 2e9 }),
        fc.option(fc.nat({ max: 100 })),
        async (a, b, limit, percent) => {
          const [min, max] = [Math.min(a, b), Math.max(a, b)];
          const from = percent === null ? {} : { from: min + Math.floor(((max - min) * percent) / 100) };
          const { highest, failed, trials } = await searchHighest({ min, max, passes: upTo(limit), ...from });
          expect(highest).toBe(limit < min ? null : Math.min(limit, max));
          expect(failed).toBe(limit >= max ? null : Math.max(min, limit + 1));
          expect(trials).toBeLessThanOrEqual(64);
        },
      ),
    );
  });

  it('begins where it is told, and doubles: long bursts take long', async () => {
    const tried: number[] = [];
    const passes = async (n: number): Promise<boolean> => {
      tried.push(n);
      return n <= 100;
    };
    expect((await searchHighest({ min: 1, max: 1e9, from: 16, passes })).highest).toBe(100);
    expect(tried.slice(0, 4)).toEqual([16, 32, 64, 128]);
    expect(Math.max(...tried)).toBe(128);
  });

  it('does not believe a number that passes once by chance', async () => {
    const seen = new Map<number, number>();
    const passes = async (n: number): Promise<boolean> => {
      const times = (seen.get(n) ?? 0) + 1;
      seen.set(n, times);
      return n <= 50 || times === 1;
    };
    expect((await searchHighest({ min: 1, max: 60, passes })).highest).toBe(50);
    const strict = await searchHighest({ min: 1, max: 60, confirmations: 0, passes: async (n) => n <= 50 });
    expect(strict.highest).toBe(50);
  });

  it.each([[{ min: -1, max: 5 }], [{ min: 6, max: 5 }], [{ min: 1, max: 5, from: 6 }], [{ min: 0.5, max: 5 }]])(
    'refuses %j',
    async (options) => {
      await expect(searchHighest({ ...options, passes: upTo(1) })).rejects.toThrow(BenchError);
    },
  );
});
