/** What the tests of this suite say alike. */
import type { SuiteContext } from '../../suite.ts';

export const sizes = 'rfc2544';
export const quickSizes = '64,1518';

export function whatIsAll(clock: 'wall' | 'virtual'): string {
  const free =
    clock === 'wall'
      ? '; without such a rate, the receive rate at the highest load that the generator makes (MRR)'
      : '';
  return `100 % is the theoretical rate of the senders’ cables where these have a rate${free}.`;
}

/** Why there is no throughput. */
export const nothingPassed = 'no load passed: frames were lost at every load, or none could be offered in full';

/** Why a load was not reached. The virtual clock takes no time of the machine, so that this is not to blame there. */
export function notOffered({ settings: { clock } }: Pick<SuiteContext, 'settings'>): string {
  if (clock === 'virtual') return 'could not be offered in full: the sender was held back';
  return 'could not be offered in time: generator, switch and receiver share a thread, or the machine has other work';
}
