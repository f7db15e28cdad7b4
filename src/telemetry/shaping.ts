/** What a run tells of shapers, and of queues in front of cables. */

export interface ShaperReport {
  /** bit/s; null: the shaper is off. */
  readonly averageBps: number | null;
  /** bit/s; null: no limit. */
  readonly peakBps: number | null;
  readonly burstBytes: number;
  /** Frames that wait for tokens now. What a cable keeps back counts as on its way. */
  readonly waiting: number;
  /** Frames that had to wait, those among them. */
  readonly delayedFrames: number;
}

/** A queue in front of a cable. */
export interface QueueReport {
  /** A port group, `others` for those without a share, `PCP 5`, or `all`. */
  readonly name: string;
  /** 0-7. */
  readonly priority: number;
  readonly shares: number;
  /** Frames in it now. */
  readonly waiting: number;
  /** Most frames that were ever in it. */
  readonly longest: number;
  /** Sent from it, bytes without FCS. */
  readonly frames: number;
  readonly bytes: number;
  /** Frames that found it full. */
  readonly dropped: number;
}

export interface ShapingReport {
  readonly in?: ShaperReport;
  readonly out?: ShaperReport;
  readonly queues?: readonly QueueReport[];
}
