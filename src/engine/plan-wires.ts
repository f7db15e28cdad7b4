/**
 * What wires take: each direction of a cable its ring, the departures of its queue and, where frames may be reordered, a
 * lane for those that are held back; and a ring for each port at which frames are injected.
 *
 * A ring holds more than the queue. On the virtual clock an entry counts as taken only when it has been due for longer than
 * the delay (core/wire.ts), so there is room for two delays of the shortest frames. That is address space: a page of it
 * costs memory once a frame has been there.
 */
import type { Link, PortName, Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import { powerOfTwo, type Space } from './space.ts';

export interface PlannedWire {
  readonly address: number;
  readonly entriesAt: number;
  readonly entries: number;
  /** null: frames are injected here. */
  readonly link: Link | null;
  /** null: frames are injected here, or it is a lane. */
  readonly from: PortName | null;
  readonly to: PortName;
  /** Directions of cables are numbered through; a lane has its wire's number. */
  readonly number: number;
  /** A u64 for each frame that may wait, and how many that is; 0 where nothing waits. */
  readonly departuresAt: number;
  readonly departures: number;
  /** Of a wire its lane, of a lane its wire; 0: there is none. */
  readonly pairedWith: number;
  readonly isLane: boolean;
}

const INJECT_ENTRIES = 1024;
/** Frames on their way between two ends for which there is room, at the most: 4 ms of the shortest ones at 10 Gb/s. */
const ON_THE_WAY_MAX = 131_072;
/** A frame of 64 bytes with preamble and gap. */
const SHORTEST_BITS = 672;
/** Frames beyond the sum: what is just due, or is just leaving. */
const SPARE = 2;

export function planWires(space: Space, topology: Topology, injectAt: readonly PortName[]): PlannedWire[] {
  const links = topology.links.flatMap((link, i) => [
    ...direction(space, link, link.a, link.b, 2 * i),
    ...direction(space, link, link.b, link.a, 2 * i + 1),
  ]);
  const injected = injectAt.map((to): PlannedWire => {
    const ring = planRing(space, INJECT_ENTRIES);
    return {
      ...ring,
      link: null,
      from: null,
      to,
      number: -1,
      departuresAt: 0,
      departures: 0,
      pairedWith: 0,
      isLane: false,
    };
  });
  return [...links, ...injected];
}

function direction(space: Space, link: Link, from: PortName, to: PortName, number: number): PlannedWire[] {
  const { impairments: { reorder, jitterNs } = { reorder: null, jitterNs: 0 }, queueFrames } = link;
  const ring = planRing(space, framesOf(link, queueFrames, jitterNs));
  const departures = powerOfTwo(queueFrames);
  const departuresAt = space.reserve('wires', departures * 8);
  const common = { link, to, number, isLane: false };
  if (reorder === null) return [{ ...ring, ...common, from, departuresAt, departures, pairedWith: 0 }];
  const lane = planRing(space, framesOf(link, 0, jitterNs + reorder.byNs));
  return [
    { ...ring, ...common, from, departuresAt, departures, pairedWith: lane.address },
    { ...lane, ...common, from: null, departuresAt: 0, departures: 0, pairedWith: ring.address, isLane: true },
  ];
}

/** Frames that the ring of a wire may have to hold. Without a rate, those of two delays' time are no more than two queues. */
function framesOf({ rateBps, delayNs, queueFrames }: Link, waiting: number, extraNs: number): number {
  if (rateBps === null) return delayNs + extraNs === 0 ? queueFrames : 2 * queueFrames;
  const onTheWay = (2 * delayNs + extraNs) / ((SHORTEST_BITS * 1e9) / rateBps);
  return waiting + SPARE + Math.min(ON_THE_WAY_MAX, Math.ceil(onTheWay));
}

function planRing(space: Space, frames: number): { address: number; entriesAt: number; entries: number } {
  const entries = powerOfTwo(frames);
  return { address: space.reserve('wires', L.Wire_BYTES), entriesAt: space.reserve('wires', entries * 16), entries };
}
