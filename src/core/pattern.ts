/**
 * What a test bed's streams do beyond others: mixes of frame sizes, series of stations, and times of their own in the signature.
 *
 * A size has a template, because lengths stand in IP headers, and an interval, so that a mix is paced by the bytes of its frames.
 * Stations of a series differ in their addresses' last three octets.
 */
import { now } from './time';

@unmanaged
export class Pattern {
  steps: u32; // address of the list of sizes, SizeStep; 0: a single size
  stepCount: u32;
  step: u32;
  /** Stations in turn, from `sourceFirst`; 0: the address in the template. */
  sources: u32;
  sourceFirst: u32;
  source: u32;
  destinations: u32;
  destinationFirst: u32;
  destination: u32;
  /** One in so many frames carries its time; 0: none, and then the signature says 0. */
  stampEvery: u32;
  stampLeft: u32;
  /** 1: the time is read anew for each stamp (wall clock); 0: it is the switch's. */
  isWall: u32;
  firstNs: u64; // when the first frame was sent, and the last one
  lastNs: u64;
}

@unmanaged
export class SizeStep {
  template: u32;
  length: u32; // bytes in memory, without FCS
  intervalNs: u64;
  intervalRest: u64;
}

/** Octets of an address before those that number a station. */
const STATION_AT: usize = 3;
const SOURCE_AT: usize = 6;

// @ts-ignore: decorator
@inline
export function stepAt(pattern: Pattern, i: u32): SizeStep {
  return changetype<SizeStep>(<usize>pattern.steps + i * offsetof<SizeStep>());
}

/** Writes the station's number into an address, big-endian. */
// @ts-ignore: decorator
@inline
function number(address: usize, station: u32): void {
  store<u8>(address + STATION_AT, <u8>(station >>> 16));
  store<u16>(address + STATION_AT + 1, bswap<u16>(<u16>station));
}

/**
 * Gives a frame its stations; returns the time for its signature, ns, 0: none. `time`: the switch's; `due`: when the frame was to be
 * sent, 0: as soon as possible. From then on it counts: a stall of sender and switch would else hide itself.
 */
export function vary(pattern: Pattern, bytes: usize, time: u64, due: u64): u64 {
  if (pattern.destinations != 0) {
    number(bytes, pattern.destinationFirst + pattern.destination);
    pattern.destination = pattern.destination + 1 == pattern.destinations ? 0 : pattern.destination + 1;
  }
  if (pattern.sources != 0) {
    number(bytes + SOURCE_AT, pattern.sourceFirst + pattern.source);
    pattern.source = pattern.source + 1 == pattern.sources ? 0 : pattern.source + 1;
  }
  if (pattern.firstNs == 0) pattern.firstNs = time;
  pattern.lastNs = time;
  if (pattern.stampEvery == 0) return 0;
  if (pattern.stampLeft != 0) {
    pattern.stampLeft--;
    return 0;
  }
  pattern.stampLeft = pattern.stampEvery - 1;
  if (due != 0) return due;
  return pattern.isWall ? now() : time;
}
