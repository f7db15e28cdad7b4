/**
 * What does a network cost in which nothing happens? 200 hosts with 8 vNICs, started on the wall clock, no traffic: the
 * process's CPU time, all threads, over the time on the clock, in per cent of one core.
 *
 *     npx tsx bench/idle.ts [--hosts 200] [--vnics 8] [--workers 2] [--seconds 9] [--windows 3] [--settle 12]
 */
import { Network } from '../src/engine/network.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { fleet } from './fleet.ts';
import { figure, print } from './line.ts';
import { options } from './options.ts';
import { allRunning, rounds, sleep } from './running.ts';

const settings = options(
  { hosts: 200, vnics: 8, workers: 2, seconds: 9, windows: 3, settle: 12 },
  { hosts: 20, seconds: 0.4, windows: 2, settle: 0.2 },
);
const { hosts, vnics, workers, seconds, windows, settle } = settings;
const TARGET_PERCENT = 2;

const total = (network: Network): number => rounds(network).reduce((sum, n) => sum + n, 0);

const network = new Network(topologyFrom(fleet({ hosts, vnics })), { clock: 'wall', workers });
network.start();
await allRunning(network);
await sleep(settle * 1000);
const percent: number[] = [];
const turns: number[] = [];
for (let i = 0; i < windows; i++) {
  const [used, from, before] = [process.cpuUsage(), performance.now(), total(network)];
  await sleep((seconds * 1000) / windows);
  const { user, system } = process.cpuUsage(used);
  const elapsedMs = performance.now() - from;
  percent.push((user + system) / 10 / elapsedMs);
  turns.push(((total(network) - before) * 1000) / elapsedMs);
}
const { ledger, workers: busy } = await network.stop();
print({
  bench: 'idle',
  settings,
  figures: [
    figure('CPU of an idle network', '% of a core', percent, {
      target: { of: 'median', sign: '<', value: TARGET_PERCENT },
    }),
    figure('rounds of the workers', '1/s', turns),
  ],
  balanced: ledger.balanced && ledger.framesIn === 0 && busy.length === workers,
  drops: ledger.drops,
  checksum: network.plan.ports.size,
});
