/**
 * What bridges tell each other (IEEE 802.1D-2004, clause 9), and what a port makes of it: which of two messages is the better one.
 *
 * A BPDU stands behind an LLC header, untagged, to 01-80-C2-00-00-00; here padded to 60 bytes without FCS:
 *
 *     12 length of what follows, u16     21 flags, u8               42 port, u16: priority (4 bits), number
 *     14 42-42-03                        22 root, u64               44 message age, u16, in 1/256 s like those below
 *     17 protocol 0, u16                 30 cost to the root, u32   46 max age    48 hello    50 forward delay
 *     19 version 2, type 2 (RST)         34 bridge, u64             52 length of a version 1 part: 0, u8 (RST only)
 *
 * Version 0 and type 0 is STP's configuration BPDU, the same up to byte 52; type 0x80 its topology change notification, which ends
 * at 21. Numbers stand in network order. A bridge's identifier is its priority (16 bits) and its MAC address, compared as one number.
 */
import { bytesOf, lengthOf, TAG_STORED, tagOf } from './frame';

export const BPDU_BYTES: u32 = 60;

export const BPDU_NONE: u32 = 0; // malformed
export const BPDU_CONFIG: u32 = 1;
export const BPDU_TCN: u32 = 2;
export const BPDU_RST: u32 = 3;

/** Flags. */
export const FLAG_TC: u32 = 1;
export const FLAG_PROPOSAL: u32 = 2;
export const FLAG_ROLE_SHIFT: u32 = 2;
export const FLAG_LEARNING: u32 = 16;
export const FLAG_FORWARDING: u32 = 32;
export const FLAG_AGREEMENT: u32 = 64;
export const FLAG_TC_ACK: u32 = 128;
/** Roles as flags have them. */
export const TOLD_OTHER: u32 = 1; // alternate or backup
export const TOLD_ROOT: u32 = 2;
export const TOLD_DESIGNATED: u32 = 3;

const BRIDGE_GROUP: u64 = 0xc28001; // 01-80-C2-00-00-00
const MAC_MASK: u64 = 0xffffffffffff;
const LLC: u32 = 0x034242;
const LENGTH_MAX: u32 = 1500;
const BODY_AT: u32 = 17;
const TCN_BYTES: u32 = 4;
const CONFIG_BYTES: u32 = 35;
const RST_BYTES: u32 = 36;
const TYPE_CONFIG: u8 = 0;
const TYPE_TCN: u8 = 0x80;
const TYPE_RST: u8 = 2;

/** A priority vector (17.5) with the times that go with it, in 1/256 s. */
@unmanaged
export class Message {
  root: u64;
  bridge: u64;
  cost: u32;
  port: u32;
  age: u32;
  maxAge: u32;
  hello: u32;
  forwardDelay: u32;
  flags: u32;
  role: u32; // TOLD_*, or 0
}

/** Whether a frame is for whoever takes part in a spanning tree. */
export function isTreeFrame(descriptor: u64): bool {
  if (tagOf(descriptor) != TAG_STORED || lengthOf(descriptor) < BODY_AT) return false;
  const bytes = bytesOf(descriptor);
  if ((load<u64>(bytes) & MAC_MASK) != BRIDGE_GROUP) return false;
  return load16(bytes + 12) <= LENGTH_MAX && (load<u32>(bytes, 14) & 0xffffff) == LLC;
}

/** Reads a BPDU into `message`; which kind it is, BPDU_NONE where it is malformed (9.3.4). */
export function readBpdu(descriptor: u64, message: Message): u32 {
  const bytes = bytesOf(descriptor);
  const room = min(lengthOf(descriptor) - BODY_AT, load16(bytes + 12) - 3);
  if (load16(bytes + 12) < 3 + TCN_BYTES || room < TCN_BYTES || load<u16>(bytes, 17) != 0) return BPDU_NONE;
  const version = load<u8>(bytes, 19);
  const type = load<u8>(bytes, 20);
  if (type == TYPE_TCN) return BPDU_TCN;
  const isRst = type == TYPE_RST && version >= 2;
  if (!isRst && type != TYPE_CONFIG) return BPDU_NONE;
  const least = isRst ? RST_BYTES : CONFIG_BYTES;
  if (room < least) return BPDU_NONE;
  message.flags = load<u8>(bytes, 21);
  message.role = isRst ? (message.flags >>> FLAG_ROLE_SHIFT) & 3 : TOLD_DESIGNATED;
  message.root = bswap<u64>(load<u64>(bytes, 22));
  message.cost = bswap<u32>(load<u32>(bytes, 30));
  message.bridge = bswap<u64>(load<u64>(bytes, 34));
  message.port = load16(bytes + 42);
  message.age = load16(bytes + 44);
  message.maxAge = load16(bytes + 46);
  message.hello = load16(bytes + 48);
  message.forwardDelay = load16(bytes + 50);
  if (!isRst) return message.age < message.maxAge ? BPDU_CONFIG : BPDU_NONE;
  return BPDU_RST;
}

/** Writes a BPDU of `kind` from `mac` with what `message` says and these flags; of a notification only its head. */
export function writeBpdu(bytes: usize, kind: u32, mac: u64, message: Message, flags: u32): void {
  memory.fill(bytes, 0, BPDU_BYTES);
  store<u64>(bytes, BRIDGE_GROUP | (mac << 48));
  store<u32>(bytes, <u32>(mac >>> 16), 8);
  store16(bytes + 12, 3 + (kind == BPDU_TCN ? TCN_BYTES : kind == BPDU_CONFIG ? CONFIG_BYTES : RST_BYTES));
  store<u32>(bytes, LLC, 14);
  store<u8>(bytes, kind == BPDU_RST ? 2 : 0, 19);
  store<u8>(bytes, kind == BPDU_RST ? TYPE_RST : kind == BPDU_TCN ? TYPE_TCN : TYPE_CONFIG, 20);
  if (kind == BPDU_TCN) return;
  store<u8>(bytes, <u8>flags, 21);
  store<u64>(bytes, bswap<u64>(message.root), 22);
  store<u32>(bytes, bswap<u32>(message.cost), 30);
  store<u64>(bytes, bswap<u64>(message.bridge), 34);
  store16(bytes + 42, message.port);
  store16(bytes + 44, message.age);
  store16(bytes + 46, message.maxAge);
  store16(bytes + 48, message.hello);
  store16(bytes + 50, message.forwardDelay);
}

/** Negative where `a` has the better vector, 0 where both have the same, by `costA` more for `a` (17.6: the lesser is the better). */
export function compare(a: Message, costA: u32, b: Message): i32 {
  if (a.root != b.root) return a.root < b.root ? -1 : 1;
  const cost = costWith(a.cost, costA);
  if (cost != b.cost) return cost < b.cost ? -1 : 1;
  if (a.bridge != b.bridge) return a.bridge < b.bridge ? -1 : 1;
  if (a.port != b.port) return a.port < b.port ? -1 : 1;
  return 0;
}

/** A sum that does not wrap: whoever tells a cost may tell any. */
export function costWith(cost: u32, more: u32): u32 {
  return <u32>min<u64>(<u64>cost + <u64>more, u32.MAX_VALUE);
}

export function hasSameTimes(a: Message, b: Message): bool {
  return a.age == b.age && a.maxAge == b.maxAge && a.hello == b.hello && a.forwardDelay == b.forwardDelay;
}

export function copyMessage(to: Message, from: Message): void {
  memory.copy(changetype<usize>(to), changetype<usize>(from), offsetof<Message>());
}

function load16(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}

function store16(at: usize, value: u32): void {
  store<u16>(at, bswap<u16>(<u16>value));
}
