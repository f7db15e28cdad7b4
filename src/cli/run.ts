/** `vswitch run`: a network for a while, seen live, summed up at the end. */
import { availableParallelism } from 'node:os';
import { stderr, stdout } from 'node:process';
import { Network } from '../engine/network.ts';
import { TIME_NS_MAX } from '../engine/options.ts';
import { parallelismOf } from '../engine/placement.ts';
import { Snapshot } from '../engine/snapshot.ts';
import { loadTopology, parseTopology, readEvents } from '../topology/load.ts';
import type { Topology } from '../topology/model.ts';
import type { TimeFile } from './arguments.ts';
import { type CaptureOptions, takesOutput, withCaptures } from './capture-options.ts';
import { boundText } from './check.ts';
import { DEMO } from './demo.ts';
import { EXIT_FAILED, EXIT_FINE, note, tell, tellWarnings, UsageError } from './errors.ts';
import { withFlowOption, writeFlows } from './flows.ts';
import { counted } from './format.ts';
import { Live } from './live.ts';
import { LIVE_PLACES, offered } from './offered.ts';
import { checkReportPath, makeFolder, writeReport } from './output.ts';
import { continued, Snapshots } from './snapshot.ts';
import { Stopper } from './stopper.ts';
import { summary } from './summary.ts';

export interface RunOptions extends CaptureOptions {
  readonly duration?: bigint;
  readonly workers?: number;
  readonly clock?: 'wall' | 'virtual';
  readonly snapshotAt?: readonly TimeFile[];
  readonly restore?: string;
  readonly events?: string;
  readonly json?: boolean;
  readonly report?: string;
  readonly quiet?: boolean;
  readonly flows?: string;
}

const DEMO_NS = 4_000_000_000n;
const DEFAULT_NS = 10_000_000_000n;
const LOOK_MS = 100;
/** Workers that meet more often than this wait for each other more than they gain. */
const WORTH_WAITING_NS = 2_000;
/** Real time after which simulated time that stands still is taken for a loop, unless somebody is waited for. */
const STANDSTILL_MS = 4_000;

export async function run(file: string | undefined, options: RunOptions): Promise<number> {
  const network = options.restore === undefined ? build(file, options) : await restored(file, options.restore, options);
  const { clock } = network;
  const startNs = network.nowNs;
  const lastsNs = options.duration ?? (file === undefined && options.restore === undefined ? DEMO_NS : DEFAULT_NS);
  if (clock === 'virtual') checkVirtual(lastsNs);
  const endNs = lastsNs === 0n ? 0n : startNs + lastsNs;
  const snapshots = new Snapshots(network, options.snapshotAt ?? [], startNs, endNs);
  const stopper = new Stopper();
  await network.start();
  const offer = await offered(network);
  const out = takesOutput(network.topology) ? stderr : stdout;
  const live = new Live(network, endNs, options.json === true || options.quiet === true, out);
  const failure =
    clock === 'wall'
      ? await wall(network, endNs, stopper, live, snapshots)
      : await virtual(network, endNs, stopper, live, snapshots);
  live.end();
  await offer?.close();
  const report = await network.stop();
  stopper.close();
  const unsaved = await snapshots.saved();
  const unwritten = options.report === undefined ? null : writeReport(options.report, report);
  const flows = writeFlows(network);
  const told = options.json === true ? JSON.stringify(report, null, 2) : summary(report, flows.told);
  out.write(`${told}\n`);
  const failures = new Set([
    flows.failure,
    failure,
    network.failure?.message.split('\n')[0] ?? null,
    ...report.captures.map((capture) => capture.failure),
    unwritten,
    ...unsaved,
  ]);
  failures.delete(null);
  for (const line of failures) tell(line!);
  return failures.size === 0 && report.ledger.balanced ? EXIT_FINE : EXIT_FAILED;
}

function build(file: string | undefined, options: RunOptions): Network {
  if (file?.endsWith('.vsnap') === true)
    throw new UsageError(`${file} is a snapshot; go on from it with vswitch run --restore ${file}`);
  const { events } = options;
  const more = events === undefined ? undefined : readEvents(events);
  const declared = file === undefined ? parseTopology(DEMO, 'demo', more) : loadTopology(file, events);
  tellWarnings(declared);
  const topology = withFlowOption(withCaptures(declared, options), options.flows, file);
  if (takesOutput(topology) && options.json === true)
    throw new UsageError('--json and a capture to the standard output go to one place; write the report with --report');
  const { clock = 'wall' } = options;
  if (file === undefined) makeFolder('captures', 'the built-in network captures to there; go to another folder');
  if (options.report !== undefined) checkReportPath(options.report, file);
  const workers =
    clock === 'virtual' ? virtualWorkers(topology, options.workers) : wallWorkers(topology, options.workers);
  return new Network(topology, { clock, workers, inline: false, live: LIVE_PLACES });
}

/** A network that goes on from a snapshot; `file` is the topology that it is expected to be of. */
async function restored(file: string | undefined, from: string, options: RunOptions): Promise<Network> {
  const snapshot = await Snapshot.load(from, file === undefined ? {} : { topology: loadTopology(file) });
  const clock = snapshot.options.clock ?? 'virtual';
  if (options.clock !== undefined && options.clock !== clock)
    throw new UsageError(`--clock ${options.clock}: ${from} was taken on the ${clock} clock, and goes on on it`);
  if (options.workers !== undefined)
    throw new UsageError(`--workers: ${from} goes on with the workers that it was taken with; leave the option out`);
  if (options.events !== undefined)
    throw new UsageError(`--events: ${from} goes on with the events that it was taken with; leave the option out`);
  if (options.capture !== undefined)
    throw new UsageError(`--capture: ${from} goes on with the captures that it was taken with; leave the option out`);
  if (options.flows !== undefined)
    throw new UsageError(`--flows: ${from} goes on with the flow records that it was taken with; leave the option out`);
  if (options.report !== undefined) checkReportPath(options.report, file);
  const captureAs = continued(snapshot);
  for (const [was, is] of Object.entries(captureAs)) note(`what went to ${was} goes on in ${is}`);
  return Network.from(snapshot, { inline: false, captureAs });
}

export function wallWorkers(topology: Topology, asked: number | undefined): number {
  const switches = topology.hosts.length + topology.switches.length;
  return Math.max(1, Math.min(asked ?? availableParallelism(), switches));
}

/** As many as bring something; the result is the same for any number. */
export function virtualWorkers(topology: Topology, asked: number | undefined): number {
  const { groups, cellNs } = parallelismOf(topology);
  if (asked === undefined) return cellNs < WORTH_WAITING_NS ? 1 : Math.min(availableParallelism(), groups.length);
  if (asked <= groups.length) return asked;
  note(`--workers ${asked}: ${counted(groups.length, 'worker')} can share this network; ${boundText(groups)}`);
  return groups.length;
}

function checkVirtual(durationNs: bigint): void {
  if (durationNs === 0n)
    throw new UsageError('--duration 0 is for the wall clock: simulated time needs an end, such as 10s');
  if (durationNs > TIME_NS_MAX) throw new UsageError('--duration: simulated time goes no further than 52 days');
}

async function wall(
  network: Network,
  endNs: bigint,
  stopper: Stopper,
  live: Live,
  snapshots: Snapshots,
): Promise<string | null> {
  while (
    !stopper.asked &&
    !network.hasLostCapture &&
    network.failure === null &&
    (endNs === 0n || network.nowNs < endNs)
  ) {
    const next = snapshots.nextNs ?? endNs;
    const left = next === 0n ? LOOK_MS : Number(next - network.nowNs) / 1e6;
    await stopper.sleep(Math.min(LOOK_MS, Math.max(1, left)));
    await snapshots.takeDue();
    live.look();
  }
  return null;
}

/** Runs to the end by way of the times at which snapshots are to be taken. */
async function runVia(network: Network, endNs: bigint, stopper: Stopper, snapshots: Snapshots): Promise<void> {
  for (let next = snapshots.nextNs; next !== null && !stopper.asked; next = snapshots.nextNs) {
    await network.runUntil(next);
    if (!stopper.asked) await snapshots.takeDue();
  }
  if (!stopper.asked && !network.hasLostCapture) await network.runUntil(endNs);
}

async function virtual(
  network: Network,
  endNs: bigint,
  stopper: Stopper,
  live: Live,
  snapshots: Snapshots,
): Promise<string | null> {
  let isOver = false;
  const running = runVia(network, endNs, stopper, snapshots).then(
    () => {
      isOver = true;
      return null;
    },
    (error: Error) => {
      isOver = true;
      return error.message;
    },
  );
  let reached = network.nowNs;
  let movedAt = performance.now();
  let wasWaiting = false;
  let isTold = false;
  while (!isOver && !stopper.asked && !network.hasLostCapture) {
    await Promise.race([running, stopper.sleep(LOOK_MS)]);
    live.look();
    const { isWaiting } = network;
    if (network.nowNs !== reached) {
      reached = network.nowNs;
      movedAt = performance.now();
    } else if (!isOver && performance.now() - movedAt > STANDSTILL_MS) {
      // One that has just been read goes on in a moment.
      const isHeld = isWaiting || wasWaiting;
      if (isHeld && !isTold) note('waits for whoever reads a capture: the virtual clock loses no frame');
      isTold ||= isHeld;
      movedAt = performance.now();
      if (!isHeld)
        return `simulated time stands still at ${Number(reached) / 1e9} s: frames go round without delay, so the physical switches form a loop; remove a link or give links a delay`;
    }
    wasWaiting = isWaiting;
  }
  return isOver ? running : null;
}
