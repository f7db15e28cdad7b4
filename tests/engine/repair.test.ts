/**
 * Repair without threads: the core dies at a random place while it moves random traffic, and what it leaves is put right. Then
 * every count is exact, every slot of the pools is free or referred to, and the network goes on as if that burst had been lost.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HAND_ANY } from '../../src/engine/control.ts';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { repairWorker } from '../../src/engine/rescue.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { frameOf } from '../core/frames.ts';
import { frame, hosted, networks } from './loads.ts';
import { compileMortal, Death, mortal } from './mortal.ts';
import { observed } from './observed.ts';
import { shaped } from './shaped.ts';
import { assertWhole } from './whole.ts';

const module = compileMortal();
const runs = Number(process.env['REPAIR_RUNS'] ?? 100);
const deathsOfRun = 12;

const life = fc.record({
  isWall: fc.boolean(),
  burst: fc.constantFrom(1, 8, 64),
  isWatched: fc.boolean(),
  /** Wall clock: who of two dies, and how long the other one does not notice. */
  isPair: fc.boolean(),
  deaths: fc.array(
    fc.record({
      /** Where it dies: in any file, or in one of those with something to break; in thousandths of the places that it may pass. */
      file: fc.constantFrom(
        null,
        'fdb',
        'evict',
        'flood',
        'egress',
        'guest',
        'visit',
        'care',
        'team',
        'pool',
        'shaper',
        'scheduler',
        'nat',
        'nat-way',
        'nat-table',
        'services',
        'flows',
        'mirror',
      ),
      at: fc.integer({ min: 0, max: 1000 }),
      worker: fc.nat(1),
      roundsAfter: fc.nat(6),
      passNs: fc.integer({ min: 1, max: 200_000 }),
      frames: fc.array(fc.tuple(fc.nat(), frame), { maxLength: 40 }),
      pull: fc.option(fc.nat(), { freq: 6 }),
    }),
    { minLength: 1, maxLength: deathsOfRun },
  ),
});

type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

let died = 0;
let lost = 0;

async function live(topology: unknown, { isWall, isPair, burst, isWatched, deaths }: Life): Promise<void> {
  const checked = topologyFrom(topology);
  const network = new Network(checked, {
    injectAt: ['*'],
    burst,
    watch: isWatched ? ['*'] : [],
    unplugged: 'open',
    // What is watched is kept on the virtual clock alone; a worker may go by the other one all the same.
    clock: isWall && !isWatched ? 'wall' : 'virtual',
    workers: isWall && !isWatched && isPair ? 2 : 1,
  });
  const { memory, plan } = network;
  const healthy = instantiate(coreModule(), memory.memory);
  const dying = mortal(module, memory.memory);
  const ports = [...plan.ports.keys()];
  const workers = plan.workers.map(({ address }) => address);
  const captured = new Set<string>();
  const move = (mover: number, core: typeof healthy, until: bigint) => {
    if (!isWall) while (core.runVirtual(workers[0]!, until, 100_000n) !== 0) network.advance(0n);
    else
      for (let i = 0; i < 40; i++) {
        const moved = workers.map((worker, at) => (at === mover ? core : healthy).runWall(worker, until, 4));
        if (moved.every((frames) => frames === 0)) break;
      }
  };
  let now = 0n;
  let id = 0;
  // As many places of a file there were to die at the last time, or as may be.
  const places = new Map<string | null, number>();
  for (const { at, file, worker, roundsAfter, passNs, frames, pull } of deaths) {
    const mortalOne = worker % workers.length;
    for (const [where, spec] of frames) network.inject(ports[where % ports.length]!, frameOf(spec, ++id), now);
    if (pull !== null) await network.setLink(ports[pull % ports.length]!, pull % 2 === 0);
    now += BigInt(passNs);
    dying.dieAfter(1 + Math.floor((at * (places.get(file) ?? (file === null ? 500 : 50))) / 1000), file);
    dying.passed();
    try {
      move(mortalOne, dying.core, now);
      if (memory.u32(workers[mortalOne]! + L.Worker_inHand) !== 0)
        throw new Error('a switch is in hand, and nobody moves it');
      places.set(file, Math.max(dying.passed(), 10));
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      died++;
      // The others go on until they are halted, with all that the dead one has published.
      for (const other of workers.filter((_, i) => i !== mortalOne)) healthy.runWall(other, now, roundsAfter);
      lost += repairWorker(healthy, memory, plan, mortalOne).framesLost;
    }
    assertWhole(network);
    assertOnce(network, captured);
  }
  // All that was on its way arrives: nothing was left behind in a ring that nobody looks at.
  for (const { from } of checked.streams) await network.setLink(from, false);
  for (let i = 1n; i <= 50n; i++) move(0, healthy, now + i * 1_000_000n);
  assertWhole(network);
}

/** No frame passes a port twice in the same direction: what was in hand is not taken again. */
function assertOnce(network: Network, seen: Set<string>): void {
  for (const { interface: port, direction, packetId } of network.takeFrames()) {
    const key = `${port.name} ${direction} ${packetId}`;
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
  }
}

describe('a core that dies at a random place', () => {
  it.each(Object.entries({ ...networks, hosted, shaped, observed }))(
    'leaves a %s network that can be put right, time after time',
    async (_, topology) => {
      const seed = process.env['REPAIR_SEED'];
      await fc.assert(
        fc.asyncProperty(life, (each) => live(topology, each)),
        { numRuns: runs, ...(seed !== undefined && { seed: Number(seed) }) },
      );
    },
  );

  it('delivers each frame of known unicast or counts it, and never both', async () => {
    const topology = {
      hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 4 } } } },
      traffic: [
        { from: 'h/vm1', to: 'h/vm2', rate: '900kpps' },
        { from: 'h/vm2', to: 'h/vm1', rate: '700kpps' },
        { from: 'h/vm3', to: 'h/vm4', rate: '500kpps' },
        { from: 'h/vm4', to: 'h/vm3', rate: '300kpps' },
      ],
    };
    const network = new Network(topologyFrom(topology), { burst: 64 });
    const { memory, plan } = network;
    const healthy = instantiate(coreModule(), memory.memory);
    const dying = mortal(module, memory.memory);
    network.advance(1_000_000n);
    const { copiesMade } = network.ledger();
    let framesLost = 0;
    for (let i = 1; i <= 150; i++) {
      dying.dieAfter(1 + ((i * 7919) % 97), i % 3 === 0 ? 'egress' : i % 3 === 1 ? 'visit' : null);
      try {
        dying.core.runWall(plan.workers[0]!.address, 1_000_000n + BigInt(i) * 30_000n, 4);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        framesLost += repairWorker(healthy, memory, plan, 0).framesLost;
      }
      assertWhole(network);
    }
    expect(framesLost).toBeGreaterThan(100);
    expect(network.ledger().copiesMade).toBe(copiesMade);
    expect(network.ledger().drops['worker_died']).toBeGreaterThan(0);
  });

  it('still knows which flow record was silent longest', () => {
    const topology = { physical: { switches: { p: { ports: 2, flows: { max: 16 } } } } };
    const network = new Network(topologyFrom(topology), { injectAt: ['*'], unplugged: 'open' });
    const { memory, plan } = network;
    const send = (station: number) => {
      const src = `02:00:00:00:00:${station.toString(16).padStart(2, '0')}`;
      network.inject(
        'p/1',
        frameOf({ dst: 'ff:ff:ff:ff:ff:ff', src, tags: [], payload: 'ip' }, station),
        network.nowNs,
      );
      network.advance(network.nowNs + 1000n);
    };
    for (let station = 0; station < 16; station++) send(station);
    for (const station of [0, 3, 1, 0]) send(station);
    memory.setU32(plan.workers[0]!.address + L.Worker_inHand, plan.switches[0]!.address);
    repairWorker(instantiate(coreModule(), memory.memory), memory, plan, 0);
    for (let station = 16; station < 32; station++) send(station);
    const ended = network.flowRecords().filter(({ flowEndReason }) => flowEndReason === 'evicted');
    const order = ended.map(({ sourceMacAddress }) => Number.parseInt(sourceMacAddress.slice(-2), 16));
    expect(order).toEqual([2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 3, 1, 0]);
  });

  it('finds every entry again wherever a removal from a full table was broken off', async () => {
    const network = new Network(topologyFrom({ physical: { switches: { p: { ports: 2, table: { max: 32 } } } } }), {
      injectAt: ['*'],
      unplugged: 'open',
    });
    const { memory, plan } = network;
    const healthy = instantiate(coreModule(), memory.memory);
    const dying = mortal(module, memory.memory);
    const sw = plan.switches[0]!.address;
    let broken = 0;
    let isOver = false;
    for (let step = 1; !isOver; step++) {
      for (let n = 0; n < 64; n++) {
        const src = `02:00:00:00:${(n * 5 + step).toString(16).padStart(4, '0').replace(/..$/, ':$&')}`;
        const spec = { dst: 'ff:ff:ff:ff:ff:ff', src, tags: [], payload: 'ip' } as const;
        network.inject(`p/${1 + (n % 2)}`, frameOf(spec, n), network.nowNs);
      }
      network.advance(network.nowNs + 1000n);
      expect(memory.u32(sw + L.Switch_entryCount)).toBe(32);
      dying.dieAfter(step, 'fdb');
      memory.setU32(plan.workers[0]!.address + L.Worker_inHand, HAND_ANY);
      try {
        dying.core.flushTable(sw, 0, 4096, false);
        isOver = true;
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        if (memory.u32(sw + L.Switch_tableVersion) % 2 === 1) broken++;
      }
      repairWorker(healthy, memory, plan, 0);
      assertWhole(network);
    }
    expect(broken).toBeGreaterThan(20);
  });

  it('did die often, with frames in hand', () => {
    expect(died).toBeGreaterThan(runs * 3);
    expect(lost).toBeGreaterThan(runs);
  });
});
