/** Shapers and shares: what keys mean together, and what the cables say to them. */
import type { Link } from './model.ts';
import type { World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { count } from './scalar.ts';
import type { Bucket, PortShaping, Share } from './shaping-model.ts';
import { otherShares } from './shaping-model.ts';
import type { BucketEntry, ShapingEntry, SharesEntry } from './shaping-schema.ts';
import { hint } from './suggestion.ts';

const burstDefault = 65_536;
const burstMax = 1e9;
/** An Ethernet header and a tag. */
const headerBytes = 18;

interface Keys {
  readonly shaping?: ShapingEntry | undefined;
  readonly priority?: 'strict' | undefined;
}

/** The token bucket at `path` of a port whose switch has that MTU. */
export function bucketOf(entry: BucketEntry, mtu: number, path: Path, problems: Problems): Bucket {
  const frame = mtu + headerBytes;
  const { average, peak = null, burst = Math.max(burstDefault, frame) } = entry;
  if (peak !== null && peak < average) {
    const why = `${bits(peak)} is below the average of ${bits(average)}; write at least ${bits(average)}, or leave it out`;
    problems.add([...path, 'peak'], why);
  }
  if (burst < frame) {
    const why = `${count(burst)} bytes are less than a frame, which could never pass; write at least ${count(frame)} (MTU ${mtu} and ${headerBytes})`;
    problems.add([...path, 'burst'], why);
  } else if (burst > burstMax) {
    problems.add([...path, 'burst'], `${count(burst)} bytes are more than a bucket holds; at most ${count(burstMax)}`);
  }
  return { averageBps: average, peakBps: peak, burstBytes: burst };
}

/** The shaping of a port group or physical port, as a part of it: nothing where nothing is said. */
export function shapingOf(
  { shaping, priority }: Keys,
  mtu: number,
  path: Path,
  problems: Problems,
): { readonly shaping?: PortShaping } {
  const buckets = shaping === undefined ? {} : bucketsOf(shaping, mtu, [...path, 'shaping'], problems);
  const all: PortShaping = { ...buckets, ...(priority === 'strict' && { strict: true }) };
  return Object.keys(all).length === 0 ? {} : { shaping: all };
}

function bucketsOf(entry: ShapingEntry, mtu: number, path: Path, problems: Problems): PortShaping {
  if (entry.in === undefined && entry.out === undefined && !problems.lost(path, 2)) {
    problems.add(path, 'no direction; write in: { average: 100M }, out: or both');
  }
  return {
    ...(entry.in !== undefined && { in: bucketOf(entry.in, mtu, [...path, 'in'], problems) }),
    ...(entry.out !== undefined && { out: bucketOf(entry.out, mtu, [...path, 'out'], problems) }),
  };
}

interface UplinkKeys {
  readonly uplinkShaping?: ShapingEntry | undefined;
  readonly shares?: SharesEntry | undefined;
  readonly portGroups?: object | undefined;
}

/** The same for the uplinks of a vSwitch. */
export function uplinkShapingOf(
  entry: UplinkKeys,
  mtu: number,
  path: Path,
  problems: Problems,
): { readonly uplinkShaping?: PortShaping } {
  const { uplinkShaping, shares } = entry;
  const buckets =
    uplinkShaping === undefined ? {} : bucketsOf(uplinkShaping, mtu, [...path, 'uplinkShaping'], problems);
  const groups = Object.keys(entry.portGroups ?? {});
  const list = Object.entries(shares ?? {}).map(([name, keys]): Share => {
    const place = [...path, 'shares', name];
    if (!groups.includes(name) && !problems.lost([...path, 'portGroups'], 2)) {
      problems.add(place, `unknown port group ${name} in shares; ${hint(name, groups, 'this vSwitch has')}`, 'key');
    }
    const { reservation = null, limit = null } = keys;
    if (reservation !== null && limit !== null && limit < reservation) {
      const why = `${bits(limit)} is below the reservation of ${bits(reservation)}; write at least as much, or no limit`;
      problems.add([...place, 'limit'], why);
    }
    return {
      portGroup: name,
      shares: keys.shares ?? otherShares.shares,
      reservationBps: reservation,
      limitBps: limit,
      priority: keys.priority ?? otherShares.priority,
    };
  });
  const all: PortShaping = { ...buckets, ...(list.length > 0 && { shares: list }) };
  return Object.keys(all).length === 0 ? {} : { uplinkShaping: all };
}

/** What the cables say: reservations that there is no rate for are refused, queues that never fill are warned of. */
export function checkShaping(world: World, links: readonly Link[], problems: Problems): void {
  const rates = new Map(links.flatMap(({ a, b, rateBps }) => [[a, rateBps] as const, [b, rateBps] as const]));
  for (const host of world.hosts) {
    for (const { name, uplinks, uplinkShaping } of host.vswitches) {
      const shares = uplinkShaping?.shares;
      if (shares === undefined) continue;
      const path = ['hosts', host.name, 'vswitches', name, 'shares'];
      const given = uplinks.map((uplink) => rates.get(`${host.name}/${uplink}`) ?? null);
      const unrated = uplinks.filter((_, i) => given[i] === null);
      if (uplinks.length === 0 || (unrated.length > 0 && uplinkShaping?.out === undefined)) {
        const which = uplinks.length === 0 ? 'without an uplink' : `${unrated.join(', ')} has no cable with a rate:`;
        const why = `${which} nobody waits there, and shares and priorities decide nothing; write rate: at the uplink`;
        problems.warn(path, uplinks.length === 0 ? why.replace(': nobody', ' nobody') : why);
      }
      const least = Math.min(...given.flatMap((rate) => rate ?? []));
      const reserved = shares.reduce((sum, { reservationBps }) => sum + (reservationBps ?? 0), 0);
      if (reserved > least) {
        const slowest = uplinks[given.indexOf(least)];
        const why = `reservations of ${bits(reserved)} in all are more than ${slowest} carries, ${bits(least)}; reserve less, or make the uplink faster`;
        problems.add(path, why);
      }
    }
  }
  for (const { name, ports } of world.switches) {
    for (const port of ports) {
      if (port.shaping?.strict !== true || port.shaping.out !== undefined) continue;
      if ((rates.get(`${name}/${port.name}`) ?? null) !== null) continue;
      const why = 'its cable has no rate, so that nobody waits and priorities decide nothing; write rate: at the cable';
      problems.warn(['physical', 'switches', name, 'ports', port.name, 'priority'], why);
    }
  }
}

/** `100M`, as it would be written. */
export function bits(perSecond: number): string {
  for (const [unit, factor] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (perSecond >= factor && Number.isInteger((perSecond / factor) * 1000)) return `${perSecond / factor}${unit}`;
  }
  return `${perSecond}bps`;
}
