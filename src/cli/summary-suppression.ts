/** ARP and ND suppression in a summary. */
import type { SwitchReport } from '../telemetry/report.ts';
import { grouped, table } from './format.ts';

const COUNTERS = [
  'neighboursAnswered',
  'neighboursUnanswered',
  'neighboursLearned',
  'neighboursChanged',
  'neighboursRefused',
] as const;

/** A row for each switch that answers for others, and an empty line; nothing where there is none. */
export function suppressionTable(switches: readonly SwitchReport[]): string[] {
  const titles = ['neighbours', ...COUNTERS];
  const columns = [{ title: 'answers by' }, ...titles.map((title) => ({ title, align: 'right' as const }))];
  const rows = switches.flatMap(({ name, neighbourTable: known }) =>
    known === undefined
      ? []
      : [
          [
            name,
            `${grouped(known.neighbours.length)} of ${grouped(known.neighboursMax)}`,
            ...COUNTERS.map((counter) => grouped(known[counter])),
          ],
        ],
  );
  return rows.length === 0 ? [] : [table(columns, rows), ''];
}
