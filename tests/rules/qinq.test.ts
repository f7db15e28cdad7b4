/**
 * Service tags (IEEE 802.1ad): C-trunks, S-trunks and tunnel ports, byte for byte.
 *
 * A frame is written as its tags, outermost first: `-` for none, `10` a C-tag (0x8100), `s100` an S-tag (0x88a8); `p5` is
 * priority 5, `d` drop eligible. A row is: port, frame in, then `port=frame` for each copy, or the verdict that it ends in.
 */
import { describe, expect, it } from 'vitest';
import { at, portOf } from '../engine/lab.ts';
import { mac, type Name } from './networks.ts';
import { Twins } from './twins.ts';

const PAYLOAD = [0x08, 0x00, ...Array.from({ length: 46 }, (_, i) => i)];
const octets = (address: string) => address.split(':').map((octet) => Number.parseInt(octet, 16));

function tagBytes(text: string): number[] {
  if (text === '-') return [];
  return text.split('.').flatMap((tag) => {
    const [, service, vid, priority = 0, drop] = /^(s?)(\d+)(?:p(\d))?(d)?$/.exec(tag)!;
    const tci = (Number(priority) << 13) | (drop === undefined ? 0 : 0x1000) | Number(vid);
    return [...(service === 's' ? [0x88, 0xa8] : [0x81, 0x00]), tci >> 8, tci & 0xff];
  });
}

function frame(tags: string, dst: Name = 'all', src: Name = 'x', length?: number): Uint8Array {
  const bytes = [...octets(mac[dst]), ...octets(mac[src]), ...tagBytes(tags), ...PAYLOAD];
  return Uint8Array.from({ length: length ?? bytes.length }, (_, i) => bytes[i] ?? 0);
}

/** The tags that frames of this file begin with. */
function tagsOf(bytes: Uint8Array): string {
  const tags: string[] = [];
  let i = 12;
  for (; bytes[i] === 0x81 || bytes[i] === 0x88; i += 4) {
    const tci = (bytes[i + 2]! << 8) | bytes[i + 3]!;
    const priority = tci >> 13 === 0 ? '' : `p${tci >> 13}`;
    tags.push(`${bytes[i] === 0x88 ? 's' : ''}${tci & 0xfff}${priority}${(tci & 0x1000) === 0 ? '' : 'd'}`);
  }
  expect([...bytes.slice(i)], 'what follows the tags is as it was').toEqual(PAYLOAD);
  return tags.join('.') || '-';
}

/** What left by ports without a cable, as `port=tags`, then drops. */
function outcome(lab: Twins, from: string, bytes: Uint8Array): string {
  const { frames, drops, recipients } = lab.send(from, bytes);
  const out = frames.filter((each) => each.direction === 'out' && recipients.includes(portOf(each)));
  const short = (port: string) => port.replace(/^[hs]\//, '');
  return [...out.map((each) => `${short(portOf(each))}=${tagsOf(each.bytes)}`).sort(), ...drops.map(short)].join(' ');
}

/** Tunnels of customers t and u (100), v (200), access a, C-trunk c, S-trunks s and z, S-trunk n with native 200. */
const ports = {
  t: { vlan: 100, tunnel: true },
  u: { vlan: 100, tunnel: true },
  v: { vlan: 200, tunnel: true },
  a: { vlan: 100 },
  c: { vlan: '1-4094' },
  s: { vlan: '1-4094', tag: 's' },
  z: { vlan: '1-4094', tag: 's' },
  n: { vlan: '100,200', native: 200, tag: 's' },
};

/** Copies in VLAN 100 with the outer TCI `tci` and `inner` behind it, but not to `from`. */
function in100(from: string, tci: string, inner: string): string {
  const plain = inner === '' ? '-' : inner;
  const behind = inner === '' ? '' : `.${inner}`;
  const copies = {
    a: plain,
    c: `${tci}${behind}`,
    n: `s${tci}${behind}`,
    s: `s${tci}${behind}`,
    t: plain,
    u: plain,
    z: `s${tci}${behind}`,
  };
  return Object.entries(copies)
    .flatMap(([port, tags]) => (port === from ? [] : [`${port}=${tags}`]))
    .join(' ');
}

function in200(from: string, tci: string, inner: string): string {
  const plain = inner === '' ? '-' : inner;
  const behind = inner === '' ? '' : `.${inner}`;
  const copies = { c: `${tci}${behind}`, n: plain, s: `s${tci}${behind}`, v: plain, z: `s${tci}${behind}` };
  return Object.entries(copies)
    .flatMap(([port, tags]) => (port === from ? [] : [`${port}=${tags}`]))
    .join(' ');
}

const rows: [port: string, tags: string, copies: string][] = [
  // Into a tunnel: whatever the customer has is payload, and gets a tag of priority 0.
  ['t', '-', in100('t', '100', '')],
  ['t', '10', in100('t', '100', '10')],
  ['t', '10p5d', in100('t', '100', '10p5d')],
  ['t', '0p5', in100('t', '100', '0p5')],
  ['t', '100', in100('t', '100', '100')],
  ['t', '4095', in100('t', '100', '4095')],
  ['t', '10.20', in100('t', '100', '10.20')],
  ['t', 's7p3', in100('t', '100', 's7p3')],
  ['t', 's7p3.10', in100('t', '100', 's7p3.10')],
  ['v', '10p1', in200('v', '200', '10p1')],
  // S-tagged in
  ['s', 's100', in100('s', '100', '')],
  ['s', 's100p5d', in100('s', '100p5d', '')],
  ['s', 's100p5d.10p1', in100('s', '100p5d', '10p1')],
  ['s', 's100p7.10p1.20p2', in100('s', '100p7', '10p1.20p2')],
  ['s', 's100p2.s300p3', in100('s', '100p2', 's300p3')],
  ['s', 's200p3d.10', in200('s', '200p3d', '10')],
  ['n', 's200p3d.10', in200('n', '200p3d', '10')],
  ['n', 's100d', in100('n', '100d', '')],
  // C-tagged in
  ['c', '100p6', in100('c', '100p6', '')],
  ['c', '100p6d.10p1', in100('c', '100p6d', '10p1')],
  ['c', '100.s10', in100('c', '100', 's10')],
  ['c', '200d', in200('c', '200d', '')],
  // Untagged and priority-tagged, by access port and native VLAN
  ['a', '-', in100('a', '100', '')],
  ['a', '0p4d', in100('a', '100p4d', '')],
  ['a', 's5', in100('a', '100', 's5')],
  ['n', '-', in200('n', '200', '')],
  ['n', 's0p4d', in200('n', '200p4d', '')],
  ['n', 's0p4.10', in200('n', '200p4', '10')],
  // A tag of the other kind is none: what comes so belongs to the native VLAN, if there is one.
  ['n', '10p3', in200('n', '200', '10p3')],
  ['n', '100', in200('n', '200', '100')],
  ['s', '100', 's vlan_not_member'],
  ['s', '-', 's vlan_not_member'],
  ['s', 's0p3', 's vlan_not_member'],
  ['c', 's100', 'c vlan_not_member'],
  ['c', 's100.100', 'c vlan_not_member'],
  ['s', 's4095', 's vid_reserved'],
  ['n', 's4095.10', 'n vid_reserved'],
  ['n', 's300', 'n vlan_not_member'],
  ['a', '100', 'a vlan_not_member'],
];

const bridge = (more: object = {}) => new Twins({ physical: { switches: { s: { ports, ...more } } } });

describe('a frame that floods', () => {
  it.each(rows)('into %s as "%s" leaves as "%s"', (port, tags, copies) => {
    expect(outcome(bridge(), `s/${port}`, frame(tags))).toBe(copies);
  });

  // A vSwitch has no native VLAN on its uplinks: there, n is an S-trunk like z.
  it.each(rows.filter(([port]) => port !== 'n'))('into %s of a vSwitch as "%s" likewise', (port, tags, copies) => {
    const { n, ...portGroups } = ports;
    const vms = Object.fromEntries(Object.keys(portGroups).map((portGroup) => [portGroup, { portGroup }]));
    const vswitches = { vs: { portGroups, uplinkTag: n.tag, uplinkVlans: n.vlan } };
    const lab = new Twins({ hosts: { h: { uplinks: ['n'], vswitches, vms } } });
    const asZ = /z=(\S+)/.exec(copies)?.[1];
    expect(outcome(lab, `h/${port}`, frame(tags))).toBe(copies.replace(/n=\S+/, `n=${asZ}`));
  });
});

describe('a unicast', () => {
  const kinds = ['a', 't', 'c', 's'] as const;
  const tagsIn = { a: '-', t: '-', c: '100p3', s: 's100p3' } as const;
  const tagsOut = (from: string, to: string) => {
    const tci = from === 'c' || from === 's' ? '100p3' : '100';
    return to === 'c' ? tci : to === 's' ? `s${tci}` : '-';
  };

  it.each(kinds.flatMap((from) => kinds.filter((to) => to !== from).map((to) => [from, to] as const)))(
    'from %s to %s, which has been heard',
    (from, to) => {
      const lab = bridge();
      outcome(lab, `s/${to}`, frame(tagsIn[to], 'all', 'b'));
      outcome(lab, `s/${from}`, frame(tagsIn[from], 'all', 'a'));
      expect(lab.table('s')).toEqual([`100 ${mac.a} s/${from}`, `100 ${mac.b} s/${to}`]);
      for (let i = 0; i < 2; i++) {
        expect(outcome(lab, `s/${from}`, frame(tagsIn[from], 'b', 'a'))).toBe(`${to}=${tagsOut(from, to)}`);
      }
    },
  );
});

describe('lengths, with an MTU of 1500', () => {
  const fits = 'fits';
  const cut: [port: string, tags: string, length: number, verdict: string][] = [
    // A tunnel allows for a customer's C-tag.
    ['t', '-', 1514, fits],
    ['t', '-', 1515, 'giant'],
    ['t', '10', 1518, fits],
    ['t', '10', 1519, 'giant'],
    ['t', 's10', 1514, fits],
    ['t', 's10', 1515, 'giant'],
    // An S-trunk for its own tag and one C-tag behind it
    ['s', 's100', 1518, fits],
    ['s', 's100', 1519, 'giant'],
    ['s', 's100.10', 1522, fits],
    ['s', 's100.10', 1523, 'giant'],
    ['s', 's100.s10', 1518, fits],
    ['s', 's100.s10', 1519, 'giant'],
    ['n', '10', 1518, fits],
    ['n', '10', 1519, 'giant'],
    ['n', '-', 1514, fits],
    ['n', '-', 1515, 'giant'],
    // A C-trunk for its own only, whatever comes behind it
    ['c', '100', 1518, fits],
    ['c', '100.10', 1518, fits],
    ['c', '100.10', 1519, 'giant'],
    // Cut off inside a tag: of the port's own kind it is a runt, of another it is payload.
    ['t', '10', 17, fits],
    ['t', 's10', 17, fits],
    ['t', '-', 14, fits],
    ['t', '-', 13, 'runt'],
    ['s', 's100', 17, 'runt'],
    ['s', 's100', 18, fits],
    ['s', 's100.10', 21, fits],
    ['n', '10', 17, fits],
    ['c', '100', 17, 'runt'],
    ['c', '100', 18, fits],
  ];

  it.each(cut)('%s "%s" of %i bytes: %s', (port, tags, length, verdict) => {
    const lab = bridge();
    const { drops, recipients } = lab.send(`s/${port}`, frame(tags, 'all', 'x', length));
    expect(drops).toEqual(verdict === fits ? [] : [`s/${port} ${verdict}`]);
    expect(recipients.length > 0).toBe(verdict === fits);
  });

  it('a frame that fits may leave with two tags more than it came with', () => {
    const lab = bridge();
    const { frames } = lab.send('s/t', frame('10', 'all', 'x', 1518));
    expect(at(frames, 's/s', 'out')[0]!.bytes).toHaveLength(1522);
    expect(at(frames, 's/u', 'out')[0]!.bytes).toHaveLength(1518);
  });
});

describe.each([
  ['s', 'an S-tagged', 's'],
  ['c', 'a C-tagged', ''],
])('two provider switches with %s core', (tag, _what, mark) => {
  /** Customers A (service VLAN 100) and B (200) have a site at each switch, A by C-tags at p and q, B as well. */
  const side = {
    a: { vlan: 100, tunnel: true },
    b: { vlan: 200, tunnel: true },
    core: { vlan: '100,200', tag },
    // Where the provider looks on
    tap: { vlan: '100,200', tag: 's' },
  };
  const lab = () =>
    new Twins({
      physical: { switches: { p: { ports: side }, q: { ports: side } }, links: [{ a: 'p/core', b: 'q/core' }] },
    });

  const journeys: [from: string, tags: string, to: string, copy: string][] = [
    ['p/a', '-', 'q/a', '-'],
    ['p/a', '10p5d', 'q/a', '10p5d'],
    ['p/a', '10p5d', 'q/tap', 's100.10p5d'],
    ['p/a', '10.20p7', 'q/a', '10.20p7'],
    ['p/a', 's9p2.10', 'q/a', 's9p2.10'],
    ['p/a', '0p6', 'q/a', '0p6'],
    ['q/b', '10p1', 'p/b', '10p1'],
    ['q/b', '10p1', 'p/tap', 's200.10p1'],
    // From the provider's own side the priority of the service tag is kept on the way.
    ['p/tap', 's100p7d.10p2', 'q/a', '10p2'],
    ['p/tap', 's100p7d.10p2', 'q/tap', 's100p7d.10p2'],
    ['p/tap', 's200p7d', 'q/b', '-'],
  ];

  it.each(journeys)('from %s as "%s" it reaches %s as "%s"', (from, tags, to, copy) => {
    const { frames } = lab().send(from, frame(tags));
    expect(at(frames, to, 'out').map(({ bytes }) => tagsOf(bytes))).toEqual([copy]);
    const customer = from.slice(2) === 'a' ? 'b' : from.slice(2) === 'b' ? 'a' : '-';
    expect(frames.filter((each) => portOf(each).slice(2) === customer)).toEqual([]);
  });

  it('show the service tag on the core', () => {
    const { frames } = lab().send('p/a', frame('10p5'));
    expect(at(frames, 'p/core', 'out').map(({ bytes }) => tagsOf(bytes))).toEqual([`${mark}100.10p5`]);
    expect(at(frames, 'q/core', 'in').map(({ bytes }) => tagsOf(bytes))).toEqual([`${mark}100.10p5`]);
  });

  it('keep customers with equal addresses and VLANs apart', () => {
    const net = lab();
    for (const [port, who] of [
      ['p/a', 'a'],
      ['q/a', 'b'],
      ['p/b', 'a'],
      ['q/b', 'b'],
    ] as const) {
      net.send(port, frame('10', 'all', who));
    }
    const table = (core: string, edge: string) => [
      `100 ${mac.a} ${core === 'p' ? 'p/a' : 'q/core'}`,
      `100 ${mac.b} ${edge}`,
    ];
    expect(net.table('p').slice(0, 2)).toEqual(table('p', 'p/core'));
    expect(net.table('q').slice(0, 2)).toEqual(table('q', 'q/a'));
    expect(net.send('p/a', frame('10', 'b', 'a')).recipients).toEqual(['q/a']);
    expect(net.send('q/b', frame('10', 'a', 'b')).recipients).toEqual(['p/b']);
  });

  it(`${tag === 's' ? 'carry' : 'do not carry'} frames of full size with both tags: a C-trunk allows for one`, () => {
    const { recipients, drops } = lab().send('p/a', frame('10', 'all', 'x', 1518));
    expect(recipients).toEqual(tag === 's' ? ['p/tap', 'q/a', 'q/tap'] : ['p/tap']);
    expect(drops).toEqual(tag === 's' ? [] : ['q/core giant']);
  });
});
