/**
 * MAC and IPv4 addresses: text at this edge, numbers elsewhere.
 */
import type { Ipv4, Mac } from './model.ts';
import { Refusal } from './value.ts';

const macPattern = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i;
export const macNumberMax = 0xffff_ffff_ffff;

/** A station's address: unicast and not zero, octets separated by `:` or `-`. */
export function readMac(value: unknown): Mac {
  if (typeof value !== 'string' || !macPattern.test(value)) {
    throw new Refusal(value, 'a MAC address', 'six octets such as 00:50:56:00:00:01');
  }
  const mac = value.replaceAll('-', ':').toLowerCase();
  if (mac === '00:00:00:00:00:00') throw new Refusal(value, "a station's address", 'any unicast address but zero');
  if (Number.parseInt(mac.slice(0, 2), 16) & 1) {
    throw new Refusal(value, "a station's address", 'a unicast address: the first octet is even');
  }
  return mac;
}

/** The 48-bit number; a JavaScript number holds it exactly. */
export function macNumber(mac: Mac): number {
  return Number.parseInt(mac.replaceAll(':', ''), 16);
}

export function formatMac(number: number): Mac {
  return number
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?=.)/g, '$&:');
}

/** VMware keeps 00:50:56:00:00:00 to 00:50:56:3f:ff:ff for addresses that an administrator assigns. */
const assignedFirst = 0x0050_5600_0000;

/** Hands out that range from :00:01 on, one address a call, the same ones in every run. Skips the addresses in `given`. */
export class MacPool {
  readonly #given: ReadonlySet<Mac>;
  #number = assignedFirst;

  constructor(given: ReadonlySet<Mac>) {
    this.#given = given;
  }

  /** Never runs out: 4,194,304 addresses serve at most 20,000 vNICs, whose given addresses are as many at most. */
  next(): Mac {
    for (;;) {
      this.#number++;
      const mac = formatMac(this.#number);
      if (!this.#given.has(mac)) return mac;
    }
  }
}

const ipv4Pattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;
const ipv4Allowed = 'an IPv4 address with its prefix length, such as 10.0.0.1/24';

/** A host's address: not of class D or E, and within a prefix up to /30 neither the network's nor the broadcast address. */
export function readIpv4(value: unknown): Ipv4 {
  const parts = typeof value === 'string' ? ipv4Pattern.exec(value)?.slice(1) : undefined;
  const wellFormed = parts?.every((part, i) => String(Number(part)) === part && Number(part) <= (i < 4 ? 255 : 32));
  if (parts === undefined || !wellFormed) throw new Refusal(value, 'an IP address', ipv4Allowed);
  const [a, b, c, d, prefixLength] = parts.map(Number) as [number, number, number, number, number];
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const ip = { address, prefixLength };
  if (a === 0 || a >= 224)
    throw new Refusal(value, "a host's address", 'a unicast address, 1.0.0.0 to 223.255.255.255');
  const hostPart = address - network(ip);
  const hostPartMax = 2 ** (32 - prefixLength) - 1;
  if (prefixLength <= 30 && (hostPart === 0 || hostPart === hostPartMax)) {
    throw new Refusal(
      value,
      "a host's address",
      `it is the ${hostPart === 0 ? 'network' : 'broadcast'} address of its /${prefixLength}`,
    );
  }
  return ip;
}

const addressPattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** A 32-bit address without a prefix length, of a station: not of class D or E. */
export function readHostAddress(value: unknown): number {
  const parts = typeof value === 'string' ? addressPattern.exec(value)?.slice(1) : undefined;
  if (parts === undefined || !parts.every((part) => String(Number(part)) === part && Number(part) <= 255))
    throw new Refusal(value, 'an IP address', 'four numbers such as 10.0.0.5');
  const [a, b, c, d] = parts.map(Number) as [number, number, number, number];
  if (a === 0 || a >= 224)
    throw new Refusal(value, "a host's address", 'a unicast address, 1.0.0.0 to 223.255.255.255');
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** The address with the host bits cleared. Arithmetic, because JavaScript's shifts cannot clear 32 bits. */
export function network({ address, prefixLength }: Ipv4): number {
  const size = 2 ** (32 - prefixLength);
  return address - (address % size);
}

export function formatIpv4({ address, prefixLength }: Ipv4): string {
  return `${addressText(address)}/${prefixLength}`;
}

/** `10.0.0.1`. */
export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}
