/**
 * A frame in the shared memory, and the 8-byte descriptor that stands for one copy of it.
 *
 * Slot, at an address that is a multiple of 64:
 *
 *     +0  refs   u32  copies that point here, 24 bits; changed atomically when more than one; above them see pool.ts
 *     +4  class  u32  address of the pool class it came from; next free slot while in a free list
 *     +8  id     u64  one number per frame over all hops and hosts (epb_packetid)
 *    +16  bytes       the frame as it entered the world, without FCS
 *
 * With the first 48 bytes beside the header, forwarding a frame touches one cache line.
 *
 * Descriptor, the only thing that moves:
 *
 *     63            44 43       28 27 26 25                0
 *    +----------------+-----------+-----+-------------------+
 *    | length, bytes  | TCI       | tag | slot address / 64 |
 *    +----------------+-----------+-----+-------------------+
 *
 * `tag` says how this copy differs from the stored bytes, so that a switch can push, strip or rewrite the outer VLAN tag
 * of one copy of a flood without touching the others and without copying a byte. `length` is the copy's own.
 */
export const HEADER_BYTES: u32 = 16;

export const TAG_STORED: u32 = 0; // as stored
export const TAG_STRIPPED: u32 = 1; // the stored outer tag is left out
export const TAG_INSERTED: u32 = 2; // a tag with TCI stands before the stored EtherType
export const TAG_REPLACED: u32 = 3; // the stored outer tag has this TCI

export const UNTAGGED: i32 = -1;
export const CUT_TAG: i32 = -2; // a tag's EtherType at the very end: no TCI, or no EtherType behind it

export const ETHERTYPE_VLAN: u32 = 0x0081; // 0x8100 as a little-endian load sees it
const PLACE_MASK: u64 = 0x3ffffff;
const TAG_SHIFT: u64 = 26;
const TCI_SHIFT: u64 = 28;
const LENGTH_SHIFT: u64 = 44;
const EDIT_MASK: u64 = 0x3ffff << TAG_SHIFT;

@unmanaged
export class Frame {
  refs: u32;
  poolClass: u32;
  id: u64;
}

// @ts-ignore: decorator
@inline
export function describe(frame: usize, length: u32): u64 {
  return (<u64>length << LENGTH_SHIFT) | <u64>(frame >>> 6);
}

// @ts-ignore: decorator
@inline
export function slotOf(descriptor: u64): usize {
  return <usize>((descriptor & PLACE_MASK) << 6);
}

// @ts-ignore: decorator
@inline
export function bytesOf(descriptor: u64): usize {
  return slotOf(descriptor) + HEADER_BYTES;
}

// @ts-ignore: decorator
@inline
export function lengthOf(descriptor: u64): u32 {
  return <u32>(descriptor >>> LENGTH_SHIFT);
}

// @ts-ignore: decorator
@inline
export function tagOf(descriptor: u64): u32 {
  return <u32>(descriptor >>> TAG_SHIFT) & 3;
}

/** Whether the stored bytes have an outer 802.1Q tag; `second` is their second eight. */
// @ts-ignore: decorator
@inline
export function isVlan(second: u64): bool {
  return (<u32>(second >>> 32) & 0xffff) == ETHERTYPE_VLAN;
}

/** The TCI in the second eight bytes of a frame that isVlan. */
// @ts-ignore: decorator
@inline
export function tciIn(second: u64): u32 {
  return <u32>bswap<u16>(<u16>(second >>> 48));
}

/** The TCI of a copy whose tag is TAG_INSERTED or TAG_REPLACED. */
// @ts-ignore: decorator
@inline
export function insertedTci(descriptor: u64): u32 {
  return <u32>(descriptor >>> TCI_SHIFT) & 0xffff;
}

/** What to add to the descriptor of a stored, untagged copy so that it carries `tci`. */
export function insertion(tci: u32): u64 {
  return (<u64>TAG_INSERTED << TAG_SHIFT) | (<u64>tci << TCI_SHIFT) | (4 << LENGTH_SHIFT);
}

// @ts-ignore: decorator
@inline
function edited(descriptor: u64, tag: u32, tci: u32, growth: i32): u64 {
  const length = <u64>(<i32>lengthOf(descriptor) + growth);
  return (descriptor & PLACE_MASK) | (<u64>tag << TAG_SHIFT) | (<u64>tci << TCI_SHIFT) | (length << LENGTH_SHIFT);
}

/** The TCI (0-65535) of the copy's outer 802.1Q tag, UNTAGGED, or CUT_TAG. The copy is at least 14 bytes long. */
export function outerTci(descriptor: u64): i32 {
  const tag = tagOf(descriptor);
  if (tag >= TAG_INSERTED) return <i32>insertedTci(descriptor);
  const at = bytesOf(descriptor) + (tag == TAG_STRIPPED ? 16 : 12);
  if (load<u16>(at) != ETHERTYPE_VLAN) return UNTAGGED;
  if (lengthOf(descriptor) < 18) return CUT_TAG;
  return <i32>bswap<u16>(load<u16>(at + 2));
}

/** Where in the stored bytes the EtherType stands that follows the copy's outer tag, if it has one. */
export function etherTypeAt(descriptor: u64): usize {
  const bytes = bytesOf(descriptor);
  const tag = tagOf(descriptor);
  if (tag == TAG_INSERTED) return bytes + 12;
  if (tag == TAG_STORED && load<u16>(bytes + 12) != ETHERTYPE_VLAN) return bytes + 12;
  if (tag == TAG_STRIPPED && load<u16>(bytes + 16) == ETHERTYPE_VLAN) return bytes + 20;
  return bytes + 16;
}

/** True when an edit of the tag needs bytes of its own: a tag below the stored outer one, which no descriptor can say. */
// @ts-ignore: decorator
@inline
export function needsOwnBytes(descriptor: u64): bool {
  return tagOf(descriptor) == TAG_STRIPPED && load<u16>(bytesOf(descriptor) + 16) == ETHERTYPE_VLAN;
}

/** The copy without its outer tag. It has one, and not needsOwnBytes. */
export function withoutTag(descriptor: u64): u64 {
  return edited(descriptor, tagOf(descriptor) == TAG_INSERTED ? TAG_STORED : TAG_STRIPPED, 0, -4);
}

/** The copy with `tci` in its outer tag, which is added when it has none. Not needsOwnBytes. */
export function withTci(descriptor: u64, has: i32, tci: u32): u64 {
  const tag = tagOf(descriptor);
  if (has == UNTAGGED) {
    // A stripped frame that gets a tag again may have got back its own.
    if (tag == TAG_STRIPPED) return replaced(descriptor, tci, 4);
    return edited(descriptor, TAG_INSERTED, tci, 4);
  }
  if (tag == TAG_INSERTED) return edited(descriptor, TAG_INSERTED, tci, 0);
  return replaced(descriptor, tci, 0);
}

function replaced(descriptor: u64, tci: u32, growth: i32): u64 {
  const same = <u32>bswap<u16>(load<u16>(bytesOf(descriptor) + 14)) == tci;
  return edited(descriptor, same ? TAG_STORED : TAG_REPLACED, same ? 0 : tci, growth);
}

/** The copy with no more than its first `length` bytes, its tag among them; it has as many, and 18 at least. */
export function cutTo(descriptor: u64, length: u32): u64 {
  return (descriptor & (((<u64>1) << LENGTH_SHIFT) - 1)) | (<u64>length << LENGTH_SHIFT);
}

/** Writes the copy's bytes, at most `bytesMax` of them, to `to`. */
export function copyOut(to: usize, descriptor: u64, bytesMax: u32): void {
  const length = min(lengthOf(descriptor), bytesMax);
  const from = bytesOf(descriptor);
  if ((descriptor & EDIT_MASK) == 0) {
    memory.copy(to, from, length);
    return;
  }
  memory.copy(to, from, min(length, 12));
  if (length <= 12) return;
  const tag = tagOf(descriptor);
  if (tag == TAG_STRIPPED) {
    memory.copy(to + 12, from + 16, length - 12);
    return;
  }
  // A snap length may end inside the tag: the four bytes go where there is room for what follows anyway.
  const tail = from + (tag == TAG_INSERTED ? 12 : 16);
  if (length >= 16) {
    store<u32>(to + 12, ETHERTYPE_VLAN | (<u32>bswap<u16>(<u16>insertedTci(descriptor)) << 16));
    memory.copy(to + 16, tail, length - 16);
  } else {
    for (let i: u32 = 12; i < length; i++) {
      const word = ETHERTYPE_VLAN | (<u32>bswap<u16>(<u16>insertedTci(descriptor)) << 16);
      store<u8>(to + i, <u8>(word >>> ((i - 12) * 8)));
    }
  }
}

/** One more copy of a frame that the caller holds. */
export function hold(descriptor: u64): void {
  holdMany(descriptor, 1);
}

/** `more` copies more. */
export function holdMany(descriptor: u64, more: u32): void {
  const slot = slotOf(descriptor);
  // With one reference it is the caller's, and nobody else can change the count.
  if (load<u32>(slot) == 1) store<u32>(slot, 1 + more);
  else atomic.add<u32>(slot, more);
}
