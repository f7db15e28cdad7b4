/** What a suite is: tests in order, each run on beds (networks with a traffic generator) that it asks for. */
import type { Topology } from '../topology/model.ts';
import type { Bed, BedOptions } from './bed.ts';
import type { TestResult } from './model.ts';

/** What the user asked of a suite, settled. */
export interface SuiteSettings {
  readonly clock: 'wall' | 'virtual';
  readonly workers: number;
  readonly seed: number;
  readonly quick: boolean;
  /** Sizes and mixes as the user wrote them (sizes.ts parses), such as `64,512,1518,imix:csit`; null: the suite's own. */
  readonly sizes: string | null;
  /** Seconds of a final trial; null: what the suite's document says (quick: much shorter). */
  readonly seconds: number | null;
  /** Repeats of each measurement; null: the suite's own. */
  readonly repeats: number | null;
  /** Ports between which test frames go, names or patterns; null: the topology's traffic, or else all vNICs in pairs. */
  readonly from: string | null;
  readonly to: string | null;
  /** Frames also go the other way at once. */
  readonly bidirectional: boolean;
}

export interface Progress {
  /** What is being done, in a few words: `64 bytes: 1.2 Mframes/s`. */
  readonly text: string;
  /** Part of the test that is done, 0-1, as far as it can be told. */
  readonly part?: number;
}

export interface SuiteContext {
  /** The user's topology, or the suite's own. Its traffic tells `flowsOf` the pairs; beds are made without it. */
  readonly topology: Topology;
  readonly settings: SuiteSettings;
  /** A network with a generator; it is closed when the test is over, whatever happens. */
  bed(options: BedOptions): Promise<Bed>;
  progress(progress: Progress): void;
  /** Throws when the user wants to stop; beds call it between trials. */
  check(): void;
}

export interface SuiteTest {
  /** `rfc2544.throughput`. */
  readonly id: string;
  readonly title: string;
  readonly source: string | null;
  /** The network that it brings along, in a few words. Absent: the runner tells the beds' networks where they are not the user's. */
  readonly ownNetwork?: string;
  run(context: SuiteContext): Promise<Omit<TestResult, 'id' | 'title' | 'source'>>;
}

export interface Suite {
  readonly name: string;
  readonly title: string;
  /** A sentence for `--help`. */
  readonly about: string;
  /** Clocks that it can be run on, the default first. Absent: both, and the default is the wall clock. */
  readonly clocks?: readonly ('wall' | 'virtual')[];
  /** Topology (a document as in YAML) for a user who gives none. */
  readonly defaultTopology: unknown;
  readonly tests: readonly SuiteTest[];
}
