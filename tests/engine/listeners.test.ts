/** Guests that join groups: what they say, what their cards take, and who gets streams to a group. */
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import { Network } from '../../src/engine/network.ts';
import { NetworkError } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { at } from './lab.ts';

const G = '239.1.1.1';
const second = 1_000_000_000n;

interface Nic {
  readonly groups?: readonly string[];
  readonly igmp?: number;
  readonly mld?: number;
}

const network = (vms: Record<string, Nic>, more: object = {}, vswitch: object = { multicast: 'snooping' }) =>
  new Network(
    topologyFrom({
      seed: 5,
      hosts: { h: { vswitches: { v: { portGroups: { pg: {} }, ...vswitch } }, vms } },
      ...more,
    }),
    { watch: ['*'], injectAt: [] },
  );

const guest = (net: Network, name: string) => net.ports().find((port) => port.name === `h/${name}`)!.guest!;
const received = (net: Network, name: string) => guest(net, name).received;
const groupsOf = (net: Network) =>
  net
    .report()
    .switches[0]!.multicast!.groups.map(({ group, ports }) => `${group} ${ports.map((each) => each.port.slice(2))}`);

/** Type of each message that a port sent: of IGMP and MLD. */
const said = (frames: readonly CapturedFrame[], port: string) =>
  at(frames, port, 'in').map(({ bytes }) => (bytes[12] === 8 ? `igmp ${bytes[38]}` : `mld ${bytes[62]}`));

async function until(net: Network, ns: bigint): Promise<CapturedFrame[]> {
  const frames: CapturedFrame[] = [];
  net.advance(ns);
  frames.push(...net.takeFrames());
  expect(net.ledger().balanced).toBe(true);
  return frames;
}

describe('a guest that joins', () => {
  it.each([
    [1, ['igmp 18', 'igmp 18']],
    [2, ['igmp 22', 'igmp 22']],
    [3, ['igmp 34', 'igmp 34']],
  ])('reports by IGMPv%d at once and once more within 10 s', async (igmp, words) => {
    const net = network({ a: { groups: [G], igmp } });
    const frames = await until(net, 11n * second);
    expect(said(frames, 'h/a')).toEqual(words);
    expect(at(frames, 'h/a', 'in')[0]!.timeNs).toBe(0n);
    expect(groupsOf(net)).toEqual([`${G} a`]);
  });

  it.each([
    [1, ['mld 131', 'mld 131']],
    [2, ['mld 143', 'mld 143']],
  ])('reports by MLDv%d', async (mld, words) => {
    const net = network({ a: { groups: ['ff15::1'], mld } });
    expect(said(await until(net, 11n * second), 'h/a')).toEqual(words);
    expect(groupsOf(net)).toEqual(['ff15::1 a']);
  });

  it('and leaves while the network runs', async () => {
    const net = network({ a: { groups: [] }, b: { groups: [G] } });
    net.at(second, { join: { port: 'h/a', group: G } });
    net.at(20n * second, { leave: { port: 'h/b', group: G } });
    await until(net, 2n * second);
    expect(groupsOf(net)).toEqual([`${G} a,b`]);
    const frames = await until(net, 30n * second);
    expect(said(frames, 'h/b'), 'a report is repeated, a leave is not').toEqual(['igmp 22', 'igmp 23']);
    expect(at(frames, 'h/b', 'out').length, 'is asked twice').toBe(2);
    expect(groupsOf(net)).toEqual([`${G} a`]);
    // Its card does not take them, for it has left.
    expect(guest(net, 'b').listener).toMatchObject({ groups: [], leaves: 1, queries: 0 });
  });

  it('answers a querier and is not forgotten; one that stops is', async () => {
    const querier = { multicast: { mode: 'snooping', querier: { address: '10.0.0.1' } } };
    const net = network({ a: { groups: [G] }, b: { groups: [G], igmp: 3 }, c: { groups: ['ff15::1'] } }, {}, querier);
    net.at(200n * second, { stopVm: 'h/a' });
    await until(net, 199n * second);
    expect(guest(net, 'a').listener!.queries, 'at 0 s, 31 s and 156 s, of IGMP and of MLD').toBe(6);
    await until(net, 1000n * second);
    expect(groupsOf(net)).toEqual([`${G} b`, 'ff15::1 c']);
    expect(net.report().switches[0]!.multicast!.queriers).toEqual([
      { vlan: 0, family: 'IPv4', querier: 'self' },
      { vlan: 0, family: 'IPv6', querier: 'self' },
    ]);
  });

  it('speaks an older version while an older querier is there', async () => {
    const querier = { multicast: { mode: 'snooping', querier: { address: '10.0.0.1' } } };
    const net = network({ a: { groups: [G], igmp: 3 } }, {}, querier);
    const frames = await until(net, 50n * second);
    expect(said(frames, 'h/a').slice(0, 1)).toEqual(['igmp 34']);
    expect(said(frames, 'h/a').at(-1)).toBe('igmp 22');
  });

  it('is spared an answer where it hears another one', async () => {
    // Groups are flooded, so that each hears the other's report; the physical switch asks.
    const vms = { a: { groups: [G] }, b: { groups: [G] } };
    const net = new Network(
      topologyFrom({
        hosts: { h: { uplinks: { u: { to: 's/1' } }, vswitches: { v: { portGroups: { pg: {} } } }, vms } },
        physical: { switches: { s: { ports: 1, multicast: { querier: { address: '10.0.0.1' } } } } },
      }),
    );
    net.advance(400n * second);
    const [a, b] = ['a', 'b'].map((name) => guest(net, name).listener!);
    expect(a!.suppressed + b!.suppressed).toBeGreaterThan(0);
    expect(net.report().switches[1]!.multicast!.groups).toMatchObject([{ group: G, ports: [{ port: 's/1' }] }]);
  });

  it('is refused where it takes every group, and changes nothing', () => {
    const net = network({ a: {} });
    const join = () => net.at(second, { join: { port: 'h/a', group: G } });
    expect(join).toThrow(NetworkError);
    expect(join).toThrow('the guest at h/a takes every group and joins none; write groups: [] at its vNIC');
  });
});

describe('a stream to a group', () => {
  const traffic = (to: string, size = 64) => [{ from: 'h/a', to, size, rate: '1kpps', start: '1s', count: 10 }];
  const vms = { a: {}, b: { groups: [G, 'ff15::1:1'] }, c: { groups: ['239.1.1.2'] }, d: {} };

  it.each([
    ['flood', { b: 10, c: 0, d: 10 }, { c: 10 }],
    ['filter', { b: 10, c: 0, d: 0 }, { c: 0 }],
    ['snooping', { b: 10, c: 0, d: 0 }, { c: 0 }],
  ])('with %s comes to members', async (multicast, expected, filtered) => {
    for (const [to, size] of [
      [G, 64],
      ['ff15::1:1', 74],
    ] as const) {
      const net = network(vms, { traffic: traffic(to, size) }, { multicast });
      net.advance(second / 2n);
      net.takeFrames();
      const before = Object.fromEntries(Object.keys(vms).map((name) => [name, received(net, name)]));
      const filteredBefore = guest(net, 'c').filtered;
      const frames = await until(net, 2n * second);
      const data = frames.filter(({ bytes }) => bytes.length === size - 4 && bytes[14] !== 0x46);
      for (const [name, count] of Object.entries(expected)) {
        const own = at(data, `h/${name}`, 'out').length;
        expect(name === 'c' ? 0 : own, `${to} to ${name}`).toBe(count);
      }
      expect(guest(net, 'c').filtered - filteredBefore).toBe(filtered.c);
      expect(received(net, 'b') - before['b']!).toBeGreaterThanOrEqual(10);
      expect(at(data, 'h/a', 'in')[0]!.bytes.slice(0, 2)).toEqual(
        Uint8Array.from(to === G ? [0x01, 0x00] : [0x33, 0x33]),
      );
    }
  });
});

describe('snapshots and workers', () => {
  const topology = () =>
    topologyFrom({
      seed: 3,
      hosts: {
        h: {
          count: 3,
          uplinks: { u: { to: 's/{n}', delay: '5us' } },
          vswitches: { v: { portGroups: { pg: {} }, multicast: 'snooping' } },
          vms: { a: { groups: [G] }, b: { count: 2, groups: [G, 'ff15::1'], igmp: 3 }, c: {} },
        },
      },
      physical: {
        switches: { s: { ports: 4, multicast: { querier: { address: '10.0.0.1', interval: '2s' }, ageing: '9s' } } },
      },
      traffic: [{ from: 'h1/c', to: G, rate: '100pps' }],
    });

  it('give the same whatever the number of workers, and where it is gone back to', async () => {
    const told = (net: Network) => JSON.stringify([net.report().switches.map(({ worker: _, ...sw }) => sw)]);
    const alone = new Network(topology());
    alone.advance(5n * second);
    const half = await alone.snapshot();
    alone.advance(10n * second);
    const end = told(alone);
    expect(alone.ledger().balanced).toBe(true);
    await alone.restore(half);
    alone.advance(10n * second);
    expect(told(alone)).toBe(end);
    const many = new Network(topology(), { workers: 3 });
    many.advance(10n * second);
    expect(told(many)).toBe(end);
  });
});
