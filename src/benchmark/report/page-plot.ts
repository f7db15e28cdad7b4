/**
 * A plot three times: the data for the script that draws it, a legend whose entries hide and show series, and the same values as a
 * table, for readers without eyes, pointer or script.
 */
import type { Axis, Plot, Series } from '../model.ts';
import { commonScale, exact, numberText, quantity, type Scale } from './format.ts';
import { html, type Markup } from './html.ts';

/** A curve with more points is thinned: a plot has no more pixels, and the JSON keeps them all. */
const POINTS_MAX = 400;
const ROWS_MAX = 60;

/** One plot's data with short keys, as PAGE_SCRIPT reads them. */
export function plotData({ x, y, series }: Plot): object {
  return {
    x: axisData(x),
    y: { ...axisData(y), scale: commonScale(y.unit, series.flatMap(valuesOf)) },
    series: series.map((one) => {
      const { x, y, low, high } = thinned(one);
      const spreads = {
        ...(low && { low: low.map(short) }),
        ...(high && { high: high.map(short) }),
      };
      return {
        name: one.name,
        kind: one.kind,
        x: x.map(short),
        y: y.map(short),
        ...spreads,
      };
    }),
  };
}

const axisData = (axis: Axis): object => ({
  label: axis.label,
  unit: axis.unit,
  kind: isPercentile(axis) ? 'percentile' : axis.scale,
  ...(axis.categories && { categories: axis.categories }),
});

const short = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(6)));

const valuesOf = ({ y, low = [], high = [] }: Series): number[] => [...y, ...low, ...high].filter((v) => v !== null);

/** HDR histograms draw latency over 1/(1-q): each power of ten is one more nine. */
export const isPercentile = ({ label, unit, scale }: Axis): boolean =>
  scale === 'log' && /1\s*\/\s*\(\s*1\s*[-−–]\s*[pq]\s*\)/.test(`${label} ${unit}`);

/** The place `at` on the axis, in words. */
export function placeText(axis: Axis, at: number, scale: Scale | null = null): string {
  if (axis.scale === 'category') return axis.categories?.[at] ?? String(at);
  if (isPercentile(axis)) return percentText(1 - 1 / at);
  return quantity(at, axis.unit, scale);
}

/** 0.9999 is `99.99 %`: as many digits as there are nines. */
function percentText(q: number): string {
  const digits = Math.min(8, Math.max(0, Math.ceil(-Math.log10(1 - q) - 2.0001)));
  return `${(q * 100).toFixed(digits)}\u00a0%`;
}

/** Evenly chosen points, with the first and the last. */
function thinned(series: Series, countMax = POINTS_MAX): Series {
  const count = series.x.length;
  if (count <= countMax) return series;
  const places = Array.from({ length: countMax }, (_, i) => Math.round((i * (count - 1)) / (countMax - 1)));
  const pick = <T>(values: readonly T[]): T[] => places.map((place) => values[place]!);
  const { low, high } = series;
  return {
    ...series,
    x: pick(series.x),
    y: pick(series.y),
    ...(low && { low: pick(low) }),
    ...(high && { high: pick(high) }),
  };
}

/** `index`: its place among all plots of the page. */
export function plotFigure(plot: Plot, index: number): Markup {
  const { title, x, y, series } = plot;
  const scale = y.scale === 'log' ? null : commonScale(y.unit, series.flatMap(valuesOf));
  const unit = scale?.unit ?? (y.scale === 'log' ? '' : y.unit);
  const along = isPercentile(x) ? 'Percentile' : x.label + (x.unit === '' || x.scale === 'log' ? '' : `, ${x.unit}`);
  const many = series.length > 1 || series.some((one) => one.low !== undefined);
  return html`<figure><figcaption>${title}</figcaption>
${many && html`<ul class="legend">${series.map(legendEntry)}</ul>`}
<div class="ylabel" aria-hidden="true">${y.label}${unit === '' ? '' : `, ${unit}`}</div>
<div class="plot" data-plot="${index}" role="img" aria-label="Plot: ${title}. Its values stand in the table that follows."></div>
<div class="xlabel" aria-hidden="true">${along}</div>
${valuesTable(plot)}</figure>`;
}

function legendEntry({ name, kind, low }: Series, i: number): Markup {
  const mark = {
    line: html`<path d="M0 6H22"/><circle cx="11" cy="6" r="3"/>`,
    reference: html`<path d="M0 6H22" stroke-dasharray="5 3"/>`,
    points: html`<circle cx="11" cy="6" r="3"/>`,
    bars: html`<path d="M3 6H19" stroke-width="10"/>`,
  }[kind];
  const colour = kind === 'reference' ? 'ref' : `s${i % 8}`;
  return html`<li><button type="button" aria-pressed="true" data-series="${i}"><svg width="22" height="12" class="${colour}"
aria-hidden="true">${mark}</svg>${name}${low !== undefined && html` <small>with the range of the repeats</small>`}</button></li>`;
}

function valuesTable(plot: Plot): Markup {
  const places = new Set(plot.series.flatMap(({ x }) => x));
  const longest = Math.max(0, ...plot.series.map(({ x }) => new Set(x).size));
  const isShared = places.size <= Math.max(longest * 1.5, 12);
  const table = isShared
    ? sharedTable(
        plot,
        [...places].sort((a, b) => a - b),
      )
    : longTable(plot);
  return html`<details class="values"><summary>Values of the plot</summary>
<div class="scroll" role="region" aria-label="Values of ${plot.title}" tabindex="0"><table>${table}</table></div></details>`;
}

/** Series side by side. Points at one place stand together in a cell. */
function sharedTable({ x, y, series }: Plot, places: readonly number[]): Markup {
  const scale = commonScale(y.unit, series.flatMap(valuesOf));
  const step = Math.ceil(places.length / ROWS_MAX);
  const shown = places.filter((_, i) => i % step === 0 || i === places.length - 1);
  const at = series.map((one) => {
    const values = new Map<number, string[]>();
    one.x.forEach((place, i) => {
      const value = one.y[i];
      if (value === null || value === undefined) return;
      values.set(place, [...(values.get(place) ?? []), value === 0 ? '0' : textOf(value, y, scale)]);
    });
    return values;
  });
  const note = step === 1 ? '' : ` (every ${step}th; the JSON file has them all)`;
  return html`<thead><tr><th scope="col">${x.label}${note}</th>
${series.map(({ name }) => html`<th scope="col" class="n">${name}${scale !== null && html`<span class="unit">${scale.unit}</span>`}</th>`)}
</tr></thead><tbody>${shown.map(
    (place) => html`<tr><th scope="row">${placeText(x, place)}</th>${at.map(
      (values) => html`<td class="n">${values.get(place)?.join(', ') ?? '–'}`,
    )}
`,
  )}</tbody>`;
}

/** Series one below the other, where their places are not the same. */
function longTable({ x, y, series }: Plot): Markup {
  const rowsMax = Math.max(8, Math.floor((ROWS_MAX * 2) / series.length));
  const rows = series.flatMap((one) => {
    const { x: places, y: values } = thinned(one, rowsMax);
    return places.map((place, i) => ({
      name: i === 0 ? one.name : '',
      place,
      value: values[i],
    }));
  });
  return html`<thead><tr><th scope="col">Series</th><th scope="col" class="n">${x.label}</th><th scope="col" class="n">${y.label}</th>
</tr></thead><tbody>${rows.map(
    ({ name, place, value }) => html`<tr><th scope="row">${name}</th><td class="n">${placeText(x, place)}<td class="n"
title="${value === null || value === undefined ? '' : exact(value, y.unit)}">${value === null || value === undefined ? '–' : quantity(value, y.unit)}
`,
  )}</tbody>`;
}

const textOf = (value: number, { unit }: Axis, scale: Scale | null): string =>
  scale === null ? quantity(value, unit) : numberText(scale.factor === 1 ? value : value * scale.factor);
