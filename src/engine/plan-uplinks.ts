/** What a switch needs in memory for its teams, LAGs, beacons and LACP. */
import type { Lag, Teaming } from '../topology/model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import type { Space } from './space.ts';

export interface PlannedTeam {
  readonly teaming: Teaming;
  readonly address: number;
  /** Three lists of u32, each as long as the uplinks: order, usable, formerly usable. */
  readonly listsAt: number;
  /** Source-MAC hash: two lists of 256 u32, the choices and the former ones; else 0. */
  readonly choicesAt: number;
}

export interface PlannedLag {
  readonly lag: Lag;
  readonly address: number;
  /** Two lists of u32, each as long as the members: members, those that take part. */
  readonly listsAt: number;
  /** Places of the members among the switch's ports. */
  readonly members: readonly number[];
  /** An LacpPort for each member; empty for a static LAG. */
  readonly lacpAt: readonly number[];
}

export interface PlannedUplinks {
  /** The vSwitch's own, then those of port groups that differ from it. */
  readonly teams: readonly PlannedTeam[];
  readonly lags: readonly PlannedLag[];
  readonly lagListAt: number;
  /** For each uplink a list of u64, by uplink; empty without probing. */
  readonly beaconSeenAt: readonly number[];
}

/** A u32 for each value of an address's last octet. */
const OCTETS = 256;
export const CHOICES_BYTES = OCTETS * 4;

/** Port groups that order the uplinks alike share a team. */
export const teamKey = ({ policy, active, standby, failback }: Teaming): string =>
  JSON.stringify([policy, active, standby, failback]);

export function planUplinks(space: Space, draft: DraftSwitch): PlannedUplinks {
  const uplinks = draft.ports.filter(({ kind }) => kind === 'uplink').length;
  const teamings = new Map<string, Teaming>();
  if (draft.vswitch !== null) teamings.set(teamKey(draft.vswitch.teaming), draft.vswitch.teaming);
  for (const { teaming } of draft.ports) if (teaming !== null) teamings.set(teamKey(teaming), teaming);
  // The core walks the teams as one array.
  const teamsAt = space.reserve('teams', teamings.size * L.Team_BYTES);
  const teams = [...teamings.values()].map((teaming, i) => ({
    teaming,
    address: teamsAt + i * L.Team_BYTES,
    listsAt: space.reserve('lists', uplinks * 3 * 4),
    choicesAt: teaming.policy === 'source-mac' ? space.reserve('teams', CHOICES_BYTES + OCTETS) : 0,
  }));
  const lags = lagsOf(draft).map(({ lag, members }) => ({
    lag,
    members,
    address: space.reserve('teams', L.Lag_BYTES),
    listsAt: space.reserve('lists', members.length * 2 * 4),
    lacpAt: lag.mode === 'static' ? [] : members.map(() => space.reserve('teams', L.LacpPort_BYTES)),
  }));
  const probes = draft.vswitch?.care.detection === 'beacon' ? uplinks : 0;
  return {
    teams,
    lags,
    lagListAt: space.reserve('lists', lags.length * 4),
    beaconSeenAt: Array.from({ length: probes }, () => space.reserve('teams', uplinks * 8)),
  };
}

/** A vSwitch's LAG is that of its active uplinks; a physical switch has those it names. */
function lagsOf({ vswitch, lags, ports }: DraftSwitch): { lag: Lag; members: number[] }[] {
  const place = new Map(ports.map(({ name }, i) => [name.slice(name.indexOf('/') + 1), i]));
  if (vswitch !== null) {
    if (vswitch.lag === null) return [];
    return [{ lag: vswitch.lag, members: vswitch.teaming.active.map((name) => place.get(name)!) }];
  }
  return lags.map((lag) => ({ lag, members: lag.ports.map((name) => place.get(name)!) }));
}
