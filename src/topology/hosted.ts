/**
 * A host with a type-2 hypervisor (VMware Workstation, VirtualBox): its networks become ordinary vSwitches, and the host itself
 * is a VM `host` with a vNIC in each network that it takes part in.
 *
 * bridged      a vSwitch with one uplink; `host` beside the VMs, whose own MACs the LAN sees
 * nat          for each VM a vSwitch without an uplink, with a port of the NAT
 * nat-network  one such vSwitch for all of its VMs
 * host-only    a vSwitch without an uplink, with a vNIC of the host
 * internal     a vSwitch without an uplink
 */
import { formatIpv4, network } from './address.ts';
import type { HostedMode, HostedNetwork } from './hosted-model.ts';
import type { HostedNetworkEntry } from './hosted-schema.ts';
import type { Ipv4, PortName } from './model.ts';
import type { Path, Problems } from './problem.ts';
import type { HostEntry, NicEntry, VmEntry } from './schema.ts';
import { hint, listed } from './suggestion.ts';
import { nicsOf } from './vnic.ts';
import type { VSwitchEntry } from './vswitch-schema.ts';

/** Where in its subnet a NAT is; VMware's and VirtualBox's place. */
export const NAT_AT = 2;
/** The vSwitch of the host's NIC where no network is bridged to it. */
export const LAN = 'lan';

const modeByName: Readonly<Record<string, HostedMode>> = {
  vmnet0: 'bridged',
  vmnet1: 'host-only',
  vmnet8: 'nat-network',
};
/** VirtualBox's, and for a NAT network one of those that VMware's installer takes. */
const subnetDefault: Partial<Record<HostedMode, Ipv4>> = {
  nat: { address: 0x0a000200, prefixLength: 24 },
  'nat-network': { address: 0xc0a80800, prefixLength: 24 },
  'host-only': { address: 0xc0a83800, prefixLength: 24 },
};

/** A network that could be read, and its place in the file. */
export interface NetworkAt extends HostedNetwork {
  readonly entry: HostedNetworkEntry;
  readonly path: Path;
  /** Bridged: its NIC. */
  readonly uplink: string | null;
}

export interface Expanded {
  /** As a type-1 host would be written. */
  readonly entry: HostEntry;
  readonly networks: readonly NetworkAt[];
  /** The vSwitch on the LAN that the host itself is on; null without one. */
  readonly lan: string | null;
  /** Addresses of vSwitches that are no part of the LAN. */
  readonly apart: ReadonlyMap<string, Map<number, PortName>>;
}

/** The host as a type-1 one; null for one that is of type 1, whose keys of type 2 are problems. */
export function expandHosted(entry: HostEntry, path: Path, problems: Problems): Expanded | null {
  if (entry.hypervisor !== 'type2') {
    refuseHostedKeys(entry, path, problems);
    return null;
  }
  if (entry.vswitches !== undefined) {
    problems.add(
      [...path, 'vswitches'],
      'hypervisor type2 has no vswitches; write networks, or hypervisor: type1',
      'key',
    );
  }
  if (entry.vmkernel !== undefined) {
    const why = 'hypervisor type2 has no vmkernel, the host itself is the VM host; write ip: and networks:';
    problems.refuse([...path, 'vmkernel'], `${why}, or hypervisor: type1`, 'key');
  }
  const networks = networksOf(entry, path, problems);
  checkSubnets(networks, entry, problems);
  const attached = attach(entry, networks, path, problems);
  const lan = networks.find(({ mode }) => mode === 'bridged')?.vswitches[0] ?? null;
  const needsNat = networks.some(({ mode }) => mode === 'nat' || mode === 'nat-network');
  const nics = Object.keys(entry.uplinks ?? {});
  const own = lan ?? (needsNat && nics.length > 0 ? LAN : null);
  if (needsNat) checkOutside(entry, path, problems);
  else refuseUnused(entry, own, path, problems);
  const vswitches: Record<string, VSwitchEntry> = {};
  if (lan === null && own !== null) vswitches[own] = bridged(own, nics[0]!);
  for (const { name, mode, uplink, vswitches: names } of attached.networks) {
    for (const each of names) {
      vswitches[each] = mode === 'bridged' && uplink !== null ? bridged(name, uplink) : unplugged(name);
    }
  }
  const { hypervisor: _, networks: _networks, vmkernel: _vmkernel, ...rest } = entry;
  const behind = attached.networks.filter(({ mode }) => mode !== 'bridged').flatMap((each) => each.vswitches);
  return {
    entry: { ...rest, vswitches, vms: attached.vms },
    networks: attached.networks,
    lan: own,
    apart: new Map(behind.map((name) => [name, new Map()])),
  };
}

/** A promiscuous NIC: the VMs' own addresses are seen outside. */
function bridged(group: string, uplink: string): VSwitchEntry {
  return { uplinks: [uplink], macModel: 'registered', portGroups: { [group]: {} } };
}

function unplugged(group: string): VSwitchEntry {
  return { uplinks: [], macModel: 'registered', portGroups: { [group]: {} } };
}

function networksOf(entry: HostEntry, path: Path, problems: Problems): NetworkAt[] {
  const written = entry.networks ?? { vmnet0: {}, vmnet1: {}, vmnet8: {} };
  const takenBy = new Map<string, string>();
  return Object.entries(written).flatMap(([name, network]) => {
    const at = [...path, 'networks', name];
    const mode = network.mode ?? modeByName[name];
    if (mode === undefined) {
      const why = `missing; bridged, nat, nat-network, host-only or internal, as in ${name}: nat`;
      if (!problems.lost([...at, 'mode'])) problems.add([...at, 'mode'], why);
      return [];
    }
    refuseOtherModes(network, mode, at, problems);
    const uplink = mode === 'bridged' ? uplinkOf(name, network, entry, takenBy, at, problems) : null;
    const subnet = network.subnet ?? subnetDefault[mode] ?? null;
    return [{ name, mode, uplink, subnet, vswitches: [name], entry: network, path: at }];
  });
}

function uplinkOf(
  name: string,
  { uplink }: HostedNetworkEntry,
  host: HostEntry,
  takenBy: Map<string, string>,
  path: Path,
  problems: Problems,
): string | null {
  const known = Object.keys(host.uplinks ?? {});
  const found = uplink ?? known[0];
  if (problems.lost([...path.slice(0, 2), 'uplinks'], 1)) return null;
  if (found === undefined) {
    problems.add(path, `bridged needs an uplink, and ${path[1]} has none; write uplinks: [eth0] on the host`, 'key');
    return null;
  }
  if (!known.includes(found)) {
    problems.add([...path, 'uplink'], `unknown uplink ${found}; ${hint(found, known, 'this host has')}`);
    return null;
  }
  const other = takenBy.get(found);
  if (other !== undefined) {
    const why = `${found} is bridged to ${other} already; an uplink belongs to one network (rule R17)`;
    problems.add(path, `${why}; write uplink: with another one`, 'key');
    return null;
  }
  takenBy.set(found, name);
  return found;
}

/** Keys that say nothing in a mode. */
function refuseOtherModes(entry: HostedNetworkEntry, mode: HostedMode, path: Path, problems: Problems): void {
  const isNat = mode === 'nat' || mode === 'nat-network';
  const fits = {
    uplink: mode === 'bridged',
    subnet: isNat || mode === 'host-only',
    dhcp: isNat || mode === 'host-only',
  };
  const where = { uplink: 'bridged', subnet: 'nat, nat-network and host-only', dhcp: 'nat, nat-network and host-only' };
  for (const key of ['uplink', 'subnet', 'dhcp'] as const) {
    if (entry[key] !== undefined && !fits[key]) {
      problems.add([...path, key], `a network with mode ${mode} has no ${key}; it belongs to ${where[key]}`);
    }
  }
  if (entry.forwards === undefined || isNat) return;
  problems.add([...path, 'forwards'], `mode ${mode} has no NAT to forward a port; write mode: nat or nat-network`);
}

/** Subnets of a host and its LAN are apart, or an address would mean two stations. */
function checkSubnets(networks: readonly NetworkAt[], { ip }: HostEntry, problems: Problems): void {
  const known: { what: string; subnet: Ipv4 }[] = [];
  if (ip !== undefined) known.push({ what: `the LAN ${formatIpv4(ip)} of the host`, subnet: ip });
  for (const { name, subnet, path } of networks) {
    if (subnet === null) continue;
    const other = known.find((each) => overlap(each.subnet, subnet));
    if (other !== undefined) {
      problems.add([...path, 'subnet'], `${formatIpv4(subnet)} overlaps ${other.what}; write another subnet`);
    }
    known.push({ what: `${formatIpv4(subnet)} of ${name}`, subnet });
  }
}

function overlap(a: Ipv4, b: Ipv4): boolean {
  const prefixLength = Math.min(a.prefixLength, b.prefixLength);
  return network({ address: a.address, prefixLength }) === network({ address: b.address, prefixLength });
}

/** Whether an address is within a subnet. */
export function isIn(address: number, { address: first, prefixLength }: Ipv4): boolean {
  return network({ address, prefixLength }) === network({ address: first, prefixLength });
}

function checkOutside(entry: HostEntry, path: Path, problems: Problems): void {
  if (problems.lost([...path, 'ip']) || problems.lost([...path, 'uplinks'], 1)) return;
  if (Object.keys(entry.uplinks ?? {}).length === 0) {
    problems.add([...path, 'uplinks'], 'missing; a NAT needs a NIC of the host, as in uplinks: [eth0]');
  } else if (entry.ip === undefined) {
    problems.add([...path, 'ip'], "missing; a NAT sends with the host's own address, as in ip: 192.168.1.10/24");
  }
  checkGateway(entry, path, problems);
}

function checkGateway({ ip, gateway }: HostEntry, path: Path, problems: Problems): void {
  if (ip === undefined || gateway === undefined || isIn(gateway, ip)) return;
  problems.add(
    [...path, 'gateway'],
    `it is not on the LAN ${formatIpv4(ip)}; write an address that the host reaches directly`,
  );
}

/** Addresses of a host that is not on the LAN. */
function refuseUnused(entry: HostEntry, lan: string | null, path: Path, problems: Problems): void {
  checkGateway(entry, path, problems);
  if (lan !== null || problems.lost([...path, 'networks'], 2)) return;
  for (const key of ['ip', 'gateway', 'mac'] as const) {
    if (entry[key] === undefined) continue;
    problems.add([...path, key], 'no network is bridged or a NAT, so the host is not on the LAN; leave it out');
  }
}

/** Where the VMs are; with `nat` each vNIC has a segment of its own. */
function attach(
  entry: HostEntry,
  networks: readonly NetworkAt[],
  path: Path,
  problems: Problems,
): { vms: Record<string, VmEntry>; networks: NetworkAt[] } {
  const alone = new Map<string, string[]>(networks.filter(({ mode }) => mode === 'nat').map(({ name }) => [name, []]));
  const place = (nic: NicEntry, at: Path, name: string): NicEntry => {
    const { network: asked, ...rest } = nic;
    for (const key of ['portGroup', 'vswitch'] as const) {
      if (nic[key] === undefined) continue;
      problems.add([...at, key], 'hypervisor type2 has networks instead of port groups; write network:');
    }
    const found = networkOf(asked, networks, [...at, 'network'], path, problems);
    if (found === null) return rest;
    if (nic.ip !== undefined && nic.ip !== 'dhcp' && found.subnet !== null && !isIn(nic.ip.address, found.subnet)) {
      problems.add([...at, 'ip'], `${formatIpv4(nic.ip)} is outside ${formatIpv4(found.subnet)} of ${found.name}`);
    }
    if (nic.ip === 'dhcp') cautionLease(found, [...at, 'ip'], problems);
    const segment = found.mode === 'nat' ? `${found.name}.${name}` : found.name;
    alone.get(found.name)?.push(segment);
    const gateway = gatewayOf(rest, found);
    return { ...rest, ...(gateway !== null && { gateway }), vswitch: segment, portGroup: found.name };
  };
  const vms = Object.entries(entry.vms ?? {}).map(([name, vm]): [string, VmEntry] => {
    const at = [...path, 'vms', name];
    if (name === 'host') problems.add(at, 'a type2 host is the VM host itself; write another name', 'key');
    if (vm.nics === undefined) return [name, place(vm, at, name)];
    const nics = nicsOf(vm, at).map((nic, i) => place(nic.entry, nic.path, i === 0 ? name : `${name}.eth${i}`));
    return [name, { ...vm, nics }];
  });
  return {
    vms: Object.fromEntries(vms),
    networks: networks.map((each) => ({ ...each, vswitches: alone.get(each.name) ?? each.vswitches })),
  };
}

/** On a LAN somebody else may have a server; behind the host nobody has. */
function cautionLease({ name, mode, entry }: NetworkAt, at: Path, problems: Problems): void {
  if (mode !== 'internal' && entry.dhcp?.enabled !== false) return;
  if (mode === 'bridged') return;
  const remedy = mode === 'internal' ? 'write an address' : `write an address, or leave dhcp: false out of ${name}`;
  problems.warn(at, `nobody answers: ${name} has no DHCP server, so it never gets an address; ${remedy}`);
}

/** A VM with an address of its own behind a NAT goes out by it, unless it says otherwise; with DHCP the lease has it. */
function gatewayOf({ ip, gateway }: NicEntry, { mode, subnet }: NetworkAt): number | null {
  const isNat = mode === 'nat' || mode === 'nat-network';
  if (!isNat || subnet === null || gateway !== undefined || ip === undefined || ip === 'dhcp') return null;
  return isIn(ip.address, subnet) && ip.address !== subnet.address + NAT_AT ? subnet.address + NAT_AT : null;
}

function networkOf(
  asked: string | undefined,
  networks: readonly NetworkAt[],
  at: Path,
  hostPath: Path,
  problems: Problems,
): NetworkAt | null {
  const names = networks.map(({ name }) => name);
  const found =
    asked === undefined && networks.length === 1 ? networks[0] : networks.find(({ name }) => name === asked);
  if (found !== undefined) return found;
  // Where it is to be found cannot be said any more.
  const place = [...at.slice(0, -1), 'portGroup'];
  if (problems.lost([...hostPath, 'networks'], 2) || problems.lost(at)) {
    problems.lose(place);
    return null;
  }
  const why =
    asked === undefined
      ? `missing; this host has ${listed(names)}`
      : `unknown network ${asked}; ${hint(asked, names, 'this host has')}`;
  problems.refuse(at, why, 'value', place);
  return null;
}

/** Keys of type 2 on a host of type 1. */
function refuseHostedKeys(entry: HostEntry, path: Path, problems: Problems): void {
  for (const key of ['networks', 'ip', 'gateway', 'mac'] as const) {
    if (entry[key] === undefined) continue;
    problems.add(
      [...path, key],
      `a host has ${key} with hypervisor: type2 only; write that, or leave ${key} out`,
      'key',
    );
  }
  for (const [name, vm] of Object.entries(entry.vms ?? {})) {
    for (const nic of nicsOf(vm, [...path, 'vms', name])) {
      if (nic.entry.network === undefined) continue;
      const why = 'networks belong to hypervisor: type2; write portGroup: on a type1 host';
      problems.add([...nic.path, 'network'], why, 'key');
    }
  }
}
