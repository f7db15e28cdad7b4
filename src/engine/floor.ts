/** Up to when all of a network's workers have come: nothing that they capture from now on is of an earlier time. */
import { ORIGIN, STATE_ENDED, STATE_PAUSED } from './control.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';

export interface DrainOrder {
  /** Virtual clock: address of the time, u64 ns, before which all is over. */
  readonly floorAt: number;
  readonly controlAt: number;
  /** Wall clock: addresses of all workers; else none. */
  readonly workers: readonly number[];
  readonly epochNs: bigint;
  /** By interface: of the switches that see what comes in, and what goes out. */
  readonly islandsOf: readonly (readonly [incoming: number, outgoing: number])[];
  /** The ring with what commands have captured; -1: none. */
  readonly ofCommands: number;
}

/** Internal time, ns; to be asked for before the rings are looked at. */
export function floorOf(memory: SharedMemory, { floorAt, controlAt, workers }: DrainOrder): bigint {
  if (workers.length === 0) return memory.u64(floorAt);
  // Asked before it is known who rests: who goes on later looks at the clock after that.
  const now = process.hrtime.bigint();
  const origin = memory.u64(controlAt + ORIGIN);
  const word = (at: number) => Atomics.load(memory.words, memory.word(at));
  const times = workers.map((at) => {
    const state = word(at + L.Worker_state);
    // In a pause time stands still at what the worker says, and is that for all when they go on: the clock would run ahead of it.
    if (state === STATE_PAUSED) return memory.u64(at + L.Worker_now) + 1n;
    const rests = word(at + L.Worker_sleeping) === 1 || state === STATE_ENDED;
    return rests ? null : memory.u64(at + L.Worker_now);
  });
  // After a pause time begins later, which may have been said just now.
  const later = memory.u64(controlAt + ORIGIN);
  const rested = now - [origin, later].sort((a, b) => (a < b ? -1 : 1))[1]!;
  const reached = times.map((time) => time ?? rested);
  return reached.sort((a, b) => (a < b ? -1 : 1))[0]!;
}
