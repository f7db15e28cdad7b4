/** `vswitch run`: a network for a while, seen live, summed up at the end. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { stderr, stdout } from 'node:process';
import { reason } from '../engine/drain.ts';
import { Network } from '../engine/network.ts';
import type { Report } from '../telemetry/report.ts';
import { loadTopology, parseTopology } from '../topology/load.ts';
import { DEMO } from './demo.ts';
import { EXIT_FAILED, EXIT_FINE, UsageError } from './errors.ts';
import { Live } from './live.ts';
import { summary } from './summary.ts';

export interface RunOptions {
  readonly duration?: bigint;
  readonly workers?: number;
  readonly clock: 'wall' | 'virtual';
  readonly json?: boolean;
  readonly report?: string;
  readonly quiet?: boolean;
}

const DEMO_NS = 4_000_000_000n;
const DEFAULT_NS = 10_000_000_000n;
const LOOK_MS = 100;
/** Real time after which simulated time that stands still is taken for a loop. */
const STANDSTILL_MS = 10_000;

export async function run(file: string | undefined, options: RunOptions): Promise<number> {
  const topology = file === undefined ? parseTopology(DEMO, 'demo') : loadTopology(file);
  if (file === undefined) mkdirSync('captures', { recursive: true });
  const { clock } = options;
  const durationNs = options.duration ?? (file === undefined ? DEMO_NS : DEFAULT_NS);
  if (durationNs === 0n && clock === 'virtual')
    throw new UsageError('--duration 0 is for the wall clock: simulated time needs an end');
  const switches = topology.hosts.length + topology.switches.length;
  const workers = Math.max(1, Math.min(options.workers ?? availableParallelism(), switches));
  const network = new Network(topology, { clock, workers, inline: false });
  const stopper = new Stopper();
  await network.start();
  const live = new Live(network, durationNs, options.json === true || options.quiet === true);
  const failure =
    clock === 'wall'
      ? await wall(network, durationNs, stopper, live)
      : await virtual(network, durationNs, stopper, live);
  live.end();
  const report = await network.stop();
  stopper.close();
  if (options.report !== undefined) writeReport(options.report, report);
  stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${summary(report)}\n`);
  const failures = [failure, network.failure?.message ?? null, ...report.captures.map((c) => c.failure)].filter(
    (line) => line !== null,
  );
  for (const line of failures) stderr.write(`vswitch: ${line}\n`);
  return failures.length === 0 && report.ledger.balanced ? EXIT_FINE : EXIT_FAILED;
}

async function wall(network: Network, durationNs: bigint, stopper: Stopper, live: Live): Promise<string | null> {
  while (!stopper.asked && network.failure === null && (durationNs === 0n || network.nowNs < durationNs)) {
    const left = durationNs === 0n ? LOOK_MS : Number(durationNs - network.nowNs) / 1e6;
    await stopper.sleep(Math.min(LOOK_MS, Math.max(1, left)));
    live.look();
  }
  return null;
}

async function virtual(network: Network, durationNs: bigint, stopper: Stopper, live: Live): Promise<string | null> {
  let isOver = false;
  const running = network.runUntil(durationNs).then(
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
  while (!isOver && !stopper.asked) {
    await Promise.race([running, stopper.sleep(LOOK_MS)]);
    live.look();
    if (network.nowNs !== reached) {
      reached = network.nowNs;
      movedAt = performance.now();
    } else if (!isOver && performance.now() - movedAt > STANDSTILL_MS) {
      return `simulated time stands still at ${Number(reached) / 1e9} s: frames go round without delay, so the physical switches form a loop; remove a link or give links a delay`;
    }
  }
  return isOver ? running : null;
}

/** Ctrl-C, or a polite kill: the run ends and is summed up. A second one ends it at once. */
class Stopper {
  asked = false;
  readonly #onSignal = (): void => {
    if (this.asked) process.exit(130);
    this.asked = true;
    this.#wake();
  };
  #wake: () => void = () => {};

  constructor() {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  async sleep(ms: number): Promise<void> {
    if (this.asked) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}

export function writeReport(file: string, report: Report): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`${file}: ${reason(error)}; give another path for the report`);
  }
}
