/**
 * Queues in front of an uplink of 10 Mbit/s: VMs of the port groups web, db and rest all send more than it carries. A frame has 1,230
 * bytes, which with FCS, preamble and gap take the cable 1,003.2 us.
 */
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { at } from '../engine/lab.ts';

const size = 1234;
const groups = ['web', 'db', 'rest'] as const;
type Group = (typeof groups)[number];

interface Scene {
  readonly shares?: object;
  readonly senders?: readonly Group[];
  /** More of the streams of a group. */
  readonly more?: Partial<Record<Group, object>>;
  readonly vswitch?: object;
  readonly cable?: object;
  readonly events?: readonly object[];
  /** Beside the streams of the senders. */
  readonly traffic?: readonly object[];
}

const nothing: Scene = {};

function networkOf(
  { shares, senders = ['web', 'db'], more = {}, vswitch = {}, cable = {}, events = [], traffic = [] }: Scene,
  options: NetworkOptions = {},
): Network {
  const topology = topologyFrom({
    hosts: {
      h: {
        uplinks: { u: { to: 'tor/1', rate: '10M', queue: 64, ...cable }, w: { to: 'tor/3', rate: '10M' } },
        vswitches: {
          v: {
            teaming: { active: ['u'], standby: ['w'] },
            portGroups: Object.fromEntries(groups.map((name) => [name, {}])),
            ...(shares !== undefined && { shares }),
            ...vswitch,
          },
        },
        vms: Object.fromEntries(groups.map((name) => [name, { portGroup: name }])),
      },
      g: { uplinks: { u: { to: 'tor/2' } }, vswitches: { v: { portGroups: { all: {} } } }, vms: { x: {} } },
    },
    physical: { switches: { tor: { ports: 3 } } },
    traffic: [
      ...senders.map((name) => ({ from: `h/${name}`, to: 'g/x', size, rate: '9Mbps', stop: '1s', ...more[name] })),
      ...traffic,
    ],
    events,
  });
  return new Network(topology, { watch: ['h/u', 'h/w', 'g/x'], ...options });
}

/** The first frame of each group tells its address. */
function sentBy(network: Network, frames: readonly CapturedFrame[]): Group[] {
  const macs = new Map(
    network.topology.hosts[0]!.vms.map(({ name, nics }) => [nics[0]!.mac.replaceAll(':', ''), name as Group]),
  );
  return frames.map(({ bytes }) => macs.get(Buffer.from(bytes.subarray(6, 12)).toString('hex'))!);
}

/** Who has sent how many bytes by the uplink between two times, and in which order. */
function run(scene: Scene, untilNs = 900_000_000n, options: NetworkOptions = {}) {
  const network = networkOf(scene, options);
  network.advance(untilNs);
  expect(network.ledger().balanced, JSON.stringify(network.ledger())).toBe(true);
  for (const sw of network.report().switches) expect(sw.ledger.balanced, sw.name).toBe(true);
  const frames = at(network.takeFrames(), 'h/u', 'out');
  const order = sentBy(network, frames);
  // Once both queues hold something.
  const from = 50;
  const counts = Object.fromEntries(
    groups.map((name) => [name, order.slice(from).filter((each) => each === name).length]),
  ) as Record<Group, number>;
  return { network, frames, order: order.slice(from), counts };
}

const queuesOf = (network: Network, name = 'h/u') =>
  network.ports().find((port) => port.name === name)!.shaping!.queues!;

describe('shares of an uplink', () => {
  it('without any do not protect anybody: two that send alike get what the order of their frames gives them', () => {
    const { network, counts } = run(nothing);
    expect(counts.db).toBeLessThan(counts.web / 2);
    expect(network.ports().every(({ shaping }) => shaping === undefined)).toBe(true);
  });

  it.each([
    [75, 25],
    [30, 10],
    [100, 10],
    ['high', 'low'],
    [50, 50],
  ])('%s to %s are exact within a frame, at any moment', (web, db) => {
    const more = { web: { rate: '12Mbps' }, db: { rate: '12Mbps' } };
    const { order } = run({ shares: { web, db }, more });
    const value = (share: string | number) => (share === 'high' ? 100 : share === 'low' ? 25 : Number(share));
    const part = value(web) / (value(web) + value(db));
    const ahead = order.map((_, i) => order.slice(0, i + 1).filter((name) => name === 'web').length - part * (i + 1));
    expect(Math.max(...ahead) - Math.min(...ahead)).toBeLessThanOrEqual(1 + 1e-6);
  });

  it('gives port groups without a share a normal one, together', () => {
    const { counts } = run({ shares: { web: 100 }, senders: ['web', 'db', 'rest'] });
    expect(Math.abs(counts.web - 2 * (counts.db + counts.rest))).toBeLessThanOrEqual(3);
  });

  it('goes by bytes, not by frames', () => {
    const { network } = run({ shares: { web: 50, db: 50 }, more: { db: { size: 434 } } });
    const [, web, db] = queuesOf(network);
    expect(Math.abs(web!.bytes - db!.bytes)).toBeLessThan(40_000);
    expect(db!.frames).toBeGreaterThan(2 * web!.frames);
  });

  it('leaves what one does not use to the others', () => {
    const { network, frames } = run({
      shares: { web: 10, db: 90 },
      senders: ['web'],
      more: { web: { rate: '20Mbps' } },
    });
    // The cable is never idle: 897 frames of 1,003.2 us in 900 ms.
    expect(frames.length).toBeGreaterThanOrEqual(896);
    expect(queuesOf(network)[1]!.dropped).toBeGreaterThan(0);
  });

  it('keeps the order within a port group, and drops what finds its queue full as queue_full', () => {
    const { network, frames } = run({ shares: { web: 75, db: 25 } });
    const numbers = new Map<string, bigint>();
    const names = sentBy(network, frames);
    frames.forEach(({ packetId }, i) => {
      expect(packetId! > (numbers.get(names[i]!) ?? 0n)).toBe(true);
      numbers.set(names[i]!, packetId!);
    });
    const dropped = queuesOf(network).reduce((sum, queue) => sum + queue.dropped, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(network.ledger().drops['queue_full']).toBe(dropped);
    expect(queuesOf(network).map(({ longest }) => longest)).toEqual([0, 64, 64]);
  });

  it('lets a frame go at once while the cable is idle', () => {
    const { frames } = run({ shares: { web: 1 }, senders: ['web'], more: { web: { rate: '1Mbps' } } });
    const without = run({ senders: ['web'], more: { web: { rate: '1Mbps' } } });
    expect(frames.map(({ timeNs }) => timeNs)).toEqual(without.frames.map(({ timeNs }) => timeNs));
  });

  it('keeps a fast cable as busy as it is without queues', () => {
    const more = {
      web: { rate: 'max', count: 2000, size: 64, stop: undefined },
      db: { rate: 'max', count: 2000, size: 64, stop: undefined },
    };
    const cable = { rate: '10G', queue: 4096 };
    const times = [{ web: 75, db: 25 }, undefined].map((shares) => {
      const network = networkOf({ ...(shares && { shares }), more, cable });
      network.advance(900_000_000n);
      return at(network.takeFrames(), 'g/x', 'out').map(({ timeNs }) => timeNs);
    });
    expect(times[0]).toHaveLength(4000);
    expect(times[0]!.at(-1)! - times[1]!.at(-1)!).toBe(0n);
  });
});

describe('priorities, reservations and limits', () => {
  it('lets the higher priority starve the lower one', () => {
    const { counts } = run({
      shares: { web: { priority: 5 }, db: { shares: 100 } },
      more: { web: { rate: '12Mbps' } },
    });
    expect(counts.db).toBe(0);
  });

  it('has background (1) below best effort (0)', () => {
    const more = { db: { rate: '12Mbps' } };
    expect(run({ shares: { web: { priority: 1 }, db: { priority: 0 } }, more }).counts.web).toBe(0);
  });

  it('gives a reservation before all others', () => {
    const shares = { web: { shares: 1, reservation: '4M', priority: 1 }, db: { shares: 100, priority: 7 } };
    const { network } = run({ shares, more: { db: { rate: '12Mbps' } } });
    const web = queuesOf(network)[1]!;
    // 4 Mbit/s of frames without FCS in 0.9 s are 366 frames.
    expect(web.frames).toBeGreaterThanOrEqual(364);
    expect(web.frames).toBeLessThanOrEqual(370);
  });

  it('reserves a least, no more on top of the shares', () => {
    const { counts } = run({ shares: { web: { shares: 75, reservation: '1M' }, db: { shares: 25 } } });
    expect(Math.abs(counts.web - 3 * counts.db)).toBeLessThanOrEqual(4);
  });

  it.each<[string, Group[]]>([
    ['nobody else sent', []],
    ['only another priority sent', ['rest']],
  ])('holds what a port group sent of its reservation against nobody: %s', (_, others) => {
    // web alone, of its reservation, and then both; another priority has all that is not reserved.
    const { network, frames } = run({
      shares: { web: { reservation: '4M' }, db: {}, rest: { priority: 7 } },
      senders: ['web', ...others],
      more: { web: { rate: '3Mbps', stop: '500ms' }, rest: { rate: '12Mbps', stop: '500ms' } },
      traffic: (['web', 'db'] as const).map((name) => ({
        from: `h/${name}`,
        to: 'g/x',
        size,
        rate: '12Mbps',
        start: '600ms',
      })),
    });
    const late = sentBy(
      network,
      frames.filter(({ timeNs }) => timeNs > 650_000_000n),
    );
    // What the full bucket of the reservation brought has been made up for by then.
    const ahead = late.filter((name) => name === 'web').length - late.filter((name) => name === 'db').length;
    expect(late.length).toBeGreaterThan(240);
    expect(Math.abs(ahead)).toBeLessThanOrEqual(2);
  });

  it('goes on when its reckoning is set back', () => {
    const network = networkOf({ shares: { web: 75, db: 25 }, more: { db: { rate: '12Mbps' } } });
    network.advance(100_000_000n);
    const { sw, port } = network.plan.ports.get('h/u')!;
    const { address, flows } = sw.shaping!.schedulers.find((each) => each.port === port.number)!;
    const tags = flows.map((flow) => flow.address + L.Flow_tag);
    // What hours at full rate bring: the next frames pass 2^63.
    const far = (1n << 63n) - (1n << 30n);
    const least = network.memory.u64(tags[1]!);
    for (const at of [...tags.slice(1), address + L.Scheduler_reached + 8])
      network.memory.setU64(at, network.memory.u64(at) - least + far);
    network.takeFrames();
    network.advance(500_000_000n);
    const order = sentBy(network, at(network.takeFrames(), 'h/u', 'out'));
    const webs = order.map((_, i) => order.slice(0, i + 1).filter((name) => name === 'web').length - 0.75 * (i + 1));
    expect(order.length).toBeGreaterThan(390);
    expect(Math.max(...webs) - Math.min(...webs)).toBeLessThanOrEqual(1 + 1e-6);
    expect(network.memory.u64(tags[1]!)).toBeLessThan(1n << 63n);
  });

  it('never lets a port group above its limit', () => {
    const { network } = run({ shares: { web: { shares: 100, limit: '2M' }, db: { shares: 1 } } });
    const [, web, db] = queuesOf(network);
    // 2 Mbit/s for 0.9 s, and a bucket of four frames, so that nothing is lost while those of others leave.
    expect(web!.bytes).toBeLessThanOrEqual(225_000 + 4 * 1518);
    expect(web!.bytes).toBeGreaterThan(225_000);
    expect(db!.frames).toBeGreaterThan(600);
  });
});

describe('an uplink that fails', () => {
  it('loses what waits for it by name, and the rest takes the other one', () => {
    const { network } = run({ shares: { web: 75, db: 25 }, events: [{ at: '500ms', unplug: 'h/u' }] });
    const { drops } = network.ledger();
    const before = queuesOf(network).reduce((sum, queue) => sum + queue.dropped, 0);
    const after = queuesOf(network, 'h/w').reduce((sum, queue) => sum + queue.dropped, 0);
    expect(drops['queue_full']).toBe(before + after);
    // Two queues of 64, of which one has just sent.
    expect([127, 128]).toContain(drops['egress_link_down']);
    expect(queuesOf(network, 'h/w')[1]!.frames).toBeGreaterThan(250);
  });
});
