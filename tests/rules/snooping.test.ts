/**
 * The corners of snooping: what RFC 4541 (2.1.1, 2.1.2 and 3) asks of a switch beyond the common ways of multicast.test.ts, who might be cut off
 * by a question or an answer, and where groups meet private VLANs, the spanning tree and tables that are full.
 */
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../engine/lab.ts';
import { data, lateQuery, leave, longQuery, pimHello, query, report, shortReport } from './igmp-frames.ts';
import { ring, SECOND, topologyOf } from './trees.ts';
import { Twins } from './twins.ts';

const G = '239.1.1.1';
const SIX = 'ff15::1';
const mac = (port: number) => `02:00:00:00:00:0${port}`;
const own = (port: number, more = {}) => ({ src: mac(port), ip: `10.0.0.${port}`, ...more });
const own6 = (port: number, more = {}) => ({ src: mac(port), ip: `fe80::${port}`, ...more });
const physical = (multicast: unknown, ports: unknown = 4) => ({ physical: { switches: { s: { ports, multicast } } } });
const multicastOf = (lab: Twins, sw = 0) => lab.network.report().switches[sw]!.multicast!;
const known = (lab: Twins, sw = 0) =>
  multicastOf(lab, sw).groups.map(({ group, ports }) => `${group} ${ports.map(({ port }) => port.slice(2))}`);
const expiry = (lab: Twins) => multicastOf(lab).groups[0]!.ports.map(({ expiresSeconds }) => expiresSeconds);

/** Queries that left by some port: its name, the source address and the version of each. */
function queriesIn(frames: Outcome['frames']): string[] {
  return frames.flatMap(({ direction, bytes, interface: port }) => {
    if (direction !== 'out') return [];
    if (bytes[12] === 8 && bytes[38] === 0x11)
      return [`${port.name} ${bytes.slice(26, 30).join('.')} v${bytes[17]! - 24 >= 12 ? 3 : 2}`];
    if (bytes[12] === 0x86 && bytes[62] === 130)
      return [
        `${port.name} ${bytes.slice(22, 38).every((octet) => octet === 0) ? '::' : 'fe80'} v${bytes[19]! >= 36 ? 2 : 1}`,
      ];
    return [];
  });
}

describe('what is no message', () => {
  it.each([
    ['a report in a packet whose header has a wrong checksum', report(G, own(2, { badHeader: true }))],
    ['a query in such a packet', query(null, own(2, { badHeader: true }))],
    ['a query of 9 octets', longQuery(1, own(2))],
    ['a query of 11 octets', longQuery(3, own(2))],
    ['a query of MLD of 26 octets', longQuery(2, own6(2), 6)],
  ])('%s is counted, flooded and not learned', (_, bytes) => {
    const lab = new Twins(physical('snooping'));
    expect(lab.send('s/2', bytes).recipients).toEqual(['s/1', 's/3', 's/4']);
    expect(known(lab)).toEqual([]);
    expect(multicastOf(lab)).toMatchObject({
      routerPorts: [],
      counters: { malformed: 1, reports: 0, queriesHeard: 0 },
    });
  });

  it('a report that claims more records than it has is counted, for what it has it is learned', () => {
    const lab = new Twins(physical('snooping'));
    lab.send('s/2', shortReport(G, own(2)));
    expect(known(lab)).toEqual([`${G} 2`]);
    expect(multicastOf(lab).counters).toMatchObject({ malformed: 1, reports: 1 });
  });

  it('a PIM hello to a group that is not of all PIM routers makes no router', () => {
    const lab = new Twins(physical('snooping'));
    lab.send('s/4', pimHello(own(4), G));
    expect(multicastOf(lab).routerPorts).toEqual([]);
    lab.send('s/4', pimHello(own(4)));
    expect(multicastOf(lab).routerPorts).toMatchObject([{ port: 's/4' }]);
  });

  it('a query of MLD from :: is a proxy’s: it asks, and makes neither router nor querier', () => {
    const lab = new Twins(physical({ querier: true }));
    lab.pass(SECOND);
    lab.seen();
    expect(lab.send('s/4', query(null, { src: mac(4), ip: '::' }, 100, 6)).recipients).toEqual(['s/1', 's/2', 's/3']);
    expect(multicastOf(lab)).toMatchObject({ routerPorts: [], counters: { malformed: 0, queriesHeard: 1 } });
    expect(multicastOf(lab).queriers).toContainEqual({ vlan: 0, family: 'IPv6', querier: 'self' });
  });
});

describe('nobody is cut off', () => {
  it('by a question about some sources, which those who want others do not answer', () => {
    const lab = new Twins(physical('snooping'));
    lab.send('s/2', report(G, own(2), 3, 4, ['10.0.0.7']));
    lab.send('s/2', report(SIX, own6(2), 2, 4, ['2001::7']));
    lab.send('s/4', lateQuery(G, own(4), ['10.0.0.7']));
    lab.send('s/4', lateQuery(SIX, own6(4), ['2001::7']));
    lab.pass(lab.nowNs + 100n * SECOND);
    expect(known(lab)).toEqual([`${G} 2`, `${SIX} 2`]);
  });

  it('by a question that says that somebody has answered (S)', () => {
    const lab = new Twins(physical('snooping'));
    lab.send('s/2', report(G, own(2)));
    lab.send('s/4', lateQuery(G, own(4), [], 10));
    expect(expiry(lab)).toEqual([260]);
    lab.send('s/4', lateQuery(G, own(4)));
    expect(expiry(lab)).toEqual([2]);
  });

  it('by a leave beside one who speaks IGMPv1 and cannot say so', () => {
    const lab = new Twins(physical({ ageing: '60s' }));
    lab.send('s/2', report(G, own(2), 1));
    lab.send('s/2', report(G, own(3), 2));
    lab.send('s/2', leave(G, own(3)));
    lab.pass(59n * SECOND);
    expect(known(lab)).toEqual([`${G} 2`]);
    expect(multicastOf(lab).counters.queriesSent).toBe(0);
    lab.pass(60n * SECOND);
    expect(known(lab)).toEqual([]);
  });

  it('by BLOCK and by ALLOW of nothing', () => {
    const lab = new Twins(physical({ fastLeave: true }));
    lab.send('s/2', report(G, own(2), 3, 4));
    lab.send('s/2', report(G, own(2), 3, 6, ['10.0.0.7']));
    lab.send('s/2', report(G, own(2), 3, 5));
    expect(known(lab)).toEqual([`${G} 2`]);
  });

  it('in VLANs of which there was no room to know routers: groups and reports are flooded there', () => {
    const trunks = Object.fromEntries([1, 2, 3, 4].map((port) => [port, { vlan: '1-4094' }]));
    const lab = new Twins(physical({ floodUnregistered: false }, trunks));
    for (let vid = 1000; vid < 1200; vid++) lab.send('s/1', query(null, own(1, { tag: vid })));
    expect(multicastOf(lab).counters).toMatchObject({ queriesHeard: 200 });
    expect(multicastOf(lab).counters.overflow).toBeGreaterThan(0);
    lab.send('s/4', query(null, own(4, { tag: 7 })));
    expect(lab.send('s/2', report(G, own(2, { tag: 7 }))).recipients).toEqual(['s/1', 's/3', 's/4']);
    expect(lab.send('s/3', data(G, own(3, { tag: 7 }))).recipients).toEqual(['s/1', 's/2', 's/4']);
    expect(lab.send('s/3', data(G, own(3, { tag: 1000 }))).recipients, 'where there was room').toEqual(['s/1']);
  });
});

describe('who is not the querier', () => {
  it.each([
    ['IGMPv3', report(G, own(2), 3), report(G, own(2), 3, 3), lateQuery(null, own(4)), 's/2 0.0.0.0 v3'],
    ['IGMPv2', report(G, own(2)), leave(G, own(2)), query(null, own(4)), 's/2 0.0.0.0 v2'],
    ['IGMPv1', report(G, own(2)), leave(G, own(2)), query(null, own(4), 0), 's/2 0.0.0.0 v2'],
    ['MLDv2', report(SIX, own6(2), 2), report(SIX, own6(2), 2, 3), lateQuery(null, own6(4), [], 2, 6), 's/2 :: v2'],
    ['MLDv1', report(SIX, own6(2), 1), leave(SIX, own6(2)), query(null, own6(4), 100, 6), 's/2 :: v1'],
  ])('asks who else is there in its version, and from no address: %s', (_, joins, leaves, asks, asked) => {
    const lab = new Twins(physical('snooping'));
    lab.send('s/4', asks);
    lab.send('s/2', joins);
    expect(queriesIn(lab.send('s/2', leaves).frames)).toEqual([asked]);
    lab.pass(lab.nowNs + 3n * SECOND);
    expect(known(lab)).toEqual([]);
  });

  it('does not ask again whom it has heard meanwhile', () => {
    const lab = new Twins(physical('snooping'));
    for (const bytes of [report(G, own(2)), leave(G, own(2)), report(G, own(2))]) lab.send('s/2', bytes);
    lab.pass(lab.nowNs + 3n * SECOND);
    expect(queriesIn(lab.seen())).toEqual([]);
    expect(known(lab)).toEqual([`${G} 2`]);
  });

  it('the querier asks in its own name and version', () => {
    const lab = new Twins(physical({ querier: { address: '10.0.0.1' }, versions: { igmp: 3, mld: 2 } }));
    lab.send('s/2', report(G, own(2)));
    lab.send('s/2', report(SIX, own6(2), 1));
    lab.seen();
    expect(queriesIn(lab.send('s/2', leave(G, own(2))).frames)).toEqual(['s/2 10.0.0.1 v3']);
    expect(queriesIn(lab.send('s/2', leave(SIX, own6(2))).frames)).toEqual(['s/2 fe80 v2']);
  });
});

describe('a querier', () => {
  /** Maximum response code and interval code of the first general query of IGMPv3. */
  const codes = (interval: string) => {
    const lab = new Twins(physical({ querier: { address: '10.0.0.1', interval }, versions: { igmp: 3 } }, 2));
    lab.pass(0n);
    const bytes = lab.seen().find((frame) => frame.bytes[12] === 8)!.bytes;
    return [bytes[39]!, bytes[47]!];
  };
  it.each([
    ['125s', [100, 125]],
    ['60s', [100, 60]],
    ['2s', [10, 2]],
    ['1ms', [1, 1]],
    ['128s', [100, 0x80]],
    ['1h', [100, 0xcc]],
  ])('that asks every %s says so, and wants answers before the next question', (interval, expected) => {
    expect(codes(interval)).toEqual(expected);
  });
});

describe('private VLANs', () => {
  const lab = () =>
    new Twins({
      hosts: {
        h: {
          uplinks: ['u1', 'u2'],
          vswitches: {
            v: {
              multicast: 'snooping',
              privateVlans: [{ primary: 100, isolated: 101, community: [102] }],
              portGroups: { p: { vlan: 100 }, i: { vlan: 101 }, c: { vlan: 102 } },
            },
          },
          vms: {
            a: { portGroup: 'p', mac: mac(1) },
            b: { portGroup: 'i', mac: mac(2) },
            c: { portGroup: 'c', mac: mac(3) },
          },
        },
      },
    });

  it('who leaves there is asked, too', () => {
    const net = lab();
    net.send('h/b', report(G, own(2)));
    net.send('h/c', report(G, own(3)));
    expect(net.send('h/a', data(G, own(1))).recipients).toEqual(['h/b', 'h/c']);
    expect(queriesIn(net.send('h/b', leave(G, own(2))).frames)).toEqual(['h/b 0.0.0.0 v2']);
    expect(queriesIn(net.send('h/c', leave(G, own(3))).frames), 'b has not answered yet').toEqual([
      'h/b 0.0.0.0 v2',
      'h/c 0.0.0.0 v2',
    ]);
  });

  it('all members are asked after a failover', async () => {
    const net = lab();
    net.send('h/b', report(G, own(2)));
    await net.operate((network) => network.setLink('h/u1', false));
    net.pass(net.nowNs + 100n);
    expect(queriesIn(net.seen())).toEqual(['h/a 0.0.0.0 v2', 'h/b 0.0.0.0 v2', 'h/c 0.0.0.0 v2']);
  });
});

describe('a spanning tree', () => {
  const tree = (multicast: object, at = 's1') => {
    const topology = topologyOf(ring(3)) as { physical: { switches: Record<string, object> } };
    for (const sw of Object.values(topology.physical.switches)) Object.assign(sw, { multicast: 'snooping' });
    Object.assign(topology.physical.switches[at]!, { multicast });
    const lab = new Twins(topology);
    lab.pass(20n * SECOND);
    lab.seen();
    return lab;
  };

  it('queries go by its ports only', () => {
    // The cable between s2 and s3 is spare: its end at s3 says nothing.
    const lab = tree({ querier: { address: '10.0.0.1', interval: '20s' } }, 's3');
    lab.pass(200n * SECOND);
    const ports = new Set(queriesIn(lab.seen()).map((line) => line.split(' ')[0]!));
    expect([...ports].sort()).toEqual(['s1/1a', 's1/h', 's2/2a', 's2/h', 's3/3a', 's3/h']);
    expect(multicastOf(lab, 1).routerPorts.map(({ port }) => port)).toEqual(['s2/1b', 's2/1b']);
  });

  it('groups find their members again as soon as it has changed', async () => {
    const lab = tree({ querier: { address: '10.0.0.1' } });
    const station = (sw: number) => ({ src: mac(sw), ip: `10.0.0.${sw + 1}` });
    /** Stations that get the next frame of the group. */
    const got = () => {
      const { frames } = lab.send('s1/h', data(G, station(1)));
      const isData = (bytes: Uint8Array) => bytes[12] === 8 && bytes[23] === 17;
      const copies = frames.filter(({ direction, bytes }) => direction === 'out' && isData(bytes));
      return copies
        .map((frame) => frame.interface.name!)
        .filter((port) => port.endsWith('/h'))
        .sort();
    };
    lab.send('s2/h', report(G, station(2)));
    expect(got()).toEqual(['s2/h']);
    for (const port of ['s1/1a', 's2/1b']) await lab.operate((network) => network.setLink(port, false));
    lab.pass(lab.nowNs + SECOND / 10n);
    expect(got(), 'until all have answered groups go everywhere').toEqual(['s2/h', 's3/h']);
    lab.send('s2/h', report(G, station(2)));
    lab.pass(lab.nowNs + 12n * SECOND);
    lab.seen();
    expect(got(), 'then to members by the new way').toEqual(['s2/h']);
  });
});

it('promiscuous ports see reports that nobody else gets', () => {
  const lab = new Twins({
    hosts: {
      h: {
        vswitches: {
          v: {
            multicast: 'snooping',
            portGroups: { pg: {}, spy: { security: { promiscuous: 'accept' } } },
          },
        },
        vms: {
          a: { portGroup: 'pg', mac: mac(1) },
          b: { portGroup: 'pg', mac: mac(2) },
          s: { portGroup: 'spy', mac: mac(3) },
        },
      },
    },
  });
  expect(lab.send('h/a', report(G, own(1))).recipients).toEqual(['h/s']);
  expect(lab.send('h/s', report(G, own(3)))).toMatchObject({ recipients: [], drops: [] });
});
