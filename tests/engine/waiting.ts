/** Waits on the wall clock for what must come: how long that takes is the machine's affair, and no test's. */
import type { Network } from '../../src/engine/network.ts';

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Until it is so; an error that says what did not come, below the time that a test has. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`${what}: not within 60 s`);
    await sleep(1);
  }
}

/** Until so many more frames have come in. */
export async function moreFrames(network: Pick<Network, 'ledger'>, count: number): Promise<void> {
  const enough = network.ledger().framesIn + count;
  await until(() => network.ledger().framesIn >= enough, `${count} more frames`);
}
