/**
 * A worker that dies while a VM leaves, or while it comes: at any place of the core that there is. What it left is put right, the command is
 * carried out again, and the VM is at one place with all its counts. Afterwards the worker of each host dies once more.
 */
import { describe, expect, it } from 'vitest';
import { HAND_ANY } from '../../src/engine/control.ts';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { repairWorker } from '../../src/engine/rescue.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { compileMortal, Death, mortal } from './mortal.ts';
import { assertWhole } from './whole.ts';

const MS = 1_000_000n;
const module = compileMortal();
/** Places to die at that are tried of each command. */
const places = Number(process.env['DEATH_PLACES'] ?? 30);

/** h1/a sends more than it may, so that frames wait in its ring and in front of it; it joins a group. */
const lab = (macModel: string, nic: object | undefined) => {
  const host = (n: number, vms: object) => ({
    uplinks: { u: { to: `tor/${n}`, delay: '1us' } },
    vswitches: {
      v: {
        macModel,
        multicast: {},
        portGroups: { pg: { shaping: { in: { average: '3M', burst: '3KB' }, out: { average: '3M', burst: '3KB' } } } },
      },
    },
    vms,
  });
  const own = { ip: '10.0.0.1/24', groups: ['239.1.1.1'], ...(nic && { nic }) };
  return topologyFrom({
    hosts: { h1: host(1, { a: own, c: { ip: '10.0.0.3/24' } }), h2: host(2, { b: { ip: '10.0.0.2/24' } }) },
    physical: { switches: { tor: { ports: 2 } } },
    traffic: [
      { from: 'h1/a', to: 'h2/b', rate: '30kpps' },
      { from: 'h2/b', to: 'h1/a', rate: '30kpps' },
      { from: 'h1/c', to: 'h1/a', rate: '30kpps' },
    ],
  });
};

/** Moves h1/a to h2; the worker dies at the `at`-th place of the first or second command. Returns how many places both have. */
function migrate(
  topology: ReturnType<typeof lab>,
  which: 'leave' | 'come',
  at: number,
): { passed: number; died: boolean } {
  const network = new Network(topology, { mayMigrate: '*' });
  const { memory, plan } = network;
  const healthy = instantiate(coreModule(), memory.memory);
  const dying = mortal(module, memory.memory);
  const from = plan.ports.get('h1/a')!;
  const to = plan.ports.get('h2/a')!;
  const { guest } = from.port;
  const inHand = plan.workers[0]!.address + L.Worker_inHand;
  let passed = 0;
  let died = false;
  const command = (name: typeof which, order: (core: typeof healthy) => void) => {
    memory.setU32(inHand, HAND_ANY);
    dying.dieAfter(name === which ? at : 0, null);
    dying.passed();
    try {
      order(dying.core);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      died = true;
      repairWorker(healthy, memory, plan, 0);
      order(healthy);
    }
    if (name === which) passed = dying.passed();
    memory.setU32(inHand, 0);
    assertWhole(network);
  };
  network.advance(2n * MS);
  command('leave', (core) => core.leave(from.sw.address, from.port.number, to.port.address));
  network.advance(3n * MS);
  repairWorker(healthy, memory, plan, 0);
  command('come', (core) => core.come(to.sw.address, to.port.number, guest));
  network.advance(5n * MS);
  memory.setU32(inHand, HAND_ANY);
  repairWorker(healthy, memory, plan, 0);
  network.advance(7n * MS);
  assertWhole(network);
  const sitting = [...plan.ports.values()].filter(({ port }) => memory.u32(port.address + L.Port_guest) === guest);
  expect(sitting.map(({ port }) => port.name)).toEqual(['h2/a']);
  expect(memory.u32(guest + L.Guest_absenceCount)).toBe(1);
  const absence = memory.u32(guest + L.Guest_absences);
  expect(memory.u64(absence + L.Absence_leftNs)).toBe(2n * MS);
  expect(memory.u64(absence + L.Absence_cameNs)).toBe(3n * MS);
  const port = (name: string) => network.ports().find((each) => each.name === name)!;
  expect([port('h1/a').link, port('h2/a').link]).toEqual(['down', 'up']);
  expect(port('h2/a').guest!.received).toBeGreaterThan(0);
  expect(
    network
      .macTable('tor')
      .filter(({ mac }) => mac === memoryMac(network))
      .map((entry) => entry.port),
  ).toEqual(['tor/2']);
  return { passed, died };
}

function memoryMac({ topology }: Network): string {
  return topology.hosts[0]!.vms[0]!.nics[0]!.mac;
}

describe.each([
  ['learning', undefined],
  ['registered', undefined],
  ['learning', { virtio: { ring: 16, batch: 4 } }],
] as const)('a VM that migrates, %s, nic %j', (macModel, nic) => {
  it.each(['leave', 'come'] as const)(
    'is at one place with all its counts wherever its worker dies in %s',
    (which) => {
      const topology = lab(macModel, nic);
      const { passed } = migrate(topology, which, 0);
      expect(passed).toBeGreaterThan(20);
      let deaths = 0;
      for (let i = 0; i < places; i++)
        if (migrate(topology, which, 1 + Math.floor((i * passed) / places)).died) deaths++;
      expect(deaths).toBeGreaterThan(places * 0.9);
    },
    120_000,
  );
});
