/**
 * Who gives way in a full table, against a plain walk over it: before and after each frame the whole table is read, and what
 * has gone must be what the walk says. Then attacks, that none makes the core look at its whole table for each frame.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { seed as chance } from '../chance.ts';
import {
  ageNs,
  type Entry,
  everybody,
  FullTable,
  keyOf,
  plain,
  senders,
  station,
  text,
  uplinks,
  type WhenFull,
} from './full-table.ts';

const seed = Number(process.env['MODEL_SEED'] ?? chance);
const numRuns = Number(process.env['MODEL_RUNS'] ?? 150);

type Step =
  | { readonly do: 'spray'; readonly port: number; readonly count: number; readonly gapNs: bigint }
  | {
      readonly do: 'talk';
      readonly port: number;
      readonly from: number;
      readonly count: number;
      readonly gapNs: bigint;
    }
  | {
      readonly do: 'swing';
      readonly station: number;
      readonly ports: readonly [number, number];
      readonly count: number;
    }
  | { readonly do: 'pause'; readonly ns: bigint }
  | { readonly do: 'flush'; readonly port: number | null }
  | { readonly do: 'link'; readonly port: number; readonly up: boolean }
  | { readonly do: 'bind'; readonly station: number; readonly port: number | null };

const port = fc.nat({ max: senders.length - 1 });
/** Most are at the ports where nothing special is. */
const plainPort = fc.oneof({ arbitrary: fc.nat({ max: plain.length }), weight: 4 }, { arbitrary: port, weight: 1 });
const known = fc.nat({ max: 120 });
const gapNs = fc.constantFrom(0n, 1n, 1000n, ageNs / 50n, ageNs / 8n);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({ do: fc.constant('spray' as const), port: plainPort, count: fc.nat({ max: 30 }), gapNs }),
    weight: 8,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('talk' as const),
      port: plainPort,
      from: known,
      count: fc.nat({ max: 60 }),
      gapNs,
    }),
    weight: 12,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('swing' as const),
      station: known,
      ports: fc.tuple(plainPort, plainPort),
      count: fc.nat({ max: 40 }),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ do: fc.constant('pause' as const), ns: fc.constantFrom(ageNs / 2n, ageNs - 61n, ageNs) }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: fc.constant('flush' as const), port: fc.option(port, { nil: null }) }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('link' as const), port, up: fc.boolean() }), weight: 1 },
  {
    arbitrary: fc.record({ do: fc.constant('bind' as const), station: known, port: fc.option(port, { nil: null }) }),
    weight: 1,
  },
);
const lives = fc.record({
  max: fc.constantFrom(1, 2, 7, 24, 64, 100),
  whenFull: fc.constantFrom<WhenFull[]>('evict', 'evict', 'evict', 'evict', 'forward', 'drop'),
  steps: fc.array(steps, { minLength: 10, maxLength: 60, size: 'max' }),
});

/** A life of one switch, frame by frame. */
class Life {
  readonly lab: FullTable;
  #before: Map<bigint, Entry>;
  #sprayed = 1000;
  readonly #down = new Set<string>();
  /** Stations that come again: about as many as there is room for. */
  readonly #known: number;

  constructor(max: number, whenFull: WhenFull) {
    this.lab = new FullTable(max, whenFull);
    this.#known = max + Math.ceil(max / 8) + 1;
    this.#before = this.lab.entries();
  }

  take(step: Step): void {
    const { network } = this.lab;
    if (step.do === 'spray') {
      for (let i = 0; i < step.count; i++) this.#hear(step.port, this.#sprayed++, step.gapNs);
    } else if (step.do === 'talk') {
      for (let i = 0; i < step.count; i++)
        this.#hear(step.port, (step.from + i) % this.#known, i === 0 ? step.gapNs : BigInt(step.from % 2));
    } else if (step.do === 'swing') {
      for (let i = 0; i < step.count; i++) this.#hear(step.ports[i % 2]!, step.station % this.#known, 1n);
    } else if (step.do === 'pause') {
      this.lab.nowNs += step.ns;
    } else {
      const name = step.port === null ? null : senders[step.port]!;
      if (step.do === 'flush') void network.flush(name === null ? { switch: 'h/s' } : { port: name });
      else if (step.do === 'bind') void network.setStatic('h/s', 0, text(station(step.station)), bindable(name));
      else this.#setLink(name!, step.up);
      this.#before = this.lab.entries();
      expect(this.#before.size).toBeLessThanOrEqual(this.lab.max);
    }
  }

  #setLink(name: string, up: boolean): void {
    void this.lab.network.setLink(name, up);
    if (up) this.#down.delete(name);
    else this.#down.add(name);
  }

  /** A frame to somebody known, or to all; then the table is compared. */
  #hear(sender: number, n: number, gapNs: bigint): void {
    const { lab } = this;
    const name = senders[sender]!;
    const src = keyOf(station(n));
    const others = [...this.#before.keys()];
    const dst = n % 3 === 0 || others.length === 0 ? everybody : others[n % others.length]! & everybody;
    lab.send(name, station(n), dst, gapNs);
    const before = this.#before;
    const after = lab.entries();
    const gone = others.filter((key) => !after.has(key));
    const isNew = after.has(src) && !before.has(src);
    const wasFull = before.size >= lab.max;
    expect([...after.keys()].filter((key) => !before.has(key))).toEqual(isNew ? [src] : []);
    if (gone.length > 0 || (isNew && wasFull)) {
      // Who had aged may have been heard just now.
      expect(new Set(gone)).toEqual(new Set(lab.leaving(before).filter((key) => !after.has(key))));
    }
    if (isNew && wasFull) expect(gone.length).toBeGreaterThan(0);
    const mayLearn = plain.includes(name) && !this.#down.has(name);
    const canGive = lab.leaving(before).length > 0;
    if (mayLearn && !before.has(src) && (!wasFull || canGive)) expect(isNew).toBe(true);
    this.#before = after;
  }
}

/** Nothing is bound to an uplink. */
const bindable = (name: string | null): string | null => (name !== null && uplinks.includes(name) ? plain[0]! : name);

it(`gives up whom a walk over the table finds, over random lives (MODEL_SEED=${seed} MODEL_RUNS=${numRuns})`, () => {
  let frames = 0;
  let evicted = 0;
  let walks = 0;
  const property = fc.property(lives, ({ max, whenFull, steps }) => {
    const life = new Life(max, whenFull);
    for (const step of steps) life.take(step);
    life.lab.assertCounts();
    life.lab.assertListed();
    const { table } = life.lab.network.report().switches[0]!;
    frames += life.lab.frames;
    evicted += table.evicted;
    walks += life.lab.walks;
  });
  fc.assert(property, { seed, numRuns, interruptAfterTimeLimit: 60_000 });
  console.log(`evict: ${frames} frames, ${evicted} evicted, ${walks} walks`);
  if (process.env['MODEL_RUNS'] === undefined) expect(evicted).toBeGreaterThan(5000);
});

describe('a full table costs little for each frame', () => {
  const max = 512;
  const frames = 10_000;

  interface Attack {
    readonly name: string;
    readonly whenFull?: WhenFull;
    /** Entries that are bound and never give way. */
    readonly bound?: number;
    /** Times that the core may look at the whole table. */
    readonly walks: number;
    /** Candidates that a frame may find out of date, on average. */
    readonly steps: number;
    /** Sends one frame or a few. */
    readonly strike: (lab: FullTable, round: number) => void;
  }

  const spray = (lab: FullTable, port: string, gapNs?: bigint) =>
    lab.send(port, station(10_000 + lab.frames), everybody, gapNs);
  const attacks: Attack[] = [
    { name: 'of one sprayer', walks: 1, steps: 0, strike: (lab) => spray(lab, 'h/a') },
    {
      name: 'of two sprayers in turns',
      walks: 1,
      steps: 0,
      strike: (lab, round) => spray(lab, round % 2 === 0 ? 'h/a' : 'h/b'),
    },
    {
      name: 'of a sprayer among stations that are heard again and again',
      walks: 1,
      steps: 1,
      strike: (lab, round) => {
        lab.send('h/b', station(round % (max / 2)), station((round + 1) % (max / 2)));
        if (round % 5 === 0) spray(lab, 'h/b');
      },
    },
    {
      name: 'of a sprayer who waits until all others have been heard again',
      walks: 2 + frames / max,
      steps: 1,
      strike: (lab, round) => {
        lab.send('h/b', station(round % (max - 1)), station((round + 1) % (max - 1)));
        if (round % (max - 1) === 0) spray(lab, 'h/b');
      },
    },
    {
      name: 'of a station that swings between two ports while another sprays',
      walks: 1 + frames / (max / 4),
      steps: 1,
      strike: (lab, round) => {
        lab.send(round % 2 === 0 ? 'h/a' : 'h/b', station(0), everybody);
        if (round % 4 === 0) spray(lab, 'h/c');
      },
    },
    {
      name: 'of a station that swings, and then is heard before each new one, with little room',
      bound: max - 8,
      walks: 1,
      steps: 0.5,
      strike: (lab, round) => {
        const isSwinging = round % 1000 < 36;
        lab.send(isSwinging && round % 2 === 0 ? 'h/b' : 'h/a', station(0), everybody);
        if (!isSwinging) spray(lab, 'h/a');
      },
    },
    {
      name: 'of new stations that come just as the oldest ages',
      walks: 1,
      steps: 1,
      strike: (lab) => spray(lab, 'h/a', ageNs / BigInt(max)),
    },
    {
      name: 'of the same, where the table gives nobody up',
      whenFull: 'forward',
      walks: 1,
      steps: 1,
      strike: (lab) => spray(lab, 'h/a', ageNs / BigInt(max) - 1n),
    },
    {
      name: 'of a new station when all others have aged',
      walks: 1 + frames / max,
      steps: 1,
      strike: (lab, round) => spray(lab, 'h/a', round % max === 0 ? ageNs : 1n),
    },
    {
      name: 'of a port at its limit while others age one by one',
      walks: 1,
      steps: 1,
      strike: (lab, round) => {
        lab.send('h/b', station(round % (max - 10)), everybody, ageNs / BigInt(max - 10));
        spray(lab, 'h/limited');
      },
    },
  ];

  it.each(attacks)('$name', ({ whenFull, bound = 0, walks, steps, strike }) => {
    const lab = new FullTable(max, whenFull);
    for (let n = 0; n < bound; n++) void lab.network.setStatic('h/s', 0, text(station(5000 + n)), 'h/d');
    for (let n = 0; n < max - bound; n++) lab.send('h/b', station(n), everybody, ageNs / BigInt(max));
    expect(lab.walks, 'nothing is kept before the table is full').toBe(0);
    lab.steps = 0;
    const before = lab.frames;
    for (let round = 0; lab.frames < before + frames; round++) strike(lab, round);
    lab.assertListed();
    if (process.env.DBG) console.log(lab.walks, lab.steps / frames, lab.stepsMost);
    expect(lab.walks).toBeLessThanOrEqual(walks);
    expect(lab.steps / frames).toBeLessThanOrEqual(steps);
    expect(lab.stepsMost).toBeLessThanOrEqual(17 + max / 128);
  });
});

it('has no memory for it where nothing is learned', () => {
  const planOf = (group: object) => {
    const vswitch = { macModel: 'registered', portGroups: { g: group } };
    const host = { vswitches: { s: vswitch }, vms: { vm: { portGroup: 'g' } } };
    return new Network(topologyFrom({ hosts: { h: host } })).plan.switches[0]!.eviction;
  };
  expect(planOf({})).toBeNull();
  expect(planOf({ learning: true })).not.toBeNull();
});
