/**
 * What the cables carry of a test's frames: where there is a medium, 100 % is the theoretical rate of the senders' media (RFC 2544
 * sections 20 and 26.3: the input media), and no more can arrive than the slowest cable on the way carries.
 *
 * A load is shared equally by all flows, so a cable that k of n flows share limits it to n / k of what the cable carries.
 */
import type { PortName, Topology, VSwitch } from '../../topology/model.ts';
import { ownerOf, portIndex } from '../../topology/ports.ts';
import type { Bed, Flow } from '../bed.ts';
import { theoreticalFrames } from '../rate.ts';
import type { FrameMix } from '../sizes.ts';

export interface Media {
  /** Frames a second over all flows that the senders' cables carry; null: no media limit. */
  readonly maximum: number | null;
  /** The same for the whole way; null: no media limit. */
  readonly line: number | null;
  /** Frames that the longest queue on the way holds, at least 1. */
  readonly queueFrames: number;
}

type Pinned = Pick<Bed, 'flows' | 'maximumLoad'> & { readonly network: Pick<Bed['network'], 'ports'> };

export function mediaOf(topology: Topology, bed: Pinned, mix: FrameMix): Media {
  const line = bed.maximumLoad();
  const sent = inputMedia(topology, bed, mix);
  const queueFrames = Math.max(1, ...topology.links.map((link) => link.queueFrames));
  return { maximum: sent ?? line, line: line ?? sent, queueFrames };
}

/** Whether its frames leave the sender's vSwitch. */
export function crosses(topology: Topology, { from, to }: Flow): boolean {
  return to === 'broadcast' || placeOf(topology, from).name !== placeOf(topology, to).name;
}

/** What the uplinks that carry the senders' frames allow of all flows together; null: they have no rate. */
function inputMedia(topology: Topology, { flows, network }: Pinned, mix: FrameMix): number | null {
  const pins = new Map(network.ports().map(({ name, pinnedTo }) => [name, pinnedTo]));
  const counts = new Map<string, { readonly uplinks: readonly PortName[]; flows: number }>();
  for (const flow of flows) {
    if (!crosses(topology, flow)) continue;
    const pin = pins.get(flow.from) ?? null;
    const uplinks = pin === null ? placeOf(topology, flow.from).uplinks : [pin];
    const key = uplinks.join();
    counts.set(key, { uplinks, flows: (counts.get(key)?.flows ?? 0) + 1 });
  }
  const limits = [...counts.values()].map(({ uplinks, flows: own }) => {
    const rates = topology.links
      .filter(({ a, b }) => uplinks.includes(a) || uplinks.includes(b))
      .map(({ rateBps }) => rateBps);
    if (rates.length === 0 || rates.includes(null)) return null;
    const bits = rates.reduce<number>((sum, rate) => sum + rate!, 0);
    return (theoreticalFrames(bits, mix) * flows.length) / own;
  });
  return least(limits);
}

function least(rates: readonly (number | null)[]): number | null {
  const limits = rates.filter((rate) => rate !== null);
  return limits.length === 0 ? null : Math.min(...limits);
}

interface Place {
  /** `esx1/vSwitch0`. */
  readonly name: string;
  /** Uplinks that may carry the vNIC's frames at first. */
  readonly uplinks: readonly PortName[];
}

function placeOf(topology: Topology, vnic: PortName): Place {
  const port = portIndex(topology).get(vnic);
  if (port?.kind !== 'vNIC') throw new Error(`${vnic} is no vNIC`);
  const vswitch = port.host.vswitches.find(({ name }) => name === port.nic.vswitch)!;
  const uplinks = usedBy(vswitch, port.nic.portGroup).map((name) => `${port.host.name}/${name}`);
  return { name: `${port.host.name}/${vswitch.name}`, uplinks };
}

function usedBy({ portGroups, lag, uplinks }: VSwitch, group: string): readonly string[] {
  if (lag !== null) return uplinks;
  const { policy, active } = portGroups.find(({ name }) => name === group)!.teaming;
  return policy === 'explicit' ? active.slice(0, 1) : active;
}

/** Names of the physical switches right behind a vNIC's uplinks. */
export function switchesBehind(topology: Topology, vnic: PortName): string[] {
  const { uplinks } = placeOf(topology, vnic);
  const ends = uplinks.flatMap((uplink) =>
    topology.links.flatMap(({ a, b }) => (a === uplink ? [b] : b === uplink ? [a] : [])),
  );
  return [...new Set(ends.map(ownerOf))].filter((name) => topology.switches.some((each) => each.name === name));
}

/** Cables of a vNIC's own uplinks, by their end at the host. */
export function cablesOf(topology: Topology, vnic: PortName): PortName[] {
  const { uplinks } = placeOf(topology, vnic);
  return uplinks.filter((uplink) => topology.links.some(({ a, b }) => a === uplink || b === uplink));
}

/** The least MTU of the vSwitches that vNICs are at and, where these are several, of the physical switches behind them; and whose it is. */
export function leastMtu(
  topology: Topology,
  vnics: readonly PortName[],
): { readonly mtu: number; readonly at: string } {
  const own = new Set(vnics.map((vnic) => placeOf(topology, vnic).name));
  const behind = own.size < 2 ? [] : vnics.flatMap((vnic) => switchesBehind(topology, vnic));
  const vswitches = topology.hosts.flatMap(({ name, vswitches: all }) =>
    all.map((each) => ({ mtu: each.mtu, at: `${name}/${each.name}` })),
  );
  const switches = topology.switches.map(({ mtu, name }) => ({ mtu, at: name }));
  const passed = [...vswitches.filter(({ at }) => own.has(at)), ...switches.filter(({ at }) => behind.includes(at))];
  return passed.reduce((least, each) => (each.mtu < least.mtu ? each : least));
}
