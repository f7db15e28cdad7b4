/** Throughput by the loss that is allowed: none (RFC 2544), and VSPERF's 10^-7 per cent, one frame in a thousand million. */
import type { SuiteTest } from '../../suite.ts';
import { type Draft, short, sizeOf, sizeText } from '../draft.ts';
import type { Lane } from '../lane.ts';
import { search } from '../rfc2544/throughput.ts';
import { bySize } from './load.ts';
import { methodIn, sourceOf } from './words.ts';

const lossRatioMax = 1e-9;

const method =
  'Binary search for the highest load of which no more is lost than 0 %, and than 1e-7 %. One frame in 10^9 shows only in a trial of as many frames: where the final trial has fewer, both ask the same, and the second is left out.';

export const lossRatio: SuiteTest = {
  id: 'rfc8204.packet-loss-ratio',
  title: 'Throughput by packet loss ratio',
  source: sourceOf('5.5', 'RFC 2544, 26.1'),
  run: (context) => bySize(context, methodIn('5.5', method), measure),
};

async function measure(draft: Draft, lane: Lane, throughput: number): Promise<void> {
  const { mix, pace } = lane;
  const size = sizeOf(mix);
  draft.figure('throughput', { size, loss: '0 %' }, 'frames/s', [throughput], 'higher');
  const frames = throughput * pace.final;
  if (frames * lossRatioMax < 1)
    return draft.note(
      `${sizeText(mix)}: the final trial has ${short(frames, 'frames')}, in which 1e-7 % is less than one; let it take ${Math.ceil(1 / lossRatioMax / throughput)} s.`,
    );
  const rate = await search(draft, lane, lossRatioMax);
  draft.figure('throughput', { size, loss: '1e-7 %' }, 'frames/s', rate === null ? [] : [rate], 'higher');
}
