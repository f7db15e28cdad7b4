/** The thread that unpacks a compressed capture into a ring; see unpack.ts. */

import { pipeline, Readable } from 'node:stream';
import { workerData } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import { readDescriptor } from './source.ts';
import {
  BEGUN,
  ENDED,
  EVENT,
  FAILED,
  MESSAGE_LENGTH,
  RUNNING,
  STATE,
  signal,
  TAKEN,
  type UnpackTask,
  WRITTEN,
} from './unpack.ts';
import { unzstd } from './unzstd.ts';

const { fd, packing, head, words, ring, message } = workerData as UnpackTask;
const CHUNK_BYTES = 64 * 1024;

function* packed(): Generator<Uint8Array> {
  if (head.length > 0) yield head;
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const count = readDescriptor(fd, chunk, 0);
    if (count === 0) return;
    yield chunk.subarray(0, count);
  }
}

/** Several members one after another are one; a failure is thrown by the iteration. */
function gunzipped(): AsyncIterable<Uint8Array> {
  return pipeline(Readable.from(packed()), createGunzip({ chunkSize: CHUNK_BYTES }), () => {});
}

/** Puts `bytes` into the ring as room comes; false when the reader has gone. */
function put(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const event = Atomics.load(words, EVENT);
    if (Atomics.load(words, STATE) !== RUNNING) return false;
    const written = Atomics.load(words, WRITTEN);
    const room = ring.length - ((written - Atomics.load(words, TAKEN)) >>> 0);
    if (room === 0) {
      Atomics.wait(words, EVENT, event);
      continue;
    }
    const to = written & (ring.length - 1);
    const count = Math.min(room, ring.length - to, bytes.length - at);
    ring.set(bytes.subarray(at, at + count), to);
    Atomics.store(words, WRITTEN, (written + count) | 0);
    signal(words);
    at += count;
  }
  return true;
}

function end(state: number): void {
  Atomics.compareExchange(words, STATE, RUNNING, state);
  signal(words);
}

function fail(error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  const { written } = new TextEncoder().encodeInto(`the ${packing} data cannot be unpacked here (${why})`, message);
  words[MESSAGE_LENGTH] = written;
  end(FAILED);
}

process.on('uncaughtException', fail);
Atomics.store(words, BEGUN, 1);
try {
  for await (const bytes of packing === 'gzip' ? gunzipped() : unzstd(packed())) if (!put(bytes)) break;
  end(ENDED);
} catch (error) {
  fail(error);
}
