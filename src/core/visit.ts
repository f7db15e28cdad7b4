/**
 * A visit to a port: a burst of frames is taken from its guest's ring and relayed.
 *
 * Most frames of a busy network are untagged known unicast whose entries are as they were, to a local port or outside; these
 * are forwarded here, and everything else goes through relay.ts, frame by frame and in order, so that a burst gives what
 * its frames one by one would. Nothing is changed before a frame is known to be of the common kind.
 *
 * Measured with bench/core.ts (8 vNICs, 1,024 stations, 64-byte frames): see README, Benchmarks.
 */
import { markDirty } from './egress';
import { findFrom, hasAged, home, keysOf, PLACE_MASK, PORT_MASK, TIME_SHIFT } from './fdb';
import { bytesOf, insertion, isSpecial, lengthOf } from './frame';
import { VERDICT_forward } from './generated/verdicts';
import { carries, countMany, NO_VID, Port, PORT_BYTES } from './port';
import { relay } from './relay';
import { advance, at, available, push, Ring } from './ring';
import { MODEL_LEARNING, Switch } from './switch';
import { send, Wire } from './wire';

const MAC_MASK: u64 = 0xffffffffffff;
/** Frames whose table places are looked at together. */
const CHUNK: u32 = 64;
const NOTE_BYTES: usize = 16;
/** What Switch.scratch has to hold: a note for each frame of a chunk. */
export const SCRATCH_SIZE: u32 = CHUNK * <u32>NOTE_BYTES;

/** Relays up to `burst` frames that wait in the port's rx ring; returns how many. */
export function visit(sw: Switch, port: Port): u32 {
  const ring = changetype<Ring>(<usize>port.rxRing);
  const n = min(available(ring), sw.burst);
  if (n == 0) return 0;
  // Untagged frames belong to `pvid`; a port without one, with a capture, or under explain has no common kind.
  if (port.pvid == NO_VID || port.capture != 0 || !port.linkUp || sw.trace != 0) {
    for (let i: u32 = 0; i < n; i++) relay(sw, port, at(ring, i));
    advance(ring, n);
    return n;
  }
  const table: usize = sw.table;
  const mask = sw.tableMask;
  const shift = sw.tableShift;
  const ageNs = sw.ageNs;
  const now = sw.stampNow;
  const vid = port.pvid;
  const keys = keysOf(vid);
  const plain = vid + 1;
  const ports: usize = sw.ports;
  const localCount = sw.localCount; // the team's number is above it
  const lengthSpan = port.lengthMax - 14;
  // What the source's entry must hold for nothing but its time to change: this port, dynamic. Registered sources never change.
  const learns = sw.model == MODEL_LEARNING;
  const placeMask = learns ? PLACE_MASK : 0;
  const here = learns ? <u64>port.logical : 0;
  const wanted = (now << TIME_SHIFT) | here;
  const entries: usize = ring.entries;
  const ringMask = ring.mask;
  const tail = ring.tailNext;
  // The way outside, where the pinned uplink takes frames with at most a tag inserted.
  const outside = changetype<Port>(<usize>port.pin);
  const isOpen = port.pin != 0 && outside.linkUp && outside.capture == 0 && carries(outside, vid);
  const outsideWire: usize = isOpen ? outside.txWire : 0;
  const outsideEdit = isOpen && outside.untaggedVid != vid ? insertion(vid) : 0;
  // Nothing may go back to where it came from (R2): for the time of the visit the port itself takes nothing as it is.
  const plainHere = port.plainVid;
  port.plainVid = 0;
  const scratch: usize = sw.scratch;
  let forwarded: u64 = 0;
  let bytesIn: u64 = 0;
  for (let done: u32 = 0; done < n; ) {
    const stop = min(done + CHUNK, n);
    // First all look-ups of the chunk, so that their cache misses overlap.
    let note: usize = scratch;
    for (let i = done; i < stop; i++, note += NOTE_BYTES) {
      const descriptor = load<u64>(entries + (<usize>((tail + i) & ringMask) << 3));
      const bytes = bytesOf(descriptor);
      const first = load<u64>(bytes);
      const second = load<u64>(bytes, 8);
      const dst = keys | (first & MAC_MASK);
      const src = keys | (first >>> 48) | ((second & 0xffffffff) << 16);
      const source = findFrom(table, mask, home(table, shift, src), src);
      const target = findFrom(table, mask, home(table, shift, dst), dst);
      store<u64>(note, descriptor);
      // Without branches: which of these it is changes from frame to frame in mixed traffic.
      const isOdd = <u32>isSpecial(descriptor, second, src | dst) | <u32>(lengthOf(descriptor) - 14 > lengthSpan);
      const places = <u64>source | (<u64>target << 32);
      store<u64>(note, select<u64>(0, places, (isOdd | <u32>(source == 0)) != 0), 8);
    }
    // Then the frames in order. A place stays an entry's until some entry is removed, which only relay can do.
    const version = sw.tableVersion;
    let trust = u64.MAX_VALUE;
    note = scratch;
    for (; done < stop; done++, note += NOTE_BYTES) {
      const descriptor = load<u64>(note);
      const places = load<u64>(note, 8) & trust;
      const source = <usize>places;
      const target = <usize>(places >>> 32);
      if (target != 0) {
        const heard = load<u64>(source, 8);
        const held = load<u64>(target, 8);
        const logical = <u32>(held & PORT_MASK);
        if ((heard & placeMask) == here && !hasAged(min(heard, held), ageNs, now)) {
          const length = lengthOf(descriptor);
          if (logical < localCount) {
            const out = changetype<Port>(ports + <usize>logical * PORT_BYTES);
            if (out.plainVid == plain && push(changetype<Ring>(<usize>out.txRing), descriptor)) {
              if (learns && heard != wanted) store<u64>(source, wanted, 8);
              if (!out.dirty) markDirty(sw, out);
              out.txBytes += length;
              bytesIn += length;
              forwarded++;
              continue;
            }
          } else if (outsideWire != 0 && send(changetype<Wire>(outsideWire), descriptor + outsideEdit, sw.now)) {
            if (learns && heard != wanted) store<u64>(source, wanted, 8);
            if (!outside.dirty) markDirty(sw, outside);
            outside.txBytes += lengthOf(descriptor + outsideEdit);
            bytesIn += length;
            forwarded++;
            continue;
          }
        }
      }
      relay(sw, port, descriptor);
      if (sw.tableVersion != version) trust = 0;
    }
  }
  port.plainVid = plainHere;
  countMany(port, VERDICT_forward, forwarded);
  port.rxBytes += bytesIn;
  advance(ring, n);
  return n;
}
