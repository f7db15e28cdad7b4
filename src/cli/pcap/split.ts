/** `vswitch pcap split`: one capture in several files, by interface, id, section, size, time or number of frames. */
import { join } from 'node:path';
import { stdout } from 'node:process';
import { CaptureCopy } from '../../capture/copy.ts';
import type { FrameCursor, SourceInterface } from '../../capture/frame.ts';
import { EXIT_FAILED, EXIT_FINE, UsageError } from '../errors.ts';
import { counted } from '../format.ts';
import { fileName } from './cat.ts';
import { Inputs } from './select.ts';
import { type Target, target } from './target.ts';

/** Files that are open at once: below what systems allow a process. */
const FILES_MAX = 500;
const DIGITS = 5;

type Key = 'interface' | 'id' | 'section';

export type Criterion =
  | { readonly kind: 'key'; readonly key: Key }
  /** Octets, nanoseconds or frames. */
  | { readonly kind: 'amount'; readonly key: 'size' | 'time' | 'frames'; readonly amount: number };

export interface SplitOptions {
  readonly by: Criterion;
  readonly output: string;
  readonly keepGoing?: boolean;
}

/** A file that is being made. */
class Part {
  readonly path: string;
  readonly copy: CaptureCopy;
  readonly #target: Target;

  constructor(path: string, input: string) {
    this.path = path;
    this.#target = target(path, [input]);
    this.copy = new CaptureCopy(this.#target.sink, null);
  }

  close(): void {
    this.copy.end();
    this.#target.close();
  }

  keep(): void {
    this.close();
    this.#target.keep();
  }

  drop(): void {
    this.#target.drop();
  }
}

/** All files are put in their places at the end, or none is. */
export function split(file: string, options: SplitOptions): number {
  const { by, output } = options;
  const parts: Part[] = [];
  const stem = fileName(file);
  const open = (label: string): Part => {
    const part = new Part(join(output, `${stem}.${label}.pcapng`), file);
    parts.push(part);
    return part;
  };
  const inputs = new Inputs([file], options);
  const partOf = by.kind === 'key' ? keyed(by.key, open) : serial(by, open);
  try {
    for (const { cursor } of inputs.frames({})) partOf(cursor).copy.frame(cursor, stem);
    for (const part of parts) part.close();
    for (const part of parts) part.keep();
  } catch (error) {
    for (const part of parts) part.drop();
    throw error;
  }
  stdout.write(parts.map(({ path, copy }) => `${path}: ${counted(copy.frames, 'frame')}\n`).join(''));
  return inputs.problems > 0 ? EXIT_FAILED : EXIT_FINE;
}

type PartOf = (cursor: FrameCursor) => Part;

/** A file for each interface, id or section; all are open until the end. */
function keyed(key: Key, open: (label: string) => Part): PartOf {
  const byLabel = new Map<string, Part>();
  const labels = new Map<SourceInterface, string>();
  return (cursor) => {
    const label = key === 'id' ? String(cursor.frame().packetId ?? 'none') : labelOf(key, cursor, labels);
    let part = byLabel.get(label);
    if (part === undefined) {
      if (byLabel.size === FILES_MAX)
        throw new UsageError(
          `--by ${key}: that makes more than ${FILES_MAX} files; choose frames with vswitch pcap cat before`,
        );
      part = open(label);
      byLabel.set(label, part);
    }
    return part;
  };
}

/** Interfaces are told apart by name within a file: `esx1-web1`, a second one of that name `esx1-web1.2`. */
function labelOf(key: 'interface' | 'section', { from }: FrameCursor, labels: Map<SourceInterface, string>): string {
  if (key === 'section') return String(from.captured.section);
  let label = labels.get(from);
  if (label === undefined) {
    const { id, name } = from.captured;
    const clean = (name ?? `interface${id}`).replace(/[^\w.:-]+/g, '-').replace(/^\.+/, '') || `interface${id}`;
    const taken = new Set(labels.values());
    label = clean;
    for (let n = 2; taken.has(label); n++) label = `${clean}.${n}`;
    labels.set(from, label);
  }
  return label;
}

/** One file after another; each begins where the one in front is full. */
function serial({ key, amount }: Extract<Criterion, { kind: 'amount' }>, open: (label: string) => Part): PartOf {
  let part: Part | null = null;
  let count = 0;
  let beganNs = 0n;
  return (cursor) => {
    const timeNs = key === 'time' ? cursor.timeNs() : 0n;
    const isFull =
      part !== null &&
      (key === 'frames'
        ? part.copy.frames >= amount
        : key === 'size'
          ? part.copy.bytes + cursor.blockLength > amount && part.copy.frames > 0
          : timeNs - beganNs >= BigInt(amount));
    if (part === null || isFull) {
      part?.close();
      part = open(String(++count).padStart(DIGITS, '0'));
      beganNs = timeNs;
    }
    return part;
  };
}
