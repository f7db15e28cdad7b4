/**
 * What of a network's memory is no state of the network: a snapshot does not take it, a restore leaves it as it is.
 *
 * `skipped`, whole ranges whose content says nothing: buffers of captures (a snapshot is taken when they have been emptied), the place
 * where frames to be injected are put down, frame slots that were never used. `kept`, words that belong to those who move the
 * memory, who may be living threads: commands, bells, states and signs of life, cursors and time base of captures.
 */

import * as L from './generated/layout.ts';
import { PAGE_BYTES } from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import { CONTROL_WORDS, type Plan } from './plan.ts';
import { INJECT_BYTES_MAX } from './plan-capture.ts';

export interface Range {
  readonly at: number;
  readonly end: number;
}

export interface Bounds {
  readonly skipped: readonly Range[];
  readonly kept: readonly Range[];
}

const WORKER_WORDS: readonly (readonly [field: number, bytes: number])[] = [
  [L.Worker_bell, 4],
  [L.Worker_sleeping, 4],
  [L.Worker_mail, 4],
  [L.Worker_state, 4],
  [L.Worker_idleNs, 8],
  [L.Worker_inHand, 4],
  [L.Worker_beat, 4],
  [L.Worker_thread, 4],
  [L.Worker_heard, 4],
  [L.Worker_inOrder, 4],
];
const EPOCH_WORDS: readonly (readonly [field: number, bytes: number])[] = [
  [L.Epochs_turn, 4],
  [L.Epochs_halted, 4],
  [L.Epochs_spins, 4],
];
const CAPTURE_WORDS: readonly (readonly [field: number, bytes: number])[] = [
  [L.CaptureRing_head, 4],
  [L.CaptureRing_headNext, 4],
  [L.CaptureRing_tailSeen, 4],
  [L.CaptureRing_tail, 4],
  [L.CaptureRing_closed, 4],
  [L.CaptureRing_epochNs, 8],
  [L.CaptureRing_movedBefore, 8],
  [L.CaptureRing_gone, 4],
];

/** Both by address, none across the end of a page where it is kept. */
export function boundsOf(memory: SharedMemory, plan: Plan): Bounds {
  const rings = [...plan.captures, ...plan.live].flatMap((capture) => capture.rings);
  const pools = [
    { at: plan.injectPoolAt, classes: plan.injectClasses },
    ...plan.switches.map((sw) => ({ at: sw.poolAt, classes: sw.poolClasses })),
  ];
  const skipped = [
    { at: plan.stagingAt, end: plan.stagingAt + INJECT_BYTES_MAX },
    ...rings.map(({ bufferAt, bytes }) => ({ at: bufferAt, end: bufferAt + bytes + plan.captureMargin })),
    ...pools.flatMap(({ at, classes }) =>
      classes.map(({ end }, i) => ({ at: memory.u32(at + i * L.PoolClass_BYTES + L.PoolClass_fresh), end })),
    ),
  ];
  const words = (address: number, fields: typeof WORKER_WORDS) =>
    fields.map(([field, bytes]) => ({ at: address + field, end: address + field + bytes }));
  const kept = [
    ...pieces({ at: plan.controlAt, end: plan.controlAt + CONTROL_WORDS * 4 }),
    ...plan.workers.flatMap(({ address }) => words(address, WORKER_WORDS)),
    ...words(plan.epochsAt, EPOCH_WORDS),
    ...rings.flatMap(({ address }) => words(address, CAPTURE_WORDS)),
  ];
  return { skipped: skipped.sort(byAddress), kept: kept.sort(byAddress) };
}

const byAddress = (a: Range, b: Range): number => a.at - b.at;

/** A range cut where pages end. */
function pieces({ at, end }: Range): Range[] {
  const pageEnd = (Math.floor(at / PAGE_BYTES) + 1) * PAGE_BYTES;
  return end <= pageEnd ? [{ at, end }] : [{ at, end: pageEnd }, ...pieces({ at: pageEnd, end })];
}
