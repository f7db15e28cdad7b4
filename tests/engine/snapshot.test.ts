/** A snapshot is the whole state: what follows from it is what would have followed, to the byte. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { topologyFrom } from '../../src/topology/load.ts';
import { live, told, withoutHandles, worlds } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-state-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, `${++files}.pcapng`);

const captureTo = (file: string) => ({ captures: [{ file, ports: ['*'], snapLength: 0 }] });
const options = (topology: ReturnType<typeof topologyFrom>, file: string, workers = 1) => {
  const ports = new Network(topology).ports().map(({ name }) => name);
  return {
    injectAt: ['*'],
    captures: captureTo(file).captures.map((capture) => ({ ...capture, ports })),
    epochNs: 7n,
    workers,
    lookEveryNs: 5_000n,
  };
};

const workers = fc.integer({ min: 1, max: 3 });

describe('a random network', () => {
  it('goes on from a snapshot at any step as if it had never stopped, in place and elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.nat(),
        fc.integer({ min: 0, max: 3000 }),
        workers,
        async (drawn, some, steps, count) => {
          const world = withoutHandles(drawn);
          const whole = newFile();
          const first = new Network(world.topology, options(world.topology, whole));
          await live(first, world);
          first.advance(world.endNs);
          const expected = told(first);
          await first.stop();
          const bytes = readFileSync(whole);

          const file = newFile();
          const more = newFile();
          const second = new Network(world.topology, options(world.topology, file, count));
          const done = some % (world.acts.length + 1);
          await live(second, world, 0, done);
          second.advance((world.acts[done]?.atNs ?? world.endNs) - 1n, steps);
          const snapshot = await second.snapshot();
          const cut = readFileSync(file).length;
          // In place: it runs on, other things happen, and it is put back.
          await second.setLink(second.ports()[0]!.name, false);
          second.advance(second.nowNs + 50_000n);
          await second.restore(snapshot);
          expect(readFileSync(file).length).toBe(cut);
          const third = Network.from(snapshot, { captureAs: { [file]: more } });
          const headers = readFileSync(more).length;
          for (const network of [second, third]) {
            await live(network, world, done);
            network.advance(world.endNs);
            expect(told(network)).toEqual(expected);
            await network.stop();
          }
          expect(readFileSync(file).equals(bytes)).toBe(true);
          expect(Buffer.concat([bytes.subarray(0, cut), readFileSync(more).subarray(headers)]).equals(bytes)).toBe(
            true,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
