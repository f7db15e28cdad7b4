/** Where a test bed's patterns, checks and probes stand (core/pattern.ts, core/check.ts). */
import type { PortName, Stream, Topology } from '../topology/model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import { align, type Space } from './space.ts';

export interface PlannedTests {
  /** A Check for each stream of the topology. */
  readonly checksAt: number;
  readonly probes: ReadonlyMap<PortName, PlannedProbe>;
  /** Broadcast streams that are counted, by number: each guest has a Check for each. */
  readonly groups: readonly number[];
}

export interface PlannedProbe {
  readonly probe: number;
  readonly histogram: number;
  readonly groups: number;
}

export interface PlannedPattern {
  readonly pattern: number;
  /** Of a mix; 0: a single size. */
  readonly steps: number;
  readonly templates: readonly number[];
}

/** null where nothing is measured. */
export function planTests(space: Space, drafts: readonly DraftSwitch[], { streams }: Topology): PlannedTests | null {
  if (!streams.some(({ test }) => test !== undefined)) return null;
  const groups = streams.flatMap(({ to, test }, i) => (to === 'broadcast' && test?.isLearning !== true ? [i] : []));
  const vnics = drafts.flatMap(({ ports }) => ports.filter(({ kind }) => kind === 'vnic'));
  return {
    checksAt: space.reserve('tests', streams.length * L.CHECK_STRIDE),
    probes: new Map(
      vnics.map(({ name }) => [
        name,
        {
          probe: space.reserve('tests', L.Probe_BYTES),
          histogram: space.reserve('tests', L.LATENCY_BUCKETS * 4),
          groups: groups.length === 0 ? 0 : space.reserve('tests', groups.length * L.CHECK_STRIDE),
        },
      ]),
    ),
    groups,
  };
}

export function planPattern(space: Space, { test }: Stream): PlannedPattern | null {
  if (test === undefined) return null;
  const isMix = test.sizes.length > 1;
  return {
    pattern: space.reserve('tests', L.Pattern_BYTES),
    steps: isMix ? space.reserve('tests', test.sizes.length * L.SizeStep_BYTES) : 0,
    templates: isMix ? test.sizes.map((size) => space.reserve('tests', align(size, 16))) : [],
  };
}
