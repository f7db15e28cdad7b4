/**
 * What a bench prints: one line of JSON on stdout, the same shape for all, from which all.ts makes its table. A bench whose
 * books do not balance, or that has no figure, prints its line all the same and fails.
 */
import type { Ledger } from '../src/telemetry/report.ts';
import { type Machine, machine } from './machine.ts';

export interface Figure {
  readonly case: string;
  readonly unit: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** Measurements that the median is of. */
  readonly n: number;
  readonly ratio?: number;
  readonly ratioTo?: string;
  readonly target?: Target;
}

export interface Target {
  readonly of: 'median' | 'ratio';
  readonly sign: '>=' | '<';
  readonly value: number;
}

export interface Line {
  readonly bench: string;
  readonly settings: Readonly<Record<string, number | string>>;
  readonly figures: readonly Figure[];
  /** The ledger balances, everything that was measured did what it should. */
  readonly balanced: boolean;
  /** Dropped while measuring, by verdict. */
  readonly drops: Ledger['drops'];
  /** Of the work done: equal for equal settings, or a count where the clock decides how much is done. */
  readonly checksum: number | string;
  /** What was not measured, and why. */
  readonly skipped?: Readonly<Record<string, string>>;
  readonly machine: Machine;
}

/** Four significant digits: more would be noise. */
export function digits(value: number): number {
  return Number(value.toPrecision(4));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function figure(name: string, unit: string, values: readonly number[], more: Partial<Figure> = {}): Figure {
  return {
    case: name,
    unit,
    min: digits(Math.min(...values)),
    median: digits(median(values)),
    max: digits(Math.max(...values)),
    n: values.length,
    ...more,
  };
}

/** True or false; null when the figure has no target. */
export function meets({ target, median: value, ratio = Number.NaN }: Figure): boolean | null {
  if (target === undefined) return null;
  const measured = target.of === 'ratio' ? ratio : value;
  return target.sign === '>=' ? measured >= target.value : measured < target.value;
}

export function print(line: Omit<Line, 'machine'>): void {
  console.log(JSON.stringify({ ...line, machine: machine() }));
  const isMeasured = line.figures.every(({ min, median: middle, max }) => Number.isFinite(min + middle + max));
  if (!line.balanced || line.figures.length === 0 || !isMeasured) process.exitCode = 1;
}

/** What was dropped between two ledgers. */
export function dropsBetween(before: Ledger, after: Ledger): Record<string, number> {
  const drops = Object.entries(after.drops).map(([name, n]) => [name, n - (before.drops[name] ?? 0)] as const);
  return Object.fromEntries(drops.filter(([, n]) => n !== 0));
}
