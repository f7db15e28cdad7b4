/** What a snapshot holds, as plain data. */
import type { Topology } from '../topology/model.ts';
import type { AgendaState } from './agenda.ts';
import type { ChangesState } from './change-log.ts';
import type { Image } from './image.ts';
import type { InjectorState } from './injector.ts';
import type { NetworkOptions } from './options.ts';

/** What the control side knows beside the memory. Plain data: objects, arrays, numbers, strings, booleans, null, bigints and bytes. */
export interface EngineState {
  readonly injector: InjectorState;
  readonly agenda: AgendaState;
  /** Blocks of captures that wait for those of other workers, by capture and ring; empty where none does. */
  readonly changes?: ChangesState;
  readonly captured: readonly (readonly Uint8Array[])[];
}

/** The options that a restored network has from its snapshot: all but who moves it and how it may go back. */
export type FixedOptions = Omit<NetworkOptions, 'inline' | 'history' | 'hangMs'>;

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
