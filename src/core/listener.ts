/**
 * The groups that a guest joins: its reports, and what its card takes of frames to groups.
 *
 * It reports a group when it joins and once more within the unsolicited interval, answers queries after a time drawn from the maximum
 * response time, and says when it leaves; by IGMPv1, v2 or v3 and MLDv1 or v2, and by an older one for as long as an older querier may
 * be there (RFC 2236, 3 and 4; RFC 3376, 5 and 7.2; RFC 2710, 4; RFC 3810, 6 and 8.2). With IGMPv1, v2 and MLDv1 another's report
 * for the same group makes its own needless. A guest with such a listener takes broadcasts, what is for all hosts, and its groups, told
 * by their MAC address as a card does; one without takes every group.
 *
 * Its IPv4 address is 0.0.0.0 where it has none (RFC 3376, 4.2.13), its IPv6 address the link-local one of its MAC address. Leaves are sent
 * whether or not it was the last to report. In version 3 and 2 a general query is answered by a report for each group at one instant.
 */
import { sumOf } from './checksum';
import { bytesOf, etherTypeAt, HEADER_BYTES, lengthOf, outerTci, UNTAGGED } from './frame';
import * as M from './igmp';
import { isIpv4, macOf, mapped } from './members';
import { Guest, transmit } from './guest-card';
import { take } from './pool';
import { NEVER, Switch } from './switch';

const SECOND_NS: u64 = 1_000_000_000;
/** RFC 2236, 8.10 and RFC 3376, 8.11: between the reports of one who joins. */
const UNSOLICITED_NS: u64 = 10 * SECOND_NS;
const UNSOLICITED_LATE_NS: u64 = SECOND_NS;
const REPEATS: u8 = 1;
/** How long an older querier is believed to be there (RFC 3376, 8.12). */
const OLDER_NS: u64 = 260 * SECOND_NS;
const TYPE_IPV4: u16 = 0x0008;
const TYPE_IPV6: u16 = 0xdd86;
const BROADCAST: u64 = 0xffffffffffff;
const MAC_ALL_HOSTS: u64 = 0x0100_005e_0001;
const MAC_ALL_NODES: u64 = 0x0100_0000_3333;

@unmanaged
export class Listener {
  groups: u32; // array of Joined
  count: u32;
  groupsMax: u32;
  igmp: u8; // version, 1-3
  mld: u8; // 1-2
  dueNs: u64;
  chance: u64; // state of its random numbers
  igmp1Until: u64; // an older querier has been heard
  igmp2Until: u64;
  mld1Until: u64;
  reports: u64;
  leaves: u64;
  queries: u64; // heard
  suppressed: u64; // reports that another one's made needless
}

@unmanaged
export class Joined {
  high: u64;
  low: u64;
  mac: u64;
  dueNs: u64; // of the next report or leave
  repeatsLeft: u8;
  isLeaving: u8;
  isAnswer: u8; // the next report is an answer
  padding: u8;
  padding1: u32;
}

// @ts-ignore: decorator
@inline
function listenerOf(guest: Guest): Listener {
  return changetype<Listener>(<usize>guest.listener);
}

// @ts-ignore: decorator
@inline
function joinedAt(l: Listener, i: u32): Joined {
  return changetype<Joined>(<usize>l.groups + <usize>i * offsetof<Joined>());
}

/** When a listener next has something to say. */
export function listenerDue(guest: Guest): u64 {
  return listenerOf(guest).dueNs;
}

/** Whether the card passes a frame to that group on. */
export function takesGroup(guest: Guest, dst: u64): bool {
  if (dst == BROADCAST || dst == MAC_ALL_HOSTS || dst == MAC_ALL_NODES) return true;
  const l = listenerOf(guest);
  for (let i: u32 = 0; i < l.count; i++) {
    const joined = joinedAt(l, i);
    if (joined.mac == dst && !joined.isLeaving) return true;
  }
  return false;
}

/** Joins a group or leaves it; false where it has no room for one more, or was none of its groups. */
export function setJoined(sw: Switch, guest: Guest, high: u64, low: u64, on: bool): bool {
  if (guest.listener == 0) return false;
  const l = listenerOf(guest);
  let joined: Joined | null = null;
  for (let i: u32 = 0; i < l.count; i++) if (joinedAt(l, i).low == low && joinedAt(l, i).high == high) joined = joinedAt(l, i);
  if (!on) {
    if (!joined || joined.isLeaving) return false;
    joined.isLeaving = 1;
    joined.repeatsLeft = isLate(l, joined, sw.now) ? REPEATS : 0;
  } else {
    if (joined && !joined.isLeaving) return true;
    if (!joined) {
      if (l.count == l.groupsMax) return false;
      joined = joinedAt(l, l.count);
      joined.high = high;
      joined.low = low;
      joined.mac = macOf(high, low);
      l.count++;
    }
    joined.isLeaving = 0;
    joined.repeatsLeft = REPEATS;
  }
  joined.isAnswer = 0;
  joined.dueNs = sw.now;
  l.dueNs = min(l.dueNs, sw.now);
  tell(sw, guest);
  return true;
}

/** All groups are reported anew: the guest has started, or its card has got its link. */
export function rejoin(guest: Guest, now: u64): void {
  const l = listenerOf(guest);
  for (let i: u32 = 0; i < l.count; i++) {
    const joined = joinedAt(l, i);
    if (joined.isLeaving) continue;
    joined.dueNs = now;
    joined.repeatsLeft = REPEATS;
    joined.isAnswer = 0;
    l.dueNs = min(l.dueNs, now);
  }
}

/** On the virtual clock the switch has to know. */
function tell(sw: Switch, guest: Guest): void {
  if (sw.sendDues == 0) return;
  const at = <usize>sw.sendDues + (<usize>guest.place << 3);
  store<u64>(at, min(load<u64>(at), listenerOf(guest).dueNs));
}

/** The version that it speaks of a group now. */
function versionOf(l: Listener, isV4: bool, now: u64): u32 {
  if (!isV4) return now < l.mld1Until ? 1 : l.mld;
  if (now < l.igmp1Until) return 1;
  return now < l.igmp2Until ? min<u32>(2, l.igmp) : l.igmp;
}

/** Whether it speaks IGMPv3 or MLDv2 of a group. */
function isLate(l: Listener, joined: Joined, now: u64): bool {
  const isV4 = isIpv4(joined.high, joined.low);
  return versionOf(l, isV4, now) == (isV4 ? <u32>3 : 2);
}

/** Sends up to `most` reports and leaves that are due; returns how many. */
export function runListener(sw: Switch, guest: Guest, most: u32): u32 {
  const l = listenerOf(guest);
  if (l.dueNs > sw.now) return 0;
  let sent: u32 = 0;
  let next = NEVER;
  for (let i: u32 = 0; i < l.count; ) {
    const joined = joinedAt(l, i);
    if (joined.dueNs <= sw.now && sent < most) {
      if (say(sw, guest, l, joined)) sent++;
      if (joined.isLeaving && joined.dueNs == NEVER) {
        l.count--;
        memory.copy(changetype<usize>(joined), changetype<usize>(joinedAt(l, l.count)), offsetof<Joined>());
        continue;
      }
    }
    next = min(next, joined.dueNs);
    i++;
  }
  l.dueNs = next;
  return sent;
}

/** Sends what is due of one group, and says when the next is. */
function say(sw: Switch, guest: Guest, l: Listener, joined: Joined): bool {
  const isV4 = isIpv4(joined.high, joined.low);
  const version = versionOf(l, isV4, sw.now);
  const late = isLate(l, joined, sw.now);
  const isLeave = joined.isLeaving != 0;
  const record = isLeave ? M.TO_INCLUDE : joined.isAnswer ? M.IS_EXCLUDE : M.TO_EXCLUDE;
  const pause = late ? UNSOLICITED_LATE_NS : UNSOLICITED_NS;
  joined.dueNs = joined.repeatsLeft == 0 ? NEVER : sw.now + draw(l, pause);
  if (joined.repeatsLeft != 0) joined.repeatsLeft--;
  joined.isAnswer = 0;
  // Who speaks IGMPv1 falls silent, and that is all.
  if (isLeave && isV4 && version == 1) return false;
  const slot = take(sw.pool, M.MESSAGE_BYTES_MAX);
  if (slot == 0) {
    guest.heldBack++;
    return false;
  }
  const length = M.writeReport(slot + HEADER_BYTES, guest.mac, guest.ip, version, joined.high, joined.low, isLeave, record);
  if (!transmit(sw, guest, slot, length)) return false;
  if (isLeave) l.leaves++;
  else l.reports++;
  return true;
}

/** From 1 to `most` ns (SplitMix64, Steele et al. 2014). */
function draw(l: Listener, most: u64): u64 {
  l.chance += 0x9e3779b97f4a7c15;
  let z = l.chance;
  z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >>> 27)) * 0x94d049bb133111eb;
  return ((z ^ (z >>> 31)) % max<u64>(1, most)) + 1;
}

/** A frame to a group that the card has passed on: a query makes it answer, another's report may make that needless. */
export function hearGroup(sw: Switch, guest: Guest, descriptor: u64): void {
  if (outerTci(descriptor) != UNTAGGED) return;
  const at = etherTypeAt(descriptor);
  const room = lengthOf(descriptor) - 14;
  const ip = at + 2;
  if (load<u16>(at) == TYPE_IPV4 && room >= 28) hearIgmp(sw, guest, ip, room);
  else if (load<u16>(at) == TYPE_IPV6 && room >= 72 && load<u8>(ip, 6) == 0 && load<u8>(ip, 40) == 58) hearMld(sw, guest, ip, room);
}

function hearIgmp(sw: Switch, guest: Guest, ip: usize, room: u32): void {
  const header = <u32>(load<u8>(ip) & 15) * 4;
  const total = M.shortAt(ip + 2);
  if (load<u8>(ip, 9) != 2 || header < 20 || total < header + 8 || total > room) return;
  const at = ip + header;
  const length = total - header;
  if (sumOf(at, length, 0) != 0xffff) return;
  const type = <u32>load<u8>(at);
  const group = M.wordAt(at + 4);
  if (type == M.IGMP_REPORT_V1 || type == M.IGMP_REPORT_V2) return hush(sw, guest, 0, mapped(group));
  if (type != M.IGMP_QUERY) return;
  const l = listenerOf(guest);
  const code = <u32>load<u8>(at, 1);
  const version = M.igmpVersion(length, code);
  if (version == 0) return;
  if (version == 1) l.igmp1Until = sw.now + OLDER_NS;
  if (version == 2) l.igmp2Until = sw.now + OLDER_NS;
  hearQuery(sw, guest, true, 0, group == 0 ? 0 : mapped(group), M.igmpResponseNs(code, version));
}

/** The message stands behind a hop-by-hop header of 8 bytes, as all do. */
function hearMld(sw: Switch, guest: Guest, ip: usize, room: u32): void {
  const payload = M.shortAt(ip + 4);
  if (load<u8>(ip, 41) != 0 || payload + 40 > room || payload < 32) return;
  const at = ip + 48;
  const length = payload - 8;
  if (sumOf(at, length, M.pseudoSum(ip, length)) != 0xffff) return;
  const type = <u32>load<u8>(at);
  const high = M.longAt(at + 8);
  const low = M.longAt(at + 16);
  if (type == M.MLD_REPORT_V1) return hush(sw, guest, high, low);
  if (type != M.MLD_QUERY) return;
  const version = M.mldVersion(length);
  if (version == 0) return;
  if (version == 1) listenerOf(guest).mld1Until = sw.now + OLDER_NS;
  hearQuery(sw, guest, false, high, low, M.mldResponseNs(M.shortAt(at + 4), version));
}

/** Who hears that a group is reported already, and may take that for its own, does not answer. */
function hush(sw: Switch, guest: Guest, high: u64, low: u64): void {
  const l = listenerOf(guest);
  for (let i: u32 = 0; i < l.count; i++) {
    const joined = joinedAt(l, i);
    if (joined.low != low || joined.high != high || !joined.isAnswer || isLate(l, joined, sw.now)) continue;
    joined.isAnswer = 0;
    joined.dueNs = NEVER;
    l.suppressed++;
  }
}

function hearQuery(sw: Switch, guest: Guest, isV4: bool, high: u64, low: u64, responseNs: u64): void {
  const l = listenerOf(guest);
  l.queries++;
  // Drawn once for the report of version 3, for each group in the others.
  const together = sw.now + draw(l, responseNs);
  for (let i: u32 = 0; i < l.count; i++) {
    const joined = joinedAt(l, i);
    if (isIpv4(joined.high, joined.low) != isV4 || joined.isLeaving) continue;
    if ((high | low) != 0 && (joined.high != high || joined.low != low)) continue;
    const due = isLate(l, joined, sw.now) ? together : sw.now + draw(l, responseNs);
    if (joined.dueNs <= due) continue;
    joined.dueNs = due;
    joined.isAnswer = 1;
    l.dueNs = min(l.dueNs, due);
  }
  tell(sw, guest);
}
