/** The words of `vswitch pcap`. Each command is a file of this folder, loaded when it is called. */
import { type Command, InvalidArgumentError } from 'commander';
import { duration } from '../arguments.ts';
import { ASPECTS, type Aspect } from './aspect.ts';
import type { Criterion } from './split.ts';
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

  pcap
    .command('cat')
    .description('join captures and choose among their frames, into a pcapng file or as text, a line a frame')
    .argument('<file...>', INPUT)
    .option('-o, --output <file>', 'pcapng to write; - is the standard output; without it, text')
    .option('--text', 'print a line for each frame, which is what happens without -o')
    .option('--merge', 'by time, where each file is in order; otherwise one file after the other')
    .option('-f, --filter <expression>', 'only frames that a pcap-filter expression takes, such as "vlan 10 and arp"')
    .option('-i, --interface <name>', 'only of this interface; * stands for any characters; repeatable', names)
    .option('--id <id>', 'only frames with this packet id', packetId)
    .option('--from <time>', 'from then on: 5ms since the first frame, @1700000000.5, or 2023-11-14T22:13:20Z', moment)
    .option('--to <time>', 'up to then', moment)
    .option(...KEEP_GOING)
    .addHelpText(
      'after',
      '\nExamples:\n  vswitch pcap cat a.pcapng b.pcap --merge -o both.pcapng\n  vswitch pcap cat demo.pcapng -i "esx1/*" --from 5ms --to 6ms\n  vswitch pcap cat demo.pcapng.zst --filter "arp or vlan 10" -o - | tshark -r -',
    )
    .action(async (files, options) => end((await import('./cat.ts')).cat(files, options)));

  pcap
    .command('split')
    .description('put the frames of a capture into several files')
    .argument('<file>', INPUT)
    .requiredOption(
      '--by <criterion>',
      'interface, id, section, or an amount for each file: "frames 1000", "size 10M" or "time 5ms"',
      criterion,
    )
    .requiredOption('-o, --output <folder>', 'where to write; files are named NAME.<interface, id or number>.pcapng')
    .option(...KEEP_GOING)
    .addHelpText(
      'after',
      '\nExamples:\n  vswitch pcap split demo.pcapng --by interface -o ports\n  vswitch pcap split demo.pcapng --by "size 10M" -o parts',
    )
    .action(async (file, options) => end((await import('./split.ts')).split(file, options)));

  pcap
    .command('diff')
    .description(
      'compare two captures frame by frame, regardless of order; exits with 0 when they are the same, else with 1',
    )
    .argument('<a>', INPUT.replace(/;.*/, ''))
    .argument('<b>', 'another one')
    .option('--by <what>', `what makes frames the same: ${ASPECTS.join(', ')}; several with commas`, aspects, [
      'bytes',
      'interface',
    ] satisfies Aspect[])
    .option('--json', 'print as JSON')
    .option(...KEEP_GOING)
    .addHelpText(
      'after',
      '\nExamples:\n  vswitch pcap diff before.pcapng after.pcapng\n  vswitch pcap diff before.pcapng after.pcapng --by bytes,interface,direction,time',
    )
    .action(async (a, b, options) => end((await import('./diff.ts')).tellDiff(a, b, options)));

  pcap
    .command('follow')
    .description('tell the journey of a frame over all hosts and switches as a ladder')
    .argument('<file>', INPUT)
    .argument('<id>', 'its packet id, as Wireshark shows it in frame.packet_id', packetId)
    .argument('[more...]', 'further captures of the same run')
    .option('--json', 'print as JSON')
    .option(...KEEP_GOING)
    .addHelpText(
      'after',
      '\nExamples:\n  vswitch pcap follow captures/demo.pcapng 1000000000005\n  vswitch pcap follow esx1.pcapng 1000000000005 esx2.pcapng tor.pcapng',
    )
    .action(async (file, id, more, options) => end((await import('./follow.ts')).follow([file, ...more], id, options)));
}

function names(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

const ID_MAX = 2n ** 64n - 1n;

function packetId(text: string): bigint {
  const id = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? BigInt(text) : -1n;
  if (id < 0n || id > ID_MAX) throw new InvalidArgumentError('expected a packet id: a whole number, or one like 0x1f');
  return id;
}

function aspects(text: string): Aspect[] {
  const found = text.split(',').map((word) => ASPECTS.find((each) => each === word.trim()));
  if (found.includes(undefined))
    throw new InvalidArgumentError(`expected some of ${ASPECTS.join(', ')}, with commas between`);
  return found as Aspect[];
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

function criterion(text: string): Criterion {
  const [key = '', ...rest] = text.trim().split(/[\s=]+/);
  const amount = rest.join('');
  if (rest.length === 0 && (key === 'interface' || key === 'id' || key === 'section')) return { kind: 'key', key };
  if (key === 'frames' && /^[1-9]\d{0,14}$/.test(amount)) return { kind: 'amount', key, amount: Number(amount) };
  const size = /^(\d+(?:\.\d+)?)([kMG]i?|)B?$/.exec(amount);
  if (key === 'size' && size !== null && Number(size[1]) > 0)
    return { kind: 'amount', key, amount: Math.ceil(Number(size[1]) * UNITS[size[2]!]!) };
  if (key === 'time' && amount !== '') {
    const ns = Number(duration(amount));
    if (ns > 0) return { kind: 'amount', key, amount: ns };
  }
  throw new InvalidArgumentError('expected interface, id, section, "frames 1000", "size 10M" or "time 5ms"');
}
