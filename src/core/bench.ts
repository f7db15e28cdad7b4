/**
 * Guests for benchmarks that write every frame and read every frame, as programs behind a vNIC do. Their own memory are frames in
 * slots that they keep: a list of descriptors of what they send, in turn, and one of buffers that they read into.
 */
import { bytesOf, copyOut, describe, Frame, HEADER_BYTES, lengthOf, slotOf, TAG_STORED, tagOf } from './frame';
import { classFor, releaseNext, takeNext } from './pool';
import { Port } from './port';
import { advanceNear, at, available, publishNear, roomIn, Ring } from './ring';
import { Switch } from './switch';

// @ts-ignore: decorator
@inline
function listed(list: usize, mask: u32, i: u32): u64 {
  return load<u64>(list + (<usize>(i & mask) << 3));
}

/** From slot to slot, each of which holds whole 16-byte pieces, and 64 bytes at least: most are that short, and need no loop. */
// @ts-ignore: decorator
@inline
function copyPieces(to: usize, from: usize, length: u32): void {
  if (length <= 64) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    return;
  }
  for (const end = from + length; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
}

/** Writes the next `count` frames of a list of `mask` + 1, the `next`th first, into buffers and puts them on the vNIC; returns how many. */
export function sendCopies(sw: Switch, port: Port, list: usize, mask: u32, next: u32, count: u32): u32 {
  const ring = changetype<Ring>(<usize>port.rxRing);
  const pool: usize = sw.pool;
  const n = min(count, roomIn(ring));
  const entries: usize = ring.entries;
  const ringMask = ring.mask;
  const head = ring.headNext;
  let lengthOfClass = lengthOf(listed(list, mask, next));
  let c = classFor(pool, lengthOfClass);
  let id = sw.nextFrameId;
  let sent: u32 = 0;
  for (; sent < n; sent++) {
    const original = listed(list, mask, next + sent);
    const length = lengthOf(original);
    if (length != lengthOfClass) {
      c = classFor(pool, length);
      lengthOfClass = length;
    }
    const slot = takeNext(c, pool, length);
    if (slot == 0) break;
    copyPieces(slot + HEADER_BYTES, bytesOf(original), length);
    changetype<Frame>(slot).id = id++;
    store<u64>(entries + (<usize>((head + sent) & ringMask) << 3), describe(slot, length));
  }
  sw.nextFrameId = id;
  ring.headNext = head + sent;
  publishNear(ring);
  return sent;
}

/** Takes all that waits for the guest and gives the buffers back; if it `reads`, copies each frame into its own first. Returns how many. */
export function takeCopies(sw: Switch, port: Port, list: usize, mask: u32, next: u32, reads: bool): u32 {
  const ring = changetype<Ring>(<usize>port.txRing);
  const n = available(ring);
  const keeper = sw.keeper;
  for (let i: u32 = 0; i < n; i++) {
    const descriptor = at(ring, i);
    if (reads) {
      const to = bytesOf(listed(list, mask, next + i));
      if (tagOf(descriptor) == TAG_STORED) copyPieces(to, bytesOf(descriptor), lengthOf(descriptor));
      else copyOut(to, descriptor, lengthOf(descriptor));
    }
    releaseNext(slotOf(descriptor), sw, keeper);
  }
  advanceNear(ring, n);
  return n;
}
