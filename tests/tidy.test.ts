/** Style that a machine can see: sizes, marks of unfinished work, white space, and that the core stands alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface File {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** What people write under a folder, by name; what is generated is left out. */
function filesUnder(folder: string): File[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs|js|proto)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((name) => !name.includes('/generated/'))
    .sort()
    .map((name) => {
      const text = readFileSync(join(root, name), 'utf8');
      return { name, text, lines: text.split('\n') };
    });
}

const source = filesUnder('src');
const core = source.filter(({ name }) => name.startsWith('src/core/'));
const written = [...source, ...filesUnder('proto'), ...filesUnder('tests')];

/** `file:line` of every line that matches. */
function places(files: readonly File[], isWrong: (line: string) => boolean): string[] {
  return files.flatMap(({ name, lines }) => lines.flatMap((line, i) => (isWrong(line) ? [`${name}:${i + 1}`] : [])));
}

describe('what we write', () => {
  it('is found', () => {
    expect(source.length).toBeGreaterThan(50);
    expect(core.length).toBeGreaterThan(10);
  });

  it('has at most 400 lines a file', () => {
    expect(source.filter(({ lines }) => lines.length - 1 > 400).map(({ name }) => name)).toEqual([]);
  });

  it('leaves no marks of unfinished work', () => {
    const mark = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`);
    expect(places(written, (line) => mark.test(line))).toEqual([]);
  });

  it('has neither tabs nor spaces at the end of a line, and ends with one newline', () => {
    expect(places(written, (line) => /\t|\s$/.test(line))).toEqual([]);
    expect(written.filter(({ text }) => !text.endsWith('\n') || text.endsWith('\n\n')).map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('has lines of at most 140 columns in the core', () => {
    expect(places(core, (line) => line.length > 140)).toEqual([]);
  });

  it('has a header on every file of the core', () => {
    expect(core.filter(({ text }) => !text.startsWith('/**')).map(({ name }) => name)).toEqual([]);
  });
});

describe('the core', () => {
  it('imports no name twice, of which the compiler would silently take the last', () => {
    const twice = core.flatMap(({ name, text }) => {
      const names = [...text.matchAll(/import \{([^}]*)\} from/g)].flatMap(([, list]) =>
        list!.split(',').map((each) => each.trim().split(' as ').at(-1)!),
      );
      const given = names.filter((each) => each !== '');
      return given.filter((each, i) => given.indexOf(each) < i).map((each) => `${name}: ${each}`);
    });
    expect(twice).toEqual([]);
  });

  it('imports nothing from outside of its room', () => {
    const wrong = (line: string) => {
      const from = /\bfrom '([^']*)'/.exec(line)?.[1] ?? /\bimport '([^']*)'/.exec(line)?.[1];
      return from !== undefined && !/^\.\/(generated\/)?[\w-]+$/.test(from);
    };
    expect(places(core, wrong)).toEqual([]);
  });

  it('declares no variable outside of functions', () => {
    expect(places(core, (line) => /^(export )?(let|var) /.test(line))).toEqual([]);
  });
});
