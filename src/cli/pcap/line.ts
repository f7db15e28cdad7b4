/** A frame in one line: `0.000004136  esx1/vmnic0 out  #1000000000005  00:50:… > ff:ff:…  VLAN 10  ARP  64`. */
import type { CapturedDrop, CapturedFrame } from '../../capture/frame.ts';
import { LINKTYPE_ETHERNET, linkTypeName } from '../../capture/linktype.ts';
import { plain, verdictOf } from './info.ts';
import { seconds } from './time.ts';

const ETHERTYPES: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x8035, 'RARP'],
  [0x86dd, 'IPv6'],
  [0x8809, 'LACP'],
  [0x88cc, 'LLDP'],
  [0x8922, 'beacon'],
]);
const TAGS: ReadonlyMap<number, string> = new Map([
  [0x8100, 'VLAN'],
  [0x88a8, 'S-VLAN'],
]);
const ETHERTYPE_MIN = 0x0600;

export interface Headers {
  readonly source: string | null;
  readonly destination: string | null;
  /** `VLAN 10`, outermost first. */
  readonly tags: readonly string[];
  readonly type: string;
}

/** What the Ethernet header says. */
export function headersOf({ bytes, interface: { linkType } }: CapturedFrame): Headers {
  const none = { source: null, destination: null, tags: [] };
  if (linkType !== LINKTYPE_ETHERNET) return { ...none, type: linkTypeName(linkType) };
  if (bytes.length < 14) return { ...none, type: 'cut' };
  const u16 = (at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
  const tags: string[] = [];
  let at = 12;
  for (; at + 6 <= bytes.length; at += 4) {
    const name = TAGS.get(u16(at));
    if (name === undefined) break;
    tags.push(`${name} ${u16(at + 2) & 0xfff}`);
  }
  const type = u16(at);
  const named = type < ETHERTYPE_MIN ? 'LLC' : (ETHERTYPES.get(type) ?? `0x${type.toString(16).padStart(4, '0')}`);
  return { source: mac(bytes, 6), destination: mac(bytes, 0), tags, type: named };
}

/** `DROP deja_vu (R7) at vmnic1`. */
export function dropWords({ verdict: number, port, owner, pin }: CapturedDrop): string {
  const { verdict, rule } = verdictOf(number);
  const more = [
    ...(port === null ? [] : [`at ${plain(port)}`]),
    ...(owner === null ? [] : [`source is ${plain(owner)}`]),
    ...(pin === null ? [] : [`expected ${plain(pin)}`]),
  ];
  return `DROP ${verdict}${rule === null ? '' : ` (${rule})`}${more.length === 0 ? '' : ` ${more.join(', ')}`}`;
}

/** `timeNs` counts from where the listing does. */
export function frameLine(frame: CapturedFrame, timeNs: bigint): string {
  const { direction, packetId, originalLength, bytes, drop, comment } = frame;
  const { source, destination, tags, type } = headersOf(frame);
  const length = bytes.length < originalLength ? `${bytes.length} of ${originalLength}` : String(originalLength);
  return [
    seconds(timeNs),
    `${plain(frame.interface.name ?? `interface ${frame.interface.id}`)}${direction === null ? '' : ` ${direction}`}`,
    ...(packetId === null ? [] : [`#${packetId}`]),
    ...(source === null ? [] : [`${source} > ${destination}`]),
    ...tags,
    type,
    length,
    ...(drop === null ? (comment === null ? [] : [`"${plain(comment)}"`]) : [dropWords(drop)]),
  ].join('  ');
}

function mac(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (octet) => octet.toString(16).padStart(2, '0')).join(':');
}
