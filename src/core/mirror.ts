/**
 * Mirrors (SPAN, RSPAN): copies of frames for somebody who watches, of what comes in by a port, goes out of one, is of a VLAN, or dies.
 *
 * A frame gets one copy for each mirror, however often it matches (Open vSwitch's rule, conformance d-mirror-both): `Switch.mirrored` has
 * a bit for each mirror that has the frame in hand already. All of its bits stand while a copy is sent, so that copies are not mirrored.
 *
 *     in      as the frame came in, once it has a VLAN: what is refused before that (a runt, a foreign VLAN) is for `drop` alone
 *     out     what left by a port, behind all rules; a copy that its queue had no room for has not left
 *     drop    whoever dies, where he does: frames on their way in, copies on their way out
 *
 * A copy is the frame by reference: its descriptor has the tag that the destination gives (a trunk tags with the frame's VLAN, an access
 * port never, d-mirror-tags) and the length that is left of it. Where it goes:
 *
 *     a port      which carries nothing else (VLAN_MIRROR): what comes in by it is dropped, floods and known unicast pass it by
 *     a VLAN      RSPAN: every port that carries it, and one uplink. Nobody learns in such a VLAN, all of it is flooded, and nothing in
 *                 it is mirrored again but by a mirror to a port that names the VLAN. A copy of what came in by an uplink does not
 *                 leave by one (R1) unless the mirror may: the outside has that frame, and a loop there would send it round for ever
 *
 * Frames of the common kind take their short cuts all the same, with the copy behind them (watched.ts); bits of a port stand while one of
 * its mirrors is on.
 */
import { captureInside, DIRECTION_OUT } from './capture';
import { lose, markDirty, queue, tagged, whyFull } from './egress';
import { CUT_TAG, cutTo, hold, insertion, lengthOf, outerTci, slotOf, UNTAGGED } from './frame';
import * as V from './generated/verdicts';
import { Lag, memberFor } from './lag';
import { carries, count, isMember, KIND_UPLINK, NO_VID, Port, VLAN_MIRROR, VLAN_TRANSPARENT } from './port';
import { toService } from './qinq';
import { hasRoomFor, Ring } from './ring';
import { portAt, Switch } from './switch';
import { designated, reform, teamAt } from './team';

/** Mirrors of a switch: bits of a word. */
export const MIRRORS_MAX: u32 = 32;
const ALL: u32 = 0xffffffff;
/** A frame needs as much for a tag to be put in. */
const HEADER: u32 = 14;

/** How a destination writes VLANs. */
const TAGS_AS_THEY_ARE: u8 = 0;
const TAGS_NONE: u8 = 1;

@unmanaged
export class Mirror {
  to: u32; // address of the Port that copies go to; 0: they go to the VLAN `vid`
  vid: u32;
  vlans: u32; // address of 4096 bits: only frames of these; 0: of all
  snap: u32; // bytes kept of a copy, its tag among them; 0: all
  sample: u32; // one in so many; 0 or 1: each
  turn: u32;
  isOff: u8;
  byVlan: u8; // no port is named, only VLANs
  mayTransit: u8; // copies of what came in by an uplink may leave by one
  tags: u8; // TAGS_*: of the port `to`; else it is a trunk
  padding1: u32;
  drops: u64; // bit n: frames that die of verdict n
  // Frames that were copied, by reason.
  fromIn: u64;
  fromOut: u64;
  fromVlan: u64;
  fromDrops: u64;
  copies: u64;
  lost: u64; // copies that the destination had no room or no link for
  withheld: u64; // frames whose copy no uplink carries (R1), or which are too short for a tag
  skipped: u64; // by sampling
}

// @ts-ignore: decorator
@inline
function mirrorAt(sw: Switch, i: u32): Mirror {
  return changetype<Mirror>(<usize>sw.mirrors + <usize>i * offsetof<Mirror>());
}

/** Another frame is in hand, which came in by the port at `from`; 0: the switch's own. */
// @ts-ignore: decorator
@inline
export function takeInHand(sw: Switch, from: usize): void {
  sw.mirrored = 0;
  sw.cameBy = <u32>from;
}

/** Copies a frame that has come in by a mirrored port. */
export function mirrorIn(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32): void {
  for (let left = port.mirrorIn & ~sw.mirrored; left != 0; left &= left - 1) {
    const i = <u32>ctz(left);
    const mirror = mirrorAt(sw, i);
    if (!wants(sw, mirror, vid)) continue;
    if (!take(sw, mirror, i)) continue;
    if (mirror.byVlan) mirror.fromVlan++;
    else mirror.fromIn++;
    give(sw, mirror, descriptor, vid, tci);
  }
}

/** The same of one that has taken a short cut, and left by `out`: it has a VLAN, and no tag but the outer one is edited. */
export function mirrorPassed(sw: Switch, port: Port, descriptor: u64, out: Port): void {
  takeInHand(sw, changetype<usize>(port));
  const tci = port.vlanMode == VLAN_TRANSPARENT ? UNTAGGED : outerTci(descriptor);
  const vid = tci == UNTAGGED ? port.pvid : <u32>tci & 0xfff;
  mirrorIn(sw, port, descriptor, vid, tci);
  mirrorOut(sw, out, descriptor, vid, tci);
}

/**
 * The same of `n` untagged frames with descriptors from `first` on, of one VLAN, which left by ports that are not mirrored, where nothing
 * is captured: queued at once where one mirror of a vNIC is all there is. False, with nothing changed, when it takes more.
 */
export function mirrorRun(sw: Switch, port: Port, first: usize, n: u32): bool {
  if ((port.mirrorIn & (port.mirrorIn - 1)) != 0) return false;
  const mirror = mirrorAt(sw, <u32>ctz(port.mirrorIn));
  const out = changetype<Port>(<usize>mirror.to);
  const vid = port.pvid;
  if (!wants(sw, mirror, vid)) return true;
  if (mirror.to == 0 || mirror.sample > 1 || out.txRing == 0 || !out.linkUp || out.sTag) return false;
  const ring = changetype<Ring>(<usize>out.txRing);
  if (!hasRoomFor(ring, n)) return false;
  const isTagged = mirror.tags != TAGS_AS_THEY_ARE && mirror.tags != TAGS_NONE && vid != out.untaggedVid;
  const tag = isTagged ? insertion(vid) : 0;
  const snap = mirror.snap == 0 ? u32.MAX_VALUE : mirror.snap;
  const entries: usize = ring.entries;
  const mask = ring.mask;
  const next = ring.headNext;
  let bytes: u64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    let copy = load<u64>(first + (<usize>i << 3));
    const slot = slotOf(copy);
    if (load<u32>(slot) == 1) store<u32>(slot, 2);
    else atomic.add<u32>(slot, 1);
    copy += tag;
    if (lengthOf(copy) > snap) copy = cutTo(copy, snap);
    store<u64>(entries + (<usize>((next + i) & mask) << 3), copy);
    bytes += lengthOf(copy);
  }
  ring.headNext = next + n;
  out.txBytes += bytes;
  markDirty(sw, out);
  if (mirror.byVlan) mirror.fromVlan += n;
  else mirror.fromIn += n;
  mirror.copies += n;
  sw.copies += n;
  return true;
}

/** Copies a frame that has left by a mirrored port; `descriptor`: before it got that port's tag. */
export function mirrorOut(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32): void {
  for (let left = port.mirrorOut & ~sw.mirrored; left != 0; left &= left - 1) {
    const i = <u32>ctz(left);
    const mirror = mirrorAt(sw, i);
    if (!wants(sw, mirror, vid) || !take(sw, mirror, i)) continue;
    mirror.fromOut++;
    give(sw, mirror, descriptor, vid, tci);
  }
}

/** Copies a frame, or a copy on its way out, that dies at a port. */
export function mirrorDrop(sw: Switch, port: Port, descriptor: u64, verdict: u32, vid: u32): void {
  if (port.vlanMode == VLAN_MIRROR) return;
  for (let left = sw.mirrorDrops & ~sw.mirrored; left != 0; left &= left - 1) {
    const i = <u32>ctz(left);
    const mirror = mirrorAt(sw, i);
    if (((mirror.drops >>> <u64>verdict) & 1) == 0 || !wants(sw, mirror, vid) || !take(sw, mirror, i)) continue;
    mirror.fromDrops++;
    const tci = lengthOf(descriptor) < HEADER ? UNTAGGED : outerTci(descriptor);
    give(sw, mirror, descriptor, vid, tci == CUT_TAG ? UNTAGGED : tci);
  }
}

/** Whether a mirror is for frames of that VLAN. What is in an RSPAN VLAN is for a mirror that ends it. */
function wants(sw: Switch, mirror: Mirror, vid: u32): bool {
  const isNamed = mirror.vlans != 0 && vid < NO_VID && isMember(mirror.vlans, vid);
  if (sw.remoteVlans != 0 && vid < NO_VID && isMember(sw.remoteVlans, vid)) return isNamed && mirror.to != 0;
  return isNamed || mirror.vlans == 0;
}

/** Notes that a mirror has had the frame in hand; false when it is one that sampling leaves out. */
function take(sw: Switch, mirror: Mirror, i: u32): bool {
  sw.mirrored |= <u32>1 << i;
  if (mirror.sample <= 1) return true;
  const turn = mirror.turn;
  mirror.turn = turn + 1 == mirror.sample ? 0 : turn + 1;
  if (turn == 0) return true;
  mirror.skipped++;
  return false;
}

function give(sw: Switch, mirror: Mirror, descriptor: u64, vid: u32, tci: i32): void {
  const before = sw.mirrored;
  sw.mirrored = ALL;
  if (mirror.to != 0) {
    const out = changetype<Port>(<usize>mirror.to);
    if (mirror.tags == TAGS_AS_THEY_ARE || vid >= NO_VID) send(sw, mirror, out, descriptor, descriptor, vid, tci);
    else send(sw, mirror, out, descriptor, 0, mirror.tags == TAGS_NONE ? out.untaggedVid : vid, tci);
  } else if (lengthOf(descriptor) < HEADER) {
    mirror.withheld++;
  } else {
    giveVlan(sw, mirror, descriptor, tci);
  }
  sw.mirrored = before;
}

/** RSPAN: a copy for each port that carries the VLAN, and for one uplink, which is the VLAN's as if a vNIC of that number had sent it. */
function giveVlan(sw: Switch, mirror: Mirror, descriptor: u64, tci: i32): void {
  const vid = mirror.vid;
  const from = changetype<Port>(<usize>sw.cameBy);
  for (let i: u32 = 0; i < sw.localCount; i++) {
    let out = portAt(sw, i);
    if (out.lag != 0) {
      const lag = changetype<Lag>(<usize>out.lag);
      if (<usize>lag.lead != changetype<usize>(out) || lag.usableCount == 0 || (sw.cameBy != 0 && out.lag == from.lag)) continue;
      out = changetype<Port>(<usize>memberFor(lag, descriptor));
    }
    if (out == from || !out.linkUp || !carries(out, vid)) continue;
    send(sw, mirror, out, descriptor, 0, vid, tci);
  }
  if (sw.localCount == sw.portCount || !carries(portAt(sw, sw.localCount), vid)) return;
  if (sw.cameBy != 0 && from.kind == KIND_UPLINK && !mirror.mayTransit) {
    mirror.withheld++;
    return;
  }
  const exit = sw.lag != 0 ? memberFor(changetype<Lag>(<usize>sw.lag), descriptor) : designated(teamAt(sw, 0), vid);
  if (exit != 0) return send(sw, mirror, changetype<Port>(<usize>exit), descriptor, 0, vid, tci);
  hold(descriptor);
  sw.copies++;
  mirror.copies++;
  mirror.lost++;
  lose(sw, portAt(sw, sw.localCount), descriptor, V.VERDICT_no_uplink_copy, vid);
}

/** Sends one copy out of `out`: `ready`, or, when that is 0, the frame with the tag that the port gives VLAN `vid`. */
function send(sw: Switch, mirror: Mirror, out: Port, descriptor: u64, ready: u64, vid: u32, tci: i32): void {
  hold(descriptor);
  sw.copies++;
  mirror.copies++;
  if (!out.linkUp) {
    mirror.lost++;
    return lose(sw, out, descriptor, V.VERDICT_egress_link_down, vid);
  }
  if (out.inside != 0 && vid < NO_VID) captureInside(sw, out.inside, descriptor, vid, tci, DIRECTION_OUT);
  let copy = ready;
  if (ready == 0) {
    const shaped = tagged(sw, out, descriptor, vid, tci);
    copy = shaped != 0 && out.sTag ? toService(sw, shaped, vid != out.untaggedVid) : shaped;
    if (copy == 0) {
      mirror.lost++;
      return lose(sw, out, shaped == 0 ? descriptor : shaped, V.VERDICT_no_buffer, vid);
    }
  }
  if (mirror.snap != 0 && lengthOf(copy) > mirror.snap) copy = cutTo(copy, mirror.snap);
  if (queue(sw, out, copy, vid)) return;
  mirror.lost++;
  lose(sw, out, copy, whyFull(out), vid);
}

/** Switches a mirror on or off; called between two bursts. */
export function setMirror(sw: Switch, number: u32, on: bool): void {
  mirrorAt(sw, number).isOff = on ? 0 : 1;
  let isOn: u32 = 0;
  let drops: u32 = 0;
  for (let i: u32 = 0; i < sw.mirrorCount; i++) {
    const mirror = mirrorAt(sw, i);
    if (mirror.isOff) continue;
    isOn |= <u32>1 << i;
    if (mirror.drops != 0) drops |= <u32>1 << i;
  }
  sw.mirrorDrops = drops;
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    port.mirrorIn = port.mirrorsIn & isOn;
    port.mirrorOut = port.mirrorsOut & isOn;
  }
  reform(sw, false);
}
