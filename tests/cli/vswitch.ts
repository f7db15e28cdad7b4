/** The program as a user has it, built: a process with arguments, a folder, two streams and an exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { BUILT } from '../program.ts';

export const MAIN = join(BUILT.src, 'cli/main.js');
const TIMEOUT_MS = 60_000;

export interface Ended {
  /** `timeout` when it had to be killed. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly cwd: string;
  readonly stdin?: string;
  readonly stdout?: number;
  /** Whom it runs as, if not as whoever runs the tests. */
  readonly uid?: number;
  /** Words in front of the program, such as a shell that sets a limit. */
  readonly through?: readonly string[];
}

export function start(args: readonly string[], options: Options): { child: ChildProcess; ended: Promise<Ended> } {
  const [command, ...rest] = [...(options.through ?? []), process.execPath, MAIN, ...args];
  const env = { ...process.env, NO_COLOR: '1' };
  const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const stdio = ['pipe' as const, options.stdout ?? ('pipe' as const), 'pipe' as const];
  const child = spawn(command!, rest, { cwd: options.cwd, env, stdio, ...user });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.stdin ?? '');
  const ended = new Promise<Ended>((resolve) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, TIMEOUT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: late ? 'timeout' : (code ?? signal ?? '?'), stdout, stderr });
    });
  });
  return { child, ended };
}

export function vswitch(args: readonly string[], options: Options): Promise<Ended> {
  return start(args, options).ended;
}

/** Once the program has written something that fits. */
export async function saying(child: ChildProcess, pattern: RegExp): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', (text) => {
      said += text;
      if (pattern.test(said)) resolve();
    });
    child.on('close', () => reject(new Error(`ended before it said ${pattern}: ${said}`)));
  });
}

const folders: string[] = [];
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A folder for one test, gone after the file's last. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'vswitch-cli-'));
  folders.push(path);
  return path;
}

/** The lines on stderr that tell a problem: without notes and without excerpts of files. */
export function problems({ stderr }: Ended): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^vswitch: note: |^ *\d* \|/.test(line));
}

/** One line, from us, and no stack trace. */
export function expectOneLine(ended: Ended, code: number, pattern: RegExp): void {
  expect(ended.stderr).not.toMatch(/^ {4}at /m);
  expect(problems(ended)).toHaveLength(1);
  expect(problems(ended)[0]).toMatch(/^vswitch: /);
  expect(problems(ended)[0]).toMatch(pattern);
  expect(ended.code).toBe(code);
}
