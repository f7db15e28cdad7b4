/**
 * A pipe or a device as the place where a capture goes. Nothing here blocks on the wall clock: what the reader does not take yet is kept,
 * and who wants to write more is told to come again, so that the capture ring fills up and counts. On the virtual clock nothing may be
 * lost, and the thread that writes waits.
 *
 * Pipes are opened anew without blocking, so that the terminal's and other programs' handles on the same pipe stay as they are. A named
 * pipe that nobody reads yet cannot be opened; it is tried again.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { STANDARD_OUTPUT } from '../topology/capture-name.ts';

/** The process's own standard output. */
const STDOUT_FD = 1;
const STDOUT_PATH = '/dev/stdout';
const WITHOUT_WAITING = constants.O_WRONLY | constants.O_NONBLOCK;
/** Between two tries. */
const AGAIN_MS = 1;
/** At the end of a run: for so long a reader may take nothing. */
const PATIENCE_MS = 10_000;
const PIECE_BYTES = 256 * 1024;

const bed = new Int32Array(new SharedArrayBuffer(4));

export interface PipePlan {
  readonly path: string;
  /** -1: not open yet. */
  readonly fd: number;
  /** What has to go there first. */
  readonly due: Uint8Array;
  /** Who writes waits for the reader. */
  readonly waits: boolean;
}

/** Opens it if that can be done at once; -1 where nobody reads. */
export function openPipe(path: string): number {
  try {
    return openSync(path === STANDARD_OUTPUT ? STDOUT_PATH : path, WITHOUT_WAITING);
  } catch (error) {
    if (path === STANDARD_OUTPUT) return STDOUT_FD;
    if (codeOf(error) === 'ENXIO') return -1;
    throw error;
  }
}

/** Closes what was opened for a capture; the process's standard output stays open. */
export function closeFile(fd: number): void {
  if (fd > STDOUT_FD) closeSync(fd);
}

export class Pipe {
  static readonly pieceMax = PIECE_BYTES;
  readonly #path: string;
  readonly #waits: boolean;
  readonly #isLast: () => boolean;
  #fd: number;
  #due: Uint8Array;

  /** `isLast` says whether the run is over, and only the rest is to be written. */
  constructor({ path, fd, due, waits }: PipePlan, isLast: () => boolean) {
    this.#path = path;
    this.#fd = fd;
    this.#due = due;
    this.#waits = waits;
    this.#isLast = isLast;
  }

  get fd(): number {
    return this.#fd;
  }

  /** What has not gone yet. */
  get due(): Uint8Array {
    return this.#due;
  }

  /** Whether it takes more; throws what the system says, EPIPE where the reader has gone. */
  isReady(): boolean {
    this.#push();
    if (this.#due.length === 0 && this.#fd >= 0) return true;
    if (this.#waits || this.#isLast()) this.#wait();
    return this.#due.length === 0 && this.#fd >= 0;
  }

  /** Takes all of it; after `isReady`. */
  put(bytes: Uint8Array): void {
    const sent = this.#send(bytes);
    this.#due = sent === bytes.length ? this.#due : Uint8Array.from(bytes.subarray(sent));
    if (this.#due.length > 0 && this.#waits) this.#wait();
  }

  /** Sends what can be sent now; says whether that was anything. */
  #push(): boolean {
    const isNew = this.#fd < 0;
    if (isNew) this.#fd = openPipe(this.#path);
    if (this.#fd < 0) return false;
    const sent = this.#send(this.#due);
    this.#due = this.#due.subarray(sent);
    return isNew || sent > 0;
  }

  #send(bytes: Uint8Array): number {
    // What comes behind what waits waits as well.
    if (bytes !== this.#due && this.#due.length > 0) {
      this.#due = Buffer.concat([this.#due, bytes]);
      return bytes.length;
    }
    let sent = 0;
    try {
      while (sent < bytes.length) sent += writeSync(this.#fd, bytes, sent, Math.min(PIECE_BYTES, bytes.length - sent));
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
    }
    return sent;
  }

  #wait(): void {
    for (let idleMs = 0; this.#due.length > 0 || this.#fd < 0; idleMs += AGAIN_MS) {
      if (idleMs > PATIENCE_MS && this.#isLast())
        throw Object.assign(new Error('no reader'), { code: this.#fd < 0 ? 'ENXIO' : 'ETIMEDOUT' });
      Atomics.wait(bed, 0, 0, AGAIN_MS);
      if (this.#push()) idleMs = 0;
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
