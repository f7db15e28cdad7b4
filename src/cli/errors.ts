/** How a command ends: 0 fine, 1 the run failed or the ledger does not balance, 2 bad input. Mistakes are lines, not stack traces. */
import { stderr } from 'node:process';
import { CaptureError } from '../capture/read.ts';
import { OutputError } from '../engine/capture-file.ts';
import { NetworkError } from '../engine/network.ts';
import { PlanError } from '../engine/plan.ts';
import { TopologyError } from '../topology/load.ts';

export const EXIT_FINE = 0;
export const EXIT_FAILED = 1;
export const EXIT_BAD_INPUT = 2;

/** What the user typed is wrong: one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const BAD_INPUT = [TopologyError, CaptureError, PlanError, OutputError, NetworkError, UsageError];

/** Tells what went wrong and gives the exit code for it. */
export function explainFailure(error: unknown, debug: boolean): number {
  const isBadInput = BAD_INPUT.some((kind) => error instanceof kind);
  const message = error instanceof Error ? error.message : String(error);
  const lines = debug && error instanceof Error ? (error.stack ?? message) : isBadInput ? message : firstLine(message);
  for (const line of lines.split('\n')) stderr.write(`vswitch: ${line}\n`);
  if (!isBadInput && !debug) stderr.write('vswitch: that is a fault of the program; --debug shows where\n');
  return isBadInput ? EXIT_BAD_INPUT : EXIT_FAILED;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
