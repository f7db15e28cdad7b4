/**
 * Random switches, for fast-check: a plain one, and a few of the many features on top, so that frames still get through.
 */
import fc from 'fast-check';
import type { PortPolicy, PortVlan, TagRules, Teaming, VlanRange } from '../../src/topology/model.ts';
import { everyVid, type PortSpec, type ReferenceConfig, switchOf } from '../model/config.ts';
import { vnicMac } from '../model/topology.ts';
import { count, privateVlans, type Vlans, vids, vlans } from './random-vlan.ts';

/** The address that a guest takes instead of its configured one: one for each, so that two never claim the same. */
export const otherMac = (index: number): string => `02:00:00:00:00:${(index + 1).toString(16).padStart(2, '0')}`;

/** In about one configuration of `freq`. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, freq = 7): fc.Arbitrary<T | undefined> {
  return fc.oneof({ arbitrary: fc.constant(undefined), weight: freq - 1 }, { arbitrary, weight: 1 });
}

/** A setting for each of the ports, in turns, which some ports have. */
function forPorts<T>(setting: fc.Arbitrary<T>): fc.Arbitrary<readonly (T | undefined)[]> {
  return fc.array(fc.option(setting, { freq: 2, nil: undefined }), { minLength: 1, maxLength: 5 });
}

const flag = fc.boolean();
const some = <T>(...values: T[]) => fc.constantFrom(...values);

type Policies = Partial<PortPolicy>;
const rate = some(null, 1, 2, 10);
const storm = fc.record({ broadcast: rate, multicast: rate, unknownUnicast: rate });
const relayReserved = some(0xffff, 0x0001, 0x8000, 0x4004);
const policies: readonly fc.Arbitrary<Policies>[] = [
  fc.record({ promiscuous: fc.constant(true) }),
  fc.record({ macChanges: flag, forgedTransmits: flag }),
  fc.record({ bpdu: some('pass', 'filter', 'guard'), relayReserved: some(0, 0x0001) }),
  fc.record({ storm }),
  fc.record({ macLimit: fc.record({ max: some(1, 1, 2, 3), whenFull: some('drop', 'forward', 'shut') }) }),
  fc.record({ sticky: fc.constant(true), learning: fc.constant(true) }),
  fc.record({ learning: flag, floodUnknown: flag }),
  fc.record({ staticConflict: some('forward', 'drop', 'shut') }),
  fc.record({ relayReserved }),
  fc.record({ hairpin: fc.constant(true) }),
];
const tagRules: fc.Arbitrary<Partial<TagRules>> = fc.record(
  { accepts: some('all', 'tagged', 'untagged'), ingressFilter: flag },
  { requiredKeys: [] },
);

const policy = fc.oneof(
  { arbitrary: fc.constant<Teaming['policy']>('port-id'), weight: 3 },
  { arbitrary: some<Teaming['policy']>('source-mac', 'explicit', 'load-based'), weight: 3 },
);

/** Each uplink is active, standby or unused, in any order; one at least is active. */
function teamings(uplinks: readonly string[]): fc.Arbitrary<Teaming> {
  const { length } = uplinks;
  if (length === 0) return fc.constant({ policy: 'port-id', active: [], standby: [], failback: true });
  return fc
    .record({
      policy,
      failback: some(true, true, false),
      order: fc.shuffledSubarray([...uplinks], { minLength: length, maxLength: length }),
      active: fc.integer({ min: 1, max: length }),
      standby: fc.nat({ max: length }),
    })
    .map(({ policy, failback, order, active, standby }) => ({
      policy,
      failback,
      active: order.slice(0, active),
      standby: order.slice(active, active + standby),
    }));
}

const features = fc.record({
  policies: fc.tuple(...policies.map((each) => rarely(forPorts(each)))),
  tags: rarely(forPorts(tagRules)),
  service: rarely(forPorts(fc.constant(true))),
  uplinkService: rarely(fc.constant(true)),
  uplinkTags: rarely(tagRules),
  uplinkPolicy: rarely(fc.record({ storm, relayReserved }, { requiredKeys: [] })),
  guests: rarely(forPorts(fc.constant(true))),
  sharedVlans: rarely(
    some(
      [[10, 20]],
      [
        [20, 10],
        [30, 4094],
      ],
    ),
  ),
  settings: fc.record({
    receivers: some<ReferenceConfig['receivers']>('per-vlan', 'per-vlan', 'active', 'per-recipient'),
    rpf: some<ReferenceConfig['rpf']>('strict', 'strict', 'strict', 'loose', 'off'),
    rpfGraceMs: some(0, 0, 0, 150),
    padding: some(false, false, false, true),
    notify: some<ReferenceConfig['notify']>(0, 0, 0, 0, 0, 1),
  }),
  floodUnknown: rarely(some<VlanRange[]>([], vids(10), vids(0, 20), [...everyVid]), 4),
});

type Features = typeof features extends fc.Arbitrary<infer T> ? T : never;

const ageSeconds = some(1, 2, 6, 300);
const entriesMax = some(1, 2, 3, 4, 64, 64, 64, 64, 64, 64);
const whenFull = some<ReferenceConfig['whenFull']>('evict', 'forward', 'drop');
const table = fc
  .record({ ageSeconds, entriesMax, whenFull, mtu: some(68, 100, 1500) })
  .map(({ ageSeconds, ...rest }) => {
    return { ageNs: BigInt(ageSeconds) * 1_000_000_000n, ...rest };
  });

const at = <T>(list: readonly (T | undefined)[] | undefined, index: number): T | undefined =>
  list?.[index % list.length];

function localPort(kind: 'vnic' | 'bridge', vlan: PortVlan, i: number, features: Features): PortSpec {
  const name = `p${i + 1}`;
  const given = Object.assign({}, ...features.policies.map((each) => at<Policies>(each, i))) as Policies;
  const hasService = vlan.mode === 'trunk' && at(features.service, i) === true;
  const tags = { ...at(features.tags, i), ...(hasService && { tpid: 0x88a8 as const }) };
  if (kind === 'vnic') {
    const guest = at(features.guests, i) === true ? { effectiveMac: otherMac(i) } : {};
    return { name, kind, vlan, tags, policy: given, mac: vnicMac(i), ...guest };
  }
  // A physical port knows no guests.
  const { promiscuous, macChanges, forgedTransmits, ...policy } = given;
  return { name, kind, vlan, tags, policy };
}

/** Transparent ports and S-tags are not mixed. */
function withoutMixing(features: Features, { local, uplink }: Vlans): Features {
  const isMixed = [...local, uplink].some(({ mode }) => mode === 'transparent');
  return isMixed ? { ...features, service: undefined, uplinkService: undefined } : features;
}

function sharedOf({ sharedVlans }: Features, isPrivate: boolean): Pick<ReferenceConfig, 'sharedVlans'> {
  return { sharedVlans: isPrivate ? [privateVlans] : (sharedVlans ?? []) };
}

const vSwitch: fc.Arbitrary<ReferenceConfig> = fc
  .record({ vlans, features, table, uplinkCount: some(0, 1, 2, 2, 3), isRegistered: some(false, false, true) })
  .chain(({ vlans, features: drawn, table, uplinkCount, isRegistered }) => {
    const features = withoutMixing(drawn, vlans);
    const uplinks = Array.from({ length: uplinkCount }, (_, i) => `u${i}`);
    const hasService = features.uplinkService === true && vlans.uplink.mode === 'trunk';
    const tags =
      vlans.uplink.mode === 'trunk' ? { ...features.uplinkTags, ...(hasService && { tpid: 0x88a8 as const }) } : {};
    const outer = uplinks.map(
      (name): PortSpec => ({ name, kind: 'uplink', vlan: vlans.uplink, tags, policy: features.uplinkPolicy ?? {} }),
    );
    const groups = rarely(fc.array(fc.option(teamings(uplinks), { freq: 2, nil: undefined }), count), 4);
    return fc.record({ teaming: teamings(uplinks), groups }).map(({ teaming, groups }) => {
      const local = vlans.local.map((vlan, i): PortSpec => {
        const team = uplinkCount === 0 ? undefined : at(groups, i);
        return { ...localPort('vnic', vlan, i, features), ...(team && { teaming: team }) };
      });
      return switchOf([...local, ...outer], {
        macModel: isRegistered ? 'registered' : 'learning',
        teaming,
        ...table,
        // Registered addresses take places in the table, and have them always.
        entriesMax: table.entriesMax + (isRegistered ? local.length : 0),
        ...features.settings,
        ...(features.floodUnknown && { floodUnknown: features.floodUnknown }),
        ...sharedOf(features, vlans.isPrivate),
      });
    });
  });

const physicalSwitch: fc.Arbitrary<ReferenceConfig> = fc
  .record({ vlans, features, table })
  .map(({ vlans, features: drawn, table }) => {
    const features = withoutMixing(drawn, vlans);
    // Private VLANs are a vSwitch's.
    const of = vlans.local.map(
      (vlan): PortVlan => (vlan.mode === 'private' ? { mode: 'access', vid: vlan.vid } : vlan),
    );
    const ports = of.map((vlan, i) => localPort('bridge', vlan, i, features));
    const { padding } = features.settings;
    return switchOf(ports, { ...table, padding, ...sharedOf(features, vlans.isPrivate) });
  });

export const switches: fc.Arbitrary<ReferenceConfig> = fc.oneof(
  { arbitrary: vSwitch, weight: 9 },
  { arbitrary: physicalSwitch, weight: 1 },
);
