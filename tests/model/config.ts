/** What the reference model is told of a switch: the words of topology/model.ts, without the files, machines and cables around it. */
import { careDefault, policyDefault, tagRulesDefault, teamingDefault } from '../../src/topology/defaults.ts';
import type {
  MacModel,
  PortPolicy,
  PortVlan,
  TableFull,
  TagRules,
  Teaming,
  VlanRange,
} from '../../src/topology/model.ts';

export interface ReferencePort {
  readonly name: string;
  readonly kind: 'vnic' | 'uplink' | 'bridge';
  readonly vlan: PortVlan;
  readonly tags: TagRules;
  readonly policy: PortPolicy;
  /** A vNIC's configured address. */
  readonly mac?: string;
  /** The address that its guest uses, where it is another. */
  readonly effectiveMac?: string;
  /** The team that carries a vNIC's frames outside, where it is not the vSwitch's. */
  readonly teaming?: Teaming;
}

export interface ReferenceConfig {
  /** Local ports first, then uplinks. Ports of kind `bridge` make a physical switch, and stand alone. */
  readonly ports: readonly ReferencePort[];
  readonly macModel: MacModel;
  readonly teaming: Teaming;
  /** R14: how many RARP frames a station whose uplink changed is announced with, 0 or 1 here. */
  readonly notify: 0 | 1;
  readonly receivers: 'per-vlan' | 'active' | 'per-recipient';
  readonly rpf: 'strict' | 'loose' | 'off';
  readonly rpfGraceMs: number;
  readonly floodUnknown: readonly VlanRange[];
  readonly sharedVlans: readonly (readonly number[])[];
  readonly padding: boolean;
  readonly ageNs: bigint;
  readonly entriesMax: number;
  readonly whenFull: TableFull;
  readonly mtu: number;
}

export const everyVid: readonly VlanRange[] = [{ first: 0, last: 4094 }];

/** A port by what is worth saying of it. */
export interface PortSpec extends Partial<Omit<ReferencePort, 'policy' | 'tags'>> {
  readonly name: string;
  readonly kind: ReferencePort['kind'];
  readonly policy?: Partial<PortPolicy>;
  readonly tags?: Partial<TagRules>;
}

/** A switch by what is worth saying of it; all else is the defaults'. Without a word on teaming all uplinks are active. */
export function switchOf(ports: readonly PortSpec[], settings: Partial<ReferenceConfig> = {}): ReferenceConfig {
  const macModel = settings.macModel ?? 'learning';
  const active = ports.filter(({ kind }) => kind === 'uplink').map(({ name }) => name);
  return {
    macModel,
    teaming: { ...teamingDefault, active, standby: [] },
    notify: careDefault.notify.repeat === 0 ? 0 : 1,
    receivers: 'per-vlan',
    rpf: 'strict',
    rpfGraceMs: 0,
    floodUnknown: macModel === 'learning' ? everyVid : [],
    sharedVlans: [],
    padding: false,
    ageNs: 300_000_000_000n,
    entriesMax: 1024,
    whenFull: 'evict',
    mtu: 1500,
    ...settings,
    ports: ports.map(({ policy, tags, vlan = { mode: 'transparent' }, ...port }) => ({
      ...port,
      vlan,
      tags: { ...tagRulesDefault, ...tags },
      policy: { ...policyDefault(macModel), ...policy },
    })),
  };
}
