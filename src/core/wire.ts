/**
 * One direction of a cable: a ring of (descriptor, due time) between two switches, or from a file to a port.
 *
 * With a constant delay the ring is in time order by itself, so that a network needs no event heap: a switch's next event
 * is the least of its wires' heads and its guests' timers. The producer is the sending switch (or the thread that
 * injects), the consumer the receiving one; the cursors follow ring.ts, an entry has 16 bytes.
 *
 * Timing: a frame occupies the medium for its bytes, at least 60, plus FCS (4), preamble (8) and gap (12), IEEE 802.3
 * clause 4.2; it is due when its last bit has arrived. Occupation is kept in picoseconds, so that 64-byte frames at
 * 10 Gb/s follow each other at 67.2 ns exactly. Without a rate it is due after the delay alone.
 *
 * Where there is a storm guard, the four highest bits of a due time say how many cables the copy crosses with this one, 15 for
 * more; elsewhere they are 0.
 */
import { lengthOf } from './frame';
import { Ring, hasRoom } from './ring';

const OVERHEAD_BYTES: u64 = 24;
const SHORTEST_BYTES: u64 = 60;
const CROSSED_SHIFT: u64 = 60;
const CROSSED_MOST: u32 = 15;
/** The latest due time that can be said. */
export const DUE_MAX: u64 = 0x0fff_ffff_ffff_ffff;

@unmanaged
export class Wire extends Ring {
  toSwitch: u32;
  toPort: u32; // address of the receiving Port
  rateBps: u64; // 0: no media limit
  delayNs: u64;
  busyUntilPs: u64;
  queueMax: u32; // entries, at most mask + 1
  place: u32; // among the inlets of the receiving switch
  opensWorld: u32; // 1: frames enter the world here, injected; 0: between two switches
}

// @ts-ignore: decorator
@inline
function entry(wire: Wire, cursor: u32): usize {
  return <usize>wire.entries + (<usize>(cursor & wire.mask) << 4);
}

/** Puts a copy on the wire at time `now`; false when its queue is full. */
export function send(wire: Wire, descriptor: u64, now: u64): bool {
  if (wire.headNext - wire.tailSeen >= wire.queueMax) {
    wire.tailSeen = atomic.load<u32>(changetype<usize>(wire) + offsetof<Wire>('tail'));
    if (wire.headNext - wire.tailSeen >= wire.queueMax) return false;
  }
  let due = now;
  if (wire.rateBps != 0) {
    const bits = (max(<u64>lengthOf(descriptor), SHORTEST_BYTES) + OVERHEAD_BYTES) * 8;
    const start = max(wire.busyUntilPs, now * 1000);
    wire.busyUntilPs = start + (bits * 1_000_000_000_000 + (wire.rateBps >>> 1)) / wire.rateBps;
    due = (wire.busyUntilPs + 999) / 1000;
  }
  put(wire, descriptor, due + wire.delayNs);
  return true;
}

/** Puts a copy on the wire that is due at `due`; the caller has asked roomFor. */
export function put(wire: Wire, descriptor: u64, due: u64): void {
  const at = entry(wire, wire.headNext);
  store<u64>(at, descriptor);
  store<u64>(at, due, 8);
  wire.headNext++;
}

/** Says of the copy that was put on the wire last how many cables it crosses with this one. */
export function markCrossed(wire: Wire, crossed: u32): void {
  const at = entry(wire, wire.headNext - 1);
  store<u64>(at, load<u64>(at, 8) | (<u64>min(crossed, CROSSED_MOST) << CROSSED_SHIFT), 8);
}

export function roomFor(wire: Wire): bool {
  return hasRoom(wire);
}

/** When the consumer's next entry but `i` is due. */
// @ts-ignore: decorator
@inline
export function dueAt(wire: Wire, i: u32): u64 {
  return load<u64>(entry(wire, wire.tailNext + i), 8) & DUE_MAX;
}

/** Cables that it has crossed; none if it enters the world here. */
export function crossedAt(wire: Wire, i: u32): u32 {
  return <u32>(load<u64>(entry(wire, wire.tailNext + i), 8) >>> CROSSED_SHIFT);
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
