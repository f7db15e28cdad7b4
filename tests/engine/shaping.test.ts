/** Shapers and queues as state: the same for any number of workers, through snapshots, and never more than their buckets hold. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { allPorts } from '../../src/topology/ports.ts';
import { at } from './lab.ts';
import { shaped } from './shaped.ts';
import { until } from './waiting.ts';
import { assertWhole } from './whole.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-shaping-'));
afterAll(() => rmSync(folder, { recursive: true }));

const endNs = 3_000_000n;
let files = 0;

function shapedNetwork(options: NetworkOptions = {}, events: readonly object[] = []) {
  const checked = topologyFrom({ ...shaped, events });
  const file = join(folder, `${++files}.pcapng`);
  const network = new Network(checked, {
    captures: [{ file, ports: allPorts(checked), snapLength: 0 }],
    epochNs: 0n,
    ...options,
  });
  return { network, file };
}

const events = [
  { at: '500us', shape: { port: 'h1/w*', out: { average: '50M', burst: 3000 } } },
  { at: '700us', shape: { port: 'h1/u1', in: 'off', out: 'off' } },
  { at: '1100us', unplug: 'h1/u1' },
  { at: '1300us', plug: 'h1/u1' },
  { at: '1500us', shape: { port: '*', in: { average: '300M', peak: '900M', burst: 3000 } } },
  { at: '1700us', crash: 'h2' },
  { at: '1900us', boot: 'h2' },
];

async function told(options: NetworkOptions, steps: readonly bigint[] = []) {
  const { network, file } = shapedNetwork(options, events);
  if (options.inline === false) await network.start();
  for (const until of steps) await network.runUntil(until);
  await network.runUntil(endNs);
  const { captures, memoryBytes: _, workers: __, ...report } = await network.stop();
  expect(report.ledger.balanced).toBe(true);
  expect(captures[0]).toMatchObject({ failure: null, lost: 0 });
  return {
    bytes: readFileSync(file),
    report: { ...report, switches: report.switches.map(({ worker, ...rest }) => rest) },
  };
}

describe('a network with shapers of all kinds', () => {
  it.each<[string, NetworkOptions]>([
    ['frame by frame', { burst: 1 }],
    ['2 workers', { workers: 2, placement: { h1: 1 } }],
    ['3 workers', { workers: 3, burst: 3 }],
    ['2 workers in threads', { workers: 2, inline: false }],
  ])('is the same to the byte: %s', async (_, options) => {
    const expected = await told({}, [123_456n, 1_000_000n]);
    const other = await told(options, [999_999n]);
    expect(other.report).toEqual(expected.report);
    expect(other.bytes.equals(expected.bytes)).toBe(true);
    expect(expected.report.ledger.drops['shaper']).toBeGreaterThan(0);
    expect(expected.report.ledger.held).toBeGreaterThan(0);
  });

  it('goes on from a snapshot as if it had never stopped', async () => {
    const whole = await told({});
    const { network, file } = shapedNetwork({}, events);
    network.advance(1_234_567n);
    assertWhole(network);
    const snapshot = await network.snapshot();
    network.advance(2_000_000n);
    await network.restore(snapshot);
    network.advance(endNs);
    assertWhole(network);
    const { switches } = await network.stop();
    expect(switches.map(({ worker, ...rest }) => rest)).toEqual(whole.report.switches);
    expect(readFileSync(file).equals(whole.bytes)).toBe(true);
  });

  it('on the wall clock keeps its ledger, with several workers', async () => {
    const { network } = shapedNetwork({ clock: 'wall', workers: 2 });
    await network.start();
    await until(() => network.ledger().delivered > 0, 'a delivery');
    const { ledger } = await network.stop();
    expect(ledger.balanced).toBe(true);
    assertWhole(network);
  });
});

const bits = fc.integer({ min: 1_000_000, max: 2_000_000_000 });
const shaper = fc.record({
  average: bits,
  peak: fc.option(bits, { nil: undefined }),
  burst: fc.integer({ min: 1518, max: 40_000 }),
});
const streams = fc.array(
  fc.record({
    size: fc.constantFrom(64, 300, 1004, 1518),
    rate: fc.constantFrom('max', '1Gbps', '50kpps', '7Mbps'),
    start: fc.constantFrom('0us', '13us', '800us'),
    count: fc.integer({ min: 1, max: 60 }),
  }),
  { minLength: 1, maxLength: 3 },
);

describe('any bucket', () => {
  it.each(['in', 'out', 'uplink', 'cable'] as const)(
    'lets out no more than burst + average * (t + 1 ns) in any time t, nor faster than peak: %s',
    (where) => {
      fc.assert(
        fc.property(shaper, streams, fc.boolean(), (drawn, traffic, isWatchedOnly) => {
          const { average, burst } = drawn;
          const peak = drawn.peak === undefined ? undefined : Math.max(drawn.peak, average);
          const bucket = { average, burst, ...(peak !== undefined && { peak }) };
          const group = (shaping: object | undefined) => (shaping === undefined ? {} : { shaping });
          const topology = topologyFrom({
            hosts: {
              h: {
                uplinks: { u: { to: 't/1', rate: '10G', delay: '1us' } },
                vswitches: {
                  v: {
                    portGroups: {
                      a: group(where === 'in' ? { in: bucket } : undefined),
                      b: group(where === 'out' ? { out: bucket } : undefined),
                    },
                    ...(where === 'uplink' && { uplinkShaping: { out: bucket } }),
                  },
                },
                vms: { a: { portGroup: 'a' }, b: { portGroup: 'b' } },
              },
            },
            physical: {
              switches: { t: { ports: { 1: group(where === 'cable' ? { in: bucket } : undefined), 2: {} } } },
            },
            traffic: traffic.map((stream) => ({
              from: 'h/a',
              to: where === 'uplink' || where === 'cable' ? 'broadcast' : 'h/b',
              ...stream,
            })),
          });
          const [port, direction] = (
            { in: ['h/a', 'in'], out: ['h/b', 'out'], uplink: ['h/u', 'out'], cable: ['t/1', 'in'] } as const
          )[where];
          const network = new Network(topology, { watch: isWatchedOnly ? [port] : ['*'], ringEntries: 1024 });
          network.advance(20_000_000_000n);
          assertWhole(network);
          expect(network.ledger().held).toBe(0);
          // The physical switch has nobody else for them.
          const { no_recipient: _, ...drops } = network.ledger().drops;
          expect(drops).toEqual({});
          const frames = at(network.takeFrames(), port, direction);
          expect(frames).toHaveLength(traffic.reduce((sum, { count }) => sum + count, 0));
          assertWithin(
            frames.map(({ timeNs, bytes }) => ({ timeNs, bits: BigInt(bytes.length * 8) })),
            bucket,
          );
        }),
        { numRuns: 40 },
      );
    },
  );
});

interface Sent {
  readonly timeNs: bigint;
  readonly bits: bigint;
}

/** Over each pair of frames: those from the one to the other, at their times. */
function assertWithin(
  frames: readonly Sent[],
  { average, burst, peak }: { average: number; burst: number; peak?: number },
) {
  const second = 1_000_000_000n;
  frames.forEach((first, i) => {
    let sum = 0n;
    for (const { timeNs, bits: own } of frames.slice(i)) {
      const elapsed = timeNs - first.timeNs;
      // At peak rate a frame is followed once it is through; the first one may have come up to 1 ns late.
      if (peak !== undefined && sum * second > BigInt(peak) * (elapsed + 1n))
        throw new Error(`faster than ${peak} at ${timeNs}`);
      sum += own;
      // The same of the tokens.
      if (sum * second > BigInt(burst * 8) * second + BigInt(average) * (elapsed + 1n))
        throw new Error(`${sum} bits in ${elapsed} ns from frame ${i}`);
    }
  });
}
