import { execFileSync } from 'node:child_process';

/** Why tests against tshark cannot run here, or null. Said on the console once, for skipped tests are easily missed. */
export const tsharkMissing: string | null = (() => {
  try {
    execFileSync('tshark', ['--version'], { stdio: ['ignore', 'ignore', 'ignore'] });
    return null;
  } catch {
    console.warn('tests/capture: tests against tshark are skipped, because tshark is not installed');
    return 'tshark is not installed';
  }
})();

/** The fields tshark prints for each frame of `file`. */
export function tshark(file: string, fields: readonly string[], ...more: readonly string[]): string[][] {
  const args = ['-n', '-r', file, ...more, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const printed = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return printed
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
}

/** The values of each field in tshark's dissection of the file itself, as pcapng blocks and options. */
export function tsharkBlocks(file: string, fields: readonly string[]): Record<string, string[]> {
  const [values] = tshark(file, fields, '-X', 'read_format:MIME Files Format', '-E', 'aggregator=|');
  return Object.fromEntries(fields.map((field, index) => [field, values?.[index]?.split('|') ?? []]));
}

/** Nanoseconds of tshark's `frame.time_epoch`; 0 where a frame has no time. */
export function epochNs(printed: string): bigint {
  const [seconds = '', fraction = ''] = printed.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
