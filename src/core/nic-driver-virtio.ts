/**
 * The driver of a virtio network card, as Linux' virtio_net has it: transmit completions are not interrupted for but collected
 * when the next frame is sent, unless the ring is full; what arrives is polled (NAPI) with interrupts off.
 *
 * It gathers `batch` frames before it publishes them and looks whether to ring, and publishes the rest when the guest has no more to send
 * at once (Linux: xmit_more).
 */
import {
  bufferOf, BUDGET, CAUSE_RX, CAUSE_TX, clear, countSuppressed, describeBuffer, entryOf, fence, guestOf, Nic, NicQueue, portOf, rxOf, stop,
  takePending, txOf,
} from './nic';
import { HEADER_BYTES } from './frame';
import { hear } from './guest';
import {
  availEventAt, DESCRIPTOR_WRITE, NET_HEADER_BYTES, notify, NOTIFY_RX, NOTIFY_TX, passes, SUPPRESS_EVENT, SUPPRESS_FLAGS, usedEventAt,
  usedIndex,
} from './nic-virtio';
import { Switch } from './switch';

export function openVirtio(nic: Nic): void {
  const tx = txOf(nic);
  const rx = rxOf(nic);
  clearQueue(tx);
  clearQueue(rx);
  beQuiet(nic, tx);
  for (let i: u32 = 0; i <= rx.mask; i++) expose(rx, rx.bufferBytes - HEADER_BYTES, DESCRIPTOR_WRITE);
  atomic.store<u16>(<usize>rx.avail, <u16>rx.posted, 2);
  rx.published = rx.posted;
  // With DRIVER_OK the device looks at its queues by itself.
  rx.isActive = 1;
}

function clearQueue(q: NicQueue): void {
  clear(q);
  memory.fill(<usize>q.avail, 0, 6 + (<usize>(q.mask + 1) << 1));
  memory.fill(<usize>q.used, 0, 6 + (<usize>(q.mask + 1) << 3));
}

/** Puts the next buffer, with so many octets behind the header, into the available ring. */
function expose(q: NicQueue, bytes: u32, flags: u16): void {
  const i = q.posted & q.mask;
  const entry = entryOf(q, i);
  store<u64>(entry, <u64>(bufferOf(q, i) + HEADER_BYTES - NET_HEADER_BYTES));
  store<u32>(entry, NET_HEADER_BYTES + bytes, 8);
  store<u16>(entry, flags, 12);
  store<u16>(entry, 0, 14);
  store<u16>(<usize>q.avail + 4 + (<usize>i << 1), <u16>i);
  q.posted++;
}

/** The guest wants no interrupts of a queue. */
function beQuiet(nic: Nic, q: NicQueue): void {
  if (nic.suppress == SUPPRESS_FLAGS) store<u16>(<usize>q.avail, 1);
  // Just passed, so that the device has to use 65,535 more before it comes by.
  if (nic.suppress == SUPPRESS_EVENT) store<u16>(usedEventAt(q), <u16>(q.cleaned - 1));
}

/** It wants one when `ahead` buffers more have been used; false when they have been already. */
function askForInterrupt(nic: Nic, q: NicQueue, ahead: u32): bool {
  if (nic.suppress == SUPPRESS_FLAGS) store<u16>(<usize>q.avail, 0);
  if (nic.suppress == SUPPRESS_EVENT) store<u16>(usedEventAt(q), <u16>(q.cleaned + ahead));
  fence(q);
  return ((usedIndex(q) - q.cleaned) & 0xffff) <= ahead;
}

/** Publishes what was exposed, and rings if the device wants that. */
function publish(nic: Nic, q: NicQueue, register: u32): void {
  const old = q.published;
  if (q.posted == old) return;
  atomic.store<u16>(<usize>q.avail, <u16>q.posted, 2);
  q.published = q.posted;
  fence(q);
  if (wantsBell(nic, q, old)) notify(nic, q, register);
  else if (register == NOTIFY_TX) countSuppressed(nic);
}

function wantsBell(nic: Nic, q: NicQueue, old: u32): bool {
  if (nic.suppress == SUPPRESS_EVENT) return passes(<u32>load<u16>(availEventAt(q)), q.posted, old);
  return nic.suppress != SUPPRESS_FLAGS || load<u16>(<usize>q.used) == 0;
}

/** Takes back what the device has sent. */
export function cleanVirtio(nic: Nic): void {
  const q = txOf(nic);
  q.cleaned += (usedIndex(q) - q.cleaned) & 0xffff;
  if (q.posted - q.cleaned <= q.mask) nic.isStopped = 0;
}

/** Sends the frame that stands in the next TX buffer. */
export function postVirtio(nic: Nic, length: u32): void {
  const q = txOf(nic);
  const header = bufferOf(q, q.posted) + HEADER_BYTES - NET_HEADER_BYTES;
  store<u64>(header, 0);
  store<u32>(header, 0, 8);
  expose(q, length, 0);
  nic.queued++;
  if (nic.queued >= nic.batch) flushVirtio(nic);
  beQuiet(nic, q);
  cleanVirtio(nic);
  if (q.posted - q.cleaned <= q.mask) return;
  flushVirtio(nic);
  stop(nic);
  // An interrupt when three quarters are back, as virtqueue_enable_cb_delayed has it.
  if (askForInterrupt(nic, q, ((q.mask + 1) * 3) >>> 2)) return;
  beQuiet(nic, q);
  cleanVirtio(nic);
}

export function flushVirtio(nic: Nic): void {
  nic.queued = 0;
  publish(nic, txOf(nic), NOTIFY_TX);
}

/** The guest hears its interrupts. */
export function handleVirtio(sw: Switch, nic: Nic): void {
  const causes = takePending(nic);
  if ((causes & CAUSE_TX) != 0) {
    beQuiet(nic, txOf(nic));
    cleanVirtio(nic);
  }
  if ((causes & CAUSE_RX) == 0) return;
  const q = rxOf(nic);
  do {
    beQuiet(nic, q);
    let n: u32 = 0;
    do {
      n = poll(sw, nic, q);
      nic.polls++;
    } while (n == BUDGET);
  } while (!askForInterrupt(nic, q, 0));
}

function poll(sw: Switch, nic: Nic, q: NicQueue): u32 {
  const n = min((usedIndex(q) - q.cleaned) & 0xffff, BUDGET);
  for (let i: u32 = 0; i < n; i++) {
    const at = <usize>q.used + 4 + (<usize>(q.cleaned & q.mask) << 3);
    const id = load<u32>(at) & q.mask;
    hear(sw, portOf(nic), guestOf(nic), describeBuffer(bufferOf(q, id), load<u32>(at, 4) - NET_HEADER_BYTES));
    q.cleaned++;
    expose(q, q.bufferBytes - HEADER_BYTES, DESCRIPTOR_WRITE);
  }
  publish(nic, q, NOTIFY_RX);
  return n;
}
