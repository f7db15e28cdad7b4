/** The library: build a network from a topology, run it, look into it. */

export { AttachError } from './attach/message.ts';
export { type Offer, offerCaptures } from './attach/server.ts';
export { FilterError } from './capture/filter.ts';
export {
  type CapturedFrame,
  type CapturedInterface,
  CaptureError,
  readCapture,
  readCaptureBytes,
} from './capture/read.ts';
export { firstTimeNs, type ReplayInput, type ReplayOptions, type ReplayResult, replay } from './endpoints/replay.ts';
export { OutputError } from './engine/capture-file.ts';
export { type DiffOptions, diff } from './engine/diff.ts';
export type { ExplainedCheck, ExplainedCopy, Explanation } from './engine/explain.ts';
export type { LiveCapture, LiveRequest, LiveWrite } from './engine/live-capture.ts';
export { Network } from './engine/network.ts';
export { type HistoryOptions, NetworkError, type NetworkOptions, type RestoreOptions } from './engine/options.ts';
export { PlanError } from './engine/plan.ts';
export { Snapshot } from './engine/snapshot.ts';
export { SnapshotError } from './engine/snapshot-file.ts';
export type { WireChange } from './engine/wire-change.ts';
export type { Difference } from './telemetry/difference.ts';
export { CHECKS, type Row, VERDICTS } from './telemetry/generated/verdicts.ts';
export type * from './telemetry/report.ts';
export type * from './topology/change-model.ts';
export { loadTopology, parseTopology, TopologyError, topologyFrom } from './topology/load.ts';
export type * from './topology/model.ts';
export { topologyJsonSchema } from './topology/schema.ts';
