/**
 * What peers borrow of the machine: processes, network namespaces, huge pages. It is given back in reverse order when a case
 * ends, when the bench ends and at Ctrl-C; after `kill -9` it is not. Linux only: elsewhere a peer that asks is skipped.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Why something cannot be measured here, in one line. */
export class Unavailable extends Error {}

const borrowed: (() => void)[] = [];
const END_MS = 3000;
const LOOK_MS = 20;
const HUGE_PAGES = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages';

/** What is to be undone when the case ends; must not wait for anything but by blocking. */
export function later(undo: () => void): void {
  borrowed.push(undo);
}

function giveBack(from: number): void {
  while (borrowed.length > from) {
    try {
      borrowed.pop()!();
    } catch {
      // What is gone already needs no giving back.
    }
  }
}

/** Runs `work` and gives back what it borrowed, however it ends. */
export async function borrowing<T>(work: () => Promise<T>): Promise<T> {
  const from = borrowed.length;
  try {
    return await work();
  } finally {
    giveBack(from);
  }
}

process.once('exit', () => giveBack(0));
for (const [signal, number] of [['SIGINT', 2] as const, ['SIGTERM', 15] as const, ['SIGHUP', 1] as const])
  process.once(signal, () => process.exit(128 + number));

/** Blocks; for giving back and for the few milliseconds that others need to come up. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** True while a process is there, with all its memory; one that only waits to be reaped is not. */
function isAlive(pid: number): boolean {
  try {
    const isOver = /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return !isOver || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** Asks a process to end, stopped or not; makes it end when it does not. */
function end(pid: number): void {
  process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; isAlive(pid); waited += LOOK_MS) {
    if (waited > END_MS) process.kill(pid, 'SIGKILL');
    pause(LOOK_MS);
  }
}

/** A process that lives as long as its case. Throws Unavailable when there is no such program. */
export async function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: 'ignore', ...options });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', () => reject(new Unavailable(`${command} is not installed`)));
  });
  later(() => {
    if (child.exitCode === null && child.signalCode === null) end(child.pid!);
  });
  return child;
}

/** How a process ended. */
export function closed(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve) => child.once('close', (status, signal) => resolve(status ?? signal)));
}

/** What a command that takes a moment prints. Throws Unavailable, with what it complains of, when it is missing or fails. */
export function must(
  command: string,
  args: readonly string[],
  why: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env });
  if (error !== undefined) throw new Unavailable(`${command} is not installed`);
  if (status !== 0) throw new Unavailable(`${why}: ${stderr.trim().split('\n')[0]}`);
  return stdout;
}

/** Throws Unavailable for the first program that is missing; `from`: the Debian package that has it. */
export function need(programs: Readonly<Record<string, string>>): void {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  for (const [program, from] of Object.entries(programs)) {
    const isThere = folders.some((folder) => isFile(folder, program));
    if (!isThere) throw new Unavailable(`${program} is not installed (Debian: ${from})`);
  }
}

function isFile(folder: string, name: string): boolean {
  try {
    return readdirSync(folder).includes(name);
  } catch {
    return false;
  }
}

/** Throws Unavailable unless the bench may make namespaces and take huge pages. */
export function needRoot(): void {
  if (process.getuid?.() !== 0) throw new Unavailable('needs root');
}

/** What is measured, but otherwise than one would want. */
export const remarks: Record<string, string> = {};
/** Before the first case that wanted some: after it the kernel may be slow to take them back. */
let pagesBefore: number | undefined;
const programs = new Map<string, string>();

/** Compiles a file of this folder once a run, and says where the program is. Throws Unavailable. */
export function compile(source: string, into: string, ...libraries: readonly string[]): string {
  const known = programs.get(source);
  if (known !== undefined) return known;
  const to = join(into, source.replace(/\W/g, '-'));
  const [compiler, ...quiet] = source.endsWith('.cc') ? ['g++', '-w'] : ['gcc'];
  const flags = ['-O3', '-march=native', ...quiet, join(import.meta.dirname, source), '-o', to, ...libraries];
  const { error, status } = spawnSync(compiler!, flags, { stdio: ['ignore', 'ignore', 'ignore'] });
  if (error !== undefined) throw new Unavailable(`${compiler} is not installed`);
  if (status !== 0) {
    const wants = libraries.length === 0 ? '' : `; it wants ${libraries.join(' ')}`;
    throw new Unavailable(`${compiler} does not compile ${source}${wants}`);
  }
  programs.set(source, to);
  return to;
}

/**
 * Memory for DPDK: the flags that it takes. Huge pages of 2 MiB if the kernel gives them, else ordinary memory, which costs
 * it misses of the TLB.
 */
export function memoryForDpdk(mebibytes: number): string[] {
  const pages = mebibytes / 2;
  try {
    const now = Number(readFileSync(HUGE_PAGES, 'latin1'));
    pagesBefore ??= now;
    if (now < pages) {
      later(() => writeFileSync(HUGE_PAGES, String(pagesBefore)));
      writeFileSync(HUGE_PAGES, String(pages));
    }
    if (Number(readFileSync(HUGE_PAGES, 'latin1')) >= pages) return ['--in-memory'];
  } catch {
    // Not ours to set, or a kernel without them.
  }
  remarks['DPDK'] = 'no huge pages to be had, so it runs on ordinary memory (--no-huge)';
  // Open vSwitch would add --in-memory, which does not go with the first, unless it sees the second.
  return ['--no-huge', '--legacy-mem', '-m', String(mebibytes)];
}

/** CPU time in nanoseconds of the threads of a process whose name matches, so far. */
export function cpuNs(pid: number, name = /./): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    try {
      if (name.test(readFileSync(`${folder}/comm`, 'latin1')))
        sum += Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]);
    } catch {
      // A thread that has just ended.
    }
  }
  return sum;
}

/** Waits for what another process is about to do. Throws Unavailable when it does not in `ms`. */
export async function until(isSo: () => boolean, ms: number, otherwise: string): Promise<void> {
  for (const last = performance.now() + ms; !isSo(); await new Promise((resolve) => setTimeout(resolve, LOOK_MS)))
    if (performance.now() > last) throw new Unavailable(otherwise);
}
