/** Writes shapers and queues, and tells rings and wires of them. */
import { type Bucket, rankOf } from '../topology/shaping-model.ts';
import type { Core } from './core.ts';
import * as L from './generated/layout.ts';
import { NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedSwitch } from './plan.ts';
import type { PlannedFlow, PlannedScheduler } from './plan-shaping.ts';
import type { PlannedWire } from './plan-wires.ts';

/** On the wall clock a port is looked at every few us, and seldom later than this. */
const SLACK_NS = 1_000_000;
const HEADER_BYTES = 18;

/** How far a shaper may lag behind and make up for it. */
export const slackOf = (virtual: boolean): number => (virtual ? 0 : SLACK_NS);

/** The wire by which a port gets frames over its cable. */
export function cableTo(plan: Plan, port: string): PlannedWire | undefined {
  return plan.wires.find(({ to, link, isLane }) => to === port && link !== null && !isLane);
}

export function fillShaping(m: SharedMemory, core: Core, plan: Plan, sw: PlannedSwitch, virtual: boolean): void {
  const { shaping, address } = sw;
  if (shaping !== null) {
    const waited = shaping.shapers.filter(({ place }) => place !== null);
    m.setU32(address + L.Switch_shapers, shaping.listAt);
    m.setU32(address + L.Switch_shaperCount, waited.length);
    m.setU32(address + L.Switch_shaperDues, shaping.duesAt);
    m.setU32s(
      shaping.listAt,
      waited.map((shaper) => shaper.address),
    );
    for (const scheduler of shaping.schedulers) fillScheduler(m, core, sw, scheduler, virtual);
    for (const shaper of shaping.shapers) {
      const port = sw.ports[shaper.port]!;
      m.setU32(shaper.address + L.Shaper_port, port.address);
      m.setU32(shaper.address + L.Shaper_place, shaper.place ?? 0);
      m.setU32(shaper.address + L.Shaper_isIn, shaper.direction === 'in' ? 1 : 0);
      setBucket(core, address, shaper.address, shaper.bucket, slackOf(virtual));
      if (shaper.direction === 'out') m.setU32(port.address + L.Port_shaperOut, shaper.address);
      else if (shaper.place !== null) m.setU32(port.address + L.Port_shaperIn, shaper.address);
      else fillCable(m, plan, port.name, shaper.address);
    }
    fillFlows(m, sw);
    for (let i = 0; i < waited.length; i++) m.setU64(shaping.duesAt + 8 * i, NEVER);
  }
  m.setU64(address + L.Switch_shapeDue, NEVER);
}

function setBucket(core: Core, sw: number, shaper: number, bucket: Bucket | null, slackNs: number): void {
  const [average, peak, burst] = [bucket?.averageBps ?? 0, bucket?.peakBps ?? 0, bucket?.burstBytes ?? 0].map(BigInt);
  core.setShaper(sw, shaper, average!, peak!, burst!, BigInt(slackNs));
}

/** What comes by a cable is held back where it begins. */
function fillCable(m: SharedMemory, plan: Plan, port: string, shaper: number): void {
  const wire = cableTo(plan, port);
  if (wire === undefined) return;
  m.setU32(wire.address + L.Wire_shaper, shaper);
  m.setU32(wire.address + L.Wire_isSpecial, 1);
}

function fillScheduler(m: SharedMemory, core: Core, sw: PlannedSwitch, planned: PlannedScheduler, virtual: boolean) {
  const { address, flows, byPriority, port } = planned;
  m.setU32(sw.ports[port]!.address + L.Port_scheduler, address);
  m.setU32(address + L.Scheduler_flows, flows[0]!.address);
  m.setU32(address + L.Scheduler_flowCount, flows.length);
  m.setU32(address + L.Scheduler_byPriority, byPriority ? 1 : 0);
  for (const flow of flows) fillFlow(m, core, sw, flow, flows.length, virtual);
}

function fillFlow(
  m: SharedMemory,
  core: Core,
  sw: PlannedSwitch,
  flow: PlannedFlow,
  flows: number,
  virtual: boolean,
): void {
  const at = flow.address;
  m.setU32(at + L.Ring_mask, flow.entries - 1);
  m.setU32(at + L.Ring_entries, flow.entriesAt);
  m.setU32(at + L.Flow_queueMax, flow.queueMax);
  m.setU32(at + L.Flow_rank, rankOf(flow.share.priority));
  m.setU32(at + L.Flow_shares, flow.share.shares);
  m.setU32(at + L.Flow_limit, flow.limitAt);
  m.setU32(at + L.Flow_reservation, flow.reservationAt);
  const frame = sw.mtu + HEADER_BYTES;
  // As much as passes before the port is looked at again, a frame, and one of each flow, so that nothing is lost while they leave.
  const bucket = (rate: number): Bucket => {
    const burstBytes = (flows + 1) * frame + Math.ceil((rate / 8e9) * slackOf(virtual));
    return { averageBps: rate, peakBps: null, burstBytes: Math.min(1e9, burstBytes) };
  };
  const { limitBps, reservationBps } = flow.share;
  if (limitBps !== null) setBucket(core, sw.address, flow.limitAt, bucket(limitBps), 0);
  if (reservationBps !== null) setBucket(core, sw.address, flow.reservationAt, bucket(reservationBps), 0);
}

/** What comes by a vNIC is of the flow of its port group. */
function fillFlows(m: SharedMemory, sw: PlannedSwitch): void {
  const names = sw.shaping!.schedulers[0]?.flows.map(({ name }) => name) ?? [];
  for (const port of sw.ports) {
    const flow = port.portGroup === undefined ? 0 : Math.max(0, names.indexOf(port.portGroup, 1));
    if (flow === 0) continue;
    if (port.rxRing !== 0) m.setU32(port.rxRing + L.Ring_flow, flow);
    for (const wire of sw.inlets) if (wire.to === port.name) m.setU32(wire.address + L.Ring_flow, flow);
  }
}
