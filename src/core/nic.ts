/**
 * A virtual network card between a guest and its port: what driver and device share, and what both sides count.
 *
 *     guest ─▶ driver (nic-driver-*) ─▶ TX ring ─▶ device (nic-*) ─▶ port.rxRing ─▶ switch
 *     guest ◀─ driver ◀── interrupt ◀── RX ring ◀─ device ◀───────── port.txRing ◀─ switch
 *
 * The guest's memory is the buffers: one for each descriptor of a ring, with room for a Frame's header before the octets, so
 * that a buffer can be described like a frame. virtio's 12-byte header stands in the last 12 of those 16. The device copies each
 * frame once each way, between a buffer and a slot of the switch's pool.
 *
 * Where a frame is, for the ledger: one in a TX ring has not entered the network (Guest.sent counts when the device has put it into
 * port.rxRing), and one in an RX ring has left it (Guest.received counts when the device takes it from port.txRing). So a card holds
 * nothing of the network's, neither repair.ts nor sweep.ts looks into it, and a card is reset, as a driver's watchdog does, when
 * its worker has died or its VM starts: what was in its TX ring then counts as held back.
 *
 * All cursors run freely over 32 bits; what a ring holds is their lowest 16 bits (virtio), an index (e1000) or a generation bit
 * (vmxnet3). Guest and hypervisor are moved by one worker, one after the other (nic-card.ts); the order of stores, fences and second looks
 * is that of the protocols all the same, and what would have been a lost wake-up is counted: `missedWakeups` must stay 0. virtio's
 * two sides are moved by two threads in tests/core/nic-race.test.ts.
 */
import { Probe } from './check';
import { copyOut, describe, Frame, HEADER_BYTES, lengthOf } from './frame';
import { Guest } from './guest';
import { take } from './pool';
import { Port } from './port';
import { hasRoom, push, Ring } from './ring';
import { NEVER, Switch } from './switch';

export const MODEL_VIRTIO: u32 = 1;
export const MODEL_VMXNET3: u32 = 2;
export const MODEL_E1000: u32 = 3;
export const MODEL_LANCE: u32 = 4;

/** Causes of an interrupt, of cards that have a vector for each. */
export const CAUSE_TX: u32 = 1;
export const CAUSE_RX: u32 = 2;

/** Registers whose accesses are counted, each with reads and writes. */
export const REGISTERS: u32 = 8;
export const NIC_SIZE: u32 = offsetof<Nic>() + REGISTERS * 16;
/** Frames that a driver takes at a poll: Linux's NAPI weight. */
export const BUDGET: u32 = 64;
/** A device that found no free slot tries again so much later, ns. */
const RETRY_NS: u64 = 10_000;

@unmanaged
export class NicQueue {
  table: u32; // descriptors, 16 bytes each
  avail: u32; // virtio: the available ring
  used: u32; // virtio: the used ring; vmxnet3: the completion ring
  mask: u32; // descriptors - 1
  buffers: u32; // one for each descriptor
  bufferBytes: u32;
  // The driver's own.
  posted: u32; // descriptors filled
  published: u32; // those of them that the device was told of
  cleaned: u32; // descriptors that came back
  // The device's own.
  taken: u32;
  told: u32; // `taken` when it last thought of an interrupt
  isActive: u32; // 1: it was rung for and looks by itself, until it finds nothing
}

@unmanaged
export class Nic {
  model: u32;
  guest: u32; // address of its Guest
  tx: u32; // address of its NicQueue
  rx: u32;
  isOpen: u32; // 0: the driver has still to be loaded
  isStopped: u32; // the TX ring is full, and the guest waits
  isHeld: u32; // a frame had to wait since then, and has been counted
  suppress: u32; // virtio: how notifications are suppressed
  batch: u32; // frames that the driver gathers before it rings; vmxnet3: txThreshold
  queued: u32; // frames since it last rang
  pending: u32; // causes of interrupts that the guest has not heard of
  isMasked: u32; // vmxnet3: by the IMR, or by itself when an interrupt was injected
  icr: u32; // e1000: interrupt causes; lance: CSR0
  ims: u32; // e1000: those that are enabled
  tdh: u32;
  tdt: u32;
  rdh: u32;
  rdt: u32;
  rap: u32; // lance: the register that RDP stands for
  itr: u32; // e1000: 256 ns
  tadv: u32; // 1,024 ns
  radv: u32; // 1,024 ns
  isMitigated: u32; // e1000: interrupts keep a distance
  isStarved: u32; // no room in the port's ring, or no slot; counted once until a frame goes through
  isWaiting: u32; // a frame waits for a buffer of the guest; counted once
  padding: u32;
  irqDue: u64; // when a delayed interrupt comes; NEVER: none is
  quietUntil: u64; // no interrupt before
  retryDue: u64; // when a device without a free slot tries again; NEVER: it need not
  // Counters.
  doorbells: u64; // writes that tell the device of frames
  doorbellsSuppressed: u64;
  doorbellsSpurious: u64; // to a device that was at work already
  interrupts: u64; // injected
  interruptsSuppressed: u64; // the guest did not want one
  interruptsCoalesced: u64; // one was on its way, or had to keep its distance
  missedWakeups: u64;
  copies: u64;
  bytesCopied: u64;
  descriptors: u64; // that the device has worked off
  txFrames: u64;
  rxFrames: u64;
  txBatches: u64; // turns of the device in which it took some
  txBatchMost: u32;
  rxBatchMost: u32;
  rxBatches: u64;
  stops: u64; // times that the TX ring was full
  starved: u64; // times that the device found no room in the port's ring, or no slot
  rxWaits: u64; // times that frames had to wait for a buffer of the guest
  polls: u64;
  resets: u64;
  // Behind it, reads and writes of each of REGISTERS.
}

// @ts-ignore: decorator
@inline
export function txOf(nic: Nic): NicQueue {
  return changetype<NicQueue>(<usize>nic.tx);
}

// @ts-ignore: decorator
@inline
export function rxOf(nic: Nic): NicQueue {
  return changetype<NicQueue>(<usize>nic.rx);
}

// @ts-ignore: decorator
@inline
export function guestOf(nic: Nic): Guest {
  return changetype<Guest>(<usize>nic.guest);
}

// @ts-ignore: decorator
@inline
export function portOf(nic: Nic): Port {
  return changetype<Port>(<usize>guestOf(nic).port);
}

/** Descriptor `cursor` of a queue. */
// @ts-ignore: decorator
@inline
export function entryOf(q: NicQueue, cursor: u32): usize {
  return <usize>q.table + (<usize>(cursor & q.mask) << 4);
}

// @ts-ignore: decorator
@inline
export function bufferOf(q: NicQueue, cursor: u32): usize {
  return <usize>q.buffers + <usize>(cursor & q.mask) * q.bufferBytes;
}

/** Everything before is seen by all before anything after: a sequentially consistent access, for the compiler has no fence of its own. */
// @ts-ignore: decorator
@inline
export function fence(q: NicQueue): void {
  atomic.or<u32>(changetype<usize>(q), 0);
}

/** Generation of descriptor `cursor`: 1 in the first round over the ring, then 0, and so on. */
// @ts-ignore: decorator
@inline
export function generation(q: NicQueue, cursor: u32): u32 {
  return (cursor & (q.mask + 1)) == 0 ? 1 : 0;
}

// @ts-ignore: decorator
@inline
function registerOf(nic: Nic, register: u32): usize {
  return changetype<usize>(nic) + offsetof<Nic>() + (<usize>register << 4);
}

/** The guest reads a register: an exit to the hypervisor. */
export function trapRead(nic: Nic, register: u32): void {
  const at = registerOf(nic, register);
  store<u64>(at, load<u64>(at) + 1);
}

export function trapWrite(nic: Nic, register: u32): void {
  const at = registerOf(nic, register);
  store<u64>(at, load<u64>(at, 8) + 1, 8);
}

// @ts-ignore: decorator
@inline
function probeOf(nic: Nic): Probe {
  return changetype<Probe>(<usize>guestOf(nic).probe);
}

/** The driver has told the device of frames; `isNeeded` false: to one that was at work. */
export function countDoorbell(nic: Nic, isNeeded: bool): void {
  nic.doorbells++;
  if (!isNeeded) nic.doorbellsSpurious++;
  if (guestOf(nic).probe != 0) probeOf(nic).doorbells++;
}

export function countSuppressed(nic: Nic): void {
  nic.doorbellsSuppressed++;
  if (guestOf(nic).probe != 0) probeOf(nic).suppressed++;
}

/** An interrupt goes to the guest, which hears of it when it next runs. */
export function inject(nic: Nic, cause: u32): void {
  atomic.or<u32>(changetype<usize>(nic) + offsetof<Nic>('pending'), cause);
  nic.interrupts++;
  if (guestOf(nic).probe != 0) probeOf(nic).interrupts++;
}

/** The device has worked off `n` descriptors at once. */
export function countTxBatch(nic: Nic, n: u32): void {
  if (n == 0) return;
  nic.txBatches++;
  nic.txBatchMost = max(nic.txBatchMost, n);
}

export function countRxBatch(nic: Nic, n: u32): void {
  if (n == 0) return;
  nic.rxBatches++;
  nic.rxBatchMost = max(nic.rxBatchMost, n);
}

/** Copies a frame of `length` bytes from a guest's buffer into the port's ring; false when there is no room, or no slot. */
export function admit(sw: Switch, nic: Nic, buffer: usize, length: u32): bool {
  const ring = changetype<Ring>(<usize>portOf(nic).rxRing);
  if (!hasRoom(ring)) {
    starve(nic);
    // Behind a shaper the ring stays full at this instant.
    if (portOf(nic).shaperIn != 0) nic.retryDue = sw.now + RETRY_NS;
    return false;
  }
  const slot = take(sw.pool, length);
  if (slot == 0) {
    // At one instant of the virtual clock no slot may come back: the device looks again later.
    starve(nic);
    nic.retryDue = sw.now + RETRY_NS;
    return false;
  }
  memory.copy(slot + HEADER_BYTES, buffer + HEADER_BYTES, length);
  changetype<Frame>(slot).id = sw.nextFrameId++;
  push(ring, describe(slot, length));
  guestOf(nic).sent++;
  nic.retryDue = NEVER;
  nic.isStarved = 0;
  nic.copies++;
  nic.bytesCopied += length;
  nic.descriptors++;
  nic.txFrames++;
  return true;
}

function starve(nic: Nic): void {
  if (!nic.isStarved) nic.starved++;
  nic.isStarved = 1;
}

/** Copies a frame of the network into a guest's buffer; returns its length there. */
export function deliver(nic: Nic, q: NicQueue, buffer: usize, descriptor: u64): u32 {
  const length = min(lengthOf(descriptor), q.bufferBytes - HEADER_BYTES);
  copyOut(buffer + HEADER_BYTES, descriptor, length);
  nic.copies++;
  nic.bytesCopied += length;
  nic.descriptors++;
  nic.rxFrames++;
  return length;
}

/** The TX ring is full: the guest's stack stops its queue until descriptors have come back. */
export function stop(nic: Nic): void {
  if (nic.isStopped) return;
  nic.isStopped = 1;
  nic.isHeld = 0;
  nic.stops++;
}

/** The guest hears of its interrupts, each once. */
export function takePending(nic: Nic): u32 {
  return atomic.xchg<u32>(changetype<usize>(nic) + offsetof<Nic>('pending'), 0);
}

/** A frame that stands in a guest's buffer, as descriptors of frames name it. */
// @ts-ignore: decorator
@inline
export function describeBuffer(buffer: usize, length: u32): u64 {
  return describe(buffer, length);
}

/** Everything about a ring but where it is. */
export function clear(q: NicQueue): void {
  q.posted = 0;
  q.published = 0;
  q.cleaned = 0;
  q.taken = 0;
  q.told = 0;
  q.isActive = 0;
  memory.fill(<usize>q.table, 0, <usize>(q.mask + 1) << 4);
}
