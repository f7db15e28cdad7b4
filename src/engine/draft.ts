/** The switches of a topology before they have places: a vSwitch and a physical switch are the same from here on. */
import type { PhysicalSwitch, PortName, PortVlan, Table, Topology, VSwitch } from '../topology/model.ts';

export interface DraftPort {
  readonly name: PortName;
  readonly kind: 'vnic' | 'uplink' | 'bridge';
  readonly vlan: PortVlan;
  readonly mac: string | null;
  readonly ip: number | null;
}

export interface DraftSwitch {
  readonly name: string;
  readonly host: string;
  readonly vswitch: VSwitch | null;
  readonly table: Table;
  readonly mtu: number;
  readonly ports: readonly DraftPort[];
}

export function draftSwitches(topology: Topology): DraftSwitch[] {
  const vswitches = topology.hosts.flatMap((host) =>
    host.vswitches.map((vswitch): DraftSwitch => {
      const vlans = new Map(vswitch.portGroups.map((group) => [group.name, group.vlan]));
      const nics = host.vms.flatMap((vm) => vm.nics).filter((nic) => nic.vswitch === vswitch.name);
      const vnics = nics.map(
        (nic): DraftPort => ({
          name: `${host.name}/${nic.name}`,
          kind: 'vnic',
          vlan: vlans.get(nic.portGroup)!,
          mac: nic.mac,
          ip: nic.ip?.address ?? null,
        }),
      );
      const uplinks = vswitch.uplinks.map(
        (name): DraftPort => ({
          name: `${host.name}/${name}`,
          kind: 'uplink',
          vlan: vswitch.uplinkVlan,
          mac: null,
          ip: null,
        }),
      );
      const { table, mtu } = vswitch;
      return {
        name: `${host.name}/${vswitch.name}`,
        host: host.name,
        vswitch,
        table,
        mtu,
        ports: [...vnics, ...uplinks],
      };
    }),
  );
  const bridges = topology.switches.map((sw: PhysicalSwitch): DraftSwitch => {
    const ports = sw.ports.map(
      (port): DraftPort => ({ name: `${sw.name}/${port.name}`, kind: 'bridge', vlan: port.vlan, mac: null, ip: null }),
    );
    return { name: sw.name, host: sw.name, vswitch: null, table: sw.table, mtu: sw.mtu, ports };
  });
  return [...vswitches, ...bridges];
}

/** The heaviest host first to the worker that has least; a host's vSwitches stay together. */
export function placeOnWorkers(drafts: readonly DraftSwitch[], workers: number): number[] {
  const weights = new Map<string, number>();
  for (const d of drafts) {
    // A vNIC has a guest that works too; a physical switch only relays.
    const weight = d.ports.reduce((sum, p) => sum + (p.kind === 'vnic' ? 3 : 1), 1);
    weights.set(d.host, (weights.get(d.host) ?? 0) + weight);
  }
  const load = new Array<number>(workers).fill(0);
  const of = new Map<string, number>();
  for (const [host, weight] of [...weights].sort((a, b) => b[1] - a[1])) {
    const least = load.indexOf(Math.min(...load));
    load[least]! += weight;
    of.set(host, least);
  }
  return drafts.map((d) => of.get(d.host)!);
}
