/**
 * Where captures are written in memory: a byte ring for each file and worker, and a capture point for each place that is looked
 * at: a port's wire, the inside of its switch, a switch's drops, an end of a cable.
 */
import type { FilterProgram } from '../capture/filter.ts';
import { compileFilter } from '../capture/filter.ts';
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import { captureName } from '../topology/capture-name.ts';
import type { CaptureRequest, Link, PortName, Topology } from '../topology/model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import { hardwareMac } from './in-memory.ts';
import { NetworkError } from './options.ts';
import { shapedBlocks } from './plan-shaping.ts';
import { powerOfTwo, type Space } from './space.ts';

export interface PlannedRing {
  readonly address: number;
  readonly bufferAt: number;
  readonly bytes: number;
  /** Bytes that one visit to a port can write. */
  readonly reserve: number;
  /** Who writes here; OF_COMMANDS: whoever carries commands out (aside.ts). */
  readonly worker: number;
}

export interface PlannedInterface {
  readonly name: string;
  readonly description: string;
  readonly mac: string | null;
  readonly speedBps: number | null;
  /** Island of the switch that sees what is told to come in here, and of the one that sees what goes out. */
  readonly islands: readonly [incoming: number, outgoing: number];
}

export interface PlannedPoint {
  readonly address: number;
  readonly ring: number;
  readonly interfaceId: number;
  /** Place of its switch among all. */
  readonly switch: number;
  /** null: the switch's drops. */
  readonly port: PortName | null;
  readonly isInside: boolean;
  readonly directions: number;
  readonly flip: number;
  /** Address of its filter; 0: every frame. */
  readonly filter: number;
}

export interface PlannedFilter {
  readonly address: number;
  readonly roomAt: number;
  readonly program: FilterProgram;
}

export interface PlannedCapture {
  readonly request: CaptureRequest;
  /** One ring for each worker that has one of the points; where these are several, on the virtual clock, one more OF_COMMANDS. */
  readonly rings: readonly PlannedRing[];
  readonly interfaces: readonly PlannedInterface[];
  readonly points: readonly PlannedPoint[];
  /** A copy for each worker, with room for a frame of its own. */
  readonly filters: readonly PlannedFilter[];
}

/** core/dropped.ts reads them. */
export interface PlannedTexts {
  readonly address: number;
  readonly verdictsAt: number;
  readonly textsAt: number;
  readonly bytesMax: number;
}

export interface CaptureOptions {
  readonly injectAt: readonly PortName[];
  readonly captures: readonly CaptureRequest[];
  readonly burst: number;
  readonly virtual: boolean;
}

/** Longest frame that can be injected, bytes: beyond any MTU, so that giants can be shown to be dropped. */
export const INJECT_BYTES_MAX = 131_072 - 64;
/** Names of ports in what tells of a drop, octets. */
export const NAME_BYTES_MAX = 255;
/** Octets that a drop's options take beside names and the beginning of the comment; the longest of these has 64. */
const DROP_BYTES = 128;
/** Instead of a worker's number. */
export const OF_COMMANDS = -1;
export const CAPTURE_RING_MIN = 4 * 1024 * 1024;
const CAPTURE_RING_SMALL = 64 * 1024;
/**
 * On the wall clock, for all rings of a file: 12 ms of ten million short frames a second, longer than its writer mostly has to wait
 * for its core. With 4 MiB a third of them is lost at that rate, with 16 none (bench/capture.ts); writing a block takes 7 ns more.
 */
const CAPTURE_RING_WALL = 16 * 1024 * 1024;
/** Captures that get so much. */
const CAPTURES_WALL = 4;
export const BLOCK_OVERHEAD = 80;
/** The longest frame that a switch sends of itself, an LACPDU, with a tag. */
const OWN_FRAME_BYTES = 132;
const BOTH = L.CAPTURE_IN | L.CAPTURE_OUT;
const DROP_SUFFIX = '/DROP';
/** Words before a filter's instructions: room, reach, count, padding. */
const FILTER_HEAD_BYTES = 16;

/** One place that a capture looks at, before it has an address. */
interface Sight extends PlannedInterface {
  readonly spots: readonly Pick<PlannedPoint, 'switch' | 'port' | 'isInside' | 'directions' | 'flip'>[];
}

/** Whether a file is a classic pcap, which knows neither interfaces nor reasons. */
export function isClassic(file: string): boolean {
  return captureName(file).isPcap;
}

/** Bytes behind a ring's buffer, into which its last block may reach. */
export function marginOf(drafts: readonly DraftSwitch[]): number {
  return INJECT_BYTES_MAX + BLOCK_OVERHEAD + dropBytesOf(drafts);
}

/** Octets that comment and custom option of a drop take at most. */
export function dropBytesOf(drafts: readonly DraftSwitch[]): number {
  const longest = Math.max(0, ...drafts.flatMap(({ ports }) => ports.map(({ name }) => Buffer.byteLength(name))));
  return DROP_BYTES + 6 * Math.min(longest, NAME_BYTES_MAX);
}

export function planCaptures(
  space: Space,
  drafts: readonly DraftSwitch[],
  workerOf: readonly number[],
  islandOf: readonly number[],
  topology: Topology,
  options: CaptureOptions,
): PlannedCapture[] {
  const finder = new Finder(drafts, islandOf, topology.links);
  const longest = Math.max(...drafts.map((d) => d.mtu)) + 26;
  const margin = marginOf(drafts);
  return options.captures.map((request): PlannedCapture => {
    const sights = finder.find(request);
    const spots = sights.flatMap(({ spots }) => spots);
    const workers = [...new Set(spots.map((spot) => workerOf[spot.switch]!))].sort((a, b) => a - b);
    const kept = request.snapLength === 0 ? longest : Math.min(request.snapLength, longest);
    const arriving = request.snapLength === 0 && options.injectAt.length > 0 ? INJECT_BYTES_MAX : kept;
    const perFrame = blocksOf(drafts, spots);
    const extra = BLOCK_OVERHEAD + (spots.some(({ port }) => port === null) ? dropBytesOf(drafts) : 0);
    const burst = options.burst * (2 * (arriving + extra) + perFrame * (kept + extra));
    const shaped = shapedBlocks(drafts, topology, options.burst) * (kept + extra);
    const visit = Math.max(burst, turnBytes(drafts, perFrame, extra)) + shaped;
    const floor = ringFloor(options, workers.length);
    const bytes = powerOfTwo(Math.max(floor, options.virtual ? 2 * visit : 0));
    const writers = withCommands(workers, options.virtual);
    const rings = writers.map((worker) => planRing(space, worker, { bytes, margin, reserve: visit }));
    const program = request.filter === undefined ? null : compileFilter(request.filter);
    const filters = program === null ? [] : workers.map(() => planFilter(space, program));
    const points = sights.flatMap(({ spots }, interfaceId) =>
      spots.map((spot): PlannedPoint => {
        const place = workers.indexOf(workerOf[spot.switch]!);
        const { address } = rings[place]!;
        const filter = filters[place]?.address ?? 0;
        return {
          ...spot,
          address: space.reserve('captures', L.CapturePoint_BYTES),
          ring: address,
          interfaceId,
          filter,
        };
      }),
    );
    return { request, rings, interfaces: sights, points, filters };
  });
}

/** Who writes to a capture that these workers write to. */
export function withCommands(workers: readonly number[], isVirtual: boolean): number[] {
  return isVirtual && workers.length > 1 ? [...workers, OF_COMMANDS] : [...workers];
}

/** What a switch sends of itself at one instant: announcements, and beacons and LACP by each port, in up to four blocks each. */
export function turnBytes(drafts: readonly DraftSwitch[], perFrame: number, extra: number): number {
  const ports = Math.max(...drafts.map((d) => d.ports.length));
  return (L.ANNOUNCED_AT_ONCE + 4 * ports) * Math.min(4, perFrame) * (OWN_FRAME_BYTES + extra);
}

/** Bytes of a capture's ring, at least. */
function ringFloor({ captures, virtual }: CaptureOptions, workers: number): number {
  if (captures.length > 8) return CAPTURE_RING_SMALL;
  return virtual || captures.length > CAPTURES_WALL
    ? CAPTURE_RING_MIN
    : Math.max(CAPTURE_RING_MIN, CAPTURE_RING_WALL / workers);
}

export function planTexts(
  space: Space,
  drafts: readonly DraftSwitch[],
  captures: readonly PlannedCapture[],
  isLive: boolean,
): PlannedTexts | null {
  if (!isLive && !captures.some(({ points }) => points.some(({ port }) => port === null))) return null;
  return {
    address: space.reserve('captures', L.DropTexts_BYTES),
    verdictsAt: space.reserve('captures', VERDICTS.length * 4),
    textsAt: space.reserve('captures', textBytes(drafts.flatMap(({ ports }) => ports.map(({ name }) => name)))),
    bytesMax: dropBytesOf(drafts),
  };
}

export function planRing(
  space: Space,
  worker: number,
  { bytes, margin, reserve }: { readonly bytes: number; readonly margin: number; readonly reserve: number },
): PlannedRing {
  const address = space.reserve('captures', L.CaptureRing_BYTES);
  return { address, bufferAt: space.reserve('captures', bytes + margin), bytes, reserve, worker };
}

function planFilter(space: Space, program: FilterProgram): PlannedFilter {
  const address = space.reserve('captures', FILTER_HEAD_BYTES + 4 * program.words.length);
  return { address, roomAt: space.reserve('captures', filterRoom(program)), program };
}

/** Octets of a frame that a filter may look at, with a tag more and what is copied too much. */
function filterRoom({ reach }: FilterProgram): number {
  return Math.min(reach, INJECT_BYTES_MAX) + 64;
}

/** The most blocks that one frame at one switch gives, beside that of its arrival and that of its death there. */
function blocksOf(drafts: readonly DraftSwitch[], spots: Sight['spots']): number {
  const bySwitch = drafts.map(() => 0);
  for (const { switch: number, port } of spots) bySwitch[number]! += port === null ? drafts[number]!.ports.length : 1;
  return Math.max(...bySwitch);
}

/** What of a switch matters here. */
type Seen = Pick<DraftSwitch, 'name' | 'host' | 'ports'>;

/** Finds the interfaces of a capture, and what each of them looks at. */
export class Finder {
  readonly #drafts: readonly Seen[];
  readonly #islandOf: readonly number[];
  readonly #linkOf: ReadonlyMap<PortName, Link>;
  readonly #home: ReadonlyMap<PortName, number>;

  constructor(drafts: readonly Seen[], islandOf: readonly number[], links: readonly Link[]) {
    this.#drafts = drafts;
    this.#islandOf = islandOf;
    this.#linkOf = new Map(links.flatMap((link) => [link.a, link.b].map((name) => [name, link])));
    this.#home = new Map(drafts.flatMap((d, i) => d.ports.map((p) => [p.name, i])));
  }

  /** The interfaces of a capture, in the order of what was asked for: ports, wire before inside, then cables. */
  find({ file, ports, wires = [], stages = ['wire'], direction = 'both' }: CaptureRequest): Sight[] {
    const directions = direction === 'both' ? BOTH : direction === 'in' ? L.CAPTURE_IN : L.CAPTURE_OUT;
    if (isClassic(file)) return ports.flatMap((name) => this.#port(name, false, directions));
    const sights = ports.flatMap((name) =>
      this.#home.has(name)
        ? stages.flatMap((stage) => this.#port(name, stage === 'inside', directions))
        : this.#drops(name, directions),
    );
    const cables = new Set(wires.map((name) => this.#cable(name)));
    return [...sights, ...[...cables].map((link) => this.#wire(link, directions))];
  }

  #port(name: PortName, isInside: boolean, directions: number): Sight[] {
    const number = this.#home.get(name);
    if (number === undefined) return [];
    const sw = this.#drafts[number]!;
    const port = sw.ports.find((each) => each.name === name)!;
    const kind = port.kind === 'vnic' ? 'vNIC' : port.kind === 'uplink' ? 'uplink' : 'port';
    const island = this.#islandOf[number]!;
    return [
      {
        name: isInside ? `${name}:inside` : name,
        description: isInside ? `${kind} of ${sw.name}, as the switch relays` : `${kind} of ${sw.name}`,
        mac: port.mac ?? hardwareMac(number, sw.ports.indexOf(port)),
        speedBps: this.#linkOf.get(name)?.rateBps ?? null,
        islands: [island, island],
        spots: [{ switch: number, port: name, isInside, directions, flip: 0 }],
      },
    ];
  }

  #drops(name: string, directions: number): Sight[] {
    const owner = name.slice(0, -DROP_SUFFIX.length);
    const own = this.#drafts.flatMap(({ host }, number) => (host === owner ? [number] : []));
    if (!name.endsWith(DROP_SUFFIX) || own.length === 0)
      throw new NetworkError(`no port ${name} to capture; frames that die at a host are at HOST/DROP`);
    const island = this.#islandOf[own[0]!]!;
    return [
      {
        name,
        description: `frames that died at ${owner}, with the reason`,
        mac: null,
        speedBps: null,
        islands: [island, island],
        spots: own.map((number) => ({ switch: number, port: null, isInside: false, directions, flip: 0 })),
      },
    ];
  }

  #cable(name: PortName): Link {
    const link = this.#linkOf.get(name);
    if (link === undefined) throw new NetworkError(`${name} has no cable to capture`);
    return link;
  }

  /** What each end sends: out seen from the first one, in from the other. */
  #wire(link: Link, directions: number): Sight {
    const [a, b] = [this.#home.get(link.a)!, this.#home.get(link.b)!];
    const spot = { isInside: false, directions: L.CAPTURE_OUT };
    return {
      name: `${link.a}--${link.b}`,
      description: `cable; out is what ${link.a} sends`,
      mac: null,
      speedBps: link.rateBps,
      islands: [this.#islandOf[b]!, this.#islandOf[a]!],
      spots: [
        ...((directions & L.CAPTURE_OUT) === 0 ? [] : [{ ...spot, switch: a, port: link.a, flip: 0 }]),
        ...((directions & L.CAPTURE_IN) === 0 ? [] : [{ ...spot, switch: b, port: link.b, flip: BOTH }]),
      ],
    };
  }
}

/** How the comment of a verdict begins. */
export function beginning({ name, rule }: { readonly name: string; readonly rule: string }): string {
  return `drop=${name}${rule === '-' ? '' : ` rule=${rule}`} port=`;
}

/** Octets of all texts. */
function textBytes(ports: readonly string[]): number {
  const texts = [...VERDICTS.map(beginning), ' vid=', ' owner=', ' pin=', ...ports];
  return texts.reduce((sum, text) => sum + 1 + Buffer.byteLength(text), 0);
}
