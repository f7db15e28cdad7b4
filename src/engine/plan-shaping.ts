/** What a switch needs in memory for shapers, and for queues in front of its wires (core/shaper.ts, core/scheduler.ts). */
import type { PortName, Topology } from '../topology/model.ts';
import { matchPorts } from '../topology/ports.ts';
import { type Bucket, otherShares, type Share } from '../topology/shaping-model.ts';
import type { DraftPort, DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import { powerOfTwo, type Space } from './space.ts';

export type Direction = 'in' | 'out';

export interface PlannedShaper {
  /** Place of its port in the switch. */
  readonly port: number;
  readonly direction: Direction;
  readonly address: number;
  /** null: off until an event sets it. */
  readonly bucket: Bucket | null;
  /** Place among the shapers that the switch waits for; null: it works where the port's cable begins. */
  readonly place: number | null;
}

export interface PlannedFlow {
  /** A port group, `others`, `PCP 5`, or `all`. */
  readonly name: string;
  readonly address: number;
  readonly entriesAt: number;
  readonly entries: number;
  readonly queueMax: number;
  readonly share: Omit<Share, 'portGroup'>;
  /** Shapers, 0: none. */
  readonly limitAt: number;
  readonly reservationAt: number;
}

export interface PlannedScheduler {
  readonly port: number;
  readonly address: number;
  readonly byPriority: boolean;
  readonly flows: readonly PlannedFlow[];
}

export interface PlannedShaping {
  readonly shapers: readonly PlannedShaper[];
  readonly schedulers: readonly PlannedScheduler[];
  /** A u32, and a u64, for each shaper that the switch waits for. */
  readonly listAt: number;
  readonly duesAt: number;
}

const QUEUE_DEFAULT = 1024;
const PRIORITIES = 8;

/** Ports whose shapers events change. */
export function shapedByEvents(topology: Topology): ReadonlyMap<PortName, ReadonlySet<Direction>> {
  const ports = new Map<PortName, Set<Direction>>();
  for (const { action } of topology.events) {
    if (!('shape' in action)) continue;
    for (const port of matchPorts(topology, action.shape.port)) {
      const directions = ports.get(port) ?? new Set();
      for (const direction of ['in', 'out'] as const)
        if (action.shape[direction] !== undefined) directions.add(direction);
      ports.set(port, directions);
    }
  }
  return ports;
}

/** Blocks of a capture that shapers and queues may write at one instant beside what a visit does; each frame in up to four. */
export function shapedBlocks(drafts: readonly DraftSwitch[], topology: Topology, burst: number): number {
  const isShaped =
    topology.events.some(({ action }) => 'shape' in action) ||
    drafts.some(({ ports }) => ports.some(({ shaping }) => shaping !== undefined));
  if (!isShaped) return 0;
  const ports = Math.max(...drafts.map((draft) => draft.ports.length));
  return 4 * (L.SHAPED_AT_ONCE * ports + L.QUEUED_AT_ONCE * burst);
}

/** Frames that may wait in a switch's queues. */
export function waitingMost(shaping: PlannedShaping | null): number {
  const flows = shaping?.schedulers.flatMap((scheduler) => scheduler.flows) ?? [];
  return flows.reduce((sum, { queueMax }) => sum + queueMax, 0);
}

/** Null where nothing is shaped. */
export function planShaping(
  space: Space,
  draft: DraftSwitch,
  topology: Topology,
  byEvents: ReadonlyMap<PortName, ReadonlySet<Direction>>,
): PlannedShaping | null {
  const shapers: PlannedShaper[] = [];
  const schedulers: PlannedScheduler[] = [];
  let waited = 0;
  const shaper = () => space.reserve('shapers', L.Shaper_BYTES);
  draft.ports.forEach((port, number) => {
    const { shaping } = port;
    const isAsked = (direction: Direction) =>
      shaping?.[direction] !== undefined || byEvents.get(port.name)?.has(direction) === true;
    const hasQueues = shaping?.strict === true || shaping?.shares !== undefined;
    if (isAsked('in')) {
      const place = port.kind === 'vnic' ? waited++ : null;
      shapers.push({ port: number, direction: 'in', address: shaper(), bucket: shaping?.in ?? null, place });
    }
    if (isAsked('out') || hasQueues) {
      shapers.push({
        port: number,
        direction: 'out',
        address: shaper(),
        bucket: shaping?.out ?? null,
        place: waited++,
      });
      if (port.kind !== 'vnic') schedulers.push(planScheduler(space, port, number, topology));
    }
  });
  if (shapers.length === 0) return null;
  return {
    shapers,
    schedulers,
    listAt: space.reserve('lists', waited * 4),
    duesAt: space.reserve('lists', waited * 8),
  };
}

function planScheduler(space: Space, port: DraftPort, number: number, topology: Topology): PlannedScheduler {
  const link = topology.links.find(({ a, b }) => a === port.name || b === port.name);
  const queueMax = link?.queueFrames ?? QUEUE_DEFAULT;
  const entries = powerOfTwo(queueMax);
  const byPriority = port.shaping?.strict === true;
  const wanted = flowsOf(port);
  // The core walks the flows as one array.
  const flowsAt = space.reserve('queues of uplinks', wanted.length * L.Flow_BYTES);
  const flows = wanted.map(
    ([name, share], i): PlannedFlow => ({
      name,
      share,
      address: flowsAt + i * L.Flow_BYTES,
      entriesAt: space.reserve('queues of uplinks', entries * 16),
      entries,
      queueMax,
      limitAt: share.limitBps === null ? 0 : space.reserve('shapers', L.Shaper_BYTES),
      reservationAt: share.reservationBps === null ? 0 : space.reserve('shapers', L.Shaper_BYTES),
    }),
  );
  return { port: number, address: space.reserve('queues of uplinks', L.Scheduler_BYTES), byPriority, flows };
}

/** The first of a vSwitch's is of all port groups that have no share. */
function flowsOf({ shaping }: DraftPort): [string, Omit<Share, 'portGroup'>][] {
  if (shaping?.strict === true) {
    return Array.from({ length: PRIORITIES }, (_, priority) => [`PCP ${priority}`, { ...otherShares, priority }]);
  }
  const shares = shaping?.shares ?? [];
  if (shares.length === 0) return [['all', otherShares]];
  return [
    ['others', otherShares],
    ...shares.map(({ portGroup, ...share }): [string, typeof share] => [portGroup, share]),
  ];
}
