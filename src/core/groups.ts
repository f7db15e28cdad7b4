/**
 * Frames to groups past relay.ts: untagged ones from a local port, of sources whose entries are as they were. A run of them is queued port
 * by port where all ports take them as they are, and frame by frame (flood.ts) otherwise. What a port gets is the same, in the same order;
 * the order between ports is seen by nobody, for visit.ts brings no frame of a watched switch here.
 */
import { emit, markDirty } from './egress';
import { PLACE_MASK } from './fdb';
import { flood } from './flood';
import { HEADER_BYTES, holdMany, lengthOf, slotOf, UNTAGGED } from './frame';
import { VERDICT_flood_group } from './generated/verdicts';
import { isAnnouncement } from './guard';
import { isBpdu, isReserved } from './ingress';
import { takeInHand } from './mirror';
import { carries, countMany, Port, PORT_BYTES, VLAN_ACCESS, VLAN_MIRROR } from './port';
import { hasRoomFor, Ring } from './ring';
import { MODEL_LEARNING, Switch } from './switch';
import { NOTE_BYTES } from './visit';

const MAC_MASK: u64 = 0xffffffffffff;
/** So few frames are queued one by one. */
const RUN_LEAST: u32 = 3;

/**
 * Takes the frames from the note at `from` on that are of this kind; returns the note of the first that is not, or `end`. Parameters as
 * of `straight` in visit.ts.
 */
export function groups(
  sw: Switch, port: Port, from: usize, end: usize, ahead: usize, wanted: u64, here: u64, oldest: u64, lengthSpan: u32,
): usize {
  if (load<u32>(from, 4) != 0 || port.storm != 0 || port.speaks) return from;
  const snoops = sw.snooper != 0;
  const announces = sw.model == MODEL_LEARNING && sw.localCount < sw.portCount;
  let bytes: u64 = 0;
  let note = from;
  for (; note != end; note += NOTE_BYTES) {
    const source = <usize>load<u32>(note);
    if (source == 0 || load<u32>(note, 4) != 0) break;
    const descriptor = load<u64>(note + ahead);
    const length = lengthOf(descriptor);
    const dst = load<u64>(slotOf(descriptor), HEADER_BYTES) & MAC_MASK;
    if ((dst & 1) == 0 || length - 14 > lengthSpan || isReserved(dst) || isBpdu(dst)) break;
    if (snoops && dst != MAC_MASK) break; // who gets it is snooping.ts's to say
    // Locks its source (R13).
    if (announces && isAnnouncement(descriptor, dst)) break;
    const heard = load<u64>(source, 8);
    if (heard != wanted) {
      if ((heard & PLACE_MASK) != here || heard < oldest) break;
      store<u64>(source, wanted, 8);
    }
    bytes += length;
  }
  if (note == from) return from;
  port.rxBytes += bytes;
  sw.vidInHand = port.pvid;
  const first = from + ahead;
  const n = <u32>((note - from) / NOTE_BYTES);
  if (n < RUN_LEAST || !floodRun(sw, port, first, n, bytes)) {
    for (let i: u32 = 0; i < n; i++) {
      takeInHand(sw, changetype<usize>(port));
      flood(sw, port, load<u64>(first + (<usize>i << 3)), port.pvid, UNTAGGED, VERDICT_flood_group, 0);
    }
  }
  return note;
}

/** Floods `n` frames, `bytes` long in all, with descriptors from `first` on; false, with nothing changed, if some port takes more. */
function floodRun(sw: Switch, port: Port, first: usize, n: u32, bytes: u64): bool {
  const vid = port.pvid;
  const locals = copiesHere(sw, port, n);
  const exit = sw.localCount < sw.portCount ? <usize>port.shortExit : 0;
  if (locals < 0 || (exit == 0 && sw.localCount < sw.portCount)) return false;
  const isOutside = exit != 0 && carries(changetype<Port>(exit), vid);
  const more = locals + (isOutside ? 1 : 0) - 1;
  if (more < 0) return false;
  if (more != 0) for (let i: u32 = 0; i < n; i++) holdMany(load<u64>(first + (<usize>i << 3)), more);
  const end = <usize>sw.ports + <usize>sw.localCount * PORT_BYTES;
  for (let at: usize = sw.ports; at != end; at += PORT_BYTES) {
    const out = changetype<Port>(at);
    if (out.plainVid == vid + 1) queueRun(sw, out, first, n, bytes);
  }
  if (isOutside) {
    for (let i: u32 = 0; i < n; i++) emit(sw, changetype<Port>(exit), load<u64>(first + (<usize>i << 3)), vid, UNTAGGED);
    port.upBytes += bytes;
    port.upFrames += n;
  }
  countMany(port, VERDICT_flood_group, n);
  sw.copies += <u64>n * more;
  return true;
}

/** How many local ports get a copy of `n` frames from `port`, which itself is not plain now (visit.ts); -1 if some port takes more. */
function copiesHere(sw: Switch, port: Port, n: u32): i32 {
  const plain = port.pvid + 1;
  const end = <usize>sw.ports + <usize>sw.localCount * PORT_BYTES;
  let copies: i32 = 0;
  for (let at: usize = sw.ports; at != end; at += PORT_BYTES) {
    const out = changetype<Port>(at);
    if (out.plainVid == plain) {
      if (!hasRoomFor(changetype<Ring>(<usize>out.txRing), n)) return -1;
      copies++;
    } else if (out != port && !isElsewhere(out, port.pvid)) {
      return -1;
    }
  }
  return copies;
}

/** Whether a port that does not take frames of `vid` as they are gets none at all. */
// @ts-ignore: decorator
@inline
function isElsewhere(out: Port, vid: u32): bool {
  return out.lag == 0 && (!out.linkUp || (out.vlanMode == VLAN_ACCESS && out.pvid != vid) || out.vlanMode == VLAN_MIRROR);
}

function queueRun(sw: Switch, out: Port, first: usize, n: u32, bytes: u64): void {
  const ring = changetype<Ring>(<usize>out.txRing);
  const next = ring.headNext;
  const place = next & ring.mask;
  const before = min(n, ring.mask + 1 - place);
  copyRun(<usize>ring.entries + (<usize>place << 3), first, before);
  if (before != n) copyRun(ring.entries, first + (<usize>before << 3), n - before);
  ring.headNext = next + n;
  out.txBytes += bytes;
  if (!out.dirty) markDirty(sw, out);
}

function copyRun(to: usize, from: usize, n: u32): void {
  const end = from + (<usize>(n >>> 1) << 4);
  for (; from != end; from += 16, to += 16) v128.store(to, v128.load(from));
  if ((n & 1) != 0) store<u64>(to, load<u64>(from));
}
