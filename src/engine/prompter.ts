/**
 * Has done what stands on the agenda, when it is time: in this thread between two frames, in pool threads by commands that
 * carry the instant, on the wall clock by a timer of the control thread.
 */
import type { Agenda } from './agenda.ts';
import { type CommandBody, carryOut } from './command.ts';
import { type Core, RUN_DONE } from './core.ts';
import * as L from './generated/layout.ts';
import { NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedSwitch } from './plan.ts';

/** How often conditions are looked at on the wall clock. */
const LOOK_MS = 2;
const SLEEP_MS_MAX = 1_000_000;

export type Send = (sw: PlannedSwitch, body: CommandBody) => Promise<boolean>;

export class Prompter {
  readonly #agenda: Agenda;
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #core: Core;
  #timer: NodeJS.Timeout | undefined;

  constructor(agenda: Agenda, memory: SharedMemory, plan: Plan, core: Core) {
    this.#agenda = agenda;
    this.#memory = memory;
    this.#plan = plan;
    this.#core = core;
  }

  /** When a frame or a timer is next, ns; NEVER: none. Nobody may be moving the network meanwhile. */
  nextFrameNs(): bigint {
    let soonest = NEVER;
    for (const { address } of this.#plan.workers) {
      const next = BigInt.asUintN(64, this.#core.nextWork(address, true));
      if (next < soonest) soonest = next;
    }
    return soonest;
  }

  /** Virtual clock: when something happens or conditions are looked at next; NEVER: not at all. As nextFrameNs. */
  nextNs(): bigint {
    return this.#agenda.nextNs(this.#nowNs(), () => this.nextFrameNs());
  }

  #nowNs(): bigint {
    return this.#memory.u64(this.#plan.workers[0]!.address + L.Worker_now);
  }

  /** Virtual clock in this thread: what happens at `ns`, which everything earlier has been moved before. False: nothing. */
  happen(ns: bigint): boolean {
    const before = this.#agenda.count;
    const deeds = this.#agenda.due(ns);
    if (this.#agenda.count === before) return false;
    for (const { address } of this.#plan.workers) {
      if (this.#memory.u64(address + L.Worker_now) < ns) this.#core.setTime(address, ns);
    }
    for (const { body } of deeds) carryOut(this.#core, body);
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

  /** The same with pool threads; `reach` gives false when they have been stopped. */
  async moveThreads(untilNs: bigint, reach: (ns: bigint) => Promise<boolean>, send: Send): Promise<void> {
    for (let eventNs = this.nextNs(); eventNs <= untilNs; eventNs = this.nextNs()) {
      if (eventNs > this.#nowNs() && !(await reach(eventNs - 1n))) return;
      await this.#tell(eventNs, send);
    }
    await reach(untilNs);
  }

  /** Stepping: has the next event happen if it comes before the next frame or with it; false: it does not. */
  meet(): boolean {
    for (let eventNs = this.#nextMet(); eventNs !== NEVER; eventNs = this.#nextMet())
      if (this.happen(eventNs)) return true;
    return false;
  }

  /** The same with pool threads that pause. */
  async meetThreads(send: Send): Promise<boolean> {
    for (let eventNs = this.#nextMet(); eventNs !== NEVER; eventNs = this.#nextMet())
      if (await this.#tell(eventNs, send)) return true;
    return false;
  }

  #nextMet(): bigint {
    const eventNs = this.nextNs();
    return eventNs <= this.nextFrameNs() ? eventNs : NEVER;
  }

  /** What happens at `ns`, while pool threads wait at the instant before. */
  async #tell(ns: bigint, send: Send): Promise<boolean> {
    const before = this.#agenda.count;
    const deeds = this.#agenda.due(ns);
    const done = deeds.map(({ sw, body }) => {
      const workerAddress = this.#plan.workers[sw.worker]!.address;
      return send(sw, { ...body, instant: { workerAddress, atNs: Number(ns) } });
    });
    await Promise.all(done);
    return this.#agenda.count > before;
  }

  /** Wall clock: a timer until the next event, or the next look at the conditions. */
  arm(nowNs: () => bigint, send: Send): void {
    this.disarm();
    const next = this.#agenda.nextTimedNs;
    if (next === NEVER && !this.#agenda.isLooking) return;
    const ms = Math.min(SLEEP_MS_MAX, Math.max(0, Number(next - nowNs()) / 1e6));
    const act = () => {
      // Who has died says so itself.
      for (const { sw, body } of this.#agenda.due(nowNs(), true)) send(sw, body).catch(() => {});
      this.arm(nowNs, send);
    };
    this.#timer = setTimeout(act, this.#agenda.isLooking ? Math.min(LOOK_MS, ms) : ms).unref();
  }

  disarm(): void {
    clearTimeout(this.#timer);
  }
}
