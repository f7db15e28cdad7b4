/**
 * Guests for benchmarks that write every frame and read every frame, as programs behind a vNIC do. Their own memory are frames in
 * slots that they keep: a list of descriptors of what they send, in turn, and one of buffers that they read into.
 */
import { bytesOf, copyOut, describe, Frame, HEADER_BYTES, lengthOf, slotOf, TAG_STORED, tagOf } from './frame';
import { release, take } from './pool';
import { Port } from './port';
import { advanceNear, at, available, hasRoom, publishNear, push, Ring } from './ring';
import { Switch } from './switch';

// @ts-ignore: decorator
@inline
function listed(list: usize, mask: u32, i: u32): u64 {
  return load<u64>(list + (<usize>(i & mask) << 3));
}

/** From slot to slot, each of which holds whole 16-byte pieces. */
// @ts-ignore: decorator
@inline
function copyPieces(to: usize, from: usize, length: u32): void {
  for (const end = from + length; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
}

/** Writes the next `count` frames of a list of `mask` + 1, the `next`th first, into buffers and puts them on the vNIC; returns how many. */
export function sendCopies(sw: Switch, port: Port, list: usize, mask: u32, next: u32, count: u32): u32 {
  const ring = changetype<Ring>(<usize>port.rxRing);
  let sent: u32 = 0;
  for (; sent < count && hasRoom(ring); sent++) {
    const original = listed(list, mask, next + sent);
    const length = lengthOf(original);
    const slot = take(sw.pool, length);
    if (slot == 0) break;
    copyPieces(slot + HEADER_BYTES, bytesOf(original), length);
    changetype<Frame>(slot).id = sw.nextFrameId++;
    push(ring, describe(slot, length));
  }
  publishNear(ring);
  return sent;
}

/** Takes all that waits for the guest and gives the buffers back; if it `reads`, copies each frame into its own first. Returns how many. */
export function takeCopies(sw: Switch, port: Port, list: usize, mask: u32, next: u32, reads: bool): u32 {
  const ring = changetype<Ring>(<usize>port.txRing);
  const n = available(ring);
  for (let i: u32 = 0; i < n; i++) {
    const descriptor = at(ring, i);
    if (reads) {
      const to = bytesOf(listed(list, mask, next + i));
      if (tagOf(descriptor) == TAG_STORED) copyPieces(to, bytesOf(descriptor), lengthOf(descriptor));
      else copyOut(to, descriptor, lengthOf(descriptor));
    }
    release(slotOf(descriptor), sw);
  }
  advanceNear(ring, n);
  return n;
}
