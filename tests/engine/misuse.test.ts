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
