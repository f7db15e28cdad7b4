/** RFC 2544 section 26.5: how long frames are still lost once an overload is over. */
import { recoveryLoads } from '../../method.ts';
import type { FrameMix } from '../../sizes.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome, sizeOf, sizeText } from '../draft.ts';
import { knownOf, type Lane, loadFlows, mixesOf, noMaximum, repeatsOf, withLane } from '../lane.ts';
import { throughputOf } from './throughput.ts';
import { nothingPassed, quickSizes, sizes } from './words.ts';

export const recovery: SuiteTest = {
  id: 'rfc2544.recovery',
  title: 'System recovery',
  source: 'RFC 2544, 26.5',
  run: (context) => runRecovery(context, { share: 1.1, isCapped: true }),
};

export interface Overload {
  /** Part of the throughput, above 1. */
  readonly share: number;
  /** At most what the medium carries; else vNICs, which have no medium, send more than their switch can pass on. */
  readonly isCapped: boolean;
}

const method =
  'and then at once half of that. The time until loss stops is the number of frames lost of those sent after the step / their rate.';

/** For whichever suite asks. */
export async function runRecovery(
  context: SuiteContext,
  over: Overload,
  full: string = sizes,
  quick: string = quickSizes,
): Promise<Outcome> {
  const draft = new Draft(`${textOf(over)}, ${method}`);
  const reasons = new Set<string>();
  let isAny = false;
  for (const mix of mixesOf(context, draft, full, quick)) {
    const said = await ofSize(context, draft, mix, over);
    if (said === '') isAny = true;
    else reasons.add(said);
  }
  if (!isAny) return draft.without(reasons, nothingPassed);
  for (const why of reasons) draft.note(`Sizes without a figure: ${why}.`);
  return draft.done();
}

/** Adds the figures of a size, or says why there are none. */
async function ofSize(context: SuiteContext, draft: Draft, mix: FrameMix, over: Overload): Promise<string> {
  const flows = loadFlows(context, mix);
  const known = knownOf(context, flows, mix);
  if (known.throughput === undefined)
    await withLane(context, draft, mix, { flows }, (lane) => throughputOf(draft, lane));
  const { maximum, throughput } = known;
  if (maximum === undefined) return noMaximum;
  if (throughput === undefined || throughput === null) return nothingPassed;
  // The load before the step and the one after it are streams of their own, so that their losses are told apart.
  const twice = [...flows, ...flows];
  const said = await withLane(context, draft, mix, { flows: twice, maximum }, (lane) =>
    measure(draft, lane, throughput, over),
  );
  return said ?? noMaximum;
}

async function measure(draft: Draft, lane: Lane, throughput: number, over: Overload): Promise<string> {
  const { context, mix, maximum, line, pace, bed } = lane;
  const { overload, relief } = recoveryLoads(throughput, line === null || !over.isCapped ? null : maximum, over.share);
  const flows = bed.flows.length / 2;
  const seconds = context.settings.clock === 'virtual' ? pace.final : (context.settings.seconds ?? pace.final);
  const load = bed.flows.map((_, i) =>
    i < flows ? { rate: overload / flows, seconds } : { rate: relief / flows, from: seconds, seconds },
  );
  const samples: number[] = [];
  const repeats = repeatsOf(context, 5, 1);
  for (let i = 0; i < repeats; i++) {
    context.progress({ text: `${sizeText(mix)}: overload and relief` });
    const { trial, isReached } = await lane.offer(draft, { load, seconds: 2 * seconds }, line === null);
    // An overload that was sent late has been relieved before its end.
    const isInTime = trial.flows.slice(0, flows).every((flow) => flow.seconds <= seconds * 1.001);
    if (!isReached || !isInTime)
      return 'the overload could not be offered: on the wall clock generator and switch share a thread, which is busy before the switch is overloaded';
    const [before, after] = [trial.flows.slice(0, flows), trial.flows.slice(flows)];
    if (lostOf(before) === 0) return `at ${textOf(over)}, nothing was lost: there is no overload to recover from`;
    samples.push(lostOf(after) / relief);
  }
  draft.figure('recovery time, lost frames / rate', { size: sizeOf(mix) }, 's', samples, 'lower');
  if (samples.every((each) => each === 0)) draft.note(`${sizeText(mix)}: nothing was lost after the step.`);
  return '';
}

const textOf = ({ share, isCapped }: Overload): string =>
  `${Math.round(share * 100)} % of the throughput${isCapped ? ', or the maximum rate if that is less' : ''}`;

function lostOf(flows: readonly { readonly expected: number; readonly received: number }[]): number {
  return flows.reduce((sum, { expected, received }) => sum + Math.max(0, expected - received), 0);
}
