/** Which cables a flow's frames take, and what they can carry at most. */
import type { PortReport } from '../telemetry/report.ts';
import type { Link, PortName, Topology } from '../topology/model.ts';

/** A cable in one direction. */
export interface Hop {
  readonly link: Link;
  readonly from: PortName;
}

/** The way from one vNIC to another, by the uplinks that they are pinned to; empty within a switch, null when there is none. */
export type Route = (from: PortName, to: PortName) => readonly Hop[] | null;

/** `ports`: the network's, with the uplink that each vNIC is pinned to. */
export function routesOf(topology: Topology, ports: readonly PortReport[]): Route {
  const pins = new Map(ports.map(({ name, pinnedTo }) => [name, pinnedTo]));
  const ends = new Map<PortName, { link: Link; far: PortName }>();
  for (const link of topology.links) {
    ends.set(link.a, { link, far: link.b });
    ends.set(link.b, { link, far: link.a });
  }
  const physical = new Set(topology.switches.map(({ name }) => name));
  const vswitchOf = new Map(
    topology.hosts.flatMap((host) =>
      host.vms.flatMap((vm) => vm.nics.map((nic) => [`${host.name}/${nic.name}`, `${host.name}/${nic.vswitch}`])),
    ),
  );
  const uplinkOf = (vnic: PortName): PortName | null => {
    const pin = pins.get(vnic) ?? null;
    return pin === null || pin.includes('/') ? pin : `${ownerOf(vnic)}/${pin}`;
  };
  return (from, to) => {
    if (vswitchOf.get(from) === vswitchOf.get(to)) return [];
    const start = uplinkOf(from);
    const goal = uplinkOf(to);
    if (start === null || goal === null) return null;
    return across(start, goal, ends, physical);
  };
}

/** Shortest way over physical switches from one uplink to another, without the hosts between them. */
function across(
  start: PortName,
  goal: PortName,
  ends: ReadonlyMap<PortName, { link: Link; far: PortName }>,
  physical: ReadonlySet<string>,
): Hop[] | null {
  const ways: { at: PortName; hops: Hop[] }[] = [{ at: start, hops: [] }];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const end = ends.get(way.at);
    if (end === undefined) continue;
    const hops = [...way.hops, { link: end.link, from: way.at }];
    if (end.far === goal) return hops;
    const owner = ownerOf(end.far);
    if (!physical.has(owner) || seen.has(owner)) continue;
    seen.add(owner);
    for (const port of ends.keys()) if (ownerOf(port) === owner && port !== end.far) ways.push({ at: port, hops });
  }
  return null;
}

function ownerOf(port: PortName): string {
  return port.slice(0, port.indexOf('/'));
}
