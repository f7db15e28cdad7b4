/** A small language for the octets of captures in both byte orders, right and wrong ones: what write.ts does not write. */

export type ByteOrder = 'le' | 'be';

/** [code, value] */
export type OptionSpec = readonly [code: number, value: Uint8Array];

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `count` octets that differ from each other. */
export function octets(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => index + 1);
}

function paddedTo4(bytes: Uint8Array): Uint8Array {
  return joined(bytes, new Uint8Array(-bytes.length & 3));
}

export function language(order: ByteOrder) {
  const little = order === 'le';
  const number = (bits: 16 | 32, value: number): Uint8Array => {
    const view = new DataView(new ArrayBuffer(bits / 8));
    if (bits === 16) view.setUint16(0, value, little);
    else view.setUint32(0, value, little);
    return new Uint8Array(view.buffer);
  };
  const u16 = (value: number): Uint8Array => number(16, value);
  const u32 = (value: number): Uint8Array => number(32, value);
  const u64 = (value: bigint): Uint8Array => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt.asUintN(64, value), little);
    return new Uint8Array(view.buffer);
  };
  const options = (specs: readonly OptionSpec[]): Uint8Array =>
    joined(...specs.map(([code, value]) => joined(u16(code), u16(value.length), paddedTo4(value))));
  const block = (type: number, ...body: readonly Uint8Array[]): Uint8Array => {
    const padded = paddedTo4(joined(...body));
    const length = u32(padded.length + 12);
    return joined(u32(type), length, padded, length);
  };
  const highLow = (ticks: bigint): Uint8Array => joined(u32(Number(ticks >> 32n)), u32(Number(ticks & 0xffffffffn)));

  return {
    u16,
    u32,
    u64,
    block,
    shb: (major = 1, minor = 0) => block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(major), u16(minor), u64(-1n)),
    idb: (linkType = 1, snapLength = 0, ...specs: OptionSpec[]) =>
      block(1, u16(linkType), u16(0), u32(snapLength), options(specs)),
    epb: (id: number, ticks: bigint, bytes: Uint8Array, ...specs: OptionSpec[]) =>
      block(6, u32(id), highLow(ticks), u32(bytes.length), u32(bytes.length), paddedTo4(bytes), options(specs)),
    pb: (id: number, ticks: bigint, bytes: Uint8Array, ...specs: OptionSpec[]) =>
      block(2, u16(id), u16(9), highLow(ticks), u32(bytes.length), u32(bytes.length), paddedTo4(bytes), options(specs)),
    spb: (originalLength: number, bytes: Uint8Array) => block(3, u32(originalLength), bytes),
    pcapHeader: (magic: number, linkType = 1, version: readonly [number, number] = [2, 4]) =>
      joined(u32(magic), u16(version[0]), u16(version[1]), u32(0), u32(0), u32(65535), u32(linkType)),
    pcapRecord: (seconds: number, fraction: number, bytes: Uint8Array, originalLength = bytes.length) =>
      joined(u32(seconds), u32(fraction), u32(bytes.length), u32(originalLength), bytes),
  };
}
