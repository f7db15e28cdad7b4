/**
 * Compressed captures, read straight: a thread of its own unpacks into a ring of shared memory, from which the reader takes.
 *
 *     file ─▶ thread: gunzip or zstd ─▶ | ring, 1 MiB | ─▶ Source
 *
 * A thread, because Node's decompressors give what they have only to a waiting event loop, while everybody who reads frames
 * (replay, the library, commands) does so by plain calls. So memory stays flat whatever the file's size, nothing but this
 * file knows of it, and unpacking goes on beside reading.
 *
 * The thread moves WRITTEN and the state, the reader moves TAKEN; both count octets modulo 2^32 and ring EVENT afterwards.
 * The states: running, then ended or failed (by the thread), or closed (by the reader, whereupon the thread ends).
 */

import { Worker } from 'node:worker_threads';
import type { Supply } from './source.ts';

/** Places in the control words. */
export const WRITTEN = 0;
export const TAKEN = 1;
export const STATE = 2;
export const EVENT = 3;
export const MESSAGE_LENGTH = 4;
/** 1 from when the thread can tell why it fails. */
export const BEGUN = 5;
const WORDS = 6;

export const RUNNING = 0;
export const ENDED = 1;
export const FAILED = 2;
export const CLOSED = 3;

const RING_BYTES = 1024 * 1024;
const MESSAGE_BYTES = 512;
/** For so long a thread may take to begin, and for so long nobody looks whether it has. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 250;

export type Packing = 'gzip' | 'zstd';

/** What the thread is given. */
export interface UnpackTask {
  readonly fd: number;
  readonly packing: Packing;
  /** What was already read of the file. */
  readonly head: Uint8Array;
  readonly words: Int32Array;
  readonly ring: Uint8Array;
  /** Why it failed, as UTF-8. */
  readonly message: Uint8Array;
}

const isSource = import.meta.url.endsWith('.ts');
const thread = new URL(isSource ? './boot.mjs' : './unpacker.js', import.meta.url);

/** What `packing` makes of `head` and all that `supply` gives after it. The thread and its time are given by tests. */
export function unpacked(
  packing: Packing,
  head: Uint8Array,
  supply: Supply,
  { code = thread, patienceMs = PATIENCE_MS }: { readonly code?: URL; readonly patienceMs?: number } = {},
): Supply {
  const words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  const ring = new Uint8Array(new SharedArrayBuffer(RING_BYTES));
  const message = new Uint8Array(new SharedArrayBuffer(MESSAGE_BYTES));
  const workerData: UnpackTask = { fd: supply.fd, packing, head, words, ring, message };
  const worker = new Worker(code, { workerData, execArgv: [], stdin: false });
  worker.unref();
  worker.on('error', () => {});

  const begunAt = performance.now();
  let taken = 0;
  return {
    fd: supply.fd,
    read(bytes, at) {
      for (;;) {
        const event = Atomics.load(words, EVENT);
        // Before the octets are counted: what was written before the end is still taken.
        const state = Atomics.load(words, STATE);
        const there = (Atomics.load(words, WRITTEN) - taken) >>> 0;
        if (there > 0) {
          const from = taken & (RING_BYTES - 1);
          const count = Math.min(there, bytes.length - at, RING_BYTES - from);
          bytes.set(ring.subarray(from, from + count), at);
          taken = (taken + count) | 0;
          Atomics.store(words, TAKEN, taken);
          signal(words);
          return count;
        }
        if (state === ENDED) return 0;
        if (state === FAILED) throw new Error(new TextDecoder().decode(message.slice(0, words[MESSAGE_LENGTH])));
        // A thread that ends before it has begun tells nobody, and its end cannot be heard of here.
        if (Atomics.load(words, BEGUN) === 0 && performance.now() - begunAt > patienceMs)
          throw new Error(`the thread that unpacks ${packing} data does not begin`);
        Atomics.wait(words, EVENT, event, LOOK_MS);
      }
    },
    close() {
      Atomics.store(words, STATE, CLOSED);
      signal(words);
      // The thread may be reading the descriptor at this very moment; it is closed when nobody does any more.
      worker.once('exit', () => supply.close());
      worker.terminate();
    },
  };
}

/** Tells the other side that something has changed. */
export function signal(words: Int32Array): void {
  Atomics.add(words, EVENT, 1);
  Atomics.notify(words, EVENT);
}
