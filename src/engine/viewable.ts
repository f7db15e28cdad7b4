/** What can be seen of a network, at any time and at no cost to it: counters, tables, the ledger, what would become of a frame. */
import type { Worker } from 'node:worker_threads';
import type { CapturedFrame } from '../capture/read.ts';
import type { FlowRecord } from '../telemetry/flow.ts';
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
import type { PortName } from '../topology/model.ts';
import { type Explanation, explain } from './explain.ts';
import * as L from './generated/layout.ts';
import { assertLength, type Injector } from './injector.ts';
import type { LiveCapture, LiveRequest, LiveWrite } from './live-capture.ts';
import type { Observer } from './observe.ts';
import { consolidation } from './observe-consolidation.ts';
import { hostedReports } from './observe-hosted.ts';
import { NetworkError } from './options.ts';
import type { PlannedSwitch } from './plan.ts';
import { Restorable } from './restorable.ts';
import { Tester } from './tester.ts';
import type { Threads } from './threads.ts';

export abstract class Viewable extends Restorable {
  protected abstract readonly observer: Observer;
  protected abstract readonly injector: Injector;
  /** null: it is moved in the calling thread, or not yet. */
  protected threads: Threads | null = null;
  protected captureReports: CaptureReport[] = [];
  #tester: Tester | null = null;

  /** Why the run cannot go on, if it cannot. That a thread died is no reason by itself: `deaths` tells. */
  get failure(): Error | null {
    return this.threads?.failure ?? null;
  }

  /** Whether a capture with `onError: stop` cannot be written any more: the run should be stopped. */
  get hasLostCapture(): boolean {
    return this.outlets.hasFailed;
  }

  /** Virtual clock: whether everything waits for somebody who reads a pipe or a live capture, for no frame may be lost. */
  get isWaiting(): boolean {
    // Who writes to a pipe waits for it with all other files.
    const held = this.outlets.files.some(({ kind }) => kind === 'pipe') ? this.plan.captures : [];
    return [...held, ...this.plan.live].some(({ rings }) => rings.some(({ address }) => this.#isFull(address)));
  }

  #isFull(ring: number): boolean {
    const word = (field: number): number => this.memory.u32(ring + field);
    const held = (word(L.CaptureRing_headNext) - word(L.CaptureRing_tail)) >>> 0;
    return word(L.CaptureRing_closed) === 0 && held + word(L.CaptureRing_reserve) > word(L.CaptureRing_size);
  }

  /** Workers that died so far; others have gone on with their hosts. A network in this thread has none: its caller gets the error. */
  get deaths(): readonly DeathReport[] {
    return this.threads?.deaths ?? [];
  }

  /** Hosts that nobody moves any more, because worker after worker died of them. */
  get isolated(): readonly IsolatedReport[] {
    return this.threads?.isolated ?? [];
  }

  /** @internal For tests that end threads: the one that runs a worker or writes captures, and whether another stands ready. */
  threadOf(worker: number | 'writer'): Worker | null {
    return this.threads?.threadOf(worker) ?? null;
  }

  /** @internal */
  get hasSpareThread(): boolean {
    return this.threads?.hasSpare ?? false;
  }

  /** @internal What a test bed sends and counts with. Throws NetworkError where no stream is a test's. */
  get tester(): Tester {
    this.#tester ??= new Tester(this.memory, this.plan, this.topology);
    return this.#tester;
  }

  /** What would become of a frame that enters at a port now, with every rule it meets; on a copy, so that nothing changes. */
  explain(name: PortName, bytes: Uint8Array): Explanation {
    const { sw, port } = this.directory.port(name);
    assertLength(bytes);
    return explain(this.memory, this.plan, this.topology, sw, port, bytes);
  }

  /**
   * Lets a frame (without FCS, 0-131,008 bytes) enter at a port at a time that is not before any injected there so far: as
   * from the guest at a vNIC, as from the wire elsewhere. False when the port's queue is full: run on, then try again.
   */
  inject(name: PortName, bytes: Uint8Array, atNs: bigint): boolean {
    const { port } = this.directory.port(name);
    if (!this.injector.inject(port.name, bytes, atNs)) return false;
    if (this.hasHistory) {
      const kept = bytes.slice();
      this.note(() => this.injector.inject(port.name, kept, atNs));
    }
    return true;
  }

  /**
   * Lets somebody look in while the network runs: whole pcapng blocks, the section header first, until the capture or the network
   * ends. A `write` that says false is given no more until `drained`: on the wall clock frames are lost then and counted, the
   * virtual clock waits, but in this thread, where nobody could say so, it gives all the same.
   * Throws NetworkError for what it cannot capture, and when no place is free (`live`).
   */
  async attach(request: LiveRequest, write: LiveWrite): Promise<LiveCapture> {
    this.assertOpen();
    return this.live.attach(request, write);
  }

  ports(): PortReport[] {
    return this.plan.switches.flatMap((sw) => sw.ports.map((port) => this.observer.port(sw, port)));
  }

  macTable(switchName: string): MacEntry[] {
    return this.observer.macTable(this.directory.switch(switchName));
  }

  /** Stations that moved from port to port, the latest 256, oldest first. */
  moves(switchName: string): MoveReport[] {
    return this.observer.moves(this.directory.switch(switchName));
  }

  ledger(): Ledger {
    return this.observer.ledger(Number(this.injector.state.injected));
  }

  /** Flow records of all switches that keep some: those that have ended, and those that live. */
  flowRecords(): FlowRecord[] {
    return this.outlets.flows.records();
  }

  /** What passed the watched ports since the last call, in order. */
  takeFrames(): CapturedFrame[] {
    return this.outlets.takeFrames();
  }

  /** Says which rules are switched off, or were; null while all have always been in force. */
  get banner(): string | null {
    return bannerOf(this.observer.lesson());
  }

  report(): Report {
    const elapsed = this.nowNs;
    const changes = this.changes.log.report();
    return {
      name: this.topology.name,
      clock: this.clock,
      seed: this.topology.seed,
      seconds: Number(elapsed) / 1e9,
      teaching: teachingReport(this.observer.lesson(), this.observer.rounds()),
      memoryBytes: this.plan.bytes,
      ledger: this.ledger(),
      switches: this.plan.switches.map((sw) => this.observer.switch(sw)),
      consolidation: consolidation(this.memory, this.plan, this.topology),
      streams: this.observer.streams(),
      ...(this.topology.pings !== undefined && { pings: this.observer.pings() }),
      captures: this.captureReports,
      workers: this.plan.workers.map((_, i) =>
        this.observer.worker(i, this.threads === null ? 0n : elapsed, this.threads?.restarts(i) ?? 0),
      ),
      deaths: [...this.deaths],
      isolated: [...this.isolated],
      events: this.events(),
      ...(changes.length > 0 && { changes }),
      ...hostedReports(this.memory, this.plan, this.nowNs),
    };
  }

  protected override assertMoved({ host }: PlannedSwitch): void {
    const given = this.isolated.find((each) => each.host === host);
    if (given !== undefined) throw new NetworkError(`${host} is isolated: ${given.why}`);
  }
}
