/**
 * Programs that capture from the kernel, on a pair of virtual Ethernet devices in a network namespace of its own: a sender
 * (peers/veth.c) at one end, the program at the other, its file beside ours. Both programs get a much larger buffer than
 * they would take of themselves, so that a stall of their core is not what is measured. The kernel receives in the sender's system
 * call and on its core; where a program loses nothing however fast is sent, the figure is what the pair carries.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { survey } from '../src/capture/survey.ts';
import type { Trial } from './lossless.ts';
import { must, Unavailable } from './peers/host.ts';
import { sleep } from './running.ts';

const BUFFER_MIB = 64;
const [NEAR, FAR] = ['near', 'far'];
const TIMEOUT_MS = 20_000;

interface Program {
  readonly command: readonly string[];
  /** On stderr, once frames are taken. */
  readonly ready: RegExp;
  /** Frames that it knows it has lost. */
  readonly lost: RegExp;
  /** Longer than it leaves frames in the kernel's buffer. */
  readonly quietMs: number;
}

const programs: Readonly<Record<string, Program>> = {
  dumpcap: {
    command: ['dumpcap', '-q', '-i', FAR, '-B', String(BUFFER_MIB), '-w'],
    ready: /File: /,
    lost: /dropped on interface '.*': \d+\/(\d+)/,
    quietMs: 500,
  },
  tcpdump: {
    command: ['tcpdump', '-Z', 'root', '-i', FAR, '-B', String(1024 * BUFFER_MIB), '-w'],
    ready: /listening on/,
    lost: /(\d+) packets? dropped by kernel/,
    quietMs: 1300,
  },
};
export const PROGRAMS = Object.keys(programs);

export class Veth {
  readonly #folder: string;
  readonly #name = `vswitch-bench-${process.pid}`;
  readonly #sender: string;

  /** Throws Unavailable. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#sender = join(folder, 'veth');
    const source = join(import.meta.dirname, 'peers/veth.c');
    must('gcc', ['-O2', source, '-o', this.#sender], 'veth.c does not compile here');
    must('ip', ['netns', 'add', this.#name], 'no network namespace can be made here');
    try {
      // A kernel without IPv6 has no frames of its own to keep quiet about.
      spawnSync(...this.#inside('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1'), { stdio: 'ignore' });
      must(...this.#inside('ip', 'link', 'add', NEAR, 'type', 'veth', 'peer', 'name', FAR), 'no veth pair here');
      for (const end of [NEAR, FAR]) must(...this.#inside('ip', 'link', 'set', end, 'up'), 'no veth pair here');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #inside(...command: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.#name, ...command]];
  }

  /** Frames sent, and seconds. `rate`: frames a second, Infinity for as many as go; `size` with FCS. */
  async #send(seconds: number, rate: number, size: number): Promise<[sent: number, took: number]> {
    const args = [NEAR, seconds, Number.isFinite(rate) ? Math.round(rate) : 0, size - 4].map(String);
    const child = spawn(...this.#inside(this.#sender, ...args), { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text;
    });
    await ended(child);
    const [sent = Number.NaN, took = Number.NaN] = said.split(' ').map(Number);
    if (!(sent > 0)) throw new Error(`veth says ${said}, not how many frames it sent`);
    return [sent, took];
  }

  /** Frames a second that the pair carries when nobody captures. */
  async carried(seconds: number, size: number): Promise<number> {
    const [sent, took] = await this.#send(seconds, Number.POSITIVE_INFINITY, size);
    return sent / took;
  }

  /** Captures what is sent. Throws Unavailable where the program is missing. */
  async trial(name: string, seconds: number, rate: number, size: number): Promise<Trial> {
    const { command, ready, lost, quietMs } = programs[name]!;
    const file = join(this.#folder, `${name}.cap`);
    rmSync(file, { force: true });
    if (spawnSync(command[0]!, ['--version'], { stdio: 'ignore' }).error) throw new Unavailable(`${name} is missing`);
    const child = spawn(...this.#inside(...command, file), { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr!.on('data', (text: Buffer) => {
      said += text;
    });
    const over = ended(child);
    await until(() => ready.test(said) || child.exitCode !== null);
    if (child.exitCode !== null) throw new Unavailable(`${name} does not capture here: ${said.trim()}`);
    const [sent, took] = await this.#send(seconds, rate, size);
    // What waits in its buffer is still its to write; then it is asked to end.
    for (let before = -1; before !== sizeOf(file); await sleep(quietMs)) before = sizeOf(file);
    child.kill('SIGINT');
    await over;
    const counted = Number(lost.exec(said)?.[1] ?? 'NaN');
    const inFile = survey(file).frames;
    rmSync(file, { force: true });
    return { rate: sent / took, isWhole: counted === 0 && inFile === sent };
  }

  close(): void {
    spawnSync('ip', ['netns', 'del', this.#name], { stdio: 'ignore' });
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('close', () => resolve()));
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + TIMEOUT_MS; !isSo(); await sleep(5))
    if (performance.now() > end) throw new Error(`nothing has happened for ${TIMEOUT_MS / 1000} s`);
}
