/**
 * Captures that are attached while a network runs, to let somebody look in from outside. Each takes a place that was planned at the
 * start: a ring for every worker and a capture point wherever there can be one. Points are put into the lists of their ports and
 * switches, and taken out again, by plain stores: workers come by them like by any other, and nothing that the network does depends
 * on it. They are no part of its state: after it went back they are put in again.
 */
import { compileFilter, FilterError, type FilterProgram } from '../capture/filter.ts';
import { matchCapturePorts } from '../topology/capture-port.ts';
import type { CaptureRequest, CaptureStage, Topology } from '../topology/model.ts';
import { type CaptureCounts, countsOf, pcapngHeader, statistics } from './capture-blocks.ts';
import { orderOf } from './capture-file.ts';
import { STATE_RUNNING } from './control.ts';
import { Drain, IN_MEMORY } from './drain.ts';
import { ALWAYS, fillFilter, fillPoint, headOf } from './fill-capture.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import { NetworkError, whole } from './options.ts';
import type { Plan } from './plan.ts';
import { Finder, OF_COMMANDS, type PlannedCapture, type PlannedPoint } from './plan-capture.ts';
import { INSTRUCTIONS_MAX, type PlannedLive } from './plan-live.ts';

export interface LiveRequest {
  /** Names and patterns; `owner/DROP`, too. */
  readonly ports: readonly string[];
  readonly snapLength?: number;
  /** A pcap-filter expression. */
  readonly filter?: string;
  readonly stages?: readonly CaptureStage[];
  readonly direction?: 'in' | 'out' | 'both';
  readonly sample?: number;
}

export interface LiveCapture {
  /** Frames written, and frames lost because they were not taken in time. */
  readonly frames: number;
  readonly lost: number;
  /** What was not taken before may be given again. */
  drained(): void;
  /** Gives what there still is, and ends. */
  close(): Promise<void>;
}

/** Whole blocks; the bytes are to be copied. False: it can take no more now. */
export type LiveWrite = (bytes: Uint8Array) => boolean;

const SNAP_MAX = 262_144;
const SAMPLE_MAX = 0xffff_ffff;
const DIRECTIONS: readonly string[] = ['in', 'out', 'both'];
const STAGES: readonly string[] = ['wire', 'inside'];
const NOTHING: CaptureCounts = { seen: 0, frames: 0, lost: 0 };
const LOOK_MS = 4;
const LEAVE_MS = 2;
const LEAVE_TRIES = 1000;

interface Attached {
  readonly capture: PlannedCapture;
  readonly live: Live;
  readonly header: Uint8Array;
  readonly close: () => Promise<void>;
  readonly isLeaving: () => boolean;
}

export class LiveCaptures {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #topology: Topology;
  readonly #clock: 'wall' | 'virtual';
  readonly #epochNs: bigint;
  readonly #nowNs: () => bigint;
  /** By place. */
  readonly #attached: (Attached | null)[];

  constructor(
    memory: SharedMemory,
    plan: Plan,
    topology: Topology,
    clock: 'wall' | 'virtual',
    epochNs: bigint,
    nowNs: () => bigint,
  ) {
    this.#memory = memory;
    this.#plan = plan;
    this.#topology = topology;
    this.#clock = clock;
    this.#epochNs = epochNs;
    this.#nowNs = nowNs;
    this.#attached = plan.live.map(() => null);
  }

  /** Throws NetworkError. */
  attach(request: LiveRequest, write: LiveWrite): LiveCapture {
    if (this.#plan.live.length === 0)
      throw new NetworkError(
        'this network has no places for live captures: it was made without, or is too large for them',
      );
    const number = this.#attached.indexOf(null);
    if (number < 0)
      throw new NetworkError(
        `no place for one more live capture is free, of ${this.#attached.length}; end another one first`,
      );
    const place = this.#plan.live[number]!;
    const capture = this.#planned(place, this.#resolved(request));
    const { interfaces } = capture;
    const header = pcapngHeader(
      this.#plan,
      interfaces,
      request.snapLength ?? 0,
      this.#topology,
      this.#clock,
      request.filter,
    );
    const fromNs = this.#nowNs();
    this.#open(capture);
    const live = new Live(this.#memory, this.#plan, this.#clock, this.#epochNs, capture, write);
    const leave = async (): Promise<void> => {
      this.#unlink(capture);
      await this.#left(capture);
      live.end();
      write(statistics(live.counts, this.#epochNs + fromNs, this.#epochNs + this.#nowNs()));
      for (const { address } of capture.rings) this.#store(address + L.CaptureRing_closed, L.CAPTURE_OVER);
      this.#attached[number] = null;
      this.#rest(capture);
    };
    let leaving: Promise<void> | null = null;
    const close = (): Promise<void> => {
      leaving ??= leave();
      return leaving;
    };
    this.#attached[number] = { capture, live, header, close, isLeaving: () => leaving !== null };
    write(header);
    this.#link(capture);
    live.start();
    return {
      get frames() {
        return sumOf(live.counts, 'frames');
      },
      get lost() {
        return sumOf(live.counts, 'lost');
      },
      drained: () => live.drained(),
      close,
    };
  }

  /** The network is about to be put into another state. */
  leaveState(): void {
    for (const each of this.#attached) if (each !== null && !each.isLeaving()) each.live.leaveState();
  }

  /** The network has another state now: who looks goes on, with a section of its own, for it may be another time. */
  relink(): void {
    this.#sweep();
    for (const each of this.#attached) {
      if (each === null || each.isLeaving()) continue;
      each.live.beginAnew(each.header);
      this.#open(each.capture);
      this.#link(each.capture);
    }
  }

  /** Empties the rings in this thread, which moves the network: whoever cannot take more has to keep it. */
  drain(): void {
    for (const each of this.#attached) each?.live.drain();
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#attached.map((each) => each?.close()));
  }

  #resolved({ ports, filter, ...more }: LiveRequest): CaptureRequest {
    const { snapLength = 0, sample = 1, stages = ['wire'], direction = 'both' } = more;
    whole('snapLength', snapLength, 0, SNAP_MAX);
    whole('sample', sample, 1, SAMPLE_MAX);
    if (!DIRECTIONS.includes(direction)) throw new NetworkError(`direction ${direction} is none of in, out and both`);
    if (stages.length === 0 || stages.some((stage) => !STAGES.includes(stage)))
      throw new NetworkError(`stages ${stages.join(', ') || 'none'}: there are wire and inside; name one or both`);
    const names = ports.flatMap((text) => {
      const found = matchCapturePorts(this.#topology, text);
      if (found.length === 0)
        throw new NetworkError(`${text} is no port of ${this.#topology.name}, nor a pattern that matches one`);
      return found;
    });
    if (names.length === 0) throw new NetworkError('no ports to capture; * stands for all');
    const choice = { snapLength, sample, direction, ...(filter === undefined ? {} : { filter }) };
    return { ...choice, file: '', ports: [...new Set(names)], stages: [...new Set(stages)] };
  }

  #planned(place: PlannedLive, request: CaptureRequest): PlannedCapture {
    const { switches } = this.#plan;
    const islands = switches.map(({ island }) => island);
    const interfaces = new Finder(switches, islands, this.#topology.links).find(request);
    const program = request.filter === undefined ? null : programOf(request.filter);
    const own = interfaces.flatMap(({ spots }) => spots.map((spot) => switches[spot.switch]!.worker));
    const workers = new Set([...own, OF_COMMANDS]);
    const points = interfaces.flatMap(({ spots }, interfaceId) =>
      spots.map((spot): PlannedPoint => {
        const { worker } = switches[spot.switch]!;
        const filter = program === null ? 0 : place.filters[worker]!.address;
        return {
          ...spot,
          address: this.#pointAt(place, spot),
          ring: place.rings[worker]!.address,
          interfaceId,
          filter,
        };
      }),
    );
    const filters = program === null ? [] : place.filters.map((filter) => ({ ...filter, program }));
    return { request, rings: place.rings.filter(({ worker }) => workers.has(worker)), interfaces, points, filters };
  }

  #pointAt(
    { pointsAt }: PlannedLive,
    { switch: number, port, isInside }: Omit<PlannedPoint, 'address' | 'ring' | 'interfaceId' | 'filter'>,
  ): number {
    const before = this.#plan.switches.slice(0, number).reduce((sum, { ports }) => sum + 1 + 2 * ports.length, 0);
    const own = port === null ? 0 : 1 + 2 * this.#plan.ports.get(port)!.port.number + (isInside ? 1 : 0);
    return pointsAt + (before + own) * L.CapturePoint_BYTES;
  }

  /** Empty rings, and points that have seen nothing. */
  #open({ rings, points, filters, request }: PlannedCapture): void {
    const m = this.#memory;
    for (const { address } of rings) {
      const head = m.u32(address + L.CaptureRing_headNext);
      for (const field of [L.CaptureRing_head, L.CaptureRing_tail, L.CaptureRing_tailSeen])
        this.#store(address + field, head);
      m.setU64(address + L.CaptureRing_moved, 0n);
      m.setU64(address + L.CaptureRing_movedBefore, 0n);
      this.#store(address + L.CaptureRing_closed, 0);
    }
    for (const filter of filters) fillFilter(m, filter);
    const fromNs = this.#fromNs();
    for (const point of points) fillPoint(m, point, request, fromNs, ALWAYS);
  }

  /** On the virtual clock islands may be apart by a cell; they go strictly in order from now on, and what lies before is left out. */
  #fromNs(): bigint {
    if (this.#clock === 'wall') return 0n;
    const times = this.#plan.workers.map(({ address }) => {
      this.#store(address + L.Worker_inOrder, 1);
      return this.#memory.u64(address + L.Worker_now);
    });
    const isBegun = times.some((time) => time > 0n);
    const latest = times.sort((a, b) => (a < b ? -1 : 1)).at(-1)!;
    return isBegun ? latest + BigInt(this.#plan.cellNs) : 0n;
  }

  #link({ points }: PlannedCapture): void {
    for (const point of points) {
      const head = headOf(this.#plan, point);
      this.#store(point.address + L.CapturePoint_next, this.#memory.u32(head));
      this.#store(head, point.address);
      this.#store(this.#plan.switches[point.switch]!.address + L.Switch_watched, 1);
    }
  }

  #unlink({ points }: PlannedCapture): void {
    for (const point of points) {
      let at = headOf(this.#plan, point);
      while (this.#memory.u32(at) !== 0 && this.#memory.u32(at) !== point.address)
        at = this.#memory.u32(at) + L.CapturePoint_next;
      if (this.#memory.u32(at) === point.address)
        this.#store(at, this.#memory.u32(point.address + L.CapturePoint_next));
    }
  }

  /** Nobody looks any more where nothing is captured: short cuts need not, either. */
  #rest({ points }: PlannedCapture): void {
    const plan = this.#plan;
    for (const number of new Set(points.map((point) => point.switch))) {
      const { address, ports } = plan.switches[number]!;
      const heads = [address + L.Switch_drops, ...ports.flatMap((port) => headsOf(port.address))];
      if (heads.every((head) => this.#memory.u32(head) === 0)) this.#store(address + L.Switch_watched, 0);
    }
    const isUsed = plan.captures.length > 0 || this.#attached.some((each) => each !== null);
    if (!isUsed) for (const worker of plan.workers) this.#store(worker.address + L.Worker_inOrder, 0);
  }

  /** Takes out what another state has left in the lists. */
  #sweep(): void {
    const { live, switches } = this.#plan;
    if (live.length === 0) return;
    const points = switches.reduce((sum, { ports }) => sum + 1 + 2 * ports.length, 0);
    const isLive = (at: number) =>
      live.some(({ pointsAt }) => at >= pointsAt && at < pointsAt + points * L.CapturePoint_BYTES);
    for (const { address, ports } of switches) {
      const heads = [address + L.Switch_drops, ...ports.flatMap((port) => headsOf(port.address))];
      // They stand first, for they came last.
      for (const head of heads)
        while (isLive(this.#memory.u32(head)))
          this.#store(head, this.#memory.u32(this.#memory.u32(head) + L.CapturePoint_next));
    }
  }

  /** Resolves when no worker can be at a point any more that has been taken out of its list. */
  async #left({ rings }: PlannedCapture): Promise<void> {
    const workers = rings.flatMap(({ worker }) => this.#plan.workers[worker]?.address ?? []);
    const beats = workers.map((at) => this.#memory.u32(at + L.Worker_beat));
    const isPast = (at: number, i: number) =>
      this.#memory.u32(at + L.Worker_beat) !== beats[i] || this.#memory.u32(at + L.Worker_state) !== STATE_RUNNING;
    for (let i = 0; i < LEAVE_TRIES && !workers.every(isPast); i++)
      await new Promise((next) => setTimeout(next, LEAVE_MS));
  }

  #store(at: number, value: number): void {
    Atomics.store(this.#memory.words, this.#memory.word(at), value | 0);
  }
}

function headsOf(port: number): number[] {
  return [port + L.Port_capture, port + L.Port_inside];
}

function sumOf(counts: readonly CaptureCounts[], of: 'frames' | 'lost'): number {
  return counts.reduce((sum, each) => sum + each[of], 0);
}

function programOf(text: string): FilterProgram {
  try {
    const program = compileFilter(text);
    if (program.words.length <= 2 * INSTRUCTIONS_MAX) return program;
  } catch (error) {
    if (error instanceof FilterError) throw new NetworkError(error.message);
    throw error;
  }
  throw new NetworkError(`the filter is longer than ${INSTRUCTIONS_MAX} instructions; ask for less`);
}

/** Empties the rings of one live capture from time to time. */
class Live {
  readonly #memory: SharedMemory;
  readonly #capture: PlannedCapture;
  readonly #drain: Drain;
  readonly #write: LiveWrite;
  #before: readonly CaptureCounts[] = [];
  #canTake = true;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    memory: SharedMemory,
    plan: Plan,
    clock: 'wall' | 'virtual',
    epochNs: bigint,
    capture: PlannedCapture,
    write: LiveWrite,
  ) {
    this.#memory = memory;
    this.#capture = capture;
    this.#write = write;
    const file = { ...IN_MEMORY, rings: capture.rings, order: orderOf(plan, capture, clock, epochNs) };
    this.#drain = new Drain(memory, file, {
      write: (bytes) => {
        if (!write(bytes)) this.#canTake = false;
      },
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  drained(): void {
    this.#canTake = true;
    if (this.#timer !== null) this.#look();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#drain.run(true);
  }

  /** By interface, over all states that the network has had meanwhile. */
  get counts(): CaptureCounts[] {
    return countsOf(this.#memory, this.#capture).map((now, i) => {
      const { seen, frames, lost } = this.#before[i] ?? NOTHING;
      return { seen: seen + now.seen, frames: frames + now.frames, lost: lost + now.lost };
    });
  }

  /** Gives all there is of a state that is about to be left. */
  leaveState(): void {
    this.#drain.run(true);
    this.#before = this.counts;
  }

  beginAnew(header: Uint8Array): void {
    this.#write(header);
  }

  drain(): void {
    this.#drain.run(false);
  }

  #look(): void {
    if (this.#canTake) this.drain();
  }
}
