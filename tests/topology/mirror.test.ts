/** Mirrors in a topology file: what is refused, with its place, and what becomes of the rest. */
import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';

const load = (mirror: string, events = '') =>
  parseTopology(
    `hosts:
  esx1:
    uplinks: [vmnic0]
    vswitches:
      v:
        portGroups: { web: { vlan: 10 }, db: { vlan: 20 } }
        mirrors: { m: ${mirror} }
    vms: { a: { portGroup: web }, b: { portGroup: db }, ids: { portGroup: web } }
physical:
  switches: { tor: { ports: { 1: { vlan: 10 }, 2: { vlan: 30, tunnel: true } } } }
events: [${events}]
`,
    'lab',
  );

function told(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof TopologyError) return error.message;
    throw error;
  }
  return 'nothing is wrong';
}

const at = (column: number, path: string) => `lab:7:${column}: hosts.esx1.vswitches.v.mirrors.m${path}: `;

describe('a mirror is refused', () => {
  it.each([
    [
      '{ from: [ids], to: ids }',
      `${at(32, '.from[0]')}the mirror copies to esx1/ids, and would mirror itself; leave the port out, or copy to another one`,
    ],
    [
      '{ in: [a], out: [b, esx1/ids], to: ids }',
      `${at(43, '.out[1]')}the mirror copies to esx1/ids, and would mirror itself; leave the port out, or copy to another one`,
    ],
    ['{ in: [a], to: idz }', `${at(38, '.to')}unknown port idz; did you mean ids? esx1/v has a, b, ids, vmnic0`],
    ['{ in: [x], to: ids }', `${at(30, '.in[0]')}unknown port x; did you mean a? esx1/v has a, b, ids, vmnic0`],
    ['{ in: [x*], to: ids }', `${at(30, '.in[0]')}no port of esx1/v fits x*`],
    [
      '{ in: [a], to: vmnic0 }',
      `${at(38, '.to')}esx1/vmnic0 is an uplink, which carries frames of all; for copies to leave the host write to: { vlan: 999 }`,
    ],
    ['{ to: ids }', `${at(20, '')}nothing is copied; write from, in, out, vlans, drops or all`],
    ['{ in: [a], to: {} }', `${at(38, '.to')}copies go nowhere; name a port, or { vlan: 999 }`],
    [
      '{ in: [a], to: { port: ids, vlan: 9 } }',
      `${at(38, '.to')}copies go to a port or to a VLAN, not to both; write two mirrors`,
    ],
    ['{ all: true, in: [a], to: ids }', `${at(36, '.in')}all is every port already; leave in out`],
    ['{ in: [a], transit: true, to: ids }', `${at(34, '.transit')}transit is for copies to a VLAN; leave it out`],
    [
      '{ in: [a], to: { vlan: 20 } }',
      `${at(46, '.to.vlan')}VLAN 20 is the own VLAN of port group db of esx1/v; copies need a VLAN that no station is in`,
    ],
    [
      '{ in: [a], to: { vlan: 30 } }',
      `${at(46, '.to.vlan')}VLAN 30 is the own VLAN of tor/2; copies need a VLAN that no station is in`,
    ],
    ['{ in: [a], to: { vlan: 4095 } }', `${at(46, '.to.vlan')}4095 is not in range; 1 to 4,094`],
    [
      '{ drops: [deja_vue], to: ids }',
      `${at(32, '.drops')}deja_vue is not a verdict that drops; did you mean deja_vu? allowed: link_down, port_shut, runt, giant, src_group, src_zero, vid_reserved, frame_type, … (N in all)`,
    ],
    ['{ in: [a], snap: 10, to: ids }', `${at(40, '.snap')}10 is not in range; 64 to 65,535`],
    [
      '{ in: [a], to: ids }, n: { in: [ids], to: b }',
      'lab:7:55: hosts.esx1.vswitches.v.mirrors.n.in[0]: esx1/ids is where the copies of mirror m go, and carries nothing else; leave it out',
    ],
  ])('%s', (mirror, line) => {
    expect(told(() => load(mirror)).replace(/\d+ in all/, 'N in all')).toBe(line);
  });

  it('to a VLAN that its uplinks are told not to carry, or where nothing has one', () => {
    const host = (vswitch: string) =>
      `hosts: { h: { uplinks: [u], vswitches: { v: { ${vswitch} } }, vms: { a: {} } } }`;
    const mirrors = 'mirrors: { m: { in: [a], to: { vlan: 99 } } }';
    expect(
      told(() => parseTopology(host(`portGroups: { g: { vlan: 10 } }, uplinkVlans: 10, ${mirrors}`), 'lab')),
    ).toMatch(/to\.vlan: the uplinks do not carry VLAN 99; add it to uplinkVlans$/);
    expect(told(() => parseTopology(host(`portGroups: { g: {} }, ${mirrors}`), 'lab'))).toMatch(
      /to\.vlan: no port has a vlan, so that tags pass unread; give one a vlan$/,
    );
  });

  it('to a port of a physical switch that is a tunnel or in a LAG', () => {
    const tor = (to: number) =>
      `physical: { switches: { tor: { ports: { 1: { vlan: 10 }, 2: { vlan: 30, tunnel: true }, 3: , 4: }, lags: { l: { ports: [3, 4] } }, mirrors: { p: { in: [1], to: ${to} } } } } }`;
    expect(told(() => parseTopology(tor(2), 'lab'))).toMatch(/tor\/2 is a tunnel port, which cannot show/);
    expect(told(() => parseTopology(tor(3), 'lab'))).toMatch(/tor\/3 belongs to LAG l, and copies go to a port/);
  });

  it('to where a multicast router is said to be', () => {
    const tor = 'multicast: { routerPorts: [2] }, mirrors: { p: { in: [1], to: 2 } }';
    expect(told(() => parseTopology(`physical: { switches: { tor: { ports: 2, ${tor} } } }`, 'lab'))).toMatch(
      /tor\.multicast\.routerPorts\[0\]: 2 is where the copies of mirror p go, and carries nothing else; leave it out$/,
    );
    const v = 'multicast: { routerPorts: [a, b] }, mirrors: { m: { in: [a], to: b } }';
    const host = `hosts: { h: { vswitches: { v: { portGroups: { g: {} }, ${v} } }, vms: { a: {}, b: {} } } }`;
    expect(told(() => parseTopology(host, 'lab'))).toMatch(
      /v\.multicast\.routerPorts\[1\]: b is where the copies of mirror m go, and carries nothing else; leave it out$/,
    );
  });

  it('when there are more than 32 on a switch', () => {
    const mirrors = Array.from({ length: 33 }, (_, i) => `m${i}: { in: [1], to: 2 }`).join(', ');
    const yaml = `physical: { switches: { tor: { ports: 2, mirrors: { ${mirrors} } } } }`;
    expect(told(() => parseTopology(yaml, 'lab'))).toMatch(/mirrors: too many mirrors; at most 32 on a switch$/);
  });

  it('by an event that names none', () => {
    expect(told(() => load('{ in: [a], to: ids }', '{ at: 1ms, mirrorOn: esx1/v/n }'))).toBe(
      'lab:11:31: events[0].mirrorOn: unknown mirror esx1/v/n; did you mean esx1/v/m? there are esx1/v/m',
    );
  });
});

describe('a mirror that stands', () => {
  const mirrorOf = (text: string) => load(text).hosts[0]!.vswitches[0]!.mirrors![0]!;
  const plain = {
    name: 'm',
    vlans: null,
    byVlan: false,
    drops: [],
    snapBytes: null,
    sample: 1,
    transit: false,
    on: true,
  };
  const port = { port: 'esx1/ids' };

  it.each([
    ['{ in: [a], to: ids }', { ...plain, in: ['esx1/a'], out: [], to: port }],
    ['{ from: [a], out: [esx1/b], to: ids }', { ...plain, in: ['esx1/a'], out: ['esx1/a', 'esx1/b'], to: port }],
    ['{ in: ["*"], to: esx1/ids }', { ...plain, in: ['esx1/a', 'esx1/b', 'esx1/vmnic0'], out: [], to: port }],
    [
      '{ vlans: 10, to: ids }',
      {
        ...plain,
        in: ['esx1/a', 'esx1/b', 'esx1/vmnic0'],
        out: [],
        vlans: [{ first: 10, last: 10 }],
        byVlan: true,
        to: port,
      },
    ],
    [
      '{ drops: [queue_full, deja_vu], to: ids, off: true }',
      { ...plain, in: [], out: [], drops: ['deja_vu', 'queue_full'], to: port, on: false },
    ],
  ])('%s', (text, mirror) => expect(mirrorOf(text)).toEqual(mirror));

  it('to a VLAN has the uplinks carry it', () => {
    const vswitch = load('{ in: [a], to: { vlan: 999 } }').hosts[0]!.vswitches[0]!;
    expect(vswitch.uplinkVlan).toMatchObject({ vids: [10, 20, 999].map((vid) => ({ first: vid, last: vid })) });
  });

  it('warns of a VM that watches and sends', () => {
    const yaml = `hosts: { h: { vswitches: { v: { portGroups: { g: {} }, mirrors: { m: { in: [a], to: b } } } }, vms: { a: { ip: 10.0.0.1/24 }, b: { ip: 10.0.0.2/24 } } } }
traffic: [{ from: h/b, to: h/a }]`;
    expect(parseTopology(yaml, 'lab').warnings.map(({ message }) => message)).toContain(
      'h/b sends traffic, all of which is dropped as mirror_port: who watches only listens',
    );
  });

  it.each([
    ['groups: [239.1.1.1]', '', 'joins groups'],
    ['ip: dhcp, groups: [239.1.1.1]', '', 'asks for an address by DHCP and joins groups'],
    ['ip: 10.0.0.2/24, groups: []', 'traffic: [{ from: h/b, ping: h/a }]', 'pings'],
    ['ip: 10.0.0.2/24', '', null],
  ])('warns of a VM that watches and has %s %s', (vm, more, what) => {
    const yaml = `hosts: { h: { vswitches: { v: { portGroups: { g: {} }, mirrors: { m: { in: [a], to: b } } } }, vms: { a: { ip: 10.0.0.1/24 }, b: { ${vm} } } } }
${more}`;
    const why = `h/b ${what}, which nobody hears: what comes from there is dropped as mirror_port`;
    expect(parseTopology(yaml, 'lab').warnings.map(({ message }) => message)).toEqual(what === null ? [] : [why]);
  });
});
