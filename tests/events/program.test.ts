/** Events from a program: `at` and `when`, what they refuse, and the wall clock. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgendaState } from '../../src/engine/agenda.ts';
import { Network } from '../../src/engine/network.ts';
import type { EventAction, EventCondition } from '../../src/topology/event-model.ts';
import { sleep, until } from '../engine/waiting.ts';
import { lines, MS, told, topologyOf } from './network.ts';

const traffic = [{ from: 'h1/a', to: 'broadcast', size: 100, rate: '10kpps' }];

describe('at and when', () => {
  it('give back what takes the event off the agenda', () => {
    const network = new Network(topologyOf({ traffic }));
    const first = network.at(MS, { note: 'x' });
    const second = network.at(MS, { note: 'y' });
    const third = network.when({ rule: 'R9' }, { note: 'z' });
    expect([second(), second(), third()]).toEqual([true, false, true]);
    network.advance(2n * MS);
    expect(lines({ events: network.events() })).toEqual(['1ms x']);
    expect(first()).toBe(false);
  });

  it('repeat what they are told to', () => {
    const network = new Network(topologyOf({ traffic }));
    network.at(0n, { note: 'tick' }, { everyNs: 100_000n, times: 3 });
    network.when({ counter: 'sent', port: 'h1/a', above: 4 }, { note: 'five' }, { times: null, afterNs: 1n });
    network.advance(MS + 1n);
    expect(network.events().map(({ what }) => what.slice(0, 4))).toEqual(['tick', 'tick', 'tick', 'five', 'five']);
    expect(network.events().every(({ by }) => by === 'program')).toBe(true);
  });

  it('now is before the frames that are still to come at this instant', () => {
    const network = new Network(topologyOf({ traffic }));
    network.at(0n, { linkDown: 'h1/a' });
    network.advance(MS);
    expect(network.ports().find(({ name }) => name === 'h1/a')!.verdicts).toEqual({ link_down: 11 });
  });

  it('what an operator does is told with the events', async () => {
    const network = new Network(topologyOf({}));
    network.advance(MS);
    await network.setCable('h1/u1', false);
    await network.setLink('h1/a', false);
    await network.flush({ switch: 'tor', vlan: 0 });
    await network.setVm('h1/a', false);
    await network.setTraffic('*', false);
    await network.setPower('h2', false);
    await network.setActive('h1/u2');
    await network.setGuestMac('h2/b', '00:50:56:00:00:99');
    expect(lines({ events: network.events() })).toEqual([
      '1ms h1/u1 unplugged',
      '1ms h1/a lost its link',
      '1ms table of tor flushed in VLAN 0',
      '1ms VM h1/a stopped',
      '1ms traffic of all paused',
      '1ms h2 crashed',
      '1ms h1/u2 made active',
      '1ms guest at h2/b uses 00:50:56:00:00:99',
    ]);
  });

  it('keep the latest 1,000 of what has happened', () => {
    const network = new Network(topologyOf({ traffic: [] }));
    network.at(1n, { note: 'early' });
    network.at(2n, { note: 'tick' }, { everyNs: 1n, times: 5000 });
    network.advance(MS);
    const events = network.events();
    expect(events).toHaveLength(1000);
    expect(events.at(-1)!.seconds).toBe(5001e-9);
  });
});

describe('refused in one line, and nothing happens:', () => {
  const actions: [EventAction, string][] = [
    [{ unplug: 'h1/u9' }, 'no port h1/u9 in topology'],
    [{ unplug: 'h1/a' }, 'h1/a has no cable in topology'],
    [{ linkDown: 'h9/a' }, 'no port h9/a in topology'],
    [
      { flap: { port: 'h1/u1', downNs: 0, upNs: 1, times: 1 } },
      'a flap of h1/u1 takes downNs and upNs above 0 and below 52 days',
    ],
    [
      { flap: { port: 'h1/u1', downNs: 1, upNs: 1, times: 0 } },
      'times 0 is not in range; allowed is a whole number from 1 to 1,000,000',
    ],
    [{ wire: { port: 'h1/a', loss: 1 } }, 'h1/a has no cable in topology'],
    [{ wire: { port: 'h1/u1', loss: 2 } }, 'h1/u1: loss 2 is not in range; allowed is a share from 0 to 1'],
    [{ stopVm: 'h1/b' }, 'no VM h1/b in topology; write host/vm'],
    [{ stopTraffic: 'h2/b' }, 'h2/b sends no traffic in topology'],
    [{ crash: 'h3' }, 'no host or physical switch h3 in topology'],
    [{ flush: 'h1/w' }, 'no port h1/w in topology'],
    [{ flush: 'agg' }, 'no switch agg in topology; there are h1/v, h2/v, tor'],
    [{ activate: 'h1/a' }, 'h1/a is no uplink; only an uplink can be made active'],
    [
      { changeMac: { port: 'tor/1', mac: '00:50:56:00:00:01' } },
      "tor/1 has no guest; only a vNIC's address can be changed",
    ],
    [
      { changeMac: { port: 'h1/a', mac: '01:00:00:00:00:01' } },
      '01:00:00:00:00:01 is no address of a station; write six octets in lower case such as 00:50:56:00:00:01',
    ],
    [{ explode: 'h1' } as unknown as EventAction, 'no such action: explode'],
  ];
  it.each(actions)('%j', (action, why) => {
    const network = new Network(topologyOf({ traffic }));
    const before = JSON.stringify(network.report());
    for (const refuse of [() => network.at(5n, action), () => network.when({ rule: 'R9' }, action)]) {
      expect(refuse).toThrow(expect.objectContaining({ name: 'NetworkError', message: why }));
    }
    expect(JSON.stringify(network.report())).toBe(before);
    network.advance(MS);
    expect(network.events()).toEqual([]);
  });

  const conditions: [EventCondition, string][] = [
    [
      { counter: 'deja', port: 'h1/a', above: 1 },
      'h1/a has no counter deja; there are the verdicts and rxFrames, rxBytes, txFrames, txBytes, drops, sent, received',
    ],
    [
      { counter: 'sent', port: 'h1/u1', above: 1 },
      'h1/u1 has no counter sent; there are the verdicts and rxFrames, rxBytes, txFrames, txBytes, drops, sent, received',
    ],
    [{ counter: 'deja_vu', port: 'h1/x', above: 1 }, 'no port h1/x in topology'],
    [{ counter: 'deja_vu', port: 'h1/a', above: -1 }, 'above -1 is not in range; allowed is a whole number from 0'],
    [
      { moved: 'nobody' },
      'nobody is no address of a station; write six octets in lower case such as 00:50:56:00:00:01',
    ],
    [{ moved: '00:50:56:00:00:01', in: 'h1' }, 'no switch h1 in topology; there are h1/v, h2/v, tor'],
    [{ rule: 'R3' }, 'R3 drops no frame itself'],
  ];
  it.each(conditions)('%j', (condition, why) => {
    const network = new Network(topologyOf({ traffic }));
    expect(() => network.when(condition, { note: 'x' })).toThrow(
      expect.objectContaining({ name: 'NetworkError', message: why }),
    );
    network.advance(MS);
    expect(network.events()).toEqual([]);
  });

  it('times that are not to come', () => {
    const network = new Network(topologyOf({ traffic }));
    network.advance(MS);
    expect(() => network.at(MS - 1n, { note: 'x' })).toThrow('999999 ns is in the past; it is 1000000 ns already');
    expect(() => network.at(1n << 52n, { note: 'x' })).toThrow('is later than the clock goes, 52 days');
    expect(() => network.at(MS, { note: 'x' }, { everyNs: 0n })).toThrow('everyNs 0 is not above 0');
    expect(() => network.at(MS, { note: 'x' }, { times: 2 })).toThrow('times goes with everyNs, which is missing');
    expect(() => network.when({ rule: 'R9' }, { note: 'x' }, { afterNs: -1n })).toThrow('afterNs -1 is not in range');
    expect(() => network.when({ rule: 'R9' }, { note: 'x' }, { times: 0 })).toThrow('times 0 is not in range');
    expect(() => new Network(topologyOf({}), { lookEveryNs: 0n })).toThrow('lookEveryNs 0 is not in range');
  });
});

/** A network whose agenda can be saved and loaded, as a snapshot does. */
class Kept extends Network {
  save(): AgendaState {
    return this.agenda.save();
  }

  load(state: AgendaState): void {
    this.agenda.load(state);
  }
}

it('an agenda that is saved goes on in another network as if nothing had been', () => {
  const events = [
    { at: '100us', every: '300us', times: 9, note: 'tick' },
    { at: '300us', flap: { port: 'h1/u1', down: '200us', up: '300us', times: 2 } },
    { when: { counter: 'sent', port: 'h1/a', above: 2 }, times: 3, after: '60us', note: 'three' },
    { when: { moved: '00:50:56:00:00:01', in: 'tor' }, times: 9, note: 'moved' },
  ];
  const whole = new Kept(topologyOf({ traffic, events }));
  whole.advance(555_555n);
  const state = whole.save();
  const copy = structuredClone(state);
  whole.advance(2n * MS);
  expect(state).toEqual(copy);
  const other = new Kept(topologyOf({ traffic }));
  other.load(state);
  expect(other.save()).toEqual(state);
  const again = new Kept(topologyOf({ traffic, events }));
  again.advance(555_555n);
  again.load(state);
  again.advance(2n * MS);
  expect(again.events()).toEqual(whole.events());
  expect(again.report()).toEqual(whole.report());
});

describe('on the wall clock', () => {
  const plot = { traffic: [{ from: 'h1/a', to: 'h2/b', size: 100, rate: '2kpps' }] };

  it('events happen at about their times and in their order, and the ledger is exact', async () => {
    const events = [
      { at: '0s', note: 'begin' },
      { at: '50ms', unplug: 'h1/u1' },
      { at: '80ms', plug: 'h1/u1' },
      { at: '90ms', crash: 'h2' },
      { at: '120ms', boot: 'h2' },
      { when: { counter: 'received', port: 'h2/b', above: 20 }, note: 'twenty' },
    ];
    const network = new Network(topologyOf({ ...plot, events }), { clock: 'wall', workers: 2 });
    await network.start();
    network.at(network.nowNs + 130n * MS, { stopTraffic: '*' });
    await until(() => network.events().length >= 7, 'seven events');
    const report = await network.stop();
    const what = report.events.map((event) => event.what);
    expect(what.filter((each) => !each.startsWith('twenty'))).toEqual([
      'begin',
      'h1/u1 unplugged',
      'h1/u1 plugged',
      'h2 crashed',
      'h2 booted',
      'traffic of all paused',
    ]);
    expect(what).toContain('twenty, because received of h2/b passed 20');
    const times = report.events.map(({ seconds }) => seconds);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(report.events.find((event) => event.what === 'h1/u1 unplugged')!.seconds).toBeGreaterThanOrEqual(0.05);
    expect(report.ledger.balanced).toBe(true);
  });

  it('wait while it is paused', async () => {
    const network = new Network(topologyOf({ ...plot, events: [{ at: '1s', note: 'x' }] }), { clock: 'wall' });
    await network.start();
    await network.pause();
    await sleep(1100);
    expect(network.events()).toEqual([]);
    network.resume();
    await until(() => network.events().length === 1, 'the event');
    expect((await network.stop()).ledger.balanced).toBe(true);
  });
});

const us = fc.integer({ min: 0, max: 1500 }).map((n) => `${n}us`);
const port = fc.constantFrom('h1/u1', 'h1/u2', 'h2/u1', 'h2/u2', 'tor/1', 'tor/4');
const action = fc.oneof(
  fc.record({ unplug: port }),
  fc.record({ plug: port }),
  port.map((each) => ({ wire: { port: each, loss: '10%', jitter: '500ns', delay: '2us' } })),
  fc.record({ linkDown: fc.oneof(port, fc.constantFrom('h1/a', 'h2/b')) }),
  fc.record({ linkUp: fc.oneof(port, fc.constantFrom('h1/a', 'h2/b')) }),
  fc.record({
    flap: fc.record({ port, down: fc.constant('31us'), up: fc.constant('77us'), times: fc.nat(4).map((n) => n + 1) }),
  }),
  fc.constantFrom<object>({ stopVm: 'h1/a' }, { startVm: 'h1/a' }, { stopVm: 'h2/b' }, { startVm: 'h2/b' }),
  fc.constantFrom<object>(
    { crash: 'h1' },
    { boot: 'h1' },
    { crash: 'h2' },
    { boot: 'h2' },
    { crash: 'tor' },
    { boot: 'tor' },
  ),
  fc.constantFrom<object>(
    { ruleOff: 'R7' },
    { ruleOn: 'R7' },
    { ruleOff: 'R9' },
    { ruleOff: 'R1' },
    { stopTraffic: '*' },
    { startTraffic: '*' },
  ),
);
const when = fc.oneof(
  fc.record({ at: us }),
  fc.record({
    when: fc.constantFrom<object>(
      { rule: 'R9' },
      { moved: '00:50:56:00:00:01' },
      { counter: 'rxFrames', port: 'tor/1', above: 5 },
    ),
    after: us,
  }),
);
const event = fc.tuple(when, action).map(([trigger, what]): object => ({ ...trigger, ...what }));

it('whatever happens: the ledger is exact, and slices, steps and bursts give the same', async () => {
  const both = [
    { from: 'h1/a', to: 'h2/b', size: 100, rate: '40kpps' },
    { from: 'h2/b', to: 'broadcast', size: 1000, rate: '10kpps' },
  ];
  const model = fc.constantFrom('learning', 'registered');
  const property = fc.asyncProperty(fc.array(event, { maxLength: 12 }), model, async (events, macModel) => {
    const plot = { traffic: both, events, vswitch: { macModel }, teaching: { stormLimit: 8 } };
    const options = { lookEveryNs: 20_000n };
    const first = await told(plot, 2n * MS, 'at once', options);
    expect(first.ledger.balanced).toBe(true);
    expect(await told(plot, 2n * MS, 'in slices', options)).toEqual(first);
    expect(await told(plot, 2n * MS, 'step by step', options)).toEqual(first);
    expect(await told(plot, 2n * MS, 'by 3 workers', options)).toEqual(first);
    expect(await told(plot, 2n * MS, 'at once', { ...options, burst: 1 })).toEqual(first);
  });
  await fc.assert(property, { numRuns: 25 });
}, 60_000);
