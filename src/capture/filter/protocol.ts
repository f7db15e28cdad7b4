/** How a frame shows what it carries. `tags`: octets of the tags that are stepped over. */
import { all, any, type Condition, load, not, test } from './condition.ts';
import { FilterError } from './error.ts';
import { ETHER_PROTOCOLS, IP_PROTOCOLS, ISO_PROTOCOLS } from './names.ts';

/** Above this the field behind the addresses is an EtherType, up to it a length. */
const LENGTH_MAX = 1500;
const IP4 = 0x0800;
const IP6 = 0x86dd;
const IP6_FRAGMENT = 44;
const SAP_IP = 0x06;
const SAP_ISO = 0xfe;
const SAP_IPX = 0xe0;
const SAP_NETBEUI = 0xf0;
const TYPE_IPX = 0x8137;
const TYPE_APPLETALK = 0x809b;
const TYPE_AARP = 0x80f3;

/** Protocols that are IPv4's alone as words; the others mean both. */
const OVER_IP4: ReadonlyMap<string, number> = new Map(
  Object.entries({ icmp: 1, igmp: 2, igrp: 9, vrrp: 112, carp: 112 }),
);

/** A protocol's name as a condition. */
export function checkOf(protocol: string, tags: number, column: number): Condition {
  const overIp4 = OVER_IP4.get(protocol);
  if (overIp4 !== undefined) return ip4Protocol(overIp4, tags);
  if (protocol === 'icmp6') return ip6Protocol(58, tags);
  const iso = ISO_PROTOCOLS.get(protocol);
  if (iso !== undefined) return isoProtocol(iso, tags);
  const link = ETHER_PROTOCOLS.get(protocol);
  if (link !== undefined) return linkType(link, tags);
  const over = protocol === 'sctp' ? 132 : IP_PROTOCOLS.get(protocol);
  if (over !== undefined) return any(ip4Protocol(over, tags), ip6Protocol(over, tags));
  throw new FilterError(
    column,
    `'${protocol}' alone says nothing`,
    "write 'ether host', 'ether proto', 'ether[0]' or the like",
  );
}

/** By EtherType, or by the service access point of an LLC header where `type` is at most 1500. */
export function linkType(type: number, tags: number): Condition {
  const field = load(12 + tags, 2);
  const llc = 14 + tags;
  const hasLength = not(test(field, '>', LENGTH_MAX));
  const isType = test(field, '=', type);
  switch (type) {
    case SAP_ISO:
    case SAP_IP:
    case SAP_NETBEUI:
      return all(hasLength, test(load(llc, 2), '=', type * 0x101));
    case SAP_IPX: {
      const kinds = any(snap(0, TYPE_IPX, llc), test(load(llc, 1), '=', SAP_IPX), test(load(llc, 2), '=', 0xffff));
      return any(test(field, '=', TYPE_IPX), all(hasLength, kinds));
    }
    case TYPE_APPLETALK:
      return any(isType, all(hasLength, snap(0x080007, type, llc)));
    case TYPE_AARP:
      return any(isType, all(hasLength, snap(0, type, llc)));
    default:
      return type <= LENGTH_MAX ? all(hasLength, test(load(llc, 1), '=', type)) : isType;
  }
}

/** A SNAP header: eight octets, compared from the end. */
function snap(organization: number, type: number, llc: number): Condition {
  const end = (((organization & 0xffff) << 16) | type) >>> 0;
  return all(test(load(llc + 4, 4), '=', end), test(load(llc, 4), '=', (0xaaaa0300 | (organization >> 16)) >>> 0));
}

export function ip4Protocol(protocol: number, tags: number): Condition {
  return all(linkType(IP4, tags), test(load(23 + tags, 1), '=', protocol));
}

/** In the fixed header, or behind a fragment header right after it. */
export function ip6Protocol(protocol: number, tags: number): Condition {
  const next = load(20 + tags, 1);
  const behind = all(test(next, '=', IP6_FRAGMENT), test(load(54 + tags, 1), '=', protocol));
  return all(linkType(IP6, tags), any(test(next, '=', protocol), behind));
}

export function isoProtocol(protocol: number, tags: number): Condition {
  return all(linkType(SAP_ISO, tags), test(load(17 + tags, 1), '=', protocol));
}
