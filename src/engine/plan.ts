/**
 * The memory plan: every address of a network, computed from its topology before any memory exists.
 *
 * All limits are sums that can be read: `plan.sums` says what takes how much, and a network that does not fit into the
 * 4 GiB that a WebAssembly memory holds is refused with those figures. Memory that is planned but never touched costs
 * address space only.
 */

import { formatBytes } from '../telemetry/bytes.ts';
import { rulesSwitchedOff } from '../topology/event-model.ts';
import type { PortName, PortVlan, Topology } from '../topology/model.ts';
import { readRule } from '../topology/rule.ts';
import { type DraftPort, type DraftSwitch, draftSwitches } from './draft.ts';
import * as L from './generated/layout.ts';
import { cellNsOf, hostsOf, islandsOf, placeOnWorkers } from './placement.ts';
import { INJECT_BYTES_MAX, marginOf, OF_COMMANDS, planCaptures, planTexts } from './plan-capture.ts';
import { planChanges, Seats } from './plan-change.ts';
import { planFlows } from './plan-flow.ts';
import { planStacks } from './plan-guest.ts';
import { planHosted } from './plan-hosted.ts';
import { planLive } from './plan-live.ts';
import { planLldp } from './plan-lldp.ts';
import { planMirrors, remoteVlansOf } from './plan-mirror.ts';
import { planListener, planSnooper } from './plan-multicast.ts';
import { planNeighbours } from './plan-neighbours.ts';
import { planNic } from './plan-nic.ts';
import { planInjectPool, planPool } from './plan-pool.ts';
import { planShaping, shapedBlocks, shapedByEvents, waitingMost } from './plan-shaping.ts';
import { planPattern, planTests } from './plan-test.ts';
import { planTree } from './plan-tree.ts';
import { planUplinks } from './plan-uplinks.ts';
import { type PlannedWire, planWires } from './plan-wires.ts';
import type { Plan, PlannedEviction, PlannedPort, PlannedStream, PlannedSwitch, PlanOptions } from './planned.ts';
import { align, CACHE_LINE, powerOfTwo, Space } from './space.ts';

export type { Plan, PlannedEviction, PlannedPort, PlannedStream, PlannedSwitch, PlanOptions } from './planned.ts';

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
  const remoteVlans = remoteVlansOf(topology);
  const orders = islands.switches.flat();

  const controlAt = space.reserve('control', CONTROL_WORDS * 4);
  const wires = planWires(space, topology, options.injectAt);
  const captures = planCaptures(space, drafts, workerOf, islands.of, topology, options);
  const live = planLive(space, drafts, options, shapedBlocks(drafts, topology, options.burst));
  const frameMax = Math.max(...drafts.map((d) => d.mtu)) + 22;
  const switchOf = new Map(drafts.flatMap((d, i) => d.ports.map((p) => [p.name, i])));
  const arriving = drafts.map((): PlannedWire[] => []);
  for (const wire of wires) arriving[switchOf.get(wire.to)!]!.push(wire);

  const byEvents = shapedByEvents(topology);
  const seats = new Seats(space);
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
    const shaping = planShaping(space, draft, topology, byEvents);
    const slots = powerOfTwo(2 * draft.table.entriesMax);
    const rings = [...captures, ...live].flatMap((c) =>
      c.rings.filter((r) => [workerOf[number], OF_COMMANDS].includes(r.worker)).map((r) => r.address),
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
        const { seat, ...own } = port;
        const planned = isVnic ? seats.guestOf(seat) : { guest: 0 };
        return {
          ...own,
          number: i,
          address: portsAt + i * L.PORT_STRIDE,
          rxRing: ring(0),
          txRing: ring(CACHE_LINE),
          ...planned,
          stormAt: isLimited(port) ? space.reserve('ports', L.Storm_BYTES) : 0,
          listener: port.listening === null ? null : planListener(space),
          ...(port.card && { nic: planNic(space, port.card, draft.mtu) }),
        };
      }),
      uplinks: planUplinks(space, draft),
      lldpPorts: planLldp(space, draft),
      tree: planTree(space, draft),
      shaping,
      snooper: planSnooper(space, draft),
      ...planNeighbours(space, draft),
      movesAt: space.reserve('histories of moves', L.MOVES_KEPT * L.MOVE_RECORD),
      fidsAt: draft.sharedVlans.length > 0 ? space.reserve('VLAN sets', FIDS_BYTES) : 0,
      floodUnknownAt: (draft.vswitch?.floodUnknown ?? []).length > 0 ? space.reserve('VLAN sets', L.MEMBERS_BYTES) : 0,
      guardAt: isLesson ? space.reserve('storm guards', L.GUARD_TABLE) : 0,
      // With a place more, always empty: two are looked at at once.
      tableAt: space.reserve('MAC tables', (slots + 1) * 16),
      tableSlots: slots,
      locksAt: space.reserve('MAC tables', slots * 8),
      ...planFlows(space, draft),
      ...planMirrors(space, draft, remoteVlans),
      eviction: planEviction(space, draft, topology),
      poolAt: space.reserve('frame pools', L.CLASSES * L.PoolClass_BYTES),
      poolClasses: planPool(
        space,
        vnics > 0 ? vnics * poolBytes : BRIDGE_POOL_BYTES,
        draft.mtu,
        vnics,
        waitingMost(shaping),
      ),
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
    stacks: planStacks(space, topology),
    tests: planTests(space, drafts, topology),
    captures,
    live,
    captureMargin: marginOf(drafts),
    dropTexts: planTexts(space, drafts, captures, live.length > 0),
    hosted: planHosted(space, topology),
    mayDisable,
    changes: planChanges(space, topology),
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
  if (vlan.mode === 'trunk') return JSON.stringify([vlan.vids, vlan.native, vlan.own]);
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
