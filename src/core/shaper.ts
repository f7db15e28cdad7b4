/**
 * Shapers: token buckets that delay what a port gives and gets, and drop nothing themselves.
 *
 *     in    from a vNIC's guest: a visit takes from the guest's ring what the tokens allow; what waits is still the guest's
 *     out   to a vNIC's guest: everything is queued in its ring as ever, and published as the tokens allow (`letOut`); to a wire:
 *           a queue in front of it (scheduler.ts)
 *     cable what comes by a cable is due no sooner than the tokens allow (`paced`): the sender reckons at the far end's pace
 *
 * A bucket has `depth` and fills at the average rate; a frame takes its bytes, without FCS, and needs them all. With a peak a frame
 * moreover waits until the one before it is through at that rate; a burst is spent no faster. Buckets start full. A frame that is
 * longer than the bucket needs a full one, and the next ones wait for the rest of it, too.
 *
 * Tokens are counted in 1e-9 bit, a nanosecond at 1 bit/s, so that nothing is rounded but the instant: up to the next ns. What that
 * brings too much is kept, even above the depth, or a bucket of one frame would lose part of a ns with each. So in any time t no more
 * leaves than depth + average * (t + 1 ns), and the n-th frame of a train leaves when n times its bits have come, rounded up once.
 *
 * On the wall clock, where a port is looked at every few us, up to `slackNs` of the peak that was not used may be made up for.
 *
 * When a shaper is to be looked at again stands in `Switch.shaperDues`, and the least of these in `Switch.shapeDue`; care.ts.
 *
 * Figures: rates 1 bit/s to 1 Tbit/s, depth to 1 GB. A full bucket has 8e18 tokens and no two of them are added, so nothing passes 2^63.
 */
import { capture, DIRECTION_OUT, publishCaptures } from './capture';
import { lose, markDirty } from './egress';
import { lengthOf } from './frame';
import { VERDICT_delivered, VERDICT_egress_link_down } from './generated/verdicts';
import { countMany, leavesLater, NO_VID, Port } from './port';
import { at, Ring } from './ring';
import { loseQueued, pump, queuedAt } from './scheduler';
import { NEVER, Switch } from './switch';

/** Tokens of a byte. */
const BYTE: u64 = 8_000_000_000;
/** No frame's debt is larger. */
const DEBT_MAX: u64 = 65_600 * BYTE;
/** Bytes for which no bucket has tokens. */
const BYTES_MAX: u64 = 1_000_001_000;
export const RELEASED_MAX: u32 = 8;

@unmanaged
export class Shaper {
  port: u32;
  place: u32; // among the switch's shapers
  isIn: u32;
  /** Frames up to this cursor of the ring have been counted as delayed. */
  refused: u32;
  average: u64; // bit/s, 0: off
  peak: u64; // bit/s, 0: none
  depth: u64;
  fullNs: u64; // a bucket is full after so long, whatever is owed
  freeNs: u64; // the largest debt at peak is paid after so long
  slackNs: u64;
  tokens: i64; // below 0 after a frame that was longer than the bucket
  credit: i64; // at peak; a debt is below 0
  counted: u64; // the time of tokens and credit
  delayed: u64; // frames that had to wait
  lastDue: u64; // cable: when the latest frame is due
  released: u64; // vNIC, out: of its port's txBytes, those that have left
}

/** Sets or changes the rates; off with an average of 0. What is in the bucket stays, as far as it fits. */
export function setRates(s: Shaper, now: u64, average: u64, peak: u64, bytes: u64, slackNs: u64): void {
  const wasOn = s.average != 0;
  if (wasOn) refill(s, now);
  s.average = average;
  s.peak = peak;
  s.depth = bytes * BYTE;
  s.slackNs = slackNs;
  s.tokens = wasOn ? min(s.tokens, <i64>s.depth) : <i64>s.depth;
  s.credit = wasOn && peak != 0 ? min(s.credit, <i64>(peak * slackNs)) : <i64>(peak * slackNs);
  // What comes by a cable is reckoned ahead of time.
  s.counted = wasOn ? max(s.counted, now) : now;
  s.fullNs = average == 0 ? 0 : (s.depth + DEBT_MAX) / average + 1;
  s.freeNs = peak == 0 ? 0 : DEBT_MAX / peak + slackNs + 2;
}

function refill(s: Shaper, now: u64): void {
  if (now <= s.counted) return;
  const elapsed = now - s.counted;
  s.counted = now;
  // Less than a ns of either is what rounding left over, and is made up for; more is lost, of the peak but for the slack.
  const gain = <i64>(min(elapsed, s.fullNs) * s.average);
  s.tokens = gain - (<i64>s.depth - s.tokens) >= <i64>s.average ? <i64>s.depth : s.tokens + gain;
  if (s.peak == 0) return;
  const credit = s.credit + <i64>(min(elapsed, s.freeNs) * s.peak);
  s.credit = credit >= <i64>s.peak ? min(credit, <i64>(s.peak * s.slackNs)) : credit;
}

/**
 * How many frames a port lets out before the captures have been looked at again: on the virtual clock as many as their rings have room
 * for, captured or not, so that the order of things is the same.
 */
export function atOnce(s: Shaper): u32 {
  return s.slackNs == 0 ? RELEASED_MAX : u32.MAX_VALUE;
}

// @ts-ignore: decorator
@inline
function costOf(s: Shaper, length: u32): i64 {
  return <i64>min(<u64>length * BYTE, s.depth);
}

/** How long a frame has to wait at least, ns; 0 when it may go. */
export function waitFor(s: Shaper, length: u32, now: u64): u64 {
  if (s.average == 0) return 0;
  refill(s, now);
  const cost = costOf(s, length);
  let wait: u64 = s.tokens >= cost ? 0 : (<u64>(cost - s.tokens) + s.average - 1) / s.average;
  if (s.credit < 0) wait = max(wait, (<u64>-s.credit + s.peak - 1) / s.peak);
  return wait;
}

/** A frame goes, whether it had to wait or not: one that did not leaves no debt but what is longer than the bucket. */
export function spend(s: Shaper, length: u32): void {
  if (s.average == 0) return;
  const bits = <i64>(<u64>length * BYTE);
  s.tokens = max(s.tokens - bits, min<i64>(0, <i64>s.depth - bits));
  if (s.peak != 0) s.credit -= bits;
}

/** When a frame that comes by a cable at `due` gets in; never before one ahead of it. */
export function paced(s: Shaper, length: u32, due: u64): u64 {
  if (s.average == 0) return due;
  const from = max(due, s.lastDue);
  const wait = waitFor(s, length, from);
  if (wait != 0) waitFor(s, length, from + wait);
  spend(s, length);
  if (from + wait != due) s.delayed++;
  s.lastDue = from + wait;
  return s.lastDue;
}

// @ts-ignore: decorator
@inline
function dueOf(sw: Switch, s: Shaper): u64 {
  return load<u64>(<usize>sw.shaperDues + (<usize>s.place << 3));
}

/** The shaper is to be looked at again at `due`. */
export function schedule(sw: Switch, s: Shaper, due: u64): void {
  store<u64>(<usize>sw.shaperDues + (<usize>s.place << 3), due);
  sw.shapeDue = min(sw.shapeDue, due);
  sw.timerDue = min(sw.timerDue, due);
}

/** What waits from cursor `from` to `end` of a ring is late, each frame once. */
function noteDelayed(s: Shaper, from: u32, end: u32): void {
  if (<i32>(s.refused - from) > 0) from = s.refused;
  if (<i32>(end - from) > 0) s.delayed += end - from;
  s.refused = end;
}

// @ts-ignore: decorator
@inline
function lengthAt(ring: Ring, cursor: u32): u32 {
  return lengthOf(load<u64>(<usize>ring.entries + (<usize>(cursor & ring.mask) << 3)));
}

/** Bytes of `n` frames. */
function bytesFrom(ring: Ring, from: u32, n: u32): u64 {
  const entries: usize = ring.entries;
  const mask = ring.mask;
  let sum: u64 = 0;
  for (let i: u32 = 0; i < n; i++) sum += lengthOf(load<u64>(entries + (<usize>((from + i) & mask) << 3)));
  return sum;
}

/** Takes the tokens of frames of so many bytes in all, the last one of `last`; false, with nothing taken, when one has to wait. */
function takesAll(s: Shaper, now: u64, bytes: u64, last: u32): bool {
  refill(s, now);
  if (bytes > BYTES_MAX) return false;
  const cost = <i64>(bytes * BYTE);
  if (s.tokens < cost) return false;
  if (s.peak != 0) {
    if (s.credit < <i64>((bytes - last) * BYTE)) return false;
    s.credit -= cost;
  }
  s.tokens -= cost;
  return true;
}

// @ts-ignore: decorator
@inline
function isPending(sw: Switch, s: Shaper): bool {
  const due = dueOf(sw, s);
  return due > sw.now && due != NEVER;
}

/** How many of the `n` frames from cursor `from` of a ring on may go now; their tokens are taken. `end`: up to where frames wait. */
function passFrom(sw: Switch, s: Shaper, ring: Ring, from: u32, n: u32, end: u32): u32 {
  if (isPending(sw, s)) {
    noteDelayed(s, from, end);
    return 0;
  }
  let passed: u32 = 0;
  while (passed < n) {
    const length = lengthAt(ring, from + passed);
    const wait = waitFor(s, length, sw.now);
    if (wait != 0) {
      noteDelayed(s, from + passed, end);
      schedule(sw, s, sw.now + wait);
      break;
    }
    spend(s, length);
    passed++;
  }
  return passed;
}

/** Whether what waits in a guest's ring waits for tokens. */
export function isKept(sw: Switch, port: Port): bool {
  return isPending(sw, changetype<Shaper>(<usize>port.shaperIn));
}

/** How many of the next `n` frames of a guest a visit may take. Without link all: they end there. */
export function admit(sw: Switch, port: Port, ring: Ring, n: u32): u32 {
  const s = changetype<Shaper>(<usize>port.shaperIn);
  if (s.average == 0 || !port.linkUp) return n;
  const from = ring.tailNext;
  const isAtOnce = !isPending(sw, s) && takesAll(s, sw.now, bytesFrom(ring, from, n), lengthAt(ring, from + n - 1));
  return isAtOnce ? n : passFrom(sw, s, ring, from, n, ring.head);
}

/** How many of the first `most` of the frames that wait for a guest may go now; their tokens are taken. */
function releasable(sw: Switch, s: Shaper, port: Port, ring: Ring, most: u32, waiting: u32): u32 {
  // Usually all of them: what the port has queued since says how much that is, without a look at each.
  if (most == waiting && !isPending(sw, s) && takesAll(s, sw.now, port.txBytes - s.released, lengthAt(ring, ring.headNext - 1))) {
    s.released = port.txBytes;
    return waiting;
  }
  const n = passFrom(sw, s, ring, ring.head, most, ring.headNext);
  s.released += bytesFrom(ring, ring.head, n);
  return n;
}

/** Publishes to a vNIC's guest what may go of what is queued, and captures and counts it; true when there was something. */
export function letOut(sw: Switch, port: Port): bool {
  const ring = changetype<Ring>(<usize>port.txRing);
  const s = changetype<Shaper>(<usize>port.shaperOut);
  const waiting = ring.headNext - ring.head;
  if (waiting == 0) return false;
  const most = min(waiting, atOnce(s));
  const n = s.average == 0 || sw.bypass ? most : releasable(sw, s, port, ring, most, waiting);
  if (n == 0) return false;
  if (port.capture != 0) {
    for (let i: u32 = 0; i < n; i++) capture(sw, port, at(ring, ring.head + i - ring.tailNext), DIRECTION_OUT);
    publishCaptures(sw);
  }
  if (s.average == 0 || sw.bypass) s.released += bytesFrom(ring, ring.head, n);
  countMany(port, VERDICT_delivered, n);
  ring.head += n;
  if (n == most && n != waiting) schedule(sw, s, sw.now);
  return true;
}

/** Looks at the shapers whose time it is. */
export function runShapers(sw: Switch): void {
  let next = NEVER;
  for (let i: u32 = 0; i < sw.shaperCount; i++) {
    const at = <usize>sw.shaperDues + (<usize>i << 3);
    if (load<u64>(at) <= sw.now) {
      store<u64>(at, NEVER);
      const s = changetype<Shaper>(<usize>load<u32>(<usize>sw.shapers + (<usize>i << 2)));
      const port = changetype<Port>(<usize>s.port);
      if (s.isIn) sw.toVisit = 1;
      else if (port.scheduler != 0) pump(sw, port, atOnce(s));
      else markDirty(sw, port);
    }
    next = min(next, load<u64>(at));
  }
  sw.shapeDue = next;
}

/** All shapers are looked at again: one has changed, or it is not known what they were doing. */
export function reviveShapers(sw: Switch): void {
  for (let i: u32 = 0; i < sw.shaperCount; i++) {
    const s = changetype<Shaper>(<usize>load<u32>(<usize>sw.shapers + (<usize>i << 2)));
    const port = changetype<Port>(<usize>s.port);
    if (!s.isIn && port.txRing != 0) {
      const ring = changetype<Ring>(<usize>port.txRing);
      s.released = port.txBytes - bytesFrom(ring, ring.head, ring.headNext - ring.head);
    }
    schedule(sw, s, sw.now);
  }
}

/** A port has lost its link: what waits to leave by it dies there, and what waits to come in is looked at. */
export function loseWaiting(sw: Switch, port: Port): void {
  if (port.shaperIn != 0) schedule(sw, changetype<Shaper>(<usize>port.shaperIn), sw.now);
  if (port.scheduler != 0) return loseQueued(sw, port);
  if (port.shaperOut == 0 || port.txRing == 0) return;
  const ring = changetype<Ring>(<usize>port.txRing);
  const end = ring.headNext;
  ring.headNext = ring.head;
  for (let cursor = ring.head; cursor != end; cursor++) {
    const copy = load<u64>(<usize>ring.entries + (<usize>(cursor & ring.mask) << 3));
    port.txBytes -= lengthOf(copy);
    lose(sw, port, copy, VERDICT_egress_link_down, NO_VID);
  }
}

/** Copies that wait to leave by a port, behind a shaper or in its queues; repair.ts. */
export function waitingAt(port: Port): u32 {
  if (port.scheduler != 0) return queuedAt(port);
  if (!leavesLater(port)) return 0;
  const ring = changetype<Ring>(<usize>port.txRing);
  return ring.headNext - ring.head;
}
