/**
 * Plots of a document in a terminal: curves of Braille dots on axes of text, bars of eighths of a block. Series are told apart by letters
 * at their points, and by colours where there are any, so that nothing needs a colour.
 */
import type { Axis, Plot, Series } from '../model.ts';
import { quantity, scaleOf } from './format.ts';
import { isPercentile, placeText } from './page-plot.ts';
import { fit, type Paint } from './terminal-text.ts';

const COLOURS = ['blue', 'yellow', 'green', 'magenta', 'cyan', 'red'] as const;
/** Bit of each dot of a Braille character, by row and column (Unicode 2800 and on). */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const EIGHTHS = ' ▏▎▍▌▋▊▉█';
const SERIES_MAX = 26;
const LAYERS: readonly Series['kind'][] = ['points', 'bars', 'reference', 'line'];

export interface PlotOptions {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** The plot with title, axes and legend; null where it has no value that can be drawn. */
export function plotText(plot: Plot, options: PlotOptions): string | null {
  const drawn = plot.series.slice(0, SERIES_MAX).filter((one) => pointsOf(one, plot).length > 0);
  if (drawn.length === 0) return null;
  const isBars = plot.x.scale === 'category' && drawn.every(({ kind }) => kind === 'bars');
  const body = isBars ? barLines(plot, drawn, options) : curveLines(plot, drawn, options);
  return [options.paint('bold', fit(plot.title, options.columns)), ...body].join('\n');
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Values that have a place: logarithmic axes have none for 0. */
function pointsOf({ x, y }: Series, plot: Plot): Point[] {
  const points = x.map((at, i) => ({ x: at, y: y[i] ?? Number.NaN }));
  return points.filter((p) => hasPlace(p.x, plot.x) && hasPlace(p.y, plot.y)).sort((a, b) => a.x - b.x);
}

const hasPlace = (value: number, { scale }: Axis): boolean => Number.isFinite(value) && (scale !== 'log' || value > 0);

/** From a value to 0-1 of the axis. */
function ruler({ scale }: Axis, values: readonly number[], fromZero: boolean): (value: number) => number {
  const on = scale === 'log' ? Math.log10 : (value: number): number => value;
  const all = values.map(on);
  const low = fromZero && scale !== 'log' ? Math.min(0, ...all) : Math.min(...all);
  const high = fromZero && scale !== 'log' ? Math.max(0, ...all) : Math.max(...all);
  return (value) => (high === low ? 0.5 : (on(value) - low) / (high - low));
}

function curveLines(plot: Plot, drawn: readonly Series[], { columns, rows, paint }: PlotOptions): string[] {
  const all = drawn.map((one) => pointsOf(one, plot));
  const points = all.flat();
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const [atX, atY] = [ruler(plot.x, xs, false), ruler(plot.y, ys, true)];
  const top = Math.max(...ys);
  const bottom = plot.y.scale === 'log' ? Math.min(...ys) : Math.min(0, ...ys);
  const marks = [
    quantity(top, plot.y.unit),
    // All of it 0: once is enough.
    top === bottom ? '' : quantity(bottom, plot.y.unit, bottom === 0 ? scaleOf(plot.y.unit, top) : null),
  ];
  const margin = Math.max(...marks.map((mark) => mark.length));
  const width = Math.max(10, columns - margin - 2);
  const canvas = new Canvas(width, rows);
  // Lines over single points, or a crowd of repeats would hide the median.
  const order = drawn.map((_, i) => i).sort((a, b) => LAYERS.indexOf(drawn[a]!.kind) - LAYERS.indexOf(drawn[b]!.kind));
  for (const i of order) {
    const one = drawn[i]!;
    const dots = all[i]!.map(({ x, y }) => [atX(x) * (width * 2 - 1), (1 - atY(y)) * (rows * 4 - 1)] as const);
    // Between categories there is nothing that a line could stand for.
    if (one.kind === 'reference' || (one.kind === 'line' && plot.x.scale !== 'category')) {
      const isGap = gaps(one, plot);
      for (let k = 1; k < dots.length; k++)
        if (!isGap(all[i]!, k)) canvas.line(dots[k - 1]!, dots[k]!, i, one.kind === 'reference');
    }
    if (one.kind === 'reference') continue;
    const step = Math.max(1, Math.ceil(dots.length / (width / 6)));
    for (const [k, [x, y]] of dots.entries()) canvas.dot(x, y, i, k % step === 0 ? markOf(drawn, i) : null);
  }
  const lines = canvas.lines(paint).map((line, row) => {
    const mark = row === 0 ? marks[0]! : row === rows - 1 ? marks[1]! : '';
    return `${mark.padStart(margin)} ${row === 0 || row === rows - 1 ? '┤' : '│'}${line}`;
  });
  const ends = [placeText(plot.x, Math.min(...xs)), placeText(plot.x, Math.max(...xs))];
  const axis = `${' '.repeat(margin)} └${'─'.repeat(width)}`;
  const what = isPercentile(plot.x) ? 'percentile' : plot.x.label;
  const room = Math.max(1, width - ends[0]!.length - ends[1]!.length);
  const middle = fit(what, room - 2).padStart((room + Math.min(what.length, room - 2)) >> 1);
  const below = `${' '.repeat(margin + 2)}${ends[0]}${middle.padEnd(room)}${ends[1]}`;
  return [...lines, axis, below, ...legend(drawn, columns, paint)];
}

/** Whether a null of the series lies between two of its points. */
function gaps(series: Series, plot: Plot): (points: readonly Point[], k: number) => boolean {
  const nulls = series.x.filter((x, i) => hasPlace(x, plot.x) && (series.y[i] ?? null) === null);
  return (points, k) => nulls.some((x) => x > points[k - 1]!.x && x < points[k]!.x);
}

const letter = (i: number): string => String.fromCharCode(65 + i);

/** Points beside lines are repeats: circles, so that the letters are those of the lines. */
function markOf(drawn: readonly Series[], i: number): string {
  const { kind } = drawn[i]!;
  if (kind === 'reference') return '·';
  return kind === 'points' && drawn.some((one) => one.kind === 'line') ? '∘' : letter(i);
}

function legend(drawn: readonly Series[], columns: number, paint: Paint): string[] {
  if (drawn.length === 1) return [];
  return drawn.map(
    ({ name }, i) => `  ${paint(COLOURS[i % COLOURS.length]!, markOf(drawn, i))} ${fit(name, columns - 4)}`,
  );
}

/** Dots in Braille characters, of the series that set the last of each. */
class Canvas {
  readonly #width: number;
  readonly #rows: number;
  readonly #bits: Uint8Array;
  readonly #owner: Int8Array;
  readonly #marks: (string | null)[];

  constructor(width: number, rows: number) {
    this.#width = width;
    this.#rows = rows;
    this.#bits = new Uint8Array(width * rows);
    this.#owner = new Int8Array(width * rows).fill(-1);
    this.#marks = new Array(width * rows).fill(null);
  }

  dot(x: number, y: number, series: number, mark: string | null = null): void {
    const [column, row] = [Math.round(x), Math.round(y)];
    const cell = (row >> 2) * this.#width + (column >> 1);
    this.#bits[cell]! |= DOTS[row & 3]![column & 1]!;
    this.#owner[cell] = series;
    if (mark !== null) this.#marks[cell] = mark;
  }

  line(from: readonly [number, number], to: readonly [number, number], series: number, isDotted: boolean): void {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]))));
    for (let i = 0; i <= steps; i++) {
      if (isDotted && i % 4 > 0) continue;
      this.dot(from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps, series);
    }
  }

  lines(paint: Paint): string[] {
    return Array.from({ length: this.#rows }, (_, row) => {
      const cells = Array.from({ length: this.#width }, (_, column) => {
        const cell = row * this.#width + column;
        const bits = this.#bits[cell]!;
        if (bits === 0) return ' ';
        const text = this.#marks[cell] ?? String.fromCharCode(0x2800 + bits);
        return paint(COLOURS[this.#owner[cell]! % COLOURS.length]!, text);
      });
      return cells.join('').trimEnd();
    });
  }
}

function barLines(plot: Plot, drawn: readonly Series[], { columns, paint }: PlotOptions): string[] {
  const values = drawn.flatMap((one) => pointsOf(one, plot).map(({ y }) => y));
  const top = Math.max(...values, 0);
  const places = [...new Set(drawn.flatMap(({ x }) => x))].sort((a, b) => a - b);
  const names = places.map((place) => fit(placeText(plot.x, place), Math.floor(columns / 3)));
  const shown = values.map((value) => quantity(value, plot.y.unit).length);
  const margin = Math.max(...names.map((name) => name.length));
  const width = Math.max(4, columns - margin - Math.max(...shown) - 4);
  const lines = places.flatMap((place, k) =>
    drawn.map((one, i) => {
      // A logarithmic axis has no place for 0, but a bar of nothing is not a gap.
      const zero = one.x.some((x, j) => x === place && one.y[j] === 0) ? 0 : undefined;
      const value = pointsOf(one, plot).find(({ x }) => x === place)?.y ?? zero;
      const name = (i === 0 ? names[k]! : '').padEnd(margin);
      if (value === undefined) return `${name} –`;
      const bar = paint(COLOURS[i % COLOURS.length]!, blocks(top <= 0 ? 0 : Math.max(0, value / top), width));
      const mark = drawn.length > 1 ? `${letter(i)} ` : '';
      return `${name} ${mark}${bar} ${quantity(value, plot.y.unit)}`;
    }),
  );
  return [...lines, ...legend(drawn, columns, paint)];
}

function blocks(share: number, width: number): string {
  const eighths = Math.round(share * width * 8);
  const rest = eighths % 8;
  return '█'.repeat(eighths >> 3) + (rest === 0 ? '' : EIGHTHS[rest]!);
}
