/** The words of `vswitch bench`. Each command is loaded when it is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { duration, wholeNumber } from './arguments.ts';
import { words } from './capture-options.ts';

type End = (code: Promise<number> | number) => Promise<void>;

const WORKERS_MAX = 64;
const REPEATS_MAX = 1000;
const SEED_MAX = 0xffff_ffff;
const NO_PAGE = ['--no-html', 'write no HTML page'] as const;

export function declareBench(program: Command, end: End, version: string): void {
  const bench = program
    .command('bench')
    .description('measure a network by the methods of RFC 2544, RFC 2889, RFC 8204 and MLRsearch, and compare results')
    .argument('[suite]', 'rfc2544, rfc2889, rfc8204, mlr or vswitch; vswitch bench list tells what each measures')
    .argument(
      '[topology]',
      'YAML or JSON file; its traffic tells who sends to whom; without one, the suite’s own network',
    )
    .addOption(
      new Option(
        '--clock <clock>',
        'wall: how fast this machine is; virtual: how the network behaves, exactly; default: wall where the suite allows it',
      ).choices(['wall', 'virtual']),
    )
    .option('-w, --workers <n>', 'threads that move frames; default: 1', wholeNumber(1, WORKERS_MAX))
    .option(
      '--sizes <list>',
      'frame sizes with FCS, mixes and genomes: 64,512,1518,imix:csit,genome:aaafg,64:7,570:4,1518:1',
    )
    .option('--seconds <time>', 'length of a final trial, such as 60 or 500ms; default: what the method says', seconds)
    .option(
      '--repeats <n>',
      'repeats of each measurement, for the spread; default: the suite’s',
      wholeNumber(1, REPEATS_MAX),
    )
    .option('--from <ports>', 'vNICs that send, names and patterns separated by commas')
    .option(
      '--to <ports>',
      'vNICs that receive, or broadcast: the first of --from sends to the first of --to, and so on',
    )
    .option('--bidirectional', 'frames go the other way, too, at the same time')
    .option('--seed <n>', 'start of all chance; default: the topology’s', wholeNumber(0, SEED_MAX))
    .option('--only <tests>', 'these tests only, such as throughput,latency or rfc2544.*', words)
    .option('--skip <tests>', 'all tests but these', words)
    .option('--quick', 'short trials and few sizes, for a first look; the results say so and are not to be quoted')
    .option('-o, --out <name>', 'write <name>.json, .csv, -trials.csv and .html; default: bench-<suite>-<time> here')
    .option('--json', 'print the results as JSON and write no files unless --out says so')
    .option(...NO_PAGE)
    .option('--resume <file>', 'go on with an interrupted run: tests that are done are kept')
    .addHelpText(
      'after',
      `
Examples:
  vswitch bench list                                    what can be measured
  vswitch bench rfc2544 --quick                         a first look, on a network of the suite's own
  vswitch bench rfc2544 lab.yaml --sizes 64,1518,imix:csit --out baseline
  vswitch bench mlr lab.yaml --from "esx1/*" --to "esx2/*" --bidirectional --clock virtual
  vswitch bench rfc2544 lab.yaml --resume baseline.json
  vswitch bench compare baseline.json today.json        what changed by more than noise

Ctrl-C ends a run after the trial that is under way and keeps the tests that are done.
Exit codes: 0 fine, 1 a test failed, a ledger does not balance or the run was interrupted, 2 bad input.`,
    )
    .action(async (suite, file, options) => {
      const debug = program.opts()['debug'] === true;
      return end((await import('./bench.ts')).bench(suite, file, options, { version, debug }));
    });

  bench
    .command('list')
    .description('tell the suites and their tests, each with the clause that it follows')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  vswitch bench list')
    .action(async (_options, command) => {
      const options = optionsOf<{ json?: boolean }>(command);
      return end((await import('./bench-results.ts')).list(options));
    });

  bench
    .command('compare')
    .description('tell what changed between two runs by more than noise; exits with 1 when something got worse')
    .argument('<before>', 'JSON file of results')
    .argument('<after>', 'JSON file of later ones')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  vswitch bench compare baseline.json today.json')
    .action(async (a, b, _options, command) => {
      const options = optionsOf<{ json?: boolean }>(command);
      return end((await import('./bench-results.ts')).compareFiles(a, b, options));
    });

  bench
    .command('report')
    .description('make the page and the CSV files again from the JSON file of results, and show the summary')
    .argument('<results>', 'JSON file of results')
    .option('-o, --out <name>', 'write <name>.csv, -trials.csv and .html; default: beside the results')
    .option(...NO_PAGE)
    .addHelpText('after', '\nExample:\n  vswitch bench report baseline.json')
    .action(async (file, _options, command) => {
      const options = optionsOf<{ out?: string; html?: boolean }>(command);
      return end((await import('./bench-results.ts')).report(file, options));
    });

  bench
    .command('schema')
    .description('print the JSON Schema of files of results')
    .addHelpText('after', '\nExample:\n  vswitch bench schema > vswitch-bench.schema.json')
    .action(async (_options, command) => {
      optionsOf(command);
      return end((await import('./bench-results.ts')).schema());
    });
}

/**
 * Options of a command below `bench`. Those that `bench` has, too, are taken by it, wherever they stand; those that the command has not
 * are refused here, as commander would.
 */
function optionsOf<T extends object>(command: Command): T {
  const parent = command.parent!;
  const options: Record<string, unknown> = { ...command.opts() };
  for (const option of parent.options) {
    const name = option.attributeName();
    if (parent.getOptionValueSource(name) !== 'cli') continue;
    if (!command.options.some(({ long }) => long === option.long))
      command.error(`error: bench ${command.name()} has no option ${option.long}`);
    options[name] = parent.getOptionValue(name);
  }
  return options as T;
}

/** In s, above 0. */
function seconds(text: string): number {
  const ns = duration(text);
  if (ns === 0n) throw new InvalidArgumentError('expected a time above 0, such as 60s or 500ms');
  return Number(ns) / 1e9;
}
