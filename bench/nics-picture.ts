/** The curves of nics.ts as one SVG: traps for each frame over the batch, a panel for each load, a line for each card. */
import type { Point } from './nics.ts';

const WIDTH = 960;
const HEIGHT = 420;
const PANEL = { top: 64, bottom: 300, left: 56, width: 236, gap: 32 };
/** Told apart by people who see few colours, on white and on black, and by the marks of the lines. */
const COLOURS = ['#d55e00', '#cc79a7', '#0072b2', '#009e73', '#e69f00', '#56b4e9'];
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '', '4 4'];
const DECADES = [-3, -2, -1, 0, 1];
const LINE_MAX = 150;

export function picture(points: readonly Point[], about: string): string {
  const loads = [...new Set(points.map(({ load }) => load))];
  const batches = [...new Set(points.map(({ batch }) => batch))];
  const cards = [...new Set(points.map(({ card }) => card))];
  const [low, high] = [DECADES[0]!, DECADES.at(-1)!];
  const y = (traps: number): number => {
    const share = (Math.log10(Math.max(traps, 10 ** low)) - low) / (high - low);
    return PANEL.bottom - share * (PANEL.bottom - PANEL.top);
  };
  const x = (panel: number, batch: number): number => {
    const share = Math.log2(batch) / Math.log2(batches.at(-1)!);
    return leftOf(panel) + 12 + share * (PANEL.width - 24);
  };
  const panels = loads.map((load, panel) => {
    const grid = DECADES.map((decade) => {
      const at = y(10 ** decade);
      const label = panel === 0 ? text(PANEL.left - 8, at + 4, String(10 ** decade), 'end') : '';
      return `<line class="grid" x1="${leftOf(panel)}" x2="${leftOf(panel) + PANEL.width}" y1="${at}" y2="${at}"/>${label}`;
    });
    const ticks = batches.map((batch) => text(x(panel, batch), PANEL.bottom + 18, String(batch), 'middle'));
    const lines = cards.map((card, i) => {
      const own = points.filter((point) => point.card === card && point.load === load);
      const path = own.map(({ batch, traps }) => `${x(panel, batch).toFixed(1)},${y(traps).toFixed(1)}`);
      const dots = path.map((at) => `<circle cx="${at.replace(',', '" cy="')}" r="3" fill="${COLOURS[i]}"/>`);
      return `<polyline fill="none" stroke="${COLOURS[i]}" stroke-width="2" stroke-dasharray="${DASHES[i]}" points="${path.join(' ')}"/>${dots.join('')}`;
    });
    const title = text(leftOf(panel) + PANEL.width / 2, PANEL.top - 12, `load ${load} %`, 'middle');
    return [...grid, ...ticks, title, ...lines].join('\n');
  });
  const legend = cards.map((card, i) => {
    const at = PANEL.left + i * 148;
    return `<line x1="${at}" x2="${at + 24}" y1="346" y2="346" stroke="${COLOURS[i]}" stroke-width="2" stroke-dasharray="${DASHES[i]}"/>${text(at + 30, 350, card, 'start')}`;
  });
  const sentences = wrap(about).map((line, i) => text(PANEL.left, 376 + 14 * i, line, 'start', 'small'));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Traps for each frame by network card, load and batch">
<style>
svg { background: #fff; font: 12px sans-serif; }
text { fill: #222; } .small { font-size: 10px; } .title { font-size: 14px; font-weight: bold; } .grid { stroke: #ccc; stroke-width: 1; }
@media (prefers-color-scheme: dark) { svg { background: #161616; } text { fill: #e6e6e6; } .grid { stroke: #444; } }
</style>
${text(PANEL.left, 24, 'Traps for each frame, over the frames that a driver gathers before it rings', 'start', 'title')}
${panels.join('\n')}
${text(PANEL.left + 1.5 * PANEL.width + PANEL.gap, PANEL.bottom + 34, 'batch (vmxnet3: txThreshold)', 'middle')}
${legend.join('\n')}
${sentences.join('\n')}
</svg>
`;
}

function leftOf(panel: number): number {
  return PANEL.left + panel * (PANEL.width + PANEL.gap);
}

function text(x: number, y: number, content: string, anchor: string, style = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${style === '' ? '' : ` class="${style}"`}>${escaped}</text>`;
}

function wrap(sentence: string): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= LINE_MAX) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
