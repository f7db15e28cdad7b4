/** Writes what switches know of groups at the start, and the groups that guests have joined; they report them at once. */
import { groupNumber } from '../topology/group-address.ts';
import type { Topology } from '../topology/model.ts';
import { groupsOfGuestMax } from '../topology/multicast-model.ts';
import { enlist } from './enlist.ts';
import { groupMac } from './fill-group.ts';
import * as L from './generated/layout.ts';
import { hardwareMac, inFrame, macBits, NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';
import type { PlannedSnooper } from './plan-multicast.ts';

const MODE = { filter: 1, snooping: 2 } as const;
const REPEATS = 1;
/** RFC 2236, 8.4 and 8.5: a router is believed to be there for half a response less than a member, 255 s beside 260 s. */
const HALF_RESPONSE_NS = 5_000_000_000n;
const ROUTER_NS_LEAST = 255_000_000_000n;
const INTERVAL_NS = 125_000_000_000n;
const FAMILIES = [0, 1] as const;
const SEED_SHIFT = 32n;

export function fillMulticast(m: SharedMemory, plan: Plan, topology: Topology): void {
  for (const sw of plan.switches) {
    if (sw.snooper !== null) fillSnooper(m, sw, sw.snooper);
    for (const port of sw.ports) if (port.listener !== null) fillListener(m, sw, port, topology.seed);
  }
}

function fillSnooper(m: SharedMemory, sw: PlannedSwitch, snooper: PlannedSnooper): void {
  const { multicast, address: at } = snooper;
  const { querier } = multicast;
  const intervalNs = BigInt(Math.round(querier?.intervalNs ?? Number(INTERVAL_NS)));
  m.setU32(sw.address + L.Switch_snooper, at);
  m.setU8(at + L.Snooper_mode, MODE[multicast.mode]);
  m.setU8(at + L.Snooper_floodsUnregistered, multicast.floodUnregistered ? 1 : 0);
  m.setU8(at + L.Snooper_fastLeave, multicast.fastLeave ? 1 : 0);
  m.setU8(at + L.Snooper_queries, querier === null ? 0 : 1);
  m.setU8(at + L.Snooper_igmp, multicast.versions.igmp);
  m.setU8(at + L.Snooper_mld, multicast.versions.mld);
  m.setU32(at + L.Snooper_places, snooper.places);
  m.setU32(at + L.Snooper_words, snooper.words);
  m.setU32(at + L.Snooper_groupsMax, multicast.groupsMax);
  m.setU32(at + L.Snooper_groups, snooper.groupsAt);
  m.setU32(at + L.Snooper_slots, snooper.slotsAt);
  m.setU32(at + L.Snooper_slotMask, snooper.slots - 1);
  m.setU32(at + L.Snooper_slotShift, 64 - Math.log2(snooper.slots));
  m.setU32(at + L.Snooper_untils, snooper.untilsAt);
  m.setU32(at + L.Snooper_sets, snooper.setsAt);
  m.setU32(at + L.Snooper_domains, snooper.domainsAt);
  m.setU32(at + L.Snooper_domainsMax, snooper.domainsMax);
  m.setU32(at + L.Snooper_domainUntils, snooper.domainUntilsAt);
  m.setU32(at + L.Snooper_domainSets, snooper.domainSetsAt);
  m.setU32(at + L.Snooper_routersFixed, snooper.workAt);
  m.setU32(at + L.Snooper_everyone, snooper.workAt + snooper.words * 8);
  const ip = querier?.address ?? null;
  m.setU32(at + L.Snooper_ip, ip === null ? 0 : inFrame(ip));
  m.setU64(at + L.Snooper_mac, macBits(hardwareMac(sw.number, sw.ports.length)));
  m.setU64(at + L.Snooper_ageNs, BigInt(multicast.ageingNs));
  const routerNs = BigInt(multicast.ageingNs) - HALF_RESPONSE_NS;
  m.setU64(at + L.Snooper_routerNs, routerNs > ROUTER_NS_LEAST ? routerNs : ROUTER_NS_LEAST);
  m.setU64(at + L.Snooper_intervalNs, intervalNs);
  m.setU64(at + L.Snooper_askDue, NEVER);
  m.setU64(at + L.Snooper_dueNs, querier === null ? NEVER : 0n);
  for (const place of fixedPlaces(sw, snooper)) {
    const byte = snooper.workAt + (place >>> 3);
    m.setU8(byte, m.u8(byte) | (1 << (place & 7)));
  }
  if (querier === null) return;
  const domains = snooper.vlans.flatMap((vid) => FAMILIES.map((isV6) => ({ vid, isV6 })));
  m.setU32(at + L.Snooper_domainCount, domains.length);
  for (const [number, { vid, isV6 }] of domains.entries()) {
    const domain = snooper.domainsAt + number * L.Domain_BYTES;
    m.setU32(domain + L.Domain_fid, vid);
    m.setU32(domain + L.Domain_vid, vid);
    m.setU32(domain + L.Domain_isV6, isV6);
    m.setU32(domain + L.Domain_number, number);
    m.setU32(domain + L.Domain_startsLeft, 1);
    m.setU64(domain + L.Domain_routerDue, NEVER);
  }
}

/** Places that an operator names; in mode `filter` all goes outside, too. */
function fixedPlaces(sw: PlannedSwitch, { multicast }: PlannedSnooper): Set<number> {
  const own = new Map(sw.ports.map((port) => [port.name.slice(port.name.indexOf('/') + 1), port]));
  const places = multicast.routerPorts.map((name) => {
    const port = own.get(name)!;
    if (port.kind === 'uplink') return sw.localCount;
    return sw.uplinks.lags.find(({ members }) => members.includes(port.number))?.members[0] ?? port.number;
  });
  return new Set(multicast.mode === 'filter' ? [...places, sw.localCount] : places);
}

function fillListener(m: SharedMemory, sw: PlannedSwitch, port: PlannedPort, seed: number): void {
  const { address: at, groupsAt } = port.listener!;
  const { groups, igmp, mld } = port.listening!;
  m.setU32(port.guest + L.Guest_listener, at);
  m.setU32(at + L.Listener_groups, groupsAt);
  m.setU32(at + L.Listener_count, groups.length);
  m.setU32(at + L.Listener_groupsMax, groupsOfGuestMax);
  m.setU8(at + L.Listener_igmp, igmp);
  m.setU8(at + L.Listener_mld, mld);
  const own = (BigInt(sw.number) << 16n) | BigInt(port.number);
  m.setU64(at + L.Listener_chance, (BigInt(seed) << SEED_SHIFT) ^ own);
  if (groups.length === 0) m.setU64(at + L.Listener_dueNs, NEVER);
  for (const [i, text] of groups.entries()) {
    const joined = groupsAt + i * L.Joined_BYTES;
    const group = groupNumber(text)!;
    m.setU64(joined + L.Joined_high, group >> 64n);
    m.setU64(joined + L.Joined_low, BigInt.asUintN(64, group));
    m.setU64(joined + L.Joined_mac, groupMac(text));
    m.setU8(joined + L.Joined_repeatsLeft, REPEATS);
  }
  enlist(m, sw, port.guest);
}
