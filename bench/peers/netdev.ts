/**
 * Open vSwitch's userspace datapath without DPDK: packet sockets on veth devices. A process sends from another core; the
 * switch's threads are on one.
 */
import { cpuNs, until } from './host.ts';
import { OpenVSwitch } from './ovs.ts';
import { OURS_BESIDE, Pairs, PORTS, STATIONS } from './pairs.ts';
import type { Case, Measure, Settings } from './peer.ts';

const LEARNS_MS = 10_000;

async function open(settings: Settings, size: number): Promise<Measure> {
  const pairs = new Pairs(settings);
  const [ip, within] = pairs.within('switch');
  const ovs = await OpenVSwitch.start('ovs-vswitchd', settings.core, [], settings, [ip, ...within]);
  for (const port of PORTS) ovs.change('add-port', 'br0', port);
  // It takes the devices up and down, and hears nothing meanwhile.
  for (const port of PORTS) pairs.ip('switch', 'link', 'set', port, 'up');
  const hasLearned = (): boolean => {
    pairs.teach();
    return ovs.learned >= STATIONS;
  };
  await until(hasLearned, LEARNS_MS, `Open vSwitch has not learned ${STATIONS} stations`);
  return () => pairs.sent(size, settings.other, () => cpuNs(ovs.pid));
}

export const cases: readonly Case[] = [64, 1514].map((size) => ({
  peer: 'Open vSwitch without DPDK',
  name: 'packet sockets, a process sends, nobody receives',
  size,
  cores: 2,
  does: 'system calls to receive and to send, two copies, parses, looks its flow up; sending has a core of its own',
  ours: { ...OURS_BESIDE, size },
  open: (settings) => open(settings, size),
}));
