/** RFC 8204's recovery and reset: an overload that ends, a thread that is killed, and a network that is restarted in order. */
import { Network } from '../../../engine/network.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, type Outcome } from '../draft.ts';
import { loadFlows, mixesOf, repeatsOf } from '../lane.ts';
import { runRecovery } from '../rfc2544/recovery.ts';
import { runReset } from '../rfc2544/reset.ts';
import { resets } from '../rfc2544/resets.ts';
import { methodIn, quickSizes, sizes, sourceOf } from './words.ts';

export const recovery: SuiteTest = {
  id: 'rfc8204.recovery',
  title: 'Recovery from 150 % to 75 %',
  source: sourceOf('5.3', 'RFC 2544, 26.5'),
  run: (context) => runRecovery(context, { share: 1.5, isCapped: false }, sizes, quickSizes),
};

const killing = resets.find(({ name }) => name === 'worker')!;

export const killed: SuiteTest = {
  id: 'rfc8204.reset.killed',
  title: 'Reset: thread killed',
  source: sourceOf('5.3', 'RFC 6201, 4.2.2'),
  run: (context) => runReset(context, killing),
};

export const graceful: SuiteTest = {
  id: 'rfc8204.reset.graceful',
  title: 'Reset: restart from a snapshot',
  source: sourceOf('5.3', 'RFC 6201, 4.2'),
  run: restart,
};

const method =
  'A network that has learned its stations is held, a snapshot of it is taken, and another network is built from that and started; reset time is from when the snapshot was asked for to when the other one stood ready, by the clock of the machine. No frame is on its way: none is lost, the stations have to be known afterwards.';

async function restart(context: SuiteContext): Promise<Outcome> {
  const { topology, settings } = context;
  const draft = new Draft(methodIn('5.3', method));
  if (settings.clock === 'virtual')
    return draft.notApplicable('on the virtual clock a restart takes no time: the network goes on at the same instant');
  const [mix] = mixesOf(context, draft, quickSizes, quickSizes);
  if (mix === undefined) return draft.done();
  const flows = loadFlows(context, mix);
  const bed = await context.bed({ topology, flows, clock: settings.clock, workers: settings.workers });
  try {
    draft.trial(await bed.trial({ load: 1000 * flows.length, seconds: 0.05 }));
    const [total, taken, built]: [number[], number[], number[]] = [[], [], []];
    for (let left = repeatsOf(context, 10, 3); left > 0; left--) {
      context.check();
      context.progress({ text: `restart, ${left} more` });
      const beganAt = performance.now();
      const snapshot = await bed.network.snapshot();
      const takenAt = performance.now();
      const next = Network.from(snapshot);
      try {
        await next.start();
        const readyAt = performance.now();
        total.push((readyAt - beganAt) / 1000);
        taken.push((takenAt - beganAt) / 1000);
        built.push((readyAt - takenAt) / 1000);
        const lost = stationsOf(bed.network) - stationsOf(next);
        if (lost !== 0) draft.note(`${lost} stations were forgotten by a restart.`);
      } finally {
        await next.stop();
      }
    }
    draft.figure('reset time', {}, 's', total, 'lower');
    draft.figure('of it, taking the snapshot', {}, 's', taken, 'lower');
    draft.figure('of it, building and starting', {}, 's', built, 'lower');
    draft.figure('stations known', {}, 'addresses', [stationsOf(bed.network)], null);
  } finally {
    await bed.close();
  }
  return draft.done();
}

function stationsOf(network: Network): number {
  const { hosts, switches } = network.topology;
  const names = [
    ...hosts.flatMap(({ name, vswitches }) => vswitches.map((each) => `${name}/${each.name}`)),
    ...switches.map(({ name }) => name),
  ];
  return names.reduce((sum, name) => sum + network.macTable(name).length, 0);
}
