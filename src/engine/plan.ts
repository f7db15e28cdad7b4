/**
 * The memory plan: every address of a network, computed from its topology before any memory exists.
 *
 * All limits are sums that can be read: `plan.sums` says what takes how much, and a network that does not fit into the
 * 4 GiB that a WebAssembly memory holds is refused with those figures. Memory that is planned but never touched costs
 * address space only.
 */

import { formatBytes } from '../telemetry/bytes.ts';
import { rulesSwitchedOff } from '../topology/event-model.ts';
import type { CaptureRequest, PortName, PortVlan, Table, Topology, VSwitch } from '../topology/model.ts';
import { readRule } from '../topology/rule.ts';
import { type DraftPort, type DraftSwitch, draftSwitches } from './draft.ts';
import * as L from './generated/layout.ts';
import { cellNsOf, hostsOf, islandsOf, placeOnWorkers } from './placement.ts';
import {
  INJECT_BYTES_MAX,
  marginOf,
  type PlannedCapture,
  type PlannedTexts,
  planCaptures,
  planTexts,
} from './plan-capture.ts';
import { type PlannedLive, planLive } from './plan-live.ts';
import { type PlannedClass, planInjectPool, planPool } from './plan-pool.ts';
import { type PlannedPattern, type PlannedTests, planPattern, planTests } from './plan-test.ts';
import { type PlannedUplinks, planUplinks } from './plan-uplinks.ts';
import { type PlannedWire, planWires } from './plan-wires.ts';
import { align, CACHE_LINE, powerOfTwo, Space } from './space.ts';

export interface PlanOptions {
  readonly workers: number;
  /** Ports at which frames are injected from outside the emulated world. */
  readonly injectAt: readonly PortName[];
  readonly captures: readonly CaptureRequest[];
  /** Frames taken from a port at a visit, 1-256. */
  readonly burst: number;
  /** Entries of a vNIC's ring each way, a power of two, 64-65,536. */
  readonly ringEntries: number;
  /** Places for captures that are attached while the network runs. */
  readonly live?: number;
  /** The virtual clock: islands instead of hosts are moved by a worker, and a capture ring holds all that one visit can write. */
  readonly virtual: boolean;
  /** Workers of hosts and physical switches by name; those that it does not name are spread. */
  readonly placement?: ReadonlyMap<string, number>;
  /** Rules that may be switched off in the course of the run, by number. Default: those of the topology's events. */
  readonly mayDisable?: readonly number[];
}

export interface PlannedPort extends DraftPort {
  readonly number: number;
  readonly address: number;
  readonly rxRing: number;
  readonly txRing: number;
  readonly guest: number;
  /** Storm control's buckets, 0: none. */
  readonly stormAt: number;
}

export interface PlannedSwitch {
  /** `esx1/vSwitch0`, or the physical switch's name. */
  readonly name: string;
  readonly host: string;
  readonly number: number;
  readonly address: number;
  readonly worker: number;
  readonly island: number;
  /** Place among all switches when they are taken island by island. */
  readonly order: number;
  readonly vswitch: VSwitch | null;
  readonly sharedVlans: readonly (readonly number[])[];
  readonly padding: boolean;
  readonly table: Table;
  readonly mtu: number;
  readonly ports: readonly PlannedPort[];
  readonly localCount: number;
  readonly uplinks: PlannedUplinks;
  readonly movesAt: number;
  /** FID of each VLAN, u16; 0: each has its own. */
  readonly fidsAt: number;
  /** 4096 bits: VLANs in which unknown unicast from outside is flooded; 0: none. */
  readonly floodUnknownAt: number;
  /** The storm guard's table; 0: off. */
  readonly guardAt: number;
  readonly tableAt: number;
  readonly tableSlots: number;
  readonly locksAt: number;
  /** Who gives way in a full table; null where nothing is learned. */
  readonly eviction: PlannedEviction | null;
  readonly poolAt: number;
  readonly poolClasses: readonly PlannedClass[];
  /** Three lists of u32, each as long as the ports: dirty ports, guests to drain, streamers. */
  readonly listsAt: number;
  readonly scratchAt: number;
  readonly inletsAt: number;
  readonly inlets: readonly PlannedWire[];
  /** Times of u64: of the inlets, then of the streamers. */
  readonly duesAt: number;
  readonly captureRingsAt: number;
  readonly captureRings: readonly number[];
}

/** core/evict.ts draws it. */
export interface PlannedEviction {
  readonly address: number;
  readonly candidatesAt: number;
  readonly candidatesEnd: number;
  readonly seats: number;
  readonly firstsAt: number;
  readonly oldestAt: number;
  readonly fullestAt: number;
}

export interface PlannedStream {
  readonly address: number;
  readonly template: number;
  readonly number: number;
  readonly test: PlannedPattern | null;
}

export interface Plan {
  readonly bytes: number;
  readonly sums: ReadonlyMap<string, number>;
  readonly controlAt: number;
  readonly workers: readonly {
    readonly address: number;
    readonly listAt: number;
    /** The switches once more, to be ordered by their next event; on the virtual clock only. */
    readonly heapAt: number;
    readonly switches: readonly number[];
    /** Wires that lead here from other workers. */
    readonly inletsAt: number;
    readonly inlets: readonly number[];
  }[];
  /** core/epoch.ts. */
  readonly epochsAt: number;
  readonly workerListAt: number;
  /** Length of a cell of virtual time, ns; 0: nothing joins two islands. */
  readonly cellNs: number;
  readonly islands: readonly {
    readonly address: number;
    readonly switches: number;
    readonly hosts: readonly string[];
  }[];
  readonly switches: readonly PlannedSwitch[];
  readonly ports: ReadonlyMap<PortName, { readonly sw: PlannedSwitch; readonly port: PlannedPort }>;
  readonly wires: readonly PlannedWire[];
  readonly injectPoolAt: number;
  readonly injectClasses: readonly PlannedClass[];
  readonly injectAt: ReadonlyMap<PortName, PlannedWire>;
  /** 512 bytes for each distinct set of VLANs. */
  readonly bitmapsAt: number;
  readonly stagingAt: number;
  readonly traceAt: number;
  /** By place in topology.streams. */
  readonly streams: readonly PlannedStream[];
  /** First stream record of each sending port; a guest's records stand together. */
  readonly streamsOf: ReadonlyMap<PortName, readonly number[]>;
  /** What a test bed measures with. */
  readonly tests: PlannedTests | null;
  readonly captures: readonly PlannedCapture[];
  /** Places for captures that are attached while the network runs. */
  readonly live: readonly PlannedLive[];
  /** Bytes behind the buffer of each capture's ring. */
  readonly captureMargin: number;
  /** What tells of drops, where they are captured. */
  readonly dropTexts: PlannedTexts | null;
  /** Rules that may be switched off in the course of the run, in rising order. */
  readonly mayDisable: readonly number[];
}

/** The network needs more than there is; the message holds the sums. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

const MEMORY_MAX = 4 * 1024 ** 3 - 65_536;
/** Bytes of frame pool for a vNIC: as much as 1 GiB allows, within these bounds. */
const POOL_SHARE = 1024 ** 3;
const POOL_BYTES_MIN = 40 * 1024;
const POOL_BYTES_MAX = 1024 * 1024;
const BRIDGE_POOL_BYTES = 64 * 1024;
export const CONTROL_WORDS = 64;
const TRACE_BYTES = 1024;
/** So that the smallest tables, too, go on for a while before they are surveyed again. */
const CANDIDATES_SPARE = 16;
/** A u16 for each VLAN. */
const FIDS_BYTES = 8192;

/** Lays a topology out in memory. Throws PlanError when it does not fit. */
export function plan(topology: Topology, options: PlanOptions): Plan {
  const space = new Space();
  const mayDisable = rulesOf(topology, options.mayDisable ?? []);
  const isLesson = mayDisable.length > 0 || (topology.teaching?.disabled.length ?? 0) > 0;
  const drafts = draftSwitches(topology);
  const vnicCount = drafts.reduce((sum, d) => sum + d.ports.filter((p) => p.kind === 'vnic').length, 0);
  const poolBytes = Math.min(POOL_BYTES_MAX, Math.max(POOL_BYTES_MIN, Math.floor(POOL_SHARE / Math.max(1, vnicCount))));
  const islands = islandsOf(drafts, topology.links);
  const groups = options.virtual ? islands.of : hostsOf(drafts);
  const workerOf = placeOnWorkers(drafts, groups, options.workers, options.placement ?? new Map());
  const orders = islands.switches.flat();

  const controlAt = space.reserve('control', CONTROL_WORDS * 4);
  const wires = planWires(space, topology, options.injectAt);
  const captures = planCaptures(space, drafts, workerOf, islands.of, topology, options);
  const live = planLive(space, drafts, options);
  const frameMax = Math.max(...drafts.map((d) => d.mtu)) + 22;
  const switchOf = new Map(drafts.flatMap((d, i) => d.ports.map((p) => [p.name, i])));
  const arriving = drafts.map((): PlannedWire[] => []);
  for (const wire of wires) arriving[switchOf.get(wire.to)!]!.push(wire);

  const switches = drafts.map((draft, number): PlannedSwitch => {
    const ports = draft.ports.length;
    const vnics = draft.ports.filter((p) => p.kind === 'vnic').length;
    const local = draft.ports.filter((p) => p.kind !== 'uplink').length;
    const address = space.reserve('switches', L.Switch_BYTES);
    const portsAt = space.reserve('ports', ports * L.PORT_STRIDE);
    const inlets = arriving[number]!;
    const place = new Map(draft.ports.map((p, i) => [p.name, i]));
    // By receiving port; a lane, planned behind its wire, stays there.
    inlets.sort((a, b) => place.get(a.to)! - place.get(b.to)!);
    const slots = powerOfTwo(2 * draft.table.entriesMax);
    const rings = [...captures, ...live].flatMap((c) =>
      c.rings.filter((r) => r.worker === workerOf[number]).map((r) => r.address),
    );
    return {
      ...draft,
      number,
      address,
      worker: workerOf[number]!,
      island: islands.of[number]!,
      order: orders.indexOf(number),
      localCount: local,
      ports: draft.ports.map((port, i): PlannedPort => {
        const isVnic = port.kind === 'vnic';
        // A line more for each pair: at powers of two the cursors of all rings share few sets of the cache.
        const ring = (margin: number) =>
          isVnic ? space.reserve('vNIC rings', L.Ring_BYTES + options.ringEntries * 8 + margin) : 0;
        return {
          ...port,
          number: i,
          address: portsAt + i * L.PORT_STRIDE,
          rxRing: ring(0),
          txRing: ring(CACHE_LINE),
          guest: isVnic ? space.reserve('guests', L.Guest_BYTES) : 0,
          stormAt: isLimited(port) ? space.reserve('ports', L.Storm_BYTES) : 0,
        };
      }),
      uplinks: planUplinks(space, draft),
      movesAt: space.reserve('histories of moves', L.MOVES_KEPT * L.MOVE_RECORD),
      fidsAt: draft.sharedVlans.length > 0 ? space.reserve('VLAN sets', FIDS_BYTES) : 0,
      floodUnknownAt: (draft.vswitch?.floodUnknown ?? []).length > 0 ? space.reserve('VLAN sets', L.MEMBERS_BYTES) : 0,
      guardAt: isLesson ? space.reserve('storm guards', L.GUARD_TABLE) : 0,
      // With a place more, always empty: two are looked at at once.
      tableAt: space.reserve('MAC tables', (slots + 1) * 16),
      tableSlots: slots,
      locksAt: space.reserve('MAC tables', slots * 8),
      eviction: planEviction(space, draft, topology),
      poolAt: space.reserve('frame pools', L.CLASSES * L.PoolClass_BYTES),
      poolClasses: planPool(space, vnics > 0 ? vnics * poolBytes : BRIDGE_POOL_BYTES, draft.mtu, vnics),
      listsAt: space.reserve('lists', ports * 3 * 4),
      scratchAt: space.reserve('switches', L.SCRATCH_BYTES),
      inletsAt: space.reserve('lists', inlets.length * 4),
      inlets,
      duesAt: space.reserve('lists', (inlets.length + vnics) * 8),
      captureRingsAt: space.reserve('lists', rings.length * 4),
      captureRings: rings,
    };
  });

  const workerAt = (port: PortName) => workerOf[switchOf.get(port)!]!;
  const islandAt = (port: PortName) => islands.of[switchOf.get(port)!];
  const isBetween = ({ a, b }: { a: PortName; b: PortName }) => islandAt(a) !== islandAt(b);
  const streams = planStreams(space, topology);
  const result: Plan = {
    bytes: 0,
    sums: space.sums,
    controlAt,
    workers: Array.from({ length: options.workers }, (_, w) => {
      const own = switches.filter((s) => s.worker === w).map((s) => s.address);
      const inlets = wires.filter(
        ({ link, to }) => link !== null && workerAt(to) === w && workerAt(to === link.a ? link.b : link.a) !== w,
      );
      return {
        address: space.reserve('workers', L.Worker_BYTES),
        listAt: space.reserve('lists', own.length * 4),
        heapAt: options.virtual ? space.reserve('lists', own.length * 4) : 0,
        switches: own,
        inletsAt: space.reserve('lists', inlets.length * 4),
        inlets: inlets.map(({ address }) => address),
      };
    }),
    epochsAt: space.reserve('workers', L.Epochs_BYTES),
    workerListAt: space.reserve('lists', options.workers * 4),
    cellNs: options.virtual ? cellNsOf(topology.links.filter(isBetween).map(({ delayNs }) => delayNs)) : 0,
    islands: islands.switches.map((own) => ({
      address: space.reserve('workers', L.Island_BYTES),
      switches: own.length,
      hosts: [...new Set(own.map((number) => drafts[number]!.host))],
    })),
    switches,
    ports: new Map(switches.flatMap((sw) => sw.ports.map((port) => [port.name, { sw, port }]))),
    wires,
    injectPoolAt: space.reserve('frame pools', L.CLASSES * L.PoolClass_BYTES),
    injectClasses: planInjectPool(space, frameMax, options.injectAt.length > 0),
    injectAt: new Map(wires.filter((w) => w.link === null).map((w) => [w.to, w])),
    bitmapsAt: space.reserve('VLAN sets', countVlanSets(drafts) * L.MEMBERS_BYTES),
    stagingAt: space.reserve('staging', INJECT_BYTES_MAX),
    traceAt: space.reserve('control', TRACE_BYTES),
    streams: streams.planned,
    streamsOf: streams.of,
    tests: planTests(space, drafts, topology),
    captures,
    live,
    captureMargin: marginOf(drafts),
    dropTexts: planTexts(space, drafts, captures, live.length > 0),
    mayDisable,
  };
  if (space.next > MEMORY_MAX) throw new PlanError(tooLarge(space));
  return { ...result, bytes: align(space.next, 65_536) };
}

function rulesOf({ events, teaching }: Topology, more: readonly number[]): number[] {
  const rules = new Set([...rulesSwitchedOff(events).map(readRule), ...more]);
  return [...rules].filter((rule) => !teaching?.disabled.includes(rule)).sort((a, b) => a - b);
}

function tooLarge(space: Space): string {
  const parts = [...space.sums].sort((a, b) => b[1] - a[1]).map(([what, bytes]) => `${what} ${formatBytes(bytes)}`);
  return `the network needs ${formatBytes(space.next)} of memory, more than the 4 GiB that there are: ${parts.join(', ')}; use fewer hosts, captures of fewer ports, smaller MAC tables or smaller link queues`;
}

function isLimited({ policy: { storm } }: DraftPort): boolean {
  return storm.broadcast !== null || storm.multicast !== null || storm.unknownUnicast !== null;
}

function countVlanSets(drafts: readonly DraftSwitch[]): number {
  return new Set(drafts.flatMap(({ ports }) => ports.flatMap(({ vlan }) => vlanSetKey(vlan) ?? []))).size;
}

/** Ports with the same VLANs share one set; null for a port that needs none. */
export function vlanSetKey(vlan: PortVlan): string | null {
  if (vlan.mode === 'trunk') return JSON.stringify([vlan.vids, vlan.native]);
  return vlan.mode === 'private' ? JSON.stringify(vlan.receives) : null;
}

/** A candidate for each entry, and a quarter more for those that are out of date; a seat for each port, and one for the team. */
function planEviction(space: Space, { ports, table }: DraftSwitch, { teaching }: Topology): PlannedEviction | null {
  const learns = ports.some(({ policy }) => policy.learning) || teaching !== null;
  if (!learns) return null;
  const seats = powerOfTwo(ports.length + 1);
  const bytes = Math.ceil(table.entriesMax * 1.25 + CANDIDATES_SPARE) * L.Candidate_BYTES;
  const candidatesAt = space.reserve('eviction', bytes);
  return {
    address: space.reserve('eviction', L.Eviction_BYTES),
    candidatesAt,
    candidatesEnd: candidatesAt + bytes,
    seats,
    firstsAt: space.reserve('eviction', seats * 4),
    oldestAt: space.reserve('eviction', seats * 16),
    fullestAt: space.reserve('eviction', seats * 16),
  };
}

function planStreams(space: Space, topology: Topology): { planned: PlannedStream[]; of: Map<PortName, number[]> } {
  const of = new Map<PortName, number[]>();
  topology.streams.forEach((stream, i) => {
    of.set(stream.from, [...(of.get(stream.from) ?? []), i]);
  });
  const planned: PlannedStream[] = [];
  for (const own of of.values()) {
    const first = space.reserve('streams', own.length * L.Stream_BYTES);
    own.forEach((number, i) => {
      const stream = topology.streams[number]!;
      const template = space.reserve('streams', align(stream.sizeBytes, 16));
      planned[number] = { address: first + i * L.Stream_BYTES, template, number, test: planPattern(space, stream) };
    });
  }
  return { planned, of };
}
