/**
 * A switch on the bench: sources that are always full and sinks that are always empty, made by moving ring cursors, as the
 * C limit makes them (peers/calib.c). What is timed is the switch's part and nothing else: dequeue, classify, learn, look
 * up, queue, count, publish.
 *
 * Everything happens in this thread, so cursors are moved by plain stores; two of them and one call into the core for each
 * burst are all that JavaScript does. Frames are never given back, so that the same ones can come again: `hold` of a
 * flood is undone by `settle`, and releasing frames is not part of the figures.
 */
import { type Core, coreModule, instantiate } from '../src/engine/core.ts';
import * as L from '../src/engine/generated/layout.ts';
import type { SharedMemory } from '../src/engine/memory.ts';
import { Network } from '../src/engine/network.ts';
import type { NetworkOptions } from '../src/engine/options.ts';
import type { PlannedSwitch } from '../src/engine/plan.ts';
import type { Ledger } from '../src/telemetry/report.ts';
import { topologyFrom } from '../src/topology/load.ts';

/** Low bits of a descriptor: slot address / 64 (core/frame.ts). */
const PLACE_MASK = 0x3ffffffn;
/** FDB times are rounded down to this on the wall clock (engine/fill.ts). */
const STAMP_NS = 2n ** 20n;

export interface RigOptions extends Partial<Pick<NetworkOptions, 'watch' | 'captures' | 'clock'>> {
  readonly burst: number;
  readonly ringEntries: number;
  /** VMs of a second host that lend their buffers where the switch's own do not hold all frames, and do nothing else. */
  readonly lenders?: number;
}

/** The vSwitch and VMs of the one host `h`, as in a topology file. */
export interface RigHost {
  readonly vswitches: { readonly s: Readonly<Record<string, unknown>> };
  readonly vms: Readonly<Record<string, unknown>>;
  /** Each gets a cable to a physical switch that is never moved: what leaves is taken off the cable. */
  readonly uplinks?: readonly string[];
}

/** Frames that may wait on an uplink's cable, beyond what a round sends. */
const CABLE_FRAMES = 65_536;

function topologyOf({ uplinks = [], ...host }: RigHost, lenders: number): unknown {
  const lending = lenders === 0 ? {} : { l: { vswitches: { s: { portGroups: { g: {} } } }, vms: vms(lenders) } };
  const hosts = { h: host, ...lending };
  const cables = uplinks.map((name, i) => [name, { to: `out/${i + 1}`, queue: CABLE_FRAMES }]);
  if (cables.length === 0) return { hosts };
  const physical = { switches: { out: { ports: cables.length } } };
  return { hosts: { ...hosts, h: { ...host, uplinks: Object.fromEntries(cables) } }, physical };
}

export class Rig {
  /** References that no round gives back all of. */
  static readonly HELD = 2 ** 20;
  readonly network: Network;
  readonly sw: PlannedSwitch;
  readonly #core: Core;
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #worker: number;
  readonly #ringEntries: number;
  readonly #burst: number;
  // Word indices of the cursors: sources of the ports that send, sinks of all.
  readonly #senders: number[] = [];
  readonly #rxHead: number[] = [];
  readonly #rxTail: number[] = [];
  readonly #txHead: number[];
  readonly #txTail: number[];
  /** Of captures, in memory or to a file, if there are any: what they hold is thrown away. */
  readonly #tapHead: number[];
  readonly #tapTail: number[];
  readonly #refs: number[] = [];
  #now = 0n;

  constructor(host: RigHost, options: RigOptions) {
    this.network = new Network(topologyFrom(topologyOf(host, options.lenders ?? 0)), options);
    this.#memory = this.network.memory;
    this.#words = this.#memory.words;
    this.#core = instantiate(coreModule(), this.#memory.memory);
    this.#ringEntries = options.ringEntries;
    this.#burst = options.burst;
    const { plan } = this.network;
    this.sw = plan.switches[0]!;
    this.#worker = plan.workers[0]!.address;
    const word = (at: number): number => this.#memory.word(at);
    const cables = new Map(plan.wires.map(({ from, address }) => [from, address]));
    const sinks = this.sw.ports.map(({ name, txRing }) => txRing || cables.get(name)!);
    this.#txHead = sinks.map((ring) => word(ring + L.Ring_head));
    this.#txTail = sinks.map((ring) => word(ring + L.Ring_tail));
    const taps = plan.captures.flatMap(({ rings }) => rings);
    this.#tapHead = taps.map(({ address }) => word(address + L.CaptureRing_head));
    this.#tapTail = taps.map(({ address }) => word(address + L.CaptureRing_tail));
  }

  /** Gives a port the frames it sends for ever; a ring holds a whole number of times all of them. */
  load(port: number, frames: readonly Uint8Array[]): void {
    const { rxRing } = this.sw.ports[port]!;
    if (this.#ringEntries % frames.length !== 0)
      throw new Error(`${frames.length} frames do not divide a ring of ${this.#ringEntries}`);
    const { stagingAt } = this.network.plan;
    const pools = this.network.plan.switches.map(({ poolAt }) => poolAt);
    const descriptors = frames.map((frame) => {
      this.#memory.bytes.set(frame, stagingAt);
      let descriptor = 0n;
      for (let i = 0; i < pools.length && descriptor === 0n; i++)
        descriptor = BigInt.asUintN(64, this.#core.takeFrame(pools[i]!, stagingAt, frame.length));
      if (descriptor === 0n) throw new Error('the frame pool is too small for this bench');
      this.#refs.push(this.#memory.word(slotOf(descriptor) + L.Frame_refs));
      return descriptor;
    });
    for (let i = 0; i < this.#ringEntries; i++)
      this.#memory.setU64(rxRing + L.Ring_BYTES + 8 * i, descriptors[i % descriptors.length]!);
    this.#senders.push(port);
    this.#rxHead.push(this.#memory.word(rxRing + L.Ring_head));
    this.#rxTail.push(this.#memory.word(rxRing + L.Ring_tail));
  }

  /** Binds a station to the outside, in VLAN `vid`. */
  bindOutside(vid: number, mac: bigint): void {
    this.#core.bindStatic(this.sw.address, vid, mac, L.LOGICAL_TEAM);
  }

  /** Registers a station on a port. */
  bind(vid: number, mac: bigint, port: number): void {
    this.#core.bindStatic(this.sw.address, vid, mac, port);
  }

  /** A burst from each sending port, then all is published and taken; returns frames moved. */
  round(): number {
    const words = this.#words;
    let moved = 0;
    for (let i = 0; i < this.#senders.length; i++) moved += this.#visit(i);
    this.#core.publishPorts(this.sw.address, this.#worker);
    for (let i = 0; i < this.#txTail.length; i++) words[this.#txTail[i]!] = words[this.#txHead[i]!]!;
    for (let i = 0; i < this.#tapTail.length; i++) words[this.#tapTail[i]!] = words[this.#tapHead[i]!]!;
    return moved;
  }

  #visit(i: number): number {
    this.#words[this.#rxHead[i]!] = (this.#words[this.#rxTail[i]!]! + this.#ringEntries) | 0;
    return this.#core.visitPort(this.sw.address, this.#senders[i]!);
  }

  /** Time goes on by one stamp, so that stations heard are written again. */
  tick(): void {
    this.#now += STAMP_NS;
    this.#memory.setU64(this.sw.address + L.Switch_stampNow, this.#now);
    this.#memory.setU64(this.sw.address + L.Switch_now, this.#now);
  }

  /** Undoes what floods did to the reference counts; with HELD, frames that are given back are held all the same. */
  settle(refs = 1): void {
    for (let i = 0; i < this.#refs.length; i++) this.#words[this.#refs[i]!] = refs;
  }

  /** Every loaded frame once, and every copy that comes out is shown: the port's number and the address of its bytes. */
  lap(see: (port: number, bytesAt: number, descriptor: bigint) => void = () => {}): void {
    for (let visits = this.#ringEntries / this.#burst; visits > 0; visits--) {
      for (let i = 0; i < this.#senders.length; i++) {
        this.#visit(i);
        this.#core.publishPorts(this.sw.address, this.#worker);
        for (const port of this.sw.ports) this.#take(port.number, see);
      }
    }
    for (const [i, tail] of this.#tapTail.entries()) this.#words[tail] = this.#words[this.#tapHead[i]!]!;
    this.settle();
  }

  #take(port: number, see: (port: number, bytesAt: number, descriptor: bigint) => void): void {
    const { txRing } = this.sw.ports[port]!;
    const head = this.#words[this.#txHead[port]!]!;
    for (let at = this.#words[this.#txTail[port]!]!; txRing !== 0 && at !== head; at = (at + 1) | 0) {
      const descriptor = this.#memory.u64(txRing + L.Ring_BYTES + 8 * (at & (this.#ringEntries - 1)));
      see(port, slotOf(descriptor) + L.FRAME_HEADER, descriptor);
    }
    this.#words[this.#txTail[port]!] = head;
  }

  /** The switch's own ledger: frames come from rings, not from guests. */
  ledger(): Ledger {
    return this.network.report().switches[0]!.ledger;
  }

  /** Frames of all ports that got a verdict. */
  verdict(name: string): number {
    return this.network.ports().reduce((sum, { verdicts }) => sum + (verdicts[name] ?? 0), 0);
  }

  u16(at: number): number {
    return this.#memory.u32(at) & 0xffff;
  }

  u32(at: number): number {
    return this.#memory.u32(at);
  }
}

function slotOf(descriptor: bigint): number {
  return Number(descriptor & PLACE_MASK) * 64;
}

/** FNV-1a over 32-bit numbers. */
export class Checksum {
  value = 0x811c9dc5;

  add(n: number): void {
    this.value = Math.imul(this.value ^ n, 0x01000193) >>> 0;
  }
}

/** `vm0` … of one kind, or one for each given port group. */
export function vms(of: number | readonly string[]): Record<string, unknown> {
  const groups = typeof of === 'number' ? Array.from({ length: of }, () => 'g') : of;
  return Object.fromEntries(groups.map((portGroup, i) => [`vm${i}`, { portGroup }]));
}
