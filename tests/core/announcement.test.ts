/** R12 and R13 where random tests seldom come: the lock belongs to the entry, and a cut frame announces nothing. */
import { describe, expect, it } from 'vitest';
import { switchOf } from '../model/config.ts';
import { topologyOf, vnicMac } from '../model/topology.ts';
import { referenceUnderTest } from '../model/under-test.ts';
import { type FrameSpec, frameOf } from './frames.ts';
import { receive, type SwitchUnderTest } from './switch-under-test.ts';
import { throughRings } from './through-rings.ts';
import { underTest } from './under-test.ts';

const config = switchOf(
  [
    { name: 'p1', kind: 'vnic', mac: vnicMac(0) },
    { name: 'p2', kind: 'vnic', mac: vnicMac(1) },
    { name: 'u0', kind: 'uplink' },
  ],
  { ageNs: 1_000_000_000n, entriesMax: 64 },
);

const [a, b, all] = [vnicMac(0), vnicMac(1), 'ff:ff:ff:ff:ff:ff'];
const isBack = { dst: all, src: a, tags: [], payload: 'arp reply' } as const;

type Heard = readonly [seconds: number, port: string, frame: FrameSpec];

/** Verdict of the last frame; it comes from outside and says that station `a` is there now. */
function lastVerdict(sut: SwitchUnderTest, story: readonly Heard[]): string {
  try {
    const hear = ([seconds, port, frame]: Heard, id: number) =>
      receive(sut, port, frameOf(frame, id), BigInt(Math.round(seconds * 1e9))).verdict;
    return story.map(hear).at(-1)!;
  } finally {
    sut.close();
  }
}

const switches: [string, () => SwitchUnderTest][] = [
  ['the reference model', () => referenceUnderTest(config)],
  ['the core', () => underTest(topologyOf(config))],
  ['the core, through rings', () => throughRings(topologyOf(config))],
];

describe.each(switches)('%s', (_name, open) => {
  it('does not believe within 5 s that a station that announced itself here is outside', () => {
    const speaks = { dst: b, src: a, tags: [], payload: 'ip' } as const;
    const refreshes = [1.9, 2.8, 3.7, 4.6, 5.5].map((at): Heard => [at, 'p1', speaks]);
    expect(lastVerdict(open(), [[1, 'p1', isBack], ...refreshes, [5.999999999, 'u0', isBack]])).toBe('deja_vu');
    expect(lastVerdict(open(), [[1, 'p1', isBack], ...refreshes, [6, 'u0', isBack]])).toBe('flood_group');
  });

  it('forgets the lock with the entry: a station that aged and is learned anew is not locked', () => {
    const story: Heard[] = [
      [1, 'p1', isBack],
      [2.5, 'p2', { dst: all, src: b, tags: [], payload: 'ip' }],
      [2.6, 'p1', { dst: b, src: a, tags: [], payload: 'ip' }],
      [2.7, 'u0', isBack],
    ];
    expect(lastVerdict(open(), story)).toBe('flood_group');
  });

  it('forgets the lock when the station moves to another port', () => {
    const moves: Heard = [2, 'p2', { dst: b, src: a, tags: [], payload: 'ip' }];
    expect(lastVerdict(open(), [[1.5, 'p1', isBack], moves, [2.1, 'u0', isBack]])).toBe('flood_group');
  });

  it('wants all 28 bytes of an ARP', () => {
    const speaks: Heard = [1, 'p1', { dst: b, src: a, tags: [], payload: 'ip' }];
    expect(lastVerdict(open(), [speaks, [1.1, 'u0', { ...isBack, length: 41 }]])).toBe('deja_vu');
    expect(lastVerdict(open(), [speaks, [1.1, 'u0', { ...isBack, length: 42 }]])).toBe('flood_group');
    expect(lastVerdict(open(), [speaks, [1.1, 'u0', { ...isBack, tags: [5], length: 45 }]])).toBe('deja_vu');
    expect(lastVerdict(open(), [speaks, [1.1, 'u0', { ...isBack, tags: [5], length: 46 }]])).toBe('flood_group');
  });

  it('takes no frame that ends inside its tag for an announcement, whatever lay in its slot before', () => {
    const rarp = { dst: all, src: b, tags: [5], payload: 'rarp' } as const;
    const story: Heard[] = [
      [1, 'p2', rarp],
      [2, 'p2', rarp],
      [3, 'p1', { ...rarp, src: a, length: 16 }],
      [3.1, 'u0', isBack],
    ];
    expect(lastVerdict(open(), story)).toBe('flood_group');
  });
});
