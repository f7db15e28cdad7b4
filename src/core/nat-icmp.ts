/**
 * What a NAT says of packets that it does not pass on (RFC 792; RFC 1812, 4.3.2; RFC 5508, REQ-8): to who sent them, with as much of
 * them as 576 octets hold.
 *
 * Silence is kept about ICMP errors, later fragments, what came to many, what has no single sender, and headers with a wrong checksum.
 * Known limits: no rate is limited; nothing is said where nobody answers ARP, for nothing here has a timer.
 */
import { setHeaderSum, sumOf } from './checksum';
import { HEADER_BYTES } from './frame';
import { Guest, takeFor } from './guest-card';
import { ERROR, isStation, kindOf, LATER, totalOf } from './nat-packet';
import { ETHERNET } from './services';
import { Switch } from './switch';

/** Type and code as in a frame. */
export const NO_NETWORK: u16 = 0x0003;
export const PROHIBITED: u16 = 0x0d03;
export const NO_TIME: u16 = 0x000b;

const IP_BYTES: u32 = 20;
const ICMP_BYTES: u32 = 8;
const QUOTED_MAX: u32 = 576 - IP_BYTES - ICMP_BYTES;

/** Whether it may be said why this packet was dropped. */
export function mayTell(bytes: usize, header: u32): bool {
  const kind = kindOf(bytes, header);
  const isToOne = (load<u8>(bytes) & 1) == 0 && isStation(load<u32>(bytes, 30));
  return kind != ERROR && kind != LATER && isToOne && isStation(load<u32>(bytes, 26)) && sumOf(bytes + ETHERNET, header, 0) == 0xffff;
}

/** Writes the message into a slot of the switch that it leaves by; 0: there is no room. Its length is `messageBytes`. */
export function writeError(at: Switch, guest: Guest, packet: usize, what: u16): usize {
  const quoted = min(totalOf(packet), QUOTED_MAX);
  const slot = takeFor(at, guest, messageBytes(packet));
  if (slot == 0) return 0;
  const bytes = slot + HEADER_BYTES;
  memory.fill(bytes, 0, ETHERNET + IP_BYTES + ICMP_BYTES);
  store<u16>(bytes, 0x0008, 12);
  store<u16>(bytes, 0xc045, 14); // precedence 6: internetwork control
  store<u16>(bytes, bswap<u16>(<u16>(IP_BYTES + ICMP_BYTES + quoted)), 16);
  store<u16>(bytes, 0x0040, 20); // not to be fragmented, so that no identification is needed (RFC 6864)
  store<u16>(bytes, 0x0140, 22); // TTL 64, ICMP
  store<u32>(bytes, guest.ip, 26);
  store<u32>(bytes, load<u32>(packet, 26), 30);
  setHeaderSum(bytes + ETHERNET);
  const icmp = bytes + ETHERNET + IP_BYTES;
  store<u16>(icmp, what);
  memory.copy(icmp + ICMP_BYTES, packet + ETHERNET, quoted);
  store<u16>(icmp, <u16>~sumOf(icmp, ICMP_BYTES + quoted, 0), 2);
  return slot;
}

export function messageBytes(packet: usize): u32 {
  return ETHERNET + IP_BYTES + ICMP_BYTES + min(totalOf(packet), QUOTED_MAX);
}
