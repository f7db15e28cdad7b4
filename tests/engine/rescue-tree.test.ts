/**
 * A worker that dies while its switches agree on a spanning tree: the core is ended at a random place of the machines, or a thread at a random
 * instant. Afterwards every count is exact, and the tree comes to be the one that brute force says.
 */
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import { Network } from '../../src/engine/network.ts';
import { repairWorker } from '../../src/engine/rescue.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { frameOf } from '../core/frames.ts';
import { mac } from '../rules/networks.ts';
import { cable, endsOf, expected, found, type Mesh, membersOf, SECOND, stationAt, topologyOf } from '../rules/trees.ts';
import { built } from './built.ts';
import { compileMortal, Death, mortal } from './mortal.ts';
import { assertWhole } from './whole.ts';

const { folder, Network: BuiltNetwork } = await built();
afterAll(() => rmSync(folder, { recursive: true }));

/** A square with a diagonal, in which two sides are LAGs. */
const mesh: Mesh = {
  priorities: [4096, 8192, 12_288, 16_384],
  cables: [
    cable(0, 1, { members: 2, mode: 'active' }),
    cable(1, 2),
    cable(2, 3, { members: 2, mode: 'static' }),
    cable(3, 0),
    cable(0, 2, { costB: 5000 }),
  ],
};

describe('a core that dies while the tree changes', () => {
  const module = compileMortal();
  const death = fc.record({
    file: fc.constantFrom(null, 'rstp', 'roles', 'hello', 'bpdu', 'tree', 'lacp', 'lldp', 'team', 'egress', 'care'),
    at: fc.integer({ min: 0, max: 1000 }),
    cable: fc.nat(mesh.cables.length - 1),
    isUp: fc.boolean(),
    passNs: fc.oneof(fc.nat(5000), fc.nat(3_000_000_000)),
  });

  it('leaves one that becomes a tree again, with exact counts', async () => {
    let died = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(death, { minLength: 1, maxLength: 8 }), async (deaths) => {
        const { physical } = topologyOf(mesh) as { physical: { switches: Record<string, object> } };
        for (const sw of Object.values(physical.switches)) Object.assign(sw, { lldp: 'both' });
        const network = new Network(topologyFrom({ physical }), { injectAt: ['*'], unplugged: 'open' });
        const { memory, plan } = network;
        const worker = plan.workers[0]!.address;
        const healthy = instantiate(coreModule(), memory.memory);
        const dying = mortal(module, memory.memory);
        const move = (core: typeof healthy, until: bigint) => {
          while (core.runVirtual(worker, until, 100_000n) !== 0) network.advance(0n);
        };
        const down = new Set<number>();
        const places = new Map<string | null, number>();
        let now = 0n;
        let id = 0;
        for (const { file, at, cable: i, isUp, passNs } of deaths) {
          for (const end of membersOf(mesh, i).flat()) await network.setLink(end, isUp);
          if (isUp) down.delete(i);
          else down.add(i);
          for (const sw of mesh.priorities.keys())
            network.inject(stationAt(sw), frameOf({ dst: mac.all, src: mac.x, tags: [], payload: 'ip' }, ++id), now);
          now += BigInt(passNs);
          dying.dieAfter(1 + Math.floor((at * (places.get(file) ?? 100)) / 1000), file);
          dying.passed();
          try {
            move(dying.core, now);
            places.set(file, Math.max(dying.passed(), 10));
          } catch (error) {
            if (!(error instanceof Death)) throw error;
            died++;
            repairWorker(healthy, memory, plan, 0);
          }
          assertWhole(network);
        }
        move(healthy, now + 200n * SECOND);
        assertWhole(network);
        expect(found({ network })).toEqual(expected(mesh, down));
      }),
      { numRuns: 60 },
    );
    expect(died).toBeGreaterThan(50);
  }, 240_000);
});

describe('a thread that ends while the tree changes', () => {
  it('is followed by one that makes it a tree again, and frames reach everybody', async () => {
    const { physical } = topologyOf(mesh) as { physical: object };
    const network = new BuiltNetwork(topologyFrom({ physical: { ...physical, spanningTree: { hello: '1s' } } }), {
      clock: 'wall',
      workers: 2,
      injectAt: ['*'],
      unplugged: 'open',
    });
    await network.start();
    const until = async (isSo: () => boolean, what: string) => {
      const end = performance.now() + 60_000;
      while (!isSo()) {
        if (network.failure !== null) throw network.failure;
        if (performance.now() > end) throw new Error(`${what}: not within 60 s`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const isTree = (down?: ReadonlySet<number>) => () =>
      JSON.stringify(found({ network: network as never })) === JSON.stringify(expected(mesh, down));
    await until(isTree(), 'the first tree');
    for (const [round, i] of [0, 1, 3].entries()) {
      for (const isUp of [false, true]) {
        await until(() => network.hasSpareThread, 'a spare thread');
        const before = network.deaths.length;
        const changes = membersOf(mesh, i)
          .flat()
          .map((end) => network.setLink(end, isUp));
        void network.threadOf(round % 2)!.terminate();
        await Promise.all(changes);
        await until(() => network.deaths.length > before, 'another thread');
        await until(isTree(isUp ? new Set() : new Set([i])), `the tree after cable ${endsOf(mesh, i)[0]}`);
        await network.pause();
        assertWhole(network as never);
        network.resume();
      }
    }
    const report = await network.stop();
    assertWhole(network as never);
    expect(report.ledger.balanced).toBe(true);
    expect(report.deaths).toHaveLength(6);
    expect(report.isolated).toEqual([]);
  }, 300_000);
});
