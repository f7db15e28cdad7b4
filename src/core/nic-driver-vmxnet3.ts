/**
 * The driver of a vmxnet3 card, as Linux' vmxnet3_drv.c has it: TXPROD is written when txNumDeferred comes to txThreshold, or when
 * the ring was empty or is full; in between the device, which is at work then, finds frames by their generation. Transmit completions
 * and frames are taken in one poll, after which IMR is written. RXPROD is never written, since ESXi does not ask for it (updateRxProd).
 */
import { HEADER_BYTES } from './frame';
import { hear } from './guest';
import {
  bufferOf, BUDGET, clear, countSuppressed, describeBuffer, entryOf, generation, guestOf, Nic, NicQueue, portOf, rxOf, stop, txOf,
} from './nic';
import { completionOf, ringTxprod, TOP_GENERATION_SHIFT, TX_GENERATION_SHIFT, unmask } from './nic-vmxnet3';
import { Switch } from './switch';

const EOP_AND_CQ: u32 = 0x3000;
const LENGTH_MASK: u32 = 0x3fff;

export function openVmxnet3(nic: Nic): void {
  const tx = txOf(nic);
  const rx = rxOf(nic);
  clear(tx);
  clear(rx);
  for (let i: u32 = 0; i <= tx.mask; i++) store<u32>(completionOf(tx, i), 0, 12);
  for (let i: u32 = 0; i <= rx.mask; i++) store<u32>(completionOf(rx, i), 0, 12);
  for (let i: u32 = 0; i <= rx.mask; i++) give(rx);
  nic.isMasked = 0;
  nic.icr = 0;
}

/** Gives the next receive buffer to the device. */
function give(q: NicQueue): void {
  const entry = entryOf(q, q.posted);
  store<u64>(entry, <u64>(bufferOf(q, q.posted) + HEADER_BYTES));
  const length = min(q.bufferBytes - HEADER_BYTES, LENGTH_MASK);
  atomic.store<u32>(entry, length | (generation(q, q.posted) << TOP_GENERATION_SHIFT), 8);
  q.posted++;
}

export function postVmxnet3(nic: Nic, length: u32): void {
  const q = txOf(nic);
  const wasEmpty = q.posted == q.cleaned;
  const entry = entryOf(q, q.posted);
  store<u64>(entry, <u64>(bufferOf(q, q.posted) + HEADER_BYTES));
  store<u32>(entry, EOP_AND_CQ, 12);
  // The generation last: with it the descriptor is the device's.
  atomic.store<u32>(entry, length | (generation(q, q.posted) << TX_GENERATION_SHIFT), 8);
  q.posted++;
  nic.queued++;
  const isFull = q.posted - q.cleaned > q.mask;
  if (isFull) stop(nic);
  if (nic.queued < nic.batch && !wasEmpty && !isFull) {
    countSuppressed(nic);
    return;
  }
  nic.queued = 0;
  ringTxprod(nic);
}

/** Whether the device has completed the descriptor that the driver looks for next. */
// @ts-ignore: decorator
@inline
function isCompleted(q: NicQueue): bool {
  return load<u32>(completionOf(q, q.cleaned), 12) >>> TOP_GENERATION_SHIFT == generation(q, q.cleaned);
}

export function cleanVmxnet3(nic: Nic): void {
  const q = txOf(nic);
  while (q.cleaned != q.posted && isCompleted(q)) q.cleaned++;
  if (q.posted - q.cleaned <= q.mask) nic.isStopped = 0;
}

export function handleVmxnet3(sw: Switch, nic: Nic): void {
  nic.pending = 0;
  let n: u32 = 0;
  do {
    cleanVmxnet3(nic);
    n = poll(sw, nic, rxOf(nic));
    nic.polls++;
  } while (n == BUDGET);
  unmask(nic);
}

function poll(sw: Switch, nic: Nic, q: NicQueue): u32 {
  let n: u32 = 0;
  for (; n < BUDGET; n++) {
    const done = completionOf(q, q.cleaned);
    if (!isCompleted(q)) break;
    const buffer = bufferOf(q, load<u32>(done));
    hear(sw, portOf(nic), guestOf(nic), describeBuffer(buffer, load<u32>(done, 8) & LENGTH_MASK));
    q.cleaned++;
    give(q);
  }
  return n;
}
