/** Virtual clock: moves a network in the calling thread, with what stands on its agenda. */
import type { Agenda } from './agenda.ts';
import { RUN_BUDGET, RUN_DONE, RUN_TIGHT } from './core.ts';
import type { Hands } from './hands.ts';
import { NEVER } from './in-memory.ts';
import type { Prompter } from './prompter.ts';

const STEPS_AT_ONCE = 100_000;

export class Stepper {
  readonly #hands: Hands;
  readonly #prompter: Prompter;
  readonly #agenda: Agenda;
  readonly #drain: () => void;

  constructor(hands: Hands, prompter: Prompter, agenda: Agenda, drain: () => void) {
    this.#hands = hands;
    this.#prompter = prompter;
    this.#agenda = agenda;
    this.#drain = drain;
  }

  /**
   * Runs what is due at or before `untilNs`, up to `budget` frames; with NEVER in the order of time, and then it stands at the last frame.
   * True when nothing is due any more.
   */
  run(untilNs: bigint, budget: number): boolean {
    const stop = this.#hands.position + budget;
    const status = untilNs === NEVER ? this.#stepTo(stop) : this.#runTo(untilNs, stop);
    this.#drain();
    return status === RUN_DONE;
  }

  #runTo(untilNs: bigint, stop: number): number {
    return this.#prompter.move(untilNs, (ns) => {
      let reached = RUN_TIGHT;
      while (reached !== RUN_DONE && this.#hands.position < stop)
        reached = this.#emptied(this.#hands.run(ns, Math.min(stop - this.#hands.position, STEPS_AT_ONCE)));
      // Who has used up his budget is not to see what stands on the agenda next.
      return this.#hands.position < stop ? reached : RUN_BUDGET;
    });
  }

  #stepTo(stop: number): number {
    let status = RUN_BUDGET;
    while (status !== RUN_DONE && this.#hands.position < stop)
      status = this.meet() ? RUN_BUDGET : this.#emptied(this.step(stop - this.#hands.position));
    return status;
  }

  /** Up to `budget` frames in the order of time, but none behind an event; gives RUN_*. */
  step(budget: number): number {
    const eventNs = this.#agenda.isOver ? NEVER : this.#prompter.nextNs();
    if (eventNs === NEVER) return this.#hands.step(NEVER, Math.min(budget, STEPS_AT_ONCE));
    // At an event all workers rest.
    const status = this.#hands.step(eventNs - 1n, 1);
    return status === RUN_DONE ? RUN_BUDGET : status;
  }

  /** Has the next event happen if it comes before the next frame or with it. */
  meet(): boolean {
    let met = this.#prompter.meet();
    for (; met === RUN_TIGHT; met = this.#prompter.meet()) this.#drain();
    return met === RUN_BUDGET;
  }

  #emptied(status: number): number {
    if (status === RUN_TIGHT) this.#drain();
    return status;
  }
}
