/**
 * The checked topology of a lone switch: vSwitch `vs` on host `sw`, where port p1 is VM p1 and no uplink leads anywhere, or the
 * physical switch `sw`.
 */
import { careDefault } from '../../src/topology/defaults.ts';
import type { Nic, PhysicalSwitch, PortGroup, Topology, Vm, VSwitch } from '../../src/topology/model.ts';
import type { ReferenceConfig, ReferencePort } from './config.ts';

export const vnicMac = (index: number): string => `00:50:56:00:00:${(index + 1).toString(16).padStart(2, '0')}`;

export const isPhysical = ({ ports }: ReferenceConfig): boolean => ports.every((port) => port.kind === 'bridge');

export function topologyOf(config: ReferenceConfig): Topology {
  const empty = {
    hosts: [],
    switches: [],
    links: [],
    streams: [],
    captures: [],
    events: [],
    teaching: null,
    warnings: [],
  };
  const world = isPhysical(config) ? { switches: [physicalSwitchOf(config)] } : { hosts: [hostOf(config)] };
  return { name: 'under test', seed: 1, ...empty, ...world };
}

function tableOf({ entriesMax, ageNs, whenFull }: ReferenceConfig) {
  return { entriesMax, ageingSeconds: Number(ageNs / 1_000_000_000n), whenFull };
}

function physicalSwitchOf(config: ReferenceConfig): PhysicalSwitch {
  const { sharedVlans, padding, mtu } = config;
  const ports = config.ports.map(({ name, vlan, tags, policy }) => ({ name, vlan, tags, policy }));
  return { name: 'sw', ports, lags: [], sharedVlans, padding, table: tableOf(config), mtu };
}

function hostOf(config: ReferenceConfig): Topology['hosts'][number] {
  const vnics = config.ports.filter((port) => port.kind === 'vnic');
  const uplinks = config.ports.filter((port) => port.kind === 'uplink');
  const portGroups = vnics.map(({ name, vlan, tags, policy, teaming = config.teaming }): PortGroup => {
    return { name: `pg-${name}`, vlan, tags, policy, teaming };
  });
  const names = uplinks.map((port) => port.name);
  const { macModel, teaming, receivers, rpf, rpfGraceMs, floodUnknown, sharedVlans, padding, mtu } = config;
  const vswitch: VSwitch = {
    name: 'vs',
    uplinks: names,
    macModel,
    teaming,
    care: { ...careDefault, notify: { ...careDefault.notify, repeat: config.notify } },
    lag: null,
    uplinkVlan: uplinks[0]?.vlan ?? { mode: 'transparent' },
    uplinkTags: uplinks[0]?.tags ?? vnics[0]!.tags,
    uplinkPolicy: uplinks[0]?.policy ?? vnics[0]!.policy,
    portGroups,
    receivers,
    rpf,
    rpfGraceMs,
    floodUnknown,
    sharedVlans,
    padding,
    table: tableOf(config),
    mtu,
  };
  return { name: 'sw', uplinks: names, vswitches: [vswitch], vms: vnics.map(vmOf) };
}

function vmOf({ name, mac, effectiveMac }: ReferencePort, index: number): Vm {
  const nic: Nic = { name, vswitch: 'vs', portGroup: `pg-${name}`, mac: mac ?? vnicMac(index) };
  return { name, nics: [effectiveMac === undefined ? nic : { ...nic, effectiveMac }] };
}
