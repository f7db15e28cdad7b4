/** Reads a switch's groups, router ports and queriers, and what a guest has joined, from the shared memory. */
import type { GroupReport, ListenerReport, MulticastReport, QuerierReport } from '../telemetry/multicast.ts';
import { groupText } from '../topology/group-address.ts';
import * as L from './generated/layout.ts';
import { ALL_ONES } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';
import type { PlannedSnooper } from './plan-multicast.ts';

const COUNTERS = {
  reports: L.Snooper_reports,
  leaves: L.Snooper_leaves,
  queriesHeard: L.Snooper_queriesHeard,
  queriesSent: L.Snooper_queriesSent,
  routerHellos: L.Snooper_routerHellos,
  malformed: L.Snooper_malformed,
  overflow: L.Snooper_overflow,
  aged: L.Snooper_aged,
  registered: L.Snooper_registered,
  unregistered: L.Snooper_unregistered,
} as const;

/** To be spread into the report of a switch: nothing where groups are flooded. */
export function observeMulticast(m: SharedMemory, sw: PlannedSwitch): { multicast?: MulticastReport } {
  const { snooper } = sw;
  if (snooper === null) return {};
  const at = snooper.address;
  const counters = Object.fromEntries(Object.entries(COUNTERS).map(([name, field]) => [name, m.count(at + field)]));
  const multicast: MulticastReport = {
    mode: snooper.multicast.mode,
    groups: groupsOf(m, sw, snooper),
    groupsMax: snooper.multicast.groupsMax,
    ...routersOf(m, sw, snooper),
    counters: counters as MulticastReport['counters'],
  };
  return { multicast };
}

function seconds(ns: bigint): number {
  return Number(ns) / 1e9;
}

function nameOf(sw: PlannedSwitch, place: number): string {
  return place === sw.localCount ? 'uplink' : sw.ports[place]!.name;
}

function addressAt(m: SharedMemory, at: number): bigint {
  return (m.u64(at) << 64n) | m.u64(at + 8);
}

function groupsOf(m: SharedMemory, sw: PlannedSwitch, snooper: PlannedSnooper): GroupReport[] {
  const now = m.u64(sw.address + L.Switch_now);
  const used = m.u32(snooper.address + L.Snooper_fresh);
  const found: { order: bigint; report: GroupReport }[] = [];
  for (let i = 0; i < used; i++) {
    const at = snooper.groupsAt + i * L.Group_BYTES;
    if (m.u64(at + L.Group_key) === 0n) continue;
    const address = addressAt(m, at + L.Group_high);
    const members = Array.from({ length: snooper.places }, (_, place) => ({
      place,
      until: m.u64(snooper.untilsAt + 8 * (i * snooper.places + place)),
    })).filter(({ until }) => until !== 0n);
    const vlan = m.u32(at + L.Group_fid);
    found.push({
      order: (BigInt(vlan) << 128n) | address,
      report: {
        vlan,
        group: groupText(address),
        version: m.u32(at + L.Group_version),
        ports: members.map(({ place, until }) => ({
          port: nameOf(sw, place),
          expiresSeconds: until === ALL_ONES ? null : seconds(until > now ? until - now : 0n),
        })),
        ageSeconds: seconds(now - m.u64(at + L.Group_sinceNs)),
        heardSeconds: seconds(now - m.u64(at + L.Group_heardNs)),
      },
    });
  }
  found.sort((a, b) => (a.order < b.order ? -1 : 1));
  return found.map(({ report }) => report);
}

function routersOf(
  m: SharedMemory,
  sw: PlannedSwitch,
  snooper: PlannedSnooper,
): Pick<MulticastReport, 'routerPorts' | 'queriers'> {
  const now = m.u64(sw.address + L.Switch_now);
  const routerPorts: MulticastReport['routerPorts'][number][] = [];
  const queriers: QuerierReport[] = [];
  for (let place = 0; place < snooper.places; place++) {
    const isFixed = ((m.u8(snooper.workAt + (place >>> 3)) >>> (place & 7)) & 1) === 1;
    const isThere = place < sw.localCount || sw.ports.length > sw.localCount;
    if (isFixed && isThere)
      routerPorts.push({ vlan: null, family: null, port: nameOf(sw, place), expiresSeconds: null });
  }
  const count = m.u32(snooper.address + L.Snooper_domainCount);
  for (let i = 0; i < count; i++) {
    const at = snooper.domainsAt + i * L.Domain_BYTES;
    const vlan = m.u32(at + L.Domain_fid);
    const family = m.u32(at + L.Domain_isV6) === 0 ? 'IPv4' : 'IPv6';
    for (let place = 0; place < snooper.places; place++) {
      const until = m.u64(snooper.domainUntilsAt + 8 * (i * snooper.places + place));
      if (until === 0n) continue;
      const expiresSeconds = seconds(until > now ? until - now : 0n);
      routerPorts.push({ vlan, family, port: nameOf(sw, place), expiresSeconds });
    }
    const isOther = m.u64(at + L.Domain_otherUntil) !== 0n;
    if (!isOther && snooper.multicast.querier === null) continue;
    const other = groupText(addressAt(m, at + L.Domain_otherHigh));
    queriers.push({ vlan, family, querier: isOther ? other : 'self' });
  }
  return { routerPorts, queriers };
}

/** To be spread into the report of a guest: nothing where it joins no groups. */
export function observeListener(m: SharedMemory, port: PlannedPort): { listener?: ListenerReport } {
  if (port.listener === null) return {};
  const { address, groupsAt } = port.listener;
  const count = m.u32(address + L.Listener_count);
  const joined = Array.from({ length: count }, (_, i) => groupsAt + i * L.Joined_BYTES);
  const groups = joined
    .filter((at) => m.u8(at + L.Joined_isLeaving) === 0)
    .map((at) => groupText(addressAt(m, at + L.Joined_high)));
  const listener = {
    groups,
    reports: m.count(address + L.Listener_reports),
    leaves: m.count(address + L.Listener_leaves),
    queries: m.count(address + L.Listener_queries),
    suppressed: m.count(address + L.Listener_suppressed),
  };
  return { listener };
}
