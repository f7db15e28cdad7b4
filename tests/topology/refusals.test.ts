import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';

/** Everything that is refused: a file, and the lines of the error without the file's name. */

const host =
  'hosts: { esx1: { uplinks: [vmnic0, vmnic1], vswitches: { vSwitch0: { portGroups: { web: {} } } }, vms: { vm1: {}, vm2: {} } } }\n';

const inHost = (lines: string) => `hosts:\n  esx1:\n${lines.replace(/^/gm, '    ')}\n`;
const vswitch = (text: string) => inHost(`uplinks: [vmnic0, vmnic1]\nvswitches:\n  vSwitch0: ${text}`);
const vm = (text: string) =>
  inHost(`vswitches: { vSwitch0: { portGroups: { web: {}, db: {} } } }\nvms:\n  vm1: ${text}`);
const links = (text: string) => `physical:\n  switches: { tor: { ports: 2 } }\n  links: ${text}\n`;
const stream = (text: string) => `${host}traffic: [{ from: esx1/vm1, to: esx1/vm2, ${text} }]\n`;

const refusals: [yaml: string, ...lines: string[]][] = [
  // Uplinks and teaming
  [
    vswitch('{ uplinks: [vmnic3] }'),
    '5:29: hosts.esx1.vswitches.vSwitch0.uplinks[0]: unknown uplink vmnic3 in uplinks; this host has vmnic0, vmnic1',
  ],
  [
    vswitch('{ uplinks: [vminc0] }'),
    '5:29: hosts.esx1.vswitches.vSwitch0.uplinks[0]: unknown uplink vminc0 in uplinks; did you mean vmnic0? this host has vmnic0, vmnic1',
  ],
  [
    vswitch('{ teaming: { active: [vmnic0, vmnic3] } }'),
    '5:47: hosts.esx1.vswitches.vSwitch0.teaming.active[1]: unknown uplink vmnic3 in teaming.active; this vSwitch has vmnic0, vmnic1',
  ],
  [
    vswitch('{ teaming: { standby: [vmnic3] } }'),
    '5:40: hosts.esx1.vswitches.vSwitch0.teaming.standby[0]: unknown uplink vmnic3 in teaming.standby; this vSwitch has vmnic0, vmnic1',
  ],
  // Shorthands are named by the key that stands in the file
  [
    vswitch('{ lldp: yes }'),
    '5:25: hosts.esx1.vswitches.vSwitch0.lldp: yes is not one of the choices; allowed: off, listen, advertise, both',
  ],
  [
    vswitch('{ lldp: { mode: yes } }'),
    '5:33: hosts.esx1.vswitches.vSwitch0.lldp.mode: yes is not one of the choices; allowed: off, listen, advertise, both',
  ],
  [
    `${host}events: [{ at: 1s, attach: web }]\n`,
    '2:28: events[0].attach: web is not a VM; write host/vm, such as esx1/web1',
  ],
  [
    vswitch('{ spanningTree: rstp }'),
    '5:19: hosts.esx1.vswitches.vSwitch0.spanningTree: unknown key spanningTree; a vSwitch runs none, as it passes no frame from one uplink to another (R1) and closes no loop; write it at switches under physical, and edge: true at their ports to hosts',
  ],
  [
    vswitch('{ uplinks: [vmnic0, vmnic0] }'),
    '5:37: hosts.esx1.vswitches.vSwitch0.uplinks[1]: vmnic0 stands twice in uplinks; each uplink once',
  ],
  [
    vswitch('{ teaming: { active: [vmnic0], standby: [vmnic1, vmnic0] } }'),
    '5:66: hosts.esx1.vswitches.vSwitch0.teaming.standby[1]: vmnic0 is active too; an uplink is active, standby or unused',
  ],
  [
    vswitch('{ teaming: { policy: ip-hash } }'),
    '5:38: hosts.esx1.vswitches.vSwitch0.teaming.policy: ip-hash needs a LAG; write lag: static, active or passive',
  ],
  [
    vswitch('{ uplinks: [vmnic0] }\n  vSwitch1: { uplinks: [vmnic0] }'),
    '6:29: hosts.esx1.vswitches.vSwitch1.uplinks[0]: vmnic0 belongs to vSwitch0 already; an uplink belongs to one vSwitch (rule R17)',
  ],
  [
    vswitch('{ uplinks: [vmnic0] }\n  vSwitch1: {}'),
    '6:17: hosts.esx1.vswitches.vSwitch1.uplinks: missing; a host with several vSwitches says which uplinks each has; vmnic0, vmnic1, or [] for none',
  ],
  [
    vswitch('{ teaming: { policy: explicit, lag: static } }'),
    '5:38: hosts.esx1.vswitches.vSwitch0.teaming.policy: explicit does not choose members of a LAG; ip-hash or source-mac',
  ],
  [
    vswitch('{ teaming: { standby: [vmnic1], lag: static } }'),
    '5:39: hosts.esx1.vswitches.vSwitch0.teaming.standby: a LAG has no standby uplinks; leave standby out',
  ],
  [
    vswitch('{ teaming: { detection: beacon, lag: active } }'),
    '5:41: hosts.esx1.vswitches.vSwitch0.teaming.detection: no beacon goes between the members of a LAG; write link',
  ],
  [
    vswitch('{ teaming: { active: [], lag: active } }'),
    '5:47: hosts.esx1.vswitches.vSwitch0.teaming.lag: the LAG has no member; write an uplink in active',
  ],
  [
    vswitch('{ teaming: { lag: static, lacpRate: fast } }'),
    '5:53: hosts.esx1.vswitches.vSwitch0.teaming.lacpRate: lacpRate is that of LACP; write active or passive, or leave it out',
  ],
  [
    vswitch('{ teaming: { lag: dynamic, policy: ip-hash, lacpRate: fast } }'),
    '5:35: hosts.esx1.vswitches.vSwitch0.teaming.lag: dynamic is not one of the choices; allowed: static, active, passive',
  ],
  [
    vswitch('{ uplinks: [vmnic0], teaming: { detection: beacon } }'),
    '5:60: hosts.esx1.vswitches.vSwitch0.teaming.detection: a beacon goes from uplink to uplink; write detection: link, or add uplinks',
  ],
  [
    vswitch('{ teaming: { beaconInterval: 2s } }'),
    '5:46: hosts.esx1.vswitches.vSwitch0.teaming.beaconInterval: beaconInterval has no beacon; write detection: beacon',
  ],
  [
    vswitch('{ teaming: { detection: beacon, beaconInterval: 0.5ms } }'),
    '5:65: hosts.esx1.vswitches.vSwitch0.teaming.beaconInterval: 0.5ms is not in range; 1ms to 1h',
  ],
  [
    vswitch('{ teaming: { upDelay: 5 } }'),
    '5:39: hosts.esx1.vswitches.vSwitch0.teaming.upDelay: 5 is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s; at most 100 days',
  ],
  [
    vswitch('{ teaming: { notify: often } }'),
    '5:38: hosts.esx1.vswitches.vSwitch0.teaming.notify: often is not true, false or a map; such as { repeat: 3, interval: 1s }',
  ],
  [
    vswitch('{ teaming: { notify: { repeat: 256 } } }'),
    '5:48: hosts.esx1.vswitches.vSwitch0.teaming.notify.repeat: 256 is not in range; 0 to 255',
  ],
  [
    vswitch('{ portGroups: { web: { teaming: { active: [vmnic0, vmnic1], standby: [vmnic1] } } } }'),
    '5:87: hosts.esx1.vswitches.vSwitch0.portGroups.web.teaming.standby[0]: vmnic1 is active too; an uplink is active, standby or unused',
  ],
  [
    vswitch('{ portGroups: { web: { teaming: { standby: [vmnic1] } } } }'),
    '5:60: hosts.esx1.vswitches.vSwitch0.portGroups.web.teaming.standby: vmnic1 is active on the vSwitch; write active, too, without it',
  ],
  [
    vswitch('{ teaming: { standby: [vmnic1] }, portGroups: { web: { teaming: { active: [vmnic1] } } } }'),
    '5:91: hosts.esx1.vswitches.vSwitch0.portGroups.web.teaming.active: vmnic1 is standby on the vSwitch; write standby, too, without it',
  ],
  [
    vswitch('{ portGroups: { web: { teaming: { active: [vmnic3] } } } }'),
    '5:60: hosts.esx1.vswitches.vSwitch0.portGroups.web.teaming.active[0]: unknown uplink vmnic3 in teaming.active; this vSwitch has vmnic0, vmnic1',
  ],
  [
    vswitch('{ portGroups: { web: { teaming: { policy: ip-hash } } } }'),
    '5:59: hosts.esx1.vswitches.vSwitch0.portGroups.web.teaming.policy: ip-hash needs a LAG; write lag: in the teaming of the vSwitch',
  ],
  [
    vswitch('{ teaming: { lag: static }, portGroups: { web: { teaming: { failback: false } } } }'),
    '5:66: hosts.esx1.vswitches.vSwitch0.portGroups.web.teaming: the uplinks of the vSwitch are one LAG for all; leave teaming out',
  ],
  [
    vswitch('{ portGroups: { web: { teaming: { lag: static } } } }'),
    '5:51: hosts.esx1.vswitches.vSwitch0.portGroups.web.teaming.lag: unknown key lag; allowed: policy, active, standby, failback',
  ],
  [
    inHost(`uplinks: [${Array.from({ length: 65 }, (_, i) => `u${i}`).join(', ')}]\nvswitches:\n  v: {}`),
    '5:10: hosts.esx1.vswitches.v.uplinks: 65 uplinks; at most 64 on a vSwitch',
  ],
  // Settings of a vSwitch
  [
    vswitch('{ preset: esx }'),
    '5:27: hosts.esx1.vswitches.vSwitch0.preset: esx is not one of the choices; allowed: vss, vds',
  ],
  [
    vswitch('{ security: { macChanges: false } }'),
    '5:43: hosts.esx1.vswitches.vSwitch0.security.macChanges: false is not one of the choices; allowed: accept, reject',
  ],
  [
    vswitch('{ bpdu: block }'),
    '5:25: hosts.esx1.vswitches.vSwitch0.bpdu: block is not one of the choices; allowed: pass, filter, guard',
  ],
  [
    vswitch('{ relayReserved: ["0e", "10"] }'),
    '5:41: hosts.esx1.vswitches.vSwitch0.relayReserved[1]: 10 is not a reserved address; its last octet, 00 to 0f',
  ],
  [
    vswitch('{ uplinkStorm: { multicast: 100 } }'),
    '5:45: hosts.esx1.vswitches.vSwitch0.uplinkStorm.multicast: 100 is not a frame rate; whole frames a second such as 100pps or 1kpps, 1pps to 1Gpps',
  ],
  [
    vswitch('{ receivers: all }'),
    '5:30: hosts.esx1.vswitches.vSwitch0.receivers: all is not one of the choices; allowed: per-vlan, active, per-recipient',
  ],
  [
    vswitch('{ rpf: false }'),
    '5:24: hosts.esx1.vswitches.vSwitch0.rpf: false is not one of the choices; allowed: strict, loose, off',
  ],
  [
    vswitch('{ rpfGrace: 1500us }'),
    '5:29: hosts.esx1.vswitches.vSwitch0.rpfGrace: 1500us is not in range; 0 to 1h in whole milliseconds',
  ],
  [
    vswitch('{ unknownFromOutside: never }'),
    '5:39: hosts.esx1.vswitches.vSwitch0.unknownFromOutside: never is not one of the choices; flood, drop, or VLANs such as "10,20-30"',
  ],
  [
    vswitch('{ macModel: learnin }'),
    '5:29: hosts.esx1.vswitches.vSwitch0.macModel: learnin is not one of the choices; did you mean learning? allowed: learning, registered',
  ],
  [vswitch('{ mtu: 67 }'), '5:24: hosts.esx1.vswitches.vSwitch0.mtu: 67 is not in range; 68 to 65,535'],
  [vswitch('{ mtu: 1500.5 }'), '5:24: hosts.esx1.vswitches.vSwitch0.mtu: 1500.5 is not a whole number; 68 to 65,535'],
  [
    vswitch('{ table: { max: 0 } }'),
    '5:33: hosts.esx1.vswitches.vSwitch0.table.max: 0 is not in range; 1 to 1,000,000',
  ],
  [
    vswitch('{ table: { ageing: 500ms } }'),
    '5:36: hosts.esx1.vswitches.vSwitch0.table.ageing: 500ms is not in range; 1s to 1,000,000s',
  ],
  [
    vswitch('{ table: { ageing: 1000001 } }'),
    '5:36: hosts.esx1.vswitches.vSwitch0.table.ageing: 1000001 is not in range; 1s to 1,000,000s',
  ],
  [
    vswitch('{ table: { whenFull: shut } }'),
    '5:38: hosts.esx1.vswitches.vSwitch0.table.whenFull: shut is not one of the choices; allowed: evict, forward, drop',
  ],
  // VLANs
  [
    vswitch('{ uplinkVlans: 1-4094 }'),
    '5:32: hosts.esx1.vswitches.vSwitch0.uplinkVlans: no port group has a vlan, so that tags pass unread; give one a vlan',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 4096 } } }'),
    '5:46: hosts.esx1.vswitches.vSwitch0.portGroups.web.vlan: 4096 is not a VLAN; 0-4094, 4095 for all, or several such as "10,20-30"',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 20-10 } } }'),
    '5:46: hosts.esx1.vswitches.vSwitch0.portGroups.web.vlan: 20-10 is not a range of VLANs; the lower end stands first: 10-20',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: "10,x" } } }'),
    '5:46: hosts.esx1.vswitches.vSwitch0.portGroups.web.vlan: x is not a VLAN; 0-4094, 4095 for all, or several such as "10,20-30"',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: [4095] } } }'),
    '5:46: hosts.esx1.vswitches.vSwitch0.portGroups.web.vlan: 4095 is not a VLAN; 0-4094, 4095 for all, or several such as "10,20-30"',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: } } }'),
    '5:40: hosts.esx1.vswitches.vSwitch0.portGroups.web.vlan: nothing is not a VLAN; 0-4094, 4095 for all, or several such as "10,20-30"',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 10, native: 10 } } }'),
    '5:58: hosts.esx1.vswitches.vSwitch0.portGroups.web.native: native stands only beside a trunk; write vlan as a range or list, such as 1-4094',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 1-5, native: 0 } } }'),
    '5:59: hosts.esx1.vswitches.vSwitch0.portGroups.web.native: 0 is not in range; 1 to 4,094',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 1-5, nativeTagged: true } } }'),
    '5:65: hosts.esx1.vswitches.vSwitch0.portGroups.web.nativeTagged: nativeTagged has no native VLAN; write native: 1-4094',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 1-5, native: 1, nativeTagged: yes } } }'),
    '5:76: hosts.esx1.vswitches.vSwitch0.portGroups.web.nativeTagged: yes is not a boolean; true or false',
  ],
  [
    vswitch('{ portGroups: { "we/b": {} } }'),
    '5:33: hosts.esx1.vswitches.vSwitch0.portGroups.we/b: we/b is not a port group name; letters, digits, spaces, _ - and ., 1-63 characters, the first a letter or digit',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: "10,20", native: 30 } } }'),
    "5:63: hosts.esx1.vswitches.vSwitch0.portGroups.web.native: native 30 is not among the trunk's VLANs; add it to vlan",
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 10, tag: s } } }'),
    '5:55: hosts.esx1.vswitches.vSwitch0.portGroups.web.tag: s stands only beside a trunk; write vlan as a range or list, such as 1-4094',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 10-20, tunnel: true } } }'),
    '5:61: hosts.esx1.vswitches.vSwitch0.portGroups.web.tunnel: tunnel needs one service VLAN; write vlan: 1-4094',
  ],
  [
    vswitch('{ portGroups: { web: { tunnel: true } } }'),
    '5:48: hosts.esx1.vswitches.vSwitch0.portGroups.web.tunnel: tunnel needs one service VLAN; write vlan: 1-4094',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 10, accept: tagged } } }'),
    '5:58: hosts.esx1.vswitches.vSwitch0.portGroups.web.accept: an access port sends untagged frames; accept all or untagged, or a trunk',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 10-20, accept: untagged } } }'),
    '5:61: hosts.esx1.vswitches.vSwitch0.portGroups.web.accept: the trunk has no VLAN for untagged frames; write native: 1-4094, or accept all',
  ],
  [
    vswitch('{ portGroups: { web: { vlan: 10, tunnel: true, accept: tagged, ingressFilter: false } } }'),
    '5:72: hosts.esx1.vswitches.vSwitch0.portGroups.web.accept: tags pass a tunnel port unread; leave accept out',
    '5:95: hosts.esx1.vswitches.vSwitch0.portGroups.web.ingressFilter: tags pass a tunnel port unread; leave ingressFilter out',
  ],
  [
    vswitch('{ uplinkTag: s, sharedVlans: [[1, 2]], privateVlans: [{ primary: 5 }], portGroups: { web: {} } }'),
    '5:30: hosts.esx1.vswitches.vSwitch0.uplinkTag: no port group has a vlan, so that tags pass unread; give one a vlan',
    '5:46: hosts.esx1.vswitches.vSwitch0.sharedVlans: no port group has a vlan, so that tags pass unread; give one a vlan',
    '5:70: hosts.esx1.vswitches.vSwitch0.privateVlans: no port group has a vlan, so that tags pass unread; give one a vlan',
  ],
  // Private and shared VLANs
  [
    vswitch('{ privateVlans: [{ isolated: 101 }], portGroups: { web: { vlan: 101 } } }'),
    '5:34: hosts.esx1.vswitches.vSwitch0.privateVlans[0].primary: missing; 1 to 4,094',
  ],
  [
    vswitch('{ privateVlans: [{ primary: 100, isolated: 100 }], portGroups: { web: { vlan: 100 } } }'),
    '5:60: hosts.esx1.vswitches.vSwitch0.privateVlans[0].isolated: VLAN 100 is private already; each VLAN once in privateVlans',
  ],
  [
    vswitch(
      '{ privateVlans: [{ primary: 100, community: [101] }, { primary: 200, community: [201, 101] }], portGroups: { web: { vlan: 100 } } }',
    ),
    '5:103: hosts.esx1.vswitches.vSwitch0.privateVlans[1].community[1]: VLAN 101 is private already; each VLAN once in privateVlans',
  ],
  [
    vswitch('{ privateVlans: [{ primary: 100 }], portGroups: { web: { vlan: 100, tunnel: true } } }'),
    '5:93: hosts.esx1.vswitches.vSwitch0.portGroups.web.tunnel: VLAN 100 is private; a tunnel needs one that is not in privateVlans',
  ],
  [
    vswitch('{ sharedVlans: [[10, 20], [20, 30]], portGroups: { web: { vlan: 10 } } }'),
    '5:44: hosts.esx1.vswitches.vSwitch0.sharedVlans[1][0]: VLAN 20 stands in sharedVlans already; each VLAN once',
  ],
  [
    vswitch('{ sharedVlans: [[10]], portGroups: { web: { vlan: 10 } } }'),
    '5:33: hosts.esx1.vswitches.vSwitch0.sharedVlans[0]: one VLAN shares with no other; write two or more, such as [10, 20]',
  ],
  [
    vswitch('{ sharedVlans: [[10, 100]], privateVlans: [{ primary: 100 }], portGroups: { web: { vlan: 10 } } }'),
    '5:38: hosts.esx1.vswitches.vSwitch0.sharedVlans[0][1]: VLAN 100 stands in privateVlans already; each VLAN once',
  ],
  // What a port lets its station do
  [
    vswitch('{ portGroups: { web: { learning: false, macLimit: 4, sticky: true } } }'),
    '5:67: hosts.esx1.vswitches.vSwitch0.portGroups.web.macLimit: macLimit limits what is learned, but the port learns nothing; write learning: true',
    '5:78: hosts.esx1.vswitches.vSwitch0.portGroups.web.sticky: sticky keeps what is learned, but the port learns nothing; write learning: true',
  ],
  [
    vswitch('{ macModel: registered, portGroups: { web: { sticky: true } } }'),
    '5:70: hosts.esx1.vswitches.vSwitch0.portGroups.web.sticky: sticky keeps what is learned, but the port learns nothing; write learning: true',
  ],
  [
    vswitch('{ portGroups: { web: { macLimit: 0 } } }'),
    '5:50: hosts.esx1.vswitches.vSwitch0.portGroups.web.macLimit: 0 is not in range; 1 to 1,000,000',
  ],
  [
    vswitch('{ portGroups: { web: { macLimit: [4] } } }'),
    '5:50: hosts.esx1.vswitches.vSwitch0.portGroups.web.macLimit: a list is not a limit; such as 4, or { max: 4, whenFull: shut }',
  ],
  [
    vswitch('{ portGroups: { web: { macLimit: { whenFull: evict } } } }'),
    '5:50: hosts.esx1.vswitches.vSwitch0.portGroups.web.macLimit.max: missing; 1 to 1,000,000',
    '5:62: hosts.esx1.vswitches.vSwitch0.portGroups.web.macLimit.whenFull: evict is not one of the choices; allowed: drop, forward, shut',
  ],
  [
    vswitch('{ portGroups: { web: { storm: { broadcast: 0.5pps } } } }'),
    '5:60: hosts.esx1.vswitches.vSwitch0.portGroups.web.storm.broadcast: 0.5pps is not a frame rate; whole frames a second such as 100pps or 1kpps, 1pps to 1Gpps',
  ],
  // Shape
  [
    vswitch('{ portgroups: {} }'),
    '5:19: hosts.esx1.vswitches.vSwitch0.portgroups: unknown key portgroups; did you mean portGroups? allowed: uplinks, macModel, preset, teaming, uplinkVlans, portGroups, table, mtu, … (27 in all)',
  ],
  [
    vswitch('5'),
    '5:17: hosts.esx1.vswitches.vSwitch0: 5 is not a map; allowed: uplinks, macModel, preset, teaming, uplinkVlans, portGroups, table, mtu, … (27 in all)',
  ],
  // vNICs and their addresses
  [
    vm('{ portGroup: wbe }'),
    '5:25: hosts.esx1.vms.vm1.portGroup: unknown port group wbe; did you mean web? this host has web, db',
  ],
  [vm('{}'), '5:12: hosts.esx1.vms.vm1.portGroup: missing; this host has web, db'],
  [
    vm('{ portGroup: web, vswitch: vSwitch9 }'),
    '5:39: hosts.esx1.vms.vm1.vswitch: unknown vSwitch vSwitch9; this host has vSwitch0',
  ],
  [
    vm('{ portGroup: web, mac: 01:00:5e:00:00:01 }'),
    "5:35: hosts.esx1.vms.vm1.mac: 01:00:5e:00:00:01 is not a station's address; a unicast address: the first octet is even",
  ],
  [
    vm('{ portGroup: web, mac: "00:00:00:00:00:00" }'),
    "5:35: hosts.esx1.vms.vm1.mac: 00:00:00:00:00:00 is not a station's address; any unicast address but zero",
  ],
  [
    vm('{ portGroup: web, mac: 00:50:56-00:00:01 }'),
    '5:35: hosts.esx1.vms.vm1.mac: 00:50:56-00:00:01 is not a MAC address; six octets such as 00:50:56:00:00:01',
  ],
  [
    vm('{ portGroup: web, mac: 5 }'),
    '5:35: hosts.esx1.vms.vm1.mac: 5 is not a MAC address; six octets such as 00:50:56:00:00:01',
  ],
  [
    vm('{ portGroup: web, ip: 10.0.0.1 }'),
    '5:34: hosts.esx1.vms.vm1.ip: 10.0.0.1 is not an IP address; an IPv4 address with its prefix length, such as 10.0.0.1/24',
  ],
  [
    vm('{ portGroup: web, ip: 10.0.0.256/24 }'),
    '5:34: hosts.esx1.vms.vm1.ip: 10.0.0.256/24 is not an IP address; an IPv4 address with its prefix length, such as 10.0.0.1/24',
  ],
  [
    vm('{ portGroup: web, ip: 10.0.0.0/24 }'),
    "5:34: hosts.esx1.vms.vm1.ip: 10.0.0.0/24 is not a host's address; it is the network address of its /24",
  ],
  [
    vm('{ portGroup: web, ip: 10.0.0.255/24 }'),
    "5:34: hosts.esx1.vms.vm1.ip: 10.0.0.255/24 is not a host's address; it is the broadcast address of its /24",
  ],
  [
    vm('{ portGroup: web, ip: 224.0.0.1/24 }'),
    "5:34: hosts.esx1.vms.vm1.ip: 224.0.0.1/24 is not a host's address; a unicast address, 1.0.0.0 to 223.255.255.255",
  ],
  [
    vm('{ portGroup: web, ip: 10.0.0.1/24 }\n  vm2: { portGroup: db, ip: 10.0.0.1/8 }'),
    '6:33: hosts.esx1.vms.vm2.ip: duplicate IP 10.0.0.1/8: esx1/vm1 has it too; in a counted host write {n}, as in 10.0.{n}.1/24',
  ],
  [
    vm('{ portGroup: web, mac: "00:50:56:00:00:01" }\n  vm2: { portGroup: db, mac: "00-50-56-00-00-01" }'),
    '6:34: hosts.esx1.vms.vm2.mac: duplicate MAC: esx1/vm1 on the same vSwitch has it; leave mac out to get a free one',
  ],
  [
    vm('{ portGroup: web, effectiveMac: ff:ff:ff:ff:ff:ff }'),
    "5:44: hosts.esx1.vms.vm1.effectiveMac: ff:ff:ff:ff:ff:ff is not a station's address; a unicast address: the first octet is even",
  ],
  // Forms and copies of a VM
  [
    vm('{ portGroup: web, nics: [{ portGroup: web }] }'),
    '5:25: hosts.esx1.vms.vm1.portGroup: portGroup stands beside nics; write it in an entry of nics',
  ],
  [
    vm('{ nics: { portGroup: web } }'),
    '5:20: hosts.esx1.vms.vm1.nics: a map is not a list; a list such as [first, second]',
  ],
  [
    vm('{ nics: [web] }'),
    '5:21: hosts.esx1.vms.vm1.nics[0]: web is not a map; allowed: portGroup, vswitch, mac, effectiveMac, ip, gateway, listen, groups, … (12 in all)',
  ],
  [vm('{ count: 0 }'), '5:21: hosts.esx1.vms.vm1.count: 0 is not in range; 1 to 20,000'],
  [
    vm('{ count: 2, portGroup: web, ip: 10.0.0.254/24 }'),
    '5:44: hosts.esx1.vms.vm1.ip: 10.0.0.254/24 is not an address with room to count up; a larger subnet, or a smaller count',
  ],
  [
    vm('{ portGroup: web, ip: "10.0.0.{v}/24" }'),
    '5:34: hosts.esx1.vms.vm1.ip: {v} is not a placeholder here; {n} needs a count on its host, {v} a count on its VM',
  ],
  [
    vm('{ count: 2, portGroup: web, ip: "10.0.0.{v/2}/24" }'),
    '5:44: hosts.esx1.vms.vm1.ip: {v/2} is not a placeholder here; {v}, {v*2}, {v+8}, {v*2-1}',
  ],
  [
    vm('{ count: 2, portGroup: web }\n  vm11: { portGroup: web }\n  vm12: {portGroup: web }\n  vm1 1: {}'),
    '6:7: hosts.esx1.vms.vm11: VM vm11 exists already, made by the count of vm1; names are unique',
    '7:7: hosts.esx1.vms.vm12: VM vm12 exists already, made by the count of vm1; names are unique',
    '8:7: hosts.esx1.vms.vm1 1: vm1 1 is not a name; letters, digits, _ - and ., 1-63 characters, the first a letter or digit',
  ],
  // Names on a host, and hosts
  [
    inHost(
      'vswitches: { a: { portGroups: { web: {} } }, b: { portGroups: { web: {} } } }\nvms: { vm1: { portGroup: web } }',
    ),
    '4:30: hosts.esx1.vms.vm1.portGroup: port group web is on several vSwitches; write vswitch: one of a, b',
  ],
  [
    inHost('uplinks: [vm1]\nvswitches: { vm1: { portGroups: { web: {} } } }\nvms:\n  vm1: {}'),
    '4:18: hosts.esx1.vswitches.vm1: vm1 is the name of an uplink already; names are unique on a host',
    '6:7: hosts.esx1.vms.vm1: vm1 is the name of an uplink already; names are unique on a host',
  ],
  [
    inHost('vswitches: { v: { portGroups: { web: {} } } }\nvms:\n  vm1: { nics: [{}, {}] }\n  vm1.eth1: {}'),
    '5:25: hosts.esx1.vms.vm1.nics[1]: vm1.eth1 is the name of a VM already; names are unique on a host',
  ],
  [
    inHost('vms: { vm1: {} }'),
    '3:17: hosts.esx1.vms.vm1.portGroup: this host has no port group; write portGroups: under a vSwitch',
  ],
  [inHost('uplinks: [vmnic0, vmnic0]'), '3:23: hosts.esx1.uplinks[1]: vmnic0 stands twice; each uplink once'],
  [
    inHost('uplinks: [vmnic 0]'),
    '3:15: hosts.esx1.uplinks[0]: vmnic 0 is not a name; letters, digits, _ - and ., 1-63 characters, the first a letter or digit',
  ],
  [
    inHost('uplinks: vmnic0'),
    '3:14: hosts.esx1.uplinks: vmnic0 is not a map or list of uplinks; such as [vmnic0, vmnic1]',
  ],
  [
    inHost('uplinks: { vmnic0: { to: tor/1 } }'),
    '3:30: hosts.esx1.uplinks.vmnic0.to: unknown host or switch tor in tor/1; known: esx1',
  ],
  [
    inHost('uplinks: { vmnic0: { rate: 10G } }'),
    '3:32: hosts.esx1.uplinks.vmnic0.rate: rate has no cable; write to: the port at its other end',
  ],
  [
    inHost('uplnks: [vmnic0]'),
    '3:5: hosts.esx1.uplnks: unknown key uplnks; did you mean uplinks? allowed: count, uplinks, vswitches, vms, vmkernel, hypervisor, networks, ip, … (11 in all)',
  ],
  [
    inHost('count: 3\nuplinks: { vmnic0: { to: esx1/vmnic0 } }'),
    '4:30: hosts.esx1.uplinks.vmnic0.to: unknown host or switch esx1 in esx1/vmnic0; known: esx11, esx12, esx13',
  ],
  [
    `${inHost('uplinks: { vmnic0: { to: tor/1, rate: 10X } }')}physical: { switches: { tor: { ports: 2 } } }\n`,
    '3:43: hosts.esx1.uplinks.vmnic0.rate: 10X is not a rate; bits a second, such as 10G, 100M or 2.5Gbps, or unlimited',
  ],
  [
    `${inHost('count: 2\nuplinks:\n  vmnic0: { to: tor/1 }')}physical: { switches: { tor: { ports: 2 } } }\n`,
    '5:21: hosts.esx1.uplinks.vmnic0.to: tor/1 is linked to esx11/vmnic0 already; a port takes one cable',
  ],
  [
    inHost('count: 2\nvswitches: { v: { portGroups: { web: {} } } }\nvms:\n  vm1: { ip: 10.0.0.1/24 }'),
    '6:18: hosts.esx1.vms.vm1.ip: duplicate IP 10.0.0.1/24: esx11/vm1 has it too; in a counted host write {n}, as in 10.0.{n}.1/24',
  ],
  [
    inHost('uplinks:\n  vmnic0: { to: tor/1, rate: 10G }') +
      'physical:\n  switches: { tor: { ports: 2 } }\n  links: [{ a: tor/1, b: esx1/vmnic0, rate: 1G }]\n',
    '4:34: hosts.esx1.uplinks.vmnic0.rate: rate differs from physical.links[0].rate, which is the same cable; write it once',
  ],
  [
    inHost('vswitches: { v: { portGroups: { web: {} } } }\nvms: { vm1: {} }') + links('[{ a: esx1/vm1, b: tor/1 }]'),
    '7:16: physical.links[0].a: esx1/vm1 is a vNIC; only uplinks and physical ports can be cabled',
  ],
  // Cables
  [
    links('[{ a: tor/1, b: tor/1 }]'),
    '3:26: physical.links[0].b: tor/1 is cabled to itself; a cable has two different ends',
  ],
  [links('[{ a: tor/1, b: tor/3 }]'), '3:26: physical.links[0].b: unknown port tor/3; tor has 1, 2'],
  [
    links('[{ a: tor/1, b: torr/2 }]'),
    '3:26: physical.links[0].b: unknown host or switch torr in torr/2; did you mean tor? known: tor',
  ],
  [
    links('[{ a: tor/1, b: tor }]'),
    '3:26: physical.links[0].b: tor is not a port; write owner/port, such as esx1/vm1 or tor/1',
  ],
  [links('[{ a: tor/1 }]'), '3:11: physical.links[0].b: missing; owner/port, such as esx1/vm1 or tor/1'],
  [
    links('[{ a: tor/1, b: tor/2, delay: 2 }]'),
    '3:40: physical.links[0].delay: 2 is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s; at most 100 days',
  ],
  [links('[{ a: tor/1, b: tor/2, queue: 0 }]'), '3:40: physical.links[0].queue: 0 is not in range; 1 to 1,048,576'],
  [
    links('[{ a: tor/1, b: tor/2, delay: 101h }]').replace('101h', '9999h'),
    '3:40: physical.links[0].delay: 9999h is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s; at most 100 days',
  ],
  [
    links('[tor/1]'),
    '3:11: physical.links[0]: tor/1 is not a map; allowed: a, b, rate, delay, queue, loss, duplicate, corrupt, … (10 in all)',
  ],
  [
    links('[{ a: tor/1, b: tor/2, rate: 0.4 }]'),
    '3:39: physical.links[0].rate: 0.4 is not a rate; bits a second, such as 10G, 100M or 2.5Gbps, or unlimited',
  ],
  [
    links('[{ a: tor/1, b: tor/2, loss: 1 }]'),
    '3:39: physical.links[0].loss: 1 is not a share; per cent such as 1% or 0.05%, 0% to 100%',
  ],
  [
    links('[{ a: tor/1, b: tor/2, corrupt: 100.1%, duplicate: -1% }]'),
    '3:42: physical.links[0].corrupt: 100.1% is not a share; per cent such as 1% or 0.05%, 0% to 100%',
    '3:61: physical.links[0].duplicate: -1% is not a share; per cent such as 1% or 0.05%, 0% to 100%',
  ],
  [links('[{ a: tor/1, b: tor/2, jitter: 2s }]'), '3:41: physical.links[0].jitter: 2s is not in range; 0 to 1s'],
  [
    links('[{ a: tor/1, b: tor/2, reorder: 1% }]'),
    '3:42: physical.links[0].reorder: 1% is not a map; allowed: share, by',
  ],
  [
    links('[{ a: tor/1, b: tor/2, reorder: { share: 1% } }]'),
    '3:42: physical.links[0].reorder.by: missing; a number with ns, us, ms, s, m or h, such as 2us or 1.5s; at most 100 days',
  ],
  [
    links('[{ a: tor/1, b: tor/2, reorder: { share: 1%, by: 0 } }]'),
    '3:59: physical.links[0].reorder.by: 0 is not in range; 1ns to 1s',
  ],
  [
    links('[{ a: tor/1, b: tor/2, reorder: { share: 1%, by: 1us, of: 2us } }]'),
    '3:64: physical.links[0].reorder.of: unknown key of; allowed: share, by',
  ],
  [
    links('[{ a: tor/1, b: tor/2, los: 1% }]'),
    '3:33: physical.links[0].los: unknown key los; did you mean loss? allowed: a, b, rate, delay, queue, loss, duplicate, corrupt, … (10 in all)',
  ],
  [
    inHost('uplinks: { vmnic0: { loss: 1% } }'),
    '3:32: hosts.esx1.uplinks.vmnic0.loss: loss has no cable; write to: the port at its other end',
  ],
  [
    `${inHost('uplinks: { vmnic0: { to: tor/1, reorder: { share: 1%, by: 5us } } }')}${links('[{ a: tor/1, b: esx1/vmnic0, reorder: { share: 1%, by: 6us } }]')}`,
    '3:46: hosts.esx1.uplinks.vmnic0.reorder: reorder differs from physical.links[0].reorder, which is the same cable; write it once',
  ],
  [links('{ a: tor/1, b: tor/2 }'), '3:10: physical.links: a map is not a list; a list such as [first, second]'],
  // Physical switches
  [
    'physical:\n  switches:\n    tor: { ports: 2001 }\n',
    '3:19: physical.switches.tor.ports: 2001 is not in range; 1 to 2,000',
  ],
  [
    'physical:\n  switches:\n    tor: {}\n',
    '3:10: physical.switches.tor.ports: missing; such as 8, or a map from names to settings',
  ],
  [
    'physical:\n  switches:\n    -tor: { ports: 2 }\n',
    '3:5: physical.switches.-tor: -tor is not a name; letters, digits, _ - and ., 1-63 characters, the first a letter or digit',
  ],
  [
    `physical:\n  switches:\n    esx1: { ports: 2 }\n${host}`,
    '3:5: physical.switches.esx1: esx1 is the name of a host already; hosts and switches have different names',
  ],
  [
    'physical:\n  switches:\n    tor: { ports: { 1: { vlan: 10, native: 1 } } }\n',
    '3:44: physical.switches.tor.ports.1.native: native stands only beside a trunk; write vlan as a range or list, such as 1-4094',
  ],
  [
    'physical:\n  switches:\n    __proto__: { ports: 2 }\n',
    '3:5: physical.switches.__proto__: __proto__ is not a name; letters, digits, _ - and ., 1-63 characters, the first a letter or digit',
  ],
  [
    'physical:\n  switches:\n    tor: { ports: 3, lags: { l1: { ports: [1, 9] }, l2: { ports: [1, 2, 2] } } }\n',
    '3:47: physical.switches.tor.lags.l1.ports[1]: unknown port 9; the switch has 1, 2, 3',
    '3:67: physical.switches.tor.lags.l2.ports[0]: 1 is in LAG l1 already; a port is in one LAG',
    '3:73: physical.switches.tor.lags.l2.ports[2]: 2 stands twice in ports; each port once',
  ],
  [
    'physical:\n  switches:\n    tor: { ports: { 1: { vlan: 10 }, 2: {} }, lags: { l1: { ports: [1, 2] } } }\n',
    '3:72: physical.switches.tor.lags.l1.ports[1]: 2 has other VLANs or tags than 1; the ports of a LAG have the same',
  ],
  [
    'physical:\n  switches:\n    tor: { ports: 2, lags: { l1: { rate: fast, ports: [] } } }\n',
    '3:42: physical.switches.tor.lags.l1.rate: rate is that of LACP; write active or passive, or leave it out',
    '3:55: physical.switches.tor.lags.l1.ports: no ports; a LAG has one or more',
  ],
  [
    'physical:\n  switches:\n    tor: { ports: 2, lags: { l1: {} } }\n',
    '3:34: physical.switches.tor.lags.l1.ports: missing; a list such as [first, second]',
  ],
  [
    'physical:\n  switches:\n    tor: { ports: { 1: { security: { promiscuous: accept } } } }\n',
    '3:38: physical.switches.tor.ports.1.security.promiscuous: unknown key promiscuous; allowed: staticConflict',
  ],
  // Teaching
  [
    `${host}teaching: { disable: [R7, R99, r1, 7] }\n`,
    '2:27: teaching.disable[1]: R99 is not a rule; allowed: R1 to R19',
    '2:32: teaching.disable[2]: r1 is not a rule; allowed: R1 to R19',
    '2:36: teaching.disable[3]: 7 is not a rule; allowed: R1 to R19',
  ],
  [
    `${host}teaching: { disable: [R7, R9, R7] }\n`,
    '2:31: teaching.disable[2]: R7 stands twice in disable; each rule once',
  ],
  [`${host}teaching: { stormLimit: 1 }\n`, '2:25: teaching.stormLimit: 1 is not in range; 2 to 65,535'],
  [
    `${inHost('uplinks: { a: { to: esx1/b }, b: {} }\nvswitches: { v: {} }')}teaching: { disable: [R17] }\n`,
    '3:25: hosts.esx1.uplinks.a.to: esx1/b is an uplink of the same vSwitch as esx1/a; cable it to another vSwitch',
  ],
  // Traffic
  [
    `${host}traffic: [{ from: esx1/vm1, to: esx1/vm1 }]\n`,
    '2:33: traffic[0].to: esx1/vm1 is the sender itself; write another vNIC, or broadcast',
  ],
  [
    `${host}traffic: [{ from: esx1/vm1, to: esx1/vm3 }]\n`,
    '2:33: traffic[0].to: unknown port esx1/vm3; esx1 has vm1, vm2, vmnic0, vmnic1',
  ],
  [
    `${host}traffic: [{ from: esx1/vmnic0, to: broadcast }]\n`,
    '2:19: traffic[0].from: esx1/vmnic0 is an uplink; traffic runs between vNICs',
  ],
  [
    `${host}traffic: [{ from: "esx2/*", to: broadcast }]\n`,
    '2:19: traffic[0].from: esx2/* matches no vNIC; * alone matches all',
  ],
  [`${host}traffic: [{ from: "*" }]\n`, '2:11: traffic[0].to: missing; owner/port, such as esx1/vm1 or tor/1'],
  [stream('size: 63'), '2:49: traffic[0].size: 63 is not in range; 64 to 65,553'],
  [
    stream('size: 1519'),
    '2:49: traffic[0].size: 1519 is too long for esx1/vm1, whose vSwitch has mtu 1500; 64 to 1518',
  ],
  [
    stream('rate: 100'),
    '2:49: traffic[0].rate: 100 is not a traffic rate; max, frames a second such as 100kpps, or bits a second such as 1Gbps',
  ],
  [
    stream('rate: fast'),
    '2:49: traffic[0].rate: fast is not a traffic rate; max, frames a second such as 100kpps, or bits a second such as 1Gbps',
  ],
  [
    stream('rate: 0pps'),
    '2:49: traffic[0].rate: 0pps is not a traffic rate; max, frames a second such as 100kpps, or bits a second such as 1Gbps',
  ],
  [stream('flows: 0'), '2:50: traffic[0].flows: 0 is not in range; 1 to 65,536'],
  [
    stream('start: 5s, stop: 5s'),
    '2:60: traffic[0].stop: stop is not after start; leave it out to send until the end of the run',
  ],
  [
    stream('start: soon'),
    '2:50: traffic[0].start: soon is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s, or a number of seconds; at most 100 days',
  ],
  [stream('count: 0'), '2:50: traffic[0].count: 0 is not in range; 1 to 9,007,199,254,740,991'],
  [
    stream('duration: 5s'),
    '2:43: traffic[0].duration: unknown key duration; allowed: from, to, size, rate, flows, start, stop, count, … (11 in all)',
  ],
  // Captures
  [
    `${host}captures: [{ file: a.pcap }, { file: a.pcap }]\n`,
    '2:38: captures[1].file: a.pcap is the file of another capture; each needs its own',
  ],
  [
    `${host}captures: [{ file: a.pcap, ports: ["esx2/*"] }]\n`,
    '2:36: captures[0].ports[0]: esx2/* matches no port; * alone matches all',
  ],
  [
    `${host}captures: [{ file: a.pcap, ports: [esx1/vm7] }]\n`,
    '2:36: captures[0].ports[0]: unknown port esx1/vm7; esx1 has vm1, vm2, vmnic0, vmnic1',
  ],
  [`${host}captures: [{ ports: [] }]\n`, '2:12: captures[0].file: missing; a path such as all.pcapng'],
  [
    `${host}captures: [{ file: "", ports: "*" }]\n`,
    '2:20: captures[0].file: an empty text is not a file name; a path such as all.pcapng',
    '2:31: captures[0].ports: * is not a list; a list such as [first, second]',
  ],
  [
    `${host}captures: [{ file: a.pcap, ports: [], snap: -1 }]\n`,
    '2:35: captures[0].ports: no ports; leave ports out, or write ["*"], for all',
    '2:45: captures[0].snap: -1 is not in range; 0 to 262,144',
  ],
  [
    `${host}captures: [{ file: a.pcap, ports: [] }]\n`,
    '2:35: captures[0].ports: no ports; leave ports out, or write ["*"], for all',
  ],
  [
    `${links('[]')}captures: [{ file: a.pcap, ports: [tor/1, tor/DROP] }]\n`,
    '4:43: captures[0].ports[1]: a classic pcap has no interfaces, so that tor/DROP could not be told; name it .pcapng',
  ],
  [
    `${host}captures: [{ file: a.pcap.gz, ports: ["*/DROP"], stages: [inside], wires: [esx1/vmnic0] }]\n`,
    '2:39: captures[0].ports[0]: a classic pcap has no interfaces, so that */DROP could not be told; name it .pcapng',
    '2:58: captures[0].stages: a classic pcap has no interfaces to tell stages by; name it .pcapng',
    '2:75: captures[0].wires: a classic pcap has no interfaces to tell cables by; name it .pcapng',
    '2:76: captures[0].wires[0]: esx1/vmnic0 has no cable; the topology has none',
  ],
  [
    `${links('[{ a: tor/1, b: tor/2 }]')}captures: [{ file: a.pcapng, wires: [tor/x, "tor/1*", "*2", "*3"] }]\n`,
    '4:38: captures[0].wires[0]: unknown port tor/x; did you mean 1? tor has 1, 2',
    '4:61: captures[0].wires[3]: *3 matches no end of a cable',
  ],
  [
    `${host}captures: [{ file: "-", stages: [outside], direction: up, filter: "", sample: 0 }]\n`,
    '2:34: captures[0].stages[0]: outside is not one of the choices; allowed: wire, inside',
    '2:55: captures[0].direction: up is not one of the choices; allowed: in, out, both',
    '2:67: captures[0].filter: an empty text is not a filter; a pcap-filter expression such as "arp or icmp"',
    '2:79: captures[0].sample: 0 is not in range; 1 to 4,294,967,295',
  ],
  [
    `${host}captures: [{ file: "-", rotate: { keep: 3 }, limit: {}, start: 2ms, stop: 2ms, stages: [] }]\n`,
    '2:20: captures[0].file: the standard output cannot begin another file; give rotate a path',
    '2:33: captures[0].rotate: nothing says when -_00002 begins; write size, every or frames',
    '2:53: captures[0].limit: no limit; write size, after or frames',
    '2:75: captures[0].stop: is not after start: nothing would be captured',
    '2:88: captures[0].stages: no stages; leave stages out for [wire]',
  ],
  [
    `${host}captures: [{ file: x, rotate: { size: 10 apples, every: 0, keep: 0 }, limit: { size: 0, after: 0 } }]\n`,
    '2:39: captures[0].rotate.size: 10 apples is not a size; bytes such as 65536, 10MB or 64MiB, from 1',
    '2:57: captures[0].rotate.every: 0 is not in range; from 1ns',
    '2:66: captures[0].rotate.keep: 0 is not in range; 1 to 100,000',
    '2:86: captures[0].limit.size: 0 is not a size; bytes such as 65536, 10MB or 64MiB, from 1',
    '2:96: captures[0].limit.after: 0 is not in range; from 1ns',
  ],
  [
    inHost('uplinks: [DROP]\nvswitches: { v: { portGroups: { g: {} } } }\nvms: { vm1: {} }'),
    '3:14: hosts.esx1.uplinks.DROP: captures show the frames that die at the ports of esx1 as esx1/DROP; give another name',
  ],
  [
    inHost('vswitches: { v: { portGroups: { g: {} } } }\nvms: { DROP: {} }'),
    '4:12: hosts.esx1.vms.DROP: captures show the frames that die at the ports of esx1 as esx1/DROP; give another name',
  ],
  [
    'physical: { switches: { tor: { ports: { 1: {}, DROP: {} } } } }\n',
    '1:48: physical.switches.tor.ports.DROP: captures show the frames that die at the ports of tor as tor/DROP; give another name',
  ],
  // The file
  [`${host}seed: -1\n`, '2:7: seed: -1 is not in range; 0 to 4,294,967,295'],
  [`${host}name: []\n`, '2:7: name: a list is not a name; any text'],
  [
    `${host}hostss: {}\n`,
    '2:1: hostss: unknown key hostss; did you mean hosts? allowed: name, seed, hosts, physical, traffic, captures, events, flowRecords, … (9 in all)',
  ],
  [host + host, '2:1: duplicate key hosts; each key stands once in a map'],
  ['name: x\n', '1:1: the topology has no port; write hosts with VMs or uplinks, or physical switches'],
  [
    '- 1\n',
    '1:1: a list is not a map; allowed: name, seed, hosts, physical, traffic, captures, events, flowRecords, … (9 in all)',
  ],
  [
    'hello\n',
    '1:1: hello is not a map; allowed: name, seed, hosts, physical, traffic, captures, events, flowRecords, … (9 in all)',
  ],
  ['', 'the file is empty; write hosts: and what they hold'],
  ['# nothing\n', 'the file is empty; write hosts: and what they hold'],
  [
    'hosts:\n  esx: { uplinks: [a]\n',
    '3:1: not YAML: Flow map in block collection must be sufficiently indented and end with a }',
  ],
  ['hosts: {\n', '2:1: not YAML: Flow map in block collection must be sufficiently indented and end with a }'],
  [
    'hosts: { esx: { count: 2, uplinks: { a: { to: tor/{n} } } } }\n',
    '1:51: not YAML: Unexpected flow-map-start at node end; a text with {n} or {v} needs quotes inside { }',
  ],
  ['\thosts: 1\n', '1:1: not YAML: Tabs are not allowed as indentation'],
  ['a: *b\n', '1:4: unknown alias *b; its anchor &b stands before it'],
  ['? [a]\n: 1\n', '1:3: a map or list is no key; a key is a name'],
  ['hosts:\n  <<: [5]\n', '2:3: << has no map to merge; write <<: *anchor of a map'],
  ['a: &x [*x]\n', '1:8: alias *x stands inside its own anchor'],
  [`${host}---\na: 1\n`, '2:1: a second document begins here; one topology a file'],
  ['['.repeat(5000), 'the file is nested too deeply; a topology needs no more than ten levels'],
  // Copies and limits
  ['hosts:\n  esx: { count: 4097 }\n', '2:17: hosts.esx.count: 4097 is not in range; 1 to 4,096'],
  ['hosts:\n  esx: { count: many }\n', '2:17: hosts.esx.count: many is not a whole number; 1 to 4,096'],
  [
    'hosts:\n  esx: { count: 2 }\n  esx2: {}\n',
    '3:3: hosts.esx2: host esx2 exists already, made by the count of esx; names are unique',
  ],
  [
    'hosts:\n  esx:\n    count: 11\n    vms: { vm: { count: 2000 } }\n',
    '4:25: hosts.esx.vms.vm.count: too many vNICs; at most 20,000 in all',
  ],
  [
    inHost('vswitches: { v: { portGroups: { web: {} } } }\nvms: { vm: { count: 2001 } }'),
    '3:18: hosts.esx1.vswitches.v: 2,001 uplinks and vNICs; at most 2,000 ports on a vSwitch',
  ],
  [
    'hosts:\n  esx:\n    uplinks: { vmnic0: { to: "tor/{n}" } }\n',
    '3:30: hosts.esx.uplinks.vmnic0.to: {n} is not a placeholder here; {n} needs a count on its host, {v} a count on its VM',
  ],
  ['hosts:\n  1: { uplinks: [a] }\n  "1": { uplinks: [b] }\n', '3:3: duplicate key "1"; each key stands once in a map'],
  [`a: &a [1]\nb: [${'*a,'.repeat(10001)}]\n`, 'too many aliases; at most 10,000 uses of an anchor'],
];

describe('a topology file is refused with the place and the remedy', () => {
  it.each(refusals)('%j', (yaml, ...lines) => {
    expect(refusalOf(yaml)).toEqual(lines);
  });
});

function refusalOf(yaml: string): string[] {
  try {
    parseTopology(yaml, 'lab.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(TopologyError);
    return (error as TopologyError).message.split('\n').map((line) => line.replace(/^lab\.yaml: ?/, ''));
  }
  throw new Error('accepted');
}
