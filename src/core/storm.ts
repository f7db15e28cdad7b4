/**
 * Storm control: how many frames a second of each kind a port lets in. Token buckets that hold a second's worth; tokens are
 * counted in units of 1e-9 frame, so that the arithmetic is exact. 1 to 1,000,000,000 frames a second.
 */
import { Port } from './port';
import { Switch } from './switch';

export const STORM_BROADCAST: u32 = 0;
export const STORM_MULTICAST: u32 = 1;
export const STORM_UNKNOWN: u32 = 2;

const FRAME: u64 = 1_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/** Three buckets, of which each has rate (frames a second, 0: no limit), tokens, and the time they were counted. */
@unmanaged
export class Storm {
  broadcastRate: u64;
  broadcastTokens: u64;
  broadcastTime: u64;
  multicastRate: u64;
  multicastTokens: u64;
  multicastTime: u64;
  unknownRate: u64;
  unknownTokens: u64;
  unknownTime: u64;
}

/** Takes a frame's token from the port's bucket; true when there is none. */
export function isStorm(sw: Switch, port: Port, kind: u32): bool {
  const at = <usize>port.storm + kind * 24;
  const rate = load<u64>(at);
  if (rate == 0) return false;
  const elapsed = min(sw.now - load<u64>(at, 16), SECOND_NS);
  const tokens = min(rate * FRAME, load<u64>(at, 8) + elapsed * rate);
  store<u64>(at, sw.now, 16);
  const isEmpty = tokens < FRAME;
  store<u64>(at, isEmpty ? tokens : tokens - FRAME, 8);
  return isEmpty;
}
