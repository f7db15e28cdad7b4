/**
 * What a run tells, as plain data: the summary, `--json`, a replay's report and the library all give this. Field names are
 * the README's glossary; rx and tx are the switch's view.
 */

/** One entry of a MAC table. */
export interface MacEntry {
  readonly vlan: number;
  readonly mac: string;
  /** `esx1/vm1`; `uplink` for a station behind the team of uplinks, which is one logical port. */
  readonly port: string;
  readonly static: boolean;
  /** Seconds since it was last heard; 0 for a static one. */
  readonly ageSeconds: number;
}

export interface GuestReport {
  readonly sent: number;
  /** Frames for this guest. */
  readonly received: number;
  /** Frames for others that the card did not pass on. */
  readonly filtered: number;
  readonly arpReplies: number;
  readonly echoReplies: number;
  /** Own frames given up before they entered the network: ring or pool full. */
  readonly heldBack: number;
}

export interface PortReport {
  readonly name: string;
  readonly kind: 'vnic' | 'uplink' | 'bridge';
  readonly link: 'up' | 'down';
  /** vNIC: the uplink it is pinned to. */
  readonly pinnedTo: string | null;
  /** Uplink: whether its team uses it. */
  readonly inUse: boolean;
  readonly rxFrames: number;
  readonly rxBytes: number;
  readonly txFrames: number;
  readonly txBytes: number;
  /** By verdict name, those that are not 0. Ingress verdicts sum to rxFrames; `delivered` is txFrames. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly guest: GuestReport | null;
}

export interface TableReport {
  readonly entries: number;
  readonly entriesMax: number;
  readonly learned: number;
  readonly moved: number;
  readonly aged: number;
  readonly evicted: number;
  readonly notLearned: number;
  readonly staticConflicts: number;
}

/** framesIn + copiesMade = delivered + all drops + held, exactly (when the run is stopped or paused). */
export interface Ledger {
  readonly framesIn: number;
  /** Copies beyond the first of a frame: a flood to k ports makes k - 1. */
  readonly copiesMade: number;
  readonly delivered: number;
  readonly drops: Readonly<Record<string, number>>;
  /** In rings and on wires. */
  readonly held: number;
  readonly balanced: boolean;
}

export interface SwitchReport {
  readonly name: string;
  readonly host: string;
  readonly macModel: 'learning' | 'registered' | 'bridge';
  readonly worker: number;
  readonly ports: readonly PortReport[];
  readonly table: TableReport;
  readonly macTable: readonly MacEntry[];
  readonly ledger: Ledger;
}

export interface StreamReport {
  readonly from: string;
  readonly to: string;
  readonly sizeBytes: number;
  readonly sent: number;
  /** Waiting for an answer to ARP. */
  readonly unresolved: boolean;
}

export interface CaptureReport {
  readonly file: string;
  readonly bytes: number;
  readonly frames: number;
  readonly lost: number;
  readonly failure: string | null;
}

export interface WorkerReport {
  readonly hosts: number;
  /** Share of the run in which the worker was not asleep, 0-1. */
  readonly busy: number;
}

export interface Report {
  readonly name: string;
  readonly clock: 'wall' | 'virtual';
  readonly seed: number;
  /** Measured time on the wall clock, simulated time on the virtual one. */
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly ledger: Ledger;
  readonly switches: readonly SwitchReport[];
  readonly streams: readonly StreamReport[];
  readonly captures: readonly CaptureReport[];
  readonly workers: readonly WorkerReport[];
}
