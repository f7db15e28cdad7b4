/** What a program may get wrong: refused, and without effect on anybody else. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-misuse-'));
afterAll(() => rmSync(folder, { recursive: true }));

const topology = (file?: string) =>
  topologyFrom({
    hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 2 } } } },
    traffic: [{ from: 'h/vm1', to: 'h/vm2', rate: '50kpps' }],
    ...(file !== undefined && { captures: [{ file }] }),
  });

/** The address that a vNIC is configured with. */
function topologyMac({ topology: { hosts } }: Network, name: string): string {
  const nics = hosts.flatMap((host) =>
    host.vms.flatMap((vm) => vm.nics.map((nic) => [`${host.name}/${nic.name}`, nic.mac] as const)),
  );
  return new Map<string, string>(nics).get(name)!;
}

describe('a network that has been stopped', () => {
  it('writes nothing more into files, which by now may be those of others', async () => {
    const [mine, theirs] = [join(folder, 'mine.pcapng'), join(folder, 'theirs.pcapng')];
    const first = new Network(topology(mine));
    await first.runUntil(1000n);
    await first.stop();
    const second = new Network(topology(theirs)); // gets the number of the file that was closed
    const before = readFileSync(theirs).length;
    try {
      first.advance(1_000_000n);
    } catch {
      // To refuse would be right.
    }
    const after = readFileSync(theirs).length;
    await second.stop();
    expect(after).toBe(before);
  });

  it('does not start', async () => {
    const network = new Network(topology(), { clock: 'wall' });
    await network.stop();
    const started = network.start();
    await started.catch(() => {});
    // Its threads would run on: stop() has nothing more to do. STOP is 2 (control.ts).
    network.memory.setU32(network.plan.controlAt, 2);
    await expect(started).rejects.toThrow();
  });
});

describe('a network', () => {
  it('takes no frame that is to enter before one that is ahead of it, or before the start', () => {
    const network = new Network(topology(), { injectAt: ['h/vm1'] });
    const frame = new Uint8Array(60);
    expect(() => network.inject('h/vm1', frame, -1n)).toThrow(/cannot enter/);
    network.inject('h/vm1', frame, 1000n);
    network.inject('h/vm1', frame, 1000n);
    expect(() => network.inject('h/vm1', frame, 999n)).toThrow(/one at 1000 ns is ahead of it/);
  });

  it.each([-1, 4095, 5000, 1.5])('binds no address in VLAN %d, which there is not', async (vlan) => {
    const network = new Network(topology());
    await expect(network.setStatic('h/v', vlan, '02:00:00:00:00:01', 'h/vm1')).rejects.toThrow(/VLAN/);
  });

  it('is told by name what an operator cannot have, and stays as it was', async () => {
    const network = new Network(
      topologyFrom({
        hosts: {
          h: {
            uplinks: ['u1', 'u2'],
            vswitches: {
              v: { uplinks: ['u1', 'u2'], teaming: { active: ['u1'] }, portGroups: { pg: { vlan: 10 } } },
              w: { uplinks: [], macModel: 'registered', portGroups: { other: {} } },
            },
            vms: { a: { portGroup: 'pg' }, b: { portGroup: 'other' } },
          },
        },
        physical: { switches: { s: { ports: { 1: { vlan: 10 }, 2: { vlan: 10 } }, lags: { l: { ports: [1, 2] } } } } },
      }),
      { unplugged: 'open' },
    );
    // What was done is told; what was refused is not.
    const told = () => JSON.stringify({ ...network.report(), events: network.events().length });
    const before = told().replace('"events":0', '"events":2');
    const access = { mode: 'access', vid: 20 } as const;
    await expect(network.setStatic('h/v', 10, '02:00:00:00:00:01', 'h/b')).rejects.toThrow(
      'h/b is no port of h/v, but of h/w',
    );
    await network.setGuestMac('h/b', '02:00:00:00:00:09');
    await expect(network.setStatic('h/w', 0, '02:00:00:00:00:09', null)).rejects.toThrow(/registered to h\/b/);
    await network.setGuestMac('h/b', topologyMac(network, 'h/b'));
    await expect(network.setActive('h/u2')).rejects.toThrow('h/u2 is unused');
    await expect(network.setActive('h/a')).rejects.toThrow('h/a is no uplink');
    await expect(network.setGuestMac('h/u1', '02:00:00:00:00:01')).rejects.toThrow('h/u1 has no guest');
    await expect(network.setPortVlan('h/u1', access)).rejects.toThrow('h/u1 is an uplink');
    await expect(network.setPortVlan('h/b', access)).rejects.toThrow('h/b is on a switch without VLANs');
    await expect(network.setPortVlan('s/1', access)).rejects.toThrow('s/1 belongs to a LAG');
    await expect(network.setPortVlan('h/a', { mode: 'transparent' })).rejects.toThrow('no transparent port');
    await expect(network.setCable('h/u1', false)).rejects.toThrow('h/u1 has no cable');
    expect(told()).toBe(before);
  });

  it('pulls both ends of a cable', async () => {
    const network = new Network(
      topologyFrom({
        hosts: { h: { uplinks: { u: { to: 's/1' } }, vswitches: { v: { portGroups: { pg: {} } } } } },
        physical: { switches: { s: { ports: 2 } } },
      }),
    );
    const links = () => network.ports().map(({ name, link }) => `${name} ${link}`);
    await network.setCable('s/1', false);
    expect(links()).toEqual(['h/u down', 's/1 down', 's/2 down']);
    await network.setCable('h/u', true);
    expect(links()).toEqual(['h/u up', 's/1 up', 's/2 down']);
  });

  it('never goes back in time, and does not jump to its end where nothing is due', async () => {
    const network = new Network(topologyFrom({ physical: { switches: { s: { ports: 2 } } } }), {
      injectAt: ['s/1'],
      unplugged: 'open',
    });
    network.advance(10_000n);
    network.advance(1_000n);
    expect(network.nowNs).toBe(10_000n);
    expect(await network.step(1)).toBe(10_000n);
    expect(() => network.inject('s/1', new Uint8Array(60), 2n ** 52n)).toThrow(/later than the clock goes/);
  });

  it.each<NetworkOptions>([
    { clock: 'wall', workers: 0 },
    { clock: 'wall', workers: 65 },
    { burst: 0 },
    { burst: 257 },
    { ringEntries: 100 },
    { ageingSeconds: -1 },
  ])('refuses %j, which is out of the range that its declaration gives', (options) => {
    expect(() => new Network(topology(), options)).toThrow();
  });
});
