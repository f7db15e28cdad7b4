/** Figures and tables as people read them. */
import { stdout } from 'node:process';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours only where a person looks and has not said no (https://no-color.org). */
const colourful = stdout.isTTY === true && process.env['NO_COLOR'] === undefined;

export function paint(style: Style, text: string): string {
  return colourful ? styleText(style, text) : text;
}

/** 12,345,678 */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1.25 M`; with a unit behind it `1.25 Mframes/s`, `178 frames/s`. */
export function scaled(value: number, unit = ''): string {
  const steps = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  for (const [step, prefix] of steps) if (value >= step) return `${(value / step).toFixed(2)} ${prefix}${unit}`;
  return `${value.toFixed(0)} ${unit}`.trimEnd();
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A table in plain columns, easy to grep: two spaces between, no frame. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) => Math.max(column.title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]!.align === 'right' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [paint('bold', line(columns.map((c) => c.title))), ...rows.map(line)].join('\n');
}

/** A bar of `width` characters for a share of 0-1. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}
