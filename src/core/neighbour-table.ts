/**
 * Which station has which IP address, as far as ARP and neighbour discovery tell: (FID, address) -> MAC address, and the logical port
 * where that was heard. It knows neither frames nor ports; neighbours.ts asks it.
 *
 * Records are a list, found by a hash of FID and address: `heads` has the first of each chain, by number plus 1. Addresses are two numbers
 * of 64 bits, of IPv4 as in members.ts.
 *
 * A record says nothing any more from the instant that `ageNs` has passed since it was heard, whether or not it still takes a place. A
 * full table takes nothing new: what has aged is swept out when there is no room, at most once a second, for a sweep looks at all of it.
 */
import { FID_ANY } from './fdb';
import { TEAM_PORT } from './port';
import { Switch } from './switch';

const MULTIPLIER: u64 = 0x9e3779b97f4a7c15;
const SWEEP_PAUSE_NS: u64 = 1_000_000_000;
/** Flags of neighbour advertisements (RFC 4861, 4.4). */
export const FLAG_ROUTER: u32 = 0x80;
export const FLAG_SOLICITED: u32 = 0x40;
export const FLAG_OVERRIDE: u32 = 0x20;

@unmanaged
export class NeighbourTable {
  /** 1: in the middle of a change; who finds it so after a worker's death forgets all. */
  isChanging: u32;
  entriesMax: u32;
  entryCount: u32;
  fresh: u32; // records that were ever used
  free: u32; // number of the first one that is free again, plus 1
  records: u32; // array of Owner
  heads: u32; // u32 for each hash
  headShift: u32;
  ageNs: u64;
  sweepDue: u64;
  // Counters.
  learned: u64;
  changed: u64; // an address that another station had before
  refused: u64; // the table was full
  unanswered: u64; // requests for an address that nobody is known to have
}

@unmanaged
export class Owner {
  high: u64;
  low: u64;
  mac: u64; // 0: a free record
  heardNs: u64;
  fid: u32;
  logical: u32;
  next: u32; // number of the next one in its chain, plus 1; of a free one, of the next free one
  flags: u32; // of its advertisement, without FLAG_SOLICITED
}

// @ts-ignore: decorator
@inline
export function neighboursOf(sw: Switch): NeighbourTable {
  return changetype<NeighbourTable>(<usize>sw.neighbours);
}

// @ts-ignore: decorator
@inline
function recordAt(t: NeighbourTable, i: u32): Owner {
  return changetype<Owner>(<usize>t.records + <usize>i * offsetof<Owner>());
}

/** Address of the head of the chain in which an address stands. */
function headOf(t: NeighbourTable, fid: u32, high: u64, low: u64): usize {
  const key = low ^ (high << 17) ^ (high >>> 47) ^ (<u64>fid << 48);
  return <usize>t.heads + (<usize>((key * MULTIPLIER) >>> <u64>t.headShift) << 2);
}

// @ts-ignore: decorator
@inline
function isOf(record: Owner, fid: u32, high: u64, low: u64): bool {
  return record.low == low && record.high == high && record.fid == fid;
}

// @ts-ignore: decorator
@inline
function hasAged(t: NeighbourTable, record: Owner, now: u64): bool {
  return record.heardNs + t.ageNs <= now;
}

/** Address of the record of an IP address that is still believed, or 0. */
export function findNeighbour(t: NeighbourTable, fid: u32, high: u64, low: u64, now: u64): usize {
  const found = findAny(t, fid, high, low);
  return found != 0 && hasAged(t, changetype<Owner>(found), now) ? 0 : found;
}

function findAny(t: NeighbourTable, fid: u32, high: u64, low: u64): usize {
  for (let n = load<u32>(headOf(t, fid, high, low)); n != 0; ) {
    const record = recordAt(t, n - 1);
    if (isOf(record, fid, high, low)) return changetype<usize>(record);
    n = record.next;
  }
  return 0;
}

/** A station has told that it has an address; `replaces` false: it does not take it from another one (RFC 4861, 7.2.5). */
export function hearNeighbour(
  t: NeighbourTable, fid: u32, high: u64, low: u64, mac: u64, logical: u32, flags: u32, replaces: bool, now: u64,
): void {
  const found = findAny(t, fid, high, low);
  if (found != 0) {
    const record = changetype<Owner>(found);
    if (record.mac != mac) {
      if (!hasAged(t, record, now)) {
        if (!replaces) return;
        t.changed++;
      }
      record.mac = mac;
    }
    record.logical = logical;
    record.flags = flags;
    record.heardNs = now;
    return;
  }
  if (t.entryCount == t.entriesMax) sweep(t, now);
  if (t.entryCount == t.entriesMax) {
    t.refused++;
    return;
  }
  t.learned++;
  t.isChanging = 1;
  let n = t.free;
  if (n != 0) t.free = recordAt(t, n - 1).next;
  else n = ++t.fresh;
  const record = recordAt(t, n - 1);
  const head = headOf(t, fid, high, low);
  record.high = high;
  record.low = low;
  record.mac = mac;
  record.heardNs = now;
  record.fid = fid;
  record.logical = logical;
  record.flags = flags;
  record.next = load<u32>(head);
  store<u32>(head, n);
  t.entryCount++;
  t.isChanging = 0;
}

/** Takes the record at an address out. */
export function forgetNeighbour(t: NeighbourTable, at: usize): void {
  const gone = changetype<Owner>(at);
  const n = <u32>((at - <usize>t.records) / offsetof<Owner>()) + 1;
  t.isChanging = 1;
  let link = headOf(t, gone.fid, gone.high, gone.low);
  while (load<u32>(link) != n) link = changetype<usize>(recordAt(t, load<u32>(link) - 1)) + offsetof<Owner>('next');
  store<u32>(link, gone.next);
  gone.mac = 0;
  gone.next = t.free;
  t.free = n;
  t.entryCount--;
  t.isChanging = 0;
}

/** Forgets who was heard on a logical port (on all when `logical` is above TEAM_PORT) in one FID (in all when it is above FID_ANY). */
export function forgetNeighbours(t: NeighbourTable, logical: u32, fid: u32): void {
  for (let i: u32 = 0; i < t.fresh; i++) {
    const record = recordAt(t, i);
    if (record.mac == 0 || (logical <= TEAM_PORT && record.logical != logical)) continue;
    if (fid > FID_ANY || record.fid == fid) forgetNeighbour(t, changetype<usize>(record));
  }
}

function sweep(t: NeighbourTable, now: u64): void {
  if (now < t.sweepDue) return;
  t.sweepDue = now + SWEEP_PAUSE_NS;
  for (let i: u32 = 0; i < t.fresh; i++) {
    const record = recordAt(t, i);
    if (record.mac != 0 && hasAged(t, record, now)) forgetNeighbour(t, changetype<usize>(record));
  }
}

/** After a worker's death: a table that was being changed is emptied, for its chains may be broken. */
export function mendNeighbours(t: NeighbourTable): void {
  if (t.isChanging == 0) return;
  const heads: u32 = 1 << (64 - t.headShift);
  memory.fill(t.heads, 0, <usize>heads << 2);
  memory.fill(t.records, 0, <usize>t.fresh * offsetof<Owner>());
  t.entryCount = 0;
  t.fresh = 0;
  t.free = 0;
  t.isChanging = 0;
}
