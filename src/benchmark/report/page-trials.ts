/** All trials of a test as a table that is closed at first: what a sceptic opens. Columns in which nothing stands are left out. */
import type { TrialResult } from '../model.ts';
import { counted, durationText, numberText, quantity } from './format.ts';
import { html, type Markup } from './html.ts';

interface Column {
  readonly title: string;
  /** null: nothing to say of this trial. */
  read(trial: TrialResult): string | null;
  readonly isText?: boolean;
}

const frames = (read: (trial: TrialResult) => number): Column['read'] => {
  return (trial) => (read(trial) === 0 ? null : numberText(read(trial)));
};
const ns = (key: 'p50' | 'p99' | 'p999' | 'max'): Column['read'] => {
  return ({ latency }) => (latency === null ? null : quantity(latency[key], 'ns'));
};

const COLUMNS: readonly Column[] = [
  { title: 'Frames', read: ({ size }) => String(size) },
  { title: 'Length', read: ({ seconds }) => durationText(seconds) },
  {
    title: 'Intended',
    read: ({ intendedRate }) => (intendedRate === null ? 'maximum' : quantity(intendedRate, 'frames/s')),
  },
  {
    title: 'Offered',
    read: ({ offeredRate }) => quantity(offeredRate, 'frames/s'),
  },
  {
    title: 'Received',
    read: ({ receivedRate }) => quantity(receivedRate, 'frames/s'),
  },
  {
    title: 'L1',
    read: ({ l1BitsPerSecond }) => quantity(l1BitsPerSecond, 'bit/s'),
  },
  {
    title: 'L2',
    read: ({ l2BitsPerSecond }) => quantity(l2BitsPerSecond, 'bit/s'),
  },
  {
    title: 'Of line',
    read: ({ linePercent }) => (linePercent === null ? null : quantity(linePercent, '%')),
  },
  { title: 'Sent', read: ({ offered }) => numberText(offered) },
  { title: 'Lost', read: ({ lost }) => numberText(lost) },
  { title: 'Loss', read: ({ lossRatio }) => quantity(lossRatio * 100, '%') },
  { title: 'Twice', read: frames((t) => t.duplicates) },
  { title: 'Out of order', read: frames((t) => t.reordered) },
  { title: 'Flooded', read: frames((t) => t.flooded) },
  { title: 'Misdelivered', read: frames((t) => t.misdelivered) },
  { title: 'p50', read: ns('p50') },
  { title: 'p99', read: ns('p99') },
  { title: 'p99.9', read: ns('p999') },
  { title: 'Slowest', read: ns('max') },
  {
    title: 'Busy',
    read: ({ busy }) =>
      busy.length === 0 ? null : `${busy.map((share) => `${Math.round(share * 100)}`).join(' ')}\u00a0%`,
  },
  {
    title: 'Drops by reason',
    isText: true,
    read: ({ drops }) => {
      const listed = Object.entries(drops).filter(([, count]) => count > 0);
      return listed.length === 0 ? null : listed.map(([reason, count]) => `${reason} ${numberText(count)}`).join(', ');
    },
  },
  {
    title: 'Ledger',
    isText: true,
    read: ({ balanced }) => (balanced ? 'balances' : 'does not balance'),
  },
  { title: 'Void', isText: true, read: (trial) => trial.void },
];

export function trialsTable(trials: readonly TrialResult[]): Markup | null {
  if (trials.length === 0) return null;
  const columns = COLUMNS.map((column) => ({
    ...column,
    cells: trials.map(column.read),
  })).filter(({ cells }) => cells.some((cell) => cell !== null));
  const voids = trials.filter((trial) => trial.void !== null).length;
  const summary = `All ${counted(trials.length, 'trial')}${voids > 0 ? `, ${voids} of them void` : ''}`;
  return html`<details class="trials"><summary>${trials.length === 1 ? 'The one trial' : summary}</summary>
<div class="scroll" role="region" aria-label="Trials" tabindex="0"><table>
<thead><tr><th scope="col" class="n">#</th>${columns.map(head)}</tr></thead>
<tbody>${trials.map((trial, i) => {
    const state = trial.balanced ? (trial.void === null ? '' : 'void') : 'bad';
    const cells = columns.map(({ cells, isText }) => html`<td class="${isText ? 't' : 'n'}">${cells[i] ?? ''}`);
    return html`<tr class="${state}"><td class="n">${i + 1}${cells}
`;
  })}</tbody></table></div></details>`;
}

const head = ({ title, isText }: Column): Markup => html`<th scope="col" class="${isText ? '' : 'n'}">${title}</th>`;
