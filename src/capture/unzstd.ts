/**
 * Zstandard (RFC 8878), a block at a time. The library unpacks what it is given into a buffer and forgets what finds no room
 * in it, so it gets one block at once, which makes 128 KiB at most; frames and blocks say how long they are.
 *
 * The library tells of damage by giving nothing, which a block without content does as well. So what a block must give is
 * looked at, and behind a frame, whose checksum gives nothing either, a frame of one octet must come out right.
 *
 * Measured: 10 MB/s of unpacked octets, because the library copies what it gives octet by octet into an array first.
 *
 *     frame   | magic 4 | descriptor 1 | window 0-1 | dictionary 0-4 | size 0-8 | blocks | checksum 0 or 4 |
 *     block   | last 1 bit, type 2 bits, size 21 bits: 3 octets | content |      type 1, a run, has 1 octet of content
 */

import { Zstd } from '@hpcc-js/wasm-zstd';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const BLOCK_BYTES_MAX = 128 * 1024;
const SINGLE_SEGMENT = 0x20;
const CHECKSUM = 4;
const RAW = 0;
const RUN = 1;
const RESERVED = 3;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const SIZE_BYTES = [0, 2, 4, 8] as const;
/** A frame of one octet. */
const PROBE = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 9, 0, 0, 0x41);

/** Octets in the order in which they come, taken by count. */
class Intake {
  readonly #chunks: Iterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** The next `count` octets, which stay unread; fewer at the end. */
  peek(count: number): Uint8Array {
    while (this.#held.length < count) {
      const { value, done } = this.#chunks.next();
      if (done === true) break;
      this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
    }
    return this.#held.subarray(0, count);
  }

  take(count: number): Uint8Array {
    const octets = this.peek(count);
    if (octets.length < count) throw new Error('unexpected end of file');
    this.#held = this.#held.subarray(count);
    return octets;
  }
}

/** Unpacks one frame after another; throws at what is damaged or cut short. */
export async function* unzstd(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zstd = await Zstd.load();
  const intake = new Intake(chunks);
  while (intake.peek(4).length > 0) {
    const magic = word(intake.peek(4));
    if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) {
      const length = word(intake.take(8).subarray(4));
      for (let rest = length; rest > 0; rest -= BLOCK_BYTES_MAX) intake.take(Math.min(rest, BLOCK_BYTES_MAX));
    } else if (magic === MAGIC) yield* frame(zstd, intake);
    else throw new Error('something else follows the frame');
  }
}

function* frame(zstd: Zstd, intake: Intake): Generator<Uint8Array> {
  const descriptor = intake.peek(5)[4] ?? 0;
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  const sizeBytes = SIZE_BYTES[descriptor >>> 6]! || (isSingle ? 1 : 0);
  zstd.reset();
  zstd.decompressChunk(
    intake.take(5 + (isSingle ? 0 : 1) + DICTIONARY_BYTES[descriptor & 3]! + sizeBytes),
    BLOCK_BYTES_MAX,
  );
  for (let isLast = false; !isLast; ) {
    const [a = 0, b = 0, c = 0] = intake.peek(3);
    const header = a | (b << 8) | (c << 16);
    isLast = (header & 1) === 1;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === RESERVED || size > BLOCK_BYTES_MAX) throw new Error('a block is damaged');
    const octets = zstd.decompressChunk(intake.take(3 + (type === RUN ? 1 : size)), BLOCK_BYTES_MAX);
    if (type === RAW || type === RUN ? octets.length !== size : octets.length === 0)
      throw new Error('a block is damaged');
    yield octets;
  }
  if ((descriptor & CHECKSUM) !== 0) zstd.decompressChunk(intake.take(4), BLOCK_BYTES_MAX);
  if (zstd.decompressChunk(PROBE, 1).length !== 1) throw new Error('a frame is damaged');
}

function word(octets: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
