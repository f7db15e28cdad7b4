/** Values as the core's memory holds them. */

/** Addresses of uplinks and physical ports: locally administered, `02:76:73` and 24 bits of switch and port. */
const HARDWARE = 0x027673;
const PORT_BITS = 11;

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

/** The address of a port that has no guest. */
export function hardwareMac(switchNumber: number, portNumber: number): string {
  const number = BigInt(HARDWARE) * 2n ** 24n + BigInt(switchNumber) * 2n ** BigInt(PORT_BITS) + BigInt(portNumber);
  return number.toString(16).padStart(12, '0').match(/../g)!.join(':');
}
