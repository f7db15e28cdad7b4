/**
 * How fast are captures read? A pcapng file of 60-octet frames with flags and packet ids on eight interfaces, as ours are, in
 * memory (/dev/shm where there is one). In turns in one run: `vswitch pcap info` as a process and as a call, reading frames as
 * objects, `capinfos` with all that it tells (hashes among it), `capinfos` without hashes, and `tshark -r`, which gets
 * fewer frames and is told in frames a second like all others. A ratio is that of neighbours in time.
 *
 *     npx tsx bench/read.ts [--mib 512] [--repeats 5] [--tsharkMib 32]
 *
 * The process is that of built code where `npm run build` has made it, else through tsx, whose start takes half a second more.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCapture } from '../src/capture/read.ts';
import { survey } from '../src/capture/survey.ts';
import { enhancedPacket, interfaceDescription, sectionHeader } from '../src/capture/write.ts';
import { digits, type Figure, figure, median, print } from './line.ts';
import { wordsFor } from './node.ts';
import { options } from './options.ts';

const settings = options({ mib: 512, repeats: 5, tsharkMib: 32 }, { mib: 1, repeats: 1, tsharkMib: 1 });
const { mib, repeats, tsharkMib } = settings;
const INTERFACES = 8;
const GAP_NS = 100;
const START_NS = 1_700_000_000_000_000_000n;
const built = join(import.meta.dirname, '../dist/cli/main.js');
const isBuilt = existsSync(built);
const program = isBuilt ? [built] : wordsFor('../src/cli/main.ts');

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'vswitch-read-'));
const skipped: Record<string, string> = {};
let balanced = true;

/** Writes a capture of about so many MiB; how many frames it has. */
function make(file: string, size: number): number {
  const fd = openSync(file, 'w');
  const bytes = new Uint8Array(60);
  bytes.set(Buffer.from('0050560000020050560000010806', 'hex'));
  const block = enhancedPacket({ interfaceId: 0, timeNs: 0n, bytes, direction: 'in', packetId: 0 });
  const perMib = Math.floor(2 ** 20 / block.length);
  const chunk = Buffer.concat(Array.from({ length: perMib }, () => block));
  writeSync(fd, sectionHeader());
  for (let i = 0; i < INTERFACES; i++) writeSync(fd, interfaceDescription({ name: `esx1/p${i}` }));
  let frames = 0;
  for (let m = 0; m < size; m++) {
    for (let at = 0; at < chunk.length; at += block.length, frames++) {
      const ns = START_NS + BigInt(frames * GAP_NS);
      chunk.writeUInt32LE(frames % INTERFACES, at + 8);
      chunk.writeUInt32LE(Number(ns >> 32n), at + 12);
      chunk.writeUInt32LE(Number(ns & 0xffff_ffffn), at + 16);
      // The packet id, behind flags of 8 octets and its own head of 4.
      chunk.writeUInt32LE(frames, at + 28 + 60 + 8 + 4);
    }
    writeSync(fd, chunk);
  }
  closeSync(fd);
  return frames;
}

/** Million frames a second of a process; null, with the reason noted, where it cannot be run. */
function rateOf(
  name: string,
  frames: number,
  command: string,
  args: readonly string[],
  isRight: (said: string) => boolean,
) {
  const began = performance.now();
  const { error, status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 30,
  });
  const seconds = (performance.now() - began) / 1000;
  if (error !== undefined) {
    skipped[name] = `${command} is not installed`;
    return null;
  }
  if (status !== 0 || !isRight(stdout)) balanced = false;
  return frames / seconds / 1e6;
}

function timed(frames: number, work: () => number): number {
  const began = performance.now();
  if (work() !== frames) balanced = false;
  return frames / (performance.now() - began) / 1e3;
}

function countFrames(file: string): number {
  let n = 0;
  for (const _ of readCapture(file)) n++;
  return n;
}

const OURS = 'vswitch pcap info, process';
const CAPINFOS = 'capinfos';
const NO_HASHES = 'capinfos without hashes';
const TSHARK = 'tshark -r';

try {
  const [file, small] = [join(folder, 'read.pcapng'), join(folder, 'small.pcapng')];
  const frames = make(file, mib);
  const smallFrames = make(small, tsharkMib);
  const rates = new Map<string, number[]>();
  const note = (name: string, rate: number | null): void => {
    if (rate !== null) rates.set(name, [...(rates.get(name) ?? []), rate]);
  };
  const ours = () =>
    rateOf(OURS, frames, process.execPath, [...program, 'pcap', 'info', '--json', file], (said) =>
      said.includes(`"frames": ${frames}`),
    );
  for (let i = 0; i < repeats; i++) {
    note(OURS, ours());
    note(
      CAPINFOS,
      rateOf(CAPINFOS, frames, 'capinfos', ['-M', file], (said) => said.includes(String(frames))),
    );
    note(OURS, ours());
    // Everything that it tells but the hashes.
    const wanted = ['-M', '-tEIFkcsdluaeoyizxnD'];
    note(
      NO_HASHES,
      rateOf(NO_HASHES, frames, 'capinfos', [...wanted, file], (said) => said.includes(String(frames))),
    );
    note(OURS, ours());
    note(
      TSHARK,
      rateOf(TSHARK, smallFrames, 'tshark', ['-r', small], (said) => said.split('\n').length > smallFrames),
    );
    note(
      'survey, call',
      timed(frames, () => survey(file).frames),
    );
    note(
      'readCapture, call',
      timed(frames, () => countFrames(file)),
    );
  }
  const own = median(rates.get(OURS) ?? []);
  const figures: Figure[] = [...rates].map(([name, values]) => figure(name, 'Mframes/s', values));
  for (const [name, least] of [
    [CAPINFOS, 1],
    [NO_HASHES, 1],
    [TSHARK, 3],
  ] as const) {
    const values = rates.get(name);
    if (values === undefined) continue;
    const target = { of: 'ratio', sign: '>=', value: least } as const;
    figures.push(
      figure(`${OURS}, beside ${name}`, 'Mframes/s', rates.get(OURS)!, {
        ratio: digits(own / median(values)),
        ratioTo: name,
        target,
      }),
    );
  }
  print({
    bench: 'read',
    settings: { ...settings, program: isBuilt ? 'built' : 'tsx' },
    figures,
    balanced,
    drops: {},
    checksum: frames,
    skipped,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
