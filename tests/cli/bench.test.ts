/** `vswitch bench`: what it writes and says, what it refuses, and how an interrupted run is gone on with. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chdir, cwd, stderr, stdout } from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readDocumentFile, writeDocument } from '../../src/benchmark/report/schema.ts';
import type { Suite } from '../../src/benchmark/suite.ts';
import { type BenchOptions, bench } from '../../src/cli/bench.ts';
import { compareFiles, list, report } from '../../src/cli/bench-results.ts';
import { explainFailure } from '../../src/cli/errors.ts';
import { Beds, done, oneTrial, PAIR, suite, test } from '../benchmark/fake.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

const TWO = suite(test('first', oneTrial), test('second', oneTrial));
const LAB = JSON.stringify(PAIR);

let before = '';
let said: { out: string; err: string };
beforeEach(() => {
  before = cwd();
  chdir(folder());
  writeFileSync('lab.json', LAB);
  said = { out: '', err: '' };
  vi.spyOn(stdout, 'write').mockImplementation((text) => {
    said.out += text;
    return true;
  });
  vi.spyOn(stderr, 'write').mockImplementation((text) => {
    said.err += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  chdir(before);
});

interface Call extends BenchOptions {
  readonly of?: Suite;
  readonly beds?: Beds;
  readonly name?: string;
  readonly topology?: string;
  readonly version?: string;
}

/** As the program does: the exit code, with what is wrong told. */
async function call({ of = TWO, beds = new Beds(), name, topology, version = '1.0.0', ...options }: Call = {}) {
  const parts = { suites: [of], createBed: beds.create };
  try {
    return await bench(name ?? of.name, topology, options, { version, debug: false }, parts);
  } catch (error) {
    return explainFailure(error, false);
  }
}

/** A suite whose second test is interrupted, as by Ctrl-C. */
const stopping = (tests = TWO.tests): Suite => ({
  ...TWO,
  tests: [
    tests[0]!,
    test('second', (context) => {
      process.emit('SIGINT');
      return oneTrial(context);
    }),
  ],
});

describe('vswitch bench', () => {
  it('writes JSON, CSV and a page, and tells which', async () => {
    expect(await call({ out: 'mine' })).toBe(0);
    expect(readdirSync('.').sort()).toEqual(['lab.json', 'mine-trials.csv', 'mine.csv', 'mine.html', 'mine.json']);
    expect(said.out).toMatch(/wrote mine\.json\n.*wrote mine\.csv\n.*wrote mine-trials\.csv\n.*wrote mine\.html\n$/s);
    const document = readDocumentFile('mine.json');
    expect(document).toMatchObject({ suite: 'fake', version: '1.0.0', complete: true, clock: 'wall', quick: false });
    expect(document.settings).toMatchObject({ clock: 'wall', workers: 1, seed: 1 });
    expect(document.tests.map(({ status }) => status)).toEqual(['done', 'done']);
  });

  it('names files after the suite and the time when no name is given', async () => {
    expect(await call({ html: false })).toBe(0);
    const names = readdirSync('.').filter((name) => name !== 'lab.json');
    expect(names).toHaveLength(3);
    for (const name of names) expect(name).toMatch(/^bench-fake-\d{8}-\d{6}(\.json|\.csv|-trials\.csv)$/);
  });

  it('writes into a folder that is named', async () => {
    expect(await call({ out: 'results/' })).toBe(0);
    expect(readdirSync('results')).toHaveLength(4);
  });

  it('prints the document alone with --json, and writes no files', async () => {
    expect(await call({ json: true })).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ schema: 'vswitch-bench/1', complete: true });
    expect(readdirSync('.')).toEqual(['lab.json']);
  });

  it('says a line for each test where nobody looks at a terminal', async () => {
    await call({ json: true, clock: 'virtual' });
    const lines = said.err.trimEnd().split('\n');
    expect(lines[0]).toBe('A suite that measures nothing: pair, virtual clock, 1 worker');
    expect(lines.slice(1)).toHaveLength(2);
    expect(lines[1]).toMatch(/^1\/2 {2}done {4}fake\.first: throughput, 64.bytes: 1.*frames\/s; 1 figure, 1 trial, /);
  });

  it('gives the suite what the user asked for', async () => {
    let asked: unknown;
    const of = suite(
      test('first', async ({ settings }) => {
        asked = settings;
        return done(1);
      }),
    );
    const code = await call({
      of,
      json: true,
      topology: 'lab.json',
      clock: 'virtual',
      sizes: '64,imix:csit',
      seconds: 2.5,
      repeats: 3,
      from: 'esx1/a',
      to: 'esx1/b',
      bidirectional: true,
      seed: 7,
      quick: true,
    });
    expect(code).toBe(0);
    expect(asked).toEqual({
      clock: 'virtual',
      workers: 1,
      seed: 7,
      quick: true,
      sizes: '64,imix:csit',
      seconds: 2.5,
      repeats: 3,
      from: 'esx1/a',
      to: 'esx1/b',
      bidirectional: true,
    });
    expect(JSON.parse(said.out)).toMatchObject({
      seed: 7,
      quick: true,
      settings: { topology: 'lab.json', seconds: 2.5 },
    });
  });

  it.each([
    [{ only: ['second'] }, ['fake.second']],
    [{ only: ['fake.first'] }, ['fake.first']],
    [{ only: ['*st', '*nd'] }, ['fake.first', 'fake.second']],
    [{ skip: ['first'] }, ['fake.second']],
    [{ only: ['*'], skip: ['sec*'] }, ['fake.first']],
  ])('runs with %o the tests %o', async (options, ids) => {
    await call({ json: true, ...options });
    expect((JSON.parse(said.out) as { tests: { id: string }[] }).tests.map(({ id }) => id)).toEqual(ids);
  });

  it('exits with 1 when a test failed, and says why', async () => {
    const of = suite(
      test('first', async () => {
        throw new Error('no luck');
      }),
      test('second', oneTrial),
    );
    expect(await call({ of, out: 'x' })).toBe(1);
    expect(said.err).toMatch(/1\/2 {2}FAILED {2}fake\.first: no luck\n/);
    expect(said.err).toMatch(/\nvswitch: fake\.first failed: no luck\n$/);
    expect(readDocumentFile('x.json').tests.map(({ status }) => status)).toEqual(['failed', 'done']);
  });

  it('exits with 1 when a ledger does not balance', async () => {
    const beds = new Beds();
    beds.trial = { ...beds.trial, balanced: false };
    expect(await call({ beds, json: true })).toBe(1);
    expect(said.err).toMatch(/vswitch: fake\.first: the ledger of 1 trial does not balance\n/);
  });

  it('goes on when its file cannot be written in the middle of a run, and says so at the end', async () => {
    const of = suite(
      test('first', async () => {
        chdir('/proc');
        return done(1);
      }),
      test('second', async () => done(2)),
    );
    expect(await call({ of, out: 'x' })).toBe(1);
    expect(said.err).toMatch(/vswitch: x\.json: cannot be written/);
    expect(said.out).not.toMatch(/wrote/);
  });
});

describe('vswitch bench refuses', () => {
  it.each<[string, Call, RegExp]>([
    ['an unknown suite', { name: 'fkae' }, /unknown suite fkae; did you mean fake\? there are fake/],
    [
      'an unknown test',
      { only: ['frist'] },
      /--only: fake has no test frist; did you mean first\? there are first, second/,
    ],
    ['to leave no test', { skip: ['*'] }, /--only and --skip leave no test of fake/],
    [
      'a clock that the suite has not',
      { of: { ...TWO, clocks: ['virtual'] }, clock: 'wall' },
      /--clock wall: fake is measured on the virtual clock only/,
    ],
    ['a topology that there is not', { topology: 'none.yaml' }, /none\.yaml: no such file/],
    ['a port that there is not', { topology: 'lab.json', from: 'esx1/z' }, /--from: unknown port esx1\/z/],
    [
      'to overwrite the topology',
      { topology: 'lab.json', out: 'lab' },
      /lab\.json: the results would overwrite the topology/,
    ],
    ['a place where nothing can be', { out: '/proc/x/y' }, /\/proc\/x: .*; give another name with --out/],
    ['a file that is not there', { resume: 'none.json' }, /none\.json: cannot be read/],
    ['a file of something else', { resume: 'lab.json' }, /lab\.json: no results of a benchmark/],
  ])('%s', async (_, options, message) => {
    expect(await call(options)).toBe(2);
    expect(said.err).toMatch(/^vswitch: .*\n$/);
    expect(said.err).toMatch(message);
    expect(said.out).toBe('');
    expect(readFileSync('lab.json', 'utf8')).toBe(LAB);
  });
});

describe('an interrupted benchmark', () => {
  it('keeps what is done and says how to go on', async () => {
    expect(await call({ of: stopping(), topology: 'lab.json', out: 'half way', sizes: '64' })).toBe(1);
    expect(said.err).toMatch(
      /vswitch: interrupted with 1 of 2 tests done; go on with: vswitch bench fake lab\.json --resume 'half way\.json'\n$/,
    );
    expect(readdirSync('.').sort()).toEqual(['half way.json', 'lab.json']);
    expect(readDocumentFile('half way.json')).toMatchObject({ complete: false, tests: [{ id: 'fake.first' }] });
  });

  it('is gone on with by its own settings, into its own files', async () => {
    await call({ of: stopping(), topology: 'lab.json', out: 'x', sizes: '64', quick: true });
    const beds = new Beds();
    expect(await call({ beds, resume: 'x.json' })).toBe(0);
    expect(beds.asked).toHaveLength(1);
    const document = readDocumentFile('x.json');
    expect(document).toMatchObject({ complete: true, quick: true, settings: { sizes: '64', topology: 'lab.json' } });
    expect(document.tests).toHaveLength(2);
    expect(existsSync('x.html')).toBe(true);
    expect(said.err).toMatch(/2\/2 {2}done/);
  });

  it.each<[string, Call, RegExp]>([
    [
      'other sizes',
      { sizes: '128' },
      /x\.json: it was run with --sizes 64, not with 128; leave --sizes out, or start anew/,
    ],
    ['another clock', { clock: 'virtual' }, /x\.json: it was run with --clock wall, not with virtual/],
    ['a setting that it had not', { seconds: 5 }, /x\.json: it was run without --seconds, not with 5/],
    [
      'another network',
      { topology: 'other.json' },
      /x\.json: it was measured on another network than other\.json is now/,
    ],
    [
      'another suite',
      { of: { ...TWO, name: 'other' } },
      /x\.json: it is of fake, not of other; write vswitch bench fake --resume x\.json/,
    ],
    [
      'another program',
      { version: '2.0.0' },
      /x\.json: it was measured with version 1\.0\.0.*, and this is version 2\.0\.0/,
    ],
  ])('is refused with %s', async (_, options, message) => {
    writeFileSync('other.json', LAB.replace('"b"', '"c"'));
    await call({ of: stopping(), topology: 'lab.json', out: 'x', sizes: '64' });
    said.err = '';
    expect(await call({ resume: 'x.json', ...options })).toBe(2);
    expect(said.err).toMatch(message);
    expect(said.err).toMatch(/^vswitch: .*\n$/);
  });

  it('is refused when another machine began it, or when it is complete', async () => {
    await call({ of: stopping(), topology: 'lab.json', out: 'x' });
    const document = readDocumentFile('x.json');
    writeDocument('y.json', { ...document, machine: { ...document.machine, cpu: 'Z80' } });
    expect(await call({ resume: 'y.json' })).toBe(2);
    expect(said.err).toMatch(/y\.json: it was measured on another machine \(cpu Z80, here /);
    expect(await call({ resume: 'x.json' })).toBe(0);
    expect(await call({ resume: 'x.json' })).toBe(2);
    expect(said.err).toMatch(/x\.json: it is complete, nothing is left to do; start anew/);
  });
});

describe('results', () => {
  it('are told in words and compared', async () => {
    await call({ out: 'a' });
    const document = readDocumentFile('a.json');
    const scaled = (factor: number) => ({
      ...document,
      tests: document.tests.map((each) => ({
        ...each,
        figures: each.figures.map((figure) => ({
          ...figure,
          samples: [1, 1.001, 1.002, 1.003, 1.004, 1.005].map((x) => x * factor),
        })),
      })),
    });
    writeDocument('a.json', scaled(1000));
    writeDocument('b.json', scaled(500));
    expect(compareFiles('a.json', 'a.json', {})).toBe(0);
    expect(compareFiles('a.json', 'b.json', {})).toBe(1);
    expect(compareFiles('b.json', 'a.json', {})).toBe(0);
    said.out = '';
    expect(compareFiles('a.json', 'b.json', { json: true })).toBe(1);
    expect(JSON.parse(said.out)).toMatchObject({ hasRegression: true });
  });

  it('become page and CSV again', async () => {
    await call({ out: 'a' });
    expect(report('a.json', { out: 'again' })).toBe(0);
    expect(
      readdirSync('.')
        .filter((name) => name.startsWith('again'))
        .sort(),
    ).toEqual(['again-trials.csv', 'again.csv', 'again.html']);
    expect(readFileSync('again.csv', 'utf8')).toBe(readFileSync('a.csv', 'utf8'));
  });

  it('stand in a list of what can be measured, each with its clause', async () => {
    expect(await list({}, [TWO])).toBe(0);
    expect(said.out).toMatch(/^fake {2}A suite that measures nothing\n/);
    expect(said.out).toMatch(/ {2}fake\.first {3}The first {9}RFC 2544, 26\.1\n/);
  });
});

describe('the program', () => {
  it('gives list, compare and report their options, wherever they stand', async () => {
    await call({ out: 'a' });
    vi.restoreAllMocks();
    const at = { cwd: cwd() };
    const kept = readFileSync('a.csv', 'utf8');
    writeFileSync('a.csv', 'mine');
    const [list, compared, first, out, unknown] = await Promise.all([
      vswitch(['bench', 'list', '--json'], at),
      vswitch(['bench', 'compare', 'a.json', 'a.json', '--json'], at),
      vswitch(['bench', 'compare', '--json', 'a.json', 'a.json'], at),
      vswitch(['bench', 'report', 'a.json', '-o', 'foo', '--no-html'], at),
      vswitch(['bench', 'compare', 'a.json', 'a.json', '--quick'], at),
    ]);
    expect(JSON.parse(list.stdout)).toBeInstanceOf(Array);
    expect(JSON.parse(compared.stdout)).toHaveProperty('hasRegression', false);
    expect(first.stdout).toBe(compared.stdout);
    expect(out.stdout).toMatch(/wrote foo\.csv\nwrote foo-trials\.csv\n$/);
    expect([readFileSync('a.csv', 'utf8'), readFileSync('foo.csv', 'utf8')]).toEqual(['mine', kept]);
    expect(existsSync('foo.html')).toBe(false);
    expectOneLine(unknown, 2, /bench compare has no option --quick/);
  }, 60_000);

  it('knows the commands of vswitch bench', async () => {
    vi.restoreAllMocks();
    const at = { cwd: folder() };
    const [help, schema, unknown, wrong] = await Promise.all([
      vswitch(['bench', '--help'], at),
      vswitch(['bench', 'schema'], at),
      vswitch(['bench', 'rfc2545'], at),
      vswitch(['bench', 'compare', 'a.json', 'b.json', '--json'], at),
    ]);
    expect(help.stdout).toMatch(/vswitch bench rfc2544 --quick/);
    expect(JSON.parse(schema.stdout)).toHaveProperty('properties.tests');
    expectOneLine(unknown, 2, /unknown suite rfc2545; /);
    expectOneLine(wrong, 2, /a\.json: cannot be read/);
    expect(readdirSync(at.cwd)).toEqual([]);
    expect(join(at.cwd, 'x')).not.toBe('');
  }, 60_000);
});
