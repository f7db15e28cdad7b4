/** Which VLANs a port carries with a tag and without one, and what two ends carry between them. */
import type { PortVlan, VlanRange } from './model.ts';
import { allVlans, difference, union, vlansOf } from './vlan.ts';

const ALL_TAGGED: readonly VlanRange[] = [{ first: 1, last: 4094 }];

/** Ports that look at no tag that they get: transparent ones, and those of a tunnel, which put their own around it. */
export const isBlind = ({ mode }: PortVlan): boolean => mode === 'transparent' || mode === 'tunnel';

/** The VLANs whose frames may come in and go out with a tag. */
export function taggedVlans(vlan: PortVlan): readonly VlanRange[] {
  if (isBlind(vlan)) return ALL_TAGGED;
  if (vlan.mode !== 'trunk') return [];
  return vlan.native === undefined ? vlan.vids : union([...vlan.vids, { first: vlan.native, last: vlan.native }]);
}

/** The VLAN of frames that come without a tag; null where they are dropped. */
export function untaggedVlan(vlan: PortVlan): number | null {
  if (isBlind(vlan)) return 0;
  if (vlan.mode !== 'trunk') return (vlan as { readonly vid: number }).vid;
  return vlan.native ?? (vlan.vids.some(({ first }) => first === 0) ? 0 : null);
}

/** The VLAN whose frames leave without a tag; null where all have one. */
export function bareVlan(vlan: PortVlan): number | null {
  return vlan.mode === 'trunk' && vlan.nativeTagged ? null : untaggedVlan(vlan);
}

/** The VLANs that a cable between two such ports carries. */
export function carriedVlans(a: PortVlan, b: PortVlan): readonly VlanRange[] {
  if (isBlind(a)) return isBlind(b) ? allVlans : vlansOf(b);
  if (isBlind(b)) return vlansOf(a);
  const [tagged, others] = [taggedVlans(a), taggedVlans(b)];
  const both = difference(tagged, difference(tagged, others));
  const bare = [bareVlan(a), bareVlan(b)];
  const isBare = bare[0] !== null && bare[0] === bare[1];
  return isBare ? union([...both, { first: bare[0]!, last: bare[0]! }]) : both;
}
