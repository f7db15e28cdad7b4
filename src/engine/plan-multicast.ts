/** What a switch that looks at IGMP and MLD needs in memory, and a guest that joins groups. core/members.ts and routers.ts draw it. */
import type { PortVlan } from '../topology/model.ts';
import { groupsOfGuestMax, type Multicast } from '../topology/multicast-model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import { powerOfTwo, type Space } from './space.ts';

export interface PlannedSnooper {
  readonly multicast: Multicast;
  readonly address: number;
  /** Local ports, and one for the team. */
  readonly places: number;
  /** u64 in a set of places. */
  readonly words: number;
  readonly slots: number;
  readonly slotsAt: number;
  readonly groupsAt: number;
  readonly untilsAt: number;
  readonly setsAt: number;
  readonly domainsMax: number;
  readonly domainsAt: number;
  readonly domainUntilsAt: number;
  readonly domainSetsAt: number;
  /** Two sets: fixed routers, and one to work with. */
  readonly workAt: number;
  /** VLANs that a querier asks in from the start. */
  readonly vlans: readonly number[];
}

export interface PlannedListener {
  readonly address: number;
  readonly groupsAt: number;
}

const WHAT = 'multicast groups';
const SETS_A_GROUP = 3;
/** Domains beyond those of the ports' own VLANs: for VLANs of trunks in which somebody is heard. */
const DOMAINS_SPARE = 128;

export function planSnooper(space: Space, draft: DraftSwitch): PlannedSnooper | null {
  const { multicast } = draft;
  if (multicast === null) return null;
  const local = draft.ports.filter(({ kind }) => kind !== 'uplink');
  const places = local.length + 1;
  const words = Math.ceil(places / 64);
  const vlans = [...new Set(local.flatMap(({ vlan }) => ownVlan(vlan)))].map((vid) => fidOf(draft, vid));
  const own = [...new Set(vlans)].sort((a, b) => a - b);
  const domainsMax = 2 * own.length + DOMAINS_SPARE;
  const slots = powerOfTwo(2 * multicast.groupsMax);
  return {
    multicast,
    address: space.reserve(WHAT, L.Snooper_BYTES),
    places,
    words,
    slots,
    slotsAt: space.reserve(WHAT, slots * 4),
    groupsAt: space.reserve(WHAT, multicast.groupsMax * L.Group_BYTES),
    untilsAt: space.reserve(WHAT, multicast.groupsMax * places * 8),
    setsAt: space.reserve(WHAT, multicast.groupsMax * SETS_A_GROUP * words * 8),
    domainsMax,
    domainsAt: space.reserve(WHAT, domainsMax * L.Domain_BYTES),
    domainUntilsAt: space.reserve(WHAT, domainsMax * places * 8),
    domainSetsAt: space.reserve(WHAT, domainsMax * words * 8),
    workAt: space.reserve(WHAT, 2 * words * 8),
    vlans: own,
  };
}

export function planListener(space: Space): PlannedListener {
  return {
    address: space.reserve(WHAT, L.Listener_BYTES),
    groupsAt: space.reserve(WHAT, groupsOfGuestMax * L.Joined_BYTES),
  };
}

/** The VLAN of a port's untagged frames. */
function ownVlan(vlan: PortVlan): number[] {
  if (vlan.mode === 'transparent') return [0];
  if (vlan.mode !== 'trunk') return [vlan.vid];
  return vlan.native === undefined ? [] : [vlan.native];
}

function fidOf({ sharedVlans }: DraftSwitch, vid: number): number {
  return sharedVlans.find((vids) => vids.includes(vid))?.[0] ?? vid;
}
