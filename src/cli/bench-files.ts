/** The files of a benchmark: NAME.json while it runs, and NAME.csv, NAME-trials.csv and NAME.html when it is over. */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BenchDocument } from '../benchmark/model.ts';
import { figuresCsv, trialsCsv } from '../benchmark/report/csv.ts';
import { page } from '../benchmark/report/page.ts';
import { writeWhole } from '../benchmark/report/schema.ts';
import { UsageError } from './errors.ts';
import { isSameFile, makeFolder } from './output.ts';

export interface BenchFiles {
  readonly json: string;
  readonly csv: string;
  readonly trials: string;
  /** null: none is wanted. */
  readonly html: string | null;
}

/** Where `json` is given, the others stand beside it. */
export function filesBeside(json: string, withPage: boolean): BenchFiles {
  const name = json.replace(/\.json$/, '');
  return { json, csv: `${name}.csv`, trials: `${name}-trials.csv`, html: withPage ? `${name}.html` : null };
}

/**
 * `out` is a name with or without `.json`, or a folder; without it, `bench-<suite>-<date>-<time>` in the current folder.
 * Throws a UsageError where nothing could be written, or a file that the run needs would be lost.
 */
export function filesOf(
  suite: string,
  out: string | undefined,
  withPage: boolean,
  topology: string | undefined,
): BenchFiles {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(two).join('');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('');
  const own = `bench-${suite}-${date}-${time}`;
  const name = out === undefined ? own : isFolder(out) ? join(out, own) : out.replace(/\.json$/, '');
  if (name === '') throw new UsageError('--out: the name is empty; write a name such as baseline');
  const files = filesBeside(`${name}.json`, withPage);
  if (topology !== undefined && isSameFile(files.json, topology))
    throw new UsageError(`${files.json}: the results would overwrite the topology; give another name with --out`);
  makeFolder(dirname(files.json), 'give another name with --out');
  return files;
}

function isFolder(path: string): boolean {
  if (path.endsWith('/')) return true;
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Writes all but the JSON and returns their names. Throws a BenchError. */
export function writeReports(document: BenchDocument, files: BenchFiles): string[] {
  writeWhole(files.csv, figuresCsv(document));
  writeWhole(files.trials, trialsCsv(document));
  if (files.html === null) return [files.csv, files.trials];
  writeWhole(files.html, page(document));
  return [files.csv, files.trials, files.html];
}
