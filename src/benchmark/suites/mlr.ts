/**
 * MLRsearch (draft-ietf-bmwg-mlrsearch-15): non-drop rate, partial drop rate and maximum receive rate, with the goals of RFC 2544, of
 * ETSI TST 009 and of FD.io CSIT; then the latency at parts of what was found.
 */
import type { Series } from '../model.ts';
import { l1Bits } from '../rate.ts';
import { type Goal, type Preset, type PresetName, preset } from '../search/goal.ts';
import { type GoalResult, type MlrResult, searchMlr } from '../search/mlr.ts';
import type { FrameMix } from '../sizes.ts';
import { median } from '../statistics.ts';
import type { Suite, SuiteContext, SuiteTest } from '../suite.ts';
import { Draft, type Outcome, short, sizeOf, sizeText } from './draft.ts';
import { twoHosts } from './lab.ts';
import { idleRate, type Lane, loadFlows, mixesOf, noMaximum, repeatsOf, withLane } from './lane.ts';
import { latencyAt, latencyPlot } from './latency.ts';
import { notOffered } from './rfc2544/words.ts';

const sizes = '64,imix:csit,1518';
const quickSizes = '64,1518';
/** Of the highest load: what nobody would want to hear of. */
const MIN_SHARE = 0.001;

interface Mark {
  readonly lossRatio: number;
  readonly seconds: number;
}
type Result = MlrResult<Mark>;

/** What was found of one size; by repeat. */
interface Row {
  readonly mix: FrameMix;
  readonly results: readonly Result[];
  readonly line: number | null;
}

function testOf(name: PresetName, title: string, source: string): SuiteTest {
  return { id: `mlr.${name}`, title, source, run: (context) => run(context, name) };
}

export const mlr: Suite = {
  name: 'mlr',
  title: 'MLRsearch',
  about: 'NDR, PDR and MRR by MLRsearch with the goals of CSIT, RFC 2544 and TST 009, and latency at parts of them',
  defaultTopology: twoHosts,
  tests: [
    testOf('csit', 'NDR, PDR and MRR with the goals of CSIT', 'draft-ietf-bmwg-mlrsearch-15; FD.io CSIT'),
    testOf('rfc2544', 'Throughput with the goal of RFC 2544', 'draft-ietf-bmwg-mlrsearch-15; RFC 2544, 26.1'),
    testOf('tst009', 'NDR with the goal of TST 009', 'draft-ietf-bmwg-mlrsearch-15; ETSI GS NFV-TST 009, 12.3.3'),
  ],
};

async function run(context: SuiteContext, name: PresetName): Promise<Outcome> {
  const goals = goalsOf(context, name);
  const draft = new Draft(methodOf(context, goals));
  const rows: Row[] = [];
  for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
    await withLane(context, draft, mix, { flows: loadFlows(context, mix) }, async (lane) => {
      const results: Result[] = [];
      const repeats = repeatsOf(context, 5, 1);
      for (let i = 0; i < repeats; i++) results.push(await search(draft, lane, fitted(goals.goals, lane)));
      rows.push({ mix, results, line: lane.line });
      for (const goal of goals.goals) tell(draft, lane, goal.name, results);
      draft.figure(
        'MRR',
        { size: sizeOf(mix) },
        'frames/s',
        results.flatMap((result) => received(result, lane.maximum)),
        'higher',
      );
      if (name === 'csit') await latencies(draft, lane, results);
    });
  }
  if (rows.length === 0) return draft.notApplicable(noMaximum);
  draft.plots.push(plotOf(rows, goals.goals));
  return draft.done();
}

/** The preset, with trials of the length that the user wants. */
function goalsOf({ settings }: SuiteContext, name: PresetName): Preset {
  const found = preset(name, settings.quick);
  const { seconds } = settings;
  if (seconds === null) return found;
  const goals = found.goals.map((goal) => scaled(goal, seconds / goal.finalTrialSeconds));
  return { ...found, name: `${found.name}, trials of ${seconds} s`, goals };
}

/** On the virtual clock a trial that lets the longest queue overflow tells as much as a longer one, and another one tells the same. */
function fitted(goals: readonly Goal[], { context: { settings }, pace }: Lane): readonly Goal[] {
  if (settings.clock === 'wall') return goals;
  const { final } = pace;
  return goals.map((goal) => ({
    ...goal,
    finalTrialSeconds: final,
    durationSumSeconds: final,
    initialTrialSeconds: final,
  }));
}

function scaled(goal: Goal, factor: number): Goal {
  const final = goal.finalTrialSeconds * factor;
  return {
    ...goal,
    finalTrialSeconds: final,
    durationSumSeconds: goal.durationSumSeconds * factor,
    initialTrialSeconds: Math.min(final, goal.initialTrialSeconds),
  };
}

function methodOf({ settings }: SuiteContext, { name, goals }: Preset): string {
  const isWall = settings.clock === 'wall';
  const list = goals.map(({ name: goal, lossRatio, exceedRatio, finalTrialSeconds, durationSumSeconds, width }) => {
    const bounds = `${goal}: a loss of at most ${percent(lossRatio)}, bounds within ${percent(width)}`;
    if (!isWall) return bounds;
    return `${bounds}, trials of ${short(finalTrialSeconds, 's')} and ${short(durationSumSeconds, 's')} in all, in ${percent(exceedRatio)} of which the loss may be higher`;
  });
  const virtual = isWall
    ? ''
    : ' On the virtual clock, where the same trial gives the same result, each load has one, long enough for the longest queue to overflow.';
  return `MLRsearch with the goals of ${name}. ${list.join('. ')}.${virtual} A figure is the greatest load that passes below the least that fails; a load that could not be offered counts as failed. MRR is what arrives at the highest load.`;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`;

async function search(draft: Draft, lane: Lane, goals: readonly Goal[]): Promise<Result> {
  const { context, mix, maximum } = lane;
  const lossMax = Math.max(...goals.map(({ lossRatio }) => lossRatio));
  let isShort = false;
  const measure = async (load: number, seconds: number): Promise<Mark> => {
    context.progress({ text: `${sizeText(mix)}: ${short(load, 'frames/s')} for ${short(seconds, 's')}` });
    const { trial, isReached, isShort: isSlow, lossRatio } = await lane.offer(draft, { load, seconds }, true);
    if (isReached) return { lossRatio: trial.lossRatio, seconds };
    isShort ||= isSlow;
    // What was not offered has not been passed by any goal's measure.
    return { lossRatio: Math.max(lossRatio, Math.min(1, lossMax * 1.01 + 1e-6)), seconds };
  };
  const result = await searchMlr({ goals, minLoad: maximum * MIN_SHARE, maxLoad: maximum, measure });
  if (isShort) draft.note(`Some loads ${notOffered(context)}. They count as failed.`);
  return result;
}

function tell(draft: Draft, { mix, line }: Lane, name: string, results: readonly Result[]): void {
  const found = results.map((result) => goalOf(result, name));
  for (const { irregular } of found)
    if (irregular !== null) draft.note(`${sizeText(mix)}, ${name}: ${meaning[irregular]}.`);
  const lower = found.map((result) => result.lower).filter((each) => each !== null);
  const labels = { size: sizeOf(mix) };
  draft.figure(name, labels, 'frames/s', lower, 'higher');
  draft.figure(
    `${name}, L1`,
    labels,
    'bit/s',
    lower.map((rate) => l1Bits(rate, mix)),
    'higher',
  );
  if (line !== null)
    draft.figure(
      `${name} of the line rate`,
      labels,
      '%',
      lower.map((rate) => (rate / line) * 100),
      'higher',
    );
  const conditional = found.map((result) => result.conditionalThroughput).filter((each) => each !== null);
  draft.figure(`${name}, conditional throughput`, labels, 'frames/s', conditional, 'higher');
}

/** Frames/s that arrived in each trial at the highest load. */
function received({ trials }: Result, maximum: number): number[] {
  return trials.filter(({ load }) => load === maximum).map(({ load, trial }) => load * (1 - trial.lossRatio));
}

const meaning = {
  'min load fails': 'not even the least load, 0.1 % of the highest, passed, so there is no figure',
  'max load passes': 'the highest load passed, so the figure is a lower bound',
  'gave up': 'the search gave up before its bounds were near enough',
} as const;

const goalOf = (result: Result, name: string): GoalResult<Mark> => result.goals.find(({ goal }) => goal.name === name)!;

/** At 90, 50 and 10 % of the PDR and idle, as CSIT does. */
async function latencies(draft: Draft, lane: Lane, results: readonly Result[]): Promise<void> {
  const { context, pace } = lane;
  const { clock, quick } = context.settings;
  const pdr = median(results.map((result) => goalOf(result, 'PDR').lower).filter((each) => each !== null));
  const shares =
    pdr === null ? [] : [0.9, 0.5, 0.1].map((share) => ({ name: `${share * 100} % of PDR`, rate: pdr * share }));
  const seconds = clock === 'virtual' ? pace.final : (context.settings.seconds ?? (quick ? 0.4 : 5));
  const idle = {
    name: 'idle',
    rate: idleRate(lane),
    byTurns: true,
    seconds: context.settings.seconds ?? (quick ? 0.4 : 2),
  };
  const repeats = repeatsOf(context, 5, 1);
  const loads = [...shares.map((share) => ({ ...share, seconds })), idle];
  const curves: (Series | null)[] = [];
  for (const load of loads) curves.push(await latencyAt(draft, lane, { ...load, repeats }));
  draft.plots.push(latencyPlot(lane, curves));
}

function plotOf(rows: readonly Row[], goals: readonly Goal[]) {
  const x = rows.map((_, i) => i);
  const series: Series[] = goals.map(({ name }) => {
    const values = rows.map(({ results }) =>
      results.map((result) => goalOf(result, name).lower).filter((each) => each !== null),
    );
    const of = (pick: (...all: number[]) => number) => values.map((all) => (all.length === 0 ? null : pick(...all)));
    return { name, kind: 'line', x, y: values.map(median), low: of(Math.min), high: of(Math.max) };
  });
  series.push({
    name: 'MRR',
    kind: 'points',
    x,
    y: rows.map(({ results }) => median(results.map((result) => result.mrr))),
  });
  if (rows.some(({ line }) => line !== null))
    series.push({ name: 'theoretical', kind: 'reference', x, y: rows.map(({ line }) => line) });
  return {
    title: 'Rates by frame size',
    x: { label: 'frame size', unit: 'bytes', scale: 'category', categories: rows.map(({ mix }) => mix.name) },
    y: { label: 'rate', unit: 'frames/s', scale: 'linear' },
    series,
  } as const;
}
