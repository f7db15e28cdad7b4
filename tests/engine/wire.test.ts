/** Cables: when a frame arrives, exactly, and what becomes of those that find the queue full. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mac } from '../rules/networks.ts';
import { finish, streamOver } from './impaired.ts';
import { at, Lab } from './lab.ts';

interface Cable {
  readonly rate?: string;
  readonly delay?: string;
  readonly queue?: number;
}

/** p/2 and q/2 are the ends of the cable. */
function cable(properties: Cable, mtu = 1500): Lab {
  return new Lab({
    physical: {
      switches: { p: { ports: 2, mtu }, q: { ports: 2, mtu } },
      links: [{ a: 'p/2', b: 'q/2', ...properties }],
    },
  });
}

/** Arrival times at q/2 of `count` frames that come to p/2 at `from`, and of as many that come later. */
function arrivals(lab: Lab, lengths: readonly number[], from = 0n): bigint[] {
  const frames = lengths.map((length) => ['p/1', lab.frame(mac.all, mac.a, { length })] as const);
  return at(lab.sendAll(frames, from).frames, 'q/2', 'in').map(({ timeNs }) => timeNs);
}

/** Frame lengths without FCS. */
const sizes = [14, 59, 60, 61, 64, 65, 100, 124, 252, 508, 1020, 1276, 1513, 1514, 4092, 8996, 9014];
const rates = {
  '10M': 10_000_000n,
  '100M': 100_000_000n,
  '1G': 1_000_000_000n,
  '2.5G': 2_500_000_000n,
  '10G': 10_000_000_000n,
  '25G': 25_000_000_000n,
  '40G': 40_000_000_000n,
  '100G': 100_000_000_000n,
  // None of these makes a whole number of picoseconds of any frame.
  '7777777': 7_777_777n,
  '999.999999M': 999_999_999n,
  '1.1G': 1_100_000_000n,
  '12345678911': 12_345_678_911n,
};
const count = 10;

/** Nanoseconds, rounded up, that frames of these lengths take on the medium one after the other. */
function mediumNs(lengths: readonly number[], rateBps: bigint): bigint {
  const bits = lengths.reduce((sum, length) => sum + BigInt((Math.max(length, 60) + 24) * 8), 0n);
  return (bits * 1_000_000_000n + rateBps - 1n) / rateBps;
}

describe.each(Object.entries(rates))('at %s', (rate, rateBps) => {
  it.each([0, 1, 777, 2_000_000])('frames back to back are spaced by their bytes, with a delay of %i ns', (delayNs) => {
    const lab = cable({ rate, delay: `${delayNs}ns` }, 9000);
    for (const length of sizes) {
      // After the last train has gone, and at odd times.
      const start = lab.nowNs + 100_000_007n;
      const train = Array<number>(count).fill(length);
      const expected = train.map((_, i) => start + mediumNs(train.slice(0, i + 1), rateBps) + BigInt(delayNs));
      expect(arrivals(lab, train, start), `${length} bytes`).toEqual(expected);
    }
  });

  it('frames of all lengths in a row each take their own time, rounded once', () => {
    const lab = cable({ rate }, 9000);
    const train = Array.from({ length: 5 }, () => sizes).flat();
    const expected = train.map((_, i) => mediumNs(train.slice(0, i + 1), rateBps));
    expect(arrivals(lab, train)).toEqual(expected);
  });

  it('a frame after a pause starts at once', () => {
    const lab = cable({ rate });
    arrivals(lab, [60, 60]);
    const start = 10_000_001n;
    expect(arrivals(lab, [60, 60], start)).toEqual([
      start + mediumNs([60], rateBps),
      start + mediumNs([60, 60], rateBps),
    ]);
  });
});

describe('a cable', () => {
  it('spaces 64-byte frames (with FCS) at 10 Gb/s by 67.2 ns over a long train', () => {
    const lab = cable({ rate: '10G' });
    const times = arrivals(lab, Array(1000).fill(60));
    expect(times[0]).toBe(68n);
    expect(times[4]).toBe(336n);
    expect(times[999]).toBe(67_200n);
  });

  it('takes frames of different lengths each for its own time', () => {
    const lab = cable({ rate: '1G' });
    const lengths = [60, 1514, 60, 100];
    const until = (i: number) => lengths.slice(0, i + 1).reduce((sum, length) => sum + length + 24, 0);
    const expected = lengths.map((_, i) => BigInt(until(i) * 8));
    expect(arrivals(lab, lengths)).toEqual(expected);
  });

  it('without a rate delivers after its delay alone, in order', () => {
    const lab = cable({ delay: '5us' });
    expect(arrivals(lab, [60, 1514, 14])).toEqual([5000n, 5000n, 5000n]);
  });

  it('carries jumbo frames', () => {
    const lab = cable({ rate: '10G' }, 9000);
    expect(arrivals(lab, [9014])).toEqual([mediumNs([9014], rates['10G'])]);
  });

  it('carries both ways at once', () => {
    const lab = cable({ rate: '1G' });
    const { frames } = lab.sendAll([
      ['p/1', lab.frame(mac.all, mac.a, { length: 60 })],
      ['q/1', lab.frame(mac.all, mac.b, { length: 60 })],
    ]);
    for (const port of ['p/2', 'q/2']) expect(at(frames, port, 'in').map(({ timeNs }) => timeNs)).toEqual([672n]);
  });

  it('counts what finds its queue full as queue_full at the sending port, and keeps the first', () => {
    for (const queue of [1, 3, 8, 100]) {
      const lab = cable({ rate: '1G', delay: '1us', queue });
      const frames = Array.from(
        { length: queue + 7 },
        () => ['p/1', lab.frame(mac.all, mac.a, { length: 60 })] as const,
      );
      const sent = lab.sendAll(frames);
      expect(sent.drops, `queue of ${queue}`).toEqual(Array(7).fill('p/2 queue_full'));
      expect(at(sent.frames, 'q/2', 'in').map(({ bytes }) => Buffer.from(bytes))).toEqual(
        frames.slice(0, queue).map(([, bytes]) => Buffer.from(bytes)),
      );
      expect(at(sent.frames, 'p/2', 'out'), 'a frame that was not queued did not leave').toHaveLength(queue);
    }
  });

  it('has room again as soon as a frame has left, however far it has to go', () => {
    for (const delay of ['0ns', '1ns', '100ms']) {
      const lab = cable({ rate: '1G', queue: 1, delay });
      const frame = lab.frame(mac.all, mac.a, { length: 60 });
      for (const timeNs of [0n, 671n, 672n, 1343n, 1344n]) lab.network.inject('p/1', frame, timeNs);
      lab.settle();
      const sent = lab.network.ports().find(({ name }) => name === 'p/2')!.verdicts;
      expect(sent, delay).toEqual({ delivered: 3, queue_full: 2 });
    }
  });

  it('takes what a queue at the port would, at any load', () => {
    const frame = fc.record({ gapNs: fc.integer({ min: 0, max: 3000 }), length: fc.integer({ min: 60, max: 400 }) });
    const loads = fc.array(frame, { minLength: 1, maxLength: 300 });
    const queues = fc.integer({ min: 1, max: 12 });
    const delays = fc.constantFrom(0, 1, 700, 50_000);
    fc.assert(
      fc.property(loads, queues, delays, (load, queue, delay) => {
        const lab = cable({ rate: '1G', queue, delay: `${delay}ns` });
        let now = 0n;
        let free = 0n;
        const leaving: bigint[] = [];
        for (const { gapNs, length } of load) {
          now += BigInt(gapNs);
          lab.network.inject('p/1', lab.frame(mac.all, mac.a, { length }), now);
          if (leaving.filter((at) => at > now).length >= queue) continue;
          free = (free > now ? free : now) + BigInt((length + 24) * 8);
          leaving.push(free);
        }
        lab.settle();
        const came = at(lab.network.takeFrames(), 'q/2', 'in').map(({ timeNs }) => timeNs);
        expect(came).toEqual(leaving.map((left) => left + BigInt(delay)));
      }),
      { numRuns: 40 },
    );
  });

  it('at its full rate over a long way is limited by its queue alone', () => {
    for (const delay of ['1ns', '100us', '3ms']) {
      const { arrived, network } = finish(streamOver({ rate: '10G', delay, queue: 4 }, { rate: '10Gbps' }));
      expect(network.ledger().drops, delay).toEqual({});
      expect(arrived).toHaveLength(20_000);
    }
  });

  it('without a rate holds as many as its queue on their way', () => {
    const lab = cable({ delay: '10us', queue: 5 });
    const frame = lab.frame(mac.all, mac.a);
    // The first is on its way up to 10 µs, and the receiver takes it then.
    for (const timeNs of [0, 1, 2, 3, 4, 5, 10_000, 10_001, 10_002]) lab.network.inject('p/1', frame, BigInt(timeNs));
    lab.settle();
    const came = at(lab.network.takeFrames(), 'q/2', 'in').map(({ timeNs }) => Number(timeNs));
    expect(came).toEqual([10_000, 10_001, 10_002, 10_003, 10_004, 20_001, 20_002]);
  });

  it('pulled at the near end takes nothing; at the far end what is on it is lost there', async () => {
    const lab = cable({ delay: '1us' });
    await lab.network.setLink('p/2', false);
    expect(lab.send('p/1', lab.frame(mac.all, mac.a))).toMatchObject({ recipients: [], drops: ['p/1 no_recipient'] });
    await lab.network.setLink('p/2', true);
    lab.network.inject('p/1', lab.frame(mac.all, mac.a), lab.nowNs);
    lab.network.advance(lab.nowNs + 500n);
    await lab.network.setLink('q/2', false);
    lab.settle();
    expect(lab.network.ledger().drops).toEqual({ no_recipient: 1, link_down: 1 });
  });
});
