/** Files that the pcap commands write: beside their place first, and renamed when they are whole. */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Sink } from '../../capture/copy.ts';
import { reason } from '../../engine/drain.ts';
import { UsageError } from '../errors.ts';
import { isSameFile, makeFolder } from '../output.ts';

const STDOUT = 1;
const RETRY_MS = 2;
const pause = new Int32Array(new SharedArrayBuffer(4));

export interface Target {
  readonly sink: Sink;
  /** Nothing more will come; for who has many of them. */
  close(): void;
  /** The file is whole: puts it in its place. */
  keep(): void;
  /** The file is not to be: nothing is left of it. */
  drop(): void;
}

/**
 * `-` is the standard output, of which nothing can be called back.
 * @throws UsageError where nothing can be written, or an input would be overwritten.
 */
export function target(file: string, inputs: readonly string[]): Target {
  if (file === '-')
    return { sink: (bytes) => writeAll(STDOUT, bytes), close: () => {}, keep: () => {}, drop: () => {} };
  for (const input of inputs)
    if (isSameFile(input, file)) throw new UsageError(`${file}: that would overwrite an input; give another path`);
  makeFolder(dirname(file), 'give another path');
  // A device or a FIFO keeps its place and takes what comes; only a file can be made beside it.
  const isDirect = isNoFile(file);
  const partial = isDirect ? file : `${file}.part`;
  for (const input of isDirect ? [] : inputs)
    if (isSameFile(input, partial))
      throw new UsageError(`${partial}: that input would be overwritten while ${file} is made; give another path`);
  const failed = (error: unknown): never => {
    throw new UsageError(`${file}: ${reason(error)}; give another path or make room, nothing was written`);
  };
  let fd: number;
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  try {
    fd = openSync(partial, 'w');
  } catch (error) {
    return failed(error);
  }
  return {
    sink: (bytes) => {
      try {
        writeAll(fd, bytes);
      } catch (error) {
        failed(error);
      }
    },
    close,
    keep: () => {
      try {
        close();
        if (!isDirect) renameSync(partial, file);
      } catch (error) {
        if (!isDirect) rmSync(partial, { force: true });
        failed(error);
      }
    },
    drop: () => {
      close();
      if (!isDirect) rmSync(partial, { force: true });
    },
  };
}

/** Whether something is there that is neither a file nor a folder. */
function isNoFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever reads the standard output has seen enough.
      if (code === 'EPIPE' && fd === STDOUT) process.exit();
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, RETRY_MS);
    }
  }
}
