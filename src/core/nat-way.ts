/**
 * How a packet leaves a NAT: in a slot of the switch that it goes out by, to a neighbour whose card ARP has told, or to the host itself;
 * and what the NAT says of one that does not leave.
 */
import { describe, Frame, HEADER_BYTES } from './frame';
import { hearAgain } from './guest';
import { askFor, Guest, takeFor } from './guest-card';
import { Nat, OUTSIDE, Segment } from './nat';
import { mayTell, messageBytes, writeError } from './nat-icmp';
import { isGood, mayAsk, meet, neighbourOf, PENDING, Pending, WAIT_NS } from './nat-neighbours';
import { totalOf } from './nat-packet';
import { release } from './pool';
import { Port } from './port';
import { comeTo, ETHERNET, sendAs, wake } from './services';
import { Switch } from './switch';

const MAC_MASK: u64 = 0xffffffffffff;
/** The host talking to itself, whose answer talks to it again: one more turn than a port forward of a VM to itself needs. */
const TURNS_MAX: u32 = 3;

// @ts-ignore: decorator
@inline
export function segmentAt(nat: Nat, i: u32): Segment {
  return changetype<Segment>(<usize>nat.segments + <usize>i * offsetof<Segment>());
}

/** The packet in a slot of the switch that it will leave by, without what padded the frame; 0: too long there, or no room. */
export function copyFor(nat: Nat, segment: u32, bytes: usize): usize {
  const length = ETHERNET + totalOf(bytes);
  const guest = guestOf(nat, segment);
  if (length > changetype<Port>(<usize>guest.port).lengthMax) {
    nat.tooLong++;
    return 0;
  }
  const slot = takeFor(switchOf(nat, segment), guest, length);
  if (slot != 0) memory.copy(slot + HEADER_BYTES, bytes, length);
  return slot;
}

/** Sends a packet to a station of a segment or of the LAN, now or when ARP has said who that is. The slot is the guest's no more. */
export function deliver(sw: Switch, nat: Nat, segment: u32, hop: u32, slot: usize, length: u32): void {
  const bytes = slot + HEADER_BYTES;
  const guest = guestOf(nat, segment);
  const at = switchOf(nat, segment);
  store<u32>(bytes, <u32>guest.mac, 6);
  store<u16>(bytes, <u16>(guest.mac >>> 32), 10);
  if (segment == OUTSIDE && hop == nat.ip) {
    store<u32>(bytes, <u32>guest.mac);
    store<u16>(bytes, <u16>(guest.mac >>> 32), 4);
    changetype<Frame>(slot).id = at.nextFrameId++;
    loop(sw, nat, slot, length);
    release(slot, at);
    return;
  }
  const neighbour = meet(nat.neighbours, segment, hop);
  if (isGood(neighbour, sw.now)) {
    store<u32>(bytes, <u32>neighbour.mac);
    store<u16>(bytes, <u16>(neighbour.mac >>> 32), 4);
    sendAs(sw, at, guest, slot, length);
    return;
  }
  keep(nat, segment, hop, bytes, length, sw.now);
  release(slot, at);
  if (!mayAsk(neighbour, sw.now)) return;
  comeTo(sw, at);
  askFor(at, guest, hop);
  wake(sw, at, guest);
}

/** The host hears what it sends to its own address; nothing of it is on the LAN. */
export function loop(sw: Switch, nat: Nat, slot: usize, length: u32): void {
  if (nat.turns >= TURNS_MAX) return;
  nat.turns++;
  const at = changetype<Switch>(<usize>nat.sw);
  const guest = changetype<Guest>(<usize>nat.guest);
  comeTo(sw, at);
  if (hearAgain(at, guest, describe(slot, length)) != 0) wake(sw, at, guest);
  nat.turns--;
}

// @ts-ignore: decorator
@inline
export function guestOf(nat: Nat, segment: u32): Guest {
  return changetype<Guest>(<usize>(segment == OUTSIDE ? nat.guest : segmentAt(nat, segment).guest));
}

// @ts-ignore: decorator
@inline
export function switchOf(nat: Nat, segment: u32): Switch {
  return changetype<Switch>(<usize>(segment == OUTSIDE ? nat.sw : segmentAt(nat, segment).sw));
}

// @ts-ignore: decorator
@inline
function pendingAt(nat: Nat, i: u32): Pending {
  return changetype<Pending>(<usize>nat.pending + <usize>(i % PENDING) * nat.pendingBytes);
}

/** A copy waits for its next hop's address; the oldest of all gives way. */
function keep(nat: Nat, segment: u32, hop: u32, bytes: usize, length: u32, now: u64): void {
  const place = pendingAt(nat, nat.pendingNext++);
  if (place.ip != 0) nat.unresolved++;
  // The address is written last: what is half written, should the worker die here, is nobody's.
  place.ip = 0;
  place.segment = segment;
  place.length = length;
  place.sinceNs = now;
  memory.copy(changetype<usize>(place) + offsetof<Pending>(), bytes, length);
  place.ip = hop;
}

/** ARP that one of the host's guests hears: who is known is updated, who asks the host or answers it is known (RFC 826). */
export function hearOf(sw: Switch, nat: Nat, segment: u32, guest: Guest, bytes: usize, length: u32): void {
  if (length < 42 || load<u64>(bytes, ETHERNET) << 16 != 0x0406_0008_0100_0000) return;
  const mac = load<u64>(bytes, 22) & MAC_MASK;
  const ip = load<u32>(bytes, 28);
  if (ip == 0 || (mac & 1) != 0 || mac == 0) return;
  const isForUs = load<u32>(bytes, 38) == guest.ip;
  const known = isForUs ? meet(nat.neighbours, segment, ip) : neighbourOf(nat.neighbours, segment, ip);
  if (!known) return;
  known.mac = mac;
  known.heardNs = sw.now;
  for (let i: u32 = 0; i < PENDING; i++) {
    const place = pendingAt(nat, nat.pendingNext + i);
    if (place.ip != ip || place.segment != segment) continue;
    place.ip = 0;
    sendKept(sw, nat, segment, mac, place);
  }
}

function sendKept(sw: Switch, nat: Nat, segment: u32, mac: u64, place: Pending): void {
  if (sw.now > place.sinceNs + WAIT_NS) {
    nat.unresolved++;
    return;
  }
  const at = switchOf(nat, segment);
  const guest = guestOf(nat, segment);
  const slot = takeFor(at, guest, place.length);
  if (slot == 0) return;
  const bytes = slot + HEADER_BYTES;
  memory.copy(bytes, changetype<usize>(place) + offsetof<Pending>(), place.length);
  store<u32>(bytes, <u32>mac);
  store<u16>(bytes, <u16>(mac >>> 32), 4);
  sendAs(sw, at, guest, slot, place.length);
}

/** Says why a packet goes no further to who sent it, where that may be said. */
export function tell(sw: Switch, nat: Nat, segment: u32, bytes: usize, header: u32, what: u16): void {
  const from = load<u32>(bytes, 26);
  const hop = segment != OUTSIDE || ((from ^ nat.ip) & nat.mask) == 0 ? from : nat.gateway;
  if (hop == 0 || !mayTell(bytes, header) || (segment == OUTSIDE && isSpread(nat, from))) return;
  const slot = writeError(switchOf(nat, segment), guestOf(nat, segment), bytes, what);
  if (slot == 0) return;
  nat.icmpErrors++;
  deliver(sw, nat, segment, hop, slot, messageBytes(bytes));
}

/** The LAN's broadcast address is nobody's. */
export function isSpread(nat: Nat, ip: u32): bool {
  return (ip | nat.mask) == 0xffffffff && nat.mask != 0xffffffff;
}
