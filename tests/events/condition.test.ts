/** Events that wait for a condition: seen at the next point of a grid of virtual time, once, or as often as it is said. */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { frameOf } from '../core/frames.ts';
import { Lab } from '../engine/lab.ts';
import { A, lines, MS, portOf, told, topologyOf } from './network.ts';

/** Without addresses there is no ARP: the n-th frame is sent at n * 100 us. */
const traffic = [{ from: 'h1/a', to: 'broadcast', size: 100, rate: '10kpps' }];
const counter = (above: number) => ({ counter: 'flood_group', port: 'h1/a', above });

describe('a counter', () => {
  it('that passes a figure is seen at the next point of the grid', async () => {
    const lookEveryNs = 30_000n;
    const report = await told({ traffic, events: [{ when: counter(3), note: 'four' }] }, MS, 'at once', {
      lookEveryNs,
    });
    // The fourth frame is at 300 us, a point of the grid itself: what happens at it is seen at the next.
    expect(lines(report)).toEqual(['0.33ms four, because flood_group of h1/a passed 3']);
  });

  it('has its event a while later if it is said so, and only then', async () => {
    const events = [{ when: counter(3), after: '111us', linkDown: 'h1/a' }];
    const report = await told({ traffic, events }, MS, 'at once', { lookEveryNs: 30_000n });
    expect(lines(report)).toEqual(['0.441ms h1/a lost its link, because flood_group of h1/a passed 3']);
    expect(portOf(report, 'h1/a').verdicts).toEqual({ flood_group: 5, link_down: 6 });
  });

  it('is counted anew for each time', async () => {
    const events = [{ when: counter(3), times: 2, note: 'four more' }];
    const report = await told({ traffic, events }, 2n * MS, 'at once', { lookEveryNs: 50_000n });
    expect(report.events.map(({ seconds }) => seconds)).toEqual([0.000_35, 0.000_75]);
  });

  it.each([
    ['rxFrames', 'tor/1', 2],
    ['txFrames', 'tor/3', 2],
    ['rxBytes', 'tor/1', 200],
    ['txBytes', 'h1/u1', 200],
    ['sent', 'h1/a', 2],
    ['received', 'h2/b', 2],
    ['drops', 'h2/u2', 2],
    ['not_designated', 'h2/u2', 2],
  ])('%s of %s is one, too', async (name, port, above) => {
    const events = [{ when: { counter: name, port, above }, note: 'seen' }];
    // Frames at 0, 100 and 200 us; 96 bytes each.
    const report = await told({ traffic, events }, MS, 'at once', { lookEveryNs: 100_000n });
    expect(lines(report)).toEqual([`0.3ms seen, because ${name} of ${port} passed ${above}`]);
  });

  it('that has passed its figure when somebody asks for it is seen at the next point', () => {
    const network = new Network(topologyOf({ traffic: [] }), { injectAt: ['h1/a'] });
    network.inject('h1/a', frameOf({ dst: 'ff:ff:ff:ff:ff:ff', src: A, tags: [], payload: 'ip' }, 0), 0n);
    network.advance(MS + 1n);
    network.when(counter(0), { note: 'long ago' });
    network.advance(2n * MS);
    expect(lines({ events: network.events() })).toEqual(['1.1ms long ago, because flood_group of h1/a passed 0']);
  });
});

it('a rule that drops a frame for the first time is seen, on all switches or on one', async () => {
  const events = ['h1/v', 'h2/v'].map((name) => ({ when: { rule: 'R9', in: name }, note: name }));
  events.push({ when: { rule: 'R9' } as (typeof events)[0]['when'], note: 'any' });
  const more = [{ when: { rule: 'R7', above: 1 }, note: 'two' }];
  const report = await told({ traffic, events: [...events, ...more] }, MS, 'at once', { lookEveryNs: 10_000n });
  expect(lines(report)).toEqual([
    '0.01ms h2/v, because R9 dropped a frame in h2/v',
    '0.01ms any, because R9 dropped a frame',
    '0.11ms two, because R7 dropped more than one frame',
  ]);
});

describe('a station that moves', () => {
  const from = (lab: Lab, port: string, atNs: bigint) =>
    lab.network.inject(port, lab.frame('ff:ff:ff:ff:ff:ff', '02:00:00:00:00:01'), atNs);
  const switches = { physical: { switches: { s: { ports: 3 }, t: { ports: 2 } }, links: [{ a: 's/3', b: 't/2' }] } };
  const moves = (events: object[]) => {
    const lab = new Lab({ ...switches, events }, {}, false);
    for (const [i, port] of ['s/1', 's/2', 's/1', 't/1', 't/1'].entries()) from(lab, port, BigInt(i) * 250_000n);
    lab.network.advance(2n * MS);
    return lines({ events: lab.network.events() });
  };

  it('has its event once, or each time', () => {
    const when = { moved: '02:00:00:00:00:01' };
    expect(moves([{ when, note: 'once' }])).toEqual(['0.3ms once, because 02:00:00:00:00:01 moved']);
    expect(moves([{ when, times: 9, note: 'again' }])).toHaveLength(3);
    expect(moves([{ when: { ...when, in: 't' }, times: 9, note: 'again' }])).toEqual([
      '0.8ms again, because 02:00:00:00:00:01 moved in t',
    ]);
    expect(moves([{ when: { moved: '02:00:00:00:00:02' }, note: 'never' }])).toEqual([]);
  });

  it('is asked for from now on: earlier moves do not count', () => {
    const lab = new Lab(switches, {}, false);
    for (const [i, port] of ['s/1', 's/2'].entries()) from(lab, port, BigInt(i));
    lab.settle();
    lab.network.when({ moved: '02:00:00:00:00:01' }, { note: 'moved' });
    lab.network.advance(MS);
    expect(lab.network.events()).toEqual([]);
    from(lab, 's/1', MS);
    lab.network.advance(2n * MS);
    expect(lab.network.events()).toHaveLength(1);
  });
});

it('conditions and steps: an event that comes of one is before the next frame', async () => {
  const network = new Network(topologyOf({ traffic, events: [{ when: counter(0), linkDown: 'h1/a' }] }));
  for (let now = 0n; now < 100_000n; now = await network.step());
  const port = network.ports().find(({ name }) => name === 'h1/a')!;
  expect(port.verdicts).toEqual({ flood_group: 1 });
  expect(lines({ events: network.events() })).toEqual([
    '0.1ms h1/a lost its link, because flood_group of h1/a passed 0',
  ]);
});
