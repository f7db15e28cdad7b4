/**
 * Where frames live: a pool per switch, in classes by slot size, so that small frames stay close together in the caches.
 *
 * The owner (the worker that runs the switch) takes slots; anyone may give one back. The owner's own returns go to a list
 * that only it touches. Others write a slot's address into the class's `returns`, a ring with a place for every slot there
 * is, so that it can never be full: they reserve a place by an atomic add, then fill it; the owner takes the next place
 * once it is filled, and clears it. Only addresses go back this way, sixteen to a cache line: a list through the slots
 * themselves would cost the owner a cache miss for each, one after the other. Slots never used yet are cut from `fresh`: a
 * large pool costs nothing until it is needed, and starting touches no page of it.
 */
import { Frame, HEADER_BYTES } from './frame';

export const POOL_CLASSES: u32 = 5;

@unmanaged
export class PoolClass {
  slotBytes: u32; // multiple of 64; 0: no such class
  owner: u32; // number of the worker that takes from here
  free: u32;
  fresh: u32;
  end: u32;
  returns: u32; // address of the ring of returned slots
  returnsMask: u32;
  taken: u32; // places of it that the owner has emptied
  from: u32; // the first slot
  checkedBy: u32; // its own address, while sweep.ts goes by slots that descriptors name
  padding2: u64;
  padding3: u64;
  padding4: u64;
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
  const place = <usize>c.returns + (<usize>(c.taken & c.returnsMask) << 2);
  slot = atomic.load<u32>(place);
  if (slot != 0) {
    store<u32>(place, 0);
    c.taken++;
    return slot;
  }
  if (c.fresh + c.slotBytes > c.end) return 0;
  slot = c.fresh;
  c.fresh += c.slotBytes;
  changetype<Frame>(slot).poolClass = <u32>changetype<usize>(c);
  return slot;
}

/** Puts a slot that nobody refers to on its owner's list. Its number stays, by which repair.ts knows copies of a frame in hand. */
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

/** Gives one reference back; with the last one the slot returns to its pool. `worker` is the caller's number. */
export function release(slot: usize, worker: u32): void {
  const frame = changetype<Frame>(slot);
  if (frame.refs != 1 && atomic.sub<u32>(slot, 1) != 1) return;
  const c = changetype<PoolClass>(<usize>frame.poolClass);
  if (c.owner == worker) {
    giveBack(c, slot);
    return;
  }
  const place = atomic.add<u32>(changetype<usize>(c) + offsetof<PoolClass>('returned'), 1) & c.returnsMask;
  atomic.store<u32>(<usize>c.returns + (<usize>place << 2), <u32>slot);
}
