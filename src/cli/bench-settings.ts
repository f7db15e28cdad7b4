/** What a benchmark is run with: options, defaults, the tests that were chosen, and what an interrupted run was asked for. */
import { flowsOf } from '../benchmark/flows.ts';
import { machineOf } from '../benchmark/machine.ts';
import type { BenchDocument } from '../benchmark/model.ts';
import { digestOf } from '../benchmark/runner.ts';
import { parseSizes } from '../benchmark/sizes.ts';
import type { Suite, SuiteSettings, SuiteTest } from '../benchmark/suite.ts';
import { loadTopology, topologyFrom } from '../topology/load.ts';
import type { Topology } from '../topology/model.ts';
import { fits } from '../topology/ports.ts';
import { hint } from '../topology/suggestion.ts';
import { REPEATS_MAX, SEED_MAX, WORKERS_MAX } from './bench-limits.ts';
import { note, tellWarnings, UsageError } from './errors.ts';
import { virtualWorkers, wallWorkers } from './run.ts';

/** Options that decide what is measured; all of them stand in the document. */
export interface BenchWishes {
  readonly clock?: 'wall' | 'virtual';
  readonly workers?: number;
  readonly sizes?: string;
  readonly seconds?: number;
  readonly repeats?: number;
  readonly from?: string;
  readonly to?: string;
  readonly bidirectional?: boolean;
  readonly seed?: number;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly quick?: boolean;
}

/** An interrupted run that is to be gone on with. */
export interface Before {
  readonly file: string;
  readonly document: BenchDocument;
}

export interface Settled {
  readonly topology: Topology;
  readonly settings: SuiteSettings;
  /** As the document tells them. */
  readonly asked: Record<string, string | number | boolean>;
  readonly tests: readonly SuiteTest[];
}

type Asked = Record<string, string | number | boolean>;

/** What was not asked for is taken from an interrupted run, if one is gone on with. Throws UsageError, BenchError, TopologyError. */
export function settle(suite: Suite, file: string | undefined, options: BenchWishes, before: Before | null): Settled {
  const given = wordsOf(options, file);
  if (before !== null) assertSettings(before);
  const asked: Asked = { ...before?.document.settings, ...given };
  const path = asked['topology'] as string | undefined;
  const declared = path === undefined ? topologyFrom(suite.defaultTopology, suite.name) : loadTopology(path);
  if (path !== undefined) tellWarnings(declared);
  const clock = clockOf(suite, asked['clock'] as SuiteSettings['clock'] | undefined);
  const wanted = (asked['workers'] as number | undefined) ?? 1;
  asked['clock'] = clock;
  asked['workers'] = clock === 'virtual' ? virtualWorkers(declared, wanted) : wallWorkers(declared, wanted);
  asked['seed'] ??= declared.seed;
  asked['topologyDigest'] = digestOf(declared);
  if (before !== null) assertSame(asked, before);
  const settings: SuiteSettings = {
    clock,
    workers: asked['workers'],
    seed: asked['seed'] as number,
    quick: asked['quick'] === true,
    sizes: (asked['sizes'] as string | undefined) ?? null,
    seconds: (asked['seconds'] as number | undefined) ?? null,
    repeats: (asked['repeats'] as number | undefined) ?? null,
    from: (asked['from'] as string | undefined) ?? null,
    to: (asked['to'] as string | undefined) ?? null,
    bidirectional: asked['bidirectional'] === true,
  };
  // What is wrong with these would else fail test after test.
  const mtus = [...declared.hosts.flatMap(({ vswitches }) => vswitches), ...declared.switches].map(({ mtu }) => mtu);
  if (settings.sizes !== null && /(^|,)\s*(,|$)/.test(settings.sizes))
    throw new UsageError(`--sizes ${settings.sizes}: a size is missing beside a comma`);
  if (settings.sizes !== null) parseSizes(settings.sizes, { mtu: Math.min(...mtus) });
  if (path !== undefined || settings.from !== null || settings.to !== null) flowsOf(declared, settings, [64]);
  if (declared.events.length > 0)
    note('the events of the topology do not happen: every trial has to meet the same network');
  const topology = { ...declared, seed: settings.seed, events: [] };
  return { topology, settings, asked, tests: chosen(suite, asked) };
}

/** In the order in which the document tells them. */
const WISHES = [
  'clock',
  'workers',
  'sizes',
  'seconds',
  'repeats',
  'from',
  'to',
  'bidirectional',
  'seed',
  'only',
  'skip',
  'quick',
] as const satisfies readonly (keyof BenchWishes)[];

/** What was asked for, and nothing of where it is written. */
function wordsOf(options: BenchWishes, file: string | undefined): Asked {
  const words: Asked = file === undefined ? {} : { topology: file };
  for (const name of WISHES) {
    const value = options[name];
    if (value !== undefined) words[name] = typeof value === 'object' ? value.join(',') : value;
  }
  return words;
}

function clockOf({ name, clocks = ['wall', 'virtual'] }: Suite, asked: SuiteSettings['clock'] | undefined) {
  if (asked === undefined) return clocks[0]!;
  if (clocks.includes(asked)) return asked;
  throw new UsageError(`--clock ${asked}: ${name} is measured on the ${clocks[0]} clock only; leave the option out`);
}

/** In the suite's order; a word is an id with or without the suite's name, or a pattern. */
function chosen({ name, tests }: Suite, asked: Asked): SuiteTest[] {
  const short = (id: string): string => id.slice(id.indexOf('.') + 1);
  const matching = (option: 'only' | 'skip'): ReadonlySet<string> | null => {
    const text = asked[option] as string | undefined;
    if (text === undefined) return null;
    const found = text.split(',').flatMap((word) => {
      const ids = tests.map(({ id }) => id).filter((id) => fits(word, id) || fits(word, short(id)));
      if (ids.length > 0) return ids;
      const owner = word.includes('.') ? word.slice(0, word.indexOf('.')) : name;
      if (owner !== name && SUITE_NAMES.includes(owner))
        throw new UsageError(
          `--${option}: ${word} belongs to ${owner}, and this is ${name}; write vswitch bench ${owner}`,
        );
      const known = tests.map(({ id }) => short(id));
      throw new UsageError(`--${option}: ${name} has no test ${word}; ${hint(word, known, 'there are')}`);
    });
    return new Set(found);
  };
  const [only, skip] = [matching('only'), matching('skip')];
  const left = tests.filter(({ id }) => only?.has(id) !== false && skip?.has(id) !== true);
  if (left.length === 0)
    throw new UsageError(`--only and --skip leave no test of ${name}; vswitch bench list shows all`);
  return left;
}

/** Told apart from mistyped tests. */
const SUITE_NAMES: readonly string[] = ['rfc2544', 'rfc2889', 'rfc8204', 'mlr', 'vswitch'];

const isText = (value: unknown): boolean => typeof value === 'string';
const isWhole =
  (first: number, last: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= first && (value as number) <= last;
const isYes = (value: unknown): boolean => typeof value === 'boolean';

/** What a file of results may hold, as the options of the command line give it. */
const SETTINGS: Readonly<Record<string, (value: unknown) => boolean>> = {
  topology: isText,
  topologyDigest: isText,
  clock: (value) => value === 'wall' || value === 'virtual',
  workers: isWhole(1, WORKERS_MAX),
  sizes: isText,
  seconds: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  repeats: isWhole(1, REPEATS_MAX),
  from: isText,
  to: isText,
  bidirectional: isYes,
  seed: isWhole(0, SEED_MAX),
  only: isText,
  skip: isText,
  quick: isYes,
};

/** A file may have been edited. Throws UsageError. */
function assertSettings({ file, document }: Before): void {
  for (const [name, value] of Object.entries(document.settings))
    if (SETTINGS[name]?.(value) === false)
      throw new UsageError(
        `${file}: settings.${name} is ${JSON.stringify(value)}, which the option does not take; ${ANEW}`,
      );
}

const ANEW = 'start anew without --resume';

/** Whether this program can go on with that document at all. Throws UsageError. */
export function assertResumable(
  { file, document }: Before,
  suite: Suite,
  version: string,
  commit: string | null,
): void {
  if (document.suite !== suite.name)
    throw new UsageError(
      `${file}: it is of ${document.suite}, not of ${suite.name}; write vswitch bench ${document.suite} --resume ${file}`,
    );
  const [was, is] = [program(document.version, document.commit), program(version, commit)];
  if (was !== is)
    throw new UsageError(
      `${file}: it was measured with ${was}, and this is ${is}; one document is of one program: ${ANEW}`,
    );
  const machine = machineOf();
  for (const fact of ['cpu', 'cores', 'node'] as const) {
    if (machine[fact] === document.machine[fact]) continue;
    const other = `another machine (${fact} ${document.machine[fact]}, here ${machine[fact]})`;
    throw new UsageError(`${file}: it was measured on ${other}; ${ANEW}`);
  }
}

/** Throws UsageError where nothing is left to measure. */
export function assertUnfinished({ file, document }: Before): void {
  if (document.complete && document.tests.every(({ status }) => status !== 'failed'))
    throw new UsageError(`${file}: it is complete, nothing is left to do; ${ANEW} to measure again`);
}

const program = (version: string, commit: string | null): string =>
  commit === null ? `version ${version}` : `version ${version} (${commit})`;

/** Whether the settings are those that it was run with. The path of the topology does not matter, the network does. */
function assertSame(asked: Asked, { file, document: { settings } }: Before): void {
  if (asked['topologyDigest'] !== settings['topologyDigest']) {
    const name = asked['topology'] ?? 'the suite’s own topology';
    throw new UsageError(`${file}: it was measured on another network than ${name} is now; ${ANEW}`);
  }
  for (const name of new Set([...Object.keys(asked), ...Object.keys(settings)])) {
    if (name === 'topology' || asked[name] === settings[name]) continue;
    const was = settings[name] === undefined ? `without --${name}` : `with --${name} ${settings[name]}`;
    throw new UsageError(`${file}: it was run ${was}, not with ${asked[name]}; leave --${name} out, or ${ANEW}`);
  }
}
