/** One scenario on one switch, judged: which steps differ from the recorded behaviour, by reason. */
import type { SwitchUnderTest } from '../core/switch-under-test.ts';
import { compare } from './compare.ts';
import { type Explained, explain, type Reason, reasons } from './explain.ts';
import { play } from './play.ts';
import type { Scenario } from './scenario.ts';

export interface Judgement {
  /** Steps that differ, by reason, as `allowed` writes it. */
  readonly counts: Partial<Record<Reason, number>>;
  /** One line for each difference that no reason explains. */
  readonly unexplained: readonly string[];
}

export function judge(scenario: Scenario, sut: SwitchUnderTest): Judgement {
  const outcome = play(scenario, sut);
  const explained = explain(scenario, outcome, compare(scenario, outcome));
  const steps = new Map<Reason, Set<number>>();
  for (const { reason, step } of explained) {
    if (reason !== undefined) steps.set(reason, (steps.get(reason) ?? new Set()).add(step));
  }
  const line = ({ step, kind, what }: Explained) => `step ${step} (${outcome.steps[step]!.verdict}): ${kind} ${what}`;
  return {
    counts: Object.fromEntries([...steps].map(([reason, { size }]) => [reason, size])),
    unexplained: explained.filter(({ reason }) => reason === undefined).map(line),
  };
}

/** The differences as a small table, and what their reasons mean. */
export function report(judgements: ReadonlyMap<string, Judgement>): string {
  const rows = [...judgements].flatMap(([name, { counts }]) =>
    Object.entries(counts).map(
      ([reason, steps]) => `  ${name.padEnd(30)} ${reason.padEnd(12)} ${String(steps).padStart(3)}`,
    ),
  );
  const legend = Object.entries(reasons).map(([reason, sentence]) => `  ${reason.padEnd(12)} ${sentence}`);
  return ['', '  scenario                       reason     steps', ...rows, '', ...legend, ''].join('\n');
}
