/**
 * The octets of a capture, seen through a window that moves forward.
 *
 *     file   ....|=========================|....
 *                base       position      end         window `bytes`/`view` holds [0, end), unread from `position`
 *
 * Every refill allocates a new window and copies the unread tail into it, never overwriting the old one: frames are
 * views of their window and stay valid for as long as they are kept. A window grows only as octets arrive, at most
 * twofold, so a length field that lies costs no memory.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { CaptureError } from './error.ts';

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
  private readonly fd: number | null;

  /** Reads on from `fd` after the octets given; `fd` null is a source in memory. */
  constructor(name: string, bytes: Uint8Array, fd: number | null) {
    this.name = name;
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.end = bytes.length;
    this.fd = fd;
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
    if (this.fd !== null) closeSync(this.fd);
  }

  /** Moves the unread tail to a new window and reads behind it; false at the end of the file. */
  private refill(count: number): boolean {
    if (this.fd === null) return false;
    const held = this.held;
    const bytes = Buffer.allocUnsafeSlow(Math.max(WINDOW_BYTES, Math.min(count, 2 * held)));
    bytes.set(this.bytes.subarray(this.position, this.end));
    let read: number;
    try {
      read = readSync(this.fd, bytes, held, bytes.length - held, null);
    } catch (cause) {
      throw systemError(this.name, this.base + this.end, cause);
    }
    if (read === 0) return false;
    this.base += this.position;
    this.position = 0;
    this.end = held + read;
    this.bytes = bytes;
    this.view = viewOf(bytes);
    return true;
  }
}

/**
 * Opens a file.
 * @throws CaptureError at offset 0 when that fails.
 */
export function openSource(file: string): Source {
  try {
    return new Source(file, new Uint8Array(0), openSync(file, 'r'));
  } catch (cause) {
    throw systemError(file, 0, cause);
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
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const [what, remedy] = SYSTEM_ERRORS[code] ?? [`reading fails: ${String(cause)}`, 'check the file and its disk'];
  return new CaptureError(file, offset, what, remedy, cause);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
