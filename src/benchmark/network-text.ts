/** A network and the flows in it in a few words, as documents tell them. */
import type { PortName, Topology } from '../topology/model.ts';
import type { Flow } from './bed.ts';
import type { NetworkSummary } from './model.ts';
import { Reach, vnicsOf } from './reach.ts';
import { counted, quantity } from './report/format.ts';

const FLOWS_SHOWN = 16;
const NETWORKS_SHOWN = 4;

/** `esx1/a -> esx2/c, VLAN 10`, the first 16 and how many more there are. */
export function flowTexts(topology: Topology, flows: readonly Flow[]): string[] {
  const reach = new Reach(topology);
  const known = new Set(vnicsOf(topology));
  const vlanText = (name: PortName): string[] => {
    const vid = known.has(name) ? reach.vlan(name) : null;
    return vid === null ? [] : [`VLAN ${vid}`];
  };
  const shown = flows.slice(0, FLOWS_SHOWN).map(({ from, to, stations = 1 }) => {
    const many = stations > 1 ? [counted(stations, 'station')] : [];
    return [`${from} -> ${to}`, ...vlanText(from), ...many].join(', ');
  });
  const rest = flows.length - shown.length;
  return rest > 0 ? [...shown, `and ${rest.toLocaleString('en-US')} more`] : shown;
}

/** `2 of 10 Gbit/s, 1 without a rate`, fastest first. */
export function cablesText({ links }: Topology): string {
  const counts = new Map<number | null, number>();
  for (const { rateBps } of links) counts.set(rateBps, (counts.get(rateBps) ?? 0) + 1);
  const kinds = [...counts].sort(([a], [b]) => (b ?? 0) - (a ?? 0));
  const texts = kinds.map(([rate, n]) => `${n} ${rate === null ? 'without a rate' : `of ${quantity(rate, 'bit/s')}`}`);
  return texts.join(', ') || 'none';
}

/** `2 hosts, 2 vSwitches, 1 physical switch, 8 vNICs`. */
export function extentText(network: Pick<NetworkSummary, 'hosts' | 'switches' | 'physicalSwitches' | 'vnics'>): string {
  const { hosts, switches, physicalSwitches, vnics } = network;
  const split =
    physicalSwitches === undefined
      ? [counted(switches, 'switch')]
      : [
          counted(switches - physicalSwitches, 'vSwitch'),
          ...(physicalSwitches > 0 ? [counted(physicalSwitches, 'physical switch')] : []),
        ];
  return [counted(hosts, 'host'), ...split, counted(vnics, 'vNIC')].join(', ');
}

/** One network with its extent, several by name. */
export function networksText(networks: readonly Topology[]): string {
  const [first, ...others] = networks;
  if (first === undefined) return '';
  if (others.length === 0) return `${first.name} (${extentText(extentOf(first))})`;
  const rest = networks.length - NETWORKS_SHOWN;
  const names = networks.slice(0, NETWORKS_SHOWN).map(({ name }) => name);
  return `${names.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}

export function extentOf(topology: Topology) {
  const { hosts, switches } = topology;
  return {
    hosts: hosts.length,
    switches: hosts.flatMap((host) => host.vswitches).length + switches.length,
    physicalSwitches: switches.length,
    vnics: vnicsOf(topology).length,
  };
}

/** `esx2/d received nothing from esx1/a` of the flows that sent in vain; null: there are none. */
export function silenceText(
  flows: readonly Flow[],
  results: readonly { offered: number; received: number }[],
): string | null {
  const silent = flows.filter(
    (_, i) => results[i] !== undefined && results[i].offered > 0 && results[i].received === 0,
  );
  const [first] = silent;
  if (first === undefined) return null;
  const who =
    first.to === 'broadcast'
      ? `nobody received a broadcast of ${first.from}`
      : `${first.to} received nothing from ${first.from}`;
  return silent.length === 1 ? who : `${who}, and ${counted(silent.length - 1, 'other flow')} nothing either`;
}
