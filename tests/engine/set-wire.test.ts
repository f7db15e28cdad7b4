/** Cables that are changed while the network runs: what is on its way keeps its time, what comes later has the new one. */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { WireChange } from '../../src/engine/wire-change.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { mac } from '../rules/networks.ts';
import { finish, likely, outcomeOf, streamOver } from './impaired.ts';
import { at, Lab } from './lab.ts';

/** p/2 and q/2 are the ends of the cable. */
function cable(properties: object): Lab {
  return new Lab({
    physical: {
      switches: { p: { ports: 2 }, q: { ports: 2 } },
      links: [{ a: 'p/2', b: 'q/2', ...properties }],
    },
  });
}

/** A frame of 60 bytes enters at p/1 at each of the times; `changes` happen at theirs, ahead of frames. Arrivals at q/2. */
async function arrivals(
  lab: Lab,
  times: readonly number[],
  changes: readonly (readonly [atNs: number, change: WireChange])[],
): Promise<number[]> {
  for (const timeNs of times) lab.network.inject('p/1', lab.frame(mac.all, mac.a, { length: 60 }), BigInt(timeNs));
  for (const [atNs, change] of changes) {
    lab.network.advance(BigInt(atNs - 1));
    await lab.network.setWire('p/2', change);
  }
  lab.settle();
  return at(lab.network.takeFrames(), 'q/2', 'in').map(({ timeNs }) => Number(timeNs));
}

describe('a change of', () => {
  it('the rate is for frames that begin after it; those that wait keep their time', async () => {
    const lab = cable({ rate: '1G', delay: '1us' });
    expect(await arrivals(lab, [0, 0, 100, 2000, 2000], [[100, { rateBps: 100_000_000 }]])).toEqual([
      1672,
      2344,
      1344 + 6720 + 1000,
      1344 + 2 * 6720 + 1000,
      1344 + 3 * 6720 + 1000,
    ]);
  });

  it('the rate to none, and back, loses no frame and lets none overtake', async () => {
    const lab = cable({ rate: '1G', delay: '1us', queue: 4 });
    const changes = [
      [100, { rateBps: null }],
      [5000, { rateBps: 1_000_000_000 }],
    ] as const;
    expect(await arrivals(lab, [0, 0, 0, 200, 4000, 5000, 5000], changes)).toEqual([
      1672, 2344, 3016, 3016, 5000, 6672, 7344,
    ]);
  });

  it('the delay to a larger one is for what is sent from then on', async () => {
    const lab = cable({ delay: '1us' });
    expect(await arrivals(lab, [0, 10, 20, 30], [[20, { delayNs: 5_000_000n }]])).toEqual([
      1000, 1010, 5_000_020, 5_000_030,
    ]);
  });

  it('the delay to a smaller one lets no frame overtake another', async () => {
    const lab = cable({ delay: '1ms' });
    const times = [0, 10, 20, 500_000, 999_000, 1_000_000, 2_000_000];
    expect(await arrivals(lab, times, [[20, { delayNs: 100n }]])).toEqual([
      1_000_000, 1_000_010, 1_000_010, 1_000_010, 1_000_010, 1_000_100, 2_000_100,
    ]);
  });

  it('the queue counts at once, and those that wait stay', async () => {
    const lab = cable({ rate: '1G', queue: 8 });
    expect(await arrivals(lab, [0, 0, 0, 0, 100, 2000, 2100], [[100, { queueFrames: 2 }]])).toEqual([
      672, 1344, 2016, 2688, 3360,
    ]);
    expect(lab.network.ledger().drops).toEqual({ queue_full: 2 });
  });

  it('loss, corruption and duplication counts at once, in both directions, and ends as soon', async () => {
    const lab = cable({ rate: '1G', delay: '2us' });
    for (const [change, came] of [
      [{ loss: 1 }, { wire_loss: 1 }],
      [
        { loss: 0, corrupt: 1 },
        { wire_loss: 1, bad_fcs: 1 },
      ],
      [
        { corrupt: 0, duplicate: 0 },
        { wire_loss: 1, bad_fcs: 1 },
      ],
    ] as const) {
      await lab.network.setWire('q/2', change);
      lab.send('p/1', lab.frame(mac.all, mac.a));
      expect(lab.network.ledger().drops).toEqual(came);
    }
    await lab.network.setWire('q/2', { loss: 1 });
    for (const [port, source] of [
      ['p/1', mac.a],
      ['q/1', mac.b],
    ] as const)
      expect(lab.send(port, lab.frame(mac.all, source)).recipients).toEqual([]);
    expect(lab.network.ledger().drops).toEqual({ wire_loss: 3, bad_fcs: 1 });
  });

  it('reordering is possible where the topology has a share of it, be it none', async () => {
    const lab = cable({ reorder: { share: '0%', by: '1us' }, delay: '1us' });
    const changes = [
      [10, { reorder: { share: 1, byNs: 100n } }],
      [11, { reorder: null }],
    ] as const;
    expect(await arrivals(lab, [0, 10, 20, 30, 120], changes)).toEqual([1000, 1020, 1030, 1110, 1120]);
  });

  it('the share of loss in the middle of a stream shows from there on', async () => {
    const network = streamOver({ delay: '1us', loss: '0%' });
    network.advance(20_000_000n);
    const before = outcomeOf(network);
    expect(before.arrived.length).toBeGreaterThan(9000);
    expect(before.sent.length - before.arrived.length).toBeLessThanOrEqual(1);
    await network.setWire('a/u', { loss: 0.5 });
    const { sent, arrived } = finish(network);
    const { least, most } = likely(sent.length, 0.5);
    expect(sent.length - arrived.length).toBeGreaterThan(least - 1);
    expect(sent.length - arrived.length).toBeLessThan(most);
  });
});

describe('a delay far above the topology’s', () => {
  it('may find the memory of the wire full, and then drops as its queue does', async () => {
    const network = streamOver({ rate: '1G', delay: '1us', queue: 16 }, { rate: '1Mpps' });
    network.advance(3_000_000n);
    await network.setWire('a/u', { delayNs: 10_000_000n });
    const { sent, arrived, verdicts } = finish(network);
    expect(verdicts.sender['queue_full']).toBeGreaterThan(0);
    expect(arrived).toHaveLength(sent.length);
    expect(sent.length + verdicts.sender['queue_full']!).toBe(20_000);
  });
});

describe('after a change and its undoing', () => {
  it('everything goes on as if there had been none', async () => {
    const times = Array.from({ length: 500 }, (_, i) => 100_000 + 600 * i);
    const plain = await arrivals(cable({ rate: '1G', delay: '3us' }), times, []);
    const undone = [
      [1, { delayNs: 9n, jitterNs: 50n, queueFrames: 3 }],
      [2, { delayNs: 3000n, jitterNs: 0n, queueFrames: 1024, rateBps: 1_000_000_000 }],
    ] as const;
    expect(await arrivals(cable({ rate: '1G', delay: '3us' }), times, undone)).toEqual(plain);
  });
});

describe('with threads', () => {
  const topology = () =>
    topologyFrom({
      hosts: {
        h: {
          count: 2,
          uplinks: { u: { to: 'tor/{n}', rate: '1G', delay: '5us', queue: 64 } },
          vswitches: { v: { portGroups: { g: {} } } },
          vms: { vm: { ip: '10.0.0.{n}/24' } },
        },
      },
      physical: { switches: { tor: { ports: 2 } } },
      traffic: [{ from: 'h1/vm', to: 'h2/vm', rate: '20kpps' }],
    });

  const losses = (network: Network) => network.ports().find(({ name }) => name === 'h1/u')!.verdicts['wire_loss'] ?? 0;

  it('a cable of a running network is changed, and the books balance', async () => {
    const network = new Network(topology(), { clock: 'wall', workers: 2 });
    await network.start();
    await network.setWire('h1/u', { loss: 0.5, duplicate: 0.2, jitterNs: 100_000n, delayNs: 1000n, queueFrames: 8 });
    for (let i = 0; i < 500 && losses(network) === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    await network.setWire('tor/1', { loss: 0, duplicate: 0, jitterNs: 0n });
    const { ledger } = await network.stop();
    expect(ledger.drops['wire_loss']).toBeGreaterThan(0);
    expect(ledger.balanced).toBe(true);
  });

  it('so is one on the virtual clock, between two calls', async () => {
    const network = new Network(topology(), { inline: false });
    await network.start();
    await network.runUntil(10_000_000n);
    expect(losses(network)).toBe(0);
    await network.setWire('h1/u', { loss: 1 });
    await network.runUntil(20_000_000n);
    expect(losses(network)).toBe(200);
    expect((await network.stop()).ledger.balanced).toBe(true);
  });
});

describe('a change is refused', () => {
  const labs = { far: cable({ rate: '1G', delay: '1us', queue: 100 }), near: cable({}) };
  it.each<[keyof typeof labs, string, object, string]>([
    ['far', 'p/1', {}, 'p/1 has no cable in topology'],
    ['far', 'x/1', {}, 'no port x/1 in topology'],
    [
      'far',
      'p/2',
      { los: 0.1 },
      'p/2: a cable has no los; did you mean loss? there are rateBps, delayNs, queueFrames, loss, duplicate, corrupt, reorder, jitterNs',
    ],
    [
      'far',
      'p/2',
      { rateBps: 0 },
      'p/2: rateBps 0 is not in range; allowed is whole bits a second from 1 to 10^15, or null for no limit',
    ],
    [
      'far',
      'p/2',
      { rateBps: 1.5 },
      'p/2: rateBps 1.5 is not in range; allowed is whole bits a second from 1 to 10^15, or null for no limit',
    ],
    [
      'far',
      'p/2',
      { delayNs: 0n },
      "p/2: its cable has a delay, and its ends may be two workers'; ask for 1 ns or more",
    ],
    [
      'far',
      'p/2',
      { delayNs: -1n },
      'p/2: delayNs -1 is not in range; allowed is a bigint of nanoseconds from 0 to 9007199254740991',
    ],
    [
      'far',
      'p/2',
      { delayNs: 5 },
      'p/2: delayNs 5 is not in range; allowed is a bigint of nanoseconds from 0 to 9007199254740991',
    ],
    [
      'near',
      'p/2',
      { delayNs: 5n },
      'p/2: its cable has no delay, and a worker moves both ends as one; write a delay of 1ns or more in the topology to change it in the run',
    ],
    [
      'far',
      'p/2',
      { queueFrames: 129 },
      'p/2: queueFrames 129 is not in range; allowed is a whole number from 1 to 128, for which there is memory; write the largest in the topology',
    ],
    [
      'far',
      'p/2',
      { queueFrames: 0 },
      'p/2: queueFrames 0 is not in range; allowed is a whole number from 1 to 128, for which there is memory; write the largest in the topology',
    ],
    ['far', 'p/2', { loss: 1.01 }, 'p/2: loss 1.01 is not in range; allowed is a share from 0 to 1'],
    ['far', 'p/2', { corrupt: Number.NaN }, 'p/2: corrupt NaN is not in range; allowed is a share from 0 to 1'],
    ['far', 'p/2', { duplicate: '1%' }, 'p/2: duplicate 1% is not in range; allowed is a share from 0 to 1'],
    [
      'far',
      'p/2',
      { jitterNs: 1_000_000_001n },
      'p/2: jitterNs 1000000001 is not in range; allowed is a bigint of nanoseconds from 0 to 1000000000',
    ],
    [
      'far',
      'p/2',
      { reorder: { share: 0.1, byNs: 5n } },
      'p/2: its cable has no memory for frames that are held back; write reorder: { share: 0%, by: 50us } in the topology',
    ],
  ])('%s %s %o', async (which, port, change, message) => {
    const { network } = labs[which];
    const before = network.memory.bytes.slice();
    await expect(network.setWire(port, change)).rejects.toThrow(
      new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
    );
    expect(Buffer.compare(network.memory.bytes, before), 'the running state is as before').toBe(0);
  });
});
