/** How two states differ, in words: networks as they are now, or snapshots. */
import { type Difference, differences, type Facts } from '../telemetry/difference.ts';
import { Observer } from './observe.ts';
import type { Readable } from './snapshot.ts';
import { Snapshot } from './snapshot.ts';

export interface DiffOptions {
  /** Tell of MAC entries, too, that differ in nothing but their age. */
  readonly ages?: boolean;
}

/** What differs in `b` from `a`, by place: time, MAC tables, links, teams, queues, guests, streams, counters. */
export function diff(a: Readable | Snapshot, b: Readable | Snapshot, options: DiffOptions = {}): Difference[] {
  return differences(factsOf(a), factsOf(b), options.ages === true);
}

function factsOf(of: Readable | Snapshot): Facts {
  const { topology, plan, memory, nowNs } = of instanceof Snapshot ? of.unpack() : of;
  const observer = new Observer(memory, plan, topology);
  return {
    timeNs: nowNs,
    switches: plan.switches.map((sw) => observer.switch(sw)),
    streams: observer.streams(),
    queues: observer.queues(),
  };
}
