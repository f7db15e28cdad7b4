/** Words in the shared memory, little-endian as WebAssembly has them. Addresses are bytes from its start. */
export class SharedMemory {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** A new one, all zero; `bytes` are whole pages of 64 KiB. */
  static ofBytes(bytes: number): SharedMemory {
    const pages = bytes / 65_536;
    return new SharedMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  /** A u64 counter as a number: exact up to 2^53, which a counter of frames takes centuries to reach. */
  count(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 0x1_0000_0000;
  }

  setU8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  setU16Be(at: number, value: number): void {
    this.#view.setUint16(at, value, false);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** A list of u32, as the core's lists of addresses are. */
  setU32s(at: number, values: readonly number[]): void {
    for (const [i, value] of values.entries()) this.#view.setUint32(at + 4 * i, value, true);
  }

  setU64(at: number, value: bigint): void {
    this.#view.setBigUint64(at, value, true);
  }

  /** Index of an aligned address for Atomics on `words`. */
  word(at: number): number {
    return at >>> 2;
  }
}
