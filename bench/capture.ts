/**
 * What does it cost to capture everything, and how much can be captured? 64-byte frames, each once, as it enters, whole, into a
 * pcapng file in memory (/dev/shm where there is one).
 *
 * `run`: 8 VMs on the wall clock, each sending to the next one as fast as it can, one worker, without and with a capture, and then
 * as many octets of that file written again by a program that does nothing else (plain.ts). The data path does not wait for the
 * file: what does not fit is counted, and told here as a share. `core`: the switch alone, as in core.ts, with its rings emptied
 * by moving a cursor: what the encoding costs a frame. `lossless`: the highest rate at which every frame is in the file,
 * against dumpcap and tcpdump on a veth pair; what is missing on a machine is skipped by name.
 *
 * Ratios are of neighbours in time. `cores`, as taskset takes it, keeps all of it to some of the machine's.
 *
 *     npx tsx bench/capture.ts [--part run|core|lossless|all] [--repeats 5] [--seconds 1] [--warmup 0.5] [--vnics 8] [--size 64]
 *                              [--rounds 3] [--folder /dev/shm] [--cores 0,1]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaptureRequest } from '../src/topology/model.ts';
import { type Captured, run, type Workload } from './captured.ts';
import { knownUnicast } from './known.ts';
import { digits, dropsBetween, type Figure, figure, median, print, type Target } from './line.ts';
import { lossless, type Trial } from './lossless.ts';
import { wordsFor } from './node.ts';
import { options } from './options.ts';
import { Unavailable } from './peers/host.ts';
import type { Rig } from './rig.ts';
import { PROGRAMS, Veth } from './veth.ts';

const SHARED_MEMORY = '/dev/shm';
const settings = options(
  {
    part: 'all',
    repeats: 5,
    seconds: 1,
    warmup: 0.5,
    vnics: 8,
    size: 64,
    rounds: 3,
    folder: existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(),
    cores: 'any',
  },
  { repeats: 1, seconds: 0.1, warmup: 0.05, rounds: 1 },
);
const { part, repeats, seconds, warmup, vnics, size, rounds, cores } = settings;
/** Frames of the switch alone, as bench/core.ts has them. */
const CANONICAL = { ports: 8, stations: 1024, pairs: 4096, burst: 64, model: 'learning' } as const;
/** Rounds between two looks at the clock: about a millisecond. */
const ROUNDS = 64;
const atLeast = (value: number): Target => ({ of: 'ratio', sign: '>=', value });

if (cores !== 'any') spawnSync('taskset', ['-a', '-p', '-c', cores, String(process.pid)], { stdio: 'ignore' });
const folder = mkdtempSync(join(settings.folder, 'bench-capture-'));
const file = join(folder, 'own.pcapng');
const figures: Figure[] = [];
const skipped: Record<string, string> = {};
const drops: Record<string, number> = {};
let checksum = 0;
let balanced = true;

const millions = (values: readonly number[]): number[] => values.map((value) => value / 1e6);

async function measured(workload: Partial<Workload>): Promise<Captured> {
  const result = await run({ vnics, size, rate: Number.POSITIVE_INFINITY, warmup, seconds, file, ...workload });
  balanced &&= result.balanced;
  checksum += result.delivered;
  for (const [name, n] of Object.entries(result.drops)) drops[name] = (drops[name] ?? 0) + n;
  return result;
}

/** Octets a second of a program that writes so many, and nothing else. */
function plain(bytes: number): number {
  const to = join(folder, 'plain');
  const args = [...wordsFor('plain.ts'), file, to, String(bytes)];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  rmSync(to, { force: true });
  if (status !== 0) throw new Error(`plain.ts ended with ${status}`);
  return Number(stdout);
}

async function runFigures(): Promise<void> {
  const without: Captured[] = [await measured({ file: null })];
  const captured: Captured[] = [];
  const plainly: number[] = [];
  for (let i = 0; i < repeats; i++) {
    captured.push(await measured({}));
    plainly.push(plain(captured[i]!.moved));
    without.push(await measured({ file: null }));
  }
  const beside = (of: (each: Captured) => number): number =>
    digits(median(captured.map((each, i) => (2 * of(each)) / (of(without[i]!) + of(without[i + 1]!)))));
  const forwarded = (each: Captured): number => each.forwarded;
  const byCpu = (each: Captured): number => each.forwardedByCpu;
  figures.push(
    figure('forwarded, one worker', 'Mframes/s', millions(without.map(forwarded))),
    figure('forwarded, all captured', 'Mframes/s', millions(captured.map(forwarded)), {
      ratio: beside(forwarded),
      ratioTo: 'without a capture',
      target: atLeast(0.5),
    }),
  );
  if ([...without, ...captured].every((each) => Number.isFinite(byCpu(each)))) {
    figures.push(
      figure("forwarded, by the worker's CPU time", 'Mframes/s', millions(without.map(byCpu))),
      figure("forwarded, all captured, by the worker's CPU time", 'Mframes/s', millions(captured.map(byCpu)), {
        ratio: beside(byCpu),
        ratioTo: 'without a capture',
      }),
    );
  }
  const ratio = median(captured.map(({ bytes }, i) => bytes / plainly[i]!));
  figures.push(
    figure('captured', 'Mframes/s', millions(captured.map(({ frames }) => frames))),
    figure(
      'captured, but lost',
      '%',
      captured.map(({ lostShare }) => lostShare),
    ),
    figure('written', 'MB/s', millions(captured.map(({ bytes }) => bytes)), {
      ratio: digits(ratio),
      ratioTo: 'a plain write',
      target: atLeast(0.6),
    }),
    figure('a plain write of the same', 'MB/s', millions(plainly)),
  );
}

/** Ports of the rig's host. */
const ports = Array.from({ length: CANONICAL.ports }, (_, i) => `h/vm${i}`);
const whole: CaptureRequest = { file, ports, snapLength: 0 };
const variants: Readonly<Record<string, readonly CaptureRequest[]>> = {
  'not captured': [],
  'captured as it enters': [{ ...whole, direction: 'in' }],
  'captured as it leaves': [{ ...whole, direction: 'out' }],
  'captured by neither of two filters': ['arp', 'vlan 7'].map((filter, i) => ({
    ...whole,
    file: `${file}.${i}`,
    direction: 'in',
    filter,
  })),
};

/** Nanoseconds of CPU time a frame: nothing else runs in this process, and others do not lengthen it much. */
function pace(rig: Rig, forMs: number): number {
  const used = process.cpuUsage();
  const from = performance.now();
  for (let moved = 0; ; ) {
    for (let i = 0; i < ROUNDS; i++) moved += rig.round();
    rig.tick();
    if (performance.now() - from < forMs) continue;
    const { user, system } = process.cpuUsage(used);
    return ((user + system) * 1000) / moved;
  }
}

/** In turns, so that what else the machine does touches all. */
function coreFigures(): void {
  const rigs = Object.entries(variants).map(([name, captures]) => {
    const known = knownUnicast({ ...CANONICAL, bytes: size - 4, captures });
    checksum += known.checksum;
    return { name, rig: known.rig, before: known.rig.ledger(), times: [] as number[] };
  });
  const turns = 4 * repeats;
  for (let i = -1; i < turns; i++) {
    for (const { rig, times } of rigs) {
      const time = pace(rig, (seconds * 1000) / 4);
      if (i >= 0) times.push(time);
    }
  }
  const none = rigs[0]!.times;
  for (const { name, rig, before, times } of rigs) {
    const after = rig.ledger();
    balanced &&= after.balanced && Object.keys(dropsBetween(before, after)).length === 0;
    const compared = times === none ? {} : { ratioTo: 'not captured' };
    const ratio = digits(median(times.map((time, i) => time / none[i]!)));
    figures.push(
      figure(`the switch alone, ${name}`, 'ns/frame', times, { ...compared, ...(times !== none && { ratio }) }),
    );
  }
}

async function ownTrial(rate: number): Promise<Trial> {
  const { forwarded, lost } = await measured({ rate });
  return { rate: forwarded, isWhole: lost === 0 };
}

function openVeth(): Veth | null {
  try {
    return new Veth(folder);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    skipped['dumpcap and tcpdump on a veth pair'] = error.message;
    return null;
  }
}

async function losslessFigures(): Promise<void> {
  const veth = openVeth();
  try {
    const rates = new Map<string, number[]>();
    const note = (name: string, rate: number) => rates.set(name, [...(rates.get(name) ?? []), rate]);
    for (let i = 0; i < rounds; i++) {
      note('own', await lossless(ownTrial));
      rmSync(file, { force: true });
      if (veth === null) continue;
      note('carried', await veth.carried(seconds, size));
      for (const name of PROGRAMS.filter((program) => !(program in skipped))) {
        try {
          note(name, await lossless((rate) => veth.trial(name, seconds, rate, size)));
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error;
          skipped[name] = error.message;
        }
      }
    }
    const own = rates.get('own')!;
    figures.push(figure('no frame lost', 'Mframes/s', millions(own)));
    for (const [name, theirs] of [...rates].filter(([program]) => PROGRAMS.includes(program))) {
      if (theirs.some(Number.isNaN)) {
        skipped[name] = 'it loses frames at any rate here';
        continue;
      }
      const ratio = digits(median(own.map((rate, i) => rate / theirs[i]!)));
      figures.push(
        figure(`no frame lost, ${name} on a veth pair`, 'Mframes/s', millions(theirs)),
        figure(`no frame lost, beside ${name}`, 'Mframes/s', millions(own), {
          ratio,
          ratioTo: name,
          target: atLeast(5),
        }),
      );
    }
    if (rates.has('carried'))
      figures.push(figure('sent over the veth pair, nobody capturing', 'Mframes/s', millions(rates.get('carried')!)));
  } finally {
    veth?.close();
  }
}

const parts = { run: runFigures, core: coreFigures, lossless: losslessFigures };
const wanted = Object.entries(parts).filter(([name]) => part === 'all' || part === name);
if (wanted.length === 0) throw new Error(`no part ${part}; there are ${Object.keys(parts).join(', ')}, all`);
try {
  for (const [, make] of wanted) await make();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print({ bench: 'capture', settings, figures, balanced, drops, checksum, skipped });
