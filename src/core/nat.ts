/**
 * A small NAT for IPv4 (RFC 3022): behind the host's one address on the LAN stand the segments of its NAT networks.
 *
 *     VM ─▶ gateway port of a segment ─▶ fromSegment ─▶ as the host, out on the LAN, or to the host itself
 *     LAN, or the host itself ─▶ fromOutside ─▶ as the gateway of a segment ─▶ VM
 *
 * UDP, TCP, ICMP echo and ICMP errors about them are translated (RFC 4787, 5382, 5508), mappings are in nat-table.ts, later fragments
 * follow their first one (nat-fragments.ts). A frame for the host's own address is heard by the host as if it had come from the LAN, so
 * forwarded ports are reached from inside as well (hairpinning). Each frame that goes through loses one hop of its TTL; what may not go
 * on is counted, and its sender told by ICMP where the RFCs want it (nat-icmp.ts). Frames wait for ARP in `pending`. Nothing here has a
 * timer: what has run out is found when it is met.
 *
 * Known limits, each a counter: no other protocol; silence about closed ports, as guests keep it.
 */
import { HEADER_BYTES } from './frame';
import { Guest } from './guest-card';
import { firstOf, remember } from './nat-fragments';
import { NO_NETWORK, NO_TIME, PROHIBITED } from './nat-icmp';
import {
  ERROR, headerOf, isFirstOfMore, isStation, kindOf, LATER, OTHER, PORTS, quotedPortAt, quoteOf, readdressPacket, REPLY, REQUEST, requote,
  totalOf, translate,
} from './nat-packet';
import { find, firstEnd, FORWARDS_MAX, freePlace, give, link, Mapping, MAPPINGS, mappingAt, PORT_FIRST, refresh, TCP } from './nat-table';
import { copyFor, deliver, isSpread, segmentAt, tell } from './nat-way';
import { ETHERNET } from './services';
import { Switch } from './switch';

/** In place of a segment's number: the LAN. */
export const OUTSIDE: u32 = 0xffffffff;

/** In place of a next hop: to no single station that can be reached. */
const NOBODY: u32 = 0xffffffff;

@unmanaged
export class Segment {
  guest: u32; // the host's Guest in it, and the Switch that it is at
  sw: u32;
  mask: u32; // of its subnet, as in a frame
  padding: u32;
}

@unmanaged
export class Nat {
  ip: u32; // the host's address on the LAN, as in a frame
  mask: u32;
  gateway: u32; // 0: none
  guest: u32; // the host's Guest on the LAN, and the Switch that it is at
  sw: u32;
  segments: u32; // array of Segment
  segmentCount: u32;
  mappings: u32; // MAPPINGS, then the forwards
  buckets: u32;
  forwardCount: u32;
  neighbours: u32;
  pending: u32; // PENDING places of pendingBytes
  pendingBytes: u32;
  pendingNext: u32;
  cursor: u32;
  turns: u32;
  fullUntil: u64; // no mapping runs out before
  translatedOut: u64;
  translatedIn: u64;
  noMapping: u64; // to one of the NAT's own ports, behind which nobody stands
  tableFull: u64;
  notIpv4: u64; // or none of UDP, TCP, ICMP echo and ICMP errors
  ttlExpired: u64;
  fragments: u64; // later ones whose first had not come
  tooLong: u64;
  noRoute: u64; // not on the LAN, and no gateway; to no single station; from no station of its segment
  unresolved: u64; // nobody answered ARP
  icmpErrors: u64; // of its own
  fragmentTable: u32; // FRAGMENTS of Fragment
  fragmentTurn: u32;
}

/** Forwards that the engine wrote behind the mappings are found from inside, too. */
export function openNat(nat: Nat): void {
  for (let i: u32 = 0; i < nat.forwardCount; i++) link(nat.mappings, nat.buckets, MAPPINGS + i);
}

/** A frame that came to the gateway of a segment. What is for the gateway itself is not its business. */
export function fromSegment(sw: Switch, nat: Nat, number: u32, guest: Guest, bytes: usize, length: u32): bool {
  const to = load<u32>(bytes, 30);
  if (length < ETHERNET + 20 || to == guest.ip || (load<u8>(bytes) & 1) != 0) return false;
  const header = headerOf(bytes, length);
  const kind = kindOf(bytes, header);
  if (kind == OTHER || kind == REPLY) {
    nat.notIpv4++;
    return true;
  }
  const segment = segmentAt(nat, number);
  const hop = isOf(segment, load<u32>(bytes, 26)) ? nextHop(nat, segment, to) : NOBODY;
  if (hop == NOBODY || hop == 0) {
    nat.noRoute++;
    if (hop == 0) tell(sw, nat, number, bytes, header, NO_NETWORK);
  } else if (load<u8>(bytes, 22) <= 1) {
    nat.ttlExpired++;
    tell(sw, nat, number, bytes, header, NO_TIME);
  } else if (kind == ERROR) {
    errorOut(sw, nat, number, hop, bytes, header);
  } else if (kind == LATER) {
    if (firstOf(nat.fragmentTable, number, bytes, sw.now)) sendOn(sw, nat, OUTSIDE, hop, bytes, 26, nat.ip);
    else nat.fragments++;
  } else {
    packetOut(sw, nat, number, hop, bytes, header, kind);
  }
  return true;
}

function packetOut(sw: Switch, nat: Nat, number: u32, hop: u32, bytes: usize, header: u32, kind: u32): void {
  const payload = bytes + ETHERNET + header;
  const protocol = <u32>load<u8>(bytes, 23);
  const portAt: usize = kind == PORTS ? 0 : 4;
  const mapping = mappingFor(nat, protocol, number, load<u32>(bytes, 26), load<u16>(payload + portAt), sw.now);
  if (!mapping) {
    nat.tableFull++;
    tell(sw, nat, number, bytes, header, PROHIBITED);
    return;
  }
  keepAlive(nat, mapping, bytes, payload, true, sw.now);
  if (isFirstOfMore(bytes)) remember(nat.fragmentTable, nat.fragmentTurn++, number, bytes, OUTSIDE, nat.ip, sw.now);
  const slot = copyFor(nat, OUTSIDE, bytes);
  if (slot == 0) return;
  translate(slot + HEADER_BYTES, header, 26, nat.ip, portAt, mapping.outsidePort);
  nat.translatedOut++;
  deliver(sw, nat, OUTSIDE, hop, slot, ETHERNET + totalOf(bytes));
}

/** A VM says something of a packet that it was given. */
function errorOut(sw: Switch, nat: Nat, number: u32, hop: u32, bytes: usize, header: u32): void {
  const quote = quoteOf(bytes, header);
  const portAt = quotedPortAt(quote, false);
  if (portAt == 0) {
    nat.noMapping++;
    return;
  }
  const mapping = findAlive(nat, load<u8>(quote, 9), number, load<u32>(quote, 16), load<u16>(portAt), sw.now);
  if (!mapping) {
    nat.noMapping++;
    return;
  }
  const slot = copyFor(nat, OUTSIDE, bytes);
  if (slot == 0) return;
  const copy = slot + HEADER_BYTES;
  readdressPacket(copy, 26, nat.ip);
  requote(copy, header, copy + (quote - bytes), 16, nat.ip, copy + (portAt - bytes), mapping.outsidePort);
  nat.translatedOut++;
  deliver(sw, nat, OUTSIDE, hop, slot, ETHERNET + totalOf(bytes));
}

/** A frame that the host hears on the LAN, or from itself; true: it was for somebody behind the NAT. */
export function fromOutside(sw: Switch, nat: Nat, bytes: usize, length: u32): bool {
  if (length < ETHERNET + 20 || load<u32>(bytes, 30) != nat.ip) return false;
  const header = headerOf(bytes, length);
  const kind = kindOf(bytes, header);
  if (kind == OTHER || kind == REQUEST) return false;
  if (kind == ERROR) return errorIn(sw, nat, bytes, header);
  if (kind == LATER) {
    const first = firstOf(nat.fragmentTable, OUTSIDE, bytes, sw.now);
    if (!first) nat.fragments++;
    else if (load<u8>(bytes, 22) <= 1) nat.ttlExpired++;
    else sendOn(sw, nat, first.segment, first.ip, bytes, 30, first.ip);
    return true;
  }
  const payload = bytes + ETHERNET + header;
  const portAt: usize = kind == PORTS ? 2 : 4;
  const port = <u32>load<u16>(payload + portAt);
  const mapping = mappingOf(nat, load<u8>(bytes, 23), port, sw.now);
  if (!mapping) return isLost(nat, port);
  if (load<u8>(bytes, 22) <= 1) {
    nat.ttlExpired++;
    tell(sw, nat, OUTSIDE, bytes, header, NO_TIME);
    return true;
  }
  keepAlive(nat, mapping, bytes, payload, false, sw.now);
  if (isFirstOfMore(bytes)) remember(nat.fragmentTable, nat.fragmentTurn++, OUTSIDE, bytes, mapping.segment, mapping.ip, sw.now);
  const slot = copyFor(nat, mapping.segment, bytes);
  if (slot == 0) return true;
  translate(slot + HEADER_BYTES, header, 30, mapping.ip, portAt, mapping.port);
  nat.translatedIn++;
  deliver(sw, nat, mapping.segment, mapping.ip, slot, ETHERNET + totalOf(bytes));
  return true;
}

/** Somebody outside says something of a packet from behind the NAT, or of one of the host's own. */
function errorIn(sw: Switch, nat: Nat, bytes: usize, header: u32): bool {
  const quote = quoteOf(bytes, header);
  const portAt = quotedPortAt(quote, true);
  if (portAt == 0 || load<u32>(quote, 12) != nat.ip) return false;
  const port = <u32>load<u16>(portAt);
  const mapping = mappingOf(nat, load<u8>(quote, 9), port, sw.now);
  if (!mapping) return isLost(nat, port);
  if (load<u8>(bytes, 22) <= 1) {
    nat.ttlExpired++;
    return true;
  }
  const slot = copyFor(nat, mapping.segment, bytes);
  if (slot == 0) return true;
  const copy = slot + HEADER_BYTES;
  readdressPacket(copy, 30, mapping.ip);
  requote(copy, header, copy + (quote - bytes), 12, mapping.ip, copy + (portAt - bytes), mapping.port);
  nat.translatedIn++;
  deliver(sw, nat, mapping.segment, mapping.ip, slot, ETHERNET + totalOf(bytes));
  return true;
}

/** A fragment follows the first one of its packet. */
function sendOn(sw: Switch, nat: Nat, segment: u32, hop: u32, bytes: usize, addressAt: usize, ip: u32): void {
  const slot = copyFor(nat, segment, bytes);
  if (slot == 0) return;
  readdressPacket(slot + HEADER_BYTES, addressAt, ip);
  if (segment == OUTSIDE) nat.translatedOut++;
  else nat.translatedIn++;
  deliver(sw, nat, segment, hop, slot, ETHERNET + totalOf(bytes));
}

/** Whether a frame for an outside port with no mapping was for the NAT all the same; counted. */
function isLost(nat: Nat, port: u32): bool {
  if (!isOwn(port)) return false;
  nat.noMapping++;
  return true;
}

/** Whether an address is one that a station of the segment can have: neither the NAT's there nor the broadcast address. */
function isOf(segment: Segment, ip: u32): bool {
  const own = changetype<Guest>(<usize>segment.guest).ip;
  return ((ip ^ own) & segment.mask) == 0 && ip != own && (ip | segment.mask) != 0xffffffff;
}

/** The address to send to on the LAN: its own, the host's (which hears it itself), or the gateway's; 0: there is none, or NOBODY. */
function nextHop(nat: Nat, segment: Segment, to: u32): u32 {
  const own = changetype<Guest>(<usize>segment.guest).ip;
  if (((to ^ own) & segment.mask) == 0 || !isStation(to)) return NOBODY;
  if (((to ^ nat.ip) & nat.mask) != 0) return nat.gateway;
  return isSpread(nat, to) ? NOBODY : to;
}

function mappingFor(nat: Nat, protocol: u32, segment: u32, ip: u32, port: u32, now: u64): Mapping | null {
  const known = find(nat.mappings, nat.buckets, protocol, segment, ip, port);
  if (known) return known;
  if (now < nat.fullUntil) return null;
  const place = freePlace(nat.mappings, nat.cursor, now);
  if (place == MAPPINGS) {
    nat.fullUntil = firstEnd(nat.mappings);
    return null;
  }
  nat.cursor = (place + 1) & (MAPPINGS - 1);
  return give(nat.mappings, nat.buckets, place, protocol, segment, ip, port);
}

/** The mapping of an inside port, as long as it is alive. */
function findAlive(nat: Nat, protocol: u32, segment: u32, ip: u32, port: u32, now: u64): Mapping | null {
  const mapping = find(nat.mappings, nat.buckets, protocol, segment, ip, port);
  return mapping && now < mapping.endNs ? mapping : null;
}

// @ts-ignore: decorator
@inline
function isOwn(port: u32): bool {
  return <u32>bswap<u16>(<u16>port) - PORT_FIRST < MAPPINGS;
}

/** Of an outside port, as in a frame. */
function mappingOf(nat: Nat, protocol: u32, port: u32, now: u64): Mapping | null {
  if (!isOwn(port)) return forwardOf(nat, protocol, port);
  const mapping = mappingAt(nat.mappings, <u32>bswap<u16>(<u16>port) - PORT_FIRST);
  return now < mapping.endNs && <u32>mapping.protocol == protocol ? mapping : null;
}

function keepAlive(nat: Nat, mapping: Mapping, bytes: usize, payload: usize, isOut: bool, now: u64): void {
  refresh(mapping, <u32>load<u8>(bytes, 23) == TCP ? load<u8>(payload, 13) : 0, isOut, now);
  // A connection that was ended runs out sooner than it would have.
  nat.fullUntil = min(nat.fullUntil, mapping.endNs);
}

function forwardOf(nat: Nat, protocol: u32, port: u32): Mapping | null {
  for (let i: u32 = 0; i < min(nat.forwardCount, FORWARDS_MAX); i++) {
    const mapping = mappingAt(nat.mappings, MAPPINGS + i);
    if (<u32>mapping.outsidePort == port && <u32>mapping.protocol == protocol) return mapping;
  }
  return null;
}
