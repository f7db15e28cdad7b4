/** Lets frames enter the emulated world at the ports that were planned for it, in order of time at each. */
import type { PortName } from '../topology/model.ts';
import type { Core } from './core.ts';
import type { SharedMemory } from './memory.ts';
import { NetworkError, TIME_NS_MAX } from './options.ts';
import type { Plan } from './plan.ts';
import { INJECT_BYTES_MAX } from './plan-capture.ts';

export interface InjectorState {
  /** Frames that have entered so far. */
  readonly injected: bigint;
  /** When the latest one enters, by port. */
  readonly lastInjectedNs: Readonly<Record<PortName, bigint>>;
}

export class Injector {
  readonly #core: Core;
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  #injected = 0n;
  #lastNs = new Map<PortName, bigint>();

  constructor(core: Core, memory: SharedMemory, plan: Plan) {
    this.#core = core;
    this.#memory = memory;
    this.#plan = plan;
  }

  get state(): InjectorState {
    return { injected: this.#injected, lastInjectedNs: Object.fromEntries(this.#lastNs) };
  }

  set state({ injected, lastInjectedNs }: InjectorState) {
    this.#injected = injected;
    this.#lastNs = new Map(Object.entries(lastInjectedNs));
  }

  /** Throws NetworkError for what cannot enter; false when the port's queue is full. */
  inject(name: PortName, bytes: Uint8Array, atNs: bigint): boolean {
    const wire = this.#plan.injectAt.get(name);
    if (wire === undefined) throw new NetworkError(`frames can be injected at ${name} only if it is named in injectAt`);
    assertLength(bytes);
    if (atNs > TIME_NS_MAX) throw new NetworkError(`a frame at ${atNs} ns is later than the clock goes, 52 days`);
    const before = this.#lastNs.get(name) ?? 0n;
    if (atNs < before) {
      throw new NetworkError(`a frame at ${atNs} ns cannot enter at ${name}, where one at ${before} ns is ahead of it`);
    }
    const { injectPoolAt, stagingAt } = this.#plan;
    this.#memory.bytes.set(bytes, stagingAt);
    const id = this.#injected + 1n;
    if (this.#core.inject(wire.address, injectPoolAt, stagingAt, bytes.length, id, atNs) === 0) return false;
    this.#injected = id;
    this.#lastNs.set(name, atNs);
    return true;
  }
}

/** Throws NetworkError for a frame that is longer than any memory is planned for. */
export function assertLength(bytes: Uint8Array): void {
  if (bytes.length > INJECT_BYTES_MAX)
    throw new NetworkError(
      `a frame of ${bytes.length} bytes is more than ${INJECT_BYTES_MAX}, the most that can enter`,
    );
}
