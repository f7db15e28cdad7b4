/**
 * Random switches and random days in their lives, for fast-check. Pools are small on purpose: few stations, few VLANs and
 * few ports meet often. Every frame comes at least 1 ns after the one before, so that "least recently heard" is never a tie.
 */
import fc from 'fast-check';
import type { PortVlan } from '../../src/topology/model.ts';
import type { ReferenceConfig, ReferencePort } from '../model/reference.ts';
import { vnicMac } from '../model/topology.ts';
import type { FrameSpec } from './frames.ts';

/** Time from one frame to the next: nanoseconds, or about the ageing time or the lock's 5 s. */
export type Gap = { readonly ns: number } | { readonly after: 'ageing' | 'lock'; readonly ns: -1 | 0 | 1 };

/** Ports and stations are numbers that the driver takes modulo how many there are, so that shrinking never breaks a step. */
export type Step =
  | { readonly do: 'frame'; readonly port: number; readonly frame: FrameSpec; readonly gap: Gap }
  /** The last frame that left by an uplink comes in by another one. */
  | { readonly do: 'reflect'; readonly port: number; readonly gap: Gap }
  | { readonly do: 'link'; readonly port: number; readonly up: boolean }
  | { readonly do: 'flush'; readonly port: number | null }
  | { readonly do: 'bind' | 'unbind'; readonly vid: number; readonly mac: string; readonly port: number };

const vids = (...list: number[]) => list.map((vid) => ({ first: vid, last: vid }));
const trunk = (list: readonly { first: number; last: number }[], native?: number, nativeTagged = false): PortVlan => ({
  mode: 'trunk',
  vids: list,
  ...(native !== undefined && { native }),
  nativeTagged,
});
const transparent: PortVlan = { mode: 'transparent' };
const everyVid = [{ first: 0, last: 4094 }];

const vlanOfPort = fc.constantFrom<PortVlan>(
  { mode: 'access', vid: 10 },
  { mode: 'access', vid: 20 },
  { mode: 'access', vid: 0 },
  { mode: 'access', vid: 4094 },
  trunk(vids(10, 20)),
  trunk(everyVid),
  trunk([{ first: 1, last: 4094 }]),
  trunk(vids(0, 10)),
  trunk(vids(10), 20),
  trunk(vids(10, 20), 10, true),
  trunk(vids(0, 10), 20),
  trunk(everyVid, 10),
  transparent,
);
const vlanOfUplink = fc.constantFrom<PortVlan>(trunk(everyVid), trunk(vids(0, 10, 20)), trunk(vids(10)), transparent);

/** The stations that speak: the first vNICs' own addresses and two more. */
const strangers = ['52:54:00:00:00:01', '52:54:00:00:00:02'];
const stations = [...Array.from({ length: 3 }, (_, index) => vnicMac(index)), ...strangers];
const zero = '00:00:00:00:00:00';
const broadcast = 'ff:ff:ff:ff:ff:ff';
const reserved = ['01:80:c2:00:00:00', '01:80:c2:00:00:0f', '01:80:c2:00:00:10', '01:80:c2:00:01:00'];
const multicast = ['01:00:5e:00:00:01', '33:33:00:00:00:01'];

const station = fc.constantFrom(...stations);
const source = fc.oneof(
  { arbitrary: station, weight: 20 },
  { arbitrary: fc.constantFrom(zero, broadcast, '01:00:5e:00:00:01'), weight: 1 },
);
const destination = fc.oneof(
  { arbitrary: station, weight: 12 },
  { arbitrary: fc.constantFrom(broadcast, ...multicast), weight: 4 },
  { arbitrary: fc.constantFrom(zero, ...reserved), weight: 1 },
);
const tci = fc
  .tuple(fc.constantFrom(0, 10, 20, 30, 4094, 4095), fc.constantFrom(0, 0x1000, 0xa000, 0xf000))
  .map(([vid, priority]) => vid | priority);

const tags = fc.oneof(
  { arbitrary: fc.constant<number[]>([]), weight: 8 },
  { arbitrary: fc.array(tci, { minLength: 1, maxLength: 1 }), weight: 4 },
  { arbitrary: fc.array(tci, { minLength: 2, maxLength: 2 }), weight: 1 },
);
const length = (mtu: number) =>
  fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 16 },
    { arbitrary: fc.integer({ min: 0, max: 70 }), weight: 3 },
    { arbitrary: fc.integer({ min: mtu + 12, max: mtu + 20 }), weight: 1 },
  );

function ordinaryFrame(mtu: number): fc.Arbitrary<FrameSpec> {
  const payload = fc.constantFrom<FrameSpec['payload']>('ip', 'ip', 'ip', 'arp request', 'rarp');
  return fc
    .record({ dst: destination, src: source, tags, payload, length: length(mtu) })
    .map(({ length, ...frame }) => ({ ...frame, ...(length !== undefined && { length }) }));
}

/** A station says where it is; sometimes not quite so that it counts. */
const announcement: fc.Arbitrary<FrameSpec> = fc
  .record({
    dst: fc.constantFrom(broadcast, broadcast, broadcast, stations[0]!),
    src: station,
    tags,
    payload: fc.constantFrom<FrameSpec['payload']>(
      'gratuitous request',
      'arp reply',
      'rarp',
      'arp request',
      'arp other',
    ),
    length: fc.constantFrom(undefined, undefined, undefined, 41, 42, 45, 46),
  })
  .map(({ length, ...frame }) => ({ ...frame, ...(length !== undefined && { length }) }));

const offset = fc.constantFrom<-1 | 0 | 1>(-1, 0, 1);
const gap: fc.Arbitrary<Gap> = fc.oneof(
  { arbitrary: fc.record({ ns: fc.constantFrom(1, 1000, 100_000_000) }), weight: 12 },
  { arbitrary: fc.record({ after: fc.constantFrom<'ageing' | 'lock'>('ageing', 'lock'), ns: offset }), weight: 1 },
);
const port = fc.nat({ max: 8 });

function step({ mtu, ports, macModel }: ReferenceConfig): fc.Arbitrary<Step> {
  const vlans = ports.every(({ vlan }) => vlan.mode === 'transparent') ? [0] : [0, 10, 20];
  // A registered address is its vNIC's: what binding it elsewhere would mean, no rule says.
  const bindable = macModel === 'registered' ? strangers : stations;
  const frame = fc.oneof({ arbitrary: ordinaryFrame(mtu), weight: 4 }, { arbitrary: announcement, weight: 1 });
  const binding = { vid: fc.constantFrom(...vlans), mac: fc.constantFrom(...bindable), port };
  return fc.oneof(
    { arbitrary: fc.record({ do: fc.constant('frame' as const), port, frame, gap }), weight: 24 },
    { arbitrary: fc.record({ do: fc.constant('reflect' as const), port, gap }), weight: 2 },
    {
      arbitrary: fc.record({ do: fc.constant('link' as const), port, up: fc.constantFrom(true, true, false) }),
      weight: 2,
    },
    { arbitrary: fc.record({ do: fc.constant('flush' as const), port: fc.option(port) }), weight: 1 },
    {
      arbitrary: fc.record({ do: fc.constantFrom('bind' as const, 'bind' as const, 'unbind' as const), ...binding }),
      weight: 1,
    },
  );
}

/** Each uplink is active, standby or unused, in any order; one at least is active. */
function teaming(uplinks: readonly string[]): fc.Arbitrary<{ active: string[]; standby: string[] }> {
  if (uplinks.length === 0) return fc.constant({ active: [], standby: [] });
  const { length } = uplinks;
  return fc
    .tuple(
      fc.shuffledSubarray([...uplinks], { minLength: length, maxLength: length }),
      fc.integer({ min: 1, max: length }),
      fc.nat({ max: length }),
    )
    .map(([order, active, standby]) => ({
      active: order.slice(0, active),
      standby: order.slice(active, active + standby),
    }));
}

const config: fc.Arbitrary<ReferenceConfig> = fc
  .record({
    vlans: fc
      .oneof(fc.constant(fc.constant(transparent)), fc.constant(vlanOfPort))
      .chain((vlan) => fc.array(vlan, { minLength: 1, maxLength: 6 })),
    uplinkVlan: vlanOfUplink,
    uplinkCount: fc.nat({ max: 3 }),
    macModel: fc.constantFrom<'learning' | 'registered'>('learning', 'learning', 'registered'),
    ageSeconds: fc.constantFrom(1, 2, 6, 300),
    entriesMax: fc.constantFrom(1, 2, 3, 4, 64, 64),
    whenFull: fc.constantFrom<'evict' | 'forward'>('evict', 'forward'),
    mtu: fc.constantFrom(68, 100, 1500),
  })
  .chain(({ vlans, uplinkVlan, uplinkCount, ageSeconds, entriesMax, macModel, ...rest }) => {
    const local: ReferencePort[] = vlans.map((vlan, i) => ({ name: `p${i + 1}`, kind: 'vnic', vlan, mac: vnicMac(i) }));
    const outer = vlans.every((vlan) => vlan.mode === 'transparent') ? transparent : uplinkVlan;
    const uplinks = Array.from({ length: uplinkCount }, (_, i) => `u${i}`);
    const ports = [...local, ...uplinks.map((name): ReferencePort => ({ name, kind: 'uplink', vlan: outer }))];
    const ageNs = BigInt(ageSeconds) * 1_000_000_000n;
    // Registered addresses take places in the core's table and none in the model's: leave room.
    const places = macModel === 'registered' ? 64 : entriesMax;
    return teaming(uplinks).map((team) => ({ ports, macModel, ...team, ageNs, entriesMax: places, ...rest }));
  });

export interface Life {
  readonly config: ReferenceConfig;
  readonly steps: readonly Step[];
}

export function lives(stepsMax: number): fc.Arbitrary<Life> {
  return config.chain((config) => {
    const steps = fc.array(step(config), { minLength: 1, maxLength: stepsMax, size: 'max' });
    return steps.map((steps) => ({ config, steps }));
  });
}
