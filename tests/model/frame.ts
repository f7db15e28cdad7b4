/** Reading and retagging Ethernet frames, for the reference model: copies of bytes, MACs as text. */

export const customerTag = 0x8100;
export const serviceTag = 0x88a8;
const etherTypeArp = 0x0806;
const etherTypeRarp = 0x8035;
const arpBytes = 28;
const frameBytesMin = 60;
export const broadcast = 'ff:ff:ff:ff:ff:ff';

export interface Tag {
  /** 0-4095; 0 is a priority tag. */
  readonly vid: number;
  /** The PCP and DEI bits, where they stand in the TCI. */
  readonly priority: number;
}

export function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

const octets = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function macAt(bytes: Uint8Array, at: number): string {
  return [0, 1, 2, 3, 4, 5].map((i) => octets[bytes[at + i]!]).join(':');
}

export function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

export function lastOctet(mac: string): number {
  return Number.parseInt(mac.slice(-2), 16);
}

/** 0-15 for 01-80-C2-00-00-00 to 0F, which no bridge relays unless it is told to. */
export function reservedNumber(mac: string): number | undefined {
  return mac.startsWith('01:80:c2:00:00:0') ? Number.parseInt(mac.slice(-1), 16) : undefined;
}

/** Spanning tree's own BPDUs, and those that PVST+ sends for each VLAN. */
export function isBpdu(dst: string): boolean {
  return dst === '01:80:c2:00:00:00' || dst === '01:00:0c:cc:cc:cd';
}

/** Whether the first EtherType is `tpid`, be the tag behind it whole or cut. */
export function startsWithTag(bytes: Uint8Array, tpid = customerTag): boolean {
  return bytes.length >= 14 && u16At(bytes, 12) === tpid;
}

/** The outer tag of EtherType `tpid`, if the frame has all of it and an EtherType behind it. */
export function outerTag(bytes: Uint8Array, tpid = customerTag): Tag | undefined {
  if (!startsWithTag(bytes, tpid) || bytes.length < 18) return undefined;
  const tci = u16At(bytes, 14);
  return { vid: tci & 0x0fff, priority: tci & 0xf000 };
}

/** The frame without the four bytes of its first tag. */
export function withoutTag(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, 12), ...bytes.subarray(16)]);
}

export function withTag(bytes: Uint8Array, tpid: number, tci: number): Uint8Array {
  const tag = [tpid >> 8, tpid & 0xff, tci >> 8, tci & 0xff];
  return Uint8Array.from([...bytes.subarray(0, 12), ...tag, ...bytes.subarray(12)]);
}

/** Zeros behind a frame that is shorter than Ethernet allows. */
export function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.max(bytes.length, frameBytesMin));
  whole.set(bytes);
  return whole;
}

/** A broadcast ARP reply, ARP request for its own address, or RARP, under one tag at most: how a station tells where it is (R12). */
export function isAnnouncement(bytes: Uint8Array, tpid = customerTag): boolean {
  if (macAt(bytes, 0) !== broadcast) return false;
  const isTagged = outerTag(bytes) !== undefined || outerTag(bytes, tpid) !== undefined;
  const payload = isTagged ? 18 : 14;
  const etherType = u16At(bytes, payload - 2);
  if (etherType === etherTypeRarp) return true;
  if (etherType !== etherTypeArp || bytes.length < payload + arpBytes) return false;
  const operation = u16At(bytes, payload + 6);
  const sender = bytes.subarray(payload + 14, payload + 18).join('.');
  const target = bytes.subarray(payload + 24, payload + 28).join('.');
  return operation === 2 || (operation === 1 && sender === target);
}

/** What a switch says for a station that it reaches by another uplink now (R14): a RARP request of the station for itself. */
export function rarpOf(mac: string): Uint8Array {
  const address = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const header = [0, 1, 8, 0, 6, 4, 0, 3];
  const body = [...header, ...address, 0, 0, 0, 0, ...address, 0, 0, 0, 0];
  return padded(Uint8Array.from([255, 255, 255, 255, 255, 255, ...address, 0x80, 0x35, ...body]));
}
