/** A DHCP server for tests: what it reads in a client's messages, and the answers that it writes. */
import type { CapturedFrame } from '../../src/capture/read.ts';

export const serverMac = '02:00:00:00:00:f1';
const kinds = ['', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK'];

const octets = (mac: string) => mac.split(':').map((octet) => Number.parseInt(octet, 16));
const address = (ip: string) => ip.split('.').map(Number);
const dotted = (bytes: Uint8Array) => [...bytes].join('.');

/** RFC 1071. */
export function checksum(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface Datagram {
  readonly to: string;
  readonly from?: string;
  readonly source: string;
  readonly destination: string;
  readonly ports: readonly [source: number, destination: number];
  readonly payload: readonly number[] | Uint8Array;
  /** Given: instead of the right one. */
  readonly udpSum?: number;
  readonly life?: number;
}

/** UDP over IPv4 in an Ethernet frame, with right checksums. */
export function datagram({ to, from = serverMac, source, destination, ports, payload, ...more }: Datagram): Uint8Array {
  const words = (...values: number[]) => values.flatMap((value) => [value >> 8, value & 255]);
  const length = 8 + payload.length;
  const udp = [...words(...ports, length, 0), ...payload];
  const addresses = [...address(source), ...address(destination)];
  const sum = checksum([...addresses, ...words(17, length), ...udp]) || 0xffff;
  udp.splice(6, 2, ...words(more.udpSum ?? sum));
  const header = [0x45, 0, ...words(20 + length, 0, 0x4000), more.life ?? 64, 17, 0, 0, ...addresses];
  header.splice(10, 2, ...words(checksum(header)));
  return Uint8Array.from([...octets(to), ...octets(from), 8, 0, ...header, ...udp]);
}

/** What a client said: `DISCOVER 0.0.0.0>255.255.255.255 50=10.0.0.7`, with the options that matter. */
export interface Message {
  readonly kind: string;
  readonly xid: number;
  readonly text: string;
  readonly timeNs: bigint;
  readonly options: ReadonlyMap<number, Uint8Array>;
}

/** The client's messages among frames, in order; other frames are passed over. */
export function messagesOf(frames: readonly CapturedFrame[]): Message[] {
  return frames.flatMap(({ bytes, timeNs }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length < 282 || view.getUint16(12) !== 0x0800 || view.getUint16(36) !== 67) return [];
    const options = new Map<number, Uint8Array>();
    for (let at = 282; bytes[at] !== 255; at += 2 + bytes[at + 1]!)
      options.set(bytes[at]!, bytes.subarray(at + 2, at + 2 + bytes[at + 1]!));
    const kind = kinds[options.get(53)![0]!]!;
    const ends = `${dotted(bytes.subarray(26, 30))}>${dotted(bytes.subarray(30, 34))}`;
    const own = bytes[54] === 0 ? [] : [`ciaddr=${dotted(bytes.subarray(54, 58))}`];
    const told = [50, 54].flatMap((code) => (options.has(code) ? [`${code}=${dotted(options.get(code)!)}`] : []));
    return [{ kind, xid: view.getUint32(46), text: [kind, ends, ...own, ...told].join(' '), timeNs, options }];
  });
}

export interface Answer {
  readonly kind: 'OFFER' | 'ACK' | 'NAK';
  readonly xid: number;
  /** The client's card. */
  readonly mac: string;
  readonly ip?: string;
  readonly mask?: string;
  readonly router?: string | null;
  readonly lease?: number | null;
  readonly t1?: number;
  readonly t2?: number;
  /** Send it to everybody. */
  readonly broadcast?: boolean;
  readonly udpSum?: number;
}

/** From 10.0.0.254, a server and router. */
export function answer({ kind, xid, mac, ip = '10.0.0.7', lease = 600, ...more }: Answer): Uint8Array {
  const { mask = '255.255.255.0', router = '10.0.0.254', t1, t2, broadcast = false, udpSum } = more;
  const long = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
  const option = (code: number, value: readonly number[] | null) =>
    value === null ? [] : [code, value.length, ...value];
  const given = kind === 'NAK' ? '0.0.0.0' : ip;
  const message = [
    ...[2, 1, 6, 0, ...long(xid), 0, 0, 0, 0, 0, 0, 0, 0],
    ...address(given),
    ...Array(8).fill(0),
    ...octets(mac),
    ...Array(10 + 64 + 128).fill(0),
    ...[99, 130, 83, 99],
    ...option(53, [kinds.indexOf(kind)]),
    ...[0, 0],
    ...option(54, address('10.0.0.254')),
    ...(kind === 'NAK' ? [] : option(1, address(mask))),
    ...(kind === 'NAK' ? [] : option(3, router === null ? null : address(router))),
    ...(kind === 'NAK' ? [] : option(51, lease === null ? null : long(lease))),
    ...option(58, t1 === undefined ? null : long(t1)),
    ...option(59, t2 === undefined ? null : long(t2)),
    255,
  ];
  return datagram({
    to: broadcast ? 'ff:ff:ff:ff:ff:ff' : mac,
    source: '10.0.0.254',
    destination: broadcast ? '255.255.255.255' : given,
    ports: [67, 68],
    payload: message,
    ...(udpSum !== undefined && { udpSum }),
  });
}
