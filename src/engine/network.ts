/**
 * A network that runs: the memory of a topology, and who moves it.
 *
 * On the wall clock, pool threads move it until they are stopped. On the virtual clock either one pool thread does (`run`,
 * with the control thread free to watch), or the calling thread itself (`inline`), which is what replays, tests and programs
 * that step want: it starts at once and every call returns when its work is done.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { type CapturedFrame, readCaptureBytes } from '../capture/read.ts';
import type {
  CaptureReport,
  DeathReport,
  IsolatedReport,
  Ledger,
  MacEntry,
  MoveReport,
  PortReport,
  Report,
} from '../telemetry/report.ts';
import { bannerOf, teachingReport } from '../telemetry/teaching.ts';
import type { CaptureRequest, PortName, Topology } from '../topology/model.ts';
import { Actions } from './action.ts';
import { Agenda } from './agenda.ts';
import { closeCapture, header, openCapture, orderOf } from './capture-file.ts';
import { type CommandBody, carryOut } from './command.ts';
import { COMMAND, ORIGIN, PAUSE, RUN, STOP } from './control.ts';
import { type Core, coreModule, instantiate, RUN_BUDGET, RUN_DONE, RUN_TIGHT } from './core.ts';
import { Directory, placementOf, portNames } from './directory.ts';
import { cutBack, Drain, type DrainFile, type DrainResult } from './drain.ts';
import { type Explanation, explain } from './explain.ts';
import { fill } from './fill.ts';
import { Gauges } from './gauge.ts';
import { Hands } from './hands.ts';
import { SharedMemory } from './memory.ts';
import { Observer } from './observe.ts';
import { Operator } from './operator.ts';
import { clampTime, NetworkError, type NetworkOptions, settle, TIME_NS_MAX } from './options.ts';
import { type Plan, type PlannedSwitch, plan } from './plan.ts';
import { INJECT_BYTES_MAX } from './plan-capture.ts';
import { Prompter } from './prompter.ts';
import { RESTING, Threads } from './threads.ts';

const STEPS_AT_ONCE = 100_000;
const MEMORY_TAP = '(memory)';
/** Some tens of microseconds. */
const SPINS = 20_000;

export class Network extends Operator {
  override readonly topology: Topology;
  readonly clock: 'wall' | 'virtual';
  /** @internal Addresses and sums, for tests and benches. */
  override readonly plan: Plan;
  /** @internal */
  override readonly memory: SharedMemory;
  readonly #core: Core;
  readonly #hands: Hands;
  readonly #observer: Observer;
  protected override readonly directory: Directory;
  protected override readonly actions: Actions;
  protected override readonly agenda: Agenda;
  readonly #prompter: Prompter;
  readonly #inline: boolean;
  readonly #epochNs: bigint;
  readonly #hangMs: number;
  readonly #files: readonly DrainFile[];
  readonly #drains: readonly Drain[];
  readonly #tapHeader: Uint8Array;
  #tap: Uint8Array[] = [];
  #threads: Threads | null = null;
  #injected = 0n;
  readonly #lastInjectedNs = new Map<PortName, bigint>();
  #startedAt = 0n;
  #stoppedAfterNs: bigint | null = null;
  #pausedAt = 0n;
  #captureReports: CaptureReport[] = [];

  /** Plans, fills and opens everything. Throws PlanError, OutputError or NetworkError; then nothing is left open. */
  constructor(topology: Topology, options: NetworkOptions = {}) {
    super();
    const { isVirtual, inline, workers, burst, ringEntries, lookEveryNs, mayDisable, hangMs } = settle(options);
    this.topology = topology;
    this.clock = isVirtual ? 'virtual' : 'wall';
    this.#inline = inline;
    this.#hangMs = hangMs;
    const watch = options.watch ?? [];
    const tap: CaptureRequest[] =
      watch.length > 0 ? [{ file: MEMORY_TAP, ports: portNames(topology, watch), snapLength: 0 }] : [];
    const captures = [...topology.captures, ...(options.captures ?? [])];
    this.plan = plan(topology, {
      workers,
      injectAt: portNames(topology, options.injectAt ?? []),
      captures: [...captures, ...tap],
      burst,
      ringEntries,
      virtual: isVirtual,
      placement: placementOf(topology, options.placement ?? {}, workers),
      mayDisable,
    });
    const pages = this.plan.bytes / 65_536;
    this.memory = new SharedMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
    this.#core = instantiate(coreModule(), this.memory.memory);
    this.#epochNs = options.epochNs ?? (isVirtual ? 0n : BigInt(Date.now()) * 1_000_000n);
    fill(this.memory, this.#core, this.plan, topology, {
      virtual: isVirtual,
      burst,
      ringEntries,
      epochNs: this.#epochNs,
      unplugged: options.unplugged ?? 'down',
      ageingSeconds: options.ageingSeconds ?? null,
      spins: workers <= availableParallelism() ? SPINS : 0,
    });
    this.#hands = new Hands(this.#core, this.memory, this.plan);
    this.#observer = new Observer(this.memory, this.plan, topology);
    this.directory = new Directory(topology, this.plan);
    this.actions = new Actions(topology, this.plan, this.directory);
    const gauges = new Gauges(this.memory, this.plan, this.#observer, this.directory);
    this.agenda = new Agenda(this.actions, gauges, topology.events, { lookEveryNs });
    this.#prompter = new Prompter(this.agenda, this.#hands, this.#core);
    this.#files = this.#openFiles(captures.length);
    const tapPlan = this.plan.captures[captures.length];
    this.#tapHeader = tapPlan ? header(this.plan, tapPlan, topology, this.clock) : new Uint8Array(0);
    const order = tapPlan ? orderOf(this.plan, tapPlan, this.clock, this.#epochNs) : null;
    const tapFile = { fd: -1, path: MEMORY_TAP, headerBytes: 0, isPcap: false, rings: tapPlan?.rings ?? [], order };
    const keep = new Drain(this.memory, tapFile, (bytes) => this.#tap.push(new Uint8Array(bytes)));
    this.#drains = this.#inline ? [...this.#files.map((file) => new Drain(this.memory, file)), keep] : [];
  }

  #openFiles(count: number): DrainFile[] {
    return this.plan.captures
      .slice(0, count)
      .map((capture) => openCapture(this.plan, capture, this.topology, this.clock, this.#epochNs));
  }

  /** Internal time: ns since the start. */
  get nowNs(): bigint {
    if (this.clock === 'virtual') return this.#hands.nowNs;
    if (this.#stoppedAfterNs !== null) return this.#stoppedAfterNs;
    if (this.#threads === null) return 0n;
    if (this.#pausedAt !== 0n) return this.#pausedAt - this.#startedAt;
    return process.hrtime.bigint() - this.#startedAt;
  }

  /** Starts the pool threads, and the clock once all of them stand ready; on the virtual clock they wait for `runUntil`. */
  async start(): Promise<void> {
    if (this.#inline) throw new NetworkError('a network in this thread does not start: call runUntil or step');
    this.#assertOpen();
    if (this.#threads !== null) throw new NetworkError('the network has been started already');
    this.#prompter.happen(0n);
    this.memory.setU32(this.plan.controlAt + COMMAND, PAUSE);
    this.#threads = new Threads(this.memory, this.plan, {
      clock: this.clock,
      files: this.#files,
      core: this.#core,
      hangMs: this.#hangMs,
      seconds: () => Number(this.nowNs) / 1e9,
    });
    this.#startedAt = process.hrtime.bigint();
    this.#pausedAt = this.#startedAt;
    await this.#threads.settled();
    this.resume();
  }

  /** Holds every worker between two bursts; counters are exact from when this resolves. */
  async pause(): Promise<void> {
    const threads = this.#running();
    if (this.#pausedAt === 0n) this.#pausedAt = process.hrtime.bigint();
    this.#prompter.disarm();
    threads.command(PAUSE);
    await threads.settled();
  }

  /** Goes on; the time in between has not passed for the network. */
  resume(): void {
    const threads = this.#running();
    if (this.#pausedAt !== 0n) this.#startedAt += process.hrtime.bigint() - this.#pausedAt;
    this.#pausedAt = 0n;
    this.memory.setU64(this.plan.controlAt + ORIGIN, this.#startedAt);
    if (this.clock === 'virtual') this.#core.again(this.plan.epochsAt);
    threads.command(RUN);
    this.agendaChanged();
  }

  protected override agendaChanged(): void {
    if (this.clock === 'virtual' || this.#threads === null || this.#pausedAt !== 0n) return;
    this.#prompter.arm(() => this.nowNs, this.#send);
  }

  #assertOpen(): void {
    if (this.#stoppedAfterNs !== null) throw new NetworkError('the network has been stopped; build another one');
  }

  #running(): Threads {
    this.#assertOpen();
    if (this.#threads === null) throw new NetworkError('the network has not been started');
    return this.#threads;
  }

  /** Why the run cannot go on, if it cannot. That a thread died is no reason by itself: `deaths` tells. */
  get failure(): Error | null {
    return this.#threads?.failure ?? null;
  }

  /** Workers that died so far; others have gone on with their hosts. A network in this thread has none: its caller gets the error. */
  get deaths(): readonly DeathReport[] {
    return this.#threads?.deaths ?? [];
  }

  /** Hosts that nobody moves any more, because worker after worker died of them. */
  get isolated(): readonly IsolatedReport[] {
    return this.#threads?.isolated ?? [];
  }

  /** @internal For tests that end threads: the one that runs a worker or writes captures, and whether another stands ready. */
  threadOf(worker: number | 'writer'): Worker | null {
    return this.#threads?.threadOf(worker) ?? null;
  }

  /** @internal */
  get hasSpareThread(): boolean {
    return this.#threads?.hasSpare ?? false;
  }

  /** Virtual clock: runs everything that is due at or before `untilNs`. In threads it resolves when that is done. */
  async runUntil(untilNs: bigint): Promise<void> {
    if (this.#inline) return void this.advance(untilNs);
    if (this.clock === 'wall') throw new NetworkError('the wall clock cannot be told how far to run');
    const threads = this.#running();
    if (this.#pausedAt !== 0n) throw new NetworkError('the network is paused; resume it first');
    const reach = (ns: bigint) => threads.runUntil(ns);
    await threads.settled(RESTING);
    await this.#prompter.moveThreads(clampTime(untilNs), reach);
  }

  /**
   * Virtual clock in this thread: the same, at once; true when nothing is due any more. With `eventsMax` it stops when as many frames
   * have been moved: where physical switches form a loop without delay, an instant never ends.
   */
  advance(untilNs: bigint, eventsMax = Number.POSITIVE_INFINITY): boolean {
    const stop = this.#hands.position + eventsMax;
    const status = this.#prompter.move(clampTime(untilNs), (ns) => {
      let reached = RUN_TIGHT;
      while (reached !== RUN_DONE && this.#hands.position < stop)
        reached = this.#step(ns, Math.min(stop - this.#hands.position, STEPS_AT_ONCE));
      return reached;
    });
    this.#drain();
    return status === RUN_DONE;
  }

  /** Virtual clock: up to `events` frames, or times that timers or guests are seen to; then stands still. Returns the time reached, ns. */
  async step(events = 1): Promise<bigint> {
    if (this.clock === 'wall') throw new NetworkError('the wall clock cannot be stepped; use the virtual clock');
    if (!this.#inline) await this.pause();
    for (let left = events; left > 0; ) {
      const before = this.#hands.position;
      const met = this.#prompter.meet();
      const status = met === RUN_DONE ? this.#hands.step(this.agenda.isOver ? left : 1) : met;
      if (status === RUN_DONE) break;
      left -= met === RUN_BUDGET ? 1 : this.#hands.position - before;
      if (status !== RUN_TIGHT) continue;
      if (this.#inline) this.#drain();
      else await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (this.#inline) this.#drain();
    else this.#running().keepTarget();
    return this.nowNs;
  }

  #step(untilNs: bigint, budget: number): number {
    this.#assertOpen();
    if (!this.#inline)
      throw new NetworkError('only a network on the virtual clock in this thread can be advanced by a call');
    const status = this.#hands.run(untilNs, budget);
    if (status === RUN_TIGHT) this.#drain();
    return status;
  }

  #drain(isLast = false): void {
    for (const drain of this.#drains) drain.run(isLast);
  }

  /** Ends the run, closes the captures and tells what happened. Safe to call twice. */
  async stop(): Promise<Report> {
    if (this.#stoppedAfterNs === null) {
      const elapsed = this.nowNs;
      this.#prompter.disarm();
      let drained: DrainResult[];
      if (this.#threads !== null) {
        this.#threads.command(STOP);
        drained = await this.#threads.join();
      } else {
        this.#drain(true);
        drained = this.#drains.map((drain) => drain.result);
      }
      this.#stoppedAfterNs = elapsed;
      this.#captureReports = this.#files.map((file, i) => this.#closeFile(file, i, drained[i]));
    }
    return this.report();
  }

  #closeFile(file: DrainFile, i: number, drained: DrainResult | undefined): CaptureReport {
    const result = drained ?? this.#unwritten(file);
    const end = this.#epochNs + this.nowNs;
    return closeCapture(
      this.memory,
      this.#observer,
      this.plan,
      this.plan.captures[i]!,
      file,
      result,
      end,
      this.#epochNs,
    );
  }

  /** What a capture is whose writer died: all of its whole blocks. */
  #unwritten(file: DrainFile): DrainResult {
    const bytes = cutBack(file, file.headerBytes);
    return {
      path: file.path,
      bytes,
      failure: `${file.path}: the thread that writes captures died; the capture ends there`,
    };
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
    this.memory.bytes.set(bytes, this.plan.stagingAt);
    const id = this.#injected + 1n;
    if (this.#core.inject(wire.address, this.plan.injectPoolAt, this.plan.stagingAt, bytes.length, id, atNs) === 0)
      return false;
    this.#injected = id;
    this.#lastInjectedNs.set(port.name, atNs);
    return true;
  }

  /** Stations that moved from port to port, the latest 256, oldest first. */
  moves(switchName: string): MoveReport[] {
    return this.#observer.moves(this.directory.switch(switchName));
  }

  readonly #send = (sw: PlannedSwitch, body: CommandBody) => this.command(sw, body);

  protected override async command(sw: PlannedSwitch, body: CommandBody): Promise<boolean> {
    const given = this.isolated.find(({ host }) => host === sw.host);
    if (given !== undefined) throw new NetworkError(`${given.host} is isolated: ${given.why}`);
    const threads = this.#stoppedAfterNs === null ? this.#threads : null;
    // Who rests on the virtual clock may be changed from here, so that it has happened before anything else.
    const isResting = this.clock === 'virtual' && this.#hands.isAtRest;
    if (threads !== null && !isResting) return threads.send(sw.worker, body);
    if (threads !== null) await threads.settled();
    return carryOut(this.#core, body);
  }

  protected override checkDelay(name: PortName, delayNs: bigint): void {
    if (this.clock === 'wall' || delayNs >= this.#hands.cellNs || this.#hands.isAtRest) return;
    throw new NetworkError(
      `${name}: workers are up to ${this.#hands.cellNs} ns apart, so a shorter delay can be set only where a run has come to its end`,
    );
  }

  protected override delaysChanged(): void {
    if (this.clock === 'virtual') this.#hands.fitCells();
  }

  /** Virtual clock in this thread: when the next event is due, ns; null when nothing is on its way any more. Probes and LACP, which never end, are none. */
  nextEventNs(): bigint | null {
    const next = this.#hands.nextEventNs;
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
    const bytes = Buffer.concat([this.#tapHeader, ...this.#tap]);
    this.#tap = [];
    return this.#tapHeader.length === 0 ? [] : [...readCaptureBytes(MEMORY_TAP, bytes)];
  }

  /** Says which rules are switched off, or were; null while all have always been in force. */
  get banner(): string | null {
    return bannerOf(this.#observer.lesson());
  }

  report(): Report {
    const elapsed = this.nowNs;
    return {
      name: this.topology.name,
      clock: this.clock,
      seed: this.topology.seed,
      seconds: Number(elapsed) / 1e9,
      teaching: teachingReport(this.#observer.lesson(), this.#observer.rounds()),
      memoryBytes: this.plan.bytes,
      ledger: this.ledger(),
      switches: this.plan.switches.map((sw) => this.#observer.switch(sw)),
      streams: this.#observer.streams(),
      captures: this.#captureReports,
      workers: this.plan.workers.map((_, i) =>
        this.#observer.worker(i, this.#threads === null ? 0n : elapsed, this.#threads?.restarts(i) ?? 0),
      ),
      deaths: [...this.deaths],
      isolated: [...this.isolated],
      events: this.events(),
    };
  }
}
