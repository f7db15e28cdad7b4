/**
 * `vswitch pcap diff`: two captures frame by frame, regardless of order. Of each frame only a hash is kept, eight octets of
 * it as a key with a count: 2 GiB of memory are about 20 million different frames. That two different frames have one key
 * is less likely than a damaged disk.
 */
import { createHash } from 'node:crypto';
import { stdout } from 'node:process';
import type { CapturedFrame, FrameCursor } from '../../capture/frame.ts';
import { EXIT_FAILED, EXIT_FINE, UsageError } from '../errors.ts';
import { counted, grouped } from '../format.ts';
import type { Aspect } from './aspect.ts';
import { frameLine } from './line.ts';
import { Inputs } from './select.ts';

export interface DiffOptions {
  readonly by: readonly Aspect[];
  readonly json?: boolean;
  readonly keepGoing?: boolean;
}

/** Frames shown of each side. */
const SHOWN_MAX = 10;

interface Side {
  readonly file: string;
  readonly frames: number;
  readonly only: number;
  readonly first: readonly { readonly offset: number; readonly line: string }[];
}

export function tellDiff(a: string, b: string, options: DiffOptions): number {
  if (a === '-' || b === '-')
    throw new UsageError('-: each file is read twice, which the standard input cannot be; give two files');
  const { by } = options;
  // Counted up by one file and down by the other: what is left is only in one.
  const balance = new Map<bigint, number>();
  const frames = [count(a, balance, 1, options), count(b, balance, -1, options)];
  let [onlyA, onlyB] = [0, 0];
  for (const [key, n] of balance) {
    if (n > 0) onlyA += n;
    else if (n < 0) onlyB -= n;
    else balance.delete(key);
  }
  const sides: Side[] = [
    { file: a, frames: frames[0]!, only: onlyA, first: first(a, balance, 1, onlyA, options) },
    { file: b, frames: frames[1]!, only: onlyB, first: first(b, balance, -1, onlyB, options) },
  ];
  const isSame = onlyA === 0 && onlyB === 0;
  if (options.json === true) {
    stdout.write(`${JSON.stringify({ same: isSame, by, sides }, null, 2)}\n`);
  } else if (isSame) {
    stdout.write(`the same ${counted(frames[0]!, 'frame')} by ${by.join(', ')}\n`);
  } else {
    for (const { file, frames: all, only, first: shown } of sides) {
      stdout.write(`only in ${file}: ${grouped(only)} of ${counted(all, 'frame')}\n`);
      for (const { offset, line } of shown) stdout.write(`  offset ${offset}: ${line}\n`);
      if (only > shown.length) stdout.write(`  and ${grouped(only - shown.length)} more\n`);
    }
  }
  return isSame ? EXIT_FINE : EXIT_FAILED;
}

function count(
  file: string,
  balance: Map<bigint, number>,
  step: number,
  { by, keepGoing = false }: DiffOptions,
): number {
  let frames = 0;
  const keyOf = keyer(by);
  for (const { cursor } of new Inputs([file], { keepGoing }).frames({})) {
    const key = keyOf(cursor);
    balance.set(key, (balance.get(key) ?? 0) + step);
    frames++;
  }
  return frames;
}

/** The first frames that the other file has not. */
function first(
  file: string,
  balance: ReadonlyMap<bigint, number>,
  step: number,
  only: number,
  { by, keepGoing = false }: DiffOptions,
): Side['first'] {
  const found: { offset: number; line: string }[] = [];
  const wanted = Math.min(only, SHOWN_MAX);
  if (wanted === 0) return found;
  const left = new Map<bigint, number>();
  const keyOf = keyer(by);
  let startNs: bigint | null = null;
  for (const { cursor } of new Inputs([file], { keepGoing }).frames({})) {
    startNs ??= cursor.timeNs();
    const key = keyOf(cursor);
    const there = left.get(key) ?? (balance.get(key) ?? 0) * step;
    if (there <= 0) continue;
    left.set(key, there - 1);
    const frame = cursor.frame();
    found.push({ offset: frame.offset, line: frameLine(frame, frame.timeNs - startNs) });
    if (found.length === wanted) break;
  }
  return found;
}

/** Sixty-four bits of a hash of what frames are compared by. */
function keyer(by: readonly Aspect[]): (cursor: FrameCursor) => bigint {
  const isNeeded = by.some((aspect) => aspect === 'direction' || aspect === 'id');
  return (cursor) => {
    const hash = createHash('sha1');
    const frame = isNeeded ? cursor.frame() : null;
    for (const aspect of by) {
      if (aspect === 'bytes') hash.update(cursor.source.frame(cursor.start, cursor.capturedLength));
      // A zero ends each word, so that no two of them can be taken for others.
      else hash.update(`${wordOf(aspect, cursor, frame)}\0`);
    }
    return hash.digest().readBigUInt64LE(0);
  };
}

function wordOf(aspect: Aspect, cursor: FrameCursor, frame: CapturedFrame | null): string {
  const { captured } = cursor.from;
  if (aspect === 'interface') return captured.name ?? '';
  if (aspect === 'time') return String(cursor.timeNs());
  if (aspect === 'length') return String(cursor.originalLength);
  return String(aspect === 'id' ? frame?.packetId : frame?.direction);
}
