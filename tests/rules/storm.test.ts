/**
 * Storm control: frames of a kind that a port lets in. A bucket holds a second's worth of frames, is full at the start, and
 * fills evenly; a frame needs a whole token.
 */
import { describe, expect, it } from 'vitest';
import { mac, type Name } from './networks.ts';
import { Twins, told } from './twins.ts';

const SECOND = 1_000_000_000n;
const stations = { a: 's/1', b: 's/2', c: 's/3' } as const;

function bridge(storm: object, more: object = {}): Twins {
  return new Twins({ physical: { switches: { s: { ports: { 1: { storm, ...more }, 2: {}, 3: {} } } } } });
}

describe('the bucket of a port', () => {
  /** Frames, by when they come in in ns (`n x t`: n of them), and for each whether it is let in (`.`) or dropped (`x`). */
  type Row = readonly [limit: string, times: string, fates: string];
  const rows: Row[] = [
    // One a second
    ['1pps', '0', '.'],
    ['1pps', '2x0', '.x'],
    ['1pps', '0 999999999', '.x'],
    ['1pps', '0 1000000000', '..'],
    ['1pps', '0 1000000000 1999999999 2000000000', '..x.'],
    // What has gathered is not lost by a frame that came too early.
    ['1pps', '0 500000000 999999999 1000000000 1000000001', '.xx.x'],
    // No more than a second's worth gathers.
    ['1pps', '0 3x5000000000', '..xx'],
    ['3pps', '4x0', '...x'],
    ['3pps', '4x1000000000000000', '...x'],
    ['3pps', '3x0 4x1000000000 2x1333333334', '......x.x'],
    // A third of a second is 333,333,333.3 ns: a token is whole at the next nanosecond, and 0.000000002 of one is left over.
    ['3pps', '3x0 333333333 333333334', '...x.'],
    ['3pps', '3x0 333333334 666666666 666666667', '....x.'],
    ['3pps', '3x0 333333334 666666667 999999999 1000000000', '.....x.'],
    // At a seventh it takes three intervals until the parts left over make a nanosecond's difference.
    ['7pps', '7x0 142857142 142857143', '.......x.'],
    ['7pps', '7x0 142857143 285714285 285714286', '........x.'],
    ['7pps', '7x0 1000000000 142857142857000', '.........'],
    ['7pps', '7x0 8x1000000000', '..............x'],
    // As fast as it is allowed, for ever
    ['1kpps', '1000x0 1000000 2000000 3000000 4000000 5000000', `${'.'.repeat(1000)}.....`],
    ['1kpps', '1000x0 999999 1000000 1999999 2000000', `${'.'.repeat(1000)}x.x.`],
    ['1Gpps', '300x0 1 2 3', '.'.repeat(303)],
    // The largest table ages after a million seconds; a bucket survives that.
    ['1Gpps', '0 1000000000000000', '..'],
  ];

  it.each(rows)('of %s: %s', (limit, times, fates) => {
    const lab = bridge({ broadcast: limit });
    const at = times.split(' ').flatMap((time) => {
      const [count, ns] = time.includes('x') ? time.split('x') : ['1', time];
      return Array<bigint>(Number(count)).fill(BigInt(ns!));
    });
    let said = '';
    for (const [i, ns] of at.entries()) {
      if (i > 0 && ns === at[i - 1]) continue;
      const frames = at.filter((other) => other === ns).map(() => ['s/1', lab.frame(mac.all, mac.a)] as const);
      const { drops } = lab.sendAll(frames, ns);
      expect(new Set(drops)).toEqual(new Set(drops.length > 0 ? ['s/1 storm'] : []));
      said += '.'.repeat(frames.length - drops.length) + 'x'.repeat(drops.length);
    }
    expect(said).toBe(fates);
  });

  it('begins with what has gathered, not with the first frame', () => {
    const lab = bridge({ broadcast: '2pps' });
    const send = (count: number, ns: bigint) =>
      lab.sendAll(
        Array.from({ length: count }, () => ['s/1', lab.frame(mac.all, mac.a)] as const),
        ns,
      ).drops.length;
    expect(send(3, 250_000_000n)).toBe(1);
    expect(send(2, 750_000_000n)).toBe(1);
  });

  it('lets in its rate in the long run, to the frame', () => {
    const lab = bridge({ broadcast: '97pps' });
    const frames = Array.from({ length: 500 }, (_, i) => BigInt(i) * 6_000_007n);
    const passed = frames.filter((ns) => lab.send('s/1', lab.frame(mac.all, mac.a), ns).drops.length === 0).length;
    // The full bucket and what trickled in until the last frame
    expect(passed).toBe(97 + Math.floor((97 * Number(frames.at(-1))) / 1e9));
  });

  it('is each vNIC’s own', () => {
    const group = { storm: { broadcast: '1pps' } };
    const hosts = { h: { uplinks: ['u'], vswitches: { v: { portGroups: { pg: group } } }, vms: { a: {}, b: {} } } };
    const lab = new Twins({ hosts });
    const send = (port: string) => told(lab.send(port, lab.frame(mac.all, port === 'h/a' ? mac.a : mac.b)));
    expect([send('h/a'), send('h/b'), send('h/a'), send('h/b')]).toEqual(['b, u', 'a, u', 'a storm', 'b storm']);
  });
});

describe('the kinds of frames', () => {
  const limits = { broadcast: '1pps', multicast: '2pps', unknownUnicast: '3pps' };
  /** Destinations of frames from a, of which b has been heard; how many of each are let in. */
  type Row = readonly [what: string, storm: object, to: Name[], passed: number];
  const times = (n: number, to: Name) => Array<Name>(n).fill(to);
  const rows: Row[] = [
    ['broadcast', limits, times(5, 'all'), 1],
    ['multicast', limits, times(5, 'group'), 2],
    ['unknown unicast', limits, times(5, 'nobody'), 3],
    ['known unicast', limits, times(5, 'b'), 5],
    ['all of them, each on its own', limits, [...times(5, 'all'), ...times(5, 'group'), ...times(5, 'nobody')], 6],
    ['broadcast, where multicast is limited', { multicast: '1pps' }, times(5, 'all'), 5],
    ['multicast, where broadcast is limited', { broadcast: '1pps' }, times(5, 'group'), 5],
    ['unknown unicast, where groups are limited', { broadcast: '1pps', multicast: '1pps' }, times(5, 'nobody'), 5],
    [
      'groups, where unknown unicast is limited',
      { unknownUnicast: '1pps' },
      [...times(3, 'all'), ...times(3, 'group')],
      6,
    ],
    ['a frame to its own port, which is known', { unknownUnicast: '1pps' }, times(3, 'a'), 3],
  ];

  it.each(rows)('%s', (_what, storm, to, passed) => {
    const lab = bridge(storm);
    lab.send(stations.b, lab.frame(mac.all, mac.b));
    const { drops } = lab.sendAll(to.map((dst) => ['s/1', lab.frame(mac[dst], mac.a)] as const));
    const storms = drops.filter((drop) => drop === 's/1 storm');
    expect(to.length - storms.length).toBe(passed);
  });

  it('a station that is learned is no longer unknown, and one that ages is again', () => {
    const ports = { 1: { storm: { unknownUnicast: '1pps' } }, 2: {}, 3: {} };
    const lab = new Twins({ physical: { switches: { s: { ports, table: { ageing: '10s' } } } } });
    const toB = (ns: bigint) => told(lab.send('s/1', lab.frame(mac.b, mac.a), ns));
    expect([toB(0n), toB(0n)]).toEqual(['s/2, s/3', 's/1 storm']);
    lab.send('s/2', lab.frame(mac.all, mac.b), 1n);
    expect([toB(2n), toB(3n), toB(4n)]).toEqual(['s/2', 's/2', 's/2']);
    expect([toB(10n * SECOND), toB(10n * SECOND + 1n), toB(10n * SECOND + 2n)]).toEqual([
      's/2',
      's/2, s/3',
      's/1 storm',
    ]);
  });
});

describe('a storm', () => {
  it('of groups teaches nothing; of unknown unicast it is seen after the source was learned', () => {
    const lab = bridge({ broadcast: '1pps', unknownUnicast: '1pps' });
    lab.send('s/1', lab.frame(mac.all, mac.a));
    expect(told(lab.send('s/1', lab.frame(mac.all, mac.d)))).toBe('s/1 storm');
    expect(lab.table('s')).toEqual([`0 ${mac.a} s/1`]);
    lab.send('s/1', lab.frame(mac.nobody, mac.a));
    expect(told(lab.send('s/1', lab.frame(mac.nobody, mac.e)))).toBe('s/1 storm');
    expect(lab.table('s')).toEqual([`0 ${mac.a} s/1`, `0 ${mac.e} s/1`]);
  });

  it('is no reason to shut a port, nor to hold others back', () => {
    const lab = bridge({ broadcast: '1pps' });
    for (let i = 0; i < 100; i++) lab.send('s/1', lab.frame(mac.all, mac.a));
    expect(lab.network.ports()[0]!).toMatchObject({ link: 'up', verdicts: { flood_group: 1, storm: 99 } });
    expect(told(lab.send('s/2', lab.frame(mac.all, mac.b)))).toBe('s/1, s/3');
    expect(told(lab.send('s/1', lab.frame(mac.b, mac.a)))).toBe('s/2');
  });

  /** What is dropped before or for another reason takes no token; what is dropped later has taken one. */
  type Row = readonly [
    what: string,
    frame: { dst?: string; src?: string; tags?: number[] },
    verdict: string,
    takes: boolean,
  ];
  const ownRows: Row[] = [
    ['a reserved address', { dst: '01:80:c2:00:00:01' }, 'reserved_mac', false],
    ['a BPDU that is filtered', { dst: '01:00:0c:cc:cc:cd' }, 'bpdu_filter', false],
    ['a frame of another VLAN', { dst: mac.all, tags: [20] }, 'vlan_not_member', false],
    ['a group as source', { dst: mac.all, src: mac.group }, 'src_group', false],
    ['a forged source', { dst: mac.all, src: mac.x }, 'forged_transmit', true],
  ];

  it.each(ownRows)('%s from a vNIC', (_what, { dst, src, tags = [] }, verdict, takes) => {
    const storm = { broadcast: '1pps', multicast: '1pps' };
    const portGroups = { pg: { vlan: 10, storm, bpdu: 'filter', security: { forgedTransmits: 'reject' } } };
    const vms = { a: { mac: mac.a }, b: { mac: mac.b } };
    const lab = new Twins({ hosts: { h: { uplinks: ['u'], vswitches: { v: { portGroups } }, vms } } });
    expect(told(lab.send('h/a', lab.frame(dst!, src ?? mac.a, { tags })))).toBe(`a ${verdict}`);
    const next = [lab.frame(mac.all, mac.a), lab.frame(mac.group, mac.a)].map((bytes) => told(lab.send('h/a', bytes)));
    expect(next).toEqual(takes ? ['a storm', 'b, u'] : ['b, u', 'b, u']);
  });

  it('of reserved addresses that are relayed is one of multicast', () => {
    const lab = bridge({ multicast: '1pps' }, { relayReserved: ['00'] });
    const bpdu = () => told(lab.send('s/1', lab.frame('01:80:c2:00:00:00', mac.a)));
    expect([bpdu(), bpdu()]).toEqual(['s/2, s/3', 's/1 storm']);
    expect(told(lab.send('s/1', lab.frame(mac.group, mac.a)))).toBe('s/1 storm');
  });
});

describe('a storm from outside', () => {
  const topology = (macModel: string, more: object = {}) => {
    const uplinkStorm = { broadcast: '1pps', multicast: '1pps', unknownUnicast: '1pps' };
    const vswitches = { v: { macModel, uplinkStorm, portGroups: { pg: { vlan: 10 } }, ...more } };
    return { hosts: { h: { uplinks: ['u1', 'u2', 'u3'], vswitches, vms: { a: { mac: mac.a }, b: { mac: mac.b } } } } };
  };
  const standby = { teaming: { active: ['u1', 'u2'], standby: ['u3'] } };
  /** Port, destination, source and outcome of frames one after the other, at one instant. */
  type Row = readonly [what: string, model: string, more: object, frames: [string, Name, Name, string][]];
  const rows: Row[] = [
    [
      'is limited uplink by uplink',
      'learning',
      {},
      [
        ['u2', 'all', 'x', 'a, b'],
        ['u2', 'all', 'x', 'u2 storm'],
        ['u1', 'all', 'x', 'u1 not_designated'],
        ['u1', 'all', 'x', 'u1 storm'],
        ['u2', 'group', 'x', 'a, b'],
        ['u2', 'group', 'x', 'u2 storm'],
      ],
    ],
    [
      'is looked for before a standby uplink and a reflection are',
      'learning',
      standby,
      [
        ['a', 'all', 'a', 'b, u1'],
        ['u3', 'all', 'x', 'u3 uplink_not_active'],
        ['u3', 'all', 'x', 'u3 storm'],
        ['u1', 'all', 'a', 'u1 deja_vu'],
        ['u1', 'all', 'x', 'u1 storm'],
      ],
    ],
    [
      'of unknown unicast takes a token before the receiver is asked',
      'learning',
      {},
      [
        ['u1', 'nobody', 'x', 'u1 not_designated'],
        ['u1', 'nobody', 'x', 'u1 storm'],
        ['u2', 'nobody', 'x', 'a, b'],
        ['u2', 'nobody', 'x', 'u2 storm'],
      ],
    ],
    [
      'of unknown unicast that is not flooded takes none',
      'registered',
      {},
      [
        ['u2', 'nobody', 'x', 'u2 unknown_unicast_uplink'],
        ['u2', 'nobody', 'x', 'u2 unknown_unicast_uplink'],
        ['u1', 'a', 'x', 'a'],
        ['u1', 'a', 'x', 'a'],
      ],
    ],
    [
      'of unknown unicast where it is flooded',
      'registered',
      { unknownFromOutside: '10' },
      [
        ['u2', 'nobody', 'x', 'a, b'],
        ['u2', 'nobody', 'x', 'u2 storm'],
      ],
    ],
    [
      'of transit is none',
      'learning',
      {},
      [
        ['u2', 'all', 'x', 'a, b'],
        ['u2', 'x', 'y', 'u2 no_transit'],
        ['u2', 'x', 'y', 'u2 no_transit'],
      ],
    ],
  ];

  it.each(rows)('%s (%s)', (_what, model, more, frames) => {
    // The designated receiver of VLAN 10 is u2 of three, u1 of the two active ones.
    const lab = new Twins(topology(model, more));
    for (const [port, dst, src, outcome] of frames) {
      const tags = port.startsWith('u') ? [10] : [];
      expect(told(lab.send(`h/${port}`, lab.frame(mac[dst], mac[src], { tags }))), `${port} ${dst} ${src}`).toBe(
        outcome,
      );
    }
  });
});
