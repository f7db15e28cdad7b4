/** The keys of multicast: what they make of the model, and what is refused. */
import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';

const host = (vswitch: string, vm = '{}') =>
  `hosts: { h: { uplinks: [u], vswitches: { v: { portGroups: { g: {} }, ${vswitch} } }, vms: { a: ${vm} } } }`;
const load = (yaml: string) => parseTopology(yaml, 'lab.yaml');
const vswitch = (keys: string) => load(host(keys)).hosts[0]!.vswitches[0]!;
const nic = (keys: string) => load(host('', `{ ${keys} }`)).hosts[0]!.vms[0]!.nics[0]!;

function refused(yaml: string): string[] {
  try {
    load(yaml);
  } catch (error) {
    if (error instanceof TopologyError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('the keys of a switch', () => {
  it('flood is as without the key', () => {
    expect(vswitch('multicast: flood')).not.toHaveProperty('multicast');
    expect(vswitch('mtu: 1500')).not.toHaveProperty('multicast');
  });

  it('snooping has the defaults of RFC 2236', () => {
    expect(vswitch('multicast: snooping').multicast).toEqual({
      mode: 'snooping',
      querier: null,
      floodUnregistered: true,
      ageingNs: 260e9,
      fastLeave: false,
      versions: { igmp: 2, mld: 1 },
      groupsMax: 1024,
      routerPorts: [],
    });
    expect(vswitch('multicast: { querier: true }').multicast!.querier).toEqual({ intervalNs: 125e9, address: null });
    expect(vswitch('multicast: { querier: false }').multicast!.querier).toBeNull();
  });

  it('a physical switch has them, too', () => {
    const { switches } = load('physical: { switches: { s: { ports: 2, multicast: { routerPorts: [2] } } } }');
    expect(switches[0]!.multicast).toMatchObject({ mode: 'snooping', routerPorts: ['2'] });
  });
});

describe('the keys of a vNIC', () => {
  it('groups are written one way', () => {
    expect(nic('groups: [239.1.1.1, "FF15:0:0:0:0:0:0:1", "ff15:0:0:1::"]').listening).toEqual({
      groups: ['239.1.1.1', 'ff15::1', 'ff15:0:0:1::'],
      igmp: 2,
      mld: 2,
    });
    expect(nic('groups: []').listening!.groups).toEqual([]);
    expect(nic('mac: "02:00:00:00:00:01"')).not.toHaveProperty('listening');
  });
});

const at = 'hosts.h.vswitches.v.multicast';
const vm = 'hosts.h.vms.a';
const join = (port: string, group: string) =>
  `${host('', '{ groups: [] }')}\nevents: [{ at: 1s, join: { port: ${port}, group: ${group} } }]`;
const stream = (to: string, more = '') => `${host('')}\ntraffic: [{ from: h/a, to: "${to}"${more} }]`;

describe('is refused with the place and the remedy', () => {
  it.each([
    [host('multicast: snoop'), `${at}: snoop is not one of the choices; allowed: flood, filter, snooping`],
    [
      host('multicast: 5'),
      `${at}: 5 is not a mode or a map; flood, filter, snooping or { mode: snooping, querier: true }`,
    ],
    [
      host('multicast: { mode: filter, querier: true }'),
      `${at}.querier: querier goes with mode: snooping; leave it out with filter`,
    ],
    [host('multicast: { mode: flood, max: 4 }'), `${at}.max: max has no use with flood; leave it out`],
    [
      host('multicast: { querier: { address: 239.0.0.1 } }'),
      `${at}.querier.address: 239.0.0.1 is not a querier's IPv4 address; such as 10.0.0.254; without one it asks as a proxy`,
    ],
    [host('multicast: { max: 0 }'), `${at}.max: 0 is not in range; 1 to 65,536`],
    [host('multicast: { versions: { igmp: 4 } }'), `${at}.versions.igmp: 4 is not in range; 1 to 3`],
    [
      host('multicast: { routerPorts: [u2] }'),
      `${at}.routerPorts[0]: unknown port u2 in routerPorts; this switch has u, a`,
    ],
    [
      host('', '{ groups: [10.0.0.1] }'),
      `${vm}.groups[0]: 10.0.0.1 is not a group; 224.0.1.0 to 239.255.255.255, such as 239.1.1.1`,
    ],
    [
      host('', '{ groups: [224.0.0.5] }'),
      `${vm}.groups[0]: 224.0.0.5 is not a group to join; 224.0.0.0/24 goes to all on a link; such as 239.1.1.1`,
    ],
    [
      host('', '{ groups: ["ff02::1"] }'),
      `${vm}.groups[0]: ff02::1 is not a group to join; ff02::1 goes to all on a link; such as ff15::1`,
    ],
    [
      host('', '{ groups: ["ff15:::1"] }'),
      `${vm}.groups[0]: ff15:::1 is not a group's address; a group such as 239.1.1.1 or ff15::1`,
    ],
    [host('', '{ groups: [239.1.1.1, 239.1.1.1] }'), `${vm}.groups[1]: 239.1.1.1 stands twice; each group once`],
    [host('', '{ igmp: 2 }'), `${vm}.igmp: igmp goes with groups, which is missing; write groups: [] for none yet`],
    [host('', '{ groups: [], igmp: 4 }'), `${vm}.igmp: 4 is not in range; 1 to 3`],
    [join('h/u', '239.1.1.1'), 'events[0].join.port: h/u is an uplink; only a vNIC has a guest'],
    [
      join('h/a', '10.1.1.1'),
      'events[0].join.group: 10.1.1.1 is not a group; 224.0.1.0 to 239.255.255.255, such as 239.1.1.1',
    ],
    [
      `${host('')}\nevents: [{ at: 1s, leave: { port: h/a, group: 239.1.1.1 } }]`,
      'events[0].leave.port: the guest at h/a takes every group and joins none; write groups: [] at the vNIC',
    ],
    [stream('ff15::1', ', size: 64'), "traffic[0].size: 64 is too short for IPv6 and a test frame's marks; 74 or more"],
    [
      stream('224.0.0.1'),
      'traffic[0].to: 224.0.0.1 is not a group to join; 224.0.0.0/24 goes to all on a link; such as 239.1.1.1',
    ],
  ])('%s', (yaml, line) => {
    expect(refused(yaml)).toEqual([line]);
  });

  it('too many groups of a guest', () => {
    const groups = Array.from({ length: 65 }, (_, i) => `239.1.1.${i}`);
    expect(refused(host('', `{ groups: [${groups}] }`))).toEqual([
      `${vm}.groups: too many groups; a guest joins at most 64`,
    ]);
  });
});

it('a warning for members that are forgotten before they are asked again', () => {
  const { warnings } = load(host('multicast: { querier: true, ageing: 60s }'));
  expect(warnings.map(({ message }) => message)).toEqual([
    'members are forgotten after 60s, asked every 125s and answer within 10s; write an ageing above two intervals',
  ]);
});

describe('a querier beside a switch that snoops', () => {
  const warned = (tor: string, vswitch: string) =>
    load(`hosts: { h: { uplinks: { u: { to: tor/1 } }, vswitches: { v: { portGroups: { g: {} }, multicast: ${vswitch} } }, vms: { a: {} } } }
physical: { switches: { tor: { ports: 2, multicast: ${tor} } } }`).warnings.map(
      ({ place, message }) => `${place}: ${message}`,
    );
  const place = 'lab.yaml:2:64: physical.switches.tor.multicast.querier';
  const silent =
    'without an address its IPv4 queries come from 0.0.0.0, which makes no router port of theirs (RFC 4541): h/v keeps reports to itself; write querier: { address: 10.0.0.254 } or the like';

  it.each([
    ['{ querier: true }', 'snooping', [`${place}: ${silent}`]],
    ['{ querier: { address: 10.0.0.1 } }', 'snooping', []],
    ['{ querier: true }', 'filter', []],
    ['{ querier: true }', '{ routerPorts: [u] }', []],
    ['{ querier: true }', '{ querier: true }', []],
    ['snooping', 'snooping', []],
    [
      '{ querier: { address: 10.0.0.1, interval: 300s }, ageing: 700s }',
      'snooping',
      [
        'lab.yaml:2:95: physical.switches.tor.multicast.querier.interval: it asks every 300s, and h/v forgets members after 260s; write an ageing above two intervals there',
      ],
    ],
  ])('tor with %s, the vSwitch with %s', (tor, vswitch, warnings) => {
    expect(warned(tor, vswitch)).toEqual(warnings);
  });
});
