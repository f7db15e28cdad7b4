/**
 * A test bed: a network whose guests send and check test frames, and the trials run on it.
 *
 * Frames carry a signature (stream, sequence, time), which the receiving guest's card checks in the core: loss, duplicates, order,
 * where they came and how long they took. Between trials the network stands still and all counts begin at 0.
 */
import type { Network } from '../engine/network.ts';
import type { CaptureRequest, PortName, Topology } from '../topology/model.ts';
import type { TrialResult } from './model.ts';

/** Test frames from one vNIC to another, or to all. */
export interface Flow {
  readonly from: PortName;
  readonly to: PortName | 'broadcast';
  /** Frame lengths with FCS, sent in this order again and again. */
  readonly sizes: readonly number[];
  /** Source addresses, 1-65,536: the vNIC's own, or that many of its own series (learning vSwitches and physical switches only). Default 1. */
  readonly stations?: number;
  /** Destination addresses: those of the series of `to`. Default 1. */
  readonly towards?: number;
  /** UDP source ports, between guests with IP addresses. Default 1. */
  readonly flows?: number;
}

export interface BedOptions {
  readonly topology: Topology;
  readonly flows: readonly Flow[];
  readonly clock: 'wall' | 'virtual';
  readonly workers?: number;
  readonly placement?: Readonly<Record<string, number>>;
  /** Wall clock: workers never sleep, which keeps to the rate and takes no time to wake, at a core for each. Default: where there are cores to spare. */
  readonly busyPoll?: boolean;
  readonly ringEntries?: number;
  /** Most frames that a guest sends at once, and a switch takes from it at a visit, 1-256. */
  readonly burst?: number;
  readonly ageingSeconds?: number;
  /** Ports at which the suite injects frames of its own. */
  readonly injectAt?: readonly PortName[];
  /** Rules that may be switched off. */
  readonly mayDisable?: readonly string[];
  /** Captures while trials run; those of the topology are left out. Default: none. */
  readonly captures?: readonly CaptureRequest[];
}

/** What one flow does in a trial. */
export interface FlowLoad {
  /** Frames a second; `max`: as fast as the ring takes them (wall clock only). */
  readonly rate: number | 'max';
  /** Frames to send; default: rate x seconds. */
  readonly count?: number;
  /** When it begins, s after the trial does. Default 0. */
  readonly from?: number;
  /** How long it sends, s. Default: to the end of the trial. */
  readonly seconds?: number;
  /** First frame of a station series that it uses, 0 by default: which addresses learning frames have. */
  readonly firstStation?: number;
  /** As in TrialOptions, for this flow alone. */
  readonly stampEvery?: number;
}

export interface Step {
  /** s after the trial begins. */
  readonly at: number;
  do(network: Network): Promise<unknown> | unknown;
}

export interface TrialOptions {
  /** By flow, in the bed's order; null: it is silent. A number is a rate over all flows, shared equally. */
  readonly load: number | 'max' | readonly (FlowLoad | null)[];
  readonly seconds: number;
  /** Learning frames are sent before, and it is checked that nothing floods. Default true. */
  readonly learn?: boolean;
  /** s to wait for what is on its way; default 2, as RFC 2544 23 says, 0.2 on the wall clock for trials below 5 s. */
  readonly residue?: number;
  /** Measure latency: all frames on the virtual clock; one in so many on the wall clock, 0 none. Default 0 on the wall clock. */
  readonly stampEvery?: number;
  readonly steps?: readonly Step[];
}

/** What became of one flow. */
export interface FlowResult {
  readonly offered: number;
  /** Unique frames at the port they were meant for; for a broadcast the sum over all ports that should have got it. */
  readonly received: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Frames that should have come: offered, or offered x receivers. */
  readonly expected: number;
  /** Time between its first and its last frame, s. */
  readonly seconds: number;
}

export interface PortResult {
  /** Test frames meant for it. */
  readonly received: number;
  readonly flooded: number;
  readonly misdelivered: number;
  readonly broadcasts: number;
  /** Batches that the guest put into a ring which the switch had emptied, and into one which it had not; times that it was given frames. */
  readonly doorbells?: number;
  readonly suppressed?: number;
  readonly interrupts?: number;
}

/** A trial with what suites want to know beside the published part. */
export interface Trial extends TrialResult {
  readonly flows: readonly FlowResult[];
  readonly ports: ReadonlyMap<PortName, PortResult>;
  /** Counts by bucket of histogram.ts. */
  readonly histogram: Uint32Array;
}

export interface Bed {
  readonly network: Network;
  readonly flows: readonly Flow[];
  /** Frames a second that the generator and the receiver move without a switch; null on the virtual clock. */
  ceiling(): Promise<number | null>;
  /** Trials without a result until rates are steady (JIT), at most a second or so. */
  warmUp(): Promise<void>;
  trial(options: TrialOptions): Promise<Trial>;
  /** The theoretical maximum of one flow alone by the slowest cable on its way, frames a second; null: no media limit. */
  lineRate(flow: number): number | null;
  /** The same for all flows together with equal loads: what the cable that is shared by most of them lets through. */
  maximumLoad(): number | null;
  close(): Promise<void>;
}
