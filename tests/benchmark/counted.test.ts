/** Which trials count, on devices that are computed. */
import { describe, expect, it } from 'vitest';
import type { Flow, FlowLoad } from '../../src/benchmark/bed.ts';
import type { Suite } from '../../src/benchmark/suite.ts';
import { attempt, attempts, highestLoad, highestRate } from '../../src/benchmark/suites/counted.ts';
import { Draft } from '../../src/benchmark/suites/draft.ts';
import { mlr } from '../../src/benchmark/suites/mlr.ts';
import { rfc2544 } from '../../src/benchmark/suites/rfc2544.ts';
import { rfc2889 } from '../../src/benchmark/suites/rfc2889.ts';
import { rfc8204 } from '../../src/benchmark/suites/rfc8204.ts';
import { vswitch } from '../../src/benchmark/suites/vswitch.ts';
import { contextOf, type Device } from './fluid.ts';
import { alone } from './networks.ts';

const flows: Flow[] = [{ from: 'h/vm1', to: 'h/vm2', sizes: [64] }];

async function bedOf(device: Device, given = {}) {
  const { context, diary } = contextOf(alone, device, { clock: 'wall', quick: false, ...given });
  const bed = await context.bed({ topology: context.topology, flows, clock: context.settings.clock });
  const draft = new Draft('');
  const offer = (load: number | 'max', seconds = 1) => attempt(context, draft, bed, { load, seconds });
  return { draft, diary, offer };
}

describe('a trial', () => {
  it('counts at once where nothing makes it void', async () => {
    const { offer, diary } = await bedOf({ capacity: 500 });
    expect(await offer(1000)).toMatchObject({ isReached: true, isShort: false, lossRatio: 0.5 });
    expect(diary.trials).toHaveLength(1);
  });

  it('is repeated up to twice while it is void, and the one that counts is taken', async () => {
    const { offer, diary, draft } = await bedOf({ isVoid: (trial) => trial < 2 });
    expect((await offer(1000)).isReached).toBe(true);
    expect(diary.trials).toHaveLength(3);
    expect(draft.done().notes).toEqual([]);
  });

  it('does not count where it stays void, and the reason is told', async () => {
    const { offer, diary, draft } = await bedOf({ isVoid: () => true });
    expect(await offer(1000)).toMatchObject({ isReached: false, isShort: false, lossRatio: 1 });
    expect(diary.trials).toHaveLength(3);
    expect(draft.done().notes.join()).toContain('counts for nothing: frames were still on their way');
  });

  it('is not repeated on the virtual clock, where it would be the same', async () => {
    const { offer, diary } = await bedOf({ generator: 10 }, { clock: 'virtual' });
    expect(await offer(1000)).toMatchObject({ isReached: false, isShort: true, lossRatio: 0.99 });
    expect(diary.trials).toHaveLength(1);
  });

  it('ends the test where the ledger does not balance', async () => {
    const { offer } = await bedOf({ isUnbalanced: true });
    await expect(offer(1000)).rejects.toThrow('does not balance');
  });

  it('is left out among several, which a note tells where none is left', async () => {
    const { offer, draft } = await bedOf({ isVoid: (trial) => trial < 3 });
    expect(await attempts(draft, 'this', 2, () => offer(1000))).toHaveLength(1);
    const none = await bedOf({ isVoid: () => true });
    expect(await attempts(none.draft, 'this', 2, () => none.offer(1000))).toEqual([]);
    expect(none.draft.done().notes).toContain('this: no trial counts, so there is no figure.');
  });
});

describe('100 % without a medium', () => {
  it('is what arrived of the highest load, and void trials are no part of it', async () => {
    const { offer } = await bedOf({ capacity: 1e6, generator: 3e6, isVoid: (trial) => trial === 1 });
    expect(await highestRate(() => offer('max'))).toBeCloseTo(1e6, 0);
  });

  it('is in frames sent where each makes many copies', async () => {
    const { context } = contextOf(alone, {});
    const bed = await context.bed({ topology: context.topology, flows, clock: 'virtual' });
    const trial = await bed.trial({ load: 1000, seconds: 1 });
    // Seven copies of each of a thousand, half of them lost.
    const copies = { ...trial, receivedRate: 3500, lossRatio: 0.5 };
    const rate = await highestRate(async () => ({ trial: copies, isReached: true, isShort: false, lossRatio: 0.5 }));
    expect(rate).toBe(500);
  });

  it('does not exist where no trial counts', async () => {
    const { offer } = await bedOf({ isVoid: () => true });
    await expect(highestRate(() => offer('max'))).rejects.toThrow(/no trial at the highest load counts: frames were/);
  });
});

describe('the highest load', () => {
  it('is not capped by one trial that was void', async () => {
    const search = async (device: Device) => {
      const { offer, draft } = await bedOf(device);
      const range = { least: 1e4, most: 2e6, resolution: 1e4, seconds: 1, finalSeconds: 1 };
      return highestLoad(draft, { ...range, offer });
    };
    const calm = await search({ capacity: 1e6 });
    expect(calm).toBeGreaterThan(0.99e6);
    expect(await search({ capacity: 1e6, isVoid: (trial) => trial % 3 === 1 })).toBe(calm);
    expect(await search({ capacity: 1e6, isVoid: () => true })).toBeNull();
  });
});

describe('suites', () => {
  // A test by its own: its topology, on a device all of whose trials are void from some trial on.
  const tests: [Suite, string][] = [
    [vswitch, 'vswitch.policies'],
    [vswitch, 'vswitch.fan-out'],
    [vswitch, 'vswitch.mac-flooding'],
    [vswitch, 'vswitch.nic'],
    [rfc2889, 'rfc2889.congestion'],
    [rfc2889, 'rfc2889.fully-meshed'],
    [rfc2889, 'rfc2889.broadcast'],
    [rfc8204, 'rfc8204.noisy-neighbour'],
  ];

  it.each(tests)('make no figure of rate, loss or latency of void trials: %# %o', async (suite, id) => {
    const device = { capacity: 1e6, generator: 2e6, line: 1e6, isVoid: () => true };
    const { context, diary } = contextOf(suite.defaultTopology, device, { clock: 'wall', sizes: '64' });
    const { figures, status } = await suite.tests.find((test) => test.id === id)!.run(context);
    const counts = ['table entries that the attacker took'];
    expect(figures.filter(({ name }) => !counts.includes(name)).map(({ name }) => name)).toEqual([]);
    if (figures.length === 0) expect(status).not.toBe('done');
    expect(diary.closed).toBe(diary.beds.length);
  });
});

describe('frames longer than a switch on their way takes', () => {
  const networks = (mtu: number) => ({
    hosts: {
      small: {
        uplinks: { u: { to: 'large/u' } },
        vswitches: { v: { portGroups: { lan: {} } } },
        vms: { vm: { count: 2 } },
      },
      large: { uplinks: { u: {} }, vswitches: { v: { mtu, portGroups: { lan: {} } } }, vms: { vm: { count: 2 } } },
    },
  });
  const run = async (document: unknown, suite: Suite, id: string, sizes: string, given = {}) => {
    const { context, diary } = contextOf(document, { line: 1e6 }, { sizes, ...given });
    return { diary, result: await suite.tests.find((test) => test.id === id)!.run(context) };
  };

  it.each([
    [rfc2544, 'rfc2544.throughput'],
    [rfc2544, 'rfc2544.recovery'],
    [rfc2544, 'rfc2544.reset.cable'],
    [rfc2889, 'rfc2889.fully-meshed'],
    [rfc2889, 'rfc2889.congestion'],
    [rfc2889, 'rfc2889.maximum-forwarding-rate'],
    [rfc2889, 'rfc2889.broadcast'],
    [rfc8204, 'rfc8204.profile'],
    [mlr, 'mlr.csit'],
    [vswitch, 'vswitch.deployments'],
  ] as const)('are not applicable, without any trial: %# %o', async (suite, id) => {
    const { result, diary } = await run(suite.defaultTopology, suite, id, '9018');
    expect(result).toMatchObject({ status: 'not-applicable', figures: [] });
    expect(result.why).toMatch(/^9018 bytes: longer than the MTU of \S+ allows, 1500 bytes, which is a frame of 1518$/);
    expect(diary.trials).toEqual([]);
  });

  it('are left out beside others, which a note tells', async () => {
    const { result } = await run(networks(9000), rfc2544, 'rfc2544.throughput', '64,9018', {
      from: 'large/*',
      to: 'small/*',
    });
    expect(result.status).toBe('done');
    expect(new Set(result.figures.map(({ labels }) => labels['size']))).toEqual(new Set([64]));
    expect(result.notes[0]).toContain('9018 bytes: longer than the MTU of small/v');
  });

  it('are judged by the switches of the flows only', async () => {
    const given = { from: 'large/vm1', to: 'large/vm2' };
    const { result } = await run(networks(9000), rfc2544, 'rfc2544.throughput', '9018,genome:az', given);
    expect(new Set(result.figures.map(({ labels }) => labels['size']))).toEqual(new Set([9018, 'genome:az']));
  });

  it.each([
    [rfc2889, 'rfc2889.fully-meshed'],
    [rfc2889, 'rfc2889.broadcast'],
    [vswitch, 'vswitch.deployments'],
  ] as const)('are what the letter z of a genome is not: %# %o', async (suite, id) => {
    const { result } = await run(suite.defaultTopology, suite, id, 'genome:az');
    expect(result.status).toBe('done');
  });
});

describe('idle latency', () => {
  it('has at least one frame of each flow, however many there are', async () => {
    const many = { hosts: { h: { vswitches: { v: { portGroups: { lan: {} } } }, vms: { vm: { count: 1000 } } } } };
    const { context, diary } = contextOf(many, { generator: 1e6 }, { clock: 'wall', sizes: '64', seconds: 0.1 });
    await rfc2544.tests.find(({ id }) => id === 'rfc2544.latency')!.run(context);
    const idle = diary.trials.flatMap(({ load, seconds }) =>
      Array.isArray(load) ? [{ seconds, load: load as FlowLoad[] }] : [],
    );
    expect(idle.length).toBeGreaterThan(0);
    for (const { load, seconds } of idle) {
      expect(load).toHaveLength(500);
      for (const { count = 0, from = 0 } of load) {
        expect(count).toBeGreaterThanOrEqual(1);
        expect(from).toBeLessThan(seconds);
      }
    }
  });
});
