/**
 * IPv4 packets as a NAT reads and rewrites them. Checksums are brought up to date, not made anew (RFC 1624), so that a wrong one stays
 * wrong and its receiver refuses it.
 *
 *     bytes ─▶ 14 Ethernet, header (from 26, to 30), payload: ports at 0 and 2, or type 0, checksum 2, query id 4
 *     an ICMP error's payload: type 0, checksum 2, then from 8 on the packet that it is about: its header and 8 octets at least
 */
import { adjust, adjustNeverZero } from './checksum';
import { ICMP, TCP, UDP } from './nat-table';
import { ETHERNET } from './services';

const ECHO_REPLY: u32 = 0;
const UNREACHABLE: u32 = 3;
const ECHO_REQUEST: u32 = 8;
const TIME_EXCEEDED: u32 = 11;
const BAD_PARAMETER: u32 = 12;
/** Of the flags and the offset, as in a frame. */
const OFFSET: u32 = 0xff1f;
const MORE: u32 = 0x0020;
/** Where an ICMP error quotes a packet. */
const QUOTE: u32 = 8;

/** What a NAT makes of a packet; OTHER it cannot translate. */
export const OTHER: u32 = 0;
export const PORTS: u32 = 1; // UDP, TCP
export const REQUEST: u32 = 2; // ICMP echo
export const REPLY: u32 = 3;
export const ERROR: u32 = 4; // ICMP about another packet
export const LATER: u32 = 5; // a fragment, but not the first one

// @ts-ignore: decorator
@inline
export function totalOf(bytes: usize): u32 {
  return <u32>bswap<u16>(load<u16>(bytes, 16));
}

/** Bytes of the IPv4 header, when the frame holds all that it says; else 0. */
export function headerOf(bytes: usize, length: u32): u32 {
  if (length < ETHERNET + 20) return 0;
  const first = <u32>load<u8>(bytes, ETHERNET);
  const header = (first & 15) * 4;
  const total = totalOf(bytes);
  const payload: u32 = (<u32>load<u16>(bytes, 20) & OFFSET) != 0 ? 1 : <u32>load<u8>(bytes, 23) == TCP ? 20 : 8;
  return first >>> 4 != 4 || header < 20 || total < header + payload || length < ETHERNET + total ? 0 : header;
}

/** What a packet is whose header has so many bytes. */
export function kindOf(bytes: usize, header: u32): u32 {
  const protocol = <u32>load<u8>(bytes, 23);
  if (header == 0 || (protocol != UDP && protocol != TCP && protocol != ICMP)) return OTHER;
  if ((<u32>load<u16>(bytes, 20) & OFFSET) != 0) return LATER;
  if (protocol != ICMP) return PORTS;
  const type = <u32>load<u8>(bytes + ETHERNET + header);
  if (type == ECHO_REQUEST) return REQUEST;
  if (type == ECHO_REPLY) return REPLY;
  return type == UNREACHABLE || type == TIME_EXCEEDED || type == BAD_PARAMETER ? ERROR : OTHER;
}

/** Whether more fragments of the packet follow. */
export function isFirstOfMore(bytes: usize): bool {
  return (<u32>load<u16>(bytes, 20) & (OFFSET | MORE)) == MORE;
}

/** Whether an address, as in a frame, can be one station's: not of 0/8, 127/8, class D or E. */
export function isStation(ip: u32): bool {
  const first = ip & 0xff;
  return first != 0 && first != 127 && first < 224;
}

/** Writes another address at `addressAt` and takes one hop; what is in the packet stays. */
export function readdressPacket(bytes: usize, addressAt: usize, ip: u32): void {
  const before = load<u32>(bytes + addressAt);
  const hops = <u32>load<u16>(bytes, 22);
  store<u32>(bytes + addressAt, ip);
  store<u16>(bytes, <u16>(hops - 1), 22);
  adjust(bytes + 24, before, ip);
  adjust(bytes + 24, hops, hops - 1);
}

/** The same, with another port (or query id) at `portAt` of the payload. */
export function translate(bytes: usize, header: u32, addressAt: usize, ip: u32, portAt: usize, port: u32): void {
  const before = load<u32>(bytes + addressAt);
  readdressPacket(bytes, addressAt, ip);
  const payload = bytes + ETHERNET + header;
  const portBefore = <u32>load<u16>(payload + portAt);
  store<u16>(payload + portAt, <u16>port);
  const protocol = <u32>load<u8>(bytes, 23);
  if (protocol == ICMP) {
    adjustNeverZero(payload + 2, portBefore, port);
  } else if (protocol == TCP) {
    adjust(payload + 16, before, ip);
    adjust(payload + 16, portBefore, port);
  } else if (load<u16>(payload, 6) != 0) {
    // A UDP datagram may come without one (RFC 768), and stays so.
    adjust(payload + 6, before, ip);
    adjustNeverZero(payload + 6, portBefore, port);
  }
}

/** Where the packet begins that an ICMP error quotes, when it has all that says whose it was; else 0. */
export function quoteOf(bytes: usize, header: u32): usize {
  const quote = bytes + ETHERNET + header + QUOTE;
  const octets = totalOf(bytes) - header;
  if (octets < QUOTE + 20 || load<u8>(quote) >>> 4 != 4) return 0;
  const inner = <u32>(load<u8>(quote) & 15) * 4;
  const isWhole = inner >= 20 && octets >= QUOTE + inner + 8;
  return isWhole && (<u32>load<u16>(quote, 6) & OFFSET) == 0 ? quote : 0;
}

/** Where in a quoted packet the port stands by which a mapping is known: its sender's, or its receiver's. 0: it has none. */
export function quotedPortAt(quote: usize, ofSender: bool): usize {
  if (quote == 0) return 0;
  const payload = quote + <usize>(load<u8>(quote) & 15) * 4;
  const protocol = <u32>load<u8>(quote, 9);
  if (protocol == UDP || protocol == TCP) return ofSender ? payload : payload + 2;
  const asked = protocol == ICMP && <u32>load<u8>(payload) == (ofSender ? ECHO_REQUEST : ECHO_REPLY);
  return asked ? payload + 4 : 0;
}

/** Gives a quoted packet back the address and the port that it had on the other side (RFC 5508, REQ-4 and REQ-5). */
export function requote(bytes: usize, header: u32, quote: usize, addressAt: usize, ip: u32, portAt: usize, port: u32): void {
  const payload = quote + <usize>(load<u8>(quote) & 15) * 4;
  const left = <u32>(bytes + ETHERNET + totalOf(bytes) - payload);
  const sum = bytes + ETHERNET + header + 2;
  const protocol = <u32>load<u8>(quote, 9);
  const before = load<u32>(quote + addressAt);
  const portBefore = <u32>load<u16>(portAt);
  store<u32>(quote + addressAt, ip);
  store<u16>(portAt, <u16>port);
  adjust(sum, before, ip);
  adjust(sum, portBefore, port);
  adjustQuoted(sum, quote + 10, before, ip);
  if (protocol == ICMP) {
    adjustQuoted(sum, payload + 2, portBefore, port);
    return;
  }
  // Of TCP's first 8 octets the checksum is none.
  const quotedSum = payload + (protocol == TCP ? 16 : 6);
  if ((protocol == TCP && left < 18) || (protocol == UDP && load<u16>(quotedSum) == 0)) return;
  adjustQuoted(sum, quotedSum, before, ip);
  adjustQuoted(sum, quotedSum, portBefore, port);
}

/** A checksum within what the checksum at `sum` covers. */
function adjustQuoted(sum: usize, at: usize, before: u32, after: u32): void {
  const was = <u32>load<u16>(at);
  adjustNeverZero(at, before, after);
  adjust(sum, was, load<u16>(at));
}
