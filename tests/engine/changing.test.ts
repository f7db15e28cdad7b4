/**
 * Whatever comes and goes while a network runs, and whatever else is about its switches: the ledger holds, nobody is at two places, and on
 * the virtual clock the same bytes come of it for any number of workers. `CHANGING_SEED` and `CHANGING_RUNS` for more.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { changing } from './changing.ts';
import { assertWhole } from './whole.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-changing-'));
afterAll(() => rmSync(folder, { recursive: true }));

const END_NS = 4_000_000n;
const first = Number(process.env['CHANGING_SEED'] ?? 1);
const seeds = Array.from({ length: Number(process.env['CHANGING_RUNS'] ?? 12) }, (_, i) => first + i);
let files = 0;

/** The capture of every port and every drop, and all that is told but of the machine. */
async function run(seed: number, options: NetworkOptions, move = (network: Network) => network.runUntil(END_NS)) {
  const { topology, hosts } = changing(seed, 24);
  const checked = topologyFrom(topology);
  const file = join(folder, `${++files}.pcapng`);
  const ports = [
    ...checked.hosts.flatMap(({ name, uplinks, vms }) =>
      [...vms.flatMap(({ nics }) => nics.map((nic) => nic.name)), ...uplinks].map((port) => `${name}/${port}`),
    ),
    ...checked.switches.flatMap(({ name, ports: own }) => own.map((port) => `${name}/${port.name}`)),
    ...hosts.map((name) => `${name}/DROP`),
  ];
  const network = new Network(checked, { captures: [{ file, ports, snapLength: 64 }], ...options });
  if (options.inline === false) await network.start();
  await move(network);
  const report = await network.stop();
  assertWhole(network);
  expect(report.captures[0]).toMatchObject({ failure: null, lost: 0 });
  const { captures: _, memoryBytes: __, workers: ___, switches, ...told } = report;
  const plain = switches.map(({ worker: ____, ...rest }) => rest);
  return { bytes: readFileSync(file), told: { ...told, switches: plain } };
}

describe.each(seeds)('a network of chance in which things come and go (seed %i)', (seed) => {
  it('gives the same bytes with one worker, two and three', async () => {
    const one = await run(seed, {});
    for (const workers of [2, 3]) {
      const several = await run(seed, { workers });
      expect(several.told).toEqual(one.told);
      expect(several.bytes.equals(one.bytes), `${workers} workers`).toBe(true);
    }
  });
});
