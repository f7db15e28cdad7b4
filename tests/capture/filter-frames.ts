/** Frames for filters: each kind that an expression can ask for, whole and cut. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCapture } from '../../src/capture/read.ts';
import type { Sample } from './tcpdump.ts';

const word = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const octets = (mac: string): number[] => mac.split(':').map((octet) => Number.parseInt(octet, 16));
const address = (text: string): number[] => text.split('.').map(Number);

const A = '02:00:00:00:00:01';
const B = '02:00:00:00:00:02';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

interface Ethernet {
  readonly dst?: string;
  readonly src?: string;
  /** TPID and TCI, outermost first. */
  readonly tags?: readonly (readonly [number, number])[];
  readonly type: number;
}

function ethernet({ dst = B, src = A, tags = [], type }: Ethernet, ...payload: (readonly number[])[]): number[] {
  const tagged = tags.flatMap(([tpid, tci]) => [...word(tpid), ...word(tci)]);
  return [...octets(dst), ...octets(src), ...tagged, ...word(type), ...payload.flat()];
}

interface Ip4 {
  readonly src?: string;
  readonly dst?: string;
  readonly options?: number;
  readonly fragment?: number;
}

function ip4(protocol: number, payload: readonly number[], given: Ip4 = {}): number[] {
  const { src = '10.0.0.1', dst = '10.0.0.2', options = 0, fragment = 0 } = given;
  const length = 20 + 4 * options + payload.length;
  return [
    ...[0x45 + options, 0, ...word(length), 0, 7, ...word(fragment), 64, protocol, 0, 0],
    ...[...address(src), ...address(dst), ...new Array<number>(4 * options).fill(1), ...payload],
  ];
}

const local = (last: number): number[] => [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
const allNodes = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

function ip6(next: number, payload: readonly number[], dst: readonly number[] = local(2)): number[] {
  return [0x60, 0, 0, 0, ...word(payload.length), next, 64, ...local(1), ...dst, ...payload];
}

const tcp = (src: number, dst: number, flags: number): number[] => [
  ...[...word(src), ...word(dst), 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 16, 0, 0, 0, 0, 0],
  ...[0x47, 0x45, 0x54, 0x20],
];
const udp = (src: number, dst: number): number[] => [...word(src), ...word(dst), 0, 12, 0, 0, 1, 2, 3, 4];
const sctp = (src: number, dst: number): number[] => [...word(src), ...word(dst), 0, 0, 0, 1, 0, 0, 0, 0];
const echo = [8, 0, 0, 0, 0, 1, 0, 1];

const arp = (operation: number, sender: string, target: string): number[] => [
  ...[0, 1, 8, 0, 6, 4, 0, operation, ...octets(A), ...address(sender)],
  ...[0, 0, 0, 0, 0, 0, ...address(target)],
];

const llc = (dsap: number, ssap: number, ...more: number[]): number[] => [dsap, ssap, 3, ...more];
const IP4 = 0x0800;
const IP6 = 0x86dd;
const VLAN_10 = [0x8100, 0xa00a] as const;
const VLAN_20 = [0x8100, 20] as const;

const whole: readonly (readonly number[])[] = [
  ethernet({ dst: BROADCAST, type: 0x0806 }, arp(1, '10.0.0.1', '10.0.0.2')),
  ethernet({ type: 0x0806 }, arp(2, '10.1.2.3', '192.168.0.1')),
  ethernet({ dst: BROADCAST, type: 0x8035 }, arp(3, '0.0.0.0', '10.0.0.1')),
  ethernet({ type: IP4 }, ip4(6, tcp(40000, 80, 2))),
  ethernet({ type: IP4, src: B, dst: A }, ip4(6, tcp(80, 40000, 0x12), { src: '10.0.0.2', dst: '10.0.0.1' })),
  ethernet({ type: IP4 }, ip4(6, tcp(443, 22, 0x11), { options: 3 })),
  ethernet({ type: IP4 }, ip4(6, tcp(80, 443, 0x18), { fragment: 0x2000 })),
  ethernet({ type: IP4 }, ip4(6, tcp(80, 80, 0x10), { fragment: 0x2003 })),
  ethernet({ type: IP4 }, ip4(17, udp(53, 5353), { src: '192.168.1.7' })),
  ethernet({ type: IP4 }, ip4(17, udp(6000, 6008), { options: 1 })),
  ethernet({ type: IP4 }, ip4(17, udp(514, 514), { fragment: 1 })),
  ethernet({ type: IP4 }, ip4(132, sctp(2905, 80))),
  ethernet({ type: IP4 }, ip4(1, echo, { dst: '10.0.0.0' })),
  ethernet(
    { type: IP4, dst: '01:00:5e:00:00:16' },
    ip4(2, [0x22, 0, 0, 0, 0, 0, 0, 0], { dst: '224.0.0.22', options: 1 }),
  ),
  ethernet({ type: IP4, dst: BROADCAST }, ip4(17, udp(68, 67), { src: '0.0.0.0', dst: '255.255.255.255' })),
  ethernet({ type: IP4 }, ip4(112, [0x31, 1, 100, 1]), ip4(103, [0x20, 0, 0, 0])),
  ethernet({ type: IP4 }, ip4(51, [6, 4, 0, 0])),
  ethernet({ type: IP4 }, ip4(50, [0, 0, 0, 1])),
  ethernet({ type: IP6 }, ip6(6, tcp(40000, 80, 2))),
  ethernet({ type: IP6 }, ip6(17, udp(53, 6004))),
  ethernet({ type: IP6 }, ip6(132, sctp(80, 2905))),
  ethernet({ type: IP6, dst: '33:33:00:00:00:01' }, ip6(58, [135, 0, 0, 0, 0, 0, 0, 0], allNodes)),
  ethernet({ type: IP6 }, ip6(44, [6, 0, 0, 1, 0, 0, 0, 9, ...tcp(80, 443, 0x10)])),
  ethernet({ type: IP6 }, ip6(0, [17, 0, 1, 4, 0, 0, 0, 0, ...udp(53, 53)])),
  ethernet({ type: IP4, tags: [VLAN_10] }, ip4(6, tcp(40000, 80, 2))),
  ethernet({ type: IP6, tags: [VLAN_10] }, ip6(17, udp(53, 80))),
  ethernet({ type: 0x0806, tags: [VLAN_20], dst: BROADCAST }, arp(1, '10.0.0.1', '10.0.0.2')),
  ethernet({ type: IP4, tags: [[0x88a8, 100], VLAN_10] }, ip4(17, udp(53, 53), { options: 2 })),
  ethernet({ type: IP4, tags: [VLAN_10, VLAN_20] }, ip4(6, tcp(22, 40000, 0x18))),
  ethernet({ type: IP4, tags: [[0x9100, 10], VLAN_20, [0x8100, 30]] }, ip4(1, echo)),
  ethernet({ type: IP4, tags: [[0x8100, 0]] }, ip4(6, tcp(1, 2, 4))),
  ethernet({ dst: '01:80:c2:00:00:00', type: 38 }, llc(0x42, 0x42, 0, 0, 2, 2), new Array<number>(40).fill(0)),
  ethernet({ type: 20 }, llc(0xaa, 0xaa, 8, 0, 7, 0x80, 0x9b), [1, 2, 3]),
  ethernet({ type: 20 }, llc(0xaa, 0xaa, 0, 0, 0, 0x80, 0xf3), [1, 2, 3]),
  ethernet({ type: 20 }, llc(0xaa, 0xaa, 0, 0, 0, 0x81, 0x37), [1, 2, 3]),
  ethernet({ type: 20 }, llc(0xfe, 0xfe, 0x83, 0x1b, 1, 0, 15)),
  ethernet({ type: 20 }, llc(0xfe, 0xfe, 0x81, 0x1b, 1, 0, 15)),
  ethernet({ type: 20 }, llc(0xf0, 0xf0, 1, 2, 3)),
  ethernet({ type: 20 }, llc(0x06, 0x06, 0x45, 0)),
  ethernet({ type: 20 }, llc(0xe0, 0xe0, 0xff, 0xff)),
  ethernet({ type: 30 }, [0xff, 0xff, 0, 30]),
  ...[0x809b, 0x80f3, 0x6003, 0x6004, 0x6007, 0x6001, 0x6002, 0x8137, 0x9000, 0x88cc, 0x8847, 0x05dc, 0x05dd].map(
    (type) => ethernet({ type }, [0xfe, 0xfe, 3, 4, 5, 6, 7, 8]),
  ),
];

/** Every frame whole. */
export const wholeFrames: readonly Sample[] = whole.map((frame) => ({
  bytes: Uint8Array.from(frame),
  length: frame.length,
}));

/** Every frame cut at every length. */
export const cutFrames: readonly Sample[] = wholeFrames.flatMap(({ bytes, length }) =>
  Array.from({ length: bytes.length }, (_, kept) => ({ bytes: bytes.subarray(0, kept), length })),
);

const CAPTURES = fileURLToPath(new URL('../../../shared/captures', import.meta.url));

/** Frames of real captures, where they are: at most 60 of each file, and of each frame 300 octets. */
export function capturedFrames(): readonly Sample[] {
  if (!existsSync(CAPTURES)) return [];
  const files = readdirSync(CAPTURES).filter((name) => /\.pcap(ng)?$/.test(name));
  return files.flatMap((name) => {
    const samples: Sample[] = [];
    const frames = readCapture(path.join(CAPTURES, name), { keepGoing: true });
    for (const { bytes, originalLength } of frames) {
      samples.push({ bytes: bytes.slice(0, 300), length: Math.max(originalLength, Math.min(bytes.length, 300)) });
      if (samples.length === 60) break;
    }
    return samples;
  });
}
