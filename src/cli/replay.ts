/** `vswitch replay`: captures in, one capture for each port and a report out. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stderr, stdout } from 'node:process';
import { firstTimeNs, replay } from '../endpoints/replay.ts';
import { reason } from '../engine/drain.ts';
import { Network } from '../engine/network.ts';
import { loadTopology } from '../topology/load.ts';
import { allPorts } from '../topology/ports.ts';
import { knownPort, type PortFile } from './arguments.ts';
import { EXIT_FAILED, EXIT_FINE, UsageError } from './errors.ts';
import { grouped } from './format.ts';
import { writeReport } from './run.ts';
import { summary } from './summary.ts';

export interface ReplayFilesOptions {
  readonly in: readonly PortFile[];
  readonly out: string;
  readonly age?: bigint;
  readonly until?: bigint;
  readonly keepGoing?: boolean;
  readonly json?: boolean;
}

export async function replayFiles(file: string, options: ReplayFilesOptions): Promise<number> {
  const declared = loadTopology(file);
  const topology = { ...declared, streams: [], captures: [] };
  const inputs = options.in.map(({ port, file: from }) => ({ port: knownPort(topology, port), file: from }));
  const keepGoing = options.keepGoing === true;
  const originNs = firstTimeNs(inputs, { keepGoing }) ?? 0n;
  const captures = allPorts(topology).map((port) => ({
    file: join(options.out, `${port}.pcapng`),
    ports: [port],
    snapLength: 0,
  }));
  makeFolders(captures.map((capture) => dirname(capture.file)));
  let interrupted = false;
  const onSignal = (): void => {
    interrupted = true;
  };
  process.once('SIGINT', onSignal);
  const network = new Network(topology, {
    injectAt: [...new Set(inputs.map(({ port }) => port))],
    captures,
    unplugged: 'open',
    epochNs: originNs,
    ...(options.age === undefined ? {} : { ageingSeconds: Number(options.age) / 1e9 }),
  });
  let problems = 0;
  try {
    const result = await replay(network, originNs, {
      inputs,
      keepGoing,
      onProblem: (problem) => {
        problems++;
        stderr.write(`vswitch: ${problem.message}\n`);
      },
      ...(options.until === undefined ? {} : { untilNs: options.until }),
      shouldStop: () => interrupted,
    });
    if (result.outOfOrder > 0)
      stderr.write(
        `vswitch: ${grouped(result.outOfOrder)} frames had a time before the frame ahead of them; they entered right after it\n`,
      );
    if (result.cutShort > 0)
      stderr.write(
        `vswitch: ${grouped(result.cutShort)} frames were captured in part; they entered as short as they were captured\n`,
      );
    if (declared.streams.length > 0)
      stderr.write('vswitch: the traffic of the topology was not started: a replay brings its own\n');
  } finally {
    process.off('SIGINT', onSignal);
    // Also when an input turned out to be broken: what has been forwarded so far is written and can be read.
    await network.stop();
  }
  const report = network.report();
  writeReport(join(options.out, 'report.json'), report);
  stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${summary({ ...report, captures: [] })}\n`,
  );
  if (options.json !== true) stdout.write(`wrote ${captures.length} captures and report.json to ${options.out}\n`);
  const failures = report.captures.flatMap(({ failure }) => failure ?? []);
  for (const line of failures) stderr.write(`vswitch: ${line}\n`);
  return failures.length > 0 || problems > 0 || !report.ledger.balanced ? EXIT_FAILED : EXIT_FINE;
}

function makeFolders(folders: readonly string[]): void {
  for (const folder of new Set(folders)) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new UsageError(`${folder}: ${reason(error)}; give another folder for --out`);
    }
  }
}
