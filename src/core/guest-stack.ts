/**
 * A guest's part at layer 3 as guest.ts sees it: when it wants to send something, sends what is due, takes IPv4 frames, begins anew.
 */
import { beginDhcp, hearHop, nextDhcp, runDhcp } from './dhcp-client';
import { bytesOf, lengthOf } from './frame';
import { Guest, IPV4_DESTINATION_AT } from './guest-card';
import { forgetNeighbours, hearNeighbour, stackOf, wordAt } from './guest-ip';
import { hearUdp } from './guest-udp';
import { goOnPinging, hearReply, nextPing, sendPings } from './ping';
import { Switch } from './switch';

const ETHERNET_BYTES: u32 = 14;
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_UDP: u8 = 17;

/** When the guest next wants to send beside its streams, ns; u64.MAX_VALUE when never. */
export function nextOfStack(guest: Guest, withPeriodic: bool): u64 {
  const stack = stackOf(guest);
  const soonest = stack.dhcp == 0 ? u64.MAX_VALUE : nextDhcp(guest, stack, withPeriodic);
  return guest.isMuted == 0 ? min(soonest, nextPing(stack)) : soonest;
}

/** Sends what is due beside its streams, at most `most` frames; returns how many. */
export function sendOfStack(sw: Switch, guest: Guest, most: u32): u32 {
  const stack = stackOf(guest);
  const sent: u32 = stack.dhcp != 0 && runDhcp(sw, guest, stack) ? 1 : 0;
  return guest.isMuted == 0 && sent < most ? sent + sendPings(sw, guest, most - sent) : sent;
}

/** An IPv4 frame without a tag; true when the guest has sent something for it. Echo requests are not taken here. */
export function hearIp(sw: Switch, guest: Guest, descriptor: u64): bool {
  const bytes = bytesOf(descriptor);
  const length = lengthOf(descriptor);
  if (length < ETHERNET_BYTES + 20 || load<u8>(bytes, 14) >>> 4 != 4) return false;
  const ipBytes = <u32>(load<u8>(bytes, 14) & 15) << 2;
  const total = wordAt(bytes + 16);
  // Fragments are put together by nobody.
  if (ipBytes < 20 || total < ipBytes + 8 || length < ETHERNET_BYTES + total || (wordAt(bytes + 20) & 0x3fff) != 0) return false;
  const protocol = load<u8>(bytes, 23);
  if (protocol == PROTOCOL_UDP) return hearUdp(sw, guest, descriptor, ipBytes, total);
  if (protocol == PROTOCOL_ICMP && guest.ip != 0 && load<u32>(bytes, IPV4_DESTINATION_AT) == guest.ip) {
    hearReply(sw, guest, descriptor, ipBytes, total);
  }
  return false;
}

/** The guest starts, or its streams go on; `isFresh`: it has just started and knows nobody. */
export function begin(guest: Guest, now: u64, isFresh: bool): void {
  const stack = stackOf(guest);
  if (isFresh) forgetNeighbours(stack);
  goOnPinging(stack, now);
  if (isFresh && stack.dhcp != 0) beginDhcp(guest, stack, now);
}

/** The guest's card has its link again. */
export function linkCame(guest: Guest, now: u64): void {
  if (guest.stack != 0 && stackOf(guest).dhcp != 0) beginDhcp(guest, stackOf(guest), now);
}

/** ARP from somebody with an address: remembered, and what waits for it goes on. */
export function hearSomebody(sw: Switch, guest: Guest, ip: u32, mac: u64, isForUs: bool): void {
  hearNeighbour(sw, guest, ip, mac, isForUs);
  const stack = stackOf(guest);
  if (stack.dhcp != 0) hearHop(sw, guest, stack, ip);
}
