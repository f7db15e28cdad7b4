/**
 * Rates of frames and of bits, and what share of a wire they are.
 *
 * L2 counts the frame with its FCS. L1 adds what a wire of Ethernet spends on each frame: preamble and start delimiter
 * (8 octets) and the shortest gap (12). A rate in bits without a layer is L1 here, as it is what a wire offers.
 */
import { BenchError } from './error.ts';
import type { FrameMix } from './sizes.ts';

/** Preamble, start delimiter and shortest gap, octets (IEEE 802.3 section 4.4.2). */
export const wireOverheadBytes = 20;

/** What a rate depends on: the mean suffices, as the overhead is the same for every frame. */
type Mean = Pick<FrameMix, 'meanBytes'>;

/** Frames/s that fill a wire, not rounded: `bits / ((L + 20) * 8)` (RFC 2544 section 20; 10 Gbit/s at 64: 14,880,952.4). */
export const theoreticalFrames = (bitsPerSecond: number, mix: Mean): number => bitsPerSecond / wireBits(mix);

/** Bits/s on the wire of frames/s, with preamble and gap. */
export const l1Bits = (framesPerSecond: number, mix: Mean): number => framesPerSecond * wireBits(mix);

/** Bits/s of the frames themselves, with FCS. */
export const l2Bits = (framesPerSecond: number, { meanBytes }: Mean): number => framesPerSecond * meanBytes * 8;

/** Per cent of a wire that frames/s take; 100 is all of it. */
export const percentOfLine = (framesPerSecond: number, bitsPerSecond: number, mix: Mean): number =>
  (l1Bits(framesPerSecond, mix) / bitsPerSecond) * 100;

const wireBits = ({ meanBytes }: Mean): number => (meanBytes + wireOverheadBytes) * 8;

/** A load as somebody asks for it. */
export type Load =
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'frames'; readonly perSecond: number }
  /** L1. */
  | { readonly kind: 'bits'; readonly perSecond: number };

const loadPattern = /^(\d+(?:\.\d+)?) ?(?:(%)|([kKMGT]?)(pps|bps))$/;
const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const rateMax = 1e15;

/**
 * Reads `10%` of the line, `1Mpps` or `500kpps` (frames/s), or `1Gbps` (bits/s on the wire, L1). Per cent may be above 100: overload
 * is a test of its own.
 * @throws BenchError for a number without a unit, zero, or anything else.
 */
export function parseLoad(text: string): Load {
  const [, number, percent, prefix = '', unit] = loadPattern.exec(text.trim()) ?? [];
  const value = Number(number) * factors[prefix]!;
  if (value > 0 && value <= rateMax) {
    if (percent !== undefined) return { kind: 'percent', percent: value };
    return { kind: unit === 'pps' ? 'frames' : 'bits', perSecond: value };
  }
  throw new BenchError(
    `${text} is no load`,
    'per cent of the line such as 10%, frames/s such as 1Mpps, or bits/s such as 1Gbps',
  );
}

/**
 * Frames/s of a load.
 * @param lineBits Bits/s of the wire, or null where there is no media limit.
 * @throws BenchError for per cent of a line that does not exist.
 */
export function framesPerSecond(load: Load, mix: Mean, lineBits: number | null): number {
  if (load.kind === 'frames') return load.perSecond;
  if (load.kind === 'bits') return theoreticalFrames(load.perSecond, mix);
  if (lineBits !== null) return (theoreticalFrames(lineBits, mix) * load.percent) / 100;
  throw new BenchError(
    `a load of ${load.percent}% needs a line rate, and there is no media limit`,
    'give frames/s, or a virtual line rate',
  );
}
