/**
 * What moves switches: "process everything due until T", called by two clocks.
 *
 * On the wall clock T is now and work is done in rounds, a burst from each port in turn. On the virtual clock the next event
 * anywhere decides; at one instant a switch takes, in this order, what arrives by its wires (in order of receiving port),
 * what its guests send, what waits in their rings, and then its guests take what came for them. The burst size changes
 * how much is taken at a time, never the order.
 */
import { arrive } from './arrival';
import { oneShotDue, runTimers } from './care';
import { isTight } from './capture';
import { publishAll } from './egress';
import { drain, Guest, nextSend, sendDue } from './guest';
import { Port } from './port';
import { available, Ring } from './ring';
import { portAt, Switch } from './switch';
import { visit } from './visit';
import { dueAt, Wire } from './wire';
import { Worker } from './worker';

export const RUN_DONE: u32 = 0; // nothing is due until the asked time
export const RUN_TIGHT: u32 = 1; // a capture ring has to be emptied first
export const RUN_BUDGET: u32 = 2; // as many steps as were asked for

// @ts-ignore: decorator
@inline
function u32At(list: u32, i: u32): usize {
  return <usize>load<u32>(<usize>list + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function setTime(sw: Switch, now: u64): void {
  sw.now = now;
  sw.stampNow = now & sw.stampMask;
}

function drainGuests(sw: Switch): u32 {
  let answered: u32 = 0;
  for (let i: u32 = 0; i < sw.drainCount; i++) {
    const port = changetype<Port>(u32At(sw.drainList, i));
    port.toDrain = 0;
    answered += drain(sw, port);
  }
  sw.drainCount = 0;
  return answered;
}

/** Says what time it is to all switches of a worker. */
export function setNow(worker: Worker, now: u64): void {
  worker.now = now;
  for (let i: u32 = 0; i < worker.switchCount; i++) setTime(changetype<Switch>(u32At(worker.switches, i)), now);
}

/** One round on the wall clock; returns frames moved. */
function turn(sw: Switch, worker: Worker, now: u64): u32 {
  setTime(sw, now);
  if (sw.timerDue <= now) runTimers(sw);
  let work: u32 = 0;
  for (let i: u32 = 0; i < sw.inletCount; i++) work += arrive(sw, changetype<Wire>(u32At(sw.inlets, i)));
  for (let i: u32 = 0; i < sw.streamerCount; i++) work += sendDue(sw, changetype<Guest>(u32At(sw.streamers, i)));
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    if (port.rxRing != 0) work += visit(sw, port);
  }
  if (sw.dirtyCount != 0) publishAll(sw, worker);
  if (sw.drainCount != 0) drainGuests(sw);
  return work;
}

/** Wall clock: up to `rounds` rounds over the worker's switches at time `now`; returns frames moved. */
export function runWall(worker: Worker, now: u64, rounds: u32): u32 {
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
  worker.now = now;
  return work;
}

/** One visit on the virtual clock, at `sw.now`. */
function step(sw: Switch, worker: Worker): void {
  if (sw.timerDue <= sw.now) {
    runTimers(sw);
    return publishAll(sw, worker);
  }
  for (let i: u32 = 0; i < sw.inletCount; i++) {
    if (arrive(sw, changetype<Wire>(u32At(sw.inlets, i))) != 0) return publishAll(sw, worker);
  }
  for (let i: u32 = 0; i < sw.streamerCount; i++) {
    if (sendDue(sw, changetype<Guest>(u32At(sw.streamers, i))) != 0) return;
  }
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    if (port.rxRing != 0 && visit(sw, port) != 0) return publishAll(sw, worker);
  }
  drainGuests(sw);
}

/** The time of the next event at a switch, ns; u64.MAX_VALUE when there is none. */
export function nextEvent(sw: Switch): u64 {
  return min(nextFrame(sw), sw.timerDue);
}

/** The same without what the switch does again and again of itself. */
function nextFrame(sw: Switch): u64 {
  if (sw.drainCount != 0) return sw.now;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const ring = portAt(sw, i).rxRing;
    if (ring != 0 && available(changetype<Ring>(<usize>ring)) != 0) return sw.now;
  }
  let soonest = u64.MAX_VALUE;
  for (let i: u32 = 0; i < sw.inletCount; i++) {
    const wire = changetype<Wire>(u32At(sw.inlets, i));
    if (available(wire) != 0) soonest = min(soonest, dueAt(wire, 0));
  }
  for (let i: u32 = 0; i < sw.streamerCount; i++) soonest = min(soonest, nextSend(changetype<Guest>(u32At(sw.streamers, i))));
  return soonest;
}

/**
 * The switch with the next event; of equals the first, but the one in hand goes on until it has nothing more to do at this
 * instant, so that neither the size of a visit nor a pause between two of them changes the order.
 */
function next(worker: Worker): Switch {
  const current = changetype<Switch>(<usize>worker.current);
  if (worker.current != 0 && current.nextDue <= worker.now) return current;
  let first = changetype<Switch>(u32At(worker.switches, 0));
  for (let i: u32 = 1; i < worker.switchCount; i++) {
    const sw = changetype<Switch>(u32At(worker.switches, i));
    if (sw.nextDue < first.nextDue) first = sw;
  }
  return first;
}

/**
 * Virtual clock: moves the worker's switches, event by event, until nothing is due at or before `until`; with u64.MAX_VALUE until
 * nothing is due at all, and then it stays at the last event's time.
 */
export function runVirtual(worker: Worker, until: u64, budget: u32): u32 {
  for (let i: u32 = 0; i < worker.switchCount; i++) {
    const sw = changetype<Switch>(u32At(worker.switches, i));
    sw.nextDue = nextEvent(sw);
  }
  for (let steps: u32 = 0; steps < budget; steps++) {
    const first = next(worker);
    if (first.nextDue > until || first.nextDue == u64.MAX_VALUE) {
      // Time never goes back, and stands still where nothing is to come.
      if (until != u64.MAX_VALUE) setNow(worker, max(worker.now, until));
      return RUN_DONE;
    }
    if (first.captureRingCount != 0 && isTight(first)) return RUN_TIGHT;
    worker.now = max(worker.now, first.nextDue);
    worker.current = <u32>changetype<usize>(first);
    worker.inHand = worker.current;
    setTime(first, worker.now);
    worker.rounds++;
    step(first, worker);
    first.nextDue = nextEvent(first);
  }
  return RUN_BUDGET;
}

/** When the worker has something to do next, ns; the past when it has already. Probing and LACP, which never end, count if asked for. */
export function nextWork(worker: Worker, withPeriodic: bool): u64 {
  let soonest = u64.MAX_VALUE;
  for (let i: u32 = 0; i < worker.switchCount; i++) {
    const sw = changetype<Switch>(u32At(worker.switches, i));
    soonest = min(soonest, min(nextFrame(sw), withPeriodic ? sw.timerDue : oneShotDue(sw)));
  }
  return soonest;
}
