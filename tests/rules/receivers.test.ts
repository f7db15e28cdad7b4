/** R8 and R9: of several copies that the outside delivers, which one is taken. */
import { describe, expect, it } from 'vitest';
import { labOf, mac, type Shape } from './networks.ts';

const shape: Shape = { hosts: 1, uplinks: 2, outside: 'one' };

describe('R9, the designated receiver of a VLAN', () => {
  it.each([
    [10, 'h1/u2'],
    [11, 'h1/u1'],
    [12, 'h1/u2'],
    [4094, 'h1/u2'],
    [4093, 'h1/u1'],
  ])('in VLAN %i the copy at %s is dropped', (vlan, other) => {
    for (const model of ['learning', 'registered'] as const) {
      for (const dst of ['all', 'group'] as const) {
        const lab = labOf({ ...shape, vlan, model });
        const { drops, recipients } = lab.send('tor/8', lab.frame(mac[dst], mac.x));
        expect(drops).toEqual([`${other} not_designated`]);
        expect(recipients).toEqual(['h1/a', 'h1/b', 'h1/c', 'tor/9']);
      }
    }
  });

  it('is another one after its cable has failed, and then no copy is lost', async () => {
    const lab = labOf({ ...shape, vlan: 10 });
    await lab.network.setLink('h1/u1', false);
    const { drops, recipients } = lab.send('tor/8', lab.frame(mac.all, mac.x));
    expect(drops).toEqual(['h1/u1 link_down']);
    expect(recipients).toEqual(['h1/a', 'h1/b', 'h1/c', 'tor/9']);
  });

  it('takes unknown unicast, too, in the learning model', () => {
    const lab = labOf({ ...shape, vlan: 11 });
    const { drops, recipients } = lab.send('tor/8', lab.frame(mac.nobody, mac.x));
    expect(drops).toEqual(['h1/u1 not_designated']);
    expect(recipients).toEqual(['h1/a', 'h1/b', 'h1/c', 'tor/9']);
  });
});

describe('R8, the way back', () => {
  /** `a` is pinned to u1, `b` to u2; the frame is put on one uplink by hand. */
  const rows = [
    ['a', 'u1', true],
    ['a', 'u2', false],
    ['b', 'u1', false],
    ['b', 'u2', true],
    ['c', 'u1', true],
    ['c', 'u2', false],
  ] as const;

  it.each(rows)('a frame to %s that arrives by %s is taken: %s', (vm, uplink, taken) => {
    for (const model of ['learning', 'registered'] as const) {
      const lab = labOf({ ...shape, model }, { injectAt: ['*'] });
      lab.send(`h1/${vm}`, lab.frame(mac.all, mac[vm]));
      const { recipients, drops } = lab.send(`h1/${uplink}`, lab.frame(mac[vm], mac.x));
      expect(recipients, model).toEqual(taken ? [`h1/${vm}`] : []);
      expect(drops, model).toEqual(taken ? [] : [`h1/${uplink} rpf_unicast`]);
    }
  });

  it('follows the pin to another uplink', async () => {
    const lab = labOf({ ...shape, model: 'registered', teaming: { notify: false } }, { injectAt: ['*'] });
    await lab.network.setLink('h1/u1', false);
    expect(lab.send('h1/u2', lab.frame(mac.a, mac.x)).recipients).toEqual(['h1/a']);
    await lab.network.setLink('h1/u1', true);
    expect(lab.send('h1/u2', lab.frame(mac.a, mac.x)).drops).toEqual(['h1/u2 rpf_unicast']);
  });
});
