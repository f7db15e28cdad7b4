/** Events at their times on the virtual clock: exact, in order, and the same however the run is cut up. */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { at } from '../engine/lab.ts';
import { CABLE_NS, lines, MS, portOf, told, topologyOf, WAYS } from './network.ts';

describe('a failover by an event', () => {
  const events = [
    { at: '1ms', unplug: 'h1/u1' },
    { at: '2ms', plug: 'h1/u1' },
  ];

  it('moves the traffic to the other uplink at that very instant, and every frame arrives when the arithmetic says', () => {
    const network = new Network(topologyOf({ events }), { watch: ['tor/1', 'tor/2'] });
    network.advance(3n * MS);
    const seen = network.takeFrames();
    const tests = (port: string) => at(seen, port, 'in').filter(({ bytes }) => bytes.length === 96);
    // ARP goes there and back before the first one; then one every 100 us.
    const first = Number(tests('tor/1')[0]!.timeNs) - CABLE_NS;
    const expected = Array.from({ length: 30 }, (_, n) => first + n * 100_000).filter(
      (ns) => ns <= 3_000_000 - CABLE_NS,
    );
    const byOther = expected.filter((ns) => ns >= 1_000_000 && ns < 2_000_000);
    const times = (port: string) => tests(port).map(({ timeNs }) => Number(timeNs) - CABLE_NS);
    expect(times('tor/2')).toEqual(byOther);
    expect(times('tor/1')).toEqual(expected.filter((ns) => !byOther.includes(ns)));
    expect(byOther.length).toBeGreaterThan(8);
    expect(network.ledger()).toMatchObject({ balanced: true, drops: {} });
  });

  it('announces the station by the uplink that it is moved to', () => {
    const network = new Network(topologyOf({ events }), { watch: ['tor/1', 'tor/2'] });
    network.advance(3n * MS);
    const seen = network.takeFrames();
    const rarps = seen.filter(({ bytes, direction }) => direction === 'in' && bytes[12] === 0x80 && bytes[13] === 0x35);
    const told = rarps.map(({ interface: { name }, timeNs }) => [name, timeNs >= MS ? timeNs / MS : timeNs]);
    expect(told).toEqual([
      ['tor/2', 1n],
      ['tor/1', 2n],
    ]);
  });

  it('is told in the report, with its times', async () => {
    const report = await told({ events }, 3n * MS);
    expect(lines(report)).toEqual(['1ms h1/u1 unplugged', '2ms h1/u1 plugged']);
    expect(report.events[0]!.by).toBe('topology');
  });
});

it('an event comes before every frame of its instant, and after all that is earlier', async () => {
  // Without addresses there is no ARP: frames are sent at 0, 100 us, ...
  const traffic = [{ from: 'h1/a', to: 'broadcast', size: 100, rate: '10kpps' }];
  const sent = async (ns: number) =>
    portOf(await told({ traffic, events: [{ at: `${ns}ns`, linkDown: 'h1/a' }] }, MS), 'h1/a').verdicts['flood_group'];
  expect(await sent(300_000)).toBe(3);
  expect(await sent(300_001)).toBe(4);
  expect(await sent(299_999)).toBe(3);
});

it('events of one instant happen in the order in which they stand', async () => {
  const report = await told(
    { events: ['x', 'y', 'z'].map((note) => ({ at: '1ms', note })).concat([{ at: '0s', note: 'first' }]) },
    2n * MS,
  );
  expect(lines(report)).toEqual(['0ms first', '1ms x', '1ms y', '1ms z']);
});

it('a link that flaps goes down and up as often as it is said, and nothing else changes', async () => {
  const flap = { port: 'h1/u1', down: '100us', up: '300us', times: 3 };
  const report = await told({ events: [{ at: '1ms', flap }] }, 4n * MS);
  expect(lines(report)).toEqual([
    '1ms h1/u1 unplugged',
    '1.1ms h1/u1 plugged',
    '1.4ms h1/u1 unplugged',
    '1.5ms h1/u1 plugged',
    '1.8ms h1/u1 unplugged',
    '1.9ms h1/u1 plugged',
  ]);
  expect(portOf(report, 'h1/u1').link).toBe('up');
  expect(report.ledger.balanced).toBe(true);
});

it('a cable changes for the frames that are sent from then on', () => {
  const wire = (more: object) => ({ wire: { port: 'tor/1', ...more } });
  const events = [
    { at: '1ms', ...wire({ loss: '100%' }) },
    { at: '2ms', ...wire({ loss: 0, delay: '5us', rate: '10G' }) },
  ];
  const traffic = [{ from: 'h1/a', to: 'broadcast', size: 100, rate: '10kpps' }];
  const network = new Network(topologyOf({ events, traffic }), { watch: ['tor/1'] });
  network.advance(3n * MS);
  const times = at(network.takeFrames(), 'tor/1', 'in').map(({ timeNs }) => Number(timeNs));
  const sent = Array.from({ length: 30 }, (_, n) => n * 100_000);
  // On 10 Gbit/s 96 ns.
  const arrivals = sent.flatMap((ns) => (ns < 1e6 ? ns + CABLE_NS : ns < 2e6 ? [] : ns + 96 + 5000));
  expect(times).toEqual(arrivals);
  expect(network.ledger()).toMatchObject({ balanced: true, drops: { wire_loss: 10 } });
  expect(lines({ events: network.events() })).toEqual([
    '1ms cable of tor/1: loss 100 %',
    '2ms cable of tor/1: rate 10000000000 bit/s, delay 5000 ns, loss 0 %',
  ]);
});

it('what repeats goes on as long as the run, or as often as it is said', async () => {
  const events = [
    { at: '100us', every: '400us', note: 'tick' },
    { at: '200us', every: '100us', times: 2, note: 'twice' },
  ];
  expect(lines(await told({ events }, MS))).toEqual([
    '0.1ms tick',
    '0.2ms twice',
    '0.3ms twice',
    '0.5ms tick',
    '0.9ms tick',
  ]);
});

describe('a network in which nothing moves', () => {
  const idle = { traffic: [] as object[] };

  it('has its events all the same', async () => {
    const report = await told({ ...idle, events: [{ at: '3ms', unplug: 'h2/u1' }] }, 5n * MS);
    expect(lines(report)).toEqual(['3ms h2/u1 unplugged']);
    expect(portOf(report, 'tor/3').link).toBe('down');
    expect(report.seconds).toBe(0.005);
  });

  it('is stepped from event to event, and stands still after the last', async () => {
    const events = [
      { at: '3ms', note: 'x' },
      { at: '4ms', note: 'y' },
    ];
    const network = new Network(topologyOf({ ...idle, events }));
    expect(await network.step()).toBe(3n * MS);
    expect(network.events()).toHaveLength(1);
    expect(await network.step()).toBe(4n * MS);
    expect(await network.step()).toBe(4n * MS);
    expect(network.events()).toHaveLength(2);
  });
});

it('in a thread, steps meet events as well: each is a step of its own', async () => {
  const events = [
    { at: '150us', unplug: 'h1/u1' },
    { at: '250us', note: 'x' },
    { at: '250us', note: 'with it' },
  ];
  const plot = { events, traffic: [{ from: 'h1/a', to: 'broadcast', size: 100, rate: '10kpps' }] };
  const stepped = async (network: Network) => {
    const seen: [bigint, number][] = [];
    for (let n = 0; n < 30; n++) seen.push([await network.step(), network.events().length]);
    const { balanced } = (await network.stop()).ledger;
    expect(balanced).toBe(true);
    return seen;
  };
  const threaded = new Network(topologyOf(plot), { inline: false });
  await threaded.start();
  await threaded.runUntil(0n);
  const seen = await stepped(threaded);
  const inline = new Network(topologyOf(plot));
  inline.advance(0n);
  expect(seen).toEqual(await stepped(inline));
  const reached = [1, 3].map((happened) => seen.find(([, so]) => so === happened));
  expect(reached).toEqual([
    [150_000n, 1],
    [250_000n, 3],
  ]);
});

describe('all that can happen, with all conditions', () => {
  const events = [
    { at: '0s', note: 'begin' },
    { at: '400us', unplug: 'h1/u1' },
    { at: '800us', plug: 'h1/u1' },
    { at: '900us', flap: { port: 'tor/2', down: '10us', up: '33us', times: 4 } },
    { at: '950us', wire: { port: 'h1/u1', loss: '20%', jitter: '3us', delay: '700ns' } },
    { at: '1ms', stopVm: 'h2/b' },
    { at: '1500us', startVm: 'h2/b' },
    { at: '1600us', stopTraffic: '*' },
    { at: '1700us', startTraffic: 'h1/a' },
    { at: '1800us', crash: 'h2' },
    { at: '2ms', boot: 'h2' },
    { at: '2300us', crash: 'tor' },
    { at: '2400us', boot: 'tor' },
    { at: '2500us', ruleOff: 'R9' },
    { at: '2600us', ruleOn: 'R9' },
    { at: '2700us', changeMac: { port: 'h1/a', mac: '00:50:56:00:00:77' } },
    { at: '2800us', flush: 'h1/v' },
    { at: '2900us', activate: 'h1/u2' },
    { when: { counter: 'received', port: 'h2/b', above: 10 }, after: '7us', times: 2, note: 'ten more' },
    { when: { rule: 'R9' }, linkDown: 'tor/9' },
    { when: { moved: '00:50:56:00:00:01', in: 'tor' }, times: 5, note: 'moved' },
  ];

  it.each(WAYS)('gives the same %s', async (way) => {
    const options = { lookEveryNs: 50_000n };
    const first = await told({ events }, 3n * MS, 'at once', options);
    expect(first.ledger.balanced).toBe(true);
    expect(first.events.length).toBeGreaterThan(25);
    const second = await told({ events }, 3n * MS, way, options);
    expect(lines(second)).toEqual(lines(first));
    expect(second).toEqual(first);
  });
});
