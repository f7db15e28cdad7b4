/**
 * The traffic of a run: patterns become pairs of vNICs.
 */
import { mtuDefault } from './bridge.ts';
import { groupNumber, groupText, isIpv4Group, isMulticast, readGroup } from './group-address.ts';
import { limits } from './limits.ts';
import type { Nic, PortName, Stream, Topology } from './model.ts';
import { isGlob, matchPorts, portIndex, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt, kindOf, portAt } from './reference.ts';
import { count } from './scalar.ts';
import type { File, StreamEntry } from './schema.ts';
import { checkFromPort, checkNamed, checkWay, isAddress, receiversIn, targetOf } from './target.ts';
import { Refusal } from './value.ts';

/** Ethernet header and FCS: what a frame has beyond its payload. */
const overheadBytes = 18;
export const sizeBytesMin = 64;
/** Ethernet, IPv6, 16 bytes of marks and FCS. */
const sizeIpv6Min = 74;

export function streamsOf(file: File, world: World, problems: Problems): Stream[] {
  const streams: Stream[] = [];
  for (const [i, entry] of (file.traffic ?? []).entries()) {
    if (entry === undefined || entry.ping !== undefined) continue;
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
  return { ...withoutStacks(topology), streams: [], events };
}

/** The topology with guests that neither ping nor ask for an address. */
export function withoutStacks({ pings: _, ...topology }: Topology): Topology {
  const hosts = topology.hosts.map((host) => ({
    ...host,
    vms: host.vms.map((vm) => ({ ...vm, nics: vm.nics.map(withoutDhcp) })),
  }));
  return { ...topology, hosts };
}

function withoutDhcp({ guest, ...nic }: Nic): Nic {
  return guest === undefined || guest.dhcp === true ? nic : { ...nic, guest };
}

type Pair = Pick<Stream, 'from' | 'to' | 'group' | 'target'>;

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
  const { to } = entry;
  if (to === undefined) {
    problems.add([...path, 'to'], 'missing; owner/port, such as esx1/vm1 or tor/1');
    return [];
  }
  if (entry.interval !== undefined) problems.add([...path, 'interval'], 'it is for ping; a stream has a rate');
  const group = groupOf(to, entry.size, path, problems);
  if (group !== null) return senders.map((from) => ({ from, to: 'broadcast', group }));
  const target = targetOf(entry, path, problems);
  if (target === null) return [];
  const targeted = target === undefined ? {} : { target };
  if (target !== undefined) for (const from of senders) checkFromPort(from, target, world, path, problems);
  if (to === 'broadcast') return senders.map((from) => ({ from, to, ...targeted }));
  if (isAddress(to)) {
    const address = { address: target!.address!, text: receiversIn(to) };
    return senders
      .filter((from) => checkWay(from, address, world, path, 'to', problems))
      .map((from) => ({ from, to, ...targeted }));
  }
  const receivers = vnicsOf(receiversIn(to), world, [...path, 'to'], problems);
  if (senders.length === 0 || receivers.length === 0) return [];
  const pairs = pairedOff(senders, receivers);
  if (pairs.length === 0) problems.add([...path, 'to'], `${to} is the sender itself; write another vNIC, or broadcast`);
  for (const pair of pairs) checkNamed(pair, target, world, path, problems);
  return pairs.map((pair) => ({ ...pair, ...targeted }));
}

export function pairedOff(senders: readonly PortName[], receivers: readonly PortName[]): Pair[] {
  return senders.flatMap((from, i) => {
    const to = [receivers[i % receivers.length]!, receivers[(i + 1) % receivers.length]!].find((each) => each !== from);
    return to === undefined ? [] : [{ from, to }];
  });
}

/** The group that a stream goes to; null for another receiver, or after a problem. */
function groupOf(to: string, size = sizeBytesMin, path: Path, problems: Problems): string | null {
  const number = groupNumber(to);
  if (number === null || !isMulticast(number)) return null;
  if (!isIpv4Group(number) && size < sizeIpv6Min) {
    const why = `${size} is too short for IPv6 and a test frame's marks; ${sizeIpv6Min} or more`;
    problems.add([...path, 'size'], why);
  }
  try {
    return readGroup(to);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    problems.add([...path, 'to'], error.message);
    return groupText(number);
  }
}

/** The vNICs that a name or pattern means; empty after a problem. */
export function vnicsOf(text: string, world: World, path: Path, problems: Problems): PortName[] {
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

export function checkTimes({ start = 0, stop }: StreamEntry, path: Path, problems: Problems): void {
  if (stop !== undefined && stop <= start && !problems.lost([...path, 'start'])) {
    problems.add([...path, 'stop'], 'stop is not after start; leave it out to send until the end of the run');
  }
}

export function checkSize(
  { size }: StreamEntry,
  pairs: readonly Pick<Pair, 'from'>[],
  world: World,
  path: Path,
  problems: Problems,
): void {
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
