/**
 * A guest's DHCP client (RFC 2131, options of RFC 2132): where its address, prefix and gateway come from.
 *
 *     INIT -DISCOVER-> SELECTING -OFFER/REQUEST-> REQUESTING -ACK-> BOUND -T1-> RENEWING -T2-> REBINDING -end of lease-> INIT
 *
 * The first offer is taken. What is not answered is sent again after 4, 8, 16, 32 and then every 64 s (RFC 2131 4.1, without the random
 * second, so that a run gives the same bytes); a request four times, then all begins anew. A lease is renewed at T1 by unicast to the
 * server and from T2 by broadcast, each again after half of what is left, at least a minute (4.4.5). A NAK takes the address away: a
 * renewal begins anew at once, else 4 s later, for a server that refuses what it offers would be asked without end at one instant.
 * Who starts, or gets its link back, begins anew and asks for the address it had last.
 *
 * Not there: DECLINE after a probe by ARP (4.4.1), RELEASE, INFORM, INIT-REBOOT, options that go on in `sname` and `file`.
 */
import { setHeaderSum, setUdpSum } from './checksum';
import { bytesOf, HEADER_BYTES } from './frame';
import {
  ARP_RETRY_NS, Guest, HAS_IPV6, IPV4_BROADCAST, IPV4_DESTINATION_AT, IPV4_SOURCE_AT, isGroup, MAC_MASK, NO_ROUTE, ON_LINK,
  setMacs, streamAt, takeFor, transmit, TYPE_IPV4, UNBOUND, wake,
} from './guest-card';
import { ask, askableNs, forgetNeighbours, hopTo, macOf, setWord, Stack, stackOf } from './guest-ip';
import { goOnPinging } from './ping';
import { Port } from './port';
import { Switch } from './switch';

export const DHCP_INIT: u32 = 0;
export const DHCP_SELECTING: u32 = 1;
export const DHCP_REQUESTING: u32 = 2;
export const DHCP_BOUND: u32 = 3;
export const DHCP_RENEWING: u32 = 4;
export const DHCP_REBINDING: u32 = 5;

const NEVER: u64 = u64.MAX_VALUE;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const BACKOFF_SECONDS: u64 = 4;
const BACKOFF_MOST: u32 = 4; // doublings: 64 s
const REQUESTS_MOST: u32 = 4;
const LEASE_INFINITE: u32 = 0xffffffff;

const CLIENT_PORT: u32 = 68;
const SERVER_PORT: u32 = 67;
const IP_AT: u32 = 14;
const UDP_AT: u32 = 34;
const BOOTP_AT: u32 = 42;
const OPTIONS_AT: u32 = 240; // behind the magic cookie
const MESSAGE_BYTES: u32 = 300; // the least a BOOTP relay takes (RFC 1542 2.1)
const FRAME_BYTES: u32 = BOOTP_AT + MESSAGE_BYTES;
const COOKIE: u32 = 0x63538263; // 99.130.83.99

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;

@unmanaged
export class DhcpClient {
  state: u32;
  xid: u32; // of the transaction in hand; one more for each, from the seed
  tries: u32;
  isAsking: u32; // 1: waits for ARP of the way to its server
  /** Addresses as in a frame. */
  address: u32; // offered, leased, or had last; 0: none
  server: u32;
  leaseSeconds: u32; // LEASE_INFINITE: for good
  reserved: u32;
  beganNs: u64; // the transaction
  dueNs: u64; // what it does next of itself
  t1Ns: u64;
  t2Ns: u64;
  endNs: u64;
  discovers: u64; // sent
  requests: u64; // sent, renewals among them
  offers: u64; // taken
  acks: u64;
  naks: u64;
}

// @ts-ignore: decorator
@inline
function clientOf(stack: Stack): DhcpClient {
  return changetype<DhcpClient>(<usize>stack.dhcp);
}

/** When the client next does something of itself, ns. Only the first DISCOVER is no timer that comes again and again. */
export function nextDhcp(guest: Guest, stack: Stack, withPeriodic: bool): u64 {
  const client = clientOf(stack);
  if (!changetype<Port>(<usize>guest.port).linkUp) return NEVER;
  return withPeriodic || (client.state == DHCP_INIT && client.tries == 0) ? client.dueNs : NEVER;
}

/** Does what is due; whether a frame was sent. */
export function runDhcp(sw: Switch, guest: Guest, stack: Stack): bool {
  const client = clientOf(stack);
  if (client.dueNs > sw.now || !changetype<Port>(<usize>guest.port).linkUp) return false;
  if (client.state == DHCP_REQUESTING && client.tries == REQUESTS_MOST) client.state = DHCP_INIT;
  if ((client.state == DHCP_RENEWING || client.state == DHCP_BOUND) && sw.now >= client.t2Ns) client.state = DHCP_REBINDING;
  if (client.state == DHCP_REBINDING && sw.now >= client.endNs) lose(guest, stack, client);
  if (client.state == DHCP_INIT) {
    openTransaction(sw, client);
    client.state = DHCP_SELECTING;
  } else if (client.state == DHCP_BOUND) {
    openTransaction(sw, client);
    client.state = DHCP_RENEWING;
  }
  if (client.state == DHCP_RENEWING) return renew(sw, guest, stack, client);
  if (client.state == DHCP_REBINDING) {
    client.dueNs = again(sw.now, client.endNs);
    return send(sw, guest, client, REQUEST, MAC_MASK, IPV4_BROADCAST);
  }
  client.dueNs = sw.now + (BACKOFF_SECONDS << <u64>min(client.tries, BACKOFF_MOST)) * SECOND;
  client.tries++;
  return send(sw, guest, client, client.state == DHCP_SELECTING ? DISCOVER : REQUEST, MAC_MASK, IPV4_BROADCAST);
}

function openTransaction(sw: Switch, client: DhcpClient): void {
  client.xid++;
  client.tries = 0;
  client.beganNs = sw.now;
}

/** Half of what is left until `end`, at least a minute, and not behind it (RFC 2131 4.4.5). */
function again(now: u64, end: u64): u64 {
  return min(end, now + max((end - now) >>> 1, MINUTE));
}

/** Asks the server itself for more time, once the way to it is known. */
function renew(sw: Switch, guest: Guest, stack: Stack, client: DhcpClient): bool {
  const hop = hopTo(stack, guest.ip, client.server);
  const mac = hop == NO_ROUTE ? 0 : macOf(stack, hop, sw.now);
  client.isAsking = 0;
  if (mac != 0 || hop == NO_ROUTE) {
    client.dueNs = again(sw.now, client.t2Ns);
    return mac != 0 && send(sw, guest, client, REQUEST, mac, client.server);
  }
  client.isAsking = 1;
  const at = askableNs(stack, hop, sw.now);
  client.dueNs = min(client.t2Ns, at > sw.now ? at : sw.now + ARP_RETRY_NS);
  return at <= sw.now && ask(sw, guest, hop);
}

/** A neighbour was heard by ARP: if it is the way to the server, that is asked now. */
export function hearHop(sw: Switch, guest: Guest, stack: Stack, ip: u32): void {
  const client = clientOf(stack);
  if (!client.isAsking || client.state != DHCP_RENEWING || hopTo(stack, guest.ip, client.server) != ip) return;
  client.dueNs = sw.now;
  wake(sw, guest);
}

function send(sw: Switch, guest: Guest, client: DhcpClient, kind: u8, mac: u64, to: u32): bool {
  const slot = takeFor(sw, guest, FRAME_BYTES);
  if (slot == 0) return false;
  const bytes = slot + HEADER_BYTES;
  memory.fill(bytes, 0, FRAME_BYTES);
  setMacs(bytes, mac, guest.mac);
  store<u16>(bytes, <u16>TYPE_IPV4, 12);
  store<u8>(bytes, 0x45, IP_AT);
  setWord(bytes + IP_AT + 2, FRAME_BYTES - IP_AT);
  store<u8>(bytes, 64, 22);
  store<u8>(bytes, 17, 23);
  store<u32>(bytes, guest.ip, IPV4_SOURCE_AT);
  store<u32>(bytes, to, IPV4_DESTINATION_AT);
  setHeaderSum(bytes + IP_AT);
  setWord(bytes + UDP_AT, CLIENT_PORT);
  setWord(bytes + UDP_AT + 2, SERVER_PORT);
  setWord(bytes + UDP_AT + 4, 8 + MESSAGE_BYTES);
  writeMessage(bytes + BOOTP_AT, guest, client, kind, sw.now);
  setUdpSum(bytes + IP_AT, 8 + MESSAGE_BYTES);
  if (kind == DISCOVER) client.discovers++;
  else client.requests++;
  return transmit(sw, guest, slot, FRAME_BYTES);
}

function writeMessage(at: usize, guest: Guest, client: DhcpClient, kind: u8, now: u64): void {
  store<u32>(at, 0x0006_0101); // BOOTREQUEST, Ethernet, six octets, no hops
  store<u32>(at, bswap<u32>(client.xid), 4);
  setWord(at + 8, <u32>min<u64>((now - client.beganNs) / SECOND, 0xffff));
  store<u32>(at, guest.ip, 12);
  store<u64>(at, guest.mac, 28);
  store<u32>(at, COOKIE, 236);
  let option = at + OPTIONS_AT;
  option = putByte(option, 53, kind);
  // The client's identifier: its card.
  store<u16>(option, 0x073d);
  store<u8>(option, 1, 2);
  store<u64>(option, guest.mac, 3);
  option += 9;
  if (guest.ip == 0 && client.address != 0) option = putAddress(option, 50, client.address);
  if (client.state == DHCP_REQUESTING) option = putAddress(option, 54, client.server);
  // What it wants to know: subnet mask, router, name servers, lease, T1, T2.
  store<u16>(option, 0x0637);
  store<u32>(option, 0x3306_0301, 2);
  store<u16>(option, 0x3b3a, 6);
  store<u8>(option, 255, 8);
}

// @ts-ignore: decorator
@inline
function putByte(at: usize, code: u8, value: u8): usize {
  store<u8>(at, code);
  store<u8>(at, 1, 1);
  store<u8>(at, value, 2);
  return at + 3;
}

// @ts-ignore: decorator
@inline
function putAddress(at: usize, code: u8, value: u32): usize {
  store<u8>(at, code);
  store<u8>(at, 4, 1);
  store<u32>(at, value, 2);
  return at + 6;
}

/** Where an option's value stands, if it has at least `bytes` octets; 0: it is not there. */
function find(message: usize, end: usize, code: u8, bytes: u8): usize {
  let at = message + OPTIONS_AT;
  while (at + 1 < end) {
    const found = load<u8>(at);
    if (found == 255) break;
    if (found == 0) {
      at++;
      continue;
    }
    const length = load<u8>(at, 1);
    if (at + 2 + length > end) break;
    if (found == code) return length >= bytes ? at + 2 : 0;
    at += 2 + length;
  }
  return 0;
}

function addressIn(message: usize, end: usize, code: u8): u32 {
  const at = find(message, end, code, 4);
  return at == 0 ? 0 : load<u32>(at);
}

/** A datagram to the client's port, `length` with the UDP header; true when the guest has sent something for it. */
export function hearDhcp(sw: Switch, guest: Guest, stack: Stack, descriptor: u64, udpAt: u32, length: u32): bool {
  const client = clientOf(stack);
  const message = bytesOf(descriptor) + udpAt + 8;
  const end = message + length - 8;
  if (length < 8 + OPTIONS_AT || load<u8>(message) != 2 || load<u32>(message, 236) != COOKIE) return false;
  if (bswap<u32>(load<u32>(message, 4)) != client.xid || (load<u64>(message, 28) & MAC_MASK) != guest.mac) return false;
  const kindAt = find(message, end, 53, 1);
  const kind: u8 = kindAt == 0 ? 0 : load<u8>(kindAt);
  const offered = load<u32>(message, 16);
  if (kind == OFFER && client.state == DHCP_SELECTING && isUsable(offered)) {
    client.offers++;
    client.address = offered;
    client.server = addressIn(message, end, 54);
    client.state = DHCP_REQUESTING;
    client.tries = 0;
    client.dueNs = sw.now;
    const sent = runDhcp(sw, guest, stack);
    wake(sw, guest);
    return sent;
  }
  const isAsking = client.state == DHCP_REQUESTING || client.state == DHCP_RENEWING || client.state == DHCP_REBINDING;
  if (!isAsking) return false;
  if (kind == ACK && isUsable(offered)) bind(sw, guest, stack, client, message, end);
  if (kind == NAK) {
    const wasFirst = client.state == DHCP_REQUESTING;
    client.naks++;
    client.address = 0;
    lose(guest, stack, client);
    client.tries = 1;
    client.dueNs = wasFirst ? sw.now + BACKOFF_SECONDS * SECOND : sw.now;
    wake(sw, guest);
  }
  return false;
}

/** An address that a station can have: not of 0.0.0.0/8, nor of class D or E. */
function isUsable(ip: u32): bool {
  return (ip & 255) != 0 && (ip & 255) < 224;
}

function bind(sw: Switch, guest: Guest, stack: Stack, client: DhcpClient, message: usize, end: usize): void {
  client.acks++;
  const leaseAt = find(message, end, 51, 4);
  const lease = leaseAt == 0 ? LEASE_INFINITE : bswap<u32>(load<u32>(leaseAt));
  const seconds = max(lease, 1);
  client.leaseSeconds = seconds;
  client.endNs = seconds == LEASE_INFINITE ? NEVER : sw.now + <u64>seconds * SECOND;
  client.t2Ns = timer(message, end, 59, sw.now, seconds, client.endNs, <u64>seconds * SECOND / 8 * 7);
  client.t1Ns = timer(message, end, 58, sw.now, seconds, client.t2Ns, <u64>seconds * SECOND / 2);
  client.dueNs = client.t1Ns;
  client.state = DHCP_BOUND;
  client.isAsking = 0;
  const server = addressIn(message, end, 54);
  if (server != 0) client.server = server;
  const ip = load<u32>(message, 16);
  const mask = addressIn(message, end, 1);
  const gateway = addressIn(message, end, 3);
  // Without a mask a /24, as most networks are; classes are history (RFC 4632).
  const ownMask = mask == 0 ? 0x00ff_ffff : mask;
  const isSame = ip == guest.ip && ownMask == stack.mask && gateway == stack.gateway;
  client.address = ip;
  if (!isSame) readdressIp(sw, guest, stack, ip, ownMask, gateway);
  // Its client's own timer, too.
  wake(sw, guest);
}

/** A time of the lease as its option says, or `byDefault` from now; not behind `end`. */
function timer(message: usize, end: usize, code: u8, now: u64, lease: u32, last: u64, byDefault: u64): u64 {
  if (lease == LEASE_INFINITE) return NEVER;
  const at = find(message, end, code, 4);
  return min(last, now + (at == 0 ? byDefault : <u64>bswap<u32>(load<u32>(at)) * SECOND));
}

/** The guest has an address, or another one: its streams and pings go on from now, by its new prefix and gateway. */
function readdressIp(sw: Switch, guest: Guest, stack: Stack, ip: u32, mask: u32, gateway: u32): void {
  guest.ip = ip;
  guest.isMuted &= ~UNBOUND;
  stack.mask = mask;
  stack.gateway = gateway;
  forgetNeighbours(stack);
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const stream = streamAt(guest, i);
    stream.dueNs = max(stream.dueNs, sw.now);
    if (stream.hasIp == 0 || stream.hasIp == HAS_IPV6) continue;
    const template = <usize>stream.template;
    store<u32>(template, ip, IPV4_SOURCE_AT);
    setHeaderSum(template + IP_AT);
    const to = load<u32>(template, IPV4_DESTINATION_AT);
    if (to != IPV4_BROADCAST && !isGroup(to)) stream.resolve = stream.hasIp == ON_LINK ? to : hopTo(stack, ip, to);
  }
  goOnPinging(stack, sw.now);
}

/** The lease is over: nothing is sent before there is another. */
function lose(guest: Guest, stack: Stack, client: DhcpClient): void {
  guest.ip = 0;
  guest.isMuted |= UNBOUND;
  stack.gateway = 0;
  client.state = DHCP_INIT;
  client.isAsking = 0;
}

/** The guest has just started, or its link is back. */
export function beginDhcp(guest: Guest, stack: Stack, now: u64): void {
  const client = clientOf(stack);
  lose(guest, stack, client);
  client.tries = 0;
  client.dueNs = now;
}
