/**
 * Filters where the frame is: a program of classic BPF (src/capture/filter/bpf.ts; libpcap's expressions compiled) over
 * the octets of one frame. What may run has been verified there, once: jumps go forward and end, words of M exist.
 *
 *     program:  count u32, 4 bytes nothing, then 8 bytes an instruction: code | jt << 16 | jf << 24, k
 *
 * A load beyond the captured octets and a division by 0 reject the frame. The words M are locals: an expression takes at
 * most four at a time (src/capture/filter/emit.ts), and memory for them would be shared by all threads.
 */
const BEFORE: usize = 8;

/** Whether a frame passes: `captured` octets of it stand at `bytes`, `length` it had. */
export function accepts(program: usize, bytes: usize, captured: u32, length: u32): bool {
  let at = program + BEFORE;
  let a: u32 = 0;
  let x: u32 = 0;
  let m0: u32 = 0, m1: u32 = 0, m2: u32 = 0, m3: u32 = 0;
  while (true) {
    const head = load<u32>(at);
    const k = load<u32>(at, 4);
    at += 8;
    switch (head & 0xff) {
      case 0x20:
        if (<u64>k + 4 > <u64>captured) return false;
        a = bswap<u32>(load<u32>(bytes + k));
        continue;
      case 0x28:
        if (<u64>k + 2 > <u64>captured) return false;
        a = <u32>bswap<u16>(load<u16>(bytes + k));
        continue;
      case 0x30:
        if (k >= captured) return false;
        a = load<u8>(bytes + k);
        continue;
      case 0x15:
        at += (a == k ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      case 0x54:
        a &= k;
        continue;
      case 0x06:
        return k != 0;
      case 0x45:
        at += ((a & k) != 0 ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      case 0x25:
        at += (a > k ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      case 0x35:
        at += (a >= k ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      case 0xb1:
        if (k >= captured) return false;
        x = <u32>(load<u8>(bytes + k) & 15) << 2;
        continue;
      case 0x40:
        if (<u64>x + k + 4 > <u64>captured) return false;
        a = bswap<u32>(load<u32>(bytes + x + k));
        continue;
      case 0x48:
        if (<u64>x + k + 2 > <u64>captured) return false;
        a = <u32>bswap<u16>(load<u16>(bytes + x + k));
        continue;
      case 0x50:
        if (<u64>x + k >= <u64>captured) return false;
        a = load<u8>(bytes + x + k);
        continue;
      case 0x05: at += <usize>k << 3; continue;
      case 0x00: a = k; continue;
      case 0x80: a = length; continue;
      case 0x07: x = a; continue;
      case 0x02:
        if (k == 0) m0 = a;
        else if (k == 1) m1 = a;
        else if (k == 2) m2 = a;
        else m3 = a;
        continue;
      case 0x60: a = k == 0 ? m0 : k == 1 ? m1 : k == 2 ? m2 : m3; continue;
      case 0x61: x = k == 0 ? m0 : k == 1 ? m1 : k == 2 ? m2 : m3; continue;
      case 0x84: a = 0 - a; continue;
      case 0x04: a += k; continue;
      case 0x0c: a += x; continue;
      case 0x14: a -= k; continue;
      case 0x1c: a -= x; continue;
      case 0x24: a *= k; continue;
      case 0x2c: a *= x; continue;
      case 0x34:
        if (k == 0) return false;
        a /= k;
        continue;
      case 0x3c:
        if (x == 0) return false;
        a /= x;
        continue;
      case 0x94:
        if (k == 0) return false;
        a %= k;
        continue;
      case 0x9c:
        if (x == 0) return false;
        a %= x;
        continue;
      case 0x44: a |= k; continue;
      case 0x4c: a |= x; continue;
      case 0x5c: a &= x; continue;
      case 0xa4: a ^= k; continue;
      case 0xac: a ^= x; continue;
      case 0x64: a = k > 31 ? 0 : a << k; continue;
      case 0x6c: a = x > 31 ? 0 : a << x; continue;
      case 0x74: a = k > 31 ? 0 : a >>> k; continue;
      case 0x7c: a = x > 31 ? 0 : a >>> x; continue;
      case 0x1d:
        at += (a == x ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      case 0x2d:
        at += (a > x ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      case 0x3d:
        at += (a >= x ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      case 0x4d:
        at += ((a & x) != 0 ? (head >>> 13) & 0x7f8 : (head >>> 24) << 3);
        continue;
      default:
        return false;
    }
  }
}
