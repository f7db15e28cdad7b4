/** R1: never from uplink to uplink, and that it matters: the same cables on plain switches are a loop that never rests. */
import { describe, expect, it } from 'vitest';
import { at, Lab } from '../engine/lab.ts';
import { labOf, mac, type Name, type Shape } from './networks.ts';

type Row = readonly [
  what: string,
  model: 'learning' | 'registered',
  heard: readonly Name[],
  dst: Name,
  drops: string[],
];

/** x is behind u1 of the host, y behind u2, and nothing but the host joins the two. */
const apart: Shape = { hosts: 1, uplinks: 2, outside: 'apart' };
const rows: Row[] = [
  ['a broadcast', 'learning', [], 'all', []],
  ['a broadcast', 'registered', [], 'all', []],
  ['a multicast', 'learning', ['y'], 'group', []],
  ['a multicast', 'registered', ['y'], 'group', []],
  ['a unicast to a station that nobody knows', 'learning', [], 'nobody', []],
  ['a unicast to a station that nobody knows', 'registered', [], 'nobody', ['h1/u1 unknown_unicast_uplink']],
  ['a unicast to a station outside', 'learning', ['y'], 'y', ['h1/u1 no_transit']],
  ['a unicast to a station outside', 'registered', ['y'], 'y', ['h1/u1 unknown_unicast_uplink']],
];

describe('a host between two networks that nothing else joins', () => {
  it.each(rows)('does not carry %s across (%s)', (_what, model, heard, dst, drops) => {
    const lab = labOf({ ...apart, model });
    // Heard from y's side is not enough: y's first frame must come by the designated u1 to be learned as outside.
    for (const name of heard) lab.send('tor/8', lab.frame(mac.all, mac[name]));
    void lab.network.flush({ switch: 'tor' });
    const { recipients, frames, drops: dropped } = lab.send('tor/8', lab.frame(mac[dst], mac.x));
    expect(recipients.filter((port) => !port.startsWith('h1/'))).toEqual([]);
    expect(at(frames, 'h1/u1', 'in')).toHaveLength(1);
    for (const uplink of ['h1/u1', 'h1/u2']) expect(at(frames, uplink, 'out')).toEqual([]);
    expect(dropped).toEqual(drops);
  });

  it('does not carry anything across after the uplink it would have been pinned to has failed', async () => {
    const lab = labOf(apart);
    await lab.network.setLink('h1/u1', false);
    for (const dst of ['all', 'group', 'nobody', 'x'] as const) {
      const { recipients, frames } = lab.send('agg/9', lab.frame(mac[dst], mac.y));
      expect(recipients.filter((port) => !port.startsWith('h1/'))).toEqual([]);
      expect(at(frames, 'h1/u2', 'out')).toEqual([]);
    }
  });

  it('lets its own VMs speak to the network of their uplink only', () => {
    const lab = labOf(apart);
    expect(lab.send('h1/a', lab.frame(mac.all, mac.a)).recipients).toEqual(['h1/b', 'h1/c', 'tor/8']);
    expect(lab.send('h1/b', lab.frame(mac.all, mac.b)).recipients).toEqual(['agg/9', 'h1/a', 'h1/c']);
  });
});

describe('two physical switches with two cables between them', () => {
  const loop = (delay: string) => ({
    physical: {
      switches: { p: { ports: 3 }, q: { ports: 3 } },
      links: [
        { a: 'p/1', b: 'q/1', delay },
        { a: 'p/2', b: 'q/2', delay },
      ],
    },
  });

  it('forward one broadcast for ever', () => {
    const lab = new Lab(loop('1us'), { injectAt: ['p/3'], unplugged: 'down' });
    const { network } = lab;
    network.inject('p/3', lab.frame(mac.all, mac.x), 0n);
    expect(network.advance(1_000_000n)).toBe(true);
    const arrived = () => at(network.takeFrames(), 'q/1', 'in').length;
    expect(arrived()).toBeGreaterThan(400);
    network.advance(2_000_000n);
    expect(arrived()).toBeGreaterThan(400);
    expect(network.ledger()).toMatchObject({ balanced: true, held: 2 });
  });

  it('are never done with an instant when the cables have no delay, and stop after the events that were asked for', () => {
    const lab = new Lab(loop('0s'), { injectAt: ['p/3'], unplugged: 'down' });
    lab.network.inject('p/3', lab.frame(mac.all, mac.x), 0n);
    expect(lab.network.advance(1n, 10_000)).toBe(false);
    expect(lab.network.nowNs).toBe(0n);
    expect(lab.network.ledger().balanced).toBe(true);
  });
});
