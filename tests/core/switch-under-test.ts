/**
 * One switch, by what can be seen of it from outside: the face that the core and the reference model both show to the tests.
 *
 * Ports go by their own part of the name ('p1', 'u0'); in the table all uplinks are 'uplink'. Time never falls.
 */
import type { TableRow } from '../model/reference.ts';

export interface SwitchUnderTest {
  /** The ingress verdict's name and the copies that left, in any order; copies that were dropped on their way out are not listed. */
  receive(
    port: string,
    bytes: Uint8Array,
    timeNs: bigint,
  ): { verdict: string; copies: { port: string; bytes: Uint8Array }[] };
  setLink(port: string, up: boolean): void;
  /** Forgets learned entries: all, those of a local port, or for any uplink those of the team. */
  flush(port?: string): void;
  setStatic(vid: number, mac: string, port: string): void;
  deleteStatic(vid: number, mac: string): void;
  /** Live entries, in any order. An address registered in every VLAN of its port is listed once, in VLAN 4095. */
  table(timeNs: bigint): TableRow[];
  close(): void;
}
