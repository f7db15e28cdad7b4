/** How a command ends: 0 fine, 1 the run failed or the ledger does not balance, 2 bad input. Mistakes are lines, not stack traces. */
import { stderr } from 'node:process';
import type { Topology } from '../topology/model.ts';
import { TopologyError } from '../topology/problem.ts';
import { excerpt } from './excerpt.ts';

export const EXIT_FINE = 0;
export const EXIT_FAILED = 1;
export const EXIT_BAD_INPUT = 2;

/** What the user typed is wrong: a line for each mistake. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Told apart by name: to import the classes would load the whole engine at every start, even for `--help`. */
const EXITS: Readonly<Record<string, number>> = {
  UsageError: EXIT_BAD_INPUT,
  TopologyError: EXIT_BAD_INPUT,
  CaptureError: EXIT_BAD_INPUT,
  FilterError: EXIT_BAD_INPUT,
  PlanError: EXIT_BAD_INPUT,
  OutputError: EXIT_BAD_INPUT,
  NetworkError: EXIT_BAD_INPUT,
  SnapshotError: EXIT_BAD_INPUT,
  AttachError: EXIT_BAD_INPUT,
  BenchError: EXIT_BAD_INPUT,
  LoopError: EXIT_FAILED,
};
/** Excerpts shown before the rest of the problems have to do with their lines. */
const EXCERPTS_MAX = 20;

/** One line for whoever reads: names in it come from files, so nothing in it may drive a terminal. */
export function tell(line: string): void {
  stderr.write(`vswitch: ${line.replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd')}\n`);
}

/** What is no mistake but may surprise. */
export function note(line: string): void {
  tell(`note: ${line}`);
}

/** What a topology may be, but hardly should. */
export function tellWarnings({ warnings }: Pick<Topology, 'warnings'>): void {
  for (const { place, message } of warnings) tell(`warning: ${place}: ${message}`);
}

/** Tells what went wrong and gives the exit code for it. */
export function explainFailure(error: unknown, debug: boolean): number {
  const known = error instanceof Error ? EXITS[error.name] : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (debug && error instanceof Error) {
    for (const line of (error.stack ?? message).split('\n')) tell(line);
  } else if (error instanceof TopologyError) {
    tellProblems(error);
  } else if (known !== undefined) {
    for (const line of message.split('\n')) tell(line);
  } else {
    tell(`${message.split('\n')[0]}; that is a fault of the program, --debug shows where`);
  }
  return known ?? EXIT_FAILED;
}

/** Each problem with the line it is about. */
function tellProblems({ message, problems }: TopologyError): void {
  const lines = message.split('\n');
  const shown = excerpt(problems.slice(0, EXCERPTS_MAX));
  lines.forEach((line, i) => {
    tell(line);
    if (lines.length === problems.length && shown[i]) stderr.write(`${shown[i]}\n`);
  });
}
