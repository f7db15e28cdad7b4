/**
 * A visit to a port: a burst of frames is taken from its guest's ring and relayed.
 *
 * Most frames of a busy network are untagged known unicast whose entries are as they were, to a local port or outside; these
 * are forwarded here, and everything else goes through relay.ts, frame by frame and in order, so that a burst gives what
 * its frames one by one would. Nothing is changed before a frame is known to be of the common kind.
 *
 * Measured with bench/core.ts (8 vNICs, 1,024 stations, 64-byte frames): see README, Benchmarks.
 */
import { capture, DIRECTION_IN, DIRECTION_OUT } from './capture';
import { markDirty } from './egress';
import { findFrom, hasAged, home, isStatic, keysOf, PORT_MASK, TIME_SHIFT } from './fdb';
import { bytesOf, insertion, isSpecial, isVlan, lengthOf, TAG_STORED, tagOf, tciIn, withoutTag } from './frame';
import { VERDICT_forward } from './generated/verdicts';
import { fidOf } from './learning';
import { carries, countMany, isMember, NO_VID, Port, PORT_BYTES, REFUSE_FORWARD, VLAN_NATIVE_TAGGED, VLAN_TRUNK } from './port';
import { relay } from './relay';
import { advanceNear, at, available, push, Ring } from './ring';
import { portAt, Switch } from './switch';
import { send, Wire } from './wire';

const MAC_MASK: u64 = 0xffffffffffff;
/** Frames whose table places are looked at together. */
const CHUNK: u32 = 64;
const NOTE_BYTES: usize = 16;
/** What Switch.scratch has to hold: a note for each frame of a chunk. */
export const SCRATCH_SIZE: u32 = CHUNK * <u32>NOTE_BYTES;

/** Relays up to `burst` frames that wait in the port's rx ring; returns how many. Most visits find none: that is all who calls inlines. */
// @ts-ignore: decorator
@inline
export function visit(sw: Switch, port: Port): u32 {
  const n = available(changetype<Ring>(<usize>port.rxRing));
  return n == 0 ? 0 : serve(sw, port, min(n, sw.burst));
}

function serve(sw: Switch, port: Port, n: u32): u32 {
  const ring = changetype<Ring>(<usize>port.rxRing);
  sw.crossed = 0;
  sw.inHandBytes = port.rxBytes;
  sw.inHandEnd = ring.tailNext + n;
  sw.inHand = port.rxRing;
  const isTrunk = port.vlanMode >= VLAN_TRUNK && port.vlanMode <= VLAN_NATIVE_TAGGED;
  // A port with something special about it, or without a VLAN for untagged frames where there are no others, has no common kind.
  if (!port.shortIn || sw.trace != 0 || (isTrunk ? sw.pads != 0 : port.pvid == NO_VID)) {
    for (let i: u32 = 0; i < n; i++) relay(sw, port, at(ring, i));
  } else if (sw.watched) {
    passWatched(sw, port, ring, n, isTrunk);
  } else if (isTrunk) {
    pass(sw, port, ring, n, true, false);
  } else if (n > 1 || !passOne(sw, port, at(ring, 0))) {
    pass(sw, port, ring, n, false, false);
  }
  advanceNear(ring, n);
  sw.inHand = 0;
  return n;
}

/** The same where something is captured. */
function passWatched(sw: Switch, port: Port, ring: Ring, n: u32, isTrunk: bool): void {
  if (port.inside != 0) {
    for (let i: u32 = 0; i < n; i++) relay(sw, port, at(ring, i));
  } else if (isTrunk) {
    pass(sw, port, ring, n, true, true);
  } else {
    pass(sw, port, ring, n, false, true);
  }
}

/** Relays `n` frames. Inlined once for each constant `isTrunk` and `isWatched`, so that who has no tags or captures never asks for them. */
// @ts-ignore: decorator
@inline
function pass(sw: Switch, port: Port, ring: Ring, n: u32, isTrunk: bool, isWatched: bool): void {
  const table: usize = sw.table;
  const mask = sw.tableMask;
  const shift = sw.tableShift;
  const ageNs = sw.ageNs;
  const now = sw.stampNow;
  const pvid = port.pvid;
  const keys = keysOf(pvid == NO_VID ? 0 : fidOf(sw, pvid));
  const plain = pvid + 1;
  const ports: usize = sw.ports;
  const localCount = sw.localCount; // the team's number is above it
  const lengthSpan = port.lengthMax - 14;
  // Where the source's entry must be for nothing but its time to change. Where nothing is learned and anybody may send, anywhere.
  const learns = port.learns != 0;
  const isBound = learns || port.forgedRejected != 0 || port.onStatic != REFUSE_FORWARD;
  const placeMask = isBound ? PORT_MASK : 0;
  const here = isBound ? <u64>port.logical : 0;
  const sticks = port.sticky != 0;
  const wanted = (now << TIME_SHIFT) | <u64>port.logical;
  const fids: usize = sw.fids;
  const members = port.members;
  const entries: usize = ring.entries;
  const ringMask = ring.mask;
  const tail = ring.tailNext;
  // The way outside, where the pinned uplink takes frames with no more than a tag inserted or stripped.
  const outside = changetype<Port>(<usize>port.shortExit);
  const isOpen = port.shortExit != 0 && (isTrunk || carries(outside, pvid)) && !(isWatched && outside.inside != 0);
  const outsideWire: usize = isOpen ? outside.txWire : 0;
  const outsideEdit = !isTrunk && isOpen && outside.untaggedVid != pvid ? insertion(pvid) : 0;
  // Nothing may go back to where it came from (R2): for the time of the visit the port itself takes nothing as it is.
  const plainHere = port.plainVid;
  port.plainVid = 0;
  const scratch: usize = sw.scratch;
  let forwarded: u64 = 0;
  let bytesIn: u64 = 0;
  let bytesUp: u64 = 0;
  for (let done: u32 = 0; done < n; ) {
    const stop = min(done + CHUNK, n);
    // First all look-ups of the chunk, so that their cache misses overlap.
    let note: usize = scratch;
    for (let i = done; i < stop; i++, note += NOTE_BYTES) {
      const descriptor = load<u64>(entries + (<usize>((tail + i) & ringMask) << 3));
      const bytes = bytesOf(descriptor);
      const first = load<u64>(bytes);
      const second = load<u64>(bytes, 8);
      let prefix = keys;
      let isOdd: u32;
      if (isTrunk) {
        const hasTag = isVlan(second);
        const vid = hasTag ? tciIn(second) & 0xfff : pvid;
        // VLANs 0 and 4095 are no members, nor is what stands for none.
        isOdd = <u32>(hasTag ? !isMember(members, vid) || vid == 0 : vid == NO_VID);
        isOdd |= <u32>(tagOf(descriptor) != TAG_STORED) | <u32>(lengthOf(descriptor) - (hasTag ? 18 : 14) > lengthSpan);
        prefix = keysOf(fids == 0 ? vid & 0xfff : <u32>load<u16>(fids + (<usize>(vid & 0xfff) << 1)));
      } else {
        isOdd = <u32>(lengthOf(descriptor) - 14 > lengthSpan);
      }
      const dst = prefix | (first & MAC_MASK);
      const src = prefix | (first >>> 48) | ((second & 0xffffffff) << 16);
      const source = findFrom(table, mask, home(table, shift, src), src);
      const target = findFrom(table, mask, home(table, shift, dst), dst);
      store<u64>(note, descriptor);
      // Without branches: which of these it is changes from frame to frame in mixed traffic.
      if (isTrunk) isOdd |= <u32>(src | dst) & 1;
      else isOdd |= <u32>isSpecial(descriptor, second, src | dst);
      const places = <u64>source | (<u64>target << 32);
      store<u64>(note, select<u64>(0, places, (isOdd | <u32>(source == 0)) != 0), 8);
    }
    // Then the frames in order. A place stays an entry's until some entry is removed, which only relay can do.
    const version = sw.tableVersion;
    let trust = port.shortIn ? u64.MAX_VALUE : 0;
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
        if ((heard & placeMask) == here && (!sticks || isStatic(heard)) && !hasAged(min(heard, held), ageNs, now)) {
          const length = lengthOf(descriptor);
          if (logical < localCount) {
            const out = changetype<Port>(ports + <usize>logical * PORT_BYTES);
            let copy = isTrunk ? editFor(out, descriptor, pvid, members) : out.plainVid == plain ? descriptor : 0;
            if (isWatched && out.inside != 0) copy = 0;
            if (copy != 0 && (!isTrunk || (out.txRing != 0 && out != port)) && push(changetype<Ring>(<usize>out.txRing), copy)) {
              if (learns && heard != wanted && !isStatic(heard)) store<u64>(source, wanted, 8);
              out.txBytes += isTrunk ? lengthOf(copy) : length;
              if (!out.dirty) markDirty(sw, out);
              if (isWatched) watch(sw, port, descriptor, out, copy);
              bytesIn += length;
              forwarded++;
              continue;
            }
          } else if (outsideWire != 0) {
            const copy = isTrunk ? editFor(outside, descriptor, pvid, members) : descriptor + outsideEdit;
            if ((!isTrunk || copy != 0) && send(changetype<Wire>(outsideWire), copy, sw.now)) {
              if (learns && heard != wanted && !isStatic(heard)) store<u64>(source, wanted, 8);
              outside.txBytes += lengthOf(copy);
              if (!outside.dirty) markDirty(sw, outside);
              if (isWatched) watch(sw, port, descriptor, outside, copy);
              bytesUp += length;
              bytesIn += length;
              forwarded++;
              continue;
            }
          }
        }
      }
      relay(sw, port, descriptor);
      if (sw.tableVersion != version || !port.shortIn) trust = 0;
    }
  }
  // A guard may have shut the port meanwhile.
  port.plainVid = port.shortOut ? plainHere : 0;
  countMany(port, VERDICT_forward, forwarded);
  port.rxBytes += bytesIn;
  port.upBytes += bytesUp;
}

/**
 * Forwards a single frame without a tag to a local port; false, with nothing changed, when it is of another kind. The virtual
 * clock mostly has one at a time, which should not pay for what a burst prepares: 95 ns a frame with `pass`, 86 so (bench/virtual.ts).
 */
function passOne(sw: Switch, port: Port, descriptor: u64): bool {
  const bytes = bytesOf(descriptor);
  const first = load<u64>(bytes);
  const second = load<u64>(bytes, 8);
  const keys = keysOf(fidOf(sw, port.pvid));
  const dst = keys | (first & MAC_MASK);
  const src = keys | (first >>> 48) | ((second & 0xffffffff) << 16);
  const length = lengthOf(descriptor);
  if (length - 14 > port.lengthMax - 14 || isSpecial(descriptor, second, src | dst)) return false;
  const table: usize = sw.table;
  const source = findFrom(table, sw.tableMask, home(table, sw.tableShift, src), src);
  const target = findFrom(table, sw.tableMask, home(table, sw.tableShift, dst), dst);
  if (source == 0 || target == 0) return false;
  const heard = load<u64>(source, 8);
  const held = load<u64>(target, 8);
  const now = sw.stampNow;
  if (hasAged(min(heard, held), sw.ageNs, now)) return false;
  const isElsewhere = (heard & PORT_MASK) != <u64>port.logical;
  if (isElsewhere && (port.learns || port.forgedRejected || port.onStatic != REFUSE_FORWARD)) return false;
  if (port.sticky && !isStatic(heard)) return false;
  const logical = <u32>(held & PORT_MASK);
  if (logical >= sw.localCount) return false;
  const out = portAt(sw, logical);
  if (out == port || out.plainVid != port.pvid + 1 || !push(changetype<Ring>(<usize>out.txRing), descriptor)) return false;
  const wanted = (now << TIME_SHIFT) | <u64>port.logical;
  if (port.learns && heard != wanted && !isStatic(heard)) store<u64>(source, wanted, 8);
  out.txBytes += length;
  if (!out.dirty) markDirty(sw, out);
  countMany(port, VERDICT_forward, 1);
  port.rxBytes += length;
  return true;
}

// @ts-ignore: decorator
@inline
function watch(sw: Switch, port: Port, descriptor: u64, out: Port, copy: u64): void {
  if (port.capture != 0) capture(sw, port, descriptor, DIRECTION_IN);
  if (out.capture != 0) capture(sw, out, copy, DIRECTION_OUT);
}

/** The copy as it leaves by `out`, from a trunk whose untagged frames are of VLAN `pvid`; 0 when that takes more than an edit. */
// @ts-ignore: decorator
@inline
function editFor(out: Port, descriptor: u64, pvid: u32, members: u32): u64 {
  const second = load<u64>(bytesOf(descriptor), 8);
  const hasTag = isVlan(second);
  const vid = hasTag ? tciIn(second) & 0xfff : pvid;
  if (out.untaggedVid == vid) return !out.shortOut ? 0 : hasTag ? withoutTag(descriptor) : descriptor;
  // Trunks of the same VLANs share their set, and this one has been asked on the way in.
  if (out.plainTags != members && (out.plainTags == 0 || !isMember(out.plainTags, vid))) return 0;
  return hasTag ? descriptor : descriptor + insertion(vid);
}
