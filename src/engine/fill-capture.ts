/** Writes captures into a fresh memory: rings, points, filters, and the texts with which drops are told. */
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
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
} from './plan-capture.ts';

const ALWAYS = (1n << 64n) - 1n;
const FORMAT_PCAP = 1;

export function fillCaptures(m: SharedMemory, plan: Plan, epochNs: bigint): void {
  for (const capture of plan.captures) fillCapture(m, capture, epochNs);
  linkPoints(m, plan);
  fillTexts(m, plan);
}

function fillCapture(m: SharedMemory, { request, rings, points, filters }: PlannedCapture, epochNs: bigint): void {
  for (const ring of rings) {
    m.setU32(ring.address + L.CaptureRing_buffer, ring.bufferAt);
    m.setU32(ring.address + L.CaptureRing_size, ring.bytes);
    m.setU32(ring.address + L.CaptureRing_format, isClassic(request.file) ? FORMAT_PCAP : 0);
    m.setU64(ring.address + L.CaptureRing_epochNs, epochNs);
  }
  for (const filter of filters) fillFilter(m, filter);
  const { startNs = 0, stopNs } = request;
  for (const { address, ring, interfaceId, directions, flip, filter } of points) {
    m.setU32(address + L.CapturePoint_ring, ring);
    m.setU32(address + L.CapturePoint_interfaceId, interfaceId);
    m.setU32(address + L.CapturePoint_snapLength, request.snapLength);
    m.setU32(address + L.CapturePoint_directions, directions);
    m.setU32(address + L.CapturePoint_flip, flip);
    m.setU32(address + L.CapturePoint_filter, filter);
    m.setU32(address + L.CapturePoint_sample, request.sample ?? 1);
    m.setU64(address + L.CapturePoint_fromNs, BigInt(Math.round(startNs)));
    m.setU64(address + L.CapturePoint_spanNs, stopNs === undefined ? ALWAYS : BigInt(Math.round(stopNs - startNs)));
  }
}

function fillFilter(m: SharedMemory, { address, roomAt, program }: PlannedFilter): void {
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
function headOf(plan: Plan, point: PlannedCapture['points'][number]): number {
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
