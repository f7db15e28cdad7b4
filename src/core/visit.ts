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
import { findFrom, hasAged, home, keyOf, PLACE_MASK, PORT_MASK, TIME_SHIFT } from './fdb';
import { bytesOf, insertion, isSpecial, lengthOf } from './frame';
import { VERDICT_forward } from './generated/verdicts';
import { carries, countMany, NO_VID, Port, PORT_BYTES } from './port';
import { relay } from './relay';
import { advance, at, available, push, Ring } from './ring';
import { MODEL_LEARNING, Switch } from './switch';
import { send, Wire } from './wire';

const MAC_MASK: u64 = 0xffffffffffff;
/** Frames whose table places are looked at together. */
const CHUNK: u32 = 32;
const NOTE_BYTES: usize = 32;
/** What Switch.scratch has to hold: a note for each frame of a chunk, and the word behind them. */
export const SCRATCH_SIZE: u32 = CHUNK * <u32>NOTE_BYTES + 8;

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
    // First all addresses of the chunk, so that their cache misses overlap; `warmth` keeps the loads from being left out.
    let warmth: u64 = 0;
    let note: usize = scratch;
    for (let i = done; i < stop; i++) {
      const descriptor = load<u64>(entries + (<usize>((tail + i) & ringMask) << 3));
      const bytes = bytesOf(descriptor);
      const first = load<u64>(bytes);
      const second = load<u64>(bytes, 8);
      const dst = first & MAC_MASK;
      const src = (first >>> 48) | ((second & 0xffffffff) << 16);
      const special = isSpecial(descriptor, second, src | dst) || lengthOf(descriptor) - 14 > lengthSpan;
      const source = home(table, shift, keyOf(vid, src));
      const target = home(table, shift, keyOf(vid, dst));
      store<u64>(note, descriptor);
      store<u64>(note, keyOf(vid, src), 8);
      store<u64>(note, special ? 0 : keyOf(vid, dst), 16);
      store<u32>(note, <u32>source, 24);
      store<u32>(note, <u32>target, 28);
      warmth ^= load<u64>(source) ^ load<u64>(target);
      note += NOTE_BYTES;
    }
    store<u64>(note, warmth);
    note = scratch;
    for (; done < stop; done++, note += NOTE_BYTES) {
      const descriptor = load<u64>(note);
      const dstKey = load<u64>(note, 16);
      if (dstKey != 0) {
        const source = findFrom(table, mask, load<u32>(note, 24), load<u64>(note, 8));
        const target = findFrom(table, mask, load<u32>(note, 28), dstKey);
        if (source != 0 && target != 0) {
          const heard = load<u64>(source, 8);
          const held = load<u64>(target, 8);
          const logical = <u32>(held & PORT_MASK);
          if ((heard & placeMask) == here && !hasAged(min(heard, held), ageNs, now)) {
            let out = outside;
            let copy = descriptor + outsideEdit;
            let isSent = false;
            if (logical < localCount) {
              out = changetype<Port>(ports + <usize>logical * PORT_BYTES);
              copy = descriptor;
              isSent = out.plainVid == plain && push(changetype<Ring>(<usize>out.txRing), descriptor);
            } else if (outsideWire != 0) {
              isSent = send(changetype<Wire>(outsideWire), copy, sw.now);
            }
            if (isSent) {
              if (learns && heard != wanted) store<u64>(source, wanted, 8);
              out.txBytes += lengthOf(copy);
              if (!out.dirty) markDirty(sw, out);
              bytesIn += lengthOf(descriptor);
              forwarded++;
              continue;
            }
          }
        }
      }
      relay(sw, port, descriptor);
    }
  }
  port.plainVid = plainHere;
  countMany(port, VERDICT_forward, forwarded);
  port.rxBytes += bytesIn;
  advance(ring, n);
  return n;
}
