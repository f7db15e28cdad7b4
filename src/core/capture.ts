/**
 * Captures, encoded where the frame is: ready-made pcapng blocks (or classic pcap records) in a byte ring, from which
 * another thread moves large pieces into a file and never looks inside.
 *
 *     ring:  [ size bytes ][ margin ]     head, tail: byte cursors over 32 bits, size a power of two
 *
 * A block is written in one piece; one that runs past the end goes on into the margin, and that part is copied to the
 * front, so that the reader sees a plain ring. Blocks are published (`head`) with the frames that they tell of. What does not
 * fit is counted at the capture point, and the next block there says how many are missing: the data path never waits. On the
 * virtual clock the caller sees to it that there is room (`isTight`), so that nothing is lost.
 *
 * A capture point is one place in one file: a port's wire, the inside of a switch at a port, or (dropped.ts) where frames die.
 * Enhanced Packet Block (pcapng draft, section 4.3), options epb_flags (direction), epb_dropcount and epb_packetid.
 */
import { accepts } from './filter';
import { bytesOf, copyOut, Frame, lengthOf, slotOf, TAG_STORED, tagOf, UNTAGGED } from './frame';
import { Port } from './port';
import { Switch } from './switch';

export const DIRECTION_IN: u32 = 1;
export const DIRECTION_OUT: u32 = 2;
/** No tag is to be added. */
export const AS_IT_IS: i32 = -1;

const FORMAT_PCAP: u32 = 1;
/** What is captured from now on counts as lost: the disk is full, say. */
export const RING_CLOSED: u32 = 1;
/** The capture has come to its end: nothing is counted any more. */
export const RING_OVER: u32 = 2;
/** Bytes of an Enhanced Packet Block around its frame; so much more where frames were lost before. */
const BLOCK_BYTES: u32 = 56;
const DROP_COUNT_BYTES: u32 = 12;
const RECORD_BYTES: u32 = 16;
const SNAP_MIN: u32 = 16;
/** Bytes that are copied at once, whatever a frame's length: most have no more. */
export const SHORT_BYTES: u32 = 64;
const SHORT_BLOCK_BYTES: u32 = SHORT_BYTES + BLOCK_BYTES;

@unmanaged
export class CaptureRing {
  head: u32;
  /** Where the next block begins, and `tail` as it was last seen. */
  headNext: u32;
  tailSeen: u32;
  /** RING_CLOSED or RING_OVER: nobody empties the ring any more. */
  closed: u32;
  h2: u64; h3: u64; h4: u64; h5: u64; h6: u64; h7: u64;
  tail: u32;
  t0: u32; t1: u64; t2: u64; t3: u64; t4: u64; t5: u64; t6: u64; t7: u64;
  buffer: u32;
  size: u32;
  format: u32;
  /** Bytes that one visit to a port can write here. */
  reserve: u32;
  /** Added to internal time to give the file's, ns since 1970. */
  epochNs: u64;
  // Of a file's first ring, for all of its rings; whoever empties them writes these.
  /** Bytes that have gone to the file since the start of the run, and those of them before this file began. */
  moved: u64;
  movedBefore: u64;
  /** Bytes that have gone, whatever has been restored in between: as the sum of the heads when all have. */
  gone: u32;
}

/** One place in one file. */
@unmanaged
export class CapturePoint {
  ring: u32;
  interfaceId: u32;
  snapLength: u32;
  next: u32; // of the same port or switch, 0 at the end
  /** DIRECTION_* that are wanted, or-ed. */
  directions: u32;
  /** 3 turns directions round: the far end of a cable that is captured as one interface. */
  flip: u32;
  filter: u32; // address of a program, filter.ts; 0: every frame
  /** One in so many of the frames that pass the filter; 0 or 1: each. */
  sample: u32;
  turn: u32;
  /** Lost since the last one that was written. */
  missed: u32;
  /** 1: switched off by an operator. */
  isOff: u32;
  /** Directions in which whole frames are written as they are, which has a way of its own where they are short. */
  plain: u32;
  /** From when, and how long, ns. */
  fromNs: u64;
  spanNs: u64;
  /** Frames that passed here while the capture was on; written; wanted, but lost. */
  seen: u64;
  frames: u64;
  lost: u64;
}

/** Writes a copy that passes `port` to every file that wants it. */
export function capture(sw: Switch, port: Port, descriptor: u64, direction: u32): void {
  captureAt(sw, port.capture, descriptor, direction, AS_IT_IS);
}

/** The same for what a switch relays: with the tag of its VLAN, priority kept. Where nothing has a VLAN (0), as it is. */
export function captureInside(sw: Switch, first: u32, descriptor: u64, vid: u32, tci: i32, direction: u32): void {
  const wanted = tci == UNTAGGED ? vid : (<u32>tci & 0xf000) | vid | REPLACES;
  const isSame = vid == 0 || (<u32>tci | REPLACES) == wanted;
  captureAt(sw, first, descriptor, direction, isSame ? AS_IT_IS : <i32>wanted);
}

/** A tag that takes the place of the one that is there. */
const REPLACES: u32 = 0x10000;

function captureAt(sw: Switch, first: u32, descriptor: u64, direction: u32, tag: i32): void {
  for (let at = first; at != 0; ) {
    const point = changetype<CapturePoint>(<usize>at);
    at = point.next;
    if (tag == AS_IT_IS && (point.plain & direction) != 0 && writeShort(sw, point, descriptor, direction)) continue;
    if ((point.directions & direction) == 0 || !isWanted(sw, point, descriptor, tag)) continue;
    const begun = begin(sw, point, descriptor, direction, tag, 0);
    if (begun != 0) end(point, begun, 0);
  }
}

/**
 * Writes a short frame that nobody has tagged to a plain point; false, with nothing changed, for all else. What most frames of a
 * benchmark are: the same as isWanted, begin and end, without asking for what is not there.
 */
// @ts-ignore: decorator
@inline
function writeShort(sw: Switch, point: CapturePoint, descriptor: u64, direction: u32): bool {
  const length = lengthOf(descriptor);
  const ring = ringOf(point);
  const head = ring.headNext;
  if (length > SHORT_BYTES || tagOf(descriptor) != TAG_STORED || (length & 3) != 0) return false;
  if (head - ring.tailSeen + SHORT_BLOCK_BYTES > ring.size || (ring.closed | point.missed | point.isOff) != 0) return false;
  if (sw.now - point.fromNs >= point.spanNs) return false;
  point.seen++;
  point.frames++;
  const start = head & (ring.size - 1);
  const at: usize = ring.buffer + start;
  const time = ring.epochNs + sw.now;
  const total = length + BLOCK_BYTES;
  const slot = slotOf(descriptor);
  store<u64>(at, 6 | (<u64>total << 32));
  store<u64>(at, <u64>point.interfaceId | ((time >>> 32) << 32), 8);
  store<u64>(at, (time & 0xffffffff) | (<u64>length << 32), 16);
  store<u32>(at, length, 24);
  v128.store(at, v128.load(slot, 16), 28);
  v128.store(at, v128.load(slot, 32), 44);
  v128.store(at, v128.load(slot, 48), 60);
  v128.store(at, v128.load(slot, 64), 76);
  const options = at + 28 + length;
  store<u64>(options, 0x0004_0002 | (<u64>(direction ^ point.flip) << 32));
  store<u32>(options, 0x0008_0005, 8);
  store<u64>(options, load<u64>(slot, offsetof<Frame>('id')), 12);
  store<u64>(options, <u64>total << 32, 20);
  if (start + total > ring.size) memory.copy(ring.buffer, ring.buffer + ring.size, start + total - ring.size);
  ring.headNext = head + total;
  return true;
}

/** Frames whose bytes nobody looks at (a wrong FCS): they have passed, and are in no file. */
export function passUnseen(sw: Switch, port: Port): void {
  for (let at = port.capture; at != 0; at = changetype<CapturePoint>(<usize>at).next) {
    const point = changetype<CapturePoint>(<usize>at);
    if ((point.directions & DIRECTION_IN) != 0 && isOn(sw, point)) point.seen++;
  }
}

function isOn(sw: Switch, point: CapturePoint): bool {
  return sw.now - point.fromNs < point.spanNs && !point.isOff && ringOf(point).closed != RING_OVER;
}

// @ts-ignore: decorator
@inline
function ringOf(point: CapturePoint): CaptureRing {
  return changetype<CaptureRing>(<usize>point.ring);
}

/** Whether a frame that passes is to be written: while the capture is on, and by its filter and sampling. */
export function isWanted(sw: Switch, point: CapturePoint, descriptor: u64, tag: i32): bool {
  if (!isOn(sw, point)) return false;
  point.seen++;
  if (point.filter != 0 && !passes(<usize>point.filter, descriptor, tag)) return false;
  if (point.sample <= 1) return true;
  const turn = point.turn;
  point.turn = turn + 1 == point.sample ? 0 : turn + 1;
  return turn == 0;
}

/**
 * By the stored bytes where they are the copy's. A program stands behind two words: where there is room for as much of a frame as
 * it looks at, and how much that is.
 */
function passes(filter: usize, descriptor: u64, tag: i32): bool {
  const length = lengthOf(descriptor);
  if (tag == AS_IT_IS && tagOf(descriptor) == TAG_STORED) return accepts(filter + 8, bytesOf(descriptor), length, length);
  const room = <usize>load<u32>(filter);
  const reach = load<u32>(filter, 4);
  const kept = min(length, reach);
  copyOut(room, descriptor, kept);
  const put = tag == AS_IT_IS ? 0 : tagIn(room, kept, tag);
  return accepts(filter + 8, room, min(kept + put, reach), length + put);
}

/** Puts a tag into `kept` bytes at `at`, or replaces that which is there; returns how many bytes more there are. */
function tagIn(at: usize, kept: u32, tag: i32): u32 {
  const tci = bswap<u16>(<u16>tag);
  if ((<u32>tag & REPLACES) != 0) {
    if (kept >= 16) store<u16>(at, tci, 14);
    return 0;
  }
  if (kept > 12) memory.copy(at + 16, at + 12, kept - 12);
  store<u32>(at, 0x0081 | (<u32>tci << 16), 12);
  return 4;
}

/**
 * Writes a block as far as its options, and returns where these go on; 0 when there is no room, which has been counted. `extra`
 * bytes follow for the caller to write, at most; `end` publishes with as many as were written.
 */
export function begin(sw: Switch, point: CapturePoint, descriptor: u64, direction: u32, tag: i32, extra: u32): usize {
  const ring = ringOf(point);
  const head = ring.headNext;
  const added: u32 = tag == AS_IT_IS || (<u32>tag & REPLACES) != 0 ? 0 : 4;
  const length = lengthOf(descriptor) + added;
  const kept = point.snapLength == 0 ? length : min(length, max(point.snapLength, SNAP_MIN));
  const isPcap = ring.format == FORMAT_PCAP;
  // The shortest frames are copied with more than they have.
  const most = (isPcap ? kept + RECORD_BYTES : ((max(kept, 24) + 3) & ~3) + BLOCK_BYTES + DROP_COUNT_BYTES) + extra;
  if (ring.closed || (head - ring.tailSeen + most > ring.size && !hasRoom(ring, most))) {
    point.lost++;
    point.missed++;
    return 0;
  }
  point.frames++;
  const at: usize = ring.buffer + (head & (ring.size - 1));
  const time = ring.epochNs + sw.now;
  if (isPcap) {
    store<u32>(at, <u32>(time / 1_000_000_000));
    store<u32>(at, <u32>(time % 1_000_000_000), 4);
    store<u32>(at, kept, 8);
    store<u32>(at, length, 12);
    copyOut(at + RECORD_BYTES, descriptor, kept);
    return at + RECORD_BYTES + kept;
  }
  // Type and interface; the length follows at the end.
  store<u32>(at, 6);
  store<u32>(at, point.interfaceId, 8);
  store<u64>(at, (time >>> 32) | (time << 32), 12);
  store<u64>(at, <u64>kept | (<u64>length << 32), 20);
  const options = at + 28 + ((kept + 3) & ~3);
  if (tagOf(descriptor) == TAG_STORED && kept <= SHORT_BYTES && added == 0) {
    // What is copied too much is overwritten.
    const from = slotOf(descriptor) + 16;
    v128.store(at + 28, v128.load(from));
    v128.store(at + 44, v128.load(from, 16));
    v128.store(at + 60, v128.load(from, 32));
    if (kept > 48) v128.store(at + 76, v128.load(from, 48));
    if ((kept & 3) != 0) clearPadding(at + 28 + kept, options);
  } else {
    copyOut(at + 28, descriptor, kept);
    clearPadding(at + 28 + kept, options);
  }
  if (tag != AS_IT_IS) tagIn(at + 28, kept - added, tag);
  if (added != 0) clearPadding(at + 28 + kept, options);
  // epb_flags, then the frame's number.
  store<u64>(options, 0x0004_0002 | (<u64>(direction ^ point.flip) << 32));
  let next = options + 8;
  if (point.missed != 0) {
    store<u32>(next, 0x0008_0004); // epb_dropcount
    store<u64>(next, <u64>point.missed, 4);
    point.missed = 0;
    next += DROP_COUNT_BYTES;
  }
  store<u32>(next, 0x0008_0005); // epb_packetid
  store<u64>(next, changetype<Frame>(slotOf(descriptor)).id, 4);
  return next + 12;
}

/** Up to three bytes. */
// @ts-ignore: decorator
@inline
function clearPadding(from: usize, to: usize): void {
  for (let at = from; at < to; at++) store<u8>(at, 0);
}

/** Ends a block whose options reach to `next`, with `written` bytes of `extra` behind it. */
export function end(point: CapturePoint, next: usize, written: u32): void {
  const ring = ringOf(point);
  const start = ring.headNext & (ring.size - 1);
  const at: usize = ring.buffer + start;
  let total = <u32>(next - at) + written;
  if (ring.format != FORMAT_PCAP) {
    total += 8;
    store<u32>(at, total, 4);
    store<u64>(at + total - 8, <u64>total << 32); // opt_endofopt, and the length again
  }
  if (start + total > ring.size) memory.copy(ring.buffer, ring.buffer + ring.size, start + total - ring.size);
  ring.headNext += total;
}

function hasRoom(ring: CaptureRing, most: u32): bool {
  ring.tailSeen = atomic.load<u32>(changetype<usize>(ring) + offsetof<CaptureRing>('tail'));
  return ring.headNext - ring.tailSeen + most <= ring.size;
}

// @ts-ignore: decorator
@inline
function ringAt(sw: Switch, i: u32): CaptureRing {
  return changetype<CaptureRing>(<usize>load<u32>(<usize>sw.captureRings + (<usize>i << 2)));
}

/** What has been captured at a switch can be read from now on. */
export function publishCaptures(sw: Switch): void {
  for (let i: u32 = 0; i < sw.captureRingCount; i++) {
    const ring = ringAt(sw, i);
    if (ring.head != ring.headNext) atomic.store<u32>(changetype<usize>(ring), ring.headNext);
  }
}

/** Whether some ring of the switch may not take all that one visit can write. */
export function isTight(sw: Switch): bool {
  for (let i: u32 = 0; i < sw.captureRingCount; i++) {
    const ring = ringAt(sw, i);
    const held = ring.headNext - atomic.load<u32>(changetype<usize>(ring) + offsetof<CaptureRing>('tail'));
    if (!ring.closed && held + ring.reserve > ring.size) return true;
  }
  return false;
}
