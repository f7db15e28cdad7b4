/**
 * Room in a full table: what has aged goes, and then, where the policy is to evict, somebody gives way.
 *
 * Who that is evict.ts knows, from the first time that anybody asks: the table is full, or a port at its limit. But visit.ts
 * and arrival.ts refresh entries by plain stores, so what it says may be out of date. A question puts right what it meets, one
 * by one, and after entriesMax / 128 of those is ended by a walk over the table. Neither costs much more than the other, so no
 * question costs much more than a few walks, and whoever wants one has to send some entriesMax / 128 frames for it.
 *
 * Measured when every station has been heard since it was listed, ms for the first new one, and for a walk as before: 0.1 and
 * 0.03 at 8,192 entries, 0.7 and 0.3 at 65,536, 11 and 5 at 1,000,000. After 128 of those all is up to date.
 */
import { Candidate, clear, Eviction, firstOf, fullestPort, list, oldestPort, oldestTime, recount, relist, strike } from './evict';
import { find, hasAged, isStatic, PLACE_MASK, PORT_MASK, remove, TIME_SHIFT } from './fdb';
import { TEAM_PORT } from './port';
import { FULL_EVICT, portAt, Switch } from './switch';

/** What may be found out of date or aged, one by one, before a question is ended by a walk: so many, and a share of all. */
const STEPS_MAX: u32 = 16;
const STEPS_SHARE: u32 = 128;

// @ts-ignore: decorator
@inline
export function evictionOf(sw: Switch): Eviction {
  return changetype<Eviction>(<usize>sw.eviction);
}

/** Whether one more entry fits, after what the rules let go of a full table. */
export function hasRoom(sw: Switch): bool {
  return sw.entryCount + sw.keptPlaces < sw.entriesMax || makeRoom(sw);
}

/**
 * Makes room for one entry: what has aged goes first, all of it; else, if the policy is to evict, the least recently heard
 * dynamic entry of the logical port that holds most, so that a guest that sprays addresses hurts only itself.
 */
function makeRoom(sw: Switch): bool {
  const before = sw.entryCount;
  sweep(sw);
  if (sw.entryCount < before) return true;
  if (sw.whenFull != FULL_EVICT || sw.eviction == 0) return false;
  const entry = mostSilent(sw);
  if (entry == 0) return false;
  sw.evicted++;
  remove(sw, entry);
  return true;
}

/** Takes out what has aged. */
export function sweep(sw: Switch): void {
  if (sw.eviction == 0) return;
  const eviction = evictionOf(sw);
  eviction.steps = 0;
  if (!eviction.isKept) return survey(sw, true);
  if (sw.stampNow < sw.ageNs) return;
  const last = sw.stampNow - sw.ageNs;
  while (oldestTime(eviction) <= last) {
    if (isTooLong(sw)) return survey(sw, false);
    const logical = oldestPort(eviction);
    const entry = entryOfFirst(sw, logical);
    if (entry == 0) continue;
    strike(eviction, logical);
    sw.aged++;
    remove(sw, entry);
  }
}

/** The entry that is to give way when nothing has aged; 0 when there is none. */
function mostSilent(sw: Switch): usize {
  const eviction = evictionOf(sw);
  const logical = fullestPort(eviction);
  while (firstOf(eviction, logical) != 0) {
    const entry = entryOfFirst(sw, logical);
    if (entry != 0) {
      strike(eviction, logical);
      return entry;
    }
    if (isTooLong(sw)) return mostSilentByWalk(sw, logical);
  }
  return 0;
}

/** The entry that the first candidate of a port stands for; 0 when it was out of date, and has been put right. */
function entryOfFirst(sw: Switch, logical: u32): usize {
  const eviction = evictionOf(sw);
  const first = changetype<Candidate>(firstOf(eviction, logical));
  const entry = find(sw, first.key);
  const value = entry == 0 ? 0 : load<u64>(entry, 8);
  const isHere = entry != 0 && <u32>(value & PLACE_MASK) == logical;
  if (isHere && value >>> TIME_SHIFT == first.time) return entry;
  if (isHere) relist(eviction, logical, value >>> TIME_SHIFT);
  else strike(eviction, logical);
  return 0;
}

/** Counts a step, and says whether the question is to be ended by a walk over the whole table. */
function isTooLong(sw: Switch): bool {
  return ++evictionOf(sw).steps > STEPS_MAX + sw.entriesMax / STEPS_SHARE;
}

/** One walk over the table: what has aged is taken out, and if `anew` all else that is dynamic is listed. */
function survey(sw: Switch, anew: bool): void {
  const eviction = evictionOf(sw);
  eviction.walks++;
  if (anew) clear(eviction);
  // It begins behind an empty place, which no chain reaches over: so an entry that a removal moves is still to come.
  let place: u32 = 0;
  while (load<u64>(<usize>sw.table + (<usize>place << 4)) != 0) place++;
  for (let left = sw.tableMask; left != 0; ) {
    const entry = <usize>sw.table + (<usize>((place + 1) & sw.tableMask) << 4);
    const key = load<u64>(entry);
    const value = load<u64>(entry, 8);
    if (key != 0 && hasAged(value, sw.ageNs, sw.stampNow)) {
      sw.aged++;
      remove(sw, entry); // another entry may have moved in: look at this place again
      continue;
    }
    if (anew && key != 0 && !isStatic(value)) list(eviction, <u32>(value & PORT_MASK), key, value >>> TIME_SHIFT);
    place++;
    left--;
  }
  if (!anew) return;
  recount(eviction, TEAM_PORT, sw.teamEntryCount);
  for (let i: u32 = 0; i < sw.portCount; i++) recount(eviction, i, portAt(sw, i).entryCount);
}

/** The dynamic entry of a port that was heard longest ago; of those heard at the same time the one with the least key. */
function mostSilentByWalk(sw: Switch, logical: u32): usize {
  evictionOf(sw).walks++;
  const end = <usize>sw.table + ((<usize>sw.tableMask + 1) << 4);
  let found: usize = 0;
  let least = u64.MAX_VALUE;
  for (let entry: usize = sw.table; entry < end; entry += 16) {
    const key = load<u64>(entry);
    const value = load<u64>(entry, 8);
    if (key == 0 || <u32>(value & PLACE_MASK) != logical || value > least) continue;
    if (value == least && key > load<u64>(found)) continue;
    least = value;
    found = entry;
  }
  return found;
}
