/** RFC 2544 section 26.4 as RFC 9004 has it: the longest burst at the shortest gap of which nothing is lost. */
import type { FlowLoad } from '../../bed.ts';
import { needsBackToBack, backToBack as sumUp } from '../../method.ts';
import { searchHighest } from '../../search/binary.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome, short, sizeOf, sizeText } from '../draft.ts';
import { knownOf, type Lane, loadFlows, mixesOf, noMaximum, repeatsOf, withLane } from '../lane.ts';
import { throughputOf } from './throughput.ts';
import { nothingPassed, quickSizes, sizes } from './words.ts';

export const backToBack: SuiteTest = {
  id: 'rfc2544.back-to-back',
  title: 'Back-to-back frames',
  source: 'RFC 2544, 26.4; RFC 9004',
  run,
};

/** RFC 9004 section 5.3 suggests a burst of 30 s as the upper bound. */
const BURST_SECONDS_MAX = 30;
const QUICK_SECONDS_MAX = 1;

const noGap =
  'without a medium there is no shortest gap: a guest that sends as fast as its ring takes frames is held back there and finds no buffer’s end';

const method =
  'For sizes whose throughput is below the maximum: bursts at the maximum rate, all flows together, of which the longest without loss is searched; each burst is followed by 2 s of silence (0.2 s on the wall clock). The buffer time implied is the mean length / the maximum rate; the corrected one takes off what was forwarded meanwhile.';

async function run(context: SuiteContext): Promise<Outcome> {
  const draft = new Draft(method);
  const reasons = new Set<string>();
  let isAny = false;
  for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
    const flows = loadFlows(context, mix);
    const isFree = knownOf(context, flows, mix).line === null;
    const why = isFree ? noGap : await withLane(context, draft, mix, { flows }, (lane) => measure(draft, lane));
    if (why === '') isAny = true;
    else reasons.add(why ?? noMaximum);
  }
  if (!isAny) return draft.without(reasons, nothingPassed);
  for (const why of reasons) draft.note(`Sizes without a figure: ${why}.`);
  return draft.done();
}

/** Adds the figures of a size, or says why there are none. */
async function measure(draft: Draft, lane: Lane): Promise<string> {
  const { context, maximum, line, pace } = lane;
  if (line === null) return noGap;
  const rate = await throughputOf(draft, lane);
  if (rate === null) return nothingPassed;
  // What the search cannot tell from the maximum is the maximum.
  if (!needsBackToBack(rate, maximum - pace.resolution))
    return 'the throughput is the maximum rate, at which a burst has no end (RFC 9004 section 5.1)';
  const longest: number[] = [];
  const repeats = repeatsOf(context, 50, 3);
  for (let i = 0; i < repeats; i++) {
    const frames = await longestBurst(draft, lane, i === 0 ? null : longest[i - 1]!);
    if (typeof frames === 'string') return frames;
    longest.push(frames);
  }
  tell(draft, lane, longest, rate);
  return '';
}

async function longestBurst(draft: Draft, lane: Lane, before: number | null): Promise<number | string> {
  const { context, mix, maximum, bed } = lane;
  const seconds = context.settings.quick ? QUICK_SECONDS_MAX : BURST_SECONDS_MAX;
  const flows = bed.flows.length;
  const max = Math.max(flows, Math.floor(maximum * seconds));
  let isShort = false;
  const { highest } = await searchHighest({
    min: 1,
    max,
    from: Math.min(max, before ?? 64),
    passes: async (frames) => {
      context.progress({ text: `${sizeText(mix)}: a burst of ${short(frames, 'frames')}` });
      const load = burst(frames, flows, maximum);
      const { trial, isReached } = await lane.offer(draft, { load, seconds: frames / maximum + 1e-4 });
      if (!isReached) isShort = true;
      return isReached && trial.lost === 0;
    },
  });
  if (isShort)
    return 'bursts at the maximum rate could not be offered: generator and switch share a thread on the wall clock';
  return highest ?? 'not even one frame passed';
}

/** The frames of a burst shared among the flows, which send at once. */
function burst(frames: number, flows: number, rate: number): (FlowLoad | null)[] {
  return Array.from({ length: flows }, (_, i) => {
    const count = Math.floor(frames / flows) + (i < frames % flows ? 1 : 0);
    return count === 0 ? null : { rate: rate / flows, count };
  });
}

function tell(draft: Draft, { mix, maximum }: Lane, longest: readonly number[], throughput: number): void {
  const labels = { size: sizeOf(mix) };
  const lineBits = maximum * (mix.meanBytes + 20) * 8;
  const sum = sumUp(longest, throughput, lineBits, mix.meanBytes);
  draft.figure('back-to-back frames', labels, 'frames', longest, 'higher');
  draft.figure('back-to-back frames, mean', labels, 'frames', [sum.framesMean], 'higher');
  if (sum.framesDeviation !== null)
    draft.figure('back-to-back frames, standard deviation', labels, 'frames', [sum.framesDeviation], null);
  draft.figure('buffer time, implied', labels, 's', [sum.impliedBufferSeconds], 'higher');
  draft.figure('buffer time, corrected', labels, 's', [sum.correctedBufferSeconds], 'higher');
}
