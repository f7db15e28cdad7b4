/**
 * A frame to a group in a switch that looks at IGMP and MLD: what is learned from messages, and which ports get it (RFC 4541, 2.1 and 3).
 *
 *     report, leave     to router ports only, and learned; without one the switch has consumed it
 *     query             to all; where it came in is a router port, unless it is from 0.0.0.0 (a proxy's)
 *     known group       to members and router ports, by IP address; by MAC address where the mode is `filter`
 *     unknown group     to all, or to router ports only
 *     224.0.0.0/24, ff02::1                      to all, always; reports for them are not learned
 *     ff02::/16                                  to members once somebody has reported, else to all
 *     not IPv4 or IPv6, bad or unknown messages  to all
 *
 * In mode `filter` messages are frames like others: learned, and sent on to whoever is a member and outside; nothing ages, for a guest's
 * card forgets nothing.
 *
 * Which ports then get a copy is flood.ts's to say, with all of its rules (R1 to R9): a set of places may only take ports away. Promiscuous
 * ports get all. Port groups without a VLAN of their own take tags for payload, and what is in such a frame is not looked at.
 *
 * Known limits: sources of IGMPv3 and MLDv2 are not kept: a port that wants some sources gets all, and BLOCK of the last one is
 * no leave, so that it ages. Neither router alert nor, of IGMP, a TTL of 1 is asked for, as RFC 4541 does not.
 */
import { sumOf } from './checksum';
import { flood } from './flood';
import { NO_PORT, settle } from './flows';
import { bytesOf, etherTypeAt, lengthOf, slotOf, TAG_STORED, tagOf, ETHERTYPE_VLAN, UNTAGGED } from './frame';
import * as V from './generated/verdicts';
import { domainFor, Domain, findDomain, isBeyond, routersOf, setRouter } from './routers';
import * as M from './igmp';
import * as T from './members';
import { Group, MODE_FILTER, snooperOf, Snooper } from './members';
import { fidOf } from './learning';
import { release } from './pool';
import { carries, count, isMember, KIND_UPLINK, Port, VLAN_TRANSPARENT, VLAN_TUNNEL } from './port';
import { beginLeave, hearQuery, hastenGroups } from './querier';
import { drop } from './relay';
import { NEVER, portAt, Switch } from './switch';
import { NO_FACT, note, OUTCOME_DECIDED, OUTCOME_FAILED } from './trace';

const BROADCAST: u64 = 0xffffffffffff;
const MAC_MASK: u64 = 0xffffffffffff;
const TYPE_IPV4: u16 = 0x0008;
const TYPE_IPV6: u16 = 0xdd86;
const PROTOCOL_HOPS: u8 = 0;
const PROTOCOL_IGMP: u8 = 2;
const PROTOCOL_ICMPV6: u8 = 58;
const PROTOCOL_PIM: u8 = 103;
const PIM_HELLO: u8 = 0x20; // version 2, type 0
const ALL_PIM: u32 = 0xe000000d;
const IPV6_HEADER: u32 = 40;

/** What a frame is. */
const TO_ALL: u32 = 0;
const TO_MEMBERS: u32 = 1;
const TO_ROUTERS: u32 = 2;

/** Takes a frame to a group, which has been learned from and may be flooded, to its verdict. */
export function relayGroup(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, dst: u64): void {
  const s = snooperOf(sw);
  if (dst == BROADCAST || isPayload(port, descriptor, tci)) return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group, 0);
  if (port.kind == KIND_UPLINK && (load<u64>(bytesOf(descriptor), 6) & MAC_MASK) == s.mac) {
    // A query of its own that came back by another uplink: nobody here has that address, but R7 is meant.
    return drop(sw, port, descriptor, V.VERDICT_deja_vu, V.CHECK_deja_vu, NO_FACT);
  }
  const at = etherTypeAt(descriptor);
  const room = <i32>lengthOf(descriptor) - (tci == UNTAGGED ? 14 : 18);
  const type = load<u16>(at);
  let way = TO_ALL;
  let high: u64 = 0;
  let low: u64 = 0;
  const ip = at + 2;
  if (type == TYPE_IPV4 && room >= 20 && (dst & 0x80ffffff) == 0x5e0001 && (load<u8>(ip, 16) & 0xf0) == 0xe0) {
    low = T.mapped(M.wordAt(ip + 16));
    way = hearIpv4(sw, s, port, vid, ip, <u32>room);
  } else if (type == TYPE_IPV6 && room >= <i32>IPV6_HEADER && (dst & 0xffff) == 0x3333 && load<u8>(ip, 24) == 0xff) {
    high = M.longAt(ip + 24);
    low = M.longAt(ip + 32);
    way = hearIpv6(sw, s, port, vid, ip, <u32>room);
  }
  if (way == TO_ROUTERS && s.mode != MODE_FILTER) return toRouters(sw, s, port, descriptor, vid, tci, high != 0);
  if (way == TO_ALL || isForAll(high, low)) return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group, 0);
  toMembers(sw, s, port, descriptor, vid, tci, high, low);
}

/** Whether a tag that the port takes for payload stands before what could be read. */
function isPayload(port: Port, descriptor: u64, tci: i32): bool {
  if (port.vlanMode == VLAN_TRANSPARENT) return tci != UNTAGGED;
  return port.vlanMode == VLAN_TUNNEL && tagOf(descriptor) == TAG_STORED && load<u16>(bytesOf(descriptor), 12) == ETHERTYPE_VLAN;
}

/** Groups that nobody reports: 224.0.0.0/24 and ff02::1. */
// @ts-ignore: decorator
@inline
function isForAll(high: u64, low: u64): bool {
  return T.isIpv4(high, low) ? (<u32>low & 0xffffff00) == 0xe0000000 : high == M.LINK_SCOPE && low == 1;
}

/** Whether a report may be for that address: a group, and none that is for all. */
function isGroup(high: u64, low: u64): bool {
  const isMulticast = T.isIpv4(high, low) ? (<u32>low >>> 28) == 14 : high >>> 56 == 0xff && (high >>> 48 & 15) > 1;
  return isMulticast && !isForAll(high, low);
}

function toMembers(sw: Switch, s: Snooper, port: Port, descriptor: u64, vid: u32, tci: i32, high: u64, low: u64): void {
  const set = audienceFor(sw, s, vid, high, low);
  if (set == 0) return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group, 0);
  flood(sw, port, descriptor, vid, tci, V.VERDICT_forward_group, set);
}

/** Address of the set of places that get a group's frames; 0 for all. */
function audienceFor(sw: Switch, s: Snooper, vid: u32, high: u64, low: u64): usize {
  if (sw.now < s.floodUntil) return 0;
  const fid = fidOf(sw, vid);
  if (isBeyond(s, fid, !T.isIpv4(high, low))) return 0;
  const isByMac = s.mode == MODE_FILTER;
  const found = isByMac ? T.findByMac(s, T.groupKey(fid, T.macOf(high, low))) : T.findGroup(s, fid, high, low);
  if (found != 0) {
    s.registered++;
    note(sw, V.CHECK_group, OUTCOME_DECIDED, changetype<Group>(found).memberCount);
    return T.audienceOf(s, changetype<Group>(found));
  }
  s.unregistered++;
  const isLinkScope = high >>> 48 == 0xff02;
  if (s.floodsUnregistered || isLinkScope || sw.now < s.overUntil) return 0;
  note(sw, V.CHECK_group, OUTCOME_FAILED, NO_FACT);
  return routers(sw, s, vid, high != 0);
}

/** The set of router ports in a VLAN. */
function routers(sw: Switch, s: Snooper, vid: u32, isV6: bool): usize {
  const domain = findDomain(s, fidOf(sw, vid), isV6);
  const set: usize = s.everyone;
  memory.copy(set, s.routersFixed, <usize>s.words << 3);
  if (domain != 0) T.addSet(s, set, routersOf(s, changetype<Domain>(domain)));
  return set;
}

/** A report or leave: to router ports, or it has been heard and that is all; to all where routers of its VLAN cannot be known. */
function toRouters(sw: Switch, s: Snooper, port: Port, descriptor: u64, vid: u32, tci: i32, isV6: bool): void {
  if (isBeyond(s, fidOf(sw, vid), isV6)) return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group, 0);
  const set = routers(sw, s, vid, isV6);
  T.setBit(set, T.placeOf(sw, port), false);
  let any: u64 = 0;
  for (let i: u32 = 0; i < s.words; i++) any |= load<u64>(set + (<usize>i << 3));
  // From outside to outside is not the switch's business (R1).
  if (any != 0 || isWatched(sw, port, vid)) return flood(sw, port, descriptor, vid, tci, V.VERDICT_forward_group, set);
  note(sw, V.CHECK_group, OUTCOME_DECIDED, 0);
  count(port, V.VERDICT_consumed);
  if (sw.flowInHand != 0) settle(sw, V.VERDICT_consumed, NO_PORT);
  release(slotOf(descriptor), sw);
}

/** Whether a promiscuous port sees what nobody else gets. */
function isWatched(sw: Switch, port: Port, vid: u32): bool {
  if (sw.promiscuousCount == 0) return false;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const out = portAt(sw, i);
    if (out.promiscuous && out != port && out.linkUp && carries(out, vid)) return true;
  }
  return false;
}

/** Reads an IPv4 frame to a group, of which `room` bytes are there. */
function hearIpv4(sw: Switch, s: Snooper, port: Port, vid: u32, ip: usize, room: u32): u32 {
  const protocol = load<u8>(ip, 9);
  if (protocol != PROTOCOL_IGMP && protocol != PROTOCOL_PIM) return TO_MEMBERS;
  const header = <u32>(load<u8>(ip) & 15) * 4;
  const total = M.shortAt(ip + 2);
  // A fragment is no message.
  if ((M.shortAt(ip + 6) & 0x3fff) != 0) return TO_MEMBERS;
  if (load<u8>(ip) >>> 4 != 4 || header < 20 || total < header || total > room) return malformed(s);
  // RFC 4541, 2.1.1: nothing is made of a message in a packet with a wrong checksum.
  if (sumOf(ip, header, 0) != 0xffff) return malformed(s);
  const at = ip + header;
  const length = total - header;
  if (protocol == PROTOCOL_PIM) {
    if (length >= 4 && load<u8>(at) == PIM_HELLO && M.wordAt(ip + 16) == ALL_PIM) hearHello(sw, s, port, vid, false);
    return TO_MEMBERS;
  }
  if (length < 8 || sumOf(at, length, 0) != 0xffff) return malformed(s);
  const type = <u32>load<u8>(at);
  const group = T.mapped(M.wordAt(at + 4));
  if (type == M.IGMP_QUERY) {
    const code = <u32>load<u8>(at, 1);
    const version = M.igmpVersion(length, code);
    if (version == 0) return malformed(s);
    const source = M.wordAt(ip + 12);
    const domain = heardQuery(sw, s, port, vid, false, source != 0, version);
    const isNarrow = version == 3 && M.isNarrow(at + 8);
    const asked = group == T.mapped(0) || isNarrow ? 0 : group;
    hearQuery(sw, s, domain, vid, 0, source == 0 ? 0 : T.mapped(source), 0, asked, M.igmpResponseNs(code, version));
    return TO_ALL;
  }
  if (type == M.IGMP_REPORT_V1 || type == M.IGMP_REPORT_V2) {
    s.reports++;
    wants(sw, s, port, vid, 0, group, type == M.IGMP_REPORT_V1 ? 1 : 2);
    return TO_ROUTERS;
  }
  if (type == M.IGMP_LEAVE) {
    s.leaves++;
    leaves(sw, s, port, vid, 0, group);
    return TO_ROUTERS;
  }
  if (type != M.IGMP_REPORT_V3) return TO_ALL;
  s.reports++;
  hearRecords(sw, s, port, vid, at, length, false);
  return TO_ROUTERS;
}

/** The same of IPv6: at most a hop-by-hop header stands before a message. */
function hearIpv6(sw: Switch, s: Snooper, port: Port, vid: u32, ip: usize, room: u32): u32 {
  if (load<u8>(ip) >>> 4 != 6) return malformed(s);
  const payload = M.shortAt(ip + 4);
  let next = load<u8>(ip, 6);
  let offset = IPV6_HEADER;
  if (next == PROTOCOL_HOPS && room >= IPV6_HEADER + 8) {
    next = load<u8>(ip, IPV6_HEADER);
    offset += <u32>load<u8>(ip, IPV6_HEADER + 1) * 8 + 8;
  }
  if (next != PROTOCOL_ICMPV6 && next != PROTOCOL_PIM) return TO_MEMBERS;
  if (payload + IPV6_HEADER > room || offset + 4 > payload + IPV6_HEADER) {
    return next == PROTOCOL_ICMPV6 && offset == IPV6_HEADER ? TO_MEMBERS : malformed(s);
  }
  const at = ip + offset;
  const length = payload + IPV6_HEADER - offset;
  if (next == PROTOCOL_PIM) {
    if (load<u8>(at) == PIM_HELLO) hearHello(sw, s, port, vid, true);
    return TO_MEMBERS;
  }
  const type = <u32>load<u8>(at);
  const isMessage = (type >= M.MLD_QUERY && type <= M.MLD_DONE) || type == M.MLD_REPORT_V2;
  if (!isMessage) return TO_MEMBERS;
  const least: u32 = type == M.MLD_REPORT_V2 ? 8 : 24;
  // What is not from this link is no message of it (RFC 2710, 3; RFC 3810, 5).
  if (load<u8>(ip, 7) != 1 || length < least || sumOf(at, length, M.pseudoSum(ip, length)) != 0xffff) return malformed(s);
  const sourceHigh = M.longAt(ip + 8);
  const sourceLow = M.longAt(ip + 16);
  if (type == M.MLD_QUERY) {
    // From no address at all where a switch asks that is no querier (RFC 4541, 3).
    const isProxy = (sourceHigh | sourceLow) == 0;
    const isLinkLocal = (sourceHigh & 0xffc0_0000_0000_0000) == M.LINK_LOCAL;
    const version = M.mldVersion(length);
    if ((!isLinkLocal && !isProxy) || version == 0) return malformed(s);
    const domain = heardQuery(sw, s, port, vid, true, !isProxy, version);
    const isNarrow = version == 2 && M.isNarrow(at + 24);
    const response = M.mldResponseNs(M.shortAt(at + 4), version);
    hearQuery(sw, s, domain, vid, sourceHigh, sourceLow, isNarrow ? 0 : M.longAt(at + 8), isNarrow ? 0 : M.longAt(at + 16), response);
    return TO_ALL;
  }
  if (type == M.MLD_DONE) {
    s.leaves++;
    leaves(sw, s, port, vid, M.longAt(at + 8), M.longAt(at + 16));
    return TO_ROUTERS;
  }
  s.reports++;
  if (type == M.MLD_REPORT_V1) wants(sw, s, port, vid, M.longAt(at + 8), M.longAt(at + 16), 1);
  else hearRecords(sw, s, port, vid, at, length, true);
  return TO_ROUTERS;
}

function malformed(s: Snooper): u32 {
  s.malformed++;
  return TO_ALL;
}

/** The records of a report of IGMPv3 or MLDv2; what does not fit into its length is not read. */
function hearRecords(sw: Switch, s: Snooper, port: Port, vid: u32, at: usize, length: u32, isV6: bool): void {
  const address: u32 = isV6 ? 16 : 4;
  let offset: u32 = 8;
  for (let left = M.shortAt(at + 6); left != 0; left--) {
    if (offset + 4 + address > length) {
      s.malformed++;
      return;
    }
    const record = at + offset;
    const type = <u32>load<u8>(record);
    const sources = M.shortAt(record + 2);
    const high = isV6 ? M.longAt(record + 4) : 0;
    const low = isV6 ? M.longAt(record + 12) : T.mapped(M.wordAt(record + 4));
    offset += 4 + address + sources * address + <u32>load<u8>(record, 1) * 4;
    if (offset > length) {
      s.malformed++;
      return;
    }
    const isEmpty = sources == 0;
    if ((type == M.TO_INCLUDE || type == M.IS_INCLUDE) && isEmpty) {
      s.leaves++;
      leaves(sw, s, port, vid, high, low);
    } else if (type >= M.IS_INCLUDE && type <= M.ALLOW && !(type == M.ALLOW && isEmpty)) {
      wants(sw, s, port, vid, high, low, isV6 ? 2 : 3);
    }
  }
}

function wants(sw: Switch, s: Snooper, port: Port, vid: u32, high: u64, low: u64, version: u32): void {
  if (!isGroup(high, low)) return;
  const until = s.mode == MODE_FILTER ? NEVER : sw.now + s.ageNs;
  s.isChanging = 1;
  const fid = fidOf(sw, vid);
  domainFor(s, fid, vid, high != 0, sw.now);
  if (T.join(s, fid, vid, high, low, T.placeOf(sw, port), sw.now, until)) {
    const group = changetype<Group>(T.findGroup(s, fid, high, low));
    group.version = version;
    if (version == 1 && high == 0) group.oldUntil = until;
  }
  s.isChanging = 0;
  hastenGroups(sw, s, s.queries ? sw.now : until);
}

function leaves(sw: Switch, s: Snooper, port: Port, vid: u32, high: u64, low: u64): void {
  const found = T.findGroup(s, fidOf(sw, vid), high, low);
  if (found == 0) return;
  const group = changetype<Group>(found);
  const place = T.placeOf(sw, port);
  if (!isMember(<u32>T.membersOf(s, group), place)) return;
  s.isChanging = 1;
  if (s.fastLeave || s.mode == MODE_FILTER) T.leave(s, group, place);
  else if (group.oldUntil <= sw.now) beginLeave(sw, s, group, place);
  s.isChanging = 0;
}

/** Notes where a query came from; address of its domain, or 0. `isRouter`: whoever sent it wants reports. */
function heardQuery(sw: Switch, s: Snooper, port: Port, vid: u32, isV6: bool, isRouter: bool, version: u32): usize {
  s.queriesHeard++;
  const domain = heardRouter(sw, s, port, vid, isV6, isRouter && s.mode != MODE_FILTER);
  if (domain != 0) changetype<Domain>(domain).version = version;
  return domain;
}

function hearHello(sw: Switch, s: Snooper, port: Port, vid: u32, isV6: bool): void {
  s.routerHellos++;
  heardRouter(sw, s, port, vid, isV6, s.mode != MODE_FILTER);
}

function heardRouter(sw: Switch, s: Snooper, port: Port, vid: u32, isV6: bool, isRouter: bool): usize {
  const domain = domainFor(s, fidOf(sw, vid), vid, isV6, sw.now);
  if (domain == 0 || !isRouter) return domain;
  s.isChanging = 1;
  setRouter(s, changetype<Domain>(domain), T.placeOf(sw, port), sw.now + s.routerNs);
  s.isChanging = 0;
  hastenGroups(sw, s, sw.now + s.routerNs);
  return domain;
}
