/** Migrations on the wall clock, where a run may lag: the VM is away for its downtime, however late it left. */
import { expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const DOWNTIME_MS = 20;

const lab = (events: readonly object[] = []) => {
  const host = (n: number, vms: object) => ({
    uplinks: { u: { to: `tor/${n}`, delay: '1us' } },
    vswitches: { v: { portGroups: { pg: {} } } },
    vms,
  });
  return topologyFrom({
    hosts: {
      h1: host(1, { a: { mac: '02:00:00:00:00:0a', ip: '10.0.0.1/24' } }),
      h2: host(2, { b: { mac: '02:00:00:00:00:0b', ip: '10.0.0.2/24' } }),
      h3: host(3, {}),
    },
    physical: { switches: { tor: { ports: 3 } } },
    traffic: [{ from: 'h2/b', to: 'h1/a', rate: '1kpps' }],
    events,
  });
};

/** This thread, which has the timers of events, does nothing for so long. */
function lag(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

it.each([1, 2])(
  'with %i workers a VM that leaves late comes late',
  async (workers) => {
    const events = [{ at: '10ms', migrate: { vm: 'h1/a', to: 'h3', downtime: `${DOWNTIME_MS}ms` } }];
    const network = new Network(lab(events), { clock: 'wall', workers });
    await network.start();
    lag(80);
    await until(() => (network.report().changes ?? []).some(({ downtimeNs }) => downtimeNs !== null));
    const report = await network.stop();
    expect(report.changes![0]!.downtimeNs).toBeGreaterThanOrEqual(DOWNTIME_MS * 1e6);
    expect(report.events.map(({ what }) => what)).toEqual(['VM h1/a leaves for h3', 'VM h1/a migrated to h3']);
    expect(report.ledger.balanced).toBe(true);
  },
  30_000,
);

it('a program that migrates finds the VM away for its downtime', async () => {
  const network = new Network(lab(), { clock: 'wall', workers: 2, mayMigrate: '*' });
  await network.start();
  const done = network.migrate('h1/a', 'h3', { downtimeNs: BigInt(DOWNTIME_MS) * 1_000_000n });
  lag(60);
  expect((await done).downtimeNs).toBeGreaterThanOrEqual(DOWNTIME_MS * 1e6);
  expect((await network.stop()).ledger.balanced).toBe(true);
});
