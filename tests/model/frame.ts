/** Reading and retagging Ethernet frames, for the reference model: copies of bytes, MACs as text. */

const etherTypeVlan = 0x8100;
const etherTypeArp = 0x0806;
const etherTypeRarp = 0x8035;
const arpBytes = 28;
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

export function macAt(bytes: Uint8Array, at: number): string {
  return [...bytes.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** 01-80-C2-00-00-00 to 0F. */
export function isReserved(mac: string): boolean {
  return mac.startsWith('01:80:c2:00:00:0');
}

/** Whether the first EtherType is a VLAN tag's, whole or cut. */
export function startsWithTag(bytes: Uint8Array): boolean {
  return bytes.length >= 14 && u16At(bytes, 12) === etherTypeVlan;
}

/** The outer 802.1Q tag, if the frame has all of it and an EtherType behind it. */
export function outerTag(bytes: Uint8Array): Tag | undefined {
  if (!startsWithTag(bytes) || bytes.length < 18) return undefined;
  const tci = u16At(bytes, 14);
  return { vid: tci & 0x0fff, priority: tci & 0xf000 };
}

/** A broadcast ARP reply, ARP request for its own address, or RARP: how a station tells where it is (R12). */
export function isAnnouncement(bytes: Uint8Array): boolean {
  if (macAt(bytes, 0) !== broadcast) return false;
  const payload = outerTag(bytes) === undefined ? 14 : 18;
  const etherType = u16At(bytes, payload - 2);
  if (etherType === etherTypeRarp) return true;
  if (etherType !== etherTypeArp || bytes.length < payload + arpBytes) return false;
  const operation = u16At(bytes, payload + 6);
  const sender = bytes.subarray(payload + 14, payload + 18).join('.');
  const target = bytes.subarray(payload + 24, payload + 28).join('.');
  return operation === 2 || (operation === 1 && sender === target);
}

export function withoutTag(bytes: Uint8Array): Uint8Array {
  if (outerTag(bytes) === undefined) return bytes;
  return Uint8Array.from([...bytes.subarray(0, 12), ...bytes.subarray(16)]);
}

/** The frame in VLAN `vid`, tagged: the outer tag's VLAN replaced and its priority kept, or a tag of priority 0 inserted. */
export function withTag(bytes: Uint8Array, vid: number): Uint8Array {
  const tci = vid | (outerTag(bytes)?.priority ?? 0);
  const untagged = withoutTag(bytes);
  return Uint8Array.from([...untagged.subarray(0, 12), 0x81, 0x00, tci >> 8, tci & 0xff, ...untagged.subarray(12)]);
}
