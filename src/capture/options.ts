import { OPTION, padded, TRAILER_BYTES } from './block.ts';
import type { Source } from './source.ts';

const text = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Walks the options at the end of a pcapng block (section 3.5): `enter`, then `next` until it is false; in between the
 * fields describe the option at hand. One cursor serves a whole file, so that frames allocate none.
 *
 * A missing opt_endofopt ends the list like a present one. An option that does not fit its block, or has another length
 * than the format fixes, is an error: the block was written wrongly or damaged, and none of it can be trusted.
 */
export class OptionCursor {
  code = 0;
  length = 0;
  private readonly source: Source;
  private little = true;
  /** Index of the value in the source's window. */
  private value = 0;
  private following = 0;
  private end = 0;

  constructor(source: Source) {
    this.source = source;
  }

  /** Starts at `index` of the window, inside the block of `blockLength` octets that starts at `block`. */
  enter(index: number, block: number, blockLength: number, little: boolean): void {
    this.following = index;
    this.end = block + blockLength - TRAILER_BYTES;
    this.little = little;
  }

  /**
   * Steps to the next option; false at the end of the list.
   * @throws CaptureError when the option runs past its block.
   */
  next(): boolean {
    const index = this.following;
    if (index >= this.end) return false;
    const { view } = this.source;
    this.code = view.getUint16(index, this.little);
    if (this.code === OPTION.end) return false;
    this.length = view.getUint16(index + 2, this.little);
    this.value = index + 4;
    this.following = this.value + padded(this.length);
    if (this.following > this.end) {
      throw this.error(`option ${this.code} of ${this.length} octets runs past the end of its block`);
    }
    return true;
  }

  /** Index of the value in the source's window. */
  get at(): number {
    return this.value;
  }

  /** The value as text. A zero octet ends it (section 3.5), what is not UTF-8 becomes U+FFFD (section 3.6.3). */
  text(): string {
    return this.textFrom(0);
  }

  /** The value as text, without its first `skipped` octets. */
  textFrom(skipped: number): string {
    const octets = this.source.bytes.subarray(this.value + skipped, this.value + this.length);
    const zero = octets.indexOf(0);
    return text.decode(zero < 0 ? octets : octets.subarray(0, zero));
  }

  /** The value as it is, a view of the window. */
  octets(): Uint8Array {
    return this.source.frame(this.value, this.length);
  }

  /** The Private Enterprise Number of a custom option; -1 where it is too short for one. */
  enterprise(): number {
    return this.length < 4 ? -1 : this.source.view.getUint32(this.value, this.little);
  }

  u8(): number {
    this.expect(1);
    return this.source.view.getUint8(this.value);
  }

  u32(): number {
    this.expect(4);
    return this.source.view.getUint32(this.value, this.little);
  }

  u64(): bigint {
    this.expect(8);
    return this.source.view.getBigUint64(this.value, this.little);
  }

  i64(): bigint {
    this.expect(8);
    return this.source.view.getBigInt64(this.value, this.little);
  }

  private expect(length: number): void {
    if (this.length !== length) throw this.error(`option ${this.code} has ${this.length} octets, not ${length}`);
  }

  private error(what: string): Error {
    return this.source.error(this.source.offsetOf(this.value - 4), what, 'the file is damaged here: copy it again');
  }
}
