/**
 * Does a frame cost more where there are many vNICs? Hosts with 8 vNICs each, all guests sending 64-byte frames as fast as they
 * can: seven of eight to their neighbour on the host, the eighth to the same VM of the host beside it, which does the same, by its
 * uplink and a physical switch. Guests make the frames and take them, so that buffers, rings and counters are in the figures. One worker, on the
 * wall clock and on the virtual one, moved by this thread; the sizes take turns in one process, and a ratio is that of one turn.
 *
 * A cost is CPU time over the frames that reached a guest.
 *
 *     npx tsx bench/vnics.ts [--clock both|wall|virtual] [--repeats 9] [--ms 150] [--small 16] [--middle 160] [--large 1600]
 *                            [--most 10000] [--crossing 8]
 */
import { coreModule, instantiate } from '../src/engine/core.ts';
import * as L from '../src/engine/generated/layout.ts';
import { Network } from '../src/engine/network.ts';
import { topologyFrom } from '../src/topology/load.ts';
import type { Topology } from '../src/topology/model.ts';
import { digits, type Figure, figure, median, print } from './line.ts';
import { options } from './options.ts';

const settings = options(
  { repeats: 9, ms: 150, small: 16, middle: 160, large: 1600, most: 10_000, crossing: 8, clock: 'both' },
  { repeats: 1, ms: 5, middle: 32, large: 48, most: 64 },
);
const { repeats, ms, small, middle, large, most, crossing, clock } = settings;
const VNICS = 8;
/** Hosts of a rack, with a physical switch each. */
const RACK = 10;
const TARGET = 1.5;
/** Windows in a row that are no better than the best before them. */
const SETTLED = 4;
/** Virtual time between two looks at the clock. */
const STEP_NS = 20_000n;

type Clock = 'wall' | 'virtual';

/** Within a call on the wall clock no time passes, so there a cable takes none. */
function topology(hosts: number, delay: string): Topology {
  const racks = Math.ceil(hosts / RACK);
  const rackHosts = (rack: number): number => Math.min(RACK, hosts - rack * RACK);
  const numbers = Array.from({ length: racks }, (_, rack) => rack + 1);
  const traffic = numbers.flatMap((rack) =>
    Array.from({ length: rackHosts(rack - 1) }, (_, i) => {
      const next = (i ^ 1) + 1;
      return Array.from({ length: VNICS }, (_, vm) => ({
        from: `r${rack}h${i + 1}/vm${vm + 1}`,
        to:
          (vm + 1) % crossing === 0 ? `r${rack}h${next}/vm${vm + 1}` : `r${rack}h${i + 1}/vm${((vm + 1) % VNICS) + 1}`,
        rate: 'max',
      }));
    }).flat(),
  );
  return topologyFrom({
    hosts: Object.fromEntries(
      numbers.map((rack) => [
        `r${rack}h`,
        {
          count: rackHosts(rack - 1),
          uplinks: { u: { to: `tor${rack}/{n}`, delay } },
          vswitches: { v: { portGroups: { g: {} } } },
          vms: { vm: { count: VNICS } },
        },
      ]),
    ),
    physical: { switches: Object.fromEntries(numbers.map((rack) => [`tor${rack}`, { ports: rackHosts(rack - 1) }])) },
    traffic,
  });
}

class Load {
  readonly vnics: number;
  readonly network: Network;
  readonly #run: () => void;

  constructor(vnics: number, on: Clock) {
    this.vnics = vnics;
    this.network = new Network(topology(vnics / VNICS, on === 'virtual' ? '10us' : '0ns'), { clock: on });
    if (on === 'virtual') {
      this.#run = () => void this.network.advance(this.network.nowNs + STEP_NS);
    } else {
      const core = instantiate(coreModule(), this.network.memory.memory);
      const worker = this.network.plan.workers[0]!.address;
      const began = process.hrtime.bigint();
      // Alike for all sizes between two looks at the clock: the cost of looking is not in the ratio.
      const rounds = Math.ceil((2 * most) / vnics);
      this.#run = () => void core.runWall(worker, process.hrtime.bigint() - began, rounds);
    }
  }

  /** Nanoseconds of CPU time, which others do not lengthen as much, for each frame that reached a guest. */
  cost(forMs: number): number {
    const before = this.delivered;
    const used = process.cpuUsage();
    let spent = 0;
    do {
      this.#run();
      const { user, system } = process.cpuUsage(used);
      spent = user + system;
    } while (spent < forMs * 1000);
    return (spent * 1000) / (this.delivered - before);
  }

  /** Runs until frames cost no less any more: the first of each station are flooded, and memory is touched for the first time. */
  settle(): void {
    let best = Number.POSITIVE_INFINITY;
    for (let worse = 0; worse < SETTLED; ) {
      const cost = this.cost(ms);
      worse = cost < best * 0.97 ? 0 : worse + 1;
      best = Math.min(best, cost);
    }
  }

  get delivered(): number {
    const { memory, plan } = this.network;
    let frames = 0;
    for (const { ports } of plan.switches) {
      for (const { guest } of ports) if (guest !== 0) frames += memory.count(guest + L.Guest_received);
    }
    return frames;
  }
}

const sizes = [small, middle, large, most];

function compare(on: Clock): { figures: Figure[]; loads: Load[] } {
  const loads = sizes.map((vnics) => new Load(vnics, on));
  for (const load of loads) load.settle();
  const costs = Array.from({ length: repeats }, () => loads.map((load) => load.cost(ms)));
  const figures = sizes.map((vnics, i) => {
    const values = costs.map((turn) => turn[i]!);
    const ratio = digits(median(costs.map((turn) => turn[i]! / turn[0]!)));
    const compared = i === 0 ? {} : { ratio, ratioTo: `${small} vNICs` };
    const target = i === sizes.length - 1 ? { target: { of: 'ratio', sign: '<', value: TARGET } as const } : {};
    return figure(`${on} clock, ${vnics} vNICs`, 'ns/frame', values, { ...compared, ...target });
  });
  return { figures, loads };
}

const compared = (['wall', 'virtual'] as const).filter((on) => clock === 'both' || clock === on).map(compare);
const ledgers = compared.flatMap(({ loads }) => loads.map(({ network }) => network.ledger()));
print({
  bench: 'vnics',
  settings,
  figures: compared.flatMap(({ figures }) => figures),
  balanced: ledgers.every(({ balanced }) => balanced),
  drops: Object.assign({}, ...ledgers.map(({ drops }) => drops)),
  checksum: compared.reduce((sum, { loads }) => sum + loads.reduce((all, { vnics }) => all + vnics, 0), 0),
});
