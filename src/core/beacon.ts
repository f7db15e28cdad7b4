/**
 * Beacon probing: uplinks that have link but no longer reach the others, because a path beyond the next switch is broken.
 *
 * Every interval each uplink with link that a team uses sends a probe, a broadcast with its own source address. What one of
 * the others hears of it within three intervals proves the path between the two (ESXi gives an uplink up after three lost
 * beacons). The uplinks of the largest group that such paths join work; those with link outside of it have failed. With two
 * largest groups, as with two uplinks that do not hear each other, nobody can tell which one has failed: all stay in use, and
 * the switch is in doubt. An uplink is judged from three intervals after it got its link, unless somebody hears it before.
 *
 *     12 0x8922, in the switch's beacon VLAN        26 place of the sending uplink, u8, and a zero
 *     14 "vsbeacon"                                 28 number of the interval, u32
 *     22 number of the switch, u32                  32 zeros up to 60 bytes; numbers stand in network order
 *
 * `beaconSeen` of an uplink is a list of times by uplink: when it last heard that one; at its own place, when it last had no
 * link. 0 is the start of the run, when nobody had.
 *
 * Limits: an interval has to be longer than the way of a probe; links are looked at once an interval; a one-way failure
 * between two uplinks is not seen, for the other way still joins them. Probes of other switches are ordinary frames.
 */
import { originate } from './egress';
import { bytesOf, etherTypeAt, HEADER_BYTES, lengthOf } from './frame';
import { take } from './pool';
import { Port } from './port';
import { portAt, Switch } from './switch';
import { isMemberOf, reform, teamAt } from './team';

const BROADCAST: u64 = 0xffffffffffff;
const ETHERTYPE: u16 = 0x2289; // 0x8922
const MARK: u64 = 0x6e6f636165627376; // "vsbeacon"
const PROBE_BYTES: u32 = 60;
/** From the EtherType to the end of what is read. */
const READ_BYTES: u32 = 15;
const MISSES_MAX: u64 = 3;

/** Judges by what was heard, then probes again. */
export function runBeacons(sw: Switch): void {
  judge(sw);
  for (let i = sw.localCount; i < sw.portCount; i++) if (isProbed(sw, portAt(sw, i))) probe(sw, portAt(sw, i));
  sw.beaconDue = sw.now + sw.beaconNs;
}

/** Takes a probe of this very switch; false when the frame is none. */
export function hearBeacon(sw: Switch, port: Port, descriptor: u64): bool {
  if (port.beaconSeen == 0 || (load<u64>(bytesOf(descriptor)) & BROADCAST) != BROADCAST) return false;
  const at = etherTypeAt(descriptor);
  if (<u32>(at - bytesOf(descriptor)) + READ_BYTES > lengthOf(descriptor)) return false;
  if (load<u16>(at) != ETHERTYPE || load<u64>(at, 2) != MARK || bswap<u32>(load<u32>(at, 10)) != sw.number) return false;
  const sender = <u32>load<u8>(at, 14);
  // An uplink's own probe that comes back proves nothing.
  if (sender < sw.portCount - sw.localCount && sender != port.index) store<u64>(seenAt(port, sender), sw.now);
  return true;
}

/** Whether an uplink takes part: it has link, and a team has it as active or standby. */
function isProbed(sw: Switch, uplink: Port): bool {
  if (!uplink.linkUp) return false;
  for (let t: u32 = 0; t < sw.teamCount; t++) if (isMemberOf(teamAt(sw, t), uplink)) return true;
  return false;
}

function probe(sw: Switch, uplink: Port): void {
  const slot = take(sw.pool, PROBE_BYTES);
  if (slot == 0) return;
  const bytes = slot + HEADER_BYTES;
  memory.fill(bytes, 0, PROBE_BYTES);
  store<u64>(bytes, BROADCAST | (uplink.mac << 48));
  store<u32>(bytes, <u32>(uplink.mac >>> 16), 8);
  store<u16>(bytes, ETHERTYPE, 12);
  store<u64>(bytes, MARK, 14);
  store<u32>(bytes, bswap<u32>(sw.number), 22);
  store<u8>(bytes, uplink.index, 26);
  store<u32>(bytes, bswap<u32>(<u32>(sw.now / sw.beaconNs)), 28);
  originate(sw, uplink, slot, PROBE_BYTES, sw.beaconVid);
}

/** Says again which uplinks have failed. */
function judge(sw: Switch): void {
  let probed: u64 = 0;
  let fresh: u64 = 0;
  for (let i = sw.localCount; i < sw.portCount; i++) {
    const uplink = portAt(sw, i);
    const own = seenAt(uplink, uplink.index);
    if (!isProbed(sw, uplink)) {
      store<u64>(own, sw.now);
      continue;
    }
    probed |= bitOf(uplink.index);
    if (isRecent(sw, own)) fresh |= bitOf(uplink.index);
  }
  let largest: u64 = 0;
  let isTied = false;
  let judged: u64 = 0;
  for (let rest = probed; rest != 0; ) {
    const group = groupOf(sw, <u32>ctz(rest), rest);
    rest &= ~group;
    if ((group & ~fresh) == 0) continue;
    judged |= group;
    if (popcnt(group) == popcnt(largest)) isTied = true;
    if (popcnt(group) <= popcnt(largest)) continue;
    largest = group;
    isTied = false;
  }
  sw.isDoubtful = isTied ? 1 : 0;
  blame(sw, isTied ? 0 : judged & ~largest);
}

function blame(sw: Switch, failed: u64): void {
  let isChanged = false;
  for (let i = sw.localCount; i < sw.portCount; i++) {
    const uplink = portAt(sw, i);
    const hasFailed: u8 = (failed & bitOf(uplink.index)) != 0 ? 1 : 0;
    if (uplink.beaconFailed != hasFailed) isChanged = true;
    uplink.beaconFailed = hasFailed;
  }
  if (isChanged) reform(sw, false);
}

/** The uplinks among `rest` that paths join with uplink `first`, itself among them. */
function groupOf(sw: Switch, first: u32, rest: u64): u64 {
  let group = bitOf(first);
  for (let open = group; open != 0; ) {
    const near = neighbours(sw, <u32>ctz(open), rest & ~group);
    group |= near;
    open = (open & (open - 1)) | near;
  }
  return group;
}

/** The uplinks of `among` that have heard uplink `index`, or that it has heard. */
function neighbours(sw: Switch, index: u32, among: u64): u64 {
  const uplink = portAt(sw, sw.localCount + index);
  let found: u64 = 0;
  for (let rest = among; rest != 0; rest &= rest - 1) {
    const other = <u32>ctz(rest);
    const hears = isRecent(sw, seenAt(uplink, other));
    if (hears || isRecent(sw, seenAt(portAt(sw, sw.localCount + other), index))) found |= bitOf(other);
  }
  return found;
}

function isRecent(sw: Switch, at: usize): bool {
  return sw.now - load<u64>(at) <= MISSES_MAX * sw.beaconNs;
}

function seenAt(uplink: Port, index: u32): usize {
  return <usize>uplink.beaconSeen + (<usize>index << 3);
}

function bitOf(index: u32): u64 {
  return <u64>1 << <u64>index;
}
