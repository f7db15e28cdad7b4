/** A large network starts and works: 1,000 hosts of 8 vNICs on 20 physical switches, two threads. And a virtual one in a thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fleet } from '../../bench/fleet.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { plan as planOf } from '../../src/engine/plan.ts';
import {
  loadTopology,
  Network,
  type Report,
  readCapture,
  replay,
  TopologyError,
  topologyFrom,
  topologyJsonSchema,
  VERDICTS,
} from '../../src/index.ts';

const settings = {
  workers: 2,
  injectAt: [],
  captures: [],
  burst: 64,
  ringEntries: 256,
  lossless: false,
  virtual: false,
};
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('runs 1,000 hosts with 8 vNICs and 20 physical switches, and every frame is accounted for', async () => {
  const traffic = [
    { from: '*/vm1', to: '*/vm2', rate: '20pps' },
    { from: 'rack1esx*/vm3', to: 'broadcast', rate: '1pps', start: '100ms' },
  ];
  const topology = topologyFrom(fleet({ hosts: 1000, vnics: 8, switches: 20, traffic }));
  const network = new Network(topology, { clock: 'wall', workers: 2 });
  await network.start();
  // However long that takes here: bench/start.ts measures it. Each broadcast goes to 7,999 others, less what full rings drop.
  const { memory, plan } = network;
  while (plan.streams.some(({ address }) => memory.count(address + L.Stream_sent) === 0)) await sleep(50);
  while (network.ledger().delivered <= 100_000) await sleep(50);
  await network.pause();
  expect(network.ledger().balanced).toBe(true);
  const report = await network.stop();
  expect(report.switches).toHaveLength(1020);
  expect(report.streams).toHaveLength(1100);
  expect(report.ledger.balanced).toBe(true);
  for (const sw of report.switches) expect(sw.ledger.balanced, sw.name).toBe(true);
  expect(report.memoryBytes).toBeLessThan(3 * 1024 ** 3);
}, 120_000);

it('plans 10,000 vNICs, each with traffic, and a table of a million entries in one memory', () => {
  const traffic = [{ from: '*/vm*', to: '*/vm1', rate: '20pps' }];
  const large = planOf(topologyFrom(fleet({ hosts: 1250, vnics: 8, switches: 20, traffic })), settings);
  expect(large.bytes).toBeLessThan(3 * 1024 ** 3);
  const table = { max: 1_000_000 };
  const one = topologyFrom({
    hosts: { h: { vswitches: { v: { table, portGroups: { g: {} } } }, vms: { vm: { count: 8 } } } },
  });
  // A place takes 16 bytes, its lock 8 and a candidate for eviction 16; the table is at most half full.
  expect(planOf(one, settings).bytes).toBeLessThan(128 * 1024 ** 2);
});

it('touches at most 64 KiB of memory for a vNIC that does nothing', () => {
  const touched = (hosts: number): number => {
    const network = new Network(topologyFrom(fleet({ hosts, vnics: 8 })));
    network.advance(1_000_000_000n);
    const { words } = network.memory;
    let pages = 0;
    for (let from = 0; from < words.length; from += 1024) {
      if (words.subarray(from, from + 1024).some((word) => word !== 0)) pages++;
    }
    return pages * 4096;
  };
  const forOne = (touched(20) - touched(10)) / 80;
  expect(forOne).toBeLessThan(64 * 1024);
  // Seen when it was written: 8 KiB, mostly the pages on which its two rings begin.
  expect(forOne).toBeLessThan(16 * 1024);
});

it('runs on the virtual clock in a thread as it does at once in this one', async () => {
  const topology = topologyFrom({
    hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 3, ip: '10.0.0.1/24' } } } },
    traffic: [{ from: 'h/vm*', to: 'h/vm*', rate: '50kpps', size: 200 }],
  });
  const far = new Network(topology, { inline: false });
  await expect(far.runUntil(5n)).rejects.toThrow(/has not been started/);
  await far.start();
  await far.runUntil(10_000_000n);
  expect(far.nowNs).toBe(10_000_000n);
  expect(far.ledger().balanced).toBe(true);
  // step() may come back before the thread has taken the steps, so wait for them.
  await far.step(3);
  while (far.nowNs === 10_000_000n) await sleep(5);
  expect(far.nowNs).toBe(10_020_000n);
  far.resume();
  await far.runUntil(20_000_000n);
  const near = new Network(topology);
  await near.runUntil(20_000_000n);
  const [one, other] = [await far.stop(), await near.stop()];
  expect(one.switches).toEqual(other.switches);
  expect(one.ledger).toEqual(other.ledger);
  expect(one.seconds).toBe(0.02);
});

it('is a library: an object becomes a network, runs, and tells what happened', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vswitch-library-'));
  try {
    const file = join(folder, 'vm2.pcapng');
    const network = new Network(
      topologyFrom({
        hosts: {
          esx1: {
            uplinks: ['vmnic0'],
            vswitches: { vSwitch0: { portGroups: { web: { vlan: 10 } } } },
            vms: { vm1: { ip: '10.0.0.1/24' }, vm2: { ip: '10.0.0.2/24' } },
          },
        },
        traffic: [{ from: 'esx1/vm1', to: 'esx1/vm2', rate: '1kpps' }],
        captures: [{ file, ports: ['esx1/vm2'] }],
      }),
    );
    await network.runUntil(1_000_000_000n);
    const report: Report = await network.stop();
    expect(report).toMatchObject({
      name: 'topology',
      clock: 'virtual',
      seed: 1,
      seconds: 1,
      ledger: { balanced: true },
    });
    expect(report.streams).toEqual([
      { from: 'esx1/vm1', to: 'esx1/vm2', sizeBytes: 64, sent: 1001, unresolved: false },
    ]);
    expect(report.switches[0]!.macTable.map(({ vlan, port }) => `${vlan} ${port}`)).toEqual([
      '10 esx1/vm1',
      '10 esx1/vm2',
    ]);
    expect([...readCapture(file)]).toHaveLength(report.captures[0]!.frames);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(VERDICTS.map(({ name }) => name)).toContain('deja_vu');

    // The same capture again, into the other VM.
    const again = new Network({ ...network.topology, streams: [], captures: [] }, { injectAt: ['esx1/vm1'] });
    const result = await replay(again, 0n, { inputs: [{ port: 'esx1/vm1', file }], untilNs: 1_000_000_000n });
    expect(result).toEqual({ frames: report.captures[0]!.frames, outOfOrder: 0, cutShort: 0 });
    expect((await again.stop()).ledger.balanced).toBe(true);
    expect(() => topologyFrom({ hosts: { h: { vms: 3 } } })).toThrow(TopologyError);
    expect(() => loadTopology(join(folder, 'none.yaml'))).toThrow(/none\.yaml: no such file/);
    expect(topologyJsonSchema()).toMatchObject({ type: 'object' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
