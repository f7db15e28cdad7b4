/**
 * The figures of a test as tables. What was measured for several things (sizes, loads) becomes a table with a row for each of them and a
 * column for each name; anything else is a list of names and values.
 */
import type { Figure } from '../model.ts';
import { spread } from '../statistics.ts';
import { commonScale, counted, exact, quantity, type Scale, signedPercent } from './format.ts';
import { html, type Markup } from './html.ts';
import { medianOf } from './verdict.ts';

const COLUMNS_MAX = 6;
const BAR_WIDTH = 84;
/** Bars of a table share a scale, which goes at least so far from the median. */
const REACH_MIN = 0.01;

export function figureTables(figures: readonly Figure[]): Markup[] {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) {
    const key = JSON.stringify(Object.keys(figure.labels));
    groups.set(key, [...(groups.get(key) ?? []), figure]);
  }
  return [...groups.values()].map((group) => pivot(group) ?? list(group));
}

/** Names as columns, or null where that would be a table of holes. */
function pivot(figures: readonly Figure[]): Markup | null {
  const labels = Object.keys(figures[0]!.labels);
  const cells = new Map<string, Map<string, Figure>>();
  for (const figure of figures) {
    const row = JSON.stringify(Object.values(figure.labels));
    const column = JSON.stringify([figure.name, figure.unit]);
    cells.set(row, (cells.get(row) ?? new Map()).set(column, figure));
  }
  const columns = [...new Set(figures.map(({ name, unit }) => JSON.stringify([name, unit])))];
  const room = columns.length * cells.size;
  if (labels.length === 0 || cells.size < 2 || columns.length > COLUMNS_MAX || figures.length * 2 < room) return null;
  const scales = columns.map((key) => {
    const [name, unit] = JSON.parse(key) as [string, string];
    const column = figures.filter((figure) => figure.name === name && figure.unit === unit);
    return { name, unit, scale: commonScale(unit, column.map(medianOf)) };
  });
  const reach = reachOf(figures);
  return framed(
    figures,
    html`<thead><tr>${labels.map((label) => html`<th scope="col">${label}</th>`)}
${scales.map(({ name, scale }) => html`<th scope="col" class="n">${name}${unitBehind(scale)}</th>`)}</tr></thead>
<tbody>${[...cells.values()].map((row) => {
      const [first] = row.values();
      return html`<tr>${Object.values(first!.labels).map((value) => html`<th scope="row">${value}</th>`)}
${columns.map((key, i) => {
  const figure = row.get(key);
  return figure === undefined ? html`<td class="n none">–</td>` : cell(figure, scales[i]!.scale, reach);
})}</tr>
`;
    })}</tbody>`,
  );
}

function list(figures: readonly Figure[]): Markup {
  const labels = Object.keys(figures[0]!.labels);
  const reach = reachOf(figures);
  return framed(
    figures,
    html`<thead><tr><th scope="col">Figure</th>${labels.map((label) => html`<th scope="col">${label}</th>`)}
<th scope="col" class="n">Median</th></tr></thead>
<tbody>${figures.map(
      (figure) => html`<tr><th scope="row">${figure.name}</th>
${Object.values(figure.labels).map((value) => html`<td>${value}</td>`)}${cell(figure, null, reach)}</tr>
`,
    )}</tbody>`,
  );
}

function framed(figures: readonly Figure[], content: Markup): Markup {
  const counts = [...new Set(figures.map((figure) => figure.samples.length))].sort((a, b) => a - b);
  const repeats =
    counts.length === 1 ? counted(counts[0]!, 'repeat') : `${counts[0]} to ${counted(counts.at(-1)!, 'repeat')}`;
  const caption =
    counts.at(-1) === 1
      ? 'Measured once, so nothing is known of the spread.'
      : `Medians of ${repeats}; beneath, how far the repeats reach to either side of it, each of them a dot.`;
  return html`<div class="scroll" role="region" aria-label="Figures" tabindex="0"><table class="figures">
<caption>${caption}</caption>
${content}</table></div>`;
}

const unitBehind = (scale: Scale | null): Markup | false =>
  scale !== null && scale.unit !== '' && html`<span class="unit">${scale.unit}</span>`;

function cell(figure: Figure, scale: Scale | null, reach: number): Markup {
  const value = medianOf(figure);
  const shown = scale === null ? quantity(value, figure.unit) : quantity(value, '', { factor: scale.factor, unit: '' });
  return html`<td class="n" title="${titleOf(figure)}">${shown}${spreadBar(figure, reach)}</td>`;
}

function titleOf({ samples, unit }: Figure): string {
  const { n, min, median, max } = spread(samples)!;
  if (n === 1) return exact(median, unit);
  return `median ${exact(median, unit)}, from ${exact(min, unit)} to ${exact(max, unit)}, ${counted(n, 'repeat')}`;
}

/** Greatest distance of a repeat from its median, as a share of it. */
function reachOf(figures: readonly Figure[]): number {
  const reaches = figures.map((figure) => {
    const middle = Math.abs(medianOf(figure));
    return middle === 0 ? 0 : Math.max(...figure.samples.map((sample) => Math.abs(sample - medianOf(figure)))) / middle;
  });
  return Math.max(REACH_MIN, ...reaches);
}

function spreadBar(figure: Figure, reach: number): Markup | null {
  const middle = medianOf(figure);
  if (figure.samples.length < 2 || middle === 0) return null;
  const shares = figure.samples.map((sample) => sample / middle - 1);
  const [low, high] = [Math.min(...shares), Math.max(...shares)];
  const at = (share: number): string => ((share / reach) * (BAR_WIDTH / 2 - 3)).toFixed(1);
  const dots = [...new Set(shares.map(at))].map((x) => html`<circle cx="${x}" r="2"/>`);
  const half = BAR_WIDTH / 2;
  return html`<span class="spread"><svg width="${BAR_WIDTH}" height="10" viewBox="-${half} -5 ${BAR_WIDTH} 10" aria-hidden="true">
<path d="M-${half} 0H${half}"/><path class="range" d="M${at(low)} 0H${at(high)}"/>${dots}<path class="mid" d="M0-5V5"/></svg>
<span>${signedPercent(low)} ${signedPercent(high)}</span></span>`;
}
