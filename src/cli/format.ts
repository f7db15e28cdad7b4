/** Figures and tables as people read them. */
import { env, stderr, stdout } from 'node:process';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours only where a person looks and has not said no (https://no-color.org: an empty NO_COLOR says nothing). */
const colourful = {
  stdout: stdout.isTTY === true && !env['NO_COLOR'],
  stderr: stderr.isTTY === true && !env['NO_COLOR'],
};

export function paint(style: Style, text: string): string {
  return paintFor('stdout', style, text);
}

export function paintFor(stream: 'stdout' | 'stderr', style: Style, text: string): string {
  return colourful[stream] ? styleText(style, text) : text;
}

/** 12,345,678 */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 frame`, `2,000 frames`, `3 switches`. */
export function counted(count: number, noun: string): string {
  const plural = noun.endsWith('ch') ? `${noun}es` : `${noun}s`;
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
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
