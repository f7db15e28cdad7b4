/** Cables as in life: frames that are lost, damaged, doubled, overtaken or late, each as often as it was said, and by the seed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import { mac } from '../rules/networks.ts';
import { finish, likely, type Outcome, type Stream, streamOver } from './impaired.ts';
import { at, Lab } from './lab.ts';

const count = 20_000;
const run = (cable: object, stream: Stream = {}): Outcome => finish(streamOver(cable, stream));
const ids = (frames: readonly CapturedFrame[]) => frames.map(({ packetId }) => packetId!);
const trace = ({ arrived }: Outcome) => arrived.map(({ timeNs, packetId }) => `${timeNs} ${packetId}`);

function expectLikely(found: number, share: number, runs = count): void {
  const { least, most } = likely(runs, share);
  expect(found).toBeGreaterThan(least);
  expect(found).toBeLessThan(most);
}

describe('a share of frames', () => {
  it.each([0.001, 0.01, 0.3])('of %d is lost, after it was sent', (share) => {
    const { sent, arrived, verdicts } = run({ loss: `${share * 100}%`, rate: '10G', delay: '1us' });
    expect(sent, 'what is lost has left').toHaveLength(count);
    expectLikely(count - arrived.length, share);
    // ARP may have been lost, too, and asked again.
    expect(verdicts.sender['wire_loss']! - (count - arrived.length)).toBeLessThan(10);
    expect(verdicts.receiver['bad_fcs']).toBeUndefined();
  });

  it.each([0.001, 0.2])('of %d arrives damaged and goes no further', (share) => {
    const { sent, arrived, verdicts, network } = run({ corrupt: `${share * 100}%` });
    expect(sent).toHaveLength(count);
    const damaged = verdicts.receiver['bad_fcs']!;
    expectLikely(count - arrived.length, share);
    expect(damaged - (count - arrived.length)).toBeLessThan(10);
    const [port, from] = ['b/u', 'a/u'].map((name) => network.ports().find((each) => each.name === name)!);
    expect(port!.rxFrames, 'it is counted as received').toBe(from!.txFrames);
    expect(port!.rxBytes).toBe(from!.txBytes);
  });

  it.each([0.005, 0.5])('of %d arrives twice, one right behind the other', (share) => {
    const { sent, arrived, network } = run({ duplicate: `${share * 100}%`, rate: '1G', delay: '3us' });
    expect(sent, 'the sender sent it once').toHaveLength(count);
    expectLikely(arrived.length - count, share);
    for (const [i, { packetId, timeNs }] of arrived.entries()) {
      if (i > 0 && arrived[i - 1]!.packetId === packetId) {
        expect(timeNs - arrived[i - 1]!.timeNs, 'it takes the medium twice').toBe(672n);
      }
    }
    expect(new Set(ids(arrived)).size).toBe(count);
    expect(network.report().switches[0]!.ledger.copiesMade).toBeGreaterThanOrEqual(arrived.length - count);
  });

  it('of 1 % is overtaken by as many as come in the time it is held back', () => {
    // Frames come every 2 µs.
    const { sent, arrived } = run({ reorder: { share: '1%', by: '21us' }, rate: '1G', delay: '5us' });
    expect(ids(arrived).toSorted(), 'none is missing').toEqual(ids(sent).toSorted());
    const sentAt = new Map(sent.map(({ packetId, timeNs }) => [packetId, timeNs]));
    let held = 0;
    for (const [i, { packetId, timeNs }] of arrived.entries()) {
      const took = timeNs - sentAt.get(packetId)!;
      if (took === 5_672n) continue;
      expect(took).toBe(26_672n);
      held++;
      // In between others may have been held back as well.
      const overtakers = arrived
        .slice(Math.max(0, i - 12), i)
        .filter((each) => sentAt.get(each.packetId)! > sentAt.get(packetId)!);
      if (i > 12 && i < count - 12) expect(overtakers.length).toBeGreaterThanOrEqual(7);
      expect(overtakers.length).toBeLessThanOrEqual(10);
    }
    expectLikely(held, 0.01);
  });

  it('is everything at 100 %, and nothing at 0 %', () => {
    const lab = new Lab({
      physical: { switches: { p: { ports: 2 }, q: { ports: 2 } }, links: [{ a: 'p/2', b: 'q/2', loss: '100%' }] },
    });
    const frames = Array.from({ length: 200 }, () => ['p/1', lab.frame(mac.all, mac.a)] as const);
    expect(lab.sendAll(frames)).toMatchObject({ recipients: [], drops: Array(200).fill('p/2 wire_loss') });
    const nothing = { loss: '0%', corrupt: 0, duplicate: '0%', jitter: 0, reorder: { share: '0%', by: '1us' } };
    const clean = run(nothing, { count: 200 });
    expect(ids(clean.arrived)).toEqual(ids(clean.sent));
    expect(clean.network.ledger()).toMatchObject({ drops: {}, copiesMade: 0 });
  });
});

describe('jitter', () => {
  it('spreads arrivals over its span and reorders nothing', () => {
    const { sent, arrived } = run({ jitter: '20us', delay: '1us' }, { rate: '10kpps', count: 20_000 });
    expect(ids(arrived)).toEqual(ids(sent));
    const late = arrived.map(({ timeNs }, i) => Number(timeNs - sent[i]!.timeNs) - 1000);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(20_000);
    expect(Math.min(...late)).toBeLessThan(50);
    expect(Math.max(...late)).toBeGreaterThan(19_950);
    const mean = late.reduce((sum, each) => sum + each, 0) / late.length;
    expect(Math.abs(mean - 10_000)).toBeLessThan((6.2 * 20_000) / Math.sqrt(12 * late.length));
  });

  it('larger than the distance of frames bunches them, in order', () => {
    const { sent, arrived } = run({ jitter: '1ms', rate: '10G' });
    expect(ids(arrived)).toEqual(ids(sent));
    for (const [i, { timeNs }] of arrived.entries()) {
      expect(timeNs >= (arrived[i - 1]?.timeNs ?? 0n)).toBe(true);
    }
  });
});

describe('chance', () => {
  const all = {
    loss: '2%',
    duplicate: '3%',
    corrupt: '1%',
    reorder: { share: '5%', by: '9us' },
    jitter: '2us',
    rate: '1G',
    delay: '4us',
  };

  it('gives the same with the same seed, however many frames a visit takes, and other with another', () => {
    const first = trace(run(all, { count: 2000 }));
    expect(trace(run(all, { count: 2000 }))).toEqual(first);
    expect(trace(run(all, { count: 2000, burst: 1 }))).toEqual(first);
    expect(trace(run(all, { count: 2000, burst: 64 }))).toEqual(first);
    expect(trace(run(all, { count: 2000, seed: 2 }))).not.toEqual(first);
  });

  it('is thrown for what is configured only: without the others loss strikes the same frames', () => {
    const lost = (cable: object) => {
      const { sent, arrived } = run(cable, { count: 2000 });
      const came = new Set(ids(arrived));
      return ids(sent).filter((id) => !came.has(id));
    };
    expect(lost({ loss: '5%' })).toEqual(lost({ loss: '5%', rate: '10G', delay: '1ms' }));
  });

  it('is a direction’s own: the two of a cable lose other frames', () => {
    const lab = new Lab({
      physical: { switches: { p: { ports: 2 }, q: { ports: 2 } }, links: [{ a: 'p/2', b: 'q/2', loss: '50%' }] },
    });
    const arrivals = (from: string, to: string) =>
      Array.from({ length: 64 }, () => {
        const { frames } = lab.send(from, lab.frame(mac.all, from === 'p/1' ? mac.a : mac.b));
        return at(frames, to, 'in').length;
      }).join('');
    expect(arrivals('p/1', 'q/2')).not.toBe(arrivals('q/1', 'p/2'));
  });

  it('whatever is configured, the books balance and every frame is accounted for', () => {
    const percent = fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`);
    const cable = fc.record(
      {
        loss: percent,
        duplicate: percent,
        corrupt: percent,
        reorder: fc.record({ share: percent, by: fc.integer({ min: 1, max: 100_000 }).map((n) => `${n}ns`) }),
        jitter: fc.integer({ min: 0, max: 50_000 }).map((n) => `${n}ns`),
        rate: fc.constantFrom('10M', '100M', '1G', '10G', 'unlimited'),
        delay: fc.integer({ min: 0, max: 100_000 }).map((n) => `${n}ns`),
        queue: fc.integer({ min: 1, max: 64 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(cable, fc.integer({ min: 0, max: 1000 }), (keys, seed) => {
        const { verdicts, arrived } = run(keys, { count: 200, seed });
        const { sender, receiver } = verdicts;
        const received = Object.entries(receiver).reduce(
          (sum, [name, n]) => sum + (['delivered', 'queue_full', 'wire_loss'].includes(name) ? 0 : n),
          0,
        );
        expect(received, 'all that was delivered has come').toBe(sender['delivered'] ?? 0);
        expect(arrived.length).toBeLessThanOrEqual(received);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a damaged frame', () => {
  it('is not learned from, not captured and not passed on, and takes the medium', () => {
    const lab = new Lab({
      physical: {
        switches: { p: { ports: 2 }, q: { ports: 2 } },
        links: [{ a: 'p/2', b: 'q/2', corrupt: '100%', rate: '1G' }],
      },
    });
    const { drops, recipients, frames } = lab.send('p/1', lab.frame(mac.all, mac.a));
    expect({ drops, recipients }).toEqual({ drops: ['q/2 bad_fcs'], recipients: [] });
    expect(at(frames, 'p/2', 'out')).toHaveLength(1);
    expect(at(frames, 'q/2', 'in')).toEqual([]);
    expect(lab.table('q')).toEqual([]);
    expect(lab.nowNs, 'it came when it would have').toBe(672n);
  });
});

describe('an impaired cable', () => {
  /** p floods what comes in at p/1 by a cable to q and one to r. */
  const star = (impaired: object) =>
    new Lab({
      physical: {
        switches: { p: { ports: 4 }, q: { ports: 2 }, r: { ports: 2 } },
        links: [
          { a: 'p/2', b: 'q/1', rate: '1G', delay: '2us', ...impaired },
          { a: 'p/3', b: 'r/1', rate: '1G', delay: '2us' },
        ],
      },
    });

  it('changes nothing on another cable of its switch', () => {
    const beside = (impaired: object) => {
      const lab = star(impaired);
      const frames = Array.from(
        { length: 400 },
        (_, i) => ['p/1', lab.frame(mac.all, mac.a, { length: 60 + i })] as const,
      );
      const sent = lab.sendAll(frames);
      return at(sent.frames, 'r/1', 'in').map(({ timeNs, bytes }) => `${timeNs} ${Buffer.from(bytes).toString('hex')}`);
    };
    const clean = beside({});
    expect(clean).toHaveLength(400);
    const worst = {
      loss: '30%',
      corrupt: '30%',
      duplicate: '0%',
      jitter: '1ms',
      reorder: { share: '30%', by: '1ms' },
      queue: 10,
    };
    expect(beside(worst)).toEqual(clean);
  });

  it('makes no duplicate for which its queue has no room', () => {
    const lab = new Lab(
      {
        physical: {
          switches: { p: { ports: 2 }, q: { ports: 2 } },
          links: [{ a: 'p/2', b: 'q/2', duplicate: '100%', rate: '1G', queue: 3 }],
        },
      },
      {},
      false,
    );
    const frames = Array.from({ length: 3 }, () => ['p/1', lab.frame(mac.all, mac.a)] as const);
    const { drops, frames: seen } = lab.sendAll(frames);
    expect(drops).toEqual(['p/2 queue_full']);
    expect(ids(at(seen, 'q/2', 'in'))).toEqual([1n, 1n, 2n]);
  });

  it('sends by the other way when the lane of held frames is full', () => {
    const keys = { reorder: { share: '100%', by: '1ms' }, delay: '1us', queue: 4 };
    const { sent, arrived } = run(keys, { count: 200, rate: '1Mpps' });
    expect(arrived).toHaveLength(sent.length);
    expect(arrived.filter(({ timeNs }, i) => i > 0 && timeNs < arrived[i - 1]!.timeNs)).toEqual([]);
    expect(ids(arrived)).not.toEqual(ids(sent));
  });
});
