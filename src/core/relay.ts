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
import { bytesOf, CUT_TAG, lengthOf, outerTci, slotOf, UNTAGGED } from './frame';
import * as V from './generated/verdicts';
import { admitFlood, isAnnouncement, isExpected, isOneUplink, isReflection, lockUntil, receiverOf, whereIs } from './guard';
import { classify, isBpdu, isReserved, refusal } from './ingress';
import { hearLacp } from './lacp';
import { fidOf, learnFrom } from './learning';
import { release } from './pool';
import * as P from './port';
import { count, isMember, NO_VID, Port, TEAM_PORT } from './port';
import { customerTagBytes, flattened, fromService, hasServiceTag } from './qinq';
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

  if (!port.linkUp) return drop(sw, port, arrived, port.shut ? V.VERDICT_port_shut : V.VERDICT_link_down, V.CHECK_link, NO_FACT);
  note(sw, V.CHECK_link, OUTCOME_PASSED, NO_FACT);
  if (sw.guard != 0 && goesRound(sw, port, arrived)) {
    return drop(sw, port, arrived, V.VERDICT_storm_guard, V.CHECK_storm_guard, sw.stormLimit);
  }

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

  if (port.speaks && (hearLacp(sw, port, descriptor) || hearBeacon(sw, port, descriptor))) {
    note(sw, V.CHECK_protocol, OUTCOME_FAILED, NO_FACT);
    count(port, V.VERDICT_consumed);
    return release(slotOf(descriptor), sw);
  }

  const classified = classify(port, tci);
  if (classified < 0) return drop(sw, port, descriptor, refusal(classified), V.CHECK_vlan, tci == UNTAGGED ? NO_VID : tci & 0xfff);
  const vid = <u32>classified;
  note(sw, V.CHECK_vlan, OUTCOME_PASSED, vid);
  sw.vidInHand = vid;
  if (port.inside != 0) captureInside(sw, port.inside, descriptor, vid, tci, DIRECTION_IN);

  if ((dst & 1) != 0 && !admitGroup(sw, port, descriptor, dst)) return;
  if (port.kind == P.KIND_UPLINK) fromOutside(sw, port, descriptor, vid, tci, src, dst);
  else fromInside(sw, port, descriptor, vid, tci, src, dst);
}

/** BPDUs, reserved addresses and storms: whether a frame to a group may come in at all; if not, it has been dropped. */
function admitGroup(sw: Switch, port: Port, descriptor: u64, dst: u64): bool {
  if (port.bpdu != P.BPDU_PASS && isBpdu(dst)) {
    const isGuarded = port.bpdu == P.BPDU_GUARD;
    drop(sw, port, descriptor, isGuarded ? V.VERDICT_bpdu_guard : V.VERDICT_bpdu_filter, V.CHECK_bpdu, NO_FACT);
    if (isGuarded) shutPort(sw, port);
    return false;
  }
  if (isReserved(dst) && ((port.relayReserved >>> (<u32>(dst >>> 40) & 15)) & 1) == 0) {
    drop(sw, port, descriptor, V.VERDICT_reserved_mac, V.CHECK_reserved, NO_FACT);
    return false;
  }
  note(sw, V.CHECK_reserved, OUTCOME_PASSED, NO_FACT);
  if (port.storm == 0) return true;
  if (isStorm(sw, port, dst == BROADCAST ? STORM_BROADCAST : STORM_MULTICAST)) {
    drop(sw, port, descriptor, V.VERDICT_storm, V.CHECK_storm, NO_FACT);
    return false;
  }
  note(sw, V.CHECK_storm, OUTCOME_PASSED, NO_FACT);
  return true;
}

function fromOutside(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, src: u64, dst: u64): void {
  if (!port.usable) {
    const isUnbundled = port.lag != 0 && !port.isBundled;
    if (isUnbundled && isOn(sw, 18)) return drop(sw, port, descriptor, V.VERDICT_lag_not_ready, V.CHECK_lag, NO_FACT);
    if (!isUnbundled && isOn(sw, 19)) return drop(sw, port, descriptor, V.VERDICT_uplink_not_active, V.CHECK_active, NO_FACT);
  }
  note(sw, V.CHECK_active, OUTCOME_PASSED, NO_FACT);

  const source = whereIs(sw, vid, src);
  if (isOn(sw, 7) && isReflection(sw, source, descriptor, dst)) {
    return drop(sw, port, descriptor, V.VERDICT_deja_vu, V.CHECK_deja_vu, logicalOf(source));
  }
  note(sw, V.CHECK_deja_vu, OUTCOME_PASSED, source == 0 ? NO_FACT : logicalOf(source));

  if ((dst & 1) != 0) {
    if (!isAdmitted(sw, port, descriptor, vid)) return;
    if (!learns(sw, port, descriptor, vid, src)) return;
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group);
  }
  if (!learns(sw, port, descriptor, vid, src)) return;
  const owner = whereIs(sw, vid, dst);
  if (owner == 0) {
    note(sw, V.CHECK_lookup, OUTCOME_PASSED, NO_FACT);
    if (!mayBeFlooded(sw, vid)) return drop(sw, port, descriptor, V.VERDICT_unknown_unicast_uplink, V.CHECK_unknown, NO_FACT);
    note(sw, V.CHECK_unknown, OUTCOME_PASSED, NO_FACT);
    if (port.storm != 0 && isStorm(sw, port, STORM_UNKNOWN)) return drop(sw, port, descriptor, V.VERDICT_storm, V.CHECK_storm, NO_FACT);
    if (!isAdmitted(sw, port, descriptor, vid)) return;
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_unknown);
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
  if ((dst & 1) != 0) return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group);
  const owner = whereIs(sw, vid, dst);
  if (owner == 0) {
    note(sw, V.CHECK_lookup, OUTCOME_PASSED, NO_FACT);
    if (port.storm != 0 && isStorm(sw, port, STORM_UNKNOWN)) return drop(sw, port, descriptor, V.VERDICT_storm, V.CHECK_storm, NO_FACT);
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_unknown);
  }
  const logical = logicalOf(owner);
  note(sw, V.CHECK_lookup, OUTCOME_PASSED, logical);
  if (logical == TEAM_PORT) return transit(sw, port, descriptor, vid, tci);
  if (logical == port.logical && isOn(sw, 2)) return drop(sw, port, descriptor, V.VERDICT_same_port, V.CHECK_reflection, logical);
  note(sw, V.CHECK_reflection, OUTCOME_PASSED, logical);
  forward(sw, port, portAt(sw, logical), descriptor, vid, tci);
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
  if (sw.drops != 0) captureLost(sw, port, descriptor, verdict, sw.vidInHand, check, fact);
  release(slotOf(descriptor), sw);
}
