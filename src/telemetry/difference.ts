/**
 * What differs between two states of a network, as data and as sentences.
 *
 * Things are matched by name, so that states of different topologies can be compared: what only one has is told as such.
 */
import type { LagReport, MacEntry, PortReport, StreamReport, SwitchReport } from './report.ts';

export interface Facts {
  /** Internal time, ns. */
  readonly timeNs: bigint;
  readonly switches: readonly SwitchReport[];
  readonly streams: readonly StreamReport[];
  readonly queues: readonly Queue[];
}

/** Frames that wait at a place: `esx1/vm1 to its guest`, `esx1/vmnic0 to tor/1`. */
export interface Queue {
  readonly where: string;
  readonly held: number;
}

export interface Difference {
  /** Port, switch, stream, `network`. */
  readonly where: string;
  /** What of it: `time`, `exists`, `mac`, `age`, `link`, `pin`, `in use`, `queue`, a counter's name. */
  readonly what: string;
  /** null: it is not there. */
  readonly before: string | number | null;
  readonly after: string | number | null;
  /** `esx1/vSwitch0: 00:50:56:00:00:01 in VLAN 10 moved from esx1/vm1 to uplink`. */
  readonly sentence: string;
}

type Value = string | number | null;

/** What differs in `b` from `a`, in the order of the topology. */
export function differences(a: Facts, b: Facts, withAges: boolean): Difference[] {
  return [
    ...time(a.timeNs, b.timeNs),
    ...paired(
      a.switches,
      b.switches,
      ({ name }) => name,
      (x, y) => ofSwitch(x, y, withAges),
    ),
    ...paired(a.queues, b.queues, ({ where }) => where, ofQueue),
    ...paired(numbered(a.streams), numbered(b.streams), streamName, ofStream),
  ];
}

function time(before: bigint, after: bigint): Difference[] {
  if (before === after) return [];
  const [ms, other] = [before, after].map((ns) => `${Number(ns) / 1e6} ms`);
  const by = Number(after - before) / 1e6;
  const sentence = `time: ${ms} became ${other}, ${Math.abs(by)} ms ${by > 0 ? 'later' : 'earlier'}`;
  return [{ where: 'network', what: 'time', before: Number(before), after: Number(after), sentence }];
}

/** Compares what has the same name, and tells what only one side has. */
function paired<T>(
  a: readonly T[],
  b: readonly T[],
  name: (of: T) => string,
  compare: (x: T, y: T) => Difference[],
): Difference[] {
  const others = new Map(b.map((y) => [name(y), y]));
  const known = new Set(a.map(name));
  const only = (where: string, isFirst: boolean): Difference => ({
    where,
    what: 'exists',
    before: isFirst ? 'yes' : null,
    after: isFirst ? null : 'yes',
    sentence: `${where}: ${isFirst ? 'is there no more' : 'is new'}`,
  });
  return [
    ...a.flatMap((x) => {
      const y = others.get(name(x));
      return y === undefined ? [only(name(x), true)] : compare(x, y);
    }),
    ...b.filter((y) => !known.has(name(y))).map((y) => only(name(y), false)),
  ];
}

function ofSwitch(a: SwitchReport, b: SwitchReport, withAges: boolean): Difference[] {
  const where = a.name;
  return [
    ...entries(where, a.macTable, b.macTable, withAges),
    ...changed(where, 'in use', list(a.team?.inUse), list(b.team?.inUse), 'uplinks in use'),
    ...changed(where, 'doubtful', word(a.team?.doubtful), word(b.team?.doubtful), 'in doubt which uplink has failed'),
    ...lags(where, a.lags, b.lags),
    ...paired(a.ports, b.ports, ({ name }) => name, ofPort),
    ...counters(where, { ...a.table }, { ...b.table }, ['entries', 'entriesMax']),
  ];
}

function entries(where: string, a: readonly MacEntry[], b: readonly MacEntry[], withAges: boolean): Difference[] {
  const key = ({ vlan, mac }: MacEntry): string => `${mac} in VLAN ${vlan}`;
  const before = new Map(a.map((entry) => [key(entry), entry]));
  const after = new Map(b.map((entry) => [key(entry), entry]));
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name): Difference[] => {
    const [x, y] = [before.get(name), after.get(name)];
    const told = (what: string, from: Value, to: Value, words: string): Difference[] => [
      { where, what, before: from, after: to, sentence: `${where}: ${name} ${words}` },
    ];
    if (x === undefined) return told('mac', null, place(y!), `learned on ${place(y!)}`);
    if (y === undefined) return told('mac', place(x), null, `gone from ${place(x)}`);
    if (place(x) !== place(y)) {
      const words =
        x.port === y.port ? `is ${y.static ? 'static' : 'dynamic'} now` : `moved from ${place(x)} to ${place(y)}`;
      return told('mac', place(x), place(y), words);
    }
    if (!withAges || x.ageSeconds === y.ageSeconds) return [];
    return told('age', x.ageSeconds, y.ageSeconds, `was heard ${y.ageSeconds} s ago, ${x.ageSeconds} s before`);
  });
}

const place = (entry: MacEntry): string => (entry.static ? `${entry.port} (static)` : entry.port);

function lags(where: string, a: readonly LagReport[], b: readonly LagReport[]): Difference[] {
  const name = ({ members }: LagReport): string => `${where} LAG of ${members.join(', ')}`;
  return paired(a, b, name, (x, y) => [
    ...changed(name(x), 'in use', list(x.inUse), list(y.inUse), 'members that carry frames'),
    ...changed(name(x), 'partner', x.partner, y.partner, 'partner'),
    ...counters(
      name(x),
      { lacpSent: x.lacpSent, lacpReceived: x.lacpReceived },
      { lacpSent: y.lacpSent, lacpReceived: y.lacpReceived },
    ),
  ]);
}

function ofPort(a: PortReport, b: PortReport): Difference[] {
  const where = a.name;
  return [
    ...changed(where, 'link', a.link, b.link, 'link'),
    ...changed(where, 'pin', a.pinnedTo, b.pinnedTo, 'pinned to'),
    ...(a.kind === 'uplink' ? changed(where, 'in use', word(a.inUse), word(b.inUse), 'in use') : []),
    ...counters(where, { ...a.verdicts }, { ...b.verdicts }),
    ...counters(where, guestCounters(a), guestCounters(b)),
  ];
}

function guestCounters({ guest }: PortReport): Record<string, number> {
  if (guest === null) return {};
  return Object.fromEntries(Object.entries(guest).map(([name, value]) => [`guest ${name}`, value as number]));
}

function ofQueue(a: Queue, b: Queue): Difference[] {
  if (a.held === b.held) return [];
  const sentence = `${a.where}: ${frames(b.held)} on the way instead of ${a.held}`;
  return [{ where: a.where, what: 'queue', before: a.held, after: b.held, sentence }];
}

const frames = (count: number): string => `${count} frame${count === 1 ? '' : 's'}`;

type Numbered = StreamReport & { readonly number: number };

const numbered = (streams: readonly StreamReport[]): Numbered[] =>
  streams.map((stream, i) => ({ ...stream, number: i + 1 }));

const streamName = ({ number, from, to }: Numbered): string => `stream ${number} (${from} to ${to})`;

function ofStream(a: Numbered, b: Numbered): Difference[] {
  const where = streamName(a);
  return [
    ...counters(where, { sent: a.sent }, { sent: b.sent }),
    ...changed(where, 'resolved', word(!a.unresolved), word(!b.unresolved), 'its receiver’s address is known'),
  ];
}

function changed(where: string, what: string, before: Value, after: Value, words: string): Difference[] {
  if (before === after) return [];
  const sentence = `${where}: ${words}: ${before ?? 'none'} became ${after ?? 'none'}`;
  return [{ where, what, before, after, sentence }];
}

function counters(
  where: string,
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
  except: readonly string[] = [],
): Difference[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => !except.includes(name));
  return names.flatMap((what): Difference[] => {
    const [before, after] = [a[what] ?? 0, b[what] ?? 0];
    if (before === after) return [];
    const by = after - before;
    const sentence = `${where}: ${what} ${before} became ${after} (${by > 0 ? '+' : '−'}${Math.abs(by)})`;
    return [{ where, what, before, after, sentence }];
  });
}

const list = (names: readonly string[] | undefined): Value =>
  names === undefined ? null : names.length === 0 ? 'none' : names.join(', ');
const word = (value: boolean | undefined): Value => (value === undefined ? null : value ? 'yes' : 'no');
