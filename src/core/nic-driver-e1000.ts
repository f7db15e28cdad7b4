/**
 * The driver of an 82540EM, as Linux' e1000_main.c has it: TDT is written once for `batch` frames or when the guest has no more at once; an
 * interrupt costs a read of ICR, a write of IMC and a read of STATUS that makes sure of it, then frames and completions are polled with
 * interrupts off, receive buffers given back sixteen at a time by RDT, and IMS is written, with STATUS read again.
 */
import { bufferOf, BUDGET, clear, describeBuffer, entryOf, fence, guestOf, Nic, NicQueue, portOf, rxOf, stop, txOf } from './nic';
import { HEADER_BYTES } from './frame';
import { hear } from './guest';
import {
  commandOf, DESCRIPTOR_DONE, FCS_BYTES, ICR, IMC, IMS, RDT, readRegister, RXT0, STATUS, TDT, TXDW, writeRegister,
} from './nic-e1000';
import { NEVER, Switch } from './switch';

/** RXT0, RXDMT0, RXSEQ, LSC and TXDW: IMS_ENABLE_MASK. */
const ENABLED: u32 = RXT0 | 0x10 | 0x08 | 0x04 | TXDW;
/** Buffers given back at once: E1000_RX_BUFFER_WRITE. */
const REFILL: u32 = 16;

export function openE1000(nic: Nic): void {
  const tx = txOf(nic);
  const rx = rxOf(nic);
  clear(tx);
  clear(rx);
  for (let i: u32 = 0; i <= rx.mask; i++) store<u64>(entryOf(rx, i), <u64>(bufferOf(rx, i) + HEADER_BYTES));
  nic.tdh = 0;
  nic.tdt = 0;
  nic.rdh = 0;
  // All but one, or the ring would count as empty.
  nic.rdt = rx.mask;
  rx.posted = rx.mask;
  nic.icr = 0;
  nic.ims = ENABLED;
  nic.quietUntil = 0;
  nic.irqDue = NEVER;
}

export function postE1000(sw: Switch, nic: Nic, length: u32): void {
  const q = txOf(nic);
  const entry = entryOf(q, q.posted);
  store<u64>(entry, <u64>(bufferOf(q, q.posted) + HEADER_BYTES));
  store<u32>(entry, length | (commandOf(nic) << 24), 8);
  store<u32>(entry, 0, 12);
  q.posted++;
  nic.queued++;
  const isFull = q.posted - q.cleaned >= q.mask;
  if (isFull) stop(nic);
  if (isFull || nic.queued >= nic.batch) flushE1000(sw, nic);
}

export function flushE1000(sw: Switch, nic: Nic): void {
  if (nic.queued == 0) return;
  const q = txOf(nic);
  nic.queued = 0;
  q.published = q.posted;
  fence(q);
  writeRegister(sw, nic, TDT, q.posted & q.mask);
}

export function cleanE1000(nic: Nic): void {
  const q = txOf(nic);
  while (q.cleaned != q.posted && (load<u8>(entryOf(q, q.cleaned), 12) & DESCRIPTOR_DONE) != 0) q.cleaned++;
  if (q.posted - q.cleaned < q.mask) nic.isStopped = 0;
}

export function handleE1000(sw: Switch, nic: Nic): void {
  if (readRegister(nic, ICR) == 0) return;
  writeRegister(sw, nic, IMC, u32.MAX_VALUE);
  readRegister(nic, STATUS);
  const q = rxOf(nic);
  let n: u32 = 0;
  do {
    cleanE1000(nic);
    n = poll(sw, nic, q);
    nic.polls++;
  } while (n == BUDGET);
  writeRegister(sw, nic, IMS, ENABLED);
  readRegister(nic, STATUS);
}

function poll(sw: Switch, nic: Nic, q: NicQueue): u32 {
  let n: u32 = 0;
  for (; n < BUDGET; n++) {
    const entry = entryOf(q, q.cleaned);
    if ((load<u8>(entry, 12) & DESCRIPTOR_DONE) == 0) break;
    store<u8>(entry, 0, 12);
    hear(sw, portOf(nic), guestOf(nic), describeBuffer(bufferOf(q, q.cleaned), <u32>load<u16>(entry, 8) - FCS_BYTES));
    q.cleaned++;
    if (q.cleaned + q.mask - q.posted >= REFILL) refill(sw, nic, q);
  }
  if (q.posted != q.cleaned + q.mask) refill(sw, nic, q);
  return n;
}

/** Gives back all buffers but one. */
function refill(sw: Switch, nic: Nic, q: NicQueue): void {
  q.posted = q.cleaned + q.mask;
  fence(q);
  writeRegister(sw, nic, RDT, q.posted & q.mask);
}
