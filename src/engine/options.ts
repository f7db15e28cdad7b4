/** What a program may ask of a network, and what it is told when it asks for what there is not. */
import type { CaptureRequest, PortName } from '../topology/model.ts';

export interface NetworkOptions {
  /** Default `virtual`. */
  readonly clock?: 'wall' | 'virtual';
  /** Pool threads, 1-64. Default 1; on the virtual clock always 1. */
  readonly workers?: number;
  /** Virtual clock: run in the calling thread instead of a pool thread. Default true. */
  readonly inline?: boolean;
  /** Ports at which `inject` is going to be called; `*` for all. */
  readonly injectAt?: readonly PortName[];
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
  /** Keep what it takes to go back (`back`, `rewindTo`); `{}` for the defaults. Virtual clock in this thread only. */
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
}

const WORKERS_MAX = 64;
const BURST_MAX = 256;
const BURST = { virtual: 8, wall: 64 } as const;
const RING_ENTRIES = 256;
const RING_ENTRIES_MIN = 64;
const RING_ENTRIES_MAX = 65_536;
const STATES_MAX = 10_000;
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
  if (!Number.isInteger(Math.log2(ringEntries)))
    throw new NetworkError(`ringEntries ${ringEntries} is no power of two`);
  const age = options.ageingSeconds ?? 1;
  if (!(age > 0 && age <= AGEING_SECONDS_MAX))
    throw new NetworkError(`ageingSeconds ${age} is not in range; allowed is above 0 to ${AGEING_SECONDS_MAX}`);
  if ((options.watch ?? []).length > 0 && !inline) {
    throw new NetworkError(
      'frames can be watched in memory on the virtual clock in this thread only; capture to a file instead',
    );
  }
  if (options.history !== undefined) {
    if (!inline) throw new NetworkError('history is for the virtual clock in this thread; elsewhere take snapshots');
    checkHistory(options.history);
  }
  return { isVirtual, inline, workers: isVirtual ? 1 : workers, burst, ringEntries };
}

function checkHistory({ everyFrames = 1, everyNs = 1n, keep = 2, bytesMax = 1 }: HistoryOptions): void {
  const refuse = (name: string, value: number | bigint, allowed: string) =>
    new NetworkError(`history.${name} ${value} is not in range; allowed is ${allowed}`);
  if (!Number.isSafeInteger(everyFrames) || everyFrames < 1)
    throw refuse('everyFrames', everyFrames, 'a whole number from 1');
  if (everyNs < 1n) throw refuse('everyNs', everyNs, 'a time from 1 ns');
  if (!Number.isInteger(keep) || keep < 2 || keep > STATES_MAX)
    throw refuse('keep', keep, `a whole number from 2 to ${STATES_MAX}`);
  if (!(bytesMax > 0)) throw refuse('bytesMax', bytesMax, 'above 0');
}

function whole(name: string, value: number, first: number, last: number): number {
  if (Number.isInteger(value) && value >= first && value <= last) return value;
  throw new NetworkError(`${name} ${value} is not in range; allowed is a whole number from ${first} to ${last}`);
}

/** Six octets of a station's address. */
export function individualAddress(mac: string): Uint8Array {
  const octets = Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
  const isWritten = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac);
  if (isWritten && (octets[0]! & 1) === 0 && octets.some((octet) => octet !== 0)) return octets;
  throw new NetworkError(`${mac} is no address of a station; write six octets in lower case such as 00:50:56:00:00:01`);
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
