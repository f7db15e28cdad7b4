/** Which switches belong together, and which worker moves them. */
import type { Link, Topology } from '../topology/model.ts';
import { type DraftSwitch, draftSwitches } from './draft.ts';

/** Cells of time on the virtual clock are no longer than this, so that frame buffers come home soon. */
const CELL_NS_MAX = 100_000;

export interface Islands {
  /** By switch: its island's number. */
  readonly of: readonly number[];
  /** The switches of each, in order. Islands are in the order of their first switches. */
  readonly switches: readonly (readonly number[])[];
}

/**
 * Islands: the switches of a host, and what cables without delay join. Between islands a frame takes time, so that several
 * workers can move them on the virtual clock.
 */
export function islandsOf(drafts: readonly DraftSwitch[], links: readonly Link[]): Islands {
  const hosts = hostsOf(drafts);
  const firstOf = new Map<number, number>();
  for (const [i, host] of hosts.entries()) if (!firstOf.has(host)) firstOf.set(host, i);
  const root = hosts.map((host) => firstOf.get(host)!);
  const find = (i: number): number => {
    let at = i;
    while (root[at] !== at) at = root[at]!;
    root[i] = at;
    return at;
  };
  const switchOf = switchesByPort(drafts);
  for (const { a, b, delayNs } of links) {
    if (delayNs !== 0) continue;
    const [x, y] = [find(switchOf.get(a)!), find(switchOf.get(b)!)];
    root[Math.max(x, y)] = Math.min(x, y);
  }
  const switches = new Map<number, number[]>();
  for (const i of drafts.keys()) {
    const own = switches.get(find(i));
    if (own === undefined) switches.set(find(i), [i]);
    else own.push(i);
  }
  const first = [...switches.keys()];
  const number = new Map(first.map((at, n) => [at, n]));
  return { of: drafts.map((_, i) => number.get(find(i))!), switches: [...switches.values()] };
}

/** The length of a cell of time, ns, from the delays of the cables between islands; 0 when there are none. */
export function cellNsOf(delaysNs: readonly number[]): number {
  return delaysNs.reduce((least, delay) => Math.min(least, delay), delaysNs.length === 0 ? 0 : CELL_NS_MAX);
}

function switchesByPort(drafts: readonly DraftSwitch[]): Map<string, number> {
  return new Map(drafts.flatMap((draft, i) => draft.ports.map((port) => [port.name, i] as const)));
}

/**
 * Each switch's worker: the heaviest group first to the worker that has least; switches of a group stay together. `given` places
 * hosts by name; the first of a group that it names decides.
 */
export function placeOnWorkers(
  drafts: readonly DraftSwitch[],
  groups: readonly number[],
  workers: number,
  given: ReadonlyMap<string, number>,
): number[] {
  const weights = new Map<number, number>();
  for (const [i, d] of drafts.entries()) {
    // A vNIC has a guest that works too; a physical switch only relays.
    const weight = d.ports.reduce((sum, p) => sum + (p.kind === 'vnic' ? 3 : 1), 1);
    weights.set(groups[i]!, (weights.get(groups[i]!) ?? 0) + weight);
  }
  const load = new Array<number>(workers).fill(0);
  const of = new Map<number, number>();
  for (const [i, { host }] of drafts.entries()) {
    const worker = given.get(host);
    if (worker === undefined || of.has(groups[i]!)) continue;
    of.set(groups[i]!, worker);
    load[worker]! += weights.get(groups[i]!)!;
  }
  for (const [group, weight] of [...weights].sort((a, b) => b[1] - a[1])) {
    if (of.has(group)) continue;
    const least = load.indexOf(Math.min(...load));
    load[least]! += weight;
    of.set(group, least);
  }
  return groups.map((group) => of.get(group)!);
}

/** A number for each host, so that the switches of one stay together. */
export function hostsOf(drafts: readonly DraftSwitch[]): number[] {
  const numbers = new Map<string, number>();
  return drafts.map(({ host }) => {
    if (!numbers.has(host)) numbers.set(host, numbers.size);
    return numbers.get(host)!;
  });
}

export interface Parallelism {
  /** Hosts and physical switches that one worker has to move on the virtual clock, group by group. */
  readonly groups: readonly (readonly string[])[];
  /** How long no group needs to know of another, ns; 0: no cable joins any. */
  readonly cellNs: number;
}

/** How far the virtual clock can be shared among workers. */
export function parallelismOf(topology: Topology): Parallelism {
  const drafts = draftSwitches(topology);
  const islands = islandsOf(drafts, topology.links);
  const switchOf = switchesByPort(drafts);
  const at = (port: string) => islands.of[switchOf.get(port)!];
  const between = topology.links.filter(({ a, b }) => at(a) !== at(b));
  return {
    groups: islands.switches.map((own) => [...new Set(own.map((number) => drafts[number]!.host))]),
    cellNs: cellNsOf(between.map(({ delayNs }) => delayNs)),
  };
}
