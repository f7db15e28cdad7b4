/**
 * `explain` says what would become of a frame, and changes nothing: every ingress verdict is reached that a single frame on
 * a copy of the network can end in, and most others.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { type FrameSpec, frameOf } from '../core/frames.ts';
import { data } from '../rules/igmp-frames.ts';
import { announce, ask } from '../rules/neighbour-frames.ts';
import { mac, type Name } from '../rules/networks.ts';

const nics = { a: 'learned', b: 'learned', c: 'alone', d: 'vlan20' } as const;
const topology = topologyFrom({
  hosts: {
    h: {
      uplinks: ['u1', 'u2', 'u3', 'r1', 'r2'],
      vswitches: {
        // a pinned to u1, b to u2; the designated receiver of VLAN 10 is u1
        v: {
          uplinks: ['u1', 'u2', 'u3'],
          teaming: { active: ['u1', 'u2'], standby: ['u3'] },
          uplinkVlans: '10,20,30',
          portGroups: { learned: { vlan: 10 }, vlan20: { vlan: 20 } },
        },
        w: { uplinks: ['r1', 'r2'], macModel: 'registered', portGroups: { known: {} } },
        z: { uplinks: [], portGroups: { alone: {} } },
      },
      vms: {
        ...Object.fromEntries(
          Object.entries(nics).map(([name, portGroup]) => [name, { portGroup, mac: mac[name as Name] }]),
        ),
        e: { portGroup: 'known', mac: mac.e },
        f: { portGroup: 'known', mac: mac.f },
      },
    },
  },
});

type Row = readonly [
  port: string,
  dst: Name,
  src: Name | null,
  more: Partial<FrameSpec>,
  verdict: string,
  others?: string,
];

const rows: Row[] = [
  ['a', 'b', 'a', {}, 'forward', 'b delivered'],
  ['a', 'nobody', 'a', {}, 'flood_unknown', 'b delivered, u1 delivered'],
  ['a', 'all', 'a', {}, 'flood_group', 'b delivered, u1 delivered'],
  ['u1', 'all', 'y', { tags: [10] }, 'flood_group', 'a delivered, b delivered'],
  ['down', 'all', 'a', {}, 'link_down'],
  ['a', 'all', 'a', { length: 0 }, 'runt'],
  ['a', 'all', 'a', { length: 13 }, 'runt'],
  ['u1', 'all', 'y', { tags: [10], length: 17 }, 'runt'],
  ['a', 'all', 'a', { length: 1515 }, 'giant'],
  ['u1', 'all', 'y', { tags: [10], length: 1519 }, 'giant'],
  ['a', 'all', 'group', {}, 'src_group'],
  ['a', 'all', null, {}, 'src_zero'],
  ['u1', 'all', 'y', { tags: [4095] }, 'vid_reserved'],
  ['u1', 'all', 'y', { tags: [99] }, 'vlan_not_member'],
  ['u1', 'all', 'y', {}, 'vlan_not_member'],
  ['a', 'all', 'a', { tags: [10] }, 'vlan_not_member'],
  ['u3', 'all', 'y', { tags: [10] }, 'uplink_not_active'],
  ['u2', 'all', 'a', { tags: [10] }, 'deja_vu'],
  ['r1', 'all', 'e', {}, 'deja_vu'],
  ['u2', 'all', 'y', { tags: [10] }, 'not_designated'],
  ['u2', 'nobody', 'y', { tags: [10] }, 'not_designated'],
  ['r1', 'nobody', 'y', {}, 'unknown_unicast_uplink'],
  ['u2', 'a', 'y', { tags: [10] }, 'rpf_unicast'],
  ['u1', 'x', 'y', { tags: [10] }, 'no_transit'],
  ['a', 'a', 'b', {}, 'same_port'],
  ['e', 'nobody', 'e', {}, 'flood_unknown', 'r1 delivered'],
  ['cut off', 'nobody', 'e', {}, 'no_uplink'],
  ['cut off', 'all', 'e', {}, 'flood_group', 'e no_uplink_copy, f delivered'],
  ['c', 'all', 'c', {}, 'no_recipient'],
  ['u1', 'd', 'y', { tags: [30] }, 'no_recipient'],
  ['d', 'nobody', 'd', {}, 'forward', 'a egress_vlan'],
];

/** Host p, whose port groups each forbid something, and whose vSwitch `lag` waits for LACP. */
const strictTopology = topologyFrom({
  hosts: {
    p: {
      uplinks: ['u1', 'u2', 'l1'],
      vswitches: {
        v: {
          uplinks: ['u1', 'u2'],
          receivers: 'per-recipient',
          portGroups: {
            untagged: { vlan: 10, accept: 'untagged' },
            filter: { vlan: 10, bpdu: 'filter' },
            guard: { vlan: 10, bpdu: 'guard' },
            calm: { vlan: 10, storm: { broadcast: '1pps' } },
            own: { vlan: 10, security: { forgedTransmits: 'reject' } },
            bound: { vlan: 10, security: { staticConflict: 'drop' } },
            few: { vlan: 10, macLimit: 1 },
            // Its only vNIC is the eighth, so it is pinned to u2.
            twenty: { vlan: 20 },
          },
        },
        lag: { uplinks: ['l1'], teaming: { lag: 'active' }, portGroups: { team: {} } },
      },
      vms: {
        a: { portGroup: 'untagged', mac: mac.a },
        b: { portGroup: 'filter', mac: mac.b },
        c: { portGroup: 'guard', mac: mac.c },
        d: { portGroup: 'calm', mac: mac.d },
        e: { portGroup: 'own', mac: mac.e },
        f: { portGroup: 'bound', mac: mac.f },
        g: { portGroup: 'few' },
        h: { portGroup: 'twenty' },
        // In the same port group as c, which a BPDU has shut
        open: { portGroup: 'guard' },
        m: { portGroup: 'team' },
      },
    },
  },
});

const bpdu = '01:80:c2:00:00:00';
/** What a partner says first: nothing but that it speaks LACP. */
const lacpdu = '0180c2000002 020000000001 8809 0101 0114 80000200000000010001800000010d000000 0214'.replaceAll(' ', '');

const strictRows: Row[] = [
  ['a', 'all', 'a', { tags: [10] }, 'frame_type'],
  ['b', 'all', 'b', { dst: bpdu }, 'bpdu_filter'],
  ['open', 'all', 'y', { dst: bpdu }, 'bpdu_guard'],
  ['c', 'all', 'c', {}, 'port_shut'],
  ['d', 'all', 'd', {}, 'storm'],
  ['e', 'all', 'a', {}, 'forged_transmit'],
  ['f', 'all', 'nobody', {}, 'static_violation'],
  ['g', 'all', 'y', {}, 'mac_limit'],
  ['g', 'a', 'x', {}, 'forward', 'a delivered'],
  ['u1', 'all', 'y', { tags: [20] }, 'rpf_group'],
  ['u2', 'all', 'y', { tags: [20] }, 'flood_group', 'h delivered'],
  ['l1', 'all', 'y', {}, 'lag_not_ready'],
  ['m', 'all', 'y', {}, 'no_uplink'],
];

/** The network in which c has been shut, d and g have had what they may, and `nobody` is bound to a. */
async function strict(): Promise<Network> {
  const network = new Network(strictTopology, { injectAt: ['*'] });
  const frames = [
    ['p/c', bpdu, mac.c],
    ['p/d', mac.all, mac.d],
    ['p/g', mac.all, mac.x],
    ['p/a', mac.all, mac.a],
  ] as const;
  for (const [port, dst, src] of frames) network.inject(port, frameOf({ dst, src, tags: [], payload: 'ip' }, 1), 0n);
  network.advance(1000n);
  await network.setStatic('p/v', 10, mac.nobody, 'p/a');
  return network;
}

/**
 * A copy cannot show these. storm_guard: every frame that is explained is a new one, and comes in once. no_buffer_in: such a
 * frame stands in a buffer of its own, untouched, and its tag is rewritten there. bad_fcs: it comes by no cable. worker_died: nobody
 * moves the copy but explain. mirror_port: nobody is watched here (tests/rules/mirror.test.ts). Guards: tests/rules/rogue.test.ts.
 */
const unreachable = [
  'storm_guard',
  'no_buffer_in',
  'bad_fcs',
  'worker_died',
  'mirror_port',
  'dhcp_guard',
  'router_guard',
];

/** Cables that are pulled for a row. */
const cablesOf: Record<string, string[]> = { down: ['h/c'], 'cut off': ['h/r1', 'h/r2'] };

/** A network in which a, b and x (outside) have been heard; in VLAN 20 `nobody` is bound to a port that does not carry it. */
async function ready(): Promise<Network> {
  const network = new Network(topology, { injectAt: ['h/a', 'h/b', 'h/u1'], unplugged: 'open' });
  const frames = [
    ['h/a', mac.a, []],
    ['h/b', mac.b, []],
    ['h/u1', mac.x, [10]],
  ] as const;
  for (const [port, src, tags] of frames)
    network.inject(port, frameOf({ dst: mac.all, src, tags, payload: 'ip' }, 1), 0n);
  network.advance(1000n);
  await network.setStatic('h/v', 20, mac.nobody, 'h/a');
  return network;
}

const hashOf = (network: Network) => createHash('sha256').update(network.memory.bytes).digest('hex');
const reached = new Set<string>();

describe('explain', async () => {
  const network = await ready();
  const guarded = await strict();
  const all = [
    ...rows.map((row) => ({ row, network, host: 'h' })),
    ...strictRows.map((row) => ({ row, network: guarded, host: 'p' })),
  ];

  it.each(all)('$host $row', async ({ row, network, host }) => {
    const [port, dst, src, more, verdict, others = ''] = row;
    const pulled = cablesOf[port] ?? [];
    for (const cable of pulled) await network.setLink(cable, false);
    const name = { down: 'h/c', 'cut off': 'h/e' }[port] ?? `${host}/${port}`;
    const bytes = frameOf(
      { dst: mac[dst], src: src === null ? '00:00:00:00:00:00' : mac[src], tags: [], payload: 'ip', ...more },
      5,
    );
    const before = [hashOf(network), JSON.stringify(network.ports()), JSON.stringify(network.report())];
    const told = network.explain(name, bytes);
    expect(
      [hashOf(network), JSON.stringify(network.ports()), JSON.stringify(network.report())],
      'nothing has changed',
    ).toEqual(before);
    expect(told.verdict.name).toBe(verdict);
    expect(
      told.copies
        .map((copy) => `${copy.port.slice(2)} ${copy.verdict.name}`)
        .sort()
        .join(', '),
    ).toBe(others);
    const failed = told.checks.filter(({ outcome }) => outcome === 'failed');
    if (told.verdict.fate === 'drop') {
      expect(told.checks.at(-1), 'the last check is the one that failed').toBe(failed.at(-1));
    }
    reached.add(told.verdict.name);
    for (const copy of told.copies) reached.add(copy.verdict.name);
    for (const cable of pulled) await network.setLink(cable, true);
  });

  it('reaches reserved_mac', () => {
    const told = network.explain('h/a', frameOf({ dst: '01:80:c2:00:00:00', src: mac.a, tags: [], payload: 'ip' }, 5));
    expect(told.verdict.name).toBe('reserved_mac');
    reached.add(told.verdict.name);
  });

  it('reaches consumed', () => {
    const told = guarded.explain('p/l1', Buffer.from(lacpdu.padEnd(248, '0'), 'hex'));
    expect(told.verdict.name).toBe('consumed');
    expect(told.copies, 'the switch answers').toMatchObject([{ port: 'p/l1', verdict: { name: 'delivered' } }]);
    expect(told.checks.at(-1)).toMatchObject({ check: { name: 'protocol' }, outcome: 'failed' });
    reached.add(told.verdict.name);
  });

  it('reaches stp_discarding', () => {
    const physical = { switches: { s: { ports: 2, spanningTree: { ports: { 1: { edge: false } } } } } };
    const network = new Network(topologyFrom({ physical }), { unplugged: 'open' });
    network.advance(1_000_000n);
    const told = network.explain('s/1', frameOf({ dst: mac.b, src: mac.a, tags: [], payload: 'ip' }, 5));
    expect(told.verdict.name).toBe('stp_discarding');
    expect(told.checks.at(-1)).toMatchObject({ check: { name: 'tree' }, outcome: 'failed' });
    reached.add(told.verdict.name);
  });

  it('reaches forward_group', () => {
    const multicast = { mode: 'snooping', floodUnregistered: false, routerPorts: ['2'] };
    const snooping = new Network(topologyFrom({ physical: { switches: { s: { ports: 3, multicast } } } }), {
      unplugged: 'open',
    });
    const told = snooping.explain('s/1', data('239.1.1.1', { src: mac.y }));
    expect(told.verdict.name).toBe('forward_group');
    expect(told.copies).toMatchObject([{ port: 's/2' }]);
    reached.add(told.verdict.name);
  });

  it('reaches detached', () => {
    const vms = { late: { absent: true } };
    const away = new Network(topologyFrom({ hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms } } }));
    const told = away.explain('h/late', frameOf({ dst: mac.a, src: mac.y, tags: [], payload: 'ip' }, 5));
    expect(told.checks.at(-1)).toMatchObject({ check: { name: 'link' }, outcome: 'failed' });
    reached.add(told.verdict.name);
  });

  it('reaches answered, and names the owner', () => {
    const switches = { s: { ports: 3, neighbourSuppression: true } };
    const knows = new Network(topologyFrom({ physical: { switches } }), { injectAt: ['s/2'], unplugged: 'open' });
    knows.inject('s/2', announce({ mac: mac.b, ip: '10.0.0.2' }), 0n);
    knows.advance(1_000n);
    const told = knows.explain('s/1', ask({ mac: mac.a, ip: '10.0.0.1' }, '10.0.0.2'));
    expect(told.checks.at(-1)).toMatchObject({
      check: { name: 'neighbour' },
      outcome: 'failed',
      fact: 'the owner is at s/2',
    });
    expect(told.copies).toMatchObject([{ port: 's/1', verdict: { name: 'delivered' } }]);
    reached.add(told.verdict.name);
    const unknown = knows.explain('s/1', ask({ mac: mac.a, ip: '10.0.0.1' }, '10.0.0.3'));
    expect(unknown.checks).toContainEqual(expect.objectContaining({ outcome: 'passed', fact: '' }));
    expect(unknown.verdict.name).toBe('flood_group');
  });

  it('has by now reached every ingress verdict there is', () => {
    const ingress = VERDICTS.filter(({ side }) => side === 'ingress').map(({ name }) => name);
    expect(ingress.filter((name) => !reached.has(name))).toEqual(unreachable);
  });

  it('leaves a port open that the explained frame would shut', () => {
    guarded.explain('p/open', frameOf({ dst: bpdu, src: mac.y, tags: [], payload: 'ip' }, 5));
    expect(guarded.ports().find(({ name }) => name === 'p/open')!.link).toBe('up');
    expect(
      guarded.explain('p/open', frameOf({ dst: mac.a, src: mac.y, tags: [], payload: 'ip' }, 5)).verdict.name,
    ).toBe('forward');
  });

  it('says what the network then does', async () => {
    const live = await ready();
    const bytes = frameOf({ dst: mac.b, src: mac.a, tags: [], payload: 'ip' }, 5);
    const told = live.explain('h/a', bytes);
    const before = live.ports().find(({ name }) => name === 'h/a')!.verdicts['forward'] ?? 0;
    live.inject('h/a', bytes, live.nowNs);
    live.advance(live.nowNs);
    expect(told.verdict.name).toBe('forward');
    expect(live.ports().find(({ name }) => name === 'h/a')!.verdicts['forward']).toBe(before + 1);
  });

  it('shows the copy as it leaves where the port is watched', () => {
    const watched = new Network(topology, { watch: ['h/u1', 'h/b'], unplugged: 'open' });
    const bytes = frameOf({ dst: mac.all, src: mac.a, tags: [], payload: 'ip' }, 5);
    const tagged = frameOf({ dst: mac.all, src: mac.a, tags: [10], payload: 'ip' }, 5);
    const { copies } = watched.explain('h/a', bytes);
    const copy = (port: string) => Buffer.from(copies.find((each) => each.port === port)!.bytes!);
    expect([copy('h/b').equals(bytes), copy('h/u1').equals(tagged)]).toEqual([true, true]);
    expect(watched.takeFrames()).toEqual([]);
  });

  it('refuses a port that is not there and a frame longer than any, in one line', () => {
    expect(() => network.explain('h/zzz', new Uint8Array(60))).toThrow(/^no port h\/zzz in topology$/);
    expect(() => network.explain('h/a', new Uint8Array(131_009))).toThrow(
      /^a frame of 131009 bytes is more than 131008/,
    );
    expect(network.explain('h/a', new Uint8Array(131_008).fill(2)).verdict.name).toBe('giant');
  });
});
