/** What workers say of themselves, in the shared memory, and waiting until it changes. */
import * as C from './control.ts';
import { type DrainFile, isWritten } from './drain.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';

/** Something may have changed that nobody tells of. */
const POLL_MS = 2;
export const SETTLED = [C.STATE_PAUSED, C.STATE_WAITING, C.STATE_ENDED];
/** Virtual clock: nobody moves, and nobody will before `runUntil`. */
export const RESTING = [C.STATE_WAITING, C.STATE_ENDED];

/** Not yet in the types for ES2023; in Node since 16. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(words: Int32Array, at: number, value: number, ms: number): { readonly value: Promise<string> | string };
};

export class States {
  readonly #words: Int32Array;
  /** By worker. */
  readonly #places: readonly number[];

  constructor(memory: SharedMemory, plan: Plan) {
    this.#words = memory.words;
    this.#places = plan.workers.map(({ address }) => memory.word(address + L.Worker_state));
  }

  of(worker: number): number {
    return Atomics.load(this.#words, this.#places[worker]!);
  }

  set(worker: number, state: number): void {
    Atomics.store(this.#words, this.#places[worker]!, state);
  }

  /** What a worker said of itself does not count any more. */
  forgetRest(worker: number): void {
    for (const state of [C.STATE_PAUSED, C.STATE_WAITING])
      Atomics.compareExchange(this.#words, this.#places[worker]!, state, C.STATE_RUNNING);
  }

  /** Some worker may have changed its state. */
  async changed(): Promise<void> {
    const busy = this.#places.find((place) => Atomics.load(this.#words, place) === C.STATE_RUNNING);
    if (busy === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    else await waitAsync(this.#words, busy, C.STATE_RUNNING, POLL_MS).value;
  }
}

/** Resolves once nothing that was captured waits any more for the thread that writes it, or when `isOver`. */
export async function untilWritten(
  memory: SharedMemory,
  plan: Plan,
  files: readonly DrainFile[],
  isOver: () => boolean,
): Promise<void> {
  while (!isOver() && !isWritten(memory, files)) {
    // It looks again when it is woken, whatever the word says.
    Atomics.notify(memory.words, memory.word(plan.controlAt + C.WRITER));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
