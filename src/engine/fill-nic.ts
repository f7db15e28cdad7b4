/** Writes network cards into memory, and puts the guests that have one among those that the clock asks. */
import { enlist } from './enlist.ts';
import * as L from './generated/layout.ts';
import { NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import type { PlannedNic, PlannedNicQueue } from './plan-nic.ts';

const MODEL = { virtio: 1, vmxnet3: 2, e1000: 3, lance: 4 } as const;
const SUPPRESS = { none: 0, flags: 1, 'event-idx': 2 } as const;

/** After the streams: a guest that has some has its place already. */
export function fillNics(m: SharedMemory, plan: Plan): void {
  for (const sw of plan.switches) {
    for (const { guest, nic } of sw.ports) {
      if (nic === undefined) continue;
      m.setU32(guest + L.Guest_nic, nic.address);
      fillNic(m, nic, guest);
      enlist(m, sw, guest);
    }
  }
}

function fillNic(m: SharedMemory, { card, address: at, tx, rx, bufferBytes }: PlannedNic, guest: number): void {
  m.setU32(at + L.Nic_model, MODEL[card.model]);
  m.setU32(at + L.Nic_guest, guest);
  m.setU32(at + L.Nic_tx, tx.address);
  m.setU32(at + L.Nic_rx, rx.address);
  m.setU64(at + L.Nic_irqDue, NEVER);
  m.setU64(at + L.Nic_retryDue, NEVER);
  for (const queue of [tx, rx]) fillQueue(m, queue, card.ring, bufferBytes);
  if (card.model === 'virtio') m.setU32(at + L.Nic_suppress, SUPPRESS[card.suppress]);
  if (card.model === 'virtio' || card.model === 'e1000') m.setU32(at + L.Nic_batch, card.batch);
  if (card.model === 'vmxnet3') m.setU32(at + L.Nic_batch, card.txThreshold);
  if (card.model !== 'e1000' || card.mitigation === null) return;
  m.setU32(at + L.Nic_isMitigated, 1);
  m.setU32(at + L.Nic_itr, card.mitigation.itr);
  m.setU32(at + L.Nic_tadv, card.mitigation.tadv);
  m.setU32(at + L.Nic_radv, card.mitigation.radv);
}

function fillQueue(m: SharedMemory, queue: PlannedNicQueue, ring: number, bufferBytes: number): void {
  const { address: at, table, avail, used, buffers } = queue;
  m.setU32(at + L.NicQueue_table, table);
  m.setU32(at + L.NicQueue_avail, avail);
  m.setU32(at + L.NicQueue_used, used);
  m.setU32(at + L.NicQueue_mask, ring - 1);
  m.setU32(at + L.NicQueue_buffers, buffers);
  m.setU32(at + L.NicQueue_bufferBytes, bufferBytes);
}
