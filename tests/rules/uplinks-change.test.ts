/** Uplinks and port groups that come and go while a network runs: who carries what afterwards, and who is told. */
import { describe, expect, it } from 'vitest';
import type { Network } from '../../src/engine/network.ts';
import { Twins, told } from './twins.ts';

const mac = {
  a: '02:00:00:00:00:0a',
  b: '02:00:00:00:00:0b',
  x: '02:00:00:00:00:f1',
  all: 'ff:ff:ff:ff:ff:ff',
} as const;

/** h with VMs a (place 0) and b (1), three uplinks on tor of which u3 is not there; x stands at tor/8. */
const topology = (vswitch: object = {}, groups: object = { pg: {} }, vms: object = {}) => ({
  hosts: {
    h: {
      uplinks: {
        u1: { to: 'tor/1', delay: '1us' },
        u2: { to: 'tor/2', delay: '1us' },
        u3: { to: 'tor/3', delay: '1us', absent: true },
      },
      vswitches: { v: { portGroups: groups, ...vswitch } },
      vms: { a: { mac: mac.a, portGroup: 'pg' }, b: { mac: mac.b, portGroup: 'pg' }, ...vms },
    },
  },
  physical: { switches: { tor: { ports: Object.fromEntries([1, 2, 3, 8].map((n) => [n, { vlan: '0-4094' }])) } } },
});

/** An order, and the announcements that come of it. */
async function change(lab: Twins, order: (network: Network) => Promise<unknown>): Promise<void> {
  await lab.operate(order);
  lab.pass(lab.nowNs + 10_000n);
  lab.seen();
}

const port = (network: Network, name: string) => network.ports().find((each) => each.name === name)!;
const inUse = (network: Network) => network.report().switches[0]!.team!.inUse;

describe.each(['learning', 'registered'] as const)('uplinks that come and go, %s', (macModel) => {
  it('an absent one has no link at either end, and its team goes without', () => {
    const lab = new Twins(topology({ macModel }));
    expect(port(lab.network, 'h/u3').link).toBe('down');
    expect(port(lab.network, 'tor/3').link).toBe('down');
    expect(inUse(lab.network)).toEqual(['h/u1', 'h/u2']);
    expect(told(lab.send('h/u3', lab.frame(mac.a, mac.x)))).toBe('u3 detached');
    expect(lab.pinOf('h/a')).toBe('h/u1');
    expect(lab.pinOf('h/b')).toBe('h/u2');
  });

  it('a removed one moves its vNICs to the others and tells the outside; added again it takes its place', async () => {
    const lab = new Twins(topology({ macModel }));
    lab.send('h/a', lab.frame(mac.all, mac.a));
    lab.send('h/b', lab.frame(mac.all, mac.b));
    await lab.operate((network) => network.removeUplink('h/u1'));
    lab.pass(lab.nowNs + 10_000n);
    const rarps = () =>
      lab.seen().flatMap((f) => (f.direction === 'out' && f.bytes[12] === 0x80 ? [f.interface.name!] : []));
    expect(rarps().filter((name) => name.startsWith('h/'))).toEqual(['h/u2']);
    expect(inUse(lab.network)).toEqual(['h/u2']);
    expect(told(lab.send('tor/8', lab.frame(mac.a, mac.x)))).toBe('a');
    expect(told(lab.send('h/u1', lab.frame(mac.a, mac.x)))).toBe('u1 detached');
    await change(lab, (network) => network.addUplink('h/u1'));
    expect(inUse(lab.network)).toEqual(['h/u2', 'h/u1']);
    lab.pass(lab.nowNs + 10_000n);
    // It stands behind those that were there.
    expect([lab.pinOf('h/a'), lab.pinOf('h/b')]).toEqual(['h/u2', 'h/u1']);
    expect(told(lab.send('tor/8', lab.frame(mac.a, mac.x)))).toBe('a');
  });

  it('an added one joins the team, as active or in reserve', async () => {
    const lab = new Twins(topology({ macModel }));
    await change(lab, (network) => network.addUplink('h/u3', 'standby'));
    expect(inUse(lab.network)).toEqual(['h/u1', 'h/u2']);
    await change(lab, (network) => network.removeUplink('h/u2'));
    expect(inUse(lab.network)).toEqual(['h/u1']);
    await change(lab, (network) => network.setCable('h/u1', false));
    expect(inUse(lab.network)).toEqual(['h/u3']);
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, tor/8');
    await change(lab, (network) => network.removeUplink('h/u3'));
    await change(lab, (network) => network.removeUplink('h/u1'));
    expect(inUse(lab.network)).toEqual([]);
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, a no_uplink_copy');
    await change(lab, (network) => network.addUplink('h/u3', 'active'));
    expect(inUse(lab.network)).toEqual(['h/u3']);
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a)))).toBe('b, tor/8');
  });

  it('refuses what makes no sense, and changes nothing', async () => {
    const { network } = new Twins(topology({ macModel }));
    const before = network.report();
    await expect(network.addUplink('h/u1')).rejects.toThrow('h/u1 is there already');
    await expect(network.removeUplink('h/u3')).rejects.toThrow('h/u3 is not there');
    await expect(network.removeUplink('h/a')).rejects.toThrow(
      'h/a is no uplink; only an uplink can be added or removed',
    );
    await expect(network.setActive('h/u3')).rejects.toThrow('h/u3 has been removed; add it first');
    await expect(network.removePortGroup('h/v/pg')).rejects.toThrow('h/v/pg stays: nothing was planned for it to go');
    await expect(network.removePortGroup('h/v/no')).rejects.toThrow('no port group h/v/no in topology');
    expect(network.report()).toEqual(before);
  });
});

it('load-based, source-MAC and explicit teams choose anew when an uplink goes', async () => {
  for (const policy of ['load-based', 'source-mac', 'explicit']) {
    const lab = new Twins(topology({ teaming: { policy } }));
    lab.send('h/a', lab.frame(mac.all, mac.a));
    for (const uplink of ['h/u1', 'h/u2']) {
      await change(lab, (network) => network.removeUplink(uplink));
      lab.pass(lab.nowNs + 10_000n);
      const left = uplink === 'h/u1' ? 'h/u2' : null;
      expect(lab.pinOf('h/a'), policy).toBe(left);
      if (left !== null) expect(told(lab.send('h/a', lab.frame(mac.all, mac.a))), policy).toBe('b, tor/8');
      else await change(lab, (network) => network.addUplink('h/u3'));
    }
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.a))), policy).toBe('b, tor/8');
  }
});

describe('port groups that come and go', () => {
  const groups = { pg: { vlan: 10 }, late: { vlan: 20, absent: true }, zero: { vlan: 0, absent: true } };
  const vms = { c: { portGroup: 'late', absent: true }, z: { portGroup: 'zero', absent: true } };
  const plot = () => topology({}, groups, vms);
  const x = (lab: Twins, vid: number | null) => lab.frame(mac.all, mac.x, { tags: vid === null ? [] : [vid] });

  it('the uplinks carry its VLAN while it is there', async () => {
    const lab = new Twins(plot());
    expect(told(lab.send('tor/8', x(lab, 10)))).toContain('a, b');
    expect(told(lab.send('tor/8', x(lab, 20)))).toBe('u1 vlan_not_member, u2 vlan_not_member');
    await change(lab, (network) => network.addPortGroup('h/v/late'));
    expect(told(lab.send('tor/8', x(lab, 20)))).toContain('no_recipient');
    await change(lab, (network) => network.attachVm('h/c'));
    expect(told(lab.send('tor/8', x(lab, 20)))).toMatch(/^c, /);
    await expect(lab.network.removePortGroup('h/v/late')).rejects.toThrow(
      'port group h/v/late is used by h/c; detach or migrate what is on it first',
    );
    await change(lab, (network) => network.detachVm('h/c'));
    await change(lab, (network) => network.removePortGroup('h/v/late'));
    expect(told(lab.send('tor/8', x(lab, 20)))).toBe('u1 vlan_not_member, u2 vlan_not_member');
    await expect(lab.network.attachVm('h/c')).rejects.toThrow(
      'port group h/v/late is not there; add it before h/c comes',
    );
    expect(told(lab.send('tor/8', x(lab, 10)))).toContain('a, b');
  });

  it('that of untagged frames as well', async () => {
    const lab = new Twins(plot());
    expect(told(lab.send('tor/8', x(lab, null)))).toBe('u1 vlan_not_member, u2 vlan_not_member');
    await change(lab, (network) => network.addPortGroup('h/v/zero'));
    await change(lab, (network) => network.attachVm('h/z'));
    expect(told(lab.send('tor/8', x(lab, null)))).toMatch(/^z, /);
    expect(told(lab.send('h/z', lab.frame(mac.all, '00:50:56:00:00:01')))).toContain('tor/8');
  });

  it('refuses one that is there, or is not', async () => {
    const { network } = new Twins(plot());
    await expect(network.removePortGroup('h/v/late')).rejects.toThrow('port group h/v/late is not there');
    await network.addPortGroup('h/v/late');
    await expect(network.addPortGroup('h/v/late')).rejects.toThrow('port group h/v/late is there already');
  });
});
