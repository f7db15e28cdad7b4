/** vde_switch: a learning switch that is a process, its ports UNIX datagram sockets. Two plugs (vde.c) on the other core. */
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../running.ts';
import { closed, compile, cpuNs, need, start, until } from './host.ts';
import { type Case, type Measure, rateOf, type Settings } from './peer.ts';

const STATIONS = 256;
/** Who sends does so for as long after a measurement. */
const MARGIN_S = 0.5;
const TEACHES_MS = 400;
const STARTS_MS = 10_000;

async function open({ core, other, seconds, folder }: Settings, size: number): Promise<Measure> {
  need({ vde_switch: 'vde2', taskset: 'util-linux' });
  const plug = compile('vde.c', folder, '-lvdeplug');
  const at = join(mkdtempSync(join(folder, 'vde-')), 'switch');
  // With a console that says nothing: it would take the end of its input for its own.
  const args = ['-c', String(core), 'vde_switch', '-s', at, '-hashsize', '4096', '-n', '16'];
  const { pid } = await start('taskset', args, { stdio: ['pipe', 'ignore', 'ignore'] });
  await until(() => existsSync(join(at, 'ctl')), STARTS_MS, 'vde_switch does not start');
  return async () => {
    const pinned = ['-c', String(other), plug];
    const receiving = rateOf('taskset', [...pinned, 'receive', at, seconds]);
    await sleep(TEACHES_MS);
    const sender = await start('taskset', [...pinned, 'send', at, String(seconds + MARGIN_S), String(size)]);
    const over = closed(sender);
    const [used, from] = [cpuNs(pid!), performance.now()];
    const { wall } = await receiving;
    const cores = (cpuNs(pid!) - used) / 1e6 / (performance.now() - from);
    await over;
    return { wall, cpu: wall / cores };
  };
}

export const cases: readonly Case[] = [64, 1514].map((size) => ({
  peer: 'vde_switch',
  name: `2 plugs, ${STATIONS} stations each`,
  size,
  cores: 2,
  does: 'a system call to receive and one to send, two copies, learns, looks up; both plugs have a core of their own',
  ours: { ports: 2, macs: 2 * STATIONS, pairs: 2 * STATIONS, size },
  open: (settings) => open(settings, size),
}));
