/**
 * What moves switches: "process everything due until T", called by two clocks.
 *
 * On the wall clock T is now and work is done in rounds, a burst from each port in turn. On the virtual clock the next event
 * anywhere decides; at one instant a switch sees to its timers, then takes what arrives by its wires (in order of receiving
 * port), what its guests send and what waits in their rings, and then its guests take what came for them; and again, as long
 * as there is something. Neither the size of a burst nor a pause anywhere changes the order: how far the instant has come
 * stands in the switch.
 *
 * Switches of one island that are due at one instant take turns, the one in hand first; of islands the one with the lesser
 * number is first, which nothing but the order of blocks in a capture can tell. Where nothing captures, an island alone may
 * go through a whole cell of time (epoch.ts) before the next one does, while its memory is in the caches.
 *
 * What is next at a switch stands in two short lists, of its inlets and of its streamers: to look at the wires and guests
 * themselves is a cache miss for each.
 */
import { arrive } from './arrival';
import { oneShotDue, runTimers } from './care';
import { isTight, publishCaptures } from './capture';
import { markDirty, publishAll } from './egress';
import { enterCell } from './epoch';
import { isFlowTight } from './flows';
import { lengthOf } from './frame';
import { drain, Guest, nextSend, sendDue } from './guest';
import { heapify, postpone, soonest } from './heap';
import { VERDICT_forward } from './generated/verdicts';
import { countMany, Port } from './port';
import { advanceNear, at, available, push, Ring } from './ring';
import { isKept } from './shaper';
import { portAt, Switch } from './switch';
import { visit } from './visit';
import { dueAt, Wire } from './wire';
import { Island, Worker } from './worker';

export const RUN_DONE: u32 = 0; // nothing is due until the asked time
export const RUN_TIGHT: u32 = 1; // a capture ring has to be emptied first
export const RUN_BUDGET: u32 = 2; // as many frames as were asked for
export const RUN_WAIT: u32 = 3; // other workers have to finish the epoch first

// How far an instant has come.
const PHASE_START: u32 = 0;
const PHASE_ARRIVE: u32 = 1;
const PHASE_SEND: u32 = 2;
const PHASE_VISIT: u32 = 3;
const PHASE_DRAIN: u32 = 4;

// @ts-ignore: decorator
@inline
function u32At(list: u32, i: u32): usize {
  return <usize>load<u32>(<usize>list + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function guestAt(sw: Switch, place: u32): Guest {
  return changetype<Guest>(u32At(sw.streamers, place));
}

// @ts-ignore: decorator
@inline
function setTime(sw: Switch, now: u64): void {
  sw.now = now;
  sw.stampNow = now & sw.stampMask;
}

function drainGuests(sw: Switch): void {
  for (let i: u32 = 0; i < sw.drainCount; i++) {
    const port = changetype<Port>(u32At(sw.drainList, i));
    port.toDrain = 0;
    if (drain(sw, port) != 0) sw.toVisit = 1;
  }
  sw.drainCount = 0;
}

/** Says what time it is to all switches of a worker. */
export function setNow(worker: Worker, now: u64): void {
  worker.now = now;
  for (let i: u32 = 0; i < worker.switchCount; i++) setTime(changetype<Switch>(u32At(worker.switches, i)), now);
}

/** Instead of a visit, for a trial without a switch: a guest gets back what it sends. */
function passBack(sw: Switch, port: Port): u32 {
  const from = changetype<Ring>(<usize>port.rxRing);
  const to = changetype<Ring>(<usize>port.txRing);
  const n = min(available(from), sw.burst);
  let passed: u32 = 0;
  for (; passed < n; passed++) {
    const descriptor = at(from, passed);
    if (!push(to, descriptor)) break;
    port.rxBytes += lengthOf(descriptor);
    port.txBytes += lengthOf(descriptor);
  }
  if (passed == 0) return 0;
  advanceNear(from, passed);
  countMany(port, VERDICT_forward, passed);
  markDirty(sw, port);
  return passed;
}

/** One round on the wall clock; returns frames moved. */
function turn(sw: Switch, worker: Worker, now: u64): u32 {
  setTime(sw, now);
  if (sw.timerDue <= now) runTimers(sw);
  let work: u32 = 0;
  for (let i: u32 = 0; i < sw.inletCount; i++) work += arrive(sw, changetype<Wire>(u32At(sw.inlets, i)));
  for (let i: u32 = 0; i < sw.streamerCount; i++) work += sendDue(sw, changetype<Guest>(u32At(sw.streamers, i)), u32.MAX_VALUE);
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    if (port.rxRing != 0) work += sw.bypass ? passBack(sw, port) : visit(sw, port);
  }
  if (sw.watched) publishCaptures(sw);
  if (sw.dirtyCount != 0) publishAll(sw, worker);
  if (sw.drainCount != 0) drainGuests(sw);
  return work;
}

/** Wall clock: up to `rounds` rounds over the worker's switches at time `now`; returns frames moved. */
export function runWall(worker: Worker, now: u64, rounds: u32): u32 {
  // Said first: nothing that is captured from now on is of an earlier time.
  atomic.store<u64>(changetype<usize>(worker) + offsetof<Worker>('now'), now);
  let work: u32 = 0;
  for (let r: u32 = 0; r < rounds; r++) {
    let moved: u32 = 0;
    for (let i: u32 = 0; i < worker.switchCount; i++) {
      worker.inHand = <u32>u32At(worker.switches, i);
      moved += turn(changetype<Switch>(<usize>worker.inHand), worker, now);
    }
    work += moved;
    worker.rounds++;
    if (moved == 0) break;
  }
  return work;
}

// @ts-ignore: decorator
@inline
function dueOf(list: u32, i: u32): u64 {
  return load<u64>(<usize>list + (<usize>i << 3));
}

// @ts-ignore: decorator
@inline
function setDue(list: u32, i: u32, due: u64): void {
  store<u64>(<usize>list + (<usize>i << 3), due);
}

/** When the next frame is due on a wire, as far as it has been sent. */
// @ts-ignore: decorator
@inline
function arrivalOn(wire: Wire): u64 {
  return available(wire) == 0 ? u64.MAX_VALUE : dueAt(wire, 0);
}

/** One burst of what `sw.phase` is about, of at most `sw.burst` frames; returns how many. With 0 the phase is over. */
// @ts-ignore: decorator
@inline
function take(sw: Switch): u32 {
  if (sw.phase == PHASE_ARRIVE) {
    for (; sw.place < sw.inletCount; sw.place++) {
      if (dueOf(sw.inletDues, sw.place) > sw.now) continue;
      const wire = changetype<Wire>(u32At(sw.inlets, sw.place));
      const n = arrive(sw, wire);
      setDue(sw.inletDues, sw.place, arrivalOn(wire));
      if (n != 0) return n;
    }
  } else if (sw.phase == PHASE_SEND) {
    for (; sw.place < sw.streamerCount; sw.place++) {
      if (dueOf(sw.sendDues, sw.place) > sw.now) continue;
      const guest = changetype<Guest>(u32At(sw.streamers, sw.place));
      const n = sendDue(sw, guest, sw.burst);
      setDue(sw.sendDues, sw.place, nextSend(guest, sw.now, true));
      if (n == 0) continue;
      sw.toVisit = 1;
      // One that sent less has no more, or no room before its ring has been visited.
      if (n < sw.burst) sw.place++;
      return n;
    }
  } else if (sw.toVisit != 0) {
    for (; sw.place < sw.localCount; sw.place++) {
      const port = portAt(sw, sw.place);
      if (port.rxRing == 0) continue;
      const n = visit(sw, port);
      if (n != 0) return n;
    }
    sw.toVisit = 0;
  }
  return 0;
}

/** Moves a switch through the instant `sw.now`, up to `budget` frames; returns how many. Stops early when a capture ring is full. */
function moveInstant(sw: Switch, worker: Worker, budget: u64): u64 {
  let left = budget;
  do {
    if (sw.phase == PHASE_START) {
      if (sw.timerDue <= sw.now) {
        runTimers(sw);
        left--;
      }
      sw.phase = PHASE_ARRIVE;
      sw.place = 0;
    }
    while (sw.phase < PHASE_DRAIN && left != 0) {
      if ((sw.watched | sw.flows) != 0 && (isTight(sw) || isFlowTight(sw))) break;
      sw.burst = <u32>min<u64>(left, sw.burstMost);
      const n = take(sw);
      left -= n;
      if (n != 0) continue;
      sw.phase++;
      sw.place = 0;
    }
    if (sw.watched) publishCaptures(sw);
    if (sw.dirtyCount != 0) publishAll(sw, worker);
    if (sw.phase != PHASE_DRAIN || left == 0) break;
    if (sw.drainCount != 0) {
      drainGuests(sw);
      left--;
    }
    sw.phase = PHASE_START;
  } while (nextEvent(sw) <= sw.now && left != 0);
  sw.burst = sw.burstMost;
  return budget - left;
}

/** The time of the next event at a switch, ns; u64.MAX_VALUE when there is none. */
function nextEvent(sw: Switch): u64 {
  if ((sw.phase | sw.drainCount | sw.toVisit) != 0) return sw.now;
  let soonest = sw.timerDue;
  for (let i: u32 = 0; i < sw.inletCount; i++) soonest = min(soonest, dueOf(sw.inletDues, i));
  for (let i: u32 = 0; i < sw.streamerCount; i++) soonest = min(soonest, dueOf(sw.sendDues, i));
  return max(sw.now, soonest);
}

/** When a frame moves next at a switch: looks at its rings, wires and guests themselves. */
function nextFrame(sw: Switch, withPeriodic: bool): u64 {
  if (sw.drainCount != 0 || hasWaiting(sw)) return sw.now;
  let soonest = u64.MAX_VALUE;
  for (let i: u32 = 0; i < sw.inletCount; i++) soonest = min(soonest, arrivalOn(changetype<Wire>(u32At(sw.inlets, i))));
  for (let i: u32 = 0; i < sw.streamerCount; i++) soonest = min(soonest, nextSend(guestAt(sw, i), sw.now, withPeriodic));
  return soonest;
}

/** Whether something waits in a ring of a guest. */
function hasWaiting(sw: Switch): bool {
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    // What a shaper keeps back is among the timers.
    if (port.rxRing == 0 || (port.shaperIn != 0 && isKept(sw, port))) continue;
    if (available(changetype<Ring>(<usize>port.rxRing)) != 0) return true;
  }
  return false;
}

/** The switch that is next. One that has been moved at this instant goes on before others of its island. */
// @ts-ignore: decorator
@inline
function next(worker: Worker): Switch {
  const first = soonest(worker);
  const current = changetype<Switch>(<usize>changetype<Island>(<usize>first.island).current);
  if (<usize>changetype<Island>(<usize>first.island).current == 0 || current == first) return first;
  return current.nextDue == first.nextDue && current.now == first.nextDue ? current : first;
}

/** Looks at every switch again: commands, injected frames or other workers may have brought something. */
export function refresh(worker: Worker): void {
  for (let s: u32 = 0; s < worker.switchCount; s++) {
    const sw = changetype<Switch>(u32At(worker.switches, s));
    for (let i: u32 = 0; i < sw.inletCount; i++) setDue(sw.inletDues, i, arrivalOn(changetype<Wire>(u32At(sw.inlets, i))));
    for (let i: u32 = 0; i < sw.streamerCount; i++) setDue(sw.sendDues, i, nextSend(guestAt(sw, i), sw.now, true));
    sw.toVisit = hasWaiting(sw) ? 1 : 0;
    sw.nextDue = nextEvent(sw);
  }
  heapify(worker);
}

/** Moves the worker's switches, event by event, until nothing is due at or before `until`, or `budget` frames are moved. */
export function run(worker: Worker, until: u64, budget: u64): u32 {
  let left = budget;
  while (worker.switchCount != 0) {
    const sw = next(worker);
    if (sw.nextDue > until || sw.nextDue == u64.MAX_VALUE) break;
    const isTightHere = (sw.watched | sw.flows) != 0 && (isTight(sw) || isFlowTight(sw));
    if (left == 0 || isTightHere) return rested(worker, budget - left, left == 0 ? RUN_BUDGET : RUN_TIGHT);
    if (sw.nextDue > worker.cellEnd) enterCell(worker, sw.nextDue);
    const island = changetype<Island>(<usize>sw.island);
    island.current = <u32>changetype<usize>(sw);
    worker.inHand = island.current;
    // Nothing can come to an island within a cell: alone in it, a switch may go on while its memory is in the caches.
    const limit = worker.inOrder || island.switchCount != 1 ? sw.nextDue : min(until, worker.cellEnd);
    let due = sw.nextDue;
    do {
      setTime(sw, due);
      left -= moveInstant(sw, worker, left);
      due = nextEvent(sw);
    } while (due <= limit && left != 0 && sw.phase == PHASE_START);
    worker.now = max(worker.now, sw.now);
    postpone(worker, sw, due);
  }
  return rested(worker, budget - left, RUN_DONE);
}

function rested(worker: Worker, moved: u64, status: u32): u32 {
  worker.rounds += moved;
  worker.inHand = 0;
  return status;
}

/** Virtual clock, a single worker: the same with a look at everything first. With an `until` time then stands there. */
export function runVirtual(worker: Worker, until: u64, budget: u64): u32 {
  refresh(worker);
  const status = run(worker, until, budget);
  // Time never goes back, and stands still where nothing is to come.
  if (status == RUN_DONE) setNow(worker, until == u64.MAX_VALUE ? worker.now : max(worker.now, until));
  return status;
}

/** When the worker has something to do next, ns; the past when it has already. Probing and LACP, which never end, count if asked for. */
export function nextWork(worker: Worker, withPeriodic: bool): u64 {
  let soonest = u64.MAX_VALUE;
  for (let i: u32 = 0; i < worker.switchCount; i++) {
    const sw = changetype<Switch>(u32At(worker.switches, i));
    soonest = min(soonest, min(nextFrame(sw, withPeriodic), withPeriodic ? sw.timerDue : oneShotDue(sw)));
  }
  return soonest;
}
