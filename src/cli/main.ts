#!/usr/bin/env node
/** The `vswitch` command: what can be asked, and with which words. Each command is a file of this folder, loaded when it is called. */
import { readFileSync } from 'node:fs';
import { argv, stderr, stdout } from 'node:process';
import { Command, Option } from 'commander';
import { ageing, duration, portFile, timeFile, wholeNumber } from './arguments.ts';
import { declareBench } from './bench-commands.ts';
import { settings, words } from './capture-options.ts';
import { EXIT_BAD_INPUT, EXIT_FAILED, explainFailure, tell } from './errors.ts';
import { declarePcap } from './pcap/commands.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const WORKERS_MAX = 64;
const SNAP_MAX = 262_144;
const SAMPLE_MAX = 1_000_000;

const program = new Command('vswitch')
  .description(
    'A packet-level virtual-switch emulator: real Ethernet frames, end-host loop prevention, captures for Wireshark.',
  )
  .version(version)
  .option('--debug', 'show where in the program a failure came from')
  .showSuggestionAfterError()
  .configureOutput({ outputError: (text) => tell(oneLine(text)) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_BAD_INPUT))
  .addHelpText(
    'after',
    `
Examples:
  vswitch run                                        a built-in network of two hosts, with a capture in captures/
  vswitch run lab.yaml --duration 10s --workers 2    a topology of yours, on the wall clock
  vswitch run lab.yaml --clock virtual --json        the same frames at every run
  vswitch run lab.yaml --events changes.yaml         VMs migrate, cables are pulled, … while it runs
  vswitch run lab.yaml --flows flows.csv             who talked to whom
  vswitch check lab.yaml                             is it well-formed, and how much memory does it take?
  vswitch health lab.yaml                            do both ends of every cable agree on VLANs, MTU and teaming?
  vswitch replay lab.yaml --in esx1/vm1=in.pcap --out out
  vswitch explain lab.yaml --port esx1/vmnic0 --frame ffffffffffff0050560000010806...
  vswitch run lab.yaml --clock virtual --snapshot-at 5ms=before.vsnap
  vswitch run --restore before.vsnap                 goes on from there, as if it had never stopped
  vswitch pcap follow captures/demo.pcapng 1000000000005
  vswitch bench rfc2544 lab.yaml --quick             how many frames a second?

Exit codes: 0 fine, 1 the run failed or the ledger does not balance, 2 bad input.`,
  );

const clock = new Option(
  '--clock <clock>',
  'wall: as fast as it goes (default); virtual: simulated time, the same at every run',
).choices(['wall', 'virtual']);

const onCaptureError = new Option(
  '--on-capture-error <what>',
  'when a capture cannot be written any more: continue (default), or stop the run, which is the default for --capture -',
).choices(['continue', 'stop']);

program
  .command('run')
  .description('run a network, show it live, write its captures')
  .argument('[topology]', 'YAML or JSON file; without one, a built-in network')
  .option('-d, --duration <time>', 'how long; 0 until Ctrl-C; default: 10s, built-in network 4s', duration)
  .option(
    '-w, --workers <n>',
    'threads that move frames; on the virtual clock the result is the same for any number; default: one for each core',
    wholeNumber(1, WORKERS_MAX),
  )
  .addOption(clock)
  .option(
    '--events <file>',
    'what happens meanwhile, beside what the topology says: a YAML or JSON list as under events:',
  )
  .option(
    '--snapshot-at <time=file>',
    'write the whole state at this time to a file, for --restore and vswitch snapshot; repeatable',
    timeFile,
  )
  .option('--restore <file>', 'go on from a snapshot, with its topology, clock and workers; captures go to new files')
  .option(
    '--capture <file>',
    'capture to this file as well; - for the standard output; .pcap, .gz and .zst as in a topology',
  )
  .option('--capture-ports <patterns>', 'ports of it, such as esx1/*,tor/DROP; default: *', words)
  .option('--capture-wires <patterns>', 'cables of it, each named by a port at one end', words)
  .option('--capture-filter <expression>', 'frames of it, as a pcap-filter expression such as "arp or icmp"')
  .option('--stages <stages>', 'wire (default), inside, or wire,inside', words)
  .option('--direction <direction>', 'in, out or both (default), as the switch sees it')
  .option('--snap <bytes>', 'bytes kept of each frame; default: all')
  .option('--sample <n>', 'one in so many frames')
  .option(
    '--rotate <bounds>',
    'begin new files: size=10MB, every=1s, frames=1000, and keep=5 to delete older ones',
    settings,
  )
  .option('--limit <bounds>', 'end the capture, not the run: size=1GB, after=10s, frames=1000', settings)
  .addOption(onCaptureError)
  .option('--flows <file>', 'write flow records at the end: .csv, .json or .ndjson')
  .option('--json', 'print the report as JSON')
  .option(
    '-o, --report <file>',
    'write the report as JSON, for vswitch ports, mac-table, moves, neighbours, groups and health',
  )
  .option('-q, --quiet', 'no live view')
  .addHelpText(
    'after',
    '\nExamples:\n  vswitch run\n  vswitch run lab.yaml -d 30s -w 2 -o report.json\n  vswitch run lab.yaml --events changes.yaml --clock virtual -d 4s\n  vswitch run lab.yaml --flows flows.csv\n  vswitch run lab.yaml --clock virtual --snapshot-at 5ms=a.vsnap --snapshot-at 6ms=b.vsnap\n  vswitch run --restore a.vsnap -d 1ms\n  vswitch run lab.yaml --capture all.pcapng.zst --capture-ports "esx1/*,tor/DROP" --rotate size=100MB,keep=5\n  vswitch run lab.yaml --capture - --capture-filter "arp or icmp" | wireshark -k -i -',
  )
  .action(async (file, options) => end((await import('./run.ts')).run(file, options)));

const snapshot = program
  .command('snapshot')
  .description('look into snapshots that vswitch run --snapshot-at or the library wrote')
  .addHelpText('after', '\nExamples:\n  vswitch snapshot info a.vsnap\n  vswitch snapshot diff a.vsnap b.vsnap');

snapshot
  .command('info')
  .description('tell of which network a snapshot is, and of when')
  .argument('<snapshot>', 'file of a snapshot')
  .option('--json', 'print as JSON')
  .action(async (file, options) => end((await import('./snapshot.ts')).info(file, options)));

snapshot
  .command('diff')
  .description('tell in words how two snapshots differ')
  .argument('<before>', 'file of a snapshot')
  .argument('<after>', 'file of another one')
  .option('--ages', 'tell of MAC entries, too, that differ in nothing but their age')
  .option('--json', 'print as JSON')
  .action(async (before, after, options) => end((await import('./snapshot.ts')).tellDiff(before, after, options)));

declareBench(program, end, version);
declarePcap(program, end);

program
  .command('replay')
  .description('let the frames of capture files enter a network at their capture times (virtual clock)')
  .argument('<topology>', 'YAML or JSON file; its traffic is not started')
  .requiredOption(
    '-i, --in <port=file>',
    'pcap or pcapng whose frames enter at this port: vNIC, uplink or physical port; repeatable',
    portFile,
  )
  .requiredOption('--out <folder>', 'where to write <owner>/<port>.pcapng for every port, and report.json')
  .option('--age <time>', 'ageing time of every MAC table, instead of the topology’s', ageing)
  .option(
    '--until <time>',
    'when to stop, from the first frame; default: when nothing is on its way any more',
    duration,
  )
  .option('--keep-going', 'pass over what is wrong in a capture file, tell it, and exit with 1')
  .option('--json', 'print the report as JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  vswitch replay lab.yaml --in esx1/vm1=vm1.pcap --in esx1/vmnic0=outside.pcapng --out out\n  vswitch replay lab.yaml --in tor/1=in.pcap --out out --age 20s --until 60s',
  )
  .action(async (file, options) => end((await import('./replay.ts')).replayFiles(file, options)));

program
  .command('check')
  .description('check a topology and tell what it takes')
  .argument('<topology>', 'YAML or JSON file')
  .option('--events <file>', 'check events of a file of their own, too, as vswitch run takes them')
  .option('--json', 'print the checked topology as JSON, every default written out')
  .addHelpText('after', '\nExamples:\n  vswitch check lab.yaml\n  vswitch check lab.yaml --events changes.yaml')
  .action(async (file, options) => end((await import('./check.ts')).checkFile(file, options)));

program
  .command('health')
  .description('compare both ends of every cable: VLANs, MTU, teaming; exit code 1 where something cannot work')
  .argument('<topology>', 'YAML or JSON file')
  .option('--report <file>', 'tell, too, what ports dropped for it in a finished run')
  .option('--json', 'print the findings as JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  vswitch health lab.yaml\n  vswitch run lab.yaml -o report.json; vswitch health lab.yaml --report report.json',
  )
  .action(async (file, options) => end((await import('./health.ts')).health(file, options)));

program
  .command('explain')
  .description('tell which rules a frame meets and what becomes of it, without sending it')
  .argument('<topology>', 'YAML or JSON file')
  .requiredOption('-p, --port <port>', 'where the frame enters')
  .requiredOption('-f, --frame <hex|file>', 'the frame without FCS, as hex digits or the first one of a capture file')
  .option('-i, --in <port=file>', 'replay these first, so that the MAC tables are filled; repeatable', portFile)
  .option('--json', 'print the explanation as JSON')
  .addHelpText(
    'after',
    '\nExample:\n  vswitch explain lab.yaml --port esx1/vmnic1 --frame "ffffffffffff 005056000001 0806"',
  )
  .action(async (file, options) => end((await import('./explain.ts')).explainFrame(file, options)));

// The built-in network has neither LLDP nor groups.
for (const [name, what, of] of [
  ['ports', 'show the ports of a finished run', ''],
  ['mac-table', 'show the MAC tables of a finished run', ''],
  ['moves', 'show which stations moved from port to port in a finished run', ''],
  ['neighbours', 'show who is at the other end of cables, as LLDP told in a finished run', ' lab.yaml'],
  ['groups', 'show which ports wanted which multicast groups at the end of a run, and where routers are', ' lab.yaml'],
] as const) {
  program
    .command(name)
    .description(what)
    .argument('<report>', 'report.json of a run or a replay')
    .option('-s, --switch <name>', 'one switch only, such as esx1/vSwitch0')
    .option('--json', 'print as JSON')
    .addHelpText('after', `\nExample:\n  vswitch run${of} -o report.json && vswitch ${name} report.json`)
    .action(async (file, options) => end((await import('./show.ts')).show(name, file, options)));
}

program
  .command('wireshark')
  .description('open Wireshark with a live capture at a running network')
  .argument('[topology]', 'run this one until Wireshark is closed; without it, a network that runs already')
  .option('--of <name|pid>', 'which of several running networks')
  .option(
    '-p, --port <names>',
    'names and patterns, separated by commas; owner/DROP for what died; default: all',
    words,
  )
  .option('-f, --filter <expression>', 'a capture filter, such as "arp or vlan 10"')
  .option('--snap <bytes>', 'most bytes kept of a frame', wholeNumber(1, SNAP_MAX))
  .option('--sample <n>', 'one frame in so many', wholeNumber(1, SAMPLE_MAX))
  .addOption(new Option('--direction <way>', 'seen from the switch').choices(['in', 'out', 'both']))
  .option('--stages <stages>', 'wire (default), inside, or wire,inside', words)
  .option('--pipe', 'write pcapng to the standard output instead')
  .option('-l, --list', 'list the networks that are running')
  .addHelpText(
    'after',
    '\nExamples:\n  vswitch wireshark                                   the network that is running\n  vswitch wireshark lab.yaml --port "esx1/*,esx1/DROP"\n  vswitch wireshark --pipe --filter arp | wireshark -k -i -\n\nVSWITCH_WIRESHARK names the program; vswitch extcap --install adds a profile to it.',
  )
  .action(async (file, options) => end((await import('./wireshark.ts')).wireshark(file, options)));

program
  .command('extcap')
  .description('ports of running networks as interfaces inside Wireshark: --install, --uninstall')
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .action(async () => end((await import('./extcap.ts')).extcap(argv.slice(argv.indexOf('extcap') + 1), version)));

program
  .command('schema')
  .description('print the JSON Schema of topology files, for completion in an editor')
  .addHelpText('after', '\nExample:\n  vswitch schema > vswitch.schema.json')
  .action(async () => {
    const { topologyJsonSchema } = await import('../topology/schema.ts');
    stdout.write(`${JSON.stringify(topologyJsonSchema(), null, 2)}\n`);
  });

/** Set when the standard output has gone; what runs then ends in order, with its captures closed. */
let isOutputGone = false;
let failed = false;

/** Sets the exit code that a command came to. */
async function end(code: Promise<number> | number): Promise<void> {
  const reached = await code;
  process.exitCode = failed ? EXIT_FAILED : reached;
}

stdout.on('error', async (error: NodeJS.ErrnoException) => {
  if (isOutputGone) return;
  isOutputGone = true;
  if (error.code === 'EPIPE') {
    // The reader of a pipe has seen enough (`| head`): as by Ctrl-C.
    if (!process.emit('SIGINT')) process.exit();
    return;
  }
  failed = true;
  process.exitCode = EXIT_FAILED;
  const { reason } = await import('../engine/drain.ts');
  tell(`standard output: ${reason(error)}`);
});
// Nobody is left to be told.
stderr.on('error', () => {});

/** What commander says in up to three lines: `run --duration abc: expected a time …`. */
function oneLine(text: string): string {
  const command = program.commands.find((each) => each.name() === argv[2])?.name();
  const said = text
    .trim()
    .replace(/^error: /, '')
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument '([\s\S]*?)' is invalid\. /, (_, option, value) =>
      value === '' ? `${option}: ` : `${option} ${value}: `,
    )
    .replace(/Allowed choices are (.*)\.$/, 'expected one of $1')
    .replace(/\n\((Did you mean .*\?)\)$/, (_, question) => `; ${question.replace('Did', 'did')}`)
    .replace(/\.$/, '');
  return `${said} (vswitch ${command === undefined ? '' : `${command} `}--help tells more)`;
}

try {
  await program.parseAsync(argv);
} catch (error) {
  process.exitCode = explainFailure(error, program.opts()['debug'] === true);
}
