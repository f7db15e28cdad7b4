/** How often and how long the tests of this suite measure, and what became of some of a trial's flows. */
import type { FlowResult, Trial } from '../../bed.ts';
import type { SuiteContext } from '../../suite.ts';
import type { Outcome } from '../draft.ts';
import { Draft } from '../draft.ts';
import { type Lane, loadFlows, mixesOf, noMaximum, withLane } from '../lane.ts';
import { throughputOf } from '../rfc2544/throughput.ts';
import { quickSizes, sizes } from './words.ts';

/** Of a trial at a load that is known, s. */
export function trialSeconds({ context: { settings }, pace }: Lane): number {
  if (settings.clock === 'virtual') return pace.final;
  return settings.seconds ?? (settings.quick ? 0.2 : 10);
}

/** Of the frames that flows were to bring, what did not come, %; null: none were to come. */
export function lostPercent(flows: readonly FlowResult[]): number | null {
  const expected = flows.reduce((sum, flow) => sum + flow.expected, 0);
  const lost = flows.reduce((sum, flow) => sum + Math.max(0, flow.expected - flow.received), 0);
  return expected === 0 ? null : (100 * lost) / expected;
}

/** A test at loads that are parts of the throughput, for each size; `measure` is told the throughput, frames/s. */
export async function bySize(
  context: SuiteContext,
  method: string,
  measure: (draft: Draft, lane: Lane, throughput: number) => Promise<void>,
): Promise<Outcome> {
  const draft = new Draft(method);
  let why = noMaximum;
  let isAny = false;
  for (const mix of mixesOf(context, sizes, quickSizes)) {
    await withLane(context, draft, mix, { flows: loadFlows(context, mix) }, async (lane) => {
      const throughput = await throughputOf(draft, lane);
      if (throughput === null) why = 'no load passed without loss';
      else await measure(draft, lane, throughput);
      isAny ||= throughput !== null;
    });
  }
  return isAny ? draft.done() : draft.notApplicable(why);
}

/** Latencies of trials that have one. */
export const latenciesOf = (trials: readonly Trial[]) => trials.flatMap(({ latency }) => latency ?? []);
