/** What a snapshot holds, as plain data. */
import type { PortName, Topology } from '../topology/model.ts';
import type { Image } from './image.ts';
import type { NetworkOptions } from './options.ts';

/** What the control side knows beside the memory. Plain data: objects, arrays, numbers, strings, booleans, null and bigints. */
export interface EngineState {
  /** Frames injected so far. */
  readonly injected: bigint;
  /** When the latest one enters, by port. */
  readonly lastInjectedNs: Readonly<Record<PortName, bigint>>;
}

/** The options that a restored network has from its snapshot: all but who moves it and how it may go back. */
export type FixedOptions = Omit<NetworkOptions, 'inline' | 'history'>;

export interface SnapshotContent {
  /** SHA-256 of topology, options and memory plan, hex. */
  readonly fingerprint: string;
  readonly topology: Topology;
  readonly options: FixedOptions;
  /** Internal time, ns. */
  readonly timeNs: bigint;
  /** Frames moved until then. */
  readonly position: number;
  readonly state: EngineState;
  readonly image: Image;
}
