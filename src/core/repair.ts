/**
 * A switch whose worker died while it moved it: what was in hand is given up and counted, everything else goes on. Called by one
 * thread while all workers stand still; the pools of the whole network are swept after it (sweep.ts).
 *
 * A worker may die at any call, at any turn of a loop and at any access to memory. Its locals are lost, its stores are not. What
 * is known for sure are the cursors, for each counts from the start of the run; by them the counters are put right (modulo 2^32,
 * the difference is added), after every consumer's `tail` and every producer's `head` has been set:
 *
 *     guest.sent                         = head of its port's rxRing
 *     a port's ingress verdicts          = tails of its rxRing and of the wires that arrive there
 *     a port's `delivered`               = head of its txRing, or of its txWire and the lane beside it (one without counts each at once)
 *     guest.received + guest.filtered    = tail of its port's txRing
 *         both plus what the guest's counters stood ahead of the rings when it came to this port (change.ts)
 *     stream.sequence                    = stream.sent
 *     ingress verdicts + originated + copies = delivered + consumed + answered + all drops + what waits behind shapers, over a switch
 *
 * The burst in hand (`Switch.inHand`) is not taken again: some of its frames may be gone already. Its copies that were queued but not
 * published are the last ones in their queues; they are cut off, known by their slot, or by the frame's number where the copy has
 * bytes of its own. Copies of earlier bursts stay, and are published. So each frame of the burst that had no verdict yet ends as
 * `worker_died` and has no copy anywhere; each copy that was owed to one with a verdict ends as `copy_died`. Frames that a guest
 * was just taking count as taken.
 *
 * Known limits: a capture may hold a frame or copy that was given up later; `upBytes` and `receivedBytes`, which nobody shows, may
 * lack those of a burst; of a frame whose S-tag was exchanged on the way in, copies may be delivered and counted as copies made.
 */
import { publishCaptures } from './capture';
import { VERDICT_COUNT, VERDICT_copy_died, VERDICT_consumed, VERDICT_delivered, VERDICT_worker_died } from './generated/verdicts';
import { VERDICT_answered, VERDICTS_DROP, VERDICTS_INGRESS } from './generated/verdicts';
import { Frame, lengthOf, slotOf } from './frame';
import { mendGroups, snooperOf } from './members';
import { Guest, Stream } from './guest';
import { resetCard } from './nic-card';
import { mendTable, mendTimers } from './mend';
import { mendNeighbours, neighboursOf } from './neighbour-table';
import { countMany, Port } from './port';
import { Ring } from './ring';
import { cutFlows, mendFlows } from './scheduler';
import { waitingAt } from './shaper';
import { mendServices } from './services';
import { isInMemory } from './sweep';
import { portAt, Switch } from './switch';
import { reform } from './team';
import { dueAt, Wire } from './wire';

/** An entry has 1 << shift bytes: that of a ring is a descriptor, on a wire its due time follows. */
const RING_SHIFT: usize = 3;
const WIRE_SHIFT: usize = 4;

/** Puts a switch right; returns how many frames and copies were given up. */
export function repair(sw: Switch): u32 {
  sw.trace = 0;
  const lead = portInHand(sw);
  for (let i: u32 = 0; i < sw.portCount; i++) portAt(sw, i).dirty = 0;
  if (lead) giveUp(sw, lead);
  sw.inHand = 0;
  publishCaptures(sw);
  for (let i: u32 = 0; i < sw.inletCount; i++) settleTail(inletAt(sw, i));
  let lost: u32 = 0;
  for (let i: u32 = 0; i < sw.portCount; i++) lost += settle(sw, portAt(sw, i));
  lost += settleCopies(sw, lead ? lead : portAt(sw, 0));
  listAnew(sw);
  // Before the table, whose flushes go over it.
  if (sw.neighbours != 0) mendNeighbours(neighboursOf(sw));
  mendTable(sw);
  reform(sw, false);
  if (sw.snooper != 0) mendGroups(snooperOf(sw), sw.now);
  mendTimers(sw);
  return lost;
}

// @ts-ignore: decorator
@inline
function inletAt(sw: Switch, i: u32): Wire {
  return changetype<Wire>(<usize>load<u32>(<usize>sw.inlets + (<usize>i << 2)));
}

/** The port whose ring or wire `inHand` names; null when there is none. */
function portInHand(sw: Switch): Port | null {
  if (sw.inHand == 0) return null;
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    if (port.rxRing == sw.inHand || port.txRing == sw.inHand) return port;
  }
  for (let i: u32 = 0; i < sw.inletCount; i++) {
    if (changetype<usize>(inletAt(sw, i)) == <usize>sw.inHand) return changetype<Port>(<usize>inletAt(sw, i).toPort);
  }
  return null;
}

/** Takes the burst in hand out of its ring, and its copies out of the queues. */
function giveUp(sw: Switch, port: Port): void {
  const ring = changetype<Ring>(<usize>sw.inHand);
  const isWire = sw.inHand != port.rxRing && sw.inHand != port.txRing;
  let n = sw.inHandEnd - ring.tailNext;
  if (n > ring.mask + 1 || n > ring.headNext - ring.tailNext) return; // it was done
  if (isWire) n = dueOf(changetype<Wire>(<usize>sw.inHand), n, sw.now);
  const shift = isWire ? WIRE_SHIFT : RING_SHIFT;
  if (sw.inHand != port.txRing) {
    for (let i: u32 = 0; i < sw.portCount; i++) cutCopies(portAt(sw, i), ring, shift, n);
    port.rxBytes = sw.inHandBytes;
    for (let i: u32 = 0; i < n; i++) port.rxBytes += lengthOf(entryOf(ring, shift, ring.tailNext + i));
  }
  ring.tailNext += n;
}

/** How many of a wire's first `n` copies were due. */
function dueOf(wire: Wire, n: u32, now: u64): u32 {
  let due: u32 = 0;
  while (due < n && dueAt(wire, due) <= now) due++;
  return due;
}

// @ts-ignore: decorator
@inline
function entryOf(ring: Ring, shift: usize, cursor: u32): u64 {
  return load<u64>(<usize>ring.entries + (<usize>(cursor & ring.mask) << shift));
}

/** Cuts off what is queued at `out` from the first copy of a frame of the burst on; `dirty` says how many for settleCopies. */
function cutCopies(out: Port, burst: Ring, burstShift: usize, n: u32): void {
  if (out.txRing != 0) return cutQueue(out, changetype<Ring>(<usize>out.txRing), RING_SHIFT, burst, burstShift, n);
  if (out.scheduler != 0) out.dirty += cutFlows(out, burst, burstShift, n);
  if (out.txWire == 0) return;
  const wire = changetype<Wire>(<usize>out.txWire);
  cutQueue(out, wire, WIRE_SHIFT, burst, burstShift, n);
  if (wire.lane != 0) cutQueue(out, changetype<Wire>(<usize>wire.lane), WIRE_SHIFT, burst, burstShift, n);
}

function cutQueue(out: Port, ring: Ring, shift: usize, burst: Ring, burstShift: usize, n: u32): void {
  let keep = ring.head;
  while (keep != ring.headNext && !isOf(entryOf(ring, shift, keep), burst, burstShift, n)) keep++;
  out.dirty += ring.headNext - keep;
  for (let cursor = keep; cursor != ring.headNext; cursor++) out.txBytes -= lengthOf(entryOf(ring, shift, cursor));
  ring.headNext = keep;
}

/** Whether a copy is of one of the burst's frames. */
export function isOf(copy: u64, burst: Ring, shift: usize, n: u32): bool {
  const slot = slotOf(copy);
  const id = isInMemory(slot) ? changetype<Frame>(slot).id : 0;
  for (let i: u32 = 0; i < n; i++) {
    const taken = slotOf(entryOf(burst, shift, burst.tailNext + i));
    if (taken == slot || (id != 0 && isInMemory(taken) && changetype<Frame>(taken).id == id)) return true;
  }
  return false;
}

function settleTail(ring: Ring): void {
  atomic.store<u32>(changetype<usize>(ring) + offsetof<Ring>('tail'), ring.tailNext);
}

function settleHead(ring: Ring): void {
  atomic.store<u32>(changetype<usize>(ring), ring.headNext);
}

/** Publishes what a port has queued and taken, and counts by the cursors; returns frames given up. */
function settle(sw: Switch, port: Port): u32 {
  let arrived: u32 = 0;
  if (port.rxRing != 0) {
    const ring = changetype<Ring>(<usize>port.rxRing);
    settleTail(ring);
    settleHead(ring);
    arrived = ring.tail;
  }
  for (let i: u32 = 0; i < sw.inletCount; i++) {
    const wire = inletAt(sw, i);
    if (<usize>wire.toPort == changetype<usize>(port)) arrived += wire.tail;
  }
  if (port.scheduler != 0) mendFlows(port);
  const lost = arrived - <u32>sum(port, VERDICTS_INGRESS);
  countMany(port, VERDICT_worker_died, lost);

  if ((port.txRing | port.txWire) != 0) {
    const missing = <i32>(publishedBy(port) - <u32>verdict(port, VERDICT_delivered));
    countMany(port, VERDICT_delivered, <u64>(<i64>missing));
  }
  if (port.guest != 0) settleGuest(changetype<Guest>(<usize>port.guest), port);
  return lost;
}

/** Publishes all that a port has queued; returns how much it ever published. */
function publishedBy(port: Port): u32 {
  if (port.txRing != 0) {
    const ring = changetype<Ring>(<usize>port.txRing);
    // Behind a shaper they wait for their tokens.
    if (port.shaperOut == 0) settleHead(ring);
    settleTail(ring);
    return ring.head;
  }
  const wire = changetype<Wire>(<usize>port.txWire);
  settleHead(wire);
  if (wire.lane == 0) return wire.head;
  const lane = changetype<Wire>(<usize>wire.lane);
  settleHead(lane);
  return wire.head + lane.head;
}

// @ts-ignore: decorator
@inline
function verdict(port: Port, number: u32): u64 {
  return load<u64>(changetype<usize>(port) + offsetof<Port>('verdicts') + (<usize>number << 3));
}

/** Of the verdicts whose bits are set. */
function sum(port: Port, set: u64): u64 {
  let total: u64 = 0;
  for (let v: u32 = 0; v < VERDICT_COUNT; v++) if (((set >>> <u64>v) & 1) != 0) total += verdict(port, v);
  return total;
}

/** What it sent, by the stream that was sending if it was one; what it was taking has been taken. */
function settleGuest(guest: Guest, port: Port): void {
  if (guest.services != 0) mendServices(guest);
  const sent = changetype<Ring>(<usize>port.rxRing).head + guest.sentOffset - <u32>guest.sent;
  guest.sent += sent;
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const stream = changetype<Stream>(<usize>guest.streams + i * offsetof<Stream>());
    const numbered = stream.sequence - <u32>stream.sent;
    if (numbered == 0) continue;
    // The last number may have been given to a frame that was not sent.
    // What a card has gathered counts as sent by the stream, and as held back when the card is reset.
    const ofIt = guest.nic != 0 ? numbered : min(numbered, sent);
    stream.sent += ofIt;
    stream.remaining -= ofIt;
    stream.sequence = <u32>stream.sent;
  }
  guest.received += changetype<Ring>(<usize>port.txRing).tail + guest.takenOffset - <u32>(guest.received + guest.filtered);
  if (guest.nic != 0) resetCard(guest);
}

/** Makes the switch's ledger balance: copies that are owed died, at the ports whose queues were cut; copies too many were made. */
function settleCopies(sw: Switch, lead: Port): u32 {
  let owed = <i64>(sw.originated + sw.copies);
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    owed += <i64>(sum(port, VERDICTS_INGRESS) - sum(port, VERDICTS_DROP));
    owed -= <i64>(verdict(port, VERDICT_delivered) + verdict(port, VERDICT_consumed) + verdict(port, VERDICT_answered) + waitingAt(port));
  }
  if (owed < 0) {
    sw.copies += <u64>-owed;
    return 0;
  }
  let left = <u64>owed;
  for (let i: u32 = 0; i < sw.portCount && left != 0; i++) {
    const port = portAt(sw, i);
    const died = min(left, <u64>port.dirty);
    countMany(port, VERDICT_copy_died, died);
    left -= died;
  }
  if (left != 0) countMany(lead, VERDICT_copy_died, left);
  return <u32>owed;
}

/** Nothing waits to be published any more; guests with something in their ring look at it. */
function listAnew(sw: Switch): void {
  sw.dirtyCount = 0;
  sw.drainCount = 0;
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    port.dirty = 0;
    port.toDrain = 0;
    if (port.txRing == 0 || changetype<Ring>(<usize>port.txRing).head == changetype<Ring>(<usize>port.txRing).tail) continue;
    port.toDrain = 1;
    store<u32>(<usize>sw.drainList + (<usize>sw.drainCount << 2), <u32>changetype<usize>(port));
    sw.drainCount++;
  }
}
