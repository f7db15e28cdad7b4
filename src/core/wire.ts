/**
 * One direction of a cable: a ring of (descriptor, due time) between two switches, or from a file to a port.
 *
 * The ring is in time order by itself, so that a network needs no event heap: a switch's next event is the least of its
 * wires' heads and its guests' timers. The producer is the sending switch (or the thread that injects), the consumer the
 * receiving one; the cursors follow ring.ts, an entry has 16 bytes:
 *
 *     +0  descriptor   +8  due time, ns (59 bits) | damaged (1) | cables crossed (4)
 *
 * Timing: a frame occupies the medium for its bytes, at least 60, plus FCS (4), preamble (8) and gap (12), IEEE 802.3
 * clause 4.2; it is due when its last bit has arrived. Occupation is kept in picoseconds and a rest, so that at any rate the
 * n-th frame of a train leaves when n times its bits are through, rounded up to ns once: 64 bytes at 10 Gb/s every 67.2 ns.
 * Without a rate it is due after the delay alone.
 *
 * The queue is what waits for the medium, the frame that is leaving included; when each leaves is in `departures`, which
 * the receiver never looks at. Without a rate nothing waits, and the queue is what is on its way. What does not fit is
 * dropped (tail drop).
 *
 * Whether the ring has room: on the wall clock, and where a cable without delay binds both ends to one worker (`isNear`),
 * the receiver's cursor says so. Elsewhere on the virtual clock nothing may depend on how far another worker happens to
 * have come; an entry counts as taken once it has been due for longer than the delay, for workers are never further apart.
 * engine/plan-wires.ts makes rings so large that this is never what limits.
 *
 * impair.ts has what else befalls frames on their way. A wire of which more is asked than here is `isSpecial`, and `send`
 * leaves its frames to that.
 *
 * Where there is a storm guard, the four highest bits of a due time say how many cables the copy crosses with this one, 15 for
 * more; elsewhere they are 0.
 */
import { lengthOf } from './frame';
import { hasRoom, Ring } from './ring';

const OVERHEAD_BYTES: u64 = 24;
const SHORTEST_BYTES: u64 = 60;
const CROSSED_SHIFT: u64 = 60;
const CROSSED_MOST: u32 = 15;
/** The latest due time that can be said. */
export const DUE_MAX: u64 = 0x07ff_ffff_ffff_ffff;
/** Of an entry: the frame check sequence is wrong. */
export const DAMAGED: u64 = 1 << 59;
/** Later than any time of a run: the medium is busy for ever. */
const BUSY_MAX_PS: u64 = 1 << 62;

@unmanaged
export class Wire extends Ring {
  // Of both ends; nothing of it changes while the network runs.
  toSwitch: u32;
  toPort: u32; // address of the receiving Port
  lane: u32; // the other of a pair: of a wire the lane for frames that are held back, of a lane the wire; 0: none
  isLane: u32;
  isNear: u32; // the receiver's cursor says what it has taken
  place: u32; // among the inlets of the receiving switch
  f1: u64; f2: u64; f3: u64; f4: u64; f5: u64;
  // The sender's.
  rateBps: u64; // 0: no media limit
  delayNs: u64;
  busyUntilPs: u64;
  busyRest: u64; // and so many bits·1e12 at the rate beyond it
  isSpecial: u32;
  queueMax: u32; // frames, at most departuresMask + 1
  departures: u32; // ring of u64: when the last bits of waiting frames leave, ns
  departuresMask: u32;
  departureNext: u32;
  departed: u32; // waiting: departureNext - departed
  arrived: u32; // without a rate, on their way: headNext - arrived
  s0: u32;
  // Chances, of 2^32; impair.ts.
  chance: u64; // state of the dice
  loss: u64;
  corruption: u64;
  duplication: u64;
  reordering: u64;
  heldNs: u64; // by which a frame is held back that later ones are to overtake
  jitterNs: u64;
  shaper: u32; // what its receiver lets in, shaper.ts; 0: all
  s1: u32;
}

// @ts-ignore: decorator
@inline
function entry(wire: Wire, cursor: u32): usize {
  return <usize>wire.entries + (<usize>(cursor & wire.mask) << 4);
}

/** When the entry at a cursor is, or was, due. */
// @ts-ignore: decorator
@inline
function dueOf(wire: Wire, cursor: u32): u64 {
  return load<u64>(entry(wire, cursor), 8) & DUE_MAX;
}

/** Puts a copy on the wire at time `now`; false when its queue is full, or impair.ts has to do it. */
// @ts-ignore: decorator
@inline
export function send(wire: Wire, descriptor: u64, now: u64): bool {
  if (wire.isSpecial || !takesOne(wire, now)) return false;
  put(wire, descriptor, (wire.rateBps == 0 ? now : occupy(wire, descriptor, now)) + wire.delayNs);
  return true;
}

/** Whether queue and ring have room for a frame more. */
// @ts-ignore: decorator
@inline
export function takesOne(wire: Wire, now: u64): bool {
  if (wire.rateBps != 0) {
    if (wire.departureNext - wire.departed >= wire.queueMax && !letDepart(wire, now)) return false;
  } else if (wire.headNext - wire.arrived >= wire.queueMax && !letArrive(wire, now)) {
    return false;
  }
  return wire.headNext - wire.tailSeen <= wire.mask || hasSpace(wire, now);
}

/** When the medium takes a frame more, at most `slackNs` before it is free: now or before, if it does already. Without a rate at once. */
export function roomAt(wire: Wire, now: u64, slackNs: u64): u64 {
  if (wire.rateBps == 0) return now;
  const free = wire.busyUntilPs / 1000;
  if (free > now + slackNs) return free - slackNs;
  if (wire.departureNext - wire.departed < wire.queueMax || letDepart(wire, now)) return now;
  return load<u64>(departureAt(wire, wire.departed));
}

function letDepart(wire: Wire, now: u64): bool {
  let departed = wire.departed;
  while (departed != wire.departureNext && load<u64>(departureAt(wire, departed)) <= now) departed++;
  wire.departed = departed;
  return wire.departureNext - departed < wire.queueMax;
}

function letArrive(wire: Wire, now: u64): bool {
  let arrived = wire.arrived;
  if (wire.isNear) arrived = atomic.load<u32>(changetype<usize>(wire) + offsetof<Wire>('tail'));
  else while (arrived != wire.headNext && dueOf(wire, arrived) < now) arrived++;
  wire.arrived = arrived;
  return wire.headNext - arrived < wire.queueMax;
}

/** Whether the ring has room for an entry more. */
export function hasSpace(wire: Wire, now: u64): bool {
  if (wire.isNear) return hasRoom(wire);
  let taken = wire.tailSeen;
  while (taken != wire.headNext && dueOf(wire, taken) + wire.delayNs < now) taken++;
  wire.tailSeen = taken;
  return wire.headNext - taken <= wire.mask;
}

// @ts-ignore: decorator
@inline
function departureAt(wire: Wire, cursor: u32): usize {
  return <usize>wire.departures + (<usize>(cursor & wire.departuresMask) << 3);
}

/**
 * A frame takes the medium for its time, as soon as it is free; returns when its last bit leaves, ns. The wire has a rate.
 * Inlined, a frame across a cable of 40 Gb/s costs what it did without departures; called, 2 ns of 58 more.
 */
// @ts-ignore: decorator
@inline
export function occupy(wire: Wire, descriptor: u64, now: u64): u64 {
  const rate = wire.rateBps;
  let start = now * 1000;
  let work = (max(<u64>lengthOf(descriptor), SHORTEST_BYTES) + OVERHEAD_BYTES) * 8_000_000_000_000;
  if (wire.busyUntilPs >= start) {
    start = wire.busyUntilPs;
    work += wire.busyRest;
  }
  const took = work / rate;
  const rest = work - took * rate;
  const end = min(start + took, BUSY_MAX_PS);
  wire.busyUntilPs = end;
  wire.busyRest = rest;
  const departure = (end + <u64>(rest != 0) + 999) / 1000;
  store<u64>(departureAt(wire, wire.departureNext), departure);
  wire.departureNext++;
  return departure;
}

/** Puts a copy on the wire that is due at `due`; the caller has asked for room. */
// @ts-ignore: decorator
@inline
export function put(wire: Wire, descriptor: u64, due: u64): void {
  const at = entry(wire, wire.headNext);
  store<u64>(at, descriptor);
  store<u64>(at, due, 8);
  wire.headNext++;
}

/** When the last copy was due that was put on the wire; 0 before the first. */
export function lastDue(wire: Wire): u64 {
  return dueOf(wire, wire.headNext - 1);
}

/** What stands above a due time for a copy that crosses so many cables with this one. */
export function crossings(crossed: u32): u64 {
  return <u64>min(crossed, CROSSED_MOST) << CROSSED_SHIFT;
}

/** Says of the copy that was put on the wire last how many cables it crosses with this one. */
export function markCrossed(wire: Wire, crossed: u32): void {
  const at = entry(wire, wire.headNext - 1);
  store<u64>(at, load<u64>(at, 8) | crossings(crossed), 8);
}

export function roomFor(wire: Wire): bool {
  return hasRoom(wire);
}

/** When the consumer's next entry but `i` is due. */
// @ts-ignore: decorator
@inline
export function dueAt(wire: Wire, i: u32): u64 {
  return dueOf(wire, wire.tailNext + i);
}

/** The same with all that stands above the due time. */
// @ts-ignore: decorator
@inline
export function markedDueAt(wire: Wire, i: u32): u64 {
  return load<u64>(entry(wire, wire.tailNext + i), 8);
}

/** Cables that a copy with such a due time has crossed; none if it enters the world here. */
// @ts-ignore: decorator
@inline
export function crossedIn(markedDue: u64): u32 {
  return <u32>(markedDue >>> CROSSED_SHIFT);
}

// @ts-ignore: decorator
@inline
export function copyAt(wire: Wire, i: u32): u64 {
  return load<u64>(entry(wire, wire.tailNext + i));
}

/** When the first copy is due that has been put on the wire but not published. */
export function dueUnpublished(wire: Wire): u64 {
  return load<u64>(entry(wire, wire.head), 8) & DUE_MAX;
}
