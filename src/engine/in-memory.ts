/** Values as the core's memory holds them. */

export const ALL_ONES = (1n << 64n) - 1n;
/** A time that never comes. */
export const NEVER = ALL_ONES;

/** Six octets as the core has them: the first in the lowest byte. */
export function macBits(mac: string): bigint {
  return mac.split(':').reduceRight((bits, octet) => (bits << 8n) | BigInt(Number.parseInt(octet, 16)), 0n);
}

/** A 32-bit address as a little-endian load of its four bytes in a frame gives it. */
export function inFrame(ip: number): number {
  return ((ip << 24) | ((ip & 0xff00) << 8) | ((ip >>> 8) & 0xff00) | (ip >>> 24)) >>> 0;
}

/** A share of 0 to 1 as the core throws for it: so many chances in 2^32. */
export function chanceOf(share: number): bigint {
  return BigInt(Math.round(share * 2 ** 32));
}
