/** Runs a bench in a process of its own, so that none inherits the compiled code, the heap or the threads of another. */
import { spawnSync } from 'node:child_process';
import type { Line } from './line.ts';
import { wordsFor } from './node.ts';
import { isSmoke } from './options.ts';

/** The line it printed; `file` is relative to this folder. Throws when there is none. */
export function runBench(file: string, ...args: readonly (string | number)[]): Line {
  const flags = [...args.map(String), ...(isSmoke ? ['--smoke'] : [])];
  const { status, signal, stdout } = spawnSync(process.execPath, [...wordsFor(file), ...flags], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`${file} printed no line and ended with ${signal ?? status}`);
  return JSON.parse(last) as Line;
}
