/** What a switch needs in memory for its flow records. core/flows.ts draws it. */
import type { FlowSettings } from '../topology/flow-model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import { powerOfTwo, type Space } from './space.ts';

export interface PlannedFlows {
  readonly settings: FlowSettings;
  readonly address: number;
  readonly recordsAt: number;
  readonly buckets: number;
  readonly bucketsAt: number;
  readonly ringEntries: number;
  readonly ringAt: number;
  readonly heapAt: number;
  readonly keyAt: number;
}

/** A record's place in the heap by last use. */
const HEAP_BYTES = 16;
/** Records that may wait to be taken, at least: the table twice, and what one visit can end. */
const RING_MIN = 4096;

export function planFlows(space: Space, { flows: settings }: DraftSwitch): { readonly flowing?: PlannedFlows } {
  if (settings === undefined) return {};
  // A quarter of them at most have a record, so that nearly all of those have no other.
  const buckets = powerOfTwo(4 * settings.recordsMax);
  const ringEntries = powerOfTwo(Math.max(RING_MIN, 2 * settings.recordsMax));
  const flowing = {
    settings,
    address: space.reserve('flow records', L.FlowTable_BYTES),
    recordsAt: space.reserve('flow records', settings.recordsMax * L.FLOW_RECORD),
    buckets,
    bucketsAt: space.reserve('flow records', buckets * 4),
    ringEntries,
    ringAt: space.reserve('flow records', ringEntries * L.FLOW_RECORD),
    heapAt: space.reserve('flow records', settings.recordsMax * HEAP_BYTES),
    keyAt: space.reserve('flow records', L.FLOW_KEY),
  };
  return { flowing };
}
