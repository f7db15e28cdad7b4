/**
 * RFC 2889 5.5: congestion control. Blocks of four ports: one sends half of its line to a port that nobody else sends to and half to one
 * that a second sender fills by itself, so that 150 % of its line are offered there.
 */
import type { Flow, FlowLoad, Trial } from '../../bed.ts';
import { overloadLossRatio } from '../../method.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft, sizeOf, sizeText } from '../draft.ts';
import { mixesFor, repeatsOf } from '../lane.ts';
import { longestQueue, paceOf, spanOf } from '../load.ts';
import { serversOf } from './topologies.ts';

const flowsOfBlock = 3;
/** Of its line, to the congested port. */
const offeredPercent = 150;

export const congestion: SuiteTest = {
  id: 'rfc2889.congestion',
  title: 'Congestion control',
  source: 'RFC 2889, 5.5',
  async run(context) {
    const { settings, topology } = context;
    const draft = new Draft(
      'In each block of four ports the first sends its full line, frame by frame in turn, to the third (uncongested) and the fourth port; the second sends its full line to the fourth (congested). Loss at the uncongested port would be head-of-line blocking; no loss at the congested one would be backpressure.',
    );
    const servers = serversOf(context);
    const blocks = Array.from({ length: Math.min(4, servers.length >>> 2) }, (_, i) =>
      servers.slice(i * 4, i * 4 + 4).map(({ vnic }) => vnic),
    );
    if (blocks.length === 0) {
      return draft.notApplicable('it takes four hosts with one uplink each at the same physical switch');
    }
    for (const mix of mixesFor(context, draft, { full: 'rfc2544', quick: '64', vnics: blocks.flat() })) {
      context.check();
      const flows = blocks.flatMap(([first, second, free, congested]): Flow[] => [
        { from: first!, to: free!, sizes: mix.sizes },
        { from: first!, to: congested!, sizes: mix.sizes },
        { from: second!, to: congested!, sizes: mix.sizes },
      ]);
      const bed = await context.bed({ topology, flows, clock: settings.clock, workers: settings.workers });
      try {
        const lines = new Set(flows.map((_, i) => bed.lineRate(i)));
        const [line] = lines;
        if (lines.size !== 1 || line == null) {
          return draft.notApplicable(
            'it takes cables of one rate at all four ports: without a line no port is congested',
          );
        }
        context.progress({ text: sizeText(mix) });
        const pace = paceOf(settings, { rate: line, line }, longestQueue(topology));
        // So long that what stays in the queue is less than a thousandth.
        const enough = settings.clock === 'virtual' ? (700 * longestQueue(topology)) / line : 0;
        const load = blocks.flatMap(() => blockLoad(line, Math.max(pace.final, enough)));
        await bed.warmUp();
        const options = { load, seconds: spanOf(load), residue: pace.residue };
        // Where the lines were not full, nothing follows from what was lost.
        const trials = await attempts(draft, sizeText(mix), repeatsOf(context, 5, 1), () =>
          attempt(context, draft, bed, options),
        );
        if (trials.length > 0) tell(draft, trials, { size: sizeOf(mix) }, sizeText(mix));
      } finally {
        await bed.close();
      }
    }
    if (draft.figures.length === 0) {
      return draft.notApplicable(
        'this machine cannot fill the lines in time; use the virtual clock, or cables of a lower rate',
      );
    }
    const queue = longestQueue(topology);
    const part = (overloadLossRatio(offeredPercent) * 100).toFixed(1);
    draft.note(
      `${offeredPercent} % are offered to the congested port, so ${part} % must be lost; its queue keeps up to ${queue} frames, which arrive after the sending.`,
    );
    return draft.done();
  },
};

/** Loads of one block's flows, frames of the first sender to its two receivers in turn. */
function blockLoad(line: number, seconds: number): FlowLoad[] {
  const half = { rate: line / 2, count: Math.floor((line / 2) * seconds) };
  return [half, { ...half, from: 1 / line }, { rate: line, count: Math.floor(line * seconds) }];
}

function tell(draft: Draft, trials: readonly Trial[], labels: { size: number | string }, text: string): void {
  const lostWhere = (isFree: boolean) =>
    trials.map(({ flows }) => lost(flows.filter((_, i) => (i % flowsOfBlock === 0) === isFree)));
  const [atFree, atCongested] = [lostWhere(true), lostWhere(false)];
  draft.figure('frame loss at the uncongested port', labels, '%', atFree, 'lower');
  draft.figure('frame loss at the congested port', labels, '%', atCongested, null);
  const [isBlocking, isDropping] = [atFree, atCongested].map((losses) => losses.some((each) => each > 0));
  draft.note(
    `${text}: ${isBlocking ? 'head-of-line blocking' : 'no head-of-line blocking'}, ${isDropping ? 'no backpressure' : 'backpressure'}.`,
  );
}

/** Per cent of what should have come. */
function lost(flows: Trial['flows']): number {
  const expected = flows.reduce((sum, flow) => sum + flow.expected, 0);
  return (flows.reduce((sum, flow) => sum + flow.expected - flow.received, 0) / expected) * 100;
}
