/**
 * Moves captured bytes from their rings in the shared memory to sinks, in pieces as large as they come, without looking
 * inside. A ring's head always stands between two blocks, so that a file ends between two blocks whenever a ring has been
 * emptied; should a write fail, the file is cut back to the last whole block, and the ring is closed: from then on the
 * core counts what it would have written as lost, and the run goes on. A ring whose capture has come to its bounds is closed as
 * well, and nothing is lost.
 *
 * A sink may take nothing for now, a pipe whose reader is slow: then the ring waits, and is the first one to go on, for its sink may
 * have taken half a block of it.
 */
import { spokenName } from '../topology/capture-name.ts';
import { type DrainOrder, floorOf } from './floor.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import { Merge } from './merge.ts';
import { Away, sinkOf } from './sink.ts';
import type { Sink, SinkPlan, Sunk } from './sink-plan.ts';
import { REMOVED } from './whole-file.ts';

export interface DrainRing {
  readonly address: number;
  readonly bufferAt: number;
  readonly bytes: number;
}

/** Plain data, so that it can be sent to a thread. */
export interface DrainFile extends SinkPlan {
  /** Bytes written before the rings' own: the headers. */
  readonly headerBytes: number;
  readonly rings: readonly DrainRing[];
  /** Where several workers write to one file: what puts their blocks in order. */
  readonly order: DrainOrder | null;
}

/** What is drained by a function instead of a file; without its rings. */
export const IN_MEMORY = {
  kind: 'nowhere',
  file: '',
  path: '',
  fd: -1,
  isPcap: false,
  header: new Uint8Array(0),
  headerBytes: 0,
  due: new Uint8Array(0),
  compression: 'none',
  rotate: null,
  limit: null,
  interfaces: 0,
  sinceNs: 0n,
  waits: true,
  order: null,
} as const;

export interface DrainResult extends Sunk {
  readonly path: string;
  readonly bytes: number;
  /** What went wrong, if anything: one line. */
  readonly failure: string | null;
  /** It has come to its bounds, and its statistics are in it. */
  readonly isOver: boolean;
}

/** Bytes that have gone from rings to their file: whole blocks, unless a write is under way. */
export function wholeBytes(memory: SharedMemory, rings: readonly DrainRing[]): number {
  if (rings.length === 0) return 0;
  const { address } = rings[0]!;
  return Number(memory.u64(address + L.CaptureRing_moved) - memory.u64(address + L.CaptureRing_movedBefore));
}

/** Whether all that was captured has gone to its file, or cannot. */
export function isWritten(memory: SharedMemory, files: readonly DrainFile[]): boolean {
  const word = (at: number) => Atomics.load(memory.words, memory.word(at));
  return files.every(({ rings }) => {
    const isClosed = rings.some(({ address }) => word(address + L.CaptureRing_closed) !== 0);
    const come = rings.reduce((sum, { address }) => (sum + word(address + L.CaptureRing_head)) | 0, 0);
    return isClosed || rings.length === 0 || word(rings[0]!.address + L.CaptureRing_gone) === come;
  });
}

export interface DrainOptions {
  /** Takes the place of the file for a capture that stays in memory; it must keep a copy. */
  readonly write?: (bytes: Uint8Array) => void;
  /** Whether the run is over, asked while a sink waits for its reader. */
  readonly isLast?: () => boolean;
}

export class Drain {
  readonly #memory: SharedMemory;
  readonly #file: DrainFile;
  readonly #sink: Sink;
  readonly #merge: Merge | null;
  /** The ring of which the sink did not take all; -1: none. */
  #refused = -1;
  #isLast = false;
  #failure: string | null = null;

  constructor(memory: SharedMemory, file: DrainFile, { write, isLast = () => false }: DrainOptions = {}) {
    this.#memory = memory;
    this.#file = file;
    const { order, rings, isPcap } = file;
    this.#merge = order === null ? null : new Merge(rings.length, order, isPcap);
    this.#sink = write === undefined ? sinkOf(file, () => this.#isLast || isLast()) : new Away(write);
  }

  get result(): DrainResult {
    const { sunk, isOver } = this.#sink;
    return { ...sunk, path: this.#file.path, bytes: sunk.bytes ?? this.#whole, failure: this.#failure, isOver };
  }

  get #whole(): number {
    return this.#file.headerBytes + wholeBytes(this.#memory, this.#file.rings);
  }

  /** Blocks that wait for those of other workers, by ring. */
  get held(): readonly Uint8Array[] {
    return this.#merge?.held ?? [];
  }

  /** Those of a state that is put in place of another one. */
  hold(held: readonly Uint8Array[]): void {
    this.#merge?.hold(held);
  }

  /** Empties the rings as they are now; returns bytes moved. `isLast`: nothing more will come. */
  run(isLast: boolean): number {
    this.#isLast = isLast;
    let moved = 0;
    // Looked at before the rings: what came before it is in them.
    const floor = this.#file.order === null ? null : floorOf(this.#memory, this.#file.order);
    const { rings } = this.#file;
    const first = Math.max(0, this.#refused);
    // What is put in order goes out at once.
    const takes = this.#merge === null || this.#isDone || this.#isReady();
    for (let i = 0; takes && i < rings.length && (i === 0 || this.#refused < 0); i++) {
      const number = (first + i) % rings.length;
      moved += this.#isDone ? this.#discard(rings[number]!) : this.#empty(rings[number]!, number);
    }
    if (this.#merge !== null && takes && !this.#isDone && (this.#merge.isHolding || isLast))
      this.#put(this.#merge, isLast ? null : floor);
    if (this.#failure === null) this.#settle(isLast);
    return moved;
  }

  /** Nothing that comes is written any more. */
  get #isDone(): boolean {
    return this.#failure !== null || this.#sink.isOver;
  }

  #isReady(): boolean {
    try {
      return this.#sink.isReady();
    } catch (error) {
      this.#fail(error, this.#whole);
      return false;
    }
  }

  #settle(isLast: boolean): void {
    try {
      if (isLast) this.#sink.end();
      else this.#sink.look();
      if (this.#sink.isOver) closeRings(this.#memory, this.#file, L.CAPTURE_OVER);
    } catch (error) {
      this.#fail(error, this.#whole);
    }
  }

  #put(merge: Merge, floor: bigint | null): void {
    try {
      merge.flush(floor, (bytes) => {
        this.#sink.write(bytes, true);
        this.#count(bytes.length);
      });
    } catch (error) {
      this.#fail(error, this.#whole);
    }
  }

  /** Before a cursor moves on: who finds the ring empty may count on it. */
  #count(bytes: number): void {
    const { address } = this.#file.rings[0]!;
    const moved = address + L.CaptureRing_moved;
    this.#memory.setU64(moved, this.#memory.u64(moved) + BigInt(bytes));
    Atomics.add(this.#memory.words, this.#memory.word(address + L.CaptureRing_gone), bytes);
  }

  #empty(ring: DrainRing, number: number): number {
    const { words, bytes } = this.#memory;
    const head = Atomics.load(words, this.#memory.word(ring.address + L.CaptureRing_head)) >>> 0;
    let tail = this.#memory.u32(ring.address + L.CaptureRing_tail);
    const held = (head - tail) >>> 0;
    if (held === 0) return 0;
    const whole = this.#whole;
    const pieces: Uint8Array[] = [];
    let left = held;
    try {
      while (left > 0) {
        const from = tail & (ring.bytes - 1);
        const piece = Math.min(left, ring.bytes - from, this.#sink.pieceMax);
        const taken = bytes.subarray(ring.bufferAt + from, ring.bufferAt + from + piece);
        if (this.#merge !== null) pieces.push(taken);
        else if (!this.#sink.write(taken)) break;
        tail = (tail + piece) >>> 0;
        left -= piece;
        if (this.#merge !== null) continue;
        this.#count(piece);
        Atomics.store(words, this.#memory.word(ring.address + L.CaptureRing_tail), tail | 0);
      }
      if (this.#merge !== null) {
        this.#merge.add(number, pieces);
        Atomics.store(words, this.#memory.word(ring.address + L.CaptureRing_tail), tail | 0);
      }
      this.#refused = left > 0 ? number : -1;
      return held - left;
    } catch (error) {
      this.#fail(error, whole);
      return 0;
    }
  }

  #discard(ring: DrainRing): number {
    const head = Atomics.load(this.#memory.words, this.#memory.word(ring.address + L.CaptureRing_head));
    Atomics.store(this.#memory.words, this.#memory.word(ring.address + L.CaptureRing_tail), head);
    return 0;
  }

  /** `whole`: the file's length before what could not be written. */
  #fail(error: unknown, whole: number): void {
    closeRings(this.#memory, this.#file);
    const { path = this.#file.file } = error as NodeJS.ErrnoException;
    this.#failure = `${spokenName(path)}: ${reason(error)}; ${this.#sink.cut(whole)}`;
  }
}

/** From now on the core counts what it would have written there as lost, unless `state` says that it is over. */
export function closeRings(memory: SharedMemory, { rings }: DrainFile, state = L.CAPTURE_CLOSED): void {
  for (const { address } of rings) Atomics.store(memory.words, memory.word(address + L.CaptureRing_closed), state);
}

/** Whether a capture could not be written to its end, as far as is known by now. */
export function hasFailed(memory: SharedMemory, { rings }: DrainFile): boolean {
  return rings.some(({ address }) => memory.u32(address + L.CaptureRing_closed) === L.CAPTURE_CLOSED);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EPIPE: 'the reader has closed the pipe',
  EFBIG: 'the file has reached the largest size allowed',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk does not take it (I/O error)',
  [REMOVED]: 'the file has been removed',
  ENXIO: 'nobody reads from the pipe',
  ETIMEDOUT: 'the reader takes no more from the pipe',
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'the file system is read-only',
  EISDIR: 'that is a directory',
  ENOENT: 'no such directory',
  ENOTDIR: 'a part of the path is no directory',
};

/** A system error in words. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
