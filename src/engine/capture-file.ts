/** A capture as a file: opened with its headers before the run, closed with its interfaces' statistics after it. */
import { closeSync, constants, openSync } from 'node:fs';
import { interfaceDescription, interfaceStatistics, pcapHeader, sectionHeader } from '../capture/write.ts';
import type { CaptureReport } from '../telemetry/report.ts';
import { bannerOf } from '../telemetry/teaching.ts';
import type { Topology } from '../topology/model.ts';
import { type DrainFile, type DrainOrder, type DrainResult, reason, writeAll } from './drain.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Observer } from './observe.ts';
import type { Plan, PlannedPort } from './plan.ts';
import type { PlannedCapture } from './plan-capture.ts';

const APPEND_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/** A capture that cannot be written: one line, `file: why; what to do`. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

export function isPcap(capture: PlannedCapture): boolean {
  return capture.request.file.endsWith('.pcap');
}

/** Section header and interfaces, by the numbers that the core writes into its blocks. */
export function header(plan: Plan, capture: PlannedCapture, topology: Topology, clock: string): Uint8Array {
  const { request, points } = capture;
  if (isPcap(capture)) return pcapHeader(request.snapLength === 0 ? 262_144 : request.snapLength);
  const lesson = { off: topology.teaching?.disabled ?? [], later: plan.mayDisable };
  const section = sectionHeader({
    application: 'vSwitch',
    comment: [`topology ${topology.name}, seed ${topology.seed}, ${clock} clock`, bannerOf(lesson)]
      .filter((part) => part !== null)
      .join('\n'),
  });
  const links = new Map(topology.links.flatMap((link) => [link.a, link.b].map((name) => [name, link.rateBps])));
  const interfaces = points.map(({ port: name }) => {
    const { sw, port } = plan.ports.get(name)!;
    const mac = port.mac === null ? null : Uint8Array.from(port.mac.split(':'), (octet) => Number.parseInt(octet, 16));
    const description = `${describeKind(port)} of ${sw.name}`;
    return interfaceDescription({
      name,
      description,
      mac,
      speedBps: links.get(name) ?? null,
      snapLength: request.snapLength,
    });
  });
  return Buffer.concat([section, ...interfaces]);
}

function describeKind({ kind }: PlannedPort): string {
  return kind === 'vnic' ? 'vNIC' : kind === 'uplink' ? 'uplink' : 'port';
}

/** What puts the blocks of several workers in order: on the virtual clock they are written as a single one would. */
export function orderOf(plan: Plan, capture: PlannedCapture, clock: string, epochNs: bigint): DrainOrder | null {
  if (clock === 'wall' || capture.rings.length < 2) return null;
  const islandOf = capture.points.map(({ port }) => plan.ports.get(port)!.sw.island);
  return { floorAt: plan.epochsAt + L.Epochs_floor, epochNs, islandOf };
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
  if (path === null) return { fd: -1, path: '', headerBytes: 0, isPcap: isPcap(capture), rings, order: null };
  try {
    const order = orderOf(plan, capture, clock, epochNs);
    // Appending, so that a file that is cut back goes on at its end, whoever writes.
    const fd = openSync(path, APPEND_NEW);
    const bytes = header(plan, capture, topology, clock);
    writeAll(fd, bytes);
    return { fd, path, headerBytes: bytes.length, isPcap: isPcap(capture), rings, order };
  } catch (error) {
    throw new OutputError(`${path}: ${reason(error)}; give another path for the capture`);
  }
}

/** Writes the statistics and closes the file; a failure becomes part of the report. */
export function closeCapture(
  memory: SharedMemory,
  observer: Observer,
  plan: Plan,
  capture: PlannedCapture,
  file: DrainFile,
  drained: DrainResult,
  timeNs: bigint,
  startNs: bigint,
): CaptureReport {
  let { failure, bytes } = drained;
  let frames = 0;
  let lost = 0;
  const blocks = capture.points.map((point) => {
    const { port } = plan.ports.get(point.port)!;
    const missed = memory.count(point.address + L.CapturePoint_lost);
    frames += memory.count(point.address + L.CapturePoint_frames);
    lost += missed;
    const received = observer.rxFrames(port) + observer.txFrames(port);
    return interfaceStatistics({
      interfaceId: point.interfaceId,
      timeNs,
      startNs,
      endNs: timeNs,
      received,
      dropped: missed,
    });
  });
  try {
    if (failure === null && !isPcap(capture)) {
      const statistics = Buffer.concat(blocks);
      writeAll(file.fd, statistics);
      bytes += statistics.length;
    }
    closeSync(file.fd);
  } catch (error) {
    failure ??= `${file.path}: ${reason(error)}; the frames before are in the file`;
  }
  return { file: file.path, bytes, frames, lost, failure };
}
