/**
 * What does a frame from a station that nobody has heard cost where the table is full, so that another gives way for it? All
 * go to one registered address, so that little but the learning is in the figures. One sprayer in visits of 64 frames; two in
 * turns, frame by frame, so that now one and now the other holds most; visits of one frame cost more, and that is in their
 * figures.
 */
import * as L from '../../src/engine/generated/layout.ts';
import { isSmoke } from '../options.ts';
import { Rig, vms } from '../rig.ts';
import { frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const FRAMES = 64;
const SINK = station(0);
/** The last four octets of a source, from the start of a slot. */
const TAIL_AT = L.FRAME_HEADER + 8;
/** Low bits of a descriptor: slot address / 64 (core/frame.ts). */
const PLACE_MASK = 0x3ffffff;

interface Load {
  readonly entries: number;
  readonly sprayers: 1 | 2;
  readonly ports: number;
}

const loads: readonly Load[] = [
  ...(isSmoke ? [1024] : [1024, 8192, 65_536, 1_000_000]).flatMap((entries) =>
    ([1, 2] as const).map((sprayers) => ({ entries, sprayers, ports: 3 })),
  ),
  { entries: isSmoke ? 1024 : 8192, sprayers: 1, ports: isSmoke ? 200 : 2000 },
];

/** A switch with a full table, and a source of stations that it has never heard. */
class Spray {
  readonly name: string;
  readonly #rig: Rig;
  /** Where the sources of the frames end, in words. */
  readonly #tails: number[] = [];
  readonly #learned: number;
  #next = 0;

  constructor({ entries, sprayers, ports }: Load) {
    const who = sprayers === 1 ? 'one sprayer' : 'two in turns';
    this.name = `${entries} entries, ${who}${ports > 3 ? ` among ${ports} ports` : ''}`;
    const vswitch = { macModel: 'learning', table: { max: entries }, portGroups: { g: {} } };
    const options = { burst: sprayers === 1 ? FRAMES : 1, ringEntries: FRAMES };
    this.#rig = new Rig({ vswitches: { s: vswitch }, vms: vms(ports) }, options);
    this.#rig.bind(0, SINK, ports - 1);
    for (let port = 0; port < sprayers; port++) this.#arm(port, FRAMES / sprayers);
    while (this.#evicted === 0) this.run();
    this.#learned = this.#next - this.#evicted;
  }

  #arm(port: number, count: number): void {
    const rig = this.#rig;
    const frames = Array.from({ length: count }, () => frame(SINK, station(port + 1), 60));
    rig.load(port, frames);
    const descriptors = rig.sw.ports[port]!.rxRing + L.Ring_BYTES;
    for (let i = 0; i < count; i++) {
      const slot = (rig.u32(descriptors + 8 * i) & PLACE_MASK) * 64;
      this.#tails.push(rig.network.memory.word(slot + TAIL_AT));
    }
  }

  /** FRAMES new stations. */
  run(): number {
    const { words } = this.#rig.network.memory;
    for (const tail of this.#tails) words[tail] = this.#next++;
    this.#rig.tick();
    let moved = 0;
    while (moved < FRAMES) moved += this.#rig.round();
    return moved;
  }

  get #evicted(): number {
    return this.#rig.network.memory.count(this.#rig.sw.address + L.Switch_evicted);
  }

  get drops(): Readonly<Record<string, number>> {
    return this.#rig.ledger().drops;
  }

  /** Whether each frame was new, and for each somebody gave way. */
  get balanced(): boolean {
    const { balanced, framesIn } = this.#rig.ledger();
    return balanced && framesIn === this.#next && this.#next === this.#evicted + this.#learned;
  }
}

const sprays = loads.map((load) => new Spray(load));
await suite(
  'evict',
  sprays.map((spray) => ({ name: spray.name, frames: FRAMES, run: () => spray.run() })),
  () => ({
    balanced: sprays.every(({ balanced }) => balanced),
    drops: Object.assign({}, ...sprays.map(({ drops }) => drops)),
    checksum: loads.map(({ entries }) => entries).join(' '),
  }),
);
