/** Cables: when a frame arrives, exactly, and what becomes of those that find the queue full. */
import { describe, expect, it } from 'vitest';
import { mac } from '../rules/networks.ts';
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

const sizes = [14, 59, 60, 61, 64, 65, 100, 124, 252, 508, 1020, 1276, 1513, 1514];
const rates = {
  '1G': 1_000_000_000n,
  '10G': 10_000_000_000n,
  '25G': 25_000_000_000n,
  '100G': 100_000_000_000n,
  '10M': 10_000_000n,
};
const count = 10;

/** Nanoseconds, rounded up, that `frames` frames of `length` bytes take on the medium. */
function mediumNs(length: number, frames: number, rateBps: bigint): bigint {
  const bits = BigInt((Math.max(length, 60) + 24) * 8 * frames);
  return (bits * 1_000_000_000n + rateBps - 1n) / rateBps;
}

describe.each(Object.entries(rates))('at %s', (rate, rateBps) => {
  it.each([0, 1, 777, 2_000_000])('frames back to back are spaced by their bytes, with a delay of %i ns', (delayNs) => {
    for (const length of sizes) {
      const lab = cable({ rate, delay: `${delayNs}ns` });
      const expected = Array.from({ length: count }, (_, i) => mediumNs(length, i + 1, rateBps) + BigInt(delayNs));
      expect(arrivals(lab, Array(count).fill(length)), `${length} bytes`).toEqual(expected);
    }
  });

  it('a frame after a pause starts at once', () => {
    const lab = cable({ rate });
    arrivals(lab, [60, 60]);
    const start = 10_000_001n;
    expect(arrivals(lab, [60, 60], start)).toEqual([
      start + mediumNs(60, 1, rateBps),
      start + mediumNs(60, 2, rateBps),
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
    expect(arrivals(lab, [9014])).toEqual([mediumNs(9014, 1, rates['10G'])]);
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

  it('has room again as soon as a frame has arrived', () => {
    const lab = cable({ rate: '1G', queue: 1 });
    const { network } = lab;
    const first = lab.frame(mac.all, mac.a, { length: 60 });
    network.inject('p/1', first, 0n);
    network.inject('p/1', first, 671n);
    network.inject('p/1', first, 673n);
    lab.settle();
    expect(network.ports().find(({ name }) => name === 'p/2')!.verdicts).toEqual({ delivered: 2, queue_full: 1 });
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
