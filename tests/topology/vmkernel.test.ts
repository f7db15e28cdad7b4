/** The NICs of a type-1 host itself: what they become, and what is refused with the place and the remedy. */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { withSeats } from '../../src/topology/change.ts';
import { parseTopology, TopologyError } from '../../src/topology/load.ts';

const vswitches = 'vswitches: { vSwitch0: { portGroups: { mgmt: { vlan: 5 }, web: {}, late: { absent: true } } } }';

/** A host with these NICs of its own on the fourth line, and what follows. */
const text = (vmkernel: string, more = '') =>
  `hosts:\n  esx1:\n    ${vswitches}\n    vmkernel: { ${vmkernel} }\n    vms: { web1: { nics: [{ portGroup: web }, { portGroup: web }] } }\n${more}`;
const load = (vmkernel: string, more?: string) => parseTopology(text(vmkernel, more), 'lab');
const refusal = (yaml: string): string => {
  try {
    parseTopology(yaml, 'lab');
  } catch (error) {
    if (error instanceof TopologyError) return error.message.replace(/^lab:/, '');
    throw error;
  }
  throw new Error('it was not refused');
};

const fine = 'vmk0: { portGroup: mgmt, ip: 10.0.0.11/24 }';
const esx2 = '  esx2: { vswitches: { vSwitch0: { portGroups: { mgmt: {}, web: {} } } } }\n';

describe('a NIC of the host itself', () => {
  it('is a VM with one vNIC, behind the VMs', () => {
    const keys = 'mac: "02:00:00:00:00:11", gateway: 10.0.0.254, listen: [902]';
    const { hosts } = load(
      `vmk0: { portGroup: mgmt, vswitch: vSwitch0, ip: 10.0.0.11/24, ${keys} }, vmk1: { portGroup: web, ip: dhcp }`,
    );
    expect(hosts[0]!.vms.map(({ name, vmkernel }) => [name, vmkernel])).toEqual([
      ['web1', undefined],
      ['vmk0', true],
      ['vmk1', true],
    ]);
    expect(hosts[0]!.vms[1]!.nics).toEqual([
      {
        name: 'vmk0',
        vswitch: 'vSwitch0',
        portGroup: 'mgmt',
        mac: '02:00:00:00:00:11',
        ip: { address: 0x0a00000b, prefixLength: 24 },
        guest: { gateway: 0x0a0000fe, listen: [902] },
      },
    ]);
    expect(hosts[0]!.vms[2]!.nics[0]!.guest).toEqual({ dhcp: true });
  });

  it('of a counted host has an address by {n}', () => {
    const yaml =
      'hosts: { esx: { count: 3, vswitches: { v: { portGroups: { g: } } }, vmkernel: { vmk0: { ip: "10.0.0.{n}/24" } } } }';
    const { hosts } = parseTopology(yaml, 'lab');
    expect(hosts.map(({ vms }) => vms[0]!.nics[0]!.ip!.address)).toEqual([0x0a000001, 0x0a000002, 0x0a000003]);
  });

  it('keeps its MAC to itself: none that is given away is the same', () => {
    const { hosts } = load('vmk0: { portGroup: mgmt, ip: 10.0.0.11/24, mac: "00:50:56:00:00:00" }');
    const macs = hosts[0]!.vms.flatMap(({ nics }) => nics.map(({ mac }) => mac));
    expect(new Set(macs).size).toBe(3);
  });

  it('stays when a program may move all VMs, and cannot be named for it', async () => {
    const topology = load(fine, esx2);
    expect(withSeats(topology, ['*']).changes!.seats.map(({ port }) => port)).not.toContain('esx2/vmk0');
    const why = 'esx1/vmk0 is a NIC of the host itself, which neither comes nor goes; name a VM';
    expect(() => withSeats(topology, ['esx1/vmk0'])).toThrow(why);
    const network = new Network(topology, { mayMigrate: '*' });
    await expect(network.detachVm('esx1/vmk0')).rejects.toThrow(why);
    await expect(network.migrate('esx1/vmk0', 'esx2')).rejects.toThrow(why);
  });
});

describe('is refused with its place:', () => {
  it.each<[vmkernel: string, line: string]>([
    [
      'vmk0: { portGroup: mgnt, ip: 10.0.0.11/24 }',
      '4:36: hosts.esx1.vmkernel.vmk0.portGroup: unknown port group mgnt; did you mean mgmt? this host has mgmt, web, late',
    ],
    ['vmk0: { ip: 10.0.0.11/24 }', '4:23: hosts.esx1.vmkernel.vmk0.portGroup: missing; this host has mgmt, web, late'],
    [
      'vmk0: { portGroup: mgmt }',
      '4:23: hosts.esx1.vmkernel.vmk0.ip: missing; it is where the host answers, as in ip: 10.0.0.11/24',
    ],
    [
      'vmk0: { portGroup: mgmt, ip: 10.0.0.11 }',
      '4:46: hosts.esx1.vmkernel.vmk0.ip: 10.0.0.11 is not an IP address; an IPv4 address with its prefix length, such as 10.0.0.1/24',
    ],
    [
      'vmk0: { portGroup: mgmt, ip: 10.0.0.11/24, gateway: 10.0.1.1 }',
      '4:69: hosts.esx1.vmkernel.vmk0.gateway: 10.0.1.1 is not in the prefix of 10.0.0.11/24; write an address in it',
    ],
    [
      `${fine}, vmk1: { portGroup: web, ip: 10.0.0.11/24 }`,
      '4:90: hosts.esx1.vmkernel.vmk1.ip: duplicate IP 10.0.0.11/24: esx1/vmk0 has it too; in a counted host write {n}, as in 10.0.{n}.1/24',
    ],
    [
      'web1: { portGroup: mgmt, ip: 10.0.0.11/24 }',
      '4:17: hosts.esx1.vmkernel.web1: web1 is the name of a VM already; names are unique on a host',
    ],
    [
      'web1.eth1: { portGroup: mgmt, ip: 10.0.0.11/24 }',
      '4:17: hosts.esx1.vmkernel.web1.eth1: web1.eth1 is the name of a vNIC already; names are unique on a host',
    ],
    [
      'vSwitch0: { portGroup: mgmt, ip: 10.0.0.11/24 }',
      '4:17: hosts.esx1.vmkernel.vSwitch0: vSwitch0 is the name of a vSwitch already; names are unique on a host',
    ],
    [
      '"vmk 0": { portGroup: mgmt, ip: 10.0.0.11/24 }',
      '4:17: hosts.esx1.vmkernel.vmk 0: vmk 0 is not a name; letters, digits, _ - and ., 1-63 characters, the first a letter or digit',
    ],
    [
      'vmk: { count: 2, portGroup: mgmt, ip: 10.0.0.11/24 }',
      '4:24: hosts.esx1.vmkernel.vmk.count: unknown key count; each NIC of the host has a name and an address of its own; write vmk1 beside it, and count at the host',
    ],
    [
      'vmk0: { portGroup: mgmt, ip: 10.0.0.11/24, absent: true }',
      '4:60: hosts.esx1.vmkernel.vmk0.absent: unknown key absent; the host itself is always there; put what comes and goes under vms',
    ],
    [
      'vmk0: { portGroup: late, ip: 10.0.0.11/24 }',
      '4:36: hosts.esx1.vmkernel.vmk0.portGroup: port group late is absent at the start, and the host itself never is; write another one',
    ],
    [
      'vmk0: { portGroup: mgmt, ip: 10.0.0.11/24, nic: virtio }',
      '4:60: hosts.esx1.vmkernel.vmk0.nic: unknown key nic; allowed: portGroup, vswitch, ip, gateway, listen, mac',
    ],
  ])('%s', (vmkernel, line) => {
    expect(refusal(text(vmkernel))).toBe(line);
  });

  it('the name of an uplink', () => {
    const yaml = `hosts: { esx1: { uplinks: [vmk0], ${vswitches}, vmkernel: { ${fine} } } }`;
    expect(refusal(yaml)).toMatch(
      /^1:\d+: hosts\.esx1\.vmkernel\.vmk0: vmk0 is the name of an uplink already; names are unique on a host$/,
    );
  });

  it('one that two vSwitches have room for', () => {
    const two = 'vswitches: { a: { portGroups: { mgmt: } }, b: { portGroups: { mgmt: } } }';
    const why =
      'hosts.esx1.vmkernel.vmk0.portGroup: port group mgmt is on several vSwitches; write vswitch: one of a, b';
    expect(refusal(`hosts: { esx1: { ${two}, vmkernel: { ${fine} } } }`)).toContain(why);
  });

  it('on a type-2 host, and once: what names it is no further mistake', () => {
    const yaml = `hosts:\n  pc:\n    hypervisor: type2\n    networks: { i: internal }\n    vms: { a: { ip: 10.0.0.1/24 } }\n    vmkernel: { ${fine} }\ntraffic: [{ from: pc/a, ping: pc/vmk0 }]\n`;
    expect(refusal(yaml)).toBe(
      '6:5: hosts.pc.vmkernel: hypervisor type2 has no vmkernel, the host itself is the VM host; write ip: and networks:, or hypervisor: type1',
    );
  });

  it.each([
    ['detach: esx1/vmk0', 'detach'],
    ['attach: esx1/vmk0', 'attach'],
    ['attach: { vm: esx1/vmk0, to: esx2 }', 'attach.vm'],
    ['migrate: { vm: esx1/vmk0, to: esx2 }', 'migrate.vm'],
  ])('an event, %s', (event, place) => {
    const told = refusal(text(fine, `${esx2}events: [{ at: 1s, ${event} }]\n`)).replace(/^\d+:\d+: /, '');
    const why = 'esx1/vmk0 is a NIC of the host itself, which neither comes nor goes; name a VM';
    expect(told).toBe(`events[0].${place}: ${why}`);
  });

  it('a VM of that name that would come', () => {
    const other = `  esx2: { ${vswitches}, vms: { vmk0: { portGroup: web } } }\n`;
    const told = refusal(text(fine, `${other}events: [{ at: 1s, migrate: { vm: esx2/vmk0, to: esx1 } }]\n`));
    expect(told).toContain(
      'migrate.to: esx1 has a vmkernel NIC vmk0 of its own; give the VM a name that is free there',
    );
  });

  it('more of them than there may be vNICs', () => {
    const nics = 'vmk0: { ip: "10.{n}.0.1/8" }, vmk1: { ip: "11.0.{n}.1/8" }';
    const vms = 'vms: { vm: { count: 20 } }';
    const yaml = `hosts: { esx: { count: 1000, vswitches: { v: { portGroups: { g: } } }, vmkernel: { ${nics} }, ${vms} } }`;
    expect(refusal(yaml)).toContain('too many vNICs; at most 20,000 in all');
  });
});
