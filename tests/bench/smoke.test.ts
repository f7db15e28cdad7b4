/** No bench rots: each runs, prints its line, and its books balance. What they measure here means nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHistory } from '../../bench/history.ts';
import type { Line } from '../../bench/line.ts';
import { BENCHES } from '../../bench/names.ts';
import { BUILT } from '../program.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-smoke-'));
const out = join(folder, 'smoke.json');
const history = join(folder, 'history.json');
/** As it was built for the tests. */
const bench = (file: string): string => join(BUILT.bench, file);
const run = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });
let lines: Line[] = [];
let table = '';

beforeAll(() => {
  const { status, stdout, stderr } = run(bench('all.js'), '--smoke', '--out', out, '--history', history);
  expect(stderr).not.toContain('FAILED');
  expect(status).toBe(0);
  table = stdout;
  lines = (JSON.parse(readFileSync(out, 'utf8')) as { lines: Line[] }).lines;
}, 175_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(BENCHES)('bench/%s.ts', (name) => {
  it('prints finite figures', () => {
    const { figures } = lines.find((line) => line.bench === name)!;
    expect(figures.length).toBeGreaterThan(0);
    for (const each of figures) {
      for (const value of [each.min, each.median, each.max, each.ratio ?? 0])
        expect(value, each.case).toSatisfy(Number.isFinite);
    }
  });

  it('balances', () => {
    expect(lines.find((line) => line.bench === name)).toMatchObject({ balanced: true });
  });

  it('stands in the table', () => {
    expect(table).toMatch(new RegExp(`^${name} `, 'm'));
  });
});

it('keeps what was measured for the next run to be compared with', () => {
  const [run, ...more] = readHistory(history)!;
  expect(more).toEqual([]);
  const benches = Object.keys(run!.cases).map((name) => name.split(':')[0]);
  expect([...new Set(benches)].sort()).toEqual([...BENCHES].sort());
});

it('has every micro suite among the figures', () => {
  const { figures } = lines.find((line) => line.bench === 'micro')!;
  const suites = new Set(figures.map((each) => each.case.split(':')[0]));
  const files = readdirSync(new URL('../../bench/micro/', import.meta.url)).map((name) => name.replace('.ts', ''));
  expect([...suites].sort()).toEqual(files.filter((name) => name !== 'suite').sort());
});

it('measures the same work for equal settings', () => {
  const checksum = (): unknown => JSON.parse(run(bench('core.js'), '--smoke').stdout).checksum;
  expect(checksum()).toBe(lines.find((line) => line.bench === 'peers')!.checksum);
});

it('refuses an option that a bench does not have', () => {
  const { status, stderr } = run('--import', 'tsx', 'bench/core.ts', '--sekonds', '1');
  expect(status).not.toBe(0);
  expect(stderr).toContain('unknown option --sekonds; there are --seconds');
});
