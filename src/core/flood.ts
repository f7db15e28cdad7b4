/**
 * The copies of a frame: which ports get one. A frame from outside is on no uplink afterwards (R1): only local ports are
 * walked. A frame from inside leaves by at most one uplink (R3), the one its source is pinned to (R4).
 */
import { captureLostCopy } from './dropped';
import { emit, lose, markDirty } from './egress';
import { NO_PORT, settle } from './flows';
import { bytesOf, hold, holdMany, lengthOf, slotOf, TAG_STORED, tagOf, UNTAGGED } from './frame';
import * as V from './generated/verdicts';
import { isOneUplink, takesFlood } from './guard';
import { Lag, memberFor } from './lag';
import { mirrorDrop } from './mirror';
import { release } from './pool';
import { carries, count, isMember, KIND_UPLINK, Port, PORT_BYTES, TREE_FORWARDING, VLAN_PRIVATE } from './port';
import { drop } from './relay';
import { Ring } from './ring';
import { MODEL_LEARNING, portAt, Switch } from './switch';
import { choose, listed, pinFor, Team, teamAt } from './team';
import { isOn } from './teaching';
import { NO_FACT, note, OUTCOME_DECIDED, OUTCOME_FAILED, OUTCOME_PASSED } from './trace';

const MAC_MASK: u64 = 0xffffffffffff;

/** Known unicast: one copy to `to`, and one to every promiscuous port that would not see it otherwise. */
export function forward(sw: Switch, port: Port, to: Port, descriptor: u64, vid: u32, tci: i32): void {
  const member = to.lag == 0 ? <u32>changetype<usize>(to) : memberFor(changetype<Lag>(<usize>to.lag), descriptor);
  if (member == 0) {
    // A LAG of which no member takes part is a port without link.
    count(port, V.VERDICT_forward);
    if (sw.flowInHand != 0) settle(sw, V.VERDICT_forward, to.number);
    return lose(sw, to, descriptor, V.VERDICT_egress_link_down, vid);
  }
  const out = changetype<Port>(<usize>member);
  if (out.treeState != TREE_FORWARDING) {
    note(sw, V.CHECK_out_tree, OUTCOME_FAILED, out.number);
    count(port, V.VERDICT_forward);
    return lose(sw, out, descriptor, V.VERDICT_egress_stp, vid);
  }
  if (sw.promiscuousCount != 0) showPromiscuous(sw, port, out, descriptor, vid, tci);
  count(port, V.VERDICT_forward);
  if (sw.flowInHand != 0) settle(sw, V.VERDICT_forward, out.number);
  if (port.kind == KIND_UPLINK) out.wireFrames++;
  if (out.kind == KIND_UPLINK) {
    port.upBytes += lengthOf(descriptor);
    port.upFrames++;
  }
  if (carries(out, vid)) return emit(sw, out, descriptor, vid, tci);
  note(sw, V.CHECK_out_vlan, OUTCOME_FAILED, out.number);
  lose(sw, out, descriptor, out.vlanMode == VLAN_PRIVATE ? V.VERDICT_pvlan : V.VERDICT_egress_vlan, vid);
}

function showPromiscuous(sw: Switch, port: Port, to: Port, descriptor: u64, vid: u32, tci: i32): void {
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const out = portAt(sw, i);
    if (!out.promiscuous || out == port || out == to || !out.linkUp || !carries(out, vid)) continue;
    hold(descriptor);
    sw.copies++;
    if (port.kind == KIND_UPLINK) out.wireFrames++;
    emit(sw, out, descriptor, vid, tci);
  }
}

/** To a station outside, by the one uplink that the source leaves by. */
export function transit(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32): void {
  const exit = exitFor(sw, port, descriptor, vid);
  if (exit == 0) return drop(sw, port, descriptor, V.VERDICT_no_uplink, V.CHECK_uplink, NO_FACT);
  const uplink = changetype<Port>(<usize>exit);
  note(sw, V.CHECK_uplink, OUTCOME_PASSED, uplink.number);
  forward(sw, port, uplink, descriptor, vid, tci);
}

/** Address of the uplink that a frame from `port` leaves by, or 0. From an uplink only while R1 is off for a lesson. */
function exitFor(sw: Switch, port: Port, descriptor: u64, vid: u32): u32 {
  if (sw.teamCount == 0) return 0;
  if (sw.lag != 0) return memberFor(changetype<Lag>(<usize>sw.lag), descriptor);
  if (port.kind == KIND_UPLINK) return otherThan(sw, port, vid);
  const team = changetype<Team>(<usize>port.team);
  if (!isOn(sw, 4)) {
    // In a lesson: every frame takes the next uplink.
    return team.usableCount == 0 ? 0 : load<u32>(<usize>team.usableList + (<usize>(sw.turns++ % team.usableCount) << 2));
  }
  return pinFor(port, load<u64>(bytesOf(descriptor), 6) & MAC_MASK);
}

function otherThan(sw: Switch, port: Port, vid: u32): u32 {
  const team = teamAt(sw, 0);
  const exit = choose(team, vid);
  if (<usize>exit != changetype<usize>(port)) return exit;
  for (let i: u32 = 0; i < team.usableCount; i++) {
    if (listed(team.usableList, i) != port) return load<u32>(<usize>team.usableList + (<usize>i << 2));
  }
  return 0;
}

function give(sw: Switch, to: Port | null, descriptor: u64, vid: u32, tci: i32): void {
  if (!to) return;
  hold(descriptor);
  emit(sw, to, descriptor, vid, tci);
}

/** One copy for each port that may have the frame; of those in the set of places `to` (members.ts), where that is not 0. */
export function flood(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, verdict: u32, to: usize): void {
  const fromUplink = port.kind == KIND_UPLINK;
  const isUnknown = verdict == V.VERDICT_flood_unknown;
  const isFloodVid = !isOn(sw, fromUplink ? 6 : 5) || (fromUplink && sw.floodUnknown != 0 && isMember(sw.floodUnknown, vid));
  if (fromUplink) note(sw, V.CHECK_transit, OUTCOME_PASSED, NO_FACT);
  // What a port takes as it is, without a question, is queued there at once; its references are counted below.
  const isPlain = to == 0 && !fromUplink && !isUnknown && sw.watched == 0 && tci == UNTAGGED && tagOf(descriptor) == TAG_STORED;
  let asked: u32 = 0;
  let last: Port | null = null;
  let copies: u64 = 0;
  const hasTree = sw.tree != 0;
  const length = <u64>lengthOf(descriptor);
  const end = <usize>sw.ports + <usize>sw.localCount * PORT_BYTES;
  let at: usize = sw.ports;
  // R2, for `spread`: meanwhile the port itself takes nothing as it is.
  const plainHere = port.plainVid;
  port.plainVid = 0;
  if (isPlain) at = spread(sw, descriptor, length, vid + 1, at, end);
  while (at != end) {
    let out = changetype<Port>(at);
    at += PORT_BYTES;
    if (isPlain) at = spread(sw, descriptor, length, vid + 1, at, end);
    asked++;
    if (to != 0 && !isMember(<u32>to, out.logical) && !out.promiscuous) {
      note(sw, V.CHECK_out_group, OUTCOME_FAILED, out.number);
      continue;
    }
    if (out.lag != 0) {
      // A LAG gets one copy, in the place of its lead.
      const lag = changetype<Lag>(<usize>out.lag);
      if (<usize>lag.lead != changetype<usize>(out) || out.lag == port.lag) continue;
      if (lag.usableCount == 0) {
        note(sw, V.CHECK_out_link, OUTCOME_FAILED, out.number);
        continue;
      }
      out = changetype<Port>(<usize>memberFor(lag, descriptor));
    }
    if (out == port && !port.hairpin && isOn(sw, 2)) continue;
    if (!carries(out, vid)) {
      if (out.vlanMode == VLAN_PRIVATE) note(sw, V.CHECK_out_vlan, OUTCOME_FAILED, out.number);
      continue;
    }
    if (!out.linkUp) {
      note(sw, V.CHECK_out_link, OUTCOME_FAILED, out.number);
      continue;
    }
    if (hasTree && out.treeState != TREE_FORWARDING) {
      note(sw, V.CHECK_out_tree, OUTCOME_FAILED, out.number);
      continue;
    }
    if (isUnknown && !out.promiscuous && !takesUnknown(sw, out, fromUplink, isFloodVid)) {
      note(sw, V.CHECK_out_unknown, OUTCOME_FAILED, out.number);
      continue;
    }
    if (fromUplink && !takesFlood(sw, port, out, vid)) {
      note(sw, V.CHECK_out_receiver, OUTCOME_FAILED, out.number);
      continue;
    }
    give(sw, last, descriptor, vid, tci);
    last = out;
    copies++;
    if (fromUplink) out.wireFrames++;
  }
  port.plainVid = plainHere;
  const spreadCopies = sw.localCount - asked;
  copies += spreadCopies;
  if (to != 0 && !isMember(<u32>to, sw.localCount)) {
    // No router and no member is outside.
    note(sw, V.CHECK_out_group, OUTCOME_FAILED, NO_FACT);
  } else if (!isOn(sw, fromUplink ? 1 : 3) && !isOneUplink(sw)) {
    give(sw, last, descriptor, vid, tci);
    last = null;
    const outside = everywhereOutside(sw, port, descriptor, vid, tci);
    if (outside != 0) port.upFrames++;
    copies += outside;
  } else if (!fromUplink && sw.localCount < sw.portCount) {
    const exit = exitFor(sw, port, descriptor, vid);
    if (exit == 0) {
      if (copies == 0) return drop(sw, port, descriptor, V.VERDICT_no_uplink, V.CHECK_uplink, NO_FACT);
      count(port, V.VERDICT_no_uplink_copy);
      if (sw.drops != 0) captureLostCopy(sw, port, descriptor, V.VERDICT_no_uplink_copy, vid);
      if (sw.mirrorDrops != 0) mirrorDrop(sw, port, descriptor, V.VERDICT_no_uplink_copy, vid);
      copies++;
      note(sw, V.CHECK_uplink, OUTCOME_FAILED, NO_FACT);
    } else if (carries(changetype<Port>(<usize>exit), vid)) {
      give(sw, last, descriptor, vid, tci);
      last = changetype<Port>(<usize>exit);
      copies++;
      port.upBytes += lengthOf(descriptor);
      port.upFrames++;
      note(sw, V.CHECK_uplink, OUTCOME_PASSED, last.number);
    }
  }
  if (copies == 0) return drop(sw, port, descriptor, V.VERDICT_no_recipient, V.CHECK_lookup, NO_FACT);
  note(sw, V.CHECK_lookup, OUTCOME_DECIDED, <u32>copies);
  count(port, verdict);
  if (sw.flowInHand != 0) settle(sw, verdict, NO_PORT);
  sw.copies += copies - 1;
  // The caller's reference goes with one of the copies.
  if (last) {
    if (spreadCopies != 0) holdMany(descriptor, spreadCopies);
    emit(sw, last, descriptor, vid, tci);
  } else if (spreadCopies != 0) {
    holdMany(descriptor, spreadCopies - 1);
  } else {
    release(slotOf(descriptor), sw);
  }
}

/**
 * Queues a copy, `length` bytes long, at each port from `at` on that takes frames of the VLAN as they are (`plain`) and has
 * room; returns the first that takes more, or `end`. A loop without calls and with few variables, as in visit.ts.
 */
function spread(sw: Switch, descriptor: u64, length: u64, plain: u32, at: usize, end: usize): usize {
  for (; at != end; at += PORT_BYTES) {
    const out = changetype<Port>(at);
    if (out.plainVid != plain) break;
    const ring = changetype<Ring>(<usize>out.txRing);
    const next = ring.headNext;
    const mask = ring.mask;
    if (next - ring.tailSeen > mask) break;
    store<u64>(<usize>ring.entries + (<usize>(next & mask) << 3), descriptor);
    ring.headNext = next + 1;
    out.txBytes += length;
    if (!out.dirty) markDirty(sw, out);
  }
  return at;
}

/** Only in a lesson, without R1 or R3: a copy by every other uplink in use; returns how many. */
function everywhereOutside(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32): u32 {
  let copies: u32 = 0;
  for (let i = sw.localCount; i < sw.portCount; i++) {
    const out = portAt(sw, i);
    if (out == port || !out.usable || !out.linkUp || !carries(out, vid)) continue;
    give(sw, out, descriptor, vid, tci);
    copies++;
  }
  return copies;
}

/** R5, R6: whether unknown unicast is flooded to a local port. */
function takesUnknown(sw: Switch, out: Port, fromUplink: bool, isFloodVid: bool): bool {
  if (!fromUplink) return out.floodsUnknown || isFloodVid;
  if (sw.model == MODEL_LEARNING) return isFloodVid && (out.floodsUnknown || !isOn(sw, 6));
  return isFloodVid || out.floodsUnknown;
}
