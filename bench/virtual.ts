/**
 * How many simulated frames a second of real time does the virtual clock move? 64-byte frames, guests included, and the clock
 * waits for nothing.
 *
 * `bridge` (default): one switch with 8 stations, each sending to the one four places on at 10 Gb/s, one worker; in turns with ns-3's
 * BridgeNetDevice on SimpleNetDevice (peers/ns3.cc), the same number of stations and pairs. Once as a vSwitch with 8 VMs, and
 * once as a physical switch with 8 hosts, where each frame crosses two cables of 100 ns and three switches, as in ns-3 it crosses two
 * channels. What counts is frames that reached their station. ns-3 is skipped by name where it is not installed.
 *
 * `workers`: two hosts with 8 vNICs, full load, one frame in eight across cables of 10 us and a physical switch; on one worker and on
 * two, in turns. `table`: frames that switches took in (each hop counts) by number of hosts and delay of the cables.
 *
 *     npx tsx bench/virtual.ts [--part bridge|workers|table|all] [--repeats 5] [--seconds 1] [--frames 100000] [--workers 2]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as L from '../src/engine/generated/layout.ts';
import { Network } from '../src/engine/network.ts';
import type { Ledger } from '../src/telemetry/report.ts';
import { topologyFrom } from '../src/topology/load.ts';
import { digits, type Figure, figure, median, print, type Target } from './line.ts';
import { isSmoke, options } from './options.ts';

const settings = options(
  { part: 'all', repeats: 5, seconds: 1, frames: 200_000, workers: 2 },
  { repeats: 1, seconds: 0.02, frames: 2000 },
);
const { part, repeats, seconds, frames, workers } = settings;
const PEERS = join(import.meta.dirname, 'peers');
const STATIONS = 8;
const HOSTS = isSmoke ? [1, 2] : [1, 2, 8, 32];
const DELAYS = isSmoke ? ['10us'] : ['0ns', '1us', '10us', '100us', '1ms'];
const TARGET_NS3: Target = { of: 'ratio', sign: '>=', value: 30 };
const TARGET_WORKERS: Target = { of: 'ratio', sign: '>=', value: 1.5 };

const figures: Figure[] = [];
const ledgers: Ledger[] = [];
const skipped: Record<string, string> = {};

const stations = Array.from({ length: STATIONS }, (_, i) => i + 1);
const opposite = (i: number): number => ((i - 1 + STATIONS / 2) % STATIONS) + 1;

/** A vSwitch with 8 VMs. */
const vswitch = (): object => ({
  hosts: { h: { vswitches: { v: { portGroups: { g: {} } } }, vms: { vm: { count: STATIONS } } } },
  traffic: stations.map((i) => ({ from: `h/vm${i}`, to: `h/vm${opposite(i)}` })),
});

/** A physical switch with 8 hosts of one VM. */
const bridge = (): object => ({
  hosts: {
    h: {
      count: STATIONS,
      uplinks: { u: { to: 'tor/{n}', delay: '100ns' } },
      vswitches: { v: { portGroups: { g: {} } } },
      vms: { vm: {} },
    },
  },
  physical: { switches: { tor: { ports: STATIONS } } },
  traffic: stations.map((i) => ({ from: `h${i}/vm`, to: `h${opposite(i)}/vm` })),
});

/** Hosts with 8 VMs, each sending to its neighbour at full rate, but the last one to that of the host beside it, which does the same. */
function hosts(count: number, delay: string): object {
  const traffic = Array.from({ length: count }, (_, host) =>
    stations.map((vm) => {
      const beside = count > 1 && vm === STATIONS ? host ^ 1 : host;
      return { from: `h${host + 1}/vm${vm}`, to: `h${beside + 1}/vm${beside === host ? (vm % STATIONS) + 1 : vm}` };
    }),
  ).flat();
  return {
    hosts: {
      h: {
        count,
        uplinks: { u: { to: 'tor/{n}', delay } },
        vswitches: { v: { portGroups: { g: {} } } },
        vms: { vm: { count: STATIONS } },
      },
    },
    physical: { switches: { tor: { ports: count } } },
    traffic,
  };
}

/** Frames that reached guests, and frames that switches took in. */
function counted({ memory, plan }: Network): { reached: number; hops: number } {
  const ports = plan.switches.flatMap((sw) => sw.ports);
  const wires = plan.wires.map(({ address }) => address);
  const reached = ports.reduce((sum, { guest }) => sum + (guest === 0 ? 0 : memory.count(guest + L.Guest_received)), 0);
  const sent = ports.reduce((sum, { guest }) => sum + (guest === 0 ? 0 : memory.count(guest + L.Guest_sent)), 0);
  // A cable's cursor has 32 bits: enough for minutes, and what is looked at are differences.
  return { reached, hops: sent + wires.reduce((sum, at) => sum + memory.u32(at + L.Ring_tail), 0) };
}

/** Million frames a second that reached guests, of the wall clock and of CPU time, which others do not lengthen as much. */
interface Rate {
  readonly wall: number;
  readonly cpu: number;
  /** Frames that switches took in, of the wall clock. */
  readonly hops: number;
}

/** Runs `network` for about `forMs` of real time, in pieces of simulated time that get longer until one takes long enough. */
class Run {
  readonly network: Network;
  #pieceNs = 1000n;

  constructor(network: Network) {
    this.network = network;
  }

  /** Million frames a second. */
  async rate(forMs: number): Promise<Rate> {
    const before = counted(this.network);
    const used = process.cpuUsage();
    const from = performance.now();
    for (let at = from; at - from < forMs; ) {
      await this.network.runUntil(this.network.nowNs + this.#pieceNs);
      const took = performance.now() - at;
      if (took < forMs / 8) this.#pieceNs *= 2n;
      at += took;
    }
    const elapsedUs = (performance.now() - from) * 1000;
    const { user, system } = process.cpuUsage(used);
    const after = counted(this.network);
    const reached = after.reached - before.reached;
    return { wall: reached / elapsedUs, cpu: reached / (user + system), hops: (after.hops - before.hops) / elapsedUs };
  }

  async end(): Promise<void> {
    const { ledger } = await this.network.stop();
    ledgers.push(ledger);
  }
}

async function inline(topology: object): Promise<Run> {
  const run = new Run(new Network(topologyFrom(topology)));
  await run.rate(seconds * 300);
  return run;
}

async function threads(topology: object, count: number): Promise<Run> {
  const network = new Network(topologyFrom(topology), { clock: 'virtual', inline: false, workers: count });
  await network.start();
  const run = new Run(network);
  await run.rate(seconds * 300);
  return run;
}

/** ns-3, compiled; null, with the reason noted, when that does not work. */
function compileNs3(into: string): string | null {
  const to = join(into, 'ns3');
  const libraries = ['-lns3-bridge', '-lns3-network', '-lns3-core'];
  const args = ['-O3', '-march=native', '-w', join(PEERS, 'ns3.cc'), '-o', to, ...libraries];
  const { error, status } = spawnSync('g++', args, { stdio: 'ignore' });
  if (error === undefined && status === 0) return to;
  skipped['ns-3'] = error === undefined ? 'ns3.cc does not compile: is libns3-dev installed?' : 'g++ is not installed';
  return null;
}

function ns3(program: string): Omit<Rate, 'hops'> {
  const { stdout, status } = spawnSync(program, [String(frames)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`ns3 ended with ${status}`);
  const [wall, cpu] = stdout.split(' ').map(Number);
  return { wall: wall!, cpu: cpu! };
}

/** Rows by the wall clock and by CPU time, each with its ratio to the peer's neighbours in time. */
function rows(name: string, rates: readonly Omit<Rate, 'hops'>[], peer: typeof rates, target?: Target): void {
  for (const clock of ['wall', 'cpu'] as const) {
    const ratios = peer.length > 1 ? rates.map((r, i) => (2 * r[clock]) / (peer[i]![clock] + peer[i + 1]![clock])) : [];
    const compared = ratios.length > 0 ? { ratio: digits(median(ratios)), ratioTo: 'ns-3' } : {};
    const wanted = ratios.length > 0 && target !== undefined && clock === 'wall' ? { target } : {};
    const title = clock === 'wall' ? name : `${name}, by CPU time`;
    figures.push(
      figure(
        title,
        'Mframes/s',
        rates.map((rate) => rate[clock]),
        { ...compared, ...wanted },
      ),
    );
  }
}

async function bridgeFigures(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-virtual-'));
  try {
    const program = compileNs3(folder);
    const [inside, outside] = [await inline(vswitch()), await inline(bridge())];
    const peer = program === null ? [] : [ns3(program)];
    const [own, cabled]: [Rate[], Rate[]] = [[], []];
    for (let i = 0; i < repeats; i++) {
      own.push(await inside.rate(seconds * 1000));
      cabled.push(await outside.rate(seconds * 1000));
      if (program !== null) peer.push(ns3(program));
    }
    rows('a vSwitch with 8 VMs', own, peer, TARGET_NS3);
    rows('a physical switch with 8 hosts', cabled, peer);
    if (peer.length > 0) rows('ns-3 BridgeNetDevice, SimpleNetDevice', peer, []);
    await inside.end();
    await outside.end();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function workerFigures(): Promise<void> {
  const rates: [number[], number[]] = [[], []];
  for (let i = 0; i < repeats; i++) {
    for (const [k, count] of [1, workers].entries()) {
      const run = await threads(hosts(2, '10us'), count);
      rates[k]!.push((await run.rate(seconds * 1000)).wall);
      await run.end();
    }
  }
  const ratio = digits(median(rates[1].map((rate, i) => rate / rates[0][i]!)));
  figures.push(
    figure('2 hosts, cables of 10 us, one worker', 'Mframes/s', rates[0]),
    figure(`2 hosts, cables of 10 us, ${workers} workers`, 'Mframes/s', rates[1], {
      ratio,
      ratioTo: 'one worker',
      target: TARGET_WORKERS,
    }),
  );
}

async function tableFigures(): Promise<void> {
  for (const count of HOSTS) {
    for (const delay of count === 1 ? DELAYS.slice(0, 1) : DELAYS) {
      const run = await inline(hosts(count, delay));
      const rates: number[] = [];
      for (let i = 0; i < repeats; i++) rates.push((await run.rate((seconds * 1000) / repeats)).hops);
      const cables = count === 1 ? '' : `, cables of ${delay}`;
      figures.push(figure(`${count} host${count === 1 ? '' : 's'}${cables}: hops`, 'Mframes/s', rates));
      await run.end();
    }
  }
}

const parts = { bridge: bridgeFigures, workers: workerFigures, table: tableFigures };
const wanted = Object.entries(parts).filter(([name]) => part === 'all' || part === name);
if (wanted.length === 0) throw new Error(`no part ${part}; there are ${Object.keys(parts).join(', ')}, all`);
for (const [, run] of wanted) await run();
print({
  bench: 'virtual',
  settings,
  figures,
  balanced: ledgers.every(({ balanced }) => balanced),
  drops: Object.assign({}, ...ledgers.map(({ drops }) => drops)),
  checksum: ledgers.length,
  skipped,
});
