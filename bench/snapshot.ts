/**
 * How long does the state of a network take to copy, to put back, to fork, to write and to read? The built-in network after 10 ms of
 * simulated time, and hosts with 8 vNICs each in which every VM has been heard; each of `turns` times, on the virtual clock in this thread.
 * Beside it what a history costs: the built-in network with a state every 100,000 frames against without one.
 *
 *     npx tsx bench/snapshot.ts [--hosts 200] [--turns 7]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO } from '../src/cli/demo.ts';
import { Network } from '../src/engine/network.ts';
import { Snapshot } from '../src/engine/snapshot.ts';
import { parseTopology, topologyFrom } from '../src/topology/load.ts';
import type { Topology } from '../src/topology/model.ts';
import { fleet } from './fleet.ts';
import { type Figure, figure, print } from './line.ts';
import { options } from './options.ts';

const settings = options({ hosts: 200, turns: 7 }, { hosts: 4, turns: 2 });
const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'bench-snapshot-'));
const file = join(folder, 'a.vsnap');

const figures: Figure[] = [];
const networks: Network[] = [];

async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

async function measure(name: string, topology: Topology, untilNs: bigint): Promise<void> {
  const network = new Network(topology);
  network.advance(untilNs);
  const times = new Map<string, number[]>();
  const add = async (what: string, work: () => Promise<unknown> | unknown): Promise<void> => {
    times.set(what, [...(times.get(what) ?? []), await timed(work)]);
  };
  for (let turn = 0; turn < settings.turns; turn++) {
    network.advance(network.nowNs + 10_000n);
    let snapshot = await network.snapshot();
    await add('copied', async () => {
      snapshot = await network.snapshot();
    });
    network.advance(network.nowNs + 10_000n);
    await add('put back', () => network.restore(snapshot));
    await add('forked', () => network.fork());
    await add('written', () => snapshot.save(file));
    await add('read', () => Snapshot.load(file));
    if (turn > 0) continue;
    figures.push(figure(`${name}: used pages`, 'MiB', [snapshot.bytes / MIB]));
    figures.push(figure(`${name}: file`, 'MiB', [statSync(file).size / MIB]));
  }
  for (const [what, values] of times) figures.push(figure(`${name}: ${what}`, 'ms', values));
  networks.push(network);
}

const demo = { ...parseTopology(DEMO, 'demo'), captures: [] };
await measure('built-in network', demo, 10_000_000n);
const heard = Array.from({ length: settings.hosts }, (_, i) => ({
  from: `esx${i + 1}/vm*`,
  to: 'broadcast',
  count: 1,
}));
const large = topologyFrom({ ...fleet({ hosts: settings.hosts, vnics: 8 }), traffic: heard });
await measure(`${settings.hosts} hosts`, large, 1_000_000n);

const SIMULATED_NS = 5_000_000n;
const rates = { without: [] as number[], with: [] as number[] };
for (let turn = 0; turn < settings.turns; turn++) {
  for (const [kind, history] of [
    ['without', undefined],
    ['with', {}],
  ] as const) {
    const network = new Network(demo, history === undefined ? {} : { history });
    const took = await timed(() => network.advance(SIMULATED_NS));
    rates[kind].push(network.ledger().framesIn / took / 1000);
    networks.push(network);
  }
}
const without = figure('built-in network: without history', 'Mframes/s', rates.without);
const withOne = figure('built-in network: with history', 'Mframes/s', rates.with);
const ratio = Number((withOne.median / without.median).toPrecision(3));
figures.push(without, { ...withOne, ratio, ratioTo: 'without' });

rmSync(folder, { recursive: true });
print({
  bench: 'snapshot',
  settings,
  figures,
  balanced: networks.every((network) => network.ledger().balanced),
  drops: {},
  checksum: networks[0]!.ledger().framesIn,
});
