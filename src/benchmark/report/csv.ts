/**
 * Figures and trials as CSV for spreadsheets and scripts: RFC 4180 (CRLF, fields in quotes where they need them), UTF-8, one header line.
 * Numbers are written in full, with a point and without separators; what is not applicable is empty, never 0.
 */
import type { BenchDocument, TrialResult } from '../model.ts';
import { spread } from '../statistics.ts';

type Cell = string | number | boolean | null | undefined;

const BEFORE = ['suite', 'test', 'name'];
const BEHIND = ['unit', 'median', 'min', 'max', 'n', 'better'];

/** One row for each figure; labels have a column each, in the order in which they first appear. */
export function figuresCsv(document: BenchDocument): string {
  const labels = [
    ...new Set(document.tests.flatMap((test) => test.figures.flatMap((figure) => Object.keys(figure.labels)))),
  ];
  const taken = [...BEFORE, ...BEHIND];
  const rows = document.tests.flatMap((test) =>
    test.figures.map((figure): Cell[] => {
      const { n, min, median, max } = spread(figure.samples)!;
      const places = labels.map((label) => (Object.hasOwn(figure.labels, label) ? figure.labels[label] : null));
      return [document.suite, test.id, figure.name, ...places, figure.unit, median, min, max, n, figure.better];
    }),
  );
  const names = labels.map((label) => (taken.includes(label) ? `label ${label}` : label));
  return csv([[...BEFORE, ...names, ...BEHIND], ...rows]);
}

const TRIAL: readonly (readonly [string, (trial: TrialResult) => Cell])[] = [
  ['size', (t) => t.size],
  ['seconds', (t) => t.seconds],
  ['intended frames/s', (t) => t.intendedRate],
  ['offered frames/s', (t) => t.offeredRate],
  ['received frames/s', (t) => t.receivedRate],
  ['intended', (t) => t.intended],
  ['offered', (t) => t.offered],
  ['received', (t) => t.received],
  ['lost', (t) => t.lost],
  ['loss ratio', (t) => t.lossRatio],
  ['duplicates', (t) => t.duplicates],
  ['reordered', (t) => t.reordered],
  ['flooded', (t) => t.flooded],
  ['misdelivered', (t) => t.misdelivered],
  ['L1 bit/s', (t) => t.l1BitsPerSecond],
  ['L2 bit/s', (t) => t.l2BitsPerSecond],
  ['% of line', (t) => t.linePercent],
  ['latency n', (t) => t.latency?.n],
  ['latency min ns', (t) => t.latency?.min],
  ['latency mean ns', (t) => t.latency?.mean],
  ['latency p50 ns', (t) => t.latency?.p50],
  ['latency p90 ns', (t) => t.latency?.p90],
  ['latency p99 ns', (t) => t.latency?.p99],
  ['latency p99.9 ns', (t) => t.latency?.p999],
  ['latency max ns', (t) => t.latency?.max],
  ['busy', (t) => t.busy.map((share) => share.toFixed(3)).join(' ')],
  ['drops', (t) => dropsText(t.drops)],
  ['balanced', (t) => t.balanced],
  ['void', (t) => t.void],
];

/** One row for each trial, in the order in which they were run; `trial` counts from 1 within its test. */
export function trialsCsv(document: BenchDocument): string {
  const rows = document.tests.flatMap((test) =>
    test.trials.map((trial, i): Cell[] => [document.suite, test.id, i + 1, ...TRIAL.map(([, read]) => read(trial))]),
  );
  return csv([['suite', 'test', 'trial', ...TRIAL.map(([name]) => name)], ...rows]);
}

const dropsText = (drops: TrialResult['drops']): string =>
  Object.entries(drops)
    .map(([reason, frames]) => `${reason}=${frames}`)
    .join(' ');

const csv = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');

function field(cell: Cell): string {
  const text = cell === null || cell === undefined ? '' : String(cell);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
