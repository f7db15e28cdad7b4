/** Frame loss while one frame in a hundred is a broadcast (RFC 2544 section 11.1), against the same load without. */
import type { Flow, Trial } from '../../bed.ts';
import type { FrameMix } from '../../sizes.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome, sizeOf, sizeText } from '../draft.ts';
import { type Lane, loadFlows, mixesOf, noMaximum, offering, repeatsOf, withLane } from '../lane.ts';
import { throughputOf } from '../rfc2544/throughput.ts';
import { nothingPassed, notOffered } from '../rfc2544/words.ts';
import { lostPercent, trialSeconds } from './load.ts';
import { methodIn, quickSizes, sizes, sourceOf } from './words.ts';

const loads = [100, 90, 50];
const broadcastShare = 0.01;

const method =
  'Loads of 100, 90 and 50 % of the throughput of unicast, once all of it unicast, once with every hundredth frame a broadcast from the first sender; unicast loss, and the copies of broadcasts that a port should have got and did not.';

export const broadcasts: SuiteTest = {
  id: 'rfc8204.loss-with-broadcasts',
  title: 'Frame loss with concurrent broadcasts',
  source: sourceOf('5.6', 'RFC 2544, 11.1'),
  run,
};

async function run(context: SuiteContext): Promise<Outcome> {
  const draft = new Draft(methodIn('5.6', method));
  const reasons = new Set<string>();
  let isAny = false;
  for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
    const flows = loadFlows(context, mix);
    // Found without the broadcasts, which have no line of their own.
    const found = await withLane(context, draft, mix, { flows }, async (lane) => ({
      lane,
      throughput: await throughputOf(draft, lane),
    }));
    if (found === null || found.throughput === null) {
      reasons.add(found === null ? noMaximum : nothingPassed);
      continue;
    }
    isAny = true;
    await measure(context, draft, mix, flows, found.lane, found.throughput);
  }
  return isAny ? draft.done() : draft.without(reasons, nothingPassed);
}

async function measure(
  context: SuiteContext,
  draft: Draft,
  mix: FrameMix,
  flows: readonly Flow[],
  found: Lane,
  throughput: number,
): Promise<void> {
  const { topology, settings } = context;
  const all: Flow[] = [...flows, { from: flows[0]!.from, to: 'broadcast', sizes: mix.sizes }];
  const bed = await context.bed({ topology, flows: all, clock: settings.clock, workers: settings.workers });
  try {
    await bed.warmUp();
    const lane: Lane = { ...found, bed, offer: offering(context, bed, mix) };
    for (const percent of loads) {
      for (const broadcast of [0, broadcastShare])
        await at(draft, lane, (throughput * percent) / 100, percent, broadcast);
    }
  } finally {
    await bed.close();
  }
}

async function at(draft: Draft, lane: Lane, total: number, percent: number, broadcast: number): Promise<void> {
  const { context, mix, bed } = lane;
  const unicasts = bed.flows.length - 1;
  const each = { rate: (total * (1 - broadcast)) / unicasts };
  const load = bed.flows.map((_, i) => (i < unicasts ? each : broadcast === 0 ? null : { rate: total * broadcast }));
  const trials: Trial[] = [];
  for (let left = repeatsOf(context, 5, 1); left > 0; left--) {
    context.progress({ text: `${sizeText(mix)}: ${percent} %, ${broadcast * 100} % broadcasts` });
    const { trial, isReached } = await lane.offer(draft, { load, seconds: trialSeconds(lane) });
    if (isReached) trials.push(trial);
  }
  const labels = { size: sizeOf(mix), load: `${percent} %`, broadcasts: `${broadcast * 100} %` };
  if (trials.length === 0)
    draft.note(`${sizeText(mix)}: ${percent} % with ${broadcast * 100} % broadcasts ${notOffered(context)}.`);
  const losses = trials.flatMap(({ flows }) => lostPercent(flows.slice(0, unicasts)) ?? []);
  draft.figure('unicast frame loss', labels, '%', losses, 'lower');
  if (broadcast === 0) return;
  const copies = trials.flatMap(({ flows }) => lostPercent(flows.slice(unicasts)) ?? []);
  draft.figure('broadcast copies lost', labels, '%', copies, 'lower');
}
