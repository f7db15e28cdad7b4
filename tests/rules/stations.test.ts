/**
 * Stations in the table: ageing at its limits, sticky entries, limits of a port and of the table, flushing, and the history
 * of those that move.
 *
 * Switch s has ports 1 to 3. An entry is written as its address's name and its port, `a@1`, with `!` when it is static.
 */
import { describe, expect, it } from 'vitest';
import { flapsOf } from '../../src/telemetry/teaching.ts';
import { mac, type Name } from './networks.ts';
import { Twins, told } from './twins.ts';

const SECOND = 1_000_000_000n;
const nameOf = new Map<string, string>(Object.entries(mac).map(([name, address]) => [address, name]));

function bridge(port: object = {}, table: object = {}, more: object = {}): Twins {
  return new Twins({ physical: { switches: { s: { ports: { 1: port, 2: {}, 3: {} }, table, ...more } } } });
}

/** The table, as `a@1 b@2!`. */
function table(net: Twins, name = 's'): string {
  const entries = net.network.macTable(name).map((entry) => {
    const port = entry.port.replace(/^[sh]\//, '');
    return `${nameOf.get(entry.mac) ?? entry.mac.slice(-2)}@${port}${entry.static ? '!' : ''}`;
  });
  return entries.join(' ');
}

/** A broadcast of a station at a port. */
function hear(net: Twins, port: string, who: Name, atNs?: bigint): string {
  return told(net.send(`s/${port}`, net.frame(mac.all, mac[who]), atNs)).replaceAll('s/', '');
}

const unicast = (net: Twins, port: string, to: Name, from: Name, atNs?: bigint) =>
  told(net.send(`s/${port}`, net.frame(mac[to], mac[from]), atNs)).replaceAll('s/', '');

const counters = (net: Twins) => net.network.report().switches[0]!.table;

describe('ageing', () => {
  /** Heard at 12,345 ns; what b's frame to it meets so much later. 52 bits of ns are 52 days, a run's longest time. */
  const heardAt = 12_345n;
  const limits = ['10s', '300s', '1000000s', '1s'];

  it.each(limits)('of %s is exact to the nanosecond', (ageing) => {
    const age = BigInt(ageing.slice(0, -1)) * SECOND;
    for (const [after, known] of [
      [0n, true],
      [age - 1n, true],
      [age, false],
      [age + 1n, false],
    ] as const) {
      const net = bridge({}, { ageing });
      hear(net, '1', 'a', heardAt);
      expect(unicast(net, '2', 'a', 'b', heardAt + after), `after ${after} ns`).toBe(known ? '1' : '1, 3');
      expect(table(net)).toBe(known ? 'a@1 b@2' : 'b@2');
    }
  });

  it.each(limits)('of %s begins anew with each frame, known unicast too', (ageing) => {
    const age = BigInt(ageing.slice(0, -1)) * SECOND;
    const net = bridge({}, { ageing });
    hear(net, '2', 'b', 0n);
    hear(net, '1', 'a', 0n);
    expect(unicast(net, '1', 'b', 'a', age - 1n)).toBe('2');
    expect(unicast(net, '3', 'a', 'c', 2n * age - 2n)).toBe('1');
    expect(unicast(net, '3', 'a', 'c', 2n * age - 1n)).toBe('1, 2');
  });

  it('does not hold a station to its old port: heard elsewhere after that it is new, not moved', () => {
    const net = bridge({}, { ageing: '10s' });
    hear(net, '1', 'a', 0n);
    hear(net, '2', 'a', 10n * SECOND);
    expect(table(net)).toBe('a@2');
    expect(counters(net)).toMatchObject({ learned: 2, moved: 0, aged: 1 });
    expect(net.network.moves('s')).toEqual([]);
  });

  it('leaves the registered and the static alone', async () => {
    const net = bridge({}, { ageing: '10s' });
    await net.operate((network) => network.setStatic('s', 0, mac.a, 's/1'));
    hear(net, '2', 'b', 2_000_000n * SECOND);
    expect(table(net)).toBe('a@1! b@2');
  });
});

describe('a sticky port', () => {
  it('binds what it learns: it does not age, and does not move', () => {
    const net = bridge({ sticky: true }, { ageing: '10s' });
    hear(net, '1', 'a', 0n);
    expect(table(net)).toBe('a@1!');
    expect(hear(net, '2', 'a', 1000n * SECOND)).toBe('1, 3');
    expect(table(net)).toBe('a@1!');
    expect(unicast(net, '2', 'a', 'b')).toBe('1');
    expect(unicast(net, '1', 'b', 'a')).toBe('2');
    expect(counters(net)).toMatchObject({ learned: 2, moved: 0, staticConflicts: 1 });
  });

  it('binds what moves to it, and what comes back after it has aged', () => {
    const net = bridge({ sticky: true }, { ageing: '10s' });
    hear(net, '2', 'a', 0n);
    hear(net, '3', 'b', 0n);
    hear(net, '1', 'a', 1n);
    expect(table(net)).toBe('a@1! b@3');
    hear(net, '1', 'b', 10n * SECOND);
    expect(table(net)).toBe('a@1! b@1!');
    expect(net.network.moves('s')).toMatchObject([{ mac: mac.a, from: 's/2', to: 's/1' }]);
  });

  it('makes those that speak elsewhere offend, where that is forbidden', () => {
    const ports = { 1: { sticky: true }, 2: { security: { staticConflict: 'drop' } }, 3: {} };
    const net = new Twins({ physical: { switches: { s: { ports } } } });
    hear(net, '1', 'a');
    expect(hear(net, '2', 'a')).toBe('2 static_violation');
    expect(hear(net, '3', 'a')).toBe('1, 2');
  });

  type Row = readonly [what: string, order: (net: Twins) => Promise<void>, left: string];
  const rows: Row[] = [
    ['a flush of its port', (net) => net.operate((n) => n.flush({ port: 's/1' })), 'b@2 c@3!'],
    ['a flush of all', (net) => net.operate((n) => n.flush({ switch: 's' })), 'c@3!'],
    ['a flush of a VLAN', (net) => net.operate((n) => n.flush({ switch: 's', vlan: 0 })), 'a@1! c@3!'],
    ['a flush of its port in a VLAN', (net) => net.operate((n) => n.flush({ port: 's/1', vlan: 0 })), 'b@2 c@3!'],
    ['a flush of its port in another', (net) => net.operate((n) => n.flush({ port: 's/1', vlan: 5 })), 'a@1! b@2 c@3!'],
    ['a flush of another port', (net) => net.operate((n) => n.flush({ port: 's/2' })), 'a@1! c@3!'],
    ['the loss of its link', (net) => net.operate((n) => n.setLink('s/1', false)), 'a@1! b@2 c@3!'],
    ['the loss of another’s', (net) => net.operate((n) => n.setLink('s/2', false)), 'a@1! c@3!'],
    ['an order to unbind it', (net) => net.operate((n) => n.setStatic('s', 0, mac.a, null)), 'b@2 c@3!'],
    ['an order to bind it elsewhere', (net) => net.operate((n) => n.setStatic('s', 0, mac.a, 's/2')), 'a@2! b@2 c@3!'],
  ];

  it.each(rows)('after %s', async (_what, order, left) => {
    const net = bridge({ sticky: true });
    hear(net, '1', 'a');
    hear(net, '2', 'b');
    await net.operate((network) => network.setStatic('s', 0, mac.c, 's/3'));
    expect(table(net)).toBe('a@1! b@2 c@3!');
    await order(net);
    expect(table(net)).toBe(left);
    // Whatever went is learned again.
    if (left.includes('a@1!') || left.includes('a@2!')) return;
    hear(net, '1', 'a');
    expect(table(net)).toContain('a@1!');
  });

  it('of a vSwitch with registered addresses learns too, if it is told to', () => {
    const portGroups = { pg: { learning: true, sticky: true }, plain: {} };
    const vms = { a: { mac: mac.a, portGroup: 'pg' }, b: { mac: mac.b, portGroup: 'plain' } };
    const vswitches = { v: { macModel: 'registered', portGroups } };
    const net = new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms } } });
    net.send('h/a', net.frame(mac.all, mac.x));
    expect(table(net, 'h/v')).toBe('a@a! b@b! x@a!');
    expect(told(net.send('h/b', net.frame(mac.x, mac.b)))).toBe('a');
    expect(told(net.send('h/u', net.frame(mac.all, mac.x))), 'it is local').toBe('u deja_vu');
    expect(told(net.send('h/b', net.frame(mac.all, mac.y)))).toBe('a, u');
    expect(table(net, 'h/v'), 'b’s port group does not learn').toBe('a@a! b@b! x@a!');
  });
});

describe('the limit of a port', () => {
  const others = '2, 3';
  /** Stations that speak at port 1, in turn, each with what comes of it; what the table holds then. */
  type Row = readonly [limit: object, heard: [Name, string][], left: string, link: 'up' | 'shut'];
  const limit = (max: number, whenFull: string) => ({ macLimit: { max, whenFull } });
  const full = '1 mac_limit';
  const rows: Row[] = [
    [
      { macLimit: 2 },
      [
        ['a', others],
        ['b', others],
        ['c', full],
        ['a', others],
        ['b', others],
      ],
      'a@1 b@1',
      'up',
    ],
    [
      limit(1, 'drop'),
      [
        ['a', others],
        ['b', full],
        ['b', full],
        ['a', others],
      ],
      'a@1',
      'up',
    ],
    [
      limit(2, 'forward'),
      [
        ['a', others],
        ['b', others],
        ['c', others],
        ['c', others],
      ],
      'a@1 b@1',
      'up',
    ],
    [
      limit(1, 'shut'),
      [
        ['a', others],
        ['b', full],
        ['a', '1 port_shut'],
        ['b', '1 port_shut'],
      ],
      '',
      'shut',
    ],
    [
      { ...limit(2, 'drop'), sticky: true },
      [
        ['a', others],
        ['b', others],
        ['c', full],
      ],
      'a@1! b@1!',
      'up',
    ],
    [
      { ...limit(1, 'forward'), sticky: true },
      [
        ['a', others],
        ['b', others],
      ],
      'a@1!',
      'up',
    ],
    [
      { ...limit(1, 'shut'), sticky: true },
      [
        ['a', others],
        ['b', full],
      ],
      'a@1!',
      'shut',
    ],
  ];

  it.each(rows)('%j: %j', (port, heard, left, link) => {
    const net = bridge(port);
    for (const [who, outcome] of heard) expect(hear(net, '1', who), who).toBe(outcome);
    expect(table(net)).toBe(left);
    expect(net.network.ports()[0]!.link).toBe(link);
  });

  it('counts what is refused, and what is not learned', () => {
    const refusing = bridge({ macLimit: 1 });
    const forwarding = bridge(limit(1, 'forward'));
    for (const net of [refusing, forwarding]) for (const who of ['a', 'b', 'b'] as const) hear(net, '1', who);
    expect(counters(refusing)).toMatchObject({ learned: 1, refused: 2, notLearned: 0 });
    expect(counters(forwarding)).toMatchObject({ learned: 1, refused: 0, notLearned: 2 });
  });

  it('is met by a station that moves there, which keeps its place', () => {
    for (const [whenFull, outcome] of [
      ['drop', full],
      ['forward', others],
    ] as const) {
      const net = bridge(limit(1, whenFull));
      hear(net, '1', 'a');
      hear(net, '2', 'b');
      expect(hear(net, '1', 'b')).toBe(outcome);
      expect(table(net)).toBe('a@1 b@2');
      expect(net.network.moves('s')).toEqual([]);
    }
  });

  it('has room again when a station has gone elsewhere', () => {
    const net = bridge({ macLimit: 1 });
    hear(net, '1', 'a');
    hear(net, '2', 'a');
    expect(hear(net, '1', 'b')).toBe(others);
    expect(hear(net, '1', 'a')).toBe(full);
    expect(table(net)).toBe('a@2 b@1');
  });

  it('has room again, to the nanosecond, when a station has aged', () => {
    for (const [at, outcome] of [
      [10n * SECOND - 1n, full],
      [10n * SECOND, others],
    ] as const) {
      const net = bridge({ macLimit: 1 }, { ageing: '10s' });
      hear(net, '1', 'a', 0n);
      expect(hear(net, '1', 'b', at)).toBe(outcome);
    }
    // The station that has aged itself is new, and may take its own place.
    const net = bridge({ macLimit: 1 }, { ageing: '10s' });
    hear(net, '1', 'a', 0n);
    expect(hear(net, '1', 'a', 10n * SECOND)).toBe(others);
    expect(hear(net, '1', 'b', 10n * SECOND)).toBe(full);
  });

  it('has room again after a flush, an order to unbind, or a link that went away and came back', async () => {
    const orders: ((net: Twins) => Promise<void>)[] = [
      (net) => net.operate((n) => n.flush({ port: 's/1' })),
      (net) => net.operate((n) => n.setStatic('s', 0, mac.a, 's/1')),
      async (net) => {
        await net.operate((n) => n.setLink('s/1', false));
        await net.operate((n) => n.setLink('s/1', true));
      },
    ];
    for (const order of orders) {
      const net = bridge({ macLimit: 1 });
      hear(net, '1', 'a');
      await order(net);
      expect(hear(net, '1', 'b')).toBe(others);
      expect(hear(net, '1', 'c')).toBe(full);
    }
    const sticky = bridge({ macLimit: 1, sticky: true });
    hear(sticky, '1', 'a');
    await sticky.operate((n) => n.setStatic('s', 0, mac.a, null));
    expect([hear(sticky, '1', 'b'), hear(sticky, '1', 'c')]).toEqual([others, full]);
  });

  it('does not count what the operator binds there', async () => {
    const net = bridge({ macLimit: 1 });
    await net.operate((network) => network.setStatic('s', 0, mac.a, 's/1'));
    expect([hear(net, '1', 'a'), hear(net, '1', 'b'), hear(net, '1', 'c')]).toEqual([others, others, full]);
  });

  it('counts a station once for each VLAN, or once for those that share a table', () => {
    const ports = { 1: { vlan: '1-4094', macLimit: 2 }, 2: { vlan: '1-4094' } };
    for (const [sharedVlans, outcomes] of [
      [[], ['2', '2', '1 mac_limit']],
      [[[10, 20, 30]], ['2', '2', '2']],
    ] as const) {
      const net = new Twins({ physical: { switches: { s: { ports, sharedVlans } } } });
      const said = [10, 20, 30].map((tag) => told(net.send('s/1', net.frame(mac.all, mac.a, { tags: [tag] }))));
      expect(said.map((each) => each.replaceAll('s/', ''))).toEqual(outcomes);
    }
  });

  it('is that of a LAG as a whole, whichever member hears them', () => {
    const ports = { 1: { macLimit: 2 }, 2: { macLimit: 2 }, 3: {} };
    const net = new Twins({ physical: { switches: { s: { ports, lags: { l: { ports: [1, 2] } } } } } });
    expect([hear(net, '1', 'a'), hear(net, '2', 'b'), hear(net, '2', 'a')]).toEqual(['3', '3', '3']);
    expect([hear(net, '2', 'c'), hear(net, '1', 'c')]).toEqual(['2 mac_limit', '1 mac_limit']);
    expect(table(net)).toBe('a@1 b@1');
  });

  it('of a vNIC is its own', () => {
    const portGroups = { pg: { macLimit: 1 } };
    const vms = { a: { mac: mac.a }, b: { mac: mac.b } };
    const net = new Twins({ hosts: { h: { uplinks: ['u'], vswitches: { v: { portGroups } }, vms } } });
    const send = (port: string, who: Name) => told(net.send(`h/${port}`, net.frame(mac.all, mac[who])));
    expect([send('a', 'a'), send('b', 'b'), send('a', 'c'), send('b', 'd')]).toEqual([
      'b, u',
      'a, u',
      'a mac_limit',
      'b mac_limit',
    ]);
    for (const who of ['x', 'y', 'e', 'f'] as const) expect(send('u', who), 'outside nothing is limited').toBe('a, b');
  });
});

describe('a full table that drops', () => {
  it('drops new stations’ frames by name, lets the others speak and move, and has room again when one has aged', () => {
    const net = bridge({}, { max: 2, whenFull: 'drop', ageing: '10s' });
    expect([hear(net, '1', 'a', 0n), hear(net, '2', 'b', SECOND)]).toEqual(['2, 3', '1, 3']);
    expect(hear(net, '3', 'c', 2n * SECOND)).toBe('3 mac_limit');
    expect(unicast(net, '3', 'a', 'c', 2n * SECOND)).toBe('3 mac_limit');
    expect(hear(net, '3', 'b', 3n * SECOND)).toBe('1, 2');
    expect(table(net)).toBe('a@1 b@3');
    expect(counters(net)).toMatchObject({ learned: 2, moved: 1, refused: 2, notLearned: 0, evicted: 0 });
    expect(hear(net, '3', 'c', 10n * SECOND - 1n)).toBe('3 mac_limit');
    expect(hear(net, '3', 'c', 10n * SECOND)).toBe('1, 2');
    expect(table(net)).toBe('b@3 c@3');
  });

  it('drops what comes from outside as well', () => {
    const vms = { a: { mac: mac.a }, b: { mac: mac.b } };
    const vswitches = { v: { portGroups: { pg: {} }, table: { max: 1, whenFull: 'drop' } } };
    const net = new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms } } });
    net.send('h/a', net.frame(mac.all, mac.a));
    expect(told(net.send('h/u', net.frame(mac.all, mac.x)))).toBe('u mac_limit');
    expect(told(net.send('h/u', net.frame(mac.a, mac.x)))).toBe('u mac_limit');
    expect(told(net.send('h/u', net.frame(mac.all, mac.a)))).toBe('u deja_vu');
  });

  it('full of static addresses lets those alone speak', async () => {
    const net = bridge({}, { max: 1, whenFull: 'drop' });
    await net.operate((network) => network.setStatic('s', 0, mac.a, 's/1'));
    expect([hear(net, '1', 'a'), hear(net, '2', 'b'), hear(net, '2', 'a')]).toEqual(['2, 3', '2 mac_limit', '1, 3']);
  });

  it('full of sticky addresses evicts none of them', () => {
    for (const [whenFull, outcome] of [
      ['evict', '1, 3'],
      ['forward', '1, 3'],
      ['drop', '2 mac_limit'],
    ] as const) {
      const net = bridge({ sticky: true }, { max: 2, whenFull });
      hear(net, '1', 'a');
      hear(net, '1', 'b');
      expect(hear(net, '2', 'c')).toBe(outcome);
      expect(table(net)).toBe('a@1! b@1!');
    }
  });

  it('is less than a port’s limit: what the port would take the table may refuse', () => {
    const net = bridge({ macLimit: 3 }, { max: 2, whenFull: 'drop' });
    expect([hear(net, '1', 'a'), hear(net, '1', 'b'), hear(net, '1', 'c')]).toEqual(['2, 3', '2, 3', '1 mac_limit']);
  });
});

describe('flushing', () => {
  type Row = readonly [of: object, left: string];
  const all = '10 a 1, 10 b 2, 10 c 3 static, 20 a 1, 20 d 3';
  const rows: Row[] = [
    [{ port: 's/1' }, '10 b 2, 10 c 3 static, 20 d 3'],
    [{ port: 's/1', vlan: 10 }, '10 b 2, 10 c 3 static, 20 a 1, 20 d 3'],
    [{ port: 's/2', vlan: 20 }, all],
    [{ switch: 's' }, '10 c 3 static'],
    [{ switch: 's', vlan: 10 }, '10 c 3 static, 20 a 1, 20 d 3'],
    [{ switch: 's', vlan: 20 }, '10 a 1, 10 b 2, 10 c 3 static'],
    [{ switch: 's', vlan: 0 }, all],
    [{ switch: 's', vlan: 4094 }, all],
  ];

  it.each(rows)('%j', async (of, left) => {
    const trunk = { vlan: '1-4094' };
    const net = new Twins({ physical: { switches: { s: { ports: { 1: trunk, 2: trunk, 3: trunk } } } } });
    await net.operate((network) => network.setStatic('s', 10, mac.c, 's/3'));
    for (const [port, who, tag] of [
      ['1', 'a', 10],
      ['2', 'b', 10],
      ['1', 'a', 20],
      ['3', 'd', 20],
    ] as const) {
      net.send(`s/${port}`, net.frame(mac.all, mac[who], { tags: [tag] }));
    }
    const rowsOf = () =>
      net.network.macTable('s').map((row) => {
        return `${row.vlan} ${nameOf.get(row.mac)} ${row.port.slice(2)}${row.static ? ' static' : ''}`;
      });
    expect(rowsOf().join(', ')).toBe(all);
    await net.operate((network) => network.flush(of as { switch: string }));
    expect(rowsOf().join(', ')).toBe(left);
  });

  it('of one uplink forgets the whole outside, and no VM', async () => {
    const vms = { a: { mac: mac.a }, b: { mac: mac.b } };
    const net = new Twins({
      hosts: { h: { uplinks: ['u1', 'u2'], vswitches: { v: { portGroups: { pg: {} } } }, vms } },
    });
    net.send('h/a', net.frame(mac.all, mac.a));
    net.send('h/u1', net.frame(mac.all, mac.x));
    await net.operate((network) => network.flush({ port: 'h/u2' }));
    expect(table(net, 'h/v')).toBe('a@a');
  });

  it('of a LAG’s member forgets the LAG', async () => {
    const lags = { l: { ports: [1, 2] } };
    const net = bridge({}, {}, { lags });
    hear(net, '2', 'a');
    hear(net, '3', 'b');
    expect(table(net)).toBe('a@1 b@3');
    await net.operate((network) => network.flush({ port: 's/2' }));
    expect(table(net)).toBe('b@3');
  });
});

describe('a port that becomes one of another VLAN', () => {
  it('forgets its stations and switches in the new one', async () => {
    const ports = { 1: { vlan: 10 }, 2: { vlan: 10 }, 3: { vlan: 20 } };
    const net = new Twins({ physical: { switches: { s: { ports } } } });
    hear(net, '1', 'a');
    hear(net, '2', 'b');
    await net.operate((network) => network.setPortVlan('s/1', { mode: 'access', vid: 20 }));
    expect(table(net)).toBe('b@2');
    expect([hear(net, '1', 'a'), hear(net, '2', 'b'), hear(net, '3', 'c')]).toEqual(['3', '2 no_recipient', '1']);
    expect(unicast(net, '3', 'a', 'c')).toBe('1');
  });

  it('takes a registered address along', async () => {
    const portGroups = { ten: { vlan: 10 }, twenty: { vlan: 20 } };
    const vms = { a: { mac: mac.a, portGroup: 'ten' }, b: { mac: mac.b, portGroup: 'twenty' } };
    const vswitches = { v: { macModel: 'registered', portGroups } };
    const net = new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms } } });
    await net.operate((network) => network.setPortVlan('h/a', { mode: 'access', vid: 20 }));
    expect(net.table('h/v')).toEqual([`20 ${mac.a} h/a static`, `20 ${mac.b} h/b static`]);
    expect(told(net.send('h/b', net.frame(mac.a, mac.b)))).toBe('a');
    expect(told(net.send('h/u', net.frame(mac.a, mac.x, { tags: [10] })))).toBe('u unknown_unicast_uplink');
    expect(told(net.send('h/u', net.frame(mac.a, mac.x, { tags: [20] })))).toBe('a');
  });
});

describe('the history of moves', () => {
  it('says when, who, where from and to, and by which frame', () => {
    const net = bridge();
    hear(net, '1', 'a', 5n);
    hear(net, '2', 'b', 6n);
    hear(net, '2', 'a', 7_000_000_000n);
    hear(net, '2', 'a', 8_000_000_000n);
    hear(net, '3', 'a', 9_500_000_000n);
    expect(net.network.moves('s')).toEqual([
      { seconds: 7, vlan: 0, mac: mac.a, from: 's/1', to: 's/2', frame: 3 },
      { seconds: 9.5, vlan: 0, mac: mac.a, from: 's/2', to: 's/3', frame: 5 },
    ]);
    expect(net.network.report().switches[0]!.moves).toEqual(net.network.moves('s'));
  });

  it('has moves of VMs to the outside and back', () => {
    const vms = { a: { mac: mac.a }, b: { mac: mac.b } };
    const net = new Twins({
      hosts: { h: { uplinks: ['u'], vswitches: { v: { portGroups: { pg: { vlan: 10 } } } }, vms } },
    });
    net.send('h/a', net.frame(mac.all, mac.a));
    net.send('h/u', net.frame(mac.all, mac.a, { tags: [10] }));
    net.send('h/u', net.frame(mac.all, mac.a, { tags: [10], payload: 'rarp' }));
    net.send('h/b', net.frame(mac.all, mac.a));
    expect(net.network.moves('h/v')).toMatchObject([
      { vlan: 10, from: 'h/a', to: 'uplink', frame: 3 },
      { vlan: 10, from: 'uplink', to: 'h/b', frame: 4 },
    ]);
  });

  it('keeps the latest 256, oldest first', () => {
    const net = bridge();
    for (let i = 0; i < 300; i++) hear(net, i % 2 === 0 ? '1' : '2', 'a');
    const moves = net.network.moves('s');
    expect(moves).toHaveLength(256);
    expect(moves.map(({ frame }) => frame)).toEqual(Array.from({ length: 256 }, (_, i) => 45 + i));
    expect(counters(net).moved).toBe(299);
  });

  it('shows who flaps, the most restless first', () => {
    const net = bridge();
    const speak = (who: Name, ports: string) => {
      for (const port of ports) hear(net, port, who);
    };
    speak('a', '12');
    speak('b', '1213');
    speak('c', '111');
    speak('d', '232323');
    expect(flapsOf(net.network.moves('s'))).toEqual([
      { vlan: 0, mac: mac.d, moves: 5, ports: ['s/2', 's/3'] },
      { vlan: 0, mac: mac.b, moves: 3, ports: ['s/1', 's/2', 's/3'] },
    ]);
  });

  it('tells a loop outside by what flaps', () => {
    const links = [
      { a: 'p/1', b: 'q/1', delay: '1us' },
      { a: 'p/2', b: 'q/2', delay: '1us' },
    ];
    const net = new Twins({ physical: { switches: { p: { ports: 3 }, q: { ports: 3 } }, links } });
    net.network.inject('p/3', net.frame(mac.all, mac.a), 0n);
    net.network.advance(50_000n);
    const [flap] = flapsOf(net.network.moves('p'));
    expect(flap).toMatchObject({ mac: mac.a, ports: ['p/3', 'p/1', 'p/2'] });
    expect(flap!.moves).toBeGreaterThan(20);
  });
});
