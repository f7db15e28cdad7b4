/** A large network starts and works: 200 hosts of 8 vNICs on one physical switch, two threads. And a virtual one in a thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('runs 200 hosts with 8 vNICs each, and every frame is accounted for', async () => {
  const topology = topologyFrom({
    hosts: {
      h: {
        count: 200,
        uplinks: { u1: { to: 'tor/{n*2-1}' }, u2: { to: 'tor/{n*2}' } },
        vswitches: { v: { portGroups: { pg: {} } } },
        vms: { vm: { count: 8 } },
      },
    },
    physical: { switches: { tor: { ports: 400 } } },
    traffic: [
      { from: 'h*/vm1', to: 'h*/vm2', rate: '20pps' },
      { from: 'h*/vm3', to: 'broadcast', rate: '1pps', start: '100ms', count: 1 },
    ],
  });
  const network = new Network(topology, { clock: 'wall', workers: 2 });
  const from = performance.now();
  await network.start();
  expect(performance.now() - from, 'ms to start').toBeLessThan(10_000);
  await sleep(1000);
  await network.pause();
  expect(network.ledger().balanced).toBe(true);
  const report = await network.stop();
  expect(report.switches).toHaveLength(201);
  expect(report.streams).toHaveLength(400);
  expect(report.streams.every(({ sent }) => sent > 0)).toBe(true);
  expect(report.ledger.balanced).toBe(true);
  for (const sw of report.switches) expect(sw.ledger.balanced, sw.name).toBe(true);
  // Each broadcast reaches the 1,599 others once, as long as nothing was dropped on its way.
  expect(report.ledger.delivered).toBeGreaterThan(100_000);
  expect(report.memoryBytes).toBeLessThan(3 * 1024 ** 3);
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
