/** How often and how long the tests of this suite measure, and what became of some of a trial's flows. */
import type { FlowResult, Trial } from '../../bed.ts';
import type { SuiteContext } from '../../suite.ts';
import type { Outcome } from '../draft.ts';
import { Draft } from '../draft.ts';
import { type Lane, loadFlows, mixesOf, noMaximum, withLane } from '../lane.ts';
import { throughputOf } from '../rfc2544/throughput.ts';
import { nothingPassed } from '../rfc2544/words.ts';
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
  const reasons = new Set<string>();
  let isAny = false;
  for (const mix of mixesOf(context, draft, sizes, quickSizes)) {
    const why = await withLane(context, draft, mix, { flows: loadFlows(context, mix) }, async (lane) => {
      const throughput = await throughputOf(draft, lane);
      if (throughput === null) return nothingPassed;
      await measure(draft, lane, throughput);
      return '';
    });
    if (why === '') isAny = true;
    else reasons.add(why ?? noMaximum);
  }
  if (!isAny) return draft.without(reasons, nothingPassed);
  for (const why of reasons) draft.note(`Sizes without a figure: ${why}.`);
  return draft.done();
}

/** Latencies of trials that have one. */
export const latenciesOf = (trials: readonly Trial[]) => trials.flatMap(({ latency }) => latency ?? []);
