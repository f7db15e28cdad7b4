/**
 * Service tags (IEEE 802.1ad). Inside a switch every outer tag is a C-tag, which descriptors can edit; at a port whose tags are
 * S-tags the EtherType is exchanged, in bytes of the copy's own. So QinQ costs a copy where it is configured, and nothing elsewhere.
 */
import { copyOut, describe, Frame, HEADER_BYTES, lengthOf, slotOf, bytesOf, TAG_STORED, tagOf } from './frame';
import { release, take } from './pool';
import { Port } from './port';
import { Switch } from './switch';

const ETHERTYPE_C: u16 = 0x0081; // 0x8100 as a little-endian load sees it
const ETHERTYPE_S: u16 = 0xa888; // 0x88a8
const SHORTEST: u32 = 60;

/** A copy whose bytes are as it says, and its alone; 0 when there is no buffer, and then nothing has changed. */
function ownBytes(sw: Switch, descriptor: u64, room: u32): u64 {
  const length = lengthOf(descriptor);
  const slot = take(sw.pool, max(length, room));
  if (slot == 0) return 0;
  copyOut(slot + HEADER_BYTES, descriptor, length);
  changetype<Frame>(slot).id = changetype<Frame>(slotOf(descriptor)).id;
  release(slotOf(descriptor), sw);
  return describe(slot, length);
}

/** The copy with its tag in its bytes, as a port that takes C-tags for payload needs it. */
export function flattened(sw: Switch, descriptor: u64): u64 {
  return tagOf(descriptor) == TAG_STORED ? descriptor : ownBytes(sw, descriptor, 0);
}

/** Whether the frame, which is flat and at least 14 bytes long, begins with an S-tag. */
export function hasServiceTag(descriptor: u64): bool {
  return load<u16>(bytesOf(descriptor), 12) == ETHERTYPE_S;
}

/** Bytes that a frame without the port's own tag may be longer by: those of a customer's tag. */
export function customerTagBytes(descriptor: u64, at: u32): u32 {
  return lengthOf(descriptor) >= at + 6 && load<u16>(bytesOf(descriptor) + at) == ETHERTYPE_C ? 4 : 0;
}

/** From an S-tag to the C-tag that it is inside the switch. */
export function fromService(sw: Switch, descriptor: u64): u64 {
  const own = load<u32>(slotOf(descriptor)) == 1 ? descriptor : ownBytes(sw, descriptor, 0);
  if (own != 0) store<u16>(bytesOf(own), ETHERTYPE_C, 12);
  return own;
}

/** The copy as it leaves by `out`, whose tags are S-tags; `isTagged`: it has an outer tag of the switch's. */
export function toService(sw: Switch, descriptor: u64, isTagged: bool): u64 {
  if (!isTagged) return descriptor;
  const own = ownBytes(sw, descriptor, 0);
  if (own != 0) store<u16>(bytesOf(own), ETHERTYPE_S, 12);
  return own;
}

export function isShort(descriptor: u64): bool {
  return lengthOf(descriptor) < SHORTEST;
}

/** The copy filled with zeros to 60 bytes, the least that Ethernet carries before its FCS (IEEE 802.3 clause 4.2.3.3). */
export function padded(sw: Switch, descriptor: u64): u64 {
  const own = ownBytes(sw, descriptor, SHORTEST);
  if (own == 0) return 0;
  const length = lengthOf(own);
  memory.fill(bytesOf(own) + length, 0, SHORTEST - length);
  return describe(slotOf(own), SHORTEST);
}
