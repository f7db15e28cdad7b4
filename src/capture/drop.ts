/**
 * The custom option with which our captures say why a frame on an interface `owner/DROP` died: code 2989 and the Private
 * Enterprise Number of documentation (RFC 5612), in the section's byte order, then little endian:
 *
 *     | version 1 = 1 | side 1 | verdict 2 | VLAN 2 | port: length 1, UTF-8 | owner | pin |      0xffff: no VLAN; length 0: none
 *
 * Whatever does not fit this exactly is somebody else's, since everybody may use that number.
 */

import type { CapturedDrop } from './frame.ts';
import type { OptionCursor } from './options.ts';

export const DROP_ENTERPRISE = 32473;
const VERSION = 1;
const NO_VID = 0xffff;
const ENTERPRISE_BYTES = 4;
const FIXED_BYTES = 6;

const text = new TextDecoder('utf-8', { ignoreBOM: true });

/** What a custom option (2989) says of a frame's end, or null when it is not of this kind. */
export function dropOf(option: OptionCursor): CapturedDrop | null {
  if (option.length < ENTERPRISE_BYTES + FIXED_BYTES || option.enterprise() !== DROP_ENTERPRISE) return null;
  const octets = option.octets();
  const view = new DataView(octets.buffer, octets.byteOffset + ENTERPRISE_BYTES, octets.length - ENTERPRISE_BYTES);
  const side = view.getUint8(1);
  const vid = view.getUint16(4, true);
  if (view.getUint8(0) !== VERSION || side > 1 || (vid > 0xfff && vid !== NO_VID)) return null;
  const names: (string | null)[] = [];
  let at = FIXED_BYTES;
  while (names.length < 3) {
    if (at >= view.byteLength) return null;
    const length = view.getUint8(at);
    const from = ENTERPRISE_BYTES + at + 1;
    at += 1 + length;
    if (at > view.byteLength) return null;
    names.push(length === 0 ? null : text.decode(octets.subarray(from, from + length)));
  }
  if (at !== view.byteLength) return null;
  const [port = null, owner = null, pin = null] = names;
  return {
    verdict: view.getUint16(2, true),
    side: side === 0 ? 'ingress' : 'egress',
    vid: vid === NO_VID ? null : vid,
    port,
    owner,
    pin,
  };
}
