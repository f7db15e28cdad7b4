/**
 * The health check: what it says of two ends that do not agree, and that it is right, by frames that are sent between the ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { mismatches } from '../../src/topology/health.ts';
import { loadHealth } from '../../src/topology/health-load.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { Lab } from '../engine/lab.ts';

interface Ends {
  readonly vswitch?: object;
  readonly groups?: object;
  readonly tor?: object;
  /** Ports 1 and 2, where the uplinks end. */
  readonly ports?: object;
  readonly more?: object;
}

/** A host with two uplinks into one switch, and a station at its port 3, which carries all. */
function topology({ vswitch = {}, groups = { web: { vlan: 10 } }, tor = {}, ports = { vlan: 10 }, more = {} }: Ends) {
  const last = { vlan: '1-4094', native: 4094 };
  return {
    hosts: {
      esx: {
        uplinks: { u1: { to: 'tor/1' }, u2: { to: 'tor/2' } },
        vswitches: { v: { portGroups: groups, ...vswitch } },
        vms: { a: { portGroup: Object.keys(groups)[0], mac: '02:00:00:00:00:0a' } },
      },
    },
    physical: { switches: { tor: { ports: { 1: ports, 2: ports, 3: last }, ...tor } } },
    ...more,
  };
}

function told(ends: Ends): string[] {
  const checked = topologyFrom(topology(ends));
  return mismatches(checked, checked.links).map(
    ({ severity, subject, message }) => `${severity} ${subject}: ${message}`,
  );
}

describe('two ends that agree', () => {
  const rows: readonly (readonly [what: string, ends: Ends])[] = [
    ['a trunk', { ports: { vlan: '10,20' } }],
    ['no VLANs anywhere', { groups: { web: {} }, ports: null as never, tor: { ports: 3 } }],
    ['an access port for a vSwitch without VLANs', { groups: { web: {} }, ports: { vlan: 10 } }],
    [
      'VLAN 0 and a native VLAN',
      { groups: { web: { vlan: 10 }, plain: { vlan: 0 } }, ports: { vlan: '10,20', native: 20 } },
    ],
    ['a tunnel, which takes any tag', { ports: { vlan: 100, tunnel: true } }],
    ['a native VLAN that leaves tagged', { ports: { vlan: '10,20', native: 10, nativeTagged: true } }],
  ];
  it.each(rows)('%s: nothing is found', (_, ends) => {
    expect(told(ends)).toEqual([]);
  });

  it('LAGs that both speak LACP, one of them active', () => {
    const ends = {
      ports: { vlan: '10,20' },
      vswitch: { teaming: { lag: 'active' } },
      tor: { lags: { l: { mode: 'passive', ports: [1, 2] } } },
    };
    expect(told(ends)).toEqual([]);
  });
});

describe('VLANs', () => {
  it('an access port for tagged frames is an error, and no frame gets through', () => {
    expect(told({})).toEqual([
      'error vlan: VLAN 10 leaves tagged, and tor/1 (u1), tor/2 (u2) are access ports of it; make a trunk there, or write vlan: 0 here',
    ]);
    expect(told({ ports: { vlan: 20 } })).toEqual([
      'error vlan: VLAN 10 is not carried at tor/1 (u1), tor/2 (u2); add it there',
    ]);
    const lab = new Lab(topology({}));
    const { drops } = lab.send('esx/a', lab.frame('ff:ff:ff:ff:ff:ff', '02:00:00:00:00:0a'));
    expect(drops).toContain('tor/1 vlan_not_member');
  });

  it('a trunk without one of the VLANs is an error for the port group that needs it', () => {
    const ends = { groups: { web: { vlan: 10 }, db: { vlan: 30 } }, ports: { vlan: '10,20' } };
    expect(told(ends)).toEqual(['error vlan: VLAN 30 is not carried at tor/1 (u1), tor/2 (u2); add it there']);
  });

  it('the same is a warning for a guest that has a trunk', () => {
    const ends = { groups: { web: { vlan: '10-12' } }, ports: { vlan: '10,20' } };
    expect(told(ends)).toEqual(['warning vlan: VLAN 11-12 is not carried at tor/1 (u1), tor/2 (u2); add it there']);
  });

  it('a native VLAN that the host expects tagged is an error, and its frames do not get in', () => {
    const ends = { ports: { vlan: '10,20', native: 10 } };
    expect(told(ends)[0]).toBe(
      'error vlan: VLAN 10 leaves untagged for esx/u1 and is not taken here; make it tagged (nativeTagged: true), or another VLAN native',
    );
    const lab = new Lab(topology(ends));
    const { recipients } = lab.send(
      'tor/3',
      lab.frame('02:00:00:00:00:0a', '02:00:00:00:00:99', { tags: [{ tpid: 0x8100, tci: 10 }] as never }),
    );
    expect(recipients).toEqual([]);
  });

  it('untagged frames into a port that takes tagged ones only are an error', () => {
    expect(told({ groups: { web: {} }, ports: { vlan: '10,20' } })[0]).toMatch(
      /^error vlan: only tagged frames are taken at tor\/1/,
    );
    expect(told({ groups: { web: { vlan: 0 }, db: { vlan: 10 } }, ports: { vlan: '10,20' } })[0]).toMatch(
      /VLAN 0 leaves untagged/,
    );
  });

  it('tags of two EtherTypes are an error', () => {
    expect(told({ vswitch: { uplinkTag: 's' }, ports: { vlan: '10,20' } })).toEqual([
      'error vlan: tags have EtherType 0x88a8 here and 0x8100 at tor/1 (u1), tor/2 (u2); make both alike',
    ]);
  });
});

describe('MTU', () => {
  it('a smaller one outside is an error, and long frames die there', () => {
    const ends = { vswitch: { mtu: 9000 }, ports: { vlan: '10,20' } };
    expect(told(ends)).toEqual([
      'error mtu: 9000 here and 1500 at tor/1 (u1), tor/2 (u2): longer frames die there as giants; make it the same everywhere',
    ]);
    const lab = new Lab(topology(ends));
    const frame = new Uint8Array(4000).fill(1);
    frame.set(lab.frame('ff:ff:ff:ff:ff:ff', '02:00:00:00:00:0a'));
    expect(lab.send('esx/a', frame).drops).toContain('tor/1 giant');
  });

  it('a larger one outside is a warning', () => {
    expect(told({ tor: { mtu: 9000 }, ports: { vlan: '10,20' } })[0]).toMatch(/^warning mtu: 1500 here and 9000 at/);
  });
});

describe('teaming', () => {
  const ports = { vlan: '10,20' };
  const lag = (mode: string) => ({ lags: { l: { mode, ports: [1, 2] } } });
  const rows: readonly (readonly [string, Ends, RegExp])[] = [
    [
      'a LAG outside only',
      { ports, tor: lag('static') },
      /^error teaming: there is a LAG at tor\/1 \(u1\), tor\/2 \(u2\)/,
    ],
    [
      'a LAG here only',
      { ports, vswitch: { teaming: { lag: 'static' } } },
      /^error teaming: the uplinks are one LAG, and there is none at tor\/1 \(u1\), tor\/2 \(u2\)/,
    ],
    [
      'static here, LACP there',
      { ports, vswitch: { teaming: { lag: 'static' } }, tor: lag('active') },
      /^error teaming: static here and active at LAG l of tor/,
    ],
    [
      'LACP here, static there',
      { ports, vswitch: { teaming: { lag: 'active' } }, tor: lag('static') },
      /^error teaming: active here and static/,
    ],
    [
      'both passive',
      { ports, vswitch: { teaming: { lag: 'passive' } }, tor: lag('passive') },
      /^error teaming: passive here and at LAG l of tor/,
    ],
  ];
  it.each(rows)('%s', (_, ends, line) => {
    expect(told(ends)).toEqual([expect.stringMatching(line)]);
  });

  it('different rates of active uplinks are a warning', () => {
    const checked = topologyFrom({
      hosts: {
        esx: {
          uplinks: { u1: { to: 'tor/1', rate: '1G' }, u2: { to: 'tor/2', rate: '10G' } },
          vswitches: { v: { portGroups: { g: {} } } },
        },
      },
      physical: { switches: { tor: { ports: 2 } } },
    });
    expect(mismatches(checked, checked.links)).toMatchObject([{ severity: 'warning', subject: 'rate' }]);
  });
});

describe('two physical switches', () => {
  const between = (a: object, b: object, more: { a?: object; b?: object } = {}) => {
    const checked = topologyFrom({
      physical: {
        switches: { a: { ports: { 1: a, 2: null }, ...more.a }, b: { ports: { 1: b, 2: null }, ...more.b } },
        links: [{ a: 'a/1', b: 'b/1' }],
      },
    });
    return mismatches(checked, checked.links).map(({ severity, message }) => `${severity}: ${message.split(':')[0]}`);
  };

  it('agree, or are told what runs into what', () => {
    expect(between({ vlan: '1-20', native: 1 }, { vlan: '1-20', native: 1 })).toEqual([]);
    expect(between({ vlan: '1-20', native: 1 }, { vlan: '1-20', native: 2 })).toEqual([
      'error: frames without a tag are of VLAN 1 here and of VLAN 2 at b/1',
    ]);
    const tagged = { vlan: '1-20', native: 10, nativeTagged: true };
    expect(between(tagged, { vlan: '1-20' })).toEqual([]);
    expect(between({ vlan: 10, tunnel: true }, { vlan: 10, tunnel: true })).toEqual([]);
    expect(between({ vlan: 10 }, { vlan: 20 })).toEqual([
      'error: frames without a tag are of VLAN 10 here and of VLAN 20 at b/1',
    ]);
    expect(between({ vlan: '1-20', native: 1 }, { vlan: '1-10', native: 1 })).toEqual([
      'warning: VLAN 11-20 is carried at one end only, here or at b/1; make both alike',
    ]);
    expect(between({ vlan: 10 }, { vlan: 10 }, { a: { mtu: 9000 } })).toEqual(['warning: 1500 here and 9000 at a']);
    expect(between({ vlan: 10 }, { vlan: 10 }, { a: { lags: { l: { ports: [1] } } } })).toEqual([
      'error: a LAG ends at a/1, and the other end is in none; make both ends LAGs, or neither',
    ]);
  });
});

describe('rings of physical switches', () => {
  type Row = readonly [what: string, physical: object, told: readonly string[]];
  const links = [
    { a: 'a/1', b: 'b/1', delay: '1us' },
    { a: 'b/2', b: 'c/1', delay: '1us' },
    { a: 'c/2', b: 'a/2', delay: '1us' },
  ];
  const three = (more: object = {}, of: Partial<Record<'a' | 'b' | 'c', object>> = {}) => ({
    switches: Object.fromEntries((['a', 'b', 'c'] as const).map((name) => [name, { ports: 3, ...of[name] }])),
    links,
    ...more,
  });
  const trunks = (first: string, second: string) => ({
    ports: { 1: { vlan: first }, 2: { vlan: second }, 3: { vlan: 10 } },
  });
  const told = (physical: object) => {
    const checked = topologyFrom({ physical });
    return mismatches(checked, checked.links).map(({ severity, path, message }) => {
      return `${severity} ${path.slice(2).join('.')}: ${message.split(/[:;]/)[0]}`;
    });
  };
  /** Frames on their way, or that went, 1 ms after one broadcast was sent: a ring that is open has no end of them. */
  const goesRound = (physical: object) => {
    const { network } = new Lab({ physical }, {}, false);
    network.advance(40_000_000_000n);
    const frame = new Uint8Array(60).fill(0xff, 0, 6);
    frame.set([2, 0, 0, 0, 0, 9, 0x88, 0xb5], 6);
    network.inject('a/3', frame, network.nowNs);
    network.advance(network.nowNs + 1_000_000n);
    return network.ledger().held > 0;
  };
  const open = 'error c.ports.2: the cable from c/2 to a/2 closes a ring that nothing blocks, as ';
  const edge = { spanningTree: { ports: { 1: { edge: true } } } };
  const rows: Row[] = [
    ['with a tree', three({ spanningTree: 'rstp' }), []],
    ['without', three(), [`${open}c/2, a/2 run no spanning tree`]],
    [
      'with one switch that takes no part',
      three({ spanningTree: 'rstp' }, { c: { spanningTree: 'none' } }),
      [`${open}c/2 runs no spanning tree`],
    ],
    [
      'with one port that takes no part',
      three({ spanningTree: 'rstp' }, { a: { spanningTree: { ports: { 2: { enabled: false } } } } }),
      [`${open}a/2 runs no spanning tree`],
    ],
    [
      'that are none for any VLAN',
      three({}, { a: trunks('10', '20'), b: trunks('10', '30'), c: trunks('30', '20') }),
      [],
    ],
    [
      'that lack a VLAN at one cable',
      three(
        { spanningTree: 'rstp' },
        { a: trunks('10,20', '10,20'), b: trunks('10,20', '10'), c: trunks('10', '10,20') },
      ),
      ['warning b.ports.2.vlan: VLAN 20 is carried by other cables of its ring and not from b/2 to c/1'],
    ],
    [
      'with an edge in it',
      three({ spanningTree: 'rstp' }, { b: edge }),
      ['warning b.spanningTree.ports.1.edge: b/1 leads to a/1, a switch, and forwards before it has heard of it'],
    ],
    [
      'of which one side is a LAG',
      three(
        { links: [...links, { a: 'a/3', b: 'b/3' }] },
        {
          a: { ports: 4, lags: { l: { ports: [1, 3] } } },
          b: { ports: 4, lags: { l: { ports: [1, 3] } } },
        },
      ),
      [`${open}c/2, a/2 run no spanning tree`],
    ],
  ];
  it.each(rows)('%s', (_, physical, lines) => {
    expect(told(physical)).toEqual(lines);
    if ('links' in physical && physical.links === links)
      expect(goesRound(physical)).toBe(lines.some((line) => line.startsWith('error')));
  });

  it('two cables side by side are one, too', () => {
    const pair = { switches: { a: { ports: 2 }, b: { ports: 2 } } };
    const both = [
      { a: 'a/1', b: 'b/1' },
      { a: 'a/2', b: 'b/2' },
    ];
    expect(told({ ...pair, links: both })).toEqual([
      'error a.ports.2: the cable from a/2 to b/2 closes a ring that nothing blocks, as a/2, b/2 run no spanning tree',
    ]);
    expect(told({ ...pair, links: both.slice(1) })).toEqual([]);
  });
});

describe('of a file', () => {
  it('several findings at one place are all told', () => {
    const file = join(folder, 'several.yaml');
    const { hosts, physical } = topology({});
    const ports = { 1: { vlan: 10 }, 2: { vlan: '20,30' }, 3: { vlan: 10 } };
    writeFileSync(file, stringify({ hosts, physical: { switches: { tor: { ...physical.switches.tor, ports } } } }));
    expect(loadHealth(file).findings.map(({ message }) => message)).toEqual([
      'VLAN 10 is not carried at tor/2 (u2); add it there',
      'VLAN 10 leaves tagged, and tor/1 (u1) is an access port of it; make a trunk there, or write vlan: 0 here',
    ]);
  });

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vswitch-health-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('findings have their place in it, errors first, and those of copied hosts are told once', () => {
    const file = join(folder, 'lab.yaml');
    const { hosts, physical } = topology({ vswitch: { mtu: 9000 }, ports: { vlan: '20,30' } });
    const host = { ...hosts.esx, count: 3, uplinks: { u1: { to: 'tor/{n}' } } };
    writeFileSync(
      file,
      stringify({
        hosts: { esx: host },
        physical: { switches: { tor: { ports: { ...physical.switches.tor.ports, 3: { vlan: '20,30' } } } } },
      }),
    );
    const { findings } = loadHealth(file);
    expect(
      findings.map(({ severity, subject, place }) => `${severity} ${subject} ${place.replace(folder, '')}`),
    ).toEqual([
      'error vlan /lab.yaml:10:19: hosts.esx.vswitches.v.portGroups.web.vlan',
      'error mtu /lab.yaml:11:14: hosts.esx.vswitches.v.mtu',
    ]);
  });
});
