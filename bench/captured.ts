/**
 * A vSwitch on the wall clock, one worker, each VM sending to the next one, and everything that enters it captured once and
 * whole: who sends, how fast it gets through, and what of it reached the file.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { survey } from '../src/capture/survey.ts';
import { wholeBytes } from '../src/engine/drain.ts';
import * as L from '../src/engine/generated/layout.ts';
import { Network } from '../src/engine/network.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { dropsBetween } from './line.ts';
import { allRunning, sleep } from './running.ts';

export interface Workload {
  readonly vnics: number;
  /** Octets of a frame, FCS included. */
  readonly size: number;
  /** Frames a second of all VMs together; Infinity: as many as go. */
  readonly rate: number;
  readonly warmup: number;
  readonly seconds: number;
  /** null: without a capture. */
  readonly file: string | null;
}

export interface Captured {
  /** Frames a second of the wall clock that reached a VM, and of the worker's CPU time where that can be told, else NaN. */
  readonly forwarded: number;
  readonly forwardedByCpu: number;
  /** Frames and octets a second that went to the file. */
  readonly frames: number;
  readonly bytes: number;
  /** Octets that went to the file while measuring. */
  readonly moved: number;
  /** Per cent of what entered that did not fit, while measuring; frames, in the whole run. */
  readonly lostShare: number;
  readonly lost: number;
  readonly delivered: number;
  readonly drops: Readonly<Record<string, number>>;
  /** The ledger balances, and the file has the frames that it should. */
  readonly balanced: boolean;
}

function network({ vnics, size, rate, file }: Workload): Network {
  const each = Number.isFinite(rate) ? `${Math.max(1, Math.round(rate / vnics))}pps` : 'max';
  const vms = Array.from({ length: vnics }, (_, i) => i + 1);
  const topology = topologyFrom({
    hosts: { esx: { vswitches: { vSwitch0: { portGroups: { vms: {} } } }, vms: { vm: { count: vnics } } } },
    traffic: vms.map((vm) => ({ from: `esx/vm${vm}`, to: `esx/vm${(vm % vnics) + 1}`, size, rate: each })),
    captures: file === null ? [] : [{ file, ports: vms.map((vm) => `esx/vm${vm}`), direction: 'in' }],
  });
  return new Network(topology, { clock: 'wall', workers: 1 });
}

/** Nanoseconds on a core of each thread of this process; empty where the system does not tell. */
function threadTimes(): Map<string, number> {
  try {
    const threads = readdirSync('/proc/self/task');
    return new Map(
      threads.map((id) => [id, Number(readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ')[0])]),
    );
  } catch {
    return new Map();
  }
}

/** Where everything stands at an instant. */
function look(running: Network) {
  const { memory, plan } = running;
  const rings = plan.captures.flatMap((capture) => capture.rings);
  const points = plan.captures.flatMap((capture) => capture.points);
  const sum = (field: number) => points.reduce((n, { address }) => n + memory.count(address + field), 0);
  return {
    ledger: running.ledger(),
    ms: performance.now(),
    moved: wholeBytes(memory, rings),
    written: sum(L.CapturePoint_frames),
    lost: sum(L.CapturePoint_lost),
    threads: threadTimes(),
  };
}

/** Runs a workload once. The file is left where it is. */
export async function run(workload: Workload): Promise<Captured> {
  const { file, warmup, seconds } = workload;
  if (file !== null) rmSync(file, { force: true });
  const running = network(workload);
  await running.start();
  await allRunning(running);
  await sleep(warmup * 1000);
  const before = look(running);
  await sleep(seconds * 1000);
  const after = look(running);
  const { ledger, captures } = await running.stop();
  const elapsed = (after.ms - before.ms) / 1000;
  const delivered = after.ledger.delivered - before.ledger.delivered;
  // The worker never sleeps at full load: no thread has more.
  const times = [...after.threads].map(([id, ns]) => ns - (before.threads.get(id) ?? 0));
  const [written, missed] = [after.written - before.written, after.lost - before.lost];
  const moved = after.moved - before.moved;
  const [report] = captures;
  const inFile = file === null ? 0 : survey(file).frames;
  const isWhole =
    report === undefined ||
    (report.failure === null && report.frames === inFile && report.frames + report.lost === ledger.framesIn);
  return {
    forwarded: delivered / elapsed,
    forwardedByCpu: times.length === 0 ? Number.NaN : (delivered * 1e9) / Math.max(...times),
    frames: written / elapsed,
    bytes: moved / elapsed,
    moved,
    lostShare: missed === 0 ? 0 : (100 * missed) / (written + missed),
    lost: report?.lost ?? 0,
    delivered: ledger.delivered,
    drops: dropsBetween(before.ledger, after.ledger),
    balanced: ledger.balanced && isWhole,
  };
}
