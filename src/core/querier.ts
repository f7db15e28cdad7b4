/**
 * What a switch that looks at IGMP and MLD does of itself: it lets members and router ports age, asks who wants a group when somebody
 * leaves, is a querier if it may, and after a failover has its members tell the new uplink where they are.
 *
 * A querier sends a general query in each of its VLANs at once, the second after a quarter of the interval, and then every interval; it
 * falls silent while there is a better one, whose address is lower (RFC 2236, 3; RFC 3376, 6.6.2; RFC 3810, 7.6.2). Without an
 * address of its own it sends proxy queries from 0.0.0.0, which never win (RFC 4541, 2.1.1). Queries go to all local ports, and outside
 * by the uplink that takes the VLAN's floods.
 *
 * A leave begins two queries for the group, a second apart, at the port where it came in; who does not answer within two seconds is out
 * (RFC 2236, 8.8 and 8.9). A query for a group that is heard shortens the time of all its members likewise.
 *
 * After a change of pins ESXi sends its VMs two queries, so that the new uplink hears their reports (Net.IGMPQueries); so does this. After
 * a change of the spanning tree everybody is asked likewise, and groups are flooded until all have answered.
 */
import { emit } from './egress';
import { FID_ANY } from './fdb';
import { describe, Frame, HEADER_BYTES, hold, UNTAGGED } from './frame';
import { ageRouters, Domain, domainAt, findDomain } from './routers';
import { interfaceOf, LINK_LOCAL, MESSAGE_BYTES_MAX, writeQuery } from './igmp';
import * as T from './members';
import { Group, groupAt, MODE_FILTER, snooperOf, Snooper } from './members';
import { receiverOf } from './guard';
import { Lag, memberFor } from './lag';
import { fidOf } from './learning';
import { release, take } from './pool';
import { carries, isMember, Port, TREE_FORWARDING } from './port';
import { NEVER, portAt, Switch } from './switch';
import { teamAt } from './team';

const SECOND_NS: u64 = 1_000_000_000;
/** RFC 2236, 8: robustness, query response interval, last member query interval. */
const ROBUSTNESS: u64 = 2;
const RESPONSE_NS: u64 = 10 * SECOND_NS;
const RESPONSE_LEAST_NS: u64 = SECOND_NS / 10;
const LAST_MEMBER_NS: u64 = SECOND_NS;
const LAST_MEMBER_QUERIES: u32 = 2;
/** ESXi, Net.IGMPQueries; the answers are wanted soon. */
const ASKS_AFTER_FAILOVER: u8 = 2;
const ASK_RESPONSE_NS: u64 = SECOND_NS;
/** After a change of the tree: a general query, and its answers. */
const CHANGE_NS: u64 = RESPONSE_NS + SECOND_NS;
const NO_WAY: u32 = u32.MAX_VALUE;

/** Something is due at `due`. */
export function hastenGroups(sw: Switch, s: Snooper, due: u64): void {
  s.dueNs = min(s.dueNs, due);
  sw.timerDue = min(sw.timerDue, due);
}

/** Does what is due, and says when next. */
export function runGroups(sw: Switch): void {
  const s = snooperOf(sw);
  if (s.dueNs > sw.now) return;
  s.isChanging = 1;
  if (s.askDue <= sw.now) askMembers(sw, s);
  let next = s.askDue;
  for (let i: u32 = 0; i < s.domainCount; i++) {
    const domain = domainAt(s, i);
    ageRouters(s, domain, sw.now);
    if (domain.otherUntil != 0 && domain.otherUntil <= sw.now) {
      // The better querier is gone: this one takes its place at once.
      domain.otherUntil = 0;
      domain.queryDue = s.queries ? sw.now : NEVER;
    }
    if (domain.queryDue <= sw.now) askAll(sw, s, domain);
    next = min(next, min(domain.queryDue, domain.routerDue));
    if (domain.otherUntil != 0) next = min(next, domain.otherUntil);
  }
  for (let i: u32 = 0; i < s.fresh; i++) {
    const group = groupAt(s, i);
    if (group.key == 0) continue;
    if (group.queryDue <= sw.now) askAgain(sw, s, group);
    T.ageGroup(s, group, sw.now);
    if (group.key != 0) next = min(next, min(group.queryDue, group.dueNs));
  }
  s.dueNs = next;
  s.isChanging = 0;
}

/** A member leaves: it is asked whether others are there. */
export function beginLeave(sw: Switch, s: Snooper, group: Group, place: u32): void {
  shorten(s, group, place, sw.now + LAST_MEMBER_NS * LAST_MEMBER_QUERIES);
  T.setBit(T.leavingOf(s, group), place, true);
  group.queriesLeft = LAST_MEMBER_QUERIES;
  group.queryDue = sw.now;
  hastenGroups(sw, s, sw.now);
}

function shorten(s: Snooper, group: Group, place: u32, until: u64): void {
  const at = T.untilAt(s, group, place);
  store<u64>(at, min(load<u64>(at), until));
  group.dueNs = min(group.dueNs, until);
}

/** Asks for a group where somebody has left it. */
function askAgain(sw: Switch, s: Snooper, group: Group): void {
  group.queriesLeft--;
  group.queryDue = group.queriesLeft == 0 ? NEVER : sw.now + LAST_MEMBER_NS;
  const isV6 = !isIpv4(group);
  send(sw, s, findDomain(s, group.fid, isV6), group.vid, isV6, group.high, group.low, LAST_MEMBER_NS, T.leavingOf(s, group), false);
}

function isIpv4(group: Group): bool {
  return T.isIpv4(group.high, group.low);
}

/** The general query of a querier. */
function askAll(sw: Switch, s: Snooper, domain: Domain): void {
  // Answers come before the next question (RFC 2236, 8.3), and code 0 would be IGMPv1's.
  const responseNs = max(RESPONSE_LEAST_NS, min(RESPONSE_NS, s.intervalNs / 2));
  send(sw, s, changetype<usize>(domain), domain.vid, domain.isV6 != 0, 0, 0, responseNs, 0, true);
  domain.queryDue = sw.now + (domain.startsLeft == 0 ? s.intervalNs : s.intervalNs / 4);
  if (domain.startsLeft != 0) domain.startsLeft--;
}

/** Uplinks have changed: the members behind vNICs are asked, in every VLAN that is known. */
export function askAfterFailover(sw: Switch): void {
  const s = snooperOf(sw);
  s.asksLeft = ASKS_AFTER_FAILOVER;
  s.askDue = sw.now;
  hastenGroups(sw, s, sw.now);
}

/** The tree has changed: until all have answered, groups go everywhere (RFC 4541, 2.1.1, 4). */
export function askAfterChange(sw: Switch): void {
  snooperOf(sw).floodUntil = sw.now + CHANGE_NS;
  askAfterFailover(sw);
}

/** A general query in each VLAN and family in which somebody was heard. */
function askMembers(sw: Switch, s: Snooper): void {
  s.asksLeft--;
  s.askDue = s.asksLeft == 0 ? NEVER : sw.now + SECOND_NS;
  for (let i: u32 = 0; i < s.domainCount; i++) {
    const domain = domainAt(s, i);
    send(sw, s, changetype<usize>(domain), domain.vid, domain.isV6 != 0, 0, 0, ASK_RESPONSE_NS, 0, false);
  }
}

/** Whether the switch is the querier there: only the elected one asks in its own name. */
function isElected(s: Snooper, domain: usize): bool {
  return s.queries != 0 && domain != 0 && changetype<Domain>(domain).otherUntil == 0;
}

/** The version to ask in: who is not the querier speaks as that one does, for an older one would have hosts fall back (RFC 4541, 2.1.1). */
function versionOf(s: Snooper, domain: usize, isV6: bool): u32 {
  const own = <u32>(isV6 ? s.mld : s.igmp);
  const heard = domain == 0 || isElected(s, domain) ? 0 : changetype<Domain>(domain).version;
  if (heard == 0) return own;
  return isV6 ? heard : max<u32>(2, heard);
}

/** A query has been heard, for a group or (0) for all, from an address (0: a proxy); `at`: the domain, or 0. */
export function hearQuery(
  sw: Switch, s: Snooper, at: usize, vid: u32, sourceHigh: u64, sourceLow: u64, high: u64, low: u64, responseNs: u64,
): void {
  if (at == 0) return;
  const domain = changetype<Domain>(at);
  const isProxy = (sourceHigh | sourceLow) == 0;
  if (!isProxy && isBetter(s, domain, sourceHigh, sourceLow)) {
    domain.otherHigh = sourceHigh;
    domain.otherLow = sourceLow;
    domain.otherUntil = sw.now + s.intervalNs * ROBUSTNESS + RESPONSE_NS / 2;
    domain.queryDue = NEVER;
    hastenGroups(sw, s, domain.otherUntil);
  }
  if ((high | low) == 0 || s.mode == MODE_FILTER) return;
  const found = T.findGroup(s, domain.fid, high, low);
  if (found == 0) return;
  const group = changetype<Group>(found);
  const until = sw.now + max(RESPONSE_LEAST_NS, responseNs) * ROBUSTNESS;
  for (let place: u32 = 0; place < s.places; place++) {
    if (isMember(<u32>T.membersOf(s, group), place)) shorten(s, group, place, until);
  }
  hastenGroups(sw, s, until);
}

/** Whether an address wins against the switch's own, and against the one that has won so far. */
function isBetter(s: Snooper, domain: Domain, high: u64, low: u64): bool {
  // The one that has won so far is heard again, or loses.
  if (domain.otherUntil != 0) return !isLess(domain.otherHigh, domain.otherLow, high, low);
  if (!s.queries || (domain.isV6 == 0 && s.ip == 0)) return true;
  if (domain.isV6 == 0) return low < T.mapped(bswap<u32>(s.ip));
  return isLess(high, low, LINK_LOCAL, interfaceOf(s.mac));
}

function isLess(high: u64, low: u64, thanHigh: u64, thanLow: u64): bool {
  return high < thanHigh || (high == thanHigh && low < thanLow);
}

/** Sends one query to all local ports of the VLAN, or to those of a set, and outside if `goesOut`. It is one frame with as many copies. */
function send(
  sw: Switch, s: Snooper, domain: usize, vid: u32, isV6: bool, high: u64, low: u64, responseNs: u64, set: usize, goesOut: bool,
): void {
  const slot = take(sw.pool, MESSAGE_BYTES_MAX);
  if (slot == 0) return;
  const version = versionOf(s, domain, isV6);
  const length = writeQuery(
    slot + HEADER_BYTES, s.mac, s.ip, isElected(s, domain), isV6, version, high, low, responseNs, s.intervalNs,
  );
  const descriptor = describe(slot, length);
  changetype<Frame>(slot).id = sw.nextFrameId++;
  sw.crossed = 0;
  let copies: u32 = 0;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    let out = portAt(sw, i);
    if (set != 0 && !isMember(<u32>set, out.logical)) continue;
    if (out.lag != 0) {
      const lag = changetype<Lag>(<usize>out.lag);
      if (<usize>lag.lead != changetype<usize>(out) || lag.usableCount == 0) continue;
      out = changetype<Port>(<usize>memberFor(lag, descriptor));
    }
    if (!out.linkUp || (sw.tree != 0 && out.treeState != TREE_FORWARDING)) continue;
    const way = wayTo(sw, out, vid);
    if (way != NO_WAY) copies += give(sw, out, descriptor, way);
  }
  const isOut = goesOut || (set != 0 && sw.localCount < sw.portCount && isMember(<u32>set, sw.localCount));
  const exit = isOut ? exitOf(sw, descriptor, vid) : 0;
  if (exit != 0 && carries(changetype<Port>(<usize>exit), vid)) copies += give(sw, changetype<Port>(<usize>exit), descriptor, vid);
  release(slot, sw);
  if (copies == 0) return;
  s.queriesSent++;
  sw.originated++;
  sw.copies += copies - 1;
}

/** The VLAN in which a port is reached: this one, or one that shares its addresses (private VLANs); NO_WAY for none. */
function wayTo(sw: Switch, out: Port, vid: u32): u32 {
  if (carries(out, vid)) return vid;
  if (sw.fids == 0) return NO_WAY;
  const fid = fidOf(sw, vid);
  for (let other: u32 = 0; other < FID_ANY; other++) if (fidOf(sw, other) == fid && carries(out, other)) return other;
  return NO_WAY;
}

function give(sw: Switch, out: Port, descriptor: u64, vid: u32): u32 {
  hold(descriptor);
  emit(sw, out, descriptor, vid, UNTAGGED);
  return 1;
}

/** Address of the uplink that the switch's own queries leave by, or 0. */
function exitOf(sw: Switch, descriptor: u64, vid: u32): u32 {
  if (sw.teamCount == 0) return 0;
  if (sw.lag != 0) return memberFor(changetype<Lag>(<usize>sw.lag), descriptor);
  return receiverOf(sw, teamAt(sw, 0), vid);
}
