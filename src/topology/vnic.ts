/**
 * The virtual machines of a host: which port group a vNIC is on, and its addresses.
 */
import { formatIpv4, type MacPool } from './address.ts';
import type { Mac, Nic, PortName, Vm, VSwitch } from './model.ts';
import { listeningOf } from './multicast.ts';
import { cardOf } from './nic.ts';
import { guestOf } from './nic-guest.ts';
import type { Path, Problems } from './problem.ts';
import type { HostEntry, NicEntry, VmEntry } from './schema.ts';
import { hint, listed } from './suggestion.ts';

/** What is unique beyond one host. */
export interface Addresses {
  readonly macs: MacPool;
  /** Who has an IPv4 address. */
  readonly ips: Map<number, PortName>;
  /** The same for vSwitches whose addresses nobody outside sees (behind a NAT, host-only), by name. */
  readonly apart?: ReadonlyMap<string, Map<number, PortName>>;
}

/** A vNIC as written, with its place. */
export interface NicAt {
  readonly entry: NicEntry;
  readonly path: Path;
}

export function vmsOf(
  host: HostEntry,
  hostPath: Path,
  vswitches: readonly VSwitch[],
  addresses: Addresses,
  problems: Problems,
): Vm[] {
  const attachment = new Attachment(hostPath, vswitches, addresses, problems);
  const vms = Object.entries(host.vms ?? {}).map(([name, vm]): Vm => {
    const path = [...hostPath, 'vms', name];
    if (vm.nics !== undefined) refuseBothForms(vm, path, problems);
    const nics = nicsOf(vm, path).map((nic, i) => attachment.attach(nic, i === 0 ? name : `${name}.eth${i}`));
    return { name, nics };
  });
  return [...vms, ...ownNicsOf(host, hostPath, attachment, problems)];
}

/** The NICs of the host itself (vmkernel.ts). */
function ownNicsOf({ vmkernel }: HostEntry, hostPath: Path, attachment: Attachment, problems: Problems): Vm[] {
  return Object.entries(vmkernel ?? {}).map(([name, entry]) => {
    const path = [...hostPath, 'vmkernel', name];
    if (entry.ip === undefined && !problems.lost([...path, 'ip']))
      problems.add([...path, 'ip'], 'missing; it is where the host answers, as in ip: 10.0.0.11/24');
    return { name, nics: [attachment.attach({ entry, path }, name)], vmkernel: true };
  });
}

/** The VM's vNICs, from its list or from the keys that stand on the VM itself. */
export function nicsOf(vm: VmEntry, path: Path): NicAt[] {
  if (vm.nics === undefined) return [{ entry: vm, path }];
  return vm.nics.map((entry, i) => ({ entry: entry ?? {}, path: [...path, 'nics', i] }));
}

function refuseBothForms(vm: VmEntry, path: Path, problems: Problems): void {
  for (const key of [
    'portGroup',
    'vswitch',
    'mac',
    'effectiveMac',
    'ip',
    'groups',
    'igmp',
    'mld',
    'gateway',
    'listen',
    'network',
    'nic',
  ] as const) {
    if (vm[key] !== undefined) problems.add([...path, key], `${key} stands beside nics; write it in an entry of nics`);
  }
}

class Attachment {
  readonly #hostPath: Path;
  readonly #vswitches: readonly VSwitch[];
  readonly #addresses: Addresses;
  readonly #problems: Problems;
  /** Who has a given MAC, by vSwitch and MAC: on two vSwitches the same one may be wanted. */
  readonly #macs = new Map<string, PortName>();

  constructor(hostPath: Path, vswitches: readonly VSwitch[], addresses: Addresses, problems: Problems) {
    this.#hostPath = hostPath;
    this.#vswitches = vswitches;
    this.#addresses = addresses;
    this.#problems = problems;
  }

  attach({ entry, path }: NicAt, name: string): Nic {
    const port = `${this.#hostPath[1]}/${name}`;
    const place = this.#place(entry, path);
    const mac = this.#mac(entry.mac, place.vswitch, port, path);
    const { effectiveMac = mac } = entry;
    const guest = guestOf(entry, path, this.#problems);
    const vswitch = this.#vswitches.find((each) => each.name === place.vswitch);
    const card = cardOf(entry.nic, [...path, 'nic'], vswitch, this.#problems);
    const nic = {
      name,
      ...place,
      mac,
      ...(effectiveMac !== mac && { effectiveMac }),
      ...(guest !== null && { guest }),
      ...listeningOf(entry, path, this.#problems),
      ...(card && { card }),
    };
    if (entry.ip === undefined || entry.ip === 'dhcp') return nic;
    const ips = this.#addresses.apart?.get(place.vswitch) ?? this.#addresses.ips;
    const other = ips.get(entry.ip.address);
    if (other !== undefined) {
      this.#problems.add(
        [...path, 'ip'],
        `duplicate IP ${formatIpv4(entry.ip)}: ${other} has it too; in a counted host write {n}, as in 10.0.{n}.1/24`,
      );
    }
    ips.set(entry.ip.address, port);
    return { ...nic, ip: entry.ip };
  }

  #mac(given: Mac | undefined, vswitch: string, port: PortName, path: Path): Mac {
    if (given === undefined) return this.#addresses.macs.next();
    const key = `${vswitch} ${given}`;
    const other = this.#macs.get(key);
    if (other !== undefined) {
      this.#problems.add(
        [...path, 'mac'],
        `duplicate MAC: ${other} on the same vSwitch has it; leave mac out to get a free one`,
      );
    }
    this.#macs.set(key, port);
    return given;
  }

  /** The vNIC's vSwitch and port group; empty names if a problem was reported, so that the port itself still exists. */
  #place({ vswitch, portGroup }: NicEntry, path: Path): { vswitch: string; portGroup: string } {
    const nowhere = { vswitch: '', portGroup: '' };
    if (this.#incomplete(path)) return nowhere;
    const switches = this.#vswitches.filter(({ name }) => vswitch === undefined || name === vswitch);
    if (vswitch !== undefined && switches.length === 0) {
      const names = this.#vswitches.map(({ name }) => name);
      this.#problems.add([...path, 'vswitch'], `unknown vSwitch ${vswitch}; ${hint(vswitch, names, 'this host has')}`);
      return nowhere;
    }
    const all = switches.flatMap((each) =>
      each.portGroups.map((group) => ({ vswitch: each.name, portGroup: group.name })),
    );
    const fitting = all.filter((each) => portGroup === undefined || each.portGroup === portGroup);
    if (fitting.length === 1) return fitting[0]!;
    const owner = vswitch ?? 'this host';
    const names = [...new Set(all.map((each) => each.portGroup))];
    if (names.length === 0) {
      this.#problems.add([...path, 'portGroup'], `${owner} has no port group; write portGroups: under a vSwitch`);
    } else if (portGroup === undefined) {
      this.#problems.add([...path, 'portGroup'], `missing; ${owner} has ${listed(names)}`);
    } else if (fitting.length === 0) {
      this.#problems.add(
        [...path, 'portGroup'],
        `unknown port group ${portGroup}; ${hint(portGroup, names, `${owner} has`)}`,
      );
    } else {
      const both = listed(fitting.map((each) => each.vswitch));
      this.#problems.add(
        [...path, 'portGroup'],
        `port group ${portGroup} is on several vSwitches; write vswitch: one of ${both}`,
      );
    }
    return nowhere;
  }

  /** Whether what was asked for, or what there is, is in doubt because it was refused. */
  #incomplete(path: Path): boolean {
    const asked = ['vswitch', 'portGroup'].some((key) => this.#problems.lost([...path, key]));
    return asked || this.#problems.lost(this.#hostPath, 1) || this.#problems.lost([...this.#hostPath, 'vswitches'], 3);
  }
}
