/** Sinks by their plan: nowhere, a plain file, a pipe; files with bounds or compression are in bounded.ts. */
import { fstatSync, ftruncateSync } from 'node:fs';
import { Bounded } from './bounded.ts';
import { wrap } from './compress.ts';
import { Pipe } from './pipe.ts';
import { endsAfter, NOBODY_READ, NOTHING_LEFT, type Sink, type SinkPlan, type Sunk } from './sink-plan.ts';
import { cutBack, isRemoved, Presence, writeAll } from './whole-file.ts';

const PIECE_MAX = 4 * 1024 * 1024;

/** `isLast` says whether the run is over. */
export function sinkOf(plan: SinkPlan, isLast: () => boolean): Sink {
  const isPlain = plan.compression === 'none' && plan.rotate === null && plan.limit === null;
  if (plan.kind === 'nowhere') return new Away(() => {});
  if (!isPlain) return new Bounded(plan, isLast);
  return plan.kind === 'pipe' ? new Stream(plan, isLast) : new Plain(plan);
}

/** Only what stands in a plain file can be cut back to what it was. */
export function canGoBack({ kind, file, compression, rotate, limit }: SinkPlan): boolean {
  return kind === 'nowhere' || (kind === 'file' && file !== '-' && compression === 'none' && !rotate && !limit);
}

/** Appends the last blocks to what a sink has left open, all of them or none; returns bytes written. Throws what the system says. */
export function append(plan: SinkPlan, fd: number, blocks: Uint8Array): number {
  const bytes = wrap(plan.compression, blocks);
  if (plan.kind !== 'pipe') {
    appendAll(fd, bytes);
  } else {
    const pipe = new Pipe({ path: plan.path, fd, due: bytes, waits: plan.waits }, () => true);
    pipe.isReady();
  }
  return bytes.length;
}

function appendAll(fd: number, bytes: Uint8Array): void {
  const before = fstatSync(fd);
  try {
    writeAll(fd, bytes);
  } catch (error) {
    if (before.isFile()) ftruncateSync(fd, before.size);
    throw error;
  }
}

/** Gives what comes to a function, which must keep a copy if it keeps it. */
export class Away implements Sink {
  readonly pieceMax = PIECE_MAX;
  readonly isOver = false;
  readonly sunk: Sunk = { fd: -1, bytes: null, frames: null, files: null };
  readonly #take: (bytes: Uint8Array) => void;

  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take;
  }

  write(bytes: Uint8Array): boolean {
    this.#take(bytes);
    return true;
  }

  isReady(): boolean {
    return true;
  }

  look(): void {}

  end(): void {}

  cut(): string {
    return '';
  }
}

/** A file to which pieces go untouched. */
class Plain implements Sink {
  readonly pieceMax = PIECE_MAX;
  readonly isOver = false;
  readonly #plan: SinkPlan;
  readonly #presence = new Presence();
  #bytes: number | null = null;

  constructor(plan: SinkPlan) {
    this.#plan = plan;
  }

  write(bytes: Uint8Array): boolean {
    writeAll(this.#plan.fd, bytes);
    return true;
  }

  isReady(): boolean {
    return true;
  }

  look(): void {
    this.#presence.look(this.#plan.fd);
  }

  end(): void {}

  cut(whole: number): string {
    this.#bytes = whole;
    if (isRemoved(this.#plan.fd)) return NOTHING_LEFT;
    try {
      this.#bytes = cutBack(this.#plan, whole);
    } catch {
      // Renamed, say, so that it is not found to be read.
    }
    return endsAfter(this.#bytes);
  }

  get sunk(): Sunk {
    return { fd: this.#plan.fd, bytes: this.#bytes, frames: null, files: null };
  }
}

/** A pipe to which pieces go untouched. */
class Stream implements Sink {
  readonly pieceMax = Pipe.pieceMax;
  readonly isOver = false;
  readonly #pipe: Pipe;
  #bytes: number | null = null;

  constructor(plan: SinkPlan, isLast: () => boolean) {
    this.#pipe = new Pipe(plan, isLast);
  }

  write(bytes: Uint8Array, isUrgent = false): boolean {
    if (!isUrgent && !this.#pipe.isReady()) return false;
    this.#pipe.put(bytes);
    return true;
  }

  isReady(): boolean {
    return this.#pipe.isReady();
  }

  look(): void {
    this.#pipe.isReady();
  }

  end(): void {
    this.#pipe.isReady();
  }

  cut(whole: number): string {
    // Its reader has what it has.
    this.#bytes = this.#pipe.fd < 0 ? 0 : whole - this.#pipe.due.length;
    return this.#pipe.fd < 0 ? NOBODY_READ : endsAfter(this.#bytes);
  }

  get sunk(): Sunk {
    return { fd: this.#pipe.fd, bytes: this.#bytes, frames: null, files: null };
  }
}
