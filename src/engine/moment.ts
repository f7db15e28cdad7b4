/** A state in memory, as snapshots and histories hold it. */
import type { Image } from './image.ts';
import type { EngineState } from './snapshot-content.ts';

/** Where in which course of events it was (lineage.ts). */
export interface Origin {
  readonly branch: object;
  /** Bytes captured until then. */
  readonly written: number;
}

export interface Moment {
  readonly image: Image;
  readonly state: EngineState;
  /** Internal time, ns. */
  readonly timeNs: bigint;
  /** Frames moved until then. */
  readonly position: number;
  /** null: it comes from a file. */
  readonly origin: Origin | null;
}
