/**
 * Whose MAC an IPv4 address has, for who sends to many: a table that ARP fills (RFC 826), and frames that wait for an answer.
 *
 * A key's entry stands in one of PROBES places from its home on; when all are taken the one heard of least recently gives way. An entry
 * is good for 20 minutes (RFC 1122, 2.3.2.1). Frames wait as copies of their own, so no pool or ledger has to know of them: 32 at most, for
 * 3 s at most; what has no answer by then is given up.
 */
export const NEIGHBOURS: u32 = 256;
export const PENDING: u32 = 32;
const PROBES: u32 = 8;
const GOOD_NS: u64 = 1200_000_000_000;
const ASK_NS: u64 = 1_000_000_000;
export const WAIT_MS: u32 = 3000;
export const WAIT_NS: u64 = <u64>WAIT_MS * 1_000_000;

@unmanaged
export class NatNeighbour {
  ip: u32; // as in a frame; 0: nobody
  segment: u32;
  mac: u64; // 0: not known yet
  heardNs: u64;
  askedNs: u64; // when it may be asked for again
}

@unmanaged
export class Pending {
  ip: u32; // of the next hop; 0: nothing waits here
  segment: u32;
  length: u32;
  padding: u32;
  sinceNs: u64;
  // the frame's bytes follow
}

// @ts-ignore: decorator
@inline
function at(table: u32, i: u32): NatNeighbour {
  return changetype<NatNeighbour>(<usize>table + <usize>(i & (NEIGHBOURS - 1)) * offsetof<NatNeighbour>());
}

/** The entry of an address; null when there is none. */
export function neighbourOf(table: u32, segment: u32, ip: u32): NatNeighbour | null {
  const home = homeOf(segment, ip);
  for (let i: u32 = 0; i < PROBES; i++) {
    const entry = at(table, home + i);
    if (entry.ip == ip && entry.segment == segment) return entry;
  }
  return null;
}

// @ts-ignore: decorator
@inline
function homeOf(segment: u32, ip: u32): u32 {
  return ((ip ^ (segment * 0x85ebca6b)) * 0x9e3779b1) >>> 24;
}

/** The same, made where there is none. */
export function meet(table: u32, segment: u32, ip: u32): NatNeighbour {
  const known = neighbourOf(table, segment, ip);
  if (known) return known;
  const home = homeOf(segment, ip);
  let place = at(table, home);
  for (let i: u32 = 0; i < PROBES && place.ip != 0; i++) {
    const entry = at(table, home + i);
    if (entry.ip == 0 || entry.heardNs < place.heardNs) place = entry;
  }
  // Should the worker die here, nobody has another's card.
  place.mac = 0;
  place.heardNs = 0;
  place.askedNs = 0;
  place.segment = segment;
  place.ip = ip;
  return place;
}

export function isGood(entry: NatNeighbour, now: u64): bool {
  return entry.mac != 0 && now < entry.heardNs + GOOD_NS;
}

/** Whether it is time to ask (again); if so, it has been asked. */
export function mayAsk(entry: NatNeighbour, now: u64): bool {
  if (now < entry.askedNs) return false;
  entry.askedNs = now + ASK_NS;
  return true;
}
