/**
 * ARP and neighbour discovery in a switch that knows who has which address: it answers for the owner, and the request goes no further
 * (RFC 9161; Linux, neigh_suppress).
 *
 *     told by     ARP requests and replies, announcements among them: who sends them; neighbour advertisements: who is advertised.
 *                 The frame has to come from the very station that it tells of, and that station has to stand in the MAC table
 *                 where the frame came in: a vSwitch that learns nothing outside knows its own VMs alone
 *     answered    broadcast ARP requests and solicitations to the solicited-node group, for an address that is known, of a station that
 *                 stands in the table where it was heard, and to which the request would have gone: another port with link that
 *                 carries the VLAN (R1 to R9 as in flood.ts)
 *     passed on   everything else: unicast (who polls wants the station itself), probes and DAD (the owner has to hear of a duplicate),
 *                 announcements, what nobody is known for
 *
 * The answer has the owner's address for its source, and goes where the request came from. Asked from outside, a vSwitch answers by the
 * uplink that the owner is pinned to, whatever uplink the request came in by: its source would else be learned on the wrong cable, and
 * what follows be refused by R8. As the owner takes one copy of a request only (R9), there is one answer.
 *
 * Solicitations teach nothing: they do not say whether their sender is a router, and who is answered that its router is none leaves it
 * (RFC 4861, 7.2.5). One from another MAC address than is known makes the switch forget.
 *
 * A wrong answer is worse than a flood: what leaves the MAC table by a flush (link down, detach, another VLAN, a change of the tree) is
 * forgotten here, too, a station that stands elsewhere is not answered for, and all ages by a time of its own.
 *
 * So that replies, which are unicast, are heard, ARP and ICMPv6 take the long way (`Port.heeds`); nothing else does.
 *
 * Known limits: frames with a tag that is payload (ports without VLANs, tunnels, S-tags) are not looked at, nor ICMPv6 behind extension
 * headers. A station that gives an address to another one in silence is answered for until its record ages. Where the ways to an owner
 * part, the switches on each may answer: none knows which way R9 of the owner's host would have taken. The answers say the same.
 */
import { sumOf } from './checksum';
import { originate } from './egress';
import { logicalOf } from './fdb';
import { NO_PORT, settle } from './flows';
import { etherTypeAt, HEADER_BYTES, lengthOf, slotOf, UNTAGGED } from './frame';
import * as V from './generated/verdicts';
import { takesFlood, whereIs } from './guard';
import { setMacs } from './guest-card';
import * as M from './igmp';
import { Lag } from './lag';
import { fidOf } from './learning';
import { mapped } from './members';
import * as T from './neighbour-table';
import { Owner, neighboursOf } from './neighbour-table';
import { release, take } from './pool';
import { carries, count, KIND_UPLINK, Port, TEAM_PORT, TREE_FORWARDING, VLAN_PRIVATE, VLAN_TRANSPARENT, VLAN_TUNNEL } from './port';
import { portAt, Switch } from './switch';
import { pinFor } from './team';
import { NO_FACT, note, OUTCOME_FAILED, OUTCOME_PASSED } from './trace';

const BROADCAST: u64 = 0xffffffffffff;
const MAC_MASK: u64 = 0xffffffffffff;
const TYPE_ARP: u16 = 0x0608;
const TYPE_IPV6: u16 = 0xdd86;
const PROTOCOL_ICMPV6: u8 = 58;
const ARP_BYTES: i32 = 28;
const ARP_REQUEST: u32 = 1;
const ARP_REPLY: u32 = 2;
const ARP_FRAME: u32 = 60;
const IPV6_HEADER: u32 = 40;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const MESSAGE_LEAST: u32 = 24;
const OPTION_SOURCE: u32 = 1;
const OPTION_TARGET: u32 = 2;
const NO_OPTION: u64 = u64.MAX_VALUE;
const HOPS: u8 = 255;
/** Ethernet, IPv6, an advertisement and its option. */
const ADVERTISEMENT_FRAME: u32 = 86;

/** Whether a frame of the common kind may tell of an address after all. */
export function mayTell(descriptor: u64): bool {
  const at = etherTypeAt(descriptor);
  const type = load<u16>(at);
  return type == TYPE_ARP || (type == TYPE_IPV6 && load<u8>(at + 2, 6) == PROTOCOL_ICMPV6);
}

/** Learns from a frame that has been learned from, and answers it if it can; true when it has, and the frame has had its verdict. */
export function heed(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, src: u64, dst: u64): bool {
  if (port.sTag || port.vlanMode == VLAN_TUNNEL || (port.vlanMode == VLAN_TRANSPARENT && tci != UNTAGGED)) return false;
  const at = etherTypeAt(descriptor);
  const room = <i32>lengthOf(descriptor) - (tci == UNTAGGED ? 14 : 18);
  if (room < ARP_BYTES) return false;
  const type = load<u16>(at);
  if (type == TYPE_ARP) return heedArp(sw, port, descriptor, vid, src, dst, at + 2);
  if (type != TYPE_IPV6 || room < <i32>(IPV6_HEADER + MESSAGE_LEAST)) return false;
  const ip = at + 2;
  const length = M.shortAt(ip + 4);
  if (load<u8>(ip) >>> 4 != 6 || load<u8>(ip, 6) != PROTOCOL_ICMPV6 || load<u8>(ip, 7) != HOPS) return false;
  if (length < MESSAGE_LEAST || length + IPV6_HEADER > <u32>room) return false;
  const message = ip + IPV6_HEADER;
  const kind = load<u8>(message);
  if ((kind != SOLICITATION && kind != ADVERTISEMENT) || load<u8>(message, 1) != 0 || load<u8>(message, 8) == 0xff) return false;
  if (sumOf(message, length, M.pseudoSum(ip, length)) != 0xffff) return false;
  if (kind == SOLICITATION) return heedSolicitation(sw, port, descriptor, vid, src, dst, ip, length);
  heedAdvertisement(sw, port, vid, src, ip, length);
  return false;
}

/** RFC 826, with Ethernet and IPv4 addresses. */
function heedArp(sw: Switch, port: Port, descriptor: u64, vid: u32, src: u64, dst: u64, arp: usize): bool {
  if (load<u64>(arp) << 16 != 0x0406_0008_0100_0000 || (load<u64>(arp, 8) & MAC_MASK) != src) return false;
  const operation = M.shortAt(arp + 6);
  if (operation != ARP_REQUEST && operation != ARP_REPLY) return false;
  const sender = M.wordAt(arp + 14);
  const target = M.wordAt(arp + 24);
  if (!isStation(sender)) return false;
  tell(sw, port, vid, src, 0, mapped(sender), 0, true);
  if (operation != ARP_REQUEST || dst != BROADCAST || sender == target || !isStation(target)) return false;
  const owner = ownerOf(sw, port, vid, src, 0, mapped(target));
  if (owner == 0) return false;
  const slot = take(sw.pool, ARP_FRAME);
  if (slot == 0) return false;
  const bytes = slot + HEADER_BYTES;
  const mac = changetype<Owner>(owner).mac;
  memory.fill(bytes, 0, ARP_FRAME);
  setMacs(bytes, src, mac);
  store<u16>(bytes, TYPE_ARP, 12);
  store<u64>(bytes, 0x0200_0406_0008_0100, 14); // Ethernet, IPv4, lengths, reply
  store<u64>(bytes, mac, 22);
  store<u32>(bytes, load<u32>(arp, 24), 28);
  store<u64>(bytes, src, 32);
  store<u32>(bytes, load<u32>(arp, 14), 38);
  answer(sw, port, descriptor, vid, src, changetype<Owner>(owner), slot, ARP_FRAME);
  return true;
}

/** An IPv4 address that a station may have. */
function isStation(ip: u32): bool {
  const first = ip >>> 24;
  return first != 0 && first != 127 && first < 224;
}

function heedAdvertisement(sw: Switch, port: Port, vid: u32, src: u64, ip: usize, length: u32): void {
  const message = ip + IPV6_HEADER;
  const flags = <u32>load<u8>(message, 4);
  if (load<u8>(ip, 24) == 0xff && (flags & T.FLAG_SOLICITED) != 0) return;
  if (optionOf(message, length, OPTION_TARGET) != src) return;
  const overrides = (flags & T.FLAG_OVERRIDE) != 0;
  tell(sw, port, vid, src, M.longAt(message + 8), M.longAt(message + 16), flags & (T.FLAG_ROUTER | T.FLAG_OVERRIDE), overrides);
}

function heedSolicitation(
  sw: Switch, port: Port, descriptor: u64, vid: u32, src: u64, dst: u64, ip: usize, length: u32,
): bool {
  const message = ip + IPV6_HEADER;
  const askerHigh = M.longAt(ip + 8);
  const askerLow = M.longAt(ip + 16);
  if ((askerHigh | askerLow) == 0 || load<u8>(ip, 8) == 0xff || optionOf(message, length, OPTION_SOURCE) != src) return false;
  doubt(sw, vid, src, askerHigh, askerLow);
  const high = M.longAt(message + 8);
  const low = M.longAt(message + 16);
  // ff02::1:ff and the last three octets of the target (RFC 4291, 2.7.1).
  const isToGroup = M.longAt(ip + 24) == M.LINK_SCOPE && M.longAt(ip + 32) == (0x0000_0001_ff00_0000 | (low & 0xffffff));
  if (!isToGroup || (dst & 1) == 0 || (high == askerHigh && low == askerLow)) return false;
  const owner = ownerOf(sw, port, vid, src, high, low);
  if (owner == 0) return false;
  const slot = take(sw.pool, ADVERTISEMENT_FRAME);
  if (slot == 0) return false;
  writeAdvertisement(slot + HEADER_BYTES, changetype<Owner>(owner), src, ip);
  answer(sw, port, descriptor, vid, src, changetype<Owner>(owner), slot, ADVERTISEMENT_FRAME);
  return true;
}

/** An advertisement for who asked by the solicitation at `ip`. */
function writeAdvertisement(to: usize, owner: Owner, asker: u64, ip: usize): void {
  memory.fill(to, 0, ADVERTISEMENT_FRAME);
  setMacs(to, asker, owner.mac);
  store<u16>(to, TYPE_IPV6, 12);
  store<u8>(to, 0x60, 14);
  store<u16>(to, bswap<u16>(<u16>(MESSAGE_LEAST + 8)), 18);
  store<u8>(to, PROTOCOL_ICMPV6, 20);
  store<u8>(to, HOPS, 21);
  const target = ip + IPV6_HEADER + 8;
  memory.copy(to + 22, target, 16);
  memory.copy(to + 38, ip + 8, 16);
  const message = to + 54;
  store<u8>(message, ADVERTISEMENT);
  store<u8>(message, <u8>(owner.flags | T.FLAG_SOLICITED), 4);
  memory.copy(message + 8, target, 16);
  store<u8>(message, <u8>OPTION_TARGET, 24);
  store<u8>(message, 1, 25);
  store<u32>(message, <u32>owner.mac, 26);
  store<u16>(message, <u16>(owner.mac >>> 32), 30);
  store<u16>(message, ~<u16>sumOf(message, MESSAGE_LEAST + 8, M.pseudoSum(to + 14, MESSAGE_LEAST + 8)), 2);
}

/** The link-layer address in the first option of a kind (RFC 4861, 4.6.1); NO_OPTION without one, or where the options are broken. */
function optionOf(message: usize, length: u32, kind: u32): u64 {
  let found = NO_OPTION;
  for (let at = MESSAGE_LEAST; at + 8 <= length; ) {
    const bytes = <u32>load<u8>(message + at, 1) * 8;
    if (bytes == 0 || at + bytes > length) return NO_OPTION;
    if (load<u8>(message + at) == <u8>kind && bytes == 8 && found == NO_OPTION) found = load<u64>(message + at) >>> 16;
    at += bytes;
  }
  return found;
}

/** Station `src`, at `port`, says that it has an address. */
function tell(sw: Switch, port: Port, vid: u32, src: u64, high: u64, low: u64, flags: u32, replaces: bool): void {
  const entry = whereIs(sw, vid, src);
  if (entry == 0 || logicalOf(entry) != port.logical) return;
  T.hearNeighbour(neighboursOf(sw), fidOf(sw, vid), high, low, src, port.logical, flags, replaces, sw.now);
}

/** Who asks has an address of its own: another station that was known by it has it no more. */
function doubt(sw: Switch, vid: u32, src: u64, high: u64, low: u64): void {
  const t = neighboursOf(sw);
  const found = T.findNeighbour(t, fidOf(sw, vid), high, low, sw.now);
  if (found != 0 && changetype<Owner>(found).mac != src) T.forgetNeighbour(t, found);
}

/** Address of the record of the station that a request is for, if the switch may answer for it; else 0. */
function ownerOf(sw: Switch, port: Port, vid: u32, src: u64, high: u64, low: u64): usize {
  const t = neighboursOf(sw);
  const found = T.findNeighbour(t, fidOf(sw, vid), high, low, sw.now);
  if (found == 0) {
    t.unanswered++;
    note(sw, V.CHECK_neighbour, OUTCOME_PASSED, NO_FACT);
    return 0;
  }
  const owner = changetype<Owner>(found);
  const entry = whereIs(sw, vid, owner.mac);
  if (entry == 0 || logicalOf(entry) != owner.logical) {
    // It is gone, or somewhere else, where it has not told of its address yet.
    T.forgetNeighbour(t, found);
    t.unanswered++;
    note(sw, V.CHECK_neighbour, OUTCOME_PASSED, NO_FACT);
    return 0;
  }
  if (owner.mac == src || wayBack(sw, port, vid, src, owner) == 0) {
    t.unanswered++;
    note(sw, V.CHECK_neighbour, OUTCOME_PASSED, owner.logical);
    return 0;
  }
  note(sw, V.CHECK_neighbour, OUTCOME_FAILED, owner.logical);
  return found;
}

/** By which port the answer goes (low 32 bits, its address) and in which VLAN; 0 where the owner would not have had the request. */
function wayBack(sw: Switch, port: Port, vid: u32, src: u64, owner: Owner): u64 {
  if (owner.logical == port.logical) return 0;
  if (owner.logical == TEAM_PORT) return reachesOutside(sw, port, vid, src) ? wayOf(port, vid) : 0;
  const out = portAt(sw, owner.logical);
  if (!reaches(out, vid)) return 0;
  const back = out.vlanMode == VLAN_PRIVATE ? out.pvid : vid;
  if (port.kind != KIND_UPLINK) return carries(port, back) ? wayOf(port, back) : 0;
  if (!takesFlood(sw, port, out, vid)) return 0;
  // A LAG is one uplink.
  const exit: usize = sw.lag != 0 ? changetype<usize>(port) : <usize>pinFor(out, owner.mac);
  return exit != 0 && carries(changetype<Port>(exit), back) ? wayOf(changetype<Port>(exit), back) : 0;
}

// @ts-ignore: decorator
@inline
function wayOf(port: Port, vid: u32): u64 {
  return (<u64>vid << 32) | <u64>changetype<usize>(port);
}

/** Whether a flood in a VLAN reaches the stations at a local port. */
function reaches(out: Port, vid: u32): bool {
  if (!carries(out, vid) || out.blocked || out.treeState != TREE_FORWARDING) return false;
  return out.lag == 0 ? out.linkUp != 0 : changetype<Lag>(<usize>out.lag).usableCount != 0;
}

/** Whether a flood from a local port reaches the outside, and whoever answers there could be heard: in private VLANs that is not known. */
function reachesOutside(sw: Switch, port: Port, vid: u32, src: u64): bool {
  if (port.vlanMode == VLAN_PRIVATE) return false;
  if (sw.lag != 0) return changetype<Lag>(<usize>sw.lag).usableCount != 0 && carries(portAt(sw, sw.localCount), vid);
  const exit = <usize>pinFor(port, src);
  return exit != 0 && carries(changetype<Port>(exit), vid);
}

/** The request ends here, and the answer in `slot` goes out. */
function answer(
  sw: Switch, port: Port, descriptor: u64, vid: u32, src: u64, owner: Owner, slot: usize, length: u32,
): void {
  const way = wayBack(sw, port, vid, src, owner);
  count(port, V.VERDICT_answered);
  if (sw.flowInHand != 0) settle(sw, V.VERDICT_answered, NO_PORT);
  release(slotOf(descriptor), sw);
  originate(sw, changetype<Port>(<usize>(<u32>way)), slot, length, <u32>(way >>> 32));
}
