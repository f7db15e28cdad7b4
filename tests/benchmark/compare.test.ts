/** What `compare` says of two documents. */
import { describe, expect, it } from 'vitest';
import type { BenchDocument, Figure } from '../../src/benchmark/model.ts';
import { compare, type FigureChange } from '../../src/benchmark/report/compare.ts';
import { sample } from './sample.ts';

/** Documents with one test of one figure. */
function pair(a: readonly number[], b: readonly number[], figure: Partial<Figure> = {}): FigureChange {
  const document = (samples: readonly number[]): BenchDocument => {
    const base = sample();
    const one: Figure = { name: 'Rate', labels: { size: 64 }, unit: 'frames/s', better: 'higher', ...figure, samples };
    return { ...base, tests: [{ ...base.tests[0]!, figures: [one] }] };
  };
  const { figures } = compare(document(a), document(b));
  expect(figures).toHaveLength(1);
  return figures[0]!;
}

const steady = [100, 101, 99, 100.5, 99.5];
const times = (factor: number): number[] => steady.map((sample) => sample * factor);

const cases: readonly (readonly [string, readonly number[], readonly number[], Partial<Figure>, string, string])[] = [
  ['a higher rate', steady, times(1.2), {}, 'better', 'faster'],
  ['a lower rate', steady, times(0.8), {}, 'worse', 'slower'],
  ['a longer time', steady, times(1.2), { unit: 'ns', better: 'lower' }, 'worse', 'slower'],
  ['a shorter time', steady, times(0.8), { unit: 'ns', better: 'lower' }, 'better', 'faster'],
  ['more addresses', steady, times(1.2), { unit: 'addresses' }, 'better', 'better'],
  ['more of what is neither good nor bad', steady, times(1.2), { better: null }, 'more', 'more'],
  ['the same', steady, steady, {}, 'same', 'same'],
  [
    'a sure change of too little',
    steady.map((_, i) => 100 + i / 1e3),
    [100.1, 100.11, 100.12, 100.13, 100.14],
    {},
    'same',
    'same',
  ],
  ['two samples each', [100, 101], [200, 201], {}, 'unknown', 'unknown'],
  ['noise', [50, 100, 150, 80, 120], [60, 110, 140, 90, 130], {}, 'unknown', 'unknown'],
  ['no loss before and after', [0, 0, 0], [0, 0, 0], { unit: '%', better: 'lower' }, 'same', 'same'],
  ['loss where there was none', [0, 0, 0, 0], [1, 2, 1, 3], { unit: '%', better: 'lower' }, 'worse', 'worse'],
  ['loss where there was none, seen once', [0], [1], { unit: '%', better: 'lower' }, 'suspect', 'probably worse'],
  ['a much lower rate, seen twice', [100, 101], [50, 51], {}, 'suspect', 'probably worse'],
  ['a much longer time, seen once', [100], [111], { unit: 'ns', better: 'lower' }, 'suspect', 'probably worse'],
  ['a little lower rate, seen twice', [100, 101], [95, 96], {}, 'unknown', 'unknown'],
  ['loss now and then', [0, 0, 1, 0], [0, 2, 0, 3], { unit: '%', better: 'lower' }, 'unknown', 'unknown'],
];

describe('of two figures', () => {
  it.each(cases)('tells of %s', (_, a, b, figure, verdict, word) => {
    const change = pair(a, b, figure);
    expect([change.verdict, change.word]).toEqual([verdict, word]);
    expect(change.why === '').toBe(verdict !== 'unknown' && verdict !== 'suspect');
  });

  it('gives the ratio of the medians with an interval round it', () => {
    const { ratio, low, high } = pair(steady, times(1.2));
    expect(ratio).toBeCloseTo(1.2);
    expect(low!).toBeLessThan(1.2);
    expect(high!).toBeGreaterThan(1.2);
  });

  it('has no ratio to nothing', () => {
    expect(pair([0, 0, 0, 0], [1, 2, 1, 3]).ratio).toBeNull();
  });
});

describe('of two documents', () => {
  it('finds nothing that changed between a document and itself', () => {
    const { counts, warnings, hasRegression, tests, onlyA, onlyB } = compare(sample(), sample());
    expect([counts.worse, counts.better, counts.more, counts.less]).toEqual([0, 0, 0, 0]);
    expect({ hasRegression, tests, onlyA, onlyB }).toEqual({ hasRegression: false, tests: [], onlyA: [], onlyB: [] });
    expect(warnings.filter((warning) => !warning.includes('has a flaw'))).toEqual([]);
  });

  it('puts what became worse first, and the largest change before the others', () => {
    const { figures, hasRegression } = compare(sample(), sample({ speed: 0.6, seed: 2 }));
    expect(hasRegression).toBe(true);
    const order = ['worse', 'suspect', 'better', 'more', 'less', 'unknown', 'same'];
    const places = figures.map(({ verdict }) => order.indexOf(verdict));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    const worse = figures.filter(({ verdict }) => verdict === 'worse').map(({ ratio }) => Math.abs(Math.log(ratio!)));
    expect(worse).toEqual([...worse].sort((a, b) => b - a));
  });

  it('takes any difference for a change on the virtual clock, and none where there is none', () => {
    const exact = { clock: 'virtual', repeats: 1 } as const;
    expect(compare(sample(exact), sample(exact)).counts.same).toBe(
      compare(sample(exact), sample(exact)).figures.length,
    );
    const { counts } = compare(sample(exact), sample({ ...exact, speed: 1.001 }));
    expect(counts.better).toBeGreaterThan(0);
    expect(counts.unknown).toBe(0);
  });

  it('takes a difference that cannot be seen for none on the virtual clock, too', () => {
    const exact = { clock: 'virtual', repeats: 1 } as const;
    const { counts, hasRegression } = compare(sample(exact), sample({ ...exact, speed: 0.999_999 }));
    expect([counts.worse, counts.better, hasRegression]).toEqual([0, 0, false]);
  });

  it('takes a figure that is gone for a regression, unless it is neither good nor bad', () => {
    const a = sample();
    const without = (gone: (figure: Figure) => boolean): BenchDocument => ({
      ...a,
      tests: a.tests.map((test) => ({ ...test, figures: test.figures.filter((figure) => !gone(figure)) })),
    });
    const { hasRegression, lost } = compare(
      a,
      without(({ name }) => name === 'L1 rate'),
    );
    expect({ hasRegression, lost }).toEqual({ hasRegression: true, lost: 7 });
    const neither = compare(
      a,
      without(({ better }) => better === null),
    );
    expect(neither.onlyA).toHaveLength(1);
    expect([neither.hasRegression, neither.lost]).toEqual([false, 0]);
    expect(
      compare(
        without(({ name }) => name === 'L1 rate'),
        a,
      ).hasRegression,
    ).toBe(false);
  });

  it('takes a test that is not measured any more for a regression', () => {
    const a = sample();
    expect(compare(a, { ...a, tests: a.tests.slice(1) }).hasRegression).toBe(true);
    const tests = a.tests.map((test) => ({ ...test, status: 'not-applicable' as const }));
    expect(compare(a, { ...a, tests }).hasRegression).toBe(true);
  });

  it('warns first of a quick run beside a full one', () => {
    expect(compare(sample(), sample({ quick: true })).warnings[0]).toMatch(/^The second is a quick run/);
    expect(compare(sample({ quick: true }), sample()).warnings[0]).toMatch(/^The first is a quick run/);
  });

  it('refuses two suites', () => {
    expect(() => compare(sample(), { ...sample(), suite: 'mlr' })).toThrow(
      'the results cannot be compared: one is of rfc2544 and the other of mlr; compare results of one suite',
    );
  });

  it('refuses two clocks', () => {
    expect(() => compare(sample(), sample({ clock: 'virtual' }))).toThrow(
      'the results cannot be compared: one was measured on the wall clock and the other on the virtual clock; ' +
        'compare results of one clock',
    );
  });

  it('warns of everything else that differs', () => {
    const [a, b] = [sample(), sample({ seed: 2, repeats: 6, quick: true })];
    const machine = { ...b.machine, cpu: 'Another CPU', node: 'v24.0.0' };
    const { warnings } = compare(a, { ...b, machine, network: { ...b.network, workers: 2 } });
    for (const word of [
      'second has a flaw: Quick run',
      'CPU: ',
      'Node.js: ',
      'workers: 1 and 2',
      'repeats: 5 and 6',
      'Seed: 1',
    ]) {
      expect(warnings.some((warning) => warning.includes(word))).toBe(true);
    }
  });

  it('matches figures whatever the order of their labels, and lists what only one has', () => {
    const a = sample();
    const turned = a.tests.map((test) => ({
      ...test,
      figures: test.figures.map((figure) => ({
        ...figure,
        labels: Object.fromEntries(Object.entries(figure.labels).reverse()),
      })),
    }));
    expect(compare(a, { ...a, tests: turned }).onlyA).toEqual([]);
    const [first, ...rest] = a.tests;
    const { onlyA, onlyB, tests } = compare(a, { ...a, tests: rest });
    expect(onlyA).toHaveLength(first!.figures.length);
    expect(onlyB).toEqual([]);
    expect(tests).toEqual(['rfc2544.throughput was measured in the first and not run in the second.']);
  });

  it('takes a test that fails now for a regression', () => {
    const a = sample();
    const tests = a.tests.map((test, i) =>
      i === 0 ? { ...test, status: 'failed' as const, why: 'it broke', figures: [] } : test,
    );
    const comparison = compare(a, { ...a, tests });
    expect(comparison.hasRegression).toBe(true);
    expect(comparison.tests).toEqual(['rfc2544.throughput was measured and is failed: it broke.']);
  });
});
