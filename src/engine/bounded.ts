/**
 * A capture with bounds, or compressed: it is gone over block by block, so that files hold exactly what they may, each begins with the
 * headers and ends with the statistics of its frames, and what is compressed together is whole blocks.
 *
 * Bounds count bytes before compression, headers and statistics among them. New files are named by a counter and times are those of the
 * frames, so that on the virtual clock every run makes the same files.
 */
import { closeSync, constants, existsSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { interfaceStatistics } from '../capture/write.ts';
import { numberedFile } from '../topology/capture-name.ts';
import { compress, isLoaded, wrap } from './compress.ts';
import { type Head, readHead, timeOf } from './hop.ts';
import { Pipe } from './pipe.ts';
import { endsAfter, NOBODY_READ, NOTHING_LEFT, type Sink, type SinkPlan, type Sunk } from './sink-plan.ts';
import { cutBack, isRemoved, Presence, writeAll } from './whole-file.ts';

export const APPEND_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;
/** Compressed together: a block is never longer. */
const CHUNK_BYTES = 1024 * 1024;
const PIECE_MAX = 4 * 1024 * 1024;
/** On the wall clock what was captured is not kept back longer. */
const HELD_MS_MAX = 1000;
const EVERY_STATISTIC = { timeNs: 0n, startNs: 0n, endNs: 0n, received: 0, dropped: 0, accepted: 0, delivered: 0 };
/** Most that a block of statistics takes. */
const STATISTICS_BYTES = interfaceStatistics({ interfaceId: 0, ...EVERY_STATISTIC, droppedByOs: 0 }).length;

interface Kept {
  readonly path: string;
  readonly bytes: number;
}

export class Bounded implements Sink {
  readonly #plan: SinkPlan;
  readonly #pipe: Pipe | null;
  readonly #isPacked: boolean;
  readonly #head: Head = { bytes: 0, isFrame: false, high: 0, low: 0, interfaceId: 0 };
  /** Of the end of a file. */
  readonly #reserve: number;
  readonly pieceMax: number;
  isOver = false;
  /** A block whose end has not come yet. */
  #begun: Uint8Array = new Uint8Array(0);
  #chunk: Buffer | null = null;
  #chunkBytes = 0;
  /** Chunks that wait for the compression to be loaded. */
  #waiting: Uint8Array[] = [];
  #packedAtMs = 0;
  /** The file that is open; null: none could be. */
  #file: { readonly fd: number; readonly path: string } | null;
  #number = 1;
  readonly #kept: Kept[] = [];
  readonly #presence = new Presence();
  /** Of the open file: as it is on the disk, before compression, and its frames by interface. */
  #diskBytes: number;
  #bytes: number;
  #frames = 0;
  #byInterface: number[] = [];
  #fromNs: bigint;
  readonly #last: Head = { bytes: 0, isFrame: true, high: 0, low: 0, interfaceId: 0 };
  #period = -1n;
  /** Of those before it. */
  #bytesBefore = 0;
  #framesBefore = 0;

  constructor(plan: SinkPlan, isLast: () => boolean) {
    this.#plan = plan;
    this.#pipe = plan.kind === 'pipe' ? new Pipe(plan, isLast) : null;
    this.#isPacked = plan.compression !== 'none';
    this.#reserve = plan.isPcap ? 0 : plan.interfaces * STATISTICS_BYTES;
    this.pieceMax = this.#pipe === null ? PIECE_MAX : Pipe.pieceMax;
    this.#file = { fd: plan.fd, path: plan.path };
    this.#diskBytes = wrap(plan.compression, plan.header).length;
    this.#bytes = plan.header.length;
    this.#fromNs = plan.sinceNs;
  }

  write(given: Uint8Array, isUrgent = false): boolean {
    if (this.isOver) return true;
    if (!isUrgent && !this.isReady()) return false;
    const bytes = this.#begun.length === 0 ? given : Buffer.concat([this.#begun, given]);
    const { isPcap } = this.#plan;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const head = this.#head;
    let from = 0;
    let at = 0;
    for (; readHead(view, at, isPcap, head); at += head.bytes) {
      const isEnd = this.#isBeyond(head);
      const isNext = !isEnd && this.#isForNext(head);
      const isFull = this.#isPacked && this.#chunkBytes + at - from + head.bytes > CHUNK_BYTES;
      if (isEnd || isNext || isFull) {
        this.#put(bytes.subarray(from, at));
        from = at;
        if (isEnd) return this.#finish();
        if (isNext) this.#next();
        else this.#pack();
      }
      this.#count(head);
    }
    this.#put(bytes.subarray(from, at));
    this.#begun = at === bytes.length ? this.#begun.subarray(0, 0) : Uint8Array.from(bytes.subarray(at));
    return this.#framesBefore + this.#frames === this.#plan.limit?.frames ? this.#finish() : true;
  }

  isReady(): boolean {
    return this.#pipe === null || this.#pipe.isReady();
  }

  /** Whether the capture ends before this block. */
  #isBeyond(head: Head): boolean {
    const { limit } = this.#plan;
    if (limit === null) return false;
    const { bytes, frames, ns } = limit;
    const reached = this.#bytesBefore + this.#bytes + head.bytes + this.#reserve;
    if (bytes !== undefined && reached > bytes) return true;
    if (!head.isFrame) return false;
    if (frames !== undefined && this.#framesBefore + this.#frames >= frames) return true;
    return ns !== undefined && this.#timeOf(head) >= this.#plan.sinceNs + BigInt(ns);
  }

  /** Whether another file begins with this block. A file has one block at least. */
  #isForNext(head: Head): boolean {
    const { rotate } = this.#plan;
    if (rotate === null) return false;
    const { bytes, frames, ns } = rotate;
    const before = this.#period;
    if (ns !== undefined && head.isFrame) {
      const period = (this.#timeOf(head) - this.#plan.sinceNs) / BigInt(ns);
      // Captures of several workers are not in order over all of them.
      if (period > this.#period) this.#period = period;
    }
    if (this.#frames === 0) return false;
    if (this.#period > before) return true;
    if (bytes !== undefined && this.#bytes + head.bytes + this.#reserve > bytes) return true;
    return frames !== undefined && head.isFrame && this.#frames >= frames;
  }

  #timeOf(head: Head): bigint {
    return timeOf(head, this.#plan.isPcap);
  }

  #count(head: Head): void {
    this.#bytes += head.bytes;
    if (!head.isFrame) return;
    if (this.#frames === 0 && this.#number > 1) this.#fromNs = this.#timeOf(head);
    this.#frames++;
    this.#byInterface[head.interfaceId] = (this.#byInterface[head.interfaceId] ?? 0) + 1;
    this.#last.high = head.high;
    this.#last.low = head.low;
  }

  #put(bytes: Uint8Array): void {
    if (!this.#isPacked) {
      this.#store(bytes);
      return;
    }
    this.#chunk ??= Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; at < bytes.length; ) {
      if (this.#chunkBytes === CHUNK_BYTES) this.#pack();
      const piece = bytes.subarray(at, at + CHUNK_BYTES - this.#chunkBytes);
      this.#chunk.set(piece, this.#chunkBytes);
      this.#chunkBytes += piece.length;
      at += piece.length;
    }
  }

  /** Compresses what is held. `isDue`: even if that is not loaded yet. */
  #pack(isDue = false): void {
    const { compression } = this.#plan;
    this.#packedAtMs = performance.now();
    if (this.#chunkBytes > 0) this.#waiting.push(this.#chunk!.subarray(0, this.#chunkBytes));
    this.#chunkBytes = 0;
    if (isLoaded(compression)) {
      for (const each of this.#waiting) this.#store(compress(compression, each));
    } else if (isDue) {
      for (const each of this.#waiting) this.#store(wrap(compression, each));
    } else {
      // They keep their buffers.
      this.#chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      return;
    }
    this.#waiting = [];
  }

  #store(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#pipe === null) writeAll(this.#file!.fd, bytes);
    else this.#pipe.put(bytes);
    this.#diskBytes += bytes.length;
  }

  /** Statistics of the frames of this file, as far as its frames tell them. */
  #close(): void {
    const { isPcap, interfaces } = this.#plan;
    const startNs = this.#fromNs;
    const endNs = this.#frames === 0 ? startNs : this.#timeOf(this.#last);
    const blocks = Array.from({ length: isPcap ? 0 : interfaces }, (_, interfaceId) => {
      const delivered = this.#byInterface[interfaceId] ?? 0;
      return interfaceStatistics({ interfaceId, timeNs: endNs, startNs, endNs, delivered });
    });
    const statistics = Buffer.concat(blocks);
    this.#bytes += statistics.length;
    this.#put(statistics);
    this.#pack(true);
  }

  #finish(): true {
    this.#close();
    this.isOver = true;
    return true;
  }

  #next(): void {
    const { file, header, rotate } = this.#plan;
    this.#close();
    const { fd, path } = this.#file!;
    closeSync(fd);
    this.#kept.push({ path, bytes: this.#diskBytes });
    this.#file = null;
    while (this.#kept.length >= (rotate!.keep ?? Number.POSITIVE_INFINITY))
      rmSync(this.#kept.shift()!.path, { force: true });
    this.#bytesBefore += this.#bytes;
    this.#framesBefore += this.#frames;
    this.#bytes = header.length;
    this.#diskBytes = 0;
    this.#frames = 0;
    this.#byInterface = [];
    const next = numberedFile(file, ++this.#number);
    this.#file = { fd: openSync(next, APPEND_NEW), path: next };
    this.#put(header);
  }

  look(): void {
    const { waits } = this.#plan;
    this.#pipe?.isReady();
    if (this.#pipe === null && this.#file !== null) this.#presence.look(this.#file.fd);
    if (!waits && this.#chunkBytes > 0 && performance.now() - this.#packedAtMs > HELD_MS_MAX) this.#pack();
  }

  end(): void {
    if (!this.isOver) this.#pack(true);
    this.#pipe?.isReady();
  }

  cut(): string {
    const { isPcap } = this.#plan;
    this.#chunkBytes = 0;
    this.#waiting = [];
    if (this.#pipe !== null) {
      this.#diskBytes = this.#pipe.fd < 0 ? 0 : this.#diskBytes - this.#pipe.due.length;
      if (this.#pipe.fd < 0) return NOBODY_READ;
    }
    try {
      if (this.#pipe === null && this.#file !== null && !isRemoved(this.#file.fd)) {
        // What could not even hold its header is no capture.
        if (this.#number > 1 && this.#diskBytes < (this.#isPacked ? 1 : this.#plan.header.length)) this.#drop();
        else if (this.#isPacked) ftruncateSync(this.#file.fd, this.#diskBytes);
        else this.#diskBytes = cutBack({ ...this.#file, isPcap }, this.#diskBytes);
      }
    } catch {
      // Renamed, say, so that it is not found to be read.
    }
    if (this.#pipe === null && this.#file !== null && isRemoved(this.#file.fd)) return NOTHING_LEFT;
    const last = this.#file?.path ?? this.#kept.findLast(({ path }) => existsSync(path))?.path;
    if (last === undefined) return NOTHING_LEFT;
    if (this.#plan.rotate === null) return endsAfter(this.#diskBytes);
    return `the capture ends with ${last}, and can be read`;
  }

  #drop(): void {
    const { fd, path } = this.#file!;
    this.#file = null;
    closeSync(fd);
    rmSync(path, { force: true });
  }

  get sunk(): Sunk {
    const open = this.#file === null ? [] : [{ path: this.#file.path, bytes: this.#diskBytes }];
    const left = [...this.#kept, ...open];
    return {
      fd: this.#pipe?.fd ?? this.#file?.fd ?? -1,
      bytes: left.reduce((sum, { bytes }) => sum + bytes, 0),
      frames: this.#framesBefore + this.#frames,
      files: this.#plan.rotate === null ? null : left.map(({ path }) => path),
    };
  }
}
