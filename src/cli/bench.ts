/** `vswitch bench <suite>`: measures, shows how far it is, and writes what it found after every test. */
import { stderr, stdout } from 'node:process';
import type { Bed, BedOptions } from '../benchmark/bed.ts';
import { commitOf } from '../benchmark/machine.ts';
import type { BenchDocument, TestResult } from '../benchmark/model.ts';
import { readDocumentFile, writeDocument } from '../benchmark/report/schema.ts';
import { runSuite } from '../benchmark/runner.ts';
import type { Suite } from '../benchmark/suite.ts';
import { hint } from '../topology/suggestion.ts';
import { type BenchFiles, filesBeside, filesOf, writeReports } from './bench-files.ts';
import { tellResults } from './bench-results.ts';
import { assertResumable, assertUnfinished, type Before, type BenchWishes, settle } from './bench-settings.ts';
import { BenchView } from './bench-view.ts';
import { EXIT_FAILED, EXIT_FINE, explainFailure, tell, UsageError } from './errors.ts';
import { counted } from './format.ts';
import { Stopper } from './stopper.ts';

export interface BenchOptions extends BenchWishes {
  readonly out?: string;
  readonly json?: boolean;
  /** False after `--no-html`. */
  readonly html?: boolean;
  readonly resume?: string;
}

/** What the command is made of; tests give their own. */
export interface BenchParts {
  readonly suites: readonly Suite[];
  createBed(options: BedOptions): Promise<Bed>;
}

export interface Program {
  readonly version: string;
  readonly debug: boolean;
}

async function loadParts(): Promise<BenchParts> {
  const [{ SUITES }, { createBed }] = await Promise.all([
    import('../benchmark/suites.ts'),
    import('../benchmark/network-bed.ts'),
  ]);
  return { suites: SUITES, createBed };
}

export async function bench(
  name: string | undefined,
  file: string | undefined,
  options: BenchOptions,
  program: Program,
  parts?: BenchParts,
): Promise<number> {
  const { suites, createBed } = parts ?? (await loadParts());
  const before = beforeOf(options.resume);
  const suite = suiteOf(name ?? before?.document.suite, suites);
  const commit = commitOf();
  // Other settings are told before a complete file is: the user may have meant another.
  if (before !== null) assertResumable(before, suite, program.version, commit);
  const { topology, settings, asked, tests } = settle(suite, file, options, before);
  if (before !== null) assertUnfinished(before);
  const files = targetOf(suite, asked['topology'] as string | undefined, options);
  const stopper = new Stopper();
  const view = new BenchView(stderr, () => stopper.asked);
  const keeper = new Keeper(files);
  let document: BenchDocument;
  try {
    view.say(
      `${suite.title}: ${topology.name}, ${settings.clock} clock, ${counted(settings.workers, 'worker')}${settings.quick ? '; quick, not to be quoted' : ''}`,
    );
    document = await runSuite(
      {
        suite,
        tests,
        topology,
        settings,
        asked,
        version: program.version,
        commit,
        before: before?.document ?? null,
        createBed,
        isStopped: () => stopper.asked,
      },
      {
        begins: (test, index, count) => view.begins(test, index, count),
        progress: (progress) => view.progress(progress),
        trial: (trial) => view.trial(trial),
        ends: (result, seconds, error) => {
          view.ends(result, seconds);
          if (program.debug && error !== undefined) explainFailure(error, true);
        },
        save: (each) => keeper.save(each),
      },
    );
  } finally {
    view.end();
    stopper.close();
  }
  const again = files === null ? null : resumeText(suite.name, file, files.json);
  return finish(document, files, keeper, tests.length, again, options.json === true);
}

function suiteOf(name: string | undefined, suites: readonly Suite[]): Suite {
  const names = suites.map((suite) => suite.name);
  const suite = suites.find((each) => each.name === name);
  if (suite !== undefined) return suite;
  if (name === undefined)
    throw new UsageError(
      `no suite is named; there are ${names.join(', ')}, and vswitch bench list tells what each measures`,
    );
  throw new UsageError(`unknown suite ${name}; ${hint(name, names, 'there are')}`);
}

function beforeOf(file: string | undefined): Before | null {
  return file === undefined ? null : { file, document: readDocumentFile(file) };
}

/** Null: the standard output is all that is wanted. */
function targetOf({ name }: Suite, topology: string | undefined, options: BenchOptions): BenchFiles | null {
  const withPage = options.html !== false;
  if (options.out !== undefined) return filesOf(name, options.out, withPage, topology);
  if (options.resume !== undefined) return filesBeside(options.resume, withPage);
  return options.json === true ? null : filesOf(name, undefined, withPage, topology);
}

/** Keeps the document in its file. What cannot be kept in the middle of a run is told at its end: the run may go on. */
class Keeper {
  readonly #file: string | null;
  #isBegun = false;
  failure: string | null = null;

  constructor(files: BenchFiles | null) {
    this.#file = files?.json ?? null;
  }

  save(document: BenchDocument): void {
    if (this.#file === null) return;
    try {
      writeDocument(this.#file, document);
      this.failure = null;
    } catch (error) {
      if (!this.#isBegun) throw error;
      this.failure = (error as Error).message;
    }
    this.#isBegun = true;
  }
}

function finish(
  document: BenchDocument,
  files: BenchFiles | null,
  keeper: Keeper,
  count: number,
  again: string | null,
  asJson: boolean,
): number {
  const problems = keeper.failure === null ? [] : [keeper.failure];
  const written = files === null || keeper.failure !== null ? [] : [files.json];
  if (files !== null && document.complete) {
    try {
      written.push(...writeReports(document, files));
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  if (asJson) stdout.write(`${JSON.stringify(document, null, 1)}\n`);
  else tellResults(document, written);
  problems.push(...document.tests.flatMap(problemsOf));
  if (!document.complete) problems.push(stoppedText(document.tests.length, count, again));
  for (const problem of problems) tell(problem);
  return problems.length === 0 ? EXIT_FINE : EXIT_FAILED;
}

function problemsOf({ id, status, why, trials }: TestResult): string[] {
  if (status === 'failed') return [`${id} failed: ${why}`];
  const unbalanced = trials.filter(({ balanced }) => !balanced).length;
  return unbalanced === 0 ? [] : [`${id}: the ledger of ${counted(unbalanced, 'trial')} does not balance`];
}

function stoppedText(done: number, count: number, again: string | null): string {
  const what = `interrupted with ${done} of ${counted(count, 'test')} done`;
  return again === null ? `${what}; what is written can be gone on with by --resume` : `${what}; go on with: ${again}`;
}

function resumeText(suite: string, topology: string | undefined, json: string): string {
  return ['vswitch', 'bench', suite, ...(topology === undefined ? [] : [topology]), '--resume', json]
    .map(quoted)
    .join(' ');
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
