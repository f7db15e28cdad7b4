import { describe, expect, it } from 'vitest';
import { parseTopology, topologyFrom } from '../../src/topology/load.ts';

/** Everything that is warned of: a file, and the warnings without the file's name. None where there is nothing to say. */

const inHost = (lines: string) => `hosts:\n  h:\n${lines.replace(/^/gm, '    ')}\n`;
const vswitch = (text: string) => inHost(`uplinks: [a, b]\nvswitches:\n  v: ${text}`);
const three = (text: string) => inHost(`uplinks: [a, b, c]\nvswitches:\n  v: ${text}`);
const cabled = (a: string, b: string, teaming: string, physical: string) =>
  `${inHost(`uplinks: { a: { to: ${a} }, b: { to: ${b} } }\nvswitches:\n  v: { teaming: { ${teaming} } }`)}physical:\n  switches:\n${physical.replace(/^/gm, '    ')}\n`;
const promiscuous = 'security: { promiscuous: accept }';

const warnings: [yaml: string, ...lines: string[]][] = [
  // Failure detection
  [
    vswitch('{ teaming: { detection: beacon } }'),
    '5:34: hosts.h.vswitches.v.teaming.detection: of two uplinks, a lost beacon does not tell which one failed; three can tell',
  ],
  [three('{ teaming: { detection: beacon } }')],
  // Copies
  [
    vswitch('{ rpf: off }'),
    '5:17: hosts.h.vswitches.v.rpf: unicast that the outside floods comes in by 2 uplinks, and more than one copy is taken; rpf: strict takes one',
  ],
  [vswitch('{ rpf: loose, teaming: { active: [a], standby: [b] } }')],
  [
    vswitch('{ rpf: loose, teaming: { lag: active } }'),
    '5:17: hosts.h.vswitches.v.rpf: no effect with a LAG, which is one uplink (R18); leave it out',
  ],
  [
    vswitch(`{ receivers: per-recipient, portGroups: { g: { ${promiscuous} }, h: {} } }`),
    '5:82: hosts.h.vswitches.v.portGroups.g.security.promiscuous: with receivers: per-recipient, frames come in by several uplinks, and a promiscuous vNIC gets them more than once',
  ],
  [
    vswitch(`{ rpf: loose, ${promiscuous}, portGroups: { g: {}, h: { security: { staticConflict: drop } } } }`),
    '5:17: hosts.h.vswitches.v.rpf: unicast that the outside floods comes in by 2 uplinks, and more than one copy is taken; rpf: strict takes one',
    '5:49: hosts.h.vswitches.v.security.promiscuous: with rpf: loose, frames come in by several uplinks, and a promiscuous vNIC gets them more than once',
  ],
  [vswitch(`{ portGroups: { g: { ${promiscuous} } } }`)],
  [vswitch(`{ receivers: per-recipient, uplinks: [a], portGroups: { g: { ${promiscuous} } } }`)],
  // LAGs
  [
    cabled('s/1', 's/2', 'lag: static', 's: { ports: 2 }'),
    '5:28: hosts.h.vswitches.v.teaming.lag: s/1, s/2 at the other end are not one LAG, so that frames come twice or are lost; make them one',
  ],
  [
    cabled('s/1', 's/2', 'lag: static', 's: { ports: 3, lags: { x: { ports: [1] }, y: { ports: [2] } } }'),
    '5:28: hosts.h.vswitches.v.teaming.lag: s/1, s/2 at the other end are not one LAG, so that frames come twice or are lost; make them one',
  ],
  [cabled('s/1', 's/2', 'lag: static', 's: { ports: 3, lags: { x: { ports: [1, 2, 3] } } }')],
  [
    cabled('s/1', 's/2', 'policy: port-id', 's: { ports: 3, lags: { x: { ports: [1, 2] } } }'),
    '8:28: physical.switches.s.lags.x: h/a, h/b at the other end are not one LAG, so that frames come twice or are lost; make them one',
  ],
  [
    cabled('s/1', 's/2', 'lag: passive', 's: { ports: 3, lags: { x: { mode: passive, ports: [1, 2] } } }'),
    '5:28: hosts.h.vswitches.v.teaming.lag: s/x at the other end is passive, too, so that LACP never begins; make one of them active',
  ],
  [
    cabled('s/1', 's/2', 'lag: passive', 's: { ports: 3, lags: { x: { ports: [1, 2] } } }'),
    '5:28: hosts.h.vswitches.v.teaming.lag: s/x at the other end is static: only one of them speaks LACP, which never comes up; use it on both ends or on none',
  ],
  [cabled('s/1', 's/2', 'lag: passive', 's: { ports: 3, lags: { x: { mode: active, ports: [1, 2] } } }')],
  [vswitch('{ teaming: { lag: active } }')],
  // Domains
  [
    cabled('s/1', 't/1', 'failback: true', 's: { ports: 2 }\nt: { ports: 2 }'),
    '5:7: hosts.h.vswitches.v: its uplinks lead to s, t, which nothing joins: what is sent by one never reaches the other; link them, or make a vSwitch for each',
  ],
  [
    `${cabled('s/1', 't/1', 'failback: true', 's: { ports: 2 }\nt: { ports: 2 }\nu: { ports: 2 }')}  links: [{ a: s/2, b: u/2 }, { a: u/1, b: t/2 }]\n`,
  ],
  [cabled('s/1', 't/1', 'active: [a]', 's: { ports: 2 }\nt: { ports: 2 }')],
  [
    `hosts:\n  h:\n    count: 2\n    uplinks: { a: { to: "s/{n}" }, b: { to: "t/{n}" } }\n    vswitches: { v: {} }\nphysical: { switches: { s: { ports: 2 }, t: { ports: 2 } } }\n`,
    '5:18: hosts.h.vswitches.v: its uplinks lead to s, t, which nothing joins: what is sent by one never reaches the other; link them, or make a vSwitch for each',
  ],
  // Tables
  [
    vswitch('{ table: { ageing: 9.9s } }'),
    '5:29: hosts.h.vswitches.v.table.ageing: 802.1D begins at 10 s: what a station is sent while it pauses for longer than this is flooded',
  ],
  [vswitch('{ table: { ageing: 10s } }')],
  [
    'physical: { switches: { s: { ports: 1, table: { ageing: 1 } } } }\n',
    '1:57: physical.switches.s.table.ageing: 802.1D begins at 10 s: what a station is sent while it pauses for longer than this is flooded',
  ],
  [
    vswitch('{ macModel: registered, preset: vds, portGroups: { g: { learning: true } } }'),
    "5:76: hosts.h.vswitches.v.portGroups.g.learning: forgedTransmits is reject: no address but the vNIC's own gets in to be learned; accept it, or do not learn",
  ],
  [vswitch('{ macModel: registered, portGroups: { g: { learning: true } } }')],
  [vswitch('{ preset: vds, portGroups: { g: { learning: true } } }')],
  // VLANs
  [
    vswitch('{ uplinkVlans: 10, portGroups: { g: { vlan: "5-7,10" }, h: {}, i: { vlan: 10 }, j: { vlan: 4095 } } }'),
    '5:54: hosts.h.vswitches.v.portGroups.g.vlan: the uplinks do not carry VLAN 5-7, which stays on the host; add it to uplinkVlans',
    '5:69: hosts.h.vswitches.v.portGroups.h: the uplinks do not carry VLAN 0, which stays on the host; add it to uplinkVlans',
  ],
  [vswitch('{ portGroups: { g: { vlan: 10 }, h: { vlan: 20, absent: true } } }')],
  [
    vswitch('{ uplinkVlans: 10, portGroups: { g: { vlan: 10 }, h: { vlan: 20, absent: true } } }'),
    '5:71: hosts.h.vswitches.v.portGroups.h.vlan: the uplinks do not carry VLAN 20, which stays on the host; add it to uplinkVlans',
  ],
  [vswitch('{ uplinks: [], uplinkVlans: 10, portGroups: { g: { vlan: 5 } } }')],
  // No effect
  [
    vswitch('{ rpf: loose, rpfGrace: 5ms, teaming: { active: [a], standby: [b] } }'),
    '5:34: hosts.h.vswitches.v.rpfGrace: no effect with rpf: loose, which asks for no pin; leave it out',
  ],
  [
    vswitch('{ receivers: active, teaming: { lag: active } }'),
    '5:23: hosts.h.vswitches.v.receivers: no effect with a LAG, which is one uplink (R18); leave it out',
  ],
  [
    vswitch('{ teaming: { active: [], standby: [a, b] } }'),
    '5:31: hosts.h.vswitches.v.teaming.active: no uplink is active, and standby ones only replace active ones: nothing goes outside',
  ],
  // Lessons
  [
    'physical: { switches: { s: { ports: 1 } } }\nteaching: { disable: [R9, R1] }\n',
    '2:22: teaching.disable: R1, R9 are off, so that frames may loop or come twice',
  ],
  ['physical: { switches: { s: { ports: 1 } } }\nteaching: { stormLimit: 2 }\n'],
  [
    'physical: { switches: { s: { ports: 1 } } }\nteaching: { disable: [R9] }\ncaptures: [{ file: a.pcap }, { file: b.pcapng }]\n',
    '2:22: teaching.disable: R9 is off, so that frames may loop or come twice',
    '3:20: captures[0].file: a classic pcap has no room to say that rules are switched off; name it .pcapng',
  ],
];

describe('a topology file is warned of with the place and the reason', () => {
  it.each(warnings)('%j', (yaml, ...lines) => {
    const found = parseTopology(yaml, 'lab.yaml').warnings;
    expect(found.map(({ place, message }) => `${place}: ${message}`.replace(/^lab\.yaml:/, ''))).toEqual(lines);
  });
});

it('an object is warned of by path', () => {
  const value = { physical: { switches: { s: { ports: 1 } } }, teaching: { disable: ['R7'] } };
  const message = 'R7 is off, so that frames may loop or come twice';
  expect(topologyFrom(value).warnings).toEqual([{ place: 'teaching.disable', message }]);
  expect(topologyFrom(value, 'lab').warnings).toEqual([{ place: 'lab: teaching.disable', message }]);
});

it('nothing is warned of in what is refused', () => {
  expect(() => parseTopology(vswitch('{ rpf: off, mtu: 1 }'), 'lab.yaml')).toThrow(
    /^lab\.yaml:5:\d+: [^\n]*mtu[^\n]*$/,
  );
});

describe('a physical switch without VLANs beside hosts that have some', () => {
  const topology = (tor: object, mirrors: object = {}) =>
    topologyFrom({
      hosts: {
        esx: {
          uplinks: { u: { to: 'tor/1' } },
          vswitches: { v: { portGroups: { web: { vlan: 10 } }, ...mirrors } },
          vms: { a: {}, ids: {} },
        },
      },
      physical: { switches: { tor } },
    }).warnings.map(({ place, message }) => `${place}: ${message.split(',')[0]}`);

  it('is warned of where it snoops, or a mirror sends its copies by it', () => {
    const why = 'its ports have no VLANs';
    expect(topology({ ports: 2 })).toEqual([]);
    expect(topology({ ports: 2, multicast: 'snooping' })).toEqual([`physical.switches.tor.multicast: ${why}`]);
    const mirrors = { mirrors: { m: { from: ['a'], to: { vlan: 999 } } } };
    expect(topology({ ports: 2 }, mirrors)).toEqual([`physical.switches.tor.ports: ${why}`]);
    expect(topology({ ports: { 1: { vlan: '1-4094' }, 2: {} } }, mirrors)).toEqual([]);
  });

  it('and beside a switch that has some; a querier there is heard by nobody', () => {
    const warned = (core: object) =>
      topologyFrom({
        physical: {
          switches: { tor: { ports: { 1: { vlan: '1-4094' } }, mirrors: {} }, core },
          links: [{ a: 'tor/1', b: 'core/1' }],
        },
      }).warnings.map(({ place, message }) => `${place}: ${message}`);
    expect(warned({ ports: 2 })).toEqual([]);
    expect(warned({ ports: 2, multicast: { querier: { address: '10.0.0.1' } } })).toEqual([
      'physical.switches.core.multicast: its ports have no VLANs, and others send it tagged frames: reports and queries pass as payload, nothing is learned from them, and nobody in a VLAN hears its own queries, which have no tag; give its ports vlan: 1-4094',
    ]);
  });
});
