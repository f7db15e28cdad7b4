/**
 * The device side of a virtio network card: split virtqueues as virtio 1.2, 2.7 lays them out, little-endian.
 *
 *     descriptor   addr u64, len u32, flags u16, next u16            16 bytes, one buffer each
 *     available    flags u16, idx u16, ring u16[n], used_event u16   written by the driver
 *     used         flags u16, idx u16, ring {id u32, len u32}[n], avail_event u16   written by the device
 *
 * Indices count modulo 65,536. Who wants to be told says so: with flags by NO_NOTIFY and NO_INTERRUPT (2.7.7, 2.7.10), with
 * VIRTIO_F_EVENT_IDX by the index from which on it wants to hear. Both are hints, so that each side looks again after it has asked
 * to be told. Buffers are used in order. Each begins with a struct virtio_net_hdr of 12 bytes (5.1.6).
 *
 * The device is a thread beside the guest, as vhost is: rung for, it works at its next turn and goes on until it finds nothing.
 */
import { HEADER_BYTES } from './frame';
import {
  admit, bufferOf, CAUSE_RX, CAUSE_TX, countDoorbell, countTxBatch, deliver, entryOf, fence, inject, Nic, NicQueue, rxOf, trapWrite, txOf,
} from './nic';
import { Switch } from './switch';

export const SUPPRESS_NONE: u32 = 0;
export const SUPPRESS_FLAGS: u32 = 1;
export const SUPPRESS_EVENT: u32 = 2;

/** Registers that trap: the notification addresses of the two queues. */
export const NOTIFY_TX: u32 = 0;
export const NOTIFY_RX: u32 = 1;

export const DESCRIPTOR_WRITE: u16 = 2;
const FLAG_QUIET: u16 = 1; // NO_INTERRUPT of the available ring, NO_NOTIFY of the used one
export const NET_HEADER_BYTES: u32 = 12;

/** virtio 1.2, 2.7.10: whether going from `old` to `next` passes `event`. */
// @ts-ignore: decorator
@inline
export function passes(event: u32, next: u32, old: u32): bool {
  return ((next - event - 1) & 0xffff) < ((next - old) & 0xffff);
}

// @ts-ignore: decorator
@inline
export function availIndex(q: NicQueue): u32 {
  return <u32>atomic.load<u16>(<usize>q.avail, 2);
}

// @ts-ignore: decorator
@inline
export function usedIndex(q: NicQueue): u32 {
  return <u32>atomic.load<u16>(<usize>q.used, 2);
}

// @ts-ignore: decorator
@inline
export function usedEventAt(q: NicQueue): usize {
  return <usize>q.avail + 4 + (<usize>(q.mask + 1) << 1);
}

// @ts-ignore: decorator
@inline
export function availEventAt(q: NicQueue): usize {
  return <usize>q.used + 4 + (<usize>(q.mask + 1) << 3);
}

/** The driver writes to a queue's notification address. */
export function notify(nic: Nic, q: NicQueue, register: u32): void {
  trapWrite(nic, register);
  if (register == NOTIFY_TX) countDoorbell(nic, q.isActive == 0);
  q.isActive = 1;
}

/** The device looks by itself, and need not be rung for. */
function beDeaf(nic: Nic, q: NicQueue): void {
  if (nic.suppress == SUPPRESS_FLAGS) store<u16>(<usize>q.used, FLAG_QUIET);
}

/**
 * The device asks to be rung for and sleeps; true when there was something after all, which it then sees to itself. Asleep first: whoever
 * sees that it asks may wake it before it has looked again.
 */
function askForBell(nic: Nic, q: NicQueue): bool {
  q.isActive = 0;
  if (nic.suppress == SUPPRESS_FLAGS) store<u16>(<usize>q.used, 0);
  if (nic.suppress == SUPPRESS_EVENT) store<u16>(availEventAt(q), <u16>q.taken);
  fence(q);
  if (availIndex(q) == (q.taken & 0xffff)) return false;
  q.isActive = 1;
  beDeaf(nic, q);
  return true;
}

// @ts-ignore: decorator
@inline
function headOf(q: NicQueue): u32 {
  return <u32>load<u16>(<usize>q.avail + 4 + (<usize>(q.taken & q.mask) << 1)) & q.mask;
}

// @ts-ignore: decorator
@inline
function use(q: NicQueue, head: u32, length: u32): void {
  const at = <usize>q.used + 4 + (<usize>(q.taken & q.mask) << 3);
  store<u32>(at, head);
  store<u32>(at, length, 4);
  q.taken++;
}

/** Publishes what was used, and interrupts the guest if it wants that. */
export function publishUsed(nic: Nic, q: NicQueue, cause: u32): void {
  if (q.taken == q.told) return;
  atomic.store<u16>(<usize>q.used, <u16>q.taken, 2);
  fence(q);
  const old = q.told;
  q.told = q.taken;
  if (!wantsInterrupt(nic, q, old)) nic.interruptsSuppressed++;
  else if ((nic.pending & cause) != 0) nic.interruptsCoalesced++;
  else inject(nic, cause);
}

function wantsInterrupt(nic: Nic, q: NicQueue, old: u32): bool {
  if (nic.suppress == SUPPRESS_EVENT) return passes(<u32>load<u16>(usedEventAt(q)), q.taken, old);
  return nic.suppress != SUPPRESS_FLAGS || load<u16>(<usize>q.avail) != FLAG_QUIET;
}

/** The device's turn: takes what it was rung for, as far as the port has room. */
export function takeVirtio(sw: Switch, nic: Nic): void {
  const q = txOf(nic);
  if (!q.isActive) return;
  beDeaf(nic, q);
  const first = q.taken;
  for (;;) {
    if (availIndex(q) == (q.taken & 0xffff)) {
      if (askForBell(nic, q)) continue;
      break;
    }
    const head = headOf(q);
    const entry = entryOf(q, head);
    const buffer = <usize>load<u64>(entry) - (HEADER_BYTES - NET_HEADER_BYTES);
    if (!admit(sw, nic, buffer, load<u32>(entry, 8) - NET_HEADER_BYTES)) break;
    use(q, head, 0);
  }
  countTxBatch(nic, q.taken - first);
  publishUsed(nic, q, CAUSE_TX);
}

/** Whether the guest has a buffer for a frame. Without one the device waits to be rung for. */
export function hasVirtioBuffer(nic: Nic): bool {
  const q = rxOf(nic);
  if (!q.isActive) {
    // Whoever has posted buffers has looked whether to ring.
    if (availIndex(q) == (q.taken & 0xffff)) return false;
    nic.missedWakeups++;
    q.isActive = 1;
  }
  return availIndex(q) != (q.taken & 0xffff) || askForBell(nic, q);
}

/** Fills the guest's next buffer. */
export function fillVirtio(nic: Nic, descriptor: u64): void {
  const q = rxOf(nic);
  beDeaf(nic, q);
  const head = headOf(q);
  const buffer = bufferOf(q, head);
  const header = buffer + HEADER_BYTES - NET_HEADER_BYTES;
  store<u64>(header, 0);
  store<u32>(header, 1 << 16, 8); // num_buffers
  use(q, head, NET_HEADER_BYTES + deliver(nic, q, buffer, descriptor));
}

/** Frames have been put into buffers of the guest. */
export function endVirtio(nic: Nic): void {
  publishUsed(nic, rxOf(nic), CAUSE_RX);
}

/** Whether published frames wait while the device sleeps and nobody is going to wake it. */
export function isVirtioForgotten(nic: Nic): bool {
  const q = txOf(nic);
  return q.isActive == 0 && availIndex(q) != (q.taken & 0xffff);
}
