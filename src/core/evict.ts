/**
 * Who gives way in a full table: for each logical port its dynamic entries by the time they were heard, the most silent first;
 * which port holds most; and what is the oldest of all, for ageing. This file knows keys, times and ports, and not the table: room.ts
 * compares what it says with the entries, and fdb.ts tells of new ones and of those that moved.
 *
 *     Candidate   key u64 | time u64 | child u32 | sibling u32     a pairing heap for each port, by time, then key
 *     firsts      u32 for each seat: the root of its heap, or 0
 *     oldest      u64 for each seat, the time of that root, and over them a tree of minima
 *     fullest     the same of ~(dynamic entries)
 *
 * The team has seat 0 and port n seat n + 1; of equal seats the first is found, which is the order in which equally full ports
 * lose an entry.
 *
 * Entries are refreshed where nobody here sees it, so a time listed is a lower bound. The first of a port may have been heard
 * since (then room.ts lists it anew), or have moved, been bound or gone (struck off); when it is up to date it is the right one,
 * since none behind it can be older. A station that went and came again is listed twice: those listed alike stand side by side
 * and leave together, so that a station's refresh costs one relisting and not one for each time that it moved.
 *
 * Nothing is kept until room.ts asks and lists the whole table (isKept). There is room for a quarter more than entriesMax; when
 * that is used up by stations that moved, nothing is kept again, and the next question lists the table anew: a walk for
 * 0.25 x entriesMax moves. Called by the switch's worker only.
 *
 * One frame of a new station, us, medians of several runs on a busy machine (npx tsx bench/micro.ts --suite evict):
 *
 *     entries                      1,024       8,192      65,536   1,000,000   8,192 and 2,000 ports
 *     one sprayer                0.2-0.7     0.4-0.6     1.0-2.2        6-11   0.8-1.2
 *     two in turns               0.5-1.0     0.5-1.2     1.7-1.9         6-9
 *     a walk for each, before      5-8         28-79     210-620   5,800-11,800   35-68
 *
 * Known limit: listing the whole table, once and after so many moves, is one pause: 0.6, 5 and 50 ms for 8,192, 65,536 and
 * 1,000,000 entries. A queue of new stations, which come in order, in front of each heap brought a quarter at 65,536 entries and
 * nothing at 1,000,000: a sprayer's heap makes 6 comparisons a frame when it has run in, and the table's cache misses cost more.
 */
import { TEAM_PORT } from './port';

const NONE: u64 = u64.MAX_VALUE;

@unmanaged
export class Candidate {
  key: u64;
  time: u64;
  child: u32;
  sibling: u32;
}

@unmanaged
export class Eviction {
  isKept: u32;
  /** What was out of date or aged since the question was asked. */
  steps: u32;
  fresh: u32; // the first candidate that was never used
  end: u32;
  free: u32; // list, by `sibling`, of those given back
  candidates: u32;
  seats: u32; // a power of two above the number of ports
  firsts: u32;
  oldest: u32;
  fullest: u32;
  walks: u32; // over the whole table, so far
}

// @ts-ignore: decorator
@inline
function seatOf(logical: u32): u32 {
  return logical == TEAM_PORT ? 0 : logical + 1;
}

// @ts-ignore: decorator
@inline
function logicalAt(seat: u32): u32 {
  return seat == 0 ? TEAM_PORT : seat - 1;
}

/** Begins anew, with nobody listed and all ports empty. */
export function clear(eviction: Eviction): void {
  const seats = <usize>eviction.seats;
  eviction.isKept = 1;
  eviction.steps = 0;
  eviction.fresh = eviction.candidates;
  eviction.free = 0;
  memory.fill(eviction.firsts, 0, seats << 2);
  memory.fill(eviction.oldest, 0xff, seats << 4);
  memory.fill(eviction.fullest, 0xff, seats << 4);
}

/** A station was heard on `logical` and is not listed there. */
export function list(eviction: Eviction, logical: u32, key: u64, time: u64): void {
  if (!eviction.isKept) return;
  let candidate = changetype<Candidate>(<usize>eviction.free);
  if (eviction.free != 0) {
    eviction.free = candidate.sibling;
  } else if (eviction.fresh < eviction.end) {
    candidate = changetype<Candidate>(<usize>eviction.fresh);
    eviction.fresh += offsetof<Candidate>();
  } else {
    eviction.isKept = 0;
    return;
  }
  candidate.key = key;
  candidate.time = time;
  push(eviction, seatOf(logical), candidate);
}

/** The first of a port is listed anew, with the time at which it was heard since. */
export function relist(eviction: Eviction, logical: u32, time: u64): void {
  const seat = seatOf(logical);
  const candidate = pop(eviction, seat);
  candidate.time = time;
  push(eviction, seat, candidate);
}

/** The first of a port is no longer a candidate. */
export function strike(eviction: Eviction, logical: u32): void {
  giveBack(eviction, pop(eviction, seatOf(logical)));
}

/** Says how many dynamic entries a port has. */
export function recount(eviction: Eviction, logical: u32, count: u32): void {
  if (eviction.isKept) setLeaf(eviction.fullest, eviction.seats + seatOf(logical), ~(<u64>count));
}

/** Address of the candidate of `logical` with the least time, or 0. */
export function firstOf(eviction: Eviction, logical: u32): usize {
  return <usize>load<u32>(<usize>eviction.firsts + (<usize>seatOf(logical) << 2));
}

/** The least time of all candidates, u64.MAX_VALUE without any. */
export function oldestTime(eviction: Eviction): u64 {
  return load<u64>(eviction.oldest, 8);
}

/** The port of the candidate with the least time. */
export function oldestPort(eviction: Eviction): u32 {
  return logicalAt(leastSeat(eviction.oldest, eviction.seats));
}

/** The port with most dynamic entries. */
export function fullestPort(eviction: Eviction): u32 {
  return logicalAt(leastSeat(eviction.fullest, eviction.seats));
}

// @ts-ignore: decorator
@inline
function address(candidate: Candidate): u32 {
  return <u32>changetype<usize>(candidate);
}

function giveBack(eviction: Eviction, candidate: Candidate): void {
  candidate.sibling = eviction.free;
  eviction.free = address(candidate);
}

function setFirst(eviction: Eviction, seat: u32, first: u32): void {
  store<u32>(<usize>eviction.firsts + (<usize>seat << 2), first);
  setLeaf(eviction.oldest, eviction.seats + seat, first == 0 ? NONE : changetype<Candidate>(<usize>first).time);
}

function push(eviction: Eviction, seat: u32, candidate: Candidate): void {
  const first = load<u32>(<usize>eviction.firsts + (<usize>seat << 2));
  candidate.child = 0;
  candidate.sibling = 0;
  if (first == 0) return setFirst(eviction, seat, address(candidate));
  const winner = address(meld(changetype<Candidate>(<usize>first), candidate));
  if (winner != first) setFirst(eviction, seat, winner);
}

/** Takes out the first, and gives back those that are listed exactly like it. */
function pop(eviction: Eviction, seat: u32): Candidate {
  const popped = changetype<Candidate>(<usize>load<u32>(<usize>eviction.firsts + (<usize>seat << 2)));
  let first = gather(popped.child);
  while (first != 0) {
    const twin = changetype<Candidate>(<usize>first);
    if (twin.time != popped.time || twin.key != popped.key) break;
    first = gather(twin.child);
    giveBack(eviction, twin);
  }
  setFirst(eviction, seat, first);
  return popped;
}

/** One heap of two: whose root is later becomes the first child of the other. */
// @ts-ignore: decorator
@inline
function meld(a: Candidate, b: Candidate): Candidate {
  if (b.time < a.time || (b.time == a.time && b.key < a.key)) {
    a.sibling = b.child;
    b.child = address(a);
    return b;
  }
  b.sibling = a.child;
  a.child = address(b);
  return a;
}

/** One heap of a list of siblings, or 0: by pairs from the first to the last, and those together from the last to the first. */
function gather(children: u32): u32 {
  let pairs: u32 = 0;
  let next = children;
  while (next != 0) {
    let pair = changetype<Candidate>(<usize>next);
    const other = pair.sibling;
    next = 0;
    if (other != 0) {
      next = changetype<Candidate>(<usize>other).sibling;
      pair = meld(pair, changetype<Candidate>(<usize>other));
    }
    pair.sibling = pairs;
    pairs = address(pair);
  }
  if (pairs == 0) return 0;
  let whole = changetype<Candidate>(<usize>pairs);
  next = whole.sibling;
  while (next != 0) {
    const pair = changetype<Candidate>(<usize>next);
    next = pair.sibling;
    whole = meld(whole, pair);
  }
  whole.sibling = 0;
  return address(whole);
}

/** Stores a leaf, and above it the lesser of each two. */
function setLeaf(tree: usize, leaf: u32, value: u64): void {
  store<u64>(tree + (<usize>leaf << 3), value);
  for (let at = <usize>leaf >>> 1; at != 0; at >>>= 1) {
    const least = min(load<u64>(tree + (at << 4)), load<u64>(tree + (at << 4), 8));
    if (load<u64>(tree + (at << 3)) == least) return;
    store<u64>(tree + (at << 3), least);
  }
}

/** The first seat with the least value. */
function leastSeat(tree: usize, seats: u32): u32 {
  const least = load<u64>(tree, 8);
  let at: u32 = 1;
  while (at < seats) {
    at <<= 1;
    if (load<u64>(tree + (<usize>at << 3)) != least) at++;
  }
  return at - seats;
}
