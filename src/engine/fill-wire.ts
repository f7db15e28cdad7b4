/** Writes a direction of a cable: where it leads, its medium, and what befalls frames on it. */
import type { Impairments } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import { chanceOf } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';
import type { PlannedWire } from './plan-wires.ts';

export interface FillWireOptions {
  readonly virtual: boolean;
  /** Start of the topology's chance. */
  readonly seed: number;
}

export function fillWire(
  m: SharedMemory,
  wire: PlannedWire,
  { sw, port }: { readonly sw: PlannedSwitch; readonly port: PlannedPort },
  { virtual, seed }: FillWireOptions,
): void {
  const at = wire.address;
  const delayNs = wire.link?.delayNs ?? 0;
  m.setU32(at + L.Ring_mask, wire.entries - 1);
  m.setU32(at + L.Ring_entries, wire.entriesAt);
  m.setU32(at + L.Wire_toSwitch, sw.address);
  m.setU32(at + L.Wire_toPort, port.address);
  m.setU32(at + L.Wire_lane, wire.pairedWith);
  m.setU32(at + L.Wire_isLane, wire.isLane ? 1 : 0);
  m.setU32(at + L.Wire_isNear, !virtual || delayNs === 0 ? 1 : 0);
  m.setU64(at + L.Wire_delayNs, BigInt(delayNs));
  if (wire.isLane || wire.link === null) return;
  m.setU64(at + L.Wire_rateBps, BigInt(wire.link.rateBps ?? 0));
  m.setU32(at + L.Wire_queueMax, wire.link.queueFrames);
  m.setU32(at + L.Wire_departures, wire.departuresAt);
  m.setU32(at + L.Wire_departuresMask, wire.departures - 1);
  m.setU64(at + L.Wire_chance, (BigInt(seed) << 32n) | BigInt(wire.number));
  if (wire.link.impairments !== undefined) fillImpairments(m, at, wire.link.impairments);
}

function fillImpairments(
  m: SharedMemory,
  at: number,
  { loss, duplicate, corrupt, reorder, jitterNs }: Impairments,
): void {
  m.setU64(at + L.Wire_loss, chanceOf(loss));
  m.setU64(at + L.Wire_duplication, chanceOf(duplicate));
  m.setU64(at + L.Wire_corruption, chanceOf(corrupt));
  m.setU64(at + L.Wire_reordering, chanceOf(reorder?.share ?? 0));
  m.setU64(at + L.Wire_heldNs, BigInt(reorder?.byNs ?? 0));
  m.setU64(at + L.Wire_jitterNs, BigInt(jitterNs));
  m.setU32(at + L.Wire_isSpecial, 1);
}
