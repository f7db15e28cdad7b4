/**
 * Who wants which group: the table of a switch that looks at IGMP and MLD (snooping.ts), by FID and group address, with a time for each
 * port until which it is a member. It knows neither frames nor messages.
 *
 * Groups are records of a list, found by a hash of FID and MAC address (32 IPv4 groups have the same one), so that all groups of a MAC
 * address stand in one chain: open addressing with linear probing, half full at most, u32 places that hold a record's number plus 1. With
 * each record go a time for each place (u64 ns, 0: no member, NEVER: until it says so) and three sets of places, a bit each:
 *
 *     members    that are members now
 *     leaving    whose leave is being asked about (querier.ts)
 *     audience   that get its frames: members of it, router ports; where groups are told by MAC, those of all groups of its MAC
 *
 * A place is a port's number; a LAG has that of its lead, and a team of uplinks one behind the local ports. Addresses are two numbers of
 * 64 bits, the first octet highest; of IPv4 `0` and `0xffff << 32 | address` (RFC 4291, 2.5.5.2).
 *
 * The table has no room for a group more: it is not learned, and until that may have been forgotten, frames to unknown groups are flooded.
 */
import { Domain, domainAt, findDomain, routersOf, setRouter } from './routers';
import { isMember, Port, TEAM_PORT } from './port';
import { NEVER, Switch } from './switch';

export const MODE_FILTER: u8 = 1;
export const MODE_SNOOPING: u8 = 2;

const MULTIPLIER: u64 = 0x9e3779b97f4a7c15;
const IPV4_ABOVE: u64 = 0xffff;
/** Sets of places that go with a group. */
const SETS: u32 = 3;

@unmanaged
export class Snooper {
  mode: u8;
  floodsUnregistered: u8;
  fastLeave: u8;
  queries: u8; // it is a querier
  igmp: u8; // version of its queries
  mld: u8;
  /** 1: in the middle of a change; who finds it so after a worker's death forgets all. */
  isChanging: u8;
  asksLeft: u8; // times that its own members are still to be asked, after a failover
  places: u32;
  words: u32; // of 64 bits in a set
  groupsMax: u32;
  groupCount: u32;
  groups: u32; // array of Group
  fresh: u32; // records that were ever used
  free: u32; // number of the first one that is free again, plus 1
  slots: u32; // u32 places of the hash table
  slotMask: u32;
  slotShift: u32;
  untils: u32; // of groups: `places` times each
  sets: u32; // of groups: three sets each
  domains: u32; // array of Domain
  domainCount: u32;
  domainsMax: u32;
  domainUntils: u32;
  domainSets: u32;
  routersFixed: u32; // set of the router ports that an operator names
  everyone: u32; // a set for frames that all routers of no known domain get, for work
  ip: u32; // IPv4 address of its queries, as in a frame; 0: proxy queries (RFC 4541, 2.1.1)
  padding: u32;
  mac: u64;
  ageNs: u64;
  routerNs: u64;
  intervalNs: u64; // between general queries
  overUntil: u64; // until then unknown groups are flooded, for there was no room
  floodUntil: u64; // until then all groups are: the tree has changed, and members may be elsewhere
  askDue: u64;
  /** The least of all that is due. */
  dueNs: u64;
  // Counters.
  reports: u64;
  leaves: u64;
  queriesHeard: u64;
  queriesSent: u64;
  routerHellos: u64;
  malformed: u64;
  overflow: u64;
  aged: u64;
  registered: u64; // frames to groups that it knows
  unregistered: u64;
}

@unmanaged
export class Group {
  high: u64;
  low: u64;
  key: u64; // FID << 48 | MAC
  number: u32;
  fid: u32;
  vid: u32; // in which it was heard last
  memberCount: u32;
  nextFree: u32;
  queriesLeft: u32;
  version: u32; // of the last report
  padding: u32;
  queryDue: u64;
  dueNs: u64; // when the first member ages
  sinceNs: u64;
  heardNs: u64;
  oldUntil: u64; // somebody speaks IGMPv1, who cannot leave and is not asked for one group (RFC 2236, 5)
}

// @ts-ignore: decorator
@inline
export function snooperOf(sw: Switch): Snooper {
  return changetype<Snooper>(<usize>sw.snooper);
}

// @ts-ignore: decorator
@inline
export function groupAt(s: Snooper, i: u32): Group {
  return changetype<Group>(<usize>s.groups + <usize>i * offsetof<Group>());
}

export function placeOf(sw: Switch, port: Port): u32 {
  return port.logical == TEAM_PORT ? sw.localCount : port.logical;
}

// @ts-ignore: decorator
@inline
function setOf(s: Snooper, group: Group, which: u32): usize {
  return <usize>s.sets + (<usize>((group.number * SETS + which) * s.words) << 3);
}

export function membersOf(s: Snooper, group: Group): usize {
  return setOf(s, group, 0);
}

export function leavingOf(s: Snooper, group: Group): usize {
  return setOf(s, group, 1);
}

/** Address of the set of places that get the group's frames. */
export function audienceOf(s: Snooper, group: Group): usize {
  return setOf(s, group, 2);
}

/** Where the time stands until which `place` is a member. */
export function untilAt(s: Snooper, group: Group, place: u32): usize {
  return <usize>s.untils + (<usize>(group.number * s.places + place) << 3);
}

export function setBit(set: usize, place: u32, on: bool): void {
  const at = set + (place >>> 3);
  const bit = <u32>1 << (place & 7);
  store<u8>(at, <u8>(on ? load<u8>(at) | bit : load<u8>(at) & ~bit));
}

/** The MAC address of a group (RFC 1112, 6.4; RFC 2464, 7), as a little-endian load sees it. */
export function macOf(high: u64, low: u64): u64 {
  if (!isIpv4(high, low)) return 0x3333 | (<u64>bswap<u32>(<u32>low) << 16);
  return 0x5e0001 | (<u64>(bswap<u32>(<u32>low & 0x7fffff) >>> 8) << 24);
}

// @ts-ignore: decorator
@inline
export function isIpv4(high: u64, low: u64): bool {
  return high == 0 && low >>> 32 == IPV4_ABOVE;
}

/** An IPv4 address, first octet highest, as the low half of an address. */
// @ts-ignore: decorator
@inline
export function mapped(ip: u32): u64 {
  return (IPV4_ABOVE << 32) | <u64>ip;
}

// @ts-ignore: decorator
@inline
export function groupKey(fid: u32, mac: u64): u64 {
  return (<u64>(fid | 0x1000) << 48) | mac;
}

// @ts-ignore: decorator
@inline
function homeOf(s: Snooper, key: u64): u32 {
  return <u32>((key * MULTIPLIER) >>> <u64>s.slotShift);
}

// @ts-ignore: decorator
@inline
function slotAt(s: Snooper, place: u32): usize {
  return <usize>s.slots + (<usize>place << 2);
}

/** Address of the group, or 0. */
export function findGroup(s: Snooper, fid: u32, high: u64, low: u64): usize {
  const key = groupKey(fid, macOf(high, low));
  for (let place = homeOf(s, key); load<u32>(slotAt(s, place)) != 0; place = (place + 1) & s.slotMask) {
    const group = groupAt(s, load<u32>(slotAt(s, place)) - 1);
    if (group.low == low && group.high == high && group.key == key) return changetype<usize>(group);
  }
  return 0;
}

/** Address of some group with this MAC address, or 0. */
export function findByMac(s: Snooper, key: u64): usize {
  for (let place = homeOf(s, key); load<u32>(slotAt(s, place)) != 0; place = (place + 1) & s.slotMask) {
    const group = groupAt(s, load<u32>(slotAt(s, place)) - 1);
    if (group.key == key) return changetype<usize>(group);
  }
  return 0;
}

/** A group that is not there yet; 0 when there is no room. */
function insert(s: Snooper, fid: u32, high: u64, low: u64, now: u64): usize {
  if (s.groupCount >= s.groupsMax) return 0;
  let number: u32;
  if (s.free != 0) {
    number = s.free - 1;
    s.free = groupAt(s, number).nextFree;
  } else {
    number = s.fresh++;
  }
  const group = groupAt(s, number);
  memory.fill(changetype<usize>(group), 0, offsetof<Group>());
  group.number = number;
  group.fid = fid;
  group.high = high;
  group.low = low;
  group.key = groupKey(fid, macOf(high, low));
  group.queryDue = NEVER;
  group.dueNs = NEVER;
  group.sinceNs = now;
  memory.fill(setOf(s, group, 0), 0, <usize>(SETS * s.words) << 3);
  memory.fill(untilAt(s, group, 0), 0, <usize>s.places << 3);
  let place = homeOf(s, group.key);
  while (load<u32>(slotAt(s, place)) != 0) place = (place + 1) & s.slotMask;
  store<u32>(slotAt(s, place), number + 1);
  s.groupCount++;
  return changetype<usize>(group);
}

/** Takes a group out, by backward shift: a chain has no holes. */
function remove(s: Snooper, group: Group): void {
  let hole = homeOf(s, group.key);
  while (load<u32>(slotAt(s, hole)) != group.number + 1) hole = (hole + 1) & s.slotMask;
  for (let place = hole; ; ) {
    place = (place + 1) & s.slotMask;
    const held = load<u32>(slotAt(s, place));
    if (held == 0) break;
    const home = homeOf(s, groupAt(s, held - 1).key);
    if (((place - home) & s.slotMask) < ((place - hole) & s.slotMask)) continue;
    store<u32>(slotAt(s, hole), held);
    hole = place;
  }
  store<u32>(slotAt(s, hole), 0);
  const key = group.key;
  group.nextFree = s.free;
  group.memberCount = 0;
  group.key = 0;
  s.free = group.number + 1;
  s.groupCount--;
  const other = s.mode == MODE_FILTER ? findByMac(s, key) : 0;
  if (other != 0) refreshAudience(s, changetype<Group>(other));
}

/** Says again who gets a group's frames; of all groups of its MAC address where those are one. */
export function refreshAudience(s: Snooper, group: Group): void {
  if (s.mode != MODE_FILTER) return copyAudience(s, group, membersOf(s, group));
  const key = group.key;
  const all: usize = s.everyone;
  memory.fill(all, 0, <usize>s.words << 3);
  for (let place = homeOf(s, key); load<u32>(slotAt(s, place)) != 0; place = (place + 1) & s.slotMask) {
    const each = groupAt(s, load<u32>(slotAt(s, place)) - 1);
    if (each.key == key) addSet(s, all, membersOf(s, each));
  }
  for (let place = homeOf(s, key); load<u32>(slotAt(s, place)) != 0; place = (place + 1) & s.slotMask) {
    const each = groupAt(s, load<u32>(slotAt(s, place)) - 1);
    if (each.key == key) copyAudience(s, each, all);
  }
}

function copyAudience(s: Snooper, group: Group, members: usize): void {
  const audience = audienceOf(s, group);
  memory.copy(audience, members, <usize>s.words << 3);
  addSet(s, audience, s.routersFixed);
  const domain = findDomain(s, group.fid, !isIpv4(group.high, group.low));
  if (domain != 0) addSet(s, audience, routersOf(s, changetype<Domain>(domain)));
}

export function addSet(s: Snooper, to: usize, from: usize): void {
  for (let i: u32 = 0; i < s.words; i++, to += 8, from += 8) store<u64>(to, load<u64>(to) | load<u64>(from));
}

/** Somebody at `place` wants the group until `until`; false when the table has no room for it. */
export function join(s: Snooper, fid: u32, vid: u32, high: u64, low: u64, place: u32, now: u64, until: u64): bool {
  let at = findGroup(s, fid, high, low);
  if (at == 0) at = insert(s, fid, high, low, now);
  if (at == 0) {
    s.overflow++;
    s.overUntil = until;
    return false;
  }
  const group = changetype<Group>(at);
  group.vid = vid;
  group.heardNs = now;
  const wasMember = isMember(<u32>membersOf(s, group), place);
  store<u64>(untilAt(s, group, place), until);
  group.dueNs = min(group.dueNs, until);
  setBit(leavingOf(s, group), place, false);
  if (wasMember) return true;
  setBit(membersOf(s, group), place, true);
  group.memberCount++;
  refreshAudience(s, group);
  return true;
}

/** Nobody at `place` wants the group any more; one without members is gone. */
export function leave(s: Snooper, group: Group, place: u32): void {
  if (!isMember(<u32>membersOf(s, group), place)) return;
  setBit(membersOf(s, group), place, false);
  setBit(leavingOf(s, group), place, false);
  store<u64>(untilAt(s, group, place), 0);
  group.memberCount--;
  refreshAudience(s, group);
  if (group.memberCount == 0) remove(s, group);
}

/** Members whose time has passed go. */
export function ageGroup(s: Snooper, group: Group, now: u64): void {
  if (group.dueNs > now) return;
  let next = NEVER;
  for (let place: u32 = 0; place < s.places && group.key != 0; place++) {
    if (!isMember(<u32>membersOf(s, group), place)) continue;
    const until = load<u64>(untilAt(s, group, place));
    if (until <= now) {
      s.aged++;
      leave(s, group, place);
    } else {
      next = min(next, until);
    }
  }
  group.dueNs = next;
}

/** All that is known of a place, or beyond the last one of every place, is forgotten. */
export function forgetPlace(s: Snooper, place: u32): void {
  const first: u32 = place >= s.places ? 0 : place;
  const end = place >= s.places ? s.places : place + 1;
  s.isChanging = 1;
  for (let i: u32 = 0; i < s.fresh; i++) {
    const group = groupAt(s, i);
    for (let p: u32 = first; p < end && group.key != 0; p++) leave(s, group, p);
  }
  for (let i: u32 = 0; i < s.domainCount; i++) for (let p: u32 = first; p < end; p++) setRouter(s, domainAt(s, i), p, 0);
  s.isChanging = 0;
}

/** After a death in the middle of a change: nothing is known, members are asked, and until they have answered all groups are flooded. */
export function mendGroups(s: Snooper, now: u64): void {
  if (!s.isChanging) return;
  s.isChanging = 0;
  memory.fill(s.slots, 0, <usize>(s.slotMask + 1) << 2);
  memory.fill(s.domainSets, 0, <usize>(s.domainCount * s.words) << 3);
  memory.fill(s.domainUntils, 0, <usize>(s.domainCount * s.places) << 3);
  s.fresh = 0;
  s.free = 0;
  s.groupCount = 0;
  s.overUntil = s.mode == MODE_FILTER ? NEVER : now + s.ageNs;
  for (let i: u32 = 0; i < s.domainCount; i++) {
    domainAt(s, i).routerDue = NEVER;
    if (s.queries && domainAt(s, i).otherUntil == 0) domainAt(s, i).queryDue = now;
  }
  s.dueNs = now;
}
