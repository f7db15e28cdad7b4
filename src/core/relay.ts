/**
 * A frame's way through a switch, from the port it came in by to the last of its copies, top to bottom. The order of the
 * checks is the contract: the first that fails names the verdict. `visit.ts` and `arrival.ts` take the commonest frames past
 * it, by the same rules; whatever is special comes here.
 *
 *     admit ─▶ from outside: active? ─▶ reflection? ─▶ designated? ─▶ learn ─▶ look up ─▶ expected here?    ─▶ flood.ts
 *         └──▶ from inside:  forged? ─▶ learn ─▶ look up ─▶ local, or outside by the pinned uplink          ─▶ flood.ts
 *
 * Learning comes before look-up, so that a frame to its own source is a hairpin; R7 comes before learning, so that a
 * reflection moves nothing; what a VLAN rule refuses is not learned.
 */
import { hearBeacon } from './beacon';
import { capture, captureInside, DIRECTION_IN } from './capture';
import { captureLost } from './dropped';
import { isStatic, keyOf, logicalOf, lookup, setLock } from './fdb';
import { flood, forward, transit } from './flood';
import { NO_PORT, observe, settle, settleDrop } from './flows';
import { bytesOf, CUT_TAG, lengthOf, outerTci, slotOf, UNTAGGED } from './frame';
import * as V from './generated/verdicts';
import { admitFlood, isAnnouncement, isExpected, isOneUplink, isReflection, lockUntil, receiverOf, whereIs } from './guard';
import { classify, isBpdu, isReserved, refusal } from './ingress';
import { hearLacp } from './lacp';
import { fidOf, learnFrom } from './learning';
import { hearLldp } from './lldp';
import { mirrorDrop, mirrorIn, takeInHand } from './mirror';
import { heed } from './neighbours';
import { release } from './pool';
import * as P from './port';
import { count, isMember, NO_VID, Port, TEAM_PORT } from './port';
import { customerTagBytes, flattened, fromService, hasServiceTag } from './qinq';
import { rogueOf } from './rogue';
import { hearBpdu } from './rstp';
import { relayGroup } from './snooping';
import { isStorm, STORM_BROADCAST, STORM_MULTICAST, STORM_UNKNOWN } from './storm';
import { MODEL_LEARNING, portAt, Switch } from './switch';
import { pinFor, shutPort, teamAt } from './team';
import { goesRound, isOn } from './teaching';
import { NO_FACT, note, OUTCOME_FAILED, OUTCOME_PASSED } from './trace';

const MAC_MASK: u64 = 0xffffffffffff;
const BROADCAST: u64 = 0xffffffffffff;

/** Takes one frame that arrived on `port`, with the caller's reference to it, to its verdict. */
export function relay(sw: Switch, port: Port, arrived: u64): void {
  const length = lengthOf(arrived);
  port.rxBytes += length;
  if (port.capture != 0) capture(sw, port, arrived, DIRECTION_IN);
  sw.vidInHand = NO_VID;
  takeInHand(sw, changetype<usize>(port));
  if (sw.flows != 0) observe(sw, port, arrived);

  if (!port.linkUp) return drop(sw, port, arrived, whyDown(port), V.CHECK_link, NO_FACT);
  note(sw, V.CHECK_link, OUTCOME_PASSED, NO_FACT);
  if (sw.guard != 0 && goesRound(sw, port, arrived)) {
    return drop(sw, port, arrived, V.VERDICT_storm_guard, V.CHECK_storm_guard, sw.stormLimit);
  }

  if (port.vlanMode == P.VLAN_MIRROR) return drop(sw, port, arrived, V.VERDICT_mirror_port, V.CHECK_mirror, NO_FACT);
  if (length < 14) return drop(sw, port, arrived, V.VERDICT_runt, V.CHECK_length, length);
  let descriptor = arrived;
  let tci: i32 = UNTAGGED;
  let lengthMax = port.lengthMax;
  if (port.sTag || port.vlanMode == P.VLAN_TUNNEL) {
    descriptor = flattened(sw, arrived);
    if (descriptor == 0) return drop(sw, port, arrived, V.VERDICT_no_buffer_in, V.CHECK_length, length);
    const isService = port.sTag != 0 && port.vlanMode != P.VLAN_TUNNEL && hasServiceTag(descriptor);
    if (isService && length < 18) return drop(sw, port, descriptor, V.VERDICT_runt, V.CHECK_length, length);
    lengthMax += (isService ? 4 : 0) + customerTagBytes(descriptor, isService ? 16 : 12);
    if (length > lengthMax) return drop(sw, port, descriptor, V.VERDICT_giant, V.CHECK_length, length);
    if (isService) {
      const inside = fromService(sw, descriptor);
      if (inside == 0) return drop(sw, port, descriptor, V.VERDICT_no_buffer_in, V.CHECK_length, length);
      descriptor = inside;
      tci = outerTci(descriptor);
    }
  } else {
    tci = outerTci(descriptor);
    if (tci == CUT_TAG) {
      if (port.vlanMode != P.VLAN_TRANSPARENT) return drop(sw, port, descriptor, V.VERDICT_runt, V.CHECK_length, length);
      tci = UNTAGGED; // payload to a transparent port
    }
    lengthMax += tci == UNTAGGED ? 0 : 4;
    if (length > lengthMax) return drop(sw, port, descriptor, V.VERDICT_giant, V.CHECK_length, length);
  }
  note(sw, V.CHECK_length, OUTCOME_PASSED, length);

  const bytes = bytesOf(descriptor);
  const dst = load<u64>(bytes) & MAC_MASK;
  const src = load<u64>(bytes, 6) & MAC_MASK;
  if (src == 0) return drop(sw, port, descriptor, V.VERDICT_src_zero, V.CHECK_source, NO_FACT);
  if ((src & 1) != 0) return drop(sw, port, descriptor, V.VERDICT_src_group, V.CHECK_source, NO_FACT);
  note(sw, V.CHECK_source, OUTCOME_PASSED, NO_FACT);

  if (port.speaks && isHeard(sw, port, descriptor)) {
    note(sw, V.CHECK_protocol, OUTCOME_FAILED, NO_FACT);
    count(port, V.VERDICT_consumed);
    if (sw.flowInHand != 0) settle(sw, V.VERDICT_consumed, NO_PORT);
    return release(slotOf(descriptor), sw);
  }

  const classified = classify(port, tci);
  if (classified < 0) {
    // The addresses that a bridge keeps for itself are of its port, whatever VLANs the port has (8.6.3); only here can it matter.
    if ((dst & 1) != 0 && isBarred(sw, port, descriptor, dst)) return;
    return drop(sw, port, descriptor, refusal(classified), V.CHECK_vlan, tci == UNTAGGED ? NO_VID : tci & 0xfff);
  }
  const vid = <u32>classified;
  note(sw, V.CHECK_vlan, OUTCOME_PASSED, vid);
  sw.vidInHand = vid;
  if (port.inside != 0) captureInside(sw, port.inside, descriptor, vid, tci, DIRECTION_IN);
  if (sw.remoteVlans != 0 && isMember(sw.remoteVlans, vid)) return passRemote(sw, port, descriptor, vid, tci);
  if (port.mirrorIn != 0) mirrorIn(sw, port, descriptor, vid, tci);

  if (port.guards != 0) {
    const rogue = rogueOf(port, descriptor);
    if (rogue != 0) return drop(sw, port, descriptor, rogue, V.CHECK_rogue, NO_FACT);
    note(sw, V.CHECK_rogue, OUTCOME_PASSED, NO_FACT);
  }
  if ((dst & 1) != 0 && !admitGroup(sw, port, descriptor, dst)) return;
  if (sw.tree != 0 && !isInTree(sw, port, descriptor, vid, src)) return;
  if (port.kind == P.KIND_UPLINK) fromOutside(sw, port, descriptor, vid, tci, src, dst);
  else fromInside(sw, port, descriptor, vid, tci, src, dst);
}

/** Whether a protocol of the switch itself takes the frame. */
function isHeard(sw: Switch, port: Port, descriptor: u64): bool {
  if (hearLacp(sw, port, descriptor) || hearLldp(sw, port, descriptor)) return true;
  return hearBpdu(sw, port, descriptor) || hearBeacon(sw, port, descriptor);
}

/** The verdict on a frame at a port without link. */
function whyDown(port: Port): u32 {
  if (port.shut) return V.VERDICT_port_shut;
  return (port.downBy & P.DOWN_DETACHED) != 0 ? V.VERDICT_detached : V.VERDICT_link_down;
}

/** Whether no frame to this group may come in by the port, as a BPDU or by its reserved address; it has been dropped then. */
function isBarred(sw: Switch, port: Port, descriptor: u64, dst: u64): bool {
  if (port.bpdu != P.BPDU_PASS && isBpdu(dst)) {
    const isGuarded = port.bpdu == P.BPDU_GUARD;
    drop(sw, port, descriptor, isGuarded ? V.VERDICT_bpdu_guard : V.VERDICT_bpdu_filter, V.CHECK_bpdu, NO_FACT);
    if (isGuarded) shutPort(sw, port);
    return true;
  }
  if (isReserved(dst) && ((port.relayReserved >>> (<u32>(dst >>> 40) & 15)) & 1) == 0) {
    drop(sw, port, descriptor, V.VERDICT_reserved_mac, V.CHECK_reserved, NO_FACT);
    return true;
  }
  return false;
}

/** BPDUs, reserved addresses and storms: whether a frame to a group may come in at all; if not, it has been dropped. */
function admitGroup(sw: Switch, port: Port, descriptor: u64, dst: u64): bool {
  if (isBarred(sw, port, descriptor, dst)) return false;
  note(sw, V.CHECK_reserved, OUTCOME_PASSED, NO_FACT);
  if (port.storm == 0) return true;
  if (isStorm(sw, port, dst == BROADCAST ? STORM_BROADCAST : STORM_MULTICAST)) {
    drop(sw, port, descriptor, V.VERDICT_storm, V.CHECK_storm, NO_FACT);
    return false;
  }
  note(sw, V.CHECK_storm, OUTCOME_PASSED, NO_FACT);
  return true;
}

/** Whether the spanning tree lets a frame in by the port; if not, it has been dropped, and learned from where only that is allowed. */
function isInTree(sw: Switch, port: Port, descriptor: u64, vid: u32, src: u64): bool {
  if (port.treeState == P.TREE_FORWARDING) {
    note(sw, V.CHECK_tree, OUTCOME_PASSED, NO_FACT);
    return true;
  }
  if (port.treeState == P.TREE_LEARNING && !learns(sw, port, descriptor, vid, src)) return false;
  drop(sw, port, descriptor, V.VERDICT_stp_discarding, V.CHECK_tree, port.treeState);
  return false;
}

/** In an RSPAN VLAN: copies of other switches' frames, whose addresses say nothing of who is where. All of it is flooded (mirror.ts). */
function passRemote(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32): void {
  if (sw.tree != 0 && port.treeState != P.TREE_FORWARDING) {
    return drop(sw, port, descriptor, V.VERDICT_stp_discarding, V.CHECK_tree, port.treeState);
  }
  if (port.kind == P.KIND_UPLINK && !(isInUse(sw, port, descriptor) && isAdmitted(sw, port, descriptor, vid))) return;
  if (port.mirrorIn != 0) mirrorIn(sw, port, descriptor, vid, tci);
  flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group, 0);
}

/** Whether an uplink is in use (R18, R19); if not, the frame has been dropped. */
// @ts-ignore: decorator
@inline
function isInUse(sw: Switch, port: Port, descriptor: u64): bool {
  if (!port.usable) {
    const isUnbundled = port.lag != 0 && !port.isBundled;
    const verdict = isUnbundled ? V.VERDICT_lag_not_ready : V.VERDICT_uplink_not_active;
    if (isOn(sw, isUnbundled ? 18 : 19)) {
      drop(sw, port, descriptor, verdict, isUnbundled ? V.CHECK_lag : V.CHECK_active, NO_FACT);
      return false;
    }
  }
  note(sw, V.CHECK_active, OUTCOME_PASSED, NO_FACT);
  return true;
}

function fromOutside(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, src: u64, dst: u64): void {
  if (!isInUse(sw, port, descriptor)) return;

  const source = whereIs(sw, vid, src);
  if (isOn(sw, 7) && isReflection(sw, source, descriptor, dst)) {
    return drop(sw, port, descriptor, V.VERDICT_deja_vu, V.CHECK_deja_vu, logicalOf(source));
  }
  note(sw, V.CHECK_deja_vu, OUTCOME_PASSED, source == 0 ? NO_FACT : logicalOf(source));

  if ((dst & 1) != 0) {
    if (!isAdmitted(sw, port, descriptor, vid)) return;
    if (!learns(sw, port, descriptor, vid, src)) return;
    if (sw.neighbours != 0 && heed(sw, port, descriptor, vid, tci, src, dst)) return;
    return toGroup(sw, port, descriptor, vid, tci, dst);
  }
  if (!learns(sw, port, descriptor, vid, src)) return;
  if (sw.neighbours != 0) heed(sw, port, descriptor, vid, tci, src, dst);
  const owner = whereIs(sw, vid, dst);
  if (owner == 0) {
    note(sw, V.CHECK_lookup, OUTCOME_PASSED, NO_FACT);
    if (!mayBeFlooded(sw, vid)) return drop(sw, port, descriptor, V.VERDICT_unknown_unicast_uplink, V.CHECK_unknown, NO_FACT);
    note(sw, V.CHECK_unknown, OUTCOME_PASSED, NO_FACT);
    if (port.storm != 0 && isStorm(sw, port, STORM_UNKNOWN)) return drop(sw, port, descriptor, V.VERDICT_storm, V.CHECK_storm, NO_FACT);
    if (!isAdmitted(sw, port, descriptor, vid)) return;
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_unknown, 0);
  }
  const logical = logicalOf(owner);
  note(sw, V.CHECK_lookup, OUTCOME_PASSED, logical);
  if (logical == TEAM_PORT) {
    if (isOn(sw, 1) || isOneUplink(sw)) return drop(sw, port, descriptor, V.VERDICT_no_transit, V.CHECK_transit, logical);
    return transit(sw, port, descriptor, vid, tci);
  }
  note(sw, V.CHECK_transit, OUTCOME_PASSED, logical);
  const out = portAt(sw, logical);
  if (!isExpected(sw, port, out, dst)) return drop(sw, port, descriptor, V.VERDICT_rpf_unicast, V.CHECK_rpf, numberOf(pinFor(out, dst)));
  note(sw, V.CHECK_rpf, OUTCOME_PASSED, port.number);
  forward(sw, port, out, descriptor, vid, tci);
}

function fromInside(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, src: u64, dst: u64): void {
  if (port.lag != 0 && !port.isBundled && isOn(sw, 18)) {
    return drop(sw, port, descriptor, V.VERDICT_lag_not_ready, V.CHECK_lag, NO_FACT);
  }
  if (port.forgedRejected && src != port.mac && !isBoundTo(sw, port, vid, src)) {
    return drop(sw, port, descriptor, V.VERDICT_forged_transmit, V.CHECK_forged, NO_FACT);
  }
  if (port.onStatic != P.REFUSE_FORWARD) {
    const source = whereIs(sw, vid, src);
    if (source != 0 && isStatic(load<u64>(source, 8)) && logicalOf(source) != port.logical) {
      drop(sw, port, descriptor, V.VERDICT_static_violation, V.CHECK_static, logicalOf(source));
      if (port.onStatic == P.REFUSE_SHUT) shutPort(sw, port);
      return;
    }
  }
  if (!learns(sw, port, descriptor, vid, src)) return;
  if (sw.model == MODEL_LEARNING && sw.localCount < sw.portCount && isAnnouncement(descriptor, dst)) {
    const entry = lookup(sw, keyOf(fidOf(sw, vid), src));
    if (entry != 0) setLock(sw, entry, lockUntil(sw.now));
  }
  if (sw.neighbours != 0 && heed(sw, port, descriptor, vid, tci, src, dst)) return;
  if ((dst & 1) != 0) return toGroup(sw, port, descriptor, vid, tci, dst);
  const owner = whereIs(sw, vid, dst);
  if (owner == 0) {
    note(sw, V.CHECK_lookup, OUTCOME_PASSED, NO_FACT);
    if (port.storm != 0 && isStorm(sw, port, STORM_UNKNOWN)) return drop(sw, port, descriptor, V.VERDICT_storm, V.CHECK_storm, NO_FACT);
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_unknown, 0);
  }
  const logical = logicalOf(owner);
  note(sw, V.CHECK_lookup, OUTCOME_PASSED, logical);
  if (logical == TEAM_PORT) return transit(sw, port, descriptor, vid, tci);
  if (logical == port.logical && !port.hairpin && isOn(sw, 2)) {
    return drop(sw, port, descriptor, V.VERDICT_same_port, V.CHECK_reflection, logical);
  }
  note(sw, V.CHECK_reflection, OUTCOME_PASSED, logical);
  forward(sw, port, portAt(sw, logical), descriptor, vid, tci);
}

function toGroup(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, dst: u64): void {
  if (sw.snooper != 0) relayGroup(sw, port, descriptor, vid, tci, dst);
  else flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group, 0);
}

/** Learns the source if the port learns; false when the frame has been dropped for it. */
function learns(sw: Switch, port: Port, descriptor: u64, vid: u32, src: u64): bool {
  if (!port.learns) return true;
  const verdict = learnFrom(sw, port, descriptor, vid, src);
  if (verdict != V.VERDICT_forward) {
    drop(sw, port, descriptor, verdict, V.CHECK_learn, port.macLimit);
    return false;
  }
  note(sw, V.CHECK_learn, OUTCOME_PASSED, port.logical);
  return true;
}

/** Whether `src` is bound to this very port, by the operator or because it sticks; that it is registered here is not enough. */
function isBoundTo(sw: Switch, port: Port, vid: u32, src: u64): bool {
  if (src == port.configuredMac && sw.model != MODEL_LEARNING) return false;
  const entry = whereIs(sw, vid, src);
  return entry != 0 && isStatic(load<u64>(entry, 8)) && logicalOf(entry) == port.logical;
}

/** R6: whether unknown unicast from outside is for anybody here. */
function mayBeFlooded(sw: Switch, vid: u32): bool {
  if (!isOn(sw, 6) || (sw.floodUnknown != 0 && isMember(sw.floodUnknown, vid))) return true;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const out = portAt(sw, i);
    const wants = out.promiscuous || (sw.model != MODEL_LEARNING && out.floodsUnknown);
    if (wants && out.linkUp && P.carries(out, vid)) return true;
  }
  return false;
}

function isAdmitted(sw: Switch, port: Port, descriptor: u64, vid: u32): bool {
  const verdict = admitFlood(sw, port, vid);
  if (verdict == V.VERDICT_forward) {
    note(sw, V.CHECK_designated, OUTCOME_PASSED, port.number);
    return true;
  }
  const receiver = verdict == V.VERDICT_rpf_group ? 0 : receiverOf(sw, teamAt(sw, 0), vid);
  drop(sw, port, descriptor, verdict, V.CHECK_designated, numberOf(receiver));
  return false;
}

function numberOf(port: u32): u32 {
  return port == 0 ? NO_FACT : changetype<Port>(<usize>port).number;
}

export function drop(sw: Switch, port: Port, descriptor: u64, verdict: u32, check: u32, fact: u32): void {
  note(sw, check, OUTCOME_FAILED, fact);
  count(port, verdict);
  if (sw.flowInHand != 0) settleDrop(sw, verdict);
  if (sw.drops != 0) captureLost(sw, port, descriptor, verdict, sw.vidInHand, check, fact);
  if (sw.mirrorDrops != 0) mirrorDrop(sw, port, descriptor, verdict, sw.vidInHand);
  release(slotOf(descriptor), sw);
}
