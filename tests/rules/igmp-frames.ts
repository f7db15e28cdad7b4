/** IGMP and MLD messages as tests send them, written apart from the core: what a real host or router would put on the wire. */

const octets = (mac: string) => mac.split(':').map((octet) => Number.parseInt(octet, 16));
const ipv4 = (text: string) => text.split('.').map(Number);

/** 16 octets of an IPv6 address. */
export function ipv6(text: string): number[] {
  const [left = '', right] = text.split('::');
  const words = (half: string) => (half === '' ? [] : half.split(':')).map((word) => Number.parseInt(word, 16));
  const [before, after] = [words(left), words(right ?? '')];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((word) => [word >> 8, word & 255]);
}

const isV6 = (address: string) => address.includes(':');

/** The MAC address of a group. */
export function groupMac(group: string): number[] {
  if (isV6(group)) return [0x33, 0x33, ...ipv6(group).slice(12)];
  const [, b, c, d] = ipv4(group) as [number, number, number, number];
  return [1, 0, 0x5e, b & 127, c, d];
}

function checksum(bytes: readonly number[]): [number, number] {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return [(~sum >> 8) & 255, ~sum & 255];
}

export interface Envelope {
  readonly src: string;
  readonly ip?: string;
  readonly tag?: number;
  /** The message's checksum is wrong. */
  readonly bad?: boolean;
  /** The IPv4 header's checksum is. */
  readonly badHeader?: boolean;
  /** Bytes are missing at the end. */
  readonly cut?: number;
}

function ethernet(dst: readonly number[], { src, tag, cut = 0 }: Envelope, type: number, payload: readonly number[]) {
  const tagged = tag === undefined ? [] : [0x81, 0, tag >> 8, tag & 255];
  const frame = [...dst, ...octets(src), ...tagged, type >> 8, type & 255, ...payload];
  while (frame.length < 60) frame.push(0);
  return Uint8Array.from(frame.slice(0, frame.length - cut));
}

/** An IPv4 packet with router alert around an IGMP message, or without it another protocol's. */
function inIpv4(to: string, envelope: Envelope, protocol: number, body: readonly number[]): Uint8Array {
  const source = ipv4(envelope.ip ?? '10.0.0.9');
  const length = 24 + body.length;
  const head = [0x46, 0xc0, 0, length, 0, 0, 0, 0, 1, protocol, 0, 0, ...source, ...ipv4(to), 0x94, 4, 0, 0];
  const [a, b] = checksum(head);
  head[10] = envelope.badHeader ? a ^ 1 : a;
  head[11] = b;
  return ethernet(groupMac(to), envelope, 0x0800, [...head, ...body]);
}

function igmp(to: string, message: number[], envelope: Envelope): Uint8Array {
  const [a, b] = checksum(message);
  message[2] = envelope.bad ? a ^ 1 : a;
  message[3] = b;
  return inIpv4(to, envelope, 2, message);
}

function mld(to: string, message: number[], envelope: Envelope): Uint8Array {
  const source = ipv6(envelope.ip ?? 'fe80::9');
  const pseudo = [...source, ...ipv6(to), 0, 0, 0, message.length, 0, 0, 0, 58];
  const [a, b] = checksum([...pseudo, ...message]);
  message[2] = envelope.bad ? a ^ 1 : a;
  message[3] = b;
  const head = [0x60, 0, 0, 0, 0, 8 + message.length, 0, 1, ...source, ...ipv6(to), 58, 0, 5, 2, 0, 0, 1, 0];
  return ethernet(groupMac(to), envelope, 0x86dd, [...head, ...message]);
}

/** A membership report: IGMP 1-3, MLD 1-2; with a record type and sources for the last ones. */
export function report(group: string, envelope: Envelope, version = 2, record = 4, sources: string[] = []): Uint8Array {
  if (isV6(group)) {
    if (version === 1) return mld(group, [131, 0, 0, 0, 0, 0, 0, 0, ...ipv6(group)], envelope);
    const list = sources.flatMap(ipv6);
    return mld('ff02::16', [143, 0, 0, 0, 0, 0, 0, 1, record, 0, 0, sources.length, ...ipv6(group), ...list], envelope);
  }
  if (version === 3) {
    const list = sources.flatMap(ipv4);
    return igmp(
      '224.0.0.22',
      [0x22, 0, 0, 0, 0, 0, 0, 1, record, 0, 0, sources.length, ...ipv4(group), ...list],
      envelope,
    );
  }
  return igmp(group, [version === 1 ? 0x12 : 0x16, 0, 0, 0, ...ipv4(group)], envelope);
}

export function leave(group: string, envelope: Envelope): Uint8Array {
  if (isV6(group)) return mld('ff02::2', [132, 0, 0, 0, 0, 0, 0, 0, ...ipv6(group)], envelope);
  return igmp('224.0.0.2', [0x17, 0, 0, 0, ...ipv4(group)], envelope);
}

/** A query; for no group a general one. `tenths`: the maximum response time. */
export function query(group: string | null, envelope: Envelope, tenths = 100, family: 4 | 6 = 4): Uint8Array {
  if (family === 6 || (group !== null && isV6(group))) {
    const ms = tenths * 100;
    const address = group === null ? Array<number>(16).fill(0) : ipv6(group);
    return mld(group ?? 'ff02::1', [130, 0, 0, 0, ms >> 8, ms & 255, 0, 0, ...address], envelope);
  }
  const address = group === null ? [0, 0, 0, 0] : ipv4(group);
  return igmp(group ?? '224.0.0.1', [0x11, tenths, 0, 0, ...address], envelope);
}

/** A query of IGMPv3 or MLDv2, for a group and sources of it. */
export function lateQuery(
  group: string | null,
  envelope: Envelope,
  sources: string[] = [],
  flags = 2,
  family: 4 | 6 = 4,
) {
  if (family === 6 || (group !== null && isV6(group))) {
    const address = group === null ? Array<number>(16).fill(0) : ipv6(group);
    const tail = [flags, 125, 0, sources.length, ...sources.flatMap(ipv6)];
    return mld(group ?? 'ff02::1', [130, 0, 0, 0, 3, 232, 0, 0, ...address, ...tail], envelope);
  }
  const address = group === null ? [0, 0, 0, 0] : ipv4(group);
  const tail = [flags, 125, 0, sources.length, ...sources.flatMap(ipv4)];
  return igmp(group ?? '224.0.0.1', [0x11, 10, 0, 0, ...address, ...tail], envelope);
}

/** A general query with `more` octets of nothing behind it. */
export function longQuery(more: number, envelope: Envelope, family: 4 | 6 = 4): Uint8Array {
  const rest = Array<number>(more).fill(0);
  if (family === 6)
    return mld('ff02::1', [130, 0, 0, 0, 3, 232, 0, 0, ...Array<number>(16).fill(0), ...rest], envelope);
  return igmp('224.0.0.1', [0x11, 10, 0, 0, 0, 0, 0, 0, ...rest], envelope);
}

/** A report of IGMPv3 that has one record and claims two. */
export function shortReport(group: string, envelope: Envelope): Uint8Array {
  return igmp('224.0.0.22', [0x22, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0, 0, ...ipv4(group)], envelope);
}

/** A PIM hello (RFC 7761, 4.9.2). */
export function pimHello(envelope: Envelope, to = '224.0.0.13'): Uint8Array {
  return inIpv4(to, envelope, 103, [0x20, 0, 0xdf, 0xff, 0, 1, 0, 2, 0, 105]);
}

/** A frame of data to a group. */
export function data(group: string, envelope: Envelope): Uint8Array {
  if (!isV6(group)) return inIpv4(group, envelope, 17, [4, 0, 0, 9, 0, 8, 0, 0]);
  const head = [0x60, 0, 0, 0, 0, 8, 59, 64, ...ipv6(envelope.ip ?? 'fe80::9'), ...ipv6(group)];
  return ethernet(groupMac(group), envelope, 0x86dd, [...head, 1, 2, 3, 4, 5, 6, 7, 8]);
}
