/**
 * What a bridge remembers of the spanning tree, and what each of its ports does. A LAG is one port, named by its lead.
 *
 * Names are those of IEEE 802.1D-2004, 17.17 to 17.20, so that the machines of rstp.ts and roles.ts can be read beside the figures there.
 * Timers are times at which they run out: one that is not beyond `now` has the standard's value 0.
 *
 *     Tree │ root: Message │ heard: Message            root priority and times; the message in hand
 *     TreePort │ held: Message │ own: Message           portPriority and portTimes; designatedPriority and designatedTimes
 */
import { Message } from './bpdu';
import { Lag } from './lag';
import { Port } from './port';
import { Switch } from './switch';

export const ROLE_DISABLED: u8 = 0;
export const ROLE_ALTERNATE: u8 = 1;
export const ROLE_BACKUP: u8 = 2;
export const ROLE_ROOT: u8 = 3;
export const ROLE_DESIGNATED: u8 = 4;

export const INFO_DISABLED: u8 = 0;
export const INFO_AGED: u8 = 1;
export const INFO_MINE: u8 = 2;
export const INFO_RECEIVED: u8 = 3;

export const SECOND_NS: u64 = 1_000_000_000;
/** BPDUs' unit of time, 1/256 s. */
const UNIT_NS: u64 = 3_906_250;
/** 802.1D-2004 table 17-1: Migrate Time. */
export const MIGRATE_NS: u64 = 3 * SECOND_NS;

@unmanaged
export class Tree {
  bridge: u64; // identifier: priority and address
  ports: u32; // array of TreePort
  portCount: u32;
  rootPort: u32; // address of the TreePort, 0: this bridge is the root
  maxAge: u32; // as this bridge would have them: 1/256 s
  hello: u32;
  forwardDelay: u32;
  isChanging: u32; // some port tells of a change
  padding1: u32;
  topologyChanges: u64;
}

@unmanaged
export class TreePort {
  port: u32; // address of the Port
  id: u32; // priority and number
  cost: u32;
  txCount: u32;
  adminEdge: u8;
  autoEdge: u8;
  restrictedRole: u8; // never the way to the root
  isEnabled: u8; // link, as the machines know it
  hasFallen: u8; // it was lost since they last looked
  infoIs: u8; // INFO_*
  role: u8; // ROLE_*
  selectedRole: u8;
  agree: u8;
  agreed: u8;
  disputed: u8;
  forward: u8;
  learn: u8;
  newInfo: u8;
  operEdge: u8;
  proposed: u8;
  proposing: u8;
  rcvdRSTP: u8;
  rcvdSTP: u8;
  rcvdTc: u8;
  rcvdTcAck: u8;
  rcvdTcn: u8;
  reRoot: u8;
  reselect: u8;
  selected: u8;
  sendRSTP: u8;
  sync: u8;
  synced: u8;
  tcAck: u8;
  tcProp: u8;
  updtInfo: u8;
  change: u8; // state of the topology change machine
  migration: u8; // state of the protocol migration machine
  edgeDelayWhile: u64;
  fdWhile: u64;
  helloWhen: u64;
  mdelayWhile: u64;
  rbWhile: u64;
  rcvdInfoWhile: u64;
  rrWhile: u64;
  tcWhile: u64;
  txTick: u64; // when txCount goes down by one
  sent: u64;
  received: u64;
}

export const TREE_SIZE: u32 = offsetof<Tree>() + 2 * offsetof<Message>();
export const TREE_PORT_SIZE: u32 = offsetof<TreePort>() + 2 * offsetof<Message>();

// @ts-ignore: decorator
@inline
export function treeOf(sw: Switch): Tree {
  return changetype<Tree>(<usize>sw.tree);
}

// @ts-ignore: decorator
@inline
export function treePortAt(tree: Tree, i: u32): TreePort {
  return changetype<TreePort>(<usize>tree.ports + <usize>i * TREE_PORT_SIZE);
}

// @ts-ignore: decorator
@inline
export function rootOf(tree: Tree): Message {
  return changetype<Message>(changetype<usize>(tree) + offsetof<Tree>());
}

// @ts-ignore: decorator
@inline
export function heardOf(tree: Tree): Message {
  return changetype<Message>(changetype<usize>(tree) + offsetof<Tree>() + offsetof<Message>());
}

// @ts-ignore: decorator
@inline
export function heldOf(p: TreePort): Message {
  return changetype<Message>(changetype<usize>(p) + offsetof<TreePort>());
}

// @ts-ignore: decorator
@inline
export function ownOf(p: TreePort): Message {
  return changetype<Message>(changetype<usize>(p) + offsetof<TreePort>() + offsetof<Message>());
}

// @ts-ignore: decorator
@inline
export function portOf(p: TreePort): Port {
  return changetype<Port>(<usize>p.port);
}

/** Whether frames can pass the port as far as links go: of a LAG, whether some member takes part. */
export function hasWay(p: TreePort): bool {
  const port = portOf(p);
  return port.lag != 0 ? changetype<Lag>(<usize>port.lag).usableCount != 0 : port.linkUp != 0;
}

/** Message Age goes up by a second at each bridge, and is then rounded to whole ones (17.21.23, 17.21.25). */
export function olderBy1s(age: u32): u32 {
  return ((age + 256 + 128) / 256) * 256;
}

export function ns(units: u32): u64 {
  return <u64>units * UNIT_NS;
}

/** 17.20.6: the root's. */
export function fwdDelay(p: TreePort): u64 {
  return ns(ownOf(p).forwardDelay);
}

export function maxAge(p: TreePort): u64 {
  return ns(ownOf(p).maxAge);
}

export function helloTime(p: TreePort): u64 {
  return ns(ownOf(p).hello);
}

/** 17.20.5 forwardDelay. */
export function stepDelay(p: TreePort): u64 {
  return p.sendRSTP ? helloTime(p) : fwdDelay(p);
}
