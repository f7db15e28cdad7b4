/** What shapers and queues have done, read from the shared memory. */
import type { QueueReport, ShaperReport, ShapingReport } from '../telemetry/shaping.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';
import type { PlannedFlow, PlannedShaper } from './plan-shaping.ts';

const BYTE = 8_000_000_000n;

/** As a part of a port's report: nothing where nothing is shaped. */
export function shapingReport(
  m: SharedMemory,
  sw: PlannedSwitch,
  port: PlannedPort,
): { readonly shaping?: ShapingReport } {
  const own = sw.shaping?.shapers.filter((shaper) => shaper.port === port.number) ?? [];
  if (own.length === 0) return {};
  const one = (direction: 'in' | 'out') => {
    const shaper = own.find((each) => each.direction === direction);
    return shaper === undefined ? {} : { [direction]: shaperReport(m, port, shaper) };
  };
  const scheduler = sw.shaping!.schedulers.find((each) => each.port === port.number);
  const queues = scheduler === undefined ? {} : { queues: scheduler.flows.map((flow) => queueReport(m, flow)) };
  return { shaping: { ...one('in'), ...one('out'), ...queues } };
}

function shaperReport(m: SharedMemory, port: PlannedPort, { address, direction, place }: PlannedShaper): ShaperReport {
  const average = m.count(address + L.Shaper_average);
  const peak = m.count(address + L.Shaper_peak);
  return {
    averageBps: average === 0 ? null : average,
    peakBps: peak === 0 ? null : peak,
    burstBytes: average === 0 ? 0 : Number(m.u64(address + L.Shaper_depth) / BYTE),
    // What a cable keeps back is on its way.
    waiting: place === null ? 0 : direction === 'in' ? inRing(m, port.rxRing) : heldAt(m, port),
    delayedFrames: m.count(address + L.Shaper_delayed),
  };
}

function queueReport(m: SharedMemory, { name, address, share }: PlannedFlow): QueueReport {
  return {
    name,
    priority: share.priority,
    shares: share.shares,
    waiting: (m.u32(address + L.Ring_headNext) - m.u32(address + L.Ring_tailNext)) >>> 0,
    longest: m.u32(address + L.Flow_longest),
    frames: m.count(address + L.Flow_frames),
    bytes: m.count(address + L.Flow_bytes),
    dropped: m.count(address + L.Flow_dropped),
  };
}

function inRing(m: SharedMemory, ring: number): number {
  return (m.u32(ring + L.Ring_head) - m.u32(ring + L.Ring_tail)) >>> 0;
}

/** Copies that wait to leave a port: behind its shaper, or in its queues. */
export function heldAt(m: SharedMemory, port: PlannedPort): number {
  const scheduler = m.u32(port.address + L.Port_scheduler);
  if (scheduler !== 0) return m.u32(scheduler + L.Scheduler_waiting);
  if (m.u32(port.address + L.Port_shaperOut) === 0 || port.txRing === 0) return 0;
  return (m.u32(port.txRing + L.Ring_headNext) - m.u32(port.txRing + L.Ring_head)) >>> 0;
}
