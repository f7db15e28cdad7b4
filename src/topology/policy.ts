/**
 * What a port lets its station do: a port group's or physical port's own keys over those of its switch.
 */

import type { PhysicalPortEntry, PhysicalSwitchEntry } from './bridge-schema.ts';
import { policyDefault } from './defaults.ts';
import type { MacModel, PortPolicy, StormLimits } from './model.ts';
import type { SecurityEntry, StormEntry } from './port-schema.ts';
import type { Path, Problems } from './problem.ts';
import { reservedBits } from './reserved.ts';
import type { PortGroupEntry, VSwitchEntry } from './vswitch-schema.ts';

type Choice = 'accept' | 'reject' | undefined;

/** ESXi's defaults: of a standard switch, and of a distributed one. */
const presets = {
  vss: { promiscuous: false, macChanges: true, forgedTransmits: true },
  vds: { promiscuous: false, macChanges: false, forgedTransmits: false },
};

/** The policy of a vSwitch's port groups where they say nothing. */
export function groupPolicyBase(entry: VSwitchEntry, model: MacModel): PortPolicy {
  const base = { ...policyDefault(model), ...presets[entry.preset ?? 'vss'], bpdu: entry.bpdu ?? 'pass' };
  return { ...secured(base, entry.security), relayReserved: reservedBits(entry.relayReserved, 0) };
}

/** Of the vSwitch's keys, an uplink knows those that make sense on the side of the outside. */
export function uplinkPolicyOf(entry: VSwitchEntry, model: MacModel): PortPolicy {
  const relayReserved = reservedBits(entry.relayReserved, 0);
  return { ...policyDefault(model), storm: stormOf(entry.uplinkStorm), relayReserved };
}

export function physicalPolicyBase(entry: PhysicalSwitchEntry): PortPolicy {
  return { ...policyDefault('learning'), relayReserved: reservedBits(entry.relayReserved, 0) };
}

export function policyOf(
  keys: PortGroupEntry | PhysicalPortEntry,
  base: PortPolicy,
  path: Path,
  problems: Problems,
): PortPolicy {
  const learning = keys.learning ?? base.learning;
  const { macLimit, sticky = false } = keys;
  if (!learning && !problems.lost([...path, 'learning'])) {
    const remedy = 'the port learns nothing; write learning: true';
    if (macLimit !== undefined) problems.add([...path, 'macLimit'], `macLimit limits what is learned, but ${remedy}`);
    if (sticky) problems.add([...path, 'sticky'], `sticky keeps what is learned, but ${remedy}`);
  }
  return {
    ...secured(base, keys.security),
    bpdu: keys.bpdu ?? base.bpdu,
    dhcpGuard: keys.dhcpGuard ?? base.dhcpGuard,
    routerGuard: keys.routerGuard ?? base.routerGuard,
    hairpin: keys.hairpin ?? base.hairpin,
    storm: stormOf(keys.storm),
    macLimit: macLimit === undefined ? null : { max: macLimit.max, whenFull: macLimit.whenFull ?? 'drop' },
    sticky,
    learning,
    // A registered port that learns has stations which others cannot know (ESXi, MAC learning of a distributed switch).
    floodUnknown: keys.floodUnknown ?? (base.floodUnknown || keys.learning === true),
    relayReserved: reservedBits(keys.relayReserved, base.relayReserved),
  };
}

function secured(base: PortPolicy, security: SecurityEntry = {}): PortPolicy {
  const allows = (choice: Choice, unset: boolean) => (choice === undefined ? unset : choice === 'accept');
  return {
    ...base,
    promiscuous: allows(security.promiscuous, base.promiscuous),
    macChanges: allows(security.macChanges, base.macChanges),
    forgedTransmits: allows(security.forgedTransmits, base.forgedTransmits),
    staticConflict: security.staticConflict ?? base.staticConflict,
  };
}

function stormOf(entry: StormEntry = {}): StormLimits {
  const { broadcast = null, multicast = null, unknownUnicast = null } = entry;
  return { broadcast, multicast, unknownUnicast };
}
