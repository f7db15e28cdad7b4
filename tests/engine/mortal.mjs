/** Writes the mortal core's wasm to standard output: see mortal.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stdout } from 'node:process';
import asc from 'assemblyscript/asc';

/** What looks like a call, and is none of a function of the core. */
const BUILT_IN = new Set(['if', 'for', 'while', 'switch', 'min', 'max', 'bswap', 'select']);

const folder = join(import.meta.dirname, '../../src/core');

/** Names of the functions that are inlined: these have no calls of their own, as little as they have in V8. */
function inlinedIn(text) {
  return [...text.matchAll(/@inline\n(?:export )?function (\w+)/g)].map(([, name]) => name);
}

/** The source with the calls. */
function withFaults(text, file, inlined) {
  const lines = text.split('\n').map((line, i, all) => {
    const isInline = all.slice(Math.max(0, i - 2), i).includes('@inline');
    const opensFunction = /^(export )?function .*\{$/.test(line) && !isInline;
    if (opensFunction || /^\s+do \{$/.test(line)) return `${line} fault(${file});`;
    if (/^\s+(else )?(for|while) \(/.test(line)) return withFaultInHead(line, file);
    return leavesFunction(line, all[i + 1], inlined) ? `${line} fault(${file});` : line;
  });
  return `import { fault } from './fault';\n${lines.join('\n')}`;
}

/** Whether a line ends a statement that calls something of the core. */
function leavesFunction(line, next, inlined) {
  if (!/^\s.*\);$/.test(line) || /\breturn\b/.test(line) || /^\s*else\b/.test(next ?? '')) return false;
  const called = [...line.matchAll(/(?<![.\w])([a-z]\w*)\(/g)].map(([, name]) => name);
  return called.some((name) => !inlined.has(name) && !BUILT_IN.has(name));
}

/** The call is the first part of the loop's condition: what is done behind its last turn may be what is lost. */
function withFaultInHead(line, file) {
  const from = line.indexOf('(') + 1;
  let depth = 1;
  let to = from;
  const ends = [];
  for (; depth > 0; to++) {
    if (line[to] === '(') depth++;
    else if (line[to] === ')') depth--;
    else if (line[to] === ';' && depth === 1) ends.push(to);
  }
  const [start, end] = ends.length === 2 ? [ends[0] + 1, ends[1]] : [from, to - 1];
  const condition = line.slice(start, end).trim();
  // Without one, where the compiler knows that the loop is left by nothing but a return, it is in front of the body.
  if (condition === '' || condition === 'true') return `${line} fault(${file});`;
  const call = `fault(${file}) && (${condition})`;
  return `${line.slice(0, start)} ${call}${line.slice(end)}`;
}

const declared =
  "// @ts-ignore: decorator\n@external('env', 'fault')\nexport declare function fault(file: u32): bool;\n";
const sources = new Map([['src/core/fault.ts', declared]]);
const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const texts = names.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
const inlined = new Set(texts.flatMap(inlinedIn));
for (const [file, name] of names.entries()) sources.set(`src/core/${name}`, withFaults(texts[file], file, inlined));
for (const name of readdirSync(join(folder, 'generated')))
  sources.set(`src/core/generated/${name}`, readFileSync(join(folder, 'generated', name), 'utf8'));

const memory = [
  '--noExportMemory',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
];
const features = ['simd', 'threads', 'bulk-memory'].flatMap((feature) => ['--enable', feature]);
const checks = ['--noAssert', '--uncheckedBehavior', 'always', '--use', 'abort='];
const written = new Map();
const { error, stderr } = await asc.main(
  ['src/core/index.ts', '--outFile', 'mortal.wasm', '-O1', '--runtime', 'stub', ...memory, ...features, ...checks],
  {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => written.set(name, contents),
    listFiles: () => [],
  },
);
if (error !== null) throw new Error(`the mortal core does not compile\n${stderr}`);
stdout.write(written.get('mortal.wasm'));
