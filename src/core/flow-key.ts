/**
 * What a flow record is told by: the key of a frame, seven words of 64 bits, as they stand in the record (flows.ts draws them).
 *
 * What follows a copy's outer tag stands in the stored bytes in one piece, whatever became of the tag, so nothing is copied to be read.
 * Untagged frames that are as they are stored, of all types but IPv6, are what a burst mostly has: `knownFlow` makes their key in
 * registers and compares it with records, with `writeKey` a key lies in memory.
 */
import { bytesOf, ETHERTYPE_VLAN, etherTypeAt, HEADER_BYTES, lengthOf, slotOf } from './frame';
import { CUT_TAG, outerTci, TAG_STORED, tagOf, UNTAGGED } from './frame';
import { NO_VID, Port, VLAN_TRANSPARENT } from './port';

export const KEY_BYTES: usize = 56;
/** Octets of a frame that are looked at. */
const LOOK_MOST: u32 = 192;
/** Of a record: the next of its bucket. */
export const NEXT: usize = 104;

const MAC_MASK: u64 = 0xffffffffffff;
const IPV4: u32 = 0x0800;
const IPV6: u32 = 0x86dd;
const VLAN: u32 = 0x8100;
const TCP: u32 = 6;
const UDP: u32 = 17;
const SCTP: u32 = 132;
const ICMP: u32 = 1;
const ICMP6: u32 = 58;
/** Bits of a datagram's offset, as a little-endian load sees them. */
const OFFSET_BITS: u32 = 0xff1f;
/** Extension headers of IPv6 that are stepped over. */
const EXTENSIONS_MAX: u32 = 8;

// @ts-ignore: decorator
@inline
function word(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}

/** Address of the word that names the first record of a bucket. Words are multiplied side by side, which takes the time of one. */
// @ts-ignore: decorator
@inline
function bucketFor(buckets: usize, mask: u32, w0: u64, w1: u64, w2: u64, w3: u64, w4: u64, w5: u64, w6: u64): usize {
  const low = w0 * 0x9e3779b97f4a7c15 + w1 * 0xbf58476d1ce4e5b9 + w2 * 0x94d049bb133111eb;
  const sum = low + (w3 ^ rotl<u64>(w5, 32)) * 0xd6e8feb86659fd93 + (w4 ^ rotl<u64>(w6, 32)) * 0xa0761d6478bd642f;
  return buckets + (<usize>(<u32>(((sum ^ (sum >>> 32)) * 0x9e3779b97f4a7c15) >>> 40) & mask) << 2);
}

/** The same for a key in memory. */
export function bucketOf(buckets: usize, mask: u32, key: usize): usize {
  const low = load<u64>(key, 24);
  const high = load<u64>(key, 40);
  return bucketFor(
    buckets, mask, load<u64>(key), load<u64>(key, 8), load<u64>(key, 16), low, load<u64>(key, 32), high, load<u64>(key, 48),
  );
}

/** Address of the record with the key at `key`, or 0. */
export function findFlow(buckets: usize, mask: u32, key: usize): usize {
  let record: usize = load<u32>(bucketOf(buckets, mask, key));
  while (record != 0 && memory.compare(record, key, KEY_BYTES) != 0) record = load<u32>(record, NEXT);
  return record;
}

/** What all untagged frames of a port have in their key's first word. */
export function leadOf(port: Port): u64 {
  const vid = port.vlanMode != VLAN_TRANSPARENT && port.pvid != NO_VID ? port.pvid : 0;
  return <u64>port.number | (<u64>vid << 16);
}

/** Address of the record of a frame of the common kind, and above its 32 bits the frame's TCP flags; 0: another kind, or there is none. */
// @ts-ignore: decorator
@inline
export function knownFlow(buckets: usize, mask: u32, lead: u64, descriptor: u64): u64 {
  const slot = slotOf(descriptor);
  const first = load<u64>(slot, HEADER_BYTES);
  const type = <u32>load<u16>(slot, HEADER_BYTES + 12);
  const length = lengthOf(descriptor);
  if (type == ETHERTYPE_VLAN || type == <u32>bswap<u16>(<u16>IPV6) || length < 34 || tagOf(descriptor) != TAG_STORED) return 0;
  let w0 = lead | (<u64>bswap<u16>(<u16>type) << 32);
  const w1 = (load<u64>(slot, HEADER_BYTES + 4) >>> 16) | (first << 48);
  let w2 = (first & MAC_MASK) >>> 16;
  let w3: u64 = 0;
  let w5: u64 = 0;
  let flags: u64 = 0;
  if (type == <u32>bswap<u16>(<u16>IPV4)) {
    const protocol = <u32>load<u8>(slot, HEADER_BYTES + 23);
    w0 |= (<u64>protocol << 48) | (<u64>load<u8>(slot, HEADER_BYTES + 15) << 56);
    w3 = <u64>load<u32>(slot, HEADER_BYTES + 26);
    w5 = <u64>load<u32>(slot, HEADER_BYTES + 30);
    const at: u32 = 14 + ((<u32>load<u8>(slot, HEADER_BYTES + 14) & 15) << 2);
    if ((<u32>load<u16>(slot, HEADER_BYTES + 20) & OFFSET_BITS) == 0 && at + 4 <= length) {
      const ports = <u64>bswap<u32>(load<u32>(slot + at, HEADER_BYTES));
      if (protocol == TCP || protocol == UDP || protocol == SCTP) w2 |= ((ports >>> 16) << 32) | (ports << 48);
      else if (protocol == ICMP || protocol == ICMP6) w2 |= (ports >>> 16) << 48;
      if (protocol == TCP && at + 14 <= length) flags = <u64>load<u8>(slot + at, HEADER_BYTES + 13);
    }
  }
  let record = <usize>load<u32>(bucketFor(buckets, mask, w0, w1, w2, w3, 0, w5, 0));
  while (record != 0 && !isKey(record, w0, w1, w2, w3, w5)) record = <usize>load<u32>(record, NEXT);
  return record == 0 ? 0 : <u64>record | (flags << 32);
}

/** Of two keys of one EtherType that is not IPv6 the words that are left out here are 0. */
// @ts-ignore: decorator
@inline
function isKey(record: usize, w0: u64, w1: u64, w2: u64, w3: u64, w5: u64): bool {
  const low = (load<u64>(record) ^ w0) | (load<u64>(record, 8) ^ w1) | (load<u64>(record, 16) ^ w2);
  return (low | (load<u64>(record, 24) ^ w3) | (load<u64>(record, 40) ^ w5)) == 0;
}

/** Writes the key of a frame that has come in by `port`; returns its TCP flags. */
export function writeKey(key: usize, port: Port, descriptor: u64): u32 {
  memory.fill(key, 0, KEY_BYTES);
  const length = min(lengthOf(descriptor), LOOK_MOST);
  store<u16>(key, <u16>port.number);
  if (length < 14) return 0;
  const bytes = bytesOf(descriptor);
  const dst = load<u64>(bytes) & MAC_MASK;
  store<u64>(key, (load<u64>(bytes, 4) >>> 16) | (dst << 48), 8);
  store<u32>(key, <u32>(dst >>> 16), 16);
  const tci = outerTci(descriptor);
  const isTagged = tci != UNTAGGED && tci != CUT_TAG;
  let vid = isTagged ? <u32>tci & 0xfff : 0;
  if (vid == 0 && port.vlanMode != VLAN_TRANSPARENT && port.pvid != NO_VID) vid = port.pvid;
  store<u16>(key, <u16>vid, 2);
  if (tci == CUT_TAG) {
    store<u16>(key, <u16>VLAN, 4);
    return 0;
  }
  let at = etherTypeAt(descriptor);
  let left = length - (isTagged ? 16 : 12);
  // Below the outer tag there may be one more.
  if (word(at) == VLAN && left >= 6) {
    at += 4;
    left -= 4;
  }
  const type = word(at);
  store<u16>(key, <u16>type, 4);
  at += 2;
  left -= 2;
  if (type == IPV4 && left >= 20) return writeIpv4(key, at, left);
  if (type == IPV6 && left >= 40) return writeIpv6(key, at, left);
  return 0;
}

/** Of the packet at `at`, of which `left` octets are there. */
function writeIpv4(key: usize, at: usize, left: u32): u32 {
  const protocol = <u32>load<u8>(at, 9);
  store<u8>(key, <u8>protocol, 6);
  store<u8>(key, load<u8>(at, 1), 7);
  store<u32>(key, load<u32>(at, 12), 24);
  store<u32>(key, load<u32>(at, 16), 40);
  // Of a datagram in pieces only the first has ports.
  if ((<u32>load<u16>(at, 6) & OFFSET_BITS) != 0) return 0;
  return writePorts(key, at, (<u32>load<u8>(at) & 15) << 2, left, protocol);
}

function writeIpv6(key: usize, at: usize, left: u32): u32 {
  store<u8>(key, <u8>(word(at) >>> 4), 7);
  memory.copy(key + 24, at + 8, 32);
  let protocol = <u32>load<u8>(at, 6);
  let next: u32 = 40;
  for (let i: u32 = 0; i < EXTENSIONS_MAX && next + 8 <= left; i++) {
    const isFragment = protocol == 44;
    if (!isFragment && protocol != 0 && protocol != 43 && protocol != 60) break;
    if (isFragment && (word(at + next + 2) & 0xfff8) != 0) {
      store<u8>(key, load<u8>(at + next), 6);
      return 0;
    }
    protocol = <u32>load<u8>(at + next);
    next += isFragment ? 8 : (<u32>load<u8>(at + next, 1) + 1) << 3;
  }
  store<u8>(key, <u8>protocol, 6);
  return writePorts(key, at, next, left, protocol);
}

/** Ports, `from` octets into the packet, or type and code of ICMP in the place of the destination's. */
function writePorts(key: usize, packet: usize, from: u32, left: u32, protocol: u32): u32 {
  if (from + 4 > left) return 0;
  const at = packet + from;
  if (protocol == ICMP || protocol == ICMP6) {
    store<u16>(key, <u16>word(at), 22);
    return 0;
  }
  if (protocol != TCP && protocol != UDP && protocol != SCTP) return 0;
  store<u16>(key, <u16>word(at), 20);
  store<u16>(key, <u16>word(at + 2), 22);
  return protocol == TCP && from + 14 <= left ? <u32>load<u8>(at, 13) : 0;
}
