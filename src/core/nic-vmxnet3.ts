/**
 * The device side of a vmxnet3 card: rings in the guest's memory whose descriptors carry a generation bit, which flips with each
 * round over the ring, so that neither side needs the other's index. Layouts as in Linux' drivers/net/vmxnet3/vmxnet3_defs.h:
 *
 *     TX descriptor   addr u64; len:14, gen:1, …; hlen, om, eop:1 (bit 12), cq:1 (bit 13), …
 *     TX completion   txdIdx:12; …; …; type, gen:1 (bit 31)
 *     RX descriptor   addr u64; len:14, …, gen:1 (bit 31); …
 *     RX completion   rxdIdx:12, …; rssHash; len:14, …; …, gen:1 (bit 31)
 *
 * Rung for by TXPROD, the device works at its next turn and goes on until a descriptor's generation is not its own. Interrupts mask
 * themselves when they are injected (VMXNET3_IMM_AUTO, what ESXi asks for), and the driver unmasks by IMR.
 */
import { HEADER_BYTES } from './frame';
import {
  admit, bufferOf, CAUSE_RX, CAUSE_TX, countDoorbell, countTxBatch, deliver, entryOf, fence, generation, inject, Nic, NicQueue, rxOf,
  trapWrite, txOf,
} from './nic';
import { Switch } from './switch';

export const TXPROD: u32 = 0;
export const IMR: u32 = 1;

const LENGTH_MASK: u32 = 0x3fff;
export const TX_GENERATION_SHIFT: u32 = 14;
export const TOP_GENERATION_SHIFT: u32 = 31;

/** Completion `cursor` of a queue. */
// @ts-ignore: decorator
@inline
export function completionOf(q: NicQueue, cursor: u32): usize {
  return <usize>q.used + (<usize>(cursor & q.mask) << 4);
}

export function ringTxprod(nic: Nic): void {
  trapWrite(nic, TXPROD);
  const q = txOf(nic);
  countDoorbell(nic, q.isActive == 0);
  q.isActive = 1;
}

/** The driver unmasks its interrupt: what was completed meanwhile is told at once. */
export function unmask(nic: Nic): void {
  trapWrite(nic, IMR);
  nic.isMasked = 0;
  fence(txOf(nic));
  if (nic.icr != 0) assertInterrupt(nic, 0);
}

function assertInterrupt(nic: Nic, cause: u32): void {
  nic.icr |= cause;
  if (nic.isMasked) {
    if (nic.pending != 0) nic.interruptsCoalesced++;
    else nic.interruptsSuppressed++;
    return;
  }
  nic.isMasked = 1;
  inject(nic, nic.icr);
  nic.icr = 0;
}

// @ts-ignore: decorator
@inline
function isMine(q: NicQueue): bool {
  return ((load<u32>(entryOf(q, q.taken), 8) >>> TX_GENERATION_SHIFT) & 1) == generation(q, q.taken);
}

export function takeVmxnet3(sw: Switch, nic: Nic): void {
  const q = txOf(nic);
  if (!q.isActive) return;
  const first = q.taken;
  for (;;) {
    if (!isMine(q)) {
      q.isActive = 0;
      fence(q);
      if (!isMine(q)) break;
      q.isActive = 1;
    }
    const entry = entryOf(q, q.taken);
    if (!admit(sw, nic, <usize>load<u64>(entry) - HEADER_BYTES, load<u32>(entry, 8) & LENGTH_MASK)) break;
    const done = completionOf(q, q.taken);
    store<u32>(done, q.taken & q.mask);
    atomic.store<u32>(done, generation(q, q.taken) << TOP_GENERATION_SHIFT, 12);
    q.taken++;
  }
  countTxBatch(nic, q.taken - first);
  if (q.taken != first) assertInterrupt(nic, CAUSE_TX);
}

export function hasVmxnet3Buffer(nic: Nic): bool {
  const q = rxOf(nic);
  return load<u32>(entryOf(q, q.taken), 8) >>> TOP_GENERATION_SHIFT == generation(q, q.taken);
}

export function fillVmxnet3(nic: Nic, descriptor: u64): void {
  const q = rxOf(nic);
  const length = deliver(nic, q, bufferOf(q, q.taken), descriptor);
  const done = completionOf(q, q.taken);
  store<u32>(done, q.taken & q.mask);
  store<u32>(done, length, 8);
  atomic.store<u32>(done, generation(q, q.taken) << TOP_GENERATION_SHIFT, 12);
  q.taken++;
}

export function endVmxnet3(nic: Nic): void {
  assertInterrupt(nic, CAUSE_RX);
}

/** A frame in the ring that a sleeping device was not rung for. */
export function isVmxnet3Forgotten(nic: Nic): bool {
  const q = txOf(nic);
  return q.isActive == 0 && isMine(q);
}
