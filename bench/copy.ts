/**
 * What is left of the rate when guests copy? Eight guests write every frame into a buffer of the switch's pool and read every
 * frame out of it (64 bytes), or write only (1514 bytes); beside them the C limit (peers/calib.c) without a copy, with the same
 * copies, and with one into a slab of the receiver, in turns in one run. A ratio is that of neighbours in time.
 *
 * Ours takes a buffer for each frame and gives it back; the limit's frames stay where they are, or go round in slabs.
 *
 *     npx tsx bench/copy.ts [--repeats 9] [--seconds 0.3] [--macs 1024] [--pairs 4096] [--ports 8] [--burst 64]
 *                           [--copies 1|2 --size 64]   ours alone, for peers.ts: one copy, or one in and one out
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Guests } from './guests.ts';
import { digits, dropsBetween, type Figure, figure, median, print, type Target } from './line.ts';
import { options } from './options.ts';

const settings = options(
  { repeats: 9, seconds: 0.3, macs: 1024, pairs: 4096, ports: 8, burst: 64, copies: 0, size: 64 },
  { repeats: 1, seconds: 0.03 },
);
const { repeats, seconds, macs, pairs, ports, burst, copies, size } = settings;
const SHORT = 64;
const LONG = 1514; // 1518 with FCS

const LIMIT_BURST = 32;
const ROUNDS = 16;

const skipped: Record<string, string> = {};
const folder = mkdtempSync(join(tmpdir(), 'bench-copy-'));

function compile(): string | null {
  const to = join(folder, 'calib');
  const source = join(import.meta.dirname, 'peers', 'calib.c');
  const { error, status } = spawnSync('gcc', ['-O3', '-march=native', source, '-o', to], { stdio: 'ignore' });
  if (error === undefined && status === 0) return to;
  skipped['limit'] = error === undefined ? 'gcc does not compile calib.c' : 'gcc is not installed';
  return null;
}

/** Million frames a second of CPU time: others want the core, too. */
function limit(program: string, len: number, copy: number): number {
  const args = { macs, pairs, ports, burst: LIMIT_BURST, len, copy, secs: seconds };
  const { stdout, status } = spawnSync(
    program,
    Object.entries(args).map(([name, value]) => `${name}=${value}`),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`calib ended with ${status}`);
  return Number(stdout.split(' ')[1]);
}

let moved = 0;

/** Million frames a second, of the wall clock and of CPU time. */
function ours(guests: Guests, forSeconds: number): { wall: number; cpu: number } {
  const from = performance.now();
  const used = process.cpuUsage();
  const until = performance.now() + forSeconds * 1000;
  let taken = 0;
  do {
    for (let i = 0; i < ROUNDS; i++) taken += guests.round();
    guests.tick();
  } while (performance.now() < until);
  moved += taken;
  const { user, system } = process.cpuUsage(used);
  return { wall: taken / (performance.now() - from) / 1000, cpu: taken / (user + system) };
}

interface Case {
  readonly name: string;
  readonly guests: Guests;
  readonly bytes: number;
  /** Of calib: the limits that ours is set against, and what is asked of the ratio. */
  readonly limits: readonly { readonly name: string; readonly copy: number; readonly target?: Target }[];
}

const mix = { ports, stations: macs, pairs, burst };
const alone: readonly Case[] =
  copies === 0
    ? []
    : [{ name: 'ours', guests: new Guests({ ...mix, bytes: size, reads: copies === 2 }), bytes: size, limits: [] }];
const both = (): readonly Case[] => [
  {
    name: `${SHORT} bytes, a copy in and a copy out`,
    guests: new Guests({ ...mix, bytes: SHORT, reads: true }),
    bytes: SHORT,
    limits: [
      { name: 'limit without a copy', copy: 0, target: { of: 'ratio', sign: '>=', value: 0.45 } },
      { name: 'limit with both', copy: 2 },
    ],
  },
  {
    name: `${LONG} bytes, one copy`,
    guests: new Guests({ ...mix, bytes: LONG, reads: false }),
    bytes: LONG,
    limits: [{ name: 'limit with one', copy: 1, target: { of: 'ratio', sign: '>=', value: 0.9 } }],
  },
];

const cases = copies === 0 ? both() : alone;
const figures: Figure[] = [];
const ledgers = cases.map(({ guests }) => guests.ledger());
try {
  const program = copies === 0 ? compile() : null;
  for (const { name, guests, bytes, limits } of cases) {
    ours(guests, seconds);
    const rates: number[] = [];
    const walls: number[] = [];
    const beside = limits.map((): number[] => []);
    for (let i = 0; i < repeats; i++) {
      const { wall, cpu } = ours(guests, seconds);
      rates.push(cpu);
      walls.push(wall);
      for (const [k, { copy }] of limits.entries()) if (program !== null) beside[k]!.push(limit(program, bytes, copy));
    }
    if (copies !== 0) figures.push(figure(name, 'Mframes/s', walls));
    figures.push(figure(`${name}, by CPU time`, 'Mframes/s', rates));
    if (program === null) continue;
    for (const [k, { name: ratioTo, target }] of limits.entries()) {
      const ratio = digits(median(rates.map((rate, i) => rate / beside[k]![i]!)));
      figures.push(figure(`${name}: ${ratioTo}`, 'Mframes/s', beside[k]!));
      figures.push(
        figure(`${name}, beside ${ratioTo}`, 'Mframes/s', rates, { ratio, ratioTo, ...(target && { target }) }),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const after = cases.map(({ guests }) => guests.ledger());
const drops = Object.assign({}, ...after.map((ledger, i) => dropsBetween(ledgers[i]!, ledger)));
const delivered = after.reduce((sum, ledger, i) => sum + ledger.delivered - ledgers[i]!.delivered, 0);
print({
  bench: 'copy',
  settings,
  figures,
  balanced: after.every(({ balanced }) => balanced) && delivered === moved && Object.keys(drops).length === 0,
  drops,
  checksum: `${cases.length} cases, every frame taken`,
  skipped,
});
