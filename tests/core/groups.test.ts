/** Runs of frames to groups are queued port by port (core/groups.ts); every port gets what it would get frame by frame, in the same order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PortVlan } from '../../src/topology/model.ts';
import { type PortSpec, switchOf } from '../model/config.ts';
import { topologyOf, vnicMac } from '../model/topology.ts';
import { referenceUnderTest } from '../model/under-test.ts';
import { assertSameBatch, assertSameTable } from './agreement.ts';
import { type FrameSpec, frameOf } from './frames.ts';
import { throughRings } from './through-rings.ts';

const visits = [1, 2, 7, 64];
const trunk: PortVlan = { mode: 'trunk', vids: [{ first: 10, last: 20 }], native: 10 };
/** Mostly alike, as ports of one group are. */
const vlans: PortVlan[] = [
  ...Array.from({ length: 6 }, (): PortVlan => ({ mode: 'access', vid: 10 })),
  { mode: 'access', vid: 20 },
  trunk,
];
const groups = ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '33:33:00:00:00:01', '01:80:c2:00:00:21'];
const others = ['01:80:c2:00:00:00', '01:80:c2:00:00:0e', '01:00:0c:cc:cc:cd', vnicMac(1), '02:00:00:00:00:77'];
const stations = [vnicMac(0), '02:00:00:00:00:01', '02:00:00:00:00:02'];

const frames: fc.Arbitrary<FrameSpec> = fc.record({
  dst: fc.oneof(
    { arbitrary: fc.constantFrom(...groups), weight: 12 },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  ),
  src: fc.oneof(
    { arbitrary: fc.constantFrom(...stations), weight: 30 },
    { arbitrary: fc.constant(vnicMac(1)), weight: 1 },
  ),
  tags: fc.oneof({ arbitrary: fc.constant([]), weight: 30 }, { arbitrary: fc.constantFrom([10], [20]), weight: 1 }),
  payload: fc.oneof(
    { arbitrary: fc.constantFrom<FrameSpec['payload']>('ip', 'arp request'), weight: 20 },
    { arbitrary: fc.constantFrom<FrameSpec['payload']>('gratuitous request', 'rarp'), weight: 1 },
  ),
  length: fc.oneof(
    { arbitrary: fc.constantFrom(60, 61, 1514), weight: 20 },
    { arbitrary: fc.constantFrom(13, 1515), weight: 1 },
  ),
});

const settings = fc.record({
  vlans: fc.array(fc.constantFrom(...vlans), { minLength: 1, maxLength: 5 }),
  uplinks: fc.integer({ min: 0, max: 2 }),
  policy: fc.constantFrom({}, {}, {}, { learning: true, sticky: true }, { bpdu: 'guard' as const }),
  down: fc.option(fc.integer({ min: 1, max: 5 }), { freq: 3 }),
  padding: fc.constantFrom(false, false, true),
  bursts: fc.array(fc.array(frames, { minLength: 1, maxLength: 64 }), { minLength: 1, maxLength: 4 }),
});

it('floods a run of frames to groups as it floods them one by one, with visits of 1, 2, 7 and 64', () => {
  let runs = 0;
  fc.assert(
    fc.property(settings, ({ vlans: rest, uplinks, policy, down, padding, bursts }) => {
      const modes: PortVlan[] = [{ mode: 'access', vid: 10 }, ...rest];
      const ports: PortSpec[] = [
        ...modes.map((vlan, i): PortSpec => ({ name: `p${i}`, kind: 'vnic', vlan, policy, mac: vnicMac(i) })),
        ...Array.from({ length: uplinks }, (_, i): PortSpec => ({ name: `u${i}`, kind: 'uplink', vlan: trunk })),
      ];
      const config = switchOf(ports, { padding });
      const model = referenceUnderTest(config);
      const visited = visits.map((burst) => throughRings(topologyOf(config), { burst }));
      let nowNs = 1_000_000n;
      try {
        const all = [model, ...visited];
        if (down !== null && down < modes.length) for (const each of all) each.setLink(`p${down}`, false);
        const heard = stations.map((src): FrameSpec => ({ dst: groups[0]!, src, tags: [], payload: 'ip', length: 60 }));
        for (const specs of [heard, ...bursts]) {
          nowNs += 100_000_000n;
          const burst = specs.map((spec, id) => frameOf(spec, id));
          const want = model.receiveAll('p0', burst, nowNs);
          if ((want.verdicts['flood_group'] ?? 0) > 3) runs++;
          for (const [i, each] of visited.entries()) {
            assertSameBatch(`visits of ${visits[i]}`, each.receiveAll('p0', burst, nowNs), want);
            assertSameTable(`visits of ${visits[i]}`, each, model, nowNs);
            each.assertLedger();
          }
        }
      } finally {
        for (const each of visited) each.close();
      }
    }),
    { numRuns: 40 },
  );
  expect(runs).toBeGreaterThan(10);
}, 120_000);
