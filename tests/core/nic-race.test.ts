/**
 * virtio's driver and device in a thread each, on shared memory, as a guest's CPU and a hypervisor's thread are: both publish, look
 * whether the other one wants to be told, and sleep when there is nothing to do. A wake-up that is missed leaves one asleep for ever.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const here = import.meta.dirname;
/** In a process of its own: the compiler's types would take the place of Node's. */
const wasm = execFileSync(process.execPath, [join(here, 'nic-race-core.mjs')], { maxBuffer: 2 ** 24 });
const module = new WebAssembly.Module(new Uint8Array(wasm));

interface Told {
  readonly missed: string | null;
  readonly sleeps: number;
}

async function race(virtio: object, frames: number) {
  const vms = { a: { nic: { virtio } } };
  const network = new Network(topologyFrom({ hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms } } }));
  const { memory } = network.memory;
  const { sw, port } = network.plan.ports.get('h/a')!;
  const { address, tx, rx } = port.nic!;
  const core = new WebAssembly.Instance(module, { env: { memory, now: () => 0n } });
  (core.exports['open'] as (nic: number) => void)(address);
  const at = {
    pending: address + L.Nic_pending,
    isStopped: address + L.Nic_isStopped,
    txActive: tx.address + L.NicQueue_isActive,
    rxActive: rx.address + L.NicQueue_isActive,
    rxCleaned: rx.address + L.NicQueue_cleaned,
  };
  const told = (['guest', 'device'] as const).map(
    (role) =>
      new Promise<Told>((resolve, reject) => {
        const workerData = { module, memory, role, sw: sw.address, nic: address, at, frames };
        const worker = new Worker(join(here, 'nic-race.mjs'), { workerData });
        worker.once('message', resolve).once('error', reject);
      }),
  );
  const [guest, device] = await Promise.all(told);
  return { guest: guest!, device: device!, nic: network.ports()[0]!.nic! };
}

describe('virtio between two threads', () => {
  it.each([
    ['flags', 4, 1, 20_000],
    ['flags', 64, 8, 100_000],
    ['event-idx', 4, 1, 20_000],
    // Past 65,535.
    ['event-idx', 64, 8, 100_000],
    ['event-idx', 256, 1, 300_000],
    ['none', 16, 1, 20_000],
  ])('with %s, a ring of %i and batches of %i misses no wake-up and passes on each frame', async (...given) => {
    const [suppress, ring, batch, frames] = given;
    const { guest, device, nic } = await race({ suppress, ring, batch }, frames);
    expect([guest.missed, device.missed]).toEqual([null, null]);
    expect(nic).toMatchObject({ txFrames: frames, rxFrames: frames, missedWakeups: 0 });
  });
});
