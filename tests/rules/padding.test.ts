/**
 * Padding (IEEE 802.3 clause 4.2.3.3): frames shorter than 60 bytes are filled with zeros when they leave by a wire or lose a
 * tag here; between vNICs they stay as they are.
 *
 * A row is: port, tags and length in bytes of the frame, then `port=length` for each copy.
 */
import { describe, expect, it } from 'vitest';
import { portOf } from '../engine/lab.ts';
import { mac } from './networks.ts';
import { Twins } from './twins.ts';

/** `-` or tags by their VIDs, outermost first. */
const tagsOf = (text: string) => (text === '-' ? [] : text.split('.').map(Number));

/** Copies that left by ports without a cable, and that what was added is zeros behind the frame's own bytes. */
function lengths(lab: Twins, from: string, tags: string, length: number): string {
  const bytes = lab.frame(mac.all, mac.x, { tags: tagsOf(tags), length });
  bytes.fill(0xee, 14 + 4 * tagsOf(tags).length);
  const { frames, recipients } = lab.send(from, bytes);
  const out = frames.filter((each) => each.direction === 'out' && recipients.includes(portOf(each)));
  for (const copy of out) {
    const body = [...copy.bytes.slice(12)].map((octet) => (octet === 0xee ? 'e' : octet === 0 ? '0' : 't')).join('');
    expect(body, portOf(copy)).toMatch(/^[t0]*e*0*$/);
    const kept = body.split('e').length - 1;
    expect(kept, `${portOf(copy)} has all of the payload`).toBe(Math.max(0, length - 14 - 4 * tagsOf(tags).length));
  }
  return out
    .map((copy) => `${portOf(copy).split('/')[1]}=${copy.bytes.length}`)
    .sort()
    .join(' ');
}

describe('a vSwitch that pads', () => {
  const groups = {
    ten: { vlan: 10 },
    trunk: { vlan: '10,20' },
    tunnel: { vlan: 10, tunnel: true },
    vgt: { vlan: 4095 },
    zero: { vlan: 0 },
  };
  const lab = (padding: boolean, tag: 'c' | 's' = 'c') => {
    const vms = Object.fromEntries(
      Object.keys(groups).flatMap((portGroup) => [1, 2].map((n) => [`${portGroup}${n}`, { portGroup }])),
    );
    const vswitches = { v: { padding, uplinkTag: tag, uplinkVlans: '0-4094', portGroups: groups } };
    return new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms } } });
  };

  type Row = readonly [from: string, tags: string, length: number, copies: string];
  const rows: Row[] = [
    // Among vNICs a frame keeps its length, or gains a tag; on the uplink it has 60 bytes with its tag.
    ['ten1', '-', 14, 'ten2=14 trunk1=18 trunk2=18 tunnel1=14 tunnel2=14 u=60 vgt1=18 vgt2=18'],
    ['ten1', '-', 42, 'ten2=42 trunk1=46 trunk2=46 tunnel1=42 tunnel2=42 u=60 vgt1=46 vgt2=46'],
    ['ten1', '-', 55, 'ten2=55 trunk1=59 trunk2=59 tunnel1=55 tunnel2=55 u=60 vgt1=59 vgt2=59'],
    ['ten1', '-', 56, 'ten2=56 trunk1=60 trunk2=60 tunnel1=56 tunnel2=56 u=60 vgt1=60 vgt2=60'],
    ['ten1', '-', 57, 'ten2=57 trunk1=61 trunk2=61 tunnel1=57 tunnel2=57 u=61 vgt1=61 vgt2=61'],
    ['ten1', '-', 60, 'ten2=60 trunk1=64 trunk2=64 tunnel1=60 tunnel2=60 u=64 vgt1=64 vgt2=64'],
    // A copy that loses its tag is filled up, those beside it are not.
    ['trunk1', '10', 18, 'ten1=60 ten2=60 trunk2=18 tunnel1=60 tunnel2=60 u=60 vgt1=18 vgt2=18'],
    ['trunk1', '10', 59, 'ten1=60 ten2=60 trunk2=59 tunnel1=60 tunnel2=60 u=60 vgt1=59 vgt2=59'],
    ['trunk1', '10', 63, 'ten1=60 ten2=60 trunk2=63 tunnel1=60 tunnel2=60 u=63 vgt1=63 vgt2=63'],
    ['trunk1', '10', 64, 'ten1=60 ten2=60 trunk2=64 tunnel1=60 tunnel2=60 u=64 vgt1=64 vgt2=64'],
    ['trunk1', '10', 65, 'ten1=61 ten2=61 trunk2=65 tunnel1=61 tunnel2=61 u=65 vgt1=65 vgt2=65'],
    ['trunk1', '10.20', 22, 'ten1=60 ten2=60 trunk2=22 tunnel1=60 tunnel2=60 u=60 vgt1=22 vgt2=22'],
    // A priority tag is a tag as well.
    ['ten1', '0', 20, 'ten2=60 trunk1=20 trunk2=20 tunnel1=60 tunnel2=60 u=60 vgt1=20 vgt2=20'],
    ['vgt1', '0', 30, 'u=60 vgt2=60 zero1=60 zero2=60'],
    ['zero1', '-', 30, 'u=60 vgt1=30 vgt2=30 zero2=30'],
    // A customer's tag is payload.
    ['tunnel1', '10', 18, 'ten1=18 ten2=18 trunk1=22 trunk2=22 tunnel2=18 u=60 vgt1=22 vgt2=22'],
    // From outside
    ['u', '10', 18, 'ten1=60 ten2=60 trunk1=18 trunk2=18 tunnel1=60 tunnel2=60 vgt1=18 vgt2=18'],
    ['u', '10', 64, 'ten1=60 ten2=60 trunk1=64 trunk2=64 tunnel1=60 tunnel2=60 vgt1=64 vgt2=64'],
    ['u', '-', 20, 'vgt1=20 vgt2=20 zero1=20 zero2=20'],
  ];

  it.each(rows)('%s "%s" of %i bytes: %s', (from, tags, length, copies) => {
    expect(lengths(lab(true), `h/${from}`, tags, length)).toBe(copies);
  });

  it.each(rows.filter(([from]) => from !== 'u'))(
    'with S-tags outside: %s "%s" of %i bytes',
    (from, tags, length, copies) => {
      expect(lengths(lab(true, 's'), `h/${from}`, tags, length)).toBe(copies);
    },
  );

  it('does so when it is asked only', () => {
    const plain = 'ten2=14 trunk1=18 trunk2=18 tunnel1=14 tunnel2=14 u=18 vgt1=18 vgt2=18';
    expect(lengths(lab(false), 'h/ten1', '-', 14)).toBe(plain);
    expect(lengths(lab(false), 'h/trunk1', '10', 18)).toBe(
      'ten1=14 ten2=14 trunk2=18 tunnel1=14 tunnel2=14 u=18 vgt1=18 vgt2=18',
    );
  });
});

describe('physical switches that pad', () => {
  const ports = { 1: { vlan: 10 }, 2: { vlan: 10 }, core: { vlan: '10,20' }, trunk: { vlan: '10,20' } };
  const lab = (padding: boolean) =>
    new Twins({
      physical: {
        switches: { p: { ports, padding }, q: { ports, padding: false } },
        links: [{ a: 'p/core', b: 'q/core' }],
      },
    });

  const rows: [from: string, tags: string, length: number, atP: string, atQ: string][] = [
    ['p/1', '-', 14, '2=60 trunk=60', '1=56 2=56 trunk=60'],
    ['p/1', '-', 58, '2=60 trunk=62', '1=58 2=58 trunk=62'],
    ['p/1', '-', 60, '2=60 trunk=64', '1=60 2=60 trunk=64'],
    ['p/trunk', '10', 20, '1=60 2=60', '1=56 2=56 trunk=60'],
    ['q/1', '-', 20, '1=60 2=60 trunk=60', '2=20 trunk=24'],
  ];

  it.each(rows)(
    '%s "%s" of %i bytes leaves p as %s, and q, which does not pad, as %s',
    (from, tags, length, atP, atQ) => {
      const net = lab(true);
      const names = (owner: string) => (frames: ReturnType<Twins['send']>) =>
        frames.frames
          .filter((each) => each.direction === 'out' && frames.recipients.includes(portOf(each)))
          .filter((each) => portOf(each).startsWith(`${owner}/`))
          .map((each) => `${portOf(each).slice(2)}=${each.bytes.length}`)
          .sort()
          .join(' ');
      const outcome = net.send(from, net.frame(mac.all, mac.x, { tags: tagsOf(tags), length }));
      expect([names('p')(outcome), names('q')(outcome)]).toEqual([atP, atQ]);
    },
  );

  it('pad known unicast, too, by whichever way it goes', () => {
    for (const tags of [[], [10]]) {
      const net = lab(true);
      const [from, to] = tags.length === 0 ? ['p/1', 'q/1'] : ['p/trunk', 'q/trunk'];
      net.send(to!, net.frame(mac.all, mac.b, { tags }));
      net.send(from!, net.frame(mac.all, mac.a, { tags }));
      for (let i = 0; i < 2; i++) {
        const { frames } = net.send(from!, net.frame(mac.b, mac.a, { tags, length: 20 }));
        const core = frames.find((each) => portOf(each) === 'p/core' && each.direction === 'out')!;
        expect(core.bytes).toHaveLength(60);
        const back = net.send(to!, net.frame(mac.a, mac.b, { tags, length: 20 }));
        expect(back.frames.find((each) => portOf(each) === from && each.direction === 'out')!.bytes).toHaveLength(60);
      }
    }
  });
});

describe('guests on a vSwitch that pads', () => {
  it('are given what they sent each other, and the uplink its 60 bytes', () => {
    const traffic = [
      { from: 'h/a', to: 'h/b', size: 64, rate: '1Mpps', count: 20 },
      { from: 'h/b', to: 'h/a', size: 64, rate: '1Mpps', count: 20 },
    ];
    const vms = { a: { mac: mac.a }, b: { mac: mac.b } };
    const vswitches = { v: { padding: true, portGroups: { pg: { vlan: 10 } } } };
    const lab = new Twins({ hosts: { h: { uplinks: ['u'], vswitches, vms } }, traffic });
    lab.pass(1_000_000n);
    lab.seen();
    expect(
      lab.network
        .ports()
        .slice(0, 2)
        .map(({ guest }) => guest!.received),
    ).toEqual([20, 20]);
    expect(lengths(lab, 'h/a', '-', 20)).toBe('b=20 u=60');
  });
});
