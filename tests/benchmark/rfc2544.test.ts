/** The RFC 2544 suite against devices that are computed, so that every figure is known beforehand. */
import { describe, expect, it } from 'vitest';
import type { Figure } from '../../src/benchmark/model.ts';
import type { SuiteSettings } from '../../src/benchmark/suite.ts';
import { rfc2544 } from '../../src/benchmark/suites/rfc2544.ts';
import { contextOf, type Device } from './fluid.ts';
import { alone, behindSwitch } from './networks.ts';

type Given = Partial<SuiteSettings>;

async function measured(test: string, document: unknown, device: Device, given: Given = {}) {
  const { context, diary, said } = contextOf(document, device, { sizes: '64', ...given });
  const result = await rfc2544.tests.find(({ id }) => id === `rfc2544.${test}`)!.run(context);
  expect(diary.closed, 'every bed is closed').toBe(diary.beds.length);
  return { result, diary, said };
}

const figure = (figures: readonly Figure[], name: string, load?: string) =>
  figures.find((each) => each.name === name && (load === undefined || each.labels['load'] === load))?.samples;

/** Frames of 64 bytes a second. */
const gigabit = 1e9 / 672;
const tenGigabit = 1e10 / 672;
const queued = { capacity: gigabit, queue: 1024, line: gigabit };
const narrow = behindSwitch('10G', '1G');

describe('throughput', () => {
  it('is the line rate at once where that passes', async () => {
    const { result, diary } = await measured('throughput', behindSwitch('1G', '1G'), { line: gigabit });
    expect(figure(result.figures, 'throughput')).toEqual([gigabit]);
    expect(figure(result.figures, 'throughput of the line rate')![0]).toBeCloseTo(100, 9);
    expect(figure(result.figures, 'throughput, L1')![0]).toBeCloseTo(1e9, 0);
    expect(figure(result.figures, 'throughput, L2')![0]).toBeCloseTo((1e9 * 64) / 84, 0);
    expect(diary.trials).toHaveLength(1);
  });

  it('is what the slower cable carries, within the resolution and not above it', async () => {
    const { result } = await measured('throughput', narrow, queued, { quick: false });
    const [rate] = figure(result.figures, 'throughput')!;
    expect(rate! / gigabit).toBeGreaterThan(0.999);
    // The queue takes what is above the line for the length of a trial.
    expect(rate! / gigabit).toBeLessThan(1.001);
  });

  it('has the theoretical line of each size in its plot', async () => {
    const { result } = await measured('throughput', behindSwitch('1G', '1G'), {}, { sizes: '64,1518' });
    const { x, series } = result.plots[0]!;
    expect(x.categories).toEqual(['64', '1518']);
    const reference = series.find(({ kind }) => kind === 'reference')!;
    expect(reference.y.map((rate) => Math.floor(rate!))).toEqual([1_488_095, 81_274]);
  });

  it('searches on below a load that fails its final trial', async () => {
    // On the wall clock the final trial is longer; the first one there fails.
    const device = { capacity: 1e6, generator: 2e6, isDisturbed: (trial: number) => trial === 3 };
    const { result } = await measured('throughput', alone, device, { clock: 'wall', repeats: 1 });
    const [rate] = figure(result.figures, 'throughput')!;
    expect(rate).toBeLessThanOrEqual(1e6);
    expect(rate).toBeGreaterThan(0.9e6);
  });

  it('says so where the generator is what limits, and gives no percentages without a medium', async () => {
    const { result } = await measured('throughput', alone, { capacity: 3e6, generator: 2e6 }, { clock: 'wall' });
    expect(figure(result.figures, 'throughput')).toHaveLength(2);
    expect(figure(result.figures, 'throughput')![0]).toBe(2e6);
    expect(figure(result.figures, 'throughput of the line rate')).toBeUndefined();
    expect(result.notes).toContain('No media limit: there are no percentages of a line rate.');
    expect(result.plots[0]!.series.some(({ kind }) => kind === 'reference')).toBe(false);
  });

  it('takes a load that was not offered for one that failed', async () => {
    // The highest rate is measured by three trials; it cannot be had at a steady pace.
    let trial = 0;
    const slow = {
      capacity: 3e6,
      get generator() {
        return trial++ < 3 ? 2e6 : 1.5e6;
      },
    };
    const { result } = await measured('throughput', alone, slow, { clock: 'wall', repeats: 1 });
    expect(figure(result.figures, 'throughput')![0]).toBeLessThanOrEqual(1.5e6 * 1.001);
  });

  it('fails with the reason where no load passes at all', async () => {
    const { result } = await measured('throughput', narrow, { ...queued, isDisturbed: () => true });
    expect(result).toMatchObject({ status: 'failed', figures: [] });
    expect(result.why).toMatch(/^no load passed/);
  });

  it('does not apply on the virtual clock where nothing limits', async () => {
    const { result } = await measured('throughput', alone, {});
    expect(result).toMatchObject({ status: 'not-applicable', figures: [] });
    expect(result.why).toMatch(/give a cable a rate/);
  });

  it('fails when a ledger does not balance', async () => {
    await expect(measured('throughput', narrow, { ...queued, isUnbalanced: true })).rejects.toThrow(/does not balance/);
  });

  it('goes from host to host on the virtual clock, and stays within hosts on the wall clock', async () => {
    const pairs = async (given: Given) =>
      (await measured('throughput', narrow, { generator: 1e6 }, given)).diary.beds[0]!.flows.map(
        ({ from, to }) => `${from} ${to}`,
      );
    expect(await pairs({})).toEqual(['a/vm1 b/vm1', 'a/vm2 b/vm2']);
    expect(await pairs({ clock: 'wall' })).toEqual(['a/vm1 a/vm2', 'b/vm1 b/vm2']);
    expect(await pairs({ from: 'a/vm2', to: 'b/vm1' })).toEqual(['a/vm2 b/vm1']);
  });
});

describe('latency', () => {
  it('is measured at the throughput, at three parts of it and idle', async () => {
    const { result, diary } = await measured('latency', behindSwitch('1G', '1G'), { line: gigabit });
    const loads = result.figures.filter(({ name }) => name === 'latency, p50').map(({ labels }) => labels['load']);
    expect(loads).toEqual(['100 %', '90 %', '50 %', '10 %', 'idle']);
    expect(figure(result.figures, 'latency, p99', '50 %')).toEqual([1000]);
    // The first trial is the search's.
    const rates = diary.trials.slice(1, 5).map(({ load }) => Math.round(load as number));
    expect(rates).toEqual([1, 0.9, 0.5, 0.1].map((share) => Math.round(gigabit * share)));
    // Idle, the flows send by turns.
    expect(diary.trials[5]!.load).toMatchObject([
      { rate: 500, from: 0 },
      { rate: 500, from: 0.001 },
    ]);
    expect(result.plots.map(({ title, series }) => [title, series.length])).toEqual([['Latency, 64 bytes', 5]]);
  });

  it('is measured with and without busy polling where that matters, on beds of their own', async () => {
    const { result, diary } = await measured('latency', alone, { generator: 1e6 }, { clock: 'wall' });
    expect(figure(result.figures, 'latency, p99', 'idle, busy polling')).toEqual([1000]);
    expect(diary.beds.map(({ busyPoll }) => busyPoll)).toEqual([undefined, false, true]);
  });

  it('tells no percentile that too few frames were measured for', async () => {
    const { result } = await measured('latency', behindSwitch('1G', '1G'), {}, { seconds: 0.5 });
    expect(figure(result.figures, 'latency, p99', 'idle')).toEqual([1000]);
    expect(figure(result.figures, 'latency, p99.9', 'idle')).toBeUndefined();
  });
});

describe('frame loss', () => {
  it('is told from the maximum down until two loads in a row lose nothing', async () => {
    const { result } = await measured('loss', narrow, { capacity: tenGigabit * 0.75, line: gigabit });
    const points = result.figures.map(({ labels, samples }) => [labels['load'], Number(samples[0]!.toFixed(1))]);
    expect(points).toEqual([
      ['100 %', 25],
      ['90 %', 16.7],
      ['80 %', 6.3],
      ['70 %', 0],
      ['60 %', 0],
    ]);
    expect(result.plots[0]!.series[0]!.y).toHaveLength(5);
  });

  it('has a gap where the load could not be offered', async () => {
    const { result, diary } = await measured('loss', behindSwitch('10G', '10G'), { generator: tenGigabit * 0.85 });
    expect(result.plots[0]!.series[0]!.y.slice(0, 3)).toEqual([null, null, 0]);
    expect(figure(result.figures, 'frame loss', '100 %')).toBeUndefined();
    expect(result.notes[0]).toMatch(/^64 bytes: 100 %, 90 % could not be offered/);
    // Tried again it would be the same.
    expect(diary.trials).toHaveLength(2 + 2);
  });
});

describe('back-to-back frames', () => {
  it('are as many as the queue holds beside what is forwarded meanwhile', async () => {
    const { result } = await measured('back-to-back', narrow, queued, { quick: false, repeats: 3 });
    const frames = figure(result.figures, 'back-to-back frames')!;
    expect(frames).toHaveLength(3);
    expect(Math.abs(frames[0]! - 1024 / 0.9)).toBeLessThan(3);
    expect(figure(result.figures, 'buffer time, implied')![0]).toBeCloseTo(frames[0]! / tenGigabit, 12);
    const corrected = figure(result.figures, 'buffer time, corrected')![0]!;
    expect(corrected * tenGigabit).toBeCloseTo(1024, -1);
  });

  it('do not apply where the throughput is the maximum', async () => {
    const { result } = await measured('back-to-back', behindSwitch('1G', '1G'), { line: gigabit });
    expect(result).toMatchObject({ status: 'not-applicable', figures: [] });
    expect(result.why).toMatch(/RFC 9004/);
  });

  it('do not apply without a medium', async () => {
    const { result } = await measured('back-to-back', alone, { generator: 1e6 }, { clock: 'wall' });
    expect(result.why).toMatch(/no shortest gap/);
  });
});

describe('recovery', () => {
  it('is 0 where the queue empties at once, and says that nothing was lost', async () => {
    const { result, diary } = await measured('recovery', narrow, queued);
    expect(figure(result.figures, 'recovery time, lost frames / rate')![0]).toBeLessThan(1e-6);
    const [over, under] = [diary.trials.at(-1)!.load as { rate: number }[]].map((load) => [load[0]!, load[2]!])[0]!;
    expect(over!.rate / under!.rate).toBeCloseTo(2, 9);
    expect(over!.rate * 2).toBeGreaterThan(gigabit * 1.05);
  });

  it('does not apply where nothing is lost at the maximum rate', async () => {
    const { result } = await measured('recovery', behindSwitch('1G', '1G'), { line: gigabit });
    expect(result.status).toBe('not-applicable');
    expect(result.why).toMatch(/no overload/);
  });

  it('does not apply where the overload cannot be offered', async () => {
    const { result } = await measured('recovery', alone, { capacity: 3e6, generator: 2e6 }, { clock: 'wall' });
    expect(result.status).toBe('not-applicable');
    expect(result.why).toMatch(/share a thread/);
  });
});

describe('reset', () => {
  const wide = behindSwitch('1G', '1G');

  it.each(['switch-power', 'host-power', 'cable'])(
    '%s takes the time without it and what it needs beyond',
    async (kind) => {
      const { result, diary } = await measured(`reset.${kind}`, wide, { line: gigabit, bootSeconds: 0.002 });
      expect(figure(result.figures, 'reset time')![0]).toBeCloseTo(0.012, 5);
      expect(figure(result.figures, 'time without power or cable')).toEqual([0.01]);
      expect(figure(result.figures, 'reset time beyond that')![0]).toBeCloseTo(0.002, 5);
      expect(diary.events).toHaveLength(2);
    },
  );

  it('takes the power of the switch, of the receiving host, and its cables', async () => {
    const events = async (kind: string) => (await measured(`reset.${kind}`, wide, { line: gigabit })).diary.events;
    expect(await events('switch-power')).toEqual(['tor off', 'tor on']);
    expect(await events('host-power')).toEqual(['b off', 'b on']);
    expect(await events('cable')).toEqual(['b/u out', 'b/u in']);
    expect(await events('table')).toEqual(['a/v flushed', 'b/v flushed', 'tor flushed']);
  });

  it('of tables loses nothing where addresses are learned on the way', async () => {
    const { result } = await measured('reset.table', wide, { line: gigabit });
    expect(figure(result.figures, 'reset time')).toEqual([0]);
    expect(figure(result.figures, 'reset time beyond that')).toBeUndefined();
  });

  it('of a thread is for several workers on the wall clock, with the sender on another one', async () => {
    const why = async (given: Given) => (await measured('reset.worker', wide, { generator: 1e6 }, given)).result.why;
    expect(await why({})).toMatch(/time stands still/);
    expect(await why({ clock: 'wall' })).toMatch(/--workers 2/);
    const { result, diary } = await measured('reset.worker', wide, { generator: 1e6 }, { clock: 'wall', workers: 2 });
    expect(result.status).toBe('done');
    expect(diary.beds[0]!.placement).toEqual({ a: 0, b: 1 });
    expect(diary.events).toEqual(['thread ended']);
  });

  it('does not apply within one host', async () => {
    const { result } = await measured('reset.host-power', alone, { generator: 1e6 }, { clock: 'wall' });
    expect(result.status).toBe('not-applicable');
  });
});
