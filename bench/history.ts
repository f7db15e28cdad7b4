/**
 * What earlier runs of `npm run bench` measured, in results/history.json, and what has changed since: a case is told of when its
 * median differs by more than a tenth from that of the last runs on the same model of CPU, and no measurement of now lies
 * within what they measured. On a shared machine a run of several may be slow as a whole; the last runs together have a
 * spread that says so.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { digits, type Figure, type Line, median } from './line.ts';
import type { Machine } from './machine.ts';

const CASE = z.object({
  unit: z.string(),
  min: z.number(),
  median: z.number(),
  max: z.number(),
  ratio: z.number().optional(),
});
const RUN = z.object({
  cpu: z.string(),
  cores: z.number(),
  load: z.number(),
  node: z.string(),
  commit: z.string(),
  date: z.string(),
  /** By `bench: case`. */
  cases: z.record(z.string(), CASE),
});

export type Run = z.infer<typeof RUN>;

/** Runs compared with, the latest of their CPU. */
const COMPARED = 5;
/** Runs kept of each model of CPU. */
const KEPT = 100;
const CHANGE_MIN = 0.1;
/** Whether more of a unit is better; what has another unit is kept and not judged. */
const MORE_IS_BETTER: Readonly<Record<string, boolean>> = {
  'Mframes/s': true,
  'MB/s': true,
  'ns/frame': false,
  s: false,
  ms: false,
  MiB: false,
  KiB: false,
};
/** What a suite of benny's says a second time. */
const SAID_TWICE = 'ops/s';

export function runOf(lines: readonly Line[], { cpu, cores, load, node, commit, date }: Machine): Run {
  const figures = lines.flatMap(({ bench, figures: each }) => each.map((one) => [bench, one] as const));
  const told = figures.filter(([, { unit }]) => unit !== SAID_TWICE);
  const cases = told.map(([bench, each]) => [`${bench}: ${each.case.trim()}`, measured(each)] as const);
  return { cpu, cores, load, node, commit, date, cases: Object.fromEntries(cases) };
}

function measured({ unit, min, median: middle, max, ratio }: Figure): Run['cases'][string] {
  return { unit, min, median: middle, max, ...(ratio !== undefined && { ratio }) };
}

/** One line for each case that is slower or faster than before, worst first; none without earlier runs on this CPU. */
export function changes(now: Run, history: readonly Run[]): string[] {
  const before = history.filter(({ cpu, cores }) => cpu === now.cpu && cores === now.cores).slice(-COMPARED);
  const found = Object.entries(now.cases).flatMap(([name, each]) => {
    const isMoreBetter = MORE_IS_BETTER[each.unit];
    const others = before.flatMap(({ cases }) => (cases[name]?.unit === each.unit ? [cases[name]] : []));
    if (isMoreBetter === undefined || others.length === 0) return [];
    const [low, high] = [Math.min(...others.map(({ min }) => min)), Math.max(...others.map(({ max }) => max))];
    const usual = median(others.map((other) => other.median));
    const change = each.median / usual - 1;
    const isBeyond = each.min > high || each.max < low;
    if (!isBeyond || Math.abs(change) <= CHANGE_MIN || !Number.isFinite(change)) return [];
    const gain = isMoreBetter ? change : -change;
    const percent = Math.abs(100 * change).toFixed(0);
    const what = `${gain < 0 ? 'WORSE' : 'better'}: ${name}: ${each.median} ${each.unit} (${each.min} to ${each.max})`;
    const runs = others.length === 1 ? 'the last run' : `the last ${others.length} runs`;
    const sign = change < 0 ? 'less' : 'more';
    return [{ gain, line: `${what}, ${percent} % ${sign} than ${runs}: ${digits(usual)} (${low} to ${high})` }];
  });
  return found.sort((a, b) => a.gain - b.gain).map(({ line }) => line);
}

/** None where there is no file yet; null where there is one that is no history. */
export function readHistory(path: string): Run[] | null {
  if (!existsSync(path)) return [];
  try {
    return z.array(RUN).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Adds a run, and returns what to say: what has changed, and where a file that was no history is kept. */
export function record(path: string, now: Run): string[] {
  const history = readHistory(path);
  const said = changes(now, history ?? []);
  if (history === null) {
    renameSync(path, `${path}.unreadable`);
    said.push(`${path} was no history of benches and is kept as ${path}.unreadable; a new one begins`);
  }
  const runs = [...(history ?? []), now];
  const ofCpu = runs.filter(({ cpu }) => cpu === now.cpu);
  const dropped = new Set(ofCpu.slice(0, -KEPT));
  mkdirSync(dirname(path), { recursive: true });
  const lines = runs.filter((run) => !dropped.has(run)).map((run) => JSON.stringify(run));
  // A run a line: what a commit adds is one line.
  writeFileSync(path, `[\n${lines.join(',\n')}\n]\n`);
  return said;
}
