/**
 * How long does a large network take from its description to workers that move frames? 1,000 hosts with 8 vNICs and 2 uplinks
 * each, 20 physical switches, 2 workers, a stream from the first VM of each host; each start in a process of its own. The
 * description is checked, memory is planned and filled, threads start and load their code (in a checkout through tsx; built
 * code starts faster), and both enter their loop. Memory planned is address space; RSS says what of it was touched, with
 * Node's own, after a second of traffic.
 *
 *     npx tsx bench/start.ts [--hosts 1000] [--vnics 8] [--switches 20] [--pps 100] [--workers 2] [--starts 3]
 */
import { Network } from '../src/engine/network.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { runBench } from './child.ts';
import { fleet } from './fleet.ts';
import { type Figure, figure, type Line, print, type Target } from './line.ts';
import { isSmoke, options } from './options.ts';
import { allRunning, sleep } from './running.ts';

const settings = options(
  { hosts: 1000, vnics: 8, switches: 20, pps: 100, workers: 2, starts: 3 },
  { hosts: 20, switches: 4, starts: 1 },
);
const { hosts, vnics, switches, pps, workers, starts } = settings;
const MIB = 2 ** 20;
const TRAFFIC_MS = isSmoke ? 20 : 1000;

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly target?: Target;
}
const rows: readonly Row[] = [
  { name: 'process began to workers in their loop', unit: 's', target: { of: 'median', sign: '<', value: 5 } },
  { name: '  of it: Node and modules', unit: 's' },
  { name: '  of it: topology checked', unit: 's' },
  { name: '  of it: memory planned and filled', unit: 's' },
  { name: '  of it: threads', unit: 's' },
  { name: 'memory planned', unit: 'MiB' },
  { name: 'resident memory (RSS)', unit: 'MiB', target: { of: 'median', sign: '<', value: 3 * 1024 } },
];

async function start(): Promise<Omit<Line, 'machine'>> {
  const began = performance.now();
  const traffic = [{ from: '*/vm1', to: '*/vm2', rate: `${pps}pps` }];
  const topology = topologyFrom(fleet({ hosts, vnics, switches, traffic }));
  const checked = performance.now();
  const network = new Network(topology, { clock: 'wall', workers });
  const filled = performance.now();
  network.start();
  await allRunning(network);
  const running = performance.now();
  await sleep(TRAFFIC_MS);
  const rss = process.memoryUsage.rss();
  const { ledger, memoryBytes, switches: moved, streams } = await network.stop();
  const seconds = [running, began, checked - began, filled - checked, running - filled].map((ms) => ms / 1000);
  const values = [...seconds, memoryBytes / MIB, rss / MIB];
  return {
    bench: 'start',
    settings,
    figures: rows.map((row, i) => toFigure(row, [values[i]!])),
    balanced: ledger.balanced && moved.length === hosts + switches && streams.every(({ sent }) => sent > 0),
    drops: ledger.drops,
    checksum: moved.reduce((sum, { ports }) => sum + ports.length, 0),
  };
}

function toFigure({ name, unit, target }: Row, values: readonly number[]): Figure {
  return figure(name, unit, values, target === undefined ? {} : { target });
}

if (starts === 1) {
  print(await start());
} else {
  const args = Object.entries({ ...settings, starts: 1 }).flatMap(([name, value]) => [`--${name}`, value]);
  const lines = Array.from({ length: starts }, () => runBench('start.ts', ...args));
  const figures = rows.map((row, i) =>
    toFigure(
      row,
      lines.map(({ figures }) => figures[i]!.median),
    ),
  );
  print({ ...lines[0]!, settings, figures, balanced: lines.every(({ balanced }) => balanced) });
}
