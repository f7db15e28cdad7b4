/**
 * Mirrors: who gets copies of what, with which tag, and what becomes of a port that copies go to. On host h stand VMs a and b in VLAN
 * 10, c in VLAN 20, and ids, a trunk, which watches; u and u2 lead outside.
 */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { MirrorReport } from '../../src/telemetry/mirror.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { at, type Outcome } from '../engine/lab.ts';
import { mac } from './networks.ts';
import { Twins, told } from './twins.ts';

interface Setting {
  readonly vswitch?: object;
  readonly groups?: object;
  readonly vms?: object;
  readonly uplinks?: readonly string[];
  /** false: a port has copies of one mirror and floods of the VLAN. */
  readonly isOnce?: boolean;
}

function labOf(
  mirrors: object,
  { vswitch = {}, groups = {}, vms = {}, uplinks = ['u'], isOnce = true }: Setting = {},
): Twins {
  const portGroups = { ten: { vlan: 10 }, twenty: { vlan: 20 }, all: { vlan: 4095 }, ...groups };
  const own = {
    a: { portGroup: 'ten', mac: mac.a },
    b: { portGroup: 'ten', mac: mac.b },
    c: { portGroup: 'twenty', mac: mac.c },
    ids: { portGroup: 'all', mac: mac.d },
  };
  const hosts = { h: { uplinks, vswitches: { v: { portGroups, mirrors, ...vswitch } }, vms: { ...own, ...vms } } };
  return new Twins({ hosts }, {}, isOnce);
}

/** The counts of a mirror that are not 0, without the word that they all begin with. */
function counts(lab: Twins, name = 'm'): string {
  const mirrors = lab.network.report().switches.flatMap((sw) => sw.mirrors ?? []);
  const { name: _, on: __, to: ___, ...figures }: MirrorReport = mirrors.find((each) => each.name === name)!;
  return Object.entries(figures)
    .filter(([, count]) => count !== 0)
    .map(([key, count]) => `${key.replace(/^mirror(ed)?/, '').toLowerCase()} ${count}`)
    .join(', ');
}

/** The tags of what ids got, as VLANs: `10`, `-` for none. */
function tagsAt(outcome: Outcome, port = 'h/ids'): string {
  return at(outcome.frames, port, 'out')
    .map(({ bytes }) => (bytes[12] === 0x81 && bytes[13] === 0 ? String(((bytes[14]! & 15) << 8) | bytes[15]!) : '-'))
    .join(' ');
}

/** a, b and c are known, and so is x outside in VLAN 10. */
function meet(lab: Twins): void {
  for (const [port, src] of [
    ['a', mac.a],
    ['b', mac.b],
    ['c', mac.c],
  ] as const)
    lab.send(`h/${port}`, lab.frame(mac.all, src));
  lab.send('h/u', lab.frame(mac.all, mac.x, { tags: [10] }));
}

type Row = readonly [
  mirror: object,
  port: string,
  dst: string,
  src: string,
  tags: number[],
  outcome: string,
  tag: string,
];
const to = 'ids';

describe('who gets a copy, and with which tag', () => {
  const rows: Row[] = [
    [{ in: ['a'], to }, 'a', mac.b, mac.a, [], 'b, ids', '10'],
    [{ in: ['a'], to }, 'b', mac.a, mac.b, [], 'a', ''],
    [{ out: ['a'], to }, 'b', mac.a, mac.b, [], 'a, ids', '10'],
    [{ out: ['a'], to }, 'a', mac.b, mac.a, [], 'b', ''],
    [{ from: ['a'], to }, 'a', mac.b, mac.a, [], 'b, ids', '10'],
    [{ from: ['a'], to }, 'b', mac.a, mac.b, [], 'a, ids', '10'],
    // One copy, however often it matches
    [{ from: ['a', 'b'], to }, 'a', mac.b, mac.a, [], 'b, ids', '10'],
    [{ from: ['*'], to }, 'a', mac.all, mac.a, [], 'b, ids, u', '10'],
    [{ all: true, to }, 'a', mac.all, mac.a, [], 'b, ids, u', '10'],
    [{ all: true, to }, 'u', mac.all, mac.x, [10], 'a, b, ids', '10'],
    // Priority is kept
    [{ in: ['u'], to }, 'u', mac.a, mac.x, [0xa00a], 'a, ids', '10'],
    [{ out: ['u'], to }, 'a', mac.x, mac.a, [], 'ids, u', '10'],
    [{ in: ['u*'], to }, 'u', mac.c, mac.x, [20], 'c, ids', '20'],
    // VLANs: alone all that comes in of them, else they narrow
    [{ vlans: 20, to }, 'a', mac.b, mac.a, [], 'b', ''],
    [{ vlans: 20, to }, 'c', mac.all, mac.c, [], 'ids, u', '20'],
    [{ vlans: '10,20', to }, 'u', mac.c, mac.x, [20], 'c, ids', '20'],
    [{ from: ['u'], vlans: 20, to }, 'u', mac.a, mac.x, [10], 'a', ''],
    [{ from: ['u'], vlans: 20, to }, 'u', mac.c, mac.x, [20], 'c, ids', '20'],
    // What dies later has come in all the same, if it has a VLAN
    [{ in: ['u'], to }, 'u', mac.all, mac.a, [10], 'ids, u deja_vu', '10'],
    [{ in: ['u'], to }, 'u', mac.a, mac.x, [30], 'u vlan_not_member', ''],
    // Nothing else: no flood, no unicast
    [{ in: ['a'], to }, 'b', mac.all, mac.b, [], 'a, u', ''],
    [{ in: ['a'], to }, 'b', mac.d, mac.b, [], 'a, u', ''],
    // What dies, with the frame as it came where it has no VLAN
    [{ drops: true, to }, 'u', mac.all, mac.a, [10], 'ids, u deja_vu', '10'],
    [{ drops: true, to }, 'u', mac.a, mac.x, [30], 'ids, u vlan_not_member', '30'],
    [{ drops: ['deja_vu'], to }, 'u', mac.a, mac.x, [30], 'u vlan_not_member', ''],
    [{ drops: ['deja_vu'], to }, 'u', mac.b, mac.a, [10], 'ids, u deja_vu', '10'],
    [{ drops: true, vlans: 20, to }, 'u', mac.all, mac.a, [10], 'u deja_vu', ''],
    [{ drops: true, to }, 'a', mac.a, mac.a, [], 'a same_port, ids', '10'],
    [{ drops: true, to }, 'a', mac.b, '00:00:00:00:00:00', [], 'a src_zero, ids', '-'],
    [{ drops: true, to }, 'a', mac.b, mac.a, [], 'b', ''],
    // A frame that was copied as it came in is not copied again as it dies
    [{ in: ['u'], drops: true, to }, 'u', mac.all, mac.a, [10], 'ids, u deja_vu', '10'],
  ];

  it.each(rows)('%j: at %s to %s from %s, tags %j: %s, tag %s', (mirror, port, dst, src, tags, outcome, tag) => {
    const lab = labOf({ m: mirror }, { vswitch: { uplinkVlans: '10,20' } });
    meet(lab);
    const sent = lab.send(`h/${port}`, lab.frame(dst, src, { tags }));
    expect(told(sent).split(', ').sort().join(', ')).toBe(outcome);
    expect(tagsAt(sent)).toBe(tag);
  });

  it.each([
    [{ from: ['a'], to }, 'in 2, out 2, copies 4'],
    [{ all: true, to }, 'in 4, copies 4'],
    [{ vlans: 10, to }, 'vlan 3, copies 3'],
    [{ in: ['*'], sample: 3, to }, 'in 2, copies 2, skipped 2'],
    [{ in: ['*'], off: true, to }, ''],
  ])('%j counts by reason: %s', (mirror, expected) => {
    const lab = labOf({ m: mirror });
    meet(lab);
    if ('from' in mirror) lab.send('h/a', lab.frame(mac.b, mac.a));
    expect(counts(lab)).toBe(expected);
  });

  it('an access port gets copies of all VLANs without a tag', () => {
    const lab = labOf({ m: { all: true, to: 'ids' } }, { vms: { ids: { portGroup: 'ten', mac: mac.d } } });
    expect(tagsAt(lab.send('h/c', lab.frame(mac.all, mac.c)))).toBe('-');
    expect(tagsAt(lab.send('h/u', lab.frame(mac.a, mac.x, { tags: [10] })))).toBe('-');
  });

  it('two mirrors to one port give it two copies of what both match', () => {
    const mirrors = { in: { in: ['a'], to }, all: { out: ['b'], to } };
    const vswitches = { v: { portGroups: { g: {} }, mirrors } };
    const lab = new Twins({ hosts: { h: { vswitches, vms: { a: {}, b: {}, ids: {} } } } }, {}, false);
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, ids, ids');
  });

  it('a copy is cut to the length that is asked for, its tag among it', () => {
    const lab = labOf({ m: { in: ['a'], snap: 64, to } });
    const outcome = lab.send('h/a', lab.frame(mac.b, mac.a, { length: 200 }));
    expect(at(outcome.frames, 'h/ids', 'out').map(({ bytes }) => bytes.length)).toEqual([64]);
    expect(at(outcome.frames, 'h/b', 'out').map(({ bytes }) => bytes.length)).toEqual([200]);
  });

  it('a copy of a frame with two tags shows both', () => {
    const lab = labOf({ m: { in: ['u'], to } });
    const outcome = lab.send('h/u', lab.frame(mac.a, mac.x, { tags: [10, 77] }));
    const [copy] = at(outcome.frames, 'h/ids', 'out');
    expect([...copy!.bytes.slice(12, 20)]).toEqual([0x81, 0, 0, 10, 0x81, 0, 0, 77]);
  });
});

describe('the port that copies go to', () => {
  it('takes nothing in, and nobody is learned there', () => {
    const lab = labOf({ m: { in: ['a'], to } });
    expect(told(lab.send('h/ids', lab.frame(mac.all, mac.d, { tags: [10] })))).toBe('ids mirror_port');
    expect(lab.table('h/v')).toEqual([]);
  });

  it('is nobody’s where stations are registered, and others with its address get nothing there', () => {
    const lab = labOf({ m: { in: ['a'], to } }, { vswitch: { macModel: 'registered' } });
    expect(lab.table('h/v').join()).not.toContain(mac.d);
    expect(told(lab.send('h/b', lab.frame(mac.d, mac.b)))).toBe('u');
    expect(told(lab.send('h/a', lab.frame(mac.d, mac.a)))).toBe('ids, u');
  });

  it('loses copies that it has no room for, and says so', () => {
    const lab = labOf({ m: { in: ['a', 'b'], to } });
    const frames = ['a', 'b'].flatMap((port) =>
      Array.from({ length: 400 }, (): [string, Uint8Array] => {
        return [`h/${port}`, lab.frame(mac.x, port === 'a' ? mac.a : mac.b)];
      }),
    );
    lab.sendAll(frames);
    const ids = lab.network.ports().find(({ name }) => name === 'h/ids')!;
    const lost = ids.verdicts.queue_full ?? 0;
    expect(counts(lab)).toBe(`in 800, copies 800${lost > 0 ? `, lost ${lost}` : ''}`);
    expect(ids.txFrames + lost).toBe(800);
  });

  it('without link loses all of them', async () => {
    const lab = labOf({ m: { in: ['a'], to } });
    await lab.operate((network) => network.setLink('h/ids', false));
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, u, ids egress_link_down');
    expect(counts(lab)).toBe('in 1, copies 1, lost 1');
  });

  it('stays one while its mirror is off', async () => {
    const lab = labOf({ m: { in: ['a'], to } });
    await lab.operate((network) => network.setMirror('h/v/m', false));
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, u');
    expect(told(lab.send('h/ids', lab.frame(mac.all, mac.d, { tags: [10] })))).toBe('ids mirror_port');
    await lab.operate((network) => network.setMirror('h/v/m', true));
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, ids, u');
  });

  it('cannot be given a VLAN while the network runs', async () => {
    const { network } = labOf({ m: { in: ['a'], to } });
    await expect(network.setPortVlan('h/ids', { mode: 'access', vid: 10 })).rejects.toThrow(
      "h/ids is where a mirror's copies go, and carries no VLAN",
    );
    await expect(network.setMirror('h/v/n', true)).rejects.toThrow(/^no mirror h\/v\/n in /);
  });
});

describe('copies that die', () => {
  it('on their way out are for a mirror of drops, once for a frame', async () => {
    const vms = { c: { portGroup: 'ten', mac: mac.c } };
    const lab = labOf({ m: { drops: ['egress_link_down', 'no_uplink_copy'], to } }, { vms });
    meet(lab);
    await lab.operate((network) => network.setLink('h/u', false));
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, c, ids, a no_uplink_copy');
    expect(counts(lab)).toBe('drops 1, copies 1');
  });

  it('at the mirror’s own port are not mirrored', async () => {
    const lab = labOf({ m: { in: ['a'], drops: true, to }, n: { drops: true, to } });
    await lab.operate((network) => network.setLink('h/ids', false));
    const dead = told(lab.send('h/a', lab.frame(mac.b, '00:00:00:00:00:00')));
    expect(dead).toBe('a src_zero, ids egress_link_down, ids egress_link_down');
    expect(told(lab.send('h/ids', lab.frame(mac.b, mac.d)))).toBe('ids link_down');
  });
});

describe('to a VLAN (RSPAN)', () => {
  const remote = { vlan: 999 };

  it.each([
    // By one uplink, the VLAN's, whoever sends
    [{ in: ['a'], to: remote }, 'a', mac.b, mac.a, [], 'b, ids, u2', '999'],
    [{ in: ['a'], to: remote }, 'b', mac.a, mac.b, [], 'a', ''],
    [{ out: ['a'], to: remote }, 'b', mac.a, mac.b, [], 'a, ids, u2', '999'],
    // R1: what has come in by an uplink leaves by none
    [{ in: ['u'], to: remote }, 'u', mac.a, mac.x, [10], 'a, ids', '999'],
    [{ out: ['a'], to: remote }, 'u', mac.a, mac.x, [10], 'a, ids', '999'],
    [{ drops: true, to: remote }, 'u', mac.b, mac.a, [10], 'ids, u deja_vu', '999'],
  ] as Row[])('%j: at %s to %s from %s, tags %j: %s, tag %s', (mirror, port, dst, src, tags, outcome, tag) => {
    const lab = labOf({ m: mirror }, { uplinks: ['u', 'u2'], isOnce: false, vswitch: { rpf: 'loose' } });
    meet(lab);
    const sent = lab.send(`h/${port}`, lab.frame(dst, src, { tags }));
    expect(told(sent)).toBe(outcome);
    expect(tagsAt(sent)).toBe(tag);
    for (const copy of at(sent.frames, 'h/u2', 'out').slice(0, 1))
      expect([...copy.bytes.slice(12, 16)]).toEqual([0x81, 0, 0x03, 0xe7]);
  });

  it('a copy that R1 keeps is counted, and leaves where the operator says so', () => {
    const kept = labOf({ m: { in: ['u'], to: remote } }, { isOnce: false });
    meet(kept);
    expect(counts(kept)).toBe('in 1, copies 1, withheld 1');
    const portGroups = { g: { vlan: 10 } };
    const mirrors = { m: { in: ['u'], transit: true, to: remote } };
    const hosts = { h: { uplinks: ['u'], vswitches: { v: { portGroups, mirrors } }, vms: { a: {}, b: {} } } };
    const network = new Network(topologyFrom({ hosts }), { injectAt: ['*'], unplugged: 'open' });
    const frame = kept.frame(mac.all, mac.x, { tags: [10] });
    network.inject('h/u', frame, 0n);
    network.advance(1000n);
    const { mirrors: told, ports } = network.report().switches[0]!;
    expect(told).toMatchObject([{ mirroredIn: 1, mirrorCopies: 1, mirrorWithheld: 0 }]);
    expect(ports.find(({ name }) => name === 'h/u')!.txFrames).toBe(1);
    expect(network.ledger().balanced).toBe(true);
  });

  /** h mirrors to VLAN 999; tor carries it to g, where a mirror of that VLAN brings it to w. */
  function journey(ends: object, more: object = {}) {
    const portGroups = { ten: { vlan: 10 } };
    const cable = (port: string) => ({ u: { to: port, delay: '1us' } });
    return new Twins({
      hosts: {
        h: {
          uplinks: cable('tor/1'),
          vswitches: { v: { portGroups, mirrors: { m: { from: ['a'], to: remote } } } },
          vms: { a: { mac: mac.a }, b: { mac: mac.b } },
        },
        g: {
          uplinks: cable('tor/2'),
          vswitches: { v: { portGroups, mirrors: ends, ...more } },
          vms: { w: { mac: mac.e }, d: { mac: mac.d } },
        },
      },
      physical: {
        switches: {
          tor: { ports: { 1: { vlan: '1-4094' }, 2: { vlan: '1-4094' }, 3: { vlan: 999 }, 4: { vlan: 10 } } },
        },
      },
    });
  }

  it('reaches access ports of the VLAN on other switches, and a mirror that ends it', () => {
    const lab = journey({ end: { vlans: 999, to: 'w' } });
    lab.send('h/b', lab.frame(mac.all, mac.b));
    // On g nobody but the mirror is in that VLAN.
    expect(told(lab.send('h/a', lab.frame(mac.b, mac.a)))).toBe('g/w, b, tor/3, g/u no_recipient');
    expect(counts(lab, 'end')).toBe('vlan 2, copies 2');
    expect(told(lab.send('g/d', lab.frame(mac.all, mac.d)))).toBe('a, b, tor/4');
    expect(counts(lab), 'R1').toBe('in 1, out 2, copies 2, withheld 1');
  });

  it('teaches nobody where stations are', () => {
    const lab = journey({ end: { vlans: 999, to: 'w' } });
    for (const [port, src] of [
      ['h/a', mac.a],
      ['h/b', mac.b],
    ] as const)
      lab.send(port, lab.frame(mac.nobody, src));
    for (const name of ['tor', 'g/v', 'h/v'])
      expect(lab.table(name).filter((row) => row.startsWith('999'))).toEqual([]);
    expect(lab.table('tor')).toHaveLength(2);
  });

  it('is not mirrored again, whoever mirrors all', () => {
    const lab = journey({ all: { all: true, to: 'w' } }, { uplinkVlans: '10,999' });
    lab.send('h/b', lab.frame(mac.all, mac.b));
    const outcome = lab.send('h/a', lab.frame(mac.b, mac.a));
    expect(told(outcome)).toBe('b, tor/3, g/u no_recipient');
    expect(counts(lab, 'all')).toBe('in 1, copies 1');
  });
});
