/** Invariant 5 with several workers: on the virtual clock the same bytes for any number of workers and any placement of hosts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { allPorts } from '../../src/topology/ports.ts';
import { dice, type RandomNetwork, randomNetwork } from './random-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-parallel-'));
afterAll(() => rmSync(folder, { recursive: true }));

const endNs = 240_000n;
const networks = 60;
const inThreads = 4;
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

const seeds = Array.from({ length: networks }, (_, i) => i + 1);

it.each(seeds)('is the same with 1, 2, 3 and 8 workers, wherever the hosts are: random network %i', async (seed) => {
  const network = randomNetwork(seed);
  const { bytes, told } = await run(network.topology, {});
  expect(told.ledger.framesIn).toBeGreaterThan(0);
  const ways: NetworkOptions[] = [
    { workers: 2, placement: placement(network, 2, seed) },
    { workers: 3, placement: placement(network, 3, seed + 1000) },
    { workers: 8, placement: placement(network, 8, seed + 2000), burst: 3 },
  ];
  for (const way of ways) {
    const other = await run(network.topology, way);
    expect(other.told, JSON.stringify(way)).toEqual(told);
    expect(other.bytes.equals(bytes), JSON.stringify(way)).toBe(true);
  }
});

it.each(seeds.slice(0, inThreads))('is the same in threads: random network %i', async (seed) => {
  const { topology } = randomNetwork(seed);
  const { bytes, told } = await run(topology, {});
  for (const workers of seed === 1 ? [1, 2, 3, 8] : [2, 3]) {
    const other = await run(topology, { workers, inline: false });
    expect(other.told).toEqual(told);
    expect(other.bytes.equals(bytes)).toBe(true);
  }
});

it('says which hosts cables without delay bind to one worker', () => {
  const { topology } = randomNetwork(4);
  const network = new Network(topologyFrom(topology), { workers: 2 });
  const { islands, ports } = network.plan;
  for (const { a, b, delayNs } of network.topology.links) {
    if (delayNs === 0) expect(ports.get(a)!.sw.island).toBe(ports.get(b)!.sw.island);
  }
  expect(islands.flatMap(({ hosts }) => hosts).sort()).toEqual(
    [...network.topology.hosts, ...network.topology.switches].map(({ name }) => name).sort(),
  );
});
