/**
 * What a vSwitch may be told although it is hardly wanted: one warning each.
 */
import type { PortGroup, VSwitch } from './model.ts';
import type { Path, Problems } from './problem.ts';
import { difference, vidMax, vlansOf, vlanText } from './vlan.ts';
import type { VSwitchEntry } from './vswitch-schema.ts';

/** The vSwitch as written at `path`, and what became of it. */
export function cautionVswitch(entry: VSwitchEntry, vswitch: VSwitch, path: Path, problems: Problems): void {
  const inUse = new Set([vswitch, ...vswitch.portGroups].flatMap(({ teaming }) => teaming.active)).size;
  // The partner of a LAG sends one copy, whatever the vSwitch makes of it.
  const mayRepeat = inUse > 1 && vswitch.lag === null;
  if (mayRepeat && vswitch.rpf !== 'strict') {
    const why = `unicast that the outside floods comes in by ${inUse} uplinks, and more than one copy is taken; rpf: strict takes one`;
    problems.warn([...path, 'rpf'], why);
  }
  if (vswitch.rpfGraceMs > 0 && vswitch.rpf !== 'strict') {
    problems.warn([...path, 'rpfGrace'], `no effect with rpf: ${vswitch.rpf}, which asks for no pin; leave it out`);
  }
  if (vswitch.lag !== null) {
    for (const key of ['receivers', 'rpf'] as const) {
      if (entry[key] === undefined) continue;
      problems.warn([...path, key], 'no effect with a LAG, which is one uplink (R18); leave it out');
    }
  }
  for (const { teaming, name } of [{ teaming: vswitch.teaming, name: null }, ...vswitch.portGroups]) {
    if (vswitch.uplinks.length === 0 || teaming.active.length > 0) continue;
    if (name !== null && teaming === vswitch.teaming) continue;
    const where = name === null ? path : [...path, 'portGroups', name];
    problems.warn(
      [...where, 'teaming', 'active'],
      'no uplink is active, and standby ones only replace active ones: nothing goes outside',
    );
  }
  for (const group of vswitch.portGroups) {
    const groupPath = [...path, 'portGroups', group.name];
    const own = entry.portGroups?.[group.name];
    if (mayRepeat)
      cautionPromiscuous(vswitch, group, own?.security?.promiscuous === undefined ? path : groupPath, problems);
    cautionLearning(vswitch, group, groupPath, problems);
    // One that an event adds brings its VLANs along.
    if (own?.absent === true && entry.uplinkVlans === undefined) continue;
    if (own?.vlan === undefined) cautionVlan(vswitch, group, groupPath, problems);
    else cautionVlan(vswitch, group, [...groupPath, 'vlan'], problems);
  }
}

function cautionPromiscuous({ receivers, rpf }: VSwitch, group: PortGroup, path: Path, problems: Problems): void {
  if (!group.policy.promiscuous || (receivers !== 'per-recipient' && rpf === 'strict')) return;
  const setting = rpf === 'strict' ? 'receivers: per-recipient' : `rpf: ${rpf}`;
  const why = `with ${setting}, frames come in by several uplinks, and a promiscuous vNIC gets them more than once`;
  problems.warn([...path, 'security', 'promiscuous'], why);
}

function cautionLearning({ macModel }: VSwitch, { policy }: PortGroup, path: Path, problems: Problems): void {
  if (macModel === 'learning' || !policy.learning || policy.forgedTransmits) return;
  const why =
    "forgedTransmits is reject: no address but the vNIC's own gets in to be learned; accept it, or do not learn";
  problems.warn([...path, 'learning'], why);
}

function cautionVlan({ uplinks, uplinkVlan }: VSwitch, { vlan }: PortGroup, path: Path, problems: Problems): void {
  if (uplinks.length === 0) return;
  const vlans = vlansOf(vlan);
  const left = difference(vlans, vlansOf(uplinkVlan));
  // Who writes 4095 or 1-4094 wants whatever there is.
  const takesAll = difference([{ first: 1, last: vidMax }], vlans).length === 0;
  if (left.length === 0 || takesAll) return;
  problems.warn(
    path,
    `the uplinks do not carry VLAN ${vlanText(left)}, which stays on the host; add it to uplinkVlans`,
  );
}
