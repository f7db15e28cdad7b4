/**
 * The checked network: what `load.ts` makes of a user's file and what the engine plans memory for.
 *
 * Everything is resolved here: names are unique, `count` is expanded, MACs are assigned, patterns are port names.
 * A port is named `owner/port`: `esx1/vm1` (a VM's first vNIC), `esx1/vm1.eth1` (its second), `esx1/vmnic0`, `tor/1`.
 */
import type { Changes } from './change-model.ts';
import type { TopologyEvent } from './event-model.ts';
import type { FlowSettings } from './flow-model.ts';
import type { GuestIp, Ping, StreamTarget } from './guest-model.ts';
import type { Hosted } from './hosted-model.ts';
import type { Lldp } from './lldp-model.ts';
import type { Mirror } from './mirror-model.ts';
import type { GroupAddress, Listening, Multicast } from './multicast-model.ts';
import type { Suppressing } from './neighbour-model.ts';
import type { Card } from './nic-model.ts';
import type { PortPolicy } from './policy-model.ts';
import type { PortShaping } from './shaping-model.ts';
import type { SpanningTree } from './spanning-tree-model.ts';

export type { PortPolicy, StormLimits } from './policy-model.ts';

/** `owner/port`, the one spelling used in commands, captures, counters and errors. */
export type PortName = string;

/** Six octets in lower case, `00:50:56:00:00:01`. */
export type Mac = string;

/** Inclusive range of VLAN IDs, 0-4094; 0 stands for untagged frames (ESXi's "VLAN 0"). */
export interface VlanRange {
  readonly first: number;
  readonly last: number;
}

/** How a port treats 802.1Q tags. A transparent port takes the tag for payload: one table, VLAN 0. */
export type PortVlan =
  | { readonly mode: 'transparent' }
  | { readonly mode: 'access'; readonly vid: number }
  | {
      readonly mode: 'trunk';
      readonly vids: readonly VlanRange[];
      /** VLAN of untagged frames; carried even if `vids` lacks it. Absent: untagged frames are dropped unless `vids` holds 0. */
      readonly native?: number;
      /** The native VLAN leaves tagged instead of untagged. */
      readonly nativeTagged: boolean;
      /** The name of the vSwitch whose uplinks have these VLANs, where they may change. */
      readonly own?: string;
    }
  /** QinQ customer port: all that comes in belongs to the service VLAN `vid`, tags and all (IEEE 802.1ad; Open vSwitch dot1q-tunnel). */
  | { readonly mode: 'tunnel'; readonly vid: number }
  /** Port of a private VLAN (RFC 5517): untagged, its own frames in VLAN `vid`; it gets those of the VLANs in `receives`. */
  | { readonly mode: 'private'; readonly vid: number; readonly receives: readonly number[] };

/** 802.1Q-2018 6.9: what a port makes of tags beside its VLANs. */
export interface TagRules {
  /** Acceptable frame types. `default`: an access port refuses tagged frames as not its VLAN's, any other port takes all. */
  readonly accepts: 'default' | 'all' | 'tagged' | 'untagged';
  /** Frames of a VLAN that the port does not carry are dropped on their way in; else they are taken and switched in it. */
  readonly ingressFilter: boolean;
  /** EtherType of the port's tags: 0x8100 (C-tag), or 0x88a8 (S-tag), whose frames with a C-tag only count as untagged. */
  readonly tpid: 0x8100 | 0x88a8;
}

export type MacModel = 'learning' | 'registered';

/** What a full table does with a new station: evict the least recently heard of the fullest port, forward without learning, or drop. */
export type TableFull = 'evict' | 'forward' | 'drop';

export interface Table {
  /** Most dynamic and static entries, 1-1,000,000. */
  readonly entriesMax: number;
  /** 802.1D-2004 7.9.2: 10-1,000,000 s, default 300. Shorter values are allowed for lessons, from 1 s. */
  readonly ageingSeconds: number;
  readonly whenFull: TableFull;
}

/**
 * Who carries a vNIC's frames outside. `port-id`: by the vNIC's place; `source-mac`: by the last octet of the source; `explicit`:
 * the first usable of the order; `load-based`: as port-id, and moved away from an uplink that is above 75 % for 30 s; `ip-hash`:
 * source xor destination, over the members of a LAG.
 */
export type TeamingPolicy = 'port-id' | 'source-mac' | 'explicit' | 'load-based' | 'ip-hash';

/** Uplinks of the vSwitch that stand in neither list are unused. */
export interface Teaming {
  readonly policy: TeamingPolicy;
  readonly active: readonly string[];
  readonly standby: readonly string[];
  /** A recovered uplink takes its place again; else what has moved away stays until its uplink fails. */
  readonly failback: boolean;
}

/** How a vSwitch learns that an uplink works, and what it tells the outside about moves. */
export interface UplinkCare {
  /** `beacon`: probe frames from each uplink to the others, once every `beaconNs`; three misses are a failure. */
  readonly detection: 'link' | 'beacon';
  readonly beaconNs: number;
  /** Time for which link has to be up, or down, before the team acts on it, ns. */
  readonly upDelayNs: number;
  readonly downDelayNs: number;
  /** RARP frames for each station whose uplink changed (R14): how often, 0 for never, and how far apart, ns. */
  readonly notify: { readonly repeat: number; readonly intervalNs: number };
}

/** All active uplinks are one logical uplink (R18); `active` and `passive` speak LACP (802.1AX), every second or every 30 s. */
export interface Lag {
  readonly mode: 'static' | 'active' | 'passive';
  readonly fast: boolean;
}

export interface PortGroup {
  readonly name: string;
  readonly vlan: PortVlan;
  readonly tags: TagRules;
  readonly policy: PortPolicy;
  /** The vSwitch's, unless the port group has its own. */
  readonly teaming: Teaming;
  readonly shaping?: PortShaping;
}

export interface VSwitch extends Suppressing {
  readonly name: string;
  /** VMNIC names, in order, at most 64; an uplink belongs to one vSwitch (rule R17). */
  readonly uplinks: readonly string[];
  readonly macModel: MacModel;
  readonly teaming: Teaming;
  readonly care: UplinkCare;
  readonly lag: Lag | null;
  /** How the uplinks treat tags: transparent when no port group has a VLAN, else a trunk of the port groups' VLANs or of `uplinkVlans`. */
  readonly uplinkVlan: PortVlan;
  readonly uplinkTags: TagRules;
  readonly uplinkPolicy: PortPolicy;
  readonly uplinkShaping?: PortShaping;
  readonly portGroups: readonly PortGroup[];
  /** R9: floods from outside are taken on one uplink for each VLAN, on the first usable one, or by each vNIC on its own pin. */
  readonly receivers: 'per-vlan' | 'active' | 'per-recipient';
  /** R8: unicast from outside is taken on its owner's pin, on any uplink that its owner's team uses, or on any in use. */
  readonly rpf: 'strict' | 'loose' | 'off';
  /** After a vNIC was pinned anew, its former uplink is good for this long too, ms. */
  readonly rpfGraceMs: number;
  /** R6: VLANs in which unknown unicast from outside is flooded. */
  readonly floodUnknown: readonly VlanRange[];
  /** Shared VLAN learning: the VLANs of a list have one FID, the first's. */
  readonly sharedVlans: readonly (readonly number[])[];
  /** Frames shorter than 60 bytes are padded when they leave by an uplink or lose a tag (802.3 4.2.3.3). */
  readonly padding: boolean;
  readonly lldp?: Lldp;
  readonly multicast?: Multicast;
  readonly table: Table;
  /** Largest payload in bytes, 68-65535, default 1500; a longer frame than mtu + 14 (+ 4 if tagged) is dropped as a giant. */
  readonly mtu: number;
  readonly mirrors?: readonly Mirror[];
  readonly flows?: FlowSettings;
}

/** 32 bits, 10.0.0.1 = 0x0a000001, and 0-32. */
export interface Ipv4 {
  readonly address: number;
  readonly prefixLength: number;
}

export interface Nic {
  /** The port's own part of its name: `vm1`, or `vm1.eth1` for the second vNIC. */
  readonly name: string;
  readonly vswitch: string;
  readonly portGroup: string;
  readonly mac: Mac;
  /** Absent: the guest uses its port's rings itself. */
  readonly card?: Card;
  /** The address that the guest uses, where it is not the configured one. */
  readonly effectiveMac?: Mac;
  readonly ip?: Ipv4;
  readonly listening?: Listening;
  readonly guest?: GuestIp;
}

export interface Vm {
  readonly name: string;
  readonly nics: readonly Nic[];
  /** A type-1 host's own NIC, which stays where it is. */
  readonly vmkernel?: true;
}

export interface Host {
  readonly name: string;
  /** VMNIC names in order of declaration. */
  readonly uplinks: readonly string[];
  readonly vswitches: readonly VSwitch[];
  readonly vms: readonly Vm[];
  /** A type-2 hypervisor's; its vSwitches are what its networks became, and its own vNICs are those of the VM `host`. */
  readonly hosted?: Hosted;
}

export interface PhysicalPort {
  readonly name: string;
  readonly vlan: PortVlan;
  readonly tags: TagRules;
  readonly policy: PortPolicy;
  /** The LAG it is a member of, if any. */
  readonly lag?: string;
  readonly shaping?: PortShaping;
}

/** Ports of a physical switch as one; the member for a frame is chosen as by `ip-hash`. */
export interface PhysicalLag extends Lag {
  readonly name: string;
  /** Port names, in the switch's order; the first one stands for all in tables. */
  readonly ports: readonly string[];
}

/** A plain learning bridge, so that loops can really happen outside, unless it has a spanning tree. */
export interface PhysicalSwitch extends Suppressing {
  readonly name: string;
  readonly ports: readonly PhysicalPort[];
  readonly lags: readonly PhysicalLag[];
  readonly sharedVlans: readonly (readonly number[])[];
  readonly padding: boolean;
  readonly lldp?: Lldp;
  readonly multicast?: Multicast;
  readonly table: Table;
  readonly mtu: number;
  readonly spanningTree?: SpanningTree;
  readonly mirrors?: readonly Mirror[];
  readonly flows?: FlowSettings;
}

/** What befalls frames on a cable, each way alike. Shares are 0 to 1. */
export interface Impairments {
  /** Sent, and never arrived. */
  readonly loss: number;
  /** Arrived twice, one right behind the other. */
  readonly duplicate: number;
  /** Arrived with a wrong frame check sequence, and dropped there. */
  readonly corrupt: number;
  /** So many are held back by so much, and later ones overtake them; null: nothing is, nor can be later in the run. */
  readonly reorder: { readonly share: number; readonly byNs: number } | null;
  /** A uniform delay from 0 to this more, the order kept; 0 to 1 s. */
  readonly jitterNs: number;
}

/** A full-duplex cable between two ports, each way with the same properties. */
export interface Link {
  readonly a: PortName;
  readonly b: PortName;
  /** bit/s; null: no media limit. */
  readonly rateBps: number | null;
  readonly delayNs: number;
  /**
   * Frames that may wait at an end, the one that is leaving among them; without a rate, that may be on their way. 1-1,048,576,
   * default 1,024; one more is dropped as `queue_full`.
   */
  readonly queueFrames: number;
  /** Absent: none. */
  readonly impairments?: Impairments;
}

export type Rate =
  | { readonly kind: 'max' }
  /** Frames a second. */
  | { readonly kind: 'frames'; readonly perSecond: number }
  /** Bits a second on the wire: the frame with FCS, preamble and gap (24 bytes more than a capture shows). */
  | { readonly kind: 'bits'; readonly perSecond: number };

export interface Stream {
  readonly from: PortName;
  /** A vNIC port, an address as written (`target` has it), or 'broadcast'. */
  readonly to: PortName | 'broadcast';
  /** `to` is 'broadcast': to this group instead. */
  readonly group?: GroupAddress;
  readonly target?: StreamTarget;
  /** Frame length with the 4-byte FCS as in RFC 2544, 64 to mtu + 18; a capture shows 4 bytes less. */
  readonly sizeBytes: number;
  readonly rate: Rate;
  /** UDP source ports that the stream varies over, 1-65536. */
  readonly flows: number;
  readonly startNs: number;
  /** null: until the end of the run. */
  readonly stopNs: number | null;
  /** Frames to send; null: no limit. */
  readonly count: number | null;
  /** What a test bed's streams do beside that; no file has it. */
  readonly test?: TestPattern;
}

export interface TestPattern {
  /** Frame lengths with FCS, in turn. */
  readonly sizes: readonly number[];
  /** Source addresses in turn, up to 2^24, of a series of the sender's own; 0: the vNIC's address. */
  readonly sources: number;
  /** The same for the receiver. */
  readonly destinations: number;
  /** A broadcast that nobody counts: it only tells where stations are. */
  readonly isLearning?: boolean;
}

/** Where on its way through a port a frame is captured. */
export type CaptureStage = 'wire' | 'inside';

/** Bounds of a file or of a whole capture; the first that is reached counts. */
export interface CaptureBounds {
  /** Bytes before compression. */
  readonly bytes?: number;
  readonly ns?: number;
  readonly frames?: number;
}

export interface CaptureRequest {
  /**
   * Path of the file to write, as the user wrote it; `-` is the standard output. `.pcap` gives classic nanosecond pcap, all else
   * pcapng; `.gz` and `.zst` behind that compress.
   */
  readonly file: string;
  /** Ports, and `owner/DROP` for what died at a host's or physical switch's ports. */
  readonly ports: readonly PortName[];
  /** Bytes of each frame kept, 0: all. */
  readonly snapLength: number;
  /** Cables, each named by the port at one of its ends. Default: none. */
  readonly wires?: readonly PortName[];
  /**
   * `wire`, the default: as the frame is on the port's wire. `inside`: as the switch relays it, with the tag of its VLAN, behind
   * the checks on the way in and before tagging on the way out.
   */
  readonly stages?: readonly CaptureStage[];
  /** Seen from the switch; default both. */
  readonly direction?: 'in' | 'out' | 'both';
  /** A pcap-filter expression; default: every frame. */
  readonly filter?: string;
  /** One in so many of the frames that pass the filter, at each interface; default 1. */
  readonly sample?: number;
  /** Internal time, ns; default: the start of the run. */
  readonly startNs?: number;
  /** Internal time, ns; default: the end of the run. */
  readonly stopNs?: number;
  /** When to begin another file, and how many to keep; without `keep` all. */
  readonly rotate?: CaptureBounds & { readonly keep?: number };
  /** After which the capture is over while the run goes on. */
  readonly limit?: CaptureBounds;
  /** Whether the run goes on when the file cannot be written any more; default `continue`. */
  readonly onError?: 'continue' | 'stop';
}

/** Rules that are switched off for a lesson. */
export interface Teaching {
  /** Numbers of the rules that are off, 1-19, in rising order. */
  readonly disabled: readonly number[];
  /** Times that one frame may come in by one switch before the storm guard takes it out, 2-65,535. */
  readonly stormLimit: number;
}

/** Legal, but hardly what its author wants. */
export interface Warning {
  /** `file:line:column: path`, as far as known. */
  readonly place: string;
  readonly message: string;
}

export interface Topology {
  readonly name: string;
  readonly seed: number;
  readonly teaching: Teaching | null;
  readonly warnings: readonly Warning[];
  readonly hosts: readonly Host[];
  readonly switches: readonly PhysicalSwitch[];
  readonly links: readonly Link[];
  readonly streams: readonly Stream[];
  readonly pings?: readonly Ping[];
  readonly captures: readonly CaptureRequest[];
  readonly events: readonly TopologyEvent[];
  /** Where a run writes its flow records. */
  readonly flowFile?: string;
  /** What may come and go in a run; absent: nothing does. */
  readonly changes?: Changes;
}
