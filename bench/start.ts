/**
 * How long does a large network take from its description to workers that move frames? 200 hosts with 8 vNICs and 2 uplinks
 * each, 2 physical switches, 2 workers; each start in a process of its own. The description is checked, memory is planned
 * and filled, threads start and load their code (in a checkout through tsx; built code starts faster), and both enter
 * their loop. Memory planned is address space; RSS says what of it was touched, with Node's own.
 *
 *     npx tsx bench/start.ts [--hosts 200] [--vnics 8] [--workers 2] [--starts 3]
 */
import { Network } from '../src/engine/network.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { runBench } from './child.ts';
import { fleet } from './fleet.ts';
import { type Figure, figure, type Line, print } from './line.ts';
import { options } from './options.ts';
import { allRunning } from './running.ts';

const settings = options({ hosts: 200, vnics: 8, workers: 2, starts: 3 }, { hosts: 20, starts: 1 });
const { hosts, vnics, workers, starts } = settings;
const TARGET_S = 3;
const MIB = 2 ** 20;

async function start(): Promise<Omit<Line, 'machine'>> {
  const began = performance.now();
  const topology = topologyFrom(fleet({ hosts, vnics }));
  const checked = performance.now();
  const network = new Network(topology, { clock: 'wall', workers });
  const filled = performance.now();
  network.start();
  await allRunning(network);
  const running = performance.now();
  const rss = process.memoryUsage.rss();
  const { ledger, memoryBytes, switches } = await network.stop();
  return {
    bench: 'start',
    settings,
    figures: [
      figure('started, workers in their loop', 's', [(running - began) / 1000]),
      figure('  of it: topology checked', 's', [(checked - began) / 1000]),
      figure('  of it: memory planned and filled', 's', [(filled - checked) / 1000]),
      figure('  of it: threads', 's', [(running - filled) / 1000]),
      figure('memory planned', 'MiB', [memoryBytes / MIB]),
      figure('resident memory (RSS)', 'MiB', [rss / MIB]),
    ],
    balanced: ledger.balanced && switches.length === hosts + 2,
    drops: ledger.drops,
    checksum: switches.reduce((sum, { ports }) => sum + ports.length, 0),
  };
}

/** The figures of several starts, each of one measurement, as one. */
function together(lines: readonly Line[]): Figure[] {
  return lines[0]!.figures.map(({ case: name, unit }, i) => {
    const values = lines.map(({ figures }) => figures[i]!.median);
    return figure(name, unit, values, i === 0 ? { target: { of: 'median', sign: '<', value: TARGET_S } } : {});
  });
}

if (starts === 1) {
  const line = await start();
  const [first, ...others] = line.figures;
  print({ ...line, figures: [{ ...first!, target: { of: 'median', sign: '<', value: TARGET_S } }, ...others] });
} else {
  const args = Object.entries({ ...settings, starts: 1 }).flatMap(([name, value]) => [`--${name}`, value]);
  const lines = Array.from({ length: starts }, () => runBench('start.ts', ...args));
  print({ ...lines[0]!, settings, figures: together(lines), balanced: lines.every(({ balanced }) => balanced) });
}
