/**
 * IGMP (RFC 1112, 2236, 3376) and MLD (RFC 2710, 3810) messages as they stand in frames: reading them, and writing those that switches
 * and guests send, with TTL 1 and the router alert option (RFC 2113, 2711).
 *
 * What is written is one message of the lengths that follow, in a frame of 60 bytes at least:
 *
 *     IPv4  14 Ethernet, 24 header with router alert    IGMP at 38: 8, query v3 12, report v3 16
 *     IPv6  14 Ethernet, 40 header, 8 hop-by-hop        MLD at 62: 24, query v2 28, report v2 28
 *
 * Reports of version 3 and 2 have one record each, and no sources.
 */
import { sumOf } from './checksum';
import { isIpv4, macOf, mapped } from './members';

const TYPE_IPV4: u16 = 0x0008;
const TYPE_IPV6: u16 = 0xdd86;
const PROTOCOL_IGMP: u8 = 2;
const PROTOCOL_HOP_BY_HOP: u8 = 0;
const PROTOCOL_ICMPV6: u8 = 58;
const IGMP_AT: u32 = 38;
const MLD_AT: u32 = 62;
const FRAME_LEAST: u32 = 60;
/** The longest that is written here. */
export const MESSAGE_BYTES_MAX: u32 = MLD_AT + 28;
const MAC_MASK: u64 = 0xffffffffffff;

export const IGMP_QUERY: u32 = 0x11;
export const IGMP_REPORT_V1: u32 = 0x12;
export const IGMP_REPORT_V2: u32 = 0x16;
export const IGMP_LEAVE: u32 = 0x17;
export const IGMP_REPORT_V3: u32 = 0x22;
export const MLD_QUERY: u32 = 130;
export const MLD_REPORT_V1: u32 = 131;
export const MLD_DONE: u32 = 132;
export const MLD_REPORT_V2: u32 = 143;

// Types of the records of reports of IGMPv3 and MLDv2 (RFC 3376, 4.2.12).
export const IS_INCLUDE: u32 = 1;
export const IS_EXCLUDE: u32 = 2;
export const TO_INCLUDE: u32 = 3;
export const TO_EXCLUDE: u32 = 4;
export const ALLOW: u32 = 5;
export const BLOCK: u32 = 6;

/** Of queries of IGMPv3 and MLDv2. */
const SUPPRESS: u8 = 8;
const ROBUSTNESS: u32 = 2;

export const ALL_HOSTS: u32 = 0xe0000001;
export const ALL_ROUTERS: u32 = 0xe0000002;
export const ALL_REPORTS: u32 = 0xe0000016;
/** ff02::1, ff02::2 and ff02::16 have this above their last octets. */
export const LINK_SCOPE: u64 = 0xff02_0000_0000_0000;
export const LINK_LOCAL: u64 = 0xfe80_0000_0000_0000;

/** The sum over an IPv6 pseudo-header of ICMPv6 (RFC 8200, 8.1); `ip` is where the header begins. */
export function pseudoSum(ip: usize, length: u32): u32 {
  return sumOf(ip + 8, 32, <u32>bswap<u16>(<u16>length) + (<u32>PROTOCOL_ICMPV6 << 8));
}

// @ts-ignore: decorator
@inline
export function wordAt(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}

// @ts-ignore: decorator
@inline
export function shortAt(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}

// @ts-ignore: decorator
@inline
export function longAt(at: usize): u64 {
  return bswap<u64>(load<u64>(at));
}

/** The version of an IGMP query by its length and code; 0 for one that is none (RFC 3376, 7.1). */
export function igmpVersion(length: u32, code: u32): u32 {
  if (length >= 12) return 3;
  return length != 8 ? 0 : code == 0 ? 1 : 2;
}

/** The same of MLD (RFC 3810, 8.1). */
export function mldVersion(length: u32): u32 {
  return length >= 28 ? 2 : length == 24 ? 1 : 0;
}

/** Of a query of IGMPv3 or MLDv2, what stands behind the group: S flag and robustness, interval, number of sources. */
export function isNarrow(tail: usize): bool {
  return (load<u8>(tail) & SUPPRESS) != 0 || load<u16>(tail, 2) != 0;
}

/** The maximum response time in ns of an IGMP query: tenths of a second, from 128 on as a floating-point number (RFC 3376, 4.1.1). */
export function igmpResponseNs(code: u32, version: u32): u64 {
  if (version == 1) return 10_000_000_000;
  const tenths = version < 3 || code < 128 ? code : ((code & 15) | 16) << (((code >>> 4) & 7) + 3);
  return <u64>tenths * 100_000_000;
}

/** The same of MLD: milliseconds, in version 2 from 32,768 on as a floating-point number (RFC 3810, 5.1.3). */
export function mldResponseNs(code: u32, version: u32): u64 {
  const ms = version < 2 || code < 32768 ? code : ((code & 0xfff) | 0x1000) << (((code >>> 12) & 7) + 3);
  return <u64>ms * 1_000_000;
}

/** The low half of the link-local address that a MAC address gives (RFC 4291, appendix A). */
export function interfaceOf(mac: u64): u64 {
  const octets = bswap<u64>(mac << 16); // the first octet is the highest of 48 bits
  return (((octets >>> 24) ^ 0x020000) << 40) | 0xfffe000000 | (octets & 0xffffff);
}

/** The code of a querier's interval: seconds, from 128 on as a floating-point number (RFC 3376, 4.1.7). */
function intervalCode(ns: u64): u32 {
  const seconds = <u32>min<u64>(31744, max<u64>(1, ns / 1_000_000_000));
  if (seconds < 128) return seconds;
  const exponent = 27 - clz(seconds) - 3;
  return 0x80 | (exponent << 4) | ((seconds >>> (exponent + 3)) & 15);
}

/**
 * Writes a query from `ip` (in frame order, 0: none) or from the MAC's link-local address, or, of a switch that is not the querier, from
 * no address at all (RFC 4541, 2.1.1 and 3); group 0: a general one. Returns its length.
 */
export function writeQuery(
  to: usize, mac: u64, ip: u32, isOwn: bool, isV6: bool, version: u32, high: u64, low: u64, responseNs: u64, intervalNs: u64,
): u32 {
  const isGeneral = high == 0 && low == 0;
  if (!isV6) {
    const dst = isGeneral ? mapped(ALL_HOSTS) : low;
    const at = writeIpv4(to, mac, isOwn ? ip : 0, <u32>dst, version == 3 ? 12 : 8);
    const tenths = <u32>min<u64>(127, responseNs / 100_000_000);
    store<u8>(at, <u8>IGMP_QUERY);
    store<u8>(at, <u8>(version == 1 ? 0 : tenths), 1);
    store<u32>(at, isGeneral ? 0 : bswap<u32>(<u32>low), 4);
    if (version == 3) store<u16>(at, <u16>(ROBUSTNESS | (intervalCode(intervalNs) << 8)), 8);
    return sealIgmp(to, at, version == 3 ? 12 : 8);
  }
  const at = writeIpv6(to, mac, isGeneral ? LINK_SCOPE : high, isGeneral ? 1 : low, version == 2 ? 28 : 24);
  store<u8>(at, <u8>MLD_QUERY);
  store<u16>(at, bswap<u16>(<u16>min<u64>(32767, responseNs / 1_000_000)), 4);
  writeAddress(at + 8, high, low);
  if (version == 2) store<u16>(at, <u16>(ROBUSTNESS | (intervalCode(intervalNs) << 8)), 24);
  if (!isOwn) writeAddress(to + 22, 0, 0);
  return sealMld(to, at, version == 2 ? 28 : 24);
}

/** Writes that a guest wants a group, or not any more; `record`: what a report of IGMPv3 or MLDv2 says. Returns its length. */
export function writeReport(to: usize, mac: u64, ip: u32, version: u32, high: u64, low: u64, isLeave: bool, record: u32): u32 {
  if (isIpv4(high, low)) {
    const isList = version == 3;
    const dst = isList ? ALL_REPORTS : isLeave ? ALL_ROUTERS : <u32>low;
    const at = writeIpv4(to, mac, ip, dst, isList ? 16 : 8);
    const type = isList ? IGMP_REPORT_V3 : isLeave ? IGMP_LEAVE : version == 1 ? IGMP_REPORT_V1 : IGMP_REPORT_V2;
    store<u8>(at, <u8>type);
    if (isList) {
      store<u16>(at, 0x0100, 6); // one record
      store<u8>(at, <u8>record, 8);
    }
    store<u32>(at + (isList ? 12 : 4), bswap<u32>(<u32>low));
    return sealIgmp(to, at, isList ? 16 : 8);
  }
  const isList = version == 2;
  const isOwn = !isList && !isLeave;
  const at = writeIpv6(to, mac, isOwn ? high : LINK_SCOPE, isOwn ? low : isList ? 0x16 : 2, isList ? 28 : 24);
  store<u8>(at, <u8>(isList ? MLD_REPORT_V2 : isLeave ? MLD_DONE : MLD_REPORT_V1));
  if (isList) {
    store<u16>(at, 0x0100, 6);
    store<u8>(at, <u8>record, 8);
  }
  writeAddress(at + (isList ? 12 : 8), high, low);
  return sealMld(to, at, isList ? 28 : 24);
}

function writeAddress(at: usize, high: u64, low: u64): void {
  store<u64>(at, bswap<u64>(high));
  store<u64>(at, bswap<u64>(low), 8);
}

function writeEthernet(to: usize, dst: u64, mac: u64, type: u16): void {
  memory.fill(to, 0, MESSAGE_BYTES_MAX);
  store<u64>(to, dst | (mac << 48));
  store<u32>(to, <u32>((mac & MAC_MASK) >>> 16), 8);
  store<u16>(to, type, 12);
}

/** Headers for a message of `length` bytes to `dst`; returns where it goes. */
function writeIpv4(to: usize, mac: u64, ip: u32, dst: u32, length: u32): usize {
  writeEthernet(to, macOf(0, mapped(dst)), mac, TYPE_IPV4);
  store<u16>(to, 0xc046, 14); // version 4, 6 words, internetwork control
  store<u16>(to, bswap<u16>(<u16>(24 + length)), 16);
  store<u8>(to, 1, 22);
  store<u8>(to, PROTOCOL_IGMP, 23);
  store<u32>(to, ip, 26);
  store<u32>(to, bswap<u32>(dst), 30);
  store<u32>(to, 0x00000494, 34); // router alert
  store<u16>(to, ~<u16>sumOf(to + 14, 24, 0), 24);
  return to + IGMP_AT;
}

function sealIgmp(to: usize, at: usize, length: u32): u32 {
  store<u16>(at, ~<u16>sumOf(at, length, 0), 2);
  return max(FRAME_LEAST, <u32>(at - to) + length);
}

function writeIpv6(to: usize, mac: u64, high: u64, low: u64, length: u32): usize {
  writeEthernet(to, macOf(high, low), mac, TYPE_IPV6);
  store<u8>(to, 0x60, 14);
  store<u16>(to, bswap<u16>(<u16>(8 + length)), 18);
  store<u8>(to, PROTOCOL_HOP_BY_HOP, 20);
  store<u8>(to, 1, 21);
  writeAddress(to + 22, LINK_LOCAL, interfaceOf(mac));
  writeAddress(to + 38, high, low);
  store<u64>(to, 0x0001_0000_0205_003a, 54); // ICMPv6 next; router alert 0, PadN
  return to + MLD_AT;
}

function sealMld(to: usize, at: usize, length: u32): u32 {
  store<u16>(at, ~<u16>sumOf(at, length, pseudoSum(to + 14, length)), 2);
  return <u32>(at - to) + length;
}
