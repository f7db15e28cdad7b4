/** Captures with bounds, compressed, and into pipes: what is in the files, to the frame, and that other tools read them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Zstd } from '@hpcc-js/wasm-zstd';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/frame.ts';
import { readCaptureBytes } from '../../src/capture/read.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { CaptureReport } from '../../src/telemetry/report.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { tsharkMissing } from '../capture/tshark.ts';
import { BUILT } from '../program.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-sinks-'));
afterAll(() => rmSync(folder, { recursive: true }));
const zstd = await Zstd.load();
const END_NS = 5_000_000n;
const named = (name: string, missing: string | null) => (missing === null ? name : `${name} (skipped: ${missing})`);

/** Two hosts over a switch; 100 frames each way, of two lengths. */
const lab = (captures: object[]): unknown => ({
  name: 'sinks',
  hosts: {
    h: {
      count: 2,
      uplinks: { u: { to: 'tor/{n}', rate: '10G', delay: '1us' } },
      vswitches: { v: { portGroups: { pg: { vlan: 10 } } } },
      vms: { a: { ip: '10.0.0.{n}/24' } },
    },
  },
  physical: { switches: { tor: { ports: 2 } } },
  traffic: [
    { from: 'h1/a', to: 'h2/a', rate: '100kpps', count: 100, size: 512 },
    { from: 'h2/a', to: 'h1/a', rate: '50kpps', count: 100, size: 64 },
  ],
  captures,
});

let runs = 0;

/** A run with a capture of these properties beside a plain one of the same ports; a folder of its own. */
async function run(file: string, more: object, options: NetworkOptions = {}) {
  const path = join(folder, String(++runs));
  execFileSync('mkdir', [path]);
  const ports = ['h1/*', 'tor/*'];
  const captures = [
    { file: join(path, file), ports, ...more },
    { file: join(path, 'whole.pcapng'), ports },
  ];
  const network = new Network(topologyFrom(lab(captures)), options);
  if (options.inline === false) await network.start();
  await network.runUntil(END_NS);
  const { captures: told, ledger } = await network.stop();
  expect(ledger.balanced).toBe(true);
  const files = readdirSync(path).filter((name) => name !== 'whole.pcapng');
  return { path, told: told[0]!, files: files.sort(), whole: framesOf(join(path, 'whole.pcapng')) };
}

function unpacked(file: string): Buffer {
  const bytes = readFileSync(file);
  if (file.endsWith('.gz')) return gunzipSync(bytes);
  return file.endsWith('.zst') ? Buffer.concat(zstdFrames(bytes)) : bytes;
}

/** The library takes one frame at a time. */
function zstdFrames(bytes: Buffer): Uint8Array[] {
  const starts: number[] = [];
  const magic = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 4)) starts.push(at);
  return starts.map((start, i) => Uint8Array.from(zstd.decompress(bytes.subarray(start, starts[i + 1]))));
}

const framesOf = (file: string): CapturedFrame[] => [...readCaptureBytes(file, unpacked(file))];
const key = ({ timeNs, bytes, direction, packetId }: CapturedFrame) =>
  `${timeNs} ${direction} ${packetId} ${Buffer.from(bytes).toString('hex')}`;
const total = ({ path, files }: { path: string; files: string[] }) =>
  files.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);

/** What capinfos and tshark have to say against a file; empty for a good one. */
function complaints(file: string): string {
  const { status, stderr } = spawnSync(
    'tshark',
    ['-n', '-r', file, '-Y', '_ws.malformed || _ws.expert.severity == 8388608'],
    {
      encoding: 'utf8',
    },
  );
  const said = stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Running as user'))
    .join('\n');
  return status === 0 ? said : `${status}: ${said}`;
}

const SHAPES: readonly [file: string, options: NetworkOptions][] = [
  'all.pcapng',
  'all.pcap',
  'all.pcapng.gz',
  'all.pcapng.zst',
  'all.pcap.zst',
].flatMap((file) => [
  [file, {}] as [string, NetworkOptions],
  [file, { inline: false, workers: 2 }] as [string, NetworkOptions],
]);

describe('a capture that begins new files', () => {
  it.each(SHAPES)('%s %j by frames has exactly as many in each', async (file, options) => {
    const { files, path, told, whole } = await run(file, { rotate: { frames: 70 } }, options);
    const parts = files.map((name) => framesOf(join(path, name)));
    expect(files.map((name) => name.slice(0, 9))).toEqual(files.map((_, i) => `all_${String(i + 1).padStart(5, '0')}`));
    expect(parts.slice(0, -1).every(({ length }) => length === 70)).toBe(true);
    expect(parts.at(-1)!.length).toBeGreaterThan(0);
    expect(parts.flat().map(({ timeNs }) => timeNs)).toEqual(whole.map(({ timeNs }) => timeNs));
    expect(told).toMatchObject({ frames: whole.length, lost: 0, failure: null, bytes: total({ path, files }) });
    expect(told.files).toEqual(files.map((name) => join(path, name)));
  });

  it('by size never has more in a file, and nothing is missing or twice', async () => {
    const sizes = fc.integer({ min: 1, max: 30_000 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom('all.pcapng', 'all.pcap.gz'), async (size, file) => {
        const { files, path, whole } = await run(file, { rotate: { size } });
        const parts = files.map((name) => ({
          frames: framesOf(join(path, name)),
          bytes: unpacked(join(path, name)).length,
        }));
        for (const { frames, bytes } of parts) expect(frames.length === 1 || bytes <= size).toBe(true);
        const keyed = (frames: CapturedFrame[]) =>
          frames.map(({ timeNs, bytes }) => `${timeNs} ${Buffer.from(bytes).toString('hex')}`);
        expect(keyed(parts.flatMap(({ frames }) => frames))).toEqual(keyed(whole));
      }),
      { numRuns: 12 },
    );
  });

  it('by time has whole periods of the clock of the run', async () => {
    const { files, path, whole } = await run('all.pcapng', { rotate: { every: '300us' } });
    const parts = files.map((name) => framesOf(join(path, name)));
    const period = ({ timeNs }: CapturedFrame) => timeNs / 300_000n;
    for (const part of parts) expect(new Set(part.map(period)).size).toBe(1);
    expect(parts.length).toBe(new Set(whole.map(period)).size);
    expect(parts.flat().map(key)).toEqual(whole.map(key));
  });

  it('keeps the latest files only', async () => {
    const { files, path, told, whole } = await run('all.pcapng', { rotate: { frames: 100, keep: 2 } });
    const all = Math.ceil(whole.length / 100);
    expect(files).toEqual([all - 1, all].map((n) => `all_${String(n).padStart(5, '0')}.pcapng`));
    expect(files.flatMap((name) => framesOf(join(path, name))).map(key)).toEqual(whole.slice((all - 2) * 100).map(key));
    expect(told).toMatchObject({ frames: whole.length, bytes: total({ path, files }) });
  });

  it('makes the same files at every run and for any number of workers', async () => {
    const rotate = { rotate: { size: '20kB', every: '1ms' } };
    for (const file of ['all.pcapng', 'all.pcapng.gz', 'all.pcapng.zst']) {
      const made = [];
      for (const options of [{}, { inline: false }, { inline: false, workers: 3 }]) {
        const { path, files } = await run(file, rotate, options);
        made.push(files.map((name) => [name, unpacked(join(path, name)).toString('base64')]));
      }
      // The last file ends with the counters of the run, all others with their own.
      expect(made[1]).toEqual(made[0]);
      expect(made[2]).toEqual(made[0]);
    }
  });
});

describe('a capture with a limit', () => {
  it.each([
    [{ limit: { frames: 150 } }, 'all.pcapng.zst'],
    [{ rotate: { frames: 150 } }, 'all_00001.pcapng.zst'],
  ])('%j is compressed in this thread, too', async (more, first) => {
    // The library stays loaded in a thread, so this is asked of one that begins.
    const path = join(folder, String(++runs));
    execFileSync('mkdir', [path]);
    const of = (file: string): string => pathToFileURL(join(BUILT.src, file)).href;
    const script = `
      import { Network } from ${JSON.stringify(of('engine/network.js'))};
      import { topologyFrom } from ${JSON.stringify(of('topology/load.js'))};
      const network = new Network(topologyFrom(${JSON.stringify(lab([{ file: join(path, 'all.pcapng.zst'), ports: ['h1/*', 'tor/*'], ...more }]))}));
      await network.runUntil(${END_NS}n);
      await network.stop();`;
    execFileSync(process.execPath, ['--input-type=module', '-e', script]);
    const file = join(path, first);
    expect(statSync(file).size).toBeLessThan(unpacked(file).length / 3);
  });

  it.each(SHAPES)('%s %j ends after so many frames, and the run goes on', async (file, options) => {
    const { files, path, told, whole } = await run(file, { limit: { frames: 33 } }, options);
    expect(files).toEqual([file]);
    expect(framesOf(join(path, file)).map(({ timeNs }) => timeNs)).toEqual(
      whole.slice(0, 33).map(({ timeNs }) => timeNs),
    );
    expect(told).toMatchObject({ frames: 33, failure: null, bytes: total({ path, files }) });
  });

  it('of bytes never has more, over all of its files', async () => {
    for (const [size, more] of [
      [5000, {}],
      [20_000, { rotate: { frames: 20 } }],
    ] as const) {
      const made = await run('all.pcapng', { limit: { size }, ...more });
      expect(total(made)).toBeLessThanOrEqual(size);
      expect(total(made)).toBeGreaterThan(size - 1500);
      const frames = made.files.flatMap((name) => framesOf(join(made.path, name)));
      expect(frames.map(key)).toEqual(made.whole.slice(0, frames.length).map(key));
    }
  });

  it('of time has what came before it', async () => {
    const { path, whole } = await run('all.pcapng', { limit: { after: '700us' } });
    const kept = whole.filter(({ timeNs }) => timeNs < 700_000n);
    expect(kept.length).toBeGreaterThan(10);
    expect(framesOf(join(path, 'all.pcapng')).map(key)).toEqual(kept.map(key));
  });
});

describe.skipIf(tsharkMissing)(named('what other tools say', tsharkMissing), () => {
  it.each(['all.pcapng', 'all.pcap', 'all.pcapng.gz', 'all.pcap.gz', 'all.pcapng.zst'])(
    'of every file of %s is nothing',
    async (file) => {
      for (const more of [{}, { rotate: { frames: 300, size: '100kB' } }, { limit: { size: '10kB' } }]) {
        const { path, files } = await run(file, more, { inline: false });
        for (const name of files) expect(complaints(join(path, name)), name).toBe('');
      }
    },
  );

  it('finds statistics for every interface at the end of every file', async () => {
    const { path, files } = await run('all.pcapng', { rotate: { frames: 100 } });
    for (const name of files) {
      const said = execFileSync('capinfos', [join(path, name)], { encoding: 'utf8' });
      expect(said.match(/Number of stat entries = 1/g)).toHaveLength(6);
    }
  });
});

describe('a compressed capture', () => {
  it.each(['gz', 'zst'])('as %s is what the plain one is, and smaller', async (ending) => {
    for (const options of [{}, { inline: false }]) {
      const { path, told } = await run(`all.pcapng.${ending}`, {}, options);
      const [plain, packed] = [readFileSync(join(path, 'whole.pcapng')), join(path, `all.pcapng.${ending}`)];
      expect(unpacked(packed).equals(plain)).toBe(true);
      expect(statSync(packed).size * 3).toBeLessThan(plain.length);
      expect(told.bytes).toBe(statSync(packed).size);
    }
  });

  it('is read by the programs of its format', async () => {
    for (const [ending, program] of [
      ['gz', 'gzip'],
      ['zst', 'zstd'],
    ] as const) {
      const { path } = await run(`all.pcapng.${ending}`, {});
      const { status, error } = spawnSync(program, ['-t', join(path, `all.pcapng.${ending}`)]);
      if (error === undefined) expect(status, program).toBe(0);
    }
  });
});

describe('what cannot be called back', () => {
  it.each([
    ['all.pcapng.gz', {}, 'is compressed'],
    ['all.pcapng', { rotate: { frames: 3 } }, 'has bounds'],
    ['all.pcapng', { limit: { frames: 3 } }, 'has bounds'],
  ])('is refused by name: %s %j', async (name, more, what) => {
    const file = join(folder, `back-${name}`);
    const network = new Network(topologyFrom(lab([{ file, ports: ['h1/a'], ...more }])), { history: {} });
    network.advance(2_000_000n);
    expect(() => network.rewindTo(1_000_000n)).toThrow(
      `${file} ${what}, and what has gone there cannot be called back; capture to a file`,
    );
    await network.stop();
  });

  it('goes on in new files in a network from a snapshot, with bounds of their own', async () => {
    const [was, is] = ['was.pcapng.gz', 'is.pcapng.gz'].map((name) => join(folder, name)) as [string, string];
    const network = new Network(topologyFrom(lab([{ file: was, ports: ['h1/a'], limit: { frames: 10 } }])));
    network.advance(1_500_000n);
    const snapshot = await network.snapshot();
    const other = Network.from(snapshot, { captureAs: { [was]: is } });
    for (const each of [network, other]) {
      each.advance(END_NS);
      await each.stop();
    }
    const [before, after] = [framesOf(was), framesOf(is)];
    expect([before.length, after.length]).toEqual([10, 10]);
    expect(after[0]!.timeNs).toBeGreaterThanOrEqual(1_500_000n);
    expect(() => Network.from(snapshot, { captureAs: { [was]: join(folder, 'x.pcapng') } })).toThrow(
      'cannot go on in another format',
    );
  });
});

const reportOf = (network: Network): Promise<CaptureReport> => network.stop().then(({ captures }) => captures[0]!);

describe('a directory that is removed', () => {
  it('ends a capture with its last file, and the run goes on', async () => {
    for (const [file, line] of [
      ['all.pcapng', /all\.pcapng: the file has been removed; nothing of the capture is left$/],
      ['all.pcapng.gz', /all\.pcapng\.gz: the file has been removed; nothing of the capture is left$/],
    ] as const) {
      const path = mkdtempSync(join(folder, 'gone-'));
      const network = new Network(topologyFrom(lab([{ file: join(path, file) }])));
      network.advance(1_000_000n);
      rmSync(path, { recursive: true });
      network.advance(END_NS);
      const { failure } = await reportOf(network);
      expect(failure).toMatch(line);
    }
  });

  it('or renamed, so that no other file can be begun, as well', async () => {
    const path = mkdtempSync(join(folder, 'moved-'));
    const file = join(path, 'all.pcapng');
    const network = new Network(topologyFrom(lab([{ file, rotate: { frames: 40 }, onError: 'stop' }])));
    network.advance(300_000n);
    expect(network.hasLostCapture).toBe(false);
    execFileSync('mv', [path, `${path}-away`]);
    network.advance(END_NS);
    expect(network.hasLostCapture).toBe(true);
    const { failure } = await reportOf(network);
    expect(failure).toMatch(/all_\d{5}\.pcapng: no such directory; /);
    for (const name of readdirSync(`${path}-away`)) expect(framesOf(join(`${path}-away`, name)).length).toBe(40);
  });
});
