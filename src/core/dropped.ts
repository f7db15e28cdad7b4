/**
 * Frames that die, captured where they do (`host/DROP`): each with its reason in words (opt_comment) and for programs (a custom
 * option under the number for documentation, RFC 5612).
 *
 *     drop=deja_vu rule=R7 port=vmnic1 vid=10 owner=web1 pin=vmnic0
 *     version 1 | side 1 | verdict 2 | VLAN 2, 0xffff: none | port, owner, pin: length 1, UTF-8
 *
 * The pieces of the text stand ready in memory, each behind an octet with its length: names of ports, and the beginning of the
 * comment for each verdict.
 */
import { begin, CapturePoint, AS_IT_IS, DIRECTION_IN, DIRECTION_OUT, end, isWanted } from './capture';
import { logicalOf } from './fdb';
import { bytesOf, lengthOf } from './frame';
import * as V from './generated/verdicts';
import { whereIs } from './guard';
import { NO_VID, Port } from './port';
import { portAt, Switch } from './switch';
import { pinFor } from './team';
import { NO_FACT } from './trace';

const MAC_MASK: u64 = 0xffffffffffff;
const VERSION: u32 = 1;
const OPTION_COMMENT: u32 = 1;
const OPTION_CUSTOM: u32 = 2989;
const ENTERPRISE: u32 = 32473;
const NO_VLAN: u32 = 0xffff;
const VID_DIGITS_MAX: u32 = 4;

/** Pieces of text for the drops of a network. */
@unmanaged
export class DropTexts {
  verdicts: u32; // list of u32: for each verdict how its comment begins, up to the name of the port
  vid: u32;
  owner: u32;
  pin: u32;
  /** Octets that comment and custom option take at most. */
  bytesMax: u32;
}

/** A frame that dies as it enters by `port`. `vid`: its VLAN, NO_VID if it has none yet. `fact`: what the check that killed it met. */
export function captureLost(sw: Switch, port: Port, descriptor: u64, verdict: u32, vid: u32, check: u32, fact: u32): void {
  const isFactPort = fact != NO_FACT && (check == V.CHECK_rpf || check == V.CHECK_designated);
  write(sw, port, descriptor, verdict, check == V.CHECK_vlan ? fact : vid, isFactPort ? portAt(sw, fact) : null, DIRECTION_IN);
}

/** A copy that dies on its way out of `port`. */
export function captureLostCopy(sw: Switch, port: Port, descriptor: u64, verdict: u32, vid: u32): void {
  write(sw, port, descriptor, verdict, vid, null, DIRECTION_OUT);
}

function write(sw: Switch, port: Port, descriptor: u64, verdict: u32, vid: u32, expected: Port | null, direction: u32): void {
  const texts = changetype<DropTexts>(<usize>sw.dropTexts);
  for (let at = sw.drops; at != 0; ) {
    const point = changetype<CapturePoint>(<usize>at);
    at = point.next;
    if ((point.directions & direction) == 0 || !isWanted(sw, point, descriptor, AS_IT_IS)) continue;
    const begun = begin(sw, point, descriptor, direction, AS_IT_IS, texts.bytesMax);
    if (begun == 0) continue;
    const owner = ownerOf(sw, descriptor, vid);
    let pin = expected;
    if (!pin && owner) pin = pinOf(owner, descriptor);
    end(point, begun, <u32>(tell(texts, begun, port, verdict, vid, owner, pin, direction) - begun));
  }
}

/** 0 stands for all frames where nothing has a VLAN. */
function isVlan(vid: u32): bool {
  return vid != 0 && vid < NO_VID;
}

/** The local port whose station the source is. */
function ownerOf(sw: Switch, descriptor: u64, vid: u32): Port | null {
  if (vid > 4094 || lengthOf(descriptor) < 14) return null;
  const entry = whereIs(sw, vid, load<u64>(bytesOf(descriptor), 6) & MAC_MASK);
  if (entry == 0 || logicalOf(entry) >= sw.localCount) return null;
  return portAt(sw, logicalOf(entry));
}

function pinOf(owner: Port, descriptor: u64): Port | null {
  if (owner.team == 0) return null;
  const pin = pinFor(owner, load<u64>(bytesOf(descriptor), 6) & MAC_MASK);
  return pin == 0 ? null : changetype<Port>(<usize>pin);
}

/** Both options; returns where they end. */
function tell(
  texts: DropTexts, from: usize, port: Port, verdict: u32, vid: u32, owner: Port | null, pin: Port | null, direction: u32,
): usize {
  let at = put(from + 4, load<u32>(<usize>texts.verdicts + (<usize>verdict << 2)));
  at = put(at, port.nameAt);
  if (isVlan(vid)) at = putNumber(put(at, texts.vid), vid);
  if (owner) at = put(put(at, texts.owner), owner.nameAt);
  if (pin) at = put(put(at, texts.pin), pin.nameAt);
  at = close(from, OPTION_COMMENT, at);

  const custom = at;
  store<u32>(at, ENTERPRISE, 4);
  store<u8>(at, <u8>VERSION, 8);
  store<u8>(at, direction == DIRECTION_IN ? 0 : 1, 9);
  store<u16>(at, <u16>verdict, 10);
  store<u16>(at, <u16>(isVlan(vid) ? vid : NO_VLAN), 12);
  at = putWithLength(at + 14, port.nameAt);
  at = putWithLength(at, owner ? owner.nameAt : 0);
  at = putWithLength(at, pin ? pin.nameAt : 0);
  return close(custom, OPTION_CUSTOM, at);
}

/** Code and length of an option whose value has been written, and its padding. */
function close(option: usize, code: u32, valueEnd: usize): usize {
  store<u16>(option, <u16>code);
  store<u16>(option, <u16>(valueEnd - option - 4), 2);
  let at = valueEnd;
  while (((at - option) & 3) != 0) {
    store<u8>(at, 0);
    at++;
  }
  return at;
}

function put(to: usize, text: u32): usize {
  const length = load<u8>(<usize>text);
  memory.copy(to, <usize>text + 1, length);
  return to + length;
}

function putWithLength(to: usize, text: u32): usize {
  if (text == 0) {
    store<u8>(to, 0);
    return to + 1;
  }
  store<u8>(to, load<u8>(<usize>text));
  return put(to + 1, text);
}

function putNumber(to: usize, number: u32): usize {
  let digits: u32 = 1;
  for (let rest = number / 10; rest != 0 && digits < VID_DIGITS_MAX; rest /= 10) digits++;
  let rest = number;
  for (let i = digits; i > 0; i--) {
    store<u8>(to + i - 1, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  }
  return to + digits;
}
