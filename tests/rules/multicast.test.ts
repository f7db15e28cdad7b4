/**
 * Groups in a switch that looks at IGMP and MLD (RFC 4541): physical switch s with ports 1 to 4. Each row is a sequence of frames, what
 * each brings, and who got it.
 */
import { describe, expect, it } from 'vitest';
import { data, leave, pimHello, query, report } from './igmp-frames.ts';
import { Twins } from './twins.ts';

const G = '239.1.1.1';
const H = '239.1.1.2';
const SIX = 'ff15::1';
const mac = (port: number) => `02:00:00:00:00:0${port}`;

/** A word of a row: `2+G` port 2 reports, `2-G` leaves, `4?` a general query, `1>G` data. */
function frameOf(word: string): { port: string; bytes: Uint8Array } {
  const [, port, sign, name] = /^(\d)([+\-?>!])(.*)$/.exec(word)!;
  const envelope = { src: mac(Number(port)), ip: `10.0.0.${port}` };
  const six = { src: mac(Number(port)), ip: `fe80::${port}` };
  const group = { G, H, S: SIX, L: '224.0.0.251', N: 'ff02::1', D: 'ff02::1:ff00:1' }[name!] ?? name!;
  const own = group.includes(':') ? six : envelope;
  const bytes = {
    '+': () => report(group, own, group.includes(':') ? 1 : 2),
    '-': () => leave(group, own),
    '?': () => query(name === '' ? null : group, own),
    '>': () => data(group, own),
    '!': () => pimHello(own),
  }[sign!]!();
  return { port: `s/${port}`, bytes };
}

const physical = (multicast: unknown, ports = 4) => ({ physical: { switches: { s: { ports, multicast } } } });

/** What each word of a row brings: the own names of the ports that got it. */
function play(lab: Twins, words: string): string {
  return words
    .split(' ')
    .map((word) => {
      const { port, bytes } = frameOf(word);
      const { recipients } = lab.send(port, bytes);
      return `${word} ${recipients.map((name) => name.slice(2)).join('') || 'none'}`;
    })
    .join(', ');
}

describe('snooping', () => {
  const rows: [what: string, row: string][] = [
    ['a group without members floods', '1>G 234'],
    ['a known group goes to its members only', '2+G none, 1>G 2, 3>G 2'],
    ['a member does not get its own frames', '2+G none, 2>G none'],
    ['two members', '2+G none, 3+G none, 1>G 23'],
    ['another group is another matter', '2+G none, 1>H 234'],
    ['groups that share a MAC address are told apart', '2+G none, 1>239.129.1.1 234'],
    ['reports and leaves go to routers only; who leaves is asked', '4? 123, 2+G 4, 3+G 4, 2-G 24'],
    ['a router gets all groups', '4? 123, 2+G 4, 1>G 24'],
    ['a PIM hello makes a router', '4! 123, 2+G 4'],
    ['link-local groups go to all', '2+L none, 1>L 234'],
    ['IPv6 likewise', '2+S none, 1>S 2'],
    ['all nodes go to all', '1>N 234'],
    ['a link-scope group without reports goes to all, with one to its members', '1>D 234, 2+D none, 1>D 2'],
  ];
  it.each(rows)('%s: %s', (_, row) => {
    const lab = new Twins(physical('snooping'));
    const words = row
      .split(', ')
      .map((each) => each.split(' ')[0])
      .join(' ');
    expect(play(lab, words)).toBe(row);
  });
});

const second = 1_000_000_000n;
const multicastOf = (lab: Twins, sw = 0) => lab.network.report().switches[sw]!.multicast!;
const known = (lab: Twins) =>
  multicastOf(lab).groups.map(({ group, ports }) => `${group} ${ports.map(({ port }) => port.slice(2))}`);

describe('snooping, set otherwise', () => {
  type Row = readonly [what: string, keys: object, row: string];
  const rows: Row[] = [
    ['unknown groups go to routers only', { floodUnregistered: false }, '4? 123, 1>G 4, 2+G 4, 1>G 24'],
    ['without a router they go nowhere', { floodUnregistered: false }, '1>G none, 1>L 234, 1>D 234'],
    ['a router port as configured', { floodUnregistered: false, routerPorts: ['3'] }, '1>G 3, 2+G 3, 1>G 23'],
    ['fast leave', { fastLeave: true }, '2+G none, 3+G none, 2-G none, 1>G 3'],
    [
      'more groups than there is room for are flooded',
      { max: 1, floodUnregistered: false },
      '2+G none, 2+H none, 1>G 2, 1>H 234',
    ],
    ['filter tells groups by MAC address', { mode: 'filter' }, '2+G none, 3+G 2, 1>G 23, 1>239.129.1.1 23, 1>H none'],
    ['filter forgets who leaves', { mode: 'filter' }, '2+G none, 3+239.129.1.1 2, 2-G 134, 1>G 3'],
  ];
  it.each(rows)('%s, with %j: %s', (_, keys, row) => {
    const { mode = 'snooping' } = keys as { mode?: string };
    const lab = new Twins(physical({ mode, ...keys }));
    const words = row.split(', ').map((each) => each.split(' ')[0]);
    expect(play(lab, words.join(' '))).toBe(row);
  });

  it('counts what it had no room for', () => {
    const lab = new Twins(physical({ max: 1 }));
    play(lab, '2+G 2+H');
    expect(multicastOf(lab).counters).toMatchObject({ overflow: 1, reports: 2 });
    expect(known(lab)).toEqual([`${G} 2`]);
  });
});

describe('versions', () => {
  const own = { src: mac(2), ip: '10.0.0.2' };
  const own6 = { src: mac(2), ip: 'fe80::2' };
  it.each([
    ['IGMPv1', report(G, own, 1), true],
    ['IGMPv3, EXCLUDE{}', report(G, own, 3, 4), true],
    ['IGMPv3, INCLUDE{a source}', report(G, own, 3, 3, ['10.0.0.7']), true],
    ['IGMPv3, ALLOW', report(G, own, 3, 5, ['10.0.0.7']), true],
    ['IGMPv3, BLOCK', report(G, own, 3, 6, ['10.0.0.7']), false],
    ['IGMPv3, INCLUDE{}', report(G, own, 3, 3), false],
    ['MLDv1', report(SIX, own6, 1), true],
    ['MLDv2, EXCLUDE{}', report(SIX, own6, 2, 2), true],
    ['MLDv2, INCLUDE{}', report(SIX, own6, 2, 3), false],
  ] as const)('%s', (_, bytes, joins) => {
    const lab = new Twins(physical('snooping'));
    lab.send('s/2', bytes);
    expect(known(lab).length).toBe(joins ? 1 : 0);
  });

  it('INCLUDE{} is a leave', () => {
    const lab = new Twins(physical({ fastLeave: true }));
    lab.send('s/2', report(G, own, 3, 4));
    lab.send('s/2', report(G, own, 3, 3));
    expect(known(lab)).toEqual([]);
  });
});

describe('what is no message', () => {
  const own = { src: mac(2), ip: '10.0.0.2' };
  it.each([
    ['a wrong checksum', report(G, { ...own, bad: true })],
    ['a wrong checksum of a leave', leave(G, { ...own, bad: true })],
    ['a wrong checksum of a query', query(null, { ...own, bad: true })],
    ['a wrong checksum of MLD', report(SIX, { src: mac(2), bad: true }, 1)],
    ['cut short', report(G, { ...own, cut: 20 })],
    ['a query from no link-local address', query(null, { src: mac(2), ip: '2001::1' }, 100, 6)],
  ] as const)('%s is counted, flooded and not learned', (_, bytes) => {
    const lab = new Twins(physical('snooping'));
    expect(lab.send('s/2', bytes).recipients).toEqual(['s/1', 's/3', 's/4']);
    expect(known(lab)).toEqual([]);
    expect(multicastOf(lab)).toMatchObject({ routerPorts: [], counters: { malformed: 1, reports: 0 } });
  });

  it('a query from 0.0.0.0 makes no router', () => {
    const lab = new Twins(physical('snooping'));
    lab.send('s/4', query(null, { src: mac(4), ip: '0.0.0.0' }));
    expect(multicastOf(lab).routerPorts).toEqual([]);
  });

  it('a report for 224.0.0.0/24 is not learned', () => {
    const lab = new Twins(physical('snooping'));
    play(lab, '2+L');
    expect(known(lab)).toEqual([]);
  });
});

describe('time', () => {
  it('a member ages at the instant that it is due, and a router after 255 s', () => {
    const lab = new Twins(physical({ ageing: '60s' }));
    play(lab, '4? 2+G');
    expect(multicastOf(lab).groups[0]!.ports).toEqual([{ port: 's/2', expiresSeconds: 60 }]);
    lab.pass(60n * second - 1n);
    expect(known(lab)).toEqual([`${G} 2`]);
    lab.pass(60n * second);
    expect(known(lab)).toEqual([]);
    expect(multicastOf(lab).counters.aged).toBe(1);
    lab.pass(255n * second - 1n);
    expect(multicastOf(lab).routerPorts).toHaveLength(1);
    lab.pass(255n * second);
    expect(multicastOf(lab).routerPorts).toEqual([]);
  });

  it('who leaves is asked twice, and out after 2 s; who answers stays', () => {
    const lab = new Twins(physical('snooping'));
    play(lab, '2+G 3+G 2-G 3-G');
    lab.pass(second / 2n);
    play(lab, '3+G');
    lab.pass(2n * second);
    expect(known(lab)).toEqual([`${G} 3`]);
    expect(multicastOf(lab).counters.queriesSent).toBeGreaterThanOrEqual(2);
  });

  it('a port that loses its link is forgotten', async () => {
    const lab = new Twins(physical('snooping'));
    play(lab, '2+G 3+G 4?');
    await lab.operate((network) => network.setLink('s/2', false));
    await lab.operate((network) => network.setLink('s/4', false));
    expect(known(lab)).toEqual([`${G} 3`]);
    expect(multicastOf(lab).routerPorts).toEqual([]);
  });
});

describe('the querier', () => {
  const querier = { querier: { address: '10.0.0.5', interval: '100s' } };
  const queriers = (lab: Twins) => multicastOf(lab).queriers.filter(({ family }) => family === 'IPv4');

  it('asks at the start, after a quarter of the interval, and every interval', () => {
    const lab = new Twins(physical(querier, 2));
    lab.pass(130n * second);
    const queries = lab.seen().filter((frame) => frame.interface.name === 's/1' && frame.bytes[12] === 8);
    expect(queries.map(({ timeNs }) => timeNs / second)).toEqual([0n, 25n, 125n]);
  });

  it.each([
    ['10.0.0.4', '10.0.0.4'],
    ['10.0.0.6', 'self'],
    ['0.0.0.0', 'self'],
  ])('hears %s: %s asks', (ip, who) => {
    const lab = new Twins(physical(querier));
    lab.send('s/4', query(null, { src: mac(4), ip }));
    expect(queriers(lab)).toEqual([{ vlan: 0, family: 'IPv4', querier: who }]);
  });

  it('asks again once the better one has been silent for two intervals and 5 s', () => {
    const lab = new Twins(physical(querier, 2));
    lab.send('s/2', query(null, { src: mac(4), ip: '10.0.0.4' }));
    lab.pass(205n * second - 1n);
    expect(queriers(lab)[0]!.querier).toBe('10.0.0.4');
    lab.pass(205n * second);
    expect(queriers(lab)[0]!.querier).toBe('self');
  });

  it('without an address gives way to any', () => {
    const lab = new Twins(physical({ querier: true }));
    lab.send('s/4', query(null, { src: mac(4), ip: '239.0.0.1'.replace('239', '192') }));
    expect(queriers(lab)[0]!.querier).toBe('192.0.0.1');
  });
});

describe('a vSwitch with two uplinks', () => {
  const host = (keys: object, vswitch: object = {}) => ({
    hosts: {
      h: {
        uplinks: ['u1', 'u2'],
        vswitches: { v: { portGroups: { pg: {} }, multicast: { mode: 'snooping', ...keys }, ...vswitch } },
        vms: Object.fromEntries(['a', 'b', 'c'].map((name, i) => [name, { mac: mac(i + 1) }])),
      },
    },
  });
  const from = (name: string, more = {}) => ({ src: mac('abc'.indexOf(name) + 1), ip: '10.0.0.1', ...more });
  const outside = { src: '02:00:00:00:00:f1', ip: '10.0.0.200' };

  it('sends reports outside by the pin, once a query came from there', () => {
    const lab = new Twins(host({}));
    expect(lab.send('h/b', report(G, from('b'))).recipients).toEqual([]);
    expect(lab.send('h/u1', query(null, outside)).recipients).toEqual(['h/a', 'h/b', 'h/c']);
    expect(lab.send('h/b', report(G, from('b'))).recipients).toEqual(['h/u2']);
    expect(lab.send('h/a', report(G, from('a'))).recipients).toEqual(['h/u1']);
    expect(lab.send('h/a', data(G, from('a'))).recipients).toEqual(['h/b', 'h/u1']);
    expect(multicastOf(lab).routerPorts).toMatchObject([{ port: 'uplink', family: 'IPv4' }]);
  });

  it('takes groups from outside on the designated uplink only, and reflections nowhere', () => {
    const lab = new Twins(host({}));
    lab.send('h/b', report(G, from('b')));
    expect(lab.send('h/u1', data(G, outside))).toMatchObject({ recipients: ['h/b'], drops: [] });
    expect(lab.send('h/u2', data(G, outside))).toMatchObject({ recipients: [], drops: ['h/u2 not_designated'] });
    expect(lab.send('h/u1', data(G, from('a')))).toMatchObject({ recipients: ['h/b'] });
    lab.send('h/a', data(G, from('a')));
    expect(lab.send('h/u1', data(G, from('a')))).toMatchObject({ recipients: [], drops: ['h/u1 deja_vu'] });
  });

  it('never sends a report from outside to outside', () => {
    const lab = new Twins(host({ routerPorts: ['u1'] }));
    expect(lab.send('h/u1', report(G, outside))).toMatchObject({ recipients: [], drops: [] });
    expect(lab.send('h/a', data(G, from('a'))).recipients).toEqual(['h/u1']);
  });

  it('asks its members after a failover, so that the new uplink hears their reports', async () => {
    const lab = new Twins(host({}));
    lab.send('h/u1', query(null, outside));
    lab.send('h/a', report(G, from('a')));
    lab.seen();
    await lab.operate((network) => network.setLink('h/u1', false));
    lab.pass(lab.nowNs + 3n * second);
    const asked = lab.seen().filter(({ direction, bytes }) => direction === 'out' && bytes[38] === 0x11);
    expect(asked.map((frame) => frame.interface.name)).toEqual(['h/a', 'h/b', 'h/c', 'h/a', 'h/b', 'h/c']);
    expect(lab.send('h/a', report(G, from('a'))).recipients).toEqual(['h/u2']);
  });

  it('in mode filter lets all groups out, and in to members only', () => {
    const lab = new Twins(host({ mode: 'filter' }));
    expect(lab.send('h/b', report(G, from('b'))).recipients).toEqual(['h/u2']);
    expect(lab.send('h/a', data(G, from('a'))).recipients).toEqual(['h/b', 'h/u1']);
    expect(lab.send('h/a', data(H, from('a'))).recipients).toEqual(['h/u1']);
    expect(lab.send('h/u1', data(H, outside)).drops).toEqual(['h/u1 no_recipient']);
  });

  it('keeps VLANs apart', () => {
    const groups = { p10: { vlan: 10 }, p20: { vlan: 20 }, t: { vlan: '10,20' } };
    const base = host({}, { portGroups: groups });
    const vms = {
      a: { portGroup: 'p10', mac: mac(1) },
      b: { portGroup: 'p20', mac: mac(2) },
      c: { portGroup: 't', mac: mac(3) },
    };
    const lab = new Twins({ hosts: { h: { ...base.hosts.h, vms } } });
    lab.send('h/c', report(G, from('c', { tag: 10 })));
    expect(lab.send('h/a', data(G, from('a'))).recipients).toEqual(['h/c']);
    expect(lab.send('h/b', data(G, from('b'))).recipients).toEqual(['h/c', 'h/u2']);
    expect(multicastOf(lab).groups).toMatchObject([{ vlan: 10, group: G }]);
  });

  it('lets a promiscuous vNIC see all groups', () => {
    const lab = new Twins(host({}, { security: { promiscuous: 'accept' } }));
    lab.send('h/b', report(G, from('b')));
    expect(lab.send('h/a', data(G, from('a'))).recipients).toEqual(['h/b', 'h/c']);
  });
});

it('broadcasts and unicast are as without snooping', () => {
  const lab = new Twins(physical('snooping'));
  const frames = Array.from({ length: 20 }, () => ['s/1', lab.frame('ff:ff:ff:ff:ff:ff', mac(1))] as const);
  expect(lab.sendAll(frames).recipients).toHaveLength(60);
  play(lab, '2+G');
  expect(lab.send('s/3', lab.frame(mac(1), mac(3))).recipients).toEqual(['s/1']);
});
