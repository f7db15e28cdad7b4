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
import { aliveFrom, findFrom, hasAged, home, isStatic, keysOf, nearHome, PLACE_MASK, PORT_MASK, staticAt, TIME_SHIFT } from './fdb';
import { bytesOf, ETHERTYPE_VLAN, HEADER_BYTES, insertion, isVlan, lengthOf, slotOf, TAG_STORED, tagOf, tciIn, withoutTag } from './frame';
import { VERDICT_forward } from './generated/verdicts';
import { groups } from './groups';
import { fidOf } from './learning';
import { carries, count, countMany, isMember, leavesLater, NO_VID, PLAIN_MIRRORED, Port, PORT_BYTES } from './port';
import { REFUSE_FORWARD, SHORT_OPEN, VLAN_NATIVE_TAGGED, VLAN_TRUNK } from './port';
import { relay } from './relay';
import { advanceNear, at, available, push, Ring } from './ring';
import { innocents } from './rogue';
import { admit } from './shaper';
import { portAt, Switch } from './switch';
import { tell, tellRun } from './watched';
import { send, Wire } from './wire';

const MAC_MASK: u64 = 0xffffffffffff;
/** No port of an entry. */
const NOWHERE: u64 = u64.MAX_VALUE;
/** Frames whose table places are looked at together. */
const CHUNK: u32 = 64;
/** A note: addresses of the entries of a frame's source and target, 32 bits each. */
export const NOTE_BYTES: usize = 8;
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
  // What a guard objects to, or who answers for others may learn from, goes by itself, by relay.ts.
  let isOdd = false;
  if ((port.guards | port.heeds) != 0) {
    n = innocents(port, ring, n);
    isOdd = n == 0;
    n = max(n, 1);
  }
  if (port.shaperIn != 0) {
    n = admit(sw, port, ring, n);
    if (n == 0) return 0;
  }
  sw.crossed = 0;
  sw.inHandBytes = port.rxBytes;
  sw.inHandEnd = ring.tailNext + n;
  sw.inHand = port.rxRing;
  const isTrunk = port.vlanMode >= VLAN_TRUNK && port.vlanMode <= VLAN_NATIVE_TAGGED;
  // A port with something special about it, or without a VLAN for untagged frames where there are no others, has no common kind.
  if (isOdd || !port.shortIn || sw.trace != 0 || (isTrunk ? sw.pads != 0 : port.pvid == NO_VID)) {
    for (let i: u32 = 0; i < n; i++) relay(sw, port, at(ring, i));
  } else if (sw.watched || port.shortIn != SHORT_OPEN) {
    passWatched(sw, port, ring, n, isTrunk);
  } else if (isTrunk) {
    pass(sw, port, ring, n, true, false, false);
  } else if (n > 1 || !passOne(sw, port, at(ring, 0))) {
    pass(sw, port, ring, n, false, false, false);
  }
  advanceNear(ring, n);
  sw.inHand = 0;
  return n;
}

/** The same where something is captured, mirrored or recorded. */
function passWatched(sw: Switch, port: Port, ring: Ring, n: u32, isTrunk: bool): void {
  if (port.inside != 0) {
    for (let i: u32 = 0; i < n; i++) relay(sw, port, at(ring, i));
  } else if (isTrunk) {
    pass(sw, port, ring, n, true, true, false);
  } else if (sw.watched) {
    pass(sw, port, ring, n, false, true, false);
  } else {
    pass(sw, port, ring, n, false, false, true);
  }
}

/**
 * Relays `n` frames. Inlined for constants, so that who has no tags, captures or others who watch never asks for them: `isWatched`, who
 * watches is told of each frame (ports without tags: where there are captures), `isTold`, of each run.
 */
// @ts-ignore: decorator
@inline
function pass(sw: Switch, port: Port, ring: Ring, n: u32, isTrunk: bool, isWatched: bool, isTold: bool): void {
  const pvid = port.pvid;
  const keys = keysOf(pvid == NO_VID ? 0 : fidOf(sw, pvid));
  const plain = pvid + 1;
  const ringMask = ring.mask;
  const tail = ring.tailNext;
  const oldest = aliveFrom(sw.ageNs, sw.stampNow);
  // What a source's entry becomes, and where it must be for nothing but its time to change; where nothing is learned, it stands so already.
  const wanted = port.learns ? (sw.stampNow << TIME_SHIFT) | <u64>port.logical : staticAt(port.logical);
  const here = port.learns && !port.sticky ? <u64>port.logical : NOWHERE;
  const lengthSpan = port.lengthMax - 14;
  const way = wayOut(port, isTrunk);
  // Nothing may go back to where it came from (R2): for the time of the visit the port itself takes nothing as it is.
  const plainHere = port.plainVid;
  port.plainVid = 0;
  const notes: usize = sw.scratch;
  for (let done: u32 = 0; done < n; ) {
    // A chunk does not reach beyond the ring's end.
    const place = (tail + done) & ringMask;
    const taken = min(min(n - done, CHUNK), ringMask + 1 - place);
    const first = <usize>ring.entries + (<usize>place << 3);
    const ahead = first - notes;
    const end = notes + taken * NOTE_BYTES;
    done += taken;
    // First all look-ups of the chunk, so that their cache misses overlap.
    if (isTrunk) lookUpTagged(sw, port, first, end);
    else lookUp(sw, first, end, keys);
    // Then the frames in order. A place stays an entry's until some entry is removed, which only relay can do.
    const version = sw.tableVersion;
    let note = notes;
    if (!isTrunk && !isWatched) {
      note = straight(sw, port, note, end, ahead, wanted, here, oldest, plain, lengthSpan);
      if (isTold && note != notes) tellRun(sw, port, notes, note, ahead);
    }
    while (note != end) {
      const next = isTrunk || isWatched || isTold ? note : groups(sw, port, note, end, ahead, wanted, here, oldest, lengthSpan);
      if (next != note) {
        note = next;
      } else {
        const descriptor = load<u64>(note + ahead);
        const isFit = load<u32>(note, 4) != 0 && (isTrunk || lengthOf(descriptor) - 14 <= lengthSpan);
        if (!isFit || !bypass(sw, port, note, descriptor, oldest, way, isTrunk, isWatched || isTold)) {
          relay(sw, port, descriptor);
          if (sw.tableVersion != version || !port.shortIn) memory.fill(note, 0, end - note);
        }
        note += NOTE_BYTES;
      }
      if (!isTrunk && !isWatched) {
        const from = note;
        note = straight(sw, port, note, end, ahead, wanted, here, oldest, plain, lengthSpan);
        if (isTold && note != from) tellRun(sw, port, from, note, ahead);
      }
    }
  }
  // A guard may have shut the port meanwhile.
  port.plainVid = port.shortOut ? plainHere : 0;
}

/** Forwards a frame past relay.ts, to a local port or by the uplink `way`, at most with its tag edited; false, when it takes more. */
// @ts-ignore: decorator
@inline
function bypass(
  sw: Switch, port: Port, note: usize, descriptor: u64, oldest: u64, way: usize, isTrunk: bool, isWatched: bool,
): bool {
  const held = load<u64>(<usize>load<u32>(note, 4), 8);
  if (held < oldest || !hear(sw, port, <usize>load<u32>(note))) return false;
  const logical = <u32>(held & PORT_MASK);
  const isLocal = logical < sw.localCount;
  if (!isLocal && way == 0) return false;
  const out = isLocal ? portAt(sw, logical) : changetype<Port>(way);
  let copy = descriptor;
  if (isTrunk) {
    if (isLocal && (out.txRing == 0 || out == port)) return false;
    copy = editFor(out, descriptor, port.pvid, port.members);
    if (copy == 0) return false;
  } else if (isLocal) {
    if ((isWatched ? out.plainVid & ~PLAIN_MIRRORED : out.plainVid) != port.pvid + 1) return false;
  } else if (out.untaggedVid != port.pvid) {
    copy += insertion(port.pvid);
  }
  if (isWatched && out.inside != 0) return false;
  if (isLocal ? !push(changetype<Ring>(<usize>out.txRing), copy) : !send(changetype<Wire>(<usize>out.txWire), copy, sw.now)) return false;
  out.txBytes += lengthOf(copy);
  if (!out.dirty) markDirty(sw, out);
  if (isWatched) watch(sw, port, descriptor, out, copy);
  count(port, VERDICT_forward);
  const length = lengthOf(descriptor);
  port.rxBytes += length;
  if (!isLocal) {
    port.upBytes += length;
    port.upFrames++;
  }
  return true;
}

/** Address of the pinned uplink, where it takes frames with no more than a tag inserted or stripped; else 0. */
function wayOut(port: Port, isTrunk: bool): usize {
  const out = changetype<Port>(<usize>port.shortExit);
  if (port.shortExit == 0 || out.txWire == 0) return 0;
  return isTrunk || carries(out, port.pvid) ? changetype<usize>(out) : 0;
}

/**
 * Notes for untagged frames whose descriptors stand from `at` on: where the entries of source and target are; 0 of a frame of another
 * kind. Most entries are at home, and are found without a branch that could be guessed wrong; what is not is looked for
 * afterwards, when all first probes are on their way.
 */
function lookUp(sw: Switch, at: usize, end: usize, keys: u64): void {
  const table: usize = sw.table;
  const shift = sw.tableShift;
  const notes: usize = sw.scratch;
  const ahead = at - notes;
  for (let note = notes; note != end; note += NOTE_BYTES) {
    const descriptor = load<u64>(note + ahead);
    const slot = slotOf(descriptor);
    const src = keys | (load<u64>(slot, HEADER_BYTES + 4) >>> 16);
    const dst = keys | (load<u64>(slot, HEADER_BYTES) & MAC_MASK);
    const source = nearHome(home(table, shift, src), src);
    const target = nearHome(home(table, shift, dst), dst);
    store<u32>(note, source);
    store<u32>(note, select<u32>(0, target, load<u16>(slot, HEADER_BYTES + 12) == ETHERTYPE_VLAN), 4);
  }
  for (let note = notes; note != end; note += NOTE_BYTES) {
    if (load<u32>(note) == 0 || load<u32>(note, 4) == 0) store<u64>(note, lookFor(sw, load<u64>(note + ahead), keys));
  }
}

/** The note for one untagged frame. */
// @ts-ignore: decorator
@inline
function lookFor(sw: Switch, descriptor: u64, keys: u64): u64 {
  const slot = slotOf(descriptor);
  if (load<u16>(slot, HEADER_BYTES + 12) == ETHERTYPE_VLAN) return 0;
  const table: usize = sw.table;
  const mask = sw.tableMask;
  const shift = sw.tableShift;
  const src = keys | (load<u64>(slot, HEADER_BYTES + 4) >>> 16);
  const source = findFrom(table, mask, home(table, shift, src), src);
  if (source == 0) return 0;
  const dst = keys | (load<u64>(slot, HEADER_BYTES) & MAC_MASK);
  if ((dst & 1) != 0) return source; // groups have no entries
  return <u64>source | (<u64>findFrom(table, mask, home(table, shift, dst), dst) << 32);
}

/** The same for what comes by a trunk, untagged or with one tag. */
function lookUpTagged(sw: Switch, port: Port, at: usize, end: usize): void {
  const table: usize = sw.table;
  const mask = sw.tableMask;
  const shift = sw.tableShift;
  const fids: usize = sw.fids;
  const pvid = port.pvid;
  const members = port.members;
  const lengthSpan = port.lengthMax - 14;
  for (let note: usize = sw.scratch; note != end; note += NOTE_BYTES, at += 8) {
    const descriptor = load<u64>(at);
    const bytes = bytesOf(descriptor);
    const second = load<u64>(bytes, 8);
    const hasTag = isVlan(second);
    const vid = hasTag ? tciIn(second) & 0xfff : pvid;
    const keys = keysOf(fids == 0 ? vid & 0xfff : <u32>load<u16>(fids + (<usize>(vid & 0xfff) << 1)));
    const dst = keys | (load<u64>(bytes) & MAC_MASK);
    const src = keys | (load<u64>(bytes, 4) >>> 16);
    const source = findFrom(table, mask, home(table, shift, src), src);
    const target = findFrom(table, mask, home(table, shift, dst), dst);
    // VLANs 0 and 4095 are no members, nor is what stands for none.
    let isOdd = <u32>(hasTag ? !isMember(members, vid) || vid == 0 : vid == NO_VID);
    isOdd |= <u32>(tagOf(descriptor) != TAG_STORED) | <u32>(lengthOf(descriptor) - (hasTag ? 18 : 14) > lengthSpan);
    isOdd |= <u32>(source == 0) | (<u32>(src | dst) & 1);
    store<u64>(note, select<u64>(0, <u64>source | (<u64>target << 32), isOdd != 0));
  }
}

/**
 * Forwards frames to local ports that take them as they are and have room, from the note at `note` on; their descriptors stand
 * `ahead` of the notes. Returns the note of the first frame that takes more than that, or `end`. Nearly all frames stay in this
 * loop. What does not change comes as parameters: what is worked out here V8 works out again for each frame.
 */
function straight(
  sw: Switch, port: Port, from: usize, end: usize, ahead: usize, wanted: u64, here: u64, oldest: u64, plain: u32, lengthSpan: u32,
): usize {
  const ports: usize = sw.ports;
  const localCount = sw.localCount; // the team's number is above it
  let bytes: u64 = 0;
  let note = from;
  for (; note != end; note += NOTE_BYTES) {
    const target = <usize>load<u32>(note, 4);
    if (target == 0) break;
    const descriptor = load<u64>(note + ahead);
    const length = lengthOf(descriptor);
    if (length - 14 > lengthSpan) break;
    const source = <usize>load<u32>(note);
    const heard = load<u64>(source, 8);
    if (heard != wanted) {
      if ((heard & PLACE_MASK) != here || heard < oldest) break;
      store<u64>(source, wanted, 8);
    }
    const held = load<u64>(target, 8);
    if (held < oldest) break;
    const logical = <u32>held & <u32>PORT_MASK;
    if (logical >= localCount) break;
    const out = changetype<Port>(ports + <usize>logical * PORT_BYTES);
    if (out.plainVid != plain) break;
    const ring = changetype<Ring>(<usize>out.txRing);
    const next = ring.headNext;
    const mask = ring.mask;
    if (next - ring.tailSeen > mask) break;
    store<u64>(<usize>ring.entries + (<usize>(next & mask) << 3), descriptor);
    ring.headNext = next + 1;
    out.txBytes += length;
    bytes += length;
    if (!out.dirty) markDirty(sw, out);
  }
  port.rxBytes += bytes;
  countMany(port, VERDICT_forward, (note - from) / NOTE_BYTES);
  return note;
}

/**
 * Notes that a source was heard where it is; false, with nothing changed, when there is more to it than the time. Its frame
 * may end in relay.ts all the same, which would note that, too.
 */
// @ts-ignore: decorator
@inline
function hear(sw: Switch, port: Port, source: usize): bool {
  const heard = load<u64>(source, 8);
  if (hasAged(heard, sw.ageNs, sw.stampNow) || (port.sticky && !isStatic(heard))) return false;
  // Where nothing is learned and anybody may send, a source may stand anywhere.
  const isBound = port.learns || port.forgedRejected || port.onStatic != REFUSE_FORWARD;
  if (isBound && (heard & PORT_MASK) != <u64>port.logical) return false;
  const wanted = (sw.stampNow << TIME_SHIFT) | <u64>port.logical;
  if (port.learns && heard != wanted && !isStatic(heard)) store<u64>(source, wanted, 8);
  return true;
}

/**
 * Forwards a single frame without a tag to a local port; false, with nothing changed, when it is of another kind. The virtual
 * clock mostly has one at a time, which should not pay for what a burst prepares: 95 ns a frame with `pass`, 86 so (bench/virtual.ts).
 */
function passOne(sw: Switch, port: Port, descriptor: u64): bool {
  const places = lookFor(sw, descriptor, keysOf(fidOf(sw, port.pvid)));
  const target = <usize>(places >>> 32);
  const length = lengthOf(descriptor);
  if (target == 0 || length - 14 > port.lengthMax - 14) return false;
  const held = load<u64>(target, 8);
  const logical = <u32>(held & PORT_MASK);
  if (logical >= sw.localCount || hasAged(held, sw.ageNs, sw.stampNow)) return false;
  const out = portAt(sw, logical);
  if (out == port || out.plainVid != port.pvid + 1) return false;
  if (!hear(sw, port, <usize>(<u32>places))) return false;
  if (!push(changetype<Ring>(<usize>out.txRing), descriptor)) return false;
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
  if (out.capture != 0 && !leavesLater(out)) capture(sw, out, copy, DIRECTION_OUT);
  if (port.shortIn != SHORT_OPEN) tell(sw, port, descriptor, out);
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
