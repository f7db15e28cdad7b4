/**
 * What a type-2 host does itself: its vNICs, its NAT with port forwards, its DHCP servers.
 */
import { formatIpv4, network, readHostAddress } from './address.ts';
import { type Expanded, isIn, NAT_AT, type NetworkAt } from './hosted.ts';
import type { DhcpServer, Hosted, Nat, PortForward } from './hosted-model.ts';
import type { Ipv4, Mac, Nic, Vm } from './model.ts';
import { guestOf } from './nic-guest.ts';
import type { Path, Problems } from './problem.ts';
import { count } from './scalar.ts';
import type { HostEntry } from './schema.ts';
import { hint } from './suggestion.ts';
import type { Addresses } from './vnic.ts';

/** VMware's and VirtualBox's places in a subnet: the host on a host-only network, the NAT, the VM behind a NAT of its own. */
const HOST_AT = 1;
const ALONE_AT = 15;
const leaseSecondsDefault = 1800;
/** A table of leases has a row for each address. */
const rangeMax = 1024;
const forwardsMax = 64;
/** RFC 6335: dynamic ports. The NAT has a mapping for each of so many of them (core/nat.ts). */
export const natPorts = { first: 49_152, count: 1024 } as const;

/** A vNIC of the VM `host`, and the network that it serves. */
interface OwnNic {
  readonly nic: Nic;
  readonly of: NetworkAt | null;
}

/** The VM `host`, null if it has no vNIC, and what it serves. `vms` are the VMs beside it. */
export function servicesOf(
  name: string,
  entry: HostEntry,
  { networks, lan, apart }: Expanded,
  vms: readonly Vm[],
  addresses: Addresses,
  problems: Problems,
): { vm: Vm | null; hosted: Hosted } {
  const path = ['hosts', name];
  const own: OwnNic[] = [];
  const add = (nic: Omit<Nic, 'mac'>, of: NetworkAt | null, mac?: Mac) => {
    own.push({ nic: { ...nic, mac: mac ?? addresses.macs.next() }, of });
    if (nic.ip === undefined) return;
    const ips = apart.get(nic.vswitch) ?? addresses.ips;
    const other = ips.get(nic.ip.address);
    const at = of === null ? [...path, 'ip'] : [...of.path, 'subnet'];
    if (other !== undefined) {
      const whose = of === null ? formatIpv4(nic.ip) : `${formatIpv4(nic.ip)} of the host in ${of.name}`;
      problems.add(at, `duplicate IP ${whose}: ${other} has it too; give ${other} another one`);
    }
    ips.set(nic.ip.address, `${name}/${nic.name}`);
  };
  const hasNat = networks.some(
    ({ mode, vswitches }) => (mode === 'nat' || mode === 'nat-network') && vswitches.length > 0,
  );
  if (lan !== null) {
    const group = networks.find(({ mode }) => mode === 'bridged')?.name ?? lan;
    refuseMac(entry.mac, lan, name, vms, problems);
    const guest = {
      ...guestOf({ ip: entry.ip, gateway: entry.gateway, listen: entry.listen }, path, problems),
      ...(hasNat && { hearsItself: true as const }),
    };
    const ip = entry.ip && { ip: entry.ip };
    const hasStack = Object.keys(guest).length > 0;
    add({ name: 'host', vswitch: lan, portGroup: group, ...ip, ...(hasStack && { guest }) }, null, entry.mac);
  }
  for (const each of networks) {
    const { subnet, vswitches, name: portGroup } = each;
    if (subnet === null) continue;
    const at = each.mode === 'host-only' ? HOST_AT : NAT_AT;
    const prefix = each.mode === 'host-only' ? 'host' : 'nat';
    const ip = { address: subnet.address + at, prefixLength: subnet.prefixLength };
    for (const vswitch of vswitches) add({ name: `${prefix}-${vswitch}`, vswitch, portGroup, ip }, each);
  }
  const nats = own.filter(({ of }) => of?.mode === 'nat' || of?.mode === 'nat-network');
  const dhcp = own.flatMap((each) => dhcpOf(name, each, vms, problems));
  const services = new Services(name, entry.listen ?? [], nats, dhcp, vms, problems);
  const forwards = services.forwards(networks);
  const nat: Nat | null =
    nats.length === 0 || lan === null
      ? null
      : {
          outside: `${name}/host`,
          prefixLength: entry.ip?.prefixLength ?? 0,
          gateway: entry.gateway ?? null,
          segments: nats.map(({ nic }) => ({ port: `${name}/${nic.name}`, ip: nic.ip! })),
          forwards,
        };
  const plain = networks.map(({ name: network, mode, vswitches, subnet }) => ({
    name: network,
    mode,
    vswitches,
    subnet,
  }));
  return {
    vm: own.length === 0 ? null : { name: 'host', nics: own.map(({ nic }) => nic) },
    hosted: { networks: plain, nat, dhcp },
  };
}

function refuseMac(mac: Mac | undefined, lan: string, host: string, vms: readonly Vm[], problems: Problems): void {
  const other = vms.flatMap(({ nics }) => nics).find((nic) => nic.vswitch === lan && nic.mac === mac);
  if (mac === undefined || other === undefined) return;
  problems.add(['hosts', host, 'mac'], `duplicate MAC: ${host}/${other.name} has it; leave mac out to get a free one`);
}

function dhcpOf(host: string, { nic, of }: OwnNic, vms: readonly Vm[], problems: Problems): DhcpServer[] {
  if (of === null || of.subnet === null || of.entry.dhcp?.enabled === false) return [];
  const { subnet, entry, path } = of;
  const range = entry.dhcp?.range ?? rangeDefault(of, subnet);
  const at = [...path, 'dhcp', 'range'];
  const last = network(subnet) + 2 ** (32 - subnet.prefixLength) - 1;
  if (range.first <= subnet.address || range.last >= last) {
    problems.add(at, `it is outside ${formatIpv4(subnet)} of ${of.name}, or has its network's or broadcast address`);
    return [];
  }
  if (range.last - range.first >= rangeMax) problems.add(at, `too long; at most ${count(rangeMax)} addresses`);
  const others = vms
    .flatMap(({ nics }) => nics)
    .filter(({ vswitch, ip }) => vswitch === nic.vswitch && ip !== undefined);
  return [
    {
      port: `${host}/${nic.name}`,
      ip: nic.ip!,
      ...range,
      router: of.mode === 'host-only' ? null : nic.ip!.address,
      leaseSeconds: entry.dhcp?.lease ?? leaseSecondsDefault,
      reserved: [nic, ...others]
        .map(({ ip }) => ({ mac: null, address: ip!.address }))
        .filter(({ address }) => address >= range.first && address <= range.last),
    },
  ];
}

/** The upper half of a subnet; behind a NAT of its own a VM has one address, VirtualBox's. */
function rangeDefault({ mode }: NetworkAt, subnet: Ipv4): { first: number; last: number } {
  const size = 2 ** (32 - subnet.prefixLength);
  if (mode === 'nat') {
    const alone = subnet.address + Math.min(ALONE_AT, size - 2);
    return { first: alone, last: alone };
  }
  const first = subnet.address + size / 2;
  return { first, last: Math.min(subnet.address + size - 2, first + rangeMax - 1) };
}

/** The forwards of a host's networks; a VM with an address by DHCP that one names keeps it. */
class Services {
  readonly #host: string;
  readonly #listen: readonly (number | undefined)[];
  readonly #nats: readonly OwnNic[];
  readonly #dhcp: DhcpServer[];
  readonly #vms: readonly Vm[];
  readonly #problems: Problems;
  readonly #ports = new Map<string, Path>();

  constructor(
    host: string,
    listen: readonly (number | undefined)[],
    nats: readonly OwnNic[],
    dhcp: DhcpServer[],
    vms: readonly Vm[],
    problems: Problems,
  ) {
    this.#host = host;
    this.#listen = listen;
    this.#nats = nats;
    this.#dhcp = dhcp;
    this.#vms = vms;
    this.#problems = problems;
  }

  forwards(networks: readonly NetworkAt[]): PortForward[] {
    const all = networks
      .filter(({ mode }) => mode === 'nat' || mode === 'nat-network')
      .flatMap((each) => (each.entry.forwards ?? []).flatMap((forward, i) => this.#forward(each, forward, i)));
    if (all.length <= forwardsMax) return all;
    this.#problems.add(['hosts', this.#host, 'networks'], `too many forwards; at most ${forwardsMax} on a host`);
    return [];
  }

  #forward(of: NetworkAt, entry: NonNullable<NetworkAt['entry']['forwards']>[number], i: number): PortForward[] {
    if (entry === undefined) return [];
    const path = [...of.path, 'forwards', i];
    const { protocol, hostPort, to, port = hostPort } = entry;
    const key = `${protocol} ${hostPort}`;
    if (this.#ports.has(key)) {
      const why = `${protocol} port ${hostPort} of the host is forwarded already; each protocol and hostPort once`;
      this.#problems.add([...path, 'hostPort'], why);
      return [];
    }
    this.#ports.set(key, path);
    if (hostPort >= natPorts.first && hostPort < natPorts.first + natPorts.count) {
      const own = `${natPorts.first} to ${natPorts.first + natPorts.count - 1}`;
      this.#problems.add([...path, 'hostPort'], `the NAT sends from ports ${own} itself; write another one`);
      return [];
    }
    if (protocol === 'udp' && this.#listen.includes(hostPort)) {
      const why = `the host has udp port ${hostPort} in listen, and never hears it: all of it goes to ${to}`;
      this.#problems.warn([...path, 'hostPort'], `${why}; write another port, or leave it out of listen`);
    }
    const target = this.#target(of, to, [...path, 'to']);
    return target === null ? [] : [{ protocol, hostPort, port, ...target }];
  }

  /** The segment and address that a forward leads to. */
  #target(of: NetworkAt, to: string, path: Path): { segment: number; address: number } | null {
    const segmentOf = (vswitch: string) => this.#nats.findIndex(({ nic }) => nic.vswitch === vswitch);
    if (/^\d+\.\d+\.\d+\.\d+$/.test(to)) return this.#byAddress(of, to, path, segmentOf);
    const here = this.#vms.flatMap(({ nics }) => nics).filter(({ vswitch }) => of.vswitches.includes(vswitch));
    const nic = here.find(({ name }) => name === to);
    if (nic === undefined) {
      const known = here.map(({ name }) => name);
      if (!this.#problems.lost(['hosts', this.#host, 'vms'], 3)) {
        this.#problems.add(path, `unknown VM ${to} in ${of.name}; ${hint(to, known, `${of.name} has`)}`);
      }
      return null;
    }
    const segment = segmentOf(nic.vswitch);
    const address = nic.ip?.address ?? (nic.guest?.dhcp === true ? this.#reserve(nic) : null);
    if (address !== null) return { segment, address };
    this.#problems.add(
      path,
      `${to} has no address, and gets none by DHCP; give it ip:, or ip: dhcp where a server has one left`,
    );
    return null;
  }

  #byAddress(of: NetworkAt, to: string, path: Path, segmentOf: (vswitch: string) => number) {
    const address = readHostAddress(to);
    if (of.vswitches.length !== 1) {
      this.#problems.add(path, 'each VM of mode nat has a segment of its own; name the VM');
    } else if (!isIn(address, of.subnet!)) {
      this.#problems.add(path, `${to} is outside ${formatIpv4(of.subnet!)} of ${of.name}`);
    } else if (this.#nats.some(({ nic }) => nic.vswitch === of.vswitches[0] && nic.ip?.address === address)) {
      this.#problems.add(path, `${to} is the NAT itself, where nothing listens; name a VM`);
    } else {
      return { segment: segmentOf(of.vswitches[0]!), address };
    }
    return null;
  }

  /** An address of the DHCP server for this vNIC alone. */
  #reserve({ vswitch, mac }: Nic): number | null {
    const own = this.#nats.find(({ nic }) => nic.vswitch === vswitch)!.nic;
    const place = this.#dhcp.findIndex(({ port }) => port === `${this.#host}/${own.name}`);
    const server = this.#dhcp[place];
    if (server === undefined) return null;
    const known = server.reserved.find((each) => each.mac === mac);
    if (known !== undefined) return known.address;
    const taken = new Set(server.reserved.map(({ address }) => address));
    for (let address = server.first; address <= server.last; address++) {
      if (taken.has(address)) continue;
      this.#dhcp[place] = { ...server, reserved: [...server.reserved, { mac, address }] };
      return address;
    }
    return null;
  }
}
