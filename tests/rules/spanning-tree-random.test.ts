/** Whatever the cables, costs and priorities: the tree is the one that a model works out, and a broadcast comes to everybody once. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lab } from '../engine/lab.ts';
import { mac } from './networks.ts';
import {
  type Cable,
  endsOf,
  expected,
  found,
  labOf,
  type Mesh,
  membersOf,
  reached,
  SECOND,
  stationAt,
  stationsOf,
  topologyOf,
  wait,
} from './trees.ts';

const meshes: fc.Arbitrary<Mesh> = fc.integer({ min: 2, max: 8 }).chain((count) => {
  const place = fc.nat({ max: count - 1 });
  const cost = fc.integer({ min: 1, max: 4 });
  const priority = fc.constantFrom(0, 128, 240);
  const cables: fc.Arbitrary<Cable> = fc.record({
    a: place,
    b: place,
    costA: cost,
    costB: cost,
    priorityA: priority,
    priorityB: priority,
  });
  return fc.record({
    priorities: fc.array(fc.constantFrom(4096, 8192, 32_768), { minLength: count, maxLength: count }),
    cables: fc.array(cables, { minLength: 1, maxLength: 14 }),
  });
});

/** Frames from every station reach all that cables lead to, once: more than once is for the lab to find. */
function checkFloods(lab: ReturnType<typeof labOf>, mesh: Mesh, down: ReadonlySet<number>): void {
  for (const sw of mesh.priorities.keys()) {
    const outcome = lab.send(stationAt(sw), lab.frame(mac.all, mac.x));
    expect(stationsOf(outcome)).toEqual(reached(mesh, sw, down).map(stationAt).sort());
    expect(outcome.drops.filter((drop) => !/ (stp_discarding|no_recipient)$/.test(drop))).toEqual([]);
  }
}

/** What befalls a network, and ns until the next thing does. */
interface Blow {
  readonly what: 'pull' | 'plug' | 'deafen' | 'thin' | 'off' | 'on' | 'go back';
  readonly which: number;
  readonly waitNs: number;
}

const blows: fc.Arbitrary<Blow[]> = fc.array(
  fc.record({
    what: fc.constantFrom('pull', 'plug', 'deafen', 'thin', 'off', 'on', 'go back' as const),
    which: fc.nat(),
    waitNs: fc.oneof(fc.constantFrom(0, 500, 1000, 2500), fc.nat({ max: 9_000_000_000 })),
  }),
  { minLength: 1, maxLength: 8 },
) as fc.Arbitrary<Blow[]>;

/** The same with some of its cables made LAGs; LACP makes none of a switch with itself. */
const bundled: fc.Arbitrary<Mesh> = meshes.chain((mesh) =>
  fc
    .array(fc.record({ members: fc.integer({ min: 1, max: 3 }), mode: fc.constantFrom('static', 'active' as const) }), {
      minLength: mesh.cables.length,
      maxLength: mesh.cables.length,
    })
    .map((lags) => ({
      ...mesh,
      cables: mesh.cables.map((each, i) => (each.a === each.b ? each : { ...each, ...lags[i]! })),
    })),
);

it('the tree comes back after whatever befalls LAGs, cables and switches, and no frame goes round meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      bundled,
      blows,
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom('0ns', '1us', '300us'),
      async (mesh, all, workers, delay) => {
        const lab = wait(new Lab(topologyOf(mesh, 'rstp', delay), { workers }), 30n * SECOND);
        expect(found(lab)).toEqual(expected(mesh));
        const down = new Set<number>();
        const set = async (ports: readonly string[], isUp: boolean) => {
          for (const port of ports) await lab.network.setLink(port, isUp);
        };
        const start = await lab.network.snapshot();
        let isBack = false;
        for (const { what, which, waitNs } of all) {
          const i = which % mesh.cables.length;
          const members = membersOf(mesh, i);
          if (what === 'pull') await set(members.flat(), false);
          if (what === 'pull') down.add(i);
          if (what === 'plug') await set(members.flat(), true);
          if (what === 'plug') down.delete(i);
          if (what === 'deafen' && !down.has(i)) {
            await set(endsOf(mesh, i).slice(0, 1), false);
            down.add(i);
          }
          if (what === 'thin' && !down.has(i)) await set(members[members.length - 1]!, members.length === 1);
          if (what === 'off' || what === 'on')
            await lab.network.setPower(`s${(which % mesh.priorities.length) + 1}`, what === 'on');
          if (what === 'go back' && !isBack) {
            await lab.network.restore(start);
            down.clear();
            isBack = true;
          }
          lab.network.advance(lab.nowNs + BigInt(waitNs));
          for (const sw of mesh.priorities.keys())
            lab.network.inject(stationAt(sw), lab.frame(mac.all, mac.x), lab.nowNs);
          lab.settle();
        }
        for (const sw of mesh.priorities.keys()) await lab.network.setPower(`s${sw + 1}`, true);
        for (const i of down) await set(membersOf(mesh, i).flat(), false);
        wait(lab, 200n * SECOND + 500_000n);
        lab.network.takeFrames();
        expect(found(lab)).toEqual(expected(mesh, down));
        checkFloods(lab, mesh, down);
      },
    ),
    { numRuns: 40 },
  );
}, 240_000);

it('the tree of any network is the one that the standard says, before and after a cable is pulled and plugged', async () => {
  await fc.assert(
    fc.asyncProperty(meshes, fc.nat(), async (mesh, chosen) => {
      const lab = wait(labOf(mesh), 30n * SECOND);
      expect(found(lab)).toEqual(expected(mesh));
      checkFloods(lab, mesh, new Set());
      const pulled = chosen % mesh.cables.length;
      const down = new Set([pulled]);
      for (const end of endsOf(mesh, pulled)) await lab.network.setLink(end, false);
      wait(lab, 60n * SECOND + 500_000n);
      expect(found(lab)).toEqual(expected(mesh, down));
      checkFloods(lab, mesh, down);
      for (const end of endsOf(mesh, pulled)) await lab.network.setLink(end, true);
      wait(lab, 60n * SECOND);
      expect(found(lab)).toEqual(expected(mesh));
      checkFloods(lab, mesh, new Set());
    }),
    { numRuns: 40 },
  );
}, 120_000);
