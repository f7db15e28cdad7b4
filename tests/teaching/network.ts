/**
 * The networks that the proofs are run on. Each is a plot of its own: host `h<n>` with VMs a to c and uplinks on switch `tor<n>`,
 * where stations x and y stand outside. Plots share nothing, so that many of them lie side by side in one network.
 *
 * A VM's place decides its pin: a is pinned to u1, b to u2, c to u1 again (two uplinks) or u3 (three). The receiver of
 * an even VLAN, and of none, is u1 where there are two, of an odd one u2.
 */
import { mac } from '../rules/networks.ts';

export const addresses = {
  ...mac,
  pvst: '01:00:0c:cc:cc:cd',
  stp: '01:80:c2:00:00:00',
  lldp: '01:80:c2:00:00:0e',
} as const;

export type Name = keyof typeof addresses;

/** What a plot has beside the usual; the keys are those of a topology file. */
export interface Plot {
  readonly uplinks?: number;
  readonly vlan?: number;
  readonly vswitch?: object;
  readonly group?: object;
  readonly teaming?: object;
  readonly tor?: object;
  /** Two vSwitches, `v` with a and `w` with b, that a cable of the host's own joins. */
  readonly isTiered?: boolean;
}

/** A station's port, in plot `n`. */
export function placeOf(name: string, n: number): string {
  const stations: Record<string, string> = { x: `tor${n}/8`, y: `tor${n}/9` };
  return stations[name] ?? `h${n}/${name}`;
}

export const stations: readonly Name[] = ['a', 'b', 'c', 'x', 'y'];

export const stationsOf = ({ isTiered }: Plot): readonly Name[] => (isTiered ? ['a', 'b'] : stations);

interface Topology {
  readonly hosts: Record<string, unknown>;
  readonly physical: { readonly switches: Record<string, unknown> };
  readonly teaching?: object;
}

/** A topology of these plots, with rules switched off if any are named. */
export function networkOf(
  plots: ReadonlyMap<number, Plot>,
  disable: readonly number[] = [],
  more: object = {},
): Topology {
  const teaching = disable.length === 0 ? {} : { teaching: { disable: disable.map((rule) => `R${rule}`) } };
  const each = [...plots];
  return {
    hosts: Object.fromEntries(each.map(([n, plot]) => [`h${n}`, plot.isTiered ? tieredHost(n) : host(n, plot)])),
    physical: { switches: Object.fromEntries(each.map(([n, plot]) => [`tor${n}`, tor(plot)])) },
    ...teaching,
    ...more,
  };
}

function host(n: number, { uplinks = 2, vlan, vswitch, group, teaming }: Plot): object {
  const cables = Array.from({ length: uplinks }, (_, i) => [`u${i + 1}`, { to: `tor${n}/${i + 1}`, delay: '1us' }]);
  return {
    uplinks: Object.fromEntries(cables),
    vswitches: { v: { portGroups: { pg: { ...inVlan(vlan), ...group } }, ...(teaming && { teaming }), ...vswitch } },
    vms: Object.fromEntries((['a', 'b', 'c'] as const).map((name) => [name, { mac: mac[name] }])),
  };
}

function tieredHost(n: number): object {
  return {
    uplinks: { u1: { to: `h${n}/u2` }, u2: {} },
    vswitches: { v: { uplinks: ['u1'], portGroups: { pv: {} } }, w: { uplinks: ['u2'], portGroups: { pw: {} } } },
    vms: { a: { portGroup: 'pv', mac: mac.a }, b: { portGroup: 'pw', mac: mac.b } },
  };
}

/** The ports of the uplinks carry all VLANs, those of the stations one. */
function tor({ vlan, tor: more }: Plot): object {
  const ports = Array.from({ length: 9 }, (_, i) => [i + 1, i >= 7 ? inVlan(vlan) : null]);
  return { ports: Object.fromEntries(ports), ...more };
}

const inVlan = (vlan: number | undefined) => (vlan === undefined ? {} : { vlan });
