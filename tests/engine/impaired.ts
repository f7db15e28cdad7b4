/** Two hosts joined by a cable to whose frames something happens, and what became of a stream from `a/vm` to `b/vm`. */

import type { CapturedFrame } from '../../src/capture/read.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { at } from './lab.ts';

export interface Stream {
  readonly count?: number;
  readonly rate?: string;
  readonly size?: number;
  readonly seed?: number;
  readonly burst?: number;
}

export interface Outcome {
  /** Frames of the stream as the sending uplink sent them, and as the receiving one took them in. */
  readonly sent: readonly CapturedFrame[];
  readonly arrived: readonly CapturedFrame[];
  readonly verdicts: { readonly sender: Record<string, number>; readonly receiver: Record<string, number> };
  readonly network: Network;
}

/** One frame every 2 µs, and both guests know each other from the start. */
export function streamOver(
  cable: object,
  { count = 20_000, rate = '500kpps', size = 64, ...more }: Stream = {},
): Network {
  const host = (ip: string) => ({
    uplinks: ['u'],
    vswitches: { v: { portGroups: { g: {} } } },
    vms: { vm: { ip } },
  });
  const { seed = 1, burst } = more;
  return new Network(
    topologyFrom({
      seed,
      hosts: { a: host('10.0.0.1/24'), b: host('10.0.0.2/24') },
      physical: { links: [{ a: 'a/u', b: 'b/u', ...cable }] },
      traffic: [{ from: 'a/vm', to: 'b/vm', count, rate, size }],
    }),
    { watch: ['a/u', 'b/u'], ...(burst !== undefined && { burst }) },
  );
}

/** A guest whose ARP is always lost asks for ever. */
const finishedNs = 10_500_000_000n;

/** Runs until nothing is on its way. */
export function finish(network: Network): Outcome {
  for (let next = network.nextEventNs(); next !== null && next <= finishedNs; next = network.nextEventNs()) {
    network.advance(next + 1_000_000n);
  }
  return outcomeOf(network);
}

export function outcomeOf(network: Network): Outcome {
  const ledger = network.ledger();
  if (!ledger.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
  // ARP goes ahead of the stream, which is IPv4.
  const frames = network.takeFrames().filter(({ bytes }) => bytes[12] === 0x08 && bytes[13] === 0);
  const verdicts = (name: string) =>
    network.ports().find((port) => port.name === name)!.verdicts as Record<string, number>;
  return {
    sent: at(frames, 'a/u', 'out'),
    arrived: at(frames, 'b/u', 'in'),
    verdicts: { sender: verdicts('a/u'), receiver: verdicts('b/u') },
    network,
  };
}

/** Bounds of a binomial count that one in 10^9 such runs leaves. */
export function likely(runs: number, share: number): { readonly least: number; readonly most: number } {
  const spread = 6.2 * Math.sqrt(runs * share * (1 - share));
  return { least: runs * share - spread, most: runs * share + spread };
}
