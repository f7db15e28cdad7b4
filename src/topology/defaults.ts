/** What a port, a team and a vSwitch are when nobody says anything: the values behind the README's table of defaults. */
import type { MacModel, PortPolicy, TagRules, Teaming, UplinkCare } from './model.ts';

export const tagRulesDefault: TagRules = { accepts: 'default', ingressFilter: true, tpid: 0x8100 };

/** The policy of a port in a switch of the given model; a physical switch learns. */
export function policyDefault(model: MacModel): PortPolicy {
  const learns = model === 'learning';
  return {
    promiscuous: false,
    macChanges: true,
    forgedTransmits: true,
    bpdu: 'pass',
    dhcpGuard: false,
    routerGuard: false,
    hairpin: false,
    storm: { broadcast: null, multicast: null, unknownUnicast: null },
    macLimit: null,
    sticky: false,
    learning: learns,
    floodUnknown: learns,
    staticConflict: 'forward',
    relayReserved: 0,
  };
}

export const teamingDefault: Omit<Teaming, 'active' | 'standby'> = { policy: 'port-id', failback: true };

export const careDefault: UplinkCare = {
  detection: 'link',
  beaconNs: 1_000_000_000,
  upDelayNs: 0,
  downDelayNs: 0,
  notify: { repeat: 1, intervalNs: 1_000_000_000 },
};

export const stormLimitDefault = 64;
