/**
 * The pool: one long piscina task for each worker, one for the writer of captures. A task holds any number of hosts, and
 * runs until the control words say stop; aborting is for emergencies only.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type CommandBody, decodeDone, encodeCommand } from './command.ts';
import { COMMAND, ring, STATE_ENDED, STATE_PAUSED, STATE_WAITING, WRITER } from './control.ts';
import { coreModule } from './core.ts';
import type { DrainFile, DrainResult } from './drain.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import type { Task } from './task.ts';

const isSource = import.meta.url.endsWith('.ts');
const filename = new URL(isSource ? './boot.mjs' : './task.js', import.meta.url).href;
const POLL_MS = 1;

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

  /** Resolves once every worker is paused, waits for a new target, or has ended. */
  async settled(): Promise<void> {
    const states = [STATE_PAUSED, STATE_WAITING, STATE_ENDED];
    const isSettled = ({ address }: { address: number }) =>
      states.includes(Atomics.load(this.#memory.words, this.#memory.word(address + L.Worker_state)));
    while (this.failure === null && !this.#plan.workers.every(isSettled)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    if (this.failure !== null) throw this.failure;
  }

  /** The workers are paused: resolves once all that they have captured is in its files. */
  async written(): Promise<void> {
    const { words } = this.#memory;
    const word = (at: number) => Atomics.load(words, this.#memory.word(at));
    const rings = this.#plan.captures.flatMap((capture) => capture.rings.map(({ address }) => address));
    const isEmpty = (at: number) =>
      word(at + L.CaptureRing_head) === word(at + L.CaptureRing_tail) || word(at + L.CaptureRing_closed) === 1;
    while (this.failure === null && !rings.every(isEmpty)) {
      // It looks again when it is woken, whatever the word says.
      Atomics.notify(words, this.#memory.word(this.#plan.controlAt + WRITER));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    if (this.failure !== null) throw this.failure;
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
