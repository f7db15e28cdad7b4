/**
 * The program as JavaScript, for the tests that start it and for the threads of those that do not: loading the TypeScript takes
 * a process or a thread a second of a core each time, and the tests start some thousand of them. Made once, before the
 * first test, of what has changed since; file by file, as `npm run build` does it, and without looking at types.
 *
 *   build/program/package.json   a copy
 *                 captures       a link
 *                 dist/          src/, but what is compiled for WebAssembly
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
import { dirname, join } from 'node:path';
import { pid } from 'node:process';

const root = join(import.meta.dirname, '..');
const program = join(root, 'build/program');
/** `src/` of the program that was built. */
export const DIST = join(program, 'dist');

export default async function build(): Promise<void> {
  mkdirSync(DIST, { recursive: true });
  cpSync(join(root, 'package.json'), join(program, 'package.json'));
  if (!existsSync(join(program, 'captures'))) symlinkSync('../../captures', join(program, 'captures'));
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => /\.(ts|js|wasm)$/.test(name) && !/^core\/|\.d\.ts$/.test(name));
  const wanted = new Map(sources.map((name) => [name.replace(/\.ts$/, '.js'), join(root, 'src', name)]));
  for (const name of readdirSync(DIST, { recursive: true, encoding: 'utf8' }))
    if (/\.(js|wasm)$/.test(name) && !wanted.has(name)) rmSync(join(DIST, name));
  const stale = [...wanted].filter(([name, source]) => isStale(join(DIST, name), source));
  if (stale.length === 0) return;
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  // A single file does not tell of which kind its package is; and errors shall show the line of the source.
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext, noEmit: false, inlineSourceMap: true };
  for (const [name, source] of stale) {
    const read = readFileSync(source);
    if (!source.endsWith('.ts')) write(join(DIST, name), read);
    else write(join(DIST, name), ts.transpileModule(read.toString(), { fileName: source, compilerOptions }).outputText);
  }
}

function isStale(made: string, source: string): boolean {
  const inputs = [source, import.meta.filename, join(root, 'tsconfig.json')];
  return !existsSync(made) || inputs.some((input) => statSync(made).mtimeMs <= statSync(input).mtimeMs);
}

/** As a whole: other tests may be reading it. */
function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.${pid}`;
  writeFileSync(half, content);
  renameSync(half, path);
}
