/** R5, R6, R10 and R11: the model in which the hypervisor knows its VMs and learns nothing. */
import { describe, expect, it } from 'vitest';
import { at, Lab } from '../engine/lab.ts';
import { labOf, mac, type Shape } from './networks.ts';

const shape: Shape = { hosts: 2, uplinks: 2, outside: 'one', model: 'registered', vlan: 10 };
const own = ['a', 'b', 'c'].map((vm) => `10 ${mac[vm as 'a']} h1/${vm} static`);

describe('a registered vSwitch', () => {
  it('knows its VMs from the start, and nothing else ever', () => {
    const lab = labOf(shape);
    expect(lab.table('h1/v')).toEqual(own);
    lab.send('tor/8', lab.frame(mac.all, mac.x));
    lab.send('tor/8', lab.frame(mac.a, mac.x));
    lab.send('h1/a', lab.frame(mac.all, mac.nobody));
    lab.send('h2/d', lab.frame(mac.all, mac.d));
    expect(lab.table('h1/v')).toEqual(own);
    expect(lab.network.report().switches[0]!.table).toMatchObject({ entries: 3, learned: 0, moved: 0, aged: 0 });
  });

  it('never forgets them, and no frame moves them', () => {
    const lab = labOf(shape);
    lab.send('h1/b', lab.frame(mac.all, mac.a), 1_000n * 1_000_000_000n);
    expect(lab.table('h1/v')).toEqual(own);
    void lab.network.flush({ switch: 'h1/v' });
    expect(lab.table('h1/v')).toEqual(own);
    expect(lab.send('h1/c', lab.frame(mac.a, mac.c)).recipients).toEqual(['h1/a']);
  });

  it('lets go of a VM without link, so that it is heard from another host, and announces it when it is back', async () => {
    const lab = labOf({ ...shape, hosts: 1 });
    const awayFrame = () => lab.frame(mac.all, mac.a);
    expect(lab.send('tor/8', awayFrame()).drops).toEqual(['h1/u1 deja_vu', 'h1/u2 deja_vu']);
    await lab.network.setLink('h1/a', false);
    expect(lab.table('h1/v')).toEqual(own.slice(1));
    expect(lab.send('tor/8', awayFrame()).recipients).toEqual(['h1/b', 'h1/c', 'tor/9']);
    await lab.network.setLink('h1/a', true);
    lab.settle();
    expect(lab.table('h1/v')).toEqual(own);
    const rarps = at(lab.network.takeFrames(), 'h1/u1', 'out').map(({ bytes }) =>
      Buffer.from(bytes).toString('hex', 6, 18),
    );
    expect(rarps).toEqual([`${mac.a.replaceAll(':', '')}8100000a8035`]);
    expect(lab.send('tor/8', lab.frame(mac.a, mac.x)).recipients).toEqual(['h1/a']);
  });

  it('gives an address that two want to the second when the first lets go of it', async () => {
    const lab = labOf(shape);
    await lab.network.setGuestMac('h1/a', mac.b);
    expect(lab.table('h1/v')).toEqual(own.slice(1));
    await lab.network.setGuestMac('h1/b', mac.f);
    expect(lab.table('h1/v')).toEqual([`10 ${mac.b} h1/a static`, own[2], `10 ${mac.f} h1/b static`]);
  });

  it('sends unknown unicast from a VM outside only (R5)', () => {
    const lab = labOf(shape);
    const { frames, recipients } = lab.send('h1/a', lab.frame(mac.nobody, mac.a));
    expect(recipients).toEqual(['tor/8', 'tor/9']);
    for (const vm of ['h1/b', 'h1/c']) expect(at(frames, vm, 'out')).toEqual([]);
    expect(at(frames, 'h1/u1', 'out')).toHaveLength(1);
    expect(at(frames, 'h1/u2', 'out')).toEqual([]);
  });

  it('drops unknown unicast from outside, on every host (R6)', () => {
    const lab = labOf(shape);
    const { drops, recipients } = lab.send('tor/8', lab.frame(mac.nobody, mac.x));
    expect(recipients).toEqual(['tor/9']);
    expect(drops).toEqual(['h1/u1', 'h1/u2', 'h2/u1', 'h2/u2'].map((port) => `${port} unknown_unicast_uplink`));
  });

  it('reaches a VM of the other host, which has never spoken, at once', () => {
    const lab = labOf(shape);
    const { drops, recipients } = lab.send('h1/a', lab.frame(mac.e, mac.a));
    expect(recipients).toEqual(['h2/e', 'tor/8', 'tor/9']);
    expect(drops).toEqual(['h1/u2 deja_vu', 'h2/u1 rpf_unicast']);
  });

  it('drops what one of its own VMs seems to have sent from outside, by whichever uplink (R7)', () => {
    for (const uplink of ['u1', 'u2']) {
      const lab = labOf(shape, { injectAt: ['*'] });
      const frame = lab.frame(mac.b, mac.a, { tags: [10] });
      expect(lab.send(`h1/${uplink}`, frame).drops).toEqual([`h1/${uplink} deja_vu`]);
    }
  });

  it('drops what a VM sends to itself (R2)', () => {
    const lab = labOf(shape);
    expect(lab.send('h1/a', lab.frame(mac.a, mac.a)).drops).toEqual(['h1/a same_port']);
  });
});

describe('a learning vSwitch, in contrast,', () => {
  const learning: Shape = { ...shape, model: 'learning' };

  it('floods unknown unicast from a VM to the others, and outside once', () => {
    const lab = labOf(learning);
    const { recipients } = lab.send('h1/a', lab.frame(mac.nobody, mac.a));
    expect(recipients).toEqual(['h1/b', 'h1/c', 'h2/d', 'h2/e', 'h2/f', 'tor/8', 'tor/9']);
  });

  it('learns whoever it hears, those outside as one place', () => {
    const lab = labOf(learning);
    lab.send('tor/8', lab.frame(mac.all, mac.x));
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    lab.send('h2/d', lab.frame(mac.all, mac.d));
    expect(lab.table('h1/v')).toEqual([`10 ${mac.a} h1/a`, `10 ${mac.d} uplink`, `10 ${mac.x} uplink`]);
    expect(lab.table('tor')).toEqual([`10 ${mac.a} tor/1`, `10 ${mac.d} tor/4`, `10 ${mac.x} tor/8`]);
  });
});

describe('a registered vSwitch with a guest that tags', () => {
  const topology = {
    hosts: {
      h1: {
        uplinks: ['u1'],
        vswitches: {
          v: { macModel: 'registered', portGroups: { vgt: { vlan: '10,20' }, web: { vlan: 10 }, db: { vlan: 30 } } },
        },
        vms: {
          a: { portGroup: 'vgt', mac: mac.a },
          b: { portGroup: 'web', mac: mac.b },
          c: { portGroup: 'db', mac: mac.c },
        },
      },
    },
  };
  const rows = [
    // from, tags, destination, recipients with their tags
    ['b', [], 'a', ['h1/a']],
    ['h1/u1', [10], 'a', ['h1/a']],
    ['h1/u1', [20], 'a', ['h1/a']],
    ['h1/u1', [30], 'a', []],
    ['c', [], 'a', ['h1/u1']],
    ['a', [10], 'b', ['h1/b']],
    ['a', [20], 'b', ['h1/u1']],
  ] as const;

  it.each(rows)('%s, tagged %j, to %s: %j', (from, tags, to, expected) => {
    const lab = new Lab(topology);
    const isVm = from in mac;
    const frame = lab.frame(mac[to], isVm ? mac[from as 'a'] : mac.x, { tags });
    expect(lab.send(isVm ? `h1/${from}` : from, frame).recipients).toEqual(expected);
  });
});
