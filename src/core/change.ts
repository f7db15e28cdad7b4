/**
 * What comes and goes while a network runs: VMs, uplinks, port groups. Called between two bursts, never for a frame.
 *
 * Memory is planned before the run, so each place that a VM may ever be at is a vNIC port of its own, its *seat*, with rings. A
 * VM is its Guest, with all that hangs off that (streams, addresses, counters). On a seat that it has left sits a Guest that stands
 * for nobody, the seat's `chair`, so that every vNIC has one:
 *
 *     leave    link down, what it sent and was not visited is dropped as `detached`, what was queued for it it takes; its stations
 *              leave the table; the chair sits down
 *     come     the VM sits down, streams go on from now; link up, address registered or learned, announced outside (R14)
 *
 * A Guest that is away is nobody's: the two may be done by different workers, the second after the first. Either is the same when done
 * twice, for a command may be given again after a worker's death.
 *
 * An uplink that is not in the host has no link and stands in no team's order; its place in the port array stays.
 */
import { noteCame, noteLeft } from './absence';
import { announceArrival } from './care';
import { add, FID_ANY, find, flush, isStatic, keyOf, remove, stick } from './fdb';
import { drain, goOn, Guest } from './guest';
import { fidOf } from './learning';
import * as P from './port';
import { NO_VID, Port, TEAM_PORT } from './port';
import { changeLink } from './power';
import { Ring } from './ring';
import { hasRoom } from './room';
import { MODEL_LEARNING, NEVER, portAt, Switch } from './switch';
import { reform, teamAt } from './team';
import { visit } from './visit';

/** An uplink in a team. */
export const ROLE_NONE: u32 = 0;
export const ROLE_ACTIVE: u32 = 1;
export const ROLE_STANDBY: u32 = 2;

/** The VM at a vNIC leaves; it will come to the port at `goesTo`, or begin anew somewhere (0). */
export function leave(sw: Switch, number: u32, goesTo: u32): void {
  const port = portAt(sw, number);
  if (port.chair == 0 || port.guest == port.chair) return;
  const guest = changetype<Guest>(<usize>port.guest);
  guest.isStopped = (port.downBy & P.DOWN_GUEST) != 0 ? 1 : 0;
  guest.isFresh = goesTo == 0 || (port.downBy & (P.DOWN_GUEST | P.DOWN_POWER)) != 0 ? 1 : 0;
  changeLink(sw, number, P.DOWN_DETACHED, false);
  while (visit(sw, port) != 0) {}
  drain(sw, port);
  forget(sw, port);
  unlist(sw, guest);
  noteLeft(guest, sw.now);
  guest.goesTo = goesTo;
  seat(port, changetype<Guest>(<usize>port.chair));
  port.downBy &= ~(<u8>P.DOWN_GUEST);
}

/** The VM whose Guest stands at `at` comes to a vNIC. */
export function come(sw: Switch, number: u32, at: u32): void {
  const port = portAt(sw, number);
  const guest = changetype<Guest>(<usize>at);
  const address = <u32>changetype<usize>(port);
  if (port.chair == 0) return;
  if ((port.downBy & P.DOWN_DETACHED) == 0) {
    if (port.guest != at || guest.goesTo != address) return;
    // It was coming when the worker died, and comes anew: to a port without link.
    port.downBy |= <u8>P.DOWN_DETACHED;
    port.linkUp = 0;
  }
  const before = changetype<Port>(<usize>guest.port);
  if (before != port && before.guest == at) return; // it has not left
  guest.goesTo = address;
  seat(port, guest);
  port.mac = guest.mac;
  if (guest.mac != port.configuredMac) port.hasChanged = 1;
  port.blocked = port.changesRejected && guest.mac != port.configuredMac ? 1 : 0;
  if (guest.isStopped) port.downBy |= <u8>P.DOWN_GUEST;
  list(sw, guest);
  reform(sw, false);
  // Where it comes to it had no uplink before, for which R8 would have patience.
  port.formerPin = 0;
  goOn(guest, sw.now, guest.isFresh != 0);
  noteCame(guest, sw.now);
  changeLink(sw, number, P.DOWN_DETACHED, true);
  if (port.linkUp) introduce(sw, port);
  guest.goesTo = 0;
}

/** Who sits at a port: by these two the counters of a guest follow from the cursors of its rings, wherever it was before (repair.ts). */
function seat(port: Port, guest: Guest): void {
  guest.sentOffset = <u32>guest.sent - changetype<Ring>(<usize>port.rxRing).head;
  guest.takenOffset = <u32>(guest.received + guest.filtered) - changetype<Ring>(<usize>port.txRing).tail;
  guest.port = <u32>changetype<usize>(port);
  port.guest = <u32>changetype<usize>(guest);
}

/** Everything that stands in the table for a vNIC goes, what an operator has bound to it as well, and so do its announcements. */
function forget(sw: Switch, port: Port): void {
  flush(sw, port.logical, FID_ANY + 1, true);
  for (let place: u32 = 0; place <= sw.tableMask; ) {
    const entry = <usize>sw.table + (<usize>place << 4);
    // Of what is left all that is of the port is static.
    if (load<u64>(entry) != 0 && <u32>(load<u64>(entry, 8) & 0x7ff) == port.logical) remove(sw, entry);
    else place++;
  }
  port.notifyLeft = 0;
  port.hasArrived = 0;
  port.isNotified = 0;
}

/** The hypervisor knows who has come: where addresses are learned, too, its entry stands at once, and is announced. */
function introduce(sw: Switch, port: Port): void {
  if (sw.model != MODEL_LEARNING || !port.learns || port.blocked) return;
  const vid = port.vlanMode == P.VLAN_TRANSPARENT ? 0 : port.pvid;
  if (vid == NO_VID) return;
  const key = keyOf(fidOf(sw, vid), port.mac);
  let entry = find(sw, key);
  if (entry != 0 && isStatic(load<u64>(entry, 8))) return;
  if (entry != 0) remove(sw, entry);
  if (!hasRoom(sw)) return;
  add(sw, key, port.logical);
  if (port.sticky) stick(sw, find(sw, key));
  announceArrival(sw, port);
}

// @ts-ignore: decorator
@inline
function streamerAt(sw: Switch, i: u32): usize {
  return <usize>sw.streamers + (<usize>i << 2);
}

/** A guest that sends of its own stands among the streamers of its switch, in any order that stays. */
function list(sw: Switch, guest: Guest): void {
  if (!guest.isStreamer) return;
  for (let i: u32 = 0; i < sw.streamerCount; i++) if (<usize>load<u32>(streamerAt(sw, i)) == changetype<usize>(guest)) return;
  store<u32>(streamerAt(sw, sw.streamerCount), <u32>changetype<usize>(guest));
  store<u64>(<usize>sw.sendDues + (<usize>sw.streamerCount << 3), NEVER);
  guest.place = sw.streamerCount++;
}

function unlist(sw: Switch, guest: Guest): void {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < sw.streamerCount; i++) {
    const other = load<u32>(streamerAt(sw, i));
    if (<usize>other == changetype<usize>(guest)) {
      guest.isStreamer = 1;
      continue;
    }
    store<u32>(streamerAt(sw, kept), other);
    store<u64>(<usize>sw.sendDues + (<usize>kept << 3), load<u64>(<usize>sw.sendDues + (<usize>i << 3)));
    changetype<Guest>(<usize>other).place = kept++;
  }
  sw.streamerCount = kept;
  // An instant that is half done begins its look anew; who has sent is not due again.
  if (sw.phase != 0) sw.place = 0;
}

/** Takes an uplink out of a team, or puts it in, as active or standby, behind those that are there. */
export function setRole(sw: Switch, number: u32, teamNumber: u32, role: u32): void {
  const team = teamAt(sw, teamNumber);
  const uplink = portAt(sw, number);
  const address = <u32>changetype<usize>(uplink);
  const order: usize = team.order;
  for (let i: u32 = 0; i < team.orderCount; i++) {
    if (load<u32>(order + (<usize>i << 2)) != address) continue;
    team.orderCount--;
    memory.copy(order + (<usize>i << 2), order + (<usize>(i + 1) << 2), <usize>(team.orderCount - i) << 2);
    if (i < team.activeCount) team.activeCount--;
    break;
  }
  team.memberMask &= ~(<u64>1 << <u64>uplink.index);
  if (role != ROLE_NONE) {
    const at = role == ROLE_ACTIVE ? team.activeCount : team.orderCount;
    memory.copy(order + (<usize>(at + 1) << 2), order + (<usize>at << 2), <usize>(team.orderCount - at) << 2);
    store<u32>(order + (<usize>at << 2), address);
    team.orderCount++;
    if (role == ROLE_ACTIVE) team.activeCount++;
    team.memberMask |= <u64>1 << <u64>uplink.index;
  }
  // Whoever stands by is needed where no active one is left.
  if (team.activeCount == 0 && team.orderCount != 0) team.activeCount = 1;
}

/** An uplink comes to its host or leaves it; whoever takes it out of the teams, or puts it in, has done so. */
export function setPresent(sw: Switch, number: u32, isThere: bool): void {
  const port = portAt(sw, number);
  if (!isThere) {
    // It is gone at once, whatever delays there are for a link that is only lost.
    port.hasLink = 0;
    port.beaconFailed = 0;
    port.movedTo = 0;
    changeLink(sw, number, P.DOWN_DETACHED, false);
    port.hasLink = 0;
    port.linkDue = NEVER;
  } else {
    changeLink(sw, number, P.DOWN_DETACHED, true);
  }
  reform(sw, false);
}

/** The uplinks carry a VLAN from now on, or no longer; `members` is their set, which nobody else uses. */
export function setCarried(sw: Switch, members: u32, vid: u32, isCarried: bool): void {
  const at = <usize>members + (vid >>> 3);
  const bit = <u8>(<u32>1 << (vid & 7));
  store<u8>(at, isCarried ? load<u8>(at) | bit : load<u8>(at) & ~bit);
  for (let i = sw.localCount; vid == 0 && i < sw.portCount; i++) {
    const uplink = portAt(sw, i);
    uplink.pvid = isCarried ? 0 : NO_VID;
    uplink.untaggedVid = isCarried ? 0 : NO_VID;
  }
  if (!isCarried) flush(sw, TEAM_PORT, fidOf(sw, vid), false);
  reform(sw, false);
}
