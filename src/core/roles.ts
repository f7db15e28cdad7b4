/**
 * Which part a port has in the spanning tree, and how it comes into it without a loop on the way (IEEE 802.1D-2004, 17.21.25 updtRoles
 * and figures 17-19 to 17-22).
 *
 *     root         the way to the root bridge            forwards as soon as no former root port does
 *     designated   speaks for its cable                  forwards when the other end agrees, at an edge, or after the delays
 *     alternate    another way to the root               discards
 *     backup       another way to a cable of this bridge discards
 *
 * A port with `restrictedRole` (802.1Q-2018 13.27.64, "root guard") is no way to the root: with better information it is an alternate.
 */
import { compare, copyMessage, costWith, hasSameTimes } from './bpdu';
import { Switch } from './switch';
import * as T from './tree';
import { heldOf, ownOf, rootOf, Tree, TreePort, treeOf, treePortAt } from './tree';

/** Selects the root and the role of each port; only where something has changed that it goes by. */
export function selectRoles(sw: Switch): bool {
  const tree = treeOf(sw);
  let isAsked = false;
  for (let i: u32 = 0; i < tree.portCount; i++) if (treePortAt(tree, i).reselect) isAsked = true;
  if (!isAsked) return false;
  chooseRoot(tree);
  for (let i: u32 = 0; i < tree.portCount; i++) {
    const p = treePortAt(tree, i);
    tell(tree, p);
    p.selectedRole = roleOf(tree, p);
    p.selected = 1;
  }
  // Only now, or a worker that died in between would leave ports that nobody chooses a role for.
  for (let i: u32 = 0; i < tree.portCount; i++) treePortAt(tree, i).reselect = 0;
  return true;
}

/** The best of this bridge itself and of what its ports have heard from others. */
function chooseRoot(tree: Tree): void {
  const root = rootOf(tree);
  root.root = tree.bridge;
  root.bridge = tree.bridge;
  root.cost = 0;
  root.port = 0;
  root.age = 0;
  root.maxAge = tree.maxAge;
  root.hello = tree.hello;
  root.forwardDelay = tree.forwardDelay;
  tree.rootPort = 0;
  let rootId: u32 = 0;
  for (let i: u32 = 0; i < tree.portCount; i++) {
    const p = treePortAt(tree, i);
    const held = heldOf(p);
    if (p.infoIs != T.INFO_RECEIVED || held.bridge == tree.bridge || p.restrictedRole) continue;
    const order = compare(held, p.cost, root);
    if (order > 0 || (order == 0 && p.id >= rootId)) continue;
    copyMessage(root, held);
    root.cost = costWith(held.cost, p.cost);
    root.age = T.olderBy1s(held.age);
    tree.rootPort = <u32>changetype<usize>(p);
    rootId = p.id;
  }
}

/** What the port would say as its cable's designated one. */
function tell(tree: Tree, p: TreePort): void {
  const own = ownOf(p);
  copyMessage(own, rootOf(tree));
  own.bridge = tree.bridge;
  own.port = p.id;
  own.hello = tree.hello;
}

function roleOf(tree: Tree, p: TreePort): u8 {
  const held = heldOf(p);
  p.updtInfo = 0;
  if (p.infoIs == T.INFO_DISABLED) return T.ROLE_DISABLED;
  if (p.infoIs == T.INFO_RECEIVED) {
    if (tree.rootPort == <u32>changetype<usize>(p)) return T.ROLE_ROOT;
    if (compare(ownOf(p), 0, held) >= 0) return held.bridge == tree.bridge ? T.ROLE_BACKUP : T.ROLE_ALTERNATE;
  }
  p.updtInfo = p.infoIs != T.INFO_MINE || !isAsHeld(p) ? 1 : 0;
  return T.ROLE_DESIGNATED;
}

function isAsHeld(p: TreePort): bool {
  return compare(ownOf(p), 0, heldOf(p)) == 0 && hasSameTimes(ownOf(p), heldOf(p));
}

/** A step of the port's role transitions; false when there is none to take. */
export function transit(sw: Switch, tree: Tree, p: TreePort): bool {
  if (!p.selected || p.updtInfo) return false;
  if (p.role != p.selectedRole) {
    leaveRole(sw, p);
    // Before it has the role: no death may leave one that listens only and forwards.
    if (p.selectedRole != T.ROLE_ROOT && p.selectedRole != T.ROLE_DESIGNATED) rest(p);
    p.role = p.selectedRole;
    return true;
  }
  if (p.role == T.ROLE_ROOT) return asRoot(sw, tree, p);
  if (p.role == T.ROLE_DESIGNATED) return asDesignated(sw, p);
  if (p.role != T.ROLE_DISABLED && agreeing(tree, p)) return true;
  if (!p.sync && !p.reRoot && p.synced) return false;
  rest(p);
  return true;
}

/** Timers that a role keeps at their full length begin to run when the port leaves it. */
function leaveRole(sw: Switch, p: TreePort): void {
  if (p.role == T.ROLE_ROOT) p.rrWhile = sw.now + T.fwdDelay(p);
  else if (p.role == T.ROLE_DISABLED) p.fdWhile = sw.now + T.maxAge(p);
  else if (p.role != T.ROLE_DESIGNATED) p.fdWhile = sw.now + T.stepDelay(p);
  if (p.role == T.ROLE_BACKUP) p.rbWhile = sw.now + 2 * T.helloTime(p);
}

/** A port that only listens. */
function rest(p: TreePort): void {
  p.learn = 0;
  p.forward = 0;
  p.synced = 1;
  p.sync = 0;
  p.reRoot = 0;
  p.rrWhile = 0;
}

/** Answers a proposal: first everything behind this bridge is made safe, then the port agrees. */
function agreeing(tree: Tree, p: TreePort): bool {
  if (p.proposed && !p.agree) {
    for (let i: u32 = 0; i < tree.portCount; i++) treePortAt(tree, i).sync = 1;
    p.proposed = 0;
    return true;
  }
  if (!(p.proposed && p.agree) && (p.agree || !isAllSynced(tree))) return false;
  p.proposed = 0;
  p.sync = 0;
  p.agree = 1;
  p.newInfo = 1;
  return true;
}

function asRoot(sw: Switch, tree: Tree, p: TreePort): bool {
  if (agreeing(tree, p)) return true;
  if (!p.forward && !p.reRoot) {
    for (let i: u32 = 0; i < tree.portCount; i++) treePortAt(tree, i).reRoot = 1;
    return true;
  }
  if (p.forward) {
    if (!p.reRoot) return false;
    p.reRoot = 0;
    return true;
  }
  const isAlone = p.rbWhile <= sw.now && isReRooted(sw, tree, p);
  if (p.fdWhile > sw.now && !isAlone) return false;
  return advance(sw, p);
}

function asDesignated(sw: Switch, p: TreePort): bool {
  if (!p.forward && !p.agreed && !p.proposing && !p.operEdge) {
    p.proposing = 1;
    p.edgeDelayWhile = sw.now + T.MIGRATE_NS;
    p.newInfo = 1;
    return true;
  }
  const isQuiet = !p.learn && !p.forward;
  if (((isQuiet || p.agreed || p.operEdge) && !p.synced) || (p.sync && p.synced)) {
    p.rrWhile = 0;
    p.synced = 1;
    p.sync = 0;
    return true;
  }
  if (p.reRoot && p.rrWhile <= sw.now) {
    p.reRoot = 0;
    return true;
  }
  if (((p.sync && !p.synced) || p.reRoot || p.disputed) && !p.operEdge && !isQuiet) {
    p.fdWhile = sw.now + T.stepDelay(p);
    p.learn = 0;
    p.forward = 0;
    p.disputed = 0;
    return true;
  }
  if ((p.fdWhile > sw.now && !p.agreed && !p.operEdge) || p.reRoot || p.sync || p.forward) return false;
  advance(sw, p);
  if (p.forward) p.agreed = p.sendRSTP;
  return true;
}

/** From discarding to learning, or on to forwarding. */
function advance(sw: Switch, p: TreePort): bool {
  if (p.learn) {
    p.fdWhile = 0;
    p.forward = 1;
  } else {
    p.fdWhile = sw.now + T.stepDelay(p);
    p.learn = 1;
  }
  return true;
}

/** 17.20.3: nothing behind this bridge forwards unless its other end has agreed. */
function isAllSynced(tree: Tree): bool {
  for (let i: u32 = 0; i < tree.portCount; i++) {
    const p = treePortAt(tree, i);
    if (!p.selected || p.updtInfo || p.role != p.selectedRole) return false;
    if (p.role != T.ROLE_ROOT && !p.synced) return false;
  }
  return true;
}

/** 17.20.10: no other port has been the way to the root of late. */
function isReRooted(sw: Switch, tree: Tree, root: TreePort): bool {
  for (let i: u32 = 0; i < tree.portCount; i++) {
    const p = treePortAt(tree, i);
    if (p != root && p.rrWhile > sw.now) return false;
  }
  return true;
}
