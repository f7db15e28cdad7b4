/** What a memory plan says: the addresses of all that a network is made of. plan.ts works them out. */

import type { Lldp } from '../topology/lldp-model.ts';
import type { CaptureRequest, PortName, Table, VSwitch } from '../topology/model.ts';
import type { Multicast } from '../topology/multicast-model.ts';
import type { DraftPort } from './draft.ts';
import type { PlannedCapture, PlannedTexts } from './plan-capture.ts';
import type { PlannedChanges, PlannedSeat } from './plan-change.ts';
import type { PlannedFlows } from './plan-flow.ts';
import type { PlannedStack } from './plan-guest.ts';
import type { PlannedHosted } from './plan-hosted.ts';
import type { PlannedLive } from './plan-live.ts';
import type { PlannedLldpPort } from './plan-lldp.ts';
import type { PlannedMirrors } from './plan-mirror.ts';
import type { PlannedListener, PlannedSnooper } from './plan-multicast.ts';
import type { PlannedNeighbours } from './plan-neighbours.ts';
import type { PlannedNic } from './plan-nic.ts';
import type { PlannedClass } from './plan-pool.ts';
import type { PlannedShaping } from './plan-shaping.ts';
import type { PlannedPattern, PlannedTests } from './plan-test.ts';
import type { PlannedTree } from './plan-tree.ts';
import type { PlannedUplinks } from './plan-uplinks.ts';
import type { PlannedWire } from './plan-wires.ts';

export interface PlanOptions {
  readonly workers: number;
  /** Ports at which frames are injected from outside the emulated world. */
  readonly injectAt: readonly PortName[];
  readonly captures: readonly CaptureRequest[];
  /** Frames taken from a port at a visit, 1-256. */
  readonly burst: number;
  /** Entries of a vNIC's ring each way, a power of two, 64-65,536. */
  readonly ringEntries: number;
  /** Places for captures that are attached while the network runs. */
  readonly live?: number;
  /** The virtual clock: islands instead of hosts are moved by a worker, and a capture ring holds all that one visit can write. */
  readonly virtual: boolean;
  /** Workers of hosts and physical switches by name; those that it does not name are spread. */
  readonly placement?: ReadonlyMap<string, number>;
  /** Rules that may be switched off in the course of the run, by number. Default: those of the topology's events. */
  readonly mayDisable?: readonly number[];
}

export interface PlannedPort extends Omit<DraftPort, 'seat'> {
  readonly number: number;
  readonly address: number;
  readonly rxRing: number;
  readonly txRing: number;
  /** Of its VM, wherever that is. */
  readonly guest: number;
  /** vNIC that a VM may come to or leave. */
  readonly seat?: PlannedSeat;
  /** Storm control's buckets, 0: none. */
  readonly stormAt: number;
  readonly listener: PlannedListener | null;
  /** The guest's network card, where it has one. */
  readonly nic?: PlannedNic;
}

export interface PlannedSwitch {
  /** `esx1/vSwitch0`, or the physical switch's name. */
  readonly name: string;
  readonly host: string;
  readonly number: number;
  readonly address: number;
  readonly worker: number;
  readonly island: number;
  /** Place among all switches when they are taken island by island. */
  readonly order: number;
  readonly vswitch: VSwitch | null;
  readonly sharedVlans: readonly (readonly number[])[];
  readonly padding: boolean;
  readonly lldp?: Lldp | undefined;
  /** Empty without LLDP. */
  readonly lldpPorts: readonly PlannedLldpPort[];
  readonly multicast: Multicast | null;
  readonly snooper: PlannedSnooper | null;
  /** Absent: it answers no ARP for others. */
  readonly neighbours?: PlannedNeighbours;
  readonly table: Table;
  readonly mtu: number;
  readonly ports: readonly PlannedPort[];
  readonly localCount: number;
  readonly uplinks: PlannedUplinks;
  /** null: no spanning tree. */
  readonly tree: PlannedTree | null;
  /** Shapers and queues; null: none. */
  readonly shaping: PlannedShaping | null;
  readonly movesAt: number;
  /** FID of each VLAN, u16; 0: each has its own. */
  readonly fidsAt: number;
  /** 4096 bits: VLANs in which unknown unicast from outside is flooded; 0: none. */
  readonly floodUnknownAt: number;
  /** The storm guard's table; 0: off. */
  readonly guardAt: number;
  /** Absent: no flow records are kept. */
  readonly flowing?: PlannedFlows;
  /** Absent: no mirror here, and no RSPAN VLAN anywhere. */
  readonly mirroring?: PlannedMirrors;
  readonly tableAt: number;
  readonly tableSlots: number;
  readonly locksAt: number;
  /** Who gives way in a full table; null where nothing is learned. */
  readonly eviction: PlannedEviction | null;
  readonly poolAt: number;
  readonly poolClasses: readonly PlannedClass[];
  /** Three lists of u32, each as long as the ports: dirty ports, guests to drain, streamers. */
  readonly listsAt: number;
  readonly scratchAt: number;
  readonly inletsAt: number;
  readonly inlets: readonly PlannedWire[];
  /** Times of u64: of the inlets, then of the streamers. */
  readonly duesAt: number;
  readonly captureRingsAt: number;
  readonly captureRings: readonly number[];
}

/** core/evict.ts draws it. */
export interface PlannedEviction {
  readonly address: number;
  readonly candidatesAt: number;
  readonly candidatesEnd: number;
  readonly seats: number;
  readonly firstsAt: number;
  readonly oldestAt: number;
  readonly fullestAt: number;
}

export interface PlannedStream {
  readonly address: number;
  readonly template: number;
  readonly number: number;
  readonly test: PlannedPattern | null;
}

export interface Plan {
  readonly bytes: number;
  readonly sums: ReadonlyMap<string, number>;
  readonly controlAt: number;
  readonly workers: readonly {
    readonly address: number;
    readonly listAt: number;
    /** The switches once more, to be ordered by their next event; on the virtual clock only. */
    readonly heapAt: number;
    readonly switches: readonly number[];
    /** Wires that lead here from other workers. */
    readonly inletsAt: number;
    readonly inlets: readonly number[];
  }[];
  /** core/epoch.ts. */
  readonly epochsAt: number;
  readonly workerListAt: number;
  /** Length of a cell of virtual time, ns; 0: nothing joins two islands. */
  readonly cellNs: number;
  readonly islands: readonly {
    readonly address: number;
    readonly switches: number;
    readonly hosts: readonly string[];
  }[];
  readonly switches: readonly PlannedSwitch[];
  readonly ports: ReadonlyMap<PortName, { readonly sw: PlannedSwitch; readonly port: PlannedPort }>;
  readonly wires: readonly PlannedWire[];
  readonly injectPoolAt: number;
  readonly injectClasses: readonly PlannedClass[];
  readonly injectAt: ReadonlyMap<PortName, PlannedWire>;
  /** 512 bytes for each distinct set of VLANs. */
  readonly bitmapsAt: number;
  readonly stagingAt: number;
  readonly traceAt: number;
  /** By place in topology.streams. */
  readonly streams: readonly PlannedStream[];
  /** First stream record of each sending port; a guest's records stand together. */
  readonly streamsOf: ReadonlyMap<PortName, readonly number[]>;
  /** Guests that do more at layer 3 than answer, in the topology's order. */
  readonly stacks: readonly PlannedStack[];
  /** What a test bed measures with. */
  readonly tests: PlannedTests | null;
  readonly captures: readonly PlannedCapture[];
  /** Places for captures that are attached while the network runs. */
  readonly live: readonly PlannedLive[];
  /** Bytes behind the buffer of each capture's ring. */
  readonly captureMargin: number;
  /** What tells of drops, where they are captured. */
  readonly dropTexts: PlannedTexts | null;
  /** Hosts with a type-2 hypervisor. */
  readonly hosted: readonly PlannedHosted[];
  /** Rules that may be switched off in the course of the run, in rising order. */
  readonly mayDisable: readonly number[];
  /** What may come and go. */
  readonly changes: PlannedChanges;
}
