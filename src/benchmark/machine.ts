/** On what a benchmark ran: a figure without it means nothing. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Machine } from './model.ts';

const GOVERNOR = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor';
/** Of the package: this file is two folders below it, as source and as built. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Asked before the run, so that the load is not the benchmark's own. */
export function machineOf(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()} ${arch()}`,
    node: process.version,
    governor: governor(),
    load: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** Null in a virtual machine that hides its CPU's frequency, and off Linux. */
function governor(): string | null {
  try {
    return readFileSync(GOVERNOR, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Of the checkout, with `+` when it has changes; null where the program is no checkout, whatever stands above it. */
export function commitOf(root = ROOT): string | null {
  if (!existsSync(`${root}/.git`)) return null;
  const head = git(root, 'rev-parse', '--short', 'HEAD');
  if (head === null) return null;
  // Files that git does not know, such as the results themselves, change nothing of the program.
  return git(root, 'status', '--porcelain', '--untracked-files=no') === '' ? head : `${head}+`;
}

function git(cwd: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}
