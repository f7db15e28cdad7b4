/**
 * Rings of physical switches: that something blocks each of them, that no port calls itself an edge in one, and that its cables carry the same
 * VLANs, since one tree for all VLANs may block any of them.
 */

import type { Mismatch } from './health-model.ts';
import { carriedVlans } from './health-vlan.ts';
import type { Link, PhysicalPort, PhysicalSwitch, VlanRange } from './model.ts';
import { portIndex, type World } from './ports.ts';
import { listed } from './suggestion.ts';
import { difference, union, vlanText } from './vlan.ts';

interface End {
  readonly name: string;
  readonly far: PhysicalSwitch;
  readonly port: PhysicalPort;
}

/** A cable between physical switches; of a LAG, all of its cables are one. */
interface Trunk {
  readonly ends: readonly [End, End];
  readonly carries: readonly VlanRange[];
}

/** Who is joined with whom. */
class Groups {
  readonly #leader = new Map<string, string>();

  of(name: string): string {
    const above = this.#leader.get(name);
    return above === undefined ? name : this.of(above);
  }

  /** False if they were joined before. */
  join(a: string, b: string): boolean {
    const [x, y] = [this.of(a), this.of(b)];
    if (x !== y) this.#leader.set(x, y);
    return x !== y;
  }
}

export function ringsAreBlocked(world: World, links: readonly Link[]): Mismatch[] {
  const trunks = trunksOf(world, links);
  return [...rings(trunks), ...edges(trunks), ...narrowCables(trunks)];
}

function trunksOf(world: World, links: readonly Link[]): Trunk[] {
  const ports = portIndex(world);
  const seen = new Set<string>();
  return links.flatMap(({ a, b }) => {
    const ends = [a, b].flatMap((name): End[] => {
      const found = ports.get(name);
      return found?.kind === 'physical port' ? [{ name, far: found.switch, port: found.port }] : [];
    });
    const [near, far] = ends;
    if (near === undefined || far === undefined) return [];
    const key = [near, far].map(bundleOf).sort().join(' ');
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ ends: [near, far] as const, carries: carriedVlans(near.port.vlan, far.port.vlan) }];
  });
}

/** What is one port for the tree. */
const bundleOf = ({ name, far, port }: End) => (port.lag === undefined ? name : `${far.name}#${port.lag}`);
const lead = ({ far, port }: End) => far.lags.find(({ name }) => name === port.lag)?.ports[0] ?? port.name;
const takesPart = (end: End) =>
  end.far.spanningTree !== undefined && end.far.spanningTree.ports[lead(end)]?.enabled !== false;
const isTreeTrunk = ({ ends }: Trunk) => ends.every(takesPart);
const joins = (groups: Groups, { ends: [a, b] }: Trunk) => groups.join(a.far.name, b.far.name);

/** What the cables' VLANs split all VLANs into: one of each part speaks for it. */
function samples(trunks: readonly Trunk[]): number[] {
  const firsts = trunks.flatMap(({ carries }) => carries.flatMap(({ first, last }) => [first, last + 1]));
  return [...new Set(firsts)].sort((a, b) => a - b);
}

const has = (ranges: readonly VlanRange[], vid: number) =>
  ranges.some(({ first, last }) => first <= vid && vid <= last);

/** A ring in some VLAN that no two switches with a tree can open: each tree makes one of what it joins, and the rest must be no ring. */
function rings(trunks: readonly Trunk[]): Mismatch[] {
  const found = new Map<Trunk, number[]>();
  for (const vid of samples(trunks)) {
    const groups = new Groups();
    const own = trunks.filter(({ carries }) => has(carries, vid));
    for (const trunk of own.filter(isTreeTrunk)) joins(groups, trunk);
    for (const trunk of own) {
      if (isTreeTrunk(trunk) || joins(groups, trunk)) continue;
      found.set(trunk, [...(found.get(trunk) ?? []), vid]);
    }
  }
  return [...found.keys()].map(({ ends: [a, b] }) => {
    const mute = [a, b].filter((end) => !takesPart(end));
    return {
      severity: 'error',
      subject: 'tree',
      path: ['physical', 'switches', a.far.name, 'ports', a.port.name],
      message: `the cable from ${a.name} to ${b.name} closes a ring that nothing blocks, as ${listed(mute.map(({ name }) => name))} ${mute.length === 1 ? 'runs' : 'run'} no spanning tree: floods go round in it; write spanningTree: rstp under physical, or take out a cable`,
    };
  });
}

/** `edge: true` forwards at once after each link change, until a BPDU comes. */
function edges(trunks: readonly Trunk[]): Mismatch[] {
  return trunks.filter(isTreeTrunk).flatMap(({ ends }) =>
    ends.flatMap((end, i): Mismatch[] => {
      if (end.far.spanningTree!.ports[lead(end)]?.edge !== true) return [];
      return [
        {
          severity: 'warning',
          subject: 'tree',
          path: ['physical', 'switches', end.far.name, 'spanningTree', 'ports', lead(end), 'edge'],
          message: `${end.name} leads to ${ends[1 - i]!.name}, a switch, and forwards before it has heard of it: a ring is open to floods until then; leave edge out`,
        },
      ];
    }),
  );
}

/** Cables of a ring of the tree that lack a VLAN which others of it carry. */
function narrowCables(trunks: readonly Trunk[]): Mismatch[] {
  const own = trunks.filter(isTreeTrunk);
  // A cable is in a ring where the others join its ends without it; those that are in one together have their switches joined by such.
  const inRing = own.filter((trunk) => {
    const groups = new Groups();
    for (const other of own) if (other !== trunk) joins(groups, other);
    return groups.of(trunk.ends[0].far.name) === groups.of(trunk.ends[1].far.name);
  });
  const groups = new Groups();
  for (const trunk of inRing) joins(groups, trunk);
  return inRing.flatMap((trunk): Mismatch[] => {
    const [a, b] = trunk.ends;
    const together = inRing.filter(({ ends }) => groups.of(ends[0].far.name) === groups.of(a.far.name));
    const missing = vlanText(difference(union(together.flatMap(({ carries }) => carries)), trunk.carries));
    if (missing === '') return [];
    return [
      {
        severity: 'warning',
        subject: 'tree',
        path: ['physical', 'switches', a.far.name, 'ports', a.port.name, 'vlan'],
        message: `VLAN ${missing} is carried by other cables of its ring and not from ${a.name} to ${b.name}: the tree is one for all VLANs, and where it blocks those others, nothing is left; carry it on all cables of the ring`,
      },
    ];
  });
}
