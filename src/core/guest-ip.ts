/**
 * What a guest knows of the way to others, where it is asked for more than to answer: its prefix, its gateway, and who it has heard
 * of by ARP (RFC 826, RFC 1122 2.3.2 and 3.3.1).
 *
 * Only guests that send pings, get their address by DHCP, have a gateway or a service, or send to an address have a Stack; for all
 * others `Guest.stack` is 0 and nothing here is called. What is not in the guest's own prefix goes to the gateway; without one there is
 * no route, which is counted. Streams, pings and DHCP share the table of neighbours: one asks, all go on. A neighbour is asked for at most
 * once a second, and is known for a minute after it was last heard. The table has room for all that a guest's streams and pings may need
 * at once, up to 64 (engine/plan-guest.ts); then the one not heard for longest gives way.
 */
import { ARP_RETRY_NS, askFor, Guest, NO_ROUTE, Stream, wake } from './guest-card';
import { Ping } from './ping-state';
import { Switch } from './switch';

/** Linux keeps what it has not used for so long (gc_stale_time). */
const KNOWN_NS: u64 = 60_000_000_000;

@unmanaged
export class Stack {
  /** Addresses as they stand in a frame, loaded little-endian. */
  mask: u32;
  gateway: u32; // 0: none
  pings: u32;
  pingCount: u32;
  dhcp: u32; // address of its DhcpClient; 0: its address is its own
  listens: u32; // list of u16, as in a frame: UDP ports at which it answers
  listenCount: u32;
  neighbourCount: u32;
  neighbours: u32;
  reserved: u32;
  served: u64; // datagrams answered by its service
  noRoute: u64; // attempts to send to where there is no way
  badChecksums: u64; // datagrams and echo replies that it did not believe
}

@unmanaged
export class Neighbour {
  ip: u32; // 0: a free place
  isKnown: u32;
  mac: u64;
  heardNs: u64;
  askedNs: u64; // 0: not asked for, else one more than the time of the latest request
}

// @ts-ignore: decorator
@inline
export function stackOf(guest: Guest): Stack {
  return changetype<Stack>(<usize>guest.stack);
}

// @ts-ignore: decorator
@inline
export function pingAt(stack: Stack, i: u32): Ping {
  return changetype<Ping>(<usize>stack.pings + i * offsetof<Ping>());
}

// @ts-ignore: decorator
@inline
function neighbourAt(stack: Stack, i: u32): Neighbour {
  return changetype<Neighbour>(<usize>stack.neighbours + i * offsetof<Neighbour>());
}

/** Whom a frame for `to` goes to: `to` itself, the gateway, or NO_ROUTE. */
export function hopTo(stack: Stack, own: u32, to: u32): u32 {
  if (((own ^ to) & stack.mask) == 0) return to;
  return stack.gateway != 0 ? stack.gateway : NO_ROUTE;
}

function find(stack: Stack, ip: u32): Neighbour | null {
  for (let i: u32 = 0; i < stack.neighbourCount; i++) {
    if (neighbourAt(stack, i).ip == ip) return neighbourAt(stack, i);
  }
  return null;
}

/** A place for a neighbour that is not in the table: a free one, or that of the one not heard or asked for longest. */
function place(stack: Stack, ip: u32): Neighbour {
  let least = neighbourAt(stack, 0);
  for (let i: u32 = 0; i < stack.neighbourCount; i++) {
    const each = neighbourAt(stack, i);
    if (each.ip == 0) {
      least = each;
      break;
    }
    if (max(each.heardNs, each.askedNs) < max(least.heardNs, least.askedNs)) least = each;
  }
  least.ip = ip;
  least.isKnown = 0;
  least.heardNs = 0;
  least.askedNs = 0;
  return least;
}

/** The address of a neighbour's card; 0 when it is not known, or has not been heard for a minute. */
export function macOf(stack: Stack, ip: u32, now: u64): u64 {
  const neighbour = find(stack, ip);
  if (!neighbour || !neighbour.isKnown || now - neighbour.heardNs > KNOWN_NS) return 0;
  return neighbour.mac;
}

/** The card that a frame for a neighbour goes to; a type-2 host's own, for its own address (services.ts). */
export function cardOf(guest: Guest, ip: u32, now: u64): u64 {
  return guest.services != 0 && ip == guest.ip ? guest.mac : macOf(stackOf(guest), ip, now);
}

/** When a neighbour may be asked for again; at once if nobody has. */
export function askableNs(stack: Stack, ip: u32, now: u64): u64 {
  const neighbour = find(stack, ip);
  if (!neighbour || neighbour.askedNs == 0) return now;
  return max(now, neighbour.askedNs - 1 + ARP_RETRY_NS);
}

/** Asks for a neighbour; false when the request did not get into the ring. */
export function ask(sw: Switch, guest: Guest, ip: u32): bool {
  const stack = stackOf(guest);
  const known = find(stack, ip);
  const neighbour = known ? known : place(stack, ip);
  neighbour.askedNs = sw.now + 1;
  return askFor(sw, guest, ip);
}

/** ARP from a neighbour: remembered if the guest knows or asks for it, or is asked by it; pings that wait for it go on. */
export function hearNeighbour(sw: Switch, guest: Guest, ip: u32, mac: u64, isForUs: bool): void {
  if (ip == 0 || ip == NO_ROUTE || (mac & 1) != 0) return;
  const stack = stackOf(guest);
  const known = find(stack, ip);
  if (!known && !isForUs) return;
  const neighbour = known ? known : place(stack, ip);
  neighbour.mac = mac;
  neighbour.isKnown = 1;
  neighbour.heardNs = sw.now;
  neighbour.askedNs = 0;
  for (let i: u32 = 0; i < stack.pingCount; i++) {
    const ping = pingAt(stack, i);
    if (ping.tries == 0 || hopTo(stack, guest.ip, ping.target) != ip) continue;
    ping.tries = 0;
    ping.dueNs = sw.now;
    wake(sw, guest);
  }
}

/** The guest has just started: it knows nobody. */
export function forgetNeighbours(stack: Stack): void {
  memory.fill(<usize>stack.neighbours, 0, stack.neighbourCount * offsetof<Neighbour>());
}

/** A stream that waits for its next hop's address takes it from the table or asks; whether a request was sent. */
export function resolveStream(sw: Switch, guest: Guest, stream: Stream): bool {
  const stack = stackOf(guest);
  const hop = stream.resolve;
  if (hop == NO_ROUTE) {
    stack.noRoute++;
    return false;
  }
  const mac = cardOf(guest, hop, sw.now);
  if (mac != 0) {
    stream.resolve = 0;
    stream.dueNs = sw.now;
    store<u32>(<usize>stream.template, <u32>mac);
    store<u16>(<usize>stream.template, <u16>(mac >>> 32), 4);
    return false;
  }
  const at = askableNs(stack, hop, sw.now);
  if (at > sw.now) {
    stream.dueNs = at;
    return false;
  }
  return ask(sw, guest, hop);
}

// @ts-ignore: decorator
@inline
export function setWord(at: usize, value: u32): void {
  store<u16>(at, bswap<u16>(<u16>value));
}

// @ts-ignore: decorator
@inline
export function wordAt(at: usize): u32 {
  return bswap<u16>(load<u16>(at));
}
