/** Where a frame's way begins and ends: at vNICs, or beyond a wire. */
import { topologyFrom } from '../../../topology/load.ts';
import type { Topology } from '../../../topology/model.ts';
import type { Bed, Flow, Trial } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { attempt, attempts } from '../counted.ts';
import { Draft, sizeOf, sizeText } from '../draft.ts';
import { mixesFor, repeatsOf } from '../lane.ts';
import { type Full, fullOf, longestQueue, paceOf, roundRobin, spanOf, throughputOf } from '../load.ts';
import { neighbours, oneHost, vm } from './networks.ts';

/** One in so many frames has its latency measured on the wall clock. */
const stampEvery = 64;
const lanes = 4;

interface Deployment {
  readonly name: string;
  readonly topology: Topology;
  readonly pairs: readonly (readonly [string, string])[];
  readonly hasWire: boolean;
}

/** `rate`: of the wires; null leaves them without. */
function deployments(rate: string | null): Deployment[] {
  const cable = (to: string) => ({ to, ...(rate === null ? {} : { rate }) });
  const lan = { portGroups: { lan: {} } };
  const host = (uplinks: object) => ({ uplinks, vswitches: { vSwitch0: lan }, vms: { vm: { count: lanes } } });
  const numbers = Array.from({ length: lanes }, (_, i) => i + 1);
  const joined = { esx1: host({ vmnic0: cable('esx2/vmnic0') }), esx2: host({ vmnic0: {} }) };
  const between = {
    left: host({ eth0: cable('esx1/vmnic0') }),
    right: host({ eth0: cable('esx1/vmnic1') }),
    esx1: {
      uplinks: { vmnic0: {}, vmnic1: {} },
      vswitches: {
        vSwitch0: { uplinks: ['vmnic0'], portGroups: { inner: {} } },
        vSwitch1: { uplinks: ['vmnic1'], portGroups: { outer: {} } },
      },
      vms: { in: { count: lanes, portGroup: 'inner' }, out: { count: lanes, portGroup: 'outer' } },
    },
  };
  return [
    { name: 'vNIC-vNIC', topology: oneHost(2 * lanes), pairs: neighbours(2 * lanes), hasWire: false },
    {
      name: 'vNIC-wire-vNIC',
      topology: topologyFrom({ hosts: joined }, 'vNIC-wire-vNIC'),
      pairs: numbers.map((n) => [vm(n), vm(n, 'esx2')] as const),
      hasWire: true,
    },
    {
      name: 'wire-vNIC-vNIC-wire',
      topology: topologyFrom({ hosts: between }, 'wire-vNIC-vNIC-wire'),
      pairs: numbers.flatMap((n) => [
        [vm(n, 'left'), `esx1/in${n}`] as const,
        [`esx1/out${n}`, vm(n, 'right')] as const,
      ]),
      hasWire: true,
    },
  ];
}

export const deploymentTest: SuiteTest = {
  id: 'vswitch.deployments',
  title: 'Deployments',
  source: 'RFC 8204, 4',
  async run(context) {
    const { settings } = context;
    const draft = new Draft(
      'Four vNICs send to four others: in one host; to another host at the end of a cable; and, both at once, from a server outside to vNICs of a host and from other vNICs of it to a second server outside.',
    );
    const names: string[] = [];
    const rates: (number | null)[] = [];
    for (const each of deployments(settings.clock === 'virtual' ? '10G' : null)) {
      const wanted = { full: '64,512,1518,imix:csit', quick: '64', vnics: each.pairs.flat(), topology: each.topology };
      for (const mix of mixesFor(context, draft, wanted)) {
        context.check();
        if (!each.hasWire && settings.clock === 'virtual') {
          draft.note(`${each.name}: nothing limits on the virtual clock, so there is no rate to find.`);
          continue;
        }
        const flows = each.pairs.map(([from, to]): Flow => ({ from, to, sizes: mix.sizes }));
        const bed = await context.bed({
          topology: each.topology,
          flows,
          clock: settings.clock,
          workers: settings.workers,
        });
        try {
          await bed.warmUp();
          const most =
            settings.clock === 'wall' ? await mostOf(context, draft, bed, `${each.name}, ${sizeText(mix)}`) : [];
          const full: Full | null =
            most.length > 0 ? { rate: median(most)!, line: null } : await fullOf(context, draft, bed);
          if (full === null) continue;
          const labels = { deployment: each.name, size: sizeOf(mix) };
          draft.figure('highest rate', labels, 'frames/s', most, 'higher');
          const pace = paceOf(settings, full, longestQueue(each.topology));
          const offer = (stamps: number) => (total: number, seconds: number) => {
            context.progress({ text: `${each.name}, ${sizeText(mix)}: ${((100 * total) / full.rate).toFixed(0)} %` });
            const load = roundRobin(flows, total, seconds);
            const options = { load, seconds: spanOf(load), residue: pace.residue, stampEvery: stamps };
            return attempt(context, draft, bed, options);
          };
          const repeats = repeatsOf(context, 5, 1);
          const found: number[] = [];
          for (let i = 0; i < repeats; i++)
            found.push(...[(await throughputOf(draft, full, pace, offer(0))) ?? []].flat());
          if (found.length < repeats) draft.note(`${each.name}, ${sizeText(mix)}: no load tried was without loss.`);
          draft.figure('throughput', labels, 'frames/s', found, 'higher');
          const half = await attempts(draft, `${each.name}, ${sizeText(mix)}, half of that`, repeats, () =>
            offer(stampEvery)(full.rate / 2, pace.search),
          );
          tellLatency(draft, half, labels);
          names.push(`${each.name}, ${mix.name}`);
          rates.push(median(found));
        } finally {
          await bed.close();
        }
      }
    }
    draft.note('A VM here does not forward frames: wire-vNIC-vNIC-wire is both halves at once, counted together.');
    if (settings.clock === 'wall')
      draft.note('No media limit: the cables have no rate, and 100 % is the highest rate measured.');
    draft.plots.push({
      title: 'Throughput by deployment',
      x: { label: 'deployment', unit: '', scale: 'category', categories: names },
      y: { label: 'throughput', unit: 'frames/s', scale: 'linear' },
      series: [{ name: 'throughput', x: names.map((_, i) => i), y: rates, kind: 'bars' }],
    });
    return draft.done();
  },
};

/** Highest rates that the machine moves, one for each repeat, frames/s. */
async function mostOf(context: SuiteContext, draft: Draft, bed: Bed, what: string): Promise<number[]> {
  const { quick } = context.settings;
  const options = { load: 'max', seconds: quick ? 0.1 : 1, residue: quick ? 0.05 : 0.2 } as const;
  const trials = await attempts(draft, `${what}, highest rate`, repeatsOf(context, 5, 3), () =>
    attempt(context, draft, bed, options),
  );
  return trials.map(({ receivedRate }) => receivedRate);
}

function tellLatency(draft: Draft, trials: readonly Trial[], labels: Record<string, string | number>): void {
  const latencies = trials.flatMap(({ latency }) => latency ?? []);
  for (const percentile of ['p50', 'p99'] as const) {
    const samples = latencies.map((latency) => latency[percentile]);
    draft.figure('latency at half of that', { ...labels, percentile }, 'ns', samples, 'lower');
  }
}
