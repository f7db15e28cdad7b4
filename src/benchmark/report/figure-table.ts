/**
 * Figures as tables, for page and terminal. What was measured for several things (sizes, loads) becomes a table with a row for each of them
 * and a column for each name; anything else is a list of names and values.
 */
import type { Figure } from '../model.ts';
import { median } from '../statistics.ts';
import { type Scale, scaleOf, sizeText } from './format.ts';

const COLUMNS_MAX = 8;

export interface FigureTable {
  /** Names of the labels, which all of its figures have. */
  readonly labels: readonly string[];
  readonly figures: readonly Figure[];
  /** null: a list. */
  readonly pivot: Pivot | null;
}

export interface Pivot {
  readonly columns: readonly FigureColumn[];
  readonly rows: readonly FigureRow[];
}

export interface FigureColumn {
  readonly name: string;
  /** One for all columns of a unit, so that numbers beside each other can be compared. */
  readonly scale: Scale;
}

export interface FigureRow {
  readonly labels: Figure['labels'];
  /** By column; null where there is no figure. */
  readonly cells: readonly (Figure | null)[];
}

/** One table for figures with the same labels, in the order in which they first appear. */
export function figureTables(figures: readonly Figure[]): FigureTable[] {
  return [...grouped(figures, ({ labels }) => JSON.stringify(Object.keys(labels))).values()].map((group) => {
    return { labels: Object.keys(group[0]!.labels), figures: group, pivot: pivotOf(group) };
  });
}

function grouped(figures: readonly Figure[], keyOf: (figure: Figure) => string): Map<string, Figure[]> {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) {
    const group = groups.get(keyOf(figure));
    if (group === undefined) groups.set(keyOf(figure), [figure]);
    else group.push(figure);
  }
  return groups;
}

/** null where that would be a table of holes, or of one row. */
function pivotOf(figures: readonly Figure[]): Pivot | null {
  const columnOf = ({ name, unit }: Figure): string => JSON.stringify([name, unit]);
  const rowOf = ({ labels }: Figure): string => JSON.stringify(Object.values(labels));
  const columns = grouped(figures, columnOf);
  const rows = grouped(figures, rowOf);
  const room = columns.size * rows.size;
  if (rows.size < 2 || columns.size > COLUMNS_MAX || figures.length * 2 < room) return null;
  // Two figures of one name and the same labels: a cell could show but one.
  if (new Set(figures.map((figure) => columnOf(figure) + rowOf(figure))).size < figures.length) return null;
  const scales = new Map([...grouped(figures, ({ unit }) => unit)].map(([unit, alike]) => [unit, tableScale(alike)]));
  return {
    columns: [...columns.values()].map((column) => ({ name: column[0]!.name, scale: scales.get(column[0]!.unit)! })),
    rows: [...rows.values()].map((row) => {
      const cells = [...columns.keys()].map((key) => row.find((figure) => columnOf(figure) === key) ?? null);
      return { labels: row[0]!.labels, cells };
    }),
  };
}

/** That of the middle between the least and the greatest, as factors count: neither becomes `0.00541` or `8,080,000` needlessly. */
function tableScale(figures: readonly Figure[]): Scale {
  const sizes = figures.map(({ samples }) => Math.abs(median(samples)!)).filter((size) => size > 0);
  const middle = sizes.length === 0 ? 0 : Math.sqrt(Math.min(...sizes)) * Math.sqrt(Math.max(...sizes));
  return scaleOf(figures[0]!.unit, middle);
}

/** How the tables of these figures show this one; null: by its own size. */
export function scaleInTable(figures: readonly Figure[], figure: Figure): Scale | null {
  const { pivot } = figureTables(figures).find((table) => table.figures.includes(figure)) ?? { pivot: null };
  return pivot?.columns[pivot.rows.find(({ cells }) => cells.includes(figure))!.cells.indexOf(figure)]?.scale ?? null;
}

export const labelName = (label: string): string => (label === 'size' ? 'Frame size' : label);

export const labelText = (label: string, value: string | number): string =>
  label === 'size' ? sizeText(value) : String(value);
