/**
 * LLDP (IEEE 802.1AB-2016): a port tells who it is, and remembers who is at the other end.
 *
 * What a port tells does not change in a run, so that its LLDPDU stands ready-made (engine/lldp-frame.ts writes it) and is sent as
 * it is: every interval, and every second four times after its link has come (9.2.5.19, txFastInit). What it hears is kept as it
 * came, whole TLVs up to `PDU_MAX` bytes; who reads it takes it apart. A neighbour is known by its chassis and port ID, which are
 * an LLDPDU's first two TLVs (MSAP identifier, 6.6.1), is refreshed by the next one, and goes when its time to live is over, when
 * it says 0, or with the link.
 *
 *     12 0x88CC     14 TLVs: type 7 bits, length 9 bits, value; 1 chassis ID, 2 port ID, 3 time to live in seconds, … 0 end
 *
 * Limits: four neighbours a port, as no cable has more; one more is counted and not kept. No shutdown LLDPDU is sent: what goes
 * down here loses its power or its cable, and can say nothing.
 */
import { originateRaw } from './egress';
import { bytesOf, HEADER_BYTES, lengthOf, TAG_STORED, tagOf } from './frame';
import { take } from './pool';
import { Port } from './port';
import { NEVER, portAt, Switch } from './switch';

const LLDP_TYPE: u16 = 0xcc88; // 0x88CC
/** 01-80-C2-00-00-0E, 03 and 00: nearest bridge, nearest non-TPMR bridge, nearest customer bridge (table 7-1). */
const GROUP_HEAD: u64 = 0x0000c28001;
const SECOND_NS: u64 = 1_000_000_000;
const FAST_SENDS: u8 = 4;
const TLVS_AT: u32 = 14;

export const NEIGHBOURS: u32 = 4;
/** Most bytes of TLVs that are kept. */
export const PDU_MAX: u32 = 512;

export const LLDP_ADVERTISE: u8 = 1;
export const LLDP_LISTEN: u8 = 2;

@unmanaged
export class LldpPort {
  mode: u8; // LLDP_*
  fastLeft: u8;
  padding1: u16;
  frame: u32; // address of the LLDPDU with its Ethernet header
  frameBytes: u32;
  padding2: u32;
  due: u64; // when the next is to be sent
  sent: u64;
  received: u64;
  /** Not an LLDPDU that can be read (9.2.8.7). */
  discarded: u64;
  /** From neighbours for whom there was no room. */
  tooMany: u64;
  neighbours: u64; // the first of NEIGHBOURS of NEIGHBOUR_BYTES
}

/** The TLVs follow, PDU_MAX bytes. */
@unmanaged
export class LldpNeighbour {
  until: u64; // 0: nobody
  heardAt: u64;
  length: u32; // bytes of TLVs
  idBytes: u32; // of them the chassis and port ID
}

export const NEIGHBOUR_BYTES: u32 = offsetof<LldpNeighbour>() + PDU_MAX;

export const LLDP_PORT_BYTES: u32 = offsetof<LldpPort>('neighbours') + NEIGHBOURS * NEIGHBOUR_BYTES;

/** Sends what is due, and says when the next is. */
export function runLldp(sw: Switch): void {
  let next = NEVER;
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    const lldp = changetype<LldpPort>(<usize>port.lldp);
    if (port.lldp == 0 || (lldp.mode & LLDP_ADVERTISE) == 0 || !port.linkUp) continue;
    if (lldp.due <= sw.now) tell(sw, port, lldp);
    next = min(next, lldp.due);
  }
  sw.lldpDue = next;
}

function tell(sw: Switch, port: Port, lldp: LldpPort): void {
  const isFast = lldp.fastLeft != 0;
  if (isFast) lldp.fastLeft--;
  lldp.due = sw.now + (isFast ? min(SECOND_NS, sw.lldpNs) : sw.lldpNs);
  const slot = take(sw.pool, lldp.frameBytes);
  if (slot == 0) return;
  memory.copy(slot + HEADER_BYTES, lldp.frame, lldp.frameBytes);
  originateRaw(sw, port, slot, lldp.frameBytes);
  lldp.sent++;
}

/** A port's link has changed: with it comes who is there now, and without it nobody is. */
export function lldpLinkChanged(sw: Switch, port: Port): void {
  if (port.lldp == 0) return;
  const lldp = changetype<LldpPort>(<usize>port.lldp);
  if (!port.linkUp) {
    for (let i: u32 = 0; i < NEIGHBOURS; i++) neighbourAt(lldp, i).until = 0;
    return;
  }
  lldp.fastLeft = FAST_SENDS;
  lldp.due = sw.now;
  if ((lldp.mode & LLDP_ADVERTISE) == 0) return;
  sw.lldpDue = sw.now;
  sw.timerDue = min(sw.timerDue, sw.now);
}

/** Takes an LLDPDU; false when the frame is none. One that cannot be read is taken without effect. */
export function hearLldp(sw: Switch, port: Port, descriptor: u64): bool {
  if (port.lldp == 0 || tagOf(descriptor) != TAG_STORED || lengthOf(descriptor) < TLVS_AT) return false;
  const bytes = bytesOf(descriptor);
  const dst = load<u64>(bytes) & 0xffffffffffff;
  const last = <u8>(dst >>> 40);
  if ((dst & 0xffffffffff) != GROUP_HEAD || (last != 0x0e && last != 0x03 && last != 0x00)) return false;
  if (load<u16>(bytes, 12) != LLDP_TYPE) return false;
  const lldp = changetype<LldpPort>(<usize>port.lldp);
  if ((lldp.mode & LLDP_LISTEN) == 0) return true;
  if (hear(sw, lldp, bytes + TLVS_AT, lengthOf(descriptor) - TLVS_AT)) lldp.received++;
  else lldp.discarded++;
  return true;
}

function hear(sw: Switch, lldp: LldpPort, at: usize, length: u32): bool {
  const chassis = tlvBytes(at, length, 1);
  if (chassis < 4) return false;
  const port = tlvBytes(at + chassis, length - chassis, 2);
  if (port < 4) return false;
  const idBytes = chassis + port;
  if (tlvBytes(at + idBytes, length - idBytes, 3) < 4) return false;
  const seconds = <u32>bswap<u16>(load<u16>(at + idBytes, 2));
  const kept = wholeTlvs(at, length);
  if (kept < idBytes + 4) return false;
  const known = find(sw, lldp, at, idBytes);
  if (seconds == 0) {
    if (known != 0) changetype<LldpNeighbour>(known).until = 0;
    return true;
  }
  const place = known != 0 ? known : freePlace(sw, lldp);
  if (place == 0) {
    lldp.tooMany++;
    return true;
  }
  const neighbour = changetype<LldpNeighbour>(place);
  neighbour.until = sw.now + <u64>seconds * SECOND_NS;
  neighbour.heardAt = sw.now;
  neighbour.length = kept;
  neighbour.idBytes = idBytes;
  memory.copy(place + offsetof<LldpNeighbour>(), at, kept);
  return true;
}

/** Bytes of the TLV at `at` with its head, if it is of that type and there is all of it; else 0. */
function tlvBytes(at: usize, left: u32, type: u32): u32 {
  if (left < 2) return 0;
  const head = <u32>bswap<u16>(load<u16>(at));
  const bytes: u32 = 2 + (head & 0x1ff);
  return (head >>> 9) == type && bytes <= left ? bytes : 0;
}

/** Bytes of the TLVs that are whole and fit, without the end. */
function wholeTlvs(at: usize, length: u32): u32 {
  let done: u32 = 0;
  while (done + 2 <= length) {
    const head = <u32>bswap<u16>(load<u16>(at + done));
    const next: u32 = done + 2 + (head & 0x1ff);
    if ((head >>> 9) == 0 || next > length || next > PDU_MAX) break;
    done = next;
  }
  return done;
}

// @ts-ignore: decorator
@inline
function neighbourAt(lldp: LldpPort, i: u32): LldpNeighbour {
  const first = changetype<usize>(lldp) + offsetof<LldpPort>('neighbours');
  return changetype<LldpNeighbour>(first + <usize>(i * NEIGHBOUR_BYTES));
}

/** Address of the live neighbour with that ID, or 0. */
function find(sw: Switch, lldp: LldpPort, id: usize, idBytes: u32): usize {
  for (let i: u32 = 0; i < NEIGHBOURS; i++) {
    const neighbour = neighbourAt(lldp, i);
    if (neighbour.until <= sw.now || neighbour.idBytes != idBytes) continue;
    if (memory.compare(changetype<usize>(neighbour) + offsetof<LldpNeighbour>(), id, idBytes) == 0) return changetype<usize>(neighbour);
  }
  return 0;
}

function freePlace(sw: Switch, lldp: LldpPort): usize {
  for (let i: u32 = 0; i < NEIGHBOURS; i++) {
    if (neighbourAt(lldp, i).until <= sw.now) return changetype<usize>(neighbourAt(lldp, i));
  }
  return 0;
}
