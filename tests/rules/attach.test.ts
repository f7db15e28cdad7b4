/** VMs that are attached and detached while a network runs: their stations, their frames, and every order that is refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { Snapshot } from '../../src/engine/snapshot.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { until } from '../engine/waiting.ts';
import { Twins, told } from './twins.ts';

const MS = 1_000_000n;
const mac = {
  a: '02:00:00:00:00:0a',
  b: '02:00:00:00:00:0b',
  x: '02:00:00:00:00:f1',
  all: 'ff:ff:ff:ff:ff:ff',
} as const;

interface Shape {
  readonly macModel?: 'learning' | 'registered';
  readonly vswitch?: object;
  readonly traffic?: readonly object[];
  readonly events?: readonly object[];
  readonly delay?: string;
  readonly late?: object;
}

/** h1 with a (here) and late (not here), h2 with b, h3 empty; two uplinks each on tor; x stands at tor/8. */
const topology = ({
  macModel = 'learning',
  vswitch = {},
  traffic = [],
  events = [],
  delay = '1us',
  late = {},
}: Shape = {}) => {
  const host = (first: number, vms: object) => ({
    uplinks: Object.fromEntries([0, 1].map((i) => [`u${i + 1}`, { to: `tor/${first + i}`, delay }])),
    vswitches: { v: { macModel, portGroups: { pg: {} }, ...vswitch } },
    vms,
  });
  return {
    hosts: {
      h1: host(1, { a: { mac: mac.a, ip: '10.0.0.1/24' }, late: { absent: true, ...late } }),
      h2: host(3, { b: { mac: mac.b, ip: '10.0.0.2/24' } }),
      h3: host(5, {}),
    },
    physical: { switches: { tor: { ports: 8 } } },
    traffic,
    events,
  };
};
const mayMigrate = ['h1/a', 'h1/late'];
const tableOf = (network: Network, name: string) =>
  network.macTable(name).map(({ mac: own, port }) => `${own} ${port}`);

describe.each(['learning', 'registered'] as const)('a VM, %s', (macModel) => {
  it('that is detached is heard and known no more: what it sends dies as detached', async () => {
    const lab = new Twins(topology({ macModel }), { mayMigrate });
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    await lab.operate((network) => network.setStatic('h1/v', 0, '02:00:00:00:00:77', 'h1/a'));
    await lab.operate((network) => network.detachVm('h1/a'));
    expect(tableOf(lab.network, 'h1/v').filter((row) => row.endsWith('h1/a'))).toEqual([]);
    expect(told(lab.send('h1/a', lab.frame(mac.b, mac.a)))).toBe('h1/a detached');
    expect(lab.send('tor/8', lab.frame(mac.a, mac.x)).recipients).not.toContain('h1/a');
  });

  it('is let in from outside as soon as it is gone (R7), and found at its new place at once', async () => {
    const lab = new Twins(topology({ macModel }), { mayMigrate });
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    lab.send('h2/b', lab.frame(mac.all, mac.b));
    expect(await lab.network.migrate('h1/a', 'h2')).toMatchObject({
      what: 'VM h1/a migrated to h2',
      downtimeNs: 0,
      lost: {},
    });
    const twin = lab;
    await expect(lab.network.migrate('h1/a', 'h2')).rejects.toThrow('h1/a is attached at h2 already');
    expect(twin.network.ports().find(({ name }) => name === 'h2/a')!.link).toBe('up');
    const { network } = lab;
    network.inject('h2/b', lab.frame(mac.a, mac.b), network.nowNs);
    network.advance(network.nowNs + MS);
    const seen = network.takeFrames().filter(({ direction }) => direction === 'out');
    expect(seen.map((frame) => frame.interface.name)).toContain('h2/a');
    expect(network.ledger()).toMatchObject({ balanced: true, drops: {} });
  });

  it('that was absent comes, sends from then on, and is the same VM wherever it is called', async () => {
    const traffic = [{ from: 'h1/late', to: 'h2/b', size: 100, rate: '10kpps' }];
    const network = new Network(topologyFrom(topology({ macModel, traffic, late: { ip: '10.0.0.9/24' } })), {
      mayMigrate,
    });
    network.advance(2n * MS);
    expect(network.report().streams[0]!.sent).toBe(0);
    await network.attachVm('h1/late', 'h3');
    network.advance(4n * MS);
    const { sent } = network.report().streams[0]!;
    expect(sent).toBeGreaterThan(17);
    await network.setVm('h3/late', false);
    network.advance(5n * MS);
    expect(network.report().streams[0]!.sent).toBe(sent);
    await network.migrate('h3/late', 'h1');
    expect(network.ports().find(({ name }) => name === 'h1/late')!.link).toBe('down');
    await network.setVm('h1/late', true);
    await network.setGuestMac('h3/late', '02:00:00:00:00:99');
    network.advance(6n * MS);
    expect(network.report().streams[0]!.sent).toBeGreaterThan(sent + 7);
    expect(tableOf(network, 'tor')).toContain('02:00:00:00:00:99 tor/2');
    expect(network.ledger().balanced).toBe(true);
  });
});

describe('is refused, and nothing is changed', () => {
  const network = new Network(topologyFrom(topology()), { mayMigrate });

  it.each([
    ['an unknown VM', () => network.migrate('h1/no', 'h2'), 'no VM h1/no in topology; write host/vm'],
    [
      'a VM that nothing was planned for',
      () => network.migrate('h2/b', 'h1'),
      "h2/b stays where it is: nothing was planned for it to go; build the network with mayMigrate: ['h2/b'], or name it in an event of the topology",
    ],
    ['an unknown host', () => network.migrate('h1/a', 'h9'), 'no host h9 in topology'],
    ['the host it is on', () => network.migrate('h1/a', 'h1'), 'h1/a is attached at h1 already'],
    ['a VM that is nowhere', () => network.migrate('h1/late', 'h2'), 'h1/late is attached nowhere'],
    ['to detach it again', () => network.detachVm('h1/late'), 'h1/late is attached nowhere'],
    ['to attach it again', () => network.attachVm('h1/a', 'h2'), 'h1/a is attached at h1 already'],
    ['a negative downtime', () => network.migrate('h1/a', 'h2', { downtimeNs: -1n }), 'downtimeNs -1 is not in range'],
    ['to stop what is nowhere', () => network.setVm('h1/late', false), 'h1/late: attached nowhere'],
  ])('%s', async (_, order, line) => {
    const before = network.report();
    await expect(order()).rejects.toThrow(line);
    expect(network.report()).toEqual(before);
  });

  it('an option for a VM that there is not', () => {
    expect(() => new Network(topologyFrom(topology()), { mayMigrate: ['h1/zz'] })).toThrow(
      'mayMigrate: no VM h1/zz; there are',
    );
  });
});

describe('a migration by a program', () => {
  const traffic = [{ from: 'h2/b', to: 'h1/a', size: 100, rate: '10kpps' }];

  it('with a downtime may be awaited before the clock is moved: it has left, and comes when it is time', async () => {
    const network = new Network(topologyFrom(topology({ traffic })), { mayMigrate: '*' });
    network.advance(MS);
    expect(await network.migrate('h1/a', 'h3', { downtimeNs: 2n * MS })).toMatchObject({ downtimeNs: null });
    network.advance(2n * MS);
    await expect(network.attachVm('h1/a', 'h2')).rejects.toThrow('h1/a is on its way to h3');
    network.advance(4n * MS);
    expect(network.report().changes).toMatchObject([{ downtimeNs: 2_000_000, sentMeanwhile: 20 }]);
    expect(network.report().changes![0]!.blackoutNs).toBeGreaterThan(2_000_000);
    expect(network.ledger().balanced).toBe(true);
  });

  it('that the network is stopped in says so', async () => {
    const network = new Network(topologyFrom(topology({ traffic })), { mayMigrate: '*', clock: 'wall' });
    await network.start();
    const done = network.migrate('h1/a', 'h3', { downtimeNs: 600_000n * MS });
    const failed = expect(done).rejects.toThrow('the network was stopped before h1/a came');
    await until(() => network.ports().some(({ name, link }) => name === 'h1/a' && link === 'down'), 'a departure');
    await network.stop();
    await failed;
  });

  it('is settled however soon the network is stopped after it', async () => {
    for (let round = 0; round < 12; round++) {
      const network = new Network(topologyFrom(topology({ traffic })), { mayMigrate: '*', clock: 'wall' });
      await network.start();
      const done = network.migrate('h1/a', 'h3', { downtimeNs: 600_000n * MS });
      const failed = expect(done).rejects.toThrow(/the network was stopped before (h1\/a came|this was carried out)/);
      const isGone = () => network.ports().some(({ name, link }) => name === 'h1/a' && link === 'down');
      // In turn before it has left, and after that, with the worker's answer still on its way.
      for (const end = performance.now() + 1000; round % 2 === 0 && !isGone() && performance.now() < end; );
      await network.stop();
      await failed;
    }
  });

  it('goes through a snapshot, which knows where everything is', async () => {
    const events = [{ at: '3ms', migrate: { vm: 'h1/a', to: 'h2', downtime: '1ms' } }];
    const network = new Network(topologyFrom(topology({ traffic, events })), { mayMigrate: '*' });
    network.advance(MS);
    await network.migrate('h1/a', 'h3');
    network.advance(3_500_000n);
    const folder = mkdtempSync(join(tmpdir(), 'vswitch-change-'));
    const file = join(folder, 'a.vsnap');
    await (await network.snapshot()).save(file);
    const other = Network.from(await Snapshot.load(file));
    rmSync(folder, { recursive: true });
    for (const each of [network, other]) each.advance(6n * MS);
    expect(other.report()).toEqual(network.report());
    expect(other.report().changes).toHaveLength(2);
    expect(other.report().changes![1]!.downtimeNs).toBe(1_000_000);
  });

  it('is gone back over and replayed, as any input', async () => {
    const network = new Network(topologyFrom(topology({ traffic })), { mayMigrate: '*', history: {} });
    network.advance(MS);
    await network.migrate('h1/a', 'h3');
    network.advance(3n * MS);
    const before = network.report();
    expect(before.changes).toHaveLength(1);
    network.rewindTo(MS / 2n);
    expect(network.report().changes).toBeUndefined();
    network.advance(3n * MS);
    expect(network.report()).toEqual(before);
  });

  it('goes on the wall clock between two workers, and the ledger balances', async () => {
    const options: NetworkOptions = { clock: 'wall', workers: 3, mayMigrate: '*' };
    const both = [...traffic, { from: 'h1/a', to: 'h2/b', size: 100, rate: '10kpps' }];
    const events = [{ at: '20ms', migrate: { vm: 'h1/late', to: 'h2' } }];
    const network = new Network(topologyFrom(topology({ traffic: both, events })), options);
    await network.start();
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    for (const to of ['h3', 'h2', 'h1', 'h2']) {
      await pause();
      await network.migrate('h1/a', to, { downtimeNs: to === 'h1' ? 5n * MS : 0n });
    }
    await pause();
    const report = await network.stop();
    expect(report.ledger.balanced).toBe(true);
    for (const { ledger } of report.switches) expect(ledger.balanced).toBe(true);
    const ports = report.switches.flatMap(({ ports: own }) => own);
    expect(ports.filter(({ name, link }) => name.endsWith('/a') && link === 'up').map(({ name }) => name)).toEqual([
      'h2/a',
    ]);
    expect(report.changes!.filter(({ blackoutNs }) => blackoutNs !== null).length).toBeGreaterThan(0);
    expect(report.events.map(({ what }) => what)).toContain(
      'VM h1/late leaves for h2: refused, h1/late is attached nowhere',
    );
  });

  it('survives that a worker dies afterwards: the counters of a guest are where it is', async () => {
    const network = new Network(topologyFrom(topology({ traffic })), { mayMigrate: '*', inline: true });
    network.advance(2n * MS);
    await network.migrate('h1/a', 'h3');
    network.advance(4n * MS);
    const before = network.report();
    const { core } = network as unknown as { core: { repair(sw: number): number } };
    for (const sw of network.plan.switches) expect(core.repair(sw.address)).toBe(0);
    const { ledger, switches } = network.report();
    expect(ledger).toEqual(before.ledger);
    expect(switches.map(({ ports }) => ports)).toEqual(before.switches.map(({ ports }) => ports));
  });
});

type Order =
  | ['migrate' | 'attach', 'a' | 'late', 1 | 2 | 3]
  | ['detach', 'a' | 'late']
  | ['removeUplink' | 'addUplink', 1 | 2, 1 | 2];
const order: fc.Arbitrary<Order> = fc.oneof(
  fc.tuple(
    fc.constantFrom('migrate' as const, 'attach' as const),
    fc.constantFrom('a' as const, 'late' as const),
    fc.constantFrom(1 as const, 2 as const, 3 as const),
  ),
  fc.tuple(fc.constant('detach' as const), fc.constantFrom('a' as const, 'late' as const)),
  fc.tuple(
    fc.constantFrom('removeUplink' as const, 'addUplink' as const),
    fc.constantFrom(1 as const, 2 as const),
    fc.constantFrom(1 as const, 2 as const),
  ),
);

function eventOf([what, which, where]: Order, at: string): object {
  const vm = `h1/${which}`;
  if (what === 'detach') return { at, detach: vm };
  if (what === 'attach') return { at, attach: { vm, to: `h${where}` } };
  if (what === 'migrate') return { at, migrate: { vm, to: `h${where}`, downtime: where === 3 ? '150us' : 0 } };
  return { at, [what]: `h${which}/u${where}` };
}

it('whatever comes and goes, the ledger balances, nothing comes twice or passes through, and several workers make no difference', async () => {
  const traffic = [
    { from: 'h1/a', to: 'h2/b', size: 100, rate: '20kpps' },
    { from: 'h2/b', to: 'broadcast', size: 90, rate: '7kpps' },
    { from: 'h2/b', to: 'h1/a', size: 100, rate: '20kpps' },
    { from: 'h1/late', to: 'h1/a', size: 100, rate: '10kpps' },
  ];
  // Every place is asked for, so that each plot has the same seats.
  const reserve = [2, 3].flatMap((n) =>
    ['a', 'late'].map((vm) => ({ at: '1s', migrate: { vm: `h1/${vm}`, to: `h${n}` } })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(order, { maxLength: 12 }),
      fc.constantFrom('learning' as const, 'registered' as const),
      async (orders, macModel) => {
        const events = [...orders.map((each, i) => eventOf(each, `${300 * (i + 1)}us`)), ...reserve];
        const plot = topologyFrom(topology({ macModel, traffic, events, late: { ip: '10.0.0.9/24' } }));
        const network = new Network(plot, { watch: ['*'] });
        network.advance(5n * MS);
        const frames = network.takeFrames();
        const report = network.report();
        expect(report.ledger.balanced).toBe(true);
        for (const sw of report.switches) {
          expect(sw.ledger.balanced).toBe(true);
          const away = sw.ports.filter(({ kind, link }) => kind === 'vnic' && link === 'down').map(({ name }) => name);
          expect(sw.macTable.filter((entry) => away.includes(entry.port))).toEqual([]);
        }
        const got = new Set<string>();
        for (const frame of frames.filter((f) => f.direction === 'out' && /\/(a|b|late)$/.test(f.interface.name!))) {
          const vm = frame.interface.name!.split('/')[1]!;
          expect(got.has(`${vm} ${frame.packetId}`), `${vm} got frame ${frame.packetId} twice`).toBe(false);
          got.add(`${vm} ${frame.packetId}`);
        }
        for (const host of ['h1', 'h2', 'h3']) {
          const own = frames.filter((f) => f.interface.name!.startsWith(`${host}/u`));
          const came = new Map(own.filter((f) => f.direction === 'in').map((f) => [f.packetId, f.timeNs]));
          const through = own.filter(
            (f) => f.direction === 'out' && (came.get(f.packetId) ?? f.timeNs + 1n) < f.timeNs,
          );
          expect(through).toEqual([]);
        }
        const several = new Network(plot, { watch: ['*'], workers: 4 });
        several.advance(5n * MS);
        const plain = ({ ledger, streams, events: happened, changes, switches }: typeof report) => ({
          ledger,
          streams,
          happened,
          changes,
          switches: switches.map(({ worker: _, ...rest }) => rest),
        });
        expect(plain(several.report())).toEqual(plain(report));
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
