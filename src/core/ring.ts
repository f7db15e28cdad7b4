/**
 * A single-producer, single-consumer ring of descriptors: the doorway between a guest and its port.
 *
 *     producer:  push* then publish        consumer:  available, at*, then advance
 *
 * Each side keeps the other's cursor in a private copy and reads the shared one only when the copy says full or empty;
 * each publishes its own once per burst. Cursors run freely over 32 bits; entries = head - tail. A slot is written before
 * `head` is published and read before `tail` is: sequentially consistent atomics on the cursors make that hold between
 * threads. Full means that push refuses, and the caller counts it.
 *
 * A vNIC's guest and its port are moved by the same worker, so their rings need none of that: `publishNear` and `advanceNear` are
 * plain stores. An atomic one empties the store buffer, which on the virtual clock, with a frame or two at a time, was a quarter of
 * a frame's cost (bench/virtual.ts).
 */
@unmanaged
export class Ring {
  head: u32; // written by the producer
  headPadding: u32;
  h1: u64; h2: u64; h3: u64; h4: u64; h5: u64; h6: u64; h7: u64;
  tail: u32; // written by the consumer
  flow: u32; // of what comes by it, where uplinks have queues: scheduler.ts
  t1: u64; t2: u64; t3: u64; t4: u64; t5: u64; t6: u64; t7: u64;
  mask: u32; // entries - 1
  entries: u32; // address of the entries
  headNext: u32; // the producer's own
  tailSeen: u32;
  p1: u64; p2: u64; p3: u64; p4: u64; p5: u64; p6: u64;
  tailNext: u32; // the consumer's own
  headSeen: u32;
  c1: u64; c2: u64; c3: u64; c4: u64; c5: u64; c6: u64; c7: u64;
}

/** Looks at the consumer's cursor if the copy of it says full. */
export function hasRoom(ring: Ring): bool {
  if (ring.headNext - ring.tailSeen <= ring.mask) return true;
  ring.tailSeen = atomic.load<u32>(changetype<usize>(ring) + offsetof<Ring>('tail'));
  return ring.headNext - ring.tailSeen <= ring.mask;
}

/** The same for `n` entries. */
// @ts-ignore: decorator
@inline
export function hasRoomFor(ring: Ring, n: u32): bool {
  const after = ring.headNext + n - 1;
  if (after - ring.tailSeen <= ring.mask) return true;
  ring.tailSeen = atomic.load<u32>(changetype<usize>(ring) + offsetof<Ring>('tail'));
  return after - ring.tailSeen <= ring.mask;
}

/** How many more entries the ring has room for. */
export function roomIn(ring: Ring): u32 {
  ring.tailSeen = atomic.load<u32>(changetype<usize>(ring) + offsetof<Ring>('tail'));
  return ring.mask + 1 - (ring.headNext - ring.tailSeen);
}

// @ts-ignore: decorator
@inline
export function push(ring: Ring, descriptor: u64): bool {
  const next = ring.headNext;
  const mask = ring.mask;
  if (next - ring.tailSeen > mask && !hasRoom(ring)) return false;
  store<u64>(<usize>ring.entries + (<usize>(next & mask) << 3), descriptor);
  ring.headNext = next + 1;
  return true;
}

// @ts-ignore: decorator
@inline
export function publish(ring: Ring): void {
  if (ring.head != ring.headNext) atomic.store<u32>(changetype<usize>(ring), ring.headNext);
}

/** The same on a vNIC's ring. */
// @ts-ignore: decorator
@inline
export function publishNear(ring: Ring): void {
  ring.head = ring.headNext;
}

/** Entries ready for the consumer. */
// @ts-ignore: decorator
@inline
export function available(ring: Ring): u32 {
  const next = ring.tailNext;
  const seen = ring.headSeen;
  if (seen != next) return seen - next;
  const head = atomic.load<u32>(changetype<usize>(ring));
  // An empty ring is not written: most that are asked are empty.
  if (head != next) ring.headSeen = head;
  return head - next;
}

/** The consumer's next entry but `i`. */
// @ts-ignore: decorator
@inline
export function at(ring: Ring, i: u32): u64 {
  return load<u64>(<usize>ring.entries + (<usize>((ring.tailNext + i) & ring.mask) << 3));
}

// @ts-ignore: decorator
@inline
export function advance(ring: Ring, count: u32): void {
  ring.tailNext += count;
  atomic.store<u32>(changetype<usize>(ring) + offsetof<Ring>('tail'), ring.tailNext);
}

/** The same on a vNIC's ring. */
// @ts-ignore: decorator
@inline
export function advanceNear(ring: Ring, count: u32): void {
  ring.tailNext += count;
  ring.tail = ring.tailNext;
}
