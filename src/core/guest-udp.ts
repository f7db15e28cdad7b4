/**
 * UDP at a guest (RFC 768): a service that sends datagrams back to where they came from, and the count of what came back to its streams.
 *
 * The service answers with the same payload, addresses and ports swapped. Its answer may pass through one router less than the
 * question: two services that answer each other come to an end that way, for on the virtual clock they would never leave one instant.
 */
import { pseudoSum, setHeaderSum, sumOf } from './checksum';
import { hearDhcp } from './dhcp-client';
import { bytesOf, copyOut, HEADER_BYTES, lengthOf } from './frame';
import {
  Guest, HAS_IPV6, IPV4_DESTINATION_AT, IPV4_SOURCE_AT, MAC_MASK, setMacs, Stream, streamAt, takeFor, transmit,
} from './guest-card';
import { Stack, stackOf, wordAt } from './guest-ip';
import { Switch } from './switch';

const ETHERNET_BYTES: u32 = 14;
const UDP_BYTES: u32 = 8;
const DHCP_PORT: u32 = 68;
const UDP_SOURCE_AT: usize = 34;
const UDP_DESTINATION_AT: usize = 36;

/** A datagram; `ipBytes`: of the IPv4 header, `total`: with that header. True when the guest has answered. */
export function hearUdp(sw: Switch, guest: Guest, descriptor: u64, ipBytes: u32, total: u32): bool {
  const bytes = bytesOf(descriptor);
  const udp = bytes + ETHERNET_BYTES + ipBytes;
  const length = wordAt(udp + 4);
  if (length < UDP_BYTES || ipBytes + length > total) return false;
  const stack = stackOf(guest);
  if (load<u16>(udp, 6) != 0 && sumOf(udp, length, pseudoSum(bytes + ETHERNET_BYTES, 17, length)) != 0xffff) {
    stack.badChecksums++;
    return false;
  }
  if (stack.dhcp != 0 && wordAt(udp + 2) == DHCP_PORT) return hearDhcp(sw, guest, stack, descriptor, ETHERNET_BYTES + ipBytes, length);
  if (guest.ip == 0 || load<u32>(bytes, IPV4_DESTINATION_AT) != guest.ip) return false;
  if (isAnswer(guest, load<u32>(bytes, IPV4_SOURCE_AT), udp, length)) return false;
  return isListening(stack, load<u16>(udp, 2)) && serve(sw, guest, stack, descriptor, udp - bytes);
}

function isListening(stack: Stack, port: u16): bool {
  for (let i: u32 = 0; i < stack.listenCount; i++) if (load<u16>(<usize>stack.listens + (<usize>i << 1)) == port) return true;
  return false;
}

/** What one of the guest's streams sent has come back: from its receiver, with its number at the head of the payload. */
function isAnswer(guest: Guest, from: u32, udp: usize, length: u32): bool {
  if (length < UDP_BYTES + 4) return false;
  const stream = findStream(guest, load<u32>(udp, UDP_BYTES));
  if (!stream || stream.hasIp == 0 || stream.hasIp == HAS_IPV6) return false;
  const template = <usize>stream.template;
  if (load<u32>(template, IPV4_DESTINATION_AT) != from || load<u16>(template, UDP_DESTINATION_AT) != load<u16>(udp)) return false;
  if (((wordAt(udp + 2) - stream.portFirst) & 0xffff) >= stream.flows) return false;
  stream.answered++;
  return true;
}

/** A guest's streams stand in the order of their numbers. */
function findStream(guest: Guest, number: u32): Stream | null {
  let low: u32 = 0;
  let high = guest.streamCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (streamAt(guest, middle).number < number) low = middle + 1;
    else high = middle;
  }
  return low < guest.streamCount && streamAt(guest, low).number == number ? streamAt(guest, low) : null;
}

/** Sends a datagram back. Its checksum stays, for swapping changes no sum. */
function serve(sw: Switch, guest: Guest, stack: Stack, descriptor: u64, udpAt: usize): bool {
  const bytes = bytesOf(descriptor);
  const length = lengthOf(descriptor);
  const life = load<u8>(bytes, 22);
  // Options of the question (RFC 791) are no answer's, and hardly anybody sends them.
  if (udpAt != UDP_SOURCE_AT || life <= 1 || (load<u8>(bytes, 6) & 1) != 0) return false;
  const slot = takeFor(sw, guest, length);
  if (slot == 0) return false;
  const reply = slot + HEADER_BYTES;
  copyOut(reply, descriptor, length);
  setMacs(reply, load<u64>(bytes, 6) & MAC_MASK, guest.mac);
  store<u32>(reply, guest.ip, IPV4_SOURCE_AT);
  store<u32>(reply, load<u32>(bytes, IPV4_SOURCE_AT), IPV4_DESTINATION_AT);
  store<u8>(reply, life - 1, 22);
  setHeaderSum(reply + ETHERNET_BYTES);
  store<u16>(reply, load<u16>(bytes, UDP_DESTINATION_AT), UDP_SOURCE_AT);
  store<u16>(reply, load<u16>(bytes, UDP_SOURCE_AT), UDP_DESTINATION_AT);
  const sent = transmit(sw, guest, slot, length);
  if (sent) stack.served++;
  return sent;
}
