/** The figures of a test as tables of the page: each cell a median, and beneath it the repeats round it. */
import type { Figure } from '../model.ts';
import { spread } from '../statistics.ts';
import { figureTables, labelName, labelText, type Pivot } from './figure-table.ts';
import { counted, exact, quantity, type Scale, signedPercent } from './format.ts';
import { html, type Markup } from './html.ts';
import { medianOf } from './verdict.ts';

const BAR_WIDTH = 84;
/** Bars of a table share a scale, which goes at least and at most so far from the median. */
const REACH_MIN = 0.01;
const REACH_MAX = 1;

export const figureMarkup = (figures: readonly Figure[]): Markup[] =>
  figureTables(figures).map(({ figures, labels, pivot }) =>
    framed(figures, pivot === null ? list(figures, labels) : crossed(figures, labels, pivot)),
  );

function crossed(figures: readonly Figure[], labels: readonly string[], { columns, rows }: Pivot): Markup {
  const reach = reachOf(figures);
  return html`<thead><tr>${labels.map((label) => html`<th scope="col">${labelName(label)}</th>`)}
${columns.map(({ name, scale }) => html`<th scope="col" class="n">${name}${unitBehind(scale)}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr>${Object.entries(row.labels).map(([key, value]) => html`<th scope="row">${labelText(key, value)}</th>`)}
${row.cells.map((figure, i) =>
  figure === null ? html`<td class="n none">–</td>` : cell(figure, columns[i]!.scale, reach),
)}</tr>
`,
  )}</tbody>`;
}

function list(figures: readonly Figure[], labels: readonly string[]): Markup {
  const reach = reachOf(figures);
  return html`<thead><tr><th scope="col">Figure</th>${labels.map((label) => html`<th scope="col">${labelName(label)}</th>`)}
<th scope="col" class="n">Median</th></tr></thead>
<tbody>${figures.map(
    (figure) => html`<tr><th scope="row">${figure.name}</th>
${Object.entries(figure.labels).map(([key, value]) => html`<td>${labelText(key, value)}</td>`)}${cell(figure, null, reach)}</tr>
`,
  )}</tbody>`;
}

function framed(figures: readonly Figure[], content: Markup): Markup {
  const counts = [...new Set(figures.map((figure) => figure.samples.length))].sort((a, b) => a - b);
  const repeats =
    counts.length === 1 ? counted(counts[0]!, 'repeat') : `${counts[0]} to ${counted(counts.at(-1)!, 'repeat')}`;
  const caption =
    counts.at(-1) === 1
      ? 'Measured once.'
      : `Medians of ${repeats}; beneath, how far the repeats reach to either side of it, each of them a dot.`;
  return html`<p class="caption">${caption}</p>
<div class="scroll" role="region" aria-label="Figures" tabindex="0"><table class="figures">
${content}</table></div>`;
}

const unitBehind = (scale: Scale): Markup | false => scale.unit !== '' && html`<span class="unit">${scale.unit}</span>`;

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
  return Math.min(REACH_MAX, Math.max(REACH_MIN, ...reaches));
}

function spreadBar(figure: Figure, reach: number): Markup | null {
  const middle = medianOf(figure);
  if (figure.samples.length < 2 || middle === 0) return null;
  const shares = figure.samples.map((sample) => sample / middle - 1);
  const [low, high] = [Math.min(...shares), Math.max(...shares)];
  // Beside a median next to nothing a share can be beyond all numbers.
  if (!Number.isFinite((high - low) * 100)) return null;
  const at = (share: number): string => (Math.min(1, Math.max(-1, share / reach)) * (BAR_WIDTH / 2 - 3)).toFixed(1);
  const dots = [...new Set(shares.map(at))].map((x) => html`<circle cx="${x}" r="2"/>`);
  const half = BAR_WIDTH / 2;
  return html`<span class="spread"><svg width="${BAR_WIDTH}" height="10" viewBox="-${half} -5 ${BAR_WIDTH} 10" aria-hidden="true">
<path d="M-${half} 0H${half}"/><path class="range" d="M${at(low)} 0H${at(high)}"/>${dots}<path class="mid" d="M0-5V5"/></svg>
<span>${signedPercent(low)} ${signedPercent(high)}</span></span>`;
}
