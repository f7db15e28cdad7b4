/** Where captures are written in memory: a byte ring for each file and worker, a capture point for each port. */
import type { CaptureRequest, PortName } from '../topology/model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import { powerOfTwo, type Space } from './space.ts';

export interface PlannedCapture {
  readonly request: CaptureRequest;
  /** One ring for each worker that has one of the ports. */
  readonly rings: readonly {
    readonly address: number;
    readonly bufferAt: number;
    readonly bytes: number;
    readonly worker: number;
  }[];
  readonly points: readonly {
    readonly address: number;
    readonly port: PortName;
    readonly ring: number;
    readonly interfaceId: number;
  }[];
}

export interface CaptureOptions {
  readonly injectAt: readonly PortName[];
  readonly captures: readonly CaptureRequest[];
  readonly burst: number;
  readonly virtual: boolean;
}

/** Longest frame that can be injected, bytes: beyond any MTU, so that giants can be shown to be dropped. */
export const INJECT_BYTES_MAX = 131_072 - 64;
const CAPTURE_RING_MIN = 4 * 1024 * 1024;
const CAPTURE_RING_SMALL = 64 * 1024;
const BLOCK_OVERHEAD = 64;

export function planCaptures(
  space: Space,
  drafts: readonly DraftSwitch[],
  workerOf: readonly number[],
  options: CaptureOptions,
): { planned: PlannedCapture[]; reserve: number } {
  const home = new Map(drafts.flatMap((d, i) => d.ports.map((p) => [p.name, { worker: workerOf[i]!, draft: d }])));
  let reserve = 0;
  const planned = options.captures.map((request): PlannedCapture => {
    const workers = [...new Set(request.ports.map((name) => home.get(name)!.worker))].sort((a, b) => a - b);
    const watched = new Set(request.ports);
    const perFrame = Math.max(...drafts.map((d) => 1 + d.ports.filter((p) => watched.has(p.name)).length));
    const longest = Math.max(...drafts.map((d) => d.mtu)) + 22;
    const kept = request.snapLength === 0 ? longest : Math.min(request.snapLength, longest);
    const arriving = request.snapLength === 0 && options.injectAt.length > 0 ? INJECT_BYTES_MAX : kept;
    const visit = options.burst * (arriving + BLOCK_OVERHEAD + (perFrame - 1) * (kept + BLOCK_OVERHEAD));
    reserve = Math.max(reserve, visit);
    const floor = options.captures.length > 8 ? CAPTURE_RING_SMALL : CAPTURE_RING_MIN;
    const bytes = powerOfTwo(Math.max(floor, options.virtual ? 2 * visit : 0));
    const rings = workers.map((worker) => ({
      address: space.reserve('captures', L.CaptureRing_BYTES),
      bufferAt: space.reserve('captures', bytes + INJECT_BYTES_MAX + BLOCK_OVERHEAD),
      bytes,
      worker,
    }));
    const points = request.ports.map((port, interfaceId) => ({
      address: space.reserve('captures', L.CapturePoint_BYTES),
      port,
      ring: rings[workers.indexOf(home.get(port)!.worker)]!.address,
      interfaceId,
    }));
    return { request, rings, points };
  });
  return { planned, reserve };
}
