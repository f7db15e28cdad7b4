/**
 * One switch, by what can be seen of it from outside: the face that the core and the reference model both show to the tests.
 *
 * Ports go by their own part of the name ('p1', 'u0'); in the table all uplinks are 'uplink'. Time never falls.
 */
import type { PortVlan } from '../../src/topology/model.ts';
import type { TableRow } from '../model/stations.ts';
import type { Move } from '../model/table.ts';

export interface Sent {
  readonly port: string;
  readonly bytes: Uint8Array;
}

/** What became of frames that were received together. */
export interface Batch {
  /** Ingress verdicts by name, and how many frames had each. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Copies that did not leave, by verdict. */
  readonly drops: Readonly<Record<string, number>>;
  /** In the order in which each port sent them. */
  readonly copies: readonly Sent[];
}

export interface SwitchUnderTest {
  /** All of `frames`, at most 64, wait at `port` before the switch looks at the first. */
  receiveAll(port: string, frames: readonly Uint8Array[], timeNs: bigint): Batch;
  /** Lets the time come, and takes what the switch has sent of itself since the last frame. */
  advance(timeNs: bigint): readonly Sent[];
  setLink(port: string, up: boolean): void;
  setActive(uplink: string): void;
  setGuestMac(port: string, mac: string): void;
  setPortVlan(port: string, vlan: PortVlan): void;
  /** Forgets learned entries: all, those of a local port, or for any uplink those of the team; with `vid` only those of that VLAN. */
  flush(port?: string, vid?: number): void;
  setStatic(vid: number, mac: string, port: string): void;
  deleteStatic(vid: number, mac: string): void;
  /** Live entries, in any order. An address registered in every VLAN of its port is listed once, in VLAN 4095. */
  table(timeNs: bigint): readonly TableRow[];
  /** Every move of a station so far, the oldest first. */
  moves(): readonly Move[];
  /** Throws unless frames in and copies made are delivered, dropped or held, every one. */
  assertLedger(): void;
  close(): void;
}

/** One frame: its verdict's name, and the copies that left. */
export function receive(
  sut: SwitchUnderTest,
  port: string,
  bytes: Uint8Array,
  timeNs: bigint,
): { verdict: string; copies: readonly Sent[] } {
  const { verdicts, copies } = sut.receiveAll(port, [bytes], timeNs);
  const names = Object.keys(verdicts);
  if (names.length !== 1) throw new Error(`one frame had ${names.length} ingress verdicts: ${names.join(', ')}`);
  return { verdict: names[0]!, copies };
}
