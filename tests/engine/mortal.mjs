/** Writes the mortal core's wasm to standard output: see mortal.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stdout } from 'node:process';
import asc from 'assemblyscript/asc';

const folder = join(import.meta.dirname, '../../src/core');

/** The source with the calls: functions that are inlined have none of their own, as little as they have in V8. */
function withFaults(text, file) {
  const lines = text.split('\n').map((line, i, all) => {
    const isInline = all.slice(Math.max(0, i - 2), i).includes('@inline');
    const opensFunction = /^(export )?function .*\{$/.test(line) && !isInline;
    return opensFunction || /^\s+(for|while) \(.*\{$/.test(line) ? `${line} fault(${file});` : line;
  });
  return `import { fault } from './fault';\n${lines.join('\n')}`;
}

const declared =
  "// @ts-ignore: decorator\n@external('env', 'fault')\nexport declare function fault(file: u32): void;\n";
const sources = new Map([['src/core/fault.ts', declared]]);
const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
for (const [file, name] of names.sort().entries())
  sources.set(`src/core/${name}`, withFaults(readFileSync(join(folder, name), 'utf8'), file));
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
