/**
 * A MAC flooding attack: one VM sends from tens of thousands of addresses to fill the table, so that what others send is flooded and can
 * be overheard. What the policies of table and port make of it, before, while and after.
 */
import type { Topology } from '../../../topology/model.ts';
import type { Bed, Flow, FlowLoad, Trial } from '../../bed.ts';
import type { SuiteTest } from '../../suite.ts';
import { attempt } from '../counted.ts';
import { Draft } from '../draft.ts';
import { oneHost, vm } from './networks.ts';

type Keys = Readonly<Record<string, unknown>>;

interface Defence {
  readonly name: string;
  readonly vswitch?: Keys;
  readonly portGroup?: Keys;
}

const entries = 1024;
const table = (whenFull: string) => ({ table: { max: entries, whenFull } });

export const defences: readonly Defence[] = [
  { name: 'table full: evict the oldest of the fullest port', vswitch: table('evict') },
  { name: 'table full: forward without learning', vswitch: table('forward') },
  { name: 'table full: drop new stations', vswitch: table('drop') },
  { name: 'port limit of 4, drop', vswitch: table('forward'), portGroup: { macLimit: 4 } },
  {
    name: 'port limit of 4, shut the port',
    vswitch: table('forward'),
    portGroup: { macLimit: { max: 4, whenFull: 'shut' } },
  },
  {
    name: 'forged transmits rejected',
    vswitch: table('forward'),
    portGroup: { security: { forgedTransmits: 'reject' } },
  },
  { name: 'registered addresses', vswitch: { ...table('forward'), macModel: 'registered' } },
];

/** Two victims that know each other, two newcomers who begin during the attack, the attacker, and who it sends to. */
const [victimA, victimB, newcomerA, newcomerB, attacker, sink] = [1, 2, 3, 4, 5, 6].map((n) => vm(n)) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const victimRate = 1000;
const attackRate = 100_000;
const stations = 16_384;

const flows: readonly Flow[] = [
  { from: victimA, to: victimB, sizes: [128] },
  { from: victimB, to: victimA, sizes: [128] },
  { from: newcomerA, to: newcomerB, sizes: [128] },
  { from: newcomerB, to: newcomerA, sizes: [128] },
  { from: attacker, to: sink, sizes: [64], stations },
  // The sink says once where it is, so that the attack itself is not flooded.
  { from: sink, to: victimA, sizes: [64] },
];

interface Phase {
  readonly name: string;
  /** Who is asked for: flows by number. */
  readonly of: readonly number[];
  readonly who: 'victims' | 'newcomers';
  readonly load: readonly (FlowLoad | null)[];
}

/** Newcomers begin after the table is full. */
function phasesOf(seconds: number): Phase[] {
  const steady = { rate: victimRate };
  const attack = { rate: attackRate };
  const late = { rate: victimRate, from: seconds / 2 };
  const once = { rate: victimRate, count: 1 };
  const victims = [0, 1];
  const newcomers = [2, 3];
  return [
    { name: 'before', of: victims, who: 'victims', load: [steady, steady, null, null, null, once] },
    { name: 'during', of: victims, who: 'victims', load: [steady, steady, null, null, attack, once] },
    { name: 'during', of: newcomers, who: 'newcomers', load: [null, null, late, late, attack, once] },
    { name: 'after', of: victims, who: 'victims', load: [steady, steady, null, null, null, once] },
    { name: 'after', of: newcomers, who: 'newcomers', load: [null, null, steady, steady, null, once] },
  ];
}

const networkOf = ({ vswitch, portGroup }: Defence): Topology => oneHost(6, vswitch, portGroup);

export const macFlooding: SuiteTest = {
  id: 'vswitch.mac-flooding',
  title: 'MAC flooding attack',
  source: null,
  async run(context) {
    const { settings } = context;
    const draft = new Draft(
      `One vNIC of six sends ${attackRate} frames/s from ${stations} addresses in turn to another one, into a table of ${entries} entries. Two victims who talk all the time, and two newcomers who begin when the table is full, send ${victimRate} frames/s each way: what they lose, and how much of it the attacker overhears, before, during and after. An address ages in 300 s, so that nothing ages meanwhile.`,
    );
    const seconds = settings.quick ? 0.1 : 2;
    for (const defence of defences) {
      context.check();
      const bed = await context.bed({
        topology: networkOf(defence),
        flows,
        clock: settings.clock,
        workers: settings.workers,
      });
      try {
        // Both victims are heard once before anything is counted.
        await bed.trial({ load: phasesOf(0.05)[0]!.load, seconds: 0.05, learn: false, residue: 0.05 });
        for (const phase of phasesOf(seconds)) {
          context.check();
          context.progress({ text: `${defence.name}: ${phase.who} ${phase.name}` });
          const options = { load: phase.load, seconds, learn: false, residue: 0.05 };
          const { trial, isReached } = await attempt(context, draft, bed, options);
          if (isReached) tell(draft, defence, phase, trial);
          else draft.note(`${defence.name}, ${phase.who} ${phase.name}: the trial does not count, ${trial.void}.`);
        }
        tellTable(draft, defence, bed);
      } finally {
        await bed.close();
      }
    }
    return draft.done();
  },
};

function tell(draft: Draft, { name }: Defence, phase: Phase, trial: Trial): void {
  const asked = phase.of.map((number) => trial.flows[number]!);
  const offered = asked.reduce((sum, flow) => sum + flow.offered, 0);
  const received = asked.reduce((sum, flow) => sum + flow.received, 0);
  // Nobody sends to the attacker: what comes there was flooded.
  const port = trial.ports.get(attacker);
  const overheard = (port?.flooded ?? 0) + (port?.misdelivered ?? 0);
  const labels = { policy: name, phase: phase.name, who: phase.who };
  draft.figure('frames lost', labels, '%', [(100 * (offered - received)) / offered], 'lower');
  draft.figure('frames overheard by the attacker', labels, '%', [(100 * overheard) / offered], 'lower');
}

function tellTable(draft: Draft, { name }: Defence, { network }: Bed): void {
  const held = network.macTable('esx1/vSwitch0').filter(({ port }) => port === attacker).length;
  draft.figure('table entries that the attacker took', { policy: name }, 'entries', [held], 'lower');
  const link = network.ports().find((port) => port.name === attacker)?.link;
  if (link === 'shut') draft.note(`${name}: the attacker's port was shut.`);
}
