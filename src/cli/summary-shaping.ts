/** The tables of shapers and of queues in a summary. */
import type { SwitchReport } from '../telemetry/report.ts';
import type { ShaperReport } from '../telemetry/shaping.ts';
import { bits } from '../topology/shaping.ts';
import { grouped, table } from './format.ts';

/** Rows of each table: those that waited or dropped most. */
const ROWS_MAX = 20;

const right = (title: string) => ({ title, align: 'right' as const });
const rate = (perSecond: number | null) => (perSecond === null ? '-' : bits(perSecond));

/** Nothing where nothing is shaped. */
export function shapingTables(switches: readonly SwitchReport[]): string[] {
  const ports = switches.flatMap((sw) => sw.ports.filter(({ shaping }) => shaping !== undefined));
  const shapers = ports.flatMap(({ name, shaping, verdicts }) =>
    (['in', 'out'] as const).flatMap((direction) => {
      const shaper = shaping?.[direction];
      if (shaper === undefined || (shaper.averageBps === null && shaper.delayedFrames === 0)) return [];
      const dropped = direction === 'out' ? (verdicts['shaper'] ?? 0) : 0;
      return [
        { weight: shaper.delayedFrames + dropped, cells: [name, direction, ...cellsOf(shaper), grouped(dropped)] },
      ];
    }),
  );
  const queues = ports.flatMap(({ name, shaping }) =>
    (shaping?.queues ?? [])
      .filter(({ name: queue, frames, dropped }) => queue !== 'all' && frames + dropped > 0)
      .map((queue) => ({
        weight: queue.dropped + queue.longest,
        cells: [
          name,
          queue.name,
          String(queue.priority),
          String(queue.shares),
          grouped(queue.frames),
          grouped(queue.bytes),
          grouped(queue.waiting),
          grouped(queue.longest),
          grouped(queue.dropped),
        ],
      })),
  );
  const titles = ['average', 'peak', 'burst bytes', 'waiting', 'delayed frames', 'dropped'];
  const queueTitles = ['priority', 'shares', 'frames', 'bytes', 'waiting', 'longest', 'dropped'];
  return [
    ...section([{ title: 'shaper' }, { title: 'direction' }, ...titles.map(right)], shapers),
    ...section([{ title: 'port' }, { title: 'queue' }, ...queueTitles.map(right)], queues),
  ];
}

function cellsOf({ averageBps, peakBps, burstBytes, waiting, delayedFrames }: ShaperReport): string[] {
  return [rate(averageBps), rate(peakBps), grouped(burstBytes), grouped(waiting), grouped(delayedFrames)];
}

function section(
  columns: Parameters<typeof table>[0],
  rows: readonly { readonly weight: number; readonly cells: string[] }[],
): string[] {
  if (rows.length === 0) return [];
  const shown = new Set([...rows].sort((a, b) => b.weight - a.weight).slice(0, ROWS_MAX));
  const more = rows.length > ROWS_MAX ? [`… and ${rows.length - ROWS_MAX} more; --report has them`] : [];
  const cells = rows.filter((row) => shown.has(row)).map((row) => row.cells);
  return [table(columns, cells), ...more, ''];
}
