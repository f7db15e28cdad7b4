/** Goes over the blocks of a capture as the core writes them, without looking further than at their heads. */

/** Enough of a block or of a pcap record to tell its length. */
export const RECORD_HEAD_BYTES = 16;
const PACKET_BLOCK = 6;
const NS_PER_SECOND = 1_000_000_000n;

export interface Head {
  /** Of the whole block. */
  bytes: number;
  /** Whether there is a frame in it; the rest is told of those only. */
  isFrame: boolean;
  /** Time in two words, as it is written. */
  high: number;
  low: number;
  interfaceId: number;
}

/** Reads the head of the block at `at` into `head`; false where `bytes` does not hold all of the block. */
export function readHead(bytes: DataView, at: number, isPcap: boolean, head: Head): boolean {
  const left = bytes.byteLength - at;
  if (left < RECORD_HEAD_BYTES) return false;
  if (isPcap) {
    head.bytes = RECORD_HEAD_BYTES + bytes.getUint32(at + 8, true);
    head.isFrame = true;
    head.high = bytes.getUint32(at, true);
    head.low = bytes.getUint32(at + 4, true);
    head.interfaceId = 0;
  } else {
    head.bytes = bytes.getUint32(at + 4, true);
    head.isFrame = bytes.getUint32(at, true) === PACKET_BLOCK;
    if (head.isFrame && left >= head.bytes) {
      head.interfaceId = bytes.getUint32(at + 8, true);
      head.high = bytes.getUint32(at + 12, true);
      head.low = bytes.getUint32(at + 16, true);
    }
  }
  return left >= head.bytes;
}

/** When its frame was captured, ns since 1970. */
export function timeOf({ high, low }: Head, isPcap: boolean): bigint {
  return isPcap ? BigInt(high) * NS_PER_SECOND + BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}
