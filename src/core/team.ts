/**
 * Teaming: which uplink carries a vNIC's frames (R3, R4), and which one is the designated receiver of a VLAN (R9).
 *
 * A vSwitch has a team of its own, and one for each port group that orders the uplinks otherwise. Usable are the active
 * uplinks that work and, for each active one that does not, the next standby one that does; without failback those in use
 * stay so while they work. A vNIC keeps its place (its number modulo the active uplinks) as long as that uplink is usable, so
 * that a failure moves only those whose uplink failed. All of this is worked out when a link changes, never per frame.
 */
import { announce, announceArrival } from './care';
import { FID_ANY, flush } from './fdb';
import { lacpLinkChanged } from './lacp';
import { Lag, reformLag } from './lag';
import { lldpLinkChanged } from './lldp';
import { forgetPlace, snooperOf } from './members';
import { Guest } from './guest';
import { rejoin } from './listener';
import { KIND_VNIC, Port, replain, SHORT_RECORDED, SHORT_SEEN_OUT, TEAM_PORT } from './port';
import { rstpLinksChanged } from './rstp';
import { loseWaiting } from './shaper';
import { askAfterFailover } from './querier';
import { bindOwn, unbindOwn } from './station';
import { NEVER, portAt, Switch } from './switch';
import { isOn } from './teaching';

export const POLICY_PORT_ID: u8 = 0;
export const POLICY_SOURCE_MAC: u8 = 1;
export const POLICY_EXPLICIT: u8 = 2;
export const POLICY_LOAD_BASED: u8 = 3;
export const POLICY_IP_HASH: u8 = 4;

@unmanaged
export class Team {
  policy: u8;
  failback: u8;
  isFresh: u8; // the operator has changed the order: what is in use gives way
  order: u32; // list of u32: active uplinks, then standby ones
  orderCount: u32;
  activeCount: u32;
  usableList: u32;
  usableCount: u32;
  formerList: u32; // what was usable before the last change
  choices: u32; // source-MAC hash: the uplink for each last octet, 256 u32
  movedOctets: u32; // 256 u8: last octets whose uplink has changed, and is still to be announced
  isMoved: u8; // the last change moved some octet
  usableMask: u64; // by Port.index
  memberMask: u64;
}

// @ts-ignore: decorator
@inline
export function listed(list: u32, i: u32): Port {
  return changetype<Port>(<usize>load<u32>(<usize>list + (<usize>i << 2)));
}

export function teamAt(sw: Switch, i: u32): Team {
  return changetype<Team>(<usize>sw.teams + i * offsetof<Team>());
}

// @ts-ignore: decorator
@inline
export function isUsable(team: Team, uplink: Port): bool {
  return ((team.usableMask >>> <u64>uplink.index) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function isMemberOf(team: Team, uplink: Port): bool {
  return ((team.memberMask >>> <u64>uplink.index) & 1) != 0;
}

/** The uplink for the `place`-th user of the team, or 0 when none is usable. */
export function choose(team: Team, place: u32): u32 {
  const count = team.usableCount;
  if (count == 0) return 0;
  if (team.policy == POLICY_EXPLICIT) return load<u32>(team.usableList);
  const preferred = listed(team.order, place % team.activeCount);
  if (isUsable(team, preferred)) return <u32>changetype<usize>(preferred);
  return load<u32>(<usize>team.usableList + (<usize>(place % count) << 2));
}

/** Address of the uplink whose flooded frames the team accepts in `vid`. */
export function designated(team: Team, vid: u32): u32 {
  return choose(team, vid);
}

/** The first usable uplink, or 0. */
export function foremost(team: Team): u32 {
  return team.usableCount == 0 ? 0 : load<u32>(team.usableList);
}

/** The uplink for station `mac` (as a little-endian load sees it) behind vNIC `port`, or 0. */
export function pinFor(port: Port, mac: u64): u32 {
  const team = changetype<Team>(<usize>port.team);
  return team.policy == POLICY_SOURCE_MAC ? choiceFor(team.choices, mac) : port.pin;
}

/** Whether station `mac` behind a vNIC that is announced is one of those whose uplink has changed. */
export function hasMoved(port: Port, mac: u64): bool {
  const team = changetype<Team>(<usize>port.team);
  return team.policy != POLICY_SOURCE_MAC || load<u8>(<usize>team.movedOctets + (<usize>(mac >>> 40) & 0xff)) != 0;
}

/** All that has changed in a team has been announced. */
export function forgetMoved(team: Team): void {
  if (team.movedOctets != 0) memory.fill(team.movedOctets, 0, 256);
}

/** By the address's last octet. */
function choiceFor(choices: u32, mac: u64): u32 {
  return load<u32>(<usize>choices + ((<usize>(mac >>> 40) & 0xff) << 2));
}

/** Whether an uplink works, as far as its team can tell. */
function works(uplink: Port): bool {
  return uplink.hasLink && !uplink.beaconFailed && (uplink.lag == 0 || uplink.isBundled);
}

function reformTeam(team: Team): void {
  memory.copy(team.formerList, team.usableList, <usize>team.usableCount << 2);
  const formerCount = team.usableCount;
  let count: u32 = 0;
  let mask: u64 = 0;
  if (!team.failback && !team.isFresh) {
    for (let i: u32 = 0; i < formerCount; i++) {
      const uplink = listed(team.formerList, i);
      if (!works(uplink) || count == team.activeCount) continue;
      store<u32>(<usize>team.usableList + (<usize>(count++) << 2), <u32>changetype<usize>(uplink));
      mask |= <u64>1 << <u64>uplink.index;
    }
  }
  for (let i: u32 = 0; i < team.orderCount && count < team.activeCount; i++) {
    const uplink = listed(team.order, i);
    const bit = <u64>1 << <u64>uplink.index;
    if (!works(uplink) || (mask & bit) != 0) continue;
    store<u32>(<usize>team.usableList + (<usize>(count++) << 2), <u32>changetype<usize>(uplink));
    mask |= bit;
  }
  team.usableCount = count;
  team.usableMask = mask;
  team.isFresh = 0;
  team.isMoved = 0;
  if (team.policy != POLICY_SOURCE_MAC) return;
  for (let octet: u32 = 0; octet < 256; octet++) {
    const at = <usize>team.choices + (<usize>octet << 2);
    const choice = choose(team, octet);
    if (load<u32>(at) == choice) continue;
    store<u32>(at, choice);
    store<u8>(team.movedOctets + octet, 1);
    team.isMoved = 1;
  }
}

/** The uplink that a vNIC is pinned to. */
function pinOf(port: Port, team: Team): u32 {
  if (team.policy == POLICY_LOAD_BASED && port.movedTo != 0) {
    if (isUsable(team, changetype<Port>(<usize>port.movedTo))) return port.movedTo;
    port.movedTo = 0;
  }
  if (!team.failback && team.policy != POLICY_SOURCE_MAC && port.pin != 0) {
    if (isUsable(team, changetype<Port>(<usize>port.pin))) return port.pin;
  }
  return team.policy == POLICY_SOURCE_MAC ? choiceFor(team.choices, port.mac) : choose(team, port.number);
}

/** Pins a vNIC anew; a change is announced outside (R14) unless the run has only begun. */
export function repin(sw: Switch, port: Port, isStart: bool): void {
  const team = changetype<Team>(<usize>port.team);
  const before = port.pin;
  const pin = pinOf(port, team);
  port.pin = pin;
  port.shortExit = 0;
  const isPlain = team.policy != POLICY_SOURCE_MAC && sw.lag == 0 && !sw.pads && !sw.isOdd;
  if (pin != 0 && isPlain && changetype<Port>(<usize>pin).shortOut) port.shortExit = pin;
  if (pin == before || isStart) return;
  port.formerPin = before;
  port.repinnedAt = sw.now;
}

/** Works out everything that is decided beforehand: the teams, the pins, which ports take short cuts. */
export function reform(sw: Switch, isStart: bool): void {
  sw.told = toldOf(sw);
  for (let i: u32 = 0; i < sw.portCount; i++) replain(portAt(sw, i), sw.isOdd != 0, <u8>sw.told);
  for (let i: u32 = 0; i < sw.lagCount; i++) reformLag(sw, load<u32>(<usize>sw.lags + (<usize>i << 2)));
  rstpLinksChanged(sw);
  for (let i: u32 = 0; i < sw.teamCount; i++) reformTeam(teamAt(sw, i));
  for (let i = sw.localCount; i < sw.portCount; i++) {
    const uplink = portAt(sw, i);
    uplink.usable = 0;
    for (let t: u32 = 0; t < sw.teamCount; t++) if (isUsable(teamAt(sw, t), uplink)) uplink.usable = 1;
    // A short cut of arrival.ts knows pins by port only.
    for (let t: u32 = 0; t < sw.teamCount; t++) if (teamAt(sw, t).policy == POLICY_SOURCE_MAC) uplink.shortIn = 0;
    if (sw.lag != 0) uplink.shortIn = 0;
  }
  if (isStart) for (let i: u32 = 0; i < sw.teamCount; i++) forgetMoved(teamAt(sw, i));
  if (sw.teamCount == 0) return;
  let hasMoved = false;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    const before = port.pin;
    repin(sw, port, isStart);
    const isMoved = port.pin != before || changetype<Team>(<usize>port.team).isMoved != 0;
    if (isMoved && port.pin != 0) hasMoved = true;
    if (isMoved && !isStart && sw.lag == 0 && isOn(sw, 14)) announce(sw, port);
  }
  if (hasMoved && !isStart && sw.snooper != 0) askAfterFailover(sw);
}

/** What watched.ts has to do for every port: SHORT_*. */
function toldOf(sw: Switch): u32 {
  let mirrors: u32 = 0;
  for (let i: u32 = 0; i < sw.portCount; i++) mirrors |= portAt(sw, i).mirrorOut;
  return <u32>(sw.flows == 0 ? 0 : SHORT_RECORDED) | <u32>(mirrors == 0 ? 0 : SHORT_SEEN_OUT);
}

/** Puts an uplink first in every team that has it, and into use at once if it works. */
export function setActive(sw: Switch, number: u32): void {
  const uplink = <u32>changetype<usize>(portAt(sw, number));
  for (let t: u32 = 0; t < sw.teamCount; t++) {
    const team = teamAt(sw, t);
    for (let i: u32 = 0; i < team.orderCount; i++) {
      if (load<u32>(<usize>team.order + (<usize>i << 2)) != uplink) continue;
      memory.copy(<usize>team.order + 4, team.order, <usize>i << 2);
      store<u32>(team.order, uplink);
      team.isFresh = 1;
    }
  }
  reform(sw, false);
}

/** Pulls or plugs a port's cable; plugging opens a port that was shut. A port that loses link forgets its stations; a team's survive. */
export function setLink(sw: Switch, number: u32, up: bool): void {
  const port = portAt(sw, number);
  const wasUp = port.linkUp != 0;
  port.shut = 0;
  port.linkUp = up ? 1 : 0;
  replain(port, sw.isOdd != 0, <u8>sw.told);
  lacpLinkChanged(sw, port);
  lldpLinkChanged(sw, port);
  if (port.logical == TEAM_PORT || port.lag != 0) teamSees(sw, port);
  rstpLinksChanged(sw);
  if (!up) {
    if ((port.shaperIn | port.shaperOut) != 0) loseWaiting(sw, port);
    return forgetStations(sw, port);
  }
  if (wasUp || port.kind != KIND_VNIC) return;
  if (port.guest != 0 && changetype<Guest>(<usize>port.guest).listener != 0) rejoin(changetype<Guest>(<usize>port.guest), sw.now);
  bindOwn(sw, port);
  announceArrival(sw, port);
}

/** A guard closes a port: until the operator plugs it again nothing comes in or goes out. */
export function shutPort(sw: Switch, port: Port): void {
  port.shut = 1;
  port.linkUp = 0;
  replain(port, sw.isOdd != 0, <u8>sw.told);
  lacpLinkChanged(sw, port);
  lldpLinkChanged(sw, port);
  if (port.logical == TEAM_PORT || port.lag != 0) teamSees(sw, port);
  rstpLinksChanged(sw);
  if ((port.shaperIn | port.shaperOut) != 0) loseWaiting(sw, port);
  forgetStations(sw, port);
}

/** What was heard on a port without link is not there any more; a team keeps its stations, a LAG until its last member goes. */
function forgetStations(sw: Switch, port: Port): void {
  if (port.logical == TEAM_PORT || (port.lag != 0 && changetype<Lag>(<usize>port.lag).usableCount != 0)) return;
  flush(sw, port.logical, FID_ANY + 1, false);
  if (sw.snooper != 0) forgetPlace(snooperOf(sw), port.logical);
  // R7 and R11 are about who is here: a vNIC's address may come from outside as soon as it is gone.
  unbindOwn(sw, port);
}

/** The team acts on an uplink's link once it has been so for the delay. */
function teamSees(sw: Switch, port: Port): void {
  const delay = port.linkUp ? sw.upDelayNs : sw.downDelayNs;
  port.linkDue = NEVER;
  if (port.hasLink != port.linkUp && delay != 0) {
    port.linkDue = sw.now + delay;
    sw.linkDue = min(sw.linkDue, port.linkDue);
    sw.timerDue = min(sw.timerDue, sw.linkDue);
    reform(sw, false);
    return;
  }
  port.hasLink = port.linkUp;
  reform(sw, false);
}
