/**
 * The octets of a capture, seen through a window that moves forward.
 *
 *     file   ....|=========================|....
 *                base       position      end         window `bytes`/`view` holds [0, end), unread from `position`
 *
 * Every refill allocates a new window and copies the unread tail into it, never overwriting the old one: frames are
 * views of their window and stay valid for as long as they are kept. A window grows only as octets arrive, at most
 * twofold, so a length field that lies costs no memory. A source that is told to reuse its window reads into the same one
 * again: for those who keep nothing, a fifth faster (no new pages).
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { CaptureError } from './error.ts';

/** Where the octets of a source come from. */
export interface Supply {
  /** Reads up to the end of `bytes` from index `at`; how many octets came, 0 at the end. May throw. */
  read(bytes: Uint8Array, at: number): number;
  close(): void;
  /** The descriptor that it reads. */
  readonly fd: number;
}

const WINDOW_BYTES = 1024 * 1024;

/** Longest record or block taken for real: far above any frame, far below what would hurt the process. */
export const RECORD_BYTES_MAX = 256 * 1024 * 1024;

export class Source {
  readonly name: string;
  bytes: Uint8Array;
  view: DataView;
  /** Index in the window of the next unread octet; the formats move it. */
  position = 0;
  private end: number;
  private base = 0;
  private readonly supply: Supply | null;
  private readonly reuses: boolean;
  private failed = false;

  /** Reads on from `supply` after the octets given; null is a source in memory. */
  constructor(name: string, bytes: Uint8Array, supply: Supply | null, reuses = false) {
    this.name = name;
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.end = bytes.length;
    this.supply = supply;
    this.reuses = reuses;
  }

  /** Whether the octets are all in memory. */
  get isInMemory(): boolean {
    return this.supply === null;
  }

  /** A source of what `unpack` makes of the unread octets and those that follow; this one is not to be read further. */
  through(unpack: (head: Uint8Array, supply: Supply) => Supply): Source {
    const head = new Uint8Array(this.frame(this.position, this.held));
    return new Source(this.name, new Uint8Array(0), unpack(head, this.supply!), this.reuses);
  }

  /** Octets from the start of the file to an index of the window. */
  offsetOf(index: number): number {
    return this.base + index;
  }

  /** Unread octets in the window. */
  get held(): number {
    return this.end - this.position;
  }

  /**
   * Brings `count` unread octets into the window; false when the file ends before, with all that is left in the window.
   * The window may be another one afterwards, with another `position`.
   * @throws CaptureError when the file cannot be read.
   */
  ensure(count: number): boolean {
    while (this.held < count) if (!this.refill(count)) return false;
    return true;
  }

  /** The `count` octets from `index` of the window, as a view. */
  frame(index: number, count: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + index, count);
  }

  error(offset: number, what: string, remedy: string, cause?: unknown): CaptureError {
    return new CaptureError(this.name, offset, what, remedy, cause);
  }

  close(): void {
    this.supply?.close();
  }

  /** Moves the unread tail to a new window and reads behind it; false at the end of the file. */
  private refill(count: number): boolean {
    if (this.supply === null || this.failed) return false;
    const held = this.held;
    const room = Math.max(WINDOW_BYTES, Math.min(count, 2 * held));
    const again = this.reuses && this.bytes.length >= room;
    const bytes = again ? this.bytes : Buffer.allocUnsafeSlow(room);
    // Within one window the tail moves to the front, and is moved there even when nothing follows.
    bytes.set(this.bytes.subarray(this.position, this.end));
    this.base += this.position;
    this.position = 0;
    this.end = held;
    if (!again) {
      this.bytes = bytes;
      this.view = viewOf(bytes);
    }
    let read: number;
    try {
      read = this.supply.read(bytes, held);
    } catch (cause) {
      // Said once; who goes on nevertheless finds the file's end there.
      this.failed = true;
      throw systemError(this.name, this.base + held, cause);
    }
    this.end += read;
    return read > 0;
  }
}

/** What stands for the standard input where a file is named. */
export const STDIN = '-';

/**
 * Opens a file, which may be a FIFO, or the standard input as `-`.
 * @throws CaptureError at offset 0 when that fails.
 */
export function openSource(file: string, reuses = false): Source {
  if (file === STDIN) return new Source('standard input', new Uint8Array(0), supplyOf(0), reuses);
  try {
    return new Source(file, new Uint8Array(0), supplyOf(openSync(file, 'r')), reuses);
  } catch (cause) {
    throw systemError(file, 0, cause);
  }
}

const RETRY_MS = 2;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Whatever a descriptor gives; where it has nothing yet and does not wait, this does. */
function supplyOf(fd: number): Supply {
  return {
    read: (bytes, at) => readDescriptor(fd, bytes, at),
    close: () => {
      if (fd !== 0) closeSync(fd);
    },
    fd,
  };
}

/** `readSync` behind what was read before, waiting where a pipe is empty. */
export function readDescriptor(fd: number, bytes: Uint8Array, at: number): number {
  for (;;) {
    try {
      return readSync(fd, bytes, at, bytes.length - at, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, RETRY_MS);
    }
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOENT: ['there is no such file', 'check the path'],
  ENOTDIR: ['a part of the path is not a directory', 'check the path'],
  EISDIR: ['this is a directory', 'name one capture file in it'],
  EACCES: ['the file may not be read', 'check its permissions'],
  EPERM: ['the file may not be read', 'check its permissions'],
};

function systemError(file: string, offset: number, cause: unknown): CaptureError {
  if (cause instanceof CaptureError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const [what, remedy] = SYSTEM_ERRORS[code] ?? [`reading fails: ${String(cause)}`, 'check the file and its disk'];
  return new CaptureError(file, offset, what, remedy, cause);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
