/**
 * The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks; see block.ts for the shape of a block.
 *
 * Read are section headers, interface descriptions and the three packet blocks; every other block is stepped over, and
 * whoever wants to know is told of it.
 * After a bad block reading can go on behind it, for the lengths in front and behind had been found equal. Where they
 * differ, or make no sense, nothing says where the next block starts: the file ends there.
 */

import {
  BLOCK,
  BLOCK_BYTES_MIN,
  BYTE_ORDER_MAGIC,
  DIRECTION_MASK,
  DIRECTIONS,
  OPTION,
  padded,
  TRAILER_BYTES,
  VERSION_MAJOR,
} from './block.ts';
import { type Clock, timeNsOf } from './clock.ts';
import { dropOf } from './drop.ts';
import type { CapturedDrop, CapturedFrame, FrameCursor, OnBlock, SourceInterface } from './frame.ts';
import type { LinkTypes } from './linktype.ts';
import { OptionCursor } from './options.ts';
import { commentJoined, Section } from './section.ts';
import { RECORD_BYTES_MAX, type Source } from './source.ts';

// Octets of a block in front of its options or its frame (sections 4.1, 4.3, 4.4 and, for the Packet Block, appendix A).
const SECTION_HEADER_BYTES = 24;
const PACKET_BYTES = 28;
const SIMPLE_PACKET_BYTES = 12;

const DAMAGED = 'the file is damaged here: copy it again';
const CUT_SHORT = 'the file is cut short or damaged here: copy it again';

export class PcapngCursor implements FrameCursor {
  readonly source: Source;
  little = true;
  high = 0;
  low = 0;
  isTimed = true;
  block = 0;
  blockLength = 0;
  start = 0;
  capturedLength = 0;
  originalLength = 0;
  options = 0;
  optionsEnd = 0;
  private readonly linkTypes: LinkTypes;
  private readonly onBlock: OnBlock | null;
  private readonly cursor: OptionCursor;
  private readonly clocks = new Map<string, Clock>();
  private interface: SourceInterface | null = null;
  private ended = false;
  private sectionCount = 0;
  /** Null in a section that cannot be read and is stepped over (section 3.3). */
  private section: Section | null = null;

  /**
   * @param source at the start of a file that begins with a section header.
   * @param linkTypes the link types to accept; the frames of other interfaces are errors.
   */
  constructor(source: Source, linkTypes: LinkTypes, onBlock: OnBlock | null = null) {
    this.source = source;
    this.linkTypes = linkTypes;
    this.onBlock = onBlock;
    this.cursor = new OptionCursor(source);
  }

  get from(): SourceInterface {
    return this.interface!;
  }

  get interfaces(): readonly (SourceInterface | null)[] {
    return this.section?.interfaces ?? [];
  }

  step(): boolean {
    const { source } = this;
    while (!this.ended) {
      const length = this.lengthOfNext();
      if (length === 0) return false;
      const block = source.position;
      // Moved before the block is read: whatever is wrong inside, the next call starts behind it.
      source.position += length;
      if (this.readBlock(block, length)) return true;
    }
    return false;
  }

  /** Length of the block at hand, which then is in the window as a whole; 0 at the end of the file. */
  private lengthOfNext(): number {
    const { source } = this;
    if (!source.ensure(BLOCK_BYTES_MIN)) {
      if (source.held === 0) return 0;
      throw this.end(`the file ends ${source.held} octets into a block`);
    }
    // A section header says itself in which byte order its length is.
    if (source.view.getUint32(source.position) === BLOCK.sectionHeader) this.little = this.isLittle();
    const { little } = this;
    const length = source.view.getUint32(source.position + 4, little);
    if (length < BLOCK_BYTES_MIN || length > RECORD_BYTES_MAX || length % 4 !== 0) {
      const range = `a multiple of 4 from ${BLOCK_BYTES_MIN} to ${RECORD_BYTES_MAX}`;
      throw this.end(`a block claims ${length} octets, which is not ${range}`);
    }
    if (!source.ensure(length)) throw this.end(`the file ends ${source.held} octets into a block of ${length}`);
    const trailer = source.view.getUint32(source.position + length - TRAILER_BYTES, little);
    if (trailer !== length) throw this.end(`a block claims ${length} octets in front and ${trailer} behind`);
    return length;
  }

  /** Whether the section header at hand starts a little-endian section. */
  private isLittle(): boolean {
    const { view, position } = this.source;
    if (view.getUint32(position + 8, true) === BYTE_ORDER_MAGIC) return true;
    if (view.getUint32(position + 8, false) === BYTE_ORDER_MAGIC) return false;
    throw this.end(`a section header has the byte-order magic 0x${view.getUint32(position + 8).toString(16)}`);
  }

  /** True when it holds a frame, which then is at hand. */
  private readBlock(block: number, length: number): boolean {
    const { section } = this;
    const type = this.source.view.getUint32(block, this.little);
    if (section !== null) {
      if (type === BLOCK.enhancedPacket || type === BLOCK.packet) return this.readPacket(section, type, block, length);
      if (type === BLOCK.simplePacket) return this.readSimplePacket(section, block, length);
      if (type === BLOCK.interfaceDescription) section.describe(block, length);
    }
    if (type === BLOCK.sectionHeader) this.readSectionHeader(block, length);
    this.onBlock?.(type, block, length, this.little);
    return false;
  }

  /** Section 4.1. The section length is left unread: walking the blocks finds the next section in damaged files too. */
  private readSectionHeader(block: number, length: number): void {
    const index = this.sectionCount++;
    this.section = null;
    this.expectFields(block, length, SECTION_HEADER_BYTES);
    // Any minor version will do: what it adds can be stepped over, and 1.2 is another name of 1.0.
    const major = this.source.view.getUint16(block + 12, this.little);
    if (major !== VERSION_MAJOR) {
      const what = `the section has pcapng version ${major}, not ${VERSION_MAJOR}`;
      throw this.source.error(this.source.offsetOf(block), what, 'convert it with `editcap -F pcapng OLD NEW`');
    }
    this.section = new Section(this.source, index, this.little, this.linkTypes, this.clocks);
  }

  /** Section 4.3, and appendix A: the obsolete block differs in having 16 bits of interface, then 16 of drop count. */
  private readPacket(section: Section, type: number, block: number, length: number): boolean {
    const { source, little } = this;
    const { view } = source;
    this.expectFields(block, length, PACKET_BYTES);
    const id = type === BLOCK.packet ? view.getUint16(block + 8, little) : view.getUint32(block + 8, little);
    this.interface = section.interfaceOf(id, source.offsetOf(block));
    if (this.interface === null) return false;
    const captured = view.getUint32(block + 20, little);
    this.expectFrame(block, captured, length - PACKET_BYTES - TRAILER_BYTES);
    this.high = view.getUint32(block + 12, little);
    this.low = view.getUint32(block + 16, little);
    this.isTimed = true;
    this.originalLength = view.getUint32(block + 24, little);
    this.hold(block, length, PACKET_BYTES, captured);
    this.options = this.start + padded(captured);
    return true;
  }

  /** Section 4.4: no time, no options; from the first interface, whose snap length says how much was captured. */
  private readSimplePacket(section: Section, block: number, length: number): boolean {
    const { source } = this;
    this.expectFields(block, length, SIMPLE_PACKET_BYTES);
    this.interface = section.interfaceOf(0, source.offsetOf(block));
    if (this.interface === null) return false;
    const originalLength = source.view.getUint32(block + 8, this.little);
    const { snapLength } = this.interface.captured;
    const captured = snapLength === 0 ? originalLength : Math.min(originalLength, snapLength);
    this.expectFrame(block, captured, length - SIMPLE_PACKET_BYTES - TRAILER_BYTES);
    this.high = 0;
    this.low = 0;
    this.isTimed = false;
    this.originalLength = originalLength;
    this.hold(block, length, SIMPLE_PACKET_BYTES, captured);
    this.options = this.optionsEnd;
    return true;
  }

  private hold(block: number, length: number, fieldsBytes: number, captured: number): void {
    this.block = block;
    this.blockLength = length;
    this.start = block + fieldsBytes;
    this.capturedLength = captured;
    this.optionsEnd = block + length - TRAILER_BYTES;
  }

  timeOf(from: SourceInterface, high: number, low: number): bigint {
    return timeNsOf(from.clock, high, low);
  }

  timeNs(): bigint {
    return this.isTimed ? this.timeOf(this.from, this.high, this.low) : 0n;
  }

  frame(): CapturedFrame {
    const { source, cursor, block } = this;
    const codes = OPTION.enhancedPacket;
    let direction: CapturedFrame['direction'] = null;
    let packetId: bigint | null = null;
    let comment: string | null = null;
    let drop: CapturedDrop | null = null;
    cursor.enter(this.options, block, this.blockLength, this.little);
    while (cursor.next()) {
      const { code } = cursor;
      if (code === codes.flags) direction = DIRECTIONS[cursor.u32() & DIRECTION_MASK] ?? null;
      else if (code === codes.packetId) packetId = cursor.u64();
      else if (code === OPTION.comment) comment = commentJoined(comment, cursor.text());
      else if (code === OPTION.custom.bytes) drop ??= dropOf(cursor);
    }
    return {
      timeNs: this.timeNs(),
      bytes: source.frame(this.start, this.capturedLength),
      originalLength: this.originalLength,
      interface: this.from.captured,
      direction,
      packetId,
      comment,
      drop,
      offset: source.offsetOf(block),
    };
  }

  private expectFields(block: number, length: number, fieldsBytes: number): void {
    if (length >= fieldsBytes + TRAILER_BYTES) return;
    const type = this.source.view.getUint32(block, this.little);
    const what = `a block of type ${type} has ${length} octets, too few for its fields`;
    throw this.source.error(this.source.offsetOf(block), what, DAMAGED);
  }

  private expectFrame(block: number, captured: number, room: number): void {
    if (captured <= room) return;
    const what = `a block claims ${captured} octets of frame, but has room for ${room}`;
    throw this.source.error(this.source.offsetOf(block), what, DAMAGED);
  }

  private end(what: string): Error {
    this.ended = true;
    return this.source.error(this.source.offsetOf(this.source.position), what, CUT_SHORT);
  }
}
