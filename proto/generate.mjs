/**
 * Makes everything that is generated, and nothing when it is up to date:
 *
 *   proto/verdicts.proto ─▶ src/core/generated/verdicts.ts       constants for the core
 *                        ├▶ src/telemetry/generated/verdicts.ts  names, rules and sentences for people
 *                        └▶ src/topology/generated/verdicts.ts   the names that an event's condition may have
 *   src/core/*.ts        ─▶ src/core/generated/layout.ts         every struct's offsets, as the core's own exports
 *                        └▶ src/engine/generated/core.wasm       the core
 *                        └▶ src/engine/generated/layout.ts       the offsets again, read from core.wasm
 *   proto/control.proto  ─▶ src/engine/generated/control.js, control.d.ts
 *   proto/snapshot.proto ─▶ src/engine/generated/snapshot.js, snapshot.d.ts
 *
 * `node proto/generate.mjs` builds; with `--into dist` it copies what tsc does not into a built package.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
/** What becomes code that encodes and decodes. */
const MESSAGES = ['control', 'snapshot'];
const stampFile = at('src/engine/generated/stamp');

if (process.argv[2] === '--into') copyInto(process.argv[3]);
else if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp()) await generate();

/** One hash over every input, this file and the compiler's version among them. */
function stamp() {
  const core = readdirSync(at('src/core')).filter((name) => name.endsWith('.ts'));
  const inputs = [...core.map((name) => at('src/core', name)), at('proto/verdicts.proto')];
  inputs.push(...MESSAGES.map((name) => at(`proto/${name}.proto`)));
  inputs.push(fileURLToPath(import.meta.url), at('package-lock.json'));
  const hash = createHash('sha256');
  for (const input of inputs.sort()) hash.update(readFileSync(input));
  return hash.digest('hex');
}

async function generate() {
  // Taken first: what is edited meanwhile has not been compiled.
  const made = stamp();
  for (const room of ['core', 'engine', 'telemetry', 'topology'])
    mkdirSync(at('src', room, 'generated'), { recursive: true });
  rmSync(stampFile, { force: true });
  await writeVerdicts();
  writeCoreLayout();
  await compileCore();
  await writeBindings();
  for (const name of MESSAGES) await writeMessages(name);
  writeFileSync(stampFile, made);
}

async function writeVerdicts() {
  const { default: protobuf } = await import('protobufjs');
  const { root: parsed } = protobuf.parse(readFileSync(at('proto/verdicts.proto'), 'utf8'), { keepCase: true });
  const core = [];
  const names = [];
  const people = [
    "export interface Row {\n  readonly name: string;\n  readonly number: number;\n  readonly side: 'ingress' | 'egress';\n" +
      "  readonly fate: 'pass' | 'drop';\n  /** `R7`, `C13`; `-` for none. */\n  readonly rule: string;\n  readonly sentence: string;\n}\n",
  ];
  for (const [kind, prefix] of [
    ['Verdict', ''],
    ['Check', 'check_'],
  ]) {
    const { values, valuesOptions } = parsed.lookupEnum(`vswitch.${kind}`);
    const rows = Object.entries(values).sort((a, b) => a[1] - b[1]);
    rows.forEach(([name, number], i) => {
      if (number !== i)
        throw new Error(
          `proto/verdicts.proto: ${kind} ${name} is ${number}, expected ${i}: numbers must not have gaps`,
        );
    });
    const upper = kind.toUpperCase();
    core.push(`export const ${upper}_COUNT: u32 = ${rows.length};`);
    if (kind === 'Verdict') {
      // By side and fate, as sets of verdict numbers: what repair.ts sums up.
      const numbers = (key, value) =>
        rows.filter(([name]) => valuesOptions[name]?.[`(${key})`] === value).map((row) => row[1]);
      if (rows.length > 64)
        throw new Error('proto/verdicts.proto: a set of verdicts has 64 bits, and there are more rows');
      const set = (key, value) => numbers(key, value).reduce((bits, number) => bits | (1n << BigInt(number)), 0n);
      core.push(`export const VERDICTS_INGRESS: u64 = ${set('side', 'INGRESS')};`);
      core.push(`export const VERDICTS_DROP: u64 = ${set('fate', 'DROP')};`);
    }
    people.push(`export const ${upper}S: readonly Row[] = [`);
    for (const [name, number] of rows) {
      const short = name.slice(prefix.length);
      const option = (key) => valuesOptions[name]?.[`(${key})`];
      core.push(`export const ${upper}_${short}: u32 = ${number};`);
      const row = {
        name: short,
        number,
        side: (option('side') ?? 'INGRESS').toLowerCase(),
        fate: (option('fate') ?? 'PASS').toLowerCase(),
        rule: option('rule'),
        sentence: option('sentence'),
      };
      people.push(`  ${JSON.stringify(row)},`);
      if (kind === 'Verdict') names.push(row);
    }
    people.push('];\n');
  }
  writeFileSync(at('src/core/generated/verdicts.ts'), `${core.join('\n')}\n`);
  writeFileSync(at('src/telemetry/generated/verdicts.ts'), people.join('\n'));
  const drops = names.filter(({ rule, fate }) => rule.startsWith('R') && fate === 'drop');
  const number = (rule) => Number(rule.slice(1));
  const rules = [...new Set(drops.map(({ rule }) => rule))].sort((a, b) => number(a) - number(b));
  const lists = [
    `export const verdictNames: readonly string[] = ${JSON.stringify(names.map(({ name }) => name))};`,
    '/** Verdicts that drop. */',
    `export const verdictsThatDrop: readonly string[] = ${JSON.stringify(names.filter(({ fate }) => fate === 'drop').map(({ name }) => name))};`,
    '/** Rules that drop frames. */',
    `export const rulesThatDrop: readonly string[] = ${JSON.stringify(rules)};`,
  ];
  writeFileSync(at('src/topology/generated/verdicts.ts'), `${lists.join('\n')}\n`);
}

/** `export const Port_kind: u32 = offsetof<Port>('kind')` for every field of every @unmanaged class. */
function writeCoreLayout() {
  const lines = [];
  for (const file of readdirSync(at('src/core')).sort()) {
    if (!file.endsWith('.ts') || file === 'index.ts') continue;
    const text = readFileSync(at('src/core', file), 'utf8');
    const names = [];
    for (const [, name, body] of text.matchAll(/@unmanaged\nexport class (\w+)[^{]*\{([^}]*)\}/g)) {
      names.push(name);
      const code = body.replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/\/\/[^\n]*/g, '');
      lines.push(`export const ${name}_BYTES: u32 = offsetof<${name}>();`);
      for (const [, field] of code.matchAll(/(\w+): \w+;/g)) {
        if (/^(padding\d*|\w\d|reserved)$/.test(field)) continue;
        lines.push(`export const ${name}_${field}: u32 = offsetof<${name}>('${field}');`);
      }
    }
    if (names.length > 0) lines.unshift(`import { ${names.join(', ')} } from '../${file.slice(0, -3)}';`);
  }
  writeFileSync(at('src/core/generated/layout.ts'), `${lines.join('\n')}\n`);
}

async function compileCore() {
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main([
    'src/core/index.ts',
    '--baseDir',
    root,
    '--outFile',
    'src/engine/generated/core.wasm',
    '-O3',
    '--runtime',
    'stub',
    '--noAssert',
    '--uncheckedBehavior',
    'always',
    '--noExportMemory',
    '--importMemory',
    '--sharedMemory',
    '--initialMemory',
    '1',
    '--maximumMemory',
    '65536',
    '--enable',
    'simd',
    '--enable',
    'threads',
    '--enable',
    'bulk-memory',
    '--use',
    'abort=',
  ]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\n`);
    throw new Error('the core does not compile');
  }
}

async function writeBindings() {
  const module = await WebAssembly.compile(readFileSync(at('src/engine/generated/core.wasm')));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory, now: () => 0n } });
  if (!exports.layoutFits()) throw new Error('src/core/port.ts: PORT_BYTES is too small for the verdict table');
  const lines = Object.entries(exports)
    .filter(([, value]) => value instanceof WebAssembly.Global)
    .map(([name, value]) => `export const ${name} = ${value.value >>> 0};`);
  writeFileSync(at('src/engine/generated/layout.ts'), `${lines.sort().join('\n')}\n`);
}

async function writeMessages(name) {
  const { default: pbjs } = await import('protobufjs-cli/pbjs.js');
  const out = at(`src/engine/generated/${name}.js`);
  const options = [
    '-t',
    'static-module',
    '-w',
    'esm',
    '--no-verify',
    '--no-delimited',
    '--no-service',
    '-d',
    // Each file's messages under a root of their own: under the common one the second file would hide the first.
    '-r',
    name,
    '--force-number',
    '-o',
    out,
  ];
  await new Promise((resolve, reject) => {
    pbjs.main([...options, at(`proto/${name}.proto`)], (error) => (error ? reject(error) : resolve()));
  });
}

function copyInto(folder) {
  const to = at(folder, 'engine/generated');
  mkdirSync(to, { recursive: true });
  for (const file of ['core.wasm', ...MESSAGES.flatMap((name) => [`${name}.js`, `${name}.d.ts`])])
    cpSync(at('src/engine/generated', file), join(to, file));
}
