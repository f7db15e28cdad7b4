/**
 * What a run tells, as plain data: the summary, `--json`, a replay's report and the library all give this. Field names are
 * the README's glossary; rx and tx are the switch's view.
 */

import type { HostTraffic } from './consolidation.ts';
import type { FlowReport } from './flow.ts';
import type { AnsweredReport, GuestIpReport, PingReport } from './guest.ts';
import type { HostedReport } from './hosted.ts';
import type { LldpReport } from './lldp.ts';
import type { MirrorReport } from './mirror.ts';
import type { ListenerReport, MulticastReport } from './multicast.ts';
import type { NeighbourReport } from './neighbours.ts';
import type { NicReport } from './nic.ts';
import type { ShapingReport } from './shaping.ts';
import type { SpanningTreeReport } from './spanning-tree.ts';

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

export interface GuestReport extends GuestIpReport {
  readonly sent: number;
  /** Frames for this guest. */
  readonly received: number;
  /** Frames for others that the card did not pass on. */
  readonly filtered: number;
  readonly arpReplies: number;
  readonly echoReplies: number;
  /** Own frames given up before they entered the network: ring or pool full. */
  readonly heldBack: number;
  /** Absent: it joins no groups and takes all. */
  readonly listener?: ListenerReport;
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
  /** Where something is shaped, or waits in queues of its own. */
  readonly shaping?: ShapingReport;
  /** The guest's network card; absent where it has none. */
  readonly nic?: NicReport;
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
  /** Absent where there is none. */
  readonly spanningTree?: SpanningTreeReport;
  readonly lags: readonly LagReport[];
  /** Absent without LLDP. */
  readonly lldp?: LldpReport;
  /** Absent: groups are flooded. */
  readonly multicast?: MulticastReport;
  /** Absent: it answers no ARP for others. */
  readonly neighbourTable?: NeighbourReport;
  readonly ledger: Ledger;
  /** Absent: it has none. */
  readonly mirrors?: readonly MirrorReport[];
  /** Absent: it keeps no flow records. */
  readonly flows?: FlowReport;
}

export interface StreamReport extends AnsweredReport {
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

/** A VM that went, moved or came. */
export interface ChangeReport {
  /** When it left, or came without having been anywhere; since the start. */
  readonly seconds: number;
  /** `VM esx1/web1 migrated to esx2`. */
  readonly what: string;
  /** From when it left to when it came, ns; null while it is away, and for who came for the first time. */
  readonly downtimeNs: number | null;
  /** From the last frame that it took before to the first one after, ns, the longest of its vNICs; null where one is missing. */
  readonly blackoutNs: number | null;
  /** Frames and copies that were dropped meanwhile, anywhere in the network, by verdict. */
  readonly lost: Readonly<Record<string, number>>;
  /** Frames that streams sent to it meanwhile. */
  readonly sentMeanwhile: number;
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
  /** By host: how many frames never touched a wire. */
  readonly consolidation: readonly HostTraffic[];
  readonly streams: readonly StreamReport[];
  /** Absent: none are asked for. */
  readonly pings?: readonly PingReport[];
  readonly captures: readonly CaptureReport[];
  readonly workers: readonly WorkerReport[];
  /** The latest 1,000, oldest first. */
  readonly events: readonly EventReport[];
  /** VMs that went, moved or came, the latest 1,000, oldest first; absent: none did. */
  readonly changes?: readonly ChangeReport[];
  readonly deaths: readonly DeathReport[];
  readonly isolated: readonly IsolatedReport[];
  /** Hosts with a type-2 hypervisor; absent without one. */
  readonly hosted?: readonly HostedReport[];
}
