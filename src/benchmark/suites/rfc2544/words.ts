/** What the tests of this suite say alike. */

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
export const nothingPassed =
  'no load passed: frames were lost at every load, or none could be offered in time because the machine has other work';

export const notOffered =
  'could not be offered in time: generator, switch and receiver share a thread, or the machine has other work';
