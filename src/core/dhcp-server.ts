/**
 * A DHCP server (RFC 2131, options of RFC 2132) on a vNIC of a type-2 host, for the stations of that segment.
 *
 * A lease for each address of its range, 1,024 at most, in order. A station is known by its MAC (chaddr) and gets the address that it had,
 * as long as nobody else needed it. Addresses that somebody has of his own are taken from the start (the engine writes them), those of a
 * port forward's VM are kept for its MAC. Time runs out when it is looked at, so there is no timer.
 *
 * Known limits: no relay agents (giaddr), no check by ICMP echo before an offer, no options but those that a station needs.
 */
import { setHeaderSum, setUdpSum } from './checksum';
import { HEADER_BYTES } from './frame';
import { Guest, setMacs, takeFor } from './guest-card';
import { setWord } from './guest-ip';
import { ETHERNET, sendAs } from './services';
import { Switch } from './switch';

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const ACK: u8 = 5;
const NAK: u8 = 6;
const RELEASE: u8 = 7;
const INFORM: u8 = 8;

const SECOND: u64 = 1_000_000_000;
/** An offer is kept for its station that long. */
const OFFER_NS: u64 = 60 * SECOND;
/** Ethernet, IPv4, UDP, and the 300 octets that BOOTP's clients expect (RFC 1542, 2.1). */
const REPLY_BYTES: u32 = 342;
const FIXED: u32 = 240; // of the message, to where options begin
const MAGIC: u32 = 0x63538263;
const MAC_MASK: u64 = 0xffffffffffff;
const BROADCAST_FLAG: u32 = 0x0080;

export const LEASE_FREE: u8 = 0;
export const LEASE_OFFERED: u8 = 1;
export const LEASE_BOUND: u8 = 2;
/** Somebody's own address, or (until its time) one that a station found in use. */
export const LEASE_TAKEN: u8 = 3;

@unmanaged
export class Lease {
  mac: u64; // who has it, or had it last
  endNs: u64;
  state: u8;
  isKept: u8; // for this MAC alone
  padding1: u16;
  padding2: u32;
}

@unmanaged
export class DhcpServer {
  leases: u32; // array of Lease
  first: u32; // the first's address; a number
  count: u32;
  router: u32; // as in a frame; 0: none
  mask: u32; // as in a frame
  seconds: u32;
  discovers: u64;
  offers: u64;
  requests: u64;
  acks: u64;
  naks: u64;
  declines: u64;
  releases: u64;
  exhausted: u64; // nothing was left to offer
}

// @ts-ignore: decorator
@inline
function leaseAt(server: DhcpServer, i: u32): Lease {
  return changetype<Lease>(<usize>server.leases + <usize>i * offsetof<Lease>());
}

/** A frame to UDP port 67. */
export function hearDhcp(sw: Switch, server: DhcpServer, guest: Guest, bytes: usize, length: u32): void {
  const header = <u32>(load<u8>(bytes, ETHERNET) & 15) * 4;
  const at = bytes + ETHERNET + header + 8;
  const end = bytes + length;
  if (header < 20 || at + FIXED > end || load<u32>(at, 236) != MAGIC) return;
  // A request, Ethernet, not by a relay agent.
  if (load<u8>(at) != 1 || load<u8>(at, 1) != 1 || load<u8>(at, 2) != 6 || load<u32>(at, 24) != 0) return;
  const mac = load<u64>(at, 28) & MAC_MASK;
  const kind = optionAt(at, end, 53, 1);
  if (kind == 0 || mac == 0 || (mac & 1) != 0) return;
  const type = load<u8>(kind);
  if (type == DISCOVER) discover(sw, server, guest, at, end, mac);
  else if (type == REQUEST) request(sw, server, guest, at, end, mac);
  else if (type == DECLINE) decline(sw, server, guest, at, end, mac);
  else if (type == RELEASE) giveBack(server, at, mac);
  else if (type == INFORM && load<u32>(at, 12) != 0) reply(sw, server, guest, at, ACK, 0);
}

/** Where the value of an option stands that has so many octets; 0 without one. */
function optionAt(at: usize, end: usize, code: u32, size: u32): usize {
  let option = at + FIXED;
  while (option < end && load<u8>(option) != 255) {
    if (load<u8>(option) == 0) {
      option++;
      continue;
    }
    if (option + 2 > end) return 0;
    const next = option + 2 + load<u8>(option, 1);
    if (<u32>load<u8>(option) == code) return load<u8>(option, 1) == <u8>size && next <= end ? option + 2 : 0;
    option = next;
  }
  return 0;
}

/** The place of an address, as in a frame; `count` when it is not in the range. */
function placeOf(server: DhcpServer, ip: u32): u32 {
  return min(bswap<u32>(ip) - server.first, server.count);
}

/** The place that a station has or had; `count` when none. */
function placeOfMac(server: DhcpServer, mac: u64): u32 {
  for (let i: u32 = 0; i < server.count; i++) {
    const lease = leaseAt(server, i);
    if (lease.mac == mac && lease.state != LEASE_TAKEN) return i;
  }
  return server.count;
}

function isFree(lease: Lease, now: u64): bool {
  return lease.isKept == 0 && (lease.state == LEASE_FREE || lease.endNs <= now);
}

/** The one that it had, the one that it asks for, one that nobody ever had, the one that ran out first (RFC 2131, 4.3.1). */
function choose(server: DhcpServer, at: usize, end: usize, mac: u64, now: u64): u32 {
  const known = placeOfMac(server, mac);
  if (known != server.count) return known;
  const asked = optionAt(at, end, 50, 4);
  const wanted = asked == 0 ? server.count : placeOf(server, load<u32>(asked));
  if (wanted != server.count && isFree(leaseAt(server, wanted), now)) return wanted;
  let oldest = server.count;
  for (let i: u32 = 0; i < server.count; i++) {
    const lease = leaseAt(server, i);
    if (!isFree(lease, now)) continue;
    if (lease.mac == 0) return i;
    if (oldest == server.count || lease.endNs < leaseAt(server, oldest).endNs) oldest = i;
  }
  return oldest;
}

function discover(sw: Switch, server: DhcpServer, guest: Guest, at: usize, end: usize, mac: u64): void {
  server.discovers++;
  const place = choose(server, at, end, mac, sw.now);
  if (place == server.count) {
    server.exhausted++;
    return;
  }
  const lease = leaseAt(server, place);
  lease.mac = mac;
  if (lease.state != LEASE_BOUND || lease.endNs <= sw.now) {
    lease.state = LEASE_OFFERED;
    lease.endNs = sw.now + OFFER_NS;
  }
  if (reply(sw, server, guest, at, OFFER, bswap<u32>(server.first + place))) server.offers++;
}

/** From a station that chose, that came back, or that renews: they differ by what they fill in (RFC 2131, table 4). */
function request(sw: Switch, server: DhcpServer, guest: Guest, at: usize, end: usize, mac: u64): void {
  server.requests++;
  const chosen = optionAt(at, end, 54, 4);
  const asked = optionAt(at, end, 50, 4);
  const place = placeOfMac(server, mac);
  const lease = leaseAt(server, min(place, server.count - 1));
  if (chosen != 0 && load<u32>(chosen) != guest.ip) {
    if (place != server.count && lease.state == LEASE_OFFERED) lease.state = LEASE_FREE;
    return;
  }
  const ip = asked != 0 ? load<u32>(asked) : load<u32>(at, 12);
  // Of whom it knows nothing it says nothing, but about an address of another subnet.
  if (place == server.count && chosen == 0 && ((ip ^ guest.ip) & server.mask) == 0) return;
  if (place == server.count || placeOf(server, ip) != place) {
    if (reply(sw, server, guest, at, NAK, 0)) server.naks++;
    return;
  }
  lease.state = LEASE_BOUND;
  lease.endNs = sw.now + <u64>server.seconds * SECOND;
  if (reply(sw, server, guest, at, ACK, ip)) server.acks++;
}

/** The station found its address in use. */
function decline(sw: Switch, server: DhcpServer, guest: Guest, at: usize, end: usize, mac: u64): void {
  const asked = optionAt(at, end, 50, 4);
  const chosen = optionAt(at, end, 54, 4);
  const place = placeOfMac(server, mac);
  if (asked == 0 || place == server.count || placeOf(server, load<u32>(asked)) != place) return;
  if (chosen != 0 && load<u32>(chosen) != guest.ip) return;
  server.declines++;
  const lease = leaseAt(server, place);
  lease.state = LEASE_TAKEN;
  lease.endNs = sw.now + <u64>server.seconds * SECOND;
}

/** Its MAC stays, so that it may get it again. */
function giveBack(server: DhcpServer, at: usize, mac: u64): void {
  const place = placeOfMac(server, mac);
  if (place == server.count || placeOf(server, load<u32>(at, 12)) != place) return;
  server.releases++;
  leaseAt(server, place).state = LEASE_FREE;
}

/** Answers the message at `at`; `ip`: the address that is given, as in a frame, 0 for none. */
function reply(sw: Switch, server: DhcpServer, guest: Guest, at: usize, type: u8, ip: u32): bool {
  const slot = takeFor(sw, guest, REPLY_BYTES);
  if (slot == 0) return false;
  const bytes = slot + HEADER_BYTES;
  memory.fill(bytes, 0, REPLY_BYTES);
  const mac = load<u64>(at, 28) & MAC_MASK;
  const client = load<u32>(at, 12);
  const isSpread = type == NAK || (client == 0 && (<u32>load<u16>(at, 10) & BROADCAST_FLAG) != 0);
  setMacs(bytes, isSpread ? MAC_MASK : mac, guest.mac);
  writeMessage(bytes + 42, server, guest, at, type, ip);
  writeHeaders(bytes, guest.ip, isSpread ? 0xffffffff : client != 0 ? client : ip);
  return sendAs(sw, sw, guest, slot, REPLY_BYTES);
}

function writeMessage(out: usize, server: DhcpServer, guest: Guest, at: usize, type: u8, ip: u32): void {
  // op 2, Ethernet; the station's number and flags, its address when it has one, its chaddr.
  store<u32>(out, 0x00060102);
  store<u32>(out, load<u32>(at, 4), 4);
  store<u16>(out, load<u16>(at, 10), 10);
  if (type == ACK) store<u32>(out, load<u32>(at, 12), 12);
  store<u32>(out, ip, 16);
  memory.copy(out + 28, at + 28, 16);
  store<u32>(out, MAGIC, 236);
  let to = out + FIXED;
  store<u8>(to, 53);
  store<u8>(to, 1, 1);
  store<u8>(to, type, 2);
  to = putOption(to + 3, 54, guest.ip);
  if (type != NAK) {
    to = putOption(to, 1, server.mask);
    if (server.router != 0) to = putOption(to, 3, server.router);
  }
  if (type != NAK && ip != 0) {
    to = putOption(to, 51, bswap<u32>(server.seconds));
    to = putOption(to, 58, bswap<u32>(server.seconds / 2));
    to = putOption(to, 59, bswap<u32>(<u32>(<u64>server.seconds * 7 / 8)));
  }
  store<u8>(to, 255);
}

function putOption(to: usize, code: u8, value: u32): usize {
  store<u8>(to, code);
  store<u8>(to, 4, 1);
  store<u32>(to, value, 2);
  return to + 6;
}

function writeHeaders(bytes: usize, from: u32, to: u32): void {
  const total = REPLY_BYTES - ETHERNET;
  store<u16>(bytes, 0x0008, 12);
  store<u16>(bytes, 0x0045, 14);
  setWord(bytes + 16, total);
  store<u16>(bytes, 0x1140, 22); // TTL 64, UDP
  store<u32>(bytes, from, 26);
  store<u32>(bytes, to, 30);
  setHeaderSum(bytes + ETHERNET);
  store<u16>(bytes, 0x4300, 34);
  store<u16>(bytes, 0x4400, 36);
  setWord(bytes + 38, total - 20);
  setUdpSum(bytes + ETHERNET, total - 20);
}
