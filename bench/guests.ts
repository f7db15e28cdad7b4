/**
 * Eight guests that write every frame that they send and, if asked, read every frame that they get, byte by byte: the canonical
 * traffic with what programs behind a vNIC add to it. They run in the core (core/bench.ts), with buffers from the switch's pool
 * and back into it; where they keep their own frames and what they have read are the slots of vNICs that do nothing else.
 */
import { type Core, coreModule, instantiate } from '../src/engine/core.ts';
import * as L from '../src/engine/generated/layout.ts';
import type { SharedMemory } from '../src/engine/memory.ts';
import { Network } from '../src/engine/network.ts';
import type { PlannedPort, PlannedSwitch } from '../src/engine/plan.ts';
import type { Ledger } from '../src/telemetry/report.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { vms } from './rig.ts';
import { framesOf, type Mix } from './traffic.ts';

export interface GuestOptions extends Mix {
  readonly burst: number;
  /** A guest copies what it gets; else it gives the buffers back unread. */
  readonly reads: boolean;
}

/** FDB times are rounded down to this on the wall clock (engine/fill.ts). */
const STAMP_NS = 2n ** 20n;
/** Buffers that a guest reads into. */
const OUT_SLOTS = 128;
/** Full-size frames that a vNIC brings room for (engine/plan-pool.ts). */
const LONG_FRAMES_OF_VNIC = 320;
const IDLE_VLAN = 99;

export class Guests {
  readonly #network: Network;
  readonly #sw: PlannedSwitch;
  readonly #core: Core;
  readonly #memory: SharedMemory;
  readonly #options: GuestOptions;
  readonly #sendMask: number;
  #next = 0;
  #taken = 0;
  #now = 0n;

  constructor(options: GuestOptions) {
    this.#options = options;
    const { ports, pairs, stations, burst } = options;
    this.#sendMask = pairs / ports - 1;
    const idle = Math.max(ports, Math.ceil((pairs + ports * (OUT_SLOTS + 2 * burst)) / LONG_FRAMES_OF_VNIC));
    const vswitch = { table: { max: 2 * stations }, portGroups: { g: {}, idle: { vlan: IDLE_VLAN } } };
    const groups = Array.from({ length: ports + idle }, (_, i) => (i < ports ? 'g' : 'idle'));
    const topology = topologyFrom({ hosts: { h: { vswitches: { s: vswitch }, vms: vms(groups) } } });
    this.#network = new Network(topology, { burst, ringEntries: Math.max(pairs / ports, ports * burst) });
    this.#memory = this.#network.memory;
    this.#core = instantiate(coreModule(), this.#memory.memory);
    this.#sw = this.#network.plan.switches[0]!;
    for (const [port, frames] of framesOf(options).entries()) {
      this.#list(this.#store(port).rxRing, frames);
      this.#list(
        this.#store(port).txRing,
        Array.from({ length: OUT_SLOTS }, () => frames[0]!),
      );
    }
    // Until every station has been heard; what is flooded meanwhile is taken as well.
    for (let sent = 0; sent <= this.#sendMask; sent += burst) this.round();
  }

  /** The vNIC whose rings hold the lists of a guest's own slots. */
  #store(port: number): PlannedPort {
    return this.#sw.ports[this.#options.ports + port]!;
  }

  #list(ring: number, frames: readonly Uint8Array[]): void {
    const { stagingAt } = this.#network.plan;
    for (const [i, frame] of frames.entries()) {
      this.#memory.bytes.set(frame, stagingAt);
      const descriptor = BigInt.asUintN(64, this.#core.takeFrame(this.#sw.poolAt, stagingAt, frame.length));
      if (descriptor === 0n) throw new Error('the frame pool is too small for this bench');
      this.#memory.setU64(ring + L.Ring_BYTES + 8 * i, descriptor);
    }
  }

  /** Every guest sends a burst, the switch moves it, every guest takes what has come; returns frames taken. */
  round(): number {
    const { ports, burst, reads } = this.#options;
    const { address } = this.#sw;
    const core = this.#core;
    for (let port = 0; port < ports; port++) {
      core.sendCopies(address, port, this.#store(port).rxRing + L.Ring_BYTES, this.#sendMask, this.#next, burst);
      core.visitPort(address, port);
    }
    this.#next = (this.#next + burst) | 0;
    core.publishPorts(address, this.#network.plan.workers[0]!.address);
    let taken = 0;
    for (let port = 0; port < ports; port++)
      taken += core.takeCopies(
        address,
        port,
        this.#store(port).txRing + L.Ring_BYTES,
        OUT_SLOTS - 1,
        this.#taken,
        reads,
      );
    this.#taken = (this.#taken + taken) | 0;
    return taken;
  }

  /** Time goes on by one stamp. */
  tick(): void {
    this.#now += STAMP_NS;
    this.#memory.setU64(this.#sw.address + L.Switch_stampNow, this.#now);
  }

  ledger(): Ledger {
    return this.#network.report().switches[0]!.ledger;
  }
}
