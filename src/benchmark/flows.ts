/** Between which vNICs test frames go: as the user names them, else as the topology's traffic does, else all in pairs. */
import type { PortName, Topology } from '../topology/model.ts';
import { explainUnknown, isGlob, matchPorts, portIndex } from '../topology/ports.ts';
import type { Flow } from './bed.ts';
import { BenchError } from './error.ts';
import { Reach, vnicsOf } from './reach.ts';
import type { SuiteSettings } from './suite.ts';

type Asked = Pick<SuiteSettings, 'from' | 'to' | 'bidirectional'>;

/**
 * One flow for each pair, all with these frame lengths (64-65,553 with FCS). The i-th port of `from` sends to the i-th of `to`, in
 * turn when there are fewer, or to the next one that it reaches. With one of the two only, the topology's traffic tells the other side,
 * and without traffic it is everybody else. With neither, the topology's traffic tells the pairs, and without traffic the first vNIC
 * sends to the next one that it reaches, the third to the fourth, and so on.
 * Throws BenchError when there are fewer than two vNICs, or no pair, or when a receiver surely cannot get the frames.
 */
export function flowsOf(topology: Topology, settings: Asked, sizes: readonly number[]): Flow[] {
  const vnics = vnicsOf(topology);
  if (vnics.length < 2)
    throw new BenchError(
      `${topology.name} has ${vnics.length === 0 ? 'no vNIC' : 'one vNIC only'}`,
      'test frames go from one vNIC to another: declare two VMs at least',
    );
  const flows =
    settings.from !== null || settings.to !== null ? named(topology, settings, vnics) : own(topology, vnics);
  const all = settings.bidirectional ? [...flows, ...reversed(flows)] : flows;
  return all.map((flow) => ({ ...flow, sizes }));
}

type Pair = Omit<Flow, 'sizes'>;

function own(topology: Topology, vnics: readonly PortName[]): readonly Pair[] {
  return topology.streams.length > 0 ? assertReached(topology, declared(topology)) : paired(topology, vnics);
}

/** The streams of the topology, each pair once. */
function declared({ streams }: Topology): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const { from, to, flows, target } of streams) {
    // A test bed's frames go from vNIC to vNIC.
    if (target?.address !== undefined) continue;
    const before = pairs.get(`${from} ${to}`)?.flows ?? 1;
    const most = Math.max(before, flows);
    pairs.set(`${from} ${to}`, { from, to, ...(most > 1 ? { flows: most } : {}) });
  }
  return [...pairs.values()];
}

function paired(topology: Topology, vnics: readonly PortName[]): Pair[] {
  const reach = new Reach(topology);
  const pairs: Pair[] = [];
  const taken = new Set<PortName>();
  for (const [i, from] of vnics.entries()) {
    if (taken.has(from)) continue;
    for (let k = i + 1; k < vnics.length; k++) {
      const to = vnics[k]!;
      if (taken.has(to) || !reach.joins(from, to)) continue;
      taken.add(to);
      pairs.push({ from, to });
      break;
    }
  }
  if (pairs.length === 0)
    throw new BenchError(
      `no two vNICs of ${topology.name} reach each other`,
      'give two of them one VLAN and a way, or name the ports with --from and --to',
    );
  return pairs;
}

function named(topology: Topology, { from, to }: Asked, vnics: readonly PortName[]): Pair[] {
  if (from === 'broadcast') throw new BenchError('--from broadcast', 'nobody sends from there; write --to broadcast');
  const senders = from === null ? null : chosen(topology, from, '--from');
  if (to === 'broadcast') return (senders ?? vnics).map((each) => ({ from: each, to: 'broadcast' as const }));
  const receivers = to === null ? null : chosen(topology, to, '--to');
  const reach = new Reach(topology);
  if (senders === null) return towards(topology, reach, receivers!, vnics);
  if (receivers === null) return away(topology, reach, senders, vnics);
  const takers = new Takers(reach);
  return senders.flatMap((sender, i): Pair[] => {
    const able = receivers.filter((each) => each !== sender);
    if (able.length === 0 && senders.length > 1) return [];
    if (able.length === 0) throw new BenchError(`--to ${to} is the sender itself`, 'name another vNIC, or broadcast');
    const receiver = takers.take(sender, receivers, i);
    if (receiver === null) throw unreachable(reach, sender, able[i % able.length]!);
    return [{ from: sender, to: receiver }];
  });
}

/** What the topology's traffic sends from them; who has none there sends to a vNIC that it reaches. */
function away(topology: Topology, reach: Reach, senders: readonly PortName[], vnics: readonly PortName[]): Pair[] {
  const known = declared(topology).filter(({ from }) => senders.includes(from));
  const takers = new Takers(reach);
  const others = vnics.filter((name) => !senders.includes(name));
  return senders.flatMap((sender, i): readonly Pair[] => {
    const own = known.filter(({ from }) => from === sender);
    if (own.length > 0) return assertReached(topology, own);
    const receiver = takers.take(sender, others, i) ?? takers.take(sender, vnics, i);
    if (receiver === null) throw lonely(reach, sender, vnics, `${sender} reaches no other vNIC`);
    return [{ from: sender, to: receiver }];
  });
}

/** What the topology's traffic sends to them; to who gets none there, everybody else sends that can. */
function towards(topology: Topology, reach: Reach, receivers: readonly PortName[], vnics: readonly PortName[]): Pair[] {
  const known = declared(topology).filter(({ to }) => to !== 'broadcast' && receivers.includes(to));
  const rest = receivers.filter((name) => !known.some(({ to }) => to === name));
  const others = vnics.filter((name) => !receivers.includes(name));
  const takers = new Takers(reach);
  const senders = rest.length === 0 ? [] : others.length > 0 ? others : vnics;
  const pairs = senders.flatMap((sender, i): Pair[] => {
    const receiver = takers.take(sender, rest, i);
    return receiver === null ? [] : [{ from: sender, to: receiver }];
  });
  const missed = rest.find((name) => !vnics.some((each) => each !== name && reach.obstacle(each, name) === null));
  if (missed !== undefined) throw lonely(reach, missed, vnics, `${missed} is reached by no other vNIC`);
  return [...assertReached(topology, known), ...pairs];
}

/** Deals receivers out to senders: the next in turn that has no more senders than others and can be reached. */
class Takers {
  readonly #reach: Reach;
  readonly #counts = new Map<PortName, number>();

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  /** null: it reaches none of them. */
  take(sender: PortName, receivers: readonly PortName[], turn: number): PortName | null {
    const first = receivers.length === 0 ? 0 : turn % receivers.length;
    const inTurn = [...receivers.slice(first), ...receivers.slice(0, first)].filter((name) => name !== sender);
    const sure = inTurn.filter((name) => this.#reach.carries(sender, name));
    const able = sure.length > 0 ? sure : inTurn.filter((name) => this.#reach.obstacle(sender, name) === null);
    const count = (name: PortName): number => this.#counts.get(name) ?? 0;
    const least = Math.min(...able.map(count));
    const receiver = able.find((name) => count(name) === least);
    if (receiver === undefined) return null;
    this.#counts.set(receiver, least + 1);
    return receiver;
  }
}

/** The same pairs. Throws BenchError where a receiver can get nothing from its sender. */
function assertReached(topology: Topology, pairs: readonly Pair[]): readonly Pair[] {
  const reach = new Reach(topology);
  for (const { from, to } of pairs)
    if (to !== 'broadcast' && reach.obstacle(from, to) !== null) throw unreachable(reach, from, to);
  return pairs;
}

function unreachable(reach: Reach, from: PortName, to: PortName): BenchError {
  const what = `${to} cannot get frames of ${from}: ${reach.obstacle(from, to)}`;
  return new BenchError(what, 'change the topology, or name other vNICs with --from and --to');
}

function lonely(reach: Reach, name: PortName, vnics: readonly PortName[], what: string): BenchError {
  const vid = reach.vlan(name);
  const why = vnics.some((each) => each !== name && reach.vlan(each) === vid)
    ? 'no cable leads to them'
    : `nobody else is in ${vid === null ? 'its VLAN' : `VLAN ${vid}`}`;
  return new BenchError(`${what}: ${why}`, 'change the topology, or name another vNIC');
}

/** The vNICs that a list of names and patterns means, each once. */
function chosen(topology: Topology, text: string, option: string): PortName[] {
  const index = portIndex(topology);
  const found = text.split(',').flatMap((part) => {
    const word = part.trim();
    const names = matchPorts(topology, word).filter((name) => index.get(name)!.kind === 'vNIC');
    if (names.length > 0) return names;
    if (isGlob(word)) throw new BenchError(`${option} ${word} matches no vNIC`, '* alone matches all');
    const kind = index.get(word)?.kind;
    if (kind !== undefined) throw new BenchError(`${option}: ${word} is no vNIC`, 'test frames go between vNICs');
    const [what, remedy] = explainUnknown(topology, word).split('; ', 2) as [string, string];
    throw new BenchError(`${option}: ${what}`, remedy);
  });
  return [...new Set(found)];
}

function reversed(flows: readonly Pair[]): Pair[] {
  const known = new Set(flows.map(({ from, to }) => `${from} ${to}`));
  return flows.flatMap((flow): Pair[] => {
    if (flow.to === 'broadcast' || known.has(`${flow.to} ${flow.from}`)) return [];
    return [{ ...flow, from: flow.to, to: flow.from }];
  });
}
