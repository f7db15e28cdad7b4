/**
 * Networks of physical switches with spanning trees, for tests, and what their trees have to be: a model that knows every priority, cost
 * and cable at once, and works roles out by IEEE 802.1D-2004 17.6 without a message.
 *
 * Switches are s1, s2, …; a switch's port `h` leads to a station, port `2` of a cable list is the end of the second cable there.
 */
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { SpanningTreeReport } from '../../src/telemetry/spanning-tree.ts';
import { Lab, type Outcome, portOf } from '../engine/lab.ts';

export interface Cable {
  /** Places of the switches; the same one twice is a cable from a switch to itself. */
  readonly a: number;
  readonly b: number;
  readonly costA: number;
  readonly costB: number;
  readonly priorityA: number;
  readonly priorityB: number;
  /** Of a LAG, how many cables it has, and whether it speaks LACP; a cable alone where nothing is said. */
  readonly members?: number;
  readonly mode?: 'static' | 'active';
}

export interface Mesh {
  /** Of each switch. */
  readonly priorities: readonly number[];
  readonly cables: readonly Cable[];
}

export const SECOND = 1_000_000_000n;

const name = (sw: number) => `s${sw + 1}`;
const endA = (cable: number) => `${cable + 1}a`;
const own = (port: string) => port.slice(port.indexOf('/') + 1);
const endB = (cable: number) => `${cable + 1}b`;
export const stationAt = (sw: number) => `${name(sw)}/h`;
/** Both ends of a cable. */
export const endsOf = ({ cables }: Mesh, i: number): [string, string] => [
  `${name(cables[i]!.a)}/${endA(i)}`,
  `${name(cables[i]!.b)}/${endB(i)}`,
];

/** Both ends of each of a LAG's cables; of a cable alone, its own. */
export const membersOf = (mesh: Mesh, i: number): (readonly [string, string])[] =>
  Array.from({ length: mesh.cables[i]!.members ?? 1 }, (_, m) => {
    const [a, b] = endsOf(mesh, i);
    return m === 0 ? [a, b] : [`${a}${m}`, `${b}${m}`];
  });

/** A cable with costs and priorities as they are unless somebody says otherwise. */
export const cable = (a: number, b: number, more: Partial<Cable> = {}): Cable => ({
  a,
  b,
  costA: 2000,
  costB: 2000,
  priorityA: 128,
  priorityB: 128,
  ...more,
});

/** Switches in a ring, with priorities of which the first is the least. */
export const ring = (count: number): Mesh => ({
  priorities: Array.from({ length: count }, (_, i) => 4096 * (i + 1)),
  cables: Array.from({ length: count }, (_, i) => cable(i, (i + 1) % count)),
});

export function topologyOf(mesh: Mesh, mode: 'rstp' | 'none' = 'rstp', delay = '1us'): object {
  const switches = mesh.priorities.map((priority, sw) => {
    const ends = mesh.cables.flatMap((each, i) => [
      ...(each.a === sw ? [[endA(i), { cost: each.costA, priority: each.priorityA }] as const] : []),
      ...(each.b === sw ? [[endB(i), { cost: each.costB, priority: each.priorityB }] as const] : []),
    ]);
    const lags = mesh.cables.flatMap((each, i) =>
      (each.members ?? 1) > 1
        ? [
            ...(each.a === sw
              ? [[`l${endA(i)}`, membersOf(mesh, i).map(([end]) => own(end)), each.mode] as const]
              : []),
            ...(each.b === sw
              ? [[`l${endB(i)}`, membersOf(mesh, i).map(([, end]) => own(end)), each.mode] as const]
              : []),
          ]
        : [],
    );
    const bundled = lags.flatMap(([, members]) => members.slice(1).map((port) => [port, {}]));
    const ports = Object.fromEntries([...ends.map(([port]) => [port, {}]), ['h', {}], ...bundled]);
    const treePorts = { ...Object.fromEntries(ends), h: { edge: true } };
    const tree = mode === 'none' ? 'none' : { priority, ports: treePorts };
    const byName = Object.fromEntries(lags.map(([lag, members, speaks]) => [lag, { mode: speaks, ports: members }]));
    return [name(sw), { ports, lags: byName, spanningTree: tree }] as const;
  });
  const links = mesh.cables.flatMap((_, i) => membersOf(mesh, i).map(([a, b]) => ({ a, b, delay })));
  return { physical: { switches: Object.fromEntries(switches), links } };
}

export const labOf = (mesh: Mesh, options: NetworkOptions = {}, mode: 'rstp' | 'none' = 'rstp') =>
  new Lab(topologyOf(mesh, mode), options, mode === 'rstp');

/** Whether a frame is of the spanning tree. */
export const isBpdu = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 6)).toString('hex') === '0180c2000000';

/** The stations that got a copy, once for each, BPDUs aside. */
export const stationsOf = ({ frames }: Outcome) =>
  frames
    .filter((frame) => frame.direction === 'out' && portOf(frame).endsWith('/h') && !isBpdu(frame.bytes))
    .map(portOf)
    .sort();

/** Lets time pass, and checks the ledger. */
export function wait(lab: Lab, ns: bigint): Lab {
  lab.network.advance(lab.nowNs + ns);
  lab.settle();
  return lab;
}

export function treeOf(lab: Lab, sw: string): SpanningTreeReport {
  return lab.network.report().switches.find((each) => each.name === sw)!.spanningTree!;
}

/** `port role state` of every end of a cable, in order. */
export function found(lab: Pick<Lab, 'network'>): string[] {
  return lab.network
    .report()
    .switches.flatMap(({ spanningTree }) => spanningTree?.ports ?? [])
    .filter((port) => !port.name.endsWith('/h'))
    .map((port) => `${port.name} ${port.role} ${port.state}`)
    .sort();
}

/** The same as it has to be when `down` cables are pulled. */
export function expected({ priorities, cables }: Mesh, down: ReadonlySet<number> = new Set()): string[] {
  const isBetter = (a: number, b: number) => priorities[a]! - priorities[b]! || a - b;
  // Ports of a switch are numbered in the order of their cables.
  const numbers = priorities.map((_, sw) =>
    cables.flatMap((each, i) => [...(each.a === sw ? [endA(i)] : []), ...(each.b === sw ? [endB(i)] : [])]),
  );
  const half = (i: number, isA: boolean) => {
    const { a, b, costA, costB, priorityA, priorityB } = cables[i]!;
    const sw = isA ? a : b;
    const port = isA ? endA(i) : endB(i);
    const id = (isA ? priorityA : priorityB) * 256 + numbers[sw]!.indexOf(port);
    return { i, sw, port, id, cost: isA ? costA : costB };
  };
  const up = cables.flatMap((_, i) =>
    down.has(i)
      ? []
      : [
          { near: half(i, true), far: half(i, false) },
          { near: half(i, false), far: half(i, true) },
        ],
  );
  // Who is reached, and at what cost, from the best bridge that each can reach.
  const root = priorities.map((_, sw) => sw);
  const cost = priorities.map(() => 0);
  for (let isMoving = true; isMoving; ) {
    isMoving = false;
    for (const { near, far } of up) {
      const order = isBetter(root[far.sw]!, root[near.sw]!);
      const total = cost[far.sw]! + near.cost;
      if (order > 0 || (order === 0 && (total >= cost[near.sw]! || root[near.sw] === near.sw))) continue;
      root[near.sw] = root[far.sw]!;
      cost[near.sw] = total;
      isMoving = true;
    }
  }
  const rootPorts = priorities.map((_, sw) => {
    if (root[sw] === sw) return undefined;
    const ways = up.filter(({ near, far }) => near.sw === sw && far.sw !== sw);
    ways.sort(
      (x, y) =>
        cost[x.far.sw]! + x.near.cost - (cost[y.far.sw]! + y.near.cost) ||
        isBetter(x.far.sw, y.far.sw) ||
        x.far.id - y.far.id ||
        x.near.id - y.near.id,
    );
    return ways[0]!.near;
  });
  const isDesignated = (x: ReturnType<typeof half>, y: ReturnType<typeof half>) =>
    (cost[x.sw]! - cost[y.sw]! || isBetter(x.sw, y.sw) || x.id - y.id) < 0;
  const roles = up.map(({ near, far }) => {
    const told = (role: string, state: string) => `${name(near.sw)}/${near.port} ${role} ${state}`;
    if (isDesignated(near, far)) return told('designated', 'forwarding');
    if (rootPorts[near.sw]?.port === near.port) return told('root', 'forwarding');
    return told(near.sw === far.sw ? 'backup' : 'alternate', 'discarding');
  });
  const pulled = [...down].flatMap((i) => endsOf({ priorities, cables }, i).map((port) => `${port} disabled disabled`));
  return [...roles, ...pulled].sort();
}

/** The switches that cables join with `sw`, itself not among them. */
export function reached({ cables, priorities }: Mesh, sw: number, down: ReadonlySet<number> = new Set()): number[] {
  const found = new Set([sw]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const [i, { a, b }] of cables.entries()) {
      if (!down.has(i) && (found.has(a) || found.has(b))) found.add(a).add(b);
    }
  }
  return priorities.flatMap((_, i) => (i !== sw && found.has(i) ? [i] : []));
}
