/**
 * The pool: one long piscina task for each worker, one for the writer of captures. A task holds any number of hosts, and
 * runs until the control words say stop; aborting is for emergencies only.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type CommandBody, decodeDone, encodeCommand } from './command.ts';
import { COMMAND, ring, STATE_ENDED, STATE_PAUSED, STATE_WAITING, STOP, WRITER } from './control.ts';
import { type Core, coreModule } from './core.ts';
import type { DrainFile, DrainResult } from './drain.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import type { Task } from './task.ts';

const isSource = import.meta.url.endsWith('.ts');
const filename = new URL(isSource ? './boot.mjs' : './task.js', import.meta.url).href;
const LOOK_MS = 50;
const SETTLED = [STATE_PAUSED, STATE_WAITING, STATE_ENDED];
/** Virtual clock: nobody moves, and nobody will before `runUntil`. */
export const RESTING = [STATE_WAITING, STATE_ENDED];

/** Not yet in the types for ES2023; in Node since 16. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(words: Int32Array, at: number, value: number, ms: number): { readonly value: Promise<string> | string };
};

interface Pending {
  readonly resolve: (ok: boolean) => void;
  readonly reject: (error: Error) => void;
}

export class Threads {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #pool: Piscina<Task, unknown>;
  readonly #ports: MessagePort[] = [];
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<unknown>;
  readonly #written: Promise<DrainResult[]>;
  #sequence = 0;
  #target = 0n;
  /** The first worker's death, if one died: the run has failed. */
  failure: Error | null = null;

  constructor(memory: SharedMemory, plan: Plan, clock: 'wall' | 'virtual', files: readonly DrainFile[]) {
    this.#memory = memory;
    this.#plan = plan;
    const threads = plan.workers.length + (files.length > 0 ? 1 : 0);
    this.#pool = new Piscina<Task, unknown>({
      filename,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
    });
    const tasks = plan.workers.map(({ address }) => {
      const { port1, port2 } = new MessageChannel();
      this.#ports.push(port1);
      port1.on('message', (letter: Uint8Array) => this.#answered(letter));
      const task = {
        memory: memory.memory,
        module: coreModule(),
        controlAt: plan.controlAt,
        workerAt: address,
        clock,
        port: port2,
      };
      return this.#pool.run({ kind: 'worker', task }, { transferList: [port2] });
    });
    for (const task of tasks) task.catch((error: Error) => this.#failed(error));
    this.#ended = Promise.allSettled(tasks);
    const task = { memory: memory.memory, controlAt: plan.controlAt, files };
    this.#written =
      files.length > 0 ? (this.#pool.run({ kind: 'writer', task }) as Promise<DrainResult[]>) : Promise.resolve([]);
    this.#written.catch((error: Error) => this.#failed(error));
  }

  command(value: number): void {
    Atomics.store(this.#memory.words, this.#memory.word(this.#plan.controlAt + COMMAND), value);
    this.ringAll();
  }

  ringAll(): void {
    for (const { address } of this.#plan.workers) ring(this.#memory, address);
    // Who waits for other workers sleeps there.
    ring(this.#memory, this.#plan.epochsAt);
  }

  /** Sends a command to the worker that moves a switch; resolves with whether it could be carried out. */
  send(worker: number, body: CommandBody): Promise<boolean> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const sequence = ++this.#sequence;
    const done = new Promise<boolean>((resolve, reject) => this.#pending.set(sequence, { resolve, reject }));
    this.#ports[worker]!.postMessage(encodeCommand(sequence, body));
    const { address } = this.#plan.workers[worker]!;
    Atomics.add(this.#memory.words, this.#memory.word(address + L.Worker_mail), 1);
    ring(this.#memory, address);
    return done;
  }

  /** Virtual clock: lets the workers go on to `targetNs`; resolves once all of them rest there, with false when they were stopped. */
  async runUntil(core: Core, targetNs: bigint): Promise<boolean> {
    const { epochsAt } = this.#plan;
    this.#target = targetNs;
    core.go(epochsAt, targetNs);
    this.ringAll();
    const [rest, generation] = [L.Epochs_rest, L.Epochs_generation].map((field) => this.#memory.word(epochsAt + field));
    const isOver = () =>
      Atomics.load(this.#memory.words, rest!) === Atomics.load(this.#memory.words, generation!) ||
      this.#memory.u32(this.#plan.controlAt + COMMAND) === STOP;
    while (this.failure === null && !isOver()) await this.#changed(RESTING);
    await this.settled(RESTING);
    return this.#memory.u32(this.#plan.controlAt + COMMAND) !== STOP;
  }

  /** Virtual clock, paused: after steps, the workers shall not go further than they were asked to. */
  keepTarget(core: Core): void {
    core.go(this.#plan.epochsAt, this.#target);
  }

  /** Resolves once every worker is paused, rests at its target, or has ended; or is in another of `states`. */
  async settled(states: readonly number[] = SETTLED): Promise<void> {
    while (this.failure === null && this.#busy(states) !== null) await this.#changed(states);
    if (this.failure !== null) throw this.failure;
  }

  /** The state of a worker that is in none of `states`, if there is one: where it stands, and what it is. */
  #busy(states: readonly number[]): { word: number; state: number } | null {
    for (const { address } of this.#plan.workers) {
      const word = this.#memory.word(address + L.Worker_state);
      const state = Atomics.load(this.#memory.words, word);
      if (!states.includes(state)) return { word, state };
    }
    return null;
  }

  /** Resolves when a worker may have changed its state, or after a while. */
  async #changed(states: readonly number[]): Promise<void> {
    const busy = this.#busy(states);
    if (busy === null) await new Promise((resolve) => setImmediate(resolve));
    else await waitAsync(this.#memory.words, busy.word, busy.state, LOOK_MS).value;
  }

  /** Waits for the workers, then for the last captured byte; the command STOP has been given. */
  async join(): Promise<DrainResult[]> {
    await this.#ended;
    const over = this.#memory.word(this.#plan.controlAt + WRITER);
    Atomics.store(this.#memory.words, over, 1);
    Atomics.notify(this.#memory.words, over);
    const written = await this.#written.catch(() => []);
    for (const port of this.#ports) port.close();
    await this.#pool.close({ force: true });
    return written;
  }

  #answered(letter: Uint8Array): void {
    const { sequence, ok } = decodeDone(letter);
    this.#pending.get(sequence)?.resolve(ok);
    this.#pending.delete(sequence);
  }

  #failed(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
