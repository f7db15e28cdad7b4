/** What a program may ask of a network, and what it is told when it asks for what there is not. */
import { fixedRules } from '../topology/event-model.ts';
import { readGroup } from '../topology/group-address.ts';
import type { CaptureRequest, PortName } from '../topology/model.ts';
import { readRule } from '../topology/rule.ts';

export interface NetworkOptions {
  /** Default `virtual`. */
  readonly clock?: 'wall' | 'virtual';
  /** Workers, 1-64, each a pool thread unless `inline`. Default 1. On the virtual clock a run is the same for any number of them. */
  readonly workers?: number;
  /** Which worker, from 0, moves a host or physical switch; by name. The others are spread evenly. */
  readonly placement?: Readonly<Record<string, number>>;
  /** Virtual clock: run in the calling thread instead of a pool thread. Default true. */
  readonly inline?: boolean;
  /** Ports at which `inject` is going to be called; `*` for all. */
  readonly injectAt?: readonly PortName[];
  /** Places for captures that are attached while the network runs (`attach`), 0-8. Default 0. */
  readonly live?: number;
  /** Captures beside the topology's own. */
  readonly captures?: readonly CaptureRequest[];
  /** Keep what passes these ports in memory for `takeFrames`; inline only. */
  readonly watch?: readonly PortName[];
  /** ns since 1970 of internal time 0, for capture time stamps. Default: now on the wall clock, 0 on the virtual one. */
  readonly epochNs?: bigint;
  /** Replaces every switch's ageing time. */
  readonly ageingSeconds?: number;
  /** What a physical switch's port without a cable is: `down` (default), or `open` to whoever watches. */
  readonly unplugged?: 'open' | 'down';
  /** Frames taken from a port at a visit, 1-256. Default 64 on the wall clock, 8 on the virtual one. */
  readonly burst?: number;
  /** Entries of a vNIC's ring each way, a power of two. Default 256. */
  readonly ringEntries?: number;
  /** Rules such as `R7` that may be switched off while the network runs, beside those that the topology's events switch. */
  readonly mayDisable?: readonly string[];
  /** VMs such as `esx1/web1` that may be moved to any host with their port groups, beside those that events move; `*` for all. */
  readonly mayMigrate?: readonly string[] | '*';
  /** Virtual clock: time between two looks at the conditions of events, ns, 1-1,000,000,000. Default 100,000. */
  readonly lookEveryNs?: bigint;
  /** A worker that gives no sign of life for so long is taken for hung and is replaced, ms, 1,500-600,000. Default 3,000. */
  readonly hangMs?: number;
  /** Wall clock: workers look for work without end and never sleep; a core for each. Default false. */
  readonly busyPoll?: boolean;
  /** Keep what it takes to go back (`back`, `rewindTo`); `{}` for the defaults. Virtual clock in this thread with one worker only. */
  readonly history?: HistoryOptions;
}

export interface HistoryOptions {
  /** A state is taken after so many frames, at least 1. Default 100,000. */
  readonly everyFrames?: number;
  /** And after so much simulated time, ns, if any frame was moved. Default: not by time. */
  readonly everyNs?: bigint;
  /** Most states that are kept, 2-10,000: older ones stand further and further apart. Default 64. */
  readonly keep?: number;
  /** Most bytes that they take together; two states are kept anyway. Default 256 MiB. */
  readonly bytesMax?: number;
}

/** How a network made from a snapshot differs from the one that the snapshot was taken of. */
export interface RestoreOptions extends Pick<NetworkOptions, 'inline' | 'history'> {
  /** Where captures go on, by the file that they had: new files, from the snapshot on. What is not named goes nowhere. */
  readonly captureAs?: Readonly<Record<string, string>>;
}

/** A misuse of the library, or of a name in it: one line. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** Every option with its value. */
export interface Settings {
  readonly isVirtual: boolean;
  readonly inline: boolean;
  readonly workers: number;
  readonly burst: number;
  readonly ringEntries: number;
  readonly lookEveryNs: bigint;
  /** Numbers of rules. */
  readonly mayDisable: readonly number[];
  readonly hangMs: number;
}

const WORKERS_MAX = 64;
const BURST_MAX = 256;
const BURST = { virtual: 8, wall: 64 } as const;
const RING_ENTRIES = 256;
const RING_ENTRIES_MIN = 64;
const RING_ENTRIES_MAX = 65_536;
const LOOK_EVERY_NS = 100_000n;
const LOOK_EVERY_NS_MAX = 1_000_000_000n;
const HANG_MS = 3000;
/** A sleeping worker looks up once a second. */
const HANG_MS_MIN = 1500;
const HANG_MS_MAX = 600_000;
const STATES_MAX = 10_000;
const LIVE_MAX = 8;
const AGEING_SECONDS_MAX = 1_000_000;
const VID_MAX = 4094;
/** The latest time the core can stamp a table entry with: 52 bits of ns, 52 days. */
export const TIME_NS_MAX = (1n << 52n) - 1n;

/** Fills in the defaults; throws NetworkError for what is out of range. */
export function settle(options: NetworkOptions): Settings {
  const isVirtual = (options.clock ?? 'virtual') === 'virtual';
  const inline = isVirtual && (options.inline ?? true);
  const workers = whole('workers', options.workers ?? 1, 1, WORKERS_MAX);
  const burst = whole('burst', options.burst ?? (isVirtual ? BURST.virtual : BURST.wall), 1, BURST_MAX);
  const ringEntries = whole('ringEntries', options.ringEntries ?? RING_ENTRIES, RING_ENTRIES_MIN, RING_ENTRIES_MAX);
  const hangMs = whole('hangMs', options.hangMs ?? HANG_MS, HANG_MS_MIN, HANG_MS_MAX);
  if (!Number.isInteger(Math.log2(ringEntries)))
    throw new NetworkError(`ringEntries ${ringEntries} is no power of two`);
  whole('live', options.live ?? 0, 0, LIVE_MAX);
  const age = options.ageingSeconds ?? 1;
  if (!(age > 0 && age <= AGEING_SECONDS_MAX))
    throw new NetworkError(`ageingSeconds ${age} is not in range; allowed is above 0 to ${AGEING_SECONDS_MAX}`);
  if ((options.watch ?? []).length > 0 && !inline) {
    throw new NetworkError(
      'frames can be watched in memory on the virtual clock in this thread only; capture to a file instead',
    );
  }
  if (options.history !== undefined) checkHistory(options.history, inline, workers);
  const lookEveryNs = options.lookEveryNs ?? LOOK_EVERY_NS;
  if (lookEveryNs < 1n || lookEveryNs > LOOK_EVERY_NS_MAX)
    throw new NetworkError(`lookEveryNs ${lookEveryNs} is not in range; allowed is 1 to ${LOOK_EVERY_NS_MAX}`);
  const mayDisable = (options.mayDisable ?? []).map(ruleNumber);
  return { isVirtual, inline, workers, burst, ringEntries, lookEveryNs, mayDisable, hangMs };
}

function checkHistory(
  { everyFrames = 1, everyNs = 1n, keep = 2, bytesMax = 1 }: HistoryOptions,
  inline: boolean,
  workers: number,
): void {
  if (!inline) throw new NetworkError('history is for the virtual clock in this thread; elsewhere take snapshots');
  if (workers > 1)
    throw new NetworkError('history takes one worker, which gives the same as several; leave workers out');
  const refuse = (name: string, value: number | bigint, allowed: string) =>
    new NetworkError(`history.${name} ${value} is not in range; allowed is ${allowed}`);
  if (!Number.isSafeInteger(everyFrames) || everyFrames < 1)
    throw refuse('everyFrames', everyFrames, 'a whole number from 1');
  if (everyNs < 1n) throw refuse('everyNs', everyNs, 'a time from 1 ns');
  if (!Number.isInteger(keep) || keep < 2 || keep > STATES_MAX)
    throw refuse('keep', keep, `a whole number from 2 to ${STATES_MAX}`);
  if (!(bytesMax > 0)) throw refuse('bytesMax', bytesMax, 'above 0');
}

/** Throws NetworkError for what is no whole number within bounds. */
export function whole(name: string, value: number, first: number, last: number): number {
  if (Number.isInteger(value) && value >= first && value <= last) return value;
  throw new NetworkError(`${name} ${value} is not in range; allowed is a whole number from ${first} to ${last}`);
}

/** The number of a rule that can be switched while a network runs. */
export function ruleNumber(name: string): number {
  if (fixedRules.includes(name)) {
    throw new NetworkError(
      `${name} works on how ports and cables are set up and cannot be switched while the network runs; write teaching: { disable: [${name}] }`,
    );
  }
  try {
    return readRule(name);
  } catch (error) {
    throw new NetworkError((error as Error).message);
  }
}

/** How many frames to go, forward or back. */
export function wholeFrames(what: string, frames: number): number {
  if (Number.isSafeInteger(frames) && frames >= 1) return frames;
  throw new NetworkError(`${what} ${frames} is not in range; allowed is a whole number of frames from 1`);
}

/** Six octets of a station's address. */
export function individualAddress(mac: string): Uint8Array {
  const octets = Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
  const isWritten = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac);
  if (isWritten && (octets[0]! & 1) === 0 && octets.some((octet) => octet !== 0)) return octets;
  throw new NetworkError(`${mac} is no address of a station; write six octets in lower case such as 00:50:56:00:00:01`);
}

/** A group that a guest can join, as topologies write it. */
export function groupAddress(text: string): string {
  try {
    return readGroup(text);
  } catch (error) {
    throw new NetworkError((error as Error).message);
  }
}

/** A VLAN that a table can hold: 0 is where nothing has a VLAN, and untagged frames elsewhere. */
export function vlanId(value: number): number {
  return whole('VLAN', value, 0, VID_MAX);
}

/** A time as the core takes it: nothing is before the start. */
export function clampTime(ns: bigint): bigint {
  if (ns < 0n) return 0n;
  return ns > TIME_NS_MAX ? TIME_NS_MAX : ns;
}
