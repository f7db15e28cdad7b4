/**
 * The words by which the control thread steers the workers, in the shared memory at `plan.controlAt`.
 *
 *     +0   command   RUN, PAUSE or STOP
 *     +8   writer    0, or 1 once nothing more will be captured
 *     +16  origin    u64, wall clock: monotonic time of internal time 0, ns
 *     +24  poll      1: workers never sleep on the wall clock (`busyPoll`)
 *     +252 thread    Node's number of the thread that writes captures
 *
 * How far the virtual clock may go stands in core/epoch.ts. Whoever changes a word rings the bells of the workers, for they may be asleep.
 */
import type { SharedMemory } from './memory.ts';

export const COMMAND = 0;
export const WRITER = 8;
export const ORIGIN = 16;
export const POLL = 24;
export const WRITER_THREAD = 252;

export const RUN = 0;
export const PAUSE = 1;
export const STOP = 2;

export const STATE_STARTING = 0;
export const STATE_RUNNING = 1;
export const STATE_PAUSED = 2;
export const STATE_WAITING = 3;
export const STATE_ENDED = 4;

/** What Worker.inHand says during a command: some switch or other. */
export const HAND_ANY = 1;

/** Wakes a worker, whatever it waits for; returns what its bell says now. `worker` is its address: its bell is the first word. */
export function ring(memory: SharedMemory, worker: number): number {
  const bell = Atomics.add(memory.words, memory.word(worker), 1) + 1;
  Atomics.notify(memory.words, memory.word(worker));
  return bell;
}
