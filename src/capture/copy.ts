/**
 * Frames of captures copied into one pcapng section, little endian, with their times to the tick and their options as they
 * were; what was written in the other byte order is turned round, field by field.
 *
 * Interfaces that are described alike are one, such as those of a capture in several files; all others stay apart, also
 * where they have the same name. An interface of a pcap file has no name and gets one. A Simple Packet Block becomes an
 * enhanced one at time 0, the obsolete packet block one without its drop count.
 */

import { BLOCK, BYTE_ORDER_MAGIC, OPTION, padded, TRAILER_BYTES, VERSION_MAJOR } from './block.ts';
import { TSRESOL_NS } from './clock.ts';
import { block, type Option, textOption, U32_MAX, u8Option } from './encoding.ts';
import type { FrameCursor, SourceInterface } from './frame.ts';

const BUFFER_BYTES = 1024 * 1024;
const PACKET_BYTES = 28;
const NO_BYTES = new Uint8Array(0);

/** How the value of an option is laid out, where it is not text or octets: octets of one number. */
type Widths = Readonly<Record<number, number>>;
const CUSTOM: Widths = {
  [OPTION.custom.text]: 4,
  [OPTION.custom.bytes]: 4,
  [OPTION.custom.textNoCopy]: 4,
  [OPTION.custom.bytesNoCopy]: 4,
};
const { enhancedPacket, interfaceDescription, interfaceStatistics } = OPTION;
const PACKET_WIDTHS: Widths = {
  ...CUSTOM,
  [enhancedPacket.flags]: 4,
  [enhancedPacket.dropCount]: 8,
  [enhancedPacket.packetId]: 8,
  [enhancedPacket.queue]: 4,
};
const INTERFACE_WIDTHS: Widths = {
  ...CUSTOM,
  [interfaceDescription.speed]: 8,
  [interfaceDescription.timezone]: 4,
  [interfaceDescription.tsoffset]: 8,
};
const STATISTICS_WIDTHS: Widths = {
  ...CUSTOM,
  // Two words, the upper one first in either byte order.
  [interfaceStatistics.startTime]: 4,
  [interfaceStatistics.endTime]: 4,
  [interfaceStatistics.received]: 8,
  [interfaceStatistics.dropped]: 8,
  [interfaceStatistics.accepted]: 8,
  [interfaceStatistics.droppedByOs]: 8,
  [interfaceStatistics.delivered]: 8,
};
const ISB_BYTES = 20;
/** Blocks that say the same in every place and byte order, or are all octets. */
const VERBATIM: readonly number[] = [BLOCK.systemdJournal];

/** Takes what is written, in order. */
export type Sink = (bytes: Uint8Array) => void;

export class CaptureCopy {
  readonly #sink: Sink;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  #used = 0;
  readonly #ids = new Map<SourceInterface, number>();
  readonly #described = new Map<string, number>();
  readonly #resolutions = new Set<string>();
  /** Frames written. */
  frames = 0;
  /** Octets written. */
  bytes = 0;

  /** @param comment of the section. */
  constructor(sink: Sink, comment: string | null) {
    this.#sink = sink;
    this.#put(
      block(BLOCK.sectionHeader, [BYTE_ORDER_MAGIC, VERSION_MAJOR, U32_MAX, U32_MAX], NO_BYTES, [
        textOption(OPTION.comment, 'comment', comment),
      ]),
    );
  }

  /** The number of an interface, described when it is new. `file` names those that have no name. */
  describe(from: SourceInterface, little: boolean, file: string): number {
    const known = this.#ids.get(from);
    if (known !== undefined) return known;
    const { captured, details } = from;
    const named = details === null || captured.name === null ? file : null;
    const { options, ticks } =
      details === null
        ? { options: [], ticks: TSRESOL_NS }
        : { options: optionsOf(details.options, little, INTERFACE_WIDTHS), ticks: null };
    const name = OPTION.interfaceDescription;
    const bytes = block(BLOCK.interfaceDescription, [captured.linkType, captured.snapLength], NO_BYTES, [
      textOption(name.name, 'name', named),
      ...options,
      u8Option(name.tsresol, 'tsresol', ticks),
      details === null ? u8Option(name.fcsLength, 'fcsLength', captured.fcsLength) : null,
    ]);
    const key = Buffer.from(bytes).toString('latin1');
    let id = this.#described.get(key);
    if (id === undefined) {
      id = this.#described.size;
      this.#described.set(key, id);
      this.#put(bytes);
    }
    this.#ids.set(from, id);
    return id;
  }

  /** The frame at hand. */
  frame(cursor: FrameCursor, file: string): void {
    const { source, from, little, start, capturedLength, originalLength, options, optionsEnd } = cursor;
    const id = this.describe(from, little, file);
    let { high, low } = cursor;
    if (from.details === null) {
      const ns = cursor.timeNs();
      high = Number(ns >> 32n);
      low = Number(ns & 0xffff_ffffn);
    }
    const optionsLength = Math.max(0, optionsEnd - options);
    const length = PACKET_BYTES + padded(capturedLength) + optionsLength + TRAILER_BYTES;
    if ((!little && optionsLength > 0) || length > BUFFER_BYTES) {
      const words = [id, high, low, capturedLength, originalLength];
      const list = optionsOf(source.frame(options, optionsLength), little, PACKET_WIDTHS);
      this.#put(block(BLOCK.enhancedPacket, words, source.frame(start, capturedLength), list));
    } else {
      const at = this.#room(length);
      const view = this.#view;
      view.setUint32(at, BLOCK.enhancedPacket, true);
      view.setUint32(at + 4, length, true);
      view.setUint32(at + 8, id, true);
      view.setUint32(at + 12, high, true);
      view.setUint32(at + 16, low, true);
      view.setUint32(at + 20, capturedLength, true);
      view.setUint32(at + 24, originalLength, true);
      const optionsAt = at + PACKET_BYTES + padded(capturedLength);
      this.#buffer.set(source.bytes.subarray(start, start + capturedLength), at + PACKET_BYTES);
      this.#buffer.fill(0, at + PACKET_BYTES + capturedLength, optionsAt);
      this.#buffer.set(source.bytes.subarray(options, options + optionsLength), optionsAt);
      view.setUint32(optionsAt + optionsLength, length, true);
    }
    this.frames++;
  }

  /**
   * A block that holds no frame, where it can be told again: statistics, names, secrets, custom blocks that may be copied,
   * journals. False where it cannot: an unknown one, or a custom one in the other byte order.
   */
  other(cursor: FrameCursor, type: number, at: number, length: number, file: string): boolean {
    const { source, little } = cursor;
    const { view } = source;
    const body = source.frame(at + 8, length - 12);
    if (type === BLOCK.interfaceStatistics && length >= ISB_BYTES + TRAILER_BYTES) {
      const from = cursor.interfaces[view.getUint32(at + 8, little)];
      if (!from) return false;
      const words = [
        this.describe(from, little, file),
        view.getUint32(at + 12, little),
        view.getUint32(at + 16, little),
      ];
      const options = optionsOf(body.subarray(ISB_BYTES - 8), little, STATISTICS_WIDTHS);
      this.#put(block(type, words, NO_BYTES, options));
      return true;
    }
    if (type === BLOCK.nameResolution) {
      const records = optionsOf(body, little, {});
      if (records.length === 0) return true;
      const bytes = block(type, [], NO_BYTES, records);
      // The same names are in every file of a capture in several ones.
      const key = Buffer.from(bytes).toString('latin1');
      if (!this.#resolutions.has(key)) this.#put(bytes);
      this.#resolutions.add(key);
      return true;
    }
    if (VERBATIM.includes(type) || (little && (type === BLOCK.custom || type === BLOCK.decryptionSecrets))) {
      this.#put(block(type, [], body, []));
      return true;
    }
    return false;
  }

  /** Hands over what is still held. */
  end(): void {
    if (this.#used > 0) this.#sink(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #put(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    if (at >= 0) this.#buffer.set(bytes, at);
    else {
      this.end();
      this.#sink(bytes);
      this.bytes += bytes.length;
    }
  }

  /** Where `length` octets go, which counts them; -1 when they are more than the buffer holds. */
  #room(length: number): number {
    if (length > BUFFER_BYTES) return -1;
    if (this.#used + length > BUFFER_BYTES) this.end();
    const at = this.#used;
    this.#used += length;
    this.bytes += length;
    return at;
  }
}

/** A list of options or of name records as it stands in a block, in little endian. What does not fit ends the list. */
function optionsOf(octets: Uint8Array, little: boolean, widths: Widths): Option[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const found: Option[] = [];
  for (let at = 0; at + 4 <= octets.length; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === OPTION.end || at + 4 + length > octets.length) break;
    const value = octets.slice(at + 4, at + 4 + length);
    const width = widths[code] ?? 0;
    if (!little && width > 0) {
      // Times of statistics are two numbers of 4; everything else is one, and a custom option goes on behind it.
      const count = code in CUSTOM ? 1 : Math.floor(length / width);
      for (let i = 0; i < count; i++) value.subarray(i * width, (i + 1) * width).reverse();
    }
    found.push({ code, value });
    at += 4 + padded(length);
  }
  return found;
}
