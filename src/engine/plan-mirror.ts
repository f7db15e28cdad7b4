/** What a switch needs in memory for its mirrors. */
import type { Mirror } from '../topology/mirror-model.ts';
import type { Topology } from '../topology/model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import type { Space } from './space.ts';

export interface PlannedMirror {
  readonly mirror: Mirror;
  /** Its place among the switch's mirrors. */
  readonly number: number;
  readonly address: number;
  /** 4096 bits: only frames of these VLANs; 0: of all. */
  readonly vlansAt: number;
}

export interface PlannedMirrors {
  readonly mirrors: readonly PlannedMirror[];
  /** RSPAN VLANs, those of all switches. */
  readonly remoteVlans: readonly number[];
  /** 4096 bits for them; 0: there are none. */
  readonly remoteAt: number;
  /** 4096 bits, none set: the VLANs that a port for copies carries. */
  readonly noVlansAt: number;
}

/** VLANs that carry the copies of some switch: nobody learns in them, wherever they are. */
export function remoteVlansOf({ hosts, switches }: Topology): number[] {
  const all = [...hosts.flatMap(({ vswitches }) => vswitches), ...switches].flatMap(({ mirrors = [] }) => mirrors);
  const vids = all.flatMap(({ to }) => ('vlan' in to ? [to.vlan] : []));
  return [...new Set(vids)].sort((a, b) => a - b);
}

/** Nothing where the switch has no mirror and there is no RSPAN VLAN. */
export function planMirrors(
  space: Space,
  { mirrors = [] }: DraftSwitch,
  remoteVlans: readonly number[],
): { readonly mirroring?: PlannedMirrors } {
  if (mirrors.length === 0 && remoteVlans.length === 0) return {};
  const first = space.reserve('mirrors', mirrors.length * L.Mirror_BYTES);
  const set = () => space.reserve('VLAN sets', L.MEMBERS_BYTES);
  const mirroring = {
    mirrors: mirrors.map((mirror, number) => ({
      mirror,
      number,
      address: first + number * L.Mirror_BYTES,
      vlansAt: mirror.vlans === null ? 0 : set(),
    })),
    remoteVlans,
    remoteAt: remoteVlans.length > 0 ? set() : 0,
    noVlansAt: mirrors.some(({ to }) => 'port' in to) ? set() : 0,
  };
  return { mirroring };
}

/** Whether copies go to a port, which then has no station. */
export function isMirrorPort(name: string, mirroring: PlannedMirrors | undefined): boolean {
  return (mirroring?.mirrors ?? []).some(({ mirror: { to } }) => 'port' in to && to.port === name);
}
