/** The switches of a topology before they have places: a vSwitch and a physical switch are the same from here on. */

import type { Seat } from '../topology/change-model.ts';
import type { FlowSettings } from '../topology/flow-model.ts';
import type { Lldp } from '../topology/lldp-model.ts';
import type { Mirror } from '../topology/mirror-model.ts';
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
import type { Listening, Multicast } from '../topology/multicast-model.ts';
import type { NeighbourSuppression } from '../topology/neighbour-model.ts';
import type { Card } from '../topology/nic-model.ts';
import type { PortShaping } from '../topology/shaping-model.ts';
import type { SpanningTree } from '../topology/spanning-tree-model.ts';

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
  readonly portGroup?: string;
  readonly shaping?: PortShaping;
  /** vNIC: groups that its guest joins. */
  readonly listening: Listening | null;
  /** vNIC that a VM may come to or leave. */
  readonly seat?: Seat;
  /** vNIC: the guest's network card, where it has one. */
  readonly card?: Card;
}

export interface DraftSwitch {
  readonly name: string;
  readonly host: string;
  readonly vswitch: VSwitch | null;
  readonly lags: readonly PhysicalLag[];
  readonly sharedVlans: readonly (readonly number[])[];
  readonly padding: boolean;
  readonly lldp?: Lldp | undefined;
  readonly multicast: Multicast | null;
  readonly neighbourSuppression?: NeighbourSuppression | undefined;
  readonly table: Table;
  readonly mtu: number;
  readonly ports: readonly DraftPort[];
  readonly spanningTree?: SpanningTree;
  readonly mirrors?: readonly Mirror[];
  readonly flows?: FlowSettings;
}

export function draftSwitches(topology: Topology): DraftSwitch[] {
  const seats = new Map(topology.changes?.seats.map((seat) => [seat.port, seat]));
  const vswitches = topology.hosts.flatMap((host) =>
    host.vswitches.map((vswitch): DraftSwitch => {
      const groups = new Map(vswitch.portGroups.map((group) => [group.name, group]));
      const nics = host.vms.flatMap((vm) => vm.nics).filter((nic) => nic.vswitch === vswitch.name);
      const vnics = nics.map((nic): DraftPort => {
        const { vlan, tags, policy, teaming, shaping } = groups.get(nic.portGroup)!;
        const name = `${host.name}/${nic.name}`;
        const seat = seats.get(name);
        // A VM has one of what hangs off its guest, wherever it may be.
        const isHome = seat === undefined || seat.of === name;
        return {
          ...(seat !== undefined && { seat }),
          name,
          kind: 'vnic',
          vlan,
          tags,
          policy,
          teaming,
          mac: nic.mac,
          effectiveMac: nic.effectiveMac ?? nic.mac,
          ip: nic.ip?.address ?? null,
          portGroup: nic.portGroup,
          ...(shaping !== undefined && { shaping }),
          listening: isHome ? (nic.listening ?? null) : null,
          ...(nic.card && isHome && { card: nic.card }),
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
          ...(vswitch.uplinkShaping !== undefined && { shaping: vswitch.uplinkShaping }),
        }),
      );
      const { table, mtu, sharedVlans, padding, lldp, multicast = null, neighbourSuppression } = vswitch;
      const ports = [...vnics, ...uplinks];
      const name = `${host.name}/${vswitch.name}`;
      const more = { lldp, multicast, neighbourSuppression, ...watchingOf(vswitch) };
      return { name, host: host.name, vswitch, lags: [], sharedVlans, padding, table, mtu, ports, ...more };
    }),
  );
  const bridges = topology.switches.map((sw: PhysicalSwitch): DraftSwitch => {
    const { name, table, mtu, lags, sharedVlans, padding, lldp, spanningTree, multicast = null } = sw;
    const { neighbourSuppression } = sw;
    const ports = sw.ports.map(
      ({ vlan, tags, policy, shaping, ...port }): DraftPort => ({
        ...noGuest,
        name: `${name}/${port.name}`,
        kind: 'bridge',
        vlan,
        tags,
        policy,
        ...(shaping !== undefined && { shaping }),
      }),
    );
    const tree = spanningTree === undefined ? {} : { spanningTree };
    const more = { lldp, multicast, neighbourSuppression, ...tree, ...watchingOf(sw) };
    return { name, host: name, vswitch: null, lags, sharedVlans, padding, table, mtu, ports, ...more };
  });
  return [...vswitches, ...bridges];
}

/** What somebody who watches has asked for. */
function watchingOf({ mirrors, flows }: Pick<DraftSwitch, 'mirrors' | 'flows'>) {
  return { ...(mirrors !== undefined && { mirrors }), ...(flows !== undefined && { flows }) };
}

const noGuest = { teaming: null, mac: null, effectiveMac: null, ip: null, listening: null } as const;
