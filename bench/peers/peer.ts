/** What a peer is to the bench: cases that are opened, measured in turns with others, and given back. */
import { sleep } from '../running.ts';
import { closed, later, start } from './host.ts';

/** Bytes of a frame in memory, without FCS, so that 1514 are the 1518 of a full frame; `imix`: 64, 594 and 1514, 7:4:1. */
export type Size = number | 'imix';

/** Million frames a second: of the wall clock, and of the CPU time of whoever switches, where that can be told. */
export interface Rate {
  readonly wall: number;
  readonly cpu?: number;
}

export type Measure = () => Rate | Promise<Rate>;

/** What our own switch is given to be compared with a case. */
export interface Load {
  readonly ports: number;
  readonly macs: number;
  readonly pairs: number;
  readonly size: number;
  /** 1: once by the switch's side; 2: by who sends and by who receives. Absent: none. */
  readonly copies?: 1 | 2;
}

export interface Settings {
  readonly seconds: number;
  /** Where a peer that polls does so. */
  readonly core: number;
  /** For its generators and control threads: another core, if there is one. */
  readonly other: number;
  /** For programs and files; goes with the bench. */
  readonly folder: string;
}

export interface Case {
  readonly peer: string;
  readonly name: string;
  readonly size: Size;
  /** That are busy while it is measured. */
  readonly cores: number;
  /** For each frame. */
  readonly does: string;
  readonly ours?: Load;
  /** What ours is to be, in multiples of this. */
  readonly aim?: number;
  /** Throws Unavailable. Absent for the limit itself, which is measured between any two others. */
  readonly open?: (settings: Settings) => Measure | Promise<Measure>;
}

/** The canonical traffic: 8 ports, 1,024 stations, 4,096 pairs, 64 bytes. */
export const CANONICAL: Load = { ports: 8, macs: 1024, pairs: 4096, size: 64 };

/** The rate that a program prints: two numbers, of the wall clock and of CPU time. Throws when it does not. */
export async function rateOf(command: string, args: readonly (string | number)[]): Promise<Required<Rate>> {
  const child = await start(command, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout!.on('data', (text: Buffer) => {
    said += text;
  });
  const ended = await closed(child);
  const [wall = Number.NaN, cpu = Number.NaN] = said.trim().split(' ').map(Number);
  if (ended !== 0 || !(wall > 0 && cpu > 0)) throw new Error(`${command} ends with ${ended} and prints no rate`);
  return { wall, cpu };
}

export interface Counters {
  readonly frames: number;
  /** Nanoseconds, of the thread or process that switches. */
  readonly cpuNs: number;
}

/**
 * Measures a process that never stops by its counters, and stops it in between, so that it takes nothing from the others.
 * `settleMs` passes before it is looked at: caches and flows come back.
 */
export function paused(
  pid: number,
  look: () => Counters | Promise<Counters>,
  seconds: number,
  settleMs: number,
): Measure {
  process.kill(pid, 'SIGSTOP');
  later(() => process.kill(pid, 'SIGCONT'));
  return async () => {
    process.kill(pid, 'SIGCONT');
    await sleep(settleMs);
    const [before, from] = [await look(), performance.now()];
    await sleep(seconds * 1000);
    const [after, to] = [await look(), performance.now()];
    process.kill(pid, 'SIGSTOP');
    const frames = after.frames - before.frames;
    if (!(frames > 0 && after.cpuNs > before.cpuNs))
      throw new Error('it has forwarded nothing, or its CPU time is not known');
    return { wall: frames / (to - from) / 1000, cpu: (frames * 1000) / (after.cpuNs - before.cpuNs) };
  };
}
