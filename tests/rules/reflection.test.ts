/** R7 with R12 and R13: a frame that comes back from outside, and a VM that has really moved there. */
import { describe, expect, it } from 'vitest';
import type { FrameSpec } from '../core/frames.ts';
import { at } from '../engine/lab.ts';
import { labOf, linkDelayNs, mac, type Shape } from './networks.ts';

const shape: Shape = { hosts: 1, uplinks: 2, outside: 'one' };
const second = 1_000_000_000n;

describe('a broadcast that the outside sends back', () => {
  // With the pin of the sender as designated receiver R9 would hide a missing R7, so both kinds of VLAN are tried.
  const rows = [
    ['a', 10, 'h1/u2 deja_vu'],
    ['a', 11, 'h1/u2 deja_vu'],
    ['b', 10, 'h1/u1 deja_vu'],
    ['b', 11, 'h1/u1 deja_vu'],
  ] as const;

  it.each(rows)('from %s in VLAN %i is dropped as %s', (from, vlan, drop) => {
    for (const model of ['learning', 'registered'] as const) {
      const lab = labOf({ ...shape, vlan, model });
      expect(lab.send(`h1/${from}`, lab.frame(mac.all, mac[from])).drops, model).toEqual([drop]);
    }
  });

  it('is dropped when it comes back by a standby uplink that has just become active', async () => {
    const lab = labOf({ ...shape, teaming: { active: ['u1'], standby: ['u2'] } });
    lab.network.inject('h1/a', lab.frame(mac.all, mac.a), 0n);
    lab.network.advance(linkDelayNs);
    await lab.network.setLink('h1/u1', false);
    lab.settle();
    const frames = lab.network.takeFrames();
    expect(at(frames, 'h1/u2', 'in')).toHaveLength(1);
    expect(at(frames, 'h1/b', 'out')).toHaveLength(1);
    const uplink = lab.network.ports().find(({ name }) => name === 'h1/u2')!;
    expect(uplink.verdicts['deja_vu']).toBe(1);
  });

  it('moves nothing in the table', () => {
    const lab = labOf(shape);
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    expect(lab.table('h1/v')).toEqual([`0 ${mac.a} h1/a`]);
    expect(lab.network.report().switches[0]!.table).toMatchObject({ learned: 1, moved: 0 });
  });
});

type Payload = FrameSpec['payload'];

describe('a VM that has moved outside', () => {
  const announcements: [Payload, boolean][] = [
    ['gratuitous request', true],
    ['arp reply', true],
    ['rarp', true],
    ['arp request', false],
    ['arp other', false],
    ['ip', false],
  ];

  it.each(announcements)('and broadcasts there "%s" is believed: %s', (payload, believed) => {
    const lab = labOf(shape);
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    lab.send('h1/b', lab.frame(mac.all, mac.b));
    const { recipients, drops } = lab.send('tor/8', lab.frame(mac.all, mac.a, { payload }));
    expect(recipients).toEqual(believed ? ['h1/a', 'h1/b', 'h1/c', 'tor/9'] : ['tor/9']);
    expect(drops).toEqual(believed ? ['h1/u2 not_designated'] : ['h1/u1 deja_vu', 'h1/u2 deja_vu']);
    expect(lab.table('h1/v')).toContain(`0 ${mac.a} ${believed ? 'uplink' : 'h1/a'}`);
    const reached = lab.send('h1/b', lab.frame(mac.a, mac.b));
    expect(reached.recipients).toEqual([believed ? 'tor/8' : 'h1/a']);
  });

  it.each(announcements)('and says so to one station only ("%s") is not believed', (payload) => {
    const lab = labOf(shape);
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    lab.send('h1/b', lab.frame(mac.all, mac.b));
    expect(lab.send('tor/8', lab.frame(mac.b, mac.a, { payload })).drops).toEqual(['h1/u2 deja_vu']);
  });

  it('is not believed where addresses are registered, whatever it announces', () => {
    for (const [payload] of announcements) {
      const lab = labOf({ ...shape, model: 'registered' });
      const { recipients, drops } = lab.send('tor/8', lab.frame(mac.all, mac.a, { payload }));
      expect(recipients, payload).toEqual(['tor/9']);
      expect(drops, payload).toEqual(['h1/u1 deja_vu', 'h1/u2 deja_vu']);
    }
  });

  it('is at home again from its first frame there', () => {
    const lab = labOf(shape);
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    lab.send('tor/8', lab.frame(mac.all, mac.a, { payload: 'rarp' }));
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    expect(lab.table('h1/v')).toEqual([`0 ${mac.a} h1/a`]);
    expect(lab.network.report().switches[0]!.table).toMatchObject({ learned: 1, moved: 2 });
  });
});

describe('the lock of a station that announced itself inside', () => {
  const rows: [payload: Payload, afterNs: bigint, believed: boolean][] = [
    ['gratuitous request', 0n, false],
    ['gratuitous request', 5n * second - 1n, false],
    ['gratuitous request', 5n * second, true],
    ['arp reply', 5n * second - 1n, false],
    ['arp reply', 5n * second, true],
    ['rarp', 5n * second - 1n, false],
    ['rarp', 5n * second, true],
    // No announcement, no lock.
    ['arp request', 10_000n, true],
    ['ip', 10_000n, true],
  ];

  it.each(rows)('after "%s" inside, one outside %i ns later is believed: %s', (payload, afterNs, believed) => {
    const lab = labOf(shape);
    const bornNs = 7_777_777n;
    lab.send('h1/a', lab.frame(mac.all, mac.a, { payload }), bornNs);
    // What is injected at tor/8 is at the host one cable later; its own reflection has been dropped by then.
    const atNs = bornNs + afterNs - linkDelayNs;
    if (afterNs > 0n) lab.send('tor/8', lab.frame(mac.all, mac.a, { payload: 'rarp' }), atNs);
    expect(lab.table('h1/v')).toEqual([`0 ${mac.a} ${believed ? 'uplink' : 'h1/a'}`]);
  });

  it('is that of the latest announcement', () => {
    const lab = labOf(shape);
    const gratuitous = { payload: 'gratuitous request' } as const;
    lab.send('h1/a', lab.frame(mac.all, mac.a, gratuitous), 0n);
    lab.send('h1/a', lab.frame(mac.all, mac.a, gratuitous), 3n * second);
    lab.send('tor/8', lab.frame(mac.all, mac.a, gratuitous), 8n * second - linkDelayNs - 1n);
    expect(lab.table('h1/v')).toEqual([`0 ${mac.a} h1/a`]);
    lab.send('tor/8', lab.frame(mac.all, mac.a, gratuitous), 8n * second);
    expect(lab.table('h1/v')).toEqual([`0 ${mac.a} uplink`]);
  });
});
