/**
 * Beacon probing: an uplink that has link but does not reach the others is not used, and when nobody can tell which of two it
 * is, both are.
 *
 * One host with VMs a to c; its uplinks lead to the physical switches tor, agg and far, which the cables tor/8-agg/8 and
 * agg/7-far/7 join. Each has a station at its port 9.
 */
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { at, Lab, portOf } from '../engine/lab.ts';
import { mac } from './networks.ts';

const INTERVAL = 100_000_000n;
/** From a moment between two probes: that many later. */
const LOST = 4n * INTERVAL;

interface Shape {
  /** The switch of each uplink. */
  readonly sockets: string;
  readonly teaming?: object;
  readonly vlans?: readonly (number | null)[];
  readonly model?: 'learning' | 'registered';
  readonly hosts?: 1 | 2;
}

function topology({ sockets, teaming = {}, vlans = [null], model = 'learning', hosts = 1 }: Shape): unknown {
  const places = sockets.split(' ');
  const group = (vlan: number | null) => (vlan === null ? {} : { vlan });
  const host = (n: number) => ({
    uplinks: Object.fromEntries(places.map((to, i) => [`u${i + 1}`, { to: `${to}/${n * 10 + i + 1}`, delay: '1us' }])),
    vswitches: {
      v: {
        macModel: model,
        portGroups: Object.fromEntries(vlans.map((vlan, i) => [`pg${i}`, group(vlan)])),
        teaming: { detection: 'beacon', beaconInterval: '100ms', ...teaming },
      },
    },
    vms: Object.fromEntries(
      (n === 0 ? (['a', 'b', 'c'] as const) : (['d'] as const)).map((name) => [
        name,
        { mac: mac[name], portGroup: 'pg0' },
      ]),
    ),
  });
  const trunk = vlans[0] === null ? {} : { vlan: '1-4094' };
  const ports = Object.fromEntries(Array.from({ length: 19 }, (_, i) => [i + 1, i === 8 ? group(vlans[0]!) : trunk]));
  return {
    hosts: Object.fromEntries(Array.from({ length: hosts }, (_, n) => [`h${n + 1}`, host(n)])),
    physical: {
      switches: { tor: { ports }, agg: { ports }, far: { ports } },
      links: [
        { a: 'tor/8', b: 'agg/8', delay: '1us' },
        { a: 'agg/7', b: 'far/7', delay: '1us' },
      ],
    },
  };
}

/** Lets time pass, and checks the ledger. */
function wait(lab: Lab, ns: bigint): Lab {
  lab.network.advance(lab.nowNs + ns);
  lab.settle();
  return lab;
}

const doors: NetworkOptions = { unplugged: 'down', injectAt: ['tor/9', 'agg/9', 'h1/c', 'h1/u1', 'h1/u2'] };

/** The network after ten and a half intervals. */
const settled = (shape: Shape, options: NetworkOptions = {}) =>
  wait(new Lab(topology(shape), { ...doors, ...options }), (21n * INTERVAL) / 2n);

/** Uplinks in use; `?` behind them when it is not known which has failed. */
function used(lab: Lab): string {
  const names = lab.network
    .ports()
    .filter(({ name, inUse }) => name.startsWith('h1/') && inUse)
    .map(({ name }) => name.slice(3));
  const { team } = lab.network.report().switches[0]!;
  return `${names.join(' ')}${team!.doubtful ? ' ?' : ''}`;
}

const isProbe = ({ bytes }: CapturedFrame) => Buffer.from(bytes).includes('vsbeacon');
const probes = (lab: Lab) => lab.network.takeFrames().filter(isProbe);

async function cables(lab: Lab, what: string): Promise<void> {
  for (const each of what.split(' ').filter((word) => word !== ''))
    await lab.network.setLink(each.slice(1), each.startsWith('+'));
}

describe('uplinks that probe each other', () => {
  type Row = readonly [sockets: string, broken: string, used: string];
  const rows: Row[] = [
    ['tor agg', '', 'u1 u2'],
    ['tor tor', '-tor/8', 'u1 u2'],
    ['tor tor agg', '', 'u1 u2 u3'],
    ['tor tor agg', '-tor/8', 'u1 u2'],
    ['agg tor tor', '-agg/8', 'u2 u3'],
    ['tor agg tor', '-tor/8 -agg/8', 'u1 u3'],
    ['tor tor tor agg agg', '-tor/8', 'u1 u2 u3'],
    ['tor agg agg far', '-tor/8 -far/7', 'u2 u3'],
    ['tor agg far', '-far/7', 'u1 u2'],
    // As many on one side as on the other: nobody can tell.
    ['tor agg', '-tor/8', 'u1 u2 ?'],
    ['tor agg far', '-tor/8 -far/7', 'u1 u2 u3 ?'],
    ['tor tor agg agg', '-tor/8', 'u1 u2 u3 u4 ?'],
    ['tor tor agg agg far', '-tor/8 -far/7', 'u1 u2 u3 u4 u5 ?'],
    // What has no link is not asked for; of one alone there is nothing to say.
    ['tor tor agg', '-h1/u3', 'u1 u2'],
    ['tor agg', '-h1/u2', 'u1'],
    ['tor tor agg', '-tor/8 -h1/u1', 'u2 u3 ?'],
    ['tor tor agg', '-tor/8 -h1/u1 -h1/u2', 'u3'],
  ];
  it.each(rows)('on %s, cut "%s": in use are %s', async (sockets, broken, expected) => {
    for (const model of ['learning', 'registered'] as const) {
      const lab = settled({ sockets, model });
      const whole = sockets
        .split(' ')
        .map((_, i) => `u${i + 1}`)
        .join(' ');
      expect(used(lab)).toBe(whole);
      await cables(lab, broken);
      wait(lab, LOST);
      expect(used(lab)).toBe(expected);
      wait(lab, 20n * INTERVAL);
      expect(used(lab)).toBe(expected);
      await cables(lab, broken.replaceAll('-', '+'));
      wait(lab, 2n * INTERVAL);
      expect(used(lab)).toBe(whole);
      expect(at(probes(lab), 'h1/a', 'out')).toEqual([]);
    }
  });

  it('notice after three lost probes, not before', async () => {
    const lab = settled({ sockets: 'tor tor agg' });
    await cables(lab, '-tor/8');
    wait(lab, LOST - INTERVAL);
    expect(used(lab)).toBe('u1 u2 u3');
    wait(lab, INTERVAL);
    expect(used(lab)).toBe('u1 u2');
    await cables(lab, '+tor/8');
    wait(lab, INTERVAL);
    expect(used(lab)).toBe('u1 u2');
    wait(lab, INTERVAL);
    expect(used(lab)).toBe('u1 u2 u3');
  });

  it('judge nobody in the first three intervals', async () => {
    const lab = new Lab(topology({ sockets: 'tor tor agg' }), doors);
    await cables(lab, '-tor/8');
    wait(lab, (7n * INTERVAL) / 2n);
    expect(used(lab)).toBe('u1 u2 u3');
    wait(lab, INTERVAL);
    expect(used(lab)).toBe('u1 u2');
  });

  it('use one that gets its link at once, and judge it three intervals later', async () => {
    const lab = settled({ sockets: 'tor tor agg' });
    await cables(lab, '-h1/u3');
    wait(lab, 20n * INTERVAL);
    await cables(lab, '+h1/u3');
    for (let i = 0; i < 10; i++) expect(used(wait(lab, INTERVAL))).toBe('u1 u2 u3');
    await cables(lab, '-h1/u3 -tor/8');
    wait(lab, 20n * INTERVAL);
    await cables(lab, '+h1/u3');
    wait(lab, 3n * INTERVAL);
    expect(used(lab)).toBe('u1 u2 u3');
    wait(lab, 2n * INTERVAL);
    expect(used(lab)).toBe('u1 u2');
  });

  it('lose nobody for one or two lost probes', async () => {
    const lab = settled({ sockets: 'tor tor agg' });
    for (let i = 0; i < 5; i++) {
      await cables(lab, '-tor/8');
      for (let n = 0; n < 2; n++) expect(used(wait(lab, INTERVAL))).toBe('u1 u2 u3');
      await cables(lab, '+tor/8');
      expect(used(wait(lab, INTERVAL))).toBe('u1 u2 u3');
    }
  });
});

describe('a VM whose uplink has failed behind the next switch', () => {
  /** Who gets a frame, and the drops on the way. */
  function send(lab: Lab, from: string, to: keyof typeof mac, of: keyof typeof mac): string[] {
    lab.network.takeFrames();
    const { recipients, drops } = lab.send(from, lab.frame(mac[to], mac[of]));
    return [...recipients, ...drops];
  }

  it('moves to another, is announced there and reached, and moves back', async () => {
    const lab = settled({ sockets: 'tor tor agg' });
    expect(['h1/a', 'h1/b', 'h1/c'].map((vm) => lab.pinOf(vm))).toEqual(['h1/u1', 'h1/u2', 'h1/u3']);
    send(lab, 'h1/c', 'all', 'c');
    await cables(lab, '-tor/8');
    expect(send(lab, 'tor/9', 'c', 'x')).toEqual(['h1/u1 rpf_unicast', 'h1/u2 rpf_unicast']);
    wait(lab, LOST);
    expect(['h1/a', 'h1/b', 'h1/c'].map((vm) => lab.pinOf(vm))).toEqual(['h1/u1', 'h1/u2', 'h1/u1']);
    expect(send(lab, 'tor/9', 'c', 'x')).toEqual(['h1/c']);
    expect(send(lab, 'h1/c', 'x', 'c')).toEqual(['tor/9']);
    await cables(lab, '+tor/8');
    wait(lab, 2n * INTERVAL);
    expect(lab.pinOf('h1/c')).toBe('h1/u3');
    expect(send(lab, 'tor/9', 'c', 'x')).toEqual(['h1/c']);
  });

  it('gets nothing from there any more', async () => {
    const lab = settled({ sockets: 'tor tor agg' });
    await cables(lab, '-tor/8');
    wait(lab, LOST);

    expect(send(lab, 'agg/9', 'all', 'y').filter((name) => name.startsWith('h1/'))).toEqual([
      'h1/u3 uplink_not_active',
    ]);
  });

  it('moves to a standby uplink, but to none that has failed', async () => {
    const lab = settled({ sockets: 'agg tor tor', teaming: { active: ['u1'], standby: ['u2', 'u3'] } });
    expect(used(lab)).toBe('u1');
    await cables(lab, '-tor/8');
    wait(lab, LOST);
    expect(used(lab)).toBe('u2');
    const other = settled({ sockets: 'tor agg tor', teaming: { active: ['u1'], standby: ['u2', 'u3'] } });
    await cables(other, '-tor/8');
    wait(other, LOST);
    await cables(other, '-h1/u1');
    expect(used(other)).toBe('u3');
  });
});

describe('a probe', () => {
  it('is sent each interval by every uplink of the team, standby ones too, and by no other', () => {
    const lab = settled({ sockets: 'tor tor agg agg', teaming: { active: ['u1', 'u3'], standby: ['u2'] } });
    const sent = probes(lab).filter(({ direction }) => direction === 'out');
    for (const uplink of ['h1/u1', 'h1/u2', 'h1/u3']) {
      const times = at(sent, uplink, 'out').map(({ timeNs }) => timeNs);
      expect(times, uplink).toEqual(Array.from({ length: 11 }, (_, i) => BigInt(i) * INTERVAL));
    }
    expect(at(sent, 'h1/u4', 'out')).toEqual([]);
  });

  it('is a broadcast of 60 octets from the uplink itself, of EtherType 8922', () => {
    const lab = settled({ sockets: 'tor agg' });
    const [first, second] = at(probes(lab), 'h1/u2', 'out').map(({ bytes }) => Buffer.from(bytes));
    expect(first!.length).toBe(60);
    expect(first!.toString('hex', 0, 6)).toBe('ffffffffffff');
    expect(first!.toString('hex', 12, 14)).toBe('8922');
    expect(first!.toString('latin1', 14, 22)).toBe('vsbeacon');
    expect([first![26], first!.readUInt32BE(28), second!.readUInt32BE(28)]).toEqual([1, 0, 1]);
    const source = first!.toString('hex', 6, 12).replace(/..(?!$)/g, '$&:');
    expect(lab.table('agg')).toContain(`0 ${source} agg/2`);
    expect(lab.table('tor')).toContain(`0 ${source} tor/8`);
  });

  it('goes in the lowest VLAN of the uplinks where they are a trunk', async () => {
    const lab = settled({ sockets: 'tor tor agg', vlans: [10, 20] });
    const tags = at(probes(lab), 'h1/u1', 'out').map(({ bytes }) => Buffer.from(bytes).toString('hex', 12, 18));
    expect(new Set(tags)).toEqual(new Set(['8100000a8922']));
    await cables(lab, '-tor/8');
    wait(lab, LOST);
    expect(used(lab)).toBe('u1 u2');
  });

  it('ends at the switch that sent it, on whichever uplink it comes back', () => {
    const lab = settled({ sockets: 'tor tor' });
    const probe = at(probes(lab), 'h1/u1', 'out')[0]!.bytes;
    for (const uplink of ['h1/u1', 'h1/u2'])
      expect(lab.send(uplink, probe)).toMatchObject({ recipients: [], drops: [] });
    const heard = lab.network.ports().filter(({ verdicts }) => (verdicts['consumed'] ?? 0) > 0);
    expect(heard.map(({ name, verdicts }) => [name, verdicts['consumed']])).toEqual([
      ['h1/u1', 12],
      ['h1/u2', 12],
    ]);
  });

  const everywhere = { injectAt: ['h1/u1', 'h1/u2', 'h1/u3'] };

  /** For ten intervals, `u1>u2`: u2 hears what u1 has sent. */
  function forge(lab: Lab, heard: string): void {
    const all = probes(lab);
    const forged = heard.split(' ').map((pair) => {
      const [of, where] = pair.split('>');
      return [`h1/${where}`, at(all, `h1/${of}`, 'out')[0]!.bytes] as const;
    });
    for (let i = 0; i < 10; i++) {
      lab.sendAll(forged);
      wait(lab, INTERVAL);
    }
  }

  it.each([
    // Heard one way is enough, and what one has heard of another counts for whoever has heard that one.
    ['u1>u3', 'u1 u2 u3'],
    ['u3>u1', 'u1 u2 u3'],
    ['u3>u2', 'u1 u2 u3'],
    // What comes back to its own uplink proves nothing.
    ['u3>u3', 'u1 u2'],
  ])('joins two uplinks when it is heard (%s)', async (heard, expected) => {
    const lab = settled({ sockets: 'tor tor agg' }, everywhere);
    await cables(lab, '-tor/8');
    forge(lab, heard);
    expect(used(lab)).toBe(expected);
  });

  it.each([
    ['u1>u2 u2>u3', 'u1 u2 u3'],
    ['u2>u1 u2>u3', 'u1 u2 u3'],
    ['u3>u1', 'u1 u3'],
  ])('joins uplinks that nothing else joins (%s)', async (heard, expected) => {
    const lab = settled({ sockets: 'tor agg far' }, everywhere);
    await cables(lab, '-tor/8 -far/7');
    forge(lab, heard);
    expect(used(lab)).toBe(expected);
  });

  it('that is cut, marked otherwise or from another switch is a broadcast like any other', () => {
    const lab = settled({ sockets: 'tor tor' });
    const probe = at(probes(lab), 'h1/u1', 'out')[0]!.bytes;
    for (const bytes of [probe.subarray(0, 26), probe.with(14, 0), probe.with(25, 9), probe.with(13, 0)]) {
      expect(lab.send('h1/u1', bytes)).toMatchObject({ recipients: ['h1/a', 'h1/b', 'h1/c'], drops: [] });
    }
  });

  it('of another host proves nothing here', async () => {
    const lab = settled({ sockets: 'tor tor agg', hosts: 2 });
    const delivered = at(probes(lab), 'h2/d', 'out');
    expect(delivered.length).toBe(3 * 11);
    await cables(lab, '-tor/8');
    wait(lab, LOST);
    expect(used(lab)).toBe('u1 u2');
  });

  it('and what follows from it is the same whatever is taken at a visit', async () => {
    const seen = async (burst: number) => {
      const lab = settled({ sockets: 'tor tor agg' }, { burst });
      await cables(lab, '-tor/8');
      wait(lab, LOST);
      return lab.network
        .takeFrames()
        .map((frame) => [frame.timeNs, portOf(frame), Buffer.from(frame.bytes).toString('hex')]);
    };
    expect(await seen(1)).toEqual(await seen(64));
  });
});
