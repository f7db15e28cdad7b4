/** The door of result files: what is written is read again, and what is something else is refused in one line. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BenchDocument } from '../../src/benchmark/model.ts';
import {
  benchJsonSchema,
  faultOf,
  readDocument,
  readDocumentFile,
  writeDocument,
} from '../../src/benchmark/report/schema.ts';
import { sample } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-schema-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The sample as JSON after `change` at the place. */
function changed(path: readonly (string | number)[], value: unknown): string {
  const document = JSON.parse(JSON.stringify(sample()));
  let at = document;
  for (const key of path.slice(0, -1)) at = at[key];
  const last = path.at(-1)!;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return JSON.stringify(document);
}

const refusals: readonly (readonly [string, string, RegExp])[] = [
  ['an empty file', '', /^f\.json: the file is empty; give a JSON file/],
  ['broken JSON', '{"schema": ', /^f\.json: no JSON \(.*\); give/],
  ['a list', '[]', /^f\.json: no results of a benchmark; give/],
  ['nothing', 'null', /^f\.json: no results of a benchmark; give/],
  ['other JSON', '{"name": "x"}', /^f\.json: no results of a benchmark/],
  [
    'another version',
    changed(['schema'], 'vswitch-bench/9'),
    /^f\.json: results in the form vswitch-bench\/9; .*bench\/1/,
  ],
  [
    'a field too few',
    changed(['machine', 'cpu'], undefined),
    /^f\.json: machine\.cpu: expected string.*; the file was changed/,
  ],
  ['a field too many', changed(['extra'], 1), /^f\.json: the document: unknown field extra; /],
  ['a wrong type', changed(['tests', 0, 'figures', 1, 'unit'], 7), /: tests\[0\]\.figures\[1\]\.unit: expected string/],
  [
    'a figure without samples',
    changed(['tests', 0, 'figures', 0, 'samples'], []),
    /figures\[0\]\.samples: .*>=1 items/,
  ],
  ['a clock that is none', changed(['clock'], 'sundial'), /: clock: .*"wall"\|"virtual"/],
  ['a test twice', changed(['tests', 1, 'id'], 'rfc2544.throughput'), /test rfc2544\.throughput: stands twice/],
  ['an uneven series', changed(['tests', 0, 'plots', 0, 'series', 0, 'y'], [1]), /series Theoretical.*not as many/],
];

describe('result files', () => {
  it.each(refusals)('refuse %s in one line that says where and what to do', (_, text, message) => {
    let said = '';
    try {
      readDocument(text, 'f.json');
    } catch (error) {
      expect((error as Error).name).toBe('BenchError');
      said = (error as Error).message;
    }
    expect(said).toMatch(message);
    expect(said).not.toContain('\n');
  });

  it('are read as they were written, and leave nothing beside them', () => {
    const path = join(folder, 'whole.json');
    writeDocument(path, sample({ seed: 1 }));
    writeDocument(path, sample({ seed: 2 }));
    expect(readDocumentFile(path)).toEqual(sample({ seed: 2 }));
    expect(readdirSync(folder)).toEqual(['whole.json']);
  });

  it('are not touched by a document that JSON cannot hold', () => {
    const path = join(folder, 'whole.json');
    const before = readFileSync(path, 'utf8');
    const document: BenchDocument = { ...sample(), seconds: Number.NaN };
    expect(() => writeDocument(path, document)).toThrow(/whole\.json: seconds: .*NaN; that is a fault of the suite/);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('say so when they cannot be written or read', () => {
    expect(() => writeDocument(join(folder, 'none', 'x.json'), sample())).toThrow(
      /x\.json: cannot be written \(ENOENT\)/,
    );
    expect(() => readDocumentFile(join(folder, 'none.json'))).toThrow(/none\.json: cannot be read \(ENOENT\)/);
  });

  it('have a JSON Schema in which every field is required and none may be added', () => {
    const schema = benchJsonSchema() as { required: string[]; additionalProperties: boolean; $schema: string };
    expect(schema.$schema).toContain('2020-12');
    expect(schema.required).toEqual(expect.arrayContaining(Object.keys(sample())));
    expect(schema.additionalProperties).toBe(false);
  });
});

describe('a result of a test', () => {
  it('has no fault when its suite made none', () => {
    for (const test of sample().tests) expect(faultOf(test)).toBeNull();
  });

  it('has its first fault named with the place', () => {
    const test = sample().tests[0]!;
    const figure = { ...test.figures[0]!, samples: [1, Number.POSITIVE_INFINITY] };
    expect(faultOf({ ...test, figures: [figure] })).toMatch(/^figures\[0\]\.samples\[1\]: /);
  });
});
