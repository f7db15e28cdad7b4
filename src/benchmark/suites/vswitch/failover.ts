/**
 * Uplinks that fail and come back: what each teaming policy loses, and for how long.
 *
 * Four VMs of a host with two or three uplinks and a server beyond a physical switch: two of them talk to it both ways, two only listen, so
 * that nothing but an announcement tells the outside where they have gone. The frames that a flow lost, divided by its steady rate, are the
 * time for which it was cut off (RFC 6201 4.1, frame-loss method).
 */
import { topologyFrom } from '../../../topology/load.ts';
import type { Topology } from '../../../topology/model.ts';
import type { Bed, Flow, Step, Trial } from '../../bed.ts';
import type { SuiteContext, SuiteSettings, SuiteTest } from '../../suite.ts';
import { Draft } from '../draft.ts';
import { vm } from './networks.ts';

type Keys = Readonly<Record<string, unknown>>;

interface Team {
  readonly name: string;
  readonly teaming: Keys;
  readonly uplinks?: number;
  /** The physical switch's side of a LAG. */
  readonly lag?: Keys;
  /** s until LACP or probes have settled. */
  readonly settle?: number;
  /** s after which a silent failure is noticed at the latest; absent: it never is. */
  readonly notices?: number;
  readonly isQuick?: boolean;
}

const lacp = (rate: 'fast' | 'slow', notices: number): Omit<Team, 'name'> => ({
  teaming: { policy: 'ip-hash', lag: 'active', lacpRate: rate },
  lag: { mode: 'active', rate },
  settle: 8,
  notices,
});

export const teams: readonly Team[] = [
  { name: 'port-id', teaming: { policy: 'port-id' }, isQuick: true },
  { name: 'port-id, unannounced', teaming: { policy: 'port-id', notify: false }, isQuick: true },
  { name: 'port-id, no failback', teaming: { policy: 'port-id', failback: false } },
  { name: 'port-id, up delay 100 ms', teaming: { policy: 'port-id', upDelay: '100ms' } },
  { name: 'source-mac', teaming: { policy: 'source-mac' }, isQuick: true },
  { name: 'explicit', teaming: { policy: 'explicit', active: ['vmnic0'], standby: ['vmnic1'] }, isQuick: true },
  { name: 'load-based', teaming: { policy: 'load-based' }, isQuick: true },
  {
    name: 'ip-hash, static LAG',
    teaming: { policy: 'ip-hash', lag: 'static' },
    lag: { mode: 'static' },
    isQuick: true,
  },
  { name: 'ip-hash, LACP fast', ...lacp('fast', 4), isQuick: true },
  { name: 'ip-hash, LACP slow', ...lacp('slow', 95) },
  {
    name: 'port-id, beacon probing',
    teaming: { policy: 'port-id', detection: 'beacon' },
    uplinks: 3,
    settle: 5,
    notices: 5,
    isQuick: true,
  },
];

const vms = 4;
/** VMs that also send. */
const talkers = 2;
const server = 'server/vm1';

export function networkOf({ teaming, uplinks = 2, lag }: Team): Topology {
  const numbers = Array.from({ length: uplinks }, (_, i) => i + 1);
  const cable = { rate: '10G', delay: '10us' };
  const hosts = {
    esx1: {
      uplinks: Object.fromEntries(numbers.map((n) => [`vmnic${n - 1}`, { to: `tor/${n}`, ...cable }])),
      vswitches: { vSwitch0: { teaming, portGroups: { lan: {} } } },
      vms: { vm: { count: vms, ip: '10.0.1.1/16' } },
    },
    server: {
      uplinks: { eth0: { to: `tor/${uplinks + 1}`, ...cable } },
      vswitches: { v: { portGroups: { lan: {} } } },
      vms: { vm1: { ip: '10.0.2.1/16' } },
    },
  };
  const lags = lag === undefined ? {} : { lags: { team: { ...lag, ports: numbers } } };
  return topologyFrom({ hosts, physical: { switches: { tor: { ports: uplinks + 1, ...lags } } } }, 'failover');
}

/** s; no part of a second, at whose turn LACP frames or probes are always on their way. */
const residue = 0.2013;

const failing = 'esx1/vmnic0';
/** Its end at the physical switch. */
const farEnd = 'tor/1';

interface Event {
  readonly name: 'failover' | 'failback' | 'silent failure';
  readonly seconds: number;
  readonly step: Step;
}

function eventsOf({ notices }: Team, isQuick: boolean): Event[] {
  const at = 0.05;
  const seconds = isQuick ? 0.35 : 1.05;
  return [
    { name: 'failover', seconds, step: { at, do: (network) => network.setCable(failing, false) } },
    { name: 'failback', seconds, step: { at, do: (network) => network.setCable(failing, true) } },
    {
      name: 'silent failure',
      seconds: at + (notices === undefined ? 1 : notices + 1),
      // As behind a media converter: the host's own link stays up.
      step: { at, do: (network) => network.setLink(farEnd, false) },
    },
  ];
}

export const failover: SuiteTest = {
  id: 'vswitch.failover',
  title: 'Uplink failover and failback',
  source: 'RFC 6201, 4.1',
  async run(context) {
    const { settings } = context;
    const draft = new Draft(
      'A server beyond a physical switch sends to four VMs of a host at a steady rate, and two of them to it, while a cable is pulled (failover), plugged again (failback), and loses its far end alone (silent failure: the host still sees link). Loss is counted for each flow; the time lost is the lost frames of the flow that lost most, divided by its rate: the sum of its gaps, of which there may be several.',
    );
    const rate = settings.clock === 'virtual' ? 100_000 : 5_000;
    draft.note(
      `Each of the ${vms + talkers} flows sends ${rate} frames/s, so that times are told to ${1e6 / rate} µs (a tenth of the frames where it takes seconds)${settings.clock === 'wall' ? '; the wall clock adds the time until a timer of the program fires' : ''}.`,
    );
    const told: { name: string; times: Map<string, number | null> }[] = [];
    for (const team of teams.filter((each) => isTaken(each, settings))) {
      // A minute and a half of real time for one figure is left to the virtual clock.
      const events = eventsOf(team, settings.quick).filter((event) => isFor(event, team, settings));
      const times = new Map<string, number | null>();
      const bed = await open(context, team);
      try {
        await settle(bed, team);
        for (const event of events) {
          context.check();
          context.progress({ text: `${team.name}: ${event.name}` });
          times.set(event.name, await measure(draft, bed, team, event, rate));
        }
      } finally {
        await bed.close();
      }
      told.push({ name: team.name, times });
    }
    const events = ['failover', 'failback', 'silent failure'] as const;
    draft.plots.push({
      title: 'Most time lost by a flow (lost frames / rate), by policy',
      x: { label: 'policy', unit: '', scale: 'category', categories: told.map(({ name }) => name) },
      y: { label: 'time', unit: 's', scale: 'log' },
      series: events.map((event) => ({
        name: event,
        x: told.map((_, i) => i),
        // A logarithm of 0 there is not: what lost nothing has no bar.
        y: told.map(({ times }) => times.get(event) || null),
        kind: 'bars' as const,
      })),
    });
    return draft.done();
  },
};

/** On the wall clock, a minute and a half for one figure, and in a quick run what takes seconds, is left to the virtual clock. */
function isFor({ name, seconds }: Event, { teaming }: Team, { clock, quick }: SuiteSettings): boolean {
  // Without failback nobody uses the uplink any more that then fails silently.
  if (name === 'silent failure' && teaming['failback'] === false) return false;
  return clock === 'virtual' || (quick ? name !== 'silent failure' : seconds < 10);
}

const isTaken = ({ isQuick, settle = 0 }: Team, { clock, quick }: SuiteSettings): boolean =>
  !quick || (isQuick === true && (clock === 'virtual' || settle === 0));

function open({ settings, bed }: Pick<SuiteContext, 'settings' | 'bed'>, team: Team): Promise<Bed> {
  const numbers = Array.from({ length: vms }, (_, i) => i + 1);
  const flows = [
    ...numbers.map((n): Flow => ({ from: server, to: vm(n), sizes: [128] })),
    ...numbers.slice(0, talkers).map((n): Flow => ({ from: vm(n), to: server, sizes: [128] })),
  ];
  return bed({ topology: networkOf(team), flows, clock: settings.clock, workers: settings.workers });
}

/** LACP negotiates, probes are exchanged: a few frames a second meanwhile. */
async function settle(bed: Bed, { settle = 0 }: Team): Promise<void> {
  if (settle > 0) await bed.trial({ load: bed.flows.map(() => ({ rate: 10 })), seconds: settle, residue });
}

/** The most time that a flow lost, s; null: it did not come back. */
async function measure(
  draft: Draft,
  bed: Bed,
  team: Team,
  { name, seconds, step }: Event,
  rate: number,
): Promise<number | null> {
  // Long silences are measured with fewer frames.
  const perSecond = seconds > 3 ? rate / 10 : rate;
  // Not all at the same instant, which an event would cut all at once.
  const load = bed.flows.map((_, i) => ({
    rate: perSecond,
    count: Math.floor(perSecond * (seconds - 1 / perSecond)),
    from: i / bed.flows.length / perSecond,
  }));
  // Learned before: that a switch floods for a while afterwards is part of what is measured, and no fault.
  await bed.trial({ load: bed.flows.map(() => null), seconds: 0.01, residue });
  const trial = await bed.trial({ load, seconds, steps: [step], learn: false, residue });
  draft.trial(trial);
  if (trial.void !== null) {
    draft.note(`${team.name}, ${name}: nothing can be said, ${trial.void}.`);
    return null;
  }
  const labels = { policy: team.name, event: name };
  const lost = trial.flows.map((flow) => flow.expected - flow.received);
  const worst = Math.max(...lost);
  if (worst >= Math.floor((seconds - step.at) * perSecond * 0.99)) {
    draft.note(
      `${team.name}, ${name}: a flow was cut off until the end of the trial, for ${(seconds - step.at).toFixed(1)} s.`,
    );
    return null;
  }
  draft.figure('frames lost', labels, 'frames', [lost.reduce((sum, n) => sum + n, 0)], 'lower');
  draft.figure('flows with loss', labels, 'flows', [lost.filter((n) => n > 0).length], 'lower');
  tellDoubles(draft, trial, `${team.name}, ${name}`);
  draft.figure('time lost, lost frames / rate', labels, 's', [worst / perSecond], 'lower');
  return worst / perSecond;
}

function tellDoubles(draft: Draft, { duplicates, reordered }: Trial, what: string): void {
  if (duplicates > 0) draft.note(`${what}: ${duplicates} frames came twice.`);
  if (reordered > 0) draft.note(`${what}: ${reordered} frames came out of order.`);
}
