/**
 * Where frames live: a pool per switch, in classes by slot size, so that small frames stay close together in the caches.
 *
 * The keeper takes slots; anyone may give one back. The keeper's own returns go to a list that only it touches. Others write
 * a slot's address into the class's `returns`, a ring with a place for every slot there is, so that it can never be full:
 * they reserve a place by an atomic add, then fill it; the keeper takes the next place once it is filled, and clears it. Only
 * addresses go back this way, eight to a cache line: a list through the slots themselves would cost a cache miss for each,
 * one after the other. Slots never used yet are cut from `fresh`: a large pool costs nothing until it is needed, and
 * starting touches no page of it.
 *
 * On the wall clock the keeper is a worker. On the virtual clock it is an island (worker.ts), whoever moves it, and what others
 * give back is to be had from the next cell of time on: so when a pool is empty does not depend on who moves whom.
 */
import { Frame, HEADER_BYTES } from './frame';
import { Switch } from './switch';
import { Worker } from './worker';

export const POOL_CLASSES: u32 = 5;
/** Of Frame.refs: how many there are, and above it a mark of the cell in which another island last gave one back. */
const REFS_MASK: u32 = 0xffffff;
const CELL_SHIFT: u32 = 24;
const MARKS: u32 = 126; // bit 31 is sweep.ts's

@unmanaged
export class PoolClass {
  slotBytes: u32; // multiple of 64; 0: no such class
  keeper: u32; // number of the worker or island that takes from here
  free: u32;
  fresh: u32;
  end: u32;
  returns: u32; // address of the ring of returned slots
  returnsMask: u32;
  taken: u32; // places of it that the keeper has emptied
  cell: u32; // address of the keeper's Worker.cell, 0: takes whatever is there
  from: u32; // the first slot
  checkedBy: u32; // its own address, while sweep.ts goes by slots that descriptors name
  padding1: u32;
  padding2: u64;
  padding3: u64;
  returned: u32; // places of it that others have reserved; on a cache line of its own
  padding6: u32;
  padding7: u64;
  padding8: u64;
  padding9: u64;
  padding10: u64;
  padding11: u64;
  padding12: u64;
  padding13: u64;
}

// @ts-ignore: decorator
@inline
function takeFrom(c: PoolClass): usize {
  let slot: usize = c.free;
  if (slot != 0) {
    c.free = changetype<Frame>(slot).poolClass;
    changetype<Frame>(slot).poolClass = <u32>changetype<usize>(c);
    return slot;
  }
  const place = <usize>c.returns + (<usize>(c.taken & c.returnsMask) << 3);
  const returned = atomic.load<u64>(place);
  // Cells in the ring never fall: behind one of this cell there is none of an earlier.
  if (returned != 0 && (c.cell == 0 || <u32>(returned >>> 32) != load<u32>(<usize>c.cell))) {
    store<u64>(place, 0);
    c.taken++;
    return <usize>(<u32>returned);
  }
  if (c.fresh + c.slotBytes > c.end) return 0;
  slot = c.fresh;
  c.fresh += c.slotBytes;
  changetype<Frame>(slot).poolClass = <u32>changetype<usize>(c);
  return slot;
}

/** Puts a slot that nobody refers to on its keeper's list. Its number stays, by which repair.ts knows copies of a frame in hand. */
// @ts-ignore: decorator
@inline
export function giveBack(c: PoolClass, slot: usize): void {
  changetype<Frame>(slot).poolClass = c.free;
  c.free = <u32>slot;
}

/** A slot for `length` bytes with one reference, from the smallest class that has one; 0 when the pool is empty. */
export function take(pool: usize, length: u32): usize {
  for (let i: u32 = 0; i < POOL_CLASSES; i++) {
    const c = changetype<PoolClass>(pool + i * offsetof<PoolClass>());
    if (c.slotBytes < length + HEADER_BYTES) continue;
    const slot = takeFrom(c);
    if (slot != 0) {
      changetype<Frame>(slot).refs = 1;
      return slot;
    }
  }
  return 0;
}

/** The smallest class for frames of `length` bytes; the first if there is none, from which `takeNext` will get nothing. */
export function classFor(pool: usize, length: u32): PoolClass {
  for (let i: u32 = 0; i < POOL_CLASSES; i++) {
    const c = changetype<PoolClass>(pool + i * offsetof<PoolClass>());
    if (c.slotBytes >= length + HEADER_BYTES) return c;
  }
  return changetype<PoolClass>(pool);
}

/** As `take`, for who takes many of one size: `c` is the class for `length`. Brings nothing where frames come one at a time (guest.ts). */
// @ts-ignore: decorator
@inline
export function takeNext(c: PoolClass, pool: usize, length: u32): usize {
  const slot: usize = c.free;
  if (slot == 0 || length + HEADER_BYTES > c.slotBytes) return take(pool, length);
  c.free = changetype<Frame>(slot).poolClass;
  changetype<Frame>(slot).poolClass = <u32>changetype<usize>(c);
  changetype<Frame>(slot).refs = 1;
  return slot;
}

/** As `release`, for who gives back many: most are the last copy, in a slot of the keeper's own. */
// @ts-ignore: decorator
@inline
export function releaseNext(slot: usize, sw: Switch, keeper: u32): void {
  const frame = changetype<Frame>(slot);
  const c = changetype<PoolClass>(<usize>frame.poolClass);
  if (frame.refs == 1 && c.keeper == keeper) giveBack(c, slot);
  else release(slot, sw);
}

/** `sw` gives one reference back; with the last one the slot returns to its pool. */
export function release(slot: usize, sw: Switch): void {
  const frame = changetype<Frame>(slot);
  const c = changetype<PoolClass>(<usize>frame.poolClass);
  const isKeeper = c.keeper == sw.keeper;
  const cell = changetype<Worker>(<usize>sw.worker).cell;
  let isLocal = isKeeper;
  if (frame.refs != 1) {
    const before = cell == 0 || isKeeper ? atomic.sub<u32>(slot, 1) : giveBackIn(slot, cell);
    if ((before & REFS_MASK) != 1) return;
    // Who of two in one cell was the last is chance.
    if (cell != 0 && before >>> CELL_SHIFT == markOf(cell)) isLocal = false;
  }
  if (isLocal) {
    giveBack(c, slot);
    return;
  }
  const place = atomic.add<u32>(changetype<usize>(c) + offsetof<PoolClass>('returned'), 1) & c.returnsMask;
  atomic.store<u64>(<usize>c.returns + (<usize>place << 3), (<u64>cell << 32) | slot);
}

/** What is left of a cell's number above the references; never 0, so that one reference with a mark is no reference alone. */
// @ts-ignore: decorator
@inline
function markOf(cell: u32): u32 {
  return (cell % MARKS) + 1;
}

/** One reference less, from another island than the keeper's; notes in which cell that was. Returns what was there before. */
function giveBackIn(slot: usize, cell: u32): u32 {
  let before = atomic.load<u32>(slot);
  for (;;) {
    const after = ((before & REFS_MASK) - 1) | (markOf(cell) << CELL_SHIFT);
    const found = atomic.cmpxchg<u32>(slot, before, after);
    if (found == before) break;
    before = found;
  }
  return before;
}
