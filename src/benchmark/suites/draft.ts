/** A test's result while it is being measured. */
import type { Figure, Plot, TestResult, TrialResult } from '../model.ts';
import type { FrameMix } from '../sizes.ts';

/** What a test gives beside its name. */
export type Outcome = Omit<TestResult, 'id' | 'title' | 'source'>;

type Labels = Figure['labels'];

export class Draft {
  readonly method: string;
  readonly figures: Figure[] = [];
  readonly plots: Plot[] = [];
  readonly trials: TrialResult[] = [];
  readonly #notes = new Set<string>();
  #unfit: string | null = null;

  constructor(method: string) {
    this.method = method;
  }

  /** Adds a figure if anything was measured for it. */
  figure(name: string, labels: Labels, unit: string, samples: readonly number[], better: Figure['better']): void {
    if (samples.length > 0) this.figures.push({ name, labels, unit, samples, better });
  }

  /** Adds a sentence, once. */
  note(text: string): void {
    this.#notes.add(text);
  }

  /** The network carries no frame of any size asked for: without figures the test does not apply, for this reason. */
  unfit(why: string): void {
    this.#unfit = why;
  }

  trial(trial: TrialResult): void {
    // What suites look at beside the published part would make a large file of a document.
    const { flows: _, ports: __, histogram: ___, ...published } = trial as TrialResult & Record<string, unknown>;
    this.trials.push(published as TrialResult);
  }

  /** A test without any figure has failed: its notes tell why. */
  done(): Outcome {
    if (this.figures.length > 0) return this.#outcome('done', null);
    return this.failed(['nothing could be measured', ...this.#notes].map((text) => text.replace(/\.$/, '')).join('; '));
  }

  /** What was measured on the way to finding so is kept. */
  notApplicable(why: string): Outcome {
    return this.#outcome('not-applicable', why);
  }

  failed(why: string): Outcome {
    return this.#outcome('failed', why);
  }

  /** No size gave a figure: the test has failed where `failure` is among the reasons, and else does not apply. */
  without(reasons: ReadonlySet<string>, failure: string): Outcome {
    const why = [...reasons].join('; ');
    return reasons.has(failure) ? this.failed(why) : this.notApplicable(why);
  }

  #outcome(status: TestResult['status'], why: string | null): Outcome {
    const { method, figures, plots, trials } = this;
    if (figures.length === 0 && this.#unfit !== null) [status, why] = ['not-applicable', this.#unfit];
    return { method, status, why, figures, plots, trials, notes: [...this.#notes] };
  }
}

/** How a size is named in labels: a number where it is one. */
export function sizeOf({ name }: FrameMix): number | string {
  return /^\d+$/.test(name) ? Number(name) : name;
}

/** For notes and progress: `64 bytes`, `imix:csit`. */
export function sizeText({ name }: FrameMix): string {
  return /^\d+$/.test(name) ? `${name} bytes` : name;
}

/** `1.488 Mframes/s`, `0.2 s`, for people. */
export function short(value: number, unit: string): string {
  const prefixes = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  const [size, prefix] = prefixes.find(([each]) => value >= each) ?? [1, ''];
  return `${Number((value / size).toPrecision(4))} ${prefix}${unit}`;
}
