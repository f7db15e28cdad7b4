/**
 * The team of a vSwitch's uplinks: who is in use, who is chosen, and how a failure is seen; and what a port group has of its own.
 */
import { careDefault, teamingDefault } from './defaults.ts';
import type { Lag, Teaming, UplinkCare } from './model.ts';
import type { Path, Problems } from './problem.ts';
import { knownUplinks, uplinksKnown } from './uplink.ts';
import type { PortGroupEntry, TeamingEntry } from './vswitch-schema.ts';

/** The vSwitch at `path`, as far as its team has to know it. */
export interface Uplinks {
  readonly names: readonly string[];
  readonly path: Path;
}

export function teamingOf(entry: TeamingEntry = {}, uplinks: Uplinks, problems: Problems): Teaming {
  const path = [...uplinks.path, 'teaming'];
  const { policy = entry.lag === undefined ? teamingDefault.policy : 'ip-hash' } = entry;
  const { failback = teamingDefault.failback } = entry;
  if (policy === 'ip-hash' && entry.lag === undefined && !problems.lost([...path, 'lag'])) {
    problems.add([...path, 'policy'], 'ip-hash needs a LAG; write lag: static, active or passive');
  }
  const standby = members('standby', entry, path, uplinks, problems) ?? [];
  const active = members('active', entry, path, uplinks, problems);
  if (active !== undefined) refuseBoth(entry.standby, entry.active, path, problems);
  return { policy, active: active ?? uplinks.names.filter((name) => !standby.includes(name)), standby, failback };
}

/** The vSwitch's teaming with what the port group at `groupPath` says instead. */
export function groupTeamingOf(
  entry: PortGroupEntry['teaming'],
  base: Teaming,
  lag: Lag | null,
  groupPath: Path,
  uplinks: Uplinks,
  problems: Problems,
): Teaming {
  if (entry === undefined) return base;
  const path = [...groupPath, 'teaming'];
  if (lag !== null) {
    problems.add(path, 'the uplinks of the vSwitch are one LAG for all; leave teaming out', 'key');
  } else if (entry.policy === 'ip-hash' && !problems.lost([...uplinks.path, 'teaming', 'lag'])) {
    problems.add([...path, 'policy'], 'ip-hash needs a LAG; write lag: in the teaming of the vSwitch');
  }
  const active = members('active', entry, path, uplinks, problems);
  const standby = members('standby', entry, path, uplinks, problems);
  if (active !== undefined && standby !== undefined) refuseBoth(entry.standby, entry.active, path, problems);
  else if (active !== undefined) refuseInherited('active', active, 'standby', base.standby, path, problems);
  else if (standby !== undefined) refuseInherited('standby', standby, 'active', base.active, path, problems);
  return {
    policy: entry.policy ?? base.policy,
    active: active ?? base.active,
    standby: standby ?? base.standby,
    failback: entry.failback ?? base.failback,
  };
}

type Lists = Pick<TeamingEntry, 'active' | 'standby'>;
type ListName = keyof Lists;

function members(key: ListName, entry: Lists, path: Path, uplinks: Uplinks, problems: Problems): string[] | undefined {
  const names = entry[key];
  if (names === undefined) return undefined;
  const complete = uplinksKnown(uplinks.path, problems);
  return knownUplinks(names, `teaming.${key}`, uplinks.names, 'this vSwitch', complete, [...path, key], problems);
}

function refuseBoth(standby: Lists['standby'] = [], active: Lists['active'] = [], path: Path, problems: Problems) {
  for (const [i, name] of standby.entries()) {
    if (name !== undefined && active.includes(name)) {
      problems.add([...path, 'standby', i], `${name} is active too; an uplink is active, standby or unused`);
    }
  }
}

/** The list that a port group does not give is the vSwitch's, and may hold the same uplink. */
function refuseInherited(
  key: ListName,
  given: readonly string[],
  other: ListName,
  inherited: readonly string[],
  path: Path,
  problems: Problems,
): void {
  for (const name of given.filter((each) => inherited.includes(each))) {
    problems.add([...path, key], `${name} is ${other} on the vSwitch; write ${other}, too, without it`);
  }
}

export function careOf(entry: TeamingEntry = {}, uplinks: Uplinks, problems: Problems): UplinkCare {
  const path = [...uplinks.path, 'teaming'];
  const { detection = careDefault.detection, notify = {} } = entry;
  const count = uplinks.names.length;
  if (detection === 'beacon' && count < 2 && uplinksKnown(uplinks.path, problems)) {
    problems.add([...path, 'detection'], 'a beacon goes from uplink to uplink; write detection: link, or add uplinks');
  } else if (detection === 'beacon' && count === 2) {
    const why = 'of two uplinks, a lost beacon does not tell which one failed; three can tell';
    problems.warn([...path, 'detection'], why);
  }
  if (entry.beaconInterval !== undefined && detection === 'link' && !problems.lost([...path, 'detection'])) {
    problems.add([...path, 'beaconInterval'], 'beaconInterval has no beacon; write detection: beacon');
  }
  return {
    detection,
    beaconNs: entry.beaconInterval ?? careDefault.beaconNs,
    upDelayNs: entry.upDelay ?? careDefault.upDelayNs,
    downDelayNs: entry.downDelay ?? careDefault.downDelayNs,
    notify: {
      repeat: notify.repeat ?? careDefault.notify.repeat,
      intervalNs: notify.interval ?? careDefault.notify.intervalNs,
    },
  };
}
