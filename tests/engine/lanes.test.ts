/** Frames that were held back, on the wall clock: a receiver that finds many due at once takes them in order of their times. */
import { expect, it } from 'vitest';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const host = (ip: string) => ({
  uplinks: ['u'],
  vswitches: { v: { portGroups: { g: {} } } },
  vms: { vm: { ip } },
});

it('of a wire and its lane the receiver takes first what is due first', () => {
  const network = new Network(
    topologyFrom({
      hosts: { a: host('10.0.0.1/24'), b: host('10.0.0.2/24') },
      physical: { links: [{ a: 'a/u', b: 'b/u', delay: '1us', reorder: { share: '40%', by: '37us' } }] },
      traffic: [{ from: 'a/vm', to: 'b/vm', rate: '1Mpps' }],
    }),
    { clock: 'wall', workers: 2, ringEntries: 1024 },
  );
  const { memory, plan } = network;
  const core = instantiate(coreModule(), memory.memory);
  // This thread is both workers, and tells each its time.
  const [sender, receiver] = ['a/vm', 'b/vm'].map((name) => plan.workers[plan.ports.get(name)!.sw.worker]!.address);
  let now = 0n;
  for (; now < 200_000n; now += 1000n) for (const worker of [sender!, receiver!]) core.runWall(worker, now, 4);
  const inbox = plan.ports.get('b/vm')!.port.txRing;
  const known = memory.u32(inbox + L.Ring_head);
  const taken = new Map(plan.wires.map(({ address }) => [address, memory.u32(address + L.Ring_tail)]));
  for (const until = now + 300_000n; now < until; now += 1000n) core.runWall(sender!, now, 4);

  const place = (descriptor: bigint) => Number(descriptor & 0x3ffffffn) * 64;
  const waiting = plan.wires
    .filter(({ to, link }) => to === 'b/u' && link !== null)
    .flatMap(({ address, entriesAt, entries, isLane }) => {
      const from = taken.get(address)!;
      return Array.from({ length: memory.u32(address + L.Ring_head) - from }, (_, i) => {
        const at = entriesAt + 16 * ((from + i) & (entries - 1));
        return { due: memory.u64(at + 8), isLane, slot: place(memory.u64(at)) };
      });
    });
  expect(waiting.filter(({ isLane }) => isLane).length).toBeGreaterThan(60);
  expect(waiting.filter(({ isLane }) => !isLane).length).toBeGreaterThan(100);
  core.runWall(receiver!, now + 1_000_000n, 100);

  const ring = memory.u32(inbox + L.Ring_entries);
  const came = Array.from({ length: memory.u32(inbox + L.Ring_head) - known }, (_, i) =>
    place(memory.u64(ring + 8 * ((known + i) & 1023))),
  );
  const inOrder = waiting.toSorted((x, y) => Number(x.due - y.due) || Number(x.isLane) - Number(y.isLane));
  expect(came).toEqual(inOrder.map(({ slot }) => slot));
  expect(network.ledger().balanced).toBe(true);
});
