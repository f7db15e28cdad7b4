/**
 * Numbers as people read them: three digits, SI prefixes, thousands apart. One place, so that page, terminal and `compare` agree.
 * Between a number and its unit, and before `%`, stands a space that does not break.
 */
import type { Figure, TestResult } from '../model.ts';

/** How numbers of a unit are shown: times `factor`, in `unit`. */
export interface Scale {
  readonly factor: number;
  readonly unit: string;
}

const SPACE = '\u00a0';
const RATES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;
/** Seconds in a unit, largest first. */
const TIMES = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const;

const secondsIn = (unit: string): number | undefined =>
  TIMES.find(([, name]) => name === unit.replace('us', 'µs'))?.[0];

/** The prefix that suits a number of this size. Rates (`…/s`) and times have prefixes, everything else is shown as it is. */
export function scaleOf(unit: string, size: number): Scale {
  const seconds = secondsIn(unit);
  if (seconds !== undefined) {
    const [step, name] =
      TIMES.find(([step]) => size * seconds >= step * 0.999_5) ?? (size === 0 ? [seconds, unit] : TIMES[3]);
    return { factor: seconds / step, unit: name };
  }
  const rate = unit.endsWith('/s') ? RATES.find(([step]) => size >= step * 0.999_5) : undefined;
  return rate === undefined ? { factor: 1, unit } : { factor: 1 / rate[0], unit: `${rate[1]}${unit}` };
}

/** One scale for a column or an axis: that of its largest number, unless the smallest would be lost in it. null: each its own. */
export function commonScale(unit: string, values: readonly number[]): Scale | null {
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  const largest = Math.max(0, ...sizes);
  return Math.min(largest, ...sizes) < largest / 1_000 ? null : scaleOf(unit, largest);
}

/** Whole numbers in full up to a billion, others to three digits: `12,345`, `12.3`, `0.0123`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if ((Number.isInteger(value) && size < 1e9) || size >= 999.5) return plain(value, size < 1e15 ? 0 : null);
  if (size === 0) return '0';
  if (size < 1e-6) return value.toExponential(1).replace('-', '−');
  return plain(value, Math.max(0, 2 - Math.floor(Math.log10(size * (1 + 1e-9)))));
}

function plain(value: number, digits: number | null): string {
  if (digits === null) return value.toExponential(2);
  return value
    .toLocaleString('en-US', {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
    .replace('-', '−');
}

/** `12.3 Mframes/s`, `4.20 µs`, `50 %`, `1,024 addresses`. */
export function quantity(value: number, unit: string, scale: Scale | null = null): string {
  const { factor, unit: shown } = scale ?? scaleOf(unit, Math.abs(value));
  const number = numberText(factor === 1 ? value : value * factor);
  return shown === '' ? number : `${number}${SPACE}${shown}`;
}

/** The number and its unit without any rounding, for whoever points at it. */
export function exact(value: number, unit: string): string {
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 12 })}${SPACE}${unit}`.trim();
}

/** `+1.2 %`, `−0.3 %` of a share; `±0 %` of nothing. */
export function signedPercent(share: number): string {
  const percent = Math.abs(share) * 100;
  const text = share === 0 || percent >= 99.95 ? numberText(Math.round(percent)) : percent.toFixed(1);
  return `${share === 0 ? '±' : share > 0 ? '+' : '−'}${text}${SPACE}%`;
}

/** `1 trial`, `2,000 trials`. */
export function counted(count: number, noun: string): string {
  const ending = count === 1 ? '' : /(ch|sh|s|x)$/.test(noun) ? 'es' : 's';
  return `${count.toLocaleString('en-US')} ${noun}${ending}`;
}

/** `18 s`, `30 min 34 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? numberText(Math.round(seconds * 10) / 10) : Math.round(seconds)}${SPACE}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${SPACE}min ${Math.round(seconds % 60)}${SPACE}s`;
  return `${Math.floor(minutes / 60)}${SPACE}h ${minutes % 60}${SPACE}min`;
}

/** What a figure was measured for, in words: `64 bytes, load 50 %`. */
export function labelsText(labels: Figure['labels']): string {
  return Object.entries(labels)
    .map(([key, value]) => (key === 'size' ? sizeText(value) : `${key} ${value}`))
    .join(', ');
}

export const sizeText = (size: string | number): string =>
  typeof size === 'number' || /^\d+$/.test(size) ? `${size}${SPACE}bytes` : size;

/** `2026-11-23 15:23 UTC`; what is no time stays as it is. */
export function dateText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export const STATUS: Readonly<Record<TestResult['status'], string>> = {
  done: 'measured',
  'not-applicable': 'not applicable',
  failed: 'failed',
};
