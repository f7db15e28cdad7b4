/** Recorded scenarios: their shape, and the switch and frames that they stand for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PortVlan, Teaming, Topology } from '../../src/topology/model.ts';
import type { Multicast } from '../../src/topology/multicast-model.ts';
import { type ReferenceConfig, switchOf } from '../model/config.ts';

/** Of the recorded switch. */
const igmpAgingSecondsDefault = 300;

interface VlanKeys {
  readonly mode?: 'access' | 'trunk' | 'native' | 'native-tagged';
  readonly vlan?: number;
  readonly trunks?: readonly number[];
}

export interface Uplinks extends VlanKeys {
  readonly members: readonly string[];
  readonly policy: 'active-backup' | 'balance-slb';
  readonly active: string;
  readonly failback?: boolean;
}

export interface FrameStep {
  readonly at_ms: number;
  readonly port: string;
  readonly frame: string;
}

export interface EventStep {
  readonly at_ms: number;
  readonly event: string;
  readonly port?: string;
  readonly vlan?: number;
  readonly mac?: string;
  readonly on?: string;
}

export interface FdbEntry {
  readonly vlan: number;
  readonly mac: string;
  readonly port: string;
  readonly static?: true;
}

export interface RecordedMirror {
  readonly name: string;
  /** `uplink` for all of them. */
  readonly ingress?: readonly string[];
  readonly egress?: readonly string[];
  readonly to: string;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly switch: {
    readonly ports: readonly (VlanKeys & { readonly name: string })[];
    readonly uplinks: Uplinks | null;
    readonly agingSeconds: number;
    readonly macTableSize?: number;
    readonly mtu?: number;
    readonly igmpSnooping?: boolean;
    readonly igmpAgingSeconds?: number;
    readonly floodUnregistered?: boolean;
    readonly mirrors?: readonly RecordedMirror[];
  };
  readonly steps: readonly (FrameStep | EventStep)[];
  readonly expect: readonly {
    readonly step: number;
    readonly out: readonly { readonly port: string; readonly frame: string }[];
    readonly active?: string | null;
  }[];
  readonly fdb: readonly { readonly after_step: number; readonly entries: readonly FdbEntry[] }[];
}

/** The scenarios of what the reference model knows. */
export function loadScenarios(): Scenario[] {
  return wholeCorpus().filter((scenario) => scenario.switch.mirrors === undefined);
}

/** Every scenario of the corpus, in the order of the files' names. */
export function wholeCorpus(): Scenario[] {
  const folder = join(import.meta.dirname, 'scenarios');
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const texts = file.endsWith('.jsonl') ? text.split('\n').filter((line) => line.trim() !== '') : [text];
      return texts.map((each) => JSON.parse(each) as Scenario);
    });
}

/** An output frame in full, as hex: the shorthand undone with the step's input. */
export function expandFrame(input: string, output: string): string {
  if (!output.startsWith('=')) return output.toLowerCase();
  const [how, tci] = output.split(':') as [string, string];
  if (how === '=') return input;
  if (how === '=-tag') return input.slice(0, 24) + input.slice(32);
  if (how === '=+tag') return `${input.slice(0, 24)}8100${tci}${input.slice(24)}`;
  if (how === '=~tag') return input.slice(0, 28) + tci + input.slice(32);
  throw new Error(`unknown shorthand ${output}`);
}

function vlanOf({ mode, vlan, trunks }: VlanKeys): PortVlan {
  if (mode === undefined) return { mode: 'transparent' };
  if (mode === 'access') return { mode, vid: vlan! };
  const vids = trunks?.map((vid) => ({ first: vid, last: vid })) ?? [{ first: 1, last: 4094 }];
  const native = mode === 'trunk' ? {} : { native: vlan! };
  return { mode: 'trunk', vids, ...native, nativeTagged: mode === 'native-tagged' };
}

/**
 * Active-backup has one active member and the others in reserve; balance-slb has all of them active, its first one first.
 * The recorded team stays where it is unless the scenario says that it does not.
 */
function teamOf({ members, active, policy, failback = false }: Uplinks): Teaming {
  const others = members.filter((member) => member !== active);
  if (policy === 'active-backup') return { policy: 'port-id', active: [active], standby: others, failback };
  return { policy: 'port-id', active: [active, ...others], standby: [], failback };
}

/**
 * How a switch of ours is set for a scenario. `ours`: nothing but what the scenario says, all else by default. `theirs`: where
 * we have a choice, as the recorded switch chose: with balance-slb it takes floods on its active member and unicast on any.
 */
export type Setting = 'ours' | 'theirs';

export function configOf({ switch: recorded }: Scenario, setting: Setting): ReferenceConfig {
  const { ports, uplinks, agingSeconds, macTableSize = 1024, mtu = 1500 } = recorded;
  const vnics = ports.map((port) => ({ name: port.name, kind: 'vnic' as const, vlan: vlanOf(port) }));
  const members = uplinks?.members ?? [];
  const outer = members.map((name) => ({ name, kind: 'uplink' as const, vlan: vlanOf(uplinks!) }));
  return switchOf([...vnics, ...outer], {
    ...(uplinks !== null && { teaming: teamOf(uplinks) }),
    ...(setting === 'theirs' && uplinks?.policy === 'balance-slb' && { receivers: 'active', rpf: 'off' }),
    ageNs: BigInt(agingSeconds) * 1_000_000_000n,
    entriesMax: macTableSize,
    mtu,
  });
}

/** Whether the switch looks at IGMP, which the reference model does not. */
export function snoops({ switch: { igmpSnooping = false } }: Scenario): boolean {
  return igmpSnooping;
}

/** The topology of a lone switch, with what the scenario says of groups. */
export function withGroups(topology: Topology, { switch: recorded }: Scenario): Topology {
  if (recorded.igmpSnooping !== true) return topology;
  const multicast: Multicast = {
    mode: 'snooping',
    querier: null,
    floodUnregistered: recorded.floodUnregistered ?? true,
    ageingNs: (recorded.igmpAgingSeconds ?? igmpAgingSecondsDefault) * 1e9,
    fastLeave: true,
    versions: { igmp: 2, mld: 1 },
    groupsMax: 1024,
    routerPorts: [],
  };
  const hosts = topology.hosts.map((host) => ({
    ...host,
    vswitches: host.vswitches.map((vswitch) => ({ ...vswitch, multicast })),
  }));
  return { ...topology, hosts };
}
