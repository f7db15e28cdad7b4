/** Where captures are written that are attached while the network runs: for each place a ring for every worker, and every point there is. */
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import {
  BLOCK_OVERHEAD,
  CAPTURE_RING_MIN,
  dropBytesOf,
  INJECT_BYTES_MAX,
  marginOf,
  type PlannedRing,
  planRing,
  turnBytes,
  withCommands,
} from './plan-capture.ts';
import { powerOfTwo, type Space } from './space.ts';

export interface PlannedLive {
  readonly rings: readonly PlannedRing[];
  /** For each switch in turn its drops, then each port's wire and inside. */
  readonly pointsAt: number;
  /** By worker. */
  readonly filters: readonly { readonly address: number; readonly roomAt: number }[];
}

export interface LiveOptions {
  readonly live?: number;
  readonly workers: number;
  readonly burst: number;
  readonly virtual: boolean;
  readonly injectAt: readonly string[];
}

/** Most instructions of a filter that is given while the network runs. */
export const INSTRUCTIONS_MAX = 8192;
const FILTER_BYTES = 16 + 8 * INSTRUCTIONS_MAX;
/** On the virtual clock a ring holds what a visit can write; a network whose visits write more cannot be looked at live there. */
const RING_MOST = 32 * 1024 * 1024;

export function planLive(
  space: Space,
  drafts: readonly DraftSwitch[],
  { live = 0, workers, burst, virtual, injectAt }: LiveOptions,
  shapedBlocks: number,
): PlannedLive[] {
  if (live === 0) return [];
  const longest = Math.max(...drafts.map((d) => d.mtu)) + 26;
  const block = BLOCK_OVERHEAD + dropBytesOf(drafts);
  const arriving = injectAt.length > 0 ? INJECT_BYTES_MAX : longest;
  const places = Math.max(...drafts.map(({ ports }) => 3 * ports.length));
  const burstBytes = burst * (3 * (arriving + block) + places * (longest + block));
  const visit = virtual ? Math.max(burstBytes, turnBytes(drafts, places, block)) + shapedBlocks * (longest + block) : 0;
  const bytes = powerOfTwo(Math.max(CAPTURE_RING_MIN, 2 * visit));
  if (bytes > RING_MOST) return [];
  const margin = marginOf(drafts);
  const points = drafts.reduce((sum, { ports }) => sum + 1 + 2 * ports.length, 0);
  const writers = withCommands([...Array(workers).keys()], virtual);
  return Array.from({ length: live }, () => ({
    rings: writers.map((worker) => planRing(space, worker, { bytes, margin, reserve: visit })),
    pointsAt: space.reserve('captures', points * L.CapturePoint_BYTES),
    filters: Array.from({ length: workers }, () => ({
      address: space.reserve('captures', FILTER_BYTES),
      roomAt: space.reserve('captures', INJECT_BYTES_MAX + 64),
    })),
  }));
}
