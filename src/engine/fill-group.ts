/** Addresses of groups as frames have them, and the IPv6 header of streams to a group. */
import { groupNumber, isIpv4Group } from '../topology/group-address.ts';

const ADDRESS_BYTES = 16;
/** No transport: for experiments (RFC 3692, 2.1), because UDP over IPv6 needs a checksum of every frame. */
const PROTOCOL_TEST = 253;
const TYPE_IPV6 = 0x86dd;
const ETHERNET_BYTES = 14;
const IPV6_BYTES = 40;
const HOPS = 64;

export function isIpv6(group: string): boolean {
  return !isIpv4Group(groupNumber(group)!);
}

/** The 32 bits of an IPv4 group. */
export function ipv4Of(group: string): number {
  return Number(groupNumber(group)! & 0xffff_ffffn);
}

/** Writes an IPv6 header (RFC 8200) to a group into a frame whose Ethernet addresses stand; from the link-local address of its MAC. */
export function writeIpv6(bytes: Uint8Array, group: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint16(12, TYPE_IPV6);
  view.setUint8(14, 0x60);
  view.setUint16(18, bytes.length - ETHERNET_BYTES - IPV6_BYTES);
  view.setUint8(20, PROTOCOL_TEST);
  view.setUint8(21, HOPS);
  view.setUint16(22, 0xfe80);
  const mac = bytes.subarray(6, 12);
  bytes.set([mac[0]! ^ 2, mac[1]!, mac[2]!, 0xff, 0xfe, mac[3]!, mac[4]!, mac[5]!], 30);
  bytes.set(groupOctets(group), 38);
}

/** The MAC address of a group (RFC 1112, 6.4; RFC 2464, 7), its first octet in the lowest byte. */
export function groupMac(text: string): bigint {
  const number = groupNumber(text)!;
  const isV4 = isIpv4Group(number);
  const octets = isV4 ? [0x01, 0x00, 0x5e] : [0x33, 0x33];
  const below = isV4 ? number & 0x7f_ffffn : number & 0xffff_ffffn;
  for (let i = 6 - octets.length; i > 0; i--) octets.push(Number((below >> BigInt(8 * (i - 1))) & 255n));
  return octets.reduceRight((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

/** A group's 128 bits as octets, for commands. */
export function groupOctets(text: string): Uint8Array {
  const octets = new Uint8Array(ADDRESS_BYTES);
  const view = new DataView(octets.buffer);
  const number = groupNumber(text)!;
  view.setBigUint64(0, number >> 64n);
  view.setBigUint64(8, BigInt.asUintN(64, number));
  return octets;
}
