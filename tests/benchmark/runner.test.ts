/** What becomes of the tests of a suite: results, failures, interruptions, and a run that is gone on with. */
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/benchmark/error.ts';
import type { BenchDocument } from '../../src/benchmark/model.ts';
import { digestOf, type RunPlan, type RunWatch, runSuite } from '../../src/benchmark/runner.ts';
import type { Suite } from '../../src/benchmark/suite.ts';
import { parseTopology, topologyFrom } from '../../src/topology/load.ts';
import { Beds, done, oneTrial, PAIR, SETTINGS, suite, TRIAL, test } from './fake.ts';

const topology = topologyFrom(PAIR);

const here = (port: number, cable: Readonly<Record<string, unknown>>) => ({
  uplinks: { u: { to: `tor/${port}`, ...cable } },
  vswitches: { v: { portGroups: { web: { vlan: 10 } } } },
  vms: { a: { portGroup: 'web' } },
});
const WIDE = {
  name: 'wide',
  hosts: { esx1: here(1, { rate: '10G' }), esx2: here(2, {}) },
  physical: { switches: { tor: { ports: 2 } } },
};

interface Asked extends Partial<RunPlan> {
  readonly beds?: Beds;
}

/** Runs it, with all that its watcher is told. */
async function run(given: Suite, { beds = new Beds(), ...asked }: Asked = {}) {
  const told: string[] = [];
  const saved: BenchDocument[] = [];
  const watch: RunWatch = {
    begins: ({ id }, index, count) => told.push(`begins ${id} ${index + 1}/${count}`),
    progress: ({ text }) => told.push(text),
    trial: ({ received }) => told.push(`trial ${received}`),
    ends: ({ id, status }) => told.push(`ends ${id} ${status}`),
    save: (document) => saved.push(document),
  };
  const plan: RunPlan = {
    suite: given,
    tests: given.tests,
    topology,
    settings: SETTINGS,
    asked: { clock: 'virtual' },
    version: '1.2.3',
    commit: 'abc1234',
    before: null,
    createBed: beds.create,
    isStopped: () => false,
    ...asked,
  };
  return { document: await runSuite(plan, watch), told, saved, beds };
}

describe('a suite', () => {
  it('is run test by test, each with beds of its own that are closed', async () => {
    const { document, told, beds } = await run(suite(test('first', oneTrial), test('second', oneTrial)));
    expect(told).toEqual([
      'begins fake.first 1/2',
      '64 bytes',
      'trial 1000',
      'ends fake.first done',
      'begins fake.second 2/2',
      '64 bytes',
      'trial 1000',
      'ends fake.second done',
    ]);
    expect(beds.log).toEqual(['bed 1', 'ceiling 1', 'trial 1', 'close 1', 'bed 2', 'trial 2', 'close 2']);
    expect(document.complete).toBe(true);
    expect(document.tests.map(({ id, source }) => [id, source])).toEqual([
      ['fake.first', 'RFC 2544, 26.1'],
      ['fake.second', null],
    ]);
  });

  it('gives a document that says what was run on what', async () => {
    const { document } = await run(suite(test('first', oneTrial)));
    expect(document).toMatchObject({
      schema: 'vswitch-bench/1',
      suite: 'fake',
      version: '1.2.3',
      commit: 'abc1234',
      clock: 'virtual',
      quick: false,
      settings: { clock: 'virtual' },
      network: { name: 'pair', hosts: 1, switches: 1, vnics: 2, workers: 1, macModels: ['learning'], rulesOff: [] },
      ceiling: null,
    });
    expect(Date.parse(document.startedAt)).toBeGreaterThan(0);
    expect(document.machine.node).toBe(process.version);
    expect(document.machine.cores).toBeGreaterThan(0);
  });

  it('tells the ceiling and the line rate of its first bed', async () => {
    const beds = new Beds();
    beds.ceiling = 2e7;
    beds.lineRate = 1e9 / 672;
    const { document } = await run(suite(test('first', oneTrial)), { beds });
    expect(document.ceiling).toMatchObject({ framesPerSecond: 2e7, frameBytes: 64 });
    expect(document.network.lineRate).toBe(1e9);
  });

  it('tells who sends to whom on the network, and what it is made of', async () => {
    const wide = topologyFrom(WIDE);
    const flow = { from: 'esx1/a', to: 'esx2/a', sizes: [64] };
    const asking = test('first', async (context) => {
      await context.bed({ topology: wide, flows: [flow, ...Array(19).fill(flow)], clock: 'virtual' });
      return done(1);
    });
    const { document } = await run(suite(asking), { topology: wide });
    expect(document.network).toMatchObject({
      switches: 3,
      physicalSwitches: 1,
      cables: '1 of 10\u00a0Gbit/s, 1 without a rate',
    });
    expect(document.network.flows).toHaveLength(17);
    expect(document.network.flows!.slice(-2)).toEqual(['esx1/a -> esx2/a, VLAN 10', 'and 4 more']);
    expect(document.tests[0]).not.toHaveProperty('flows');
    expect(document.tests[0]).not.toHaveProperty('ownNetwork');
  });

  it('tells which tests were run on networks of the suite’s own', async () => {
    const own = test('own', async (context) => {
      const flows = [{ from: 'esx1/a', to: 'esx2/a', sizes: [64], stations: 500 }];
      await context.bed({ topology: topologyFrom(WIDE), flows, clock: 'virtual' });
      return done(1);
    });
    const named = { ...test('named', async () => done(1)), ownNetwork: 'a host of 64 vNICs' };
    const { document } = await run(suite(own, test('usual', oneTrial), named));
    expect(document.network.flows).toEqual(['esx1/a -> esx1/b']);
    expect(document.tests).toMatchObject([
      {
        ownNetwork: 'wide (2 hosts, 2 vSwitches, 1 physical switch, 2 vNICs)',
        flows: ['esx1/a -> esx2/a, VLAN 10, 500 stations'],
      },
      { id: 'fake.usual' },
      { ownNetwork: 'a host of 64 vNICs' },
    ]);
    expect(document.tests[1]).not.toHaveProperty('ownNetwork');
  });

  it('says why a trial is void where a flow got nothing', async () => {
    const beds = new Beds();
    const flow = { offered: 9, received: 0, duplicates: 0, reordered: 0, expected: 9, seconds: 1 };
    beds.trial = { ...TRIAL, flows: [flow], void: '9 copies were flooded' };
    const { document } = await run(suite(test('first', oneTrial)), { beds });
    expect(document.tests[0]!.trials[0]!.void).toBe('9 copies were flooded; esx1/b received nothing from esx1/a');
    expect(document.tests[0]!.notes.at(-1)).toBe('In every trial esx1/b received nothing from esx1/a.');
  });

  it('names rules that are off', async () => {
    const taught = topologyFrom({ ...PAIR, teaching: { disable: ['R7'] } });
    const { document } = await run(suite(test('first', async () => done(1))), { topology: taught });
    expect(document.network.rulesOff).toEqual(['R7']);
  });

  it('is kept before the first test and after each', async () => {
    const { saved } = await run(suite(test('first', oneTrial), test('second', oneTrial)));
    expect(saved.map(({ tests, complete }) => [tests.length, complete])).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
  });
});

describe('a test that fails', () => {
  it('is told with its reason and its trials, and the next one is run', async () => {
    const failing = test('first', async (context) => {
      await oneTrial(context);
      throw new BenchError('esx1/a sends nothing', 'give it a port group');
    });
    const { document, beds } = await run(suite(failing, test('second', oneTrial)));
    expect(document.tests.map(({ status }) => status)).toEqual(['failed', 'done']);
    expect(document.tests[0]).toMatchObject({
      why: 'esx1/a sends nothing; give it a port group',
      figures: [],
      trials: [{ size: 64, received: 1000 }],
    });
    expect(document.tests[0]!.trials[0]).not.toHaveProperty('histogram');
    expect(document.complete).toBe(true);
    expect(beds.log).toContain('close 1');
  });

  it('fails when its bed cannot be closed', async () => {
    const beds = new Beds();
    beds.closeError = new Error('worker 0 died');
    const { document } = await run(suite(test('first', oneTrial)), { beds });
    expect(document.tests[0]).toMatchObject({ status: 'failed', why: 'worker 0 died' });
  });

  it('fails when its result cannot be written', async () => {
    const { document } = await run(suite(test('first', async () => done(Number.NaN))));
    expect(document.tests[0]).toMatchObject({ status: 'failed', figures: [] });
    expect(document.tests[0]!.why).toMatch(/figures/);
  });

  it('fails when it mixes clocks', async () => {
    const mixing = test('first', async ({ topology, bed }) => {
      await bed({ topology, flows: [], clock: 'wall' });
      return done(1);
    });
    const { document, beds } = await run(suite(mixing));
    expect(document.tests[0]!.why).toMatch(/wall clock in a run on the virtual clock; they are never mixed/);
    expect(beds.asked).toEqual([]);
  });
});

describe('an interrupted run', () => {
  /** Stops after so many trials. */
  const stopAfter = (trials: number, beds: Beds) => () =>
    beds.log.filter((line) => line.startsWith('trial')).length >= trials;

  it('ends before the next trial, without the test that it was in', async () => {
    const beds = new Beds();
    const twice = test('second', async (context) => {
      await oneTrial(context);
      return oneTrial(context);
    });
    const { document } = await run(suite(test('first', oneTrial), twice), { beds, isStopped: stopAfter(2, beds) });
    expect(document.tests.map(({ id }) => id)).toEqual(['fake.first']);
    expect(document.complete).toBe(false);
    expect(beds.log.slice(-2)).toEqual(['trial 2', 'close 2']);
  });

  it('does not take what a test makes of the interruption for a result', async () => {
    const beds = new Beds();
    const stubborn = test('first', async (context) => {
      await oneTrial(context);
      return oneTrial(context).catch(() => done(0));
    });
    const { document } = await run(suite(stubborn), { beds, isStopped: stopAfter(1, beds) });
    expect(document.tests).toEqual([]);
  });

  it('keeps a test whose last trial was under way', async () => {
    const beds = new Beds();
    const { document } = await run(suite(test('first', oneTrial), test('second', oneTrial)), {
      beds,
      isStopped: stopAfter(1, beds),
    });
    expect(document.tests.map(({ id }) => id)).toEqual(['fake.first']);
  });

  it('lets signals come between two trials of a bed that never waits', async () => {
    let stopped = false;
    setImmediate(() => {
      stopped = true;
    });
    const endless = test('first', async (context) => {
      for (;;) await oneTrial(context);
    });
    const { document } = await run(suite(endless), { isStopped: () => stopped });
    expect(document.complete).toBe(false);
  });

  it('goes on with the tests that are missing, and with those that failed', async () => {
    const tests = [test('first', oneTrial), test('second', oneTrial), test('third', oneTrial)];
    const broken = test('second', async () => {
      throw new Error('no luck');
    });
    const first = await run(suite(tests[0]!, broken));
    const before: BenchDocument = {
      ...first.document,
      startedAt: '2026-01-01T00:00:00.000Z',
      seconds: 100,
      tests: first.document.tests.map((result) => ({ ...result, notes: ['kept'] })),
    };
    const { document, told } = await run(suite(...tests), { before });
    expect(told.filter((line) => line.startsWith('begins'))).toEqual([
      'begins fake.second 2/3',
      'begins fake.third 3/3',
    ]);
    expect(document.tests.map(({ id, notes }) => [id, notes.length])).toEqual([
      ['fake.first', 1],
      ['fake.second', 0],
      ['fake.third', 0],
    ]);
    expect(document.startedAt).toBe('2026-01-01T00:00:00.000Z');
    expect(document.seconds).toBeGreaterThan(100);
    expect(document.complete).toBe(true);
  });
});

describe('the digest of a topology', () => {
  const text = JSON.stringify(PAIR);
  it('is the same under another file name, and another for another network', () => {
    const { name: _name, ...unnamed } = PAIR;
    const digest = digestOf(parseTopology(JSON.stringify(unnamed), 'a.json'));
    expect(digestOf(parseTopology(JSON.stringify(unnamed), 'b.json'))).toBe(digest);
    expect(digestOf(parseTopology(text.replace('"b"', '"c"'), 'a.json'))).not.toBe(digest);
    expect(digest).toMatch(/^[0-9a-f]{16}$/);
  });
});

it('trials in a document are those that were made', async () => {
  const { document } = await run(suite(test('first', oneTrial)));
  expect(document.tests[0]!.trials[0]!.received).toBe(TRIAL.received);
});
