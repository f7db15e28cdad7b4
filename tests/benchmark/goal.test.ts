/** Classification of loads: the draft's own example, a literal transcription of its code, and conditional throughput. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkGoals,
  classify,
  conditionalThroughput,
  type Goal,
  preset,
  type TrialDone,
} from '../../src/benchmark/search/goal.ts';

const goal = (final: number, sum: number, lossPercent: number, exceedPercent: number): Goal => ({
  name: 'goal',
  finalTrialSeconds: final,
  durationSumSeconds: sum,
  lossRatio: lossPercent / 100,
  exceedRatio: exceedPercent / 100,
  width: 0.005,
  initialTrialSeconds: final,
});

/** `60x1s0l+1x60s0.1l`: sixty trials of 1 s without loss and one of 60 s with 0.1 per cent, as the draft writes them. */
const trialsOf = (code: string): TrialDone[] =>
  code.split('+').flatMap((part) => {
    const [, times, seconds, loss] = /^(\d+)x([\d.]+)s([\d.]+)l$/.exec(part)!;
    const trial = { lossRatio: Number(loss) / 100, seconds: Number(seconds) };
    return Array.from({ length: Number(times) }, () => ({ load: 1e6, intendedSeconds: trial.seconds, trial }));
  });

const goals = {
  RFC2544: goal(60, 60, 0, 0),
  TST009: goal(60, 120, 0, 50),
  '1s final': goal(1, 120, 0.5, 50),
  '20% exceed': goal(60, 60, 0.5, 20),
};

/**
 * At its points 5 and 6 the draft prints "Lower Bound" for "20% exceed" below exceed ratios of 42.857 % and 27.273 %, both above
 * the goal's 20 %: by its rule and its code that is an upper bound, and we follow these.
 */
describe('the example search of the draft', () => {
  it.each([
    ['59x1s0l', ['undecided', 'undecided', 'undecided', 'undecided']],
    ['59x1s0l+1x1s1l', ['upper', 'undecided', 'undecided', 'undecided']],
    ['59x1s0l+60x1s1l', ['upper', 'undecided', 'undecided', 'upper']],
    ['60x1s0l+60x1s1l', ['upper', 'undecided', 'lower', 'upper']],
    ['60x1s0l+60x1s1l+1x60s0.1l', ['upper', 'undecided', 'lower', 'upper']],
    ['60x1s0l+60x1s1l+1x60s0.1l+1x60s0l', ['upper', 'lower', 'lower', 'upper']],
  ])('%s', (code, expected) => {
    expect(Object.values(goals).map((each) => classify(trialsOf(code), each))).toEqual(expected);
  });

  it.each([
    ['TST009', 1_000_000],
    ['1s final', 1_000_000],
    ['20% exceed', 999_000],
  ] as const)('has a conditional throughput for %s of %d', (name, expected) => {
    const trials = trialsOf('60x1s0l+60x1s1l+1x60s0.1l+1x60s0l');
    expect(conditionalThroughput(trials, goals[name])).toBe(expected);
  });
});

/** The draft's code, line by line. */
function literal(trials: readonly TrialDone[], g: Goal): string {
  const sum = (isFull: boolean, isHigh: boolean): number =>
    trials
      .filter((t) => t.intendedSeconds >= g.finalTrialSeconds === isFull && t.trial.lossRatio > g.lossRatio === isHigh)
      .reduce((s, t) => s + t.trial.seconds, 0);
  const exceedCoefficient = g.exceedRatio / (1.0 - g.exceedRatio);
  const balancing = sum(false, false) * exceedCoefficient;
  const positiveExcess = Math.max(0, sum(false, true) - balancing);
  const effectHighLoss = sum(true, true) + positiveExcess;
  const effectFullLength = sum(true, false) + effectHighLoss;
  const effectWhole = Math.max(effectFullLength, g.durationSumSeconds);
  const quantileDuration = effectWhole * g.exceedRatio;
  const pessimisticHighLoss = effectWhole - sum(true, false);
  const pessimisticIsLower = pessimisticHighLoss <= quantileDuration;
  const optimisticIsLower = effectHighLoss <= quantileDuration;
  if (pessimisticIsLower && optimisticIsLower) return 'lower';
  return pessimisticIsLower || optimisticIsLower ? 'undecided' : 'upper';
}

function literalThroughput(trials: readonly TrialDone[], g: Goal): number {
  const full = trials.filter((t) => t.intendedSeconds >= g.finalTrialSeconds);
  full.sort((a, b) => a.trial.lossRatio - b.trial.lossRatio);
  const whole = Math.max(
    g.durationSumSeconds,
    full.reduce((s, t) => s + t.trial.seconds, 0),
  );
  let remaining = whole * (1.0 - g.exceedRatio);
  let quantileLossRatio: number | null = null;
  let isBroken = false;
  for (const { trial } of full) {
    if (quantileLossRatio === null || remaining > 0) {
      quantileLossRatio = trial.lossRatio;
      remaining -= trial.seconds;
    } else {
      isBroken = true;
      break;
    }
  }
  if (!isBroken && remaining > 0) quantileLossRatio = 1;
  return 1e6 * (1 - quantileLossRatio!);
}

/** Eighths of seconds and ratios in quarters: sums that are exact in binary, so that the two must agree to the last case. */
const eighths = (max: number) => fc.integer({ min: 1, max: max * 8 }).map((n) => n / 8);
const anyGoal = fc
  .tuple(eighths(4), eighths(20), fc.constantFrom(0, 0.005, 0.1), fc.constantFrom(0, 0.25, 0.5, 0.75))
  .map(([final, sum, loss, exceed]) => goal(final, Math.max(final, sum), loss * 100, exceed * 100));
const anyTrials = fc.array(
  fc.tuple(eighths(6), fc.constantFrom(0, 0.001, 0.005, 0.05, 0.1, 1)).map(([seconds, lossRatio]) => ({
    load: 1e6,
    intendedSeconds: seconds,
    trial: { lossRatio, seconds },
  })),
  { maxLength: 25 },
);

describe('classification', () => {
  it('is what the draft’s code says', () => {
    fc.assert(
      fc.property(anyTrials, anyGoal, (trials, g) => {
        expect(classify(trials, g)).toBe(literal(trials, g));
      }),
      { numRuns: 1000 },
    );
  });

  it('goes only one way: less loss never makes a lower bound an upper one', () => {
    const rank = { upper: 0, undecided: 1, lower: 2 };
    fc.assert(
      fc.property(anyTrials, anyGoal, fc.nat(), (trials, g, at) => {
        fc.pre(trials.length > 0);
        const i = at % trials.length;
        const better = trials.map((t, j) => (i === j ? { ...t, trial: { ...t.trial, lossRatio: 0 } } : t));
        expect(rank[classify(better, g)]).toBeGreaterThanOrEqual(rank[classify(trials, g)]);
      }),
      { numRuns: 500 },
    );
  });

  it('is decided once the full-length trials fill the sum', () => {
    fc.assert(
      fc.property(anyTrials, anyGoal, (trials, g) => {
        const full = trials.filter((t) => t.intendedSeconds >= g.finalTrialSeconds);
        fc.pre(full.reduce((sum, t) => sum + t.trial.seconds, 0) >= g.durationSumSeconds);
        expect(classify(full, g)).not.toBe('undecided');
      }),
    );
  });

  it('takes ten trials of 0.1 s for one second', () => {
    const trials = trialsOf('10x0.1s0l');
    expect(classify(trials, goal(0.1, 1, 0, 0))).toBe('lower');
    expect(conditionalThroughput(trials, goal(0.1, 1, 0, 0))).toBe(1e6);
  });
});

describe('conditional throughput', () => {
  it('is what the draft’s code says', () => {
    fc.assert(
      fc.property(anyTrials, anyGoal, (trials, g) => {
        fc.pre(trials.some((t) => t.intendedSeconds >= g.finalTrialSeconds));
        expect(conditionalThroughput(trials, g)).toBe(literalThroughput(trials, g));
      }),
      { numRuns: 1000 },
    );
  });

  it('at a lower bound never loses more than the goal allows', () => {
    fc.assert(
      fc.property(anyTrials, anyGoal, (trials, g) => {
        fc.pre(classify(trials, g) === 'lower');
        expect(conditionalThroughput(trials, g)).toBeGreaterThanOrEqual(1e6 * (1 - g.lossRatio));
      }),
      { numRuns: 500 },
    );
  });

  it('is nothing without trials', () => {
    expect(conditionalThroughput([], goals['TST009'])).toBeNull();
  });
});

describe('presets', () => {
  it.each(['rfc2544', 'tst009', 'csit'] as const)('%s can be searched for, and says when it is quick', (name) => {
    expect(() => checkGoals(preset(name).goals)).not.toThrow();
    const quick = preset(name, true);
    expect(() => checkGoals(quick.goals)).not.toThrow();
    expect(quick.name).toBe(`${preset(name).name} (quick)`);
    expect([preset(name).isQuick, quick.isQuick]).toEqual([false, true]);
    const longest = (of: readonly Goal[]): number => Math.max(...of.map((each) => each.durationSumSeconds));
    expect(longest(quick.goals)).toBeLessThan(longest(preset(name).goals));
  });

  it('are those of the draft', () => {
    const of = (name: 'rfc2544' | 'tst009' | 'csit') =>
      preset(name).goals.map((g) => [
        g.name,
        g.finalTrialSeconds,
        g.durationSumSeconds,
        g.lossRatio,
        g.exceedRatio,
        g.width,
      ]);
    expect(of('rfc2544')).toEqual([['NDR', 60, 60, 0, 0, 0.005]]);
    expect(of('tst009')).toEqual([['NDR', 60, 120, 0, 0.5, 0.005]]);
    expect(of('csit')).toEqual([
      ['NDR', 1, 21, 0, 0.5, 0.005],
      ['PDR', 1, 21, 0.005, 0.5, 0.005],
    ]);
  });

  const good = goal(1, 2, 0, 50);
  it.each([
    ['no goal', [], 'without a goal'],
    ['one name twice', [good, good], 'have one name'],
    ['an exceed ratio of 1', [{ ...good, exceedRatio: 1 }], 'every load would pass'],
    ['a negative loss', [{ ...good, lossRatio: -0.1 }], 'loss ratio'],
    ['no width', [{ ...good, width: 0 }], 'width'],
    ['a sum that is too short', [{ ...good, durationSumSeconds: 0.5 }], 'initial <= final <= sum'],
    ['NaN', [{ ...good, finalTrialSeconds: Number.NaN }], 'initial <= final <= sum'],
  ])('%s is refused', (_, list, told) => {
    expect(() => checkGoals(list)).toThrow(told);
  });
});
