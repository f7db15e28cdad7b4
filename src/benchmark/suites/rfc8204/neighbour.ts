/** A noisy neighbour: what one vNIC that sends all it can does to the frames of the others. */
import type { Flow, FlowLoad } from '../../bed.ts';
import type { FrameMix } from '../../sizes.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { attempts } from '../counted.ts';
import { Draft, sizeOf, sizeText } from '../draft.ts';
import { type Lane, loadFlows, mixesOf, noMaximum, offering, repeatsOf, stampEvery, withLane } from '../lane.ts';
import { tellLatency } from '../latency.ts';
import { latenciesOf, lostPercent, trialSeconds } from './load.ts';
import { quickSizes, sizes } from './words.ts';

/**
 * What each of the others sends, of its equal share of 100 %. On the wall clock the noise takes time of the same thread. On the virtual
 * clock all streams are exact, and one that is in step with a full queue would always find a place in it, or never: hence ratios that
 * keep in step with nothing.
 */
const share = { virtual: 0.4771, wall: 0.1 } as const;
/** Of the line of the noisy one, on the virtual clock. */
const noiseShare = (1 + Math.sqrt(5)) / 2;

const method =
  'The last of the flows is the noisy one, the others send at a steady rate (47.71 % of their share of 100 % on the virtual clock, 10 % on the wall clock): first alone, then while the noisy one sends as fast as it can (on the virtual clock at 1.618 times the rate of its line) to its receiver, and then broadcasts. Loss and latency are those of the others. On the wall clock guests and switch share threads, so that noise can also keep the others from sending in time.';

type Noise = 'none' | 'unicast' | 'broadcasts';

export const neighbour: SuiteTest = {
  id: 'rfc8204.noisy-neighbour',
  title: 'Noisy neighbour',
  source: 'RFC 8172; RFC 8204, 3.5',
  async run(context) {
    const draft = new Draft(method);
    let isAny = false;
    for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
      const flows = loadFlows(context, mix);
      if (flows.length < 2)
        return draft.notApplicable('it takes two flows at least, one of them noisy; give a topology with four vNICs');
      const why = await measure(context, draft, mix, flows);
      if (why !== null) return draft.notApplicable(why);
      isAny = true;
    }
    return isAny ? draft.done() : draft.notApplicable(noMaximum);
  },
};

/** Why there is nothing to measure, or null. */
async function measure(
  context: SuiteContext,
  draft: Draft,
  mix: FrameMix,
  flows: readonly Flow[],
): Promise<string | null> {
  const { topology, settings } = context;
  // The maximum is that of the flows alone, without the broadcasts.
  const found = await withLane(context, draft, mix, { flows }, async (lane) => lane);
  if (found === null) return noMaximum;
  const all: Flow[] = [...flows, { from: flows.at(-1)!.from, to: 'broadcast', sizes: mix.sizes }];
  const bed = await context.bed({ topology, flows: all, clock: settings.clock, workers: settings.workers });
  try {
    await bed.warmUp();
    const lane: Lane = { ...found, bed, offer: offering(context, bed, mix) };
    const quiet = await phase(draft, lane, 'none');
    for (const noise of ['unicast', 'broadcasts'] as const) {
      const p99 = await phase(draft, lane, noise);
      if (quiet === null || p99 === null || quiet === 0) continue;
      const labels = { size: sizeOf(mix), noise };
      draft.figure('p99 latency of the others against quiet', labels, 'times', [p99 / quiet], 'lower');
    }
  } finally {
    await bed.close();
  }
  return null;
}

/** Measures with a kind of noise; p99 of the others, ns. */
async function phase(draft: Draft, lane: Lane, noise: Noise): Promise<number | null> {
  const { context, mix, bed, maximum } = lane;
  const { clock } = context.settings;
  const others = bed.flows.length - 2;
  const rate = (share[clock] * maximum) / (others + 1);
  const seconds = trialSeconds(lane);
  const loud: FlowLoad = {
    rate: clock === 'wall' ? 'max' : (bed.lineRate(others) ?? maximum) * noiseShare,
    stampEvery: 0,
  };
  const calm: FlowLoad = { rate, stampEvery: stampEvery(lane, rate * others) };
  const load = bed.flows.map((_, i) =>
    i < others ? calm : (i === others ? noise === 'unicast' : noise === 'broadcasts') ? loud : null,
  );
  const what = `${sizeText(mix)}: noise: ${noise}`;
  const trials = await attempts(draft, what, repeatsOf(context, 5, 1), () => {
    context.progress({ text: what });
    return lane.offer(draft, { load, seconds });
  });
  const labels = { size: sizeOf(mix), noise };
  const victims = trials.map(({ flows }) => flows.slice(0, others));
  const losses = victims.flatMap((flows) => lostPercent(flows) ?? []);
  draft.figure('frame loss of the others', labels, '%', losses, 'lower');
  const wanted = Math.round(rate * seconds) * others;
  const late = victims.map((flows) => {
    const offered = flows.reduce((sum, flow) => sum + flow.offered, 0);
    return wanted === 0 ? 0 : (100 * Math.max(0, wanted - offered)) / wanted;
  });
  draft.figure('not sent in time by the others', labels, '%', late, 'lower');
  const latencies = latenciesOf(trials);
  tellLatency(draft, labels, latencies);
  return median(latencies.map(({ p99 }) => p99));
}
