/**
 * The virtual switches of a host: their uplinks, teaming and VLANs.
 */
import { mtuDefault, tableOf, transparent } from './bridge.ts';
import type { PortGroup, PortVlan, Teaming, VSwitch } from './model.ts';
import type { Path, Problems } from './problem.ts';
import type { HostEntry, VSwitchEntry } from './schema.ts';
import { hint, listed } from './suggestion.ts';
import { portVlan, union, vlansOf } from './vlan.ts';

export function vswitchesOf(host: HostEntry, hostPath: Path, problems: Problems): VSwitch[] {
  const hostUplinks = Object.keys(host.uplinks ?? {});
  const entries = Object.entries(host.vswitches ?? {});
  const takenBy = new Map<string, string>();
  return entries.map(([name, entry]) => {
    const path = [...hostPath, 'vswitches', name];
    const uplinks = uplinksOf(entry, entries.length === 1, hostUplinks, path, problems);
    for (const [i, uplink] of uplinks.entries()) {
      const other = takenBy.get(uplink);
      if (other !== undefined && other !== name) {
        const why = `${uplink} belongs to ${other} already; an uplink belongs to one vSwitch (rule R17)`;
        problems.add([...path, 'uplinks', i], why);
      }
      takenBy.set(uplink, name);
    }
    const portGroups = portGroupsOf(entry, path, problems);
    return {
      name,
      uplinks,
      macModel: entry.macModel ?? 'learning',
      teaming: teamingOf(entry, uplinks, path, problems),
      uplinkVlan: uplinkVlanOf(entry, portGroups, path, problems),
      portGroups,
      table: tableOf(entry.table),
      mtu: entry.mtu ?? mtuDefault,
    };
  });
}

function uplinksOf(
  entry: VSwitchEntry,
  alone: boolean,
  hostUplinks: string[],
  path: Path,
  problems: Problems,
): string[] {
  const { uplinks } = entry;
  if (uplinks !== undefined) {
    const hostPath = path.slice(0, 2);
    const complete = !problems.lost(hostPath, 1) && !problems.lost([...hostPath, 'uplinks'], 1);
    return knownUplinks(uplinks, 'uplinks', hostUplinks, 'this host', complete, [...path, 'uplinks'], problems);
  }
  if (alone) return hostUplinks;
  if (hostUplinks.length > 0) {
    const remedy = `a host with several vSwitches says which uplinks each has; ${listed(hostUplinks)}, or [] for none`;
    problems.add([...path, 'uplinks'], `missing; ${remedy}`);
  }
  return [];
}

function teamingOf(entry: VSwitchEntry, uplinks: readonly string[], path: Path, problems: Problems): Teaming {
  const { active, standby = [] } = entry.teaming ?? {};
  const complete = !problems.lost([...path, 'uplinks'], 1) && !problems.lost([...path.slice(0, 2), 'uplinks'], 1);
  const members = (key: 'active' | 'standby', names: readonly (string | undefined)[]) =>
    knownUplinks(names, `teaming.${key}`, uplinks, 'this vSwitch', complete, [...path, 'teaming', key], problems);
  const standing = members('standby', standby);
  if (active === undefined) {
    return { policy: 'port-id', active: uplinks.filter((name) => !standing.includes(name)), standby: standing };
  }
  for (const [i, name] of standby.entries()) {
    if (name !== undefined && active.includes(name)) {
      problems.add([...path, 'teaming', 'standby', i], `${name} is active too; an uplink is active, standby or unused`);
    }
  }
  return { policy: 'port-id', active: members('active', active), standby: standing };
}

/** The names of the list that exist, each once; the others are problems, unless `known` is known to be incomplete. */
function knownUplinks(
  names: readonly (string | undefined)[],
  listName: string,
  known: readonly string[],
  owner: string,
  complete: boolean,
  path: Path,
  problems: Problems,
): string[] {
  const result: string[] = [];
  for (const [i, name] of names.entries()) {
    if (name === undefined) continue;
    if (result.includes(name)) {
      problems.add([...path, i], `${name} stands twice in ${listName}; each uplink once`);
    } else if (known.includes(name)) {
      result.push(name);
    } else if (complete) {
      problems.add([...path, i], `unknown uplink ${name} in ${listName}; ${hint(name, known, `${owner} has`)}`);
    }
  }
  return result;
}

function portGroupsOf(entry: VSwitchEntry, path: Path, problems: Problems): PortGroup[] {
  const groups = Object.entries(entry.portGroups ?? {});
  const unset: PortVlan = hasVlans(entry) ? { mode: 'access', vid: 0 } : transparent;
  return groups.map(([name, keys]) => ({
    name,
    vlan: portVlan(keys, unset, [...path, 'portGroups', name], problems),
  }));
}

function hasVlans(entry: VSwitchEntry): boolean {
  return Object.values(entry.portGroups ?? {}).some(({ vlan }) => vlan !== undefined);
}

function uplinkVlanOf(entry: VSwitchEntry, groups: readonly PortGroup[], path: Path, problems: Problems): PortVlan {
  if (hasVlans(entry)) {
    const vids = entry.uplinkVlans ?? union(groups.flatMap(({ vlan }) => vlansOf(vlan)));
    return { mode: 'trunk', vids, nativeTagged: false };
  }
  if (entry.uplinkVlans !== undefined && !problems.lost([...path, 'portGroups'], 2)) {
    problems.add([...path, 'uplinkVlans'], 'no port group has a vlan, so that tags pass unread; give one a vlan');
  }
  return transparent;
}
