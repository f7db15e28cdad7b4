/**
 * RSTP: bridges agree on a tree of cables that joins them all, and the others carry nothing (IEEE 802.1D-2004, clause 17). It is one
 * tree for all VLANs, as there.
 *
 * The standard's machines are run one after the other, for all ports, until none has a step to take: whenever a BPDU has come, a timer
 * has run out or a link has changed. What is to be said then is said at the end. A worker may die at any call or loop: a step's reason goes
 * only when all that it is the reason for is done, so that running the machines again ends what was begun.
 *
 *     information (17.27)   disabled ─link─▶ aged ─▶ mine ◀─▶ received: three hellos without the neighbour's word, and it is aged
 *     roles (17.28, 17.29)  roles.ts
 *     change (17.31)        a port that begins to forward makes the others forget their stations, and tells the next bridge
 *     edge (17.25)          a port that hears nobody for 3 s while it proposes leads to no bridge, until it hears one
 *     migration (17.24)     a neighbour that speaks STP is told STP's BPDUs, until it speaks RSTP
 *     transmit (17.26)      hello.ts
 *
 * Choices: every cable is full duplex, so that it counts as joining two bridges only; what relays BPDUs between three of them
 * (relayReserved: ["00"]) is not one. A port without link at any time since the last look has lost what it had agreed. Timers are exact
 * rather than counted in whole seconds.
 *
 * Not here: the version that only speaks STP, MSTP, PVST+, and the STP bridge's shorter ageing (stations are forgotten at once).
 */
import { BPDU_CONFIG, BPDU_NONE, BPDU_RST, BPDU_TCN, compare, copyMessage, hasSameTimes, isTreeFrame, Message, readBpdu } from './bpdu';
import { FLAG_AGREEMENT, FLAG_LEARNING, FLAG_PROPOSAL, FLAG_TC, FLAG_TC_ACK, TOLD_DESIGNATED } from './bpdu';
import { FID_ANY, flush } from './fdb';
import { transmit } from './hello';
import { Lag } from './lag';
import { BPDU_PASS, Port, replain, TREE_DISCARDING, TREE_FORWARDING, TREE_LEARNING } from './port';
import { askAfterChange } from './querier';
import { selectRoles, transit } from './roles';
import { NEVER, Switch } from './switch';
import { listed } from './team';
import * as T from './tree';
import { hasWay, heardOf, heldOf, MIGRATE_NS, ownOf, portOf, SECOND_NS, Tree, TreePort, treeOf, treePortAt } from './tree';

const CHANGE_INACTIVE: u8 = 0;
const CHANGE_LEARNING: u8 = 1;
const CHANGE_ACTIVE: u8 = 2;

const MIGRATION_CHECKING: u8 = 0;
const MIGRATION_SENSING: u8 = 1;
const MIGRATION_STP: u8 = 2;

/** The machines come to rest after a few turns for each port; what is beyond this is left for the next occasion. */
const TURNS_MAX: u32 = 1000;

/** Does what is due, and says when the next thing is. */
export function runRstp(sw: Switch): void {
  const tree = treeOf(sw);
  for (let i: u32 = 0; i < tree.portCount; i++) {
    const p = treePortAt(tree, i);
    const isEnabled: u8 = hasWay(p) ? 1 : 0;
    if (p.hasFallen || isEnabled != p.isEnabled) {
      // Whoever was lost and is back begins anew.
      p.isEnabled = 0;
      if (p.hasFallen && isEnabled) work(sw, tree);
      begin(sw, p);
      p.hasFallen = 0;
      p.isEnabled = isEnabled;
    }
  }
  work(sw, tree);
  finish(sw, tree);
}

/** Links have changed: who has lost it stops at once. The rest waits for the timers' turn. */
export function rstpLinksChanged(sw: Switch): void {
  if (sw.tree == 0) return;
  const tree = treeOf(sw);
  for (let i: u32 = 0; i < tree.portCount; i++) {
    const p = treePortAt(tree, i);
    if (hasWay(p) == (p.isEnabled != 0)) continue;
    if (p.isEnabled) {
      p.hasFallen = 1;
      setState(sw, portOf(p), TREE_DISCARDING);
    }
    sw.treeDue = sw.now;
    sw.timerDue = min(sw.timerDue, sw.now);
  }
}

/** Takes a BPDU; false when the frame is none, or its port takes part in no tree. A malformed one is taken without effect. */
export function hearBpdu(sw: Switch, port: Port, descriptor: u64): bool {
  if (port.tree == 0 || port.bpdu != BPDU_PASS || !isTreeFrame(descriptor)) return false;
  const tree = treeOf(sw);
  const p = changetype<TreePort>(<usize>port.tree);
  p.received++;
  const message = heardOf(tree);
  const kind = readBpdu(descriptor, message);
  if (kind == BPDU_NONE || !p.isEnabled || p.hasFallen || (port.lag != 0 && !port.isBundled)) return true;
  // Its own that comes back tells nothing (9.3.4).
  if (kind != BPDU_TCN && message.bridge == tree.bridge && message.port == p.id) return true;
  if (kind == BPDU_RST) p.rcvdRSTP = 1;
  else p.rcvdSTP = 1;
  p.operEdge = 0;
  p.edgeDelayWhile = sw.now + MIGRATE_NS;
  if (kind == BPDU_TCN) p.rcvdTcn = 1;
  else receive(sw, p, message, kind);
  work(sw, tree);
  finish(sw, tree);
  sw.timerDue = min(sw.timerDue, sw.treeDue);
  return true;
}

/** A port's state for frames, and whether it may take short cuts; of a LAG that of all members. */
function setState(sw: Switch, port: Port, state: u8): void {
  if (port.lag == 0) return setPortState(sw, port, state);
  const lag = changetype<Lag>(<usize>port.lag);
  for (let i: u32 = 0; i < lag.memberCount; i++) setPortState(sw, listed(lag.members, i), state);
}

function setPortState(sw: Switch, port: Port, state: u8): void {
  if (port.treeState == state) return;
  port.treeState = state;
  replain(port, sw.isOdd != 0, <u8>sw.told);
}

/** A port gets its link, or loses it. */
function begin(sw: Switch, p: TreePort): void {
  p.operEdge = p.adminEdge;
  p.edgeDelayWhile = sw.now + MIGRATE_NS;
  p.mdelayWhile = sw.now + MIGRATE_NS;
  p.migration = MIGRATION_CHECKING;
  p.sendRSTP = 1;
  p.rcvdRSTP = 0;
  p.rcvdSTP = 0;
}

/** Runs all machines until they are at rest. */
function work(sw: Switch, tree: Tree): void {
  for (let turn: u32 = 0; turn < TURNS_MAX; turn++) {
    let isMoving = false;
    for (let i: u32 = 0; i < tree.portCount; i++) if (inform(sw, treePortAt(tree, i))) isMoving = true;
    if (selectRoles(sw)) isMoving = true;
    for (let i: u32 = 0; i < tree.portCount; i++) {
      const p = treePortAt(tree, i);
      if (transit(sw, tree, p)) isMoving = true;
      if (changeTopology(sw, tree, p)) isMoving = true;
      if (migrate(sw, p)) isMoving = true;
      const isAlone = p.edgeDelayWhile <= sw.now && p.autoEdge && p.sendRSTP && p.proposing && p.isEnabled;
      if (!p.operEdge && isAlone) {
        p.operEdge = 1;
        isMoving = true;
      }
    }
    if (!isMoving) return;
  }
}

/** What has come of it: states, frames, and the next time. */
function finish(sw: Switch, tree: Tree): void {
  let due = NEVER;
  let isChanging: u32 = 0;
  for (let i: u32 = 0; i < tree.portCount; i++) {
    const p = treePortAt(tree, i);
    if (p.tcWhile > sw.now) isChanging = 1;
    if (!p.hasFallen && hasWay(p)) {
      setState(sw, portOf(p), p.forward ? TREE_FORWARDING : p.learn ? TREE_LEARNING : TREE_DISCARDING);
      transmit(sw, p);
    }
    due = min(due, nextOf(sw, p));
  }
  if (isChanging && !tree.isChanging) tree.topologyChanges++;
  tree.isChanging = isChanging;
  sw.treeDue = due;
}

// @ts-ignore: decorator
@inline
function sooner(due: u64, timer: u64, now: u64): u64 {
  return timer > now ? min(due, timer) : due;
}

/** When a timer of the port runs out. */
function nextOf(sw: Switch, p: TreePort): u64 {
  const now = sw.now;
  // A link that changed while a BPDU was in hand waits for the timers' turn.
  if (p.hasFallen || hasWay(p) != (p.isEnabled != 0)) return now;
  let due = sooner(NEVER, p.tcWhile, now);
  if (!p.isEnabled) return due;
  due = sooner(due, p.helloWhen, now);
  due = sooner(due, p.rcvdInfoWhile, now);
  due = sooner(due, p.fdWhile, now);
  due = sooner(due, p.rrWhile, now);
  due = sooner(due, p.rbWhile, now);
  due = sooner(due, p.mdelayWhile, now);
  due = sooner(due, p.edgeDelayWhile, now);
  return p.newInfo && p.txCount != 0 ? sooner(due, p.txTick, now) : due;
}

/** Port information machine, all but what is heard (figure 17-18). */
function inform(sw: Switch, p: TreePort): bool {
  if (!p.isEnabled) {
    if (p.infoIs == T.INFO_DISABLED) return false;
    p.proposing = 0;
    p.proposed = 0;
    p.agree = 0;
    p.agreed = 0;
    p.disputed = 0;
    p.rcvdInfoWhile = 0;
    p.infoIs = T.INFO_DISABLED;
  } else if (p.infoIs == T.INFO_DISABLED || (p.infoIs == T.INFO_RECEIVED && p.rcvdInfoWhile <= sw.now && !p.updtInfo)) {
    p.infoIs = T.INFO_AGED;
  } else if (p.selected && p.updtInfo) {
    p.proposing = 0;
    p.proposed = 0;
    p.agreed = p.agreed && p.infoIs == T.INFO_MINE && compare(ownOf(p), 0, heldOf(p)) <= 0 ? 1 : 0;
    p.synced = p.synced && p.agreed ? 1 : 0;
    copyMessage(heldOf(p), ownOf(p));
    p.updtInfo = 0;
    p.infoIs = T.INFO_MINE;
    p.newInfo = 1;
    return true;
  } else {
    return false;
  }
  p.reselect = 1;
  p.selected = 0;
  return true;
}

/** Port information machine, what is heard (17.21.8 rcvInfo and figure 17-18). */
function receive(sw: Switch, p: TreePort, message: Message, kind: u32): void {
  const held = heldOf(p);
  const order = compare(message, 0, held);
  if (message.role != TOLD_DESIGNATED) {
    if (message.role == 0 || order < 0) return;
    p.agreed = kind == BPDU_RST && (message.flags & FLAG_AGREEMENT) != 0 ? 1 : 0;
    if (p.agreed) p.proposing = 0;
    return notice(p, message, kind);
  }
  const isSame = order == 0 && hasSameTimes(message, held);
  // The low 12 bits are the port's number (17.6): who says something worse of himself is believed.
  const isTeller = message.bridge << 16 == held.bridge << 16 && ((message.port ^ held.port) & 0xfff) == 0;
  if (isSame && p.infoIs == T.INFO_RECEIVED) {
    propose(p, message, kind);
    notice(p, message, kind);
    return renew(sw, p);
  }
  if (order >= 0 && !isTeller) {
    // A worse one that nevertheless learns does not hear us.
    if (kind != BPDU_RST || (message.flags & FLAG_LEARNING) == 0) return;
    p.disputed = 1;
    p.agreed = 0;
    return;
  }
  p.agreed = 0;
  p.proposing = 0;
  propose(p, message, kind);
  notice(p, message, kind);
  p.agree = p.agree && p.infoIs == T.INFO_RECEIVED && order <= 0 ? 1 : 0;
  copyMessage(held, message);
  held.hello = max(held.hello, 256);
  renew(sw, p);
  p.infoIs = T.INFO_RECEIVED;
  p.reselect = 1;
  p.selected = 0;
}

function propose(p: TreePort, message: Message, kind: u32): void {
  if (kind == BPDU_RST && (message.flags & FLAG_PROPOSAL) != 0) p.proposed = 1;
}

/** setTcFlags. */
function notice(p: TreePort, message: Message, kind: u32): void {
  if ((message.flags & FLAG_TC) != 0) p.rcvdTc = 1;
  if (kind == BPDU_CONFIG && (message.flags & FLAG_TC_ACK) != 0) p.rcvdTcAck = 1;
}

/** updtRcvdInfoWhile: what is heard holds for three hellos, unless it comes from too far away. */
function renew(sw: Switch, p: TreePort): void {
  const held = heldOf(p);
  p.rcvdInfoWhile = T.olderBy1s(held.age) <= held.maxAge ? sw.now + 3 * T.ns(held.hello) : 0;
}

/** Topology change machine (figure 17-25). */
function changeTopology(sw: Switch, tree: Tree, p: TreePort): bool {
  const isInTree = p.role == T.ROLE_ROOT || p.role == T.ROLE_DESIGNATED;
  const isTold = p.rcvdTc || p.rcvdTcn || p.rcvdTcAck || p.tcProp;
  if (p.change == CHANGE_INACTIVE) {
    if (!p.learn) {
      if (isTold) unlearnChange(p);
      return false;
    }
    p.change = CHANGE_LEARNING;
    unlearnChange(p);
    return true;
  }
  if (p.change == CHANGE_LEARNING) {
    if (isInTree && p.forward && !p.operEdge) {
      p.newInfo = 1;
      startChange(sw, p);
      passChange(sw, tree, p);
      p.change = CHANGE_ACTIVE;
      return true;
    }
    if (!isInTree && !p.learn) {
      p.tcWhile = 0;
      p.tcAck = 0;
      unlearnChange(p);
      forget(sw, p);
      p.change = CHANGE_INACTIVE;
      return true;
    }
    if (isTold) unlearnChange(p);
    return false;
  }
  if (!isInTree || p.operEdge) {
    p.change = CHANGE_LEARNING;
    unlearnChange(p);
    return true;
  }
  if (!isTold) return false;
  if (p.rcvdTcn) startChange(sw, p);
  if (p.rcvdTcn || p.rcvdTc) {
    if (p.role == T.ROLE_DESIGNATED) p.tcAck = 1;
    passChange(sw, tree, p);
  }
  if (p.rcvdTcAck) p.tcWhile = 0;
  if (p.tcProp) {
    startChange(sw, p);
    forget(sw, p);
  }
  unlearnChange(p);
  return true;
}

function unlearnChange(p: TreePort): void {
  p.rcvdTc = 0;
  p.rcvdTcn = 0;
  p.rcvdTcAck = 0;
  p.tcProp = 0;
}

/** newTcWhile: for how long a change is told of by a port. */
function startChange(sw: Switch, p: TreePort): void {
  if (p.tcWhile > sw.now) return;
  p.tcWhile = sw.now + (p.sendRSTP ? T.helloTime(p) + SECOND_NS : T.maxAge(p) + T.fwdDelay(p));
  if (p.sendRSTP) p.newInfo = 1;
}

/** setTcPropTree; members of groups may be elsewhere now, too. */
function passChange(sw: Switch, tree: Tree, from: TreePort): void {
  if (sw.snooper != 0) askAfterChange(sw);
  for (let i: u32 = 0; i < tree.portCount; i++) if (treePortAt(tree, i) != from) treePortAt(tree, i).tcProp = 1;
}

function forget(sw: Switch, p: TreePort): void {
  flush(sw, portOf(p).logical, FID_ANY + 1, false);
}

/** Port protocol migration machine (figure 17-15). */
function migrate(sw: Switch, p: TreePort): bool {
  if (!p.isEnabled) return false;
  if (p.migration != MIGRATION_SENSING) {
    if (p.mdelayWhile > sw.now) return false;
    p.migration = MIGRATION_SENSING;
    p.rcvdRSTP = 0;
    p.rcvdSTP = 0;
    return true;
  }
  const speaks = p.sendRSTP ? p.rcvdSTP : p.rcvdRSTP;
  if (!speaks) return false;
  p.migration = p.sendRSTP ? MIGRATION_STP : MIGRATION_CHECKING;
  p.sendRSTP = p.sendRSTP ? 0 : 1;
  p.mdelayWhile = sw.now + MIGRATE_NS;
  return true;
}
