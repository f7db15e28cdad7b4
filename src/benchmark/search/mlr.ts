/**
 * MLRsearch: several throughputs in one search, by draft-ietf-bmwg-mlrsearch-15. This is the draft's Controller; `measure` is its Measurer.
 *
 * How loads are classified is the draft's, and in goal.ts. Which loads are tried next is every implementation's own, and ours is:
 *   start   the greatest load for a short while, then what it let through, then what that let through: near the answer in three trials
 *   stages  each goal three times: with short trials and four times its width, longer and twice, as it is. A stage begins with
 *           the bounds of the one before; where these do not hold, it steps outwards, each step twice as far; else it halves the ratio
 *   end     the last stage goes over all goals until none wants a trial: one goal's trials can move another one's bounds
 * Goals that lose less come first, since lower loads should be tried first: an upper bound found late invalidates what is above it.
 *
 * The search has no chance and no clock in it: with the same trials it asks for the same loads in the same order, so that an interrupted
 * one goes on when it is given the trials that it had.
 */
import { BenchError } from '../error.ts';
import { median } from '../statistics.ts';
import { attempt, type Measure, type Measured } from './attempt.ts';
import { checkGoals, classify, conditionalThroughput, type Goal, type TrialDone } from './goal.ts';

export interface MlrOptions<T extends Measured> {
  readonly goals: readonly Goal[];
  /** Frames/s, above 0. A load that nobody would want to hear of. */
  readonly minLoad: number;
  /** Frames/s, above `minLoad`: what the generator can offer, or the line rate. */
  readonly maxLoad: number;
  /** Warm-up is its own business: a cold device's first trials would count for good. */
  readonly measure: Measure<T>;
  readonly onEvent?: (event: MlrEvent<T>) => void;
  /** Trials after which the search gives up, 5,000 if not said. */
  readonly trialsMax?: number;
}

export type MlrEvent<T extends Measured> =
  | { readonly kind: 'trial'; readonly done: TrialDone<T>; readonly goal: string | null; readonly stage: number }
  | { readonly kind: 'void'; readonly load: number; readonly seconds: number; readonly trial: T }
  | ({ readonly kind: 'bounds'; readonly goal: string; readonly stage: number; readonly stages: number } & Bounds);

/** Frames/s; null where there is none. */
export interface Bounds {
  readonly lower: number | null;
  readonly upper: number | null;
}

/** Goal Result of the draft. */
export interface GoalResult<T extends Measured> extends Bounds {
  readonly goal: Goal;
  /** null for a regular result: both bounds, and no farther apart than the goal's width. */
  readonly irregular: 'min load fails' | 'max load passes' | 'gave up' | null;
  /** At the lower bound, frames/s received; null without one. */
  readonly conditionalThroughput: number | null;
  /** All trials at the lower bound, in order of time; without one, those at the upper bound. */
  readonly relevantTrials: readonly TrialDone<T>[];
}

export interface MlrResult<T extends Measured> {
  /** In the order of the goals. */
  readonly goals: readonly GoalResult<T>[];
  /** MRR: median of the frames/s received at the greatest load, from `mrrTrials` trials. */
  readonly mrr: number;
  readonly mrrTrials: number;
  /** All valid trials in order of time. */
  readonly trials: readonly TrialDone<T>[];
  readonly voids: number;
  /** Sum of all valid trials' effective seconds. */
  readonly seconds: number;
}

/** @throws BenchError for goals or loads that make no sense, and after three void trials in a row; whatever `measure` throws. */
export async function searchMlr<T extends Measured>(options: MlrOptions<T>): Promise<MlrResult<T>> {
  checkGoals(options.goals);
  const { minLoad, maxLoad, trialsMax = trialsMaxDefault } = options;
  if (!(trialsMax >= 1)) throw new BenchError(`a search of ${trialsMax} trials`, 'allow at least one');
  if (!(minLoad > 0 && minLoad < maxLoad && Number.isFinite(maxLoad))) {
    throw new BenchError(`loads from ${minLoad} to ${maxLoad}`, 'the least must be above 0 and below the greatest');
  }
  return await new Search(options).run();
}

/** Ends the search from wherever it is. */
const gaveUp = Symbol('gave up');

/** A goal on its way: shorter and coarser until the last stage, which is the goal. */
type Stage = Goal & { readonly number: number };

const stagesCount = 3;
const trialsMaxDefault = 5_000;

class Search<T extends Measured> {
  private readonly options: MlrOptions<T>;
  private readonly trials: TrialDone<T>[] = [];
  private readonly byLoad = new Map<number, TrialDone<T>[]>();
  private voids = 0;

  constructor(options: MlrOptions<T>) {
    this.options = options;
  }

  async run(): Promise<MlrResult<T>> {
    let isWhole = true;
    try {
      await this.start();
      await this.narrowAll();
    } catch (error) {
      if (error !== gaveUp) throw error;
      isWhole = false;
    }
    const atMax = this.byLoad.get(this.options.maxLoad) ?? [];
    return {
      goals: this.options.goals.map((goal) => this.resultOf(goal, isWhole)),
      mrr: median(atMax.map(({ load, trial }) => load * (1 - trial.lossRatio)))!,
      mrrTrials: atMax.length,
      trials: this.trials,
      voids: this.voids,
      seconds: this.trials.reduce((sum, { trial }) => sum + trial.seconds, 0),
    };
  }

  private async start(): Promise<void> {
    const seconds = Math.min(...this.options.goals.map(({ initialTrialSeconds }) => initialTrialSeconds));
    let load = this.options.maxLoad;
    for (let i = 0; i < 3; i++) {
      const { lossRatio } = await this.measure(load, seconds, null, 0);
      const next = this.usable(load * (1 - lossRatio));
      if (next >= load) return;
      load = next;
    }
  }

  private async narrowAll(): Promise<void> {
    const { goals } = this.options;
    const inOrder = [...goals].sort((a, b) => a.lossRatio - b.lossRatio);
    const found = new Map<Goal, Bounds>();
    const pass = async (number: number): Promise<void> => {
      for (const goal of inOrder) {
        const stage = stageOf(goal, number);
        const bounds = await this.narrow(stage, found.get(goal) ?? { lower: null, upper: null });
        found.set(goal, bounds);
        this.options.onEvent?.({ kind: 'bounds', goal: goal.name, stage: number, stages: stagesCount, ...bounds });
      }
    };
    for (let number = 1; number < stagesCount; number++) await pass(number);
    for (let before = -1; before < this.trials.length; ) {
      before = this.trials.length;
      await pass(stagesCount);
    }
  }

  /** Measures until the bounds of this stage are near enough, or an end of the range is reached. */
  private async narrow(stage: Stage, hint: Bounds): Promise<Bounds> {
    let reach = 1;
    for (;;) {
      const bounds = this.bounds(stage);
      let load = this.expected(stage, bounds, hint);
      if (load === null) {
        load = this.next(stage, bounds, hint, reach);
        reach *= 2;
      }
      if (load === null) return bounds;
      while (classify(this.byLoad.get(load) ?? [], stage) === 'undecided') {
        await this.measure(load, stage.finalTrialSeconds, stage.name, stage.number);
      }
    }
  }

  /** A bound of the stage before that this one has not yet looked at, the lower one first. */
  private expected(stage: Stage, bounds: Bounds, hint: Bounds): number | null {
    if (this.isDone(stage, bounds)) return null;
    for (const load of [hint.lower, hint.upper]) {
      if (load === null || load <= (bounds.lower ?? 0) || load >= (bounds.upper ?? Number.POSITIVE_INFINITY)) continue;
      return load;
    }
    return null;
  }

  private isDone({ width }: Stage, { lower, upper }: Bounds): boolean {
    if (lower !== null && upper !== null) return isNear(lower, upper, width);
    return upper === this.options.minLoad || lower === this.options.maxLoad;
  }

  /** Outwards from bounds that turned out to be wrong or are the only ones, else the geometric mean; null when done. */
  private next(stage: Stage, bounds: Bounds, hint: Bounds, reach: number): number | null {
    if (this.isDone(stage, bounds)) return null;
    const { minLoad, maxLoad } = this.options;
    const { lower, upper } = bounds;
    if (lower === null && upper === null) return maxLoad;
    const step = (1 - stage.width) ** reach;
    if (upper !== null && (lower === null || (hint.lower !== null && upper <= hint.lower))) {
      const inward = lower === null ? minLoad : Math.sqrt(lower * upper);
      return this.usable(Math.max(inward, upper * step));
    }
    const inward = upper === null ? maxLoad : Math.sqrt(lower! * upper);
    const isAbove = upper === null || (hint.upper !== null && lower! >= hint.upper);
    return this.usable(isAbove ? Math.min(inward, lower! / step) : inward);
  }

  /** Within the range, and short enough to be read; six digits are far finer than any width. An end of the range is met exactly. */
  private usable(load: number): number {
    const { minLoad, maxLoad } = this.options;
    if (load <= minLoad * (1 + 1e-5)) return minLoad;
    return load >= maxLoad * (1 - 1e-5) ? maxLoad : Number(load.toPrecision(6));
  }

  /** Relevant bounds of the draft: the least load that fails, and the greatest below it that passes. */
  private bounds(goal: Goal): Bounds {
    let lower: number | null = null;
    for (const load of [...this.byLoad.keys()].sort((a, b) => a - b)) {
      const bound = classify(this.byLoad.get(load)!, goal);
      if (bound === 'upper') return { lower, upper: load };
      if (bound === 'lower') lower = load;
    }
    return { lower, upper: null };
  }

  private async measure(load: number, seconds: number, goal: string | null, stage: number): Promise<T> {
    const { measure, onEvent, trialsMax = trialsMaxDefault } = this.options;
    if (this.trials.length >= trialsMax) throw gaveUp;
    const trial = await attempt(measure, load, seconds, (failed) => {
      this.voids++;
      onEvent?.({ kind: 'void', load, seconds, trial: failed });
    });
    const done = { load, intendedSeconds: seconds, trial };
    this.trials.push(done);
    this.byLoad.set(load, [...(this.byLoad.get(load) ?? []), done]);
    onEvent?.({ kind: 'trial', done, goal, stage });
    return trial;
  }

  private resultOf(goal: Goal, isWhole: boolean): GoalResult<T> {
    const { lower, upper } = this.bounds(goal);
    const relevantTrials = this.byLoad.get(lower ?? upper ?? 0) ?? [];
    const conditional = lower === null ? null : conditionalThroughput(relevantTrials, goal);
    return {
      goal,
      lower,
      upper,
      irregular: this.irregular(goal, lower, upper, isWhole),
      conditionalThroughput: conditional,
      relevantTrials,
    };
  }

  private irregular(
    goal: Goal,
    lower: number | null,
    upper: number | null,
    isWhole: boolean,
  ): GoalResult<T>['irregular'] {
    if (lower !== null && upper !== null && isNear(lower, upper, goal.width)) return null;
    if (upper === this.options.minLoad) return 'min load fails';
    if (lower === this.options.maxLoad && upper === null) return 'max load passes';
    if (isWhole) throw new Error(`the search for ${goal.name} ended between ${lower} and ${upper}`);
    return 'gave up';
  }
}

/** Widths are relative to the upper bound (draft section "Goal Width"); the last digit is the division's. */
const isNear = (lower: number, upper: number, width: number): boolean => (upper - lower) / upper <= width * (1 + 1e-9);

function stageOf(goal: Goal, number: number): Stage {
  if (number === stagesCount) return { ...goal, number };
  const share = (number - 1) / (stagesCount - 1);
  const { initialTrialSeconds: initial } = goal;
  const between = (final: number): number => Number((initial * (final / initial) ** share).toPrecision(3));
  const finalTrialSeconds = Math.min(goal.finalTrialSeconds, between(goal.finalTrialSeconds));
  return {
    ...goal,
    number,
    finalTrialSeconds,
    durationSumSeconds: Math.max(finalTrialSeconds, between(goal.durationSumSeconds)),
    width: Math.min(0.5, goal.width * 2 ** (stagesCount - number)),
  };
}
