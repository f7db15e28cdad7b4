/**
 * Formulas of the benchmark methods: loss, overload (RFC 2889), back-to-back frames, recovery and reset (RFC 2544, 9004, 6201).
 *
 * Times are seconds, rates frames/s or bits/s, sizes octets with FCS. What a method does not define is null, never 0.
 */
import { theoreticalFrames } from './rate.ts';

/** Share that a port must lose of what is offered to it: 150 % leaves a loss of 1/3 (RFC 2889 section 5.5). */
export const overloadLossRatio = (loadPercent: number): number => Math.max(0, 1 - 100 / loadPercent);

export interface LossPoint {
  readonly loadPercent: number;
  readonly lossRatio: number;
}

/**
 * Next load of a frame loss curve (RFC 2544 section 26.3): from 100 per cent down in steps until two successive trials lose
 * nothing, or there is nothing left to send; null at the end.
 * @param points The trials so far, in order.
 * @param stepPercent At most 10; finer is encouraged.
 */
export function nextLossLoad(points: readonly LossPoint[], stepPercent = 10): number | null {
  const [before, last] = points.slice(-2);
  if (before?.lossRatio === 0 && last?.lossRatio === 0) return null;
  // By multiplication: 0.1 taken away a thousand times is not 0.
  const next = Number((100 - points.length * stepPercent).toPrecision(12));
  return next > 0 ? next : null;
}

export interface BackToBack {
  readonly repeats: number;
  readonly framesMean: number;
  readonly framesMin: number;
  readonly framesMax: number;
  /** Of the repeats as a sample; null for a single one. */
  readonly framesDeviation: number | null;
  /** Time that the buffer of the device holds at line rate: mean length / theoretical frames/s. */
  readonly impliedBufferSeconds: number;
  /** The same less what was forwarded meanwhile: implied - implied * throughput / theoretical. */
  readonly correctedBufferSeconds: number;
}

/** True where the back-to-back test makes sense: only for sizes that the device does not forward at line rate (RFC 9004 section 5.1). */
export const needsBackToBack = (throughput: number, theoretical: number): boolean => throughput < theoretical;

/**
 * Sums up the longest bursts of all repeats (RFC 2544 section 26.4, RFC 9004 section 5.4).
 * @param longest Frames of the longest burst without loss, one for each repeat, at least one.
 * @param throughput Frames/s of the throughput test of the same size.
 */
export function backToBack(
  longest: readonly number[],
  throughput: number,
  lineBits: number,
  sizeBytes: number,
): BackToBack {
  const theoretical = theoreticalFrames(lineBits, { meanBytes: sizeBytes });
  const repeats = longest.length;
  const framesMean = longest.reduce((sum, frames) => sum + frames, 0) / repeats;
  const squares = longest.reduce((sum, frames) => sum + (frames - framesMean) ** 2, 0);
  const impliedBufferSeconds = framesMean / theoretical;
  return {
    repeats,
    framesMean,
    framesMin: Math.min(...longest),
    framesMax: Math.max(...longest),
    framesDeviation: repeats > 1 ? Math.sqrt(squares / (repeats - 1)) : null,
    impliedBufferSeconds,
    correctedBufferSeconds: impliedBufferSeconds - impliedBufferSeconds * Math.min(1, throughput / theoretical),
  };
}

/**
 * Loads of the recovery test in frames/s: 110 per cent of the throughput, at most what the line carries, then half of that (RFC 2544
 * section 26.5). `share`: another overload, such as 1.5.
 */
export function recoveryLoads(
  throughput: number,
  theoretical: number | null,
  share = 1.1,
): { overload: number; relief: number } {
  const overload = Math.min(throughput * share, theoretical ?? Number.POSITIVE_INFINITY);
  return { overload, relief: overload / 2 };
}

/** Reset time by the loss of a steady stream: frames lost / frames/s offered (RFC 6201); null where nothing was offered. */
export const resetSecondsByLoss = (lost: number, framesPerSecond: number): number | null =>
  framesPerSecond > 0 ? lost / framesPerSecond : null;
