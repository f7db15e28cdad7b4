/**
 * R18 without LACP: several ports as one, and the hash that says which of them carries a frame.
 *
 * Host h has VMs a and b and the uplinks u1 to u3, of which a row may leave some out; they lead to the ports of the same numbers
 * of tor, where x stands at port 8. A packet is written as its addresses, `10.0.0.1 > 10.0.0.2`.
 */
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import { at, portOf } from '../engine/lab.ts';
import { mac, type Name } from './networks.ts';
import { Twins, told } from './twins.ts';

const names = ['u1', 'u2', 'u3'];
const octets = (address: string) => address.split(':').map((octet) => Number.parseInt(octet, 16));

interface Settings {
  readonly uplinks?: number;
  readonly teaming?: object;
  /** Port groups' VLAN. */
  readonly vlan?: number;
  /** Whether tor’s ends of the cables are a LAG, too; without cables by default. */
  readonly tor?: 'lag' | 'ports';
  readonly vswitch?: object;
}

function host({ uplinks = 3, teaming = {}, vlan, tor, vswitch = {} }: Settings = {}): Twins {
  const own = names.slice(0, uplinks);
  const cabled = Object.fromEntries(own.map((name, i) => [name, { to: `tor/${i + 1}`, delay: '1us' }]));
  const group = vlan === undefined ? {} : { vlan };
  const vswitches = { v: { portGroups: { pg: group }, teaming: { lag: 'static', ...teaming }, ...vswitch } };
  const h = { uplinks: tor === undefined ? own : cabled, vswitches, vms: { a: { mac: mac.a }, b: { mac: mac.b } } };
  const members = own.map((_, i) => i + 1);
  const physical = { switches: { tor: { ports: 9, ...(tor === 'lag' && { lags: { l: { ports: members } } }) } } };
  // Where only one end knows of the LAG, floods come more than once.
  return new Twins({ hosts: { h }, ...(tor !== undefined && { physical }) }, {}, tor !== 'ports');
}

/** An IPv4 packet between addresses, an IPv6 one (`::1 > ::2`, the last 32 bits in hex), or with neither an experimental frame. */
function frame(dst: Name, src: Name, packet = '', tags: readonly number[] = []): Uint8Array {
  const [from = '', to = ''] = packet.split(' > ');
  const head = [...octets(mac[dst]), ...octets(mac[src]), ...tags.flatMap((tci) => [0x81, 0, tci >> 8, tci & 0xff])];
  if (packet === '') return Uint8Array.from([...head, 0x88, 0xb5, ...Array(46).fill(0)]);
  if (from.startsWith('::')) {
    const address = (text: string) => {
      const low = Number.parseInt(text.slice(2), 16);
      return [...Array(12).fill(0x20), low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255];
    };
    return Uint8Array.from([...head, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 59, 64, ...address(from), ...address(to)]);
  }
  const v4 = [from, to].flatMap((text) => text.split('.').map(Number));
  return Uint8Array.from([...head, 8, 0, 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, ...v4, ...Array(26).fill(0)]);
}

const ups = (frames: readonly CapturedFrame[], direction: 'in' | 'out') =>
  names.flatMap((name) => at(frames, `h/${name}`, direction).map(() => name)).join(' ') || '-';

/** The uplinks that a frame from a leaves by. */
const exits = (lab: Twins, bytes: Uint8Array) => ups(lab.send('h/a', bytes).frames, 'out');

describe('the hash', () => {
  /** Addresses, and the member of 1, 2 and 3 that carries the packet: xor of the addresses modulo the members. */
  type Row = readonly [packet: string, of1: number, of2: number, of3: number];
  const rows: Row[] = [
    ['10.0.0.1 > 10.0.0.1', 1, 1, 1],
    ['10.0.0.1 > 10.0.0.2', 1, 2, 1],
    ['10.0.0.1 > 10.0.0.3', 1, 1, 3],
    ['10.0.0.1 > 10.0.0.4', 1, 2, 3],
    ['10.0.0.1 > 10.0.0.5', 1, 1, 2],
    ['10.0.0.2 > 10.0.0.1', 1, 2, 1],
    // All 32 bits count: 0x01000000 is 1 modulo 3, 0x80000000 is 2.
    ['11.0.0.1 > 10.0.0.1', 1, 1, 2],
    ['138.0.0.1 > 10.0.0.1', 1, 1, 3],
    ['10.0.1.0 > 10.0.0.0', 1, 1, 2],
    ['10.0.1.1 > 10.0.0.0', 1, 2, 3],
    ['255.255.255.255 > 0.0.0.0', 1, 2, 1],
    ['255.255.255.254 > 0.0.0.0', 1, 1, 3],
    // IPv6: the last 32 bits
    ['::1 > ::1', 1, 1, 1],
    ['::1 > ::2', 1, 2, 1],
    ['::5 > ::1', 1, 1, 2],
    ['::80000000 > ::0', 1, 1, 3],
  ];

  it.each(rows)('of %s', (packet, ...members) => {
    for (const [i, member] of members.entries()) {
      const lab = host({ uplinks: i + 1 });
      for (const dst of ['all', 'group', 'nobody'] as const) {
        expect(exits(lab, frame(dst, 'a', packet)), `${i + 1} members, ${dst}`).toBe(`u${member}`);
      }
      lab.send('h/u1', frame('all', 'x'));
      expect(exits(lab, frame('x', 'a', packet)), 'known to be outside').toBe(`u${member}`);
      const tagged = host({ uplinks: i + 1, vlan: 10 });
      expect(exits(tagged, frame('all', 'a', packet)), 'tagged on its way out').toBe(`u${member}`);
      const trunk = host({ uplinks: i + 1, vswitch: { portGroups: { pg: { vlan: '10,20' } } } });
      expect(exits(trunk, frame('all', 'a', packet, [10])), 'tagged by the guest').toBe(`u${member}`);
    }
  });

  it.each([
    // 0a xor f1, f2, 05 and 99: 251, 248, 15 and 147
    ['x', 'u2', 'u3'],
    ['y', 'u1', 'u3'],
    ['group', 'u2', 'u1'],
    ['nobody', 'u2', 'u1'],
    // ff: 245
    ['all', 'u2', 'u3'],
  ] as const)('of anything else to %s is that of the last octets of its addresses', (dst, of2, of3) => {
    expect([exits(host({ uplinks: 2 }), frame(dst, 'a')), exits(host(), frame(dst, 'a'))]).toEqual([of2, of3]);
  });

  it('takes a packet that is cut off before its addresses end for anything else', () => {
    const packet = frame('x', 'a', '10.0.0.1 > 10.0.0.1');
    const whole = exits(host({ uplinks: 2 }), packet.slice(0, 34));
    const cut = exits(host({ uplinks: 2 }), packet.slice(0, 33));
    expect([whole, cut]).toEqual(['u1', 'u2']);
  });

  it('by source MAC is its last octet', () => {
    const sources = ['a', 'b', 'x', 'y', 'nobody'] as const;
    // 10, 11, 241, 242 and 153 modulo 3
    const lab = host({ teaming: { policy: 'source-mac' } });
    expect(sources.map((src) => exits(lab, frame('all', src, '10.0.0.1 > 10.0.0.1')))).toEqual([
      'u2',
      'u3',
      'u2',
      'u3',
      'u1',
    ]);
    lab.send('h/u1', frame('all', 'c'));
    expect(sources.map((src) => exits(lab, frame('c', src, '10.0.0.1 > 10.0.0.4')))).toEqual([
      'u2',
      'u3',
      'u2',
      'u3',
      'u1',
    ]);
  });
});

describe('the uplinks of a LAG', () => {
  it('are each as good as the others for what comes in, floods as well as unicast', () => {
    for (const macModel of ['learning', 'registered']) {
      const lab = host({ vswitch: { macModel } });
      lab.send('h/a', frame('all', 'a'));
      for (const uplink of names) {
        expect(told(lab.send(`h/${uplink}`, frame('all', 'x')))).toBe('a, b');
        expect(told(lab.send(`h/${uplink}`, frame('a', 'x')))).toBe('a');
        expect(told(lab.send(`h/${uplink}`, frame('all', 'a')))).toBe(`${uplink} deja_vu`);
      }
    }
  });

  it('do not send on what came by one of them', () => {
    const lab = host();
    lab.send('h/u1', frame('all', 'x'));
    expect(told(lab.send('h/u2', frame('x', 'y')))).toBe('u2 no_transit');
  });

  it('are the active ones: another takes nothing and gets nothing', () => {
    const lab = host({ teaming: { active: ['u1', 'u3'] } });
    expect(told(lab.send('h/u2', frame('all', 'x')))).toBe('u2 uplink_not_active');
    const packets = ['10.0.0.1 > 10.0.0.1', '10.0.0.1 > 10.0.0.2'];
    expect(packets.map((packet) => exits(lab, frame('all', 'a', packet)))).toEqual(['u1', 'u3']);
  });

  it('share what a failed one carried, and give it back', async () => {
    const lab = host();
    const packets = [0, 1, 2, 3, 4, 5].map((n) => frame('all', 'a', `10.0.0.0 > 10.0.0.${n}`));
    const all = () => packets.map((bytes) => exits(lab, bytes).slice(1)).join(' ');
    expect(all()).toBe('1 2 3 1 2 3');
    await lab.operate((network) => network.setLink('h/u2', false));
    expect(all(), 'modulo two: u1 and u3').toBe('1 3 1 3 1 3');
    await lab.operate((network) => network.setLink('h/u1', false));
    expect(all()).toBe('3 3 3 3 3 3');
    await lab.operate((network) => network.setLink('h/u3', false));
    expect(told(lab.send('h/a', frame('all', 'a')))).toBe('b, a no_uplink_copy');
    await lab.operate((network) => network.setLink('h/b', false));
    expect(told(lab.send('h/a', frame('nobody', 'a')))).toBe('a no_uplink');
    for (const uplink of names) await lab.operate((network) => network.setLink(`h/${uplink}`, true));
    expect(all()).toBe('1 2 3 1 2 3');
  });

  it('are one place in the table', async () => {
    const lab = host();
    for (const uplink of names) lab.send(`h/${uplink}`, frame('all', 'x'));
    expect(lab.table('h/v')).toEqual([`0 ${mac.x} uplink`]);
    expect(lab.network.moves('h/v')).toEqual([]);
    await lab.operate((network) => network.setLink('h/u1', false));
    expect(lab.table('h/v'), 'which a failure of one does not empty').toEqual([`0 ${mac.x} uplink`]);
  });
});

describe('a LAG between a host and a physical switch', () => {
  const conversations = [1, 2, 3, 4, 5, 6].map((n) => [`10.0.0.1 > 10.0.0.${n}`, `10.0.0.${n} > 10.0.0.1`] as const);

  it('brings each frame once, both ways, and a conversation by one member', () => {
    for (const macModel of ['learning', 'registered']) {
      const lab = host({ tor: 'lag', vswitch: { macModel } });
      lab.send('h/a', frame('all', 'a'));
      lab.send('tor/8', frame('all', 'x'));
      const used = conversations.map(([there, back]) => {
        const out = lab.send('h/a', frame('x', 'a', there));
        const home = lab.send('tor/8', frame('a', 'x', back));
        expect([told(out), told(home)]).toEqual(['tor/8', 'a']);
        expect(ups(home.frames, 'in'), there).toBe(ups(out.frames, 'out'));
        return ups(out.frames, 'out');
      });
      expect(new Set(used)).toEqual(new Set(names));
    }
  });

  it('floods once: nobody gets a frame twice, and none comes back', () => {
    const lab = host({ tor: 'lag' });
    for (const [there, back] of conversations) {
      const out = lab.send('h/a', frame('all', 'a', there));
      expect(told(out)).toBe('b, tor/4, tor/5, tor/6, tor/7, tor/8, tor/9');
      const home = lab.send('tor/8', frame('all', 'x', back));
      expect(told(home)).toBe('a, b, tor/4, tor/5, tor/6, tor/7, tor/9');
    }
  });

  it('is one port of the switch, the first member', () => {
    const lab = host({ tor: 'lag' });
    for (const [there] of conversations) lab.send('h/a', frame('all', 'a', there));
    expect(lab.table('tor')).toEqual([`0 ${mac.a} tor/1`]);
    expect(lab.network.moves('tor')).toEqual([]);
  });

  it('goes on with the members that are left, to the last', async () => {
    const lab = host({ tor: 'lag' });
    lab.send('h/a', frame('all', 'a'));
    lab.send('tor/8', frame('all', 'x'));
    for (const n of [1, 3, 2]) {
      for (const [there, back] of conversations) {
        const out = lab.send('h/a', frame('x', 'a', there));
        const home = lab.send('tor/8', frame('a', 'x', back));
        expect([told(out), told(home)]).toEqual(['tor/8', 'a']);
      }
      await lab.operate((network) => network.setLink(`h/u${n}`, false));
      await lab.operate((network) => network.setLink(`tor/${n}`, false));
    }
    expect(told(lab.send('h/a', frame('x', 'a')))).toBe('a no_uplink');
    expect(told(lab.send('tor/8', frame('all', 'x')))).toBe('tor/4, tor/5, tor/6, tor/7, tor/9');
  });

  it('that only one end knows of brings each flood as often as there are members', () => {
    const lab = host({ tor: 'ports' });
    expect(lab.send('tor/8', frame('all', 'x')).recipients.filter((port) => port.startsWith('h/'))).toEqual([
      ...['h/a', 'h/a', 'h/a'],
      ...['h/b', 'h/b', 'h/b'],
    ]);
  });
});

describe('a LAG between two physical switches', () => {
  const lab = () =>
    new Twins({
      physical: {
        switches: {
          p: { ports: 5, lags: { l: { ports: [1, 2, 3] } } },
          q: { ports: 5, lags: { l: { ports: [3, 1, 2] } } },
        },
        links: [1, 2, 3].map((n) => ({ a: `p/${n}`, b: `q/${n}`, delay: '1us' })),
      },
    });

  it('makes no loop and no duplicate, and spreads conversations', () => {
    const net = lab();
    const used = new Set<string>();
    for (let n = 1; n <= 6; n++) {
      const out = net.send('p/4', frame('all', 'a', `10.0.0.1 > 10.0.0.${n}`));
      expect(out.recipients).toEqual(['p/5', 'q/4', 'q/5']);
      for (const each of out.frames.filter(({ direction }) => direction === 'in')) used.add(portOf(each));
      expect(net.send('q/4', frame('a', 'b', `10.0.0.${n} > 10.0.0.1`)).recipients).toEqual(['p/4']);
      expect(net.send('p/4', frame('b', 'a', `10.0.0.1 > 10.0.0.${n}`)).recipients).toEqual(['q/4']);
    }
    expect([...used].sort()).toEqual(['p/4', 'q/1', 'q/2', 'q/3']);
    expect([net.table('p'), net.table('q')]).toEqual([
      [`0 ${mac.a} p/4`, `0 ${mac.b} p/1`],
      [`0 ${mac.a} q/1`, `0 ${mac.b} q/4`],
    ]);
  });

  it('keeps its stations when a member fails, and forgets them with the last', async () => {
    const net = lab();
    net.send('p/4', frame('all', 'a'));
    net.send('q/4', frame('all', 'b'));
    for (const n of [1, 2]) {
      for (const name of ['p', 'q']) await net.operate((network) => network.setLink(`${name}/${n}`, false));
      expect(net.send('q/4', frame('a', 'b')).recipients).toEqual(['p/4']);
      expect(net.table('q')).toContain(`0 ${mac.a} q/1`);
    }
    for (const name of ['p', 'q']) await net.operate((network) => network.setLink(`${name}/3`, false));
    expect(net.table('q')).toEqual([`0 ${mac.b} q/4`]);
    expect(net.send('q/4', frame('a', 'b')).recipients).toEqual(['q/5']);
  });

  it('drops what is for a station on the side that it came from', () => {
    const net = lab();
    net.send('q/4', frame('all', 'b'));
    // It comes in by another member than the one it would leave by.
    for (const port of ['p/1', 'p/2', 'p/3']) expect(told(net.send(port, frame('b', 'x')))).toBe(`${port} same_port`);
  });
});
