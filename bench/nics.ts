/**
 * How often do guest and hypervisor have to disturb each other for a frame, with each network card? Guest a sends 64-byte frames to guest
 * b, both with the same card, at 10, 50 and 100 % load, and the drivers gather 1, 8, 32 or 256 frames before they ring.
 *
 *     npx tsx bench/nics.ts [--turns 2000] [--size 64] [--out bench/results] [--cost table.json]
 *
 * Guests and hypervisor take turns; at 100 % a guest sends 256 frames in its turn, which is 10 Gbit/s of 64-byte frames when a turn
 * is 17.2 us. Counts follow from the turns alone and are the same in every run. `emulator CPU` is what this emulator took, measured: it
 * is no card's time. Nothing is modelled, unless --cost names a file such as {"trapNs": 1000, "interruptNs": 500, "byteNs": 0.1, "source":
 * "…"}: then a column of its own says what the counts would cost by that table, which is never added to anything measured.
 *
 * Writes nics.json and nics.svg.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coreModule, instantiate } from '../src/engine/core.ts';
import { Network } from '../src/engine/network.ts';
import type { NicReport } from '../src/telemetry/nic.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { digits } from './line.ts';
import { machine } from './machine.ts';
import { picture } from './nics-picture.ts';
import { options } from './options.ts';

export interface Point {
  readonly card: string;
  readonly load: number;
  readonly batch: number;
  /** By frame, both ends together. */
  readonly traps: number;
  readonly doorbells: number;
  readonly interrupts: number;
  readonly copies: number;
  readonly trapsPerMegabyte: number;
  readonly emulatorCpuNs: number;
  /** By the table of --cost. */
  readonly modelledNs?: number;
}

interface Cost {
  readonly trapNs: number;
  readonly interruptNs: number;
  readonly byteNs: number;
  readonly source: string;
}

const settings = options({ turns: 2000, size: 64, out: join('bench', 'results'), cost: '' }, { turns: 20 });
const FRAMES_A_TURN = 256;
const LOADS = [10, 50, 100];
const BATCHES = [1, 8, 32, 256];
const TURN_NS = 17_200;
const RING = 512;
/** Turns before counting begins. */
const WARM_UP = 10;

const CARDS: Readonly<Record<string, (batch: number) => object>> = {
  lance: () => ({ lance: { ring: RING } }),
  e1000: (batch) => ({ e1000: { ring: RING, batch } }),
  'virtio, none': (batch) => ({ virtio: { ring: RING, batch, suppress: 'none' } }),
  'virtio, flags': (batch) => ({ virtio: { ring: RING, batch, suppress: 'flags' } }),
  'virtio, event-idx': (batch) => ({ virtio: { ring: RING, batch } }),
  vmxnet3: (batch) => ({ vmxnet3: { ring: RING, txThreshold: batch } }),
};

function costOf(file: string): Cost | null {
  if (file === '') return null;
  const { trapNs, interruptNs, byteNs, source } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Cost>;
  if (![trapNs, interruptNs, byteNs].every((ns) => typeof ns === 'number' && ns >= 0) || typeof source !== 'string')
    throw new Error(`${file}: a cost table has trapNs, interruptNs and byteNs, numbers from 0, and source, a text`);
  return { trapNs: trapNs!, interruptNs: interruptNs!, byteNs: byteNs!, source };
}

function measure(card: string, load: number, batch: number, cost: Cost | null): Point {
  const nic = CARDS[card]!(batch);
  const rate = Math.round((FRAMES_A_TURN * load) / 100 / (TURN_NS / 1e9));
  const network = new Network(
    topologyFrom({
      hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { a: { nic }, b: { nic } } } },
      traffic: [{ from: 'h/a', to: 'h/b', size: settings.size, rate: `${rate}pps` }],
    }),
    { clock: 'wall', burst: FRAMES_A_TURN, ringEntries: 1024 },
  );
  const core = instantiate(coreModule(), network.memory.memory);
  const worker = network.plan.workers[0]!.address;
  let now = 0;
  const run = (turns: number): void => {
    for (let i = 0; i < turns; i++) {
      now += TURN_NS;
      core.runWall(worker, BigInt(now), 1);
    }
  };
  const sum = (of: (nic: NicReport) => number): number => network.ports().reduce((all, port) => all + of(port.nic!), 0);
  run(WARM_UP);
  const counts = () => ({
    frames: sum(({ rxFrames }) => rxFrames),
    traps: sum(({ traps }) => traps),
    doorbells: sum(({ doorbells }) => doorbells),
    interrupts: sum(({ interrupts }) => interrupts),
    copies: sum(({ copies }) => copies),
    bytes: sum(({ bytesCopied }) => bytesCopied),
  });
  const before = counts();
  const used = process.cpuUsage();
  run(settings.turns);
  const { user, system } = process.cpuUsage(used);
  const after = counts();
  if (sum(({ missedWakeups }) => missedWakeups) !== 0) throw new Error(`${card}: a wake-up was missed`);
  if (!network.ledger().balanced) throw new Error(`${card}: the ledger does not balance`);
  const frames = after.frames - before.frames;
  const per = (of: keyof typeof after, units = frames): number => digits((after[of] - before[of]) / units);
  const modelled =
    cost === null
      ? null
      : per('traps') * cost.trapNs + per('interrupts') * cost.interruptNs + per('bytes') * cost.byteNs;
  return {
    card,
    load,
    batch,
    traps: per('traps'),
    doorbells: per('doorbells'),
    interrupts: per('interrupts'),
    copies: per('copies'),
    trapsPerMegabyte: per('traps', (after.bytes - before.bytes) / 1e6),
    emulatorCpuNs: digits(((user + system) * 1000) / frames),
    ...(modelled !== null && { modelledNs: digits(modelled) }),
  };
}

const cost = costOf(settings.cost);
const points: Point[] = [];
for (const card of Object.keys(CARDS))
  for (const load of LOADS) for (const batch of BATCHES) points.push(measure(card, load, batch, cost));

const about = `Counted: traps, doorbells, interrupts and copies for each ${settings.size}-byte frame from guest to guest, at both ends; guests and hypervisor take turns, and at 100 % a guest sends ${FRAMES_A_TURN} frames in its turn. Measured: emulator CPU, which is no card's time. Modelled: ${cost === null ? 'nothing' : `modelledNs alone, by the table of ${cost.source}`}.`;
const title = ['card', 'load', 'batch', 'traps', 'doorbells', 'interrupts', 'copies', 'traps/MB', 'emulator CPU ns'];
const rows = points.map((p) => [
  p.card,
  `${p.load} %`,
  p.batch,
  p.traps,
  p.doorbells,
  p.interrupts,
  p.copies,
  p.trapsPerMegabyte,
  p.emulatorCpuNs,
  ...(p.modelledNs === undefined ? [] : [p.modelledNs]),
]);
const head = cost === null ? title : [...title, 'ns, modelled, not measured'];
for (const row of [head, ...rows])
  console.log(
    row
      .map((cell, i) => String(cell).padEnd(i === 0 ? 20 : 11))
      .join('')
      .trimEnd(),
  );
console.log(`\n${about}`);
mkdirSync(settings.out, { recursive: true });
writeFileSync(
  join(settings.out, 'nics.json'),
  `${JSON.stringify({ bench: 'nics', about, settings, machine: machine(), points }, null, 2)}\n`,
);
writeFileSync(join(settings.out, 'nics.svg'), picture(points, about));
