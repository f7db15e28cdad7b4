/**
 * A document as one self-contained HTML file: nothing is loaded from anywhere, and nothing in it runs but the two scripts whose hashes its
 * policy names, whatever texts the document holds.
 *
 * Reading order is that of a sceptic: the verdict and every reason to doubt it, what was measured on what, then test by test how, the
 * figures, the plots, and all trials behind them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BenchDocument, Plot, TestResult } from '../model.ts';
import { extentText } from '../network-text.ts';
import { counted, dateText, durationText, numberText, quantity, STATUS } from './format.ts';
import { html, Markup, scriptJson } from './html.ts';
import { figureMarkup } from './page-figures.ts';
import { plotData, plotFigure } from './page-plot.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { trialsTable } from './page-trials.ts';
import { doubts, headlines, summarySentences } from './verdict.ts';

/** The whole file. */
export function page(document: BenchDocument): string {
  const resolve = createRequire(import.meta.url).resolve;
  const uplot = readFileSync(resolve('uplot/dist/uPlot.iife.min.js'), 'utf8');
  const uplotStyle = readFileSync(resolve('uplot/dist/uPlot.min.css'), 'utf8');
  const plots = document.tests.flatMap((test) => test.plots);
  const scripts = plots.length === 0 ? [] : [uplot, PAGE_SCRIPT];
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src ${scripts.map(hashOf).join(' ') || "'none'"}`,
  ];
  const content = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}"><meta name="referrer" content="no-referrer">
<title>${document.title} · vswitch bench</title>
<style>${new Markup(uplotStyle)}${new Markup(PAGE_STYLE)}</style></head><body>
<a class="skip" href="#tests">Skip to the tests</a>
<header><p class="kicker">vSwitch benchmark · ${document.suite}</p><h1>${document.title}</h1>
<p class="meta">${metaText(document)}</p></header>
<main>
${verdict(document)}
${facts(document)}
${contents(document.tests)}
<div id="tests">${testSections(document.tests)}</div>
</main>
${footer()}
${plots.length > 0 && html`<script type="application/json" id="plots">${scriptJson(plots.map(plotData))}</script>`}
${scripts.map((script) => html`<script>${new Markup(script)}</script>`)}
</body></html>
`;
  return content.text;
}

const hashOf = (script: string): string => `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

function metaText({ startedAt, seconds, version, commit, clock }: BenchDocument): string {
  const program = `vswitch ${version}${commit === null ? '' : `, commit ${commit}`}`;
  return [dateText(startedAt), `${durationText(seconds)} on the ${clock} clock`, program].join(' · ');
}

function verdict(document: BenchDocument): Markup {
  const shown = headlines(document);
  return html`${doubts(document).map(
    ({ weight, title, text }) => html`<p class="doubt ${weight}" role="note"><b>${title}.</b> ${text}</p>`,
  )}
<p class="verdict">${summarySentences(document).join(' ')}</p>
${
  shown.length > 0 &&
  html`<dl class="headlines">${shown.map(({ what, value }) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`)}</dl>`
}`;
}

type Facts = readonly (readonly [string, string | number])[];

function facts({ machine, network, settings, ceiling, clock, seed }: BenchDocument): Markup {
  const groups: readonly (readonly [string, Facts])[] = [
    [
      'Machine',
      [
        ['CPU', machine.cpu],
        ['Cores', machine.cores],
        ['Memory', `${numberText(machine.memoryGiB)} GiB`],
        ['System', machine.os],
        ['Node.js', machine.node],
        ['Governor', machine.governor ?? 'cannot be told'],
        ['Load before', numberText(machine.load)],
      ],
    ],
    [
      'Network',
      [
        ['Topology', network.name],
        ['Size', extentText(network)],
        ...(network.cables === undefined ? [] : [['Cables', network.cables] as const]),
        ...(network.flows === undefined ? [] : [['Flows', network.flows.join('; ')] as const]),
        ['Workers', network.workers],
        ['MAC models', network.macModels.join(', ') || 'none'],
        ['Line rate', network.lineRate === null ? 'no media limit' : quantity(network.lineRate, 'bit/s')],
        ['Rules off', network.rulesOff.join(', ') || 'none'],
      ],
    ],
    [
      'Run',
      [
        ['Clock', clock === 'wall' ? 'wall: real time' : 'virtual: simulated time'],
        ['Seed', seed],
        ...Object.entries(settings).map(([key, value]) => [key, settingText(value)] as const),
      ],
    ],
  ];
  return html`<section aria-labelledby="what"><h2 id="what">What was measured, on what</h2>
<div class="facts">${groups.map(
    ([title, rows]) =>
      html`<div><h3>${title}</h3><dl>${rows.map(([key, value]) => html`<dt>${key}</dt><dd>${value}</dd>`)}</dl></div>`,
  )}</div>
${
  ceiling !== null &&
  html`<p>Ceiling: generator and receiver alone move
<b>${quantity(ceiling.framesPerSecond, 'frames/s')}</b> of ${ceiling.frameBytes} bytes. ${ceiling.note}</p>`
}</section>`;
}

const settingText = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'number' ? numberText(value) : value;

function contents(tests: readonly TestResult[]): Markup | null {
  if (tests.length < 2) return null;
  return html`<section aria-labelledby="contents"><h2 id="contents">Tests</h2><nav class="contents" aria-label="Tests"><ol>
${tests.map((test, i) => {
  const count = test.figures.length === 0 ? '' : `, ${counted(test.figures.length, 'figure')}`;
  return html`<li><span><a href="#t${i}">${test.title}</a></span><span>${STATUS[test.status]}${count}</span></li>
`;
})}</ol></nav></section>`;
}

/** With the place of their plots among those of the page. */
function testSections(tests: readonly TestResult[]): Markup[] {
  let plotsBefore = 0;
  return tests.map((test, i) => {
    const section = testSection(test, i, plotsBefore);
    plotsBefore += test.plots.length;
    return section;
  });
}

function testSection(test: TestResult, index: number, plotsBefore: number): Markup {
  const { id, title, source, ownNetwork, flows, method, status, why, figures, plots, trials, notes } = test;
  return html`<section class="test ${status}" aria-labelledby="t${index}"><h2 id="t${index}">${title}</h2>
<p class="source">${source === null ? '' : `${source} · `}<code>${id}</code></p>
${status !== 'done' && html`<p class="why"><b>${status === 'failed' ? 'Failed' : 'Not applicable'}:</b> ${why ?? 'no reason was given'}</p>`}
${status !== 'not-applicable' && html`<p>${method}</p>`}
${ownNetwork !== undefined && html`<p class="source">On its own network: ${ownNetwork}.</p>`}
${flows !== undefined && html`<p class="source">Flows at first: ${flows.join('; ')}.</p>`}
${figures.length > 0 && figureMarkup(figures)}
${plots.length > 0 && html`<div class="plots">${plots.map((plot: Plot, i) => plotFigure(plot, plotsBefore + i))}</div>`}
${notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${trialsTable(trials)}</section>
`;
}

const footer =
  (): Markup => html`<footer><p>A figure is the median of its repeats. A trial is void, and counts for nothing, when the frames
offered are off by more than 0.1 % from those intended, or when its ledger does not balance: frames in and copies made must equal those
delivered, dropped by reason and held. Flooded and misdelivered frames never count as received. L2 rates count frames with their FCS, L1
rates also preamble and gap. Point at a number or a plot for exact values; the JSON file beside this page has everything.</p></footer>`;
