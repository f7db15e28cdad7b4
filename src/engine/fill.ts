/** Writes a planned network into fresh (all-zero) shared memory: the only place where the core's structs are filled in. */
import type { PortName, PortVlan, Topology, VlanRange } from '../topology/model.ts';
import type { Core } from './core.ts';
import { fillCaptures } from './fill-capture.ts';
import { fillChanges } from './fill-change.ts';
import { fillFlows } from './fill-flow.ts';
import { fillStacks } from './fill-guest.ts';
import { fillHosted } from './fill-hosted.ts';
import { fillLldp } from './fill-lldp.ts';
import { fillMirrors } from './fill-mirror.ts';
import { fillMulticast } from './fill-multicast.ts';
import { fillNeighbours } from './fill-neighbours.ts';
import { fillNics } from './fill-nic.ts';
import { fillPolicy } from './fill-policy.ts';
import { fillShaping } from './fill-shaping.ts';
import { fillStreams } from './fill-stream.ts';
import { fillTree } from './fill-tree.ts';
import { fillUplinks } from './fill-uplinks.ts';
import { fillWire } from './fill-wire.ts';
import * as L from './generated/layout.ts';
import { ALL_ONES, inFrame, macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import { type Plan, type PlannedPort, type PlannedSwitch, vlanSetKey } from './plan.ts';
import { isMirrorPort } from './plan-mirror.ts';
import type { PlannedClass } from './plan-pool.ts';
import type { PlannedWire } from './plan-wires.ts';

export interface FillOptions {
  /** Virtual clock: streams that ask for `max` are paced at 10 Gbit/s, for unpaced sending would take no time at all. */
  readonly virtual: boolean;
  readonly burst: number;
  readonly ringEntries: number;
  /** ns since 1970 of internal time 0. */
  readonly epochNs: bigint;
  /** What a physical switch's port without a cable is: `down`, or `open` to whoever watches and injects. */
  readonly unplugged: 'open' | 'down';
  readonly ageingSeconds: number | null;
  /** Looks that a worker takes at the others before it goes to sleep, where each has a core of its own. */
  readonly spins: number;
}

const KIND = { vnic: 0, uplink: 1, bridge: 2 } as const;
const VLAN_MODE = { transparent: 0, access: 1, trunk: 2, native: 3, nativeTagged: 4, tunnel: 5, private: 6 } as const;
const WHEN_FULL = { evict: 0, forward: 1, drop: 2 } as const;
const RECEIVERS = { 'per-vlan': 0, active: 1, 'per-recipient': 2 } as const;
const RPF = { strict: 0, loose: 1, off: 2 } as const;
const NO_VID = 4096;
const VID_MAX = 4094;
/** FDB times on the wall clock are rounded down to about a millisecond, so that a busy entry is not rewritten for every frame. */
const WALL_STAMP_BITS = 20n;
/** Frames of switch n are numbered from (n + 1) * 10^12; injected ones from 1. */
const FRAME_ID_STEP = 1_000_000_000_000n;

export function fill(memory: SharedMemory, core: Core, plan: Plan, topology: Topology, options: FillOptions): void {
  const filler = new Filler(memory, plan, topology, options);
  for (const wire of plan.wires) filler.wire(wire);
  for (const sw of plan.switches) filler.switch(sw, core);
  // A number that no worker and no island has.
  filler.pool(plan.injectPoolAt, plan.injectClasses, Math.max(plan.workers.length, plan.islands.length), 0);
  fillCaptures(memory, plan, options.epochNs);
  fillStreams(memory, plan, topology, options.virtual);
  fillMulticast(memory, plan, topology);
  fillNeighbours(memory, plan);
  fillHosted(memory, core, plan);
  fillStacks(memory, plan, topology);
  fillNics(memory, plan);
  filler.workers();
  fillChanges(memory, core, plan);
  for (const sw of plan.switches) core.reform(sw.address, true);
}

class Filler {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #topology: Topology;
  readonly #options: FillOptions;
  readonly #bitmaps = new Map<string, number>();
  readonly #wireFrom = new Map<PortName, PlannedWire>();

  constructor(memory: SharedMemory, plan: Plan, topology: Topology, options: FillOptions) {
    this.#memory = memory;
    this.#plan = plan;
    this.#topology = topology;
    this.#options = options;
    for (const wire of plan.wires) if (wire.from !== null) this.#wireFrom.set(wire.from, wire);
  }

  #port(name: PortName): { sw: PlannedSwitch; port: PlannedPort } {
    return this.#plan.ports.get(name)!;
  }

  wire(wire: PlannedWire): void {
    const { virtual } = this.#options;
    fillWire(this.#memory, wire, this.#port(wire.to), { virtual, seed: this.#topology.seed });
  }

  switch(sw: PlannedSwitch, core: Core): void {
    const m = this.#memory;
    const at = sw.address;
    const { vswitch, table } = sw;
    const lists = sw.ports.length * 4;
    m.setU32(at + L.Switch_number, sw.number);
    m.setU8(at + L.Switch_model, vswitch?.macModel === 'registered' ? 1 : 0);
    m.setU8(at + L.Switch_whenFull, WHEN_FULL[table.whenFull]);
    m.setU8(at + L.Switch_pads, sw.padding ? 1 : 0);
    this.#fillVlans(sw);
    this.#fillTeaching(sw);
    if (vswitch !== null) {
      m.setU8(at + L.Switch_receivers, RECEIVERS[vswitch.receivers]);
      m.setU8(at + L.Switch_rpf, RPF[vswitch.rpf]);
      m.setU64(at + L.Switch_rpfGraceNs, BigInt(vswitch.rpfGraceMs) * 1_000_000n);
    }
    m.setU32(at + L.Switch_moves, sw.movesAt);
    const worker = this.#plan.workers[sw.worker]!.address;
    const keeper = this.#options.virtual ? sw.island : sw.worker;
    m.setU32(at + L.Switch_worker, worker);
    m.setU32(at + L.Switch_keeper, keeper);
    m.setU32(at + L.Switch_island, this.#plan.islands[sw.island]!.address);
    m.setU32(at + L.Switch_order, sw.order);
    m.setU32(at + L.Switch_portCount, sw.ports.length);
    m.setU32(at + L.Switch_localCount, sw.localCount);
    m.setU32(at + L.Switch_ports, sw.ports[0]?.address ?? 0);
    m.setU32(at + L.Switch_pool, sw.poolAt);
    m.setU64(at + L.Switch_stampMask, this.#options.virtual ? ALL_ONES : ALL_ONES ^ ((1n << WALL_STAMP_BITS) - 1n));
    m.setU64(at + L.Switch_nextFrameId, BigInt(sw.number + 1) * FRAME_ID_STEP);
    m.setU32(at + L.Switch_table, sw.tableAt);
    m.setU32(at + L.Switch_locks, sw.locksAt);
    m.setU32(at + L.Switch_tableMask, sw.tableSlots - 1);
    m.setU32(at + L.Switch_tableShift, 64 - Math.log2(sw.tableSlots));
    m.setU32(at + L.Switch_entriesMax, table.entriesMax);
    m.setU64(at + L.Switch_ageNs, BigInt(Math.round((this.#options.ageingSeconds ?? table.ageingSeconds) * 1e9)));
    this.#fillEviction(sw);
    m.setU32(at + L.Switch_dirtyList, sw.listsAt);
    m.setU32(at + L.Switch_drainList, sw.listsAt + lists);
    m.setU32(at + L.Switch_streamers, sw.listsAt + 2 * lists);
    m.setU32(at + L.Switch_scratch, sw.scratchAt);
    m.setU32(at + L.Switch_inlets, sw.inletsAt);
    m.setU32(at + L.Switch_inletCount, sw.inlets.length);
    m.setU32(at + L.Switch_inletDues, sw.duesAt);
    m.setU32(at + L.Switch_sendDues, sw.duesAt + sw.inlets.length * 8);
    for (const [place, wire] of sw.inlets.entries()) m.setU32(wire.address + L.Wire_place, place);
    m.setU32s(
      sw.inletsAt,
      sw.inlets.map((wire) => wire.address),
    );
    m.setU32(at + L.Switch_burst, this.#options.burst);
    m.setU32(at + L.Switch_burstMost, this.#options.burst);
    m.setU32(at + L.Switch_captureRings, sw.captureRingsAt);
    m.setU32(at + L.Switch_captureRingCount, sw.captureRings.length);
    m.setU32s(sw.captureRingsAt, sw.captureRings);
    for (const port of sw.ports) this.#fillPort(sw, port);
    fillMirrors(m, sw);
    fillFlows(m, sw);
    fillUplinks(m, sw);
    fillLldp(m, sw);
    fillTree(m, sw, (port) => this.#wireFrom.get(port)?.link?.rateBps ?? null);
    fillShaping(m, core, this.#plan, sw, this.#options.virtual);
    this.pool(sw.poolAt, sw.poolClasses, keeper, this.#options.virtual ? worker + L.Worker_cell : 0);
    if (vswitch?.macModel === 'registered') {
      const own = sw.ports.filter((port) => port.mac !== null && !isMirrorPort(port.name, sw.mirroring));
      m.setU32(at + L.Switch_keptPlaces, own.length);
      for (const port of own) core.register(at, port.number);
    }
  }

  /** FIDs and the VLANs in which unknown unicast from outside is flooded. */
  #fillVlans(sw: PlannedSwitch): void {
    const m = this.#memory;
    if (sw.fidsAt !== 0) {
      m.setU32(sw.address + L.Switch_fids, sw.fidsAt);
      for (let vid = 0; vid <= VID_MAX; vid++) m.setU16(sw.fidsAt + 2 * vid, vid);
      for (const vids of sw.sharedVlans) for (const vid of vids) m.setU16(sw.fidsAt + 2 * vid, vids[0]!);
    }
    if (sw.floodUnknownAt === 0) return;
    m.setU32(sw.address + L.Switch_floodUnknown, sw.floodUnknownAt);
    this.#setBits(sw.floodUnknownAt, sw.vswitch!.floodUnknown);
  }

  #fillEviction({ address, eviction }: PlannedSwitch): void {
    if (eviction === null) return;
    const m = this.#memory;
    const at = eviction.address;
    m.setU32(address + L.Switch_eviction, at);
    m.setU32(at + L.Eviction_candidates, eviction.candidatesAt);
    m.setU32(at + L.Eviction_end, eviction.candidatesEnd);
    m.setU32(at + L.Eviction_seats, eviction.seats);
    m.setU32(at + L.Eviction_firsts, eviction.firstsAt);
    m.setU32(at + L.Eviction_oldest, eviction.oldestAt);
    m.setU32(at + L.Eviction_fullest, eviction.fullestAt);
  }

  #fillTeaching(sw: PlannedSwitch): void {
    const { teaching } = this.#topology;
    if (teaching === null || teaching.disabled.length === 0) return;
    const m = this.#memory;
    m.setU8(sw.address + L.Switch_isOdd, 1);
    const rulesOff = teaching.disabled.reduce((bits, rule) => bits | (1 << rule), 0) >>> 0;
    m.setU32(sw.address + L.Switch_rulesOff, rulesOff);
    m.setU32(sw.address + L.Switch_rulesEverOff, rulesOff);
    m.setU32(sw.address + L.Switch_guard, sw.guardAt);
    m.setU32(sw.address + L.Switch_stormLimit, teaching.stormLimit);
  }

  #fillPort(sw: PlannedSwitch, port: PlannedPort): void {
    const m = this.#memory;
    const at = port.address;
    const wire = this.#wireFrom.get(port.name);
    const injected = this.#plan.injectAt.has(port.name);
    const isAway = this.#plan.changes.away.has(port.name);
    const isOpen = port.kind !== 'bridge' || wire !== undefined || injected || this.#options.unplugged === 'open';
    const plugged = isOpen && !isAway;
    m.setU32(at + L.Port_number, port.number);
    m.setU8(at + L.Port_kind, KIND[port.kind]);
    m.setU8(at + L.Port_linkUp, plugged ? 1 : 0);
    m.setU8(at + L.Port_downBy, plugged ? 0 : isAway ? L.LINK_DETACHED : L.LINK_OPERATOR);
    m.setU32(at + L.Port_lengthMax, sw.mtu + 14);
    m.setU32(at + L.Port_logical, port.kind === 'uplink' ? L.LOGICAL_TEAM : port.number);
    this.#fillVlan(at, port.vlan);
    fillPolicy(m, sw, port, this.#topology.teaching?.disabled ?? []);
    m.setU32(at + L.Port_rxRing, port.rxRing);
    m.setU32(at + L.Port_txRing, port.txRing);
    for (const ring of [port.rxRing, port.txRing]) if (ring !== 0) this.#fillRing(ring);
    m.setU32(at + L.Port_guest, port.guest);
    if (port.guest !== 0) {
      m.setU32(port.guest + L.Guest_port, at);
      m.setU32(port.guest + L.Guest_ip, port.ip === null ? 0 : inFrame(port.ip));
      m.setU64(port.guest + L.Guest_mac, macBits(port.effectiveMac!));
    }
    if (wire !== undefined) {
      m.setU32(at + L.Port_txWire, wire.address);
      m.setU32(at + L.Port_toWorker, this.#plan.workers[this.#port(wire.to).sw.worker]!.address);
    }
  }

  #fillVlan(at: number, vlan: PortVlan): void {
    const m = this.#memory;
    const { mode, pvid, untagged } = tagRules(vlan);
    m.setU8(at + L.Port_vlanMode, mode);
    m.setU32(at + L.Port_pvid, pvid);
    m.setU32(at + L.Port_untaggedVid, untagged);
    if (vlanSetKey(vlan) !== null) m.setU32(at + L.Port_members, this.#bitmap(vlan));
  }

  /** 4096 bits, shared by all ports with the same VLANs. */
  #bitmap(vlan: PortVlan): number {
    const key = vlanSetKey(vlan)!;
    const known = this.#bitmaps.get(key);
    if (known !== undefined) return known;
    const at = this.#plan.bitmapsAt + this.#bitmaps.size * L.MEMBERS_BYTES;
    this.#bitmaps.set(key, at);
    this.#setBits(at, memberRanges(vlan));
    return at;
  }

  #setBits(at: number, ranges: readonly VlanRange[]): void {
    for (const { first, last } of ranges) {
      for (let vid = first; vid <= Math.min(last, VID_MAX); vid++) {
        this.#memory.setU8(at + (vid >>> 3), this.#memory.u8(at + (vid >>> 3)) | (1 << (vid & 7)));
      }
    }
  }

  #fillRing(at: number): void {
    this.#memory.setU32(at + L.Ring_mask, this.#options.ringEntries - 1);
    this.#memory.setU32(at + L.Ring_entries, at + L.Ring_BYTES);
  }

  pool(at: number, classes: readonly PlannedClass[], keeper: number, cell: number): void {
    for (const [i, { slotBytes, from, end, returnsAt, returnsEntries }] of classes.entries()) {
      const address = at + i * L.PoolClass_BYTES;
      this.#memory.setU32(address + L.PoolClass_slotBytes, slotBytes);
      this.#memory.setU32(address + L.PoolClass_keeper, keeper);
      this.#memory.setU32(address + L.PoolClass_cell, cell);
      this.#memory.setU32(address + L.PoolClass_from, from);
      this.#memory.setU32(address + L.PoolClass_fresh, from);
      this.#memory.setU32(address + L.PoolClass_end, end);
      this.#memory.setU32(address + L.PoolClass_returns, returnsAt);
      this.#memory.setU32(address + L.PoolClass_returnsMask, returnsEntries - 1);
    }
  }

  workers(): void {
    const m = this.#memory;
    const { workers, epochsAt, workerListAt, cellNs } = this.#plan;
    for (const [number, { address, listAt, heapAt, switches, inletsAt, inlets }] of workers.entries()) {
      m.setU32(address + L.Worker_number, number);
      m.setU32(address + L.Worker_switches, listAt);
      m.setU32(address + L.Worker_switchCount, switches.length);
      m.setU32s(listAt, switches);
      m.setU32(address + L.Worker_heap, heapAt);
      m.setU32(address + L.Worker_epochs, epochsAt);
      m.setU64(address + L.Worker_sent, ALL_ONES);
      if (this.#plan.captures.length > 0) m.setU32(address + L.Worker_inOrder, 1);
      m.setU32(address + L.Worker_inlets, inletsAt);
      m.setU32(address + L.Worker_inletCount, inlets.length);
      m.setU32s(inletsAt, inlets);
      if (heapAt !== 0) m.setU32(address + L.Worker_cell, 1);
      m.setU64(address + L.Worker_cellEnd, BigInt.asUintN(64, BigInt(cellNs) - 1n));
    }
    for (const { address, switches } of this.#plan.islands) m.setU32(address + L.Island_switchCount, switches);
    m.setU32(epochsAt + L.Epochs_workers, workerListAt);
    m.setU32(epochsAt + L.Epochs_workerCount, workers.length);
    m.setU32s(
      workerListAt,
      workers.map(({ address }) => address),
    );
    m.setU32(epochsAt + L.Epochs_claim, 1);
    m.setU64(epochsAt + L.Epochs_cellNs, BigInt(cellNs));
    m.setU32(epochsAt + L.Epochs_spins, this.#options.spins);
  }
}

/** The VLAN of untagged frames on their way in, and the one that leaves untagged. */
function tagRules(vlan: PortVlan): { mode: number; pvid: number; untagged: number } {
  if (vlan.mode === 'transparent') return { mode: VLAN_MODE.transparent, pvid: 0, untagged: 0 };
  if (vlan.mode !== 'trunk') return { mode: VLAN_MODE[vlan.mode], pvid: vlan.vid, untagged: vlan.vid };
  if (vlan.native !== undefined) {
    if (vlan.nativeTagged) return { mode: VLAN_MODE.nativeTagged, pvid: vlan.native, untagged: NO_VID };
    return { mode: VLAN_MODE.native, pvid: vlan.native, untagged: vlan.native };
  }
  const untagged = vlan.vids.some((range) => range.first === 0) ? 0 : NO_VID;
  return { mode: VLAN_MODE.trunk, pvid: untagged, untagged };
}

/** The VLANs of a trunk, the native one among them, or those that a private port gets. */
function memberRanges(vlan: PortVlan): readonly VlanRange[] {
  if (vlan.mode === 'private') return vlan.receives.map((vid) => ({ first: vid, last: vid }));
  if (vlan.mode !== 'trunk') return [];
  return vlan.native === undefined ? vlan.vids : [...vlan.vids, { first: vlan.native, last: vlan.native }];
}
