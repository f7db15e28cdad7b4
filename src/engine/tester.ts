/**
 * The test bed's hand in the memory: what its streams are to send, and what came of it.
 *
 * Everything is written while the network stands still (paused, or between two runs on the virtual clock) and read then, but for
 * `sent`, which may be a little behind.
 */
import type { PortName, Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import { ALL_ONES } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import { NetworkError } from './options.ts';
import type { Plan } from './plan.ts';
import type { PlannedTests } from './plan-test.ts';

/** What a stream sends from now on; times are the network's, ns. */
export interface TestOrder {
  readonly fromNs: bigint;
  /** No frame is sent at or after it. */
  readonly stopNs: bigint;
  /** null: as many as there is time for. */
  readonly count: number | null;
  /** Frames a second; null: as fast as the ring takes them. */
  readonly rate: number | null;
  /** One in so many frames is timed; 0: none. */
  readonly stampEvery: number;
  /** The first station of the sender's series, and how many of them are used; default: all. */
  readonly sourceFirst?: number;
  readonly sources?: number;
  readonly destinationFirst?: number;
  readonly destinations?: number;
}

export interface StreamCount {
  readonly sent: number;
  /** ns; 0: nothing was sent. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly received: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly late: number;
  /** Who got any of a broadcast; empty for others. */
  readonly heardBy: readonly PortName[];
}

export interface ProbeCount {
  readonly received: number;
  readonly flooded: number;
  readonly misdelivered: number;
  readonly broadcasts: number;
  /** Batches put into a ring that the switch had emptied, and into one that it had not. */
  readonly doorbells: number;
  readonly suppressed: number;
  /** Times that the guest was given frames. */
  readonly interrupts: number;
  readonly measured: number;
  readonly leastNs: number;
  readonly mostNs: number;
  readonly sumNs: number;
}

const MILLI = 1000;
/** What a frame takes on a wire beside its octets. */
const GAP_BYTES = 20;

export class Tester {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #topology: Topology;
  readonly #tests: PlannedTests;

  constructor(memory: SharedMemory, plan: Plan, topology: Topology) {
    if (plan.tests === null) throw new NetworkError('this network has no test streams');
    this.#memory = memory;
    this.#plan = plan;
    this.#topology = topology;
    this.#tests = plan.tests;
  }

  /** Every stream is silent, and all counts are 0. */
  reset(): void {
    const m = this.#memory;
    for (const [i, { address, test }] of this.#plan.streams.entries()) {
      m.setU64(address + L.Stream_remaining, 0n);
      // repair.ts relies on these two being the same.
      m.setU64(address + L.Stream_sent, 0n);
      m.setU32(address + L.Stream_sequence, 0);
      m.setU64(address + L.Stream_fraction, 0n);
      if (test !== null) {
        m.setU64(test.pattern + L.Pattern_firstNs, 0n);
        m.setU64(test.pattern + L.Pattern_lastNs, 0n);
      }
      const check = this.#tests.checksAt + i * L.CHECK_STRIDE;
      this.#clear(check);
    }
    const { probes, groups } = this.#tests;
    for (const { probe, histogram, groups: checks } of probes.values()) {
      for (let i = 0; i < groups.length; i++) this.#clear(checks + i * L.CHECK_STRIDE);
      m.bytes.fill(0, probe + L.Probe_received, probe + L.Probe_BYTES);
      m.setU64(probe + L.Probe_least, ALL_ONES);
      m.bytes.fill(0, histogram, histogram + L.LATENCY_BUCKETS * 4);
    }
  }

  #clear(check: number): void {
    const { bytes } = this.#memory;
    bytes.fill(0, check + L.Check_next, check + L.Check_group);
    bytes.fill(0, check + L.Check_BYTES, check + L.CHECK_STRIDE);
  }

  order(number: number, order: TestOrder): void {
    const m = this.#memory;
    const { address, test } = this.#plan.streams[number]!;
    const { sizes, sources, destinations } = this.#topology.streams[number]!.test!;
    const { pattern, steps, templates } = test!;
    m.setU64(address + L.Stream_dueNs, order.fromNs);
    m.setU64(address + L.Stream_stopNs, order.stopNs);
    m.setU64(address + L.Stream_remaining, order.count === null ? ALL_ONES : BigInt(order.count));
    const total = sizes.reduce((sum, size) => sum + size + GAP_BYTES, 0);
    const den = order.rate === null ? 0n : BigInt(Math.round(order.rate * MILLI)) * BigInt(total);
    m.setU64(address + L.Stream_intervalDen, den);
    // In a mix time is shared out by octets on the wire.
    const intervalOf = (size: number): [bigint, bigint] => {
      const num = den === 0n ? 0n : BigInt(MILLI) * 1_000_000_000n * BigInt((size + GAP_BYTES) * sizes.length);
      return den === 0n ? [0n, 0n] : [num / den, num % den];
    };
    const [intervalNs, intervalRest] = intervalOf(sizes[0]!);
    m.setU64(address + L.Stream_intervalNs, intervalNs);
    m.setU64(address + L.Stream_intervalRest, intervalRest);
    if (steps !== 0) {
      m.setU32(address + L.Stream_template, templates[0]!);
      m.setU32(address + L.Stream_length, sizes[0]! - 4);
      for (const [i, size] of sizes.entries()) {
        const [ns, rest] = intervalOf(size);
        m.setU64(steps + i * L.SizeStep_BYTES + L.SizeStep_intervalNs, ns);
        m.setU64(steps + i * L.SizeStep_BYTES + L.SizeStep_intervalRest, rest);
      }
    }
    m.setU32(pattern + L.Pattern_step, 0);
    m.setU32(pattern + L.Pattern_sources, sources === 0 ? 0 : (order.sources ?? sources));
    m.setU32(pattern + L.Pattern_sourceFirst, order.sourceFirst ?? 0);
    m.setU32(pattern + L.Pattern_source, 0);
    m.setU32(pattern + L.Pattern_destinations, destinations === 0 ? 0 : (order.destinations ?? destinations));
    m.setU32(pattern + L.Pattern_destinationFirst, order.destinationFirst ?? 0);
    m.setU32(pattern + L.Pattern_destination, 0);
    m.setU32(pattern + L.Pattern_stampEvery, order.stampEvery);
    m.setU32(pattern + L.Pattern_stampLeft, 0);
  }

  /** A trial without a switch: every guest gets back what it sends. Wall clock only. */
  bypass(on: boolean): void {
    for (const { address } of this.#plan.switches) this.#memory.setU32(address + L.Switch_bypass, on ? 1 : 0);
  }

  /** Frames that all streams have sent so far. */
  get sent(): number {
    return this.#plan.streams.reduce((sum, { address }) => sum + this.#memory.count(address + L.Stream_sent), 0);
  }

  /** Of a broadcast: sums over all receivers. */
  stream(number: number): StreamCount {
    const m = this.#memory;
    const { address, test } = this.#plan.streams[number]!;
    const { checksAt, groups, probes } = this.#tests;
    const place = groups.indexOf(number);
    const checks =
      place === -1
        ? [checksAt + number * L.CHECK_STRIDE]
        : [...probes.values()].map((probe) => probe.groups + place * L.CHECK_STRIDE);
    const sum = (field: number): number => checks.reduce((all, check) => all + m.count(check + field), 0);
    return {
      sent: m.count(address + L.Stream_sent),
      firstNs: m.u64(test!.pattern + L.Pattern_firstNs),
      lastNs: m.u64(test!.pattern + L.Pattern_lastNs),
      received: sum(L.Check_received),
      duplicates: sum(L.Check_duplicates),
      reordered: sum(L.Check_reordered),
      late: sum(L.Check_late),
      heardBy: place === -1 ? [] : this.ports.filter((_, i) => m.count(checks[i]! + L.Check_received) > 0),
    };
  }

  get ports(): PortName[] {
    return [...this.#tests.probes.keys()];
  }

  probe(name: PortName): ProbeCount {
    const { probe } = this.#tests.probes.get(name)!;
    const count = (field: number): number => this.#memory.count(probe + field);
    return {
      received: count(L.Probe_received),
      flooded: count(L.Probe_flooded),
      misdelivered: count(L.Probe_misdelivered),
      broadcasts: count(L.Probe_broadcasts),
      doorbells: count(L.Probe_doorbells),
      suppressed: count(L.Probe_suppressed),
      interrupts: count(L.Probe_interrupts),
      measured: count(L.Probe_measured),
      leastNs: count(L.Probe_least),
      mostNs: count(L.Probe_most),
      sumNs: count(L.Probe_sum),
    };
  }

  /** Latencies of all ports, by bucket. */
  histogram(): Uint32Array {
    const all = new Uint32Array(L.LATENCY_BUCKETS);
    for (const { histogram } of this.#tests.probes.values()) {
      for (let i = 0; i < all.length; i++) all[i]! += this.#memory.u32(histogram + 4 * i);
    }
    return all;
  }

  /** ns that each worker has slept so far. */
  idleNs(): number[] {
    return this.#plan.workers.map(({ address }) => this.#memory.count(address + L.Worker_idleNs));
  }
}
