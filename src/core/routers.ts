/**
 * Where multicast routers are, and who asks: by domain, which is an address family in a VLAN. Domains are found by looking at all of them,
 * for messages only; the audience of a known group has its routers already (members.ts). There are as many as were planned: messages
 * of a VLAN more are heard, but neither routers nor queriers of it are known, so that all groups are flooded there.
 *
 * With each domain go a time for each place until which it is a router port (u64 ns, 0: it is none), and the set of those.
 */
import { groupAt, isIpv4, refreshAudience, setBit, Snooper } from './members';
import { isMember } from './port';
import { NEVER } from './switch';

@unmanaged
export class Domain {
  fid: u32;
  vid: u32;
  isV6: u32;
  number: u32;
  startsLeft: u32; // general queries at shorter intervals
  version: u32; // of the last query heard, 0: none
  routerDue: u64; // when the first router port ages
  queryDue: u64;
  otherUntil: u64; // a better querier has been heard
  otherHigh: u64;
  otherLow: u64;
}

// @ts-ignore: decorator
@inline
export function domainAt(s: Snooper, i: u32): Domain {
  return changetype<Domain>(<usize>s.domains + <usize>i * offsetof<Domain>());
}

export function routersOf(s: Snooper, domain: Domain): usize {
  return <usize>s.domainSets + (<usize>(domain.number * s.words) << 3);
}

export function routerUntilAt(s: Snooper, domain: Domain, place: u32): usize {
  return <usize>s.domainUntils + (<usize>(domain.number * s.places + place) << 3);
}

/** Address of the domain, or 0. */
export function findDomain(s: Snooper, fid: u32, isV6: bool): usize {
  for (let i: u32 = 0; i < s.domainCount; i++) {
    const domain = domainAt(s, i);
    if (domain.fid == fid && (domain.isV6 != 0) == isV6) return changetype<usize>(domain);
  }
  return 0;
}

/** Whether there was no room for what would be known of it. */
export function isBeyond(s: Snooper, fid: u32, isV6: bool): bool {
  return s.domainCount == s.domainsMax && findDomain(s, fid, isV6) == 0;
}

/** The same, and made if there is none; 0 without room for one. */
export function domainFor(s: Snooper, fid: u32, vid: u32, isV6: bool, now: u64): usize {
  const known = findDomain(s, fid, isV6);
  if (known != 0) return known;
  if (s.domainCount == s.domainsMax) {
    s.overflow++;
    return 0;
  }
  const domain = domainAt(s, s.domainCount);
  domain.fid = fid;
  domain.vid = vid;
  domain.isV6 = isV6 ? 1 : 0;
  domain.number = s.domainCount;
  domain.routerDue = NEVER;
  domain.queryDue = s.queries ? now : NEVER;
  domain.startsLeft = 1;
  s.domainCount++;
  return changetype<usize>(domain);
}

/** Takes `place` for a router port until `until`; 0: not any more. */
export function setRouter(s: Snooper, domain: Domain, place: u32, until: u64): void {
  store<u64>(routerUntilAt(s, domain, place), until);
  domain.routerDue = min(domain.routerDue, until == 0 ? NEVER : until);
  const routers = routersOf(s, domain);
  if (isMember(<u32>routers, place) == (until != 0)) return;
  setBit(routers, place, until != 0);
  for (let i: u32 = 0; i < s.fresh; i++) {
    const group = groupAt(s, i);
    if (group.key != 0 && group.fid == domain.fid && isIpv4(group.high, group.low) == (domain.isV6 == 0)) refreshAudience(s, group);
  }
}

export function ageRouters(s: Snooper, domain: Domain, now: u64): void {
  if (domain.routerDue > now) return;
  let next = NEVER;
  for (let place: u32 = 0; place < s.places; place++) {
    const until = load<u64>(routerUntilAt(s, domain, place));
    if (until == 0) continue;
    if (until <= now) setRouter(s, domain, place, 0);
    else next = min(next, until);
  }
  domain.routerDue = next;
}
