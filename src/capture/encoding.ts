/** What write.ts builds blocks from: 32-bit words, octets and options, little endian, every number checked for its range. */

import { BLOCK_BYTES_MIN, OPTION, padded, TRAILER_BYTES } from './block.ts';

/** One option of a block, the value not yet padded. */
export interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** A field that may be left out. */
export type Optional<T> = T | null | undefined;

export const U32_MAX = 2 ** 32 - 1;
export const U64_MAX = 2n ** 64n - 1n;
const OPTION_BYTES_MAX = 2 ** 16 - 1;
const OPTION_HEADER_BYTES = 4;

const utf8 = new TextEncoder();

/** A block of `words`, then `bytes`, then the options that are not null. */
export function block(
  type: number,
  words: readonly number[],
  bytes: Uint8Array,
  options: readonly (Option | null)[],
): Uint8Array<ArrayBuffer> {
  const present = options.filter((option) => option !== null);
  // A list of options is ended by one more (section 3.5); where there is no list there is nothing to end.
  if (present.length > 0) present.push({ code: OPTION.end, value: new Uint8Array(0) });
  const optionsLength = present.reduce((sum, { value }) => sum + OPTION_HEADER_BYTES + padded(value.length), 0);
  const length = BLOCK_BYTES_MIN + 4 * words.length + padded(bytes.length) + optionsLength;

  const octets = new Uint8Array(length);
  const view = new DataView(octets.buffer);
  let index = putWords(view, 0, [type, length, ...words]);
  octets.set(bytes, index);
  index += padded(bytes.length);
  for (const { code, value } of present) {
    view.setUint16(index, code, true);
    view.setUint16(index + 2, value.length, true);
    octets.set(value, index + OPTION_HEADER_BYTES);
    index += OPTION_HEADER_BYTES + padded(value.length);
  }
  view.setUint32(length - TRAILER_BYTES, length, true);
  return octets;
}

/** `words`, then `bytes`, without padding. */
export function wordsThen(words: readonly number[], bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(4 * words.length + bytes.length);
  octets.set(bytes, putWords(new DataView(octets.buffer), 0, words));
  return octets;
}

/** `value` when it is an integer from 0 to `max`. @throws RangeError naming the field otherwise. */
export function integer(field: string, value: number | bigint, max: number): number {
  if ((typeof value === 'number' && !Number.isInteger(value)) || value < 0 || value > max) {
    throw new RangeError(`${field} is ${value}, not an integer from 0 to ${max}`);
  }
  return Number(value);
}

/** A 64-bit value as its upper and lower word: the order of timestamps in either byte order (section 4.3). */
export function highLow(field: string, value: number | bigint): [high: number, low: number] {
  if ((typeof value === 'number' && !Number.isSafeInteger(value)) || value < 0 || value > U64_MAX) {
    throw new RangeError(`${field} is ${value}, not an integer from 0 to ${U64_MAX}`);
  }
  const wide = BigInt(value);
  return [Number(wide >> 32n), Number(wide & 0xffff_ffffn)];
}

export function textOption(code: number, field: string, text: Optional<string>): Option | null {
  if (text === null || text === undefined) return null;
  const value = utf8.encode(text);
  if (value.length <= OPTION_BYTES_MAX) return { code, value };
  throw new RangeError(`${field} has ${value.length} octets of UTF-8, an option holds ${OPTION_BYTES_MAX}`);
}

export function u8Option(code: number, field: string, number: Optional<number>): Option | null {
  if (number === null || number === undefined) return null;
  return { code, value: Uint8Array.of(integer(field, number, 255)) };
}

export function u32Option(code: number, field: string, number: Optional<number>): Option | null {
  if (number === null || number === undefined) return null;
  return { code, value: wordsThen([integer(field, number, U32_MAX)], new Uint8Array(0)) };
}

export function u64Option(code: number, field: string, number: Optional<number | bigint>): Option | null {
  if (number === null || number === undefined) return null;
  const [high, low] = highLow(field, number);
  return { code, value: wordsThen([low, high], new Uint8Array(0)) };
}

export function timeOption(code: number, field: string, timeNs: Optional<bigint>): Option | null {
  if (timeNs === null || timeNs === undefined) return null;
  return { code, value: wordsThen(highLow(field, timeNs), new Uint8Array(0)) };
}

export function customOption(custom: Optional<{ enterprise: number; bytes: Uint8Array }>): Option | null {
  if (custom === null || custom === undefined) return null;
  const value = wordsThen([integer('enterprise', custom.enterprise, U32_MAX)], custom.bytes);
  if (value.length <= OPTION_BYTES_MAX) return { code: OPTION.custom.bytes, value };
  throw new RangeError(`custom has ${value.length} octets, an option holds ${OPTION_BYTES_MAX}`);
}

/** Returns the index behind the last word. */
function putWords(view: DataView, index: number, words: readonly number[]): number {
  for (const word of words) {
    view.setUint32(index, word, true);
    index += 4;
  }
  return index;
}
