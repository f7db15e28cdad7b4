/** Network cards in a summary: what crossed the border between guests and the hypervisor. Nothing where no guest has a card. */
import type { NicReport } from '../telemetry/nic.ts';
import type { SwitchReport } from '../telemetry/report.ts';
import { counted, grouped, table } from './format.ts';

interface Named {
  readonly name: string;
  readonly nic: NicReport;
}

/** Rows: about a screen. */
const NICS_MAX = 40;
const FIGURES = 3;

const right = (title: string) => ({ title, align: 'right' as const });

export function nicsTable(switches: readonly SwitchReport[]): string[] {
  const cards = switches.flatMap(({ ports }) =>
    ports.flatMap(({ name, nic }) => (nic === undefined ? [] : [{ name, nic }])),
  );
  if (cards.length === 0) return [];
  const columns = [
    { title: 'network card' },
    { title: 'model' },
    right('traps'),
    right('doorbells'),
    right('suppressed'),
    right('interrupts'),
    right('copies'),
    right('traps/frame'),
    right('traps/MB'),
    right('batch'),
    right('missedWakeups'),
  ];
  const shown = busiest(cards);
  const rows = shown.map(({ name, nic }) => [
    name,
    nic.model,
    grouped(nic.traps),
    grouped(nic.doorbells),
    grouped(nic.doorbellsSuppressed),
    grouped(nic.interrupts),
    grouped(nic.copies),
    figure(nic.perFrame.traps),
    figure(nic.perMegabyte.traps),
    figure(nic.txBatch.count === 0 ? null : nic.txBatch.average),
    grouped(nic.missedWakeups),
  ]);
  const more = cards.length - shown.length;
  return [
    table(columns, rows),
    ...(more === 0 ? [] : [`… and ${counted(more, 'quieter card')}; --report has them`]),
    '',
  ];
}

/** All of few cards; of many those that moved most, in the order of the ports. */
function busiest(cards: readonly Named[]): readonly Named[] {
  if (cards.length <= NICS_MAX) return cards;
  const shown = new Set(cards.toSorted((a, b) => framesOf(b.nic) - framesOf(a.nic)).slice(0, NICS_MAX));
  return cards.filter((card) => shown.has(card));
}

function framesOf({ txFrames, rxFrames }: NicReport): number {
  return txFrames + rxFrames;
}

function figure(value: number | null): string {
  if (value === null) return '-';
  return value >= 1000 ? grouped(Math.round(value)) : String(Number(value.toPrecision(FIGURES)));
}
