/** IPv4 packets for tests: small descriptions, the bytes that they stand for, and what captured bytes say. */
const octets = (mac: string) => mac.split(':').map((octet) => Number.parseInt(octet, 16));
const numbers = (ip: string) => ip.split('.').map(Number);
const word = (value: number) => [(value >>> 8) & 255, value & 255];

/** RFC 1071, an odd octet followed by a zero. */
export function checksum(bytes: ArrayLike<number>, from = 0): number {
  let sum = from;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface Packet {
  readonly dst: string;
  readonly src: string;
  /** `10.0.0.1`, with UDP and TCP `10.0.0.1:53`. */
  readonly from: string;
  readonly to: string;
  readonly protocol: 'udp' | 'tcp' | 'echo' | 'reply' | 'error' | number;
  /** An ICMP error's type and code, and the packet that it quotes, as it was in a frame. */
  readonly error?: readonly [type: number, code: number];
  readonly quote?: Uint8Array;
  /** TCP's, 2 for SYN, 16 for ACK. */
  readonly flags?: number;
  readonly id?: number;
  readonly data?: readonly number[];
  readonly ttl?: number;
  /** Flags and offset. */
  readonly fragment?: number;
  readonly options?: number;
  /** UDP without a checksum. */
  readonly isUnsummed?: boolean;
}

export function packet(p: Packet): Uint8Array {
  const [fromIp = '', fromPort = '0'] = p.from.split(':');
  const [toIp = '', toPort = '0'] = p.to.split(':');
  const data = p.data ?? [];
  const number =
    typeof p.protocol === 'number' ? p.protocol : { udp: 17, tcp: 6, echo: 1, reply: 1, error: 1 }[p.protocol];
  const ports = [...word(Number(fromPort)), ...word(Number(toPort))];
  const addresses = [...numbers(fromIp), ...numbers(toIp)];
  let payload: number[] = [...data];
  let sumAt = -1;
  let pseudo: number[] = [];
  if (number === 17) {
    payload = [...ports, ...word(8 + data.length), 0, 0, ...data];
    sumAt = p.isUnsummed ? -1 : 6;
    pseudo = [...addresses, 0, 17, ...word(payload.length)];
  } else if (number === 6) {
    payload = [...ports, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, p.flags ?? 2, 0x10, 0, 0, 0, 0, 0, ...data];
    sumAt = 16;
    pseudo = [...addresses, 0, 6, ...word(payload.length)];
  } else if (p.protocol === 'error') {
    payload = [...p.error!, 0, 0, 0, 0, 5, 220, ...p.quote!.slice(14)];
    sumAt = 2;
  } else if (number === 1) {
    payload = [p.protocol === 'reply' ? 0 : 8, 0, 0, 0, ...word(p.id ?? 1), 0, 1, ...data];
    sumAt = 2;
  }
  if (sumAt >= 0) {
    const sum = checksum([...pseudo, ...payload]);
    payload.splice(sumAt, 2, ...word(number === 17 && sum === 0 ? 0xffff : sum));
  }
  const bytes = 20 + (p.options ?? 0);
  const head = [0x40 | (bytes / 4), 0, ...word(bytes + payload.length), 0, 1, ...word(p.fragment ?? 0)];
  const header = [...head, p.ttl ?? 64, number, 0, 0, ...addresses, ...Array(p.options ?? 0).fill(1)];
  header.splice(10, 2, ...word(checksum(header)));
  return Uint8Array.from([...octets(p.dst), ...octets(p.src), 8, 0, ...header, ...payload]);
}

const mac = (bytes: Uint8Array) => [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join(':');

/** `udp 10.0.0.1:5 > 10.0.0.2:6`, `echo 10.0.0.1 > 10.0.0.2 id 7`; `arp` and the like for what is no IPv4. */
export function told(frame: Uint8Array): string {
  const quote = quoteOf(frame);
  if (quote !== null) return `${toldPacket(frame)} about ${toldPacket(quote)}`;
  return toldPacket(frame);
}

/** What an ICMP error quotes, as if it were in a frame; null where there is none. */
export function quoteOf(frame: Uint8Array): Uint8Array | null {
  const at = 14 + (frame[14]! & 15) * 4;
  const isError = frame[12] === 8 && frame[13] === 0 && frame[23] === 1 && [3, 11, 12].includes(frame[at]!);
  return isError ? Uint8Array.from([...frame.slice(0, 14), ...frame.slice(at + 8)]) : null;
}

function toldPacket(frame: Uint8Array): string {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const type = view.getUint16(12);
  if (type === 0x0806)
    return `arp ${['', 'who has', 'tell'][view.getUint16(20)]} ${[...frame.slice(38, 42)].join('.')}`;
  if (type !== 0x0800) return `type ${type.toString(16)}`;
  const at = 14 + (frame[14]! & 15) * 4;
  const [from, to] = [[...frame.slice(26, 30)].join('.'), [...frame.slice(30, 34)].join('.')];
  const protocol = frame[23]!;
  if (protocol === 1 && [3, 11, 12].includes(frame[at]!)) return `error ${frame[at]}/${frame[at + 1]} ${from} > ${to}`;
  if ((view.getUint16(20) & 0x1fff) !== 0) return `fragment ${from} > ${to}`;
  if (protocol === 1) return `${frame[at] === 8 ? 'echo' : 'reply'} ${from} > ${to} id ${view.getUint16(at + 4)}`;
  const name = { 6: 'tcp', 17: 'udp' }[protocol] ?? `protocol ${protocol}`;
  return `${name} ${from}:${view.getUint16(at)} > ${to}:${view.getUint16(at + 2)}`;
}

export function macs(frame: Uint8Array): string {
  return `${mac(frame.slice(6, 12))} > ${mac(frame.slice(0, 6))}`;
}

/** What is wrong with the packet's lengths and checksums; empty when nothing is. */
export function wrong(frame: Uint8Array): string[] {
  if (frame.length < 14 + 28) return ['cut short'];
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (view.getUint16(12) !== 0x0800) return [];
  const at = 14 + (frame[14]! & 15) * 4;
  const total = view.getUint16(16);
  const found: string[] = [];
  if (14 + total > frame.length) found.push('cut short');
  if (checksum(frame.slice(14, at)) !== 0) found.push('header checksum');
  const payload = frame.slice(at, 14 + total);
  const protocol = frame[23]!;
  const pseudo = [...frame.slice(26, 34), 0, protocol, ...word(payload.length)];
  const isUnsummed = protocol === 17 && view.getUint16(at + 6) === 0;
  const sum = protocol === 1 ? checksum(payload) : checksum([...pseudo, ...payload]);
  const isPart = (view.getUint16(20) & 0x3fff) !== 0;
  if ([1, 6, 17].includes(protocol) && !isUnsummed && !isPart && sum !== 0) found.push('checksum');
  const quote = quoteOf(frame);
  // A quoted packet may be cut, and then only its header can be told right.
  const inner = quote === null ? [] : wrong(quote);
  if (!inner.includes('cut short')) found.push(...inner.map((each) => `quoted ${each}`));
  else if (inner.includes('header checksum')) found.push('quoted header checksum');
  return found;
}
