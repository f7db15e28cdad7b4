/**
 * A LAG between a vSwitch and a physical switch, for tests: one host with VMs a and b and the uplinks u1 to u3, which lead to
 * tor/1 to tor/3; station x at tor/8.
 *
 * A LACPDU's state is written as letters in the order of its bits: Active, short Timeout, aGgregation, Sync, Collecting,
 * Distributing, deFaulted, Expired.
 */
import type { CapturedFrame } from '../../src/capture/read.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { at, Lab, portOf } from '../engine/lab.ts';
import { mac } from './networks.ts';

export type Mode = 'static' | 'active' | 'passive';
export type Rate = 'fast' | 'slow';

export interface Ends {
  readonly vswitch?: Mode;
  readonly vswitchRate?: Rate;
  readonly tor?: Mode;
  readonly torRate?: Rate;
  /** LAGs of tor by their ports, instead of one of all three. */
  readonly torLags?: Readonly<Record<string, readonly number[]>>;
  /** Where the uplinks lead. */
  readonly sockets?: readonly string[];
  readonly downDelay?: string;
  readonly more?: object;
}

export const SECOND = 1_000_000_000n;
const SLOW_PROTOCOLS = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x02];
export const uplinks = ['h1/u1', 'h1/u2', 'h1/u3'];
export const all = 'u1 u2 u3';

function topology(ends: Ends): unknown {
  const { vswitch = 'active', vswitchRate, tor = 'active', torRate, torLags = { l1: [1, 2, 3] } } = ends;
  const { sockets = ['tor/1', 'tor/2', 'tor/3'], downDelay, more = {} } = ends;
  const teaming = {
    lag: vswitch,
    ...(vswitch !== 'static' && vswitchRate !== undefined && { lacpRate: vswitchRate }),
    ...(downDelay !== undefined && { downDelay }),
  };
  const rate = tor !== 'static' && torRate !== undefined ? { rate: torRate } : {};
  const lags = Object.entries(torLags).map(([name, ports]) => [name, { mode: tor, ...rate, ports }]);
  return {
    hosts: {
      h1: {
        uplinks: Object.fromEntries(sockets.map((to, i) => [`u${i + 1}`, { to, delay: '1us' }])),
        vswitches: { v: { portGroups: { pg: {} }, teaming } },
        vms: { a: { mac: mac.a }, b: { mac: mac.b } },
      },
    },
    physical: {
      switches: {
        tor: { ports: 8, lags: Object.fromEntries(lags) },
        ...(sockets.some((to) => to.startsWith('agg/')) && {
          agg: { ports: 8, lags: { l1: { mode: 'active', ports: [1] } } },
        }),
      },
    },
    ...more,
  };
}

export const labOf = (ends: Ends = {}, options: NetworkOptions = {}) => new Lab(topology(ends), options);

/** Lets time pass, and checks the ledger. */
export function wait(lab: Lab, ns: bigint): Lab {
  lab.network.advance(lab.nowNs + ns);
  lab.settle();
  return lab;
}

/** The network half a second after its second second, when no LACPDU is on its way and all has been agreed. */
export const settled = (ends: Ends = {}, options: NetworkOptions = {}) =>
  wait(labOf(ends, options), (5n * SECOND) / 2n);

export function inUse(lab: Lab): string {
  const names = lab.network
    .ports()
    .filter((port) => port.inUse)
    .map(({ name }) => name.slice(3));
  return names.join(' ') || '-';
}

export const isLacpdu = ({ bytes }: CapturedFrame) => SLOW_PROTOCOLS.every((octet, i) => bytes[i] === octet);
const stateOf = (bits: number) => [...'ATGSCDFE'].map((letter, i) => ((bits >> i) & 1 ? letter : '.')).join('');

/** The states that a port has told the other end. */
export const told = (frames: readonly CapturedFrame[], port: string) =>
  at(frames, port, 'out')
    .filter(isLacpdu)
    .map(({ bytes }) => stateOf(bytes[32]!));

/** Uplinks that a frame crossed, in either direction. */
export const crossed = (frames: readonly CapturedFrame[]) =>
  [...new Set(frames.filter((frame) => uplinks.includes(portOf(frame))).map(portOf))].map((port) => port.slice(3));

/** A frame of a conversation between a and x that is not the only one: its addresses end in octets that differ by `hash`. */
export const conversation = (lab: Lab, hash: number, toX: boolean) => {
  const inside = `02:00:00:00:00:${(0x20 + hash).toString(16)}`;
  const outside = '02:00:00:00:01:20';
  return toX ? lab.frame(outside, inside) : lab.frame(inside, outside);
};
