/**
 * A switch that answers ARP and neighbour solicitations for the owners of addresses. Each row is a sequence of frames, who got something
 * for each, and of the answers in whose name they are.
 */
import { describe, expect, it } from 'vitest';
import { portOf } from '../engine/lab.ts';
import { announce, ask, type Oddity, probe, reply, type Station } from './neighbour-frames.ts';
import { mac, type Name, topology as networkOf, places, type Shape } from './networks.ts';
import { Twins } from './twins.ts';

const second = 1_000_000_000n;
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'x', 'y'] as const;

/** `10.0.0.10` of a, or with `isV6` `2001:db8::10`. */
function stationOf(name: string, isV6 = false): Station {
  const number = names.indexOf(name as (typeof names)[number]) + 10;
  return { mac: mac[name as Name], ip: isV6 ? `2001:db8::${number.toString(16)}` : `10.0.0.${number}` };
}

const nameOf = (bytes: Uint8Array) => {
  const src = [...bytes.slice(6, 12)].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
  return names.find((name) => mac[name] === src) ?? src;
};

/**
 * A word of a row: `a?b` a asks for b's address, `a!` announces its own, `a=b` answers b, `a~b` probes for b's, `a>b` asks b itself;
 * `6` in front: of IPv6.
 */
function frameOf(word: string, odd: Oddity): { name: string; bytes: Uint8Array } {
  const [, six, name = '', sign, other = ''] = /^(6?)(\w)([?!=~>])(\w?)$/.exec(word)!;
  const from = stationOf(name, six === '6');
  const to = stationOf(other, six === '6');
  if (sign === '!') return { name, bytes: announce(from, odd) };
  if (sign === '=') return { name, bytes: reply(from, to, odd) };
  if (sign === '~') return { name, bytes: probe(from, to.ip) };
  return { name, bytes: ask(from, to.ip, odd, sign === '>' ? to.mac : undefined) };
}

const on = { neighbourSuppression: true };

/** A network of networks.ts whose vSwitches answer, and with `tor` its physical switches, too. */
function labOf(some: Partial<Shape> = {}, keys: object = on, tor: object = {}): Twins {
  const shape: Shape = { hosts: 1, uplinks: 2, outside: 'one', ...some };
  const network = networkOf(shape) as {
    hosts: Record<string, { vswitches: { v: object } }>;
    physical: { switches: Record<string, object> };
  };
  for (const host of Object.values(network.hosts)) Object.assign(host.vswitches.v, keys);
  for (const each of Object.values(network.physical.switches)) Object.assign(each, tor);
  return new Twins(network, { injectAt: [...places(shape).values()], unplugged: 'down' });
}

const outside: Readonly<Record<string, string>> = { x: 'tor/8', y: 'tor/9' };
const placeOf = (name: string) => outside[name] ?? `h${'abc'.includes(name) ? 1 : 2}/${name}`;
const ownName = (port: string) =>
  port
    .replace(/^h\d\//, '')
    .replace('tor/8', 'x')
    .replace('tor/9', 'y');

/** What a word brings: who got the frame itself, and `asker<owner` for each answer that reached its asker. */
function play(lab: Twins, word: string, odd: Oddity = {}): string {
  const { name, bytes } = frameOf(word, odd);
  const { frames, recipients } = lab.send(placeOf(name), bytes);
  const own = frames[0]!.packetId;
  const got = frames.filter((frame) => frame.direction === 'out' && recipients.includes(portOf(frame)));
  const copies = got.filter(({ packetId }) => packetId === own).map((frame) => ownName(portOf(frame)));
  const answers = got.filter(({ packetId }) => packetId !== own);
  const told = answers.map((frame) => `${ownName(portOf(frame))}<${nameOf(frame.bytes)}`);
  return `${word} ${[copies.sort().join(''), ...told].filter((text) => text !== '').join(' ') || 'none'}`;
}

const playAll = (lab: Twins, row: string) =>
  row
    .split(', ')
    .map((each) => play(lab, each.split(' ')[0]!))
    .join(', ');

const tableOf = (lab: Twins, sw = 0) => lab.network.report().switches[sw]!.neighbourTable!;
const known = (lab: Twins, sw = 0) =>
  tableOf(lab, sw).neighbours.map(({ ip, mac: at, port }) => `${ip} ${nameOf(bytesOf(at))} ${ownName(port)}`);
const bytesOf = (text: string) =>
  Uint8Array.from([0, 0, 0, 0, 0, 0, ...text.split(':').map((o) => Number.parseInt(o, 16))]);

describe('between VMs', () => {
  const rows: [what: string, row: string][] = [
    ['nobody is known: a request is flooded', 'a?b bcxy'],
    ['who has asked is known', 'a?x bcxy, b?a b<a, c?a c<a'],
    ['who has announced itself is known', 'b! acxy, a?b a<b'],
    ['who has answered is known', 'a?b bcxy, b=a a, c?b c<b'],
    ['an announcement goes on', 'b! acxy, b! acxy'],
    ['a probe goes on, for the owner has to hear it', 'b! acxy, a~b bcxy, a~a bcxy'],
    ['who polls a station asks itself', 'b! acxy, a>b b'],
    ['a probe teaches nothing', 'a~a bcxy, b?a acxy'],
    ['a request for its own address goes on', 'a?x bcxy, a?a bcxy'],
    ['IPv6: an advertisement is believed', '6b! acxy, 6a?b a<b'],
    ['IPv6: who has answered is known', '6a?b bcxy, 6b=a a, 6c?b c<b'],
    ['IPv6: who asks is not known, for it may be a router', '6a?b bcxy, 6c?a abxy'],
    ['IPv6: DAD goes on', '6b! acxy, 6a~b bcxy'],
    ['IPv6: who polls a station asks itself', '6b! acxy, 6a>b b'],
    ['IPv4 and IPv6 are two matters', 'b! acxy, 6a?b bcxy'],
  ];
  it.each(rows)('%s: %s', (_, row) => {
    for (const model of ['learning', 'registered'] as const) {
      expect(playAll(labOf({ model }), row), model).toBe(row);
    }
  });
});

describe('with the outside', () => {
  const rows: [what: string, vlan: number | undefined, row: string][] = [
    ['who is outside is answered for, and no request leaves', undefined, 'x! abcy, a?x a<x'],
    ['who asks from outside is answered once', undefined, 'b! acxy, x?b y x<b'],
    ['the same where the receiver of floods is not the pin of the owner', undefined, 'a! bcxy, x?a y x<a'],
    ['and in VLANs, whose receivers are one uplink', 10, 'a! bcxy, b! acxy, x?a y x<a, y?b x y<b'],
    ['and the other one', 11, 'a! bcxy, b! acxy, x?a y x<a, y?b x y<b'],
    ['for a station outside nobody outside is answered (R1)', undefined, 'x! abcy, y?x abcx'],
    ['IPv6', 10, '6b! acxy, 6x?b y x<b, 6x! abcy, 6c?x c<x'],
  ];
  it.each(rows)('%s, VLAN %s: %s', (_, vlan, row) => {
    // tor takes the request to both uplinks, and its copies of floods reach whoever did not send them.
    for (const receivers of ['per-vlan', 'active']) {
      const lab = labOf(vlan === undefined ? {} : { vlan }, { ...on, receivers });
      expect(playAll(lab, row), receivers).toBe(row);
    }
  });

  it('answers one of the copies where each vNIC takes its own, and floods the other one to those who have it', () => {
    const lab = labOf({}, { ...on, receivers: 'per-recipient' });
    expect(playAll(lab, 'b! acxy, x?b acy x<b')).toBe('b! acxy, x?b acy x<b');
  });

  it.each(['strict', 'loose', 'off'])(
    'is reached afterwards: the outside learns the owner where R8 (%s) expects it',
    (rpf) => {
      const lab = labOf({}, { ...on, rpf });
      playAll(lab, 'a! bcxy, b! acxy');
      for (const name of ['a', 'b', 'a', 'b'] as const) {
        expect(play(lab, `x?${name}`)).toBe(`x?${name} y x<${name}`);
        const sent = lab.send('tor/8', lab.frame(mac[name], mac.x));
        expect([sent.recipients, sent.drops]).toEqual([[`h1/${name}`], []]);
      }
    },
  );

  it('knows its own VMs alone where addresses are registered', () => {
    const lab = labOf({ model: 'registered' });
    expect(playAll(lab, 'x! abcy, a?x bcxy, b?a b<a, x?b y x<b')).toBe('x! abcy, a?x bcxy, b?a b<a, x?b y x<b');
    expect(known(lab)).toEqual(['10.0.0.10 a a', '10.0.0.11 b b']);
  });

  it('takes a LAG for one uplink', () => {
    const network = {
      hosts: {
        h1: {
          uplinks: { u1: { to: 'tor/1' }, u2: { to: 'tor/2' } },
          vswitches: { v: { ...on, teaming: { lag: 'static' }, portGroups: { pg: {} } } },
          vms: { a: { mac: mac.a }, b: { mac: mac.b } },
        },
      },
      physical: { switches: { tor: { ports: 9, lags: { l: { ports: [1, 2] } } } } },
    };
    const lab = new Twins(network, { injectAt: ['h1/a', 'h1/b', 'tor/8', 'tor/9'], unplugged: 'down' });
    expect(playAll(lab, 'a! bxy, x?a y x<a, b! axy, y?b x y<b, x?y aby')).toBe(
      'a! bxy, x?a y x<a, b! axy, y?b x y<b, x?y aby',
    );
    expect(playAll(lab, 'a?y a<y, a?x a<x')).toBe('a?y a<y, a?x a<x');
  });

  it('answers at a physical switch, nearest to who asks', () => {
    const lab = labOf({ hosts: 2 }, {}, on);
    expect(playAll(lab, 'd! abcefxy, a?d bc a<d, x?d x<d')).toBe('d! abcefxy, a?d bc a<d, x?d x<d');
    // h1 has answered a itself, so that nobody else has heard of it.
    const both = labOf({ hosts: 2 }, on, on);
    expect(playAll(both, 'd! abcefxy, a?d a<d, e?a dfxy e<a')).toBe('d! abcefxy, a?d a<d, e?a dfxy e<a');
  });
});

describe('what it forgets', () => {
  const rows: [what: string, order: (lab: Twins) => unknown, after: string][] = [
    ['whose cable is pulled', (lab) => lab.operate((n) => n.setLink('h1/b', false)), 'acxy'],
    [
      'whose VM was stopped and is back',
      async (lab) => {
        await lab.operate((n) => n.setVm('h1/b', false));
        await lab.operate((n) => n.setVm('h1/b', true));
        lab.settle();
        lab.seen();
      },
      'bcxy',
    ],
    ['whose table is flushed', (lab) => lab.operate((n) => n.flush({ switch: 'h1/v' })), 'bcxy'],
    ['who was not heard for a minute', (lab) => lab.pass(61n * second), 'bcxy'],
  ];
  it.each(rows)('one %s', async (_, order, after) => {
    const lab = labOf();
    expect(playAll(lab, 'b! acxy, a?b a<b')).toBe('b! acxy, a?b a<b');
    await order(lab);
    expect(known(lab).filter((text) => text.includes(' b '))).toEqual([]);
    expect(play(lab, 'a?b').replace(/[^ ]* /, '')).toBe(after === 'acxy' ? 'cxy' : after);
  });

  it('one that has gone to another host: from there it is answered for once it has told of itself', async () => {
    const host = (first: number, vms: object) => ({
      uplinks: { u1: { to: `tor/${first}` }, u2: { to: `tor/${first + 1}` } },
      vswitches: { v: { ...on, portGroups: { pg: {} } } },
      vms,
    });
    const vms = { a: { mac: mac.a }, b: { mac: mac.b } };
    const network = {
      hosts: { h1: host(1, vms), h2: host(3, {}) },
      physical: { switches: { tor: { ports: 9 } } },
      events: [{ at: '2s', migrate: { vm: 'h1/b', to: 'h2' } }],
    };
    const lab = new Twins(network, { injectAt: ['h1/a', 'h1/b', 'h2/b', 'tor/9'], unplugged: 'down' });
    expect(playAll(lab, 'b! ay, a?b a<b')).toBe('b! ay, a?b a<b');
    lab.pass(3n * second);
    lab.seen();
    expect(known(lab)).toEqual(['10.0.0.10 a a']);
    expect(lab.send('h1/a', ask(stationOf('a'), stationOf('b').ip)).recipients).toEqual(['h2/b', 'tor/9']);
    lab.send('h2/b', announce(stationOf('b')));
    expect(known(lab)).toEqual(['10.0.0.10 a a', '10.0.0.11 b uplink']);
    expect(lab.send('h1/a', ask(stationOf('a'), stationOf('b').ip)).recipients).toEqual(['h1/a']);
  });

  it('an address that another station announces', () => {
    const lab = labOf();
    play(lab, 'b!');
    lab.send('h1/c', announce({ mac: mac.c, ip: stationOf('b').ip }));
    expect(play(lab, 'a?b')).toBe('a?b a<c');
    expect(tableOf(lab)).toMatchObject({ neighboursChanged: 1, neighboursLearned: 2, neighboursAnswered: 1 });
  });

  it('IPv6: not for an advertisement that does not override, nor for a claim from elsewhere', () => {
    const lab = labOf();
    play(lab, '6b!');
    lab.send('h1/c', announce({ mac: mac.c, ip: stationOf('b', true).ip }, { noOverride: true }));
    expect(play(lab, '6a?b')).toBe('6a?b a<b');
    // But who asks by that address is another station, of which nothing else is known.
    lab.send('h1/c', ask({ mac: mac.c, ip: stationOf('b', true).ip }, stationOf('x', true).ip));
    expect(play(lab, '6a?b')).toBe('6a?b bcxy');
  });

  it('one that has moved to another port, until it tells of itself there', () => {
    const lab = new Twins({ physical: { switches: { s: { ports: 4, ...on } } } });
    const [a, b] = [stationOf('a'), stationOf('b')];
    lab.send('s/2', announce(b));
    lab.send('s/3', lab.frame(mac.x, mac.b));
    expect(lab.send('s/1', ask(a, b.ip)).recipients).toEqual(['s/2', 's/3', 's/4']);
    lab.send('s/3', reply(b, a));
    expect(lab.send('s/1', ask(a, b.ip)).recipients).toEqual(['s/1']);
  });

  it('nothing that does not fit: the table is full, and what has aged makes room', () => {
    const lab = labOf({}, { neighbourSuppression: { max: 1, ageing: '10s' } });
    expect(playAll(lab, 'b! acxy, c! abxy, a?c bcxy, a?b a<b')).toBe('b! acxy, c! abxy, a?c bcxy, a?b a<b');
    expect(tableOf(lab)).toMatchObject({ neighboursMax: 1, neighboursRefused: 3, neighboursUnanswered: 1 });
    lab.pass(11n * second);
    expect(playAll(lab, 'c! abxy, a?c a<c')).toBe('c! abxy, a?c a<c');
  });
});

describe('what it does not believe', () => {
  const v4 = ['b!', 'a?b bcxy'] as const;
  const v6 = ['6b!', '6a?b bcxy'] as const;
  const rows: [what: string, odd: Oddity, words: readonly [string, string]][] = [
    ['another source than the station that it tells of', { src: mac.c }, v4],
    ['a message that is cut off', { cut: 1 }, v4],
    ['a wrong checksum', { badSum: true }, v6],
    ['a message that a router has passed on', { hops: 254 }, v6],
    ['an advertisement without a link-layer address', { noOption: true }, v6],
    ['an option of no length', { units: 0 }, v6],
    ['an option that is longer than the message', { units: 2 }, v6],
    ['a message that is cut off', { cut: 1 }, v6],
    ['another source', { src: mac.c }, v6],
  ];
  it.each(rows)('%s', (_, odd, [told, asked]) => {
    const lab = labOf();
    play(lab, told, odd);
    expect(known(lab)).toEqual([]);
    expect(play(lab, asked.split(' ')[0]!)).toBe(asked);
  });

  it('tags that are payload', () => {
    const lab = labOf();
    play(lab, 'b!', { tag: 10 });
    expect(known(lab)).toEqual([]);
  });
});

describe('VLANs', () => {
  it('are told apart, unless they share their addresses', () => {
    const ports = { 1: { vlan: 10 }, 2: { vlan: 10 }, 3: { vlan: 20 }, 4: { vlan: '10,20' } };
    const lab = new Twins({ physical: { switches: { s: { ports, ...on } } } });
    const [a, b, c] = [stationOf('a'), stationOf('b'), stationOf('c')];
    lab.send('s/2', announce(b));
    expect(lab.send('s/1', ask(a, b.ip)).recipients).toEqual(['s/1']);
    expect(lab.send('s/3', ask(c, b.ip)).recipients).toEqual(['s/4']);
    const answer = lab.send('s/4', ask(stationOf('d'), b.ip, { tag: 10 })).frames.at(-1)!;
    expect([...answer.bytes.slice(12, 18)]).toEqual([0x81, 0, 0, 10, 8, 6]);
  });

  it('that are private: nobody is answered for whom the request would not have reached', () => {
    const groups = { router: { vlan: 100 }, alone: { vlan: 101 } };
    const vswitch = { uplinks: [], privateVlans: [{ primary: 100, isolated: 101 }], portGroups: groups, ...on };
    const vm = (name: Name, portGroup: string) => ({ [name]: { portGroup, mac: mac[name] } });
    const vms = { ...vm('a', 'alone'), ...vm('b', 'alone'), ...vm('c', 'router') };
    const lab = new Twins({ hosts: { h1: { vswitches: { v: vswitch }, vms } } });
    expect(playAll(lab, 'a! c, b! c, c! ab, a?b c, a?c a<c, c?a c<a')).toBe(
      'a! c, b! c, c! ab, a?b c, a?c a<c, c?a c<a',
    );
  });
});
