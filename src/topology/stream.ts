/**
 * The traffic of a run: patterns become pairs of vNICs.
 */
import { mtuDefault } from './bridge.ts';
import { limits } from './limits.ts';
import type { PortName, Stream, Topology } from './model.ts';
import { isGlob, matchPorts, portIndex, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt, kindOf, portAt } from './reference.ts';
import { count } from './scalar.ts';
import type { File, StreamEntry } from './schema.ts';

/** Ethernet header and FCS: what a frame has beyond its payload. */
const overheadBytes = 18;
const sizeBytesMin = 64;

export function streamsOf(file: File, world: World, problems: Problems): Stream[] {
  const streams: Stream[] = [];
  for (const [i, entry] of (file.traffic ?? []).entries()) {
    if (entry === undefined) continue;
    const path = ['traffic', i];
    checkTimes(entry, path, problems);
    const pairs = pairsOf(entry, world, path, problems);
    if (streams.length + pairs.length > limits.streams) {
      problems.add(path, `too many streams; at most ${count(limits.streams)} in all`);
      break;
    }
    checkSize(entry, pairs, world, path, problems);
    for (const pair of pairs) streams.push(streamOf(entry, pair));
  }
  return streams;
}

/** The topology as a replay has it: its guests send nothing of themselves, and no event can pause that. */
export function withoutTraffic(topology: Topology): Topology {
  const events = topology.events.filter(({ action }) => !('stopTraffic' in action || 'startTraffic' in action));
  return { ...topology, streams: [], events };
}

type Pair = Pick<Stream, 'from' | 'to'>;

function streamOf(entry: StreamEntry, pair: Pair): Stream {
  return {
    ...pair,
    sizeBytes: entry.size ?? sizeBytesMin,
    rate: entry.rate ?? { kind: 'max' },
    flows: entry.flows ?? 1,
    startNs: entry.start ?? 0,
    stopNs: entry.stop ?? null,
    count: entry.count ?? null,
  };
}

/**
 * The i-th sender with the i-th receiver, in turn when there are fewer receivers.
 * A sender that would meet itself takes the next receiver; if it is the only one, that sender stays silent, so that
 * `from: "*"` with one receiver means all the others.
 */
function pairsOf(entry: StreamEntry, world: World, path: Path, problems: Problems): Pair[] {
  const senders = vnicsOf(entry.from, world, [...path, 'from'], problems);
  if (entry.to === 'broadcast') return senders.map((from) => ({ from, to: 'broadcast' }));
  const receivers = vnicsOf(entry.to, world, [...path, 'to'], problems);
  if (senders.length === 0 || receivers.length === 0) return [];
  const pairs = senders.flatMap((from, i) => {
    const to = [receivers[i % receivers.length]!, receivers[(i + 1) % receivers.length]!].find((each) => each !== from);
    return to === undefined ? [] : [{ from, to }];
  });
  if (pairs.length === 0)
    problems.add([...path, 'to'], `${entry.to} is the sender itself; write another vNIC, or broadcast`);
  return pairs;
}

/** The vNICs that a name or pattern means; empty after a problem. */
function vnicsOf(text: string, world: World, path: Path, problems: Problems): PortName[] {
  const index = portIndex(world);
  if (isGlob(text)) {
    const names = matchPorts(world, text).filter((name) => index.get(name)?.kind === 'vNIC');
    if (names.length === 0 && !inDoubt(text, world, problems)) {
      problems.add(path, `${text} matches no vNIC; * alone matches all`);
    }
    return names;
  }
  const name = portAt(text, world, path, problems);
  if (name === null || index.get(name)?.kind === 'vNIC') return name === null ? [] : [name];
  problems.add(path, `${kindOf(name, world)}; traffic runs between vNICs`);
  return [];
}

function checkTimes({ start = 0, stop }: StreamEntry, path: Path, problems: Problems): void {
  if (stop !== undefined && stop <= start && !problems.lost([...path, 'start'])) {
    problems.add([...path, 'stop'], 'stop is not after start; leave it out to send until the end of the run');
  }
}

function checkSize({ size }: StreamEntry, pairs: readonly Pair[], world: World, path: Path, problems: Problems): void {
  if (size === undefined) return;
  for (const { from } of pairs) {
    const port = portIndex(world).get(from);
    if (port?.kind !== 'vNIC') continue;
    const vswitch = port.host.vswitches.find(({ name }) => name === port.nic.vswitch);
    const inDoubt = vswitch === undefined || problems.lost(['hosts', port.host.name, 'vswitches', vswitch.name, 'mtu']);
    const sizeMax = (vswitch?.mtu ?? mtuDefault) + overheadBytes;
    if (size <= sizeMax || inDoubt) continue;
    const why = `${size} is too long for ${from}, whose vSwitch has mtu ${sizeMax - overheadBytes}`;
    problems.add([...path, 'size'], `${why}; ${sizeBytesMin} to ${sizeMax}`);
    return;
  }
}
