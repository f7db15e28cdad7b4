/**
 * The numbers of the pcapng format (draft-ietf-opsawg-pcapng) that reader and writer share.
 *
 *     block   | type 4 | length 4 | body, padded to 4 | length 4 |      length counts all of it
 *     option  | code 2 | length 2 | value, padded to 4 |              length counts the value without padding
 */

/** Block types (section 4). Reading "\n\r\r\n", a section header is the same in both byte orders. */
export const BLOCK = {
  sectionHeader: 0x0a0d0d0a,
  interfaceDescription: 1,
  /** Obsolete, appendix A. */
  packet: 2,
  simplePacket: 3,
  nameResolution: 4,
  interfaceStatistics: 5,
  enhancedPacket: 6,
  systemdJournal: 9,
  decryptionSecrets: 10,
  /** Custom blocks; those of the second kind are not to be copied by who does not know them. */
  custom: 0x0bad,
  customNoCopy: 0x40000bad,
} as const;

/** Value of a section header's Byte-Order Magic, read in the section's own byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const VERSION_MAJOR = 1;

/** Octets of a block without body. */
export const BLOCK_BYTES_MIN = 12;
/** Octets of the length that ends a block. */
export const TRAILER_BYTES = 4;

/** Option codes. Every block has its own, but for the first two. */
export const OPTION = {
  end: 0,
  comment: 1,
  /** Custom options of text and of octets, then those that are not to be copied by who does not know them. */
  custom: { text: 2988, bytes: 2989, textNoCopy: 19372, bytesNoCopy: 19373 },
  sectionHeader: { hardware: 2, os: 3, application: 4 },
  interfaceDescription: {
    name: 2,
    description: 3,
    mac: 6,
    speed: 8,
    tsresol: 9,
    timezone: 10,
    filter: 11,
    fcsLength: 13,
    tsoffset: 14,
  },
  enhancedPacket: { flags: 2, dropCount: 4, packetId: 5, queue: 6 },
  interfaceStatistics: {
    startTime: 2,
    endTime: 3,
    received: 4,
    dropped: 5,
    accepted: 6,
    droppedByOs: 7,
    delivered: 8,
  },
} as const;

/** Record types of a Name Resolution Block (section 4.5). */
export const NAME_RECORD = { end: 0, ipv4: 1, ipv6: 2, eui48: 3, eui64: 4 } as const;

/** What bits 0 and 1 of `epb_flags` (section 4.3.1) say of the way a frame went, as its interface saw it. */
export const DIRECTIONS = [null, 'in', 'out', null] as const;
export const DIRECTION_MASK = 3;

/** The next multiple of 4: blocks and options are padded to 32 bits. `length` must be below 2^31. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
