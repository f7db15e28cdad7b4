/** LINKTYPE_ numbers (draft-ietf-opsawg-pcaplinktype) that captures commonly carry, for refusing them by name. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'BSD loopback'],
  [1, 'Ethernet'],
  [3, 'AX.25'],
  [6, 'Token Ring'],
  [7, 'ARCNET'],
  [8, 'SLIP'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [50, 'PPP in HDLC framing'],
  [51, 'PPPoE'],
  [100, 'LLC over ATM'],
  [101, 'RAW IP'],
  [104, 'Cisco HDLC'],
  [105, 'IEEE 802.11'],
  [107, 'Frame Relay'],
  [108, 'OpenBSD loopback'],
  [113, 'Linux cooked v1'],
  [117, 'OpenBSD pflog'],
  [119, 'IEEE 802.11 with Prism header'],
  [127, 'IEEE 802.11 with radiotap'],
  [163, 'IEEE 802.11 with AVS header'],
  [187, 'Bluetooth HCI'],
  [189, 'Linux USB'],
  [192, 'PPI'],
  [195, 'IEEE 802.15.4'],
  [201, 'Bluetooth HCI with direction'],
  [220, 'Linux USB, padded'],
  [227, 'SocketCAN'],
  [228, 'RAW IPv4'],
  [229, 'RAW IPv6'],
  [239, 'Linux NFLOG'],
  [249, 'USBPcap'],
  [253, 'Linux Netlink'],
  [274, 'Ethernet mPackets'],
  [276, 'Linux cooked v2'],
]);

export const LINKTYPE_ETHERNET = 1;

// LINKTYPE_USER0 to LINKTYPE_USER15 are set aside for private use.
const USER_MIN = 147;
const USER_MAX = 162;

/** The name of a link type for a message, such as `RAW IP`; `unknown` when it is not a common one. */
export function linkTypeName(linkType: number): string {
  if (linkType >= USER_MIN && linkType <= USER_MAX) return `private use ${linkType - USER_MIN}`;
  return NAMES.get(linkType) ?? 'unknown';
}

/** Link types to accept. */
export type LinkTypes = readonly number[] | 'any';

export function isAccepted(linkType: number, accepted: LinkTypes): boolean {
  return accepted === 'any' || accepted.includes(linkType);
}

/** What is wrong with a link type that is not accepted: `link type 101 (RAW IP) is not Ethernet`. */
export function linkTypeRefusal(linkType: number, accepted: LinkTypes): string {
  const names = accepted === 'any' ? [] : accepted.map(linkTypeName);
  return `link type ${linkType} (${linkTypeName(linkType)}) is not ${names.join(' or ')}`;
}
