/** Two hosts with two uplinks each on one switch, a stream from one to the other, and what happens to them. */
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { topologyFrom } from '../../src/topology/load.ts';

export const A = '00:50:56:00:00:01';
export const B = '00:50:56:00:00:02';

export const MS = 1_000_000n;

/** Cables of 1 Gbit/s and 1 us; a frame of 100 bytes takes 120 · 8 ns on them. */
export const CABLE_NS = 960 + 1000;

export interface Plot {
  readonly events?: readonly object[];
  readonly traffic?: readonly object[];
  readonly vswitch?: object;
  readonly teaching?: object;
  readonly vlan?: number;
}

/** `h1` with VM a, `h2` with VM b, both pinned to u1; tor/9 leads outside. */
export function topologyOf({ events = [], traffic, vswitch = {}, teaching, vlan }: Plot) {
  const host = (first: number, name: string, mac: string, ip: string) => ({
    uplinks: Object.fromEntries([0, 1].map((i) => [`u${i + 1}`, { to: `tor/${first + i}`, rate: '1G', delay: '1us' }])),
    vswitches: { v: { portGroups: { pg: vlan === undefined ? {} : { vlan } }, ...vswitch } },
    vms: { [name]: { mac, ip } },
  });
  return topologyFrom({
    hosts: { h1: host(1, 'a', A, '10.0.0.1/24'), h2: host(3, 'b', B, '10.0.0.2/24') },
    physical: { switches: { tor: { ports: 9 } } },
    traffic: traffic ?? [{ from: 'h1/a', to: 'h2/b', size: 100, rate: '10kpps' }],
    events,
    ...(teaching && { teaching }),
  });
}

export const WAYS = ['at once', 'in a thread', 'in 3 threads', 'by 3 workers', 'in slices', 'step by step'] as const;
export type Way = (typeof WAYS)[number];

/** Runs to `endNs` in one of the ways that must not make a difference. */
export async function moved(network: Network, endNs: bigint, way: Way): Promise<Report> {
  if (way.includes('thread')) await network.start();
  if (way === 'in slices') for (let ns = 0n; ns < endNs; ns += 37_123n) await network.runUntil(ns);
  if (way === 'step by step') {
    for (let next = await peek(network); next <= endNs; next = await peek(network)) await network.step();
  }
  await network.runUntil(endNs);
  return network.stop();
}

/** Time of what comes next, as far as stepping there is right. */
async function peek(network: Network): Promise<bigint> {
  const next = network.nextEventNs();
  return next ?? 1n << 62n;
}

/** A run's report without what tells of the machine. */
export async function told(plot: Plot, endNs: bigint, way: Way = 'at once', options: NetworkOptions = {}) {
  const workers = way.includes('3') ? 3 : 1;
  const network = new Network(topologyOf(plot), { inline: !way.includes('thread'), workers, ...options });
  const { workers: _, memoryBytes: __, ...report } = await moved(network, endNs, way);
  return { ...report, switches: report.switches.map((sw) => ({ ...sw, worker: 0 })) };
}

/** What happened, as `5ms what`. */
export function lines({ events }: Pick<Report, 'events'>): string[] {
  return events.map(({ seconds, what }) => `${+(seconds * 1e3).toFixed(6)}ms ${what}`);
}

export function portOf({ switches }: Pick<Report, 'switches'>, name: string) {
  return switches.flatMap(({ ports }) => ports).find((port) => port.name === name)!;
}
