/**
 * Link aggregation (IEEE 802.1AX): several ports as one. Of a vSwitch all active uplinks, of a physical switch any ports; the
 * first one stands for all in tables. Which member carries a frame is decided by a hash of its addresses, so that a
 * conversation keeps its order. A member takes part while it has link and, where LACP is spoken, while LACP says so.
 */
import { bytesOf, etherTypeAt, lengthOf } from './frame';
import { Port } from './port';
import { Switch } from './switch';

export const LAG_STATIC: u8 = 0;
export const LAG_ACTIVE: u8 = 1;
export const LAG_PASSIVE: u8 = 2;

const TYPE_IPV4: u32 = 0x0008;
const TYPE_IPV6: u32 = 0xdd86;

@unmanaged
export class Lag {
  lead: u32; // address of the Port that stands for all
  members: u32; // list of u32
  memberCount: u32;
  usableList: u32;
  usableCount: u32;
  mode: u8;
  fast: u8; // LACPDUs every second, else every 30 s
  isUp: u8; // LACP: a partner has been found
  bySource: u8; // members are chosen by the source MAC's last octet
  key: u32;
  system: u64; // MAC address of the system, as a little-endian load sees it
  partnerSystem: u64;
  partnerKey: u32;
  partnerPriority: u32;
}

/** Says again which members take part. */
export function reformLag(sw: Switch, at: u32): void {
  const lag = changetype<Lag>(<usize>at);
  let count: u32 = 0;
  for (let i: u32 = 0; i < lag.memberCount; i++) {
    const member = changetype<Port>(<usize>load<u32>(<usize>lag.members + (<usize>i << 2)));
    if (!member.hasLink || !member.isBundled) continue;
    store<u32>(<usize>lag.usableList + (<usize>(count++) << 2), <u32>changetype<usize>(member));
  }
  lag.usableCount = count;
}

/** The member that carries a copy, or 0 when none takes part. */
export function memberFor(lag: Lag, descriptor: u64): u32 {
  if (lag.usableCount == 0) return 0;
  const hash = lag.bySource ? <u32>load<u8>(bytesOf(descriptor), 11) : hashOf(descriptor);
  return load<u32>(<usize>lag.usableList + (<usize>(hash % lag.usableCount) << 2));
}

/**
 * Source xor destination: IPv4 addresses, the low 32 bits of IPv6 ones, else the last octets of the MAC addresses (the hash
 * that ESXi calls "route based on IP hash", as VMware's KB 1007371 works it out).
 */
export function hashOf(descriptor: u64): u32 {
  const bytes = bytesOf(descriptor);
  const at = etherTypeAt(descriptor);
  const room = <i32>lengthOf(descriptor) - <i32>(at - bytes);
  const type = <u32>load<u16>(at);
  if (type == TYPE_IPV4 && room >= 22) return bswap<u32>(load<u32>(at, 14) ^ load<u32>(at, 18));
  if (type == TYPE_IPV6 && room >= 42) return bswap<u32>(load<u32>(at, 22) ^ load<u32>(at, 38));
  return <u32>(load<u8>(bytes, 5) ^ load<u8>(bytes, 11));
}
