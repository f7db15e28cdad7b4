/** Frames for random tests: a small description, so that a failure is readable, and the bytes that it stands for. */

export interface FrameSpec {
  readonly dst: string;
  readonly src: string;
  /** TCIs of the tags, outermost first. */
  readonly tags: readonly number[];
  /** The outermost tag is a service provider's, EtherType 88a8. */
  readonly isService?: boolean;
  readonly payload: 'ip' | 'arp request' | 'gratuitous request' | 'arp reply' | 'arp other' | 'rarp';
  /** Bytes in all, cut or padded to this; 0 stands for an empty frame, absent for the payload's own length. */
  readonly length?: number;
}

const etherTypes = { ip: 0x0800, rarp: 0x8035, arp: 0x0806 } as const;
const arpOperations = { 'arp request': 1, 'gratuitous request': 1, 'arp reply': 2, 'arp other': 7, rarp: 3 } as const;

const octets = (mac: string): number[] => mac.split(':').map((octet) => Number.parseInt(octet, 16));
const word = (value: number): number[] => [value >> 8, value & 0xff];

/** The frame, with `id` in its padding or payload so that no two are alike where there is room. */
export function frameOf({ dst, src, tags, isService = false, payload, length }: FrameSpec, id: number): Uint8Array {
  const etherType = payload === 'ip' || payload === 'rarp' ? etherTypes[payload] : etherTypes.arp;
  const head = [
    ...octets(dst),
    ...octets(src),
    ...tags.flatMap((tci, i) => [...word(isService && i === 0 ? 0x88a8 : 0x8100), ...word(tci)]),
    ...word(etherType),
  ];
  const body = payload === 'ip' ? [] : arp(payload, src);
  const whole = [...head, ...body, ...word(id >>> 16), ...word(id & 0xffff)];
  const bytes = new Uint8Array(length ?? whole.length);
  bytes.set(whole.slice(0, bytes.length));
  return bytes;
}

function arp(payload: Exclude<FrameSpec['payload'], 'ip'>, src: string): number[] {
  const sender = [10, 0, 0, 1];
  const target = payload === 'gratuitous request' ? sender : [10, 0, 0, 2];
  const header = [...word(1), ...word(0x0800), 6, 4, ...word(arpOperations[payload])];
  return [...header, ...octets(src), ...sender, 0, 0, 0, 0, 0, 0, ...target];
}
