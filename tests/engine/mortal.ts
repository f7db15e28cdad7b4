/**
 * A core that dies where it is told to: the same source, with a call wherever V8 may end a thread that is terminated (mortal.mjs).
 * That is at the entry of every function and at the head of every loop, before its condition is looked at; and where a function
 * returns, for there code that is not optimised yet looks whether it should be. So a test finds in seconds what threads
 * would need hours for.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Core } from '../../src/engine/core.ts';

export class Death extends Error {
  override readonly name = 'Death';
}

export interface Mortal {
  readonly core: Core;
  /** Dies at the `steps`-th place from now on, of one file's if it is named; 0: never. */
  dieAfter(steps: number, file: string | null): void;
  /** Places passed since it was asked the last time, of the file that was named last. */
  passed(): number;
}

/** The files of the core, in the order in which mortal.mjs numbers them. */
const files = readdirSync(join(import.meta.dirname, '../../src/core'))
  .filter((name) => name.endsWith('.ts'))
  .sort();

/** In a process of its own: the compiler's types would take the place of Node's. */
export function compileMortal(): WebAssembly.Module {
  const wasm = execFileSync(process.execPath, [join(import.meta.dirname, 'mortal.mjs')], { maxBuffer: 2 ** 24 });
  return new WebAssembly.Module(new Uint8Array(wasm));
}

export function mortal(module: WebAssembly.Module, memory: WebAssembly.Memory): Mortal {
  let left = 0;
  let count = 0;
  let only = -1;
  const fault = (file: number) => {
    if (only !== -1 && file !== only) return 1;
    count++;
    if (left !== 0 && --left === 0) throw new Death('it dies here');
    return 1;
  };
  return {
    core: new WebAssembly.Instance(module, { env: { memory, fault, now: () => 0n } }).exports as unknown as Core,
    dieAfter(steps, file) {
      left = steps;
      only = file === null ? -1 : files.indexOf(`${file}.ts`);
    },
    passed() {
      const passed = count;
      count = 0;
      return passed;
    },
  };
}
