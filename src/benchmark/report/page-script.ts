/**
 * What the page does in a browser: draws the plots with uPlot in the colours of the style, shows values where somebody points, hides series,
 * and draws anew when the width or the colour scheme changes and before it is printed.
 *
 * uPlot draws axes, grid and lines; bars, whiskers and single points are drawn by the hooks below, because series may have several values
 * at one place. Plain JavaScript in a string, as it goes into the page: nothing translates it.
 */
export const PAGE_SCRIPT = `
(() => {
'use strict';
const plots = JSON.parse(document.getElementById('plots').textContent);
const root = document.documentElement;
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const colourOf = (one, i) => css(one.kind === 'reference' ? '--ref' : '--s' + (i % 8));
const RATES = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']];
const TIMES = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];

function number(value) {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-6) return value.toExponential(1);
  const digits = Number.isInteger(value) || size >= 999.5 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(size * (1 + 1e-9))));
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}
function quantity(value, unit) {
  const size = Math.abs(value);
  const time = TIMES.find(([, name]) => name === unit.replace('us', 'µs'));
  if (time && size > 0) {
    const [step, name] = TIMES.find(([step]) => size * time[0] >= step * 0.9995) || TIMES[3];
    return number(value * (time[0] / step)) + ' ' + name;
  }
  const rate = unit.endsWith('/s') && RATES.find(([step]) => size >= step * 0.9995);
  return (rate ? number(value / rate[0]) + ' ' + rate[1] + unit : number(value) + ' ' + unit).trim();
}
function percent(at) {
  const q = 1 - 1 / at;
  const digits = Math.min(8, Math.max(0, Math.ceil(Math.log10(at) - 2.0001)));
  return (q * 100).toFixed(digits) + ' %';
}
function place(axis, at) {
  if (axis.kind === 'category') return (axis.categories || [])[at] ?? String(at);
  return axis.kind === 'percentile' ? percent(at) : quantity(at, axis.unit);
}

const isLog = (axis) => axis.kind === 'log' || axis.kind === 'percentile';
const present = (value, axis) => value !== null && value !== undefined && (!isLog(axis) || value > 0);

/** Least and greatest of what is shown. */
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
  return low > high ? null : [low, high];
}
function rangeX(plot, bars) {
  if (plot.x.kind === 'category') return [-0.5, Math.max(1, (plot.x.categories || []).length) - 0.5];
  const [low, high] = extent(plot.series.flatMap((one) => one.x.filter((x) => present(x, plot.x)))) || [1, 10];
  if (isLog(plot.x)) return low < high ? [low, high] : [low / 2, high * 2];
  const pad = bars ? (high - low) / 8 || 1 : low < high ? 0 : 1;
  return [low - pad, high + pad];
}
function rangeY(plot, shown) {
  const values = plot.series.flatMap((one, i) =>
    shown[i] ? [...one.y, ...(one.low || []), ...(one.high || [])].filter((y) => present(y, plot.y)) : []);
  const [low, high] = extent(values) || [1, 10];
  if (isLog(plot.y)) return [low / 1.4, high * 1.4];
  // Rates begin at 0, so that a length on the page is a number; only scattered points may do without.
  const isLoose = plot.series.every((one) => one.kind === 'points') && low > 0;
  const bottom = isLoose ? low - (high - low) * 0.1 : Math.min(0, low * 1.06);
  const top = high <= 0 ? 0 : isLoose ? high + (high - low) * 0.1 : high * 1.06;
  return bottom < top ? [bottom, top] : [bottom, bottom + 1];
}
function logSplits(low, high) {
  const decades = Math.log10(high / low);
  const steps = decades > 2.5 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 3, 5, 7];
  const splits = [];
  for (let ten = Math.floor(Math.log10(low)); ten <= Math.ceil(Math.log10(high)); ten++) {
    for (const step of steps) {
      const at = Number((step * 10 ** ten).toPrecision(3));
      if (at >= low * 0.999 && at <= high * 1.001) splits.push(at);
    }
  }
  return splits;
}

function draw(box) {
  const plot = plots[Number(box.dataset.plot)];
  const shown = box.shown || (box.shown = plot.series.map(() => true));
  if (box.chart) box.chart.destroy();
  const bars = plot.series.map((one, i) => i).filter((i) => plot.series[i].kind === 'bars');
  const [ink, rule, card] = [css('--muted'), css('--rule'), css('--card')];
  const font = '12px system-ui, sans-serif';
  const ratio = devicePixelRatio;
  const width = Math.max(200, Math.min(box.clientWidth, root.classList.contains('print') ? 660 : 900));
  const mark = (u, i, x, y, size) => {
    const [ctx, px, py, r] = [u.ctx, u.valToPos(x, 'x', true), u.valToPos(y, 'y', true), size * ratio];
    ctx.beginPath();
    if (i % 4 === 0) ctx.arc(px, py, r, 0, 7);
    else if (i % 4 === 1) ctx.rect(px - r * 0.9, py - r * 0.9, r * 1.8, r * 1.8);
    else if (i % 4 === 2) { ctx.moveTo(px, py - r * 1.2); ctx.lineTo(px + r * 1.1, py + r * 0.8); ctx.lineTo(px - r * 1.1, py + r * 0.8); }
    else { ctx.moveTo(px, py - r * 1.3); ctx.lineTo(px + r * 1.3, py); ctx.lineTo(px, py + r * 1.3); ctx.lineTo(px - r * 1.3, py); }
    ctx.closePath();
    ctx.fill();
  };
  const clipped = (u, act) => {
    u.ctx.save();
    u.ctx.beginPath();
    const { left, top, width, height } = u.bbox;
    u.ctx.rect(left - 6, top - 6, width + 12, height + 12);
    u.ctx.clip();
    act(u.ctx);
    u.ctx.restore();
  };
  // Bars of several series stand side by side; their whiskers go with them.
  const barXs = [...new Set(bars.flatMap((i) => plot.series[i].x))].sort((a, b) => a - b);
  const barWidth = (u) => {
    const gaps = barXs.slice(1).map((x, i) => u.valToPos(x, 'x', true) - u.valToPos(barXs[i], 'x', true));
    return Math.min(48 * ratio, (Math.min(u.bbox.width / 3, ...gaps) * 0.7) / bars.length);
  };
  const middleOf = (u, i, x) => {
    const k = bars.indexOf(i);
    return u.valToPos(x, 'x', true) + (k < 0 ? 0 : (k + 0.5 - bars.length / 2) * barWidth(u));
  };
  const drawBars = (u) => clipped(u, (ctx) => {
    const each = barWidth(u);
    bars.forEach((i) => {
      if (!shown[i]) return;
      const one = plot.series[i];
      ctx.fillStyle = colourOf(one, i);
      one.x.forEach((x, j) => {
        if (!present(one.y[j], plot.y)) return;
        const left = middleOf(u, i, x) - each / 2;
        const top = u.valToPos(one.y[j], 'y', true);
        const base = isLog(plot.y) ? u.bbox.top + u.bbox.height : u.valToPos(0, 'y', true);
        ctx.fillRect(left + ratio, Math.min(top, base), each - 2 * ratio, Math.abs(base - top));
      });
    });
  });
  const drawMarks = (u) => clipped(u, (ctx) => plot.series.forEach((one, i) => {
    if (!shown[i]) return;
    const colour = colourOf(one, i);
    ctx.strokeStyle = one.kind === 'bars' ? ink : colour;
    ctx.fillStyle = colour;
    ctx.lineWidth = 1.5 * ratio;
    one.x.forEach((x, j) => {
      const [low, high, y] = [one.low && one.low[j], one.high && one.high[j], one.y[j]];
      if (present(low, plot.y) && present(high, plot.y)) {
        const [px, top, bottom, cap] = [middleOf(u, i, x), u.valToPos(high, 'y', true), u.valToPos(low, 'y', true), 4 * ratio];
        ctx.beginPath();
        ctx.moveTo(px, top); ctx.lineTo(px, bottom);
        ctx.moveTo(px - cap, top); ctx.lineTo(px + cap, top);
        ctx.moveTo(px - cap, bottom); ctx.lineTo(px + cap, bottom);
        ctx.stroke();
      }
      if (!present(y, plot.y)) return;
      if (one.kind === 'points') { ctx.globalAlpha = 0.6; mark(u, i, x, y, 3); ctx.globalAlpha = 1; }
      else if (one.kind === 'line' && one.x.length <= 40) mark(u, i, x, y, 3.2);
    });
  }));

  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  const point = (u) => {
    const { left, idx } = u.cursor;
    if (left < 0 || idx === null || idx === undefined) { tip.hidden = true; return; }
    const at = u.data[0][idx];
    const lines = [];
    plot.series.forEach((one, i) => {
      if (!shown[i]) return;
      const near = one.x.reduce((best, x) => (Math.abs(u.valToPos(x, 'x') - u.valToPos(at, 'x')) <
        Math.abs(u.valToPos(best, 'x') - u.valToPos(at, 'x')) ? x : best), one.x[0]);
      if (near === undefined || Math.abs(u.valToPos(near, 'x') - u.valToPos(at, 'x')) > 14) return;
      const values = one.x.map((x, j) => (x === near ? j : -1)).filter((j) => j >= 0 && one.y[j] !== null);
      if (values.length === 0) return;
      const text = values.slice(0, 8).map((j) => quantity(one.y[j], plot.y.unit)).join(', ') + (values.length > 8 ? ', …' : '');
      const j = values[0];
      const spread = one.low && one.high && present(one.low[j], plot.y) && one.low[j] !== one.high[j]
        ? ' (' + quantity(one.low[j], plot.y.unit) + ' to ' + quantity(one.high[j], plot.y.unit) + ')' : '';
      lines.push([colourOf(one, i), one.name + ': ' + text + spread]);
    });
    tip.replaceChildren();
    const title = document.createElement('b');
    title.textContent = place(plot.x, at);
    tip.append(title);
    for (const [colour, text] of lines) {
      const line = document.createElement('div');
      const dot = document.createElement('i');
      dot.style.background = colour;
      line.append(dot, text);
      tip.append(line);
    }
    tip.hidden = false;
    const x = u.over.offsetLeft + u.valToPos(at, 'x');
    const room = box.clientWidth - tip.offsetWidth;
    tip.style.left = Math.max(0, Math.min(room, x + 14 + tip.offsetWidth > box.clientWidth ? x - 14 - tip.offsetWidth : x + 14)) + 'px';
    tip.style.top = '12px';
  };

  const tickY = plot.y.scale;
  const axis = { stroke: ink, font, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1, size: 5 } };
  const options = {
    width,
    height: Math.round(Math.max(260, Math.min(360, width * 0.5))),
    padding: [10, 30, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: false, distr: isLog(plot.x) ? 3 : 1, range: () => rangeX(plot, bars.length > 0) },
      y: { distr: isLog(plot.y) ? 3 : 1, range: () => rangeY(plot, shown) },
    },
    axes: [
      {
        ...axis,
        grid: plot.x.kind === 'category' ? { show: false } : axis.grid,
        space: 48,
        size: 32,
        splits: plot.x.kind === 'category' ? () => {
          const names = plot.x.categories || [];
          const longest = Math.max(1, ...names.map((name) => name.length)) * 7 + 12;
          const step = Math.max(1, Math.ceil((Math.min(longest, 110) * names.length) / (width - 70)));
          return names.map((_, i) => i).filter((i) => i % step === 0);
        } : plot.x.kind === 'percentile' ? (u, k, low, high) =>
          [2, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((at) => at >= low * 0.999 && at <= high * 1.001)
        : isLog(plot.x) ? (u, k, low, high) => logSplits(low, high) : undefined,
        filter: (u, splits) => splits,
        values: (u, splits) => splits.map((at) => {
          const text = plot.x.kind === 'linear' ? number(at) : place(plot.x, at);
          return text.length > 15 ? text.slice(0, 14) + '…' : text;
        }),
      },
      {
        ...axis,
        size: (u, values) => Math.max(36, ...(values || []).map((text) => text.length * 7 + 16)),
        splits: isLog(plot.y) ? (u, k, low, high) => logSplits(low, high) : undefined,
        filter: (u, splits) => splits,
        values: (u, splits) => splits.map((at) =>
          isLog(plot.y) || !tickY ? quantity(at, plot.y.unit) : number(Number((at * tickY.factor).toPrecision(6)))),
      },
    ],
    series: [{}, ...plot.series.map((one, i) => {
      // Between categories there is nothing that a line could stand for.
      const isLine = one.kind === 'reference' || (one.kind === 'line' && plot.x.kind !== 'category');
      return {
        show: shown[i],
        stroke: colourOf(one, i),
        width: one.kind === 'reference' ? 1.5 : 2,
        dash: one.kind === 'reference' ? [6, 4] : undefined,
        points: { show: false },
        ...(isLine ? {} : { paths: () => null }),
      };
    })],
    hooks: { drawAxes: bars.length > 0 ? [drawBars] : [], draw: [drawMarks], setCursor: [point] },
  };
  const tables = plot.series.map((one) => {
    const order = one.x.map((_, j) => j).filter((j) => present(one.x[j], plot.x)).sort((a, b) => one.x[a] - one.x[b]);
    return [order.map((j) => one.x[j]), order.map((j) => (present(one.y[j], plot.y) ? one.y[j] : null))];
  });
  const data = tables.length === 0 ? [[0], [null]] : uPlot.join(tables);
  if (tables.length === 0) options.series.push({});
  box.chart = new uPlot(options, data, box);
  box.drawnWidth = width;
  box.append(tip);
}

const boxes = [...document.querySelectorAll('.plot')];
const drawAll = () => { for (const box of boxes) { box.querySelectorAll('.tip').forEach((tip) => tip.remove()); draw(box); } };
drawAll();
for (const button of document.querySelectorAll('.legend button')) {
  button.addEventListener('click', () => {
    const box = button.closest('figure').querySelector('.plot');
    const i = Number(button.dataset.series);
    box.shown[i] = !box.shown[i];
    button.setAttribute('aria-pressed', String(box.shown[i]));
    box.querySelectorAll('.tip').forEach((tip) => tip.remove());
    draw(box);
  });
}
let waiting = 0;
addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 100); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
addEventListener('beforeprint', () => { root.classList.add('print'); drawAll(); });
addEventListener('afterprint', () => { root.classList.remove('print'); drawAll(); });
})();
`;
