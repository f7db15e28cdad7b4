/** Which figures stand for a test, in which units, and what is said of the ceiling. */
import { describe, expect, it } from 'vitest';
import type { BenchDocument, Figure } from '../../src/benchmark/model.ts';
import { figureTables } from '../../src/benchmark/report/figure-table.ts';
import { doubts, firstHeadline, headlines, summarySentences } from '../../src/benchmark/report/verdict.ts';
import { sample } from './sample.ts';

const figure = (name: string, labels: Figure['labels'], value: number, unit = 'ns'): Figure => ({
  name,
  labels,
  unit,
  samples: [value],
  better: 'lower',
});
const document = (...figures: readonly Figure[]): BenchDocument => {
  const base = sample();
  return { ...base, tests: [{ ...base.tests[0]!, figures }] };
};
const headOf = (...figures: readonly Figure[]): string[] =>
  headlines(document(...figures)).map(({ what, value }) => `${what}: ${value}`.replaceAll('\u00a0', ' '));

const PARTS = ['min', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'];
const latency = (labels: Figure['labels'], base: number): Figure[] =>
  PARTS.map((part, i) => figure(`latency, ${part}`, labels, base * (i + 1)));

describe('the figure that stands for a test', () => {
  it('is p99 of a distribution at the highest load, whatever comes first', () => {
    const idle = { size: 64, load: 'idle' };
    const all = [...latency(idle, 5_000), ...latency({ size: 64, load: '90 %' }, 7_000)];
    expect(headOf(...all)).toEqual(['latency, p99, 64 bytes, load 90 %: 35 µs']);
  });

  it('is p50 where there is no p99, and never the least', () => {
    const [min, mean, p50] = latency({ size: 64 }, 5_000);
    expect(headOf(min!, mean!, p50!)).toEqual(['latency, p50, 64 bytes: 15 µs']);
    const labelled = ['min', 'p50'].map((percentile, i) =>
      figure('latency', { size: 64, percentile }, 1_000 * (i + 1)),
    );
    expect(headOf(...labelled)).toEqual(['latency, 64 bytes, percentile p50: 2 µs']);
  });

  it('is the worst of losses', () => {
    const losses = [1, 7, 3].map((value, i) => figure('frame loss', { size: 64 << i }, value, '%'));
    expect(headOf(...losses)).toEqual(['frame loss, 128 bytes: 7 %']);
  });

  it('is else the first name, for the first and the last of what it was measured for', () => {
    const rates = [64, 512, 1518].flatMap((size) => [
      figure('throughput', { size }, size * 1_000, 'frames/s'),
      ...latency({ size }, 5_000),
    ]);
    expect(headOf(...rates)).toEqual(['throughput, 64 bytes: 64 kframes/s', 'throughput, 1518 bytes: 1,518 kframes/s']);
    expect(firstHeadline(document(...rates).tests[0]!)?.what).toBe('throughput, 64\u00a0bytes');
    expect(firstHeadline(document().tests[0]!)).toBeNull();
  });

  it('has the unit that the table gives it, which is one for all columns of a unit', () => {
    const all = [...latency({ size: 64 }, 5_000), ...latency({ size: 1518 }, 900_000)];
    const [table] = figureTables(all);
    expect(table!.pivot!.columns.map(({ scale }) => scale.unit)).toEqual(PARTS.map(() => 'µs'));
    expect(headOf(...all)).toEqual(['latency, p99, 64 bytes: 25 µs', 'latency, p99, 1518 bytes: 4,500 µs']);
  });
});

describe('the ceiling', () => {
  const under = (framesPerSecond: number): BenchDocument => ({
    ...sample(),
    ceiling: { framesPerSecond, frameBytes: 64, note: '' },
  });
  const told = (framesPerSecond: number): string =>
    [...summarySentences(under(framesPerSecond)), ...doubts(under(framesPerSecond)).map(({ text }) => text)].join(' ');

  it('is believed while no trial was faster', () => {
    expect(told(1e9)).toMatch(/moved [\d.]+\s% of what the generator can do/);
    expect(told(1e9)).not.toMatch(/close to|busy/);
  });

  it('is worth nothing when a trial was faster', () => {
    expect(told(1e6)).toMatch(/the ceiling was measured while the machine was busy/);
    expect(told(1e6)).not.toMatch(/of what the generator can do|close to/);
  });

  it('of nothing is not compared with', () => {
    expect(told(0)).not.toMatch(/Infinity|ceiling|generator can do/);
  });
});
