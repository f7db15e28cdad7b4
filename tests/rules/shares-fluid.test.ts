/**
 * Shares, reservations, limits and priorities against what a fluid would do: reservations first, then the highest priority,
 * and within it each port group by its shares, no less than its reservation and no more than it wants or may have (weighted max-min).
 *
 * The uplink has 10 Mbit/s. Frames have 1,230 bytes, which take 1,003.2 us of it, FCS, preamble and gap included.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { rankOf } from '../../src/topology/shaping-model.ts';

const size = 1234;
const frameBits = 1230 * 8;
/** Of frames without FCS, as shares, reservations and limits count them. */
const carriedBps = frameBits / 1003.2e-6;

interface Group {
  readonly shares: number;
  readonly priority: number;
  /** kbit/s; 0: none. */
  readonly reservation: number;
  readonly limit: number;
  /** Frames offered in 10 ms. */
  readonly wants: number;
}

const all = { shares: 1, priority: 0, reservation: 0, limit: 0, wants: 20 };
const few = { ...all, wants: 1 };
const group: fc.Arbitrary<Group> = fc.record({
  shares: fc.integer({ min: 1, max: 100 }),
  priority: fc.constantFrom(0, 0, 0, 1, 5),
  reservation: fc.constantFrom(0, 0, 300, 1000, 2400),
  limit: fc.constantFrom(0, 0, 700, 2500, 5000),
  wants: fc.constantFrom(1, 3, 12, 20),
});

/** bit/s of each group. */
function fluid(groups: readonly Group[]): number[] {
  const most = groups.map(({ wants, limit }) =>
    Math.min(wants * 100 * frameBits, limit === 0 ? Number.POSITIVE_INFINITY : limit * 1000),
  );
  const least = groups.map(({ reservation }, i) => Math.min(reservation * 1000, most[i]!));
  const got = [...least];
  let left = carriedBps - least.reduce((sum, each) => sum + each, 0);
  const ranks = [...new Set(groups.map(({ priority }) => rankOf(priority)))].sort((a, b) => b - a);
  for (const rank of ranks) {
    const own = groups.flatMap(({ priority }, i) => (rankOf(priority) === rank ? [i] : []));
    const budget = left + own.reduce((sum, i) => sum + least[i]!, 0);
    const level = (v: number, i: number) => Math.min(most[i]!, Math.max(least[i]!, v * groups[i]!.shares));
    let [low, high] = [0, carriedBps * 2];
    for (let step = 0; step < 100; step++) {
      const v = (low + high) / 2;
      if (own.reduce((sum, i) => sum + level(v, i), 0) > budget) high = v;
      else low = v;
    }
    for (const i of own) got[i] = level(low, i);
    left = budget - own.reduce((sum, i) => sum + got[i]!, 0);
  }
  return got;
}

function networkOf(groups: readonly Group[]): Network {
  const names = groups.map((_, i) => `g${i}`);
  const shares = groups.map(({ shares, priority, reservation, limit }) => ({
    shares,
    priority,
    ...(reservation > 0 && { reservation: `${reservation}k` }),
    ...(limit > 0 && { limit: `${Math.max(limit, reservation)}k` }),
  }));
  const keyed = <T>(values: readonly T[]) => Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  return new Network(
    topologyFrom({
      hosts: {
        h: {
          uplinks: { u: { to: 'tor/1', rate: '10M', queue: 64 } },
          vswitches: { v: { portGroups: keyed(groups.map(() => ({}))), shares: keyed(shares) } },
          vms: keyed(names.map((portGroup) => ({ portGroup }))),
        },
        g: { uplinks: { u: { to: 'tor/2' } }, vswitches: { v: { portGroups: { all: {} } } }, vms: { x: {} } },
      },
      physical: { switches: { tor: { ports: 2 } } },
      // No two begin at the same instant, so that none is always the one that finds its queue full.
      traffic: names.map((name, i) => ({
        from: `h/${name}`,
        to: 'g/x',
        size,
        rate: `${groups[i]!.wants * 100}pps`,
        start: `${13 * i}us`,
      })),
    }),
  );
}

const bytesOf = (network: Network) =>
  network
    .ports()
    .find(({ name }) => name === 'h/u')!
    .shaping!.queues!.slice(1)
    .map(({ bytes }) => bytes);

/** Frames that each group gets between two times, no more than `most` away from what a fluid would. */
function assertFluid(groups: readonly Group[], beginMs: number, endMs: number, most: number): void {
  const network = networkOf(groups);
  network.advance(BigInt(beginMs) * 1_000_000n);
  const before = bytesOf(network);
  network.advance(BigInt(endMs) * 1_000_000n);
  expect(network.ledger().balanced).toBe(true);
  const frames = bytesOf(network).map((bytes, i) => (bytes - before[i]!) / 1230);
  const expected = fluid(groups).map((bps) => (bps * (endMs - beginMs)) / 1000 / frameBits);
  for (const [i, count] of frames.entries())
    expect(Math.abs(count - expected[i]!), `${frames} beside ${expected}`).toBeLessThanOrEqual(most);
}

describe('a load of an uplink', () => {
  it.each<[string, Group[]]>([
    ['a limit beside one without', [all, { ...all, limit: 2500 }]],
    ['a limit beside several that want little', [few, few, { ...all, limit: 5000 }, few, few]],
  ])('is divided as a fluid would be, but for two frames: %s', (_, groups) => {
    assertFluid(groups, 400, 2400, 2.5);
  });

  // From 6 s on: what a reservation's bucket lets through at the start counts against its group's shares, which takes a while.
  it('of any kind is divided so in the long run', () => {
    fc.assert(
      fc.property(fc.array(group, { minLength: 2, maxLength: 5 }), (drawn) => {
        const groups = drawn.map((each) => ({ ...each, limit: each.limit && Math.max(each.limit, each.reservation) }));
        fc.pre(groups.reduce((sum, { reservation }) => sum + reservation, 0) < 9000);
        assertFluid(groups, 6000, 16_000, 4);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});
