/**
 * What the two ends of a link tell each other by LACP (IEEE 802.1AX-2014, 6.4.2), and what a port remembers of it.
 *
 * An LACPDU is 124 bytes without FCS, to 01-80-C2-00-00-02, untagged:
 *
 *     12 0x8809, subtype 1, version 1     36 partner: as the actor's, 2, 20         72 terminator: 0, 0
 *     16 actor: 1, 20 ┬ priority u16, system 6 bytes, key u16,                      74 50 zeros
 *                     └ port priority u16, port u16, state u8, 3 zeros              56 collector: 3, 16, delay u16, 12 zeros
 *
 * Numbers stand in network order. An addressee that knows version 1 reads it of any version, and no further than byte 56.
 */
import { bytesOf, lengthOf, TAG_STORED, tagOf } from './frame';
import { Lag } from './lag';
import { Port } from './port';

export const LACPDU_BYTES: u32 = 124;
const READ_BYTES: u32 = 56;

const SLOW_GROUP: u64 = 0x020000c28001; // 01-80-C2-00-00-02
const SLOW_TYPE: u16 = 0x0988; // 0x8809
const SUBTYPE_LACP: u8 = 1;
const TLV_ACTOR: u16 = 0x1401; // type 1, length 20
const TLV_PARTNER: u16 = 0x1402;
const TLV_COLLECTOR: u16 = 0x1003;
const ACTOR_AT: usize = 16;
const PARTNER_AT: usize = 36;
const COLLECTOR_AT: usize = 56;
const MAC_MASK: u64 = 0xffffffffffff;
/** Of systems and of ports: nobody is preferred. */
const PRIORITY: u32 = 0x8000;

export const ACTIVITY: u8 = 1;
export const TIMEOUT: u8 = 2; // short
export const AGGREGATION: u8 = 4;
export const SYNC: u8 = 8;
export const COLLECTING: u8 = 16;
export const DISTRIBUTING: u8 = 32;
export const DEFAULTED: u8 = 64;
export const EXPIRED: u8 = 128;

/** All zero at the start of a run. */
@unmanaged
export class LacpPort {
  receive: u8; // RX_*, lacp.ts
  state: u8; // ours, as the PDU has it
  partnerState: u8;
  needsSend: u8; // the standard's NTT
  partnerPriority: u32;
  partnerSystem: u64; // 0: none heard
  partnerKey: u32;
  partnerPortPriority: u32;
  partnerPort: u32;
  padding1: u32;
  currentDue: u64; // when what was heard is too old
  periodNs: u64; // 0: the periodic machine rests
  periodicDue: u64;
  sentFirst: u64; // when the last three were sent
  sentSecond: u64;
  sentThird: u64;
  sent: u64;
  received: u64;
}

export function isLacpdu(descriptor: u64): bool {
  if (tagOf(descriptor) != TAG_STORED || lengthOf(descriptor) < 15) return false;
  const bytes = bytesOf(descriptor);
  if ((load<u64>(bytes) & MAC_MASK) != SLOW_GROUP || load<u16>(bytes, 12) != SLOW_TYPE) return false;
  return load<u8>(bytes, 14) == SUBTYPE_LACP;
}

/** Whether an LACPDU has what is read of it where it has to be. */
export function isWhole(descriptor: u64): bool {
  const bytes = bytesOf(descriptor);
  if (lengthOf(descriptor) < READ_BYTES) return false;
  return load<u16>(bytes + ACTOR_AT) == TLV_ACTOR && load<u16>(bytes + PARTNER_AT) == TLV_PARTNER;
}

/** The sender's state. */
export function toldState(bytes: usize): u8 {
  return load<u8>(bytes + ACTOR_AT, 16);
}

/** Our state, as the sender knows it. */
export function seenState(bytes: usize): u8 {
  return load<u8>(bytes + PARTNER_AT, 16);
}

/** Whether the sender takes our port for what it is. */
export function knowsUs(bytes: usize, lag: Lag, port: Port): bool {
  const at = bytes + PARTNER_AT;
  if (load16(at + 2) != PRIORITY || (load<u64>(at, 4) & MAC_MASK) != lag.system || load16(at + 10) != lag.key) return false;
  return load16(at + 12) == PRIORITY && load16(at + 14) == numberOf(port);
}

/** Remembers who the sender is. */
export function recordPartner(bytes: usize, lacp: LacpPort): void {
  const at = bytes + ACTOR_AT;
  lacp.partnerPriority = load16(at + 2);
  lacp.partnerSystem = load<u64>(at, 4) & MAC_MASK;
  lacp.partnerKey = load16(at + 10);
  lacp.partnerPortPriority = load16(at + 12);
  lacp.partnerPort = load16(at + 14);
}

export function forgetPartner(lacp: LacpPort): void {
  lacp.partnerPriority = 0;
  lacp.partnerSystem = 0;
  lacp.partnerKey = 0;
  lacp.partnerPortPriority = 0;
  lacp.partnerPort = 0;
  lacp.partnerState = 0;
}

export function writeLacpdu(bytes: usize, lag: Lag, port: Port, lacp: LacpPort): void {
  memory.fill(bytes, 0, LACPDU_BYTES);
  store<u64>(bytes, SLOW_GROUP);
  storeMac(bytes + 6, port.mac);
  store<u16>(bytes, SLOW_TYPE, 12);
  store<u16>(bytes, 0x0101, 14);
  store<u16>(bytes + ACTOR_AT, TLV_ACTOR);
  storeEnd(bytes + ACTOR_AT, PRIORITY, lag.system, lag.key, PRIORITY, numberOf(port), lacp.state);
  store<u16>(bytes + PARTNER_AT, TLV_PARTNER);
  storeEnd(
    bytes + PARTNER_AT, lacp.partnerPriority, lacp.partnerSystem, lacp.partnerKey,
    lacp.partnerPortPriority, lacp.partnerPort, lacp.partnerState,
  );
  store<u16>(bytes + COLLECTOR_AT, TLV_COLLECTOR);
}

function storeEnd(at: usize, priority: u32, system: u64, key: u32, portPriority: u32, port: u32, state: u8): void {
  store16(at + 2, priority);
  storeMac(at + 4, system);
  store16(at + 10, key);
  store16(at + 12, portPriority);
  store16(at + 14, port);
  store<u8>(at + 16, state);
}

/** LACP's port numbers begin with 1. */
function numberOf(port: Port): u32 {
  return port.number + 1;
}

function load16(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}

function store16(at: usize, value: u32): void {
  store<u16>(at, bswap<u16>(<u16>value));
}

function storeMac(at: usize, mac: u64): void {
  store<u32>(at, <u32>mac);
  store<u16>(at, <u16>(mac >>> 32), 4);
}
