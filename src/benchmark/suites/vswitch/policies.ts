/** What each policy costs: the highest rate with it against the same network without, measured in turns. */
import { topologyFrom } from '../../../topology/load.ts';
import type { Topology } from '../../../topology/model.ts';
import type { Bed, Flow } from '../../bed.ts';
import { median } from '../../statistics.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { attempt } from '../counted.ts';
import { Draft } from '../draft.ts';
import { vm } from './networks.ts';

type Keys = Readonly<Record<string, unknown>>;

interface Policy {
  readonly name: string;
  /** What it is compared with. */
  readonly base: 'local' | 'outside';
  readonly vswitch?: Keys;
  /** Of both port groups; or of the second one only. */
  readonly portGroup?: Keys;
  readonly second?: Keys;
  readonly uplinks?: number;
  readonly lag?: boolean;
  readonly captures?: readonly Keys[];
  /** Also in a quick run. */
  readonly isQuick?: boolean;
}

export const policies: readonly Policy[] = [
  { name: 'nothing, once more', base: 'local', isQuick: true },
  { name: 'access VLAN', base: 'local', portGroup: { vlan: 10 }, isQuick: true },
  { name: 'trunk with native VLAN', base: 'local', portGroup: { vlan: '1-4094', native: 10 } },
  { name: 'access VLAN and trunk', base: 'local', portGroup: { vlan: 10 }, second: { vlan: '10,20', native: 10 } },
  { name: 'QinQ tunnel', base: 'local', portGroup: { vlan: 100, tunnel: true }, isQuick: true },
  {
    name: 'private VLAN',
    base: 'local',
    vswitch: { privateVlans: [{ primary: 100, isolated: 101 }] },
    portGroup: { vlan: 100 },
    second: { vlan: 101 },
    isQuick: true,
  },
  { name: 'port security (4 stations)', base: 'local', portGroup: { macLimit: 4 }, isQuick: true },
  { name: 'sticky addresses', base: 'local', portGroup: { sticky: true } },
  {
    name: 'forged transmits and MAC changes rejected',
    base: 'local',
    portGroup: { security: { forgedTransmits: 'reject', macChanges: 'reject' } },
    isQuick: true,
  },
  {
    name: 'storm control',
    base: 'local',
    portGroup: { storm: { broadcast: '1kpps', multicast: '1kpps', unknownUnicast: '1kpps' } },
  },
  { name: 'BPDU guard', base: 'local', portGroup: { bpdu: 'guard' } },
  {
    name: 'promiscuous vNICs, each with a copy of all',
    base: 'local',
    second: { security: { promiscuous: 'accept' } },
  },
  { name: 'padding', base: 'local', vswitch: { padding: true } },
  { name: 'registered addresses', base: 'local', vswitch: { macModel: 'registered' }, isQuick: true },
  {
    name: 'all of it on access ports',
    base: 'local',
    portGroup: {
      vlan: 10,
      macLimit: 4,
      bpdu: 'guard',
      storm: { broadcast: '1kpps', multicast: '1kpps', unknownUnicast: '1kpps' },
      security: { forgedTransmits: 'reject', macChanges: 'reject', staticConflict: 'drop' },
    },
  },
  {
    name: 'a capture whose filter takes nothing',
    base: 'local',
    captures: [{ file: '/dev/null', filter: 'ether proto 0x1234', direction: 'in' }],
    isQuick: true,
  },
  {
    name: 'a capture of one in 1,000',
    base: 'local',
    captures: [{ file: '/dev/null', sample: 1000, direction: 'in' }],
  },
  { name: 'a capture of all heads', base: 'local', captures: [{ file: '/dev/null', snap: 64, direction: 'in' }] },
  { name: 'team of two, port-id', base: 'outside', uplinks: 2, isQuick: true },
  { name: 'team of two, source-mac', base: 'outside', uplinks: 2, vswitch: { teaming: { policy: 'source-mac' } } },
  { name: 'team of two, load-based', base: 'outside', uplinks: 2, vswitch: { teaming: { policy: 'load-based' } } },
  { name: 'team of two, explicit', base: 'outside', uplinks: 2, vswitch: { teaming: { policy: 'explicit' } } },
  {
    name: 'LAG of two, ip-hash',
    base: 'outside',
    uplinks: 2,
    lag: true,
    vswitch: { teaming: { policy: 'ip-hash', lag: 'static' } },
  },
  { name: 'access VLAN', base: 'outside', portGroup: { vlan: 10 } },
];

const vms = 4;

/** Eight vNICs in two port groups of one host, or four there and four at another host beyond a physical switch. */
export function networkOf({
  base,
  vswitch = {},
  portGroup = {},
  second,
  uplinks = 1,
  lag = false,
  captures = [],
}: Policy): Topology {
  const groups = { odd: portGroup, even: second ?? portGroup };
  const own = { portGroups: groups, ...vswitch };
  if (base === 'local') {
    const both = { odd: { count: vms, portGroup: 'odd' }, even: { count: vms, portGroup: 'even' } };
    return topologyFrom({ hosts: { esx1: { vswitches: { vSwitch0: own }, vms: both } }, captures }, 'one host');
  }
  const numbers = Array.from({ length: uplinks }, (_, i) => i + 1);
  const cables = Object.fromEntries(numbers.map((n) => [`vmnic${n - 1}`, { to: `tor/${n}` }]));
  const here = { uplinks: cables, vswitches: { vSwitch0: own }, vms: { vm: { count: vms, portGroup: 'odd' } } };
  const there = {
    uplinks: { eth0: { to: `tor/${uplinks + 1}` } },
    vswitches: { vSwitch0: { portGroups: { lan: portGroup } } },
    vms: { vm: { count: vms } },
  };
  const tor = { ports: uplinks + 1, ...(lag ? { lags: { team: { ports: numbers } } } : {}) };
  return topologyFrom({ hosts: { esx1: here, server: there }, physical: { switches: { tor } }, captures }, 'two hosts');
}

export function pairsOf(base: Policy['base']): (readonly [string, string])[] {
  const numbers = Array.from({ length: vms }, (_, i) => i + 1);
  const ends = (n: number) => (base === 'local' ? [`esx1/odd${n}`, `esx1/even${n}`] : [vm(n), vm(n, 'server')]);
  return numbers.flatMap((n) => {
    const [a = '', b = ''] = ends(n);
    return [[a, b] as const, [b, a] as const];
  });
}

export const policyCost: SuiteTest = {
  id: 'vswitch.policies',
  title: 'Cost of each policy',
  source: null,
  async run(context) {
    const { settings } = context;
    const draft = new Draft(
      'The highest rate of 64-byte frames between four pairs of vNICs, both ways, with the policy and without anything configured, measured in turns (without, with, without, with); each turn gives one ratio. Policies of uplinks are compared with one uplink and no policy, between two hosts at a physical switch.',
    );
    if (settings.clock === 'virtual') {
      return draft.notApplicable(
        'on the virtual clock switching takes no time, whatever is configured; use the wall clock',
      );
    }
    const wanted = policies.filter(({ isQuick }) => !settings.quick || isQuick);
    const told: { name: string; ratios: readonly number[] }[] = [];
    for (const base of ['local', 'outside'] as const) {
      const without = await open(context, { name: 'nothing', base });
      const rates: number[] = [];
      try {
        for (const policy of wanted.filter((each) => each.base === base)) {
          const name = base === 'local' ? policy.name : `${policy.name}, to another host`;
          context.progress({ text: name, part: wanted.indexOf(policy) / wanted.length });
          const withIt = await open(context, policy);
          try {
            const ratios = await turns(context, draft, without, withIt, rates);
            draft.figure('rate with the policy', { policy: name }, '% of without', ratios, 'higher');
            if (ratios.length > 0) told.push({ name, ratios });
            else draft.note(`${name}: no turn counts, so there is no figure.`);
          } finally {
            await withIt.close();
          }
        }
      } finally {
        await without.close();
      }
      const ways = base === 'local' ? 'in one host' : 'to another host';
      draft.figure('highest rate with nothing configured', { ways }, 'frames/s', rates, 'higher');
    }
    draft.note(
      '"Nothing, once more" compares a network with its like: how far it is from 100 % is the noise of all others.',
    );
    draft.plots.push({
      title: 'Rate with the policy',
      x: { label: 'policy', unit: '', scale: 'category', categories: told.map(({ name }) => name) },
      y: { label: 'rate', unit: '% of without', scale: 'linear' },
      series: [
        {
          name: 'with the policy',
          x: told.map((_, i) => i),
          y: told.map(({ ratios }) => median(ratios)),
          low: told.map(({ ratios }) => Math.min(...ratios)),
          high: told.map(({ ratios }) => Math.max(...ratios)),
          kind: 'bars',
        },
      ],
    });
    return draft.done();
  },
};

async function open(context: SuiteContext, policy: Policy): Promise<Bed> {
  context.check();
  const flows = pairsOf(policy.base).map(([from, to]): Flow => ({ from, to, sizes: [64] }));
  const { clock, workers } = context.settings;
  const topology = networkOf(policy);
  const bed = await context.bed({ topology, captures: topology.captures, flows, clock, workers });
  await bed.warmUp();
  return bed;
}

/** Ratios of the rates of two beds, %, one for each turn; the first one's rates go to `rates`. */
async function turns(
  context: SuiteContext,
  draft: Draft,
  without: Bed,
  withIt: Bed,
  rates: number[],
): Promise<number[]> {
  const { settings } = context;
  const ratios: number[] = [];
  const seconds = settings.quick ? 0.1 : (settings.seconds ?? 1);
  const residue = settings.quick ? 0.02 : 0.2;
  for (let turn = settings.repeats ?? (settings.quick ? 3 : 9); turn > 0; turn--) {
    const options = { load: 'max' as const, seconds, residue };
    const first = await attempt(context, draft, without, options);
    const second = await attempt(context, draft, withIt, options);
    const [a, b] = [first.trial.receivedRate, second.trial.receivedRate];
    if (first.isReached) rates.push(a);
    // A turn is both of its trials.
    if (first.isReached && second.isReached && a > 0) ratios.push((b / a) * 100);
  }
  return ratios;
}
