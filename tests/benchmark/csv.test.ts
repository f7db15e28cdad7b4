/** The CSV of a document, read back by a reader of RFC 4180 that is not ours to write. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BenchDocument, Figure } from '../../src/benchmark/model.ts';
import { figuresCsv, trialsCsv } from '../../src/benchmark/report/csv.ts';
import { sample } from './sample.ts';

/** Records of RFC 4180, by its grammar. */
function records(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const token = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    row.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    if (match[3] === '\r\n') {
      rows.push(row);
      row = [];
    }
    if (token.lastIndex === text.length) break;
  }
  return rows;
}

const withFigures = (figures: readonly Figure[]): BenchDocument => {
  const document = sample();
  return { ...document, tests: [{ ...document.tests[0]!, figures }] };
};

describe('the CSV of figures', () => {
  it('has one row for each figure, and a column for each label', () => {
    const rows = records(figuresCsv(sample()));
    const figures = sample().tests.flatMap((test) => test.figures);
    expect(rows).toHaveLength(figures.length + 1);
    expect(rows[0]!.slice(0, 6)).toEqual(['suite', 'test', 'name', 'size', 'load', 'policy']);
    expect(rows[0]!.slice(-6)).toEqual(['unit', 'median', 'min', 'max', 'n', 'better']);
  });

  it('writes numbers in full, and nothing where a label does not apply', () => {
    const text = figuresCsv(
      withFigures([
        { name: 'a', labels: { size: 64 }, unit: 'frames/s', samples: [3e6, 1e6, 2_000_000.5], better: 'higher' },
        { name: 'b', labels: { unit: 'x,y' }, unit: '%', samples: [0], better: null },
      ]),
    );
    expect(text).toBe(
      'suite,test,name,size,label unit,unit,median,min,max,n,better\r\n' +
        'rfc2544,rfc2544.throughput,a,64,,frames/s,2000000.5,1000000,3000000,3,higher\r\n' +
        'rfc2544,rfc2544.throughput,b,,"x,y",%,0,0,0,1,\r\n',
    );
  });

  it('keeps any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, label) => {
        const rows = records(
          figuresCsv(withFigures([{ name, labels: { k: label }, unit: 's', samples: [1], better: 'lower' }])),
        );
        expect(rows[1]!.slice(2, 4)).toEqual([name, label]);
      }),
    );
  });
});

describe('the CSV of trials', () => {
  it('has one row for each trial, with drops by reason and empty fields for what was not measured', () => {
    const rows = records(trialsCsv(sample()));
    const trials = sample().tests.flatMap((test) => test.trials);
    expect(rows).toHaveLength(trials.length + 1);
    const at = (name: string): number => rows[0]!.indexOf(name);
    const large = rows.find((row) => row[at('size')] === '1518')!;
    expect(large[at('latency p50 ns')]).toBe('');
    expect(rows.some((row) => row[at('drops')]!.startsWith('queue_full='))).toBe(true);
    expect(rows.slice(1).filter((row) => row[at('void')] !== '')).toHaveLength(
      trials.filter((trial) => trial.void !== null).length,
    );
  });
});
