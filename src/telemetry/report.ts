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
  /** `shut`: by a guard (BPDU, port security), until the operator plugs it again. */
  readonly link: 'up' | 'down' | 'shut';
  /** vNIC: the uplink it is pinned to; null without one, and where a LAG decides for each frame. */
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
  /** Frames dropped because their source was one too many. */
  readonly refused: number;
}

/** A station that was heard on another port than before. */
export interface MoveReport {
  readonly seconds: number;
  readonly vlan: number;
  readonly mac: string;
  /** Ports; `uplink` for outside. */
  readonly from: string;
  readonly to: string;
  /** The id of the frame that told, as in captures. */
  readonly frame: number;
}

/** A station that keeps changing its port: two moves or more among the latest ones. */
export interface FlapReport {
  readonly vlan: number;
  readonly mac: string;
  readonly moves: number;
  readonly ports: readonly string[];
}

export interface TeamReport {
  readonly policy: string;
  /** Uplinks in use, in order. */
  readonly inUse: readonly string[];
  readonly detection: 'link' | 'beacon';
  /** Probing cannot tell which uplink has failed, so that all stay in use. */
  readonly doubtful: boolean;
}

/** Ports as one (R18). */
export interface LagReport {
  readonly mode: 'static' | 'active' | 'passive';
  readonly members: readonly string[];
  /** Members that carry frames. */
  readonly inUse: readonly string[];
  /** LACP: the partner's system, null while there is none. */
  readonly partner: string | null;
  readonly lacpSent: number;
  readonly lacpReceived: number;
}

/** A frame that went round, at a switch whose storm guard caught it or saw it more than once. */
export interface StormRound {
  readonly switch: string;
  readonly frame: number;
  readonly seconds: number;
  /** The ports that it came in by, and how often. */
  readonly ports: readonly { readonly port: string; readonly times: number }[];
}

/** Present when rules are switched off for a lesson, or were for a while. */
export interface TeachingReport {
  /** `R7` and so on: those that are off now. */
  readonly disabled: readonly string[];
  /** Those that were off, and are in force again. */
  readonly formerly: readonly string[];
  readonly banner: string;
  readonly rounds: readonly StormRound[];
  /** Names the ports of the cycle; empty when nothing went round. */
  readonly cycle: string;
}

/** framesIn (with what switches sent of themselves) + copiesMade = delivered + all drops + held, exactly (when the run is stopped or paused). */
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
  /** The latest 256, oldest first. */
  readonly moves: readonly MoveReport[];
  /** null: a physical switch. */
  readonly team: TeamReport | null;
  readonly lags: readonly LagReport[];
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
  /** Where a capture begins new files: those that are left, oldest first. `frames` counts those of deleted ones as well. */
  readonly files?: readonly string[];
}

export interface WorkerReport {
  readonly hosts: number;
  /** Threads that died with it and were replaced. */
  readonly restarts: number;
  /** Share of the run in which the worker was not asleep, 0-1. */
  readonly busy: number;
}

/** Something that was done to the network: on its agenda, or by the program that runs it. */
export interface EventReport {
  /** When it happened, since the start. */
  readonly seconds: number;
  /** `esx1/vmnic0 unplugged`, with the reason where a condition was waited for. */
  readonly what: string;
  readonly by: 'topology' | 'program';
}

/** A worker died; its hosts went on in another thread, but for what was in hand. */
export interface DeathReport {
  /** Time in the network. */
  readonly seconds: number;
  readonly worker: number;
  /** The host whose switch was being moved; null when none was. */
  readonly host: string | null;
  readonly why: string;
  /** Frames and copies that were in hand: `worker_died` and `copy_died`. */
  readonly framesLost: number;
  /** Real time from when the death was known to when another thread moved its hosts, or they were given up. */
  readonly tookMs: number;
}

/** A host that worker after worker died of: nobody moves it any more, and its cables are down. */
export interface IsolatedReport {
  readonly host: string;
  readonly why: string;
}

export interface Report {
  readonly name: string;
  readonly clock: 'wall' | 'virtual';
  readonly seed: number;
  /** Measured time on the wall clock, simulated time on the virtual one. */
  readonly seconds: number;
  /** null: all rules are in force. */
  readonly teaching: TeachingReport | null;
  readonly memoryBytes: number;
  readonly ledger: Ledger;
  readonly switches: readonly SwitchReport[];
  readonly streams: readonly StreamReport[];
  readonly captures: readonly CaptureReport[];
  readonly workers: readonly WorkerReport[];
  /** The latest 1,000, oldest first. */
  readonly events: readonly EventReport[];
  readonly deaths: readonly DeathReport[];
  readonly isolated: readonly IsolatedReport[];
}
