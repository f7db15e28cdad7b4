/** RFC 8204's initial packet latency: frames of stations that the switch does not know, against those that follow. */
import type { Trial } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempts } from '../counted.ts';
import { Draft } from '../draft.ts';
import { repeatsOf } from '../lane.ts';
import { tellLatency } from '../latency.ts';
import { latenciesOf } from './load.ts';
import { type Host, noTime, vswitchName, withHost } from './stations.ts';
import { methodIn, sourceOf } from './words.ts';

/** Frames/s: slow enough that none waits for another. */
const rate = 20_000;
/** s for the table to be emptied before the first frame. */
const pause = 0.02;

const method = (stations: number): string =>
  `A vSwitch with four vNICs. One of them sends one 64-byte frame from each of ${stations} addresses to as many of another one, ${rate} a second: first with an empty table, so that each frame is of a station that has to be learned, to one that is not known and to whom it is flooded; then again when all of them are known.`;

export const firstFrames: SuiteTest = {
  id: 'rfc8204.initial-packet-latency',
  title: 'Latency of first frames',
  source: sourceOf('5.1'),
  run(context) {
    const { settings } = context;
    const stations = settings.quick ? 4_000 : 64_000;
    const draft = new Draft(methodIn('5.1', method(stations)));
    if (settings.clock === 'virtual') return Promise.resolve(draft.notApplicable(noTime));
    const pair = { from: 'esx1/vm1', to: 'esx1/vm2', stations, towards: stations };
    return withHost(context, 4, [pair], async (host) => {
      await host.bed.warmUp();
      const [first, following]: [Trial[], Trial[]] = [[], []];
      for (let left = repeatsOf(context, 5, 2); left > 0; left--) {
        context.progress({ text: `${stations} stations, ${left} more` });
        first.push(...(await round(host, draft, stations, true)));
        following.push(...(await round(host, draft, stations, false)));
      }
      tell(draft, first, 'first');
      tell(draft, following, 'following');
      for (const percentile of ['p50', 'p99'] as const) {
        const [a, b] = [first, following].map((trials) => median(latenciesOf(trials).map((each) => each[percentile])));
        if (a != null && b != null && b > 0)
          draft.figure('first against following', { percentile }, 'times', [a / b], 'lower');
      }
      return draft.done();
    });
  },
};

/** None or one: the trial, if it counts. */
async function round({ offer }: Host, draft: Draft, stations: number, isFirst: boolean): Promise<Trial[]> {
  const what = `${isFirst ? 'first' : 'following'} frames`;
  return attempts(draft, what, 1, () =>
    offer(draft, {
      load: [{ rate, count: stations, from: pause }],
      seconds: pause + stations / rate,
      learn: !isFirst,
      stampEvery: 1,
      steps: isFirst ? [{ at: 0, do: (network) => network.flush({ switch: vswitchName }) }] : [],
    }),
  );
}

function tell(draft: Draft, trials: readonly Trial[], frames: string): void {
  tellLatency(draft, { frames }, latenciesOf(trials));
  const losses = trials.map(({ lossRatio }) => lossRatio * 100);
  draft.figure('frame loss', { frames }, '%', losses, 'lower');
  const copies = trials.map(({ flooded, offered }) => flooded / offered);
  draft.figure('copies flooded for each frame', { frames }, 'copies', copies, 'lower');
}
