/** ARP and neighbour discovery as tests send and read them, written apart from the core. */
import { groupMac, ipv6 } from './igmp-frames.ts';

const octets = (mac: string) => mac.split(':').map((octet) => Number.parseInt(octet, 16));
const ipv4 = (text: string) => text.split('.').map(Number);
const isV6 = (address: string) => address.includes(':');
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const NOBODY = '00:00:00:00:00:00';
const ALL_NODES = 'ff02::1';

export interface Station {
  readonly mac: string;
  readonly ip: string;
}

/** What a frame has otherwise than it should. */
export interface Oddity {
  /** VLAN tag. */
  readonly tag?: number;
  /** The source address on the wire, where it is not the one that the message tells of. */
  readonly src?: string;
  readonly hops?: number;
  readonly badSum?: boolean;
  /** Without a link-layer address. */
  readonly noOption?: boolean;
  readonly isRouter?: boolean;
  readonly noOverride?: boolean;
  /** Of an option: its length in units of eight octets. */
  readonly units?: number;
  /** Bytes that are missing at the end. */
  readonly cut?: number;
}

function ethernet(dst: readonly number[], src: string, type: number, body: readonly number[], odd: Oddity): Uint8Array {
  const tagged = odd.tag === undefined ? [] : [0x81, 0, odd.tag >> 8, odd.tag & 255];
  const frame = [...dst, ...octets(odd.src ?? src), ...tagged, type >> 8, type & 255, ...body];
  if (odd.cut !== undefined) return Uint8Array.from(frame.slice(0, frame.length - odd.cut));
  while (frame.length < 60) frame.push(0);
  return Uint8Array.from(frame);
}

function arp(dst: string, operation: number, from: Station, targetMac: string, targetIp: string, odd: Oddity) {
  const head = [0, 1, 8, 0, 6, 4, 0, operation];
  const body = [...head, ...octets(from.mac), ...ipv4(from.ip), ...octets(targetMac), ...ipv4(targetIp)];
  return ethernet(octets(dst), from.mac, 0x0806, body, odd);
}

function checksum(bytes: readonly number[]): [number, number] {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return [(~sum >> 8) & 255, ~sum & 255];
}

function nd(
  dst: readonly number[],
  from: string,
  source: string,
  to: string,
  message: number[],
  odd: Oddity,
): Uint8Array {
  const pseudo = [...ipv6(source), ...ipv6(to), 0, 0, 0, message.length, 0, 0, 0, 58];
  const [a, b] = checksum([...pseudo, ...message]);
  message[2] = odd.badSum ? a ^ 1 : a;
  message[3] = b;
  const head = [0x60, 0, 0, 0, 0, message.length, 58, odd.hops ?? 255, ...ipv6(source), ...ipv6(to)];
  return ethernet(dst, from, 0x86dd, [...head, ...message], odd);
}

function option(kind: number, mac: string, { noOption, units = 1 }: Oddity): number[] {
  return noOption ? [] : [kind, units, ...octets(mac)];
}

/** The group in which who has an address is asked for (RFC 4291, 2.7.1). */
export function solicitedNode(ip: string): string {
  const words = ipv6(ip).slice(12);
  return `ff02::1:ff${words[1]!.toString(16).padStart(2, '0')}:${((words[2]! << 8) | words[3]!).toString(16)}`;
}

/** A request for an address, to all or, with `to`, to one station. */
export function ask(from: Station, ip: string, odd: Oddity = {}, to?: string): Uint8Array {
  if (!isV6(ip)) return arp(to ?? BROADCAST, 1, from, NOBODY, ip, odd);
  const message = [135, 0, 0, 0, 0, 0, 0, 0, ...ipv6(ip), ...option(1, from.mac, odd)];
  const group = solicitedNode(ip);
  return nd(
    to === undefined ? groupMac(group) : octets(to),
    from.mac,
    from.ip,
    to === undefined ? group : ip,
    message,
    odd,
  );
}

/** Whether somebody has the address already: an ARP probe (RFC 5227), or DAD (RFC 4862). */
export function probe(from: Station, ip: string = from.ip): Uint8Array {
  if (!isV6(ip)) return ask({ mac: from.mac, ip: '0.0.0.0' }, ip);
  return ask({ mac: from.mac, ip: '::' }, ip, { noOption: true });
}

function advertisement(of: Station, isSolicited: boolean, odd: Oddity): number[] {
  const flags = (odd.isRouter ? 0x80 : 0) | (isSolicited ? 0x40 : 0) | (odd.noOverride ? 0 : 0x20);
  return [136, 0, 0, 0, flags, 0, 0, 0, ...ipv6(of.ip), ...option(2, of.mac, odd)];
}

/** An answer, to who asked. */
export function reply(from: Station, to: Station, odd: Oddity = {}): Uint8Array {
  if (!isV6(from.ip)) return arp(to.mac, 2, from, to.mac, to.ip, odd);
  return nd(octets(to.mac), from.mac, from.ip, to.ip, advertisement(from, true, odd), odd);
}

/** Tells all that a station has its address: a gratuitous request, or an advertisement that nobody asked for. */
export function announce(from: Station, odd: Oddity = {}): Uint8Array {
  if (!isV6(from.ip)) return arp(BROADCAST, 1, from, NOBODY, from.ip, odd);
  return nd(groupMac(ALL_NODES), from.mac, from.ip, ALL_NODES, advertisement(from, false, odd), odd);
}
