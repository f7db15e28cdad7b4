/**
 * What does a second core bring? Two hosts on two workers, joined by a cable, against one host on one worker: frames that
 * reach a guest, a second of the wall clock. Each host has 8 vNICs whose guests send to the next vNIC of their host as fast
 * as they can; of two hosts every guest also sends to its like on the other one, paced so that `share` per cent of all
 * frames cross the cable. Guests make, check and give back every frame, so this is the whole path, not the switch alone.
 *
 * One and two are measured in turns, each in a network of its own, after a warm-up; the ratio is that of neighbours in time.
 * A first run of two sets the pace and is thrown away. Frames that find the cable's queue full are the wall clock's to
 * lose, and are reported. `cores` says how much of the machine the run got: below 1 and 2, others wanted it too, and the
 * ratio says nothing; the ratio by CPU time then still does.
 *
 *     npx tsx bench/hosts.ts [--share 5] [--repeats 3] [--seconds 1] [--warmup 0.7] [--vnics 8] [--size 64] [--queue 4096]
 */
import { Network } from '../src/engine/network.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { digits, dropsBetween, type Figure, figure, median, print } from './line.ts';
import { options } from './options.ts';
import { allRunning, sleep } from './running.ts';

const settings = options(
  { share: 5, repeats: 3, seconds: 1, warmup: 0.7, vnics: 8, size: 64, queue: 4096 },
  { repeats: 1, seconds: 0.15, warmup: 0.1 },
);
const { share, repeats, seconds, warmup, vnics, size, queue } = settings;
const TARGET_RATIO = 1.6;

interface Measured {
  readonly perSecond: number;
  /** Per cent of the delivered frames that came over the cable. */
  readonly crossed: number;
  /** Cores' worth of CPU time that the process got. */
  readonly cores: number;
  /** In the whole run. */
  readonly delivered: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly balanced: boolean;
}

/** `crossing`: frames a second that each guest sends to the other host. */
function network(hosts: number, crossing: number): Network {
  const vms = Array.from({ length: vnics }, (_, i) => i + 1);
  const names = Array.from({ length: hosts }, (_, i) => `esx${i + 1}`);
  // A guest's first stream is served first: the paced one is not crowded out by the one that takes all there is.
  const traffic = names.flatMap((host, i) =>
    vms.flatMap((vm) => [
      ...(hosts === 2 && crossing >= 1
        ? [{ from: `${host}/vm${vm}`, to: `${names[1 - i]}/vm${vm}`, size, rate: `${Math.round(crossing)}pps` }]
        : []),
      { from: `${host}/vm${vm}`, to: `${host}/vm${(vm % vnics) + 1}`, size, rate: 'max' },
    ]),
  );
  const topology = topologyFrom({
    hosts: {
      esx: {
        count: hosts,
        uplinks: ['vmnic0'],
        vswitches: { vSwitch0: { portGroups: { vms: {} } } },
        vms: { vm: { count: vnics } },
      },
    },
    physical: hosts === 2 ? { links: [{ a: 'esx1/vmnic0', b: 'esx2/vmnic0', queue }] } : {},
    traffic,
  });
  return new Network(topology, { clock: 'wall', workers: hosts });
}

function arrivedByCable(running: Network): number {
  return running.ports().reduce((sum, { kind, rxFrames }) => sum + (kind === 'uplink' ? rxFrames : 0), 0);
}

async function measure(hosts: number, crossing: number): Promise<Measured> {
  const running = network(hosts, crossing);
  running.start();
  await allRunning(running);
  await sleep(warmup * 1000);
  const used = process.cpuUsage();
  const [before, from, crossedBefore] = [running.ledger(), performance.now(), arrivedByCable(running)];
  await sleep(seconds * 1000);
  const [after, to, crossedAfter] = [running.ledger(), performance.now(), arrivedByCable(running)];
  const { user, system } = process.cpuUsage(used);
  const { ledger } = await running.stop();
  const delivered = after.delivered - before.delivered;
  return {
    perSecond: (delivered * 1000) / (to - from),
    cores: (user + system) / 1000 / (to - from),
    crossed: (100 * (crossedAfter - crossedBefore)) / delivered,
    drops: dropsBetween(before, after),
    delivered: ledger.delivered,
    balanced: ledger.balanced,
  };
}

function sum(drops: readonly Measured['drops'][]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const each of drops) for (const [name, n] of Object.entries(each)) all[name] = (all[name] ?? 0) + n;
  return all;
}

/** What each guest sends to the other host so that `share` per cent of what two hosts deliver crosses the cable. */
const pace = (delivered: number): number => ((share / 100) * delivered) / (2 * vnics);

const ones: Measured[] = [];
const twos: Measured[] = [];
let expected = 2 * (await measure(1, 0)).perSecond;
expected = (await measure(2, pace(expected))).perSecond;
for (let i = 0; i < repeats; i++) {
  ones.push(await measure(1, 0));
  twos.push(await measure(2, pace(expected)));
  expected = twos[i]!.perSecond;
}
const ratios = twos.map((two, i) => two.perSecond / ones[i]!.perSecond);
const ratiosByCpu = twos.map((two, i) => (ratios[i]! / (two.cores / 2)) * ones[i]!.cores);
const of = (
  name: string,
  unit: string,
  all: readonly Measured[],
  value: (each: Measured) => number,
  more = {},
): Figure => figure(name, unit, all.map(value), more);
const drops = sum([...ones, ...twos].map((each) => each.drops));
const { queue_full: _, ...unexpected } = drops;
print({
  bench: 'hosts',
  settings,
  figures: [
    of('one host on one worker', 'Mframes/s', ones, ({ perSecond }) => perSecond / 1e6),
    of('two hosts on two workers', 'Mframes/s', twos, ({ perSecond }) => perSecond / 1e6, {
      ratio: digits(median(ratios)),
      ratioTo: 'one host',
      target: { of: 'ratio', sign: '>=', value: TARGET_RATIO },
    }),
    of('one host, by CPU time', 'Mframes/s', ones, ({ perSecond, cores }) => perSecond / cores / 1e6),
    of('two hosts, by CPU time of two', 'Mframes/s', twos, ({ perSecond, cores }) => (2 * perSecond) / cores / 1e6, {
      ratio: digits(median(ratiosByCpu)),
      ratioTo: 'one host, by CPU time',
    }),
    of('frames that crossed the cable', '%', twos, ({ crossed }) => crossed),
    of('cores that one host got', 'cores', ones, ({ cores }) => cores),
    of('cores that two hosts got', 'cores', twos, ({ cores }) => cores),
  ],
  balanced: [...ones, ...twos].every(({ balanced }) => balanced) && Object.keys(unexpected).length === 0,
  drops,
  checksum: [...ones, ...twos].reduce((frames, { delivered }) => frames + delivered, 0),
});
