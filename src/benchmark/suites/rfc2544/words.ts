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
