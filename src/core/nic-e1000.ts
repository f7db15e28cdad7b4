/**
 * The device side of an Intel 82540EM (e1000): registers in front, legacy descriptors in the guest's memory (Intel, PCI/PCI-X Family of
 * Gigabit Ethernet Controllers Software Developer's Manual, 3.2.3 and 3.3.3):
 *
 *     RX   addr u64, length u16, checksum u16, status u8 (DD, EOP), errors u8, special u16
 *     TX   addr u64, length u16, cso u8, cmd u8 (EOP, IFCS, RS, IDE), status u8 (DD), css u8, special u16
 *
 * TDT/TDH and RDT/RDH are indices; equal ones mean a ring without descriptors for the device, so that one always stays empty. Each
 * access to a register is an exit. Writing TDT sends within the exit, and reading ICR clears it, both as in QEMU's hw/net/e1000.c, of
 * which the mitigation is, too: after an interrupt none comes for the least of ITR, TADV (frames with IDE) and RADV that is
 * set, at least 500 times 256 ns.
 */
import { admit, bufferOf, countDoorbell, countTxBatch, deliver, entryOf, inject, Nic, rxOf, trapRead, trapWrite, txOf } from './nic';
import { HEADER_BYTES } from './frame';
import { NEVER, Switch } from './switch';

// Registers, as they are counted.
export const ICR: u32 = 0;
export const IMS: u32 = 1;
export const IMC: u32 = 2;
export const TDT: u32 = 3;
export const RDT: u32 = 4;
export const STATUS: u32 = 5;

// Interrupt causes, 13.4.17.
export const TXDW: u32 = 0x01;
const TXQE: u32 = 0x02;
const RXO: u32 = 0x40;
export const RXT0: u32 = 0x80;

export const DESCRIPTOR_DONE: u32 = 1;
const END_OF_PACKET: u32 = 2;
const REPORT_STATUS: u32 = 8;
const INTERRUPT_DELAY: u32 = 0x80;
/** Full duplex, link up, 1,000 Mbit/s. */
const STATUS_UP: u32 = 0x83;
/** The hardware leaves the frame check sequence in the length; its octets are not in the buffer. */
export const FCS_BYTES: u32 = 4;
const UNIT_NS: u64 = 256;
/** Of TADV and RADV, in units of ITR. */
const ABSOLUTE: u32 = 4;
const DELAY_MIN: u32 = 500;

export function readRegister(nic: Nic, register: u32): u32 {
  trapRead(nic, register);
  if (register == STATUS) return STATUS_UP;
  if (register != ICR) return 0;
  const icr = nic.icr;
  nic.icr = 0;
  nic.pending = 0;
  nic.irqDue = NEVER;
  return icr;
}

export function writeRegister(sw: Switch, nic: Nic, register: u32, value: u32): void {
  trapWrite(nic, register);
  if (register == TDT) {
    countDoorbell(nic, nic.tdh == nic.tdt);
    nic.tdt = value & txOf(nic).mask;
    txOf(nic).isActive = 1;
    transmit(sw, nic);
  } else if (register == RDT) {
    nic.rdt = value & rxOf(nic).mask;
  } else if (register == IMS) {
    nic.ims |= value;
    assertE1000(sw, nic);
  } else if (register == IMC) {
    nic.ims &= ~value;
    nic.pending = 0;
    nic.irqDue = NEVER;
  }
}

/** Works out the interrupt line: at once, or when the time of distance is over. */
export function assertE1000(sw: Switch, nic: Nic): void {
  if ((nic.icr & nic.ims) == 0 || nic.pending != 0) return;
  if (nic.isMitigated && sw.now < nic.quietUntil) {
    nic.irqDue = nic.quietUntil;
    return;
  }
  nic.irqDue = NEVER;
  if (nic.isMitigated) nic.quietUntil = sw.now + <u64>distance(nic) * UNIT_NS;
  inject(nic, nic.icr & nic.ims);
}

/** Time to the next interrupt, 256 ns: QEMU's set_interrupt_cause. */
function distance(nic: Nic): u32 {
  let least: u32 = nic.itr;
  const causes = nic.icr;
  if ((causes & (TXDW | TXQE)) != 0 && nic.tadv != 0) least = least == 0 ? nic.tadv * ABSOLUTE : min(least, nic.tadv * ABSOLUTE);
  if ((causes & RXT0) != 0 && nic.radv != 0) least = least == 0 ? nic.radv * ABSOLUTE : min(least, nic.radv * ABSOLUTE);
  return max(least, DELAY_MIN);
}

function raise(sw: Switch, nic: Nic, cause: u32): void {
  nic.icr |= cause;
  if ((cause & nic.ims) == 0) {
    nic.interruptsSuppressed++;
    return;
  }
  if (nic.pending != 0 || nic.irqDue != NEVER) {
    nic.interruptsCoalesced++;
    return;
  }
  assertE1000(sw, nic);
  if (nic.pending == 0) nic.interruptsCoalesced++;
}

/** Sends what stands between TDH and TDT, as far as the port has room. */
export function transmit(sw: Switch, nic: Nic): void {
  const q = txOf(nic);
  const first = q.taken;
  let reports: u32 = 0;
  while (nic.tdh != nic.tdt) {
    const entry = entryOf(q, nic.tdh);
    if (!admit(sw, nic, <usize>load<u64>(entry) - HEADER_BYTES, load<u16>(entry, 8))) break;
    const command = load<u8>(entry, 11);
    reports |= command;
    if ((command & REPORT_STATUS) != 0) store<u8>(entry, <u8>DESCRIPTOR_DONE, 12);
    nic.tdh = (nic.tdh + 1) & q.mask;
    q.taken++;
  }
  if (nic.tdh == nic.tdt) q.isActive = 0;
  if (q.taken == first) return;
  countTxBatch(nic, q.taken - first);
  raise(sw, nic, ((reports & REPORT_STATUS) != 0 ? TXDW : 0) | (q.isActive ? 0 : TXQE));
}

/** The command of each of the driver's descriptors: one frame each, with frame check sequence and status. */
export function commandOf(nic: Nic): u32 {
  return 1 | 2 | REPORT_STATUS | (nic.tadv != 0 ? INTERRUPT_DELAY : 0);
}

export function takeE1000(sw: Switch, nic: Nic): void {
  if (txOf(nic).isActive) transmit(sw, nic);
}

export function hasE1000Buffer(nic: Nic): bool {
  if (nic.rdh != nic.rdt) return true;
  // Told once: the driver polls anyway.
  if ((nic.icr & RXO) == 0) nic.icr |= RXO;
  return false;
}

export function fillE1000(nic: Nic, descriptor: u64): void {
  const q = rxOf(nic);
  const entry = entryOf(q, nic.rdh);
  const length = deliver(nic, q, bufferOf(q, nic.rdh), descriptor);
  store<u16>(entry, <u16>(length + FCS_BYTES), 8);
  atomic.store<u8>(entry, <u8>(DESCRIPTOR_DONE | END_OF_PACKET), 12);
  nic.rdh = (nic.rdh + 1) & q.mask;
  q.taken++;
}

export function endE1000(sw: Switch, nic: Nic): void {
  raise(sw, nic, RXT0);
}
