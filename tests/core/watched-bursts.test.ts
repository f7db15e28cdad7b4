/**
 * Mirrors and flow records of frames that take short cuts: with visits of 1, 7 and 64 frames there are the same copies, in the same order at
 * each port, the same counts and the same records as where every port is captured, so that each frame goes the whole way of relay.ts.
 */
import fc from 'fast-check';
import { it } from 'vitest';
import { topologyFrom } from '../../src/topology/load.ts';
import { assertSameBatch } from './agreement.ts';
import { timeoutMs } from './runs.ts';
import { throughRings } from './through-rings.ts';

const framesMax = 64;
const runs = Number(process.env['MODEL_RUNS'] ?? 70);

const hosted = ['a', 'b', 'c', 't', 'o', 'u', 'u2'];
const bridged = ['1', '2', '3', '4'];
const sources = (names: readonly string[]) => fc.subarray([...names], { minLength: 1, maxLength: 3 });
const watchers = {
  host: fc.constantFrom<(string | number)[]>('w', 'w2', 99),
  bridge: fc.constantFrom<(string | number)[]>('5', '6', 99),
};

const mirror = (names: readonly string[], to: fc.Arbitrary<string | number>) =>
  fc.record(
    {
      in: sources(names),
      out: sources(names),
      from: sources(names),
      vlans: fc.constantFrom([10], [20], [10, 30]),
      to,
      snap: fc.constantFrom(64, 66),
      sample: fc.constantFrom(2, 3),
      drops: fc.constant(['no_transit', 'egress_vlan', 'queue_full', 'same_port']),
    },
    { requiredKeys: ['to'] },
  );

/** In a mirror something has to be named, and `from` says the same as both others. */
type Drawn = {
  readonly in?: string[];
  readonly out?: string[];
  readonly from?: string[];
  readonly vlans?: readonly number[];
} & Record<string, unknown>;
function spelled({ to, from, ...drawn }: Drawn): object {
  const ports = from === undefined || drawn.in !== undefined || drawn.out !== undefined ? {} : { from };
  const isNamed = 'from' in ports || drawn.in !== undefined || drawn.out !== undefined || drawn.vlans !== undefined;
  const named = isNamed || drawn['drops'] !== undefined ? {} : { all: true };
  return { ...drawn, ...ports, ...named, to: typeof to === 'number' ? { vlan: to } : to };
}

const flows = fc.option(fc.constantFrom({}, { max: 16 }, { max: 16, activeTimeout: '30ms' }, { sample: 3 }), {
  nil: undefined,
});

const step = fc.record({
  port: fc.nat(6),
  toggles: fc.option(fc.nat(2), { nil: undefined, freq: 8 }),
  frames: fc.array(
    fc.record({
      dst: fc.constantFrom(0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 7, -1),
      isOwn: fc.oneof({ arbitrary: fc.constant(true), weight: 60 }, { arbitrary: fc.constant(false), weight: 1 }),
      isOdd: fc.oneof({ arbitrary: fc.constant(false), weight: 20 }, { arbitrary: fc.constant(true), weight: 1 }),
      vid: fc.constantFrom(10, 10, 20, 30),
      flow: fc.nat(40),
      length: fc.constantFrom(60, 64, 100),
    }),
    { minLength: 1, maxLength: framesMax, size: 'max' },
  ),
});
/** Everybody is heard before. */
const introduction = (_: string, port: number): Step => ({
  port,
  toggles: undefined,
  frames: [{ dst: -1, isOwn: true, isOdd: false, vid: 10, flow: 0, length: 60 }],
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Ports that take tags. */
const trunks = ['t', 'u', 'u2', '3'];

function frameOf(
  { dst, isOwn, isOdd, vid, flow, length }: Step['frames'][number],
  port: number,
  tags: boolean,
  id: number,
) {
  const to = dst < 0 ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 1, dst];
  const tag = tags === isOdd ? [] : [0x81, 0, 0x20, vid];
  // UDP and TCP, from few addresses and ports; some of it in pieces.
  const ip = [
    0x45,
    0,
    0,
    46,
    0,
    0,
    flow === 7 ? 1 : 0,
    0,
    64,
    flow & 1 ? 17 : 6,
    0,
    0,
    10,
    0,
    0,
    flow & 6,
    10,
    0,
    0,
    9,
  ];
  const bytes = new Uint8Array(length);
  bytes.set([...to, 2, 0, 0, 0, 1, isOwn ? port : 6 - port, ...tag, 8, flow === 9 ? 6 : 0, ...ip, 0, flow, 0, 80]);
  bytes[length - 1] = id;
  return bytes;
}

const portGroups = {
  ten: { vlan: 10 },
  twenty: { vlan: 20 },
  all: { vlan: 4095 },
  native: { vlan: '10-30', native: 10 },
};
const onHost = (mirrors: object, more: object) => ({
  hosts: {
    h: {
      uplinks: ['u', 'u2'],
      vswitches: { v: { portGroups, mirrors, ...more } },
      vms: {
        a: { portGroup: 'ten' },
        b: { portGroup: 'ten' },
        c: { portGroup: 'twenty' },
        t: { portGroup: 'all' },
        o: { portGroup: 'native' },
        w: { portGroup: 'all' },
        w2: { portGroup: 'ten' },
      },
    },
  },
});
const onBridge = (mirrors: object, more: object) => ({
  physical: {
    switches: {
      tor: { ports: { 1: {}, 2: {}, 3: { vlan: 4095 }, 4: { vlan: 20 }, 5: {}, 6: { vlan: 4095 } }, mirrors, ...more },
    },
  },
});

const drawnOnHost = fc.array(mirror(hosted, watchers.host), { maxLength: 3 });
const drawnOnBridge = fc.array(mirror(bridged, watchers.bridge), { maxLength: 3 });
const world = fc.oneof(
  fc.record({ isHost: fc.constant(true), mirrors: drawnOnHost, flows }),
  fc.record({ isHost: fc.constant(false), mirrors: drawnOnBridge, flows }),
);
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

async function agrees(drawn: World, steps: readonly Step[]): Promise<void> {
  const mirrors = Object.fromEntries(drawn.mirrors.map((each, i) => [`m${i}`, spelled(each as Drawn)]));
  const more = drawn.flows === undefined ? {} : { flows: drawn.flows };
  const names = drawn.isHost ? hosted : bridged;
  const place = drawn.isHost ? 'h/v' : 'tor';
  const topology = topologyFrom((drawn.isHost ? onHost : onBridge)(mirrors, more));
  const whole = throughRings(topology, { burst: 64, watch: ['*'] });
  const visited = [1, 7, 64].map((burst) => [burst, throughRings(topology, { burst })] as const);
  const all = [whole, ...visited.map(([, each]) => each)];
  const stateOf = ({ network }: typeof whole) =>
    JSON.stringify([network.report().switches.map((sw) => [sw.mirrors, sw.flows]), network.flowRecords()]);
  let nowNs = 1_000_000n;
  try {
    for (const { port, frames, toggles } of [...names.map(introduction), ...steps]) {
      nowNs += 10_000_000n;
      const at = port % names.length;
      if (toggles !== undefined && drawn.mirrors[toggles] !== undefined)
        for (const { network } of all) {
          const on = network.report().switches[0]!.mirrors![toggles]!.on;
          await network.setMirror(`${place}/m${toggles}`, !on);
        }
      const bytes = frames.map((frame, id) => frameOf(frame, at, trunks.includes(names[at]!), id));
      const want = whole.receiveAll(names[at]!, bytes, nowNs);
      const state = stateOf(whole);
      whole.assertLedger();
      for (const [burst, each] of visited) {
        assertSameBatch(`visits of ${burst}`, each.receiveAll(names[at]!, bytes, nowNs), want);
        const got = stateOf(each);
        if (got !== state) throw new Error(`visits of ${burst}: ${got}\n but the whole way: ${state}`);
        each.assertLedger();
      }
    }
  } finally {
    for (const each of all) each.close();
  }
}

it(
  'gives mirrors and flow records of a burst what they get of frames one by one on their whole way',
  async () => {
    await fc.assert(fc.asyncProperty(world, fc.array(step, { minLength: 3, maxLength: 12 }), agrees), {
      numRuns: runs,
    });
  },
  timeoutMs,
);
