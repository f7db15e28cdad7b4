/**
 * What a port lets its station do: promiscuous mode, MAC changes and forged transmits with the presets of ESXi; static
 * addresses heard elsewhere; BPDUs (R15); reserved addresses that are relayed after all (R16).
 *
 * Host h has the uplink u and VMs with the names of their addresses. An outcome is written as who got a copy and what was
 * dropped where; `nobody` is neither.
 */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { mac, type Name } from './networks.ts';
import { Twins, told } from './twins.ts';

type Model = 'learning' | 'registered';
const models = ['learning', 'registered'] as const;
const vms = ['a', 'b', 'c'] as const;
const bpdu = '01:80:c2:00:00:00';
const pvst = '01:00:0c:cc:cc:cd';

/** Host h with VMs a, b and c in port group pg, and what a row adds to vSwitch v and to the port group. */
function host(vswitch: object, group: object = {}, vm: object = {}): unknown {
  return {
    hosts: {
      h: {
        uplinks: ['u'],
        vswitches: { v: { teaming: { notify: false }, portGroups: { pg: group }, ...vswitch } },
        vms: Object.fromEntries(vms.map((name) => [name, { mac: mac[name], ...(name === 'a' ? vm : {}) }])),
      },
    },
  };
}

/** Lets a frame enter: `a`, or `a as x` for a frame of a's that says it is x's, and tells what came of it. */
function send(lab: Twins, from: string, to: Name, tags: readonly number[] = []): string {
  const [port, source = port] = from.split(' as ') as [string, string?];
  return told(lab.send(`h/${port}`, lab.frame(mac[to], mac[source === 'u' ? 'x' : (source as Name)], { tags })));
}

describe('the security of a port group', () => {
  type Row = readonly [what: string, vswitch: object, group: object, forged: string, toChanged: string];
  const got = 'b, c, u';
  const forged = 'a forged_transmit';
  const changed = 'b, c, a mac_change';
  const rows: Row[] = [
    ['by default', {}, {}, got, 'a, b, c'],
    ['preset vss', { preset: 'vss' }, {}, got, 'a, b, c'],
    ['preset vds', { preset: 'vds' }, {}, forged, changed],
    ['vds, forged transmits accepted', { preset: 'vds', security: { forgedTransmits: 'accept' } }, {}, got, changed],
    ['vds, changes accepted', { preset: 'vds', security: { macChanges: 'accept' } }, {}, forged, 'a, b, c'],
    ['vds, the group accepts both', { preset: 'vds' }, both('accept'), got, 'a, b, c'],
    ['vss, both rejected', { security: both('reject').security }, {}, forged, changed],
    ['vss, the group rejects both', {}, both('reject'), forged, changed],
    ['the group over its vSwitch', { security: both('reject').security }, both('accept'), got, 'a, b, c'],
  ];

  function both(what: 'accept' | 'reject') {
    return { security: { macChanges: what, forgedTransmits: what } };
  }

  it.each(rows)('%s', async (_what, vswitch, group, asOther, toChanged) => {
    for (const macModel of models) {
      const lab = new Twins(host({ macModel, ...vswitch }, group));
      expect(send(lab, 'a as x', 'all'), macModel).toBe(asOther);
      const learned = macModel === 'learning' && asOther === got;
      expect(lab.table('h/v').includes(`0 ${mac.x} h/a`), 'what is refused is not learned').toBe(learned);
      send(lab, 'c', 'all');
      expect(send(lab, 'b', 'c'), 'nothing is promiscuous').toBe('c');
      await lab.operate((network) => network.setGuestMac('h/a', mac.d));
      expect(send(lab, 'u as y', 'all'), 'to a guest that has changed its address').toBe(toChanged);
      expect(send(lab, 'u as y', 'group')).toBe(toChanged);
    }
  });
});

describe('a guest that uses another address than it was given', () => {
  /** a changes from a to d: who gets what is for d and for a from b, and what comes of frames that a sends as d and as a. */
  type Row = readonly [
    macChanges: string,
    forged: string,
    model: Model,
    asNew: string,
    asOld: string,
    toNew: string,
    toOld: string,
  ];
  const rows: Row[] = [
    ['accept', 'accept', 'learning', 'b, c, u', 'b, c, u', 'a', 'a'],
    ['accept', 'reject', 'learning', 'b, c, u', 'a forged_transmit', 'a', 'a, c, u'],
    ['reject', 'accept', 'learning', 'b, c, u', 'b, c, u', 'a mac_change', 'a mac_change'],
    ['reject', 'reject', 'learning', 'b, c, u', 'a forged_transmit', 'a mac_change', 'c, u, a mac_change'],
    ['accept', 'accept', 'registered', 'b, c, u', 'b, c, u', 'a', 'u'],
    ['accept', 'reject', 'registered', 'b, c, u', 'a forged_transmit', 'a', 'u'],
    ['reject', 'accept', 'registered', 'b, c, u', 'b, c, u', 'u', 'a mac_change'],
    ['reject', 'reject', 'registered', 'b, c, u', 'a forged_transmit', 'u', 'a mac_change'],
  ];

  it.each(rows)('changes %s, forged transmits %s, %s', async (macChanges, forgedTransmits, macModel, ...wanted) => {
    const group = { security: { macChanges, forgedTransmits } };
    const changed = new Twins(host({ macModel }, group));
    await changed.operate((network) => network.setGuestMac('h/a', mac.d));
    // The same guest, which had that address when the network began.
    const born = new Twins(host({ macModel }, group, { effectiveMac: mac.d }));
    for (const lab of [changed, born]) {
      const outcomes = [
        send(lab, 'a as d', 'all'),
        send(lab, 'a as a', 'all'),
        send(lab, 'b', 'd'),
        send(lab, 'b', 'a'),
      ];
      expect(outcomes).toEqual(wanted);
    }
  });

  it.each(models)('is let in again with its own address (%s)', async (macModel) => {
    const lab = new Twins(host({ macModel, preset: 'vds' }));
    send(lab, 'a', 'all');
    const before = lab.table('h/v');
    await lab.operate((network) => network.setGuestMac('h/a', mac.d));
    expect(send(lab, 'b', 'a')).toBe('a mac_change');
    await lab.operate((network) => network.setGuestMac('h/a', mac.a));
    expect(send(lab, 'b', 'a')).toBe('a');
    expect(lab.table('h/v').filter((row) => !row.includes(mac.b) || row.includes('static'))).toEqual(before);
  });

  it('takes the registered address along, and the former one is nobody’s', async () => {
    const lab = new Twins(host({ macModel: 'registered' }));
    await lab.operate((network) => network.setGuestMac('h/a', mac.d));
    const own = [`0 ${mac.b} h/b static`, `0 ${mac.c} h/c static`, `0 ${mac.d} h/a static`];
    expect(lab.table('h/v')).toEqual(own);
    expect(send(lab, 'u', 'd')).toBe('a');
    expect(send(lab, 'u', 'a')).toBe('u unknown_unicast_uplink');
    expect(send(lab, 'u as d', 'all')).toBe('u deja_vu');
    expect(send(lab, 'u as a', 'all')).toBe('a, b, c');
  });

  it('cannot take an address that another vNIC has', async () => {
    const lab = new Twins(host({ macModel: 'registered' }));
    await lab.operate((network) => network.setGuestMac('h/a', mac.b));
    expect(lab.table('h/v')).toEqual([`0 ${mac.b} h/b static`, `0 ${mac.c} h/c static`]);
    expect(send(lab, 'c', 'b')).toBe('b');
    await lab.operate((network) => network.setGuestMac('h/a', mac.a));
    expect(lab.table('h/v')).toEqual(['a', 'b', 'c'].map((vm) => `0 ${mac[vm as 'a']} h/${vm} static`));
  });

  it('may send from an address that is bound to its port, and from no other', async () => {
    const lab = new Twins(host({ preset: 'vds' }));
    await lab.operate((network) => network.setStatic('h/v', 0, mac.x, 'h/a'));
    await lab.operate((network) => network.setStatic('h/v', 0, mac.y, 'h/b'));
    expect(send(lab, 'a as x', 'all')).toBe('b, c, u');
    expect(send(lab, 'a as y', 'all')).toBe('a forged_transmit');
    expect(send(lab, 'b as y', 'all')).toBe('a, c, u');
    await lab.operate((network) => network.setStatic('h/v', 0, mac.x, null));
    expect(send(lab, 'a as x', 'all')).toBe('a forged_transmit');
  });

  it('may send from an address that sticks to its port', async () => {
    const lab = new Twins(host({ preset: 'vds' }, { sticky: true }));
    await lab.operate((network) => network.setGuestMac('h/a', mac.d));
    send(lab, 'a as d', 'all');
    await lab.operate((network) => network.setGuestMac('h/a', mac.a));
    expect(send(lab, 'a as d', 'all')).toBe('b, c, u');
    expect(send(lab, 'b as d', 'all')).toBe('b forged_transmit');
  });

  it('sends on from its new address', async () => {
    for (const macModel of models) {
      const security = { forgedTransmits: 'reject' };
      const traffic = [{ from: 'h/a', to: 'h/b', size: 64, rate: '1kpps', count: 10 }];
      for (const watch of [[], ['*']]) {
        const network = new Network(topologyFrom({ ...(host({ macModel, security }) as object), traffic }), { watch });
        network.advance(4_500_000n);
        await network.setGuestMac('h/a', mac.d);
        network.advance(20_000_000n);
        const [a, b] = network.ports();
        expect([a!.verdicts['forged_transmit'] ?? 0, b!.guest!.received], macModel).toEqual([0, 10]);
        expect(network.macTable('h/v')).toContainEqual(expect.objectContaining({ mac: mac.d, port: 'h/a' }));
      }
    }
  });

  it('is not heard with a forged address that is only learned there', async () => {
    const lab = new Twins(host({ preset: 'vds' }));
    send(lab, 'a', 'all');
    send(lab, 'b', 'all');
    await lab.operate((network) => network.setGuestMac('h/a', mac.d));
    // The entry of a is still at its port, and b is known: the commonest kind of frame.
    expect(send(lab, 'a as a', 'b')).toBe('a forged_transmit');
    send(lab, 'a as d', 'all');
    await lab.operate((network) => network.setGuestMac('h/a', mac.a));
    expect(send(lab, 'a as d', 'b')).toBe('a forged_transmit');
  });
});

describe('an unknown sender at a port that rejects forged transmits', () => {
  it.each(models)('is dropped when its destination is known, too (%s)', (macModel) => {
    const lab = new Twins(host({ macModel, preset: 'vds' }));
    for (const vm of vms) send(lab, vm, 'all');
    expect(send(lab, 'a as x', 'b')).toBe('a forged_transmit');
    expect(send(lab, 'a', 'b')).toBe('b');
    expect(send(lab, 'u as y', 'b'), 'outside, nobody is asked').toBe('b');
  });
});

describe('a promiscuous port', () => {
  /** spy (VLAN 10) and tap (10 and 20, tagged) are promiscuous, spy20 (VLAN 20) as well; a and b are in VLAN 10, d in 20. */
  const topology = (macModel: Model, more: object = {}) => {
    const security = { promiscuous: 'accept' };
    const groups = {
      pg: { vlan: 10 },
      pg20: { vlan: 20 },
      spies: { vlan: 10, security },
      taps: { vlan: '10,20', security },
      spies20: { vlan: 20, security },
    };
    const of: Record<string, string> = { a: 'pg', b: 'pg', d: 'pg20', spy: 'spies', tap: 'taps', spy20: 'spies20' };
    const nics = Object.entries(of).map(([name, portGroup], i) => {
      return [name, { portGroup, mac: mac[name as Name] ?? `02:00:00:00:02:0${i}` }];
    });
    const vswitches = { v: { macModel, portGroups: groups, ...more } };
    return { hosts: { h: { uplinks: ['u'], vswitches, vms: Object.fromEntries(nics) } } };
  };
  /** What comes of it with either model, where one word is enough. */
  type Row = readonly [from: string, to: Name, tags: number[], learning: string, registered: string | null];
  const rows: Row[] = [
    ['a', 'b', [], 'b, spy, tap', null],
    ['a', 'x', [], 'spy, tap, u', null],
    ['a', 'all', [], 'b, spy, tap, u', null],
    ['a', 'nobody', [], 'b, spy, tap, u', 'spy, tap, u'],
    ['a', 'a', [], 'a same_port', null],
    ['u', 'a', [10], 'a, spy, tap', null],
    ['u', 'nobody', [10], 'a, b, spy, tap', 'spy, tap'],
    ['u', 'nobody', [20], 'd, spy20, tap', 'spy20, tap'],
    ['u as a', 'b', [10], 'u deja_vu', null],
    ['u as y', 'x', [10], 'u no_transit', 'spy, tap'],
    ['d', 'nobody', [], 'spy20, tap, u', null],
    // Not back to the spy itself
    ['spy as c', 'a', [], 'a, tap', null],
    ['tap as e', 'a', [10], 'a, spy', null],
    ['tap as e', 'd', [20], 'd, spy20', null],
    // In VLAN 20, a is known to be nowhere
    ['d', 'a', [], 'spy20, tap, u', null],
  ];

  it.each(rows)('%s to %s, tags %j', (from, to, tags, learning, registered) => {
    for (const macModel of models) {
      const lab = new Twins(topology(macModel));
      for (const vm of ['a', 'b', 'd']) send(lab, vm, 'all');
      lab.send('h/u', lab.frame(mac.all, mac.x, { tags: [10] }));
      expect(send(lab, from, to, tags), macModel).toBe(macModel === 'learning' ? learning : (registered ?? learning));
    }
  });

  it('sees a unicast whose own way ends at a port without its VLAN or link', async () => {
    const lab = new Twins(topology('learning'));
    await lab.operate((network) => network.setStatic('h/v', 10, mac.x, 'h/d'));
    await lab.operate((network) => network.setStatic('h/v', 10, mac.y, 'h/b'));
    expect(send(lab, 'a', 'x')).toBe('spy, tap, d egress_vlan');
    await lab.operate((network) => network.setLink('h/b', false));
    expect(send(lab, 'a', 'y')).toBe('spy, tap, b egress_link_down');
  });

  it('gets nothing without link, nor when its guest’s address is not the configured one', async () => {
    const security = { promiscuous: 'accept', macChanges: 'reject' };
    const portGroups = { pg: {}, spies: { security } };
    const spy = { portGroup: 'spies', mac: mac.e };
    const nics = { a: { portGroup: 'pg', mac: mac.a }, b: { portGroup: 'pg', mac: mac.b }, spy };
    const lab = new Twins({ hosts: { h: { uplinks: ['u'], vswitches: { v: { portGroups } }, vms: nics } } });
    send(lab, 'b', 'all');
    expect(send(lab, 'a', 'b')).toBe('b, spy');
    await lab.operate((network) => network.setGuestMac('h/spy', mac.f));
    expect(send(lab, 'a', 'b')).toBe('b, spy mac_change');
    await lab.operate((network) => network.setLink('h/spy', false));
    expect(send(lab, 'a', 'b')).toBe('b');
  });

  it('does not keep a frame that has no uplink to leave by', async () => {
    const lab = new Twins(topology('learning'));
    lab.send('h/u', lab.frame(mac.all, mac.x, { tags: [10] }));
    await lab.operate((network) => network.setLink('h/u', false));
    expect(send(lab, 'a', 'x')).toBe('a no_uplink');
  });
});

describe('a source that is bound to another port', () => {
  type Row = readonly [conflict: string, outcome: string, later: string, link: string];
  const rows: Row[] = [
    ['forward', 'b, c, u', 'b, c, u', 'up'],
    ['drop', 'a static_violation', 'b, c, u', 'up'],
    ['shut', 'a static_violation', 'a port_shut', 'shut'],
  ];

  it.each(rows)('staticConflict: %s', async (staticConflict, outcome, later, link) => {
    for (const macModel of models) {
      const lab = new Twins(host({ macModel, security: { staticConflict } }));
      await lab.operate((network) => network.setStatic('h/v', 0, mac.x, 'h/b'));
      await lab.operate((network) => network.setStatic('h/v', 0, mac.y, 'h/u'));
      send(lab, 'a', 'all');
      for (const source of macModel === 'learning' ? ['x', 'y'] : ['x', 'y', 'c']) {
        expect(send(lab, `a as ${source}`, 'all'), `${macModel} as ${source}`).toBe(outcome);
        expect(send(lab, 'a', 'all')).toBe(later);
        expect(lab.network.ports()[0]!.link).toBe(link);
        if (link !== 'shut') continue;
        expect(lab.table('h/v')).not.toContain(`0 ${mac.a} h/a`);
        expect(send(lab, 'b', 'all')).toBe('c, u');
        await lab.operate((network) => network.setLink('h/a', true));
        expect(send(lab, 'a', 'all')).toBe('b, c, u');
      }
      expect(lab.table('h/v')).toContain(`0 ${mac.x} h/b static`);
      expect(send(lab, 'b as x', 'c'), 'at its own port').toContain('c');
    }
  });

  it('on a physical port', async () => {
    const ports = { 1: { security: { staticConflict: 'drop' } }, 2: {}, 3: { security: { staticConflict: 'shut' } } };
    const lab = new Twins({ physical: { switches: { s: { ports } } } });
    await lab.operate((network) => network.setStatic('s', 0, mac.x, 's/2'));
    const heard = (port: string) => told(lab.send(port, lab.frame(mac.all, mac.x)));
    expect([heard('s/1'), heard('s/2'), heard('s/3'), heard('s/3'), heard('s/2')]).toEqual([
      's/1 static_violation',
      's/1, s/3',
      's/3 static_violation',
      's/3 port_shut',
      's/1',
    ]);
  });

  it('shuts a port whose guest goes on sending, and nothing more comes in or goes out', async () => {
    const lab = new Twins({
      ...(host({ security: { staticConflict: 'shut' } }) as object),
      traffic: [
        { from: 'h/a', to: 'h/c', size: 64, rate: '1Mpps', count: 50 },
        { from: 'h/b', to: 'h/c', size: 64, rate: '1kpps', start: '1ms', count: 3 },
      ],
    });
    await lab.operate((network) => network.setStatic('h/v', 0, mac.a, 'h/b'));
    await lab.operate((network) => network.setStatic('h/v', 0, mac.c, 'h/a'));
    lab.pass(10_000_000n);
    const [a, b] = lab.network.ports();
    expect(a!.verdicts).toEqual({ static_violation: 1, port_shut: 49, egress_link_down: 3 });
    expect(b!.verdicts).toEqual({ forward: 3 });
  });
});

describe('a spanning tree frame from a station (R15)', () => {
  const flooded = 'b, c, u';
  type Row = readonly [where: string, vswitch: object, group: object, dst: string, outcome: string];
  const relayReserved = ['00'];
  const rows: Row[] = [
    ['passes to R16', {}, {}, bpdu, 'a reserved_mac'],
    ['passes, and is relayed where 00 is', { relayReserved }, {}, bpdu, flooded],
    ['passes, and PVST+ is a group like any', {}, {}, pvst, flooded],
    ['is filtered', { bpdu: 'filter' }, {}, bpdu, 'a bpdu_filter'],
    ['is filtered, PVST+ as well', { bpdu: 'filter' }, {}, pvst, 'a bpdu_filter'],
    ['is filtered before it could be relayed', { bpdu: 'filter', relayReserved }, {}, bpdu, 'a bpdu_filter'],
    ['is filtered by the port group', {}, { bpdu: 'filter' }, bpdu, 'a bpdu_filter'],
    ['passes by the port group', { bpdu: 'guard' }, { bpdu: 'pass' }, pvst, flooded],
    ['shuts the port', { bpdu: 'guard' }, {}, bpdu, 'a bpdu_guard'],
    ['shuts the port, PVST+ as well', { bpdu: 'guard' }, {}, pvst, 'a bpdu_guard'],
    ['shuts the port by its group', { bpdu: 'filter' }, { bpdu: 'guard' }, bpdu, 'a bpdu_guard'],
    ['shuts nothing by another reserved address', { bpdu: 'guard' }, {}, '01:80:c2:00:00:01', 'a reserved_mac'],
    ['shuts nothing by a neighbour of PVST+', { bpdu: 'guard' }, {}, '01:00:0c:cc:cc:cc', flooded],
  ];

  it.each(rows)('%s', async (_what, vswitch, group, dst, outcome) => {
    const shut = outcome === 'a bpdu_guard';
    const lab = new Twins(host(vswitch, group));
    send(lab, 'a', 'all');
    const learned = outcome === flooded ? [`0 ${mac.a} h/a`, `0 ${mac.d} h/a`] : [`0 ${mac.a} h/a`];
    expect(told(lab.send('h/a', lab.frame(dst, mac.d)))).toBe(outcome);
    expect(lab.table('h/v'), 'what is refused is not learned, who is shut out forgotten').toEqual(shut ? [] : learned);
    expect(lab.network.ports()[0]!.link).toBe(shut ? 'shut' : 'up');
    if (!shut) return;
    expect(send(lab, 'a', 'all')).toBe('a port_shut');
    expect(send(lab, 'b', 'all')).toBe('c, u');
    await lab.operate((network) => network.setLink('h/a', false));
    expect(send(lab, 'a', 'all'), 'pulled, it is down like any').toBe('a link_down');
    await lab.operate((network) => network.setLink('h/a', true));
    expect(send(lab, 'a', 'all'), 'plugged, it is open').toBe(flooded);
  });

  it('may come from outside whatever the vSwitch says', () => {
    const lab = new Twins(host({ bpdu: 'guard', relayReserved }));
    expect(told(lab.send('h/u', lab.frame(bpdu, mac.x)))).toBe('a, b, c');
    expect(told(lab.send('h/u', lab.frame(pvst, mac.x)))).toBe('a, b, c');
    expect(lab.network.ports().map(({ link }) => link)).toEqual(['up', 'up', 'up', 'up']);
  });

  it('is one in whatever VLAN it comes', () => {
    const lab = new Twins(host({ bpdu: 'guard' }, { vlan: 10 }));
    expect(told(lab.send('h/a', lab.frame(bpdu, mac.a, { tags: [20] })))).toBe('a bpdu_guard');
    expect(lab.network.ports()[0]!.link).toBe('shut');
    const other = new Twins(host({ bpdu: 'guard' }, { vlan: 10 }));
    expect(told(other.send('h/a', other.frame(bpdu, mac.a, { tags: [0xe000] })))).toBe('a bpdu_guard');
  });

  it('on a physical port', async () => {
    const ports = { 1: { bpdu: 'guard' }, 2: { bpdu: 'filter' }, 3: {} };
    const lab = new Twins({ physical: { switches: { s: { ports } } } });
    const heard = (port: string, dst: string) => told(lab.send(port, lab.frame(dst, mac.a)));
    expect(heard('s/2', pvst)).toBe('s/2 bpdu_filter');
    expect(heard('s/3', pvst)).toBe('s/1, s/2');
    expect(heard('s/3', bpdu)).toBe('s/3 reserved_mac');
    expect(heard('s/1', bpdu)).toBe('s/1 bpdu_guard');
    expect(heard('s/1', mac.all)).toBe('s/1 port_shut');
    expect(heard('s/3', pvst)).toBe('s/2');
    await lab.operate((network) => network.setLink('s/1', true));
    expect(heard('s/1', mac.all)).toBe('s/2, s/3');
  });
});

describe('the reserved addresses that are relayed', () => {
  const octets = Array.from({ length: 16 }, (_, i) => i);
  const address = (octet: number) => `01:80:c2:00:00:0${octet.toString(16)}`;
  /** Last octets, in hex, of the reserved frames that get through from a port. */
  function relayed(lab: Twins, port: string): string {
    const through = octets.filter((octet) => {
      const outcome = told(lab.send(port, lab.frame(address(octet), port === 'h/u' ? mac.y : mac.x)));
      if (!outcome.includes('reserved_mac')) expect(outcome).not.toContain(' ');
      return !outcome.includes('reserved_mac');
    });
    return through.map((octet) => octet.toString(16)).join(' ');
  }

  type Row = readonly [what: string, vswitch: object, group: object, fromVnic: string, fromUplink: string];
  const rows: Row[] = [
    ['none by default', {}, {}, '', ''],
    ['those of the vSwitch, from its uplinks as well', { relayReserved: ['00', '0e'] }, {}, '0 e', '0 e'],
    ['those of the port group', {}, { relayReserved: ['02', '0f'] }, '2 f', ''],
    ['those of the port group over the vSwitch', { relayReserved: ['03'] }, { relayReserved: ['0e'] }, 'e', '3'],
    ['none for a port group that says so', { relayReserved: ['03'] }, { relayReserved: [] }, '', '3'],
  ];

  it.each(rows)('are %s', (_what, vswitch, group, fromVnic, fromUplink) => {
    const vswitches = { v: { portGroups: { pg: group }, ...vswitch } };
    const lab = new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms: { a: {} } } } });
    expect([relayed(lab, 'h/a'), relayed(lab, 'h/u')]).toEqual([fromVnic, fromUplink]);
  });

  it('are those of a physical switch, or of its port', () => {
    const ports = { 1: {}, 2: { relayReserved: ['08'] } };
    const lab = new Twins({ physical: { switches: { s: { ports, relayReserved: ['00', '01'] } } } });
    expect([relayed(lab, 's/1'), relayed(lab, 's/2')]).toEqual(['0 1', '8']);
  });

  it('teach the switch their source', () => {
    const lab = new Twins(host({ relayReserved: ['0e'] }));
    lab.send('h/a', lab.frame(address(0xe), mac.d));
    expect(lab.table('h/v')).toEqual([`0 ${mac.d} h/a`]);
  });
});
