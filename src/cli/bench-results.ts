/** What can be done with results that were written before, and what there is to measure. */
import { stdout } from 'node:process';
import type { BenchDocument } from '../benchmark/model.ts';
import { compare } from '../benchmark/report/compare.ts';
import { benchJsonSchema, readDocumentFile } from '../benchmark/report/schema.ts';
import { comparisonText, summaryText, type TerminalOptions } from '../benchmark/report/terminal.ts';
import type { Suite } from '../benchmark/suite.ts';
import { filesBeside, filesOf, writeReports } from './bench-files.ts';
import { EXIT_FAILED, EXIT_FINE } from './errors.ts';
import { paint, table } from './format.ts';

const look = (): TerminalOptions => ({
  columns: stdout.columns || 80,
  colour: stdout.isTTY === true && !process.env['NO_COLOR'],
});

/** The summary for the impatient, and which files hold the rest. */
export function tellResults(document: BenchDocument, written: readonly string[]): void {
  stdout.write(`${summaryText(document, look())}\n\n`);
  for (const file of written) stdout.write(`wrote ${file}\n`);
}

/** `vswitch bench list` */
export async function list(options: { readonly json?: boolean }, suites?: readonly Suite[]): Promise<number> {
  const known = suites ?? (await import('../benchmark/suites.ts')).SUITES;
  if (options.json === true) {
    const plain = known.map(({ name, title, about, clocks = ['wall', 'virtual'], tests }) => ({
      name,
      title,
      about,
      clocks,
      tests: tests.map(({ id, title: what, source }) => ({ id, title: what, source })),
    }));
    stdout.write(`${JSON.stringify(plain, null, 2)}\n`);
    return EXIT_FINE;
  }
  const texts = known.map(({ name, title, about, tests }) => {
    const rows = tests.map(({ id, title: what, source }) => [`  ${id}`, what, source ?? '']);
    const head = `${paint('bold', name)}  ${title}\n${about}`;
    return `${head}\n${table([{ title: '  test' }, { title: 'what it measures' }, { title: 'by' }], rows)}`;
  });
  stdout.write(`${texts.join('\n\n')}\n`);
  return EXIT_FINE;
}

/** `vswitch bench compare A B`: 1 when something got worse by more than noise. */
export function compareFiles(a: string, b: string, options: { readonly json?: boolean }): number {
  const comparison = compare(readDocumentFile(a), readDocumentFile(b));
  stdout.write(
    options.json === true ? `${JSON.stringify(comparison, null, 2)}\n` : `${comparisonText(comparison, look())}\n`,
  );
  return comparison.hasRegression ? EXIT_FAILED : EXIT_FINE;
}

/** `vswitch bench report FILE`: everything but the JSON, made again from it. */
export function report(file: string, options: { readonly out?: string; readonly html?: boolean }): number {
  const document = readDocumentFile(file);
  const withPage = options.html !== false;
  const files =
    options.out === undefined ? filesBeside(file, withPage) : filesOf(document.suite, options.out, withPage, undefined);
  tellResults(document, writeReports(document, files));
  return EXIT_FINE;
}

/** `vswitch bench schema` */
export function schema(): number {
  stdout.write(`${JSON.stringify(benchJsonSchema(), null, 2)}\n`);
  return EXIT_FINE;
}
