/** What people type, read once: durations, ports with files, frames. */
import { existsSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { readCapture } from '../capture/read.ts';
import type { PortName, Topology } from '../topology/model.ts';
import { explainUnknown, resolvePort } from '../topology/ports.ts';
import { readDuration } from '../topology/quantity.ts';
import { UsageError } from './errors.ts';

/** `10s`, `500ms`, `2us`; a plain number is seconds. In ns. */
export function duration(text: string): bigint {
  try {
    return BigInt(readDuration(/^[\d.]+$/.test(text) ? `${text}s` : text));
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

export function wholeNumber(first: number, last: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < first || value > last)
      throw new InvalidArgumentError(`expected a whole number from ${first} to ${last}.`);
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
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('expected PORT=FILE, such as esx1/vm1=in.pcap.');
  return [...before, { port: text.slice(0, at), file: text.slice(at + 1) }];
}

/** A port's full name, or a line that says which there are. */
export function knownPort(topology: Topology, text: string): PortName {
  const name = resolvePort(topology, text);
  if (name === null) throw new UsageError(explainUnknown(topology, text));
  return name;
}

/** A frame as hex digits (spaces, colons and a leading 0x are fine), or the first frame of a capture file. */
export function frame(text: string): Uint8Array {
  const hex = text.replace(/^0x/i, '').replace(/[\s:]/g, '');
  if (/^([0-9a-f]{2})+$/i.test(hex)) return Uint8Array.from(Buffer.from(hex, 'hex'));
  if (!existsSync(text))
    throw new UsageError(`--frame ${text.slice(0, 40)}: neither hex digits in pairs nor a capture file that exists`);
  for (const { bytes } of readCapture(text)) return bytes;
  throw new UsageError(`${text}: holds no frame`);
}
