/**
 * Rates of frames and of bits, and what share of a wire they are.
 *
 * L2 counts the frame with its FCS. L1 adds what a wire of Ethernet spends on each frame: preamble and start delimiter
 * (8 octets) and the shortest gap (12). A rate in bits without a layer is L1 here, as it is what a wire offers.
 */
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

const wireBits = ({ meanBytes }: Mean): number => (meanBytes + wireOverheadBytes) * 8;
