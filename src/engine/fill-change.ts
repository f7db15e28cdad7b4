/** Writes what is not there at the start: VMs without a seat, uplinks out of their teams. */
import type { Core } from './core.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';

export function fillChanges(m: SharedMemory, core: Core, plan: Plan): void {
  for (const sw of plan.switches) for (const port of sw.ports) if (port.seat !== undefined) fillSeat(m, sw, port);
  for (const name of plan.changes.absentUplinks) {
    const { sw, port } = plan.ports.get(name)!;
    for (const team of sw.uplinks.teams.keys()) core.setRole(sw.address, port.number, team, 0);
  }
  for (const { stateAt, isHere } of plan.changes.groups) m.setU32(stateAt, isHere ? 1 : 0);
}

function fillSeat(m: SharedMemory, sw: PlannedSwitch, { address, guest, seat, name }: PlannedPort): void {
  const { chair, absencesAt, isHere, of } = seat!;
  m.setU32(address + L.Port_chair, chair);
  m.setU32(address + L.Port_guest, isHere ? guest : chair);
  m.setU32(chair + L.Guest_port, address);
  m.setU64(chair + L.Guest_mac, m.u64(guest + L.Guest_mac));
  if (name !== of) return;
  m.setU32(guest + L.Guest_port, address);
  m.setU32(guest + L.Guest_absences, absencesAt);
  if (isHere) return;
  m.setU8(guest + L.Guest_isFresh, 1);
  unlist(m, sw, guest);
}

/** Who is not there sends nothing: it is no streamer of its switch until it comes. */
function unlist(m: SharedMemory, sw: PlannedSwitch, guest: number): void {
  const at = sw.listsAt + 2 * sw.ports.length * 4;
  const count = m.u32(sw.address + L.Switch_streamerCount);
  const list = Array.from({ length: count }, (_, i) => m.u32(at + 4 * i));
  const kept = list.filter((other) => other !== guest);
  if (kept.length === count) return;
  m.setU8(guest + L.Guest_isStreamer, 1);
  m.setU32s(at, kept);
  for (const [place, other] of kept.entries()) m.setU32(other + L.Guest_place, place);
  m.setU32(sw.address + L.Switch_streamerCount, kept.length);
}
