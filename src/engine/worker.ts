/**
 * What a pool thread does for a whole run: a thin shell round the core, which does the work.
 *
 * It sleeps on its bell when nothing is due. The bell is read before the last look for work, so that whoever brings work
 * after that look changes it and the sleep does not begin; `sleeping` tells other workers that ringing is needed at all.
 *
 * That it rests it says together with what the bell said before it looked at its orders and its mail: who has rung since then
 * knows that it may be about to follow others (settle.ts).
 */
import { type MessagePort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import { execute } from './command.ts';
import {
  COMMAND,
  HAND_ANY,
  ORIGIN,
  PAUSE,
  POLL,
  RUN,
  STATE_ENDED,
  STATE_PAUSED,
  STATE_RUNNING,
  STATE_WAITING,
  STOP,
} from './control.ts';
import { type Core, instantiate, RUN_DONE, RUN_TIGHT } from './core.ts';
import * as L from './generated/layout.ts';
import { SharedMemory } from './memory.ts';

export interface WorkerTask {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly controlAt: number;
  readonly workerAt: number;
  readonly clock: 'wall' | 'virtual';
  readonly port: MessagePort;
}

/** Rounds of the core between two looks at the control words: some tens of microseconds under load. */
const ROUNDS = 32;
/** Virtual clock: frames between two looks. */
const FRAMES_AT_ONCE = 20_000n;
const SLEEP_MS_MAX = 1000;
const TIGHT_SLEEP_MS = 1;

export default function runWorker(task: WorkerTask): void {
  new Shell(task).run();
}

class Shell {
  readonly #task: WorkerTask;
  readonly #memory: SharedMemory;
  readonly #core: Core;
  readonly #bell: number;
  #mailSeen = 0;

  constructor(task: WorkerTask) {
    this.#task = task;
    this.#memory = new SharedMemory(task.memory);
    this.#core = instantiate(task.module, task.memory, () => this.#now());
    this.#bell = this.#memory.word(task.workerAt);
  }

  run(): void {
    this.#memory.setU32(this.#task.workerAt + L.Worker_thread, threadId);
    const work = this.#task.clock === 'wall' ? () => this.#wall() : (bell: number) => this.#virtual(bell);
    for (;;) {
      const bell = Atomics.load(this.#memory.words, this.#bell);
      const command = this.#command();
      this.#beat();
      this.#readMail();
      if (command === STOP) break;
      if (command === PAUSE) {
        this.#rest(STATE_PAUSED, bell);
        // Time stands still: nobody is idle.
        Atomics.wait(this.#memory.words, this.#bell, bell, SLEEP_MS_MAX);
      } else {
        work(bell);
      }
    }
    this.#setState(STATE_ENDED);
    this.#task.port.close();
  }

  /** A sign of life, at least once in each sleep and each turn of the core. */
  #beat(): void {
    Atomics.add(this.#memory.words, this.#memory.word(this.#task.workerAt + L.Worker_beat), 1);
  }

  #command(): number {
    return Atomics.load(this.#memory.words, this.#memory.word(this.#task.controlAt + COMMAND));
  }

  #now(): bigint {
    return process.hrtime.bigint() - this.#memory.u64(this.#task.controlAt + ORIGIN);
  }

  #wall(): void {
    const { workerAt } = this.#task;
    const words = this.#memory.words;
    this.#setState(STATE_RUNNING);
    const from = this.#now();
    if (this.#core.runWall(workerAt, from, ROUNDS) > 0) return;
    if (words[this.#memory.word(this.#task.controlAt + POLL)] !== 0) {
      this.#addIdle(this.#now() - from);
      return;
    }
    const bell = Atomics.load(words, this.#bell);
    const sleeping = this.#memory.word(workerAt + L.Worker_sleeping);
    Atomics.store(words, sleeping, 1);
    const wait = BigInt.asUintN(64, this.#core.nextWork(workerAt, true)) - this.#now();
    if (wait > 0n && this.#command() !== STOP) this.#sleep(bell, Math.min(SLEEP_MS_MAX, Number(wait) / 1e6));
    Atomics.store(words, sleeping, 0);
  }

  #virtual(bell: number): void {
    const { workerAt } = this.#task;
    this.#setState(STATE_RUNNING);
    const status = this.#core.runEpochs(workerAt, FRAMES_AT_ONCE, true);
    if (status === RUN_TIGHT) this.#sleep(bell, TIGHT_SLEEP_MS);
    if (status !== RUN_DONE || this.#command() === STOP) return;
    this.#rest(STATE_WAITING, bell);
    // Until it is rung: the control thread may be changing what this thread would look at.
    this.#sleep(bell, Number.POSITIVE_INFINITY);
  }

  #sleep(bell: number, ms: number): void {
    const from = process.hrtime.bigint();
    Atomics.wait(this.#memory.words, this.#bell, bell, ms);
    this.#addIdle(process.hrtime.bigint() - from);
  }

  #addIdle(ns: bigint): void {
    const at = this.#task.workerAt + L.Worker_idleNs;
    this.#memory.setU64(at, this.#memory.u64(at) + ns);
  }

  #execute(letter: Uint8Array): Uint8Array {
    const inHand = this.#task.workerAt + L.Worker_inHand;
    this.#memory.setU32(inHand, HAND_ANY);
    const answer = execute(this.#core, letter);
    this.#memory.setU32(inHand, 0);
    return answer;
  }

  /** It stands still until its bell says more than `bell`, which was read before the orders and the mail that it has followed. */
  #rest(state: number, bell: number): void {
    Atomics.store(this.#memory.words, this.#memory.word(this.#task.workerAt + L.Worker_heard), bell);
    this.#setState(state);
  }

  #setState(state: number): void {
    const word = this.#memory.word(this.#task.workerAt + L.Worker_state);
    if (this.#memory.words[word] === state) return;
    Atomics.store(this.#memory.words, word, state);
    Atomics.notify(this.#memory.words, word);
  }

  #readMail(): void {
    const mail = Atomics.load(this.#memory.words, this.#memory.word(this.#task.workerAt + L.Worker_mail));
    if (mail === this.#mailSeen) return;
    this.#mailSeen = mail;
    // An idle worker looked at its clock up to a second ago.
    if (this.#task.clock === 'wall' && this.#command() === RUN) this.#core.setTime(this.#task.workerAt, this.#now());
    for (
      let letter = receiveMessageOnPort(this.#task.port);
      letter !== undefined;
      letter = receiveMessageOnPort(this.#task.port)
    ) {
      this.#task.port.postMessage(this.#execute(letter.message as Uint8Array));
    }
  }
}
