/**
 * The pool: one long piscina task for each worker, one for the writer of captures, and a spare thread. A task holds any number of
 * hosts, and runs until the control words say stop.
 *
 * A worker's death is not the end of the run. The others are halted between two bursts, what the dead one left is put right in the
 * memory (rescue.ts), and its task begins anew in the spare thread, which is warm; then all go on. A thread that gives no sign
 * of life is ended, and that is a death like any other. Frames of the others are held up for some milliseconds, none is lost.
 */
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { DeathReport, IsolatedReport } from '../telemetry/report.ts';
import { Answers, stoppedBefore } from './answers.ts';
import { type CommandBody, encodeCommand } from './command.ts';
import * as C from './control.ts';
import { type Core, coreModule } from './core.ts';
import { closeRings, type DrainFile, type DrainResult } from './drain.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import { Blame, causeOf, hung, isolate, keepIsolated, type Loss, listSwitches, repairWorker } from './rescue.ts';
import { RESTING, SETTLED, States, untilWritten } from './settle.ts';
import type { Task } from './task.ts';

const isSource = import.meta.url.endsWith('.ts');
const filename = new URL(isSource ? './boot.mjs' : './task.js', import.meta.url).href;
/** Between two looks at the workers' signs of life. */
const LOOK_MS = 250;
/** A spare thread is started when the others have had their start, so that it does not slow them. */
const SPARE_AFTER_MS = 200;

/** One worker of the plan, whichever thread runs it. */
interface Hand {
  port: MessagePort;
  readonly answers: Answers;
  beat: number;
  silentLooks: number;
  isEnded: boolean;
  restarts: number;
}

export interface ThreadsOptions {
  readonly clock: 'wall' | 'virtual';
  readonly files: readonly DrainFile[];
  /** The control thread's own, for repairs. */
  readonly core: Core;
  readonly hangMs: number;
  /** Time in the network, s. */
  readonly seconds: () => number;
}

export class Threads {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #options: ThreadsOptions;
  readonly #pool: Piscina<Task, unknown>;
  readonly #hands: Hand[];
  readonly #ended: Promise<void>;
  #allEnded: () => void = () => {};
  readonly #written: Promise<DrainResult[]>;
  readonly #watch: NodeJS.Timeout;
  readonly #blame = new Blame();
  readonly #states: States;
  #sequence = 0;
  #target = 0n;
  /** What the word COMMAND says when no rescue is under way. */
  #asked = C.PAUSE;
  #losses: Loss[] = [];
  #isRescuing = false;
  #isSpareReady = false;
  readonly #hung = new Set<number>();
  /** Resolved once those that were begun anew have begun. */
  readonly #beginnings: Promise<void>[] = [];
  readonly deaths: DeathReport[] = [];
  readonly isolated: IsolatedReport[] = [];
  /** A death that nothing could be done about: the run has failed. */
  failure: Error | null = null;

  constructor(memory: SharedMemory, plan: Plan, options: ThreadsOptions) {
    this.#memory = memory;
    this.#plan = plan;
    this.#states = new States(memory, plan);
    this.#options = options;
    const { files } = options;
    const threads = plan.workers.length + (files.length > 0 ? 1 : 0);
    this.#pool = new Piscina<Task, unknown>({
      filename,
      minThreads: threads,
      maxThreads: threads + 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      // A file that the writer has opened gets its statistics when the writer has ended.
      trackUnmanagedFds: false,
    });
    this.#ended = new Promise((resolve) => {
      this.#allEnded = resolve;
    });
    this.#hands = plan.workers.map((_, worker) => this.#begin(worker));
    const task = { memory: memory.memory, controlAt: plan.controlAt, files };
    this.#written =
      files.length > 0 ? (this.#pool.run({ kind: 'writer', task }) as Promise<DrainResult[]>) : Promise.resolve([]);
    // Without their writer the captures end, and not the run: what would be captured from now on is counted as lost.
    this.#written.catch(() => {
      for (const file of files) closeRings(memory, file);
    });
    this.#watch = setInterval(() => this.#look(), LOOK_MS).unref();
    setTimeout(() => this.#warmSpare(), SPARE_AFTER_MS).unref();
  }

  #word(at: number): number {
    return this.#memory.word(at);
  }

  #begin(worker: number): Hand {
    const { port1, port2 } = new MessageChannel();
    const { address } = this.#plan.workers[worker]!;
    const hand = { port: port1, answers: new Answers(), beat: 0, silentLooks: 0, isEnded: false, restarts: 0 };
    this.#run(worker, address, port1, port2);
    return hand;
  }

  #run(worker: number, workerAt: number, port: MessagePort, far: MessagePort): void {
    port.on('message', (letter: Uint8Array) => this.#hands[worker]!.answers.take(letter));
    const { memory, controlAt } = { memory: this.#memory.memory, controlAt: this.#plan.controlAt };
    const task = { memory, module: coreModule(), controlAt, workerAt, clock: this.#options.clock, port: far };
    this.#pool.run({ kind: 'worker', task }, { transferList: [far] }).then(
      () => this.#end(worker),
      (error: Error) => this.#died(worker, error),
    );
  }

  #end(worker: number): void {
    this.#hands[worker]!.isEnded = true;
    if (this.#hands.every(({ isEnded }) => isEnded)) this.#allEnded();
  }

  /** Boots a thread beside those that work, unless there is one: all others are busy, so that it is what runs this task. */
  #warmSpare(): void {
    this.#isSpareReady = false;
    if (this.#asked === C.STOP) return;
    const isReady = () => {
      this.#isSpareReady = true;
    };
    this.#pool.run({ kind: 'spare' }).then(isReady, () => {});
  }

  command(value: number): void {
    this.#asked = value;
    if (!this.#isRescuing) this.#tell(value);
  }

  #tell(value: number): void {
    const { words } = this.#memory;
    Atomics.store(words, this.#word(this.#plan.epochsAt + L.Epochs_halted), value === C.RUN ? 0 : 1);
    Atomics.store(words, this.#word(this.#plan.controlAt + C.COMMAND), value);
    this.ringAll();
  }

  ringAll(): void {
    for (const worker of this.#plan.workers.keys()) this.#states.ring(worker);
    // Who waits for other workers sleeps there.
    C.ring(this.#memory, this.#plan.epochsAt);
  }

  /** Sends a command to the worker that moves a switch; resolves with whether it could be carried out. */
  send(worker: number, body: CommandBody): Promise<boolean> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.#asked === C.STOP) return Promise.reject(stoppedBefore());
    const sequence = ++this.#sequence;
    const done = this.#hands[worker]!.answers.expect(sequence, body);
    this.#post(worker, sequence, body);
    return done;
  }

  #post(worker: number, sequence: number, body: CommandBody): void {
    const { address } = this.#plan.workers[worker]!;
    this.#hands[worker]!.port.postMessage(encodeCommand(sequence, body));
    Atomics.add(this.#memory.words, this.#word(address + L.Worker_mail), 1);
    this.#states.ring(worker);
  }

  /** Virtual clock: lets the workers go on to `targetNs`; resolves once all of them rest there, with false when they were stopped. */
  async runUntil(targetNs: bigint): Promise<boolean> {
    const { epochsAt } = this.#plan;
    this.#target = targetNs;
    this.#options.core.go(epochsAt, targetNs);
    this.ringAll();
    const [rest, generation] = [L.Epochs_rest, L.Epochs_generation].map((field) => this.#word(epochsAt + field));
    const { words } = this.#memory;
    const isOver = () => Atomics.load(words, rest!) === Atomics.load(words, generation!) || this.#asked === C.STOP;
    await this.#until(() => isOver() && !this.#isRescuing && this.#areAll(RESTING));
    if (this.failure !== null) throw this.failure;
    return this.#asked !== C.STOP;
  }

  /** Virtual clock, paused: after steps, the workers shall not go further than they were asked to. */
  keepTarget(): void {
    this.#options.core.go(this.#plan.epochsAt, this.#target);
  }

  /** Virtual clock, paused or at rest: brings all workers to `ns`, which none is past, and leaves them as they were asked to be. */
  async restAt(ns: bigint): Promise<void> {
    const asked = this.#asked;
    const target = this.#target;
    const resting = this.runUntil(ns);
    this.command(C.RUN);
    await resting;
    this.#target = target;
    this.command(asked);
    await this.settled();
  }

  /** Resolves once every worker is paused, rests at its target, or has ended; or is in another of `states`. */
  async settled(states: readonly number[] = SETTLED): Promise<void> {
    await this.#until(() => !this.#isRescuing && this.#areAll(states));
    if (this.failure !== null) throw this.failure;
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (this.failure === null && !isSo()) await this.#states.changed();
  }

  /** Whether every worker that lives is in one of these states. */
  #areAll(states: readonly number[]): boolean {
    const isDead = (worker: number) => this.#losses.some((loss) => loss.worker === worker);
    return this.#hands.every((_, worker) => isDead(worker) || this.#states.isIn(worker, states));
  }

  /** The workers are paused: resolves once all that they have captured is in its files. */
  async written(): Promise<void> {
    await untilWritten(this.#memory, this.#plan, this.#options.files, () => this.failure !== null);
    if (this.failure !== null) throw this.failure;
  }

  /** Waits for the workers, then for the last captured byte; the command STOP has been given. */
  async join(): Promise<DrainResult[]> {
    await this.#ended;
    await this.#until(() => !this.#isRescuing);
    await Promise.all(this.#beginnings);
    clearInterval(this.#watch);
    const over = this.#word(this.#plan.controlAt + C.WRITER);
    Atomics.store(this.#memory.words, over, 1);
    Atomics.notify(this.#memory.words, over);
    const written = await this.#written.catch(() => []);
    for (const { answers, port } of this.#hands) {
      answers.takeLast(port);
      answers.fail(stoppedBefore());
    }
    await this.#pool.close({ force: true });
    return written;
  }

  /** @internal The thread that runs a worker now, or writes captures. */
  threadOf(worker: number | 'writer'): Worker | null {
    const { workers, controlAt } = this.#plan;
    const at = worker === 'writer' ? controlAt + C.WRITER_THREAD : workers[worker]!.address + L.Worker_thread;
    const id = this.#memory.u32(at);
    return this.#pool.threads.find(({ threadId }) => threadId === id) ?? null;
  }

  /** @internal Whether a thread stands ready to take a dead one's place. */
  get hasSpare(): boolean {
    return this.#isSpareReady;
  }

  /** How often a worker was begun anew. */
  restarts(worker: number): number {
    return this.#hands[worker]!.restarts;
  }

  /** Ends threads that have given no sign of life for too long. Looks are counted, not time: a machine may have slept. */
  #look(): void {
    this.#hands.forEach((hand, worker) => {
      const beat = this.#memory.u32(this.#plan.workers[worker]!.address + L.Worker_beat);
      const state = this.#states.of(worker);
      // Who rests sleeps until it is rung.
      const mayBeSilent = [C.STATE_STARTING, C.STATE_WAITING, C.STATE_ENDED].includes(state);
      const isSilent = beat === hand.beat && !mayBeSilent;
      hand.silentLooks = isSilent ? hand.silentLooks + 1 : 0;
      hand.beat = beat;
      if (hand.silentLooks * LOOK_MS < this.#options.hangMs) return;
      hand.silentLooks = 0;
      this.#hung.add(worker);
      void this.threadOf(worker)?.terminate();
    });
  }

  #died(worker: number, error: Error): void {
    this.#losses.push({ worker, error, sinceMs: performance.now() });
    this.#states.set(worker, C.STATE_STARTING);
    if (this.failure !== null) this.#end(worker);
    if (this.#isRescuing || this.failure !== null) return;
    this.#isRescuing = true;
    this.#rescue().then(
      () => this.#resume(),
      (reason: Error) => this.#fail(reason),
    );
  }

  /** Halts who lives, puts right what the dead have left, and begins their tasks anew; until nobody has died meanwhile. */
  async #rescue(): Promise<void> {
    while (this.#losses.length > 0) {
      // Who is stopping already stops; all others halt.
      if (this.#asked !== C.STOP) this.#tell(C.PAUSE);
      await this.#until(() => this.#areAll([C.STATE_PAUSED, C.STATE_ENDED]));
      const losses = this.#losses;
      this.#losses = [];
      // All is put right before anybody begins, who would carry out what he is asked at once.
      const beginnings = losses.map((loss) => this.#recover(loss));
      if (this.#options.clock === 'virtual') this.#options.core.again(this.#plan.epochsAt);
      for (const begin of beginnings) begin();
    }
  }

  /** Puts right what a dead worker has left; returns what has another thread go on. */
  #recover(loss: Loss): () => void {
    const { worker, error, sinceMs } = loss;
    const { sw, framesLost } = repairWorker(this.#options.core, this.#memory, this.#plan, worker);
    const isHung = this.#hung.delete(worker);
    const { isFault, why } = isHung ? hung(this.#options.hangMs) : causeOf(error);
    const host = sw?.host ?? null;
    const seconds = this.#options.seconds();
    const told = () => {
      const tookMs = performance.now() - sinceMs;
      this.deaths.push({ seconds, worker, host, why, framesLost, tookMs });
    };
    const isTooOften = isFault && this.#blame.isTooOften(host ?? worker);
    if (isTooOften && host === null)
      throw new Error(`worker ${worker} died again and again, and no host is to blame: ${why}`);
    if (isTooOften) this.#giveUp(host!, why);
    const left = listSwitches(this.#memory, this.#plan, worker, this.isolated);
    // On the virtual clock the others wait for each worker, even for one that has nothing to move.
    return () => {
      if (this.#asked === C.STOP || (left === 0 && this.#options.clock === 'wall')) {
        this.#states.set(worker, C.STATE_ENDED);
        told();
        this.#end(worker);
        return;
      }
      this.#restart(worker);
      const hasBegun = () => this.#states.of(worker) !== C.STATE_STARTING;
      this.#beginnings.push(this.#until(hasBegun).then(told));
      this.#warmSpare();
    };
  }

  keepIsolated(): void {
    keepIsolated(this.#options.core, this.#memory, this.#plan, this.isolated);
  }

  #giveUp(host: string, why: string): void {
    isolate(this.#options.core, this.#plan, host);
    this.isolated.push({ host, why: `its worker died again and again: ${why}` });
  }

  /** Another thread goes on; what the dead one had not answered is asked again, and commands may be carried out twice. */
  #restart(worker: number): void {
    const hand = this.#hands[worker]!;
    hand.answers.takeLast(hand.port);
    const { port1, port2 } = new MessageChannel();
    hand.port = port1;
    hand.restarts++;
    for (const [sequence, body] of hand.answers.open()) this.#post(worker, sequence, body);
    this.#run(worker, this.#plan.workers[worker]!.address, port1, port2);
  }

  #resume(): void {
    this.#isRescuing = false;
    this.#tell(this.#asked);
    if (this.#losses.length > 0) this.#died(this.#losses[0]!.worker, this.#losses.shift()!.error);
  }

  #fail(error: Error): void {
    this.failure ??= error;
    this.#isRescuing = false;
    this.#tell(this.#asked);
    for (const { answers } of this.#hands) answers.fail(error);
    for (const [worker] of this.#hands.entries()) if (this.#states.of(worker) === C.STATE_STARTING) this.#end(worker);
  }
}
