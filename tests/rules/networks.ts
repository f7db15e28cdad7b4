/**
 * The networks that the rules are proved on: hosts with two or three uplinks on physical learning switches, VMs a-c on h1 and
 * d-f on h2, and stations x and y that stand outside.
 *
 * A VM's port number decides its pin: a is pinned to u1, b to u2, c to u1 (two uplinks) or u3 (three). The designated
 * receiver of an even VLAN is u1 where there are two, of an odd one u2.
 */
import type { NetworkOptions } from '../../src/engine/options.ts';
import { Lab } from '../engine/lab.ts';

export const mac = {
  a: '02:00:00:00:00:0a',
  b: '02:00:00:00:00:0b',
  c: '02:00:00:00:00:0c',
  d: '02:00:00:00:00:0d',
  e: '02:00:00:00:00:0e',
  f: '02:00:00:00:00:0f',
  x: '02:00:00:00:00:f1',
  y: '02:00:00:00:00:f2',
  nobody: '02:00:00:00:00:99',
  all: 'ff:ff:ff:ff:ff:ff',
  group: '01:00:5e:00:00:05',
} as const;

export type Name = keyof typeof mac;

export interface Shape {
  readonly hosts: 1 | 2;
  readonly uplinks: 2 | 3;
  /** Physical switches: one, two joined by a cable, or two that nothing joins. */
  readonly outside: 'one' | 'joined' | 'apart';
  readonly vlan?: number;
  readonly model?: 'learning' | 'registered';
  /** As in a topology file. */
  readonly teaming?: Readonly<Record<string, unknown>>;
}

export const linkDelayNs = 1000n;
const vms = [
  ['a', 'b', 'c'],
  ['d', 'e', 'f'],
] as const;

export function topology({ hosts, uplinks, outside, vlan, model = 'learning', teaming }: Shape): unknown {
  const group = vlan === undefined ? {} : { vlan };
  const ports = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i + 1, i >= 7 ? group : null]));
  const host = (n: number) => ({
    uplinks: Object.fromEntries(
      Array.from({ length: uplinks }, (_, i) => [`u${i + 1}`, { to: socket(n, i, outside), delay: '1us' }]),
    ),
    vswitches: { v: { macModel: model, portGroups: { pg: group }, ...(teaming && { teaming }) } },
    vms: Object.fromEntries(vms[n]!.map((name) => [name, { mac: mac[name] }])),
  });
  const joint = outside === 'joined' ? [{ a: 'tor/7', b: 'agg/7', delay: '1us' }] : [];
  return {
    hosts: Object.fromEntries(Array.from({ length: hosts }, (_, n) => [`h${n + 1}`, host(n)])),
    physical: { switches: { tor: { ports }, ...(outside !== 'one' && { agg: { ports } }) }, links: joint },
  };
}

/** Uplinks go to the switches in turn when there are two. */
function socket(host: number, uplink: number, outside: Shape['outside']): string {
  const port = 1 + host * 3 + uplink;
  return `${outside !== 'one' && uplink % 2 === 1 ? 'agg' : 'tor'}/${port}`;
}

/** Where each VM and station is: x at the first physical switch, y at the last. */
export function places({ hosts, outside }: Shape): ReadonlyMap<Name, string> {
  const inside = vms
    .slice(0, hosts)
    .flatMap((names, n) => names.map((name): [Name, string] => [name, `h${n + 1}/${name}`]));
  return new Map<Name, string>([...inside, ['x', 'tor/8'], ['y', `${outside === 'one' ? 'tor' : 'agg'}/9`]]);
}

/** The network, with cables only where the shape and its stations have them. */
export function labOf(shape: Shape, options: NetworkOptions = {}): Lab {
  return new Lab(topology(shape), { injectAt: [...places(shape).values()], unplugged: 'down', ...options });
}

/** Every network whose outside is one loop-free domain. */
export const shapes: readonly Shape[] = (['one', 'joined'] as const).flatMap((outside) =>
  ([1, 2] as const).flatMap((hosts) =>
    ([2, 3] as const).flatMap((uplinks) =>
      [undefined, 10, 11].flatMap((vlan) =>
        (['learning', 'registered'] as const).map((model) => ({
          hosts,
          uplinks,
          outside,
          model,
          ...(vlan !== undefined && { vlan }),
        })),
      ),
    ),
  ),
);

export function nameOf({ hosts, uplinks, outside, vlan, model }: Shape): string {
  const domain = outside === 'one' ? 'one switch' : 'two joined switches';
  return `${hosts} host(s) with ${uplinks} uplinks on ${domain}, ${vlan === undefined ? 'no VLAN' : `VLAN ${vlan}`}, ${model}`;
}
