/** Captures that are compressed, that come by a pipe, and that are larger than memory should become. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Zstd } from '@hpcc-js/wasm-zstd';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureError, readCapture } from '../../src/capture/read.ts';
import { unpacked } from '../../src/capture/unpack.ts';
import { enhancedPacket, interfaceDescription, sectionHeader } from '../../src/capture/write.ts';

const FRAMES = 30_000;
const directory = mkdtempSync(path.join(tmpdir(), 'packed-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** About 3 MiB, more than the ring between the threads holds. */
const plain = Buffer.concat([
  sectionHeader(),
  interfaceDescription({ name: 'p0' }),
  ...Array.from({ length: FRAMES }, (_, i) => {
    const bytes = Buffer.alloc(60, i);
    bytes.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, 20);
    return enhancedPacket({ interfaceId: 0, timeNs: BigInt(i), bytes });
  }),
]);

let zstd: Zstd;
beforeAll(async () => {
  zstd = await Zstd.load();
});

function file(name: string, bytes: Uint8Array): string {
  const at = path.join(directory, name);
  writeFileSync(at, bytes);
  return at;
}

function times(name: string): bigint[] {
  return [...readCapture(name)].map(({ timeNs }) => timeNs);
}

const all = Array.from({ length: FRAMES }, (_, i) => BigInt(i));
const half = plain.length >> 1;
const pack: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstd.compress(bytes),
};

describe.each(Object.keys(pack))('%s', (packing) => {
  const packed = (bytes: Uint8Array): Uint8Array => pack[packing]!(bytes);

  it('is read as what it holds', () => {
    expect(times(file('whole', packed(plain)))).toEqual(all);
  });

  it('may be of several parts, one after another', () => {
    const parts = [packed(plain.subarray(0, half)), packed(new Uint8Array(0)), packed(plain.subarray(half))];
    expect(times(file('parts', Buffer.concat(parts)))).toEqual(all);
  });

  it('cut short gives the frames before the cut, then one line', () => {
    const whole = packed(plain);
    const cut = file('cut', whole.subarray(0, whole.length - 40_000));
    const problems: CaptureError[] = [];
    const frames = [...readCapture(cut, { keepGoing: true, onProblem: (problem) => problems.push(problem) })];
    expect(frames.length).toBeGreaterThan(1000);
    expect(frames.length).toBeLessThan(FRAMES);
    expect(frames.map(({ timeNs }) => timeNs)).toEqual(all.slice(0, frames.length));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]!.message).toMatch(
      new RegExp(`the ${packing} data cannot be unpacked here \\(unexpected end of file\\)`),
    );
    expect(problems[0]!.message).not.toContain('\n');
  });

  it('damaged anywhere gives frames or one line, and never hangs', () => {
    const whole = packed(plain.subarray(0, 60_000));
    for (let i = 0; i < 6; i++) {
      const damaged = Uint8Array.from(whole);
      const at = 4 + Math.floor(((whole.length - 5) * i) / 5);
      damaged[at]! ^= 0x40;
      const problems: unknown[] = [];
      for (const _ of readCapture(file('damaged', damaged), { keepGoing: true, onProblem: (it) => problems.push(it) }));
      expect(problems.every((problem) => problem instanceof CaptureError)).toBe(true);
    }
  });

  it.skipIf(process.platform !== 'linux')('is closed when who reads it stops early (seen in /proc)', async () => {
    const name = file('early', packed(plain));
    for (const { timeNs } of readCapture(name)) if (timeNs === 5n) break;
    const isOpen = (): boolean => readdirSync('/proc/self/fd').some((fd) => linkOf(fd) === name);
    for (let wait = 0; wait < 500 && isOpen(); wait++) await sleep(10);
    expect(isOpen()).toBe(false);
  });
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // closed since it was listed
  }
}

it('unpacks zstd with a skippable frame in front and a checksum behind, and finds a wrong one', () => {
  const skippable = Uint8Array.from([0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  let checked: Buffer;
  try {
    checked = execFileSync('zstd', ['-q', '--check', '-c'], { input: plain, maxBuffer: 2 ** 24 });
  } catch {
    return; // no zstd program to make one with checksum; the other tests have those without
  }
  const after = Buffer.concat([checked, skippable]);
  expect(times(file('skippable', after))).toEqual(all);
  checked[checked.length - 1]! ^= 1;
  expect(() => times(file('wrong', checked))).toThrow(/cannot be unpacked here \(a frame is damaged\)/);
});

it.skipIf(process.platform === 'win32')('is read from a FIFO, plain and compressed', async () => {
  for (const [i, bytes] of [plain, gzipSync(plain)].entries()) {
    const fifo = path.join(directory, `fifo${i}`);
    execFileSync('mkfifo', [fifo]);
    const source = file(`source${i}`, bytes);
    const feeder = spawn('sh', ['-c', `cat '${source}' > '${fifo}'`]);
    expect(times(fifo)).toEqual(all);
    await new Promise((resolve) => (feeder.exitCode === null ? feeder.once('close', resolve) : resolve(null)));
  }
});

describe('a thread that unpacks', () => {
  it('is not waited for without end where it cannot even begin', () => {
    const supply = { fd: -1, read: () => 0, close: () => {} };
    const code = new URL('data:text/javascript,throw 1');
    const unread = unpacked('gzip', gzipSync(plain), supply, { code, patienceMs: 300 });
    expect(() => unread.read(new Uint8Array(10), 0)).toThrow('the thread that unpacks gzip data does not begin');
    unread.close();
  });
});
