/**
 * What a search of loads looks for, and what trials at one load say about it: MLRsearch, draft-ietf-bmwg-mlrsearch-15.
 *
 * Times are seconds, loads frames/s (any unit does, as long as it is one), ratios 0 to 1.
 */
import { BenchError } from '../error.ts';

/** Search Goal (draft section "Search Goal"). */
export interface Goal {
  /** `NDR`, `PDR`; unique within a search. */
  readonly name: string;
  /** Trials at least this long are full-length. */
  readonly finalTrialSeconds: number;
  /** Full-length trials of this length in all decide about a load in any case. */
  readonly durationSumSeconds: number;
  /** A trial that loses more is high-loss. */
  readonly lossRatio: number;
  /** Share of the time that may be high-loss; below 1. 0: one bad trial is enough. */
  readonly exceedRatio: number;
  /** Bounds are near enough when (upper - lower) / upper is at most this; 0.0001 to below 1. */
  readonly width: number;
  /** Length of the trials that the search begins with; at most the final one. */
  readonly initialTrialSeconds: number;
}

/** What the search knows of a trial. */
export interface Trial {
  /** Frames lost of those intended, 0 to 1: a generator that fell short has lost what it did not send. */
  readonly lossRatio: number;
  /** Trial Effective Duration: what it took in fact, with waits if these are to count. Above 0. */
  readonly seconds: number;
}

/** A trial with the length that was asked for; that, not the effective one, decides whether it is full-length. */
export interface TrialDone<T extends Trial = Trial> {
  readonly load: number;
  readonly intendedSeconds: number;
  readonly trial: T;
}

export type Bound = 'lower' | 'upper' | 'undecided';

type Criterion = Pick<Goal, 'finalTrialSeconds' | 'durationSumSeconds' | 'lossRatio' | 'exceedRatio'>;

/** Sums are taken in whole ns, so that ten trials of 0.1 s are a second. */
const ns = (seconds: number): number => Math.round(seconds * 1e9);

/** Load classification from all trials at a load (draft appendix "Load Classification Code"). */
export function classify(trials: readonly TrialDone[], goal: Criterion): Bound {
  const sum = { fullLow: 0, fullHigh: 0, shortLow: 0, shortHigh: 0 };
  for (const { intendedSeconds, trial } of trials) {
    const isHigh = trial.lossRatio > goal.lossRatio;
    const isFull = intendedSeconds >= goal.finalTrialSeconds;
    sum[isFull ? (isHigh ? 'fullHigh' : 'fullLow') : isHigh ? 'shortHigh' : 'shortLow'] += ns(trial.seconds);
  }
  const balancing = (sum.shortLow * goal.exceedRatio) / (1 - goal.exceedRatio);
  const effectiveHigh = sum.fullHigh + Math.max(0, sum.shortHigh - balancing);
  const whole = Math.max(sum.fullLow + effectiveHigh, ns(goal.durationSumSeconds));
  const tolerated = whole * goal.exceedRatio;
  if (effectiveHigh > tolerated) return 'upper';
  const pessimisticHigh = whole - sum.fullLow;
  return pessimisticHigh <= tolerated ? 'lower' : 'undecided';
}

/** Half a nanosecond: what a product of whole ns and a ratio may be off. */
const tolerance = 0.5;

/**
 * Conditional Throughput: the load less the loss of the full-length trial that stands at the exceed ratio's place when they are
 * ordered by loss (draft appendix "Conditional Throughput Code"; time that was not measured counts as lost).
 * @returns Frames/s received; null without a trial at this load.
 */
export function conditionalThroughput(trials: readonly TrialDone[], goal: Criterion): number | null {
  const [first] = trials;
  if (first === undefined) return null;
  const full = trials
    .filter(({ intendedSeconds }) => intendedSeconds >= goal.finalTrialSeconds)
    .sort((a, b) => a.trial.lossRatio - b.trial.lossRatio);
  const measured = full.reduce((sum, { trial }) => sum + ns(trial.seconds), 0);
  let remaining = Math.max(ns(goal.durationSumSeconds), measured) * (1 - goal.exceedRatio);
  let loss = 1;
  for (const { trial } of full) {
    if (remaining <= tolerance) break;
    loss = trial.lossRatio;
    remaining -= ns(trial.seconds);
  }
  return first.load * (1 - (remaining > tolerance ? 1 : loss));
}

/** Goals with a name, as a report has to state them. */
export interface Preset {
  /** `RFC 2544`, `TST009`, `CSIT`, or with `(quick)` behind it. */
  readonly name: string;
  /** Shorter than the method wants: for a first look, not to be quoted as the method's result. */
  readonly isQuick: boolean;
  readonly goals: readonly Goal[];
}

export type PresetName = 'rfc2544' | 'tst009' | 'csit';

/** The goal width is CSIT's 0.5 % everywhere; neither RFC 2544 nor TST009 asks for one. */
const width = 0.005;
const quickWidth = 0.01;

const presets: Readonly<Record<PresetName, { title: string; goals: Goal[]; quick: Partial<Goal> }>> = {
  /** Section 24 of RFC 2544: the lower bound is its throughput. */
  rfc2544: {
    title: 'RFC 2544',
    goals: [
      {
        name: 'NDR',
        finalTrialSeconds: 60,
        durationSumSeconds: 60,
        lossRatio: 0,
        exceedRatio: 0,
        width,
        initialTrialSeconds: 1,
      },
    ],
    quick: { finalTrialSeconds: 2, durationSumSeconds: 2, initialTrialSeconds: 0.2 },
  },
  /** ETSI GS NFV-TST 009 section 12.3.3, binary search with loss verification, max(r) = 2. */
  tst009: {
    title: 'TST009',
    goals: [
      {
        name: 'NDR',
        finalTrialSeconds: 60,
        durationSumSeconds: 120,
        lossRatio: 0,
        exceedRatio: 0.5,
        width,
        initialTrialSeconds: 1,
      },
    ],
    quick: { finalTrialSeconds: 2, durationSumSeconds: 4, initialTrialSeconds: 0.2 },
  },
  /** FD.io CSIT: many short trials, so that a garbage collection in one of them decides nothing. */
  csit: {
    title: 'CSIT',
    goals: [
      {
        name: 'NDR',
        finalTrialSeconds: 1,
        durationSumSeconds: 21,
        lossRatio: 0,
        exceedRatio: 0.5,
        width,
        initialTrialSeconds: 1,
      },
      {
        name: 'PDR',
        finalTrialSeconds: 1,
        durationSumSeconds: 21,
        lossRatio: 0.005,
        exceedRatio: 0.5,
        width,
        initialTrialSeconds: 1,
      },
    ],
    quick: { finalTrialSeconds: 0.2, durationSumSeconds: 1, initialTrialSeconds: 0.2 },
  },
};

/** The goals of a method; `isQuick` takes shorter trials and a width of 1 %, and says so in the name. */
export function preset(name: PresetName, isQuick = false): Preset {
  const { title, goals, quick } = presets[name];
  if (!isQuick) return { name: title, isQuick, goals };
  return { name: `${title} (quick)`, isQuick, goals: goals.map((goal) => ({ ...goal, ...quick, width: quickWidth })) };
}

/** @throws BenchError for goals that no search can serve. */
export function checkGoals(goals: readonly Goal[]): void {
  if (goals.length === 0) throw new BenchError('a search without a goal', 'give at least one');
  if (new Set(goals.map(({ name }) => name)).size < goals.length) {
    throw new BenchError('two goals of a search have one name', 'give each a name of its own');
  }
  for (const goal of goals) checkGoal(goal);
}

function checkGoal(goal: Goal): void {
  const refuse = (what: string, remedy: string): never => {
    throw new BenchError(`goal ${goal.name}: ${what}`, remedy);
  };
  const { initialTrialSeconds: initial, finalTrialSeconds: final, durationSumSeconds: sum } = goal;
  if (!(initial > 0 && initial <= final && final <= sum && Number.isFinite(sum))) {
    refuse(`trials of ${initial} s, ${final} s and ${sum} s in all`, 'initial <= final <= sum, all above 0');
  }
  if (!(goal.lossRatio >= 0 && goal.lossRatio < 1)) refuse(`a loss ratio of ${goal.lossRatio}`, 'use 0 to below 1');
  if (!(goal.exceedRatio >= 0 && goal.exceedRatio < 1)) {
    refuse(`an exceed ratio of ${goal.exceedRatio}`, 'use 0 to below 1: at 1 every load would pass');
  }
  if (!(goal.width >= 1e-4 && goal.width < 1)) refuse(`a width of ${goal.width}`, 'use 0.0001 to below 1');
}
