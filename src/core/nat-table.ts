/**
 * The NAT's mappings: which address and port inside stands behind which port of the host (RFC 4787: endpoint-independent, so one for all
 * whom an inside port talks to, and whoever sends to the outside port gets through).
 *
 * Mapping i has outside port PORT_FIRST + i for its life, so a frame from outside finds its mapping by its port alone. Behind the dynamic
 * ones stand the port forwards, which have ports of their own and no end. From inside a mapping is found by a hash of protocol, segment,
 * address and port:
 *
 *     buckets: u16[BUCKETS], 1 + place of the first of a chain; Mapping.next: 1 + place of the next
 *
 * Ports are given in turn, so that one that has just become free is the last to be given again. What has run out stays in its chain until
 * its place is needed.
 */
export const MAPPINGS: u32 = 1024;
export const PORT_FIRST: u32 = 49152;
export const BUCKETS: u32 = 2048;
export const FORWARDS_MAX: u32 = 64;

export const ICMP: u32 = 1;
export const TCP: u32 = 6;
export const UDP: u32 = 17;

const SECOND: u64 = 1_000_000_000;
/** RFC 4787, REQ-5; RFC 5508, REQ-2; RFC 5382, REQ-5. */
const UDP_NS: u64 = 300 * SECOND;
const ICMP_NS: u64 = 60 * SECOND;
const TCP_ESTABLISHED_NS: u64 = 7440 * SECOND;
const TCP_TRANSITORY_NS: u64 = 240 * SECOND;

const FIN: u32 = 1;
const SYN: u32 = 2;
const RST: u32 = 4;
const ACK: u32 = 16;
/** Of Mapping.state: somebody outside has acknowledged; each side has sent its last, or one has reset it (RFC 6146, 3.5.2). */
const ANSWERED: u8 = 1;
const ENDED_INSIDE: u8 = 2;
const ENDED_OUTSIDE: u8 = 4;
const ENDED: u8 = ENDED_INSIDE | ENDED_OUTSIDE;

@unmanaged
export class Mapping {
  ip: u32; // inside, as in a frame
  port: u16; // the same; of ICMP the query's id
  next: u16;
  segment: u32;
  protocol: u8;
  state: u8;
  outsidePort: u16; // as in a frame
  endNs: u64; // 0: never used; u64.MAX_VALUE: a port forward
}

// @ts-ignore: decorator
@inline
export function mappingAt(mappings: u32, i: u32): Mapping {
  return changetype<Mapping>(<usize>mappings + <usize>i * offsetof<Mapping>());
}

// @ts-ignore: decorator
@inline
function bucketOf(buckets: u32, protocol: u32, segment: u32, ip: u32, port: u32): usize {
  const mixed = (ip ^ ((port << 16) | (protocol << 8)) ^ (segment * 0x85ebca6b)) * 0x9e3779b1;
  return <usize>buckets + (<usize>(mixed >>> 21) << 1);
}

/** The mapping of an inside port, whether it has run out or not; null when there is none. */
export function find(mappings: u32, buckets: u32, protocol: u32, segment: u32, ip: u32, port: u32): Mapping | null {
  let next = <u32>load<u16>(bucketOf(buckets, protocol, segment, ip, port));
  for (let i: u32 = 0; next != 0 && i < MAPPINGS + FORWARDS_MAX; i++) {
    const mapping = mappingAt(mappings, next - 1);
    const isIt = mapping.ip == ip && <u32>mapping.port == port && <u32>mapping.protocol == protocol;
    if (isIt && mapping.segment == segment) return mapping;
    next = mapping.next;
  }
  return null;
}

/** Puts mapping `i` into its chain. */
export function link(mappings: u32, buckets: u32, i: u32): void {
  const mapping = mappingAt(mappings, i);
  const bucket = bucketOf(buckets, mapping.protocol, mapping.segment, mapping.ip, mapping.port);
  mapping.next = load<u16>(bucket);
  store<u16>(bucket, <u16>(i + 1));
}

function unlink(mappings: u32, buckets: u32, i: u32): void {
  const mapping = mappingAt(mappings, i);
  let at = bucketOf(buckets, mapping.protocol, mapping.segment, mapping.ip, mapping.port);
  for (let n: u32 = 0; n < MAPPINGS + FORWARDS_MAX; n++) {
    const next = <u32>load<u16>(at);
    if (next == 0) return;
    const here = mappingAt(mappings, next - 1);
    if (next == i + 1) {
      store<u16>(at, here.next);
      return;
    }
    at = changetype<usize>(here) + offsetof<Mapping>('next');
  }
}

/** The place that is given next, from `cursor` on: one never used or run out. MAPPINGS when all are in use. */
export function freePlace(mappings: u32, cursor: u32, now: u64): u32 {
  for (let n: u32 = 0; n < MAPPINGS; n++) {
    const i = (cursor + n) & (MAPPINGS - 1);
    if (mappingAt(mappings, i).endNs <= now) return i;
  }
  return MAPPINGS;
}

/** When the first of them runs out, ns. */
export function firstEnd(mappings: u32): u64 {
  let first = u64.MAX_VALUE;
  for (let i: u32 = 0; i < MAPPINGS; i++) first = min(first, mappingAt(mappings, i).endNs);
  return first;
}

/** Mapping `i` is of this inside port from now on. */
export function give(mappings: u32, buckets: u32, i: u32, protocol: u32, segment: u32, ip: u32, port: u32): Mapping {
  const mapping = mappingAt(mappings, i);
  // Also one that was never used: a worker that died after `link` has left it in its chain.
  unlink(mappings, buckets, i);
  mapping.ip = ip;
  mapping.port = <u16>port;
  mapping.segment = segment;
  mapping.protocol = <u8>protocol;
  mapping.state = 0;
  mapping.outsidePort = bswap<u16>(<u16>(PORT_FIRST + i));
  link(mappings, buckets, i);
  return mapping;
}

/** A frame went through; `flags` are TCP's. What comes in keeps a TCP connection alive only (RFC 4787, REQ-6: outbound refresh). */
export function refresh(mapping: Mapping, flags: u32, isOut: bool, now: u64): void {
  if (mapping.endNs == u64.MAX_VALUE) return;
  if (mapping.protocol != TCP) {
    if (isOut) mapping.endNs = now + (mapping.protocol == UDP ? UDP_NS : ICMP_NS);
    return;
  }
  if (mapping.endNs <= now) mapping.state = 0;
  if ((flags & (SYN | ACK)) == SYN) mapping.state &= ~ENDED;
  if ((flags & FIN) != 0) mapping.state |= isOut ? ENDED_INSIDE : ENDED_OUTSIDE;
  if ((flags & RST) != 0) mapping.state |= ENDED;
  if (!isOut && (flags & ACK) != 0) mapping.state |= ANSWERED;
  const isEstablished = (mapping.state & ANSWERED) != 0 && (mapping.state & ENDED) != ENDED;
  mapping.endNs = now + (isEstablished ? TCP_ESTABLISHED_NS : TCP_TRANSITORY_NS);
}
