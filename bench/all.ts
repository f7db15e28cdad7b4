/**
 * `npm run bench`: the canonical set, each bench in a process of its own, one after another; a table on stdout and all that
 * was measured, with the machine, in results/latest.json; the medians are added to results/history.json, and what is slower or
 * faster than there is said (history.ts). `--smoke` shows in seconds that all of it works; its figures mean
 * nothing and go elsewhere. Fails when a bench fails or its books do not balance, not when a target is missed: a machine
 * that is busy misses all of them.
 *
 *     npm run bench [-- --smoke] [--out FILE] [--history FILE] [--no-history]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { runBench } from './child.ts';
import { record, runOf } from './history.ts';
import { type Figure, type Line, meets } from './line.ts';
import { machine } from './machine.ts';
import { BENCHES } from './names.ts';
import { isRecorded, isSmoke, options } from './options.ts';

const RESULTS = resolve(import.meta.dirname, 'results');
const { out, history } = options(
  { out: resolve(RESULTS, 'latest.json'), history: resolve(RESULTS, 'history.json') },
  // Not followed by git.
  { out: resolve(RESULTS, 'smoke.tmp.json'), history: resolve(RESULTS, 'smoke-history.tmp.json') },
);
const HEADINGS = ['bench', 'case', 'unit', 'min', 'median', 'max', 'ratio', 'target'];
const NUMBERS_FROM = 3;

function row(bench: string, each: Figure): string[] {
  const { case: name, unit, min, median, max, ratio, ratioTo, target } = each;
  const wanted =
    target === undefined ? '' : `${target.of} ${target.sign} ${target.value}: ${meets(each) ? 'met' : 'MISSED'}`;
  const [low, middle, high] = [min, median, max].map((value) =>
    value.toLocaleString('en', { maximumFractionDigits: 3 }),
  );
  return [bench, name, unit, low!, middle!, high!, ratio === undefined ? '' : `${ratio} x ${ratioTo}`, wanted];
}

function table(lines: readonly Line[]): string {
  const rows = [HEADINGS, ...lines.flatMap(({ bench, figures }) => figures.map((each) => row(bench, each)))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const cell = (text: string, column: number): string =>
    column >= NUMBERS_FROM && column < NUMBERS_FROM + 3 ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  return rows.map((cells) => cells.map(cell).join('  ').trimEnd()).join('\n');
}

const failed: string[] = [];
const lines: Line[] = [];
// Before anything runs: the load that each line has is partly the benches' own.
const at = machine();
for (const bench of BENCHES) {
  console.error(`${bench} ...`);
  try {
    const line = runBench(`${bench}.ts`);
    lines.push(line);
    if (!line.balanced) failed.push(`${bench}: its books do not balance`);
  } catch (error) {
    failed.push(`${bench}: ${(error as Error).message}`);
  }
}
console.log(table(lines));
for (const { bench, drops, skipped = {} } of lines) {
  for (const [verdict, n] of Object.entries(drops)) console.log(`${bench}: ${n} frames dropped as ${verdict}`);
  for (const [what, why] of Object.entries(skipped)) console.log(`${bench}: ${what} skipped: ${why}`);
}
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ smoke: isSmoke, machine: at, failed, lines }, null, 2)}\n`);
if (isRecorded) for (const change of record(history, runOf(lines, at))) console.log(change);
for (const failure of failed) console.error(`FAILED ${failure}`);
console.log(`${at.cpu}, ${at.cores} cores, load ${at.load}, Node ${at.node}, commit ${at.commit}; written to ${out}`);
if (failed.length > 0) process.exitCode = 1;
