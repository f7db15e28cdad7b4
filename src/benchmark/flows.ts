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
 * turn when there are fewer; with one of the two only, the other is everybody else. With neither, the topology's traffic tells
 * the pairs, and without traffic the first vNIC sends to the next one that it reaches, the third to the fourth, and so on.
 * Throws BenchError when there are fewer than two vNICs, or no pair.
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

function own(topology: Topology, vnics: readonly PortName[]): Pair[] {
  return topology.streams.length > 0 ? declared(topology) : paired(topology, vnics);
}

/** The streams of the topology, each pair once. */
function declared({ streams }: Topology): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const { from, to, flows } of streams) {
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
  const given = from === null ? null : chosen(topology, from, '--from');
  if (to === 'broadcast') return (given ?? vnics).map((each) => ({ from: each, to: 'broadcast' as const }));
  const taken = to === null ? null : chosen(topology, to, '--to');
  const senders = given ?? others(vnics, taken!);
  const receivers = taken ?? others(vnics, given!);
  // Who would meet itself takes the next receiver, as in a topology's traffic.
  const pairs = senders.flatMap((sender, i): Pair[] => {
    const near = [receivers[i % receivers.length]!, receivers[(i + 1) % receivers.length]!];
    const receiver = near.find((each) => each !== sender);
    return receiver === undefined ? [] : [{ from: sender, to: receiver }];
  });
  if (pairs.length === 0)
    throw new BenchError(`--to ${to ?? from} is the sender itself`, 'name another vNIC, or broadcast');
  return pairs;
}

/** All that are not named; where all are, all of them. */
function others(vnics: readonly PortName[], taken: readonly PortName[]): readonly PortName[] {
  const names = new Set(taken);
  const rest = vnics.filter((name) => !names.has(name));
  return rest.length > 0 ? rest : vnics;
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
