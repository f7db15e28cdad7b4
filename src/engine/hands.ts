/** Virtual clock: moves a network in the calling thread, worker by worker where it has several, as the pool's threads would. */
import { Aside } from './aside.ts';
import { type CommandBody, carryOut } from './command.ts';
import { type Core, RUN_DONE, RUN_WAIT } from './core.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import { cellNsOf } from './placement.ts';
import type { Plan } from './plan.ts';

export class Hands {
  readonly #core: Core;
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #aside: Aside;
  #turn = 0;

  constructor(core: Core, memory: SharedMemory, plan: Plan) {
    this.#core = core;
    this.#memory = memory;
    this.#plan = plan;
    this.#aside = new Aside(memory, plan);
  }

  /** Carries a command out while nobody moves. */
  carryOut(body: CommandBody): boolean {
    return this.#aside.during(body, () => carryOut(this.#core, body));
  }

  /** Frames moved since the start, and one for each time that timers or guests were seen to. */
  get position(): number {
    return this.#plan.workers.reduce((sum, { address }) => sum + this.#memory.count(address + L.Worker_rounds), 0);
  }

  /** Internal time, ns. */
  get nowNs(): bigint {
    return sorted(this.#plan.workers.map(({ address }) => this.#memory.u64(address + L.Worker_now))).at(-1)!;
  }

  /** When something is due next, ns; NEVER when nothing is on its way. Probes and LACP, which never end, are none. */
  get nextEventNs(): bigint {
    return this.#next(false);
  }

  /** The same with all that switches do of themselves. */
  get nextTurnNs(): bigint {
    return this.#next(true);
  }

  #next(withPeriodic: boolean): bigint {
    const { workers } = this.#plan;
    return sorted(workers.map(({ address }) => BigInt.asUintN(64, this.#core.nextWork(address, withPeriodic))))[0]!;
  }

  /** All workers stand at `ns`, unless they are past it; nothing may be due before. */
  setNow(ns: bigint): void {
    for (const { address } of this.#plan.workers)
      if (this.#memory.u64(address + L.Worker_now) < ns) this.#core.setTime(address, ns);
  }

  /** Nothing is on its way before the last target, and every worker stands there. */
  get isAtRest(): boolean {
    const { epochsAt } = this.#plan;
    return this.#memory.u32(epochsAt + L.Epochs_rest) === this.#memory.u32(epochsAt + L.Epochs_generation);
  }

  /** Length of a cell of time, ns; 0: nothing joins two islands. */
  get cellNs(): bigint {
    return this.#memory.u64(this.#plan.epochsAt + L.Epochs_cellNs);
  }

  /** Delays of cables may have changed: cells are as long as they allow. */
  fitCells(): void {
    const { wires, ports } = this.#plan;
    const between = wires.filter(
      ({ link }) => link !== null && ports.get(link.a)!.sw.island !== ports.get(link.b)!.sw.island,
    );
    const cellNs = BigInt(cellNsOf(between.map(({ address }) => this.#memory.count(address + L.Wire_delayNs))));
    if (cellNs !== this.cellNs && this.isAtRest) this.#core.setCells(this.#plan.epochsAt, this.nowNs, cellNs);
  }

  /** Up to `budget` frames at or before `untilNs`, each worker's strictly in the order of time. */
  step(untilNs: bigint, budget: number): number {
    const words = this.#plan.workers.map(({ address }) => address + L.Worker_inOrder);
    const before = words.map((at) => this.#memory.u32(at));
    for (const at of words) this.#memory.setU32(at, 1);
    const status = this.run(untilNs, budget);
    for (const [i, at] of words.entries()) this.#memory.setU32(at, before[i]!);
    return status;
  }

  /** Runs what is due at or before `untilNs`, up to `budget` frames; returns RUN_DONE, RUN_TIGHT or RUN_BUDGET. */
  run(untilNs: bigint, budget: number): number {
    const { workers, epochsAt } = this.#plan;
    if (workers.length === 1) return this.#core.runVirtual(workers[0]!.address, untilNs, BigInt(budget));
    const stop = this.position + budget;
    this.#core.go(epochsAt, untilNs);
    for (let done = 0; done < workers.length; this.#turn++) {
      const { address } = workers[this.#turn % workers.length]!;
      const status = this.#core.runEpochs(address, BigInt(stop - this.position), false);
      if (status === RUN_DONE) done++;
      else if (status !== RUN_WAIT) return status;
    }
    return RUN_DONE;
  }
}

function sorted(times: bigint[]): bigint[] {
  return times.sort((a, b) => (a < b ? -1 : 1));
}
