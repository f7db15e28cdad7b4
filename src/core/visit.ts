/**
 * A visit to a port: a burst of frames is taken from its guest's ring and relayed.
 *
 * Most frames of a busy network are untagged known unicast between two local ports whose entries are as they were; these
 * are forwarded here, and everything else goes through relay.ts, frame by frame and in order, so that a burst gives what
 * its frames one by one would. Nothing is changed before a frame is known to be of the common kind.
 *
 * Measured with bench/core.ts (8 vNICs, 1,024 stations, 64-byte frames): see README, Benchmarks.
 */
import { markDirty } from './egress';
import { find, hasAged, keyOf, PORT_MASK, TIME_SHIFT } from './fdb';
import { bytesOf, isSpecial, lengthOf } from './frame';
import { VERDICT_forward } from './generated/verdicts';
import { countMany, NO_VID, Port, PORT_BYTES } from './port';
import { relay } from './relay';
import { advance, at, available, push, Ring } from './ring';
import { MODEL_LEARNING, Switch } from './switch';

const MAC_MASK: u64 = 0xffffffffffff;
const PLACE_MASK: u64 = 0xfff;

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
  const portCount = sw.portCount; // the team's number is above it
  const lengthSpan = port.lengthMax - 14;
  // What the source's entry must hold for nothing but its time to change: this port, dynamic. Registered sources never change.
  const learns = sw.model == MODEL_LEARNING;
  const placeMask = learns ? PLACE_MASK : 0;
  const here = learns ? <u64>port.logical : 0;
  const wanted = (now << TIME_SHIFT) | here;
  const entries: usize = ring.entries;
  const ringMask = ring.mask;
  const tail = ring.tailNext;
  // Nothing may go back to where it came from (R2): for the time of the visit the port itself takes nothing as it is.
  const plainHere = port.plainVid;
  port.plainVid = 0;
  let forwarded: u64 = 0;
  let bytesIn: u64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const descriptor = load<u64>(entries + (<usize>((tail + i) & ringMask) << 3));
    const bytes = bytesOf(descriptor);
    const first = load<u64>(bytes);
    const second = load<u64>(bytes, 8);
    const length = lengthOf(descriptor);
    const dst = first & MAC_MASK;
    const src = (first >>> 48) | ((second & 0xffffffff) << 16);
    if (isSpecial(descriptor, second, src | dst) || length - 14 > lengthSpan) {
      relay(sw, port, descriptor);
      continue;
    }
    const source = find(table, mask, shift, keyOf(vid, src));
    const target = find(table, mask, shift, keyOf(vid, dst));
    if (source == 0 || target == 0) {
      relay(sw, port, descriptor);
      continue;
    }
    const heard = load<u64>(source, 8);
    const held = load<u64>(target, 8);
    const logical = <u32>(held & PORT_MASK);
    if ((heard & placeMask) != here || logical >= portCount || hasAged(min(heard, held), ageNs, now)) {
      relay(sw, port, descriptor);
      continue;
    }
    const out = changetype<Port>(ports + <usize>logical * PORT_BYTES);
    if (out.plainVid != plain || !push(changetype<Ring>(<usize>out.txRing), descriptor)) {
      relay(sw, port, descriptor);
      continue;
    }
    if (learns && heard != wanted) store<u64>(source, wanted, 8);
    out.txBytes += length;
    if (!out.dirty) markDirty(sw, out);
    bytesIn += length;
    forwarded++;
  }
  port.plainVid = plainHere;
  countMany(port, VERDICT_forward, forwarded);
  port.rxBytes += bytesIn;
  advance(ring, n);
  return n;
}
