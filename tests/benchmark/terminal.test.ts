/** What stands in the terminal: within its width, without orders to it, and with all that the document says. */
import { describe, expect, it } from 'vitest';
import type { Plot } from '../../src/benchmark/model.ts';
import { compare } from '../../src/benchmark/report/compare.ts';
import { comparisonText, summaryText } from '../../src/benchmark/report/terminal.ts';
import { plotText } from '../../src/benchmark/report/terminal-plot.ts';
import { painter, wrap } from '../../src/benchmark/report/terminal-text.ts';
import { sample } from './sample.ts';

const plain = painter(false);
const x = { label: 'Load', unit: '%', scale: 'linear' } as const;
const y = { label: 'Rate', unit: 'frames/s', scale: 'linear' } as const;
const rows = (plot: Plot): string[] => plotText(plot, { columns: 40, rows: 6, paint: plain })!.split('\n');

/** Fails for tabs, escapes and anything else that is no character of a line. */
const orders = /[^\P{Cc}\n]/u;

const FLOWS = ['esx1/a -> esx2/c, VLAN 10', 'and 48 more'];

describe('the summary', () => {
  it.each([40, 80, 120])('keeps within %i columns, without colours or control characters', (columns) => {
    const text = summaryText(sample(), { columns, plots: 'all' });
    expect(text).not.toMatch(orders);
    expect(text.split('\n').filter((line) => [...line].length > columns)).toEqual([]);
  });

  it('has colours where a person looks', () => {
    expect(summaryText(sample(), { colour: true })).toMatch(/\u001b\[/);
  });

  it('names every test, why one was not measured, and every doubt', () => {
    const text = summaryText(sample({ quick: true }));
    expect(text).toContain('Throughput (RFC 2544, 26.1)');
    expect(text).toContain('not applicable: frames are whole octets here');
    expect(text).toContain('failed: worker 1 did not come back');
    expect(text).toContain('! Quick run: ');
  });

  it('says who sends to whom on which network, and on which one a test was run instead', () => {
    const document = sample();
    const [first, ...others] = document.tests;
    const network = { ...document.network, switches: 3, physicalSwitches: 1, cables: '2 of 10 Gbit/s', flows: FLOWS };
    const tests = [{ ...first!, ownNetwork: '8 vNICs', flows: ['x/a -> x/b'] }, ...others];
    const text = summaryText({ ...document, network, tests }, { columns: 400 });
    expect(text).toContain('2 vSwitches, 1 physical switch');
    expect(text).toContain('cables: 2 of 10 Gbit/s');
    expect(text).toContain('Flows: esx1/a -> esx2/c, VLAN 10; and 48 more');
    expect(text).toContain('  on its own network: 8 vNICs\n  flows at first: x/a -> x/b\n');
  });

  it('draws the plots that are asked for', () => {
    const drawn = (plots: 'all' | 'first' | 'none'): number =>
      sample()
        .tests.flatMap((test) => test.plots)
        .filter((plot) => summaryText(sample(), { plots }).includes(plot.title)).length;
    expect([drawn('all'), drawn('first'), drawn('none')]).toEqual([5, 4, 0]);
  });
});

describe('a plot', () => {
  it('puts the least and the greatest value at its ends, and 0 below', () => {
    const lines = rows({ title: 'T', x, y, series: [{ name: 'a', kind: 'line', x: [10, 100], y: [1e6, 2e6] }] });
    expect(lines[1]).toMatch(/^2\u00a0Mframes\/s ┤.*A$/);
    expect(lines[6]).toMatch(/^0\u00a0Mframes\/s ┤/);
    expect(lines.at(-1)).toMatch(/10\u00a0% +Load +100\u00a0%$/);
  });

  it('leaves a gap where a value is missing', () => {
    const flat = (values: (number | null)[]): string =>
      rows({ title: 'T', x, y, series: [{ name: 'a', kind: 'line', x: [0, 1, 2, 3], y: values }] })[1]!;
    expect(flat([1, 1, 1, 1])).not.toMatch(/┤.* /);
    expect(flat([1, null, null, 1])).toMatch(/┤A {10,}A$/);
  });

  it('draws bars as long as their values', () => {
    const plot: Plot = {
      title: 'T',
      x: { label: 'Size', unit: '', scale: 'category', categories: ['64', '1518'] },
      y,
      series: [{ name: 'a', kind: 'bars', x: [0, 1], y: [100, 50] }],
    };
    const [, full, half] = rows(plot);
    const length = (line: string): number => line.match(/█/g)!.length;
    expect(length(full!)).toBe(2 * length(half!) + (half!.includes('▌') ? 1 : 0));
  });

  it('leaves out what a logarithmic axis has no place for, and is null when nothing is left', () => {
    const log = { ...y, scale: 'log' } as const;
    expect(
      plotText(
        { title: 'T', x, y: log, series: [{ name: 'a', kind: 'line', x: [1], y: [0] }] },
        { columns: 40, rows: 6, paint: plain },
      ),
    ).toBeNull();
    expect(plotText({ title: 'T', x, y, series: [] }, { columns: 40, rows: 6, paint: plain })).toBeNull();
  });

  it('tells latency by percentile', () => {
    const tail: Plot = {
      title: 'T',
      x: { label: 'Percentile', unit: '1/(1-q)', scale: 'log' },
      y: { label: 'Latency', unit: 'ns', scale: 'log' },
      series: [{ name: 'a', kind: 'line', x: [2, 1_000], y: [1_000, 9_000] }],
    };
    expect(rows(tail).at(-1)).toMatch(/50\u00a0% +percentile +99\.9\u00a0%$/);
  });
});

describe('a comparison', () => {
  it('keeps within the width and ends with what it comes to', () => {
    const text = comparisonText(compare(sample(), sample({ speed: 0.7, seed: 2 })));
    expect(text).not.toMatch(orders);
    expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    expect(text).toMatch(
      /\n\nrfc2544\.throughput\n(?: .*\n)*? {2}slower 64\u00a0bytes, Throughput: [\d.]+ → [\d.]+\u00a0Mframes\/s −/,
    );
    expect(text.split('\n').filter((line) => line === 'rfc2544.throughput').length).toBeLessThan(3);
    const flat = text.replace(/\s+/g, ' ');
    expect(flat).toMatch(/\d+ figures compared: .*worse, .*\d+ the same, \d+ cannot be told\. Something got worse\./);
    expect(flat).toMatch(/cannot be told to be equal or changed \(.*\)\. To tell, measure both again with --repeats 5/);
  });

  it('says so when nothing changed', () => {
    expect(comparisonText(compare(sample(), sample()))).toContain('compared: none changed,');
  });

  it('says nothing of chance where there is none', () => {
    const exact = { clock: 'virtual', repeats: 1 } as const;
    const text = comparisonText(compare(sample(exact), sample(exact))).replace(/\s+/g, ' ');
    expect(text).toContain('On the virtual clock there is no noise');
    expect(text).not.toContain('1 in 20');
  });
});

describe('wrapping', () => {
  it('keeps every word, and breaks those that are too long', () => {
    expect(wrap('  one two three', 9, '    ')).toEqual(['  one two', '    three']);
    expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  });
});
