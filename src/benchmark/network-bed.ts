/**
 * A bed over a real network: threads on the wall clock, or the virtual clock in the calling thread.
 *
 * On the wall clock guests and their switch share a thread, so a load that it cannot carry is offered late rather than lost, and the
 * trial is void. Between trials all threads stand still, which is when counts are read: they are settled by then.
 */
import { availableParallelism } from 'node:os';
import { Network } from '../engine/network.ts';
import type { TestOrder } from '../engine/tester.ts';
import type { PortName, Stream, Topology } from '../topology/model.ts';
import { withoutStacks } from '../topology/stream.ts';
import type { Bed, BedOptions, Flow, FlowLoad, Trial, TrialOptions } from './bed.ts';
import { BenchError } from './error.ts';
import { type Route, routesOf } from './path.ts';
import { receiversOf } from './reach.ts';
import { meanOf, resultOf } from './trial.ts';

/** Time between the order and the first frame, so that all flows begin together. */
const LEAD_NS = 1_000_000n;
const GAP_BYTES = 20;
const LEARN_RATE = 200_000;
/** All stations speak, however late. */
const LEARN_GRACE_SECONDS = 10;
const LEARN_TRIES = 3;
const LEARN_SLOWER = 4;
const LEARN_SIZE = 64;
/** Share of a trial that a sender may be late before it is stopped; the trial is void long before. */
const GRACE = 0.02;
const GRACE_SECONDS = 0.05;
/** RFC 2544 23 asks for 2 s; a little more, so as not to look at the very instants at which LACP and probes send. */
const RESIDUE_SECONDS = 2.013;
const RESIDUE_SECONDS_SHORT = 0.1;
/** Where nothing is measured by it: frames that are still on their way are waited for anyway. */
const RESIDUE_SECONDS_WARM = 0.01;
const SHORT_TRIAL_SECONDS = 5;
/** Waits of a residue's length for frames that are still on their way. */
const PATIENCE = 20;
const WARM_UP_SECONDS = 0.15;
const WARM_UPS = 8;
const STEADY = 0.05;
const CEILING_SECONDS = 0.3;

/** Throws what Network's constructor throws. */
export async function createBed(options: BedOptions): Promise<Bed> {
  const bed = new NetworkBed(options);
  await bed.open();
  return bed;
}

class NetworkBed implements Bed {
  readonly network: Network;
  readonly flows: readonly Flow[];
  readonly #isWall: boolean;
  readonly #route: Route;
  /** The shortest ageing time of all switches that learn, s. */
  readonly #rememberedSeconds: number;
  /** Who sends learning frames, a stream each behind those of the flows: how many stations. */
  readonly #learners: readonly number[];

  constructor({ topology, flows, clock, captures = [], ...options }: BedOptions) {
    const busyPoll = options.busyPoll ?? (options.workers ?? 1) < availableParallelism();
    this.flows = flows;
    this.#rememberedSeconds = options.ageingSeconds ?? leastAgeing(topology);
    this.#isWall = clock === 'wall';
    const series = seriesOf(flows);
    this.#learners = [...series.values()];
    const learners = [...series].map(
      ([from, stations]) => ({ from, to: 'broadcast', sizes: [LEARN_SIZE], stations, isLearning: true }) as const,
    );
    const streams = [...flows, ...learners].map((flow): Stream => {
      const isSeries = (stations: number | undefined): number => ((stations ?? 1) > 1 ? stations! : 0);
      return {
        from: flow.from,
        to: flow.to,
        sizeBytes: flow.sizes[0]!,
        rate: { kind: 'max' },
        flows: 'flows' in flow ? (flow.flows ?? 1) : 1,
        startNs: 0,
        stopNs: null,
        count: 0,
        test: {
          sizes: flow.sizes,
          sources: isSeries(flow.stations),
          destinations: 'towards' in flow ? isSeries(flow.towards) : 0,
          isLearning: 'isLearning' in flow,
        },
      };
    });
    this.network = new Network({ ...withoutStacks(topology), streams, captures }, { clock, ...options, busyPoll });
    this.#route = routesOf(topology, this.network.ports());
  }

  async open(): Promise<void> {
    if (!this.#isWall) return;
    await this.network.start();
    await this.network.pause();
  }

  async close(): Promise<void> {
    await this.network.stop();
  }

  async ceiling(): Promise<number | null> {
    if (!this.#isWall) return null;
    const { tester } = this.network;
    tester.bypass(true);
    try {
      await this.warmUp();
      const rates: number[] = [];
      for (let i = 0; i < 3; i++)
        rates.push(
          (await this.#run({ load: 'max', seconds: CEILING_SECONDS, residue: RESIDUE_SECONDS_WARM })).receivedRate,
        );
      return rates.sort((a, b) => a - b)[1]!;
    } finally {
      tester.bypass(false);
    }
  }

  async warmUp(): Promise<void> {
    if (!this.#isWall) return;
    let before = 0;
    for (let i = 0; i < WARM_UPS; i++) {
      const { receivedRate } = await this.#run({
        load: 'max',
        seconds: WARM_UP_SECONDS,
        residue: RESIDUE_SECONDS_WARM,
      });
      if (Math.abs(receivedRate - before) < STEADY * before) return;
      before = receivedRate;
    }
  }

  async trial(options: TrialOptions): Promise<Trial> {
    if (options.learn !== false) {
      this.#assertRemembered(options.seconds);
      await this.#learn();
    }
    return this.#run(options);
  }

  lineRate(flow: number): number | null {
    return this.#limitOf([flow]);
  }

  maximumLoad(): number | null {
    return this.#limitOf(this.flows.map((_, i) => i));
  }

  /** Frames a second over these flows, with equal loads, until some cable is full. */
  #limitOf(numbers: readonly number[]): number | null {
    const wires = new Map<string, { bitsPerFrame: number; rateBps: number }>();
    for (const number of numbers) {
      const { from, to, sizes } = this.flows[number]!;
      for (const { wire, rateBps, tagBytes } of to === 'broadcast' ? [] : (this.#route(from, to) ?? [])) {
        if (rateBps === null) continue;
        const before = wires.get(wire)?.bitsPerFrame ?? 0;
        wires.set(wire, { bitsPerFrame: before + (meanOf(sizes) + tagBytes + GAP_BYTES) * 8, rateBps });
      }
    }
    const limits = [...wires.values()].map(({ bitsPerFrame, rateBps }) => (rateBps / bitsPerFrame) * numbers.length);
    return limits.length === 0 ? null : Math.min(...limits);
  }

  /** Receivers are silent, so no trial may be longer than what it was that they said is known (RFC 2889 5.7.3). */
  #assertRemembered(seconds: number): void {
    if (this.#rememberedSeconds > seconds) return;
    throw new BenchError(
      `a trial of ${seconds} s, when stations are forgotten after ${this.#rememberedSeconds} s`,
      'take shorter trials (--seconds), or a longer ageing time in the topology',
    );
  }

  /** Each station says once where it is; again and slower where cables lost some of that. */
  async #learn(): Promise<void> {
    const count = this.#learners.length;
    const silent = this.flows.map(() => null);
    let rate = Math.min(LEARN_RATE, this.#slowestCable / 2);
    for (let i = 0; i < LEARN_TRIES; i++, rate /= LEARN_SLOWER) {
      const lost = this.network.ledger().drops['queue_full'] ?? 0;
      // One after another, so that they do not meet in a queue.
      const learners = this.#learners.map((stations, place) => ({
        rate: rate / count,
        count: stations,
        from: place / rate,
      }));
      const seconds = (Math.max(...this.#learners) * count + count) / rate;
      await this.#send([...silent, ...learners], {
        seconds,
        residue: RESIDUE_SECONDS_WARM,
        grace: LEARN_GRACE_SECONDS,
      });
      if ((this.network.ledger().drops['queue_full'] ?? 0) === lost) return;
    }
  }

  /** Learning frames a second that every cable carries. */
  get #slowestCable(): number {
    const rates = this.network.topology.links.flatMap(({ rateBps }) => rateBps ?? []);
    return Math.min(...rates) / ((LEARN_SIZE + GAP_BYTES) * 8);
  }

  async #run(options: TrialOptions): Promise<Trial> {
    const { load } = options;
    const shared = typeof load === 'number' ? sharedLoad(load, options.seconds, this.flows.length) : null;
    const seconds = shared?.seconds ?? options.seconds;
    const loads = shared?.loads ?? (typeof load === 'object' ? load : this.flows.map(() => ({ rate: 'max' }) as const));
    const before = this.network.ledger();
    const { startNs, intended, busy } = await this.#send(loads, { ...options, seconds });
    const { tester } = this.network;
    const after = this.network.ledger();
    return resultOf({
      flows: this.flows,
      loads,
      ...(typeof load === 'number' ? { askedRate: load } : {}),
      intended: intended.slice(0, this.flows.length),
      streams: this.flows.map((_, i) => tester.stream(i)),
      probes: new Map(tester.ports.map((name) => [name, tester.probe(name)])),
      histogram: tester.histogram(),
      before,
      after,
      startNs,
      seconds,
      busy,
      isWall: this.#isWall,
      receiversOf: (from) => receiversOf(this.network.topology, from),
      lineRate: this.maximumLoad(),
      learned: options.learn !== false,
    });
  }

  /** Sends by order and waits until everything has come to rest; the network stands still before and after. */
  async #send(
    loads: readonly (FlowLoad | null)[],
    {
      seconds,
      residue,
      stampEvery,
      steps = [],
      grace = seconds * GRACE + GRACE_SECONDS,
    }: Omit<TrialOptions, 'load'> & { readonly grace?: number },
  ): Promise<{ startNs: bigint; intended: (number | null)[]; busy: number[] }> {
    const { network } = this;
    const { tester } = network;
    tester.reset();
    const startNs = network.nowNs + LEAD_NS;
    const stamps = stampEvery ?? (this.#isWall ? 0 : 1);
    const intended = loads.map((load, number) => {
      if (load === null) return 0;
      const order = orderOf(load, { startNs, seconds, grace }, load.stampEvery ?? stamps);
      tester.order(number, order);
      return order.count;
    });
    const wait = residue ?? (this.#isWall && seconds < SHORT_TRIAL_SECONDS ? RESIDUE_SECONDS_SHORT : RESIDUE_SECONDS);
    const endNs = startNs + nsOf(seconds);
    const mover = this.#isWall ? this.#onTheWall(intended, grace, wait) : this.#simulated(wait);
    await mover.begin();
    for (const step of [...steps].sort((a, b) => a.at - b.at)) {
      await mover.until(startNs + nsOf(step.at));
      await step.do(network);
    }
    await mover.finish(endNs);
    return { startNs, intended, busy: mover.busy() };
  }

  #simulated(wait: number): Mover {
    const { network } = this;
    return {
      begin: async () => {},
      busy: () => [],
      until: (ns) => network.runUntil(ns),
      finish: async (ns) => {
        let at = ns;
        for (let i = 0; i < PATIENCE && (i === 0 || network.ledger().held > 0); i++) {
          at += nsOf(wait);
          await network.runUntil(at);
        }
      },
    };
  }

  #onTheWall(intended: readonly (number | null)[], grace: number, wait: number): Mover {
    const { network } = this;
    const sleep = (ns: bigint): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(ns) / 1e6)));
    const until = (ns: bigint): Promise<void> => sleep(ns - network.nowNs);
    const wanted = intended.reduce((sum: number, each) => sum + (each ?? Number.POSITIVE_INFINITY), 0);
    let began = { ns: 0n, idle: [] as number[] };
    let ended = began;
    const look = () => ({ ns: network.nowNs, idle: network.tester.idleNs() });
    return {
      begin: async () => {
        network.resume();
        began = look();
      },
      busy: () => {
        const elapsed = Math.max(1, Number(ended.ns - began.ns));
        return ended.idle.map((ns, i) => Math.min(1, Math.max(0, 1 - (ns - began.idle[i]!) / elapsed)));
      },
      until,
      finish: async (ns) => {
        await until(ns);
        ended = look();
        // A sender that is late has a little more time; how late it was decides about the trial.
        const graceNs = ns + nsOf(grace);
        while (network.tester.sent < wanted && Number.isFinite(wanted) && network.nowNs < graceNs)
          await sleep(1_000_000n);
        for (let i = 0; i < PATIENCE; i++) {
          await sleep(nsOf(wait));
          await network.pause();
          if (network.ledger().held === 0) return;
          network.resume();
        }
        await network.pause();
      },
    };
  }
}

/** Who lets the network's time go by. */
interface Mover {
  begin(): Promise<void>;
  /** Of each worker while frames were sent, 0-1; empty on the virtual clock. */
  busy(): number[];
  until(ns: bigint): Promise<void>;
  /** Lets what is on its way arrive after the end of the sending, and leaves the network at rest. */
  finish(ns: bigint): Promise<void>;
}

function nsOf(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9));
}

/**
 * A load shared by all flows: whole frames, one flow after another, so that none of them meet by rule; and the time that so many frames take
 * at exactly this rate, s.
 */
function sharedLoad(load: number, seconds: number, flows: number): { loads: FlowLoad[]; seconds: number } {
  const frames = Math.round(load * seconds);
  const loads = Array.from({ length: flows }, (_, i) => ({
    rate: load / flows,
    count: Math.floor(frames / flows) + (i < frames % flows ? 1 : 0),
    from: i / load,
  }));
  return { loads, seconds: frames === 0 ? seconds : frames / load };
}

function orderOf(
  load: FlowLoad,
  trial: { readonly startNs: bigint; readonly seconds: number; readonly grace: number },
  stampEvery: number,
): TestOrder & { count: number | null } {
  const from = load.from ?? 0;
  const seconds = load.seconds ?? trial.seconds - from;
  const isMax = load.rate === 'max';
  const count = load.count ?? (load.rate === 'max' ? null : Math.max(0, Math.round(load.rate * seconds)));
  const fromNs = trial.startNs + nsOf(from);
  return {
    fromNs,
    // Those that are told how many send them all, late if need be.
    stopNs: fromNs + nsOf(count === null ? seconds : seconds + trial.grace),
    count,
    rate: isMax ? null : load.rate,
    stampEvery,
    ...(load.firstStation === undefined ? {} : { sourceFirst: load.firstStation, destinationFirst: load.firstStation }),
  };
}

/** Every vNIC of the flows with the stations behind it: 1 is its own address alone. */
function seriesOf(flows: readonly Flow[]): Map<PortName, number> {
  const stations = new Map<PortName, number>();
  const note = (port: PortName, count: number): void => {
    stations.set(port, Math.max(stations.get(port) ?? 1, count));
  };
  for (const { from, to, stations: sources = 1, towards = 1 } of flows) {
    note(from, sources);
    if (to !== 'broadcast') note(to, towards);
  }
  return stations;
}

function leastAgeing({ hosts, switches }: Topology): number {
  const learning = hosts.flatMap(({ vswitches }) => vswitches.filter(({ macModel }) => macModel === 'learning'));
  return Math.min(...[...learning, ...switches].map(({ table }) => table.ageingSeconds));
}
