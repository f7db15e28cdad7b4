/** Writes captures into a fresh memory: rings, points, filters, and the texts with which drops are told. */
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import type { CaptureRequest } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import {
  beginning,
  INJECT_BYTES_MAX,
  isClassic,
  NAME_BYTES_MAX,
  type PlannedCapture,
  type PlannedFilter,
  type PlannedPoint,
  type PlannedRing,
} from './plan-capture.ts';

/** A span that no run outlasts; half of what a word holds, so that a time before the beginning is outside of it. */
export const ALWAYS = 1n << 63n;
const FORMAT_PCAP = 1;

export function fillCaptures(m: SharedMemory, plan: Plan, epochNs: bigint): void {
  for (const capture of plan.captures) fillCapture(m, capture, epochNs);
  linkPoints(m, plan);
  for (const ring of plan.live.flatMap(({ rings }) => rings)) {
    fillRing(m, ring, 0, epochNs);
    m.setU32(ring.address + L.CaptureRing_closed, L.CAPTURE_OVER);
  }
  fillTexts(m, plan);
}

function fillCapture(m: SharedMemory, { request, rings, points, filters }: PlannedCapture, epochNs: bigint): void {
  for (const ring of rings) fillRing(m, ring, isClassic(request.file) ? FORMAT_PCAP : 0, epochNs);
  for (const filter of filters) fillFilter(m, filter);
  const { startNs = 0, stopNs } = request;
  const spanNs = stopNs === undefined ? ALWAYS : BigInt(Math.round(stopNs - startNs));
  for (const point of points) fillPoint(m, point, request, BigInt(Math.round(startNs)), spanNs);
}

/** Writes a point as it is before it has seen anything. */
export function fillPoint(
  m: SharedMemory,
  { address, ring, interfaceId, directions, flip, filter }: PlannedPoint,
  { file, snapLength, sample = 1 }: Pick<CaptureRequest, 'file' | 'snapLength' | 'sample'>,
  fromNs: bigint,
  spanNs: bigint,
): void {
  m.bytes.fill(0, address, address + L.CapturePoint_BYTES);
  m.setU32(address + L.CapturePoint_ring, ring);
  m.setU32(address + L.CapturePoint_interfaceId, interfaceId);
  m.setU32(address + L.CapturePoint_snapLength, snapLength);
  m.setU32(address + L.CapturePoint_directions, directions);
  m.setU32(address + L.CapturePoint_flip, flip);
  m.setU32(address + L.CapturePoint_filter, filter);
  m.setU32(address + L.CapturePoint_sample, sample);
  const isWhole = snapLength === 0 || snapLength >= L.CAPTURE_SHORT;
  const isPlain = isWhole && filter === 0 && sample === 1 && !isClassic(file);
  m.setU32(address + L.CapturePoint_plain, isPlain ? directions : 0);
  m.setU64(address + L.CapturePoint_fromNs, fromNs);
  m.setU64(address + L.CapturePoint_spanNs, spanNs);
}

function fillRing(m: SharedMemory, ring: PlannedRing, format: number, epochNs: bigint): void {
  m.setU32(ring.address + L.CaptureRing_buffer, ring.bufferAt);
  m.setU32(ring.address + L.CaptureRing_size, ring.bytes);
  m.setU32(ring.address + L.CaptureRing_reserve, ring.reserve);
  m.setU32(ring.address + L.CaptureRing_format, format);
  m.setU64(ring.address + L.CaptureRing_epochNs, epochNs);
}

export function fillFilter(m: SharedMemory, { address, roomAt, program }: PlannedFilter): void {
  const { reach, words } = program;
  m.setU32s(address, [roomAt, Math.min(reach, INJECT_BYTES_MAX), words.length >>> 1, 0, ...words]);
}

/** Puts the points of the files into the lists of their ports and switches. */
function linkPoints(m: SharedMemory, plan: Plan): void {
  const lists = new Map<number, number[]>();
  const watched = new Set<number>();
  for (const { points } of plan.captures) {
    for (const point of points) {
      const head = headOf(plan, point);
      lists.set(head, [...(lists.get(head) ?? []), point.address]);
      watched.add(plan.switches[point.switch]!.address);
    }
  }
  for (const [head, points] of lists) {
    m.setU32(head, points[0]!);
    for (const [i, point] of points.entries()) m.setU32(point + L.CapturePoint_next, points[i + 1] ?? 0);
  }
  for (const at of watched) m.setU32(at + L.Switch_watched, 1);
}

/** Where the list begins to which a point belongs. */
export function headOf(plan: Plan, point: PlannedPoint): number {
  if (point.port === null) return plan.switches[point.switch]!.address + L.Switch_drops;
  const { address } = plan.ports.get(point.port)!.port;
  return address + (point.isInside ? L.Port_inside : L.Port_capture);
}

function fillTexts(m: SharedMemory, { switches, dropTexts }: Plan): void {
  if (dropTexts === null) return;
  let at = dropTexts.textsAt;
  const text = (value: string): number => {
    const from = at;
    const bytes = Buffer.from(value).subarray(0, NAME_BYTES_MAX);
    m.setU8(from, bytes.length);
    m.bytes.set(bytes, from + 1);
    at += 1 + bytes.length;
    return from;
  };
  const { address, verdictsAt } = dropTexts;
  m.setU32(address + L.DropTexts_verdicts, verdictsAt);
  m.setU32s(verdictsAt, VERDICTS.map(beginning).map(text));
  m.setU32(address + L.DropTexts_vid, text(' vid='));
  m.setU32(address + L.DropTexts_owner, text(' owner='));
  m.setU32(address + L.DropTexts_pin, text(' pin='));
  m.setU32(address + L.DropTexts_bytesMax, dropTexts.bytesMax);
  for (const sw of switches) {
    m.setU32(sw.address + L.Switch_dropTexts, address);
    for (const port of sw.ports) m.setU32(port.address + L.Port_nameAt, text(port.name.slice(sw.host.length + 1)));
  }
}
