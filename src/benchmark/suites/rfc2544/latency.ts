/** RFC 2544 section 26.2: how long frames take at the throughput, and at four lighter loads. */
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome, sizeText } from '../draft.ts';
import { idleRate, type Lane, loadFlows, mixesOf, noMaximum, repeatsOf, withLane } from '../lane.ts';
import { type LatencyLoad, latencyAt, latencyPlot } from '../latency.ts';
import { throughputOf } from './throughput.ts';
import { quickSizes, sizes } from './words.ts';

export const latency: SuiteTest = { id: 'rfc2544.latency', title: 'Latency', source: 'RFC 2544, 26.2', run };

async function run(context: SuiteContext): Promise<Outcome> {
  const isWall = context.settings.clock === 'wall';
  const draft = new Draft(methodOf(isWall));
  let isAny = false;
  for (const mix of mixesOf(context, sizes, quickSizes)) {
    const flows = loadFlows(context, mix);
    await withLane(context, draft, mix, { flows }, async (lane) => {
      isAny = true;
      const rate = await throughputOf(draft, lane);
      if (rate === null) return draft.note(`${sizeText(mix)}: there is no throughput to measure latency at.`);
      const curves = [];
      for (const load of loadsOf(lane, rate)) curves.push(await latencyAt(draft, lane, load));
      if (isWall) curves.push(await polling(context, draft, lane));
      draft.plots.push(latencyPlot(lane, curves));
    });
  }
  return isAny ? draft.done() : draft.notApplicable(noMaximum);
}

function methodOf(isWall: boolean): string {
  const measured = isWall ? 'Up to 20,000 frames a second' : 'All frames';
  const idle = isWall
    ? ' When idle the worker sleeps and has to be woken; “busy polling” is the same with a worker that never sleeps.'
    : '';
  return `${measured} of a steady stream are measured, from when the sending guest puts a frame into its ring to when the receiving one takes it out (store and forward), instead of one tagged frame after 60 s. Loads are parts of the throughput; “idle” is one frame at a time, 1,000 a second at most.${idle}`;
}

function loadsOf(lane: Lane, throughput: number): LatencyLoad[] {
  const { context, pace } = lane;
  const { clock, quick, seconds } = context.settings;
  const repeats = repeatsOf(context, 3, 1);
  const full = clock === 'virtual' ? pace.final : (seconds ?? (quick ? 0.5 : 120));
  const part = clock === 'virtual' ? pace.final : (seconds ?? (quick ? 0.4 : 30));
  const shares = [1, 0.9, 0.5, 0.1].map((share) => ({
    name: `${share * 100} %`,
    rate: throughput * share,
    seconds: share === 1 ? full : part,
    repeats,
  }));
  return [...shares, { name: 'idle', rate: idleRate(lane), seconds: idleSeconds(lane), repeats }];
}

const idleSeconds = ({ context: { settings } }: Lane): number => settings.seconds ?? (settings.quick ? 0.4 : 2);

/** On a bed of its own, since workers are told at their start whether they sleep. */
async function polling(context: SuiteContext, draft: Draft, idle: Lane) {
  const options = { flows: idle.bed.flows, bed: { workers: context.settings.workers, busyPoll: true } };
  const load = { name: 'idle, busy polling', seconds: idleSeconds(idle), repeats: repeatsOf(context, 3, 1) };
  return withLane(context, draft, idle.mix, options, (lane) =>
    latencyAt(draft, lane, { ...load, rate: idleRate(lane) }),
  );
}
