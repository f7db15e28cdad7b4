/** Running a filter's program here, for files; src/core/filter.ts does the same where frames pass. */
import { MEMORY_WORDS } from './bpf.ts';

/**
 * Whether a program accepts a frame.
 * @param words what compileFilter gave, or verify let pass.
 * @param bytes the frame as far as it was captured.
 * @param length octets the frame had, captured or not.
 */
export function runWords(words: Uint32Array, bytes: Uint8Array, length: number): boolean {
  const memory = new Uint32Array(MEMORY_WORDS);
  const captured = bytes.length;
  let a = 0;
  let x = 0;
  for (let at = 0; ; ) {
    const head = words[at]!;
    const k = words[at + 1]!;
    at += 2;
    const code = head & 0xffff;
    switch (code) {
      case 0x20:
      case 0x40: {
        const from = code === 0x20 ? k : x + k;
        if (from + 4 > captured) return false;
        a = ((bytes[from]! << 24) | (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!) >>> 0;
        break;
      }
      case 0x28:
      case 0x48: {
        const from = code === 0x28 ? k : x + k;
        if (from + 2 > captured) return false;
        a = (bytes[from]! << 8) | bytes[from + 1]!;
        break;
      }
      case 0x30:
      case 0x50: {
        const from = code === 0x30 ? k : x + k;
        if (from >= captured) return false;
        a = bytes[from]!;
        break;
      }
      case 0x00:
        a = k;
        break;
      case 0x80:
        a = length >>> 0;
        break;
      case 0x60:
        a = memory[k]!;
        break;
      case 0x61:
        x = memory[k]!;
        break;
      case 0xb1:
        if (k >= captured) return false;
        x = (bytes[k]! & 15) << 2;
        break;
      case 0x02:
        memory[k] = a;
        break;
      case 0x07:
        x = a;
        break;
      case 0x84:
        a = -a >>> 0;
        break;
      case 0x05:
        at += 2 * k;
        break;
      case 0x06:
        return k !== 0;
      default: {
        const other = (code & 0x08) !== 0 ? x : k;
        if ((code & 0x07) === 0x05) {
          at += 2 * (jumps(code & 0xf0, a, other) ? (head >>> 16) & 0xff : head >>> 24);
          break;
        }
        const result = computed(code & 0xf0, a, other);
        if (result === null) return false;
        a = result;
      }
    }
  }
}

function jumps(operation: number, a: number, other: number): boolean {
  if (operation === 0x10) return a === other;
  if (operation === 0x20) return a > other;
  if (operation === 0x30) return a >= other;
  return (a & other) !== 0;
}

function computed(operation: number, a: number, other: number): number | null {
  switch (operation) {
    case 0x00:
      return (a + other) >>> 0;
    case 0x10:
      return (a - other) >>> 0;
    case 0x20:
      return Math.imul(a, other) >>> 0;
    case 0x30:
      return other === 0 ? null : Math.floor(a / other);
    case 0x40:
      return (a | other) >>> 0;
    case 0x50:
      return (a & other) >>> 0;
    case 0x60:
      return other > 31 ? 0 : (a << other) >>> 0;
    case 0x70:
      return other > 31 ? 0 : a >>> other;
    case 0x90:
      return other === 0 ? null : a % other;
    default:
      return (a ^ other) >>> 0;
  }
}
