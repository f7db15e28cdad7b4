/**
 * Rules that are switched off for a lesson, and the storm guard that ends what comes of it.
 *
 * The guard counts how often each frame has come in by the switch; beyond `stormLimit` times it goes round, and is dropped
 * from then on. Its table has GUARD_SETS sets of GUARD_WAYS places for frame ids, and behind them a log of what was caught:
 *
 *     id u64 | last seen, ns u64 | times u32 | ahead u32 | ports u16 | caught u16 | GUARD_PORTS x (port u16, times u16)
 *
 * In a full set a newcomer takes the place that counts least, and its count is what the newcomer is ahead by (the space-saving
 * algorithm of Metwally et al.); a place that nobody has asked for in a second is free. Of a frame that has crossed more
 * cables than any does without a loop, what it is ahead by counts as well, so that however many frames go round at once, each
 * is caught. No other is: however many pass, each is judged by its own times. Known limit: in a crowd that goes round, a
 * frame may be caught that went round less often.
 */
import { Frame, slotOf } from './frame';
import { Port } from './port';
import { Switch } from './switch';
import { reform } from './team';

const GUARD_SETS: u32 = 1024;
const GUARD_WAYS: u32 = 4;
const GUARD_PORTS: u32 = 9;
export const GUARD_RECORD: u32 = 28 + GUARD_PORTS * 4;
export const GUARD_LOG_MAX: u32 = 16;
/** Where the log begins: u64 count, then records. */
export const GUARD_LOG: u32 = GUARD_SETS * GUARD_WAYS * GUARD_RECORD;
export const GUARD_BYTES: u32 = GUARD_LOG + 8 + GUARD_LOG_MAX * GUARD_RECORD;
const FORGET_NS: u64 = 1_000_000_000;
/** Cables between two stations with seven bridges in between, the most that IEEE 802.1D-1998 recommends. */
const CROSSED_MAX: u32 = 8;

/** Whether rule R`n` is in force. */
// @ts-ignore: decorator
@inline
export function isOn(sw: Switch, n: u32): bool {
  return ((sw.rulesOff >>> n) & 1) == 0;
}

/** Switches a rule off or on again. From the first one that is off the guard counts, and no frame takes a short cut. */
export function setRule(sw: Switch, n: u32, on: bool, guard: u32, stormLimit: u32): void {
  const bit = <u32>1 << n;
  if (on) {
    sw.rulesOff &= ~bit;
  } else {
    sw.rulesOff |= bit;
    sw.rulesEverOff |= bit;
    sw.isOdd = 1;
    if (sw.guard == 0) sw.guard = guard;
    sw.stormLimit = stormLimit;
  }
  reform(sw, false);
}

/** Counts a frame that comes in by `port`, and says whether it has come too often. */
export function goesRound(sw: Switch, port: Port, descriptor: u64): bool {
  const at = placeOf(sw, changetype<Frame>(slotOf(descriptor)).id);
  store<u64>(at, sw.now, 8);
  const times = load<u32>(at, 16) + 1;
  store<u32>(at, times, 16);
  remember(at, port.number);
  const counted = times + (sw.crossed > CROSSED_MAX ? load<u32>(at, 20) : 0);
  if (counted <= sw.stormLimit) return false;
  if (load<u16>(at, 26) == 0) {
    store<u16>(at, 1, 26);
    log(sw, at);
  }
  return true;
}

function placeOf(sw: Switch, id: u64): usize {
  const set = <usize>sw.guard + <usize>((<u32>id ^ <u32>(id >>> 20)) & (GUARD_SETS - 1)) * GUARD_WAYS * GUARD_RECORD;
  let least = set;
  let leastCount = u32.MAX_VALUE;
  for (let way: u32 = 0; way < GUARD_WAYS; way++) {
    const at = set + way * GUARD_RECORD;
    if (load<u64>(at) == id && load<u32>(at, 16) != 0) return at;
    const isFree = load<u64>(at, 8) + FORGET_NS <= sw.now;
    const count: u32 = isFree ? 0 : load<u32>(at, 16) + load<u32>(at, 20);
    if (count >= leastCount) continue;
    least = at;
    leastCount = count;
  }
  memory.fill(least, 0, GUARD_RECORD);
  store<u64>(least, id);
  store<u32>(least, leastCount, 20);
  return least;
}

function remember(at: usize, number: u32): void {
  const count = <u32>load<u16>(at, 24);
  for (let i: u32 = 0; i < count; i++) {
    const port = at + 28 + i * 4;
    if (<u32>load<u16>(port) != number) continue;
    const times = load<u16>(port, 2);
    if (times != u16.MAX_VALUE) store<u16>(port, times + 1, 2);
    return;
  }
  if (count == GUARD_PORTS) return;
  store<u16>(at + 28 + count * 4, <u16>number);
  store<u16>(at + 28 + count * 4, 1, 2);
  store<u16>(at, <u16>(count + 1), 24);
}

function log(sw: Switch, at: usize): void {
  const head = <usize>sw.guard + GUARD_LOG;
  const count = load<u64>(head);
  if (count < GUARD_LOG_MAX) memory.copy(head + 8 + <usize>count * GUARD_RECORD, at, GUARD_RECORD);
  store<u64>(head, count + 1);
}
