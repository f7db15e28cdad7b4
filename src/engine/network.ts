/**
 * A network that runs: the memory of a topology, and who moves it.
 *
 * On the wall clock, pool threads move it until they are stopped. On the virtual clock either pool threads do (`run`), or the
 * calling thread itself (`inline`), as replays, tests and programs that step want: every call returns when its work is done.
 */
import { availableParallelism } from 'node:os';
import type { Report } from '../telemetry/report.ts';
import type { PortName, Topology } from '../topology/model.ts';
import { Actions } from './action.ts';
import { Agenda } from './agenda.ts';
import { Changes } from './change.ts';
import type { CommandBody } from './command.ts';
import { COMMAND, ORIGIN, PAUSE, POLL, RUN, STOP } from './control.ts';
import { type Core, coreModule, instantiate, RUN_BUDGET, RUN_DONE, RUN_TIGHT } from './core.ts';
import { Directory } from './directory.ts';
import type { DrainResult } from './drain.ts';
import { fill } from './fill.ts';
import { Gauges } from './gauge.ts';
import { Hands } from './hands.ts';
import { NEVER } from './in-memory.ts';
import { Injector } from './injector.ts';
import { LiveCaptures } from './live-capture.ts';
import { SharedMemory } from './memory.ts';
import { Observer } from './observe.ts';
import {
  clampTime,
  NetworkError,
  type NetworkOptions,
  type RestoreOptions,
  settle,
  TIME_NS_MAX,
  wholeFrames,
} from './options.ts';
import { Outlets } from './outlets.ts';
import type { Plan, PlannedSwitch } from './plan.ts';
import { planNetwork, seated } from './planning.ts';
import { Prompter } from './prompter.ts';
import { checkCaptures } from './restorable.ts';
import { RESTING } from './settle.ts';
import type { Snapshot } from './snapshot.ts';
import type { EngineState, FixedOptions } from './snapshot-content.ts';
import { Stepper } from './stepper.ts';
import { Threads } from './threads.ts';
import { Viewable } from './viewable.ts';

/** Looks of a worker at the others before it sleeps: some hundreds of microseconds, longer than it takes to be woken. */
const SPINS = 300_000;

/** What a network is made from that goes on where another one was. */
interface Source {
  readonly snapshot: Snapshot;
  readonly captureAs: Readonly<Record<string, string>>;
}

export class Network extends Viewable {
  override readonly topology: Topology;
  override readonly clock: 'wall' | 'virtual';
  /** @internal Addresses and sums, for tests and benches. */
  override readonly plan: Plan;
  /** @internal */
  override readonly memory: SharedMemory;
  protected override readonly core: Core;
  readonly #hands: Hands;
  protected override readonly observer: Observer;
  protected override readonly injector: Injector;
  protected override readonly directory: Directory;
  protected override readonly changes: Changes;
  protected override readonly actions: Actions;
  protected override readonly agenda: Agenda;
  readonly #prompter: Prompter;
  readonly #stepper: Stepper;
  readonly #inline: boolean;
  readonly #epochNs: bigint;
  readonly #hangMs: number;
  protected override readonly outlets: Outlets;
  protected override readonly live: LiveCaptures;
  protected override readonly fixed: FixedOptions;
  /** Internal time when the threads start, ns. */
  #fromNs = 0n;
  #startedAt = 0n;
  #stoppedAfterNs: bigint | null = null;
  #pausedAt = 0n;
  /** Virtual clock in threads: a run is under way, and what it has to wait for before it goes on. */
  #isUnderWay = false;
  #held: Promise<void> | null = null;
  #holds = 0;

  /** Plans, fills and opens everything. Throws PlanError, OutputError or NetworkError; then nothing is left open. `from` is for `Network.from`. */
  constructor(declared: Topology, options: NetworkOptions = {}, from: Source | null = null) {
    super();
    const topology = seated(declared, options.mayMigrate);
    const { inline: _, history, hangMs: __, ...fixed } = options;
    const { isVirtual, inline, workers, burst, ringEntries, lookEveryNs, hangMs } = settle(options);
    this.topology = topology;
    this.clock = isVirtual ? 'virtual' : 'wall';
    this.#inline = inline;
    this.#hangMs = hangMs;
    this.plan = planNetwork(topology, options);
    this.memory = SharedMemory.ofBytes(this.plan.bytes);
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
      spins: workers <= availableParallelism() ? SPINS : 0,
    });
    this.#hands = new Hands(this.core, this.memory, this.plan);
    this.observer = new Observer(this.memory, this.plan, topology);
    this.directory = new Directory(topology, this.plan);
    this.changes = new Changes(this.memory, this.plan, topology, this.directory, this.observer);
    this.actions = new Actions(topology, this.plan, this.directory, this.changes);
    const gauges = new Gauges(this.memory, this.plan, this.observer, this.directory);
    this.agenda = new Agenda(this.actions, gauges, topology.events, { lookEveryNs });
    this.#prompter = new Prompter(this.agenda, this.#hands);
    const captureAs = from?.captureAs ?? null;
    this.outlets = new Outlets(this.memory, this.plan, topology, this.clock, this.#epochNs, captureAs);
    this.live = new LiveCaptures(this.memory, this.plan, topology, this.clock, this.#epochNs, () => this.nowNs);
    this.injector = new Injector(this.core, this.memory, this.plan);
    this.#stepper = new Stepper(this.#hands, this.#prompter, this.agenda, this.#drain);
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
    if (this.clock === 'virtual') return this.#hands.nowNs;
    if (this.#stoppedAfterNs !== null) return this.#stoppedAfterNs;
    if (this.threads === null) return this.#fromNs;
    if (this.#pausedAt !== 0n) return this.#pausedAt - this.#startedAt;
    return process.hrtime.bigint() - this.#startedAt;
  }

  /** Starts the pool threads, and the clock once all of them stand ready; on the virtual clock they wait for `runUntil`. */
  async start(): Promise<void> {
    if (this.#inline) throw new NetworkError('a network in this thread does not start: call runUntil or step');
    this.assertOpen();
    if (this.threads !== null) throw new NetworkError('the network has been started already');
    if (this.#fromNs === 0n) this.#prompter.happen(0n);
    this.memory.setU32(this.plan.controlAt + COMMAND, PAUSE);
    this.memory.setU32(this.plan.controlAt + POLL, this.fixed.busyPoll ? 1 : 0);
    this.threads = new Threads(this.memory, this.plan, {
      clock: this.clock,
      files: this.outlets.files,
      core: this.core,
      hangMs: this.#hangMs,
      seconds: () => Number(this.nowNs) / 1e9,
    });
    this.#pausedAt = process.hrtime.bigint();
    this.#startedAt = this.#pausedAt - this.#fromNs;
    await this.threads.settled();
    if (this.clock === 'virtual' && this.#fromNs > 0n) this.core.go(this.plan.epochsAt, this.#fromNs);
    this.resume();
  }

  /** Holds every worker between two bursts; counters are exact from when this resolves. */
  async pause(): Promise<void> {
    const threads = this.#running();
    const isFirst = this.#pausedAt === 0n;
    if (isFirst) this.#pausedAt = process.hrtime.bigint();
    this.#prompter.disarm();
    threads.command(PAUSE);
    await threads.settled();
    if (!isFirst) return;
    // No worker has come further than this, and it is then for all of them, whatever is asked of them meanwhile.
    this.#pausedAt = process.hrtime.bigint();
    if (this.clock === 'wall') for (const { address } of this.plan.workers) this.core.setTime(address, this.nowNs);
  }

  /** Goes on; the time in between has not passed for the network. */
  resume(): void {
    const threads = this.#running();
    if (this.#pausedAt !== 0n) this.#startedAt += process.hrtime.bigint() - this.#pausedAt;
    this.#pausedAt = 0n;
    this.memory.setU64(this.plan.controlAt + ORIGIN, this.#startedAt);
    if (this.clock === 'virtual') this.core.again(this.plan.epochsAt);
    threads.command(RUN);
    this.agendaChanged();
  }

  protected override agendaChanged(): void {
    if (this.clock === 'virtual' || this.threads === null || this.#pausedAt !== 0n) return;
    this.#prompter.arm(() => this.nowNs, this.#send);
  }

  protected override assertOpen(): void {
    if (this.#stoppedAfterNs !== null) throw new NetworkError('the network has been stopped; build another one');
  }

  #running(): Threads {
    this.assertOpen();
    if (this.threads === null) throw new NetworkError('the network has not been started');
    return this.threads;
  }

  /** Virtual clock: runs everything that is due at or before `untilNs`. In threads it resolves when that is done. */
  async runUntil(untilNs: bigint): Promise<void> {
    if (this.#inline && !this.outlets.isReady) await this.outlets.ready();
    if (this.#inline) return void this.advance(untilNs);
    if (this.clock === 'wall') throw new NetworkError('the wall clock cannot be told how far to run');
    const threads = this.#running();
    if (this.#pausedAt !== 0n) throw new NetworkError('the network is paused; resume it first');
    const reach = async (ns: bigint): Promise<boolean> => {
      for (;;) {
        // While a snapshot is taken, which stops a run on its way.
        while (this.#held !== null) await this.#held;
        const holds = this.#holds;
        const goesOn = await threads.runUntil(ns);
        // It may have come to rest where a snapshot was taken meanwhile.
        if (!goesOn || holds === this.#holds) return goesOn;
      }
    };
    await threads.settled(RESTING);
    this.#isUnderWay = true;
    try {
      await this.#prompter.moveThreads(clampTime(untilNs), reach);
    } finally {
      this.#isUnderWay = false;
    }
  }

  /**
   * Virtual clock in this thread: the same, at once; true when nothing is due any more. With `eventsMax` it stops when as many frames
   * have been moved: where physical switches form a loop without delay, an instant never ends.
   */
  advance(untilNs: bigint, eventsMax = Number.POSITIVE_INFINITY): boolean {
    return this.go(clampTime(untilNs), eventsMax);
  }

  protected override run(untilNs: bigint, budget: number): boolean {
    this.assertOpen();
    if (!this.#inline)
      throw new NetworkError('only a network on the virtual clock in this thread can be advanced by a call');
    return this.#stepper.run(untilNs, budget);
  }

  protected override meet(): boolean {
    return this.#stepper.meet();
  }

  /** Virtual clock: up to `events` frames, or times that timers or guests are seen to; then stands still. Returns the time reached, ns. */
  async step(events = 1): Promise<bigint> {
    if (this.clock === 'wall') throw new NetworkError('the wall clock cannot be stepped; use the virtual clock');
    wholeFrames('step', events);
    if (!this.#inline) await this.pause();
    for (let left = events; left > 0; ) {
      const before = this.position;
      // Inputs that lie ahead may come before it.
      const met = this.hasAhead ? RUN_DONE : this.#prompter.meet();
      const status = met !== RUN_DONE ? met : this.#inline ? this.#stepHere(left) : this.#stepper.step(left);
      if (status === RUN_DONE) break;
      left -= met === RUN_BUDGET ? 1 : this.position - before;
      if (status !== RUN_TIGHT) continue;
      if (this.#inline) this.#drain();
      else await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (this.#inline) this.#drain();
    else this.#running().keepTarget();
    return this.nowNs;
  }

  #stepHere(left: number): number {
    return this.go(NEVER, this.agenda.isOver ? left : 1) ? RUN_DONE : RUN_BUDGET;
  }

  /** Ends the run, closes the captures and tells what happened. Safe to call twice. */
  async stop(): Promise<Report> {
    if (this.#stoppedAfterNs === null) {
      const elapsed = this.nowNs;
      this.#prompter.end();
      this.changes.log.end();
      let drained: DrainResult[];
      if (this.threads !== null) {
        this.threads.command(STOP);
        drained = await this.threads.join();
      } else {
        await this.outlets.ready();
        this.outlets.drain(true);
        drained = this.outlets.results;
      }
      this.#stoppedAfterNs = elapsed;
      await this.live.closeAll();
      this.captureReports = this.outlets.close(drained, this.#epochNs + elapsed, this.#epochNs);
    }
    return this.report();
  }

  /** Empties all captures in this thread. */
  readonly #drain = (): void => {
    this.outlets.drain();
    this.live.drain();
  };

  readonly #send = (sw: PlannedSwitch, body: CommandBody) => this.command(sw, body);

  protected override async command(sw: PlannedSwitch, body: CommandBody): Promise<boolean> {
    this.assertMoved(sw);
    const threads = this.#stoppedAfterNs === null ? this.threads : null;
    // Who rests on the virtual clock may be changed from here, so that it has happened before anything else.
    const isResting = this.clock === 'virtual' && this.#hands.isAtRest;
    if (threads !== null && !isResting) return threads.send(sw.worker, body);
    if (threads !== null) await threads.settled();
    const done = this.#carryOut(body);
    this.note(() => this.#carryOut(body));
    return done;
  }

  #carryOut(body: CommandBody): boolean {
    // At a place that a replay comes to again, it does not matter when its switch was last moved.
    if (this.hasHistory) this.core.setTime(this.plan.workers[0]!.address, this.nowNs);
    const done = this.#hands.carryOut(body);
    if (body.setWire && this.clock === 'virtual') this.#hands.fitCells();
    return done;
  }

  protected override async hold(): Promise<() => Promise<void>> {
    const threads = this.#stoppedAfterNs === null ? this.threads : null;
    if (threads === null) {
      if (this.threads === null) this.outlets.drain();
      return async () => {};
    }
    const wasPaused = this.#pausedAt !== 0n;
    this.#holds++;
    let release = () => {};
    if (this.clock === 'virtual')
      this.#held = new Promise((resolve) => {
        release = resolve;
      });
    try {
      await this.pause();
      // Workers that are on their way stand at different times: here they all come to the latest.
      if (this.clock === 'virtual') await threads.restAt(this.nowNs);
      await threads.written();
    } catch (error) {
      release();
      throw error;
    }
    return async () => {
      if (this.clock === 'virtual') await threads.restAt(this.nowNs);
      this.#held = null;
      if (!wasPaused) this.resume();
      release();
    };
  }

  protected override get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  protected override engineState(): EngineState {
    const changes = this.changes.log.save();
    return { injector: this.injector.state, agenda: this.agenda.save(), captured: this.outlets.held, changes };
  }

  protected override setEngineState({ injector, agenda, changes }: EngineState, timeNs: bigint): void {
    this.changes.log.load(changes ?? []);
    this.injector.state = injector;
    this.agenda.load(agenda);
    this.threads?.keepIsolated();
    this.#fromNs = timeNs;
    this.#startedAt = this.#pausedAt - timeNs;
  }

  protected override assertPlannable(): void {
    this.assertOpen();
    if (this.#isUnderWay)
      throw new NetworkError('a run is under way; plan events before it, or where it has come to its end');
  }

  protected override checkDelay(name: PortName, delayNs: bigint): void {
    if (this.clock === 'wall' || delayNs >= this.#hands.cellNs || this.#hands.isAtRest) return;
    throw new NetworkError(
      `${name}: workers are up to ${this.#hands.cellNs} ns apart, so a shorter delay can be set only where a run has come to its end`,
    );
  }

  /** Virtual clock in this thread: when the next event is due, ns; null when nothing is on its way any more. Probes and LACP, which never end, are none. */
  nextEventNs(): bigint | null {
    const next = this.#hands.nextEventNs;
    return next > TIME_NS_MAX ? null : next;
  }
}
