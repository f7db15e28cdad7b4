/** Reads a network card's counters from the shared memory. */
import type { NicReport, PerUnit } from '../telemetry/nic.ts';
import type { CardModel } from '../topology/nic-model.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedNic } from './plan-nic.ts';

/** By number, as the core's nic-*.ts count them. */
const REGISTERS: Readonly<Record<CardModel, readonly string[]>> = {
  virtio: ['notify tx', 'notify rx'],
  vmxnet3: ['TXPROD', 'IMR'],
  e1000: ['ICR', 'IMS', 'IMC', 'TDT', 'RDT', 'STATUS'],
  lance: ['RAP', 'RDP'],
};
const MEGABYTE = 1e6;

export function nicReport(m: SharedMemory, { card, address: at }: PlannedNic): NicReport {
  const count = (field: number): number => m.count(at + field);
  const registers = REGISTERS[card.model]
    .map((register, i) => ({
      register,
      reads: count(L.Nic_BYTES + 16 * i),
      writes: count(L.Nic_BYTES + 16 * i + 8),
    }))
    .filter(({ reads, writes }) => reads + writes > 0);
  const batch = (batches: number, frames: number, greatest: number) => ({
    count: batches,
    greatest,
    average: batches === 0 ? 0 : frames / batches,
  });
  const counts = {
    traps: registers.reduce((sum, { reads, writes }) => sum + reads + writes, 0),
    doorbells: count(L.Nic_doorbells),
    interrupts: count(L.Nic_interrupts),
    copies: count(L.Nic_copies),
    bytesCopied: count(L.Nic_bytesCopied),
  };
  const txFrames = count(L.Nic_txFrames);
  const rxFrames = count(L.Nic_rxFrames);
  const per = (units: number): PerUnit => {
    const share = (n: number): number | null => (units === 0 ? null : n / units);
    return {
      traps: share(counts.traps),
      doorbells: share(counts.doorbells),
      interrupts: share(counts.interrupts),
      copies: share(counts.copies),
      bytesCopied: share(counts.bytesCopied),
    };
  };
  return {
    model: card.model,
    ...counts,
    registers,
    doorbellsSuppressed: count(L.Nic_doorbellsSuppressed),
    doorbellsSpurious: count(L.Nic_doorbellsSpurious),
    interruptsSuppressed: count(L.Nic_interruptsSuppressed),
    interruptsCoalesced: count(L.Nic_interruptsCoalesced),
    missedWakeups: count(L.Nic_missedWakeups),
    descriptors: count(L.Nic_descriptors),
    txFrames,
    rxFrames,
    txBatch: batch(count(L.Nic_txBatches), txFrames, m.u32(at + L.Nic_txBatchMost)),
    rxBatch: batch(count(L.Nic_rxBatches), rxFrames, m.u32(at + L.Nic_rxBatchMost)),
    ringFull: count(L.Nic_stops),
    starved: count(L.Nic_starved),
    rxWaits: count(L.Nic_rxWaits),
    polls: count(L.Nic_polls),
    resets: count(L.Nic_resets),
    perFrame: per(txFrames + rxFrames),
    perMegabyte: per(counts.bytesCopied / MEGABYTE),
  };
}
