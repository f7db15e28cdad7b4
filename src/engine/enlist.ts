/** Who sends of its own accord stands in its switch's list of streamers. */
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './planned.ts';

/** Puts a guest into the list, where it is not there yet. */
export function enlist(m: SharedMemory, sw: PlannedSwitch, guest: number): void {
  const list = m.u32(sw.address + L.Switch_streamers);
  const count = m.u32(sw.address + L.Switch_streamerCount);
  const place = m.u32(guest + L.Guest_place);
  if (place < count && m.u32(list + 4 * place) === guest) return;
  m.setU32(list + 4 * count, guest);
  m.setU32(guest + L.Guest_place, count);
  m.setU32(sw.address + L.Switch_streamerCount, count + 1);
}
