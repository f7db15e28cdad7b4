/**
 * What does a vNIC cost that does nothing? Hosts with 8 vNICs, started on two workers and left alone; each size in a process of
 * its own, so that differences of resident memory (RSS) are the network's, Node's objects for it included. The planned bytes are
 * address space, which pools take whatever is used of it: what they have beyond 40 KiB a vNIC shrinks as vNICs get more.
 *
 *     npx tsx bench/footprint.ts [--few 1000] [--many 9000] [--repeats 3] [--settle 3]
 */
import { Network } from '../src/engine/network.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { runBench } from './child.ts';
import { fleet } from './fleet.ts';
import { figure, print } from './line.ts';
import { options } from './options.ts';
import { allRunning, sleep } from './running.ts';

const settings = options(
  { few: 1000, many: 9000, repeats: 3, settle: 3, vnics: 0 },
  { few: 80, many: 160, repeats: 1, settle: 0.1 },
);
const { few, many, repeats, settle, vnics } = settings;
const VNICS = 8;
/** Ports of a physical switch have their limit. */
const HOSTS_PER_RACK = 1000;
const KIB = 1024;
const TARGET_KIB = 64;

/** One network, in this process. */
async function weigh(): Promise<void> {
  const hosts = vnics / VNICS;
  const switches = 2 * Math.ceil(hosts / HOSTS_PER_RACK);
  const network = new Network(topologyFrom(fleet({ hosts, vnics: VNICS, switches })), { clock: 'wall', workers: 2 });
  network.start();
  await allRunning(network);
  await sleep(settle * 1000);
  const rss = process.memoryUsage.rss();
  const pools = network.plan.sums.get('frame pools')!;
  const { ledger } = await network.stop();
  print({
    bench: 'footprint',
    settings,
    figures: [
      figure('resident memory (RSS)', 'KiB', [rss / KIB]),
      figure('planned', 'KiB', [network.plan.bytes / KIB]),
      figure('planned without pools', 'KiB', [(network.plan.bytes - pools) / KIB]),
    ],
    balanced: ledger.balanced && ledger.framesIn === 0,
    drops: ledger.drops,
    checksum: network.plan.ports.size,
  });
}

function compare(): void {
  const lines = Array.from({ length: repeats }, () =>
    [few, many].map((count) => runBench('footprint.ts', '--vnics', count, '--settle', settle)),
  );
  const each = (at: number): number[] =>
    lines.map(([less, more]) => (more!.figures[at]!.median - less!.figures[at]!.median) / (many - few));
  const rss = (at: number): number[] => lines.map((line) => line[at]!.figures[0]!.median / KIB);
  const last = lines.at(-1)!;
  print({
    bench: 'footprint',
    settings,
    figures: [
      figure('an idle vNIC, resident', 'KiB', each(0), { target: { of: 'median', sign: '<', value: TARGET_KIB } }),
      figure('an idle vNIC, planned without pools', 'KiB', each(2)),
      figure(`resident memory with ${few} vNICs`, 'MiB', rss(0)),
      figure(`resident memory with ${many} vNICs`, 'MiB', rss(1)),
      figure(`planned for ${many} vNICs`, 'MiB', [last[1]!.figures[1]!.median / KIB]),
    ],
    balanced: lines.flat().every(({ balanced }) => balanced),
    drops: {},
    checksum: last.map(({ checksum }) => checksum).join(' '),
  });
}

if (vnics > 0) await weigh();
else compare();
