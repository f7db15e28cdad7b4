/**
 * Two documents side by side: which figures changed by more than noise, and what else is different between the runs.
 *
 * Figures are the same when test, name and labels are. On the wall clock `changed` (../statistics.ts) judges the repeats; on the virtual
 * clock the same input gives the same figure, so any difference is a change. Clocks cannot be compared with each other.
 */
import { BenchError } from '../error.ts';
import type { BenchDocument, Figure, TestResult } from '../model.ts';
import { changed } from '../statistics.ts';
import { numberText, quantity, STATUS, scaleOf } from './format.ts';
import { doubts, medianOf } from './verdict.ts';

/**
 * `suspect`: all samples of the second are worse than all of the first, by much, but they are too few to be sure.
 * `more` and `less` are neither good nor bad.
 */
export type Verdict = 'worse' | 'suspect' | 'better' | 'more' | 'less' | 'same' | 'unknown';

export interface Comparison {
  readonly a: Side;
  readonly b: Side;
  readonly clock: BenchDocument['clock'];
  /** What is different between the runs and may be the reason for a change; the gravest first. */
  readonly warnings: readonly string[];
  /** The most important first: worse, probably worse, better, others that changed; then what cannot be told, then what is the same. */
  readonly figures: readonly FigureChange[];
  readonly onlyA: readonly FigureName[];
  readonly onlyB: readonly FigureName[];
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Figures of the first that are better higher or lower, and that the second has not. */
  readonly lost: number;
  /** A figure became worse, certainly or probably, or has gone, or a test that was done before is not any more. */
  readonly hasRegression: boolean;
  /** Tests done in one and not in the other, a sentence each. */
  readonly tests: readonly string[];
}

export interface Side {
  readonly title: string;
  readonly version: string;
  readonly commit: string | null;
  readonly startedAt: string;
}

export interface FigureName {
  readonly test: string;
  readonly name: string;
  readonly labels: Figure['labels'];
  readonly better: Figure['better'];
}

export interface FigureChange extends FigureName {
  readonly unit: string;
  readonly a: number;
  readonly b: number;
  readonly countA: number;
  readonly countB: number;
  /** Of the medians, b to a; null where a is 0. */
  readonly ratio: number | null;
  /** Where the true ratio lies with 95 %; null where nothing can be said. */
  readonly low: number | null;
  readonly high: number | null;
  readonly verdict: Verdict;
  /** `faster` and `slower` for rates and times, `probably worse`, else the verdict itself. */
  readonly word: string;
  /** Why it cannot be told for sure; empty otherwise. */
  readonly why: string;
}

export interface CompareOptions {
  /** A smaller change of the median than this share is called `same`, however sure it is. Default 0.01. */
  readonly least?: number;
}

const ORDER: readonly Verdict[] = ['worse', 'suspect', 'better', 'more', 'less', 'unknown', 'same'];

/** Beyond this share a change that few samples agree on is suspect. */
const SUSPECT = 0.1;

/** Throws a BenchError for documents of different suites or clocks: there is nothing to compare. */
export function compare(a: BenchDocument, b: BenchDocument, options: CompareOptions = {}): Comparison {
  if (a.suite !== b.suite) {
    const what = `one is of ${a.suite} and the other of ${b.suite}`;
    throw new BenchError(`the results cannot be compared: ${what}`, 'compare results of one suite');
  }
  if (a.clock !== b.clock) {
    const what = `one was measured on the ${a.clock} clock and the other on the ${b.clock} clock`;
    throw new BenchError(`the results cannot be compared: ${what}`, 'compare results of one clock');
  }
  const [before, after] = [named(a), named(b)];
  const figures: FigureChange[] = [];
  for (const [key, { test, figure }] of before) {
    const other = after.get(key);
    if (other === undefined || other.figure.unit !== figure.unit) continue;
    figures.push(changeOf(test.id, figure, other.figure, a.clock, options.least ?? 0.01));
  }
  figures.sort((x, y) => ORDER.indexOf(x.verdict) - ORDER.indexOf(y.verdict) || size(y) - size(x));
  const counts = { worse: 0, suspect: 0, better: 0, more: 0, less: 0, same: 0, unknown: 0 };
  for (const { verdict } of figures) counts[verdict]++;
  const gone = a.tests.some((test) => test.status === 'done' && other(b, test.id)?.status !== 'done');
  const onlyA = missing(before, after);
  const lost = onlyA.filter(({ better }) => better !== null).length;
  return {
    a: side(a),
    b: side(b),
    clock: a.clock,
    warnings: differences(a, b),
    figures,
    onlyA,
    onlyB: missing(after, before),
    counts,
    lost,
    hasRegression: counts.worse + counts.suspect + lost > 0 || gone,
    tests: testChanges(a, b),
  };
}

const side = ({ title, version, commit, startedAt }: BenchDocument): Side => ({
  title,
  version,
  commit,
  startedAt,
});
const other = (document: BenchDocument, id: string): TestResult | undefined =>
  document.tests.find((test) => test.id === id);

type Named = ReadonlyMap<string, { readonly test: TestResult; readonly figure: Figure }>;

/** Figures by what makes them the same, whatever the order of their labels. */
function named(document: BenchDocument): Named {
  const all = document.tests.flatMap((test) =>
    test.figures.map((figure) => {
      const labels = Object.entries(figure.labels).map(([key, value]) => [key, String(value)]);
      return [JSON.stringify([test.id, figure.name, labels.sort()]), { test, figure }] as const;
    }),
  );
  return new Map(all);
}

/** A figure with another unit is another figure. */
function missing(here: Named, there: Named): FigureName[] {
  return [...here]
    .filter(([key, { figure }]) => there.get(key)?.figure.unit !== figure.unit)
    .map(([, { test, figure }]) => ({
      test: test.id,
      name: figure.name,
      labels: figure.labels,
      better: figure.better,
    }));
}

function changeOf(test: string, a: Figure, b: Figure, clock: BenchDocument['clock'], least: number): FigureChange {
  const [from, to] = [medianOf(a), medianOf(b)];
  const ratio = from === 0 ? (to === 0 ? 1 : null) : to / from;
  const noise = clock === 'virtual' ? certain(from, to, ratio) : judged(a.samples, b.samples, from, to);
  const isSmall = ratio !== null && Math.abs(ratio - 1) < least && (clock === 'wall' || looksEqual(from, to, a.unit));
  const way = noise.way !== 'unknown' && isSmall ? 'same' : noise.way;
  const verdict = way === 'unknown' && isSuspect(a, b, ratio) ? 'suspect' : judgement(way, b.better);
  return {
    test,
    name: b.name,
    labels: b.labels,
    better: b.better,
    unit: b.unit,
    a: from,
    b: to,
    countA: a.samples.length,
    countB: b.samples.length,
    ratio,
    low: noise.low,
    high: noise.high,
    verdict,
    word: word(verdict, b),
    why: way === 'unknown' ? noise.why : '',
  };
}

function looksEqual(from: number, to: number, unit: string): boolean {
  const scale = scaleOf(unit, Math.max(Math.abs(from), Math.abs(to)));
  return quantity(from, unit, scale) === quantity(to, unit, scale);
}

/** Whether every sample of `b` is worse than every one of `a`, and the median by much. */
function isSuspect(a: Figure, b: Figure, ratio: number | null): boolean {
  if (b.better === null || (ratio !== null && Math.abs(ratio - 1) <= SUSPECT)) return false;
  return b.better === 'higher'
    ? Math.max(...b.samples) < Math.min(...a.samples)
    : Math.min(...b.samples) > Math.max(...a.samples);
}

type Way = 'more' | 'less' | 'same' | 'unknown';
interface Noise {
  readonly way: Way;
  readonly low: number | null;
  readonly high: number | null;
  readonly why: string;
}

/** Without noise. */
const certain = (from: number, to: number, ratio: number | null): Noise => ({
  way: to > from ? 'more' : to < from ? 'less' : 'same',
  low: ratio,
  high: ratio,
  why: '',
});

function judged(a: readonly number[], b: readonly number[], from: number, to: number): Noise {
  if ([...a, ...b].some((sample) => sample <= 0)) return besideZero(a, b, from, to);
  const { verdict, low, high, why } = changed(a, b);
  const way = verdict === 'faster' ? 'more' : verdict === 'slower' ? 'less' : verdict;
  return { way, low, high, why };
}

/** Ratios say nothing where there are zeros (loss!): sides that do not touch have changed, if there are enough samples. */
function besideZero(a: readonly number[], b: readonly number[], from: number, to: number): Noise {
  const nothing = { low: null, high: null, why: '' };
  if ([...a, ...b].every((sample) => sample === a[0])) return { ...nothing, way: 'same' };
  const isApart = Math.max(...a) < Math.min(...b) || Math.max(...b) < Math.min(...a);
  if (!isApart)
    return {
      ...nothing,
      way: 'unknown',
      why: 'the repeats overlap, and some are 0',
    };
  // With 4 and 4 samples sides that are apart come by chance in 2 of 70 cases.
  if (Math.min(a.length, b.length) < 4) {
    return {
      ...nothing,
      way: 'unknown',
      why: `${a.length} and ${b.length} samples are too few to tell a difference from noise`,
    };
  }
  return { ...nothing, way: to > from ? 'more' : 'less' };
}

function judgement(way: Way, better: Figure['better']): Verdict {
  if (way === 'same' || way === 'unknown' || better === null) return way;
  return (way === 'more') === (better === 'higher') ? 'better' : 'worse';
}

function word(verdict: Verdict, { unit }: Figure): string {
  if (verdict === 'suspect') return 'probably worse';
  if ((verdict !== 'better' && verdict !== 'worse') || !/\/s$|^(ns|µs|us|ms|s)$/.test(unit)) return verdict;
  return verdict === 'better' ? 'faster' : 'slower';
}

/** How far from equal, whichever way. */
const size = ({ ratio }: FigureChange): number =>
  ratio === null || ratio <= 0 ? Number.MAX_VALUE : Math.abs(Math.log(ratio));

function testChanges(a: BenchDocument, b: BenchDocument): string[] {
  const told: string[] = [];
  for (const test of a.tests) {
    const now = other(b, test.id);
    if (now === undefined) told.push(`${test.id} was ${STATUS[test.status]} in the first and not run in the second.`);
    else if (now.status !== test.status) {
      told.push(
        `${test.id} was ${STATUS[test.status]} and is ${STATUS[now.status]}${now.why === null ? '' : `: ${now.why.replace(/\.$/, '')}`}.`,
      );
    }
  }
  for (const test of b.tests) if (other(a, test.id) === undefined) told.push(`${test.id} was not run in the first.`);
  return told;
}

/** Settings that are told in other words, or do not matter: where the file of a topology is. */
const ELSEWHERE: ReadonlySet<string> = new Set(['topology', 'topologyDigest', 'quick', 'seed', 'clock', 'workers']);

/** What a change may come from, other than the program. */
function differences(a: BenchDocument, b: BenchDocument): string[] {
  const told: string[] = [];
  const differ = (what: string, one: unknown, two: unknown, note = ''): void => {
    const [first, second] = [shown(one), shown(two)];
    if (first !== second) told.push(`${what}: ${first} and ${second}${note}.`);
  };
  if (a.quick !== b.quick) {
    const which = a.quick
      ? 'The first is a quick run and the second is not'
      : 'The second is a quick run, the first is not';
    told.push(`${which}: they were measured in different ways, and no change between them is to be believed.`);
  }
  for (const [which, document] of [
    ['first', a],
    ['second', b],
  ] as const) {
    for (const { weight, title, text } of doubts(document)) {
      if (weight === 'loud') told.push(`The ${which} has a flaw: ${title}. ${text}`);
    }
  }
  const isWall = a.clock === 'wall';
  const note = isWall ? '; rates and times of different machines differ without any change of the program' : '';
  differ('CPU', a.machine.cpu, b.machine.cpu, note);
  if (isWall) {
    differ('Cores', a.machine.cores, b.machine.cores);
    differ('Operating system', a.machine.os, b.machine.os);
    differ('Node.js', a.machine.node, b.machine.node);
    differ('CPU governor', a.machine.governor, b.machine.governor);
  }
  const keys = ['name', 'hosts', 'switches', 'vnics', 'workers', 'macModels', 'rulesOff', 'lineRate'] as const;
  for (const key of keys) differ(`Network, ${key}`, a.network[key], b.network[key]);
  const settings = new Set([...Object.keys(a.settings), ...Object.keys(b.settings)]);
  if (a.settings['topologyDigest'] !== b.settings['topologyDigest'])
    told.push('The networks, or their traffic, are not the same.');
  for (const key of settings) if (!ELSEWHERE.has(key)) differ(`Setting ${key}`, a.settings[key], b.settings[key]);
  differ('Seed', a.seed, b.seed);
  return told;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'number' ? numberText(value) : String(value);
}
