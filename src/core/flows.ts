/**
 * Flow records: what came in by the ports of a switch, by who talked to whom (NetFlow, IPFIX). A frame is counted in the record of its
 * key as it enters; its latest verdict and exit are noted where they are known.
 *
 *     record   +0 ingress port 2 | VLAN 2 | EtherType 2 | protocol 1 | class of service 1
 *              +8 source MAC 6 | destination MAC 6 | source port 2 | destination port 2
 *             +24 source address 16 | destination address 16          IPv4: the first four octets of each
 *             +56 first seen 8 | last seen 8 | frames 8 | bytes 8     ns; octets without FCS
 *             +88 frames dropped 8 | TCP flags 1 | latest verdict 1 | why it ended 1 | 1 | latest egress port 2 | 2
 *            +104 next of its bucket 4 | 4 | when it was last used 8: of all uses, which
 *
 * A table is bounded: buckets of chains, and a heap by last use. A record ends idle (nothing for so long), active (older than that when
 * a frame of it comes), evicted (a new one needs its place: the one that was silent longest), or forced, at the end of the run, which the
 * engine does by reading the table. What has ended goes to a ring, from which another thread takes it; on the virtual clock the switch
 * waits while there is no room (`isFlowTight`), on the wall clock the record is lost and counted with its frames:
 *
 *     frames of ended records + of living ones + lost + not sampled = frames received by the switch's ports
 *
 * A frame writes nothing but its record. The heap says of each when it had been used when the heap last looked, which is a lower bound:
 * a first one that is up to date was silent longest, another one is put where it belongs. A list by last use has to be mended for every
 * frame, at four records.
 *
 * Known limit: of a burst that died with its worker, frames may be in a record and count as `worker_died` too, or be in none.
 */
import { PORT_MASK } from './fdb';
import { bucketOf, findFlow, KEY_BYTES, knownFlow, leadOf, NEXT, writeKey } from './flow-key';
import { lengthOf } from './frame';
import { VERDICT_forward } from './generated/verdicts';
import { Port } from './port';
import { NEVER, Switch } from './switch';
import { NOTE_BYTES } from './visit';

export const FLOW_BYTES: usize = 128;
const FIRST: usize = 56;
const LAST: usize = 64;
const FRAMES: usize = 72;
const OCTETS: usize = 80;
const DROPPED: usize = 88;
const FLAGS: usize = 96;
const VERDICT: usize = 97;
const REASON: usize = 98;
const OUT: usize = 100;
const USED: usize = 112;
const NOWHERE: u16 = 0xffff;
/** Of the heap: when a record had been used u64 | its address u32 | 4. */
const PLACE_BYTES: usize = 16;
// Why a record ended: IPFIX, flowEndReason (RFC 5102, 5.11.3).
const IDLE: u8 = 1;
const ACTIVE: u8 = 2;
const EVICTED: u8 = 5;
/** Records that one visit and one look at the time may end. */
const RESERVE: u32 = 1024;
const SWEEP_MAX: u32 = 256;
/** Places of the heap that one look at the time brings up to date. */
const LOOKS_MAX: u32 = 4096;

@unmanaged
export class FlowTable {
  records: u32;
  recordsMax: u32;
  fresh: u32; // places ever used
  free: u32; // chain by NEXT
  buckets: u32; // u32 each: address of the first record
  bucketMask: u32;
  heap: u32; // PLACE_BYTES each, as many as live
  live: u32;
  sample: u32;
  turn: u32;
  key: u32; // KEY_BYTES for the frame in hand
  padding1: u32;
  uses: u64;
  idleNs: u64;
  activeNs: u64;
  ring: u32; // FLOW_BYTES each
  ringMask: u32;
  head: u32; // written by the switch's worker
  tail: u32; // by who takes
  begun: u64;
  ended: u64;
  evicted: u64;
  unsampled: u64;
  lostRecords: u64;
  lostFrames: u64;
  // Written by who takes: how many he has taken, and of those, what he had no room for.
  taken: u64;
  unkeptRecords: u64;
  unkeptFrames: u64;
}

// @ts-ignore: decorator
@inline
function tableOf(sw: Switch): FlowTable {
  return changetype<FlowTable>(<usize>sw.flows);
}

/** Whether what one visit can end may not fit into the ring. */
export function isFlowTight(sw: Switch): bool {
  if (sw.flows == 0) return false;
  const table = tableOf(sw);
  return table.head - atomic.load<u32>(changetype<usize>(table) + offsetof<FlowTable>('tail')) + RESERVE > table.ringMask + 1;
}

/** Counts a frame that has come in by `port`. */
export function observe(sw: Switch, port: Port, descriptor: u64): void {
  const table = tableOf(sw);
  sw.flowInHand = 0;
  if (table.sample > 1) {
    const turn = table.turn;
    table.turn = turn + 1 == table.sample ? 0 : turn + 1;
    if (turn != 0) {
      table.unsampled++;
      return;
    }
  }
  const known = knownFlow(table.buckets, table.bucketMask, leadOf(port), descriptor);
  let record = <usize>(<u32>known);
  let flags = <u32>(known >>> 32);
  if (record == 0) {
    flags = writeKey(table.key, port, descriptor);
    record = findFlow(table.buckets, table.bucketMask, table.key);
  }
  if (record == 0) record = begin(sw, table);
  else if (sw.now - load<u64>(record, FIRST) >= table.activeNs) renew(sw, table, record);
  const uses = table.uses + 1;
  table.uses = uses;
  use(record, uses, sw.now, lengthOf(descriptor));
  store<u8>(record, load<u8>(record, FLAGS) | <u8>flags, FLAGS);
  sw.flowInHand = <u32>record;
}

/** Counts frames that visit.ts has forwarded to local ports, from the note at `from` on; their descriptors stand `ahead` of the notes. */
export function observeRun(sw: Switch, port: Port, from: usize, end: usize, ahead: usize): void {
  const table = tableOf(sw);
  const lead = leadOf(port);
  // Of what began later, nothing is too old to be used. Where not all frames count, each has to be asked.
  const youngest = table.sample > 1 ? NEVER : sw.now < table.activeNs ? 0 : sw.now - table.activeNs + 1;
  let note = useKnown(table, from, end, ahead, lead, sw.now, youngest);
  while (note != end) {
    observe(sw, port, load<u64>(note + ahead));
    if (sw.flowInHand != 0) settle(sw, VERDICT_forward, exitOf(note));
    note = useKnown(table, note + NOTE_BYTES, end, ahead, lead, sw.now, youngest);
  }
}

/** The port that a frame was forwarded to. */
// @ts-ignore: decorator
@inline
function exitOf(note: usize): u32 {
  return <u32>(load<u64>(<usize>load<u32>(note, 4), 8) & PORT_MASK);
}

/** The same for those that have a record, up to the first that takes more; returns its note, or `end`. A loop without calls. */
function useKnown(table: FlowTable, from: usize, end: usize, ahead: usize, lead: u64, now: u64, youngest: u64): usize {
  const buckets: usize = table.buckets;
  const mask = table.bucketMask;
  let uses = table.uses;
  let note = from;
  for (; note != end; note += NOTE_BYTES) {
    const descriptor = load<u64>(note + ahead);
    const known = knownFlow(buckets, mask, lead, descriptor);
    const record = <usize>(<u32>known);
    if (record == 0 || load<u64>(record, FIRST) < youngest) break;
    use(record, ++uses, now, lengthOf(descriptor));
    const flags = (load<u64>(record, FLAGS) | (known >>> 32)) & 0xff;
    store<u64>(record, flags | ((<u64>VERDICT_forward) << 8) | (<u64>exitOf(note) << 32), FLAGS);
  }
  table.uses = uses;
  return note;
}

// @ts-ignore: decorator
@inline
function use(record: usize, uses: u64, now: u64, length: u32): void {
  store<u64>(record, uses, USED);
  store<u64>(record, now, LAST);
  store<u64>(record, load<u64>(record, FRAMES) + 1, FRAMES);
  store<u64>(record, load<u64>(record, OCTETS) + length, OCTETS);
}

/** What became of the frame in hand: forwarded to port `out`, or NO_PORT. */
export function settle(sw: Switch, verdict: u32, out: u32): void {
  const record = <usize>sw.flowInHand;
  store<u8>(record, <u8>verdict, VERDICT);
  store<u16>(record, <u16>out, OUT);
}

/** The same of a frame that dies. */
export function settleDrop(sw: Switch, verdict: u32): void {
  settle(sw, verdict, NOWHERE);
  const record = <usize>sw.flowInHand;
  store<u64>(record, load<u64>(record, DROPPED) + 1, DROPPED);
  sw.flowInHand = 0;
}

export const NO_PORT: u32 = 0xffff;

/** Ends records that have been silent for too long, so many at once. */
export function runFlows(sw: Switch): void {
  const table = tableOf(sw);
  let looks = LOOKS_MAX;
  for (let n: u32 = 0; table.live != 0; n++) {
    while (!isFirstRight(table) && looks != 0) looks--;
    const first = firstOf(table);
    const due = looks == 0 ? sw.now : load<u64>(first, LAST) + table.idleNs;
    if (due > sw.now || looks == 0 || n == SWEEP_MAX) {
      sw.flowDue = max(due, sw.now);
      return;
    }
    end(table, IDLE);
  }
  sw.flowDue = NEVER;
}

/** A record of the key in hand, in the place of the one that was silent longest if there is none. */
function begin(sw: Switch, table: FlowTable): usize {
  if (table.live == table.recordsMax) {
    while (!isFirstRight(table)) {}
    table.evicted++;
    end(table, EVICTED);
  }
  let record: usize = table.free;
  if (record != 0) {
    table.free = load<u32>(record, NEXT);
  } else {
    record = <usize>table.records + <usize>table.fresh * FLOW_BYTES;
    table.fresh++;
  }
  memory.copy(record, table.key, KEY_BYTES);
  clear(sw, table, record);
  const bucket = bucketOf(table.buckets, table.bucketMask, record);
  store<u32>(record, load<u32>(bucket), NEXT);
  store<u32>(bucket, <u32>record);
  // It is about to be used, later than all others.
  list(table, table.live, table.uses + 1, <u32>record);
  table.live++;
  if (sw.flowDue == NEVER) {
    sw.flowDue = sw.now + table.idleNs;
    sw.timerDue = min(sw.timerDue, sw.flowDue);
  }
  return record;
}

/** Nothing has come for a record yet. */
function clear(sw: Switch, table: FlowTable, record: usize): void {
  memory.fill(record + FRAMES, 0, NEXT - FRAMES);
  store<u64>(record, sw.now, FIRST);
  store<u16>(record, NOWHERE, OUT);
  table.begun++;
}

/** A record that is too old ends, and one of the same key begins in its place. */
function renew(sw: Switch, table: FlowTable, record: usize): void {
  hand(table, record, ACTIVE);
  clear(sw, table, record);
}

/** The first of the heap ends, and its place is free. */
function end(table: FlowTable, reason: u8): void {
  const record = firstOf(table);
  hand(table, record, reason);
  let at = bucketOf(table.buckets, table.bucketMask, record);
  while (<usize>load<u32>(at) != record) at = <usize>load<u32>(at) + NEXT;
  store<u32>(at, load<u32>(record, NEXT));
  store<u64>(record, 0, FRAMES);
  store<u32>(record, table.free, NEXT);
  table.free = <u32>record;
  table.live--;
  const last = <usize>table.heap + <usize>table.live * PLACE_BYTES;
  sink(table, 0, load<u64>(last), load<u32>(last, 8));
}

/** Puts a record into the ring. */
function hand(table: FlowTable, record: usize, reason: u8): void {
  store<u8>(record, reason, REASON);
  const head = table.head;
  if (head - atomic.load<u32>(changetype<usize>(table) + offsetof<FlowTable>('tail')) <= table.ringMask) {
    memory.copy(<usize>table.ring + <usize>(head & table.ringMask) * FLOW_BYTES, record, FLOW_BYTES);
    table.ended++;
    atomic.store<u32>(changetype<usize>(table) + offsetof<FlowTable>('head'), head + 1);
  } else {
    table.lostRecords++;
    table.lostFrames += load<u64>(record, FRAMES);
  }
}

/** Whether the first of the heap is where it belongs; if not, it is put there. */
function isFirstRight(table: FlowTable): bool {
  const record = firstOf(table);
  const used = load<u64>(record, USED);
  if (load<u64>(<usize>table.heap) == used) return true;
  sink(table, 0, used, <u32>record);
  return false;
}

// @ts-ignore: decorator
@inline
function firstOf(table: FlowTable): usize {
  return <usize>load<u32>(<usize>table.heap, 8);
}

function list(table: FlowTable, place: u32, used: u64, record: u32): void {
  const at = <usize>table.heap + <usize>place * PLACE_BYTES;
  store<u64>(at, used);
  store<u32>(at, record, 8);
}

/** Lists a record at `place` or below it, where none above was used later; those that were used before go up. */
function sink(table: FlowTable, place: u32, used: u64, record: u32): void {
  for (;;) {
    let below: u32 = 2 * place + 1;
    if (below >= table.live) break;
    let at = <usize>table.heap + <usize>below * PLACE_BYTES;
    if (below + 1 < table.live && load<u64>(at, PLACE_BYTES) < load<u64>(at)) {
      below++;
      at += PLACE_BYTES;
    }
    if (load<u64>(at) >= used) break;
    list(table, place, load<u64>(at), load<u32>(at, 8));
    place = below;
  }
  list(table, place, used, record);
}

/** After the death of a worker that was changing the table: chains and heap are made anew of the records that have frames. */
export function mendFlows(sw: Switch): void {
  sw.flowInHand = 0;
  if (sw.flows == 0) return;
  const table = tableOf(sw);
  memory.fill(table.buckets, 0, (<usize>table.bucketMask + 1) << 2);
  table.free = 0;
  table.live = 0;
  for (let i: u32 = 0; i < table.fresh; i++) {
    const record = <usize>table.records + <usize>i * FLOW_BYTES;
    if (load<u64>(record, FRAMES) == 0) {
      store<u32>(record, table.free, NEXT);
      table.free = <u32>record;
      continue;
    }
    const bucket = bucketOf(table.buckets, table.bucketMask, record);
    store<u32>(record, load<u32>(bucket), NEXT);
    store<u32>(bucket, <u32>record);
    list(table, table.live, load<u64>(record, USED), <u32>record);
    table.live++;
  }
  for (let place = table.live >>> 1; place != 0; ) {
    const at = <usize>table.heap + <usize>--place * PLACE_BYTES;
    sink(table, place, load<u64>(at), load<u32>(at, 8));
  }
  sw.flowDue = table.live == 0 ? NEVER : sw.now;
}
