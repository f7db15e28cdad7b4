/**
 * Blocks of a pcapng file and records of a pcap file as octets, little endian, times in nanoseconds since 1970. For what
 * is written seldom: section headers, interfaces, statistics, and the frames of tools. The data path encodes its own
 * Enhanced Packet Blocks.
 *
 * An optional field that is undefined or null is left out. Text holds up to 65535 octets of UTF-8; a zero in it ends it
 * for readers. A value out of its range is a RangeError that names the field.
 */

import { BLOCK, BYTE_ORDER_MAGIC, DIRECTIONS, NAME_RECORD, OPTION, padded, VERSION_MAJOR } from './block.ts';
import { TSRESOL_NS } from './clock.ts';
import {
  block,
  customOption,
  highLow,
  integer,
  type Option,
  type Optional,
  textOption,
  timeOption,
  U32_MAX,
  u8Option,
  u32Option,
  u64Option,
  wordsThen,
} from './encoding.ts';
import type { CapturedFrame } from './frame.ts';
import { LINKTYPE_ETHERNET } from './linktype.ts';
import { PCAP_MAGIC_NS } from './pcap.ts';

const NO_BYTES = new Uint8Array(0);
const MAC_BYTES = 6;

export interface SectionFields {
  readonly hardware?: Optional<string>;
  readonly os?: Optional<string>;
  readonly application?: Optional<string>;
  readonly comment?: Optional<string>;
}

/** A Section Header Block (section 4.1). */
export function sectionHeader(fields: SectionFields = {}): Uint8Array<ArrayBuffer> {
  const codes = OPTION.sectionHeader;
  // The version is two 16-bit fields, 1.0; the length of the section is -1, unknown, so that it can be written as it comes.
  return block(BLOCK.sectionHeader, [BYTE_ORDER_MAGIC, VERSION_MAJOR, U32_MAX, U32_MAX], NO_BYTES, [
    textOption(codes.hardware, 'hardware', fields.hardware),
    textOption(codes.os, 'os', fields.os),
    textOption(codes.application, 'application', fields.application),
    textOption(OPTION.comment, 'comment', fields.comment),
  ]);
}

export interface InterfaceFields {
  readonly name: string;
  readonly description?: Optional<string>;
  /** 6 octets. */
  readonly mac?: Optional<Uint8Array>;
  /** Bits per second, 0 to 2^64-1. */
  readonly speedBps?: Optional<number | bigint>;
  /** Most octets kept of a frame, 0 to 2^32-1; 0, the default, is no limit. */
  readonly snapLength?: Optional<number>;
  /** The capture filter as it was written; a pcap-filter expression. */
  readonly filter?: Optional<string>;
  /** Octets of frame check sequence at the end of every frame, 0 to 255. The draft says bits, all tools say octets. */
  readonly fcsLength?: Optional<number>;
}

/** An Interface Description Block (section 4.2) of an Ethernet interface that counts time in nanoseconds. */
export function interfaceDescription(fields: InterfaceFields): Uint8Array<ArrayBuffer> {
  const codes = OPTION.interfaceDescription;
  const { mac } = fields;
  if (mac && mac.length !== MAC_BYTES) throw new RangeError(`mac has ${mac.length} octets, not ${MAC_BYTES}`);
  const snapLength = integer('snapLength', fields.snapLength ?? 0, U32_MAX);
  // The link type has 16 bits, followed by 16 reserved ones that are zero.
  return block(BLOCK.interfaceDescription, [LINKTYPE_ETHERNET, snapLength], NO_BYTES, [
    textOption(codes.name, 'name', fields.name),
    textOption(codes.description, 'description', fields.description),
    mac ? { code: codes.mac, value: mac } : null,
    u64Option(codes.speed, 'speedBps', fields.speedBps),
    u8Option(codes.tsresol, 'tsresol', TSRESOL_NS),
    // if_filter: an octet 0 says that a text follows.
    filterOption(fields.filter),
    u8Option(codes.fcsLength, 'fcsLength', fields.fcsLength),
  ]);
}

function filterOption(filter: Optional<string>): Option | null {
  if (filter === null || filter === undefined) return null;
  return textOption(OPTION.interfaceDescription.filter, 'filter', `\0${filter}`);
}

/** A station and what it is called: an IPv4 address of 4 octets, or a MAC address of 6. */
export interface NameRecord {
  readonly address: Uint8Array;
  readonly name: string;
}

/** A Name Resolution Block (section 4.5), with which Wireshark shows names for addresses. */
export function nameResolution(records: readonly NameRecord[]): Uint8Array<ArrayBuffer> {
  const parts = records.map(({ address, name }) => {
    const type = address.length === MAC_BYTES ? NAME_RECORD.eui48 : NAME_RECORD.ipv4;
    const value = Buffer.concat([address, Buffer.from(name), Buffer.of(0)]);
    const head = Buffer.alloc(4 + padded(value.length));
    head.writeUInt16LE(type, 0);
    head.writeUInt16LE(value.length, 2);
    value.copy(head, 4);
    return head;
  });
  // nrb_record_end: type and length 0.
  return block(BLOCK.nameResolution, [], Buffer.concat([...parts, Buffer.alloc(4)]), []);
}

export interface StatisticsFields {
  /** Index of the interface's description in the section. */
  readonly interfaceId: number;
  /** When the counters were read, 0 to 2^64-1. */
  readonly timeNs: bigint;
  /** When the capture started. */
  readonly startNs?: Optional<bigint>;
  /** When the capture ended. */
  readonly endNs?: Optional<bigint>;
  /** Frames the interface received since the capture started; this and the following are 0 to 2^64-1. */
  readonly received?: Optional<number | bigint>;
  /** Frames the interface dropped for want of resources. */
  readonly dropped?: Optional<number | bigint>;
  /** Frames the capture's filter accepted. */
  readonly accepted?: Optional<number | bigint>;
  /** Frames the operating system dropped. */
  readonly droppedByOs?: Optional<number | bigint>;
  /** Frames that reached the capture. */
  readonly delivered?: Optional<number | bigint>;
}

/** An Interface Statistics Block (section 4.6). */
export function interfaceStatistics(fields: StatisticsFields): Uint8Array<ArrayBuffer> {
  const codes = OPTION.interfaceStatistics;
  const words = [integer('interfaceId', fields.interfaceId, U32_MAX), ...highLow('timeNs', fields.timeNs)];
  return block(BLOCK.interfaceStatistics, words, NO_BYTES, [
    timeOption(codes.startTime, 'startNs', fields.startNs),
    timeOption(codes.endTime, 'endNs', fields.endNs),
    u64Option(codes.received, 'received', fields.received),
    u64Option(codes.dropped, 'dropped', fields.dropped),
    u64Option(codes.accepted, 'accepted', fields.accepted),
    u64Option(codes.droppedByOs, 'droppedByOs', fields.droppedByOs),
    u64Option(codes.delivered, 'delivered', fields.delivered),
  ]);
}

/** A frame as it was read fits in, with the number of its interface beside it. */
export interface PacketFields {
  /** Index of the interface's description in the section. */
  readonly interfaceId: number;
  /** 0 to 2^64-1. */
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
  /** Octets on the wire, 0 to 2^32-1; default: `bytes` holds them all. */
  readonly originalLength?: Optional<number>;
  readonly direction?: Optional<CapturedFrame['direction']>;
  /** Equal for all captures of one frame, 0 to 2^64-1. */
  readonly packetId?: Optional<number | bigint>;
  readonly comment?: Optional<string>;
  /** A binary custom option that tools may copy to other files; `enterprise` is an IANA Private Enterprise Number, 0 to 2^32-1. */
  readonly custom?: Optional<{ readonly enterprise: number; readonly bytes: Uint8Array }>;
  /** Frames lost on this interface since its frame before, 0 to 2^64-1. */
  readonly dropCount?: Optional<number | bigint>;
}

/** An Enhanced Packet Block (section 4.3) for an interface written by `interfaceDescription`. */
export function enhancedPacket(fields: PacketFields): Uint8Array<ArrayBuffer> {
  const codes = OPTION.enhancedPacket;
  const { bytes, direction } = fields;
  const words = [
    integer('interfaceId', fields.interfaceId, U32_MAX),
    ...highLow('timeNs', fields.timeNs),
    bytes.length,
    integer('originalLength', fields.originalLength ?? bytes.length, U32_MAX),
  ];
  return block(BLOCK.enhancedPacket, words, bytes, [
    u32Option(codes.flags, 'direction', direction && DIRECTIONS.indexOf(direction)),
    u64Option(codes.dropCount, 'dropCount', fields.dropCount),
    u64Option(codes.packetId, 'packetId', fields.packetId),
    textOption(OPTION.comment, 'comment', fields.comment),
    customOption(fields.custom),
  ]);
}

/** Version 2.4 as two 16-bit fields. */
const PCAP_VERSION = 2 | (4 << 16);
const NS_PER_SECOND = 1_000_000_000n;

/** The header of a pcap file of Ethernet frames; `snapLength`, 1 to 2^32-1, is the most octets kept of a frame. */
export function pcapHeader(snapLength: number): Uint8Array<ArrayBuffer> {
  if (snapLength === 0) throw new RangeError('snapLength is 0, but pcap has no such "no limit": give 262144');
  const kept = integer('snapLength', snapLength, U32_MAX);
  return wordsThen([PCAP_MAGIC_NS, PCAP_VERSION, 0, 0, kept, LINKTYPE_ETHERNET], NO_BYTES);
}

/** A record of a pcap file begun by `pcapHeader`; `timeNs` from 0 into the year 2106. */
export function pcapRecord(
  timeNs: bigint,
  bytes: Uint8Array,
  originalLength: number = bytes.length,
): Uint8Array<ArrayBuffer> {
  if (timeNs < 0n) throw new RangeError(`timeNs is ${timeNs}, before 1970`);
  const seconds = integer('timeNs in seconds', timeNs / NS_PER_SECOND, U32_MAX);
  const fraction = Number(timeNs % NS_PER_SECOND);
  return wordsThen([seconds, fraction, bytes.length, integer('originalLength', originalLength, U32_MAX)], bytes);
}
