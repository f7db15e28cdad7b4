/** What a run says of the runs before it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { changes, type Run, readHistory, record, runOf } from '../../bench/history.ts';
import { figure } from '../../bench/line.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const machine = { cpu: 'X', cores: 2, memoryGiB: 4, load: 0.5, node: 'v20', commit: 'abc', date: '2026-01-01' };

/** A run in which one case took these values. */
function measured(values: readonly number[], unit = 'Mframes/s', cpu = 'X'): Run {
  const figures = [figure('ours', unit, values), figure('ours', 'ops/s', values)];
  const line = { bench: 'core', settings: {}, figures, balanced: true, drops: {}, checksum: 1, machine };
  return runOf([line], { ...machine, cpu });
}

describe('a run among others', () => {
  it.each([
    ['is worse when it is slower by more than a tenth', [80, 81, 82], 'Mframes/s', /^WORSE: core: ours: 81 Mframes/],
    ['is better when it is faster', [120, 121, 122], 'Mframes/s', /^better: core: ours: 121 .* 21 % more than/],
    [
      'is worse when a frame takes longer',
      [120, 121, 122],
      'ns/frame',
      /^WORSE: .* 21 % more than the last 2 runs: 100/,
    ],
    ['is better when it takes less memory', [80, 80, 80], 'MiB', /^better: .* 20 % less/],
  ])('%s', (_, values, unit, line) => {
    const before = [measured([99, 100, 101], unit), measured([98, 100, 103], unit)];
    const said = changes(measured(values, unit), before);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(line);
  });

  it.each([
    ['differs by less than a tenth', [92, 93, 94], 'Mframes/s', 'X'],
    ['lies within what was measured before', [70, 80, 99.5], 'Mframes/s', 'X'],
    ['has a unit of which neither more nor less is better', [80, 81, 82], 'cores', 'X'],
    ['is on another model of CPU', [80, 81, 82], 'Mframes/s', 'Y'],
  ])('is not told of when it %s', (_, values, unit, cpu) => {
    expect(changes(measured(values, unit, cpu), [measured([99, 100, 101], unit)])).toEqual([]);
  });

  it('is compared with the last five only', () => {
    const old = Array.from({ length: 3 }, () => measured([80, 81, 82]));
    const recent = Array.from({ length: 5 }, () => measured([99, 100, 101]));
    expect(changes(measured([80, 81, 82]), [...old, ...recent])).toHaveLength(1);
  });

  it('tells the worst first', () => {
    const of = (a: number, b: number): Run => {
      const cases = { a: { unit: 's', min: a, median: a, max: a }, b: { unit: 's', min: b, median: b, max: b } };
      return { ...measured([1]), cases };
    };
    expect(changes(of(12, 20), [of(10, 10)]).map((line) => line.slice(0, 8))).toEqual(['WORSE: b', 'WORSE: a']);
  });

  it('says nothing of a case that the others did not have', () => {
    expect(changes(measured([1, 1, 1]), [{ ...measured([1]), cases: {} }])).toEqual([]);
  });
});

describe('the file of runs', () => {
  it('begins with the first, and takes each as a line', () => {
    const path = join(folder, 'deep', 'history.json');
    expect(readHistory(path)).toEqual([]);
    const runs = [measured([99, 100, 101]), measured([80, 81, 82])];
    expect(record(path, runs[0]!)).toEqual([]);
    expect(record(path, runs[1]!)).toHaveLength(1);
    expect(readHistory(path)).toEqual(runs);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(5);
  });

  it('has no more than a hundred of a CPU, and keeps those of others', () => {
    const path = join(folder, 'many.json');
    const other = measured([1], 's', 'Y');
    writeFileSync(path, JSON.stringify([other, ...Array.from({ length: 100 }, () => measured([1]))]));
    record(path, measured([2]));
    const kept = readHistory(path)!;
    expect(kept).toHaveLength(101);
    expect([kept[0], kept.at(-1)]).toEqual([other, measured([2])]);
  });

  it.each(['', '<<<<<<< ours\n[]', '{}', '[{"cpu":1}]', '[null]'])('is no error as %j, and is kept aside', (text) => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, text);
    expect(readHistory(path)).toBeNull();
    const said = record(path, measured([1]));
    expect(said).toEqual([
      expect.stringMatching(/broken\.json was no history of benches and is kept as .*unreadable;/),
    ]);
    expect(readHistory(path)).toEqual([measured([1])]);
    expect(readFileSync(`${path}.unreadable`, 'utf8')).toBe(text);
    expect(existsSync(path)).toBe(true);
  });
});
