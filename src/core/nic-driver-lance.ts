/**
 * The driver of a Lance, access by access as Linux' drivers/net/ethernet/amd/lance.c: two OUTs for each frame that is sent; for an
 * interrupt one OUT, then an IN and an OUT for each look at CSR0 that finds a cause and an IN for the last that does not, and two OUTs
 * that enable interrupts again. How many accesses a frame takes follows from these and is not set anywhere.
 */
import { bufferOf, clear, describeBuffer, entryOf, guestOf, Nic, NicQueue, portOf, rxOf, stop, txOf } from './nic';
import { HEADER_BYTES } from './frame';
import { hear } from './guest';
import { FCS_BYTES, INEA, input, isOwned, output, OWN, RAP, RDP, RINT, TDMD, TINT, WHOLE } from './nic-lance';
import { Switch } from './switch';

/** ERR, RINT and TINT. */
const LOOKED_FOR: u32 = 0x8600;
/** Looks at CSR0 in one interrupt: boguscnt. */
const LOOKS_MAX: u32 = 10;
/** All but INEA, TDMD, STOP, STRT and INIT. */
const ACKNOWLEDGED: u32 = ~0x004f;
const ENABLE: u32 = 0x7940;
const COUNT_MASK: u32 = 0xfff;

export function openLance(nic: Nic): void {
  clear(txOf(nic));
  clear(rxOf(nic));
  for (let i: u32 = 0; i <= rxOf(nic).mask; i++) give(rxOf(nic));
  nic.icr = INEA;
  nic.rap = 0;
}

function give(q: NicQueue): void {
  const entry = entryOf(q, q.posted);
  store<u32>(entry, <u32>(bufferOf(q, q.posted) + HEADER_BYTES));
  store<u16>(entry, <u16>(0 - (q.bufferBytes - HEADER_BYTES)), 4);
  atomic.store<u16>(entry, <u16>OWN, 6);
  q.posted++;
}

export function postLance(sw: Switch, nic: Nic, length: u32): void {
  const q = txOf(nic);
  const entry = entryOf(q, q.posted);
  store<u32>(entry, <u32>(bufferOf(q, q.posted) + HEADER_BYTES));
  store<u16>(entry, <u16>(0 - length), 4);
  store<u32>(entry, 0, 8);
  atomic.store<u16>(entry, <u16>(OWN | WHOLE), 6);
  q.posted++;
  if (q.posted - q.cleaned > q.mask) stop(nic);
  output(sw, nic, RAP, 0);
  output(sw, nic, RDP, INEA | TDMD);
}

export function cleanLance(nic: Nic): void {
  const q = txOf(nic);
  while (q.cleaned != q.posted && !isOwned(q, q.cleaned)) q.cleaned++;
  if (q.posted - q.cleaned <= q.mask) nic.isStopped = 0;
}

export function handleLance(sw: Switch, nic: Nic): void {
  output(sw, nic, RAP, 0);
  for (let looks: u32 = 0; looks < LOOKS_MAX; looks++) {
    const csr0 = input(nic, RDP);
    if ((csr0 & LOOKED_FOR) == 0) break;
    output(sw, nic, RDP, csr0 & ACKNOWLEDGED);
    if ((csr0 & RINT) != 0) receive(sw, nic, rxOf(nic));
    if ((csr0 & TINT) != 0) cleanLance(nic);
  }
  output(sw, nic, RAP, 0);
  output(sw, nic, RDP, ENABLE);
}

function receive(sw: Switch, nic: Nic, q: NicQueue): void {
  // No more than a ring, for the device may fill it again meanwhile.
  for (let n: u32 = 0; n <= q.mask && !isOwned(q, q.cleaned); n++) {
    const length = (load<u32>(entryOf(q, q.cleaned), 8) & COUNT_MASK) - FCS_BYTES;
    hear(sw, portOf(nic), guestOf(nic), describeBuffer(bufferOf(q, q.cleaned), length));
    q.cleaned++;
    give(q);
  }
  nic.polls++;
}
