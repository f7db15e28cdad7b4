/**
 * The switches of a worker by the time of their next event, a binary heap of their addresses; of equals the one whose `order` is
 * less is first. Every switch stands in it, those without an event with NEVER.
 */
import { Switch } from './switch';
import { Worker } from './worker';

// @ts-ignore: decorator
@inline
function at(worker: Worker, i: u32): Switch {
  return changetype<Switch>(<usize>load<u32>(<usize>worker.heap + (<usize>i << 2)));
}

// @ts-ignore: decorator
@inline
function put(worker: Worker, i: u32, sw: Switch): void {
  store<u32>(<usize>worker.heap + (<usize>i << 2), <u32>changetype<usize>(sw));
  sw.heapAt = i;
}

// @ts-ignore: decorator
@inline
function isBefore(a: Switch, b: Switch): bool {
  return a.nextDue < b.nextDue || (a.nextDue == b.nextDue && a.order < b.order);
}

/** The switch with the next event; the worker has at least one. */
// @ts-ignore: decorator
@inline
export function soonest(worker: Worker): Switch {
  return at(worker, 0);
}

function rise(worker: Worker, sw: Switch): void {
  let i = sw.heapAt;
  while (i > 0) {
    const parent = at(worker, (i - 1) >>> 1);
    if (!isBefore(sw, parent)) break;
    put(worker, i, parent);
    i = (i - 1) >>> 1;
  }
  put(worker, i, sw);
}

function sink(worker: Worker, sw: Switch): void {
  const count = worker.switchCount;
  let i = sw.heapAt;
  for (;;) {
    let child: u32 = 2 * i + 1;
    if (child >= count) break;
    if (child + 1 < count && isBefore(at(worker, child + 1), at(worker, child))) child++;
    if (!isBefore(at(worker, child), sw)) break;
    put(worker, i, at(worker, child));
    i = child;
  }
  put(worker, i, sw);
}

/** Something is due at a switch before what it knows of. */
export function hasten(worker: Worker, sw: Switch, due: u64): void {
  if (due >= sw.nextDue) return;
  sw.nextDue = due;
  if (worker.switchCount > 1) rise(worker, sw);
}

/** A switch has been moved: its next event is later, `due`. */
export function postpone(worker: Worker, sw: Switch, due: u64): void {
  sw.nextDue = due;
  if (worker.switchCount > 1) sink(worker, sw);
}

/** Puts all of them in order, whatever they were in. */
export function heapify(worker: Worker): void {
  for (let i: u32 = 0; i < worker.switchCount; i++) {
    put(worker, i, changetype<Switch>(<usize>load<u32>(<usize>worker.switches + (<usize>i << 2))));
  }
  for (let i = <i32>(worker.switchCount >>> 1) - 1; i >= 0; i--) sink(worker, at(worker, <u32>i));
}
