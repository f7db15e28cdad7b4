/**
 * The Internet's checksum (RFC 1071) over words as a little-endian load sees them: it is the same in either order, so a sum is stored as
 * it is. One that is right comes to 0xffff.
 */

/** The ones' complement sum of `length` octets at `at`, added to `start` and folded. */
export function sumOf(at: usize, length: u32, start: u32): u32 {
  let sum: u64 = start;
  // Four octets are two words, whose carries the fold puts back.
  const end = at + (length & ~3);
  for (; at < end; at += 4) sum += load<u32>(at);
  if ((length & 2) != 0) {
    sum += load<u16>(at);
    at += 2;
  }
  if ((length & 1) != 0) sum += load<u8>(at);
  return fold(sum);
}

export function fold(sum: u64): u32 {
  let total = sum;
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return <u32>total;
}

/** What UDP's and TCP's checksum covers beside the datagram: both addresses, the protocol, the length (RFC 768, RFC 9293). */
export function pseudoSum(header: usize, protocol: u32, length: u32): u32 {
  return sumOf(header + 12, 8, (<u32>bswap<u16>(<u16>length)) + (protocol << 8));
}

/** Writes the checksum of an IPv4 header without options, which begins at `header`. */
export function setHeaderSum(header: usize): void {
  store<u16>(header, 0, 10);
  store<u16>(header, <u16>~sumOf(header, 20, 0), 10);
}

/** Writes the checksum of a UDP datagram of so many octets, which follows an IPv4 header without options at `header`. */
export function setUdpSum(header: usize, length: u32): void {
  store<u16>(header, 0, 26);
  const sum = <u16>~sumOf(header + 20, length, pseudoSum(header, 17, length));
  store<u16>(header, sum == 0 ? 0xffff : sum, 26); // 0 would say that there is none
}

/** Brings the checksum at `at` in line with a change of two words from `before` to `after` (RFC 1624, equation 3). */
export function adjust(at: usize, before: u32, after: u32): void {
  const sum = <u32>(~load<u16>(at) & 0xffff) + (~before & 0xffff) + (~before >>> 16) + (after & 0xffff) + (after >>> 16);
  store<u16>(at, <u16>~fold(sum));
}

/**
 * The same for one that never becomes 0: UDP's would say that there is none (RFC 768), and with 0 a message of zeros, as an ICMP reply
 * may be, would not come to 0xffff. For all else both mean the same.
 */
export function adjustNeverZero(at: usize, before: u32, after: u32): void {
  adjust(at, before, after);
  if (load<u16>(at) == 0) store<u16>(at, 0xffff);
}
