/** Each rule is needed: its sentence holds while it is in force, and is wrong in the way the scenario says when it alone is off. */
import { beforeAll, describe, expect, it } from 'vitest';
import { topologyFrom } from '../../src/topology/load.ts';
import { type Clock, type Stage, stageOf } from './clocks.ts';
import { networkOf, placeOf, stationsOf } from './network.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { script, tell } from './story.ts';

interface Row extends Scenario {
  readonly n: number;
}

const rows: readonly Row[] = scenarios.map((scenario, i) => ({ ...scenario, n: i + 1 }));
const rules = Array.from({ length: 19 }, (_, i) => i + 1);

/** Scenarios side by side in one network, each in a plot of its own. */
const runs = [
  { title: 'with all rules', off: [], own: rows.filter(({ refusal }) => refusal === undefined) },
  ...rules.map((rule) => ({
    title: `without R${rule} it is not so that`,
    off: [rule],
    own: rows.filter((row) => row.rule === rule),
  })),
];

/** On the pool's threads run all rules, and those that tell a broadcast's copies apart. */
const clocks: readonly (readonly [string, Clock, (off: readonly number[]) => boolean])[] = [
  ['on the virtual clock', 'virtual', () => true],
  ['on the wall clock', 'wall', () => true],
  ['on the wall clock with threads', 'threads', ([rule]) => rule === undefined || rule === 7 || rule === 9],
];

describe.each(clocks)('%s', (_, clock, isRun) => {
  const here = runs.filter(({ off }) => isRun(off));
  let stages: readonly Stage[];
  beforeAll(async () => {
    stages = await Promise.all(
      here.map(({ off, own }) => {
        const plots = new Map(own.map(({ n, plot }) => [n, plot]));
        const places = own.flatMap(({ n, plot }) => stationsOf(plot).map((name) => placeOf(name, n)));
        return stageOf(clock, networkOf(plots, off), { injectAt: places });
      }),
    );
  });

  describe.each(here.map((run, i) => [run.title, run, i] as const))('%s', (_title, { own, off }, i) => {
    it.each(own.map((row) => [row.sentence, row] as const))('%s', async (_, { n, steps }) => {
      expect(await tell(stages[i]!, n, steps)).toEqual(script(steps, off.length === 0));
    });
  });

  it('every ledger balances at the end, with nothing on its way', async () => {
    const reports = await Promise.all(stages.map((stage) => stage.stop()));
    expect(reports.map(({ ledger: { balanced, held } }) => ({ balanced, held }))).toEqual(
      here.map(() => ({ balanced: true, held: 0 })),
    );
  });
});

describe('of the scenarios', () => {
  const refused = rows.filter(({ refusal }) => refusal !== undefined);
  it.each(refused.map((row) => [row.sentence, row] as const))('with all rules, %s', (_, { n, plot, refusal }) => {
    expect(() => topologyFrom(networkOf(new Map([[n, plot]])))).toThrow(refusal);
  });

  it.each(rules)('R%i has one at least, and each of them fails without it', (rule) => {
    const own = rows.filter((row) => row.rule === rule);
    expect(own.length).toBeGreaterThan(0);
    for (const { sentence, steps, refusal } of own) {
      if (refusal === undefined) expect(script(steps, false), sentence).not.toEqual(script(steps, true));
    }
  });
});
