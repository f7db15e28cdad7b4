/**
 * What workers say of themselves, in the shared memory, and waiting until it changes.
 *
 *     control thread:  writes orders or posts a letter, rings        worker:  reads its bell, its orders, its mail; says what it does
 *
 * A worker says that it rests with the number of rings that it had heard (`Worker.heard`). If it was rung since, that word is from
 * before: it may just have read an order to go on, or be at its mail, and is waited for until it has said it again.
 */
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
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #addresses: readonly number[];
  /** By worker: where its state is, where it says what it has heard, and what its bell has said since it was rung last. */
  readonly #places: readonly number[];
  readonly #heard: readonly number[];
  readonly #rung: number[];

  constructor(memory: SharedMemory, plan: Plan) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#addresses = plan.workers.map(({ address }) => address);
    this.#places = plan.workers.map(({ address }) => memory.word(address + L.Worker_state));
    this.#heard = plan.workers.map(({ address }) => memory.word(address + L.Worker_heard));
    this.#rung = plan.workers.map(({ address }) => memory.u32(address + L.Worker_bell));
  }

  of(worker: number): number {
    return Atomics.load(this.#words, this.#places[worker]!);
  }

  set(worker: number, state: number): void {
    Atomics.store(this.#words, this.#places[worker]!, state);
  }

  /** Wakes a worker; what it said of itself before does not count any more. */
  ring(worker: number): void {
    this.#rung[worker] = C.ring(this.#memory, this.#addresses[worker]!);
  }

  /** Whether a worker is in one of these states, and knows all that it was rung for. */
  isIn(worker: number, states: readonly number[]): boolean {
    const state = this.of(worker);
    if (!states.includes(state)) return false;
    // Nobody who has ended hears a bell. Its count goes round after 2^32 rings.
    const heard = Atomics.load(this.#words, this.#heard[worker]!);
    return state === C.STATE_ENDED || ((heard - this.#rung[worker]!) | 0) >= 0;
  }

  /** Some worker may have changed its state. */
  async changed(): Promise<void> {
    const busy = this.#places.find((place) => Atomics.load(this.#words, place) === C.STATE_RUNNING);
    if (busy === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    else await waitAsync(this.#words, busy, C.STATE_RUNNING, POLL_MS).value;
  }
}

/**
 * Resolves once nothing that was captured waits any more for the thread that writes it, or when `isOver`. What goes to a pipe may wait
 * for its reader for ever, and cannot be called back anyway.
 */
export async function untilWritten(
  memory: SharedMemory,
  plan: Plan,
  files: readonly DrainFile[],
  isOver: () => boolean,
): Promise<void> {
  const waited = files.filter(({ kind }) => kind !== 'pipe');
  while (!isOver() && !isWritten(memory, waited)) {
    // It looks again when it is woken, whatever the word says.
    Atomics.notify(memory.words, memory.word(plan.controlAt + C.WRITER));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
