/** The switches of a topology before they have places: a vSwitch and a physical switch are the same from here on. */
import type {
  PhysicalLag,
  PhysicalSwitch,
  PortName,
  PortPolicy,
  PortVlan,
  Table,
  TagRules,
  Teaming,
  Topology,
  VSwitch,
} from '../topology/model.ts';

export interface DraftPort {
  readonly name: PortName;
  readonly kind: 'vnic' | 'uplink' | 'bridge';
  readonly vlan: PortVlan;
  readonly tags: TagRules;
  readonly policy: PortPolicy;
  /** vNIC: the team of uplinks that its port group uses. */
  readonly teaming: Teaming | null;
  /** vNIC: its configured address. */
  readonly mac: string | null;
  /** vNIC: the address that its guest uses. */
  readonly effectiveMac: string | null;
  readonly ip: number | null;
}

export interface DraftSwitch {
  readonly name: string;
  readonly host: string;
  readonly vswitch: VSwitch | null;
  readonly lags: readonly PhysicalLag[];
  readonly sharedVlans: readonly (readonly number[])[];
  readonly padding: boolean;
  readonly table: Table;
  readonly mtu: number;
  readonly ports: readonly DraftPort[];
}

export function draftSwitches(topology: Topology): DraftSwitch[] {
  const vswitches = topology.hosts.flatMap((host) =>
    host.vswitches.map((vswitch): DraftSwitch => {
      const groups = new Map(vswitch.portGroups.map((group) => [group.name, group]));
      const nics = host.vms.flatMap((vm) => vm.nics).filter((nic) => nic.vswitch === vswitch.name);
      const vnics = nics.map((nic): DraftPort => {
        const { vlan, tags, policy, teaming } = groups.get(nic.portGroup)!;
        return {
          name: `${host.name}/${nic.name}`,
          kind: 'vnic',
          vlan,
          tags,
          policy,
          teaming,
          mac: nic.mac,
          effectiveMac: nic.effectiveMac ?? nic.mac,
          ip: nic.ip?.address ?? null,
        };
      });
      const uplinks = vswitch.uplinks.map(
        (name): DraftPort => ({
          ...noGuest,
          name: `${host.name}/${name}`,
          kind: 'uplink',
          vlan: vswitch.uplinkVlan,
          tags: vswitch.uplinkTags,
          policy: vswitch.uplinkPolicy,
        }),
      );
      const { table, mtu, sharedVlans, padding } = vswitch;
      const ports = [...vnics, ...uplinks];
      const name = `${host.name}/${vswitch.name}`;
      return { name, host: host.name, vswitch, lags: [], sharedVlans, padding, table, mtu, ports };
    }),
  );
  const bridges = topology.switches.map((sw: PhysicalSwitch): DraftSwitch => {
    const { name, table, mtu, lags, sharedVlans, padding } = sw;
    const ports = sw.ports.map(
      ({ vlan, tags, policy, ...port }): DraftPort => ({
        ...noGuest,
        name: `${name}/${port.name}`,
        kind: 'bridge',
        vlan,
        tags,
        policy,
      }),
    );
    return { name, host: name, vswitch: null, lags, sharedVlans, padding, table, mtu, ports };
  });
  return [...vswitches, ...bridges];
}

const noGuest = { teaming: null, mac: null, effectiveMac: null, ip: null } as const;
