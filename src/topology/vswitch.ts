/**
 * The virtual switches of a host, with their uplinks and port groups.
 */
import { mtuDefault, tableOf, transparent } from './bridge.ts';
import { cautionVswitch } from './caution.ts';
import { tagRulesDefault } from './defaults.ts';
import { sharedVlansOf } from './fid.ts';
import { flowSettings } from './flow.ts';
import { lagOf } from './lag.ts';
import { lldpOf } from './lldp.ts';
import type { PortGroup, PortVlan, VSwitch } from './model.ts';
import { multicastOf } from './multicast.ts';
import { suppressionOf } from './neighbour-schema.ts';
import { uplinkPolicyOf } from './policy.ts';
import { hasVlans, portGroupsOf } from './port-group.ts';
import type { Path, Problems } from './problem.ts';
import { type PrivateVlans, privateVlansOf } from './pvlan.ts';
import type { HostEntry } from './schema.ts';
import { uplinkShapingOf } from './shaping.ts';
import { tpids } from './tag.ts';
import { careOf, teamingOf, type Uplinks } from './teaming.ts';
import { uplinksOf } from './uplink.ts';
import { allVlans, union, vlansOf } from './vlan.ts';
import type { VSwitchEntry } from './vswitch-schema.ts';

export function vswitchesOf(host: HostEntry, hostPath: Path, problems: Problems): VSwitch[] {
  const entries = Object.entries(host.vswitches ?? {});
  const takenBy = new Map<string, string>();
  return entries.map(([name, entry]) => {
    const path = [...hostPath, 'vswitches', name];
    const uplinks = uplinksOf(entry, entries.length === 1, host, path, problems);
    for (const [i, uplink] of uplinks.entries()) {
      const other = takenBy.get(uplink);
      if (other !== undefined && other !== name) {
        const why = `${uplink} belongs to ${other} already; an uplink belongs to one vSwitch (rule R17)`;
        problems.add([...path, 'uplinks', i], why);
      }
      takenBy.set(uplink, name);
    }
    const vswitch = vswitchOf(name, entry, { names: uplinks, path }, problems);
    cautionVswitch(entry, vswitch, path, problems);
    return vswitch;
  });
}

function vswitchOf(name: string, entry: VSwitchEntry, uplinks: Uplinks, problems: Problems): VSwitch {
  const { path } = uplinks;
  const macModel = entry.macModel ?? 'learning';
  const teaming = teamingOf(entry.teaming, uplinks, problems);
  const lag = lagOf(entry.teaming, teaming, uplinks, problems);
  const privateVlans = privateVlansOf(entry.privateVlans, [...path, 'privateVlans'], problems);
  const portGroups = portGroupsOf(entry, { macModel, teaming, lag, privateVlans }, uplinks, problems);
  const uplinkVlan = uplinkVlanOf(entry, portGroups, privateVlans, path, problems);
  return {
    name,
    uplinks: uplinks.names,
    macModel,
    teaming,
    care: careOf(entry.teaming, uplinks, problems),
    lag,
    uplinkVlan,
    uplinkTags: { ...tagRulesDefault, tpid: tpids[entry.uplinkTag ?? 'c'] },
    uplinkPolicy: uplinkPolicyOf(entry, macModel),
    ...uplinkShapingOf(entry, entry.mtu ?? mtuDefault, path, problems),
    portGroups,
    receivers: entry.receivers ?? 'per-vlan',
    rpf: entry.rpf ?? 'strict',
    rpfGraceMs: entry.rpfGrace ?? 0,
    floodUnknown: entry.unknownFromOutside ?? (macModel === 'learning' ? allVlans : []),
    sharedVlans: sharedVlansOf(entry.sharedVlans, privateVlans.families, [...path, 'sharedVlans'], problems),
    padding: entry.padding ?? false,
    ...lldpOf(entry.lldp),
    ...multicastOf(entry.multicast, path, problems),
    ...suppressionOf(entry.neighbourSuppression),
    table: tableOf(entry.table, path, problems),
    mtu: entry.mtu ?? mtuDefault,
    ...(entry.flows !== undefined && { flows: flowSettings(entry.flows) }),
  };
}

function uplinkVlanOf(
  entry: VSwitchEntry,
  groups: readonly PortGroup[],
  { families }: PrivateVlans,
  path: Path,
  problems: Problems,
): PortVlan {
  if (!hasVlans(entry)) {
    refuseVlanKeys(entry, path, problems);
    return transparent;
  }
  const paired = families.flat().map((vid) => ({ first: vid, last: vid }));
  const present = groups.filter(({ name }) => entry.portGroups?.[name]?.absent !== true);
  const vids = entry.uplinkVlans ?? union([...present.flatMap(({ vlan }) => vlansOf(vlan)), ...paired]);
  return { mode: 'trunk', vids, nativeTagged: false };
}

/** Keys that speak of VLANs where there is none. */
function refuseVlanKeys(entry: VSwitchEntry, path: Path, problems: Problems): void {
  if (problems.lost([...path, 'portGroups'], 2)) return;
  for (const key of ['uplinkVlans', 'uplinkTag', 'privateVlans', 'sharedVlans'] as const) {
    if (entry[key] === undefined) continue;
    problems.add([...path, key], 'no port group has a vlan, so that tags pass unread; give one a vlan');
  }
}
