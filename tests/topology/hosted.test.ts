/** Hosts with a type-2 hypervisor: what their networks become, and what is refused. */
import { describe, expect, it } from 'vitest';
import { parseTopology, type TopologyError } from '../../src/topology/load.ts';
import type { Host } from '../../src/topology/model.ts';

const load = (yaml: string) => parseTopology(yaml, 'lab.yaml');
const pc = (keys: string): Host => load(`hosts: { pc: { hypervisor: type2, ${keys} } }`).hosts[0]!;
const lan = 'uplinks: [eth0], ip: 192.168.1.10/24, gateway: 192.168.1.1';
const ports = (host: Host) => host.vms.flatMap(({ nics }) => nics.map(({ name, vswitch }) => `${name} on ${vswitch}`));
const vswitches = ({ vswitches: all }: Host) =>
  all.map(({ name, uplinks, macModel }) => [name, ...uplinks, macModel].join(' '));

describe('a network becomes', () => {
  it('bridged: a vSwitch with the NIC, on which the host is, too', () => {
    const host = pc(`${lan}, networks: { v: bridged }, vms: { a: }`);
    expect(vswitches(host)).toEqual(['v eth0 registered']);
    expect(ports(host)).toEqual(['a on v', 'host on v']);
    expect(host.hosted).toMatchObject({ nat: null, dhcp: [] });
  });

  it('nat: a vSwitch and a gateway for each VM, and the NIC for the host', () => {
    const host = pc(`${lan}, networks: { n: nat }, vms: { a: , b: { nics: [{}, {}] } }`);
    expect(vswitches(host)).toEqual(['lan eth0 registered', 'n.a registered', 'n.b registered', 'n.b.eth1 registered']);
    const own = ['host on lan', 'nat-n.a on n.a', 'nat-n.b on n.b', 'nat-n.b.eth1 on n.b.eth1'];
    expect(ports(host)).toEqual(['a on n.a', 'b on n.b', 'b.eth1 on n.b.eth1', ...own]);
    expect(host.hosted!.nat).toMatchObject({ outside: 'pc/host', gateway: 0xc0a80101, prefixLength: 24 });
    const server = { first: 0x0a00020f, last: 0x0a00020f, router: 0x0a000202, leaseSeconds: 1800 };
    expect(host.hosted!.dhcp).toMatchObject([server, server, server]);
  });

  it('nat-network: one vSwitch with a gateway', () => {
    const host = pc(`${lan}, networks: { n: nat-network }, vms: { a: , b: }`);
    expect(vswitches(host)).toEqual(['lan eth0 registered', 'n registered']);
    expect(ports(host)).toEqual(['a on n', 'b on n', 'host on lan', 'nat-n on n']);
    expect(host.hosted!.nat!.segments).toEqual([{ port: 'pc/nat-n', ip: { address: 0xc0a80802, prefixLength: 24 } }]);
    expect(host.hosted!.dhcp).toMatchObject([{ first: 0xc0a80880, last: 0xc0a808fe }]);
  });

  it('host-only: a vSwitch without an uplink, with the host in it', () => {
    const host = pc('networks: { h: host-only }, vms: { a: }');
    expect(vswitches(host)).toEqual(['h registered']);
    expect(ports(host)).toEqual(['a on h', 'host-h on h']);
    expect(host.hosted!.dhcp).toMatchObject([{ port: 'pc/host-h', router: null }]);
  });

  it('internal: a vSwitch with nobody but VMs', () => {
    const host = pc('networks: { i: internal }, vms: { a: }');
    expect([vswitches(host), ports(host)]).toEqual([['i registered'], ['a on i']]);
  });

  it("VMware's, where none is written", () => {
    const host = pc(`${lan}, vms: { a: { network: vmnet8 } }`);
    expect(host.hosted!.networks.map(({ name, mode }) => `${name} ${mode}`)).toEqual([
      'vmnet0 bridged',
      'vmnet1 host-only',
      'vmnet8 nat-network',
    ]);
  });
});

it('a VM behind a NAT with an address of its own has it for its gateway', () => {
  const { vms } = pc(`${lan}, networks: { n: nat }, vms: { a: { ip: 10.0.2.15/24 }, b: { ip: 10.0.2.15/24 } }`);
  expect(vms.slice(0, 2).map(({ nics }) => nics[0]!.guest)).toEqual([{ gateway: 0x0a000202 }, { gateway: 0x0a000202 }]);
});

it('a port forward to a VM with DHCP keeps an address for it, and a server leaves out those that VMs have', () => {
  const range = 'dhcp: { range: 192.168.8.10-192.168.8.12 }';
  const forwards =
    'forwards: [{ protocol: tcp, hostPort: 80, to: b }, { protocol: udp, hostPort: 80, to: 192.168.8.99, port: 1 }]';
  const vms = 'vms: { a: { ip: 192.168.8.10/24 }, b: { ip: dhcp, mac: "02:00:00:00:00:0b" } }';
  const { hosted } = pc(`${lan}, networks: { n: { mode: nat-network, ${range}, ${forwards} } }, ${vms}`);
  expect(hosted!.nat!.forwards).toEqual([
    { protocol: 'tcp', hostPort: 80, port: 80, segment: 0, address: 0xc0a8080b },
    { protocol: 'udp', hostPort: 80, port: 1, segment: 0, address: 0xc0a80863 },
  ]);
  expect(hosted!.dhcp[0]!.reserved).toEqual([
    { mac: null, address: 0xc0a8080a },
    { mac: '02:00:00:00:00:0b', address: 0xc0a8080b },
  ]);
});

it('hosts may have the same subnets behind their NATs', () => {
  const host = (n: number) =>
    `pc${n}: { hypervisor: type2, uplinks: [eth0], ip: 192.168.1.${n}/24, networks: { n: nat }, vms: { a: { ip: 10.0.2.15/24 } } }`;
  expect(load(`hosts: { ${host(1)}, ${host(2)} }`).hosts).toHaveLength(2);
});

describe('a warning tells', () => {
  /** Without the place in the file. */
  const warnings = (keys: string) =>
    load(`hosts: { pc: { hypervisor: type2, ${keys} } }`).warnings.map(
      ({ place, message }) => `${place.split(': ')[1]}: ${message}`,
    );

  it.each([
    [
      'of a forwarded port at which the host listens itself',
      `${lan}, listen: [53, 80], networks: { n: { mode: nat-network, forwards: [{ protocol: udp, hostPort: 80, to: a }, { protocol: tcp, hostPort: 53, to: a }] } }, vms: { a: { ip: 192.168.8.9/24 } }`,
      'hosts.pc.networks.n.forwards[0].hostPort: the host has udp port 80 in listen, and never hears it: all of it goes to a; write another port, or leave it out of listen',
    ],
    [
      'that nobody answers a VM that asks for an address',
      `${lan}, networks: { n: { mode: nat-network, dhcp: false } }, vms: { a: { ip: dhcp } }`,
      'hosts.pc.vms.a.ip: nobody answers: n has no DHCP server, so it never gets an address; write an address, or leave dhcp: false out of n',
    ],
    [
      'the same of an internal network',
      'networks: { i: internal }, vms: { a: { nics: [{ ip: dhcp }] } }',
      'hosts.pc.vms.a.nics[0].ip: nobody answers: i has no DHCP server, so it never gets an address; write an address',
    ],
  ])('%s', (_, keys, expected) => expect(warnings(keys)).toEqual([expected]));

  it('nothing of a bridged network, where somebody else may have a server, nor of one with a server', () => {
    const networks = 'networks: { b: bridged, h: host-only }';
    expect(warnings(`${lan}, ${networks}, vms: { a: { network: b, ip: dhcp }, c: { network: h, ip: dhcp } }`)).toEqual(
      [],
    );
  });
});

describe('is refused:', () => {
  const nat = (more: string, vms = 'vms: { a: , b: }') =>
    `${lan}, networks: { n: { mode: nat-network, ${more} } }, ${vms}`;
  const to = (forward: string) =>
    nat(`forwards: [{ protocol: udp, hostPort: 80, to: a }, { ${forward} }]`, 'vms: { a: { ip: 192.168.8.9/24 }, b: }');
  it.each<[string, string]>([
    [
      to('protocol: udp, hostPort: 80, to: 192.168.8.9'),
      'hosts.pc.networks.n.forwards[1].hostPort: udp port 80 of the host is forwarded already; each protocol and hostPort once',
    ],
    [
      to('protocol: tcp, hostPort: 80, to: c'),
      'hosts.pc.networks.n.forwards[1].to: unknown VM c in n; did you mean a? n has a, b',
    ],
    [
      to('protocol: tcp, hostPort: 80, to: b'),
      'hosts.pc.networks.n.forwards[1].to: b has no address, and gets none by DHCP; give it ip:, or ip: dhcp where a server has one left',
    ],
    [
      to('protocol: tcp, hostPort: 80, to: 10.0.0.1'),
      'hosts.pc.networks.n.forwards[1].to: 10.0.0.1 is outside 192.168.8.0/24 of n',
    ],
    [
      to('protocol: tcp, hostPort: 49152, to: a'),
      'hosts.pc.networks.n.forwards[1].hostPort: the NAT sends from ports 49152 to 50175 itself; write another one',
    ],
    [
      to('protocol: icmp, hostPort: 1, to: a'),
      'hosts.pc.networks.n.forwards[1].protocol: icmp is not one of the choices; allowed: udp, tcp',
    ],
    [
      `${lan}, networks: { n: { mode: nat, forwards: [{ protocol: udp, hostPort: 1, to: 10.0.2.15 }] } }, vms: { a: , b: }`,
      'hosts.pc.networks.n.forwards[0].to: each VM of mode nat has a segment of its own; name the VM',
    ],
    [
      'networks: { n: { mode: host-only, forwards: [] } }',
      'hosts.pc.networks.n.forwards: mode host-only has no NAT to forward a port; write mode: nat or nat-network',
    ],
    [
      nat('subnet: 192.168.1.0/25'),
      'hosts.pc.networks.n.subnet: 192.168.1.0/25 overlaps the LAN 192.168.1.10/24 of the host; write another subnet',
    ],
    [
      nat('subnet: 192.168.8.1/24'),
      'hosts.pc.networks.n.subnet: 192.168.8.1/24 is not a subnet; its network is 192.168.8.0/24',
    ],
    [
      nat('subnet: 192.168.8.0/30'),
      'hosts.pc.networks.n.subnet: 192.168.8.0/30 is not a subnet; a network such as 192.168.8.0/24, /16 to /29',
    ],
    [
      `${lan}, networks: { n: nat, m: nat }`,
      'hosts.pc.networks.m: 10.0.2.0/24 overlaps 10.0.2.0/24 of n; write another subnet',
    ],
    [
      nat('dhcp: { range: 192.168.9.1-192.168.9.5 }'),
      "hosts.pc.networks.n.dhcp.range: it is outside 192.168.8.0/24 of n, or has its network's or broadcast address",
    ],
    [
      nat('dhcp: { range: 192.168.8.9-192.168.8.5 }'),
      'hosts.pc.networks.n.dhcp.range: 192.168.8.9-192.168.8.5 is not a range; first and last address, such as 192.168.8.128-192.168.8.254',
    ],
    [nat('dhcp: { lease: 1s }'), 'hosts.pc.networks.n.dhcp.lease: 1s is not in range; 2s to 720h in whole seconds'],
    [
      nat('uplink: eth0'),
      'hosts.pc.networks.n.uplink: a network with mode nat-network has no uplink; it belongs to bridged',
    ],
    [nat('', 'vms: { a: { ip: 10.0.0.1/24 } }'), 'hosts.pc.vms.a.ip: 10.0.0.1/24 is outside 192.168.8.0/24 of n'],
    [
      nat('', 'vms: { a: { network: m } }'),
      'hosts.pc.vms.a.network: unknown network m; did you mean n? this host has n',
    ],
    [
      nat('', 'vms: { a: { portGroup: n } }'),
      'hosts.pc.vms.a.portGroup: hypervisor type2 has networks instead of port groups; write network:',
    ],
    [
      `${lan}, vswitches: { v: }`,
      'hosts.pc.vswitches: hypervisor type2 has no vswitches; write networks, or hypervisor: type1',
    ],
    [
      'networks: { v: bridged }',
      'hosts.pc.networks.v: bridged needs an uplink, and pc has none; write uplinks: [eth0] on the host',
    ],
    [
      'uplinks: [a], networks: { v: { mode: bridged, uplink: b } }',
      'hosts.pc.networks.v.uplink: unknown uplink b; did you mean a? this host has a',
    ],
    [
      'uplinks: [a], networks: { v: bridged, w: bridged }',
      'hosts.pc.networks.w: a is bridged to v already; an uplink belongs to one network (rule R17); write uplink: with another one',
    ],
    ['networks: { v: nat }', 'hosts.pc.uplinks: missing; a NAT needs a NIC of the host, as in uplinks: [eth0]'],
    [
      'uplinks: [a], networks: { v: nat }',
      "hosts.pc.ip: missing; a NAT sends with the host's own address, as in ip: 192.168.1.10/24",
    ],
    [
      'uplinks: [a], ip: 10.0.0.1/24, gateway: 10.0.1.1, networks: { v: nat }',
      'hosts.pc.gateway: it is not on the LAN 10.0.0.1/24; write an address that the host reaches directly',
    ],
    [
      'ip: 10.0.0.1/24, networks: { v: internal }',
      'hosts.pc.ip: no network is bridged or a NAT, so the host is not on the LAN; leave it out',
    ],
    [
      'networks: { v: }',
      'hosts.pc.networks.v.mode: missing; bridged, nat, nat-network, host-only or internal, as in v: nat',
    ],
    [
      'networks: { v: hub }',
      'hosts.pc.networks.v: hub is not one of the choices; allowed: bridged, nat, nat-network, host-only, internal',
    ],
    [
      `${lan}, networks: { v: bridge }, vms: { a: }`,
      'hosts.pc.networks.v: bridge is not one of the choices; did you mean bridged? allowed: bridged, nat, nat-network, host-only, internal',
    ],
    [
      `${lan}, networks: { v: bridge, w: host-only }, vms: { a: { network: v }, b: { network: w } }`,
      'hosts.pc.networks.v: bridge is not one of the choices; did you mean bridged? allowed: bridged, nat, nat-network, host-only, internal',
    ],
    [
      'networks: { v: internal }, vms: { host: }',
      'hosts.pc.vms.host: a type2 host is the VM host itself; write another name',
    ],
  ])('%s', (keys, expected) => {
    let problems: string[] = [];
    try {
      pc(keys);
    } catch (error) {
      problems = (error as TopologyError).problems.map(({ path, message }) => `${path}: ${message}`);
    }
    expect(problems).toEqual([expected]);
  });

  it.each<[string, string]>([
    ['hypervisor: type3', 'hosts.h.hypervisor: type3 is not one of the choices; allowed: type1, type2'],
    [
      'networks: { v: internal }',
      'hosts.h.networks: a host has networks with hypervisor: type2 only; write that, or leave networks out',
    ],
    ['ip: 10.0.0.1/24', 'hosts.h.ip: a host has ip with hypervisor: type2 only; write that, or leave ip out'],
    [
      'vswitches: { v: { portGroups: { g: } } }, vms: { a: { network: v } }',
      'hosts.h.vms.a.network: networks belong to hypervisor: type2; write portGroup: on a type1 host',
    ],
  ])('on a type-1 host, %s', (keys, expected) => {
    let problems: string[] = [];
    try {
      load(`hosts: { h: { ${keys} } }`);
    } catch (error) {
      problems = (error as TopologyError).problems.map(({ path, message }) => `${path}: ${message}`);
    }
    expect(problems).toEqual([expected]);
  });
});
