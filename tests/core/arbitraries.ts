/**
 * Random days in the life of random switches, for fast-check. Every frame comes at least 1 ns after the one before, or in the
 * same burst, so that "least recently heard" is never a tie where it counts.
 */
import fc from 'fast-check';
import type { PortVlan } from '../../src/topology/model.ts';
import type { ReferenceConfig } from '../model/config.ts';
import { isPhysical } from '../model/topology.ts';
import { framesFor, type LooseFrame, stations, strangers } from './random-frame.ts';
import { switches } from './random-switch.ts';

/** Time from one frame to the next: nanoseconds, or about a time after which a rule changes its mind. */
export type Gap =
  | { readonly ns: number }
  | { readonly after: 'ageing' | 'lock' | 'grace' | 'second'; readonly ns: -1 | 0 | 1 };

/** Ports and stations are numbers that the driver takes modulo how many there are, so that shrinking never breaks a step. */
export type Step =
  /** Frames that wait at a port together. */
  | { readonly do: 'frames'; readonly port: number; readonly frames: readonly LooseFrame[]; readonly gap: Gap }
  /** The outside floods a frame: it comes in by every uplink. */
  | { readonly do: 'everywhere'; readonly frame: LooseFrame; readonly gap: Gap }
  /** The last frame that left by an uplink comes in by another one. */
  | { readonly do: 'reflect'; readonly port: number; readonly gap: Gap }
  | { readonly do: 'link'; readonly port: number; readonly up: boolean }
  | { readonly do: 'activate'; readonly port: number }
  | { readonly do: 'flush'; readonly port: number | null; readonly vid: number | null }
  | { readonly do: 'bind' | 'unbind'; readonly vid: number; readonly mac: string; readonly port: number }
  /** The guest takes its configured address, one of its own, or in the learning model another station's. */
  | { readonly do: 'guest'; readonly port: number; readonly mac: 'configured' | 'other' | string }
  | { readonly do: 'vlan'; readonly port: number; readonly vlan: PortVlan };

const offset = fc.constantFrom<(-1 | 0 | 1)[]>(-1, 0, 1);

function gaps({ rpfGraceMs }: ReferenceConfig): fc.Arbitrary<Gap> {
  const graces = rpfGraceMs > 0 ? (['grace', 'grace', 'grace'] as const) : [];
  const after = fc.constantFrom<('ageing' | 'lock' | 'grace' | 'second')[]>('ageing', 'lock', 'second', ...graces);
  return fc.oneof(
    { arbitrary: fc.record({ ns: fc.constantFrom(1, 1000, 100_000_000) }), weight: rpfGraceMs > 0 ? 6 : 12 },
    { arbitrary: fc.record({ after, ns: offset }), weight: 1 },
  );
}

const port = fc.nat({ max: 8 });

/** What a port can become while the switch runs. */
const vlans: PortVlan[] = [
  { mode: 'access', vid: 10 },
  { mode: 'access', vid: 20 },
];

function steps(config: ReferenceConfig): fc.Arbitrary<Step> {
  const { ports, macModel } = config;
  const hasVlans = ports.some(({ vlan }) => vlan.mode !== 'transparent');
  const isRegistered = macModel === 'registered';
  const vid = fc.constantFrom(...(hasVlans ? [0, 10, 20] : [0]));
  // A registered address is its vNIC's: what binding it elsewhere would mean, no rule says.
  const bindable = fc.constantFrom(...(isRegistered ? strangers : stations));
  const mac = fc.constantFrom<string[]>('configured', 'other', 'other', ...(isRegistered ? [] : stations));
  const gap = gaps(config);
  const frame = framesFor(config);
  const batch = fc.oneof(
    { arbitrary: fc.array(frame, { minLength: 1, maxLength: 1 }), weight: 6 },
    { arbitrary: fc.array(frame, { minLength: 2, maxLength: 12, size: 'max' }), weight: 1 },
  );
  const orNone = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
  const isNow = <T extends string>(...what: T[]) => fc.constantFrom(...what);
  const link = fc.constantFrom(true, true, true, true, true, true, false);
  const all: [number, fc.Arbitrary<Step>][] = [
    [60, fc.record({ do: isNow('frames'), port, frames: batch, gap })],
    [5, fc.record({ do: isNow('everywhere'), frame, gap })],
    [5, fc.record({ do: isNow('reflect'), port, gap })],
    [3, fc.record({ do: isNow('link'), port, up: link })],
    [2, fc.record({ do: isNow('flush'), port: orNone(port), vid: orNone(vid) })],
    [2, fc.record({ do: isNow('bind', 'bind', 'unbind'), vid, mac: bindable, port })],
    [isPhysical(config) ? 0 : 2, fc.record({ do: isNow('activate'), port })],
    [isPhysical(config) ? 0 : 1, fc.record({ do: isNow('guest'), port, mac })],
    [hasVlans ? 1 : 0, fc.record({ do: isNow('vlan'), port, vlan: fc.constantFrom(...vlans) })],
  ];
  return fc.oneof(...all.filter(([weight]) => weight > 0).map(([weight, arbitrary]) => ({ arbitrary, weight })));
}

export interface Life {
  readonly config: ReferenceConfig;
  readonly steps: readonly Step[];
}

export function lives(stepsMax: number): fc.Arbitrary<Life> {
  return switches.chain((config) => {
    const list = fc.array(steps(config), { minLength: 1, maxLength: stepsMax, size: 'max' });
    return list.map((steps) => ({ config, steps }));
  });
}
