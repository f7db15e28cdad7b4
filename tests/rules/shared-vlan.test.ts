/**
 * Shared VLAN learning (802.1Q-2018 8.8.8 and annex F): VLANs with one FID know each other's stations, and with it the
 * asymmetric VLANs by which clients that may not talk to each other share a server.
 */
import { describe, expect, it } from 'vitest';
import { at } from '../engine/lab.ts';
import { mac } from './networks.ts';
import { Twins, told } from './twins.ts';

/** Clients a and b speak in VLANs 10 and 20 and hear 30; server c speaks in 30 and hears all; d is another one's client in 30. */
const asymmetric = {
  a: { vlan: '10,30', native: 10 },
  b: { vlan: '20,30', native: 20 },
  c: { vlan: '10,20,30', native: 30 },
  d: { vlan: 30 },
};
type Station = keyof typeof asymmetric;

describe('asymmetric VLANs', () => {
  const heard = (sharedVlans: number[][]) => {
    const net = new Twins({ physical: { switches: { s: { ports: asymmetric, sharedVlans } } } });
    for (const name of ['a', 'b', 'c', 'd'] as const) net.send(`s/${name}`, net.frame(mac.all, mac[name]));
    return net;
  };
  const send = (net: Twins, from: Station, to: 'a' | 'b' | 'c' | 'd' | 'all') =>
    told(net.send(`s/${from}`, net.frame(mac[to], mac[from]))).replaceAll('s/', '');

  it('need one table: then each gets its own frames alone', () => {
    const net = heard([[10, 20, 30]]);
    expect(net.table('s')).toEqual(['a', 'b', 'c', 'd'].map((who) => `10 ${mac[who as 'a']} s/${who}`));
    expect([send(net, 'c', 'a'), send(net, 'c', 'b')]).toEqual(['a', 'b']);
    expect([send(net, 'a', 'c'), send(net, 'b', 'c')]).toEqual(['c', 'c']);
    // Clients are known to each other, and that is all.
    expect([send(net, 'a', 'b'), send(net, 'b', 'a')]).toEqual(['b egress_vlan', 'a egress_vlan']);
    expect([send(net, 'a', 'd'), send(net, 'd', 'a')]).toEqual(['d egress_vlan', 'a']);
    expect([send(net, 'a', 'all'), send(net, 'b', 'all'), send(net, 'c', 'all')]).toEqual(['c', 'c', 'a, b, d']);
  });

  it('with a table for each VLAN flood what the server answers', () => {
    const net = heard([]);
    expect(net.table('s')).toEqual([`10 ${mac.a} s/a`, `20 ${mac.b} s/b`, `30 ${mac.c} s/c`, `30 ${mac.d} s/d`]);
    expect([send(net, 'c', 'a'), send(net, 'c', 'b'), send(net, 'c', 'd')]).toEqual(['a, b, d', 'a, b, d', 'd']);
    expect([send(net, 'a', 'c'), send(net, 'a', 'b')], 'unknown in 10, which only c has').toEqual(['c', 'c']);
  });

  it('leave each copy with the tag of the VLAN that it was sent in', () => {
    const net = heard([[10, 20, 30]]);
    const { frames } = net.send('s/c', net.frame(mac.a, mac.c, { tags: [0xa000] }));
    expect([...at(frames, 's/a', 'out')[0]!.bytes.slice(12, 16)]).toEqual([0x81, 0x00, 0xa0, 30]);
  });
});

describe('a shared table', () => {
  const topology = (sharedVlans: number[][]) => {
    const ports = { 1: { vlan: 10 }, 2: { vlan: 20 }, 3: { vlan: 30 }, 4: { vlan: '1-4094' }, 5: { vlan: '1-4094' } };
    return { physical: { switches: { s: { ports, sharedVlans } } } };
  };

  it('has one entry for a station that is heard in two VLANs, which moves between ports', () => {
    const net = new Twins(topology([[20, 10]]));
    net.send('s/1', net.frame(mac.all, mac.a));
    net.send('s/2', net.frame(mac.all, mac.a));
    expect(net.table('s')).toEqual([`20 ${mac.a} s/2`]);
    expect(net.network.moves('s')).toMatchObject([{ vlan: 20, mac: mac.a, from: 's/1', to: 's/2' }]);
    net.send('s/3', net.frame(mac.all, mac.a));
    expect(net.table('s')).toEqual([`20 ${mac.a} s/2`, `30 ${mac.a} s/3`]);
  });

  it('is one without moves for a trunk that speaks in all of them', () => {
    const net = new Twins(topology([[10, 20]]));
    for (const tag of [10, 20, 10, 20, 30]) net.send('s/4', net.frame(mac.all, mac.a, { tags: [tag] }));
    expect(net.table('s')).toEqual([`10 ${mac.a} s/4`, `30 ${mac.a} s/4`]);
    expect(net.network.moves('s')).toEqual([]);
    // Known unicast, again and again in either VLAN
    for (const [tag, to] of [
      [10, 's/4'],
      [20, 's/4'],
    ] as const) {
      for (let i = 0; i < 2; i++) {
        const from = tag === 10 ? 's/1' : 's/2';
        expect(net.send(from, net.frame(mac.a, tag === 10 ? mac.b : mac.c)).recipients, `${tag}`).toEqual([to]);
      }
    }
  });

  it('can be several, and VLANs beside them are on their own', () => {
    const net = new Twins(
      topology([
        [10, 11],
        [20, 21],
      ]),
    );
    for (const tag of [10, 11, 20, 21, 30, 31]) net.send('s/4', net.frame(mac.all, mac.a, { tags: [tag] }));
    expect(net.table('s')).toEqual([10, 20, 30, 31].map((vlan) => `${vlan} ${mac.a} s/4`));
  });

  it('is flushed and bound by the name of any of its VLANs', async () => {
    const net = new Twins(topology([[10, 20]]));
    net.send('s/4', net.frame(mac.all, mac.a, { tags: [10] }));
    net.send('s/4', net.frame(mac.all, mac.a, { tags: [30] }));
    await net.operate((network) => network.flush({ switch: 's', vlan: 20 }));
    expect(net.table('s')).toEqual([`30 ${mac.a} s/4`]);
    await net.operate((network) => network.setStatic('s', 20, mac.b, 's/5'));
    expect(net.table('s')).toEqual([`10 ${mac.b} s/5 static`, `30 ${mac.a} s/4`]);
    expect(net.send('s/1', net.frame(mac.b, mac.c)).recipients).toEqual(['s/5']);
    await net.operate((network) => network.setStatic('s', 10, mac.b, null));
    expect(net.table('s')).toEqual([`10 ${mac.c} s/1`, `30 ${mac.a} s/4`]);
  });
});

describe.each(['learning', 'registered'] as const)('a vSwitch whose VLANs 10 and 20 share a table (%s)', (macModel) => {
  const lab = (sharedVlans: number[][]) => {
    const portGroups = { ten: { vlan: 10 }, twenty: { vlan: 20 } };
    const vswitches = { v: { macModel, sharedVlans, portGroups } };
    const vms = { a: { portGroup: 'ten', mac: mac.a }, b: { portGroup: 'twenty', mac: mac.b } };
    const net = new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms } } });
    net.send('h/u', net.frame(mac.all, mac.x, { tags: [20] }));
    for (const name of ['a', 'b'] as const) net.send(`h/${name}`, net.frame(mac.all, mac[name]));
    return net;
  };

  it('knows them in both', () => {
    const bound = macModel === 'registered' ? ' static' : '';
    const outside = macModel === 'registered' ? [] : [`10 ${mac.x} uplink`];
    expect(lab([[10, 20]]).table('h/v')).toEqual([`10 ${mac.a} h/a${bound}`, `10 ${mac.b} h/b${bound}`, ...outside]);
  });

  it('takes a frame from outside in the other VLAN for a reflection (R7)', () => {
    const reflected = (net: Twins) => told(net.send('h/u', net.frame(mac.all, mac.a, { tags: [20] })));
    expect(reflected(lab([[10, 20]]))).toBe('u deja_vu');
    expect(reflected(lab([]))).toBe('b');
  });

  it('finds a station that its own VLAN does not carry', () => {
    const cross = (net: Twins) => [
      told(net.send('h/b', net.frame(mac.a, mac.b))),
      told(net.send('h/u', net.frame(mac.a, mac.x, { tags: [20] }))),
      told(net.send('h/u', net.frame(mac.a, mac.x, { tags: [10] }))),
    ];
    expect(cross(lab([[10, 20]]))).toEqual(['a egress_vlan', 'a egress_vlan', 'a']);
    const unknown = macModel === 'registered' ? 'u unknown_unicast_uplink' : 'b';
    expect(cross(lab([]))).toEqual(['u', unknown, 'a']);
  });

  it('sends to a station outside in the sender’s VLAN', () => {
    const net = lab([[10, 20]]);
    const { frames, recipients } = net.send('h/a', net.frame(mac.x, mac.a));
    expect(recipients).toEqual(['h/u']);
    expect([...at(frames, 'h/u', 'out')[0]!.bytes.slice(12, 16)]).toEqual([0x81, 0, 0, 10]);
  });
});
