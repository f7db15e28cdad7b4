/** Writes the tables of a switch's flow records. */
import * as L from './generated/layout.ts';
import { NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './plan.ts';

export function fillFlows(m: SharedMemory, { address, flowing }: PlannedSwitch): void {
  if (flowing === undefined) return;
  const { settings, address: at, recordsAt, buckets, bucketsAt, ringEntries, ringAt, heapAt, keyAt } = flowing;
  m.setU32(address + L.Switch_flows, at);
  m.setU64(address + L.Switch_flowDue, NEVER);
  m.setU32(at + L.FlowTable_records, recordsAt);
  m.setU32(at + L.FlowTable_recordsMax, settings.recordsMax);
  m.setU32(at + L.FlowTable_buckets, bucketsAt);
  m.setU32(at + L.FlowTable_bucketMask, buckets - 1);
  m.setU32(at + L.FlowTable_heap, heapAt);
  m.setU32(at + L.FlowTable_sample, settings.sample);
  m.setU32(at + L.FlowTable_key, keyAt);
  m.setU64(at + L.FlowTable_idleNs, BigInt(settings.idleNs));
  m.setU64(at + L.FlowTable_activeNs, BigInt(settings.activeNs));
  m.setU32(at + L.FlowTable_ring, ringAt);
  m.setU32(at + L.FlowTable_ringMask, ringEntries - 1);
}
