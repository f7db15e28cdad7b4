/**
 * How several workers keep the virtual clock together: conservative look-ahead.
 *
 * Time is cut into cells no longer than the shortest delay of a cable between two islands, the same cells whoever moves whom. What
 * is sent in a cell arrives in a later one, so that within a cell no worker needs to know of another. An epoch is one cell as
 * far as the target: each worker runs its own part and says so in `done`; one that sees all done works out the next
 * epoch, from the next event anywhere, so that idle time is skipped, and lets all go on.
 *
 *     generation   the epoch in hand; `end` is its last instant
 *     claim        generation, or one more from when somebody works out what is next
 *     rest         generation after which nothing is due until the target: the control thread begins the next one
 *     turn         changes whenever who waits should look again
 *
 * A worker's state is in memory: killed in the middle of an epoch, its successor goes on there.
 */
import { refresh, run, RUN_BUDGET, RUN_DONE, RUN_WAIT, setNow } from './clock';
import { noteArrival } from './egress';
import { soonest } from './heap';
import { available } from './ring';
import { dueAt, Wire } from './wire';
import { Worker } from './worker';

const NEVER: u64 = u64.MAX_VALUE;
/** What `memory.atomic.wait32` says. */
const TIMED_OUT: i32 = 2;
/** Every so many waits the full number of looks is tried again. */
const TRY_MASK: u32 = 63;
/** A status beside RUN_*: there is more to do at once. */
const GO_ON: u32 = 4;
/** A worker that waits looks up that often, for commands. */
const WAIT_NS: i64 = 20_000_000;

@unmanaged
export class Epochs {
  turn: u32; // on a cache line of its own
  b0: u32; b1: u64; b2: u64; b3: u64; b4: u64; b5: u64; b6: u64; b7: u64;
  generation: u32;
  claim: u32;
  rest: u32;
  workers: u32; // list of u32 addresses
  workerCount: u32;
  /** Set by the control thread: whoever waits shall come back and look at his orders. */
  halted: u32;
  /** Looks at `turn` before a worker goes to sleep: where each has a core of its own, an epoch is often over at once. */
  spins: u32;
  end: u64;
  /** The last instant that may be reached, ns; NEVER: until nothing is due. */
  target: u64;
  /** Everything before this is over; captures of several workers are put together up to here. */
  floor: u64;
  /** Length of a cell, ns; 0: all of time is one. */
  cellNs: u64;
  cellsFrom: u64; // cell number `cellsBefore` + 1 begins here
  cellsBefore: u64;
}

// @ts-ignore: decorator
@inline
function workerAt(e: Epochs, i: u32): Worker {
  return changetype<Worker>(<usize>load<u32>(<usize>e.workers + (<usize>i << 2)));
}

/** Cells between `cellsFrom` and `now`. */
// @ts-ignore: decorator
@inline
function cellsUntil(e: Epochs, now: u64): u64 {
  return (now - e.cellsFrom) / e.cellNs;
}

/** The last instant of the cell that `now` is in. */
function cellEnd(e: Epochs, now: u64): u64 {
  if (e.cellNs == 0) return NEVER;
  return now < e.cellsFrom ? e.cellsFrom - 1 : e.cellsFrom + (cellsUntil(e, now) + 1) * e.cellNs - 1;
}

function cellNumber(e: Epochs, now: u64): u64 {
  if (e.cellNs == 0) return 1;
  return now < e.cellsFrom ? e.cellsBefore : e.cellsBefore + cellsUntil(e, now) + 1;
}

/** Notes which cell `now` is in. */
export function enterCell(worker: Worker, now: u64): void {
  const e = changetype<Epochs>(<usize>worker.epochs);
  worker.cell = <u32>cellNumber(e, now);
  worker.cellEnd = cellEnd(e, now);
}

/** From `now` on cells are `cellNs` long. Only while nobody moves. */
export function setCells(e: Epochs, now: u64, cellNs: u64): void {
  e.cellsBefore = cellNumber(e, now);
  e.cellsFrom = now + 1;
  e.cellNs = cellNs;
  for (let i: u32 = 0; i < e.workerCount; i++) workerAt(e, i).cellEnd = 0;
}

function isAllDone(e: Epochs, generation: u32): bool {
  for (let i: u32 = 0; i < e.workerCount; i++) {
    if (atomic.load<u32>(changetype<usize>(workerAt(e, i)) + offsetof<Worker>('done')) != generation) return false;
  }
  return true;
}

/** Who waits looks again. */
function call(e: Epochs): void {
  atomic.add<u32>(changetype<usize>(e), 1);
  atomic.notify(changetype<usize>(e), -1);
}

/** Works out the epoch after `generation`, of which all is done; or that there is none before the target. */
function beginNext(e: Epochs, generation: u32): void {
  let next = NEVER;
  let now: u64 = 0;
  for (let i: u32 = 0; i < e.workerCount; i++) {
    const worker = workerAt(e, i);
    next = min(next, min(worker.next, worker.sent));
    now = max(now, worker.now);
    worker.sent = NEVER;
  }
  if (next > e.target || next == NEVER) {
    e.end = e.target == NEVER ? now : max(now, e.target);
    e.floor = e.end + 1;
    atomic.store<u32>(changetype<usize>(e) + offsetof<Epochs>('rest'), generation);
  } else {
    e.floor = next;
    e.end = e.workerCount == 1 ? e.target : min(e.target, cellEnd(e, next));
    atomic.store<u32>(changetype<usize>(e) + offsetof<Epochs>('generation'), generation + 1);
  }
  call(e);
}

/** The control thread lets resting workers go on to `target`: first what has become due meanwhile, then epoch after epoch. */
export function go(e: Epochs, target: u64): void {
  e.target = target;
  if (e.rest == e.generation) atomic.store<u32>(changetype<usize>(e) + offsetof<Epochs>('generation'), e.generation + 1);
  else {
    // Stopped on the way: nobody goes further than asked, nor back.
    let now: u64 = 0;
    for (let i: u32 = 0; i < e.workerCount; i++) now = max(now, workerAt(e, i).now);
    e.end = min(e.end, max(target, now));
    again(e);
  }
  call(e);
}

/** All of them look at the epoch in hand once more, because something has been changed while nobody moved. At rest `go` does that. */
export function again(e: Epochs): void {
  if (e.rest == e.generation) return;
  for (let i: u32 = 0; i < e.workerCount; i++) workerAt(e, i).done = e.generation - 1;
  e.claim = e.generation;
}

/** What other workers have sent since the last epoch. */
function hear(worker: Worker): void {
  for (let i: u32 = 0; i < worker.inletCount; i++) {
    const wire = changetype<Wire>(<usize>load<u32>(<usize>worker.inlets + (<usize>i << 2)));
    if (available(wire) != 0) noteArrival(worker, wire, dueAt(wire, 0));
  }
}

/**
 * Moves a worker's switches together with the other workers', up to `budget` frames. RUN_DONE: all rest at the target. Where it
 * may not wait for the others it says RUN_WAIT; where it may, and has waited for long, RUN_BUDGET.
 */
export function runEpochs(worker: Worker, budget: u64, mayWait: bool): u32 {
  const e = changetype<Epochs>(<usize>worker.epochs);
  const from = worker.rounds;
  let status = RUN_BUDGET;
  refresh(worker);
  do {
    status = takePart(worker, e, budget - (worker.rounds - from), mayWait);
    worker.beat++;
  } while (status == GO_ON && !(mayWait && atomic.load<u32>(changetype<usize>(e) + offsetof<Epochs>('halted')) != 0));
  return status == GO_ON ? RUN_BUDGET : status;
}

/**
 * Looks for a while whether the others have come. To be woken takes as long as a short epoch, and who is late for one makes the
 * others wait at its end: two workers would take turns. Where cores are scarce looking is what makes others late, so that
 * less of it is done as long as it is in vain, but for a try now and then.
 */
function isSoon(worker: Worker, e: Epochs, turn: u32): bool {
  if ((worker.waits++ & TRY_MASK) == 0) worker.spins = e.spins;
  for (let spins = worker.spins; spins != 0; spins--) {
    if (atomic.load<u32>(changetype<usize>(e)) == turn) continue;
    worker.spins = e.spins;
    return true;
  }
  worker.spins = worker.spins >>> 1;
  return false;
}

/** One look at where the epochs are, and what it asks for. */
function takePart(worker: Worker, e: Epochs, budget: u64, mayWait: bool): u32 {
  const turnAt = changetype<usize>(e);
  const turn = atomic.load<u32>(turnAt);
  const generation = atomic.load<u32>(turnAt + offsetof<Epochs>('generation'));
  if (worker.done != generation) {
    hear(worker);
    const status = run(worker, e.end, budget);
    if (status != RUN_DONE) return status;
    worker.next = worker.switchCount == 0 ? NEVER : soonest(worker).nextDue;
    atomic.store<u32>(changetype<usize>(worker) + offsetof<Worker>('done'), generation);
  }
  if (atomic.load<u32>(turnAt + offsetof<Epochs>('rest')) == generation) {
    setNow(worker, e.end);
    return RUN_DONE;
  }
  if (isAllDone(e, generation) && atomic.cmpxchg<u32>(turnAt + offsetof<Epochs>('claim'), generation, generation + 1) == generation) {
    beginNext(e, generation);
    return GO_ON;
  }
  if (!mayWait) return RUN_WAIT;
  if (atomic.load<u32>(turnAt + offsetof<Epochs>('halted')) != 0) return RUN_BUDGET;
  if (isSoon(worker, e, turn)) return GO_ON;
  return atomic.wait<i32>(turnAt, <i32>turn, WAIT_NS) == TIMED_OUT ? RUN_BUDGET : GO_ON;
}
