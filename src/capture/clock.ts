/** How an interface counts time: `ns = ticks * multiplier / divisor + offsetNs`. */
export interface Clock {
  readonly multiplier: bigint;
  readonly divisor: bigint;
  readonly offsetNs: bigint;
}

const NS_PER_SECOND = 1_000_000_000n;

/** `if_tsresol` when the interface does not say: microseconds. */
export const TSRESOL_DEFAULT = 6;
/** `if_tsresol` of nanoseconds. */
export const TSRESOL_NS = 9;

/**
 * The clock of an Interface Description Block (draft-ietf-opsawg-pcapng, section 4.2).
 * @param tsresol `if_tsresol`, one octet: ticks of 10^-n seconds, or of 2^-n with the top bit set.
 * @param offsetSeconds `if_tsoffset`, signed.
 */
export function clockOf(tsresol: number, offsetSeconds: bigint): Clock {
  const exponent = tsresol & 0x7f;
  const offsetNs = offsetSeconds * NS_PER_SECOND;
  if ((tsresol & 0x80) !== 0) return { multiplier: NS_PER_SECOND, divisor: 1n << BigInt(exponent), offsetNs };
  if (exponent <= TSRESOL_NS) return { multiplier: 10n ** BigInt(TSRESOL_NS - exponent), divisor: 1n, offsetNs };
  return { multiplier: 1n, divisor: 10n ** BigInt(exponent - TSRESOL_NS), offsetNs };
}

// One allocation instead of the three of (BigInt(high) << 32n) | BigInt(low).
const word = new DataView(new ArrayBuffer(8));

/** The time of a timestamp's upper and lower 32 bits, in nanoseconds. */
export function timeNsOf(clock: Clock, high: number, low: number): bigint {
  word.setUint32(0, high);
  word.setUint32(4, low);
  let timeNs = word.getBigUint64(0);
  if (clock.multiplier !== 1n) timeNs *= clock.multiplier;
  if (clock.divisor !== 1n) timeNs /= clock.divisor;
  if (clock.offsetNs !== 0n) timeNs += clock.offsetNs;
  return timeNs;
}
