/**
 * Quantities with a unit: durations and rates.
 */
import type { Rate } from './model.ts';
import { count } from './scalar.ts';
import { Refusal } from './value.ts';

/** Both code points that keyboards give for the micro sign are accepted. */
const nanosecondsPer: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  '\u00b5s': 1e3,
  '\u03bcs': 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};

const durationPattern = /^(\d+(?:\.\d+)?) ?([a-z\u00b5\u03bc]+)$/;
const unitsAllowed = 'a number with ns, us, ms, s, m or h, such as 2us or 1.5s';

/**
 * Nanoseconds, rounded to whole ones. A plain number is in seconds.
 * 0 to 2^53 - 1 ns (104 days), the range in which a JavaScript number counts nanoseconds exactly.
 */
export function readDuration(value: unknown): number {
  const text = typeof value === 'number' ? `${value}s` : value;
  return nanoseconds(value, text, `${unitsAllowed}, or a number of seconds`);
}

/** As readDuration, but only 0 may stand without a unit: nobody means a cable of two seconds by `delay: 2`. */
export function readDelay(value: unknown): number {
  return value === 0 ? 0 : nanoseconds(value, value, unitsAllowed);
}

/** Whole nanoseconds of a text with a unit, such as `10s`, in the range of readDuration; null for anything else. */
export function durationNs(text: string): number | null {
  const [, number, unit] = durationPattern.exec(text) ?? [];
  const result = Math.round(Number(number) * (nanosecondsPer[unit ?? ''] ?? Number.NaN));
  return Number.isSafeInteger(result) ? result : null;
}

function nanoseconds(value: unknown, text: unknown, allowed: string): number {
  const result = typeof text === 'string' ? durationNs(text) : null;
  if (result === null) throw new Refusal(value, 'a duration', `${allowed}; at most 100 days`);
  return result;
}

const smallDelayNsMax = 1e9;

/** A delay of at most 1 s. */
export function readSmallDelay(value: unknown): number {
  const ns = readDelay(value);
  if (ns <= smallDelayNsMax) return ns;
  throw new Refusal(value, 'in range', '0 to 1s');
}

/** The same, and not 0. */
export function readHold(value: unknown): number {
  const ns = readDelay(value);
  if (ns >= 1 && ns <= smallDelayNsMax) return ns;
  throw new Refusal(value, 'in range', '1ns to 1s');
}

const percentPattern = /^(\d+(?:\.\d+)?) ?%$/;

/** A share of 0 to 1 from a text in per cent. Only 0 may stand without the sign: nobody knows whether `loss: 1` is one or all. */
export function readShare(value: unknown): number {
  if (value === 0) return 0;
  const [, number] = (typeof value === 'string' && percentPattern.exec(value)) || [];
  const share = Number(number) / 100;
  if (share <= 1) return share;
  throw new Refusal(value, 'a share', 'per cent such as 1% or 0.05%, 0% to 100%');
}

const pauseNsMin = 1e6;
const pauseNsMax = 3_600e9;

/** Time between two frames of the same kind. */
export function readPause(value: unknown): number {
  const ns = readDelay(value);
  if (ns >= pauseNsMin && ns <= pauseNsMax) return ns;
  throw new Refusal(value, 'in range', '1ms to 1h');
}

/** Whole milliseconds. */
export function readGrace(value: unknown): number {
  const ms = readDelay(value) / 1e6;
  if (Number.isInteger(ms) && ms * 1e6 <= pauseNsMax) return ms;
  throw new Refusal(value, 'in range', '0 to 1h in whole milliseconds');
}

const ageingSecondsMax = 1_000_000;

/** Seconds, 1 to 1,000,000; 802.1D-2004 table 7-5 begins at 10 s, lessons want to see an entry go sooner. */
export function readAgeing(value: unknown): number {
  const seconds = readDuration(value) / 1e9;
  if (seconds >= 1 && seconds <= ageingSecondsMax) return seconds;
  throw new Refusal(value, 'in range', `1s to ${count(ageingSecondsMax)}s`);
}

const decimal: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const bitRatePattern = /^(\d+(?:\.\d+)?) ?([kKMGT]?)(?:bps)?$/;
const frameRatePattern = /^(\d+(?:\.\d+)?) ?([kKMGT]?)pps$/;

/** bit/s, whole; null for `unlimited`. */
export function readLinkRate(value: unknown): number | null {
  if (value === 'unlimited') return null;
  const text = typeof value === 'number' ? String(value) : value;
  const rate = Math.round(scaled(text, bitRatePattern) ?? 0);
  if (rate === 0) {
    throw new Refusal(value, 'a rate', 'bits a second, such as 10G, 100M or 2.5Gbps, or unlimited');
  }
  return rate;
}

const bucketRateMax = 1e12;

/** bit/s of a token bucket, whole, 1 to 1 Tbit/s. */
export function readBucketRate(value: unknown): number {
  const text = typeof value === 'number' ? String(value) : value;
  const rate = Math.round(scaled(text, bitRatePattern) ?? 0);
  if (rate >= 1 && rate <= bucketRateMax) return rate;
  throw new Refusal(value, 'a rate', 'bits a second such as 10G, 100M or 2.5Gbps, 1 to 1T');
}

/** `max`, frames a second (`100kpps`) or bits a second on the wire (`1Gbps`, `1G`). A bare number says neither and is refused. */
export function readTrafficRate(value: unknown): Rate {
  if (value === 'max') return { kind: 'max' };
  const frames = scaled(value, frameRatePattern);
  if (frames !== undefined) return { kind: 'frames', perSecond: frames };
  const bare = typeof value === 'string' && /^[\d.]+$/.test(value);
  const bits = bare ? undefined : scaled(value, bitRatePattern);
  if (bits !== undefined) return { kind: 'bits', perSecond: bits };
  throw new Refusal(value, 'a traffic rate', 'max, frames a second such as 100kpps, or bits a second such as 1Gbps');
}

const sizePattern = /^(\d+(?:\.\d+)?) ?(?:([kKMGT])(i?))?B?$/;
const bytesMax = Number.MAX_SAFE_INTEGER;

/** Bytes, whole, from 1; kB, MB, GB and TB are powers of 1,000, KiB, MiB, GiB and TiB of 1,024. A plain number is in bytes. */
export function readSize(value: unknown): number {
  const [whole, number, prefix = '', binary] = sizePattern.exec(String(value)) ?? [];
  const factor = binary === 'i' ? 1024 ** ('KMGT'.indexOf(prefix.toUpperCase()) + 1) : decimal[prefix]!;
  const bytes = Math.round(Number(number) * factor);
  if (whole !== undefined && bytes >= 1 && bytes <= bytesMax) return bytes;
  throw new Refusal(value, 'a size', 'bytes such as 65536, 10MB or 64MiB, from 1');
}

const frameRateMax = 1e9;

/** Whole frames a second. */
export function readFrameRate(value: unknown): number {
  const rate = scaled(value, frameRatePattern);
  if (rate !== undefined && Number.isInteger(rate) && rate <= frameRateMax) return rate;
  throw new Refusal(value, 'a frame rate', 'whole frames a second such as 100pps or 1kpps, 1pps to 1Gpps');
}

const rateMax = 1e15;

function scaled(text: unknown, pattern: RegExp): number | undefined {
  const match = typeof text === 'string' ? pattern.exec(text) : null;
  if (match === null) return undefined;
  const rate = Number(match[1]) * decimal[match[2]!]!;
  return rate > 0 && rate <= rateMax ? rate : undefined;
}
