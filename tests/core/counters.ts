/** The counters of one switch, read where they stand: what changed since the last time. */
import * as L from '../../src/engine/generated/layout.ts';
import type { Network } from '../../src/engine/network.ts';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import type { Ledger } from '../../src/telemetry/report.ts';
import type { Batch } from './switch-under-test.ts';

interface Sum {
  readonly name: string;
  readonly isIngress: boolean;
  readonly places: readonly number[];
  before: number;
}

export class Counters {
  readonly #network: Network;
  readonly #sums: readonly Sum[];

  /** Of the network's first switch; copies that left are not counted here. */
  constructor(network: Network) {
    this.#network = network;
    const { ports } = network.plan.switches[0]!;
    this.#sums = VERDICTS.filter(({ name }) => name !== 'delivered').map(({ name, side, number }) => ({
      name,
      isIngress: side === 'ingress',
      places: ports.map((port) => port.address + L.Port_verdicts + 8 * number),
      before: 0,
    }));
  }

  fresh(): Pick<Batch, 'verdicts' | 'drops'> {
    const { memory } = this.#network;
    const verdicts: Record<string, number> = {};
    const drops: Record<string, number> = {};
    for (const sum of this.#sums) {
      let now = 0;
      for (const place of sum.places) now += memory.count(place);
      if (now !== sum.before) (sum.isIngress ? verdicts : drops)[sum.name] = now - sum.before;
      sum.before = now;
    }
    return { verdicts, drops };
  }
}

/** Frames in + copies made = delivered + drops + held, exactly. */
export function assertBalanced(ledger: Ledger): void {
  if (!ledger.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
}
