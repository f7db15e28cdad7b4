/** What cannot be written during a run: the run goes on, what was written before can be read, and the user is told. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { parseTopology } from '../../src/topology/load.ts';
import { tsharkMissing } from '../capture/tshark.ts';
import { framesOf, LAB, TRAFFIC, withCapture, write } from './lab.ts';
import { expectOneLine, folder, MAIN, vswitch } from './vswitch.ts';

const isRoot = process.getuid?.() === 0;
const named = (name: string, missing: string | null): string =>
  missing === null ? name : `${name} (skipped: ${missing})`;

/** Why a small file system cannot be mounted here, or null. */
const noMount: string | null = (() => {
  if (!isRoot) return 'mounting a small file system takes root';
  const path = folder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
    execFileSync('umount', [path]);
    return null;
  } catch {
    return 'this container may not mount';
  }
})();
const BALANCED = /^ledger .* balanced$/m;

describe.concurrent('a disk that is full', () => {
  // On the virtual clock megabytes are written at once, and of what does not fit nothing is kept.
  for (const [clock, size, seconds] of [
    ['wall', '1m', 2],
    ['virtual', '12m', 10],
  ] as const) {
    it.skipIf(noMount !== null)(
      named(`ends a capture between two frames, and only that, on the ${clock} clock`, noMount),
      async () => {
        const cwd = folder();
        const disk = join(cwd, 'disk');
        mkdirSync(disk);
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
        try {
          write(cwd, 'lab.yaml', withCapture('disk/all.pcapng'));
          const ended = await vswitch(['run', 'lab.yaml', '-d', `${seconds}s`, '--clock', clock, '--quiet'], { cwd });
          expectOneLine(
            ended,
            1,
            /disk\/all\.pcapng: the disk is full; the capture ends there, after \d+ bytes, and can be read/,
          );
          expect(ended.stdout).toMatch(BALANCED);
          expect(ended.stdout).toMatch(new RegExp(`: ${seconds}\\.\\d+ s`));
          expect(framesOf(join(disk, 'all.pcapng')).length).toBeGreaterThan(100);
        } finally {
          execFileSync('umount', [disk]);
        }
      },
    );
  }

  for (const [file, size, more, readable] of [
    ['all.pcapng.gz', '600k', 'sample: 1', /^all\.pcapng\.gz$/],
    ['all.pcapng.zst', '200k', 'onError: stop', /^all\.pcapng\.zst$/],
    ['all.pcapng', '600k', 'rotate: { size: 100kB }, onError: stop', /^all_\d{5}\.pcapng$/],
  ] as const) {
    it.skipIf(noMount !== null)(
      named(`ends ${file} with ${more} so that all of it can be read`, noMount ?? tsharkMissing),
      async () => {
        const cwd = folder();
        const disk = join(cwd, 'disk');
        mkdirSync(disk);
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
        try {
          const busy = TRAFFIC.replace('2000pps', '200kpps').replace('size: 128', 'size: 1518');
          write(cwd, 'lab.yaml', `${LAB}${busy}captures: [{ file: disk/${file}, ${more} }]\n`);
          const ended = await vswitch(['run', 'lab.yaml', '-d', '60ms', '--clock', 'virtual', '--quiet'], { cwd });
          expectOneLine(ended, 1, /disk\/all\S*: the disk is full; the capture ends .* and can be read/);
          expect(ended.stdout).toMatch(BALANCED);
          const files = readdirSync(disk);
          expect(files.length).toBeGreaterThan(0);
          for (const name of files) {
            expect(name).toMatch(readable);
            if (tsharkMissing !== null) continue;
            let path = join(disk, name);
            if (name.endsWith('.zst')) {
              // tshark 4.0 loses its place in a file of several Zstandard frames, also in those that zstd makes.
              const unpacked = await vswitch(['pcap', 'cat', path, '-o', 'unpacked.pcapng'], { cwd });
              expect(unpacked.code).toBe(0);
              path = join(cwd, 'unpacked.pcapng');
            }
            const { status, stderr } = spawnSync('tshark', ['-q', '-r', path], { encoding: 'utf8' });
            expect([status, stderr.replace(/^Running as user.*\n/, '')]).toEqual([0, '']);
          }
        } finally {
          execFileSync('umount', [disk]);
        }
      },
    );
  }

  it.skipIf(noMount !== null)(
    named('leaves out the statistics that do not fit any more, all of them', noMount),
    async () => {
      const cwd = folder();
      const file = join(cwd, 'all.pcapng');
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', cwd]);
      try {
        const text = `${LAB}traffic: [{ from: esx1/vm1, to: broadcast, size: 64, rate: 100kpps }]\n`;
        const topology = parseTopology(`${text}captures: [{ file: ${file}, ports: ["*"] }]\n`, 'lab.yaml');
        const network = new Network(topology);
        // A disk gives whole pages: what the last one still holds is less than the statistics take.
        const leftOfPage = () => 4095 - ((statSync(file).size + 4095) % 4096);
        let ns = 0n;
        do {
          ns += 10_000n;
          network.advance(ns);
        } while (leftOfPage() > 400 || leftOfPage() < 20);
        const before = statSync(file).size;
        const fill = openSync(join(cwd, 'fill'), 'w');
        expect(() => {
          for (;;) writeSync(fill, Buffer.alloc(4096));
        }).toThrow(/ENOSPC/);
        const [capture] = (await network.stop()).captures;
        expect(capture).toMatchObject({ bytes: before, lost: 0 });
        expect(capture!.failure).toMatch(/all\.pcapng: the disk is full; the capture has all of its frames, \d+ bytes/);
        expect(statSync(file).size).toBe(before);
        expect(framesOf(file)).toHaveLength(capture!.frames);
        closeSync(fill);
      } finally {
        execFileSync('umount', [cwd]);
      }
    },
  );

  it('ends a capture at the largest file allowed in the same way', async () => {
    const cwd = folder();
    write(cwd, 'lab.yaml', withCapture('all.pcapng'));
    const through = ['bash', '-c', 'ulimit -f 8192; exec "$0" "$@"'];
    const args = ['run', 'lab.yaml', '-d', '10s', '--clock', 'virtual', '--quiet'];
    const ended = await vswitch(args, { cwd, through });
    expectOneLine(ended, 1, /all\.pcapng: the file has reached the largest size allowed; the capture ends there/);
    expect(ended.stdout).toMatch(BALANCED);
    expect(statSync(join(cwd, 'all.pcapng')).size).toBeLessThanOrEqual(8192 * 1024);
    expect(framesOf(join(cwd, 'all.pcapng')).length).toBeGreaterThan(100);
  });

  it('refuses a capture whose very header does not fit, before anything runs', async () => {
    const cwd = folder();
    write(cwd, 'lab.yaml', withCapture('/dev/full'));
    const ended = await vswitch(['run', 'lab.yaml', '-d', '100ms'], { cwd });
    expectOneLine(ended, 2, /\/dev\/full: the disk is full; give another path for the capture/);
  });

  it('keeps no summary back when the report cannot be written', async () => {
    const cwd = folder();
    write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    const ended = await vswitch(['run', 'lab.yaml', '-d', '100ms', '-o', '/dev/full'], { cwd });
    expectOneLine(ended, 1, /\/dev\/full: the disk is full/);
    expect(ended.stdout).toMatch(BALANCED);
  });

  it('is told in one line when it is the standard output', async () => {
    const cwd = folder();
    write(cwd, 'lab.yaml', LAB);
    const stdout = openSync('/dev/full', 'w');
    expectOneLine(await vswitch(['check', 'lab.yaml'], { cwd, stdout }), 1, /standard output: the disk is full/);
    expectOneLine(
      await vswitch(['run', 'lab.yaml', '-d', '1.2s'], { cwd, stdout }),
      1,
      /standard output: the disk is full/,
    );
  });
});

/** Root may read and write everything, so as root the program runs as somebody else, if the source can be read by them. */
const NOBODY = 65_534;
const noUser: string | null = (() => {
  if (!isRoot) return null;
  const user = { uid: NOBODY, gid: NOBODY };
  const { status } = spawnSync(process.execPath, ['-e', `fs.accessSync(${JSON.stringify(MAIN)})`], {
    ...user,
    cwd: '/',
  });
  return status === 0 ? null : 'root may read and write everything, and nobody else may read the source';
})();

describe.concurrent('what the user may not read or write', () => {
  it.skipIf(noUser !== null)(named('is told in one line each', noUser), async () => {
    const cwd = folder();
    const options = isRoot ? { cwd, uid: NOBODY } : { cwd };
    chmodSync(write(cwd, 'secret.yaml', LAB), 0o000);
    mkdirSync(join(cwd, 'closed'), { mode: 0o500 });
    write(cwd, 'lab.yaml', withCapture('closed/x.pcapng'));
    chmodSync(cwd, 0o755);
    const read = await vswitch(['check', 'secret.yaml'], options);
    expectOneLine(read, 2, /secret\.yaml: may not be read; check its permissions/);
    const captured = await vswitch(['run', 'lab.yaml'], options);
    expectOneLine(captured, 2, /closed\/x\.pcapng: no permission to write there; give another path for the capture/);
    const reported = await vswitch(['run', 'lab.yaml', '-o', 'closed/deep/report.json'], options);
    expectOneLine(reported, 2, /closed\/deep: no permission to write there; give another path for the report/);
  });
});
