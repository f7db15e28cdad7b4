/** A capture as a file: opened with its headers before the run, closed with its interfaces' statistics after it. */
import { fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { CaptureReport } from '../telemetry/report.ts';
import { captureName, numberedFile, STANDARD_OUTPUT, spokenName } from '../topology/capture-name.ts';
import type { Topology } from '../topology/model.ts';
import { APPEND_NEW } from './bounded.ts';
import { countsOf, header, statistics } from './capture-blocks.ts';
import { wrap } from './compress.ts';
import { type DrainFile, type DrainResult, reason } from './drain.ts';
import type { DrainOrder } from './floor.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import { closeFile, openPipe, Pipe } from './pipe.ts';
import type { Plan } from './plan.ts';
import { OF_COMMANDS, type PlannedCapture } from './plan-capture.ts';
import { append } from './sink.ts';
import { NOTHING_LEFT } from './sink-plan.ts';
import { isRemoved, writeAll } from './whole-file.ts';

/** A capture that cannot be written: one line, `file: why; what to do`. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/** What puts the blocks of several workers in order. */
export function orderOf(plan: Plan, capture: PlannedCapture, clock: string, epochNs: bigint): DrainOrder | null {
  if (capture.rings.length < 2) return null;
  const islandsOf = capture.interfaces.map(({ islands }) => islands);
  const workers = clock === 'wall' ? plan.workers.map(({ address }) => address) : [];
  const ofCommands = capture.rings.findIndex(({ worker }) => worker === OF_COMMANDS);
  return {
    floorAt: plan.epochsAt + L.Epochs_floor,
    controlAt: plan.controlAt,
    workers,
    epochNs,
    islandsOf,
    ofCommands,
  };
}

/** Opens the file and writes its headers; with `file` null what is captured goes nowhere. Throws OutputError. */
export function openCapture(
  plan: Plan,
  capture: PlannedCapture,
  topology: Topology,
  clock: string,
  epochNs: bigint,
  file: string | null = capture.request.file,
): DrainFile {
  const { rings, interfaces, request } = capture;
  const { rotate = null, limit = null, startNs = 0 } = request;
  const bytes = header(plan, capture, topology, clock);
  const { compression, isPcap } = captureName(request.file);
  const common = {
    isPcap,
    header: bytes,
    headerBytes: bytes.length,
    compression,
    rotate,
    limit,
    interfaces: interfaces.length,
    sinceNs: epochNs + BigInt(startNs),
    waits: clock === 'virtual',
    rings,
  };
  if (file === null)
    return { ...common, kind: 'nowhere', file: '', path: '', fd: -1, due: NOTHING, headerBytes: 0, order: null };
  try {
    const order = orderOf(plan, capture, clock, epochNs);
    const path = rotate === null ? file : numberedFile(file, 1);
    return { ...common, ...opened(path, wrap(compression, bytes)), file, order };
  } catch (error) {
    throw new OutputError(`${spokenName(file)}: ${reason(error)}; give another path for the capture`);
  }
}

const NOTHING = new Uint8Array(0);
const STDOUT_FD = 1;

/** The file or pipe, open if that can be, with `first` written as far as it goes at once. */
function opened(path: string, first: Uint8Array): Pick<DrainFile, 'kind' | 'path' | 'fd' | 'due'> {
  const kind = kindOf(path);
  if (kind === 'pipe') {
    const fd = openPipe(path);
    const pipe = new Pipe({ path, fd, due: first, waits: false }, () => false);
    pipe.isReady();
    return { kind, path, fd: pipe.fd, due: pipe.due };
  }
  // Appending, so that a file that is cut back goes on at its end, whoever writes.
  const isStandard = path === STANDARD_OUTPUT;
  const fd = isStandard ? STDOUT_FD : openSync(path, APPEND_NEW);
  writeAll(fd, first);
  return { kind, path: isStandard ? '/dev/stdout' : path, fd, due: NOTHING };
}

/** A file that does not begin with the capture cannot be cut back by its length, and counts as a pipe. */
function kindOf(path: string): 'file' | 'pipe' {
  if (path !== STANDARD_OUTPUT) {
    const there = statSync(path, { throwIfNoEntry: false });
    return there !== undefined && isStream(there) ? 'pipe' : 'file';
  }
  if (isatty(STDOUT_FD)) throw new Error('is a terminal, which shows no captures; send it to a program or a file');
  const there = fstatSync(STDOUT_FD);
  return there.isFile() && there.size === 0 ? 'file' : 'pipe';
}

function isStream(there: Stats): boolean {
  return there.isFIFO() || there.isSocket() || there.isCharacterDevice();
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
  const { isOver, files, fd } = drained;
  let { failure, bytes } = drained;
  const counts = countsOf(memory, capture);
  const sum = (of: 'frames' | 'lost') => counts.reduce((total, each) => total + each[of], 0);
  try {
    if (failure === null && !isOver && !file.isPcap) bytes += append(file, fd, statistics(counts, startNs, endNs));
    if (failure === null && fd >= 0 && isRemoved(fd))
      failure = `${file.file}: the file has been removed; ${NOTHING_LEFT}`;
  } catch (error) {
    failure ??= `${spokenName(file.file)}: ${reason(error)}; the capture has all of its frames, ${bytes} bytes, but no statistics`;
  }
  try {
    closeFile(fd);
  } catch (error) {
    failure ??= `${spokenName(file.file)}: ${reason(error)}; the last frames may be missing`;
  }
  const told = { file: file.file, bytes, frames: drained.frames ?? sum('frames'), lost: sum('lost'), failure };
  return files === null ? told : { ...told, files };
}
