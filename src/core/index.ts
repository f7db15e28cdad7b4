/**
 * The core's face to the engine: what may be called, and where every field of every struct is.
 *
 * Nothing in the core keeps a mutable global: instances in several threads share one memory, and each run's state is in it.
 * Every struct's offsets leave by the generated `layout.ts`, from which the bindings are made, so that none is written twice.
 */
export * from './generated/layout';
import { BUCKETS, Check, CHECK_SIZE, Probe } from './check';
import { sendCopies as benchSendCopies, takeCopies as benchTakeCopies } from './bench';
import { CapturePoint, DIRECTION_IN, DIRECTION_OUT, publishCaptures, RING_CLOSED, RING_OVER, SHORT_BYTES } from './capture';
import { nextWork as workerNextWork, runVirtual as workerRunVirtual, runWall as workerRunWall, setNow } from './clock';
import { publishAll } from './egress';
import { again as lookAgain, Epochs, go as letGo, runEpochs as workerRunEpochs, setCells as epochsSetCells } from './epoch';
import { NOTIFY_MAX, setTimer } from './care';
import { deleteStatic, flush, keyOf, MOVE_BYTES, MOVES_MAX, setStatic } from './fdb';
import { accepts as filterAccepts } from './filter';
import { describe, Frame, HEADER_BYTES } from './frame';
import { setChances as wireSetChances, setMedium as wireSetMedium } from './impair';
import { firstPage as coreFirstPage, PAGE_SIZE } from './pages';
import { POOL_CLASSES, take } from './pool';
import { DOWN_FAR, DOWN_ISOLATED, DOWN_OPERATOR, MEMBERS_SIZE, PORT_BYTES, portFits, TEAM_PORT } from './port';
import { changeLink, setGuest as powerSetGuest, setPower as powerSetPower, setStreams as powerSetStreams } from './power';
import { relay } from './relay';
import { repair as repairSwitch } from './repair';
import { advance, advanceNear, at, available, publish, publishNear, push, Ring } from './ring';
import { mark as frameMark, open as poolOpen, sweep as poolSweep } from './sweep';
import { portAt, Switch } from './switch';
import { reform as teamReform, setActive as teamSetActive } from './team';
import { bindOwn, changeMac, changeVlan } from './station';
import { GUARD_BYTES, GUARD_LOG, GUARD_LOG_MAX, GUARD_RECORD, setRule as teachingSetRule } from './teaching';
import { SCRATCH_SIZE, visit } from './visit';
import { DUE_MAX, put, roomFor, Wire } from './wire';
import { Worker } from './worker';

export function runWall(worker: usize, now: u64, rounds: u32): u32 {
  const work = workerRunWall(changetype<Worker>(worker), now, rounds);
  changetype<Worker>(worker).inHand = 0;
  return work;
}

export function runVirtual(worker: usize, until: u64, budget: u64): u32 {
  return workerRunVirtual(changetype<Worker>(worker), until, budget);
}

export function runEpochs(worker: usize, budget: u64, mayWait: bool): u32 {
  return workerRunEpochs(changetype<Worker>(worker), budget, mayWait);
}

export function go(epochs: usize, target: u64): void {
  letGo(changetype<Epochs>(epochs), target);
}

export function again(epochs: usize): void {
  lookAgain(changetype<Epochs>(epochs));
}

export function setCells(epochs: usize, now: u64, cellNs: u64): void {
  epochsSetCells(changetype<Epochs>(epochs), now, cellNs);
}

export function nextWork(worker: usize, withPeriodic: bool): u64 {
  return workerNextWork(changetype<Worker>(worker), withPeriodic);
}

/** Wall clock: what an operator asks for happens now, not when the worker last looked. */
export function setTime(worker: usize, now: u64): void {
  setNow(changetype<Worker>(worker), now);
}

/** After the death of the worker that moved it; returns how many frames and copies are lost and counted as such. */
export function repair(sw: usize): u32 {
  return repairSwitch(changetype<Switch>(sw));
}

export function openPool(pool: usize): void {
  poolOpen(pool);
}

export function markFrames(sw: usize): void {
  frameMark(changetype<Switch>(sw));
}

export function sweepPool(pool: usize): void {
  poolSweep(pool);
}

/** Works out pins, designated receivers and timers; `isStart`: once after the memory is filled, and nothing is announced. */
export function reform(sw: usize, isStart: bool): void {
  teamReform(changetype<Switch>(sw), isStart);
  setTimer(changetype<Switch>(sw));
}

export function setActive(sw: usize, port: u32): void {
  teamSetActive(changetype<Switch>(sw), port);
  publishCaptures(changetype<Switch>(sw));
}

/** Takes a port's link for `reason` (LINK_*), or gives it back as far as that reason goes. */
export function setLink(sw: usize, port: u32, up: bool, reason: u32): void {
  changeLink(changetype<Switch>(sw), port, reason, up);
  publishCaptures(changetype<Switch>(sw));
}

/** Stops or starts the VM behind a vNIC. */
export function setGuest(sw: usize, port: u32, on: bool): void {
  powerSetGuest(changetype<Switch>(sw), port, on);
  publishCaptures(changetype<Switch>(sw));
}

/** Pauses the streams that a vNIC sends, or lets them go on. */
export function setStreams(sw: usize, port: u32, on: bool): void {
  powerSetStreams(portAt(changetype<Switch>(sw), port), on, changetype<Switch>(sw).now);
}

/** Takes a whole switch's power, or gives it back. */
export function setPower(sw: usize, on: bool): void {
  powerSetPower(changetype<Switch>(sw), on);
  publishCaptures(changetype<Switch>(sw));
}

/** Switches a capture point on or off. */
export function setPoint(point: usize, on: bool): void {
  changetype<CapturePoint>(point).isOff = on ? 0 : 1;
}

/** Switches rule R`rule` off or on again; `guard` is where the storm guard's table is planned. */
export function setRule(sw: usize, rule: u32, on: bool, guard: u32, stormLimit: u32): void {
  teachingSetRule(changetype<Switch>(sw), rule, on, guard, stormLimit);
}

/** Forgets learned entries of one logical port, or of all with `logical` above 2047; in one FID, or in all above 4095. */
export function flushTable(sw: usize, logical: u32, fid: u32, sticksToo: bool): void {
  flush(changetype<Switch>(sw), logical, fid, sticksToo);
}

export function bindStatic(sw: usize, fid: u32, mac: u64, logical: u32): bool {
  return setStatic(changetype<Switch>(sw), keyOf(fid, mac), logical);
}

export function unbindStatic(sw: usize, fid: u32, mac: u64): bool {
  return deleteStatic(changetype<Switch>(sw), keyOf(fid, mac));
}

/** Binds a vNIC's own address where stations are registered (R11). */
export function register(sw: usize, port: u32): void {
  bindOwn(changetype<Switch>(sw), portAt(changetype<Switch>(sw), port));
}

/** The guest at a vNIC uses another address from now on. */
export function setGuestMac(sw: usize, port: u32, mac: u64): void {
  changeMac(changetype<Switch>(sw), portAt(changetype<Switch>(sw), port), mac);
  publishCaptures(changetype<Switch>(sw));
}

/** A port becomes an access port of `vid`, and forgets its stations. */
export function setAccessVlan(sw: usize, port: u32, vid: u32): void {
  changeVlan(changetype<Switch>(sw), portAt(changetype<Switch>(sw), port), vid);
  publishCaptures(changetype<Switch>(sw));
}

/** What a wire makes of frames from now on; u64.MAX_VALUE leaves a setting as it is. */
export function setMedium(wire: usize, rateBps: u64, delayNs: u64, queueMax: u64): void {
  wireSetMedium(changetype<Wire>(wire), rateBps, delayNs, queueMax);
}

/** The same for what befalls frames on it; chances are of 2^32. */
export function setChances(
  wire: usize, loss: u64, corruption: u64, duplication: u64, reordering: u64, heldNs: u64, jitterNs: u64,
): void {
  wireSetChances(changetype<Wire>(wire), loss, corruption, duplication, reordering, heldNs, jitterNs);
}

/** Copies `length` bytes at `from` into a frame with number `id` that arrives by `wire` at `due`; false when wire or pool is full. */
export function inject(wire: usize, pool: usize, from: usize, length: u32, id: u64, due: u64): bool {
  const w = changetype<Wire>(wire);
  if (!roomFor(w)) return false;
  const slot = take(pool, length);
  if (slot == 0) return false;
  memory.copy(slot + HEADER_BYTES, from, length);
  changetype<Frame>(slot).id = id;
  put(w, describe(slot, length), min(due, DUE_MAX));
  publish(w);
  return true;
}

/** Relays one frame with a trace of every check; the caller works on a copy of the memory. */
export function explain(sw: usize, port: u32, pool: usize, from: usize, length: u32, trace: usize): bool {
  const s = changetype<Switch>(sw);
  const slot = take(pool, length);
  if (slot == 0) return false;
  memory.copy(slot + HEADER_BYTES, from, length);
  s.trace = <u32>trace;
  relay(s, portAt(s, port), describe(slot, length));
  publishCaptures(s);
  return true;
}

/** So many numbers through an empty ring, `burst` at a time, for benchmarks of it alone; returns how many came out as they went in. */
export function passRing(ring: usize, count: u32, burst: u32, isNear: bool): u32 {
  const r = changetype<Ring>(ring);
  let right: u32 = 0;
  for (let done: u32 = 0; done < count; done += burst) {
    for (let i: u32 = 0; i < burst; i++) push(r, done + i);
    if (isNear) publishNear(r); else publish(r);
    const n = available(r);
    for (let i: u32 = 0; i < n; i++) right += at(r, i) == done + i ? 1 : 0;
    if (isNear) advanceNear(r, n); else advance(r, n);
  }
  return right;
}

/** One visit to a port, for benchmarks of the switch alone. */
export function visitPort(sw: usize, port: u32): u32 {
  return visit(changetype<Switch>(sw), portAt(changetype<Switch>(sw), port));
}

/** Publishes what visits queued, for benchmarks of the switch alone. */
export function publishPorts(sw: usize, worker: usize): void {
  publishCaptures(changetype<Switch>(sw));
  publishAll(changetype<Switch>(sw), changetype<Worker>(worker));
}

/** A frame in the pool, for benchmarks that fill rings by hand; 0 when it is empty. */
export function takeFrame(pool: usize, from: usize, length: u32): u64 {
  const slot = take(pool, length);
  if (slot == 0) return 0;
  memory.copy(slot + HEADER_BYTES, from, length);
  return describe(slot, length);
}

/** A guest that writes what it sends, for benchmarks: bench.ts. */
export function sendCopies(sw: usize, port: u32, list: usize, mask: u32, next: u32, count: u32): u32 {
  const s = changetype<Switch>(sw);
  return benchSendCopies(s, portAt(s, port), list, mask, next, count);
}

/** The same for one that reads what it gets. */
export function takeCopies(sw: usize, port: u32, list: usize, mask: u32, next: u32, reads: bool): u32 {
  const s = changetype<Switch>(sw);
  return benchTakeCopies(s, portAt(s, port), list, mask, next, reads);
}

/** Whether a capture's filter lets a frame pass, which stands at `bytes`. */
export function accepts(program: usize, bytes: usize, captured: u32, length: u32): bool {
  return filterAccepts(program, bytes, captured, length);
}

/** The first page of `from` to `end` with a byte that is not 0, or without one; `end` if there is none. */
export function firstPage(from: usize, end: usize, used: bool): usize {
  return coreFirstPage(from, end, used);
}

/** True when the verdict table fits into a port. */
export function layoutFits(): bool {
  return portFits();
}

export const CAPTURE_IN: u32 = DIRECTION_IN;
export const CAPTURE_OUT: u32 = DIRECTION_OUT;
export const CAPTURE_CLOSED: u32 = RING_CLOSED;
export const CAPTURE_OVER: u32 = RING_OVER;
export const ANNOUNCED_AT_ONCE: u32 = NOTIFY_MAX;
export const CAPTURE_SHORT: u32 = SHORT_BYTES;
export const MOVES_KEPT: u32 = MOVES_MAX;
export const MOVE_RECORD: u32 = MOVE_BYTES;
export const GUARD_TABLE: u32 = GUARD_BYTES;
export const GUARD_LOG_AT: u32 = GUARD_LOG;
export const GUARD_LOGGED: u32 = GUARD_LOG_MAX;
export const GUARD_ENTRY: u32 = GUARD_RECORD;
export const LOGICAL_TEAM: u32 = TEAM_PORT;
export const LINK_OPERATOR: u32 = DOWN_OPERATOR;
export const LINK_FAR: u32 = DOWN_FAR;
export const LINK_ISOLATED: u32 = DOWN_ISOLATED;
export const FRAME_HEADER: u32 = HEADER_BYTES;
export const CLASSES: u32 = POOL_CLASSES;
export const MEMBERS_BYTES: u32 = MEMBERS_SIZE;
export const SCRATCH_BYTES: u32 = SCRATCH_SIZE;
export const PAGE_BYTES: u32 = PAGE_SIZE;
export const CHECK_STRIDE: u32 = CHECK_SIZE;
export const LATENCY_BUCKETS: u32 = BUCKETS;
export const PORT_STRIDE: u32 = PORT_BYTES;
