/** Runs tests of suites on real beds, on the virtual clock, and finds their figures. */
import type { TestResult } from '../../src/benchmark/model.ts';
import { createBed } from '../../src/benchmark/network-bed.ts';
import type { Suite, SuiteContext, SuiteSettings } from '../../src/benchmark/suite.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { settingsOf } from './fluid.ts';

export type Told = Omit<TestResult, 'id' | 'title' | 'source'>;

/** Settings are those of a quick run on the virtual clock, unless given. */
export function runTest(
  suite: Suite,
  id: string,
  given: Partial<SuiteSettings> = {},
  document?: unknown,
): Promise<Told> {
  const context: SuiteContext = {
    topology: topologyFrom(document ?? suite.defaultTopology),
    settings: settingsOf(given),
    bed: createBed,
    progress: () => {},
    check: () => {},
  };
  return suite.tests.find((test) => test.id === id)!.run(context);
}

/** The only sample of a figure, by its name and the values of its labels in their order. */
export function told({ figures }: Told, name: string, ...labels: (string | number)[]): number {
  const found = figures.filter(
    (figure) => figure.name === name && labels.every((label, i) => Object.values(figure.labels)[i] === label),
  );
  if (found.length !== 1) throw new Error(`${found.length} figures are called ${name} ${labels.join(', ')}`);
  return found[0]!.samples[0]!;
}
