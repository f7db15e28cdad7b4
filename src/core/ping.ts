/**
 * Pings: ICMP echo requests (RFC 792) of a guest's own, and the replies to them.
 *
 * Requests are numbered from 1, modulo 2^16. A reply counts when it comes from the target, has the ping's identifier and a number among
 * the latest TIMES requests, and a right checksum; once, every other time it is a duplicate. Its time is from when the request was put
 * into the ring to when the guest takes the reply. An attempt waits for ARP: three requests a second apart, then it is given up as
 * unreachable (as Linux says after three), and the next one comes an interval later. What did not get into the ring is held back, and
 * tried again an interval later.
 */
import { fold, setHeaderSum, sumOf } from './checksum';
import { bytesOf, HEADER_BYTES, lengthOf } from './frame';
import { Guest, IPV4_SOURCE_AT, NO_ROUTE, ringOf, setMacs, takeFor, transmit } from './guest-card';
import { ask, askableNs, cardOf, hopTo, pingAt, setWord, Stack, stackOf, wordAt } from './guest-ip';
import { Ping } from './ping-state';
import { hasRoom } from './ring';
import { Switch } from './switch';

/** Requests whose time is remembered. */
export const TIMES: u32 = 128;
const ASKS_MAX: u32 = 3;
const ETHERNET_BYTES: u32 = 14;
const ICMP_AT: u32 = 34;

// @ts-ignore: decorator
@inline
function isOver(ping: Ping, now: u64): bool {
  return ping.remaining == 0 || (ping.stopNs != 0 && now >= ping.stopNs);
}

/** When the guest next wants to send a ping, ns; u64.MAX_VALUE when never. */
export function nextPing(stack: Stack): u64 {
  let soonest = u64.MAX_VALUE;
  for (let i: u32 = 0; i < stack.pingCount; i++) {
    const ping = pingAt(stack, i);
    if (!isOver(ping, ping.dueNs)) soonest = min(soonest, ping.dueNs);
  }
  return soonest;
}

/** Sends what is due, at most `most` frames; returns how many, ARP requests among them. */
export function sendPings(sw: Switch, guest: Guest, most: u32): u32 {
  const stack = stackOf(guest);
  let sent: u32 = 0;
  for (let i: u32 = 0; i < stack.pingCount && sent < most; i++) {
    const ping = pingAt(stack, i);
    if (ping.dueNs <= sw.now && !isOver(ping, ping.dueNs)) sent += attempt(sw, guest, stack, ping) ? 1 : 0;
  }
  return sent;
}

/** One attempt, or a step of it; whether a frame was sent. */
function attempt(sw: Switch, guest: Guest, stack: Stack, ping: Ping): bool {
  const hop = hopTo(stack, guest.ip, ping.target);
  if (hop == NO_ROUTE) {
    stack.noRoute++;
    ping.noRoute++;
    endAttempt(sw, ping);
    return false;
  }
  const mac = cardOf(guest, hop, sw.now);
  if (mac != 0) {
    ping.tries = 0;
    return request(sw, guest, ping, mac);
  }
  const at = askableNs(stack, hop, sw.now);
  if (at > sw.now) {
    // Somebody else asks for it.
    ping.tries = max(ping.tries, 1);
    ping.dueNs = at;
    return false;
  }
  if (ping.tries == ASKS_MAX) {
    ping.unreachable++;
    ping.tries = 0;
    endAttempt(sw, ping);
    return false;
  }
  ping.tries++;
  const asked = ask(sw, guest, hop);
  ping.dueNs = askableNs(stack, hop, sw.now);
  return asked;
}

function endAttempt(sw: Switch, ping: Ping): void {
  ping.remaining--;
  ping.dueNs = sw.now + ping.intervalNs;
}

function request(sw: Switch, guest: Guest, ping: Ping, mac: u64): bool {
  ping.dueNs = sw.now + ping.intervalNs;
  if (!hasRoom(ringOf(guest))) {
    guest.heldBack++;
    return false;
  }
  const slot = takeFor(sw, guest, ping.length);
  if (slot == 0) return false;
  const bytes = slot + HEADER_BYTES;
  // A slot holds whole 16-byte pieces, and so does a template.
  for (let i: u32 = 0; i < ping.length; i += 16) v128.store(bytes + i, v128.load(<usize>ping.template + i));
  setMacs(bytes, mac, guest.mac);
  store<u32>(bytes, guest.ip, IPV4_SOURCE_AT);
  setHeaderSum(bytes + ETHERNET_BYTES);
  ping.sent++;
  ping.remaining--;
  const sequence = <u32>ping.sent & 0xffff;
  setWord(bytes + ICMP_AT + 2, ~fold(<u64>ping.sum + sequence));
  setWord(bytes + ICMP_AT + 6, sequence);
  store<u64>(timeAt(ping, sequence), sw.now + 1);
  return transmit(sw, guest, slot, ping.length);
}

// @ts-ignore: decorator
@inline
function timeAt(ping: Ping, sequence: u32): usize {
  return <usize>ping.times + (<usize>(sequence % TIMES) << 3);
}

/** An ICMP message for the guest; `ipBytes`: of the header before it, `total`: with that header. */
export function hearReply(sw: Switch, guest: Guest, descriptor: u64, ipBytes: u32, total: u32): void {
  const stack = stackOf(guest);
  const bytes = bytesOf(descriptor);
  const icmp = bytes + ETHERNET_BYTES + ipBytes;
  if (stack.pingCount == 0 || total < ipBytes + 8 || load<u16>(icmp) != 0 || lengthOf(descriptor) < ETHERNET_BYTES + total) return;
  const from = load<u32>(bytes, IPV4_SOURCE_AT);
  const identifier = wordAt(icmp + 4);
  for (let i: u32 = 0; i < stack.pingCount; i++) {
    const ping = pingAt(stack, i);
    if (ping.target != from || (ping.number & 0xffff) != identifier) continue;
    if (sumOf(icmp, total - ipBytes, 0) != 0xffff) stack.badChecksums++;
    else count(ping, wordAt(icmp + 6), sw.now);
    return;
  }
}

function count(ping: Ping, sequence: u32, now: u64): void {
  const age = (<u32>ping.sent - sequence) & 0xffff;
  // Of a number that was never given it is no reply at all.
  if (<u64>age >= ping.sent) return;
  const at = timeAt(ping, sequence);
  const sentAt = load<u64>(at);
  if (age >= TIMES || sentAt == 0) {
    ping.duplicates++;
    return;
  }
  store<u64>(at, 0);
  const rtt = now - (sentAt - 1);
  ping.rttMin = ping.answered == 0 ? rtt : min(ping.rttMin, rtt);
  ping.rttMax = max(ping.rttMax, rtt);
  ping.rttSum += rtt;
  ping.answered++;
}

/** The guest has started or goes on: nothing is caught up. */
export function goOnPinging(stack: Stack, now: u64): void {
  for (let i: u32 = 0; i < stack.pingCount; i++) {
    const ping = pingAt(stack, i);
    ping.dueNs = max(ping.dueNs, now);
    ping.tries = 0;
  }
}
