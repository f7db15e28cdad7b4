/**
 * The way out: tag or strip this copy, queue it on the port's ring or wire, count what became of it.
 *
 * What is queued is published once per visit (`publishAll`), and a worker at the other end is woken only if it sleeps.
 */
import { capture, captureInside, DIRECTION_OUT, publishCaptures } from './capture';
import { captureLostCopy } from './dropped';
import { copyOut, describe, Frame, hold, HEADER_BYTES, lengthOf, needsOwnBytes, slotOf, UNTAGGED, withoutTag, withTci } from './frame';
import {
  VERDICT_delivered,
  VERDICT_egress_link_down,
  VERDICT_mac_change,
  VERDICT_no_buffer,
  VERDICT_queue_full,
  VERDICT_shaper,
  VERDICT_wire_loss,
} from './generated/verdicts';
import { hasten } from './heap';
import { mirrorDrop, mirrorOut, takeInHand } from './mirror';
import { SEND_FULL, SEND_LOST, sendSpecial } from './impair';
import { release, take } from './pool';
import { count, countMany, KIND_VNIC, leavesLater, NO_VID, Port, VLAN_PRIVATE, VLAN_TRANSPARENT } from './port';
import { isShort, padded, toService } from './qinq';
import { publish, publishNear, push, Ring } from './ring';
import { enqueue, isOnlyShaped } from './scheduler';
import { letOut } from './shaper';
import { Switch } from './switch';
import { dueUnpublished, markCrossed, send, Wire } from './wire';
import { wake, Worker } from './worker';

/** Sends one copy, in VLAN `vid` and with outer TCI `tci` so far, out of `out`. Takes over one reference. */
export function emit(sw: Switch, out: Port, descriptor: u64, vid: u32, tci: i32): void {
  if (!out.linkUp) return lose(sw, out, descriptor, VERDICT_egress_link_down, vid);
  if (out.blocked) return lose(sw, out, descriptor, VERDICT_mac_change, vid);
  if (out.inside != 0) captureInside(sw, out.inside, descriptor, vid, tci, DIRECTION_OUT);
  if (out.mirrorOut != 0) hold(descriptor);
  const isSent = shape(sw, out, descriptor, vid, tci);
  if (out.mirrorOut == 0) return;
  // Once it is out: what its queue had no room for has not left.
  if (isSent) mirrorOut(sw, out, descriptor, vid, tci);
  release(slotOf(descriptor), sw);
}

/** The copy as it leaves by `out`, queued there; false when it has been lost. */
// @ts-ignore: decorator
@inline
function shape(sw: Switch, out: Port, descriptor: u64, vid: u32, tci: i32): bool {
  const shaped = out.vlanMode == VLAN_TRANSPARENT ? descriptor : tagged(sw, out, descriptor, vid, tci);
  if (shaped == 0) return lost(sw, out, descriptor, VERDICT_no_buffer, vid);
  let copy = out.sTag ? toService(sw, shaped, vid != out.untaggedVid) : shaped;
  if (copy == 0) return lost(sw, out, shaped, VERDICT_no_buffer, vid);
  if (sw.pads && isShort(copy) && (out.kind != KIND_VNIC || lengthOf(copy) < lengthOf(descriptor))) {
    const full = padded(sw, copy);
    if (full == 0) return lost(sw, out, copy, VERDICT_no_buffer, vid);
    copy = full;
  }
  return queue(sw, out, copy, vid) || lost(sw, out, copy, whyFull(out), vid);
}

/** What a copy dies of for which `queue` has no room. */
export function whyFull(out: Port): u32 {
  if (out.scheduler != 0 && out.txWire != 0) return isOnlyShaped(out) ? VERDICT_shaper : VERDICT_queue_full;
  return leavesLater(out) ? VERDICT_shaper : VERDICT_queue_full;
}

/** As `lose`, for who has to say that nothing was sent. */
function lost(sw: Switch, out: Port, copy: u64, verdict: u32, vid: u32): bool {
  lose(sw, out, copy, verdict, vid);
  return false;
}

/** A copy dies on its way out; takes over its reference. */
export function lose(sw: Switch, out: Port, copy: u64, verdict: u32, vid: u32): void {
  count(out, verdict);
  if (sw.drops != 0) captureLostCopy(sw, out, copy, verdict, vid);
  if (sw.mirrorDrops != 0) mirrorDrop(sw, out, copy, verdict, vid);
  release(slotOf(copy), sw);
}

/** Sends a frame of the switch's own: `slot` holds `length` bytes, in VLAN `vid` and untagged so far. */
export function originate(sw: Switch, out: Port, slot: usize, length: u32, vid: u32): void {
  changetype<Frame>(slot).id = sw.nextFrameId++;
  sw.originated++;
  sw.crossed = 0;
  takeInHand(sw, 0);
  emit(sw, out, describe(slot, length), vid, UNTAGGED);
}

/** The same past all VLANs, as protocols of a single link are sent. */
export function originateRaw(sw: Switch, out: Port, slot: usize, length: u32): void {
  changetype<Frame>(slot).id = sw.nextFrameId++;
  sw.originated++;
  sw.crossed = 0;
  takeInHand(sw, 0);
  const copy = describe(slot, length);
  if (out.linkUp && transmit(sw, out, copy, NO_VID)) return;
  lose(sw, out, copy, out.linkUp ? VERDICT_queue_full : VERDICT_egress_link_down, NO_VID);
}

/**
 * The copy as VLAN `vid` leaves by `out` (802.1Q-2018 8.6.5 and 6.9.2), priority and drop eligibility kept; 0 when it needs a
 * buffer and there is none.
 */
export function tagged(sw: Switch, out: Port, descriptor: u64, vid: u32, tci: i32): u64 {
  if (vid == out.untaggedVid || out.vlanMode == VLAN_PRIVATE) {
    if (tci == UNTAGGED) return descriptor;
    const own = owned(sw, descriptor);
    return own == 0 ? 0 : withoutTag(own);
  }
  const wanted = vid | (tci == UNTAGGED ? 0 : <u32>tci & 0xf000);
  if (<u32>tci == wanted) return descriptor;
  const own = owned(sw, descriptor);
  return own == 0 ? 0 : withTci(own, tci, wanted);
}

/** The copy, in bytes of its own if its tag could not be edited otherwise; then its reference to the old bytes is given back. */
function owned(sw: Switch, descriptor: u64): u64 {
  if (!needsOwnBytes(descriptor)) return descriptor;
  const length = lengthOf(descriptor);
  const slot = take(sw.pool, length);
  if (slot == 0) return 0;
  copyOut(slot + HEADER_BYTES, descriptor, length);
  changetype<Frame>(slot).id = changetype<Frame>(slotOf(descriptor)).id;
  release(slotOf(descriptor), sw);
  return describe(slot, length);
}

/** Queues a copy as it is, in front of the port's scheduler where it has one; false, with nothing changed, when there is no room. */
export function queue(sw: Switch, out: Port, copy: u64, vid: u32): bool {
  if (out.scheduler != 0 && sw.inHand != 0) return enqueue(sw, out, copy, vid);
  return transmit(sw, out, copy, vid);
}

/** Queues a copy on the port's ring or wire; false, with nothing changed, when that is full. Takes over one reference. */
export function transmit(sw: Switch, out: Port, copy: u64, vid: u32): bool {
  let isLost = false;
  if (out.txRing != 0) {
    if (!push(changetype<Ring>(<usize>out.txRing), copy)) return false;
  } else if (out.txWire != 0) {
    const wire = changetype<Wire>(<usize>out.txWire);
    if (wire.isSpecial) {
      const outcome = sendSpecial(sw, wire, copy);
      if (outcome == SEND_FULL) return false;
      isLost = outcome == SEND_LOST;
    } else {
      if (!send(wire, copy, sw.now)) return false;
    }
  }
  // At once, for repair.ts takes a copy's bytes back with the copy.
  out.txBytes += lengthOf(copy);
  if (sw.guard != 0 && out.txWire != 0) {
    const wire = changetype<Wire>(<usize>out.txWire);
    if (!wire.isSpecial) markCrossed(wire, sw.crossed + 1);
  }
  if (out.capture != 0 && !leavesLater(out)) capture(sw, out, copy, DIRECTION_OUT);
  if (isLost) {
    lose(sw, out, copy, VERDICT_wire_loss, vid);
  } else if ((out.txRing | out.txWire) == 0) {
    // It leaves the emulated world here.
    count(out, VERDICT_delivered);
    release(slotOf(copy), sw);
  } else {
    markDirty(sw, out);
  }
  return true;
}

export function markDirty(sw: Switch, out: Port): void {
  if (out.dirty) return;
  out.dirty = 1;
  store<u32>(<usize>sw.dirtyList + (<usize>sw.dirtyCount << 2), <u32>changetype<usize>(out));
  sw.dirtyCount++;
}

/** What was queued becomes visible to the other end, and is delivered: counted here, once for a burst. */
// @ts-ignore: decorator
@inline
function countPublished(port: Port, ring: Ring): void {
  countMany(port, VERDICT_delivered, ring.headNext - ring.head);
  publish(ring);
}

/** Virtual clock: who moves the far end hears when something is due there. */
function announceArrival(worker: Worker, port: Port, wire: Wire): void {
  if (wire.head == wire.headNext) return;
  const due = dueUnpublished(wire);
  if (port.toWorker != <u32>changetype<usize>(worker)) {
    worker.sent = min(worker.sent, due);
    return;
  }
  noteArrival(worker, wire, due);
}

/** A frame is due at the end of a wire that one of the worker's switches receives by. */
export function noteArrival(worker: Worker, wire: Wire, due: u64): void {
  const far = changetype<Switch>(<usize>wire.toSwitch);
  const at = <usize>far.inletDues + (<usize>wire.place << 3);
  if (due < load<u64>(at)) store<u64>(at, due);
  hasten(worker, far, due);
}

/** Publishes everything that was queued since the last time. */
export function publishAll(sw: Switch, worker: Worker): void {
  for (let i: u32 = 0; i < sw.dirtyCount; i++) {
    const port = changetype<Port>(<usize>load<u32>(<usize>sw.dirtyList + (<usize>i << 2)));
    port.dirty = 0;
    if (port.txRing != 0) {
      if (port.shaperOut != 0) {
        if (!letOut(sw, port)) continue;
      } else {
        const ring = changetype<Ring>(<usize>port.txRing);
        countMany(port, VERDICT_delivered, ring.headNext - ring.head);
        publishNear(ring);
      }
      if (port.toDrain) continue;
      port.toDrain = 1;
      store<u32>(<usize>sw.drainList + (<usize>sw.drainCount << 2), <u32>changetype<usize>(port));
      sw.drainCount++;
    } else {
      const wire = changetype<Wire>(<usize>port.txWire);
      const lane = changetype<Wire>(<usize>wire.lane);
      if (worker.heap != 0) {
        announceArrival(worker, port, wire);
        if (wire.lane != 0) announceArrival(worker, port, lane);
      }
      countPublished(port, wire);
      if (wire.lane != 0) countPublished(port, lane);
      if (worker.heap == 0 && port.toWorker != <u32>changetype<usize>(worker)) wake(changetype<Worker>(<usize>port.toWorker));
    }
  }
  sw.dirtyCount = 0;
}
