/**
 * A frame's way through a switch, from the port it came in by to the last of its copies, top to bottom. The order of the
 * checks is the contract: the first that fails names the verdict. `visit.ts` takes the commonest frames past it, by the
 * same rules; whatever is special comes here.
 *
 *     admit ─▶ from outside: active? ─▶ reflection? ─▶ designated? ─▶ learn ─▶ look up ─▶ pinned here?  ─▶ emit
 *         └──▶ from inside:  learn ─▶ look up ─▶ local, or outside by the pinned uplink                 ─▶ emit
 *
 * Learning comes before look-up, so that a frame to its own source is a hairpin; R7 comes before learning, so that a
 * reflection moves nothing; what a VLAN rule refuses is not learned.
 */
import { capture, DIRECTION_IN } from './capture';
import { emit } from './egress';
import { keyOf, learn, logicalOf, lookup, setLock } from './fdb';
import { bytesOf, CUT_TAG, hold, lengthOf, outerTci, slotOf, UNTAGGED } from './frame';
import * as V from './generated/verdicts';
import { isAnnouncement, isReflection, lockUntil, whereIs } from './guard';
import { classify, isReserved, refusal } from './ingress';
import { release } from './pool';
import { carries, count, KIND_UPLINK, NO_VID, Port, TEAM_PORT, VLAN_TRANSPARENT } from './port';
import { MODEL_LEARNING, portAt, Switch } from './switch';
import { designated } from './team';
import { NO_FACT, note, OUTCOME_DECIDED, OUTCOME_FAILED, OUTCOME_PASSED } from './trace';

const MAC_MASK: u64 = 0xffffffffffff;

/** Takes one frame that arrived on `port`, with the caller's reference to it, to its verdict. */
export function relay(sw: Switch, port: Port, descriptor: u64): void {
  const length = lengthOf(descriptor);
  port.rxBytes += length;
  if (port.capture != 0) capture(sw, port, descriptor, DIRECTION_IN);

  if (!port.linkUp) return drop(sw, port, descriptor, V.VERDICT_link_down, V.CHECK_link, NO_FACT);
  note(sw, V.CHECK_link, OUTCOME_PASSED, NO_FACT);

  if (length < 14) return drop(sw, port, descriptor, V.VERDICT_runt, V.CHECK_length, length);
  let tci = outerTci(descriptor);
  if (tci == CUT_TAG) {
    if (port.vlanMode != VLAN_TRANSPARENT) return drop(sw, port, descriptor, V.VERDICT_runt, V.CHECK_length, length);
    tci = UNTAGGED; // payload to a transparent port
  }
  const lengthMax = port.lengthMax + (tci == UNTAGGED ? 0 : 4);
  if (length > lengthMax) return drop(sw, port, descriptor, V.VERDICT_giant, V.CHECK_length, length);
  note(sw, V.CHECK_length, OUTCOME_PASSED, length);

  const bytes = bytesOf(descriptor);
  const dst = load<u64>(bytes) & MAC_MASK;
  const src = load<u64>(bytes, 6) & MAC_MASK;
  if (src == 0) return drop(sw, port, descriptor, V.VERDICT_src_zero, V.CHECK_source, NO_FACT);
  if ((src & 1) != 0) return drop(sw, port, descriptor, V.VERDICT_src_group, V.CHECK_source, NO_FACT);
  note(sw, V.CHECK_source, OUTCOME_PASSED, NO_FACT);

  const classified = classify(port, tci);
  if (classified < 0) return drop(sw, port, descriptor, refusal(classified), V.CHECK_vlan, tci == UNTAGGED ? NO_VID : tci & 0xfff);
  const vid = <u32>classified;
  note(sw, V.CHECK_vlan, OUTCOME_PASSED, vid);

  if (isReserved(dst)) return drop(sw, port, descriptor, V.VERDICT_reserved_mac, V.CHECK_reserved, NO_FACT);
  note(sw, V.CHECK_reserved, OUTCOME_PASSED, NO_FACT);

  if (port.kind == KIND_UPLINK) fromOutside(sw, port, descriptor, vid, tci, src, dst);
  else fromInside(sw, port, descriptor, vid, tci, src, dst);
}

function fromOutside(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, src: u64, dst: u64): void {
  if (!port.usable) return drop(sw, port, descriptor, V.VERDICT_uplink_not_active, V.CHECK_active, NO_FACT);
  note(sw, V.CHECK_active, OUTCOME_PASSED, NO_FACT);

  const source = whereIs(sw, vid, src);
  if (isReflection(sw, source, descriptor, dst)) {
    return drop(sw, port, descriptor, V.VERDICT_deja_vu, V.CHECK_deja_vu, logicalOf(source));
  }
  note(sw, V.CHECK_deja_vu, OUTCOME_PASSED, source == 0 ? NO_FACT : logicalOf(source));

  const learns = sw.model == MODEL_LEARNING;
  if ((dst & 1) != 0) {
    if (!isDesignated(sw, port, vid)) return dropUndesignated(sw, port, descriptor, vid);
    if (learns) learnFrom(sw, port, vid, src);
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group);
  }
  if (learns) learnFrom(sw, port, vid, src);
  const owner = whereIs(sw, vid, dst);
  if (owner == 0) {
    note(sw, V.CHECK_lookup, OUTCOME_PASSED, NO_FACT);
    if (!learns) return drop(sw, port, descriptor, V.VERDICT_unknown_unicast_uplink, V.CHECK_unknown, NO_FACT);
    note(sw, V.CHECK_unknown, OUTCOME_PASSED, NO_FACT);
    if (!isDesignated(sw, port, vid)) return dropUndesignated(sw, port, descriptor, vid);
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_unknown);
  }
  const logical = logicalOf(owner);
  note(sw, V.CHECK_lookup, OUTCOME_PASSED, logical);
  if (logical == TEAM_PORT) return drop(sw, port, descriptor, V.VERDICT_no_transit, V.CHECK_transit, logical);
  note(sw, V.CHECK_transit, OUTCOME_PASSED, logical);
  const out = portAt(sw, logical);
  if (<usize>out.pin != changetype<usize>(port)) return drop(sw, port, descriptor, V.VERDICT_rpf_unicast, V.CHECK_rpf, pinNumber(out));
  note(sw, V.CHECK_rpf, OUTCOME_PASSED, port.number);
  forward(sw, port, out, descriptor, vid, tci);
}

function fromInside(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, src: u64, dst: u64): void {
  if (sw.model == MODEL_LEARNING) {
    learnFrom(sw, port, vid, src);
    if (sw.hasTeam && isAnnouncement(descriptor, dst)) {
      const entry = lookup(sw, keyOf(vid, src));
      if (entry != 0) setLock(sw, entry, lockUntil(sw.now));
    }
  }
  if ((dst & 1) != 0) return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_group);
  const owner = whereIs(sw, vid, dst);
  if (owner == 0) {
    note(sw, V.CHECK_lookup, OUTCOME_PASSED, NO_FACT);
    return flood(sw, port, descriptor, vid, tci, V.VERDICT_flood_unknown);
  }
  const logical = logicalOf(owner);
  note(sw, V.CHECK_lookup, OUTCOME_PASSED, logical);
  if (logical == TEAM_PORT) {
    if (port.pin == 0) return drop(sw, port, descriptor, V.VERDICT_no_uplink, V.CHECK_uplink, NO_FACT);
    note(sw, V.CHECK_uplink, OUTCOME_PASSED, pinNumber(port));
    return forward(sw, port, changetype<Port>(<usize>port.pin), descriptor, vid, tci);
  }
  if (logical == port.number) return drop(sw, port, descriptor, V.VERDICT_same_port, V.CHECK_reflection, logical);
  note(sw, V.CHECK_reflection, OUTCOME_PASSED, logical);
  forward(sw, port, portAt(sw, logical), descriptor, vid, tci);
}

function forward(sw: Switch, port: Port, out: Port, descriptor: u64, vid: u32, tci: i32): void {
  count(port, V.VERDICT_forward);
  if (carries(out, vid)) return emit(sw, out, descriptor, vid, tci);
  count(out, V.VERDICT_egress_vlan);
  release(slotOf(descriptor), sw.worker);
}

/**
 * One copy for each port that may have the frame: every other local port with link that carries the VLAN (in the registered
 * model not for unknown unicast, R5), and for a frame from inside the one uplink its port is pinned to (R3). A frame from
 * an uplink is on no uplink afterwards (R1): only local ports are walked.
 */
function flood(sw: Switch, port: Port, descriptor: u64, vid: u32, tci: i32, verdict: u32): void {
  const fromUplink = port.kind == KIND_UPLINK;
  const staysOut = verdict == V.VERDICT_flood_unknown && sw.model != MODEL_LEARNING;
  // The last recipient gets the reference that came with the frame; the others get one of their own.
  let last: Port | null = null;
  let copies: u64 = 0;
  if (!staysOut) {
    for (let i: u32 = 0; i < sw.localCount; i++) {
      const out = portAt(sw, i);
      if (out == port || !out.linkUp || !carries(out, vid)) continue;
      if (last) {
        hold(descriptor);
        emit(sw, last, descriptor, vid, tci);
      }
      last = out;
      copies++;
    }
  }
  if (!fromUplink && sw.hasTeam) {
    if (port.pin == 0) {
      if (copies == 0) return drop(sw, port, descriptor, V.VERDICT_no_uplink, V.CHECK_uplink, NO_FACT);
      count(port, V.VERDICT_no_uplink_copy);
      copies++;
      note(sw, V.CHECK_uplink, OUTCOME_FAILED, NO_FACT);
    } else {
      const uplink = changetype<Port>(<usize>port.pin);
      if (carries(uplink, vid)) {
        if (last) {
          hold(descriptor);
          emit(sw, last, descriptor, vid, tci);
        }
        last = uplink;
        copies++;
        note(sw, V.CHECK_uplink, OUTCOME_PASSED, uplink.number);
      }
    }
  }
  if (!last) return drop(sw, port, descriptor, V.VERDICT_no_recipient, V.CHECK_lookup, NO_FACT);
  note(sw, V.CHECK_lookup, OUTCOME_DECIDED, <u32>copies);
  count(port, verdict);
  sw.copies += copies - 1;
  emit(sw, last, descriptor, vid, tci);
}

function learnFrom(sw: Switch, port: Port, vid: u32, src: u64): void {
  learn(sw, keyOf(vid, src), port.logical);
  note(sw, V.CHECK_learn, OUTCOME_PASSED, port.logical);
}

function isDesignated(sw: Switch, port: Port, vid: u32): bool {
  if (<usize>designated(sw, vid) != changetype<usize>(port)) return false;
  note(sw, V.CHECK_designated, OUTCOME_PASSED, port.number);
  return true;
}

function dropUndesignated(sw: Switch, port: Port, descriptor: u64, vid: u32): void {
  const receiver = changetype<Port>(<usize>designated(sw, vid));
  drop(sw, port, descriptor, V.VERDICT_not_designated, V.CHECK_designated, receiver.number);
}

function pinNumber(port: Port): u32 {
  return port.pin == 0 ? NO_FACT : changetype<Port>(<usize>port.pin).number;
}

function drop(sw: Switch, port: Port, descriptor: u64, verdict: u32, check: u32, fact: u32): void {
  note(sw, check, OUTCOME_FAILED, fact);
  count(port, verdict);
  release(slotOf(descriptor), sw.worker);
}
