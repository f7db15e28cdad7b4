/**
 * A document as a long run would leave it: every kind of figure and plot, tests that are not applicable or failed, void trials, long
 * names and hostile strings. The figures follow from the seed; the switch that they tell of is invented.
 */
import type { BenchDocument, Figure, Plot, Series, TestResult, TrialResult } from '../../src/benchmark/model.ts';

export const HOSTILE = `</script><script>alert("x")</script><img src=x onerror=alert(1)> & 'quoted', "twice"\u2028`;
const LONG = 'a-topology-whose-name-was-made-by-a-generator-and-does-not-fit-into-any-column-of-any-table-anywhere';
const SIZES = [64, 128, 256, 512, 1024, 1280, 1518];
const LINE_RATE = 10e9;

export interface SampleOptions {
  readonly seed?: number;
  /** Factor on rates, to compare two documents. Default 1. */
  readonly speed?: number;
  readonly repeats?: number;
  readonly clock?: 'wall' | 'virtual';
  readonly quick?: boolean;
}

/** Numbers of 0-1 that look like chance (mulberry32). */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const theoretical = (size: number): number => LINE_RATE / ((size + 20) * 8);

export function sample(options: SampleOptions = {}): BenchDocument {
  const { seed = 1, speed = 1, repeats = 5, clock = 'wall', quick = false } = options;
  const random = chance(seed);
  const near = (value: number, part: number): number => value * (1 + (random() - 0.5) * 2 * part);
  const samples = (value: number, part: number): number[] => Array.from({ length: repeats }, () => near(value, part));
  const able = (size: number): number => Math.min(theoretical(size) * 0.97, (speed * 1e9) / (78 + size * 0.03));
  const isWall = clock === 'wall';
  const tests = [
    throughput(able, samples, near),
    loss(able, near),
    latency(near, samples, speed),
    recovery(samples, near),
    bare('rfc2544.reset', 'System recovery after a reset', 'RFC 2544, 26.6', {
      status: 'failed',
      why: `worker 1 did not come back within 10 s: ${HOSTILE}`,
    }),
    bare('rfc2889.forward-pressure', 'Forward pressure', 'RFC 2889, 5.6', {
      status: 'not-applicable',
      why: 'no medium between vNICs, so there is no gap between frames that a switch could shorten',
    }),
    bare('rfc2889.errors', 'Errored frames: alignment and dribble bits', 'RFC 2889, 5.9', {
      status: 'not-applicable',
      why: 'frames are whole octets here',
    }),
    learning(samples),
  ];
  return {
    schema: 'vswitch-bench/1',
    suite: 'rfc2544',
    title: 'RFC 2544: benchmarking methodology for network interconnect devices',
    version: '0.1.0',
    commit: '328da11c+',
    startedAt: '2026-11-23T15:23:02.000Z',
    seconds: 1_834.2,
    clock,
    seed,
    quick,
    settings: {
      sizes: '64,128,256,512,1024,1280,1518,imix:csit',
      seconds: 60,
      repeats,
      bidirectional: false,
      from: HOSTILE,
    },
    machine: {
      cpu: 'AMD EPYC 9B14',
      cores: 2,
      memoryGiB: 24,
      os: 'Linux 6.1.0',
      node: 'v20.20.2',
      governor: null,
      load: 0.31,
    },
    network: {
      name: LONG,
      hosts: 2,
      switches: 3,
      vnics: 8,
      workers: 1,
      macModels: ['authoritative'],
      rulesOff: [],
      lineRate: LINE_RATE,
    },
    ceiling: isWall
      ? {
          framesPerSecond: near(31e6, 0.01),
          frameBytes: 64,
          note: 'Generator and receiver on one ring, without a switch.',
        }
      : null,
    tests,
    complete: true,
  };
}

function bare(id: string, title: string, source: string | null, rest: Partial<TestResult>): TestResult {
  const nothing = { figures: [], plots: [], trials: [], notes: [] };
  return { id, title, source, method: 'As the clause says.', status: 'done', why: null, ...nothing, ...rest };
}

type Spread = (value: number, part: number) => number[];
type Near = (value: number, part: number) => number;

function throughput(able: (size: number) => number, samples: Spread, near: Near): TestResult {
  const rates = SIZES.map((size) => samples(able(size), 0.02));
  const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const figures = SIZES.flatMap((size, i): Figure[] => [
    { name: 'Throughput', labels: { size }, unit: 'frames/s', samples: rates[i]!, better: 'higher' },
    {
      name: 'L1 rate',
      labels: { size },
      unit: 'bit/s',
      samples: rates[i]!.map((r) => r * (size + 20) * 8),
      better: 'higher',
    },
    {
      name: 'Of line rate',
      labels: { size },
      unit: '%',
      samples: rates[i]!.map((rate) => (rate / theoretical(size)) * 100),
      better: 'higher',
    },
  ]);
  const plot: Plot = {
    title: 'Throughput by frame size',
    x: { label: 'Frame size', unit: 'bytes', scale: 'category', categories: SIZES.map(String) },
    y: { label: 'Throughput', unit: 'frames/s', scale: 'linear' },
    series: [
      { name: 'Theoretical at 10 Gbit/s', kind: 'reference', x: SIZES.map((_, i) => i), y: SIZES.map(theoretical) },
      {
        name: 'Throughput',
        kind: 'line',
        x: SIZES.map((_, i) => i),
        y: rates.map(middle),
        low: rates.map((values) => Math.min(...values)),
        high: rates.map((values) => Math.max(...values)),
      },
      { name: 'Repeats', kind: 'points', x: rates.flatMap((values, i) => values.map(() => i)), y: rates.flat() },
    ],
  };
  const trials = SIZES.flatMap((size) =>
    [1, 0.5, 0.75, 0.72, 0.7].map((part) => trial(size, theoretical(size) * part, able(size), near)),
  );
  return {
    ...bare('rfc2544.throughput', 'Throughput', 'RFC 2544, 26.1', {}),
    method:
      'The highest rate at which no frame was lost in 60 s, by binary search to 0.5 % of the line rate; five repeats.',
    figures,
    plots: [plot, bitRates(rates, middle)],
    trials,
    notes: ['The cable, not the switch, limits frames of 1,024 bytes and more.', HOSTILE],
  };
}

function bitRates(rates: readonly number[][], middle: (values: readonly number[]) => number): Plot {
  const bits = rates.map((values, i) => middle(values) * (SIZES[i]! + 20) * 8);
  return {
    title: 'Bit rate by frame size',
    x: { label: 'Frame size', unit: 'bytes', scale: 'category', categories: SIZES.map(String) },
    y: { label: 'Bit rate', unit: 'bit/s', scale: 'linear' },
    series: [
      { name: 'L1, with preamble and gap', kind: 'bars', x: SIZES.map((_, i) => i), y: bits },
      {
        name: 'L2, frames with FCS',
        kind: 'bars',
        x: SIZES.map((_, i) => i),
        y: bits.map((rate, i) => (rate * SIZES[i]!) / (SIZES[i]! + 20)),
      },
    ],
  };
}

function loss(able: (size: number) => number, near: Near): TestResult {
  const loads = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
  const curve = (size: number): Series => ({
    name: `${size} bytes`,
    kind: 'line',
    x: loads,
    y: loads.map((load) =>
      load === 30 && size === 512
        ? null
        : Math.max(0, 100 * (1 - near(able(size), 0.005) / ((theoretical(size) * load) / 100))),
    ),
  });
  const sizes = [64, 128, 512, 1518];
  return {
    ...bare('rfc2544.frame-loss', 'Frame loss rate', 'RFC 2544, 26.3', {}),
    method: 'Loads from 100 % of the line rate downwards, until two in turn lose nothing.',
    figures: sizes.map((size): Figure => {
      const y = curve(size).y;
      return { name: 'Loss at full load', labels: { size }, unit: '%', samples: [y[9]!], better: 'lower' };
    }),
    plots: [
      {
        title: 'Loss by load',
        x: { label: 'Load', unit: '%', scale: 'linear' },
        y: { label: 'Frames lost', unit: '%', scale: 'linear' },
        series: sizes.map(curve),
      },
    ],
    trials: loads.map((load) => trial(64, (theoretical(64) * load) / 100, able(64), near)),
  };
}

function latency(near: Near, samples: Spread, speed: number): TestResult {
  const loads = ['10 %', '50 %', '90 %', '100 %'];
  const base = [2_100, 3_400, 9_800, 61_000].map((ns) => ns / speed);
  const tails = [1, 2, 10, 100, 1_000, 10_000, 100_000];
  const figures = loads.flatMap((load, i): Figure[] =>
    [
      ['p50', 1],
      ['p99', 2.2],
      ['p99.9', 6],
      ['max', 60],
    ].map(([name, factor]) => ({
      name: name as string,
      labels: { size: 64, load },
      unit: 'ns',
      samples: samples(base[i]! * (factor as number), 0.1),
      better: 'lower',
    })),
  );
  return {
    ...bare('rfc2544.latency', 'Latency', 'RFC 2544, 26.2', {}),
    method: 'At four parts of the throughput, each frame stamped by the sending guest and read by the receiving one.',
    figures,
    plots: [
      {
        title: 'Latency percentiles, 64 bytes',
        x: { label: 'Percentile', unit: '1/(1-q)', scale: 'log' },
        y: { label: 'Latency', unit: 'ns', scale: 'log' },
        series: loads.map((load, i) => ({
          name: `at ${load} of the throughput`,
          kind: 'line',
          x: tails,
          y: tails.map((tail) => near(base[i]! * (0.7 + Math.log10(tail) ** 2), 0.05)),
        })),
      },
    ],
  };
}

function recovery(samples: Spread, near: Near): TestResult {
  const x = Array.from({ length: 120 }, (_, i) => i / 10);
  return {
    ...bare(
      'vswitch.failover',
      'Failover of an uplink, by teaming policy and with a name that takes more than a line to say',
      null,
      {},
    ),
    method: 'One uplink loses its link while 1 Mframes/s go out; loss divided by rate is the time to recover.',
    figures: ['originating-port', 'source-mac', 'ip-hash', 'explicit-order'].flatMap((policy): Figure[] => [
      { name: 'Time to recover', labels: { policy }, unit: 's', samples: samples(0.0021, 0.3), better: 'lower' },
      {
        name: 'Frames lost',
        labels: { policy },
        unit: 'frames',
        samples: samples(2_100, 0.3).map(Math.round),
        better: 'lower',
      },
    ]),
    plots: [
      {
        title: 'Frames received around the failure',
        x: { label: 'Time', unit: 's', scale: 'linear' },
        y: { label: 'Received', unit: 'frames/s', scale: 'linear' },
        series: [
          { name: 'received', kind: 'line', x, y: x.map((t) => (t > 5 && t < 5.4 ? 0 : near(1e6, 0.01))) },
          { name: 'offered', kind: 'reference', x: [0, 12], y: [1e6, 1e6] },
        ],
      },
    ],
  };
}

function learning(samples: Spread): TestResult {
  return {
    ...bare('rfc2889.caching', 'Address caching capacity', 'RFC 2889, 5.7', {}),
    figures: [
      { name: 'Capacity', labels: {}, unit: 'addresses', samples: [65_536], better: 'higher' },
      { name: 'Learning rate', labels: {}, unit: 'addresses/s', samples: samples(812_000, 0.01), better: 'higher' },
      { name: HOSTILE, labels: { [HOSTILE]: HOSTILE }, unit: 'copies/s', samples: samples(3.1e7, 0.01), better: null },
    ],
  };
}

function trial(size: number, intendedRate: number, able: number, near: Near): TrialResult {
  const seconds = 60;
  const intended = Math.round(intendedRate * seconds);
  const isLate = intendedRate > able * 1.1;
  const offered = isLate ? Math.round(intended * 0.97) : intended;
  const received = Math.min(offered, Math.round(near(able, 0.001) * seconds));
  const lost = offered - received;
  const rate = received / seconds;
  const p50 = Math.round(near(2_000, 0.1));
  return {
    size,
    intendedRate,
    offeredRate: offered / seconds,
    receivedRate: rate,
    seconds,
    intended,
    offered,
    received,
    lost,
    lossRatio: lost / offered,
    duplicates: 0,
    reordered: 0,
    flooded: 0,
    misdelivered: 0,
    drops: lost === 0 ? {} : { queue_full: lost - 3, [HOSTILE]: 3 },
    latency:
      size === 64 ? { n: 1_000, min: 800, mean: 2_300, p50, p90: 3_000, p99: 5_000, p999: 9_000, max: 80_000 } : null,
    busy: [near(0.8, 0.1)],
    l1BitsPerSecond: rate * (size + 20) * 8,
    l2BitsPerSecond: rate * size * 8,
    linePercent: (rate / theoretical(size)) * 100,
    balanced: true,
    void: isLate ? 'offered 3.0 % less than intended: the generator could not keep up' : null,
  };
}
