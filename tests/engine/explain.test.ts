/** `explain` says what would become of a frame, and changes nothing: every ingress verdict is reached, and most others. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { type FrameSpec, frameOf } from '../core/frames.ts';
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

  it.each(rows.map((row) => ({ row })))('$row', async ({ row }) => {
    const [port, dst, src, more, verdict, others = ''] = row;
    const pulled = cablesOf[port] ?? [];
    for (const cable of pulled) await network.setLink(cable, false);
    const name = { down: 'h/c', 'cut off': 'h/e' }[port] ?? `h/${port}`;
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

  it('has by now reached every ingress verdict there is', () => {
    const ingress = VERDICTS.filter(({ side }) => side === 'ingress').map(({ name }) => name);
    expect(ingress.filter((name) => !reached.has(name))).toEqual([]);
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
