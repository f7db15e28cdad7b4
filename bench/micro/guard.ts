/**
 * What do the rules of the uplinks cost? A host with two of them, and frames that come in by one: what may enter and is
 * delivered, and what R7, R8 and R9 end. Entries are put into the cable as a physical switch would, and the worker of the host
 * is called once for each burst: its look at every other port is in all figures alike, and so is what guests do with
 * what they get.
 */
import { coreModule, instantiate } from '../../src/engine/core.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { Rig } from '../rig.ts';
import { BROADCAST, frame, OUTSIDE, station } from '../traffic.ts';
import { suite } from './suite.ts';

const BURST = 64;
const STEP_NS = 1_100_000n;
const BYTES = 60;
/** By port-id, the first VM is pinned to the first uplink, which receives the floods of the only VLAN, too. */
const [PINNED, OTHER] = ['h/u0', 'h/u1'];

interface Way {
  readonly name: string;
  readonly uplink: string;
  readonly dst: bigint;
  readonly src: bigint;
  /** What becomes of every frame. */
  readonly verdict: string;
}

const VM = station(0);
const ways: readonly Way[] = [
  { name: 'known, enters', uplink: PINNED!, dst: VM, src: OUTSIDE, verdict: 'delivered' },
  { name: 'R8: known, by another uplink', uplink: OTHER!, dst: VM, src: OUTSIDE, verdict: 'rpf_unicast' },
  { name: 'R7: the source is local', uplink: PINNED!, dst: BROADCAST, src: VM, verdict: 'deja_vu' },
  { name: 'R9: broadcast, by another uplink', uplink: OTHER!, dst: BROADCAST, src: OUTSIDE, verdict: 'not_designated' },
];

class Outside {
  readonly network: Network;
  readonly name: string;
  readonly #core;
  readonly #way: Way;
  readonly #head: number;
  readonly #tail: number;
  readonly #refs: number[] = [];
  #now = 0n;
  #sent = 0;

  constructor(way: Way) {
    const text = [0n, 8n, 16n, 24n, 32n, 40n].map((by) => ((VM >> by) & 0xffn).toString(16).padStart(2, '0'));
    const host = {
      uplinks: { u0: { to: 'out/1' }, u1: { to: 'out/2' } },
      vswitches: { s: { macModel: 'registered', portGroups: { g: {} } } },
      vms: { vm0: { portGroup: 'g', mac: text.join(':') }, vm1: { portGroup: 'g' } },
    };
    const topology = topologyFrom({ hosts: { h: host }, physical: { switches: { out: { ports: 2 } } } });
    this.network = new Network(topology, { clock: 'wall', burst: BURST });
    const { memory, plan } = this.network;
    this.#core = instantiate(coreModule(), memory.memory);
    this.#way = way;
    this.name = way.name;
    const wire = plan.wires.find(({ from, to }) => to === way.uplink && from !== null)!;
    this.#head = memory.word(wire.address + L.Ring_head);
    this.#tail = memory.word(wire.address + L.Ring_tail);
    const { poolAt } = plan.switches.find(({ ports }) => ports.some(({ name }) => name === way.uplink))!;
    for (let i = 0; i < wire.entries; i++) {
      if (i < BURST) {
        memory.bytes.set(frame(way.dst, way.src, BYTES), plan.stagingAt);
        memory.setU64(wire.entriesAt + 16 * i, BigInt.asUintN(64, this.#core.takeFrame(poolAt, plan.stagingAt, BYTES)));
        const slot = Number(memory.u64(wire.entriesAt + 16 * i) & 0x3ffffffn) * 64;
        this.#refs.push(memory.word(slot + L.Frame_refs));
      }
      memory.setU64(wire.entriesAt + 16 * i, memory.u64(wire.entriesAt + 16 * (i % BURST)));
      memory.setU64(wire.entriesAt + 16 * i + 8, 0n);
    }
  }

  /** A burst comes in. */
  run(): number {
    const { words } = this.network.memory;
    // Who gets or ends a frame gives it back, and it is to come again.
    for (const refs of this.#refs) words[refs] = Rig.HELD;
    words[this.#head] = (words[this.#tail]! + BURST) | 0;
    this.#now += STEP_NS;
    this.#core.runWall(this.network.plan.workers[0]!.address, this.#now, 1);
    this.#sent += BURST;
    return BURST;
  }

  /** Whether each frame was taken, and met what it should. */
  get isRight(): boolean {
    const ports = this.network.ports();
    const { rxFrames, verdicts } = ports.find(({ name }) => name === this.#way.uplink)!;
    const met =
      this.#way.verdict === 'delivered'
        ? ports.find(({ name }) => name === 'h/vm0')!.guest!.received
        : verdicts[this.#way.verdict];
    return rxFrames === this.#sent && met === this.#sent;
  }
}

const all = ways.map((way) => new Outside(way));
await suite(
  'guard',
  all.map((each) => ({ name: each.name, frames: BURST, run: () => each.run() })),
  () => ({
    balanced: all.every(({ isRight }) => isRight),
    // Those that were meant to be.
    drops: {},
    checksum: ways.map(({ verdict }) => verdict).join(' '),
  }),
);
