/**
 * The table and the timers of a switch whose worker died in the middle of something (repair.ts): what was begun is ended, what is
 * counted is counted anew.
 *
 * An entry is written value first, so one without a key is none. A removal moves entries back one by one, and each stands in two
 * places for a moment, the former first on its chain: `tableVersion` is odd then, and the latter ones are taken out as the
 * removal would have done. No chain is ever broken.
 */
import { setTimer } from './care';
import { find, FID_ANY, flush, isStatic, isSticky, keyOf, logicalOf, PORT_MASK, remove } from './fdb';
import { mendFlows } from './flows';
import { KIND_VNIC, Port, TEAM_PORT } from './port';
import { evictionOf } from './room';
import { reviveShapers } from './shaper';
import { bindOwn, ownFid, ownMac } from './station';
import { MODEL_REGISTERED, NEVER, portAt, Switch } from './switch';

export function mendTable(sw: Switch): void {
  // Nobody is listed as one who may give way until a full table asks again.
  if (sw.eviction != 0) evictionOf(sw).isKept = 0;
  if ((sw.tableVersion & 1) != 0) {
    endRemoval(sw);
    atomic.store<u32>(changetype<usize>(sw) + offsetof<Switch>('tableVersion'), sw.tableVersion + 1);
  }
  recount(sw);
  forgetSilent(sw);
  if (sw.model == MODEL_REGISTERED) bindAnew(sw);
}

function endRemoval(sw: Switch): void {
  for (let place: u32 = 0; place <= sw.tableMask; ) {
    const entry = <usize>sw.table + (<usize>place << 4);
    const key = load<u64>(entry);
    // `remove` makes the version even in between, which no reader sees: all workers stand still, and so does the caller.
    if (key != 0 && find(sw, key) != entry) remove(sw, entry);
    else place++;
  }
}

function recount(sw: Switch): void {
  for (let i: u32 = 0; i < sw.portCount; i++) {
    portAt(sw, i).entryCount = 0;
    portAt(sw, i).stickyCount = 0;
  }
  let count: u32 = 0;
  let outside: u32 = 0;
  const end = <usize>sw.table + ((<usize>sw.tableMask + 1) << 4);
  for (let entry: usize = sw.table; entry < end; entry += 16) {
    if (load<u64>(entry) == 0) continue;
    count++;
    const value = load<u64>(entry, 8);
    const logical = <u32>(value & PORT_MASK);
    if (isStatic(value)) {
      if (logical < sw.portCount && isSticky(value)) portAt(sw, logical).stickyCount++;
    } else if (logical == TEAM_PORT) {
      outside++;
    } else if (logical < sw.portCount) {
      portAt(sw, logical).entryCount++;
    }
  }
  sw.entryCount = count;
  sw.teamEntryCount = outside;
}

/** A port that had just lost its link has no stations. */
function forgetSilent(sw: Switch): void {
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    if (!port.linkUp && port.entryCount != 0 && port.lag == 0) flush(sw, port.logical, FID_ANY + 1, false);
  }
}

/** Whose own address stands in the table, and places for those that do not (R11). */
function bindAnew(sw: Switch): void {
  sw.keptPlaces = 0;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const port = portAt(sw, i);
    if (port.kind != KIND_VNIC || port.configuredMac == 0) continue;
    const entry = find(sw, keyOf(ownFid(sw, port), ownMac(port)));
    const value = entry == 0 ? 0 : load<u64>(entry, 8);
    const isOwn = isStatic(value) && !isSticky(value) && logicalOf(entry) == port.logical;
    if (isOwn && !port.linkUp) remove(sw, entry);
    port.isRegistered = isOwn && port.linkUp ? 1 : 0;
    if (!port.isRegistered) sw.keptPlaces++;
  }
  for (let i: u32 = 0; i < sw.localCount; i++) bindOwn(sw, portAt(sw, i));
}

/** Whatever was due is due again: a timer that was being run had been taken back first. */
export function mendTimers(sw: Switch): void {
  mendFlows(sw);
  sw.linkDue = NEVER;
  for (let i: u32 = 0; i < sw.portCount; i++) {
    const port = portAt(sw, i);
    if (port.linkDue == NEVER && isWatched(port)) port.hasLink = port.linkUp;
    sw.linkDue = min(sw.linkDue, port.linkDue);
    if (port.notifyLeft != 0) sw.notifyDue = min(sw.notifyDue, max(port.notifyDue, sw.now));
    if (port.lldp != 0) sw.lldpDue = min(sw.lldpDue, sw.now);
    if (port.lacp != 0) sw.lacpDue = min(sw.lacpDue, sw.now);
    if (port.tree != 0) sw.treeDue = min(sw.treeDue, sw.now);
  }
  reviveShapers(sw);
  setTimer(sw);
}

/** Whether a team or a LAG goes by the port's link, with its delays. */
function isWatched(port: Port): bool {
  return port.logical == TEAM_PORT || port.lag != 0;
}
