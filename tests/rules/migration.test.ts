/** VMs that move from host to host while traffic runs: what moves with them, what is lost, and who learns of it. */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { moved, WAYS } from '../events/network.ts';

const MS = 1_000_000n;
export const A = '00:50:56:00:00:01';
export const B = '00:50:56:00:00:02';

interface Plot {
  readonly events?: readonly object[];
  readonly model?: 'learning' | 'registered';
  readonly vlan?: number;
  readonly delay?: string;
  readonly vms?: object;
}

/** Three hosts with two uplinks each on one switch; a on h1 and b on h2 send to each other, 10 frames a millisecond each way. */
function topologyOf({ events = [], model = 'learning', vlan, delay = '1us', vms }: Plot = {}) {
  const host = (first: number, own: object) => ({
    uplinks: Object.fromEntries([0, 1].map((i) => [`u${i + 1}`, { to: `tor/${first + i}`, rate: '1G', delay }])),
    vswitches: { v: { macModel: model, portGroups: { pg: vlan === undefined ? {} : { vlan } } } },
    vms: own,
  });
  const trunk = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [i + 1, vlan === undefined ? null : { vlan: '1-4094' }]),
  );
  return topologyFrom({
    hosts: {
      h1: host(1, vms ?? { a: { mac: A, ip: '10.0.0.1/24' } }),
      h2: host(3, { b: { mac: B, ip: '10.0.0.2/24' } }),
      h3: host(5, {}),
    },
    physical: { switches: { tor: { ports: trunk } } },
    traffic: [
      { from: 'h1/a', to: 'h2/b', size: 100, rate: '10kpps' },
      { from: 'h2/b', to: 'h1/a', size: 100, rate: '10kpps' },
    ],
    events,
  });
}

const migrate = (at: string, to: string, downtime?: string) => ({
  at,
  migrate: { vm: 'h1/a', to, ...(downtime !== undefined && { downtime }) },
});

async function told(plot: Plot, endNs: bigint, options: NetworkOptions = {}) {
  const network = new Network(topologyOf(plot), options);
  network.advance(endNs);
  const report = await network.stop();
  expect(report.ledger.balanced).toBe(true);
  for (const { ledger } of report.switches) expect(ledger.balanced).toBe(true);
  const port = (name: string) => report.switches.flatMap(({ ports }) => ports).find((each) => each.name === name)!;
  return { report, port };
}

const lines = (events: readonly { seconds: number; what: string }[]) =>
  events.map(({ seconds, what }) => `${Number((seconds * 1000).toPrecision(6))}ms ${what}`);

describe.each(['learning', 'registered'] as const)('a VM that migrates, %s', (model) => {
  it.each([undefined, 10])(
    'takes its streams, addresses and counters along, and loses no frame without downtime (VLAN %s)',
    async (vlan) => {
      const { report, port } = await told(
        { events: [migrate('5ms', 'h3')], model, ...(vlan !== undefined && { vlan }) },
        20n * MS,
      );
      expect(lines(report.events)).toEqual(['5ms VM h1/a leaves for h3', '5ms VM h1/a migrated to h3']);
      expect(port('h1/a').link).toBe('down');
      expect(port('h3/a').link).toBe('up');
      expect(port('h3/a').guest!.sent).toBeGreaterThan(190);
      expect(port('h1/a').guest).toMatchObject({ sent: 0, received: 0 });
      // On the way to the old host when it left.
      const { received } = port('h3/a').guest!;
      expect(report.streams[1]!.sent - received).toBeLessThan(3);
      expect(report.changes).toMatchObject([
        { seconds: 0.005, what: 'VM h1/a migrated to h3', downtimeNs: 0, lost: {} },
      ]);
      expect(report.changes![0]!.blackoutNs).toBeLessThan(300_000);
    },
  );

  it('is away for its downtime: what is sent to it meanwhile is counted, and nobody has its address', async () => {
    const { report, port } = await told({ events: [migrate('5ms', 'h3', '2ms')], model }, 20n * MS);
    expect(lines(report.events)).toEqual(['5ms VM h1/a leaves for h3', '7ms VM h1/a migrated to h3']);
    const [change] = report.changes!;
    expect(change).toMatchObject({ downtimeNs: 2_000_000, sentMeanwhile: 20 });
    expect(change!.blackoutNs).toBeGreaterThan(2_000_000);
    expect(change!.blackoutNs).toBeLessThan(2_300_000);
    expect(report.streams[0]!.sent).toBeGreaterThanOrEqual(178);
    expect(port('h3/a').guest!.arpReplies + port('h1/a').guest!.arpReplies).toBeLessThanOrEqual(1);
    const tables = report.switches.map(({ macTable }) =>
      macTable.filter(({ mac }) => mac === A).map((entry) => entry.port),
    );
    expect(tables).toEqual([
      model === 'learning' ? ['uplink'] : [],
      model === 'learning' ? ['uplink'] : [],
      ['h3/a'],
      ['tor/5'],
    ]);
  });

  it('is announced where it comes to (R14), and the network outside learns it there at once', async () => {
    const network = new Network(topologyOf({ events: [migrate('5ms', 'h3', '1ms')], model }), {
      watch: ['tor/5', 'tor/6'],
    });
    network.advance(7n * MS);
    const rarps = network
      .takeFrames()
      .filter(({ bytes, direction }) => direction === 'in' && bytes[12] === 0x80 && bytes[13] === 0x35);
    expect(rarps).toHaveLength(1);
    expect(rarps[0]!.timeNs).toBeLessThan(6_002_000n);
    expect(rarps[0]!.timeNs).toBeGreaterThanOrEqual(6_000_000n);
  });
});

describe('a migration is the same', () => {
  const events = [
    migrate('2ms', 'h2', '300us'),
    migrate('5ms', 'h3'),
    { at: '6ms', stopVm: 'h1/a' },
    { at: '7ms', startVm: 'h3/a' },
    migrate('8ms', 'h1', '1ms'),
    { at: '8500us', detach: 'h1/a' },
    { at: '10ms', detach: 'h2/a' },
    { at: '11ms', attach: { vm: 'h1/a', to: 'h3' } },
  ];

  it.each(WAYS)('%s', async (way) => {
    const run = async (how: (typeof WAYS)[number]) => {
      const threads = how.includes('thread');
      const workers = how.includes('3') ? 3 : 1;
      const network = new Network(topologyOf({ events }), { workers, inline: !threads, lookEveryNs: 50_000n });
      const { workers: _, memoryBytes: __, switches, ...report } = await moved(network, 12n * MS, how);
      return { ...report, switches: switches.map(({ worker: ___, ...rest }) => rest) };
    };
    const first = await run('at once');
    expect(first.ledger.balanced).toBe(true);
    expect(lines(first.events)).toEqual([
      '2ms VM h1/a leaves for h2',
      '2.3ms VM h1/a migrated to h2',
      '5ms VM h1/a leaves for h3',
      '5ms VM h1/a migrated to h3',
      '6ms VM h1/a stopped',
      '7ms VM h3/a started',
      '8ms VM h1/a leaves for h1',
      '8.5ms VM h1/a detached: refused, h1/a is on its way to h1',
      '9ms VM h1/a migrated to h1',
      '10ms VM h1/a detached',
      '11ms VM h1/a attached at h3',
    ]);
    expect(await run(way)).toEqual(first);
  });
});
