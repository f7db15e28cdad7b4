/** The words of `vswitch pcap`. Each command is a file of this folder, loaded when it is called. */
import { type Command, InvalidArgumentError } from 'commander';
import { duration, wholeNumber } from '../arguments.ts';
import { moment } from './time.ts';

type End = (code: Promise<number> | number) => Promise<void>;

const KEEP_GOING = ['--keep-going', 'pass over what is wrong in a file, tell it, and exit with 1'] as const;
const INPUT = 'pcap or pcapng, also in gzip or Zstandard; - is the standard input';

export function declarePcap(program: Command, end: End): void {
  const pcap = program
    .command('pcap')
    .description('look into captures, join, split and compare them, follow a frame')
    .addHelpText(
      'after',
      '\nExamples:\n  vswitch pcap info captures/demo.pcapng\n  vswitch pcap follow captures/demo.pcapng 1000000000005\n  vswitch pcap diff before.pcapng after.pcapng',
    );

  pcap
    .command('info')
    .description('tell what is in captures: interfaces, frames, times, what was lost, why frames died')
    .argument('<file...>', INPUT)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  vswitch pcap info demo.pcapng\n  zstdcat big.pcapng.zst | vswitch pcap info - --json',
    )
    .action(async (files, options) => end((await import('./info.ts')).info(files, options)));
}

export { duration, InvalidArgumentError, KEEP_GOING, moment, wholeNumber };
