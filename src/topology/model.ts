/**
 * The checked network: what `load.ts` makes of a user's file and what the engine plans memory for.
 *
 * Everything is resolved here: names are unique, `count` is expanded, MACs are assigned, patterns are port names.
 * A port is named `owner/port`: `esx1/vm1` (a VM's first vNIC), `esx1/vm1.eth1` (its second), `esx1/vmnic0`, `tor/1`.
 */

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
    };

export type MacModel = 'learning' | 'registered';

/** What a full table does with a new station: evict the least recently heard of the fullest port, or forward without learning. */
export type TableFull = 'evict' | 'forward';

export interface Table {
  /** Most dynamic and static entries, 1-1,000,000. */
  readonly entriesMax: number;
  /** 802.1D-2004 7.9.2: 10-1,000,000 s, default 300. Shorter values are allowed for lessons, from 1 s. */
  readonly ageingSeconds: number;
  readonly whenFull: TableFull;
}

/** Port-id teaming. Uplinks of the vSwitch that stand in neither list are unused. */
export interface Teaming {
  readonly policy: 'port-id';
  readonly active: readonly string[];
  readonly standby: readonly string[];
}

export interface PortGroup {
  readonly name: string;
  readonly vlan: PortVlan;
}

export interface VSwitch {
  readonly name: string;
  /** VMNIC names, in order; an uplink belongs to one vSwitch (rule R17). */
  readonly uplinks: readonly string[];
  readonly macModel: MacModel;
  readonly teaming: Teaming;
  /** How the uplinks treat tags: transparent when no port group has a VLAN, else a trunk of the port groups' VLANs or of `uplinkVlans`. */
  readonly uplinkVlan: PortVlan;
  readonly portGroups: readonly PortGroup[];
  readonly table: Table;
  /** Largest payload in bytes, 68-65535, default 1500; a longer frame than mtu + 14 (+ 4 if tagged) is dropped as a giant. */
  readonly mtu: number;
}

export interface Ipv4 {
  /** 32-bit address, 10.0.0.1 = 0x0a000001. */
  readonly address: number;
  /** 0-32. */
  readonly prefixLength: number;
}

export interface Nic {
  /** The port's own part of its name: `vm1`, or `vm1.eth1` for the second vNIC. */
  readonly name: string;
  readonly vswitch: string;
  readonly portGroup: string;
  readonly mac: Mac;
  readonly ip?: Ipv4;
}

export interface Vm {
  readonly name: string;
  readonly nics: readonly Nic[];
}

export interface Host {
  readonly name: string;
  /** VMNIC names in order of declaration. */
  readonly uplinks: readonly string[];
  readonly vswitches: readonly VSwitch[];
  readonly vms: readonly Vm[];
}

export interface PhysicalPort {
  readonly name: string;
  readonly vlan: PortVlan;
}

/** A plain learning bridge (802.1D without spanning tree), so that loops can really happen outside. */
export interface PhysicalSwitch {
  readonly name: string;
  readonly ports: readonly PhysicalPort[];
  readonly table: Table;
  readonly mtu: number;
}

/** A full-duplex cable between two ports, each way with the same properties. */
export interface Link {
  readonly a: PortName;
  readonly b: PortName;
  /** bit/s; null: no media limit. */
  readonly rateBps: number | null;
  readonly delayNs: number;
  /** Frames waiting for or on the wire, 1-1,048,576, default 1,024; a frame beyond that is dropped as `queue_full`. */
  readonly queueFrames: number;
}

export type Rate =
  | { readonly kind: 'max' }
  /** Frames a second. */
  | { readonly kind: 'frames'; readonly perSecond: number }
  /** Bits a second on the wire: the frame with FCS, preamble and gap (24 bytes more than a capture shows). */
  | { readonly kind: 'bits'; readonly perSecond: number };

export interface Stream {
  readonly from: PortName;
  /** A vNIC port, or 'broadcast'. */
  readonly to: PortName | 'broadcast';
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
}

export interface CaptureRequest {
  /** Path of the file to write, as the user wrote it; `.pcap` gives classic nanosecond pcap, all else pcapng. */
  readonly file: string;
  readonly ports: readonly PortName[];
  /** Bytes of each frame kept, 0: all. */
  readonly snapLength: number;
}

export interface Topology {
  readonly name: string;
  readonly seed: number;
  readonly hosts: readonly Host[];
  readonly switches: readonly PhysicalSwitch[];
  readonly links: readonly Link[];
  readonly streams: readonly Stream[];
  readonly captures: readonly CaptureRequest[];
}
