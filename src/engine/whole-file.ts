/** A capture file that is written in large pieces, and cut back to whole blocks where a piece did not fit. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { RECORD_HEAD_BYTES } from './hop.ts';

export interface OpenFile {
  readonly fd: number;
  readonly path: string;
  readonly isPcap: boolean;
}

/** Code of the error for a file that was removed while it was written. */
export const REMOVED = 'EREMOVED';
/** Between two looks whether a file is still there. */
const LOOK_MS = 1000;

/** Looks now and then whether what is written stays anywhere: a file that was removed takes all that is written, and nobody can read it. */
export class Presence {
  #atMs = performance.now();

  /** Throws an error with the code REMOVED. */
  look(fd: number): void {
    if (performance.now() - this.#atMs < LOOK_MS) return;
    this.#atMs = performance.now();
    if (isRemoved(fd)) throw Object.assign(new Error('the file has been removed'), { code: REMOVED });
  }
}

export function isRemoved(fd: number): boolean {
  const found = fstatSync(fd);
  return found.isFile() && found.nlink === 0;
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** Cuts a file back to its last whole block, given one before it, and returns where it ends then. */
export function cutBack(file: OpenFile, whole: number): number {
  const end = lastWholeBlock(file, whole);
  ftruncateSync(file.fd, end);
  return end;
}

/** Where the file ends when the block that was only begun is left out. */
function lastWholeBlock(file: OpenFile, whole: number): number {
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
