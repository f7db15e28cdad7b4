/**
 * The clocks under one face: frames enter, all goes on until nothing moves any more, and the ports at the edge tell how many
 * copies left there. On the virtual clock the captured frames say so, on the wall clock the counters.
 *
 * `wall` makes the rounds of the wall clock in this thread, as `threads` lets the pool do: a pool thread runs nothing else, but
 * takes half a second to start, too long for a network per rule.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Core, coreModule, instantiate } from '../../src/engine/core.ts';
import { Network } from '../../src/engine/network.ts';
import { TIME_NS_MAX } from '../../src/engine/options.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { Lab } from '../engine/lab.ts';

export type Clock = 'virtual' | 'wall' | 'threads';

export interface Stage {
  readonly network: Network;
  /** The ports without a cable that copies of these frames left by, once for each copy, sorted. */
  send(...frames: readonly Entering[]): Promise<readonly string[]>;
  setLink(port: string, up: boolean): Promise<void>;
  /** Ends the run, and checks the ledger of every switch. */
  stop(): Promise<Report>;
}

export type Entering = readonly [port: string, bytes: Uint8Array];

export interface StageOptions {
  readonly injectAt?: readonly string[];
  /** On threads. */
  readonly workers?: number;
  /** On the virtual clock: false spares the captures, and lets frames take short cuts, but tells no recipients. */
  readonly isWatched?: boolean;
}

export async function stageOf(clock: Clock, topology: unknown, options: StageOptions = {}): Promise<Stage> {
  const { injectAt = [], workers = 1, isWatched = true } = options;
  if (clock === 'virtual') return new VirtualStage(topology, injectAt, isWatched ? ['*'] : []);
  if (clock === 'wall') return new RoundsStage(topology, injectAt, 1);
  const stage = new ThreadsStage(topology, injectAt, workers);
  await stage.network.start();
  await stage.network.pause();
  return stage;
}

class VirtualStage implements Stage {
  readonly #lab: Lab;

  constructor(topology: unknown, injectAt: readonly string[], watch: readonly string[]) {
    this.#lab = new Lab(topology, { injectAt, watch, unplugged: 'down' });
  }

  get network(): Network {
    return this.#lab.network;
  }

  async send(...frames: readonly Entering[]): Promise<readonly string[]> {
    return this.#lab.sendAll(frames).recipients;
  }

  async setLink(port: string, up: boolean): Promise<void> {
    await this.network.setLink(port, up);
    this.#lab.settle();
    this.network.takeFrames(); // what the pull has set going is not the next frame's
  }

  stop(): Promise<Report> {
    return ended(this.network);
  }
}

/** Patience with a machine that has other things to do, ms. */
const REST_MS_MAX = 20_000;

abstract class WallStage implements Stage {
  readonly network: Network;
  protected readonly core: Core;
  readonly #edge: ReadonlySet<string>;

  constructor(topology: unknown, injectAt: readonly string[], workers: number) {
    const checked = topologyFrom(topology);
    const linked = new Set(checked.links.flatMap(({ a, b }) => [a, b]));
    this.network = new Network(checked, { clock: 'wall', workers, injectAt, unplugged: 'down' });
    this.core = instantiate(coreModule(), this.network.memory.memory);
    this.#edge = new Set([...this.network.plan.ports.keys()].filter((name) => !linked.has(name)));
  }

  abstract get nowNs(): bigint;

  /** Lets the network move for a while, and holds it. */
  protected abstract move(): Promise<void>;

  async send(...frames: readonly Entering[]): Promise<readonly string[]> {
    const before = this.#left();
    for (const [port, bytes] of frames) {
      if (!this.network.inject(port, bytes, this.nowNs)) throw new Error(`the queue of ${port} is full`);
    }
    await this.#rest();
    const left = [...this.#left()].flatMap(([name, count]) => Array<string>(count - before.get(name)!).fill(name));
    return left.sort();
  }

  async setLink(port: string, up: boolean): Promise<void> {
    await this.network.setLink(port, up);
    await this.#rest();
  }

  stop(): Promise<Report> {
    return ended(this.network);
  }

  async #rest(): Promise<void> {
    for (const from = Date.now(); Date.now() - from < REST_MS_MAX; ) {
      await this.move();
      if (this.#isAtRest() && this.network.ledger().held === 0) return;
    }
    throw new Error(`still busy after ${REST_MS_MAX} ms`);
  }

  #isAtRest(): boolean {
    const next = this.network.plan.workers.map(({ address }) => this.core.nextWork(address, false));
    return next.every((ns) => BigInt.asUintN(64, ns) > TIME_NS_MAX);
  }

  #left(): Map<string, number> {
    const ports = this.network.ports().filter(({ name }) => this.#edge.has(name));
    return new Map(ports.map(({ name, txFrames }) => [name, txFrames]));
  }
}

const ROUNDS = 32;

class RoundsStage extends WallStage {
  readonly #from = process.hrtime.bigint();

  get nowNs(): bigint {
    return process.hrtime.bigint() - this.#from;
  }

  protected async move(): Promise<void> {
    this.core.runWall(this.network.plan.workers[0]!.address, this.nowNs, ROUNDS);
  }
}

/** Between two calls the threads are paused. */
class ThreadsStage extends WallStage {
  get nowNs(): bigint {
    return this.network.nowNs;
  }

  protected async move(): Promise<void> {
    this.network.resume();
    await sleep(1);
    await this.network.pause();
  }
}

async function ended(network: Network): Promise<Report> {
  const report = await network.stop();
  const odd = report.switches.filter(({ ledger }) => !ledger.balanced).map(({ name }) => name);
  if (odd.length > 0) throw new Error(`the ledger does not balance at ${odd.join(', ')}`);
  return report;
}
