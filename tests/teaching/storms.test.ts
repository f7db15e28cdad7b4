/**
 * What goes round without the rules, goes round a bounded number of times: the storm guard takes it out, and the report names the
 * ports that it came in by. What does not go round is let through, however much of it there is.
 */
import { describe, expect, it } from 'vitest';
import type { Report, SwitchReport } from '../../src/telemetry/report.ts';
import { type Clock, stageOf } from './clocks.ts';
import { networkOf, placeOf } from './network.ts';
import { frame } from './story.ts';

const every = Array.from({ length: 19 }, (_, i) => i + 1);

type Row = readonly [
  off: readonly number[],
  uplinks: number,
  stormLimit: number,
  from: 'a' | 'x',
  /** Ports that it comes in by more than once. */
  cycle: string,
];

const rows: Row[] = [
  // R9 is on, so that the flood goes round one way: in by the designated u1, out by the others.
  [[1], 2, 64, 'x', 'h1/u1 tor1/2'],
  [[1], 3, 64, 'x', 'h1/u1 h1/u2 h1/u3 tor1/2 tor1/3'],
  [[1], 2, 2, 'x', 'h1/u1'],
  [[1], 6, 64, 'x', 'h1/u1 h1/u2 h1/u3 h1/u4 h1/u5 h1/u6 tor1/2 tor1/3 tor1/4 tor1/5 tor1/6'],
  [[1, 2], 2, 64, 'x', 'h1/u1 h1/u2 tor1/2'],
  // The VM's frame leaves by its pin u1 and comes back by u2.
  [[1, 7, 9], 2, 64, 'a', 'h1/u2 tor1/1'],
  [[1, 7, 9], 3, 64, 'a', 'h1/u1 h1/u2 h1/u3 tor1/1 tor1/2 tor1/3'],
  [[1, 7, 9], 3, 1000, 'x', 'h1/u1 h1/u2 h1/u3 tor1/1 tor1/2 tor1/3'],
  [every, 3, 64, 'a', 'h1/u1 h1/u2 h1/u3 tor1/1 tor1/2 tor1/3'],
];

const clocks: readonly (readonly [string, Clock, readonly Row[]])[] = [
  ['on the virtual clock', 'virtual', rows],
  ['on the wall clock', 'wall', rows],
  ['on the wall clock with two threads', 'threads', [rows[6]!]],
];

const portOf = (switches: readonly SwitchReport[], port: string) =>
  switches.flatMap(({ ports }) => ports).find(({ name }) => name === port)!;
const came = ({ ports }: SwitchReport) => ports.reduce((sum, { rxFrames }) => sum + rxFrames, 0);
const caught = ({ ports }: SwitchReport) =>
  ports.reduce((sum, { verdicts }) => sum + (verdicts['storm_guard'] ?? 0), 0);

async function storm(clock: Clock, [off, uplinks, stormLimit, from]: Row): Promise<Report> {
  const plots = new Map([[1, { uplinks }]]);
  const teaching = { disable: off.map((rule) => `R${rule}`), stormLimit };
  const stage = await stageOf(clock, networkOf(plots, off, { teaching }), { injectAt: [placeOf(from, 1)], workers: 2 });
  await stage.send([placeOf(from, 1), frame(from, 'all')]);
  return stage.stop();
}

describe.each(clocks)('%s a broadcast', (_, clock, own) => {
  it.each(own)(
    'without rules %j, over %i uplinks and with limit %i, sent by %s, goes round by %s, and comes to an end',
    async (...row) => {
      const { switches, ledger, teaching } = await storm(clock, row);
      const [, , stormLimit, , cycle] = row;
      expect(ledger).toMatchObject({ balanced: true, held: 0, framesIn: 1 });
      // No switch lets it in more often than the limit says, and every copy was either let in or taken out.
      for (const sw of switches) expect(came(sw) - caught(sw), sw.name).toBeLessThanOrEqual(stormLimit);
      expect(switches.reduce((sum, sw) => sum + caught(sw), 0)).toBe(ledger.drops['storm_guard']);
      expect(ledger.drops['storm_guard']).toBeGreaterThan(0);

      expect(teaching!.cycle).toMatch(/^frame 1 went round: it came in by /);
      const named = [...teaching!.cycle.matchAll(/([\w/]+) \(\d+ times\)/g)].map(([, port]) => port!);
      expect(named.sort().join(' ')).toBe(cycle);
      expect(teaching!.rounds.length).toBeGreaterThan(0);
      for (const { frame: id, switch: name } of teaching!.rounds) {
        expect({ id, name }).toEqual({ id: 1, name: expect.stringMatching(/^(h1\/v|tor1)$/) });
      }
    },
  );
});

describe('the report of a storm', () => {
  it('names the ports of the cycle, and how often the frame came by', async () => {
    const { teaching, switches } = await storm('virtual', rows[0]!);
    expect(teaching!.cycle).toBe('frame 1 went round: it came in by h1/u1 (64 times), tor1/2 (63 times)');
    const [uplink] = switches[0]!.ports.filter(({ name }) => name === 'h1/u1');
    expect(uplink!.verdicts).toEqual({ flood_group: 63, storm_guard: 1 });
    const told = teaching!.rounds.map((round) => [
      round.switch,
      ...round.ports.map((each) => `${each.port} ${each.times}`),
    ]);
    expect(told).toEqual([
      ['h1/v', 'h1/u1 64', 'h1/u2 1'], // it was caught here
      ['tor1', 'tor1/8 1', 'tor1/2 63'],
    ]);
  });

  it('names none where nothing goes round', async () => {
    const stage = await stageOf('virtual', networkOf(new Map([[1, {}]]), [7]), { injectAt: [placeOf('x', 1)] });
    await stage.send([placeOf('x', 1), frame('x', 'all')]);
    expect((await stage.stop()).teaching).toMatchObject({ rounds: [], cycle: '' });
  });
});

/**
 * More broadcasts than the guard has places (4,096) go round between h1's uplinks, sent by the VMs of a host that has one, while a
 * VM of h1 sends to its neighbour.
 */
function crowd(broadcasts: number, unicasts: number, stormLimit: number): unknown {
  const cable = { delay: '100us', queue: 65_536 };
  const group = { portGroups: { pg: {} } };
  return {
    hosts: {
      h1: {
        uplinks: { u1: { to: 'tor/1', ...cable }, u2: { to: 'tor/2', ...cable } },
        vswitches: { v: { ...group, macModel: 'registered' } },
        vms: { a: {}, b: {} },
      },
      h2: { uplinks: { u1: { to: 'tor/3', ...cable } }, vswitches: { v: group }, vms: { vm: { count: 4 } } },
    },
    physical: { switches: { tor: { ports: 3 } } },
    traffic: [
      { from: 'h1/a', to: 'h1/b', rate: '10Mpps', count: unicasts },
      { from: 'h2/vm*', to: 'broadcast', rate: '10Mpps', count: broadcasts / 4 },
    ],
    teaching: { disable: ['R1'], stormLimit },
  };
}

const crowdClocks: Clock[] = ['virtual', 'threads'];

describe.each(crowdClocks)('a crowd of frames (%s)', (clock) => {
  it('that goes round is caught whole, and whoever does not go round is not', async () => {
    const stage = await stageOf(clock, crowd(8_000, 30_000, 4), { workers: 2, isWatched: false });
    await stage.send();
    const { ledger, switches, streams, teaching } = await stage.stop();
    expect(streams.map(({ sent }) => sent)).toEqual([30_000, 2000, 2000, 2000, 2000]);
    expect(ledger).toMatchObject({ balanced: true, held: 0 });
    // Each one goes round as one copy, which ends here.
    expect(ledger.drops).toMatchObject({ storm_guard: 8_000 });
    expect(teaching!.cycle).toMatch(/^frame 2\d{12} went round: it came in by .*tor\/2/);
    expect(portOf(switches, 'h1/a').verdicts).toMatchObject({ forward: 30_000 });
    expect(portOf(switches, 'h1/a').verdicts).not.toHaveProperty('storm_guard');
  });
});

describe('frames that do not go round', () => {
  it('are let through, however many there are and however low the limit is', async () => {
    const stage = await stageOf('virtual', crowd(4, 50_000, 2), { isWatched: false });
    await stage.send();
    const { ledger, streams, switches } = await stage.stop();
    expect(streams[0]!.sent).toBe(50_000);
    expect(ledger).toMatchObject({ balanced: true, drops: { storm_guard: 4 } });
    expect(portOf(switches, 'h1/a').verdicts).toMatchObject({ forward: 50_000 });
    expect(portOf(switches, 'h1/a').verdicts).not.toHaveProperty('storm_guard');
  });
});
