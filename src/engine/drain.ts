/**
 * Moves captured bytes from their rings in the shared memory to files, in pieces as large as they come, without looking
 * inside. A ring's head always stands between two blocks, so that a file ends between two blocks whenever a ring has been
 * emptied; should a write fail, the file is cut back to the last whole block, and the ring is closed: from then on the
 * core counts what it would have written as lost, and the run goes on.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { floorOf } from './floor.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import { Merge } from './merge.ts';

export interface DrainRing {
  readonly address: number;
  readonly bufferAt: number;
  readonly bytes: number;
}

/** Plain data, so that it can be sent to a thread: file descriptors belong to the whole process. */
export interface DrainFile {
  /** -1: what is captured goes nowhere. */
  readonly fd: number;
  readonly path: string;
  /** Bytes written before the rings' own: the headers. */
  readonly headerBytes: number;
  readonly isPcap: boolean;
  readonly rings: readonly DrainRing[];
  /** Where several workers write to one file: what puts their blocks in order. */
  readonly order: DrainOrder | null;
}

export interface DrainOrder {
  /** Virtual clock: address of the time, u64 ns, before which all is over. */
  readonly floorAt: number;
  readonly controlAt: number;
  /** Wall clock: addresses of all workers; else none. */
  readonly workers: readonly number[];
  readonly epochNs: bigint;
  /** By interface: of the switches that see what comes in, and what goes out. */
  readonly islandsOf: readonly (readonly [incoming: number, outgoing: number])[];
}

export interface DrainResult {
  readonly path: string;
  readonly bytes: number;
  /** What went wrong, if anything: one line. */
  readonly failure: string | null;
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
    const isClosed = rings.some(({ address }) => word(address + L.CaptureRing_closed) === 1);
    const come = rings.reduce((sum, { address }) => (sum + word(address + L.CaptureRing_head)) | 0, 0);
    return isClosed || rings.length === 0 || word(rings[0]!.address + L.CaptureRing_gone) === come;
  });
}

/** Enough of a block or of a pcap record to tell its length. */
const RECORD_HEAD_BYTES = 16;
const PIECE_MAX = 4 * 1024 * 1024;

export class Drain {
  readonly #memory: SharedMemory;
  readonly #file: DrainFile;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #merge: Merge | null;
  /** Where a write that failed has left the last whole block. */
  #end = 0;
  #failure: string | null = null;

  /** `write` takes the place of the file for a capture that stays in memory; it must keep a copy. */
  constructor(memory: SharedMemory, file: DrainFile, write?: (bytes: Uint8Array) => void) {
    this.#memory = memory;
    this.#file = file;
    const { order, rings, isPcap } = file;
    this.#merge = order === null ? null : new Merge(rings.length, order.islandsOf, isPcap, order.epochNs);
    this.#write = write ?? (file.fd < 0 ? () => {} : (bytes) => writeAll(file.fd, bytes));
  }

  get result(): DrainResult {
    return { path: this.#file.path, bytes: this.#failure === null ? this.#whole : this.#end, failure: this.#failure };
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
    let moved = 0;
    // Looked at before the rings: what came before it is in them.
    const floor = this.#file.order === null ? null : floorOf(this.#memory, this.#file.order);
    for (const [i, ring] of this.#file.rings.entries())
      moved += this.#failure === null ? this.#empty(ring, i) : this.#discard(ring);
    if (this.#merge !== null && this.#failure === null && (this.#merge.isHolding || isLast))
      this.#put(this.#merge, isLast ? null : floor);
    return moved;
  }

  #put(merge: Merge, floor: bigint | null): void {
    try {
      merge.flush(floor, (bytes) => {
        this.#write(bytes);
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
    const write = this.#merge === null ? this.#write : (bytes: Uint8Array) => pieces.push(bytes);
    try {
      for (let left = held; left > 0; ) {
        const from = tail & (ring.bytes - 1);
        const piece = Math.min(left, ring.bytes - from, PIECE_MAX);
        write(bytes.subarray(ring.bufferAt + from, ring.bufferAt + from + piece));
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
      return held;
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
    this.#end = whole;
    try {
      this.#end = cutBack(this.#file, whole);
    } catch {
      // A pipe cannot be cut back; its reader has what it has.
    }
    this.#failure = `${this.#file.path}: ${reason(error)}; the capture ends there, after ${this.#end} bytes, and can be read`;
  }
}

/** From now on the core counts what it would have written there as lost. */
export function closeRings(memory: SharedMemory, { rings }: DrainFile): void {
  for (const { address } of rings) Atomics.store(memory.words, memory.word(address + L.CaptureRing_closed), 1);
}

/** Cuts a file back to its last whole block, given one before it, and returns where it ends then. */
export function cutBack(file: DrainFile, whole: number): number {
  const end = lastWholeBlock(file, whole);
  ftruncateSync(file.fd, end);
  return end;
}

/** Where the file ends when the block that was only begun is left out. */
function lastWholeBlock(file: DrainFile, whole: number): number {
  const fd = openSync(file.path, 'r');
  const end = fstatSync(fd).size;
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  let at = whole;
  for (let next = at; next <= end; ) {
    at = next;
    if (readSync(fd, head, 0, RECORD_HEAD_BYTES, at) < RECORD_HEAD_BYTES) break;
    next += file.isPcap ? RECORD_HEAD_BYTES + head.readUInt32LE(8) : Math.max(RECORD_HEAD_BYTES, head.readUInt32LE(4));
  }
  closeSync(fd);
  return at;
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EPIPE: 'the reader has closed the pipe',
  EFBIG: 'the file has reached the largest size allowed',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk does not take it (I/O error)',
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
