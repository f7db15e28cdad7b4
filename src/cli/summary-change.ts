/** VMs that went, moved or came in a run, as the summary shows them. */
import type { ChangeReport } from '../telemetry/report.ts';
import { counted, grouped, table } from './format.ts';

/** Rows in a summary: the latest. */
const CHANGES_MAX = 20;
const NS_PER_MS = 1e6;

const right = (title: string) => ({ title, align: 'right' as const });
const ms = (ns: number | null) => (ns === null ? '-' : `${(ns / NS_PER_MS).toFixed(3)} ms`);

export function changesTable(changes: readonly ChangeReport[] = []): string[] {
  if (changes.length === 0) return [];
  const shown = changes.slice(-CHANGES_MAX);
  const rows = shown.map(({ seconds, what, downtimeNs, blackoutNs, sentMeanwhile, lost }) => [
    `${seconds.toFixed(6)} s`,
    what,
    ms(downtimeNs),
    ms(blackoutNs),
    grouped(sentMeanwhile),
    Object.entries(lost)
      .map(([verdict, frames]) => `${verdict} ${grouped(frames)}`)
      .join(', ') || '-',
  ]);
  const more = changes.length - shown.length;
  const before = more === 0 ? [] : [`… and ${counted(more, 'change')} before; --report has them`];
  const columns = [right('at'), { title: 'change' }, right('downtime'), right('blackout'), right('sent meanwhile')];
  return [table([...columns, { title: 'dropped meanwhile' }], rows), ...before, ''];
}
