/**
 * The filtering database: (FID, MAC) -> logical port. It knows neither frames nor ports, only numbers.
 *
 * Groups have no entries: who finds one knows that the address is an individual's.
 *
 * Open addressing, linear probing, at most half full; an entry has 16 bytes, four to a cache line:
 *
 *     key    u64   1 << 60 | FID << 48 | MAC as a little-endian load sees it; 0: empty
 *     value  u64   time last heard, ns (52 bits) | static (1 bit) | logical port (11 bits)
 *
 * One multiply hashes a key: its product's top bits depend on every bit of the key (Fibonacci hashing). The value is
 * compared whole with what it would become, and written only when it differs. Ageing is exact at look-up: an entry is gone
 * from the instant that `ageNs` has passed, whether or not it still takes a place; a static one has a time that never
 * comes. Entries leave by backward shift, so that there are no tombstones and a chain never outlives its cause.
 *
 * `locks` runs parallel to the table, one u64 for each place: until when an announcement from outside is refused (R13).
 *
 * Who has to go when there is no room is for room.ts to say.
 */
import { list, recount } from './evict';
import { TEAM_PORT } from './port';
import { forgetNeighbours, neighboursOf } from './neighbour-table';
import { evictionOf, hasRoom } from './room';
import { Switch, portAt } from './switch';

/** FID of an address that is registered in every VLAN its port carries. 4095 is no VLAN's. */
export const FID_ANY: u32 = 4095;

const MULTIPLIER: u64 = 0x9e3779b97f4a7c15;
export const PORT_MASK: u64 = 0x7ff;
const STATIC_BIT: u64 = 0x800;
/** Everything of a value but the time. */
export const PLACE_MASK: u64 = 0xfff;
export const TIME_SHIFT: u64 = 12;
const NEVER: u64 = 0xfffffffffffff << TIME_SHIFT;
/** The time of a sticky entry, which as little comes. */
const STICKY: u64 = 0xffffffffffffe << TIME_SHIFT;

/** The history of moves, a ring: key, time (ns), frame id, and logical port before (32 bits) and after. */
export const MOVES_MAX: u32 = 256;
export const MOVE_BYTES: u32 = 32;

// @ts-ignore: decorator
@inline
export function keyOf(fid: u32, mac: u64): u64 {
  return keysOf(fid) | mac;
}

/** What the keys of one FID have in common. */
// @ts-ignore: decorator
@inline
export function keysOf(fid: u32): u64 {
  return <u64>(fid | 0x1000) << 48;
}

/** Address of the entry at which the search for `key` begins. */
// @ts-ignore: decorator
@inline
export function home(table: usize, shift: u32, key: u64): usize {
  return table + (<usize>((key * MULTIPLIER) >>> <u64>shift) << 4);
}

/** Address of the entry with `key` if it is at home or in the next place, without a branch; else 0, which says nothing. */
// @ts-ignore: decorator
@inline
export function nearHome(start: usize, key: u64): u32 {
  const next = select<u32>(<u32>start + 16, 0, load<u64>(start, 16) == key);
  return select<u32>(<u32>start, next, load<u64>(start) == key);
}

/** Address of the entry with `key`, or 0. Most are at home: the loop is kept out of the way of those. */
// @ts-ignore: decorator
@inline
export function findFrom(table: usize, mask: u32, start: usize, key: u64): usize {
  return load<u64>(start) == key ? start : probe(table, mask, start, key);
}

function probe(table: usize, mask: u32, start: usize, key: u64): usize {
  const last = (<usize>mask << 4) | 15;
  let entry = start;
  let held = load<u64>(entry);
  while (held != key) {
    if (held == 0) return 0;
    entry = table + ((entry - table + 16) & last);
    held = load<u64>(entry);
  }
  return entry;
}

// @ts-ignore: decorator
@inline
export function find(sw: Switch, key: u64): usize {
  return findFrom(sw.table, sw.tableMask, home(sw.table, sw.tableShift, key), key);
}

/** Whether an entry is gone; of two values the lesser is the older. */
// @ts-ignore: decorator
@inline
export function hasAged(value: u64, ageNs: u64, now: u64): bool {
  return (value >>> TIME_SHIFT) + ageNs <= now;
}

/** The least value of an entry that has not aged. */
// @ts-ignore: decorator
@inline
export function aliveFrom(ageNs: u64, now: u64): u64 {
  return now < ageNs ? 0 : (now - ageNs + 1) << TIME_SHIFT;
}

// @ts-ignore: decorator
@inline
export function isStatic(value: u64): bool {
  return (value & STATIC_BIT) != 0;
}

/** The value of an entry that an operator or a registration binds to a port. */
export function staticAt(logical: u32): u64 {
  return NEVER | STATIC_BIT | <u64>logical;
}

export function isSticky(value: u64): bool {
  return (value & ~PORT_MASK) == (STICKY | STATIC_BIT);
}

/** Address of the live entry for (fid, mac), or 0. */
export function lookup(sw: Switch, key: u64): usize {
  const entry = find(sw, key);
  if (entry == 0 || hasAged(load<u64>(entry, 8), sw.ageNs, sw.stampNow)) return 0;
  return entry;
}

// @ts-ignore: decorator
@inline
export function logicalOf(entry: usize): u32 {
  return <u32>(load<u64>(entry, 8) & PORT_MASK);
}

/** Notes that a live dynamic entry was heard again where it is, or a dead one anew on `logical`. */
export function refresh(sw: Switch, entry: usize, logical: u32): void {
  const value = load<u64>(entry, 8);
  const wanted = (sw.stampNow << TIME_SHIFT) | <u64>logical;
  if (value == wanted) return;
  const before = <u32>(value & PORT_MASK);
  if (hasAged(value, sw.ageNs, sw.stampNow)) {
    sw.aged++;
    sw.learned++;
    setLock(sw, entry, 0);
  }
  if (before != logical) {
    tally(sw, before, -1);
    tally(sw, logical, 1);
    nominate(sw, load<u64>(entry), wanted);
  }
  store<u64>(entry, wanted, 8);
}

/** A live entry's station was heard on another port: `frame` is the id of the frame that told. */
export function move(sw: Switch, entry: usize, logical: u32, frame: u64): void {
  const value = load<u64>(entry, 8);
  const before = <u32>(value & PORT_MASK);
  const record: usize = sw.moves + (<u32>sw.moved & (MOVES_MAX - 1)) * MOVE_BYTES;
  store<u64>(record, load<u64>(entry));
  store<u64>(record, sw.now, 8);
  store<u64>(record, frame, 16);
  store<u64>(record, <u64>before | (<u64>logical << 32), 24);
  sw.moved++;
  setLock(sw, entry, 0);
  if (isStatic(value)) tallySticky(sw, value, -1);
  else tally(sw, before, -1);
  tally(sw, logical, 1);
  const wanted = (sw.stampNow << TIME_SHIFT) | <u64>logical;
  store<u64>(entry, wanted, 8);
  nominate(sw, load<u64>(entry), wanted);
}

/** A new dynamic entry; the caller has asked `hasRoom`. */
export function add(sw: Switch, key: u64, logical: u32): void {
  sw.learned++;
  insert(sw, key, (sw.stampNow << TIME_SHIFT) | <u64>logical);
}

/** Makes a dynamic entry sticky: it neither ages nor moves, and goes only when it is flushed. */
export function stick(sw: Switch, entry: usize): void {
  const logical = load<u64>(entry, 8) & PORT_MASK;
  const value = STICKY | STATIC_BIT | logical;
  tally(sw, <u32>logical, -1);
  store<u64>(entry, value, 8);
  tallySticky(sw, value, 1);
}

function insert(sw: Switch, key: u64, value: u64): void {
  let place = <u32>((key * MULTIPLIER) >>> <u64>sw.tableShift);
  while (load<u64>(<usize>sw.table + (<usize>place << 4)) != 0) place = (place + 1) & sw.tableMask;
  const entry = <usize>sw.table + (<usize>place << 4);
  store<u64>(entry, value, 8);
  store<u64>(entry, key);
  setLock(sw, entry, 0);
  sw.entryCount++;
  if (isStatic(value)) return;
  tally(sw, <u32>(value & PORT_MASK), 1);
  nominate(sw, key, value);
}

/**
 * Forgets the dynamic entries of one logical port (of all when `logical` is above TEAM_PORT) in one FID (in all when `fid` is
 * above FID_ANY); the sticky ones too if `sticksToo`. What addresses these stations have is forgotten with them.
 */
export function flush(sw: Switch, logical: u32, fid: u32, sticksToo: bool): void {
  let place: u32 = 0;
  while (place <= sw.tableMask) {
    const entry = <usize>sw.table + (<usize>place << 4);
    const key = load<u64>(entry);
    const value = load<u64>(entry, 8);
    const isThere = logical > TEAM_PORT || <u32>(value & PORT_MASK) == logical;
    const isOf = fid > FID_ANY || (<u32>(key >>> 48) & 0xfff) == fid;
    const mayGo = !isStatic(value) || (sticksToo && isSticky(value));
    if (key != 0 && mayGo && isThere && isOf) remove(sw, entry);
    else place++;
  }
  if (sw.neighbours != 0) forgetNeighbours(neighboursOf(sw), logical, fid);
}

/** Binds `key` to `logical`, in place of an entry there is. False of a group, or when the table is full of static entries. */
export function setStatic(sw: Switch, key: u64, logical: u32): bool {
  if ((key & 1) != 0) return false;
  const entry = find(sw, key);
  if (entry != 0) remove(sw, entry);
  if (!hasRoom(sw)) return false;
  insert(sw, key, staticAt(logical));
  return true;
}

/** Removes a static binding; false when there is none. */
export function deleteStatic(sw: Switch, key: u64): bool {
  const entry = find(sw, key);
  if (entry == 0 || !isStatic(load<u64>(entry, 8))) return false;
  remove(sw, entry);
  return true;
}

export function setLock(sw: Switch, entry: usize, until: u64): void {
  store<u64>(<usize>sw.locks + ((entry - <usize>sw.table) >>> 1), until);
}

export function lockedUntil(sw: Switch, entry: usize): u64 {
  return load<u64>(<usize>sw.locks + ((entry - <usize>sw.table) >>> 1));
}

/** Dynamic entries of each logical port: what fair eviction goes by. */
function tally(sw: Switch, logical: u32, change: i32): void {
  const port = portAt(sw, logical);
  const count = (logical == TEAM_PORT ? sw.teamEntryCount : port.entryCount) + change;
  if (logical == TEAM_PORT) sw.teamEntryCount = count;
  else port.entryCount = count;
  if (sw.eviction != 0) recount(evictionOf(sw), logical, count);
}

/** A dynamic entry stands on a port on which it did not stand before. */
function nominate(sw: Switch, key: u64, value: u64): void {
  if (sw.eviction != 0) list(evictionOf(sw), <u32>(value & PORT_MASK), key, value >>> TIME_SHIFT);
}

function tallySticky(sw: Switch, value: u64, change: i32): void {
  const logical = <u32>(value & PORT_MASK);
  if (logical < TEAM_PORT && isSticky(value)) portAt(sw, logical).stickyCount += change;
}

/** Takes an entry out and moves those behind it that probed past it one place nearer to their home. */
export function remove(sw: Switch, gone: usize): void {
  const version = changetype<usize>(sw) + offsetof<Switch>('tableVersion');
  atomic.store<u32>(version, sw.tableVersion + 1);
  const value = load<u64>(gone, 8);
  if (isStatic(value)) tallySticky(sw, value, -1);
  else tally(sw, <u32>(value & PORT_MASK), -1);
  sw.entryCount--;
  const table: usize = sw.table;
  const mask = sw.tableMask;
  let hole = <u32>((gone - table) >>> 4);
  let place = hole;
  for (;;) {
    place = (place + 1) & mask;
    const entry = table + (<usize>place << 4);
    const key = load<u64>(entry);
    if (key == 0) break;
    const home = <u32>((key * MULTIPLIER) >>> <u64>sw.tableShift);
    // It may move to the hole if its home is not cyclically within (hole, place].
    if (((place - home) & mask) < ((place - hole) & mask)) continue;
    const to = table + (<usize>hole << 4);
    store<u64>(to, key);
    store<u64>(to, load<u64>(entry, 8), 8);
    setLock(sw, to, lockedUntil(sw, entry));
    hole = place;
  }
  store<u64>(table + (<usize>hole << 4), 0);
  atomic.store<u32>(version, sw.tableVersion + 1);
}
