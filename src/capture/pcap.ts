/**
 * The classic pcap format (draft-ietf-opsawg-pcap): a header of 24 octets, then records.
 *
 *     header   | magic 4 | major 2 | minor 2 | reserved 8 | snapLength 4 | FCS 4 bits, R, P, reserved 10, link type 16 |
 *     record   | seconds 4 | fraction 4 | captured length 4 | original length 4 | octets, not padded |
 *
 * The magic tells byte order and the unit of the fraction. Records carry no mark, so nothing can be read after damage.
 */

import type { CapturedFrame, CapturedInterface, FrameReader } from './frame.ts';
import { linkTypeRefusal } from './linktype.ts';
import { RECORD_BYTES_MAX, type Source } from './source.ts';

/** The magic of a file with nanoseconds, read in the file's own byte order. */
export const PCAP_MAGIC_NS = 0xa1b23c4d;

/** All magics as a big-endian reader sees them: [magic, is little endian, nanoseconds of one unit of the fraction]. */
const MAGICS: readonly (readonly [magic: number, little: boolean, unitNs: number])[] = [
  [0xa1b2c3d4, false, 1000],
  [PCAP_MAGIC_NS, false, 1],
  [0xd4c3b2a1, true, 1000],
  [0x4d3cb2a1, true, 1],
];

const HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
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

export class PcapReader implements FrameReader {
  private readonly source: Source;
  private readonly little: boolean;
  private readonly unitNs: number;
  private readonly interface: CapturedInterface;
  private ended = false;

  /**
   * @param source at the start of a file that begins with a pcap magic.
   * @param linkTypes the link types to accept.
   * @throws CaptureError when the header is cut short, of another version, or of a link type not accepted.
   */
  constructor(source: Source, linkTypes: readonly number[]) {
    if (!source.ensure(HEADER_BYTES)) {
      const what = `the header has ${source.held} octets instead of ${HEADER_BYTES}`;
      throw source.error(0, what, 'the file was cut short: copy it again');
    }
    const { view, position } = source;
    const [, little, unitNs] = MAGICS.find(([magic]) => magic === view.getUint32(position))!;
    this.source = source;
    this.little = little;
    this.unitNs = unitNs;

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
    if (!linkTypes.includes(linkType)) {
      throw source.error(20, linkTypeRefusal(linkType, linkTypes), 'give a capture of an accepted link type');
    }
    this.interface = {
      id: 0,
      name: null,
      linkType,
      snapLength: view.getUint32(position + 16, little),
      fcsLength: (linkField & FCS_PRESENT) === 0 ? null : 2 * (linkField >>> FCS_WORDS_SHIFT),
      section: 0,
    };
    source.position += HEADER_BYTES;
  }

  next(): CapturedFrame | null {
    const { source, little } = this;
    if (this.ended) return null;
    if (!source.ensure(RECORD_HEADER_BYTES)) {
      if (source.held === 0) return null;
      throw this.end(`the file ends ${source.held} octets into a record's header of ${RECORD_HEADER_BYTES}`);
    }
    const length = source.view.getUint32(source.position + 8, little);
    if (length > RECORD_BYTES_MAX) {
      throw this.end(`a record claims ${length} octets, more than the ${RECORD_BYTES_MAX} a record may have`);
    }
    if (!source.ensure(RECORD_HEADER_BYTES + length)) {
      throw this.end(`the file ends ${source.held - RECORD_HEADER_BYTES} octets into a frame of ${length}`);
    }
    const { view, position } = source;
    source.position += RECORD_HEADER_BYTES + length;
    return {
      timeNs:
        BigInt(view.getUint32(position, little)) * NS_PER_SECOND +
        BigInt(view.getUint32(position + 4, little) * this.unitNs),
      bytes: source.frame(position + RECORD_HEADER_BYTES, length),
      originalLength: view.getUint32(position + 12, little),
      interface: this.interface,
      direction: null,
      packetId: null,
      comment: null,
      offset: source.offsetOf(position),
    };
  }

  private end(what: string): Error {
    this.ended = true;
    const offset = this.source.offsetOf(this.source.position);
    return this.source.error(offset, what, 'the file is cut short or damaged here: copy it again');
  }
}
