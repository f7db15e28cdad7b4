/**
 * Private VLANs (RFC 5517): primary VLAN 100, isolated 101, communities 102 and 103, which share their addresses. Ports are
 * named by their kind: p1 and p2 promiscuous, i1 and i2 isolated, c1 and c2, d1 and d2 of the communities. x stands outside.
 */
import { describe, expect, it } from 'vitest';
import { at, type Outcome } from '../engine/lab.ts';
import { mac } from './networks.ts';
import { Twins, told } from './twins.ts';

type Model = 'learning' | 'registered';
const models = ['learning', 'registered'] as const;
const names = ['p1', 'p2', 'i1', 'i2', 'c1', 'c2', 'd1', 'd2'] as const;
type Station = (typeof names)[number];
type Kind = 'p' | 'i' | 'c' | 'd';

const privateVlans = [{ primary: 100, isolated: 101, community: [102, 103] }];
const vlans: Record<Kind, number> = { p: 100, i: 101, c: 102, d: 103 };
const family = Object.values(vlans);
const kindOf = (name: string) => name[0] as Kind;
const address = (name: string) =>
  `02:00:00:00:03:${(names.indexOf(name as Station) + 1).toString(16).padStart(2, '0')}`;

/** Whom a station of a kind reaches: the RFC's table. */
const reach: Record<Kind, string> = { p: 'picd', i: 'p', c: 'pc', d: 'pd' };
const reaches = (from: Kind, to: string) => reach[from].includes(kindOf(to));
const others = (from: string) => names.filter((name) => name !== from && reaches(kindOf(from), name)).sort();

/** A host with those stations, and more in its vSwitch and port groups. */
function hostOf(
  stations: readonly string[],
  macModel: Model,
  more: object = {},
  groups: object = {},
  vms: object = {},
) {
  const portGroups = Object.fromEntries(Object.entries(vlans).map(([kind, vlan]) => [kind, { vlan }]));
  const own = stations.map((name) => [name, { portGroup: kindOf(name), mac: address(name) }]);
  return {
    vswitches: { v: { macModel, privateVlans, portGroups: { ...portGroups, ...groups }, ...more } },
    vms: { ...Object.fromEntries(own), ...vms },
  };
}

const alone = (macModel: Model, more = {}, groups = {}, vms = {}) =>
  new Twins({ hosts: { h: { uplinks: ['u'], ...hostOf(names, macModel, more, groups, vms) } } });

const toAll = (lab: Twins, from: string) => lab.send(`h/${from}`, lab.frame(mac.all, address(from)));

describe.each(models)('one host (%s)', (model) => {
  it.each(names)('a broadcast from %s reaches whom it may, and the outside in its own VLAN', (from) => {
    const lab = alone(model);
    const outcome = toAll(lab, from);
    expect(told(outcome)).toBe([...others(from), 'u'].join(', '));
    const [copy] = at(outcome.frames, 'h/u', 'out');
    expect([...copy!.bytes.slice(12, 16)]).toEqual([0x81, 0, 0, vlans[kindOf(from)]]);
    for (const name of others(from)) {
      const [got] = at(outcome.frames, `h/${name}`, 'out');
      expect([...got!.bytes.slice(12, 14)], `${name} gets no tag`).toEqual([8, 0]);
    }
  });

  it.each(names)('a unicast from %s reaches whom it may, and is refused at the others by name', (from) => {
    const lab = alone(model);
    for (const name of names) toAll(lab, name);
    for (const to of names.filter((name) => name !== from)) {
      const outcome = told(lab.send(`h/${from}`, lab.frame(address(to), address(from))));
      expect(outcome, to).toBe(reaches(kindOf(from), to) ? to : `${to} pvlan`);
    }
  });

  it.each(Object.entries(vlans))('from outside in the VLAN of %s', (kind, vlan) => {
    const lab = alone(model);
    for (const name of names) toAll(lab, name);
    const arrive = (dst: string, src: string) => told(lab.send('h/u', lab.frame(dst, src, { tags: [vlan] })));
    expect(arrive(mac.all, mac.x)).toBe(others(kind).join(', '));
    for (const to of names) {
      expect(arrive(address(to), mac.x), to).toBe(reaches(kind as Kind, to) ? to : `${to} pvlan`);
      expect(arrive(mac.all, address(to)), `${to} is known in the whole family`).toBe('u deja_vu');
    }
  });

  it.each(names)('from %s to a station outside, in its own VLAN', (from) => {
    const lab = alone(model);
    lab.send('h/u', lab.frame(mac.all, mac.x, { tags: [100] }));
    const outcome = lab.send(`h/${from}`, lab.frame(mac.x, address(from)));
    expect(told(outcome)).toBe('u');
    expect([...at(outcome.frames, 'h/u', 'out')[0]!.bytes.slice(12, 16)]).toEqual([0x81, 0, 0, vlans[kindOf(from)]]);
  });
});

describe('the table of a private VLAN', () => {
  it('has one entry for a station, whatever VLAN it is heard in', () => {
    const lab = alone('learning');
    for (const name of names) toAll(lab, name);
    expect(lab.table('h/v')).toEqual(names.map((name) => `100 ${address(name)} h/${name}`));
    for (const vlan of family) lab.send('h/u', lab.frame(mac.all, mac.x, { tags: [vlan] }));
    expect(lab.table('h/v')).toContain(`100 ${mac.x} uplink`);
    expect(lab.network.report().switches[0]!.table).toMatchObject({ learned: names.length + 1, moved: 0 });
  });

  it('is registered in the primary VLAN', () => {
    expect(alone('registered').table('h/v')).toEqual(names.map((name) => `100 ${address(name)} h/${name} static`));
  });

  it('is flushed by the name of any of its VLANs', async () => {
    const lab = alone('learning');
    for (const name of names) toAll(lab, name);
    await lab.operate((network) => network.flush({ switch: 'h/v', vlan: 103 }));
    expect(lab.table('h/v')).toEqual([]);
  });
});

describe('unknown unicast', () => {
  it.each(names)('from %s reaches no more than a broadcast would', (from) => {
    const wide = alone('learning');
    const narrow = alone('registered');
    const unknown = (lab: Twins) => told(lab.send(`h/${from}`, lab.frame(mac.nobody, address(from))));
    expect(unknown(wide)).toBe([...others(from), 'u'].join(', '));
    expect(unknown(narrow)).toBe('u');
  });
});

describe('a port of a private VLAN', () => {
  type Row = readonly [port: string, tags: number[], group: object, outcome: string];
  const rows: Row[] = [
    ['i1', [], {}, 'p1, p2, u'],
    ['i1', [0xa000], {}, 'p1, p2, u'],
    ['i1', [101], {}, 'i1 vlan_not_member'],
    ['i1', [100], {}, 'i1 vlan_not_member'],
    ['i1', [101], { accept: 'all' }, 'p1, p2, u'],
    ['i1', [100], { accept: 'all' }, 'i1 vlan_not_member'],
    ['i1', [101], { accept: 'untagged' }, 'i1 frame_type'],
    ['i1', [4095], { accept: 'all' }, 'i1 vid_reserved'],
    // Without ingress filter it may speak in another VLAN of the family
    ['i1', [102], { accept: 'all', ingressFilter: false }, 'c1, c2, p1, p2, u'],
  ];

  it.each(rows)('%s, tags %j, with %j: %s', (port, tags, group, outcome) => {
    const lab = alone('learning', {}, { i: { vlan: 101, ...group } });
    expect(told(lab.send(`h/${port}`, lab.frame(mac.all, address(port), { tags })))).toBe(outcome);
  });

  it('that is a trunk sees all VLANs of the family, with their tags', () => {
    const lab = alone('learning', {}, { all: { vlan: '100-103' } }, { t: { portGroup: 'all' } });
    for (const name of names) {
      const outcome = toAll(lab, name);
      const [copy] = at(outcome.frames, 'h/t', 'out');
      expect([...copy!.bytes.slice(12, 16)], name).toEqual([0x81, 0, 0, vlans[kindOf(name)]]);
    }
    expect(told(lab.send('h/t', lab.frame(mac.all, mac.x, { tags: [101] })))).toBe('p1, p2, u');
    expect(told(lab.send('h/t', lab.frame(address('i1'), mac.x, { tags: [101] })))).toBe('i1 pvlan');
    expect(told(lab.send('h/t', lab.frame(address('i1'), mac.x, { tags: [100] })))).toBe('i1');
  });

  it('in promiscuous mode sees what its VLANs bring, no more', () => {
    const spy = { vlan: 101, security: { promiscuous: 'accept' } };
    const lab = alone('learning', {}, { spies: spy }, { spy: { portGroup: 'spies' } });
    for (const name of names) toAll(lab, name);
    const unicast = (from: string, to: string) => told(lab.send(`h/${from}`, lab.frame(address(to), address(from))));
    expect(unicast('p1', 'i1'), 'from the primary VLAN').toBe('i1, spy');
    expect(unicast('c1', 'c2'), 'in a community').toBe('c2');
    expect(unicast('i1', 'p1'), 'from an isolated port').toBe('p1');
    expect(unicast('i1', 'i2')).toBe('i2 pvlan');
  });

  it('leaves other VLANs alone', () => {
    const web = { portGroup: 'web' };
    const lab = alone('learning', {}, { web: { vlan: 20 } }, { w1: web, w2: web });
    expect(told(lab.send('h/w1', lab.frame(mac.all, mac.a)))).toBe('u, w2');
    expect(told(lab.send('h/w1', lab.frame(address('i1'), mac.a)))).toBe('u, w2');
    expect(told(toAll(lab, 'p1'))).toBe([...others('p1'), 'u'].join(', '));
  });

  it('carries its VLANs outside even where none of their port groups has a VM', () => {
    const hosts = { h: { uplinks: ['u'], ...hostOf(['p1'], 'learning') } };
    const lab = new Twins({ hosts });
    for (const vlan of family) {
      expect(told(lab.send('h/u', lab.frame(mac.all, mac.x, { tags: [vlan] }))), String(vlan)).toBe('p1');
    }
  });

  it('is bound by no other VLAN of the primary’s: two private VLANs do not meet', () => {
    const two = [
      { primary: 100, isolated: 101 },
      { primary: 200, community: [201] },
    ];
    const portGroups = { p: { vlan: 100 }, i: { vlan: 101 }, q: { vlan: 200 }, k: { vlan: 201 } };
    const vms = Object.fromEntries(['p', 'i', 'q', 'k'].map((portGroup) => [portGroup, { portGroup }]));
    const vswitches = { v: { privateVlans: two, portGroups } };
    const lab = new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms } } });
    const told1 = (from: string) => told(lab.send(`h/${from}`, lab.frame(mac.all, mac.a)));
    expect([told1('p'), told1('i'), told1('q'), told1('k')]).toEqual(['i, u', 'p, u', 'k, u', 'q, u']);
  });
});

describe.each(models)('two hosts on a physical switch that carries all VLANs (%s)', (model) => {
  const half = (n: number) => names.filter((name) => name.endsWith(String(n)));
  const hosts = (uplinks: number) =>
    Object.fromEntries(
      [1, 2].map((n) => {
        const cables = Array.from({ length: uplinks }, (_, i) => [`u${i}`, { to: `tor/${n}${i}`, delay: '1us' }]);
        return [`h${n}`, { uplinks: Object.fromEntries(cables), ...hostOf(half(n), model) }];
      }),
    );
  /** The router is at a port of the primary VLAN; a trunk of any VLANs without the secondary ones would be no use. */
  const lab = (uplinks: number, sharedVlans: number[][]) => {
    const trunks = [1, 2].flatMap((n) => [0, 1].map((i) => [`${n}${i}`, { vlan: '100-103' }]));
    const ports = { ...Object.fromEntries(trunks), router: { vlan: 100 } };
    return new Twins(
      { hosts: hosts(uplinks), physical: { switches: { tor: { ports, sharedVlans } } } },
      { unplugged: 'down' },
    );
  };
  const at1 = (name: string) => `h${name[1]}/${name}`;
  const inVms = ({ recipients }: Outcome) =>
    recipients.filter((port) => port.startsWith('h')).map((port) => port.slice(3));
  const shapes: [uplinks: number, sharedVlans: number[][]][] = [
    [1, [family]],
    [1, []],
    [2, [family]],
    [2, []],
  ];

  it.each(shapes)('with %i uplinks, tor sharing %j: the same table of who reaches whom', (uplinks, sharedVlans) => {
    const net = lab(uplinks, sharedVlans);
    for (const from of [...names, ...names]) {
      const outcome = net.send(at1(from), net.frame(mac.all, address(from)));
      expect(inVms(outcome).sort(), `from ${from}`).toEqual(others(from).sort());
    }
    for (const from of names) {
      for (const to of names.filter((name) => name !== from)) {
        const outcome = net.send(at1(from), net.frame(address(to), address(from)));
        expect(inVms(outcome), `${from} > ${to}`).toEqual(reaches(kindOf(from), to) ? [to] : []);
        const refused = outcome.drops.filter((drop) => drop.endsWith('pvlan'));
        expect(refused, `${from} > ${to}`).toEqual(reaches(kindOf(from), to) ? [] : [`${at1(to)} pvlan`]);
      }
    }
  });

  it.each(shapes)('with %i uplinks, tor sharing %j: the router on the primary VLAN reaches all', (uplinks, shared) => {
    const net = lab(uplinks, shared);
    for (const name of names) net.send(at1(name), net.frame(mac.all, address(name)));
    expect(inVms(net.send('tor/router', net.frame(mac.all, mac.x))).sort()).toEqual([...names].sort());
    for (const name of names) {
      expect(inVms(net.send('tor/router', net.frame(address(name), mac.x))), name).toEqual([name]);
    }
  });
});
