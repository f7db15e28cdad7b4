/** What a port's VLAN setting says about a frame, for the reference model. */
import type { PortVlan, VlanRange } from '../../src/topology/model.ts';
import type { ReferencePort } from './config.ts';
import { customerTag, outerTag, serviceTag, startsWithTag, type Tag, u16At, withoutTag, withTag } from './frame.ts';

const vidReserved = 4095;

type TagPort = Pick<ReferencePort, 'vlan' | 'tags'>;

export function isListed(ranges: readonly VlanRange[], vid: number): boolean {
  return ranges.some(({ first, last }) => first <= vid && vid <= last);
}

/** Transparent and tunnel ports take tags for payload. */
function readsTags({ mode }: PortVlan): boolean {
  return mode !== 'transparent' && mode !== 'tunnel';
}

/** Whether frames of `vid` may leave by the port. The native VLAN is carried even if the list lacks it. */
export function carries(vlan: PortVlan, vid: number): boolean {
  if (vlan.mode === 'transparent') return true;
  if (vlan.mode === 'private') return vlan.receives.includes(vid);
  if (vlan.mode === 'trunk') return vid === vlan.native || isListed(vlan.vids, vid);
  return vid === vlan.vid;
}

/** The VLAN of a frame that comes in untagged, if the port has one. */
export function untaggedIn(vlan: PortVlan): number | undefined {
  if (vlan.mode === 'transparent') return 0;
  if (vlan.mode === 'trunk') return vlan.native ?? (isListed(vlan.vids, 0) ? 0 : undefined);
  return vlan.vid;
}

/** Whether frames of `vid` leave by the port without a tag of this switch. */
export function leavesUntagged(vlan: PortVlan, vid: number): boolean {
  if (vlan.mode !== 'trunk') return true;
  return vid === untaggedIn(vlan) && !(vlan.native !== undefined && vlan.nativeTagged);
}

/** Why a frame is too short or too long for the port, if it is. */
export function lengthFault(port: TagPort, bytes: Uint8Array, mtu: number): 'runt' | 'giant' | undefined {
  const { tpid } = port.tags;
  if (bytes.length < 14) return 'runt';
  if (readsTags(port.vlan) && startsWithTag(bytes, tpid) && bytes.length < 18) return 'runt';
  return bytes.length > mtu + 14 + tagBytes(port, bytes) ? 'giant' : undefined;
}

/** By how many bytes of tags a frame may be longer. */
function tagBytes({ vlan, tags: { tpid } }: TagPort, bytes: Uint8Array): number {
  const isService = readsTags(vlan) && tpid === serviceTag && outerTag(bytes, serviceTag) !== undefined;
  if (isService) return u16At(bytes, 16) === customerTag ? 8 : 4;
  return outerTag(bytes) === undefined ? 0 : 4;
}

/** The VLAN that a frame belongs to when it comes in by the port, or why it may not. */
export function classify(
  { vlan, tags }: TagPort,
  bytes: Uint8Array,
): number | 'vid_reserved' | 'frame_type' | 'vlan_not_member' {
  if (vlan.mode === 'transparent') return 0;
  if (vlan.mode === 'tunnel') return vlan.vid;
  const vid = outerTag(bytes, tags.tpid)?.vid ?? 0;
  if (vid === 0) {
    if (tags.accepts === 'tagged') return 'frame_type';
    return untaggedIn(vlan) ?? 'vlan_not_member';
  }
  if (vid === vidReserved) return 'vid_reserved';
  if (tags.accepts === 'untagged') return 'frame_type';
  if (vlan.mode !== 'trunk' && tags.accepts === 'default') return 'vlan_not_member';
  const isMember = vlan.mode === 'trunk' ? carries(vlan, vid) : vid === vlan.vid;
  return isMember || !tags.ingressFilter ? vid : 'vlan_not_member';
}

/** The tag that a frame brings into the switch; what a tunnel port takes in has none of this switch's. */
function tagIn({ vlan, tags }: TagPort, bytes: Uint8Array): Tag | undefined {
  if (vlan.mode === 'tunnel') return undefined;
  return outerTag(bytes, vlan.mode === 'transparent' ? customerTag : tags.tpid);
}

export interface Retagged {
  readonly bytes: Uint8Array;
  readonly lostTag: boolean;
}

/** The frame that came in by `from` as it leaves by `to` in VLAN `vid`: a tag keeps its priority, a new one has priority 0. */
export function retag(from: TagPort, to: TagPort, vid: number, bytes: Uint8Array): Retagged {
  if (to.vlan.mode === 'transparent') return { bytes, lostTag: false };
  const tag = tagIn(from, bytes);
  const untagged = tag === undefined ? bytes : withoutTag(bytes);
  if (leavesUntagged(to.vlan, vid)) return { bytes: untagged, lostTag: tag !== undefined };
  return { bytes: withTag(untagged, to.tags.tpid, vid | (tag?.priority ?? 0)), lostTag: false };
}
