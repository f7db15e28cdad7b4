/**
 * What a switch makes of a frame's source: its entry in the table, within what the port and the table may hold.
 *
 * The decisions are the port's (limit, sticky, static entries), the entries are fdb.ts's.
 */
import { add, FID_ANY, find, hasAged, isStatic, keyOf, logicalOf, lookup, move, refresh, stick } from './fdb';
import { Frame, slotOf } from './frame';
import { VERDICT_forward, VERDICT_mac_limit } from './generated/verdicts';
import { carries, Port, REFUSE_FORWARD, REFUSE_SHUT } from './port';
import { hasRoom, sweep } from './room';
import { FULL_DROP, portAt, Switch } from './switch';
import { shutPort } from './team';
import { isOn } from './teaching';

/** The FID that VLAN `vid` learns and looks up in (802.1Q-2018 8.8.8): its own, or one that it shares. */
// @ts-ignore: decorator
@inline
export function fidOf(sw: Switch, vid: u32): u32 {
  return sw.fids == 0 ? vid : <u32>load<u16>(<usize>sw.fids + (<usize>vid << 1));
}

/** Whether the port carries `vid` or a VLAN that learns together with it. */
export function sharesFid(sw: Switch, port: Port, vid: u32): bool {
  if (carries(port, vid)) return true;
  if (sw.fids == 0) return false;
  const fid = fidOf(sw, vid);
  for (let other: u32 = 0; other < FID_ANY; other++) if (fidOf(sw, other) == fid && carries(port, other)) return true;
  return false;
}

/** Learns `src` on `port`; the verdict that refuses the frame, or VERDICT_forward when it may go on. */
export function learnFrom(sw: Switch, port: Port, descriptor: u64, vid: u32, src: u64): u32 {
  const key = keyOf(fidOf(sw, vid), src);
  let entry = find(sw, key);
  let isLive = false;
  if (entry != 0) {
    const value = load<u64>(entry, 8);
    const isHere = logicalOf(entry) == port.logical;
    if (isStatic(value)) {
      if (!isHere) sw.staticConflict++;
      if (isHere || isOn(sw, 11)) return VERDICT_forward;
    }
    isLive = !hasAged(value, sw.ageNs, sw.stampNow);
    if (isLive && isHere) {
      refresh(sw, entry, port.logical);
      if (port.sticky) stick(sw, entry);
      return VERDICT_forward;
    }
  }
  if (entry == 0 && sw.hasAnyFid && isRegistered(sw, port, vid, src)) return VERDICT_forward;
  if (port.macLimit != 0 && isAtLimit(sw, port)) {
    if (port.onLimit == REFUSE_FORWARD) {
      sw.notLearned++;
      return VERDICT_forward;
    }
    sw.refused++;
    if (port.onLimit == REFUSE_SHUT) shutPort(sw, port);
    return VERDICT_mac_limit;
  }
  // Counting what is at the limit may have swept the table.
  entry = find(sw, key);
  if (entry != 0) {
    if (isLive) move(sw, entry, port.logical, changetype<Frame>(slotOf(descriptor)).id);
    else refresh(sw, entry, port.logical);
  } else {
    if (!hasRoom(sw)) {
      if (sw.whenFull != FULL_DROP) {
        sw.notLearned++;
        return VERDICT_forward;
      }
      sw.refused++;
      return VERDICT_mac_limit;
    }
    add(sw, key, port.logical);
    if (port.sticky) entry = find(sw, key);
  }
  if (port.sticky) stick(sw, entry);
  return VERDICT_forward;
}

/** Whether `src` is registered in every VLAN of some port that carries `vid`: it is not learned beside that. */
function isRegistered(sw: Switch, port: Port, vid: u32, src: u64): bool {
  const any = lookup(sw, keyOf(FID_ANY, src));
  if (any == 0 || !isOn(sw, 11) || !sharesFid(sw, portAt(sw, logicalOf(any)), vid)) return false;
  if (logicalOf(any) != port.logical) sw.staticConflict++;
  return true;
}

function isAtLimit(sw: Switch, port: Port): bool {
  // Stations behind a LAG are its lead's.
  const holder = portAt(sw, port.logical);
  if (holder.entryCount + holder.stickyCount < port.macLimit) return false;
  sweep(sw);
  return holder.entryCount + holder.stickyCount >= port.macLimit;
}
