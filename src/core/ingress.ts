/** The way in: may this frame be here at all, and in which VLAN? */
import { UNTAGGED } from './frame';
import { VERDICT_frame_type, VERDICT_vid_reserved, VERDICT_vlan_not_member } from './generated/verdicts';
import * as P from './port';
import { isMember, NO_VID, Port } from './port';

const VID_RESERVED: i32 = 4095;

/** 01-80-C2-00-00-00 to 0F as little-endian loads see them. */
export function isReserved(mac: u64): bool {
  return (mac & 0xf0ffffffffff) == 0xc28001;
}

/** 01-80-C2-00-00-00, and 01-00-0C-CC-CC-CD of PVST+. */
export function isBpdu(mac: u64): bool {
  return mac == 0xc28001 || mac == 0xcdcccc0c0001;
}

/** The VLAN (0-4094) of a frame with outer TCI `tci`, or a verdict's number less 1, negated (802.1Q-2018 6.9.1, 8.6.2). */
export function classify(port: Port, tci: i32): i32 {
  const mode = port.vlanMode;
  if (mode == P.VLAN_TRANSPARENT) return 0;
  if (mode == P.VLAN_TUNNEL) return <i32>port.pvid;
  const vid = tci == UNTAGGED ? 0 : tci & 0xfff;
  if (vid == 0) {
    if (port.accepts == P.ACCEPT_TAGGED) return refuse(VERDICT_frame_type);
    return port.pvid == NO_VID ? refuse(VERDICT_vlan_not_member) : <i32>port.pvid;
  }
  if (vid == VID_RESERVED) return refuse(VERDICT_vid_reserved);
  if (port.accepts == P.ACCEPT_UNTAGGED) return refuse(VERDICT_frame_type);
  if (mode == P.VLAN_ACCESS || mode == P.VLAN_PRIVATE) {
    if (port.accepts == P.ACCEPT_DEFAULT) return refuse(VERDICT_vlan_not_member);
    if (<u32>vid == port.pvid) return vid;
  } else if (isMember(port.members, <u32>vid)) {
    return vid;
  }
  return port.isOpen ? vid : refuse(VERDICT_vlan_not_member);
}

// @ts-ignore: decorator
@inline
function refuse(verdict: u32): i32 {
  return -1 - <i32>verdict;
}

// @ts-ignore: decorator
@inline
export function refusal(classified: i32): u32 {
  return <u32>(-1 - classified);
}
