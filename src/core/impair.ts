/**
 * What befalls frames on their way over a cable: loss, corruption, duplication, reordering, jitter; and changes while it runs.
 *
 * Each direction of a cable has dice of its own (splitmix64, one word of state), so that the same network gives the same
 * again and no cable's chance depends on another's. For each frame that gets a place in the queue they are thrown in this
 * order, each one that is configured whatever the others say: loss, corruption, duplication, reordering, jitter.
 *
 *     lost        it was sent: it took its time on the medium and is in the sender's capture; it is no more
 *     corrupted   it arrives with a wrong FCS, where it is dropped before anything else is done with it
 *     duplicated  once more right behind itself, as it is, if the queue has room; that takes the medium once more
 *     reordered   it is held back, so that later ones overtake it; without room to be held it goes with the others
 *     jitter      a uniform delay from 0 to jitterNs more; nothing is due before what went ahead of it
 *
 * Frames that are held back go by a lane: a second ring to the same port, in time order by itself. The receiver takes from
 * both what is due first, and from the wire before the lane.
 *
 * After a change of rate or delay a wire is special, too, until it is sure that no frame overtakes one from before.
 */
import { hold, lengthOf } from './frame';
import { paced, Shaper } from './shaper';
import { Switch } from './switch';
import { crossings, DAMAGED, hasSpace, lastDue, occupy, put, takesOne, Wire } from './wire';

export const SEND_FULL: u32 = 0;
const SEND_DONE: u32 = 1;
export const SEND_LOST: u32 = 2;

/** For a setting that is to stay as it is. */
export const KEEP: u64 = u64.MAX_VALUE;

/** 32 bits of chance, by splitmix64 (Steele, Lea and Flood, 2014). */
function roll(wire: Wire): u64 {
  wire.chance += 0x9e37_79b9_7f4a_7c15;
  let z = wire.chance;
  z = (z ^ (z >>> 30)) * 0xbf58_476d_1ce4_e5b9;
  z = (z ^ (z >>> 27)) * 0x94d0_49bb_1331_11eb;
  return (z ^ (z >>> 31)) >>> 32;
}

/** Whether a chance of so many in 2^32 comes true; what cannot is not thrown for. */
// @ts-ignore: decorator
@inline
function befalls(wire: Wire, chance: u64): bool {
  return chance != 0 && roll(wire) < chance;
}

/** Sends a copy over a special wire. While `explain` asks there is no chance in it. */
export function sendSpecial(sw: Switch, wire: Wire, descriptor: u64): u32 {
  if (!takesOne(wire, sw.now)) return SEND_FULL;
  const isChancy = sw.trace == 0;
  const isLost = isChancy && befalls(wire, wire.loss);
  const isCorrupted = isChancy && befalls(wire, wire.corruption);
  const isDuplicated = isChancy && befalls(wire, wire.duplication);
  const isHeld = isChancy && befalls(wire, wire.reordering);
  const jitter = isChancy && wire.jitterNs != 0 ? (roll(wire) * (wire.jitterNs + 1)) >>> 32 : 0;

  const marks = (isCorrupted ? DAMAGED : 0) | (sw.guard == 0 ? 0 : crossings(sw.crossed + 1));
  const leaves = wire.rateBps == 0 ? sw.now : occupy(wire, descriptor, sw.now);
  if (isLost) return SEND_LOST;
  let way = wire;
  let late = wire.delayNs + jitter;
  if (isHeld && wire.lane != 0 && hasSpace(changetype<Wire>(<usize>wire.lane), sw.now)) {
    way = changetype<Wire>(<usize>wire.lane);
    late += wire.heldNs;
  }
  const isOvertaking = leaves + late < lastDue(way);
  let due = max(leaves + late, lastDue(way));
  if (wire.shaper != 0) due = max(paced(changetype<Shaper>(<usize>wire.shaper), lengthOf(descriptor), due), lastDue(way));
  put(way, descriptor, due | marks);
  if (isDuplicated && takesOne(wire, sw.now) && hasSpace(way, sw.now)) {
    hold(descriptor);
    sw.copies++;
    const leavesAgain = wire.rateBps == 0 ? sw.now : occupy(wire, descriptor, sw.now);
    let dueAgain = max(leavesAgain + late, lastDue(way));
    if (wire.shaper != 0) dueAgain = paced(changetype<Shaper>(<usize>wire.shaper), lengthOf(descriptor), dueAgain);
    put(way, descriptor, dueAgain | marks);
  }
  if (!isOvertaking && !isImpaired(wire)) wire.isSpecial = 0;
  return SEND_DONE;
}

function isImpaired(wire: Wire): bool {
  return (wire.loss | wire.corruption | wire.duplication | wire.reordering | wire.jitterNs | <u64>wire.shaper) != 0;
}

/** From now on; what is on its way stays due when it was. Waiting frames stay in the queue, even above `queueMax`. */
export function setMedium(wire: Wire, rateBps: u64, delayNs: u64, queueMax: u64): void {
  if (rateBps != KEEP && rateBps != wire.rateBps) {
    // The rest is in parts of the old rate.
    wire.busyUntilPs += <u64>(wire.busyRest != 0);
    wire.busyRest = 0;
    // Where nothing waited, or waits from now on, the queue is counted anew.
    if (wire.rateBps == 0) wire.departed = wire.departureNext;
    if (rateBps == 0) wire.arrived = wire.tailSeen;
    wire.rateBps = rateBps;
  }
  if (delayNs != KEEP) {
    wire.delayNs = delayNs;
    if (wire.lane != 0) changetype<Wire>(<usize>wire.lane).delayNs = delayNs;
  }
  if (queueMax != KEEP) wire.queueMax = <u32>queueMax;
  wire.isSpecial = 1;
}

/** From now on; chances are of 2^32. */
export function setChances(
  wire: Wire, loss: u64, corruption: u64, duplication: u64, reordering: u64, heldNs: u64, jitterNs: u64,
): void {
  if (loss != KEEP) wire.loss = loss;
  if (corruption != KEEP) wire.corruption = corruption;
  if (duplication != KEEP) wire.duplication = duplication;
  if (reordering != KEEP) wire.reordering = reordering;
  if (heldNs != KEEP) wire.heldNs = heldNs;
  if (jitterNs != KEEP) wire.jitterNs = jitterNs;
  wire.isSpecial = 1;
}
