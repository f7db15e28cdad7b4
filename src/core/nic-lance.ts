/**
 * The device side of an AMD Am79C970A (PCnet, the Lance of early virtual machines), reached by two ports: RAP chooses a register, RDP
 * reads or writes it. Each IN and OUT is an exit; Sugerman et al. (USENIX 2001, 3.2) found that to be most of the cost of such a card.
 *
 * Descriptors of 16 bytes as with software style 2 (data sheet, CSR58): base u32, byte count as its negative u16, status u16 with
 * OWN, then for RX the message's length with its frame check sequence. Who has OWN has the descriptor. In CSR0's upper half are causes,
 * which writing 1 clears; INEA lets them interrupt, TDMD makes the device look at its TX ring within the exit.
 */
import {
  admit, bufferOf, countDoorbell, countTxBatch, deliver, entryOf, inject, Nic, NicQueue, rxOf, trapRead, trapWrite, txOf,
} from './nic';
import { HEADER_BYTES } from './frame';
import { Switch } from './switch';

// Ports, as they are counted.
export const RAP: u32 = 0;
export const RDP: u32 = 1;

export const TDMD: u32 = 0x0008;
export const INEA: u32 = 0x0040;
export const TINT: u32 = 0x0200;
export const RINT: u32 = 0x0400;
const INTR: u32 = 0x0080;
/** What writing 1 clears: BABL, CERR, MISS, MERR, RINT, TINT, IDON. */
const CAUSES: u32 = 0x7f00;

export const OWN: u32 = 0x8000;
export const WHOLE: u32 = 0x0300; // STP and ENP: one buffer, one frame
const COUNT_MASK: u32 = 0xfff;
export const FCS_BYTES: u32 = 4;

/** IN from a port. */
export function input(nic: Nic, port: u32): u32 {
  trapRead(nic, port);
  if (port == RAP) return nic.rap;
  if (nic.rap != 0) return 0;
  return nic.icr | ((nic.icr & CAUSES) != 0 ? INTR : 0);
}

/** OUT to a port. */
export function output(sw: Switch, nic: Nic, port: u32, value: u32): void {
  trapWrite(nic, port);
  if (port == RAP) {
    nic.rap = value & 0x7f;
    return;
  }
  if (nic.rap != 0) return;
  nic.icr = (nic.icr & ~(value & CAUSES) & ~INEA) | (value & INEA);
  if ((nic.icr & CAUSES) == 0 || (nic.icr & INEA) == 0) nic.pending = 0;
  if ((value & TDMD) != 0) {
    countDoorbell(nic, txOf(nic).isActive == 0);
    txOf(nic).isActive = 1;
    transmit(sw, nic);
  }
  assertLance(nic);
}

function assertLance(nic: Nic): void {
  if ((nic.icr & CAUSES) == 0 || (nic.icr & INEA) == 0 || nic.pending != 0) return;
  inject(nic, nic.icr & CAUSES);
}

function raise(nic: Nic, cause: u32): void {
  nic.icr |= cause;
  if ((nic.icr & INEA) == 0) nic.interruptsSuppressed++;
  else if (nic.pending != 0) nic.interruptsCoalesced++;
  else assertLance(nic);
}

// @ts-ignore: decorator
@inline
export function isOwned(q: NicQueue, cursor: u32): bool {
  return (<u32>atomic.load<u16>(entryOf(q, cursor), 6) & OWN) != 0;
}

export function transmit(sw: Switch, nic: Nic): void {
  const q = txOf(nic);
  const first = q.taken;
  while (isOwned(q, q.taken)) {
    const entry = entryOf(q, q.taken);
    if (!admit(sw, nic, <usize>load<u32>(entry) - HEADER_BYTES, (0 - <u32>load<u16>(entry, 4)) & COUNT_MASK)) break;
    atomic.store<u16>(entry, <u16>WHOLE, 6);
    q.taken++;
  }
  if (!isOwned(q, q.taken)) q.isActive = 0;
  if (q.taken == first) return;
  countTxBatch(nic, q.taken - first);
  raise(nic, TINT);
}

export function takeLance(sw: Switch, nic: Nic): void {
  if (txOf(nic).isActive) transmit(sw, nic);
}

export function hasLanceBuffer(nic: Nic): bool {
  return isOwned(rxOf(nic), rxOf(nic).taken);
}

export function fillLance(nic: Nic, descriptor: u64): void {
  const q = rxOf(nic);
  const entry = entryOf(q, q.taken);
  store<u32>(entry, deliver(nic, q, bufferOf(q, q.taken), descriptor) + FCS_BYTES, 8);
  atomic.store<u16>(entry, <u16>WHOLE, 6);
  q.taken++;
}

export function endLance(nic: Nic): void {
  raise(nic, RINT);
}

export function isLanceForgotten(nic: Nic): bool {
  return txOf(nic).isActive == 0 && isOwned(txOf(nic), txOf(nic).taken);
}
