/**
 * A network that runs: the memory of a topology, and who moves it.
 *
 * On the wall clock, pool threads move it until they are stopped. On the virtual clock either one pool thread does (`run`,
 * with the control thread free to watch), or the calling thread itself (`inline`), which is what replays, tests and programs
 * that step want: it starts at once and every call returns when its work is done.
 */
import type { CapturedFrame } from '../capture/read.ts';
import type { CaptureReport, Ledger, MacEntry, MoveReport, PortReport, Report } from '../telemetry/report.ts';
import { teachingReport } from '../telemetry/teaching.ts';
import type { PortName, Topology } from '../topology/model.ts';
import { type CommandBody, carryOut } from './command.ts';
import { COMMAND, ORIGIN, PAUSE, RUN, STEPS, STOP, TARGET } from './control.ts';
import { type Core, coreModule, instantiate, RUN_DONE, RUN_TIGHT } from './core.ts';
import { Directory } from './directory.ts';
import type { DrainResult } from './drain.ts';
import { type Explanation, explain } from './explain.ts';
import { fill } from './fill.ts';
import * as L from './generated/layout.ts';
import { NEVER } from './in-memory.ts';
import { SharedMemory } from './memory.ts';
import { Observer } from './observe.ts';
import { clampTime, NetworkError, type NetworkOptions, type RestoreOptions, settle, TIME_NS_MAX } from './options.ts';
import { Outlets } from './outlets.ts';
import type { Plan, PlannedSwitch, PlannedWire } from './plan.ts';
import { INJECT_BYTES_MAX } from './plan-capture.ts';
import { planNetwork } from './planning.ts';
import { checkCaptures, Restorable } from './restorable.ts';
import type { Snapshot } from './snapshot.ts';
import type { EngineState, FixedOptions } from './snapshot-content.ts';
import { Threads } from './threads.ts';

const STEPS_AT_ONCE = 100_000;

/** What a network is made from that goes on where another one was. */
interface Source {
  readonly snapshot: Snapshot;
  readonly captureAs: Readonly<Record<string, string>>;
}

export class Network extends Restorable {
  override readonly topology: Topology;
  override readonly clock: 'wall' | 'virtual';
  /** @internal Addresses and sums, for tests and benches. */
  override readonly plan: Plan;
  /** @internal */
  override readonly memory: SharedMemory;
  protected override readonly core: Core;
  readonly #observer: Observer;
  protected override readonly directory: Directory;
  readonly #inline: boolean;
  readonly #epochNs: bigint;
  protected override readonly outlets: Outlets;
  protected override readonly fixed: FixedOptions;
  #threads: Threads | null = null;
  #injected = 0n;
  #lastInjectedNs = new Map<PortName, bigint>();
  /** Internal time when the threads start, ns. */
  #fromNs = 0n;
  #startedAt = 0n;
  #stoppedAfterNs: bigint | null = null;
  #pausedAt = 0n;
  #captureReports: CaptureReport[] = [];

  /** Plans, fills and opens everything. Throws PlanError, OutputError or NetworkError; then nothing is left open. `from` is internal: see `Network.from`. */
  constructor(topology: Topology, options: NetworkOptions = {}, from: Source | null = null) {
    super();
    const { inline: _, history, ...fixed } = options;
    const { isVirtual, inline, burst, ringEntries } = settle(options);
    this.topology = topology;
    this.clock = isVirtual ? 'virtual' : 'wall';
    this.#inline = inline;
    this.plan = planNetwork(topology, options);
    const pages = this.plan.bytes / 65_536;
    this.memory = new SharedMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
    this.core = instantiate(coreModule(), this.memory.memory);
    this.#epochNs = options.epochNs ?? (isVirtual ? 0n : BigInt(Date.now()) * 1_000_000n);
    this.fixed = { ...fixed, epochNs: this.#epochNs };
    if (from !== null) this.assertSame(from.snapshot);
    fill(this.memory, this.core, this.plan, topology, {
      virtual: isVirtual,
      burst,
      ringEntries,
      epochNs: this.#epochNs,
      unplugged: options.unplugged ?? 'down',
      ageingSeconds: options.ageingSeconds ?? null,
      injectOwner: this.plan.workers.length,
    });
    this.#observer = new Observer(this.memory, this.plan, topology);
    this.directory = new Directory(topology, this.plan);
    this.outlets = new Outlets(this.memory, this.plan, topology, this.clock, from?.captureAs ?? null);
    if (from !== null) this.goTo(from.snapshot);
    if (history !== undefined) this.keepHistory(history);
  }

  /** A network that goes on from a snapshot as the one that it was taken of. Throws as the constructor does, and SnapshotError. */
  static from(snapshot: Snapshot, options: RestoreOptions = {}): Network {
    const { captureAs = {}, ...more } = options;
    checkCaptures(snapshot, captureAs);
    return new Network(snapshot.topology, { ...snapshot.options, ...more }, { snapshot, captureAs });
  }

  /** A second network that goes on from here on its own; its captures go where `captureAs` says. On the wall clock it is to be started. */
  async fork(options: RestoreOptions = {}): Promise<Network> {
    return Network.from(await this.snapshot(), options);
  }

  /** Internal time: ns since the start. */
  override get nowNs(): bigint {
    if (this.clock === 'virtual') return this.memory.u64(this.plan.workers[0]!.address + L.Worker_now);
    if (this.#stoppedAfterNs !== null) return this.#stoppedAfterNs;
    if (this.#threads === null) return this.#fromNs;
    if (this.#pausedAt !== 0n) return this.#pausedAt - this.#startedAt;
    return process.hrtime.bigint() - this.#startedAt;
  }

  /** Starts the pool threads, and the clock once all of them stand ready; on the virtual clock they wait for `runUntil`. */
  async start(): Promise<void> {
    if (this.#inline) throw new NetworkError('a network in this thread does not start: call runUntil or step');
    this.assertOpen();
    if (this.#threads !== null) throw new NetworkError('the network has been started already');
    this.memory.setU32(this.plan.controlAt + COMMAND, PAUSE);
    this.#threads = new Threads(this.memory, this.plan, this.clock, this.outlets.files);
    this.#pausedAt = process.hrtime.bigint();
    this.#startedAt = this.#pausedAt - this.#fromNs;
    await this.#threads.settled();
    this.resume();
  }

  /** Holds every worker between two bursts; counters are exact from when this resolves. */
  async pause(): Promise<void> {
    const threads = this.#running();
    if (this.#pausedAt === 0n) this.#pausedAt = process.hrtime.bigint();
    threads.command(PAUSE);
    await threads.settled();
  }

  /** Goes on; the time in between has not passed for the network. */
  resume(): void {
    const threads = this.#running();
    if (this.#pausedAt !== 0n) this.#startedAt += process.hrtime.bigint() - this.#pausedAt;
    this.#pausedAt = 0n;
    this.memory.setU64(this.plan.controlAt + ORIGIN, this.#startedAt);
    threads.command(RUN);
  }

  protected override assertOpen(): void {
    if (this.#stoppedAfterNs !== null) throw new NetworkError('the network has been stopped; build another one');
  }

  #running(): Threads {
    this.assertOpen();
    if (this.#threads === null) throw new NetworkError('the network has not been started');
    return this.#threads;
  }

  /** The first thread that died, if one did. */
  get failure(): Error | null {
    return this.#threads?.failure ?? null;
  }

  /** Virtual clock: runs everything that is due at or before `untilNs`. In a thread it resolves when that is done. */
  async runUntil(untilNs: bigint): Promise<void> {
    if (this.#inline) return void this.advance(untilNs);
    if (this.clock === 'wall') throw new NetworkError('the wall clock cannot be told how far to run');
    const threads = this.#running();
    if (this.#pausedAt !== 0n) throw new NetworkError('the network is paused; resume it first');
    this.memory.setU64(this.plan.controlAt + TARGET, clampTime(untilNs));
    threads.ringAll();
    while (
      threads.failure === null &&
      this.nowNs < untilNs &&
      this.memory.u32(this.plan.controlAt + COMMAND) !== STOP
    ) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    if (threads.failure !== null) throw threads.failure;
  }

  /**
   * Virtual clock in this thread: the same, at once; true when nothing is due any more. With `eventsMax` it stops after about
   * as many visits to ports: where physical switches form a loop without delay, an instant never ends.
   */
  advance(untilNs: bigint, eventsMax = Number.POSITIVE_INFINITY): boolean {
    return this.go(clampTime(untilNs), eventsMax);
  }

  protected override run(untilNs: bigint, eventsMax: number): boolean {
    const end = this.position + eventsMax;
    let status = RUN_TIGHT;
    for (let left = eventsMax; left > 0 && status !== RUN_DONE; left = end - this.position) {
      status = this.#step(untilNs, Math.min(left, STEPS_AT_ONCE));
    }
    this.outlets.drain();
    return status === RUN_DONE;
  }

  /** Virtual clock: up to `events` visits, then stands still. Returns the time reached, ns. */
  async step(events = 1): Promise<bigint> {
    if (this.clock === 'wall') throw new NetworkError('the wall clock cannot be stepped; use the virtual clock');
    if (this.#inline) {
      this.go(NEVER, events);
    } else {
      await this.pause();
      Atomics.store(this.memory.words, this.memory.word(this.plan.controlAt + STEPS), events);
      this.#running().ringAll();
      const steps = this.memory.word(this.plan.controlAt + STEPS);
      while (this.failure === null && Atomics.load(this.memory.words, steps) > 0)
        await new Promise((resolve) => setTimeout(resolve, 1));
      await this.#running().settled();
    }
    return this.nowNs;
  }

  #step(untilNs: bigint, budget: number): number {
    this.assertOpen();
    if (!this.#inline)
      throw new NetworkError('only a network on the virtual clock in this thread can be advanced by a call');
    const status = this.core.runVirtual(this.plan.workers[0]!.address, untilNs, budget);
    if (status === RUN_TIGHT) this.outlets.drain();
    return status;
  }

  /** Ends the run, closes the captures and tells what happened. Safe to call twice. */
  async stop(): Promise<Report> {
    if (this.#stoppedAfterNs === null) {
      const elapsed = this.nowNs;
      let drained: DrainResult[];
      if (this.#threads !== null) {
        this.#threads.command(STOP);
        drained = await this.#threads.join();
      } else {
        this.outlets.drain();
        drained = this.outlets.results;
      }
      this.#stoppedAfterNs = elapsed;
      this.#captureReports = this.outlets.close(this.#observer, drained, this.#epochNs + elapsed, this.#epochNs);
    }
    return this.report();
  }

  /**
   * Lets a frame (without FCS, 0-131,008 bytes) enter at a port at a time that is not before any injected there so far: as
   * from the guest at a vNIC, as from the wire elsewhere. False when the port's queue is full: run on, then try again.
   */
  inject(name: PortName, bytes: Uint8Array, atNs: bigint): boolean {
    const { port } = this.directory.port(name);
    const wire = this.plan.injectAt.get(port.name);
    if (wire === undefined)
      throw new NetworkError(`frames can be injected at ${port.name} only if it is named in injectAt`);
    if (bytes.length > INJECT_BYTES_MAX)
      throw new NetworkError(
        `a frame of ${bytes.length} bytes is more than ${INJECT_BYTES_MAX}, the most that can enter`,
      );
    if (atNs > TIME_NS_MAX) throw new NetworkError(`a frame at ${atNs} ns is later than the clock goes, 52 days`);
    const before = this.#lastInjectedNs.get(port.name) ?? 0n;
    if (atNs < before)
      throw new NetworkError(
        `a frame at ${atNs} ns cannot enter at ${port.name}, where one at ${before} ns is ahead of it`,
      );
    if (!this.#enter(port.name, wire, bytes, atNs)) return false;
    if (this.hasHistory) {
      const kept = bytes.slice();
      this.note(() => this.#enter(port.name, wire, kept, atNs));
    }
    return true;
  }

  #enter(name: PortName, wire: PlannedWire, bytes: Uint8Array, atNs: bigint): boolean {
    this.memory.bytes.set(bytes, this.plan.stagingAt);
    const id = this.#injected + 1n;
    if (this.core.inject(wire.address, this.plan.injectPoolAt, this.plan.stagingAt, bytes.length, id, atNs) === 0)
      return false;
    this.#injected = id;
    this.#lastInjectedNs.set(name, atNs);
    return true;
  }

  /** Stations that moved from port to port, the latest 256, oldest first. */
  moves(switchName: string): MoveReport[] {
    return this.#observer.moves(this.directory.switch(switchName));
  }

  protected override async command(sw: PlannedSwitch, body: CommandBody): Promise<boolean> {
    if (this.#threads !== null && this.#stoppedAfterNs === null) return this.#threads.send(sw.worker, body);
    const done = this.#carryOut(body);
    this.note(() => this.#carryOut(body));
    return done;
  }

  #carryOut(body: CommandBody): boolean {
    // It happens now, not when its switch was last moved; so it does not matter how the run before was cut up.
    const now = this.nowNs;
    if (this.clock === 'virtual') for (const { address } of this.plan.workers) this.core.setTime(address, now);
    return carryOut(this.core, body);
  }

  protected override async hold(): Promise<() => void> {
    const threads = this.#threads;
    if (threads === null || this.#stoppedAfterNs !== null) {
      this.outlets.drain();
      return () => {};
    }
    const wasPaused = this.#pausedAt !== 0n;
    await this.pause();
    await threads.written();
    const target = this.plan.controlAt + TARGET;
    const isUnderWay = this.memory.u64(target) > this.nowNs;
    return () => {
      // Who has come to the target stays there, wherever that is now.
      if (!isUnderWay) this.memory.setU64(target, this.nowNs);
      if (!wasPaused) this.resume();
    };
  }

  protected override engineState(): EngineState {
    return { injected: this.#injected, lastInjectedNs: Object.fromEntries(this.#lastInjectedNs) };
  }

  protected override setEngineState({ injected, lastInjectedNs }: EngineState, timeNs: bigint): void {
    this.#injected = injected;
    this.#lastInjectedNs = new Map(Object.entries(lastInjectedNs));
    this.#fromNs = timeNs;
    this.#startedAt = this.#pausedAt - timeNs;
  }

  /** Virtual clock in this thread: when the next event is due, ns; null when nothing is on its way any more. Probes and LACP, which never end, are none. */
  nextEventNs(): bigint | null {
    const next = BigInt.asUintN(64, this.core.nextWork(this.plan.workers[0]!.address, false));
    return next > TIME_NS_MAX ? null : next;
  }

  /** What would become of a frame that enters at a port now, with every rule it meets; on a copy, so that nothing changes. */
  explain(name: PortName, bytes: Uint8Array): Explanation {
    const { sw, port } = this.directory.port(name);
    if (bytes.length > INJECT_BYTES_MAX)
      throw new NetworkError(
        `a frame of ${bytes.length} bytes is more than ${INJECT_BYTES_MAX}, the most that can enter`,
      );
    return explain(this.memory, this.plan, this.topology, sw, port, bytes);
  }

  ports(): PortReport[] {
    return this.plan.switches.flatMap((sw) => sw.ports.map((port) => this.#observer.port(sw, port)));
  }

  macTable(switchName: string): MacEntry[] {
    return this.#observer.macTable(this.directory.switch(switchName));
  }

  ledger(): Ledger {
    return this.#observer.ledger(Number(this.#injected));
  }

  /** What passed the watched ports since the last call, in order. */
  takeFrames(): CapturedFrame[] {
    return this.outlets.takeFrames();
  }

  report(): Report {
    const elapsed = this.nowNs;
    return {
      name: this.topology.name,
      clock: this.clock,
      seed: this.topology.seed,
      seconds: Number(elapsed) / 1e9,
      teaching: teachingReport(this.topology, this.#observer.rounds()),
      memoryBytes: this.plan.bytes,
      ledger: this.ledger(),
      switches: this.plan.switches.map((sw) => this.#observer.switch(sw)),
      streams: this.#observer.streams(),
      captures: this.#captureReports,
      workers: this.plan.workers.map((_, i) => this.#observer.worker(i, this.#threads === null ? 0n : elapsed)),
    };
  }
}
