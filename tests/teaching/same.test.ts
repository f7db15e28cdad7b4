/**
 * Who is not concerned notices nothing: with a rule off that no frame meets, everything is as in a normal run, frame for frame,
 * although a normal run takes short cuts and a teaching one none.
 */
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/telemetry/report.ts';
import { Lab, portOf } from '../engine/lab.ts';
import { type Clock, stageOf } from './clocks.ts';

type Case = readonly [what: string, topology: object, rules: readonly number[]];

const tor = { physical: { switches: { tor: { ports: 9 } } } };
const uplinks = (count: number, host: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `u${i + 1}`,
      { to: `tor/${3 * host + i + 1}`, delay: '1us', rate: '10G' },
    ]),
  );
const host = (n: number, cables: number, vswitch: object) => ({
  uplinks: uplinks(cables, n),
  vswitches: { v: { portGroups: { pg: { vlan: 10 } }, ...vswitch } },
  vms: { ip: { count: 2, ip: `10.0.${n}.1/16` }, vm: { count: 2 } },
});
const traffic = [
  { from: 'h1/ip1', to: 'h1/ip2', rate: '500kpps', count: 60 },
  { from: 'h1/vm*', to: 'h2/vm*', rate: '1Mpps', count: 60 },
  { from: 'h2/ip1', to: 'h1/ip1', rate: '200kpps', size: 600, flows: 10, count: 20 },
  { from: 'h2/vm1', to: 'broadcast', rate: '50kpps', count: 10 },
];
const twoHosts = (cables: number, vswitch: object = {}) => ({
  hosts: { h1: host(0, cables, vswitch), h2: host(1, cables, vswitch) },
  ...tor,
  traffic,
});
const registered = { macModel: 'registered' };
const others = [12, 13, 14, 15, 16, 17, 19];

const cases: Case[] = [
  ['a learning network of two uplinks', twoHosts(2), [5, 6, 10, 11, 18, ...others]],
  ['a registered network of two uplinks, whose VMs all know each other', twoHosts(2, registered), [11, 18, ...others]],
  ['a network of one uplink', twoHosts(1), [1, 3, 4, 7, 8, 9]],
  [
    'a network whose uplinks are a LAG',
    {
      ...twoHosts(2, { teaming: { lag: 'static' } }),
      physical: {
        switches: {
          tor: { ports: 9, lags: { l1: { mode: 'static', ports: [1, 2] }, l2: { mode: 'static', ports: [4, 5] } } },
        },
      },
    },
    [1, 3, 4, 8, 9, 19],
  ],
  [
    'a host without uplinks where nobody speaks to all',
    {
      hosts: { h1: { vswitches: { v: { ...registered, portGroups: { pg: {} } } }, vms: { vm: { count: 2 } } } },
      traffic: [{ from: 'h1/vm*', to: 'h1/vm*', rate: '1Mpps', count: 100 }],
    },
    [2],
  ],
];

/** All that counts: each port's verdicts and bytes, guests, tables, moves and streams; not when something was heard last. */
function figures({ ledger, switches, streams }: Report): unknown {
  const ageless = switches.map((sw) => ({ ...sw, macTable: sw.macTable.map(({ ageSeconds: _, ...entry }) => entry) }));
  return { ledger, switches: ageless, streams };
}

async function counted(clock: Clock, topology: object): Promise<unknown> {
  const stage = await stageOf(clock, topology, { isWatched: false });
  await stage.send();
  return figures(await stage.stop());
}

/** Every frame that passed a port, by a line. */
function framed(topology: object): string[] {
  const lab = new Lab(topology, { injectAt: [], unplugged: 'down' });
  lab.settle();
  return lab.network
    .takeFrames()
    .map((each) => `${each.timeNs} ${portOf(each)} ${each.direction} ${each.packetId} ${hex(each.bytes)}`);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const without = (topology: object, rule: number) => ({ ...topology, teaching: { disable: [`R${rule}`] } });

describe.each(cases)('%s', (_, topology, rules) => {
  const normal = async () => ({ frames: framed(topology), counters: await counted('virtual', topology) });
  let before: ReturnType<typeof normal> | undefined;

  it.each(rules)('gives the same frames, counters and tables without R%i', async (rule) => {
    before ??= normal();
    const { frames, counters } = await before;
    expect(frames.length).toBeGreaterThan(300);
    const now = framed(without(topology, rule));
    expect(now.length).toBe(frames.length);
    expect(now.find((line, i) => line !== frames[i])).toBeUndefined();
    expect(await counted('virtual', without(topology, rule))).toEqual(counters);
  });
});

describe('on the wall clock', () => {
  // Known stations and paced streams, so that no counter depends on who was first.
  const steady = {
    hosts: { h1: { ...host(0, 2, registered), vms: { vm: { count: 4 } } } },
    ...tor,
    traffic: [
      { from: 'h1/vm1', to: 'h1/vm2', rate: '20kpps', count: 500 },
      { from: 'h1/vm3', to: 'broadcast', rate: '5kpps', count: 100 },
    ],
  };
  it.each([5, 6, 8, 14, 19])('a steady network gives the same counters without R%i', async (rule) => {
    expect(await counted('wall', without(steady, rule))).toEqual(await counted('wall', steady));
  });
});
