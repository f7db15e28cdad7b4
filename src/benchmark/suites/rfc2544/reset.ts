/**
 * RFC 2544 section 26.6 by the frame-loss method of RFC 6201: a stream of steady rate runs over what is reset, and the frames lost / the
 * rate are the time without forwarding. Each kind of reset is a test; what has to be waited for outside of the emulator
 * (power comes back when the test gives it back) is a figure beside it.
 */

import { ownerOf } from '../../../topology/ports.ts';
import type { Bed, BedOptions, Flow, Step } from '../../bed.ts';
import { resetSecondsByLoss } from '../../method.ts';
import type { FrameMix } from '../../sizes.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome, sizeOf, sizeText } from '../draft.ts';
import { crossFlows, endsOf, type Lane, mixesFor, noMaximum, repeatsOf, withLane } from '../lane.ts';
import { type Reset, resets } from './resets.ts';
import { throughputOf } from './throughput.ts';
import { nothingPassed, notOffered, quickSizes, sizes } from './words.ts';

/**
 * Frames/s on the wall clock: a frame stands for 10 us, and a queue of 1,024 frames bridges 10 ms in which a thread waits for its core. At
 * the throughput such waits would lose more than many a reset.
 */
const WALL_RATE = 100_000;

export const resetTests: readonly SuiteTest[] = resets.map((reset) => ({
  id: `rfc2544.reset.${reset.name}`,
  title: `Reset: ${reset.title}`,
  source: reset.source,
  run: (context) => runReset(context, reset),
}));

/** One kind of reset, for whichever suite asks. */
export async function runReset(context: SuiteContext, reset: Reset): Promise<Outcome> {
  const { settings } = context;
  const load = settings.clock === 'wall' ? '100,000 frames/s, at most a tenth of the maximum,' : 'the throughput';
  const draft = new Draft(
    `${reset.method} The load is ${load} of the smallest frames, from one host to another; reset time = frames lost / frames sent a second (frame-loss method).`,
  );
  const crossing = crossFlows(context, { name: '64', sizes: [64], meanBytes: 64 });
  if (crossing === null)
    return draft.notApplicable(
      'frames have to go from one host to another over a switch, and there are no two such hosts',
    );
  const vnics = endsOf(context.topology, crossing);
  const mixes = mixesFor(context, draft, { full: sizes, quick: quickSizes, vnics });
  if (mixes.length === 0) return draft.done();
  const mix = smallest(mixes);
  const all = crossFlows(context, mix)!;
  const why = reset.whyNot({ context, flow: all[0]! });
  if (why !== null) return draft.notApplicable(why);
  const flows = all.filter((flow) => between(flow, all[0]!));
  const said = await withLane(context, draft, mix, { flows, bed: bedOf(context, flows[0]!) }, (lane) =>
    measure(draft, lane, reset),
  );
  if (said === '') return draft.done();
  return draft.without(new Set([said ?? noMaximum]), nothingPassed);
}

const smallest = (mixes: readonly FrameMix[]): FrameMix =>
  mixes.reduce((least, mix) => (mix.meanBytes < least.meanBytes ? mix : least));

/** Same hosts, so that what is reset befalls all of the load. */
function between(flow: Flow, first: Flow): boolean {
  return ownerOf(flow.from) === ownerOf(first.from) && ownerOf(flow.to) === ownerOf(first.to);
}

/** With several workers the sender's is its own, so that it goes on sending when another dies. */
function bedOf({ settings }: SuiteContext, { from, to }: Flow): Omit<BedOptions, 'topology' | 'flows' | 'clock'> {
  if (settings.workers < 2) return { workers: settings.workers };
  return { workers: settings.workers, placement: { [ownerOf(from)]: 0, [ownerOf(to)]: 1 } };
}

/** Adds the figures, or says why there are none. */
async function measure(draft: Draft, lane: Lane, reset: Reset): Promise<string> {
  const { context, mix, bed, maximum } = lane;
  const { clock, quick, seconds: asked } = context.settings;
  const rate = clock === 'wall' ? Math.min(WALL_RATE, maximum / 10) : await throughputOf(draft, lane);
  if (rate === null) return nothingPassed;
  const downSeconds = clock === 'wall' ? (quick ? 0.2 : 1) : quick ? 0.01 : 0.05;
  const seconds = asked ?? downSeconds * 5;
  const labels = { size: sizeOf(mix) };
  const times: number[] = [];
  const waits: number[] = [];
  let [lostBefore, flooded] = [0, 0];
  const repeats = repeatsOf(context, 10, 1);
  for (let i = 0; i < repeats; i++) {
    context.progress({ text: `${sizeText(mix)}: ${reset.title}` });
    const plan = { context, flow: bed.flows[0]!, at: seconds / 5, downSeconds: Math.min(downSeconds, seconds / 5) };
    // Learning belongs to this trial: what is flooded after a reset, until addresses are learned anew, does not make the other one void.
    const control = await lane.offer(draft, { load: rate, seconds: seconds / 2 });
    if (control.isReached) lostBefore += control.trial.lost;
    const { steps, instants } = timed(reset.steps(plan));
    const { trial, isReached } = await lane.offer(draft, { load: rate, seconds, learn: false, steps });
    if (!isReached)
      return `the stream did not keep to its rate over the reset, so that frames lost say nothing of time: the load ${notOffered(context)}`;
    times.push(resetSecondsByLoss(trial.lost, trial.offeredRate)!);
    const [off, on] = instants.slice(-2);
    if (reset.isDown) waits.push(Number(on! - off!) / 1e9);
    flooded += trial.flooded;
  }
  if (lostBefore > 0)
    draft.note(
      `${lostBefore} frames were lost at the same load without any reset, in half of the time: see their drops.`,
    );
  if (flooded > 0)
    draft.note(
      'Frames were flooded after the reset: the receivers are silent, so that nobody learns anew where they are.',
    );
  draft.figure('reset time', labels, 's', times, 'lower');
  if (waits.length > 0) {
    draft.figure('time without power or cable', labels, 's', waits, null);
    draft.figure(
      'reset time beyond that',
      labels,
      's',
      times.map((time, i) => time - waits[i]!),
      'lower',
    );
  }
  return '';
}

/** The steps, and when each was done: on the wall clock a timer may be late. */
function timed(steps: readonly Step[]): { steps: Step[]; instants: bigint[] } {
  const instants: bigint[] = [];
  const noted = steps.map((step) => ({
    at: step.at,
    do: async (network: Bed['network']) => {
      await step.do(network);
      instants.push(network.nowNs);
    },
  }));
  return { steps: noted, instants };
}
