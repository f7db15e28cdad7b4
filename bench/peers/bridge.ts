/**
 * The Linux bridge. Frames are made in the kernel on the core that also switches them, or come from a process; nobody receives
 * them but the last device, or a process on another core does. System calls and the kernel's work are slow in virtual
 * machines, so that its ratios there say little about other machines.
 */
import { MTU, OURS_BESIDE, Pairs, PORTS } from './pairs.ts';
import type { Case, Rate, Settings } from './peer.ts';

function open(settings: Settings): Pairs {
  const pairs = new Pairs(settings);
  pairs.ip('switch', 'link', 'add', 'br0', 'mtu', MTU, 'type', 'bridge');
  for (const table of ['iptables', 'ip6tables', 'arptables'])
    pairs.quiet('switch', `net.bridge.bridge-nf-call-${table}=0`);
  for (const port of PORTS) pairs.ip('switch', 'link', 'set', port, 'master', 'br0');
  pairs.ip('switch', 'link', 'set', 'br0', 'up');
  pairs.teach();
  return pairs;
}

interface Kind {
  readonly name: string;
  readonly does: string;
  readonly cores: number;
  readonly sizes: readonly number[];
  readonly isSwitched: boolean;
  readonly aim?: number;
  readonly rate: (pairs: Pairs, size: number, settings: Settings) => Rate | Promise<Rate>;
}

const BRIDGES = 'learns, looks up';
const kinds: readonly Kind[] = [
  {
    name: 'frames made in the kernel',
    does: `builds an skb, ${BRIDGES}, through a veth pair, frees`,
    cores: 1,
    sizes: [64, 1514],
    isSwitched: true,
    aim: 100,
    rate: (pairs, size) => pairs.live(size),
  },
  {
    name: 'frames made in the kernel, dropped before the bridge',
    does: 'nothing but making them',
    cores: 1,
    sizes: [64],
    isSwitched: false,
    rate: (pairs, size) => pairs.live(size, true),
  },
  {
    name: 'a process sends, nobody receives',
    does: `a system call for 64 frames, builds an skb and copies into it, ${BRIDGES}, through two veth pairs, frees`,
    cores: 1,
    sizes: [64],
    isSwitched: true,
    rate: (pairs, size, { core }) => pairs.sent(size, core),
  },
  {
    name: 'from process to process',
    does: 'the same, and is copied into the ring of who receives',
    cores: 2,
    sizes: [64, 1514],
    isSwitched: true,
    rate: (pairs, size) => pairs.received(size),
  },
];

export const cases: readonly Case[] = kinds.flatMap(({ name, does, cores, sizes, isSwitched, aim, rate }) =>
  sizes.map((size) => ({
    peer: 'Linux bridge',
    name,
    size,
    cores,
    does,
    ...(isSwitched && { ours: { ...OURS_BESIDE, size } }),
    ...(aim !== undefined && { aim }),
    open: (settings: Settings) => {
      const pairs = open(settings);
      return () => rate(pairs, size, settings);
    },
  })),
);
