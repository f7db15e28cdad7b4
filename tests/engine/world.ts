/** Random networks and what is done to them, for tests that compare two ways of running the same. */
import fc from 'fast-check';
import type { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import type { Topology } from '../../src/topology/model.ts';
import { frameOf } from '../core/frames.ts';

/** Numbers choose among what there is, so that any will do. */
export type Act =
  | {
      readonly do: 'inject';
      readonly port: number;
      readonly to: number;
      readonly from: number;
      readonly length: number;
    }
  | { readonly do: 'link'; readonly port: number; readonly up: boolean }
  | { readonly do: 'flush' | 'active' | 'guest'; readonly port: number }
  /** Something is put on the agenda, at a time or for when frames have been dropped; or taken off it again. */
  | { readonly do: 'at' | 'when' | 'cancel'; readonly port: number; readonly afterNs: number }
  | { readonly do: 'wire'; readonly port: number; readonly loss: number };

export interface World {
  readonly topology: Topology;
  /** In order of time; each happens when the network has run to there. */
  readonly acts: readonly { readonly atNs: bigint; readonly act: Act }[];
  readonly endNs: bigint;
}

const END_NS = 400_000;
/** Some of them the same, the first and the last among them. */
const instants = fc.oneof(fc.integer({ min: 0, max: END_NS }), fc.constantFrom(0, END_NS / 2, END_NS));
const rate = fc.constantFrom('10G', '1G', '2500M');
const cable = fc.record({
  delay: fc.constantFrom('0ns', '500ns', '3us', '20us'),
  rate: fc.option(rate, { nil: undefined }),
});

const hosts = fc.record({
  uplinks: fc.array(cable, { minLength: 1, maxLength: 2 }),
  macModel: fc.constantFrom('learning', 'registered'),
  policy: fc.constantFrom('port-id', 'source-mac', 'explicit'),
  max: fc.constantFrom(4, 64, 8192),
  vms: fc.integer({ min: 1, max: 4 }),
  vlan: fc.constantFrom(10, 20),
});

const streams = fc.record({
  from: fc.nat(),
  to: fc.nat(),
  size: fc.constantFrom(64, 300, 1518),
  rate: fc.constantFrom('200kpps', '1Gbps', '5Gbps', '30kpps'),
  flows: fc.constantFrom(1, 5),
});

const acts = fc.oneof(
  fc.record({
    do: fc.constant('inject' as const),
    port: fc.nat(),
    to: fc.nat(),
    from: fc.nat(),
    length: fc.constantFrom(60, 200, 1500),
  }),
  fc.record({ do: fc.constant('link' as const), port: fc.nat(), up: fc.boolean() }),
  fc.record({ do: fc.constantFrom('flush' as const, 'active' as const, 'guest' as const), port: fc.nat() }),
  fc.record({
    do: fc.constantFrom('at' as const, 'when' as const, 'cancel' as const),
    port: fc.nat(),
    afterNs: fc.constantFrom(0, 7_000, 60_000),
  }),
  fc.record({ do: fc.constant('wire' as const), port: fc.nat(), loss: fc.constantFrom(0, 0.2) }),
);

const events = fc.record({
  atNs: fc.integer({ min: 0, max: END_NS }),
  what: fc.constantFrom('unplug', 'plug', 'flap', 'stopVm', 'startVm', 'awaited'),
  place: fc.nat(),
});

/** Without what a program can take back only by a handle that it has kept: a snapshot does not have that. */
export const withoutHandles = (world: World): World => ({
  ...world,
  acts: world.acts.filter(({ act }) => act.do !== 'cancel'),
});

export const worlds: fc.Arbitrary<World> = fc
  .record({
    hosts: fc.array(hosts, { minLength: 1, maxLength: 3 }),
    streams: fc.array(streams, { minLength: 1, maxLength: 5 }),
    events: fc.array(events, { maxLength: 6 }),
    acts: fc.array(fc.record({ atNs: instants, act: acts }), { maxLength: 12 }),
    seed: fc.nat({ max: 1000 }),
  })
  .map((drawn): World => {
    const vms = drawn.hosts.flatMap(({ vms }, h) => Array.from({ length: vms }, (_, v) => `h${h}/v${v}`));
    const ports = drawn.hosts.reduce((sum, { uplinks }) => sum + uplinks.length, 1);
    let next = 0;
    const declared = drawn.hosts.map(({ uplinks, macModel, policy, max, vms, vlan }, h) => [
      `h${h}`,
      {
        uplinks: Object.fromEntries(
          uplinks.map(({ delay, rate }, u) => {
            const own = { to: `tor/${++next}`, delay, queue: 16 };
            return [`u${u}`, rate === undefined ? own : { ...own, rate }];
          }),
        ),
        vswitches: { s: { macModel, table: { max }, teaming: { policy }, portGroups: { g: { vlan } } } },
        vms: Object.fromEntries(
          Array.from({ length: vms }, (_, v) => [`v${v}`, { portGroup: 'g', ip: `10.0.${h}.${v + 1}/16` }]),
        ),
      },
    ]);
    const uplinks = drawn.hosts.flatMap(({ uplinks: own }, h) => own.map((_, u) => `h${h}/u${u}`));
    const planned = drawn.events.map(({ atNs, what, place }) => {
      const uplink = uplinks[place % uplinks.length]!;
      const vm = vms[place % vms.length]!;
      if (what === 'awaited')
        return { when: { counter: 'delivered', port: uplink, above: place % 40 }, after: '3us', unplug: uplink };
      const at = `${atNs}ns`;
      if (what === 'flap') return { at, flap: { port: uplink, down: '9us', up: '14us', times: 3 } };
      return what.endsWith('Vm') ? { at, [what]: vm } : { at, [what]: uplink };
    });
    const topology = topologyFrom({
      name: 'world',
      events: planned,
      seed: drawn.seed,
      hosts: Object.fromEntries(declared),
      physical: { switches: { tor: { ports, table: { max: 32 } } } },
      traffic: drawn.streams.map(({ from, to, ...rest }) => {
        const sender = vms[from % vms.length]!;
        const others = vms.filter((vm) => vm !== sender);
        return { from: sender, to: others[to % Math.max(1, others.length)] ?? 'broadcast', ...rest };
      }),
    });
    const inOrder = drawn.acts.map(({ atNs, act }) => ({ atNs: BigInt(atNs), act }));
    return { topology, acts: inOrder.sort((a, b) => Number(a.atNs - b.atNs)), endNs: BigInt(END_NS) };
  });

/** What takes off the agenda what a test has put on it last, by network. */
const handles = new WeakMap<Network, () => boolean>();

export async function perform(network: Network, act: Act): Promise<void> {
  const names = network.ports().map(({ name }) => name);
  const port = names[act.port % names.length]!;
  const kind = network.ports()[act.port % names.length]!.kind;
  if (act.do === 'inject') {
    const mac = (n: number) => `02:00:00:00:00:${(n % 12).toString(16).padStart(2, '0')}`;
    const dst = act.to % 5 === 0 ? 'ff:ff:ff:ff:ff:ff' : mac(act.to);
    const frame = frameOf(
      { dst, src: mac(act.from), tags: kind === 'vnic' ? [] : [10], payload: 'ip', length: act.length },
      act.to,
    );
    network.inject(port, frame, network.nowNs + 700n);
  } else if (act.do === 'link') await network.setLink(port, act.up);
  else if (act.do === 'flush') await network.flush({ port });
  else if (act.do === 'active' && kind === 'uplink') await network.setActive(port);
  else if (act.do === 'at')
    handles.set(
      network,
      network.at(network.nowNs + BigInt(act.afterNs), { flush: port }, { everyNs: 25_000n, times: 3 }),
    );
  else if (act.do === 'when') {
    const condition = { counter: 'delivered', port, above: 5 };
    handles.set(network, network.when(condition, { linkDown: port }, { afterNs: BigInt(act.afterNs), times: 2 }));
  } else if (act.do === 'cancel') handles.get(network)?.();
  else if (act.do === 'wire' && kind === 'uplink') await network.setWire(port, { loss: act.loss });
  else if (act.do === 'guest' && kind === 'vnic')
    await network.setGuestMac(port, `02:00:00:00:01:${(act.port % 9).toString(16).padStart(2, '0')}`);
}

/** Has the acts from `first` to before `end` happen, each at its time. */
export async function live(network: Network, { acts }: World, first = 0, end = acts.length): Promise<void> {
  for (const { atNs, act } of acts.slice(first, end)) {
    network.advance(atNs);
    await perform(network, act);
  }
}

/** The same, but for ages and the time itself: between two frames both depend on where the run was cut up. */
export function toldOf(network: Network, atTime: boolean): unknown {
  return atTime ? told(network) : JSON.parse(JSON.stringify(told(network), withoutTime));
}

const withoutTime = (key: string, value: unknown): unknown =>
  key === 'ageSeconds' ? 0 : key === '' ? { ...(value as object), seconds: 0 } : value;

/** All that a network tells, but for what depends on the machine and on where captures go. */
export function told(network: Network): unknown {
  const { captures: _, workers: __, memoryBytes: ___, ...rest } = network.report();
  if (!rest.ledger.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(rest.ledger)}`);
  return { ...rest, switches: rest.switches.map(({ worker: _, ...sw }) => sw) };
}
