/**
 * Port-id teaming: which uplink carries a vNIC's frames (R3, R4), and which one is the designated receiver of a VLAN (R9).
 *
 * Usable are the active uplinks that have link and, for each active one that has not, the next standby one that has. A
 * vNIC keeps its place (port number modulo active uplinks) as long as that uplink is usable, so that a failure moves only
 * those whose uplink failed. All of this is worked out when a link changes, never per frame.
 */
import { flush } from './fdb';
import { Port, replain, TEAM_PORT } from './port';
import { Switch, portAt } from './switch';

// @ts-ignore: decorator
@inline
function listed(list: u32, i: u32): Port {
  return changetype<Port>(<usize>load<u32>(<usize>list + (<usize>i << 2)));
}

/** The uplink for the `place`-th user of the team, or 0 when none is usable. */
function choose(sw: Switch, place: u32): u32 {
  if (sw.usableCount == 0) return 0;
  const preferred = listed(sw.order, place % sw.activeCount);
  if (preferred.usable) return <u32>changetype<usize>(preferred);
  return load<u32>(<usize>sw.usableList + (<usize>(place % sw.usableCount) << 2));
}

/** Address of the uplink whose flooded frames are accepted in `vid`. */
export function designated(sw: Switch, vid: u32): u32 {
  return choose(sw, vid);
}

/** Works out everything that is decided beforehand: the team, the pins, which ports take frames as they are. */
export function reform(sw: Switch): void {
  for (let i: u32 = 0; i < sw.localCount; i++) replain(portAt(sw, i));
  sw.usableCount = 0;
  for (let i: u32 = 0; i < sw.orderCount; i++) {
    const uplink = listed(sw.order, i);
    uplink.usable = uplink.linkUp && sw.usableCount < sw.activeCount ? 1 : 0;
    if (!uplink.usable) continue;
    store<u32>(<usize>sw.usableList + (<usize>sw.usableCount << 2), <u32>changetype<usize>(uplink));
    sw.usableCount++;
  }
  for (let i: u32 = 0; i < sw.localCount; i++) portAt(sw, i).pin = choose(sw, i);
}

/** Pulls or plugs a port's cable. A port that loses link forgets its stations; a team's survive within it. */
export function setLink(sw: Switch, number: u32, up: bool): void {
  const port = portAt(sw, number);
  port.linkUp = up ? 1 : 0;
  replain(port);
  if (port.logical == TEAM_PORT) reform(sw);
  else if (!up) flush(sw, port.logical);
}
