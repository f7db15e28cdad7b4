/** RFC 2889 5.6: forward pressure, and the maximum forwarding rate. Both are about lines: without a media limit there are none. */
import type { Flow } from '../../bed.ts';
import type { Plot } from '../../model.ts';
import { wireOverheadBytes } from '../../rate.ts';
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft, short, sizeOf, sizeText } from '../draft.ts';
import { mixesFor, repeatsOf } from '../lane.ts';
import { fullOf, longestQueue, paceOf, roundRobin, spanOf } from '../load.ts';
import { vnicsFor } from '../ports.ts';
import { serversOf } from './topologies.ts';

/** The gap is 96 bits long; 88 are offered. */
const bitsFewer = 8;

const noLine =
  'no cable on the way has a rate: there is no media limit, and so neither a gap to shorten nor a line to fill';

export const forwardPressure: SuiteTest = {
  id: 'rfc2889.forward-pressure',
  title: 'Forward pressure',
  source: 'RFC 2889, 5.6',
  async run(context) {
    const { settings, topology } = context;
    const draft = new Draft(
      'One port is fed with gaps of 88 bits instead of 96 (its cable is made that much faster); forwarding faster than the receiving line is forward pressure. The forwarding rate is what one more trial length brings, so that frames left in a queue do not count.',
    );
    const [from, to] = serversOf(context);
    const link = topology.links.find(({ a, b }) => a === from?.uplink || b === from?.uplink);
    if (from === undefined || to === undefined) {
      return draft.notApplicable('it takes two hosts with one uplink each at the same physical switch');
    }
    if (link === undefined || link.rateBps === null) return draft.notApplicable(noLine);
    if (settings.clock === 'wall') {
      return draft.notApplicable(
        'gaps that are 8 bits shorter are less than what the wall clock keeps; use the virtual clock',
      );
    }
    const mixes = mixesFor(context, draft, { full: 'rfc2544', quick: '64', vnics: [from.vnic, to.vnic] });
    for (const mix of mixes.filter(({ sizes }) => new Set(sizes).size === 1)) {
      context.check();
      context.progress({ text: sizeText(mix) });
      const bed = await context.bed({
        topology,
        flows: [{ from: from.vnic, to: to.vnic, sizes: mix.sizes }],
        clock: settings.clock,
        workers: settings.workers,
      });
      try {
        const line = bed.lineRate(0)!;
        const bits = (mix.meanBytes + wireOverheadBytes) * 8;
        const faster = bits / (bits - bitsFewer);
        await bed.network.setWire(from.uplink, { rateBps: Math.round(link.rateBps * faster) });
        // Twice what the longest queue takes up must be too much.
        const count = Math.ceil((2 * longestQueue(topology) * bits) / bitsFewer);
        const received: number[] = [];
        for (const frames of [count, 2 * count]) {
          const load = [{ rate: line * faster, count: frames }];
          const { trial, isReached } = await attempt(context, draft, bed, { load, seconds: spanOf(load) });
          if (isReached) received.push(trial.flows[0]!.received);
        }
        if (received.length < 2) {
          draft.note(`${sizeText(mix)}: a trial does not count, so there is no figure.`);
          continue;
        }
        const rate = ((received[1]! - received[0]!) / count) * line * faster;
        const labels = { size: sizeOf(mix) };
        draft.figure('forwarding rate', labels, 'frames/s', [rate], null);
        draft.figure('forward pressure', labels, '% above the line', [Math.max(0, (rate / line - 1) * 100)], 'lower');
        // A frame or two of the slope's ends.
        const isPressing = rate > line * (1 + 4 / count);
        draft.note(
          `${sizeText(mix)}: ${isPressing ? 'forward pressure' : 'no forward pressure'}, ${short(rate, 'frames/s')} of ${short(line * faster, 'frames/s')} offered at a line of ${short(line, 'frames/s')}.`,
        );
      } finally {
        await bed.close();
      }
    }
    return draft.done();
  },
};

export const maximumForwarding: SuiteTest = {
  id: 'rfc2889.maximum-forwarding-rate',
  title: 'Maximum forwarding rate',
  source: 'RFC 2889, 5.6',
  async run(context) {
    const { settings, topology } = context;
    const draft = new Draft(
      'Each port sends to the next one, the last to the first, at loads in equal steps up to the line; the highest rate of frames received is the maximum forwarding rate, and the load it was seen at may be below the highest.',
    );
    const ports = vnicsFor(context, 2, 16);
    const plots: Plot['series'][number][] = [];
    for (const mix of mixesFor(context, draft, { full: 'rfc2544', quick: '64', vnics: ports })) {
      context.check();
      const flows = ports.map((from, i): Flow => ({ from, to: ports[(i + 1) % ports.length]!, sizes: mix.sizes }));
      const bed = await context.bed({ topology, flows, clock: settings.clock, workers: settings.workers });
      try {
        const full = bed.lineRate(0) === null ? null : await fullOf(context, draft, bed);
        if (full === null) return draft.notApplicable(noLine);
        await bed.warmUp();
        const pace = paceOf(settings, full, longestQueue(topology));
        const percents = settings.quick ? [25, 50, 75, 100] : [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
        const rates: number[][] = [];
        const labels = { size: sizeOf(mix) };
        for (const percent of percents) {
          context.progress({ text: `${sizeText(mix)}: ${percent} %` });
          const load = roundRobin(flows, (full.rate * percent) / 100, pace.search);
          const options = { load, seconds: spanOf(load), residue: pace.residue };
          const trials = await attempts(draft, `${sizeText(mix)}, ${percent} %`, repeatsOf(context, 5, 1), () =>
            attempt(context, draft, bed, options),
          );
          rates.push(trials.map(({ receivedRate }) => receivedRate));
          const losses = trials.map(({ lossRatio }) => lossRatio * 100);
          if (percent === 100) draft.figure('frame loss at the line', labels, '%', losses, 'lower');
        }
        const y = rates.map(median);
        const at = y.indexOf(Math.max(...y.map((rate) => rate ?? 0)));
        if (at >= 0) {
          draft.figure('maximum forwarding rate', labels, 'frames/s', rates[at]!, 'higher');
          draft.figure('load of the maximum forwarding rate', labels, '%', [percents[at]!], null);
        }
        plots.push({ name: sizeText(mix), x: percents, y, kind: 'line' });
      } finally {
        await bed.close();
      }
    }
    draft.plots.push({
      title: 'Forwarding rate by load',
      x: { label: 'load', unit: '% of the line', scale: 'linear' },
      y: { label: 'forwarding rate', unit: 'frames/s', scale: 'linear' },
      series: plots,
    });
    return draft.done();
  },
};
