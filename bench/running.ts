/** Waits for the threads of a started network, by what they write into the shared memory. */
import * as L from '../src/engine/generated/layout.ts';
import type { Network } from '../src/engine/network.ts';

const TIMEOUT_MS = 120_000;

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Rounds of the main loop that each worker has made. */
export function rounds({ memory, plan }: Network): number[] {
  return plan.workers.map(({ address }) => memory.count(address + L.Worker_rounds));
}

/** Resolves once every worker is in its loop. */
export async function allRunning(network: Network): Promise<void> {
  const until = performance.now() + TIMEOUT_MS;
  while (rounds(network).some((n) => n === 0)) {
    if (network.failure !== null) throw network.failure;
    if (performance.now() > until) throw new Error(`a worker has not entered its loop after ${TIMEOUT_MS / 1000} s`);
    await sleep(1);
  }
}
