/**
 * The documented form of a file of results: its JSON Schema, the door through which files come in, and the one by which they go out.
 *
 * What each field means stands in ../model.ts. The schema here is checked against those types when this file is compiled (`agreed`
 * below), so that neither can change alone. Files are written by the program, so nothing is guessed: an unknown field is refused
 * like a missing one, for it means another version.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { BenchError } from '../error.ts';
import type { BenchDocument, TestResult } from '../model.ts';

export const SCHEMA_NAME = 'vswitch-bench/1';

const text = (description: string) => z.string().meta({ description });
const number = (description: string) => z.number().meta({ description });
const count = (description: string) => z.number().min(0).meta({ description });
const flag = (description: string) => z.boolean().meta({ description });
const numbers = z.array(z.number()).readonly();
const numbersWithGaps = z.array(z.number().nullable()).readonly();
const texts = (description: string) => z.array(z.string()).readonly().meta({ description });

const machine = z.strictObject({
  cpu: text('Model of the CPU.'),
  cores: count('Logical CPUs.'),
  memoryGiB: count('Memory, GiB.'),
  os: text('Operating system and its version.'),
  node: text('Version of Node.js.'),
  governor: text('CPU frequency governor; null where it cannot be told.').nullable(),
  load: count('Load average of the last minute before the run.'),
});

const network = z.strictObject({
  name: text('Name of the topology.'),
  hosts: count('Hosts.'),
  switches: count('vSwitches and physical switches.'),
  physicalSwitches: count('Those of them that are physical.').exactOptional(),
  cables: text('Cables and their rates.').exactOptional(),
  flows: texts('Who sends to whom in the first test on this network.').exactOptional(),
  vnics: count('vNICs.'),
  workers: count('Worker threads that moved frames.'),
  macModels: texts('MAC models of the vSwitches.'),
  rulesOff: texts('Rules that were switched off; must be empty for a figure to be quoted.'),
  lineRate: count('Bits a second of the slowest cable on the way; null: no media limit.').nullable(),
});

const ceiling = z.strictObject({
  framesPerSecond: count('Frames a second that generator and receiver move without a switch.'),
  frameBytes: count('Frame length with FCS for which that holds.'),
  note: text('How it was measured.'),
});

const figure = z.strictObject({
  name: text('What it is. Figures are the same when test id, name and labels are.'),
  labels: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .readonly()
    .meta({ description: 'What it was measured for, such as a frame size.' }),
  unit: text('frames/s, bit/s, %, ns, s, frames, addresses, copies/s, …'),
  samples: z.array(z.number()).min(1).readonly().meta({ description: 'Of each repeat; the figure is their median.' }),
  better: z.enum(['higher', 'lower']).nullable().meta({ description: 'What is good; null where neither is.' }),
});

const axis = z.strictObject({
  label: text('What it shows.'),
  unit: text('Its unit; may be empty.'),
  scale: z.enum(['linear', 'log', 'category']),
  categories: texts('Names of the places 0, 1, … on a category axis.').exactOptional(),
});

const series = z.strictObject({
  name: text('For the legend.'),
  x: numbers,
  y: numbersWithGaps.meta({ description: 'As many as x; null: a gap.' }),
  kind: z.enum(['line', 'reference', 'points', 'bars']),
  low: numbersWithGaps.exactOptional().meta({ description: 'Least of the repeats.' }),
  high: numbersWithGaps.exactOptional().meta({ description: 'Greatest of the repeats.' }),
});

const plot = z.strictObject({
  title: text('Title.'),
  x: axis,
  y: axis,
  series: z.array(series).readonly(),
});

const latency = z.strictObject({
  n: count('Frames measured.'),
  min: count('ns.'),
  mean: count('ns.'),
  p50: count('Median, ns.'),
  p90: count('ns.'),
  p99: count('ns.'),
  p999: count('99.9 %, ns.'),
  max: count('ns.'),
});

const trial = z.strictObject({
  size: z.union([z.number(), z.string()]).meta({ description: 'Frame length with FCS, or the name of the mix.' }),
  intendedRate: count('Frames a second that were to be offered; null: as fast as possible.').nullable(),
  offeredRate: count('Frames a second that were offered.'),
  receivedRate: count('Unique frames a second that came where they were meant to.'),
  seconds: count('Length of the sending, s.'),
  intended: count('Frames that were to be sent; null: as many as possible.').nullable(),
  offered: count('Frames sent.'),
  received: count('Unique frames that came where they were meant to.'),
  lost: number('offered - received, at ports where they were meant to.'),
  lossRatio: number('lost / offered, 0-1.'),
  duplicates: count('Frames that came again.'),
  reordered: count('Frames with a lesser sequence number than one before (RFC 4737, type P).'),
  flooded: count('Copies that a flood brought to other ports (RFC 2285, 3.8.3); never counted as received.'),
  misdelivered: count('The same without a flood.'),
  drops: z.record(z.string(), z.number()).readonly().meta({ description: 'Frames dropped, by verdict.' }),
  latency: latency.nullable(),
  busy: z.array(z.number()).readonly().meta({
    description: 'Of each worker, 0-1: share of the trial, not asleep.',
  }),
  l1BitsPerSecond: count('Bit rate received, with preamble and gap.'),
  l2BitsPerSecond: count('Bit rate received, frames with FCS.'),
  linePercent: count('Received, of the theoretical maximum of the line, %; null: no media limit.').nullable(),
  balanced: flag('Frames in plus copies made equals delivered plus drops plus held.'),
  void: text('Why the trial counts for nothing; null: it is good.').nullable(),
});

const test = z.strictObject({
  id: text('Unique in the document, such as rfc2544.throughput.'),
  title: text('Title.'),
  source: text('Clause of a standard; null for questions of our own.').nullable(),
  ownNetwork: text('Network of the suite that it was run on; absent: that of the document.').exactOptional(),
  flows: texts('Who sends to whom, where that differs from the flows of the document.').exactOptional(),
  method: text('What was done, for a reader who wants to repeat it.'),
  status: z.enum(['done', 'not-applicable', 'failed']),
  why: text('Why it is not applicable or failed; null when done.').nullable(),
  figures: z.array(figure).readonly(),
  plots: z.array(plot).readonly(),
  trials: z.array(trial).readonly(),
  notes: texts('What a reader should know of these figures.'),
});

const documentSchema = z
  .strictObject({
    schema: z.literal(SCHEMA_NAME).meta({ description: 'Form of this file.' }),
    suite: text('Name of the suite.'),
    title: text('Title of the suite.'),
    version: text('Of the program.'),
    commit: text('Of the checkout, with + when it has changes; null outside of one.').nullable(),
    startedAt: text('ISO 8601.'),
    seconds: count('Real time that the tests took, s.'),
    clock: z.enum(['wall', 'virtual']).meta({ description: 'Never mixed: a document has one.' }),
    seed: number('Start of all chance.'),
    quick: flag('Durations and repeats were cut short; no figure is to be quoted.'),
    settings: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .readonly()
      .meta({ description: 'What was asked for, as the user would write it.' }),
    machine,
    network,
    ceiling: ceiling.nullable().meta({
      description: 'null where there is no such limit (virtual clock).',
    }),
    tests: z.array(test).readonly(),
    complete: flag('false: interrupted; the run can be resumed.'),
  })
  .meta({
    title: 'Results of vswitch bench',
    description: 'One file of results of the virtual-switch emulator.',
  });

type Plain<T> = T extends readonly (infer E)[]
  ? Plain<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Does not compile where the schema and the types of model.ts have come apart. */
const agreed: Same<Plain<z.output<typeof documentSchema>>, Plain<BenchDocument>> = true;
void agreed;

/** JSON Schema (draft 2020-12) of a file of results. */
export function benchJsonSchema(): object {
  return z.toJSONSchema(documentSchema);
}

const REMEDY = 'give a JSON file that vswitch bench wrote';

/** The document in `text`. Throws a BenchError of one line that begins with `file` for anything else. */
export function readDocument(text: string, file: string): BenchDocument {
  const value = parsed(text, file);
  const name = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (name !== SCHEMA_NAME) {
    if (typeof name === 'string' && name.startsWith('vswitch-bench/')) {
      const remedy = `this version reads ${SCHEMA_NAME}: read it with the version that wrote it, or run the benchmark again`;
      throw new BenchError(`${file}: results in the form ${name}`, remedy);
    }
    throw new BenchError(`${file}: no results of a benchmark`, REMEDY);
  }
  const result = documentSchema.safeParse(value);
  if (result.success) return checked(result.data, file);
  throw new BenchError(
    `${file}: ${described(result.error)}`,
    `the file was changed or is of another version; ${REMEDY}`,
  );
}

/** The document in the file. Throws a BenchError. */
export function readDocumentFile(file: string): BenchDocument {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BenchError(`${file}: cannot be read (${codeOf(error)})`, REMEDY, error);
  }
  return readDocument(text, file);
}

/** What is wrong with a test's result, in words, or null: a suite's slip should fail its test, not the whole file. */
export function faultOf(result: TestResult): string | null {
  const parse = test.safeParse(result);
  return parse.success ? unevenSeries(result) : described(parse.error);
}

/**
 * Writes the document beside its place and renames it then, so that the file is there whole or as it was. Throws a BenchError where it
 * cannot, and where the document is none (a figure that is not a number would be lost in JSON).
 */
export function writeDocument(path: string, document: BenchDocument): void {
  const result = documentSchema.safeParse(document);
  if (!result.success) throw new BenchError(`${path}: ${described(result.error)}`, 'that is a fault of the suite');
  writeWhole(path, `${JSON.stringify(document, null, 1)}\n`);
}

/** Any file, whole or as it was. Throws a BenchError. */
export function writeWhole(path: string, content: string): void {
  const beside = `${path}.${process.pid}.partial`;
  try {
    writeFileSync(beside, content);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new BenchError(`${path}: cannot be written (${codeOf(error)})`, 'give another path', error);
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = text.trim() === '' ? 'the file is empty' : `no JSON (${(error as Error).message})`;
    throw new BenchError(`${file}: ${where}`, REMEDY, error);
  }
}

/** What the schema cannot say. */
function checked(document: BenchDocument, file: string): BenchDocument {
  const seen = new Set<string>();
  for (const result of document.tests) {
    const fault = seen.has(result.id) ? 'stands twice' : unevenSeries(result);
    if (fault !== null) throw new BenchError(`${file}: test ${result.id}: ${fault}`, REMEDY);
    seen.add(result.id);
  }
  return document;
}

function unevenSeries(result: TestResult): string | null {
  for (const { title, series: all } of result.plots) {
    for (const { name, x, y, low = y, high = y } of all) {
      const isEven = [y, low, high].every((values) => values.length === x.length);
      if (!isEven) return `plot ${title}: series ${name} has not as many values as places`;
    }
  }
  return null;
}

/** The first issue with its place: `tests[3].figures[0].samples: …`. */
function described(error: z.ZodError): string {
  const issue = error.issues[0]!;
  const place = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  const message = issue.code === 'unrecognized_keys' ? `unknown field ${issue.keys.join(', ')}` : issue.message;
  const said = message
    .replace(/^Invalid input: /, '')
    .replace(/^Too small: /, '')
    .replace(/^Too big: /, '');
  return `${place === '' ? 'the document' : place.replace(/^\./, '')}: ${said}`;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
