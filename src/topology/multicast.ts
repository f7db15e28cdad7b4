/** What a switch makes of groups, and which ones guests join: defaults, and what contradicts itself. */
import type { Host, PhysicalPort } from './model.ts';
import { groupsOfGuestMax, type Listening, type Multicast } from './multicast-model.ts';
import type { ListenerEntry, MulticastEntry } from './multicast-schema.ts';
import type { Path, Problems } from './problem.ts';
import { hint } from './suggestion.ts';

/** RFC 2236, 8.2 and 8.4: query interval, and group membership interval. */
const intervalNsDefault = 125e9;
const ageingSecondsDefault = 260;
/** Who is asked answers within so long, or within half of the interval (core/querier.ts). */
const responseNsMax = 10e9;
const groupsMaxDefault = 1024;
const snoopingOnly = ['querier', 'floodUnregistered', 'ageing', 'fastLeave', 'versions'] as const;

/** To be spread into a switch: nothing where groups are flooded. */
export function multicastOf(
  entry: MulticastEntry | undefined,
  switchPath: Path,
  problems: Problems,
): { multicast?: Multicast } {
  if (entry === undefined) return {};
  const path = [...switchPath, 'multicast'];
  const mode = entry.mode ?? 'snooping';
  if (mode !== 'snooping') {
    for (const key of snoopingOnly) {
      if (entry[key] === undefined) continue;
      problems.add([...path, key], `${key} goes with mode: snooping; leave it out with ${mode}`, 'key');
    }
  }
  if (mode === 'flood') {
    for (const key of ['max', 'routerPorts'] as const) {
      if (entry[key] !== undefined) problems.add([...path, key], `${key} has no use with flood; leave it out`, 'key');
    }
    return {};
  }
  const ageingSeconds = entry.ageing ?? ageingSecondsDefault;
  const querier =
    entry.querier === undefined || entry.querier.on === false
      ? null
      : { intervalNs: entry.querier.interval ?? intervalNsDefault, address: entry.querier.address ?? null };
  const answeredNs = querier === null ? 0 : querier.intervalNs + Math.min(responseNsMax, querier.intervalNs / 2);
  if (querier !== null && ageingSeconds * 1e9 <= answeredNs) {
    const why = `members are forgotten after ${ageingSeconds}s, asked every ${querier.intervalNs / 1e9}s and answer within ${(answeredNs - querier.intervalNs) / 1e9}s; write an ageing above two intervals`;
    problems.warn([...path, 'ageing'], why);
  }
  const multicast: Multicast = {
    mode,
    querier,
    floodUnregistered: mode === 'snooping' && (entry.floodUnregistered ?? true),
    ageingNs: ageingSeconds * 1e9,
    fastLeave: entry.fastLeave ?? false,
    versions: { igmp: (entry.versions?.igmp ?? 2) as 1 | 2 | 3, mld: (entry.versions?.mld ?? 1) as 1 | 2 },
    groupsMax: entry.max ?? groupsMaxDefault,
    routerPorts: (entry.routerPorts ?? []).filter((name) => name !== undefined),
  };
  return { multicast };
}

/** Router ports of a host's vSwitches are its uplinks and vNICs there. */
export function checkHostRouters({ vswitches, vms }: Host, hostPath: Path, problems: Problems): void {
  for (const { name, uplinks, multicast } of vswitches) {
    const vnics = vms.flatMap(({ nics }) => nics.filter((nic) => nic.vswitch === name).map((nic) => nic.name));
    checkRouters(multicast, [...uplinks, ...vnics], [...hostPath, 'vswitches', name], problems);
  }
}

export function checkSwitchRouters(
  multicast: Multicast | undefined,
  ports: readonly PhysicalPort[],
  path: Path,
  problems: Problems,
): void {
  checkRouters(
    multicast,
    ports.map(({ name }) => name),
    path,
    problems,
  );
}

function checkRouters(
  multicast: Multicast | undefined,
  known: readonly string[],
  path: Path,
  problems: Problems,
): void {
  for (const [i, name] of (multicast?.routerPorts ?? []).entries()) {
    if (known.includes(name)) continue;
    const why = `unknown port ${name} in routerPorts; ${hint(name, known, 'this switch has')}`;
    problems.add([...path, 'multicast', 'routerPorts', i], why);
  }
}

/** To be spread into a vNIC: nothing for a guest that joins no groups. */
export function listeningOf(
  { groups, igmp, mld }: ListenerEntry,
  path: Path,
  problems: Problems,
): { listening?: Listening } {
  if (groups === undefined) {
    for (const [key, value] of [
      ['igmp', igmp],
      ['mld', mld],
    ] as const) {
      if (value === undefined || problems.lost([...path, 'groups'], 1)) continue;
      problems.add([...path, key], `${key} goes with groups, which is missing; write groups: [] for none yet`, 'key');
    }
    return {};
  }
  if (groups.length > groupsOfGuestMax)
    problems.add([...path, 'groups'], `too many groups; a guest joins at most ${groupsOfGuestMax}`);
  const joined: string[] = [];
  for (const [i, group] of groups.entries()) {
    if (group === undefined) continue;
    if (joined.includes(group)) problems.add([...path, 'groups', i], `${group} stands twice; each group once`);
    joined.push(group);
  }
  return { listening: { groups: joined, igmp: (igmp ?? 2) as 1 | 2 | 3, mld: (mld ?? 2) as 1 | 2 } };
}
