/**
 * The port groups of a vSwitch: what the ports of their vNICs are like.
 */
import { mtuDefault, transparent } from './bridge.ts';
import type { Lag, MacModel, PortGroup, PortVlan, Teaming } from './model.ts';
import { groupPolicyBase, policyOf } from './policy.ts';
import type { Problems } from './problem.ts';
import type { PrivateVlans } from './pvlan.ts';
import { shapingOf } from './shaping.ts';
import { tagRules } from './tag.ts';
import { groupTeamingOf, type Uplinks } from './teaming.ts';
import { portVlan } from './vlan.ts';
import type { VSwitchEntry } from './vswitch-schema.ts';

/** What a port group takes over from its vSwitch. */
export interface Inherited {
  readonly macModel: MacModel;
  readonly teaming: Teaming;
  readonly lag: Lag | null;
  readonly privateVlans: PrivateVlans;
}

export function portGroupsOf(
  entry: VSwitchEntry,
  { macModel, teaming, lag, privateVlans }: Inherited,
  uplinks: Uplinks,
  problems: Problems,
): PortGroup[] {
  const unset: PortVlan = hasVlans(entry) ? { mode: 'access', vid: 0 } : transparent;
  const policy = groupPolicyBase(entry, macModel);
  return Object.entries(entry.portGroups ?? {}).map(([name, keys]) => {
    const path = [...uplinks.path, 'portGroups', name];
    const vlan = portVlan(keys, unset, path, problems, privateVlans.receives);
    return {
      name,
      vlan,
      tags: tagRules(keys, vlan, path, problems),
      policy: policyOf(keys, policy, path, problems),
      teaming: groupTeamingOf(keys.teaming, teaming, lag, path, uplinks, problems),
      ...shapingOf(keys, entry.mtu ?? mtuDefault, path, problems),
    };
  });
}

/** Whether tags mean anything to the vSwitch. */
export function hasVlans(entry: VSwitchEntry): boolean {
  return Object.values(entry.portGroups ?? {}).some(({ vlan }) => vlan !== undefined);
}
