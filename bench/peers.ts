/**
 * How far is the switch from what one core can do, and from Open vSwitch with DPDK? The same traffic through each, in turns
 * in one run: limit, ours, OVS, limit, ours, OVS, … limit. A ratio is that of neighbours in time, so that what else the
 * machine does meanwhile touches both; see peers/README.md for what each does and how the ratios are to be read.
 *
 *     npx tsx bench/peers.ts [--repeats 5] [--seconds 1] [--macs 1024] [--pairs 4096] [--ports 8] [--core 1]
 *
 * `core` is where OVS polls. What cannot be measured here is skipped with the reason.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runBench } from './child.ts';
import { digits, type Figure, figure, type Line, median, print } from './line.ts';
import { options } from './options.ts';

const settings = options(
  { repeats: 5, seconds: 1, macs: 1024, pairs: 4096, ports: 8, core: Math.min(1, cpus().length - 1) },
  { repeats: 1, seconds: 0.05 },
);
const { repeats, seconds, macs, pairs, ports, core } = settings;
const LIMIT_BURST = 32;
const SIZE = 64;
const PEERS = join(import.meta.dirname, 'peers');

/** Million frames a second; `cpu` of CPU time, where it can be told. */
interface Rate {
  readonly wall: number;
  readonly cpu: number;
}

interface Ovs {
  measure(): Promise<number>;
  close(): void;
}

const skipped: Record<string, string> = {};

/** Compiles a C file of peers/ into a folder; null, with the reason noted, when that does not work. */
function compile(name: string, into: string): string | null {
  const to = join(into, name);
  const { error, status } = spawnSync('gcc', ['-O3', '-march=native', join(PEERS, `${name}.c`), '-o', to], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error === undefined && status === 0) return to;
  skipped[name] = error === undefined ? `gcc does not compile ${name}.c` : 'gcc is not installed';
  return null;
}

function limit(program: string): Rate {
  const args = { macs, pairs, ports, burst: LIMIT_BURST, len: SIZE, secs: seconds };
  const { stdout, status } = spawnSync(
    program,
    Object.entries(args).map(([name, value]) => `${name}=${value}`),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`calib ended with ${status}`);
  const [wall, cpu] = stdout.split(' ').map(Number);
  return { wall: wall!, cpu: cpu! };
}

/** Starts OVS on the canonical frames; null, with the reason noted, when it is not to be had. */
async function startOvs(folder: string): Promise<Ovs | null> {
  const generator = compile('gen', folder);
  if (generator === null) {
    skipped['ovs'] = `its frames cannot be made: ${skipped['gen']}`;
    return null;
  }
  spawnSync(generator, [folder, ...[ports, macs, pairs, SIZE].map(String)], { stdio: 'inherit' });
  const shell = spawn(join(PEERS, 'ovs.sh'), [folder, String(ports), String(core)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<string>((resolve) => {
    shell.once('error', ({ message }) => resolve(`skip ${message}`));
    shell.once('close', () => resolve('skip ovs.sh ended'));
  });
  // The script may have gone when it is asked.
  shell.stdin.on('error', () => {});
  const answers = createInterface(shell.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await answers.next();
    return done ? ended : value;
  };
  const first = await answer();
  if (first !== 'ready') {
    skipped['ovs'] = first.replace(/^skip /, '');
    return null;
  }
  return {
    measure: async () => {
      shell.stdin.write(`${seconds}\n`);
      const text = await answer();
      const rate = Number(text);
      if (!(rate > 0)) throw new Error(`ovs.sh answers ${text}, not frames a second`);
      return rate;
    },
    close: () => shell.stdin.end(),
  };
}

function ours(): { line: Line; rate: Rate } {
  const args = Object.entries({ seconds, macs, pairs, ports, size: SIZE }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  const line = runBench('core.ts', ...args);
  return { line, rate: { wall: line.figures[0]!.median, cpu: line.figures[1]!.median } };
}

/** Ours to the C limit. */
const TARGET_RATIO = 0.5;

/** One row by the wall clock and one by CPU time, each with its ratio to the limit's neighbours. */
function rows(name: string, rates: readonly Rate[], limits: readonly Rate[]): Figure[] {
  return (['wall', 'cpu'] as const).map((clock) => {
    const ratios = rates.map((rate, i) => (2 * rate[clock]) / (limits[i]![clock] + limits[i + 1]![clock]));
    const title = clock === 'wall' ? name : `${name}, by CPU time`;
    const values = rates.map((rate) => rate[clock]);
    const target =
      name === 'ours' && clock === 'wall' ? { target: { of: 'ratio', sign: '>=', value: TARGET_RATIO } as const } : {};
    return figure(title, 'Mframes/s', values, { ratio: digits(median(ratios)), ratioTo: 'limit', ...target });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'bench-peers-'));
const lines: Line[] = [];
const own: Rate[] = [];
const limits: Rate[] = [];
const ovs: number[] = [];
let switching: Ovs | null = null;
try {
  const calib = compile('calib', folder);
  switching = await startOvs(folder);
  for (let i = 0; i < repeats; i++) {
    if (calib !== null) limits.push(limit(calib));
    const { line, rate } = ours();
    lines.push(line);
    own.push(rate);
    if (switching !== null) ovs.push(await switching.measure());
  }
  if (calib !== null) limits.push(limit(calib));
} finally {
  switching?.close();
  rmSync(folder, { recursive: true, force: true });
}

const figures: Figure[] = [];
const walls = own.map(({ wall }) => wall);
if (limits.length > 0) {
  figures.push(...rows('ours', own, limits));
  figures.push(
    figure(
      'limit: C, nothing but switching',
      'Mframes/s',
      limits.map(({ wall }) => wall),
    ),
  );
  figures.push(
    figure(
      'limit, by CPU time',
      'Mframes/s',
      limits.map(({ cpu }) => cpu),
    ),
  );
} else {
  figures.push(figure('ours', 'Mframes/s', walls));
}
if (ovs.length > 0) {
  const ratio = digits(median(walls.map((wall, i) => wall / ovs[i]!)));
  figures.push(figure('OVS-DPDK', 'Mframes/s', ovs));
  figures.push(figure('ours, beside OVS-DPDK', 'Mframes/s', walls, { ratio, ratioTo: 'OVS-DPDK' }));
}
print({
  bench: 'peers',
  settings,
  figures,
  balanced: lines.every(({ balanced, checksum }) => balanced && checksum === lines[0]!.checksum),
  drops: Object.assign({}, ...lines.map(({ drops }) => drops)),
  checksum: lines[0]!.checksum,
  skipped,
});
