/**
 * A port of a switch: what is configured, where its frames go, what it has counted.
 *
 * rx and tx are the switch's view, here and everywhere in the core: rx is what a switch receives from a port, tx what it
 * sends out of it. Ports of a switch stand in one array; a port's number is its place there.
 */
import { VERDICT_COUNT } from './generated/verdicts';

export const KIND_VNIC: u8 = 0;
export const KIND_UPLINK: u8 = 1;
/** A port of a plain bridge: none of the end-host rules apply. */
export const KIND_BRIDGE: u8 = 2;

export const VLAN_TRANSPARENT: u8 = 0;
export const VLAN_ACCESS: u8 = 1;
export const VLAN_TRUNK: u8 = 2;
export const VLAN_NATIVE: u8 = 3;
export const VLAN_NATIVE_TAGGED: u8 = 4;
export const NO_VID: u32 = 4096;
/** A set of VLANs: a bit for each of 4096. */
export const MEMBERS_SIZE: u32 = 512;

/** What the FDB stores for "outside": all uplinks of a team are one logical port. */
export const TEAM_PORT: u32 = 2047;
export const PORTS_MAX: u32 = 2047;

@unmanaged
export class Port {
  // What visit.ts needs of a port that it sends to, side by side.
  /** The port's untagged VLAN plus 1 when a frame of it can be queued here as it is: ring, link, no capture; else 0. */
  plainVid: u32;
  txRing: u32; // vNIC: to its guest
  txBytes: u64;
  dirty: u32; // has unpublished tx entries
  number: u32;
  kind: u8;
  linkUp: u8;
  usable: u8; // uplink: in use by its team
  vlanMode: u8;
  /** VLAN of untagged frames; NO_VID when there is none. */
  pvid: u32;
  /** The VLAN whose frames leave untagged; NO_VID when there is none. A transparent port has 0, its only VLAN. */
  untaggedVid: u32;
  /** Address of 4096 bits: the VLANs that a trunk carries; 0 when the mode says it all. */
  members: u32;
  /** Longest untagged frame, bytes: MTU + 14. */
  lengthMax: u32;
  /** What the FDB holds for stations here: the port's number, or TEAM_PORT. */
  logical: u32;
  /** vNIC: address of the uplink Port it is pinned to, 0 without one. */
  pin: u32;
  rxRing: u32; // vNIC: from its guest
  txWire: u32; // uplink or bridge port: to the other end; with neither ring nor wire a frame leaves the world
  guest: u32;
  capture: u32; // first of a list of CapturePoint
  toWorker: u32; // address of the Worker at the wire's other end
  entryCount: u32; // dynamic FDB entries that point here
  toDrain: u32; // its guest stands in the switch's drainList
  rxBytes: u64;
  verdicts: u64; // the first of VERDICT_COUNT counters
}

/** Says again whether frames can be queued as they are; whenever link or capture change. */
export function replain(port: Port): void {
  const plain = port.txRing != 0 && port.linkUp && port.capture == 0 && port.untaggedVid != NO_VID;
  port.plainVid = plain ? port.untaggedVid + 1 : 0;
}

export const PORT_BYTES: u32 = 384;

export function portFits(): bool {
  return offsetof<Port>('verdicts') + VERDICT_COUNT * 8 <= PORT_BYTES;
}

// @ts-ignore: decorator
@inline
export function count(port: Port, verdict: u32): void {
  const at = changetype<usize>(port) + offsetof<Port>('verdicts') + (<usize>verdict << 3);
  store<u64>(at, load<u64>(at) + 1);
}

// @ts-ignore: decorator
@inline
export function countMany(port: Port, verdict: u32, n: u64): void {
  const at = changetype<usize>(port) + offsetof<Port>('verdicts') + (<usize>verdict << 3);
  store<u64>(at, load<u64>(at) + n);
}

/** Whether the port carries `vid` (0-4094). */
export function carries(port: Port, vid: u32): bool {
  if (port.vlanMode == VLAN_TRANSPARENT) return true;
  if (port.vlanMode == VLAN_ACCESS) return vid == port.pvid;
  return isMember(port.members, vid);
}

/** Whether bit `vid` is set in the 4096 bits at `members`. */
// @ts-ignore: decorator
@inline
export function isMember(members: u32, vid: u32): bool {
  return ((<u32>load<u8>(<usize>members + (vid >>> 3)) >>> (vid & 7)) & 1) != 0;
}
