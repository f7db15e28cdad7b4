/** RFC 8172's density: VMs on one host (as our own suite asks it), and hosts. */
import { topologyFrom } from '../../../topology/load.ts';
import type { Flow } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft } from '../draft.ts';
import { repeatsOf } from '../lane.ts';
import { density } from '../vswitch/density.ts';

const vms = 8;

export const densityOfVms: SuiteTest = { ...density, id: 'rfc8204.density.vms', title: 'Density: VMs on one host' };

export const densityOfHosts: SuiteTest = {
  id: 'rfc8204.density.hosts',
  title: 'Density: hosts',
  source: 'RFC 8172, 5',
  async run(context) {
    const { settings } = context;
    const draft = new Draft(
      `Hosts of ${vms} VMs each, whose vNICs send 64-byte frames to their neighbours within the host as fast as they can; the sum over all, the memory that was planned, and the time until the network stood ready.`,
    );
    if (settings.clock === 'virtual')
      return draft.notApplicable(
        'on the virtual clock switching takes no time, however many hosts there are; use the wall clock',
      );
    const counts = settings.quick ? [1, 8] : [1, 2, 8, 32, 128];
    const y: (number | null)[] = [];
    for (const hosts of counts) {
      context.check();
      context.progress({ text: `${hosts} hosts` });
      const beganAt = performance.now();
      const bed = await context.bed({
        topology: networkOf(hosts),
        flows: flowsOf(hosts),
        clock: 'wall',
        workers: settings.workers,
      });
      try {
        draft.figure('time until ready', { hosts }, 's', [(performance.now() - beganAt) / 1000], 'lower');
        const { memoryBytes } = bed.network.report();
        draft.figure('memory planned for a host', { hosts }, 'bytes', [memoryBytes / hosts], 'lower');
        await bed.warmUp();
        const seconds = settings.quick ? 0.1 : (settings.seconds ?? 1);
        const trials = await attempts(draft, `${hosts} hosts`, repeatsOf(context, 5, 2), () =>
          attempt(context, draft, bed, { load: 'max', seconds, residue: 0.05 }),
        );
        const rates = trials.map(({ receivedRate }) => receivedRate);
        draft.figure('highest rate', { hosts }, 'frames/s', rates, 'higher');
        y.push(median(rates));
      } finally {
        await bed.close();
      }
    }
    draft.plots.push({
      title: 'Highest rate by hosts',
      x: { label: 'hosts', unit: '', scale: 'log' },
      y: { label: 'sum over all', unit: 'frames/s', scale: 'linear' },
      series: [{ name: 'highest rate', kind: 'line', x: counts, y }],
    });
    return draft.done();
  },
};

function networkOf(hosts: number) {
  const host = { count: hosts, vswitches: { vSwitch0: { portGroups: { lan: {} } } }, vms: { vm: { count: vms } } };
  return topologyFrom({ hosts: { esx: host } }, `${hosts} hosts`);
}

/** Pairs of neighbours, both ways. */
function flowsOf(hosts: number): Flow[] {
  return Array.from({ length: hosts * vms }, (_, i) => {
    const host = `esx${Math.floor(i / vms) + 1}`;
    const number = (i % vms) + 1;
    return { from: `${host}/vm${number}`, to: `${host}/vm${((number - 1) ^ 1) + 1}`, sizes: [64] };
  });
}
