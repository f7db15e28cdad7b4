/** Shapers, and queues in front of a port's cable, as checked. Directions are the switch's view: in is what it gets from the port. */

/** A token bucket (core/shaper.ts). Frames count without FCS. */
export interface Bucket {
  /** bit/s, 1 to 1e12: at this rate the bucket fills. */
  readonly averageBps: number;
  /** bit/s: at most at this rate it is spent; null: as fast as the medium. */
  readonly peakBps: number | null;
  /** What it holds, bytes; at least a frame, at most 1e9. */
  readonly burstBytes: number;
}

/** What a port group has of the uplinks' rate when there is not enough for all. */
export interface Share {
  readonly portGroup: string;
  /** 1-100, of the sum of those that want to send and have the same priority. */
  readonly shares: number;
  /** bit/s that it gets before all others; null: none. */
  readonly reservationBps: number | null;
  /** bit/s; null: none. */
  readonly limitBps: number | null;
  /** 0-7, in the order of 802.1Q: 1, 0, 2 to 7. What has a higher one goes first. */
  readonly priority: number;
}

export interface PortShaping {
  readonly in?: Bucket;
  readonly out?: Bucket;
  /** A queue for each priority of a frame's tag, the higher one first. */
  readonly strict?: boolean;
  /** Uplinks: a queue for each of these port groups, and one for the others. */
  readonly shares?: readonly Share[];
}

/** Of port groups that have no share. */
export const otherShares = { shares: 50, reservationBps: null, limitBps: null, priority: 0 } as const;

/** Place of a priority in the order of 802.1Q-2018 I.4: background (1) is below best effort (0). */
export function rankOf(priority: number): number {
  return priority === 0 ? 1 : priority === 1 ? 0 : priority;
}
