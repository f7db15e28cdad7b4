/** Writes a planned network into fresh (all-zero) shared memory: the only place where the core's structs are filled in. */
import type { PortName, PortVlan, Stream, Topology } from '../topology/model.ts';
import type { Core } from './core.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import {
  type Plan,
  type PlannedClass,
  type PlannedPort,
  type PlannedSwitch,
  type PlannedWire,
  vlanSetKey,
} from './plan.ts';

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
  /** Owner of the pool that injected frames come from: a number that no worker has. */
  readonly injectOwner: number;
}

const KIND = { vnic: 0, uplink: 1, bridge: 2 } as const;
const VLAN_MODE = { transparent: 0, access: 1, trunk: 2, native: 3, nativeTagged: 4 } as const;
const NO_VID = 4096;
const FID_ANY = 4095;
const VID_MAX = 4094;
/** FDB times on the wall clock are rounded down to about a millisecond, so that a busy entry is not rewritten for every frame. */
const WALL_STAMP_BITS = 20n;
const ALL_ONES = (1n << 64n) - 1n;
/** Frames of switch n are numbered from (n + 1) * 10^12; injected ones from 1. */
const FRAME_ID_STEP = 1_000_000_000_000n;
const VNIC_BPS = 10_000_000_000;
/** FCS, preamble and gap are 24 bytes; a stream's size has the FCS already. */
const GAP_BYTES = 20;
/** 802.1 local experimental EtherType 1, for test frames between guests without addresses. */
const ETHERTYPE_TEST = 0x88b5;
const UDP_DISCARD = 9;
const UDP_SOURCE_FIRST = 1024;

/** Six octets as the core has them: the first in the lowest byte. */
export function macBits(mac: string): bigint {
  return mac.split(':').reduceRight((bits, octet) => (bits << 8n) | BigInt(Number.parseInt(octet, 16)), 0n);
}

/** A 32-bit address as a little-endian load of its four bytes in a frame gives it. */
function inFrame(ip: number): number {
  return ((ip << 24) | ((ip & 0xff00) << 8) | ((ip >>> 8) & 0xff00) | (ip >>> 24)) >>> 0;
}

export function fill(memory: SharedMemory, core: Core, plan: Plan, topology: Topology, options: FillOptions): void {
  const filler = new Filler(memory, plan, topology, options);
  for (const wire of plan.wires) filler.wire(wire);
  for (const sw of plan.switches) filler.switch(sw, core);
  filler.pool(plan.injectPoolAt, plan.injectClasses, options.injectOwner);
  filler.captures();
  filler.streams();
  filler.workers();
  for (const sw of plan.switches) core.reform(sw.address);
}

class Filler {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #topology: Topology;
  readonly #options: FillOptions;
  readonly #bitmaps = new Map<string, number>();
  readonly #wireFrom = new Map<PortName, PlannedWire>();
  readonly #capturesOf = new Map<PortName, number[]>();

  constructor(memory: SharedMemory, plan: Plan, topology: Topology, options: FillOptions) {
    this.#memory = memory;
    this.#plan = plan;
    this.#topology = topology;
    this.#options = options;
    for (const wire of plan.wires) if (wire.from !== null) this.#wireFrom.set(wire.from, wire);
    for (const { points } of plan.captures) {
      for (const point of points)
        this.#capturesOf.set(point.port, [...(this.#capturesOf.get(point.port) ?? []), point.address]);
    }
  }

  #port(name: PortName): { sw: PlannedSwitch; port: PlannedPort } {
    return this.#plan.ports.get(name)!;
  }

  wire(wire: PlannedWire): void {
    const m = this.#memory;
    const { sw, port } = this.#port(wire.to);
    m.setU32(wire.address + L.Ring_mask, wire.entries - 1);
    m.setU32(wire.address + L.Ring_entries, wire.entriesAt);
    m.setU32(wire.address + L.Wire_toSwitch, sw.address);
    m.setU32(wire.address + L.Wire_toPort, port.address);
    m.setU64(wire.address + L.Wire_rateBps, BigInt(wire.link?.rateBps ?? 0));
    m.setU64(wire.address + L.Wire_delayNs, BigInt(wire.link?.delayNs ?? 0));
    m.setU32(wire.address + L.Wire_queueMax, wire.link?.queueFrames ?? wire.entries);
  }

  switch(sw: PlannedSwitch, core: Core): void {
    const m = this.#memory;
    const at = sw.address;
    const { vswitch, table } = sw;
    const lists = sw.ports.length * 4;
    m.setU32(at + L.Switch_number, sw.number);
    m.setU8(at + L.Switch_model, vswitch?.macModel === 'registered' ? 1 : 0);
    m.setU8(at + L.Switch_hasTeam, sw.localCount < sw.ports.length ? 1 : 0);
    m.setU8(at + L.Switch_whenFull, table.whenFull === 'evict' ? 0 : 1);
    m.setU32(at + L.Switch_worker, sw.worker);
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
    m.setU32(at + L.Switch_order, sw.listsAt);
    m.setU32(at + L.Switch_usableList, sw.listsAt + lists);
    m.setU32(at + L.Switch_dirtyList, sw.listsAt + 2 * lists);
    m.setU32(at + L.Switch_drainList, sw.listsAt + 3 * lists);
    m.setU32(at + L.Switch_streamers, sw.listsAt + 4 * lists);
    m.setU32(at + L.Switch_scratch, sw.scratchAt);
    m.setU32(at + L.Switch_inlets, sw.inletsAt);
    m.setU32(at + L.Switch_inletCount, sw.inlets.length);
    m.setU32s(
      sw.inletsAt,
      sw.inlets.map((wire) => wire.address),
    );
    m.setU32(at + L.Switch_burst, this.#options.burst);
    m.setU32(at + L.Switch_captureRings, sw.captureRingsAt);
    m.setU32(at + L.Switch_captureRingCount, sw.captureRings.length);
    m.setU32(at + L.Switch_captureReserve, this.#plan.captureReserve);
    m.setU32s(sw.captureRingsAt, sw.captureRings);
    for (const port of sw.ports) this.#fillPort(sw, port);
    this.#fillTeam(sw);
    this.pool(sw.poolAt, sw.poolClasses, sw.worker);
    if (vswitch?.macModel === 'registered') this.#register(sw, core);
  }

  #fillPort(sw: PlannedSwitch, port: PlannedPort): void {
    const m = this.#memory;
    const at = port.address;
    const wire = this.#wireFrom.get(port.name);
    const injected = this.#plan.injectAt.has(port.name);
    const plugged = port.kind !== 'bridge' || wire !== undefined || injected || this.#options.unplugged === 'open';
    m.setU32(at + L.Port_number, port.number);
    m.setU8(at + L.Port_kind, KIND[port.kind]);
    m.setU8(at + L.Port_linkUp, plugged ? 1 : 0);
    m.setU32(at + L.Port_lengthMax, sw.mtu + 14);
    m.setU32(at + L.Port_logical, port.kind === 'uplink' ? L.LOGICAL_TEAM : port.number);
    this.#fillVlan(at, port.vlan);
    m.setU32(at + L.Port_rxRing, port.rxRing);
    m.setU32(at + L.Port_txRing, port.txRing);
    for (const ring of [port.rxRing, port.txRing]) if (ring !== 0) this.#fillRing(ring);
    m.setU32(at + L.Port_guest, port.guest);
    if (port.guest !== 0) {
      m.setU32(port.guest + L.Guest_port, at);
      m.setU32(port.guest + L.Guest_ip, port.ip === null ? 0 : inFrame(port.ip));
      m.setU64(port.guest + L.Guest_mac, macBits(port.mac!));
    }
    if (wire !== undefined) {
      m.setU32(at + L.Port_txWire, wire.address);
      m.setU32(at + L.Port_toWorker, this.#plan.workers[this.#port(wire.to).sw.worker]!.address);
    }
    const points = this.#capturesOf.get(port.name) ?? [];
    m.setU32(at + L.Port_capture, points[0] ?? 0);
    for (const [i, point] of points.entries()) m.setU32(point + L.CapturePoint_next, points[i + 1] ?? 0);
  }

  #fillVlan(at: number, vlan: PortVlan): void {
    const m = this.#memory;
    const { mode, pvid, untagged } = tagRules(vlan);
    m.setU8(at + L.Port_vlanMode, mode);
    m.setU32(at + L.Port_pvid, pvid);
    m.setU32(at + L.Port_untaggedVid, untagged);
    if (vlan.mode === 'trunk') m.setU32(at + L.Port_members, this.#bitmap(vlan));
  }

  /** 4096 bits, shared by all ports with the same VLANs. */
  #bitmap(vlan: Extract<PortVlan, { mode: 'trunk' }>): number {
    const key = vlanSetKey(vlan);
    const known = this.#bitmaps.get(key);
    if (known !== undefined) return known;
    const at = this.#plan.bitmapsAt + this.#bitmaps.size * L.MEMBERS_BYTES;
    this.#bitmaps.set(key, at);
    const ranges = vlan.native === undefined ? vlan.vids : [...vlan.vids, { first: vlan.native, last: vlan.native }];
    for (const { first, last } of ranges) {
      for (let vid = first; vid <= Math.min(last, VID_MAX); vid++) {
        this.#memory.setU8(at + (vid >>> 3), this.#memory.u8(at + (vid >>> 3)) | (1 << (vid & 7)));
      }
    }
    return at;
  }

  #fillRing(at: number): void {
    this.#memory.setU32(at + L.Ring_mask, this.#options.ringEntries - 1);
    this.#memory.setU32(at + L.Ring_entries, at + L.Ring_BYTES);
  }

  #fillTeam(sw: PlannedSwitch): void {
    if (sw.vswitch === null) return;
    const m = this.#memory;
    const { active, standby } = sw.vswitch.teaming;
    const order = [...active, ...standby].map((name) => this.#port(`${sw.host}/${name}`).port.address);
    m.setU32s(sw.listsAt, order);
    m.setU32(sw.address + L.Switch_orderCount, order.length);
    m.setU32(sw.address + L.Switch_activeCount, active.length);
  }

  /** Registered model: every vNIC's own address, in its VLAN or, where it tags its own frames, in any that its port carries. */
  #register(sw: PlannedSwitch, core: Core): void {
    for (const port of sw.ports) {
      if (port.mac === null) continue;
      const isTrunk = port.vlan.mode === 'trunk';
      const fid = isTrunk ? FID_ANY : port.vlan.mode === 'access' ? port.vlan.vid : 0;
      if (isTrunk) this.#memory.setU8(sw.address + L.Switch_hasAnyFid, 1);
      core.bindStatic(sw.address, fid, macBits(port.mac), port.number);
    }
  }

  pool(at: number, classes: readonly PlannedClass[], owner: number): void {
    for (const [i, { slotBytes, from, end, returnsAt, returnsEntries }] of classes.entries()) {
      const address = at + i * L.PoolClass_BYTES;
      this.#memory.setU32(address + L.PoolClass_slotBytes, slotBytes);
      this.#memory.setU32(address + L.PoolClass_owner, owner);
      this.#memory.setU32(address + L.PoolClass_fresh, from);
      this.#memory.setU32(address + L.PoolClass_end, end);
      this.#memory.setU32(address + L.PoolClass_returns, returnsAt);
      this.#memory.setU32(address + L.PoolClass_returnsMask, returnsEntries - 1);
    }
  }

  captures(): void {
    const m = this.#memory;
    for (const { request, rings, points } of this.#plan.captures) {
      for (const ring of rings) {
        m.setU32(ring.address + L.CaptureRing_buffer, ring.bufferAt);
        m.setU32(ring.address + L.CaptureRing_size, ring.bytes);
        m.setU32(ring.address + L.CaptureRing_format, request.file.endsWith('.pcap') ? 1 : 0);
        m.setU64(ring.address + L.CaptureRing_epochNs, this.#options.epochNs);
      }
      for (const point of points) {
        m.setU32(point.address + L.CapturePoint_ring, point.ring);
        m.setU32(point.address + L.CapturePoint_interfaceId, point.interfaceId);
        m.setU32(point.address + L.CapturePoint_snapLength, request.snapLength);
      }
    }
  }

  workers(): void {
    const m = this.#memory;
    this.#plan.workers.forEach(({ address, listAt, switches }, number) => {
      m.setU32(address + L.Worker_number, number);
      m.setU32(address + L.Worker_switches, listAt);
      m.setU32(address + L.Worker_switchCount, switches.length);
      m.setU32s(listAt, switches);
    });
  }

  streams(): void {
    const m = this.#memory;
    const counts = new Map<number, number>();
    for (const [name, numbers] of this.#plan.streamsOf) {
      const { sw, port } = this.#port(name);
      m.setU32(port.guest + L.Guest_streams, this.#plan.streams[numbers[0]!]!.address);
      m.setU32(port.guest + L.Guest_streamCount, numbers.length);
      const place = counts.get(sw.number) ?? 0;
      counts.set(sw.number, place + 1);
      m.setU32(sw.listsAt + 4 * sw.ports.length * 4 + 4 * place, port.guest);
      m.setU32(sw.address + L.Switch_streamerCount, place + 1);
      for (const number of numbers) this.#fillStream(number, this.#topology.streams[number]!);
    }
  }

  #fillStream(number: number, stream: Stream): void {
    const m = this.#memory;
    const { address, template } = this.#plan.streams[number]!;
    const from = this.#port(stream.from).port;
    const to = stream.to === 'broadcast' ? null : this.#port(stream.to).port;
    const hasIp = from.ip !== null && (to === null || to.ip !== null);
    const length = stream.sizeBytes - 4;
    const asks = hasIp && to !== null;
    m.setU32(address + L.Stream_number, number);
    m.setU32(address + L.Stream_length, length);
    m.setU32(address + L.Stream_template, template);
    m.setU32(address + L.Stream_flows, hasIp ? stream.flows : 1);
    m.setU32(address + L.Stream_resolve, asks ? inFrame(to.ip!) : 0);
    m.setU32(address + L.Stream_hasIp, hasIp ? 1 : 0);
    m.setU64(address + L.Stream_dueNs, BigInt(Math.round(stream.startNs)));
    m.setU64(address + L.Stream_stopNs, BigInt(Math.round(stream.stopNs ?? 0)));
    m.setU64(address + L.Stream_remaining, stream.count === null ? ALL_ONES : BigInt(stream.count));
    const { num, den } = this.#interval(stream);
    m.setU64(address + L.Stream_intervalNum, num);
    m.setU64(address + L.Stream_intervalDen, den);
    const bytes = m.bytes.subarray(template, template + length);
    const destination = to === null || asks ? 0xffff_ffff_ffffn : macBits(to.mac!);
    m.setU64(template, destination | (macBits(from.mac!) << 48n));
    m.setU32(template + 8, Number(macBits(from.mac!) >> 16n));
    if (hasIp) writeUdp(bytes, from.ip!, to?.ip ?? 0xffff_ffff);
    else m.setU16Be(template + 12, ETHERTYPE_TEST);
  }

  /** ns between frames as a fraction, so that the n-th frame is where the rate says, without drift. */
  #interval(stream: Stream): { num: bigint; den: bigint } {
    const { rate } = stream;
    const bits = BigInt((stream.sizeBytes + GAP_BYTES) * 8) * 1_000_000_000n;
    if (rate.kind === 'frames') return { num: 1_000_000_000_000n, den: BigInt(Math.round(rate.perSecond * 1000)) };
    if (rate.kind === 'bits') return { num: bits, den: BigInt(Math.round(rate.perSecond)) };
    return this.#options.virtual ? { num: bits, den: BigInt(VNIC_BPS) } : { num: 0n, den: 1n };
  }
}

/** The VLAN of untagged frames on their way in, and the one that leaves untagged. */
function tagRules(vlan: PortVlan): { mode: number; pvid: number; untagged: number } {
  if (vlan.mode === 'transparent') return { mode: VLAN_MODE.transparent, pvid: 0, untagged: 0 };
  if (vlan.mode === 'access') return { mode: VLAN_MODE.access, pvid: vlan.vid, untagged: vlan.vid };
  if (vlan.native !== undefined) {
    if (vlan.nativeTagged) return { mode: VLAN_MODE.nativeTagged, pvid: vlan.native, untagged: NO_VID };
    return { mode: VLAN_MODE.native, pvid: vlan.native, untagged: vlan.native };
  }
  const untagged = vlan.vids.some((range) => range.first === 0) ? 0 : NO_VID;
  return { mode: VLAN_MODE.trunk, pvid: untagged, untagged };
}

/** IPv4 (RFC 791) and UDP (RFC 768, checksum left out as IPv4 allows) headers for a frame of `bytes.length`. */
function writeUdp(bytes: Uint8Array, from: number, to: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint16(12, 0x0800);
  view.setUint16(14, 0x4500);
  view.setUint16(16, bytes.length - 14);
  view.setUint16(20, 0x4000);
  view.setUint16(22, 0x4011);
  view.setUint32(26, from);
  view.setUint32(30, to);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~sum & 0xffff);
  view.setUint16(34, UDP_SOURCE_FIRST);
  view.setUint16(36, UDP_DISCARD);
  view.setUint16(38, bytes.length - 34);
}
