/**
 * Network cards: the same frames come by any of them as without one, in the same order, and what crosses the border between guest and
 * hypervisor is counted.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { NicReport } from '../../src/telemetry/nic.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const names = ['a', 'b', 'c'] as const;
type Name = (typeof names)[number];
type Nics = Partial<Record<Name, unknown>>;

const models = ['virtio', 'vmxnet3', 'e1000', 'lance'] as const;
const ms = 1_000_000n;

function networkOf(nics: Nics, traffic: readonly object[], options: NetworkOptions = {}, ip = true): Network {
  const vms = Object.fromEntries(
    names.map((name, i) => [
      name,
      { mac: `02:00:00:00:00:0${i + 1}`, nic: nics[name] ?? 'direct', ...(ip && { ip: `10.0.0.${i + 1}/24` }) },
    ]),
  );
  const topology = { hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms } }, traffic };
  return new Network(topologyFrom(topology), options);
}

function nicOf(network: Network, name: Name): NicReport {
  return network.ports().find((port) => port.name === `h/${name}`)!.nic!;
}

/** What came to each VM, in order: the octets of each frame. */
function arrivals(network: Network): Map<string, string[]> {
  const came = new Map<string, string[]>();
  for (const { bytes, direction, interface: from } of network.takeFrames()) {
    if (direction !== 'out') continue;
    came.set(from.name!, [...(came.get(from.name!) ?? []), Buffer.from(bytes).toString('hex')]);
  }
  return came;
}

function assertSound(network: Network): void {
  const { ledger, switches } = network.report();
  expect(ledger.balanced, JSON.stringify(ledger)).toBe(true);
  for (const { name, nic, guest } of switches.flatMap(({ ports }) => ports)) {
    if (nic === undefined) continue;
    expect(nic.missedWakeups, `missed wake-ups of ${name}`).toBe(0);
    expect(guest!.sent).toBe(nic.txFrames);
    expect(guest!.received).toBe(nic.rxFrames);
    expect(nic.copies).toBe(nic.txFrames + nic.rxFrames);
  }
}

const stream = (from: Name, to: Name, more: object) => ({ from: `h/${from}`, to: `h/${to}`, ...more });

describe.each(models)('a %s card', (model) => {
  const all = Object.fromEntries(names.map((name) => [name, model]));

  it('passes on what a guest without one gets, in the same order, with ARP and answers', () => {
    const traffic = [
      stream('a', 'b', { rate: '100kpps', count: 300, size: 200 }),
      stream('c', 'b', { rate: '50kpps', count: 100, size: 1518 }),
      stream('b', 'a', { rate: '70kpps', count: 100 }),
    ];
    const [plain, carded] = [{}, all].map((nics) => {
      const network = networkOf(nics, traffic, { watch: ['*'] });
      network.advance(20n * ms);
      return network;
    });
    expect(arrivals(carded!)).toEqual(arrivals(plain!));
    assertSound(carded!);
    expect(nicOf(carded!, 'b').rxFrames).toBeGreaterThan(400);
  });

  it('costs less for each frame when more are gathered', () => {
    if (model === 'lance') return;
    const perFrame = [1, 8, 32].map((batch) => {
      const nic = model === 'vmxnet3' ? { vmxnet3: { txThreshold: batch } } : { [model]: { batch } };
      // 32 streams are due at the same instants.
      const traffic = Array.from({ length: 32 }, () => stream('a', 'b', { rate: '1kpps', count: 10 }));
      const network = networkOf({ a: nic }, traffic, {}, false);
      network.advance(100n * ms);
      assertSound(network);
      const { txFrames, registers } = nicOf(network, 'a');
      expect(txFrames).toBe(320);
      return registers.filter(({ register }) => /tx|TXPROD|TDT/.test(register))[0]!.writes / txFrames;
    });
    expect(perFrame[2]!).toBeLessThan(model === 'virtio' ? 0.1 : perFrame[1]!);
    expect(perFrame[1]!).toBeLessThanOrEqual(perFrame[0]!);
  });

  it('holds a guest back when its ring is full, and loses nothing', () => {
    const nic = { [model]: { ring: 4 } };
    const traffic = Array.from({ length: 32 }, () => stream('a', 'b', { rate: '1kpps', count: 20 }));
    const network = networkOf({ a: nic, b: nic }, traffic, { ringEntries: 64 }, false);
    network.advance(100n * ms);
    assertSound(network);
    expect(nicOf(network, 'a').ringFull).toBeGreaterThan(0);
    expect(nicOf(network, 'b').rxFrames).toBe(640);
  });

  it('counts alike whatever a step of the virtual clock may move', () => {
    const traffic = Array.from({ length: 20 }, (_, i) => stream('a', i % 2 ? 'b' : 'c', { rate: '10kpps', count: 30 }));
    const nic = { [model]: { ring: 8 } };
    const told = [undefined, 1, 7].map((budget) => {
      const network = networkOf({ a: nic, b: nic, c: model }, traffic, { ringEntries: 64, watch: ['*'] });
      if (budget === undefined) network.advance(10n * ms);
      else while (!network.advance(10n * ms, budget));
      return { ports: network.ports(), came: arrivals(network) };
    });
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  it('is reset when its VM starts again', async () => {
    const network = networkOf(all, [stream('a', 'b', { rate: '100kpps' })]);
    network.advance(1n * ms);
    await network.setVm('h/a', false);
    network.advance(2n * ms);
    await network.setVm('h/a', true);
    const before = nicOf(network, 'b').rxFrames;
    network.advance(4n * ms);
    assertSound(network);
    expect(nicOf(network, 'a').resets).toBe(1);
    expect(nicOf(network, 'b').rxFrames).toBeGreaterThan(before + 90);
  });
});

describe('any mix of cards', () => {
  const ring = fc.constantFrom(4, 8, 64, 256);
  const card = fc.oneof(
    fc.record({
      virtio: fc.record({
        suppress: fc.constantFrom('none', 'flags', 'event-idx'),
        ring,
        batch: fc.integer({ min: 1, max: 4 }),
      }),
    }),
    fc.record({ vmxnet3: fc.record({ ring, txThreshold: fc.integer({ min: 1, max: 4 }) }) }),
    fc.record({
      e1000: fc.record({ ring, batch: fc.integer({ min: 1, max: 3 }) }),
    }),
    fc.record({ lance: fc.record({ ring }) }),
    fc.constant('direct'),
  );
  const flow = fc.record({
    from: fc.constantFrom(...names),
    to: fc.constantFrom(...names),
    rate: fc.constantFrom('1kpps', '37kpps', '250kpps', '1Mpps'),
    count: fc.integer({ min: 1, max: 200 }),
    size: fc.integer({ min: 64, max: 1518 }),
    start: fc.constantFrom(0, '10us', '333us'),
  });

  it('loses and reorders nothing of a stream', () => {
    fc.assert(
      fc.property(
        fc.record({ a: card, b: card, c: card }),
        fc.array(flow, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (nics, flows, ip) => {
          const traffic = flows
            .filter(({ from, to }) => from !== to)
            .map(({ from, to, ...more }) => stream(from, to, more));
          const network = networkOf(nics, traffic, { watch: ['*'], ringEntries: 64 }, ip);
          network.advance(400n * ms);
          assertSound(network);
          const told = network.report();
          const cameTo = arrivals(network);
          traffic.forEach((each, number) => {
            expect(told.streams[number]!.sent).toBe((each as unknown as { count: number }).count);
            const at = ip ? 42 : 14;
            const sequences = (cameTo.get(each.to) ?? [])
              .map((hex) => Buffer.from(hex, 'hex'))
              .filter((bytes) => bytes.readUInt16BE(12) !== 0x806 && bytes.readUInt32LE(at) === number)
              .map((bytes) => bytes.readUInt32LE(at + 4));
            const { count } = each as unknown as { count: number };
            // A switch drops what does not fit into the port's ring, by name.
            if (told.ledger.drops['queue_full'] === undefined) expect(sequences).toHaveLength(count);
            expect(sequences).toEqual([...sequences].sort((x, y) => x - y));
            expect(new Set(sequences).size).toBe(sequences.length);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a card behind a shaper that limits what comes in', () => {
  it.each(['virtio', 'vmxnet3', 'e1000', 'lance'])('%s waits, and gets through what the tokens allow', async (nic) => {
    const shaping = { in: { average: '10M', burst: '8KB' } };
    const network = new Network(
      topologyFrom({
        hosts: {
          h: {
            vswitches: { v: { portGroups: { p: { shaping }, q: {} } } },
            vms: { a: { portGroup: 'p', nic }, b: { portGroup: 'q' } },
          },
        },
        traffic: [{ from: 'h/a', to: 'h/b', rate: '200Mbps' }],
      }),
      { clock: 'virtual' },
    );
    network.advance(20_000_000n);
    const { ledger, switches } = await network.stop();
    expect(ledger.balanced).toBe(true);
    // 8 KB and 20 ms at 10 Mbit/s, in frames of 60 bytes.
    expect(switches[0]!.ports[1]!.txFrames).toBe(Math.floor((8192 + 25_000) / 60) - 3);
  });

  it.each(['virtio', 'vmxnet3', 'e1000', 'lance'])('%s has nothing more to send when its stream stops', (nic) => {
    const shaping = { in: { average: '10M', burst: '8KB' } };
    const network = new Network(
      topologyFrom({
        hosts: { h: { vswitches: { v: { portGroups: { p: { shaping } } } }, vms: { a: { nic }, b: {} } } },
        traffic: [{ from: 'h/a', to: 'broadcast', rate: '200Mbps', stop: '5ms' }],
      }),
    );
    // With a bound, so that a clock that stands still is a failure and not a wait without end.
    for (let ms = 1n; ms <= 400n; ms++) expect(network.advance(ms * 1_000_000n, 100_000), `${ms} ms`).toBe(true);
    expect(network.ledger()).toMatchObject({ balanced: true, held: 0 });
  });
});
