/**
 * What does a frame cost as one thing grows and all others stay? Five axes; a ratio is to the first place on its axis, of
 * neighbours in time:
 *
 *     vnics    ports of one vSwitch             the switch alone (rig.ts): 8 vNICs, 1,024 stations, 64 bytes,
 *     macs     stations behind them             but for the axis; by CPU time; a million stations: table.ts
 *     size     octets of a frame with its FCS
 *     hosts    vSwitches of one worker          8 vNICs each, every guest sends to the next one of its host as fast as it
 *     workers  threads for as many hosts as     can, and guests make and take the frames; hosts by CPU time, workers by the
 *              cores                            wall clock, frames of all together
 *
 *     npx tsx bench/scaling.ts [--axis all|vnics|macs|size|hosts|workers] [--repeats 5] [--ms 300]
 */
import { availableParallelism } from 'node:os';
import { coreModule, instantiate } from '../src/engine/core.ts';
import { Network } from '../src/engine/network.ts';
import type { Ledger } from '../src/telemetry/report.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { knownUnicast } from './known.ts';
import { digits, dropsBetween, type Figure, figure, median, print } from './line.ts';
import { isSmoke, options } from './options.ts';
import { allRunning, sleep } from './running.ts';

const settings = options({ axis: 'all', repeats: 5, ms: 300 }, { repeats: 1, ms: 10 });
const { axis, repeats, ms } = settings;
const VNICS = 8;
const STATIONS = 1024;
const SIZE = 64;
const FCS = 4;
const BURST = 64;
/** At least so many frames are in the rings of all ports together; as many as there is room for at full size. */
const PAIRS = 2048;
/** Rounds between two looks at the clock. */
const ROUNDS = 16;
const cores = availableParallelism();

/** Something that is measured again and again. */
interface Load {
  /** Million frames a second. */
  measure(forMs: number): Promise<number>;
  ledger(): Ledger;
  close(): Promise<void>;
}

/** CPU time, which others do not lengthen as much as that of the clock; µs. */
function used(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

function alone({ vnics = VNICS, macs = STATIONS, size = SIZE }): Load {
  const pairs = Math.max(PAIRS, macs, vnics);
  const { rig } = knownUnicast({
    ports: vnics,
    stations: macs,
    pairs,
    bytes: size - FCS,
    burst: BURST,
    model: 'learning',
  });
  return {
    async measure(forMs) {
      const since = process.cpuUsage();
      let moved = 0;
      do {
        for (let i = 0; i < ROUNDS; i++) moved += rig.round();
        rig.tick();
      } while (used(since) < forMs * 1000);
      return moved / used(since);
    },
    ledger: () => rig.ledger(),
    close: async () => {},
  };
}

function network(hosts: number, workers: number): Network {
  const vms = Array.from({ length: VNICS }, (_, i) => i + 1);
  const next = (vm: number): number => (vm % VNICS) + 1;
  const host = { count: hosts, vswitches: { s: { portGroups: { g: {} } } }, vms: { vm: { count: VNICS } } };
  const names = Array.from({ length: hosts }, (_, i) => `h${i + 1}`);
  const traffic = names.flatMap((name) =>
    vms.map((vm) => ({ from: `${name}/vm${vm}`, to: `${name}/vm${next(vm)}`, size: SIZE, rate: 'max' })),
  );
  return new Network(topologyFrom({ hosts: { h: host }, traffic }), { clock: 'wall', workers });
}

function ofHosts(hosts: number): Load {
  const running = network(hosts, 1);
  const core = instantiate(coreModule(), running.memory.memory);
  const worker = running.plan.workers[0]!.address;
  const began = process.hrtime.bigint();
  return {
    async measure(forMs) {
      const since = process.cpuUsage();
      const before = running.ledger().delivered;
      do core.runWall(worker, process.hrtime.bigint() - began, Math.ceil(ROUNDS / hosts));
      while (used(since) < forMs * 1000);
      return (running.ledger().delivered - before) / used(since);
    },
    ledger: () => running.ledger(),
    close: async () => {},
  };
}

/** Threads wait until it is their turn. */
async function ofWorkers(workers: number): Promise<Load> {
  const running = network(cores, workers);
  running.start();
  await allRunning(running);
  await running.pause();
  return {
    async measure(forMs) {
      running.resume();
      // The first frames of each turn find cold caches, and threads that have just been woken.
      await sleep(forMs / 10);
      const [before, from] = [running.ledger().delivered, performance.now()];
      await sleep(forMs);
      const [after, to] = [running.ledger().delivered, performance.now()];
      await running.pause();
      return (after - before) / (to - from) / 1000;
    },
    ledger: () => running.ledger(),
    close: async () => void (await running.stop()),
  };
}

interface Axis {
  readonly places: readonly number[];
  readonly unit: string;
  make(place: number): Load | Promise<Load>;
}

const powers = (most: number): number[] => Array.from({ length: Math.log2(most) + 1 }, (_, i) => 2 ** i);
const AXES: Readonly<Record<string, Axis>> = {
  vnics: { places: isSmoke ? [2, 8] : [2, 8, 32, 128, 512], unit: 'vNICs', make: (vnics) => alone({ vnics }) },
  macs: {
    places: isSmoke ? [64, 1024] : [64, 1024, 8192, 32_768],
    unit: 'stations',
    make: (macs) => alone({ macs }),
  },
  size: {
    places: isSmoke ? [64, 1518] : [64, 128, 256, 512, 1024, 1280, 1518],
    unit: 'bytes',
    make: (size) => alone({ size }),
  },
  hosts: { places: isSmoke ? [1, 2] : [1, 4, 16, 64, 256], unit: 'hosts', make: ofHosts },
  workers: { places: powers(2 ** Math.floor(Math.log2(Math.max(2, cores)))), unit: 'workers', make: ofWorkers },
};

let balanced = true;
let checksum = 0;
const drops: Record<string, number> = {};

/** In turns, so that what else the machine does touches all places. */
async function along(name: string, { places, unit, make }: Axis): Promise<Figure[]> {
  const loads: Load[] = [];
  for (const place of places) loads.push(await make(place));
  for (const load of loads) await load.measure(ms);
  const before = loads.map((load) => load.ledger());
  const turns: number[][] = [];
  for (let i = 0; i < repeats; i++) {
    const rates: number[] = [];
    for (const load of loads) rates.push(await load.measure(ms));
    turns.push(rates);
  }
  for (const [i, load] of loads.entries()) {
    const after = load.ledger();
    const lost = dropsBetween(before[i]!, after);
    for (const [verdict, n] of Object.entries(lost)) drops[verdict] = (drops[verdict] ?? 0) + n;
    balanced &&= after.balanced && Object.keys(lost).length === 0;
    checksum += places[i]!;
    await load.close();
  }
  return places.map((place, i) => {
    const ratio = digits(median(turns.map((rates) => rates[i]! / rates[0]!)));
    const more = i === 0 ? {} : { ratio, ratioTo: `${places[0]} ${unit}` };
    const rates = turns.map((each) => each[i]!);
    return figure(`${name}: ${place} ${unit}`, 'Mframes/s', rates, more);
  });
}

const wanted = Object.entries(AXES).filter(([name]) => axis === 'all' || axis === name);
if (wanted.length === 0) throw new Error(`no axis ${axis}; there are ${Object.keys(AXES).join(', ')}, all`);
const figures: Figure[] = [];
for (const [name, each] of wanted) figures.push(...(await along(name, each)));
print({ bench: 'scaling', settings, figures, balanced, drops, checksum });
