/**
 * How each copy of a frame is tagged on its way out (802.1Q-2018 6.9, 8.6), byte for byte: the switch rewrites one copy of
 * a flood and leaves the others alone.
 *
 * A frame is written as its tags, outermost first: `-` for none, `10` a VID, `10p5` with priority 5, `10p5d` drop eligible too,
 * `10.20` two tags. A row is: port, frame in, then `port=frame` for each copy that must come out.
 */
import { describe, expect, it } from 'vitest';
import { frameOf } from '../core/frames.ts';
import { Lab, portOf } from '../engine/lab.ts';
import { mac } from './networks.ts';

const portGroups = {
  ten: { vlan: 10 },
  twenty: { vlan: 20 },
  trunk: { vlan: '1-4094' },
  native: { vlan: '10,20', native: 10 },
  tagged: { vlan: '10,20', native: 10, nativeTagged: true },
  vgt: { vlan: 4095 },
  zero: { vlan: 0 },
};
const groups = Object.keys(portGroups);
const topology = {
  hosts: {
    h: {
      uplinks: ['u'],
      vswitches: { v: { portGroups, uplinkVlans: '0-4094' } },
      // Two vNICs of each kind: the second shows what the first does not get back.
      vms: Object.fromEntries(groups.flatMap((portGroup) => [1, 2].map((n) => [`${portGroup}${n}`, { portGroup }]))),
    },
  },
};

function tcis(text: string): number[] {
  if (text === '-') return [];
  return text.split('.').map((tag) => {
    const [, vid, priority, drop] = /^(\d+)(?:p(\d))?(d)?$/.exec(tag)!;
    return (Number(priority ?? 0) << 13) | (drop === undefined ? 0 : 0x1000) | Number(vid);
  });
}

const in10 = (tags: string) =>
  `ten1=- ten2=- trunk1=${tags} trunk2=${tags} native1=- native2=- tagged1=${tags} tagged2=${tags} vgt1=${tags} vgt2=${tags} u=${tags}`;
const in20 = (tags: string) =>
  `twenty1=- twenty2=- trunk1=${tags} trunk2=${tags} native1=${tags} native2=${tags} tagged1=${tags} tagged2=${tags} vgt1=${tags} vgt2=${tags} u=${tags}`;
const in0 = 'vgt1=- vgt2=- zero1=- zero2=- u=-';

const rows: [port: string, frame: string, copies: string][] = [
  // Untagged, where there is an untagged VLAN
  ['ten1', '-', in10('10')],
  ['twenty1', '-', in20('20')],
  ['native1', '-', in10('10')],
  ['tagged1', '-', in10('10')],
  ['vgt1', '-', in0],
  ['zero1', '-', in0],
  ['u', '-', in0],
  // Tagged
  ['trunk1', '10', in10('10')],
  ['trunk1', '10p5', in10('10p5')],
  ['trunk1', '10p7d', in10('10p7d')],
  ['native1', '10p3', in10('10p3')],
  ['native1', '20p3', in20('20p3')],
  ['tagged1', '10p1', in10('10p1')],
  ['tagged1', '20d', in20('20d')],
  ['u', '10p6d', in10('10p6d')],
  ['u', '20', in20('20')],
  ['vgt1', '20p2', in20('20p2')],
  ['trunk1', '4094p7d', 'trunk2=4094p7d vgt1=4094p7d vgt2=4094p7d u=4094p7d'],
  ['trunk1', '1', 'trunk2=1 vgt1=1 vgt2=1 u=1'],
  // Priority tags: the port's untagged VLAN, with their priority and drop eligibility kept
  ['ten1', '0p5d', in10('10p5d')],
  ['native1', '0p1', in10('10p1')],
  ['tagged1', '0p7', in10('10p7')],
  ['zero1', '0p4d', in0],
  ['u', '0p4', in0],
  // Two tags: the inner one is payload, whatever it says
  [
    'trunk1',
    '10.20',
    'ten1=20 ten2=20 trunk2=10.20 native1=20 native2=20 tagged1=10.20 tagged2=10.20 vgt1=10.20 vgt2=10.20 u=10.20',
  ],
  [
    'trunk1',
    '10p5d.10p5d',
    'ten1=10p5d ten2=10p5d trunk2=10p5d.10p5d native1=10p5d native2=10p5d tagged1=10p5d.10p5d tagged2=10p5d.10p5d vgt1=10p5d.10p5d vgt2=10p5d.10p5d u=10p5d.10p5d',
  ],
  [
    'ten1',
    '0p6.20',
    'ten2=20 trunk1=10p6.20 trunk2=10p6.20 native1=20 native2=20 tagged1=10p6.20 tagged2=10p6.20 vgt1=10p6.20 vgt2=10p6.20 u=10p6.20',
  ],
  [
    'u',
    '20.4095',
    'twenty1=4095 twenty2=4095 trunk1=20.4095 trunk2=20.4095 native1=20.4095 native2=20.4095 tagged1=20.4095 tagged2=20.4095 vgt1=20.4095 vgt2=20.4095',
  ],
  [
    'u',
    '10.20.30',
    'ten1=20.30 ten2=20.30 trunk1=10.20.30 trunk2=10.20.30 native1=20.30 native2=20.30 tagged1=10.20.30 tagged2=10.20.30 vgt1=10.20.30 vgt2=10.20.30',
  ],
  ['vgt1', '0p3.20', 'vgt2=20 zero1=20 zero2=20 u=20'],
  // Not carried
  ['trunk1', '-', ''],
  ['trunk1', '0p5', ''],
  ['trunk1', '4095', ''],
  ['ten1', '10', ''],
  ['ten1', '20', ''],
  ['native1', '30', ''],
  ['tagged1', '30', ''],
  ['u', '4095', ''],
];

function expected(port: string, copies: string): string[] {
  return copies
    .split(' ')
    .filter((copy) => copy !== '' && !copy.startsWith(`${port}=`))
    .sort();
}

describe('a frame that floods', () => {
  it.each(rows)('into %s as "%s" leaves as "%s"', (port, tags, copies) => {
    const lab = new Lab(topology);
    const bytes = (text: string) =>
      Buffer.from(frameOf({ dst: mac.all, src: mac.x, tags: tcis(text), payload: 'arp reply' }, 7)).toString('hex');
    const { frames } = lab.send(`h/${port}`, Buffer.from(bytes(tags), 'hex'));
    const out = frames.filter(({ direction }) => direction === 'out');
    const wanted = expected(port, copies).map((copy) => {
      const [name, text] = copy.split('=') as [string, string];
      return `h/${name} ${bytes(text)}`;
    });
    expect(out.map((frame) => `${portOf(frame)} ${Buffer.from(frame.bytes).toString('hex')}`).sort()).toEqual(
      wanted.sort(),
    );
    const [entered] = frames.filter(({ direction }) => direction === 'in');
    expect(Buffer.from(entered!.bytes).toString('hex'), 'what came in is recorded as it came').toBe(bytes(tags));
    expect(new Set(frames.map(({ packetId }) => packetId)).size, 'all copies are one frame').toBe(1);
  });
});

describe('a tag over several hops', () => {
  const ports = {
    1: { vlan: '10,20', native: 10 },
    2: { vlan: '10,20' },
    3: { vlan: 10 },
    4: { vlan: '10,20', native: 20 },
  };
  const chain = {
    physical: {
      switches: { p: { ports }, q: { ports }, r: { ports } },
      links: [
        { a: 'p/2', b: 'q/2' },
        { a: 'q/1', b: 'r/1' },
      ],
    },
  };
  const hops: [from: string, frame: string, to: string, copy: string][] = [
    ['p/3', '-', 'r/3', '-'],
    ['p/3', '-', 'r/2', '10'],
    ['p/3', '0p5d', 'r/2', '10'], // q/1 strips the native VLAN, and the priority with it
    ['p/3', '0p5d', 'q/4', '10p5d'],
    ['p/4', '-', 'r/4', '-'],
    ['p/4', '-', 'r/2', '20'],
    ['p/4', '0p2', 'r/2', '20p2'],
    ['p/3', '0p1.20', 'q/3', '20'],
    ['p/3', '0p1.20', 'q/4', '10p1.20'],
    // VLAN hopping: the native VLAN's tag is stripped on the cable, and the inner one is taken for the frame's own.
    ['p/1', '10.20', 'r/4', '-'],
    ['p/1', '10.20p3', 'r/2', '20p3'],
  ];

  it.each(hops)('from %s as "%s" it reaches %s as "%s"', (from, tags, to, copy) => {
    const lab = new Lab(chain);
    const bytes = (text: string) => frameOf({ dst: mac.all, src: mac.x, tags: tcis(text), payload: 'ip' }, 7);
    const { frames } = lab.send(from, bytes(tags));
    const got = frames.filter((frame) => portOf(frame) === to && frame.direction === 'out');
    expect(got.map((frame) => Buffer.from(frame.bytes).toString('hex'))).toEqual([
      Buffer.from(bytes(copy)).toString('hex'),
    ]);
  });
});
