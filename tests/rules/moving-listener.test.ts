/** Guests that join groups, and move: events find them where they are, and say it when there is no room for a group more. */
import { expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const MS = 1_000_000n;
const GROUP = '239.1.1.200';

const lab = (events: readonly object[], groups: readonly string[] = []) => {
  const host = (n: number, vms: object) => ({
    uplinks: { u: { to: `tor/${n}`, delay: '1us' } },
    vswitches: { v: { multicast: {}, portGroups: { pg: {} } } },
    vms,
  });
  const vms = { a: { ip: '10.0.0.1/24', groups }, b: { ip: '10.0.0.2/24' } };
  const network = new Network(
    topologyFrom({
      hosts: { h1: host(1, vms), h2: host(2, {}) },
      physical: { switches: { tor: { ports: 2 } } },
      traffic: [{ from: 'h1/b', to: GROUP, rate: '10kpps', start: '4ms' }],
      events,
    }),
    { mayMigrate: '*' },
  );
  network.advance(8n * MS);
  const report = network.report();
  expect(report.ledger.balanced).toBe(true);
  const received = (name: string) =>
    report.switches.flatMap(({ ports }) => ports).find((port) => port.name === name)!.guest!.received;
  return { events: report.events.map(({ what }) => what), received };
};

const migrate = { at: '1ms', migrate: { vm: 'h1/a', to: 'h2' } };

it.each(['h1/a', 'h2/a'])('a guest that has moved joins where it is, by the name %s', (port) => {
  const there = lab([migrate, { at: '2ms', join: { port, group: GROUP } }]);
  expect(there.events).toContain(`guest at ${port} joins ${GROUP}`);
  expect(there.received('h2/a')).toBeGreaterThan(30);
});

it('a guest that is nowhere joins nothing, and the run says so', () => {
  const events = [
    { at: '1ms', detach: 'h1/a' },
    { at: '2ms', join: { port: 'h1/a', group: GROUP } },
  ];
  expect(lab(events).events).toContain(`guest at h1/a joins ${GROUP}: refused, h1/a: attached nowhere`);
});

it('a guest in 64 groups joins no 65th whose time nobody knew, and the run says so', () => {
  const groups = Array.from({ length: 64 }, (_, i) => `239.1.1.${i + 1}`);
  const when = { counter: 'txFrames', port: 'h1/u', above: 0 };
  const { events } = lab([migrate, { when, join: { port: 'h1/a', group: GROUP } }], groups);
  expect(events.find((line) => line.includes('joins'))).toMatch(
    /refused, the guest at h1\/a is in 64 groups, the most that it may join; let it leave one first/,
  );
});
