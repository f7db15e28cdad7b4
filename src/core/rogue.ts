/**
 * Guards against stations that answer as DHCP servers or routers without being asked to be any (Hyper-V: DHCP guard, router
 * guard; RFC 7610 DHCPv6-Shield; RFC 6105 RA-Guard). Behind any number of tags, and behind IPv6 extension headers: a chain of
 * headers that does not end in the frame is refused, for it could hide what is looked for (RFC 7113, 3). Later fragments pass;
 * without their first one nobody makes use of them.
 */
import { bytesOf, etherTypeAt, lengthOf, TAG_INSERTED, TAG_STRIPPED, tagOf } from './frame';
import * as V from './generated/verdicts';
import { mayTell } from './neighbours';
import { Port } from './port';
import { at, Ring } from './ring';

/** Bits of Port.guards. */
export const GUARD_DHCP: u8 = 1;
export const GUARD_ROUTER: u8 = 2;

const TYPE_IPV4: u32 = 0x0800;
const TYPE_IPV6: u32 = 0x86dd;
const UDP: u32 = 17;
const ICMP: u32 = 1;
const ICMPV6: u32 = 58;
/** Extension headers of one packet; who sends more has something to hide. */
const EXTENSIONS_MAX: u32 = 8;

/** How many of the first `n` frames in the ring come before one that its port's guards object to, or that neighbours.ts may learn from. */
export function innocents(port: Port, ring: Ring, n: u32): u32 {
  let i: u32 = 0;
  while (i < n && !(port.heeds && mayTell(at(ring, i))) && (port.guards == 0 || rogueOf(port, at(ring, i)) == 0)) i++;
  return i;
}

/** The verdict on what a station must not send by a port with guards; 0 if it may. */
export function rogueOf(port: Port, descriptor: u64): u32 {
  const tag = tagOf(descriptor);
  const length = lengthOf(descriptor) + (tag == TAG_STRIPPED ? 4 : 0) - (tag == TAG_INSERTED ? 4 : 0);
  const end = bytesOf(descriptor) + length;
  let place = etherTypeAt(descriptor);
  while (place + 4 <= end && isTag(shortAt(place))) place += 4;
  if (place + 2 > end) return 0;
  const type = shortAt(place);
  if (type == TYPE_IPV4) return inIpv4(port, place + 2, end);
  return type == TYPE_IPV6 ? inIpv6(port, place + 2, end) : 0;
}

function inIpv4(port: Port, ip: usize, end: usize): u32 {
  if (ip + 20 > end || (shortAt(ip + 6) & 0x1fff) != 0) return 0;
  const protocol = <u32>load<u8>(ip, 9);
  const payload = ip + (<usize>(load<u8>(ip) & 15) << 2);
  if (protocol == UDP) return isServing(payload, end, 68, 67) ? dhcp(port) : 0;
  if (protocol != ICMP || payload >= end) return 0;
  const message = load<u8>(payload);
  return message == 5 || message == 9 ? router(port) : 0; // RFC 792 redirect, RFC 1256 advertisement
}

function inIpv6(port: Port, ip: usize, end: usize): u32 {
  if (ip + 40 > end) return 0;
  let next = <u32>load<u8>(ip, 6);
  let place = ip + 40;
  for (let i: u32 = 0; i <= EXTENSIONS_MAX; i++) {
    if (next == UDP) return isServing(place, end, 546, 547) ? dhcp(port) : 0;
    if (next == ICMPV6) {
      if (place >= end) return hidden(port);
      const message = load<u8>(place);
      return message == 134 || message == 137 ? router(port) : 0; // RFC 4861: advertisement, redirect
    }
    // Hop-by-hop, routing, fragment, authentication, destination, mobility, HIP, Shim6 (RFC 7045); what else follows is a payload.
    const isFragment = next == 44;
    const isAuthentication = next == 51;
    const isOther = next == 0 || next == 43 || next == 60 || next == 135 || next == 139 || next == 140;
    if (!isFragment && !isAuthentication && !isOther) return 0;
    if (place + 8 > end) return hidden(port);
    if (isFragment && (shortAt(place + 2) & 0xfff8) != 0) return 0;
    next = load<u8>(place);
    const units = <usize>load<u8>(place, 1);
    place += isFragment ? 8 : isAuthentication ? (units + 2) << 2 : (units + 1) << 3;
  }
  return hidden(port);
}

/**
 * Whether a datagram is a DHCP server's or relay's: to a client's port, or between servers' and relays' and not a client's
 * request on its way (RFC 2131, RFC 8415: the message's kind is its first octet in both).
 */
function isServing(udp: usize, end: usize, client: u32, server: u32): bool {
  if (udp + 4 > end) return true;
  const to = shortAt(udp + 2);
  if (to == client) return true;
  if (to != server && shortAt(udp) != server) return false;
  if (udp + 9 > end) return true;
  const kind = <u32>load<u8>(udp, 8);
  // BOOTREPLY; ADVERTISE, REPLY, RECONFIGURE, RELAY-REPL.
  return client == 68 ? kind == 2 : kind == 2 || kind == 7 || kind == 10 || kind == 13;
}

function dhcp(port: Port): u32 {
  return (port.guards & GUARD_DHCP) != 0 ? V.VERDICT_dhcp_guard : 0;
}

function router(port: Port): u32 {
  return (port.guards & GUARD_ROUTER) != 0 ? V.VERDICT_router_guard : 0;
}

/** Both could hide there. */
function hidden(port: Port): u32 {
  const verdict = router(port);
  return verdict != 0 ? verdict : dhcp(port);
}

/** 802.1Q, 802.1ad, and what came before that. */
function isTag(type: u32): bool {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

function shortAt(place: usize): u32 {
  return <u32>bswap<u16>(load<u16>(place));
}
