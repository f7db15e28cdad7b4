/**
 * The classic pcap format (draft-ietf-opsawg-pcap): a header of 24 octets, then records.
 *
 *     header   | magic 4 | major 2 | minor 2 | reserved 8 | snapLength 4 | FCS 4 bits, R, P, reserved 10, link type 16 |
 *     record   | seconds 4 | fraction 4 | captured length 4 | original length 4 | octets, not padded |
 *
 * The magic tells byte order and the unit of the fraction. Records carry no mark, so nothing can be read after damage.
 */

import type { Clock } from './clock.ts';
import type { CapturedFrame, FrameCursor, SourceInterface } from './frame.ts';
import { isAccepted, type LinkTypes, linkTypeRefusal } from './linktype.ts';
import { RECORD_BYTES_MAX, type Source } from './source.ts';

/** The magic of a file with nanoseconds, read in the file's own byte order. */
export const PCAP_MAGIC_NS = 0xa1b23c4d;

/**
 * All magics as a big-endian reader sees them: [magic, is little endian, nanoseconds of one unit of the fraction, octets of a
 * record's header]. The last two are of old patched Linux tools (Kuznetzov), which add an interface number, a protocol and a
 * packet type to each record.
 */
const MAGICS: readonly (readonly [magic: number, little: boolean, unitNs: number, recordHeaderBytes: number])[] = [
  [0xa1b2c3d4, false, 1000, 16],
  [PCAP_MAGIC_NS, false, 1, 16],
  [0xd4c3b2a1, true, 1000, 16],
  [0x4d3cb2a1, true, 1, 16],
  [0xa1b2cd34, false, 1000, 24],
  [0x34cdb2a1, true, 1000, 24],
];

const HEADER_BYTES = 24;
const VERSION = '2.4';
const NS_PER_SECOND = 1_000_000_000n;

// The field with the link type, from its most significant bit: see the header above.
const FCS_WORDS_SHIFT = 28;
const FCS_PRESENT = 1 << 26;
const RESERVED_MASK = 0x0bff_0000;
const LINKTYPE_MASK = 0xffff;

export function isPcap(magic: number): boolean {
  return MAGICS.some(([known]) => known === magic);
}

/** Seconds and fraction are one word each; nothing divides them. */
const CLOCK: Clock = { multiplier: 1n, divisor: 1n, offsetNs: 0n };

export class PcapCursor implements FrameCursor {
  readonly source: Source;
  readonly little: boolean;
  readonly from: SourceInterface;
  readonly interfaces: readonly SourceInterface[];
  readonly isTimed = true;
  high = 0;
  low = 0;
  block = 0;
  blockLength = 0;
  start = 0;
  capturedLength = 0;
  originalLength = 0;
  options = 0;
  optionsEnd = 0;
  /** Nanoseconds of one unit of the fraction: 1 or 1000. */
  readonly unitNs: number;
  private readonly recordHeaderBytes: number;
  private ended = false;

  /**
   * @param source at the start of a file that begins with a pcap magic.
   * @param linkTypes the link types to accept.
   * @throws CaptureError when the header is cut short, of another version, or of a link type not accepted.
   */
  constructor(source: Source, linkTypes: LinkTypes) {
    if (!source.ensure(HEADER_BYTES)) {
      const what = `the header has ${source.held} octets instead of ${HEADER_BYTES}`;
      throw source.error(0, what, 'the file was cut short: copy it again');
    }
    const { view, position } = source;
    const [, little, unitNs, recordHeaderBytes] = MAGICS.find(([magic]) => magic === view.getUint32(position))!;
    this.source = source;
    this.little = little;
    this.unitNs = unitNs;
    this.recordHeaderBytes = recordHeaderBytes;

    const version = `${view.getUint16(position + 4, little)}.${view.getUint16(position + 6, little)}`;
    if (version !== VERSION) {
      throw source.error(4, `pcap version ${version} is not ${VERSION}`, 'convert it with `editcap -F pcap OLD NEW`');
    }
    const linkField = view.getUint32(position + 20, little);
    if ((linkField & RESERVED_MASK) !== 0) {
      const what = `reserved bits are set beside the link type (0x${linkField.toString(16)})`;
      throw source.error(20, what, 'the header is damaged: copy the file again');
    }
    const linkType = linkField & LINKTYPE_MASK;
    if (!isAccepted(linkType, linkTypes)) {
      throw source.error(20, linkTypeRefusal(linkType, linkTypes), 'give a capture of an accepted link type');
    }
    const captured = {
      id: 0,
      name: null,
      linkType,
      snapLength: view.getUint32(position + 16, little),
      fcsLength: (linkField & FCS_PRESENT) === 0 ? null : 2 * (linkField >>> FCS_WORDS_SHIFT),
      section: 0,
    };
    this.from = { captured, clock: CLOCK, details: null };
    this.interfaces = [this.from];
    source.position += HEADER_BYTES;
  }

  step(): boolean {
    const { source, little, recordHeaderBytes } = this;
    if (this.ended) return false;
    if (!source.ensure(recordHeaderBytes)) {
      if (source.held === 0) return false;
      throw this.end(`the file ends ${source.held} octets into a record's header of ${recordHeaderBytes}`);
    }
    const length = source.view.getUint32(source.position + 8, little);
    if (length > RECORD_BYTES_MAX) {
      throw this.end(`a record claims ${length} octets, more than the ${RECORD_BYTES_MAX} a record may have`);
    }
    if (!source.ensure(recordHeaderBytes + length)) {
      throw this.end(`the file ends ${source.held - recordHeaderBytes} octets into a frame of ${length}`);
    }
    const { view, position } = source;
    source.position += recordHeaderBytes + length;
    this.high = view.getUint32(position, little);
    this.low = view.getUint32(position + 4, little);
    this.block = position;
    this.blockLength = recordHeaderBytes + length;
    this.start = position + recordHeaderBytes;
    this.capturedLength = length;
    this.originalLength = view.getUint32(position + 12, little);
    return true;
  }

  timeOf(_: SourceInterface, seconds: number, fraction: number): bigint {
    return BigInt(seconds) * NS_PER_SECOND + BigInt(fraction * this.unitNs);
  }

  timeNs(): bigint {
    return this.timeOf(this.from, this.high, this.low);
  }

  frame(): CapturedFrame {
    return {
      timeNs: this.timeNs(),
      bytes: this.source.frame(this.start, this.capturedLength),
      originalLength: this.originalLength,
      interface: this.from.captured,
      direction: null,
      packetId: null,
      comment: null,
      drop: null,
      offset: this.source.offsetOf(this.block),
    };
  }

  private end(what: string): Error {
    this.ended = true;
    const offset = this.source.offsetOf(this.source.position);
    return this.source.error(offset, what, 'the file is cut short or damaged here: copy it again');
  }
}
