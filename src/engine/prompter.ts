/**
 * Has done what stands on the agenda, when it is time: on the virtual clock while nobody moves the network, after everything
 * earlier and before any frame at that instant; on the wall clock by a timer of the control thread.
 */
import type { Agenda } from './agenda.ts';
import type { CommandBody } from './command.ts';
import { RUN_BUDGET, RUN_DONE, RUN_TIGHT } from './core.ts';
import type { Hands } from './hands.ts';
import { NEVER } from './in-memory.ts';
import type { PlannedSwitch } from './plan.ts';

/** How often conditions are looked at on the wall clock. */
const LOOK_MS = 2;
const SLEEP_MS_MAX = 1_000_000;

export type Send = (sw: PlannedSwitch, body: CommandBody) => Promise<boolean>;

export class Prompter {
  readonly #agenda: Agenda;
  readonly #hands: Hands;
  #timer: NodeJS.Timeout | undefined;
  #isActing = false;
  #isOver = false;
  #armAgain: (() => void) | null = null;

  constructor(agenda: Agenda, hands: Hands) {
    this.#agenda = agenda;
    this.#hands = hands;
  }

  /** Virtual clock: when something happens or conditions are looked at next; NEVER: not at all. Nobody may be moving the network. */
  nextNs(): bigint {
    return this.#agenda.nextNs(this.#hands.nowNs, () => this.#hands.nextTurnNs);
  }

  /** Virtual clock: what happens at `ns`, which everything earlier has been moved before. False: nothing. */
  happen(ns: bigint): boolean {
    const before = this.#agenda.count;
    for (const { deeds, done } of this.#agenda.due(ns)) {
      this.#hands.setNow(ns);
      for (const { body } of deeds) this.#hands.carryOut(body);
      done(ns);
    }
    if (this.#agenda.count === before) return false;
    this.#hands.fitCells();
    return true;
  }

  /** Virtual clock in this thread: moves to an instant with `moveTo`, which gives RUN_*, and has happen what is to on the way. */
  move(untilNs: bigint, moveTo: (ns: bigint) => number): number {
    for (let eventNs = this.nextNs(); eventNs <= untilNs; eventNs = this.nextNs()) {
      const status = eventNs === 0n ? RUN_DONE : moveTo(eventNs - 1n);
      if (status !== RUN_DONE) return status;
      this.happen(eventNs);
    }
    return moveTo(untilNs);
  }

  /** The same with pool threads, which rest at each event; `reach` gives false when they have been stopped. */
  async moveThreads(untilNs: bigint, reach: (ns: bigint) => Promise<boolean>): Promise<void> {
    for (let eventNs = this.nextNs(); eventNs <= untilNs; eventNs = this.nextNs()) {
      if (eventNs > this.#hands.nowNs && !(await reach(eventNs - 1n))) return;
      this.happen(eventNs);
    }
    await reach(untilNs);
  }

  /**
   * Stepping: has the next event happen if it comes before the next frame or with it. RUN_DONE: it does not; RUN_BUDGET: it has
   * happened; RUN_TIGHT: captures have no room. A step ends within an instant, and that comes to its end first.
   */
  meet(): number {
    for (let eventNs = this.#nextMet(); eventNs !== NEVER; eventNs = this.#nextMet()) {
      if (eventNs > 0n && this.#hands.run(eventNs - 1n, 1) === RUN_TIGHT) return RUN_TIGHT;
      if (this.happen(eventNs)) return RUN_BUDGET;
    }
    return RUN_DONE;
  }

  #nextMet(): bigint {
    const eventNs = this.nextNs();
    return eventNs <= this.#hands.nextTurnNs ? eventNs : NEVER;
  }

  /** Wall clock: a timer until the next event, or the next look at the conditions. */
  arm(nowNs: () => bigint, send: Send): void {
    this.disarm();
    if (this.#isOver) return;
    const next = this.#agenda.nextTimedNs;
    if (next === NEVER && !this.#agenda.isLooking) return;
    const ms = Math.min(SLEEP_MS_MAX, Math.max(0, Number(next - nowNs()) / 1e6));
    // While something is done that other things depend on, nothing else is looked at.
    if (this.#isActing) {
      this.#armAgain = () => this.arm(nowNs, send);
      return;
    }
    const act = async () => {
      this.#isActing = true;
      this.#armAgain = () => this.arm(nowNs, send);
      for (const { deeds, done, isLate } of this.#agenda.due(nowNs(), true)) {
        // Who has died says so itself.
        const sent = Promise.all(deeds.map(({ sw, body }) => send(sw, body))).then(
          () => done(nowNs()),
          () => {},
        );
        if (isLate) await sent;
      }
      this.#isActing = false;
      this.#armAgain?.();
    };
    this.#timer = setTimeout(act, this.#agenda.isLooking ? Math.min(LOOK_MS, ms) : ms).unref();
  }

  disarm(): void {
    clearTimeout(this.#timer);
    this.#armAgain = null;
  }

  /** Nothing happens any more, whatever comes onto the agenda while the network stops. */
  end(): void {
    this.disarm();
    this.#isOver = true;
  }
}
