/** Going back is exact: the network is in every respect where it was, and what follows is what followed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { HistoryOptions, NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { frameOf } from '../core/frames.ts';
import { live, perform, told, toldOf, type World, worlds } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-back-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** A network of a world that captures all to a file. */
function build({ topology }: World, more: NetworkOptions = {}): { network: Network; bytes: () => Buffer } {
  const file = join(folder, `${++files}.pcapng`);
  const ports = new Network(topology).ports().map(({ name }) => name);
  const network = new Network(topology, {
    injectAt: ['*'],
    lookEveryNs: 5_000n,
    captures: [{ file, ports, snapLength: 0 }],
    ...more,
  });
  return { network, bytes: () => readFileSync(file) };
}

/** Lives a world up to so many frames, and no input beyond. */
async function liveTo(network: Network, { acts, endNs }: World, position: number): Promise<void> {
  // Not with a budget of 0: what stands on the agenda for the very beginning would happen.
  const moveTo = (ns: bigint) => {
    if (network.position < position) network.advance(ns, position - network.position);
    return network.position >= position;
  };
  for (const { atNs, act } of acts) {
    if (moveTo(atNs)) return;
    await perform(network, act);
  }
  moveTo(endNs);
}

/** Lives a world up to a time, with the inputs at that time. */
async function liveUntil(network: Network, world: World, atNs: bigint): Promise<void> {
  await live(network, { ...world, acts: world.acts.filter((each) => each.atNs <= atNs) });
  network.advance(atNs);
}

const moves = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('back' as const), by: fc.nat() }),
    fc.record({ do: fc.constant('rewind' as const), by: fc.nat() }),
    fc.record({ do: fc.constant('on' as const), by: fc.nat({ max: 2000 }) }),
    fc.record({ do: fc.constant('end' as const), by: fc.constant(0) }),
  ),
  { minLength: 1, maxLength: 5 },
);

const histories: fc.Arbitrary<HistoryOptions> = fc.record({
  everyFrames: fc.constantFrom(23, 200, 10_000),
  everyNs: fc.constantFrom(1n, 30_000n, 1_000_000n),
  keep: fc.constantFrom(2, 3, 10),
  bytesMax: fc.constantFrom(1, 1_000_000, 100_000_000),
});

describe('a random network with a history', () => {
  it('goes to and fro, and is always where it was', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, histories, moves, async (world, history, path) => {
        const { network, bytes } = build(world, { history });
        await live(network, world);
        network.advance(world.endNs);
        const last = network.position;
        for (const move of path) {
          const reference = build(world);
          if (move.do === 'back' && network.position > 0) {
            const target = network.position - 1 - (move.by % network.position);
            network.back(network.position - target);
            await liveTo(reference.network, world, target);
          } else if (move.do === 'rewind') {
            const times = world.acts.map(({ atNs }) => atNs).filter((ns) => ns <= network.nowNs);
            const target = times[move.by % (2 * times.length)] ?? BigInt(move.by) % (network.nowNs + 1n);
            network.rewindTo(target);
            await liveUntil(reference.network, world, target);
          } else if (move.do === 'on') {
            const target = Math.min(last, network.position + move.by);
            // Inputs at the very place have come, or have not: so it is where nothing else has.
            if (target === network.position || target === last) continue;
            network.advance(world.endNs, target - network.position);
            await liveTo(reference.network, world, network.position);
          } else {
            network.advance(world.endNs);
            await liveUntil(reference.network, world, world.endNs);
          }
          const atTime = move.do === 'rewind' || move.do === 'end';
          expect(toldOf(network, atTime)).toEqual(toldOf(reference.network, atTime));
          expect(bytes().equals(reference.bytes())).toBe(true);
          await reference.network.stop();
        }
        await network.stop();
      }),
      { numRuns: 30 },
    );
  });

  it('takes another course from a new input on', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, histories, fc.nat(), fc.nat(), async (world, history, by, port) => {
        const { network, bytes } = build(world, { history });
        await live(network, world);
        network.advance(world.endNs);
        const atNs = BigInt(by) % (world.endNs + 1n);
        network.rewindTo(atNs);
        const before = await network.snapshot();
        const act = { do: 'link', port, up: false } as const;
        await perform(network, act);
        network.advance(world.endNs);
        const reference = build(world);
        await liveUntil(reference.network, world, atNs);
        await perform(reference.network, act);
        reference.network.advance(world.endNs);
        expect(told(network)).toEqual(told(reference.network));
        expect(bytes().equals(reference.bytes())).toBe(true);
        // What was taken on the way there is still its past.
        await network.restore(before);
        network.advance(world.endNs);
        const third = build(world);
        await liveUntil(third.network, world, atNs);
        third.network.advance(world.endNs);
        expect(told(network)).toEqual(told(third.network));
        expect(bytes().equals(third.bytes())).toBe(true);
        for (const each of [network, reference.network, third.network]) await each.stop();
      }),
      { numRuns: 25 },
    );
  });
});

const pair = topologyFrom({
  name: 'pair',
  hosts: {
    h: {
      uplinks: ['u'],
      vswitches: { s: { portGroups: { g: {} } } },
      vms: { a: { portGroup: 'g' }, b: { portGroup: 'g' } },
    },
  },
});
const frame = (n: number) =>
  frameOf({ dst: 'ff:ff:ff:ff:ff:ff', src: '02:00:00:00:00:01', tags: [], payload: 'ip' }, n);

describe('watched frames', () => {
  const filled = () => {
    const network = new Network(pair, { injectAt: ['h/a'], watch: ['h/b'], history: {} });
    for (let n = 0; n < 10; n++) network.inject('h/a', frame(n), BigInt(n) * 1_000n);
    return network;
  };
  const times = (network: Network) => network.takeFrames().map(({ timeNs }) => Number(timeNs));

  it('are told again when they pass again', () => {
    const network = filled();
    network.advance(9_000n);
    expect(times(network)).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]);
    network.rewindTo(6_500n);
    expect(times(network)).toEqual([]);
    network.advance(9_000n);
    expect(times(network)).toEqual([7000, 8000, 9000]);
  });

  it('that were not taken are those up to where the network has gone back', () => {
    const network = filled();
    network.advance(3_000n);
    expect(times(network)).toHaveLength(4);
    network.advance(9_000n);
    network.rewindTo(5_000n);
    expect(times(network)).toEqual([4000, 5000]);
  });
});

describe('an input at the very time to which a network goes', () => {
  it.each([0n, 2_000n, 5_000n])('comes again there (%s ns)', async (atNs) => {
    const network = new Network(pair, { injectAt: ['h/a'], history: {} });
    for (let n = 0; n < 3; n++) network.inject('h/a', frame(n), BigInt(n) * 1_000n);
    network.advance(atNs);
    await network.setLink('h/b', false);
    const after = told(network);
    network.advance(9_000n);
    network.rewindTo(atNs);
    expect(told(network)).toEqual(after);
    if (atNs === 0n) return;
    network.rewindTo(atNs - 1n);
    expect(network.ports().find(({ name }) => name === 'h/b')!.link).toBe('up');
    network.advance(atNs);
    expect(told(network)).toEqual(after);
  });
});

describe('a history', () => {
  it('thins its states out with age and keeps the first', () => {
    const network = new Network(pair, { injectAt: ['h/a'], history: { everyFrames: 5, keep: 8 } });
    for (let n = 0; n < 500; n++) network.inject('h/a', frame(n), BigInt(n) * 1_000n);
    network.advance(500_000n);
    const frames = network.position;
    for (const back of [1, 10, 100, frames - 111]) network.back(back);
    expect(network.position).toBe(0);
    network.advance(500_000n);
    expect(network.position).toBe(frames);
  });

  it.each([
    ['everyFrames', { everyFrames: 0 }, 'history.everyFrames 0 is not in range; allowed is a whole number from 1'],
    ['everyNs', { everyNs: 0n }, 'history.everyNs 0 is not in range; allowed is a time from 1 ns'],
    ['keep', { keep: 1 }, 'history.keep 1 is not in range; allowed is a whole number from 2 to 10000'],
    ['bytesMax', { bytesMax: 0 }, 'history.bytesMax 0 is not in range; allowed is above 0'],
  ])('refuses a wrong %s', (_, history, line) => {
    expect(() => new Network(pair, { history })).toThrow(line);
  });

  it.each([
    [(n: Network) => n.back(0), 'back 0 is not in range; allowed is a whole number of frames from 1'],
    [(n: Network) => n.back(99), 'cannot go 99 frames back: 2 have been moved since history began'],
    [
      (n: Network) => n.rewindTo(2_001n),
      '2001 ns is ahead of the present, 2000 ns: to go on, call runUntil or advance',
    ],
    [(n: Network) => n.rewindTo(-1n), 'cannot go back to -1 ns: history began at 0 ns'],
  ])('refuses what it cannot do, and nothing changes (%#)', (ask, line) => {
    const network = new Network(pair, { injectAt: ['h/a'], history: {} });
    network.inject('h/a', frame(1), 1_000n);
    network.advance(2_000n);
    const before = told(network);
    expect(() => ask(network)).toThrow(line);
    expect(told(network)).toEqual(before);
  });

  it('is for the virtual clock in this thread', () => {
    const line = 'history is for the virtual clock in this thread; elsewhere take snapshots';
    expect(() => new Network(pair, { clock: 'wall', history: {} })).toThrow(line);
    expect(() => new Network(pair, { inline: false, history: {} })).toThrow(line);
    expect(() => new Network(pair, { workers: 2, history: {} })).toThrow(
      'history takes one worker, which gives the same as several; leave workers out',
    );
    expect(() => new Network(pair, { clock: 'wall' }).back()).toThrow(
      'the wall clock does not go back; restore a snapshot, or use the virtual clock',
    );
    expect(() => new Network(pair).back()).toThrow(
      'going back takes a history; build the network with the option history: {}',
    );
  });
});
