/**
 * Queues in front of a port's wire: who is next when it has less room than is asked for.
 *
 * A flow is a bounded queue: of a port group, or of a priority (802.1Q PCP). Frames wait here only while the transmitter is
 * busy or a shaper keeps them; an idle one takes a frame at once. When it is free, the next one is of
 *
 *     1. a flow that has not had its reservation, the one with the highest rank first;
 *     2. the highest rank that has something (strict priority);
 *     3. within a rank the flow that is furthest behind its share: start-time fair queueing (Goyal, Vin and Cheng 1996), which
 *        keeps any two flows that both wait within a frame of their shares, where rounds of deficits keep them within a round.
 *
 * A flow above its limit, or all of them above the port's, waits until there are tokens (shaper.ts). Rank of a PCP: 802.1Q order,
 * 1 (background) below 0 (best effort) below 2 to 7.
 *
 * An entry has 16 bytes: descriptor (8), VLAN (2), unused (2), cables crossed (4). A flow's `head` follows its `tail`: what was taken.
 *
 * A switch's own frames go past the queues. Without a rate on the cable its transmitter is never busy. On the wall clock, which
 * comes by every few us, frames are handed on up to `Shaper.slackNs` before the transmitter is free.
 */
import { lose, transmit } from './egress';
import { lengthOf, outerTci, slotOf, UNTAGGED } from './frame';
import { VERDICT_egress_link_down, VERDICT_queue_full } from './generated/verdicts';
import { Port } from './port';
import { isOf } from './repair';
import { Ring } from './ring';
import { schedule, Shaper, spend, waitFor } from './shaper';
import { NEVER, Switch } from './switch';
import { roomAt, Wire } from './wire';

/** Parts of a byte by which shares are reckoned. */
const PART: u64 = 1 << 20;
/** A tag that has come so far is set back with all others: a flow of one share at 400 Gbit/s gets there in three minutes. */
const TAG_MAX: u64 = 1 << 63;
const TAG_BACK: u64 = 1 << 62;
/** No time at which to look again: a frame has left. */
const HANDED: u64 = u64.MAX_VALUE - 1;
/** Frames handed on when one more is queued. */
export const SENT_MAX: u32 = 2;

@unmanaged
export class Flow extends Ring {
  rank: u32;
  shares: u32; // 1-100
  reservation: u32; // address of a Shaper whose bucket holds what is owed, 0: none
  limit: u32; // address of a Shaper, 0: none
  queueMax: u32;
  longest: u32; // most frames that ever waited
  tag: u64; // the first frame's place in the order of its rank
  frames: u64; // sent
  bytes: u64;
  dropped: u64;
  refused: u32; // the frame before this cursor has been counted as delayed
  padding: u32;
}

@unmanaged
export class Scheduler {
  flows: u32;
  flowCount: u32;
  byPriority: u32; // 1: a flow for each PCP, in that order
  waiting: u32;
  /** How far each of the eight ranks has come. */
  reached: u64;
  r1: u64; r2: u64; r3: u64; r4: u64; r5: u64; r6: u64; r7: u64;
}

// @ts-ignore: decorator
@inline
export function flowAt(scheduler: Scheduler, i: u32): Flow {
  return changetype<Flow>(<usize>scheduler.flows + i * offsetof<Flow>());
}

// @ts-ignore: decorator
@inline
function entryAt(flow: Flow, cursor: u32): usize {
  return <usize>flow.entries + (<usize>(cursor & flow.mask) << 4);
}

// @ts-ignore: decorator
@inline
function reachedAt(scheduler: Scheduler, rank: u32): usize {
  return changetype<usize>(scheduler) + offsetof<Scheduler>('reached') + (<usize>rank << 3);
}

// @ts-ignore: decorator
@inline
function isWaiting(flow: Flow): bool {
  return flow.headNext != flow.tailNext;
}

/** A copy waits for the port's wire, or takes it at once; false, with nothing changed, when its queue is full. Takes over its reference. */
export function enqueue(sw: Switch, out: Port, copy: u64, vid: u32): bool {
  const scheduler = changetype<Scheduler>(<usize>out.scheduler);
  const number = scheduler.byPriority ? priorityOf(copy) : changetype<Ring>(<usize>sw.inHand).flow;
  const flow = flowAt(scheduler, number);
  const queued = flow.headNext - flow.tailNext;
  if (queued >= flow.queueMax) {
    flow.dropped++;
    return false;
  }
  if (queued == 0) flow.tag = max(flow.tag, load<u64>(reachedAt(scheduler, flow.rank)));
  const at = entryAt(flow, flow.headNext);
  store<u64>(at, copy);
  store<u64>(at, <u64>vid | (<u64>sw.crossed << 32), 8);
  flow.headNext++;
  scheduler.waiting++;
  flow.longest = max(flow.longest, queued + 1);
  pump(sw, out, SENT_MAX);
  return true;
}

/** Whether frames wait here for the port's shaper alone, not for each other. */
export function isOnlyShaped(out: Port): bool {
  const scheduler = changetype<Scheduler>(<usize>out.scheduler);
  return scheduler.flowCount == 1 && changetype<Shaper>(<usize>out.shaperOut).average != 0;
}

function priorityOf(copy: u64): u32 {
  const tci = outerTci(copy);
  return tci == UNTAGGED ? 0 : (<u32>tci >>> 13) & 7;
}

/** Hands on what can leave now, at most so many frames, and says when to look again. */
export function pump(sw: Switch, out: Port, most: u32): void {
  const scheduler = changetype<Scheduler>(<usize>out.scheduler);
  const shaper = changetype<Shaper>(<usize>out.shaperOut);
  const crossed = sw.crossed;
  const mirrored = sw.mirrored;
  const cameBy = sw.cameBy;
  // What leaves now may have come in by another port than the frame in hand.
  sw.mirrored = 0;
  sw.cameBy = 0;
  for (let left = most; scheduler.waiting != 0; left--) {
    const due = left == 0 ? sw.now : hand(sw, out, scheduler, shaper);
    if (due == HANDED) continue;
    schedule(sw, shaper, due);
    break;
  }
  sw.crossed = crossed;
  sw.mirrored = mirrored;
  sw.cameBy = cameBy;
}

/** Hands the next frame on and returns HANDED, or when to try again. */
function hand(sw: Switch, out: Port, scheduler: Scheduler, shaper: Shaper): u64 {
  const now = sw.now;
  if (out.txWire != 0) {
    const room = roomAt(changetype<Wire>(<usize>out.txWire), now, shaper.slackNs);
    if (room > now) return room;
  }
  const flow = nextOf(scheduler, now);
  if (!flow) return now + soonest(scheduler, now);
  const at = entryAt(flow, flow.tailNext);
  const copy = load<u64>(at);
  const length = lengthOf(copy);
  const wait = waitFor(shaper, length, now);
  if (wait != 0) {
    shaper.delayed += flow.refused != flow.tailNext + 1 ? 1 : 0;
    flow.refused = flow.tailNext + 1;
    return now + wait;
  }
  // Taken before it is sent: should the worker die in between, the copy is missed and counted.
  take(scheduler, flow, length);
  spend(shaper, length);
  sw.crossed = load<u32>(at, 12);
  const vid = <u32>load<u16>(at, 8);
  if (!transmit(sw, out, copy, vid)) lose(sw, out, copy, VERDICT_queue_full, vid);
  return HANDED;
}

function take(scheduler: Scheduler, flow: Flow, length: u32): void {
  if (flow.reservation != 0) spend(changetype<Shaper>(<usize>flow.reservation), length);
  if (flow.limit != 0) spend(changetype<Shaper>(<usize>flow.limit), length);
  flow.tag += (<u64>length * PART) / flow.shares;
  if (flow.tag >= TAG_MAX) setBack(scheduler, flow.rank);
  flow.frames++;
  flow.bytes += length;
  forgetFirst(scheduler, flow);
}

/** Nothing changes between those that are ahead; who is further behind has not sent for so long that it does not matter. */
function setBack(scheduler: Scheduler, rank: u32): void {
  const reached = reachedAt(scheduler, rank);
  store<u64>(reached, setBackTag(load<u64>(reached)));
  for (let i: u32 = 0; i < scheduler.flowCount; i++) {
    const flow = flowAt(scheduler, i);
    if (flow.rank == rank) flow.tag = setBackTag(flow.tag);
  }
}

// @ts-ignore: decorator
@inline
function setBackTag(tag: u64): u64 {
  return tag > TAG_BACK ? tag - TAG_BACK : 0;
}

function forgetFirst(scheduler: Scheduler, flow: Flow): void {
  flow.tailNext++;
  flow.tail = flow.tailNext;
  flow.head = flow.tailNext;
  scheduler.waiting--;
}

/** Whether a flow has something, and is not kept by its limit. */
function maySend(flow: Flow, now: u64): bool {
  if (!isWaiting(flow)) return false;
  const length = lengthOf(load<u64>(entryAt(flow, flow.tailNext)));
  return flow.limit == 0 || waitFor(changetype<Shaper>(<usize>flow.limit), length, now) == 0;
}

/** The flow that is next, null when limits keep all of them. */
function nextOf(scheduler: Scheduler, now: u64): Flow | null {
  let best: Flow | null = null;
  let owed: Flow | null = null;
  for (let i: u32 = 0; i < scheduler.flowCount; i++) {
    const flow = flowAt(scheduler, i);
    if (!maySend(flow, now)) continue;
    const length = lengthOf(load<u64>(entryAt(flow, flow.tailNext)));
    if (!best || flow.rank > best.rank || (flow.rank == best.rank && flow.tag < best.tag)) best = flow;
    if (flow.reservation == 0 || waitFor(changetype<Shaper>(<usize>flow.reservation), length, now) != 0) continue;
    if (!owed || flow.rank > owed.rank || (flow.rank == owed.rank && flow.tag < owed.tag)) owed = flow;
  }
  // A rank has come as far as the first of those that wait, whoever goes: or one that comes later were to catch up with a reservation.
  if (owed) {
    reach(scheduler, owed.rank, leastTag(scheduler, owed.rank, now));
    return owed;
  }
  if (best) reach(scheduler, best.rank, best.tag);
  return best;
}

function reach(scheduler: Scheduler, rank: u32, tag: u64): void {
  const at = reachedAt(scheduler, rank);
  store<u64>(at, max(load<u64>(at), tag));
}

/** Of the flows of a rank that may send, the tag of the one that is furthest behind. */
function leastTag(scheduler: Scheduler, rank: u32, now: u64): u64 {
  let least = u64.MAX_VALUE;
  for (let i: u32 = 0; i < scheduler.flowCount; i++) {
    const flow = flowAt(scheduler, i);
    if (flow.rank == rank && maySend(flow, now)) least = min(least, flow.tag);
  }
  return least;
}

/** In how many ns the first flow is below its limit again. */
function soonest(scheduler: Scheduler, now: u64): u64 {
  let least = NEVER;
  for (let i: u32 = 0; i < scheduler.flowCount; i++) {
    const flow = flowAt(scheduler, i);
    if (!isWaiting(flow)) continue;
    least = min(least, waitFor(changetype<Shaper>(<usize>flow.limit), lengthOf(load<u64>(entryAt(flow, flow.tailNext))), now));
  }
  return least;
}

/** The port has lost its link: all that waits dies there. */
export function loseQueued(sw: Switch, out: Port): void {
  const scheduler = changetype<Scheduler>(<usize>out.scheduler);
  for (let i: u32 = 0; i < scheduler.flowCount; i++) {
    const flow = flowAt(scheduler, i);
    while (isWaiting(flow)) {
      const at = entryAt(flow, flow.tailNext);
      const copy = load<u64>(at);
      const vid = <u32>load<u16>(at, 8);
      forgetFirst(scheduler, flow);
      lose(sw, out, copy, VERDICT_egress_link_down, vid);
    }
  }
}

/** Copies that wait at a port. */
export function queuedAt(out: Port): u32 {
  return out.scheduler == 0 ? 0 : changetype<Scheduler>(<usize>out.scheduler).waiting;
}

/**
 * After a worker's death (repair.ts): copies of the `n` frames of the burst in hand are the last in each queue, and are cut off; returns
 * how many. What was taken has been taken.
 */
export function cutFlows(out: Port, burst: Ring, burstShift: usize, n: u32): u32 {
  const scheduler = changetype<Scheduler>(<usize>out.scheduler);
  let cut: u32 = 0;
  for (let i: u32 = 0; i < scheduler.flowCount; i++) {
    const flow = flowAt(scheduler, i);
    let keep = flow.tailNext;
    while (keep != flow.headNext && !isOf(load<u64>(entryAt(flow, keep)), burst, burstShift, n)) keep++;
    cut += flow.headNext - keep;
    flow.headNext = keep;
  }
  return cut;
}

/** After that: cursors and the number of those that wait. */
export function mendFlows(out: Port): void {
  const scheduler = changetype<Scheduler>(<usize>out.scheduler);
  scheduler.waiting = 0;
  for (let i: u32 = 0; i < scheduler.flowCount; i++) {
    const flow = flowAt(scheduler, i);
    flow.tail = flow.tailNext;
    flow.head = flow.tailNext;
    scheduler.waiting += flow.headNext - flow.tailNext;
  }
}
