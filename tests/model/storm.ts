/** Storm control: a bucket of frames for each limit of a port, full at first. */
import type { StormLimits } from '../../src/topology/model.ts';
import { broadcast, isGroup } from './frame.ts';

/** Parts of a frame that the bucket counts in, so that a nanosecond at one frame a second is a whole number of them. */
const parts = 1_000_000_000n;

class Bucket {
  readonly #rate: bigint;
  #parts: bigint;
  #filledNs = 0n;

  /** `rate` frames a second; it holds a second's worth. */
  constructor(rate: number) {
    this.#rate = BigInt(rate);
    this.#parts = this.#rate * parts;
  }

  /** Takes out one frame; false when there is none. */
  take(nowNs: bigint): boolean {
    const filled = this.#parts + (nowNs - this.#filledNs) * this.#rate;
    const most = this.#rate * parts;
    this.#parts = filled < most ? filled : most;
    this.#filledNs = nowNs;
    if (this.#parts < parts) return false;
    this.#parts -= parts;
    return true;
  }
}

export class StormControl {
  readonly #buckets: Readonly<Record<keyof StormLimits, Bucket | undefined>>;

  constructor({ broadcast, multicast, unknownUnicast }: StormLimits) {
    const bucket = (rate: number | null) => (rate === null ? undefined : new Bucket(rate));
    this.#buckets = {
      broadcast: bucket(broadcast),
      multicast: bucket(multicast),
      unknownUnicast: bucket(unknownUnicast),
    };
  }

  letsGroup(dst: string, nowNs: bigint): boolean {
    if (!isGroup(dst)) return true;
    return this.#buckets[dst === broadcast ? 'broadcast' : 'multicast']?.take(nowNs) ?? true;
  }

  letsUnknown(nowNs: bigint): boolean {
    return this.#buckets.unknownUnicast?.take(nowNs) ?? true;
  }
}
