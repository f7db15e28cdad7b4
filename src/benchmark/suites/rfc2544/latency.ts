/** RFC 2544 section 26.2: how long frames take at the throughput, and at four lighter loads. */
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome, sizeText } from '../draft.ts';
import { idleRate, type Lane, loadFlows, mixesOf, noMaximum, repeatsOf, withLane } from '../lane.ts';
import { type LatencyLoad, latencyAt, latencyPlot } from '../latency.ts';
import { throughputOf } from './throughput.ts';
import { nothingPassed, quickSizes, sizes } from './words.ts';

export const latency: SuiteTest = { id: 'rfc2544.latency', title: 'Latency', source: 'RFC 2544, 26.2', run };

async function run(context: SuiteContext): Promise<Outcome> {
  const isWall = context.settings.clock === 'wall';
  const draft = new Draft(methodOf(isWall));
  let isAny = false;
  for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
    const flows = loadFlows(context, mix);
    await withLane(context, draft, mix, { flows }, async (lane) => {
      isAny = true;
      const rate = await throughputOf(draft, lane);
      if (rate === null) return draft.note(`${sizeText(mix)}: ${nothingPassed}.`);
      const curves = [];
      for (const load of loadsOf(lane, rate)) curves.push(await latencyAt(draft, lane, load));
      // A bed takes about a second to open: in a first look one size tells.
      const isTold = isWall && context.settings.quick && draft.plots.length > 0;
      for (const idle of isTold ? [] : idles(lane)) curves.push(await idleAt(context, draft, lane, idle));
      draft.plots.push(latencyPlot(lane, curves));
    });
  }
  if (!isAny) return draft.notApplicable(noMaximum);
  return draft.figures.length === 0 ? draft.failed(nothingPassed) : draft.done();
}

function methodOf(isWall: boolean): string {
  const measured = isWall ? 'Up to 20,000 frames a second' : 'All frames';
  const idle = isWall ? ' Idle, a worker that sleeps has to be woken first; with busy polling it never sleeps.' : '';
  return `${measured} of a steady stream are measured, from when the sending guest was to send a frame, so that a stall counts, to when the receiving one takes it out (store and forward), instead of one tagged frame after 60 s. Each load is measured five times on the wall clock (once with --quick, or as often as --repeats says), where the RFC asks for 20 and more, of one frame each; figures are of each time, not their mean. Loads are parts of the throughput; idle is one frame at a time, 1,000 a second at most.${idle}`;
}

function loadsOf(lane: Lane, throughput: number): LatencyLoad[] {
  const { context, pace } = lane;
  const { clock, quick, seconds } = context.settings;
  const repeats = repeatsOf(context, 5, 1);
  const full = clock === 'virtual' ? pace.final : (seconds ?? (quick ? 0.5 : 120));
  const part = clock === 'virtual' ? pace.final : (seconds ?? (quick ? 0.4 : 30));
  const shares = [1, 0.9, 0.5, 0.1].map((share) => ({
    name: `${share * 100} %`,
    rate: throughput * share,
    seconds: share === 1 ? full : part,
    repeats,
  }));
  return shares;
}

/** One frame at a time. On the wall clock it matters whether the workers sleep in between, which they are told at their start. */
function idles({ context }: Lane): readonly Idle[] {
  if (context.settings.clock === 'virtual') return [{ name: 'idle', busyPoll: null }];
  return [
    { name: 'idle, workers sleep', busyPoll: false },
    { name: 'idle, busy polling', busyPoll: true },
  ];
}

interface Idle {
  readonly name: string;
  /** null: it does not matter. */
  readonly busyPoll: boolean | null;
}

async function idleAt(context: SuiteContext, draft: Draft, loaded: Lane, { name, busyPoll }: Idle) {
  const { seconds, quick, workers } = context.settings;
  const length = seconds ?? (quick ? 0.4 : 2);
  const repeats = repeatsOf(context, 5, 1);
  const at = (lane: Lane) =>
    latencyAt(draft, lane, { name, rate: idleRate(lane), byTurns: true, seconds: length, repeats });
  if (busyPoll === null) return at(loaded);
  const { mix, maximum, bed } = loaded;
  return withLane(context, draft, mix, { flows: bed.flows, maximum, bed: { workers, busyPoll } }, at);
}
