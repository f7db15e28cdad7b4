/** Addresses of one memory, handed out from the bottom, with a note of what for. */

/** Page 0 stays empty, so that address 0 can stand for "none". */
const FIRST_ADDRESS = 65_536;
export const CACHE_LINE = 64;

export const align = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;
export const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)));

/** Hands out addresses and remembers what for. */
export class Space {
  next = FIRST_ADDRESS;
  readonly sums = new Map<string, number>();

  reserve(what: string, bytes: number): number {
    const at = this.next;
    const taken = align(bytes, CACHE_LINE);
    this.next += taken;
    this.sums.set(what, (this.sums.get(what) ?? 0) + taken);
    return at;
  }
}
