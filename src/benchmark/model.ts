/**
 * What a benchmark tells, as plain data: the JSON file, the CSV, the page, the terminal and `compare` are all made of this.
 * A suite gives tests; a test gives figures (numbers with their spread), plots, and the trials behind both.
 */

/** One file of results. */
export interface BenchDocument {
  readonly schema: 'vswitch-bench/1';
  /** `rfc2544`, … */
  readonly suite: string;
  readonly title: string;
  /** Of the program. */
  readonly version: string;
  /** Of the checkout, with `+` when it has changes; null outside of one. */
  readonly commit: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Real time that the tests took, s. */
  readonly seconds: number;
  /** Never mixed: a document has one. */
  readonly clock: 'wall' | 'virtual';
  readonly seed: number;
  /** Durations and repeats were cut short; no figure is to be quoted. */
  readonly quick: boolean;
  /** What was asked for, as the user would write it. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly machine: Machine;
  readonly network: NetworkSummary;
  /** What the generator and the receiver alone can do, without a switch; null where there is no such limit (virtual clock). */
  readonly ceiling: Ceiling | null;
  readonly tests: readonly TestResult[];
  /** False: it was interrupted, and can be resumed. */
  readonly complete: boolean;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  /** CPU frequency governor; null where it cannot be told. */
  readonly governor: string | null;
  /** Load average of the last minute before the run. */
  readonly load: number;
}

export interface NetworkSummary {
  readonly name: string;
  readonly hosts: number;
  /** vSwitches and physical switches. */
  readonly switches: number;
  /** Those of them that are physical. Absent: the file is older than this field, as with the next two. */
  readonly physicalSwitches?: number;
  /** `2 of 10 Gbit/s, 1 without a rate`. */
  readonly cables?: string;
  /** Who sends to whom, `esx1/a -> esx2/c, VLAN 10`: of the first test on this network. Absent: none was run on it. */
  readonly flows?: readonly string[];
  readonly vnics: number;
  readonly workers: number;
  readonly macModels: readonly string[];
  /** Rules that are switched off: must be empty for a figure to be quoted. */
  readonly rulesOff: readonly string[];
  /** Bits a second of the slowest cable on the way of the test's frames; null: no media limit. */
  readonly lineRate: number | null;
}

export interface Ceiling {
  readonly framesPerSecond: number;
  readonly frameBytes: number;
  readonly note: string;
}

export interface TestResult {
  /** Unique in the document: `rfc2544.throughput`. */
  readonly id: string;
  readonly title: string;
  /** `RFC 2544, 26.1`; null for our own questions. */
  readonly source: string | null;
  /** The suite's own network that it was run on, in a few words; absent: the document's. */
  readonly ownNetwork?: string;
  /** Who sends to whom at its beginning, where that differs from the document's flows. */
  readonly flows?: readonly string[];
  /** What was done, in a sentence or two, for a reader who wants to repeat it. */
  readonly method: string;
  readonly status: 'done' | 'not-applicable' | 'failed';
  /** Why it is not applicable or failed; null when done. */
  readonly why: string | null;
  readonly figures: readonly Figure[];
  readonly plots: readonly Plot[];
  readonly trials: readonly TrialResult[];
  /** What a reader should know of these figures, a sentence each. */
  readonly notes: readonly string[];
}

/** A number with its spread. Figures of two documents are the same when test id, name and labels are. */
export interface Figure {
  readonly name: string;
  /** What it was measured for: `{ size: 64 }`, `{ size: 'IMIX csit', load: '50 %' }`. */
  readonly labels: Readonly<Record<string, string | number>>;
  /** `frames/s`, `bit/s`, `%`, `ns`, `s`, `frames`, `addresses`, `copies/s`, … */
  readonly unit: string;
  /** Of each repeat; the figure is their median. At least one. */
  readonly samples: readonly number[];
  /** What is good; null where neither is. */
  readonly better: 'higher' | 'lower' | null;
}

export interface Axis {
  readonly label: string;
  readonly unit: string;
  readonly scale: 'linear' | 'log' | 'category';
  /** Names of the places 0, 1, …, on a category axis. */
  readonly categories?: readonly string[];
}

export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  /** null: a gap. */
  readonly y: readonly (number | null)[];
  /** `reference`: a theoretical line, dashed. `points`: single measurements. */
  readonly kind: 'line' | 'reference' | 'points' | 'bars';
  /** Spread of repeats round y. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** One trial: frames of known number sent at a known rate for a known time, and all of them accounted for. */
export interface TrialResult {
  /** Frame length with FCS, or the name of the mix. */
  readonly size: number | string;
  /** Frames a second that were to be offered, over all flows; null: as fast as possible. */
  readonly intendedRate: number | null;
  readonly offeredRate: number;
  /** Unique frames that came where they were meant to, a second. */
  readonly receivedRate: number;
  /** s, of the sending. */
  readonly seconds: number;
  readonly intended: number | null;
  readonly offered: number;
  readonly received: number;
  /** offered - received, at ports where they were meant to. */
  readonly lost: number;
  /** lost / offered, 0-1. */
  readonly lossRatio: number;
  readonly duplicates: number;
  /** RFC 4737 type P: a lesser sequence number than one that came before. */
  readonly reordered: number;
  /** Copies that a flood brought to ports for which they were not meant (RFC 2285 3.8.3); never counted as received. */
  readonly flooded: number;
  /** The same without a flood. */
  readonly misdelivered: number;
  /** By verdict. */
  readonly drops: Readonly<Record<string, number>>;
  readonly latency: Latency | null;
  /** Of each worker, 0-1: share of the trial in which it was not asleep. */
  readonly busy: readonly number[];
  /** Bit rates of what was received: L2 counts frames with FCS, L1 also preamble and gap. */
  readonly l1BitsPerSecond: number;
  readonly l2BitsPerSecond: number;
  /** Received, of the line rate's theoretical maximum, %; null: no media limit. */
  readonly linePercent: number | null;
  /** Frames in plus copies made equals delivered plus drops plus held, exactly. */
  readonly balanced: boolean;
  /** Why the trial counts for nothing; null: it is good. */
  readonly void: string | null;
}

/** ns, from when the sending guest was to put the frame into its ring (with no rate: did) to when the receiving one took it out. */
export interface Latency {
  /** Frames measured. */
  readonly n: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}
