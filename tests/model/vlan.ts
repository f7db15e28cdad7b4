/** What a port's VLAN setting says about a frame, for the reference model. */
import type { PortVlan } from '../../src/topology/model.ts';
import { outerTag, withoutTag, withTag } from './frame.ts';

const vidReserved = 4095;

function listed(vlan: PortVlan, vid: number): boolean {
  return vlan.mode === 'trunk' && vlan.vids.some(({ first, last }) => first <= vid && vid <= last);
}

/** Whether frames of `vid` may leave by the port. The native VLAN is carried even if the list lacks it. */
export function carries(vlan: PortVlan, vid: number): boolean {
  if (vlan.mode === 'transparent') return true;
  if (vlan.mode === 'access') return vid === vlan.vid;
  return vid === vlan.native || listed(vlan, vid);
}

/** The VLAN of a frame that comes in untagged, if the port has one. */
function untaggedIn(vlan: PortVlan): number | undefined {
  if (vlan.mode === 'transparent') return 0;
  if (vlan.mode === 'access') return vlan.vid;
  return vlan.native ?? (listed(vlan, 0) ? 0 : undefined);
}

/** The VLAN whose frames leave untagged, if the port has one. */
export function untaggedOut(vlan: PortVlan): number | undefined {
  return vlan.mode === 'trunk' && vlan.native !== undefined && vlan.nativeTagged ? undefined : untaggedIn(vlan);
}

/** The VLAN that a frame belongs to when it comes in by the port, or why it may not. */
export function classify(vlan: PortVlan, bytes: Uint8Array): number | 'vid_reserved' | 'vlan_not_member' {
  if (vlan.mode === 'transparent') return 0;
  const vid = outerTag(bytes)?.vid ?? 0;
  if (vid === vidReserved) return 'vid_reserved';
  if (vid === 0) return untaggedIn(vlan) ?? 'vlan_not_member';
  return vlan.mode === 'trunk' && carries(vlan, vid) ? vid : 'vlan_not_member';
}

/** The frame as it leaves by the port in VLAN `vid`. */
export function retag(vlan: PortVlan, vid: number, bytes: Uint8Array): Uint8Array {
  if (vlan.mode === 'transparent') return bytes;
  return vid === untaggedOut(vlan) ? withoutTag(bytes) : withTag(bytes, vid);
}
