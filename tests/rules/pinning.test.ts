/** R3 single exit, R4 pinning, R19 standby: which uplink a VM's frames leave by, and what a failed cable changes. */
import { describe, expect, it } from 'vitest';
import { at, type Lab } from '../engine/lab.ts';
import { labOf, mac, type Name, type Shape } from './networks.ts';

const shape: Shape = { hosts: 1, uplinks: 3, outside: 'one' };
const uplinks = ['h1/u1', 'h1/u2', 'h1/u3'];

/** The uplinks that a frame of `from` leaves by. */
function exits(lab: Lab, from: 'a' | 'b' | 'c', to: Name): string[] {
  const { frames } = lab.send(`h1/${from}`, lab.frame(mac[to], mac[from]));
  return uplinks.flatMap((uplink) => at(frames, uplink, 'out').map(() => uplink.slice(3)));
}

const pins = (lab: Lab) => ['a', 'b', 'c'].map((vm) => lab.pinOf(`h1/${vm}`)?.slice(3) ?? '-').join(' ');

/** `-u1` pulls the cable of u1, `+u1` plugs it. */
async function cables(lab: Lab, what: string): Promise<void> {
  for (const each of what.split(' ').filter((word) => word !== '')) {
    await lab.network.setLink(`h1/${each.slice(1)}`, each.startsWith('+'));
  }
}

type Row = readonly [teaming: string, cables: string, pins: string];

const rows: Row[] = [
  ['u1 u2 u3', '', 'u1 u2 u3'],
  ['u3 u2 u1', '', 'u3 u2 u1'],
  ['u1', '', 'u1 u1 u1'],
  ['u1 u2', '', 'u1 u2 u1'],
  // A failure moves those alone whose uplink failed.
  ['u1 u2 u3', '-u1', 'u2 u2 u3'],
  ['u1 u2 u3', '-u2', 'u1 u3 u3'],
  ['u1 u2 u3', '-u3', 'u1 u2 u1'],
  ['u1 u2 u3', '-u1 -u2', 'u3 u3 u3'],
  ['u1 u2 u3', '-u1 -u2 -u3', '- - -'],
  ['u1 u2 u3', '-u1 +u1', 'u1 u2 u3'],
  ['u1 u2 u3', '-u1 -u2 -u3 +u2', 'u2 u2 u2'],
  // A standby uplink serves only in the place of an active one; one that stands nowhere never.
  ['u1 | u2 u3', '', 'u1 u1 u1'],
  ['u1 | u2 u3', '-u1', 'u2 u2 u2'],
  ['u1 | u3 u2', '-u1', 'u3 u3 u3'],
  ['u1 | u2 u3', '-u1 -u2', 'u3 u3 u3'],
  ['u1 | u2 u3', '-u1 +u1', 'u1 u1 u1'],
  ['u1 | u2', '-u1 -u2', '- - -'],
  ['u1 u2 | u3', '-u2', 'u1 u3 u1'],
];

function teamOf(text: string): { active: string[]; standby?: string[] } {
  const [active, standby] = text.split(' | ').map((names) => names.split(' '));
  return { active: active!, ...(standby && { standby }) };
}

describe('a VM on a team of uplinks', () => {
  it.each(rows)('team %s, cables "%s": pins %s', async (teaming, pulled, expected) => {
    const lab = labOf({ ...shape, teaming: teamOf(teaming) });
    await cables(lab, pulled);
    expect(pins(lab)).toBe(expected);
    const wanted = expected.split(' ').map((pin) => (pin === '-' ? [] : [pin]));
    for (const to of ['all', 'group', 'nobody'] as const) {
      expect([exits(lab, 'a', to), exits(lab, 'b', to), exits(lab, 'c', to)], `to ${to}`).toEqual(wanted);
    }
  });

  it('leaves by its pin for a station that is known to be outside, too', () => {
    const lab = labOf(shape);
    lab.send('tor/8', lab.frame(mac.all, mac.x));
    expect([exits(lab, 'a', 'x'), exits(lab, 'b', 'x'), exits(lab, 'c', 'x')]).toEqual([['u1'], ['u2'], ['u3']]);
  });

  it('is cut off when no uplink is usable: a unicast ends there, a broadcast stays inside', async () => {
    const lab = labOf(shape);
    lab.send('tor/8', lab.frame(mac.all, mac.x));
    await cables(lab, '-u1 -u2 -u3');
    const { drops, recipients } = lab.send('h1/a', lab.frame(mac.x, mac.a));
    expect({ drops, recipients }).toEqual({ drops: ['h1/a no_uplink'], recipients: [] });
    const broadcast = lab.send('h1/a', lab.frame(mac.all, mac.a));
    expect(broadcast.drops).toEqual(['h1/a no_uplink_copy']);
    expect(broadcast.recipients).toEqual(['h1/b', 'h1/c']);
  });

  it('is cut off whole when it is alone on its host', async () => {
    const lab = labOf({ ...shape, model: 'registered' });
    await cables(lab, '-u1 -u2 -u3');
    expect(lab.send('h1/a', lab.frame(mac.nobody, mac.a)).drops).toEqual(['h1/a no_uplink']);
  });

  it('is reached again after a failure once it has spoken: unannounced, the outside sends to the dead cable', async () => {
    const lab = labOf({ ...shape, teaming: { notify: false } });
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    const reach = () => lab.send('tor/8', lab.frame(mac.a, mac.x));
    expect(reach().recipients).toEqual(['h1/a']);
    await cables(lab, '-u1');
    expect(reach()).toMatchObject({ recipients: [], drops: ['h1/u1 link_down'] });
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    expect(reach()).toMatchObject({ recipients: ['h1/a'], drops: [] });
    // On failback strict RPF loses what is still sent to u2.
    await cables(lab, '+u1');
    expect(reach()).toMatchObject({ recipients: [], drops: ['h1/u2 rpf_unicast'] });
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    expect(reach()).toMatchObject({ recipients: ['h1/a'], drops: [] });
  });

  it('gets nothing from a standby uplink', () => {
    const lab = labOf({ ...shape, teaming: { active: ['u1'], standby: ['u2'] } });
    const { recipients, drops } = lab.send('tor/8', lab.frame(mac.all, mac.x));
    expect(recipients).toEqual(['h1/a', 'h1/b', 'h1/c', 'tor/9']);
    expect(drops).toEqual(['h1/u2 uplink_not_active', 'h1/u3 uplink_not_active']);
  });

  it('never gets a frame twice when a cable fails at any moment of its journey', async () => {
    for (const failing of ['u1', 'u2', 'u3']) {
      for (let atNs = 0n; atNs <= 3500n; atNs += 500n) {
        const lab = labOf(shape);
        lab.network.inject('h1/a', lab.frame(mac.all, mac.a), 0n);
        lab.network.advance(atNs);
        await cables(lab, `-${failing}`);
        lab.settle();
        const got = lab.network.takeFrames().filter(({ direction }) => direction === 'out');
        const times = (port: string) => at(got, port, 'out').length;
        expect([times('h1/a'), times('h1/b'), times('h1/c')], `${failing} at ${atNs} ns`).toEqual([0, 1, 1]);
      }
    }
  });
});
