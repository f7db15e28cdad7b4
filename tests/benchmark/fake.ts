/** Suites and beds that measure nothing, to see what becomes of what they say. */
import type { Bed, BedOptions, Trial } from '../../src/benchmark/bed.ts';
import type { TestResult } from '../../src/benchmark/model.ts';
import type { Suite, SuiteContext, SuiteSettings, SuiteTest } from '../../src/benchmark/suite.ts';
import type { Network } from '../../src/engine/network.ts';

export const SETTINGS: SuiteSettings = {
  clock: 'virtual',
  workers: 1,
  seed: 1,
  quick: false,
  sizes: null,
  seconds: null,
  repeats: null,
  from: null,
  to: null,
  bidirectional: false,
};

export const PAIR = {
  name: 'pair',
  hosts: {
    esx1: { vswitches: { v: { portGroups: { web: {} } } }, vms: { a: { portGroup: 'web' }, b: { portGroup: 'web' } } },
  },
};

/** A trial of 64-byte frames at 1,000 a second without a loss. */
export const TRIAL: Trial = {
  size: 64,
  intendedRate: 1000,
  offeredRate: 1000,
  receivedRate: 1000,
  seconds: 1,
  intended: 1000,
  offered: 1000,
  received: 1000,
  lost: 0,
  lossRatio: 0,
  duplicates: 0,
  reordered: 0,
  flooded: 0,
  misdelivered: 0,
  drops: {},
  latency: null,
  busy: [0.5],
  l1BitsPerSecond: 672_000,
  l2BitsPerSecond: 512_000,
  linePercent: null,
  balanced: true,
  void: null,
  flows: [],
  ports: new Map(),
  histogram: new Uint32Array(),
};

/** Beds that note what is asked of them. */
export class Beds {
  readonly asked: BedOptions[] = [];
  readonly log: string[] = [];
  ceiling: number | null = null;
  lineRate: number | null = null;
  trial: Trial = TRIAL;
  closeError: Error | null = null;

  readonly create = async (options: BedOptions): Promise<Bed> => {
    this.asked.push(options);
    const number = this.asked.length;
    this.log.push(`bed ${number}`);
    return {
      network: {} as Network,
      flows: options.flows,
      ceiling: async () => {
        this.log.push(`ceiling ${number}`);
        return this.ceiling;
      },
      warmUp: async () => {},
      trial: async () => {
        this.log.push(`trial ${number}`);
        return this.trial;
      },
      lineRate: () => this.lineRate,
      maximumLoad: () => this.lineRate,
      close: async () => {
        this.log.push(`close ${number}`);
        if (this.closeError !== null) throw this.closeError;
      },
    };
  };
}

export const done = (value: number): Omit<TestResult, 'id' | 'title' | 'source'> => ({
  method: 'Nothing was measured.',
  status: 'done',
  why: null,
  figures: [{ name: 'throughput', labels: { size: 64 }, unit: 'frames/s', samples: [value], better: 'higher' }],
  plots: [],
  trials: [],
  notes: [],
});

/** A test with one bed and one trial of it. */
export async function oneTrial(context: SuiteContext): Promise<ReturnType<typeof done>> {
  const { topology, settings } = context;
  const flows = [{ from: 'esx1/a', to: 'esx1/b', sizes: [64] }];
  const bed = await context.bed({ topology, flows, clock: settings.clock });
  context.progress({ text: '64 bytes', part: 0.5 });
  const { flows: _flows, ports: _ports, histogram: _histogram, ...trial } = await bed.trial({ load: 1000, seconds: 1 });
  return { ...done(trial.receivedRate), trials: [trial] };
}

export const test = (id: string, run: SuiteTest['run']): SuiteTest => ({
  id: `fake.${id}`,
  title: `The ${id}`,
  source: id === 'first' ? 'RFC 2544, 26.1' : null,
  run,
});

export const suite = (...tests: readonly SuiteTest[]): Suite => ({
  name: 'fake',
  title: 'A suite that measures nothing',
  about: 'for tests of what runs suites',
  defaultTopology: PAIR,
  tests,
});
