/**
 * A guest and its streams as structs, and the one place where frames of its own making enter its ring: ARP, answers, pings, DHCP.
 * What a guest does stands in guest.ts (streams, what it takes), guest-ip.ts and the files that build on it.
 *
 * Nothing is published here: a guest that was looking at its ring does so after the burst (`drain`, `sendDue`).
 */
import { describe, Frame, HEADER_BYTES } from './frame';
import { sendSlot } from './nic-card';
import { release, take } from './pool';
import { OFF, Port } from './port';
import { push, Ring } from './ring';
import { toItself } from './services';
import { Switch } from './switch';

export const MAC_MASK: u64 = 0xffffffffffff;
export const ARP_FRAME_BYTES: u32 = 42;
export const ARP_RETRY_NS: u64 = 1_000_000_000;
export const TYPE_ARP: u32 = 0x0608;
export const TYPE_IPV4: u32 = 0x0008;
export const IPV4_SOURCE_AT: usize = 26;
export const IPV4_DESTINATION_AT: usize = 30;
export const IPV4_BROADCAST: u32 = 0xffffffff;
/** Of Guest.isMuted: the operator has paused its streams; it has no address yet. */
export const MUTED: u32 = 1;
export const UNBOUND: u32 = 2;
/** Of Stream.hasIp. */
export const ON_LINK: u32 = 2;
export const HAS_IPV6: u32 = 3;
/** Of Stream.resolve: neither in the guest's prefix nor is there a gateway. */
export const NO_ROUTE: u32 = 0xffffffff;

@unmanaged
export class Guest {
  port: u32; // address of its Port
  /** IPv4 address as it stands in a frame, loaded little-endian; 0: none. */
  ip: u32;
  mac: u64;
  streams: u32;
  streamCount: u32;
  place: u32; // among the switch's streamers
  isMuted: u32; // bits: MUTED, UNBOUND
  sent: u64; // frames put on the vNIC
  received: u64; // frames for this guest
  filtered: u64; // frames for others, which the card does not pass on
  receivedBytes: u64;
  arpReplies: u64;
  echoReplies: u64;
  /** Its own frames given up because its ring or the pool was full; they never entered the network. */
  heldBack: u64;
  probe: u32; // address of its Probe, where a test bed measures; else 0
  stack: u32; // address of its Stack (guest-ip.ts), where more than ARP and echo is asked of it; else 0
  listener: u32; // address of its Listener, where it joins groups; else 0, and it takes them all
  // Of a VM that may be moved, change.ts.
  /** `sent` less the head of the rxRing that it uses now, and frames taken less the tail of the txRing. */
  sentOffset: u32;
  takenOffset: u32;
  absences: u32; // ring of ABSENCES_MAX Absence
  absenceCount: u32;
  goesTo: u32; // away, and expected at this Port; 0: nowhere
  lastNs: u64; // when it last took a frame
  isAwaited: u8; // 1: it has come, and has not taken a frame yet
  isStopped: u8; // away: it was stopped by an operator when it left
  isFresh: u8; // away: it begins anew when it comes
  isHeard: u8; // it has taken a frame before
  isStreamer: u8; // away: it stood among the streamers
  padding1: u8;
  padding2: u16;
  padding3: u32;
  nic: u32; // address of its Nic (nic.ts), where it has a card of its own; 0: it uses the port's rings itself
  services: u32; // address of the Services of a type-2 host behind its own vNIC; else 0
  padding: u32;
}

@unmanaged
export class Stream {
  number: u32;
  length: u32; // bytes in memory, without FCS
  template: u32;
  flows: u32;
  nextFlow: u32;
  sequence: u32;
  /** 0: resolved; else the IPv4 address to ask for, as in a frame, or NO_ROUTE. */
  resolve: u32;
  hasIp: u32; // 0: no addresses; 1: IPv4; ON_LINK: IPv4, and its receiver is asked for whatever the prefix says; HAS_IPV6
  dueNs: u64;
  stopNs: u64; // 0: none
  remaining: u64;
  /** ns between frames: intervalNs + intervalRest / intervalDen, so that a rate is exact. intervalDen 0: as fast as possible. */
  intervalNs: u64;
  intervalRest: u64; // less than intervalDen
  intervalDen: u64;
  fraction: u64; // of intervalDen
  sent: u64;
  pattern: u32; // address of its Pattern, where a test bed measures; else 0
  portFirst: u32; // UDP source port of the first flow
  answered: u64; // datagrams that came back from its receiver with what it had sent
  startNs: u64; // it sends nothing before, whatever is heard
}

/** Whether an IPv4 address, as in a frame, is a group's. */
// @ts-ignore: decorator
@inline
export function isGroup(ip: u32): bool {
  return (ip & 0xf0) == 0xe0;
}

// @ts-ignore: decorator
@inline
export function streamAt(guest: Guest, i: u32): Stream {
  return changetype<Stream>(<usize>guest.streams + i * offsetof<Stream>());
}

/** Whether the VM is stopped, or its host without power. */
// @ts-ignore: decorator
@inline
export function isOff(guest: Guest): bool {
  return (changetype<Port>(<usize>guest.port).downBy & OFF) != 0;
}

// @ts-ignore: decorator
@inline
export function ringOf(guest: Guest): Ring {
  return changetype<Ring>(<usize>changetype<Port>(<usize>guest.port).rxRing);
}

/** The guest, one of the switch's streamers, has something to send now. */
export function wake(sw: Switch, guest: Guest): void {
  if (sw.sendDues != 0) store<u64>(<usize>sw.sendDues + (<usize>guest.place << 3), sw.now);
}

/** Writes destination and the guest's own address into a frame. */
// @ts-ignore: decorator
@inline
export function setMacs(bytes: usize, dst: u64, src: u64): void {
  store<u64>(bytes, dst | (src << 48));
  store<u32>(bytes, <u32>(src >>> 16), 8);
}

/** A buffer for a frame of the guest's own, filled in by the caller; 0, counted, when the pool is empty. */
export function takeFor(sw: Switch, guest: Guest, length: u32): usize {
  const slot = take(sw.pool, length);
  if (slot == 0) guest.heldBack++;
  return slot;
}

/** ARP over Ethernet and IPv4 (RFC 826). */
export function sendArp(sw: Switch, guest: Guest, dst: u64, operation: u16, targetMac: u64, targetIp: u32): bool {
  const slot = takeFor(sw, guest, ARP_FRAME_BYTES);
  if (slot == 0) return false;
  const bytes = slot + HEADER_BYTES;
  setMacs(bytes, dst, guest.mac);
  store<u16>(bytes, <u16>TYPE_ARP, 12);
  store<u64>(bytes, 0x0406_0008_0100 | (<u64>bswap<u16>(operation) << 48), 14);
  store<u64>(bytes, guest.mac, 22);
  store<u32>(bytes, guest.ip, 28);
  store<u64>(bytes, targetMac, 32);
  store<u32>(bytes, targetIp, 38);
  return transmit(sw, guest, slot, ARP_FRAME_BYTES);
}

/** Asks everybody for the station with an address. */
export function askFor(sw: Switch, guest: Guest, ip: u32): bool {
  return sendArp(sw, guest, MAC_MASK, 1, 0, ip);
}

/** Puts a frame into the guest's ring; false, counted, when the ring is full. */
export function transmit(sw: Switch, guest: Guest, slot: usize, length: u32): bool {
  if (guest.nic != 0) return sendSlot(sw, guest, slot, length);
  if (guest.services != 0 && toItself(sw, guest, slot, length)) return true;
  changetype<Frame>(slot).id = sw.nextFrameId++;
  if (!push(ringOf(guest), describe(slot, length))) {
    guest.heldBack++;
    release(slot, sw);
    return false;
  }
  guest.sent++;
  return true;
}
