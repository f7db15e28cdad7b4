/**
 * Links, guests and power as an operator or an event changes them. Called between two bursts, never for a frame.
 *
 * A port has link while nothing takes it away. What can are bits of `Port.downBy`: the operator, its VM that is stopped, its
 * owner without power, whoever is at the other end of its cable without power, no VM or uplink there at all (change.ts). They
 * add up, so that a cable that was pulled before its host crashed is still out when the host is back. A guard's shut is no
 * bit: whoever plugs the port opens it again, and so does a boot; a VM that starts again does not.
 *
 * What waits when a host loses its power meets ports without link and is counted there: in its guests' rings and on the
 * cables to it as `link_down` at its ports, on the cables from it at the other ends.
 */
import { setTimer } from './care';
import { FID_ANY, flush } from './fdb';
import { forgetPlace, snooperOf } from './members';
import { Guest, goOn } from './guest';
import { MUTED } from './guest-card';
import { linkCame } from './guest-stack';
import { DOWN_FAR, DOWN_GUEST, DOWN_OPERATOR, DOWN_POWER, KIND_VNIC, OFF, Port, TEAM_PORT } from './port';
import { NEVER, portAt, Switch } from './switch';
import { setLink } from './team';

/** Takes a port's link for `reason`, or gives it back as far as that reason goes. */
export function changeLink(sw: Switch, number: u32, reason: u32, up: bool): void {
  const port = portAt(sw, number);
  port.downBy = up ? port.downBy & ~(<u8>reason) : port.downBy | <u8>reason;
  const isUp = port.downBy == 0;
  if (port.shut && (reason == DOWN_GUEST || reason == DOWN_FAR)) return;
  if (reason != DOWN_OPERATOR && !port.shut && (port.linkUp != 0) == isUp) return;
  const hadLink = port.linkUp != 0;
  setLink(sw, number, isUp);
  if (isUp && !hadLink && port.guest != 0) linkCame(changetype<Guest>(<usize>port.guest), sw.now);
}

/** Stops or starts the VM behind a vNIC. It goes on from now, without what it would have sent meanwhile, and asks by ARP anew. */
export function setGuest(sw: Switch, number: u32, on: bool): void {
  changeGuest(sw, portAt(sw, number), DOWN_GUEST, on);
}

/** Pauses what a vNIC's streams send, or lets them go on from now. */
export function setStreams(port: Port, on: bool, now: u64): void {
  const guest = changetype<Guest>(<usize>port.guest);
  if (on && (guest.isMuted & MUTED) != 0) goOn(guest, now, false);
  guest.isMuted = on ? guest.isMuted & ~MUTED : guest.isMuted | MUTED;
}

/** Takes the power of a whole switch, with all that it has learned, or gives it back. */
export function setPower(sw: Switch, on: bool): void {
  if (!on) forget(sw);
  // Uplinks first when it comes back, so that vNICs have a pin to be announced by; they stand last.
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, on ? sw.portCount - 1 - i : i);
    if (port.kind == KIND_VNIC) changeGuest(sw, port, DOWN_POWER, on);
    else changeLink(sw, port.number, DOWN_POWER, on);
  }
  setTimer(sw);
}

function changeGuest(sw: Switch, port: Port, reason: u32, on: bool): void {
  const wasOff = (port.downBy & OFF) != 0;
  changeLink(sw, port.number, reason, on);
  if (wasOff && (port.downBy & OFF) == 0 && port.guest != 0) goOn(changetype<Guest>(<usize>port.guest), sw.now, true);
}

/** Learned and sticky entries go, and announcements that were still to be sent; what an operator has bound is configuration. */
function forget(sw: Switch): void {
  flush(sw, TEAM_PORT + 1, FID_ANY + 1, true);
  if (sw.snooper != 0) forgetPlace(snooperOf(sw), u32.MAX_VALUE);
  sw.notifyPlace = 0;
  sw.notifyDue = NEVER;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    port.notifyLeft = 0;
    port.hasArrived = 0;
    port.isNotified = 0;
  }
}
