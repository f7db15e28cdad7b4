/** What a lesson about one rule has to look out for: where another rule hides that it is missing, and what cannot do harm. */
import { describe, expect, it } from 'vitest';
import { type Stage, stageOf } from './clocks.ts';
import { networkOf, type Plot, placeOf, stations } from './network.ts';
import { frame, type Step, script, tell } from './story.ts';

const stageWithout = (off: readonly number[], plot: Plot): Promise<Stage> =>
  stageOf('virtual', networkOf(new Map([[1, plot]]), off), { injectAt: stations.map((name) => placeOf(name, 1)) });

type Row = readonly [what: string, off: number, plot: Plot, steps: readonly Step[]];

const hidden: Row[] = [
  // The receiver of VLAN 10 is u1, which a leaves by and b does not.
  [
    'of the sender whose pin is the receiver of the VLAN, R9 drops the reflection',
    7,
    { vlan: 10 },
    [
      ['a > all', 'b c x y'],
      ['b > all', 'a×2 b c×2 x y'],
    ],
  ],
  [
    'of a team with one active uplink, R19 drops the reflection',
    7,
    { teaming: { active: ['u1'], standby: ['u2'] } },
    [
      ['a > all', 'b c x y'],
      ['b > all', 'a c x y'],
    ],
  ],
  ['a frame to a group, R7 drops the reflection of a local VM alone', 9, {}, [['a > group', 'b c x y']]],
  [
    'unicast on a standby uplink, R8 drops',
    19,
    { teaming: { active: ['u1'], standby: ['u2'] } },
    [['a > all', 'b c x y'], ['forget tor'], ['x > a', 'a y']],
  ],
  [
    'a flood on a standby uplink, R9 drops',
    19,
    { teaming: { active: ['u1'], standby: ['u2'] } },
    [['x > all', 'a b c y']],
  ],
];

describe('a missing rule is not seen where another one drops the frame:', () => {
  it.each(hidden)('%s (R%i is off)', async (_, off, plot, steps) => {
    const stage = await stageWithout([off], plot);
    expect(await tell(stage, 1, steps)).toEqual(script(steps, true));
    await stage.stop();
  });
});

describe('a team with one active uplink', () => {
  /** Copies that b gets of a broadcast of a's, whose cable fails just when the frame is outside. */
  async function copiesAtFailover(off: readonly number[]): Promise<number> {
    const stage = await stageWithout(off, { teaming: { active: ['u1'], standby: ['u2'], notify: false } });
    const { network } = stage;
    network.inject(placeOf('a', 1), frame('a', 'all'), 0n);
    network.advance(1_000n); // it is at the physical switch
    await stage.setLink('h1/u1', false);
    const { ports } = (await stage.stop()).switches[0]!;
    return ports.find(({ name }) => name === 'h1/b')!.txFrames;
  }

  it('needs R7 when it fails over while a reflection is on its way', async () => {
    expect(await copiesAtFailover([])).toBe(1);
    expect(await copiesAtFailover([7])).toBe(2);
  });
});

describe('nothing goes round as long as R1 is in force', () => {
  const models = ['learning', 'registered'].map((macModel) => ({ uplinks: 3, vswitch: { macModel } }));
  const plots = new Map(models.map((plot, i) => [i + 1, plot]));

  it.each(Array.from({ length: 18 }, (_, i) => i + 2))('without R%i', async (rule) => {
    const places = [...plots.keys()].flatMap((n) => stations.map((name) => [name, placeOf(name, n)] as const));
    const stage = await stageOf('virtual', networkOf(plots, [rule]), { injectAt: places.map(([, port]) => port) });
    for (let round = 0; round < 2; round++) {
      for (const to of ['all', 'group', 'nobody', 'a', 'x'] as const) {
        await stage.send(...places.map(([from, port]) => [port, frame(from, to)] as const));
      }
    }
    const { ledger, teaching } = await stage.stop();
    expect(teaching).toMatchObject({ disabled: [`R${rule}`], rounds: [], cycle: '' });
    expect(ledger).toMatchObject({ balanced: true, held: 0, framesIn: 100 });
    expect(ledger.drops).not.toHaveProperty('storm_guard');
  });
});
