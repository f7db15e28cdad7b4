/** Times of captures, as they are typed and told. */
import { InvalidArgumentError } from 'commander';
import { duration } from '../arguments.ts';

const NS_PER_SECOND = 1_000_000_000n;

/** A moment: since 1970, or since the first frame. */
export interface Moment {
  readonly ns: bigint;
  readonly isRelative: boolean;
}

/** `5ms` (since the first frame), `@1700000000.5` (seconds since 1970), `2023-11-14T22:13:20.5Z`. */
export function moment(text: string): Moment {
  const epoch = /^@(\d{1,10})(?:\.(\d{1,9}))?$/.exec(text);
  if (epoch !== null)
    return { ns: BigInt(epoch[1]!) * NS_PER_SECOND + BigInt((epoch[2] ?? '').padEnd(9, '0')), isRelative: false };
  const date = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  const ms = date === null ? Number.NaN : Date.parse(`${date[1]}Z`);
  if (!Number.isNaN(ms))
    return { ns: BigInt(ms) * 1_000_000n + BigInt((date![2] ?? '').padEnd(9, '0')), isRelative: false };
  try {
    return { ns: duration(text), isRelative: true };
  } catch {
    throw new InvalidArgumentError(
      'expected a time since the first frame such as 5ms, seconds since 1970 such as @1700000000.5, or 2023-11-14T22:13:20Z',
    );
  }
}

/** `1.000001500`: seconds with all nanoseconds. */
export function seconds(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const size = ns < 0n ? -ns : ns;
  return `${sign}${size / NS_PER_SECOND}.${String(size % NS_PER_SECOND).padStart(9, '0')}`;
}

/** `2023-11-14T22:13:20.123456789Z`; seconds since 1970 where the calendar ends. */
export function date(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return `@${seconds(ns)}`;
  return at.toISOString().replace(/\.\d+Z$/, `.${String(ns % NS_PER_SECOND).padStart(9, '0')}Z`);
}
