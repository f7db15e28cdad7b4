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
/** QinQ customer port: all that comes is of its VLAN, tags are payload. */
export const VLAN_TUNNEL: u8 = 5;
/** Port of a private VLAN: untagged, own VLAN in `pvid`, those it gets in `members`. */
export const VLAN_PRIVATE: u8 = 6;

/** Where a mirror's copies go, and nothing else: carries no VLAN, takes nothing in. */
export const VLAN_MIRROR: u8 = 7;

/** Of Port.shortIn; beside SHORT_OPEN what watched.ts has to do then. */
export const SHORT_OPEN: u8 = 1;
export const SHORT_MIRRORED: u8 = 2; // frames that come in here are mirrored
export const SHORT_RECORDED: u8 = 4; // the switch keeps flow records
export const SHORT_SEEN_OUT: u8 = 8; // what leaves some port of the switch is mirrored
/** Beside plainVid of a port of which all that leaves is mirrored: a short cut has to look for it. */
export const PLAIN_MIRRORED: u32 = 0x10000;

export const ACCEPT_DEFAULT: u8 = 0;
export const ACCEPT_ALL: u8 = 1;
export const ACCEPT_TAGGED: u8 = 2;
export const ACCEPT_UNTAGGED: u8 = 3;

export const BPDU_PASS: u8 = 0;
export const BPDU_FILTER: u8 = 1;
export const BPDU_GUARD: u8 = 2;

/** What becomes of a frame that its port's limit or static entries object to. */
export const REFUSE_FORWARD: u8 = 0;
export const REFUSE_DROP: u8 = 1;
export const REFUSE_SHUT: u8 = 2;

/** Why a port has no link, power.ts; the guest behind a vNIC is off for two of them. */
export const DOWN_OPERATOR: u32 = 1;
export const DOWN_GUEST: u32 = 2;
export const DOWN_POWER: u32 = 4;
export const DOWN_FAR: u32 = 8;
/** Nobody moves the far end any more; nothing gives this link back. */
export const DOWN_ISOLATED: u32 = 16;
/** No VM is attached here, or the uplink is not in the host (change.ts). */
export const DOWN_DETACHED: u32 = 32;
export const OFF: u8 = <u8>(DOWN_GUEST | DOWN_POWER | DOWN_DETACHED);

/** What a spanning tree lets frames do at a port; in none they are forwarded. */
export const TREE_FORWARDING: u8 = 0;
export const TREE_LEARNING: u8 = 1;
export const TREE_DISCARDING: u8 = 2;

export const NO_VID: u32 = 4096;
/** A set of VLANs: a bit for each of 4096. */
export const MEMBERS_SIZE: u32 = 512;

/** What the FDB stores for "outside": all uplinks of a team are one logical port. */
export const TEAM_PORT: u32 = 2047;
export const PORTS_MAX: u32 = 2047;

@unmanaged
export class Port {
  // What visit.ts needs of a port that it sends to, side by side.
  /** The port's untagged VLAN plus 1 when a frame of it can be queued here as it is: ring, link; else 0. Or-ed: PLAIN_MIRRORED. */
  plainVid: u32;
  txRing: u32; // vNIC: to its guest
  /** `members`, when the frames of those VLANs can leave with the tag that they have; else 0. */
  plainTags: u32;
  dirty: u32; // has unpublished tx entries
  txBytes: u64;
  number: u32;
  kind: u8;
  linkUp: u8;
  usable: u8; // uplink: in use by a team
  vlanMode: u8;
  /** SHORT_*: frames that come in here may take the short cuts of visit.ts and arrival.ts, and who watches has to be told; else 0. */
  shortIn: u8;
  /** Copies that leave here need no more than an edit of their tag. */
  shortOut: u8;
  learns: u8;
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
  capture: u32; // first of a list of CapturePoint: on its wire
  inside: u32; // the same behind its tagging: as the switch relays
  toWorker: u32; // address of the Worker at the wire's other end
  entryCount: u32; // dynamic FDB entries that point here
  toDrain: u32; // its guest stands in the switch's drainList
  rxBytes: u64;
  /** vNIC: the uplink that known unicast of any source here leaves by, when that is all there is to decide; else 0. */
  shortExit: u32;
  team: u32; // vNIC: address of its Team
  lag: u32; // member of this Lag, 0: of none
  storm: u32; // address of the Storm that limits it, 0: none
  macLimit: u32; // most dynamic and sticky entries, 0: no limit
  stickyCount: u32;
  relayReserved: u32; // bit n: 01-80-C2-00-00-0n is relayed from here
  shut: u8; // by a guard
  accepts: u8;
  isOpen: u8; // takes frames of VLANs that it does not carry: no ingress filter
  sTag: u8; // its tags are S-tags
  bpdu: u8;
  promiscuous: u8;
  forgedRejected: u8;
  changesRejected: u8;
  blocked: u8; // its guest changed its address, and that is rejected
  isRegistered: u8; // vNIC: its own address stands in the table
  hasChanged: u8; // its guest changed its address, now or before
  sticky: u8;
  floodsUnknown: u8;
  onStatic: u8; // REFUSE_*: a source that is bound to another port
  onLimit: u8; // REFUSE_*: a new station beyond macLimit
  speaks: u8; // protocol frames are taken here: LACP, LLDP, BPDUs or beacons
  index: u8; // uplink: its place among the uplinks
  isBundled: u8; // member of a LAG: may carry frames of it
  hasLink: u8; // uplink, member of a LAG: link as the team sees it, after the delays
  beaconFailed: u8;
  notifyLeft: u8; // vNIC: announcements still to be sent
  hasArrived: u8; // all of its stations are announced, moved or not
  isNotified: u8; // vNIC: the announcements that are being sent are its, too
  downBy: u8; // DOWN_*: what takes its link away
  /** vNIC: the address that its guest uses; uplink: its own. */
  mac: u64;
  configuredMac: u64;
  /** vNIC: the uplink it was pinned to before; `repinnedAt` says until when. */
  formerPin: u32;
  movedTo: u32; // load-based: the uplink that the balancer chose, 0: its own place's
  repinnedAt: u64;
  notifyDue: u64; // vNIC: when its next announcements are to be sent
  linkDue: u64; // uplink: when the team sees the link's change; NEVER
  /** Bytes sent by this vNIC's pin, and what they (uplink: txBytes) were when the balancer last looked. */
  upBytes: u64;
  balancedBytes: u64;
  beaconSeen: u32; // uplink: address of u64 times, by uplink index: when it last heard their beacons
  lacp: u32; // address of its LacpPort
  lldp: u32; // address of its LldpPort, 0: it neither tells nor listens
  /** vNIC: its frames of which a copy went to an uplink; what came from an uplink for this port. */
  upFrames: u64;
  wireFrames: u64;
  nameAt: u32; // its name without the host: length in an octet, UTF-8
  tree: u32; // address of its TreePort, of a LAG's members that of its lead; 0: it takes part in no spanning tree
  treeState: u8; // TREE_*
  heeds: u8; // 1: ARP and ICMPv6 that come in here go through relay.ts, which learns from them (neighbours.ts)
  shaperIn: u32; // vNIC: address of the Shaper of what comes from its guest, 0: none
  shaperOut: u32; // the same of what leaves here
  scheduler: u32; // uplink or bridge port: address of its Scheduler, 0: no queues in front of its wire
  guards: u8; // GUARD_* of rogue.ts: what its station must not send
  hairpin: u8; // what comes in here may leave here
  padding4: u16;
  // mirror.ts: bit n of each is the switch's mirror n.
  mirrorsIn: u32; // mirrors that copy what comes in here
  mirrorsOut: u32; // and what leaves
  mirrorIn: u32; // those of them that are on
  mirrorOut: u32;
  chair: u32; // vNIC that a VM may leave or come to: address of the Guest that stands for nobody; 0: no VM ever does
  verdicts: u64; // the first of VERDICT_COUNT counters
}

/**
 * Says again which short cuts a port may take part in; whenever its link, its setting or its guest's address change.
 * `isOdd`: the switch has no common kind of frames at all. `told`: SHORT_* of all of its ports.
 */
export function replain(port: Port, isOdd: bool, told: u8): void {
  const isWhole = port.linkUp && port.treeState == TREE_FORWARDING && port.vlanMode != VLAN_MIRROR;
  const isSimple = !isOdd && isWhole && !port.sTag && port.lag == 0;
  const isPrivate = port.vlanMode == VLAN_PRIVATE;
  // What is registered here, or was learned here, may not be what the guest may send with.
  const isOther = port.forgedRejected && (port.hasChanged || port.mac != port.configuredMac);
  const takesAll = !port.hairpin && port.vlanMode != VLAN_TUNNEL && (port.accepts == ACCEPT_DEFAULT || port.accepts == ACCEPT_ALL);
  port.shortIn = isSimple && !isPrivate && !isOther && takesAll ? SHORT_OPEN | told | (port.mirrorIn == 0 ? 0 : SHORT_MIRRORED) : 0;
  port.shortOut = isSimple && !isPrivate && !port.blocked && port.scheduler == 0 ? 1 : 0;
  const isTrunk = port.vlanMode >= VLAN_TRUNK && port.vlanMode <= VLAN_NATIVE_TAGGED;
  port.plainTags = port.shortOut && isTrunk ? port.members : 0;
  port.plainVid = port.shortOut && port.txRing != 0 && port.untaggedVid != NO_VID ? port.untaggedVid + 1 : 0;
  if (port.plainVid != 0 && port.mirrorOut != 0) port.plainVid |= PLAIN_MIRRORED;
}

/** Whether copies that leave here are captured when they leave, not when they are queued. */
// @ts-ignore: decorator
@inline
export function leavesLater(port: Port): bool {
  return port.shaperOut != 0 && port.txRing != 0;
}

export const PORT_BYTES: u32 = 896;

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
  if (port.vlanMode == VLAN_ACCESS || port.vlanMode == VLAN_TUNNEL) return vid == port.pvid;
  return isMember(port.members, vid);
}

/** Whether bit `vid` is set in the 4096 bits at `members`. */
// @ts-ignore: decorator
@inline
export function isMember(members: u32, vid: u32): bool {
  return ((<u32>load<u8>(<usize>members + (vid >>> 3)) >>> (vid & 7)) & 1) != 0;
}
