/** Issue: on the virtual clock the same bytes for any number of workers and any placement of hosts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { allPorts } from '../../src/topology/ports.ts';
import { dice, type RandomNetwork, randomNetwork } from './random-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-parallel-'));
afterAll(() => rmSync(folder, { recursive: true }));

const endNs = 400_000n;
const networks = 60;
const inThreads = 6;
let runs = 0;

/** The capture of every port, and the report without what tells of workers. */
async function run(topology: unknown, options: NetworkOptions) {
  const file = join(folder, `${++runs}.pcapng`);
  const checked = topologyFrom(topology);
  const captures = [{ file, ports: allPorts(checked), snapLength: 0 }];
  const network = new Network(checked, { captures, ...options });
  if (options.inline === false) await network.start();
  // Stops on the way, one of them in the middle of something.
  await network.runUntil(endNs / 3n);
  if (options.inline !== false) network.advance(endNs / 2n, 100);
  await network.runUntil(endNs);
  const report = await network.stop();
  expect(report.ledger.balanced).toBe(true);
  expect(report.captures[0]).toMatchObject({ failure: null, lost: 0 });
  const { captures: _, memoryBytes: __, workers: ___, ...told } = report;
  const switches = told.switches.map(({ worker, ...rest }) => rest);
  const bytes = readFileSync(file);
  rmSync(file);
  return { bytes, told: { ...told, switches } };
}

function placement({ owners }: RandomNetwork, workers: number, seed: number): Record<string, number> {
  const roll = dice(seed);
  return Object.fromEntries(owners.map((name) => [name, roll(workers)]));
}

describe.each(Array.from({ length: networks }, (_, i) => i + 1))('random network %i', (seed) => {
  const network = randomNetwork(seed);
  const alone = run(network.topology, {});

  it('gives the same bytes, counters and tables with 1, 2, 3 and 8 workers, wherever the hosts are', async () => {
    const { bytes, told } = await alone;
    expect(told.ledger.framesIn).toBeGreaterThan(0);
    const ways: NetworkOptions[] = [
      { workers: 2 },
      { workers: 2, placement: placement(network, 2, seed) },
      { workers: 3, placement: placement(network, 3, seed + 1000) },
      { workers: 8 },
      { workers: 8, placement: placement(network, 8, seed + 2000), burst: 3 },
    ];
    for (const way of ways) {
      const other = await run(network.topology, way);
      expect(other.told, JSON.stringify(way)).toEqual(told);
      expect(other.bytes.equals(bytes), JSON.stringify(way)).toBe(true);
    }
  });

  it.runIf(seed <= inThreads)('gives the same in threads', async () => {
    const { bytes, told } = await alone;
    for (const workers of seed === 1 ? [1, 2, 3, 8] : [2, 3]) {
      const other = await run(network.topology, { workers, inline: false });
      expect(other.told).toEqual(told);
      expect(other.bytes.equals(bytes)).toBe(true);
    }
  });
});
