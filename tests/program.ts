/**
 * The program and the benches as JavaScript, for the tests that start them and for the threads of those that do not: loading the
 * TypeScript takes a process or a thread a second of a core each time, and the tests start some thousand of them. Made once,
 * before the first test, of what has changed since; file by file, as `npm run build` does it, and without looking at types.
 *
 *   build/program/package.json   a copy
 *                 captures       a link
 *                 src/           but what is compiled for WebAssembly
 *                 bench/         with what the benches compile themselves
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pid } from 'node:process';

const root = join(import.meta.dirname, '..');
const program = join(root, 'build/program');
/** Folders of what was built: a file's name there ends with `.js`. */
export const BUILT = { src: join(program, 'src'), bench: join(program, 'bench') };

export default async function build(): Promise<void> {
  mkdirSync(program, { recursive: true });
  cpSync(join(root, 'package.json'), join(program, 'package.json'));
  if (!existsSync(join(program, 'captures'))) symlinkSync('../../captures', join(program, 'captures'));
  const wanted = new Map([...filesOf('src'), ...filesOf('bench')].map((name) => [made(name), join(root, name)]));
  for (const path of [...under(BUILT.src), ...under(BUILT.bench)]) if (!wanted.has(path)) rmSync(path);
  const stale = [...wanted].filter(([path, source]) => isStale(path, source));
  if (stale.length === 0) return;
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  // A single file does not tell of which kind its package is; and errors shall show the line of the source.
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext, noEmit: false, inlineSourceMap: true };
  for (const [path, source] of stale) {
    const read = readFileSync(source);
    if (!source.endsWith('.ts')) write(path, read, statSync(source).mode);
    else write(path, ts.transpileModule(read.toString(), { fileName: source, compilerOptions }).outputText);
  }
}

function under(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** By path from the root. */
function filesOf(room: 'src' | 'bench'): string[] {
  const names = under(join(root, room)).map((path) => relative(root, path));
  return names.filter((name) => !/^src.core.|^bench.results.|\.d\.ts$|^src.*\.mjs$/.test(name));
}

const made = (name: string): string => join(program, name.replace(/\.ts$/, '.js'));

function isStale(path: string, source: string): boolean {
  const inputs = [source, import.meta.filename, join(root, 'tsconfig.json')];
  return !existsSync(path) || inputs.some((input) => statSync(path).mtimeMs <= statSync(input).mtimeMs);
}

/** As a whole: other tests may be reading it. */
function write(path: string, content: string | Buffer, mode = 0o666): void {
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.${pid}`;
  writeFileSync(half, content, { mode });
  renameSync(half, path);
}
