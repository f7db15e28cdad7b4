/**
 * What the receiving card of a test bed makes of test frames: which came, twice, late, or where they were not meant to, and how
 * long they took.
 *
 * A Check belongs to a stream between two guests and is written where its frames are meant to come; a Probe belongs to a guest.
 * Frames count for a stream once. Of the latest 1,024 sequence numbers each is remembered, so that a copy that comes twice
 * is told from one that comes late; what comes later still is counted apart and not as received, since it may be a copy.
 */
import { bytesOf } from './frame';
import { keyOf, lookup } from './fdb';
import { fidOf } from './learning';
import { NO_VID, Port } from './port';
import { Ring } from './ring';
import { Switch } from './switch';
import { now } from './time';

const TYPE_TEST: u32 = 0xb588;
const TYPE_IPV4: u32 = 0x0008;
const UDP_DISCARD: u32 = 0x0900;
const UDP_PORT_AT: usize = 36;
const MAC_MASK: u64 = 0xffffffffffff;
/** Sequence numbers that are remembered, a power of two. */
const WINDOW: u32 = 1024;
/** Latencies are counted as src/benchmark/histogram.ts reads them: 2^SUB_BITS buckets for each power of two. */
const SUB_BITS: u32 = 6;
const BUCKETS_COUNT: u32 = 1984;

export const CHECK_SIZE: u32 = 48 + WINDOW / 8;
export const BUCKETS: u32 = BUCKETS_COUNT;

@unmanaged
export class Check {
  port: u32; // address of the Port that its frames are meant for; 0: all but the sender
  next: u32; // highest sequence number that came, plus 1
  received: u64;
  duplicates: u64;
  reordered: u64;
  late: u64; // came too late to tell whether it was the first copy
  /** A broadcast stream's place among those that are counted, plus 1: each receiver has a Check of its own for it. 0: none. */
  group: u32;
  padding: u32;
  // Behind it, a bit for each of WINDOW sequence numbers.
}

@unmanaged
export class Probe {
  checks: u32; // address of the Checks of all streams
  checkCount: u32;
  histogram: u32; // u32 for each bucket of latencies
  groups: u32; // address of this guest's Checks of broadcast streams
  isWall: u32; // 1: a time in a signature is compared with the time read anew
  padding: u32;
  received: u64; // frames of streams to this guest
  flooded: u64; // of others, to an address unknown to the switch that brought them
  misdelivered: u64; // of others, to an address that the switch knew
  broadcasts: u64;
  doorbells: u64; // frames put into a ring that the switch had emptied: a para-virtual NIC has to ring
  suppressed: u64; // into one that it had not: event suppression saves the doorbell
  interrupts: u64; // times that the guest was given frames
  measured: u64;
  least: u64; // ns
  most: u64;
  sum: u64;
}

// @ts-ignore: decorator
@inline
function checkAt(probe: Probe, number: u32): Check {
  return changetype<Check>(<usize>probe.checks + number * CHECK_SIZE);
}

/** Frames are about to be published in a guest's ring. Once for a batch, as virtio's EVENT_IDX has it (virtio 1.2, 2.7.10). */
export function tellOfBatch(probe: Probe, ring: Ring): void {
  if (ring.tail == ring.head) probe.doorbells++;
  else probe.suppressed++;
}

/** Looks at a frame that a guest takes; what carries no signature is passed over. */
export function inspect(sw: Switch, port: Port, probe: Probe, descriptor: u64): void {
  const bytes = bytesOf(descriptor);
  const type = <u32>load<u16>(bytes, 12);
  let at = bytes;
  if (type == TYPE_TEST) at += 14;
  else if (type == TYPE_IPV4 && <u32>load<u16>(bytes, UDP_PORT_AT) == UDP_DISCARD) at += 42;
  else return;
  const number = load<u32>(at);
  if (number >= probe.checkCount) return;
  const check = checkAt(probe, number);
  const stamp = load<u64>(at, 8);
  if (check.port == <u32>changetype<usize>(port) || sw.bypass) {
    probe.received++;
    note(check, load<u32>(at, 4));
  } else if (check.port == 0) {
    probe.broadcasts++;
    if (check.group == 0) return;
    note(changetype<Check>(<usize>probe.groups + (check.group - 1) * CHECK_SIZE), load<u32>(at, 4));
  } else {
    stray(sw, port, probe, load<u64>(bytes) & MAC_MASK);
    return;
  }
  if (stamp != 0) measure(probe, (probe.isWall ? now() : sw.now) - stamp);
}

/** Notes that a sequence number came. */
// @ts-ignore: decorator
@inline
function note(check: Check, sequence: u32): void {
  const ahead = <i32>(sequence - check.next);
  const word = placeOf(check, sequence);
  const bit = <u64>1 << <u64>(sequence & 63);
  if (ahead == 0) {
    store<u64>(word, load<u64>(word) | bit);
    check.next = sequence + 1;
    check.received++;
  } else {
    noteOdd(check, sequence, ahead, word, bit);
  }
}

function noteOdd(check: Check, sequence: u32, ahead: i32, word: usize, bit: u64): void {
  if (ahead > 0) {
    forget(check, check.next, min<u32>(ahead, WINDOW));
    if (<u32>ahead > WINDOW) forget(check, sequence - WINDOW, WINDOW);
    store<u64>(word, load<u64>(word) | bit);
    check.next = sequence + 1;
    check.received++;
  } else if (<u32>-ahead > WINDOW) {
    check.late++;
  } else if ((load<u64>(word) & bit) != 0) {
    check.duplicates++;
  } else {
    store<u64>(word, load<u64>(word) | bit);
    check.received++;
    check.reordered++;
  }
}

// @ts-ignore: decorator
@inline
function placeOf(check: Check, sequence: u32): usize {
  return changetype<usize>(check) + offsetof<Check>() + <usize>((sequence & (WINDOW - 1)) >>> 6 << 3);
}

/** `count` sequence numbers have not come yet. */
function forget(check: Check, first: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const word = placeOf(check, first + i);
    store<u64>(word, load<u64>(word) & ~(<u64>1 << <u64>((first + i) & 63)));
  }
}

function stray(sw: Switch, port: Port, probe: Probe, dst: u64): void {
  const vid = port.pvid == NO_VID ? 0 : port.pvid;
  if (lookup(sw, keyOf(fidOf(sw, vid), dst)) == 0) probe.flooded++;
  else probe.misdelivered++;
}

/** ns into the bucket that histogram.ts reads. */
function measure(probe: Probe, ns: u64): void {
  // Two threads may read the clock a little apart.
  if (<i64>ns < 0) ns = 0;
  probe.measured++;
  probe.sum += ns;
  probe.least = min(probe.least, ns);
  probe.most = max(probe.most, ns);
  const bucket: usize = <usize>probe.histogram + (<usize>bucketOf(ns) << 2);
  store<u32>(bucket, load<u32>(bucket) + 1);
}

/** 64 buckets of equal width for each power of two; what is later than 2^36 ns counts in the last one. */
function bucketOf(ns: u64): u32 {
  const shift = <u32>max<i64>(0, <i64>(63 - SUB_BITS) - clz<i64>(ns));
  return min((shift << SUB_BITS) + <u32>(ns >>> <u64>shift), BUCKETS_COUNT - 1);
}
