/** Other switches beside ours: whatever is installed, the bench runs, says what it leaves out, and gives back what it borrows. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Line } from '../../bench/line.ts';
import { figures, markdown, type Report } from '../../bench/peers/report.ts';
import type { Measured, Result } from '../../bench/peers/turns.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-peers-test-'));
const bench = new URL('../../bench/peers.ts', import.meta.url).pathname;
const command = (...args: string[]): string[] => ['--import', 'tsx', bench, ...args];

/** What the bench has put into a folder for temporary files; tsx has its own there. */
const ofBench = (where: string): string[] => readdirSync(where).filter((name) => name.startsWith('bench-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('where no other switch and no compiler is installed', () => {
  const [empty, temporary, out] = ['empty', 'temporary', 'out.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  let [status, stdout, stderr]: [number | null, string, string] = [null, '', ''];
  let line: Line;

  beforeAll(() => {
    for (const name of [empty, temporary]) mkdirSync(name);
    const args = command('--smoke', '--only', 'all', '--seconds', '0.02', '--out', out);
    const env = { ...process.env, PATH: empty, TMPDIR: temporary };
    ({ status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env }));
    line = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  }, 120_000);

  it('measures ours and the reference in JavaScript', () => {
    expect(status, stderr).toBe(0);
    expect(line.figures.map(({ case: name }) => name)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ours beside C limit/),
        expect.stringMatching(/^Node\.js reference/),
        expect.stringMatching(/^ours beside Node\.js reference/),
      ]),
    );
    expect(line).toMatchObject({ balanced: true });
  });

  it('says of each peer why it is left out', () => {
    const left = Object.entries(line.skipped!).map(([what, why]) => `${what}: ${why}`);
    for (const peer of [
      'C limit',
      'Open vSwitch with DPDK',
      'testpmd',
      'Linux bridge',
      'Open vSwitch without DPDK',
      'vde_switch',
      'ns-3',
    ])
      expect(left).toContainEqual(expect.stringMatching(new RegExp(`^${peer}.*: (.* is not installed.*|needs root)$`)));
  });

  it('writes the same into a file, with the machine', () => {
    const report = JSON.parse(readFileSync(out, 'utf8')) as Report;
    expect(stdout.startsWith(markdown(report))).toBe(true);
    expect(report.machine.node).toBe(process.version);
  });

  it('leaves nothing behind', () => {
    expect(ofBench(temporary)).toEqual([]);
  });
});

it('leaves nothing behind when it is interrupted', async () => {
  const temporary = join(folder, 'interrupted');
  mkdirSync(temporary);
  const child = spawn(process.execPath, command('--only', 'node', '--seconds', '1'), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: '', TMPDIR: temporary },
  });
  await new Promise((resolve) => child.stderr.once('data', resolve));
  expect(ofBench(temporary)).toEqual([expect.stringMatching(/^bench-peers-/)]);
  child.kill('SIGTERM');
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(143);
  expect(ofBench(temporary)).toEqual([]);
});

it('refuses a peer that there is not', () => {
  const { status, stderr } = spawnSync(process.execPath, command('--only', 'ovs,vpp'), { encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).toContain('no peer vpp; there are calib, ovs, ');
});

describe('the table', () => {
  const measured = (median: number, ratio: number | null): Measured => ({
    wall: { median, min: median, max: median, n: 1, ratio },
    cpu: null,
  });
  const result: Result = {
    peer: 'Open vSwitch with DPDK',
    case: '2 ports',
    bytes: 64,
    cores: 1,
    does: 'parses',
    theirs: measured(8.5, 0.1),
    load: { ports: 2, macs: 16, pairs: 32, size: 64 },
    ours: measured(60, 7.06),
    oursOfLimit: measured(60, 0.7),
    aim: 4,
    limit: [85, 86],
  };
  const machine = {
    cpu: 'a CPU',
    cores: 2,
    memoryGiB: 8,
    load: 0,
    node: 'v20',
    commit: 'c',
    date: '2026-01-01T00:00:00Z',
  };
  const text = (more: Partial<Result>, rest: Partial<Report> = {}): string =>
    markdown({ machine, settings: {}, results: [{ ...result, ...more }], skipped: {}, remarks: {}, ...rest });

  it('says what ours was given, and whether an aim is reached', () => {
    expect(text({})).toContain(
      '| Open vSwitch with DPDK | 2 ports | 64 | 2 ports, 16 MACs, 32 pairs | 60 | 8.5 | 7.06 | – | 0.7 | 4: met |',
    );
    expect(text({ aim: 10 })).toContain('| 10: missed |');
  });

  it('has a dash for what cannot be told, never a nought', () => {
    expect(text({ theirs: null, ours: measured(60, null) })).toContain('| 60 | – | – | – | 0.7 | – |');
  });

  it('tells what was left out, and what was measured otherwise', () => {
    const told = text({}, { skipped: { 'ns-3': 'g++ is not installed' }, remarks: { DPDK: 'no huge pages' } });
    expect(told).toMatch(/## Remarks\n\n- DPDK: no huge pages\n\n## Not measured\n\n- ns-3: g\+\+ is not installed$/);
  });

  it('gives the aim to the figure by the wall clock', () => {
    expect(figures([result]).filter(({ target }) => target !== undefined)).toMatchObject([
      { case: 'ours beside Open vSwitch with DPDK: 2 ports, 64 bytes', ratio: 7.06, ratioTo: 'Open vSwitch with DPDK' },
    ]);
  });
});
