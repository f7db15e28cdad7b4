/**
 * The guest behind a vNIC: it sends the streams that the topology asks for, answers ARP and ICMP echo for its address, and
 * takes what its port gives it, as a network card would: its own address and groups, the rest is filtered.
 *
 * A stream between guests that both have an address begins with a real ARP request (RFC 826), repeated every second until it
 * is answered. Test frames are UDP/IPv4 to port 9 (discard), or EtherType 0x88B5 (IEEE 802 local experimental) without
 * addresses, and carry stream, sequence number and time behind the headers.
 */
import { noteTaken } from './absence';
import { adjust, adjustNeverZero } from './checksum';
import { inspect, Probe, tellOfBatch } from './check';
import { copyOut, describe, Frame, HEADER_BYTES, lengthOf, outerTci, slotOf, TAG_STORED, tagOf, bytesOf, UNTAGGED } from './frame';
import { hearGroup, listenerDue, rejoin, runListener, takesGroup } from './listener';
import {
  ARP_FRAME_BYTES, ARP_RETRY_NS, askFor, Guest, HAS_IPV6, IPV4_BROADCAST, IPV4_DESTINATION_AT, isGroup, isOff, MAC_MASK, ON_LINK,
  ringOf, sendArp, setMacs, Stream, streamAt, takeFor, transmit, TYPE_ARP, TYPE_IPV4, wake,
} from './guest-card';
import { hopTo, resolveStream, Stack } from './guest-ip';
import { begin, hearIp, hearSomebody, nextOfStack, sendOfStack } from './guest-stack';
import { canSend, drainCard, isCardFull, nextBuffer, nextOfCard, post, resetCard, runCard, sendSlot } from './nic-card';
import { Pattern, stepAt, vary } from './pattern';
import { release, take } from './pool';
import { Port } from './port';
import { advanceNear, at, available, hasRoom, publishNear, push, Ring } from './ring';
import { isOfItself, serve, toItself } from './services';
import { Switch } from './switch';

const IPV4_UDP_HEADERS: u32 = 42;
const IPV6_HEADERS: u32 = 54;
const UDP_SOURCE_AT: u32 = 34;
const TTL: u8 = 64;

export { Guest, Stream } from './guest-card';

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
  if (isFresh && guest.listener != 0) rejoin(guest, now);
  if (isFresh && guest.nic != 0) resetCard(guest);
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const stream = streamAt(guest, i);
    stream.dueNs = max(stream.dueNs, now);
    if (!isFresh || stream.hasIp == 0 || stream.hasIp == HAS_IPV6) continue;
    const ip = load<u32>(<usize>stream.template, IPV4_DESTINATION_AT);
    // A group has no station that answers.
    if (ip == IPV4_BROADCAST || isGroup(ip)) continue;
    const isDirect = guest.stack == 0 || stream.hasIp == ON_LINK;
    stream.resolve = isDirect ? ip : hopTo(changetype<Stack>(<usize>guest.stack), guest.ip, ip);
  }
  if (guest.stack != 0) begin(guest, now, isFresh);
}

/** When a guest next wants to send, ns; u64.MAX_VALUE when never. `withPeriodic`: what never ends by itself counts, as DHCP's timers. */
export function nextSend(guest: Guest, now: u64, withPeriodic: bool): u64 {
  if (isOff(guest)) return u64.MAX_VALUE;
  let soonest = guest.stack == 0 ? u64.MAX_VALUE : nextOfStack(guest, withPeriodic);
  if (guest.listener != 0) soonest = min(soonest, listenerDue(guest));
  if (guest.nic != 0) soonest = min(soonest, nextOfCard(guest, now));
  if (guest.isMuted != 0 || (guest.nic != 0 && isCardFull(guest))) return soonest;
  for (let i: u32 = 0; i < guest.streamCount; i++) {
    const stream = streamAt(guest, i);
    // One that is not paced is always due, until it is over. What waited for its card until the stream's stop is not sent any more.
    const due = stream.intervalDen == 0 ? max(stream.dueNs, now) : stream.dueNs;
    if (!isOver(stream, max(due, now))) soonest = min(soonest, due);
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
  if (isOff(guest)) return 0;
  if (guest.nic != 0) return min(runCard(sw, guest, true), most);
  let sent: u32 = guest.stack == 0 ? 0 : sendOfStack(sw, guest, most);
  if (guest.listener != 0) sent += runListener(sw, guest, most - sent);
  const streams = guest.isMuted == 0 ? guest.streamCount : 0;
  for (let i: u32 = 0; i < streams && sent < most; i++) sent += runStream(sw, guest, streamAt(guest, i), most - sent);
  if (sent == 0) return 0;
  const ring = ringOf(guest);
  if (guest.probe != 0) tellOfBatch(changetype<Probe>(<usize>guest.probe), ring);
  publishNear(ring);
  return sent;
}

/** Into the guest's card, which tells how much it takes: all that is due. */
export function sendByCard(sw: Switch, guest: Guest): void {
  if (guest.stack != 0) sendOfStack(sw, guest, u32.MAX_VALUE);
  if (guest.listener != 0) runListener(sw, guest, u32.MAX_VALUE);
  const streams = guest.isMuted == 0 ? guest.streamCount : 0;
  for (let i: u32 = 0; i < streams; i++) runStream(sw, guest, streamAt(guest, i), u32.MAX_VALUE);
}

function runStream(sw: Switch, guest: Guest, stream: Stream, most: u32): u32 {
  if (stream.dueNs > sw.now || isOver(stream, sw.now)) return 0;
  if (stream.resolve != 0) {
    stream.dueNs = sw.now + ARP_RETRY_NS;
    return (guest.stack == 0 ? askFor(sw, guest, stream.resolve) : resolveStream(sw, guest, stream)) ? 1 : 0;
  }
  const ring = ringOf(guest);
  const pattern = changetype<Pattern>(<usize>stream.pattern);
  const signatureAt = stream.hasIp == 0 ? 14 : stream.hasIp == HAS_IPV6 ? IPV6_HEADERS : IPV4_UDP_HEADERS;
  const hasCard = guest.nic != 0;
  // What a card gathers must not depend on how much a step of the virtual clock may move.
  const limit = <u32>min<u64>(hasCard ? sw.burstMost : min(sw.burst, most), stream.remaining);
  const isOwn = guest.services != 0 && isOfItself(guest, <usize>stream.template);
  let sent: u32 = 0;
  while (sent < limit && stream.dueNs <= sw.now && !isOver(stream, stream.dueNs)) {
    if (hasCard) {
      if (!canSend(guest)) break;
    } else if (!hasRoom(ring)) {
      guest.heldBack++;
      // Behind a shaper the ring stays full, and what is not sent now is not sent: the virtual clock could not go on otherwise.
      if (changetype<Port>(<usize>guest.port).shaperIn != 0 && stream.intervalDen != 0) passInterval(stream);
      break;
    }
    const length = stream.length;
    const slot = hasCard ? nextBuffer(guest, length) : take(sw.pool, length);
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
      store<u16>(bytes + UDP_SOURCE_AT, bswap<u16>(<u16>(stream.portFirst + stream.nextFlow)));
      stream.nextFlow = stream.nextFlow + 1 == stream.flows ? 0 : stream.nextFlow + 1;
    }
    store<u32>(bytes + signatureAt, stream.number);
    store<u32>(bytes + signatureAt, stream.sequence++, 4);
    const due = stream.intervalDen == 0 ? 0 : stream.dueNs;
    store<u64>(bytes + signatureAt, stream.pattern == 0 ? sw.now : vary(pattern, bytes, sw.now, due), 8);
    if (hasCard) {
      post(sw, guest, length);
    } else {
      changetype<Frame>(slot).id = sw.nextFrameId++;
      if (isOwn) toItself(sw, guest, slot, length);
      else push(ring, describe(slot, length));
    }
    if (stream.intervalDen != 0) passInterval(stream);
    if (stream.pattern != 0 && pattern.steps != 0) changeSize(stream, pattern);
    sent++;
  }
  // Nothing can come between these and part them, as repair.ts relies on: no call, no turn of a loop.
  stream.remaining -= sent;
  stream.sent += sent;
  if (!hasCard) guest.sent += isOwn ? 0 : sent;
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

/** Whether the guest's card passes on what is for `dst`. */
// @ts-ignore: decorator
@inline
export function accepts(guest: Guest, dst: u64): bool {
  return (dst & 1) != 0 ? guest.listener == 0 || takesGroup(guest, dst) : dst == guest.mac;
}

/** The guest takes a frame from its card. */
export function hear(sw: Switch, port: Port, guest: Guest, descriptor: u64): void {
  if (guest.probe != 0) inspect(sw, port, changetype<Probe>(<usize>guest.probe), descriptor);
  if ((guest.ip | guest.stack) != 0) answer(sw, guest, descriptor);
  if (guest.listener != 0 && (load<u8>(bytesOf(descriptor)) & 1) != 0) hearGroup(sw, guest, descriptor);
}

/** Takes everything that waits for the guest; returns how many frames it answered. */
export function drain(sw: Switch, port: Port): u32 {
  const guest = changetype<Guest>(<usize>port.guest);
  if (guest.nic != 0 && !isOff(guest)) {
    const before = guest.received;
    const sent = drainCard(sw, guest);
    if (port.chair != 0 && guest.received != before) noteTaken(guest, sw.now);
    return sent;
  }
  const ring = changetype<Ring>(<usize>port.txRing);
  const n = available(ring);
  let answered: u32 = 0;
  const answers = (guest.ip | guest.stack) != 0 && !isOff(guest);
  const listens = guest.listener != 0;
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
    if (accepts(guest, dst)) {
      received++;
      bytesIn += lengthOf(descriptor);
      if (answers) answered += answer(sw, guest, descriptor);
      if (listens && (dst & 1) != 0) hearGroup(sw, guest, descriptor);
    } else {
      guest.filtered++;
    }
    release(slotOf(descriptor), sw);
  }
  advanceNear(ring, n);
  guest.received += received;
  guest.receivedBytes += bytesIn;
  if (port.chair != 0 && received != 0) noteTaken(guest, sw.now);
  sw.inHand = 0;
  if (answered != 0) publishNear(changetype<Ring>(<usize>port.rxRing));
  return answered;
}

function answer(sw: Switch, guest: Guest, descriptor: u64): u32 {
  const bytes = bytesOf(descriptor);
  const type = <u32>load<u16>(bytes, 12);
  if (tagOf(descriptor) == TAG_STORED) {
    if (guest.services != 0 && serve(sw, guest, bytes, lengthOf(descriptor))) return 1;
    if (type == TYPE_ARP) return hearArp(sw, guest, descriptor) ? 1 : 0;
    if (type != TYPE_IPV4) return 0;
    if (guest.stack != 0 && hearIp(sw, guest, descriptor)) return 1;
    return load<u8>(bytes, 23) == 1 && guest.ip != 0 && hearEcho(sw, guest, descriptor) ? 1 : 0;
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

/** The same for what the host behind a vNIC sends to its own address. */
export function hearAgain(sw: Switch, guest: Guest, descriptor: u64): u32 {
  return answer(sw, guest, descriptor);
}

/** ARP over Ethernet and IPv4: remembers who answers, replies for its own address. */
function hearArp(sw: Switch, guest: Guest, descriptor: u64): bool {
  const arp = bytesOf(descriptor) + 14;
  if (lengthOf(descriptor) < ARP_FRAME_BYTES || load<u64>(arp) << 16 != 0x0406_0008_0100_0000) return false;
  const operation = <u32>load<u16>(arp, 6);
  const senderMac = load<u64>(arp, 8) & MAC_MASK;
  const senderIp = load<u32>(arp, 14);
  const isForUs = load<u32>(arp, 24) == guest.ip && guest.ip != 0;
  if (guest.stack != 0) hearSomebody(sw, guest, senderIp, senderMac, isForUs);
  // Who looks whether an address is free has none (RFC 5227), and is nobody that a stream waits for.
  for (let i: u32 = 0; i < guest.streamCount && senderIp != 0; i++) {
    const stream = streamAt(guest, i);
    if (stream.resolve != senderIp) continue;
    stream.resolve = 0;
    stream.dueNs = max(sw.now, stream.startNs);
    wake(sw, guest);
    store<u32>(<usize>stream.template, <u32>senderMac);
    store<u16>(<usize>stream.template, <u16>(senderMac >>> 32), 4);
  }
  if (operation != 0x0100 || !isForUs) return false;
  const sent = sendArp(sw, guest, senderMac, 2, senderMac, senderIp);
  if (sent) guest.arpReplies++;
  return sent;
}

/** ICMP echo request for the guest's address (RFC 792): sent back with addresses swapped. */
function hearEcho(sw: Switch, guest: Guest, descriptor: u64): bool {
  const bytes = bytesOf(descriptor);
  const length = lengthOf(descriptor);
  const ipBytes = <u32>(load<u8>(bytes, 14) & 15) * 4;
  if (length < 14 + ipBytes + 8 || load<u32>(bytes, 30) != guest.ip || load<u8>(bytes + 14 + ipBytes) != 8) return false;
  // Fragments are put together by nobody.
  if ((<u32>load<u16>(bytes, 20) & 0xff3f) != 0) return false;
  const slot = takeFor(sw, guest, length);
  if (slot == 0) return false;
  const reply = slot + HEADER_BYTES;
  copyOut(reply, descriptor, length);
  setMacs(reply, load<u64>(bytes, 6) & MAC_MASK, guest.mac);
  store<u32>(reply, guest.ip, 26);
  store<u32>(reply, load<u32>(bytes, 26), 30);
  // A datagram of its own has a life of its own (RFC 1122, 3.2.1.7).
  const life = <u32>load<u16>(reply, 22);
  store<u8>(reply, TTL, 22);
  adjust(reply + 24, life, load<u16>(reply, 22));
  store<u8>(reply + 14 + ipBytes, 0);
  adjustNeverZero(reply + 16 + ipBytes, 8, 0);
  const sent = transmit(sw, guest, slot, length);
  if (sent) guest.echoReplies++;
  return sent;
}
