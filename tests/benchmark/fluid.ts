/**
 * A bed without a network: a device that forwards at a rate, holds a queue and can be down, computed as a fluid. What a suite makes of a
 * device can so be told exactly.
 */
import type { Bed, BedOptions, FlowLoad, FlowResult, Trial, TrialOptions } from '../../src/benchmark/bed.ts';
import { BUCKETS, bucketOf } from '../../src/benchmark/histogram.ts';
import type { SuiteContext, SuiteSettings } from '../../src/benchmark/suite.ts';
import type { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import type { Topology } from '../../src/topology/model.ts';

export interface Device {
  /** Frames/s that it forwards. Default: any. */
  readonly capacity?: number;
  /** Frames that it holds. Default 0. */
  readonly queue?: number;
  /** Frames/s that the generator makes. Default: any. */
  readonly generator?: number;
  /** Frames/s over all flows that the cables carry. Default: none have a rate. */
  readonly line?: number;
  /** Trials, by number from 0, that lose a frame for no reason. */
  readonly isDisturbed?: (trial: number) => boolean;
  /** Trials, by number from 0, that are void for a reason other than their load. */
  readonly isVoid?: (trial: number) => boolean;
  readonly isUnbalanced?: boolean;
  /** s that it takes to forward again once it has power. */
  readonly bootSeconds?: number;
}

/** What happened to it. */
export interface Diary {
  readonly trials: TrialOptions[];
  readonly beds: BedOptions[];
  readonly events: string[];
  closed: number;
}

interface Piece {
  readonly flow: number;
  readonly rate: number;
  readonly from: number;
  readonly until: number;
}

export const settingsOf = (given: Partial<SuiteSettings> = {}): SuiteSettings => ({
  clock: 'virtual',
  workers: 1,
  seed: 1,
  quick: true,
  sizes: null,
  seconds: null,
  repeats: null,
  from: null,
  to: null,
  bidirectional: false,
  ...given,
});

/** A context whose beds are all this device. */
export function contextOf(
  document: unknown,
  device: Device,
  given: Partial<SuiteSettings> = {},
): { context: SuiteContext; diary: Diary; said: string[] } {
  const diary: Diary = { trials: [], beds: [], events: [], closed: 0 };
  const said: string[] = [];
  const topology: Topology = topologyFrom(document);
  const context: SuiteContext = {
    topology,
    settings: settingsOf(given),
    bed: async (options) => {
      diary.beds.push(options);
      return bedOf(device, options, diary);
    },
    progress: ({ text }) => said.push(text),
    check: () => {},
  };
  return { context, diary, said };
}

function bedOf(device: Device, options: BedOptions, diary: Diary): Bed {
  const state = { isDown: false, at: 0 };
  const turn = (what: string, isDown: boolean) => {
    diary.events.push(what);
    state.isDown = isDown;
  };
  const network = {
    ports: () => [],
    get nowNs() {
      return BigInt(Math.round(state.at * 1e9));
    },
    macTable: () => [],
    setStatic: async () => true,
    setPower: async (name: string, on: boolean) => turn(`${name} ${on ? 'on' : 'off'}`, !on),
    setCable: async (name: string, up: boolean) => turn(`${name} ${up ? 'in' : 'out'}`, !up),
    flush: async (of: { switch: string }) => turn(`${of.switch} flushed`, false),
    threadOf: () => ({ terminate: () => turn('thread ended', false) }),
  } as unknown as Network;
  return {
    network,
    flows: options.flows,
    ceiling: async () => null,
    warmUp: async () => {},
    trial: async (trial) => {
      diary.trials.push(trial);
      return run(device, options, trial, state, network, diary.trials.length - 1);
    },
    lineRate: () => device.line ?? null,
    maximumLoad: () => device.line ?? null,
    close: async () => void diary.closed++,
  };
}

async function run(
  device: Device,
  { flows, clock }: BedOptions,
  options: TrialOptions,
  state: { isDown: boolean; at: number },
  network: Network,
  number: number,
): Promise<Trial> {
  const { capacity = 1e12, queue = 0, generator = 1e12, bootSeconds = 0 } = device;
  const wanted = piecesOf(options, flows.length, generator);
  const total = (pieces: readonly Piece[]) =>
    pieces.reduce((sum, { rate, from, until }) => sum + rate * (until - from), 0);
  const intendedRate = Math.max(...wanted.map(({ from }) => rateAt(wanted, from)));
  const share = Math.min(1, generator / intendedRate);
  const pieces = wanted.map((piece) => ({ ...piece, rate: piece.rate * share }));
  const lost = new Float64Array(flows.length);
  const steps = [...(options.steps ?? [])];
  const times = [...pieces.flatMap(({ from, until }) => [from, until]), ...steps.map(({ at }) => at)];
  if (bootSeconds > 0) times.push(...steps.map(({ at }) => at + bootSeconds));
  const instants = [...new Set(times)].sort((a, b) => a - b);
  let held = 0;
  let upAt = 0;
  for (const [i, at] of instants.entries()) {
    state.at = at;
    for (const step of steps.filter((each) => each.at === at)) {
      const wasDown = state.isDown;
      await step.do(network);
      if (wasDown && !state.isDown) upAt = at + bootSeconds;
    }
    const seconds = (instants[i + 1] ?? at) - at;
    const rate = rateAt(pieces, at);
    const isDown = state.isDown || at < upAt - 1e-12;
    const level = held + (rate - capacity) * seconds;
    const gone = isDown ? rate * seconds : Math.max(0, level - queue);
    held = isDown ? 0 : Math.min(queue, Math.max(0, level));
    for (const piece of pieces) {
      if (piece.from > at || piece.until <= at || rate === 0) continue;
      lost[piece.flow]! += (gone * piece.rate) / rate;
    }
  }
  if (device.isDisturbed?.(number) === true) lost[0]! += 1;
  return trialOf(flows, pieces, lost, options, {
    intended: options.load === 'max' ? null : Math.round(total(wanted)),
    isShort: share < 0.999,
    clock,
    isVoid: device.isVoid?.(number) ?? false,
    isUnbalanced: device.isUnbalanced ?? false,
  });
}

function piecesOf({ load, seconds }: TrialOptions, flows: number, generator: number): Piece[] {
  const of = (flow: number, given: FlowLoad): Piece => {
    const rate = given.rate === 'max' ? generator / flows : given.rate;
    const from = given.from ?? 0;
    const length = given.count === undefined ? (given.seconds ?? seconds - from) : given.count / rate;
    return { flow, rate, from, until: from + length };
  };
  if (typeof load === 'object') return load.flatMap((each, i) => (each === null ? [] : [of(i, each)]));
  const rate = load === 'max' ? generator / flows : load / flows;
  return Array.from({ length: flows }, (_, i) => of(i, { rate }));
}

const rateAt = (pieces: readonly Piece[], at: number): number =>
  pieces.reduce((sum, { rate, from, until }) => (from <= at && at < until ? sum + rate : sum), 0);

interface Facts {
  readonly intended: number | null;
  readonly isShort: boolean;
  readonly clock: 'wall' | 'virtual';
  readonly isVoid: boolean;
  readonly isUnbalanced: boolean;
}

function trialOf(
  flows: BedOptions['flows'],
  pieces: readonly Piece[],
  gone: Float64Array,
  { seconds, stampEvery }: TrialOptions,
  { intended, isShort, clock, isVoid, isUnbalanced }: Facts,
): Trial {
  const results: FlowResult[] = flows.map((_, i) => {
    const own = pieces.filter(({ flow }) => flow === i);
    const offered = Math.round(own.reduce((sum, { rate, from, until }) => sum + rate * (until - from), 0));
    const received = offered - Math.min(offered, Math.round(gone[i]!));
    const length = own.reduce((all, { from, until }) => all + until - from, 0);
    return { offered, received, duplicates: 0, reordered: 0, expected: offered, seconds: length };
  });
  const sum = (of: (flow: FlowResult) => number) => results.reduce((all, flow) => all + of(flow), 0);
  const [offered, received] = [sum((flow) => flow.offered), sum((flow) => flow.received)];
  const histogram = new Uint32Array(BUCKETS);
  const n = clock === 'virtual' ? received : (stampEvery ?? 0) === 0 ? 0 : Math.floor(received / stampEvery!);
  histogram[bucketOf(1000)] = n;
  const latency = { n, min: 1000, mean: 1000, p50: 1000, p90: 1000, p99: 1000, p999: 1000, max: 1000 };
  return {
    size: flows[0]!.sizes[0]!,
    intendedRate: intended === null ? null : intended / seconds,
    offeredRate: offered / seconds,
    receivedRate: received / seconds,
    seconds,
    intended,
    offered,
    received,
    lost: offered - received,
    lossRatio: offered === 0 ? 0 : (offered - received) / offered,
    duplicates: 0,
    reordered: 0,
    flooded: 0,
    misdelivered: 0,
    drops: {},
    latency: n === 0 ? null : latency,
    busy: [0.5],
    l1BitsPerSecond: 0,
    l2BitsPerSecond: 0,
    linePercent: null,
    balanced: !isUnbalanced,
    void: isShort ? 'the generator fell short' : isVoid ? 'frames were still on their way' : null,
    flows: results,
    ports: new Map(),
    histogram,
  };
}
