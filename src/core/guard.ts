/**
 * What tells an end-host switch from a bridge: who is local, and which copies from outside must not be taken.
 *
 * Local stations are what the table holds on ports that are no uplinks: in the registered model the vNICs' own addresses,
 * in the learning model whoever was heard there.
 */
import { FID_ANY, isStatic, keyOf, lockedUntil, logicalOf, lookup } from './fdb';
import { etherTypeAt, lengthOf, outerTci, UNTAGGED } from './frame';
import { fidOf, sharesFid } from './learning';
import { carries, Port, TEAM_PORT } from './port';
import { MODEL_LEARNING, portAt, RECEIVERS_ACTIVE, RECEIVERS_PER_RECIPIENT, RPF_LOOSE, RPF_OFF, Switch } from './switch';
import { designated, foremost, isMemberOf, pinFor, Team, teamAt } from './team';
import { isOn } from './teaching';
import { note, OUTCOME_FAILED, OUTCOME_PASSED } from './trace';
import { CHECK_announce, CHECK_lock, VERDICT_forward, VERDICT_not_designated, VERDICT_rpf_group } from './generated/verdicts';

const BROADCAST: u64 = 0xffffffffffff;
const ETHERTYPE_ARP: u32 = 0x0608; // 0x0806 as a little-endian load sees it
const ETHERTYPE_RARP: u32 = 0x3580;
/** R13: how long a station that announced itself here is not believed to have moved outside (Open vSwitch, 5 s). */
const LOCK_NS: u64 = 5_000_000_000;
const ARP_BYTES: i32 = 28;

/** The live entry that says where `mac` is in `vid`, or 0. */
export function whereIs(sw: Switch, vid: u32, mac: u64): usize {
  const entry = lookup(sw, keyOf(fidOf(sw, vid), mac));
  if (entry != 0 || !sw.hasAnyFid) return entry;
  const any = lookup(sw, keyOf(FID_ANY, mac));
  return any != 0 && sharesFid(sw, portAt(sw, logicalOf(any)), vid) ? any : 0;
}

/**
 * R7: whether a frame from an uplink is a reflection, its source being a local station; with the exceptions of the learning
 * model, in which a station that moved outside says so by a gratuitous ARP or a RARP (R12), unless it announced itself
 * here just now, for then it is that announcement that comes back (R13).
 */
export function isReflection(sw: Switch, source: usize, descriptor: u64, dst: u64): bool {
  if (source == 0 || logicalOf(source) == TEAM_PORT) return false;
  if (sw.model != MODEL_LEARNING || !isOn(sw, 12) || isStatic(load<u64>(source, 8))) return true;
  if (!isAnnouncement(descriptor, dst)) {
    note(sw, CHECK_announce, OUTCOME_FAILED, logicalOf(source));
    return true;
  }
  note(sw, CHECK_announce, OUTCOME_PASSED, logicalOf(source));
  const locked = isOn(sw, 13) && lockedUntil(sw, source) > sw.now;
  note(sw, CHECK_lock, locked ? OUTCOME_FAILED : OUTCOME_PASSED, logicalOf(source));
  return locked;
}

/** R18: the uplinks form a LAG, which is one uplink. */
export function isOneUplink(sw: Switch): bool {
  return sw.lag != 0 && isOn(sw, 18);
}

/**
 * R9 at the door: whether anybody may take a flood that came in by this uplink, as VERDICT_forward, or why nobody may. A LAG is
 * one uplink, whose partner sends one copy (R18).
 */
export function admitFlood(sw: Switch, uplink: Port, vid: u32): u32 {
  if (!isOn(sw, 9) || isOneUplink(sw)) return VERDICT_forward;
  if (sw.receivers == RECEIVERS_PER_RECIPIENT) {
    for (let i: u32 = 0; i < sw.localCount; i++) {
      const out = portAt(sw, i);
      if (out.linkUp && carries(out, vid) && <usize>out.pin == changetype<usize>(uplink)) return VERDICT_forward;
    }
    return VERDICT_rpf_group;
  }
  for (let t: u32 = 0; t < sw.teamCount; t++) {
    if (<usize>receiverOf(sw, teamAt(sw, t), vid) == changetype<usize>(uplink)) return VERDICT_forward;
  }
  return VERDICT_not_designated;
}

/** R9 for one recipient: whether local port `out` takes a flood that came in by this uplink. */
export function takesFlood(sw: Switch, uplink: Port, out: Port, vid: u32): bool {
  if (!isOn(sw, 9) || isOneUplink(sw)) return true;
  if (sw.receivers == RECEIVERS_PER_RECIPIENT) return <usize>out.pin == changetype<usize>(uplink);
  if (sw.teamCount == 1) return true; // asked at the door
  return <usize>receiverOf(sw, changetype<Team>(<usize>out.team), vid) == changetype<usize>(uplink);
}

/** Address of the uplink whose floods a team takes in `vid`, or 0. */
export function receiverOf(sw: Switch, team: Team, vid: u32): u32 {
  return sw.receivers == RECEIVERS_ACTIVE ? foremost(team) : designated(team, vid);
}

/** R8: whether unicast to `dst` behind `out` may come in by this uplink. */
export function isExpected(sw: Switch, uplink: Port, out: Port, dst: u64): bool {
  if (sw.rpf == RPF_OFF || !isOn(sw, 8) || isOneUplink(sw)) return true;
  if (sw.rpf == RPF_LOOSE) return isMemberOf(changetype<Team>(<usize>out.team), uplink);
  if (<usize>pinFor(out, dst) == changetype<usize>(uplink)) return true;
  return sw.rpfGraceNs != 0 && <usize>out.formerPin == changetype<usize>(uplink) && sw.now - out.repinnedAt < sw.rpfGraceNs;
}

export function lockUntil(now: u64): u64 {
  return now + LOCK_NS;
}

/**
 * A broadcast by which a station tells where it is: ARP reply, ARP request for its own address, or RARP, with which
 * hypervisors announce.
 */
export function isAnnouncement(descriptor: u64, dst: u64): bool {
  if (dst != BROADCAST) return false;
  const at = etherTypeAt(descriptor);
  // What lies behind the copy's end is some other frame's.
  const room = <i32>lengthOf(descriptor) - (outerTci(descriptor) == UNTAGGED ? 14 : 18);
  if (room < 0) return false;
  const type = load<u16>(at);
  if (type == ETHERTYPE_RARP) return true;
  if (type != ETHERTYPE_ARP || room < ARP_BYTES) return false;
  const operation = bswap<u16>(load<u16>(at + 2 + 6));
  if (operation == 2) return true;
  return operation == 1 && load<u32>(at + 2 + 14) == load<u32>(at + 2 + 24);
}
