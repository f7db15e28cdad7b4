/** The checked topology of a lone vSwitch `vs` on host `sw`: port p1 is VM p1, and no uplink leads anywhere. */
import type { Nic, PortGroup, Topology, Vm } from '../../src/topology/model.ts';
import type { ReferenceConfig } from './reference.ts';

export const vnicMac = (index: number): string => `00:50:56:00:00:${(index + 1).toString(16).padStart(2, '0')}`;

export function topologyOf(config: ReferenceConfig): Topology {
  const { macModel, active, standby, entriesMax, whenFull, ageNs, mtu } = config;
  const vnics = config.ports.filter((port) => port.kind === 'vnic');
  const uplinks = config.ports.filter((port) => port.kind === 'uplink');
  const uplinkNames = uplinks.map((port) => port.name);
  const portGroups: PortGroup[] = vnics.map(({ name, vlan }) => ({ name: `pg-${name}`, vlan }));
  const vms: Vm[] = vnics.map(({ name, mac }, index) => {
    const nic: Nic = { name, vswitch: 'vs', portGroup: `pg-${name}`, mac: mac ?? vnicMac(index) };
    return { name, nics: [nic] };
  });
  const vswitch = {
    name: 'vs',
    uplinks: uplinkNames,
    macModel,
    teaming: { policy: 'port-id' as const, active, standby },
    uplinkVlan: uplinks[0]?.vlan ?? { mode: 'transparent' as const },
    portGroups,
    table: { entriesMax, ageingSeconds: Number(ageNs / 1_000_000_000n), whenFull },
    mtu,
  };
  return {
    name: 'under test',
    seed: 1,
    hosts: [{ name: 'sw', uplinks: uplinkNames, vswitches: [vswitch], vms }],
    switches: [],
    links: [],
    streams: [],
    captures: [],
  };
}
