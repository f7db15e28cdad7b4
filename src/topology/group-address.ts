/** Addresses of groups: text at this edge, 128 bits elsewhere. */
import type { GroupAddress } from './multicast-model.ts';
import { Refusal } from './value.ts';

const ipv4Pattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const allowed = 'a group such as 239.1.1.1 or ff15::1';
const mappedPrefix = 0xffffn << 32n;
const word = 0xffffn;

/** The 32 bits of `10.0.0.1`, or null. */
export function ipv4Number(text: string): number | null {
  const parts = ipv4Pattern.exec(text)?.slice(1);
  if (!parts?.every((part) => String(Number(part)) === part && Number(part) <= 255)) return null;
  return parts.reduce((bits, part) => bits * 256 + Number(part), 0);
}

/** 128 bits of an IPv6 address in any spelling without zone or embedded IPv4; null for anything else. */
function ipv6Number(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const words = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (words.flat().some((part) => !/^[0-9a-f]{1,4}$/i.test(part))) return null;
  const missing = 8 - words.flat().length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = halves.length === 1 ? words[0]! : [...words[0]!, ...Array<string>(missing).fill('0'), ...words[1]!];
  return all.reduce((bits, part) => (bits << 16n) | BigInt(Number.parseInt(part, 16)), 0n);
}

/** The 128 bits of a group, an IPv4 one as `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2); null for what is no address. */
export function groupNumber(text: string): bigint | null {
  const ipv4 = ipv4Number(text);
  return ipv4 === null ? ipv6Number(text) : mappedPrefix | BigInt(ipv4);
}

export function isIpv4Group(number: bigint): boolean {
  return number >> 32n === 0xffffn;
}

/** Whether an address is a group's at all, joined or not. */
export function isMulticast(number: bigint): boolean {
  return isIpv4Group(number) ? Number(number & 0xffff_ffffn) >>> 28 === 14 : number >> 120n === 0xffn;
}

/** As RFC 5952, 4 writes it: lower case, the longest run of zeros left out. */
export function groupText(number: bigint): GroupAddress {
  if (isIpv4Group(number)) return [24n, 16n, 8n, 0n].map((shift) => Number((number >> shift) & 255n)).join('.');
  const words = Array.from({ length: 8 }, (_, i) => Number((number >> BigInt(112 - 16 * i)) & word));
  const texts = words.map((each) => each.toString(16));
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && words[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  if (best.length === 1) return texts.join(':');
  return `${texts.slice(0, best.at).join(':')}::${texts.slice(best.at + best.length).join(':')}`;
}

/** A group that can be joined: none of 224.0.0.0/24 and ff02::1, which all hosts of a link get (RFC 4541, 2.1.2). */
export function readGroup(value: unknown): GroupAddress {
  const number = typeof value === 'string' ? groupNumber(value) : null;
  if (number === null) throw new Refusal(value, "a group's address", allowed);
  if (isIpv4Group(number)) {
    const ip = Number(number & 0xffff_ffffn);
    if (ip >>> 28 !== 14) throw new Refusal(value, 'a group', '224.0.1.0 to 239.255.255.255, such as 239.1.1.1');
    if (ip >>> 8 === 0xe00000)
      throw new Refusal(value, 'a group to join', '224.0.0.0/24 goes to all on a link; such as 239.1.1.1');
    return groupText(number);
  }
  const scope = Number((number >> 112n) & 15n);
  if (number >> 120n !== 0xffn || scope < 2)
    throw new Refusal(value, 'a group', 'ff02:: to ffff::, of a scope above 1, such as ff15::1');
  if (number === (0xff02n << 112n) + 1n)
    throw new Refusal(value, 'a group to join', 'ff02::1 goes to all on a link; such as ff15::1');
  return groupText(number);
}
