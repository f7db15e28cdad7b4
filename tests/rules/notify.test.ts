/**
 * R14: when a station's uplink changes, the vSwitch tells the outside by a RARP from its address, in its VLAN, on its new uplink.
 *
 * Host h has the uplinks u1 to u3 and VMs a, b and c, pinned to them in turn. Orders are as in the tests of teams: `-u1`, `+u1`, `!u1`.
 * An announcement is written `uplink station`, with `/VLAN` where it is tagged.
 */
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import { portOf } from '../engine/lab.ts';
import { mac, type Name } from './networks.ts';
import { Twins } from './twins.ts';

type Model = 'learning' | 'registered';
const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
const nameOf = new Map<string, string>(Object.entries(mac).map(([name, address]) => [address, name]));

interface Settings {
  readonly model?: Model;
  readonly teaming?: object;
  readonly vswitch?: object;
  readonly groups?: Readonly<Record<string, object>>;
  readonly vms?: Readonly<Record<string, string>>;
  /** All uplinks lead to one physical switch, at whose port 8 stands x. */
  readonly isCabled?: boolean;
}

function host({
  model = 'learning',
  teaming = {},
  vswitch = {},
  groups = { pg: {} },
  vms,
  isCabled,
}: Settings = {}): Twins {
  const [first] = Object.keys(groups);
  const nics = Object.entries(vms ?? { a: first!, b: first!, c: first! }).map(([name, portGroup]) => {
    return [name, { portGroup, mac: mac[name as Name] }];
  });
  const names = ['u1', 'u2', 'u3'];
  const cabled = Object.fromEntries(names.map((name, i) => [name, { to: `tor/${i + 1}`, delay: '1us' }]));
  const vswitches = { v: { macModel: model, portGroups: groups, teaming, ...vswitch } };
  const h = { uplinks: isCabled ? cabled : names, vswitches, vms: Object.fromEntries(nics) };
  return new Twins({ hosts: { h }, ...(isCabled && { physical: { switches: { tor: { ports: 8 } } } }) });
}

/** Everyone speaks once, so that a learning vSwitch knows where they are. */
function speak(lab: Twins, vms = 'abc'): Twins {
  for (const vm of vms) lab.send(`h/${vm}`, lab.frame(mac.all, mac[vm as Name]));
  return lab;
}

async function order(lab: Twins, what: string): Promise<void> {
  for (const each of what.split(' ').filter((word) => word !== '')) {
    const name = `h/${each.slice(1)}`;
    await lab.operate((network) => {
      return each.startsWith('!') ? network.setActive(name) : network.setLink(name, each.startsWith('+'));
    });
  }
}

const hex = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.slice(from, to)).toString('hex');
const text = (bytes: Uint8Array, from: number) =>
  hex(bytes, from, from + 6)
    .match(/../g)!
    .join(':');
const isTagged = (bytes: Uint8Array) => hex(bytes, 12, 14) === '8100';
const isRarp = ({ bytes }: CapturedFrame) =>
  hex(bytes, isTagged(bytes) ? 16 : 12, isTagged(bytes) ? 18 : 14) === '8035';

/** The announcements that left by uplinks, in order. */
const sent = (frames: readonly CapturedFrame[]) =>
  frames.filter((frame) => isRarp(frame) && frame.direction === 'out' && portOf(frame).startsWith('h/u'));

function written(frame: CapturedFrame): string {
  const { bytes } = frame;
  const vlan = isTagged(bytes) ? `/${((bytes[14]! << 8) | bytes[15]!) & 0xfff}` : '';
  return `${portOf(frame).slice(2)} ${nameOf.get(text(bytes, 6)) ?? text(bytes, 6)}${vlan}`;
}

/** What is announced by orders and until nothing is due any more. */
async function announced(lab: Twins, orders: string): Promise<string> {
  lab.seen();
  await order(lab, orders);
  lab.settle();
  return sent(lab.seen()).map(written).sort().join(', ') || 'nothing';
}

describe('an announcement', () => {
  it.each([
    ['untagged', {}, 60, ''],
    ['tagged', { vlan: 10 }, 64, '8100000a'],
  ])('is a broadcast RARP request for its own address, %s', async (_what, group, length, tag) => {
    const lab = speak(host({ groups: { pg: group } }));
    lab.seen();
    await order(lab, '-u1');
    lab.settle();
    const [frame, ...more] = sent(lab.seen());
    expect(more).toEqual([]);
    const own = mac.a.replaceAll(':', '');
    const rarp = `0001080006040003${own}00000000${own}00000000`;
    expect(hex(frame!.bytes, 0, length)).toBe(`ffffffffffff${own}${tag}8035${rarp}${'00'.repeat(18)}`);
    expect(frame!.bytes).toHaveLength(length);
  });

  it('stands in the ledger as a frame that the switch sent of itself, with a number of its own', async () => {
    const lab = speak(host());
    const before = lab.network.ledger();
    lab.seen();
    await order(lab, '-u1');
    lab.settle();
    const after = lab.network.ledger();
    expect([after.framesIn - before.framesIn, after.delivered - before.delivered]).toEqual([1, 1]);
    expect(sent(lab.seen())[0]!.packetId).toBeGreaterThanOrEqual(1_000_000_000_000n);
    expect(lab.network.report().switches[0]!.ledger.balanced).toBe(true);
  });
});

describe('who is announced', () => {
  /** Team (`active | standby`), orders one after the other, and what each announces. */
  type Row = readonly [teaming: object, steps: [orders: string, announced: string][]];
  const explicit = { policy: 'explicit', active: ['u1'], standby: ['u2', 'u3'] };
  const rows: Row[] = [
    [
      {},
      [
        ['-u1', 'u2 a'],
        ['+u1', 'u1 a'],
      ],
    ],
    [
      {},
      [
        ['-u2', 'u3 b'],
        ['-u3', 'u1 b, u1 c'],
        ['-u1', 'nothing'],
        ['+u2', 'u2 a, u2 b, u2 c'],
      ],
    ],
    [
      { failback: false },
      [
        ['-u1', 'u2 a'],
        ['+u1', 'nothing'],
        ['-u2', 'u1 a, u1 b'],
      ],
    ],
    [
      { active: ['u1'], standby: ['u2'] },
      [
        ['-u1', 'u2 a, u2 b, u2 c'],
        ['-u2', 'nothing'],
        ['+u1', 'u1 a, u1 b, u1 c'],
      ],
    ],
    [
      explicit,
      [
        ['-u1', 'u2 a, u2 b, u2 c'],
        ['-u3', 'nothing'],
        ['+u1', 'u1 a, u1 b, u1 c'],
      ],
    ],
    [
      explicit,
      [
        ['!u3', 'u3 a, u3 b, u3 c'],
        ['!u3', 'nothing'],
        ['-u3', 'u1 a, u1 b, u1 c'],
      ],
    ],
    [
      {},
      [
        ['!u1', 'nothing'],
        ['!u2', 'u1 b, u2 a'],
      ],
    ],
    // 0a, 0b and 0c by source MAC: u2, u3 and u1 of three, u1, u2 and u1 of two.
    [
      { policy: 'source-mac' },
      [
        ['-u2', 'u1 a'],
        ['+u2', 'u2 a'],
        ['-u1 -u3', 'u2 b, u2 c'],
      ],
    ],
    [
      { policy: 'source-mac', active: ['u1', 'u2'], standby: ['u3'] },
      [
        ['-u1', 'u2 a, u2 c'],
        ['+u1', 'u1 a, u1 c'],
      ],
    ],
    [
      { policy: 'source-mac', active: ['u1', 'u2'] },
      [
        ['!u2', 'u1 b, u2 a, u2 c'],
        ['!u2', 'nothing'],
      ],
    ],
    // Down and up again before anybody could speak
    [{}, [['-u1 +u1', 'u1 a']]],
    [
      { notify: false },
      [
        ['-u1', 'nothing'],
        ['+u1', 'nothing'],
        ['!u3', 'nothing'],
      ],
    ],
    [{ notify: { repeat: 0 } }, [['-u1', 'nothing']]],
  ];

  it.each(rows)('team %j: %j', async (teaming, steps) => {
    for (const model of ['learning', 'registered'] as const) {
      const lab = speak(host({ model, teaming }));
      for (const [orders, expected] of steps) expect(await announced(lab, orders), `${model} ${orders}`).toBe(expected);
    }
  });

  it('nobody at the start', () => {
    for (const model of ['learning', 'registered'] as const) {
      const lab = host({ model });
      lab.pass(SECOND);
      expect(sent(lab.seen())).toEqual([]);
    }
  });

  it('those who never spoke, too, where they are registered', async () => {
    expect(await announced(host({ model: 'registered' }), '-u1')).toBe('u2 a');
    expect(await announced(host({ model: 'learning' }), '-u1')).toBe('nothing');
  });

  it('everyone behind a vNIC, static ones too, but not who has aged', async () => {
    const lab = host({ vswitch: { table: { ageing: '10s' } } });
    const heard = (who: Name, atNs: bigint) => lab.send('h/a', lab.frame(mac.all, mac[who]), atNs);
    heard('a', 0n);
    heard('d', 0n);
    heard('e', 1n);
    heard('a', 2n);
    await lab.operate((network) => network.setStatic('h/v', 0, mac.f, 'h/a'));
    lab.pass(10n * SECOND);
    expect(await announced(lab, '-u1')).toBe('u2 a, u2 e, u2 f');
  });

  it('by source MAC each behind a vNIC by its own', async () => {
    const lab = host({ teaming: { policy: 'source-mac' } });
    // 0d, 0e, 0f: u2, u3 and u1 of three; 0d is then the second of two.
    for (const who of ['d', 'e', 'f'] as const) lab.send('h/a', lab.frame(mac.all, mac[who]));
    expect(await announced(lab, '-u2')).toBe('u3 d');
    expect(await announced(lab, '+u2')).toBe('u2 d');
    expect(await announced(lab, '-u1')).toBe('u3 f');
  });

  it('with its new address, who has changed it', async () => {
    const lab = host({ model: 'registered' });
    await lab.operate((network) => network.setGuestMac('h/a', mac.d));
    expect(await announced(lab, '-u1')).toBe('u2 d');
  });

  it('those of port groups whose team it concerns', async () => {
    const groups = { web: {}, db: { teaming: { active: ['u3'], standby: ['u1'] } } };
    const lab = speak(host({ groups, teaming: { active: ['u1', 'u2'] }, vms: { a: 'web', b: 'web', c: 'db' } }));
    expect(await announced(lab, '-u3')).toBe('u1 c');
    expect(await announced(lab, '+u3')).toBe('u3 c');
    expect(await announced(lab, '-u1')).toBe('u2 a');
  });
});

describe('the VLAN of an announcement', () => {
  it('is that of the vNIC', async () => {
    const groups = { ten: { vlan: 10 }, zero: { vlan: 0 }, tunnel: { vlan: 30, tunnel: true } };
    const vms = { a: 'ten', b: 'zero', c: 'tunnel' };
    for (const model of ['learning', 'registered'] as const) {
      const lab = speak(host({ model, groups, vms, vswitch: { uplinkVlans: '0-4094' } }));
      expect(await announced(lab, '-u1 -u2'), model).toBe('u3 a/10, u3 b');
      expect(await announced(lab, '+u1 -u3'), model).toBe('u1 a/10, u1 b, u1 c/30');
    }
  });

  it('is the one in which a guest that tags was heard, each of them', async () => {
    const lab = host({ groups: { vgt: { vlan: '10,20' } } });
    for (const tag of [10, 20]) lab.send('h/a', lab.frame(mac.all, mac.a, { tags: [tag] }));
    lab.send('h/a', lab.frame(mac.all, mac.d, { tags: [20] }));
    expect(await announced(lab, '-u1')).toBe('u2 a/10, u2 a/20, u2 d/20');
  });

  it('is a private port’s own', async () => {
    const groups = { p: { vlan: 100 }, i: { vlan: 101 } };
    const vswitch = { privateVlans: [{ primary: 100, isolated: 101 }] };
    const lab = speak(host({ groups, vswitch, vms: { a: 'i', b: 'p' } }), 'ab');
    expect(await announced(lab, '-u1')).toBe('u2 a/101');
    expect(await announced(lab, '-u2')).toBe('u3 a/101, u3 b/100');
  });

  it('is none that the uplinks do not carry', async () => {
    const groups = { ten: { vlan: 10 }, twenty: { vlan: 20 } };
    const lab = speak(host({ groups, vms: { a: 'ten', b: 'twenty' }, vswitch: { uplinkVlans: '20' } }), 'ab');
    expect(await announced(lab, '-u1 -u2')).toBe('u3 b/20');
  });
});

describe('announcements that are repeated', () => {
  /** Times, in ms after the order, of all announcements: `0 1000`. */
  async function times(lab: Twins, orders: string): Promise<string> {
    lab.seen();
    const from = lab.nowNs;
    await order(lab, orders);
    lab.settle();
    return sent(lab.seen())
      .map(({ timeNs }) => Number((timeNs! - from) / MILLISECOND))
      .join(' ');
  }

  it.each([
    [{}, '0'],
    [true, '0'],
    [{ repeat: 2 }, '0 1000'],
    [{ repeat: 3, interval: '100ms' }, '0 100 200'],
    [{ repeat: 5, interval: '1ms' }, '0 1 2 3 4'],
  ])('notify: %j', async (notify, expected) => {
    const lab = speak(host({ teaming: { notify } }));
    lab.pass(7n * SECOND);
    expect(await times(lab, '-u1')).toBe(expected);
  });

  it('as often as 255 times', async () => {
    const lab = speak(host({ teaming: { notify: { repeat: 255, interval: '1s' } } }));
    const all = (await times(lab, '-u1')).split(' ');
    expect([all.length, all.at(-1)]).toEqual([255, '254000']);
  });

  it('end where the uplink fails, and begin anew on the next one', async () => {
    const lab = speak(host({ teaming: { notify: { repeat: 3, interval: '1s' } } }));
    lab.seen();
    await order(lab, '-u1');
    lab.network.advance(lab.nowNs + 1500n * MILLISECOND);
    await lab.network.setLink('h/u2', false);
    lab.network.advance(lab.nowNs + 10n * SECOND);
    const told = sent(lab.seen()).map((frame) => `${frame.timeNs! / MILLISECOND} ${written(frame)}`);
    expect(told.filter((each) => each.endsWith('a'))).toEqual([
      '0 u2 a',
      '1000 u2 a',
      '1500 u3 a',
      '2500 u3 a',
      '3500 u3 a',
    ]);
    expect(told.filter((each) => each.endsWith('b'))).toEqual(['1500 u3 b', '2500 u3 b', '3500 u3 b']);
  });

  it('keep their distance when another vNIC’s begin in between', async () => {
    const lab = speak(host({ teaming: { active: ['u1', 'u2', 'u3'], notify: { repeat: 3, interval: '1s' } } }));
    lab.seen();
    await order(lab, '-u1');
    lab.network.advance(lab.nowNs + 300n * MILLISECOND);
    await lab.network.setLink('h/u3', false);
    lab.network.advance(lab.nowNs + 10n * SECOND);
    const told = sent(lab.seen()).map((frame) => `${frame.timeNs! / MILLISECOND} ${written(frame)}`);
    expect(told.filter((each) => each.endsWith('a'))).toEqual(['0 u2 a', '1000 u2 a', '2000 u2 a']);
    expect(told.filter((each) => each.endsWith('c'))).toEqual(['300 u2 c', '1300 u2 c', '2300 u2 c']);
  });

  it('go on whatever else happens that does not concern them', async () => {
    for (const policy of ['port-id', 'source-mac', 'explicit']) {
      const teaming = { policy, active: ['u1', 'u2'], notify: { repeat: 3, interval: '1s' } };
      const lab = speak(host({ teaming }));
      lab.seen();
      await order(lab, '-u1');
      lab.network.advance(lab.nowNs + 500n * MILLISECOND);
      await lab.network.setLink('h/u3', false);
      await lab.network.setGuestMac('h/b', mac.d);
      lab.network.advance(lab.nowNs + 10n * SECOND);
      const told = sent(lab.seen()).map((frame) => `${frame.timeNs! / MILLISECOND} ${written(frame)}`);
      expect(
        told.filter((each) => each.endsWith('a')),
        policy,
      ).toEqual(['0 u2 a', '1000 u2 a', '2000 u2 a']);
    }
  });

  it('follow the stations: who has gone is announced no more', async () => {
    const lab = speak(host({ teaming: { notify: { repeat: 3, interval: '1s' } } }));
    lab.seen();
    await order(lab, '-u1');
    lab.network.advance(lab.nowNs + 500n * MILLISECOND);
    await lab.network.flush({ port: 'h/a' });
    lab.network.advance(lab.nowNs + 10n * SECOND);
    expect(sent(lab.seen()).map(written)).toEqual(['u2 a']);
  });

  it('wait for the team’s delay', async () => {
    const lab = speak(host({ teaming: { downDelay: '50ms' } }));
    expect(await times(lab, '-u1')).toBe('50');
  });
});

describe('many stations', () => {
  it.each([
    [1, '1'],
    [127, '127'],
    [128, '128'],
    [129, '128 1'],
    [300, '128 128 44'],
  ])('%i of them leave as %s, a millisecond apart', async (count, bursts) => {
    const lab = host({ vswitch: { table: { max: 1000 } } });
    const frames = Array.from({ length: count }, (_, i) => {
      const address = `02:00:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 0xff).toString(16).padStart(2, '0')}`;
      return ['h/a', lab.frame(mac.all, address)] as const;
    });
    lab.sendAll(frames);
    lab.seen();
    const from = lab.nowNs;
    await order(lab, '-u1');
    lab.settle();
    const out = sent(lab.seen());
    expect(new Set(out.map(({ bytes }) => text(bytes, 6))).size, 'each once').toBe(count);
    const at = out.map(({ timeNs }) => Number((timeNs! - from) / MILLISECOND));
    const said = [...new Set(at)].map((ms) => at.filter((each) => each === ms).length);
    expect(said.join(' ')).toBe(bursts);
    expect(new Set(at)).toEqual(new Set(said.map((_, i) => i)));
  });
});

describe('with announcements the outside', () => {
  it('sends at once to the new uplink', async () => {
    for (const model of ['learning', 'registered'] as const) {
      const lab = speak(host({ model, isCabled: true }));
      const reach = () => lab.send('tor/8', lab.frame(mac.a, mac.x));
      expect(reach()).toMatchObject({ recipients: ['h/a'], drops: [] });
      expect(await announced(lab, '-u1')).toBe('u2 a');
      expect(lab.table('tor')).toContain(`0 ${mac.a} tor/2`);
      expect(reach()).toMatchObject({ recipients: ['h/a'], drops: [] });
      expect(await announced(lab, '+u1')).toBe('u1 a');
      expect(reach()).toMatchObject({ recipients: ['h/a'], drops: [] });
    }
  });

  it('does not send the station away by what it sends back (R7, R13)', async () => {
    const lab = speak(host({ isCabled: true, teaming: { notify: { repeat: 3, interval: '1s' } } }));
    await order(lab, '-u1');
    lab.settle();
    expect(lab.table('h/v')).toEqual(['a', 'b', 'c'].map((vm) => `0 ${mac[vm as 'a']} h/${vm}`));
    expect(lab.network.moves('h/v')).toEqual([]);
    const drops = lab.network.ports().flatMap(({ name, verdicts }) => (verdicts['deja_vu'] ? [name] : []));
    expect(drops).toContain('h/u3');
  });

  it('tells another host’s learning vSwitch nothing wrong', async () => {
    const uplinks = (n: number) => ({ u1: { to: `tor/${n}1`, delay: '1us' }, u2: { to: `tor/${n}2`, delay: '1us' } });
    const hostOf = (n: number, vm: Name) => ({
      uplinks: uplinks(n),
      vswitches: { v: { portGroups: { pg: {} } } },
      vms: { [vm]: { mac: mac[vm] } },
    });
    const ports = { 11: {}, 12: {}, 21: {}, 22: {} };
    const lab = new Twins({
      hosts: { h: hostOf(1, 'a'), g: hostOf(2, 'b') },
      physical: { switches: { tor: { ports } } },
    });
    lab.send('h/a', lab.frame(mac.all, mac.a));
    lab.send('g/b', lab.frame(mac.all, mac.b));
    expect(await announced(lab, '-u1')).toBe('u2 a');
    expect(lab.table('g/v')).toEqual([`0 ${mac.a} uplink`, `0 ${mac.b} g/b`]);
    expect(lab.send('g/b', lab.frame(mac.a, mac.b))).toMatchObject({ recipients: ['h/a'], drops: [] });
  });
});

describe('a LAG', () => {
  it('announces nobody: its partner sends to the members that are left', async () => {
    const lab = speak(host({ teaming: { lag: 'static' } }));
    expect(await announced(lab, '-u1')).toBe('nothing');
    expect(await announced(lab, '-u2 -u3')).toBe('nothing');
    expect(await announced(lab, '+u2')).toBe('nothing');
  });
});
