/** The trial engine: what it counts is compared with what the network was made to do to the frames. */
import { describe, expect, it } from 'vitest';
import type { Bed, BedOptions, TrialOptions } from '../../src/benchmark/bed.ts';
import { bucketOf } from '../../src/benchmark/histogram.ts';
import { createBed } from '../../src/benchmark/network-bed.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const GIGABIT_64 = 1e9 / (84 * 8);

async function onBed<T>(options: BedOptions, use: (bed: Bed) => Promise<T>): Promise<T> {
  const bed = await createBed(options);
  try {
    return await use(bed);
  } finally {
    await bed.close();
  }
}

/** A host with `count` VMs. */
const host = (vswitch: object, count: number) =>
  topologyFrom({
    hosts: { h: { vswitches: { s: { portGroups: { g: {} }, ...vswitch } }, vms: { vm: { count, portGroup: 'g' } } } },
  });

/** Two hosts with two VMs each and a cable between them. */
const pair = (cable: object) => {
  const side = (uplinks: unknown) => ({
    uplinks,
    vswitches: { s: { portGroups: { g: {} } } },
    vms: { vm: { count: 2, portGroup: 'g' } },
  });
  return topologyFrom({ hosts: { a: side({ u: { to: 'b/u', ...cable } }), b: side(['u']) } });
};

const across = { from: 'a/vm1', to: 'b/vm1', sizes: [64] };
const simulated = (topology: BedOptions['topology'], flows: BedOptions['flows'], trial: TrialOptions) =>
  onBed({ topology, flows, clock: 'virtual' }, (bed) => bed.trial(trial));

describe('a trial on the virtual clock', () => {
  it('offers exactly what was intended and gets it all back below the line rate', async () => {
    const trial = await simulated(pair({ rate: '1G', delay: '10us' }), [across], { load: 1_400_000, seconds: 0.1 });
    expect(trial).toMatchObject({
      offered: 140_000,
      received: 140_000,
      lost: 0,
      duplicates: 0,
      reordered: 0,
      flooded: 0,
      misdelivered: 0,
      offeredRate: 1_400_000,
      balanced: true,
      void: null,
    });
    expect(trial.l1BitsPerSecond).toBeCloseTo(1_400_000 * 84 * 8, 0);
    expect(trial.l2BitsPerSecond).toBeCloseTo(1_400_000 * 64 * 8, 0);
    expect(trial.linePercent).toBeCloseTo((100 * 1_400_000) / GIGABIT_64, 6);
  });

  it('measures the time that cable and serialisation take, for every frame', async () => {
    const trial = await simulated(pair({ rate: '1G', delay: '10us' }), [across], { load: 1000, seconds: 0.1 });
    expect(trial.latency).toMatchObject({ n: 100, min: 10_672, max: 10_672, mean: 10_672 });
    expect(trial.histogram[bucketOf(10_672)]).toBe(100);
  });

  it('loses what a cable cannot carry, as queue_full and nothing else', async () => {
    const topology = pair({ rate: '1G', queue: 64 });
    const trial = await simulated(topology, [across], { load: GIGABIT_64 * 1.5, seconds: 0.1 });
    expect(trial.lossRatio).toBeCloseTo(1 / 3, 3);
    expect(trial.drops).toEqual({ queue_full: trial.lost });
    expect(trial).toMatchObject({ void: null, duplicates: 0, reordered: 0 });
  });

  it('tells lost, duplicated and reordered frames apart', async () => {
    const lossy = await simulated(pair({ loss: '10%' }), [across], { load: 100_000, seconds: 0.2 });
    expect(lossy.drops).toEqual({ wire_loss: lossy.lost });
    expect(lossy.lossRatio).toBeGreaterThan(0.08);
    expect(lossy).toMatchObject({ duplicates: 0, reordered: 0 });
    const doubled = await simulated(pair({ duplicate: '10%' }), [across], { load: 100_000, seconds: 0.2 });
    expect(doubled).toMatchObject({ lost: 0, reordered: 0 });
    expect(doubled.duplicates).toBeGreaterThan(1600);
    const mixed = await simulated(pair({ delay: '1ms', reorder: { share: '10%', by: '50us' } }), [across], {
      load: 100_000,
      seconds: 0.2,
    });
    expect(mixed).toMatchObject({ lost: 0, duplicates: 0 });
    expect(mixed.reordered).toBeGreaterThan(1000);
  });

  it('never counts flooded copies as received, and is void where it was to have learned', async () => {
    const topology = host({ macModel: 'learning' }, 4);
    const flows = [{ from: 'h/vm1', to: 'h/vm2', sizes: [64] }];
    const forgetful = await simulated(topology, flows, {
      load: 1000,
      seconds: 0.5,
      steps: [{ at: 0.0995, do: (network) => network.flush({ switch: 'h/s' }) }],
    });
    expect(forgetful).toMatchObject({ offered: 500, received: 500, flooded: 800, misdelivered: 0 });
    expect(forgetful.void).toMatch(/copies were flooded/);
    const unlearned = await simulated(topology, flows, { load: 1000, seconds: 0.5, learn: false });
    expect(unlearned).toMatchObject({ flooded: 1000, received: 500, void: null });
    expect(unlearned.ports.get('h/vm3')).toMatchObject({ received: 0, flooded: 500 });
  });

  it('refuses a trial that is longer than stations are remembered', async () => {
    const flows = [{ from: 'h/vm1', to: 'h/vm2', sizes: [64] }];
    const options = {
      topology: host({ macModel: 'learning' }, 4),
      flows,
      clock: 'virtual',
      ageingSeconds: 10,
    } as const;
    await expect(onBed(options, (bed) => bed.trial({ load: 1, seconds: 11 }))).rejects.toThrow(
      /a trial of 11 s, when stations are forgotten after 10 s/,
    );
  });

  it('calls a copy misdelivered that comes to another port although its address is known', async () => {
    const topology = topologyFrom({
      hosts: {
        h: {
          vswitches: { s: { portGroups: { g: {}, nosy: { security: { promiscuous: 'accept' } } } } },
          vms: { vm: { count: 2, portGroup: 'g' }, spy: { portGroup: 'nosy' } },
        },
      },
    });
    const trial = await simulated(topology, [{ from: 'h/vm1', to: 'h/vm2', sizes: [64] }], {
      load: 1000,
      seconds: 0.1,
    });
    expect(trial).toMatchObject({ received: 100, flooded: 0, misdelivered: 100 });
  });

  it('shares a mix out by its octets, so that line rate is line rate', async () => {
    const flow = { ...across, sizes: [64, 570, 64, 1518, 64] };
    await onBed({ topology: pair({ rate: '1G', queue: 4 }), flows: [flow], clock: 'virtual' }, async (bed) => {
      expect(bed.lineRate(0)).toBeCloseTo(1e9 / ((2280 / 5 + 20) * 8), 3);
      const trial = await bed.trial({ load: bed.maximumLoad()! * 0.9999, seconds: 0.2 });
      expect(trial).toMatchObject({ lost: 0, void: null });
      expect(trial.linePercent).toBeGreaterThan(99.9);
    });
  });

  it('knows the limit of several flows that share a cable', async () => {
    const flows = [across, { ...across, from: 'a/vm2', to: 'b/vm2' }, { ...across, from: 'b/vm1', to: 'a/vm1' }];
    await onBed({ topology: pair({ rate: '1G' }), flows, clock: 'virtual' }, async (bed) => {
      expect(bed.lineRate(0)).toBeCloseTo(GIGABIT_64, 3);
      expect(bed.maximumLoad()).toBeCloseTo((GIGABIT_64 / 2) * 3, 3);
    });
    await onBed(
      { topology: host({}, 2), flows: [{ from: 'h/vm1', to: 'h/vm2', sizes: [64] }], clock: 'virtual' },
      async (bed) => {
        expect(bed.maximumLoad()).toBeNull();
      },
    );
  });

  it('has series of stations, which the switch learns', async () => {
    const flow = { from: 'h/vm1', to: 'h/vm2', sizes: [64], stations: 300, towards: 200 };
    await onBed({ topology: host({ macModel: 'learning' }, 3), flows: [flow], clock: 'virtual' }, async (bed) => {
      const trial = await bed.trial({ load: 10_000, seconds: 0.1 });
      expect(trial).toMatchObject({ received: 1000, flooded: 0, void: null });
      const table = bed.network.macTable('h/s');
      expect(table.filter(({ port, mac }) => port === 'h/vm1' && mac.startsWith('06:'))).toHaveLength(300);
      expect(table.filter(({ port, mac }) => port === 'h/vm2' && mac.startsWith('06:'))).toHaveLength(200);
    });
  });

  it('counts a broadcast at each port that should get it', async () => {
    const flows = [{ from: 'h/vm1', to: 'broadcast' as const, sizes: [64] }];
    const trial = await simulated(host({}, 5), flows, { load: 1000, seconds: 0.1 });
    expect(trial).toMatchObject({ offered: 100, received: 400, lost: 0, flooded: 0 });
    expect(trial.ports.get('h/vm1')).toMatchObject({ broadcasts: 0 });
  });

  it('tells the broadcasts of several senders apart', async () => {
    const flows = [1, 2].map((i) => ({ from: `h/vm${i}`, to: 'broadcast' as const, sizes: [64] }));
    const whole = await simulated(host({}, 4), flows, { load: 1000, seconds: 0.1 });
    expect(whole).toMatchObject({ offered: 100, received: 300, lost: 0, duplicates: 0, reordered: 0, void: null });
    const storm = { portGroups: { g: { storm: { broadcast: '200pps' } } } };
    const held = await simulated(host(storm, 4), flows, { load: 1000, seconds: 1, learn: false });
    const dropped = Object.values(held.drops).reduce((sum, n) => sum + n, 0);
    expect(dropped).toBeGreaterThan(100);
    expect(held).toMatchObject({ duplicates: 0, lost: 3 * dropped });
  });

  it('expects a broadcast wherever it comes to, also with a tag', async () => {
    const topology = topologyFrom({
      hosts: {
        h: {
          vswitches: { s: { portGroups: { g: { vlan: 10 }, trunk: { vlan: '10,20' } } } },
          vms: { vm: { count: 3, portGroup: 'g' }, router: { portGroup: 'trunk' } },
        },
      },
    });
    const flows = [{ from: 'h/vm1', to: 'broadcast' as const, sizes: [64] }];
    const trial = await simulated(topology, flows, { load: 1000, seconds: 0.1 });
    expect(trial).toMatchObject({ received: 300, lost: 0, lossRatio: 0, void: null });
  });

  it('lets no flow meet another by rule, so that latency at a low load is that of a single frame', async () => {
    const flows = [across, { ...across, from: 'a/vm2', to: 'b/vm2' }];
    const low = await simulated(pair({ rate: '1G', delay: '10us' }), flows, { load: 1000, seconds: 0.1 });
    expect(low.latency).toMatchObject({ min: 10_672, max: 10_672 });
  });

  it('is void when it is too short to send anything', async () => {
    const trial = await simulated(pair({}), [across], { load: 100, seconds: 0.001 });
    expect(trial).toMatchObject({ offered: 0 });
    expect(trial.void).toMatch(/nothing was sent/);
  });

  it('lasts as long as its whole frames take, so that the rate is exact', async () => {
    const trial = await simulated(pair({}), [across], { load: 1_488_095, seconds: 0.000_001 });
    expect(trial).toMatchObject({ offered: 1, void: null });
    expect(trial.offeredRate).toBeCloseTo(1_488_095, 0);
  });

  it('knows what bundles and tags make of the line', async () => {
    const side = (uplinks: unknown) => ({
      uplinks,
      vswitches: { s: { portGroups: { g: { vlan: 10 } }, teaming: { policy: 'ip-hash', lag: 'static' } } },
      vms: { vm: { count: 2, portGroup: 'g' } },
    });
    const bundle = topologyFrom({
      hosts: {
        a: side({ u1: { to: 'b/u1', rate: '1G' }, u2: { to: 'b/u2', rate: '1G' } }),
        b: side(['u1', 'u2']),
      },
    });
    await onBed({ topology: bundle, flows: [across], clock: 'virtual' }, async (bed) => {
      expect(bed.maximumLoad()).toBeCloseTo(2e9 / (88 * 8), 3);
    });
  });

  it('sends flows by their own loads and times, and does things in the middle', async () => {
    const flows = [across, { ...across, from: 'a/vm2', to: 'b/vm2' }];
    const trial = await simulated(pair({}), flows, {
      load: [
        { rate: 1000, from: 0.1, seconds: 0.2 },
        { rate: 5000, count: 7 },
      ],
      seconds: 0.5,
      steps: [
        { at: 0.15, do: (network) => network.setCable('a/u', false) },
        { at: 0.25, do: (network) => network.setCable('a/u', true) },
      ],
    });
    expect(trial.flows).toMatchObject([
      { offered: 200, received: 100 },
      { offered: 7, received: 7 },
    ]);
    expect(trial.void).toBeNull();
  });

  it('is the same again, whatever was tried in between', async () => {
    const options = { topology: pair({ rate: '1G', loss: '1%' }), flows: [across], clock: 'virtual' } as const;
    const trial = { load: 500_000, seconds: 0.05 };
    const first = await onBed(options, (bed) => bed.trial(trial));
    const again = await onBed(options, (bed) => bed.trial(trial));
    expect(again).toEqual(first);
  });
});

describe('a trial on the wall clock', () => {
  const flows = [1, 2, 3, 4].map((i) => ({ from: `h/vm${i}`, to: `h/vm${(i % 4) + 1}`, sizes: [64] }));

  it('accounts for every frame at a rate and as fast as possible, and knows its ceiling', async () => {
    await onBed({ topology: host({}, 4), flows, clock: 'wall' }, async (bed) => {
      await bed.warmUp();
      expect(await bed.ceiling()).toBeGreaterThan(10_000);
      const paced = await bed.trial({ load: 20_000, seconds: 0.3, stampEvery: 10 });
      expect(paced).toMatchObject({ intended: 6000, offered: 6000, received: 6000, lost: 0, balanced: true });
      expect(paced.latency).toMatchObject({ n: 600 });
      expect(paced.latency!.min).toBeGreaterThan(0);
      const full = await bed.trial({ load: 'max', seconds: 0.2 });
      expect(full.offered).toBeGreaterThan(0);
      expect(full).toMatchObject({ intended: null, lost: 0, balanced: true, void: null, received: full.offered });
    });
  });

  it('is void when the load cannot be offered, and says so', async () => {
    await onBed({ topology: host({}, 4), flows, clock: 'wall' }, async (bed) => {
      const trial = await bed.trial({ load: 1e9, seconds: 0.2 });
      expect(trial.void).toMatch(/of the intended load could be offered/);
      expect(trial).toMatchObject({ balanced: true, lost: 0 });
    });
  });

  it('reports what workers were busy with, and runs on two of them', async () => {
    const options = { topology: pair({}), flows: [across], clock: 'wall', workers: 2 } as const;
    await onBed(options, async (bed) => {
      const trial = await bed.trial({ load: 1000, seconds: 0.2 });
      expect(trial.busy).toHaveLength(2);
      for (const share of trial.busy) expect(share).toBeLessThanOrEqual(1);
      expect(trial).toMatchObject({ received: 200, balanced: true });
    });
  });
});
