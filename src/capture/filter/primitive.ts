/** An id with its qualifiers, as a condition: hosts, networks, ports and protocols. */
import { maskOf, parseIp4, parseIp6, parseMac } from './address.ts';
import { all, any, type Condition, load, masked, not, number, test, type Value } from './condition.ts';
import { FilterError } from './error.ts';
import type { Token } from './lexer.ts';
import { ETHER_PROTOCOLS, IP_PROTOCOLS, ISO_PROTOCOLS, SERVICES } from './names.ts';
import { ip4Protocol, ip6Protocol, isoProtocol, linkType } from './protocol.ts';
import type { Id, Qualifiers } from './tree.ts';

const PORT_MAX = 65_535;
const TRANSPORTS: ReadonlyMap<string, number> = new Map(Object.entries({ tcp: 6, udp: 17, sctp: 132 }));
/** In the order in which libpcap asks. */
const ANY_TRANSPORT = [132, 6, 17] as const;

/** Where IPv4 addresses are in what carries them, octets behind the Ethernet header. */
const IP4_PLACES = [
  { protocol: 'ip', type: 0x0800, src: 12, dst: 16 },
  { protocol: 'arp', type: 0x0806, src: 14, dst: 24 },
  { protocol: 'rarp', type: 0x8035, src: 14, dst: 24 },
] as const;

/** Meanings of the ids that share qualifiers; `tags`: octets of the tags that are stepped over. */
export class PrimitiveMeaning {
  private readonly qualifiers: Qualifiers;
  private readonly tags: number;

  constructor(qualifiers: Qualifiers, tags: number) {
    this.qualifiers = qualifiers;
    this.tags = tags;
  }

  /** @throws FilterError where id and qualifiers do not fit. */
  of(id: Id): Condition {
    switch (this.qualifiers.type) {
      case 'port':
      case 'portrange':
        return this.ports(id);
      case 'proto':
        return this.protocol(id);
      default:
        return this.host(id);
    }
  }

  private host({ token, bits, mask }: Id): Condition {
    const { protocol, type } = this.qualifiers;
    const isNet = type === 'net';
    if ((bits !== undefined || mask !== undefined) && !isNet)
      throw fault(token, `'${token.text}' has a mask and is no host`, `write 'net ${token.text}' and the mask`);
    if (token.kind === 'mac') return this.station(token, parseMac(token.text));
    if (token.kind === 'name')
      throw fault(
        token,
        `names such as '${token.text}' are not looked up`,
        isNet ? 'write the network' : 'write the address',
      );
    if (protocol === 'link')
      throw fault(
        token,
        `'${token.text}' is no MAC address`,
        "write one, as '02:00:00:00:00:01', or leave 'ether' out",
      );
    if (token.kind === 'ip6') return this.ip6(token, bits);
    const { address, mask: wanted } =
      token.kind === 'number' ? numberAddress(token, isNet) : ip4Network(token, bits, mask);
    const places = IP4_PLACES.filter((place) => protocol === null || protocol === place.protocol);
    if (places.length === 0)
      throw this.misplaced(token, protocol === 'ip6' ? 'an IPv6 address' : "'ip', 'arp' or 'rarp', or nothing");
    return any(
      ...places.map(({ type: etherType, src, dst }) => {
        const at = (offset: number): Condition =>
          all(linkType(etherType, this.tags), test(masked(load(14 + this.tags + offset, 4), wanted), '=', address));
        return this.directed(at(src), at(dst));
      }),
    );
  }

  private ip6(token: Token, bits = 128): Condition {
    const { protocol } = this.qualifiers;
    if (protocol !== null && protocol !== 'ip6')
      throw this.misplaced(token, protocol === 'ip' ? 'an IPv4 address' : "'ip6', or nothing");
    if (bits > 128) throw fault(token, `a mask of ${bits} bits is longer than an IPv6 address`, 'write at most 128');
    const words = parseIp6(token.text)!;
    const masks = [0, 32, 64, 96].map((from) => maskOf(bits - from));
    if (words.some((word, i) => (word & ~masks[i]!) !== 0)) throw hostBits(token, `/${bits}`);
    const at = (offset: number): Condition =>
      all(
        linkType(0x86dd, this.tags),
        ...words.map((word, i) => test(masked(load(14 + this.tags + offset + 4 * i, 4), masks[i]!), '=', word)),
      );
    return this.directed(at(8), at(24));
  }

  private station(token: Token, mac: readonly number[]): Condition {
    const { protocol, type } = this.qualifiers;
    if (protocol !== 'link' || type === 'net')
      throw fault(
        token,
        `'${token.text}' is a MAC address`,
        `write 'ether host ${token.text}', 'ether src' or 'ether dst'`,
      );
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac;
    const at = (offset: number): Condition =>
      all(
        test(load(offset + 2, 4), '=', ((c << 24) | (d << 16) | (e << 8) | f) >>> 0),
        test(load(offset, 2), '=', (a << 8) | b),
      );
    return this.directed(at(6), at(0));
  }

  private ports({ token, bits, mask }: Id): Condition {
    const { protocol, type } = this.qualifiers;
    if (protocol !== null && !TRANSPORTS.has(protocol))
      throw new FilterError(
        this.qualifiers.column,
        `'${protocol}' has no ports`,
        "write 'tcp', 'udp' or 'sctp', or nothing",
      );
    const isAddress = token.kind === 'ip4' || token.kind === 'ip6' || token.kind === 'mac';
    if (isAddress || bits !== undefined || mask !== undefined)
      throw fault(token, `'${token.text}' is an address and no port`, `write 'host', or a number behind '${type}'`);
    const { low, high, over } = this.portsOf(token);
    const transports = over === null ? ANY_TRANSPORT : [over];
    const within = (base: number, behindIp4: boolean): Condition => {
      const at = (offset: number): Condition => {
        const port: Value = { kind: 'load', size: 2, base, index: number(offset), behindIp4 };
        if (type === 'port') return test(port, '=', low);
        return all(test(port, '>=', low), not(test(port, '>', high)));
      };
      return this.directed(at(0), at(2));
    };
    const payload = 14 + this.tags;
    const ip6 = transports.map((each) => all(test(load(payload + 6, 1), '=', each), within(payload + 40, false)));
    const ip4 = transports.map((each) =>
      all(test(load(payload + 9, 1), '=', each), not(test(load(payload + 6, 2), '&', 0x1fff)), within(payload, true)),
    );
    return any(all(linkType(0x86dd, this.tags), any(...ip6)), all(linkType(0x0800, this.tags), any(...ip4)));
  }

  /** Lowest and highest port, and the only transport that they mean, if any. */
  private portsOf(token: Token): { low: number; high: number; over: number | null } {
    const { protocol, type } = this.qualifiers;
    const parts = type === 'portrange' && token.kind !== 'number' ? splitRange(token) : [token.text, token.text];
    let over = protocol === null ? null : TRANSPORTS.get(protocol)!;
    const numbers = parts.map((part) => {
      if (token.kind === 'number') return portNumber(token, token.value);
      if (/^\d+$/.test(part)) return portNumber(token, Number(part));
      const service = SERVICES.get(part);
      if (service === undefined) throw fault(token, `port '${part}' is not known by name`, 'write its number');
      const [port, transport] = service;
      if (transport === 'both') {
        if (protocol === 'sctp') throw fault(token, `port '${part}' is of tcp and udp`, 'write its number');
        return port;
      }
      if (protocol !== null && protocol !== transport)
        throw fault(token, `port '${part}' is of ${transport}`, 'write its number');
      over = TRANSPORTS.get(transport)!;
      return port;
    });
    const [first, second] = [numbers[0]!, numbers[1]!];
    return { low: Math.min(first, second), high: Math.max(first, second), over };
  }

  private protocol({ token, bits, mask }: Id): Condition {
    const { protocol } = this.qualifiers;
    const isId = token.kind === 'number' || token.kind === 'name';
    if (!isId || bits !== undefined || mask !== undefined)
      throw fault(token, `'${token.text}' is no protocol`, "write a number, or a name such as '\\tcp'");
    const value = (names: ReadonlyMap<string, number>, max: number): number => {
      const found = token.kind === 'number' ? token.value : names.get(token.text);
      if (found === undefined) throw fault(token, `protocol '${token.text}' is not known by name`, 'write its number');
      if (found > max) throw fault(token, `there is no protocol ${found}`, `write at most ${max}`);
      return found;
    };
    switch (protocol) {
      case null: {
        const over = value(IP_PROTOCOLS, 255);
        return any(ip4Protocol(over, this.tags), ip6Protocol(over, this.tags));
      }
      case 'ip':
        return ip4Protocol(value(IP_PROTOCOLS, 255), this.tags);
      case 'ip6':
        return ip6Protocol(value(IP_PROTOCOLS, 255), this.tags);
      case 'link':
        return linkType(value(ETHER_PROTOCOLS, 65_535), this.tags);
      case 'iso':
        return isoProtocol(value(ISO_PROTOCOLS, 255), this.tags);
      default:
        throw new FilterError(
          this.qualifiers.column,
          `'${protocol} proto' means nothing`,
          "write 'ether proto', 'ip proto' or 'ip6 proto'",
        );
    }
  }

  private directed(src: Condition, dst: Condition): Condition {
    switch (this.qualifiers.direction) {
      case 'src':
        return src;
      case 'dst':
        return dst;
      case 'and':
        return all(src, dst);
      default:
        return any(src, dst);
    }
  }

  private misplaced(token: Token, instead: string): FilterError {
    const { protocol } = this.qualifiers;
    return fault(token, `'${token.text}' is no address of '${protocol}'`, `write ${instead}`);
  }
}

const fault = (token: Token, what: string, remedy: string): FilterError => new FilterError(token.column, what, remedy);

const hostBits = (token: Token, mask: string): FilterError =>
  fault(token, `'${token.text}' has bits beyond its mask ${mask}`, 'set them to 0, or make the mask longer');

/** As inet_aton does not: a network's number is shifted up (`net 10`), a host's is the whole address. */
function numberAddress(token: Token, isNet: boolean): { address: number; mask: number } {
  let address = token.kind === 'number' ? token.value : 0;
  let bits = 32;
  while (isNet && address !== 0 && address < 0x1000000) {
    address *= 256;
    bits -= 8;
  }
  return { address, mask: maskOf(bits) };
}

function ip4Network(
  token: Token,
  bits: number | undefined,
  mask: Token | undefined,
): { address: number; mask: number } {
  const parsed = parseIp4(token.text);
  if (parsed === null) throw fault(token, `'${token.text}' is no IPv4 address`, 'write decimal numbers up to 255');
  const { address } = parsed;
  if (bits === undefined && mask === undefined) return { address, mask: maskOf(parsed.bits) };
  if (bits !== undefined && bits > 32)
    throw fault(token, `a mask of ${bits} bits is longer than an IPv4 address`, 'write at most 32');
  const given = mask === undefined ? maskOf(bits!) : parseIp4(mask.text)?.address;
  if (given === undefined) throw fault(mask!, `'${mask!.text}' is no mask`, 'write decimal numbers up to 255');
  if ((address & ~given) !== 0) throw hostBits(token, mask === undefined ? `/${bits}` : mask.text);
  return { address, mask: given };
}

function splitRange(token: Token): readonly string[] {
  const parts = /^(\w+)-(\w+)$/.exec(token.text)?.slice(1) ?? [];
  const names = SERVICES.has(token.text) ? [token.text, token.text] : parts;
  if (names.length === 2) return names;
  throw fault(token, `'${token.text}' is no range of ports`, "write one, as '6000-6008'");
}

function portNumber(token: Token, port: number): number {
  if (port > PORT_MAX) throw fault(token, `there is no port ${port}`, `write at most ${PORT_MAX}`);
  return port;
}
