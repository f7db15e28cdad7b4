/** Questions of a virtual switch: real networks on the virtual clock, and what is made of rates by a device that is computed. */
import { describe, expect, it } from 'vitest';
import { createBed } from '../../src/benchmark/network-bed.ts';
import { teams } from '../../src/benchmark/suites/vswitch/failover.ts';
import { oneHost } from '../../src/benchmark/suites/vswitch/networks.ts';
import { networkOf, pairsOf, policies } from '../../src/benchmark/suites/vswitch/policies.ts';
import { vswitch } from '../../src/benchmark/suites/vswitch.ts';
import { contextOf } from './fluid.ts';
import { runTest, type Told, told } from './suite.ts';

const run = (id: string, given = {}) => runTest(vswitch, `vswitch.${id}`, given);

/** On a device that forwards a million frames/s on the wall clock. */
async function computed(id: string, device: Parameters<typeof contextOf>[1], given = {}) {
  const { context, diary } = contextOf(vswitch.defaultTopology, device, { clock: 'wall', ...given });
  const result = await vswitch.tests.find((test) => test.id === `vswitch.${id}`)!.run(context);
  return { result, diary };
}

describe('deployments', () => {
  it('fill the wire where there is one, and say nothing of rates where there is none', async () => {
    const result = await run('deployments', { sizes: '64,1518' });
    const line = 1e10 / (84 * 8);
    expect(told(result, 'throughput', 'vNIC-wire-vNIC', 64)).toBeCloseTo(line, -1);
    expect(told(result, 'throughput', 'wire-vNIC-vNIC-wire', 64)).toBeCloseTo(2 * line, -1);
    expect(told(result, 'latency at half of that', 'vNIC-wire-vNIC', 1518, 'p50')).toBeGreaterThan(1230);
    expect(result.figures.some(({ labels }) => labels['deployment'] === 'vNIC-vNIC')).toBe(false);
    expect(result.notes.join()).toContain('A VM here does not forward frames');
  });

  it('take the highest rate of the machine for 100 % on the wall clock', async () => {
    const { result, diary } = await computed('deployments', { capacity: 1e6, generator: 3e6 });
    for (const deployment of ['vNIC-vNIC', 'vNIC-wire-vNIC', 'wire-vNIC-vNIC-wire']) {
      expect(told(result, 'highest rate', deployment, 64)).toBeCloseTo(1e6, -1);
      expect(told(result, 'throughput', deployment, 64)).toBeCloseTo(1e6, -1);
    }
    expect(diary.closed).toBe(diary.beds.length);
  });
});

describe('cost of policies', () => {
  it.each(policies.map((policy) => [`${policy.name}, ${policy.base}`, policy] as const))(
    'carries everything with %s',
    async (_, policy) => {
      const flows = pairsOf(policy.base).map(([from, to]) => ({ from, to, sizes: [64] }));
      const topology = networkOf(policy);
      const bed = await createBed({ topology, captures: topology.captures, flows, clock: 'virtual' });
      try {
        const trial = await bed.trial({ load: 80_000, seconds: 0.01 });
        expect(trial).toMatchObject({ offered: 800, received: 800, void: null });
        expect(trial.misdelivered > 0).toBe(policy.name.startsWith('promiscuous'));
      } finally {
        await bed.close();
      }
    },
  );

  it('is a ratio for each turn, with and without in turns', async () => {
    const { result, diary } = await computed('policies', { capacity: 1e6, generator: 3e6 });
    const ratios = result.figures.filter(({ name }) => name === 'rate with the policy');
    expect(ratios).toHaveLength(policies.filter(({ isQuick }) => isQuick).length);
    for (const { samples } of ratios) expect(samples.map((sample) => Math.round(sample))).toEqual([100, 100, 100]);
    expect(result.plots).toHaveLength(1);
    expect(diary.closed).toBe(diary.beds.length);
  });

  it('is not told on the virtual clock, where nothing costs time', async () => {
    for (const id of ['policies', 'fan-out', 'density']) {
      expect(await run(id)).toMatchObject({ status: 'not-applicable', figures: [], trials: [] });
    }
  });
});

describe('failover', () => {
  it('is over at once where link tells, and takes LACP and probes three of their periods where it does not', async () => {
    const result = await run('failover');
    const time = (policy: string, event: string) => told(result, 'time lost, lost frames / rate', policy, event);
    for (const { name } of teams.filter(({ isQuick }) => isQuick)) {
      expect(time(name, 'failover')).toBeLessThan(0.0005);
      if (name !== 'port-id, unannounced') expect(time(name, 'failback')).toBeLessThan(0.0005);
    }
    expect(time('ip-hash, LACP fast', 'silent failure')).toBeGreaterThan(1.9);
    expect(time('ip-hash, LACP fast', 'silent failure')).toBeLessThan(4);
    expect(time('port-id, beacon probing', 'silent failure')).toBeGreaterThan(1.9);
    expect(time('port-id, beacon probing', 'silent failure')).toBeLessThan(5);
    expect(() => time('port-id', 'silent failure')).toThrow('0 figures');
    const notes = result.notes.join('\n');
    expect(notes).toContain('port-id, silent failure: a flow was cut off until the end of the trial');
    // The outside goes on sending to the uplink that a silent VM has left, until somebody tells.
    expect(notes).toContain('port-id, unannounced, failback: a flow was cut off until the end of the trial');
    // Only flows that used the uplink lose anything.
    expect(told(result, 'flows with loss', 'port-id', 'failover')).toBeLessThanOrEqual(4);
  });
});

describe('a MAC flooding attack', () => {
  const [evict, forward, drop] = [
    'table full: evict the oldest of the fullest port',
    'table full: forward without learning',
    'table full: drop new stations',
  ];
  const lost = (result: Told, policy: string, phase: string, who: string) =>
    told(result, 'frames lost', policy, phase, who);
  const overheard = (result: Told, policy: string, phase: string, who: string) =>
    told(result, 'frames overheard by the attacker', policy, phase, who);

  it('harms newcomers by what the table does when it is full, and nobody where ports are limited', async () => {
    const result = await run('mac-flooding');
    for (const policy of new Set(result.figures.map(({ labels }) => String(labels['policy'])))) {
      expect(lost(result, policy, 'before', 'victims')).toBe(0);
      expect(overheard(result, policy, 'before', 'victims')).toBe(0);
      // Who talks all the time keeps its entry whatever the policy.
      expect(lost(result, policy, 'during', 'victims')).toBe(0);
      expect(overheard(result, policy, 'during', 'victims')).toBe(0);
      if (policy === forward || policy === drop) continue;
      expect(lost(result, policy, 'after', 'newcomers')).toBe(0);
      expect(overheard(result, policy, 'after', 'newcomers')).toBeLessThan(2);
    }
    expect(overheard(result, forward!, 'during', 'newcomers')).toBe(100);
    expect(overheard(result, forward!, 'after', 'newcomers')).toBe(100);
    expect(lost(result, drop!, 'during', 'newcomers')).toBe(100);
    expect(lost(result, drop!, 'after', 'newcomers')).toBe(100);
    const taken = (policy: string) => told(result, 'table entries that the attacker took', policy);
    expect(taken(forward!)).toBeGreaterThan(1000);
    expect(taken(evict!)).toBeGreaterThan(1000);
    expect(taken('port limit of 4, drop')).toBe(4);
    expect(taken('forged transmits rejected')).toBe(0);
    expect(result.notes.join()).toContain("the attacker's port was shut");
  });
});

describe('fan-out and density', () => {
  it('count copies at all receivers, against unicast', async () => {
    const { result } = await computed('fan-out', { capacity: 1e6, generator: 3e6 });
    expect(told(result, 'unicast delivered')).toBeGreaterThan(0.9e6);
    expect(result.figures.filter(({ name }) => name === 'copies delivered')).toHaveLength(6);
    expect(result.plots[0]!.series.map(({ name }) => name)).toEqual(['broadcast', 'unknown unicast', 'known unicast']);
  });
});

describe('doorbells and interrupts', () => {
  it('do not gather on the virtual clock', async () => {
    const result = await run('nic');
    expect(result).toMatchObject({ status: 'not-applicable', figures: [] });
    expect(result.why).toContain('use the wall clock');
  });

  it('are one for each batch that finds the switch idle', async () => {
    const topology = oneHost(2);
    const flows = [{ from: 'esx1/vm1', to: 'esx1/vm2', sizes: [64] }];
    const bed = await createBed({ topology, flows, clock: 'wall', burst: 4 });
    try {
      const { ports, offered } = await bed.trial({ load: 'max', seconds: 0.1 });
      const { doorbells, suppressed } = ports.get('esx1/vm1')!;
      // A polling switch takes each batch before the next one is made.
      expect(suppressed).toBe(0);
      expect(doorbells! * 4).toBe(offered);
      expect(ports.get('esx1/vm2')!.interrupts).toBe(doorbells);
    } finally {
      await bed.close();
    }
  });
});
