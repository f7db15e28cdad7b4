/**
 * LACP: the ends of a LAG agree on its members (IEEE 802.1AX-2014, 6.4). A member takes part while its partner says that it
 * has the link in the same LAG; until then it drops everything. What is said stands in lacpdu.ts.
 *
 * The standard's machines are run one after the other, for all members of a LAG, whenever one has heard something, a timer has
 * run out or a link has changed:
 *
 *     receive (6.4.12)   disabled ─link─▶ expired ─3 s─▶ defaulted      a PDU leads to current from each of these
 *                                            ▲
 *                                            └─ current                 3 s or 90 s without one, as our timeout bit asks for
 *     selection (6.4.14) the LAG's partner is the first heard, until its last member is lost; who has another one waits
 *     mux (6.4.15)       coupled: selected members are in sync; those whose partner is so too collect and distribute
 *     periodic (6.4.13)  1 s or 30 s as the partner's timeout bit asks, 1 s until it is in sync; two passive ends are silent
 *     transmit (6.4.16)  at most three in a second, so that two ends that never agree do not argue without end
 *
 * Choices: coupled control, for a port has one bit for both ways. A selected member does not wait for others
 * (aggregate_wait_time is 0): nothing that was attached has to be moved when another comes, for members are chosen per frame.
 * The first PDU goes out with the link, not a second later. A member without a partner, with another one than the LAG's, with an
 * individual one or with this very switch is no link of its own: it carries nothing.
 *
 * Not here: churn detection, the marker protocol, LACP version 2, a least or greatest number of members.
 */
import { originateRaw } from './egress';
import { bytesOf, HEADER_BYTES } from './frame';
import { ACTIVITY, AGGREGATION, COLLECTING, DEFAULTED, DISTRIBUTING, EXPIRED, SYNC, TIMEOUT } from './lacpdu';
import { forgetPartner, isLacpdu, isWhole, knowsUs, recordPartner, seenState, toldState } from './lacpdu';
import { LACPDU_BYTES, LacpPort, writeLacpdu } from './lacpdu';
import { Lag, LAG_ACTIVE, LAG_STATIC } from './lag';
import { take } from './pool';
import { Port } from './port';
import { NEVER, Switch } from './switch';
import { listed, reform } from './team';

const RX_DISABLED: u8 = 0;
const RX_EXPIRED: u8 = 1;
const RX_DEFAULTED: u8 = 2;
const RX_CURRENT: u8 = 3;

const FAST_NS: u64 = 1_000_000_000;
const SLOW_NS: u64 = 30_000_000_000;
const SHORT_TIMEOUT_NS: u64 = 3 * FAST_NS;
const LONG_TIMEOUT_NS: u64 = 3 * SLOW_NS;

/** Does what is due, for every LAG that speaks LACP, and says when the next thing is. */
export function runLacp(sw: Switch): void {
  sw.lacpDue = NEVER;
  for (let i: u32 = 0; i < sw.lagCount; i++) run(sw, changetype<Lag>(<usize>load<u32>(<usize>sw.lags + (<usize>i << 2))));
}

/** A port's link has changed: without link a member leaves at once. What is to be said of it waits for the timers' turn. */
export function lacpLinkChanged(sw: Switch, port: Port): void {
  if (port.lacp == 0) return;
  sw.lacpDue = sw.now;
  sw.timerDue = min(sw.timerDue, sw.now);
  if (port.linkUp || !port.isBundled) return;
  port.isBundled = 0;
  reform(sw, false);
}

/** Takes an LACPDU; false when the frame is none. A malformed one is taken without effect. */
export function hearLacp(sw: Switch, port: Port, descriptor: u64): bool {
  if (port.lacp == 0 || !isLacpdu(descriptor)) return false;
  if (!isWhole(descriptor)) return true;
  hear(sw, port, bytesOf(descriptor));
  run(sw, changetype<Lag>(<usize>port.lag));
  sw.timerDue = min(sw.timerDue, sw.lacpDue);
  return true;
}

// @ts-ignore: decorator
@inline
function lacpOf(port: Port): LacpPort {
  return changetype<LacpPort>(<usize>port.lacp);
}

function run(sw: Switch, lag: Lag): void {
  if (lag.mode == LAG_STATIC) return;
  for (let i: u32 = 0; i < lag.memberCount; i++) expire(sw, listed(lag.members, i));
  choosePartner(lag);
  let isChanged = false;
  for (let i: u32 = 0; i < lag.memberCount; i++) if (bundle(lag, listed(lag.members, i))) isChanged = true;
  if (isChanged) reform(sw, false);
  for (let i: u32 = 0; i < lag.memberCount; i++) sw.lacpDue = min(sw.lacpDue, speak(sw, lag, listed(lag.members, i)));
}

/** Receive machine, a PDU (6.4.9: recordPDU, update_NTT). The partner is in sync if it says so and means us. */
function hear(sw: Switch, port: Port, bytes: usize): void {
  const lag = changetype<Lag>(<usize>port.lag);
  const lacp = lacpOf(port);
  const told = toldState(bytes);
  const seen = seenState(bytes);
  const isKnown = knowsUs(bytes, lag, port) && ((seen ^ lacp.state) & AGGREGATION) == 0;
  // Of two ends one has to be active, or they would not go on telling each other.
  const isTended = (told & ACTIVITY) != 0 || (lag.mode == LAG_ACTIVE && (seen & ACTIVITY) != 0);
  recordPartner(bytes, lacp);
  lacp.partnerState = isKnown && isTended ? told : told & ~SYNC;
  if (!isKnown || ((seen ^ lacp.state) & (ACTIVITY | TIMEOUT | SYNC)) != 0) lacp.needsSend = 1;
  lacp.state &= ~(DEFAULTED | EXPIRED);
  lacp.receive = RX_CURRENT;
  lacp.currentDue = sw.now + (lag.fast ? SHORT_TIMEOUT_NS : LONG_TIMEOUT_NS);
  lacp.received++;
}

/** Receive machine, all else: link that comes or goes, and time that runs out. */
function expire(sw: Switch, port: Port): void {
  const lacp = lacpOf(port);
  if (!port.linkUp) {
    lacp.receive = RX_DISABLED;
    lacp.partnerState &= ~SYNC;
    lacp.currentDue = NEVER;
    return;
  }
  if (lacp.receive == RX_DISABLED) lacp.needsSend = 1;
  else if (lacp.currentDue > sw.now) return;
  if (lacp.receive == RX_EXPIRED) {
    lacp.receive = RX_DEFAULTED;
    lacp.state &= ~EXPIRED;
    lacp.currentDue = NEVER;
    forgetPartner(lacp);
  } else {
    lacp.receive = RX_EXPIRED;
    lacp.state |= EXPIRED;
    lacp.currentDue = sw.now + SHORT_TIMEOUT_NS;
  }
  if (lacp.partnerSystem == 0) lacp.state |= DEFAULTED;
  lacp.partnerState = (lacp.partnerState & ~SYNC) | TIMEOUT;
}

/** Whether a member's partner is the one that the LAG has chosen. */
function belongs(lag: Lag, lacp: LacpPort): bool {
  if (!lag.isUp || (lacp.receive != RX_CURRENT && lacp.receive != RX_EXPIRED) || (lacp.partnerState & AGGREGATION) == 0) return false;
  return lacp.partnerSystem == lag.partnerSystem && lacp.partnerKey == lag.partnerKey && lacp.partnerPriority == lag.partnerPriority;
}

/** Keeps the LAG's partner while a member has it, else takes the first that has just been heard. */
function choosePartner(lag: Lag): void {
  for (let i: u32 = 0; i < lag.memberCount; i++) if (belongs(lag, lacpOf(listed(lag.members, i)))) return;
  lag.isUp = 0;
  for (let i: u32 = 0; i < lag.memberCount; i++) {
    const lacp = lacpOf(listed(lag.members, i));
    if (lacp.receive != RX_CURRENT || (lacp.partnerState & AGGREGATION) == 0 || lacp.partnerSystem == lag.system) continue;
    lag.isUp = 1;
    lag.partnerSystem = lacp.partnerSystem;
    lag.partnerKey = lacp.partnerKey;
    lag.partnerPriority = lacp.partnerPriority;
    return;
  }
}

/** Mux machine: says our state again; true when the member enters or leaves the bundle. */
function bundle(lag: Lag, port: Port): bool {
  const lacp = lacpOf(port);
  const isSelected = belongs(lag, lacp);
  const isBundled = isSelected && (lacp.partnerState & SYNC) != 0;
  let state: u8 = (lacp.state & (DEFAULTED | EXPIRED)) | AGGREGATION;
  if (lag.mode == LAG_ACTIVE) state |= ACTIVITY;
  if (lag.fast) state |= TIMEOUT;
  if (isSelected) state |= SYNC;
  if (isBundled) state |= COLLECTING | DISTRIBUTING;
  if (((state ^ lacp.state) & (SYNC | COLLECTING | DISTRIBUTING)) != 0) lacp.needsSend = 1;
  lacp.state = state;
  if ((port.isBundled != 0) == isBundled) return false;
  port.isBundled = isBundled ? 1 : 0;
  return true;
}

/** Periodic and transmit machines; returns when this member has something to do next. */
function speak(sw: Switch, lag: Lag, port: Port): u64 {
  const lacp = lacpOf(port);
  if (!port.linkUp || (lag.mode != LAG_ACTIVE && (lacp.partnerState & ACTIVITY) == 0)) {
    lacp.needsSend = 0;
    lacp.periodNs = 0;
    return lacp.currentDue;
  }
  const period = (lacp.partnerState & TIMEOUT) != 0 || (lacp.partnerState & SYNC) == 0 ? FAST_NS : SLOW_NS;
  if (lacp.periodNs != period || lacp.periodicDue <= sw.now) {
    if (lacp.periodNs >= period) lacp.needsSend = 1;
    lacp.periodNs = period;
    lacp.periodicDue = sw.now + period;
  }
  const due = min(lacp.currentDue, lacp.periodicDue);
  if (!lacp.needsSend) return due;
  const free = lacp.sent < 3 ? 0 : lacp.sentFirst + FAST_NS;
  if (free > sw.now) return min(due, free);
  lacp.needsSend = 0;
  send(sw, lag, port, lacp);
  return due;
}

function send(sw: Switch, lag: Lag, port: Port, lacp: LacpPort): void {
  const slot = take(sw.pool, LACPDU_BYTES);
  if (slot == 0) return; // the next one may find room
  writeLacpdu(slot + HEADER_BYTES, lag, port, lacp);
  lacp.sent++;
  lacp.sentFirst = lacp.sentSecond;
  lacp.sentSecond = lacp.sentThird;
  lacp.sentThird = sw.now;
  originateRaw(sw, port, slot, LACPDU_BYTES);
}
