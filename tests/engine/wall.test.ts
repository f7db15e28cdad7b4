/** The wall clock, with threads: nothing is lost uncounted, paused means still, and commands work while frames move. */
import { describe, expect, it } from 'vitest';
import { STATE_PAUSED, STATE_RUNNING } from '../../src/engine/control.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { moreFrames, sleep, until } from './waiting.ts';

/** Full-speed streams within each host and across, over a switch; one host's VMs have addresses. */
const busy = topologyFrom({
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
});

/** A stream of 2,000 frames a second. */
const paced = topologyFrom({
  hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 2 } } } },
  traffic: [{ from: 'h/vm1', to: 'h/vm2', rate: '2kpps' }],
});

async function running(topology = busy, options: NetworkOptions = {}): Promise<Network> {
  const network = new Network(topology, { clock: 'wall', ...options });
  await network.start();
  return network;
}

/** All that counts: each port's verdicts, the guests, the ledger. */
const figures = (network: Network) => JSON.stringify([network.ports(), network.ledger(), network.report().streams]);

function expectBalanced(network: Network): void {
  const { ledger, switches } = network.report();
  expect(ledger).toMatchObject({ balanced: true });
  for (const sw of switches) expect(sw.ledger, sw.name).toMatchObject({ balanced: true });
  for (const sw of switches) {
    for (const port of sw.ports) {
      const { rxFrames, txFrames, verdicts } = port;
      expect(verdicts['delivered'] ?? 0).toBe(txFrames);
      if (port.guest === null) continue;
      expect(rxFrames).toBeLessThanOrEqual(port.guest.sent);
      expect(port.guest.received + port.guest.filtered).toBeLessThanOrEqual(txFrames);
    }
  }
}

describe.each([1, 2])('a busy network with %i worker(s)', (workers) => {
  it('balances whenever it is paused, and after the end', async () => {
    const network = await running(busy, { workers });
    for (let round = 0; round < 4; round++) {
      await moreFrames(network, 1000);
      await network.pause();
      expectBalanced(network);
      const before = figures(network);
      await sleep(20);
      expect(figures(network), 'paused means still').toBe(before);
      network.resume();
    }
    // A stream between addresses may still wait, its ARP having met a full queue; the others all send.
    const others = () => network.report().streams.filter(({ from }) => from.includes('vm'));
    await until(() => others().every(({ sent }) => sent > 100), 'frames of each stream');
    const report = await network.stop();
    expectBalanced(network);
    expect(network.failure).toBeNull();
    expect(report.workers).toHaveLength(workers);
    expect(report.switches.map(({ worker }) => worker).every((worker) => worker < workers)).toBe(true);
  });

  it('is paused when its workers say so after the order, whatever they said before', async () => {
    const network = await running(busy, { workers });
    const states = network.plan.workers.map(({ address }) => address + L.Worker_state);
    for (let round = 0; round < 10; round++) {
      while (states.some((at) => network.memory.u32(at) !== STATE_RUNNING)) await sleep(1);
      // As if they had just read the order to go on, and had not come to say so.
      for (const at of states) network.memory.setU32(at, STATE_PAUSED);
      await network.pause();
      const before = figures(network);
      expectBalanced(network);
      await sleep(5);
      expect(figures(network), 'paused means still').toBe(before);
      network.resume();
    }
    await network.stop();
    expectBalanced(network);
  });

  it('is paused when all has been carried out that was asked before', async () => {
    const network = await running(busy, { workers });
    await moreFrames(network, 1000);
    await network.pause();
    for (let round = 0; round < 10; round++) {
      const asked = ['h1/vm1', 'h2/vm1'].map((port) => network.setLink(port, round % 2 === 1));
      await network.pause();
      const links = network.ports().filter(({ name }) => name.endsWith('vm1'));
      const link = round % 2 === 1 ? 'up' : 'down';
      expect(links.map((port) => port.link)).toEqual([link, link]);
      await Promise.all(asked);
    }
    await network.stop();
    expectBalanced(network);
  });

  it('goes on balancing while cables are pulled, tables flushed and addresses bound', async () => {
    const network = await running(busy, { workers });
    const { mac } = network.topology.hosts[1]!.vms[2]!.nics[0]!;
    for (let round = 0; round < 15; round++) {
      await network.setLink('h1/u1', round % 2 === 0);
      await network.setLink('h2/vm1', round % 3 !== 0);
      await network.flush({ switch: 'tor' });
      await network.flush({ port: 'h1/u2' });
      expect(await network.setStatic('h1/v', 10, mac, round % 2 === 0 ? 'h1/u1' : null)).toBe(true);
      await sleep(5);
    }
    await network.stop();
    expectBalanced(network);
    expect(network.macTable('h1/v')).toContainEqual({ vlan: 10, mac, port: 'uplink', static: true, ageSeconds: 0 });
  });
});

describe('a network on the wall clock', () => {
  it('shows its counters and tables while it runs, and they only grow', async () => {
    const network = await running();
    let last = -1;
    for (let look = 0; look < 20 || last === 0; look++) {
      const sum = network.ports().reduce((frames, port) => frames + port.rxFrames + port.txFrames, 0);
      expect(sum).toBeGreaterThanOrEqual(last);
      last = sum;
      expect(network.macTable('tor').length).toBeLessThanOrEqual(8);
      await sleep(3);
    }
    await until(() => network.macTable('h1/v').length > 3, 'a table');
    await network.stop();
  });

  it('does not catch up after a pause: the time in between has not passed', async () => {
    const network = await running(paced);
    await moreFrames(network, 50);
    await network.pause();
    const before = network.report().streams[0]!.sent;
    const pausedAt = network.nowNs;
    await sleep(500);
    expect(network.nowNs).toBe(pausedAt);
    const resumedAt = performance.now();
    network.resume();
    await moreFrames(network, 1);
    await network.pause();
    const elapsed = performance.now() - resumedAt;
    const after = network.report().streams[0]!.sent;
    expect(after - before).toBeGreaterThan(0);
    expect(Number(network.nowNs - pausedAt) / 1e6).toBeLessThan(elapsed + 1);
    // What was due before the pause and late may be made up for; the pause itself, 1,000 frames long, may not.
    expect(after).toBeLessThanOrEqual(Number(network.nowNs / 500_000n) + 5);
    expect((await network.stop()).ledger.balanced).toBe(true);
  });

  it('sends a stream at its rate', async () => {
    const network = await running(paced);
    // A loaded machine may give the thread its turn late, but what was due is made up for.
    for (let isLate = true; isLate; network.resume()) {
      await moreFrames(network, 600);
      await network.pause();
      const expected = Number(network.nowNs / 500_000n) + 1;
      const { sent } = network.report().streams[0]!;
      expect(sent).toBeLessThanOrEqual(expected);
      isLate = sent < expected * 0.95;
    }
    const { busy: share } = (await network.stop()).workers[0]!;
    expect(share).toBeLessThan(1);
  });

  it('may be stopped twice, paused or not, and tells the same each time', async () => {
    const network = await running(paced);
    await network.pause();
    const first = await network.stop();
    expect(await network.stop()).toEqual(first);
    expect(network.report()).toEqual(first);
  });

  it('may be stopped before it was started', async () => {
    const network = new Network(paced, { clock: 'wall' });
    expect(await network.stop()).toMatchObject({ seconds: 0, ledger: { framesIn: 0, balanced: true } });
  });

  it('explains a frame while it runs', async () => {
    const network = await running();
    const told = network.explain(
      'h1/vm1',
      Uint8Array.from([...Array(6).fill(255), 2, 0, 0, 0, 0, 1, ...Array(48).fill(0)]),
    );
    expect(told.verdict.name).toBe('flood_group');
    await network.stop();
    expectBalanced(network);
  });

  it('refuses what its clock cannot do, in one line', async () => {
    const network = new Network(paced, { clock: 'wall' });
    await expect(network.pause()).rejects.toThrow(/^the network has not been started$/);
    expect(() => network.resume()).toThrow(/^the network has not been started$/);
    await network.start();
    await expect(network.start()).rejects.toThrow(/^the network has been started already$/);
    await expect(network.step()).rejects.toThrow(/wall clock cannot be stepped/);
    await expect(network.runUntil(1n)).rejects.toThrow(/wall clock cannot be told/);
    expect(() => network.advance(1n)).toThrow(/virtual clock/);
    await expect(network.setLink('h/nic', false)).rejects.toThrow(/^no port h\/nic in topology$/);
    await expect(network.flush({ switch: 'x' })).rejects.toThrow(/^no switch x in topology; there are h\/v$/);
    expect(() => network.inject('h/vm1', new Uint8Array(60), 0n)).toThrow(/only if it is named in injectAt/);
    await network.stop();
    const virtual = new Network(paced);
    await expect(virtual.start()).rejects.toThrow(/^a network in this thread does not start: call runUntil or step$/);
    expect(() => new Network(paced, { clock: 'wall', watch: ['*'] })).toThrow(/virtual clock in this thread only/);
  });
});
