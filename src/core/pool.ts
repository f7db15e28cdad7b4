/**
 * Where frames live: a pool per switch, in classes by slot size, so that small frames stay close together in the caches.
 *
 * The owner (the worker that runs the switch) takes slots; anyone may give one back. The owner's own returns go to a list
 * that only it touches; others push to `returned`, a stack that many push to by compare-and-swap and that the owner empties
 * whole by one exchange, so that no slot can come back under a hand that is about to take it (no ABA). Slots never used
 * yet are cut from `fresh`: a large pool costs nothing until it is needed, and starting touches no page of it.
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
  padding0: u32;
  padding1: u64;
  padding2: u64;
  padding3: u64;
  padding4: u64;
  padding5: u64;
  returned: u32; // on a cache line of its own: others write it
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
    c.free = <u32>changetype<Frame>(slot).id;
    return slot;
  }
  if (c.fresh + c.slotBytes <= c.end) {
    slot = c.fresh;
    c.fresh += c.slotBytes;
    changetype<Frame>(slot).poolClass = <u32>changetype<usize>(c);
    return slot;
  }
  slot = atomic.xchg<u32>(changetype<usize>(c) + offsetof<PoolClass>('returned'), 0);
  if (slot != 0) c.free = <u32>changetype<Frame>(slot).id;
  return slot;
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
    frame.id = c.free;
    c.free = <u32>slot;
    return;
  }
  const top = changetype<usize>(c) + offsetof<PoolClass>('returned');
  let seen = atomic.load<u32>(top);
  for (;;) {
    frame.id = seen;
    const was = atomic.cmpxchg<u32>(top, seen, <u32>slot);
    if (was == seen) return;
    seen = was;
  }
}
