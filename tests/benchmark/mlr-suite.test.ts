/** The MLRsearch suite against devices that are computed. */
import { describe, expect, it } from 'vitest';
import type { SuiteSettings } from '../../src/benchmark/suite.ts';
import { mlr } from '../../src/benchmark/suites/mlr.ts';
import { contextOf, type Device } from './fluid.ts';
import { alone, behindSwitch } from './networks.ts';

const gigabit = 1e9 / 672;

async function measured(preset: string, document: unknown, device: Device, given: Partial<SuiteSettings> = {}) {
  const { context, diary } = contextOf(document, device, { sizes: '64', ...given });
  const result = await mlr.tests.find(({ id }) => id === `mlr.${preset}`)!.run(context);
  expect(diary.closed).toBe(diary.beds.length);
  const samples = (name: string) => result.figures.find((each) => each.name === name)?.samples;
  return { result, diary, samples };
}

describe('MLRsearch', () => {
  it('finds where loss begins, and where it passes half a per cent', async () => {
    const device = { capacity: 1e6, generator: 2e6 };
    const { samples, result } = await measured('csit', alone, device, { clock: 'wall' });
    expect(samples('NDR')![0]! / 1e6).toBeGreaterThan(0.99);
    expect(samples('NDR')![0]! / 1e6).toBeLessThanOrEqual(1);
    expect(samples('PDR')![0]! / (1e6 / 0.995)).toBeGreaterThan(0.99);
    expect(samples('PDR')![0]! / (1e6 / 0.995)).toBeLessThanOrEqual(1);
    expect(samples('MRR')![0]! / 1e6).toBeCloseTo(1, 3);
    expect(result.method).toMatch(/goals of CSIT \(quick\)/);
  });

  it('has latency at parts of the PDR and idle', async () => {
    const { result } = await measured('csit', alone, { generator: 1e6 }, { clock: 'wall' });
    const loads = result.figures.filter(({ name }) => name === 'latency, p50').map(({ labels }) => labels['load']);
    expect(loads).toEqual(['90 % of PDR', '50 % of PDR', '10 % of PDR', 'idle']);
    expect(result.plots.map(({ title }) => title)).toEqual(['Latency, 64 bytes', 'Rates by frame size']);
  });

  it('says that the figure is a lower bound where the highest load passes', async () => {
    const { result, samples } = await measured('tst009', behindSwitch('1G', '1G'), { line: gigabit });
    expect(samples('NDR')).toEqual([gigabit]);
    expect(samples('NDR of the line rate')![0]).toBeCloseTo(100, 9);
    expect(result.notes).toContain('64 bytes, NDR: the highest load passed, so the figure is a lower bound.');
  });

  it('has no figure where not even the least load passes', async () => {
    const { result, samples } = await measured('rfc2544', behindSwitch('1G', '1G'), { isDisturbed: () => true });
    expect(samples('NDR')).toBeUndefined();
    expect(result.notes[0]).toMatch(/not even the least load/);
  });

  it('forgives single bad trials with the goals of CSIT, and none with that of RFC 2544', async () => {
    const device = { capacity: 1e6, generator: 2e6, isDisturbed: (trial: number) => trial % 4 === 3 };
    const rate = async (preset: string) =>
      (await measured(preset, alone, device, { clock: 'wall' })).samples('NDR')?.[0] ?? 0;
    expect(await rate('csit')).toBeGreaterThan(0.99e6);
    expect(await rate('rfc2544')).toBeLessThan(await rate('csit'));
  });

  it('takes a load that was not offered for one that failed, also for the PDR', async () => {
    // The highest rate is measured by three trials; it cannot be had at a steady pace.
    let trial = 0;
    const device = {
      capacity: 3e6,
      get generator() {
        return trial++ < 3 ? 2e6 : 1.997e6;
      },
    };
    const { samples, result } = await measured('csit', alone, device, { clock: 'wall' });
    expect(samples('PDR')![0]).toBeLessThanOrEqual(1.997e6 * 1.001);
    expect(samples('NDR')![0]).toBeLessThanOrEqual(1.997e6 * 1.001);
    expect(result.notes.join()).toMatch(/could not be offered/);
  });

  it('makes one trial of each load on the virtual clock, where another would be the same', async () => {
    const { diary } = await measured('rfc2544', behindSwitch('10G', '1G'), { capacity: gigabit, queue: 1024 });
    const loads = diary.trials.map(({ load }) => load);
    expect(new Set(loads).size).toBe(loads.length);
  });

  it('does not apply on the virtual clock where nothing limits', async () => {
    expect((await measured('csit', alone, {})).result.status).toBe('not-applicable');
  });
});
