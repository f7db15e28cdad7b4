/**
 * The guest behind a vNIC: it sends the streams that the topology asks for, answers ARP and ICMP echo for its address, and
 * takes what its port gives it, as a network card would: its own address and groups, the rest is filtered.
 *
 * A stream between guests that both have an address begins with a real ARP request (RFC 826), repeated every second until it
 * is answered. Test frames are UDP/IPv4 to port 9 (discard), or EtherType 0x88B5 (IEEE 802 local experimental) without
 * addresses, and carry stream, sequence number and time behind the headers.
 */
import { inspect, Probe, tellOfBatch } from './check';
import { copyOut, describe, Frame, HEADER_BYTES, lengthOf, outerTci, slotOf, TAG_STORED, tagOf, bytesOf, UNTAGGED } from './frame';
import { Pattern, stepAt, vary } from './pattern';
import { release, take } from './pool';
import { OFF, Port } from './port';
import { advanceNear, at, available, hasRoom, publishNear, push, Ring } from './ring';
import { Switch } from './switch';

const MAC_MASK: u64 = 0xffffffffffff;
const ARP_FRAME_BYTES: u32 = 42;
const ARP_RETRY_NS: u64 = 1_000_000_000;
const TYPE_ARP: u32 = 0x0608;
const TYPE_IPV4: u32 = 0x0008;
const IPV4_UDP_HEADERS: u32 = 42;
const IPV4_DESTINATION_AT: usize = 30;
const IPV4_BROADCAST: u32 = 0xffffffff;
const UDP_SOURCE_AT: u32 = 34;
const FLOW_PORT_FIRST: u32 = 1024;

@unmanaged
export class Guest {
  port: u32; // address of its Port
  /** IPv4 address as it stands in a frame, loaded little-endian; 0: none. */
  ip: u32;
  mac: u64;
  streams: u32;
  streamCount: u32;
  place: u32; // among the switch's streamers
  isMuted: u32; // 1: its streams are paused
  sent: u64; // frames put on the vNIC
  received: u64; // frames for this guest
  filtered: u64; // frames for others, which the card does not pass on
  receivedBytes: u64;
  arpReplies: u64;
  echoReplies: u64;
  /** Its own frames given up because its ring or the pool was full; they never entered the network. */
  heldBack: u64;
  probe: u32; // address of its Probe, where a test bed measures; else 0
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
  /** 0: resolved; else the IPv4 address to ask for, as in a frame. */
  resolve: u32;
  hasIp: u32;
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
  padding: u32;
}

// @ts-ignore: decorator
@inline
function streamAt(guest: Guest, i: u32): Stream {
  return changetype<Stream>(<usize>guest.streams + i * offsetof<Stream>());
}

/** The guest uses another address, in what its streams send as well. */
export function readdress(guest: Guest, mac: u64): void {
  guest.mac = mac;
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const template = <usize>streamAt(guest, i).template;
    store<u32>(template, <u32>mac, 6);
    store<u16>(template, <u16>(mac >>> 32), 10);
  }
}

/** Streams that stood still go on from now, without catching up; `isFresh`: the guest has just started and knows no address. */
export function goOn(guest: Guest, now: u64, isFresh: bool): void {
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const stream = streamAt(guest, i);
    stream.dueNs = max(stream.dueNs, now);
    if (!isFresh || !stream.hasIp) continue;
    const ip = load<u32>(<usize>stream.template, IPV4_DESTINATION_AT);
    if (ip != IPV4_BROADCAST) stream.resolve = ip;
  }
}

// @ts-ignore: decorator
@inline
function isSilent(guest: Guest): bool {
  return guest.isMuted != 0 || isOff(guest);
}

/** Whether the VM is stopped, or its host without power. */
// @ts-ignore: decorator
@inline
function isOff(guest: Guest): bool {
  return (changetype<Port>(<usize>guest.port).downBy & OFF) != 0;
}

/** When a guest next wants to send, ns; u64.MAX_VALUE when never. */
export function nextSend(guest: Guest, now: u64): u64 {
  if (isSilent(guest)) return u64.MAX_VALUE;
  let soonest = u64.MAX_VALUE;
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const stream = streamAt(guest, i);
    // One that is not paced is always due, until it is over.
    const due = stream.intervalDen == 0 ? max(stream.dueNs, now) : stream.dueNs;
    if (!isOver(stream, due)) soonest = min(soonest, due);
  }
  return soonest;
}

// @ts-ignore: decorator
@inline
function isOver(stream: Stream, now: u64): bool {
  return stream.remaining == 0 || (stream.stopNs != 0 && now >= stream.stopNs);
}

/** Sends what is due at the switch's time, at most a burst for each stream and `most` in all; returns how many frames. */
export function sendDue(sw: Switch, guest: Guest, most: u32): u32 {
  if (isSilent(guest)) return 0;
  let sent: u32 = 0;
  for (let i: u32 = 0; i < guest.streamCount && sent < most; i++) sent += runStream(sw, guest, streamAt(guest, i), most - sent);
  if (sent == 0) return 0;
  const ring = changetype<Ring>(<usize>changetype<Port>(<usize>guest.port).rxRing);
  if (guest.probe != 0) tellOfBatch(changetype<Probe>(<usize>guest.probe), ring);
  publishNear(ring);
  return sent;
}

function runStream(sw: Switch, guest: Guest, stream: Stream, most: u32): u32 {
  if (stream.dueNs > sw.now || isOver(stream, sw.now)) return 0;
  if (stream.resolve != 0) {
    stream.dueNs = sw.now + ARP_RETRY_NS;
    return askFor(sw, guest, stream.resolve) ? 1 : 0;
  }
  const ring = changetype<Ring>(<usize>changetype<Port>(<usize>guest.port).rxRing);
  const pattern = changetype<Pattern>(<usize>stream.pattern);
  const signatureAt = stream.hasIp ? IPV4_UDP_HEADERS : 14;
  const limit = <u32>min<u64>(min(sw.burst, most), stream.remaining);
  let sent: u32 = 0;
  while (sent < limit && stream.dueNs <= sw.now && !isOver(stream, stream.dueNs)) {
    if (!hasRoom(ring)) {
      guest.heldBack++;
      break;
    }
    const length = stream.length;
    const slot = take(sw.pool, length);
    if (slot == 0) {
      // Given up: at one instant of the virtual clock no buffer comes back from a wire.
      guest.heldBack++;
      if (stream.intervalDen != 0) passInterval(stream);
      break;
    }
    const bytes = slot + HEADER_BYTES;
    // A slot holds whole 16-byte pieces, and so does a template.
    for (let i: u32 = 0; i < length; i += 16) v128.store(bytes + i, v128.load(<usize>stream.template + i));
    if (stream.flows > 1) {
      store<u16>(bytes + UDP_SOURCE_AT, bswap<u16>(<u16>(FLOW_PORT_FIRST + stream.nextFlow)));
      stream.nextFlow = stream.nextFlow + 1 == stream.flows ? 0 : stream.nextFlow + 1;
    }
    store<u32>(bytes + signatureAt, stream.number);
    store<u32>(bytes + signatureAt, stream.sequence++, 4);
    const due = stream.intervalDen == 0 ? 0 : stream.dueNs;
    store<u64>(bytes + signatureAt, stream.pattern == 0 ? sw.now : vary(pattern, bytes, sw.now, due), 8);
    changetype<Frame>(slot).id = sw.nextFrameId++;
    push(ring, describe(slot, length));
    if (stream.intervalDen != 0) passInterval(stream);
    if (stream.pattern != 0 && pattern.steps != 0) changeSize(stream, pattern);
    sent++;
  }
  // Nothing can come between these and part them, as repair.ts relies on: no call, no turn of a loop.
  stream.remaining -= sent;
  stream.sent += sent;
  guest.sent += sent;
  return sent;
}

// @ts-ignore: decorator
@inline
function passInterval(stream: Stream): void {
  let due = stream.dueNs + stream.intervalNs;
  let fraction = stream.fraction + stream.intervalRest;
  if (fraction >= stream.intervalDen) {
    fraction -= stream.intervalDen;
    due++;
  }
  stream.dueNs = due;
  stream.fraction = fraction;
}

/** The next size of a mix, with what belongs to it. */
function changeSize(stream: Stream, pattern: Pattern): void {
  pattern.step = pattern.step + 1 == pattern.stepCount ? 0 : pattern.step + 1;
  const step = stepAt(pattern, pattern.step);
  stream.template = step.template;
  stream.length = step.length;
  stream.intervalNs = step.intervalNs;
  stream.intervalRest = step.intervalRest;
}

/** Takes everything that waits for the guest; returns how many frames it answered. */
export function drain(sw: Switch, port: Port): u32 {
  const guest = changetype<Guest>(<usize>port.guest);
  const ring = changetype<Ring>(<usize>port.txRing);
  const n = available(ring);
  let answered: u32 = 0;
  const answers = guest.ip != 0 && !isOff(guest);
  const probe = changetype<Probe>(<usize>guest.probe);
  if (guest.probe != 0 && n != 0) probe.interrupts++;
  let received: u64 = 0;
  let bytesIn: u64 = 0;
  sw.inHandEnd = ring.tailNext + n;
  sw.inHand = port.txRing;
  for (let i: u32 = 0; i < n; i++) {
    const descriptor = at(ring, i);
    const bytes = bytesOf(descriptor);
    const head = load<u64>(bytes);
    const dst = head & MAC_MASK;
    if (guest.probe != 0) inspect(sw, port, probe, descriptor);
    if ((dst & 1) != 0 || dst == guest.mac) {
      received++;
      bytesIn += lengthOf(descriptor);
      if (answers) answered += answer(sw, guest, descriptor);
    } else {
      guest.filtered++;
    }
    release(slotOf(descriptor), sw);
  }
  advanceNear(ring, n);
  guest.received += received;
  guest.receivedBytes += bytesIn;
  sw.inHand = 0;
  if (answered != 0) publishNear(changetype<Ring>(<usize>port.rxRing));
  return answered;
}

function answer(sw: Switch, guest: Guest, descriptor: u64): u32 {
  const bytes = bytesOf(descriptor);
  const type = <u32>load<u16>(bytes, 12);
  if (tagOf(descriptor) == TAG_STORED) {
    if (type == TYPE_ARP) return hearArp(sw, guest, descriptor) ? 1 : 0;
    if (type == TYPE_IPV4) return load<u8>(bytes, 23) == 1 && hearEcho(sw, guest, descriptor) ? 1 : 0;
    return 0;
  }
  // A copy whose tag the switch took off: the guest sees plain bytes, so give it some.
  if (outerTci(descriptor) != UNTAGGED) return 0;
  const slot = take(sw.pool, lengthOf(descriptor));
  if (slot == 0) return 0;
  copyOut(slot + HEADER_BYTES, descriptor, lengthOf(descriptor));
  const answered = answer(sw, guest, describe(slot, lengthOf(descriptor)));
  release(slot, sw);
  return answered;
}

/** ARP over Ethernet and IPv4: remembers who answers, replies for its own address. */
function hearArp(sw: Switch, guest: Guest, descriptor: u64): bool {
  const arp = bytesOf(descriptor) + 14;
  if (lengthOf(descriptor) < ARP_FRAME_BYTES || load<u64>(arp) << 16 != 0x0406_0008_0100_0000) return false;
  const operation = <u32>load<u16>(arp, 6);
  const senderMac = load<u64>(arp, 8) & MAC_MASK;
  const senderIp = load<u32>(arp, 14);
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const stream = streamAt(guest, i);
    if (stream.resolve != senderIp) continue;
    stream.resolve = 0;
    stream.dueNs = sw.now;
    if (sw.sendDues != 0) store<u64>(<usize>sw.sendDues + (<usize>guest.place << 3), sw.now);
    store<u32>(<usize>stream.template, <u32>senderMac);
    store<u16>(<usize>stream.template, <u16>(senderMac >>> 32), 4);
  }
  if (operation != 0x0100 || load<u32>(arp, 24) != guest.ip) return false;
  const sent = sendArp(sw, guest, senderMac, 2, senderMac, senderIp);
  if (sent) guest.arpReplies++;
  return sent;
}

function askFor(sw: Switch, guest: Guest, ip: u32): bool {
  return sendArp(sw, guest, MAC_MASK, 1, 0, ip);
}

function sendArp(sw: Switch, guest: Guest, dst: u64, operation: u16, targetMac: u64, targetIp: u32): bool {
  const slot = take(sw.pool, ARP_FRAME_BYTES);
  if (slot == 0) {
    guest.heldBack++;
    return false;
  }
  const bytes = slot + HEADER_BYTES;
  store<u64>(bytes, dst | (guest.mac << 48));
  store<u32>(bytes, <u32>(guest.mac >>> 16), 8);
  store<u16>(bytes, <u16>TYPE_ARP, 12);
  store<u64>(bytes, 0x0406_0008_0100 | (<u64>bswap<u16>(operation) << 48), 14);
  store<u64>(bytes, guest.mac, 22);
  store<u32>(bytes, guest.ip, 28);
  store<u64>(bytes, targetMac, 32);
  store<u32>(bytes, targetIp, 38);
  return transmit(sw, guest, slot, ARP_FRAME_BYTES);
}

/** ICMP echo request for the guest's address (RFC 792): sent back with addresses swapped. */
function hearEcho(sw: Switch, guest: Guest, descriptor: u64): bool {
  const bytes = bytesOf(descriptor);
  const length = lengthOf(descriptor);
  const ipBytes = <u32>(load<u8>(bytes, 14) & 15) * 4;
  if (length < 14 + ipBytes + 8 || load<u32>(bytes, 30) != guest.ip || load<u8>(bytes + 14 + ipBytes) != 8) return false;
  const slot = take(sw.pool, length);
  if (slot == 0) {
    guest.heldBack++;
    return false;
  }
  const reply = slot + HEADER_BYTES;
  copyOut(reply, descriptor, length);
  memory.copy(reply, bytes + 6, 6);
  store<u32>(reply, <u32>guest.mac, 6);
  store<u16>(reply, <u16>(guest.mac >>> 32), 10);
  store<u32>(reply, guest.ip, 26);
  store<u32>(reply, load<u32>(bytes, 26), 30);
  store<u8>(reply + 14 + ipBytes, 0);
  // The type fell from 8 to 0: the checksum grows by as much, in ones' complement (RFC 1624).
  const sum = <u32>bswap<u16>(load<u16>(reply + 16 + ipBytes)) + 0x0800;
  store<u16>(reply + 16 + ipBytes, bswap<u16>(<u16>((sum & 0xffff) + (sum >>> 16))));
  const sent = transmit(sw, guest, slot, length);
  if (sent) guest.echoReplies++;
  return sent;
}

function transmit(sw: Switch, guest: Guest, slot: usize, length: u32): bool {
  changetype<Frame>(slot).id = sw.nextFrameId++;
  if (!push(changetype<Ring>(<usize>changetype<Port>(<usize>guest.port).rxRing), describe(slot, length))) {
    guest.heldBack++;
    release(slot, sw);
    return false;
  }
  guest.sent++;
  return true;
}
