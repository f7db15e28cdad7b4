/** What people type, read once: durations, numbers, ports with files. Loaded at every start, so it loads little itself. */
import { InvalidArgumentError } from 'commander';
import { durationNs, readAgeing } from '../topology/quantity.ts';

/** A plain number is in seconds. */
const withUnit = (text: string): string => (/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);

/** `10s`, `500ms`, `2us`; a plain number is seconds. In ns. */
export function duration(text: string): bigint {
  const ns = durationNs(withUnit(text));
  if (ns === null)
    throw new InvalidArgumentError(
      'expected a time such as 10s, 500ms or 2us, or a number of seconds; at most 100 days',
    );
  return BigInt(ns);
}

/** How long a MAC table keeps a silent station, in seconds. */
export function ageing(text: string): number {
  try {
    return readAgeing(withUnit(text));
  } catch {
    throw new InvalidArgumentError('expected a time from 1s to 1000000s, such as 20s');
  }
}

export function wholeNumber(first: number, last: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isInteger(value) || value < first || value > last)
      throw new InvalidArgumentError(`expected a whole number from ${first} to ${last}`);
    return value;
  };
}

export interface PortFile {
  readonly port: string;
  readonly file: string;
}

/** `port=file`, any number of times. */
export function portFile(text: string, before: readonly PortFile[] = []): PortFile[] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('expected PORT=FILE, such as esx1/vm1=in.pcap');
  return [...before, { port: text.slice(0, at), file: text.slice(at + 1) }];
}

export interface TimeFile {
  readonly atNs: bigint;
  readonly file: string;
}

/** `time=file`, any number of times. */
export function timeFile(text: string, before: readonly TimeFile[] = []): TimeFile[] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('expected TIME=FILE, such as 5ms=before.vsnap');
  return [...before, { atNs: duration(text.slice(0, at)), file: text.slice(at + 1) }];
}
