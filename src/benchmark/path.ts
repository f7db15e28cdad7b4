/** Which cables a flow's frames take, and what they can carry at most. */
import type { PortReport } from '../telemetry/report.ts';
import type { PortName, Topology, VSwitch } from '../topology/model.ts';
import { ownerOf, portIndex } from '../topology/ports.ts';

/** A cable in one direction; of a bundle, all of its cables together. */
export interface Hop {
  /** The ends where frames go in. */
  readonly wire: string;
  /** null: no media limit. */
  readonly rateBps: number | null;
  /** What a tag adds to each frame there, octets. */
  readonly tagBytes: number;
}

/** The way from one vNIC to another, by the uplinks that may carry it; empty within a switch, null when there is none. */
export type Route = (from: PortName, to: PortName) => readonly Hop[] | null;

interface Cable {
  readonly rateBps: number | null;
  readonly far: PortName;
}

const TAG_BYTES = 4;

/** `ports`: the network's, with the uplink that each vNIC is pinned to. */
export function routesOf(topology: Topology, ports: readonly PortReport[]): Route {
  const pins = new Map(ports.map(({ name, pinnedTo }) => [name, pinnedTo]));
  const cables = new Map<PortName, Cable>();
  for (const { a, b, rateBps } of topology.links) {
    cables.set(a, { rateBps, far: b });
    cables.set(b, { rateBps, far: a });
  }
  const physical = new Set(topology.switches.map(({ name }) => name));
  return (from, to) => {
    const [start, goal] = [placeOf(topology, from), placeOf(topology, to)];
    if (start.vswitch === goal.vswitch) return [];
    const uplinks = (place: Place, vnic: PortName): readonly PortName[] => {
      const pin = pins.get(vnic) ?? null;
      const used = pin === null ? place.uplinks : [pin.includes('/') ? pin : `${ownerOf(vnic)}/${pin}`];
      return used.filter((uplink) => cables.has(uplink));
    };
    return across(uplinks(start, from), uplinks(goal, to), start.tagBytes, cables, physical);
  };
}

/** Shortest way over physical switches from the uplinks of one host to those of another, without the hosts between them. */
function across(
  starts: readonly PortName[],
  goals: readonly PortName[],
  tagBytes: number,
  cables: ReadonlyMap<PortName, Cable>,
  physical: ReadonlySet<string>,
): Hop[] | null {
  // Cables of a bundle are one, as wide as all of them.
  const bundled = (ends: readonly PortName[]): Hop => {
    const rates = ends.map((end) => cables.get(end)!.rateBps);
    const rateBps = rates.reduce<number | null>((sum, rate) => (sum === null || rate === null ? null : sum + rate), 0);
    return { wire: ends.join(), rateBps, tagBytes };
  };
  const ways: { ends: readonly PortName[]; hops: Hop[] }[] = starts.length === 0 ? [] : [{ ends: starts, hops: [] }];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const hops = [...way.hops, bundled(way.ends)];
    for (const far of way.ends.map((end) => cables.get(end)!.far)) {
      if (goals.includes(far)) return hops;
      const owner = ownerOf(far);
      if (!physical.has(owner) || seen.has(owner)) continue;
      seen.add(owner);
      const out = [...cables].filter(([end]) => ownerOf(end) === owner && !way.ends.includes(cables.get(end)!.far));
      const last = out.filter(([, cable]) => goals.includes(cable.far)).map(([end]) => end);
      if (last.length > 0) ways.unshift({ ends: last, hops });
      else for (const [end] of out) ways.push({ ends: [end], hops });
    }
  }
  return null;
}

interface Place {
  /** `esx1/vSwitch0`. */
  readonly vswitch: string;
  /** Uplinks that may carry the vNIC's frames at first. */
  readonly uplinks: readonly PortName[];
  /** What the port group's VLAN adds to a frame where it leaves the host. */
  readonly tagBytes: number;
}

function placeOf(topology: Topology, vnic: PortName): Place {
  const port = portIndex(topology).get(vnic);
  if (port?.kind !== 'vNIC') throw new Error(`${vnic} is no vNIC`);
  const vswitch = port.host.vswitches.find(({ name }) => name === port.nic.vswitch)!;
  const group = vswitch.portGroups.find(({ name }) => name === port.nic.portGroup)!;
  return {
    vswitch: `${port.host.name}/${vswitch.name}`,
    uplinks: usedBy(vswitch, group.name).map((name) => `${port.host.name}/${name}`),
    tagBytes: group.vlan.mode === 'access' && group.vlan.vid !== 0 ? TAG_BYTES : 0,
  };
}

/** Uplinks that a port group's frames take at first; the first alone where the order is explicit. */
export function usedBy({ portGroups, lag, uplinks }: VSwitch, group: string): readonly string[] {
  if (lag !== null) return uplinks;
  const { policy, active } = portGroups.find(({ name }) => name === group)!.teaming;
  return policy === 'explicit' ? active.slice(0, 1) : active;
}
