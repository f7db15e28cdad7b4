/** A capture as a file: opened with its headers before the run, closed with its interfaces' statistics after it. */
import { closeSync, constants, openSync } from 'node:fs';
import type { CaptureReport } from '../telemetry/report.ts';
import type { Topology } from '../topology/model.ts';
import { countsOf, header, statistics } from './capture-blocks.ts';
import { type DrainFile, type DrainOrder, type DrainResult, reason, writeAll } from './drain.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import { isClassic, type PlannedCapture } from './plan-capture.ts';

const APPEND_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/** A capture that cannot be written: one line, `file: why; what to do`. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/** What puts the blocks of several workers in order. */
export function orderOf(plan: Plan, capture: PlannedCapture, clock: string, epochNs: bigint): DrainOrder | null {
  if (capture.rings.length < 2) return null;
  const islandsOf = capture.interfaces.map(({ islands }) => islands);
  const workers = clock === 'wall' ? plan.workers.map(({ address }) => address) : [];
  return { floorAt: plan.epochsAt + L.Epochs_floor, controlAt: plan.controlAt, workers, epochNs, islandsOf };
}

/** Opens the file and writes its headers; with `path` null what is captured goes nowhere. Throws OutputError. */
export function openCapture(
  plan: Plan,
  capture: PlannedCapture,
  topology: Topology,
  clock: string,
  epochNs: bigint,
  path: string | null = capture.request.file,
): DrainFile {
  const { rings } = capture;
  if (path === null)
    return { fd: -1, path: '', headerBytes: 0, isPcap: isClassic(capture.request.file), rings, order: null };
  try {
    const order = orderOf(plan, capture, clock, epochNs);
    // Appending, so that a file that is cut back goes on at its end, whoever writes.
    const fd = openSync(path, APPEND_NEW);
    const bytes = header(plan, capture, topology, clock);
    writeAll(fd, bytes);
    return { fd, path, headerBytes: bytes.length, isPcap: isClassic(capture.request.file), rings, order };
  } catch (error) {
    throw new OutputError(`${path}: ${reason(error)}; give another path for the capture`);
  }
}

/** Writes the statistics and closes the file; a failure becomes part of the report. Times in ns since 1970. */
export function closeCapture(
  memory: SharedMemory,
  capture: PlannedCapture,
  file: DrainFile,
  drained: DrainResult,
  endNs: bigint,
  startNs: bigint,
): CaptureReport {
  let { failure, bytes } = drained;
  const counts = countsOf(memory, capture);
  const sum = (of: 'frames' | 'lost') => counts.reduce((total, each) => total + each[of], 0);
  try {
    if (failure === null && !isClassic(capture.request.file)) {
      const blocks = statistics(counts, startNs, endNs);
      writeAll(file.fd, blocks);
      bytes += blocks.length;
    }
    closeSync(file.fd);
  } catch (error) {
    failure ??= `${file.path}: ${reason(error)}; the frames before are in the file`;
  }
  return { file: file.path, bytes, frames: sum('frames'), lost: sum('lost'), failure };
}
