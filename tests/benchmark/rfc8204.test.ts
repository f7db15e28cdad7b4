/** The RFC 8204 suite against devices that are computed, and against real networks on the virtual clock, where figures are known. */
import { describe, expect, it } from 'vitest';
import type { BedOptions, FlowLoad } from '../../src/benchmark/bed.ts';
import type { Figure } from '../../src/benchmark/model.ts';
import { createBed } from '../../src/benchmark/network-bed.ts';
import type { SuiteContext, SuiteSettings } from '../../src/benchmark/suite.ts';
import { Churn } from '../../src/benchmark/suites/rfc8204/coupling.ts';
import { driftOf } from '../../src/benchmark/suites/rfc8204/soak.ts';
import { rfc8204 } from '../../src/benchmark/suites/rfc8204.ts';
import type { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { contextOf, type Device, settingsOf } from './fluid.ts';
import { alone, behindSwitch } from './networks.ts';

type Given = Partial<SuiteSettings>;

const testOf = (name: string) => rfc8204.tests.find(({ id }) => id === `rfc8204.${name}`)!;

async function measured(test: string, document: unknown, device: Device, given: Given = {}) {
  const { context, diary } = contextOf(document, device, { sizes: '64', ...given });
  const result = await testOf(test).run(context);
  expect(diary.closed, 'every bed is closed').toBe(diary.beds.length);
  return { result, diary };
}

/** On a real network, with the virtual clock unless told otherwise. */
function simulated(test: string, document: unknown, given: Given = {}) {
  const context: SuiteContext = {
    topology: topologyFrom(document),
    settings: settingsOf({ sizes: '64', ...given }),
    bed: (options: BedOptions) => createBed(options),
    progress: () => {},
    check: () => {},
  };
  return testOf(test).run(context);
}

const figure = (figures: readonly Figure[], name: string, labels: Figure['labels'] = {}) =>
  figures.find(
    (each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
  )?.samples;

/** Frames of 64 bytes a second. */
const gigabit = 1e9 / 672;
const tenGigabit = 1e10 / 672;
const queued = { capacity: gigabit, queue: 64, line: gigabit };
const narrow = behindSwitch('10G', '1G', 64);
const even = behindSwitch('1G', '1G', 64);

describe('profile', () => {
  it('forwards what is offered up to the throughput, and the throughput beyond it', async () => {
    const { result } = await measured('profile', narrow, queued, { quick: false });
    const loss = [50, 90, 100, 110, 150].map(
      (load) => figure(result.figures, 'frame loss', { load: `${load} %` })![0]!,
    );
    expect(loss.slice(0, 3)).toEqual([0, 0, 0]);
    expect(Math.abs(loss[3]! - 100 / 11)).toBeLessThan(0.5);
    expect(Math.abs(loss[4]! - 100 / 3)).toBeLessThan(0.5);
    const half = figure(result.figures, 'forwarded', { load: '50 %' })![0]!;
    expect(half / gigabit).toBeCloseTo(0.5, 2);
  });

  it('has no figure for a load that could not be offered', async () => {
    const { result } = await measured('profile', alone, { generator: 1e6 }, { clock: 'wall' });
    expect(figure(result.figures, 'forwarded', { load: '100 %' })).toHaveLength(1);
    expect(figure(result.figures, 'forwarded', { load: '150 %' })).toBeUndefined();
    expect(result.notes.join()).toMatch(/150 % could not be offered/);
  });

  it('loses a third at 150 % of a real line, and nothing at its rate', async () => {
    const { figures, notes } = await simulated('profile', even);
    expect(figure(figures, 'frame loss', { load: '100 %' })).toEqual([0]);
    expect(Math.abs(figure(figures, 'frame loss', { load: '150 %' })![0]! - 100 / 3)).toBeLessThan(0.5);
    // A full queue of 64 frames is waited for: 64 x 672 ns.
    expect(figure(figures, 'latency, p50', { load: '150 %' })![0]! / (64 * 672)).toBeCloseTo(1, 1);
    expect(notes.join()).toMatch(/comes after it, and counts/);
  });

  it('does not apply where nothing limits', async () => {
    const { result } = await measured('profile', alone, {});
    expect(result.why).toMatch(/nothing limits/);
  });
});

describe('recovery', () => {
  it('steps from 150 to 75 % of the throughput, more than the line, and loses nothing after the step', async () => {
    const { result, diary } = await measured('recovery', even, { ...queued, queue: 64 });
    const load = diary.trials.at(-1)!.load as FlowLoad[];
    const sum = (part: FlowLoad[]) => part.reduce((all, { rate }) => all + (rate as number), 0);
    expect(sum(load.slice(0, 2)) / gigabit).toBeCloseTo(1.5, 2);
    expect(sum(load.slice(2)) / gigabit).toBeCloseTo(0.75, 2);
    expect(figure(result.figures, 'recovery time, lost frames / rate')![0]).toBeLessThan(1e-6);
    expect(result.method).toMatch(/150 %/);
  });

  it('takes no longer than two frames on a real line', async () => {
    const { figures } = await simulated('recovery', even);
    expect(figure(figures, 'recovery time, lost frames / rate')![0]).toBeLessThan(2 * 672e-9);
  });
});

describe('soak', () => {
  it('has twelve intervals of the whole, and tells the worst', async () => {
    const { result, diary } = await measured('soak', even, { line: gigabit, isDisturbed: (trial) => trial === 5 });
    const intervals = diary.trials.slice(-12);
    expect(figure(result.figures, 'frames lost')).toEqual([1]);
    expect(figure(result.figures, 'intervals whose load was offered')).toEqual([12]);
    expect(figure(result.figures, 'frame loss, worst interval')![0]).toBeGreaterThan(0);
    expect(result.plots.map(({ title }) => title)).toEqual([
      'Latency by interval, 64 bytes',
      'Frames lost by interval, 64 bytes',
    ]);
    expect(new Set(intervals.map(({ seconds }) => seconds)).size).toBe(1);
  });

  it('takes as long as it is told', async () => {
    const { diary } = await measured('soak', even, { line: gigabit }, { seconds: 36 });
    expect(diary.trials.at(-1)!.seconds).toBe(3);
  });

  it('has more intervals when it is long, so that receivers are heard before they are forgotten', async () => {
    const { diary } = await measured('soak', even, { line: gigabit }, { seconds: 21_600 });
    expect(diary.trials.slice(-90).every(({ seconds }) => seconds === 240)).toBe(true);
  });

  it('tells how many intervals had their load', async () => {
    const { result } = await measured('soak', alone, { generator: 1e6 }, { clock: 'wall' });
    expect(figure(result.figures, 'intervals whose load was offered')).toEqual([12]);
    expect(figure(result.figures, 'drift of the median latency')).toEqual([0]);
  });

  it.each([
    ['equal intervals', [5, 5, 5, 5, 5, 5], 0],
    ['twice as slow at the end', [10, 10, 12, 15, 20, 20], 100],
    ['gaps', [10, null, 12, 15, null, 5], -50],
    ['nothing at the end', [10, 10, 12, 15, null, null], null],
  ])('drifts: %s', (_, values, drift) => {
    expect(driftOf(values)).toBe(drift);
  });
});

describe('packet loss ratio', () => {
  it('is one figure where the trial is too short for one frame in 10^9', async () => {
    const { result } = await measured('packet-loss-ratio', even, { line: gigabit });
    expect(result.figures.map(({ labels }) => labels['loss'])).toEqual(['0 %']);
    expect(result.notes.join()).toMatch(/less than one; let it take 672 s/);
  });

  it('of 1e-7 % lets one frame of 1.5 x 10^9 be lost', async () => {
    const lab = contextOf(
      behindSwitch('10G', '10G'),
      { line: tenGigabit, isDisturbed: () => lab.diary.trials.at(-1)!.load === tenGigabit },
      { sizes: '64', seconds: 100 },
    );
    const { figures } = await testOf('packet-loss-ratio').run(lab.context);
    expect(figure(figures, 'throughput', { loss: '1e-7 %' })).toEqual([tenGigabit]);
    expect(figure(figures, 'throughput', { loss: '0 %' })![0]).toBeLessThan(tenGigabit);
  });
});

describe('best and worst', () => {
  it('are of as many runs as are asked for, each on a bed of its own', async () => {
    const { result, diary } = await measured('best-worst', alone, { generator: 1e6 }, { clock: 'wall', repeats: 4 });
    expect(figure(result.figures, 'throughput')).toHaveLength(4);
    expect(figure(result.figures, 'best to worst')).toEqual([0]);
    expect(diary.beds).toHaveLength(4);
  });
});

describe('noisy neighbour', () => {
  it('is alone in its noise, and its latency is not told', async () => {
    const { diary } = await measured('noisy-neighbour', alone, { generator: 1e6 }, { clock: 'wall' });
    const loads = diary.trials.slice(-3).map(({ load }) => load as (FlowLoad | null)[]);
    expect(loads.map((load) => load.map((each) => each?.rate === 'max'))).toEqual([
      [false, false, false],
      [false, true, false],
      [false, false, true],
    ]);
    expect(loads[1]![1]!.stampEvery).toBe(0);
    expect(diary.beds.at(-1)!.flows.map(({ to }) => to)).toEqual(['h/vm2', 'h/vm4', 'broadcast']);
  });

  it('takes the places that come free in a full queue, but for those between its frames', async () => {
    const { figures } = await simulated('noisy-neighbour', even);
    const loss = (noise: string) => figure(figures, 'frame loss of the others', { noise })![0]!;
    expect(loss('none')).toBe(0);
    // A place in the full queue is free from a departure to the noisy one's next frame, half of that one's interval on average.
    const share = 100 * (1 - 1 / (2 * 1.618));
    expect(Math.abs(loss('unicast') - share)).toBeLessThan(3);
    expect(Math.abs(loss('broadcasts') - share)).toBeLessThan(3);
    expect(figure(figures, 'p99 latency of the others against quiet', { noise: 'unicast' })![0]).toBeGreaterThan(10);
  });

  it('takes two flows', async () => {
    const { result } = await measured('noisy-neighbour', even, { line: gigabit }, { from: 'a/vm1', to: 'b/vm1' });
    expect(result.why).toMatch(/two flows/);
  });
});

describe('loss with broadcasts', () => {
  it('sends every hundredth frame to all', async () => {
    const { diary } = await measured('loss-with-broadcasts', even, { line: gigabit });
    const [without, with1] = diary.trials.slice(-6, -4).map(({ load }) => load as (FlowLoad | null)[]);
    expect(without![2]).toBeNull();
    const rates = with1!.map((each) => each!.rate as number);
    expect(rates[2]! / rates.reduce((sum, rate) => sum + rate, 0)).toBeCloseTo(0.01, 9);
  });

  it('loses nothing of either on a real line that is full', async () => {
    const { figures } = await simulated('loss-with-broadcasts', even);
    const labels = { load: '100 %', broadcasts: '1 %' };
    expect(figure(figures, 'unicast frame loss', labels)).toEqual([0]);
    expect(figure(figures, 'broadcast copies lost', labels)).toEqual([0]);
  });
});

describe('table changes', () => {
  it('add an entry and remove it again, and count what was refused', async () => {
    const calls: string[] = [];
    const network = {
      setStatic: async (_: string, vlan: number, mac: string, port: string | null) => {
        calls.push(`${vlan} ${mac} ${port}`);
        return port !== null;
      },
    } as unknown as Network;
    const churn = new Churn(10_000, 0.3);
    await churn.steps[0]!.do(network);
    expect(calls.slice(0, 3)).toEqual([
      '1 02:c0:00:00:00:00 esx1/vm6',
      '1 02:c0:00:00:00:00 null',
      '1 02:c0:00:00:00:01 esx1/vm6',
    ]);
    expect(churn.done).toBe(calls.length);
    expect(churn.refused).toBe(Math.floor(calls.length / 2));
    expect(new Churn(0, 1).steps).toEqual([]);
  });

  it('are compared with none on the same network, at each number of entries', async () => {
    const given = { clock: 'wall', seconds: 0.01 } as const;
    const { result, diary } = await measured('coupling', alone, { generator: 1e6 }, given);
    expect(figure(result.figures, 'of the rate without changes', { entries: 10, changes: '100/s' })).toEqual([100]);
    expect(figure(result.figures, 'of the rate without changes', { entries: 10, changes: '0/s' })).toBeUndefined();
    expect(diary.beds.map(({ flows }) => flows[2]!.stations)).toEqual([5, 50_000]);
  });
});

it.each([
  'best-worst',
  'reset.killed',
  'reset.graceful',
  'initial-packet-latency',
  'coupling',
  'scale-by-flows',
  'density.vms',
  'density.hosts',
])('%s does not apply on the virtual clock, and says why', async (test) => {
  const { result } = await measured(test, even, { line: gigabit });
  expect(result).toMatchObject({ status: 'not-applicable', figures: [] });
  expect(result.why).toMatch(/virtual clock/);
});

it('names the clause of each test, and no test twice', () => {
  expect(rfc8204.tests.every(({ source }) => /RFC (8204|8172), \d/.test(source ?? ''))).toBe(true);
  expect(new Set(rfc8204.tests.map(({ id }) => id)).size).toBe(rfc8204.tests.length);
});

it('keeps stations known for longer than a test lasts', async () => {
  const { diary } = await measured('scale-by-flows', alone, { generator: 1e6 }, { clock: 'wall' });
  const table = diary.beds[0]!.topology.hosts[0]!.vswitches[0]!.table;
  expect(table).toMatchObject({ entriesMax: 262_144, ageingSeconds: 86_400 });
  expect(diary.beds.map(({ flows }) => [flows[0]!.stations, flows[0]!.towards])).toEqual([
    [1, 1],
    [65_536, 65_536],
  ]);
});

it('restarts a real network from a snapshot, in threads, and it still knows its stations', async () => {
  const result = await simulated('reset.graceful', alone, { clock: 'wall', repeats: 1 });
  const [total, taken, built] = ['reset time', 'of it, taking the snapshot', 'of it, building and starting'].map(
    (name) => figure(result.figures, name)![0]!,
  );
  expect(taken! + built!).toBeCloseTo(total!, 9);
  expect(figure(result.figures, 'stations known')).toEqual([4]);
  expect(result.notes).toEqual([]);
});
