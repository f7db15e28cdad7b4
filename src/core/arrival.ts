/**
 * What arrives by a wire: a burst of frames that are due is relayed.
 *
 * As in visit.ts, the common kind goes straight: known unicast whose entries are as they were, untagged or with a tag that
 * the sending switch inserted, to a local port or on by a wire as it is. Everything else goes through relay.ts.
 */
import { capture, DIRECTION_IN, DIRECTION_OUT, passUnseen } from './capture';
import { captureLost } from './dropped';
import { markDirty } from './egress';
import { findFrom, hasAged, home, keyOf, PLACE_MASK, PORT_MASK, TIME_SHIFT } from './fdb';
import { observe, settleDrop } from './flows';
import { bytesOf, insertedTci, insertion, isVlan, lengthOf, slotOf, TAG_INSERTED, TAG_STORED, tagOf, tciIn, withoutTag } from './frame';
import { CHECK_link, VERDICT_bad_fcs, VERDICT_forward } from './generated/verdicts';
import { mirrorDrop, takeInHand } from './mirror';
import { mayTell } from './neighbours';
import { release } from './pool';
import { count, isMember, KIND_UPLINK, leavesLater, NO_VID, Port, SHORT_OPEN, VLAN_ACCESS, VLAN_TRANSPARENT } from './port';
import { relay } from './relay';
import { advance, available, push, Ring } from './ring';
import { MODEL_LEARNING, portAt, Switch } from './switch';
import { NO_FACT } from './trace';
import { tell } from './watched';
import { copyAt, crossedIn, DAMAGED, DUE_MAX, dueAt, markedDueAt, send, Wire } from './wire';

const MAC_MASK: u64 = 0xffffffffffff;
const VID_RESERVED: u32 = 4095;

/** Relays up to a burst of frames that are due on one wire; returns how many. */
export function arrive(sw: Switch, wire: Wire): u32 {
  const ready = min(available(wire), sw.burst);
  if (ready == 0) return 0;
  const port = changetype<Port>(<usize>wire.toPort);
  const isOpen = port.shortIn != 0 && port.guards == 0 && (port.kind != KIND_UPLINK || port.usable);
  const isCommon = isOpen && sw.fids == 0 && !sw.pads && sw.trace == 0;
  const isTold = port.shortIn > SHORT_OPEN;
  const heeds = port.heeds;
  const until = wire.lane == 0 ? sw.now : turnOf(wire, sw.now);
  sw.inHandBytes = port.rxBytes;
  sw.inHandEnd = wire.tailNext + ready;
  sw.inHand = <u32>changetype<usize>(wire);
  let n: u32 = 0;
  while (n < ready) {
    const due = markedDueAt(wire, n);
    if ((due & DUE_MAX) > until) break;
    const descriptor = copyAt(wire, n);
    if (!isCommon) sw.crossed = crossedIn(due);
    if ((due & DAMAGED) != 0) dropDamaged(sw, port, descriptor);
    else if (!isCommon || !port.shortIn || (heeds && mayTell(descriptor))) relay(sw, port, descriptor);
    else if (!forwardKnown(sw, port, descriptor, isTold)) relay(sw, port, descriptor);
    n++;
  }
  if (n != 0) advance(wire, n);
  sw.inHand = 0;
  return n;
}

/** Until when a wire and its lane may be taken from before the other one is: the first that is due goes, of equals the wire's. */
function turnOf(wire: Wire, now: u64): u64 {
  const other = changetype<Wire>(<usize>wire.lane);
  if (available(other) == 0) return now;
  const due = dueAt(other, 0);
  return min(now, wire.isLane && due != 0 ? due - 1 : due);
}

/** A port takes a frame with a wrong FCS for none: it is neither captured nor learned from. */
function dropDamaged(sw: Switch, port: Port, descriptor: u64): void {
  port.rxBytes += lengthOf(descriptor);
  count(port, VERDICT_bad_fcs);
  if (sw.flows != 0) {
    observe(sw, port, descriptor);
    if (sw.flowInHand != 0) settleDrop(sw, VERDICT_bad_fcs);
  }
  if (port.capture != 0) passUnseen(sw, port);
  if (sw.drops != 0) captureLost(sw, port, descriptor, VERDICT_bad_fcs, NO_VID, CHECK_link, NO_FACT);
  if (sw.mirrorDrops != 0) {
    takeInHand(sw, changetype<usize>(port));
    mirrorDrop(sw, port, descriptor, VERDICT_bad_fcs, NO_VID);
  }
  release(slotOf(descriptor), sw);
}

/** Forwards a frame of the common kind; false, with nothing changed, when it is of another. `isTold`: somebody watches (watched.ts). */
function forwardKnown(sw: Switch, port: Port, descriptor: u64, isTold: bool): bool {
  const bytes = bytesOf(descriptor);
  const first = load<u64>(bytes);
  const second = load<u64>(bytes, 8);
  const length = lengthOf(descriptor);
  const dst = first & MAC_MASK;
  const src = (first >>> 48) | ((second & 0xffffffff) << 16);
  if (((src | dst) & 1) != 0 || src == 0 || length < 18 || length > port.lengthMax + 4) return false;

  const tag = tagOf(descriptor);
  const isTransparent = port.vlanMode == VLAN_TRANSPARENT;
  let vid: u32 = 0;
  let hasTag = false;
  if (!isTransparent) {
    hasTag = tag == TAG_INSERTED || isVlan(second);
    if (tag != TAG_INSERTED && tag != TAG_STORED) return false;
    vid = hasTag ? (tag == TAG_INSERTED ? insertedTci(descriptor) : tciIn(second)) & 0xfff : port.pvid;
    if (vid == NO_VID) return false;
    if (hasTag && (port.vlanMode == VLAN_ACCESS || vid == 0 || vid == VID_RESERVED || !isMember(port.members, vid))) return false;
  }
  if (length > port.lengthMax && !hasTag) return false;

  const learns = sw.model == MODEL_LEARNING;
  if (learns && !port.learns) return false;
  const source = findFrom(sw.table, sw.tableMask, home(sw.table, sw.tableShift, keyOf(vid, src)), keyOf(vid, src));
  if (learns) {
    if (source == 0) return false;
    const heard = load<u64>(source, 8);
    if ((heard & PLACE_MASK) != <u64>port.logical || hasAged(heard, sw.ageNs, sw.stampNow)) return false;
  } else if (source != 0 || sw.hasAnyFid || port.learns || port.forgedRejected) {
    return false;
  }
  const target = findFrom(sw.table, sw.tableMask, home(sw.table, sw.tableShift, keyOf(vid, dst)), keyOf(vid, dst));
  if (target == 0) return false;
  const held = load<u64>(target, 8);
  const logical = <u32>(held & PORT_MASK);
  if (logical >= sw.localCount || logical == port.number || hasAged(held, sw.ageNs, sw.stampNow)) return false;

  const out = portAt(sw, logical);
  if (port.kind == KIND_UPLINK && <usize>out.pin != changetype<usize>(port)) return false;
  if (!out.shortOut || (port.inside | out.inside) != 0) return false;
  let copy = descriptor;
  if (isTransparent != (out.vlanMode == VLAN_TRANSPARENT)) return false;
  if (!isTransparent && out.untaggedVid == vid) {
    if (hasTag) copy = withoutTag(descriptor);
  } else if (!isTransparent) {
    if (out.plainTags == 0 || !isMember(out.plainTags, vid)) return false;
    if (!hasTag) copy = descriptor + insertion(vid);
  }
  if (out.txRing != 0) {
    if (!push(changetype<Ring>(<usize>out.txRing), copy)) return false;
  } else if (out.txWire == 0 || !send(changetype<Wire>(<usize>out.txWire), copy, sw.now)) {
    return false;
  }
  if (learns) {
    const wanted = (sw.stampNow << TIME_SHIFT) | <u64>port.logical;
    if (load<u64>(source, 8) != wanted) store<u64>(source, wanted, 8);
  }
  count(port, VERDICT_forward);
  port.rxBytes += length;
  out.txBytes += lengthOf(copy);
  if (port.kind == KIND_UPLINK) out.wireFrames++;
  if (!out.dirty) markDirty(sw, out);
  if (port.capture != 0) capture(sw, port, descriptor, DIRECTION_IN);
  if (out.capture != 0 && !leavesLater(out)) capture(sw, out, copy, DIRECTION_OUT);
  if (isTold) tell(sw, port, descriptor, out);
  return true;
}
