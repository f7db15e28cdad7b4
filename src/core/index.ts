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
import { ABSENCES_MAX } from './absence';
import { come as changeCome, leave as changeLeave, setCarried as changeSetCarried } from './change';
import { setPresent as changeSetPresent, setRole as changeSetRole } from './change';
import { nextWork as workerNextWork, runVirtual as workerRunVirtual, runWall as workerRunWall, setNow } from './clock';
import { publishAll } from './egress';
import { again as lookAgain, Epochs, go as letGo, runEpochs as workerRunEpochs, setCells as epochsSetCells } from './epoch';
import { NOTIFY_MAX, setTimer } from './care';
import { LLDP_PORT_BYTES, NEIGHBOUR_BYTES, NEIGHBOURS as LLDP_PLACES } from './lldp';
import { deleteStatic, flush, keyOf, MOVE_BYTES, MOVES_MAX, setStatic } from './fdb';
import { accepts as filterAccepts } from './filter';
import { describe, Frame, HEADER_BYTES } from './frame';
import { setJoined } from './listener';
import { HAS_IPV6, NO_ROUTE, ON_LINK, UNBOUND } from './guest-card';
import { setChances as wireSetChances, setMedium as wireSetMedium } from './impair';
import { Guest } from './guest';
import { openNat as natOpen, Nat, OUTSIDE } from './nat';
import { FRAGMENTS } from './nat-fragments';
import { BUCKETS as NAT_BUCKETS, MAPPINGS, PORT_FIRST } from './nat-table';
import { NEIGHBOURS, PENDING, WAIT_MS } from './nat-neighbours';
import { firstPage as coreFirstPage, PAGE_SIZE } from './pages';
import { TIMES } from './ping';
import { NIC_SIZE, REGISTERS } from './nic';
import { POOL_CLASSES, take } from './pool';
import { DOWN_DETACHED, DOWN_FAR, DOWN_ISOLATED, DOWN_OPERATOR, MEMBERS_SIZE, PORT_BYTES, portFits, TEAM_PORT } from './port';
import { changeLink, setGuest as powerSetGuest, setPower as powerSetPower, setStreams as powerSetStreams } from './power';
import { KEY_BYTES } from './flow-key';
import { FLOW_BYTES } from './flows';
import { MIRRORS_MAX, setMirror as mirrorSetMirror } from './mirror';
import { relay } from './relay';
import { repair as repairSwitch } from './repair';
import { advance, advanceNear, at, available, publish, publishNear, push, Ring } from './ring';
import { mark as frameMark, open as poolOpen, sweep as poolSweep } from './sweep';
import { SENT_MAX } from './scheduler';
import { RELEASED_MAX, reviveShapers, setRates, Shaper } from './shaper';
import { portAt, Switch } from './switch';
import { reform as teamReform, setActive as teamSetActive } from './team';
import { bindOwn, changeMac, changeVlan } from './station';
import { GUARD_BYTES, GUARD_LOG, GUARD_LOG_MAX, GUARD_RECORD, setRule as teachingSetRule } from './teaching';
import { TREE_PORT_SIZE, TREE_SIZE } from './tree';
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

/** The VM at a vNIC leaves, for the port at `goesTo` or for nowhere (0). */
export function leave(sw: usize, port: u32, goesTo: u32): void {
  changeLeave(changetype<Switch>(sw), port, goesTo);
  publishCaptures(changetype<Switch>(sw));
}

/** The VM whose Guest stands at `guest` comes to a vNIC. */
export function come(sw: usize, port: u32, guest: u32): void {
  changeCome(changetype<Switch>(sw), port, guest);
  publishCaptures(changetype<Switch>(sw));
}

/** Puts an uplink into a team as active (1) or standby (2), or takes it out (0); `setPresent` follows. */
export function setRole(sw: usize, port: u32, team: u32, role: u32): void {
  changeSetRole(changetype<Switch>(sw), port, team, role);
}

/** An uplink comes to its host, or leaves it. */
export function setPresent(sw: usize, port: u32, isThere: bool): void {
  changeSetPresent(changetype<Switch>(sw), port, isThere);
  publishCaptures(changetype<Switch>(sw));
}

/** Whether a port group is there; `state` is the word that says so. */
export function setThere(state: usize, isThere: bool): void {
  store<u32>(state, isThere ? 1 : 0);
}

/** The uplinks, whose set of VLANs stands at `members`, carry a VLAN or no longer do. */
export function setCarried(sw: usize, members: u32, vid: u32, isCarried: bool): void {
  changeSetCarried(changetype<Switch>(sw), members, vid, isCarried);
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

/** Switches a mirror of a switch on or off. */
export function setMirror(sw: usize, mirror: u32, on: bool): void {
  mirrorSetMirror(changetype<Switch>(sw), mirror, on);
  publishCaptures(changetype<Switch>(sw));
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

/** What a shaper lets pass from now on: bit/s and bytes; off with an average of 0. */
export function setShaper(sw: usize, shaper: usize, average: u64, peak: u64, bytes: u64, slackNs: u64): void {
  setRates(changetype<Shaper>(shaper), changetype<Switch>(sw).now, average, peak, bytes, slackNs);
  reviveShapers(changetype<Switch>(sw));
}

/** The guest at a vNIC joins a group or leaves it; false where it joins none, or has no room for one more. */
export function setGroup(sw: usize, port: u32, high: u64, low: u64, on: bool): bool {
  const s = changetype<Switch>(sw);
  return setJoined(s, changetype<Guest>(<usize>portAt(s, port).guest), high, low, on);
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

/** Once the engine has written a NAT's port forwards. */
export function openNat(nat: usize): void {
  natOpen(changetype<Nat>(nat));
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

export const FLOW_RECORD: u32 = <u32>FLOW_BYTES;
export const FLOW_KEY: u32 = <u32>KEY_BYTES;
export const MIRRORS_MOST: u32 = MIRRORS_MAX;
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
export const NO_ROUTE_HOP: u32 = NO_ROUTE;
export const STREAM_ON_LINK: u32 = ON_LINK;
export const STREAM_IPV6: u32 = HAS_IPV6;
export const GUEST_UNBOUND: u32 = UNBOUND;
export const PING_TIMES: u32 = TIMES;
export const LOGICAL_TEAM: u32 = TEAM_PORT;
export const LINK_OPERATOR: u32 = DOWN_OPERATOR;
export const LINK_FAR: u32 = DOWN_FAR;
export const LINK_DETACHED: u32 = DOWN_DETACHED;
export const ABSENCES_KEPT: u32 = ABSENCES_MAX;
export const LINK_ISOLATED: u32 = DOWN_ISOLATED;
export const FRAME_HEADER: u32 = HEADER_BYTES;
export const NAT_OUTSIDE: u32 = OUTSIDE;
export const NAT_MAPPINGS: u32 = MAPPINGS;
export const NAT_PORT_FIRST: u32 = PORT_FIRST;
export const NAT_BUCKETS_BYTES: u32 = NAT_BUCKETS * 2;
export const NAT_NEIGHBOURS: u32 = NEIGHBOURS;
export const NAT_PENDING: u32 = PENDING;
export const NAT_FRAGMENTS: u32 = FRAGMENTS;
export const NAT_WAIT_MS: u32 = WAIT_MS;
export const CLASSES: u32 = POOL_CLASSES;
export const MEMBERS_BYTES: u32 = MEMBERS_SIZE;
export const SCRATCH_BYTES: u32 = SCRATCH_SIZE;
export const PAGE_BYTES: u32 = PAGE_SIZE;
export const CHECK_STRIDE: u32 = CHECK_SIZE;
export const LATENCY_BUCKETS: u32 = BUCKETS;
export const LLDP_STRIDE: u32 = LLDP_PORT_BYTES;
export const LLDP_NEIGHBOURS: u32 = LLDP_PLACES;
export const LLDP_NEIGHBOUR: u32 = NEIGHBOUR_BYTES;
export const PORT_STRIDE: u32 = PORT_BYTES;
export const TREE_STRIDE: u32 = TREE_SIZE;
export const TREE_PORT_STRIDE: u32 = TREE_PORT_SIZE;
export const SHAPED_AT_ONCE: u32 = RELEASED_MAX;
export const QUEUED_AT_ONCE: u32 = SENT_MAX;
export const NIC_STRIDE: u32 = NIC_SIZE;
export const NIC_REGISTERS: u32 = REGISTERS;
