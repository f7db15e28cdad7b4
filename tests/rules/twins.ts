/**
 * Two networks of one topology that get the same frames and orders. One is watched at every port, so that each frame goes the
 * whole way of relay.ts; the other is not, so that the short cuts of visit.ts and arrival.ts are open to it. What they count,
 * hold and know must be the same after every step, and their ledgers balance.
 */
import { expect } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { Lab, type Outcome } from '../engine/lab.ts';

type Frames = readonly (readonly [port: string, bytes: Uint8Array])[];

export class Twins extends Lab {
  readonly #unwatched: Network;

  constructor(topology: unknown, options: NetworkOptions = {}, isOnce = true) {
    super(topology, options, isOnce);
    this.#unwatched = new Network(topologyFrom(topology), { injectAt: ['*'], unplugged: 'open', ...options });
  }

  override sendAll(frames: Frames, atNs: bigint = this.nowNs): Outcome {
    for (const [port, bytes] of frames) this.#unwatched.inject(port, bytes, atNs);
    return super.sendAll(frames, atNs);
  }

  override settle(): void {
    super.settle();
    this.#unwatched.advance(this.nowNs);
    expect(this.#unwatched.ledger(), 'what was not watched is counted alike').toEqual(this.network.ledger());
    expect(this.#unwatched.ports()).toEqual(this.network.ports());
    expect(this.#unwatched.flowRecords()).toEqual(this.network.flowRecords());
    expect(watchersOf(this.#unwatched)).toEqual(watchersOf(this.network));
    for (const [i, { name }] of this.network.plan.switches.entries()) {
      expect(this.#unwatched.moves(name)).toEqual(this.network.moves(name));
      if (tableBytes(this.#unwatched, i).equals(tableBytes(this.network, i))) continue;
      expect(this.#unwatched.macTable(name)).toEqual(this.network.macTable(name));
    }
  }

  /** What an operator does. */
  async operate(order: (network: Network) => Promise<unknown>): Promise<void> {
    await order(this.network);
    await order(this.#unwatched);
  }

  /** Lets time pass; what happens meanwhile has happened. */
  pass(untilNs: bigint): void {
    this.network.advance(untilNs);
    this.settle();
  }

  /** What passed the ports of the watched one since the last time. */
  seen(): Outcome['frames'] {
    return this.network.takeFrames();
  }
}

/** What mirrors and flow records have counted. */
function watchersOf(network: Network): unknown {
  return network.report().switches.map(({ mirrors, flows }) => ({ mirrors, flows }));
}

/** A table as it is in memory, which is quicker to compare than to read. */
function tableBytes({ memory, plan }: Network, i: number): Buffer {
  const { tableAt, tableSlots } = plan.switches[i]!;
  return Buffer.from(memory.bytes.buffer, tableAt, 16 * tableSlots);
}

/** Who got a copy, then `port verdict` for each drop; ports of host h by their own names. `nobody` for neither. */
export function told({ recipients, drops }: Pick<Outcome, 'recipients' | 'drops'>): string {
  return [...recipients, ...drops].map((what) => what.replace(/^h\//, '')).join(', ') || 'nobody';
}
