/**
 * What a switch does of itself, when it is time: it believes a link after its delay, announces stations whose uplink changed (R14),
 * moves vNICs away from a full uplink, probes its uplinks (beacon.ts), speaks LACP (lacp.ts), LLDP (lldp.ts) and RSTP (rstp.ts).
 *
 * `timerDue` is the earliest of all; a switch with none of these has NEVER there, and its clock looks at nothing else.
 */
import { runBeacons } from './beacon';
import { originate } from './egress';
import { FID_ANY, hasAged, isStatic, logicalOf, setLock } from './fdb';
import { runFlows } from './flows';
import { HEADER_BYTES } from './frame';
import { lockUntil } from './guard';
import { runLacp } from './lacp';
import { runLldp } from './lldp';
import { snooperOf } from './members';
import { take } from './pool';
import { carries, isMember, NO_VID, Port, TEAM_PORT, VLAN_NATIVE, VLAN_NATIVE_TAGGED, VLAN_TRANSPARENT, VLAN_TRUNK } from './port';
import { runRstp } from './rstp';
import { runShapers } from './shaper';
import { runGroups } from './querier';
import { MODEL_LEARNING, NEVER, portAt, Switch } from './switch';
import { forgetMoved, hasMoved, listed, pinFor, POLICY_LOAD_BASED, reform, repin, Team, teamAt } from './team';
import { isOn } from './teaching';
import { Wire } from './wire';

const RARP_BYTES: u32 = 60;
/** Announcements sent at one instant (ESXi, NetMaxRarpsPerInterval), and the pause before the next ones. */
export const NOTIFY_MAX: u32 = 128;
const NOTIFY_PAUSE_NS: u64 = 1_000_000;
/** Load-based teaming of ESXi: above three quarters of an uplink's rate over 30 s. */
const BALANCE_NS: u64 = 30_000_000_000;

/** Does what is due now. */
export function runTimers(sw: Switch): void {
  if (sw.linkDue <= sw.now) believeLinks(sw);
  if (sw.shapeDue <= sw.now) runShapers(sw);
  if (sw.notifyDue <= sw.now) sendAnnouncements(sw);
  if (sw.beaconDue <= sw.now) runBeacons(sw);
  if (sw.lacpDue <= sw.now) runLacp(sw);
  if (sw.lldpDue <= sw.now) runLldp(sw);
  if (sw.balanceDue <= sw.now) balance(sw);
  // Behind LACP, which says which LAGs are there.
  if (sw.treeDue <= sw.now) runRstp(sw);
  if (sw.snooper != 0) runGroups(sw);
  if (sw.flows != 0 && sw.flowDue <= sw.now) runFlows(sw);
  setTimer(sw);
}

export function setTimer(sw: Switch): void {
  const spoken = min(min(sw.beaconDue, sw.lacpDue), min(sw.lldpDue, sw.treeDue));
  sw.timerDue = min(oneShotDue(sw), min(spoken, sw.balanceDue));
  if (sw.snooper != 0) sw.timerDue = min(sw.timerDue, snooperOf(sw).dueNs);
  if (sw.flows != 0) sw.timerDue = min(sw.timerDue, sw.flowDue);
}

/** When something is due that does not come again and again by itself. */
export function oneShotDue(sw: Switch): u64 {
  return min(sw.linkDue, min(sw.notifyDue, sw.shapeDue));
}

function believeLinks(sw: Switch): void {
  let next = NEVER;
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    if (port.linkDue > sw.now) {
      next = min(next, port.linkDue);
      continue;
    }
    port.linkDue = NEVER;
    port.hasLink = port.linkUp;
  }
  sw.linkDue = next;
  reform(sw, false);
}

/** The stations behind a vNIC are to be announced by its new pin, from the first of them. */
export function announce(sw: Switch, port: Port): void {
  if (sw.notifyRepeat == 0 || port.pin == 0) return;
  port.notifyLeft = <u8>sw.notifyRepeat;
  port.notifyDue = sw.now;
  port.isNotified = 0;
  // Those that are being sent come to their end first.
  if (sw.notifyPlace == 0) sw.notifyDue = sw.now;
  sw.timerDue = min(sw.timerDue, sw.notifyDue);
}

/** All stations behind a vNIC have just come: it got its link, or its guest another address. */
export function announceArrival(sw: Switch, port: Port): void {
  if (sw.lag != 0 || !isOn(sw, 14)) return;
  port.hasArrived = 1;
  announce(sw, port);
}

/** A RARP for each live station behind the vNICs whose time it is, in the order of the table, at most NOTIFY_MAX at once. */
function sendAnnouncements(sw: Switch): void {
  if (sw.notifyPlace == 0) {
    for (let i: u32 = 0; i < sw.localCount; i++) {
      const port = portAt(sw, i);
      port.isNotified = port.notifyLeft != 0 && port.notifyDue <= sw.now ? 1 : 0;
    }
  }
  let sent: u32 = 0;
  for (; sw.notifyPlace <= sw.tableMask; sw.notifyPlace++) {
    const entry = <usize>sw.table + (<usize>sw.notifyPlace << 4);
    if (load<u64>(entry) == 0 || hasAged(load<u64>(entry, 8), sw.ageNs, sw.stampNow)) continue;
    const logical = logicalOf(entry);
    if (logical == TEAM_PORT || !portAt(sw, logical).isNotified) continue;
    if (sent == NOTIFY_MAX) {
      sw.notifyDue = sw.now + NOTIFY_PAUSE_NS;
      return;
    }
    if (announceStation(sw, portAt(sw, logical), entry)) sent++;
  }
  sw.notifyPlace = 0;
  planAnnouncements(sw);
}

/** When the next announcements are due, now that these have been sent; a team whose last ones they were is at rest. */
function planAnnouncements(sw: Switch): void {
  sw.notifyDue = NEVER;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    if (port.isNotified) {
      port.isNotified = 0;
      port.notifyLeft--;
      port.notifyDue += sw.notifyNs;
      if (port.notifyLeft == 0) port.hasArrived = 0;
    }
    if (port.notifyLeft != 0) sw.notifyDue = min(sw.notifyDue, max(port.notifyDue, sw.now + NOTIFY_PAUSE_NS));
  }
  for (let t: u32 = 0; t < sw.teamCount; t++) {
    const team = teamAt(sw, t);
    let isAtRest = true;
    for (let i: u32 = 0; i < sw.localCount; i++) {
      const port = portAt(sw, i);
      if (<usize>port.team == changetype<usize>(team) && port.notifyLeft != 0) isAtRest = false;
    }
    if (isAtRest) forgetMoved(team);
  }
}

/** RFC 903 as hypervisors use it: a request, broadcast, for the station's own address. */
function announceStation(sw: Switch, port: Port, entry: usize): bool {
  const mac = load<u64>(entry) & 0xffffffffffff;
  const exit = pinFor(port, mac);
  if (exit == 0 || (!port.hasArrived && !hasMoved(port, mac))) return false;
  const vid = vlanOf(port, <u32>(load<u64>(entry) >>> 48) & 0xfff);
  if (vid == NO_VID || !carries(changetype<Port>(<usize>exit), vid)) return false;
  const slot = take(sw.pool, RARP_BYTES);
  if (slot == 0) return false;
  const bytes = slot + HEADER_BYTES;
  memory.fill(bytes, 0, RARP_BYTES);
  store<u64>(bytes, 0xffffffffffff | (mac << 48));
  store<u32>(bytes, <u32>(mac >>> 16), 8);
  store<u16>(bytes, 0x3580, 12); // 0x8035
  store<u64>(bytes, 0x0300_0406_0008_0100, 14); // Ethernet, IPv4, lengths, request reverse
  store<u32>(bytes, <u32>mac, 22);
  store<u16>(bytes, <u16>(mac >>> 32), 26);
  store<u32>(bytes, <u32>mac, 32);
  store<u16>(bytes, <u16>(mac >>> 32), 36);
  // Its reflection must not move the station outside (R13).
  if (sw.model == MODEL_LEARNING && !isStatic(load<u64>(entry, 8))) setLock(sw, entry, lockUntil(sw.now));
  originate(sw, changetype<Port>(<usize>exit), slot, RARP_BYTES, vid);
  return true;
}

/** The VLAN in which a station is announced: its port's own, or for a port with several the entry's; NO_VID when that is none. */
function vlanOf(port: Port, fid: u32): u32 {
  const mode = port.vlanMode;
  if (mode == VLAN_TRANSPARENT) return 0;
  if (mode != VLAN_TRUNK && mode != VLAN_NATIVE && mode != VLAN_NATIVE_TAGGED) return port.pvid;
  return fid != FID_ANY && isMember(port.members, fid) ? fid : port.pvid;
}

/** From each uplink that was too full since the last look, the vNIC that sent most goes to the one that was least so. */
function balance(sw: Switch): void {
  sw.balanceDue = sw.now + BALANCE_NS;
  for (let t: u32 = 0; t < sw.teamCount; t++) if (teamAt(sw, t).policy == POLICY_LOAD_BASED) balanceTeam(sw, teamAt(sw, t));
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    port.balancedBytes = i < sw.localCount ? port.upBytes : port.txBytes;
  }
}

/** Per mille of an uplink's rate that it sent since the last look; 0 without a rate. */
function loadOf(uplink: Port): u64 {
  if (uplink.txWire == 0) return 0;
  const rate = changetype<Wire>(<usize>uplink.txWire).rateBps;
  if (rate == 0) return 0;
  return ((uplink.txBytes - uplink.balancedBytes) * 8 * 1000) / max<u64>(1, rate * (BALANCE_NS / 1_000_000_000));
}

function balanceTeam(sw: Switch, team: Team): void {
  if (team.usableCount < 2) return;
  let fullest = listed(team.usableList, 0);
  let emptiest = fullest;
  for (let i: u32 = 1; i < team.usableCount; i++) {
    const uplink = listed(team.usableList, i);
    if (loadOf(uplink) > loadOf(fullest)) fullest = uplink;
    if (loadOf(uplink) < loadOf(emptiest)) emptiest = uplink;
  }
  if (loadOf(fullest) <= 750) return;
  // Moving all there is from one uplink to another would only change their names.
  const room = (fullest.txBytes - fullest.balancedBytes) - (emptiest.txBytes - emptiest.balancedBytes);
  let busiest: Port | null = null;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    if (<usize>port.team != changetype<usize>(team) || <usize>port.pin != changetype<usize>(fullest)) continue;
    const sent = port.upBytes - port.balancedBytes;
    if (sent == 0 || sent >= room) continue;
    if (!busiest || sent > busiest.upBytes - busiest.balancedBytes) busiest = port;
  }
  if (!busiest) return;
  busiest.movedTo = <u32>changetype<usize>(emptiest);
  repin(sw, busiest, false);
  announce(sw, busiest);
}
