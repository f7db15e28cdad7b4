/**
 * What does a large MAC table cost? 8 vNICs, 64-byte known unicast between random pairs of stations, with 1,000 and with
 * 1,000,000 of them, all learned; in turns of some laps, in one process. A lap is 4,096 frames in buffers that stay the same,
 * as those of a guest do; between two laps, which is not timed, each frame gets two addresses of other stations.
 *
 * The sum of all destinations that came out is checked against those that went in, for every lap.
 *
 *     npx tsx bench/table.ts [--stations 1000000] [--beside 1000] [--turns 16] [--windows 5] [--ports 8] [--burst 64]
 */
import * as L from '../src/engine/generated/layout.ts';
import type { Ledger } from '../src/telemetry/report.ts';
import { digits, figure, median, print, type Target } from './line.ts';
import { options } from './options.ts';
import { Rig, vms } from './rig.ts';
import { frame, station } from './traffic.ts';

const settings = options(
  { stations: 1_000_000, beside: 1000, turns: 16, windows: 5, ports: 8, burst: 64 },
  { stations: 4000, beside: 1000, turns: 1, windows: 2 },
);
const { stations, beside, turns, windows, ports, burst } = settings;
const TARGET: Target = { of: 'ratio', sign: '>=', value: 0.3 };
const FRAMES = 512; // of a port, and in its ring
const FRAME_BYTES = 64;
/** Laps between two stamps of time: about a millisecond. */
const LAPS_PER_STAMP = 8;
const LAPS_IN_TURN = 32;
/** Low bits of a descriptor: slot address / 64 (core/frame.ts). */
const PLACE_MASK = 0x3ffffff;

/** A switch that has learned `count` stations, and the buffers of its frames. */
class Load {
  readonly count: number;
  readonly #rig: Rig;
  /** Of each station's address: the low four octets, the high two. */
  readonly #low: Uint32Array;
  readonly #high: Uint16Array;
  /** Index of the first word of each frame's bytes, port by port. */
  readonly #words: number[] = [];
  readonly #sinks: number[];
  readonly #of: number;
  #random = 1;
  #laps = 0;
  moved = 0;
  isRight = true;

  constructor(count: number) {
    this.count = count;
    this.#of = count / ports;
    this.#low = new Uint32Array(count);
    this.#high = new Uint16Array(count);
    for (let i = 0; i < count; i++) {
      const mac = station(i);
      this.#low[i] = Number(mac & 0xffff_ffffn);
      this.#high[i] = Number(mac >> 32n);
    }
    const vswitch = { table: { max: count }, portGroups: { g: {} } };
    this.#rig = new Rig({ vswitches: { s: vswitch }, vms: vms(ports) }, { burst, ringEntries: FRAMES });
    for (let port = 0; port < ports; port++) this.#arm(port);
    this.#sinks = this.#rig.sw.ports.map(({ txRing }) => txRing);
    for (let first = 0; first < this.#of; first += FRAMES) this.#learn(first);
  }

  #arm(port: number): void {
    this.#rig.load(
      port,
      Array.from({ length: FRAMES }, () => frame(station(0), station(1), FRAME_BYTES)),
    );
    const descriptors = this.#rig.sw.ports[port]!.rxRing + L.Ring_BYTES;
    for (let i = 0; i < FRAMES; i++) {
      const slot = (this.#rig.u32(descriptors + 8 * i) & PLACE_MASK) * 64;
      this.#words.push(this.#rig.network.memory.word(slot + L.FRAME_HEADER));
    }
  }

  #address(at: number, dst: number, src: number): void {
    const { words } = this.#rig.network.memory;
    const [low, high] = [this.#low, this.#high];
    words[at] = low[dst]!;
    words[at + 1] = high[dst]! | (low[src]! << 16);
    words[at + 2] = (low[src]! >>> 16) | (high[src]! << 16);
  }

  /** Some stations of each port say something, to the first one of the next port. */
  #learn(first: number): void {
    for (const [i, at] of this.#words.entries()) {
      const port = Math.floor(i / FRAMES);
      this.#address(at, ((port + 1) % ports) * this.#of, port * this.#of + ((first + (i % FRAMES)) % this.#of));
    }
    this.#pass();
    this.#rig.settle();
  }

  #below(n: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * n);
  }

  /** Each frame of every port once. */
  #pass(): void {
    for (let visits = FRAMES / burst; visits > 0; visits--) this.moved += this.#rig.round();
  }

  /** One lap with other stations; returns nanoseconds. */
  lap(): number {
    let wanted = 0;
    for (const [i, at] of this.#words.entries()) {
      const port = Math.floor(i / FRAMES);
      const to = (port + 1 + this.#below(ports - 1)) % ports;
      const dst = to * this.#of + this.#below(this.#of);
      this.#address(at, dst, port * this.#of + this.#below(this.#of));
      wanted += to;
    }
    if (++this.#laps % LAPS_PER_STAMP === 0) this.#rig.tick();
    const heads = this.#heads();
    const from = process.hrtime.bigint();
    this.#pass();
    const elapsed = Number(process.hrtime.bigint() - from);
    const came = this.#heads().reduce((sum, head, port) => sum + port * ((head - heads[port]!) >>> 0), 0);
    if (came !== wanted) this.isRight = false;
    return elapsed;
  }

  #heads(): number[] {
    return this.#sinks.map((ring) => this.#rig.u32(ring + L.Ring_head));
  }

  get entries(): number {
    return this.#rig.u32(this.#rig.sw.address + L.Switch_entryCount);
  }

  get ledger(): Ledger {
    return this.#rig.ledger();
  }
}

const both = [new Load(beside), new Load(stations)] as const;
const framesInTurn = ports * FRAMES * LAPS_IN_TURN;

/** Some laps of each, so that neither pays much for the caches that the other had; nanoseconds. */
function turn(): number[] {
  return both.map((load) => {
    let elapsed = 0;
    for (let i = 0; i < LAPS_IN_TURN; i++) elapsed += load.lap();
    return elapsed;
  });
}

turn();
const rates: [number[], number[]] = [[], []];
for (let w = 0; w < windows; w++) {
  const spent = Array.from({ length: turns }, turn);
  for (const i of [0, 1]) {
    const elapsed = spent.reduce((sum, each) => sum + each[i]!, 0);
    rates[i]!.push((framesInTurn * turns * 1000) / elapsed);
  }
}
const ratio = digits(median(rates[1].map((rate, i) => rate / rates[0][i]!)));
// Telling it reads the whole table.
const ledgers = both.map(({ ledger }) => ledger);
print({
  bench: 'table',
  settings,
  figures: [
    figure(`known unicast, ${beside} stations`, 'Mframes/s', rates[0]),
    figure(`known unicast, ${stations} stations`, 'Mframes/s', rates[1], {
      ratio,
      ratioTo: `${beside} stations`,
      target: TARGET,
    }),
  ],
  balanced: both.every(({ isRight, entries, count }, i) => isRight && entries === count && ledgers[i]!.balanced),
  drops: { ...ledgers[0]!.drops, ...ledgers[1]!.drops },
  checksum: both[0].entries + both[1].entries,
});
