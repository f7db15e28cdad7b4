/**
 * Threads that die while a network runs on the wall clock: their hosts go on in another one, every frame is accounted for, and
 * the others hardly notice. `RESCUE_SEED` repeats the instants as far as threads let them be repeated; `RESCUE_KILLS` makes more.
 */
import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/read.ts';
import * as L from '../../src/engine/generated/layout.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { seed as chance } from '../chance.ts';
import { frameOf } from '../core/frames.ts';
import { built } from './built.ts';
import { frame, hosted, networks } from './loads.ts';
import { moreFrames, sleep, until } from './waiting.ts';
import { assertLedgers, assertWhole } from './whole.ts';

const { folder, Network } = await built();
const captures = mkdtempSync(join(tmpdir(), 'vswitch-rescue-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(captures, { recursive: true });
});

type Running = InstanceType<typeof Network>;

const seed = Number(process.env['RESCUE_SEED'] ?? chance);
const kills = Number(process.env['RESCUE_KILLS'] ?? 55);

async function running(topology: unknown, options: NetworkOptions = {}): Promise<Running> {
  const network = new Network(topologyFrom(topology), { clock: 'wall', workers: 2, ...options });
  await network.start();
  return network;
}

/** Ends a worker's thread and waits until another has taken its place, and one more stands ready; returns ms until it moved. */
async function kill(network: Running, worker: number): Promise<number> {
  await until(() => network.hasSpareThread, 'a spare thread');
  const before = network.deaths.length;
  const from = performance.now();
  void network.threadOf(worker)!.terminate();
  await until(() => network.deaths.length > before || network.failure !== null, 'another thread');
  if (network.failure !== null) throw network.failure;
  return performance.now() - from;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const drops = ({ ledger }: Report, name: string) => ledger.drops[name] ?? 0;

/** Full speed within hosts and across, with floods; the same with new stations all the time. */
const busy = {
  hosts: {
    h: {
      count: 2,
      uplinks: { u1: { to: 'tor/{n*2-1}' }, u2: { to: 'tor/{n*2}', rate: '1G', delay: '10us' } },
      vswitches: { v: { portGroups: { pg: { vlan: 10 } } } },
      vms: { ip: { count: 2, ip: '10.0.{n}.{v}/16' }, vm: { count: 2 } },
    },
  },
  physical: { switches: { tor: { ports: 4 } } },
  traffic: [
    { from: 'h1/ip1', to: 'h1/ip2' },
    { from: 'h1/vm*', to: 'h2/vm*' },
    { from: 'h2/ip1', to: 'h1/ip1', size: 1518, flows: 100 },
    { from: 'h2/vm1', to: 'broadcast', rate: '20kpps' },
  ],
};
const loads = { busy, hosted, ...networks };

/** A twentieth of what its streams send. */
function slower(topology: unknown): unknown {
  return JSON.parse(JSON.stringify(topology).replace(/"(\d+)kpps"/g, (_, rate) => `"${Number(rate) / 20}kpps"`));
}

describe('a worker whose thread is ended at a random instant', () => {
  it.each(Object.keys(loads) as (keyof typeof loads)[])(
    `loses no count, again and again, on a %s network (seed ${seed})`,
    async (name) => {
      // What is captured takes no short cut, and is read again: one network is captured, and is slower.
      const isWatched = name === 'registered';
      const file = join(captures, `${name}.pcapng`);
      const network = await running(isWatched ? slower(loads[name]) : loads[name], {
        injectAt: ['*'],
        captures: isWatched ? [{ file, ports: ['h2/vm1', 'h1/vm2', 'tor/1'], snapLength: 64 }] : [],
        unplugged: 'open',
      });
      const ports = [...network.plan.ports.keys()];
      const instants = fc.sample(
        fc.record({
          afterUs: fc.nat(20_000),
          worker: fc.nat(1),
          frames: fc.array(fc.tuple(fc.nat(), frame), { minLength: 5, maxLength: 60 }),
        }),
        { numRuns: kills, seed },
      );
      const took: number[] = [];
      let id = 0;
      for (const [i, { afterUs, worker, frames }] of instants.entries()) {
        await until(() => network.hasSpareThread, 'a spare thread');
        const halfway = frames.length >> 1;
        for (const [j, [where, spec]] of frames.entries()) {
          network.inject(ports[where % ports.length]!, frameOf(spec, ++id), network.nowNs);
          if (j === halfway) await sleep(afterUs / 1000);
        }
        took.push(await kill(network, worker));
        if (i % 2 === 1) continue;
        await network.pause();
        assertWhole(network);
        network.resume();
      }
      await moreFrames(network, 1000);
      const report = await network.stop();
      assertWhole(network);
      expect(network.failure).toBeNull();
      expect(report.deaths).toHaveLength(kills);
      expect(report.workers.reduce((sum, { restarts }) => sum + restarts, 0)).toBe(kills);
      expect(report.isolated, 'nobody is blamed for a thread that was ended').toEqual([]);
      const lost = report.deaths.reduce((sum, death) => sum + death.framesLost, 0);
      expect(drops(report, 'worker_died') + drops(report, 'copy_died')).toBe(lost);
      expect(
        report.deaths.filter(({ host }) => host !== null).length,
        'some died with a switch in hand',
      ).toBeGreaterThan(isWatched ? 0 : kills / 10);
      console.log(
        `rescue ${name}: ${kills} deaths, ${lost} frames lost, median ${median(took).toFixed(0)} ms, most ${Math.max(...took).toFixed(0)} ms`,
      );
      if (isWatched) assertOnce(file);
    },
    60_000 + kills * 1500,
  );
});

/** No frame passes a port twice in the same direction. */
function assertOnce(file: string): void {
  const seen = new Set<string>();
  for (const { interface: port, direction, packetId } of readCapture(file)) {
    const key = `${port.name} ${direction} ${packetId}`;
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
  }
  expect(seen.size).toBeGreaterThan(100);
}

/** Two hosts on two workers that know nothing of each other but one cable over a switch. */
const pair = {
  hosts: {
    a: { uplinks: { u: { to: 'tor/1' } }, vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 3 } } },
    b: { uplinks: { u: { to: 'tor/2' } }, vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 3 } } },
  },
  physical: { switches: { tor: { ports: 3 } } },
  traffic: [
    { from: 'a/vm1', to: 'a/vm2', rate: '50kpps' },
    { from: 'b/vm1', to: 'b/vm2', rate: '50kpps' },
    { from: 'b/vm2', to: 'a/vm3', rate: '1kpps' },
  ],
};

/** Writes a frame into a port's queue whose descriptor names no memory; the core traps when it takes it. */
async function poison(network: Running, port: string): Promise<void> {
  const before = network.deaths.length;
  await network.pause();
  for (let i = 0; i < 3; i++) network.inject(port, new Uint8Array(60), network.nowNs);
  const wire = network.plan.injectAt.get(port)!;
  const { memory } = network;
  const last = (memory.u32(wire.address + L.Ring_head) - 1) & memory.u32(wire.address + L.Ring_mask);
  memory.setU64(wire.entriesAt + 16 * last, (60n << 44n) | 0x3ffffffn);
  network.resume();
  await until(() => network.deaths.length > before || network.failure !== null, 'a death');
}

const received = (network: Running, port: string) => network.ports().find(({ name }) => name === port)!.guest!.received;

it('a type-2 host whose worker dies has its mappings and leases as before, and its VMs go on', async () => {
  const network = await running(slower(hosted), { captures: [] });
  const told = () => network.report().hosted![0]!;
  const answered = () => network.report().streams.map((stream) => stream.answered ?? 0);
  await until(() => told().nat!.mappings >= 320, 'mappings of all flows');
  const before = told();
  for (let i = 0; i < 4; i++) {
    const counts = answered();
    for (const worker of network.plan.workers.keys()) await kill(network, worker);
    await until(() => [0, 1, 2, 4].every((stream) => answered()[stream]! > counts[stream]! + 20), 'answers to all');
  }
  const after = told();
  expect(after.nat!.mappings).toBe(before.nat!.mappings);
  const leases = ({ dhcp }: typeof after) =>
    dhcp.flatMap((each) => each.leases.map(({ address, mac }) => [address, mac]));
  expect(leases(after)).toEqual(leases(before));
  expect(leases(after)).toHaveLength(2);
  await network.stop();
  assertWhole(network);
}, 120_000);

describe('a worker that traps', () => {
  it('loses the burst that it had in hand, which is counted, and goes on', async () => {
    const network = await running(pair, { injectAt: ['a/vm3'] });
    await moreFrames(network, 1000);
    await poison(network, 'a/vm3');
    expect(network.deaths).toHaveLength(1);
    expect(network.deaths[0]).toMatchObject({ host: 'a', why: 'memory access out of bounds' });
    const before = received(network, 'a/vm2');
    await until(() => received(network, 'a/vm2') > before + 1000, 'traffic on the same host');
    const report = await network.stop();
    assertWhole(network);
    const { verdicts } = report.switches.flatMap(({ ports }) => ports).find(({ name }) => name === 'a/vm3')!;
    expect(verdicts['worker_died']).toBeGreaterThan(0);
    expect(network.failure).toBeNull();
  });

  it('is begun anew with the list of its switches, should that be what was broken', async () => {
    const file = join(captures, 'broken-list.pcapng');
    const network = await running(pair, { captures: [{ file, ports: ['tor/1', 'a/vm2'], snapLength: 64 }] });
    await moreFrames(network, 1000);
    network.memory.setU32(network.plan.workers[1]!.listAt, 0xffff_ff00);
    await until(() => network.deaths.length > 0, 'a death');
    await moreFrames(network, 1000);
    const report = await network.stop();
    assertWhole(network);
    expect(report.deaths).toHaveLength(1);
    expect(await network.stop()).toEqual(report);
    expect(report.captures[0]).toMatchObject({ failure: null, bytes: statSync(file).size });
    expect([...readCapture(file)]).toHaveLength(report.captures[0]!.frames);
  });

  it('again and again over one host has that host isolated, while the others go on', async () => {
    const network = await running(pair, { injectAt: ['a/vm3'] });
    await moreFrames(network, 1000);
    for (let i = 0; i < 3; i++) await poison(network, 'a/vm3');
    expect(network.isolated).toMatchObject([
      { host: 'a', why: expect.stringContaining('memory access out of bounds') },
    ]);
    expect(network.failure).toBeNull();
    await expect(network.setLink('a/vm1', false)).rejects.toThrow(/^a is isolated: its worker died again and again/);
    const [gone, here] = [received(network, 'a/vm2'), received(network, 'b/vm2')];
    await until(() => received(network, 'b/vm2') > here + 1000, 'traffic on the other host');
    expect(received(network, 'a/vm2')).toBe(gone);
    expect(network.ports().find(({ name }) => name === 'tor/1')).toMatchObject({ link: 'down' });
    expect(await network.setStatic('b/v', 0, '02:00:00:00:00:09', 'b/vm1')).toBe(true);
    const report = await network.stop();
    assertLedgers(network);
    expect(report.isolated).toEqual(network.isolated);
  });
});

describe('a worker that hangs', () => {
  it('is found by its heartbeat and replaced; when it hangs again and again, its host is isolated', async () => {
    const file = join(captures, 'hangs.pcapng');
    const network = await running(pair, { hangMs: 1500, captures: [{ file, ports: ['a/vm2'], snapLength: 64 }] });
    await moreFrames(network, 1000);
    // The list of captures of a port goes round.
    const { address } = network.plan.captures[0]!.points[0]!;
    network.memory.setU32(address + L.CapturePoint_next, address);
    await until(() => network.deaths.length === 1, 'the first death');
    expect(network.deaths[0]).toMatchObject({ host: 'a', why: 'no sign of life for 1500 ms' });
    await until(() => network.isolated.length === 1, 'isolation');
    const here = received(network, 'b/vm2');
    await until(() => received(network, 'b/vm2') > here + 1000, 'traffic on the other host');
    await network.stop();
    assertLedgers(network);
    expect(network.failure).toBeNull();
  });
});

describe('what is asked of a worker while it dies', () => {
  it('is carried out by the next one', async () => {
    const network = await running(pair);
    await until(() => network.hasSpareThread, 'a spare thread');
    for (const worker of [0, 1]) {
      void network.threadOf(worker)!.terminate();
      const asked = ['a/vm1', 'b/vm1', 'tor/3'].map((port) => network.setLink(port, worker === 1));
      await Promise.all(asked);
      const links = network.ports().filter(({ name }) => name.endsWith('vm1'));
      expect(links.map(({ link }) => link)).toEqual(worker === 1 ? ['up', 'up'] : ['down', 'down']);
    }
    void network.threadOf(0)!.terminate();
    await network.pause();
    assertWhole(network);
    network.resume();
    void network.threadOf(1)!.terminate();
    const report = await network.stop();
    assertWhole(network);
    expect(report.deaths.length).toBeGreaterThanOrEqual(3);
  });

  it('may be to run on the virtual clock: the next one goes on from where it stood', async () => {
    const network = new Network(topologyFrom(networks.learning), { inline: false });
    await network.start();
    await until(() => network.hasSpareThread, 'a spare thread');
    const done = network.runUntil(300_000_000n);
    for (let i = 0; i < 3 && network.nowNs < 300_000_000n; i++) {
      await kill(network, 0);
      await sleep(20);
    }
    await done;
    expect(network.nowNs).toBe(300_000_000n);
    await network.stop();
    assertWhole(network);
    expect(network.deaths.length).toBeGreaterThan(0);
  });
});

describe('the thread that writes captures', () => {
  it('may die: the run goes on, and the captures end after a whole block', async () => {
    const file = join(captures, 'unwritten.pcapng');
    const network = await running(pair, { captures: [{ file, ports: ['a/vm2', 'b/vm2'], snapLength: 0 }] });
    await until(() => network.threadOf('writer') !== null && statSync(file).size > 20_000, 'a capture');
    void network.threadOf('writer')!.terminate();
    await sleep(200);
    const before = received(network, 'b/vm2');
    await until(() => received(network, 'b/vm2') > before + 1000, 'traffic');
    const report = await network.stop();
    assertWhole(network);
    expect(network.failure).toBeNull();
    expect(report.captures[0]!.failure).toMatch(/the thread that writes captures died; the capture ends there$/);
    expect(report.captures[0]!.lost).toBeGreaterThan(0);
    expect([...readCapture(file)].length).toBeGreaterThan(0);
    expect(report.captures[0]!.bytes).toBe(statSync(file).size);
  });

  it('may die after its file was renamed: the run ends all the same, and says so', async () => {
    const file = join(captures, 'old.pcapng');
    const network = await running(pair, { captures: [{ file, ports: ['a/vm2', 'b/vm2'], snapLength: 0 }] });
    await until(() => network.threadOf('writer') !== null && statSync(file).size > 20_000, 'a capture');
    renameSync(file, join(captures, 'new.pcapng'));
    await network.threadOf('writer')!.terminate();
    const { captures: told } = await network.stop();
    expect(told[0]!.failure).toMatch(/the thread that writes captures died; .*the file could not be read again$/);
    expect(told[0]!.bytes).toBe(statSync(join(captures, 'new.pcapng')).size);
  });
});
