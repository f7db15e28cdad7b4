/**
 * Where the blocks of one capture go, and what that is made from: plain data that can be sent to the thread that drains the rings. File
 * descriptors belong to the whole process.
 */
import type { Compression } from '../topology/capture-name.ts';
import type { CaptureRequest } from '../topology/model.ts';

export interface SinkPlan {
  readonly kind: 'nowhere' | 'file' | 'pipe';
  /** As it was asked for. */
  readonly file: string;
  /** Of the file that is open, or is to be opened; where new ones are begun, the first one. */
  readonly path: string;
  /** -1: nowhere, or a pipe that nobody reads yet. */
  readonly fd: number;
  readonly isPcap: boolean;
  /** What a file begins with; the first one has it, but for `due`. */
  readonly header: Uint8Array;
  /** What of it a pipe has not taken yet, compressed. */
  readonly due: Uint8Array;
  readonly compression: Compression;
  readonly rotate: NonNullable<CaptureRequest['rotate']> | null;
  readonly limit: NonNullable<CaptureRequest['limit']> | null;
  readonly interfaces: number;
  /** When the capture starts, ns since 1970. */
  readonly sinceNs: bigint;
  /** The clock waits for who reads: the virtual one does. */
  readonly waits: boolean;
}

/** What a sink has come to. */
export interface Sunk {
  /** What statistics can still be appended to, and has to be closed; -1: nothing. */
  readonly fd: number;
  /** On the disk, or sent; null: as many as came. */
  readonly bytes: number | null;
  /** null: as many as were captured. */
  readonly frames: number | null;
  /** Where new ones were begun: those that are left. */
  readonly files: readonly string[] | null;
}

export interface Sink {
  /** Most bytes that it is given at once. */
  readonly pieceMax: number;
  /** A bound has been reached: what comes is passed over. */
  readonly isOver: boolean;
  /** Takes all of it or, with false, nothing for now. Pieces may end within a block. Throws what the system says. */
  write(bytes: Uint8Array, isUrgent?: boolean): boolean;
  /** Whether it takes more now; what is urgent it takes anyway. */
  isReady(): boolean;
  /** Between writes, often: sends on what waits. Throws as `write` does. */
  look(): void;
  /** Nothing more comes: what is still held goes out. */
  end(): void;
  /** A write has failed, the file had `whole` bytes before: makes it end between two blocks, and says how the capture ends. */
  cut(whole: number): string;
  readonly sunk: Sunk;
}

/** The usual end of what is told of a write that failed. */
export function endsAfter(bytes: number): string {
  return `the capture ends there, after ${bytes} bytes, and can be read`;
}

/** The same of a pipe that nobody has opened. */
export const NOBODY_READ = 'nobody has read anything of the capture';

/** The same where nothing can be read any more. */
export const NOTHING_LEFT = 'nothing of the capture is left';
