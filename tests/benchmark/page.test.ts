/** The page as a browser without eyes reads it: nothing comes from outside, nothing in a text becomes markup, and nothing is left out. */
import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BenchDocument, Figure } from '../../src/benchmark/model.ts';
import { page } from '../../src/benchmark/report/page.ts';
import { HOSTILE, sample } from './sample.ts';

const scriptsOf = (text: string): string[] =>
  [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);

/** Without scripts and styles: what is text and markup. */
const bodyOf = (text: string): string => text.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');

/** Visible text, roughly. */
const textOf = (markup: string): string =>
  markup
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');

const withFigures = (figures: readonly Figure[]): BenchDocument => {
  const document = sample();
  return { ...document, tests: [{ ...document.tests[0]!, figures, plots: [], trials: [] }] };
};

describe('the page', () => {
  const whole = page(sample());

  it('loads nothing from anywhere', () => {
    expect(bodyOf(whole)).not.toMatch(/<(link|img|iframe|object|embed|base)\b/i);
    expect(whole).toContain('content="default-src &#39;none&#39;; ');
    expect(bodyOf(whole)).not.toMatch(/\b(src|href)="(?!#)/);
  });

  it('runs no script but those whose hashes its policy names, and they parse', () => {
    const scripts = scriptsOf(whole);
    expect(scripts).toHaveLength(2);
    for (const script of scripts) {
      expect(whole).toContain(`&#39;sha256-${createHash('sha256').update(script).digest('base64')}&#39;`);
      expect(() => new Script(script)).not.toThrow();
    }
  });

  it('shows hostile texts as they are', () => {
    expect(whole).not.toContain('<img src=x');
    expect(whole).not.toContain('<script>alert');
    expect(textOf(bodyOf(whole))).toContain(HOSTILE.replace(/\s+/g, ' '));
  });

  it('says who sends to whom on which network, and on which one a test was run instead', () => {
    const document = sample();
    const flows = ['esx1/a -> esx2/c, VLAN 10', 'and 48 more'];
    const network = { ...document.network, switches: 3, physicalSwitches: 1, cables: '2 of 10 Gbit/s', flows };
    const tests = document.tests.map((test) => ({ ...test, ownNetwork: '8 vNICs', flows: ['x/a -> x/b'] }));
    const text = textOf(bodyOf(page({ ...document, network, tests })));
    expect(text).toContain('2 vSwitches, 1 physical switch');
    expect(text).toContain('Cables 2 of 10 Gbit/s Flows esx1/a -> esx2/c, VLAN 10; and 48 more');
    expect(text).toContain('On its own network: 8 vNICs. Flows at first: x/a -> x/b.');
  });

  it('gives the plots to the script as they are in the document', () => {
    const json = /<script type="application\/json" id="plots">(.*?)<\/script>/s.exec(whole)![1]!;
    const plots = JSON.parse(json) as { series: { name: string; x: number[] }[] }[];
    const expected = sample().tests.flatMap((test) => test.plots);
    expect(plots.map(({ series }) => series.map(({ name, x }) => [name, x.length]))).toEqual(
      expected.map(({ series }) => series.map(({ name, x }) => [name, x.length])),
    );
  });

  it('names every test with its state, and why one was not measured', () => {
    const text = textOf(bodyOf(whole));
    for (const test of sample().tests) {
      expect(text).toContain(test.title);
      if (test.why !== null) expect(text).toContain(test.why.replace(/\s+/g, ' '));
    }
    expect(text).toContain('Not applicable: no medium between vNICs');
  });

  it('shows every trial, void ones with the reason', () => {
    const count = sample().tests.reduce((sum, test) => sum + test.trials.length, 0);
    expect(whole.match(/<tr class="(void)?"><td class="n">/g)).toHaveLength(count);
    expect(textOf(bodyOf(whole))).toContain('offered 3.0 % less than intended');
  });

  it('says first and loudly what forbids to quote it', () => {
    const document = sample({ quick: true });
    const network = { ...document.network, rulesOff: ['R1', 'R7'] };
    const tests = document.tests.map((test) => ({
      ...test,
      trials: test.trials.map((t) => ({ ...t, balanced: false })),
    }));
    const body = bodyOf(page({ ...document, network, tests, complete: false }));
    const loud = [...body.matchAll(/class="doubt loud" role="note"><b>([^<]*)/g)].map((match) => match[1]);
    expect(loud).toEqual(['Quick run.', 'Interrupted.', 'Rules off.', 'Ledger.', 'Failed tests.']);
    expect(body.indexOf('doubt loud')).toBeLessThan(body.indexOf('<h2'));
  });

  it('has a heading, a caption or a label for whoever cannot see it', () => {
    const body = bodyOf(whole);
    expect(body.match(/<h1>/g)).toHaveLength(1);
    expect(whole).toMatch(/^<!doctype html>\s*<html lang="en">/);
    for (const plot of body.match(/<div class="plot"[^>]*>/g)!) expect(plot).toMatch(/role="img" aria-label="Plot: /);
    expect(body.match(/<details class="values">/g)).toHaveLength(body.match(/<div class="plot"/g)!.length);
    expect(body.match(/<th(?![^>]*scope=)(?!ead)[^>]*>/g)).toBeNull();
  });

  it('stays below 400 KB for a typical document', () => {
    expect(Buffer.byteLength(whole)).toBeLessThan(400_000);
  });

  it('works without any test, and with 500 figures', () => {
    expect(scriptsOf(page({ ...sample(), tests: [] }))).toEqual([]);
    const figures = Array.from({ length: 500 }, (_, i): Figure => {
      return { name: `f${i % 2}`, labels: { at: i >> 1 }, unit: 's', samples: [i + 1], better: null };
    });
    expect(bodyOf(page(withFigures(figures))).match(/<td class="n" title=/g)).toHaveLength(500);
  });

  it('shows any figure, whatever its numbers, names and units', () => {
    const number = fc.oneof(fc.double({ noNaN: true, min: -1e15, max: 1e15 }), fc.integer(), fc.constant(0));
    const figure = fc.record({
      name: fc.string(),
      labels: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.integer()), { maxKeys: 2 }),
      unit: fc.constantFrom('frames/s', 'ns', '%', 's', 'frames', ''),
      samples: fc.array(number, { minLength: 1, maxLength: 4 }),
      better: fc.constantFrom('higher', 'lower', null),
    });
    fc.assert(
      fc.property(fc.array(figure, { maxLength: 8 }), (figures) => {
        const body = bodyOf(page(withFigures(figures as Figure[])));
        expect(body).not.toMatch(/NaN|Infinity|undefined/);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves out a spread that no number can tell', () => {
    const figure: Figure = { name: 'f', labels: {}, unit: 's', samples: [-5e-309, -1, 0], better: 'higher' };
    expect(bodyOf(page(withFigures([figure])))).not.toMatch(/Infinity|class="spread"/);
  });
});
