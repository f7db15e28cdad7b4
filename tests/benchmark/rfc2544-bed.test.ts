/** The suites on real networks, on the virtual clock, where what comes out can be worked out beforehand. */
import { describe, expect, it } from 'vitest';
import { createBed } from '../../src/benchmark/network-bed.ts';
import type { Suite, SuiteSettings } from '../../src/benchmark/suite.ts';
import { mlr } from '../../src/benchmark/suites/mlr.ts';
import { rfc2544 } from '../../src/benchmark/suites/rfc2544.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { settingsOf } from './fluid.ts';
import { behindSwitch } from './networks.ts';

async function measured(suite: Suite, test: string, document: unknown, given: Partial<SuiteSettings> = {}) {
  const result = await suite.tests
    .find(({ id }) => id === `${suite.name}.${test}`)!
    .run({
      topology: topologyFrom(document),
      settings: settingsOf({ sizes: '64', ...given }),
      bed: createBed,
      progress: () => {},
      check: () => {},
    });
  expect(result.trials.every(({ balanced }) => balanced)).toBe(true);
  const of = (name: string, load?: string) =>
    result.figures.find((each) => each.name === name && (load === undefined || each.labels['load'] === load))
      ?.samples[0];
  return { result, of };
}

/** A short queue makes for short trials. */
const queue = 64;
const even = behindSwitch('1G', '1G', queue);
const narrow = behindSwitch('10G', '1G', queue);

describe('RFC 2544 on a network', () => {
  it.each([
    ['64', 1_488_095],
    ['1518', 81_274],
  ])('finds the theoretical rate of a 1 Gbit/s cable with %s bytes', async (sizes, rate) => {
    const { of } = await measured(rfc2544, 'throughput', even, { sizes });
    expect(Math.floor(of('throughput')!)).toBe(rate);
    expect(of('throughput of the line rate')).toBeCloseTo(100, 6);
  });

  it('finds what a slower cable carries, within 0.1 %', async () => {
    const { of } = await measured(rfc2544, 'throughput', narrow, { quick: false });
    expect(of('throughput')! / 1_488_095).toBeGreaterThan(0.999);
    expect(of('throughput')! / 1_488_095).toBeLessThan(1.0011);
  });

  it('has the latency of two cables when idle, and no more at half of the load', async () => {
    const { of } = await measured(rfc2544, 'latency', behindSwitch('1G', '1G', queue), { from: 'a/vm1', to: 'b/vm1' });
    // 64 bytes with preamble and gap take 672 ns a cable.
    expect(of('latency, min', 'idle')).toBe(2 * 672);
    expect(of('latency, max', 'idle')).toBe(2 * 672);
    expect(of('latency, max', '50 %')! - 2 * 672).toBeLessThanOrEqual(1);
  });

  it('loses nine of ten frames where the cable carries one', async () => {
    const { of } = await measured(rfc2544, 'loss', narrow);
    expect(of('frame loss', '100 %')).toBeCloseTo(90, 0);
    expect(of('frame loss', '20 %')).toBeCloseTo(50, 0);
    expect(of('frame loss', '10 %')).toBe(0);
  });

  it('finds the queue by back-to-back frames', async () => {
    const { of } = await measured(rfc2544, 'back-to-back', narrow);
    // While it fills with nine of ten frames, each tenth leaves.
    expect(Math.abs(of('back-to-back frames')! - queue / 0.9)).toBeLessThanOrEqual(2);
    expect(of('buffer time, corrected')! * 14_880_952).toBeCloseTo(queue, -1);
  });

  it('recovers from an overload with the first frame or two', async () => {
    const { of } = await measured(rfc2544, 'recovery', narrow);
    expect(of('recovery time, lost frames / rate')! * 818_452).toBeLessThan(2.5);
  });

  it.each(['switch-power', 'host-power', 'cable'])('loses rate x time in a reset of kind %s', async (kind) => {
    const { of } = await measured(rfc2544, `reset.${kind}`, even);
    expect(of('time without power or cable')).toBe(0.01);
    // What was on its way or in a queue is lost with it.
    expect(Math.abs(of('reset time beyond that')!)).toBeLessThan((2 * queue) / 1_488_095);
  });

  it('loses nothing when tables are emptied, since the learning switches flood', async () => {
    const { result, of } = await measured(rfc2544, 'reset.table', even);
    expect(of('reset time')).toBe(0);
    expect(result.notes.join()).toMatch(/were flooded/);
  });
});

describe('MLRsearch on a network', () => {
  it('finds NDR, PDR and MRR of a cable', async () => {
    const { of } = await measured(mlr, 'csit', narrow);
    expect(of('NDR')! / 1_488_095).toBeGreaterThan(0.99);
    expect(of('NDR')! / 1_488_095).toBeLessThan(1.006);
    expect(of('PDR')!).toBeGreaterThanOrEqual(of('NDR')!);
    expect(of('MRR')! / 1_488_095).toBeCloseTo(1, 2);
  });
});
