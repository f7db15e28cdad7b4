import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readCaptureBytes } from '../../src/capture/read.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/write.ts';
import { joined } from './blocks.ts';

/** Why tests against tcpdump cannot run here, or null. Said on the console once, for skipped tests are easily missed. */
export const tcpdumpMissing: string | null = (() => {
  try {
    execFileSync('tcpdump', ['--version'], { stdio: ['ignore', 'ignore', 'ignore'] });
    return null;
  } catch {
    console.warn('tests/capture: tests against tcpdump are skipped, because tcpdump is not installed');
    return 'tcpdump is not installed';
  }
})();

export interface Sample {
  readonly bytes: Uint8Array;
  /** Octets that it had, of which `bytes` were captured. */
  readonly length: number;
}

/** Saves frames so that each can be told by its time, which is its index. */
export function save(file: string, samples: readonly Sample[]): void {
  const records = samples.map(({ bytes, length }, i) => pcapRecord(BigInt(i), bytes, length));
  writeFileSync(file, joined(pcapHeader(262_144), ...records));
}

/** What libpcap wrongly says of a divisor or a shift such as `ether[0]` or `ip[40]`: it looks at the index. */
const MISTAKEN = /division by zero|modulus by zero|shift by more than 31 bits/;

/**
 * Indices of the frames that tcpdump lets pass; `isOptimised`: with libpcap's optimiser. Null where libpcap takes an
 * operand for a number that it is not; throws what it says else against a filter.
 */
export function passedBy(file: string, filter: string, isOptimised: boolean): number[] | null {
  const args = ['-r', file, ...(isOptimised ? [] : ['-O']), '--time-stamp-precision=nano', '-w', '-', '--', filter];
  const { stdout, stderr, status } = spawnSync('tcpdump', args, { maxBuffer: 1 << 28 });
  const said = stderr.toString();
  if (/expression rejects all packets/.test(said)) return [];
  if (MISTAKEN.test(said)) return null;
  if (status !== 0) throw new Error(`tcpdump: ${said.split('\n').at(-2)}`);
  return [...readCaptureBytes('tcpdump', stdout)].map(({ timeNs }) => Number(timeNs));
}
