/** MLRsearch against devices that exist in a formula only. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/benchmark/error.ts';
import { type Goal, preset } from '../../src/benchmark/search/goal.ts';
import { type MlrEvent, searchMlr } from '../../src/benchmark/search/mlr.ts';
import { type Device, measureOf, type Outcome } from './device.ts';

const range = { minLoad: 1_000, maxLoad: 15e6 };
const search = (goals: readonly Goal[], device: Device, seed?: number, limits = range) =>
  searchMlr({ goals, ...limits, measure: measureOf(device, seed) });

const csit = preset('csit').goals;
const [ndr, pdr] = csit as [Goal, Goal];
const capacities = fc.double({ min: 2_000, max: 14e6, noNaN: true });

describe('a device without noise', () => {
  it('has its capacity between the bounds, which are as near as the goal wants', async () => {
    await fc.assert(
      fc.asyncProperty(
        capacities,
        fc.constantFrom('rfc2544', 'tst009', 'csit'),
        fc.boolean(),
        async (capacity, name, quick) => {
          const { goals } = await search(preset(name, quick).goals, { capacity });
          for (const { goal, lower, upper, irregular, conditionalThroughput } of goals) {
            // Loses l at capacity / (1 - l).
            const at = capacity / (1 - goal.lossRatio);
            expect(irregular).toBeNull();
            expect(lower!).toBeLessThanOrEqual(at * (1 + 1e-12));
            expect(upper!).toBeGreaterThan(at * (1 - 1e-12));
            expect((upper! - lower!) / upper!).toBeLessThanOrEqual(goal.width * (1 + 1e-9));
            expect(conditionalThroughput!).toBeLessThanOrEqual(capacity * (1 + 1e-9));
            expect(conditionalThroughput!).toBeGreaterThan(capacity * (1 - goal.width - goal.lossRatio));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has its capacity for an MRR', async () => {
    expect((await search(csit, { capacity: 4e6 })).mrr).toBeCloseTo(4e6, 3);
  });

  it('takes few trials for RFC 2544, and few of these are long', async () => {
    const { trials } = await search(preset('rfc2544').goals, { capacity: 7_654_321 });
    expect(trials.length).toBeLessThanOrEqual(20);
    expect(trials.filter(({ intendedSeconds }) => intendedSeconds === 60).length).toBeLessThanOrEqual(3);
  });
});

describe('the number of trials', () => {
  it('is small where tolerance asks for several at a load: stages begin where the one before ended', async () => {
    const { trials } = await search(preset('tst009').goals, { capacity: 7_654_321 });
    const long = trials.filter(({ intendedSeconds }) => intendedSeconds === 60);
    expect(long.length).toBeLessThanOrEqual(4);
    expect(long.every(({ load }) => load > 7e6 && load < 8e6)).toBe(true);
  });

  it('is small where the device is nothing like its start: steps outwards double', async () => {
    const { trials } = await search(preset('csit', true).goals, { capacity: 5e6, disturbed: 1, disturbance: 0.01 });
    expect(trials.length).toBeLessThanOrEqual(60);
  });
});

describe('goals that disturb each other', () => {
  it('are searched again: a long trial of one makes a bound of another invalid', async () => {
    const short = { ...ndr, name: 'short', finalTrialSeconds: 1, durationSumSeconds: 1, exceedRatio: 0 };
    const long = { ...short, name: 'long', finalTrialSeconds: 10, durationSumSeconds: 10, width: 0.05 };
    // The buffer holds a second at 1.2 of capacity, and ten seconds at 1.02 only, which the first goal must then heed.
    const { goals } = await search([short, long], { capacity: 1e6, buffer: 200_000 });
    for (const { goal, lower, upper, irregular } of goals) {
      expect(irregular).toBeNull();
      expect((upper! - lower!) / upper!).toBeLessThanOrEqual(goal.width * (1 + 1e-9));
      expect(lower!).toBeLessThanOrEqual(1.03e6);
    }
  });
});

describe('devices with noise', () => {
  it('give bounds that hold by their own trials, whatever the noise', async () => {
    const anyDevice = fc.record({
      capacity: capacities,
      buffer: fc.constantFrom(0, 100, 100_000),
      disturbed: fc.constantFrom(0, 0.1, 0.4, 0.9),
      noise: fc.constantFrom(0, 0.01, 0.2),
      voids: fc.constantFrom(0, 0.02),
    });
    await fc.assert(
      fc.asyncProperty(anyDevice, fc.integer(), async (device, seed) => {
        const found = await search(preset('csit', true).goals, device, seed).catch((error: unknown) => error);
        if (found instanceof BenchError) return expect(found.message).toContain('the generator fell behind');
        const { goals, trials } = found as Awaited<ReturnType<typeof search>>;
        expect(goals.map(({ goal }) => goal.name)).toEqual(['NDR', 'PDR']);
        for (const { goal, lower, upper, irregular, relevantTrials, conditionalThroughput } of goals) {
          expect(irregular).not.toBe('gave up');
          if (irregular === null) expect((upper! - lower!) / upper!).toBeLessThanOrEqual(goal.width * (1 + 1e-9));
          if (irregular === 'min load fails') expect([lower, upper]).toEqual([null, range.minLoad]);
          if (irregular === 'max load passes') expect([lower, upper]).toEqual([range.maxLoad, null]);
          expect(relevantTrials).toEqual(trials.filter(({ load }) => load === (lower ?? upper)));
          if (lower !== null)
            expect(conditionalThroughput!).toBeGreaterThanOrEqual(lower * (1 - goal.lossRatio) * (1 - 1e-12));
        }
        const [first, second] = goals;
        if (first!.lower !== null && second!.upper !== null) expect(first!.lower).toBeLessThan(second!.upper);
        return undefined;
      }),
      { numRuns: 60 },
    );
  });

  it('find the capacity although one trial in five goes wrong, where the goal tolerates half', async () => {
    await fc.assert(
      fc.asyncProperty(capacities, fc.integer(), async (capacity, seed) => {
        const { goals } = await search(csit, { capacity, disturbed: 0.2 }, seed);
        for (const { lower, upper } of goals) {
          // A run of bad trials at a load may make it an upper bound although 11 of 21 are needed: rare, and never by much.
          expect(upper! / capacity).toBeGreaterThan(0.9);
          expect(lower! / capacity).toBeLessThan(1.02);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('do not pass a full-length trial by what their buffer hides in a short one', async () => {
    // A second at 1.2 of capacity fits the buffer, a minute does not.
    const { goals, trials } = await search(preset('rfc2544').goals, { capacity: 1e6, buffer: 200_000 });
    const at = 1e6 + 200_000 / 60;
    expect(goals[0]!.lower!).toBeLessThanOrEqual(at);
    expect(goals[0]!.upper!).toBeGreaterThan(at);
    expect(trials.some(({ load, trial }) => load > 1.1e6 && trial.lossRatio === 0)).toBe(true);
  });

  it('fail at once for a goal that tolerates nothing', async () => {
    const { goals } = await search(preset('rfc2544', true).goals, { capacity: 5e6, disturbed: 1, disturbance: 0.001 });
    expect(goals[0]).toMatchObject({
      irregular: 'min load fails',
      lower: null,
      upper: 1_000,
      conditionalThroughput: null,
    });
  });
});

describe('the ends of the range', () => {
  it('are told: nothing is lost at the greatest load', async () => {
    const { goals, mrr } = await search(csit, { capacity: 20e6 });
    for (const result of goals) {
      expect(result).toMatchObject({
        irregular: 'max load passes',
        lower: 15e6,
        upper: null,
        conditionalThroughput: 15e6,
      });
    }
    expect(mrr).toBe(15e6);
  });

  it('are told: frames are lost at the least', async () => {
    const { goals } = await search(csit, { capacity: 10 });
    for (const result of goals)
      expect(result).toMatchObject({ irregular: 'min load fails', lower: null, upper: 1_000 });
  });

  it('are refused where they make no range', async () => {
    await expect(search(csit, { capacity: 1 }, 1, { minLoad: 0, maxLoad: 1 })).rejects.toThrow(BenchError);
    await expect(search(csit, { capacity: 1 }, 1, { minLoad: 2, maxLoad: 1 })).rejects.toThrow('the least must be');
    await expect(search([], { capacity: 1 })).rejects.toThrow('without a goal');
    const measure = measureOf({ capacity: 1 });
    await expect(searchMlr({ goals: csit, ...range, measure, trialsMax: 0 })).rejects.toThrow('0 trials');
  });
});

describe('void trials', () => {
  const failing = (times: number) => {
    const measure = measureOf({ capacity: 5e6 });
    let calls = 0;
    return async (load: number, seconds: number): Promise<Outcome> => {
      const isVoid = calls++ < times;
      return {
        ...(await measure(load, seconds)),
        isVoid,
        why: 'the ledger does not balance',
        ...(isVoid && { lossRatio: Number.NaN }),
      };
    };
  };

  it('are repeated twice and count for nothing', async () => {
    const seen: string[] = [];
    const onEvent = (event: MlrEvent<Outcome>): number => seen.push(event.kind);
    const { voids, goals, trials } = await searchMlr({ goals: csit, ...range, measure: failing(2), onEvent });
    expect(voids).toBe(2);
    expect(seen.slice(0, 3)).toEqual(['void', 'void', 'trial']);
    expect(trials.every(({ trial }) => !trial.isVoid)).toBe(true);
    expect(goals.map(({ irregular }) => irregular)).toEqual([null, null]);
  });

  it('end the search with one line after the third', async () => {
    const found = searchMlr({ goals: csit, ...range, measure: failing(3) });
    await expect(found).rejects.toThrow(
      '3 trials at a load of 15000000 were void (the ledger does not balance); lower the maximum load or free the machine of other work',
    );
  });
});

describe('the search', () => {
  it('goes on where it was when it is given the trials that it had', async () => {
    const device = { capacity: 6e6, disturbed: 0.3, noise: 0.02 };
    const whole = await search(csit, device, 7);
    const [past, measure] = [[...whole.trials], measureOf(device, 7)];
    const replayed = await searchMlr({
      goals: csit,
      ...range,
      measure: async (load, seconds) => {
        const known = past.shift();
        if (known === undefined) return measure(load, seconds);
        expect([load, seconds]).toEqual([known.load, known.intendedSeconds]);
        return known.trial;
      },
    });
    expect(replayed).toEqual(whole);
  });

  it('gives up after as many trials as it may make, and says so', async () => {
    const { goals, trials } = await searchMlr({
      goals: csit,
      ...range,
      measure: measureOf({ capacity: 5e6 }),
      trialsMax: 10,
    });
    expect(trials.length).toBe(10);
    expect(goals.map(({ irregular }) => irregular)).toContain('gave up');
  });

  it('tells its progress: every trial, and the bounds of each stage', async () => {
    const events: MlrEvent<Outcome>[] = [];
    const result = await searchMlr({
      goals: csit,
      ...range,
      measure: measureOf({ capacity: 3e6 }),
      onEvent: (event) => events.push(event),
    });
    const done = events.flatMap((event) => (event.kind === 'trial' ? [event.done] : []));
    expect(done).toEqual(result.trials);
    const bounds = events.flatMap((event) =>
      event.kind === 'bounds' ? [`${event.goal} ${event.stage}/${event.stages}`] : [],
    );
    expect(bounds.slice(0, 6)).toEqual(['NDR 1/3', 'PDR 1/3', 'NDR 2/3', 'PDR 2/3', 'NDR 3/3', 'PDR 3/3']);
    expect(result.seconds).toBeCloseTo(
      result.trials.reduce((sum, { trial }) => sum + trial.seconds, 0),
      9,
    );
  });

  it('gives the results in the order of the goals', async () => {
    const { goals } = await search([pdr, ndr], { capacity: 3e6, disturbed: 0.1, disturbance: 0.004 });
    expect(goals.map(({ goal }) => goal.name)).toEqual(['PDR', 'NDR']);
  });

  it('takes a trial of no time for our own mistake', async () => {
    const measure = async () => ({ lossRatio: 0, seconds: 0 });
    await expect(searchMlr({ goals: csit, ...range, measure })).rejects.toThrow('a trial of 0 s');
  });
});
