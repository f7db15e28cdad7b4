/** `vswitch replay`: captures in, one capture for each port and a report out. */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stdout } from 'node:process';
import { firstTimeNs, type ReplayResult, replay } from '../endpoints/replay.ts';
import { Network } from '../engine/network.ts';
import type { Report } from '../telemetry/report.ts';
import { loadTopology } from '../topology/load.ts';
import { allPorts } from '../topology/ports.ts';
import { withoutTraffic } from '../topology/stream.ts';
import type { PortFile } from './arguments.ts';
import { EXIT_FAILED, EXIT_FINE, note, tell, tellWarnings, UsageError } from './errors.ts';
import { counted } from './format.ts';
import { isSameFile, makeFolder, writeReport } from './output.ts';
import { knownPorts } from './port.ts';
import { Stopper } from './stopper.ts';
import { summary } from './summary.ts';

export interface ReplayFilesOptions {
  readonly in: readonly PortFile[];
  readonly out: string;
  /** Seconds. */
  readonly age?: number;
  readonly until?: bigint;
  readonly keepGoing?: boolean;
  readonly json?: boolean;
}

export async function replayFiles(file: string, options: ReplayFilesOptions): Promise<number> {
  const declared = loadTopology(file);
  tellWarnings(declared);
  const topology = { ...withoutTraffic(declared), captures: [] };
  const inputs = knownPorts(topology, options.in);
  const keepGoing = options.keepGoing === true;
  for (const { file: from } of inputs) {
    const kind = statSync(from, { throwIfNoEntry: false });
    if (kind?.isFIFO() === true)
      throw new UsageError(`${from}: is a pipe, and a replay looks at each capture twice; write it to a file first`);
  }
  const originNs = firstTimeNs(inputs, { keepGoing }) ?? 0n;
  const captures = allPorts(topology).map((port) => ({
    file: join(options.out, `${port}.pcapng`),
    ports: [port],
    snapLength: 0,
  }));
  const reportFile = join(options.out, 'report.json');
  keepInputs([file, ...inputs.map((input) => input.file)], [reportFile, ...captures.map((capture) => capture.file)]);
  for (const folder of new Set([options.out, ...captures.map((capture) => dirname(capture.file))]))
    makeFolder(folder, 'give another folder for --out');
  const stopper = new Stopper();
  const network = new Network(topology, {
    injectAt: [...new Set(inputs.map(({ port }) => port))],
    captures,
    unplugged: 'open',
    epochNs: originNs,
    // A capture ring holds what one burst can write, with frames of 131,008 bytes: for 2,000 ports 9 GiB at bursts of 8.
    // Bursts of 1 give the same files and take 10 % more time.
    burst: 1,
    ...(options.age === undefined ? {} : { ageingSeconds: options.age }),
  });
  let problems = 0;
  let report: Report;
  let unwritten: string | null = null;
  try {
    const result = await replay(network, originNs, {
      inputs,
      keepGoing,
      onProblem: (problem) => {
        problems++;
        tell(problem.message);
      },
      ...(options.until === undefined ? {} : { untilNs: options.until }),
      shouldStop: () => stopper.asked,
    });
    tellResult(result);
    if (stopper.asked) note('stopped before the end of the captures');
    if (declared.streams.length > 0) note('the traffic of the topology was not started: a replay brings its own');
  } finally {
    // Also when an input turned out to be broken: what has been forwarded so far is written and can be read.
    report = await network.stop();
    unwritten = writeReport(reportFile, report);
    stopper.close();
  }
  stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${summary({ ...report, captures: [] })}\n`,
  );
  const failures = [...report.captures.map(({ failure }) => failure), unwritten].filter((line) => line !== null);
  if (options.json !== true && failures.length === 0)
    stdout.write(`wrote ${counted(captures.length, 'capture')} and report.json to ${options.out}\n`);
  for (const line of failures) tell(line);
  return failures.length > 0 || problems > 0 || !report.ledger.balanced ? EXIT_FAILED : EXIT_FINE;
}

function tellResult({ frames, outOfOrder, cutShort }: ReplayResult): void {
  if (frames === 0) note('no frame entered the network: the captures hold none up to the end');
  if (outOfOrder > 0)
    note(`${counted(outOfOrder, 'frame')} had a time before the frame ahead in the file, and entered right after it`);
  if (cutShort > 0) note(`${counted(cutShort, 'frame')} entered as short as the capture had cut them`);
}

/** Writing begins before reading ends, so an output must not be an input. */
function keepInputs(inputs: readonly string[], outputs: readonly string[]): void {
  for (const output of outputs) {
    const input = inputs.find((each) => isSameFile(each, output));
    if (input !== undefined)
      throw new UsageError(`${output}: the replay would overwrite its input ${input}; give another folder for --out`);
  }
}
