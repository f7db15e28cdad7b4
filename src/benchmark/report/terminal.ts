/** What a benchmark prints when it is over, and what `compare` says: for a terminal of 80 columns, or for a log. */
import type { BenchDocument, Figure, TestResult } from '../model.ts';
import { extentText } from '../network-text.ts';
import { spread } from '../statistics.ts';
import type { Comparison, FigureChange, FigureName } from './compare.ts';
import { figureTables, labelName, labelText, type Pivot } from './figure-table.ts';
import {
  counted,
  dateText,
  labelsText,
  numberText,
  quantity,
  type Scale,
  STATUS,
  scaleOf,
  signedPercent,
} from './format.ts';
import { plotText } from './terminal-plot.ts';
import { columnsText, fit, type Paint, painter, type Style, wrap } from './terminal-text.ts';
import { doubts, medianOf, summarySentences } from './verdict.ts';

export interface TerminalOptions {
  /** Default 80. */
  readonly columns?: number;
  /** Whether a person looks who has not said NO_COLOR. Default false. */
  readonly colour?: boolean;
  /** Which plots of each test are drawn. Default `first`. */
  readonly plots?: 'all' | 'first' | 'none';
}

const PLOT_ROWS = 12;
const COLUMNS_MIN = 40;
const HEAD_WIDTH = 12;
const UNSURE_SHOWN = 5;

const widthOf = ({ columns = 80 }: TerminalOptions): number => Math.max(COLUMNS_MIN, columns);

/** The whole document in short, without a newline at its end. */
export function summaryText(document: BenchDocument, options: TerminalOptions = {}): string {
  const width = widthOf(options);
  const paint = painter(options.colour ?? false);
  const lines = [
    paint('bold', fit(document.title, width)),
    ...networkLines(document.network, width),
    ...wrap(summarySentences(document).join(' '), width),
    ...doubts(document).flatMap(({ weight, title, text }) =>
      wrap(`! ${title}: ${text}`, width, '  ').map((line) =>
        paint(weight === 'loud' ? ['bold', 'red'] : 'yellow', line),
      ),
    ),
  ];
  for (const test of document.tests) lines.push('', ...testLines(test, width, paint, options.plots ?? 'first'));
  return lines.join('\n');
}

function networkLines(network: BenchDocument['network'], width: number): string[] {
  const { name, cables, flows } = network;
  const parts = [`${name}: ${extentText(network)}`, ...(cables === undefined ? [] : [`cables: ${cables}`])];
  return [
    ...wrap(parts.join('; '), width, '  '),
    ...(flows === undefined ? [] : wrap(`Flows: ${flows.join('; ')}`, width, '  ')),
  ];
}

function testLines(test: TestResult, width: number, paint: Paint, plots: 'all' | 'first' | 'none'): string[] {
  const { title, source, ownNetwork, flows, status, why, figures, notes } = test;
  const lines = [paint('bold', fit(source === null ? title : `${title} (${source})`, width))];
  if (ownNetwork !== undefined) lines.push(...wrap(`  on its own network: ${ownNetwork}`, width, '    '));
  if (flows !== undefined) lines.push(...wrap(`  flows at first: ${flows.join('; ')}`, width, '    '));
  if (status !== 'done') {
    const told = wrap(`  ${STATUS[status]}: ${why ?? 'no reason was given'}`, width, '    ');
    lines.push(...told.map((line) => (status === 'failed' ? paint('red', line) : line)));
  }
  lines.push(...figureLines(figures, width - 2).map((line) => `  ${line}`));
  for (const plot of plots === 'none' ? [] : plots === 'first' ? test.plots.slice(0, 1) : test.plots) {
    const text = plotText(plot, { columns: width - 2, rows: PLOT_ROWS, paint });
    if (text !== null) lines.push('', ...text.split('\n').map((line) => `  ${line}`.trimEnd()));
  }
  for (const note of notes) lines.push(...wrap(`  - ${note}`, width, '    '));
  return lines;
}

/** Tables as on the page where the terminal is wide enough, else lists. */
function figureLines(figures: readonly Figure[], width: number): string[] {
  return figureTables(figures).flatMap(({ figures, labels, pivot }) => {
    const crossed = pivot === null ? null : crossedLines(labels, pivot, width);
    return crossed ?? listLines(figures, width);
  });
}

/** In two or more tables where one is too wide, however narrow its headings are made; null where even one column is. */
function crossedLines(all: readonly string[], { columns, rows }: Pivot, width: number): string[] | null {
  const same = all.filter(
    (label) => all.length > 1 && rows.every((row) => row.labels[label] === rows[0]!.labels[label]),
  );
  const labels = all.filter((label) => !same.includes(label));
  const common = commonStart(columns.map(({ name }) => name));
  const names = columns.map(({ name, scale }) => `${name.slice(common.length)} ${scale.unit}`.trimEnd());
  const body = rows.map((row) => [
    ...labels.map((label) => labelText(label, row.labels[label]!)),
    ...row.cells.map((figure, i) =>
      figure === null ? '–' : scaledText(medianOf(figure), columns[i]!.scale) + reach(figure),
    ),
  ]);
  const heads = [...labels.map(labelName), ...names];
  const right = new Set(names.map((_, i) => labels.length + i));
  const about = same.map((label) => labelsText({ [label]: rows[0]!.labels[label]! }));
  const caption = [common.replace(/, $/, ''), ...about].filter((text) => text !== '').join(', ');
  const captioned = (lines: string[]): string[] => (caption === '' ? lines : [fit(caption, width), ...lines]);
  const wrapped = (headWidth: number): string[][] => {
    const parts = heads.map((head, i) => wrap(head, Math.max(headWidth, ...body.map((row) => row[i]!.length))));
    const deepest = Math.max(...parts.map((lines) => lines.length));
    return Array.from({ length: deepest }, (_, line) =>
      parts.map((lines) => lines[line - (deepest - lines.length)] ?? ''),
    );
  };
  for (const headWidth of [width, HEAD_WIDTH]) {
    const lines = columnsText([...wrapped(headWidth), ...body], right, Number.POSITIVE_INFINITY);
    if (Math.max(...lines.map((line) => line.length)) <= width) return captioned(lines);
  }
  if (labels.length === 0) return null;
  // A long name in the first column is cut, as long as its rows can be told apart.
  const lines = columnsText([...wrapped(HEAD_WIDTH), ...body], right, width);
  const isWhole = lines.every((line) => !line.endsWith('…')) && new Set(lines).size === lines.length;
  if (isWhole) return captioned(lines);
  if (columns.length < 2) return null;
  const middle = Math.ceil(columns.length / 2);
  const half = (from: number, to?: number): string[] | null =>
    crossedLines(
      all,
      {
        columns: columns.slice(from, to),
        rows: rows.map((row) => ({ ...row, cells: row.cells.slice(from, to) })),
      },
      width,
    );
  const [left, rest] = [half(0, middle), half(middle)];
  return left === null || rest === null ? null : [...left, ...rest];
}

/** `latency, ` of `latency, p50` and `latency, p99`. */
function commonStart(names: readonly string[]): string {
  const [first = ''] = names;
  const start = first.slice(0, first.indexOf(', ') + 2);
  return names.length > 1 && first.includes(', ') && names.every((name) => name.startsWith(start)) ? start : '';
}

const scaledText = (value: number, { factor }: Scale): string => numberText(factor === 1 ? value : value * factor);

const listLines = (figures: readonly Figure[], width: number): string[] =>
  columnsText(
    figures.map((figure) => [nameText(figure), quantity(medianOf(figure), figure.unit) + reach(figure)]),
    new Set([1]),
    width,
  );

/** ` ±2.5 %`: how far the repeats reach from their median, on the farther side; in columns of one width. */
function reach({ samples }: Figure): string {
  const { n, median, min, max } = spread(samples)!;
  if (n === 1 || median === 0) return '';
  const percent = (Math.max(max - median, median - min) / Math.abs(median)) * 100;
  // Beside a median next to nothing it can be beyond all numbers.
  return Number.isFinite(percent) ? ` ${`±${percent.toFixed(1)}`.padStart(5)}\u00a0%` : '';
}

function nameText({ name, labels }: Pick<FigureName, 'name' | 'labels'>): string {
  const text = labelsText(labels);
  return text === '' ? name : `${name}, ${text}`;
}

/** What changed from `a` to `b`, the most important first, without a newline at its end. */
export function comparisonText(comparison: Comparison, options: TerminalOptions = {}): string {
  const width = widthOf(options);
  const paint = painter(options.colour ?? false);
  const { a, b, figures, warnings, tests, onlyA, onlyB } = comparison;
  const side = ({ title, version, commit, startedAt }: Comparison['a']): string =>
    `${title}, ${version}${commit === null ? '' : ` ${commit}`}, ${dateText(startedAt)}`;
  const lines = [fit(`A  ${side(a)}`, width), fit(`B  ${side(b)}`, width)];
  for (const warning of warnings) lines.push(...wrap(`! ${warning}`, width, '  ').map((line) => paint('yellow', line)));
  for (const test of tests) lines.push(...wrap(`! ${test}`, width, '  ').map((line) => paint('bold', line)));
  const changed = figures.filter(({ verdict }) => verdict !== 'same' && verdict !== 'unknown');
  const unsure = figures.filter(({ verdict }) => verdict === 'unknown');
  lines.push(...changeLines(changed, width, paint));
  if (unsure.length > 0) {
    const rest = unsure.length - UNSURE_SHOWN;
    const what = `${counted(unsure.length, 'figure')} cannot be told to be equal or changed`;
    const why = `${unsure[0]!.why}${unsure.length > 1 ? ', …' : ''}`;
    lines.push('', ...wrap(`${what} (${why}). To tell, measure both again with --repeats 5 or more.`, width));
    lines.push(
      ...changeLines(unsure.slice(0, UNSURE_SHOWN), width, paint),
      ...(rest > 0 ? ['', `… and ${rest} more`] : []),
    );
  }
  for (const [which, only] of [
    ['A', onlyA],
    ['B', onlyB],
  ] as const) {
    if (only.length === 0) continue;
    const rest = only.length > 5 ? `; and ${only.length - 5} more` : '';
    lines.push('', ...wrap(`Only in ${which}: ${only.slice(0, 5).map(nameText).join('; ')}${rest}.`, width));
  }
  return [...lines, '', ...wrap(verdictText(comparison), width)].join('\n');
}

function verdictText({ figures, counts, lost, clock, hasRegression }: Comparison): string {
  const gone = lost === 0 ? '' : ` ${counted(lost, 'figure')} of A ${lost === 1 ? 'has' : 'have'} gone.`;
  if (figures.length === 0) return `The two have no figure in common.${gone}`;
  const told = (['worse', 'suspect', 'better', 'more', 'less'] as const).filter((verdict) => counts[verdict] > 0);
  const parts = told.map((verdict) => `${counts[verdict]} ${verdict === 'suspect' ? 'probably worse' : verdict}`);
  const all = [
    ...(parts.length === 0 ? ['none changed'] : parts),
    `${counts.same} the same`,
    ...(counts.unknown === 0 ? [] : [`${counts.unknown} cannot be told`]),
  ];
  const chance =
    clock === 'virtual'
      ? ' On the virtual clock there is no noise: what changed, changed.'
      : ' Of figures that are equal, 1 in 20 looks changed by chance.';
  const end = hasRegression
    ? ' Something got worse.'
    : counts.unknown > 0
      ? ' Nothing is known to have got worse.'
      : '';
  return `${counted(figures.length, 'figure')} compared: ${all.join(', ')}.${gone}${end}${chance}`;
}

/** Under a heading for each test a line for each figure: what it was measured for, before, after, and by how much. */
function changeLines(figures: readonly FigureChange[], width: number, paint: Paint): string[] {
  const tests = [...new Set(figures.map(({ test }) => test))];
  return tests.flatMap((test) => [
    '',
    paint('bold', fit(test, width)),
    ...figures.filter((figure) => figure.test === test).flatMap((figure) => changeLine(figure, width, paint)),
  ]);
}

function changeLine(figure: FigureChange, width: number, paint: Paint): string[] {
  const { name, labels, a, b, unit, ratio, low, high, word, verdict } = figure;
  const scale = scaleOf(unit, Math.max(Math.abs(a), Math.abs(b)));
  const change = ratio === null ? '' : `  ${signedPercent(ratio - 1)}`;
  const isSure = low === null || high === null || low === high;
  const interval = isSure ? '' : ` (${signedPercent(low - 1)} to ${signedPercent(high - 1)})`;
  const what = [labelsText(labels), name].filter((text) => text !== '').join(', ');
  const how = verdict === 'unknown' ? '' : `${word} `;
  const text = `  ${how}${what}: ${scaledText(a, scale)} → ${quantity(b, unit, scale)}${change}${interval}`;
  const style = { worse: 'red', suspect: 'red', better: 'green' }[verdict as string] as Style | undefined;
  return wrap(text, width, '          ').map((line) => (style === undefined ? line : paint(style, line)));
}
