/**
 * Shapers: a and b on one vSwitch, uplink u to a physical switch where x stands. Frames have 1,000 bytes without FCS, 8 us at 1 Gbit/s, and
 * an average of 80 Mbit/s is one every 100 us.
 */
import { describe, expect, it } from 'vitest';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { ShapingReport } from '../../src/telemetry/shaping.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { at } from '../engine/lab.ts';

const bucket = { average: '80M', burst: 10_000 };
const fast = { average: '80M', peak: '800M', burst: 10_000 };
const size = 1004;

interface Scene {
  readonly a?: object;
  readonly b?: object;
  readonly uplink?: object;
  readonly tor?: object;
  readonly traffic?: readonly object[];
  readonly events?: readonly object[];
}

const toB = (more: object = {}) => ({ from: 'h/a', to: 'h/b', size, rate: '800Mbps', count: 40, ...more });

function networkOf(
  { a, b, uplink, tor, traffic = [toB()], events = [] }: Scene,
  options: NetworkOptions = {},
): Network {
  const group = (shaping?: object) => (shaping === undefined ? {} : { shaping });
  const topology = topologyFrom({
    hosts: {
      h: {
        uplinks: { u: { to: 'tor/1', rate: '1G', delay: '1us' } },
        vswitches: {
          v: { portGroups: { a: group(a), b: group(b) }, ...(uplink !== undefined && { uplinkShaping: uplink }) },
        },
        vms: { a: { portGroup: 'a' }, b: { portGroup: 'b' } },
      },
      g: {
        uplinks: { u: { to: 'tor/2', rate: '1G', delay: '1us' } },
        vswitches: { v: { portGroups: { all: {} } } },
        vms: { x: {} },
      },
    },
    physical: { switches: { tor: { ports: { 1: tor === undefined ? {} : { shaping: tor }, 2: {} } } } },
    traffic,
    events,
  });
  return new Network(topology, { watch: ['*'], ...options });
}

/** Runs to the end of the traffic and gives the times at which frames passed a port, ns. */
function timesAt(network: Network, port: string, direction: 'in' | 'out', untilNs = 1_000_000_000n): bigint[] {
  network.advance(untilNs);
  expect(network.ledger().balanced).toBe(true);
  return at(network.takeFrames(), port, direction).map(({ timeNs }) => timeNs);
}

const shapingOf = (network: Network, name: string): ShapingReport =>
  network.ports().find((port) => port.name === name)!.shaping!;

describe('a shaper of what comes from a guest', () => {
  it('lets a burst through as it comes, and then a frame at each exact instant', () => {
    const network = networkOf({ a: { in: bucket } });
    const times = timesAt(network, 'h/a', 'in');
    expect(times).toHaveLength(40);
    for (let n = 12; n < 40; n++) expect(times[n]! - times[n - 1]!, `frame ${n}`).toBe(100_000n);
    expect(shapingOf(network, 'h/a').in).toMatchObject({
      averageBps: 80e6,
      peakBps: null,
      burstBytes: 10_000,
      waiting: 0,
    });
    expect(network.ledger().drops).toEqual({});
  });
});

describe('a shaper of what goes to a guest', () => {
  it('gives 1,000 frames at their instants, none before and none later', () => {
    const traffic = [toB({ count: 1000, rate: '80.8Mbps' })];
    const network = networkOf({ b: { out: { average: '40M', burst: 2000 } }, traffic }, { ringEntries: 1024 });
    const times = timesAt(network, 'h/b', 'out');
    expect(times).toHaveLength(1000);
    // Two are in the bucket, and the third comes later than its tokens.
    for (let n = 3; n < 1000; n++) expect(times[n], `frame ${n}`).toBe(BigInt(n - 1) * 200_000n);
  });

  it.each([
    ['1G', 1518],
    ['7G', 1518],
    ['100G', 1518],
    ['400G', 1518],
    ['100G', 64],
  ])('at %s loses nothing to rounding with a bucket of one frame: frames of %i bytes', (average, frameSize) => {
    // More at once than goes by the fastest.
    const traffic = Array.from({ length: 60 }, () => toB({ count: 10, rate: 'max', size: frameSize }));
    const network = networkOf({ b: { out: { average, burst: 1518 } }, traffic }, { ringEntries: 1024 });
    const times = timesAt(network, 'h/b', 'out');
    expect(times).toHaveLength(600);
    const bits = BigInt((frameSize - 4) * 8);
    const perNs = BigInt(average.slice(0, -1));
    const first = BigInt(1518 * 8) / bits;
    // The first ones are in the bucket; the n-th comes when so many bits are there, rounded up once.
    for (let n = first; n < 600n; n++) {
      const needed = bits * (n + 1n) - BigInt(1518 * 8);
      expect(times[Number(n)], `frame ${n}`).toBe((needed + perNs - 1n) / perNs);
    }
  });

  it('keeps its rate for weeks: 1 bit/s', () => {
    const traffic = [toB({ count: 100, rate: 'max', size: 64 })];
    const network = networkOf({ b: { out: { average: '1bps', burst: 1518 } }, traffic }, { ringEntries: 1024 });
    const times = timesAt(network, 'h/b', 'out', 50n * 86_400n * 1_000_000_000n);
    expect(times).toHaveLength(100);
    const bits = (n: bigint) => 480n * (n + 1n) - 1518n * 8n;
    for (let n = 26n; n < 100n; n++) expect(times[Number(n)]).toBe(bits(n) * 1_000_000_000n);
  });

  it('makes up for what a frame is longer than the bucket', () => {
    const network = networkOf(
      { b: { out: bucket }, traffic: [toB({ count: 200, rate: 'max' })] },
      { ringEntries: 1024 },
    );
    const { sw, port } = network.plan.ports.get('h/b')!;
    const { address } = sw.shaping!.shapers.find((each) => each.port === port.number)!;
    // Half a frame: no topology says so, but frames with two tags are 4 bytes longer than the least bucket.
    const core = instantiate(coreModule(), network.memory.memory);
    core.setShaper(sw.address, address, 80_000_000n, 0n, 500n, 0n);
    const times = timesAt(network, 'h/b', 'out');
    expect(times).toHaveLength(200);
    for (let n = 2; n < 200; n++) expect(times[n]! - times[n - 1]!, `frame ${n}`).toBe(100_000n);
  });

  it('spends a burst at peak rate', () => {
    const traffic = ['a'].map((from) => toB({ from: `h/${from}`, rate: 'max', count: 30 }));
    const network = networkOf({ b: { out: fast }, traffic });
    const times = timesAt(network, 'h/b', 'out');
    expect(times).toHaveLength(30);
    for (let n = 1; n < 10; n++) expect(times[n]! - times[n - 1]!, `frame ${n} of the burst`).toBe(10_000n);
    for (let n = 13; n < 30; n++) expect(times[n]! - times[n - 1]!, `frame ${n}`).toBe(100_000n);
  });
  it('drops as shaper what finds its queue full', () => {
    const traffic = [toB({ rate: 'max', count: 200 })];
    const network = networkOf({ b: { out: bucket }, traffic }, { ringEntries: 64 });
    timesAt(network, 'h/b', 'out');
    const { drops } = network.ledger();
    expect(Object.keys(drops)).toEqual(['shaper']);
    const b = network.ports().find(({ name }) => name === 'h/b')!;
    expect(b.txFrames + drops['shaper']!).toBe(200);
  });

  it('loses what waits when the link goes, by name', () => {
    const events = [{ at: '500us', linkDown: 'h/b' }];
    const network = networkOf({ b: { out: bucket }, traffic: [toB({ rate: 'max', count: 30 })], events });
    const times = timesAt(network, 'h/b', 'out');
    // What the bucket held, and those of 400 us since then.
    expect(times.length).toBeLessThan(16);
    expect(network.ledger().drops).toEqual({ egress_link_down: 30 - times.length });
    expect(network.ledger().held).toBe(0);
  });
});

describe('a shaper of an uplink', () => {
  const out = [{ from: 'h/a', to: 'g/x', size, rate: 'max', count: 40 }];

  it('delays what leaves', () => {
    const network = networkOf({ uplink: { out: bucket }, traffic: out });
    const times = timesAt(network, 'h/u', 'out');
    expect(times).toHaveLength(40);
    for (let n = 13; n < 40; n++) expect(times[n]! - times[n - 1]!, `frame ${n}`).toBe(100_000n);
    expect(shapingOf(network, 'h/u').out!.delayedFrames).toBeGreaterThan(25);
  });

  it('delays what comes in', () => {
    const network = networkOf({
      uplink: { in: bucket },
      traffic: [{ from: 'g/x', to: 'h/a', size, rate: 'max', count: 40 }],
    });
    const times = timesAt(network, 'h/u', 'in');
    expect(times).toHaveLength(40);
    for (let n = 13; n < 40; n++) expect(times[n]! - times[n - 1]!, `frame ${n}`).toBe(100_000n);
    expect(network.ledger().drops).toEqual({});
  });

  it('works at a physical port, both ways', () => {
    for (const direction of ['in', 'out'] as const) {
      const [from, to] = direction === 'in' ? ['h/a', 'g/x'] : ['g/x', 'h/a'];
      const network = networkOf({
        tor: { [direction]: bucket },
        traffic: [{ from, to, size, rate: 'max', count: 40 }],
      });
      const times = timesAt(network, 'tor/1', direction);
      for (let n = 13; n < 40; n++) expect(times[n]! - times[n - 1]!, `${direction}, frame ${n}`).toBe(100_000n);
    }
  });

  it('loses what waits when the uplink fails, by name', () => {
    const network = networkOf({ uplink: { out: bucket }, traffic: out, events: [{ at: '1ms', unplug: 'h/u' }] });
    const sent = timesAt(network, 'h/u', 'out').length;
    const { drops, held } = network.ledger();
    expect({ drops, held }).toEqual({ drops: { egress_link_down: 40 - sent }, held: 0 });
  });
});

describe('the event shape', () => {
  it('changes rates, takes a shaper away and brings one', () => {
    const events = [
      { at: '10ms', shape: { port: 'h/b', out: { average: '40M', burst: 2000 } } },
      { at: '20ms', shape: { port: 'h/*', out: 'off' } },
    ];
    const network = networkOf({ traffic: [toB({ count: 300, rate: '80.8Mbps' })], events });
    const times = timesAt(network, 'h/b', 'out');
    expect(times).toHaveLength(300);
    const gaps = (from: bigint, to: bigint) => {
      const within = times.filter((time) => time > from && time < to);
      return new Set(within.slice(1).map((time, i) => time - within[i]!));
    };
    expect([...gaps(11_000_000n, 20_000_000n)]).toEqual([200_000n]);
    expect(times.filter((time) => time === 20_000_000n).length).toBeGreaterThan(20);
    expect(network.events().map(({ what }) => what)).toEqual([
      'shaper of h/b: out 40M, burst 2000 bytes',
      'shaper of h/*: out off',
    ]);
  });
});
